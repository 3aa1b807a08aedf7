/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { ROOM = 1 << 18 };

struct peer {
    int    fd;
    size_t used, events;
    double sent;
    char  *bytes;
};

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double) time.tv_sec + (double) time.tv_nsec / 1e9;
}

static int connected(int fd, const void *address, socklen_t size)
{
    if (fd < 0 || connect(fd, address, size) != 0) {
        perror("connect");
        exit(1);
    }
    return fd;
}

static int connect_to(const char *place)
{
    if (place[0] == '/') {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        snprintf(address.sun_path, sizeof address.sun_path, "%s", place);
        return connected(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), &address, sizeof address);
    }
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t) atoi(place)) };
    int                fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    return connected(fd, &address, sizeof address);
}

/* Length of the whole answer at the beginning of the bytes, or 0. */
static size_t whole(const struct peer *peer)
{
    const char *body = memmem(peer->bytes, peer->used, "\r\n\r\n", 4);
    if (body == NULL)
        return 0;
    const char *length = strcasestr(peer->bytes, "\r\nContent-Length:");
    size_t      all = (size_t) (body + 4 - peer->bytes) + (length != NULL ? strtoul(length + 17, NULL, 10) : 0);
    return peer->used >= all ? all : 0;
}

int client_by_size(const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;
    return x < y ? -1 : x > y;
}

static char *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "re");
    char *text = malloc(64 << 20);
    if (file == NULL || text == NULL)
        exit(1);
    *size = fread(text, 1, (64 << 20) - 1, file);
    text[*size] = '\0';
    fclose(file);
    return text;
}

int client_requests(const char *place, int connections, int num, const char *file)
{
    size_t       size;
    char        *requests = read_file(file, &size), *next = requests;
    struct peer *peers = calloc((size_t) connections, sizeof *peers);
    double      *took = calloc((size_t) num, sizeof *took), began = now();
    int          epoll = epoll_create1(EPOLL_CLOEXEC), sent = 0, answered = 0, good = 0;
    for (int i = 0; i < connections; i++) {
        peers[i].fd = connect_to(place);
        peers[i].bytes = malloc(ROOM);
        struct epoll_event event = { .events = EPOLLIN, .data.ptr = &peers[i] };
        epoll_ctl(epoll, EPOLL_CTL_ADD, peers[i].fd, &event);
    }
    for (int i = 0; i < connections || answered < num;) {
        struct epoll_event events[64];
        int                ready = 0;
        if (i < connections) { /* the first of each */
            events[0].data.ptr = &peers[i++];
            ready = -1;
        } else {
            ready = epoll_wait(epoll, events, 64, 10000);
            if (ready == 0)
                break;
        }
        for (int k = 0; k < (ready < 0 ? 1 : ready); k++) {
            struct peer *peer = events[k].data.ptr;
            if (ready > 0) {
                ssize_t got = recv(peer->fd, peer->bytes + peer->used, ROOM - 1 - peer->used, 0);
                if (got <= 0)
                    exit(1);
                peer->used += (size_t) got;
                peer->bytes[peer->used] = '\0';
                if (whole(peer) == 0)
                    continue;
                took[answered++] = now() - peer->sent;
                if (peer->bytes[9] == '2')
                    good++;
                else if (answered == 1)
                    fprintf(stderr, "%s\n", peer->bytes);
                peer->used = 0;
            }
            if (sent == num)
                continue;
            if (next >= requests + size)
                next = requests;
            size_t length = strlen(next);
            peer->sent = now();
            if (send(peer->fd, next, length, 0) != (ssize_t) length)
                exit(1);
            next += length + 1;
            sent++;
        }
    }
    double seconds = now() - began;
    qsort(took, (size_t) answered, sizeof *took, client_by_size);
    printf("%d %d %.4f %.0f %.0f\n", answered, good, seconds, took[answered / 2] * 1e6,
           took[answered * 99 / 100] * 1e6);
    return 0;
}

/* ---- streams ---- */

/* Count the events in what has come; the last bytes are kept, where one may have begun. */
static void count_events(struct peer *peer)
{
    static const char mark[] = "event: change";
    char             *at = peer->bytes;
    for (char *found; (found = memmem(at, peer->used - (size_t) (at - peer->bytes), mark, sizeof mark - 1)) != NULL;
         at = found + sizeof mark - 1)
        peer->events++;
    size_t rest = peer->used - (size_t) (at - peer->bytes);
    if (rest > sizeof mark - 2) {
        at += rest - (sizeof mark - 2);
        rest = sizeof mark - 2;
    }
    memmove(peer->bytes, at, rest);
    peer->used = rest;
}

static void take(int epoll, int milliseconds, bool *opened, int *num_open)
{
    struct epoll_event events[512];
    int                ready = epoll_wait(epoll, events, 512, milliseconds);
    for (int i = 0; i < ready; i++) {
        struct peer *peer = events[i].data.ptr;
        if (peer == NULL)
            continue;
        ssize_t got = recv(peer->fd, peer->bytes + peer->used, 8191 - peer->used, MSG_DONTWAIT);
        if (got == 0) {
            epoll_ctl(epoll, EPOLL_CTL_DEL, peer->fd, NULL);
            continue;
        }
        if (got < 0)
            continue;
        if (opened != NULL && !opened[peer->fd]) {
            opened[peer->fd] = true;
            ++*num_open;
        }
        peer->used += (size_t) got;
        count_events(peer);
    }
}

int client_streams(const char *place, int streams, const char *host)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    struct peer *peers = calloc((size_t) streams, sizeof *peers);
    bool        *opened = calloc((size_t) streams + 100, sizeof *opened);
    int          epoll = epoll_create1(EPOLL_CLOEXEC), num_open = 0;
    char         text[200], line[8];
    snprintf(text, sizeof text, "GET /api/v1/live HTTP/1.1\r\nHost: %s\r\n\r\n", host);
    for (int i = 0; i < streams; i++) {
        peers[i].fd = connect_to(place);
        peers[i].bytes = malloc(8192);
        struct epoll_event event = { .events = EPOLLIN, .data.ptr = &peers[i] };
        epoll_ctl(epoll, EPOLL_CTL_ADD, peers[i].fd, &event);
        if (send(peers[i].fd, text, strlen(text), 0) < 0)
            exit(1);
        take(epoll, 0, opened, &num_open);
    }
    for (double late = now() + 30; now() < late && num_open < streams;)
        take(epoll, 100, opened, &num_open);
    if (num_open == streams)
        puts("open");
    else
        printf("%d of %d open\n", num_open, streams);
    fflush(stdout);
    fcntl(0, F_SETFL, O_NONBLOCK);
    double until = 0;
    while (until == 0 || now() < until) {
        take(epoll, 20, opened, &num_open);
        if (until == 0 && read(0, line, sizeof line) == 0)
            until = now() + 1.5;
    }
    size_t all = 0, fewest = SIZE_MAX, most = 0;
    for (int i = 0; i < streams; i++) {
        all += peers[i].events;
        fewest = peers[i].events < fewest ? peers[i].events : fewest;
        most = peers[i].events > most ? peers[i].events : most;
    }
    printf("events %zu %zu %zu\n", all, fewest, most);
    return 0;
}
