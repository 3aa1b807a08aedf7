/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How long a page of the list of cases takes: bench_lists URL [CASES [ROUNDS [CLASSIFICATION]]].
 *
 * URL `postgresql`: a private server, gone afterwards (tests/support/postgresql.h). Fills the database with CASES
 * (1,000,000) invented cases where it is empty, below 50,000 areas of five levels, then asks ROUNDS (20) times for each
 * subtree {village, county, 40 %, all, two counties} × filter {none, rare disease, rarest or given classification,
 * both} × order {onset, received, updated} × {first page, from a value in the middle}; villages, counties and values
 * are drawn anew each time. Prints the quickest way's share, median, 95 % and the slowest. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/date_text.h"
#include "store/list.h"
#include "store/store.h"
#include "support/postgresql.h"
#include "support/property.h"
#include "support/test.h"
#include "support/world.h"

enum { SUBTREES = 5, FILTERS = 4, SORTS = 3, MOST_ROUNDS = 1000 };
static const char *const subtree_words[] = { "village", "county", "40 %", "all", "two counties" };
static const char *const filter_words[] = { "none", "rare disease", "classification", "both" };
static const char *const sort_words[] = { "onset_date", "received_date", "updated" };

static struct world       world;
static struct test_random chance = { .seed = 1 };

static double now(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double) at.tv_sec * 1e3 + (double) at.tv_nsec / 1e6;
}

static void die(const char *what, const struct db_error *error)
{
    fprintf(stderr, "%s: %s\n", what, error->what);
    exit(1);
}

static bool is_filled(struct db *db)
{
    struct db_statement   *statement;
    const struct db_value *row;
    size_t                 columns;
    return db_prepare(db, "SELECT \"id\" FROM \"case\" LIMIT 1", &statement, NULL) == 0 &&
           db_run(statement, NULL, 0, NULL) == 0 && db_step(statement, &row, &columns, NULL) == 1 &&
           (db_reset(statement), true);
}

/* The rarest code with at least 20 cases. */
static const char *rarest(bool of_disease)
{
    size_t count[WORLD_CODES] = { 0 }, best = 0;
    for (size_t i = 0; i < world.options.num_cases; i++)
        count[of_disease ? world.cases[i].disease : world.cases[i].classification]++;
    for (size_t i = 0; i < world.num_codes; i++)
        if (count[i] >= 20 && (count[best] < 20 || count[i] < count[best]))
            best = i;
    printf("%s: %s, %zu cases\n", of_disease ? "rare disease" : "classification", world.codes[best], count[best]);
    return world.codes[best];
}

static uint32_t draw_area(unsigned level)
{
    uint32_t area;
    do
        area = (uint32_t) test_between(&chance, 0, world.num_areas - 1);
    while (area_tree_depth(world.tree, area) != level);
    return area;
}

/* What is asked, so that nothing of it is counted while the clock runs. */
static void count_before(const struct id *areas, size_t num, const char *disease, const char *classification)
{
    const char *const both[] = { disease, classification, NULL, NULL }, *const none[4] = { NULL };
    int64_t total;
    for (size_t i = 0; i < num; i++) {
        world_total(NULL, NULL, NULL, &areas[i], none, &total, NULL);
        world_total(NULL, NULL, NULL, &areas[i], both, &total, NULL);
    }
}

struct times {
    double milliseconds[MOST_ROUNDS];
    size_t plans[4], scanned;
};

