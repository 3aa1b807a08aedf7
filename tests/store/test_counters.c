/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counts, now and as known; the reporting triangle; totals; what the writer keeps in memory; on both databases. */
#include <stdio.h>
#include <time.h>

#include "base/time_zone.h"
#include "store/counters_internal.h"
#include "store/node.h"
#include "store/store_internal.h"
#include "support/store.h"
#include "support/test.h"

static struct test_store test;

static struct model_text text(const char *bytes)
{
    return (struct model_text){ bytes, strlen(bytes) };
}

/* A case with these facts; bulk in one request. */
static void create_cases(size_t num, enum test_area area, const char *disease, toc_date onset)
{
    enum { MOST = 200 };
    static struct people_sample samples[MOST];
    static struct store_change  changes[3 * MOST];
    struct access               who = test_program();
    for (size_t done = 0; done < num;) {
        size_t some = num - done < MOST ? num - done : MOST;
        for (size_t i = 0; i < some; i++) {
            test_person_set(&test, &samples[i], &changes[3 * i]);
            struct model_case *illness = &samples[i].illness;
            illness->responsible_area = test.areas[area];
            illness->disease = text(disease);
            illness->classification = text("confirmed");
            illness->onset_date = onset;
            illness->outcome_date = illness->death_date = illness->specimen_date = MODEL_MISSING_DATE;
            illness->received_date = 19999;
            illness->result_time = illness->outcome = illness->severity = (struct model_text){ NULL, 0 };
            illness->origin = illness->found_by = (struct model_text){ NULL, 0 };
        }
        struct store_request request = { .verb = "create", .set = { changes, 3 * some } };
        struct fault_list    faults = FAULT_LIST_INIT;
        int                  ret = store_submit(test.store, &who, &request, NULL, &faults);
        fault_list_write(&faults, stderr);
        fault_list_free(&faults);
        assert_int_equal(ret, 0);
        done += some;
    }
}

static const struct model_counter *counter_named(const char *name)
{
    const struct model_record *record = model_record(MODEL_CASE);
    for (size_t i = 0; i < record->num_counters; i++)
        if (strcmp(record->counters[i].name, name) == 0)
            return &record->counters[i];
    fail_msg("case has no counter %s", name);
    return NULL;
}

static struct store_count_query by_onset(enum test_area area, const char *disease)
{
    const struct model_record *record = model_record(MODEL_CASE);
    return (struct store_count_query){ .record = record,
                                       .counter = counter_named("case_by_onset"),
                                       .area = test.areas[area],
                                       .dimensions = { disease },
                                       .from = 19990,
                                       .to = 19999,
                                       .known = MODEL_MISSING_DATE };
}

static int64_t count(struct store_count_query query, int64_t *undated)
{
    struct access who = test_program();
    int64_t       counts[10], sum = 0;
    assert_ok(store_counts(test.reader, &who, &query, counts, undated));
    for (size_t i = 0; i < 10; i++)
        sum += counts[i];
    return sum;
}

static int64_t total(enum test_area area, const char *disease, const char *classification)
{
    const struct model_record *record = model_record(MODEL_CASE);
    const char                *dimensions[COUNTERS_DIMENSIONS] = { disease, classification };
    struct db                 *db;
    int64_t                    sum = -1;
    assert_ok(store_reader_db(test.reader, &db));
    assert_ok(counters_total(db, record, &record->counters[0], &test.areas[area], dimensions, &sum, NULL));
    return sum;
}

static void test_counts_at_every_level(void **state)
{
    (void) state;
    int64_t undated;
    create_cases(3, TEST_EAST_ONE, "cholera", 19995);
    create_cases(2, TEST_EAST_TWO, "plague", 19996);
    create_cases(1, TEST_WEST_ONE, "plague", MODEL_MISSING_DATE);
    assert_int_equal(count(by_onset(TEST_EAST_ONE, NULL), &undated), 3);
    assert_int_equal(count(by_onset(TEST_EAST, NULL), &undated), 5);
    assert_int_equal(undated, 0);
    assert_int_equal(count(by_onset(TEST_PROVINCE, NULL), &undated), 5);
    assert_int_equal(undated, 1);
    assert_int_equal(count(by_onset(TEST_PROVINCE, "plague"), &undated), 2);
    assert_int_equal(count(by_onset(TEST_OTHER, NULL), &undated), 0);
    assert_int_equal(total(TEST_COUNTY, NULL, NULL), 6);
    assert_int_equal(total(TEST_COUNTY, "plague", NULL), 3);
    assert_int_equal(total(TEST_COUNTY, "plague", "confirmed"), 3);
    assert_int_equal(total(TEST_COUNTY, NULL, "suspected"), 0);
}

