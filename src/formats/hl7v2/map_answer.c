/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Answers to questions that were asked with an order, and case notifications made of them. */
#include <math.h>
#include <string.h>

#include "formats/hl7v2/map_parts.h"

/* Yes, no, unknown: HL7 table 0136, its null flavours, SNOMED CT and the words. */
static uint8_t flag_of(const struct report_value *value)
{
    static const struct {
        const char *code;
        uint8_t     flag;
    } known[] = {
        { "Y", REPORT_YES },
        { "N", REPORT_NO },
        { "UNK", REPORT_FLAG_UNKNOWN },
        { "U", REPORT_FLAG_UNKNOWN },
        { "NASK", REPORT_FLAG_UNKNOWN },
        { "ASKU", REPORT_FLAG_UNKNOWN },
        { "373066001", REPORT_YES },
        { "373067005", REPORT_NO },
        { "261665006", REPORT_FLAG_UNKNOWN },
        { "77386006", REPORT_YES },
        { "60001007", REPORT_NO },
        { "YES", REPORT_YES },
        { "NO", REPORT_NO },
        { "UNKNOWN", REPORT_FLAG_UNKNOWN },
        { "TRUE", REPORT_YES },
        { "FALSE", REPORT_NO },
        { "是", REPORT_YES },
        { "否", REPORT_NO },
    };
    struct report_text text = value->sent;
    if (value->concept.num_codings > 0)
    text = value->concept.codings[0].code.size > 0 ? value->concept.codings[0].code : value->concept.codings[0].display;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (report_text_equals_nocase(text, known[i].code))
            return known[i].flag;
    return REPORT_FLAG_NOT_SENT;
}

static const char *classification_of(const struct report_value *value)
{
    static const struct {
        const char *code, *classification;
    } known[] = {
        { "410605003", "confirmed" },
        { "2931005", "probable" },
        { "415684004", "suspected" },
        { "PHC178", "not-a-case" },
    };
    if (value->concept.num_codings == 0)
        return NULL;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (report_text_equals(value->concept.codings[0].code, known[i].code))
            return known[i].classification;
    return NULL;
}

/* The notified condition of this subject, or NULL. */
static struct report_diagnosis *notified(struct hl7_context *context)
{
    for (uint32_t i = context->report->num_diagnoses; i-- > 0;) {
        struct report_diagnosis *diagnosis = &context->report->diagnoses[i];
        if (diagnosis->kind == REPORT_NOTIFIED && diagnosis->subject == context->subject)
            return diagnosis;
    }
    return NULL;
}

/* What an answer says of the subject or of the notified condition itself. */
static void apply(struct hl7_context *context, const struct report_answer *answer)
{
    struct report_diagnosis *diagnosis = notified(context);
    struct report_subject   *subject =
        context->subject != REPORT_NONE ? &context->report->subjects[context->subject] : NULL;
    switch ((enum report_question) answer->question) {
    case REPORT_AGE:
        if (subject != NULL && !isnan(answer->value.number)) {
            subject->age = answer->value.number;
            if (answer->value.unit.num_codings > 0)
                subject->age_unit = answer->value.unit.codings[0].code;
        }
        break;
    case REPORT_ONSET:
        if (diagnosis != NULL && diagnosis->onset.precision == REPORT_TIME_MISSING)
            diagnosis->onset = answer->value.time;
        break;
    case REPORT_DIAGNOSED:
        if (diagnosis != NULL && diagnosis->diagnosed.precision == REPORT_TIME_MISSING)
            diagnosis->diagnosed = answer->value.time;
        break;
    case REPORT_CLASSIFICATION:
        if (diagnosis != NULL)
            diagnosis->classification = classification_of(&answer->value);
        break;
    case REPORT_DIED:
        if (subject != NULL && subject->deceased == REPORT_FLAG_NOT_SENT)
            subject->deceased = answer->flag;
        break;
    default: break;
    }
}

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
        answer->flag = flag_of(&answer->value);
        apply(context, answer);
    }
}
