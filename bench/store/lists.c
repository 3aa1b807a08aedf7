/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How long a page of the list of cases takes. */
#include "lists.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "base/date_text.h"
#include "base/instant.h"
#include "store/list.h"
#include "tocsin/status.h"

enum subtree { VILLAGE, COUNTY, FORTY_PERCENT, ALL, TWO_GRANTS, NUM_SUBTREES };
enum filter { NO_FILTER, RARE_DISEASE, CLASSIFICATION, BOTH, SEVERITY, OUTCOME, NUM_FILTERS };
enum sort { BY_ONSET, BY_RECEIVED, BY_UPDATED, NUM_SORTS };
static const char *const subtree_words[] = { "village", "county", "40 %", "all", "two grants" };
static const char *const filter_words[] = {
    "no filter", "rare disease", "classification", "both", "severity", "outcome"
};
static const char *const sort_words[] = { "onset_date", "received_date", "updated" };
static const char *const classifications[] = { "asymptomatic", "confirmed", "clinically-diagnosed", "suspected",
                                               "not-yet-classified" };
static const char *const severities[] = { "mild", "moderate", "severe", "critical" };
static const char *const outcomes[] = { "recovered", "died-of-disease", "died-of-other-cause", "unknown" };

enum { MOST_TOPS = 64, NUM_PAGES = 200 };

struct cell {
    enum subtree subtree;
    enum filter  filter;
    enum sort    sort;
    bool         middle, identities;
};

struct lists {
    struct ask         ask;
    const struct view *view;
    struct id          forty[MOST_TOPS]; /* areas that hold about 40 % of all cases */
    size_t             num_forty;
    int64_t            first_updated, last_updated;
};

/* One page to be asked for; points into itself. */
struct question {
    struct access      who;
    struct list_query  query;
    struct list_filter filters[2];
    struct id          tops[2];
    char               from[INSTANT_TEXT_BYTES];
};

static int64_t total(struct lists *lists, const struct id *area)
{
    struct list_query query = { .view = lists->view, .area = *area };
    struct fault_list faults = FAULT_LIST_INIT;
    int64_t           number;
    bool              known;
    int               status = store_totals(lists->ask.reader, &lists->ask.who, &query, &number, &known, &faults);
    ask_again(&lists->ask, "a total", status, &faults);
    return known ? number : 0;
}

/* Areas from the largest kind to the smallest, as long as they fit into 40 %. */
static void choose_forty(struct lists *lists)
{
    struct ask *ask = &lists->ask;
    uint32_t    chosen[MOST_TOPS];
    int64_t     room = total(lists, area_tree_id(ask->tree, ask->areas[COUNTY_COUNTRY][0])) * 2 / 5;
    for (int level = COUNTY_PROVINCE; level <= COUNTY_COUNTY; level++)
        for (size_t i = 0; i < ask->num_areas[level] && lists->num_forty < MOST_TOPS; i++) {
            uint32_t         area = ask->areas[level][i];
            const struct id *id = area_tree_id(ask->tree, area);
            bool             within = false;
            for (size_t j = 0; j < lists->num_forty; j++)
                within = within || area_tree_within(ask->tree, area, chosen[j]);
            int64_t number = within ? 0 : total(lists, id);
            if (within || number == 0 || number > room)
                continue;
            room -= number;
            chosen[lists->num_forty] = area;
            lists->forty[lists->num_forty++] = *id;
        }
}

static int64_t end_of_updated(struct lists *lists, bool ascending)
{
    struct arena      arena = ARENA_INIT;
    struct list_query query = { .view = lists->view, .sort = "updated", .ascending = ascending, .page_size = 1 };
    struct list_page  page;
    struct fault_list faults = FAULT_LIST_INIT;
    struct model_case illness;
    struct model_set  visible;
    int               status = store_list(lists->ask.reader, &lists->ask.who, &query, &arena, &page, &faults);
    if (status == 0 && page.num_rows == 0)
        workload_fail("the list has no case", TOC_ERR_DOMAIN);
    struct access without = lists->ask.who;
    without.purpose = ACCESS_NO_PURPOSE;
    if (status == 0)
        status = store_read(lists->ask.reader, &without, model_record(MODEL_CASE), &page.ids[0], STORE_NOW, &arena,
                            &illness, &visible);
    ask_again(&lists->ask, "the first or last case", status, &faults);
    arena_free(&arena);
    return illness.head.updated;
}

