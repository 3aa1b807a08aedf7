/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/deny.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "base/unicode.h"

/* ---- the table ---- */

#define WORD(text)
#define HARMLESS(text)
#define DENIED(denied_code, en, zh) { .code = #denied_code, .reason_en = (en), .reason_zh = (zh) },
static const struct denied_thing things[] = {
#include "base/deny.def"
};
#undef DENIED
#undef HARMLESS
#undef WORD

enum what { THING, DENIED_WORD, HARMLESS_TEXT }; /* THING: the next of things[] begins */

static const struct line {
    enum what   what;
    const char *text;
} lines[] = {
#define DENIED(denied_code, en, zh) { THING, NULL },
#define WORD(word) { DENIED_WORD, (word) },
#define HARMLESS(word) { HARMLESS_TEXT, (word) },
#include "base/deny.def"
#undef DENIED
#undef HARMLESS
#undef WORD
};

#define NUM_LINES (sizeof lines / sizeof *lines)

/* ---- a name in the form in which it is matched ----
 *
 * " political party 民族 ": words of Latin letters with one blank before and behind; every other ASCII character is a
 * blank; characters of East Asian scripts close up ("民　族" in forms is set with a blank), as Tibetan and others stay.
 */
struct plain {
    char   text[4 * DENY_MAX_BYTES]; /* NFKC can lengthen, blanks are put in; what does not fit is cut */
    size_t size;
};

enum script { BLANK, LATIN, EAST_ASIAN, OTHER };

static uint32_t next_character(const char *text, size_t size, size_t *at)
{
    unsigned char first = (unsigned char) text[(*at)++];
    if (first < 0x80)
        return first;
    uint32_t character = first >= 0xf0 ? first & 7 : first >= 0xe0 ? first & 15 : first & 31;
    while (*at < size && ((unsigned char) text[*at] & 0xc0) == 0x80)
        character = character << 6 | ((unsigned char) text[(*at)++] & 63);
    return character;
}

static enum script script_of(uint32_t character)
{
    if (character < 0x80)
        return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ? LATIN : BLANK;
    if (character < 0x250)
        return LATIN; /* é: part of a word */
    if (character == 0x3000 || (character >= 0x2000 && character <= 0x206f) || character == 0x3001 ||
        character == 0x3002)
        return BLANK;
    return character >= 0x2e80 ? EAST_ASIAN : OTHER;
}

/* Does a capital begin a word here: aB, and ABc before the B? */
static bool begins_word(const char *text, size_t size, size_t at)
{
    bool capital = text[at] >= 'A' && text[at] <= 'Z';
    if (!capital || at == 0)
        return false;
    bool small_before = text[at - 1] >= 'a' && text[at - 1] <= 'z';
    bool capital_before = text[at - 1] >= 'A' && text[at - 1] <= 'Z';
    bool small_behind = at + 1 < size && text[at + 1] >= 'a' && text[at + 1] <= 'z';
    return small_before || (capital_before && small_behind);
}

static void put(struct plain *plain, const char *bytes, size_t size)
{
    if (plain->size + size + 2 > sizeof plain->text) /* room for the last blank and the end */
        return;
    memcpy(plain->text + plain->size, bytes, size);
    plain->size += size;
    plain->text[plain->size] = '\0';
}

static void put_blank(struct plain *plain)
{
    if (plain->size == 0 || plain->text[plain->size - 1] != ' ')
        put(plain, " ", 1);
}

/* Blanks where capitals begin words; before the case is folded. */
static size_t split_capitals(const char *name, size_t size, char split[2 * DENY_MAX_BYTES])
{
    size_t used = 0;
    for (size_t i = 0; i < size; i++) {
        if (begins_word(name, size, i))
            split[used++] = ' ';
        split[used++] = name[i];
    }
    return used;
}

static void make_plain(const char *text, size_t size, struct plain *plain)
{
    enum script before = BLANK;
    bool        blank = true; /* since the last letter */
    plain->size = 0;
    for (size_t i = 0; i < size;) {
        size_t      start = i;
        enum script script = script_of(next_character(text, size, &i));
        if (script == BLANK) {
            blank = true;
            continue;
        }
        bool closes_up = before == script && (script == EAST_ASIAN || !blank);
        if (!closes_up)
            put_blank(plain);
        put(plain, text + start, i - start);
        before = script;
        blank = false;
    }
    put_blank(plain);
}

