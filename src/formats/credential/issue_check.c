/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A record as it may be issued: completed, then held to the EU's schema 1.3.0 and to what the schema means. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/unicode.h"
#include "formats/credential/issue_internal.h"

#define MOST_CHARACTERS 80

enum form { FORM_TEXT, FORM_CODE, FORM_DATE, FORM_INSTANT, FORM_COUNT, FORM_COUNTRY, FORM_ZONE_NAME };

struct field {
    const char *key;
    enum form   form;
    bool        needed;
};

static const struct field name_fields[] = {
    { "fn", FORM_TEXT, false },
    { "gn", FORM_TEXT, false },
    { "fnt", FORM_ZONE_NAME, true },
    { "gnt", FORM_ZONE_NAME, false },
};
static const struct field vaccination_fields[] = {
    { "tg", FORM_CODE, true },  { "vp", FORM_CODE, true },  { "mp", FORM_CODE, true }, { "ma", FORM_CODE, true },
    { "dn", FORM_COUNT, true }, { "sd", FORM_COUNT, true }, { "dt", FORM_DATE, true }, { "co", FORM_COUNTRY, true },
    { "is", FORM_TEXT, true },  { "ci", FORM_CODE, true },
};
static const struct field test_fields[] = {
    { "tg", FORM_CODE, true },    { "tt", FORM_CODE, true }, { "nm", FORM_TEXT, false }, { "ma", FORM_CODE, false },
    { "sc", FORM_INSTANT, true }, { "tr", FORM_CODE, true }, { "tc", FORM_TEXT, false }, { "co", FORM_COUNTRY, true },
    { "is", FORM_TEXT, true },    { "ci", FORM_CODE, true },
};
static const struct field recovery_fields[] = {
    { "tg", FORM_CODE, true }, { "fr", FORM_DATE, true }, { "co", FORM_COUNTRY, true }, { "is", FORM_TEXT, true },
    { "df", FORM_DATE, true }, { "du", FORM_DATE, true }, { "ci", FORM_CODE, true },
};

static const struct group {
    const char         *key;
    enum credential_use use;
    const struct field *fields;
    size_t              num_fields;
} groups[] = {
    { "v", CREDENTIAL_USE_VACCINATION, vaccination_fields, sizeof vaccination_fields / sizeof *vaccination_fields },
    { "t", CREDENTIAL_USE_TEST, test_fields, sizeof test_fields / sizeof *test_fields },
    { "r", CREDENTIAL_USE_RECOVERY, recovery_fields, sizeof recovery_fields / sizeof *recovery_fields },
};

struct checking {
    struct fault_place place;
    struct fault_list *faults;
    const char        *group; /* "v", "t", "r", "nam" or "" */
};

static void fault(struct checking *checking, const char *key, const char *found, const char *allowed)
{
    char name[FAULT_NAME_BYTES];
    snprintf(name, sizeof name, "%s%s%s", checking->group, checking->group[0] != '\0' ? "." : "", key);
    credential_issue_fault(checking->faults, checking->place, name, found, allowed);
}

/* ---- completing ---- */

static void put(struct credential_maker *maker, const struct value *value)
{
    struct value_tree *tree = &maker->record;
    if (value->size > tree->max_values - tree->num_values) {
        tree->num_values = tree->max_values + 1; /* too many: seen at the end */
        return;
    }
    memcpy(tree->values + tree->num_values, value, value->size * sizeof *value);
    tree->num_values += value->size;
}

static void put_text(struct credential_maker *maker, const char *text, size_t length)
{
    const struct value value = { .kind = VALUE_TEXT, .size = 1, .text = text, .length = (uint32_t) length };
    put(maker, &value);
}

/* Begin an object or array; answers its index, for close. */
static size_t open_value(struct credential_maker *maker, enum value_kind kind)
{
    const struct value value = { .kind = (uint8_t) kind, .size = 1 };
    put(maker, &value);
    return maker->record.num_values - 1;
}

static void close_value(struct credential_maker *maker, size_t index, size_t count)
{
    struct value_tree *tree = &maker->record;
    if (tree->num_values > tree->max_values)
        return;
    tree->values[index].size = (uint32_t) (tree->num_values - index);
    tree->values[index].count = (uint32_t) count;
}

static size_t put_pairs(struct credential_maker *maker, const struct value *object)
{
    size_t num = 0;
    for (VALUE_EACH_PAIR(key, object)) {
        put(maker, key);
        put(maker, key + 1);
        num++;
    }
    return num;
}

static size_t put_pair(struct credential_maker *maker, const char *key, const char *text, size_t length)
{
    put_text(maker, key, strlen(key));
    put_text(maker, text, length);
    return 1;
}

