/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A page of a list: its query is read by the view that describes it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "server/record_handlers.h"
#include "server/request.h"
#include "server/route.h"

/* ---- what may be asked ---- */

static const struct route_parameter area_parameter = { "area", "uuid", "An area of the grant, and all below it" };
static const struct route_parameter page_parameters[] = {
    { "sort", "string", "The field that orders the rows" },
    { "direction", "string", "ascending or descending (the usual)" },
    { "after", "string", "`next` of the page before" },
    { "from", "string", "Or: begin at this value of the sort field" },
    { "page_size", "integer", "1 to 200 rows; 50 where it is not said" },
    { "total", "boolean", "Also how many rows there are, as far as the counters know: null where they do not" },
    { "identities", "boolean", "Show who people are; needs the purpose, and is audited" },
};
static const struct route_parameter export_parameters[] = {
    { "sort", "string", "The field that orders the rows" },
    { "direction", "string", "ascending or descending (the usual)" },
    { "from", "string", "Begin at this value of the sort field" },
    { "as", "string", "csv, ndjson or xlsx" },
    { "bom", "boolean", "csv: begin with a byte order mark, which old spreadsheets need" },
};
static const struct route_parameter worklist_parameters[] = {
    { "sort", "string", "The field that orders the rows" },
    { "direction", "string", "ascending or descending (the usual)" },
    { "from", "string", "Begin at this value of the sort field" },
    { "page_size", "integer", "1 to 200 rows; 200 where it is not said" },
    { "bom", "boolean", "Begin with a byte order mark, which old spreadsheets need" },
};
#define LENGTH(array) (sizeof(array) / sizeof *(array))

static const char *schema_of(const struct view *view, const char *name)
{
    const struct model_record *record = model_record(view->record);
    const struct model_field  *field = model_field_find(record, name, strlen(name));
    switch (field->kind) {
    case MODEL_KIND_REFERENCE: return "uuid";
    case MODEL_KIND_INTEGER: return "integer";
    case MODEL_KIND_FLAG: return "boolean";
    case MODEL_KIND_DATE: return "date";
    default: return "string";
    }
}

static char *joined(const char *a, const char *b, const char *c)
{
    size_t size = strlen(a) + strlen(b) + strlen(c) + 1;
    char  *text = memory_array(size, 1);
    if (text != NULL)
        snprintf(text, size, "%s%s%s", a, b, c);
    return text;
}

static bool add_filter(const struct view *view, const struct view_filter *filter, struct route_parameter *at,
                       size_t *num)
{
    const struct model_record *record = model_record(view->record);
    const struct model_field  *field = model_field_find(record, filter->field, strlen(filter->field));
    const char                *kind = schema_of(view, filter->field);
    if (filter->test == VIEW_IS) {
        at[(*num)++] = (struct route_parameter){ filter->field, kind, field->label_en };
        return true;
    }
    at[*num] =
        (struct route_parameter){ joined(filter->field, ".from", ""), kind, joined(field->label_en, ", from", "") };
    at[*num + 1] = (struct route_parameter){ joined(filter->field, ".to", ""), kind,
                                             joined(field->label_en, ", to, included", "") };
    *num += 2;
    return at[*num - 2].name != NULL && at[*num - 1].name != NULL;
}

const struct route_parameter *record_list_parameters(const struct view *view, enum list_form form)
{
    const struct route_parameter *rest = form == LIST_PAGE_OF  ? page_parameters
                                         : form == LIST_EXPORT ? export_parameters
                                                               : worklist_parameters;
    size_t                        num_rest = form == LIST_PAGE_OF  ? LENGTH(page_parameters)
                                             : form == LIST_EXPORT ? LENGTH(export_parameters)
                                                                   : LENGTH(worklist_parameters);
    size_t                        num = 0;
    struct route_parameter       *made = memory_array(2 * view->num_filters + num_rest + 2, sizeof *made);
    if (made == NULL)
        return NULL;
    if (view_area_field(view) != NULL)
        made[num++] = area_parameter;
    for (size_t i = 0; i < view->num_filters; i++)
        if (!add_filter(view, &view->filters[i], made, &num))
            return NULL;
    memcpy(made + num, rest, num_rest * sizeof *rest);
    return made;
}

