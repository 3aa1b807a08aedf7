/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/request.h"

#include <jansson.h>
#include <math.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/date_text.h"
#include "base/instant.h"
#include "base/nearest.h"
#include "base/text.h"
#include "model/model_json.h"
#include "server/route.h"

static int refuse(struct exchange *exchange, const char *name, const char *found, const char *allowed)
{
    fault_add(&exchange->faults, (struct fault_place){ .name = name }, allowed, "%s", found);
    return BASE_ERR_INPUT;
}

/* ---- the query ---- */

static int check_known(struct exchange *exchange, const char *name)
{
    struct nearest nearest = { .word = name };
    char           allowed[FAULT_ALLOWED_BYTES] = "nothing";
    for (const struct route_parameter *at = exchange->route->parameters; at != NULL && at->name != NULL; at++) {
        if (strcmp(at->name, name) == 0)
            return 0;
        nearest_offer(&nearest, at->name);
    }
    if (nearest.best != NULL)
        snprintf(allowed, sizeof allowed, "perhaps %s was meant", nearest.best);
    else if (exchange->route->parameters != NULL)
        snprintf(allowed, sizeof allowed, "the parameters that /openapi.json names for this path");
    return refuse(exchange, name, "no parameter of this path", allowed);
}

int request_parameters(struct exchange *exchange)
{
    int ret = 0;
    for (size_t i = 0; i < exchange->num_query; i++) { /* all faults at once */
        const char *name = exchange->query[i].name;
        if (check_known(exchange, name) != 0)
            ret = BASE_ERR_INPUT;
        for (size_t j = 0; j < i; j++)
            if (strcmp(exchange->query[j].name, name) == 0)
                ret = refuse(exchange, name, "stands twice", "each parameter once");
    }
    return ret;
}

int request_path_id(struct exchange *exchange, size_t segment, struct id *id)
{
    const char *text = exchange->segments[segment];
    return text != NULL && id_from_text(text, strlen(text), id) == 0 ? 0 : STORE_ERR_ABSENT;
}

int request_id(struct exchange *exchange, const char *name, struct id *id)
{
    const char *text = exchange_query(exchange, name);
    if (text == NULL || id_from_text(text, strlen(text), id) == 0)
        return 0;
    return refuse(exchange, name, "not such an id", ID_ALLOWED);
}

int request_day(struct exchange *exchange, const char *name, toc_date *day)
{
    const char    *text = exchange_query(exchange, name);
    enum date_form form;
    toc_date       read;
    if (text == NULL)
        return 0;
    if (date_from_text(text, strlen(text), &read, &form, NULL) != 0 || form != DATE_FORM_DAY)
        return refuse(exchange, name, "not a day", "a day: 2026-11-22");
    *day = read;
    return 0;
}

int request_instant(struct exchange *exchange, const char *name, int64_t *instant)
{
    const char *text = exchange_query(exchange, name);
    if (text == NULL || instant_from_text(text, strlen(text), instant) == 0)
        return 0;
    return refuse(exchange, name, "not an instant", INSTANT_ALLOWED);
}

static int integer_of(struct exchange *exchange, const char *name, const char *text, int64_t low, int64_t high,
                      int64_t *value)
{
    char allowed[FAULT_ALLOWED_BYTES];
    if (text_to_integer(text, strlen(text), low, high, value) == 0)
        return 0;
    snprintf(allowed, sizeof allowed, "a whole number from %lld to %lld", (long long) low, (long long) high);
    return refuse(exchange, name, "not such a number", allowed);
}

int request_integer(struct exchange *exchange, const char *name, int64_t low, int64_t high, int64_t *value)
{
    const char *text = exchange_query(exchange, name);
    return text == NULL ? 0 : integer_of(exchange, name, text, low, high, value);
}

int request_flag(struct exchange *exchange, const char *name, bool *value)
{
    static const char *const words[] = { "false", "true", NULL };
    size_t                   choice = *value;
    int                      ret = request_choice(exchange, name, words, "true or false", &choice);
    *value = choice != 0;
    return ret;
}

int request_choice(struct exchange *exchange, const char *name, const char *const *words, const char *allowed,
                   size_t *choice)
{
    const char *text = exchange_query(exchange, name);
    if (text == NULL)
        return 0;
    for (size_t i = 0; words[i] != NULL; i++)
        if (strcmp(words[i], text) == 0) {
            *choice = i;
            return 0;
        }
    return refuse(exchange, name, "another word", allowed);
}

