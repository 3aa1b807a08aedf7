/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include "model/model_lists.h"
#include "model/model_schema.h"
#include "model/view.h"

enum form { ANSWERED, CREATED, CHANGED };
static const char *const form_endings[] = { "", "_create", "_change" };

#define TIME_PATTERN "^\\d{4}-\\d{2}-\\d{2}(T\\d{2}(:\\d{2}(:\\d{2})?)?(Z|[+-]\\d{2}:\\d{2})?)?$"
#define CODE_PATTERN "^[a-z0-9._-]{1,80}$"

static void put_number(struct json_writer *json, const char *key, double number)
{
    json_key(json, key);
    json_put_number(json, number);
}

/* "string", or in a change ["string", "null"]. */
static void put_type(struct json_writer *json, const char *type, bool may_be_null)
{
    json_key(json, "type");
    if (may_be_null)
        json_begin_array(json);
    json_put_string(json, type);
    if (may_be_null) {
        json_put_string(json, "null");
        json_end(json);
    }
}

static bool may_be_null(const struct model_field *field, enum form form)
{
    return form != ANSWERED && field->rule == MODEL_RULE_OPTIONAL;
}

/* A list's schema, or null beside it. */
static void put_code(struct json_writer *json, const struct model_field *field, enum form form)
{
    char reference[120];
    snprintf(reference, sizeof reference, "#/components/schemas/code_%s", field->target);
    if (!may_be_null(field, form)) {
        json_member(json, "$ref", reference);
        return;
    }
    json_key(json, "anyOf");
    json_begin_array(json);
    json_begin_object(json);
    json_member(json, "$ref", reference);
    json_end(json);
    json_begin_object(json);
    json_member(json, "type", "null");
    json_end(json);
    json_end(json);
}

static void put_bounds(struct json_writer *json, const struct model_field *field)
{
    put_number(json, "minimum", field->low);
    put_number(json, "maximum", field->high);
}

static void put_kind(struct json_writer *json, const struct model_field *field, enum form form)
{
    bool null = may_be_null(field, form);
    switch (field->kind) {
    case MODEL_KIND_CODE: put_code(json, field, form); return;
    case MODEL_KIND_FLAG: put_type(json, "boolean", null); return;
    case MODEL_KIND_INTEGER:
        put_type(json, "integer", null);
        put_bounds(json, field);
        return;
    case MODEL_KIND_REAL:
        put_type(json, "number", null);
        put_bounds(json, field);
        return;
    default: put_type(json, "string", null); break;
    }
    switch (field->kind) {
    case MODEL_KIND_REFERENCE:
        json_member(json, "format", "uuid");
        json_member(json, "x-record", field->target);
        break;
    case MODEL_KIND_TEXT:
        put_number(json, "minLength", 1);
        put_number(json, "maxLength", field->high);
        break;
    case MODEL_KIND_DATE: json_member(json, "format", "date"); break;
    case MODEL_KIND_TIME: json_member(json, "pattern", TIME_PATTERN); break;
    case MODEL_KIND_INSTANT: json_member(json, "format", "date-time"); break;
    case MODEL_KIND_BYTES:
        json_member(json, "contentEncoding", "base64");
        put_number(json, "maxLength", 4 * (double) (((long) field->high + 2) / 3));
        break;
    default: break;
    }
}

static void put_field(struct json_writer *json, const struct model_field *field, enum form form)
{
    json_key(json, field->name);
    json_begin_object(json);
    put_kind(json, field, form);
    json_member(json, "title", field->label_en);
    json_member(json, "x-title-zh", field->label_zh);
    json_member(json, "x-class", model_class_word(field->class));
    if (field->rule == MODEL_RULE_WRITTEN) {
        json_key(json, "readOnly");
        json_put_bool(json, true);
    }
    json_end(json);
}

static void put_head_member(struct json_writer *json, const char *name, const char *type, const char *format)
{
    json_key(json, name);
    json_begin_object(json);
    json_member(json, "type", type);
    if (format != NULL)
        json_member(json, "format", format);
    else
        put_number(json, "minimum", 0);
    json_end(json);
}

static void put_masked(struct json_writer *json, const struct model_record *record)
{
    json_key(json, "masked");
    json_begin_object(json);
    json_member(json, "type", "array");
    json_member(json, "description", "The fields that the reader may not see, whether they hold anything or not");
    json_key(json, "items");
    json_begin_object(json);
    json_key(json, "enum");
    json_begin_array(json);
    for (size_t i = 0; i < record->num_fields; i++)
        json_put_string(json, record->fields[i].name);
    json_end(json);
    json_end(json);
    json_end(json);
}

static bool is_required(const struct model_field *field, enum form form)
{
    return form == CREATED && (field->rule == MODEL_RULE_REQUIRED || field->rule == MODEL_RULE_FIXED);
}

static void put_required(struct json_writer *json, const struct model_record *record, enum form form)
{
    if (form == CHANGED)
        return;
    json_key(json, "required");
    json_begin_array(json);
    json_put_string(json, "id");
    if (form == ANSWERED)
        json_put_string(json, "version");
    for (size_t i = 0; i < record->num_fields; i++)
        if (is_required(&record->fields[i], form))
            json_put_string(json, record->fields[i].name);
    json_end(json);
}

