/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The header of a message, and the walk over its segments. */
#include "formats/hl7v2/map.h"

#include <string.h>

#include "base/fault.h"
#include "base/text.h"
#include "formats/hl7v2/decode.h"
#include "formats/hl7v2/map_parts.h"
#include "tocsin/status.h"

enum message_kind { KIND_NONE, KIND_RESULTS, KIND_VISIT };

/* ---- MSH ---- */

static void fatal(struct hl7_context *context, const struct hl7_segment *msh, uint32_t field, uint32_t component,
                  enum report_rule rule, const char *what, const char *allowed)
{
    hl7_fault(context, msh, field, 1, component, REPORT_FATAL, rule, what, allowed);
}

static void read_processing(struct hl7_context *context, const struct hl7_segment *msh)
{
    struct report     *report = context->report;
    struct report_text id = hl7_value(context->message, report, msh, 11, 1);
    struct report_text mode = hl7_value(context->message, report, msh, 11, 2);
    report->processing_sent = id;
    if (report_text_equals(id, "P")) /* P^T: some senders' way to say test */
        report->processing = report_text_equals(mode, "T") ? REPORT_TEST : REPORT_LIVE;
    else if (report_text_equals(id, "T") || report_text_equals(id, "D"))
        report->processing = REPORT_TEST;
    else if (!report_text_is_given(id))
        report->processing = context->options->blank_processing;
    else {
        report->processing = REPORT_TEST; /* never live by a guess */
        hl7_fault(context, msh, 11, 1, 1, REPORT_ERROR, REPORT_VALUE, "the processing id is not known", "P, T or D");
    }
    if (!report_text_is_given(id))
        hl7_fault(context, msh, 11, 0, 0, REPORT_WARNING, REPORT_REQUIRED,
                  "no processing id; the sender's profile decides whether it is live", "P, T or D");
}

static void read_version(struct hl7_context *context, const struct hl7_segment *msh)
{
    struct report_text version = hl7_value(context->message, context->report, msh, 12, 1);
    context->report->version = version;
    if (!report_text_is_given(version))
        hl7_fault(context, msh, 12, 0, 0, REPORT_WARNING, REPORT_REQUIRED, "no version; read as 2.5.1", "2.1 … 2.8.2");
    else if (version.size < 3 || version.bytes[0] != '2' || version.bytes[1] != '.' || version.bytes[2] < '1' ||
             version.bytes[2] > '8')
        fatal(context, msh, 12, 1, REPORT_UNSUPPORTED, "a version that is not read here", "2.1 … 2.8.2");
}

static enum message_kind visit_kind(struct hl7_context *context, const struct hl7_segment *msh,
                                    struct report_text event)
{
    if (hl7_visit_event(event) != REPORT_VISIT_OTHER)
        return KIND_VISIT;
    fatal(context, msh, 9, 2, REPORT_UNSUPPORTED, "an event that is not read here",
          "A01, A03, A04, A08, A11 or A13 of ADT");
    return KIND_NONE;
}

/* MSH-9 as "ORU^R01", and which it is. The event may stand in EVN-1 alone (2.2 and before). */
static enum message_kind read_kind(struct hl7_context *context, const struct hl7_segment *msh)
{
    struct report     *report = context->report;
    struct report_text type = hl7_value(context->message, report, msh, 9, 1);
    struct report_text event = hl7_value(context->message, report, msh, 9, 2);
    struct hl7_part    whole = hl7_field(context->message, msh, 9);
    report->kind = hl7_read_text(context, hl7_nth(whole, context->message->repetition, 1));
    if (report_text_is_given(type) && report_text_is_given(event)) {
        struct hl7_part two = hl7_nth(whole, context->message->component, 2);
        report->kind.bytes = whole.bytes;
        report->kind.size = (size_t) (two.bytes + two.size - whole.bytes);
    }
    if (!report_text_is_given(type)) {
        fatal(context, msh, 9, 0, REPORT_REQUIRED, "no message type", "ORU^R01, or ADT with its event");
        return KIND_NONE;
    }
    const struct hl7_segment *evn = hl7_find(context->message, "EVN", 0);
    if (!report_text_is_given(event) && evn != NULL)
        event = hl7_value(context->message, report, evn, 1, 1);
    if (report_text_equals(type, "ADT"))
        return visit_kind(context, msh, event);
    if (!report_text_equals(type, "ORU")) {
        fatal(context, msh, 9, 1, REPORT_UNSUPPORTED, "a message type that is not read here",
              "ORU^R01, or ADT with A01, A03, A04, A08, A11 or A13");
        return KIND_NONE;
    }
    if (report_text_is_given(event) && !report_text_equals(event, "R01")) {
        fatal(context, msh, 9, 2, REPORT_UNSUPPORTED, "an event that is not read here", "R01 of ORU");
        return KIND_NONE;
    }
    if (!report_text_is_given(event))
        hl7_fault(context, msh, 9, 0, 0, REPORT_WARNING, REPORT_REQUIRED, "no event; read as R01", "ORU^R01");
    return KIND_RESULTS;
}

