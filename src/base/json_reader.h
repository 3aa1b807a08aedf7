/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/base/json_reader.h: JSON text (RFC 8259) into values (value.h): strict, bounded, fast, the first fault named.
 *
 * Refused, besides what the grammar refuses: bytes that are not UTF-8, a byte-order mark, halves of surrogate pairs,
 * the character U+0000 (written out or as \u0000), an object with the same key twice, numbers that a double cannot hold
 * and those written with more than TEXT_MAX_NUMBER characters, more nesting, values or bytes than the limits allow.
 * "Same key" compares the texts after their escapes; finding it costs no more than sorting the keys, however they were
 * chosen.
 *
 * A whole number that an int64_t cannot hold is read as VALUE_NUMBER. "-0" is the integer 0.
 *
 * Cost: one pass; memory only as the tree grows; none where the tree's room suffices. A text with escapes asks for as
 * many bytes of text room as it is written with. An object of more than
 * JSON_PAIRS_AT_ONCE pairs asks for half as many values of room, for the time it is closed.
 */
#ifndef BASE_JSON_READER_H
#define BASE_JSON_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/value.h"

#define JSON_READ_MAX_DEPTH 128 /* arrays and objects within one another, at most and by default */
#define JSON_READ_MAX_BYTES ((size_t) UINT32_MAX)
#define JSON_READ_MAX_VALUES ((size_t) 1 << 28)
#define JSON_PAIRS_AT_ONCE 16

struct json_limits {
    unsigned max_depth;  /* 1 … JSON_READ_MAX_DEPTH; 0 = that */
    size_t   max_values; /* keys and values; 0 = JSON_READ_MAX_VALUES */
    size_t   max_bytes;  /* 0 = JSON_READ_MAX_BYTES */
};

#define JSON_FOUND_BYTES 248

/* The first fault. All texts are English clauses, ended by '\0'; what came from the input is shown escaped. */
struct json_fault {
    size_t      byte;                   /* offset in the bytes that were given */
    uint64_t    line;                   /* 1 = first */
    uint64_t    column;                 /* the character in that line, 1 = first */
    char        path[VALUE_PATH_BYTES]; /* the value that could not be read: "entry[3].id"; "" = the whole */
    char        found[JSON_FOUND_BYTES];
    const char *allowed; /* static; "" = nothing to add */
    bool        cut;     /* the bytes ended before the value did: with more bytes it might be right */
};

/* Read the bytes as one value with nothing but blanks around it. tree: values[0] is the root; emptied first, and empty
 * on failure. limits and fault may be NULL. Returns 0; BASE_ERR_INPUT with the fault; TOC_ERR_TOO_LARGE with the fault
 * where a limit or borrowed room is passed; TOC_ERR_NO_MEMORY. */
int json_read(const char *bytes, size_t size, const struct json_limits *limits, struct value_tree *tree,
              struct json_fault *fault);

/* Read the next of many values that follow one another (NDJSON, concatenated), from *offset on; values need no blank
 * between them where they end by themselves. *offset: moved behind the value; behind the last blank and with an empty
 * tree where no value is left; not moved on failure (the fault's byte and line count from the first byte given).
 * A number that ends with the bytes counts as whole. Returns as json_read. */
int json_read_next(const char *bytes, size_t size, size_t *offset, const struct json_limits *limits,
                   struct value_tree *tree, struct json_fault *fault);

/* The line and column of a byte, as faults tell them. */
void json_position(const char *bytes, size_t place, uint64_t *line, uint64_t *column);

#endif
