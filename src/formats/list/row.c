/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A row of a line list as a report. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "formats/list/list_internal.h"
#include "tocsin/status.h"

/* A row under way: what each field says, and where. */
struct reading {
    struct list       *list;
    struct report     *report;
    uint64_t           row;
    struct report_text cells[LIST_NUM_FIELDS];
    size_t             columns[LIST_NUM_FIELDS];
    uint8_t            kinds[LIST_NUM_FIELDS]; /* enum sheet_kind */
    uint32_t           subject, visit, order, specimen;
};

static struct report_place place_of(const struct reading *reading, size_t column)
{
    struct report_place place = { .row = reading->row };
    if (column < reading->list->num_columns) {
        place.column = (uint32_t) column + 1;
        place.column_name = reading->list->columns[column].header.bytes;
    }
    return place;
}

static void fault(const struct reading *reading, enum list_field field, enum report_severity severity,
                  enum report_rule rule, const char *what, const char *allowed)
{
    report_add_fault(reading->report, severity, rule, place_of(reading, reading->columns[field]), reading->cells[field],
                     what, allowed);
}

static bool given(const struct reading *reading, enum list_field field)
{
    return reading->cells[field].size > 0;
}

/* ---- values ---- */

static bool in_future(const struct report_time *time, toc_date today)
{
    struct toc_civil now = toc_date_to_civil(today);
    int64_t          said = time->year * 10000 + time->month * 100 + time->day;
    int64_t          latest = now.year * 10000 + (time->precision >= REPORT_MONTH ? now.month * 100 : 0) +
                     (time->precision >= REPORT_DAY ? now.day : 0);
    return said > latest;
}

static void read_time(const struct reading *reading, enum list_field field, struct report_time *time)
{
    struct report_time made = { 0 };
    if (!given(reading, field))
        return;
    enum list_dates order = (enum list_dates) reading->list->columns[reading->columns[field]].dates;
    const char     *wrong = list_date_read(reading->cells[field], order, reading->list->options.today, &made);
    if (wrong != NULL)
        fault(reading, field, REPORT_ERROR, REPORT_VALUE, wrong, LIST_DATE_ALLOWED);
    else if (in_future(&made, reading->list->options.today))
        fault(reading, field, REPORT_ERROR, REPORT_ORDER, "lies in the future", "a day up to today");
    else if (made.year < 1850)
        fault(reading, field, REPORT_ERROR, REPORT_VALUE, "lies before 1850", "a year from 1850 on");
    else
        *time = made;
}

/* The code that a word means, or NULL with a fault. */
static const char *read_word(const struct reading *reading, enum list_field field, enum code_value kind,
                             enum report_severity severity, const char *allowed)
{
    if (!given(reading, field))
        return NULL;
    const struct list_options *options = &reading->list->options;
    const char                *code = code_tables_value(options->tables, kind, reading->cells[field], options->sender);
    if (code == NULL)
        fault(reading, field, severity, severity == REPORT_ERROR ? REPORT_VALUE : REPORT_UNKNOWN_CODE,
              "is not in the table of values", allowed);
    return code;
}

#define FLAGS_ALLOWED "yes, no or unknown, or a word of share/intake/values.csv"

static uint8_t read_flag(const struct reading *reading, enum list_field field)
{
    const char *code = read_word(reading, field, CODE_VALUE_FLAG, REPORT_ERROR, FLAGS_ALLOWED);
    if (code == NULL)
        return REPORT_FLAG_NOT_SENT;
    return strcmp(code, "yes") == 0 ? REPORT_YES : strcmp(code, "no") == 0 ? REPORT_NO : REPORT_FLAG_UNKNOWN;
}

