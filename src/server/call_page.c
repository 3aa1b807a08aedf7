/* SPDX-License-Identifier: GPL-3.0-or-later */
/* "I have it": /have-it/{token}, a plain page with one button for whoever was called out, and the timeline of a signal,
 * GET /api/v1/signals/{id}/timeline. The rules are response/call.h's.
 *
 * Opening the link alone answers nothing: programs that look at mail open links. The page says nothing of the signal,
 * and nothing of anybody.
 */
#include <string.h>

#include "base/instant.h"
#include "response/call.h"
#include "server/account_answer.h"
#include "server/calls.h"
#include "server/handlers.h"
#include "server/request.h"
#include "server/server_internal.h"

static int say(struct exchange *exchange, int status, const char *en, const char *zh)
{
    account_begin_page(exchange, status);
    sink_format(&exchange->answer.body, "<p>%s <span lang=\"zh\">%s</span></p>", en, zh);
    account_end_page(exchange);
    return 0;
}

/* The notice of the link, where there is one that still counts. */
static bool find_notice(struct exchange *exchange, struct id *id, struct model_notice *notice, int *status)
{
    static const struct access program = { .role = ACCESS_PROGRAM, .everywhere = true };
    struct model_set           visible;
    const struct calls        *calls = exchange->server != NULL ? exchange->server->calls : NULL;
    *status = 0;
    if (calls == NULL || !calls_read_token(calls, exchange->segments[0], id))
        return false;
    *status = store_read(exchange->reader, &program, model_record(MODEL_NOTICE), id, STORE_NOW, &exchange->arena,
                         notice, &visible);
    if (*status == STORE_ERR_ABSENT)
        *status = 0;
    else if (*status == 0)
        return exchange->now - notice->head.created <= CALLS_LINK_DAYS * INSTANT_DAY;
    return false;
}

static int say_ended(struct exchange *exchange, int status)
{
    return status != 0 ? status : say(exchange, 404, "This link has ended.", "该链接已失效。");
}

int call_answer_page(struct exchange *exchange)
{
    struct model_notice notice;
    struct id           id;
    int                 status;
    if (!find_notice(exchange, &id, &notice, &status))
        return say_ended(exchange, status);
    if (notice.answered != MODEL_MISSING_INTEGER)
        return say(exchange, 200, "You have answered already.", "您已确认接手。");
    account_begin_page(exchange, 200);
    sink_text(&exchange->answer.body,
              "<p>You were called. <span lang=\"zh\">您收到呼叫。</span></p><form method=\"post\">"
              "<button name=\"action\" value=\"have-it\" autofocus>I have it <span lang=\"zh\">我已接手</span></button>"
              "</form>");
    account_end_page(exchange);
    return 0;
}

int call_answer_form(struct exchange *exchange)
{
    static const struct access program = { .role = ACCESS_PROGRAM, .everywhere = true };
    struct model_notice        notice;
    struct call_answer         answer = { .now = exchange->now };
    int                        status;
    if (!find_notice(exchange, &answer.notice, &notice, &status))
        return say_ended(exchange, status);
    struct access who = program;
    who.user = notice.recipient;
    call_answer_request(&answer);
    status = store_submit(exchange->store, &who, &answer.request, NULL, &exchange->faults);
    if (status != 0)
        return status;
    if (answer.late)
        return say(exchange, 200, "Somebody has it already, or it is done.", "已有人接手或已处理完毕。");
    return say(exchange, 200, "You have it. Sign in to go on.", "您已接手。请登录系统继续处理。");
}

int signal_answer_timeline(struct exchange *exchange)
{
    struct json_writer json;
    struct id          id;
    int                ret = request_parameters(exchange);
    if (ret == 0)
        ret = request_path_id(exchange, 0, &id);
    if (ret != 0)
        return ret;
    reply_json(exchange, &json);
    return call_timeline_write(exchange->reader, &exchange->caller.access, &id, &exchange->arena, &json);
}
