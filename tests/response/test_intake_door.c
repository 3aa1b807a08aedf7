/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What intake_door.h promises, on both databases: kept before it is answered, once however often it comes, whole
 * whatever becomes of it, and sealed. */
#include <pthread.h>
#include <stdlib.h>

#include "base/id.h"
#include "response/intakes.h"
#include "store/message_bytes.h"

static struct test_store test;

#define RESULT                                                                                                         \
    "PID|1||4711^^^LAB&1.2.3&ISO^MR||Zhang^Wei||19800203|M\r"                                                          \
    "OBR|1||A%d|94500-6^SARS-CoV-2 RNA^LN\r"                                                                           \
    "OBX|1|CWE|94500-6^SARS-CoV-2 RNA^LN||260373001^Detected^SCT||||||F|||20241003\r"

static int64_t number(const char *sql)
{
    return test_store_number(&test, sql);
}

static void test_it_is_kept_sealed_and_whole(void **state)
{
    (void) state;
    struct intake        *intake = test_intake_open(&test);
    struct model_feed     feed = test_feed(&test, "live");
    struct intake_receipt receipt;
    struct arena          arena = ARENA_INIT;
    struct message_bytes *waiting, found;
    char                  message[TEST_MESSAGE_BYTES];
    size_t                size = test_message(message, "C1", RESULT, 1), num;
    int64_t               backlog, oldest;
    bool                  whole;
    test_create(&test, MODEL_FEED, &feed);
    assert_ok(test_take(intake, &feed, message, size, &receipt));
    assert_string_equal(receipt.verdict, "received");
    assert_false(receipt.repeats);
    assert_int_equal(receipt.received, test.now);
    assert_int_equal(number("SELECT count(*) FROM message WHERE verdict = 'received'"), 1);
    assert_int_equal(number("SELECT count(*) FROM person_key"), 1);
    assert_ok(store_messages_backlog(test.reader, &backlog, &oldest));
    assert_int_equal(backlog, 1);
    assert_int_equal(oldest, test.now);
    assert_ok(store_messages_waiting(test.reader, NULL, 0, 10, &arena, &waiting, &num));
    assert_int_equal(num, 1);
    assert_int_equal(waiting[0].bytes.size, size);
    assert_memory_equal(waiting[0].bytes.bytes, message, size);
    assert_ok(store_message_bytes(test.reader, &receipt.message, &arena, &found, &whole));
    assert_true(whole && found.bytes.size == size && memcmp(found.bytes.bytes, message, size) == 0);
    arena_wipe(&arena);
    intake_close(intake);
}

static void test_the_same_bytes_are_one_message(void **state)
{
    (void) state;
    struct intake        *intake = test_intake_open(&test);
    struct model_feed     feed = test_feed(&test, "live"), other = test_feed(&test, "live");
    struct intake_receipt first, again;
    struct intake_state   counted;
    char                  message[TEST_MESSAGE_BYTES];
    size_t                size = test_message(message, "C1", RESULT, 1);
    test_create(&test, MODEL_FEED, &feed);
    test_create(&test, MODEL_FEED, &other);
    assert_ok(test_take(intake, &feed, message, size, &first));
    test.now += INSTANT_DAY;
    assert_ok(test_take(intake, &feed, message, size, &again));
    assert_true(again.repeats && id_equal(&first.message, &again.message));
    assert_int_equal(again.received, first.received);
    assert_int_equal(number("SELECT count(*) FROM message"), 1);
    assert_int_equal(number("SELECT count(*) FROM message_raw"), 1);
    assert_ok(test_take(intake, &other, message, size, &again)); /* another sender may say the same */
    assert_false(again.repeats);
    message[size - 2] = '4'; /* the same control id, other bytes: another message */
    assert_ok(test_take(intake, &feed, message, size, &again));
    assert_false(again.repeats);
    assert_int_equal(number("SELECT count(*) FROM message"), 3);
    intake_watch(intake, &counted);
    assert_int_equal(counted.taken, 3);
    assert_int_equal(counted.repeated, 1);
    intake_close(intake);
}

