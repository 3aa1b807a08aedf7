/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "tocsin/date.h"

#define FIRST_ROOM 2 /* of a kind; most reports have one or two of each */

void report_init(struct report *report, struct arena *arena, const char *bytes, size_t size)
{
    *report = (struct report){ .arena = arena, .bytes = bytes, .size = size };
}

/* ---- arrays that grow in the arena ---- */

/* A kind of record: bits of report.limits_told, and what its limit's fault says. */
enum kind { SUBJECTS, VISITS, ORDERS, SPECIMENS, RESULTS, DIAGNOSES, ANSWERS };
static const struct {
    uint32_t    max;
    const char *what;
} kinds[] = {
    [SUBJECTS] = { REPORT_MAX_SUBJECTS, "more subjects than one transmission may have; the rest is left out" },
    [VISITS] = { REPORT_MAX_RESULTS, "more visits than one transmission may have; the rest is left out" },
    [ORDERS] = { REPORT_MAX_RESULTS, "more orders than one transmission may have; the rest is left out" },
    [SPECIMENS] = { REPORT_MAX_RESULTS, "more specimens than one transmission may have; the rest is left out" },
    [RESULTS] = { REPORT_MAX_RESULTS, "more results than one transmission may have; the rest is left out" },
    [DIAGNOSES] = { REPORT_MAX_RESULTS, "more diagnoses than one transmission may have; the rest is left out" },
    [ANSWERS] = { REPORT_MAX_RESULTS, "more answers than one transmission may have; the rest is left out" },
};

/* The array with room for one more than num, or NULL. What is new is zero. */
static void *grow(struct report *report, void *array, uint32_t num, uint32_t *room, size_t size)
{
    if (num < *room)
        return array;
    uint32_t more = num == 0 ? FIRST_ROOM : 2 * num;
    void    *larger = arena_array(report->arena, more, size);
    if (larger == NULL) {
        report->out_of_memory = true;
        return NULL;
    }
    if (num > 0)
        memcpy(larger, array, num * size);
    *room = more;
    return larger;
}

static void *one_more(struct report *report, enum kind kind, void *array, uint32_t num, uint32_t *room, size_t size)
{
    if (num < kinds[kind].max)
        return grow(report, array, num, room, size);
    if ((report->limits_told & 1U << kind) == 0)
        report_add_fault(report, REPORT_ERROR, REPORT_LIMIT, (struct report_place){ 0 }, (struct report_text){ 0 },
                         kinds[kind].what, NULL);
    report->limits_told = (uint8_t) (report->limits_told | 1U << kind);
    return NULL;
}

struct report_subject *report_add_subject(struct report *report)
{
    struct report_subject *subjects =
        one_more(report, SUBJECTS, report->subjects, report->num_subjects, &report->room_subjects, sizeof *subjects);
    if (subjects == NULL)
        return NULL;
    report->subjects = subjects;
    struct report_subject *subject = &subjects[report->num_subjects++];
    subject->age = NAN;
    return subject;
}

struct report_visit *report_add_visit(struct report *report)
{
    struct report_visit *visits =
        one_more(report, VISITS, report->visits, report->num_visits, &report->room_visits, sizeof *visits);
    if (visits == NULL)
        return NULL;
    report->visits = visits;
    struct report_visit *visit = &visits[report->num_visits++];
    visit->subject = REPORT_NONE;
    visit->temperature = visit->oxygen_saturation_percent = NAN;
    return visit;
}

struct report_order *report_add_order(struct report *report)
{
    struct report_order *orders =
        one_more(report, ORDERS, report->orders, report->num_orders, &report->room_orders, sizeof *orders);
    if (orders == NULL)
        return NULL;
    report->orders = orders;
    struct report_order *order = &orders[report->num_orders++];
    order->subject = order->visit = REPORT_NONE;
    return order;
}

struct report_specimen *report_add_specimen(struct report *report)
{
    struct report_specimen *specimens = one_more(report, SPECIMENS, report->specimens, report->num_specimens,
                                                 &report->room_specimens, sizeof *specimens);
    if (specimens == NULL)
        return NULL;
    report->specimens = specimens;
    struct report_specimen *specimen = &specimens[report->num_specimens++];
    specimen->subject = specimen->order = REPORT_NONE;
    return specimen;
}