static double read_number(const struct reading *reading, enum list_field field, double low, double high,
                          const char *allowed)
{
    double number;
    if (!given(reading, field))
        return NAN;
    if (text_to_double(reading->cells[field].bytes, reading->cells[field].size, &number) != 0)
        fault(reading, field, REPORT_ERROR, REPORT_TYPE, "is no number", allowed);
    else if (!(number >= low && number <= high))
        fault(reading, field, REPORT_ERROR, REPORT_VALUE, "lies outside what can be", allowed);
    else
        return number;
    return NAN;
}

static void take_coding(struct report *report, struct report_concept *concept, uint8_t system, struct report_text code)
{
    concept->codings = arena_array(report->arena, 1, sizeof *concept->codings);
    if (concept->codings == NULL) {
        report->out_of_memory = true;
        return;
    }
    concept->num_codings = 1;
    concept->codings[0] = (struct report_code){ .code = code, .system = system };
}

/* ---- the person ---- */

/* A number that a spreadsheet kept as a number has 15 digits; the rest is lost. */
static void check_digits(const struct reading *reading, enum list_field field)
{
    if (given(reading, field) && reading->kinds[field] == SHEET_NUMBER &&
        (reading->cells[field].size > 15 ||
         memchr(reading->cells[field].bytes, 'e', reading->cells[field].size) != NULL))
        fault(reading, field, REPORT_ERROR, REPORT_VALUE, "was rounded by the spreadsheet, which keeps 15 digits",
              "the number as text");
}

static struct report_identifier *add_identifier(const struct reading *reading, struct report_subject *subject,
                                                enum list_field field, const char *kind)
{
    check_digits(reading, field);
    if (!given(reading, field))
        return NULL;
    struct report_identifier *identifier = &subject->identifiers[subject->num_identifiers++];
    identifier->value = reading->cells[field];
    identifier->kind = report_text_of(kind);
    return identifier;
}

static void add_telecom(const struct reading *reading, struct report_subject *subject, enum list_field field,
                        enum report_telecom_kind kind)
{
    check_digits(reading, field);
    if (given(reading, field))
        subject->telecoms[subject->num_telecoms++] =
            (struct report_telecom){ .kind = (uint8_t) kind, .number = reading->cells[field] };
}

static void read_name(const struct reading *reading, struct report_subject *subject)
{
    const struct report_text *cells = reading->cells;
    if (!given(reading, LIST_FIELD_name) && !given(reading, LIST_FIELD_given) && !given(reading, LIST_FIELD_family))
        return;
    subject->num_names = 1;
    subject->names[0] = (struct report_name){ .family = cells[LIST_FIELD_family],
                                              .given = cells[LIST_FIELD_given],
                                              .further = cells[LIST_FIELD_further],
                                              .suffix = cells[LIST_FIELD_suffix],
                                              .whole = cells[LIST_FIELD_name] };
}

static void read_address(const struct reading *reading, struct report_subject *subject)
{
    const struct report_text *cells = reading->cells;
    struct report_address     address = { .street = cells[LIST_FIELD_address],
                                          .other = cells[LIST_FIELD_address_2],
                                          .city = cells[LIST_FIELD_town],
                                          .county = cells[LIST_FIELD_county],
                                          .state = cells[LIST_FIELD_state],
                                          .postcode = cells[LIST_FIELD_postcode],
                                          .country = cells[LIST_FIELD_country],
                                          .area_code = cells[LIST_FIELD_area_code] };
    bool                      any = false;
    if (address.other.size == 0)
        address.other = given(reading, LIST_FIELD_village) ? cells[LIST_FIELD_village] : cells[LIST_FIELD_house_number];
    for (int field = LIST_FIELD_house_number; field <= LIST_FIELD_area_code; field++)
        any |= given(reading, (enum list_field) field);
    if (any) {
        subject->addresses[0] = address;
        subject->num_addresses = 1;
    }
}

