/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/intake_person.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/unicode.h"
#include "store/link_forms.h"
#include "tocsin/date.h"
#include "tocsin/linkage.h"
#include "tocsin/status.h"

#define NAME_CHARACTERS 120
#define IDENTIFIER_CHARACTERS 60
#define PHONE_CHARACTERS 40
#define ADDRESS_CHARACTERS 300

/* ---- texts and times as records have them ---- */

struct model_text intake_clean(struct report_text text, size_t most, struct arena *arena, int *status)
{
    const struct model_text none = { NULL, 0 };
    const char             *normal = NULL;
    size_t                  size = 0, used = 0, characters = 0;
    if (text.size == 0 || *status != 0)
        return none;
    int ret = unicode_normalize(text.bytes, text.size, UNICODE_NFC, arena, &normal, &size);
    if (ret == TOC_ERR_NO_MEMORY)
        *status = ret;
    if (ret != 0)
        return none;
    char *clean = arena_array(arena, size + 1, 1);
    if (clean == NULL) {
        *status = TOC_ERR_NO_MEMORY;
        return none;
    }
    for (size_t at = 0; at < size && characters < most;) { /* character by character; what may not stand is a blank */
        size_t length = 1;
        while (at + length < size && ((unsigned char) normal[at + length] & 0xc0) == 0x80)
            length++;
        bool plain = normal[at] != '\n' && unicode_check_plain(normal + at, length) == length;
        if (plain && normal[at] != ' ') {
            memcpy(clean + used, normal + at, length);
            used += length;
            characters++;
        } else if (used > 0 && clean[used - 1] != ' ') {
            clean[used++] = ' ';
            characters++;
        }
        at += length;
    }
    while (used > 0 && clean[used - 1] == ' ')
        used--;
    return used == 0 ? none : (struct model_text){ clean, used };
}

struct model_text intake_moment(const struct report_time *time, struct arena *arena, int *status)
{
    char        text[REPORT_TIME_BYTES];
    const char *what;
    if (time->precision < REPORT_DAY || !report_time_check(time, &what) || *status != 0)
        return (struct model_text){ NULL, 0 };
    size_t size = report_time_to_text(time, text);
    char  *copy = arena_copy(arena, text, size);
    if (copy == NULL)
        *status = TOC_ERR_NO_MEMORY;
    return copy == NULL ? (struct model_text){ NULL, 0 } : (struct model_text){ copy, size };
}

toc_date intake_day(const struct report_time *time)
{
    struct toc_civil civil = { time->year, time->month, time->day };
    return time->precision >= REPORT_DAY && toc_civil_valid(civil) ? toc_date_from_civil(civil) : MODEL_MISSING_DATE;
}

/* ---- names ---- */

static bool is_ascii(struct report_text text)
{
    for (size_t i = 0; i < text.size; i++)
        if ((unsigned char) text.bytes[i] >= 0x80)
            return false;
    return true;
}

/* Han characters begin at U+2E80, three bytes e2 ba 80; letters with accents come before. */
static bool is_han(struct report_text text)
{
    return text.size >= 3 && (unsigned char) text.bytes[0] >= 0xe3 && (unsigned char) text.bytes[0] <= 0xf0;
}

static struct model_text name_text(const struct report_name *name, struct arena *arena, int *status)
{
    char room[2 * LINK_TEXT_BYTES];
    int  size;
    if (report_text_is_given(name->whole))
        return intake_clean(name->whole, NAME_CHARACTERS, arena, status);
    bool han = is_han(name->family) || (name->family.size == 0 && is_han(name->given));
    if (han)
        size = snprintf(room, sizeof room, "%.*s%.*s", (int) name->family.size, name->family.bytes,
                        (int) name->given.size, name->given.bytes);
    else
        size = snprintf(room, sizeof room, "%.*s %.*s %.*s", (int) name->given.size, name->given.bytes,
                        (int) name->further.size, name->further.bytes, (int) name->family.size, name->family.bytes);
    size_t            used = size < 0 ? 0 : (size_t) size < sizeof room ? (size_t) size : sizeof room - 1;
    struct model_text text = intake_clean((struct report_text){ room, used }, NAME_CHARACTERS, arena, status);
    sodium_memzero(room, sizeof room);
    return text;
}

static int worth(const struct report_name *name)
{
    switch (name->use) {
    case REPORT_NAME_LEGAL: return 5;
    case REPORT_NAME_DISPLAY: return 4;
    case REPORT_NAME_UNSPECIFIED: return 3;
    case REPORT_NAME_BIRTH: return 2;
    case REPORT_NAME_ALIAS: return 1;
    default: return 0;
    }
}

