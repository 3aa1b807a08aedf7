/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hostile requests, as bytes: each is refused with a clear answer or its connection is closed, and others are served
 * meanwhile. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/http.h"
#include "server/route.h"
#include "support/server.h"
#include "support/test.h"

static struct test_server test;

static int start(void **state)
{
    (void) state;
    test_server_start(&test, NULL);
    return 0;
}

static int stop(void **state)
{
    (void) state;
    test_server_stop(&test);
    return 0;
}

/* @ in a request stands for the host. */
static char *with_host(const char *text)
{
    size_t size = strlen(text) + 10 * sizeof test.host, used = 0;
    char  *made = malloc(size);
    assert_non_null(made);
    for (; *text != '\0'; text++)
        if (*text == '@')
            used += (size_t) snprintf(made + used, size - used, "%s", test.host);
        else
            made[used++] = *text;
    made[used] = '\0';
    return made;
}

struct vector {
    const char *what, *text;
    int         status; /* 0: closed without an answer */
};

static void check(const struct vector *vectors, size_t num)
{
    for (size_t i = 0; i < num; i++) {
        char *text = with_host(vectors[i].text), *answer;
        int   status = test_request(&test, text, &answer);
        if (status != vectors[i].status)
            fail_msg("%s: %d instead of %d\n%s", vectors[i].what, status, vectors[i].status, answer);
        /* whatever came before it, another client is served */
        assert_int_equal(test_ask(&test, "GET /healthz", "", NULL, NULL), 200);
        free(text);
        free(answer);
    }
}
#define CHECK(vectors) check(vectors, sizeof(vectors) / sizeof *(vectors))

