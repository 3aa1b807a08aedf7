/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "model/model_lists.h"
#include "model/model_schema.h"

/* "reporting_unit" → "ReportingUnit". */
static void write_type_name(struct sink *sink, const char *name)
{
    bool capital = true;
    for (; *name != '\0'; name++) {
        bool letter = *name >= 'a' && *name <= 'z';
        if (*name != '_')
            sink_character(sink, capital && letter ? (char) (*name - 'a' + 'A') : *name);
        capital = *name == '_';
    }
}

static void write_type(struct sink *sink, const struct model_field *field)
{
    switch (field->kind) {
    case MODEL_KIND_REFERENCE: sink_text(sink, "Id"); return;
    case MODEL_KIND_CODE:
        write_type_name(sink, field->target);
        sink_text(sink, "Code");
        return;
    case MODEL_KIND_DATE: sink_text(sink, "LocalDate"); return;
    case MODEL_KIND_TIME: sink_text(sink, "LocalTime"); return;
    case MODEL_KIND_INSTANT: sink_text(sink, "Instant"); return;
    case MODEL_KIND_INTEGER:
    case MODEL_KIND_REAL: sink_text(sink, "number"); return;
    case MODEL_KIND_FLAG: sink_text(sink, "boolean"); return;
    case MODEL_KIND_BYTES: sink_text(sink, "Base64"); return;
    case MODEL_KIND_TEXT: sink_text(sink, "string"); return;
    }
}

static void write_member(struct sink *sink, const struct model_field *field, bool optional)
{
    sink_format(sink, "  /** %s · %s */\n  %s%s: ", field->label_en, field->label_zh, field->name, optional ? "?" : "");
    write_type(sink, field);
    sink_text(sink, ";\n");
}

static bool is_required(const struct model_field *field)
{
    return field->rule == MODEL_RULE_REQUIRED || field->rule == MODEL_RULE_FIXED;
}

static void write_record(struct sink *sink, const struct model_record *record)
{
    sink_format(sink, "\n/** %s · %s */\nexport interface ", record->title_en, record->title_zh);
    write_type_name(sink, record->name);
    sink_text(sink, " extends Head {\n");
    for (size_t i = 0; i < record->num_fields; i++)
        write_member(sink, &record->fields[i], true);
    sink_text(sink, "  /** The fields that the reader may not see. */\n  masked?: string[];\n}\n\nexport interface ");
    write_type_name(sink, record->name);
    sink_text(sink, "Create {\n  id: Id;\n");
    for (size_t i = 0; i < record->num_fields; i++)
        if (record->fields[i].rule != MODEL_RULE_WRITTEN)
            write_member(sink, &record->fields[i], !is_required(&record->fields[i]));
    sink_text(sink, "}\n\nexport type ");
    write_type_name(sink, record->name);
    sink_text(sink, "Change = Change<");
    write_type_name(sink, record->name);
    sink_text(sink, "Create>;\n");
}

static void write_list(struct sink *sink, const char *list, const struct model_lists *lists)
{
    const struct model_entry *entry;
    sink_text(sink, "\nexport type ");
    write_type_name(sink, list);
    sink_text(sink, "Code =");
    if (lists == NULL || model_lists_entry(lists, list, 0) == NULL) {
        sink_text(sink, " string;\n");
        return;
    }
    for (size_t i = 0; (entry = model_lists_entry(lists, list, i)) != NULL; i++)
        sink_format(sink, "\n  | '%s'", entry->code); /* of a-z 0-9 - _ . alone */
    sink_text(sink, ";\n");
}

/* JSON is TypeScript. */
static void write_description(struct json_writer *json, const struct model_field *field)
{
    bool bounded = field->kind == MODEL_KIND_INTEGER || field->kind == MODEL_KIND_REAL;
    json_key(json, field->name);
    json_begin_object(json);
    json_key(json, "kind");
    json_put_string(json, model_kind_word(field->kind));
    json_key(json, "rule");
    json_put_string(json, model_rule_word(field->rule));
    json_key(json, "class");
    json_put_string(json, model_class_word(field->class));
    json_key(json, "en");
    json_put_string(json, field->label_en);
    json_key(json, "zh");
    json_put_string(json, field->label_zh);
    if (field->target != NULL) {
        json_key(json, field->kind == MODEL_KIND_CODE ? "list" : "record");
        json_put_string(json, field->target);
    }
    if (bounded) {
        json_key(json, "low");
        json_put_number(json, field->low);
    }
    if (bounded || field->kind == MODEL_KIND_TEXT || field->kind == MODEL_KIND_BYTES) {
        json_key(json, "high");
        json_put_number(json, field->high);
    }
    json_end(json);
}

static void write_descriptions(struct sink *sink, const struct model_record *records, size_t num)
{
    sink_text(sink, "\n/** What the forms, lists and checks of the client are made from. */\nexport const records = {");
    for (size_t i = 0; i < num; i++) {
        struct json_writer json;
        sink_format(sink, "%s\n  %s: ", i == 0 ? "" : ",", records[i].name);
        json_writer_init(&json, sink);
        json_begin_object(&json);
        json_key(&json, "en");
        json_put_string(&json, records[i].title_en);
        json_key(&json, "zh");
        json_put_string(&json, records[i].title_zh);
        json_key(&json, "fields");
        json_begin_object(&json);
        for (size_t j = 0; j < records[i].num_fields; j++)
            write_description(&json, &records[i].fields[j]);
        json_end(&json);
        json_end(&json);
    }
    sink_text(sink, "\n} as const;\n");
}

void model_typescript_write(struct sink *sink, const struct model_record *record, const struct model_lists *lists)
{
    size_t                     num = 1;
    const char                *list;
    const struct model_record *records = record != NULL ? record : model_records(&num);
    sink_text(sink,
              "// Written by `tocsin model --as typescript` from src/model/*.def. Not to be edited.\n"
              "\n"
              "/** A UUID. */\n"
              "export type Id = string;\n"
              "/** 2026-11-22 */\n"
              "export type LocalDate = string;\n"
              "/** 2026-11-22, 2026-11-22T10, 2026-11-22T10:30, 2026-11-22T10:30:05, each with or without a zone */\n"
              "export type LocalTime = string;\n"
              "/** 2026-11-22T02:30:00.000000Z */\n"
              "export type Instant = string;\n"
              "export type Base64 = string;\n"
              "\n"
              "export interface Head {\n"
              "  id: Id;\n"
              "  version: number;\n"
              "  created: Instant;\n"
              "  updated: Instant;\n"
              "}\n"
              "\n"
              "/** A change names what it changes; null makes a field missing. */\n"
              "export type Change<Create> = { [Field in Exclude<keyof Create, 'id'>]?: Create[Field] | null };\n");
    for (size_t i = 0; i < num; i++)
        write_record(sink, &records[i]);
    for (size_t i = 0; (list = model_list_used(record, i)) != NULL; i++)
        write_list(sink, list, lists);
    write_descriptions(sink, records, num);
}
