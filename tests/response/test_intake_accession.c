/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The accession numbers that a sender says it sent against what came, on both databases: each is used, waits, is not
 * used and why, or never came; what came besides is told; what was told is kept; nobody else's numbers are. */
#include "response/intake_accession.h"

#include <stdlib.h>

#include "base/instant.h"
#include "base/time_zone.h"
#include "response/intake_work.h"
#include "response/intakes.h"
#include "store/rows_by.h"

static struct test_store test;
static struct intake    *intake;

/* A report of one result of a specimen: its number, its code, what was found. */
#define ABOUT(number, code, value)                                                                                     \
    "PID|1||4711^^^LAB^MR||Zhang^Wei||19800501|F\rOBR|1||" number "|94500-6^SARS-CoV-2^LN|||20241004\r"                \
    "OBX|1|CE|" code "||" value "||||||F|||20241004\r"
#define POSITIVE(number) ABOUT(number, "94500-6^SARS-CoV-2^LN", "260373001^Detected^SCT")

static void send(const struct model_feed *feed, const char *control, const char *rest, const char *verdict)
{
    char                  message[TEST_MESSAGE_BYTES];
    struct intake_receipt receipt;
    size_t                size = test_message(message, control, "%s", rest);
    assert_ok(test_take(intake, feed, message, size, &receipt));
    assert_string_equal(receipt.verdict, verdict);
}

static void work(void)
{
    size_t num = 1;
    while (num > 0)
        assert_ok(intake_work(intake, test.reader, NULL, NULL, &num));
}

/* What is answered and kept; the caller frees it. */
static char *filed(const struct model_feed *feed, int days, const char *list, int status)
{
    struct intake_accessions found;
    struct arena             arena = ARENA_INIT;
    struct fault_list        faults = FAULT_LIST_INIT;
    struct json_writer       json;
    struct sink              sink;
    struct id                record = { { 0 } };
    toc_date                 day = time_zone_day(test.now) + days;
    struct intake_filing     filing = { .feed = feed, .day = day };
    sink_init_memory(&sink);
    assert_status(intake_accessions_find(intake, test.reader, feed, 1, time_zone_start(day), time_zone_start(day + 1),
                                         (struct report_text){ list, strlen(list) }, &arena, &faults, &found),
                  status);
    if (status == 0) {
        assert_ok(intake_accessions_keep(intake, &found, &filing, &record, &faults));
        json_writer_init(&json, &sink);
        json_begin_object(&json);
        intake_accessions_write(&found, &record, &json);
        json_end(&json);
    } else
        sink_text(&sink, faults.num_kept > 0 ? faults.faults[0].found : "nothing told");
    sink_character(&sink, '\0');
    arena_free(&arena);
    fault_list_free(&faults);
    return sink.bytes;
}

/* Behind the record's id. */
static void assert_filed(const struct model_feed *feed, int days, const char *list, const char *expected)
{
    char *found = filed(feed, days, list, 0);
    assert_string_equal(strchr(found, ',') + 1, expected);
    free(found);
}

#define NONE(list) "\"" list "\":[]"

static void begin(struct model_feed *feed)
{
    *feed = test_feed(&test, "live");
    intake = test_intake_open(&test);
    test_create(&test, MODEL_FEED, feed);
}

