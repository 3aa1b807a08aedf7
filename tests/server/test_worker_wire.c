/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What goes between server and worker: it comes as it was sent, and what is no message is none. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/worker_wire.h"
#include "support/test.h"

static struct worker_message message, read_back;
static uint8_t               packet[WORKER_MOST_BYTES + 1];

static struct worker_message job(size_t num_areas)
{
    static struct id      areas[WORKER_MOST_AREAS + 1];
    struct worker_message made = { .word = WORKER_JOB, .job = { { 1, 2, 3 } }, .attempt = 2, .now = 99 };
    for (size_t i = 0; i <= WORKER_MOST_AREAS; i++)
        areas[i] = (struct id){ { 5, (uint8_t) i, (uint8_t) (i >> 8) } };
    made.who = (struct access){
        .user = { { 4 } }, .role = ACCESS_EPIDEMIOLOGIST, .areas = areas, .num_areas = num_areas, .everywhere = false
    };
    strcpy(made.kind, "export");
    strcpy(made.text, "{\"list\":\"cases\"}");
    return made;
}

static void test_each_word_comes_as_it_was_sent(void **state)
{
    (void) state;
    message = job(3);
    size_t size = worker_write(&message, packet);
    assert_true(size > 0 && worker_read(packet, size, &read_back));
    assert_int_equal(read_back.word, WORKER_JOB);
    assert_true(id_equal(&read_back.job, &message.job) && id_equal(&read_back.who.user, &message.who.user));
    assert_int_equal(read_back.who.num_areas, 3);
    assert_memory_equal(read_back.who.areas, message.who.areas, 3 * sizeof(struct id));
    message.who.facilities = &message.who.areas[3];
    message.who.num_facilities = 2;
    size = worker_write(&message, packet);
    assert_true(size > 0 && worker_read(packet, size, &read_back));
    assert_int_equal(read_back.who.num_areas, 3);
    assert_int_equal(read_back.who.num_facilities, 2);
    assert_memory_equal(read_back.who.facilities, message.who.facilities, 2 * sizeof(struct id));
    assert_int_equal(read_back.who.role, ACCESS_EPIDEMIOLOGIST);
    assert_int_equal(read_back.who.purpose, ACCESS_NO_PURPOSE);
    assert_int_equal(read_back.attempt, 2);
    assert_int_equal(read_back.now, 99);
    assert_string_equal(read_back.kind, "export");
    assert_string_equal(read_back.text, message.text);

    const struct worker_message others[] = {
        { .word = WORKER_HELLO, .text = "sqlite:/x" },
        { .word = WORKER_CANCEL, .job = { { 1 } } },
        { .word = WORKER_READY },
        { .word = WORKER_PROGRESS, .job = { { 1 } }, .fraction = 0.25, .rows = 7 },
        { .word = WORKER_DONE, .job = { { 1 } }, .fraction = 1, .rows = 7, .status = -5, .text = "Why." },
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        size = worker_write(&others[i], packet);
        assert_true(size > 0 && worker_read(packet, size, &read_back));
        assert_int_equal(read_back.word, others[i].word);
        assert_string_equal(read_back.text, others[i].text);
        assert_close(read_back.fraction, others[i].fraction, 0, 0);
        assert_int_equal(read_back.rows, others[i].rows);
        assert_int_equal(read_back.status, others[i].status);
    }
}

static void test_at_its_limits_and_one_past(void **state)
{
    (void) state;
    message = job(WORKER_MOST_AREAS);
    memset(message.kind, 'k', WORKER_MOST_KIND);
    memset(message.text, 't', WORKER_MOST_TEXT);
    size_t size = worker_write(&message, packet);
    assert_true(size > 0 && size <= WORKER_MOST_BYTES && worker_read(packet, size, &read_back));
    assert_int_equal(strlen(read_back.text), WORKER_MOST_TEXT);
    message = job(WORKER_MOST_AREAS + 1);
    assert_int_equal(worker_write(&message, packet), 0);
    message = job(WORKER_MOST_AREAS - 1); /* areas and facilities together */
    message.who.facilities = message.who.areas;
    message.who.num_facilities = 1;
    assert_true(worker_write(&message, packet) > 0);
    message.who.num_facilities = 2;
    assert_int_equal(worker_write(&message, packet), 0);
    message = job(1);
    memset(message.kind, 'k', WORKER_MOST_KIND + 1);
    assert_int_equal(worker_write(&message, packet), 0);
    message = job(1);
    memset(message.text, 't', WORKER_MOST_TEXT + 1);
    assert_int_equal(worker_write(&message, packet), 0);
}

static void test_what_is_no_message(void **state)
{
    (void) state;
    message = job(2);
    size_t size = worker_write(&message, packet);
    for (size_t less = 0; less < size; less++)
        assert_false(worker_read(packet, less, &read_back));
    assert_false(worker_read(packet, size + 1, &read_back));
    uint8_t other[WORKER_MOST_BYTES];
    for (size_t i = 0; i < 8; i++) { /* magic, word, role, everywhere, zero: none may be anything else but a role */
        memcpy(other, packet, size);
        other[i] = 0xee;
        assert_false(worker_read(other, size, &read_back));
    }
    memcpy(other, packet, size);
    other[size - 1] = '\0'; /* within the text */
    assert_false(worker_read(other, size, &read_back));
    other[size - 1] = 0xff; /* not UTF-8 */
    assert_false(worker_read(other, size, &read_back));
    struct worker_message progress = { .word = WORKER_PROGRESS, .job = { { 1 } }, .fraction = 1.5 };
    assert_int_equal(worker_write(&progress, packet), 0);
    progress.fraction = -0.1;
    assert_int_equal(worker_write(&progress, packet), 0);
    progress.fraction = 0.5;
    strcpy(progress.text, "a word too many");
    assert_int_equal(worker_write(&progress, packet), 0);
    assert_int_equal(worker_write(&(struct worker_message){ .word = WORKER_NUM_WORDS }, packet), 0);
}

static void test_a_file_goes_with_it(void **state)
{
    (void) state;
    int  ends[2], pipes[2], came;
    char byte = 0;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
    assert_int_equal(worker_receive(ends[1], false, &read_back, &came), 0); /* nothing is there */
    message = job(1);
    assert_int_equal(worker_send(ends[0], &message, pipes[1]), 0);
    assert_int_equal(worker_receive(ends[1], true, &read_back, &came), 1);
    assert_true(came >= 0 && came != pipes[1]);
    assert_int_equal(write(came, "x", 1), 1);
    assert_int_equal(read(pipes[0], &byte, 1), 1);
    close(came);
    assert_int_equal(worker_send(ends[0], &message, -1), 0);
    assert_int_equal(worker_receive(ends[1], true, &read_back, &came), 1);
    assert_int_equal(came, -1);
    assert_int_equal(send(ends[0], "nonsense", 8, 0), 8);
    assert_int_equal(worker_receive(ends[1], true, &read_back, &came), -1);
    close(ends[0]);
    assert_int_equal(worker_receive(ends[1], false, &read_back, &came), -1); /* gone */
    close(ends[1]);
    close(pipes[0]);
    close(pipes[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_word_comes_as_it_was_sent),
        cmocka_unit_test(test_at_its_limits_and_one_past),
        cmocka_unit_test(test_what_is_no_message),
        cmocka_unit_test(test_a_file_goes_with_it),
    };
    return cmocka_run_group_tests_name("worker wire", tests, NULL, NULL);
}
