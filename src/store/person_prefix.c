/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "base/fault.h"
#include "store/person_forms.h"
#include "store/person_name.h"
#include "tocsin/status.h"

/* ---- what was typed ---- */

static bool is_between_syllables(uint32_t code)
{
    return code == 0xf0b || (code >= 0xf0d && code <= 0xf11) || code == 0xf14;
}

/* The words typed, one after the other, each with its ü folded, so that "van vu" keeps its v. */
static void put_letters(struct person_prefix *prefix, const struct name *name)
{
    struct name_text word;
    prefix->num_letters = 0;
    for (size_t i = 0; i < name->num_parts; i++) {
        word.size = 0;
        name_put_part(&word, name, i);
        name_fold_u(&word);
        memcpy(prefix->letters + prefix->num_letters, word.bytes, word.size);
        prefix->num_letters += word.size;
    }
    explicit_bzero(word.bytes, sizeof word.bytes);
}

int person_prefix_read(const char *typed, size_t size, struct person_prefix *prefix)
{
    struct name name;
    bool        whole;
    int         ret = name_read(&name, (struct model_text){ typed, size }, &whole);
    if (ret == 0 && !whole)
        ret = TOC_ERR_TOO_LARGE;
    if (ret == 0 && name.num_parts == 0)
        ret = BASE_ERR_INPUT;
    if (ret != 0)
        goto out;
    memcpy(prefix->chars, name.chars, name.num_chars * sizeof *name.chars);
    prefix->num_chars = name.num_chars;
    prefix->num_letters = 0;
    prefix->syllable_ends = is_between_syllables(name.chars[name.num_chars - 1].code);
    if (name_count(&name, SCRIPT_HAN) + name_count(&name, SCRIPT_TIBETAN) == 0)
        put_letters(prefix, &name);
out:
    explicit_bzero(name.chars, sizeof name.chars);
    return ret;
}

/* ---- in Han or Tibetan ---- */

static bool is_said(const struct script_char *one)
{
    return one->class != SCRIPT_OTHER && one->class != SCRIPT_JOINER;
}

/* Moves *at to the next character that counts; *cut: something stood between it and the one before. */
static void skip(const struct script_char *chars, size_t num_chars, size_t *at, bool *cut)
{
    size_t first = *at;
    while (*at < num_chars && !is_said(&chars[*at]))
        ++*at;
    *cut = *at > first || *at == num_chars;
}

/* The characters one after the other; Tibetan syllables must end where those that were typed end, but for the last, if
 * it is still open. Han characters are syllables by themselves. */
static bool begins_with_chars(const struct person_prefix *prefix, const struct name *name)
{
    size_t mine = 0, theirs = 0;
    bool   my_cut = false, their_cut = false;
    skip(prefix->chars, prefix->num_chars, &mine, &my_cut);
    skip(name->chars, name->num_chars, &theirs, &their_cut);
    while (mine < prefix->num_chars) {
        if (theirs == name->num_chars || prefix->chars[mine].code != name->chars[theirs].code)
            return false;
        bool tibetan = prefix->chars[mine].class == SCRIPT_TIBETAN;
        mine++;
        theirs++;
        skip(prefix->chars, prefix->num_chars, &mine, &my_cut);
        skip(name->chars, name->num_chars, &theirs, &their_cut);
        bool open = mine == prefix->num_chars && !prefix->syllable_ends;
        if (tibetan && !open && my_cut != their_cut)
            return false;
    }
    return true;
}

/* ---- in letters ---- */

/* Which lengths of the typed letters the parts so far can have used. */
struct reach {
    unsigned char bits[SCRIPT_UTF8_BYTES * PERSON_MAX_CHARS / 8 + 1];
};

static bool reach_has(const struct reach *reach, size_t at)
{
    return (reach->bits[at / 8] >> (at % 8) & 1) != 0;
}

/* Each part gives a beginning of itself, at least one letter, until nothing typed is left. Returns whether it is used
 * up; *from becomes what can be reached behind this part, *dead: nothing. */
static bool step(const struct person_prefix *prefix, const char *part, size_t size, struct reach *from, bool *dead)
{
    struct reach to = { { 0 } };
    *dead = true;
    for (size_t at = 0; at < prefix->num_letters; at++) {
        if (!reach_has(from, at))
            continue;
        for (size_t k = 0; k < size && at + k < prefix->num_letters && prefix->letters[at + k] == part[k]; k++) {
            if (at + k + 1 == prefix->num_letters)
                return true;
            to.bits[(at + k + 1) / 8] |= (unsigned char) (1U << (at + k + 1) % 8);
            *dead = false;
        }
    }
    *from = to;
    return false;
}

/* From one part of the name on; words of an alphabet go round. */
static bool begins_with_letters(const struct person_prefix *prefix, const struct name *name,
                                const struct name_spelling *spelling, size_t start, bool round)
{
    struct reach     reach = { { 1 } };
    struct name_text word = { .size = 0 };
    bool             found = false, dead = false;
    for (size_t i = 0; i < name->num_parts && !found && !dead; i++) {
        size_t part = start + i;
        if (part >= name->num_parts && !round)
            break;
        part %= name->num_parts;
        const char *letters = spelling->reading[part];
        size_t      size = spelling->size[part];
        if (letters == NULL && (name->parts[part].class == SCRIPT_HAN || name->parts[part].class == SCRIPT_TIBETAN))
            break;
        if (letters == NULL) {
            word.size = 0;
            name_put_part(&word, name, part);
            name_fold_u(&word);
            letters = word.bytes;
            size = word.size;
        }
        found = step(prefix, letters, size, &reach, &dead);
    }
    explicit_bzero(word.bytes, word.size);
    return found;
}

