/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/completeness.h"

#include <stdlib.h>
#include <string.h>

#include "base/instant.h"
#include "base/time_zone.h"
#include "response/change_list.h"
#include "store/area_tree.h"
#include "store/rows_by.h"
#include "store/unit_figures.h"

enum { WEEK = 7, DAYS = COMPLETENESS_WEEKS * WEEK };

/* What a unit owes. */
struct owing {
    const struct model_reporting_unit *unit;
    int                                length;        /* 1 or WEEK */
    int64_t                            first[DAYS];   /* when it was first heard of a day, or a week's Monday */
    int64_t                            counted[DAYS]; /* the same by its reports alone */
};

struct completeness {
    struct owing *units; /* by id */
    size_t        num;
    toc_date      monday; /* the first day that is looked at */
    toc_date      today;
    int64_t       now;
};

static toc_date monday_of(toc_date day)
{
    return day - (toc_date) (((day + 3) % WEEK + WEEK) % WEEK);
}

static int length_of(struct model_text period)
{
    return text_is(period, "week") ? WEEK : 1;
}

/* ---- reading ---- */

static int by_id(const void *key, const void *element)
{
    return memcmp(key, ((const struct owing *) element)->unit->head.id.bytes, ID_BYTES);
}

static int take_report(void *context, const struct id *id, toc_date day, int64_t received)
{
    struct completeness *read = context;
    struct owing        *one = bsearch(id->bytes, read->units, read->num, sizeof *read->units, by_id);
    if (one == NULL)
        return 0;
    toc_date of = one->length == WEEK ? monday_of(day) : day;
    if (of < read->monday || of > read->today || received > read->now)
        return 0;
    int64_t *first = &one->first[of - read->monday];
    if (*first == INSTANT_MISSING || received < *first)
        *first = received;
    return 0;
}

static int read_reports(struct store_reader *reader, struct completeness *read)
{
    int ret = store_unit_reports(reader, read->monday, read->monday + DAYS - 1, take_report, read);
    for (size_t i = 0; i < read->num && ret == 0; i++)
        memcpy(read->units[i].counted, read->units[i].first, sizeof read->units[i].counted);
    for (toc_date day = read->monday; day <= read->today && ret == 0; day++)
        ret = store_unit_arrivals(reader, day, take_report, read);
    return ret;
}

int completeness_read(struct store_reader *reader, int64_t now, struct arena *arena, struct completeness **read)
{
    const struct model_text periods[] = { text_view("day"), text_view("week") };
    void                   *rows = NULL;
    size_t                  num = 0;
    struct completeness    *made = arena_array(arena, 1, sizeof *made);
    int                     ret = made == NULL ? TOC_ERR_NO_MEMORY
                                               : store_rows_by(reader, model_record(MODEL_REPORTING_UNIT), "period", periods, 2,
                                                               COMPLETENESS_MOST_UNITS, arena, &rows, &num);
    *read = NULL;
    if (ret != 0 || num == 0)
        return ret;
    toc_date today = time_zone_day(now);
    *made = (struct completeness){ .units = arena_array(arena, num, sizeof *made->units),
                                   .num = num,
                                   .monday = monday_of(today) - (COMPLETENESS_WEEKS - 1) * WEEK,
                                   .today = today,
                                   .now = now };
    if (made->units == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < num; i++) {
        struct owing *one = &made->units[i];
        one->unit = &((const struct model_reporting_unit *) rows)[i];
        one->length = length_of(one->unit->period);
        for (int day = 0; day < DAYS; day++)
            one->first[day] = INSTANT_MISSING;
    }
    ret = read_reports(reader, made);
    if (ret == 0)
        *read = made;
    return ret;
}

/* ---- counting ---- */

static bool is_one_of(struct model_text text, const char *const *words, size_t num)
{
    for (size_t i = 0; i < num; i++)
        if (text_is(text, words[i]))
            return true;
    return false;
}

/* Does a report of that kind go with the indicator? */
static bool goes_with(struct model_text report, struct model_text indicator)
{
    static const char *const cases[] = { "cases", "deaths" };
    static const char *const tests[] = { "tests", "positives", "persons-tested", "persons-positive", "positivity" };
    static const char *const visits[] = {
        "syndromic-visits",      "outpatient-visits",      "fever-clinic-visits",         "diarrhoea-visits",
        "rash-and-fever-visits", "influenza-like-illness", "severe-respiratory-infection"
    };
    static const char *const sentinel[] = { "influenza-like-illness", "severe-respiratory-infection", "positivity" };
    bool                     of_cases = is_one_of(indicator, cases, 2), of_tests = is_one_of(indicator, tests, 5);
    bool                     of_visits = is_one_of(indicator, visits, sizeof visits / sizeof *visits);
    if (text_is(report, "case-reports") || text_is(report, "zero-report"))
        return of_cases;
    if (text_is(report, "laboratory-counts"))
        return of_tests;
    if (text_is(report, "syndromic-counts"))
        return of_visits;
    if (text_is(report, "sentinel-report"))
        return is_one_of(indicator, sentinel, 3);
    return text_is(report, "aggregate-counts") && !of_cases && !of_tests && !of_visits;
}

