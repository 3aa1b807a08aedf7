/* SPDX-License-Identifier: GPL-3.0-or-later */
/* POST /api/v1/passes, …/{id}/revoke, …/revoke: the rules are response/pass.h's. And what is published for everybody
 * who verifies (pass_desk.h). The text of a pass is answered once: it stands in no path, record, log or audit entry. */
#include "response/pass.h"

#include <stdio.h>
#include <string.h>

#include "base/instant.h"
#include "formats/credential/base64.h"
#include "formats/credential/check.h"
#include "formats/credential/qr.h"
#include "server/handlers.h"
#include "server/pass_desk.h"
#include "server/request.h"
#include "server/server_internal.h"
#include "store/node.h"

#define MILLIMETRES 45

/* What is being issued, in the arena; told once it is durable. */
struct desk_call {
    struct pass_issuing issuing;
    bool                pictures, document;
};

static struct pass_desk *desk_of(const struct exchange *exchange)
{
    return exchange->server != NULL ? exchange->server->desk : NULL;
}

static void forget(struct sink *sink)
{
    if (sink->bytes != NULL)
        explicit_bzero(sink->bytes, sink->used);
    sink_free(sink);
}

static void put_pictures(struct json_writer *json, const struct credential_qr *qr, size_t num)
{
    json_key(json, "pictures");
    json_begin_array(json);
    for (size_t i = 0; i < num; i++) {
        struct sink svg;
        sink_init_memory(&svg);
        credential_qr_svg(&qr[i], MILLIMETRES, &svg);
        if (svg.failure == 0)
            json_put_string_of(json, svg.bytes, svg.used);
        forget(&svg);
    }
    json_end(json);
}

/* One PDF, a page a code, in base64. */
static int put_document(struct json_writer *json, const struct credential_qr *qr, size_t num, struct arena *arena)
{
    struct sink pdf;
    sink_init_memory(&pdf);
    int   ret = credential_qr_pdf(qr, num, MILLIMETRES, &pdf);
    char *text = ret == 0 ? arena_array(arena, CREDENTIAL_BASE64_ENCODED(pdf.used) + 1, 1) : NULL;
    if (ret == 0 && text == NULL)
        ret = TOC_ERR_NO_MEMORY;
    if (ret == 0) {
        json_key(json, "document");
        json_put_string_of(json, text,
                           credential_base64_encode(CREDENTIAL_BASE64, (const uint8_t *) pdf.bytes, pdf.used, text));
    }
    forget(&pdf);
    return ret;
}

static int put_codes(struct json_writer *json, const struct desk_call *call, struct arena *arena)
{
    const struct pass_issuing *issuing = &call->issuing;
    struct credential_qr      *qr = arena_array(arena, issuing->num_texts, sizeof *qr);
    int                        ret = qr != NULL ? 0 : TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < issuing->num_texts && ret == 0; i++)
        ret = credential_qr_make(issuing->texts[i], strlen(issuing->texts[i]),
                                 issuing->form == PASS_SMART ? CREDENTIAL_QR_L : CREDENTIAL_QR_Q, &qr[i]);
    if (ret == 0 && call->pictures)
        put_pictures(json, qr, issuing->num_texts);
    if (ret == 0 && call->document)
        ret = put_document(json, qr, issuing->num_texts, arena);
    return ret;
}