static void read_outcome(const struct reading *reading, struct report_subject *subject)
{
    subject->deceased = read_flag(reading, LIST_FIELD_deceased);
    read_time(reading, LIST_FIELD_death_date, &subject->death);
    const char *outcome = read_word(reading, LIST_FIELD_outcome, CODE_VALUE_OUTCOME, REPORT_WARNING,
                                    "died, recovered, alive or unknown, or a word of share/intake/values.csv");
    if (outcome != NULL && strcmp(outcome, "died") == 0)
        subject->deceased = REPORT_YES;
    else if (outcome != NULL && strcmp(outcome, "unknown") != 0 && subject->deceased == REPORT_FLAG_NOT_SENT)
        subject->deceased = REPORT_NO;
    if (subject->death.precision != REPORT_TIME_MISSING && subject->deceased == REPORT_FLAG_NOT_SENT)
        subject->deceased = REPORT_YES;
}

static uint8_t read_sex(const struct reading *reading)
{
    static const char *const words[] = { NULL, "male", "female", "other", "unknown" };
    const char              *code = read_word(reading, LIST_FIELD_sex, CODE_VALUE_SEX, REPORT_ERROR,
                                              "male, female, other or unknown, or a word of share/intake/values.csv");
    for (uint8_t i = REPORT_MALE; code != NULL && i <= REPORT_SEX_UNKNOWN; i++)
        if (strcmp(code, words[i]) == 0)
            return i;
    return REPORT_SEX_NOT_SENT;
}

static int read_subject(struct reading *reading)
{
    struct report         *report = reading->report;
    struct report_subject *subject = report_add_subject(report);
    if (subject == NULL)
        return TOC_ERR_NO_MEMORY;
    reading->subject = 0;
    subject->identifiers = arena_array(report->arena, 3, sizeof *subject->identifiers);
    subject->names = arena_array(report->arena, 1, sizeof *subject->names);
    subject->addresses = arena_array(report->arena, 1, sizeof *subject->addresses);
    subject->telecoms = arena_array(report->arena, 3, sizeof *subject->telecoms);
    if (subject->identifiers == NULL || subject->names == NULL || subject->addresses == NULL ||
        subject->telecoms == NULL)
        return TOC_ERR_NO_MEMORY;
    struct report_identifier *record = add_identifier(reading, subject, LIST_FIELD_record, "record");
    if (record != NULL)
        record->authority.name = reading->list->options.authority.size > 0 ? reading->list->options.authority
                                                                           : reading->list->options.sender;
    add_identifier(reading, subject, LIST_FIELD_identifier, "");
    add_identifier(reading, subject, LIST_FIELD_identifier_2, "MR");
    add_telecom(reading, subject, LIST_FIELD_phone, REPORT_TELEPHONE);
    add_telecom(reading, subject, LIST_FIELD_phone_2, REPORT_TELEPHONE);
    add_telecom(reading, subject, LIST_FIELD_mail, REPORT_MAIL);
    read_name(reading, subject);
    read_address(reading, subject);
    read_time(reading, LIST_FIELD_birth_date, &subject->birth);
    subject->sex = read_sex(reading);
    subject->sex_sent = reading->cells[LIST_FIELD_sex];
    read_outcome(reading, subject);
    subject->age = read_number(reading, LIST_FIELD_age, 0, 150, "a number from 0 to 150");
    if (!isnan(subject->age))
        subject->age_unit =
            given(reading, LIST_FIELD_age_unit) ? reading->cells[LIST_FIELD_age_unit] : report_text_of("a");
    double pooled = read_number(reading, LIST_FIELD_pooled, 1, 1000, "a number from 1 to 1000");
    if (pooled > 1) {
        subject->num_pooled = (uint32_t) pooled;
        subject->kind = REPORT_POOL;
    }
    return 0;
}

/* ---- the case ---- */

