/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/person_forms.h"

#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "store/person_name.h"
#include "tocsin/date.h"
#include "tocsin/status.h"

/* ---- a set of forms ---- */

struct set {
    struct arena       *arena;
    struct person_form *forms;
    size_t              num_forms, room;
};

static int set_open(struct set *set, struct arena *arena, size_t room)
{
    *set = (struct set){ arena, arena_array(arena, room, sizeof(struct person_form)), 0, room };
    return set->forms != NULL ? 0 : TOC_ERR_NO_MEMORY;
}

static bool set_has(const struct set *set, enum person_form_kind kind, const struct name_text *text)
{
    for (size_t i = 0; i < set->num_forms; i++)
        if (set->forms[i].kind == kind && set->forms[i].size == text->size &&
            memcmp(set->forms[i].bytes, text->bytes, text->size) == 0)
            return true;
    return false;
}

/* Each form once; one that has no room is left out. */
static int set_add(struct set *set, enum person_form_kind kind, const struct name_text *text)
{
    if (text->size == 0 || set->num_forms == set->room || set_has(set, kind, text))
        return 0;
    const char *copy = arena_copy(set->arena, text->bytes, text->size);
    if (copy == NULL)
        return TOC_ERR_NO_MEMORY;
    set->forms[set->num_forms++] = (struct person_form){ kind, copy, text->size };
    return 0;
}

/* ---- names ---- */

/* The name as written: all parts together. */
static void put_written(struct name_text *text, const struct name *name)
{
    text->size = 0;
    for (size_t i = 0; i < name->num_parts; i++)
        name_put_part(text, name, i);
}

/* The name in letters; false where a part has no reading. */
static bool put_spelled(struct name_text *text, const struct name *name, bool own)
{
    struct name_spelling spelling;
    text->size = 0;
    if (!name_spell(name, own, &spelling))
        return false;
    for (size_t i = 0; i < name->num_parts; i++) {
        enum script_class class = name->parts[i].class;
        if (spelling.reading[i] == NULL && (class == SCRIPT_HAN || class == SCRIPT_TIBETAN))
            return false;
        if (spelling.reading[i] == NULL) {
            name_put_part(text, name, i);
        } else if (spelling.size[i] <= sizeof text->bytes - text->size) {
            memcpy(text->bytes + text->size, spelling.reading[i], spelling.size[i]);
            text->size += spelling.size[i];
        }
    }
    name_fold_u(text);
    return true;
}

/* Words of an alphabet from one of them on, going round. */
static void put_rotated(struct name_text *text, const struct name *name, size_t start)
{
    text->size = 0;
    for (size_t i = 0; i < name->num_parts; i++)
        name_put_part(text, name, (start + i) % name->num_parts);
    name_fold_u(text);
}

static void put_year(struct name_text *text, int year)
{
    char   digits[16];
    size_t size = (size_t) snprintf(digits, sizeof digits, "|%d", year);
    if (size > sizeof text->bytes - text->size)
        return;
    memcpy(text->bytes + text->size, digits, size);
    text->size += size;
}

static bool has_script(const struct name *name)
{
    return name_count(name, SCRIPT_HAN) + name_count(name, SCRIPT_TIBETAN) > 0;
}

/* The forms of one name. *by_year: room for the form that a year is put behind; left alone where it is taken. */
static int add_name(struct set *set, const struct name *name, struct name_text *by_year)
{
    struct name_text text = { .size = 0 };
    int              ret = 0;
    if (!name_is_whole(name))
        return 0;
    if (has_script(name)) {
        put_written(&text, name);
        if (by_year->size == 0)
            *by_year = text;
        ret = set_add(set, PERSON_FORM_NAME, &text);
        for (int own = 1; ret == 0 && own >= 0; own--)
            if (put_spelled(&text, name, own == 1))
                ret = set_add(set, PERSON_FORM_LETTERS, &text);
    } else {
        /* Where the words in another order are there already, every query that would find these finds those. */
        bool known = false;
        for (size_t i = 0; i < name->num_parts && i < PERSON_MAX_QUERY_WORDS && !known; i++) {
            put_rotated(&text, name, i);
            known = set_has(set, PERSON_FORM_LETTERS, &text);
        }
        put_rotated(&text, name, 0);
        if (by_year->size == 0)
            *by_year = text;
        if (!known)
            ret = set_add(set, PERSON_FORM_LETTERS, &text);
    }
    explicit_bzero(text.bytes, text.size);
    return ret;
}

/* ---- identifiers ---- */

