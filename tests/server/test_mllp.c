/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The MLLP listener as laboratories' systems meet it: over real sockets, on both databases. */
#include <arpa/inet.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "../response/intakes.h"
#include "server/mllp.h"
#include "server/server_internal.h"
#include "support/server.h"

#define RESULT                                                                                                         \
    "PID|1||%d^^^LAB^MR||Somebody^Number %d||19800203|F\rOBR|1||A%d|94500-6^C^LN|||20241003\r"                         \
    "OBX|1|CWE|94500-6^SARS-CoV-2 RNA^LN||260373001^Detected^SCT||||||F|||20241003\r"

static struct test_server test;
static struct node_mllp   listener;
static struct mllp_limits limits;

static int start_with(void)
{
    struct server_options options = { .quiet = true, .tables = test_tables(), .mllp = &listener, .num_mllp = 1 };
    options.mllp_limits = limits;
    test_server_start(&test, &options);
    struct model_feed feed = test_feed(&test.store, "live");
    test_create(&test.store, MODEL_FEED, &feed);
    return 0;
}

static void forget_settings(void)
{
    listener = (struct node_mllp){ .name = "lab", .listen = "127.0.0.1:0" };
    limits = (struct mllp_limits){ 0 };
}

static int start(void **state)
{
    (void) state;
    test.postgresql = false;
    forget_settings();
    return start_with();
}

static int on_postgresql(void **state)
{
    (void) state;
    test.postgresql = true;
    forget_settings();
    return start_with();
}

static int small_limits(void **state)
{
    (void) state;
    test.postgresql = false;
    forget_settings();
    limits = (struct mllp_limits){
        .bytes = 1000, .connections = 6, .per_peer = 4, .idle_seconds = 3, .message_seconds = 0.5, .answer_seconds = 1
    };
    return start_with();
}

static int stop(void **state)
{
    (void) state;
    test_server_stop(&test);
    return 0;
}

/* ---- a laboratory's system ---- */

static int connect_lab_from(const char *source)
{
    const char        *place = server_mllp_place(test.server, 0);
    struct sockaddr_in address = { .sin_family = AF_INET }, own = { .sin_family = AF_INET };
    int                fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address.sin_port = htons((uint16_t) atoi(strrchr(place, ':') + 1));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(inet_pton(AF_INET, source, &own.sin_addr), 1);
    assert_int_equal(bind(fd, (struct sockaddr *) &own, sizeof own), 0);
    assert_int_equal(connect(fd, (struct sockaddr *) &address, sizeof address), 0);
    return fd;
}

static int connect_lab(void)
{
    return connect_lab_from("127.0.0.1");
}

static void send_frame(int fd, const char *message, size_t size)
{
    char *frame = malloc(size + 3);
    assert_non_null(frame);
    frame[0] = '\x0b';
    memcpy(frame + 1, message, size);
    memcpy(frame + 1 + size, "\x1c\r", 2);
    test_send_bytes(fd, frame, size + 3);
    free(frame);
}

/* One frame without its marks, ended; "" = the connection was closed, or nothing came. Valid until the next call. */
static const char *receive_frame(int fd, double seconds)
{
    static char   text[65536];
    size_t        used = 0;
    struct pollfd ready = { .fd = fd, .events = POLLIN };
    while (used < sizeof text - 1 && poll(&ready, 1, (int) (seconds * 1000)) > 0 && recv(fd, text + used, 1, 0) == 1) {
        if (text[used++] != '\r' || used < 3 || text[used - 2] != '\x1c')
            continue;
        assert_int_equal(text[0], '\x0b');
        text[used - 2] = '\0';
        return text + 1;
    }
    return "";
}

static bool is_closed(int fd, double seconds)
{
    char          byte;
    struct pollfd ready = { .fd = fd, .events = POLLIN };
    return poll(&ready, 1, (int) (seconds * 1000)) > 0 && recv(fd, &byte, 1, 0) <= 0;
}

static size_t result(char message[TEST_MESSAGE_BYTES], int number)
{
    char control[20];
    snprintf(control, sizeof control, "C%d", number);
    return test_message(message, control, RESULT, number, number, number);
}

static void assert_answer(const char *answer, const char *code, const char *control)
{
    char expected[40];
    snprintf(expected, sizeof expected, "\rMSA|%s|%s\r", code, control);
    if (strstr(answer, expected) == NULL)
        fail_msg("no %s of %s in: %s", code, control, answer);
}