static int64_t received(const char *outcome, const char *origin, const char *found_by, toc_date known)
{
    struct store_count_query query = { .record = model_record(MODEL_CASE),
                                       .counter = counter_named("case_by_received"),
                                       .area = test.areas[TEST_PROVINCE],
                                       .dimensions = { "cholera", NULL, NULL, outcome, origin, found_by },
                                       .from = 19995,
                                       .to = 20004,
                                       .known = known };
    int64_t                  undated;
    return count(query, &undated);
}

/* How a case was found, where it came from and how it ended are counted too, by the day on which each was known. */
static void test_counts_of_how_cases_were_found_and_ended(void **state)
{
    (void) state;
    struct people_sample sample;
    struct store_change  change[3];
    struct access        who = test_program();
    toc_date             today = (toc_date) (test.now / INSTANT_DAY);
    test_person_set(&test, &sample, change);
    sample.illness.responsible_area = test.areas[TEST_EAST_ONE];
    sample.illness.disease = text("cholera");
    sample.illness.received_date = 20000;
    sample.illness.onset_date = sample.illness.outcome_date = MODEL_MISSING_DATE;
    sample.illness.death_date = sample.illness.specimen_date = MODEL_MISSING_DATE;
    sample.illness.result_time = sample.illness.severity = sample.illness.outcome = (struct model_text){ NULL, 0 };
    sample.illness.origin = text("unknown");
    sample.illness.found_by = text("contact-in-quarantine");
    struct store_request request = { .verb = "create", .set = { change, 3 } };
    assert_ok(store_submit(test.store, &who, &request, NULL, NULL));
    assert_int_equal(received(NULL, "unknown", "contact-in-quarantine", today), 1);
    assert_int_equal(received("", NULL, NULL, today), 1);
    assert_int_equal(received(NULL, "local", NULL, today), 0);

    test.now += 2 * INSTANT_DAY;
    sample.illness.outcome = text("died-of-disease");
    sample.illness.origin = text("local");
    change[2].verb = STORE_CHANGE;
    change[2].given = (struct model_set){ { 0 } };
    model_set_add(&change[2].given, model_case_outcome);
    model_set_add(&change[2].given, model_case_origin);
    request = (struct store_request){ .verb = "change", .set = { &change[2], 1 } };
    assert_ok(store_submit(test.store, &who, &request, NULL, NULL));
    assert_int_equal(received("died-of-disease", "local", "contact-in-quarantine", MODEL_MISSING_DATE), 1);
    assert_int_equal(received(NULL, "unknown", NULL, MODEL_MISSING_DATE), 0);
    assert_int_equal(received("died-of-disease", NULL, NULL, today + 1), 0);
    assert_int_equal(received(NULL, "unknown", NULL, today + 1), 1);
}

static void test_counts_as_known(void **state)
{
    (void) state;
    struct people_sample sample;
    struct store_change  change[3];
    struct access        who = test_program();
    int64_t              undated;
    create_cases(1, TEST_EAST_ONE, "cholera", 19995);
    test.now += 2 * INSTANT_DAY;
    test.next = 0;
    test_person_set(&test, &sample, change);
    model_init(model_record(MODEL_CASE), &sample.illness.head); /* the same case again, as a change */
    test.next = 0;
    test_person_set(&test, &sample, change);
    sample.illness.onset_date = 19997;
    change[2].verb = STORE_CHANGE;
    change[2].given = (struct model_set){ { 0 } };
    model_set_add(&change[2].given, model_case_onset_date);
    struct store_request request = { .verb = "change", .set = { &change[2], 1 } };
    assert_ok(store_submit(test.store, &who, &request, NULL, NULL));

    int64_t                  counts[10];
    struct store_count_query query = by_onset(TEST_PROVINCE, NULL);
    assert_ok(store_counts(test.reader, &who, &query, counts, &undated));
    assert_int_equal(counts[5], 0);
    assert_int_equal(counts[7], 1);
    query.known = 20001;
    assert_ok(store_counts(test.reader, &who, &query, counts, &undated));
    assert_int_equal(counts[5], 1);
    assert_int_equal(counts[7], 0);
    query.known = 19999;
    assert_int_equal(count(query, &undated), 0);

    int64_t cells[10 * 7];
    query.known = MODEL_MISSING_DATE;
    assert_ok(store_triangle(test.reader, &who, &query, 6, cells));
    assert_int_equal(cells[5 * 7 + 5], 1);  /* known 5 days after its day */
    assert_int_equal(cells[5 * 7 + 6], -1); /* and taken back after 7, in the last column */
    assert_int_equal(cells[7 * 7 + 5], 1);
}

