/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/person_name.h"

#include <string.h>

/* ---- taking apart ---- */

static bool is_word(enum script_class class)
{
    return class == SCRIPT_LETTER || class == SCRIPT_DIGIT;
}

/* Where the part that begins at `first` ends. */
static size_t part_end(const struct name *name, size_t first)
{
    enum script_class class = name->chars[first].class;
    size_t end = first + 1;
    if (class == SCRIPT_HAN)
        return end;
    while (end < name->num_chars) {
        enum script_class other = name->chars[end].class;
        if (class == SCRIPT_TIBETAN ? other != SCRIPT_TIBETAN : !is_word(other) && other != SCRIPT_JOINER)
            break;
        end++;
    }
    return end;
}

int name_read(struct name *name, struct model_text text, bool *whole)
{
    size_t num_chars = 0;
    name->num_chars = name->num_parts = 0;
    if (text.bytes != NULL) {
        int ret = script_fold(text.bytes, text.size, name->chars, PERSON_MAX_CHARS, &num_chars);
        if (ret != 0)
            return ret;
    }
    if (whole != NULL)
        *whole = num_chars <= PERSON_MAX_CHARS;
    name->num_chars = num_chars < PERSON_MAX_CHARS ? num_chars : PERSON_MAX_CHARS;
    for (size_t first = 0, end; first < name->num_chars; first = end) {
        enum script_class class = name->chars[first].class;
        end = first + 1;
        if (class == SCRIPT_OTHER || class == SCRIPT_JOINER)
            continue;
        end = part_end(name, first);
        for (size_t i = first; i < end; i++)
            if (name->chars[i].class == SCRIPT_LETTER)
                class = SCRIPT_LETTER; /* "3a" is a word, "33" a number */
        name->parts[name->num_parts++] = (struct name_part){ (uint16_t) first, (uint16_t) end, (uint16_t) class };
    }
    return 0;
}

size_t name_count(const struct name *name, enum script_class class)
{
    size_t count = 0;
    for (size_t i = 0; i < name->num_parts; i++)
        count += name->parts[i].class == class;
    return count;
}

void name_drop(struct name *name, size_t first, size_t end)
{
    memmove(&name->parts[first], &name->parts[end], (name->num_parts - end) * sizeof *name->parts);
    name->num_parts -= end - first;
}

/* ---- whole or not ---- */

static uint32_t code_of(const struct name *name, size_t part)
{
    return name->chars[name->parts[part].first].code;
}

static size_t letters_of(const struct name *name, size_t part)
{
    size_t letters = 0;
    for (size_t i = name->parts[part].first; i < name->parts[part].end; i++)
        letters += name->chars[i].class == SCRIPT_LETTER;
    return letters;
}

#define MOU 0x67d0 /* 某: "a certain", in place of a given name */
#define SHI 0x6c0f /* 氏 behind a surname: "of the house of" */

/* Titles that stand behind a surname instead of a given name. */
static bool is_title(const struct name *name, size_t part)
{
    static const uint32_t titles[][2] = {
        { 0x5148, 0x751f }, /* 先生 */ { 0x5973, 0x58eb }, /* 女士 */ { 0x5c0f, 0x59d0 }, /* 小姐 */
        { 0x540c, 0x5fd7 }, /* 同志 */ { 0x8001, 0x5e08 }, /* 老师 */ { 0x533b, 0x751f }, /* 医生 */
        { 0x5e08, 0x5085 }, /* 师傅 */ { 0x592a, 0x592a },                                /* 太太 */
    };
    if (part + 2 != name->num_parts || name->parts[part + 1].class != SCRIPT_HAN)
        return false;
    for (size_t i = 0; i < sizeof titles / sizeof *titles; i++)
        if (code_of(name, part) == titles[i][0] && code_of(name, part + 1) == titles[i][1])
            return true;
    return false;
}

/* A name of Han characters, perhaps with words: what is left without placeholders is more than one character, and more
 * than a surname of two. */
