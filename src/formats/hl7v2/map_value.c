/* SPDX-License-Identifier: GPL-3.0-or-later */
/* OBX-5 by the type in OBX-2. */
#include <math.h>
#include <string.h>

#include "formats/hl7v2/map_parts.h"
#include "formats/hl7v2/time.h"

static bool is_coded(struct report_text type)
{
    return report_text_equals(type, "CWE") || report_text_equals(type, "CE") || report_text_equals(type, "CNE") ||
           report_text_equals(type, "CF") || report_text_equals(type, "IS") || report_text_equals(type, "ID");
}

static bool is_text(struct report_text type)
{
    return report_text_equals(type, "ST") || report_text_equals(type, "TX") || report_text_equals(type, "FT") ||
           report_text_equals(type, "SI");
}

static bool is_time(struct report_text type)
{
    return report_text_equals(type, "TS") || report_text_equals(type, "DT") || report_text_equals(type, "DTM") ||
           report_text_equals(type, "TM");
}

/* SN: comparator, number, separator or suffix, number. */
static void read_structured(struct hl7_context *context, struct hl7_part part, struct report_value *value)
{
    struct hl7_part    parts[4];
    size_t             num = hl7_split(part, context->message->component, parts, 4);
    struct report_text texts_of[4] = { 0 };
    for (size_t i = 0; i < num; i++)
        texts_of[i] = hl7_read_text(context, parts[i]);
    meaning_comparator(value, texts_of[0]);
    value->number = meaning_number(texts_of[1]);
    value->high = meaning_number(texts_of[3]);
    value->kind = REPORT_VALUE_NUMBER;
    if (report_text_equals(texts_of[2], "-"))
        value->kind = REPORT_VALUE_RANGE;
    else if (report_text_equals(texts_of[2], ":") || report_text_equals(texts_of[2], "/"))
        value->kind = REPORT_VALUE_RATIO;
    else if (report_text_equals(texts_of[2], "+"))
        value->plus = true;
    if (value->kind == REPORT_VALUE_RATIO && isnan(value->number) && !isnan(value->high))
        value->number = 1; /* ^^:^80 */
}

static void read_time_value(struct hl7_context *context, const struct hl7_segment *obx, struct hl7_part part,
                            struct report_value *value)
{
    const char    *what = NULL;
    enum hl7_dress dress =
        hl7_time_read(hl7_read_text(context, hl7_nth(part, context->message->component, 1)), &value->time, &what);
    value->kind = REPORT_VALUE_TIME;
    if (dress == HL7_TIME_BAD || dress == HL7_TIME_IMPOSSIBLE) {
        value->kind = REPORT_VALUE_TEXT;
        hl7_fault(context, obx, 5, 1, 0, REPORT_WARNING, REPORT_TYPE, what, "YYYYMMDDHHMMSS+ZZZZ, or less");
    }
}

/* OBX-2 is missing, though OBX-5 is not. */
static struct report_text guess_type(struct hl7_context *context, const struct hl7_segment *obx, struct hl7_part part)
{
    hl7_fault(context, obx, 2, 0, 0, REPORT_WARNING, REPORT_REQUIRED, "no type of the value in OBX-5", "CWE, NM, ST …");
    bool parts = memchr(part.bytes, context->message->component, part.size) != NULL;
    return report_text_of(parts ? "CWE" : "ST");
}

struct report_value hl7_map_value(struct hl7_context *context, const struct hl7_segment *obx, struct hl7_part part)
{
    struct report_value value = { .number = NAN, .high = NAN };
    struct report_text  type = hl7_value(context->message, context->report, obx, 2, 1);
    struct hl7_part     unit = hl7_field(context->message, obx, 6);
    if (unit.size > 0)
        value.unit = hl7_read_cwe(context, hl7_nth(unit, context->message->repetition, 1));
    if (hl7_is_empty(part))
        return value;
    if (!report_text_is_given(type))
        type = guess_type(context, obx, part);
    if (report_text_equals(type, "ED") || report_text_equals(type, "RP")) { /* stays with the raw bytes */
        value.kind = REPORT_VALUE_DOCUMENT;
        return value;
    }
    value.sent = hl7_read_text(context, part);
    if (is_coded(type)) {
        value.kind = REPORT_VALUE_CODED;
        value.concept = hl7_read_cwe(context, part);
    } else if (report_text_equals(type, "SN")) {
        read_structured(context, part, &value);
    } else if (report_text_equals(type, "NM")) {
        value.kind = REPORT_VALUE_NUMBER;
        if (!meaning_number_text(value.sent, &value)) {
            value.kind = REPORT_VALUE_TEXT;
            hl7_fault(context, obx, 5, 1, 0, REPORT_WARNING, REPORT_TYPE, "not a number", "a decimal number");
        }
    } else if (is_text(type)) {
        if (!meaning_number_text(value.sent, &value))
            value.kind = REPORT_VALUE_TEXT;
    } else if (is_time(type)) {
        read_time_value(context, obx, part, &value);
    } else {
        value.kind = REPORT_VALUE_OTHER;
    }
    return value;
}
