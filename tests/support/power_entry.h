/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tests/support/power_entry.h: the entries of a power journal, for power_journal.c and power_restore.c alone. */
#ifndef TESTS_SUPPORT_POWER_ENTRY_H
#define TESTS_SUPPORT_POWER_ENTRY_H

#include "support/power_journal.h"

enum power_kind { POWER_WRITE, POWER_CREATE, POWER_REMOVE, POWER_RENAME };
/* LIMBO: an fsync of it failed; no later one carries it to the disk. */
enum power_entry_state { POWER_PENDING, POWER_SYNCED, POWER_LIMBO };

/* Behind an entry: the bytes that a write replaced, or the paths `from` and `to` of a name. */
struct power_entry {
    uint32_t size; /* with what is behind it; a multiple of 8 */
    uint8_t  kind;
    uint8_t  state;
    uint64_t sequence;
    uint64_t inode;
    int64_t  offset, length; /* what the write replaces; length 0: the file only grew */
    int64_t  old_size;       /* of the file, before */
    uint64_t saved;          /* bytes behind the entry */
};

enum { POWER_TRASH_NAME = POWER_PATH + 24 };

bool power_journal_is(const struct power_journal *journal);

struct power_entry *power_entry_first(struct power_journal *journal);
struct power_entry *power_entry_next(struct power_entry *entry);
bool                power_entry_in(struct power_journal *journal, const struct power_entry *entry);

/* Where the file that a name's change removed or replaced waits. */
void power_trash_name(const struct power_journal *journal, const struct power_entry *entry,
                      char name[POWER_TRASH_NAME]);

#endif
