/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ORC, OBR, SPM, and what ties an order's results to their tube. */
#include <string.h>

#include "formats/hl7v2/map_parts.h"

static struct hl7_part first(struct hl7_context *context, const struct hl7_segment *segment, uint32_t field)
{
    return hl7_first(context->message, segment, field);
}

static bool same_text(struct report_text a, struct report_text b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.bytes, b.bytes, a.size) == 0);
}

/* ---- ORC and OBR ---- */

/* OBR-25, table 0123. */
static void read_status(struct hl7_context *context, const struct hl7_segment *obr, struct report_order *order)
{
    static const uint8_t statuses[] = {
        ['A'] = REPORT_PRELIMINARY,  ['C'] = REPORT_CORRECTED,   ['F'] = REPORT_FINAL,
        ['I'] = REPORT_PRELIMINARY,  ['M'] = REPORT_CORRECTED,   ['N'] = REPORT_NOT_A_RESULT,
        ['O'] = REPORT_NOT_A_RESULT, ['P'] = REPORT_PRELIMINARY, ['R'] = REPORT_PRELIMINARY,
        ['S'] = REPORT_PRELIMINARY,  ['X'] = REPORT_CANCELLED,   ['Y'] = REPORT_NOT_A_RESULT,
        ['Z'] = REPORT_NOT_A_RESULT,
    };
    order->status_sent = hl7_value(context->message, context->report, obr, 25, 1);
    if (order->status_sent.size == 1 && (unsigned char) order->status_sent.bytes[0] < sizeof statuses)
        order->status = statuses[(unsigned char) order->status_sent.bytes[0]];
}

/* XCN: who ordered. */
static void read_provider(struct hl7_context *context, struct hl7_part part, struct report_order *order)
{
    struct hl7_part parts[9];
    size_t          num = hl7_split(part, context->message->component, parts, 9);
    if (num == 0)
        return;
    order->provider.id = hl7_read_text(context, parts[0]);
    if (num > 1)
        order->provider_family = hl7_read_text(context, hl7_nth(parts[1], context->message->subcomponent, 1));
    if (num > 2)
        order->provider_given = hl7_read_text(context, parts[2]);
    if (num > 8) {
        struct report_source authority = hl7_read_hd(context, parts[8], context->message->subcomponent);
        order->provider.id_kind = authority.name;
    }
}

/* The facility and provider of ORC; an ORC before the first OBR speaks for the subject's other orders too. */
static void read_orc(struct hl7_context *context, struct report_order *order)
{
    if (context->last_orc == 0)
        return;
    const struct hl7_segment *orc = &context->message->segments[context->last_orc - 1];
    order->ordering_facility = hl7_read_xon(context, first(context, orc, 21));
    hl7_read_xad(context, first(context, orc, 22), &order->ordering_facility_address);
    hl7_read_xtn(context, first(context, orc, 23), &order->ordering_facility_telephone);
    hl7_read_xtn(context, first(context, orc, 14), &order->provider_telephone);
    read_provider(context, first(context, orc, 12), order);
    if (context->orc == 0)
        return;
    order->control = hl7_value(context->message, context->report, orc, 1, 1);
    order->placer_number = hl7_read_ei(context, first(context, orc, 2), &order->placer);
    order->filler_number = hl7_read_ei(context, first(context, orc, 3), &order->filler);
}

static void read_times(struct hl7_context *context, const struct hl7_segment *obr, struct report_order *order)
{
    order->ordered = hl7_read_time(context, obr, 6);
    order->collected = hl7_read_time(context, obr, 7);
    order->collected_end = hl7_read_time(context, obr, 8);
    order->received = hl7_read_time(context, obr, 14);
    order->reported = hl7_read_time(context, obr, 22);
    if (report_time_compare(&order->collected, &order->reported) > 0)
        hl7_fault(context, obr, 22, 1, 0, REPORT_WARNING, REPORT_ORDER, "reported before the specimen was taken", NULL);
    if (report_time_compare(&order->reported, &context->report->sent) > 0)
        hl7_fault(context, obr, 22, 1, 0, REPORT_WARNING, REPORT_ORDER, "reported after the message was made (MSH-7)",
                  NULL);
}

