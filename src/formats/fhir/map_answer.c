/* SPDX-License-Identifier: GPL-3.0-or-later */
/* QuestionnaireResponse: each answered item is an answer. */
#include <string.h>

#include "formats/fhir/parts.h"

/* What an item asks: its linkId as code (of LOINC where the tables know it so), its text. */
static struct report_concept question_of(struct fhir_context *context, const struct value *item)
{
    struct report_concept asked = { .text = fhir_member(context, item, "text") };
    struct report_text    link = fhir_member(context, item, "linkId");
    if (link.size > 1 && link.bytes[0] == '/')
        link.bytes++, link.size--;
    asked.codings = arena_array(context->report->arena, 1, sizeof *asked.codings);
    if (asked.codings == NULL) {
        context->report->out_of_memory = true;
        return asked;
    }
    asked.num_codings = 1;
    asked.codings[0].code = link;
    asked.codings[0].display = asked.text;
    return asked;
}

static void map_items(struct fhir_context *context, const struct value *items, uint32_t subject, uint32_t visit)
{
    for (VALUE_EACH(item, items)) {
        if (fhir_is_struck(context, item))
            continue;
        struct report_concept asked = { 0 };
        struct meaning_test   meant = { 0 };
        for (VALUE_EACH(given, value_get(item, "answer"))) {
            if (asked.num_codings == 0) {
                asked = question_of(context, item);
                meant = meaning_test(&context->source, &asked);
            }
            struct report_value   value = fhir_value(context, given, "value");
            struct report_answer *answer = value.kind != REPORT_VALUE_NONE ? report_add_answer(context->report) : NULL;
            if (answer != NULL) {
                answer->subject = subject;
                answer->visit = visit;
                answer->asked = asked;
                answer->value = value;
                if (meant.test != NULL && meant.test->role == CODE_QUESTION)
                    answer->question = meant.test->question;
                meaning_answer(context->report, answer);
            }
            map_items(context, value_get(given, "item"), subject, visit);
        }
        map_items(context, value_get(item, "item"), subject, visit);
    }
}

void fhir_map_questionnaire(struct fhir_context *context, uint32_t entry)
{
    const struct value *response = context->document->entries[entry].resource;
    uint32_t            subject = fhir_map_subject(context, entry, value_get(response, "subject"));
    uint32_t            visit = fhir_map_visit_of(context, entry, response);
    if (context->document->entries[entry].refused || value_is_text(value_get(response, "status"), "entered-in-error"))
        return;
    map_items(context, value_get(response, "item"), subject, visit);
}
