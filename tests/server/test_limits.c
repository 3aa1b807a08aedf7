/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every limit of the network at its value and one past it; the clock of the wall against those who trickle. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/http.h"
#include "server/route.h"
#include "server/target.h"
#include "server/watch.h"
#include "support/server.h"
#include "support/test.h"

static struct test_server test;

static void start(const struct server_options *options)
{
    struct server_options own = *options;
    own.quiet = true;
    test_server_start(&test, &own);
}

static void stop(void)
{
    test_server_stop(&test);
}

/* `size` times a character, ended. */
static char *many(char character, size_t size)
{
    char *text = malloc(size + 1);
    assert_non_null(text);
    memset(text, character, size);
    text[size] = '\0';
    return text;
}

/* ---- sizes ---- */

static int ask_with_header_bytes(size_t size)
{
    char head[200];
    snprintf(head, sizeof head, "GET /healthz HTTP/1.1\r\nHost: %s\r\nA: ", test.host);
    char *value = many('a', size - strlen(head) - 4);
    char *text = malloc(size + 1);
    assert_non_null(text);
    snprintf(text, size + 1, "%s%s\r\n\r\n", head, value);
    assert_int_equal(strlen(text), size);
    int status = test_request(&test, text, NULL);
    free(text);
    free(value);
    return status;
}

static void test_header_bytes(void **state)
{
    (void) state;
    start(&(struct server_options){ 0 });
    assert_int_equal(ask_with_header_bytes(HTTP_MAX_HEADER_BYTES), 200);
    assert_int_equal(ask_with_header_bytes(HTTP_MAX_HEADER_BYTES + 1), 431);
    assert_int_equal(ask_with_header_bytes(100000), 431);
    stop();
}

static void test_number_of_headers(void **state)
{
    (void) state;
    start(&(struct server_options){ 0 });
    for (int more = 0; more < 2; more++) {
        char headers[EXCHANGE_MAX_HEADERS * 8] = "";
        for (int i = 0; i < EXCHANGE_MAX_HEADERS - 1 + more; i++) /* and Host */
            strcat(headers, "A: b\r\n");
        assert_int_equal(test_ask(&test, "GET /healthz", headers, NULL, NULL), more ? 431 : 200);
    }
    stop();
}

static void test_target_bytes(void **state)
{
    (void) state;
    start(&(struct server_options){ 0 });
    for (size_t more = 0; more < 2; more++) {
        char *query = many('a', TARGET_MAX_BYTES - strlen("/healthz?") + more);
        char  line[TARGET_MAX_BYTES + 40];
        snprintf(line, sizeof line, "GET /healthz?%s", query);
        assert_int_equal(test_ask(&test, line, "", NULL, NULL), more ? 414 : 200);
        free(query);
    }
    stop();
}

static const char json[] = "Content-Type: application/json\r\n";

static void test_body_bytes(void **state)
{
    (void) state;
    struct access access = test_program();
    struct caller caller = test_caller_machine(&access);
    start(&(struct server_options){ 0 });
    /* nobody known has nothing large to say */
    char *body = many(' ', HTTP_SIGNED_OUT_BODY), *larger = many(' ', ROUTE_MAX_BODY + 1);
    assert_int_equal(test_ask(&test, "POST /api/v1/search", json, body, NULL), 401);
    assert_int_equal(test_ask(&test, "POST /api/v1/search", json, larger, NULL), 401);
    test_exchange_as(&caller);
    const char *known = "Content-Type: application/json\r\nAuthorization: Bearer x\r\n";
    assert_int_equal(test_ask(&test, "POST /api/v1/search", known, larger, NULL), 413);
    larger[ROUTE_MAX_BODY] = '\0';
    assert_int_equal(test_ask(&test, "POST /api/v1/search", known, larger, NULL), 422); /* blanks are no JSON */
    test_exchange_as(NULL);
    free(body);
    free(larger);
    stop();
}