static enum message_kind read_header(struct hl7_context *context, const struct hl7_segment *msh)
{
    const struct hl7_message *message = context->message;
    struct report            *report = context->report;
    char                      component = message->component;
    report->application = hl7_read_hd(context, hl7_field(message, msh, 3), component);
    report->facility = hl7_read_hd(context, hl7_field(message, msh, 4), component);
    report->receiving_application = hl7_read_hd(context, hl7_field(message, msh, 5), component);
    report->receiving_facility = hl7_read_hd(context, hl7_field(message, msh, 6), component);
    context->source.sender = report_text_is_given(report->facility.id) ? report->facility.id : report->facility.name;
    context->sender_hash = text_hash(context->source.sender.bytes, context->source.sender.size);
    report->sent = hl7_read_time(context, msh, 7);
    report->control_id = hl7_value(message, report, msh, 10, 1);
    report->profile = hl7_value(message, report, msh, 21, 1);
    if (!report_text_is_given(report->facility.name) && !report_text_is_given(report->facility.id))
        hl7_fault(context, msh, 4, 0, 0, REPORT_WARNING, REPORT_REQUIRED, "no sending facility", NULL);
    if (report->sent.precision == REPORT_TIME_MISSING && report->sent.sent.bytes == NULL)
        hl7_fault(context, msh, 7, 0, 0, REPORT_WARNING, REPORT_REQUIRED, "no time of the message", NULL);
    if (!report_text_is_given(report->control_id))
        hl7_fault(context, msh, 10, 0, 0, REPORT_ERROR, REPORT_REQUIRED,
                  "no control id; a resend cannot be told from a new message by it", NULL);
    read_processing(context, msh);
    read_version(context, msh);
    return read_kind(context, msh);
}

/* ---- the walk ---- */

static void begin_subject(struct hl7_context *context, const struct hl7_segment *pid)
{
    hl7_end_order(context);
    context->subject = context->visit = context->order = context->last_result = REPORT_NONE;
    context->orc = context->last_orc = 0;
    hl7_map_person(context, pid);
}

/* A note behind a result is the laboratory's comment on it. */
static void read_note(struct hl7_context *context, const struct hl7_segment *nte)
{
    if (context->last_result == REPORT_NONE || nte->denied)
        return;
    struct report_result *result = &context->report->results[context->last_result];
    if (result->comment.bytes == NULL)
        result->comment = hl7_value(context->message, context->report, nte, 3, 0);
}

static void read_segment(struct hl7_context *context, uint32_t index)
{
    const struct hl7_segment *segment = &context->message->segments[index];
    const char               *id = segment->id;
    if (memcmp(id, "OBX", 3) == 0)
        hl7_map_observation(context, segment);
    else if (memcmp(id, "NTE", 3) == 0)
        read_note(context, segment);
    else if (memcmp(id, "PID", 3) == 0)
        begin_subject(context, segment);
    else if (memcmp(id, "PV1", 3) == 0)
        hl7_map_visit(context, segment);
    else if (memcmp(id, "PV2", 3) == 0)
        hl7_map_visit_reason(context, segment);
    else if (memcmp(id, "DG1", 3) == 0)
        hl7_map_diagnosis(context, segment);
    else if (memcmp(id, "ORC", 3) == 0) {
        hl7_end_order(context);
        context->order = context->last_result = REPORT_NONE;
        context->orc = context->last_orc = index + 1;
    } else if (memcmp(id, "OBR", 3) == 0)
        hl7_map_order(context, segment);
    else if (memcmp(id, "SPM", 3) == 0)
        hl7_map_specimen(context, segment);
    else if (memcmp(id, "MSH", 3) == 0 && index > 0)
        hl7_fault(context, segment, 0, 0, 0, REPORT_ERROR, REPORT_STRUCTURE,
                  "a second message within this one; send them as a batch", NULL);
}

/* What every message of the kind must have. */
static void check_whole(struct hl7_context *context, enum message_kind kind)
{
    const struct report *report = context->report;
    struct report_place  place = { .segment = "OBR", .sequence = 1 };
    bool                 said = report->num_results > 0 || report->num_answers > 0 || report->num_diagnoses > 0;
    if (kind == KIND_RESULTS && report->num_orders == 0 && !said)
        report_add_fault(context->report, REPORT_ERROR, REPORT_REQUIRED, place, (struct report_text){ 0 },
                         "no order and no observation: nothing is reported", "OBR with its OBX");
    bool about_nobody = false;
    for (uint32_t i = 0; i < report->num_results; i++)
        about_nobody |= report->results[i].subject == REPORT_NONE;
    if (about_nobody || (kind == KIND_VISIT && report->num_subjects == 0)) {
        memcpy(place.segment, "PID", 4);
        report_add_fault(context->report, REPORT_ERROR, REPORT_REQUIRED, place, (struct report_text){ 0 },
                         "no PID before what is reported: about whom is not known", NULL);
    }
}

int hl7_map(struct report *report, const struct hl7_options *options, struct hl7_message *message)
{
    struct hl7_context context = {
        .report = report,
        .message = message,
        .options = options,
        .source.tables = options->tables,
        .subject = REPORT_NONE,
        .visit = REPORT_NONE,
        .order = REPORT_NONE,
        .specimen = REPORT_NONE,
        .last_result = REPORT_NONE,
    };
    message->num_segments = 0;
    int ret = hl7_decode(report, options->charset);
    if (ret == 0)
        ret = hl7_read(report, message);
    if (ret != 0)
        return ret;
    hl7_strike_out(message, report, options->memo);
    enum message_kind kind = read_header(&context, &message->segments[0]);
    context.visit_message = kind == KIND_VISIT;
    if (kind != KIND_NONE && report_is_usable(report)) {
        for (uint32_t i = 1; i < message->num_segments; i++)
            read_segment(&context, i);
        hl7_end_order(&context);
        check_whole(&context, kind);
    }
    report_count(report);
    if (report->out_of_memory)
        return TOC_ERR_NO_MEMORY;
    return report_is_usable(report) ? 0 : BASE_ERR_INPUT;
}