/* ---- headers ---- */

int request_if_match(struct exchange *exchange, bool needed, int64_t *version)
{
    const char *text = exchange_header(exchange, "if-match");
    if (text == NULL)
        return needed ? SERVER_ERR_PRECONDITION : 0;
    size_t size = strlen(text);
    if (size > 2 && text[0] == '"' && text[size - 1] == '"' &&
        text_to_integer(text + 1, size - 2, 1, INT64_MAX, version) == 0)
        return 0;
    return refuse(exchange, "if-match", "not a version", "the ETag of what was read, as \"7\"");
}

int request_idempotency_key(struct exchange *exchange, bool needed, struct id *key)
{
    const char *text = exchange_header(exchange, "idempotency-key"), *method = http_method_word(exchange->method);
    if (text == NULL && needed) {
        (void) refuse(exchange, "idempotency-key", "missing", "a text of your own for each thing you send, as a UUID");
        return SERVER_ERR_PRECONDITION;
    }
    if (text == NULL)
        return 0;
    size_t size = strlen(text);
    bool   printable = size > 0 && size <= REQUEST_KEY_BYTES;
    for (size_t i = 0; i < size && printable; i++)
        printable = text[i] > ' ' && text[i] <= '~';
    if (!printable)
        return refuse(exchange, "idempotency-key", "not such a key", "1 to 128 printable characters of ASCII");
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, ID_BYTES);
    crypto_generichash_update(&state, (const uint8_t *) method, strlen(method) + 1);
    crypto_generichash_update(&state, (const uint8_t *) exchange->path, strlen(exchange->path) + 1);
    crypto_generichash_update(&state, (const uint8_t *) text, size);
    crypto_generichash_final(&state, key->bytes, ID_BYTES);
    return 0;
}

/* ---- the body ---- */

int request_json(struct exchange *exchange, struct json_t **json)
{
    if (exchange->body == NULL || exchange->body_size == 0)
        return refuse(exchange, "/", "no body", "a JSON object");
    return model_json_parse(exchange->body, exchange->body_size, (struct fault_place){ .name = NULL }, json,
                            &exchange->faults);
}

static int take_text(struct exchange *exchange, const struct request_member *member, const char *where,
                     const json_t *value)
{
    char allowed[FAULT_ALLOWED_BYTES];
    if (!json_is_string(value) || json_string_length(value) == 0 || json_string_length(value) > (size_t) member->high) {
        snprintf(allowed, sizeof allowed, "a text of 1 to %lld bytes", (long long) member->high);
        return refuse(exchange, where, "not such a text", allowed);
    }
    char *copy = arena_copy(&exchange->arena, json_string_value(value), json_string_length(value));
    if (copy == NULL)
        return TOC_ERR_NO_MEMORY;
    *(const char **) member->value = copy;
    return 0;
}

static int take_integer(struct exchange *exchange, const struct request_member *member, const char *where,
                        const json_t *value)
{
    char allowed[FAULT_ALLOWED_BYTES];
    if (!json_is_integer(value) || json_integer_value(value) < member->low ||
        json_integer_value(value) > member->high) {
        snprintf(allowed, sizeof allowed, "a whole number from %lld to %lld", (long long) member->low,
                 (long long) member->high);
        return refuse(exchange, where, "not such a number", allowed);
    }
    *(int64_t *) member->value = json_integer_value(value);
    return 0;
}

static int take_day(struct exchange *exchange, const struct request_member *member, const char *where,
                    const json_t *value)
{
    enum date_form form;
    toc_date       day;
    if (!json_is_string(value) ||
        date_from_text(json_string_value(value), json_string_length(value), &day, &form, NULL) != 0 ||
        form != DATE_FORM_DAY)
        return refuse(exchange, where, "not a day", "a day (2026-11-22)");
    *(toc_date *) member->value = day;
    return 0;
}

