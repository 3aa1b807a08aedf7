/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/credential/dcc_schema.h"

#include <math.h>
#include <string.h>

#define SHORT_TEXT 50 /* characters, until 1.2.1 */
#define LONG_TEXT 80

enum form {
    ANY_TEXT,
    BOUND_TEXT,  /* at most 50 or 80 characters */
    LATER_BOUND, /* a bound only from 1.3.0 on */
    COUNTRY,     /* a capital letter at least, as the schema's pattern has no ends */
    EARLY_TEXT,  /* a member until 1.1.0 alone */
    DOSE
};

struct member {
    const char *key;
    const char *path;
    enum form   form;
    bool        needed, early_needed; /* early: until 1.2.1 */
};

static const struct member vaccination[] = {
    { "tg", "v[0].tg", ANY_TEXT, true, true },   { "vp", "v[0].vp", ANY_TEXT, true, true },
    { "mp", "v[0].mp", ANY_TEXT, true, true },   { "ma", "v[0].ma", ANY_TEXT, true, true },
    { "dn", "v[0].dn", DOSE, true, true },       { "sd", "v[0].sd", DOSE, true, true },
    { "dt", "v[0].dt", ANY_TEXT, true, true },   { "co", "v[0].co", COUNTRY, true, true },
    { "is", "v[0].is", BOUND_TEXT, true, true }, { "ci", "v[0].ci", BOUND_TEXT, true, true },
    { NULL, NULL, ANY_TEXT, false, false },
};
static const struct member test[] = {
    { "tg", "t[0].tg", ANY_TEXT, true, true },      { "tt", "t[0].tt", ANY_TEXT, true, true },
    { "nm", "t[0].nm", LATER_BOUND, false, false }, { "ma", "t[0].ma", ANY_TEXT, false, false },
    { "sc", "t[0].sc", ANY_TEXT, true, true },      { "dr", "t[0].dr", EARLY_TEXT, false, false },
    { "tr", "t[0].tr", ANY_TEXT, true, true },      { "tc", "t[0].tc", BOUND_TEXT, false, true },
    { "co", "t[0].co", COUNTRY, true, true },       { "is", "t[0].is", BOUND_TEXT, true, true },
    { "ci", "t[0].ci", BOUND_TEXT, true, true },    { NULL, NULL, ANY_TEXT, false, false },
};
static const struct member recovery[] = {
    { "tg", "r[0].tg", ANY_TEXT, true, true },   { "fr", "r[0].fr", ANY_TEXT, true, true },
    { "co", "r[0].co", COUNTRY, true, true },    { "is", "r[0].is", BOUND_TEXT, true, true },
    { "df", "r[0].df", ANY_TEXT, true, true },   { "du", "r[0].du", ANY_TEXT, true, true },
    { "ci", "r[0].ci", BOUND_TEXT, true, true }, { NULL, NULL, ANY_TEXT, false, false },
};

/* major × 10000 + minor × 100 + patch of "1.3.0"; 0 = no version. */
static int version_of(const struct value *text)
{
    int    parts[3] = { 0 };
    size_t part = 0, digits = 0;
    if (!value_is(text, VALUE_TEXT))
        return 0;
    for (size_t i = 0; i < text->length; i++) {
        char c = text->text[i];
        if (c >= '0' && c <= '9' && digits < 2) {
            parts[part] = parts[part] * 10 + (c - '0');
            digits++;
        } else if (digits > 0 && part < 2) {
            part++;
            digits = 0;
        } else {
            return 0;
        }
    }
    return part == 2 && digits > 0 ? parts[0] * 10000 + parts[1] * 100 + parts[2] : 0;
}

static size_t characters(const struct value *text)
{
    size_t num = 0;
    for (size_t i = 0; i < text->length; i++)
        num += ((unsigned char) text->text[i] & 0xc0) != 0x80;
    return num;
}

