/* SPDX-License-Identifier: GPL-3.0-or-later */
/* POST /api/v1/signals/{id}/triage, verify, assess, act, close: the rules are response/signal.h's; GET
 * /api/v1/signals/open: what waits for an answer; and GET /api/v1/watch/silent (response/watch_silence.h). */
#include "response/signal.h"

#include <stdlib.h>
#include <string.h>

#include "base/time_zone.h"
#include "response/watch_silence.h"
#include "server/handlers.h"
#include "server/request.h"
#include "server/route.h"
#include "store/list.h"

static int answered(struct exchange *exchange, int status, const struct store_receipt *receipt)
{
    struct id           id;
    struct model_signal signal;
    struct model_set    visible;
    (void) receipt;
    if (status == 0)
        status = request_path_id(exchange, 0, &id);
    if (status == 0)
        status = store_read(exchange->reader, &exchange->caller.access, model_record(MODEL_SIGNAL), &id, STORE_NOW,
                            &exchange->arena, &signal, &visible);
    if (status == 0)
        reply_written(exchange, &id, signal.head.version);
    return status;
}

/* The step that the route's path ends with. */
static enum signal_step step_of(const struct route *route)
{
    const char *word = strrchr(route->path, '/') + 1;
    size_t      step = 0;
    while (step < SIGNAL_STEPS && strcmp(signal_words[step], word) != 0)
        step++;
    return (enum signal_step) step;
}

int signal_answer_step(struct exchange *exchange)
{
    struct signal_call *call = arena_array(&exchange->arena, 1, sizeof *call);
    if (call == NULL)
        return TOC_ERR_NO_MEMORY;
    call->who = exchange->caller.access;
    call->now = exchange->now;
    call->answer.step = step_of(exchange->route);
    call->answer.user = exchange->caller.access.user;
    const struct request_member members[] = {
        { .name = "code", .kind = REQUEST_TEXT, .high = 80, .value = &call->answer.code },
        { .name = "reason", .kind = REQUEST_TEXT, .high = 1200, .value = &call->answer.reason },
        { .name = "outbreak", .kind = REQUEST_ID, .value = &call->answer.outbreak },
        { .name = "duplicate_of", .kind = REQUEST_ID, .value = &call->answer.duplicate_of },
    };
    int ret = request_parameters(exchange);
    if (ret == 0)
        ret = request_path_id(exchange, 0, &call->signal);
    if (ret == 0)
        ret = request_members(exchange, members, sizeof members / sizeof *members);
    signal_request(call);
    if (ret == 0)
        ret = request_idempotency_key(exchange, false, &call->request.idempotency_key);
    return ret == 0 ? exchange_submit(exchange, &call->request, answered) : ret;
}

int signal_answer_silent(struct exchange *exchange)
{
    struct arena         arena = { .limit = (size_t) 512 << 20 }; /* all streams of a province */
    struct watch_silent *silent;
    struct json_writer   json;
    size_t               num;
    int                  ret = request_parameters(exchange);
    if (ret == 0)
        ret = watch_silence_read(exchange->reader, &exchange->caller.access, time_zone_day(exchange->now), &arena,
                                 &silent, &num, &exchange->faults);
    if (ret == 0) {
        reply_json(exchange, &json);
        watch_silence_write(&json, silent, num);
    }
    arena_free(&arena);
    return ret;
}

/* ---- what waits for an answer ---- */

static int by_bytes(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct id));
}

/* Keep the tasks of these signals, which are in order; all of them where the caller may not see whose they are. */
static int keep_tasks_of(const struct id *signals, size_t num_signals, struct arena *arena, struct list_page *page)
{
    size_t num_columns = page->view->num_columns, signal = 0, num = 0;
    while (signal < num_columns && strcmp(page->view->columns[signal].name, "signal") != 0)
        signal++;
    if (signal == num_columns || !model_set_has(&page->visible, signal) || page->num_rows == 0)
        return 0;
    struct id       *ids = arena_array(arena, page->num_rows, sizeof *ids);
    struct db_value *values = arena_array(arena, page->num_rows * num_columns, sizeof *values);
    if (ids == NULL || values == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < page->num_rows; i++) {
        const struct db_value *row = page->values + i * num_columns, *of = &row[signal];
        if (of->type != DB_BYTES || of->size != sizeof(struct id) || num_signals == 0 ||
            bsearch(of->bytes, signals, num_signals, sizeof *signals, by_bytes) == NULL)
            continue;
        ids[num] = page->ids[i];
        memcpy(values + num++ * num_columns, row, num_columns * sizeof *row);
    }
    page->ids = ids;
    page->values = values;
    page->num_rows = num;
    return 0;
}

int signal_answer_open(struct exchange *exchange)
{
    static const char *const states[] = { "new", "verifying", "assessing", "watching", "acting" };
    static const char *const kinds[] = { "triage-signal", "verify-signal", "assess-risk", "act-on-signal" };
    enum { STATES = sizeof states / sizeof *states, KINDS = sizeof kinds / sizeof *kinds };
    struct list_page   signals[STATES], tasks[KINDS];
    struct id          ids[STATES * LIST_MOST_ROWS];
    struct id          area = { 0 };
    struct json_writer json;
    size_t             num = 0;
    const char        *disease = exchange_query(exchange, "disease");
    int                ret = request_parameters(exchange);
    if (ret == 0)
        ret = request_id(exchange, "area", &area);
    for (size_t i = 0; ret == 0 && i < STATES; i++) {
        const struct list_filter filters[] = { { .field = "status", .is = states[i] },
                                               { .field = "disease", .is = disease } };
        const struct list_query  query = { .view = view_find("signals", 7),
                                           .area = area,
                                           .filters = filters,
                                           .num_filters = disease != NULL ? 2 : 1,
                                           .page_size = LIST_MOST_ROWS };
        ret = store_list(exchange->reader, &exchange->caller.access, &query, &exchange->arena, &signals[i],
                         &exchange->faults);
        if (ret == 0 && signals[i].num_rows > 0)
            memcpy(ids + num, signals[i].ids, signals[i].num_rows * sizeof *ids);
        num += ret == 0 ? signals[i].num_rows : 0;
    }
    qsort(ids, num, sizeof *ids, by_bytes);
    for (size_t i = 0; ret == 0 && i < KINDS; i++) {
        const struct list_filter filters[] = { { .field = "kind", .is = kinds[i] },
                                               { .field = "status", .is = "open" } };
        const struct list_query  query = { .view = view_find("tasks", 5),
                                           .area = area,
                                           .filters = filters,
                                           .num_filters = 2,
                                           .sort = "due",
                                           .ascending = true,
                                           .page_size = LIST_MOST_ROWS };
        ret = store_list(exchange->reader, &exchange->caller.access, &query, &exchange->arena, &tasks[i],
                         &exchange->faults);
        if (ret == 0)
            ret = keep_tasks_of(ids, num, &exchange->arena, &tasks[i]);
    }
    if (ret != 0)
        return ret;
    reply_json(exchange, &json);
    json_begin_object(&json);
    json_key(&json, "signals");
    json_begin_array(&json);
    for (size_t i = 0; i < STATES; i++)
        list_write(&json, &signals[i]);
    json_end(&json);
    json_key(&json, "tasks");
    json_begin_array(&json);
    for (size_t i = 0; i < KINDS; i++)
        list_write(&json, &tasks[i]);
    json_end(&json);
    json_end(&json);
    return 0;
}
