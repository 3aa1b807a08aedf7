/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/script.h: writing made comparable: case, width, accents, simplified characters; and how Han is read.
 *
 * Two texts that people take for the same word become the same characters:
 *
 *     Unicode       NFKC with case folded, accents of alphabets away: "Ōuyáng" = "ＯＵＹＡＮＧ" = "ouyang"
 *     Chinese       traditional characters as simplified ones, each by itself (OpenCC's t2s), so that a part of a text
 *                   folds to a part of the folded text: 張 = 张
 *     Tibetan       NFC as Unicode defines it (stacks stay stacks, never precomposed)
 *     digits        of every script as 0 … 9
 *
 * The tables of Han characters are made when the program is built (make_han_table.c), so nothing is loaded at start and
 * every function here may be called from any thread.
 */
#ifndef STORE_SCRIPT_H
#define STORE_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum script_class {
    SCRIPT_OTHER,   /* spaces, points, tsheg, shad, symbols: what stands between words */
    SCRIPT_LETTER,  /* of an alphabet, with its marks */
    SCRIPT_DIGIT,   /* code is '0' … '9' */
    SCRIPT_HAN,     /* Han, kana, bopomofo, hangul: words without spaces between them */
    SCRIPT_TIBETAN, /* part of a syllable */
    SCRIPT_JOINER   /* an apostrophe: part of a word ("Xi'an"), not of its form */
};

struct script_char {
    uint32_t code;         /* folded: compare these */
    uint32_t written : 24; /* Han: before it was simplified; its reading belongs to this one */
    uint32_t class : 8;    /* enum script_class */
};

/* Fold a text of size bytes.
 *
 * chars       room for max_chars
 * num_chars   how many there are, which may exceed max_chars (then only the first are written); at most
 *             SCRIPT_MAX_GROWTH × size + 1
 *
 * Returns 0, or BASE_ERR_INPUT where the text is not UTF-8 or holds a NUL. Cost: one pass, no allocation; about 10 ns a
 * character for ASCII and Han, 150 ns for others. */
#define SCRIPT_MAX_GROWTH 6
int script_fold(const char *text, size_t size, struct script_char *chars, size_t max_chars, size_t *num_chars);

/* The usual Mandarin reading of a Han character (script_char.written) in a … z without tone, ü as u; NULL = not known
 * (kana, hangul, characters that Unicode's data gives no reading for). */
const char *script_reading(uint32_t written);

/* The surname that a name of Han characters begins with, where it has two characters or its own reading
 * (surname_readings.def).
 *
 * codes    the folded characters of the name
 * length   of the surname in characters, 1 or 2
 * reading  as a surname: "zeng" for 曾, "mo qi" for 万俟
 *
 * Returns whether there is one. */
bool script_surname(const uint32_t *codes, size_t num_codes, size_t *length, const char **reading);

/* Are these letters the reading of a surname of two characters ("ouyang")? */
bool script_is_long_surname(const char *letters, size_t size);

/* UTF-8 of a code point; returns its length. */
#define SCRIPT_UTF8_BYTES 4
static inline size_t script_put(uint32_t code, char bytes[SCRIPT_UTF8_BYTES])
{
    size_t length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = length; i-- > 1; code >>= 6)
        bytes[i] = (char) (0x80 | (code & 0x3f));
    static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
    bytes[0] = (char) (lead[length] | code);
    return length;
}

/* The code point at *at of well-formed UTF-8; *at is moved behind it. */
static inline uint32_t script_next(const char *text, size_t *at)
{
    const unsigned char *bytes = (const unsigned char *) text + *at;
    size_t               length = bytes[0] < 0x80 ? 1 : bytes[0] < 0xe0 ? 2 : bytes[0] < 0xf0 ? 3 : 4;
    uint32_t             code = length == 1 ? bytes[0] : bytes[0] & (0x7fU >> length);
    for (size_t i = 1; i < length; i++)
        code = code << 6 | (bytes[i] & 0x3f);
    *at += length;
    return code;
}

#endif