/* ---- reading the query ---- */

static struct list_filter *filter_for(struct list_filter *filters, size_t *num, const char *field)
{
    for (size_t i = 0; i < *num; i++)
        if (strcmp(filters[i].field, field) == 0)
            return &filters[i];
    filters[*num] = (struct list_filter){ .field = field };
    return &filters[(*num)++];
}

/* The filters among the parameters; a parameter of another meaning is passed over. */
static int read_filters(struct exchange *exchange, const struct view *view, struct list_query *query)
{
    struct list_filter *filters = arena_array(&exchange->arena, view->num_filters + 1, sizeof *filters);
    size_t              num = 0;
    if (filters == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < exchange->num_query; i++)
        for (size_t f = 0; f < view->num_filters; f++) {
            const char *field = view->filters[f].field, *name = exchange->query[i].name;
            size_t      size = strlen(field);
            if (strncmp(name, field, size) != 0)
                continue;
            if (view->filters[f].test == VIEW_IS && name[size] == '\0')
                filter_for(filters, &num, field)->is = exchange->query[i].value;
            else if (view->filters[f].test == VIEW_RANGE && strcmp(name + size, ".from") == 0)
                filter_for(filters, &num, field)->from = exchange->query[i].value;
            else if (view->filters[f].test == VIEW_RANGE && strcmp(name + size, ".to") == 0)
                filter_for(filters, &num, field)->to = exchange->query[i].value;
        }
    query->filters = filters;
    query->num_filters = num;
    return 0;
}

int record_list_query(struct exchange *exchange, struct list_query *query)
{
    static const char *const directions[] = { "descending", "ascending", NULL };
    const struct view       *view = exchange->route->view;
    size_t                   direction = 0;
    int64_t                  page_size = 0;
    struct list_query        made = { .view = view, .identities = query->identities };
    int                      ret = request_parameters(exchange);
    if (ret == 0)
        ret = read_filters(exchange, view, &made);
    if (ret == 0 && view_area_field(view) != NULL)
        ret = request_id(exchange, "area", &made.area);
    if (ret == 0)
        ret = request_choice(exchange, "direction", directions, "ascending or descending", &direction);
    if (ret == 0)
        ret = request_integer(exchange, "page_size", 1, LIST_MOST_ROWS, &page_size);
    if (ret == 0)
        ret = request_flag(exchange, "identities", &made.identities);
    made.sort = exchange_query(exchange, "sort");
    made.ascending = direction == 1;
    made.after = exchange_query(exchange, "after");
    made.from = exchange_query(exchange, "from");
    made.page_size = (size_t) page_size;
    if (ret == 0)
        *query = made;
    return ret;
}

bool record_list_identifies(const struct view *view)
{
    for (size_t i = 0; i < view->num_columns; i++) {
        struct view_path path;
        if (view_path_of(model_record(view->record), view->columns[i].path, &path) == 0 &&
            path.class == MODEL_CLASS_IDENTIFYING)
            return true;
    }
    return false;
}

int record_list(struct exchange *exchange)
{
    struct list_query  query = { .identities = false };
    struct list_page   page;
    struct json_writer json;
    bool               wants_total = false, known = false;
    int64_t            total = 0;
    int                ret = record_list_query(exchange, &query);
    if (ret == 0)
        ret = request_flag(exchange, "total", &wants_total);
    if (ret == 0)
        ret =
            store_list(exchange->reader, &exchange->caller.access, &query, &exchange->arena, &page, &exchange->faults);
    if (ret == 0 && wants_total)
        ret = store_totals(exchange->reader, &exchange->caller.access, &query, &total, &known, &exchange->faults);
    if (ret != 0)
        return ret;
    reply_json(exchange, &json);
    json_begin_object(&json);
    list_write_members(&json, &page);
    if (wants_total) {
        json_key(&json, "total");
        if (known)
            json_put_integer(&json, total);
        else
            json_put_null(&json);
    }
    json_end(&json);
    return 0;
}
