/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Searches: records by their words, persons by their names. Always POST: what is looked for stands in no path, log or
 * history. */
#include <string.h>

#include "model/model_json.h"
#include "server/handlers.h"
#include "server/request.h"
#include "store/find_person.h"
#include "store/find_text.h"
#include "store/keeper.h"
#include "store/list.h"
#include "store/search_words.h"

static int refuse(struct exchange *exchange, const char *where, const char *found, const char *allowed)
{
    fault_add(&exchange->faults, (struct fault_place){ .name = where }, allowed, "%s", found);
    return BASE_ERR_INPUT;
}

/* ---- by words ---- */

static bool is_searched(const struct model_record *record)
{
    return record->searched != NULL && record->searched[0] != NULL && record->path != NULL;
}

static int write_found(struct exchange *exchange, struct json_writer *json, const struct model_record *record,
                       const struct find_text_answer *answer)
{
    struct model_set visible = access_visible(&exchange->caller.access, record);
    char            *values = arena_array(&exchange->arena, answer->num_ids + 1, record->size);
    bool            *there = arena_array(&exchange->arena, answer->num_ids + 1, sizeof *there);
    if (values == NULL || there == NULL)
        return TOC_ERR_NO_MEMORY;
    int ret = store_read_many(exchange->reader, &exchange->caller.access, record, answer->ids, answer->num_ids,
                              &exchange->arena, values, there, &visible);
    if (ret != 0)
        return ret;
    json_begin_object(json);
    json_key(json, "record");
    json_put_string(json, record->name);
    json_key(json, "rows");
    json_begin_array(json);
    for (size_t i = 0; i < answer->num_ids; i++)
        if (there[i])
            model_json_write(json, record, values + i * record->size, &visible);
    json_end(json);
    json_key(json, "next");
    if (answer->next != NULL)
        json_put_string(json, answer->next);
    else
        json_put_null(json);
    json_end(json);
    return 0;
}

/* One record, or all that may be searched; of these, those that the caller may not read are left out. */
static int find_in(struct exchange *exchange, struct json_writer *json, const struct model_record *only,
                   struct find_text_query *query)
{
    size_t                     num;
    const struct model_record *records = model_records(&num);
    int                        ret = 0;
    for (size_t i = 0; i < num && ret == 0; i++) {
        struct find_text_answer answer;
        if ((only != NULL && &records[i] != only) || !is_searched(&records[i]))
            continue;
        query->record = &records[i];
        ret = store_find_text(exchange->reader, &exchange->caller.access, query, &exchange->arena, &answer,
                              &exchange->faults);
        if (ret == STORE_ERR_DENIED && only == NULL)
            ret = 0;
        else if (ret == 0)
            ret = write_found(exchange, json, &records[i], &answer);
    }
    return ret;
}

int search_text(struct exchange *exchange)
{
    const char                 *text = NULL, *word = NULL, *after = NULL;
    int64_t                     page_size = 0;
    const struct request_member members[] = {
        { .name = "typed", .kind = REQUEST_TEXT, .needed = true, .high = SEARCH_MAX_QUERY, .value = &text },
        { .name = "record", .kind = REQUEST_TEXT, .high = 64, .value = &word },
        { .name = "after", .kind = REQUEST_TEXT, .high = LIST_CURSOR_BYTES, .value = &after },
        { .name = "page_size", .kind = REQUEST_INTEGER, .low = 1, .high = FIND_TEXT_MOST_ROWS, .value = &page_size },
    };
    struct json_writer json;
    int                ret = request_parameters(exchange);
    if (ret == 0)
        ret = request_members(exchange, members, sizeof members / sizeof *members);
    if (ret != 0)
        return ret;
    const struct model_record *record = word != NULL ? model_record_find(word) : NULL;
    if (word != NULL && (record == NULL || !is_searched(record)))
        return refuse(exchange, "/record", "no record that is searched", "area, facility, code, outbreak");
    if (after != NULL && record == NULL)
        return refuse(exchange, "/after", "without a record", "the record that the page before was of");
    struct find_text_query query = {
        .typed = text, .size = strlen(text), .after = after, .page_size = (size_t) page_size
    };
    reply_json(exchange, &json);
    json_begin_object(&json);
    json_key(&json, "found");
    json_begin_array(&json);
    ret = find_in(exchange, &json, record, &query);
    if (ret != 0)
        return ret == TOC_ERR_TOO_LARGE ? refuse(exchange, "/typed", "too long", "fewer words") : ret;
    json_end(&json);
    json_end(&json);
    return 0;
}

/* ---- persons ---- */

static void write_persons(struct exchange *exchange, const struct find_answer *answer)
{
    struct json_writer         json;
    const struct model_record *person = model_record(MODEL_PERSON), *identity = model_record(MODEL_IDENTITY);
    struct model_set           visible = access_visible(&exchange->caller.access, person);
    struct model_set           shown = access_visible(&exchange->caller.access, identity);
    reply_json(exchange, &json);
    json_begin_object(&json);
    json_key(&json, "persons");
    json_begin_array(&json);
    for (size_t i = 0; i < answer->num_results; i++) {
        json_begin_object(&json);
        json_key(&json, "person");
        model_json_write(&json, person, &answer->results[i].person, &visible);
        json_key(&json, "identity");
        model_json_write(&json, identity, &answer->results[i].identity, &shown);
        json_end(&json);
    }
    json_end(&json);
    json_key(&json, "more");
    json_put_bool(&json, answer->more);
    json_end(&json);
}

static int find_persons(struct exchange *exchange, bool prefix)
{
    const char                 *text = NULL;
    struct find_query           query = { .typed = NULL };
    struct find_answer          answer;
    const struct request_member members[] = {
        { .name = "typed", .kind = REQUEST_TEXT, .needed = true, .high = SEARCH_MAX_QUERY, .value = &text },
        { .name = "area", .kind = REQUEST_ID, .value = &query.area },
    };
    int ret = request_parameters(exchange);
    if (ret == 0)
        ret = request_members(exchange, members, sizeof members / sizeof *members);
    if (ret != 0)
        return ret;
    query.typed = text;
    query.size = strlen(text);
    ret = store_find_person(exchange->reader, &exchange->caller.access, &query, prefix, &exchange->arena, &answer,
                            &exchange->faults);
    if (ret == KEEPER_ERR_RATE) {
        answer_header(exchange, "Retry-After", "10");
        return SERVER_ERR_TOO_MANY;
    }
    if (ret == TOC_ERR_TOO_LARGE)
        return refuse(exchange, "/typed", "too long", "a name, an identifier or a telephone number");
    if (ret == 0)
        write_persons(exchange, &answer);
    return ret;
}

int search_persons(struct exchange *exchange)
{
    return find_persons(exchange, false);
}

int search_persons_prefix(struct exchange *exchange)
{
    return find_persons(exchange, true);
}