static void begin(struct lists *lists, struct workload *workload)
{
    *lists = (struct lists){ .view = view_find("cases", 5) };
    ask_begin(&lists->ask, workload);
    choose_forty(lists);
    lists->first_updated = end_of_updated(lists, true);
    lists->last_updated = end_of_updated(lists, false);
}

static void choose_areas(struct lists *lists, enum subtree subtree, struct question *question)
{
    struct ask *ask = &lists->ask;
    question->who = ask->who;
    switch (subtree) {
    case VILLAGE: question->query.area = ask_area(ask, COUNTY_VILLAGE); break;
    case COUNTY: question->query.area = ask_area(ask, COUNTY_COUNTY); break;
    case ALL: question->query.area = ask_area(ask, COUNTY_COUNTRY); break;
    case FORTY_PERCENT:
        question->who.everywhere = false;
        question->who.areas = lists->forty;
        question->who.num_areas = lists->num_forty;
        break;
    default:
        question->tops[0] = ask_area(ask, COUNTY_COUNTY);
        question->tops[1] = ask_area(ask, COUNTY_COUNTY);
        question->who.everywhere = false;
        question->who.areas = question->tops;
        question->who.num_areas = 2;
    }
}

static void draw(struct lists *lists, const struct cell *cell, struct question *question)
{
    struct ask *ask = &lists->ask;
    *question = (struct question){ .query = { .view = lists->view,
                                              .filters = question->filters,
                                              .sort = sort_words[cell->sort],
                                              .identities = cell->identities } };
    choose_areas(lists, cell->subtree, question);
    if (cell->filter == RARE_DISEASE || cell->filter == BOTH)
        question->filters[question->query.num_filters++] = (struct list_filter){ .field = "disease", .is = "plague" };
    if (cell->filter == CLASSIFICATION || cell->filter == BOTH)
        question->filters[question->query.num_filters++] =
            (struct list_filter){ .field = "classification", .is = classifications[ask_below(ask, 5)] };
    if (cell->filter == SEVERITY || cell->filter == OUTCOME)
        question->filters[question->query.num_filters++] =
            cell->filter == SEVERITY ? (struct list_filter){ .field = "severity", .is = severities[ask_below(ask, 4)] }
                                     : (struct list_filter){ .field = "outcome", .is = outcomes[ask_below(ask, 4)] };
    if (!cell->middle)
        return;
    if (cell->sort == BY_UPDATED) {
        uint64_t between = (uint64_t) (lists->last_updated - lists->first_updated) + 1;
        instant_to_text(lists->first_updated + (int64_t) ask_below(ask, between), question->from);
    } else
        date_to_text(WORKLOAD_TODAY - (toc_date) (30 + ask_below(ask, 300)), DATE_FORM_DAY, question->from);
    question->query.from = question->from;
}

/* How pages were found: the most index entries read for one, and how many went each way. */
struct ways {
    size_t scanned, taken[LIST_BY_FACILITY + 1];
};

/* What a cell's pages took: by the clock, and of this process's processors, which does not depend on who else wants
 * them. */
struct taken {
    struct latency times, work;
};

static void one_page(struct lists *lists, const struct question *question, struct taken *taken, struct ways *ways)
{
    int    status;
    double began, cpu;
    do {
        struct arena      arena = ARENA_INIT;
        struct list_page  page;
        struct fault_list faults = FAULT_LIST_INIT;
        began = latency_clock();
        cpu = latency_cpu();
        status = store_list(lists->ask.reader, &question->who, &question->query, &arena, &page, &faults);
        began = latency_clock() - began;
        cpu = latency_cpu() - cpu;
        arena_wipe(&arena);
        ask_again(&lists->ask, "a page", status, &faults);
        if (status == 0) {
            ways->scanned = page.scanned > ways->scanned ? page.scanned : ways->scanned;
            ways->taken[page.plan]++;
        }
    } while (status != 0);
    latency_add(&taken->times, 1e3 * began);
    latency_add(&taken->work, 1e3 * cpu);
}

static void name_cell(const struct cell *cell, char text[100])
{
    snprintf(text, 100, "%s, %s, %s, %s", subtree_words[cell->subtree], filter_words[cell->filter],
             sort_words[cell->sort], cell->middle ? "from the middle" : "first");
}

/* Prints a line a cell: median, p95 and longest in ms, p95 of the processor time in ms, the most entries read for a
 * page, how many pages were found by sort, by area, by key, by a rare value. */