static void test_framing(void **state)
{
    (void) state;
    static const struct vector vectors[] = {
        { "a good one", "GET /healthz HTTP/1.1\r\nHost: @\r\n\r\n", 200 },
        { "a good one, HTTP/1.0", "GET /healthz HTTP/1.0\r\nHost: @\r\n\r\n", 200 },
        { "no blank behind the colon", "GET /healthz HTTP/1.1\r\nHost:@\r\n\r\n", 200 },
        { "Content-Length and chunked",
          "POST /healthz HTTP/1.1\r\nHost: @\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
          400 },
        { "two lengths that differ",
          "GET /healthz HTTP/1.1\r\nHost: @\r\nContent-Length: 0\r\nContent-Length: 4\r\n\r\n", 400 },
        { "two lengths alike", "GET /healthz HTTP/1.1\r\nHost: @\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n",
          400 },
        { "length +5", "GET /healthz HTTP/1.1\r\nHost: @\r\nContent-Length: +5\r\n\r\n", 400 },
        { "length -1", "GET /healthz HTTP/1.1\r\nHost: @\r\nContent-Length: -1\r\n\r\n", 400 },
        { "length 5, 5", "GET /healthz HTTP/1.1\r\nHost: @\r\nContent-Length: 5, 5\r\n\r\n", 400 },
        { "length 0x5", "GET /healthz HTTP/1.1\r\nHost: @\r\nContent-Length: 0x5\r\n\r\n", 400 },
        { "length beyond 64 bits",
          "GET /healthz HTTP/1.1\r\nHost: @\r\nContent-Length: 99999999999999999999999\r\n\r\n", 413 },
        { "another coding", "POST /healthz HTTP/1.1\r\nHost: @\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 400 },
        { "chunked twice",
          "POST /healthz HTTP/1.1\r\nHost: @\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
          400 },
        { "chunked with a tail", "POST /healthz HTTP/1.1\r\nHost: @\r\nTransfer-Encoding: chunked\x0b\r\n\r\n0\r\n\r\n",
          400 },
        { "blank before a colon", "GET /healthz HTTP/1.1\r\nHost : @\r\n\r\n", 400 },
        { "no Host", "GET /healthz HTTP/1.1\r\nA: b\r\n\r\n", 400 },
        { "no Host, HTTP/1.0", "GET /healthz HTTP/1.0\r\nA: b\r\n\r\n", 400 },
        { "two Hosts", "GET /healthz HTTP/1.1\r\nHost: @\r\nHost: @\r\n\r\n", 400 },
        { "folded line", "GET /healthz HTTP/1.1\r\nHost: @\r\nA: b\r\n c\r\nD: e\r\n\r\n", 400 },
        { "a line without colon", "GET /healthz HTTP/1.1\r\nHost: @\r\nnonsense\r\n\r\n", 400 },
        { "bare LF", "GET /healthz HTTP/1.1\nHost: @\n\n", 400 },
        { "one bare LF", "GET /healthz HTTP/1.1\r\nHost: @\r\nA: b\nC: d\r\n\r\n", 400 },
        { "bare CR", "GET /healthz HTTP/1.1\r\nHost: @\r\nA: b\rC: d\r\n\r\n", 400 },
        { "a bell in a header", "GET /healthz HTTP/1.1\r\nHost: @\r\nA: \a\r\n\r\n", 400 },
        { "Latin-1 in a header", "GET /healthz HTTP/1.1\r\nHost: @\r\nA: \xe9\r\n\r\n", 400 },
        { "a name that is no token", "GET /healthz HTTP/1.1\r\nHost: @\r\nA(b: c\r\n\r\n", 400 },
        { "HTTP/2.0", "GET /healthz HTTP/2.0\r\nHost: @\r\n\r\n", 505 },
        { "HTTP/1.2", "GET /healthz HTTP/1.2\r\nHost: @\r\n\r\n", 400 },
        { "no version", "GET /healthz\r\nHost: @\r\n\r\n", 400 },
        { "two blanks in the first line", "GET  /healthz HTTP/1.1\r\nHost: @\r\n\r\n", 400 },
        { "binary", "\x16\x03\x01\x02\x05\x01\x01\r\n\r\n", 0 },
    };
    CHECK(vectors);
}

/* Bytes that hide a header behind a NUL from whoever reads C strings. */
static void test_nul(void **state)
{
    (void) state;
    static const char *const places[] = { "GET /healthz HTTP/1.1\r\nHost: %s\r\nA: b%cc\r\n\r\n",
                                          "GET /healthz HTTP/1.1\r\nHost: %s\r\nA%cd: c\r\nE: f\r\n\r\n",
                                          "GET /healthz HTTP/1.1\r\nHost: %s%c\r\nA: b\r\n\r\n",
                                          "GET /healthz HTTP/1.1\r\nHost: %s\r\nA: b\r\nC: d%c\r\n\r\n",
                                          "GET /healthz HTTP/1.1\r\nHost: %s\r\n%cA: b\r\n\r\n" };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        char text[300];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        int size = snprintf(text, sizeof text, places[i], test.host, '\0');
#pragma GCC diagnostic pop
        int fd = test_connect(&test);
        test_send_bytes(fd, text, (size_t) size);
        char *answer = test_receive(fd, 5, NULL);
        if (test_status(answer) != 400)
            fail_msg("NUL %zu: %s", i, answer);
        free(answer);
        close(fd);
    }
    int               fd = test_connect(&test);
    static const char target[] = "GET /heal\0thz HTTP/1.1\r\n";
    test_send_bytes(fd, target, sizeof target - 1);
    test_send(fd, "Host: ");
    test_send(fd, test.host);
    test_send(fd, "\r\n\r\n");
    char *answer = test_receive(fd, 5, NULL);
    assert_true(test_status(answer) == 400 || answer[0] == '\0');
    free(answer);
    close(fd);
}