static int read_diagnosis(struct reading *reading)
{
    struct report *report = reading->report;
    bool           any = reading->list->disease != NULL || given(reading, LIST_FIELD_disease) ||
               given(reading, LIST_FIELD_classification) || given(reading, LIST_FIELD_onset_date) ||
               given(reading, LIST_FIELD_diagnosed_date);
    if (!any)
        return 0;
    struct report_diagnosis *diagnosis = report_add_diagnosis(report);
    if (diagnosis == NULL)
        return TOC_ERR_NO_MEMORY;
    diagnosis->subject = reading->subject;
    diagnosis->visit = reading->visit;
    diagnosis->kind = REPORT_NOTIFIED;
    diagnosis->condition.text = reading->cells[LIST_FIELD_disease];
    diagnosis->disease = given(reading, LIST_FIELD_disease)
                             ? read_word(reading, LIST_FIELD_disease, CODE_VALUE_DISEASE, REPORT_WARNING,
                                         "a disease of share/lists/disease.csv, or a word of share/intake/values.csv")
                             : reading->list->disease;
    diagnosis->classification =
        read_word(reading, LIST_FIELD_classification, CODE_VALUE_CLASSIFICATION, REPORT_ERROR,
                  "a classification of share/lists/case_classification.csv, or a word of share/intake/values.csv");
    read_time(reading, LIST_FIELD_onset_date, &diagnosis->onset);
    read_time(reading, LIST_FIELD_diagnosed_date, &diagnosis->diagnosed);
    return 0;
}

static int read_visit(struct reading *reading)
{
    if (!given(reading, LIST_FIELD_admitted_date) && !given(reading, LIST_FIELD_discharged_date))
        return 0;
    struct report_visit *visit = report_add_visit(reading->report);
    if (visit == NULL)
        return TOC_ERR_NO_MEMORY;
    visit->subject = reading->subject;
    visit->facility.name = reading->cells[LIST_FIELD_facility];
    read_time(reading, LIST_FIELD_admitted_date, &visit->admitted);
    read_time(reading, LIST_FIELD_discharged_date, &visit->discharged);
    reading->visit = 0;
    return 0;
}

/* Columns that answer a question, and which. */
static const struct {
    enum list_field      field;
    enum report_question question;
} answers[] = {
    { LIST_FIELD_hospitalised, REPORT_HOSPITALISED },
    { LIST_FIELD_intensive_care, REPORT_INTENSIVE_CARE },
    { LIST_FIELD_pregnant, REPORT_PREGNANT },
    { LIST_FIELD_vaccinated, REPORT_VACCINATED },
    { LIST_FIELD_symptomatic, REPORT_SYMPTOMATIC },
    { LIST_FIELD_symptom, REPORT_SYMPTOM },
    { LIST_FIELD_travelled, REPORT_TRAVELLED },
    { LIST_FIELD_health_worker, REPORT_HEALTH_WORKER },
    { LIST_FIELD_congregate_setting, REPORT_CONGREGATE_SETTING },
    { LIST_FIELD_congregate_kind, REPORT_CONGREGATE_KIND },
    { LIST_FIELD_first_test, REPORT_FIRST_TEST },
    { LIST_FIELD_occupation, REPORT_OCCUPATION },
};

static int read_answers(struct reading *reading)
{
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        enum list_field field = answers[i].field;
        if (!given(reading, field))
            continue;
        struct report_answer *answer = report_add_answer(reading->report);
        if (answer == NULL)
            return TOC_ERR_NO_MEMORY;
        answer->subject = reading->subject;
        answer->order = reading->order;
        answer->visit = reading->visit;
        answer->question = (uint8_t) answers[i].question;
        answer->asked.text = reading->list->columns[reading->columns[field]].header;
        answer->value.kind = REPORT_VALUE_TEXT;
        answer->value.sent = reading->cells[field];
        if (list_field_texts[field].kind == LIST_FLAG)
            answer->flag = read_flag(reading, field);
    }
    return 0;
}

/* ---- the result ---- */

static bool is_digits(struct report_text text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.bytes[i] < '0' || text.bytes[i] > '9')
            return false;
    return text.size >= 6;
}

/* LOINC codes are digits, a hyphen and one more. */
static bool is_loinc(struct report_text text)
{
    return text.size >= 3 && text.size <= 8 && text.bytes[text.size - 2] == '-';
}