/* JSON Schema's words for NEEDS: if the field holds the code, then the other is required. */
static void put_needs(struct json_writer *json, const struct model_record *record)
{
    json_key(json, "allOf");
    json_begin_array(json);
    for (size_t i = 0; i < record->num_needs; i++) {
        const struct model_condition *need = &record->needs[i];
        json_begin_object(json);
        json_key(json, "if");
        json_begin_object(json);
        json_key(json, "properties");
        json_begin_object(json);
        json_key(json, need->field);
        json_begin_object(json);
        json_member(json, "const", need->code);
        json_end(json);
        json_end(json);
        json_key(json, "required");
        json_begin_array(json);
        json_put_string(json, need->field);
        json_end(json);
        json_end(json);
        json_key(json, "then");
        json_begin_object(json);
        json_key(json, "required");
        json_begin_array(json);
        json_put_string(json, need->other);
        json_end(json);
        json_end(json);
        json_end(json);
    }
    json_end(json);
}

static void put_record(struct json_writer *json, const struct model_record *record, enum form form)
{
    char name[80];
    snprintf(name, sizeof name, "%s%s", record->name, form_endings[form]);
    json_key(json, name);
    json_begin_object(json);
    json_member(json, "type", "object");
    json_member(json, "title", record->title_en);
    json_member(json, "x-title-zh", record->title_zh);
    json_key(json, "additionalProperties");
    json_put_bool(json, false);
    put_required(json, record, form);
    json_key(json, "properties");
    json_begin_object(json);
    put_head_member(json, "id", "string", "uuid");
    put_head_member(json, "version", "integer", NULL);
    put_head_member(json, "created", "string", "date-time");
    put_head_member(json, "updated", "string", "date-time");
    for (size_t i = 0; i < record->num_fields; i++)
        if (form == ANSWERED || record->fields[i].rule != MODEL_RULE_WRITTEN)
            put_field(json, &record->fields[i], form);
    put_masked(json, record);
    json_end(json);
    if (form == CREATED && record->num_needs > 0)
        put_needs(json, record);
    json_end(json);
}

static void put_list(struct json_writer *json, const char *list, const struct model_lists *lists)
{
    char                      name[80];
    const struct model_entry *entry;
    snprintf(name, sizeof name, "code_%s", list);
    json_key(json, name);
    json_begin_object(json);
    json_member(json, "type", "string");
    if (lists != NULL && model_lists_has(lists, list)) {
        json_key(json, "enum");
        json_begin_array(json);
        for (size_t i = 0; (entry = model_lists_entry(lists, list, i)) != NULL; i++)
            json_put_string(json, entry->code);
        json_end(json);
    } else {
        json_member(json, "pattern", CODE_PATTERN);
    }
    json_end(json);
}

/* ---- lists ---- */

static void put_column(struct json_writer *json, const struct view *view, const struct view_column *column)
{
    struct view_path path;
    json_key(json, column->name);
    json_begin_object(json);
    if (column->expression == VIEW_FIELD && view_path_of(model_record(view->record), column->path, &path) == 0) {
        put_kind(json, path.field, ANSWERED);
        json_member(json, "title", path.field->label_en);
        json_member(json, "x-title-zh", path.field->label_zh);
        json_member(json, "x-class", model_class_word(path.class));
    } else {
        put_type(json, "integer", false);
        json_member(json, "title", column->label_en);
        json_member(json, "x-title-zh", column->label_zh);
    }
    json_end(json);
}

static void put_row(struct json_writer *json, const struct view *view)
{
    json_begin_object(json);
    json_member(json, "type", "object");
    json_key(json, "additionalProperties");
    json_put_bool(json, false);
    json_key(json, "required");
    json_begin_array(json);
    json_put_string(json, "id");
    json_end(json);
    json_key(json, "properties");
    json_begin_object(json);
    put_head_member(json, "id", "string", "uuid");
    for (size_t i = 0; i < view->num_columns; i++)
        put_column(json, view, &view->columns[i]);
    json_end(json);
    json_end(json);
}

/* cases_row, and cases_page with rows, what is masked, where the next page begins and, if asked for, the total. */
static void put_view(struct json_writer *json, const struct view *view)
{
    char name[80], page[600];
    snprintf(name, sizeof name, "%s_row", view->name);
    json_key(json, name);
    put_row(json, view);
    snprintf(name, sizeof name, "%s_page", view->name);
    json_key(json, name);
    snprintf(page, sizeof page,
             "{\"type\":\"object\",\"required\":[\"rows\",\"masked\",\"next\"],\"additionalProperties\":false,"
             "\"properties\":{\"rows\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/%s_row\"}},"
             "\"masked\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},"
             "\"next\":{\"type\":[\"string\",\"null\"]},\"total\":{\"type\":[\"integer\",\"null\"]}}}",
             view->name);
    json_put_json(json, page);
}

void model_openapi_write(struct json_writer *json, const struct model_record *record, const struct model_lists *lists)
{
    size_t                     num = 1;
    const char                *list;
    const struct model_record *records = record != NULL ? record : model_records(&num);
    for (size_t i = 0; i < num; i++)
        for (enum form form = ANSWERED; form <= CHANGED; form++)
            put_record(json, &records[i], form);
    for (size_t i = 0; (list = model_list_used(record, i)) != NULL; i++)
        put_list(json, list, lists);
    const struct view *all = views(&num);
    for (size_t i = 0; i < num && record == NULL; i++)
        put_view(json, &all[i]);
}
