/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/signal_summary.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/date_text.h"
#include "base/instant.h"
#include "base/memory.h"
#include "base/time_zone.h"
#include "response/change_list.h"
#include "response/outbreak.h"
#include "store/list.h"

struct reading {
    struct store_reader               *reader;
    const struct access               *who;
    const struct signal_summary_query *query;
    toc_date                           today;
    struct arena                      *arena; /* of the answer */
    struct arena                       page;  /* of the page at hand */
    struct signal_summary             *summary;
    struct fault_list                 *faults;
    double                            *hours[SIGNAL_STEPS]; /* SIGNAL_SUMMARY_MOST each */
};

/* A TIME with its zone as an instant; INSTANT_MISSING where it says less. */
static int64_t instant_of(struct model_text time)
{
    int64_t instant = INSTANT_MISSING;
    if (time.bytes != NULL)
        (void) instant_from_text(time.bytes, time.size, &instant);
    return instant;
}

static void note_verdict(struct reading *reading, struct model_text code)
{
    struct signal_summary *summary = reading->summary;
    size_t                 at = 0;
    while (at < summary->num_verdicts && (summary->verdicts[at].code.size != code.size ||
                                          memcmp(summary->verdicts[at].code.bytes, code.bytes, code.size) != 0))
        at++;
    if (at == SIGNAL_SUMMARY_VERDICTS)
        return;
    if (at == summary->num_verdicts) {
        code.bytes = arena_copy(reading->arena, code.bytes, code.size);
        if (code.bytes == NULL)
            return;
        summary->verdicts[summary->num_verdicts++].code = code;
    }
    summary->verdicts[at].num++;
}

static void take_signal(struct reading *reading, const struct model_signal *signal)
{
    struct signal_summary  *summary = reading->summary;
    const struct model_text times[] = { signal->triaged_time, signal->verified_time, signal->assessed_time,
                                        signal->acted_time, signal->closed_time };
    int64_t                 noticed = instant_of(signal->noticed_time);
    bool                    closed = text_is(signal->status, "closed");
    if (closed && text_is(signal->closing, "duplicate")) {
        summary->duplicates++;
        return;
    }
    summary->num++;
    summary->waiting += text_is(signal->status, "new");
    summary->answered += !text_is(signal->status, "new");
    summary->closed += closed;
    summary->with_outbreak += closed && !id_is_missing(&signal->outbreak);
    summary->without_outbreak += closed && id_is_missing(&signal->outbreak);
    if (closed && signal->closing.bytes != NULL)
        note_verdict(reading, signal->closing);
    for (size_t step = 0; step < SIGNAL_STEPS; step++) {
        int64_t then = instant_of(times[step]);
        if (noticed != INSTANT_MISSING && then != INSTANT_MISSING)
            reading->hours[step][summary->times[step].num++] = (double) (then - noticed) / (double) SIGNAL_HOUR;
    }
}

/* Read the records of a page whole. */
static int read_page(struct reading *reading, const struct list_page *page, enum model_record_number number,
                     void **values, bool **there)
{
    struct arena              *arena = &reading->page;
    const struct model_record *record = model_record(number);
    struct model_set           visible;
    *values = arena_array(arena, page->num_rows, record->size);
    *there = arena_array(arena, page->num_rows, sizeof **there);
    if (page->num_rows == 0)
        return 0;
    if (*values == NULL || *there == NULL)
        return TOC_ERR_NO_MEMORY;
    return store_read_many(reading->reader, reading->who, record, page->ids, page->num_rows, arena, *values, *there,
                           &visible);
}

/* All rows of a list in the days asked for, page by page. */
typedef int take_page(struct reading *reading, const struct list_page *page);

/* A day as a filter has it: of a field of days itself, of one of times its first or last second here. */
static void day_text(toc_date day, bool is_time, bool last, char text[INSTANT_TEXT_BYTES])
{
    if (!is_time) {
        date_to_text(day, DATE_FORM_DAY, text);
        return;
    }
    instant_to_text(last ? time_zone_start(day + 1) - INSTANT_SECOND : time_zone_start(day), text);
    memcpy(text + strlen("2026-11-22T10:30:05"), "Z", 2);
}

