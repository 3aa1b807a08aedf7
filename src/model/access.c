/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/access.h"

#include <string.h>

#include "model/records.h"

/* ---- the table ---- */

/* A class is kept as itself + 1, so that what the table does not name is 0: nothing. */
struct allowed {
    uint8_t  reads, writes;
    uint16_t identity_for; /* bit = enum access_purpose */
};

_Static_assert(ACCESS_NUM_PURPOSES <= 16, "the purposes fit in identity_for");

#define NOTHING 0
#define OPEN (MODEL_CLASS_OPEN + 1)
#define ROUTINE (MODEL_CLASS_ROUTINE + 1)
#define SENSITIVE (MODEL_CLASS_SENSITIVE + 1)
#define IDENTIFYING (MODEL_CLASS_IDENTIFYING + 1)
#define NOBODY 0
#define FOR(purpose) (1U << ACCESS_##purpose)

#define EVERYBODY(record, most)
#define ALLOW(role, record, most, most_written, purposes)                                                              \
    [ACCESS_##role][MODEL_##record] = { .reads = (most), .writes = (most_written), .identity_for = (purposes) },
#define ERASES(role)
#define PROXY(record, field)
static const struct allowed table[ACCESS_NUM_ROLES][MODEL_NUM_RECORDS] = {
#include "model/access.def"
};

#undef EVERYBODY
#undef ALLOW
#define EVERYBODY(record, most) [MODEL_##record] = (most),
#define ALLOW(role, record, most, most_written, purposes)
static const uint8_t everybody_reads[MODEL_NUM_RECORDS] = {
#include "model/access.def"
};

#undef EVERYBODY
#undef ERASES
#define EVERYBODY(record, most)
#define ERASES(role) [ACCESS_##role] = true,
static const bool erases[ACCESS_NUM_ROLES] = {
#include "model/access.def"
};

#undef ERASES
#undef PROXY
#define ERASES(role)
#define PROXY(record, field) { #record, #field },
static const struct {
    const char *record, *field;
} proxies[] = {
#include "model/access.def"
};

/* ---- questions ---- */

static bool is_signed_in(const struct access *who)
{
    return who != NULL && who->role > ACCESS_NO_ROLE && who->role < ACCESS_NUM_ROLES;
}

bool access_is_of_facilities(const struct access *who)
{
    return who->num_facilities > 0 && who->num_areas == 0 && !who->everywhere;
}

bool access_has_facility(const struct access *who, const struct id *facility)
{
    for (size_t i = 0; i < who->num_facilities && !id_is_missing(facility); i++)
        if (id_equal(&who->facilities[i], facility))
            return true;
    return false;
}

static const struct allowed *allowed(const struct access *who, const struct model_record *record)
{
    static const struct allowed nothing = { 0 };
    size_t                      num_records;
    const struct model_record  *records = model_records(&num_records);
    if (!is_signed_in(who) || record < records || record >= records + num_records ||
        (access_is_of_facilities(who) && record->belongs_to[0] == NULL))
        return &nothing;
    return &table[who->role][record - records];
}

static int anybody_reads(const struct model_record *record)
{
    size_t                     num_records;
    const struct model_record *records = model_records(&num_records);
    return record < records || record >= records + num_records ? ACCESS_NOTHING : everybody_reads[record - records] - 1;
}

bool access_may_identify(const struct access *who, const struct model_record *record)
{
    if (!is_signed_in(who) || who->purpose <= ACCESS_NO_PURPOSE || who->purpose >= ACCESS_NUM_PURPOSES)
        return false;
    return (allowed(who, record)->identity_for >> who->purpose & 1) != 0;
}

int access_highest(const struct access *who, const struct model_record *record)
{
    if (!is_signed_in(who))
        return ACCESS_NOTHING;
    if (access_may_identify(who, record))
        return MODEL_CLASS_IDENTIFYING;
    int highest = allowed(who, record)->reads - 1;
    int anybody = anybody_reads(record);
    return highest > anybody ? highest : anybody;
}

struct model_set access_visible(const struct access *who, const struct model_record *record)
{
    struct model_set set = { { 0 } };
    int              highest = access_highest(who, record);
    for (size_t i = 0; i < record->num_fields; i++)
        if ((int) record->fields[i].class <= highest)
            model_set_add(&set, i);
    return set;
}

struct model_set access_writable(const struct access *who, const struct model_record *record)
{
    struct model_set set = { { 0 } };
    int              highest = allowed(who, record)->writes - 1;
    for (size_t i = 0; i < record->num_fields; i++) {
        const struct model_field *field = &record->fields[i];
        if ((int) field->class <= highest && (field->rule != MODEL_RULE_WRITTEN || who->role == ACCESS_PROGRAM))
            model_set_add(&set, i);
    }
    return set;
}

bool access_may_write(const struct access *who, const struct model_record *record)
{
    return allowed(who, record)->writes != NOTHING;
}

bool access_may_erase(const struct access *who, const struct model_record *record)
{
    return access_may_write(who, record) && erases[who->role];
}

bool access_is_proxy(const struct model_record *record, const struct model_field *field)
{
    for (size_t i = 0; i < sizeof proxies / sizeof *proxies; i++)
        if (strcmp(proxies[i].record, record->name) == 0 && strcmp(proxies[i].field, field->name) == 0)
            return true;
    return false;
}

bool access_may_export(const struct access *who, const struct model_record *record, const struct model_field *field)
{
    return field->class != MODEL_CLASS_IDENTIFYING && (int) field->class <= access_highest(who, record) &&
           !access_is_proxy(record, field);
}

bool access_may_filter(const struct access *who, const struct model_record *record, const struct model_field *field)
{
    return field->kind != MODEL_KIND_BYTES && access_may_export(who, record, field);
}

/* ---- words ---- */

#define X(name, word) word,
static const char *const role_words[ACCESS_NUM_ROLES] = { "", ACCESS_ROLES(X) };
static const char *const purpose_words[ACCESS_NUM_PURPOSES] = { "", ACCESS_PURPOSES(X) };
#undef X

const char *access_role_word(enum access_role role)
{
    return role > ACCESS_NO_ROLE && role < ACCESS_NUM_ROLES ? role_words[role] : "";
}

const char *access_purpose_word(enum access_purpose purpose)
{
    return purpose > ACCESS_NO_PURPOSE && purpose < ACCESS_NUM_PURPOSES ? purpose_words[purpose] : "";
}

/* 0 = no such word; the first of the words is of none. */
static size_t find_word(const char *const *words, size_t num, const char *word, size_t size)
{
    for (size_t i = 1; i < num; i++)
        if (strlen(words[i]) == size && memcmp(words[i], word, size) == 0)
            return i;
    return 0;
}

enum access_role access_role_find(const char *word, size_t size)
{
    return (enum access_role) find_word(role_words, ACCESS_NUM_ROLES, word, size);
}

enum access_purpose access_purpose_find(const char *word, size_t size)
{
    return (enum access_purpose) find_word(purpose_words, ACCESS_NUM_PURPOSES, word, size);
}