static bool holds(const struct value *value, enum form form, int version)
{
    bool   early = version < 10300;
    double number;
    if (form == EARLY_TEXT && version > 10100)
        return true;
    if (form == DOSE)
        return value_to_number(value, &number) && number == floor(number) && number >= 1 && (!early || number <= 9);
    if (value->kind != VALUE_TEXT)
        return false;
    switch (form) {
    case BOUND_TEXT: return characters(value) <= (early ? SHORT_TEXT : LONG_TEXT);
    case LATER_BOUND: return early || characters(value) <= LONG_TEXT;
    case COUNTRY:
        for (size_t i = 0; i < value->length; i++)
            if (value->text[i] >= 'A' && value->text[i] <= 'Z')
                return true;
        return false;
    default: return true;
    }
}

static const char *group_fault(const struct value *group, const char *path, const struct member *members, int version)
{
    if (group->kind != VALUE_ARRAY || group->count < 1 || (version >= 10300 && group->count > 1))
        return path;
    for (VALUE_EACH(entry, group))
        for (const struct member *member = members; member->key != NULL; member++) {
            const struct value *value = value_get(entry, member->key);
            bool                needed = version < 10300 ? member->early_needed : member->needed;
            if (value == NULL ? needed : !holds(value, member->form, version))
                return member->path;
        }
    return NULL;
}

static bool zone_holds(const struct value *text)
{
    for (size_t i = 0; i < text->length; i++)
        if (text->text[i] != '<' && (text->text[i] < 'A' || text->text[i] > 'Z'))
            return false;
    return true;
}

static const char *name_fault(const struct value *name, int version)
{
    static const char *const keys[] = { "fn", "gn", "fnt", "gnt" };
    static const char *const paths[] = { "nam.fn", "nam.gn", "nam.fnt", "nam.gnt" };
    if (!value_is(name, VALUE_OBJECT))
        return "nam";
    for (size_t i = 0; i < 4; i++) {
        const struct value *text = value_get(name, keys[i]);
        if (text != NULL && (!holds(text, BOUND_TEXT, version) || (i >= 2 && !zone_holds(text))))
            return paths[i];
    }
    bool alone = version >= 10302 && value_get(name, "gnt") != NULL;
    return value_get(name, "fnt") == NULL && !alone ? "nam.fnt" : NULL;
}

/* The digits and lines of a date that begins with 19 or 20, as long as size. */
static bool date_form(const char *text, size_t size)
{
    static const char form[] = "0000-00-00";
    for (size_t i = 0; i < size; i++)
        if (form[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != '-')
            return false;
    return memcmp(text, "19", 2) == 0 || memcmp(text, "20", 2) == 0;
}

/* "YYYY", "YYYY-MM" or "YYYY-MM-DD", from 1900 to 2099; until 1.0.1 a whole date somewhere in the text, as the pattern
 * had no ends; from 1.3.0 on it may be empty. */
static bool birth_holds(const struct value *born, int version)
{
    if (!value_is(born, VALUE_TEXT))
        return false;
    if (version < 10100) {
        for (size_t i = 0; i + 10 <= born->length; i++)
            if (date_form(born->text + i, 10))
                return true;
        return false;
    }
    if (born->length == 0)
        return version >= 10300;
    return (born->length == 4 || born->length == 7 || born->length == 10) && date_form(born->text, born->length);
}

const char *credential_dcc_fault(const struct value *dcc)
{
    static const struct {
        const char          *key;
        const struct member *members;
    } groups[] = { { "v", vaccination }, { "t", test }, { "r", recovery } };
    int         version = version_of(value_get(dcc, "ver"));
    size_t      num = 0;
    const char *fault = version == 0 ? "ver" : name_fault(value_get(dcc, "nam"), version);
    if (fault == NULL && !birth_holds(value_get(dcc, "dob"), version))
        fault = "dob";
    for (size_t i = 0; i < 3 && fault == NULL; i++) {
        const struct value *group = value_get(dcc, groups[i].key);
        num += group != NULL;
        if (group != NULL)
            fault = group_fault(group, groups[i].key, groups[i].members, version);
    }
    if (fault == NULL && (num > 1 || (version >= 10300 && num == 0)))
        fault = "v, t, r";
    return fault;
}