/* The keeper gets another key for hashes: what came before is known all the same. */
static void test_known_again_after_a_rotation(void **state)
{
    (void) state;
    struct intake        *intake = test_intake_open(&test);
    struct model_feed     feed = test_feed(&test, "live");
    struct intake_receipt first, again;
    char                  message[TEST_MESSAGE_BYTES];
    size_t                size = test_message(message, "C1", RESULT, 1);
    test_create(&test, MODEL_FEED, &feed);
    assert_ok(test_take(intake, &feed, message, size, &first));
    uint32_t generation;
    intake_close(intake);
    assert_ok(keeper_new_generation(test.keeper, KEEPER_HASH, test.now, &generation, NULL));
    intake = test_intake_open(&test);
    assert_ok(test_take(intake, &feed, message, size, &again));
    assert_true(again.repeats && id_equal(&first.message, &again.message));
    intake_close(intake);
}

static void test_what_cannot_be_used_is_kept_with_its_reason(void **state)
{
    (void) state;
    struct intake        *intake = test_intake_open(&test);
    struct model_feed     feed = test_feed(&test, "live"), stopped = test_feed(&test, "stopped");
    struct intake_receipt receipt;
    struct arena          arena = ARENA_INIT;
    struct message_bytes  found;
    bool                  whole;
    char                  message[TEST_MESSAGE_BYTES];
    static const char     broken[] = "MSH|^~\\&|LIS|LAB|||20241004||XYZ^Z01|C9|P|2.5.1\r";
    test_create(&test, MODEL_FEED, &feed);
    test_create(&test, MODEL_FEED, &stopped);
    assert_ok(test_take(intake, &feed, broken, sizeof broken - 1, &receipt));
    assert_string_equal(receipt.verdict, "rejected");
    assert_int_equal(
        number("SELECT count(*) FROM message WHERE reason = 'MSH-9.1: a message type that is not read here'"), 1);
    assert_ok(store_message_bytes(test.reader, &receipt.message, &arena, &found, &whole));
    assert_memory_equal(found.bytes.bytes, broken, sizeof broken - 1);
    size_t size = test_message(message, "C1", RESULT, 1);
    assert_ok(test_take(intake, NULL, message, size, &receipt));
    assert_string_equal(receipt.verdict, "held"); /* of nobody known */
    assert_ok(test_take(intake, &stopped, message, size, &receipt));
    assert_string_equal(receipt.verdict, "held");
    arena_wipe(&arena);
    intake_close(intake);
}

/* Sizes at the limit and one past, and none. */
static void test_limits(void **state)
{
    (void) state;
    struct intake        *intake = test_intake_open(&test);
    struct model_feed     feed = test_feed(&test, "live");
    struct intake_receipt receipt;
    char                 *bytes = malloc(INTAKE_MAX_BYTES + 1);
    struct intake_arrival arrival = { .channel = "upload", .format = "csv", .feed = &feed, .bytes = bytes };
    assert_non_null(bytes);
    memset(bytes, 'x', INTAKE_MAX_BYTES + 1);
    test_create(&test, MODEL_FEED, &feed);
    assert_status(intake_take(intake, &arrival, &receipt), TOC_ERR_SHAPE);
    arrival.size = INTAKE_MAX_BYTES + 1;
    assert_status(intake_take(intake, &arrival, &receipt), TOC_ERR_TOO_LARGE);
    arrival.size = INTAKE_MAX_BYTES;
    assert_ok(intake_take(intake, &arrival, &receipt));
    assert_int_equal(number("SELECT num_bytes FROM message"), (int64_t) INTAKE_MAX_BYTES);
    free(bytes);
    intake_close(intake);
}

