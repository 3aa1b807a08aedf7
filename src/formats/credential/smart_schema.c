/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/credential/smart_schema.h"

#include <math.h>
#include <string.h>

#include "base/json_reader.h"
#include "base/value.h"
#include "tocsin/status.h"

/* ---- the forms of FHIR ---- */

enum form { WORD, TEXT, DATE, DATE_TIME, CONCEPT, REFERENCE, NAMES, PERFORMERS, REFERENCES, OBJECT };

static bool full_text(const struct value *value)
{
    return value_is(value, VALUE_TEXT) && value->length > 0;
}

/* A code: no blanks at its ends, none doubled. */
static bool is_code(const struct value *value)
{
    if (!full_text(value) || value->text[0] == ' ' || value->text[value->length - 1] == ' ')
        return false;
    return memmem(value->text, value->length, "  ", 2) == NULL;
}

static bool digits_at(const struct value *text, size_t at, size_t num)
{
    for (size_t i = at; i < at + num; i++)
        if (i >= text->length || text->text[i] < '0' || text->text[i] > '9')
            return false;
    return true;
}

static bool character_at(const struct value *text, size_t at, const char *one_of)
{
    return at < text->length && text->text[at] != '\0' && strchr(one_of, text->text[at]) != NULL;
}

/* YYYY, YYYY-MM or YYYY-MM-DD. */
static bool is_date(const struct value *text)
{
    return full_text(text) && digits_at(text, 0, 4) &&
           (text->length == 4 ||
            (character_at(text, 4, "-") && digits_at(text, 5, 2) &&
             (text->length == 7 || (character_at(text, 7, "-") && digits_at(text, 8, 2) && text->length == 10))));
}

/* A date, or one with a time to the second, perhaps a fraction, and a zone. */
static bool is_date_time(const struct value *text)
{
    if (is_date(text))
        return true;
    if (!full_text(text) || text->length < 20 || !character_at(text, 10, "T") || !digits_at(text, 11, 2) ||
        !character_at(text, 13, ":") || !digits_at(text, 14, 2) || !character_at(text, 16, ":") ||
        !digits_at(text, 17, 2))
        return false;
    struct value day = *text;
    day.length = 10;
    size_t at = 19;
    if (character_at(text, at, "."))
        for (at++; digits_at(text, at, 1);)
            at++;
    bool zulu = character_at(text, at, "Z") && at + 1 == text->length;
    return is_date(&day) &&
           (zulu || (character_at(text, at, "+-") && digits_at(text, at + 1, 2) && character_at(text, at + 3, ":") &&
                     digits_at(text, at + 4, 2) && at + 6 == text->length));
}

static bool is_concept(const struct value *value)
{
    const struct value *codings = value_get(value, "coding");
    if (codings == NULL)
        return full_text(value_get(value, "text"));
    if (!value_is(codings, VALUE_ARRAY) || codings->count == 0)
        return false;
    for (VALUE_EACH(coding, codings)) {
        const struct value *system = value_get(coding, "system"), *code = value_get(coding, "code");
        if (!value_is(coding, VALUE_OBJECT) || coding->count == 0 || (system != NULL && !full_text(system)) ||
            (code != NULL && !is_code(code)))
            return false;
    }
    return true;
}

static bool is_reference(const struct value *value)
{
    const struct value *to = value_get(value, "reference"), *shown = value_get(value, "display");
    return value_is(value, VALUE_OBJECT) && value->count > 0 && (to == NULL || full_text(to)) &&
           (shown == NULL || full_text(shown));
}

static bool is_name(const struct value *name)
{
    const struct value *family = value_get(name, "family"), *given = value_get(name, "given");
    if (!value_is(name, VALUE_OBJECT) || name->count == 0 || (family != NULL && !full_text(family)) ||
        (given != NULL && !value_is(given, VALUE_ARRAY)))
        return false;
    for (VALUE_EACH(one, given))
        if (!full_text(one))
            return false;
    return true;
}

static bool is_performer(const struct value *performer)
{
    return is_reference(value_get(performer, "actor"));
}

static bool all_are(const struct value *list, bool (*is)(const struct value *value))
{
    if (!value_is(list, VALUE_ARRAY) || list->count == 0)
        return false;
    for (VALUE_EACH(one, list))
        if (!is(one))
            return false;
    return true;
}