static void test_counts_need_the_grant(void **state)
{
    (void) state;
    struct access            who = test_epidemiologist(&test.areas[TEST_EAST]);
    struct store_count_query query = by_onset(TEST_EAST, NULL);
    int64_t                  counts[10], undated;
    assert_ok(store_counts(test.reader, &who, &query, counts, &undated));
    query.area = test.areas[TEST_COUNTY];
    assert_status(store_counts(test.reader, &who, &query, counts, &undated), STORE_ERR_ABSENT);
    who.role = ACCESS_AUDITOR;
    assert_status(store_counts(test.reader, &who, &query, counts, &undated), STORE_ERR_DENIED);
}

/* Whether the writer has a row in memory or reads it first, the numbers are the same. */
static void test_a_new_writer_counts_on(void **state)
{
    (void) state;
    int64_t undated;
    create_cases(1000, TEST_EAST_ONE, "cholera", 19995);
    for (int i = 1; i <= 3; i++) {
        create_cases(2, TEST_EAST_TWO, "plague", 19997);
        assert_int_equal(total(TEST_EAST, "cholera", NULL), 1000);
        assert_int_equal(total(TEST_EAST, "plague", "confirmed"), 2 * i);
        assert_int_equal(total(TEST_EAST, NULL, "confirmed"), 1000 + 2 * i);
        assert_int_equal(total(TEST_EAST_TWO, NULL, "confirmed"), 2 * i);
        assert_int_equal(count(by_onset(TEST_EAST, NULL), &undated), 1000 + 2 * i);
        assert_int_equal(count(by_onset(TEST_PROVINCE, "plague"), &undated), 2 * i);
        test_store_reopen(&test);
    }
    for (int i = 0; i < 600 && test_store_number(&test, "SELECT count(*) FROM counter_waiting") > 0; i++)
        nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL); /* until the writer has added what waited */
    /* a row a day and counter of each area, whatever the number of cases and codes */
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM counter WHERE event_day = 19995"), 4);
    /* two of disease and classification, of them and all else that is missing the same, two of no sender and disease */
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM counter_codes"), 4);
}

/* A time in UTC is of the node's day, one with another zone, or without, of the day that was said. Day 20001 is
 * 2024-10-05. */
static void test_days_of_times(void **state)
{
    static const struct {
        const char *noticed;
        toc_date    day;
    } asked[] = {
        { "2024-10-04T15:59:59Z", 20000 },
        { "2024-10-04T16:00:00Z", 20001 },
        { "2024-10-04T16Z", 20001 },
        { "2024-10-05", 20001 },
        { "2024-10-05T23:59", 20001 },
        { "2024-10-05T15:59Z", 20001 },
        { "2024-10-05T23:00:00-05:00", 20001 },
        { "2024-10-05T00:10:00+08:00", 20001 },
        { "2024-10-05T16:00Z", 20002 },
    };
    const struct model_record *record = model_record(MODEL_SIGNAL);
    struct access              who = test_program();
    int64_t                    days[3], undated;
    (void) state;
    assert_ok(time_zone_set("Asia/Shanghai"));
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        struct model_signal  signal;
        struct store_change  change = { .verb = STORE_CREATE, .record = record, .value = &signal };
        struct store_request request = { .verb = "create", .set = { &change, 1 } };
        model_init(record, &signal);
        signal.head.id = node_new_id(test.now + (int64_t) i * INSTANT_SECOND);
        signal.area = test.areas[TEST_EAST];
        signal.source = text("alarm");
        signal.status = text("new");
        signal.noticed_time = text(asked[i].noticed);
        assert_ok(store_submit(test.store, &who, &request, NULL, NULL));
        struct store_count_query query = { .record = record,
                                           .counter = &record->counters[0],
                                           .area = test.areas[TEST_EAST],
                                           .from = asked[i].day - 1,
                                           .to = asked[i].day + 1,
                                           .known = MODEL_MISSING_DATE };
        assert_ok(store_counts(test.reader, &who, &query, days, &undated));
        assert_int_equal(days[1], i == 0 || i == 8 ? 1 : i);
        assert_int_equal(undated, 0);
    }
    assert_ok(time_zone_set(""));
}

