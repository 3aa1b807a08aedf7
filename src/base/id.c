/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/id.h"

#include <endian.h>
#include <string.h>

#include "base/fault.h"

struct id id_make(int64_t milliseconds, const uint8_t random[ID_RANDOM_BYTES])
{
    struct id id;
    for (int i = 0; i < 6; i++)
        id.bytes[i] = (uint8_t) ((uint64_t) milliseconds >> (40 - 8 * i));
    memcpy(id.bytes + 6, random, ID_RANDOM_BYTES);
    id.bytes[6] = (uint8_t) (0x70 | (id.bytes[6] & 0x0f)); /* version 7 */
    id.bytes[8] = (uint8_t) (0x80 | (id.bytes[8] & 0x3f)); /* the variant of RFC 9562 */
    return id;
}

/* Sets of a million ids are sorted and compared: two words are quicker than sixteen bytes. */
static uint64_t word_of(const struct id *id, size_t number)
{
    uint64_t word;
    memcpy(&word, id->bytes + number * sizeof word, sizeof word);
    return word;
}

bool id_is_missing(const struct id *id)
{
    return (word_of(id, 0) | word_of(id, 1)) == 0;
}

bool id_equal(const struct id *a, const struct id *b)
{
    return word_of(a, 0) == word_of(b, 0) && word_of(a, 1) == word_of(b, 1);
}

int id_compare(const struct id *a, const struct id *b)
{
    for (size_t i = 0; i < 2; i++) {
        uint64_t one = be64toh(word_of(a, i)), other = be64toh(word_of(b, i));
        if (one != other)
            return one < other ? -1 : 1;
    }
    return 0;
}

/* A hyphen stands before bytes 4, 6, 8 and 10. */
static bool hyphen_before(int byte)
{
    return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

size_t id_to_text(const struct id *id, char text[ID_TEXT_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    char             *end = text;
    for (int i = 0; i < ID_BYTES; i++) {
        if (hyphen_before(i))
            *end++ = '-';
        *end++ = digits[id->bytes[i] >> 4];
        *end++ = digits[id->bytes[i] & 15];
    }
    *end = '\0';
    return (size_t) (end - text);
}

static int digit(char character)
{
    if (character >= '0' && character <= '9')
        return character - '0';
    if (character >= 'a' && character <= 'f')
        return character - 'a' + 10;
    if (character >= 'A' && character <= 'F')
        return character - 'A' + 10;
    return -1;
}

int id_from_text(const char *text, size_t size, struct id *id)
{
    struct id read;
    if (size != ID_TEXT_BYTES - 1)
        return BASE_ERR_INPUT;
    for (int i = 0; i < ID_BYTES; i++) {
        if (hyphen_before(i) && *text++ != '-')
            return BASE_ERR_INPUT;
        int high = digit(text[0]), low = digit(text[1]);
        if (high < 0 || low < 0)
            return BASE_ERR_INPUT;
        read.bytes[i] = (uint8_t) (16 * high + low);
        text += 2;
    }
    *id = read;
    return 0;
}
