/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/change_list.h: the changes of a verb, as they are put together: records made anew or changed in some fields,
 * all in an arena. And the small things that all verbs need of the model's texts.
 */
#ifndef RESPONSE_CHANGE_LIST_H
#define RESPONSE_CHANGE_LIST_H

#include <string.h>

#include "base/arena.h"
#include "base/fault.h"
#include "model/records.h"
#include "store/store.h"

struct change_list {
    struct arena        *arena;
    struct store_change *changes;
    size_t               num, room;
    bool                 failed; /* no memory, or no room */
};

/* A view of a text that lives elsewhere; NULL and "" are missing. */
static inline struct model_text text_view(const char *text)
{
    return text != NULL && *text != '\0' ? (struct model_text){ text, strlen(text) } : (struct model_text){ NULL, 0 };
}

static inline bool text_is(struct model_text text, const char *word)
{
    return text.bytes != NULL && text.size == strlen(word) && memcmp(text.bytes, word, text.size) == 0;
}

/* Is a task still to be done? */
bool task_is_open(const struct model_task *task);

/* Room for so many changes. 0 or TOC_ERR_NO_MEMORY. */
int change_list_begin(struct change_list *list, struct arena *arena, size_t room);

/* Another record: to be created (all fields missing), or changed: then the fields that are given. NULL: list->failed.
 */
void *change_list_create(struct change_list *list, enum model_record_number record, const struct id *id);
void *change_list_change(struct change_list *list, enum model_record_number record, const struct model_head *head);
void  change_list_give(struct change_list *list, size_t field); /* of the newest change */

/* An instant as a TIME, to the second; in the arena. Missing where there is no memory. */
struct model_text time_view(struct arena *arena, int64_t instant);

/* An id that follows from what the record is about, so that whoever makes it makes the same: a hash of a kind and two
 * ids or numbers, with the time of the first id. */
struct id id_that_follows(const char *kind, const struct id *of, const struct id *and, uint32_t number);

/* Add a fault of what was asked for; BASE_ERR_INPUT. */
int refuse_input(struct fault_list *faults, const char *where, const char *found, const char *allowed);

#endif
