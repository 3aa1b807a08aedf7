/* SPDX-License-Identifier: GPL-3.0-or-later */
/* POST /api/v1/outbreaks/open, …/{id}/mark, GET …/{id}/clock, and how signals were answered: GET
 * /api/v1/signals/summary. The rules are those of response/outbreak.h and response/signal_summary.h. */
#include "response/outbreak.h"

#include <string.h>

#include "base/time_zone.h"
#include "response/signal_summary.h"
#include "server/handlers.h"
#include "server/request.h"
#include "store/node.h"

static int answer_outbreak(struct exchange *exchange, const struct id *id)
{
    struct model_outbreak outbreak;
    struct model_set      visible;
    int ret = store_read(exchange->reader, &exchange->caller.access, model_record(MODEL_OUTBREAK), id, STORE_NOW,
                         &exchange->arena, &outbreak, &visible);
    if (ret == 0)
        reply_written(exchange, id, outbreak.head.version);
    return ret;
}

/* ---- opening ---- */

static int opened(struct exchange *exchange, int status, const struct store_receipt *receipt)
{
    char location[80] = "/api/v1/outbreaks/";
    if (status == 0)
        status = answer_outbreak(exchange, &receipt->created);
    if (status != 0)
        return status;
    id_to_text(&receipt->created, location + strlen(location));
    answer_header(exchange, "Location", location);
    exchange->answer.status = 201;
    return 0;
}

int outbreak_answer_open(struct exchange *exchange)
{
    struct outbreak_opening *opening = arena_array(&exchange->arena, 1, sizeof *opening);
    if (opening == NULL)
        return TOC_ERR_NO_MEMORY;
    *opening = (struct outbreak_opening){ .who = exchange->caller.access,
                                          .now = exchange->now,
                                          .id = node_new_id(exchange->now),
                                          .emergence = MODEL_MISSING_DATE };
    const struct request_member members[] = {
        { .name = "signal", .kind = REQUEST_ID, .value = &opening->signal },
        { .name = "reason", .kind = REQUEST_TEXT, .high = 1200, .value = &opening->reason },
        { .name = "number", .kind = REQUEST_TEXT, .high = 160, .value = &opening->number },
        { .name = "disease", .kind = REQUEST_TEXT, .high = 80, .value = &opening->disease },
        { .name = "area", .kind = REQUEST_ID, .value = &opening->area },
        { .name = "name", .kind = REQUEST_TEXT, .high = 640, .value = &opening->name },
        { .name = "place", .kind = REQUEST_TEXT, .high = 800, .value = &opening->place },
        { .name = "definition", .kind = REQUEST_TEXT, .high = 4000, .value = &opening->definition },
        { .name = "emergence", .kind = REQUEST_DAY, .value = &opening->emergence },
    };
    int ret = request_parameters(exchange);
    if (ret == 0)
        ret = request_members(exchange, members, sizeof members / sizeof *members);
    outbreak_open_request(opening);
    if (ret == 0)
        ret = request_idempotency_key(exchange, false, &opening->request.idempotency_key);
    return ret == 0 ? exchange_submit(exchange, &opening->request, opened) : ret;
}

/* ---- marking ---- */

static int marked(struct exchange *exchange, int status, const struct store_receipt *receipt)
{
    struct id id;
    (void) receipt;
    if (status == 0)
        status = request_path_id(exchange, 0, &id);
    return status == 0 ? answer_outbreak(exchange, &id) : status;
}

static int take_mark(struct exchange *exchange, const char *word, enum outbreak_mark *mark)
{
    size_t at = 0;
    while (outbreak_words[at] != NULL && strcmp(outbreak_words[at], word) != 0)
        at++;
    *mark = (enum outbreak_mark) at;
    if (at < OUTBREAK_MARKS)
        return 0;
    fault_add(&exchange->faults, (struct fault_place){ .name = "/what" }, OUTBREAK_WORDS_ALLOWED, "no such date");
    return BASE_ERR_INPUT;
}

int outbreak_answer_mark(struct exchange *exchange)
{
    struct outbreak_marking *marking = arena_array(&exchange->arena, 1, sizeof *marking);
    const char              *what = NULL;
    if (marking == NULL)
        return TOC_ERR_NO_MEMORY;
    *marking =
        (struct outbreak_marking){ .who = exchange->caller.access, .now = exchange->now, .day = MODEL_MISSING_DATE };
    const struct request_member members[] = {
        { .name = "what", .kind = REQUEST_TEXT, .needed = true, .high = 40, .value = &what },
        { .name = "day", .kind = REQUEST_DAY, .value = &marking->day },
        { .name = "drops_out", .kind = REQUEST_FLAG, .value = &marking->drops_out },
    };
    int ret = request_parameters(exchange);
    if (ret == 0)
        ret = request_path_id(exchange, 0, &marking->outbreak);
    if (ret == 0)
        ret = request_members(exchange, members, sizeof members / sizeof *members);
    if (ret == 0)
        ret = take_mark(exchange, what, &marking->mark);
    outbreak_mark_request(marking);
    if (ret == 0)
        ret = request_idempotency_key(exchange, false, &marking->request.idempotency_key);
    return ret == 0 ? exchange_submit(exchange, &marking->request, marked) : ret;
}

/* ---- 7-1-7 ---- */

int outbreak_answer_clock(struct exchange *exchange)
{
    struct model_outbreak outbreak;
    struct outbreak_clock clock;
    struct model_set      visible;
    struct json_writer    json;
    struct id             id;
    int                   ret = request_parameters(exchange);
    if (ret == 0)
        ret = request_path_id(exchange, 0, &id);
    if (ret == 0)
        ret = store_read(exchange->reader, &exchange->caller.access, model_record(MODEL_OUTBREAK), &id, STORE_NOW,
                         &exchange->arena, &outbreak, &visible);
    if (ret != 0)
        return ret;
    outbreak_clock_read(&outbreak, time_zone_day(exchange->now), &clock);
    reply_json(exchange, &json);
    outbreak_clock_write(&json, &clock);
    return 0;
}

/* ---- the summary of signals ---- */

int signal_answer_summary(struct exchange *exchange)
{
    struct signal_summary_query query = { .from = MODEL_MISSING_DATE, .to = MODEL_MISSING_DATE };
    struct signal_summary       summary;
    struct json_writer          json;
    toc_date                    today = time_zone_day(exchange->now);
    int                         ret = request_parameters(exchange);
    if (ret == 0)
        ret = request_id(exchange, "area", &query.area);
    if (ret == 0)
        ret = request_day(exchange, "from", &query.from);
    if (ret == 0)
        ret = request_day(exchange, "to", &query.to);
    if (ret == 0)
        ret = signal_summary_read(exchange->reader, &exchange->caller.access, &query, today, &exchange->arena, &summary,
                                  &exchange->faults);
    if (ret != 0)
        return ret;
    reply_json(exchange, &json);
    signal_summary_write(&json, &query, &summary);
    return 0;
}
