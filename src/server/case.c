/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the page of a case asks for: GET /api/v1/cases/{id}/laboratory, …/messages/{message}, …/notification; and POST
 * …/notify. The rules are those of response/case_laboratory.h, case_message.h and case_notification.h. */
#include "response/case_message.h"
#include "response/case_notification.h"
#include "server/handlers.h"
#include "server/request.h"

int case_answer_laboratory(struct exchange *exchange)
{
    struct case_laboratory found;
    struct model_case      value;
    struct json_writer     json;
    struct id              id;
    int                    ret = request_parameters(exchange);
    if (ret == 0)
        ret = request_path_id(exchange, 0, &id);
    if (ret == 0)
        ret = case_laboratory_read(exchange->reader, &exchange->caller.access, &id, &exchange->arena, &value, &found);
    if (ret != 0)
        return ret;
    reply_json(exchange, &json);
    case_laboratory_write(&json, &found);
    return 0;
}

int case_answer_message(struct exchange *exchange)
{
    struct arena        arena = ARENA_INIT;
    struct case_message found;
    struct json_writer  json;
    struct id           id, message;
    int                 ret = request_parameters(exchange);
    if (ret == 0)
        ret = request_path_id(exchange, 0, &id);
    if (ret == 0)
        ret = request_path_id(exchange, 1, &message);
    if (ret == 0)
        ret = case_message_read(exchange->reader, &exchange->caller.access, &id, &message, &arena, &found);
    if (ret == 0) {
        reply_json(exchange, &json);
        case_message_write(&json, &found);
    }
    arena_wipe(&arena);
    arena_free(&arena);
    return ret;
}

static int read_case(struct exchange *exchange, const struct id *id, struct model_case *value)
{
    struct access    plain = exchange->caller.access;
    struct model_set visible;
    plain.purpose = ACCESS_NO_PURPOSE;
    return store_read(exchange->reader, &plain, model_record(MODEL_CASE), id, STORE_NOW, &exchange->arena, value,
                      &visible);
}

int case_answer_notification(struct exchange *exchange)
{
    struct case_notification found;
    struct model_case        value;
    struct json_writer       json;
    struct id                id;
    int                      ret = request_parameters(exchange);
    if (ret == 0)
        ret = request_path_id(exchange, 0, &id);
    if (ret == 0)
        ret = read_case(exchange, &id, &value);
    if (ret != 0)
        return ret;
    case_notification_read(&value, store_lists(exchange->store), exchange->now, &found);
    reply_json(exchange, &json);
    return case_notification_write(&json, exchange->reader, &exchange->caller.access, &value, &found, &exchange->arena);
}

static int notified(struct exchange *exchange, int status, const struct store_receipt *receipt)
{
    struct model_case value;
    struct id         id;
    (void) receipt;
    if (status == 0)
        status = request_path_id(exchange, 0, &id);
    if (status == 0)
        status = read_case(exchange, &id, &value);
    if (status == 0)
        reply_written(exchange, &id, value.head.version);
    return status;
}

int case_answer_notify(struct exchange *exchange)
{
    struct case_notifying *notifying = arena_array(&exchange->arena, 1, sizeof *notifying);
    if (notifying == NULL)
        return TOC_ERR_NO_MEMORY;
    *notifying = (struct case_notifying){ .who = exchange->caller.access, .now = exchange->now };
    const struct request_member members[] = {
        { .name = "at", .kind = REQUEST_TEXT, .high = 40, .value = &notifying->at },
        { .name = "receipt", .kind = REQUEST_TEXT, .high = 120, .value = &notifying->receipt },
    };
    int ret = request_parameters(exchange);
    if (ret == 0)
        ret = request_path_id(exchange, 0, &notifying->id);
    if (ret == 0)
        ret = request_members(exchange, members, sizeof members / sizeof *members);
    case_notify_request(notifying);
    if (ret == 0)
        ret = request_idempotency_key(exchange, false, &notifying->request.idempotency_key);
    return ret == 0 ? exchange_submit(exchange, &notifying->request, notified) : ret;
}
