/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A list as a file. An export has all rows that the query finds, with the record's own fields, so that they can be read
 * in again, and nothing that identifies; it is read page by page by key while it goes out. A worklist has names, and
 * therefore at most one page. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/date_text.h"
#include "base/instant.h"
#include "formats/spreadsheet.h"
#include "model/model_schema.h"
#include "model/model_table.h"
#include "model/model_table_text.h"
#include "model/model_value.h"
#include "server/record_handlers.h"
#include "server/request.h"
#include "server/route.h"

#define EXPORT_MOST_ROWS 1000000
#define EXPORT_MOST_SHEET_ROWS 100000
#define EXPORT_AT_ONCE 65536 /* bytes of a part of a finished sheet */

enum form { CSV, NDJSON, XLSX };
static const char *const form_words[] = { "csv", "ndjson", "xlsx", NULL };
static const char *const types[] = { "text/csv; charset=utf-8", "application/x-ndjson",
                                     "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" };

struct export
{
    struct list_query          query;
    struct access              who; /* without a purpose: nothing here identifies */
    const struct model_record *record;
    enum form                  form;
    bool                       bom;
    struct model_set           columns;
    bool                       begun;
    char                       next[LIST_CURSOR_BYTES];
    size_t                     rows, most;
    struct spreadsheet        *spreadsheet;
    int                        fd; /* of the finished sheet; -1 = not yet */
};

static int refuse(struct exchange *exchange, const char *name, const char *found, const char *allowed)
{
    fault_add(&exchange->faults, (struct fault_place){ .name = name }, allowed, "%s", found);
    return BASE_ERR_INPUT;
}

static void export_free(void *context)
{
    struct export *export = context;
    spreadsheet_free(export->spreadsheet);
    if (export->fd >= 0)
        close(export->fd);
    export->spreadsheet = NULL;
    export->fd = -1;
}

/* ---- rows ---- */

/* Fields that the caller may export, that fit a cell, and that may be written when they are read in again. */
static struct model_set columns_of(const struct access *who, const struct model_record *record)
{
    struct model_set set = model_table_exported(record);
    for (size_t i = 0; i < record->num_fields; i++)
        if (!access_may_export(who, record, &record->fields[i]) || record->fields[i].rule == MODEL_RULE_WRITTEN)
            model_set_remove(&set, i);
    return set;
}

static void sheet_text(struct spreadsheet *spreadsheet, const char *text)
{
    spreadsheet_text(spreadsheet, text, strlen(text));
}

static void sheet_header(struct export *export)
{
    static const char *const head[] = { "id", "version", "created", "updated" };
    spreadsheet_sheet(export->spreadsheet, export->query.view->name);
    for (size_t i = 0; i < sizeof head / sizeof *head; i++)
        sheet_text(export->spreadsheet, head[i]);
    for (size_t i = 0; i < export->record->num_fields; i++)
        if (model_set_has(&export->columns, i))
            sheet_text(export->spreadsheet, export->record->fields[i].name);
    spreadsheet_end_row(export->spreadsheet);
}

static void sheet_field(struct spreadsheet *spreadsheet, const struct model_field *field, const void *value)
{
    struct sink sink;
    if (model_is_missing(field, value)) {
        spreadsheet_skip(spreadsheet);
        return;
    }
    if (field->kind == MODEL_KIND_INTEGER || field->kind == MODEL_KIND_REAL) {
        spreadsheet_number(spreadsheet, field->kind == MODEL_KIND_REAL ? model_value_real(field, value)
                                                                       : (double) model_value_integer(field, value));
        return;
    }
    sink_init_memory(&sink);
    model_value_write(field, value, &sink);
    spreadsheet_text(spreadsheet, sink.bytes, sink.used);
    sink_free(&sink);
}

static void sheet_row(struct export *export, const void *value)
{
    const struct model_head *head = value;
    char                     id[ID_TEXT_BYTES], created[INSTANT_TEXT_BYTES], updated[INSTANT_TEXT_BYTES];
    id_to_text(&head->id, id);
    instant_to_text(head->created, created);
    instant_to_text(head->updated, updated);
    sheet_text(export->spreadsheet, id);
    spreadsheet_number(export->spreadsheet, (double) head->version);
    sheet_text(export->spreadsheet, created);
    sheet_text(export->spreadsheet, updated);
    for (size_t i = 0; i < export->record->num_fields; i++)
        if (model_set_has(&export->columns, i))
            sheet_field(export->spreadsheet, &export->record->fields[i], value);
    spreadsheet_end_row(export->spreadsheet);
}

