/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench/creates.c: durable creates a second, as issue 3 counts them: one create = person, sealed identity, search
 * tokens, case, audit entry, counters at all area levels, events. Many callers submit one after the other; each waits
 * until its create is durable.
 *
 *     bench_creates URL [callers] [seconds] [cases loaded before] [bulk: cases a request]
 *
 * Prints creates a second and the callers' latencies. The areas: a province, 3 counties, 30 townships, 600 villages in
 * five levels. Keys are made in a temporary directory.
 */
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model/people.h"
#include "model/records.h"
#include "store/keeper.h"
#include "store/keeper_files.h"
#include "store/store.h"

enum { COUNTIES = 3, TOWNSHIPS = 30, VILLAGES = 600, AREAS = 2 + COUNTIES + TOWNSHIPS + VILLAGES };
enum { MOST_CALLERS = 256, MOST_LATENCIES = 400000, LOAD_REQUEST = 100, LOADERS = 4 };

static struct store       *store;
static struct people       people;
static struct people_place places[VILLAGES];
static uint64_t            next_person;
static uint64_t            load_until;
static double              ends;
static size_t              request_cases = 1;

struct caller {
    pthread_t thread;
    size_t    made, failed;
    double   *latencies;
    size_t    num_latencies;
};

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

static struct access program(void)
{
    return (struct access){ .role = ACCESS_PROGRAM, .purpose = ACCESS_DATA_QUALITY, .everywhere = true };
}

static struct id area_id(size_t number)
{
    return (struct id){ { 1, (uint8_t) (number >> 8), (uint8_t) number, 1 } };
}

static size_t parent_of(size_t number)
{
    if (number < 2)
        return 0;
    if (number < 2 + COUNTIES)
        return 1;
    if (number < 2 + COUNTIES + TOWNSHIPS)
        return 2 + (number - 2 - COUNTIES) % COUNTIES;
    return 2 + COUNTIES + (number - 2 - COUNTIES - TOWNSHIPS) % TOWNSHIPS;
}

static int make_areas(void)
{
    static struct model_area   areas[AREAS];
    static char                codes[AREAS][8];
    static struct store_change changes[AREAS];
    struct access              who = program();
    for (size_t i = 0; i < AREAS; i++) {
        model_init(model_record(MODEL_AREA), &areas[i]);
        snprintf(codes[i], sizeof codes[i], "%zu", i);
        areas[i].head.id = area_id(i);
        areas[i].code = (struct model_text){ codes[i], strlen(codes[i]) };
        areas[i].level = i == 0 ? 0 : i == 1 ? 1 : i < 2 + COUNTIES ? 2 : i < 2 + COUNTIES + TOWNSHIPS ? 3 : 4;
        if (i > 0)
            areas[i].parent = area_id(parent_of(i));
        changes[i] = (struct store_change){ STORE_CREATE, model_record(MODEL_AREA), &areas[i], { { 0 } }, 0 };
    }
    struct store_request request = { .verb = "create", .set = { changes, AREAS } };
    for (size_t i = 0; i < VILLAGES; i++)
        places[i] = (struct people_place){ area_id(2 + COUNTIES + TOWNSHIPS + i), "松谷乡" };
    return store_submit(store, &who, &request, NULL, NULL);
}

/* One request of some cases; returns its status. */
static int create(struct people_sample *samples, struct store_change *changes, size_t num, bool bulk)
{
    struct access who = program();
    uint64_t      first = __atomic_fetch_add(&next_person, num, __ATOMIC_RELAXED);
    for (size_t i = 0; i < num; i++) {
        void *values[] = { &samples[i].person, &samples[i].identity, &samples[i].illness };
        people_generate(&people, first + i, &samples[i]);
        static const enum model_record_number records[] = { MODEL_PERSON, MODEL_IDENTITY, MODEL_CASE };
        for (size_t r = 0; r < 3; r++)
            changes[3 * i + r] =
                (struct store_change){ STORE_CREATE, model_record(records[r]), values[r], { { 0 } }, 0 };
    }
    struct store_request request = { .verb = "create", .set = { changes, 3 * num }, .bulk = bulk };
    return store_submit(store, &who, &request, NULL, NULL);
}

static void *call(void *context)
{
    struct caller        *caller = context;
    struct people_sample *samples = calloc(request_cases, sizeof *samples);
    struct store_change  *changes = calloc(3 * request_cases, sizeof *changes);
    while (seconds() < ends) {
        double begun = seconds();
        if (create(samples, changes, request_cases, request_cases > 1) != 0)
            caller->failed++;
        else
            caller->made += request_cases;
        if (caller->num_latencies < MOST_LATENCIES / MOST_CALLERS)
            caller->latencies[caller->num_latencies++] = seconds() - begun;
    }
    free(samples);
    free(changes);
    return NULL;
}

