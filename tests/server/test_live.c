/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Live events over the network: who is sent what, coming back, one stream a session, ends. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "server/live.h"
#include "support/server.h"
#include "support/test.h"

static struct test_server test;
static struct access      county;
static struct caller      caller;

static int start(void **state)
{
    (void) state;
    test_server_start(&test, &(struct server_options){ .quiet = true, .heartbeat_seconds = 0.4, .send_seconds = 1 });
    county = test_epidemiologist(&test.store.areas[TEST_COUNTY]);
    county.purpose = ACCESS_NO_PURPOSE;
    caller = test_caller_person(&county);
    caller.session.bytes[0] = 1;
    test_exchange_as(&caller);
    return 0;
}

static int stop(void **state)
{
    (void) state;
    test_exchange_as(NULL);
    test_server_stop(&test);
    return 0;
}

static int listen_from(const char *last)
{
    char text[300];
    int  fd = test_connect(&test);
    snprintf(text, sizeof text, "GET /api/v1/live HTTP/1.1\r\nHost: %s\r\n%s%s%s\r\n", test.host,
             last != NULL ? "Last-Event-ID: " : "", last != NULL ? last : "", last != NULL ? "\r\n" : "");
    test_send(fd, text);
    return fd;
}

/* What a stream says within some seconds, or until it has said `until`. */
static char *hear(int fd, const char *until, double seconds, bool *closed)
{
    char  *all = calloc(1, 1 << 20);
    size_t used = 0;
    bool   ended = false;
    assert_non_null(all);
    for (int i = 0; i < (int) (seconds * 20) && !ended && (until == NULL || strstr(all, until) == NULL); i++) {
        char  *more = test_receive(fd, 0.05, &ended);
        size_t size = strlen(more);
        assert_true(used + size < 1 << 20);
        memcpy(all + used, more, size + 1);
        used += size;
        free(more);
    }
    if (closed != NULL)
        *closed = ended;
    return all;
}

static void create(struct people_sample *sample)
{
    assert_ok(test_person_create(&test.store, sample));
}

static size_t count(const char *text, const char *what)
{
    size_t num = 0;
    for (const char *at = text; (at = strstr(at, what)) != NULL; at++)
        num++;
    return num;
}

static void test_events_of_ones_areas(void **state)
{
    (void) state;
    struct people_sample sample;
    char                 id[ID_TEXT_BYTES], wanted[100];
    int                  fd = listen_from(NULL);
    free(hear(fd, ": open", 5, NULL));
    create(&sample);
    id_to_text(&sample.illness.head.id, id);
    snprintf(wanted, sizeof wanted, "\"id\":\"%s\",\"version\":1", id);
    char *said = hear(fd, wanted, 5, NULL);
    assert_non_null(strstr(said, "event: change\ndata: {\"type\":\"case\""));
    assert_non_null(strstr(said, wanted));
    /* type, id, version, area: nothing else of a record, and nothing of who */
    assert_null(strstr(said, "disease"));
    assert_null(strstr(said, "name"));
    free(said);
    close(fd);
}

/* Of another county nothing is heard. */
static void test_no_events_of_other_areas(void **state)
{
    (void) state;
    struct people_sample sample;
    struct access        other = test_epidemiologist(&test.store.areas[TEST_OTHER]);
    struct caller        elsewhere = test_caller_person(&other);
    elsewhere.session.bytes[0] = 2;
    test_exchange_as(&elsewhere);
    int fd = listen_from(NULL);
    free(hear(fd, ": open", 5, NULL));
    test_exchange_as(&caller);
    create(&sample);
    char *said = hear(fd, "\"type\":\"case\"", 1.0, NULL);
    assert_int_equal(count(said, "\"type\":\"case\""), 0);
    assert_int_equal(count(said, "\"type\":\"person\""), 0);
    free(said);
    close(fd);
}

static void test_coming_back(void **state)
{
    (void) state;
    struct people_sample samples[3];
    char                 last[30];
    int                  fd = listen_from(NULL);
    free(hear(fd, ": open", 5, NULL));
    create(&samples[0]);
    char       *said = hear(fd, "\"type\":\"case\"", 5, NULL);
    const char *id = NULL;
    for (const char *at = said; (at = strstr(at, "id: ")) != NULL; at++)
        id = at + 4;
    assert_non_null(id);
    snprintf(last, sizeof last, "%.*s", (int) strspn(id, "0123456789"), id);
    free(said);
    close(fd);
    create(&samples[1]);
    create(&samples[2]);
    fd = listen_from(last);
    said = hear(fd, NULL, 0.7, NULL);
    assert_int_equal(count(said, "\"type\":\"case\""), 2); /* both, once each */
    free(said);
    close(fd);
}

