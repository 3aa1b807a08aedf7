/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists against the plain way: all cases of a small world in memory, filtered, sorted, cut into pages. In both
 * databases, whose pages must be the same bytes, by whichever way they are found. */
#include "store/list.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/date_text.h"
#include "store/store.h"
#include "support/postgresql.h"
#include "support/property.h"
#include "support/test.h"
#include "support/world.h"

static struct world world;
static struct db   *databases[2]; /* SQLite, PostgreSQL; NULL = not there */
static char         folder[] = "/tmp/tocsin-list-XXXXXX";

static const struct access everything = { .role = ACCESS_EPIDEMIOLOGIST, .everywhere = true };

static struct db *open_url(const char *url)
{
    struct db_error error = { 0 };
    struct db      *db = NULL;
    if (db_open(url, &(struct db_options){ .create = true }, &db, &error) != 0)
        fail_msg("%s", error.what);
    world_load(&world, db);
    assert_ok(list_prepare(db, &error));
    return db;
}

static int set_up(void **state)
{
    (void) state;
    char url[TEST_POSTGRESQL_URL];
    world_make(&world,
               &(struct world_options){ .fans = { 3, 2, 4, 6 }, .num_cases = 4000, .seed = 7, .old_village = true });
    assert_non_null(mkdtemp(folder));
    snprintf(url, sizeof url, "sqlite:%s/t.db", folder);
    databases[0] = open_url(url);
    if (test_postgresql_installed()) {
        test_postgresql_database(url);
        databases[1] = open_url(url);
    }
    return 0;
}

static int tear_down(void **state)
{
    (void) state;
    static const char *const ends[] = { "", "-wal", "-shm", ".lease" };
    for (int i = 0; i < 2; i++)
        db_close(databases[i]);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/t.db%s", folder, ends[i]);
        unlink(path);
    }
    world_free(&world);
    return rmdir(folder);
}

/* ---- the plain way ---- */

static enum { BY_ONSET, BY_RECEIVED, BY_UPDATED } sort_order;
static bool              ascending;
static const char *const sort_names[] = { "onset_date", "received_date", "updated" };

static int64_t value_of(const struct world_case *one)
{
    return sort_order == BY_ONSET ? one->onset : sort_order == BY_RECEIVED ? one->received : one->updated;
}

/* Missing days are the least of all numbers, as '' is the least of all texts. */
static int compare_cases(const void *a, const void *b)
{
    const struct world_case *x = *(const struct world_case *const *) a, *y = *(const struct world_case *const *) b;
    int                      order = (value_of(x) > value_of(y)) - (value_of(x) < value_of(y));
    if (order == 0)
        order = id_compare(&x->id, &y->id);
    return ascending ? order : -order;
}

struct expected {
    const struct world_case **cases;
    size_t                    num;
};

static bool is_code(uint16_t code, const char *wanted)
{
    return wanted == NULL || strcmp(world.codes[code], wanted) == 0;
}

static struct expected plainly(const uint32_t *areas, size_t num_areas, const char *disease, const char *classification)
{
    struct expected all = { calloc(world.options.num_cases + 1, sizeof *all.cases), 0 };
    for (size_t i = 0; i < world.options.num_cases; i++) {
        const struct world_case *one = &world.cases[i];
        bool                     here = false;
        for (size_t j = 0; j < num_areas; j++)
            here |= area_tree_within(world.tree, one->area, areas[j]);
        if (here && is_code(one->disease, disease) && is_code(one->classification, classification))
            all.cases[all.num++] = one;
    }
    qsort(all.cases, all.num, sizeof *all.cases, compare_cases);
    return all;
}

/* ---- asking ---- */

static int (*total_function)(struct db *, const struct model_record *, const struct model_counter *, const struct id *,
                             const char *const[MODEL_MAX_DIMENSIONS], int64_t *, struct db_error *) = world_total;

static int ask(struct db *db, const struct access *who, const struct list_query *query, struct arena *arena,
               struct list_page *page)
{
    struct db_error          error = { 0 };
    struct fault_list        faults = FAULT_LIST_INIT;
    const struct list_source source = {
        .db = db, .areas = world.tree, .total = total_function, .undated = world_undated
    };
    int ret = list_read(&source, who, query, arena, page, &faults, &error);
    if (ret != 0 && error.what[0] != '\0')
        print_message("# %s\n", error.what);
    fault_list_free(&faults);
    return ret;
}