static void measure_half(struct lists *lists, bool identities, size_t rounds)
{
    char         worst_name[100] = "", name[100];
    double       worst = 0, worst_work = 0;
    size_t       num_cells = 0;
    struct taken all = { 0 };
    for (size_t i = 0; i < (size_t) NUM_SUBTREES * NUM_FILTERS * NUM_SORTS * 2; i++, num_cells++) {
        struct cell  cell = { .middle = i % 2,
                              .sort = i / 2 % NUM_SORTS,
                              .filter = i / 2 / NUM_SORTS % NUM_FILTERS,
                              .subtree = (enum subtree)(i / 2 / NUM_SORTS / NUM_FILTERS),
                              .identities = identities };
        struct taken taken = { 0 };
        struct ways  ways = { 0 };
        for (size_t round = 0; round < rounds; round++) {
            struct question question;
            draw(lists, &cell, &question);
            one_page(lists, &question, &taken, &ways);
        }
        double p95 = latency_quantile(&taken.times, 0.95), work = latency_quantile(&taken.work, 0.95);
        name_cell(&cell, name);
        printf("cell\t%s\t%s\t%.2f\t%.2f\t%.2f\t%.2f\t%zu\t%zu %zu %zu %zu\n", identities ? "shown" : "masked", name,
               latency_quantile(&taken.times, 0.5), p95, latency_quantile(&taken.times, 1), work, ways.scanned,
               ways.taken[LIST_BY_SORT], ways.taken[LIST_BY_AREA], ways.taken[LIST_BY_KEY], ways.taken[LIST_BY_RARE]);
        worst_work = work > worst_work ? work : worst_work;
        if (p95 > worst) {
            worst = p95;
            memcpy(worst_name, name, sizeof name);
        }
        latency_join(&all.times, &taken.times);
        latency_join(&all.work, &taken.work);
    }
    const char *database = workload_database(lists->ask.workload);
    double      bar = *database == 'P' ? 50 : 100;
    char        measure[120], bar_text[40];
    snprintf(measure, sizeof measure, "list page, worst p95, %s, %s",
             identities ? "identities shown and audited" : "identities masked", database);
    snprintf(bar_text, sizeof bar_text, "<= %.0f ms", bar);
    workload_row(measure, bar_text, worst <= bar,
                 "%.1f ms (%s), of %zu cells, %zu pages each; all pages: median %.1f ms, p95 %.1f ms; processor time "
                 "here: worst p95 %.1f ms, median %.1f ms",
                 worst, worst_name, num_cells, rounds, latency_quantile(&all.times, 0.5),
                 latency_quantile(&all.times, 0.95), worst_work, latency_quantile(&all.work, 0.5));
    latency_free(&all.times);
    latency_free(&all.work);
}

void lists_measure(struct workload *workload, size_t rounds)
{
    struct lists lists;
    begin(&lists, workload);
    measure_half(&lists, false, rounds);
    measure_half(&lists, true, rounds);
    printf("# %zu calls waited for the keeper's rate\n", lists.ask.waits);
    ask_end(&lists.ask);
}

void lists_write_pages(struct workload *workload, const char *path)
{
    struct lists       lists;
    struct sink        sink;
    struct json_writer json;
    int                status = sink_open(&sink, path);
    if (status != 0)
        workload_fail(path, status);
    begin(&lists, workload);
    for (size_t i = 0; i < NUM_PAGES; i++) {
        struct cell       cell = { .subtree = i % NUM_SUBTREES,
                                   .filter = (enum filter) ask_below(&lists.ask, NUM_FILTERS),
                                   .sort = (enum sort) ask_below(&lists.ask, NUM_SORTS),
                                   .middle = ask_below(&lists.ask, 2),
                                   .identities = i % 4 == 0 };
        struct question   question;
        struct arena      arena = ARENA_INIT;
        struct list_page  page;
        struct fault_list faults = FAULT_LIST_INIT;
        draw(&lists, &cell, &question);
        question.query.ascending = ask_below(&lists.ask, 2);
        status = store_list(lists.ask.reader, &question.who, &question.query, &arena, &page, &faults);
        if (ask_again(&lists.ask, "a page", status, &faults)) {
            workload_fail("the keeper's rate is too low for so few pages", status);
        }
        json_writer_init(&json, &sink);
        list_write(&json, &page);
        sink_character(&sink, '\n');
        arena_wipe(&arena);
    }
    ask_end(&lists.ask);
    if (sink_finish(&sink) != 0)
        workload_fail(path, -1);
}
