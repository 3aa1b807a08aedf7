/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/change_list.h"

#include <sodium.h>

#include "base/instant.h"

bool task_is_open(const struct model_task *task)
{
    return !text_is(task->status, "done") && !text_is(task->status, "not-needed") &&
           !text_is(task->status, "cancelled");
}

int change_list_begin(struct change_list *list, struct arena *arena, size_t room)
{
    *list = (struct change_list){ .arena = arena, .room = room };
    list->changes = arena_array(arena, room, sizeof *list->changes);
    list->failed = list->changes == NULL;
    return list->failed ? TOC_ERR_NO_MEMORY : 0;
}

static void *add(struct change_list *list, enum store_verb verb, enum model_record_number number, const struct id *id,
                 int64_t version)
{
    const struct model_record *record = model_record(number);
    void *value = list->failed || list->num == list->room ? NULL : arena_array(list->arena, 1, record->size);
    if (value == NULL) {
        list->failed = true;
        return NULL;
    }
    model_init(record, value);
    ((struct model_head *) value)->id = *id;
    list->changes[list->num++] =
        (struct store_change){ .verb = verb, .record = record, .value = value, .version = version };
    return value;
}

void *change_list_create(struct change_list *list, enum model_record_number record, const struct id *id)
{
    return add(list, STORE_CREATE, record, id, 0);
}

void *change_list_change(struct change_list *list, enum model_record_number record, const struct model_head *head)
{
    return add(list, STORE_CHANGE, record, &head->id, head->version);
}

void change_list_give(struct change_list *list, size_t field)
{
    if (!list->failed)
        model_set_add(&list->changes[list->num - 1].given, field);
}

struct model_text time_view(struct arena *arena, int64_t instant)
{
    char text[INSTANT_TEXT_BYTES];
    if (instant_to_text(instant, text) == 0)
        return (struct model_text){ NULL, 0 };
    text[19] = 'Z';
    const char *copy = arena_copy(arena, text, 20);
    return (struct model_text){ copy, copy != NULL ? 20 : 0 };
}

struct id id_that_follows(const char *kind, const struct id *of, const struct id *and, uint32_t number)
{
    static const struct id   none;
    unsigned char            hash[crypto_generichash_BYTES_MIN];
    unsigned char            bytes[4] = { (unsigned char) (number >> 24), (unsigned char) (number >> 16),
                                          (unsigned char) (number >> 8), (unsigned char) number };
    int64_t                  milliseconds = 0;
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, sizeof hash);
    crypto_generichash_update(&state, (const unsigned char *) kind, strlen(kind) + 1);
    crypto_generichash_update(&state, of->bytes, ID_BYTES);
    crypto_generichash_update(&state, (and != NULL ? and : &none)->bytes, ID_BYTES);
    crypto_generichash_update(&state, bytes, sizeof bytes);
    crypto_generichash_final(&state, hash, sizeof hash);
    for (size_t i = 0; i < 6; i++)
        milliseconds = milliseconds << 8 | of->bytes[i];
    return id_make(milliseconds, hash);
}

int refuse_input(struct fault_list *faults, const char *where, const char *found, const char *allowed)
{
    fault_add(faults, (struct fault_place){ .name = where }, allowed, "%s", found);
    return BASE_ERR_INPUT;
}
