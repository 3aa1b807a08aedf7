/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/row_code.h: a row of values as bytes: in history, in dumps.
 *
 * A value is one byte for what it is, then
 *     0 nothing (missing)      1 nothing (the empty text)     2 an integer (zigzag, 7 bits a byte, least first)
 *     3 a number (8 bytes, IEEE 754, least first)             4 a text, 5 bytes (their size as in 2, unsigned; then
 * they) 6 an id (16 bytes) The reader takes bytes from outside: nothing in them is believed.
 */
#ifndef STORE_ROW_CODE_H
#define STORE_ROW_CODE_H

#include "base/sink.h"
#include "store/db.h"

void row_code_write(struct sink *sink, const struct db_value *row, size_t num_columns);
void row_code_write_number(struct sink *sink, uint64_t number);

/* Read num_columns values from the beginning of bytes; texts and bytes are borrowed from them. *used: how many bytes
 * they took. Returns 0, or BASE_ERR_INPUT where the bytes are not such a row; the outputs are then of no use. */
int row_code_read(const void *bytes, size_t size, struct db_value *row, size_t num_columns, size_t *used);
int row_code_read_number(const void *bytes, size_t size, uint64_t *number, size_t *used);

#endif
