/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/fhir_record.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/date_text.h"
#include "base/instant.h"

/* ---- parts ---- */

static void begin(struct json_writer *json, const char *key)
{
    json_key(json, key);
    json_begin_object(json);
}

static void begin_list(struct json_writer *json, const char *key)
{
    json_key(json, key);
    json_begin_array(json);
}

static void put_reference(struct json_writer *json, const char *key, const char *type, const struct id *id)
{
    char text[ID_TEXT_BYTES], reference[ID_TEXT_BYTES + 32];
    if (id_is_missing(id))
        return;
    id_to_text(id, text);
    snprintf(reference, sizeof reference, "%s/%s", type, text);
    if (key != NULL)
        begin(json, key);
    else
        json_begin_object(json);
    json_member(json, "reference", reference);
    json_end(json);
}

/* The published extension that says why there is no value. */
static void put_masked(struct json_writer *json)
{
    begin_list(json, "extension");
    json_begin_object(json);
    json_member(json, "url", "http://hl7.org/fhir/StructureDefinition/data-absent-reason");
    json_member(json, "valueCode", "masked");
    json_end(json);
    json_end(json);
}

/* resourceType, id and meta of the version that was read. */
static void begin_resource(struct json_writer *json, const char *type, const struct model_head *head)
{
    char id[ID_TEXT_BYTES], version[24], updated[INSTANT_TEXT_BYTES];
    id_to_text(&head->id, id);
    snprintf(version, sizeof version, "%lld", (long long) head->version);
    instant_to_text(head->updated, updated);
    json_begin_object(json);
    json_member(json, "resourceType", type);
    json_member(json, "id", id);
    begin(json, "meta");
    json_member(json, "versionId", version);
    json_member(json, "lastUpdated", updated);
    json_end(json);
}

/* ---- codes ---- */

static const char *system_address(const char *system)
{
    static const struct {
        const char *name, *address;
    } known[] = {
        { "ICD-10", "http://hl7.org/fhir/sid/icd-10" },
        { "SNOMED-CT", "http://snomed.info/sct" },
        { "LOINC", "http://loinc.org" },
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i].name, system) == 0)
            return known[i].address;
    return NULL;
}

/* The code of a standard where the list has one; our own code has no system, and is told as what it is called. */
static void put_concept(struct json_writer *json, const char *key, const struct model_lists *lists, const char *list,
                        struct model_text code)
{
    const struct model_entry *entry =
        lists != NULL && code.size > 0 ? model_lists_find(lists, list, code.bytes, code.size) : NULL;
    const char *system = entry != NULL && entry->system != NULL ? system_address(entry->system) : NULL;
    begin(json, key);
    if (code.size == 0) {
        put_masked(json);
        json_end(json);
        return;
    }
    begin_list(json, "coding");
    if (system != NULL && entry->system_code != NULL) {
        json_begin_object(json);
        json_member(json, "system", system);
        json_member(json, "code", entry->system_code);
        json_end(json);
    }
    json_begin_object(json);
    json_key(json, "code");
    json_put_string_of(json, code.bytes, code.size);
    json_end(json);
    json_end(json);
    json_key(json, "text");
    if (entry != NULL)
        json_put_string(json, model_entry_name(entry, MODEL_ENGLISH));
    else
        json_put_string_of(json, code.bytes, code.size);
    json_end(json);
}

/* A code of ours as one of FHIR's: rows "ours", "theirs". */
struct pair {
    const char *ours, *theirs;
};

static const char *translated(const struct pair *pairs, size_t num, struct model_text code)
{
    for (size_t i = 0; i < num; i++)
        if (strlen(pairs[i].ours) == code.size && memcmp(pairs[i].ours, code.bytes, code.size) == 0)
            return pairs[i].theirs;
    return NULL;
}
#define TRANSLATED(pairs, code) translated(pairs, sizeof(pairs) / sizeof *(pairs), code)

static void put_coded(struct json_writer *json, const char *key, const char *system, const char *code)
{
    begin(json, key);
    begin_list(json, "coding");
    json_begin_object(json);
    json_member(json, "system", system);
    json_member(json, "code", code);
    json_end(json);
    json_end(json);
    json_end(json);
}

/* ---- dates ---- */

static void put_day(struct json_writer *json, const char *key, toc_date day)
{
    char text[DATE_TEXT_BYTES];
    if (day == MODEL_MISSING_DATE)
        return;
    date_to_text(day, DATE_FORM_DAY, text);
    json_member(json, key, text);
}

/* With seconds and a zone: FHIR knows no time with less. */
static bool is_whole(struct model_text time)
{
    return time.size >= 20 && (time.bytes[time.size - 1] == 'Z' || time.bytes[time.size - 3] == ':') &&
           time.bytes[16] == ':';
}

static void put_time(struct json_writer *json, const char *key, struct model_text time)
{
    if (time.size == 0)
        return;
    if (!is_whole(time) && time.size > 10)
        time.size = 10;
    json_key(json, key);
    json_put_string_of(json, time.bytes, time.size);
}

/* ---- resources ---- */

