/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/server/request.h: what handlers take out of a request: parameters of the query, ids in the path, headers, members
 * of a JSON body. Each adds what is wrong to exchange->faults by its name; values are never repeated, since they may be
 * somebody's. What is not given leaves its output as it was.
 *
 * Returns 0, BASE_ERR_INPUT with faults, TOC_ERR_NO_MEMORY, or what stands below.
 */
#ifndef SERVER_REQUEST_H
#define SERVER_REQUEST_H

#include "base/json_writer.h"
#include "server/exchange.h"

struct json_t; /* jansson's */

/* Every parameter is one of the route's, and none stands twice. */
int request_parameters(struct exchange *exchange);

/* The id that stands in the path. What is no id is the id of nothing: STORE_ERR_ABSENT. */
int request_path_id(struct exchange *exchange, size_t segment, struct id *id);

int request_id(struct exchange *exchange, const char *name, struct id *id);
int request_day(struct exchange *exchange, const char *name, toc_date *day);
int request_instant(struct exchange *exchange, const char *name, int64_t *instant);
int request_integer(struct exchange *exchange, const char *name, int64_t low, int64_t high, int64_t *value);
int request_flag(struct exchange *exchange, const char *name, bool *value);
/* One of `words`, which end with NULL; its place among them. `allowed` names them for people. */
int request_choice(struct exchange *exchange, const char *name, const char *const *words, const char *allowed,
                   size_t *choice);

/* If-Match: "7" as ETag gave it. SERVER_ERR_PRECONDITION where it is missing and `needed`. */
int request_if_match(struct exchange *exchange, bool needed, int64_t *version);

/* Idempotency-Key: 1 to REQUEST_KEY_BYTES printable characters of ASCII, as an id for store_request: a hash of method,
 * path and key, so that one key sent to two places is two keys. SERVER_ERR_PRECONDITION where it is missing and
 * `needed`; a missing id where it may be. */
#define REQUEST_KEY_BYTES 128
int request_idempotency_key(struct exchange *exchange, bool needed, struct id *key);

/* The body as JSON; json_decref it. */
int request_json(struct exchange *exchange, struct json_t **json);

/* A member of a body that is an object: a text, an id, a whole number, true and false, or a day. */
enum request_kind { REQUEST_TEXT, REQUEST_ID, REQUEST_INTEGER, REQUEST_FLAG, REQUEST_DAY };
struct request_member {
    const char       *name;
    enum request_kind kind;
    bool              needed;
    int64_t           low, high; /* INTEGER: the bounds; TEXT: high = most bytes */
    void             *value;     /* const char ** (in the arena), struct id *, int64_t *, bool *, toc_date * */
};
/* Take the members out of the body; any other is a fault. */
int request_members(struct exchange *exchange, const struct request_member *members, size_t num_members);

/* ---- and for the answer ---- */

/* Begin to write the answer's body as JSON. */
void reply_json(struct exchange *exchange, struct json_writer *json);

/* ETag: "7". */
void reply_version(struct exchange *exchange, int64_t version);

/* {"id":…,"version":…}, the answer to what was written. */
void reply_written(struct exchange *exchange, const struct id *id, int64_t version);

/* A member whose value is an id or an instant; a missing one is null. */
void reply_id(struct json_writer *json, const char *name, const struct id *id);
void reply_day(struct json_writer *json, const char *name, toc_date day);
void reply_instant(struct json_writer *json, const char *name, int64_t instant);
void reply_number(struct json_writer *json, const char *name, double number); /* NaN: null */

#endif