static char *as_json(const struct list_page *page)
{
    struct sink        sink;
    struct json_writer json;
    sink_init_memory(&sink);
    json_writer_init(&json, &sink);
    list_write(&json, page);
    sink_character(&sink, '\0');
    return sink.bytes;
}

/* All pages of a query, in every database, are those that are expected. */
static void check_pages(const struct access *who, struct list_query query, struct expected expected)
{
    size_t at = 0, size = query.page_size == 0 ? LIST_PAGE : query.page_size;
    for (int page_number = 0;; page_number++) {
        struct arena     arena[2] = { ARENA_INIT, ARENA_INIT };
        struct list_page page = { 0 };
        char            *text[2] = { NULL, NULL };
        for (int i = 0; i < 2; i++)
            if (databases[i] != NULL) {
                assert_ok(ask(databases[i], who, &query, &arena[i], &page));
                text[i] = as_json(&page);
            }
        if (text[1] != NULL)
            assert_string_equal(text[0], text[1]);
        size_t wanted = expected.num - at < size ? expected.num - at : size;
        assert_int_equal(page.num_rows, wanted);
        for (size_t i = 0; i < wanted; i++)
            assert_true(id_equal(&page.ids[i], &expected.cases[at + i]->id));
        at += wanted;
        assert_int_equal(page.next == NULL, at == expected.num);
        char *next = page.next != NULL ? strdup(page.next) : NULL;
        if (page_number > 0)
            free((void *) (uintptr_t) query.after);
        query.after = next;
        query.from = NULL;
        for (int i = 0; i < 2; i++) {
            arena_free(&arena[i]);
            free(text[i]);
        }
        if (next == NULL)
            return;
    }
}

static struct id id_of(uint32_t area)
{
    return *area_tree_id(world.tree, area);
}

/* ---- tests ---- */

static void test_every_page_of_every_order(void **state)
{
    (void) state;
    uint32_t top = world_area(&world, 0, false);
    for (int order = BY_ONSET; order <= BY_UPDATED; order++)
        for (int up = 0; up < 2; up++) {
            sort_order = (unsigned) order;
            ascending = up != 0;
            struct expected   expected = plainly(&top, 1, NULL, NULL);
            struct list_query query = { .view = view_find("cases", 5),
                                        .sort = sort_names[order],
                                        .ascending = ascending,
                                        .page_size = LIST_MOST_ROWS };
            check_pages(&everything, query, expected);
            free(expected.cases);
        }
}

static int few_everywhere(struct db *db, const struct model_record *record, const struct model_counter *counter,
                          const struct id *area, const char *const dimensions[MODEL_MAX_DIMENSIONS], int64_t *total,
                          struct db_error *error)
{
    (void) db, (void) record, (void) counter, (void) dimensions, (void) error;
    struct id top = id_of(world_area(&world, 0, false));
    *total = id_equal(area, &top) ? 4000 : 5; /* areas and keys look cheap */
    return 0;
}

static int many_everywhere(struct db *db, const struct model_record *record, const struct model_counter *counter,
                           const struct id *area, const char *const dimensions[MODEL_MAX_DIMENSIONS], int64_t *total,
                           struct db_error *error)
{
    (void) db, (void) record, (void) counter, (void) area, (void) dimensions, (void) error;
    *total = 1000000; /* the walk by sort looks cheap */
    return 0;
}