static void test_a_full_disk_takes_nothing(void **state)
{
    (void) state;
    struct intake        *intake = NULL;
    struct model_feed     feed = test_feed(&test, "live");
    struct intake_receipt receipt;
    struct intake_options options = {
        .store = test.store, .keeper = test.keeper, .tables = test_tables(), .disk = "/tmp", .reserve_bytes = UINT64_MAX
    };
    char   message[TEST_MESSAGE_BYTES];
    size_t size = test_message(message, "C1", RESULT, 1);
    test_create(&test, MODEL_FEED, &feed);
    assert_ok(intake_open(&options, &intake, NULL));
    assert_status(test_take(intake, &feed, message, size, &receipt), INTAKE_ERR_RESERVE);
    assert_int_equal(number("SELECT count(*) FROM message"), 0);
    intake_close(intake);
    options.reserve_bytes = 1;
    assert_ok(intake_open(&options, &intake, NULL));
    assert_ok(test_take(intake, &feed, message, size, &receipt));
    intake_close(intake);
}

/* Erasing the bytes takes their key, and leaves nothing in history. */
static void test_the_key_dies_with_the_bytes(void **state)
{
    (void) state;
    struct intake           *intake = test_intake_open(&test);
    struct model_feed        feed = test_feed(&test, "live");
    struct intake_receipt    receipt;
    struct arena             arena = ARENA_INIT;
    struct message_bytes     found;
    struct model_message_raw raw;
    bool                     whole;
    char                     message[TEST_MESSAGE_BYTES];
    size_t                   size = test_message(message, "C1", RESULT, 1);
    test_create(&test, MODEL_FEED, &feed);
    assert_ok(test_take(intake, &feed, message, size, &receipt));
    assert_ok(store_message_bytes(test.reader, &receipt.message, &arena, &found, &whole));
    model_init(model_record(MODEL_MESSAGE_RAW), &raw);
    raw.head.id = found.message.raw;
    struct store_change  change = { .verb = STORE_ERASE, .record = model_record(MODEL_MESSAGE_RAW), .value = &raw };
    struct store_request request = { .verb = "erase", .set = { &change, 1 } };
    struct access        who = test_program();
    assert_ok(store_submit(test.store, &who, &request, NULL, NULL));
    assert_int_equal(number("SELECT count(*) FROM person_key"), 0);
    assert_int_equal(number("SELECT count(*) FROM message_raw"), 0);
    assert_int_equal(number("SELECT count(*) FROM history WHERE record = 'message_raw'"), 0);
    assert_status(store_message_bytes(test.reader, &receipt.message, &arena, &found, &whole), STORE_ERR_ABSENT);
    arena_wipe(&arena);
    intake_close(intake);
}

/* ---- many at once ---- */

enum { THREADS = 8, EACH = 25 };

struct sender {
    struct intake           *intake;
    const struct model_feed *feed;
    int                      number;
    unsigned                 repeats;
    pthread_t                thread;
};

/* All send the same 25 messages. */
static void *send_all(void *context)
{
    struct sender *sender = context;
    for (int i = 0; i < EACH; i++) {
        char                  message[TEST_MESSAGE_BYTES], control[16];
        struct intake_receipt receipt;
        snprintf(control, sizeof control, "C%d", i);
        size_t size = test_message(message, control, RESULT, i);
        if (test_take(sender->intake, sender->feed, message, size, &receipt) != 0)
            return sender; /* not kept */
        sender->repeats += receipt.repeats;
    }
    return NULL;
}