/* With an Idempotency-Key that was used before: the pass of that time was answered then and is not kept. */
static int issued(struct exchange *exchange, int status, const struct store_receipt *receipt)
{
    const struct desk_call    *call = exchange->pending;
    const struct pass_issuing *issuing = &call->issuing;
    struct json_writer         json;
    char                       location[80] = "/api/v1/passes/";
    if (status != 0)
        return status;
    const struct id *id = receipt->again ? &receipt->created : &issuing->id;
    reply_json(exchange, &json);
    json_begin_object(&json);
    reply_id(&json, "id", id);
    json_key(&json, "form");
    json_put_string(&json, pass_forms[issuing->form]);
    reply_instant(&json, "expires", receipt->again ? INSTANT_MISSING : issuing->credential.expires);
    json_key(&json, "texts");
    json_begin_array(&json);
    for (size_t i = 0; i < issuing->num_texts && !receipt->again; i++)
        json_put_string(&json, issuing->texts[i]);
    json_end(&json);
    if ((call->pictures || call->document) && !receipt->again)
        status = put_codes(&json, call, &exchange->arena);
    json_end(&json);
    id_to_text(id, location + strlen(location));
    answer_header(exchange, "Location", location);
    answer_header(exchange, "Cache-Control", "no-store");
    exchange->answer.status = 201;
    credential_wipe_stack();
    return status;
}

static int take_form(struct exchange *exchange, const char *word, enum pass_form *form)
{
    size_t at = 0;
    while (pass_forms[at] != NULL && strcmp(pass_forms[at], word) != 0)
        at++;
    *form = (enum pass_form) at;
    if (at < PASS_FORMS)
        return 0;
    fault_add(&exchange->faults, (struct fault_place){ .name = "/form" }, "hc1, smart, minimal", "no such form");
    return BASE_ERR_INPUT;
}

int pass_answer_issue(struct exchange *exchange)
{
    struct pass_desk *desk = desk_of(exchange);
    struct desk_call *call = arena_array(&exchange->arena, 1, sizeof *call);
    const char       *form = "hc1";
    if (call == NULL)
        return TOC_ERR_NO_MEMORY;
    struct pass_issuing        *issuing = &call->issuing;
    const struct request_member members[] = {
        { .name = "result", .kind = REQUEST_ID, .value = &issuing->result },
        { .name = "case", .kind = REQUEST_ID, .value = &issuing->of_case },
        { .name = "vaccination", .kind = REQUEST_ID, .value = &issuing->vaccination },
        { .name = "form", .kind = REQUEST_TEXT, .high = 10, .value = &form },
        { .name = "days", .kind = REQUEST_INTEGER, .low = 1, .high = PASS_MOST_DAYS, .value = &issuing->days },
        { .name = "hours", .kind = REQUEST_INTEGER, .low = 1, .high = PASS_MOST_HOURS, .value = &issuing->hours },
        { .name = "number", .kind = REQUEST_INTEGER, .low = 1, .high = PASS_MOST_NUMBER, .value = &issuing->number },
        { .name = "pictures", .kind = REQUEST_FLAG, .value = &call->pictures },
        { .name = "document", .kind = REQUEST_FLAG, .value = &call->document },
    };
    *issuing = (struct pass_issuing){
        .who = exchange->caller.access, .now = exchange->now, .id = node_new_id(exchange->now), .hours = 24, .number = 1
    };
    int ret = request_parameters(exchange);
    if (ret == 0)
        ret = request_members(exchange, members, sizeof members / sizeof *members);
    if (ret == 0)
        ret = take_form(exchange, form, &issuing->form);
    if (ret == 0)
        ret = request_idempotency_key(exchange, false, &issuing->request.idempotency_key);
    if (ret == 0 && !access_may_write(&issuing->who, model_record(MODEL_CREDENTIAL)))
        ret = STORE_ERR_DENIED;
    if (ret == 0 && desk == NULL)
        ret = STORE_ERR_ABSENT;
    if (ret != 0)
        return ret;
    issuing->smart = pass_desk_smart(desk);
    ret = pass_make(exchange->reader, pass_desk_take(desk), issuing, &exchange->arena, &exchange->faults);
    pass_desk_give(desk);
    credential_wipe_stack();
    exchange->pending = call;
    return ret == 0 ? exchange_submit(exchange, &issuing->request, issued) : ret;
}

/* ---- withdrawing ---- */

static int revoked(struct exchange *exchange, int status, const struct store_receipt *receipt)
{
    const struct pass_revoking *revoking = exchange->pending;
    struct json_writer          json;
    if (status != 0)
        return status;
    reply_json(exchange, &json);
    json_begin_object(&json);
    json_key(&json, "withdrawn");
    json_put_integer(&json, receipt->again ? 0 : (int64_t) revoking->num);
    json_end(&json);
    return 0;
}

