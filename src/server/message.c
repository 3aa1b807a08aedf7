/* SPDX-License-Identifier: GPL-3.0-or-later */
/* HL7 v2 over HTTP: a machine sends one message or a batch and gets what a listener would answer; and asks later what
 * became of it. */
#include <string.h>

#include "response/account.h"
#include "response/intake_hl7.h"
#include "server/handlers.h"
#include "server/request.h"
#include "server/server_internal.h"

#define HL7_TYPE "application/hl7-v2; charset=utf-8"

/* What may be said of the body: nothing, or that it is HL7 v2 or text. */
static bool is_hl7(const char *type)
{
    static const char *const words[] = { "application/hl7-v2", "x-application/hl7-v2+er7", "application/edi-hl7",
                                         "text/plain", "application/octet-stream" };
    size_t                   size = type != NULL ? strcspn(type, "; \t") : 0;
    for (size_t i = 0; i < sizeof words / sizeof *words && type != NULL; i++)
        if (strlen(words[i]) == size && strncasecmp(type, words[i], size) == 0)
            return true;
    return type == NULL;
}

static int answer_message(struct exchange *exchange, const struct intake_hl7_answer *answer)
{
    exchange->answer.type = HL7_TYPE;
    if (answer->num_again > 0) {
        exchange->answer.status = 503; /* the acknowledgement says which: send it again, what was kept does no harm */
        char seconds[24] = "60";
        if (answer->again_seconds > 0)
            snprintf(seconds, sizeof seconds, "%lld", (long long) answer->again_seconds);
        answer_header(exchange, "Retry-After", seconds);
    } else if (answer->num_ends == 0)
        exchange->answer.status = 204; /* it asks for no answer */
    if (answer->num_kept == 1) {
        char location[60] = "/api/v1/submissions/";
        id_to_text(&answer->first, location + strlen(location));
        answer_header(exchange, "Location", location);
    }
    sink_write(&exchange->answer.body, answer->text.bytes, answer->text.used);
    return 0;
}

int message_send(struct exchange *exchange)
{
    struct intake               *intake = exchange->server != NULL ? exchange->server->intake : NULL;
    const struct account_who    *who = exchange->caller.who;
    const struct intake_hl7_door door = {
        .intake = intake,
        .caller = { .channel = "http", .institution = who != NULL ? who->token.facility : (struct id){ { 0 } } },
        .institution = who != NULL ? who->token.facility : (struct id){ { 0 } }
    };
    struct intake_hl7_answer answer = { 0 };
    struct id                key;
    int                      ret = request_parameters(exchange);
    if (ret == 0)
        ret =
            request_idempotency_key(exchange, false, &key); /* its form alone: the same bytes are one message anyway */
    if (ret == 0 && !is_hl7(exchange_header(exchange, "content-type")))
        ret = SERVER_ERR_MEDIA;
    if (ret == 0 && who == NULL)
        ret = SERVER_ERR_SIGN_IN;
    if (ret == 0 && intake == NULL)
        ret = SERVER_ERR_BUSY;
    if (ret != 0)
        return ret;
    sink_init_memory(&answer.text);
    ret = intake_hl7_take(&door, exchange->body_size > 0 ? exchange->body : "", exchange->body_size, &answer);
    if (ret == 0)
        ret = answer_message(exchange, &answer);
    sink_free(&answer.text);
    return ret;
}

/* ---- receipts ---- */

/* In words: for whoever looks after the sending system. Nothing of whom it was about. */
static const char *words_of(const struct account_receipt *receipt)
{
    static const char *const words[][2] = {
        { "received", "kept; waits to be worked off" },
        { "accepted", "used: records were made of it, or it changed none" },
        { "accepted-with-faults", "used in part: a person looks at the rest" },
        { "held", "kept; a person decides whether it is used" },
        { "rejected", "kept, and not used: it cannot be read" },
    };
    if (receipt->test && strncmp(receipt->verdict, "accepted", 8) == 0)
        return "read as a test: no records were made of it";
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(receipt->verdict, words[i][0]) == 0)
            return words[i][1];
    return "kept";
}

int submission_show(struct exchange *exchange)
{
    struct account_receipt receipt;
    struct json_writer     json;
    struct id              id;
    int                    ret = exchange->caller.who == NULL ? SERVER_ERR_SIGN_IN : request_parameters(exchange);
    if (ret == 0)
        ret = request_path_id(exchange, 0, &id);
    if (ret == 0)
        ret = account_receipt(exchange->reader, &exchange->caller.who->token.facility, &id, &receipt);
    if (ret != 0)
        return ret;
    reply_json(exchange, &json);
    json_begin_object(&json);
    reply_id(&json, "id", &receipt.id);
    reply_instant(&json, "received", receipt.received);
    json_key(&json, "verdict");
    json_put_string(&json, receipt.verdict);
    json_key(&json, "meaning");
    json_put_string(&json, words_of(&receipt));
    json_key(&json, "faults");
    json_put_integer(&json, receipt.num_faults);
    json_key(&json, "first_fault");
    if (receipt.reason[0] != '\0')
        json_put_string(&json, receipt.reason);
    else
        json_put_null(&json);
    reply_instant(&json, "processed", receipt.processed);
    json_key(&json, "test");
    json_put_bool(&json, receipt.test);
    json_end(&json);
    return 0;
}