static int64_t number(const char *sql)
{
    return test_store_number(&test.store, sql);
}

/* ---- what is promised ---- */

/* When the answer comes the message is there, and it becomes a case without anybody's doing. */
static void test_an_answer_says_that_it_is_kept(void **state)
{
    (void) state;
    char   message[TEST_MESSAGE_BYTES];
    int    fd = connect_lab();
    size_t size = result(message, 1);
    send_frame(fd, message, size);
    assert_answer(receive_frame(fd, 20), "AA", "C1");
    assert_int_equal(number("SELECT count(*) FROM message"), 1);
    for (int i = 0; i < 2000 && number("SELECT count(*) FROM message WHERE verdict = 'accepted'") == 0; i++)
        nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
    assert_int_equal(number("SELECT count(*) FROM \"case\""), 1);
    close(fd);
}

static void test_the_same_bytes_are_one_message(void **state)
{
    (void) state;
    char   message[TEST_MESSAGE_BYTES];
    int    fds[2] = { connect_lab(), connect_lab() };
    size_t size = result(message, 1);
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 2; i++)
            send_frame(fds[i], message, size);
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 2; i++)
            assert_answer(receive_frame(fds[i], 20), "AA", "C1");
    assert_int_equal(number("SELECT count(*) FROM message"), 1);
    close(fds[0]);
    close(fds[1]);
}

/* However the stream is cut; junk between frames; a frame that another cuts off costs that one message. */
static void test_frames_in_pieces_and_together(void **state)
{
    (void) state;
    char   one[TEST_MESSAGE_BYTES], two[TEST_MESSAGE_BYTES];
    int    fd = connect_lab();
    size_t size_one = result(one, 1), size_two = result(two, 2);
    test_send(fd, "noise");
    test_send(fd, "\x0b");
    for (size_t i = 0; i < size_one; i++)
        test_send_bytes(fd, one + i, 1);
    test_send(fd, "\x1c\r\x0b"
                  "MSH|cut off");
    char both[2 * TEST_MESSAGE_BYTES + 10];
    int  size = snprintf(both, sizeof both, "\x0b%.*s\x1c\r\n\x0b%.*s\x1c", (int) size_two, two, (int) size_one, one);
    test_send_bytes(fd, both, (size_t) size);
    assert_answer(receive_frame(fd, 20), "AA", "C1");
    assert_answer(receive_frame(fd, 20), "AA", "C2");
    assert_answer(receive_frame(fd, 20), "AA", "C1");
    assert_int_equal(number("SELECT count(*) FROM message"), 2);
    close(fd);
}

static void test_a_batch_is_answered_by_a_batch(void **state)
{
    (void) state;
    char one[TEST_MESSAGE_BYTES], two[TEST_MESSAGE_BYTES], batch[2 * TEST_MESSAGE_BYTES + 100];
    int  fd = connect_lab();
    (void) result(one, 1);
    (void) result(two, 2);
    int size = snprintf(batch, sizeof batch, "FHS|^~\\&\rBHS|^~\\&\r%s%sBTS|2\rFTS|1\r", one, two);
    send_frame(fd, batch, (size_t) size);
    const char *answer = receive_frame(fd, 20);
    assert_answer(answer, "AA", "C1");
    assert_answer(answer, "AA", "C2");
    assert_memory_equal(answer, "FHS|", 4);
    assert_non_null(strstr(answer, "\rBTS|2"));
    assert_int_equal(number("SELECT count(*) FROM message"), 2);
    close(fd);
}

static void test_what_cannot_be_read_is_kept_and_told(void **state)
{
    (void) state;
    const char *order = "MSH|^~\\&|LIS|LAB|||20241004||ORM^O01|C9|P|2.5.1\r";
    int         fd = connect_lab();
    send_frame(fd, order, strlen(order));
    const char *answer = receive_frame(fd, 20);
    assert_answer(answer, "AR", "C9");
    assert_non_null(strstr(answer, "\rERR||MSH^1^9^1^1|"));
    send_frame(fd, "good morning", 12);
    assert_non_null(strstr(receive_frame(fd, 20), "\rMSA|AR|"));
    assert_int_equal(number("SELECT count(*) FROM message WHERE verdict = 'rejected'"), 2);
    send_frame(fd, "", 0);
    assert_non_null(strstr(receive_frame(fd, 20), "there is no message"));
    close(fd);
}