static void *load(void *context)
{
    struct people_sample *samples = calloc(LOAD_REQUEST, sizeof *samples);
    struct store_change  *changes = calloc(3 * LOAD_REQUEST, sizeof *changes);
    (void) context;
    while (__atomic_load_n(&next_person, __ATOMIC_RELAXED) < load_until)
        (void) create(samples, changes, LOAD_REQUEST, true);
    free(samples);
    free(changes);
    return NULL;
}

static int by_value(const void *a, const void *b)
{
    double first = *(const double *) a, second = *(const double *) b;
    return (first > second) - (first < second);
}

static void run(size_t callers, double duration)
{
    static struct caller all[MOST_CALLERS];
    static double        latencies[MOST_LATENCIES];
    size_t               made = 0, failed = 0, num = 0;
    double               begun = seconds();
    ends = begun + duration;
    for (size_t i = 0; i < callers; i++) {
        all[i].latencies = latencies + i * (MOST_LATENCIES / MOST_CALLERS);
        pthread_create(&all[i].thread, NULL, call, &all[i]);
    }
    static double sorted[MOST_LATENCIES];
    for (size_t i = 0; i < callers; i++) {
        pthread_join(all[i].thread, NULL);
        made += all[i].made;
        failed += all[i].failed;
        memcpy(sorted + num, all[i].latencies, all[i].num_latencies * sizeof *sorted);
        num += all[i].num_latencies;
    }
    double took = seconds() - begun;
    qsort(sorted, num, sizeof *sorted, by_value);
    printf("%zu callers, %.1f s: %.0f creates/s, %zu failed; p50 %.1f ms, p99 %.1f ms\n", callers, took,
           (double) made / took, failed, num > 0 ? 1e3 * sorted[num / 2] : 0,
           num > 0 ? 1e3 * sorted[num * 99 / 100] : 0);
}

int main(int argc, char **argv)
{
    char                keys[] = "/tmp/tocsin-creates-XXXXXX";
    struct keeper      *keeper;
    struct keeper_error failure = { .status = 0 };
    struct db_error     error = { .status = 0 };
    if (argc < 2 || mkdtemp(keys) == NULL) {
        fprintf(stderr, "bench_creates URL [callers] [seconds] [cases before] [cases a request]\n");
        return 2;
    }
    size_t callers = argc > 2 ? strtoul(argv[2], NULL, 10) : 64;
    double duration = argc > 3 ? strtod(argv[3], NULL) : 10;
    load_until = argc > 4 ? strtoul(argv[4], NULL, 10) : 0;
    request_cases = argc > 5 && strtoul(argv[5], NULL, 10) > 0 ? strtoul(argv[5], NULL, 10) : 1;
    if (callers > MOST_CALLERS)
        callers = MOST_CALLERS;
    struct keeper_options keeping = { .directory = keys };
    struct keeper_ring   *ring = sodium_init() < 0 ? NULL : keeper_ring_new();
    int                   ret = ring == NULL ? TOC_ERR_NO_MEMORY : keeper_ring_fresh(ring, 0, &failure);
    if (ret == 0)
        ret = keeper_directory_make(keys, ring, NULL, 0, &failure);
    keeper_ring_free(ring);
    if (ret == 0)
        ret = keeper_start(&keeping, &keeper, &failure);
    if (ret != 0) {
        fprintf(stderr, "keeper: %s\n", failure.what);
        return 1;
    }
    struct store_options options = {
        .url = argv[1], .keeper = keeper, .write = true, .holder = "bench", .county_depth = 2, .db = { .create = true }
    };
    ret = store_open(&options, &store, &error);
    if (ret == 0)
        ret = make_areas();
    if (ret != 0) {
        fprintf(stderr, "store (%d): %s\n", ret, error.what);
        return 1;
    }
    people = (struct people){ .seed = 1,
                              .today = 20000,
                              .days = PEOPLE_DAYS,
                              .places = places,
                              .num_places = VILLAGES,
                              .tibetan_permille = PEOPLE_TIBETAN_PERMILLE };
    double    begun = seconds();
    pthread_t loaders[LOADERS];
    for (size_t i = 0; i < LOADERS; i++)
        pthread_create(&loaders[i], NULL, load, NULL);
    for (size_t i = 0; i < LOADERS; i++)
        pthread_join(loaders[i], NULL);
    if (load_until > 0)
        printf("loaded %llu cases at %.0f/s\n", (unsigned long long) next_person,
               (double) next_person / (seconds() - begun));
    run(callers, duration);
    store_close(store);
    keeper_stop(keeper);
    return 0;
}
