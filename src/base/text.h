/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/base/text.h: text to numbers and back, the same in every locale; checks and showing of untrusted text.
 *
 * Texts are size bytes, not ended by '\0' unless said so.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest text that is read as a number. */
#define TEXT_MAX_NUMBER 400

/* Read the whole text as a decimal number: sign, digits, '.', exponent; no blanks, no hexadecimal, no inf or nan.
 * Correctly rounded. Returns 0, or BASE_ERR_INPUT (not a number, or too large for a double); value untouched then. */
int text_to_double(const char *text, size_t size, double *value);

/* Read the whole text as a decimal integer within low … high. Returns 0 or BASE_ERR_INPUT; value untouched then. */
int text_to_integer(const char *text, size_t size, int64_t low, int64_t high, int64_t *value);

/* The shortest decimal text that reads back to the same double ("0.1", "1e-07", "NA" for NaN, "Inf", "-Inf"), with
 * its end. Returns its length. */
#define TEXT_DOUBLE_BYTES 32
size_t text_from_double(double value, char text[TEXT_DOUBLE_BYTES]);

/* The decimal text of an integer, with its end. Returns its length. */
#define TEXT_INTEGER_BYTES 21
size_t text_from_integer(int64_t value, char text[TEXT_INTEGER_BYTES]);

/* The offset of the first byte that is not part of well-formed UTF-8 (RFC 3629) or is NUL; size where all is well. */
size_t text_check_utf8(const char *text, size_t size);

/* Show untrusted text between double quotes: control characters, quotes, backslashes, line and direction controls and
 * bytes that are not UTF-8 as escapes (\n, \x1b, \u202e), at most TEXT_QUOTE_SHOWN bytes of it, then … */
#define TEXT_QUOTE_SHOWN 60
#define TEXT_QUOTE_BYTES (4 * TEXT_QUOTE_SHOWN + 8)
size_t text_quote(const char *text, size_t size, char quoted[TEXT_QUOTE_BYTES]);

/* The same without quotes, for names in messages; size is the room, at least 8. */
size_t text_escape(const char *text, size_t length, char *escaped, size_t size);

/* A 64-bit hash (FNV-1a) for tables of names; not for secrets. */
uint64_t text_hash(const char *text, size_t size);

/* ASCII letters alike in both cases. */
bool text_equal_nocase(const char *a, size_t size_a, const char *b, size_t size_b);

#endif
