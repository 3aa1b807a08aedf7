/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tests/support/server.h: a server in this process, on a test's store, and a client that sends exactly the bytes that
 * it is told to. */
#ifndef TESTS_SUPPORT_SERVER_H
#define TESTS_SUPPORT_SERVER_H

#include "server/server.h"
#include "support/exchange.h"

struct test_server {
    bool              postgresql; /* to be said before it is started */
    struct test_store store;
    struct node       node;
    struct server    *server;
    char              host[40]; /* "127.0.0.1:PORT" */
    unsigned          port;
};

/* Start on any port of loopback; options NULL: as they are by default, without a log. */
void test_server_start(struct test_server *test, const struct server_options *options);
void test_server_stop(struct test_server *test);

/* A connection to it. */
int  test_connect(const struct test_server *test);
void test_send(int fd, const char *text);
void test_send_bytes(int fd, const char *bytes, size_t size);

/* What comes until the end of one answer (its length or last chunk), the connection's end, or `seconds`; ended. The
 * caller frees it. "" where nothing came. *closed (may be NULL): the connection has ended. */
char *test_receive(int fd, double seconds, bool *closed);
/* The status of an answer, 0 where it is none; the text behind its headers. */
int         test_status(const char *answer);
const char *test_body(const char *answer);

/* One request on a connection of its own: sends, receives, closes. Status; *answer (may be NULL) as above. */
int test_request(const struct test_server *test, const char *text, char **answer);
/* The same of "METHOD PATH HTTP/1.1" with Host, more headers ("A: b\r\n…" or "") and a body or NULL. */
int test_ask(const struct test_server *test, const char *line, const char *headers, const char *body, char **answer);

#endif
