/* SPDX-License-Identifier: GPL-3.0-or-later */
/* OBX: a result, an answer, or a part of a visit. */
#include <math.h>
#include <string.h>

#include "formats/hl7v2/map_parts.h"

static struct hl7_part first(struct hl7_context *context, const struct hl7_segment *segment, uint32_t field)
{
    return hl7_first(context->message, segment, field);
}

/* ---- status ---- */

/* OBX-11, table 0085; where it is empty, the order's. */
static void read_status(struct hl7_context *context, const struct hl7_segment *obx, struct report_result *result)
{
    static const uint8_t statuses[] = {
        ['A'] = REPORT_CORRECTED,    ['B'] = REPORT_CORRECTED,
        ['C'] = REPORT_CORRECTED,    ['D'] = REPORT_ENTERED_IN_ERROR,
        ['F'] = REPORT_FINAL,        ['I'] = REPORT_PRELIMINARY,
        ['N'] = REPORT_NOT_A_RESULT, ['O'] = REPORT_NOT_A_RESULT,
        ['P'] = REPORT_PRELIMINARY,  ['R'] = REPORT_PRELIMINARY,
        ['S'] = REPORT_PRELIMINARY,  ['U'] = REPORT_FINAL,
        ['V'] = REPORT_FINAL,        ['W'] = REPORT_ENTERED_IN_ERROR,
        ['X'] = REPORT_CANCELLED,
    };
    struct report_text text = hl7_value(context->message, context->report, obx, 11, 1);
    result->status_sent = text;
    if (text.size == 1 && (unsigned char) text.bytes[0] < sizeof statuses)
        result->status = statuses[(unsigned char) text.bytes[0]];
    else if (!report_text_is_given(text) && context->order != REPORT_NONE)
        result->status = context->report->orders[context->order].status;
    if (result->status == REPORT_STATUS_UNKNOWN)
        hl7_fault(context, obx, 11, report_text_is_given(text), 0, REPORT_WARNING,
                  report_text_is_given(text) ? REPORT_VALUE : REPORT_REQUIRED,
                  "no status that is known; for a person to review", "F, C, P, X, W, D …");
}

/* ---- the test ---- */

/* The same, remembered from message to message. */
static struct meaning_test what_is_meant(struct hl7_context *context, const struct hl7_segment *obx,
                                         const struct report_concept *asked)
{
    struct hl7_memo_test *known = hl7_memo_find(context->options->memo, hl7_field(context->message, obx, 3));
    if (known == NULL)
        return meaning_test(&context->source, asked);
    if (!known->test_known || known->sender != context->sender_hash) {
        struct meaning_test meant = meaning_test(&context->source, asked);
        known->test = meant.test;
        known->target = meant.target;
        known->method = meant.method;
        known->threshold = meant.threshold;
        known->sender = context->sender_hash;
        known->test_known = true;
    }
    return (struct meaning_test){ known->test, known->target, known->method, known->threshold };
}

/* ---- the rest of OBX ---- */

static struct report_concept read_flags(struct hl7_context *context, const struct hl7_segment *obx)
{
    struct hl7_part       parts[8];
    struct report_concept flags = { 0 };
    size_t                num = hl7_split(hl7_field(context->message, obx, 8), context->message->repetition, parts, 8);
    if (num == 0)
        return flags;
    flags.codings = arena_array(context->report->arena, num, sizeof *flags.codings);
    if (flags.codings == NULL) {
        context->report->out_of_memory = true;
        return flags;
    }
    for (size_t i = 0; i < num; i++) {
        struct report_text code = hl7_read_text(context, hl7_nth(parts[i], context->message->component, 1));
        if (!report_text_is_given(code))
            continue;
        flags.codings[flags.num_codings].system = REPORT_HL7_TABLE; /* 0078, by the field's definition */
        flags.codings[flags.num_codings++].code = code;
    }
    return flags;
}

static bool same_part(struct hl7_part a, struct hl7_part b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.bytes, b.bytes, a.size) == 0);
}