/* A notification's reason names the condition (OBR-31). Once a subject: each of its orders repeats it. */
static void read_notified(struct hl7_context *context, const struct report_concept *reason)
{
    struct report *report = context->report;
    if (!report_concept_is_given(reason))
        return;
    for (uint32_t i = 0; i < report->num_diagnoses; i++) {
        const struct report_diagnosis *other = &report->diagnoses[i];
        if (other->subject == context->subject && other->kind == REPORT_NOTIFIED && reason->num_codings > 0 &&
            other->condition.num_codings > 0 && same_text(other->condition.codings[0].code, reason->codings[0].code))
            return;
    }
    struct report_diagnosis *diagnosis = report_add_diagnosis(report);
    if (diagnosis == NULL)
        return;
    diagnosis->subject = context->subject;
    diagnosis->kind = REPORT_NOTIFIED;
    diagnosis->condition = *reason;
    diagnosis->disease = meaning_disease(&context->source, reason);
}

void hl7_map_order(struct hl7_context *context, const struct hl7_segment *obr)
{
    struct report *report = context->report;
    hl7_end_order(context);
    struct report_order *order = report_add_order(report);
    if (order == NULL)
        return;
    context->order = report->num_orders - 1;
    context->obr = obr;
    context->first_result = report->num_results;
    context->first_specimen = report->num_specimens;
    context->last_result = context->specimen = REPORT_NONE;
    order->subject = context->subject;
    order->visit = context->visit;
    read_orc(context, order);
    context->orc = 0;
    struct report_source giver;
    struct report_text   number = hl7_read_ei(context, first(context, obr, 2), &giver);
    if (report_text_is_given(number)) {
        order->placer_number = number;
        order->placer = giver;
    }
    number = hl7_read_ei(context, first(context, obr, 3), &giver);
    if (report_text_is_given(number)) {
        order->filler_number = number;
        order->filler = giver;
    }
    order->service = hl7_read_cwe(context, first(context, obr, 4));
    order->reason = hl7_read_cwe(context, first(context, obr, 31));
    read_times(context, obr, order);
    read_status(context, obr, order);
    if (order->provider.id.bytes == NULL && order->provider_family.bytes == NULL)
        read_provider(context, first(context, obr, 16), order);
    context->questionnaire = meaning_is_questionnaire(&context->source, &order->service);
    context->order_target = context->questionnaire ? NULL : meaning_ordered_target(&context->source, &order->service);
    if (context->questionnaire)
        read_notified(context, &order->reason);
    if (!report_concept_is_given(&order->service))
        hl7_fault(context, obr, 4, 0, 0, REPORT_WARNING, REPORT_REQUIRED, "no code of what was asked for", NULL);
}

/* ---- SPM ---- */

/* SPM-2: placer's and filler's number. */
static void read_numbers(struct hl7_context *context, const struct hl7_segment *spm, struct report_specimen *specimen)
{
    struct hl7_part parts[2] = { { 0 }, { 0 } };
    char            inner = context->message->subcomponent;
    hl7_split(first(context, spm, 2), context->message->component, parts, 2);
    specimen->placer_number = hl7_read_text(context, hl7_nth(parts[0], inner, 1));
    specimen->filler_number = hl7_read_text(context, hl7_nth(parts[1], inner, 1));
}

/* DR: begin and end as components. */
static void read_collected(struct hl7_context *context, const struct hl7_segment *spm, struct report_specimen *specimen)
{
    specimen->collected = hl7_read_time(context, spm, 17);
    specimen->received = hl7_read_time(context, spm, 18);
    if (report_time_compare(&specimen->collected, &specimen->received) > 0)
        hl7_fault(context, spm, 18, 1, 0, REPORT_WARNING, REPORT_ORDER, "received before it was taken", NULL);
}

static uint32_t whole_number(struct report_text text)
{
    uint32_t number = 0;
    for (size_t i = 0; i < text.size && text.bytes[i] >= '0' && text.bytes[i] <= '9' && number < 100000; i++)
        number = 10 * number + (uint32_t) (text.bytes[i] - '0');
    return number;
}

/* The same tube of the same subject stands in the report already: its index, else REPORT_NONE. */
static uint32_t find_specimen(const struct report *report, const struct report_specimen *specimen)
{
    struct report_text number =
        report_text_is_given(specimen->filler_number) ? specimen->filler_number : specimen->placer_number;
    if (!report_text_is_given(number))
        return REPORT_NONE;
    for (uint32_t i = report->num_specimens; i-- > 0;) {
        const struct report_specimen *other = &report->specimens[i];
        if (report->num_specimens - i > 100)
            break;
        if (other->subject == specimen->subject && same_text(other->filler_number, specimen->filler_number) &&
            same_text(other->placer_number, specimen->placer_number) &&
            same_text(other->collected.sent, specimen->collected.sent))
            return i;
    }
    return REPORT_NONE;
}

