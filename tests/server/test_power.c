/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The server on a machine whose power goes, or whose disk is full, while clients create records over HTTP. Whatever was
 * answered with 201 is there afterwards, whole; what was not answered is there whole or not at all, and sent again with
 * its key it is written once. Without the store's care this breaks, or the test could not notice. */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/check.h"
#include "store/power/contract.h"
#include "support/power_vfs.h"
#include "support/property.h"
#include "support/server.h"
#include "support/test.h"

enum { CYCLES = 10, FRESH_EVERY = 25, ENOUGH = 2, CLIENTS = 3, MOST_SENT = 20000 };
/* A cut comes within so many changes of files. */
enum { CHANGES = 1200 };

enum kind { PERSON, IDENTITY, ILLNESS, NUM_KINDS };
static const char *const paths[NUM_KINDS] = { "/api/v1/persons", "/api/v1/identities", "/api/v1/cases" };

struct sent {
    enum kind kind;
    struct id id, person;
    int       status; /* 0 = no answer */
};

static struct test_server test;
static struct access      who;
static struct caller      caller;
static struct sent       *all; /* MOST_SENT: of this store */
static size_t             num_sent, num_known;
static pthread_mutex_t    lock = PTHREAD_MUTEX_INITIALIZER;

struct tally {
    unsigned          cycles, broken;
    uint64_t          acknowledged, unanswered;
    struct power_loss loss;
    char              why[300];
};

/* ---- the machine ---- */

static int open_store(struct tally *tally)
{
    struct db_error error = { .what = "" };
    int             ret = store_open(&test.store.options, &test.store.store, &error);
    if (ret == 0)
        ret = store_reader_open(test.store.store, &test.store.reader, &error);
    if (ret != 0)
        snprintf(tally->why, sizeof tally->why, "the store cannot be opened: %d %s", ret, error.what);
    return ret;
}

static void close_store(void)
{
    store_reader_close(test.store.reader);
    store_close(test.store.store);
    test.store.reader = NULL;
    test.store.store = NULL;
}

static void start_server(void)
{
    struct fault_list     faults = FAULT_LIST_INIT;
    struct server_options options = { .quiet = true, .listen = "127.0.0.1:0", .node = &test.node };
    test.node = (struct node){ .store = test.store.store, .keeper = test.store.keeper };
    assert_ok(server_start(&options, &test.server, &faults));
    snprintf(test.host, sizeof test.host, "%s", server_url(test.server) + strlen("http://"));
    test.port = (unsigned) atoi(strrchr(test.host, ':') + 1);
    fault_list_free(&faults);
}

static void start(bool unsafe)
{
    struct tally none = { 0 };
    test_store_open(&test.store, false);
    close_store();
    test.store.options.db.unsafe_test_sync = unsafe;
    assert_int_equal(power_vfs_start(test.store.folder), 0);
    test.store.options.db.vfs = POWER_VFS;
    assert_ok(open_store(&none));
    who = test_epidemiologist(&test.store.areas[TEST_PROVINCE]);
    who.purpose = ACCESS_NO_PURPOSE;
    caller = test_caller_person(&who);
    test_exchange_as(&caller);
    num_sent = num_known = 0;
    all = calloc(MOST_SENT, sizeof *all);
    assert_non_null(all);
}

static void stop(void)
{
    test_exchange_as(NULL);
    close_store();
    power_vfs_end();
    test_store_close(&test.store);
    free(all);
}

/* ---- clients ---- */

static void body_of(const struct sent *sent, char body[600])
{
    char id[ID_TEXT_BYTES], person[ID_TEXT_BYTES], area[ID_TEXT_BYTES];
    id_to_text(&sent->id, id);
    id_to_text(&sent->person, person);
    id_to_text(&test.store.areas[TEST_EAST_ONE], area);
    switch (sent->kind) {
    case PERSON: snprintf(body, 600, "{\"id\":\"%s\",\"area\":\"%s\",\"sex\":\"female\"}", id, area); return;
    case IDENTITY: snprintf(body, 600, "{\"id\":\"%s\",\"person\":\"%s\",\"name\":\"卓玛\"}", id, person); return;
    case ILLNESS:
    case NUM_KINDS: break;
    }
    snprintf(body, 600,
             "{\"id\":\"%s\",\"person\":\"%s\",\"disease\":\"measles\",\"responsible_area\":\"%s\",\"classification\":"
             "\"suspected\",\"received_date\":\"2024-10-01\"}",
             id, person, area);
}