static void put_identifier(struct name_text *text, const struct name *name)
{
    text->size = 0;
    for (size_t i = 0; i < name->num_parts; i++)
        name_put_part(text, name, i);
    for (size_t i = 0; i < text->size; i++)
        if (text->bytes[i] >= 'a' && text->bytes[i] <= 'z')
            text->bytes[i] = (char) (text->bytes[i] - 'a' + 'A');
}

static size_t characters(const struct name_text *text)
{
    size_t count = 0;
    for (size_t at = 0; at < text->size; count++)
        script_next(text->bytes, &at);
    return count;
}

static bool is_birth_date(const struct name_text *text, toc_date birth_date)
{
    if (birth_date < TOC_DATE_MIN || birth_date > TOC_DATE_MAX)
        return false;
    struct toc_civil civil = toc_date_to_civil(birth_date);
    char             digits[48];
    size_t size = (size_t) snprintf(digits, sizeof digits, "%04d%02d%02d", civil.year, civil.month, civil.day);
    size_t skip = text->size == size - 2 ? 2 : 0; /* a year of two digits */
    return text->size == size - skip && memcmp(text->bytes, digits + skip, text->size) == 0;
}

/* ---- telephones ---- */

/* One number of a text: its digits, and how it began. */
struct phone {
    char   digits[2 * PERSON_MAX_PHONE];
    size_t num_digits;
    bool   international; /* begins with + or 00 */
    bool   refused;       /* more digits than any number has */
};

static bool is_between_numbers(uint32_t code)
{
    return code == '/' || code == ';' || code == ',' || code == '|' || code == '\n' || code == 0x3001 /* 、 */ ||
           code == 0x6216 /* 或 */;
}

#define FORWARD 0x8f6c /* 转, before an extension */

/* Read one number from *at on; *at is moved behind it. What stands behind an extension's mark is passed over. */
static void read_phone(const struct name *name, size_t *at, struct phone *phone)
{
    *phone = (struct phone){ .num_digits = 0 };
    bool over = false;
    for (; *at < name->num_chars; ++*at) {
        const struct script_char *one = &name->chars[*at];
        if (is_between_numbers(one->code)) {
            ++*at;
            break;
        }
        bool begun = phone->num_digits > 0;
        if (one->class == SCRIPT_LETTER || one->class == SCRIPT_HAN || one->code == '#' || one->code == FORWARD)
            over = over || begun;
        else if (one->code == '+' && !begun)
            phone->international = true;
        else if (one->class == SCRIPT_DIGIT && !over && phone->num_digits < sizeof phone->digits)
            phone->digits[phone->num_digits++] = (char) one->code;
        else if (one->class == SCRIPT_DIGIT && !over)
            phone->refused = true;
    }
    if (!phone->international && phone->num_digits > 2 && memcmp(phone->digits, "00", 2) == 0) {
        phone->international = true;
        phone->num_digits -= 2;
        memmove(phone->digits, phone->digits + 2, phone->num_digits);
    }
}

#define LONGEST_WITHOUT_COUNTRY 10 /* a number that begins with the country and has so many digits behind has it */

/* Country and number, without the trunk prefix; false where it is no number. */
static bool put_phone(struct name_text *text, const struct phone *phone, const struct person_form_options *options)
{
    size_t      country = strlen(options->country), trunk = strlen(options->trunk);
    const char *digits = phone->digits;
    size_t      left = phone->num_digits;
    bool        begins = left > country && memcmp(digits, options->country, country) == 0;
    bool        own = begins && (phone->international || left - country >= LONGEST_WITHOUT_COUNTRY);
    text->size = 0;
    if (phone->refused)
        return false;
    if (own) {
        digits += country;
        left -= country;
    }
    if (trunk > 0 && (own || !phone->international) && left > trunk && memcmp(digits, options->trunk, trunk) == 0) {
        digits += trunk;
        left -= trunk;
    }
    if (!own && phone->international)
        country = 0;
    if (left + country < PERSON_MIN_PHONE || left + country > PERSON_MAX_PHONE)
        return false;
    text->bytes[text->size++] = '+';
    memcpy(text->bytes + text->size, options->country, country);
    memcpy(text->bytes + text->size + country, digits, left);
    text->size += country + left;
    return true;
}

static int add_phones(struct set *set, const struct name *name, const struct person_form_options *options)
{
    struct name_text text;
    struct phone     phone;
    int              ret = 0, found = 0;
    for (size_t at = 0; ret == 0 && at < name->num_chars && found < PERSON_MAX_PHONES;) {
        read_phone(name, &at, &phone);
        if (put_phone(&text, &phone, options)) {
            found++;
            ret = set_add(set, PERSON_FORM_PHONE, &text);
        }
    }
    return ret;
}

/* ---- a person ---- */

