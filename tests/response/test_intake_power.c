/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The power goes while messages come in. Whatever was answered is there with its bytes; what was not is sent again,
 * twice, and is there once. Without the care of the database that breaks, or this test could not notice. */
#include <inttypes.h>
#include <stdlib.h>

#include "response/intakes.h"
#include "store/message_bytes.h"
#include "store/power/contract.h"
#include "support/power_journal.h"
#include "support/power_vfs.h"
#include "support/property.h"

enum { CYCLES = 10, MESSAGES = 40, AT_ONCE = 4, CHANGES = 400, ENOUGH = 3 };

static struct test_store test;
static struct intake    *intake;
static struct model_feed feed;

struct sent {
    struct id message;
    bool      answered;
};
static struct sent sent[CYCLES * 200 * MESSAGES];
static size_t      num_sent;

static size_t message_of(size_t number, char message[TEST_MESSAGE_BYTES])
{
    char control[24];
    snprintf(control, sizeof control, "C%zu", number);
    return test_message(message, control, "PID|1||%zu^^^LAB^MR||Zhang^Wei\rOBR|1||A%zu|94500-6^SARS-CoV-2^LN\r", number,
                        number);
}

static int open_all(void)
{
    struct db_error error = { .what = "" };
    int             ret = store_open(&test.options, &test.store, &error);
    if (ret == 0)
        ret = store_reader_open(test.store, &test.reader, &error);
    if (ret == 0)
        intake = test_intake_open(&test);
    return ret;
}

static void close_all(void)
{
    intake_close(intake);
    store_reader_close(test.reader);
    store_close(test.store);
    intake = NULL;
    test.reader = NULL;
    test.store = NULL;
}

static void start(bool unsafe)
{
    test_store_open(&test, false);
    feed = test_feed(&test, "live");
    test_create(&test, MODEL_FEED, &feed);
    store_reader_close(test.reader);
    store_close(test.store);
    test.options.db.unsafe_test_sync = unsafe;
    assert_int_equal(power_vfs_start(test.folder), 0);
    test.options.db.vfs = POWER_VFS;
    num_sent = 0;
    assert_int_equal(open_all(), 0);
}

static void stop(void)
{
    close_all();
    power_vfs_end();
    test_store_close(&test);
}

/* Some messages at once, as connections that wait beside each other send them. */
static void send_some(size_t first, size_t num)
{
    char                  messages[AT_ONCE][TEST_MESSAGE_BYTES];
    struct intake_arrival arrivals[AT_ONCE] = { { 0 } };
    struct intake_receipt receipts[AT_ONCE];
    int                   statuses[AT_ONCE];
    for (size_t i = 0; i < num; i++)
        arrivals[i] = (struct intake_arrival){ .channel = "mllp",
                                               .format = "hl7v2",
                                               .feed = &feed,
                                               .bytes = messages[i],
                                               .size = message_of(first + i, messages[i]) };
    intake_take_many(intake, arrivals, num, receipts, statuses);
    for (size_t i = 0; i < num; i++) {
        struct sent *one = &sent[first + i];
        if (statuses[i] != 0)
            continue;
        if (one->answered) /* sent again: the first answer */
            assert_true(receipts[i].repeats && id_equal(&one->message, &receipts[i].message));
        *one = (struct sent){ .message = receipts[i].message, .answered = true };
    }
}

/* Is what was answered there, with its bytes? */
static bool is_there(size_t number)
{
    struct arena         arena = ARENA_INIT;
    struct message_bytes found;
    char                 message[TEST_MESSAGE_BYTES];
    bool                 whole;
    size_t               size = message_of(number, message);
    int                  ret = store_message_bytes(test.reader, &sent[number].message, &arena, &found, &whole);
    bool                 there = ret == 0 && found.bytes.size == size && memcmp(found.bytes.bytes, message, size) == 0;
    arena_wipe(&arena);
    return there;
}

static bool cycle(struct test_random *random, struct power_loss *loss)
{
    size_t first = num_sent;
    bool   holds = true;
    power_vfs_plan(&(struct power_plan){ .cut_at = test_between(random, 1, CHANGES), .bytes_allowed = -1 });
    for (size_t i = 0; i < MESSAGES; i++)
        sent[num_sent++] = (struct sent){ .answered = false };
    for (size_t i = 0; i < MESSAGES; i += AT_ONCE)
        send_some(first + i, AT_ONCE);
    power_vfs_cut();
    close_all();
    assert_int_equal(power_vfs_restore(test_between(random, 0, SIZE_MAX / 2), 512, loss), 0);
    power_vfs_plan(&(struct power_plan) POWER_PLAN_NONE);
    if (open_all() != 0)
        return false;
    for (size_t i = 0; i < num_sent && holds; i++)
        holds = !sent[i].answered || is_there(i);
    for (int again = 0; again < 2 && holds; again++)
        for (size_t i = first; i < num_sent; i += AT_ONCE)
            send_some(i, AT_ONCE);
    return holds && test_store_number(&test, "SELECT count(*) FROM message") == (int64_t) num_sent &&
           test_store_number(&test, "SELECT count(*) FROM message_raw") == (int64_t) num_sent;
}

static unsigned run_cycles(const char *name, bool unsafe, unsigned cycles)
{
    struct test_random random = { .seed = 20261122 };
    unsigned           broken = 0, answered = 0;
    uint64_t           lost = 0;
    start(unsafe);
    for (unsigned i = 0; i < cycles && broken < ENOUGH; i++) {
        struct power_loss loss = { 0 };
        if (!cycle(&random, &loss)) {
            broken++;
            stop();
            start(unsafe);
        }
        lost += loss.sectors_lost;
    }
    for (size_t i = 0; i < num_sent; i++)
        answered += sent[i].answered;
    stop();
    print_message("# %s: %u power cuts, %u messages answered, %" PRIu64 " sectors lost; promise broken %u times\n",
                  name, cycles, answered, lost, broken);
    return broken;
}

static void test_nothing_answered_is_lost(void **state)
{
    (void) state;
    assert_int_equal(run_cycles("messages on SQLite", false, contract_cycles(CYCLES)), 0);
}

static void test_carelessness_is_noticed(void **state)
{
    (void) state;
    assert_true(run_cycles("messages on SQLite, synchronous=OFF", true, contract_cycles(CYCLES)) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_nothing_answered_is_lost),
                                        cmocka_unit_test(test_carelessness_is_noticed) };
    return _cmocka_run_group_tests("messages when the power goes", tests, sizeof tests / sizeof *tests, NULL, NULL);
}
