/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/link_forms.h"

#include <string.h>

#include "base/fault.h"
#include "base/text.h"
#include "store/person_name.h"

/* ---- writing ---- */

static void put(char *bytes, size_t *num, const char *more, size_t size)
{
    if (*num + size >= LINK_TEXT_BYTES)
        return;
    memcpy(bytes + *num, more, size);
    *num += size;
}

static void put_folded(char *bytes, size_t *num, const struct name *name, size_t part)
{
    for (size_t i = name->parts[part].first; i < name->parts[part].end; i++) {
        char utf8[SCRIPT_UTF8_BYTES];
        if (name->chars[i].class != SCRIPT_JOINER)
            put(bytes, num, utf8, script_put(name->chars[i].code, utf8));
    }
}

/* ü as u, however it is typed behind l and n. */
static void fold_u(struct link_text *form)
{
    struct name_text text = { .size = form->num_letters };
    memcpy(text.bytes, form->letters, text.size);
    name_fold_u(&text);
    memcpy(form->letters, text.bytes, text.size);
    form->num_letters = text.size;
}

/* Parts first … end - 1: as written, and in letters. */
static void put_parts(struct link_text *form, const struct name *name, size_t first, size_t end)
{
    bool han = false;
    for (size_t i = first; i < end; i++) {
        const char *reading = NULL;
        put_folded(form->written, &form->num_written, name, i);
        if (name->parts[i].class == SCRIPT_HAN)
            reading = script_reading(name->chars[name->parts[i].first].written);
        if (reading != NULL)
            put(form->letters, &form->num_letters, reading, strlen(reading));
        else
            put_folded(form->letters, &form->num_letters, name, i);
        han = han || reading != NULL;
    }
    if (han)
        fold_u(form);
}

/* ---- words that say that nothing is known ---- */

static const char *const unknown_words[] = {
    "unknown",   "unk",  "na",       "nan",         "null",      "none",        "nil",     "missing",
    "anonymous", "anon", "notknown", "notprovided", "notstated", "unspecified", "refused", "withheld",
    "redacted",  "test", "babyboy",  "babygirl",    "newborn",   "johndoe",     "janedoe", "不详",
    "未知",      "无",   "不明",     "无名氏",      "未提供",    "空",          "拒绝",
};

static bool is_unknown(const struct link_text *form)
{
    for (size_t i = 0; i < sizeof unknown_words / sizeof *unknown_words; i++)
        if (strlen(unknown_words[i]) == form->num_written &&
            memcmp(unknown_words[i], form->written, form->num_written) == 0)
            return true;
    return false;
}

static void drop_unknown(struct link_text *form)
{
    if (is_unknown(form))
        *form = (struct link_text){ .num_written = 0 };
}

/* ---- elements of Tibetan names ---- */

struct element {
    const char *key, *words[3];
};
static const struct element elements[] = {
#define ELEMENT(key, tibetan, chinese, letters) { (key), { (tibetan), (chinese), (letters) } },
#include "store/name_elements.def"
#undef ELEMENT
};

/* Is the text one of the words? A tsheg within a word is no part of it. */
static bool among(const char *words, const char *text, size_t size)
{
    static const char tsheg[] = "་";
    size_t            matched = 0;
    bool              same = true;
    for (const char *at = words;; at++) {
        if (*at == ' ' || *at == '\0') {
            if (same && matched == size)
                return true;
            if (*at == '\0')
                return false;
            matched = 0;
            same = true;
        } else if (strncmp(at, tsheg, sizeof tsheg - 1) == 0) {
            at += sizeof tsheg - 2;
        } else {
            same = same && matched < size && text[matched] == *at;
            matched++;
        }
    }
}

static const char *find_element(const char *text, size_t size)
{
    for (size_t i = 0; i < sizeof elements / sizeof *elements; i++)
        for (size_t script = 0; script < 3; script++)
            if (among(elements[i].words[script], text, size))
                return elements[i].key;
    return NULL;
}

#define MAX_ELEMENT_PARTS 3

/* The longest element that begins at a part; *length in parts. */
static const char *element_at(const struct name *name, size_t part, size_t *length)
{
    for (*length = MAX_ELEMENT_PARTS; *length > 0; (*length)--) {
        char   text[LINK_TEXT_BYTES];
        size_t size = 0;
        if (part + *length > name->num_parts)
            continue;
        for (size_t i = part; i < part + *length; i++)
            put_folded(text, &size, name, i);
        const char *key = find_element(text, size);
        if (key != NULL && !(name->parts[part].class == SCRIPT_HAN && *length == 1))
            return key;
    }
    return NULL;
}

