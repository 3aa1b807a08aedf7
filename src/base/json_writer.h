/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/base/json_writer.h: JSON (RFC 8259) written as a stream into a sink.
 *
 * The writer puts the commas and colons; the caller says begin, key, value, end. Numbers are the shortest text that
 * reads back to the same double; NaN and infinities, which JSON cannot say, become null. Strings are escaped where JSON
 * demands it, and bytes that are not UTF-8 become U+FFFD, so that the output is always valid. Misuse (a value without
 * its key, an end without a beginning, deeper than JSON_MAX_DEPTH) is a fault of the program and ends in assert().
 *
 * The names are chosen so that none is one of libjansson's, which reads JSON: the linker would mix them up silently.
 */
#ifndef BASE_JSON_WRITER_H
#define BASE_JSON_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/sink.h"

#define JSON_MAX_DEPTH 64

struct json_writer {
    struct sink *sink;
    unsigned     depth;
    bool         after_key;               /* the next thing written is the value of a key */
    char         closing[JSON_MAX_DEPTH]; /* '}' or ']' of each open level */
    bool         has_members[JSON_MAX_DEPTH];
};

void json_writer_init(struct json_writer *json, struct sink *sink);

void json_begin_object(struct json_writer *json);
void json_begin_array(struct json_writer *json);
void json_end(struct json_writer *json); /* of the innermost object or array */
void json_key(struct json_writer *json, const char *name);

void json_put_string(struct json_writer *json, const char *text);
void json_put_string_of(struct json_writer *json, const char *text, size_t size);
void json_put_number(struct json_writer *json, double value);
void json_put_integer(struct json_writer *json, int64_t value);
void json_put_bool(struct json_writer *json, bool value);
void json_put_null(struct json_writer *json);
void json_put_json(struct json_writer *json, const char *text); /* a value that is JSON already, as it is */

/* A key with its value. */
void json_member(struct json_writer *json, const char *name, const char *text);
void json_member_integer(struct json_writer *json, const char *name, int64_t value);

#endif