static void round_of_queries(struct test_random *random)
{
    static int (*const totals[])(struct db *, const struct model_record *, const struct model_counter *,
                                 const struct id *, const char *const[MODEL_MAX_DIMENSIONS], int64_t *,
                                 struct db_error *) = { world_total, NULL, few_everywhere, many_everywhere };
    static const char *const classifications[] = { NULL, "asymptomatic", "confirmed", "suspected" };
    struct list_filter       filters[2];
    struct list_query        query = { .view = view_find("cases", 5), .filters = filters };
    uint32_t                 granted[2], wanted[2];
    struct id                grant[2];
    size_t                   num_granted = test_between(random, 1, 2), num_wanted = 0;
    for (size_t i = 0; i < num_granted; i++) {
        granted[i] = (uint32_t) test_between(random, 0, world.num_areas / 8);
        if (test_between(random, 0, 2) == 0)
            granted[i] = (uint32_t) test_between(random, 0, world.num_areas - 1);
        grant[i] = id_of(granted[i]);
    }
    for (size_t i = 0; i < num_granted; i++)
        wanted[num_wanted++] = granted[i];
    if (test_between(random, 0, 1) == 0) { /* an area below the first of the grant */
        struct area_interval below = area_tree_subtree(world.tree, granted[0]);
        wanted[0] = (uint32_t) test_between(random, below.first, below.end - 1);
        num_wanted = 1;
        query.area = id_of(wanted[0]);
    }
    const char *disease =
        test_between(random, 0, 1) == 0 ? world.codes[world.cases[test_between(random, 0, 3999)].disease] : NULL;
    const char *classification = classifications[test_between(random, 0, 3)];
    if (disease != NULL)
        filters[query.num_filters++] = (struct list_filter){ .field = "disease", .is = disease };
    if (classification != NULL)
        filters[query.num_filters++] = (struct list_filter){ .field = "classification", .is = classification };
    sort_order = (unsigned) test_between(random, BY_ONSET, BY_UPDATED);
    ascending = query.ascending = test_between(random, 0, 1) == 0;
    query.sort = sort_names[sort_order];
    query.page_size = test_between(random, 20, LIST_MOST_ROWS);
    total_function = totals[test_between(random, 0, 3)];
    struct expected expected = plainly(wanted, num_wanted, disease, classification);
    struct access   who = { .role = ACCESS_EPIDEMIOLOGIST, .areas = grant, .num_areas = num_granted };
    check_pages(&who, query, expected);
    free(expected.cases);
    total_function = world_total;
}

static void test_pages_are_those_of_the_plain_way(void **state)
{
    (void) state;
    test_property("pages", 60, round_of_queries);
}

/* Beginning at a value: from there on, that value included. */
static void test_a_page_from_a_value_on(void **state)
{
    (void) state;
    uint32_t top = world_area(&world, 0, false);
    char     day[DATE_TEXT_BYTES];
    for (int up = 0; up < 2; up++) {
        sort_order = BY_RECEIVED;
        ascending = up != 0;
        struct expected all = plainly(&top, 1, NULL, NULL);
        size_t          skip = all.num / 2;
        while (skip > 0 && all.cases[skip - 1]->received == all.cases[skip]->received)
            skip--;
        date_to_text(all.cases[skip]->received, DATE_FORM_DAY, day);
        struct list_query query = { .view = view_find("cases", 5),
                                    .sort = "received_date",
                                    .ascending = ascending,
                                    .from = day,
                                    .page_size = LIST_MOST_ROWS };
        check_pages(&everything, query, (struct expected){ all.cases + skip, all.num - skip });
        free(all.cases);
    }
}

/* Those of the expected whose value is in the range, as a filter says it. */
static void keep_range(struct expected *expected, const char *from, const char *to)
{
    size_t kept = 0;
    for (size_t i = 0; i < expected->num; i++) {
        int64_t value = value_of(expected->cases[i]);
        char    day[DATE_TEXT_BYTES];
        if (value == MODEL_MISSING_DATE)
            continue;
        date_to_text((toc_date) value, DATE_FORM_DAY, day);
        if ((from == NULL || strcmp(day, from) >= 0) && (to == NULL || strncmp(day, to, strlen(to)) <= 0))
            expected->cases[kept++] = expected->cases[i];
    }
    expected->num = kept;
}

