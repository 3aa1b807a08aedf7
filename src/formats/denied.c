/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/denied.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

static const char *const questions[] = {
#define QUESTION(code, what) code,
#define WORD(word)
#include "formats/denied.def"
#undef QUESTION
#undef WORD
};

static const char *const words[] = {
#define QUESTION(code, what)
#define WORD(word) word,
#include "formats/denied.def"
#undef QUESTION
#undef WORD
};

/* Words of letters outside ASCII stand anywhere; others as whole words. `at` begins a word. */
static bool begins_denied_word(const char *at, size_t size)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if ((at[0] | 0x20) != words[i][0] || size < 4 || (at[1] | 0x20) != words[i][1])
            continue;
        size_t length = strlen(words[i]);
        if (length <= size && strncasecmp(at, words[i], length) == 0 &&
            (length == size || !isalnum((unsigned char) at[length])))
            return true;
    }
    return false;
}

static bool has_wide_word(const char *text, size_t size)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if ((unsigned char) words[i][0] >= 0x80 && memmem(text, size, words[i], strlen(words[i])) != NULL)
            return true;
    return false;
}

bool denied_has_word(const char *text, size_t size)
{
    /* What a byte is: 1 a letter or digit, 2 also the first letter of a denied word. */
    static const uint8_t kinds[128] = {
        ['0'] = 1, ['1'] = 1, ['2'] = 1, ['3'] = 1, ['4'] = 1, ['5'] = 1, ['6'] = 1, ['7'] = 1, ['8'] = 1,
        ['9'] = 1, ['a'] = 1, ['b'] = 1, ['c'] = 3, ['d'] = 1, ['e'] = 3, ['f'] = 1, ['g'] = 3, ['h'] = 3,
        ['i'] = 1, ['j'] = 1, ['k'] = 1, ['l'] = 1, ['m'] = 1, ['n'] = 1, ['o'] = 1, ['p'] = 3, ['q'] = 1,
        ['r'] = 3, ['s'] = 3, ['t'] = 3, ['u'] = 1, ['v'] = 1, ['w'] = 1, ['x'] = 1, ['y'] = 1, ['z'] = 1,
        ['A'] = 1, ['B'] = 1, ['C'] = 3, ['D'] = 1, ['E'] = 3, ['F'] = 1, ['G'] = 3, ['H'] = 3, ['I'] = 1,
        ['J'] = 1, ['K'] = 1, ['L'] = 1, ['M'] = 1, ['N'] = 1, ['O'] = 1, ['P'] = 3, ['Q'] = 1, ['R'] = 3,
        ['S'] = 3, ['T'] = 3, ['U'] = 1, ['V'] = 1, ['W'] = 1, ['X'] = 1, ['Y'] = 1, ['Z'] = 1,
    };
    uint8_t before = 0; /* a letter or digit stands before */
    bool    wide = false;
    for (size_t at = 0; at < size; at++) {
        unsigned char c = (unsigned char) text[at];
        uint8_t       kind = c < 128 ? kinds[c] : 0;
        if (kind == 3 && before == 0 && begins_denied_word(text + at, size - at))
            return true;
        before = kind;
        wide |= c >= 0x80;
    }
    return wide && has_wide_word(text, size);
}

bool denied_is_question(const char *code, size_t size)
{
    if (size != 7) /* 12345-6 */
        return false;
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++)
        if (memcmp(code, questions[i], size) == 0)
            return true;
    return false;
}
