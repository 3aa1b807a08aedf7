/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How long counts of an area take: all days as they were known on a day, and the reporting triangle of a year. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "base/instant.h"
#include "base/memory.h"
#include "lists.h"
#include "tocsin/status.h"

enum { DAYS = PEOPLE_DAYS + 10, YEAR = 365, DELAYS = 30 };
static const char *const level_words[] = { "country", "province", "city", "county", "township", "village" };

static const struct model_counter *counter_by(const char *name)
{
    const struct model_record *record = model_record(MODEL_CASE);
    for (size_t i = 0; i < record->num_counters; i++)
        if (strcmp(record->counters[i].name, name) == 0)
            return &record->counters[i];
    workload_fail(name, TOC_ERR_OPTION);
}

/* As of today every second time, which is when most of an import became known; else of the days before, when less was.
 * Of a disease every second time. */
static void draw(struct ask *ask, enum county_level level, struct store_count_query *query)
{
    static const char *const diseases[] = { "influenza", "mumps", "measles", "plague" };
    toc_date                 today = (toc_date) (instant_now() / INSTANT_DAY);
    *query = (struct store_count_query){ .record = model_record(MODEL_CASE),
                                         .counter = counter_by("case_by_onset"),
                                         .area = ask_area(ask, level),
                                         .from = WORKLOAD_TODAY - DAYS + 1,
                                         .to = WORKLOAD_TODAY,
                                         .known = today - (toc_date) (ask_below(ask, 2) * ask_below(ask, 3)) };
    if (ask_below(ask, 2) == 1)
        query->dimensions[0] = diseases[ask_below(ask, 4)];
}

static double measure_level(struct ask *ask, enum county_level level, bool triangle, size_t rounds, int64_t *cells,
                            int64_t *counted)
{
    struct latency times = { 0 };
    for (size_t round = 0; round < rounds; round++) {
        struct store_count_query query;
        struct fault_list        faults = FAULT_LIST_INIT;
        int64_t                  undated = 0;
        draw(ask, level, &query);
        if (triangle)
            query.from = query.to - YEAR + 1;
        double began = latency_clock();
        int    status = triangle ? store_triangle(ask->reader, &ask->who, &query, DELAYS, cells)
                                 : store_counts(ask->reader, &ask->who, &query, cells, &undated);
        latency_add(&times, 1e3 * (latency_clock() - began));
        ask_again(ask, "counts", status, &faults);
        size_t num = triangle ? (size_t) YEAR * (DELAYS + 1) : DAYS;
        for (size_t i = 0; i < num; i++)
            *counted += cells[i];
    }
    double p95 = latency_quantile(&times, 0.95);
    printf("cell\t%s\t%s\t%.2f\t%.2f\t%.2f\n", triangle ? "triangle" : "counts", level_words[level],
           latency_quantile(&times, 0.5), p95, latency_quantile(&times, 1));
    latency_free(&times);
    return p95;
}

void counts_measure(struct workload *workload, size_t rounds)
{
    struct ask ask;
    int64_t   *cells = memory_array((size_t) YEAR * (DELAYS + 1), sizeof *cells);
    if (cells == NULL)
        workload_fail("counts", TOC_ERR_NO_MEMORY);
    ask_begin(&ask, workload);
    for (int triangle = 0; triangle < 2; triangle++) {
        double  bar = triangle ? 50 : 20, worst = 0;
        int     worst_level = 0;
        int64_t counted = 0;
        char    measure[120], bar_text[40];
        for (int level = 0; level < COUNTY_NUM_LEVELS; level++) {
            double p95 = measure_level(&ask, (enum county_level) level, triangle, rounds, cells, &counted);
            if (p95 > worst) {
                worst = p95;
                worst_level = level;
            }
        }
        snprintf(measure, sizeof measure, "%s, %s",
                 triangle ? "reporting triangle of a year, 30 days of delay" : "counts of 375 days as of a day",
                 workload_database(workload));
        snprintf(bar_text, sizeof bar_text, "<= %.0f ms", bar);
        workload_row(measure, bar_text, worst <= bar && counted > 0,
                     "worst p95 %.1f ms (%s) of 6 levels, %zu questions each; %.0f cases counted in all", worst,
                     level_words[worst_level], rounds, (double) counted);
    }
    ask_end(&ask);
    free(cells);
}
