/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/route_records.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/view.h"
#include "server/record_handlers.h"

static const struct route_parameter as_of_parameter[] = {
    { "asof", "date-time", "As the record was known at this instant" }, { NULL, NULL, NULL }
};

/* Texts of the table, made once; they live as long as the program. */
__attribute__((format(printf, 1, 2))) static const char *text(const char *format, ...)
{
    char   *made;
    va_list arguments;
    va_start(arguments, format);
    if (vasprintf(&made, format, arguments) < 0)
        abort();
    va_end(arguments);
    return made;
}

/* ---- records ---- */

static void add_one(struct route_list *list, const struct model_record *record)
{
    struct route route = { .path = text("/api/v1/%s/{id}", record->path), .access = ROUTE_SIGNED_IN, .record = record };
    if ((record->verbs & MODEL_READING) != 0) {
        route.method = HTTP_GET;
        route.handler = record_read;
        route.summary_en = text("%s: read one", record->title_en);
        route.summary_zh = text("%s：读取一条", record->title_zh);
        route.reply = record->name;
        route.parameters = as_of_parameter;
        route.quick = true;
        route_add(list, &route);
    }
    route.parameters = NULL;
    route.quick = false;
    if ((record->verbs & MODEL_CHANGING) != 0) {
        route.method = HTTP_PATCH;
        route.handler = record_change;
        route.body = ROUTE_JSON;
        route.idempotent = route.if_match = true;
        route.summary_en = text("%s: change the fields given; null makes one missing", record->title_en);
        route.summary_zh = text("%s：修改所给字段，null 表示清空", record->title_zh);
        route.request = text("%s_change", record->name);
        route.reply = "written";
        route_add(list, &route);
    }
    if ((record->verbs & MODEL_ERASING) != 0) {
        route.method = HTTP_DELETE;
        route.handler = record_erase;
        route.body = ROUTE_NO_BODY;
        route.idempotent = true;
        route.if_match = false;
        route.summary_en = text("%s: erase", record->title_en);
        route.summary_zh = text("%s：清除", record->title_zh);
        route.request = route.reply = NULL;
        route.status = 204;
        route_add(list, &route);
    }
}

static void add_creating(struct route_list *list, const struct model_record *record)
{
    route_add(list, &(struct route){ .method = HTTP_POST,
                                     .path = text("/api/v1/%s", record->path),
                                     .access = ROUTE_SIGNED_IN,
                                     .body = ROUTE_JSON,
                                     .idempotent = true,
                                     .needs_key = true,
                                     .record = record,
                                     .handler = record_create,
                                     .status = 201,
                                     .summary_en = text("%s: create one", record->title_en),
                                     .summary_zh = text("%s：新建一条", record->title_zh),
                                     .request = text("%s_create", record->name),
                                     .reply = "written" });
}

/* ---- lists ---- */

static const struct route_parameter *parameters(const struct view *view, enum list_form form)
{
    const struct route_parameter *made = record_list_parameters(view, form);
    if (made == NULL)
        abort();
    return made;
}

static void add_list(struct route_list *list, const struct view *view)
{
    struct route route = {
        .method = HTTP_GET, .access = ROUTE_SIGNED_IN, .record = model_record(view->record), .view = view
    };
    route.path = text("/api/v1/%s", view->name);
    route.handler = record_list;
    route.summary_en = text("%s: a page of the list", view->title_en);
    route.summary_zh = text("%s：一页", view->title_zh);
    route.reply = text("%s_page", view->name);
    route.parameters = parameters(view, LIST_PAGE_OF);
    route_add(list, &route);
    route.path = text("/api/v1/exports/%s", view->name);
    route.handler = record_export;
    route.heavy = true;
    route.summary_en = text("%s: all rows of the list in a file, without identities", view->title_en);
    route.summary_zh = text("%s：导出全部（不含身份信息）", view->title_zh);
    route.reply = NULL;
    route.reply_types = RECORD_EXPORT_TYPES;
    route.parameters = parameters(view, LIST_EXPORT);
    route_add(list, &route);
    if (!record_list_identifies(view))
        return;
    route.path = text("/api/v1/worklists/%s", view->name);
    route.handler = record_worklist;
    route.summary_en = text("%s: at most 200 rows with names, for a purpose named", view->title_en);
    route.summary_zh = text("%s：工作清单（含姓名，至多 200 条，须注明目的）", view->title_zh);
    route.reply_types = RECORD_WORKLIST_TYPES;
    route.parameters = parameters(view, LIST_WORKLIST);
    route_add(list, &route);
}

void record_routes(struct route_list *list)
{
    size_t                     num;
    const struct model_record *records = model_records(&num);
    for (size_t i = 0; i < num; i++) {
        if (records[i].path == NULL)
            continue;
        if ((records[i].verbs & MODEL_CREATING) != 0)
            add_creating(list, &records[i]);
        if ((records[i].verbs & (MODEL_READING | MODEL_CHANGING | MODEL_ERASING)) != 0)
            add_one(list, &records[i]);
    }
    const struct view *all = views(&num);
    for (size_t i = 0; i < num; i++)
        add_list(list, &all[i]);
}