/* OBX-23 with its number, else OBX-15. */
static struct report_source read_producer(struct hl7_context *context, struct hl7_part laboratory,
                                          struct hl7_part producer)
{
    struct hl7_part      parts[3];
    struct report_source source = hl7_read_xon(context, laboratory);
    size_t               num = hl7_split(producer, context->message->component, parts, 3);
    if (num > 0 && !report_text_is_given(source.id)) {
        source.id = hl7_read_text(context, parts[0]);
        if (num > 2)
            source.id_kind = hl7_read_text(context, parts[2]);
    }
    if (num > 1 && !report_text_is_given(source.name))
        source.name = hl7_read_text(context, parts[1]);
    return source;
}

static void read_laboratory(struct hl7_context *context, const struct hl7_segment *obx, struct report_result *result)
{
    struct hl7_same *same = &context->same;
    struct hl7_part  producer = first(context, obx, 15), laboratory = first(context, obx, 23),
                    address = first(context, obx, 24);
    if (!same_part(producer, same->producer) || !same_part(laboratory, same->laboratory)) {
        same->laboratory_read = read_producer(context, laboratory, producer);
        same->producer = producer;
        same->laboratory = laboratory;
    }
    if (!same_part(address, same->address)) {
        same->address_read = (struct report_address){ 0 };
        hl7_read_xad(context, address, &same->address_read);
        same->address = address;
    }
    result->laboratory = same->laboratory_read;
    result->laboratory_address = same->address_read;
}

static void read_kit(struct hl7_context *context, const struct hl7_segment *obx, struct report_result *result)
{
    struct hl7_same *same = &context->same;
    struct hl7_part  method = first(context, obx, 17);
    if (!same_part(method, same->method)) {
        same->method_read = hl7_read_cwe(context, method);
        same->method = method;
    }
    result->method_sent = same->method_read;
    if (report_text_is_given(result->method_sent.text))
        result->kit = result->method_sent.text;
    else if (result->method_sent.num_codings > 0)
        result->kit = result->method_sent.codings[0].display.size > 0 ? result->method_sent.codings[0].display
                                                                      : result->method_sent.codings[0].code;
    if (!report_text_is_given(result->kit))
        result->kit = hl7_value(context->message, context->report, obx, 18, 1);
}

/* ---- what becomes of it ---- */

static void tell_unknown(struct hl7_context *context, const struct hl7_segment *obx, const struct report_result *result)
{
    if (result->interpretation == REPORT_MEASURED || result->quality_control)
        return;
    if (result->target == NULL)
        hl7_fault(context, obx, 3, 1, 0, REPORT_WARNING, REPORT_UNKNOWN_CODE,
                  "a test that names no target known here; for a person to review", NULL);
    else if (result->interpretation == REPORT_NOT_UNDERSTOOD)
        hl7_fault(context, obx, 5, 1, 0, REPORT_WARNING, REPORT_UNKNOWN_CODE,
                  "what the result means is not known; for a person to review", NULL);
}

static void pool_by_code(struct hl7_context *context)
{
    struct report *report = context->report;
    if (context->specimen != REPORT_NONE)
        report->specimens[context->specimen].group = true;
    report->results[report->num_results - 1].pooled = true;
}

/* One result: of one repetition of OBX-5. */
static void add_result(struct hl7_context *context, const struct hl7_segment *obx, const struct report_result *common,
                       const struct meaning_test *meant, struct hl7_part part)
{
    struct report_result made = *common;
    bool                 meant_pooled, opposed, repeated;
    made.value = hl7_map_value(context, obx, part);
    made.target = meant->target;
    made.method = meant->method;
    if (made.method == NULL)
        made.method = meaning_method(context->source.tables, &made.method_sent);
    bool threshold = meant->threshold;
    if (threshold && meaning_attach_threshold(context->report, context->first_result, &made))
        return;
    if (threshold)
        made.cycle_threshold = made.value.number;
    meaning_decide(&context->source, &made, &meant_pooled, &opposed);
    if (opposed)
        hl7_fault(context, obx, 8, 1, 1, REPORT_WARNING, REPORT_VALUE,
                  "the flag and the words of OBX-5 contradict each other; for a person to review", NULL);
    if (threshold && !isnan(made.cycle_threshold))
        made.interpretation = REPORT_MEASURED;
    if (made.target == NULL)
        made.target = made.interpretation != REPORT_MEASURED ? context->order_target : NULL;
    made.disease = code_tables_disease_of(context->source.tables, made.target);
    repeated = meaning_is_repeated(context->report, context->first_result, &made);
    if (repeated) {
        hl7_fault(context, obx, 0, 0, 0, REPORT_INFORMATION, REPORT_REPEATED,
                  "the same observation stands in this order already; counted once", NULL);
        return;
    }
    tell_unknown(context, obx, &made);
    struct report_result *result = report_add_result(context->report);
    if (result == NULL)
        return;
    *result = made;
    context->last_result = context->report->num_results - 1;
    if (meant_pooled)
        pool_by_code(context);
}

