/* SPDX-License-Identifier: GPL-3.0-or-later */
/* /api/v1/model: what a screen needs to know of records, lists and codes, and what this caller may do with them. */
#include <string.h>

#include "base/date_text.h"
#include "model/model_lists.h"
#include "model/model_schema.h"
#include "model/view.h"
#include "server/handlers.h"
#include "server/request.h"

static void put(struct json_writer *json, const char *key, const char *text)
{
    if (text == NULL)
        return;
    json_key(json, key);
    json_put_string(json, text);
}

static void put_flag(struct json_writer *json, const char *key, bool value)
{
    json_key(json, key);
    json_put_bool(json, value);
}

static const char *list_of(const struct model_field *field)
{
    return field->kind == MODEL_KIND_CODE ? field->target : NULL;
}

static const char *record_of(const struct model_field *field)
{
    return field->kind == MODEL_KIND_REFERENCE ? field->target : NULL;
}

static void put_field(struct json_writer *json, const struct model_field *field, bool reads, bool writes)
{
    json_begin_object(json);
    put(json, "name", field->name);
    put(json, "kind", model_kind_word(field->kind));
    put(json, "rule", model_rule_word(field->rule));
    put(json, "class", model_class_word(field->class));
    put(json, "label_en", field->label_en);
    put(json, "label_zh", field->label_zh);
    put(json, "list", list_of(field));
    put(json, "record", record_of(field));
    if (field->kind == MODEL_KIND_INTEGER || field->kind == MODEL_KIND_REAL) {
        json_key(json, "low");
        json_put_number(json, field->low);
    }
    if (field->high > 0 || field->low < 0) {
        json_key(json, "high");
        json_put_number(json, field->high);
    }
    put_flag(json, "read", reads);
    put_flag(json, "write", writes);
    json_end(json);
}

static void put_may(struct json_writer *json, const struct access *who, const struct model_record *record)
{
    static const struct {
        enum model_verb verb;
        const char     *word;
    } verbs[] = { { MODEL_READING, "read" },
                  { MODEL_CREATING, "create" },
                  { MODEL_CHANGING, "change" },
                  { MODEL_ERASING, "erase" } };
    json_key(json, "may");
    json_begin_array(json);
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        bool may = verbs[i].verb == MODEL_READING   ? access_highest(who, record) != ACCESS_NOTHING
                   : verbs[i].verb == MODEL_ERASING ? access_may_erase(who, record)
                                                    : access_may_write(who, record);
        if (may && (record->verbs & verbs[i].verb) != 0)
            json_put_string(json, verbs[i].word);
    }
    json_end(json);
}

static void put_counters(struct json_writer *json, const struct model_record *record)
{
    json_key(json, "counters");
    json_begin_array(json);
    for (size_t i = 0; i < record->num_counters; i++) {
        const struct model_counter *counter = &record->counters[i];
        json_begin_object(json);
        put(json, "name", counter->name);
        put(json, "day", counter->day);
        json_key(json, "dimensions");
        json_begin_array(json);
        for (size_t d = 0; d < sizeof counter->dimensions / sizeof *counter->dimensions && counter->dimensions[d]; d++)
            json_put_string(json, counter->dimensions[d]);
        json_end(json);
        if (counter->only != NULL) {
            put(json, "only", counter->only);
            json_key(json, "codes");
            json_begin_array(json);
            for (size_t c = 0; c < MODEL_MAX_ONLY && counter->codes[c] != NULL; c++)
                json_put_string(json, counter->codes[c]);
            json_end(json);
        }
        json_end(json);
    }
    json_end(json);
}

static void put_record(struct json_writer *json, const struct access *who, const struct model_record *record)
{
    struct model_set visible = access_visible(who, record), writable = access_writable(who, record);
    json_begin_object(json);
    put(json, "name", record->name);
    put(json, "path", record->path);
    put(json, "title_en", record->title_en);
    put(json, "title_zh", record->title_zh);
    put_flag(json, "searched", record->searched != NULL && record->searched[0] != NULL);
    put_may(json, who, record);
    json_key(json, "fields");
    json_begin_array(json);
    for (size_t i = 0; i < record->num_fields; i++)
        put_field(json, &record->fields[i], model_set_has(&visible, i), model_set_has(&writable, i));
    json_end(json);
    put_counters(json, record);
    json_end(json);
}