static void test_many_senders_of_the_same(void **state)
{
    (void) state;
    struct intake    *intake = test_intake_open(&test);
    struct model_feed feed = test_feed(&test, "live");
    struct sender     senders[THREADS];
    unsigned          repeats = 0;
    test_create(&test, MODEL_FEED, &feed);
    (void) test_tables();
    for (int i = 0; i < THREADS; i++) {
        senders[i] = (struct sender){ .intake = intake, .feed = &feed, .number = i };
        assert_int_equal(pthread_create(&senders[i].thread, NULL, send_all, &senders[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        void *failure;
        pthread_join(senders[i].thread, &failure);
        assert_null(failure);
        repeats += senders[i].repeats;
    }
    assert_int_equal(number("SELECT count(*) FROM message"), EACH);
    assert_int_equal(number("SELECT count(*) FROM message_raw"), EACH);
    assert_int_equal(repeats, (THREADS - 1) * EACH);
    intake_close(intake);
}

/* ---- which feed ---- */

static bool finds(struct intake *intake, const struct intake_caller *caller, const struct id *expected)
{
    struct arena      arena = ARENA_INIT;
    struct model_feed feed;
    bool              found = intake_find_feed(intake, caller, &arena, &feed);
    bool              same = expected == NULL ? !found : found && id_equal(&feed.head.id, expected);
    arena_free(&arena);
    return same;
}

static void test_feeds_are_found_by_what_they_show(void **state)
{
    (void) state;
    struct intake       *intake = test_intake_open(&test);
    struct model_feed    own = test_feed(&test, "live"), net = test_feed(&test, "live"), tls = test_feed(&test, "live");
    struct intake_caller caller = { .channel = "mllp",
                                    .application = report_text_of("LIS"),
                                    .facility = report_text_of("LAB"),
                                    .address = "127.0.0.1" };
    net.addresses = test_text("10.1.0.0/16 fd00::5");
    tls.certificate = test_text("aa11aa11aa11aa11aa11aa11aa11aa11aa11aa11aa11aa11aa11aa11aa11aa11");
    test_create(&test, MODEL_FEED, &own);
    test_create(&test, MODEL_FEED, &net);
    test_create(&test, MODEL_FEED, &tls);
    assert_true(finds(intake, &caller, &own.head.id));
    caller.facility = report_text_of("OTHER");
    assert_true(finds(intake, &caller, NULL));
    caller.facility = report_text_of("LAB");
    caller.channel = "http";
    assert_true(finds(intake, &caller, NULL));
    caller.channel = "mllp";
    caller.address = "10.1.255.3";
    assert_true(finds(intake, &caller, &net.head.id));
    caller.address = "10.2.0.1"; /* one past */
    assert_true(finds(intake, &caller, NULL));
    caller.address = "fd00::5";
    assert_true(finds(intake, &caller, &net.head.id));
    caller.address = "fd00::6";
    assert_true(finds(intake, &caller, NULL));
    caller.certificate = "AA11AA11AA11AA11AA11AA11AA11AA11AA11AA11AA11AA11AA11AA11AA11AA11";
    assert_true(finds(intake, &caller, &tls.head.id));
    caller.certificate = "bb11aa11aa11aa11aa11aa11aa11aa11aa11aa11aa11aa11aa11aa11aa11aa11";
    assert_true(finds(intake, &caller, NULL));
    intake_close(intake);
}

#define PROMISES(on)                                                                                                   \
    on(test_it_is_kept_sealed_and_whole) on(test_the_same_bytes_are_one_message) on(test_known_again_after_a_rotation) \
        on(test_what_cannot_be_used_is_kept_with_its_reason) on(test_limits) on(test_a_full_disk_takes_nothing)        \
            on(test_the_key_dies_with_the_bytes) on(test_many_senders_of_the_same)                                     \
                on(test_feeds_are_found_by_what_they_show)
#define ON_SQLITE(name) { "sqlite: " #name, name, test_store_on_sqlite, test_store_end, &test },
#define ON_POSTGRESQL(name) { "postgresql: " #name, name, test_store_on_postgresql, test_store_end, &test },

int main(void)
{
    const struct CMUnitTest sqlite[] = { PROMISES(ON_SQLITE) };
    const struct CMUnitTest both[] = { PROMISES(ON_SQLITE) PROMISES(ON_POSTGRESQL) };
    if (!test_postgresql_installed())
        return _cmocka_run_group_tests("the door of the intake", sqlite, sizeof sqlite / sizeof *sqlite, NULL, NULL);
    return _cmocka_run_group_tests("the door of the intake", both, sizeof both / sizeof *both, NULL, NULL);
}
