/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "store/account.h"
#include "support/test.h"

/* Somebody has an account: the node is set up. */
static void write_account(struct test_store *test)
{
    struct access        who = test_program();
    struct model_user    user;
    struct store_change  change = { .verb = STORE_CREATE, .record = model_record(MODEL_USER), .value = &user };
    struct store_request request = { .verb = "create", .set = { &change, 1 } };
    model_init(change.record, &user);
    user.head.id = (struct id){ { 7, 7, 7 } };
    user.login = (struct model_text){ "first", 5 };
    assert_ok(store_submit(test->store, &who, &request, NULL, NULL));
    assert_ok(account_set_password(test->store, &who, &user.head.id, "", NULL));
}

void test_server_start(struct test_server *test, const struct server_options *options)
{
    struct fault_list     faults = FAULT_LIST_INIT;
    struct server_options own = options != NULL ? *options : (struct server_options){ .quiet = true };
    test_store_open(&test->store, test->postgresql);
    write_account(&test->store);
    test->node = (struct node){ .store = test->store.store, .keeper = test->store.keeper };
    size_t size = strlen(test->store.url);
    assert_true(size < sizeof test->node.settings.database);
    memcpy(test->node.settings.database, test->store.url, size + 1);
    own.node = &test->node;
    if (own.listen == NULL)
        own.listen = "127.0.0.1:0";
    int ret = server_start(&own, &test->server, &faults);
    fault_list_write(&faults, stderr);
    fault_list_free(&faults);
    assert_ok(ret);
    const char *url = server_url(test->server);
    snprintf(test->host, sizeof test->host, "%s", strstr(url, "//") + 2);
    const char *colon = strrchr(test->host, ':');
    test->port = colon != NULL ? (unsigned) atoi(colon + 1) : 0;
}

void test_server_stop(struct test_server *test)
{
    server_stop(test->server, 2);
    test_store_close(&test->store);
}

int test_connect(const struct test_server *test)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t) test->port) };
    int                fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    assert_int_equal(connect(fd, (struct sockaddr *) &address, sizeof address), 0);
    return fd;
}

void test_send_bytes(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);
        if (sent <= 0)
            return; /* refused meanwhile: the answer says why */
        bytes += sent;
        size -= (size_t) sent;
    }
}

void test_send(int fd, const char *text)
{
    test_send_bytes(fd, text, strlen(text));
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double) time.tv_sec + (double) time.tv_nsec / 1e9;
}

/* Is the answer whole? Those of HEAD and 204 are never, by this; they end with the time. */
static bool is_whole(const char *answer, size_t size)
{
    const char *body = strstr(answer, "\r\n\r\n");
    if (body == NULL)
        return false;
    body += 4;
    const char *length = strcasestr(answer, "\r\nContent-Length:");
    if (length != NULL && length < body)
        return size - (size_t) (body - answer) >= strtoul(length + 17, NULL, 10);
    const char *chunked = strcasestr(answer, "\r\nTransfer-Encoding: chunked");
    return chunked != NULL && chunked < body && size >= 5 && memcmp(answer + size - 5, "0\r\n\r\n", 5) == 0;
}

char *test_receive(int fd, double seconds, bool *closed)
{
    size_t size = 0, room = 65536;
    char  *answer = malloc(room);
    double until = now() + seconds;
    assert_non_null(answer);
    answer[0] = '\0';
    if (closed != NULL)
        *closed = false;
    while (!is_whole(answer, size)) {
        struct pollfd ready = { .fd = fd, .events = POLLIN };
        double        rest = until - now();
        if (rest <= 0 || poll(&ready, 1, (int) (rest * 1000) + 1) <= 0)
            break;
        if (size + 1 == room)
            assert_non_null(answer = realloc(answer, room *= 2));
        ssize_t got = recv(fd, answer + size, room - size - 1, 0);
        if (got <= 0) {
            if (closed != NULL)
                *closed = true;
            break;
        }
        size += (size_t) got;
        answer[size] = '\0';
    }
    return answer;
}

int test_status(const char *answer)
{
    return strncmp(answer, "HTTP/1.", 7) == 0 ? atoi(answer + 9) : 0;
}

const char *test_body(const char *answer)
{
    const char *body = strstr(answer, "\r\n\r\n");
    return body != NULL ? body + 4 : "";
}

int test_request(const struct test_server *test, const char *text, char **answer)
{
    int fd = test_connect(test);
    test_send(fd, text);
    char *got = test_receive(fd, 10, NULL);
    int   status = test_status(got);
    close(fd);
    if (answer != NULL)
        *answer = got;
    else
        free(got);
    return status;
}

int test_ask(const struct test_server *test, const char *line, const char *headers, const char *body, char **answer)
{
    size_t size = strlen(line) + strlen(headers) + (body != NULL ? strlen(body) : 0) + 200;
    char  *text = malloc(size), length[60] = "";
    assert_non_null(text);
    if (body != NULL)
        snprintf(length, sizeof length, "Content-Length: %zu\r\n", strlen(body));
    snprintf(text, size, "%s HTTP/1.1\r\nHost: %s\r\n%s%s\r\n%s", line, test->host, headers, length,
             body != NULL ? body : "");
    int status = test_request(test, text, answer);
    free(text);
    return status;
}
