/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as the target of a request, its headers, a JSON body's depth, the name of a server, a place to listen. The
 * first line is the target, the others are headers. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "fuzz.h"
#include "server/guard.h"
#include "server/listen.h"
#include "server/route.h"
#include "server/target.h"

static void check_text(const char *text)
{
    size_t size = strlen(text);
    MUST(text_check_utf8(text, size) == size);
    for (size_t i = 0; i < size; i++)
        MUST((unsigned char) text[i] >= 0x20 && text[i] != 0x7f);
}

static void check_target(struct exchange *exchange, const char *line, size_t size)
{
    if (target_read(exchange, line, size) != 0)
        return;
    MUST(size <= TARGET_MAX_BYTES && exchange->path[0] == '/' && strstr(exchange->path, "/../") == NULL);
    MUST(exchange->num_query <= EXCHANGE_MAX_QUERY);
    check_text(exchange->path);
    for (size_t i = 0; i < exchange->num_query; i++) {
        check_text(exchange->query[i].name);
        check_text(exchange->query[i].value);
    }
    sink_init_memory(&exchange->answer.body);
    if (route_find(exchange) == 0)
        MUST(exchange->route != NULL);
}

static void take_header(struct exchange *exchange, const char *line, size_t size)
{
    const char *colon = memchr(line, ':', size);
    if (colon == NULL || exchange->num_headers == EXCHANGE_MAX_HEADERS)
        return;
    const char *name = arena_copy(&exchange->arena, line, (size_t) (colon - line));
    const char *value = arena_copy(&exchange->arena, colon + 1, size - (size_t) (colon - line) - 1);
    if (name != NULL && value != NULL)
        exchange->headers[exchange->num_headers++] = (struct http_pair){ name, value };
}

static void check_guard(struct exchange *exchange)
{
    struct guard guard = { .num = 0 };
    guard_allow(&guard, "https", "a.example");
    if (guard_headers(exchange) == 0)
        for (size_t i = 0; i < exchange->num_headers; i++)
            MUST(strlen(exchange->headers[i].name) > 0);
    exchange->path = "/api/v1/cases";
    if (guard_origin(exchange, &guard) == 0) {
        const char *host = exchange_header(exchange, "host");
        MUST(host != NULL && text_equal_nocase(host, strlen(host), "a.example", 9));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char         *text = (const char *) data, *end = text + size;
    const char         *line = size > 0 ? memchr(text, '\n', size) : NULL;
    struct exchange     exchange = { .method = HTTP_GET, .path = "/" };
    struct listen_place place;
    char                first[300];
    exchange.arena.limit = EXCHANGE_ARENA;
    size_t length = line != NULL ? (size_t) (line - text) : size;
    check_target(&exchange, text, length);
    while (line != NULL) {
        const char *begin = line + 1;
        line = memchr(begin, '\n', (size_t) (end - begin));
        take_header(&exchange, begin, (size_t) ((line != NULL ? line : end) - begin));
    }
    check_guard(&exchange);
    (void) exchange_too_deep(text, size);
    if (length < sizeof first && memchr(text, '\0', length) == NULL) {
        memcpy(first, text, length);
        first[length] = '\0';
        if (listen_read(first, &place, &exchange.faults) == 0)
            MUST(place.unix_socket ? place.path[0] == '/' : place.port <= 65535);
    }
    exchange_free(&exchange);
    return 0;
}
