/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A list as a file. An export has all rows that the query finds (export.h), sent while it is made. A worklist has
 * names, and therefore at most one page. */
#include <stdio.h>
#include <string.h>

#include "base/date_text.h"
#include "base/instant.h"
#include "model/model_table_text.h"
#include "server/export.h"
#include "server/record_handlers.h"
#include "server/request.h"
#include "server/route.h"

#define MOST_ROWS 1000000
#define MOST_SHEET_ROWS 100000

/* ---- the export ---- */

static int send_part(void *context, struct exchange *exchange, struct sink *sink, bool *end)
{
    int ret = export_part(context, exchange->reader, sink, &exchange->faults, end);
    while (ret == 0 && !*end && sink->used == 0) /* a spreadsheet comes behind its last row */
        ret = export_part(context, exchange->reader, sink, &exchange->faults, end);
    return ret;
}

static void free_export(void *context)
{
    export_free(context);
}

static void name_file(struct exchange *exchange, const char *before, const char *name)
{
    char header[EXPORT_NAME_BYTES + 60];
    snprintf(header, sizeof header, "attachment; filename=\"%s%s\"", before, name);
    answer_header(exchange, "Content-Disposition", header);
    answer_header(exchange, "Cache-Control", "no-store");
}

int record_export(struct exchange *exchange)
{
    struct export_options options = { .who = exchange->caller.access, .as_of = STORE_NOW };
    struct export *export;
    char    name[EXPORT_NAME_BYTES];
    size_t  form = EXPORT_CSV;
    int64_t total;
    int     ret = record_list_query(exchange, &options.query);
    if (ret == 0)
        ret = request_choice(exchange, "as", export_form_words, EXPORT_FORMS_ALLOWED, &form);
    if (ret == 0)
        ret = request_flag(exchange, "bom", &options.bom);
    options.form = (enum export_form) form;
    options.most = options.form == EXPORT_XLSX ? MOST_SHEET_ROWS : MOST_ROWS;
    if (ret == 0)
        ret = export_check(&options, exchange->reader, &total, &exchange->faults);
    if (ret == 0)
        ret = export_audit(&options, exchange->reader);
    if (ret == 0)
        ret = export_new(&options, &export);
    if (ret != 0)
        return ret;
    exchange->answer.type = export_type(options.form);
    exchange->answer.part = send_part;
    exchange->answer.part_context = export;
    exchange->answer.part_free = free_export;
    export_name(options.query.view, options.form, exchange->now, name);
    name_file(exchange, "", name);
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
    char              name[EXPORT_NAME_BYTES];
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
    exchange->answer.type = export_type(EXPORT_CSV);
    if (bom)
        sink_text(&exchange->answer.body, "\xEF\xBB\xBF");
    write_worklist(&exchange->answer.body, &page);
    export_name(exchange->route->view, EXPORT_CSV, exchange->now, name);
    name_file(exchange, "worklist-", name);
    answer_header(exchange, "Tocsin-More", page.next != NULL ? "true" : "false");
    return 0;
}
