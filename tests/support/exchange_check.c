/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every answer that a test gets from exchange_call is held to what /openapi.json says of its route: status, kind of
 * body, schema. Linked before the server's exchange_call (--wrap). */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "server/exchange.h"
#include "server/openapi.h"
#include "server/route.h"
#include "support/exchange.h"
#include "support/schema.h"
#include "support/test.h"

int __real_exchange_call(struct exchange *exchange);
int __wrap_exchange_call(struct exchange *exchange);

static const json_t *document(void)
{
    static json_t *made;
    if (made == NULL) {
        struct sink  sink;
        json_error_t error;
        sink_init_memory(&sink);
        openapi_write(&sink, NULL);
        made = json_loadb(sink.bytes, sink.used, JSON_REJECT_DUPLICATES, &error);
        if (made == NULL)
            fail_msg("openapi: %s at %d", error.text, error.position);
        sink_free(&sink);
    }
    return made;
}

static bool is_listed(const struct route *route)
{
    size_t              num;
    const struct route *all = routes(&num);
    return route != NULL && route >= all && route < all + num;
}

static void check_schema(const struct exchange *exchange, const char *name)
{
    const struct answer *answer = &exchange->answer;
    char                 why[SCHEMA_WHY_BYTES];
    json_error_t         error;
    json_t *body = json_loadb(answer->body.bytes, answer->body.used, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (body == NULL)
        fail_msg("%s: the answer is no JSON: %s at %d", exchange->path, error.text, error.position);
    const json_t *schema = schema_named(document(), name);
    if (schema == NULL)
        fail_msg("%s: openapi.json has no schema %s", exchange->path, name);
    if (!schema_holds(document(), schema, body, why))
        fail_msg("%s %s answered not as %s says: %s", http_method_word(exchange->method), exchange->path, name, why);
    json_decref(body);
}

/* Is the type, but for its parameters, among those of a list? */
static bool is_among(const char *type, const char *types)
{
    size_t size = strcspn(type, ";");
    for (const char *at = types; *at != '\0'; at += strspn(at, ", ")) {
        size_t length = strcspn(at, ",");
        if (length == size && memcmp(at, type, size) == 0)
            return true;
        at += length;
    }
    return false;
}

static void check_answer(const struct exchange *exchange)
{
    const struct answer *answer = &exchange->answer;
    const struct route  *route = exchange->route;
    /* Pages tell people in words what was wrong, and where to go on. */
    if (route != NULL && route->reply_types != NULL && is_among("text/html", route->reply_types) &&
        is_among(answer->type, route->reply_types))
        return;
    /* An acknowledgement tells which messages could not be kept now: its own words are what the sender reads. */
    if (answer->status == 503 && strncmp(answer->type, "application/hl7-v2", 18) == 0) {
        assert_non_null(memmem(answer->body.bytes, answer->body.used, "|207^", 5));
        return;
    }
    if (answer->status >= 400 && strncmp(exchange->path, "/fhir/", 6) == 0) {
        assert_string_equal(answer->type, "application/fhir+json");
        assert_non_null(memmem(answer->body.bytes, answer->body.used, "\"OperationOutcome\"", 18));
        return;
    }
    if (answer->status >= 400) {
        assert_string_equal(answer->type, "application/problem+json");
        check_schema(exchange, "problem");
        return;
    }
    if (!is_listed(route) || answer->live)
        return;
    char status[12];
    snprintf(status, sizeof status, "%d", answer->status);
    if (answer->status < 300 && (route->also == NULL || strstr(route->also, status) == NULL))
        assert_int_equal(answer->status, route->status != 0 ? route->status : 200);
    if (route->reply_types != NULL && answer->status < 300) {
        if (!is_among(answer->type, route->reply_types))
            fail_msg("%s: %s is none of %s", exchange->path, answer->type, route->reply_types);
    } else if (route->reply != NULL && answer->status < 300)
        check_schema(exchange, route->reply);
    else
        assert_int_equal(answer->body.used, 0);
}

int __wrap_exchange_call(struct exchange *exchange)
{
    int status = __real_exchange_call(exchange);
    check_answer(exchange);
    return status;
}
