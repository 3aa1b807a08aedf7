/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/case_laboratory.h"

#include <stdlib.h>
#include <string.h>

#include "model/model_json.h"
#include "store/rows_by.h"

/* Ids, each once. */
struct ids {
    struct id *ids;
    size_t     num, room;
};

static int begin(struct ids *ids, struct arena *arena, size_t room)
{
    *ids = (struct ids){ .ids = arena_array(arena, room + 1, sizeof *ids->ids), .room = room };
    return ids->ids == NULL ? TOC_ERR_NO_MEMORY : 0;
}

static void add(struct ids *ids, const struct id *id)
{
    if (id_is_missing(id) || ids->num == ids->room)
        return;
    for (size_t i = 0; i < ids->num; i++)
        if (id_equal(&ids->ids[i], id))
            return;
    ids->ids[ids->num++] = *id;
}

/* The ids of the rows that hold one of these in a field. */
static int add_rows_of(struct ids *ids, struct store_reader *reader, enum model_record_number number, const char *field,
                       const struct ids *of, struct arena *arena)
{
    const struct model_record *record = model_record(number);
    struct model_text         *keys = arena_array(arena, of->num + 1, sizeof *keys);
    char                      *rows = NULL;
    void                      *found = NULL;
    size_t                     num = 0;
    if (keys == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < of->num; i++)
        keys[i] = (struct model_text){ (const char *) of->ids[i].bytes, ID_BYTES };
    int ret = of->num == 0 ? 0 : store_rows_by(reader, record, field, keys, of->num, ids->room, arena, &found, &num);
    rows = found;
    for (size_t i = 0; i < num && ret == 0; i++)
        add(ids, &((const struct model_head *) (const void *) (rows + i * record->size))->id);
    return ret;
}

/* Those of the records that the caller may read. */
static int read_part(struct case_part *part, struct store_reader *reader, const struct access *who,
                     enum model_record_number number, const struct ids *ids, struct arena *arena)
{
    const struct model_record *record = model_record(number);
    char                      *values = arena_array(arena, ids->num + 1, record->size);
    bool                      *there = arena_array(arena, ids->num + 1, sizeof *there);
    *part = (struct case_part){ .record = record, .values = values };
    if (values == NULL || there == NULL)
        return TOC_ERR_NO_MEMORY;
    int ret = store_read_many(reader, who, record, ids->ids, ids->num, arena, values, there, &part->visible);
    if (ret == STORE_ERR_DENIED)
        return 0; /* a role that reads none of them */
    for (size_t i = 0; i < ids->num && ret == 0; i++)
        if (there[i])
            memmove(values + part->num++ * record->size, values + i * record->size, record->size);
    return ret;
}

static int compare_texts(struct model_text a, struct model_text b)
{
    size_t size = a.size < b.size ? a.size : b.size;
    int    order = size > 0 ? memcmp(a.bytes, b.bytes, size) : 0;
    return order != 0 ? order : a.size < b.size ? -1 : a.size > b.size;
}

static int by_collected(const void *a, const void *b)
{
    const struct model_specimen *x = a, *y = b;
    int                          order = compare_texts(x->collected_time, y->collected_time);
    return order != 0 ? order : id_compare(&x->head.id, &y->head.id);
}

static int by_reported(const void *a, const void *b)
{
    const struct model_result *x = a, *y = b;
    int                        order = compare_texts(x->result_time, y->result_time);
    return order != 0 ? order : id_compare(&x->head.id, &y->head.id);
}

static int read_results(struct case_laboratory *found, struct store_reader *reader, const struct access *who,
                        const struct ids *this, struct arena *arena)
{
    struct ids specimens, results;
    int        ret = begin(&specimens, arena, CASE_MOST_SPECIMENS);
    if (ret == 0)
        ret = begin(&results, arena, CASE_MOST_RESULTS);
    if (ret == 0)
        ret = add_rows_of(&specimens, reader, MODEL_SPECIMEN, "linked_case", this, arena);
    if (ret == 0)
        ret = add_rows_of(&results, reader, MODEL_RESULT, "linked_case", this, arena);
    if (ret == 0)
        ret = add_rows_of(&results, reader, MODEL_RESULT, "specimen", &specimens, arena);
    if (ret == 0)
        ret = read_part(&found->results, reader, who, MODEL_RESULT, &results, arena);
    const struct model_result *result = found->results.values;
    for (size_t i = 0; i < found->results.num && ret == 0; i++)
        add(&specimens, &result[i].specimen);
    if (ret == 0)
        ret = read_part(&found->specimens, reader, who, MODEL_SPECIMEN, &specimens, arena);
    return ret;
}

int case_laboratory_read(struct store_reader *reader, const struct access *who, const struct id *id,
                         struct arena *arena, struct model_case *value, struct case_laboratory *found)
{
    struct case_laboratory made = { .specimens = { .num = 0 } };
    struct access          plain = *who; /* nothing here identifies anybody, and nothing of it is audited */
    struct model_set       visible;
    struct id              one = *id;
    struct ids this = { &one, 1, 1 }, messages, facilities;
    plain.purpose = ACCESS_NO_PURPOSE;
    int ret = store_read(reader, &plain, model_record(MODEL_CASE), id, STORE_NOW, arena, value, &visible);
    if (ret == 0)
        ret = read_results(&made, reader, &plain, &this, arena);
    if (ret == 0)
        ret = begin(&messages, arena, CASE_MOST_RESULTS);
    if (ret == 0)
        ret = begin(&facilities, arena, CASE_MOST_RESULTS);
    if (ret != 0)
        return ret;
    struct model_result   *result = made.results.values;
    struct model_specimen *specimen = made.specimens.values;
    for (size_t i = 0; i < made.results.num; i++) {
        add(&messages, &result[i].message);
        add(&facilities, &result[i].laboratory);
    }
    for (size_t i = 0; i < made.specimens.num; i++) {
        add(&facilities, &specimen[i].laboratory);
        add(&facilities, &specimen[i].collected_by);
    }
    ret = read_part(&made.messages, reader, &plain, MODEL_MESSAGE, &messages, arena);
    const struct model_message *message = made.messages.values;
    for (size_t i = 0; i < made.messages.num && ret == 0; i++)
        add(&facilities, &message[i].sender);
    if (ret == 0)
        ret = read_part(&made.facilities, reader, &plain, MODEL_FACILITY, &facilities, arena);
    if (ret != 0)
        return ret;
    qsort(specimen, made.specimens.num, sizeof *specimen, by_collected);
    qsort(result, made.results.num, sizeof *result, by_reported);
    *found = made;
    return 0;
}

static void write_part(struct json_writer *json, const char *name, const struct case_part *part)
{
    json_key(json, name);
    json_begin_array(json);
    for (size_t i = 0; i < part->num; i++)
        model_json_write(json, part->record, (const char *) part->values + i * part->record->size, &part->visible);
    json_end(json);
}

void case_laboratory_write(struct json_writer *json, const struct case_laboratory *found)
{
    json_begin_object(json);
    write_part(json, "specimens", &found->specimens);
    write_part(json, "results", &found->results);
    write_part(json, "messages", &found->messages);
    write_part(json, "facilities", &found->facilities);
    json_end(json);
}