/* A range of the field that rows are sorted by: they are those of the plain way, and the walk does not leave it. */
static void test_a_range_of_the_sort_field_bounds_the_walk(void **state)
{
    (void) state;
    static const struct list_filter ranges[] = {
        { .from = "2025-03-05", .to = "2025-03-20" }, { .to = "2025-02" },      { .from = "2025-04" },
        { .from = "2025-03", .to = "2025-03" },       { .from = "2030-01-01" }, { .to = "2001" },
    };
    uint32_t top = world_area(&world, 0, false);
    size_t   num_met = 0;
    for (int order = BY_ONSET; order <= BY_RECEIVED; order++)
        for (int up = 0; up < 2; up++)
            for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
                sort_order = (unsigned) order;
                ascending = up != 0;
                struct list_filter filter = ranges[i];
                filter.field = sort_names[order];
                struct expected   expected = plainly(&top, 1, NULL, NULL);
                struct list_query query = { .view = view_find("cases", 5),
                                            .filters = &filter,
                                            .num_filters = 1,
                                            .sort = sort_names[order],
                                            .ascending = ascending,
                                            .page_size = 20 };
                keep_range(&expected, filter.from, filter.to);
                check_pages(&everything, query, expected);
                for (int d = 0; d < 2 && databases[d] != NULL; d++) {
                    struct arena     arena = ARENA_INIT;
                    struct list_page page;
                    query.page_size = LIST_MOST_ROWS;
                    assert_ok(ask(databases[d], &everything, &query, &arena, &page));
                    assert_int_equal(page.plan, LIST_BY_SORT);
                    assert_true(page.scanned <= expected.num);
                    arena_free(&arena);
                }
                num_met += expected.num;
                free(expected.cases);
            }
    assert_true(num_met > 1000);
}

static size_t column(const struct list_page *page, const char *name)
{
    for (size_t i = 0; i < page->view->num_columns; i++)
        if (strcmp(page->view->columns[i].name, name) == 0)
            return i;
    fail_msg("no column %s", name);
    return 0;
}

static const struct db_value *cell(const struct list_page *page, size_t row, const char *name)
{
    return &page->values[row * page->view->num_columns + column(page, name)];
}

static void test_filters_that_are_no_keys(void **state)
{
    (void) state;
    const struct list_filter filters[] = { { .field = "sex", .is = "female" },
                                           { .field = "received_date", .from = "2025-03", .to = "2025-04" } };
    for (int i = 0; i < 2 && databases[i] != NULL; i++) {
        struct arena      arena = ARENA_INIT;
        struct list_page  page;
        struct list_query query = {
            .view = view_find("cases", 5), .filters = filters, .num_filters = 2, .page_size = 200
        };
        assert_ok(ask(databases[i], &everything, &query, &arena, &page));
        assert_in_range(page.num_rows, 10, 200);
        for (size_t row = 0; row < page.num_rows; row++) {
            assert_memory_equal(cell(&page, row, "sex")->bytes, "female", 6);
            const char *received = cell(&page, row, "received_date")->bytes;
            assert_true(memcmp(received, "2025-03", 7) >= 0 && memcmp(received, "2025-04-30", 10) <= 0);
        }
        arena_free(&arena);
    }
}

/* What may not be seen is not there, and says that it is masked; references are followed. */
static void test_masks_and_references(void **state)
{
    (void) state;
    struct arena      arena = ARENA_INIT;
    struct list_page  page;
    struct list_query query = { .view = view_find("cases", 5), .page_size = 5 };
    struct access     analyst = { .role = ACCESS_ANALYST, .everywhere = true };
    assert_ok(ask(databases[0], &analyst, &query, &arena, &page));
    for (size_t row = 0; row < 5; row++) {
        assert_int_equal(cell(&page, row, "birth_year")->type, DB_NULL);
        assert_int_equal(cell(&page, row, "name")->type, DB_NULL);
        assert_int_equal(cell(&page, row, "area_code")->type, DB_TEXT);
        assert_int_equal(cell(&page, row, "delay")->type, DB_INTEGER);
    }
    assert_false(model_set_has(&page.visible, column(&page, "birth_year")));
    char *text = as_json(&page);
    assert_non_null(strstr(text, "\"masked\":[\"occupation\",\"birth_year\",\"name\",\"name_latin\",\"phone\"]"));
    free(text);
    arena_free(&arena);
    assert_ok(ask(databases[0], &everything, &query, &arena, &page));
    assert_true(model_set_has(&page.visible, column(&page, "birth_year")));
    assert_false(model_set_has(&page.visible, column(&page, "name")));
    arena_free(&arena);
}