static void test_each_number_is_told(void **state)
{
    (void) state;
    struct model_feed feed, other = test_feed(&test, "live");
    begin(&feed);
    test_create(&test, MODEL_FEED, &other);
    send(&feed, "C1", POSITIVE("A1"), "received");
    send(&feed, "C2", POSITIVE("A2"), "received");
    send(&other, "C3", POSITIVE("A3"), "received");
    work();
    send(&feed, "C4", POSITIVE("A4"), "received"); /* not read yet */
    assert_filed(&feed, 0,
                 "\xef\xbb\xbf"
                 "A1\r\n\r\n  A4 \nA3\nA1\nA0",
                 "\"listed\":4,\"used\":1,\"waiting\":1,\"not_used\":0,\"missing\":2,\"not_listed\":1,\"unread\":0,"
                 "\"missing_numbers\":[{\"number\":\"A0\"},{\"number\":\"A3\"}]," NONE(
                     "not_used_numbers") ","
                                         "\"waiting_numbers\":[{\"number\":\"A4\"}],"
                                         "\"not_listed_numbers\":[{\"number\":\"A2\",\"became\":\"used\"}]}");
    /* of another day: a result counts whenever it came, what is not used and what is not listed are that day's */
    assert_filed(&feed, 1, "A1\nA4\n",
                 "\"listed\":2,\"used\":1,\"waiting\":0,\"not_used\":0,\"missing\":1,\"not_listed\":0,\"unread\":0,"
                 "\"missing_numbers\":[{\"number\":\"A4\"}]," NONE("not_used_numbers") "," NONE(
                     "waiting_numbers") "," NONE("not_listed_numbers") "}");
    assert_filed(&other, 0, "",
                 "\"listed\":0,\"used\":0,\"waiting\":0,\"not_used\":0,\"missing\":0,\"not_listed\":1,\"unread\":"
                 "0," NONE("missing_numbers") "," NONE("not_used_numbers") "," NONE(
                     "waiting_numbers") ",\"not_listed_numbers\":[{\"number\":\"A3\",\"became\":\"used\"}]}");
}

/* What is kept and not used says why; a number with a result elsewhere is used all the same. */
static void test_why_not_used(void **state)
{
    (void) state;
    struct model_feed     feed;
    char                  message[TEST_MESSAGE_BYTES];
    struct intake_receipt receipt;
    begin(&feed);
    send(&feed, "C1", ABOUT("B1", "94500-6^SARS-CoV-2^LN", "xyzzy^Murky^L"), "received");
    send(&feed, "C2", POSITIVE("B2"), "received");
    send(&feed, "C3", "PID|1||4711^^^LAB^MR||Zhang^Wei\r", "received");
    size_t size = test_message(message, "C5", "%s", POSITIVE("B3"));
    memcpy(strstr(message, "|P|2.5.1"), "|T|", 3); /* a test */
    assert_ok(test_take(intake, &feed, message, size, &receipt));
    work();
    send(&feed, "C6", ABOUT("B2", "94500-6^SARS-CoV-2^LN", "xyzzy^Murky^L"), "received");
    work();
    char *found = filed(&feed, 0, "B1\nB2\nB3\nB4\n", 0);
    assert_non_null(strstr(found, "\"listed\":4,\"used\":1,\"waiting\":0,\"not_used\":2,\"missing\":1,\"not_listed\":0,"
                                  "\"unread\":1,\"missing_numbers\":[{\"number\":\"B4\"}],\"not_used_numbers\":[{"
                                  "\"number\":\"B1\",\"reason\":\""));
    assert_non_null(strstr(found, "{\"number\":\"B3\",\"reason\":\"a test message\"}"));
    free(found);
}

/* The sums and the differences stand in a record of their own; a later filing is another. */
static void test_it_is_kept(void **state)
{
    (void) state;
    struct model_feed feed;
    struct arena      arena = ARENA_INIT;
    void             *rows = NULL;
    size_t            num = 0;
    begin(&feed);
    send(&feed, "C1", POSITIVE("D1"), "received");
    send(&feed, "C2", POSITIVE("D2"), "received");
    work();
    free(filed(&feed, 0, "D1\nD3\n", 0));
    free(filed(&feed, 0, "D1\nD2\n", 0));
    assert_ok(
        store_rows_of(test.reader, model_record(MODEL_RECONCILIATION), "feed", &feed.head.id, 9, &arena, &rows, &num));
    assert_int_equal(num, 2);
    const struct model_reconciliation *kept = rows;
    const struct model_reconciliation *first = kept[0].missing == 1 ? &kept[0] : &kept[1];
    const struct model_reconciliation *second = first == kept ? &kept[1] : kept;
    assert_true(first->listed == 2 && first->used == 1 && first->missing == 1 && first->not_listed == 1);
    assert_true(first->day == time_zone_day(test.now) && id_equal(&first->area, &feed.area));
    static const char differences[] = "missing: D3\nnot listed, used: D2\n";
    assert_int_equal(first->differences.size, sizeof differences - 1);
    assert_memory_equal(first->differences.bytes, differences, sizeof differences - 1);
    assert_true(second->used == 2 && second->missing == 0 && second->differences.size == 0);
    arena_free(&arena);
}