/* NULL: this store has had enough. */
static struct sent *next_sent(enum kind kind, const struct id *person)
{
    struct sent *sent = NULL;
    pthread_mutex_lock(&lock);
    if (num_sent < MOST_SENT) {
        sent = &all[num_sent++];
        sent->kind = kind;
        sent->id = (struct id){ { 0x70, (uint8_t) (num_sent >> 16), (uint8_t) (num_sent >> 8), (uint8_t) num_sent } };
        sent->person = person != NULL ? *person : sent->id;
    }
    pthread_mutex_unlock(&lock);
    return sent;
}

static int send_over_http(const struct sent *sent)
{
    char line[100], headers[200], body[600], key[ID_TEXT_BYTES];
    id_to_text(&sent->id, key);
    body_of(sent, body);
    snprintf(line, sizeof line, "POST %s", paths[sent->kind]);
    snprintf(headers, sizeof headers, "Content-Type: application/json\r\nIdempotency-Key: %s\r\nConnection: close\r\n",
             key);
    return test_ask(&test, line, headers, body, NULL);
}

/* Until something is not acknowledged. */
static void *be_client(void *context)
{
    (void) context;
    for (;;) {
        struct id person;
        for (int kind = PERSON; kind < NUM_KINDS; kind++) {
            struct sent *sent = next_sent((enum kind) kind, kind == PERSON ? NULL : &person);
            if (sent == NULL)
                return NULL;
            sent->status = send_over_http(sent);
            if (sent->status != 201)
                return NULL;
            person = sent->person;
        }
    }
}

static void run_clients(void)
{
    pthread_t threads[CLIENTS];
    for (int i = 0; i < CLIENTS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, be_client, NULL), 0);
    for (int i = 0; i < CLIENTS; i++)
        pthread_join(threads[i], NULL);
}

/* ---- afterwards ---- */

/* Sent again with its key: 201, and the id of the first time. */
static bool send_again(const struct sent *sent, struct tally *tally)
{
    struct exchange exchange;
    char            body[600], key[ID_TEXT_BYTES];
    id_to_text(&sent->id, key);
    body_of(sent, body);
    test_exchange_init(&exchange, &test.store, HTTP_POST, paths[sent->kind], body);
    test_exchange_header(&exchange, "idempotency-key", key);
    (void) exchange_call(&exchange);
    const char *location = test_exchange_answer_header(&exchange, "Location");
    bool        same = exchange.answer.status == 201 && location != NULL && strstr(location, key) != NULL;
    if (!same)
        snprintf(tally->why, sizeof tally->why, "%s sent again answers %d", paths[sent->kind], exchange.answer.status);
    exchange_free(&exchange);
    return same;
}

static bool is_there(const struct sent *sent)
{
    struct exchange exchange;
    char            path[100], id[ID_TEXT_BYTES];
    id_to_text(&sent->id, id);
    snprintf(path, sizeof path, "%s/%s", paths[sent->kind], id);
    test_exchange_init(&exchange, &test.store, HTTP_GET, path, NULL);
    (void) exchange_call(&exchange);
    const char *version = test_exchange_answer_header(&exchange, "ETag");
    bool        there = exchange.answer.status == 200 && version != NULL && strcmp(version, "\"1\"") == 0;
    exchange_free(&exchange);
    return there;
}

static void tell_wrong(void *context, const struct check_finding *finding)
{
    struct tally *tally = context;
    if (finding->wrong > 0)
        snprintf(tally->why, sizeof tally->why, "%s: %" PRId64 " wrong", finding->what, finding->wrong);
}

/* Rows, history, tokens, counters, audit: everything as the store leaves it. */
static bool is_whole(struct tally *tally)
{
    struct db                 *db = NULL;
    struct db_error            error = { .what = "" };
    struct db_options          options = test.store.options.db;
    const struct check_options check = {
        .keeper = test.store.keeper, .county_depth = 1, .tell = tell_wrong, .context = tally
    };
    int64_t wrong = 0;
    options.read_only = true;
    options.create = false;
    int ret = db_open(test.store.url, &options, &db, &error);
    if (ret == 0)
        ret = store_check(db, &check, &wrong, &error);
    db_close(db);
    if (ret != 0)
        snprintf(tally->why, sizeof tally->why, "the check fails: %d %s", ret, error.what);
    return ret == 0 && wrong == 0;
}

static bool counts_are_right(struct tally *tally)
{
    static const char *const questions[NUM_KINDS] = { "SELECT COUNT(*) FROM person", "SELECT COUNT(*) FROM identity",
                                                      "SELECT COUNT(*) FROM \"case\"" };
    int64_t                  wanted[NUM_KINDS] = { 0 };
    for (size_t i = 0; i < num_sent; i++)
        wanted[all[i].kind]++;
    for (int kind = 0; kind < NUM_KINDS; kind++) {
        int64_t found = test_store_number(&test.store, questions[kind]);
        if (found == wanted[kind])
            continue;
        snprintf(tally->why, sizeof tally->why, "%s: %" PRId64 " instead of %" PRId64, paths[kind], found,
                 wanted[kind]);
        return false;
    }
    return true;
}