static int read_list(struct reading *reading, const char *name, const char *day_field, bool is_time, size_t most,
                     take_page *take)
{
    char               from[INSTANT_TEXT_BYTES], to[INSTANT_TEXT_BYTES], after[LIST_CURSOR_BYTES + 1];
    struct list_filter filter = { .field = day_field, .from = from, .to = to };
    struct list_query  query = { .view = view_find(name, strlen(name)),
                                 .area = reading->query->area,
                                 .filters = &filter,
                                 .num_filters = 1,
                                 .page_size = LIST_MOST_ROWS };
    size_t             num = 0;
    int                ret = 0;
    day_text(reading->query->from, is_time, false, from);
    day_text(reading->query->to, is_time, true, to);
    do {
        struct list_page page;
        ret = store_list(reading->reader, reading->who, &query, &reading->page, &page, reading->faults);
        num += ret == 0 ? page.num_rows : 0;
        if (ret == 0 && num > most)
            ret = refuse_input(reading->faults, "/from", "more than are summed up at once",
                               "a shorter time or a smaller area");
        if (ret == 0)
            ret = take(reading, &page);
        query.after = NULL;
        if (ret == 0 && page.next != NULL) {
            snprintf(after, sizeof after, "%s", page.next);
            query.after = after;
        }
        arena_wipe(&reading->page);
    } while (ret == 0 && query.after != NULL);
    return ret;
}

static int take_signals(struct reading *reading, const struct list_page *page)
{
    void *values;
    bool *there;
    int   ret = read_page(reading, page, MODEL_SIGNAL, &values, &there);
    for (size_t i = 0; i < page->num_rows && ret == 0; i++)
        if (there[i])
            take_signal(reading, &((const struct model_signal *) values)[i]);
    return ret;
}

/* ---- outbreaks ---- */

/* How an outbreak came to be known: by the signals that belong to it. */
static int find_source(struct reading *reading, const struct id *outbreak)
{
    char               text[ID_TEXT_BYTES];
    struct list_filter filter = { .field = "outbreak", .is = text };
    struct list_query  query = {
         .view = view_find("signals", 7), .filters = &filter, .num_filters = 1, .page_size = LIST_MOST_ROWS
    };
    struct list_page page;
    size_t           column = 0;
    bool             alarm = false;
    id_to_text(outbreak, text);
    while (strcmp(query.view->columns[column].name, "source") != 0)
        column++;
    int ret = store_list(reading->reader, reading->who, &query, &reading->page, &page, reading->faults);
    for (size_t i = 0; i < page.num_rows && ret == 0; i++) {
        const struct db_value *source = &page.values[i * page.view->num_columns + column];
        alarm = alarm || (source->type == DB_TEXT && source->size == 5 && memcmp(source->bytes, "alarm", 5) == 0);
    }
    if (ret != 0)
        return ret;
    reading->summary->by_alarm += alarm;
    reading->summary->by_other_signal += !alarm && page.num_rows > 0;
    reading->summary->by_no_signal += page.num_rows == 0;
    return 0;
}

static int take_outbreaks(struct reading *reading, const struct list_page *page)
{
    void *values;
    bool *there;
    int   ret = read_page(reading, page, MODEL_OUTBREAK, &values, &there);
    for (size_t i = 0; i < page->num_rows && ret == 0; i++) {
        struct outbreak_clock clock;
        if (!there[i])
            continue;
        outbreak_clock_read(&((const struct model_outbreak *) values)[i], reading->today, &clock);
        reading->summary->num_outbreaks++;
        reading->summary->detected_in_time += clock.times[OUTBREAK_DETECT].standing == OUTBREAK_MET;
        reading->summary->notified_in_time += clock.times[OUTBREAK_NOTIFY].standing == OUTBREAK_MET;
        reading->summary->responded_in_time += clock.times[OUTBREAK_RESPOND].standing == OUTBREAK_MET;
        ret = find_source(reading, &page->ids[i]);
    }
    return ret;
}

/* ---- the whole ---- */

static int by_value(const void *x, const void *y)
{
    double a = *(const double *) x, b = *(const double *) y;
    return (a > b) - (a < b);
}

/* The value that the share of them does not exceed (nearest rank). */
static double quantile(const double *sorted, size_t num, double share)
{
    if (num == 0)
        return NAN;
    size_t rank = (size_t) ceil(share * (double) num);
    return sorted[rank > 0 ? rank - 1 : 0];
}

static int check_query(const struct signal_summary_query *query, struct fault_list *faults)
{
    if (query->from == MODEL_MISSING_DATE || query->to == MODEL_MISSING_DATE)
        return refuse_input(faults, query->from == MODEL_MISSING_DATE ? "/from" : "/to", "missing", "a day");
    if (query->to < query->from || (int64_t) query->to - query->from >= SIGNAL_SUMMARY_DAYS)
        return refuse_input(faults, "/to", "before the first day, or too long after it", "at most 366 days");
    return 0;
}

