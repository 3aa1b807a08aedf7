/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accounts of others: links, leaving, tokens of machines; who looked at somebody; what a machine has sent. */
#include <stdio.h>
#include <string.h>

#include "base/instant.h"
#include "model/records.h"
#include "server/account_answer.h"
#include "server/handlers.h"
#include "server/request.h"
#include "server/route.h"

enum { PAGE = 200 };

int account_need_administrator(const struct exchange *exchange)
{
    if (exchange->caller.access.role != ACCESS_ADMINISTRATOR || access_is_of_facilities(&exchange->caller.access))
        return STORE_ERR_DENIED;
    if (exchange_accounts(exchange) == NULL)
        return SERVER_ERR_SIGN_IN;
    return exchange->caller.second_factor ? 0 : SERVER_ERR_SECOND_FACTOR;
}

/* ---- users ---- */

int user_link(struct exchange *exchange)
{
    const char                 *kind = NULL;
    bool                        drop = false, drop_provider = false;
    struct id                   user;
    struct account_user         found;
    struct json_writer          json;
    char                        text[LINK_TEXT], path[LINK_TEXT + 16];
    struct account_call         call = exchange_account_call(exchange);
    const struct request_member members[] = {
        { .name = "kind", .kind = REQUEST_TEXT, .needed = true, .high = 16, .value = &kind },
        { .name = "drop_second_factor", .kind = REQUEST_FLAG, .value = &drop },
        { .name = "drop_provider", .kind = REQUEST_FLAG, .value = &drop_provider },
    };
    int ret = account_need_administrator(exchange);
    if (ret == 0)
        ret = request_path_id(exchange, 0, &user);
    if (ret == 0)
        ret = request_members(exchange, members, 3);
    if (ret == 0 && strcmp(kind, ACCOUNT_LINK_INVITE) != 0 && strcmp(kind, ACCOUNT_LINK_RESET) != 0) {
        fault_add(&exchange->faults, (struct fault_place){ .name = "/kind" }, "invite, reset", "another word");
        ret = BASE_ERR_INPUT;
    }
    if (ret == 0)
        ret = account_user_read(exchange->reader, &user, &found);
    if (ret == 0 && drop)
        ret = account_drop_factor(exchange->store, &exchange->caller.access, &user);
    if (ret == 0 && drop_provider)
        ret = account_drop_subject(exchange->store, &exchange->caller.access, &user);
    if (ret == 0)
        ret = accounts_make_link(exchange_accounts(exchange), &call, &exchange->caller.access, kind, &user, text);
    if (ret != 0)
        return ret;
    snprintf(path, sizeof path, "/set-up?link=%s", text);
    exchange->answer.status = 201;
    reply_json(exchange, &json);
    json_begin_object(&json);
    json_key(&json, "path");
    json_put_string(&json, path);
    reply_instant(&json, "until", exchange->now + (strcmp(kind, ACCOUNT_LINK_INVITE) == 0 ? INVITE_LINK : RESET_LINK));
    json_end(&json);
    return 0;
}

int user_leave(struct exchange *exchange)
{
    struct id                   user, successor = { { 0 } };
    struct account_left         left;
    struct json_writer          json;
    struct account_call         call = exchange_account_call(exchange);
    const struct request_member members[] = {
        { .name = "successor", .kind = REQUEST_ID, .value = &successor },
    };
    int ret = account_need_administrator(exchange);
    if (ret == 0)
        ret = request_path_id(exchange, 0, &user);
    if (ret == 0)
        ret = request_members(exchange, members, 1);
    if (ret == 0)
        ret = accounts_leave(exchange_accounts(exchange), &call, &exchange->caller.access, &user, &successor, &left);
    if (ret != 0)
        return ret;
    reply_json(exchange, &json);
    json_begin_object(&json);
    json_key(&json, "grants_ended");
    json_put_integer(&json, (int64_t) left.grants);
    json_key(&json, "tasks_handed_over");
    json_put_integer(&json, (int64_t) left.tasks);
    json_end(&json);
    return 0;
}

/* ---- tokens ---- */

static void write_token(struct json_writer *json, const struct account_token *token, const char *secret)
{
    json_begin_object(json);
    reply_id(json, "id", &token->id);
    reply_id(json, "family", &token->family);
    json_key(json, "name");
    json_put_string(json, token->name);
    reply_id(json, "facility", &token->facility);
    reply_id(json, "unit", &token->unit);
    reply_instant(json, "created", token->created);
    reply_id(json, "given_by", &token->given_by);
    reply_instant(json, "until", token->ends);
    reply_instant(json, "used", token->used > 0 ? token->used : INSTANT_MISSING);
    if (secret != NULL) {
        json_key(json, "token");
        json_put_string(json, secret);
    }
    json_end(json);
}

int token_give(struct exchange *exchange)
{
    struct account_token_wish   wish = { .days = 365 };
    struct account_token        token;
    struct json_writer          json;
    char                        secret[SESSION_TEXT];
    struct account_call         call = exchange_account_call(exchange);
    const struct request_member members[] = {
        { .name = "facility", .kind = REQUEST_ID, .needed = true, .value = &wish.facility },
        { .name = "unit", .kind = REQUEST_ID, .value = &wish.unit },
        { .name = "name", .kind = REQUEST_TEXT, .needed = true, .high = ACCOUNT_NAME_BYTES, .value = &wish.name },
        { .name = "days", .kind = REQUEST_INTEGER, .low = 1, .high = TOKEN_MOST_DAYS, .value = &wish.days },
        { .name = "replaces", .kind = REQUEST_ID, .value = &wish.replaces },
    };
    int ret = account_need_administrator(exchange);
    if (ret == 0)
        ret = request_members(exchange, members, sizeof members / sizeof *members);
    if (ret == 0)
        ret = accounts_give_token(exchange_accounts(exchange), &call, &exchange->caller.access, &wish, secret, &token);
    if (ret != 0)
        return ret;
    exchange->answer.status = 201;
    reply_json(exchange, &json);
    write_token(&json, &token, secret);
    explicit_bzero(secret, sizeof secret);
    return 0;
}

