/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which fields are denied, and where they lie. */
#include <string.h>

#include "formats/denied.h"
#include "formats/hl7v2/denied.h"
#include "formats/hl7v2/memo.h"

static const struct {
    char     segment[4];
    uint32_t field;
} fields[] = {
#define FIELD(segment, field, what) { segment, field },
#include "formats/hl7v2/denied.def"
#undef FIELD
};

bool hl7_is_denied_question(const struct hl7_message *message, const struct hl7_segment *obx)
{
    struct hl7_part asked = hl7_field(message, obx, 3), parts[9];
    size_t          num = hl7_split(asked, message->component, parts, 9);
    for (size_t c = 0; c < num; c += 3)
        if (denied_is_question(parts[c].bytes, parts[c].size))
            return true;
    return denied_has_word(asked.bytes, asked.size);
}

bool hl7_is_denied_note(const struct hl7_message *message, const struct hl7_segment *nte)
{
    struct hl7_part text = hl7_field(message, nte, 3);
    return denied_has_word(text.bytes, text.size);
}

static void strike(const struct hl7_message *message, const struct hl7_segment *segment, uint32_t field,
                   struct report *report)
{
    struct hl7_part part = hl7_field(message, segment, field);
    if (part.size > 0)
        report_add_denied(report, (size_t) (part.bytes - message->bytes), part.size);
}

/* Those of the segment's fields that are in the table. */
static void strike_fields(const struct hl7_message *message, const struct hl7_segment *segment, struct report *report)
{
    for (size_t f = 0; f < sizeof fields / sizeof *fields; f++)
        if (hl7_is(segment, fields[f].segment))
            strike(message, segment, fields[f].field, report);
}

static bool is_denied(const struct hl7_message *message, const struct hl7_segment *obx, struct hl7_memo *memo)
{
    struct hl7_memo_test *known = hl7_memo_find(memo, hl7_field(message, obx, 3));
    if (known == NULL)
        return hl7_is_denied_question(message, obx);
    if (!known->denied_known) {
        known->denied = hl7_is_denied_question(message, obx);
        known->denied_known = true;
    }
    return known->denied;
}

void hl7_strike_out(struct hl7_message *message, struct report *report, struct hl7_memo *memo)
{
    for (uint32_t i = 0; i < message->num_segments; i++) {
        struct hl7_segment *segment = &message->segments[i];
        if (hl7_is(segment, "OBX")) {
            segment->denied = is_denied(message, segment, memo);
            if (segment->denied)
                strike(message, segment, 5, report);
        } else if (hl7_is(segment, "NTE")) {
            segment->denied = hl7_is_denied_note(message, segment);
            if (segment->denied)
                strike(message, segment, 3, report);
        } else {
            strike_fields(message, segment, report);
        }
    }
}