static int faults_of(const struct access *who, const struct list_query *query, char *line)
{
    struct arena             arena = ARENA_INIT;
    struct list_page         page;
    struct fault_list        faults = FAULT_LIST_INIT;
    const struct list_source source = { .db = databases[0], .areas = world.tree, .total = world_total };
    int                      ret = list_read(&source, who, query, &arena, &page, &faults, NULL);
    line[0] = '\0';
    if (faults.num_kept > 0)
        fault_render(&faults.faults[0], line, FAULT_LINE_BYTES);
    fault_list_free(&faults);
    arena_free(&arena);
    return ret;
}

static void test_what_a_query_may_not_ask(void **state)
{
    (void) state;
    char              line[FAULT_LINE_BYTES];
    struct list_query query = { .view = view_find("cases", 5) };
    struct access nobody = { .everywhere = true }, administrator = { .role = ACCESS_ADMINISTRATOR, .everywhere = true };
    assert_status(faults_of(&nobody, &query, line), STORE_ERR_DENIED);
    assert_status(faults_of(&administrator, &query, line), STORE_ERR_DENIED);
    query.identities = true; /* without a purpose */
    assert_status(faults_of(&everything, &query, line), STORE_ERR_DENIED);

    query = (struct list_query){ .view = view_find("cases", 5), .sort = "person" };
    assert_status(faults_of(&everything, &query, line), BASE_ERR_INPUT);
    assert_non_null(strstr(line, "onset_date, received_date, updated"));

    struct list_filter filter = { .field = "occupation", .is = "farmer" };
    query = (struct list_query){ .view = view_find("cases", 5), .filters = &filter, .num_filters = 1 };
    struct access analyst = { .role = ACCESS_ANALYST, .everywhere = true };
    assert_status(faults_of(&everything, &query, line), 0);
    assert_status(faults_of(&analyst, &query, line), BASE_ERR_INPUT); /* sensitive: no filter for them */
    assert_null(strstr(line, "farmer"));
    assert_null(strstr(line, "occupation,"));
    filter = (struct list_filter){ .field = "onset_date", .from = "yesterday's" };
    assert_status(faults_of(&everything, &query, line), BASE_ERR_INPUT);
    assert_null(strstr(line, "yesterday"));
    filter = (struct list_filter){ .field = "onset_date", .from = "2026", .to = "2026-02" };
    assert_status(faults_of(&everything, &query, line), 0);
    filter = (struct list_filter){ .field = "onset_date", .to = "2026-13" };
    assert_status(faults_of(&everything, &query, line), BASE_ERR_INPUT);
    filter = (struct list_filter){ .field = "onset_date", .is = "2026-01-01" };
    assert_status(faults_of(&everything, &query, line), BASE_ERR_INPUT);
    filter = (struct list_filter){ .field = "age_years", .from = "five" };
    assert_status(faults_of(&everything, &query, line), BASE_ERR_INPUT);
    assert_null(strstr(line, "five"));

    query = (struct list_query){ .view = view_find("cases", 5), .page_size = LIST_MOST_ROWS + 1 };
    assert_status(faults_of(&everything, &query, line), BASE_ERR_INPUT);
    query.page_size = LIST_MOST_ROWS;
    assert_status(faults_of(&everything, &query, line), 0);
    query.after = "2026-01-01";
    assert_status(faults_of(&everything, &query, line), BASE_ERR_INPUT);
}

/* Outside the grant and not there at all: one answer. */
static void test_an_area_outside_the_grant_is_absent(void **state)
{
    (void) state;
    char              line[FAULT_LINE_BYTES];
    const struct id   mine = id_of(world_area(&world, 2, false)), other = id_of(world_area(&world, 2, true));
    struct access     who = { .role = ACCESS_EPIDEMIOLOGIST, .areas = &mine, .num_areas = 1 };
    struct list_query query = { .view = view_find("cases", 5), .area = other };
    assert_status(faults_of(&who, &query, line), STORE_ERR_ABSENT);
    memset(query.area.bytes, 0x77, ID_BYTES);
    assert_status(faults_of(&who, &query, line), STORE_ERR_ABSENT);
    query.area = id_of(world_area(&world, 0, false)); /* above: what is theirs of it */
    assert_status(faults_of(&who, &query, line), 0);
    query.area = mine;
    assert_status(faults_of(&who, &query, line), 0);
}