static bool holds(const struct value *value, enum form form)
{
    switch (form) {
    case WORD: return is_code(value);
    case TEXT: return full_text(value);
    case DATE: return is_date(value);
    case DATE_TIME: return is_date_time(value);
    case CONCEPT: return is_concept(value);
    case REFERENCE: return is_reference(value);
    case NAMES: return all_are(value, is_name);
    case PERFORMERS: return all_are(value, is_performer);
    case REFERENCES: return all_are(value, is_reference);
    default: return value_is(value, VALUE_OBJECT) && value->count > 0;
    }
}

/* ---- resources ---- */

static const struct member {
    const char *type, *key, *path;
    enum form   form;
    bool        needed;
} members[] = {
    { "Patient", "name", "Patient.name", NAMES, false },
    { "Patient", "birthDate", "Patient.birthDate", DATE, false },
    { "Patient", "gender", "Patient.gender", WORD, false },
    { "Immunization", "status", "Immunization.status", WORD, true },
    { "Immunization", "vaccineCode", "Immunization.vaccineCode", CONCEPT, true },
    { "Immunization", "patient", "Immunization.patient", REFERENCE, true },
    { "Immunization", "occurrenceDateTime", "Immunization.occurrenceDateTime", DATE_TIME, false },
    { "Immunization", "occurrenceString", "Immunization.occurrenceString", TEXT, false },
    { "Immunization", "lotNumber", "Immunization.lotNumber", TEXT, false },
    { "Immunization", "manufacturer", "Immunization.manufacturer", REFERENCE, false },
    { "Immunization", "location", "Immunization.location", REFERENCE, false },
    { "Immunization", "performer", "Immunization.performer", PERFORMERS, false },
    { "Observation", "status", "Observation.status", WORD, true },
    { "Observation", "code", "Observation.code", CONCEPT, true },
    { "Observation", "subject", "Observation.subject", REFERENCE, false },
    { "Observation", "effectiveDateTime", "Observation.effectiveDateTime", DATE_TIME, false },
    { "Observation", "issued", "Observation.issued", DATE_TIME, false },
    { "Observation", "performer", "Observation.performer", REFERENCES, false },
    { "Observation", "valueCodeableConcept", "Observation.valueCodeableConcept", CONCEPT, false },
    { "Observation", "valueQuantity", "Observation.valueQuantity", OBJECT, false },
    { "Observation", "valueString", "Observation.valueString", TEXT, false },
    { "DiagnosticReport", "status", "DiagnosticReport.status", WORD, true },
    { "DiagnosticReport", "code", "DiagnosticReport.code", CONCEPT, true },
    { "DiagnosticReport", "subject", "DiagnosticReport.subject", REFERENCE, false },
    { "DiagnosticReport", "effectiveDateTime", "DiagnosticReport.effectiveDateTime", DATE_TIME, false },
    { "DiagnosticReport", "issued", "DiagnosticReport.issued", DATE_TIME, false },
    { "DiagnosticReport", "performer", "DiagnosticReport.performer", REFERENCES, false },
    { "DiagnosticReport", "result", "DiagnosticReport.result", REFERENCES, false },
    { "Specimen", "type", "Specimen.type", CONCEPT, false },
    { "Specimen", "subject", "Specimen.subject", REFERENCE, false },
};

/* Members of which FHIR takes one: their common beginning, and whether there must be one. */
static const struct choice {
    const char *type, *beginning, *path;
    bool        needed;
} choices[] = {
    { "Immunization", "occurrence", "Immunization.occurrence[x]", true },
    { "Observation", "effective", "Observation.effective[x]", false },
    { "Observation", "value", "Observation.value[x]", false },
    { "DiagnosticReport", "effective", "DiagnosticReport.effective[x]", false },
};

static const char *choice_fault(const struct value *resource, const struct choice *choice)
{
    size_t num = 0, length = strlen(choice->beginning);
    for (VALUE_EACH_PAIR(key, resource))
        num += key->length > length && memcmp(key->text, choice->beginning, length) == 0 && key->text[length] >= 'A' &&
               key->text[length] <= 'Z';
    return num > 1 || (num == 0 && choice->needed) ? choice->path : NULL;
}

