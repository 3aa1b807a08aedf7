/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/hl7v2/ack.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/fault.h"

static const struct hl7_message usual = {
    .field = '|', .component = '^', .repetition = '~', .escape = '\\', .subcomponent = '&'
};

/* ---- which ---- */

enum hl7_verdict hl7_verdict_of(const struct report *report)
{
    if (report->num_all_faults == 0 || report->worst < REPORT_ERROR)
        return HL7_ACCEPT;
    return report->worst == REPORT_FATAL ? HL7_REJECT : HL7_ERROR;
}

static bool is_asked(struct hl7_part condition, enum hl7_verdict verdict)
{
    struct report_text text = { condition.bytes, condition.size };
    return report_text_equals(text, "AL") || (report_text_equals(text, "ER") && verdict != HL7_ACCEPT) ||
           (report_text_equals(text, "SU") && verdict == HL7_ACCEPT);
}

bool hl7_ack_is_wanted(const struct hl7_message *message, enum hl7_ack_kind kind, enum hl7_verdict verdict)
{
    if (message->num_segments == 0)
        return kind == HL7_ACK_APPLICATION;
    struct hl7_part commit = hl7_field(message, &message->segments[0], 15),
                    application = hl7_field(message, &message->segments[0], 16);
    if (hl7_is_empty(commit) && hl7_is_empty(application))
        return kind == HL7_ACK_APPLICATION;
    return is_asked(kind == HL7_ACK_COMMIT ? commit : application, verdict);
}

/* ---- writing ---- */

void hl7_write_text(struct sink *sink, const struct hl7_message *message, struct report_text text)
{
    for (size_t i = 0; i < text.size; i++) {
        char c = text.bytes[i], name = '\0';
        if (c == message->field)
            name = 'F';
        else if (c == message->component)
            name = 'S';
        else if (c == message->repetition)
            name = 'R';
        else if (c == message->escape)
            name = 'E';
        else if (c == message->subcomponent)
            name = 'T';
        if (c == '\r' || c == '\n')
            sink_text(sink, "\\.br\\");
        else if (name != '\0' && message->escape != '\0')
            sink_format(sink, "%c%c%c", message->escape, name, message->escape);
        else if (name == '\0')
            sink_character(sink, c);
    }
}

/* A field of the message as it stands: its delimiters are the answer's too. */
static void copy_field(struct sink *sink, const struct hl7_message *message, uint32_t n)
{
    if (message->num_segments == 0)
        return;
    struct hl7_part part = hl7_field(message, &message->segments[0], n);
    for (size_t i = 0; i < part.size; i++)
        if (part.bytes[i] != '\r' && part.bytes[i] != '\n')
            sink_character(sink, part.bytes[i]);
}

static void write_time(struct sink *sink, const struct report_time *time)
{
    if (time == NULL || time->precision < REPORT_SECOND)
        return;
    sink_format(sink, "%04d%02d%02d%02d%02d%02d", time->year, time->month, time->day, time->hour, time->minute,
                time->second);
    int zone = time->zone_minutes < 0 ? -time->zone_minutes : time->zone_minutes;
    if (time->zone_known)
        sink_format(sink, "%c%02d%02d", time->zone_minutes < 0 ? '-' : '+', zone / 60, zone % 60);
}

/* Versions before 2.5 have the place and code in ERR-1. */
static bool is_old(const struct report *report)
{
    struct report_text version = report->version;
    return version.size >= 3 && version.bytes[0] == '2' && version.bytes[2] < '5';
}

static void write_header(struct sink *sink, const struct hl7_message *message, const struct report *report,
                         const struct hl7_message *marks, const struct hl7_ack_options *options)
{
    static const uint32_t swapped[] = { 5, 6, 3, 4 };
    char                  field = marks->field;
    sink_format(sink, "MSH%c%c", field, marks->component);
    if (marks->repetition != '\0') /* those that the sender named, and no others */
        sink_character(sink, marks->repetition);
    if (marks->escape != '\0')
        sink_character(sink, marks->escape);
    if (marks->subcomponent != '\0')
        sink_character(sink, marks->subcomponent);
    for (size_t i = 0; i < 4; i++) {
        sink_character(sink, field);
        copy_field(sink, message, swapped[i]);
    }
    sink_character(sink, field);
    write_time(sink, options->now);
    sink_format(sink, "%c%cACK", field, field);
    struct report_text kind = report->kind;
    const char        *event = kind.size > 0 ? memchr(kind.bytes, marks->component, kind.size) : NULL;
    if (event != NULL) {
        sink_write(sink, event, kind.size - (size_t) (event - kind.bytes));
        if (!is_old(report))
            sink_format(sink, "%cACK", marks->component);
    }
    sink_format(sink, "%c%s%c", field, options->control_id, field);
    if (message->num_segments > 0)
        copy_field(sink, message, 11);
    else
        sink_character(sink, 'P');
    sink_character(sink, field);
    if (report_text_is_given(report->version))
        hl7_write_text(sink, marks, report->version);
    else
        sink_text(sink, "2.5.1");
    sink_character(sink, '\r');
}

/* Table 0357. */
static const char *code_of(const struct report_fault *fault, int *number)
{
    switch ((enum report_rule) fault->rule) {
    case REPORT_STRUCTURE: *number = 100; return "Segment sequence error";
    case REPORT_REQUIRED: *number = 101; return "Required field missing";
    case REPORT_TYPE:
    case REPORT_ENCODING: *number = 102; return "Data type error";
    case REPORT_VALUE:
    case REPORT_ORDER:
    case REPORT_UNKNOWN_CODE: *number = 103; return "Table value not found";
    case REPORT_REPEATED: *number = 205; return "Duplicate key identifier";
    case REPORT_UNSUPPORTED:
        if (fault->place.field == 12) {
            *number = 203;
            return "Unsupported version id";
        }
        *number = fault->place.component == 2 ? 201 : 200;
        return *number == 201 ? "Unsupported event code" : "Unsupported message type";
    case REPORT_LIMIT:
    case REPORT_DENIED:
    case REPORT_INVARIANT: break;
    }
    *number = 207;
    return "Application internal error";
}

