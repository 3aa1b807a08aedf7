/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The PostgreSQL driver: values in the server's binary format, most significant byte first. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "store/db_postgresql.h"

static void put(char *bytes, size_t size, uint64_t number)
{
    for (size_t i = 0; i < size; i++)
        bytes[i] = (char) (number >> (8 * (size - 1 - i)));
}

static uint64_t get(const char *bytes, size_t size)
{
    uint64_t number = 0;
    for (size_t i = 0; i < size; i++)
        number = number << 8 | (unsigned char) bytes[i];
    return number;
}

static uint64_t bits_of(double real)
{
    uint64_t bits;
    real += 0.0; /* -0 becomes 0, as SQLite keeps it */
    memcpy(&bits, &real, sizeof bits);
    return bits;
}

Oid pg_type_of(enum db_kind kind)
{
    static const Oid types[] = { [DB_KIND_ID] = PG_UUID,
                                 [DB_KIND_INTEGER] = PG_INT8,
                                 [DB_KIND_REAL] = PG_FLOAT8,
                                 [DB_KIND_TEXT] = PG_TEXT,
                                 [DB_KIND_BYTES] = PG_BYTEA };
    return types[kind];
}

/* ---- parameters ---- */

static bool encode_integer(int64_t integer, Oid type, char *number, int *length, int *format)
{
    *format = 1;
    switch (type) {
    case PG_INT8:
        put(number, 8, (uint64_t) integer);
        *length = 8;
        return true;
    case PG_INT4:
        put(number, 4, (uint64_t) integer);
        *length = 4;
        return integer == (int32_t) integer;
    case PG_INT2:
        put(number, 2, (uint64_t) integer);
        *length = 2;
        return integer == (int16_t) integer;
    case PG_BOOL:
        number[0] = (char) integer;
        *length = 1;
        return integer == 0 || integer == 1;
    case PG_FLOAT8:
        put(number, 8, bits_of((double) integer));
        *length = 8;
        return true;
    case PG_NUMERIC:
        *format = 0;
        *length = (int) text_from_integer(integer, number);
        return true;
    default: return false;
    }
}

static bool encode_real(double real, Oid type, char *number, int *length, int *format)
{
    *format = type == PG_FLOAT8;
    if (type == PG_FLOAT8) {
        put(number, 8, bits_of(real));
        *length = 8;
        return true;
    }
    *length = (int) text_from_double(real, number);
    return type == PG_NUMERIC;
}

bool pg_encode(const struct db_value *value, Oid type, char *number, const char **bytes, int *length, int *format)
{
    *bytes = number;
    *length = 0;
    *format = 1;
    switch (value->type) {
    case DB_NULL: *bytes = NULL; return true;
    case DB_INTEGER: return encode_integer(value->integer, type, number, length, format);
    case DB_REAL: return encode_real(value->real, type, number, length, format);
    case DB_TEXT:
    case DB_BYTES: break;
    }
    if (value->size > INT32_MAX)
        return false;
    *bytes = value->size > 0 ? value->bytes : "";
    *length = (int) value->size;
    if (value->type == DB_BYTES)
        return type == PG_BYTEA || (type == PG_UUID && value->size == ID_BYTES);
    return type == PG_TEXT || type == PG_VARCHAR || type == PG_BPCHAR || type == PG_NAME || type == PG_UNKNOWN;
}

/* ---- answers ---- */

__extension__ typedef __int128 wide; /* sums of int64 */

/* Sums of integers are numeric: groups of four decimal digits. Without digits behind the point they are an integer. */
static bool decode_numeric(const char *bytes, int length, struct db_value *value)
{
    if (length < 8)
        return false;
    int      num_digits = (int16_t) get(bytes, 2), weight = (int16_t) get(bytes + 2, 2);
    unsigned sign = (unsigned) get(bytes + 4, 2), scale = (unsigned) get(bytes + 6, 2);
    if (num_digits < 0 || length < 8 + 2 * num_digits || (sign != 0 && sign != 0x4000))
        return false;
    wide        whole = 0;
    long double real = 0;
    for (int i = 0; i < num_digits; i++)
        real = real * 10000 + (long double) get(bytes + 8 + 2 * i, 2);
    for (int i = num_digits; i <= weight; i++)
        real *= 10000;
    for (int i = weight + 1; i < num_digits; i++)
        real /= 10000;
    if (scale > 0) {
        *value = db_real((double) (sign != 0 ? -real : real));
        return true;
    }
    for (int i = 0; i <= weight && i < 6; i++)
        whole = whole * 10000 + (i < num_digits ? (int) get(bytes + 8 + 2 * i, 2) : 0);
    if (sign != 0)
        whole = -whole;
    if (weight >= 5 || whole < INT64_MIN || whole > INT64_MAX)
        *value = db_real((double) (sign != 0 ? -real : real));
    else
        *value = db_integer((int64_t) whole);
    return true;
}

static double real_of(uint64_t bits)
{
    double real;
    memcpy(&real, &bits, sizeof real);
    return real;
}

bool pg_decode(const char *bytes, int length, Oid type, struct db_value *value)
{
    size_t size = (size_t) length;
    switch (type) {
    case PG_INT8: *value = db_integer((int64_t) get(bytes, 8)); return length == 8;
    case PG_INT4: *value = db_integer((int32_t) get(bytes, 4)); return length == 4;
    case PG_INT2: *value = db_integer((int16_t) get(bytes, 2)); return length == 2;
    case PG_OID: *value = db_integer((int64_t) get(bytes, 4)); return length == 4;
    case PG_BOOL: *value = db_integer(bytes[0] != 0); return length == 1;
    case PG_FLOAT8: *value = db_real(real_of(get(bytes, 8))); return length == 8;
    case PG_NUMERIC: return decode_numeric(bytes, length, value);
    case PG_TEXT:
    case PG_VARCHAR:
    case PG_BPCHAR:
    case PG_NAME:
    case PG_UNKNOWN: *value = db_text(bytes, size); return true;
    case PG_BYTEA:
    case PG_UUID: *value = db_bytes(bytes, size); return true;
    case PG_VOID: *value = db_null(); return true;
    default: return false;
    }
}

/* ---- arrays and COPY ---- */

void pg_write_int32(struct sink *sink, int32_t number)
{
    char bytes[4];
    put(bytes, 4, (uint32_t) number);
    sink_write(sink, bytes, 4);
}

void pg_write_int16(struct sink *sink, int16_t number)
{
    char bytes[2];
    put(bytes, 2, (uint16_t) number);
    sink_write(sink, bytes, 2);
}

void pg_write_field(struct sink *sink, const struct db_value *value)
{
    char bytes[12];
    switch (value->type) {
    case DB_NULL: pg_write_int32(sink, -1); return;
    case DB_INTEGER:
    case DB_REAL:
        put(bytes, 4, 8);
        put(bytes + 4, 8, value->type == DB_INTEGER ? (uint64_t) value->integer : bits_of(value->real));
        sink_write(sink, bytes, 12);
        return;
    case DB_TEXT:
    case DB_BYTES: break;
    }
    pg_write_int32(sink, (int32_t) value->size);
    sink_write(sink, value->bytes, value->size);
}
