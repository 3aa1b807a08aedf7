/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/model_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/deny.h"
#include "base/instant.h"
#include "base/memory.h"
#include "base/nearest.h"
#include "base/text.h"
#include "base/unicode.h"
#include "model/access.h"
#include "model/model_check.h"
#include "model/model_json.h"
#include "model/model_table_text.h"
#include "model/model_value.h"
#include "tocsin/status.h"

/* What a column is. */
enum column { COLUMN_FIELD, COLUMN_ID, COLUMN_VERSION, COLUMN_PASSED_OVER, COLUMN_UNKNOWN };
static const char *const head_words[] = { "id", "version", "created", "updated", "masked" };

struct column_use {
    enum column               column;
    const struct model_field *field;
};

struct model_table {
    const struct model_record *record;
    struct fault_list         *faults;
    struct table              *table;   /* NULL: NDJSON */
    bool                       guarded; /* texts may have an apostrophe before them: not in a spreadsheet's own cells */
    struct column_use          columns[TABLE_MAX_COLUMNS];
    struct model_lines         lines; /* of NDJSON */
};

/* ---- the header ---- */

static bool can_be_column(const struct model_field *field)
{
    return !(field->kind == MODEL_KIND_BYTES && field->high > MODEL_TABLE_MAX_BYTES) &&
           !(field->kind == MODEL_KIND_TEXT && field->high > MODEL_TABLE_MAX_TEXT);
}

/* Names first: the label of one field may be the name of another ("Evidence", evidence). */
static const struct model_field *field_of(const struct model_record *record, const char *name, size_t size)
{
    for (int round = 0; round < 3; round++)
        for (size_t i = 0; i < record->num_fields; i++) {
            const struct model_field *field = &record->fields[i];
            const char *called = round == 0 ? field->name : round == 1 ? field->label_en : field->label_zh;
            if (can_be_column(field) && text_equal_nocase(called, strlen(called), name, size))
                return field;
        }
    return NULL;
}

static struct column_use use_of(const struct model_record *record, const char *name, size_t size)
{
    for (size_t i = 0; i < sizeof head_words / sizeof *head_words; i++)
        if (text_equal_nocase(head_words[i], strlen(head_words[i]), name, size))
            return (struct column_use){ i == 0 ? COLUMN_ID : i == 1 ? COLUMN_VERSION : COLUMN_PASSED_OVER, NULL };
    const struct model_field *field = field_of(record, name, size);
    return (struct column_use){ field != NULL ? COLUMN_FIELD : COLUMN_UNKNOWN, field };
}

static void refuse_column(const struct model_table *table, struct fault_place place, struct table_cell cell)
{
    const struct denied_thing *denied = deny_match(cell.text, cell.size);
    char                       quoted[TEXT_QUOTE_BYTES], allowed[FAULT_ALLOWED_BYTES];
    text_quote(cell.text, cell.size, quoted);
    if (denied != NULL) {
        fault_add(table->faults, place, NULL, "the column %s: %s", quoted, denied->reason_en);
        return;
    }
    struct nearest nearest = { .word = cell.text };
    for (size_t i = 0; i < table->record->num_fields; i++)
        if (can_be_column(&table->record->fields[i]))
            nearest_offer(&nearest, table->record->fields[i].name);
    if (nearest.best != NULL)
        snprintf(allowed, sizeof allowed, "perhaps %s was meant", nearest.best);
    else
        snprintf(allowed, sizeof allowed, "the fields of %s", table->record->name);
    fault_add(table->faults, place, allowed, "a record %s has no column %s", table->record->name, quoted);
}

static bool is_taken(const struct model_table *table, size_t number)
{
    struct column_use use = table->columns[number];
    for (size_t i = 0; i < number; i++)
        if (table->columns[i].column == use.column && table->columns[i].field == use.field)
            return true;
    return false;
}

static void match_column(struct model_table *table, size_t number)
{
    const struct table_row *header = table_header(table->table);
    struct table_cell       cell = header->cells[number];
    struct fault_place      place = table_place(table->table, header, number);
    struct column_use       use = use_of(table->record, cell.text, cell.size);
    place.name = NULL;
    table->columns[number] = use;
    if (use.column == COLUMN_UNKNOWN)
        refuse_column(table, place, cell);
    else if (use.column != COLUMN_PASSED_OVER && is_taken(table, number))
        fault_add(table->faults, place, NULL, "the column %s comes twice",
                  use.field != NULL ? use.field->name : head_words[use.column == COLUMN_VERSION]);
    else if (use.field != NULL && use.field->rule == MODEL_RULE_WRITTEN)
        fault_add(table->faults, place, NULL, "only the program sets the field %s", use.field->name);
}