/* segment^sequence^field^repetition^component, as far as it is known. */
static void write_place(struct sink *sink, const struct hl7_message *marks, const struct report_place *place,
                        size_t most)
{
    const uint32_t numbers[] = { place->sequence, place->field, place->repetition, place->component };
    size_t         num = 0;
    for (size_t i = 0; i < most; i++)
        if (numbers[i] > 0)
            num = i + 1;
    sink_text(sink, place->segment);
    for (size_t i = 0; i < num; i++) {
        sink_character(sink, marks->component);
        sink_integer(sink, numbers[i] > 0 ? numbers[i] : 1);
    }
}

static void write_error(struct sink *sink, const struct hl7_message *marks, bool old, const struct report_place *place,
                        int number, const char *name, char severity, const char *text)
{
    char field = marks->field, component = marks->component;
    if (old) {
        sink_format(sink, "ERR%c%s%c%" PRIu32 "%c%" PRIu32 "%c%d%c%s%cHL70357\r", field, place->segment, component,
                    place->sequence, component, place->field, component, number,
                    marks->subcomponent != '\0' ? marks->subcomponent : ' ', name,
                    marks->subcomponent != '\0' ? marks->subcomponent : ' ');
        return;
    }
    sink_format(sink, "ERR%c%c", field, field);
    write_place(sink, marks, place, 4);
    sink_format(sink, "%c%d%c%s%cHL70357%c%c%c%c%c%c", field, number, component, name, component, field, severity,
                field, field, field, field);
    hl7_write_text(sink, marks, report_text_of(text));
    sink_character(sink, '\r');
}

static void write_faults(struct sink *sink, const struct hl7_message *marks, const struct report *report, bool old)
{
    static const char severities[] = { 'I', 'W', 'E', 'E' };
    uint32_t          num = report->num_faults < HL7_ACK_MAX_ERRORS ? report->num_faults : HL7_ACK_MAX_ERRORS;
    for (uint32_t i = 0; i < num; i++) {
        const struct report_fault *fault = &report->faults[i];
        char                       text[200];
        int                        number;
        const char                *name = code_of(fault, &number);
        if (i + 1 == HL7_ACK_MAX_ERRORS && report->num_all_faults > num) {
            snprintf(text, sizeof text, "%" PRIu64 " more faults", report->num_all_faults - num + 1);
            write_error(sink, marks, old, &(struct report_place){ 0 }, 207, "Application internal error", 'E', text);
            return;
        }
        snprintf(text, sizeof text, "%s%s%s", fault->what, fault->allowed != NULL ? "; allowed: " : "",
                 fault->allowed != NULL ? fault->allowed : "");
        write_error(sink, marks, old, &fault->place, number, name, severities[fault->severity], text);
    }
}

void hl7_ack_write(struct sink *sink, const struct hl7_message *message, const struct report *report,
                   const struct hl7_ack_options *options)
{
    static const char         letters[] = { 'A', 'E', 'R' };
    const struct hl7_message *marks = message->num_segments > 0 ? message : &usual;
    enum hl7_verdict          verdict = options->stored ? hl7_verdict_of(report) : HL7_ERROR;
    write_header(sink, message, report, marks, options);
    sink_format(sink, "MSA%c%c%c%c", marks->field, options->kind == HL7_ACK_COMMIT ? 'C' : 'A', letters[verdict],
                marks->field);
    hl7_write_text(sink, marks, report->control_id);
    sink_character(sink, '\r');
    if (!options->stored)
        write_error(sink, marks, is_old(report), &(struct report_place){ 0 }, 207, "Application internal error", 'E',
                    options->why != NULL ? options->why : "not stored; send again later");
    else
        write_faults(sink, marks, report, is_old(report));
}

void hl7_ack_begin_batch(struct sink *sink, const struct hl7_ack_options *options)
{
    for (int i = 0; i < 2; i++) {
        sink_format(sink, "%s|^~\\&|||||", i == 0 ? "FHS" : "BHS");
        write_time(sink, options->now);
        sink_format(sink, "||||%s\r", options->control_id);
    }
}

void hl7_ack_end_batch(struct sink *sink, uint32_t num_acknowledgements, uint64_t num_envelope_faults)
{
    sink_format(sink, "BTS|%" PRIu32, num_acknowledgements);
    if (num_envelope_faults > 0)
        sink_format(sink, "|%" PRIu64 " faults of the envelope", num_envelope_faults);
    sink_text(sink, "\rFTS|1\r");
}

/* ---- reading ---- */

int hl7_ack_read(struct report *report, struct hl7_answer *answer)
{
    struct hl7_message message;
    struct hl7_answer  made = { 0 };
    int                ret = hl7_read(report, &message);
    if (ret != 0)
        return ret;
    const struct hl7_segment *msa = hl7_find(&message, "MSA", 0), *err = hl7_find(&message, "ERR", 0);
    if (msa == NULL)
        return BASE_ERR_INPUT;
    made.code = hl7_value(&message, report, msa, 1, 1);
    made.control_id = hl7_value(&message, report, msa, 2, 1);
    made.error = hl7_value(&message, report, msa, 3, 0);
    if (err != NULL && report_text_is_given(hl7_value(&message, report, err, 8, 0)))
        made.error = hl7_value(&message, report, err, 8, 0);
    *answer = made;
    return 0;
}