static void read_names(const struct report_subject *subject, struct arena *arena, struct model_identity *identity,
                       int *status)
{
    const struct report_name *best = NULL, *latin = NULL;
    for (uint32_t i = 0; i < subject->num_names; i++)
        if (best == NULL || worth(&subject->names[i]) > worth(best))
            best = &subject->names[i];
    if (best == NULL || worth(best) == 0)
        return;
    for (uint32_t i = 0; i < subject->num_names && latin == NULL; i++)
        if (&subject->names[i] != best && is_ascii(subject->names[i].family) && is_ascii(subject->names[i].given) &&
            (is_han(best->family) || is_han(best->whole)))
            latin = &subject->names[i];
    identity->name = name_text(best, arena, status);
    if (latin != NULL)
        identity->name_latin = name_text(latin, arena, status);
}

/* ---- numbers ---- */

/* What kinds of number HL7's table 0203 names, the best first. `own`: unique without an authority. */
static const struct {
    const char *said, *kind;
    bool        own;
} kinds[] = {
    { "NI", "resident-identity-card", true },
    { "NNCHN", "resident-identity-card", true },
    { "PPN", "passport", true },
    { "SS", "other", true },
    { "NH", "health-card", true },
    { "HC", "health-card", false },
    { "BCT", "birth-certificate", false },
    { "DL", "driving-licence", false },
    { "MR", "medical-record", false },
    { "PI", "medical-record", false },
    { "PT", "medical-record", false },
    { "", "other", false },
};
enum { NUM_KINDS = sizeof kinds / sizeof *kinds };

static size_t kind_of(const struct report_identifier *identifier)
{
    for (size_t i = 0; i + 1 < NUM_KINDS; i++)
        if (report_text_equals_nocase(identifier->kind, kinds[i].said))
            return i;
    return NUM_KINDS - 1;
}

static void read_identifier(const struct report_subject *subject, struct arena *arena, struct model_identity *identity,
                            int *status)
{
    const struct report_identifier *best = NULL;
    char                            room[400];
    for (uint32_t i = 0; i < subject->num_identifiers; i++) {
        const struct report_identifier *one = &subject->identifiers[i];
        if (report_text_is_given(one->value) && !report_text_equals_nocase(one->kind, "AN") &&
            !report_text_equals_nocase(one->kind, "VN") && (best == NULL || kind_of(one) < kind_of(best)))
            best = one; /* an account's or a visit's number is not a person's */
    }
    if (best == NULL)
        return;
    struct report_text authority = report_text_is_given(best->authority.id) ? best->authority.id : best->authority.name;
    bool               own = kinds[kind_of(best)].own;
    int                size = snprintf(room, sizeof room, "%.*s%s%.*s", own ? 0 : (int) authority.size,
                        authority.bytes != NULL ? authority.bytes : "", own || authority.size == 0 ? "" : "/",
                                       (int) best->value.size, best->value.bytes);
    if (size > 0 && (size_t) size < sizeof room && unicode_length(room, (size_t) size) <= IDENTIFIER_CHARACTERS) {
        identity->identifier_kind = (struct model_text){ kinds[kind_of(best)].kind, strlen(kinds[kind_of(best)].kind) };
        identity->identifier =
            intake_clean((struct report_text){ room, (size_t) size }, IDENTIFIER_CHARACTERS, arena, status);
    }
    sodium_memzero(room, sizeof room);
}

/* ---- where they live ---- */

static void read_address(const struct report_subject *subject, struct arena *arena, struct model_identity *identity,
                         int *status)
{
    char   room[1200];
    size_t used = 0;
    if (subject->num_addresses == 0)
        return;
    const struct report_address *address = &subject->addresses[0];
    const struct report_text     parts[] = { address->street, address->other, address->city,
                                             address->county, address->state, address->postcode };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (!report_text_is_given(parts[i]) || used + parts[i].size + 2 >= sizeof room)
            continue;
        if (used > 0) {
            memcpy(room + used, ", ", 2);
            used += 2;
        }
        memcpy(room + used, parts[i].bytes, parts[i].size);
        used += parts[i].size;
    }
    identity->address = intake_clean((struct report_text){ room, used }, ADDRESS_CHARACTERS, arena, status);
    sodium_memzero(room, sizeof room);
}

static const char *sex_of(uint8_t sex)
{
    static const char *const words[] = { NULL, "male", "female", "other", "unknown" };
    return sex < sizeof words / sizeof *words ? words[sex] : NULL;
}

