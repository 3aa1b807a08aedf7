/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/guard.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

bool guard_allow(struct guard *guard, const char *scheme, const char *host)
{
    char name[GUARD_NAME_BYTES];
    if (guard->num == GUARD_MAX_HOSTS || strlen(scheme) > 5 || strlen(host) > GUARD_NAME_BYTES - 10)
        return false;
    for (size_t i = 0; i <= strlen(host); i++)
        name[i] = (char) tolower((unsigned char) host[i]);
    snprintf(guard->hosts[guard->num], GUARD_NAME_BYTES, "%.270s", name);
    snprintf(guard->origins[guard->num++], GUARD_NAME_BYTES, "%.5s://%.270s", scheme, name);
    return true;
}

static int refuse(struct exchange *exchange, int status, const char *name, const char *found, const char *allowed)
{
    fault_add(&exchange->faults, (struct fault_place){ .name = name }, allowed, "%s", found);
    return status;
}

/* ---- headers ---- */

static bool is_token(const char *name)
{
    for (const char *at = name; *at != '\0'; at++)
        if (!isalnum((unsigned char) *at) && strchr("!#$%&'*+-.^_`|~", *at) == NULL)
            return false;
    return *name != '\0';
}

static bool is_value(const char *value)
{
    size_t size = strlen(value);
    for (size_t i = 0; i < size; i++)
        if (((unsigned char) value[i] < 0x20 && value[i] != '\t') || value[i] == 0x7f)
            return false;
    return text_check_utf8(value, size) == size;
}

static bool is_number(const char *value)
{
    size_t digits = strspn(value, "0123456789");
    return digits > 0 && digits <= 18 && value[digits] == '\0';
}

static size_t count(const struct exchange *exchange, const char *name)
{
    size_t num = 0;
    for (size_t i = 0; i < exchange->num_headers; i++)
        num += strcmp(exchange->headers[i].name, name) == 0;
    return num;
}

int guard_headers(struct exchange *exchange)
{
    const char *length = exchange_header(exchange, "content-length"),
               *coding = exchange_header(exchange, "transfer-encoding");
    for (size_t i = 0; i < exchange->num_headers; i++) {
        if (!is_token(exchange->headers[i].name))
            return refuse(exchange, SERVER_ERR_REQUEST, "headers", "a name that is none", "letters, digits, -");
        if (!is_value(exchange->headers[i].value))
            return refuse(exchange, SERVER_ERR_REQUEST, "headers", "control characters, or bytes that are not UTF-8",
                          "UTF-8 text");
    }
    if (count(exchange, "host") != 1)
        return refuse(exchange, SERVER_ERR_REQUEST, "Host", "none, or more than one", "exactly one");
    if (count(exchange, "content-length") > 1 || (length != NULL && !is_number(length)))
        return refuse(exchange, SERVER_ERR_REQUEST, "Content-Length", "more than one, or not a number",
                      "one, of digits alone");
    if (coding != NULL && (length != NULL || count(exchange, "transfer-encoding") > 1 ||
                           !text_equal_nocase(coding, strlen(coding), "chunked", 7)))
        return refuse(exchange, SERVER_ERR_REQUEST, "Transfer-Encoding", "another coding, or beside a Content-Length",
                      "chunked, without Content-Length");
    return 0;
}

/* ---- host and origin ---- */

static bool is_one_of(const char names[][GUARD_NAME_BYTES], size_t num, const char *name)
{
    for (size_t i = 0; i < num; i++)
        if (text_equal_nocase(names[i], strlen(names[i]), name, strlen(name)))
            return true;
    return false;
}

/* A link on another site that opens a page: it sends no cookie (SameSite=Strict) and reads nothing. */
static bool opens_a_page(const struct exchange *exchange)
{
    const char *mode = exchange_header(exchange, "sec-fetch-mode"), *to = exchange_header(exchange, "sec-fetch-dest");
    return (exchange->method == HTTP_GET || exchange->method == HTTP_HEAD) && mode != NULL &&
           strcmp(mode, "navigate") == 0 && to != NULL && strcmp(to, "document") == 0 &&
           strncmp(exchange->path, "/api/", 5) != 0;
}

int guard_origin(struct exchange *exchange, const struct guard *guard)
{
    const char *host = exchange_header(exchange, "host"), *origin = exchange_header(exchange, "origin"),
               *site = exchange_header(exchange, "sec-fetch-site");
    if (host == NULL || !is_one_of(guard->hosts, guard->num, host))
        return refuse(exchange, SERVER_ERR_ORIGIN, "Host", "not a name of this server", "the name it is set up for");
    if (origin != NULL && !is_one_of(guard->origins, guard->num, origin))
        return refuse(exchange, SERVER_ERR_ORIGIN, "Origin", "a page of another origin", "this server's own pages");
    if (site != NULL && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0 && !opens_a_page(exchange))
        return refuse(exchange, SERVER_ERR_ORIGIN, "Sec-Fetch-Site", "a page of another site",
                      "this server's own pages");
    return 0;
}
