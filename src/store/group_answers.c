/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests with an idempotency key: what the key was answered before, in the database or in this group. */
#include <string.h>

#include "store/group.h"
#include "store/tables.h"

struct answer {
    struct {
        struct id actor, key;
    } key;
    bool                 given;
    struct store_receipt receipt;
};

void group_answers_init(struct key_table *answers)
{
    *answers = (struct key_table) KEY_TABLE_INIT(sizeof((struct answer *) NULL)->key, struct answer);
}

static struct answer key_of(const struct ticket *ticket)
{
    return (struct answer){ .key = { .actor = ticket->who.user, .key = ticket->request->idempotency_key } };
}

static bool has_key(const struct ticket *ticket)
{
    return ticket->request != NULL && !id_is_missing(&ticket->request->idempotency_key);
}

static struct db_value actor_value(const struct id *actor)
{
    return db_bytes(actor->bytes, ID_BYTES); /* zeros: the program itself */
}

static int answer_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct group *group = context;
    struct answer key = { .given = false };
    (void) num_columns;
    memcpy(key.key.actor.bytes, row[store_idempotency_actor].bytes, ID_BYTES);
    memcpy(key.key.key.bytes, row[store_idempotency_key].bytes, ID_BYTES);
    struct answer *answer = key_table_find(&group->answers, &key.key);
    if (answer == NULL)
        return DB_ERR_CORRUPT;
    answer->given = true;
    answer->receipt.event = row[store_idempotency_event].integer;
    answer->receipt.known = row[store_idempotency_known].integer;
    if (row[store_idempotency_created].type == DB_BYTES && row[store_idempotency_created].size == ID_BYTES)
        memcpy(answer->receipt.created.bytes, row[store_idempotency_created].bytes, ID_BYTES);
    return 0;
}

int group_gather_answers(struct group *group, struct ticket *const *tickets, size_t num)
{
    enum { KEY = store_idempotency_at };
    size_t           num_keys = 0;
    int              ret = 0;
    struct db_value *keys = arena_array(&group->arena, num + 1, KEY * sizeof *keys);
    if (keys == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t t = 0; t < num && ret == 0; t++) {
        void         *entry;
        bool          added = false;
        struct answer key = { .given = false };
        if (!has_key(tickets[t]))
            continue;
        key = key_of(tickets[t]);
        ret = key_table_put(&group->answers, &key.key, &entry, &added);
        if (ret != 0 || !added)
            continue;
        struct db_value *row = keys + num_keys++ * KEY;
        row[store_idempotency_actor] = actor_value(&tickets[t]->who.user);
        row[store_idempotency_key] = db_id(&tickets[t]->request->idempotency_key);
    }
    return ret == 0 ? db_fetch(group->db, &store_table_idempotency, keys, num_keys, answer_row, group, &group->error)
                    : ret;
}

int group_find_answer(struct group *group, struct ticket *ticket, bool *found)
{
    *found = false;
    if (!has_key(ticket))
        return 0;
    struct answer        key = key_of(ticket);
    const struct answer *answer = key_table_find(&group->answers, &key.key);
    if (answer == NULL || !answer->given)
        return 0;
    ticket->receipt = answer->receipt;
    ticket->receipt.again = true;
    *found = true;
    return 0;
}

int group_keep_answer(struct group *group, struct ticket *ticket)
{
    struct db_value *row;
    void            *entry;
    bool             added;
    if (!has_key(ticket))
        return 0;
    struct answer key = key_of(ticket);
    struct id    *ids = arena_array(&group->arena, 3, sizeof *ids);
    int           ret = ids == NULL ? TOC_ERR_NO_MEMORY : key_table_put(&group->answers, &key.key, &entry, &added);
    if (ret == 0)
        ret = group_row(&group->idempotency, &row);
    if (ret != 0)
        return ret;
    struct answer *answer = entry;
    answer->given = true;
    answer->receipt = (struct store_receipt){ .event = ticket->receipt.event,
                                              .known = ticket->receipt.known,
                                              .created = ticket->receipt.created };
    ids[0] = key.key.actor;
    ids[1] = key.key.key;
    ids[2] = ticket->receipt.created;
    row[store_idempotency_actor] = actor_value(&ids[0]);
    row[store_idempotency_key] = db_id(&ids[1]);
    row[store_idempotency_at] = db_integer(group->known);
    row[store_idempotency_event] = db_integer(ticket->receipt.event);
    row[store_idempotency_known] = db_integer(ticket->receipt.known);
    row[store_idempotency_created] = db_id(&ids[2]);
    return 0;
}
