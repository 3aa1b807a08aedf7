/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How long it takes to find a person. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ask.h"
#include "lists.h"
#include "store/find_person.h"
#include "store/list.h"
#include "store/names_ahead.h"

enum key { WHOLE_NAME, LETTERS, IDENTIFIER, PHONE, BEGINNING, SURNAME, NUM_KEYS };
static const char *const key_words[] = { "whole name",
                                         "name in letters",
                                         "identifier",
                                         "telephone",
                                         "beginning of a name within an area",
                                         "first character of a name within an area" };
#define MOST_PERSONS 48000 /* of the area; the search takes 50,000 */

struct searches {
    struct ask     ask;
    struct latency times[NUM_KEYS], work[NUM_KEYS]; /* by the clock; of this process's processors */
    size_t         lost[NUM_KEYS]; /* who was looked for was not among the answers, though they were all */
    size_t         answers[NUM_KEYS];
    int64_t        persons; /* in the largest area that was asked for a beginning */
};

static struct model_text key_of(const struct model_identity *identity, enum key key)
{
    switch (key) {
    case LETTERS: return identity->name_latin;
    case IDENTIFIER: return identity->identifier;
    case PHONE: return identity->phone;
    default: return identity->name;
    }
}

static int64_t cases_of(struct searches *searches, const struct id *area)
{
    struct list_query query = { .view = view_find("cases", 5), .area = *area };
    struct fault_list faults = FAULT_LIST_INIT;
    int64_t           number;
    bool              known;
    int               status = store_totals(searches->ask.reader, &searches->ask.who, &query, &number, &known, &faults);
    ask_again(&searches->ask, "a total", status, &faults);
    return known ? number : INT64_MAX;
}

/* The widest area around this one where at most MOST_PERSONS live: with a million persons a county. */
static struct id widest_area(struct searches *searches, const struct id *area)
{
    const struct ask *ask = &searches->ask;
    uint32_t          numbers[AREA_TREE_MAX_DEPTH], number = area_tree_find(ask->tree, area);
    size_t            num = number == AREA_NONE ? 0 : area_tree_ancestors(ask->tree, number, numbers);
    struct id         widest = *area;
    for (size_t i = 0; i < num; i++) {
        int64_t cases = cases_of(searches, area_tree_id(ask->tree, numbers[i]));
        if (cases > MOST_PERSONS)
            break;
        widest = *area_tree_id(ask->tree, numbers[i]);
        searches->persons = cases > searches->persons ? cases : searches->persons;
    }
    return widest;
}

/* A search takes a key a person: at the keeper's rate of 10,000 a second the next one would wait for them. */
static void let_the_rate_recover(const struct searches *searches)
{
    nanosleep(&(struct timespec){ .tv_sec = 1 + searches->persons / 10000 }, NULL);
}

/* The first characters of a Han name, three bytes each; else all of it. */
static size_t beginning(const struct model_text *name, size_t characters)
{
    return name->size >= 6 && (unsigned char) name->bytes[0] >= 0xe4 ? 3 * characters : name->size;
}

static void find(struct searches *searches, const struct people_sample *sample, enum key key)
{
    struct ask       *ask = &searches->ask;
    struct model_text typed = key_of(&sample->identity, key);
    struct find_query query = { .typed = typed.bytes, .size = typed.size };
    int               status;
    if (key >= BEGINNING) {
        query.area = widest_area(searches, &sample->person.area);
        let_the_rate_recover(searches);
        query.size = beginning(&typed, key == SURNAME ? 1 : 2);
    }
    do {
        struct arena       arena = ARENA_INIT;
        struct find_answer answer = { 0 };
        struct fault_list  faults = FAULT_LIST_INIT;
        bool               found = false;
        double             began = latency_clock(), cpu = latency_cpu();
        status = store_find_person(ask->reader, &ask->who, &query, key >= BEGINNING, &arena, &answer, &faults);
        began = latency_clock() - began;
        cpu = latency_cpu() - cpu;
        for (size_t i = 0; status == 0 && i < answer.num_results; i++)
            found = found || id_equal(&answer.results[i].person.head.id, &sample->person.head.id);
        if (status == 0) {
            searches->lost[key] += !found && !answer.more;
            searches->answers[key] += answer.num_results;
            latency_add(&searches->times[key], 1e3 * began);
            latency_add(&searches->work[key], 1e3 * cpu);
        }
        arena_wipe(&arena);
        ask_again(ask, key_words[key], status, &faults);
    } while (status != 0);
}

static void print(struct searches *searches, enum key key, uint64_t num)
{
    struct latency *times = &searches->times[key];
    double          bar = key >= BEGINNING ? 150 : 50, p95 = latency_quantile(times, 0.95);
    char            measure[120], bar_text[40];
    snprintf(measure, sizeof measure, "person search, %.0f persons, %s, %s", (double) num, key_words[key],
             workload_database(searches->ask.workload));
    snprintf(bar_text, sizeof bar_text, "p95 <= %.0f ms", bar);
    if (key >= BEGINNING)
        snprintf(measure, sizeof measure, "person search, %s, up to %lld persons there, %s", key_words[key],
                 (long long) searches->persons, workload_database(searches->ask.workload));
    workload_row(measure, bar_text, p95 <= bar && searches->lost[key] == 0,
                 "p95 %.1f ms, median %.1f ms, slowest %.1f ms of %zu; processor time here p95 %.1f ms; %.1f answers "
                 "each, %zu not found",
                 p95, latency_quantile(times, 0.5), latency_quantile(times, 1), times->num,
                 latency_quantile(&searches->work[key], 0.95), (double) searches->answers[key] / (double) times->num,
                 searches->lost[key]);
    latency_free(times);
    latency_free(&searches->work[key]);
}

/* As by a server that has run for a minute. */
static void read_names_ahead(const struct workload *workload)
{
    struct names_ahead *ahead;
    bool                failed;
    double              began = latency_clock(), cpu = latency_cpu();
    int                 status =
        names_ahead_start(workload->node.settings.database, &(struct db_options){ 0 }, NAMES_AHEAD_STEP, 0, &ahead);
    if (status != 0)
        workload_fail("names ahead", status);
    size_t num = names_ahead_wait(ahead, &failed);
    names_ahead_stop(ahead);
    printf("# %zu names read ahead in %.1f s, %.1f s of the processor%s\n", num, latency_clock() - began,
           latency_cpu() - cpu, failed ? ", and then it FAILED" : "");
}

void search_measure(struct workload *workload, uint64_t num, size_t rounds)
{
    struct searches searches = { 0 };
    read_names_ahead(workload);
    ask_begin(&searches.ask, workload);
    for (enum key key = 0; key < NUM_KEYS; key++) {
        while (searches.times[key].num < rounds) {
            struct people_sample sample;
            people_generate(&workload->people, ask_below(&searches.ask, num), &sample);
            if (key_of(&sample.identity, key).size > 0) /* one in 25 has no identifier or telephone */
                find(&searches, &sample, key);
        }
        print(&searches, key, num);
    }
    printf("# %zu calls waited for the keeper's rate\n", searches.ask.waits);
    ask_end(&searches.ask);
}