/* A village without a recent case: the walk by date is given up, and its own rows are asked for. */
static void test_an_area_without_recent_cases(void **state)
{
    (void) state;
    uint32_t          village = world_area(&world, 4, true);
    struct arena      arena = ARENA_INIT;
    struct list_page  page;
    struct list_query query = { .view = view_find("cases", 5), .area = id_of(village) };
    total_function = many_everywhere;
    assert_ok(ask(databases[0], &everything, &query, &arena, &page));
    total_function = world_total;
    sort_order = BY_ONSET;
    ascending = false;
    struct expected expected = plainly(&village, 1, NULL, NULL);
    assert_int_equal(page.num_rows, expected.num);
    assert_true(expected.num > 0);
    free(expected.cases);
    arena_free(&arena);
    assert_ok(ask(databases[0], &everything, &query, &arena, &page));
    assert_int_equal(page.plan, LIST_BY_AREA);
    assert_in_range(page.scanned, 0, 2 * page.num_rows + 10);
    arena_free(&arena);
}

/* Many in the area, of which few have the key: each value of the other key is asked for in each area. */
static int few_with_the_key(struct db *db, const struct model_record *record, const struct model_counter *counter,
                            const struct id *area, const char *const dimensions[MODEL_MAX_DIMENSIONS], int64_t *total,
                            struct db_error *error)
{
    (void) db, (void) record, (void) counter, (void) error;
    struct id top = id_of(world_area(&world, 0, false));
    bool      any = dimensions[0] == NULL && dimensions[1] == NULL;
    *total = any ? 1000000 : id_equal(area, &top) ? 100000 : 10;
    return 0;
}

static void test_a_key_in_some_areas(void **state)
{
    (void) state;
    static const char *const filters_of[2][2] = { { NULL, "suspected" }, { "influenza", NULL } };
    uint32_t                 county = world_area(&world, 2, false);
    for (int i = 0; i < 4; i++) {
        const char        *disease = filters_of[i / 2][0], *classification = filters_of[i / 2][1];
        struct arena       arena = ARENA_INIT;
        struct list_page   page;
        struct list_filter filter = { .field = disease != NULL ? "disease" : "classification",
                                      .is = disease != NULL ? disease : classification };
        struct list_query  query = {
             .view = view_find("cases", 5), .area = id_of(county), .filters = &filter, .num_filters = 1, .page_size = 200
        };
        if (databases[i % 2] == NULL)
            continue;
        total_function = few_with_the_key;
        assert_ok(ask(databases[i % 2], &everything, &query, &arena, &page));
        total_function = world_total;
        sort_order = BY_ONSET;
        ascending = false;
        struct expected expected = plainly(&county, 1, disease, classification);
        assert_true(expected.num > 10);
        assert_int_equal(page.plan, LIST_BY_KEY);
        assert_int_equal(page.num_rows, expected.num < 200 ? expected.num : 200);
        assert_in_range(page.scanned, page.num_rows, expected.num); /* and no other row was looked at */
        for (size_t row = 0; row < page.num_rows; row++)
            assert_true(id_equal(&page.ids[row], &expected.cases[row]->id));
        free(expected.cases);
        arena_free(&arena);
    }
}

/* Of the expected those with this severity and this outcome; NULL = any. */
static void keep_codes(struct expected *expected, const char *severity, const char *outcome)
{
    size_t kept = 0;
    for (size_t i = 0; i < expected->num; i++)
        if (is_code(expected->cases[i]->severity, severity) && is_code(expected->cases[i]->outcome, outcome))
            expected->cases[kept++] = expected->cases[i];
    expected->num = kept;
}

/* The rows of a rare value are found by the index of its field, and no others are read; a common one, and a rare one
 * where few areas are asked for, by whatever is cheaper. */
