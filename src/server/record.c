/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One record of any kind: read, created, changed, erased. Who may do so the store decides. */
#include <stdio.h>
#include <string.h>

#include "model/model_json.h"
#include "model/records.h"
#include "response/account_scope.h"
#include "server/record_handlers.h"
#include "server/request.h"
#include "server/route.h"
#include "store/node.h"

int record_read(struct exchange *exchange)
{
    const struct model_record *record = exchange->route->record;
    struct model_set           visible;
    struct json_writer         json;
    struct id                  id;
    int64_t                    as_of = STORE_NOW;
    void                      *value = arena_array(&exchange->arena, 1, record->size);
    int                        ret = value == NULL ? TOC_ERR_NO_MEMORY : request_parameters(exchange);
    if (ret == 0)
        ret = request_path_id(exchange, 0, &id);
    if (ret == 0)
        ret = request_instant(exchange, "asof", &as_of);
    if (ret == 0)
        ret = store_read(exchange->reader, &exchange->caller.access, record, &id, as_of, &exchange->arena, value,
                         &visible);
    if (ret != 0)
        return ret;
    reply_version(exchange, ((const struct model_head *) value)->version);
    reply_json(exchange, &json);
    model_json_write(&json, record, value, &visible);
    return 0;
}

/* ---- writing ---- */

/* One change, in the arena, with its key. */
static int make_request(struct exchange *exchange, enum store_verb verb, const char *word, bool needs_key,
                        struct store_request **request)
{
    struct store_request *made = arena_array(&exchange->arena, 1, sizeof *made);
    struct store_change  *change = arena_array(&exchange->arena, 1, sizeof *change);
    void                 *value = arena_array(&exchange->arena, 1, exchange->route->record->size);
    if (made == NULL || change == NULL || value == NULL)
        return TOC_ERR_NO_MEMORY;
    model_init(exchange->route->record, value);
    *change = (struct store_change){ .verb = verb, .record = exchange->route->record, .value = value };
    *made = (struct store_request){ .verb = word, .set = { change, 1 } };
    *request = made;
    int ret = request_parameters(exchange);
    return ret == 0 ? request_idempotency_key(exchange, needs_key, &made->idempotency_key) : ret;
}

static int read_body(struct exchange *exchange, struct store_change *change)
{
    if (exchange->body == NULL || exchange->body_size == 0) {
        fault_add(&exchange->faults, (struct fault_place){ .name = "/" }, "a JSON object", "no body");
        return BASE_ERR_INPUT;
    }
    return model_json_read(exchange->body, exchange->body_size, change->record, (struct fault_place){ .name = NULL },
                           &exchange->arena, change->value, &change->given, &exchange->faults);
}

/* What a grant must meet that the model does not say; who gives it is the caller. */
static int check_grant(struct exchange *exchange, struct store_change *change)
{
    struct model_grant *grant = change->value;
    if (change->record != model_record(MODEL_GRANT))
        return 0;
    if (change->verb == STORE_CREATE)
        grant->given_by = exchange->caller.access.user;
    return account_check_grant(grant, change->verb == STORE_CHANGE ? &change->given : NULL, &exchange->faults);
}

static int created(struct exchange *exchange, int status, const struct store_receipt *receipt)
{
    char location[256], id[ID_TEXT_BYTES];
    if (status != 0)
        return status;
    id_to_text(&receipt->created, id);
    snprintf(location, sizeof location, "%s/%s", exchange->route->path, id);
    answer_header(exchange, "Location", location);
    exchange->answer.status = 201;
    reply_written(exchange, &receipt->created, 1);
    return 0;
}

int record_create(struct exchange *exchange)
{
    struct store_request *request;
    int                   ret = make_request(exchange, STORE_CREATE, "create", true, &request);
    if (ret == 0)
        ret = read_body(exchange, &request->set.changes[0]);
    if (ret == 0)
        ret = check_grant(exchange, &request->set.changes[0]);
    if (ret != 0)
        return ret;
    struct model_head *head = request->set.changes[0].value;
    if (id_is_missing(&head->id))
        head->id = node_new_id(exchange->now);
    return exchange_submit(exchange, request, created);
}

static int changed(struct exchange *exchange, int status, const struct store_receipt *receipt)
{
    struct id id;
    int64_t   version = 0;
    (void) receipt;
    if (status == 0)
        status = request_path_id(exchange, 0, &id);
    if (status == 0)
        status = request_if_match(exchange, true, &version);
    if (status == 0)
        reply_written(exchange, &id, version + 1);
    return status;
}

int record_change(struct exchange *exchange)
{
    struct store_request *request;
    struct id             id = { { 0 } };
    int64_t               version = 0;
    int                   ret = make_request(exchange, STORE_CHANGE, "change", false, &request);
    if (ret == 0)
        ret = request_if_match(exchange, true, &version);
    if (ret == 0)
        ret = request_path_id(exchange, 0, &id);
    if (ret == 0)
        ret = read_body(exchange, &request->set.changes[0]);
    if (ret == 0)
        ret = check_grant(exchange, &request->set.changes[0]);
    if (ret != 0)
        return ret;
    struct store_change *change = &request->set.changes[0];
    struct model_head   *head = change->value;
    if (!id_is_missing(&head->id) && !id_equal(&head->id, &id)) {
        fault_add(&exchange->faults, (struct fault_place){ .name = "/id" }, "the id of the path, or none",
                  "another id than the path's");
        return BASE_ERR_INPUT;
    }
    head->id = id;
    change->version = version;
    return exchange_submit(exchange, request, changed);
}

static int erased(struct exchange *exchange, int status, const struct store_receipt *receipt)
{
    (void) receipt;
    if (status == 0)
        exchange->answer.status = 204;
    return status;
}

int record_erase(struct exchange *exchange)
{
    struct store_request *request;
    int                   ret = make_request(exchange, STORE_ERASE, "erase", false, &request);
    if (ret == 0)
        ret = request_path_id(exchange, 0, &((struct model_head *) request->set.changes[0].value)->id);
    if (ret == 0)
        ret = request_if_match(exchange, false, &request->set.changes[0].version);
    return ret == 0 ? exchange_submit(exchange, request, erased) : ret;
}
