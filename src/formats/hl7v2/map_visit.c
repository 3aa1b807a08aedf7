/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Visits: EVN, PV1, PV2, DG1 and observations that say something of the visit. */
#include <math.h>
#include <string.h>

#include "formats/hl7v2/map_parts.h"

enum report_visit_event hl7_visit_event(struct report_text event)
{
    static const struct {
        const char             *code;
        enum report_visit_event event;
    } events[] = {
        { "A01", REPORT_ADMITTED }, { "A03", REPORT_DISCHARGED },      { "A04", REPORT_REGISTERED },
        { "A08", REPORT_UPDATED },  { "A11", REPORT_CANCELLED_VISIT }, { "A13", REPORT_CANCELLED_VISIT },
    };
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        if (report_text_equals(event, events[i].code))
            return events[i].event;
    return REPORT_VISIT_OTHER;
}

static struct hl7_part first(struct hl7_context *context, const struct hl7_segment *segment, uint32_t field)
{
    return hl7_first(context->message, segment, field);
}

static void read_event(struct hl7_context *context, struct report_visit *visit)
{
    const struct hl7_message *message = context->message;
    const struct hl7_segment *msh = &message->segments[0], *evn = hl7_find(message, "EVN", 0);
    struct report_text        event = hl7_value(message, context->report, msh, 9, 2);
    if (!report_text_is_given(event) && evn != NULL)
        event = hl7_value(message, context->report, evn, 1, 1);
    visit->event = (uint8_t) hl7_visit_event(event);
    if (evn == NULL)
        return;
    visit->recorded = hl7_read_time(context, evn, 2);
    visit->facility = hl7_read_hd(context, first(context, evn, 7), message->component);
}

void hl7_map_visit(struct hl7_context *context, const struct hl7_segment *pv1)
{
    struct report       *report = context->report;
    struct report_visit *visit = report_add_visit(report);
    if (visit == NULL)
        return;
    context->visit = report->num_visits - 1;
    visit->subject = context->subject;
    read_event(context, visit);
    visit->class_sent = hl7_value(context->message, report, pv1, 2, 1);
    visit->number = hl7_read_cx(context, first(context, pv1, 19));
    visit->disposition = hl7_value(context->message, report, pv1, 36, 1);
    visit->admitted = hl7_read_time(context, pv1, 44);
    visit->discharged = hl7_read_time(context, pv1, 45);
    if (visit->facility.name.bytes == NULL && visit->facility.id.bytes == NULL) {
        struct hl7_part place = hl7_nth(first(context, pv1, 3), context->message->component, 4); /* PL: the facility */
        visit->facility = hl7_read_hd(context, place, context->message->subcomponent);
    }
    if (visit->facility.name.bytes == NULL && visit->facility.id.bytes == NULL)
        visit->facility = report->facility;
    if (visit->event != REPORT_VISIT_OTHER && !report_text_is_given(visit->number.value))
        hl7_fault(context, pv1, 19, 0, 0, REPORT_WARNING, REPORT_REQUIRED,
                  "no number of the visit; later messages cannot be joined to it", NULL);
    if (report_time_compare(&visit->admitted, &visit->discharged) > 0)
        hl7_fault(context, pv1, 45, 1, 0, REPORT_WARNING, REPORT_ORDER, "discharged before admitted", NULL);
}

void hl7_map_visit_reason(struct hl7_context *context, const struct hl7_segment *pv2)
{
    if (context->visit == REPORT_NONE)
        return;
    struct report_visit  *visit = &context->report->visits[context->visit];
    struct report_concept reason = hl7_read_cwe(context, first(context, pv2, 3));
    if (report_concept_is_given(&reason) && !report_concept_is_given(&visit->reason))
        visit->reason = reason;
}

void hl7_map_diagnosis(struct hl7_context *context, const struct hl7_segment *dg1)
{
    struct report_concept condition = hl7_read_cwe(context, first(context, dg1, 3));
    struct report_text    words = hl7_value(context->message, context->report, dg1, 4, 0);
    struct report_text    kind = hl7_value(context->message, context->report, dg1, 6, 1);
    if (condition.text.bytes == NULL)
        condition.text = words;
    if (!report_concept_is_given(&condition)) {
        hl7_fault(context, dg1, 3, 0, 0, REPORT_WARNING, REPORT_REQUIRED, "no diagnosis", NULL);
        return;
    }
    struct report_diagnosis *diagnosis = report_add_diagnosis(context->report);
    if (diagnosis == NULL)
        return;
    diagnosis->subject = context->subject;
    diagnosis->visit = context->visit;
    diagnosis->condition = condition;
    diagnosis->disease = meaning_disease(&context->source, &condition);
    diagnosis->diagnosed = hl7_read_time(context, dg1, 5);
    diagnosis->kind = report_text_equals(kind, "A")   ? REPORT_ADMITTING
                      : report_text_equals(kind, "W") ? REPORT_WORKING
                      : report_text_equals(kind, "F") ? REPORT_FINAL_DIAGNOSIS
                                                      : REPORT_DIAGNOSIS_UNSPECIFIED;
}

static void read_facility(struct hl7_context *context, const struct hl7_segment *obx, struct report_visit *visit)
{
    struct report_source facility = hl7_read_hd(context, first(context, obx, 5), context->message->component);
    if (report_text_is_given(facility.name) || report_text_is_given(facility.id))
        visit->facility = facility;
}

void hl7_map_visit_observation(struct hl7_context *context, const struct hl7_segment *obx, const struct code_test *test)
{
    struct report_visit *visit = &context->report->visits[context->visit];
    struct report_value  value = hl7_map_value(context, obx, first(context, obx, 5));
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
        if (value.unit.num_codings > 0)
            visit->temperature_unit = value.unit.codings[0].code;
        break;
    case CODE_VISIT_OXYGEN: visit->oxygen_saturation_percent = value.number; break;
    case CODE_VISIT_FACILITY: read_facility(context, obx, visit); break;
    case CODE_VISIT_FACILITY_KIND:
        visit->facility_kind = value.concept
        ;
        break;
    }
    if ((test->visit_part == CODE_VISIT_TEMPERATURE || test->visit_part == CODE_VISIT_OXYGEN) && isnan(value.number))
        hl7_fault(context, obx, 5, 1, 0, REPORT_WARNING, REPORT_TYPE, "not a number", "a decimal number");
}
