/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tests/support/exchange.h: requests in memory, as a caller that the test chooses. Programs that use it are linked with
 * the dependency test_exchange, which puts this file's caller_find before the server's. */
#ifndef TESTS_SUPPORT_EXCHANGE_H
#define TESTS_SUPPORT_EXCHANGE_H

#include "server/exchange.h"
#include "support/store.h"

/* Who sends what follows; NULL = whoever the headers say, as the server finds out. Borrowed. */
void test_exchange_as(const struct caller *caller);

/* Each request that follows comes from a session of its own. */
void test_exchange_own_sessions(bool each);

/* A signed-in person, or a machine, with this access. */
struct caller test_caller_person(const struct access *access);
struct caller test_caller_machine(const struct access *access);

/* A request; path with its query ("/api/v1/cases?limit=2", values decoded already); body a JSON text or NULL. `test`
 * may be NULL where the route needs no store. Then set headers and such, exchange_call, exchange_free. */
void test_exchange_init(struct exchange *exchange, struct test_store *test, enum http_method method, const char *path,
                        const char *body);
void test_exchange_header(struct exchange *exchange, const char *name, const char *value);

/* The answer's body, ended; lives as long as the exchange. An answer in parts is put together. */
const char *test_exchange_body(struct exchange *exchange);
/* A header of the answer, or NULL. */
const char *test_exchange_answer_header(const struct exchange *exchange, const char *name);

#endif