/* The name as a passport's machine-readable zone writes it, where it is of plain letters. False where it is not. */
static bool zone_name(struct credential_maker *maker, const struct value *name, const char **zone, size_t *length)
{
    char *to = maker->text + maker->used_text, *begin = to;
    if (!value_is(name, VALUE_TEXT) || name->length > sizeof maker->text - maker->used_text)
        return false;
    for (uint32_t i = 0; i < name->length; i++) {
        char c = name->text[i];
        if (c >= 'a' && c <= 'z')
            *to++ = (char) (c - 'a' + 'A');
        else if (c >= 'A' && c <= 'Z')
            *to++ = c;
        else if (c == ' ' || c == '-')
            *to++ = '<';
        else if (c != '\'' && c != '.' && c != ',')
            return false;
    }
    *zone = begin;
    *length = (size_t) (to - begin);
    maker->used_text += *length;
    return *length > 0;
}

static void put_name(struct credential_maker *maker, const struct value *name)
{
    static const char *const pairs[2][2] = { { "fn", "fnt" }, { "gn", "gnt" } };
    size_t                   index = open_value(maker, VALUE_OBJECT), num = put_pairs(maker, name), length;
    const char              *zone;
    for (size_t i = 0; i < 2; i++) {
        if (value_get(name, pairs[i][1]) == NULL && zone_name(maker, value_get(name, pairs[i][0]), &zone, &length))
            num += put_pair(maker, pairs[i][1], zone, length);
    }
    close_value(maker, index, num);
}

/* URN:UVCI:01:XX: and 26 letters and digits that say nothing of the holder. */
static size_t put_identifier(struct credential_maker *maker, const uint8_t random[CREDENTIAL_IDENTIFIER_RANDOM])
{
    static const char letters[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    char             *text = maker->text + maker->used_text;
    if (sizeof maker->text - maker->used_text < 64)
        return 0;
    size_t used = (size_t) sprintf(text, "URN:UVCI:01:%s:", maker->facts.country);
    for (size_t bit = 0; bit < 8 * CREDENTIAL_IDENTIFIER_RANDOM; bit += 5) {
        unsigned two =
            (unsigned) random[bit / 8] << 8 | (bit / 8 + 1 < CREDENTIAL_IDENTIFIER_RANDOM ? random[bit / 8 + 1] : 0U);
        text[used++] = letters[two >> (11 - bit % 8) & 31];
    }
    maker->used_text += used;
    return put_pair(maker, "ci", text, used);
}

static void put_entry(struct credential_maker *maker, const struct value *entry,
                      const uint8_t random[CREDENTIAL_IDENTIFIER_RANDOM])
{
    size_t index = open_value(maker, VALUE_OBJECT), num = put_pairs(maker, entry);
    if (value_get(entry, "co") == NULL)
        num += put_pair(maker, "co", maker->facts.country, strlen(maker->facts.country));
    if (value_get(entry, "is") == NULL)
        num += put_pair(maker, "is", maker->name, strlen(maker->name));
    if (value_get(entry, "ci") == NULL)
        num += put_identifier(maker, random);
    close_value(maker, index, num);
}

static const struct group *group_of(const struct value *key)
{
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        if (value_is_text(key, groups[i].key))
            return &groups[i];
    }
    return NULL;
}

static void complete(struct credential_maker *maker, const struct value *record,
                     const uint8_t random[CREDENTIAL_IDENTIFIER_RANDOM])
{
    maker->used_text = 0;
    value_tree_init_in(&maker->record, maker->values, sizeof maker->values / sizeof *maker->values, NULL, 0);
    size_t index = open_value(maker, VALUE_OBJECT), num = 0;
    for (VALUE_EACH_PAIR(key, record)) {
        const struct value *value = key + 1;
        put(maker, key);
        num++;
        if (value_is_text(key, "nam") && value->kind == VALUE_OBJECT) {
            put_name(maker, value);
        } else if (group_of(key) != NULL && value->kind == VALUE_ARRAY && value->count == 1 &&
                   value[1].kind == VALUE_OBJECT) {
            size_t list = open_value(maker, VALUE_ARRAY);
            put_entry(maker, value + 1, random);
            close_value(maker, list, 1);
        } else {
            put(maker, value);
        }
    }
    if (value_get(record, "ver") == NULL)
        num += put_pair(maker, "ver", "1.3.0", 5);
    close_value(maker, index, num);
}

/* ---- checking ---- */

