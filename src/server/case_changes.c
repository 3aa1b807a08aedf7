/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GET /api/v1/cases/changes: why today's number of cases is another than yesterday's (response/case_changes.h). */
#include "response/case_changes.h"

#include "base/time_zone.h"
#include "response/change_list.h"
#include "server/handlers.h"
#include "server/request.h"

enum { WEEK = 7, MOST_DAYS = 366 };

static int read_days(struct exchange *exchange, struct case_changes_query *query)
{
    query->from = query->to = query->day = MODEL_MISSING_DATE;
    int ret = request_day(exchange, "asof", &query->day);
    if (ret == 0)
        ret = request_day(exchange, "from", &query->from);
    if (ret == 0)
        ret = request_day(exchange, "to", &query->to);
    if (ret != 0)
        return ret;
    query->past = query->day != MODEL_MISSING_DATE;
    if (!query->past)
        query->day = time_zone_day(exchange->now);
    if (query->to == MODEL_MISSING_DATE)
        query->to = query->day;
    if (query->from == MODEL_MISSING_DATE)
        query->from = query->to - WEEK + 1;
    if (query->to < query->from)
        return refuse_input(&exchange->faults, "to", "before `from`", "a day on or after it");
    return query->to - query->from < MOST_DAYS
               ? 0
               : refuse_input(&exchange->faults, "to", "more than 366 days", "a shorter time");
}

int case_answer_changes(struct exchange *exchange)
{
    struct case_changes_query query = { .disease = exchange_query(exchange, "disease") };
    struct case_changes       changes;
    struct json_writer        json;
    size_t                    figure = CASE_FIGURE_RECEIVED;
    int                       ret = request_parameters(exchange);
    if (ret == 0)
        ret = request_choice(exchange, "figure", case_figure_words, "received, not-quarantined, source-unknown or died",
                             &figure);
    query.figure = (enum case_figure) figure;
    if (ret == 0)
        ret = request_id(exchange, "area", &query.area);
    if (ret == 0 && id_is_missing(&query.area))
        ret = refuse_input(&exchange->faults, "area", "missing", "an area of the grant");
    if (ret == 0)
        ret = read_days(exchange, &query);
    if (ret == 0)
        ret = case_changes_read(exchange->reader, &exchange->caller.access, &query, &exchange->arena, &changes);
    if (ret != 0)
        return ret;
    reply_json(exchange, &json);
    case_changes_write(&json, &changes);
    return 0;
}