/* The second sheet: what each column means. */
static void sheet_codebook(struct export *export)
{
    static const char *const head[] = { "field", "kind", "rule", "class", "label_en", "label_zh", "list" };
    spreadsheet_sheet(export->spreadsheet, "codebook");
    for (size_t i = 0; i < sizeof head / sizeof *head; i++)
        sheet_text(export->spreadsheet, head[i]);
    spreadsheet_end_row(export->spreadsheet);
    for (size_t i = 0; i < export->record->num_fields; i++) {
        const struct model_field *field = &export->record->fields[i];
        if (!model_set_has(&export->columns, i))
            continue;
        sheet_text(export->spreadsheet, field->name);
        sheet_text(export->spreadsheet, model_kind_word(field->kind));
        sheet_text(export->spreadsheet, model_rule_word(field->rule));
        sheet_text(export->spreadsheet, model_class_word(field->class));
        sheet_text(export->spreadsheet, field->label_en);
        sheet_text(export->spreadsheet, field->label_zh);
        sheet_text(export->spreadsheet, field->target != NULL ? field->target : "");
        spreadsheet_end_row(export->spreadsheet);
    }
}

static void begin(struct export *export, struct sink *sink)
{
    if (export->form == XLSX)
        sheet_header(export);
    if (export->form == CSV && export->bom)
        sink_text(sink, "\xEF\xBB\xBF");
    if (export->form == CSV)
        model_table_header(sink, MODEL_TABLE_CSV, export->record, &export->columns);
    export->begun = true;
}

/* The rows of the next page. */
static int write_page(struct export *export, struct exchange *exchange, struct arena *arena, struct sink *sink,
                      bool *end)
{
    struct list_page page;
    struct model_set visible;
    export->query.after = export->next[0] != '\0' ? export->next : NULL;
    if (export->query.after != NULL)
        export->query.from = NULL;
    int ret = store_list(exchange->reader, &export->who, &export->query, arena, &page, &exchange->faults);
    if (ret != 0)
        return ret;
    char *values = arena_array(arena, page.num_rows + 1, export->record->size);
    bool *there = arena_array(arena, page.num_rows + 1, sizeof *there);
    if (values == NULL || there == NULL)
        return TOC_ERR_NO_MEMORY;
    ret = store_read_many(exchange->reader, &export->who, export->record, page.ids, page.num_rows, arena, values, there,
                          &visible);
    for (size_t i = 0; i < page.num_rows && ret == 0; i++) {
        const void *value = values + i * export->record->size;
        if (!there[i]) /* erased since the page was read */
            continue;
        if (++export->rows > export->most)
            return BASE_ERR_INPUT;
        if (export->form == XLSX)
            sheet_row(export, value);
        else
            model_table_row(sink, export->form == CSV ? MODEL_TABLE_CSV : MODEL_TABLE_NDJSON, export->record,
                            &export->columns, &export->columns, value);
    }
    *end = page.next == NULL;
    if (page.next != NULL)
        snprintf(export->next, sizeof export->next, "%s", page.next);
    return ret;
}

static int next_page(struct export *export, struct exchange *exchange, struct sink *sink, bool *end)
{
    struct arena arena = ARENA_INIT;
    int          ret = write_page(export, exchange, &arena, sink, end);
    arena_wipe(&arena);
    return ret;
}

/* ---- parts ---- */

static int make_sheet(struct export *export, struct exchange *exchange)
{
    bool end = false;
    int  ret = 0;
    while (ret == 0 && !end)
        ret = next_page(export, exchange, NULL, &end);
    if (ret == 0) {
        sheet_codebook(export);
        ret = spreadsheet_finish(export->spreadsheet, &export->fd);
    }
    return ret;
}

static int send_sheet(struct export *export, struct sink *sink, bool *end)
{
    char    bytes[4096];
    ssize_t got = 1;
    for (size_t sent = 0; sent < EXPORT_AT_ONCE && got > 0; sent += (size_t) got) {
        got = read(export->fd, bytes, sizeof bytes);
        if (got > 0)
            sink_write(sink, bytes, (size_t) got);
    }
    *end = got == 0;
    return got < 0 ? BASE_ERR_SYSTEM : 0;
}

static int export_part(void *context, struct exchange *exchange, struct sink *sink, bool *end)
{
    struct export *export = context;
    int ret = 0;
    if (!export->begun)
        begin(export, sink);
    if (export->form != XLSX)
        return next_page(export, exchange, sink, end);
    if (export->fd < 0)
        ret = make_sheet(export, exchange);
    return ret == 0 ? send_sheet(export, sink, end) : ret;
}

/* ---- the answer ---- */

/* "cases-2026-11-22.csv": no word of a person or a place. */
static void name_file(struct exchange *exchange, const char *before, const char *ending)
{
    char day[DATE_TEXT_BYTES], header[200];
    date_to_text((toc_date) (exchange->now / INSTANT_DAY), DATE_FORM_DAY, day);
    snprintf(header, sizeof header, "attachment; filename=\"%s%s-%s.%s\"", before, exchange->route->view->name, day,
             ending);
    answer_header(exchange, "Content-Disposition", header);
    answer_header(exchange, "Cache-Control", "no-store");
}

/* One entry an export: what was asked by, never for which value. */
static int audit(struct exchange *exchange, const struct export *export)
{
    static const struct id nobody;
    struct sink            verb;
    sink_init_memory(&verb);
    sink_format(&verb, "export %s as %s", export->query.view->name, form_words[export->form]);
    for (size_t i = 0; i < export->query.num_filters; i++)
        sink_format(&verb, "%s%s", i == 0 ? " by " : ", ", export->query.filters[i].field);
    if (!id_is_missing(&export->query.area))
        sink_text(&verb, export->query.num_filters == 0 ? " by area" : ", area");
    sink_character(&verb, '\0');
    int ret = verb.failure != 0 ? TOC_ERR_NO_MEMORY
                                : store_audit_reading(exchange->reader, &exchange->caller.access, verb.bytes,
                                                      export->record, &nobody, 0);
    sink_free(&verb);
    return ret;
}