int tokens_list(struct exchange *exchange)
{
    struct account_token *tokens = arena_array(&exchange->arena, ACCOUNT_MOST_LISTED, sizeof *tokens);
    struct json_writer    json;
    size_t                num;
    int                   ret = tokens == NULL ? TOC_ERR_NO_MEMORY : account_need_administrator(exchange);
    if (ret == 0)
        ret = account_tokens(exchange->reader, exchange->now, tokens, ACCOUNT_MOST_LISTED, &num);
    if (ret != 0)
        return ret;
    reply_json(exchange, &json);
    json_begin_object(&json);
    json_key(&json, "tokens");
    json_begin_array(&json);
    for (size_t i = 0; i < num; i++)
        write_token(&json, &tokens[i], NULL);
    json_end(&json);
    json_end(&json);
    return 0;
}

int token_end(struct exchange *exchange)
{
    struct id id;
    int       ret = account_need_administrator(exchange);
    if (ret == 0)
        ret = request_path_id(exchange, 0, &id);
    if (ret == 0)
        ret = account_end_token(exchange->store, &exchange->caller.access, &id, exchange->now);
    if (ret == 0)
        exchange->answer.status = 204;
    return ret;
}

/* What the machine's own sender has sent. */
int submissions_list(struct exchange *exchange)
{
    struct account_receipt *receipts = arena_array(&exchange->arena, PAGE, sizeof *receipts);
    struct json_writer      json;
    size_t                  num;
    int                     ret = receipts == NULL ? TOC_ERR_NO_MEMORY : 0;
    if (ret == 0 && exchange->caller.who == NULL)
        ret = SERVER_ERR_SIGN_IN;
    if (ret == 0)
        ret = account_receipts(exchange->reader, &exchange->caller.who->token.facility, receipts, PAGE, &num);
    if (ret != 0)
        return ret;
    reply_json(exchange, &json);
    json_begin_object(&json);
    json_key(&json, "submissions");
    json_begin_array(&json);
    for (size_t i = 0; i < num; i++) {
        json_begin_object(&json);
        reply_id(&json, "id", &receipts[i].id);
        reply_instant(&json, "received", receipts[i].received);
        json_key(&json, "verdict");
        json_put_string(&json, receipts[i].verdict);
        json_key(&json, "faults");
        json_put_integer(&json, receipts[i].num_faults);
        json_end(&json);
    }
    json_end(&json);
    json_end(&json);
    return 0;
}

/* ---- who looked ---- */

static void write_reading(struct json_writer *json, const struct account_reading *reading)
{
    json_begin_object(json);
    reply_instant(json, "at", reading->at);
    json_key(json, "role");
    json_put_string(json, reading->role);
    json_key(json, "purpose");
    json_put_string(json, reading->purpose);
    json_key(json, "verb");
    json_put_string(json, reading->verb);
    reply_id(json, "office", &reading->facility);
    json_key(json, "break_glass");
    json_put_bool(json, reading->break_glass);
    json_end(json);
}

/* The person must lie within the grant; the answer names no user: an office, a role, a purpose, a time. */
int person_readings(struct exchange *exchange)
{
    const struct access    *who = &exchange->caller.access;
    struct account_reading *readings = arena_array(&exchange->arena, PAGE, sizeof *readings);
    struct id               person;
    int64_t                 before = INT64_MAX, next = 0;
    size_t                  num;
    struct json_writer      json;
    struct access           plain = *who;
    struct model_person     value;
    struct model_set        visible;
    bool                    may = (who->role == ACCESS_DATA_MANAGER && who->purpose == ACCESS_OWN_REQUEST) ||
               (who->role == ACCESS_SUPERVISOR && who->purpose == ACCESS_AUDIT);
    plain.purpose = ACCESS_NO_PURPOSE;
    int ret = readings == NULL ? TOC_ERR_NO_MEMORY : may ? 0 : STORE_ERR_DENIED;
    if (ret == 0)
        ret = request_parameters(exchange);
    if (ret == 0)
        ret = request_path_id(exchange, 0, &person);
    if (ret == 0)
        ret = request_integer(exchange, "before", 1, INT64_MAX, &before);
    if (ret == 0)
        ret = store_read(exchange->reader, &plain, model_record(MODEL_PERSON), &person, STORE_NOW, &exchange->arena,
                         &value, &visible);
    if (ret == 0) /* that somebody asked is itself on the list */
        ret = store_audit_reading(exchange->reader, who, "who looked", model_record(MODEL_PERSON), &person, 1);
    if (ret == 0)
        ret = account_readings(exchange->reader, &person, before, readings, PAGE, &num, &next);
    if (ret != 0)
        return ret;
    reply_json(exchange, &json);
    json_begin_object(&json);
    json_key(&json, "readings");
    json_begin_array(&json);
    for (size_t i = 0; i < num; i++)
        write_reading(&json, &readings[i]);
    json_end(&json);
    json_key(&json, "next");
    if (next > 0)
        json_put_integer(&json, next);
    else
        json_put_null(&json);
    json_end(&json);
    return 0;
}