bool intake_identity(const struct report_subject *subject, struct arena *arena, struct model_person *person,
                     struct model_identity *identity, int *status)
{
    const char *sex = sex_of(subject->sex);
    model_init(model_record(MODEL_PERSON), person);
    model_init(model_record(MODEL_IDENTITY), identity);
    if (sex != NULL)
        person->sex = (struct model_text){ sex, strlen(sex) };
    if (subject->birth.precision >= REPORT_YEAR && subject->birth.year >= 1850 && subject->birth.year <= 2150)
        person->birth_year = subject->birth.year;
    identity->birth_date = intake_day(&subject->birth);
    read_names(subject, arena, identity, status);
    read_identifier(subject, arena, identity, status);
    for (uint32_t i = 0; i < subject->num_telecoms && identity->phone.size == 0; i++)
        if (subject->telecoms[i].kind <= REPORT_MOBILE)
            identity->phone = intake_clean(subject->telecoms[i].number, PHONE_CHARACTERS, arena, status);
    read_address(subject, arena, identity, status);
    return identity->name.size > 0 || identity->identifier.size > 0;
}

/* ---- weighing ---- */

/* An identity made ready: the texts that the library compares, cleared afterwards. */
struct ready {
    struct toc_linkage_person person;
    struct link_text          given, family, address, phone, identifier;
};

static struct toc_linkage_form form_of(const struct link_text *text)
{
    return (struct toc_linkage_form){ text->written, text->letters, text->num_written, text->num_letters };
}

static void make_ready(const struct model_person *person, const struct model_identity *identity, struct ready *ready)
{
    memset(ready, 0, sizeof *ready);
    (void) link_full_name(identity->name.bytes, identity->name.size, &ready->given, &ready->family);
    (void) link_words(identity->address.bytes, identity->address.size, &ready->address);
    (void) link_phone(identity->phone.bytes, identity->phone.size, &ready->phone);
    (void) link_number(identity->identifier.bytes, identity->identifier.size, &ready->identifier);
    ready->person.form[TOC_LINKAGE_GIVEN] = form_of(&ready->given);
    ready->person.form[TOC_LINKAGE_FAMILY] = form_of(&ready->family);
    ready->person.form[TOC_LINKAGE_ADDRESS] = form_of(&ready->address);
    ready->person.form[TOC_LINKAGE_PHONE] = form_of(&ready->phone);
    ready->person.form[TOC_LINKAGE_IDENTIFIER] = form_of(&ready->identifier);
    ready->person.sex = link_sex(person->sex.bytes, person->sex.size);
    if (identity->birth_date != MODEL_MISSING_DATE) {
        struct toc_civil civil = toc_date_to_civil(identity->birth_date);
        ready->person.birth_date = (uint32_t) (civil.year * 10000 + civil.month * 100 + civil.day);
    } else if (person->birth_year != MODEL_MISSING_INTEGER)
        ready->person.birth_date = (uint32_t) person->birth_year * 10000;
}

static bool same_text(struct model_text a, struct model_text b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.bytes, b.bytes, a.size) == 0);
}

/* The same number, and neither name, birth date nor sex is another. */
static bool is_same_number(const uint8_t level[TOC_LINKAGE_NUM_ROLES])
{
    return level[TOC_LINKAGE_IDENTIFIER] == TOC_LINKAGE_EXACT && level[TOC_LINKAGE_GIVEN] != TOC_LINKAGE_DIFFERENT &&
           level[TOC_LINKAGE_FAMILY] != TOC_LINKAGE_DIFFERENT && level[TOC_LINKAGE_SEX] != TOC_LINKAGE_DIFFERENT &&
           level[TOC_LINKAGE_BIRTH_DATE] != TOC_LINKAGE_DIFFERENT;
}

enum intake_answer intake_weigh(const struct model_person *person, const struct model_identity *identity,
                                const struct meant_person *candidates, size_t num, size_t *best)
{
    struct ready       a, b;
    double             most = INTAKE_PERHAPS;
    enum intake_answer answer = INTAKE_DIFFERENT;
    if (num == 0)
        return answer;
    make_ready(person, identity, &a);
    for (size_t i = 0; i < num; i++) {
        uint8_t level[TOC_LINKAGE_NUM_ROLES];
        make_ready(&candidates[i].person, &candidates[i].identity, &b);
        if (!same_text(identity->identifier_kind, candidates[i].identity.identifier_kind))
            b.person.form[TOC_LINKAGE_IDENTIFIER].num_letters = 0; /* two kinds of number say nothing of each other */
        double log_odds = toc_linkage_weigh(&a.person, &b.person, INTAKE_PERSONS, level);
        double probability = is_same_number(level) ? 1.0 : toc_linkage_probability(log_odds);
        if (level[TOC_LINKAGE_GIVEN] == TOC_LINKAGE_DIFFERENT && probability >= INTAKE_SAME)
            probability = INTAKE_SAME - 0.01; /* twins: for a person to decide */
        if (probability < most)
            continue;
        most = probability;
        answer = probability >= INTAKE_SAME ? INTAKE_IS_SAME : INTAKE_IS_PERHAPS;
        *best = i;
    }
    sodium_memzero(&a, sizeof a);
    sodium_memzero(&b, sizeof b);
    return answer;
}
