/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Somebody reports an event: what is struck out, what is written, once, and what a receipt tells. On both databases. */
#include "response/event_report.h"

#include <stdio.h>
#include <stdlib.h>

#include "response/signal.h"
#include "store/node.h"
#include "support/store.h"
#include "support/test.h"

/* ---- texts ---- */

/* {said, what is left}; NULL: all of it. */
static const char *const texts[][2] = {
    { "", NULL },
    { "Twelve pupils vomit since 22.11.2026, 3 of them in hospital.", NULL },
    { "2026-11-20 to 2026-11-22, 11/22/2026; 8.30-9.45", NULL },
    { "about 1,200,000 bees; cases by day 2, 3, 5, 8, 12, 15", NULL },
    { "room 123456", NULL },
    { "room 1234567", "room […]" },
    { "call 13800138000 now", "call […] now" },
    { "call +86 138-0013-8000.", "call +[…]." },
    { "(0896) 555-1234", "([…]" },
    { "138 - 0013 - 8000", "[…]" },
    { "138.0013.8000", "[…]" },
    { "１３８００１３８０００", "[…]" },
    { "༡༣༨༠༠༡༣༨༠༠༠", "[…]" },
    { "电话一三八零零一三八零零零找他", "电话[…]找他" },
    { "幺三八〇〇幺三八", "[…]" },
    { "11010519491231002X", "[…]" },
    { "11010519491231002x, 2 ill", "[…], 2 ill" },
    { "on 2026-11-22 1234567", "on 2026-11-22 […]" },
    { "2026-13-22", "[…]" },
    { "1,23,4567", "[…]" },
    { "write to dolma@example.org, please", "write to […], please" },
    { "a@b", NULL },
    { "写信 li@例子.中国", NULL }, /* of no use without its other half: ends at the first letter that is not Latin */
    { "二〇二六年十一月，三人发病", NULL },
    { "𠀀 12345678 𠀀", "𠀀 […] 𠀀" },
};

static void test_struck_out(void **state)
{
    (void) state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct arena arena = ARENA_INIT;
        size_t       num = 0, size = strlen(texts[i][0]);
        char        *said = malloc(size + 1); /* of exactly its size, so that reading beyond it is noticed */
        const char  *left = texts[i][1] != NULL ? texts[i][1] : texts[i][0];
        memcpy(said, texts[i][0], size);
        struct model_text text = event_report_strike((struct model_text){ said, size }, &arena, &num);
        if (text.size != strlen(left) || memcmp(text.bytes, left, text.size) != 0)
            fail_msg("\"%s\" became \"%.*s\"", texts[i][0], (int) text.size, text.bytes);
        assert_int_equal(num > 0, texts[i][1] != NULL);
        free(said);
        arena_free(&arena);
    }
}

static void test_receipts(void **state)
{
    (void) state;
    static const uint8_t zero[EVENT_RECEIPT_RANDOM], all[] = { 255, 255, 255, 255, 255, 255, 255, 255 };
    static const uint8_t one[] = { 0, 0, 0, 0, 0, 0, 0, 1 };
    char                 receipt[EVENT_RECEIPT_BYTES];
    event_receipt_make(zero, receipt);
    assert_string_equal(receipt, "0000-0000-0000");
    event_receipt_make(all, receipt);
    assert_string_equal(receipt, "ZZZZ-ZZZZ-ZZZZ");
    event_receipt_make(one, receipt);
    assert_string_equal(receipt, "1000-0000-0000");
    assert_true(event_receipt_read(" oil0 k7qd2m9x ", receipt));
    assert_string_equal(receipt, "0110-K7QD-2M9X");
    static const char *const none[] = { "", "0000-0000-000", "0000-0000-00000", "0000-0000-000U", "0000-0000-000\xc3" };
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_false(event_receipt_read(none[i], receipt));
}

/* ---- in a store ---- */

static struct test_store test;

static struct event_report report_of(const char *receipt, const char *what)
{
    struct event_report report = EVENT_REPORT_INIT;
    report.receipt = receipt;
    report.what = what;
    report.area = test.areas[TEST_EAST];
    report.now = test.now;
    report.id = node_new_id(test.now);
    return report;
}

static int send(struct event_report *report, struct fault_list *faults)
{
    const struct access who = event_report_access(report);
    event_report_request(report);
    return store_submit(test.store, &who, &report->request, NULL, faults);
}

static void answer(const struct id *id, enum signal_step step, const char *code)
{
    struct signal_call call = { .who = test_epidemiologist(&test.areas[TEST_COUNTY]),
                                .signal = *id,
                                .answer = { .step = step, .code = code, .reason = "looked at" },
                                .now = test.now };
    signal_request(&call);
    assert_ok(store_submit(test.store, &call.who, &call.request, NULL, NULL));
}

static void assert_step(const char *receipt, enum event_report_step wanted)
{
    struct arena           arena = ARENA_INIT;
    enum event_report_step step;
    int64_t                received;
    assert_ok(event_report_follow(test.reader, receipt, &arena, &step, &received));
    assert_int_equal(step, wanted);
    arena_free(&arena);
}

