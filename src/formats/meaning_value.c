/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers in texts, words for nothing, and what answers say. */
#include "formats/meaning.h"

#include <math.h>
#include <string.h>

#include "base/text.h"

/* ---- values ---- */

double meaning_number(struct report_text text)
{
    double number;
    if (text.size > 0 && text.bytes[0] == '+')
        text.bytes++, text.size--;
    if (text.size == 0 || text_to_double(text.bytes, text.size, &number) != 0)
        return NAN;
    return number;
}

void meaning_comparator(struct report_value *value, struct report_text text)
{
    static const char *const known[] = { "<", "<=", ">", ">=", "=" };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (report_text_equals(text, known[i]))
            memcpy(value->comparator, known[i], strlen(known[i]) + 1);
}

/* "<10", "1:64", "12.5": numbers that senders put into texts. False where the text is none of these. */
bool meaning_number_text(struct report_text text, struct report_value *value)
{
    struct report_text rest = text;
    char               comparator[3] = "";
    size_t             num = 0;
    while (num < 2 && rest.size > 0 && (rest.bytes[0] == '<' || rest.bytes[0] == '>' || rest.bytes[0] == '=')) {
        comparator[num++] = rest.bytes[0];
        rest.bytes++, rest.size--;
    }
    while (rest.size > 0 && rest.bytes[0] == ' ')
        rest.bytes++, rest.size--;
    const char *colon = rest.size > 0 ? memchr(rest.bytes, ':', rest.size) : NULL;
    double      high = NAN, number;
    if (colon != NULL) {
        high = meaning_number((struct report_text){ colon + 1, rest.size - (size_t) (colon + 1 - rest.bytes) });
        rest.size = (size_t) (colon - rest.bytes);
    }
    number = meaning_number(rest);
    if (isnan(number) || (colon != NULL && isnan(high)))
        return false;
    value->kind = colon != NULL ? REPORT_VALUE_RATIO : REPORT_VALUE_NUMBER;
    value->number = number;
    value->high = high;
    meaning_comparator(value, report_text_of(comparator));
    return true;
}

bool meaning_is_redacted(struct report_text text)
{
    static const char *const words[] = { "REDACTED",  "DEIDENTIFIED", "DE-IDENTIFIED", "ANONYMIZED", "ANONYMISED",
                                         "ANONYMOUS", "MASKED",       "WITHHELD",      "UNKNOWN",    "UNK" };
    if (text.size < 3 || text.size > 13)
        return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if ((text.bytes[0] | 0x20) == (words[i][0] | 0x20) && report_text_equals_nocase(text, words[i]))
            return true;
    return false;
}

/* ---- answers ---- */

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
static struct report_diagnosis *notified(struct report *report, uint32_t subject)
{
    for (uint32_t i = report->num_diagnoses; i-- > 0;) {
        struct report_diagnosis *diagnosis = &report->diagnoses[i];
        if (diagnosis->kind == REPORT_NOTIFIED && diagnosis->subject == subject)
            return diagnosis;
    }
    return NULL;
}

/* What an answer says of the subject or of the notified condition itself. */
static void apply(struct report *report, const struct report_answer *answer)
{
    struct report_diagnosis *diagnosis = notified(report, answer->subject);
    struct report_subject   *subject = answer->subject != REPORT_NONE ? &report->subjects[answer->subject] : NULL;
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

void meaning_answer(struct report *report, struct report_answer *answer)
{
    answer->flag = flag_of(&answer->value);
    apply(report, answer);
}