static void read_test(const struct reading *reading, struct report_result *result)
{
    const struct code_tables *tables = reading->list->options.tables;
    struct report_text        sender = reading->list->options.sender, code = reading->cells[LIST_FIELD_test_code];
    struct report_text        name = reading->cells[LIST_FIELD_test_name], kit = reading->cells[LIST_FIELD_kit];
    enum report_code_system   system = is_loinc(code) ? REPORT_LOINC : REPORT_LOCAL;
    const struct code_test   *test = code.size > 0 ? code_tables_test(tables, system, code, sender) : NULL;
    if (code.size > 0)
        take_coding(reading->report, &result->test, (uint8_t) system, code);
    result->test.text = name;
    result->kit = kit;
    result->target = test != NULL ? test->target : NULL;
    result->method = test != NULL ? test->method : NULL;
    if (result->target == NULL)
        result->target = code_tables_target_named(tables, name.size > 0 ? name : kit);
    if (result->target == NULL && name.size > 0)
        result->target = code_tables_target_named(tables, kit);
    if (result->method == NULL)
        result->method = code_tables_method_named(tables, name.size > 0 ? name : kit);
    result->disease = code_tables_disease_of(tables, result->target);
    if (result->disease == NULL)
        result->disease = reading->list->disease;
    if (result->target == NULL && (code.size > 0 || name.size > 0))
        fault(reading, code.size > 0 ? LIST_FIELD_test_code : LIST_FIELD_test_name, REPORT_WARNING, REPORT_UNKNOWN_CODE,
              "names no test that is known: for a person to review",
              "a test of share/intake/tests.csv or target_words.csv");
}

static void read_meaning(const struct reading *reading, struct report_result *result)
{
    const struct code_tables  *tables = reading->list->options.tables;
    struct report_text         said = reading->cells[LIST_FIELD_result], sender = reading->list->options.sender;
    const struct code_meaning *meaning =
        is_digits(said) ? code_tables_meaning(tables, REPORT_SNOMED_CT, said, sender) : NULL;
    result->value.sent = said;
    result->value.kind = REPORT_VALUE_TEXT;
    if (meaning != NULL) {
        result->interpretation = meaning->interpretation;
        result->pooled |= meaning->pooled;
        result->decided_by = REPORT_BY_CODE;
        return;
    }
    result->interpretation = (uint8_t) code_tables_words(tables, said, sender);
    result->decided_by = result->interpretation == REPORT_NOT_UNDERSTOOD ? REPORT_BY_NOTHING : REPORT_BY_TEXT;
    if (said.size > 0 && result->interpretation == REPORT_NOT_UNDERSTOOD)
        fault(reading, LIST_FIELD_result, REPORT_WARNING, REPORT_UNKNOWN_CODE,
              "means nothing that is known: for a person to review",
              "a result of share/intake/words.csv or meanings.csv");
}

/* A list without a word on it holds final results. */
static uint8_t read_status(const struct reading *reading)
{
    const char *code = read_word(reading, LIST_FIELD_result_status, CODE_VALUE_STATUS, REPORT_WARNING,
                                 "final, preliminary, corrected, cancelled or entered-in-error");
    if (!given(reading, LIST_FIELD_result_status))
        return REPORT_FINAL;
    for (int i = 0; code != NULL && i < REPORT_NUM_STATUSES; i++)
        if (strcmp(code, report_status_word((enum report_status) i)) == 0)
            return (uint8_t) i;
    return REPORT_STATUS_UNKNOWN;
}

