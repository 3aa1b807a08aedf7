/* SPDX-License-Identifier: GPL-3.0-or-later */
/* PID. Its denied fields (race, religion, ethnic group, tribe) are never looked at here. */
#include <string.h>

#include "formats/hl7v2/map_parts.h"

/* Reads the repetitions of field n into an array of the arena. `read` answers false for one that holds nothing. */
#define READ_REPETITIONS(context, segment, n, type, array, num, read)                                                  \
    if (hl7_field((context)->message, segment, n).size > 0) {                                                          \
        struct hl7_part parts_[HL7_MAX_REPETITIONS];                                                                   \
        size_t          num_ = repetitions(context, segment, n, parts_);                                               \
        type           *read_ = num_ > 0 ? more(context, array, num, num_, sizeof *read_) : NULL;                      \
        if (read_ != NULL) {                                                                                           \
            (array) = read_;                                                                                           \
            for (size_t i_ = 0; i_ < num_; i_++)                                                                       \
                if (read(context, parts_[i_], &read_[num]))                                                            \
                    (num)++;                                                                                           \
        }                                                                                                              \
    }

static size_t repetitions(struct hl7_context *context, const struct hl7_segment *segment, uint32_t n,
                          struct hl7_part parts[HL7_MAX_REPETITIONS])
{
    struct hl7_part field = hl7_field(context->message, segment, n);
    size_t          num = hl7_split(field, context->message->repetition, parts, HL7_MAX_REPETITIONS);
    if (num == HL7_MAX_REPETITIONS && parts[num - 1].bytes + parts[num - 1].size != field.bytes + field.size)
        hl7_fault(context, segment, n, 0, 0, REPORT_WARNING, REPORT_LIMIT,
                  "more repetitions than are read; the rest is left out", "64");
    return num;
}

/* An array with room for num + extra elements that begins with the num old ones. */
static void *more(struct hl7_context *context, const void *array, uint32_t num, size_t extra, size_t size)
{
    void *larger = arena_array(context->report->arena, num + extra, size);
    if (larger == NULL)
        context->report->out_of_memory = true;
    else if (num > 0)
        memcpy(larger, array, num * size);
    return larger;
}

static bool read_identifier(struct hl7_context *context, struct hl7_part part, struct report_identifier *identifier)
{
    *identifier = hl7_read_cx(context, part);
    return report_text_is_given(identifier->value) && !meaning_is_redacted(identifier->value);
}

static bool read_plain_number(struct hl7_context *context, struct hl7_part part, struct report_identifier *identifier)
{
    if (!read_identifier(context, part, identifier))
        return false;
    if (!report_text_is_given(identifier->kind))
        identifier->kind = report_text_of("SS"); /* PID-19 is that by its definition */
    return true;
}

static void read_sex(struct hl7_context *context, const struct hl7_segment *pid, struct report_subject *subject)
{
    struct report_text text = hl7_value(context->message, context->report, pid, 8, 1);
    subject->sex_sent = text;
    if (!report_text_is_given(text))
        return;
    if (report_text_equals_nocase(text, "M") || report_text_equals_nocase(text, "MALE"))
        subject->sex = REPORT_MALE;
    else if (report_text_equals_nocase(text, "F") || report_text_equals_nocase(text, "FEMALE"))
        subject->sex = REPORT_FEMALE;
    else if (report_text_equals_nocase(text, "O") || report_text_equals_nocase(text, "A") ||
             report_text_equals_nocase(text, "OTHER"))
        subject->sex = REPORT_SEX_OTHER;
    else {
        subject->sex = REPORT_SEX_UNKNOWN;
        if (!report_text_equals_nocase(text, "U") && !report_text_equals_nocase(text, "N") &&
            !report_text_equals_nocase(text, "UNK") && !report_text_equals_nocase(text, "UNKNOWN"))
            hl7_fault(context, pid, 8, 1, 1, REPORT_WARNING, REPORT_VALUE, "no sex that is known",
                      "M, F, O, A, N or U");
    }
}

