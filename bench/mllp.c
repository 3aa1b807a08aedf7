/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Laboratories that send to an MLLP listener of this machine: each of some connections sends a message of 3.6 kB, waits
 * for its acknowledgement, sends the next.
 *
 * usage: bench_mllp PORT CONNECTIONS MESSAGES FIRST
 *
 * FIRST is the number of the first message: none is sent twice, so that all become records. Prints
 * `SECONDS MEDIAN P99 LONGEST CPU NOT_AA`: times of answers in milliseconds, the sender's own processor seconds, and
 * how many answers were not AA. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "hl7_messages.h"

enum { MOST_CONNECTIONS = 512, ANSWER_BYTES = 8192 };

struct link {
    double sent;
    size_t used;
    char   answer[ANSWER_BYTES];
};

struct run {
    struct pollfd polled[MOST_CONNECTIONS];
    struct link   links[MOST_CONNECTIONS];
    size_t        num_links, num, begun, done, not_positive;
    unsigned      first;
    double       *times;
    struct sink   frame;
};

static double seconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double) now.tv_sec + 1e-9 * (double) now.tv_nsec;
}

static int open_link(unsigned port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t) port) };
    int                fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (fd < 0 || connect(fd, (struct sockaddr *) &address, sizeof address) != 0) {
        perror("bench_mllp");
        exit(3);
    }
    return fd;
}

static void send_next(struct run *run, size_t i)
{
    if (run->begun == run->num)
        return;
    run->frame.used = 0;
    sink_character(&run->frame, '\x0b');
    hl7_message_put(&run->frame, run->first + (unsigned) run->begun++, true);
    sink_text(&run->frame, "\x1c\r");
    run->links[i].sent = seconds(CLOCK_MONOTONIC);
    for (size_t at = 0; at < run->frame.used;) {
        ssize_t put = send(run->polled[i].fd, run->frame.bytes + at, run->frame.used - at, MSG_NOSIGNAL);
        if (put <= 0) {
            perror("bench_mllp");
            exit(3);
        }
        at += (size_t) put;
    }
}

static void receive(struct run *run, size_t i)
{
    struct link *link = &run->links[i];
    ssize_t      got = recv(run->polled[i].fd, link->answer + link->used, ANSWER_BYTES - link->used, 0);
    if (got <= 0) {
        fprintf(stderr, "bench_mllp: the connection was ended\n");
        exit(3);
    }
    link->used += (size_t) got;
    if (link->answer[link->used - 1] != '\r' || link->answer[link->used - 2] != '\x1c')
        return;
    run->not_positive += memmem(link->answer, link->used, "\rMSA|AA|", 8) == NULL;
    run->times[run->done++] = seconds(CLOCK_MONOTONIC) - link->sent;
    link->used = 0;
    send_next(run, i);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    struct run *run = memory_array(1, sizeof *run);
    unsigned    port = argc == 5 ? (unsigned) strtoul(argv[1], NULL, 10) : 0;
    if (run == NULL || port == 0)
        return 2;
    run->num_links = strtoul(argv[2], NULL, 10);
    run->num = strtoul(argv[3], NULL, 10);
    run->first = (unsigned) strtoul(argv[4], NULL, 10);
    run->times = memory_array(run->num, sizeof *run->times);
    sink_init_memory(&run->frame);
    if (run->num_links == 0 || run->num_links > MOST_CONNECTIONS || run->num == 0 || run->times == NULL)
        return 2;
    for (size_t i = 0; i < run->num_links; i++)
        run->polled[i] = (struct pollfd){ .fd = open_link(port), .events = POLLIN };
    double began = seconds(CLOCK_MONOTONIC);
    for (size_t i = 0; i < run->num_links; i++)
        send_next(run, i);
    while (run->done < run->num) {
        (void) poll(run->polled, run->num_links, -1);
        for (size_t i = 0; i < run->num_links; i++)
            if (run->polled[i].revents != 0)
                receive(run, i);
    }
    double took = seconds(CLOCK_MONOTONIC) - began;
    qsort(run->times, run->num, sizeof *run->times, compare);
    printf("%.3f %.3f %.3f %.3f %.3f %zu\n", took, run->times[run->num / 2] * 1e3,
           run->times[run->num * 99 / 100] * 1e3, run->times[run->num - 1] * 1e3, seconds(CLOCK_PROCESS_CPUTIME_ID),
           run->not_positive);
    for (size_t i = 0; i < run->num_links; i++)
        close(run->polled[i].fd);
    sink_free(&run->frame);
    free(run->times);
    free(run);
    return 0;
}
