/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Everything at once, for ThreadSanitizer: reads, writes, long answers, streams, hostile and slow clients, and a stop
 * in the middle of it. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/server.h"
#include "support/test.h"

enum { CLIENTS = 6, ROUNDS = 40, PERSONS = 12 };

static struct test_server   test;
static struct people_sample samples[PERSONS];
static _Atomic int          served, refused, created, streamed;

struct client {
    pthread_t thread;
    int       number;
};

/* cmocka's assertions belong to the main thread: what went well is counted, and looked at in the end. */
static int ask(const char *line, const char *headers, const char *body)
{
    int status = test_ask(&test, line, headers, body, NULL);
    if (status >= 200 && status < 300)
        served++;
    else
        refused++;
    return status;
}

static void create(int client, int round)
{
    char body[600], headers[200], person[ID_TEXT_BYTES], area[ID_TEXT_BYTES];
    id_to_text(&samples[round % PERSONS].person.head.id, person);
    id_to_text(&samples[round % PERSONS].illness.responsible_area, area);
    snprintf(body, sizeof body,
             "{\"person\":\"%s\",\"disease\":\"measles\",\"episode\":%d,\"classification\":\"suspected\","
             "\"responsible_area\":\"%s\",\"received_date\":\"2026-11-20\"}",
             person, 100 + client * ROUNDS + round, area);
    snprintf(headers, sizeof headers,
             "Content-Type: application/json\r\nAuthorization: Bearer x\r\nIdempotency-Key: %d-%d\r\n", client, round);
    created += ask("POST /api/v1/cases", headers, body) == 201;
}

static void stream(void)
{
    char text[200];
    int  fd = test_connect(&test);
    snprintf(text, sizeof text, "GET /api/v1/live HTTP/1.1\r\nHost: %s\r\n\r\n", test.host);
    test_send(fd, text);
    char *said = test_receive(fd, 0.3, NULL);
    streamed += strstr(said, ": open") != NULL;
    free(said);
    close(fd);
}

static void *work(void *context)
{
    struct client *client = context;
    for (int round = 0; round < ROUNDS; round++) {
        char line[100], id[ID_TEXT_BYTES];
        id_to_text(&samples[round % PERSONS].illness.head.id, id);
        snprintf(line, sizeof line, "GET /api/v1/cases/%s", id);
        ask(line, "", NULL);
        ask("GET /api/v1/cases", "", NULL);
        if (round % 2 == 0)
            create(client->number, round);
        if (round % 8 == client->number)
            stream();
        if (round % 8 == 1)
            ask("GET /metrics", "", NULL);
        if (round % 8 == 2)
            ask("GET /%ff", "", NULL);
        if (round % 8 == 3)
            ask("GET /openapi.json", "", NULL);
        if (round % 8 == 4) { /* gone before the answer */
            int fd = test_connect(&test);
            test_send(fd, "GET /openapi.json HTTP/1.1\r\nHost: ");
            test_send(fd, test.host);
            test_send(fd, "\r\n\r\n");
            close(fd);
        }
        if (round % 8 == 5)
            close(test_connect(&test));
    }
    return NULL;
}

static void test_everything_at_once(void **state)
{
    (void) state;
    struct access access;
    struct caller caller;
    struct client clients[CLIENTS] = { 0 };
    test_server_start(&test, &(struct server_options){ .quiet = true, .heartbeat_seconds = 0.1 });
    for (int i = 0; i < PERSONS; i++)
        assert_ok(test_person_create(&test.store, &samples[i]));
    access = test_program();
    access.purpose = ACCESS_NO_PURPOSE;
    caller = test_caller_person(&access);
    test_exchange_as(&caller);
    test_exchange_own_sessions(true);
    for (int i = 0; i < CLIENTS; i++) {
        clients[i].number = i;
        pthread_create(&clients[i].thread, NULL, work, &clients[i]);
    }
    for (int i = 0; i < CLIENTS; i++)
        pthread_join(clients[i].thread, NULL);
    assert_int_equal(created, CLIENTS * ROUNDS / 2);
    assert_true(served >= CLIENTS * ROUNDS * 2 + created);
    assert_int_equal(refused, CLIENTS * ROUNDS / 8);
    assert_true(streamed > CLIENTS * ROUNDS / 8 / 2);
    /* a stop while streams and half requests are open */
    int fds[8];
    for (int i = 0; i < 8; i++) {
        fds[i] = test_connect(&test);
        test_send(fds[i], i % 2 != 0 ? "GET / HT" : "GET /api/v1/live HTTP/1.1\r\nHost: ");
        if (i % 2 == 0) {
            test_send(fds[i], test.host);
            test_send(fds[i], "\r\n\r\n");
        }
    }
    usleep(200000);
    server_stop(test.server, 1);
    for (int i = 0; i < 8; i++)
        close(fds[i]);
    test_exchange_own_sessions(false);
    test_exchange_as(NULL);
    test_store_close(&test.store);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_everything_at_once) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