struct report_result *report_add_result(struct report *report)
{
    struct report_result *results =
        one_more(report, RESULTS, report->results, report->num_results, &report->room_results, sizeof *results);
    if (results == NULL)
        return NULL;
    report->results = results;
    struct report_result *result = &results[report->num_results++];
    result->subject = result->order = result->specimen = REPORT_NONE;
    result->cycle_threshold = result->value.number = result->value.high = NAN;
    return result;
}

struct report_diagnosis *report_add_diagnosis(struct report *report)
{
    struct report_diagnosis *diagnoses = one_more(report, DIAGNOSES, report->diagnoses, report->num_diagnoses,
                                                  &report->room_diagnoses, sizeof *diagnoses);
    if (diagnoses == NULL)
        return NULL;
    report->diagnoses = diagnoses;
    struct report_diagnosis *diagnosis = &diagnoses[report->num_diagnoses++];
    diagnosis->subject = diagnosis->visit = REPORT_NONE;
    return diagnosis;
}

struct report_answer *report_add_answer(struct report *report)
{
    struct report_answer *answers =
        one_more(report, ANSWERS, report->answers, report->num_answers, &report->room_answers, sizeof *answers);
    if (answers == NULL)
        return NULL;
    report->answers = answers;
    struct report_answer *answer = &answers[report->num_answers++];
    answer->subject = answer->order = answer->visit = REPORT_NONE;
    answer->value.number = answer->value.high = NAN;
    return answer;
}

void report_add_denied(struct report *report, size_t offset, size_t size)
{
    struct report_range *denied =
        grow(report, report->denied, report->num_denied, &report->room_denied, sizeof *denied);
    if (denied == NULL)
        return;
    report->denied = denied;
    denied[report->num_denied++] = (struct report_range){ offset, size };
}

void report_add_fault(struct report *report, enum report_severity severity, enum report_rule rule,
                      struct report_place place, struct report_text found, const char *what, const char *allowed)
{
    report->num_all_faults++;
    if (severity > report->worst)
        report->worst = (uint8_t) severity;
    if (report->num_faults == REPORT_MAX_FAULTS)
        return;
    struct report_fault *faults =
        grow(report, report->faults, report->num_faults, &report->room_faults, sizeof *faults);
    if (faults == NULL)
        return;
    report->faults = faults;
    if (found.size > REPORT_FOUND_BYTES) {
        found.size = REPORT_FOUND_BYTES;
        found.size = text_check_utf8(found.bytes, found.size); /* a whole character at the end */
    }
    faults[report->num_faults++] = (struct report_fault){
        .severity = (uint8_t) severity,
        .rule = (uint8_t) rule,
        .place = place,
        .found = found,
        .what = what,
        .allowed = allowed,
    };
}

bool report_is_usable(const struct report *report)
{
    return !report->out_of_memory && (report->num_all_faults == 0 || report->worst < REPORT_FATAL);
}

void report_count(struct report *report)
{
    report->num_not_detected = 0;
    for (uint32_t i = 0; i < report->num_results; i++) {
        const struct report_result *result = &report->results[i];
        bool                        said = result->status == REPORT_FINAL || result->status == REPORT_CORRECTED;
        report->num_not_detected += said && !result->quality_control && report->processing != REPORT_TEST &&
                                    result->interpretation == REPORT_NOT_DETECTED;
    }
}

/* ---- texts ---- */

struct report_text report_text_of(const char *text)
{
    return (struct report_text){ text, strlen(text) };
}

/* ---- times ---- */