static uint32_t add_specimen(struct hl7_context *context, const struct report_specimen *made)
{
    struct report *report = context->report;
    uint32_t       there = find_specimen(report, made);
    if (there != REPORT_NONE)
        return there;
    struct report_specimen *specimen = report_add_specimen(report);
    if (specimen == NULL)
        return REPORT_NONE;
    *specimen = *made;
    return report->num_specimens - 1;
}

void hl7_map_specimen(struct hl7_context *context, const struct hl7_segment *spm)
{
    struct report_specimen made = { .subject = context->subject, .order = context->order };
    read_numbers(context, spm, &made);
    made.material = hl7_read_cwe(context, first(context, spm, 4));
    made.site = hl7_read_cwe(context, first(context, spm, 8));
    made.role = hl7_read_cwe(context, first(context, spm, 11));
    made.num_pooled = whole_number(hl7_value(context->message, context->report, spm, 13, 1));
    made.reject_reason = hl7_read_cwe(context, first(context, spm, 21));
    made.condition = hl7_read_cwe(context, first(context, spm, 24));
    made.group = meaning_specimen_is_group(&made);
    read_collected(context, spm, &made);
    if (made.collected.precision == REPORT_TIME_MISSING && context->order != REPORT_NONE)
        made.collected = context->report->orders[context->order].collected;
    made.kind = meaning_specimen_kind(&context->source, context->report, &made, context->options->pooled);
    uint32_t index = add_specimen(context, &made);
    if (context->specimen == REPORT_NONE)
        context->specimen = index; /* the first is the results' that came before it */
}

/* ---- the end of an order ---- */

/* OBR-15, as versions before 2.5 have it: component 1 the material, 4 the site. */
static void read_source(struct hl7_context *context, const struct hl7_segment *obr, struct report_specimen *specimen)
{
    struct hl7_part parts[4];
    size_t          num = hl7_split(first(context, obr, 15), context->message->component, parts, 4);
    if (num == 0 || parts[0].size == 0)
        return;
    /* a CWE within one component: its parts are subcomponents */
    struct hl7_part       code[6];
    size_t                num_code = hl7_split(parts[0], context->message->subcomponent, code, 6);
    struct report_concept material = { .codings = arena_array(context->report->arena, 1, sizeof(struct report_code)) };
    if (material.codings == NULL) {
        context->report->out_of_memory = true;
        return;
    }
    material.num_codings = 1;
    material.codings[0].code = hl7_read_text(context, code[0]);
    if (num_code > 1)
        material.codings[0].display = hl7_read_text(context, code[1]);
    if (num_code > 2)
        material.codings[0].system_sent = hl7_read_text(context, code[2]);
    material.codings[0].system = (uint8_t) code_tables_system(context->source.tables, material.codings[0].system_sent);
    specimen->material = material;
}

/* An order without SPM has a specimen all the same: that of its accession number, taken at OBR-7. */
static uint32_t implied_specimen(struct hl7_context *context)
{
    const struct report_order *order = &context->report->orders[context->order];
    struct report_specimen     made = {
            .subject = context->subject,
            .order = context->order,
            .placer_number = order->placer_number,
            .filler_number = order->filler_number,
            .collected = order->collected,
            .collected_end = order->collected_end,
            .received = order->received,
    };
    if (context->obr != NULL)
        read_source(context, context->obr, &made);
    made.kind = meaning_specimen_kind(&context->source, context->report, &made, context->options->pooled);
    made.group = made.kind == REPORT_POOL;
    return add_specimen(context, &made);
}

void hl7_end_order(struct hl7_context *context)
{
    struct report *report = context->report;
    if (context->order == REPORT_NONE || context->first_result == report->num_results) {
        context->specimen = REPORT_NONE;
        return;
    }
    if (context->specimen == REPORT_NONE)
        context->specimen = implied_specimen(context);
    for (uint32_t i = context->first_result; i < report->num_results; i++)
        if (report->results[i].specimen == REPORT_NONE)
            report->results[i].specimen = context->specimen;
    meaning_tie_specimens(report, context->first_result);
    context->specimen = REPORT_NONE;
    context->first_result = report->num_results;
}