static bool is_digits(const char *text, size_t most)
{
    return text != NULL && strlen(text) <= most && text[strspn(text, "0123456789")] == '\0';
}

const struct person_form_options *person_country(unsigned code, struct person_country *country)
{
    static const struct {
        unsigned    code;
        const char *trunk;
    } others[] = { { 7, "8" }, { 36, "06" }, { 39, "" }, { 225, "" }, { 242, "" }, { 378, "" }, { 379, "" } };
    unsigned chosen = code == 0 ? 86 : code;
    if (chosen > 999) {
        country->digits[0] = '\0'; /* which nothing reads: TOC_ERR_OPTION */
    } else
        snprintf(country->digits, sizeof country->digits, "%u", chosen);
    country->options = (struct person_form_options){ .country = country->digits, .trunk = "0" };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (others[i].code == chosen)
            country->options.trunk = others[i].trunk;
    return &country->options;
}

static int check_options(const struct person_form_options *options)
{
    return is_digits(options->country, 3) && is_digits(options->trunk, 3) && options->country[0] != '\0' &&
                   options->country[0] != '0'
               ? 0
               : TOC_ERR_OPTION;
}

static int add_names(struct set *set, const struct model_identity *identity, struct name *name)
{
    struct name_text by_year = { .size = 0 };
    int              ret = name_read(name, identity->name, NULL);
    if (ret == 0)
        ret = add_name(set, name, &by_year);
    if (ret == 0)
        ret = name_read(name, identity->name_latin, NULL);
    if (ret == 0)
        ret = add_name(set, name, &by_year);
    bool dated = identity->birth_date >= TOC_DATE_MIN && identity->birth_date <= TOC_DATE_MAX;
    if (ret == 0 && dated && by_year.size > 0) {
        put_year(&by_year, toc_date_to_civil(identity->birth_date).year);
        ret = set_add(set, PERSON_FORM_NAME_YEAR, &by_year);
    }
    explicit_bzero(by_year.bytes, by_year.size);
    return ret;
}

int person_forms(const struct model_identity *identity, const struct person_form_options *options, struct arena *arena,
                 struct person_form **forms, size_t *num_forms)
{
    struct name      name;
    struct name_text text;
    struct set       set;
    int              ret = check_options(options);
    if (ret != 0)
        return ret;
    ret = set_open(&set, arena, PERSON_MAX_FORMS);
    if (ret != 0)
        return ret;
    ret = add_names(&set, identity, &name);
    if (ret == 0)
        ret = name_read(&name, identity->identifier, NULL);
    if (ret == 0) {
        put_identifier(&text, &name);
        if (characters(&text) >= PERSON_MIN_IDENTIFIER && !is_birth_date(&text, identity->birth_date))
            ret = set_add(&set, PERSON_FORM_IDENTIFIER, &text);
        explicit_bzero(text.bytes, text.size);
    }
    if (ret == 0)
        ret = name_read(&name, identity->phone, NULL);
    if (ret == 0)
        ret = add_phones(&set, &name, options);
    explicit_bzero(name.chars, sizeof name.chars);
    if (ret != 0)
        return ret;
    *forms = set.forms;
    *num_forms = set.num_forms;
    return 0;
}

/* ---- a query ---- */

#define FIRST_YEAR 1850 /* as person.birth_year */
#define LAST_YEAR 2150

/* The year that a number says: 1980, or 19800203; 0 = none. */
static int year_of(const struct name *name, size_t part)
{
    size_t first = name->parts[part].first, size = name->parts[part].end - first;
    int    number = 0;
    if (name->parts[part].class != SCRIPT_DIGIT || (size != 4 && size != 8))
        return 0;
    for (size_t i = first; i < first + size; i++)
        number = 10 * number + (int) (name->chars[i].code - '0');
    int year = size == 4 ? number : number / 10000;
    int month_and_day = size == 4 ? 101 : number % 10000;
    if (!toc_civil_valid((struct toc_civil){ year, month_and_day / 100, month_and_day % 100 }))
        return 0;
    return year >= FIRST_YEAR && year <= LAST_YEAR ? year : 0;
}

/* 年 月 日 生, behind the numbers of a date. */
static bool is_date_word(const struct name *name, size_t part)
{
    uint32_t code = name->chars[name->parts[part].first].code;
    return name->parts[part].class == SCRIPT_HAN &&
           (code == 0x5e74 || code == 0x6708 || code == 0x65e5 || code == 0x751f);
}

static bool part_has_digits(const struct name *name, size_t part)
{
    for (size_t i = name->parts[part].first; i < name->parts[part].end; i++)
        if (name->chars[i].class == SCRIPT_DIGIT)
            return true;
    return false;
}