static void map_result(struct hl7_context *context, const struct hl7_segment *obx, const struct meaning_test *meant,
                       struct report_concept asked)
{
    struct hl7_part      parts[HL7_MAX_REPETITIONS];
    struct report_result common = { .subject = context->subject,
                                    .order = context->order,
                                    .specimen = context->specimen,
                                    .sequence = obx->sequence,
                                    .test = asked,
                                    .cycle_threshold = NAN };
    common.sub_id = hl7_value(context->message, context->report, obx, 4, 0);
    common.flags = read_flags(context, obx);
    common.reference_range = hl7_value(context->message, context->report, obx, 7, 0);
    common.observed = hl7_read_time(context, obx, 14);
    common.analysed = hl7_read_time(context, obx, 19);
    read_status(context, obx, &common);
    read_laboratory(context, obx, &common);
    read_kit(context, obx, &common);
    struct hl7_part    value = hl7_field(context->message, obx, 5);
    size_t             num = hl7_split(value, context->message->repetition, parts, HL7_MAX_REPETITIONS);
    struct report_text type = hl7_value(context->message, context->report, obx, 2, 1);
    if (num == 0 || !(report_text_equals(type, "CWE") || report_text_equals(type, "CE"))) {
        parts[0] = num > 0 ? parts[0] : value; /* a text's repetitions are its lines: kept with the raw bytes */
        num = 1;
    }
    for (size_t i = 0; i < num; i++)
        if (i == 0 || !hl7_is_empty(parts[i]))
            add_result(context, obx, &common, meant, parts[i]);
}

/* OBX-29: QST a question, SCI supporting clinical information. */
static bool is_asked(struct hl7_context *context, const struct hl7_segment *obx)
{
    struct report_text type = hl7_value(context->message, context->report, obx, 29, 1);
    return report_text_equals(type, "QST") || report_text_equals(type, "SCI") || report_text_equals(type, "ASC");
}

void hl7_map_observation(struct hl7_context *context, const struct hl7_segment *obx)
{
    context->last_result = REPORT_NONE;
    if (obx->denied) {
        struct report_place place = hl7_place(context->message, obx, 5, 0, 0);
        report_add_fault(context->report, REPORT_INFORMATION, REPORT_DENIED, place, (struct report_text){ 0 },
                         "asks for what is never collected; left out", NULL);
        return;
    }
    struct report_concept asked = hl7_read_cwe(context, first(context, obx, 3));
    if (!report_concept_is_given(&asked)) {
        hl7_fault(context, obx, 3, 0, 0, REPORT_ERROR, REPORT_REQUIRED, "no code of what was observed", NULL);
        return;
    }
    struct meaning_test     meant = what_is_meant(context, obx, &asked);
    const struct code_test *test = meant.test;
    unsigned                role = test != NULL ? test->role : 0;
    bool                    of_visit = context->order == REPORT_NONE && context->visit_message;
    if (role == CODE_VISIT && context->visit != REPORT_NONE) {
        hl7_map_visit_observation(context, obx, test);
        return;
    }
    if (role == CODE_QUESTION || context->questionnaire || is_asked(context, obx) || (of_visit && role == 0)) {
        hl7_map_answer(context, obx, role == CODE_QUESTION ? test : NULL, asked);
        return;
    }
    if (context->order == REPORT_NONE)
        hl7_fault(context, obx, 0, 0, 0, REPORT_ERROR, REPORT_STRUCTURE, "an observation before any order",
                  "OBR first");
    map_result(context, obx, &meant, asked);
}