static bool name_begins(const struct person_prefix *prefix, const struct name *name)
{
    if (name->num_parts == 0)
        return false;
    if (prefix->num_letters == 0)
        return begins_with_chars(prefix, name);
    struct name_spelling spelling;
    bool                 han = name_count(name, SCRIPT_HAN) > 0;
    name_spell(name, false, &spelling);
    size_t starts = han ? 1 : name->num_parts < PERSON_MAX_QUERY_WORDS ? name->num_parts : PERSON_MAX_QUERY_WORDS;
    for (size_t start = 0; start < starts; start++)
        if (begins_with_letters(prefix, name, &spelling, start, !han))
            return true;
    return han && name_spell(name, true, &spelling) && begins_with_letters(prefix, name, &spelling, 0, false);
}

/* ---- most names are refused by what they begin with ---- */

static bool is_han_of_three_bytes(const char *bytes)
{
    return (unsigned char) bytes[0] >= 0xe4 && (unsigned char) bytes[0] <= 0xe9;
}

/* The first character of a name of Han characters is not the one typed, and read in no way that begins with the first
 * letter typed. Says nothing of other names. */
static bool begins_with_other_han(const struct person_prefix *prefix, struct model_text text, size_t first)
{
    enum { BYTES = 3, NUM = 2 };
    struct script_char chars[NUM];
    size_t             num, length;
    const char        *reading, *own;
    bool               other = false;
    if (text.size < NUM * BYTES || !is_han_of_three_bytes(text.bytes) || !is_han_of_three_bytes(text.bytes + BYTES) ||
        script_fold(text.bytes, NUM * BYTES, chars, NUM, &num) != 0)
        return false;
    bool     two = num == NUM && chars[0].class == SCRIPT_HAN && chars[1].class == SCRIPT_HAN;
    uint32_t codes[NUM] = { chars[0].code, chars[1].code };
    if (two && prefix->num_letters == 0)
        other = chars[0].code != prefix->chars[first].code;
    else if (two && (reading = script_reading(chars[0].written)) != NULL)
        other = reading[0] != prefix->letters[0] && !script_surname(codes, NUM, &length, &own);
    explicit_bzero(chars, sizeof chars);
    explicit_bzero(codes, sizeof codes);
    return other;
}

static bool is_ascii_letter(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

/* No word of a text in ASCII begins with the first letter typed. Says nothing of other texts. */
static bool begins_with_other_letters(char first, struct model_text text)
{
    bool other = true, inside = false;
    for (size_t i = 0; i < text.size; i++) {
        char byte = text.bytes[i];
        if ((unsigned char) byte >= 0x80)
            return false;
        bool letter = is_ascii_letter(byte), word = letter || (byte >= '0' && byte <= '9');
        if (word && !inside && (letter ? (byte | 0x20) == first : byte == first))
            other = false;
        inside = word;
    }
    return other;
}

/* All of it is Tibetan, which has no reading and is no Han character. */
static bool is_tibetan(struct model_text text)
{
    enum { BYTES = 3 };
    const unsigned char *bytes = (const unsigned char *) text.bytes;
    size_t               at = 0;
    for (; at + BYTES <= text.size && bytes[at] == 0xe0 && bytes[at + 1] >= 0xbc && bytes[at + 1] <= 0xbf; at += BYTES)
        if (bytes[at + 1] == 0xbc && bytes[at + 2] >= 0xa0 && bytes[at + 2] <= 0xb3) /* a digit is compared as one */
            return false;
    return at == text.size;
}

static bool begins_otherwise(const struct person_prefix *prefix, struct model_text text)
{
    size_t first = 0;
    bool   cut;
    if (text.size == 0)
        return true;
    skip(prefix->chars, prefix->num_chars, &first, &cut);
    if (first == prefix->num_chars)
        return false;
    enum script_class class = prefix->chars[first].class;
    if (class != SCRIPT_TIBETAN && is_tibetan(text))
        return true;
    if (!is_ascii_letter(text.bytes[0]))
        return begins_with_other_han(prefix, text, first);
    if (prefix->num_letters == 0)
        return class == SCRIPT_HAN || class == SCRIPT_TIBETAN;
    return begins_with_other_letters(prefix->letters[0], text);
}

static bool text_begins(const struct person_prefix *prefix, struct model_text text)
{
    struct name name;
    bool        found = name_read(&name, text, NULL) == 0 && name_begins(prefix, &name);
    explicit_bzero(name.chars, name.num_chars * sizeof *name.chars);
    return found;
}

bool person_prefix_matches(const struct person_prefix *prefix, const struct model_identity *identity)
{
    return (!begins_otherwise(prefix, identity->name) && text_begins(prefix, identity->name)) ||
           (!begins_otherwise(prefix, identity->name_latin) && text_begins(prefix, identity->name_latin));
}