static void put_element(struct link_text *form, const struct name *name, size_t part, size_t length, const char *key)
{
    for (size_t i = part; i < part + length; i++)
        put_folded(form->written, &form->num_written, name, i);
    put(form->letters, &form->num_letters, key, strlen(key));
}

/* Tibetan if all of the name is made of elements, or it is written in Tibetan: there, what is no known element is taken
 * by two syllables. */
static bool put_tibetan(const struct name *name, struct link_text *given, struct link_text *family)
{
    size_t length;
    for (size_t part = 0; part < name->num_parts; part += length)
        if (element_at(name, part, &length) == NULL) {
            if (name->parts[part].class != SCRIPT_TIBETAN)
                return false;
            length = 1;
        }
    for (size_t part = 0; part < name->num_parts; part += length) {
        struct link_text *form = part == 0 ? given : family;
        const char       *key = element_at(name, part, &length);
        if (key != NULL) {
            put_element(form, name, part, length, key);
        } else {
            length = part + 2 <= name->num_parts ? 2 : 1;
            put_parts(form, name, part, part + length);
        }
    }
    return name->num_parts > 0;
}

/* ---- names ---- */

static size_t surname_length(const struct name *name, const char **reading)
{
    uint32_t codes[4];
    size_t   num = 0, length = 1;
    while (num < 4 && num < name->num_parts && name->parts[num].class == SCRIPT_HAN) {
        codes[num] = name->chars[name->parts[num].first].code;
        num++;
    }
    *reading = NULL;
    return script_surname(codes, num, &length, reading) ? length : 1;
}

static void put_surname(struct link_text *form, const struct name *name, size_t length, const char *reading)
{
    put_parts(form, name, 0, length);
    if (reading == NULL)
        return;
    form->num_letters = 0;
    for (const char *at = reading; *at != '\0'; at++)
        if (*at != ' ')
            put(form->letters, &form->num_letters, at, 1);
}

/* Where the family name of a name in letters begins and ends. */
static void put_spelled(const struct name *name, bool comma, size_t before_comma, struct link_text *given,
                        struct link_text *family)
{
    size_t num = name->num_parts, first = comma ? 0 : num - 1, end = comma ? before_comma : num;
    if (num == 1) {
        put_parts(given, name, 0, 1);
        return;
    }
    put_parts(family, name, first, end);
    put_parts(given, name, 0, first);
    put_parts(given, name, end, num);
}

static bool read_name(struct name *name, const char *text, size_t size, int *ret)
{
    *ret = name_read(name, (struct model_text){ text, size }, NULL);
    return *ret == 0 && name->num_parts > 0;
}

int link_full_name(const char *text, size_t size, struct link_text *given, struct link_text *family)
{
    struct name name;
    const char *reading, *comma = memchr(text, ',', size);
    int         ret;
    given->num_written = given->num_letters = family->num_written = family->num_letters = 0;
    if (!read_name(&name, text, size, &ret))
        return ret;
    put_parts(given, &name, 0, name.num_parts);
    bool unknown = is_unknown(given);
    given->num_written = given->num_letters = 0;
    if (unknown || put_tibetan(&name, given, family))
        return ret;
    if (name.parts[0].class == SCRIPT_HAN) {
        size_t length = surname_length(&name, &reading);
        if (length >= name.num_parts && name.num_parts > 1)
            length = name.num_parts - 1;
        put_surname(family, &name, length, reading);
        put_parts(given, &name, length, name.num_parts);
    } else {
        struct name before;
        size_t      num_before = 0;
        if (comma != NULL && read_name(&before, text, (size_t) (comma - text), &ret))
            num_before = before.num_parts;
        put_spelled(&name, num_before > 0 && num_before < name.num_parts, num_before, given, family);
    }
    drop_unknown(given);
    drop_unknown(family);
    return ret;
}

int link_given(const char *text, size_t size, struct link_text *form)
{
    struct name name;
    size_t      length;
    int         ret;
    form->num_written = form->num_letters = 0;
    if (!read_name(&name, text, size, &ret))
        return ret;
    const char *key = element_at(&name, 0, &length);
    if (key != NULL && length == name.num_parts)
        put_element(form, &name, 0, length, key);
    else
        put_parts(form, &name, 0, name.num_parts);
    drop_unknown(form);
    return 0;
}