static void test_targets(void **state)
{
    (void) state;
    static const struct vector vectors[] = {
        { "%00", "GET /heal%00thz HTTP/1.1\r\nHost: @\r\n\r\n", 400 },
        { "half a %", "GET /healthz%4 HTTP/1.1\r\nHost: @\r\n\r\n", 400 },
        { "bad UTF-8", "GET /%ff HTTP/1.1\r\nHost: @\r\n\r\n", 400 },
        { "overlong /", "GET /%c0%af HTTP/1.1\r\nHost: @\r\n\r\n", 400 },
        { "raw UTF-8", "GET /\xe4\xb8\xad HTTP/1.1\r\nHost: @\r\n\r\n", 400 },
        { "../", "GET /a/../healthz HTTP/1.1\r\nHost: @\r\n\r\n", 400 },
        { "%2e%2e/", "GET /a/%2e%2e/healthz HTTP/1.1\r\nHost: @\r\n\r\n", 400 },
        { "%2f", "GET /a%2fb HTTP/1.1\r\nHost: @\r\n\r\n", 400 },
        { "a backslash", "GET /a%5cb HTTP/1.1\r\nHost: @\r\n\r\n", 400 },
        { "a whole address", "GET http://@/healthz HTTP/1.1\r\nHost: @\r\n\r\n", 400 },
        { "*", "OPTIONS * HTTP/1.1\r\nHost: @\r\n\r\n", 400 },
        { "//", "GET //healthz HTTP/1.1\r\nHost: @\r\n\r\n", 404 },
        { "a fragment", "GET /healthz#x HTTP/1.1\r\nHost: @\r\n\r\n", 400 },
        { "%0d%0a in a parameter", "GET /healthz?a=%0d%0aSet-Cookie:x HTTP/1.1\r\nHost: @\r\n\r\n", 400 },
        { "a parameter with UTF-8", "GET /healthz?a=%E4%B8%AD+%2B HTTP/1.1\r\nHost: @\r\n\r\n", 200 },
    };
    CHECK(vectors);
}

static void test_methods(void **state)
{
    (void) state;
    static const struct vector vectors[] = {
        { "OPTIONS", "OPTIONS /healthz HTTP/1.1\r\nHost: @\r\n\r\n", 405 },
        { "TRACE", "TRACE /healthz HTTP/1.1\r\nHost: @\r\n\r\n", 405 },
        { "CONNECT", "CONNECT /healthz HTTP/1.1\r\nHost: @\r\n\r\n", 405 },
        { "small letters", "get /healthz HTTP/1.1\r\nHost: @\r\n\r\n", 405 },
        { "another", "BREW /healthz HTTP/1.1\r\nHost: @\r\n\r\n", 405 },
        { "not of this path", "DELETE /healthz HTTP/1.1\r\nHost: @\r\n\r\n", 405 },
        { "a body where none is wanted", "GET /healthz HTTP/1.1\r\nHost: @\r\nContent-Length: 1\r\n\r\nx", 415 },
    };
    char *answer;
    CHECK(vectors);
    assert_int_equal(test_ask(&test, "PUT /healthz", "", NULL, &answer), 405);
    assert_non_null(strstr(answer, "\r\nAllow: GET, HEAD\r\n"));
    free(answer);
}

static void test_head_has_no_body(void **state)
{
    (void) state;
    int fd = test_connect(&test);
    test_send(fd, "HEAD /healthz HTTP/1.1\r\nHost: ");
    test_send(fd, test.host);
    test_send(fd, "\r\n\r\n");
    char *answer = test_receive(fd, 0.3, NULL);
    assert_int_equal(test_status(answer), 200);
    assert_non_null(strstr(answer, "Content-Length: 15"));
    assert_string_equal(test_body(answer), "");
    free(answer);
    close(fd);
}

/* ---- other hosts, other pages ---- */

static void test_rebinding(void **state)
{
    (void) state;
    static const struct vector vectors[] = {
        { "another name", "GET /healthz HTTP/1.1\r\nHost: attacker.example\r\n\r\n", 403 },
        { "another name on our port", "GET / HTTP/1.1\r\nHost: attacker.example:8420\r\n\r\n", 403 },
        { "our address as part of a name", "GET / HTTP/1.1\r\nHost: 127.0.0.1.attacker.example\r\n\r\n", 403 },
        { "another port", "GET / HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n", 403 },
        { "a user before it", "GET / HTTP/1.1\r\nHost: x@\r\n\r\n", 403 },
        { "an empty one", "GET / HTTP/1.1\r\nHost: \r\n\r\n", 403 },
        { "on an unknown path", "GET /nothing HTTP/1.1\r\nHost: attacker.example\r\n\r\n", 403 },
    };
    CHECK(vectors);
}

