/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Encounter and Condition. */
#include <string.h>

#include "formats/fhir/parts.h"

static uint8_t event_of(struct report_text status)
{
    return report_text_equals(status, "finished")                                               ? REPORT_DISCHARGED
           : report_text_equals(status, "in-progress") || report_text_equals(status, "onleave") ? REPORT_ADMITTED
           : report_text_equals(status, "arrived") || report_text_equals(status, "triaged")     ? REPORT_REGISTERED
           : report_text_equals(status, "cancelled") || report_text_equals(status, "entered-in-error")
               ? REPORT_CANCELLED_VISIT
               : REPORT_VISIT_OTHER;
}

void fhir_map_encounter(struct fhir_context *context, uint32_t entry)
{
    struct report      *report = context->report;
    const struct value *encounter = context->document->entries[entry].resource;
    uint32_t            subject = fhir_map_subject(context, entry, value_get(encounter, "subject"));
    if (context->document->entries[entry].refused)
        return;
    struct report_visit *visit = report_add_visit(report);
    if (visit == NULL)
        return;
    context->document->entries[entry].record = report->num_visits - 1;
    visit->subject = subject;
    visit->event = event_of(fhir_member(context, encounter, "status"));
    visit->number.value = fhir_identifier(context, value_get(encounter, "identifier"), "VN|", &visit->number.authority);
    if (visit->number.value.size == 0)
        visit->number.value =
            fhir_identifier(context, value_get(encounter, "identifier"), "", &visit->number.authority);
    visit->class_sent = fhir_member(context, value_get(encounter, "class"), "code");
    const struct value *period = value_get(encounter, "period");
    visit->admitted = fhir_time_member(context, period, "start");
    visit->discharged = fhir_time_member(context, period, "end");
    visit->reason = fhir_first_concept(context, value_get(encounter, "reasonCode"));
    visit->facility_kind = fhir_first_concept(context, value_get(encounter, "type"));
    const struct value *hospital = value_get(encounter, "hospitalization");
    const struct value *disposition = value_get(value_get(hospital, "dischargeDisposition"), "coding");
    visit->disposition = fhir_member(context, value_at(disposition, 0), "code");
    uint32_t provider = fhir_follow(context, entry, value_get(encounter, "serviceProvider"));
    if (provider == REPORT_NONE)
        provider = fhir_follow(context, entry, value_get(value_at(value_get(encounter, "location"), 0), "location"));
    fhir_organisation(context, provider, &visit->facility, NULL, NULL);
    if (visit->facility.name.size == 0 && visit->facility.id.size == 0)
        visit->facility = report->facility;
}

/* The visit of Encounter references, REPORT_NONE where it lies outside. */
uint32_t fhir_map_visit_of(struct fhir_context *context, uint32_t from, const struct value *resource)
{
    uint32_t found = fhir_follow(context, from, value_get(resource, "encounter"));
    if (found == REPORT_NONE || context->document->entries[found].type != FHIR_Encounter)
        return REPORT_NONE;
    if (context->document->entries[found].record == REPORT_NONE)
        fhir_map_encounter(context, found);
    return context->document->entries[found].record;
}

static bool has_code(const struct value *concept, const char *code)
{
    for (VALUE_EACH(coding, value_get(concept, "coding")))
        if (value_is_text(value_get(coding, "code"), code))
            return true;
    return false;
}

void fhir_map_condition(struct fhir_context *context, uint32_t entry)
{
    struct report      *report = context->report;
    const struct value *condition = context->document->entries[entry].resource;
    const struct value *verified = value_get(condition, "verificationStatus");
    if (fhir_is_struck(context, condition))
        return;
    if (context->document->entries[entry].history || has_code(verified, "refuted") ||
        has_code(verified, "entered-in-error")) {
        fhir_entry_fault(context, entry, condition, "", REPORT_INFORMATION, REPORT_VALUE,
                         context->document->entries[entry].history ? "stands in a section on the past; not reported"
                                                                   : "refuted or entered in error; not a diagnosis",
                         NULL);
        return;
    }
    struct report_concept code = fhir_concept(context, value_get(condition, "code"));
    if (!report_concept_is_given(&code))
        return;
    uint32_t subject = fhir_map_subject(context, entry, value_get(condition, "subject"));
    uint32_t visit = fhir_map_visit_of(context, entry, condition);
    if (context->document->entries[entry].refused)
        return;
    struct report_diagnosis *diagnosis = report_add_diagnosis(report);
    if (diagnosis == NULL)
        return;
    context->document->entries[entry].record = report->num_diagnoses - 1;
    diagnosis->subject = subject;
    diagnosis->visit = visit;
    diagnosis->condition = code;
    diagnosis->disease = meaning_disease(&context->source, &code);
    diagnosis->kind = has_code(verified, "provisional") || has_code(verified, "differential") ? REPORT_WORKING
                      : has_code(verified, "confirmed")                                       ? REPORT_FINAL_DIAGNOSIS
                                                        : REPORT_DIAGNOSIS_UNSPECIFIED;
    diagnosis->onset = fhir_time_member(context, condition, "onsetDateTime");
    if (diagnosis->onset.precision == REPORT_TIME_MISSING)
        diagnosis->onset = fhir_time_member(context, value_get(condition, "onsetPeriod"), "start");
    diagnosis->diagnosed = fhir_time_member(context, condition, "recordedDate");
}
