/* SPDX-License-Identifier: GPL-3.0-or-later */
/* HL7 v2 over HTTP: a machine sends for its sender, and asks what became of it; nobody else is told. */
#include <stdlib.h>
#include <time.h>

#include "../response/intakes.h"
#include "response/account.h"
#include "response/intake_internal.h"
#include "server/server_internal.h"
#include "store/node.h"
#include "support/server.h"

#define RESULT                                                                                                         \
    "PID|1||%d^^^LAB^MR||Somebody^Number %d||19800203|F\rOBR|1||A%d|94500-6^C^LN|||20241003\r"                         \
    "OBX|1|CWE|94500-6^SARS-CoV-2 RNA^LN||260373001^Detected^SCT||||||F|||20241003\r"

struct sender {
    struct model_facility facility;
    char                  authorization[80];
};

static struct test_server test;
static struct sender      hospital, other;
static struct exchange    exchange;
static char               location[100];

static void make_sender(struct sender *sender, const char *code)
{
    struct access             who = test_program();
    struct fault_list         faults = FAULT_LIST_INIT;
    struct arena              arena = ARENA_INIT;
    char                      secret[SESSION_TEXT];
    struct account_token      token;
    struct account_token_wish wish = { .name = "laboratory system", .days = 30 };
    struct account_call       call = {
              .reader = test.store.reader, .now = instant_now(), .arena = &arena, .faults = &faults
    };
    model_init(model_record(MODEL_FACILITY), &sender->facility);
    sender->facility.head.id = node_new_id(instant_now());
    sender->facility.code = test_text(code);
    sender->facility.kind = test_text("hospital");
    sender->facility.area = test.store.areas[TEST_EAST];
    test_create(&test.store, MODEL_FACILITY, &sender->facility);
    wish.facility = sender->facility.head.id;
    assert_ok(accounts_give_token(server_accounts(test.server), &call, &who, &wish, secret, &token));
    snprintf(sender->authorization, sizeof sender->authorization, "Bearer %s", secret);
    arena_free(&arena);
    fault_list_free(&faults);
}

static int start(void **state)
{
    (void) state;
    test_server_start(&test, &(struct server_options){ .quiet = true, .tables = test_tables() });
    make_sender(&hospital, "H1");
    make_sender(&other, "H2");
    struct model_feed feed = test_feed(&test.store, "live");
    feed.channel = test_text("http");
    feed.facility = hospital.facility.head.id;
    test_create(&test.store, MODEL_FEED, &feed);
    return 0;
}

static int on_postgresql(void **state)
{
    test.postgresql = true;
    return start(state);
}

static int stop(void **state)
{
    (void) state;
    exchange_free(&exchange);
    exchange = (struct exchange){ 0 };
    test_server_stop(&test);
    return 0;
}

/* The body of the answer. */
static const char *ask(const struct sender *sender, enum http_method method, const char *path, const char *body,
                       const char *type, int status)
{
    exchange_free(&exchange);
    test_exchange_init(&exchange, &test.store, method, path, NULL);
    exchange.server = test.server;
    exchange.now = instant_now();
    exchange.body = body != NULL ? body : "";
    exchange.body_size = strlen(exchange.body);
    if (type != NULL)
        test_exchange_header(&exchange, "content-type", type);
    if (sender != NULL)
        test_exchange_header(&exchange, "authorization", sender->authorization);
    (void) exchange_call(&exchange);
    const char *said = test_exchange_body(&exchange);
    if (exchange.answer.status != status && !(status == 200 && exchange.answer.status == 0))
        fail_msg("%s: %d instead of %d: %s", path, exchange.answer.status, status, said);
    return said;
}

static const char *send_message(const struct sender *sender, const char *body, int status)
{
    return ask(sender, HTTP_POST, "/api/v1/messages", body, "application/hl7-v2", status);
}

