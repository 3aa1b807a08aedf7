/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The intake of a server: what a door has taken in becomes records while it runs, and after a restart. */
#include <stdlib.h>
#include <time.h>

#include "../response/intakes.h"
#include "response/account.h"
#include "server/server_internal.h"
#include "support/server.h"

static struct test_server test;
static struct model_feed  feed;

static int start(void **state)
{
    (void) state;
    test_server_start(&test, &(struct server_options){ .quiet = true, .tables = test_tables() });
    feed = test_feed(&test.store, "live");
    test_create(&test.store, MODEL_FEED, &feed);
    return 0;
}

static int stop(void **state)
{
    (void) state;
    test_server_stop(&test);
    return 0;
}

static void take(struct intake *intake, unsigned number)
{
    char                  message[TEST_MESSAGE_BYTES], control[20];
    struct intake_receipt receipt;
    snprintf(control, sizeof control, "C%u", number);
    size_t size = test_message(message, control,
                               "PID|1||%u^^^LAB^MR||Somebody^Number %u||19800203|F\r"
                               "OBR|1||A%u|94500-6^C^LN|||20241003\r"
                               "OBX|1|CWE|94500-6^SARS-CoV-2 RNA^LN||260373001^Detected^SCT||||||F|||20241003\r",
                               number, number, number);
    assert_ok(test_take(intake, &feed, message, size, &receipt));
    assert_string_equal(receipt.verdict, "received");
}

/* A number of /metrics; -1 = it is not there. */
static double metric(const char *name)
{
    char  *answer, line[100];
    double value = -1;
    assert_int_equal(test_ask(&test, "GET /metrics", "", NULL, &answer), 200);
    snprintf(line, sizeof line, "\n%s ", name);
    const char *found = strstr(answer, line);
    if (found != NULL)
        value = atof(found + strlen(line));
    free(answer);
    return value;
}

static void wait_until_nothing_waits(void)
{
    for (int i = 0; i < 3000 && metric("tocsin_messages_waiting") != 0; i++)
        nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
    assert_true(metric("tocsin_messages_waiting") == 0);
    assert_true(metric("tocsin_messages_oldest_seconds") == 0);
}

static void test_what_is_taken_becomes_records(void **state)
{
    (void) state;
    for (unsigned i = 0; i < 20; i++)
        take(test.server->intake, i);
    wait_until_nothing_waits();
    assert_int_equal(test_store_number(&test.store, "SELECT count(*) FROM \"case\""), 20);
    assert_true(metric("tocsin_messages_taken_total") == 20);
    assert_true(metric("tocsin_messages_worked_total") == 20);
    assert_true(metric("tocsin_messages_failed_total") == 0);
}

/* A machine's bundle over the network: answered, and worked off by the server's own thread. */
static void test_fhir_becomes_records(void **state)
{
    static const char bundle[] =
        "{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":[{\"request\":{\"method\":\"POST\",\"url\":"
        "\"Observation\"},\"resource\":{\"resourceType\":\"Observation\",\"status\":\"final\",\"code\":{\"coding\":[{"
        "\"system\":\"http://"
        "loinc.org\",\"code\":\"94500-6\"}]},\"contained\":[{\"resourceType\":\"Patient\",\"id\":\"p\","
        "\"name\":[{\"family\":\"Zhang\"}]}],\"subject\":{\"reference\":\"#p\"},\"effectiveDateTime\":\"2024-10-03\","
        "\"valueString\":\"Detected\"}}]}";
    struct access         access = { .role = ACCESS_NO_ROLE };
    struct account_who    who = { .machine = true, .token = { .facility = { { 0x1a } } } };
    struct caller         machine = test_caller_machine(&access);
    struct model_facility laboratory;
    struct model_feed     by_fhir = test_feed(&test.store, "live");
    char                 *answer;
    (void) state;
    model_init(model_record(MODEL_FACILITY), &laboratory);
    laboratory.head.id = who.token.facility;
    laboratory.area = test.store.areas[TEST_EAST_ONE];
    laboratory.code = test_text("L1");
    laboratory.kind = test_text("laboratory");
    laboratory.name_en = test_text("Laboratory");
    test_create(&test.store, MODEL_FACILITY, &laboratory);
    by_fhir.channel = test_text("fhir");
    by_fhir.facility = who.token.facility;
    by_fhir.sending_facility = (struct model_text){ NULL, 0 };
    by_fhir.blank_is_live = 1;
    test_create(&test.store, MODEL_FEED, &by_fhir);
    machine.who = &who;
    test_exchange_as(&machine);
    int status = test_ask(&test, "POST /fhir/R4", "Authorization: Bearer x\r\nContent-Type: application/fhir+json\r\n",
                          bundle, &answer);
    test_exchange_as(NULL);
    if (status != 200 || strstr(answer, "\"201 Created\"") == NULL)
        fail_msg("%d %s", status, answer);
    free(answer);
    wait_until_nothing_waits();
    assert_int_equal(test_store_number(&test.store, "SELECT count(*) FROM \"case\""), 1);
}

/* What was taken in while nobody worked it off is worked off by the server that starts. */
static void test_a_restart_goes_on(void **state)
{
    (void) state;
    struct fault_list     faults = FAULT_LIST_INIT;
    struct server_options options = { .quiet = true, .listen = "127.0.0.1:0", .node = &test.node };
    struct server        *other = NULL;
    server_stop(test.server, 2);
    test.server = NULL;
    struct intake *door = test_intake_open(&test.store);
    for (unsigned i = 0; i < 5; i++)
        take(door, i);
    intake_close(door);
    assert_int_equal(test_store_number(&test.store, "SELECT count(*) FROM message WHERE verdict = 'received'"), 5);
    options.tables = test_tables();
    assert_ok(server_start(&options, &other, &faults));
    for (int i = 0; i < 3000; i++) {
        if (test_store_number(&test.store, "SELECT count(*) FROM message WHERE verdict = 'accepted'") == 5)
            break;
        nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
    }
    assert_int_equal(test_store_number(&test.store, "SELECT count(*) FROM \"case\""), 5);
    test.server = other;
}

/* Without code tables nothing is taken in, and nothing is told of it. */
static void test_a_server_without_tables(void **state)
{
    (void) state;
    struct fault_list     faults = FAULT_LIST_INIT;
    struct server_options options = { .quiet = true, .listen = "127.0.0.1:0", .node = &test.node };
    server_stop(test.server, 2);
    test.server = NULL;
    assert_ok(server_start(&options, &test.server, &faults));
    assert_null(test.server->intake);
}

static int on_postgresql(void **state)
{
    test.postgresql = true;
    return start(state);
}

#define ON_SQLITE(name) { "sqlite: " #name, name, start, stop, NULL },
#define ON_POSTGRESQL(name) { "postgresql: " #name, name, on_postgresql, stop, NULL },
#define PROMISES(on)                                                                                                   \
    on(test_what_is_taken_becomes_records) on(test_fhir_becomes_records) on(test_a_restart_goes_on)                    \
        on(test_a_server_without_tables)

int main(void)
{
    const struct CMUnitTest sqlite[] = { PROMISES(ON_SQLITE) };
    const struct CMUnitTest both[] = { PROMISES(ON_SQLITE) PROMISES(ON_POSTGRESQL) };
    if (!test_postgresql_installed())
        return _cmocka_run_group_tests("server/intake", sqlite, sizeof sqlite / sizeof *sqlite, NULL, NULL);
    return _cmocka_run_group_tests("server/intake", both, sizeof both / sizeof *both, NULL, NULL);
}