static void test_a_rare_value(void **state)
{
    (void) state;
    static const struct {
        const char *severity, *outcome, *disease;
    } asked[] = { { "severe", NULL, NULL },   { NULL, "died-of-disease", NULL },
                  { "critical", NULL, NULL }, { "severe", "died-of-disease", NULL },
                  { "mild", NULL, NULL },     { "severe", NULL, "influenza" } };
    const uint32_t tops[] = { world_area(&world, 0, false), world_area(&world, 2, false), world_area(&world, 4, true) };
    size_t         rare = 0;
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++)
        for (int round = 0; round < 18; round++) {
            struct list_filter filters[3];
            struct list_query  query = { .view = view_find("cases", 5), .filters = filters, .page_size = 50 };
            struct arena       arena = ARENA_INIT;
            struct list_page   page;
            uint32_t           top = tops[round / 6];
            if (asked[i].severity != NULL)
                filters[query.num_filters++] = (struct list_filter){ .field = "severity", .is = asked[i].severity };
            if (asked[i].outcome != NULL)
                filters[query.num_filters++] = (struct list_filter){ .field = "outcome", .is = asked[i].outcome };
            if (asked[i].disease != NULL)
                filters[query.num_filters++] = (struct list_filter){ .field = "disease", .is = asked[i].disease };
            query.area = id_of(top);
            sort_order = (unsigned) (round % 3);
            query.sort = sort_names[sort_order];
            query.ascending = ascending = round / 3 % 2 == 1;
            struct expected expected = plainly(&top, 1, asked[i].disease, NULL);
            keep_codes(&expected, asked[i].severity, asked[i].outcome);
            assert_ok(ask(databases[0], &everything, &query, &arena, &page));
            if (i == 4 && round < 3) /* many of all areas, and each entry says whether it is one */
                assert_int_equal(page.plan, sort_order == BY_ONSET ? LIST_BY_RARE : LIST_BY_SORT);
            if (page.plan == LIST_BY_RARE) {
                struct expected all = plainly(tops, 1, NULL, NULL);
                keep_codes(&all, asked[i].severity, asked[i].severity == NULL ? asked[i].outcome : NULL);
                assert_in_range(page.scanned, expected.num < 51 ? expected.num : 51, all.num);
                free(all.cases);
                rare++;
            }
            arena_free(&arena);
            check_pages(&everything, query, expected);
            free(expected.cases);
        }
    assert_true(rare > 12);
}

/* Of the expected as many as stand before the page's end: those of the last one's value too. */
static size_t up_to_the_last_value(const struct expected *expected, size_t page_size)
{
    size_t num = page_size < expected->num ? page_size : expected->num;
    while (num > 0 && num < expected->num && value_of(expected->cases[num]) == value_of(expected->cases[num - 1]))
        num++;
    return num;
}

/* SQLite: by the list's own order a page of a common value takes its rows and no others, wherever they stand. */
static void test_a_common_value_in_the_lists_order(void **state)
{
    (void) state;
    const struct list_filter ranges[] = { { .field = NULL },
                                          { .field = "onset_date", .from = "2025-03-05", .to = "2025-03-20" },
                                          { .field = "onset_date", .to = "2025-02" },
                                          { .field = "onset_date", .from = "2025-04" } };
    uint32_t                 top = world_area(&world, 0, false);
    size_t                   found = 0;
    sort_order = BY_ONSET;
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        for (int up = 0; up < 2; up++) {
            struct list_filter filters[] = { { .field = "severity", .is = "mild" }, ranges[i] };
            struct list_query  query = { .view = view_find("cases", 5),
                                         .sort = "onset_date",
                                         .filters = filters,
                                         .num_filters = ranges[i].field == NULL ? 1 : 2,
                                         .page_size = 20,
                                         .ascending = ascending = up != 0 };
            struct arena       arena = ARENA_INIT;
            struct list_page   page;
            struct expected    expected = plainly(&top, 1, NULL, NULL);
            keep_codes(&expected, "mild", NULL);
            if (ranges[i].field != NULL)
                keep_range(&expected, ranges[i].from, ranges[i].to);
            assert_ok(ask(databases[0], &everything, &query, &arena, &page));
            assert_int_equal(page.plan, LIST_BY_RARE);
            assert_in_range(page.scanned, 20, up_to_the_last_value(&expected, query.page_size + 1) + 1);
            found += expected.num;
            arena_free(&arena);
            check_pages(&everything, query, expected);
            free(expected.cases);
        }
    assert_true(found > 400);
}

