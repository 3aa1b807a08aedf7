/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/model/model_value.h: one field's value as text and back, the same for JSON strings, cells of tables and SQL.
 *
 *     REFERENCE  8-4-4-4-12 hexadecimal digits, lower case      TIME     as given (base/instant.h)
 *     TEXT, CODE as it is                                       INSTANT  2026-11-22T02:30:00.000000Z
 *     DATE       2026-11-22                                     INTEGER, REAL  the shortest decimal text
 *     FLAG       true, false (read are also 1, 0, yes, no, 是, 否) BYTES  base64 with padding (RFC 4648)
 *
 * Only the kind is asked here; bounds, lists and lengths are model_check.h's.
 */
#ifndef MODEL_MODEL_VALUE_H
#define MODEL_MODEL_VALUE_H

#include <stddef.h>

#include "base/arena.h"
#include "base/sink.h"
#include "model/model.h"

/* Put a text that is not empty into a field.
 *
 * arena   where TEXT, CODE, TIME and BYTES go; TEXT in normal form NFC
 * value   the record's struct; untouched on failure
 *
 * Returns 0, BASE_ERR_INPUT (not of the field's kind) or TOC_ERR_NO_MEMORY. */
int model_value_read(const struct model_field *field, const char *text, size_t size, struct arena *arena, void *value);

/* The text of a value that is not missing, with its end; not of TEXT, CODE, TIME and BYTES, which are of any length.
 * Returns its length. */
#define MODEL_VALUE_BYTES 40
size_t model_value_to_text(const struct model_field *field, const void *value, char text[MODEL_VALUE_BYTES]);

/* Write a value that is not missing, of any kind. */
void model_value_write(const struct model_field *field, const void *value, struct sink *sink);

/* The members of the struct, by their kinds. */
const struct id         *model_value_id(const struct model_field *field, const void *value);
const struct model_text *model_value_text(const struct model_field *field, const void *value); /* also BYTES */
toc_date                 model_value_date(const struct model_field *field, const void *value);
int64_t model_value_integer(const struct model_field *field, const void *value); /* INSTANT, FLAG too */
double  model_value_real(const struct model_field *field, const void *value);

void model_value_set_integer(const struct model_field *field, void *value, int64_t integer);
void model_value_set_real(const struct model_field *field, void *value, double real);

#endif
