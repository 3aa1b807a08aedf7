/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a sender is doing, against its own habit, on both databases; and who is told. */
#include <math.h>
#include <stdio.h>

#include "../response/intakes.h"
#include "base/instant.h"
#include "response/sender.h"
#include "support/exchange.h"

static struct test_store test;
static struct access     access;
static struct caller     caller;
static struct exchange   exchange;
static struct model_feed feed;
static uint8_t           next; /* number of the last message */

static void as(enum access_role role, const struct id *area)
{
    access = test_epidemiologist(area);
    access.role = role;
    access.purpose = ACCESS_NO_PURPOSE;
    caller = test_caller_person(&access);
    test_exchange_as(&caller);
}

/* A message of so many days ago. */
static void heard(int days_ago, const char *verdict, const char *reason, const struct id *part_of)
{
    uint8_t              hash[32] = { 0 };
    struct model_message message;
    model_init(model_record(MODEL_MESSAGE), &message);
    next++;
    hash[0] = next;
    message.head.id = (struct id){ { 0x0e, next } };
    message.area = feed.area;
    message.channel = test_text("mllp");
    message.format = test_text("hl7v2");
    message.feed = feed.head.id;
    message.received = test.now - days_ago * INSTANT_DAY;
    message.body_hash = (struct model_text){ (const char *) hash, sizeof hash };
    message.num_bytes = 1;
    message.verdict = test_text(verdict);
    if (reason != NULL)
        message.reason = test_text(reason);
    if (part_of != NULL)
        message.part_of = *part_of;
    test_create(&test, MODEL_MESSAGE, &message);
}

static const char *ask(const char *path, int status)
{
    exchange_free(&exchange);
    test_exchange_init(&exchange, &test, HTTP_GET, path, NULL);
    (void) exchange_call(&exchange);
    const char *said = test_exchange_body(&exchange);
    if (exchange.answer.status != status && !(status == 200 && exchange.answer.status == 0))
        fail_msg("%s: %d instead of %d: %s", path, exchange.answer.status, status, said);
    return said;
}

static int begin(bool postgresql)
{
    test_store_open(&test, postgresql);
    next = 0;
    feed = test_feed(&test, "live");
    test_create(&test, MODEL_FEED, &feed);
    return 0;
}

static int on_sqlite(void **state)
{
    (void) state;
    return begin(false);
}

static int on_postgresql(void **state)
{
    (void) state;
    return begin(true);
}

static int end(void **state)
{
    (void) state;
    exchange_free(&exchange);
    exchange = (struct exchange){ 0 };
    test_exchange_as(NULL);
    test_store_close(&test);
    return 0;
}

#define assert_has(text, part)                                                                                         \
    do {                                                                                                               \
        if (strstr(text, part) == NULL)                                                                                \
            fail_msg("no %s in %s", part, text);                                                                       \
    } while (0)

static void test_figures_and_faults(void **state)
{
    struct id file = { { 0x0e, 1 } };
    char      path[100] = "/api/v1/senders/";
    (void) state;
    as(ACCESS_DATA_MANAGER, &test.areas[TEST_COUNTY]);
    assert_has(ask("/api/v1/senders", 200), "\"last_heard\":null,\"habit\":\"new\",\"usual_day\":null,\"today\":0");
    heard(2, "accepted-with-faults", "2 of 3 rows cannot be used", NULL);
    heard(2, "rejected", "row 3, column C (sex): is not in the table of values", &file);
    heard(2, "rejected", "row 4, column C (sex): is not in the table of values", &file);
    heard(1, "rejected", "MSH-9.1: a message type that is not read here", NULL);
    heard(0, "held", NULL, NULL);
    heard(60, "rejected", "long ago", NULL);
    id_to_text(&feed.head.id, path + strlen(path));
    const char *said = ask(path, 200);
    assert_has(said, "\"today\":1");
    assert_has(said, "\"messages\":1,\"rejected\":0,\"held\":1}"); /* today */
    assert_has(said, "\"messages\":1,\"rejected\":1,\"held\":0}"); /* yesterday */
    assert_has(said, "\"messages\":1,\"rejected\":0,\"held\":0}"); /* the file: its rows are not counted */
    assert_has(said, "\"faults\":[{\"kind\":\"is not in the table of values\",\"messages\":2}");
    assert_has(said, "{\"kind\":\"a message type that is not read here\",\"messages\":1}");
    assert_null(strstr(said, "long ago"));
    /* Of another area nothing is told, and roles that read no feed are told nothing. */
    as(ACCESS_DATA_MANAGER, &test.areas[TEST_OTHER]);
    (void) ask(path, 404);
    assert_string_equal(ask("/api/v1/senders", 200), "{\"senders\":[]}");
    as(ACCESS_TRACER, &test.areas[TEST_COUNTY]);
    (void) ask(path, 404);
    assert_string_equal(ask("/api/v1/senders", 200), "{\"senders\":[]}");
}

/* Every day; every third day; too few; a flood. */
static void test_a_habit(void **state)
{
    struct sender_figures figures = { .last_heard = 0 };
    struct sender_habit   habit;
    (void) state;
    for (int i = 1; i < SENDER_DAYS; i++)
        figures.messages[i] = 10 + i % 3;
    sender_judge(&figures, &habit);
    assert_string_equal(habit.state, "as-usual"); /* today is not over */
    assert_true(habit.usual == 11);
    figures.messages[1] = 0;
    sender_judge(&figures, &habit);
    assert_string_equal(habit.state, "silent");
    figures.messages[0] = 12 * SENDER_FLOOD;
    sender_judge(&figures, &habit);
    assert_string_equal(habit.state, "as-usual");
    figures.messages[0] = SENDER_FLOOD_LEAST;
    sender_judge(&figures, &habit);
    assert_string_equal(habit.state, "flooding");
    figures = (struct sender_figures){ .last_heard = 0 };
    for (int i = 3; i < SENDER_DAYS; i += 3)
        figures.messages[i] = 1;
    sender_judge(&figures, &habit);
    assert_string_equal(habit.state, "as-usual");
    assert_int_equal(habit.longest_gap_days, 3);
    figures.messages[3] = 0;
    sender_judge(&figures, &habit);
    assert_string_equal(habit.state, "silent");
    figures = (struct sender_figures){ .messages = { 0, 1, 1, 1, 1 } };
    sender_judge(&figures, &habit);
    assert_string_equal(habit.state, "new");
    assert_true(isnan(habit.usual));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        { "sqlite: figures and faults", test_figures_and_faults, on_sqlite, end, NULL },
        { "postgresql: figures and faults", test_figures_and_faults, on_postgresql, end, NULL },
        cmocka_unit_test(test_a_habit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