#define ASKS(control, which) "MSH|^~\\&|LIS|LAB|||20241004||ORM^O01|" control "|P|2.5.1|||" which "\r"

static void test_enhanced_mode_has_both_answers(void **state)
{
    (void) state;
    int fd = connect_lab();
    send_frame(fd, ASKS("C1", "AL|AL"), sizeof ASKS("C1", "AL|AL") - 1);
    assert_answer(receive_frame(fd, 20), "CR", "C1");
    assert_answer(receive_frame(fd, 20), "AR", "C1");
    send_frame(fd, ASKS("C2", "NE|NE"), sizeof ASKS("C2", "NE|NE") - 1);
    send_frame(fd, ASKS("C3", "AL|NE"), sizeof ASKS("C3", "AL|NE") - 1);
    assert_answer(receive_frame(fd, 20), "CR", "C3");
    assert_int_equal(number("SELECT count(*) FROM message"), 3);
    close(fd);
}

/* Kept, told so, never made live. */
static void test_an_unknown_sender_is_held(void **state)
{
    (void) state;
    char message[TEST_MESSAGE_BYTES];
    int  fd = connect_lab();
    (void) result(message, 1);
    char *name = strstr(message, "|LAB|");
    memcpy(name, "|BAL|", 5);
    send_frame(fd, message, strlen(message));
    const char *answer = receive_frame(fd, 20);
    assert_answer(answer, "AA", "C1");
    assert_non_null(strstr(answer, "|W|"));
    assert_non_null(strstr(answer, "this sender is not known here"));
    assert_int_equal(number("SELECT count(*) FROM message WHERE verdict = 'held' AND feed IS NULL"), 1);
    close(fd);
}

/* The end of a server's life: what came whole is answered, then the connection ends. */
static void test_it_stops_in_good_order(void **state)
{
    (void) state;
    char   message[TEST_MESSAGE_BYTES];
    int    fd = connect_lab(), idle = connect_lab();
    size_t size = result(message, 1);
    send_frame(fd, message, size);
    assert_answer(receive_frame(fd, 20), "AA", "C1");
    test_send_bytes(fd,
                    "\x0b"
                    "MSH|half",
                    9);
    server_stop(test.server, 2);
    test.server = NULL;
    assert_true(is_closed(fd, 5));
    assert_true(is_closed(idle, 5));
    assert_int_equal(number("SELECT count(*) FROM message"), 1);
    close(fd);
    close(idle);
}

/* ---- limits: at each and one past it ---- */

static void test_the_largest_message_and_one_byte_more(void **state)
{
    (void) state;
    char   message[TEST_MESSAGE_BYTES], control[] = "C1";
    int    fd = connect_lab();
    size_t size = test_message(message, control, RESULT "NTE|1||", 1, 1, 1);
    memset(message + size, 'x', 1000 - size + 1);
    send_frame(fd, message, 1000);
    assert_answer(receive_frame(fd, 20), "AA", "C1");
    send_frame(fd, message, 1001);
    const char *answer = receive_frame(fd, 20);
    assert_non_null(strstr(answer, "\rMSA|AR|"));
    assert_non_null(strstr(answer, "at most 1000 bytes"));
    send_frame(fd, message, 999); /* what follows is read on */
    assert_answer(receive_frame(fd, 20), "AA", "C1");
    assert_int_equal(number("SELECT count(*) FROM message"), 2);
    close(fd);
}

/* They are there when they are answered. */
static bool is_served(int fd, int control)
{
    char message[TEST_MESSAGE_BYTES];
    send_frame(fd, message, result(message, control));
    return receive_frame(fd, 20)[0] != '\0';
}

static void test_connections_in_all_and_of_one_address(void **state)
{
    (void) state;
    int fds[4], others[2];
    for (int i = 0; i < 4; i++) {
        fds[i] = connect_lab();
        assert_true(is_served(fds[i], i));
    }
    int fifth = connect_lab();
    assert_true(is_closed(fifth, 5));
    close(fifth);
    for (int i = 0; i < 2; i++) {
        others[i] = connect_lab_from("127.0.0.2");
        assert_true(is_served(others[i], 10 + i));
    }
    int seventh = connect_lab_from("127.0.0.3");
    assert_true(is_closed(seventh, 5));
    close(seventh);
    for (int i = 0; i < 2; i++)
        close(others[i]);
    for (int i = 0; i < 4; i++)
        close(fds[i]);
    /* Whoever has gone makes room. */
    bool served = false;
    for (int i = 0; i < 100 && !served; i++) {
        int fd = connect_lab();
        served = is_served(fd, 20);
        close(fd);
        nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
    }
    assert_true(served);
}