/* Match the header of a table that opened, and give it out. */
static int take_table(struct model_table *opened, int ret, uint64_t faults_before, struct model_table **table)
{
    for (size_t i = 0; ret == 0 && i < table_header(opened->table)->num_cells; i++)
        match_column(opened, i);
    if (ret == 0 && opened->faults->num_all > faults_before)
        ret = BASE_ERR_INPUT;
    if (ret == 0)
        *table = opened;
    else
        model_table_close(opened);
    return ret;
}

static struct model_table *new_table(const struct model_record *record, struct fault_list *faults)
{
    struct model_table *made = memory_array(1, sizeof *made);
    if (made != NULL)
        *made = (struct model_table){ .record = record, .faults = faults };
    return made;
}

int model_table_open(struct table_input input, enum model_table_format format, const struct model_record *record,
                     struct fault_list *faults, struct model_table **table)
{
    struct table_options options = { .delimiter = format == MODEL_TABLE_TSV ? '\t' : 0 };
    uint64_t             faults_before = faults->num_all;
    struct model_table  *opened = new_table(record, faults);
    if (opened == NULL)
        return TOC_ERR_NO_MEMORY;
    if (format == MODEL_TABLE_NDJSON) {
        model_lines_init(&opened->lines, input, faults);
        *table = opened;
        return 0;
    }
    opened->guarded = true;
    return take_table(opened, table_open(input, &options, faults, &opened->table), faults_before, table);
}

int model_table_open_xlsx(const void *bytes, size_t size, const char *name, const char *program,
                          const struct model_record *record, struct fault_list *faults, struct model_table **table)
{
    uint64_t            faults_before = faults->num_all;
    struct model_table *opened = new_table(record, faults);
    if (opened == NULL)
        return TOC_ERR_NO_MEMORY;
    return take_table(opened, table_open_xlsx(bytes, size, name, program, faults, &opened->table), faults_before,
                      table);
}

void model_table_close(struct model_table *table)
{
    if (table == NULL)
        return;
    table_close(table->table);
    model_lines_free(&table->lines);
    free(table);
}

/* ---- rows ---- */

static void refuse_cell(struct model_table *table, const struct table_row *row, size_t number, const char *allowed)
{
    struct table_cell         cell = row->cells[number];
    const struct model_field *field = table->columns[number].field;
    char                      quoted[TEXT_QUOTE_BYTES];
    struct fault_place        place = table_place(table->table, row, number);
    if (field != NULL && field->class == MODEL_CLASS_IDENTIFYING) {
        fault_add(table->faults, place, allowed, "found %zu characters", unicode_length(cell.text, cell.size));
        return;
    }
    text_quote(cell.text, cell.size, quoted);
    fault_add(table->faults, place, allowed, "found %.190s", quoted);
}

static int read_cell(struct model_table *table, const struct table_row *row, size_t number, struct arena *arena,
                     void *value)
{
    struct table_cell         cell = row->cells[number];
    const struct model_field *field = table->columns[number].field;
    struct model_head        *head = value;
    char                      allowed[FAULT_ALLOWED_BYTES];
    int                       ret = 0;
    switch (table->columns[number].column) {
    case COLUMN_FIELD:
        if (table->guarded && field->kind == MODEL_KIND_TEXT && model_text_is_guarded(cell.text, cell.size))
            ret = model_value_read(field, cell.text + 1, cell.size - 1, arena, value);
        else
            ret = model_value_read(field, cell.text, cell.size, arena, value);
        model_allowed(field, allowed);
        break;
    case COLUMN_ID:
        ret = id_from_text(cell.text, cell.size, &head->id);
        if (ret == 0 && id_is_missing(&head->id))
            ret = BASE_ERR_INPUT;
        snprintf(allowed, sizeof allowed, "%s", ID_ALLOWED);
        break;
    case COLUMN_VERSION:
        ret = text_to_integer(cell.text, cell.size, 0, INT64_MAX, &head->version);
        snprintf(allowed, sizeof allowed, "a whole number, 0 or more");
        break;
    case COLUMN_PASSED_OVER:
    case COLUMN_UNKNOWN: break;
    }
    if (ret != 0 && ret != TOC_ERR_NO_MEMORY) {
        refuse_cell(table, row, number, allowed);
        return 0;
    }
    return ret;
}

