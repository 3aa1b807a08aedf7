/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/exchange.h"

#include <assert.h>
#include <string.h>

#include "base/text.h"
#include "server/live.h"
#include "server/problem.h"
#include "server/route.h"

static const char *const method_words[HTTP_NUM_METHODS] = {
    [HTTP_GET] = "GET", [HTTP_HEAD] = "HEAD",   [HTTP_POST] = "POST",
    [HTTP_PUT] = "PUT", [HTTP_PATCH] = "PATCH", [HTTP_DELETE] = "DELETE",
};

const char *http_method_word(enum http_method method)
{
    return method_words[method];
}

static const char *find_pair(const struct http_pair *pairs, size_t num, const char *name)
{
    for (size_t i = 0; i < num; i++)
        if (strcmp(pairs[i].name, name) == 0)
            return pairs[i].value;
    return NULL;
}

const char *exchange_query(const struct exchange *exchange, const char *name)
{
    return find_pair(exchange->query, exchange->num_query, name);
}

const char *exchange_header(const struct exchange *exchange, const char *name)
{
    return find_pair(exchange->headers, exchange->num_headers, name);
}

void answer_header(struct exchange *exchange, const char *name, const char *value)
{
    struct answer *answer = &exchange->answer;
    char          *copy = arena_copy(&exchange->arena, value, strlen(value));
    assert(answer->num_headers < EXCHANGE_MAX_ANSWER_HEADERS && strpbrk(value, "\r\n") == NULL);
    if (copy == NULL || answer->num_headers == EXCHANGE_MAX_ANSWER_HEADERS)
        return;
    answer->headers[answer->num_headers++] = (struct http_pair){ name, copy };
}

int exchange_submit(struct exchange *exchange, const struct store_request *request, exchange_after *after)
{
    if (exchange->submit != NULL)
        return exchange->submit(exchange, request, after);
    struct store_receipt receipt = { 0 };
    int status = store_submit(exchange->store, &exchange->caller.access, request, &receipt, &exchange->faults);
    return after(exchange, status, &receipt);
}

/* ---- a request through its stations ---- */

bool exchange_too_deep(const char *text, size_t size)
{
    size_t depth = 0;
    bool   in_string = false;
    for (size_t i = 0; i < size; i++) {
        char character = text[i];
        if (in_string) {
            i += character == '\\';
            in_string = character != '"';
        } else if (character == '"') {
            in_string = true;
        } else if (character == '{' || character == '[') {
            if (++depth > EXCHANGE_MAX_JSON_DEPTH)
                return true;
        } else if ((character == '}' || character == ']') && depth > 0) {
            depth--;
        }
    }
    return false;
}

/* Is the media type this one, whatever its parameters? */
static bool is_media(const char *type, const char *wanted)
{
    size_t size = type != NULL ? strcspn(type, "; \t") : 0;
    return text_equal_nocase(type, size, wanted, strlen(wanted));
}

static int check_json(struct exchange *exchange, const char *type)
{
    /* application/json, application/merge-patch+json */
    size_t size = type != NULL ? strcspn(type, "; \t") : 0;
    if (!is_media(type, "application/json") && !(size > 17 && text_equal_nocase(type, 12, "application/", 12) &&
                                                 text_equal_nocase(type + size - 5, 5, "+json", 5)))
        return SERVER_ERR_MEDIA;
    if (!exchange_too_deep(exchange->body, exchange->body_size))
        return 0;
    fault_add(&exchange->faults, (struct fault_place){ .name = "/" }, "at most 32 levels of objects and arrays",
              "the body nests deeper");
    return BASE_ERR_INPUT;
}

static int check_body(struct exchange *exchange)
{
    const struct route *route = exchange->route;
    const char         *type = exchange_header(exchange, "content-type");
    if (exchange->body_size > (route->max_body != 0 ? route->max_body : ROUTE_MAX_BODY))
        return SERVER_ERR_TOO_BIG;
    if (exchange->body_size == 0)
        return 0; /* the handler says what it misses */
    switch (route->body) {
    case ROUTE_NO_BODY: return SERVER_ERR_MEDIA;
    case ROUTE_JSON: return check_json(exchange, type);
    case ROUTE_FORM: return is_media(type, "application/x-www-form-urlencoded") ? 0 : SERVER_ERR_MEDIA;
    case ROUTE_BYTES: return 0;
    }
    return SERVER_ERR_MEDIA;
}

static int check_access(const struct exchange *exchange)
{
    const struct caller *caller = &exchange->caller;
    switch (exchange->route->access) {
    case ROUTE_ANYBODY: return 0;
    case ROUTE_METRICS: return exchange->local ? 0 : SERVER_ERR_UNKNOWN_PATH;
    case ROUTE_SIGNED_IN: return caller->kind != CALLER_NOBODY ? 0 : SERVER_ERR_SIGN_IN;
    case ROUTE_MACHINE:
        if (caller->kind != CALLER_MACHINE)
            return caller->kind == CALLER_NOBODY ? SERVER_ERR_SIGN_IN : STORE_ERR_DENIED;
        return 0;
    case ROUTE_PERSON:
    case ROUTE_OWN_ACCOUNT:
    case ROUTE_SECOND_FACTOR:
        if (caller->kind != CALLER_PERSON)
            return caller->kind == CALLER_NOBODY ? SERVER_ERR_SIGN_IN : STORE_ERR_DENIED;
        if (exchange->route->access == ROUTE_OWN_ACCOUNT && caller->who == NULL)
            return SERVER_ERR_SIGN_IN;
        return exchange->route->access != ROUTE_SECOND_FACTOR || caller->second_factor ? 0 : SERVER_ERR_SECOND_FACTOR;
    }
    return SERVER_ERR_SIGN_IN;
}

int exchange_run(struct exchange *exchange)
{
    int ret = exchange->route == NULL ? route_find(exchange) : 0;
    if (ret == 0)
        ret = check_body(exchange);
    if (ret == 0)
        ret = caller_find(exchange);
    if (ret == 0)
        ret = check_access(exchange);
    if (ret == 0 && exchange->route->if_match && exchange_header(exchange, "if-match") == NULL)
        ret = SERVER_ERR_PRECONDITION;
    return ret == 0 ? exchange->route->handler(exchange) : ret;
}

void exchange_finish(struct exchange *exchange, int status)
{
    if (status == 0 && exchange->answer.body.failure != 0)
        status = TOC_ERR_NO_MEMORY;
    if (status != 0)
        problem_answer(exchange, status);
    if (exchange->answer.status == 0)
        exchange->answer.status = 200;
    if (exchange->answer.type == NULL)
        exchange->answer.type = "application/json";
}

int exchange_call(struct exchange *exchange)
{
    if (exchange->arena.limit == 0)
        exchange->arena.limit = EXCHANGE_ARENA;
    sink_init_memory(&exchange->answer.body);
    int status = exchange_run(exchange);
    exchange_finish(exchange, status);
    return status;
}

void exchange_free(struct exchange *exchange)
{
    struct answer *answer = &exchange->answer;
    if (answer->part_free != NULL)
        answer->part_free(answer->part_context);
    live_close(answer->live);
    if (answer->body.bytes != NULL) {
        explicit_bzero(answer->body.bytes, answer->body.used);
        sink_free(&answer->body);
    }
    fault_list_free(&exchange->faults);
    arena_wipe(&exchange->arena);
    *exchange = (struct exchange){ 0 };
}