/* YYYY-MM-DD, a day that there was; `most` of its parts are needed (1: the year alone is enough). */
static bool real_date(const char *text, size_t length, int fewest)
{
    static const int days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    int              part[3] = { 0, 1, 1 }, parts = length == 4 ? 1 : length == 7 ? 2 : length == 10 ? 3 : 0;
    for (size_t i = 0; i < length; i++) {
        bool dash = i == 4 || i == 7;
        if (dash ? text[i] != '-' : text[i] < '0' || text[i] > '9')
            return false;
    }
    if (parts < fewest || parts == 0)
        return false;
    for (int i = 0; i < parts; i++) {
        const char *at = text + (i == 0 ? 0 : 2 + 3 * i);
        part[i] = 0;
        for (int digits = i == 0 ? 4 : 2; digits > 0; digits--)
            part[i] = part[i] * 10 + (*at++ - '0');
    }
    bool leap = (part[0] % 4 == 0 && part[0] % 100 != 0) || part[0] % 400 == 0;
    return part[0] >= 1900 && part[0] <= 2099 && part[1] >= 1 && part[1] <= 12 && part[2] >= 1 &&
           part[2] <= days[part[1] - 1] - (part[1] == 2 && !leap);
}

/* YYYY-MM-DDThh:mm:ss, perhaps a fraction, and Z or ±hh:mm. */
static bool real_instant(const char *text, size_t length)
{
    size_t at = 19;
    if (length < 20 || !real_date(text, 10, 3) || text[10] != 'T' || text[13] != ':' || text[16] != ':')
        return false;
    for (size_t i = 11; i < 19; i++) {
        if (i != 13 && i != 16 && (text[i] < '0' || text[i] > '9'))
            return false;
    }
    if (memcmp(text + 11, "23", 2) > 0 || text[14] > '5' || text[17] > '5')
        return false;
    if (text[at] == '.') {
        for (at++; at < length && text[at] >= '0' && text[at] <= '9';)
            at++;
        if (at == 20)
            return false;
    }
    if (length - at == 1)
        return text[at] == 'Z';
    return length - at == 6 && (text[at] == '+' || text[at] == '-') && text[at + 3] == ':' && text[at + 1] <= '1' &&
           text[at + 4] <= '5' && text[at + 1] >= '0' && text[at + 2] >= '0' && text[at + 2] <= '9' &&
           text[at + 4] >= '0' && text[at + 5] >= '0' && text[at + 5] <= '9';
}

static bool of_letters(const struct value *value, bool zone)
{
    for (uint32_t i = 0; i < value->length; i++) {
        if ((value->text[i] < 'A' || value->text[i] > 'Z') && !(zone && value->text[i] == '<'))
            return false;
    }
    return value->length > 0 || zone;
}

/* What a text of that form must be; NULL: it is so. */
static const char *wrong_text(const struct field *field, const struct value *value)
{
    if (text_check_utf8(value->text, value->length) != value->length ||
        unicode_check_plain(value->text, value->length) != value->length ||
        memchr(value->text, '\n', value->length) != NULL ||
        unicode_length(value->text, value->length) > MOST_CHARACTERS)
        return "at most 80 characters of plain text";
    switch (field->form) {
    case FORM_DATE: return real_date(value->text, value->length, 3) ? NULL : "a date: 2022-01-31";
    case FORM_INSTANT: return real_instant(value->text, value->length) ? NULL : "a date and time: 2022-01-31T08:30:00Z";
    case FORM_COUNTRY:
        return of_letters(value, false) && value->length <= 10 ? NULL : "a country's code: two capital letters";
    case FORM_ZONE_NAME:
        return of_letters(value, true) && value->length > 0
                   ? NULL
                   : "the name as in a passport's machine-readable zone: A to Z and <";
    case FORM_CODE: return value->length > 0 ? NULL : "a code of the value sets";
    default: return field->needed && value->length == 0 ? "a text that is not empty" : NULL;
    }
}

static void check_field(struct checking *checking, const struct field *field, const struct value *value)
{
    char quoted[TEXT_QUOTE_BYTES];
    if (value == NULL) {
        if (field->needed)
            fault(checking, field->key, "nothing",
                  field->form == FORM_ZONE_NAME ? "the name as in a passport's machine-readable zone: A to Z and <"
                                                : "a value: it is needed");
        return;
    }
    if (field->form == FORM_COUNT) {
        if (value->kind != VALUE_INTEGER || value->integer < 1 || value->integer > 99)
            fault(checking, field->key, value_kind_text(value), "a whole number of doses, 1 to 99");
        return;
    }
    if (value->kind != VALUE_TEXT) {
        fault(checking, field->key, value_kind_text(value), "a text");
        return;
    }
    const char *wrong = wrong_text(field, value);
    if (wrong != NULL) {
        text_quote(value->text, value->length, quoted);
        fault(checking, field->key, quoted, wrong);
    }
}