/* A request that fails after it was counted leaves nothing, in the database and in the writer's memory. */
static void test_what_failed_is_not_counted(void **state)
{
    (void) state;
    struct people_sample first, second;
    struct store_change  changes[6];
    struct access        who = test_program();
    struct store_request request = { .verb = "create", .set = { changes, 6 } };
    create_cases(1, TEST_EAST_ONE, "cholera", 19995);
    int64_t before = total(TEST_PROVINCE, NULL, NULL);
    test_person_set(&test, &first, changes);
    test_person_set(&test, &second, changes + 3);
    second.illness.person = (struct id){ { 1 } };
    assert_true(store_submit(test.store, &who, &request, NULL, NULL) < 0);
    assert_int_equal(total(TEST_PROVINCE, NULL, NULL), before);
    create_cases(1, TEST_EAST_ONE, "cholera", 19995);
    assert_int_equal(total(TEST_PROVINCE, NULL, NULL), before + 1);
}

static void execute(const char *sql)
{
    struct db_error error = { .what = "" };
    struct db      *db;
    assert_ok(db_open(test.url, NULL, &db, &error));
    assert_ok(db_execute(db, sql, &error));
    db_close(db);
}

/* Rows that lie under the number of another series are not added up as its own. */
static void test_rows_of_another_series_are_found_out(void **state)
{
    (void) state;
    char          sql[160];
    int64_t       counts[10], undated;
    struct access who = test_program();
    create_cases(1, TEST_EAST_ONE, "cholera", 19995);
    struct counters_series other = counters_series("case_by_onset", &test.areas[TEST_OTHER]);
    snprintf(sql, sizeof sql, "UPDATE counter SET series = %lld WHERE event_day = 19995", (long long) other.number);
    execute("DELETE FROM counter WHERE series <> (SELECT min(series) FROM counter WHERE event_day = 19995)");
    execute(sql);
    struct store_count_query query = by_onset(TEST_OTHER, NULL);
    assert_status(store_counts(test.reader, &who, &query, counts, &undated), DB_ERR_CORRUPT);
}

#define PROMISES(on)                                                                                                   \
    on(test_counts_at_every_level) on(test_counts_of_how_cases_were_found_and_ended) on(test_counts_as_known)          \
        on(test_counts_need_the_grant) on(test_days_of_times) on(test_a_new_writer_counts_on)                          \
            on(test_what_failed_is_not_counted)
#define ON_SQLITE(name) { "sqlite: " #name, name, test_store_on_sqlite, test_store_end, &test },
#define ON_POSTGRESQL(name) { "postgresql: " #name, name, test_store_on_postgresql, test_store_end, &test },
#define WAITING(name) { "counts wait: " #name, name, test_store_on_postgresql_waiting, test_store_end, &test },

int main(void)
{
    const struct CMUnitTest both[] = { PROMISES(ON_SQLITE) PROMISES(ON_POSTGRESQL) PROMISES(WAITING) ON_SQLITE(
        test_rows_of_another_series_are_found_out) ON_POSTGRESQL(test_rows_of_another_series_are_found_out) };
    const struct CMUnitTest embedded[] = { PROMISES(ON_SQLITE) ON_SQLITE(test_rows_of_another_series_are_found_out) };
    return test_postgresql_installed() ? cmocka_run_group_tests_name("counters", both, NULL, NULL)
                                       : cmocka_run_group_tests_name("counters", embedded, NULL, NULL);
}
