/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Words of a report's enums, and places as people write them. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "formats/report.h"
#include "formats/sheet/xlsx.h"

#define WORD_OF(words, index) ((size_t) (index) < sizeof(words) / sizeof *(words) ? (words)[index] : "unknown")

const char *report_interpretation_word(enum report_interpretation interpretation)
{
    static const char *const words[REPORT_NUM_INTERPRETATIONS] = {
        "not-understood", "detected", "not-detected", "inconclusive", "invalid", "rejected", "measured",
    };
    return WORD_OF(words, interpretation);
}

const char *report_status_word(enum report_status status)
{
    static const char *const words[REPORT_NUM_STATUSES] = {
        "unknown", "preliminary", "final", "corrected", "cancelled", "entered-in-error", "not-a-result",
    };
    return WORD_OF(words, status);
}

const char *report_subject_kind_word(enum report_subject_kind kind)
{
    static const char *const words[REPORT_NUM_SUBJECT_KINDS] = {
        "person", "pool", "animal", "environment", "quality-control",
    };
    return WORD_OF(words, kind);
}

const char *report_decision_word(enum report_decision decision)
{
    static const char *const words[] = {
        "nothing", "code", "flag", "number", "text", "organism", "sender-table", "status",
    };
    return WORD_OF(words, decision);
}

const char *report_system_word(enum report_code_system system)
{
    static const char *const words[REPORT_NUM_SYSTEMS] = {
        "unknown", "LOINC", "SNOMED-CT", "UCUM", "ICD-10", "ICD-9", "HL7", "NND", "PHIN", "local",
    };
    return WORD_OF(words, system);
}

const char *report_severity_word(enum report_severity severity)
{
    static const char *const words[] = { "information", "warning", "error", "fatal" };
    return WORD_OF(words, severity);
}

const char *report_rule_word(enum report_rule rule)
{
    static const char *const words[] = {
        "none",     "structure", "required",    "type",     "value",  "order",     "unknown-code",
        "encoding", "limit",     "unsupported", "repeated", "denied", "invariant",
    };
    return WORD_OF(words, rule);
}

const char *report_question_word(enum report_question question)
{
    static const char *const words[REPORT_NUM_QUESTIONS] = {
        "other",           "onset",
        "symptomatic",     "symptom",
        "pregnant",        "hospitalised",
        "intensive-care",  "first-test",
        "health-worker",   "congregate-setting",
        "congregate-kind", "age",
        "vaccinated",      "died",
        "travelled",       "occupation",
        "classification",  "diagnosed",
    };
    return WORD_OF(words, question);
}

/* "PID-3[2].1.1", "OBX(4)-5": the sequence where it is not the first, as it then needs saying. */
static int segment_to_text(const struct report_place *place, char *text, size_t room)
{
    int size = snprintf(text, room, "%s", place->segment);
    if (place->sequence > 1)
        size += snprintf(text + size, room - (size_t) size, "(%" PRIu32 ")", place->sequence);
    if (place->field > 0)
        size += snprintf(text + size, room - (size_t) size, "-%" PRIu32, place->field);
    if (place->repetition > 1)
        size += snprintf(text + size, room - (size_t) size, "[%" PRIu32 "]", place->repetition);
    if (place->component > 0)
        size += snprintf(text + size, room - (size_t) size, ".%" PRIu32, place->component);
    if (place->subcomponent > 0)
        size += snprintf(text + size, room - (size_t) size, ".%" PRIu32, place->subcomponent);
    return size;
}

size_t report_place_to_text(const struct report_place *place, char text[REPORT_PLACE_BYTES])
{
    int size = 0;
    text[0] = '\0';
    if (place->path != NULL) {
        size = snprintf(text, REPORT_PLACE_BYTES, "%s", place->path);
    } else if (place->segment[0] != '\0') {
        size = segment_to_text(place, text, REPORT_PLACE_BYTES);
    } else if (place->row > 0 || place->column > 0) {
        if (place->row > 0)
            size = snprintf(text, REPORT_PLACE_BYTES, "row %" PRIu64, place->row);
        if (place->column > 0) {
            char letters[SHEET_LETTERS_BYTES];
            sheet_letters(place->column - 1, letters);
            size += snprintf(text + size, REPORT_PLACE_BYTES - (size_t) size, "%scolumn %s", place->row > 0 ? ", " : "",
                             letters);
        }
        if (place->column_name != NULL) {
            char name[100];
            text_escape(place->column_name, strlen(place->column_name), name, sizeof name);
            size += snprintf(text + size, REPORT_PLACE_BYTES - (size_t) size, " (%s)", name);
        }
    }
    return (size_t) size < REPORT_PLACE_BYTES ? (size_t) size : REPORT_PLACE_BYTES - 1;
}