static char *repeat(const char *line, size_t num)
{
    size_t size = strlen(line);
    char  *text = calloc(num * size + 1, 1);
    assert_non_null(text);
    for (size_t i = 0; i < num; i++)
        memcpy(text + i * size, line, size);
    return text;
}

static void assert_refused(const struct model_feed *feed, const char *list, const char *why)
{
    char *told = filed(feed, 0, list, BASE_ERR_INPUT);
    assert_string_equal(told, why);
    free(told);
}

/* The longest number and the longest list are taken, one past them is refused, and so is what is no text. */
static void test_limits(void **state)
{
    (void) state;
    struct model_feed feed;
    begin(&feed);
    char *longest = repeat("7", INTAKE_ACCESSION_CHARACTERS), *longer = repeat("7", INTAKE_ACCESSION_CHARACTERS + 1);
    char *most = repeat("E1\n", INTAKE_ACCESSION_MOST), *more = repeat("E1\n", INTAKE_ACCESSION_MOST + 1);
    free(filed(&feed, 0, longest, 0));
    assert_refused(&feed, longer, "a longer number");
    free(filed(&feed, 0, most, 0));
    assert_refused(&feed, more, "more than 100000 numbers");
    assert_refused(&feed, "E1\n\xff\n", "something else than text");
    free(longest);
    free(longer);
    free(most);
    free(more);
}

/* More differences than a record holds: the sums are whole, the lines those that fit. */
static void test_many_differences(void **state)
{
    (void) state;
    struct model_feed feed;
    struct arena      arena = ARENA_INIT;
    void             *rows = NULL;
    size_t            num = 0;
    enum { MANY = 5000 };
    char *list = calloc(MANY, 16);
    begin(&feed);
    for (size_t i = 0; i < MANY; i++)
        snprintf(list + strlen(list), 16, "F%08zu\n", i);
    char *said = filed(&feed, 0, list, 0);
    assert_non_null(strstr(said, "\"missing\":5000,"));
    assert_null(strstr(said, "F00001000")); /* the first 1,000 */
    assert_ok(
        store_rows_of(test.reader, model_record(MODEL_RECONCILIATION), "feed", &feed.head.id, 9, &arena, &rows, &num));
    const struct model_reconciliation *kept = rows;
    assert_true(num == 1 && kept->missing == MANY);
    assert_in_range(kept->differences.size, INTAKE_ACCESSION_DIFFERENCES - 1000, INTAKE_ACCESSION_DIFFERENCES);
    assert_int_equal(kept->differences.bytes[kept->differences.size - 1], '\n');
    arena_free(&arena);
    free(said);
    free(list);
}

static int end(void **state)
{
    intake_close(intake);
    return test_store_end(state);
}

#define PROMISES(on)                                                                                                   \
    on(test_each_number_is_told) on(test_why_not_used) on(test_it_is_kept) on(test_limits) on(test_many_differences)
#define ON_SQLITE(name) { "sqlite: " #name, name, test_store_on_sqlite, end, &test },
#define ON_POSTGRESQL(name) { "postgresql: " #name, name, test_store_on_postgresql, end, &test },

int main(void)
{
    const struct CMUnitTest both[] = { PROMISES(ON_SQLITE) PROMISES(ON_POSTGRESQL) };
    size_t                  num = sizeof both / sizeof *both;
    return _cmocka_run_group_tests("accession numbers", both, test_postgresql_installed() ? num : num / 2, NULL, NULL);
}