/* A body in chunks has no length to be refused by: what is too much is let go, and then the connection. */
static void test_chunked_bytes(void **state)
{
    (void) state;
    start(&(struct server_options){ 0 });
    char *chunk = many(' ', 65536), head[300];
    int   fd = test_connect(&test);
    snprintf(head, sizeof head,
             "POST /api/v1/search HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nAuthorization: Bearer x\r\n"
             "Transfer-Encoding: chunked\r\n\r\n",
             test.host);
    test_send(fd, head);
    for (int i = 0; i < 17; i++) {
        test_send(fd, "10000\r\n");
        test_send_bytes(fd, chunk, 65536);
        test_send(fd, "\r\n");
    }
    test_send(fd, "0\r\n\r\n");
    char *answer = test_receive(fd, 5, NULL);
    assert_int_equal(test_status(answer), 413);
    free(answer);
    close(fd);
    fd = test_connect(&test);
    test_send(fd, head);
    for (int i = 0; i < 100; i++) { /* and one that never ends */
        test_send(fd, "10000\r\n");
        test_send_bytes(fd, chunk, 65536);
        test_send(fd, "\r\n");
    }
    bool closed;
    answer = test_receive(fd, 5, &closed);
    assert_true(closed);
    assert_int_equal(test_ask(&test, "GET /healthz", "", NULL, NULL), 200);
    free(answer);
    free(chunk);
    close(fd);
    stop();
}

static void test_depth(void **state)
{
    (void) state;
    struct access access = test_program();
    struct caller caller = test_caller_machine(&access);
    start(&(struct server_options){ 0 });
    test_exchange_as(&caller);
    char *body = many('[', 100000), *answer;
    assert_int_equal(test_ask(&test, "POST /api/v1/search",
                              "Content-Type: application/json\r\nAuthorization: Bearer x\r\n", body, &answer),
                     422);
    assert_non_null(strstr(answer, "32 levels"));
    test_exchange_as(NULL);
    free(body);
    free(answer);
    stop();
}

/* ---- connections ---- */

static void expect_served(int fd, bool served)
{
    char text[100];
    snprintf(text, sizeof text, "GET /healthz HTTP/1.1\r\nHost: %s\r\n\r\n", test.host);
    test_send(fd, text);
    char *answer = test_receive(fd, 5, NULL);
    assert_int_equal(test_status(answer), served ? 200 : 503);
    free(answer);
}

static void connections(unsigned most)
{
    int fds[5];
    for (unsigned i = 0; i < most; i++) {
        fds[i] = test_connect(&test);
        expect_served(fds[i], true);
    }
    fds[most] = test_connect(&test);
    expect_served(fds[most], false);
    close(fds[most]);
    expect_served(fds[0], true); /* those before it go on */
    for (unsigned i = 0; i < most; i++)
        close(fds[i]);
    usleep(100000);
    fds[0] = test_connect(&test);
    expect_served(fds[0], true);
    close(fds[0]);
}

static void test_connections_in_all(void **state)
{
    (void) state;
    start(&(struct server_options){ .max_connections = 4, .threads = 1 });
    connections(4);
    stop();
}

static void test_connections_of_a_peer(void **state)
{
    (void) state;
    start(&(struct server_options){ .max_per_peer = 3 });
    connections(3);
    stop();
}

/* ---- time ---- */

/* Send a byte every 50 ms until the connection ends; the answer that came. */
static char *trickle(int fd, const char *head, double seconds, double *took)
{
    int64_t began = watch_clock();
    bool    closed = false;
    char   *answer = NULL;
    test_send(fd, head);
    while (!closed && (double) (watch_clock() - began) < seconds * 1e6) {
        test_send(fd, "a");
        free(answer);
        answer = test_receive(fd, 0.05, &closed);
        if (answer[0] != '\0')
            break;
    }
    *took = (double) (watch_clock() - began) / 1e6;
    return answer;
}

