/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/watch.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/fault.h"
#include "base/text.h"
#include "server/pause.h"
#include "tocsin/status.h"

enum { SLOTS = 4096 };

struct watch_peer {
    struct watch_peer *next;
    unsigned           num;
    char               address[WATCH_ADDRESS_BYTES];
};

struct watch {
    struct watch_limits limits;
    pthread_mutex_t     lock;
    pthread_cond_t      changed;
    pthread_t           thread;
    bool                closing;
    struct connection  *first;
    size_t              num;
    int64_t             ended;
    struct watch_peer  *slots[SLOTS];
};

/* What may still be said to a request that has not come whole. */
static const char timeout_answer[] =
    "HTTP/1.1 408 Request Timeout\r\nContent-Type: application/problem+json\r\n"
    "Content-Length: 87\r\nConnection: close\r\n\r\n"
    "{\"type\":\"/problems/timeout\",\"title\":\"The request took too long to arrive\","
    "\"status\":408}";

int64_t watch_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t) now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* ---- the thread ---- */

static void end_late(struct watch *watch, int64_t now)
{
    for (struct connection *at = watch->first; at != NULL; at = at->next) {
        int64_t deadline = atomic_load_explicit(&at->deadline, memory_order_relaxed);
        if (deadline == 0 || now < deadline)
            continue;
        atomic_store(&at->deadline, 0);
        if (atomic_exchange(&at->unanswered, false))
            (void) !send(at->fd, timeout_answer, sizeof timeout_answer - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
        shutdown(at->fd, SHUT_RDWR);
        watch->ended++;
    }
}

static void *look(void *context)
{
    struct watch *watch = context;
    pthread_setname_np(pthread_self(), "tocsin-watch");
    pthread_mutex_lock(&watch->lock);
    while (!watch->closing) {
        struct timespec until = pause_end(WATCH_LOOK_MS / 1e3);
        if (watch->first == NULL)
            pthread_cond_wait(&watch->changed, &watch->lock);
        else
            pthread_cond_timedwait(&watch->changed, &watch->lock, &until);
        end_late(watch, watch_clock());
    }
    pthread_mutex_unlock(&watch->lock);
    return NULL;
}

int watch_start(const struct watch_limits *limits, struct watch **started)
{
    struct watch *watch = calloc(1, sizeof *watch);
    if (watch == NULL)
        return TOC_ERR_NO_MEMORY;
    watch->limits = *limits;
    pthread_mutex_init(&watch->lock, NULL);
    pause_init(&watch->changed);
    if (pthread_create(&watch->thread, NULL, look, watch) != 0) {
        free(watch);
        return BASE_ERR_SYSTEM;
    }
    *started = watch;
    return 0;
}

void watch_stop(struct watch *watch)
{
    if (watch == NULL)
        return;
    pthread_mutex_lock(&watch->lock);
    watch->closing = true;
    pthread_cond_signal(&watch->changed);
    pthread_mutex_unlock(&watch->lock);
    pthread_join(watch->thread, NULL);
    pthread_cond_destroy(&watch->changed);
    pthread_mutex_destroy(&watch->lock);
    free(watch);
}

/* ---- peers ---- */

static void describe(struct connection *connection, const struct sockaddr *peer, char group[WATCH_ADDRESS_BYTES])
{
    group[0] = '\0';
    if (peer == NULL || (peer->sa_family != AF_INET && peer->sa_family != AF_INET6)) {
        connection->loopback = true;
    } else if (peer->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, peer, sizeof v4);
        inet_ntop(AF_INET, &v4.sin_addr, connection->address, WATCH_ADDRESS_BYTES);
        connection->loopback = (ntohl(v4.sin_addr.s_addr) >> 24) == 127;
        memcpy(group, connection->address, WATCH_ADDRESS_BYTES);
    } else {
        struct sockaddr_in6 v6;
        memcpy(&v6, peer, sizeof v6);
        inet_ntop(AF_INET6, &v6.sin6_addr, connection->address, WATCH_ADDRESS_BYTES);
        connection->loopback = IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
        memset(v6.sin6_addr.s6_addr + 8, 0, 8);
        inet_ntop(AF_INET6, &v6.sin6_addr, group, WATCH_ADDRESS_BYTES);
    }
}

static struct watch_peer **slot_of(struct watch *watch, const char *group)
{
    return &watch->slots[text_hash(group, strlen(group)) % SLOTS];
}

/* Count one more from there. NULL for a unix socket, and where there is no memory. */
static struct watch_peer *count_in(struct watch *watch, const char *group)
{
    struct watch_peer **slot = slot_of(watch, group), *peer = *slot;
    if (group[0] == '\0')
        return NULL;
    while (peer != NULL && strcmp(peer->address, group) != 0)
        peer = peer->next;
    if (peer == NULL) {
        peer = calloc(1, sizeof *peer);
        if (peer == NULL)
            return NULL;
        snprintf(peer->address, sizeof peer->address, "%s", group);
        peer->next = *slot;
        *slot = peer;
    }
    peer->num++;
    return peer;
}

static void count_out(struct watch *watch, struct watch_peer *peer)
{
    if (peer == NULL || --peer->num > 0)
        return;
    struct watch_peer **place = slot_of(watch, peer->address);
    while (*place != peer)
        place = &(*place)->next;
    *place = peer->next;
    free(peer);
}

/* ---- connections ---- */

struct connection *watch_opened(struct watch *watch, int fd, const struct sockaddr *address)
{
    char               group[WATCH_ADDRESS_BYTES];
    struct connection *connection = calloc(1, sizeof *connection);
    if (connection == NULL)
        return NULL;
    connection->watch = watch;
    connection->fd = fd;
    describe(connection, address, group);
    pthread_mutex_lock(&watch->lock);
    connection->peer = count_in(watch, group);
    connection->too_many = ++watch->num > watch->limits.max_connections ||
                           (connection->peer != NULL && connection->peer->num > watch->limits.max_per_peer);
    connection->next = watch->first;
    if (watch->first != NULL)
        watch->first->previous = connection;
    else
        pthread_cond_signal(&watch->changed);
    watch->first = connection;
    pthread_mutex_unlock(&watch->lock);
    return connection;
}

void watch_closed(struct connection *connection)
{
    struct watch *watch = connection->watch;
    pthread_mutex_lock(&watch->lock);
    if (connection->previous != NULL)
        connection->previous->next = connection->next;
    else
        watch->first = connection->next;
    if (connection->next != NULL)
        connection->next->previous = connection->previous;
    count_out(watch, connection->peer);
    watch->num--;
    pthread_mutex_unlock(&watch->lock);
    free(connection);
}

void watch_until(struct connection *connection, double seconds)
{
    atomic_store_explicit(&connection->deadline, seconds > 0 ? watch_clock() + (int64_t) (seconds * 1e6) : 0,
                          memory_order_relaxed);
}

size_t watch_count(struct watch *watch)
{
    pthread_mutex_lock(&watch->lock);
    size_t num = watch->num;
    pthread_mutex_unlock(&watch->lock);
    return num;
}

int64_t watch_ended(struct watch *watch)
{
    pthread_mutex_lock(&watch->lock);
    int64_t ended = watch->ended;
    pthread_mutex_unlock(&watch->lock);
    return ended;
}
