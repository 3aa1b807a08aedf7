/* SPDX-License-Identifier: GPL-3.0-or-later */
/* POST /api/v1/signals/{id}/triage, verify, assess, act, close: the rules are response/signal.h's; and GET
 * /api/v1/watch/silent (response/watch_silence.h). */
#include "response/signal.h"

#include <string.h>

#include "base/time_zone.h"
#include "response/watch_silence.h"
#include "server/handlers.h"
#include "server/request.h"
#include "server/route.h"

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