/* 0, or TOC_ERR_NO_MEMORY; faults go to the list. */
static int read_row(struct model_table *table, const struct table_row *row, struct arena *arena, void *value,
                    struct model_set *given)
{
    model_init(table->record, value);
    *given = (struct model_set){ { 0 } };
    for (size_t number = 0; number < row->num_cells; number++) {
        if (row->cells[number].size == 0)
            continue;
        int ret = read_cell(table, row, number, arena, value);
        if (ret != 0)
            return ret;
        if (table->columns[number].field != NULL)
            model_set_add(given, (size_t) (table->columns[number].field - table->record->fields));
    }
    return 0;
}

static int next_row(struct model_table *table, struct arena *arena, void *value, struct model_set *given,
                    struct fault_place *place)
{
    struct table_row row;
    int              ret;
    while ((ret = table_next(table->table, &row)) == 1) {
        uint64_t faults_before = table->faults->num_all;
        int      answer = read_row(table, &row, arena, value, given);
        if (answer != 0)
            return answer;
        if (table->faults->num_all == faults_before) {
            *place = table_place(table->table, &row, TABLE_WHOLE_ROW);
            return 1;
        }
    }
    return ret;
}

static int next_object(struct model_table *table, struct arena *arena, void *value, struct model_set *given,
                       struct fault_place *place)
{
    const char *line;
    size_t      size;
    int         ret;
    while ((ret = model_lines_next(&table->lines, &line, &size)) == 1) {
        struct fault_place here = model_lines_place(&table->lines);
        ret = model_json_read(line, size, table->record, here, arena, value, given, table->faults);
        if (ret == TOC_ERR_NO_MEMORY)
            return ret;
        if (ret == 0) {
            *place = here;
            return 1;
        }
    }
    return ret;
}

int model_table_next(struct model_table *table, struct arena *arena, void *value, struct model_set *given,
                     struct fault_place *place)
{
    return table->table != NULL ? next_row(table, arena, value, given, place)
                                : next_object(table, arena, value, given, place);
}

/* ---- writing ---- */

struct model_set model_table_exported(const struct model_record *record)
{
    struct model_set set = { { 0 } };
    for (size_t i = 0; i < record->num_fields; i++)
        if (record->fields[i].class != MODEL_CLASS_IDENTIFYING && can_be_column(&record->fields[i]) &&
            !access_is_proxy(record, &record->fields[i]))
            model_set_add(&set, i);
    return set;
}

static char delimiter_of(enum model_table_format format)
{
    return format == MODEL_TABLE_TSV ? '\t' : ',';
}

void model_table_header(struct sink *sink, enum model_table_format format, const struct model_record *record,
                        const struct model_set *columns)
{
    char delimiter = delimiter_of(format);
    if (format == MODEL_TABLE_NDJSON)
        return;
    sink_format(sink, "id%cversion%ccreated%cupdated", delimiter, delimiter, delimiter);
    for (size_t i = 0; i < record->num_fields; i++)
        if (model_set_has(columns, i))
            sink_format(sink, "%c%s", delimiter, record->fields[i].name);
    sink_character(sink, '\n');
}

static void write_head(struct sink *sink, const struct model_head *head, char delimiter)
{
    char id[ID_TEXT_BYTES] = "", created[INSTANT_TEXT_BYTES] = "", updated[INSTANT_TEXT_BYTES] = "";
    if (!id_is_missing(&head->id))
        id_to_text(&head->id, id);
    sink_format(sink, "%s%c", id, delimiter);
    if (head->version == 0) {
        sink_format(sink, "%c%c", delimiter, delimiter);
        return;
    }
    instant_to_text(head->created, created);
    instant_to_text(head->updated, updated);
    sink_integer(sink, head->version);
    sink_format(sink, "%c%s%c%s", delimiter, created, delimiter, updated);
}

void model_table_row(struct sink *sink, enum model_table_format format, const struct model_record *record,
                     const struct model_set *columns, const struct model_set *visible, const void *value)
{
    if (format == MODEL_TABLE_NDJSON) {
        struct json_writer json;
        json_writer_init(&json, sink);
        model_json_write(&json, record, value, visible);
        sink_character(sink, '\n');
        return;
    }
    write_head(sink, value, delimiter_of(format));
    for (size_t i = 0; i < record->num_fields; i++) {
        const struct model_field *field = &record->fields[i];
        if (!model_set_has(columns, i))
            continue;
        sink_character(sink, delimiter_of(format));
        if (!model_set_has(visible, i) || model_is_missing(field, value))
            continue;
        if (field->kind == MODEL_KIND_TEXT)
            model_text_write_cell(sink, model_value_text(field, value));
        else
            model_value_write(field, value, sink); /* needs no quotes: no delimiter, quote or line's end in it */
    }
    sink_character(sink, '\n');
}