static void check_object(struct checking *checking, const struct value *object, const struct field *fields, size_t num)
{
    for (size_t i = 0; i < num; i++)
        check_field(checking, &fields[i], value_get(object, fields[i].key));
    for (VALUE_EACH_PAIR(key, object)) {
        bool known = false;
        for (size_t i = 0; i < num; i++)
            known = known || value_is_text(key, fields[i].key);
        if (!known) {
            char name[FAULT_NAME_BYTES];
            text_escape(key->text, key->length, name, sizeof name);
            fault(checking, name, "a field that a pass does not have", "it left out");
        }
    }
}

static bool after(const struct value *a, const struct value *b)
{
    return value_is(a, VALUE_TEXT) && value_is(b, VALUE_TEXT) && a->length == 10 && b->length == 10 &&
           memcmp(a->text, b->text, 10) > 0;
}

/* The one group that there is; NULL with a fault where it is none or more. */
static const struct group *check_group(struct checking *checking, const struct value *record)
{
    const struct group *found = NULL;
    size_t              num = 0;
    for (VALUE_EACH_PAIR(key, record)) {
        const struct group *group = group_of(key);
        found = group != NULL ? group : found;
        num += group != NULL;
        if (group == NULL && !value_is_text(key, "ver") && !value_is_text(key, "nam") && !value_is_text(key, "dob")) {
            char name[FAULT_NAME_BYTES];
            text_escape(key->text, key->length, name, sizeof name);
            fault(checking, name, "a field that a pass does not have", "it left out");
        }
    }
    if (num == 1)
        return found;
    fault(checking, "v, t, r", num == 0 ? "none of them" : "more than one", "one: a vaccination, a test or a recovery");
    return NULL;
}

static void check_record(struct checking *checking, const struct value *record, enum credential_use *kind)
{
    const struct group *group = check_group(checking, record);
    const struct value *name = value_get(record, "nam"), *birth = value_get(record, "dob");
    if (!value_is_text(value_get(record, "ver"), "1.3.0"))
        fault(checking, "ver", "another version", "1.3.0, or nothing");
    if (!value_is(birth, VALUE_TEXT) || (birth->length > 0 && !real_date(birth->text, birth->length, 1)))
        fault(checking, "dob", birth == NULL ? "nothing" : "what is no date",
              "a date of birth: 1979-04-14, 1979-04, 1979, or \"\" where nothing is known");
    checking->group = "nam";
    if (value_is(name, VALUE_OBJECT))
        check_object(checking, name, name_fields, sizeof name_fields / sizeof *name_fields);
    else
        fault(checking, "fn", value_kind_text(name), "an object with fn, gn, fnt, gnt");
    if (group == NULL)
        return;
    checking->group = group->key;
    *kind = group->use;
    const struct value *list = value_get(record, group->key);
    if (!value_is(list, VALUE_ARRAY) || list->count != 1 || list[1].kind != VALUE_OBJECT) {
        fault(checking, "", "what is not an array of one entry", "one entry: [{…}]");
        return;
    }
    check_object(checking, list + 1, group->fields, group->num_fields);
    if (after(value_get(list + 1, "df"), value_get(list + 1, "du")))
        fault(checking, "du", "an end before the beginning", "df or later");
}

int credential_issue_complete(struct credential_maker *maker, const struct value *record,
                              const uint8_t random[CREDENTIAL_IDENTIFIER_RANDOM], struct fault_place place,
                              enum credential_use *kind, struct fault_list *faults)
{
    struct checking checking = { .place = place, .faults = faults, .group = "" };
    uint64_t        before = faults->num_all;
    if (record->kind != VALUE_OBJECT)
        return credential_issue_fault(faults, place, "record", value_kind_text(record),
                                      "an object with nam, dob, and v, t or r");
    complete(maker, record, random);
    if (maker->record.num_values > maker->record.max_values)
        return credential_issue_fault(faults, place, "record", "too many values", "at most 256 keys and values");
    check_record(&checking, maker->values, kind);
    return faults->num_all > before ? BASE_ERR_INPUT : 0;
}

int credential_issue_allowed(const struct credential_maker *maker, enum credential_use kind,
                             const struct credential_times *times, struct fault_place place, struct fault_list *faults)
{
    if (maker->facts.uses != 0 && (maker->facts.uses & kind) == 0)
        return credential_issue_fault(faults, place, "signer", "a certificate that may not sign this kind",
                                      "one for this kind: tests, vaccinations or recoveries");
    if (times->issued < maker->facts.from || times->issued > maker->facts.to)
        return credential_issue_fault(faults, place, "signer", "a certificate that has ended, or not begun",
                                      "one of today");
    if (times->expires <= times->issued)
        return credential_issue_fault(faults, place, "expires", "an end before the beginning", "a later one");
    if (times->expires > maker->facts.to)
        return credential_issue_fault(faults, place, "expires", "an end behind that of the signer's certificate",
                                      "an earlier one, or a new signer");
    return 0;
}