static void read_death(struct hl7_context *context, const struct hl7_segment *pid, struct report_subject *subject)
{
    struct report_text dead = hl7_value(context->message, context->report, pid, 30, 1);
    subject->death = hl7_read_time(context, pid, 29);
    if (report_text_equals_nocase(dead, "Y"))
        subject->deceased = REPORT_YES;
    else if (report_text_equals_nocase(dead, "N"))
        subject->deceased = REPORT_NO;
    else if (report_text_is_given(dead))
        subject->deceased = REPORT_FLAG_UNKNOWN;
    if (subject->death.precision != REPORT_TIME_MISSING && subject->deceased == REPORT_FLAG_NOT_SENT)
        subject->deceased = REPORT_YES;
    if (report_time_compare(&subject->birth, &subject->death) > 0)
        hl7_fault(context, pid, 29, 1, 0, REPORT_WARNING, REPORT_ORDER, "died before birth", NULL);
}

static void read_species(struct hl7_context *context, const struct hl7_segment *pid, struct report_subject *subject)
{
    struct hl7_part species = hl7_nth(hl7_field(context->message, pid, 35), context->message->repetition, 1);
    if (species.size == 0)
        return;
    subject->species = hl7_read_cwe(context, species);
    subject->breed =
        hl7_read_cwe(context, hl7_nth(hl7_field(context->message, pid, 36), context->message->repetition, 1));
    const struct report_code *code = report_concept_coding(&subject->species, REPORT_SNOMED_CT);
    bool                      human =
        code != NULL && (report_text_equals(code->code, "337915000") || report_text_equals(code->code, "278412004"));
    if (report_concept_is_given(&subject->species) && !human)
        subject->kind = REPORT_ANIMAL;
}

/* PID-12, where PID-11 has no county. */
static void read_county(struct hl7_context *context, const struct hl7_segment *pid, struct report_subject *subject)
{
    struct report_text county = hl7_value(context->message, context->report, pid, 12, 1);
    if (subject->num_addresses > 0 && !report_text_is_given(subject->addresses[0].county) &&
        report_text_is_given(county))
        subject->addresses[0].county = county;
}

void hl7_map_person(struct hl7_context *context, const struct hl7_segment *pid)
{
    struct report         *report = context->report;
    struct report_subject *subject = report_add_subject(report);
    if (subject == NULL)
        return;
    context->subject = report->num_subjects - 1;
    READ_REPETITIONS(context, pid, 3, struct report_identifier, subject->identifiers, subject->num_identifiers,
                     read_identifier);
    READ_REPETITIONS(context, pid, 2, struct report_identifier, subject->identifiers, subject->num_identifiers,
                     read_identifier);
    READ_REPETITIONS(context, pid, 4, struct report_identifier, subject->identifiers, subject->num_identifiers,
                     read_identifier);
    READ_REPETITIONS(context, pid, 19, struct report_identifier, subject->identifiers, subject->num_identifiers,
                     read_plain_number);
    READ_REPETITIONS(context, pid, 5, struct report_name, subject->names, subject->num_names, hl7_read_xpn);
    READ_REPETITIONS(context, pid, 9, struct report_name, subject->names, subject->num_names, hl7_read_xpn);
    subject->birth = hl7_read_time(context, pid, 7);
    read_sex(context, pid, subject);
    READ_REPETITIONS(context, pid, 11, struct report_address, subject->addresses, subject->num_addresses, hl7_read_xad);
    read_county(context, pid, subject);
    READ_REPETITIONS(context, pid, 13, struct report_telecom, subject->telecoms, subject->num_telecoms, hl7_read_xtn);
    READ_REPETITIONS(context, pid, 14, struct report_telecom, subject->telecoms, subject->num_telecoms, hl7_read_xtn);
    READ_REPETITIONS(context, pid, 40, struct report_telecom, subject->telecoms, subject->num_telecoms, hl7_read_xtn);
    read_death(context, pid, subject);
    read_species(context, pid, subject);
    if (subject->num_identifiers == 0)
        hl7_fault(context, pid, 3, 0, 0, REPORT_WARNING, REPORT_REQUIRED, "no identifier of the patient", NULL);
}
