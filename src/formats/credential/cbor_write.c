/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/credential/cbor_write.h"

#include <string.h>

#include "formats/credential/cbor.h"

void credential_cbor_put_raw(struct credential_cbor_writer *writer, const void *bytes, size_t size)
{
    if (writer->failed || size > writer->room - writer->used) {
        writer->failed = true;
        return;
    }
    if (size > 0)
        memcpy(writer->bytes + writer->used, bytes, size);
    writer->used += size;
}

static void put_head(struct credential_cbor_writer *writer, enum credential_cbor_major major, uint64_t number)
{
    uint8_t  head[9];
    unsigned detail = number < 24            ? (unsigned) number
                      : number <= 0xff       ? 24
                      : number <= 0xffff     ? 25
                      : number <= UINT32_MAX ? 26
                                             : 27;
    size_t   more = detail < 24 ? 0 : (size_t) 1 << (detail - 24);
    head[0] = (uint8_t) ((unsigned) major << 5 | detail);
    for (size_t i = 0; i < more; i++)
        head[1 + i] = (uint8_t) (number >> 8 * (more - 1 - i));
    credential_cbor_put_raw(writer, head, 1 + more);
}

void credential_cbor_put_integer(struct credential_cbor_writer *writer, int64_t value)
{
    if (value >= 0)
        put_head(writer, CBOR_UNSIGNED, (uint64_t) value);
    else
        put_head(writer, CBOR_NEGATIVE, (uint64_t) - (value + 1));
}

void credential_cbor_put_bytes(struct credential_cbor_writer *writer, const void *bytes, size_t size)
{
    put_head(writer, CBOR_BYTES, size);
    credential_cbor_put_raw(writer, bytes, size);
}

void credential_cbor_put_text(struct credential_cbor_writer *writer, const char *text, size_t size)
{
    put_head(writer, CBOR_TEXT, size);
    credential_cbor_put_raw(writer, text, size);
}

void credential_cbor_begin_array(struct credential_cbor_writer *writer, size_t count)
{
    put_head(writer, CBOR_ARRAY, count);
}

void credential_cbor_begin_map(struct credential_cbor_writer *writer, size_t count)
{
    put_head(writer, CBOR_MAP, count);
}

void credential_cbor_put_tag(struct credential_cbor_writer *writer, uint64_t tag)
{
    put_head(writer, CBOR_TAG, tag);
}

/* The order of the encoded keys: integers that are not negative, negative ones, texts; by size, then bytes. */
static bool key_before(const struct value *a, const struct value *b)
{
    unsigned first = a->kind == VALUE_TEXT ? 2 : a->integer < 0, second = b->kind == VALUE_TEXT ? 2 : b->integer < 0;
    if (first != second)
        return first < second;
    if (first < 2)
        return first == 0 ? a->integer < b->integer : a->integer > b->integer;
    if (a->length != b->length)
        return a->length < b->length;
    return memcmp(a->text, b->text, a->length) < 0;
}

static void put_value(struct credential_cbor_writer *writer, const struct value *value, unsigned depth);

static void put_map(struct credential_cbor_writer *writer, const struct value *map, unsigned depth)
{
    const struct value *keys[CREDENTIAL_CBOR_WRITE_PAIRS];
    size_t              num = 0;
    if (map->count > CREDENTIAL_CBOR_WRITE_PAIRS) {
        writer->failed = true;
        return;
    }
    for (VALUE_EACH_PAIR(key, map)) {
        size_t at = num++;
        for (; at > 0 && key_before(key, keys[at - 1]); at--)
            keys[at] = keys[at - 1];
        keys[at] = key;
    }
    put_head(writer, CBOR_MAP, num);
    for (size_t i = 0; i < num; i++) {
        put_value(writer, keys[i], depth);
        put_value(writer, keys[i] + 1, depth);
    }
}

static void put_value(struct credential_cbor_writer *writer, const struct value *value, unsigned depth)
{
    if (depth > CREDENTIAL_CBOR_WRITE_DEPTH) {
        writer->failed = true;
        return;
    }
    switch ((enum value_kind) value->kind) {
    case VALUE_FALSE: put_head(writer, CBOR_SIMPLE, 20); break;
    case VALUE_TRUE: put_head(writer, CBOR_SIMPLE, 21); break;
    case VALUE_NULL: put_head(writer, CBOR_SIMPLE, 22); break;
    case VALUE_INTEGER: credential_cbor_put_integer(writer, value->integer); break;
    case VALUE_NUMBER: writer->failed = true; break;
    case VALUE_TEXT: credential_cbor_put_text(writer, value->text, value->length); break;
    case VALUE_BYTES: credential_cbor_put_bytes(writer, value->text, value->length); break;
    case VALUE_ARRAY:
        put_head(writer, CBOR_ARRAY, value->count);
        for (VALUE_EACH(child, value))
            put_value(writer, child, depth + 1);
        break;
    case VALUE_OBJECT: put_map(writer, value, depth + 1); break;
    }
}

void credential_cbor_put_value(struct credential_cbor_writer *writer, const struct value *value)
{
    put_value(writer, value, 0);
}
