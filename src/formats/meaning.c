/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/meaning.h"

#include <math.h>
#include <string.h>

/* ---- code ---- */

static enum report_interpretation by_code(const struct meaning_source *source, struct report_result *result,
                                          bool *meant_pooled)
{
    const struct report_concept *concept = &result->value.concept;
    for (uint32_t i = 0; i < concept->num_codings; i++) {
        const struct report_code  *code = &concept->codings[i];
        const struct code_meaning *meaning =
            code_tables_meaning(source->tables, code->system, code->code, source->sender);
        if (meaning == NULL)
            continue;
        *meant_pooled |= meaning->pooled;
        result->decided_by = REPORT_BY_CODE;
        return meaning->interpretation;
    }
    return REPORT_NOT_UNDERSTOOD;
}

/* The value names an organism: it was found. Names in words count only where the test looked for no one target. */
static enum report_interpretation by_organism(const struct meaning_source *source, struct report_result *result)
{
    const struct report_concept *concept = &result->value.concept;
    const char *target = NULL;
    for (uint32_t i = 0; i < concept->num_codings && target == NULL; i++)
        target = code_tables_organism(source->tables, concept->codings[i].system, concept->codings[i].code);
    for (uint32_t i = 0; i < concept->num_codings && target == NULL && result->target == NULL; i++)
        target = code_tables_target_named(source->tables, concept->codings[i].display);
    if (target == NULL && result->target == NULL && result->value.kind == REPORT_VALUE_TEXT)
        target = code_tables_target_named(source->tables, result->value.sent);
    if (target == NULL)
        return REPORT_NOT_UNDERSTOOD;
    result->target = target;
    result->decided_by = REPORT_BY_ORGANISM;
    return REPORT_DETECTED;
}

/* ---- flag ---- */