static void one_page(struct db *db, int subtree, int filter, int sort, bool middle, const char *rare, const char *class,
                     struct times *times, size_t round)
{
    struct id          areas[2], top = *area_tree_id(world.tree, 0);
    struct access      who = { .role = ACCESS_EPIDEMIOLOGIST, .everywhere = true };
    struct list_filter filters[2];
    struct list_query  query = { .view = view_find("cases", 5), .filters = filters, .sort = sort_words[sort] };
    char               day[32];
    size_t             num_areas = 1;
    areas[0] = *area_tree_id(world.tree, subtree == 0   ? draw_area(4)
                                         : subtree == 1 ? draw_area(2)
                                         : subtree == 2 ? world_area(&world, 1, false)
                                                        : 0);
    if (subtree == 4) {
        areas[0] = *area_tree_id(world.tree, draw_area(2));
        areas[1] = *area_tree_id(world.tree, draw_area(2));
        num_areas = 2;
        who = (struct access){ .role = ACCESS_EPIDEMIOLOGIST, .areas = areas, .num_areas = 2 };
    } else
        query.area = areas[0];
    if (filter & 1)
        filters[query.num_filters++] = (struct list_filter){ .field = "disease", .is = rare };
    if (filter & 2)
        filters[query.num_filters++] = (struct list_filter){ .field = "classification", .is = class };
    if (middle) {
        date_to_text(20779 - (toc_date) test_between(&chance, 200, 900), DATE_FORM_DAY, day);
        if (sort == 2)
            strcat(day, "T00:00:00Z");
        query.from = day;
    }
    count_before(areas, num_areas, filter & 1 ? rare : NULL, filter & 2 ? class : NULL);
    count_before(&top, 1, filter & 1 ? rare : NULL, filter & 2 ? class : NULL);
    const struct list_source source = { .db = db, .areas = world.tree, .total = world_total };
    struct arena             arena = ARENA_INIT;
    struct list_page         page;
    struct fault_list        faults = FAULT_LIST_INIT;
    struct db_error          error = { 0 };
    double                   begin = now();
    if (list_read(&source, &who, &query, &arena, &page, &faults, &error) != 0) {
        fault_list_write(&faults, stderr);
        die("list_read", &error);
    }
    times->milliseconds[round] = now() - begin;
    times->plans[page.plan]++;
    if (page.scanned > times->scanned)
        times->scanned = page.scanned;
    arena_free(&arena);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "bench_lists URL [CASES [ROUNDS [CLASSIFICATION]]]\n");
        return 2;
    }
    size_t                   num_cases = argc > 2 ? strtoul(argv[2], NULL, 10) : 1000000;
    size_t                   rounds = argc > 3 ? strtoul(argv[3], NULL, 10) : 20;
    struct db               *db;
    struct db_error          error = { 0 };
    const char              *url = argv[1];
    static const char *const memory[] = { "--setting", "shared_buffers=512MB", "--setting",
                                          "maintenance_work_mem=256MB" };
    if (strcmp(url, "postgresql") == 0) {
        test_postgresql_configure(memory, 4);
        url = test_postgresql_url();
    }
    if (rounds < 1 || rounds > MOST_ROUNDS)
        return 2;
    if (db_open(url, &(struct db_options){ .create = true }, &db, &error) != 0)
        die("db_open", &error);
    double begin = now();
    world_make(&world, &(struct world_options){ .fans = { 4, 8, 10, 154 }, .num_cases = num_cases, .seed = 3 });
    printf("%zu areas, %zu cases made in %.1f s\n", world.num_areas, num_cases, (now() - begin) / 1e3);
    begin = now();
    if (!is_filled(db)) {
        world_load(&world, db);
        printf("loaded in %.1f s\n", (now() - begin) / 1e3);
    }
    db_close(db); /* a reader of its own, with a reader's cache */
    if (db_open(url, &(struct db_options){ .read_only = true }, &db, &error) != 0 || list_prepare(db, &error) != 0)
        die("db_open", &error);
    const char *rare = rarest(true), *class = argc > 4 ? argv[4] : rarest(false);
    double      worst = 0;
    printf("%-14s %-15s %-14s %-7s %8s %8s %8s  %9s sort/area/key\n", "subtree", "filter", "order", "from", "median",
           "95 %", "most", "entries");
    for (int subtree = 0; subtree < SUBTREES; subtree++)
        for (int filter = 0; filter < FILTERS; filter++)
            for (int sort = 0; sort < SORTS; sort++)
                for (int middle = 0; middle < 2; middle++) {
                    struct times times = { 0 };
                    for (size_t round = 0; round < rounds; round++)
                        one_page(db, subtree, filter, sort, middle, rare, class, &times, round);
                    qsort(times.milliseconds, rounds, sizeof(double), compare);
                    double p95 = times.milliseconds[(rounds * 95 + 99) / 100 - 1];
                    printf("%-14s %-15s %-14s %-7s %8.2f %8.2f %8.2f  %9zu %zu/%zu/%zu\n", subtree_words[subtree],
                           filter_words[filter], sort_words[sort], middle ? "middle" : "first",
                           times.milliseconds[rounds / 2], p95, times.milliseconds[rounds - 1], times.scanned,
                           times.plans[LIST_BY_SORT], times.plans[LIST_BY_AREA], times.plans[LIST_BY_KEY]);
                    worst = p95 > worst ? p95 : worst;
                }
    printf("worst 95 %%: %.2f ms\n", worst);
    db_close(db);
    world_free(&world);
    return 0;
}