static const char *result(int number)
{
    static char message[TEST_MESSAGE_BYTES];
    char        control[20];
    snprintf(control, sizeof control, "C%d", number);
    (void) test_message(message, control, RESULT, number, number, number);
    return message;
}

static int64_t number(const char *sql)
{
    return test_store_number(&test.store, sql);
}

static void test_a_message_is_answered_and_its_receipt_read(void **state)
{
    (void) state;
    assert_non_null(strstr(send_message(&hospital, result(1), 200), "\rMSA|AA|C1\r"));
    snprintf(location, sizeof location, "%s", test_exchange_answer_header(&exchange, "Location"));
    assert_int_equal(number("SELECT count(*) FROM message WHERE feed IS NOT NULL"), 1);
    const char *receipt = "";
    for (int i = 0; i < 2000; i++) {
        receipt = ask(&hospital, HTTP_GET, location, NULL, NULL, 200);
        if (strstr(receipt, "\"verdict\":\"received\"") == NULL)
            break;
        assert_non_null(strstr(receipt, "waits to be worked off"));
        nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
    }
    assert_non_null(strstr(receipt, "\"verdict\":\"accepted\""));
    assert_non_null(strstr(receipt, "\"meaning\":\"used"));
    assert_null(strstr(receipt, "Somebody"));
    assert_non_null(strstr(ask(&hospital, HTTP_GET, "/api/v1/submissions", NULL, NULL, 200), location + 20));
    /* Another sender is told nothing of it, and the machine reads no record. */
    (void) ask(&other, HTTP_GET, location, NULL, NULL, 404);
    (void) ask(NULL, HTTP_GET, location, NULL, NULL, 401);
    char path[100];
    snprintf(path, sizeof path, "/api/v1/messages/%s", location + 20);
    (void) ask(&hospital, HTTP_GET, path, NULL, NULL, 404);
}

static void test_the_same_bytes_are_one_message(void **state)
{
    (void) state;
    (void) send_message(&hospital, result(1), 200);
    snprintf(location, sizeof location, "%s", test_exchange_answer_header(&exchange, "Location"));
    (void) send_message(&hospital, result(1), 200);
    assert_string_equal(location, test_exchange_answer_header(&exchange, "Location"));
    assert_int_equal(number("SELECT count(*) FROM message"), 1);
    /* Of another sender they are another message, of no known feed; its receipt does not tell of the first. */
    assert_non_null(strstr(send_message(&other, result(1), 200), "this sender is not known here"));
    assert_string_not_equal(location, test_exchange_answer_header(&exchange, "Location"));
    assert_int_equal(number("SELECT count(*) FROM message WHERE verdict = 'held'"), 1);
}

static void test_a_batch(void **state)
{
    (void) state;
    char batch[3 * TEST_MESSAGE_BYTES];
    int  size = snprintf(batch, sizeof batch, "FHS|^~\\&\rBHS|^~\\&\r%s", result(1));
    size += snprintf(batch + size, sizeof batch - (size_t) size, "%s", result(2));
    snprintf(batch + size, sizeof batch - (size_t) size,
             "MSH|^~\\&|LIS|LAB|||20241004||ORM^O01|C3|P|2.5.1\rBTS|3\rFTS|1\r");
    const char *answer = send_message(&hospital, batch, 200);
    assert_memory_equal(answer, "FHS|", 4);
    assert_non_null(strstr(answer, "\rMSA|AA|C1\r"));
    assert_non_null(strstr(answer, "\rMSA|AA|C2\r"));
    assert_non_null(strstr(answer, "\rMSA|AR|C3\r"));
    assert_non_null(strstr(answer, "\rBTS|3"));
    assert_null(test_exchange_answer_header(&exchange, "Location"));
    assert_int_equal(number("SELECT count(*) FROM message"), 3);
}