static enum report_interpretation flagged(const struct meaning_source *source, const struct report_result *result)
{
    for (uint32_t i = 0; i < result->flags.num_codings; i++) {
        enum report_interpretation said = code_tables_flag(source->tables, result->flags.codings[i].code);
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
    *high = meaning_number(text);
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

static enum report_interpretation worded(const struct meaning_source *source, const struct report_result *result)
{
    const struct report_concept *concept = &result->value.concept;
    enum report_interpretation said = REPORT_NOT_UNDERSTOOD;
    if (result->value.kind == REPORT_VALUE_TEXT)
        return code_tables_words(source->tables, result->value.sent, source->sender);
    for (uint32_t i = 0; i < concept->num_codings && said == REPORT_NOT_UNDERSTOOD; i++) {
        said = code_tables_words(source->tables, concept->codings[i].display, source->sender);
        if (said == REPORT_NOT_UNDERSTOOD) /* a word where a code should be */
            said = code_tables_words(source->tables, concept->codings[i].code, source->sender);
    }
    if (said == REPORT_NOT_UNDERSTOOD)
        said = code_tables_words(source->tables, concept->text, source->sender);
    return said;
}

/* Flag and words together. A says no more than "not normal": words that say what exactly are better. Where they deny
 * each other, nobody but a person can tell which was mistyped. */
static enum report_interpretation by_flag_and_words(const struct meaning_source *source, struct report_result *result,
                                                    bool *opposed)
{
    enum report_interpretation flag = flagged(source, result), words = worded(source, result);
    *opposed = (flag == REPORT_DETECTED && words == REPORT_NOT_DETECTED) ||
               (flag == REPORT_NOT_DETECTED && words == REPORT_DETECTED);
    if (*opposed)
        return REPORT_NOT_UNDERSTOOD;
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

void meaning_decide(const struct meaning_source *source, struct report_result *result, bool *meant_pooled,
                    bool *opposed)
{
    enum report_interpretation said = REPORT_NOT_UNDERSTOOD;
    *meant_pooled = *opposed = false;
    result->decided_by = REPORT_BY_NOTHING;
    if (result->status == REPORT_NOT_A_RESULT || result->value.kind == REPORT_VALUE_DOCUMENT) {
        result->interpretation = REPORT_MEASURED;
        return;
    }
    if (is_quantity(result) && result->target == NULL) { /* a blood count: no pathogen is looked for */
        result->interpretation = REPORT_MEASURED;
        return;
    }
    said = by_code(source, result, meant_pooled);
    if (said == REPORT_NOT_UNDERSTOOD) {
        said = by_flag_and_words(source, result, opposed);
        enum report_interpretation words = said == REPORT_NOT_UNDERSTOOD ? worded(source, result) : said;
        if (said == REPORT_NOT_UNDERSTOOD && words == REPORT_NOT_UNDERSTOOD)
            said = by_organism(source, result);
        else if (said == REPORT_DETECTED && result->decided_by == REPORT_BY_FLAG &&
                 result->target == NULL) { /* which one was found */
            by_organism(source, result);
            result->decided_by = REPORT_BY_FLAG;
        }
    }
    if (said == REPORT_NOT_UNDERSTOOD && result->status == REPORT_CANCELLED) {
        said = REPORT_INVALID;
        result->decided_by = REPORT_BY_STATUS;
    }
    result->interpretation = (uint8_t) said;
}

/* ---- among the results of an order ---- */

#define LOOK_BACK 200 /* results, among which a repeated one or the host of a cycle threshold is looked for */

static uint32_t look_back(const struct report *report, uint32_t first)
{
    return report->num_results - first > LOOK_BACK ? report->num_results - LOOK_BACK : first;
}

static bool same_text(struct report_text a, struct report_text b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.bytes, b.bytes, a.size) == 0);
}

static struct report_text code_of(const struct report_concept *concept)
{
    if (concept->num_codings == 0)
    return concept->text;
    return concept->codings[0].code.size > 0 ? concept->codings[0].code : concept->codings[0].display;
}

bool meaning_is_repeated(const struct report *report, uint32_t first, const struct report_result *result)
{
    for (uint32_t i = look_back(report, first); i < report->num_results; i++) {
        const struct report_result *other = &report->results[i];
        if (same_text(code_of(&other->test), code_of(&result->test)) && same_text(other->sub_id, result->sub_id) &&
            same_text(other->value.sent, result->value.sent) && other->status == result->status &&
            other->subject == result->subject && other->specimen == result->specimen &&
            same_text(other->observed.sent, result->observed.sent))
            return true;
    }
    return false;
}

bool meaning_attach_threshold(struct report *report, uint32_t first, const struct report_result *result)
{
    struct report_result *host = NULL;
    uint32_t              from = look_back(report, first);
    for (uint32_t i = report->num_results; i-- > from;) {
        struct report_result *other = &report->results[i];
        if (isnan(other->cycle_threshold) &&
            (result->target == NULL || other->target == NULL || strcmp(result->target, other->target) == 0)) {
            host = other;
            break;
        }
    }
    if (host == NULL || isnan(result->value.number))
        return false;
    host->cycle_threshold = result->value.number;
    return true;
}

/* ---- what it was found in ---- */

/* A subject of this kind for the tube, so that what is found in it is never said of a person. */
static uint32_t subject_for(struct report *report, struct report_specimen *specimen)
{
    if (specimen->subject != REPORT_NONE && report->subjects[specimen->subject].kind == specimen->kind)
        return specimen->subject;
    struct report_subject *subject = report_add_subject(report);
    if (subject == NULL)
        return REPORT_NONE;
    subject->kind = specimen->kind;
    subject->num_pooled = specimen->num_pooled;
    return report->num_subjects - 1;
}

static bool has_role(const struct report_specimen *specimen, const char *roles)
{
    for (uint32_t i = 0; i < specimen->role.num_codings; i++) {
        struct report_text code = specimen->role.codings[i].code;
        if (code.size == 1 && strchr(roles, code.bytes[0]) != NULL)
            return true;
    }
    return false;
}

bool meaning_specimen_is_group(const struct report_specimen *specimen)
{
    return has_role(specimen, "LG") || specimen->num_pooled > 1;
}

uint8_t meaning_specimen_kind(const struct meaning_source *source, const struct report *report,
                              const struct report_specimen *specimen, bool all_pooled)
{
    if (specimen->group || specimen->num_pooled > 1 || all_pooled)
        return REPORT_POOL;
    if (has_role(specimen, "QCEBOV"))
        return REPORT_QUALITY_CONTROL;
    for (uint32_t i = 0; i < specimen->material.num_codings; i++) {
        const struct report_code *code = &specimen->material.codings[i];
        enum report_subject_kind  kind = code_tables_material(source->tables, code->system, code->code);
        if (kind != REPORT_PERSON)
            return (uint8_t) kind;
    }
    return specimen->subject != REPORT_NONE ? report->subjects[specimen->subject].kind : (uint8_t) REPORT_PERSON;
}

void meaning_tie_specimens(struct report *report, uint32_t first)
{
    for (uint32_t i = first; i < report->num_results; i++) {
        struct report_result *result = &report->results[i];
        if (result->specimen == REPORT_NONE)
            continue;
        struct report_specimen *specimen = &report->specimens[result->specimen];
        if (result->pooled || specimen->group) {
            specimen->group = true;
            specimen->kind = REPORT_POOL;
        }
    }
    for (uint32_t i = first; i < report->num_results; i++) {
        struct report_result *result = &report->results[i];
        if (result->specimen == REPORT_NONE)
            continue;
        struct report_specimen *specimen = &report->specimens[result->specimen];
        result->pooled = specimen->kind == REPORT_POOL;
        result->quality_control = specimen->kind == REPORT_QUALITY_CONTROL;
        if (specimen->kind != REPORT_PERSON)
            specimen->subject = subject_for(report, specimen);
        result->subject = specimen->kind != REPORT_PERSON ? specimen->subject : result->subject;
        if (result->interpretation == REPORT_NOT_UNDERSTOOD && report_concept_is_given(&specimen->reject_reason)) {
            result->interpretation = REPORT_REJECTED;
            result->decided_by = REPORT_BY_STATUS;
        }
    }
}