/* The same pages where nobody has counted the rows. */
static void test_a_rare_value_of_nobody_knows_how_many(void **state)
{
    (void) state;
    const uint32_t     top = world_area(&world, 0, false);
    struct list_filter filter = { .field = "severity", .is = "severe" };
    struct list_query  query = { .view = view_find("cases", 5), .filters = &filter, .num_filters = 1, .page_size = 50 };
    total_function = NULL;
    for (int i = 0; i < 6; i++) {
        query.area = id_of(top);
        sort_order = (unsigned) (i % 3);
        query.sort = sort_names[sort_order];
        query.ascending = ascending = i / 3 == 1;
        struct expected expected = plainly(&top, 1, NULL, NULL);
        keep_codes(&expected, "severe", NULL);
        check_pages(&everything, query, expected);
        free(expected.cases);
    }
    total_function = world_total;
}

/* Infections without symptoms have no date of onset: rows that have one are not walked through. */
static void test_rows_without_a_value(void **state)
{
    (void) state;
    uint32_t top = world_area(&world, 0, false);
    for (int i = 0; i < 2; i++) {
        struct arena       arena = ARENA_INIT;
        struct list_page   page;
        struct list_filter filter = { .field = "classification", .is = "asymptomatic" };
        struct list_query  query = {
             .view = view_find("cases", 5), .sort = "onset_date", .filters = &filter, .num_filters = 1, .page_size = 5
        };
        if (databases[i] == NULL)
            continue;
        assert_ok(ask(databases[i], &everything, &query, &arena, &page));
        sort_order = BY_ONSET;
        ascending = false;
        struct expected expected = plainly(&top, 1, NULL, "asymptomatic");
        assert_true(expected.num > 20);
        assert_int_equal(page.num_rows, 5);
        assert_int_equal(page.plan, LIST_BY_SORT);
        assert_in_range(page.scanned, 6, 300);
        for (size_t row = 0; row < page.num_rows; row++)
            assert_true(id_equal(&page.ids[row], &expected.cases[row]->id));
        free(expected.cases);
        arena_free(&arena);
    }
}

static void test_totals_come_from_the_counters(void **state)
{
    (void) state;
    const struct list_source source = { .db = databases[0], .areas = world.tree, .total = world_total };
    const struct id          two[] = { id_of(world_area(&world, 2, false)), id_of(world_area(&world, 2, true)) };
    struct access            who = { .role = ACCESS_ANALYST, .areas = two, .num_areas = 2 };
    struct arena             arena = ARENA_INIT;
    struct fault_list        faults = FAULT_LIST_INIT;
    struct list_filter       filters[] = { { .field = "classification", .is = "confirmed" },
                                           { .field = "sex", .is = "male" } };
    struct list_query        query = { .view = view_find("cases", 5), .filters = filters, .num_filters = 1 };
    const uint32_t           areas[] = { world_area(&world, 2, false), world_area(&world, 2, true) };
    int64_t                  total;
    bool                     known;
    assert_ok(list_total(&source, &who, &query, &arena, &total, &known, &faults, NULL));
    struct expected expected = plainly(areas, 2, NULL, "confirmed");
    assert_true(known);
    assert_int_equal(total, expected.num);
    query.num_filters = 2;
    assert_ok(list_total(&source, &who, &query, &arena, &total, &known, &faults, NULL));
    assert_false(known);
    who.role = ACCESS_AUDITOR;
    assert_status(list_total(&source, &who, &query, &arena, &total, &known, &faults, NULL), STORE_ERR_DENIED);
    free(expected.cases);
    arena_free(&arena);
    fault_list_free(&faults);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_page_of_every_order),
        cmocka_unit_test(test_pages_are_those_of_the_plain_way),
        cmocka_unit_test(test_a_page_from_a_value_on),
        cmocka_unit_test(test_a_range_of_the_sort_field_bounds_the_walk),
        cmocka_unit_test(test_filters_that_are_no_keys),
        cmocka_unit_test(test_masks_and_references),
        cmocka_unit_test(test_what_a_query_may_not_ask),
        cmocka_unit_test(test_an_area_outside_the_grant_is_absent),
        cmocka_unit_test(test_an_area_without_recent_cases),
        cmocka_unit_test(test_a_key_in_some_areas),
        cmocka_unit_test(test_a_rare_value),
        cmocka_unit_test(test_a_common_value_in_the_lists_order),
        cmocka_unit_test(test_a_rare_value_of_nobody_knows_how_many),
        cmocka_unit_test(test_rows_without_a_value),
        cmocka_unit_test(test_totals_come_from_the_counters),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