int signal_summary_read(struct store_reader *reader, const struct access *who, const struct signal_summary_query *query,
                        toc_date today, struct arena *arena, struct signal_summary *summary, struct fault_list *faults)
{
    struct signal_summary made = { 0 };
    struct reading        reading = { .reader = reader,
                                      .who = who,
                                      .query = query,
                                      .today = today,
                                      .arena = arena,
                                      .page = { .limit = (size_t) 64 << 20 },
                                      .summary = &made,
                                      .faults = faults };
    int                   ret = check_query(query, faults);
    for (size_t step = 0; step < SIGNAL_STEPS && ret == 0; step++) {
        reading.hours[step] = memory_array(SIGNAL_SUMMARY_MOST, sizeof *reading.hours[step]);
        ret = reading.hours[step] == NULL ? TOC_ERR_NO_MEMORY : 0;
    }
    if (ret == 0)
        ret = read_list(&reading, "signals", "noticed_time", true, SIGNAL_SUMMARY_MOST, take_signals);
    if (ret == 0)
        ret = read_list(&reading, "outbreaks", "detection_date", false, SIGNAL_SUMMARY_MOST_OUTBREAKS, take_outbreaks);
    for (size_t step = 0; step < SIGNAL_STEPS && ret == 0; step++) {
        struct signal_summary_time *time = &made.times[step];
        qsort(reading.hours[step], time->num, sizeof *reading.hours[step], by_value);
        time->median_hours = quantile(reading.hours[step], time->num, 0.5);
        time->p90_hours = quantile(reading.hours[step], time->num, 0.9);
    }
    for (size_t step = 0; step < SIGNAL_STEPS; step++)
        free(reading.hours[step]);
    arena_free(&reading.page);
    if (ret == 0)
        *summary = made;
    return ret;
}

/* ---- as JSON ---- */

static void put_count(struct json_writer *json, const char *name, size_t num)
{
    json_key(json, name);
    json_put_integer(json, (int64_t) num);
}

static void put_hours(struct json_writer *json, const char *name, double hours)
{
    json_key(json, name);
    if (isnan(hours))
        json_put_null(json);
    else
        json_put_number(json, round(hours * 100) / 100);
}

static void put_summary(struct json_writer *json, const struct signal_summary *summary)
{
    put_count(json, "num", summary->num);
    put_count(json, "duplicates", summary->duplicates);
    put_count(json, "waiting", summary->waiting);
    put_count(json, "answered", summary->answered);
    put_count(json, "closed", summary->closed);
    put_count(json, "with_outbreak", summary->with_outbreak);
    put_count(json, "without_outbreak", summary->without_outbreak);
    json_key(json, "verdicts");
    json_begin_array(json);
    for (size_t i = 0; i < summary->num_verdicts; i++) {
        json_begin_object(json);
        json_key(json, "code");
        json_put_string_of(json, summary->verdicts[i].code.bytes, summary->verdicts[i].code.size);
        put_count(json, "num", summary->verdicts[i].num);
        json_end(json);
    }
    json_end(json);
    json_key(json, "hours");
    json_begin_object(json);
    for (size_t i = 0; i < SIGNAL_STEPS; i++) {
        json_key(json, signal_words[i]);
        json_begin_object(json);
        put_count(json, "num", summary->times[i].num);
        put_hours(json, "median_hours", summary->times[i].median_hours);
        put_hours(json, "p90_hours", summary->times[i].p90_hours);
        json_end(json);
    }
    json_end(json);
}

static void put_outbreaks(struct json_writer *json, const struct signal_summary *summary)
{
    json_key(json, "outbreaks");
    json_begin_object(json);
    put_count(json, "num", summary->num_outbreaks);
    put_count(json, "by_alarm", summary->by_alarm);
    put_count(json, "by_other_signal", summary->by_other_signal);
    put_count(json, "by_no_signal", summary->by_no_signal);
    put_count(json, "detected_in_time", summary->detected_in_time);
    put_count(json, "notified_in_time", summary->notified_in_time);
    put_count(json, "responded_in_time", summary->responded_in_time);
    json_end(json);
}

static void put_day(struct json_writer *json, const char *name, toc_date day)
{
    char text[DATE_TEXT_BYTES];
    date_to_text(day, DATE_FORM_DAY, text);
    json_key(json, name);
    json_put_string(json, text);
}

void signal_summary_write(struct json_writer *json, const struct signal_summary_query *query,
                          const struct signal_summary *summary)
{
    json_begin_object(json);
    put_day(json, "from", query->from);
    put_day(json, "to", query->to);
    put_summary(json, summary);
    put_outbreaks(json, summary);
    json_end(json);
}
