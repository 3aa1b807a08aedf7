/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DiagnosticReport, ServiceRequest and Specimen. */
#include <string.h>

#include "formats/fhir/parts.h"

#define MOST_RESULTS 5000 /* of one report */

/* ---- orders ---- */

static uint8_t status_of(struct report_text status)
{
    static const struct {
        const char *word;
        uint8_t     status;
    } known[] = {
        { "registered", REPORT_PRELIMINARY },
        { "partial", REPORT_PRELIMINARY },
        { "preliminary", REPORT_PRELIMINARY },
        { "final", REPORT_FINAL },
        { "amended", REPORT_CORRECTED },
        { "corrected", REPORT_CORRECTED },
        { "appended", REPORT_CORRECTED },
        { "cancelled", REPORT_CANCELLED },
        { "entered-in-error", REPORT_ENTERED_IN_ERROR },
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (report_text_equals(status, known[i].word))
            return known[i].status;
    return REPORT_STATUS_UNKNOWN;
}

/* Practitioner, PractitionerRole or Organization who asked. */
static void read_requester(struct fhir_context *context, uint32_t entry, struct report_order *order)
{
    if (entry == REPORT_NONE)
        return;
    const struct value *resource = context->document->entries[entry].resource;
    uint16_t            type = context->document->entries[entry].type;
    if (type == FHIR_PractitionerRole) {
        read_requester(context, fhir_follow(context, entry, value_get(resource, "practitioner")), order);
        fhir_organisation(context, entry, &order->ordering_facility, &order->ordering_facility_address,
                          &order->ordering_facility_telephone);
    } else if (type == FHIR_Practitioner) {
        const struct value  *name = value_at(value_get(resource, "name"), 0);
        struct report_source authority = { 0 };
        order->provider_family = fhir_member(context, name, "family");
        order->provider_given = fhir_text(context, value_at(value_get(name, "given"), 0));
        order->provider.id = fhir_identifier(context, value_get(resource, "identifier"), "", &authority);
        order->provider.id_kind = authority.id;
        fhir_telecom(context, value_at(value_get(resource, "telecom"), 0), &order->provider_telephone);
    } else {
        fhir_organisation(context, entry, &order->ordering_facility, &order->ordering_facility_address,
                          &order->ordering_facility_telephone);
    }
}

static void read_request(struct fhir_context *context, uint32_t entry, struct report_order *order)
{
    const struct value *request = context->document->entries[entry].resource;
    const struct value *identifiers = value_get(request, "identifier");
    order->placer_number = fhir_identifier(context, identifiers, "PLAC|PGN", &order->placer);
    if (order->placer_number.size == 0)
        order->placer_number = fhir_identifier(context, identifiers, "", &order->placer);
    order->reason = fhir_first_concept(context, value_get(request, "reasonCode"));
    if (!report_concept_is_given(&order->service))
        order->service = fhir_concept(context, value_get(request, "code"));
    uint32_t reason = fhir_follow(context, entry, value_at(value_get(request, "reasonReference"), 0));
    if (!report_concept_is_given(&order->reason) && reason != REPORT_NONE)
        order->reason = fhir_concept(context, value_get(context->document->entries[reason].resource, "code"));
    order->ordered = fhir_time_member(context, request, "authoredOn");
    read_requester(context, fhir_follow(context, entry, value_get(request, "requester")), order);
}

/* A request that no report answers: what was asked for, and no result yet. */
void fhir_map_request(struct fhir_context *context, uint32_t entry)
{
    struct report       *report = context->report;
    const struct value  *request = context->document->entries[entry].resource;
    uint32_t             subject = fhir_map_subject(context, entry, value_get(request, "subject"));
    uint32_t             visit = fhir_map_visit_of(context, entry, request);
    struct report_order *order = !context->document->entries[entry].refused ? report_add_order(report) : NULL;
    if (order == NULL)
        return;
    context->document->entries[entry].record = report->num_orders - 1;
    order->subject = subject;
    order->visit = visit;
    order->status_sent = fhir_member(context, request, "status");
    order->status = report_text_equals(order->status_sent, "entered-in-error") ? REPORT_ENTERED_IN_ERROR
                    : report_text_equals(order->status_sent, "revoked")        ? REPORT_CANCELLED
                                                                               : REPORT_NOT_A_RESULT;
    read_request(context, entry, order);
}

static void read_effective(struct fhir_context *context, const struct value *resource, struct report_time *begin,
                           struct report_time *end)
{
    const struct value *period = value_get(resource, "effectivePeriod");
    *begin = fhir_time_member(context, resource, "effectiveDateTime");
    if (period != NULL) {
        *begin = fhir_time_member(context, period, "start");
        *end = fhir_time_member(context, period, "end");
    }
}

static void check_times(struct fhir_context *context, uint32_t entry, const struct report_order *order)
{
    const struct value *issued = value_get(context->document->entries[entry].resource, "issued");
    if (report_time_compare(&order->collected, &order->reported) > 0)
        fhir_entry_fault(context, entry, issued, "issued", REPORT_WARNING, REPORT_ORDER,
                         "reported before the specimen was taken", NULL);
    if (context->options->now != NULL && report_time_compare(&order->reported, context->options->now) > 0)
        fhir_entry_fault(context, entry, issued, "issued", REPORT_WARNING, REPORT_ORDER, "lies in the future", NULL);
}

/* The first request that it is based on. */
static void read_based_on(struct fhir_context *context, uint32_t entry, struct report_order *order, uint32_t index)
{
    const struct value *based = value_get(context->document->entries[entry].resource, "basedOn");
    for (VALUE_EACH(reference, based)) {
        uint32_t request = fhir_follow(context, entry, reference);
        if (request == REPORT_NONE || context->document->entries[request].type != FHIR_ServiceRequest)
            continue;
        if (context->document->entries[request].record == REPORT_NONE)
            context->document->entries[request].record = index;
        read_request(context, request, order);
        break;
    }
}

static uint32_t implied_specimen(struct fhir_context *context, uint32_t order_index)
{
    const struct report_order *order = &context->report->orders[order_index];
    struct report_specimen    *specimen = report_add_specimen(context->report);
    if (specimen == NULL)
        return REPORT_NONE;
    specimen->subject = order->subject;
    specimen->order = order_index;
    specimen->placer_number = order->placer_number;
    specimen->filler_number = order->filler_number;
    specimen->collected = order->collected;
    specimen->collected_end = order->collected_end;
    specimen->kind = context->options->pooled ? REPORT_POOL : REPORT_PERSON;
    specimen->group = context->options->pooled;
    if (order->subject != REPORT_NONE && !context->options->pooled)
        specimen->kind = context->report->subjects[order->subject].kind;
    return context->report->num_specimens - 1;
}

static uint32_t specimen_of(struct fhir_context *context, uint32_t entry, uint32_t order)
{
    struct report      *report = context->report;
    const struct value *list = value_get(context->document->entries[entry].resource, "specimen");
    uint32_t            found = fhir_follow(context, entry, value_at(list, 0));
    if (found == REPORT_NONE)
        return implied_specimen(context, order);
    if (context->document->entries[found].record == REPORT_NONE &&
        context->document->entries[found].type == FHIR_Specimen)
        fhir_map_specimen(context, found);
    uint32_t specimen = context->document->entries[found].record;
    if (specimen != REPORT_NONE) {
        struct report_specimen *made = &report->specimens[specimen];
        if (made->order == REPORT_NONE)
            made->order = order;
        if (made->collected.precision == REPORT_TIME_MISSING)
            made->collected = report->orders[order].collected;
        report->orders[order].received = made->received;
    }
    return specimen;
}

static void map_results(struct fhir_context *context, uint32_t entry, uint32_t order, uint32_t specimen)
{
    struct report *report = context->report;
    uint32_t       first = report->num_results, num = 0;
    context->first_of_order = first;
    context->in_report = true;
    for (VALUE_EACH(reference, value_get(context->document->entries[entry].resource, "result"))) {
        uint32_t found = fhir_follow(context, entry, reference);
        if (found == REPORT_NONE || context->document->entries[found].type != FHIR_Observation || num++ == MOST_RESULTS)
            continue;
        fhir_map_observation(context, found, order, specimen, 0);
    }
    context->in_report = false;
    meaning_tie_specimens(report, first);
}

void fhir_map_report(struct fhir_context *context, uint32_t entry)
{
    struct report       *report = context->report;
    const struct value  *resource = context->document->entries[entry].resource;
    uint32_t             subject = fhir_map_subject(context, entry, value_get(resource, "subject"));
    uint32_t             visit = fhir_map_visit_of(context, entry, resource);
    struct report_order *order = !context->document->entries[entry].refused ? report_add_order(report) : NULL;
    if (order == NULL)
        return;
    uint32_t index = report->num_orders - 1;
    context->document->entries[entry].record = index;
    order->subject = subject;
    order->visit = visit;
    order->filler_number = fhir_identifier(context, value_get(resource, "identifier"), "FILL|ACSN", &order->filler);
    if (order->filler_number.size == 0)
        order->filler_number = fhir_identifier(context, value_get(resource, "identifier"), "", &order->filler);
    order->service = fhir_concept(context, value_get(resource, "code"));
    order->status_sent = fhir_member(context, resource, "status");
    order->status = status_of(order->status_sent);
    order->reported = fhir_time_member(context, resource, "issued");
    read_effective(context, resource, &order->collected, &order->collected_end);
    read_based_on(context, entry, order, index);
    check_times(context, entry, &report->orders[index]);
    map_results(context, entry, index, specimen_of(context, entry, index));
}

/* ---- specimens ---- */

/* Roles of table 0369, in whatever extension they come; and how many a pool holds. */
static void read_role(struct fhir_context *context, const struct value *specimen, struct report_specimen *made)
{
    for (VALUE_EACH(extension, value_get(specimen, "extension"))) {
        const struct value *value = value_get(extension, "valueCodeableConcept");
        for (VALUE_EACH(coding, value_get(value, "coding"))) {
            struct report_text system = fhir_member(context, coding, "system");
            if (system.size > 4 && memmem(system.bytes, system.size, "0369", 4) != NULL)
                made->role = fhir_concept(context, value);
        }
    }
    const struct value *parents = value_get(specimen, "parent");
    if (value_is(parents, VALUE_ARRAY) && parents->count > 1)
        made->num_pooled = parents->count;
}

static void read_collection(struct fhir_context *context, const struct value *specimen, struct report_specimen *made)
{
    const struct value *collection = value_get(specimen, "collection"),
                       *period = value_get(collection, "collectedPeriod");
    made->site = fhir_concept(context, value_get(collection, "bodySite"));
    made->collected = fhir_time_member(context, collection, "collectedDateTime");
    if (period != NULL) {
        made->collected = fhir_time_member(context, period, "start");
        made->collected_end = fhir_time_member(context, period, "end");
    }
    made->received = fhir_time_member(context, specimen, "receivedTime");
}

void fhir_map_specimen(struct fhir_context *context, uint32_t entry)
{
    struct report         *report = context->report;
    const struct value    *specimen = context->document->entries[entry].resource;
    struct report_specimen made = { .order = REPORT_NONE };
    made.subject = value_get(specimen, "subject") != NULL
                       ? fhir_map_subject(context, entry, value_get(specimen, "subject"))
                       : REPORT_NONE;
    if (context->document->entries[entry].refused)
        return;
    made.filler_number = fhir_member(context, value_get(specimen, "accessionIdentifier"), "value");
    made.placer_number = fhir_identifier(context, value_get(specimen, "identifier"), "PLAC|PGN", NULL);
    if (made.filler_number.size == 0)
        made.filler_number = fhir_identifier(context, value_get(specimen, "identifier"), "FILL|ACSN|FGN", NULL);
    if (made.filler_number.size == 0 && made.placer_number.size == 0)
        made.filler_number = fhir_identifier(context, value_get(specimen, "identifier"), "", NULL);
    made.material = fhir_concept(context, value_get(specimen, "type"));
    made.condition = fhir_first_concept(context, value_get(specimen, "condition"));
    if (value_is_text(value_get(specimen, "status"), "unsatisfactory"))
        made.reject_reason.text = report_text_of("unsatisfactory");
    read_role(context, specimen, &made);
    read_collection(context, specimen, &made);
    made.group = meaning_specimen_is_group(&made);
    made.kind = meaning_specimen_kind(&context->source, context->report, &made, context->options->pooled);
    made.group |= made.kind == REPORT_POOL;
    if (report_time_compare(&made.collected, &made.received) > 0)
        fhir_entry_fault(context, entry, value_get(specimen, "receivedTime"), "receivedTime", REPORT_WARNING,
                         REPORT_ORDER, "received before it was taken", NULL);
    struct report_specimen *added = report_add_specimen(report);
    if (added == NULL)
        return;
    *added = made;
    context->document->entries[entry].record = report->num_specimens - 1;
}