static void test_a_trickled_header_ends(void **state)
{
    (void) state;
    double took;
    char   head[100];
    start(&(struct server_options){ .header_seconds = 0.5 });
    int   fd = test_connect(&test), silent = test_connect(&test);
    char *answer = trickle(fd, "GE", 5, &took);
    assert_int_equal(test_status(answer), 408);
    assert_true(took < 2);
    free(answer);
    close(fd);
    fd = test_connect(&test);
    snprintf(head, sizeof head, "GET /healthz HTTP/1.1\r\nHost: %s\r\nA: ", test.host);
    answer = trickle(fd, head, 5, &took);
    assert_int_equal(test_status(answer), 408);
    assert_true(took < 2);
    free(answer);
    bool closed;
    answer = test_receive(silent, 1, &closed); /* whoever says nothing at all */
    assert_int_equal(test_status(answer), 408);
    free(answer);
    close(silent);
    close(fd);
    assert_int_equal(test_ask(&test, "GET /healthz", "", NULL, NULL), 200);
    stop();
}

static void test_a_trickled_body_ends(void **state)
{
    (void) state;
    double took;
    char   head[300];
    start(&(struct server_options){ .body_seconds = 0.5 });
    int fd = test_connect(&test);
    snprintf(
        head, sizeof head,
        "POST /api/v1/search HTTP/1.1\r\nHost: %s\r\nContent-Length: 10000\r\nContent-Type: application/json\r\n\r\n",
        test.host);
    char *answer = trickle(fd, head, 8, &took);
    assert_int_equal(test_status(answer), 408);
    assert_true(took < 4); /* half a second, and one for its 16 KiB */
    free(answer);
    close(fd);
    stop();
}

static void test_an_idle_connection_ends(void **state)
{
    (void) state;
    bool closed;
    start(&(struct server_options){ .idle_seconds = 0.3 });
    int fd = test_connect(&test);
    expect_served(fd, true);
    char *answer = test_receive(fd, 3, &closed);
    assert_true(closed);
    assert_string_equal(answer, "");
    free(answer);
    close(fd);
    stop();
}

/* Whoever does not take the answer holds it for a while and no longer; others are served meanwhile. */
static void test_a_stalled_reader_ends(void **state)
{
    (void) state;
    enum { READERS = 16 };
    int  fds[READERS], small = 2048;
    char text[200];
    start(&(struct server_options){ .send_seconds = 1.5 });
    snprintf(text, sizeof text, "GET /openapi.json HTTP/1.1\r\nHost: %s\r\n\r\n", test.host);
    for (int i = 0; i < READERS; i++) {
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t) test.port) };
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        setsockopt(fds[i], SOL_SOCKET, SO_RCVBUF, &small, sizeof small); /* before connecting: a small window */
        assert_int_equal(connect(fds[i], (struct sockaddr *) &address, sizeof address), 0);
        for (int n = 0; n < 12; n++) /* behind one another, so that no buffer of the system holds them */
            test_send(fds[i], text);
    }
    for (int i = 0; i < 20; i++)
        assert_int_equal(test_ask(&test, "GET /healthz", "", NULL, NULL), 200);
    bool ended = false;
    for (int i = 0; i < 600 && !ended; i++) {
        char *answer;
        usleep(100000);
        assert_int_equal(test_ask(&test, "GET /metrics", "", NULL, &answer), 200);
        const char *number = strstr(answer, "\ntocsin_connections ");
        ended = number != NULL && atoi(number + strlen("\ntocsin_connections ")) <= 2;
        free(answer);
    }
    assert_true(ended);
    for (int i = 0; i < READERS; i++)
        close(fds[i]);
    stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_header_bytes),
        cmocka_unit_test(test_number_of_headers),
        cmocka_unit_test(test_target_bytes),
        cmocka_unit_test(test_body_bytes),
        cmocka_unit_test(test_chunked_bytes),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_connections_in_all),
        cmocka_unit_test(test_connections_of_a_peer),
        cmocka_unit_test(test_a_trickled_header_ends),
        cmocka_unit_test(test_a_trickled_body_ends),
        cmocka_unit_test(test_an_idle_connection_ends),
        cmocka_unit_test(test_a_stalled_reader_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