int link_family(const char *text, size_t size, struct link_text *form)
{
    struct name name;
    const char *reading;
    int         ret = 0;
    form->num_written = form->num_letters = 0;
    if (!read_name(&name, text, size, &ret))
        return ret;
    if (name.parts[0].class == SCRIPT_HAN && surname_length(&name, &reading) == name.num_parts) {
        put_surname(form, &name, name.num_parts, reading);
        return 0;
    }
    return link_given(text, size, form);
}

int link_words(const char *text, size_t size, struct link_text *form)
{
    struct name name;
    int         ret;
    form->num_written = form->num_letters = 0;
    if (!read_name(&name, text, size, &ret))
        return ret;
    put_parts(form, &name, 0, name.num_parts);
    drop_unknown(form);
    return 0;
}

/* ---- numbers ---- */

int link_number(const char *text, size_t size, struct link_text *form)
{
    int ret = link_words(text, size, form);
    memcpy(form->letters, form->written, form->num_written);
    form->num_letters = form->num_written;
    return ret;
}

#define PHONE_DIGITS 10
#define LEAST_PHONE_DIGITS 5

int link_phone(const char *text, size_t size, struct link_text *form)
{
    int    ret = link_words(text, size, form);
    size_t num = 0;
    for (size_t i = 0; i < form->num_written; i++)
        if (form->written[i] >= '0' && form->written[i] <= '9')
            form->written[num++] = form->written[i];
    size_t drop = num > PHONE_DIGITS ? num - PHONE_DIGITS : 0;
    form->num_written = num < LEAST_PHONE_DIGITS ? 0 : num - drop;
    memmove(form->written, form->written + drop, form->num_written);
    memcpy(form->letters, form->written, form->num_written);
    form->num_letters = form->num_written;
    return ret;
}

uint32_t link_sex(const char *text, size_t size)
{
    static const struct {
        const char *word;
        uint32_t    code;
    } words[] = { { "f", 1 },  { "female", 1 }, { "woman", 1 }, { "girl", 1 }, { "女", 1 },    { "女性", 1 },
                  { "w", 1 },  { "2", 1 },      { "m", 2 },     { "male", 2 }, { "man", 2 },   { "boy", 2 },
                  { "男", 2 }, { "男性", 2 },   { "1", 2 },     { "o", 3 },    { "other", 3 }, { "其他", 3 } };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (text_equal_nocase(text, size, words[i].word, strlen(words[i].word)))
            return words[i].code;
    return 0;
}

/* ---- dates ---- */

struct numbers {
    uint32_t value[3];
    size_t   digits[3], num;
};

/* Up to three runs of digits; what stands behind a blank or a T behind the third is a time of day. */
static struct numbers read_numbers(const char *text, size_t size)
{
    struct numbers read = { .num = 0 };
    bool           inside = false;
    for (size_t i = 0; i < size; i++) {
        bool digit = text[i] >= '0' && text[i] <= '9';
        if (!digit && read.num == 3 && inside)
            break;
        if (digit && !inside && read.num == 3)
            break;
        if (digit && !inside)
            read.num++;
        if (digit && read.digits[read.num - 1] < 9) {
            read.value[read.num - 1] = read.value[read.num - 1] * 10 + (uint32_t) (text[i] - '0');
            read.digits[read.num - 1]++;
        }
        inside = digit;
    }
    return read;
}

int link_date_order(const char *text, size_t size)
{
    struct numbers read = read_numbers(text, size);
    if (read.num != 3 || read.digits[2] != 4)
        return 0;
    return read.value[0] > 12 && read.value[1] <= 12 ? 1 : read.value[1] > 12 && read.value[0] <= 12 ? -1 : 0;
}

static uint32_t date_of(uint32_t year, uint32_t month, uint32_t day)
{
    if (year < 1 || year > 9999 || month > 99 || day > 99)
        return 0;
    return year * 10000 + month * 100 + (month == 0 ? 0 : day);
}

uint32_t link_date(const char *text, size_t size, bool day_first)
{
    struct numbers read = read_numbers(text, size);
    if (read.num >= 1 && read.digits[0] == 8)
        return date_of(read.value[0] / 10000, read.value[0] / 100 % 100, read.value[0] % 100);
    if (read.num >= 1 && read.digits[0] == 4)
        return date_of(read.value[0], read.num > 1 ? read.value[1] : 0, read.num > 2 ? read.value[2] : 0);
    if (read.num == 3 && read.digits[2] == 4)
        return day_first ? date_of(read.value[2], read.value[1], read.value[0])
                         : date_of(read.value[2], read.value[0], read.value[1]);
    return 0;
}
