/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/row_code.h"

#include <string.h>

#include "base/fault.h"

enum { CODE_MISSING, CODE_EMPTY, CODE_INTEGER, CODE_REAL, CODE_TEXT, CODE_BYTES, CODE_ID };

void row_code_write_number(struct sink *sink, uint64_t number)
{
    for (; number >= 0x80; number >>= 7)
        sink_character(sink, (char) (number | 0x80));
    sink_character(sink, (char) number);
}

static void write_sized(struct sink *sink, char code, const struct db_value *value)
{
    sink_character(sink, code);
    row_code_write_number(sink, value->size);
    sink_write(sink, value->bytes, value->size);
}

static void write_real(struct sink *sink, double real)
{
    uint64_t bits;
    char     bytes[8];
    real += 0.0; /* -0 becomes 0, as in the databases */
    memcpy(&bits, &real, sizeof bits);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char) (bits >> (8 * i));
    sink_character(sink, CODE_REAL);
    sink_write(sink, bytes, sizeof bytes);
}

static void write_value(struct sink *sink, const struct db_value *value)
{
    switch (value->type) {
    case DB_NULL: sink_character(sink, CODE_MISSING); break;
    case DB_INTEGER:
        sink_character(sink, CODE_INTEGER);
        row_code_write_number(sink, (uint64_t) value->integer << 1 ^ (value->integer < 0 ? UINT64_MAX : 0));
        break;
    case DB_REAL: write_real(sink, value->real); break;
    case DB_TEXT:
        if (value->size == 0)
            sink_character(sink, CODE_EMPTY);
        else
            write_sized(sink, CODE_TEXT, value);
        break;
    case DB_BYTES:
        if (value->size == ID_BYTES) {
            sink_character(sink, CODE_ID);
            sink_write(sink, value->bytes, ID_BYTES);
        } else {
            write_sized(sink, CODE_BYTES, value);
        }
        break;
    }
}

void row_code_write(struct sink *sink, const struct db_value *row, size_t num_columns)
{
    for (size_t i = 0; i < num_columns; i++)
        write_value(sink, &row[i]);
}

/* ---- reading ---- */

struct cursor {
    const unsigned char *next, *end;
};

static bool read_number(struct cursor *cursor, uint64_t *number)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (cursor->next == cursor->end)
            return false;
        unsigned char byte = *cursor->next++;
        if (shift == 63 && byte > 1)
            return false;
        value |= (uint64_t) (byte & 0x7f) << shift;
        if (byte < 0x80) {
            *number = value;
            return true;
        }
    }
    return false;
}

static bool read_bytes(struct cursor *cursor, uint64_t size, const char **bytes)
{
    if (size > (uint64_t) (cursor->end - cursor->next))
        return false;
    *bytes = (const char *) cursor->next;
    cursor->next += size;
    return true;
}

static bool read_real(struct cursor *cursor, double *real)
{
    const char *bytes;
    uint64_t    bits = 0;
    if (!read_bytes(cursor, 8, &bytes))
        return false;
    for (size_t i = 0; i < 8; i++)
        bits |= (uint64_t) (unsigned char) bytes[i] << (8 * i);
    memcpy(real, &bits, sizeof *real);
    return true;
}

static bool read_value(struct cursor *cursor, struct db_value *value)
{
    uint64_t    number = 0;
    const char *bytes = "";
    double      real = 0;
    if (cursor->next == cursor->end)
        return false;
    switch (*cursor->next++) {
    case CODE_MISSING: *value = db_null(); return true;
    case CODE_EMPTY: *value = db_text("", 0); return true;
    case CODE_INTEGER:
        if (!read_number(cursor, &number))
            return false;
        *value = db_integer((int64_t) (number >> 1 ^ ((number & 1) != 0 ? UINT64_MAX : 0)));
        return true;
    case CODE_REAL:
        if (!read_real(cursor, &real))
            return false;
        *value = db_real(real);
        return true;
    case CODE_TEXT:
        if (!read_number(cursor, &number) || !read_bytes(cursor, number, &bytes))
            return false;
        *value = db_text(bytes, (size_t) number);
        return true;
    case CODE_BYTES:
        if (!read_number(cursor, &number) || !read_bytes(cursor, number, &bytes))
            return false;
        *value = db_bytes(bytes, (size_t) number);
        return true;
    case CODE_ID:
        if (!read_bytes(cursor, ID_BYTES, &bytes))
            return false;
        *value = db_bytes(bytes, ID_BYTES);
        return true;
    default: return false;
    }
}

int row_code_read(const void *bytes, size_t size, struct db_value *row, size_t num_columns, size_t *used)
{
    const unsigned char *begin = bytes;
    struct cursor        cursor = { begin, begin + size };
    for (size_t i = 0; i < num_columns; i++)
        if (!read_value(&cursor, &row[i]))
            return BASE_ERR_INPUT;
    *used = (size_t) (cursor.next - begin);
    return 0;
}

int row_code_read_number(const void *bytes, size_t size, uint64_t *number, size_t *used)
{
    const unsigned char *begin = bytes;
    struct cursor        cursor = { begin, begin + size };
    if (!read_number(&cursor, number))
        return BASE_ERR_INPUT;
    *used = (size_t) (cursor.next - begin);
    return 0;
}