/* A message that does not go on, and a connection on which nothing comes, end; others are served meanwhile. */
static void test_slow_and_silent_peers_are_ended(void **state)
{
    (void) state;
    int slow = connect_lab(), silent = connect_lab(), other = connect_lab();
    test_send(slow, "\x0b"
                    "MSH|");
    assert_true(is_served(other, 1));
    assert_true(is_closed(slow, 3));
    assert_false(is_closed(silent, 0.1));
    assert_true(is_closed(silent, 20));
    struct mllp_state state_now;
    mllp_watch(test.server->mllp, &state_now);
    assert_true(state_now.timed_out >= 2);
    close(slow);
    close(silent);
    close(other);
}

/* A browser, a port scan. */
static void test_what_is_no_mllp_is_ended(void **state)
{
    (void) state;
    char noise[65536];
    int  fd = connect_lab();
    memset(noise, 'x', sizeof noise);
    test_send_bytes(fd, noise, sizeof noise); /* at the limit */
    assert_false(is_closed(fd, 0.3));
    test_send(fd, "x");
    assert_true(is_closed(fd, 5));
    close(fd);
}

/* ---- settings ---- */

static void test_addresses_that_may_connect(void **state)
{
    (void) state;
    server_stop(test.server, 1);
    forget_settings();
    snprintf(listener.addresses, sizeof listener.addresses, "127.0.0.2 10.0.0.0/8");
    struct fault_list     faults = FAULT_LIST_INIT;
    struct server_options options = { .quiet = true,
                                      .listen = "127.0.0.1:0",
                                      .node = &test.node,
                                      .tables = test_tables(),
                                      .mllp = &listener,
                                      .num_mllp = 1 };
    assert_ok(server_start(&options, &test.server, &faults));
    int fd = connect_lab(), other = connect_lab_from("127.0.0.2");
    assert_true(is_closed(fd, 5));
    assert_true(is_served(other, 1));
    close(fd);
    close(other);
}

/* A listener of one feed takes nobody else for it, whatever they call themselves. */
static void test_a_listener_of_one_feed(void **state)
{
    (void) state;
    struct model_feed own = test_feed(&test.store, "live");
    own.sending_facility = test_text("OWN");
    test_create(&test.store, MODEL_FEED, &own);
    server_stop(test.server, 1);
    forget_settings();
    listener.feed = own.head.id;
    struct fault_list     faults = FAULT_LIST_INIT;
    struct server_options options = { .quiet = true,
                                      .listen = "127.0.0.1:0",
                                      .node = &test.node,
                                      .tables = test_tables(),
                                      .mllp = &listener,
                                      .num_mllp = 1 };
    assert_ok(server_start(&options, &test.server, &faults));
    char message[TEST_MESSAGE_BYTES];
    int  fd = connect_lab();
    assert_true(is_served(fd, 1)); /* calls itself LAB, which is another feed */
    assert_int_equal(number("SELECT count(*) FROM message WHERE verdict = 'held'"), 1);
    (void) result(message, 2);
    memcpy(strstr(message, "|LAB|"), "|OWN|", 5);
    send_frame(fd, message, strlen(message));
    assert_answer(receive_frame(fd, 20), "AA", "C2");
    assert_int_equal(number("SELECT count(*) FROM message WHERE verdict <> 'held'"), 1);
    close(fd);
}

/* Room on the disk is kept: a sender is told to try again, and nothing is written. */
static void test_a_full_disk_takes_nothing(void **state)
{
    (void) state;
    server_stop(test.server, 1);
    struct fault_list     faults = FAULT_LIST_INIT;
    struct server_options options = { .quiet = true,
                                      .listen = "127.0.0.1:0",
                                      .node = &test.node,
                                      .tables = test_tables(),
                                      .intake_reserve_bytes = UINT64_MAX,
                                      .mllp = &listener,
                                      .num_mllp = 1 };
    assert_ok(server_start(&options, &test.server, &faults));
    char message[TEST_MESSAGE_BYTES];
    int  fd = connect_lab();
    send_frame(fd, message, result(message, 1));
    const char *answer = receive_frame(fd, 20);
    assert_answer(answer, "AE", "C1");
    assert_non_null(strstr(answer, "send again later"));
    assert_int_equal(number("SELECT count(*) FROM message"), 0);
    close(fd);
}