size_t report_time_to_text(const struct report_time *time, char text[REPORT_TIME_BYTES])
{
    int size = 0;
    switch ((enum report_precision) time->precision) {
    case REPORT_TIME_MISSING: text[0] = '\0'; return 0;
    case REPORT_YEAR: return (size_t) snprintf(text, REPORT_TIME_BYTES, "%04d", time->year);
    case REPORT_MONTH: return (size_t) snprintf(text, REPORT_TIME_BYTES, "%04d-%02d", time->year, time->month);
    case REPORT_DAY:
        return (size_t) snprintf(text, REPORT_TIME_BYTES, "%04d-%02d-%02d", time->year, time->month, time->day);
    case REPORT_HOUR:
        size = snprintf(text, REPORT_TIME_BYTES, "%04d-%02d-%02dT%02d", time->year, time->month, time->day, time->hour);
        break;
    case REPORT_MINUTE:
        size = snprintf(text, REPORT_TIME_BYTES, "%04d-%02d-%02dT%02d:%02d", time->year, time->month, time->day,
                        time->hour, time->minute);
        break;
    case REPORT_SECOND:
    case REPORT_FRACTION:
        size = snprintf(text, REPORT_TIME_BYTES, "%04d-%02d-%02dT%02d:%02d:%02d", time->year, time->month, time->day,
                        time->hour, time->minute, time->second);
        break;
    }
    if (!time->zone_known)
        return (size_t) size;
    int zone = time->zone_minutes < 0 ? -time->zone_minutes : time->zone_minutes;
    if (zone == 0)
        size += snprintf(text + size, REPORT_TIME_BYTES - (size_t) size, "Z");
    else
        size += snprintf(text + size, REPORT_TIME_BYTES - (size_t) size, "%c%02d:%02d",
                         time->zone_minutes < 0 ? '-' : '+', zone / 60, zone % 60);
    return (size_t) size;
}

bool report_time_check(const struct report_time *time, const char **what)
{
    const char *wrong = NULL;
    if (time->precision == REPORT_TIME_MISSING)
        return true;
    if (time->year < 1 || time->year > 9999)
        wrong = "the year lies outside 0001 … 9999";
    else if (time->precision >= REPORT_MONTH && (time->month < 1 || time->month > 12))
        wrong = "the month lies outside 01 … 12";
    else if (time->precision >= REPORT_DAY && (time->day < 1 || time->day > toc_days_in_month(time->year, time->month)))
        wrong = "the month has no such day";
    else if (time->hour < 0 || time->hour > 23)
        wrong = "the hour lies outside 00 … 23";
    else if (time->minute < 0 || time->minute > 59)
        wrong = "the minute lies outside 00 … 59";
    else if (time->second < 0 || time->second > 59)
        wrong = "the second lies outside 00 … 59";
    else if (time->zone_known && (time->zone_minutes < -12 * 60 || time->zone_minutes > 14 * 60))
        wrong = "the time zone lies outside -1200 … +1400";
    if (wrong != NULL && what != NULL)
        *what = wrong;
    return wrong == NULL;
}

static int sign(int64_t number)
{
    return (number > 0) - (number < 0);
}

static int64_t seconds_of(const struct report_time *time)
{
    toc_date day = toc_date_from_civil((struct toc_civil){ time->year, time->month, time->day });
    return (int64_t) day * 86400 + time->hour * 3600 + time->minute * 60 + time->second;
}

int report_time_compare(const struct report_time *a, const struct report_time *b)
{
    unsigned precision = a->precision < b->precision ? a->precision : b->precision;
    if (precision == REPORT_TIME_MISSING)
        return 0;
    if (precision >= REPORT_HOUR && a->zone_known && b->zone_known) {
        int64_t unit = precision == REPORT_HOUR ? 3600 : precision == REPORT_MINUTE ? 60 : 1;
        int64_t at_a = seconds_of(a) - 60 * a->zone_minutes, at_b = seconds_of(b) - 60 * b->zone_minutes;
        return at_a - at_b < unit && at_b - at_a < unit ? 0 : sign(at_a - at_b);
    }
    if (precision >= REPORT_HOUR && a->zone_known != b->zone_known)
        precision = REPORT_DAY; /* up to a day apart: nothing finer can be said */
    const int parts_a[] = { a->year, a->month, a->day, a->hour, a->minute, a->second };
    const int parts_b[] = { b->year, b->month, b->day, b->hour, b->minute, b->second };
    unsigned  num = precision < REPORT_SECOND ? precision : REPORT_SECOND;
    for (unsigned i = 0; i < num; i++)
        if (parts_a[i] != parts_b[i])
            return sign(parts_a[i] - parts_b[i]);
    return 0;
}

/* ---- concepts ---- */

const struct report_code *report_concept_coding(const struct report_concept *concept, enum report_code_system system)
{
    for (uint32_t i = 0; i < concept->num_codings; i++)
        if (concept->codings[i].system == system && report_text_is_given(concept->codings[i].code))
    return &concept->codings[i];
    return NULL;
}

bool report_concept_is_given(const struct report_concept *concept)
{
    return concept->num_codings > 0 || report_text_is_given(concept->text);
}
