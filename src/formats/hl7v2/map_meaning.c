/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a result means: by its code, then its flag, then its number, then its words. */
#include <math.h>
#include <string.h>

#include "formats/hl7v2/map_parts.h"

/* ---- code ---- */

static enum report_interpretation by_code(struct hl7_context *context, struct report_result *result, bool *meant_pooled)
{
    const struct report_concept *concept = &result->value.concept;
    for (uint32_t i = 0; i < concept->num_codings; i++) {
        const struct report_code  *code = &concept->codings[i];
        const struct code_meaning *meaning =
            code_tables_meaning(context->tables, code->system, code->code, context->sender);
        if (meaning == NULL)
            continue;
        *meant_pooled |= meaning->pooled;
        result->decided_by = REPORT_BY_CODE;
        return meaning->interpretation;
    }
    return REPORT_NOT_UNDERSTOOD;
}

/* The value names an organism: it was found. Names in words count only where the test looked for no one target. */
static enum report_interpretation by_organism(struct hl7_context *context, struct report_result *result)
{
    const struct report_concept *concept = &result->value.concept;
    const char *target = NULL;
    for (uint32_t i = 0; i < concept->num_codings && target == NULL; i++)
        target = code_tables_organism(context->tables, concept->codings[i].system, concept->codings[i].code);
    for (uint32_t i = 0; i < concept->num_codings && target == NULL && result->target == NULL; i++)
        target = code_tables_target_named(context->tables, concept->codings[i].display);
    if (target == NULL && result->target == NULL && result->value.kind == REPORT_VALUE_TEXT)
        target = code_tables_target_named(context->tables, result->value.sent);
    if (target == NULL)
        return REPORT_NOT_UNDERSTOOD;
    result->target = target;
    result->decided_by = REPORT_BY_ORGANISM;
    return REPORT_DETECTED;
}

/* ---- flag ---- */

static enum report_interpretation flagged(struct hl7_context *context, const struct report_result *result)
{
    for (uint32_t i = 0; i < result->flags.num_codings; i++) {
        enum report_interpretation said = code_tables_flag(context->tables, result->flags.codings[i].code);
        if (said != REPORT_NOT_UNDERSTOOD)
            return said;
    }
    return REPORT_NOT_UNDERSTOOD;
}

/* ---- number ---- */

/* The bounds of a reference range: "<1.0", "0.0-0.9", "<1:64"; false where it says none. */
static bool read_range(struct report_text text, double *high, bool *open)
{
    bool below = text.size > 0 && text.bytes[0] == '<';
    *open = below; /* the bound itself is outside */
    if (below) {
        text.bytes++, text.size--;
        if (text.size > 0 && text.bytes[0] == '=') {
            *open = false;
            text.bytes++, text.size--;
        }
    }
    const char *mark = NULL;
    for (size_t i = 1; i < text.size; i++)
        if (text.bytes[i] == ':' || (text.bytes[i] == '-' && !below))
            mark = text.bytes + i + 1;
    if (mark == NULL && !below)
        return false;
    if (mark != NULL)
        text = (struct report_text){ mark, text.size - (size_t) (mark - text.bytes) };
    while (text.size > 0 && text.bytes[0] == ' ')
        text.bytes++, text.size--;
    *high = hl7_read_number(text);
    return !isnan(*high);
}

static enum report_interpretation by_number(struct report_result *result)
{
    const struct report_value *value = &result->value;
    double                     high, number = value->kind == REPORT_VALUE_RATIO ? value->high : value->number;
    bool                       open;
    if ((value->kind != REPORT_VALUE_NUMBER && value->kind != REPORT_VALUE_RATIO) || isnan(number) ||
        !read_range(result->reference_range, &high, &open))
        return REPORT_NOT_UNDERSTOOD;
    bool less = value->comparator[0] == '<', more = value->comparator[0] == '>';
    if (less && number > high) /* below something above the limit: either */
        return REPORT_NOT_UNDERSTOOD;
    if (more && number < high)
        return REPORT_NOT_UNDERSTOOD;
    result->decided_by = REPORT_BY_NUMBER;
    if (less)
        return REPORT_NOT_DETECTED;
    if (more)
        return REPORT_DETECTED;
    return number > high || (open && number == high) ? REPORT_DETECTED : REPORT_NOT_DETECTED;
}