void fhir_record_patient(struct json_writer *json, const struct model_person *person)
{
    static const struct pair genders[] = {
        { "male", "male" }, { "female", "female" }, { "other", "other" }, { "unknown", "unknown" }
    };
    const char *gender = TRANSLATED(genders, person->sex);
    begin_resource(json, "Patient", &person->head);
    begin_list(json, "name");
    json_begin_object(json);
    put_masked(json);
    json_end(json);
    json_end(json);
    if (gender != NULL)
        json_member(json, "gender", gender);
    if (person->birth_year != MODEL_MISSING_INTEGER) {
        char year[24];
        snprintf(year, sizeof year, "%04lld", (long long) person->birth_year);
        json_member(json, "birthDate", year);
    }
    if (!id_is_missing(&person->merged_into)) {
        begin_list(json, "link");
        json_begin_object(json);
        put_reference(json, "other", "Patient", &person->merged_into);
        json_member(json, "type", "replaced-by");
        json_end(json);
        json_end(json);
    }
    json_end(json);
}

void fhir_record_condition(struct json_writer *json, const struct model_lists *lists, const struct model_case *value)
{
    static const struct pair verified[] = {
        { "not-yet-classified", "unconfirmed" },
        { "suspected", "provisional" },
        { "probable", "provisional" },
        { "clinically-diagnosed", "provisional" },
        { "confirmed", "confirmed" },
        { "asymptomatic", "confirmed" },
        { "carrier", "confirmed" },
        { "not-a-case", "refuted" },
    };
    const char *status = TRANSLATED(verified, value->classification);
    begin_resource(json, "Condition", &value->head);
    if (status != NULL)
        put_coded(json, "verificationStatus", "http://terminology.hl7.org/CodeSystem/condition-ver-status", status);
    put_concept(json, "code", lists, "disease", value->disease);
    if (id_is_missing(&value->person)) {
        begin(json, "subject");
        put_masked(json);
        json_end(json);
    } else {
        put_reference(json, "subject", "Patient", &value->person);
    }
    put_day(json, "onsetDateTime", value->onset_date);
    put_day(json, "recordedDate", value->received_date);
    json_end(json);
}

static const struct pair statuses[] = {
    { "preliminary", "preliminary" },
    { "final", "final" },
    { "corrected", "corrected" },
    { "cancelled", "cancelled" },
    { "entered-in-error", "entered-in-error" },
};

static const char *status_of(const struct model_result *result)
{
    const char *status = TRANSLATED(statuses, result->status);
    return status != NULL ? status : "unknown";
}

/* What was found: the codes that laboratories send for it; of the rest, why there is no value. */
static void put_found(struct json_writer *json, const struct model_result *result)
{
    static const struct pair found[] = { { "detected", "260373001" },
                                         { "not-detected", "260415000" },
                                         { "inconclusive", "419984006" } };
    static const struct pair absent[] = { { "invalid", "error" }, { "rejected", "not-performed" } };
    const char *code = TRANSLATED(found, result->interpretation), *why = TRANSLATED(absent, result->interpretation);
    if (code != NULL)
        put_coded(json, "valueCodeableConcept", "http://snomed.info/sct", code);
    else
        put_coded(json, "dataAbsentReason", "http://terminology.hl7.org/CodeSystem/data-absent-reason",
                  why != NULL ? why : "masked");
}

/* A pool, an animal, a surface: said in words, for no person is meant. */
static void put_subject(struct json_writer *json, const struct model_specimen *specimen)
{
    if (!id_is_missing(&specimen->person)) {
        put_reference(json, "subject", "Patient", &specimen->person);
    } else if (specimen->subject.size > 0) {
        begin(json, "subject");
        json_key(json, "display");
        json_put_string_of(json, specimen->subject.bytes, specimen->subject.size);
        json_end(json);
    }
}

void fhir_record_observation(struct json_writer *json, const struct model_lists *lists,
                             const struct model_result *result, const struct model_specimen *specimen)
{
    begin_resource(json, "Observation", &result->head);
    json_member(json, "status", status_of(result));
    put_concept(json, "code", lists, "test_target", result->target);
    if (result->method.size > 0)
        put_concept(json, "method", lists, "test_method", result->method);
    put_subject(json, specimen);
    put_time(json, "effectiveDateTime", specimen->collected_time);
    if (is_whole(result->result_time))
        put_time(json, "issued", result->result_time);
    put_found(json, result);
    json_end(json);
}

void fhir_record_report(struct json_writer *json, const struct model_lists *lists, const struct model_result *result,
                        const struct model_specimen *specimen)
{
    begin_resource(json, "DiagnosticReport", &result->head);
    json_member(json, "status", status_of(result));
    put_concept(json, "code", lists, "test_target", result->target);
    put_subject(json, specimen);
    put_time(json, "effectiveDateTime", specimen->collected_time);
    if (is_whole(result->result_time))
        put_time(json, "issued", result->result_time);
    begin_list(json, "result");
    put_reference(json, NULL, "Observation", &result->head.id);
    json_end(json);
    json_end(json);
}
