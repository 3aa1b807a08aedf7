/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tests/response/intakes.h: an intake on a test's store, with a feed, and messages that say what a test wants. */
#ifndef TESTS_RESPONSE_INTAKES_H
#define TESTS_RESPONSE_INTAKES_H

#include <stdarg.h>
#include <stdio.h>

#include "response/intake_door.h"
#include "response/intake_format.h"
#include "support/store.h"
#include "support/test.h"

#define TEST_SHARE TEST_ROOT "/share/"

static struct code_tables *test_tables(void)
{
    static struct code_tables *tables;
    struct fault_list          faults = FAULT_LIST_INIT;
    if (tables != NULL)
        return tables;
    assert_ok(code_tables_new(&tables));
    assert_ok(code_tables_add_folder(tables, TEST_SHARE "lists", &faults));
    assert_ok(code_tables_add_folder(tables, TEST_SHARE "intake", &faults));
    fault_list_free(&faults);
    return tables;
}

static inline struct intake *test_intake_open(struct test_store *test)
{
    struct intake        *intake = NULL;
    struct db_error       error = { 0 };
    struct intake_options options = {
        .store = test->store,
        .keeper = test->keeper,
        .tables = test_tables(),
        .program = "/proc/self/exe" /* for spreadsheets: a test with some calls unpack_run_if_asked */
    };
    assert_ok(intake_open(&options, &intake, &error));
    return intake;
}

static inline struct model_text test_text(const char *text)
{
    return (struct model_text){ text, strlen(text) };
}

/* A feed of east_one that comes by MLLP from this machine and calls itself LAB. */
static inline struct model_feed test_feed(struct test_store *test, const char *status)
{
    static uint8_t    next = 1;
    struct model_feed feed;
    model_init(model_record(MODEL_FEED), &feed);
    feed.head.id = (struct id){ { 0x0f, next++ } };
    feed.area = test->areas[TEST_EAST_ONE];
    feed.name = test_text("County laboratory");
    feed.channel = test_text("mllp");
    feed.status = test_text(status);
    feed.sending_facility = test_text("LAB");
    return feed;
}

static inline void test_create(struct test_store *test, enum model_record_number code, void *value)
{
    struct store_change  change = { .verb = STORE_CREATE, .record = model_record(code), .value = value };
    struct store_request request = { .verb = "create", .set = { &change, 1 } };
    struct access        who = test_program();
    struct fault_list    faults = FAULT_LIST_INIT;
    int                  ret = store_submit(test->store, &who, &request, NULL, &faults);
    if (ret != 0)
        fault_list_write(&faults, stderr);
    fault_list_free(&faults);
    assert_int_equal(ret, 0);
}

/* A message of the laboratory: its header, then what `rest` says, segments ended by \r. */
#define TEST_MESSAGE_BYTES 4096
__attribute__((format(printf, 3, 4))) static inline size_t test_message(char        message[TEST_MESSAGE_BYTES],
                                                                        const char *control, const char *rest, ...)
{
    va_list arguments;
    size_t  size =
        (size_t) snprintf(message, TEST_MESSAGE_BYTES,
                          "MSH|^~\\&|LIS|LAB|TOCSIN|CDC|20241004080000+0000||ORU^R01^ORU_R01|%s|P|2.5.1\r", control);
    va_start(arguments, rest);
    size += (size_t) vsnprintf(message + size, TEST_MESSAGE_BYTES - size, rest, arguments);
    va_end(arguments);
    assert_true(size < TEST_MESSAGE_BYTES);
    return size;
}

/* Read as the door does and take in. */
static inline int test_take(struct intake *intake, const struct model_feed *feed, const char *bytes, size_t size,
                            struct intake_receipt *receipt)
{
    struct arena          arena = ARENA_INIT;
    struct intake_read    read;
    struct intake_reading reading = {
        .tables = test_tables(), .feed = feed, .bytes = bytes, .size = size, .arena = &arena
    };
    (void) intake_format_read(intake_format_find("hl7v2", 5), &reading, &read);
    struct intake_arrival arrival = {
        .channel = "mllp", .format = "hl7v2", .feed = feed, .report = &read.report, .bytes = bytes, .size = size
    };
    int ret = intake_take(intake, &arrival, receipt);
    arena_wipe(&arena);
    return ret;
}

#endif
