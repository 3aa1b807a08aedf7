/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Answers to questions that were asked with an order, and case notifications made of them. */
#include <math.h>
#include <string.h>

#include "formats/hl7v2/map_parts.h"

void hl7_map_answer(struct hl7_context *context, const struct hl7_segment *obx, const struct code_test *test,
                    struct report_concept asked)
{
    struct hl7_part parts[HL7_MAX_REPETITIONS];
    size_t          num =
        hl7_split(hl7_field(context->message, obx, 5), context->message->repetition, parts, HL7_MAX_REPETITIONS);
    for (size_t i = 0; i < num; i++) {
        struct report_answer *answer = report_add_answer(context->report);
        if (answer == NULL)
            return;
        answer->subject = context->subject;
        answer->order = context->order;
        answer->visit = context->visit;
        answer->question = test != NULL ? test->question : (uint8_t) REPORT_QUESTION_OTHER;
        answer->asked = asked;
        answer->value = hl7_map_value(context, obx, parts[i]);
        meaning_answer(context->report, answer);
    }
}