/* ---- lists ---- */

static void put_column(struct json_writer *json, const struct view *view, size_t number, bool reads)
{
    const struct view_column *column = &view->columns[number];
    struct view_path          path;
    bool                      is_path =
        column->expression == VIEW_FIELD && view_path_of(model_record(view->record), column->path, &path) == 0;
    json_begin_object(json);
    put(json, "name", column->name);
    put(json, "kind", model_kind_word(view_kind(view, column)));
    put(json, "label_en", column->label_en != NULL || !is_path ? column->label_en : path.field->label_en);
    put(json, "label_zh", column->label_zh != NULL || !is_path ? column->label_zh : path.field->label_zh);
    if (is_path) {
        put(json, "list", list_of(path.field));
        put(json, "record", record_of(path.field));
    }
    put_flag(json, "read", reads);
    json_end(json);
}

static void put_view(struct json_writer *json, const struct access *who, const struct view *view)
{
    struct model_set visible = view_visible(who, view);
    json_begin_object(json);
    put(json, "name", view->name);
    put(json, "record", model_record(view->record)->name);
    put(json, "title_en", view->title_en);
    put(json, "title_zh", view->title_zh);
    json_key(json, "columns");
    json_begin_array(json);
    for (size_t i = 0; i < view->num_columns; i++)
        put_column(json, view, i, model_set_has(&visible, i));
    json_end(json);
    json_key(json, "filters");
    json_begin_array(json);
    for (size_t i = 0; i < view->num_filters; i++) {
        json_begin_object(json);
        put(json, "field", view->filters[i].field);
        put(json, "test", view->filters[i].test == VIEW_IS ? "is" : "range");
        json_end(json);
    }
    json_end(json);
    json_key(json, "sorts");
    json_begin_array(json);
    for (size_t i = 0; i < view->num_sorts; i++)
        json_put_string(json, view->sorts[i].field);
    json_end(json);
    json_end(json);
}

static void put_day(struct json_writer *json, const char *key, toc_date day)
{
    char text[DATE_TEXT_BYTES];
    if (day != MODEL_MISSING_DATE && date_to_text(day, DATE_FORM_DAY, text) > 0)
        put(json, key, text);
}

static void put_lists(struct json_writer *json, const struct model_lists *lists)
{
    const char               *name;
    const struct model_entry *entry;
    json_key(json, "lists");
    json_begin_object(json);
    for (size_t i = 0; lists != NULL && (name = model_lists_list(lists, i)) != NULL; i++) {
        json_key(json, name);
        json_begin_array(json);
        for (size_t row = 0; (entry = model_lists_entry(lists, name, row)) != NULL; row++) {
            json_begin_object(json);
            put(json, "code", entry->code);
            put(json, "name_en", entry->name[MODEL_ENGLISH]);
            put(json, "name_zh", entry->name[MODEL_CHINESE]);
            put(json, "name_bo", entry->name[MODEL_TIBETAN]);
            put(json, "parent", entry->parent);
            put_day(json, "valid_from", entry->valid_from);
            put_day(json, "valid_to", entry->valid_to);
            json_end(json);
        }
        json_end(json);
    }
    json_end(json);
}

int describe_model(struct exchange *exchange)
{
    struct json_writer         json;
    size_t                     num;
    const struct model_record *records = model_records(&num);
    const struct access       *who = &exchange->caller.access;
    int                        ret = request_parameters(exchange);
    if (ret != 0)
        return ret;
    reply_json(exchange, &json);
    json_begin_object(&json);
    json_key(&json, "records");
    json_begin_array(&json);
    for (size_t i = 0; i < num; i++)
        if (records[i].path != NULL)
            put_record(&json, who, &records[i]);
    json_end(&json);
    const struct view *all = views(&num);
    json_key(&json, "views");
    json_begin_array(&json);
    for (size_t i = 0; i < num; i++)
        put_view(&json, who, &all[i]);
    json_end(&json);
    put_lists(&json, store_lists(exchange->store));
    json_end(&json);
    return 0;
}