/* ---- matching ---- */

static bool is_latin(const char *word)
{
    return script_of((unsigned char) word[0]) == LATIN && (unsigned char) word[0] < 0x80;
}

/* Is the letter before `at` Tibetan, so that `at` is within a syllable? U+0F40 … U+0FBC are E0 BD 80 … E0 BE BC. */
static bool within_syllable(const char *text, const char *at)
{
    return at - text >= 3 && (unsigned char) at[-3] == 0xe0 &&
           ((unsigned char) at[-2] == 0xbd || (unsigned char) at[-2] == 0xbe) && (unsigned char) at[0] == 0xe0;
}

/* The length of the word at `at`, with the ending of a plural; 0 = another word. */
static size_t length_of_word(const char *at, const char *word, size_t length)
{
    static const char *const endings[] = { "", "s", "es" };
    for (size_t i = 0; i < 3; i++) {
        size_t ending = strlen(endings[i]);
        if (strncmp(at, word, length) == 0 && strncmp(at + length, endings[i], ending) == 0 &&
            at[length + ending] == ' ')
            return length + ending;
    }
    bool y = length > 1 && word[length - 1] == 'y';
    return y && strncmp(at, word, length - 1) == 0 && strncmp(at + length - 1, "ies ", 4) == 0 ? length + 2 : 0;
}

/* Where the word stands in the text, or NULL; *length is how long it is there. */
static char *find_latin(char *text, const char *word, size_t *length)
{
    for (char *blank = strchr(text, ' '); blank != NULL; blank = strchr(blank + 1, ' ')) {
        *length = length_of_word(blank + 1, word, strlen(word));
        if (*length > 0)
            return blank + 1;
    }
    return NULL;
}

static char *find_other(char *text, const char *word, size_t *length)
{
    *length = strlen(word);
    char *found = strstr(text, word);
    while (found != NULL && within_syllable(text, found))
        found = strstr(found + 1, word);
    return found;
}

/* "political party" is also looked for as "politicalparty". */
static char *find_run_together(char *text, const char *word, size_t *length)
{
    char   together[64];
    size_t used = 0;
    if (strchr(word, ' ') == NULL)
        return NULL;
    for (; *word != '\0' && used < sizeof together - 1; word++)
        if (*word != ' ')
            together[used++] = *word;
    together[used] = '\0';
    return find_latin(text, together, length);
}

static char *find(char *text, const char *word, size_t *length)
{
    if (!is_latin(word))
        return find_other(text, word, length);
    char *found = find_latin(text, word, length);
    return found != NULL ? found : find_run_together(text, word, length);
}

static void take_out_harmless(char *text)
{
    for (size_t i = 0; i < NUM_LINES; i++) {
        size_t length = 0;
        char  *found;
        while (lines[i].what == HARMLESS_TEXT && (found = find(text, lines[i].text, &length)) != NULL)
            memset(found, '.', length);
    }
}

static const struct denied_thing *match_plain(struct plain *plain)
{
    size_t thing = 0;
    take_out_harmless(plain->text);
    for (size_t i = 0; i < NUM_LINES; i++) {
        size_t length;
        thing += lines[i].what == THING;
        if (lines[i].what == DENIED_WORD && find(plain->text, lines[i].text, &length) != NULL)
            return &things[thing - 1];
    }
    return NULL;
}

static const struct denied_thing *match_text(const char *text, size_t size, struct arena *arena)
{
    struct plain plain;
    const char  *folded = NULL;
    size_t       folded_size = 0;
    if (unicode_normalize(text, size, UNICODE_NFKC, arena, &folded, &folded_size) != 0)
        return &things[0]; /* without memory nothing is let through */
    make_plain(folded, folded_size, &plain);
    return match_plain(&plain);
}

const struct denied_thing *deny_match(const char *name, size_t size)
{
    char         split[2 * DENY_MAX_BYTES];
    struct arena arena = ARENA_INIT;
    if (size > DENY_MAX_BYTES)
        size = DENY_MAX_BYTES;
    size = text_check_utf8(name, size);
    const struct denied_thing *found = match_text(name, size, &arena);
    size_t                     split_size = split_capitals(name, size, split);
    if (found == NULL && split_size > size) /* "PartyMember" is also two words */
        found = match_text(split, split_size, &arena);
    arena_free(&arena);
    return found;
}