static int check_total(struct exchange *exchange, const struct export *export)
{
    int64_t total;
    bool    known;
    int     ret = store_totals(exchange->reader, &export->who, &export->query, &total, &known, &exchange->faults);
    if (ret == 0 && known && total > (int64_t) export->most)
        ret = refuse(exchange, "as", "too many rows for it",
                     "xlsx at most 100,000, csv and ndjson at most 1,000,000: a filter, an area");
    return ret;
}

int record_export(struct exchange *exchange)
{
    struct export *export = arena_array(&exchange->arena, 1, sizeof *export);
    size_t form = CSV;
    if (export == NULL)
        return TOC_ERR_NO_MEMORY;
    export->fd = -1;
    export->who = exchange->caller.access;
    export->who.purpose = ACCESS_NO_PURPOSE;
    export->record = exchange->route->record;
    int ret = record_list_query(exchange, &export->query);
    if (ret == 0)
        ret = request_choice(exchange, "as", form_words, "csv, ndjson or xlsx", &form);
    if (ret == 0)
        ret = request_flag(exchange, "bom", &export->bom);
    if (ret != 0)
        return ret;
    export->query.page_size = LIST_MOST_ROWS;
    export->form = (enum form) form;
    export->most = form == XLSX ? EXPORT_MOST_SHEET_ROWS : EXPORT_MOST_ROWS;
    export->columns = columns_of(&export->who, export->record);
    ret = check_total(exchange, export);
    if (ret == 0 && form == XLSX)
        ret = spreadsheet_new(&export->spreadsheet);
    if (ret == 0)
        ret = audit(exchange, export);
    if (ret != 0) {
        export_free(export);
        return ret;
    }
    exchange->answer.type = types[form];
    exchange->answer.part = export_part;
    exchange->answer.part_context = export;
    exchange->answer.part_free = export_free;
    name_file(exchange, "", form_words[form]);
    return 0;
}

/* ---- the worklist ---- */

static void write_cell(struct sink *sink, enum model_kind kind, const struct db_value *value)
{
    char text[INSTANT_TEXT_BYTES], id_text[ID_TEXT_BYTES];
    switch (value->type) {
    case DB_NULL: return;
    case DB_TEXT: model_text_write_cell(sink, &(struct model_text){ value->bytes, value->size }); return;
    case DB_REAL: sink_number(sink, value->real); return;
    case DB_INTEGER:
        if (kind == MODEL_KIND_INSTANT && instant_to_text(value->integer, text) > 0)
            sink_text(sink, text);
        else if (kind == MODEL_KIND_FLAG)
            sink_text(sink, value->integer != 0 ? "true" : "false");
        else
            sink_integer(sink, value->integer);
        return;
    case DB_BYTES: break;
    }
    struct id id;
    memcpy(id.bytes, value->bytes, ID_BYTES);
    id_to_text(&id, id_text);
    sink_text(sink, id_text);
}

static void write_worklist(struct sink *sink, const struct list_page *page)
{
    const struct view *view = page->view;
    sink_text(sink, "id");
    for (size_t i = 0; i < view->num_columns; i++)
        if (model_set_has(&page->visible, i))
            sink_format(sink, ",%s", view->columns[i].name);
    sink_character(sink, '\n');
    for (size_t row = 0; row < page->num_rows; row++) {
        char id[ID_TEXT_BYTES];
        id_to_text(&page->ids[row], id);
        sink_text(sink, id);
        for (size_t i = 0; i < view->num_columns; i++) {
            if (!model_set_has(&page->visible, i))
                continue;
            sink_character(sink, ',');
            write_cell(sink, view_kind(view, &view->columns[i]), &page->values[row * view->num_columns + i]);
        }
        sink_character(sink, '\n');
    }
}

int record_worklist(struct exchange *exchange)
{
    struct list_query query = { .identities = true };
    struct list_page  page;
    bool              bom = false;
    int               ret = record_list_query(exchange, &query);
    if (ret == 0)
        ret = request_flag(exchange, "bom", &bom);
    if (ret != 0)
        return ret;
    query.identities = true;
    if (query.page_size == 0)
        query.page_size = LIST_MOST_ROWS;
    ret = store_list(exchange->reader, &exchange->caller.access, &query, &exchange->arena, &page, &exchange->faults);
    if (ret != 0)
        return ret;
    exchange->answer.type = types[CSV];
    if (bom)
        sink_text(&exchange->answer.body, "\xEF\xBB\xBF");
    write_worklist(&exchange->answer.body, &page);
    name_file(exchange, "worklist-", "csv");
    answer_header(exchange, "Tocsin-More", page.next != NULL ? "true" : "false");
    return 0;
}