static int revoke(struct exchange *exchange, struct pass_revoking *revoking)
{
    int ret = request_idempotency_key(exchange, false, &revoking->request.idempotency_key);
    pass_revoke_request(revoking);
    if (ret != 0)
        return ret;
    exchange->pending = revoking;
    return exchange_submit(exchange, &revoking->request, revoked);
}

static struct pass_revoking *begin(struct exchange *exchange)
{
    struct pass_revoking *revoking = arena_array(&exchange->arena, 1, sizeof *revoking);
    if (revoking != NULL)
        *revoking = (struct pass_revoking){ .who = exchange->caller.access, .now = exchange->now };
    return revoking;
}

int pass_answer_revoke(struct exchange *exchange)
{
    struct pass_revoking *revoking = begin(exchange);
    int                   ret = revoking != NULL ? request_parameters(exchange) : TOC_ERR_NO_MEMORY;
    if (ret == 0)
        ret = request_path_id(exchange, 0, &revoking->credential);
    return ret == 0 ? revoke(exchange, revoking) : ret;
}

int pass_answer_revoke_of(struct exchange *exchange)
{
    struct pass_revoking *revoking = begin(exchange);
    if (revoking == NULL)
        return TOC_ERR_NO_MEMORY;
    const struct request_member members[] = {
        { .name = "result", .kind = REQUEST_ID, .value = &revoking->result },
        { .name = "case", .kind = REQUEST_ID, .value = &revoking->of_case },
        { .name = "vaccination", .kind = REQUEST_ID, .value = &revoking->vaccination },
    };
    int ret = request_parameters(exchange);
    if (ret == 0)
        ret = request_members(exchange, members, sizeof members / sizeof *members);
    if (ret == 0 &&
        id_is_missing(&revoking->result) + id_is_missing(&revoking->of_case) + id_is_missing(&revoking->vaccination) !=
            2) {
        fault_add(&exchange->faults, (struct fault_place){ .name = "/result" }, "a result, a case or a vaccination",
                  "none or several");
        ret = BASE_ERR_INPUT;
    }
    return ret == 0 ? revoke(exchange, revoking) : ret;
}

/* ---- for everybody who verifies ---- */

static int answer_published(struct exchange *exchange, const char *path)
{
    struct pass_desk *desk = desk_of(exchange);
    int               ret = request_parameters(exchange);
    if (ret == 0 && desk == NULL)
        ret = STORE_ERR_ABSENT;
    if (ret == 0)
        ret = pass_desk_file(desk, exchange->reader, exchange->now, path, &exchange->answer.body);
    if (ret == 0)
        answer_header(exchange, "Cache-Control", "public, max-age=60");
    return ret;
}

int pass_answer_signers(struct exchange *exchange)
{
    return answer_published(exchange, "trust.json");
}

int pass_answer_keys(struct exchange *exchange)
{
    return answer_published(exchange, "jwks.json");
}

int pass_answer_lists(struct exchange *exchange)
{
    return answer_published(exchange, "revocation/lists.json");
}

int pass_answer_partitions(struct exchange *exchange)
{
    char path[120];
    snprintf(path, sizeof path, "revocation/%.20s/partitions.json", exchange->segments[0]);
    return answer_published(exchange, path);
}

int pass_answer_slice(struct exchange *exchange)
{
    char path[120];
    snprintf(path, sizeof path, "revocation/%.20s/null/%.2s/%.70s", exchange->segments[0], exchange->segments[1],
             exchange->segments[2]);
    exchange->answer.type = "application/octet-stream";
    return answer_published(exchange, path);
}

int pass_answer_card_list(struct exchange *exchange)
{
    char path[120];
    snprintf(path, sizeof path, "crl/%.60s", exchange->segments[0]);
    return answer_published(exchange, path);
}