static void test_a_number_that_nobody_gave(void **state)
{
    (void) state;
    static const char *const last[] = { "99999999999999999", "-1", "x", "" };
    for (size_t i = 0; i < sizeof last / sizeof *last; i++) {
        int   fd = listen_from(last[i]);
        char *said = hear(fd, ": open", 5, NULL);
        assert_int_equal(test_status(said), 200);
        free(said);
        close(fd);
    }
}

static void test_a_heartbeat(void **state)
{
    (void) state;
    int   fd = listen_from(NULL);
    char *said = hear(fd, "\n:\n", 3, NULL);
    assert_non_null(strstr(said, "\n:\n"));
    assert_non_null(strstr(said, "Content-Type: text/event-stream"));
    free(said);
    close(fd);
}

static void test_one_stream_a_session(void **state)
{
    (void) state;
    bool closed;
    int  first = listen_from(NULL);
    free(hear(first, ": open", 5, NULL));
    int   second = listen_from(NULL);
    char *said = hear(first, "elsewhere\"}\n\n\r\n0\r\n\r\n", 5, &closed);
    assert_non_null(strstr(said, "event: end\ndata: {\"reason\":\"elsewhere\"}"));
    free(said);
    said = hear(second, ": open", 5, NULL);
    assert_non_null(strstr(said, ": open"));
    free(said);
    close(first);
    close(second);
}

static void test_streams_of_a_token(void **state)
{
    (void) state;
    struct caller machine = test_caller_machine(&county);
    int           fds[LIVE_PER_TOKEN + 1];
    machine.token.bytes[0] = 3;
    test_exchange_as(&machine);
    for (int i = 0; i <= LIVE_PER_TOKEN; i++) {
        fds[i] = listen_from(NULL);
        char *said = hear(fds[i], i < LIVE_PER_TOKEN ? ": open" : "too-many", 5, NULL);
        assert_int_equal(test_status(said), i < LIVE_PER_TOKEN ? 200 : 429);
        free(said);
    }
    for (int i = 0; i <= LIVE_PER_TOKEN; i++)
        close(fds[i]);
    test_exchange_as(&caller);
}

/* Another grant, or none any more: the stream ends when users or grants change. */
static void test_a_changed_grant_ends_it(void **state)
{
    (void) state;
    struct access        program = test_program();
    struct model_user    user = { .head = { .id = { .bytes = { 0x01, 9 } } } };
    struct store_change  change = { .verb = STORE_CREATE, .record = model_record(MODEL_USER), .value = &user };
    struct store_request request = { .verb = "create", .set = { &change, 1 } };
    struct store_receipt receipt;
    struct fault_list    faults = FAULT_LIST_INIT;
    struct caller        changed = caller;
    int                  fd = listen_from(NULL);
    free(hear(fd, ": open", 5, NULL));
    changed.stamp++;
    test_exchange_as(&changed);
    user.login = (struct model_text){ "somebody", 8 };
    user.name = (struct model_text){ "Somebody", 8 };
    program.role = ACCESS_ADMINISTRATOR;
    int ret = store_submit(test.store.store, &program, &request, &receipt, &faults);
    fault_list_write(&faults, stderr);
    fault_list_free(&faults);
    assert_ok(ret);
    char *said = hear(fd, "\"access\"}", 5, NULL);
    assert_non_null(strstr(said, "event: end\ndata: {\"reason\":\"access\"}"));
    free(said);
    close(fd);
    test_exchange_as(&caller);
}

static void test_the_end_of_a_session_ends_it(void **state)
{
    (void) state;
    struct caller short_lived = caller;
    short_lived.session.bytes[0] = 5;
    short_lived.until = test.store.now + 1; /* by the node's clock, which the server of this test does not share */
    test_exchange_as(&short_lived);
    int   fd = listen_from(NULL);
    char *said = hear(fd, "\"access\"}", 5, NULL);
    assert_non_null(strstr(said, "\"access\"}"));
    free(said);
    close(fd);
    test_exchange_as(&caller);
}

/* Last, as it stops the server: each stream is told when to come back. */
static void test_stopping_tells_streams(void **state)
{
    (void) state;
    int fd = listen_from(NULL);
    free(hear(fd, ": open", 5, NULL));
    server_stop(test.server, 2);
    test.server = NULL;
    bool  closed;
    char *said = hear(fd, NULL, 2, &closed);
    assert_non_null(strstr(said, "retry: "));
    assert_non_null(strstr(said, "\"restart\"}"));
    free(said);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events_of_ones_areas),
        cmocka_unit_test(test_no_events_of_other_areas),
        cmocka_unit_test(test_coming_back),
        cmocka_unit_test(test_a_number_that_nobody_gave),
        cmocka_unit_test(test_a_heartbeat),
        cmocka_unit_test(test_one_stream_a_session),
        cmocka_unit_test(test_streams_of_a_token),
        cmocka_unit_test(test_a_changed_grant_ends_it),
        cmocka_unit_test(test_the_end_of_a_session_ends_it),
        cmocka_unit_test(test_stopping_tells_streams),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
