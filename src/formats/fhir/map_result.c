/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Observation: a result, several, an answer, a part of a visit, or a panel that holds others. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "formats/fhir/parts.h"

#define MOST_PANEL_DEPTH 8

static uint8_t status_of(struct report_text status)
{
    static const struct {
        const char *word;
        uint8_t     status;
    } known[] = {
        { "registered", REPORT_PRELIMINARY },
        { "preliminary", REPORT_PRELIMINARY },
        { "final", REPORT_FINAL },
        { "amended", REPORT_CORRECTED },
        { "corrected", REPORT_CORRECTED },
        { "cancelled", REPORT_CANCELLED },
        { "entered-in-error", REPORT_ENTERED_IN_ERROR },
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (report_text_equals(status, known[i].word))
            return known[i].status;
    return REPORT_STATUS_UNKNOWN;
}

/* ---- parts ---- */

static struct report_concept read_flags(struct fhir_context *context, const struct value *interpretations)
{
    struct report_concept flags = { 0 };
    size_t                room = 0;
    for (VALUE_EACH(one, interpretations)) {
        const struct value *codings = value_get(one, "coding");
        room += value_is(codings, VALUE_ARRAY) ? codings->count : 0;
    }
    if (room == 0)
        return flags;
    if (room > REPORT_MAX_PARTS)
        room = REPORT_MAX_PARTS;
    flags.codings = arena_array(context->report->arena, room, sizeof *flags.codings);
    if (flags.codings == NULL) {
        context->report->out_of_memory = true;
        return flags;
    }
    for (VALUE_EACH(one, interpretations)) {
        for (VALUE_EACH(coding, value_get(one, "coding"))) {
            struct report_text code = fhir_member(context, coding, "code");
            if (code.size == 0 || flags.num_codings == room)
                continue;
            flags.codings[flags.num_codings].system = REPORT_HL7_TABLE; /* 0078 by the element's definition */
            flags.codings[flags.num_codings++].code = code;
        }
    }
    return flags;
}

/* "0-0.9", "<1": as HL7 v2 writes ranges, so that one rule reads both. */
static struct report_text read_range(struct fhir_context *context, const struct value *ranges)
{
    const struct value *range = value_at(ranges, 0), *low = value_get(range, "low"), *high = value_get(range, "high");
    struct report_text  text = fhir_member(context, range, "text"), from, to;
    char                made[128];
    if (text.size > 0 || (low == NULL && high == NULL))
        return text;
    from = fhir_member(context, low, "value");
    to = fhir_member(context, high, "value");
    if (from.size > 50 || to.size > 50)
        return text;
    int   size = snprintf(made, sizeof made,
                        from.size == 0 ? "%.*s<=%.*s"
                          : to.size == 0 ? ">=%.*s%.*s"
                                         : "%.*s-%.*s",
                          (int) from.size, from.size > 0 ? from.bytes : "", (int) to.size, to.size > 0 ? to.bytes : "");
    char *kept = arena_copy(context->report->arena, made, (size_t) size);
    if (kept == NULL) {
        context->report->out_of_memory = true;
        return text;
    }
    return (struct report_text){ kept, (size_t) size };
}

static void read_kit(struct fhir_context *context, uint32_t entry, const struct value *observation,
                     struct report_result *result)
{
    result->method_sent = fhir_concept(context, value_get(observation, "method"));
    if (result->method_sent.text.size > 0)
        result->kit = result->method_sent.text;
    else if (result->method_sent.num_codings > 0)
        result->kit = result->method_sent.codings[0].display.size > 0 ? result->method_sent.codings[0].display
                                                                      : result->method_sent.codings[0].code;
    uint32_t device = fhir_follow(context, entry, value_get(observation, "device"));
    if (result->kit.size == 0 && device != REPORT_NONE)
        result->kit = fhir_member(
            context, value_at(value_get(context->document->entries[device].resource, "deviceName"), 0), "name");
}

static void read_laboratory(struct fhir_context *context, uint32_t entry, const struct value *observation,
                            struct report_result *result)
{
    for (VALUE_EACH(performer, value_get(observation, "performer"))) {
        uint32_t found = fhir_follow(context, entry, performer);
        fhir_organisation(context, found, &result->laboratory, &result->laboratory_address, NULL);
        if (result->laboratory.name.size > 0 || result->laboratory.id.size > 0)
            return;
    }
}

static void read_observed(struct fhir_context *context, const struct value *observation, struct report_result *result)
{
    static const char *const forms[] = { "effectiveDateTime", "effectiveInstant" };
    result->observed = fhir_time_member(context, value_get(observation, "effectivePeriod"), "start");
    for (size_t i = 0; i < 2 && result->observed.precision == REPORT_TIME_MISSING; i++)
        result->observed = fhir_time_member(context, observation, forms[i]);
}

/* ---- results ---- */

struct common {
    uint32_t             entry, first; /* results from `first` on are of the same order or panel */
    struct report_result result;
    const char          *order_target;
};

static void tell_unknown(struct fhir_context *context, uint32_t entry, const struct report_result *result)
{
    if (result->interpretation == REPORT_MEASURED || result->quality_control)
        return;
    if (result->target == NULL)
        fhir_entry_fault(context, entry, NULL, "code", REPORT_WARNING, REPORT_UNKNOWN_CODE,
                         "a test that names no target known here; for a person to review", NULL);
    else if (result->interpretation == REPORT_NOT_UNDERSTOOD)
        fhir_entry_fault(context, entry, NULL, "value", REPORT_WARNING, REPORT_UNKNOWN_CODE,
                         "what the result means is not known; for a person to review", NULL);
}

/* Nothing was measured, and the sender says so. */
static void apply_absence(const struct value *part, struct report_result *made)
{
    for (VALUE_EACH(coding, value_get(value_get(part, "dataAbsentReason"), "coding"))) {
        const struct value *code = value_get(coding, "code");
        bool                failed = value_is_text(code, "error") || value_is_text(code, "not-performed") ||
                      value_is_text(code, "not-a-number") || value_is_text(code, "unsupported");
        if (failed && made->interpretation == REPORT_NOT_UNDERSTOOD) {
            made->interpretation = REPORT_INVALID;
            made->decided_by = REPORT_BY_STATUS;
        }
    }
}

/* The tube of a sender whose specimens are all pools, where none is sent. */
static uint32_t add_pool(struct report *report, uint32_t order)
{
    struct report_specimen *specimen = report_add_specimen(report);
    if (specimen == NULL)
        return REPORT_NONE;
    specimen->order = order;
    specimen->kind = REPORT_POOL;
    specimen->group = true;
    return report->num_specimens - 1;
}

static void add_result(struct fhir_context *context, const struct common *common, const struct value *part,
                       struct report_concept asked, const struct meaning_test *meant)
{
    struct report       *report = context->report;
    struct report_result made = common->result;
    bool                 meant_pooled, opposed;
    made.test = asked;
    made.value = fhir_value(context, part, "value");
    made.flags = read_flags(context, value_get(part, "interpretation"));
    made.reference_range = read_range(context, value_get(part, "referenceRange"));
    made.target = meant->target;
    made.method = meant->method != NULL ? meant->method : meaning_method(context->source.tables, &made.method_sent);
    if (meant->threshold && meaning_attach_threshold(report, common->first, &made))
        return;
    if (meant->threshold)
        made.cycle_threshold = made.value.number;
    meaning_decide(&context->source, &made, &meant_pooled, &opposed);
    if (opposed)
        fhir_entry_fault(context, common->entry, NULL, "interpretation", REPORT_WARNING, REPORT_VALUE,
                         "the interpretation and the words of the value contradict each other; for a person to review",
                         NULL);
    if (meant->threshold && !isnan(made.cycle_threshold))
        made.interpretation = REPORT_MEASURED;
    apply_absence(part, &made);
    if (made.target == NULL && made.interpretation != REPORT_MEASURED)
        made.target = common->order_target;
    made.disease = code_tables_disease_of(context->source.tables, made.target);
    if (meaning_is_repeated(report, common->first, &made)) {
        fhir_entry_fault(context, common->entry, NULL, "", REPORT_INFORMATION, REPORT_REPEATED,
                         "the same observation stands in this order already; counted once", NULL);
        return;
    }
    tell_unknown(context, common->entry, &made);
    if (made.specimen == REPORT_NONE && context->options->pooled)
        made.specimen = add_pool(report, made.order);
    struct report_result *result = report_add_result(report);
    if (result == NULL)
        return;
    *result = made;
    result->pooled |= meant_pooled;
    if (meant_pooled && made.specimen != REPORT_NONE)
        report->specimens[made.specimen].group = true;
}

/* ---- what becomes of it ---- */

static void add_answer(struct fhir_context *context, const struct common *common, const struct value *part,
                       struct report_concept asked, const struct code_test *test, uint32_t visit)
{
    struct report_value   value = fhir_value(context, part, "value");
    struct report_answer *answer = value.kind != REPORT_VALUE_NONE ? report_add_answer(context->report) : NULL;
    if (answer == NULL)
        return;
    answer->subject = common->result.subject;
    answer->order = common->result.order;
    answer->visit = visit;
    answer->question = test != NULL && test->role == CODE_QUESTION ? test->question : (uint8_t) REPORT_QUESTION_OTHER;
    answer->asked = asked;
    answer->value = value;
    meaning_answer(context->report, answer);
}

static void fill_visit(struct fhir_context *context, uint32_t index, const struct value *part,
                       const struct code_test *test)
{
    struct report_visit *visit = &context->report->visits[index];
    struct report_value  value = fhir_value(context, part, "value");
    switch ((enum code_visit_part) test->visit_part) {
    case CODE_VISIT_REASON:
        visit->reason = value.concept
        ;
        if (value.kind != REPORT_VALUE_CODED)
            visit->reason.text = value.sent;
        break;
    case CODE_VISIT_NOTE: visit->note = value.sent; break;
    case CODE_VISIT_TEMPERATURE:
        visit->temperature = value.number;
        visit->temperature_unit = value.unit.num_codings > 0 ? value.unit.codings[0].code : value.unit.text;
        break;
    case CODE_VISIT_OXYGEN: visit->oxygen_saturation_percent = value.number; break;
    case CODE_VISIT_FACILITY: visit->facility.name = value.sent; break;
    case CODE_VISIT_FACILITY_KIND:
        visit->facility_kind = value.concept
        ;
        break;
    }
}

/* An observation of the condition that a report to the health department is about. */
static bool is_notification(const struct report_concept *asked)
{
    for (uint32_t i = 0; i < asked->num_codings; i++)
        if (asked->codings[i].system == REPORT_SNOMED_CT && report_text_equals(asked->codings[i].code, "64572001"))
            return true;
    return false;
}

static void add_notified(struct fhir_context *context, const struct common *common, const struct value *part)
{
    struct report_value      value = fhir_value(context, part, "value");
    struct report_diagnosis *diagnosis =
        value.kind == REPORT_VALUE_CODED ? report_add_diagnosis(context->report) : NULL;
    if (diagnosis == NULL)
        return;
    diagnosis->subject = common->result.subject;
    diagnosis->kind = REPORT_NOTIFIED;
    diagnosis->condition = value.concept;
    diagnosis->disease = meaning_disease(&context->source, &value.concept);
}

/* Categories that tell of the person and not of a laboratory's finding. */
static bool is_background(const struct value *observation)
{
    static const char codes[] = "social-history|survey|vital-signs|exam|activity|procedure|therapy";
    for (VALUE_EACH(category, value_get(observation, "category"))) {
        for (VALUE_EACH(coding, value_get(category, "coding"))) {
            const struct value *code = value_get(coding, "code");
            if (value_is(code, VALUE_TEXT) && fhir_is_listed(codes, (struct report_text){ code->text, code->length }))
                return true;
        }
    }
    return false;
}

/* An answer that a laboratory asked for with its order carries this identifier's type. */
static bool is_asked(const struct value *observation)
{
    for (VALUE_EACH(identifier, value_get(observation, "identifier"))) {
        for (VALUE_EACH(coding, value_get(value_get(identifier, "type"), "coding")))
            if (value_is_text(value_get(coding, "code"), "81959-9"))
                return true;
    }
    return false;
}

/* The observation itself, or one of its components. */
static void map_part(struct fhir_context *context, const struct common *common, const struct value *observation,
                     const struct value *part, uint32_t visit)
{
    if (fhir_is_struck(context, part)) {
        fhir_entry_fault(context, common->entry, NULL, "code", REPORT_INFORMATION, REPORT_DENIED,
                         "asks for what is never collected; left out", NULL);
        return;
    }
    struct report_concept asked = fhir_concept(context, value_get(part, "code"));
    struct meaning_test   meant = meaning_test(&context->source, &asked);
    unsigned              role = meant.test != NULL ? meant.test->role : 0;
    if (is_notification(&asked)) {
        add_notified(context, common, part);
        return;
    }
    if (role == CODE_VISIT && visit != REPORT_NONE)
        fill_visit(context, visit, part, meant.test);
    else if (role == CODE_QUESTION || is_asked(observation) || (is_background(observation) && meant.target == NULL))
        add_answer(context, common, part, asked, meant.test, visit);
    else
        add_result(context, common, part, asked, &meant);
}

static uint32_t own_specimen(struct fhir_context *context, uint32_t entry, const struct value *observation,
                             uint32_t otherwise)
{
    uint32_t found = fhir_follow(context, entry, value_get(observation, "specimen"));
    if (found == REPORT_NONE || context->document->entries[found].type != FHIR_Specimen)
        return otherwise;
    if (context->document->entries[found].record == REPORT_NONE)
        fhir_map_specimen(context, found);
    return context->document->entries[found].record;
}

/* A report that is withdrawn withdraws its results. */
static uint8_t status_under(const struct report *report, uint32_t order, uint8_t own)
{
    uint8_t above = order != REPORT_NONE ? report->orders[order].status : (uint8_t) REPORT_FINAL;
    return above == REPORT_ENTERED_IN_ERROR || (above == REPORT_CANCELLED && own != REPORT_ENTERED_IN_ERROR) ? above
                                                                                                             : own;
}

/* The order of the request that it is based on. */
static uint32_t own_order(struct fhir_context *context, uint32_t entry, const struct value *observation)
{
    uint32_t found = fhir_follow(context, entry, value_at(value_get(observation, "basedOn"), 0));
    if (found == REPORT_NONE || context->document->entries[found].type != FHIR_ServiceRequest)
        return REPORT_NONE;
    if (context->document->entries[found].record == REPORT_NONE)
        fhir_map_request(context, found);
    return context->document->entries[found].record;
}

static struct common common_of(struct fhir_context *context, uint32_t entry, uint32_t order, uint32_t specimen)
{
    const struct value   *observation = context->document->entries[entry].resource;
    struct common         common = { .entry = entry, .first = context->report->num_results };
    struct report_result *result = &common.result;
    result->cycle_threshold = NAN;
    result->sequence = context->document->entries[entry].number + 1;
    result->order = order;
    result->specimen = specimen;
    if (value_get(observation, "subject") != NULL)
        result->subject = fhir_map_subject(context, entry, value_get(observation, "subject"));
    else
        result->subject = order != REPORT_NONE ? context->report->orders[order].subject : REPORT_NONE;
    result->status_sent = fhir_member(context, observation, "status");
    result->status = status_under(context->report, order, status_of(result->status_sent));
    read_observed(context, observation, result);
    read_kit(context, entry, observation, result);
    read_laboratory(context, entry, observation, result);
    result->comment = fhir_member(context, value_at(value_get(observation, "note"), 0), "text");
    if (order != REPORT_NONE)
        common.order_target = meaning_ordered_target(&context->source, &context->report->orders[order].service);
    return common;
}

static bool has_value(const struct value *observation)
{
    for (VALUE_EACH_PAIR(key, observation))
        if (key->length > 5 && memcmp(key->text, "value", 5) == 0)
            return true;
    return value_get(observation, "dataAbsentReason") != NULL || value_get(observation, "interpretation") != NULL;
}

void fhir_map_observation(struct fhir_context *context, uint32_t entry, uint32_t order, uint32_t specimen,
                          unsigned depth)
{
    const struct value *observation = context->document->entries[entry].resource;
    const struct value *components = value_get(observation, "component"),
                       *members = value_get(observation, "hasMember");
    if (context->document->entries[entry].seen || depth == MOST_PANEL_DEPTH)
        return;
    context->document->entries[entry].seen = true;
    if (order == REPORT_NONE)
        order = own_order(context, entry, observation);
    specimen = own_specimen(context, entry, observation, specimen);
    uint32_t      visit = fhir_map_visit_of(context, entry, observation);
    struct common common = common_of(context, entry, order, specimen);
    if (context->document->entries[entry].refused)
        return;
    if (depth > 0 || (order != REPORT_NONE && context->in_report))
        common.first = context->first_of_order;
    else
        context->first_of_order = common.first;
    if (has_value(observation) || (components == NULL && members == NULL))
        map_part(context, &common, observation, observation, visit);
    else if (fhir_is_struck(context, observation))
        return;
    for (VALUE_EACH(component, components))
        map_part(context, &common, observation, component, visit);
    for (VALUE_EACH(member, members)) {
        uint32_t found = fhir_follow(context, entry, member);
        if (found != REPORT_NONE && context->document->entries[found].type == FHIR_Observation)
            fhir_map_observation(context, found, order, specimen, depth + 1);
    }
}
