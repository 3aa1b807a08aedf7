/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/credential/deflate.h"

#include <libdeflate.h>
#include <stdbool.h>
#include <string.h>

#define LAST_BLOCK 1
#define STORED 0
#define FIXED_CODES 1
#define END_OF_BLOCK 256
#define SHORTEST 3 /* bytes that are taken from before */
#define LONGEST 257
#define PLACES 1024 /* of beginnings */

struct bits {
    uint8_t *bytes, *end;
    uint64_t rest;     /* the lowest is next */
    unsigned num_rest; /* fewer than 32 between calls */
    bool     full;
};

static void put_bytes(struct bits *bits, unsigned num)
{
    if ((size_t) (bits->end - bits->bytes) < num) {
        bits->full = true;
        return;
    }
    for (unsigned i = 0; i < num; i++)
        bits->bytes[i] = (uint8_t) (bits->rest >> 8 * i);
    bits->bytes += num;
}

/* At most 16 of them. */
static void put(struct bits *bits, unsigned value, unsigned num)
{
    bits->rest |= (uint64_t) value << bits->num_rest;
    bits->num_rest += num;
    if (bits->num_rest < 32)
        return;
    put_bytes(bits, 4);
    bits->rest >>= 32;
    bits->num_rest -= 32;
}

/* A byte that was begun is filled with zeros. */
static void put_rest(struct bits *bits)
{
    put_bytes(bits, (bits->num_rest + 7) / 8);
    bits->rest = bits->num_rest = 0;
}

/* A code: its highest bit is first. */
static void put_code(struct bits *bits, unsigned code, unsigned num)
{
    code = (code & 0x5555) << 1 | (code >> 1 & 0x5555);
    code = (code & 0x3333) << 2 | (code >> 2 & 0x3333);
    code = (code & 0x0f0f) << 4 | (code >> 4 & 0x0f0f);
    code = (code & 0x00ff) << 8 | code >> 8;
    put(bits, code >> (16 - num), num);
}

/* A byte, the end, or a length. */
static void put_symbol(struct bits *bits, unsigned symbol)
{
    if (symbol < 144)
        put_code(bits, 0x30 + symbol, 8);
    else if (symbol < 256)
        put_code(bits, 0x190 + symbol - 144, 9);
    else if (symbol < 280)
        put_code(bits, symbol - 256, 7);
    else
        put_code(bits, 0xc0 + symbol - 280, 8);
}

static unsigned length_of(unsigned number)
{
    unsigned length = 0;
    for (; number != 0; number >>= 1)
        length++;
    return length;
}

/* `length` bytes from `distance` before. Both are told as a power of two, its next bits and, as they are, the others.
 */
static void put_match(struct bits *bits, size_t length, size_t distance)
{
    unsigned more = (unsigned) (length - SHORTEST), back = (unsigned) (distance - 1);
    unsigned others = more < 8 ? 0 : length_of(more) - 3;
    put_symbol(bits, END_OF_BLOCK + 1 + 4 * others + (more >> others));
    put(bits, more & ((1U << others) - 1), others);
    others = back < 4 ? 0 : length_of(back) - 2;
    put_code(bits, 2 * others + (back >> others), 5);
    put(bits, back & ((1U << others) - 1), others);
}

static unsigned place_of(const uint8_t *at)
{
    return ((unsigned) at[0] << 16 | (unsigned) at[1] << 8 | at[2]) * 2654435761U >> 22;
}

/* How many bytes at `at` are those from `before`. */
static size_t alike(const uint8_t *before, const uint8_t *at, size_t most)
{
    size_t num = 0;
    while (num < most && before[num] == at[num])
        num++;
    return num;
}

static void put_fixed(struct bits *bits, const uint8_t *bytes, size_t size)
{
    uint16_t last[PLACES] = { 0 }; /* where it began the last time, + 1 */
    put(bits, LAST_BLOCK | FIXED_CODES << 1, 3);
    for (size_t at = 0, next; at < size && !bits->full; at = next) {
        size_t length = 0, distance = 0, most = size - at < LONGEST ? size - at : LONGEST;
        next = at + 1;
        if (most >= SHORTEST) {
            unsigned place = place_of(bytes + at);
            if (last[place] > 0) {
                distance = at + 1 - last[place];
                length = alike(bytes + at - distance, bytes + at, most);
            }
            last[place] = (uint16_t) (at + 1);
        }
        if (length < SHORTEST) {
            put_symbol(bits, bytes[at]);
            continue;
        }
        put_match(bits, length, distance);
        for (; next < at + length; next++) {
            if (size - next >= SHORTEST)
                last[place_of(bytes + next)] = (uint16_t) (next + 1);
        }
    }
    put_symbol(bits, END_OF_BLOCK);
    put_rest(bits);
}

static void put_stored(struct bits *bits, const uint8_t *bytes, size_t size)
{
    put(bits, LAST_BLOCK | STORED << 1, 8);
    put(bits, (unsigned) size, 16);
    put(bits, (unsigned) size ^ 0xffff, 16);
    put_rest(bits);
    if (size > 0)
        memcpy(bits->bytes, bytes, size);
    bits->bytes += size;
}

size_t credential_compress(const uint8_t *bytes, size_t size, uint8_t *packed)
{
    static const uint8_t head[] = { 0x78, 0x9c };
    uint8_t             *body = packed + sizeof head;
    uint32_t             sum = libdeflate_adler32(1, bytes, size);
    struct bits          bits = { .bytes = body, .end = body + size + 5 };
    memcpy(packed, head, sizeof head);
    put_fixed(&bits, bytes, size);
    if (bits.full) { /* stored it is shorter */
        bits = (struct bits){ .bytes = body, .end = body + size + 5 };
        put_stored(&bits, bytes, size);
    }
    for (int i = 24; i >= 0; i -= 8)
        *bits.bytes++ = (uint8_t) (sum >> i);
    return (size_t) (bits.bytes - packed);
}
