/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/credential/base45.h"

#include <math.h>

#include "base/fault.h"

static const char characters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

/* The value of each byte + 1; 0 = none of the 45. */
static const uint8_t values[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,  ['8'] = 9,
    ['9'] = 10, ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16, ['G'] = 17, ['H'] = 18,
    ['I'] = 19, ['J'] = 20, ['K'] = 21, ['L'] = 22, ['M'] = 23, ['N'] = 24, ['O'] = 25, ['P'] = 26, ['Q'] = 27,
    ['R'] = 28, ['S'] = 29, ['T'] = 30, ['U'] = 31, ['V'] = 32, ['W'] = 33, ['X'] = 34, ['Y'] = 35, ['Z'] = 36,
    [' '] = 37, ['$'] = 38, ['%'] = 39, ['*'] = 40, ['+'] = 41, ['-'] = 42, ['.'] = 43, ['/'] = 44, [':'] = 45,
};

static int refuse(struct toc_error *error, size_t where, double found, const char *allowed)
{
    if (error != NULL)
        *error = (struct toc_error){ BASE_ERR_INPUT, "base45", where, found, allowed };
    return BASE_ERR_INPUT;
}

/* The value of count characters, the first the lowest digit; -1 where one is none of the 45. */
static inline int32_t group(const char *text, size_t count)
{
    int32_t first = values[(unsigned char) text[0]], second = values[(unsigned char) text[1]];
    int32_t third = count == 3 ? values[(unsigned char) text[2]] : 1;
    if (first == 0 || second == 0 || third == 0)
        return -1;
    return first - 1 + (second - 1) * 45 + (third - 1) * 2025;
}

static int refuse_group(struct toc_error *error, size_t where, int32_t value, size_t count)
{
    if (value < 0)
        return refuse(error, where, NAN, "digits, capital letters, blank and $%*+-./:");
    return refuse(error, where, value, count == 3 ? "a group of at most 65535" : "a last group of at most 255");
}

int credential_base45_decode(const char *text, size_t size, uint8_t *bytes, size_t *num_bytes, struct toc_error *error)
{
    if (size % 3 == 1)
        return refuse(error, size - 1, NAN, "groups of three characters, the last of three or two");
    size_t num = 0, at = 0;
    for (; size - at >= 3; at += 3, num += 2) {
        int32_t value = group(text + at, 3);
        if (value < 0 || value > 65535)
            return refuse_group(error, at, value, 3);
        bytes[num] = (uint8_t) (value >> 8);
        bytes[num + 1] = (uint8_t) value;
    }
    if (at < size) {
        int32_t value = group(text + at, 2);
        if (value < 0 || value > 255)
            return refuse_group(error, at, value, 2);
        bytes[num++] = (uint8_t) value;
    }
    *num_bytes = num;
    return 0;
}

size_t credential_base45_encode(const uint8_t *bytes, size_t size, char *text)
{
    size_t num = 0;
    for (size_t at = 0; at < size; at += 2) {
        size_t   count = size - at < 2 ? 2 : 3;
        unsigned value = count == 3 ? bytes[at] * 256u + bytes[at + 1] : bytes[at];
        for (size_t i = 0; i < count; i++, value /= 45)
            text[num++] = characters[value % 45];
    }
    return num;
}