static const char *fault_of(const struct node_mllp *settings)
{
    static char           line[FAULT_LINE_BYTES];
    struct fault_list     faults = FAULT_LIST_INIT;
    struct server        *server = NULL;
    struct server_options options = { .quiet = true,
                                      .listen = "127.0.0.1:0",
                                      .node = &test.node,
                                      .tables = test_tables(),
                                      .mllp = settings,
                                      .num_mllp = 1 };
    int                   ret = server_start(&options, &server, &faults);
    line[0] = '\0';
    if (ret == 0)
        server_stop(server, 1);
    else if (faults.num_kept > 0)
        fault_render(&faults.faults[0], line, sizeof line);
    fault_list_free(&faults);
    return line;
}

static void test_settings_that_are_refused(void **state)
{
    (void) state;
    struct node_mllp one = { .name = "lab", .listen = "0.0.0.0:0", .addresses = "10.0.0.0/8" };
    assert_non_null(strstr(fault_of(&one), "[mllp lab] listen: plain, and other machines reach it"));
    one.feed = (struct id){ { 1 } };
    assert_non_null(strstr(fault_of(&one), "plain, and other machines reach it")); /* not at any address */
    one = (struct node_mllp){ .name = "lab", .listen = "127.0.0.1:0", .addresses = "10.0.0.0/33" };
    assert_non_null(strstr(fault_of(&one), "[mllp lab] addresses: not all are addresses or networks"));
    snprintf(one.addresses, sizeof one.addresses, "10.0.0.0/32 fd00::/128");
    assert_string_equal(fault_of(&one), "");
    snprintf(one.authority, sizeof one.authority, "/nowhere");
    assert_non_null(strstr(fault_of(&one), "[mllp lab] certificate: missing"));
    one = (struct node_mllp){ .name = "lab", .listen = "127.0.0.1:0", .certificate = "/nowhere" };
    assert_non_null(strstr(fault_of(&one), "[mllp lab] authority: missing"));
    snprintf(one.authority, sizeof one.authority, "/nowhere");
    assert_non_null(strstr(fault_of(&one), "[mllp lab] certificate: /nowhere cannot be used"));
    one = (struct node_mllp){ .name = "lab", .listen = "here" };
    assert_non_null(strstr(fault_of(&one), "[mllp lab] listen: no place to listen"));
}

#define PROMISES(on)                                                                                                   \
    on(test_an_answer_says_that_it_is_kept) on(test_the_same_bytes_are_one_message)                                    \
        on(test_frames_in_pieces_and_together) on(test_a_batch_is_answered_by_a_batch)                                 \
            on(test_what_cannot_be_read_is_kept_and_told) on(test_enhanced_mode_has_both_answers)                      \
                on(test_an_unknown_sender_is_held) on(test_it_stops_in_good_order)
#define LIMITS(on)                                                                                                     \
    on(test_the_largest_message_and_one_byte_more) on(test_connections_in_all_and_of_one_address)                      \
        on(test_slow_and_silent_peers_are_ended)
#define SETTINGS(on)                                                                                                   \
    on(test_what_is_no_mllp_is_ended) on(test_addresses_that_may_connect) on(test_a_listener_of_one_feed)              \
        on(test_a_full_disk_takes_nothing) on(test_settings_that_are_refused)
#define ON_SQLITE(name) { "sqlite: " #name, name, start, stop, NULL },
#define WITH_LIMITS(name) { "small limits: " #name, name, small_limits, stop, NULL },
#define ON_POSTGRESQL(name) { "postgresql: " #name, name, on_postgresql, stop, NULL },

int main(void)
{
    const struct CMUnitTest sqlite[] = { PROMISES(ON_SQLITE) LIMITS(WITH_LIMITS) SETTINGS(ON_SQLITE) };
    const struct CMUnitTest both[] = { PROMISES(ON_SQLITE) LIMITS(WITH_LIMITS) SETTINGS(ON_SQLITE)
                                           PROMISES(ON_POSTGRESQL) };
    if (!test_postgresql_installed())
        return _cmocka_run_group_tests("server/mllp", sqlite, sizeof sqlite / sizeof *sqlite, NULL, NULL);
    return _cmocka_run_group_tests("server/mllp", both, sizeof both / sizeof *both, NULL, NULL);
}