/* Take a year, with the rest of its date, out of a typed name. Where other numbers stand beside it, it is one of the
 * numbers (an identifier in groups), not a year. */
static int take_year(struct name *name)
{
    size_t first = 0, others = 0;
    while (first < name->num_parts && year_of(name, first) == 0)
        first++;
    if (first == name->num_parts)
        return 0;
    size_t end = first + 1;
    while (end < name->num_parts && (is_date_word(name, end) || (name->parts[end].class == SCRIPT_DIGIT &&
                                                                 name->parts[end].end - name->parts[end].first <= 2)))
        end++;
    for (size_t i = 0; i < name->num_parts; i++) {
        if (i >= first && i < end)
            continue;
        if (part_has_digits(name, i))
            return 0;
        others++;
    }
    int year = others > 0 ? year_of(name, first) : 0;
    if (year != 0)
        name_drop(name, first, end);
    return year;
}

static int add_words(struct set *set, const struct name *name, int year)
{
    struct name_text text;
    size_t           rotations = name->num_parts <= PERSON_MAX_QUERY_WORDS ? name->num_parts : 1;
    int              ret = 0;
    for (size_t i = 0; ret == 0 && i < rotations; i++) {
        put_rotated(&text, name, i);
        if (characters(&text) >= 2)
            ret = set_add(set, PERSON_FORM_LETTERS, &text);
        if (ret == 0 && year != 0 && name_is_whole(name)) {
            put_year(&text, year);
            ret = set_add(set, PERSON_FORM_NAME_YEAR, &text);
        }
    }
    explicit_bzero(text.bytes, sizeof text.bytes);
    return ret;
}

static int add_typed_name(struct set *set, struct name *name, int year)
{
    struct name_text text;
    if (!has_script(name))
        return add_words(set, name, year);
    for (size_t i = name->num_parts; i-- > 0;)
        if (name->parts[i].class == SCRIPT_DIGIT) /* "张三 13800138000": the number is looked up by itself */
            name_drop(name, i, i + 1);
    if (!name_is_whole(name))
        return 0;
    put_written(&text, name);
    if (year != 0)
        put_year(&text, year);
    int ret = set_add(set, year != 0 ? PERSON_FORM_NAME_YEAR : PERSON_FORM_NAME, &text);
    explicit_bzero(text.bytes, text.size);
    return ret;
}

/* Numbers that were typed: an identifier is all of it, where there is no name in Han or Tibetan beside it. */
static int add_numbers(struct set *set, const struct name *typed, const struct person_form_options *options)
{
    struct name      name = *typed;
    struct name_text text;
    if (has_script(&name))
        for (size_t i = name.num_parts; i-- > 0;)
            if (name.parts[i].class == SCRIPT_HAN || name.parts[i].class == SCRIPT_TIBETAN)
                name_drop(&name, i, i + 1);
    put_identifier(&text, &name);
    int ret = characters(&text) >= PERSON_MIN_IDENTIFIER ? set_add(set, PERSON_FORM_IDENTIFIER, &text) : 0;
    put_identifier(&text, typed);
    if (ret == 0 && characters(&text) >= PERSON_MIN_IDENTIFIER)
        ret = set_add(set, PERSON_FORM_IDENTIFIER, &text);
    if (ret == 0)
        ret = add_phones(set, typed, options);
    explicit_bzero(text.bytes, text.size);
    explicit_bzero(name.chars, sizeof name.chars);
    return ret;
}

static bool has_digits(const struct name *name)
{
    for (size_t i = 0; i < name->num_parts; i++)
        if (part_has_digits(name, i))
            return true;
    return false;
}

int person_query_read(const char *typed, size_t size, const struct person_form_options *options, struct arena *arena,
                      struct person_query *query)
{
    struct name name;
    struct set  set;
    bool        whole;
    int         ret = check_options(options);
    if (ret != 0)
        return ret;
    ret = name_read(&name, (struct model_text){ typed, size }, &whole);
    if (ret == 0 && !whole)
        ret = TOC_ERR_TOO_LARGE;
    if (ret == 0)
        ret = set_open(&set, arena, 2 * PERSON_MAX_QUERY_WORDS + 2 + PERSON_MAX_PHONES);
    if (ret != 0)
        goto out;
    int year = take_year(&name);
    if (year == 0 && has_digits(&name))
        ret = add_numbers(&set, &name, options);
    if (ret == 0 && name_count(&name, SCRIPT_DIGIT) < name.num_parts)
        ret = add_typed_name(&set, &name, year);
    if (ret == 0)
        *query = (struct person_query){ set.forms, set.num_forms, year };
out:
    explicit_bzero(name.chars, sizeof name.chars);
    return ret;
}
