/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/export.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/date_text.h"
#include "base/instant.h"
#include "base/memory.h"
#include "base/time_zone.h"
#include "formats/spreadsheet.h"
#include "model/model_schema.h"
#include "model/model_table.h"
#include "model/model_table_text.h"
#include "model/model_value.h"
#include "server/export_past.h"

#define MOST_SHEET_ROWS (SPREADSHEET_MOST_ROWS - 1)
#define AT_ONCE 65536 /* bytes of a part of a finished sheet */

const char *const        export_form_words[] = { "csv", "ndjson", "xlsx", NULL };
static const char *const types[] = { "text/csv; charset=utf-8", "application/x-ndjson",
                                     "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" };

struct export
{
    struct export_options      options;
    const struct model_record *record;
    struct list_query          query; /* of today's list */
    struct model_set           columns;
    bool                       begun, read;
    char                       next[LIST_CURSOR_BYTES];
    size_t                     rows, looked_at;
    struct spreadsheet        *spreadsheet;
    int                        fd; /* of the finished sheet; -1 = not yet */
};

const char *export_type(enum export_form form)
{
    return types[form];
}

size_t export_looked_at(const struct export *export)
{
    return export->looked_at;
}

size_t export_rows(const struct export *export)
{
    return export->rows;
}

bool export_packs_next(const struct export *export)
{
    return export->options.form == EXPORT_XLSX && export->read && export->fd < 0;
}

/* ---- asking ---- */

/* The query of today's list by which the rows are found. What was known then decides about those of then. */
static struct list_query query_of(const struct export_options *options)
{
    struct list_query query = options->query;
    if (options->as_of != STORE_NOW)
        query = (struct list_query){ .view = options->query.view };
    query.identities = false;
    query.after = NULL;
    query.page_size = LIST_MOST_ROWS;
    return query;
}

static struct access plain(const struct export_options *options)
{
    struct access who = options->who;
    who.purpose = ACCESS_NO_PURPOSE; /* nothing here identifies */
    return who;
}

int export_check(const struct export_options *options, struct store_reader *reader, int64_t *total,
                 struct fault_list *faults)
{
    int64_t           found = 0;
    bool              known = false;
    struct access     who = plain(options);
    struct list_query asked = options->query, query = query_of(options);
    asked.identities = false;
    asked.after = NULL;
    int ret = store_totals(reader, &who, &asked, &found, &known, faults);
    if (ret == 0 && options->as_of != STORE_NOW) /* all that there are today are looked at */
        ret = store_totals(reader, &who, &query, &found, &known, faults);
    if (ret == 0 && known && options->as_of == STORE_NOW && found > (int64_t) options->most) {
        fault_add(faults, (struct fault_place){ .name = "as" },
                  "fewer rows: a filter, an area; csv, and a job, hold more", "too many rows for it");
        ret = BASE_ERR_INPUT;
    }
    if (ret == 0)
        *total = known ? found : -1;
    return ret;
}

int export_audit(const struct export_options *options, struct store_reader *reader)
{
    static const struct id   nobody;
    const struct list_query *query = &options->query;
    struct sink              verb;
    sink_init_memory(&verb);
    sink_format(&verb, "export %s as %s", query->view->name, export_form_words[options->form]);
    if (options->as_of != STORE_NOW)
        sink_text(&verb, " as of an instant");
    for (size_t i = 0; i < query->num_filters; i++)
        sink_format(&verb, "%s%s", i == 0 ? " by " : ", ", query->filters[i].field);
    if (!id_is_missing(&query->area))
        sink_text(&verb, query->num_filters == 0 ? " by area" : ", area");
    sink_character(&verb, '\0');
    int ret = verb.failure != 0 ? TOC_ERR_NO_MEMORY
                                : store_audit_reading(reader, &options->who, verb.bytes,
                                                      model_record(query->view->record), &nobody, 0);
    sink_free(&verb);
    return ret;
}

void export_name(const struct view *view, enum export_form form, int64_t now, char name[EXPORT_NAME_BYTES])
{
    char day[DATE_TEXT_BYTES];
    date_to_text(time_zone_day(now), DATE_FORM_DAY, day);
    snprintf(name, EXPORT_NAME_BYTES, "%s-%s.%s", view->name, day, export_form_words[form]);
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
    spreadsheet_sheet(export->spreadsheet, export->options.query.view->name);
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
    enum export_form form = export->options.form;
    if (form == EXPORT_XLSX)
        sheet_header(export);
    if (form == EXPORT_CSV && export->options.bom)
        sink_text(sink, "\xEF\xBB\xBF");
    if (form == EXPORT_CSV)
        model_table_header(sink, MODEL_TABLE_CSV, export->record, &export->columns);
    export->begun = true;
}