static void test_cross_site(void **state)
{
    (void) state;
    static const struct {
        const char *line, *headers;
        int         status;
    } rows[] = {
        { "GET /healthz", "Origin: http://@\r\nSec-Fetch-Site: same-origin\r\n", 200 },
        { "GET /healthz", "Sec-Fetch-Site: none\r\n", 200 },
        { "GET /healthz", "Origin: https://attacker.example\r\n", 403 },
        { "GET /healthz", "Origin: null\r\n", 403 },
        { "GET /healthz", "Origin: https://@\r\n", 403 }, /* another scheme is another origin */
        { "GET /healthz", "Sec-Fetch-Site: cross-site\r\n", 403 },
        { "GET /healthz", "Sec-Fetch-Site: same-site\r\n", 403 },
        { "POST /healthz", "Origin: https://attacker.example\r\nContent-Type: text/plain\r\n", 403 },
        { "POST /healthz", "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n",
          403 },
        { "GET /", "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n", 200 },
        { "GET /", "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe\r\n", 403 },
        { "GET /api/v1/live", "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n",
          403 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *headers = with_host(rows[i].headers);
        int   status = test_ask(&test, rows[i].line, headers, NULL, NULL);
        if (status != rows[i].status)
            fail_msg("%s %s: %d instead of %d", rows[i].line, headers, status, rows[i].status);
        free(headers);
    }
}

/* The path of a route with an id where it wants one. */
static void path_of(const struct route *route, char *path, size_t room)
{
    static const char id[] = "01a1f2d4-0000-7000-8000-000000000001";
    size_t            used = 0;
    for (const char *at = route->path; *at != '\0'; at++)
        if (*at == '{') {
            used += (size_t) snprintf(path + used, room - used, "%s", id);
            at = strchr(at, '}');
        } else if (used + 1 < room)
            path[used++] = *at;
    path[used] = '\0';
}

static void test_every_route_refuses_other_hosts_and_other_pages(void **state)
{
    (void) state;
    static const char *const words[] = { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE" };
    size_t                   num;
    const struct route      *all = routes(&num);
    for (size_t i = 0; i < num; i++) {
        char path[512], line[600], text[800];
        path_of(&all[i], path, sizeof path);
        snprintf(line, sizeof line, "%s %s", words[all[i].method], path);
        snprintf(text, sizeof text, "%s HTTP/1.1\r\nHost: attacker.example\r\n\r\n", line);
        if (test_request(&test, text, NULL) != 403)
            fail_msg("%s is answered under another name", line);
        if (test_ask(&test, line, "Origin: https://attacker.example\r\n", NULL, NULL) != 403)
            fail_msg("%s is answered to another page", line);
    }
}

/* ---- answers ---- */

static void test_every_answer_is_closed_to_others(void **state)
{
    (void) state;
    static const char *const lines[] = { "GET /healthz", "GET /nothing", "GET /", "DELETE /" };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        char *answer;
        test_ask(&test, lines[i], "", NULL, &answer);
        assert_non_null(strstr(answer, "\r\nX-Content-Type-Options: nosniff\r\n"));
        assert_non_null(strstr(answer, "\r\nReferrer-Policy: same-origin\r\n"));
        assert_non_null(strstr(answer, "\r\nCache-Control: no-store\r\n"));
        assert_non_null(strstr(answer, "frame-ancestors 'none'"));
        assert_null(strstr(answer, "Access-Control-Allow"));
        assert_null(strstr(answer, "\r\nServer:"));
        free(answer);
    }
}

static void test_refusals_are_problem_documents(void **state)
{
    (void) state;
    char *answer;
    assert_int_equal(test_ask(&test, "GET /%ff", "", NULL, &answer), 400);
    assert_non_null(strstr(answer, "application/problem+json"));
    assert_non_null(strstr(answer, "\"where\":\"/target\""));
    free(answer);
}

/* ---- connections ---- */

static void test_requests_behind_one_another(void **state)
{
    (void) state;
    int   fd = test_connect(&test);
    char *text = with_host("GET /healthz HTTP/1.1\r\nHost: @\r\n\r\nGET /nothing HTTP/1.1\r\nHost: @\r\n\r\n"
                           "GET / HTTP/1.1\r\nHost: @\r\nConnection: close\r\n\r\n");
    test_send(fd, text);
    size_t num = 0;
    bool   closed = false;
    char   all[20000] = "";
    while (!closed) {
        char *answer = test_receive(fd, 5, &closed);
        assert_true(strlen(all) + strlen(answer) < sizeof all);
        strcat(all, answer);
        free(answer);
    }
    for (const char *at = all; (at = strstr(at, "HTTP/1.1 ")) != NULL; at++)
        num++;
    assert_int_equal(num, 3);
    assert_non_null(strstr(all, "404 Not Found"));
    free(text);
    close(fd);
}

/* A malformed request ends its connection: what stands behind it is not taken for a request. */
static void test_nothing_behind_a_bad_request(void **state)
{
    (void) state;
    int   fd = test_connect(&test);
    char *text = with_host("GET /healthz HTTP/1.1\r\nHost: @\r\nHost: @\r\n\r\nGET / HTTP/1.1\r\nHost: @\r\n\r\n");
    bool  closed;
    test_send(fd, text);
    char *first = test_receive(fd, 5, NULL), *second = test_receive(fd, 5, &closed);
    assert_int_equal(test_status(first), 400);
    assert_string_equal(second, "");
    assert_true(closed);
    free(first);
    free(second);
    free(text);
    close(fd);
}

static void test_a_half_closed_connection_gets_its_answer(void **state)
{
    (void) state;
    int   fd = test_connect(&test);
    char *text = with_host("GET /healthz HTTP/1.1\r\nHost: @\r\n\r\n");
    test_send(fd, text);
    shutdown(fd, SHUT_WR);
    char *answer = test_receive(fd, 5, NULL);
    assert_int_equal(test_status(answer), 200);
    free(answer);
    free(text);
    close(fd);
}

/* A header that arrives byte by byte is the same header. */
static void test_a_header_in_pieces(void **state)
{
    (void) state;
    int   fd = test_connect(&test);
    char *text = with_host("GET /healthz?a=b HTTP/1.1\r\nHost: @\r\nAccept: */*\r\nUser-Agent: x\r\n\r\n");
    for (size_t i = 0; text[i] != '\0'; i++) {
        test_send_bytes(fd, text + i, 1);
        if (i % 16 == 0)
            usleep(1000);
    }
    char *answer = test_receive(fd, 5, NULL);
    assert_int_equal(test_status(answer), 200);
    free(answer);
    free(text);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_framing),
        cmocka_unit_test(test_nul),
        cmocka_unit_test(test_targets),
        cmocka_unit_test(test_methods),
        cmocka_unit_test(test_head_has_no_body),
        cmocka_unit_test(test_rebinding),
        cmocka_unit_test(test_cross_site),
        cmocka_unit_test(test_every_route_refuses_other_hosts_and_other_pages),
        cmocka_unit_test(test_every_answer_is_closed_to_others),
        cmocka_unit_test(test_refusals_are_problem_documents),
        cmocka_unit_test(test_requests_behind_one_another),
        cmocka_unit_test(test_nothing_behind_a_bad_request),
        cmocka_unit_test(test_a_half_closed_connection_gets_its_answer),
        cmocka_unit_test(test_a_header_in_pieces),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