/* ---- words ---- */

static enum report_interpretation worded(struct hl7_context *context, const struct report_result *result)
{
    const struct report_concept *concept = &result->value.concept;
    enum report_interpretation said = REPORT_NOT_UNDERSTOOD;
    if (result->value.kind == REPORT_VALUE_TEXT)
        return code_tables_words(context->tables, result->value.sent, context->sender);
    for (uint32_t i = 0; i < concept->num_codings && said == REPORT_NOT_UNDERSTOOD; i++) {
        said = code_tables_words(context->tables, concept->codings[i].display, context->sender);
        if (said == REPORT_NOT_UNDERSTOOD) /* a word where a code should be */
            said = code_tables_words(context->tables, concept->codings[i].code, context->sender);
    }
    if (said == REPORT_NOT_UNDERSTOOD)
        said = code_tables_words(context->tables, concept->text, context->sender);
    return said;
}

/* Flag and words together. A says no more than "not normal": words that say what exactly are better. Where they deny
 * each other, nobody but a person can tell which was mistyped. */
static enum report_interpretation by_flag_and_words(struct hl7_context *context, const struct hl7_segment *obx,
                                                    struct report_result *result)
{
    enum report_interpretation flag = flagged(context, result), words = worded(context, result);
    bool                       opposed = (flag == REPORT_DETECTED && words == REPORT_NOT_DETECTED) ||
                   (flag == REPORT_NOT_DETECTED && words == REPORT_DETECTED);
    if (opposed) {
        hl7_fault(context, obx, 8, 1, 1, REPORT_WARNING, REPORT_VALUE,
                  "the flag and the words of OBX-5 contradict each other; for a person to review", NULL);
        return REPORT_NOT_UNDERSTOOD;
    }
    if (flag != REPORT_NOT_UNDERSTOOD && (words == REPORT_NOT_UNDERSTOOD || words == flag)) {
        result->decided_by = REPORT_BY_FLAG;
        return flag;
    }
    if (flag == REPORT_NOT_UNDERSTOOD) {
        enum report_interpretation number = by_number(result);
        if (number != REPORT_NOT_UNDERSTOOD)
            return number;
    }
    if (words != REPORT_NOT_UNDERSTOOD)
        result->decided_by = REPORT_BY_TEXT;
    return words;
}

static bool is_quantity(const struct report_result *result)
{
    switch ((enum report_value_kind) result->value.kind) {
    case REPORT_VALUE_NUMBER:
    case REPORT_VALUE_RANGE:
    case REPORT_VALUE_RATIO:
    case REPORT_VALUE_TIME: return true;
    default: return false;
    }
}

void hl7_decide(struct hl7_context *context, const struct hl7_segment *obx, struct report_result *result,
                bool *meant_pooled)
{
    enum report_interpretation said = REPORT_NOT_UNDERSTOOD;
    *meant_pooled = false;
    result->decided_by = REPORT_BY_NOTHING;
    if (result->status == REPORT_NOT_A_RESULT || result->value.kind == REPORT_VALUE_DOCUMENT) {
        result->interpretation = REPORT_MEASURED;
        return;
    }
    if (is_quantity(result) && result->target == NULL) { /* a blood count: no pathogen is looked for */
        result->interpretation = REPORT_MEASURED;
        return;
    }
    said = by_code(context, result, meant_pooled);
    if (said == REPORT_NOT_UNDERSTOOD) {
        said = by_flag_and_words(context, obx, result);
        enum report_interpretation words = said == REPORT_NOT_UNDERSTOOD ? worded(context, result) : said;
        if (said == REPORT_NOT_UNDERSTOOD && words == REPORT_NOT_UNDERSTOOD)
            said = by_organism(context, result);
        else if (said == REPORT_DETECTED && result->decided_by == REPORT_BY_FLAG &&
                 result->target == NULL) { /* which one was found */
            by_organism(context, result);
            result->decided_by = REPORT_BY_FLAG;
        }
    }
    if (said == REPORT_NOT_UNDERSTOOD && result->status == REPORT_CANCELLED) {
        said = REPORT_INVALID;
        result->decided_by = REPORT_BY_STATUS;
    }
    result->interpretation = (uint8_t) said;
}