/* The records of a page as they were known, each by itself; those that are not to be shown are not there. */
static int read_past(struct export *export, struct store_reader *reader, const struct area_tree *areas,
                     const struct list_page *page, struct arena *arena, char *values, bool *there)
{
    struct model_set visible;
    for (size_t i = 0; i < page->num_rows; i++) {
        void *value = values + i * export->record->size;
        int ret = store_read(reader, &export->options.who, export->record, &page->ids[i], export->options.as_of, arena,
                             value, &visible);
        if (ret != 0 && ret != STORE_ERR_ABSENT)
            return ret;
        there[i] = ret == 0 && export_past_passes(&export->options.query, export->record, value, areas);
    }
    return 0;
}

static int read_page(struct export *export, struct store_reader *reader, const struct list_page *page,
                     struct arena *arena, char *values, bool *there)
{
    struct model_set visible;
    if (export->options.as_of == STORE_NOW)
        return store_read_many(reader, &export->options.who, export->record, page->ids, page->num_rows, arena, values,
                               there, &visible);
    struct store           *store = store_of_reader(reader);
    const struct area_tree *areas = store_hold_areas(store);
    int                     ret = read_past(export, reader, areas, page, arena, values, there);
    store_release_areas(store, areas);
    return ret;
}

static int write_rows(struct export *export, const struct list_page *page, const char *values, const bool *there,
                      struct sink *sink)
{
    enum export_form form = export->options.form;
    for (size_t i = 0; i < page->num_rows; i++) {
        const void *value = values + i * export->record->size;
        if (!there[i]) /* erased since the page was read */
            continue;
        if (export->rows == export->options.most || (form == EXPORT_XLSX && export->rows == MOST_SHEET_ROWS))
            return BASE_ERR_INPUT;
        export->rows++;
        if (form == EXPORT_XLSX)
            sheet_row(export, value);
        else
            model_table_row(sink, form == EXPORT_CSV ? MODEL_TABLE_CSV : MODEL_TABLE_NDJSON, export->record,
                            &export->columns, &export->columns, value);
    }
    return 0;
}

static int write_page(struct export *export, struct store_reader *reader, struct arena *arena, struct sink *sink,
                      struct fault_list *faults)
{
    struct list_page page;
    export->query.after = export->next[0] != '\0' ? export->next : NULL;
    if (export->query.after != NULL)
        export->query.from = NULL;
    int ret = store_list(reader, &export->options.who, &export->query, arena, &page, faults);
    if (ret != 0)
        return ret;
    char *values = arena_array(arena, page.num_rows + 1, export->record->size);
    bool *there = arena_array(arena, page.num_rows + 1, sizeof *there);
    if (values == NULL || there == NULL)
        return TOC_ERR_NO_MEMORY;
    ret = read_page(export, reader, &page, arena, values, there);
    if (ret == 0)
        ret = write_rows(export, &page, values, there, sink);
    export->looked_at += page.num_rows;
    export->read = page.next == NULL;
    if (page.next != NULL)
        snprintf(export->next, sizeof export->next, "%s", page.next);
    return ret;
}

static int next_page(struct export *export, struct store_reader *reader, struct sink *sink, struct fault_list *faults)
{
    struct arena arena = ARENA_INIT;
    int          ret = write_page(export, reader, &arena, sink, faults);
    arena_wipe(&arena);
    return ret;
}

/* ---- parts ---- */

static int finish_sheet(struct export *export)
{
    sheet_codebook(export);
    return spreadsheet_finish(export->spreadsheet, &export->fd);
}

static int send_sheet(struct export *export, struct sink *sink, bool *end)
{
    char    bytes[4096];
    ssize_t got = 1;
    for (size_t sent = 0; sent < AT_ONCE && got > 0; sent += (size_t) got) {
        got = read(export->fd, bytes, sizeof bytes);
        if (got > 0)
            sink_write(sink, bytes, (size_t) got);
    }
    *end = got == 0;
    return got < 0 ? BASE_ERR_SYSTEM : 0;
}

int export_part(struct export *export, struct store_reader *reader, struct sink *sink, struct fault_list *faults,
                bool *end)
{
    int ret = 0;
    *end = false;
    if (!export->begun)
        begin(export, sink);
    if (!export->read) {
        ret = next_page(export, reader, sink, faults);
        *end = export->read && export->options.form != EXPORT_XLSX;
        return ret;
    }
    if (export->fd < 0)
        ret = finish_sheet(export);
    return ret == 0 ? send_sheet(export, sink, end) : ret;
}

/* ---- beginning and end ---- */

int export_new(const struct export_options *options, struct export **export)
{
    struct export *made = memory_array(1, sizeof *made);
    if (made == NULL)
        return TOC_ERR_NO_MEMORY;
    made->options = *options;
    made->options.who = plain(options);
    made->record = model_record(options->query.view->record);
    made->query = query_of(options);
    made->columns = columns_of(&made->options.who, made->record);
    made->fd = -1;
    int ret = options->form == EXPORT_XLSX ? spreadsheet_new(&made->spreadsheet) : 0;
    if (ret != 0)
        export_free(made);
    else
        *export = made;
    return ret;
}

void export_free(struct export *export)
{
    if (export == NULL)
        return;
    spreadsheet_free(export->spreadsheet);
    if (export->fd >= 0)
        close(export->fd);
    free(export);
}