static int take_member(struct exchange *exchange, const struct request_member *member, const json_t *value)
{
    char where[FAULT_NAME_BYTES];
    snprintf(where, sizeof where, "/%s", member->name);
    if (value == NULL || json_is_null(value))
        return member->needed ? refuse(exchange, where, "missing", "a value") : 0;
    switch (member->kind) {
    case REQUEST_TEXT: return take_text(exchange, member, where, value);
    case REQUEST_INTEGER: return take_integer(exchange, member, where, value);
    case REQUEST_DAY: return take_day(exchange, member, where, value);
    case REQUEST_ID:
        if (json_is_string(value) &&
            id_from_text(json_string_value(value), json_string_length(value), member->value) == 0)
            return 0;
        return refuse(exchange, where, "not such an id", ID_ALLOWED);
    case REQUEST_FLAG:
        if (!json_is_boolean(value))
            return refuse(exchange, where, "neither", "true or false");
        *(bool *) member->value = json_is_true(value);
        return 0;
    }
    return BASE_ERR_INPUT;
}

static int refuse_others(struct exchange *exchange, const struct request_member *members, size_t num_members,
                         json_t *json)
{
    const char *key;
    json_t     *value;
    int         ret = 0;
    json_object_foreach (json, key, value) {
        struct nearest nearest = { .word = key };
        size_t         i = 0;
        char           where[FAULT_NAME_BYTES], allowed[FAULT_ALLOWED_BYTES];
        for (; i < num_members && strcmp(members[i].name, key) != 0; i++)
            nearest_offer(&nearest, members[i].name);
        if (i < num_members)
            continue;
        where[0] = '/';
        text_escape(key, strlen(key), where + 1, sizeof where - 1);
        snprintf(allowed, sizeof allowed, nearest.best != NULL ? "perhaps %s was meant" : "no such member",
                 nearest.best);
        ret = refuse(exchange, where, "not a member of this body", nearest.best != NULL ? allowed : NULL);
    }
    return ret;
}

int request_members(struct exchange *exchange, const struct request_member *members, size_t num_members)
{
    json_t *json = NULL;
    int     ret = request_json(exchange, &json);
    if (ret == 0 && !json_is_object(json))
        ret = refuse(exchange, "/", "no object", "a JSON object");
    if (ret == 0)
        ret = refuse_others(exchange, members, num_members, json);
    for (size_t i = 0; i < num_members && json_is_object(json); i++) { /* all faults at once */
        int one = take_member(exchange, &members[i], json_object_get(json, members[i].name));
        ret = one != 0 ? one : ret;
    }
    json_decref(json);
    return ret;
}

/* ---- the answer ---- */

void reply_json(struct exchange *exchange, struct json_writer *json)
{
    json_writer_init(json, &exchange->answer.body);
}

void reply_version(struct exchange *exchange, int64_t version)
{
    char   tag[TEXT_INTEGER_BYTES + 2];
    size_t size = text_from_integer(version, tag + 1) + 1;
    tag[0] = tag[size] = '"';
    tag[size + 1] = '\0';
    answer_header(exchange, "ETag", tag);
}

void reply_id(struct json_writer *json, const char *name, const struct id *id)
{
    char text[ID_TEXT_BYTES];
    json_key(json, name);
    if (id_is_missing(id)) {
        json_put_null(json);
        return;
    }
    id_to_text(id, text);
    json_put_string(json, text);
}

void reply_number(struct json_writer *json, const char *name, double number)
{
    json_key(json, name);
    if (isnan(number))
        json_put_null(json);
    else
        json_put_number(json, number);
}

void reply_day(struct json_writer *json, const char *name, toc_date day)
{
    char text[DATE_TEXT_BYTES];
    json_key(json, name);
    if (day == MODEL_MISSING_DATE || date_to_text(day, DATE_FORM_DAY, text) == 0)
        json_put_null(json);
    else
        json_put_string(json, text);
}

void reply_instant(struct json_writer *json, const char *name, int64_t instant)
{
    char text[INSTANT_TEXT_BYTES];
    json_key(json, name);
    if (instant == INSTANT_MISSING || instant_to_text(instant, text) == 0)
        json_put_null(json);
    else
        json_put_string(json, text);
}

void reply_written(struct exchange *exchange, const struct id *id, int64_t version)
{
    struct json_writer json;
    reply_version(exchange, version);
    reply_json(exchange, &json);
    json_begin_object(&json);
    reply_id(&json, "id", id);
    json_key(&json, "version");
    json_put_integer(&json, version);
    json_end(&json);
}