static int read_order(struct reading *reading)
{
    struct report_order    *order = report_add_order(reading->report);
    struct report_specimen *specimen = report_add_specimen(reading->report);
    if (order == NULL || specimen == NULL)
        return TOC_ERR_NO_MEMORY;
    reading->order = reading->specimen = 0;
    check_digits(reading, LIST_FIELD_accession);
    order->subject = reading->subject;
    order->visit = reading->visit;
    order->filler_number = reading->cells[LIST_FIELD_accession];
    order->filler.name = reading->cells[LIST_FIELD_laboratory];
    order->filler.id = reading->cells[LIST_FIELD_laboratory_id];
    order->ordering_facility.name = reading->cells[LIST_FIELD_facility];
    read_time(reading, LIST_FIELD_ordered_date, &order->ordered);
    read_time(reading, LIST_FIELD_collected_date, &order->collected);
    read_time(reading, LIST_FIELD_received_date, &order->received);
    read_time(reading, LIST_FIELD_released_date, &order->reported);
    specimen->subject = reading->subject;
    specimen->order = 0;
    specimen->filler_number = reading->cells[LIST_FIELD_specimen_id];
    specimen->material.text = reading->cells[LIST_FIELD_specimen_material];
    specimen->collected = order->collected;
    specimen->received = order->received;
    specimen->num_pooled = reading->report->subjects[reading->subject].num_pooled;
    specimen->kind = specimen->num_pooled > 1 ? REPORT_POOL : REPORT_PERSON;
    if (report_time_compare(&order->collected, &order->reported) > 0)
        fault(reading, LIST_FIELD_collected_date, REPORT_WARNING, REPORT_ORDER, "lies after the result", NULL);
    return 0;
}

static int read_result(struct reading *reading)
{
    if (!given(reading, LIST_FIELD_result) && !given(reading, LIST_FIELD_test_code) &&
        !given(reading, LIST_FIELD_test_name) && !given(reading, LIST_FIELD_accession))
        return 0;
    int ret = read_order(reading);
    if (ret != 0)
        return ret;
    struct report_result *result = report_add_result(reading->report);
    if (result == NULL)
        return TOC_ERR_NO_MEMORY;
    result->subject = reading->subject;
    result->order = reading->order;
    result->specimen = reading->specimen;
    result->sequence = 1;
    result->pooled = reading->report->subjects[reading->subject].num_pooled > 1;
    result->status = read_status(reading);
    result->status_sent = reading->cells[LIST_FIELD_result_status];
    result->laboratory.name = reading->cells[LIST_FIELD_laboratory];
    result->laboratory.id = reading->cells[LIST_FIELD_laboratory_id];
    result->comment = reading->cells[LIST_FIELD_comment];
    result->cycle_threshold = read_number(reading, LIST_FIELD_cycle_threshold, 0, 60, "a number from 0 to 60");
    read_time(reading, LIST_FIELD_result_date, &result->analysed);
    read_test(reading, result);
    read_meaning(reading, result);
    return 0;
}

/* ---- the row ---- */

static void read_processing(const struct reading *reading)
{
    static const char *const live[] = { "P", "production", "live" }, *const test[] = { "T", "D", "test", "training",
                                                                                       "debugging" };
    struct report_text said = reading->cells[LIST_FIELD_processing];
    reading->report->processing_sent = said;
    for (size_t i = 0; i < sizeof live / sizeof *live; i++)
        if (report_text_equals_nocase(said, live[i]))
            reading->report->processing = REPORT_LIVE;
    for (size_t i = 0; i < sizeof test / sizeof *test; i++)
        if (report_text_equals_nocase(said, test[i]))
            reading->report->processing = REPORT_TEST;
}

/* The row as CSV, with empty cells for what is never collected. */
static int keep_row(struct reading *reading, const struct sheet_row *row)
{
    struct list *list = reading->list;
    struct sink  sink;
    sink_init_memory(&sink);
    for (size_t i = 0; i < list->num_columns; i++) {
        struct report_text cell = list_cell(list, row, i);
        if (i > 0)
            sink_character(&sink, ',');
        if (cell.size == 0 || list_is_left_out(&list->columns[i]))
            continue;
        sink_character(&sink, '"');
        for (size_t at = 0; at < cell.size; at++) {
            if (cell.bytes[at] == '"')
                sink_character(&sink, '"');
            sink_character(&sink, cell.bytes[at]);
        }
        sink_character(&sink, '"');
    }
    reading->report->bytes = sink.failure == 0 ? arena_copy(reading->report->arena, sink.bytes, sink.used) : NULL;
    reading->report->size = reading->report->bytes != NULL ? sink.used : 0;
    sink_free(&sink);
    return reading->report->bytes != NULL ? 0 : TOC_ERR_NO_MEMORY;
}