static const char *meta_fault(const struct value *meta)
{
    if (meta == NULL)
        return NULL;
    const struct value *security = value_get(meta, "security");
    if (!value_is(meta, VALUE_OBJECT) || meta->count != 1 || !value_is(security, VALUE_ARRAY) || security->count == 0)
        return "meta";
    for (VALUE_EACH(one, security))
        if (!full_text(value_get(one, "system")) || !is_code(value_get(one, "code")))
            return "meta.security";
    return NULL;
}

static const char *resource_fault(const struct value *resource)
{
    const struct value *type = value_get(resource, "resourceType");
    if (!value_is(resource, VALUE_OBJECT) || !full_text(type))
        return "resource";
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        if (!value_is_text(type, members[i].type))
            continue;
        const struct value *value = value_get(resource, members[i].key);
        if (value == NULL ? members[i].needed : !holds(value, members[i].form))
            return members[i].path;
    }
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
        const char *fault = value_is_text(type, choices[i].type) ? choice_fault(resource, &choices[i]) : NULL;
        if (fault != NULL)
            return fault;
    }
    return meta_fault(value_get(resource, "meta"));
}

static const char *bundle_fault(const struct value *bundle)
{
    const struct value *entries = value_get(bundle, "entry");
    if (!value_is_text(value_get(bundle, "resourceType"), "Bundle"))
        return "Bundle.resourceType";
    if (!value_is_text(value_get(bundle, "type"), "collection"))
        return "Bundle.type";
    if (!value_is(entries, VALUE_ARRAY) || entries->count == 0)
        return "Bundle.entry";
    for (VALUE_EACH(entry, entries)) {
        const char *fault = full_text(value_get(entry, "fullUrl")) ? resource_fault(value_get(entry, "resource"))
                                                                   : "Bundle.entry.fullUrl";
        if (fault != NULL)
            return fault;
    }
    return NULL;
}

/* ---- claims ---- */

#define SECONDS_MOST 99999999999.0 /* the year 5138; above are milliseconds */

static bool is_issuer(const struct value *iss)
{
    return full_text(iss) && iss->length > 8 && memcmp(iss->text, "https://", 8) == 0 &&
           iss->text[iss->length - 1] != '/';
}

static const char *card_fault(const struct value *card)
{
    const struct value *vc = value_get(card, "vc"), *types = value_get(vc, "type"), *exp = value_get(card, "exp");
    const struct value *subject = value_get(vc, "credentialSubject"), *version = value_get(subject, "fhirVersion");
    double              from, to = INFINITY;
    bool                is_card = false;
    if (!is_issuer(value_get(card, "iss")))
        return "iss";
    if (!value_to_number(value_get(card, "nbf"), &from) || !(from > 0 && from <= SECONDS_MOST))
        return "nbf";
    if (exp != NULL && (!value_to_number(exp, &to) || to <= from || to > SECONDS_MOST))
        return "exp";
    if (!value_is(types, VALUE_ARRAY))
        return "vc.type";
    for (VALUE_EACH(type, types)) {
        if (!full_text(type))
            return "vc.type";
        is_card |= value_is_text(type, "https://smarthealth.cards#health-card");
    }
    if (!is_card)
        return "vc.type";
    if (!full_text(version) || version->length != 5 || memcmp(version->text, "4.", 2) != 0 ||
        !digits_at(version, 2, 1) || !character_at(version, 3, ".") || !digits_at(version, 4, 1))
        return "fhirVersion";
    return bundle_fault(value_get(subject, "fhirBundle"));
}

static const char *fault_of(const char *json, size_t size, const char *(*fault)(const struct value *root))
{
    struct value_tree tree = VALUE_TREE_INIT;
    int               ret = json_read(json, size, NULL, &tree, NULL);
    const char       *found = ret == TOC_ERR_NO_MEMORY             ? "memory"
                              : ret != 0                           ? "JSON"
                              : size == 0 || json[size - 1] != '}' ? "characters behind the JSON"
                                                                   : fault(tree.values);
    value_tree_free(&tree);
    return found;
}

const char *credential_card_fault(const char *json, size_t size)
{
    return fault_of(json, size, card_fault);
}

const char *credential_bundle_fault(const char *json, size_t size)
{
    return fault_of(json, size, bundle_fault);
}