static void test_what_is_refused(void **state)
{
    (void) state;
    (void) ask(NULL, HTTP_POST, "/api/v1/messages", result(1), "application/hl7-v2", 401);
    (void) ask(&hospital, HTTP_POST, "/api/v1/messages", "{}", "application/json", 415);
    assert_int_equal(number("SELECT count(*) FROM message"), 0);
    assert_non_null(strstr(send_message(&hospital, "", 200), "there is no message"));
    assert_non_null(strstr(send_message(&hospital, "good morning", 200), "\rMSA|AR|"));
    (void) ask(&hospital, HTTP_GET, "/api/v1/submissions/nothing", NULL, NULL, 404);
    assert_int_equal(number("SELECT count(*) FROM message WHERE verdict = 'rejected'"), 1);
}

/* One more than its sender may send is not kept, the answer says which limit and when again, and then it is taken as it
 * was. Other senders are not held up, and other doors say the same. */
static void test_more_than_a_sender_may_send(void **state)
{
    (void) state;
    struct intake_quotas *quotas = &test.server->intake->quotas;
    quotas->limits.messages_a_minute = 2;
    assert_non_null(strstr(send_message(&hospital, result(1), 200), "\rMSA|AA|C1\r"));
    assert_non_null(strstr(send_message(&hospital, result(2), 200), "\rMSA|AA|C2\r"));
    const char *said = send_message(&hospital, result(3), 503);
    assert_non_null(strstr(said, "\rMSA|AE|C3\r"));
    assert_non_null(strstr(said, "|207^"));
    assert_non_null(strstr(said, "more than 2 messages a minute: not stored; send again in "));
    int64_t seconds = strtoll(test_exchange_answer_header(&exchange, "Retry-After"), NULL, 10);
    assert_true(seconds >= 1 && seconds <= 30);
    assert_int_equal(number("SELECT count(*) FROM message"), 2);
    assert_non_null(strstr(send_message(&other, result(3), 200), "\rMSA|AA|C3\r"));
    pthread_mutex_lock(&quotas->lock);
    for (size_t i = 0; i < quotas->num; i++)
        quotas->senders[i].filled -= 30 * INSTANT_SECOND; /* half a minute goes by */
    pthread_mutex_unlock(&quotas->lock);
    assert_non_null(strstr(send_message(&hospital, result(3), 200), "\rMSA|AA|C3\r"));
    struct intake_state watched;
    intake_watch(test.server->intake, &watched);
    assert_int_equal(watched.limited, 1);
    assert_int_equal(watched.refused, 1);
    quotas->limits = (struct intake_limits){ .bytes_a_day = 1 };
    said = ask(&hospital, HTTP_POST, "/fhir/R4/Condition", "{\"resourceType\":\"Condition\"}", "application/fhir+json",
               429);
    assert_non_null(strstr(said, "MiB a day: nothing was kept; send it again in "));
    assert_true(strtoll(test_exchange_answer_header(&exchange, "Retry-After"), NULL, 10) <= 90000);
}

#define PROMISES(on)                                                                                                   \
    on(test_a_message_is_answered_and_its_receipt_read) on(test_the_same_bytes_are_one_message) on(test_a_batch)       \
        on(test_what_is_refused) on(test_more_than_a_sender_may_send)
#define ON_SQLITE(name) { "sqlite: " #name, name, start, stop, NULL },
#define ON_POSTGRESQL(name) { "postgresql: " #name, name, on_postgresql, stop, NULL },

int main(void)
{
    const struct CMUnitTest sqlite[] = { PROMISES(ON_SQLITE) };
    const struct CMUnitTest both[] = { PROMISES(ON_SQLITE) PROMISES(ON_POSTGRESQL) };
    if (!test_postgresql_installed())
        return _cmocka_run_group_tests("server/message", sqlite, sizeof sqlite / sizeof *sqlite, NULL, NULL);
    return _cmocka_run_group_tests("server/message", both, sizeof both / sizeof *both, NULL, NULL);
}
