/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/exchange.h"

#include "support/test.h"

int __real_caller_find(struct exchange *exchange);
int __wrap_caller_find(struct exchange *exchange);

static const struct caller *chosen;
static bool                 own_sessions;
static _Atomic uint32_t     sessions;

void test_exchange_as(const struct caller *caller)
{
    chosen = caller;
}

void test_exchange_own_sessions(bool each)
{
    own_sessions = each;
}

int __wrap_caller_find(struct exchange *exchange)
{
    if (chosen == NULL)
        return __real_caller_find(exchange);
    exchange->caller = *chosen;
    if (own_sessions) {
        uint32_t number = ++sessions;
        memcpy(exchange->caller.session.bytes, &number, sizeof number);
    }
    return 0;
}

struct caller test_caller_person(const struct access *access)
{
    return (struct caller){ .kind = CALLER_PERSON, .access = *access, .until = INT64_MAX, .stamp = 1 };
}

struct caller test_caller_machine(const struct access *access)
{
    return (struct caller){ .kind = CALLER_MACHINE, .access = *access, .until = INT64_MAX, .stamp = 1 };
}

static void split_query(struct exchange *exchange, char *query)
{
    while (query != NULL) {
        char *next = strchr(query, '&'), *value = strchr(query, '=');
        if (next != NULL)
            *next++ = '\0';
        if (value != NULL)
            *value++ = '\0';
        assert_true(exchange->num_query < EXCHANGE_MAX_QUERY);
        exchange->query[exchange->num_query++] = (struct http_pair){ query, value != NULL ? value : "" };
        query = next;
    }
}

void test_exchange_init(struct exchange *exchange, struct test_store *test, enum http_method method, const char *path,
                        const char *body)
{
    *exchange = (struct exchange){ .method = method, .peer = "127.0.0.1", .local = true };
    exchange->arena.limit = EXCHANGE_ARENA;
    char *copy = arena_copy(&exchange->arena, path, strlen(path));
    assert_non_null(copy);
    char *query = strchr(copy, '?');
    if (query != NULL)
        *query++ = '\0';
    exchange->path = copy;
    split_query(exchange, query);
    exchange->body = body != NULL ? body : "";
    exchange->body_size = strlen(exchange->body);
    if (body != NULL)
        test_exchange_header(exchange, "content-type", "application/json");
    if (test != NULL) {
        exchange->store = test->store;
        exchange->reader = test->reader;
        exchange->now = test->now;
    }
}

void test_exchange_header(struct exchange *exchange, const char *name, const char *value)
{
    for (size_t i = 0; i < exchange->num_headers; i++)
        if (strcmp(exchange->headers[i].name, name) == 0) {
            exchange->headers[i].value = value;
            return;
        }
    assert_true(exchange->num_headers < EXCHANGE_MAX_HEADERS);
    exchange->headers[exchange->num_headers++] = (struct http_pair){ name, value };
}

const char *test_exchange_body(struct exchange *exchange)
{
    struct answer *answer = &exchange->answer;
    for (bool end = false; answer->part != NULL && !end;)
        assert_ok(answer->part(answer->part_context, exchange, &answer->body, &end));
    answer->part = NULL;
    const char *body =
        arena_copy(&exchange->arena, answer->body.bytes != NULL ? answer->body.bytes : "", answer->body.used);
    assert_non_null(body);
    return body;
}

const char *test_exchange_answer_header(const struct exchange *exchange, const char *name)
{
    for (size_t i = 0; i < exchange->answer.num_headers; i++)
        if (strcmp(exchange->answer.headers[i].name, name) == 0)
            return exchange->answer.headers[i].value;
    return NULL;
}