static bool same_text(struct model_text a, struct model_text b)
{
    return a.bytes != NULL && b.bytes != NULL && a.size == b.size && memcmp(a.bytes, b.bytes, a.size) == 0;
}

static bool is_summed(const struct model_stream *stream)
{
    return text_is(stream->feed, "unit-reports");
}

bool completeness_can_sum(struct model_text indicator)
{
    static const char *const apart[] = { "deaths", "positives", "persons-tested", "persons-positive", "positivity" };
    return !is_one_of(indicator, apart, sizeof apart / sizeof *apart);
}

static bool is_of_disease(struct model_text unit, const struct model_stream *stream)
{
    if (unit.bytes == NULL)
        return !is_summed(stream) || stream->disease.bytes == NULL;
    return same_text(unit, stream->disease);
}

bool completeness_owes(const struct model_reporting_unit *unit, const struct model_stream *stream,
                       const struct area_tree *tree, uint32_t area)
{
    uint32_t own = area_tree_find(tree, &unit->area);
    return length_of(unit->period) <= length_of(stream->period) && own != AREA_NONE &&
           area_tree_within(tree, own, area) &&
           (id_is_missing(&stream->facility) || id_equal(&stream->facility, &unit->facility)) &&
           is_of_disease(unit->disease, stream) && goes_with(unit->report, stream->indicator) &&
           (!is_summed(stream) || completeness_can_sum(stream->indicator));
}

/* What one unit owes within a step, from its first day to its last. */
static void count_unit(const struct completeness *read, const struct owing *one, int length, bool summed,
                       struct completeness_step *step)
{
    const struct model_reporting_unit *unit = one->unit;
    int64_t                            hours = 3600 * INSTANT_SECOND, due = unit->due_hours * hours, missing = due;
    if (unit->missing_hours != MODEL_MISSING_INTEGER)
        missing = unit->missing_hours * hours;
    for (toc_date day = step->day; day < step->day + length && day <= read->today; day += one->length) {
        if (day < unit->valid_from || (unit->valid_to != MODEL_MISSING_DATE && day > unit->valid_to))
            continue;
        int64_t first = (summed ? one->counted : one->first)[day - read->monday];
        int64_t end = time_zone_start(day + one->length);
        bool    awaited = first == INSTANT_MISSING && read->now <= end + missing;
        step->expected++;
        step->received += first != INSTANT_MISSING;
        step->in_time += first != INSTANT_MISSING && first <= end + due;
        step->awaited += awaited;
        step->lacking += summed ? first == INSTANT_MISSING : awaited;
    }
}

void completeness_steps(const struct completeness *read, struct store *store, const struct model_stream *stream,
                        struct completeness_step *steps, size_t *num)
{
    bool                    weekly = text_is(stream->period, "week"), summed = is_summed(stream);
    int                     length = length_of(stream->period);
    const struct area_tree *tree = read != NULL ? store_hold_areas(store) : NULL;
    uint32_t                area = tree != NULL ? area_tree_find(tree, &stream->area) : AREA_NONE;
    int64_t                 expected = 0;
    size_t                  made = 0;
    *num = 0;
    if (area != AREA_NONE && (weekly || text_is(stream->period, "day"))) {
        for (toc_date day = read->monday; day <= read->today; day += length)
            steps[made++] = (struct completeness_step){ .day = day };
        for (size_t i = 0; i < read->num; i++)
            for (size_t k = 0, owes = completeness_owes(read->units[i].unit, stream, tree, area); owes && k < made; k++)
                count_unit(read, &read->units[i], length, summed, &steps[k]);
    }
    for (size_t k = 0; k < made; k++)
        expected += steps[k].expected;
    if (expected > 0)
        *num = made;
    if (tree != NULL)
        store_release_areas(store, tree);
}

const struct completeness_step *completeness_newest(const struct completeness_step *steps, size_t num)
{
    for (size_t k = num; k > 0; k--)
        if (steps[k - 1].expected > 0 && steps[k - 1].awaited == 0)
            return &steps[k - 1];
    return NULL;
}

toc_date completeness_until(const struct completeness_step *steps, size_t num)
{
    for (size_t k = 0; k < num; k++)
        if (steps[k].lacking > 0)
            return steps[k].day - 1;
    return MODEL_MISSING_DATE;
}