struct report_text list_meant(const struct list_column *column, struct report_text cell)
{
    for (size_t i = 0; i < column->num_words; i++)
        if (column->words[i].said.size == cell.size && memcmp(column->words[i].said.bytes, cell.bytes, cell.size) == 0)
            return column->words[i].meant;
    return cell;
}

/* Take the cells over; false where there is no memory. */
static bool take_cells(struct reading *reading, const struct sheet_row *row, size_t *num_given)
{
    struct list *list = reading->list;
    for (size_t i = 0; i < LIST_NUM_FIELDS; i++)
        reading->columns[i] = SIZE_MAX;
    for (size_t i = 0; i < list->num_columns; i++) {
        int                field = list->columns[i].field;
        struct report_text cell = list_cell(list, row, i);
        if (field < 0 || cell.size == 0)
            continue;
        cell = list_meant(&list->columns[i], cell);
        if (cell.size == 0)
            continue;
        char *copy = arena_copy(reading->report->arena, cell.bytes, cell.size);
        if (copy == NULL)
            return false;
        ++*num_given;
        reading->columns[field] = i;
        reading->kinds[field] = row->cells[i].kind;
        reading->cells[field] = (struct report_text){ copy, cell.size };
        if (row->cells[i].kind == SHEET_ERROR) {
            fault(reading, (enum list_field) field, REPORT_ERROR, REPORT_TYPE,
                  "is a formula that the spreadsheet could not compute", "a value");
            reading->cells[field].size = 0;
        }
    }
    return true;
}

static void check_shape(const struct reading *reading, const struct sheet_row *row, size_t num_given)
{
    for (size_t i = reading->list->num_columns; i < row->num_cells; i++)
        if (row->cells[i].size > 0) {
            report_add_fault(reading->report, REPORT_ERROR, REPORT_STRUCTURE, place_of(reading, SIZE_MAX),
                             (struct report_text){ 0 }, "the row has more cells than the header has columns",
                             "a cell for each column; cells with the delimiter in quotes");
            break;
        }
    if (num_given == 0)
        report_add_fault(reading->report, REPORT_ERROR, REPORT_REQUIRED, place_of(reading, SIZE_MAX),
                         (struct report_text){ 0 }, "the row is empty in every column that is used", NULL);
}

int list_read_row(struct list *list, const struct sheet_row *row, struct report *report)
{
    struct reading reading = { .list = list,
                               .report = report,
                               .row = row->number,
                               .subject = REPORT_NONE,
                               .visit = REPORT_NONE,
                               .order = REPORT_NONE,
                               .specimen = REPORT_NONE };
    size_t         num_given = 0;
    int            ret = keep_row(&reading, row);
    report->kind = report_text_of("table");
    report->facility.name = list->options.sender;
    if (ret != 0 || !take_cells(&reading, row, &num_given))
        return TOC_ERR_NO_MEMORY;
    check_shape(&reading, row, num_given);
    if (num_given == 0)
        return 0;
    read_time(&reading, LIST_FIELD_reported_date, &report->sent);
    read_processing(&reading);
    ret = read_subject(&reading);
    if (ret == 0)
        ret = read_visit(&reading);
    if (ret == 0)
        ret = read_diagnosis(&reading);
    if (ret == 0)
        ret = read_result(&reading);
    if (ret == 0)
        ret = read_answers(&reading);
    report_count(report);
    return ret == 0 && report->out_of_memory ? TOC_ERR_NO_MEMORY : ret;
}
