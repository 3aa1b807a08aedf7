/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Erasing a record; a person's erasure takes the key and everything that was sealed with it. */
#include <string.h>

#include "model/records.h"
#include "store/group.h"
#include "store/schema.h"

/* A record that goes: its last state stays in history. */
static int erase_record(struct group *group, struct entry *entry)
{
    int ret = group_keep_history(group, entry);
    if (ret == 0)
        ret = group_count(group, entry, -1);
    if (ret == 0)
        ret = group_touch(group, entry);
    if (ret != 0)
        return ret;
    entry->present = false;
    entry->words = entry->tokens = true;
    return group_dirty(group, entry);
}

int group_erase(struct group *group, struct ticket *ticket, struct store_change *change, struct entry *entry)
{
    (void) ticket;
    (void) change;
    return erase_record(group, entry);
}