static bool is_whole_han(const struct name *name)
{
    uint32_t codes[PERSON_MAX_CHARS];
    size_t   num = 0, length = 0;
    bool     all_han = true;
    for (size_t i = 0; i < name->num_parts; i++) {
        enum script_class class = name->parts[i].class;
        bool last = i + 1 == name->num_parts;
        if (class == SCRIPT_HAN ? code_of(name, i) == MOU || (last && code_of(name, i) == SHI)
                                : class == SCRIPT_DIGIT || (class == SCRIPT_LETTER && letters_of(name, i) < 2))
            continue;
        if (class == SCRIPT_HAN && is_title(name, i))
            break;
        all_han = all_han && class == SCRIPT_HAN;
        codes[num++] = code_of(name, i);
    }
    const char *reading;
    return num > 2 || (num == 2 && !(all_han && script_surname(codes, num, &length, &reading) && length == 2));
}

/* A name of an alphabet: two words of two letters, which do not spell a surname ("Ou Yang"). */
static bool is_whole_spelled(const struct name *name)
{
    struct name_text text = { .size = 0 };
    size_t           words = 0;
    for (size_t i = 0; i < name->num_parts; i++) {
        words += name->parts[i].class == SCRIPT_LETTER && letters_of(name, i) >= 2;
        name_put_part(&text, name, i);
    }
    bool is_surname = script_is_long_surname(text.bytes, text.size);
    explicit_bzero(text.bytes, text.size);
    return words >= 2 && !is_surname;
}

bool name_is_whole(const struct name *name)
{
    if (name_count(name, SCRIPT_HAN) > 0)
        return is_whole_han(name);
    size_t syllables = name_count(name, SCRIPT_TIBETAN);
    return syllables > 0 ? syllables >= 2 : is_whole_spelled(name);
}

/* ---- spelling ---- */

void name_put_part(struct name_text *text, const struct name *name, size_t part)
{
    for (size_t i = name->parts[part].first; i < name->parts[part].end; i++) {
        char   bytes[SCRIPT_UTF8_BYTES];
        size_t size = script_put(name->chars[i].code, bytes);
        if (name->chars[i].class == SCRIPT_JOINER || size > sizeof text->bytes - text->size)
            continue;
        memcpy(text->bytes + text->size, bytes, size);
        text->size += size;
    }
}

void name_fold_u(struct name_text *text)
{
    size_t kept = 0;
    for (size_t i = 0; i < text->size; i++) {
        char letter = text->bytes[i];
        bool behind = kept > 0 && (text->bytes[kept - 1] == 'l' || text->bytes[kept - 1] == 'n');
        if (behind && letter == 'y' && i + 1 < text->size && text->bytes[i + 1] == 'u')
            continue;
        text->bytes[kept++] = behind && letter == 'v' ? 'u' : letter;
    }
    text->size = kept;
}

bool name_spell(const struct name *name, bool own, struct name_spelling *spelling)
{
    size_t num_han = 0, length = 0;
    for (size_t i = 0; i < name->num_parts; i++) {
        const struct script_char *first = &name->chars[name->parts[i].first];
        bool                      han = name->parts[i].class == SCRIPT_HAN;
        spelling->reading[i] = han ? script_reading(first->written) : NULL;
        spelling->size[i] = spelling->reading[i] != NULL ? strlen(spelling->reading[i]) : 0;
        num_han += han && num_han == i;
    }
    if (!own)
        return true;
    uint32_t    codes[2] = { 0, 0 };
    const char *reading;
    for (size_t i = 0; i < num_han && i < 2; i++)
        codes[i] = code_of(name, i);
    if (!script_surname(codes, num_han < 2 ? num_han : 2, &length, &reading))
        return false;
    bool differs = false;
    for (size_t i = 0; i < length; i++) {
        size_t size = strcspn(reading, " ");
        differs = differs || spelling->reading[i] == NULL || size != spelling->size[i] ||
                  memcmp(reading, spelling->reading[i], size) != 0;
        spelling->reading[i] = reading;
        spelling->size[i] = size;
        reading += size + (reading[size] == ' ');
    }
    return differs;
}