static void test_becomes_a_signal(void **state)
{
    (void) state;
    struct arena              arena = ARENA_INIT;
    struct model_signal       signal;
    struct model_event_report row;
    struct model_set          visible;
    struct access             who = test_epidemiologist(&test.areas[TEST_COUNTY]);
    struct event_report       report = report_of("K7QD-2M9X-0TRB", "Twelve ill after lunch.\r\nAsk 13800138000");
    report.place = "the school by the bridge, 0896 555 1234";
    report.contact = "Dolma, 13900139000";
    report.num_ill = 12;
    report.num_animals = 3;
    assert_ok(send(&report, NULL));
    assert_false(report.again);
    assert_int_equal(report.num_struck, 2);
    assert_ok(
        store_read(test.reader, &who, model_record(MODEL_SIGNAL), &report.id, STORE_NOW, &arena, &signal, &visible));
    assert_int_equal(signal.num_ill, 12);
    assert_int_equal(signal.num_animals, 3);
    assert_int_equal(signal.num_died, MODEL_MISSING_INTEGER);
    assert_memory_equal(signal.summary.bytes, "Twelve ill after lunch.\nAsk […]", signal.summary.size);
    assert_memory_equal(signal.place.bytes, "the school by the bridge, […]", signal.place.size);
    assert_memory_equal(signal.source.bytes, "event-report", signal.source.size);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM task WHERE kind = 'triage-signal'"), 1);
    /* How to ask again: sealed; shown for the purpose alone. */
    who.purpose = ACCESS_NO_PURPOSE;
    assert_ok(
        store_read(test.reader, &who, model_record(MODEL_EVENT_REPORT), &report.id, STORE_NOW, &arena, &row, &visible));
    assert_null(row.contact.bytes);
    assert_null(row.receipt_hash.bytes);
    who.purpose = ACCESS_CASE_INVESTIGATION;
    assert_ok(
        store_read(test.reader, &who, model_record(MODEL_EVENT_REPORT), &report.id, STORE_NOW, &arena, &row, &visible));
    assert_memory_equal(row.contact.bytes, "Dolma, 13900139000", row.contact.size);
    arena_wipe(&arena);
}

static void test_sent_twice(void **state)
{
    (void) state;
    struct event_report first = report_of("K7QD-2M9X-0TRB", "Dead birds at the lake");
    struct event_report second = report_of("K7QD-2M9X-0TRB", "Dead birds at the lake");
    struct event_report other = report_of("K7QD-2M9X-0TRC", "Dead birds at the lake");
    assert_ok(send(&first, NULL));
    assert_ok(send(&second, NULL));
    assert_true(second.again);
    assert_true(id_equal(&first.id, &second.id));
    assert_ok(send(&other, NULL));
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM signal"), 2);
}

static void test_refused(void **state)
{
    (void) state;
    struct fault_list   faults = FAULT_LIST_INIT;
    struct event_report report = report_of("K7QD-2M9X-0TRB", "");
    report.area = (struct id){ { 0 } };
    report.event_date = (toc_date) (test.now / INSTANT_DAY) + 2;
    report.source = "alarm";
    assert_int_equal(send(&report, &faults), BASE_ERR_INPUT);
    assert_int_equal(faults.num_all, 4);
    fault_list_free(&faults);
    report = report_of("K7QD-2M9X-0TRB", "Dead birds");
    report.num_ill = -1;
    assert_int_equal(send(&report, &faults), BASE_ERR_INPUT);
    fault_list_free(&faults);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM signal"), 0);
}

static void test_a_receipt_tells_how_far(void **state)
{
    (void) state;
    static const char      receipt[] = "K7QD-2M9X-0TRB";
    struct arena           arena = ARENA_INIT;
    enum event_report_step step;
    int64_t                received;
    struct event_report    report = report_of(receipt, "Dead birds at the lake");
    assert_int_equal(event_report_follow(test.reader, receipt, &arena, &step, &received), STORE_ERR_ABSENT);
    assert_ok(send(&report, NULL));
    assert_step(receipt, EVENT_RECEIVED);
    answer(&report.id, SIGNAL_TRIAGE, NULL);
    assert_step(receipt, EVENT_CHECKED);
    answer(&report.id, SIGNAL_VERIFY, "confirmed");
    answer(&report.id, SIGNAL_ASSESS, "low");
    assert_step(receipt, EVENT_ASSESSED);
    answer(&report.id, SIGNAL_CLOSE, "no-outbreak");
    assert_step(receipt, EVENT_CLOSED);
    arena_free(&arena);
}

/* After 30 days nothing ties a receipt or a person to the signal, which stays. */
static void test_the_reporter_is_forgotten(void **state)
{
    (void) state;
    static const char      receipt[] = "K7QD-2M9X-0TRB";
    struct arena           arena = ARENA_INIT;
    enum event_report_step step;
    int64_t                received, removed;
    struct event_report    report = report_of(receipt, "Dead birds at the lake");
    report.contact = "Dolma, 13900139000";
    assert_ok(send(&report, NULL));
    assert_ok(store_retain(test.store, (toc_date) (test.now / INSTANT_DAY) + 29, &removed));
    assert_step(receipt, EVENT_RECEIVED);
    assert_ok(store_retain(test.store, (toc_date) (test.now / INSTANT_DAY) + 31, &removed));
    assert_int_equal(event_report_follow(test.reader, receipt, &arena, &step, &received), STORE_ERR_ABSENT);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM event_report"), 0);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM person_key"), 0);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM history WHERE record = 'event_report'"), 0);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM signal"), 1);
    arena_free(&arena);
}

#define ON_BOTH(name)                                                                                                  \
    { "sqlite: " #name, name, test_store_on_sqlite, test_store_end, &test },                                           \
    {                                                                                                                  \
        "postgresql: " #name, name, test_store_on_postgresql, test_store_end, &test                                    \
    }

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_struck_out),
                                        cmocka_unit_test(test_receipts),
                                        ON_BOTH(test_becomes_a_signal),
                                        ON_BOTH(test_sent_twice),
                                        ON_BOTH(test_refused),
                                        ON_BOTH(test_a_receipt_tells_how_far),
                                        ON_BOTH(test_the_reporter_is_forgotten) };
    return cmocka_run_group_tests_name("reports of events", tests, NULL, NULL);
}