/* Everything that was answered is there; what was not is sent again; then each is there once. */
static bool holds(struct tally *tally)
{
    bool right = true;
    for (size_t i = num_known; i < num_sent && right; i++) {
        struct sent *sent = &all[i];
        tally->acknowledged += sent->status == 201;
        tally->unanswered += sent->status != 201;
        if (sent->status == 201 && !is_there(sent)) {
            snprintf(tally->why, sizeof tally->why, "%s was answered 201 and is not there", paths[sent->kind]);
            right = false;
        }
        right = right && send_again(sent, tally) && send_again(sent, tally) && is_there(sent);
    }
    num_known = num_sent;
    return right && counts_are_right(tally) && is_whole(tally);
}

static bool cycle(struct test_random *random, struct tally *tally)
{
    static const unsigned sectors[] = { 512, 4096, 8192 };
    struct power_plan     plan = POWER_PLAN_NONE;
    struct power_loss     loss;
    plan.cut_at = test_between(random, 1, CHANGES);
    start_server();
    power_vfs_plan(&plan);
    run_clients();
    server_stop(test.server, 1);
    power_vfs_cut();
    close_store();
    assert_int_equal(
        power_vfs_restore(test_between(random, 0, SIZE_MAX / 2), sectors[test_between(random, 0, 2)], &loss), 0);
    tally->cycles++;
    tally->loss.sectors_lost += loss.sectors_lost;
    tally->loss.sectors_kept += loss.sectors_kept;
    if (open_store(tally) == 0 && holds(tally))
        return true;
    tally->broken++;
    return false;
}

static void run_cycles(const char *name, bool unsafe, struct tally *tally)
{
    struct test_random random = { .seed = 20261122 };
    unsigned           cycles = contract_cycles(CYCLES);
    start(unsafe);
    for (unsigned i = 0; i < cycles && tally->broken < ENOUGH; i++) {
        bool right = cycle(&random, tally);
        if (!right)
            print_message("# %s, cycle %u: %s\n", name, i, tally->why);
        if (i + 1 < cycles && (!right || i % FRESH_EVERY == FRESH_EVERY - 1)) {
            stop();
            start(unsafe);
        }
    }
    stop();
    print_message("# %s: %u power cuts, %" PRIu64 " requests acknowledged, %" PRIu64 " not, %" PRIu64
                  " sectors lost and %" PRIu64 " kept; promise broken %u times%s%s\n",
                  name, tally->cycles, tally->acknowledged, tally->unanswered, tally->loss.sectors_lost,
                  tally->loss.sectors_kept, tally->broken, tally->broken > 0 ? ": " : "", tally->why);
}

static void test_power_cuts_under_load(void **state)
{
    struct tally tally = { 0 };
    (void) state;
    run_cycles("server on SQLite under load", false, &tally);
    assert_int_equal(tally.broken, 0);
    assert_true(tally.acknowledged > 0 && tally.unanswered > 0 && tally.loss.sectors_lost > 0);
}

static void test_unsafe_is_noticed(void **state)
{
    struct tally tally = { 0 };
    (void) state;
    run_cycles("server on SQLite under load, synchronous=OFF", true, &tally);
    assert_true(tally.broken > 0);
}

/* ---- a full disk ---- */

static int get(const char *line)
{
    return test_ask(&test, line, "Connection: close\r\n", NULL, NULL);
}

/* Told as 507; reading goes on; with room again everything goes on, and what was refused can be sent again. */
static void test_a_full_disk(void **state)
{
    struct tally tally = { 0 };
    unsigned     full = 0;
    (void) state;
    start(false);
    start_server();
    for (int64_t room = 0; room < 600000; room += 150000) {
        power_vfs_plan(&(struct power_plan){ .bytes_allowed = room });
        size_t first = num_sent;
        run_clients();
        for (size_t i = first; i < num_sent; i++) {
            if (all[i].status != 201 && all[i].status != 507)
                fail_msg("with a full disk: %d", all[i].status);
            full += all[i].status == 507;
        }
        assert_int_equal(get("GET /api/v1/cases"), 200);
        assert_int_equal(get("GET /healthz"), 200);
        power_vfs_plan(&(struct power_plan) POWER_PLAN_NONE);
        if (!holds(&tally))
            fail_msg("after a full disk: %s", tally.why);
    }
    server_stop(test.server, 1);
    stop();
    assert_true(full >= 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_power_cuts_under_load),
        cmocka_unit_test(test_unsafe_is_noticed),
        cmocka_unit_test(test_a_full_disk),
    };
    return cmocka_run_group_tests_name("power", tests, NULL, NULL);
}
