/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/mllp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "server/listen.h"
#include "server/mllp_connection.h"
#include "server/mllp_stream.h"
#include "server/server_internal.h"
#include "store/node_settings.h"

#define STACK_BYTES ((size_t) 1 << 20) /* of a connection's thread */
enum { PEER_BYTES = INET6_ADDRSTRLEN, PLACE_BYTES = LISTEN_HOST_BYTES + 8 };

struct listener {
    struct node_mllp   settings;
    struct ssl_ctx_st *tls; /* NULL = plain */
    int                socket;
    char               place[PLACE_BYTES];
};

struct connection {
    struct mllp_listeners *all;
    const struct listener *listener;
    struct connection     *next;
    struct mllp_peer       peer;
    char                   address[PEER_BYTES];
    pthread_t              thread;
    bool                   ended; /* its thread is about to return */
};

struct mllp_listeners {
    struct server      *server;
    struct mllp_limits  limits;
    pthread_t           thread; /* accepts, and joins those that have ended */
    bool                started;
    int                 wakes; /* eventfd */
    atomic_bool         closing;
    pthread_mutex_t     lock; /* of the list */
    struct connection  *first;
    atomic_int_fast64_t connections, accepted, refused, timed_out, too_large;
    size_t              num;
    struct listener     listeners[];
};

/* ---- settings ---- */

static int refuse(struct fault_list *faults, const struct node_mllp *settings, const char *key, const char *found,
                  const char *allowed)
{
    char name[NODE_MLLP_NAME + 40];
    snprintf(name, sizeof name, "[mllp %s] %s", settings->name, key);
    fault_add(faults, (struct fault_place){ .name = name }, allowed, "%s", found);
    return BASE_ERR_INPUT;
}

/* Who may connect, and how, before anything listens. */
static int check(const struct node_mllp *settings, const struct listen_place *place, struct fault_list *faults)
{
    bool tls = settings->certificate[0] != '\0';
    if (place->unix_socket)
        return refuse(faults, settings, "listen", "a unix socket", "ADDRESS:PORT");
    if (tls && settings->authority[0] == '\0')
        return refuse(faults, settings, "authority", "missing",
                      "a file with the certificates of the authorities whose senders may connect");
    if (!tls && (settings->authority[0] != '\0' || settings->key[0] != '\0'))
        return refuse(faults, settings, "certificate", "missing", "the listener's certificate, with key or authority");
    if (!intake_networks_are_valid(settings->addresses))
        return refuse(faults, settings, "addresses", "not all are addresses or networks",
                      "10.1.2.3, 10.1.0.0/16, fd00::5, … with blanks between them");
    if (tls || place->loopback)
        return 0;
    bool any = strcmp(place->host, "0.0.0.0") == 0 || strcmp(place->host, "[::]") == 0;
    if (any || place->port == 0 || id_is_missing(&settings->feed) || settings->addresses[0] == '\0')
        return refuse(faults, settings, "listen", "plain, and other machines reach it",
                      "a loopback address; certificate and authority; or one address and port with feed and addresses");
    return 0;
}

static int open_listener(struct listener *listener, const struct node_mllp *settings, struct fault_list *faults)
{
    struct listen_place place;
    struct fault_list   own = FAULT_LIST_INIT;
    listener->settings = *settings;
    int ret = listen_read(settings->listen, &place, &own);
    if (ret != 0)
        refuse(faults, settings, "listen", "no place to listen", "ADDRESS:PORT, [ADDRESS]:PORT");
    if (ret == 0)
        ret = check(settings, &place, faults);
    if (ret == 0)
        ret = mllp_tls_open(settings, &listener->tls, faults);
    if (ret == 0 && (ret = listen_open(&place, &listener->socket, &own)) != 0)
        refuse(faults, settings, "listen", own.num_kept > 0 ? own.faults[0].found : "cannot listen", NULL);
    fault_list_free(&own);
    snprintf(listener->place, sizeof listener->place, "%s:%u", ret == 0 ? place.host : "", ret == 0 ? place.port : 0);
    return ret;
}

/* ---- connections ---- */

static void say(const struct mllp_listeners *all, const struct listener *listener, const char *what)
{
    char text[200];
    snprintf(text, sizeof text, "%s: %s", listener->settings.name, what);
    log_say(all->server->log, LOG_LEVEL_WARNING, server_now(all->server), "mllp", text);
}

static void wake(struct mllp_listeners *all)
{
    const uint64_t one = 1;
    while (write(all->wakes, &one, sizeof one) < 0 && errno == EINTR)
        ;
}

static void tell_end(struct mllp_listeners *all, const struct listener *listener, enum mllp_end how)
{
    static const char *const words[] = {
        [MLLP_NO_TLS] = "a connection without TLS, or without a certificate that is trusted, was refused",
        [MLLP_LATE] = "a connection was ended that took too long",
        [MLLP_JUNK] = "a connection was ended that does not speak MLLP",
        [MLLP_OUT_OF_MEMORY] = "a connection was ended for want of memory",
    };
    if (how == MLLP_ENDED)
        return;
    atomic_fetch_add(how == MLLP_LATE ? &all->timed_out : &all->refused, 1);
    say(all, listener, words[how]);
}

static void *run_connection(void *context)
{
    struct connection     *connection = context;
    struct mllp_listeners *all = connection->all;
    pthread_setname_np(pthread_self(), "tocsin-mllp");
    enum mllp_end how = mllp_serve(&connection->peer, &all->too_large);
    tell_end(all, connection->listener, how);
    pthread_mutex_lock(&all->lock);
    close(connection->peer.fd);
    connection->peer.fd = -1;
    connection->ended = true;
    pthread_mutex_unlock(&all->lock);
    wake(all);
    return NULL;
}

/* Take connections whose threads return off the list: those that have ended, or all. */
static void reap(struct mllp_listeners *all, bool everybody)
{
    struct connection *gone = NULL;
    pthread_mutex_lock(&all->lock);
    for (struct connection **at = &all->first; *at != NULL;) {
        struct connection *one = *at;
        if (!one->ended && !everybody) {
            at = &one->next;
            continue;
        }
        *at = one->next;
        one->next = gone;
        gone = one;
    }
    pthread_mutex_unlock(&all->lock);
    while (gone != NULL) {
        struct connection *one = gone;
        gone = one->next;
        pthread_join(one->thread, NULL);
        atomic_fetch_sub(&all->connections, 1);
        free(one);
    }
}

static int start_thread(struct connection *connection)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    int failed = pthread_create(&connection->thread, &attributes, run_connection, connection);
    pthread_attr_destroy(&attributes);
    return failed;
}

/* ---- accepting ---- */

/* As text; what comes over IPv6 from an address of IPv4 is that one. */
static void write_address(const struct sockaddr_storage *peer, char address[PEER_BYTES])
{
    struct sockaddr_in  v4;
    struct sockaddr_in6 v6;
    memcpy(&v4, peer, sizeof v4);
    memcpy(&v6, peer, sizeof v6);
    if (peer->ss_family == AF_INET)
        inet_ntop(AF_INET, &v4.sin_addr, address, PEER_BYTES);
    else if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr))
        inet_ntop(AF_INET, v6.sin6_addr.s6_addr + 12, address, PEER_BYTES);
    else
        inet_ntop(AF_INET6, &v6.sin6_addr, address, PEER_BYTES);
}

/* Why somebody may not connect; NULL = they may. */
static const char *why_not(struct mllp_listeners *all, const struct listener *listener, const char *address)
{
    unsigned num = 0, same = 0;
    if (listener->settings.addresses[0] != '\0' && !intake_is_within(listener->settings.addresses, address))
        return "a connection from an address that is not allowed was refused";
    pthread_mutex_lock(&all->lock);
    for (const struct connection *one = all->first; one != NULL; one = one->next) {
        num += !one->ended;
        same += !one->ended && strcmp(one->address, address) == 0;
    }
    pthread_mutex_unlock(&all->lock);
    if (num >= all->limits.connections)
        return "a connection too many was refused";
    return same >= all->limits.per_peer ? "a connection too many of one address was refused" : NULL;
}

/* A peer that has gone without a word is noticed within some two minutes. */
static void set_options(int fd)
{
    int on = 1, idle = 60, between = 15, probes = 4;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &between, sizeof between);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
}

static bool begin_connection(struct mllp_listeners *all, const struct listener *listener, int fd, const char *address)
{
    struct connection *made = memory_array(1, sizeof *made);
    if (made == NULL)
        return false;
    set_options(fd);
    made->all = all;
    made->listener = listener;
    snprintf(made->address, sizeof made->address, "%s", address);
    made->peer = (struct mllp_peer){
        .fd = fd,
        .tls = listener->tls,
        .limits = all->limits,
        .closing = &all->closing,
        .door = { .intake = all->server->intake,
                  .caller = { .channel = "mllp", .address = made->address, .feed = listener->settings.feed } }
    };
    pthread_mutex_lock(&all->lock);
    int failed = start_thread(made);
    if (failed == 0) {
        made->next = all->first;
        all->first = made;
        atomic_fetch_add(&all->connections, 1);
    }
    pthread_mutex_unlock(&all->lock);
    if (failed != 0)
        free(made);
    return failed == 0;
}

static void accept_one(struct mllp_listeners *all, const struct listener *listener)
{
    struct sockaddr_storage peer = { 0 };
    socklen_t               size = sizeof peer;
    char                    address[PEER_BYTES] = "";
    int fd = accept4(listener->socket, (struct sockaddr *) &peer, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
            nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL); /* it stays in the queue */
        return;
    }
    write_address(&peer, address);
    const char *why = why_not(all, listener, address);
    if (why == NULL && !begin_connection(all, listener, fd, address))
        why = "a connection was refused: the machine has no thread or memory for it";
    if (why == NULL) {
        atomic_fetch_add(&all->accepted, 1);
        return;
    }
    close(fd);
    atomic_fetch_add(&all->refused, 1);
    say(all, listener, why);
}

static void *run(void *context)
{
    struct mllp_listeners *all = context;
    struct pollfd          ready[NODE_MLLP_MOST + 1];
    uint64_t               count;
    pthread_setname_np(pthread_self(), "tocsin-accept");
    while (!atomic_load(&all->closing)) {
        for (size_t i = 0; i < all->num; i++)
            ready[i] = (struct pollfd){ .fd = all->listeners[i].socket, .events = POLLIN };
        ready[all->num] = (struct pollfd){ .fd = all->wakes, .events = POLLIN };
        if (poll(ready, all->num + 1, -1) < 0)
            continue;
        if (ready[all->num].revents != 0 && read(all->wakes, &count, sizeof count) > 0)
            reap(all, false);
        for (size_t i = 0; i < all->num && !atomic_load(&all->closing); i++)
            if (ready[i].revents != 0)
                accept_one(all, &all->listeners[i]);
    }
    return NULL;
}

/* ---- start and stop ---- */

static struct mllp_limits complete(const struct mllp_limits *given)
{
    const struct mllp_limits none = { 0 };
    const struct mllp_limits limits = given != NULL ? *given : none;
    return (struct mllp_limits){
        .bytes = limits.bytes != 0 ? limits.bytes : MLLP_MOST_BYTES,
        .connections = limits.connections != 0 ? limits.connections : MLLP_MOST_CONNECTIONS,
        .per_peer = limits.per_peer != 0 ? limits.per_peer : MLLP_MOST_PER_PEER,
        .tls_seconds = limits.tls_seconds > 0 ? limits.tls_seconds : MLLP_TLS_SECONDS,
        .idle_seconds = limits.idle_seconds > 0 ? limits.idle_seconds : MLLP_IDLE_SECONDS,
        .message_seconds = limits.message_seconds > 0 ? limits.message_seconds : MLLP_MESSAGE_SECONDS,
        .answer_seconds = limits.answer_seconds > 0 ? limits.answer_seconds : MLLP_ANSWER_SECONDS,
    };
}

int mllp_start(struct server *server, const struct node_mllp *settings, size_t num, const struct mllp_limits *limits,
               struct mllp_listeners **started, struct fault_list *faults)
{
    struct mllp_listeners *all = memory_array(1, sizeof *all + num * sizeof *all->listeners);
    if (all == NULL)
        return TOC_ERR_NO_MEMORY;
    all->server = server;
    all->limits = complete(limits);
    pthread_mutex_init(&all->lock, NULL);
    all->wakes = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int ret = all->wakes < 0 ? BASE_ERR_SYSTEM : 0;
    for (size_t i = 0; i < num && ret == 0; i++) {
        all->listeners[all->num++].socket = -1;
        ret = open_listener(&all->listeners[i], &settings[i], faults);
    }
    if (ret == 0 && pthread_create(&all->thread, NULL, run, all) != 0)
        ret = BASE_ERR_SYSTEM;
    all->started = ret == 0;
    if (ret != 0)
        mllp_stop(all);
    else
        *started = all;
    return ret;
}

/* A thread that reads sees the end of its stream; one that takes a message in answers first. */
static void end_connections(struct mllp_listeners *all)
{
    pthread_mutex_lock(&all->lock);
    for (struct connection *one = all->first; one != NULL; one = one->next)
        if (one->peer.fd >= 0)
            shutdown(one->peer.fd, SHUT_RD);
    pthread_mutex_unlock(&all->lock);
    reap(all, true);
}

void mllp_stop(struct mllp_listeners *all)
{
    if (all == NULL)
        return;
    atomic_store(&all->closing, true);
    if (all->started) {
        wake(all);
        pthread_join(all->thread, NULL);
    }
    end_connections(all);
    for (size_t i = 0; i < all->num; i++) {
        if (all->listeners[i].socket >= 0)
            close(all->listeners[i].socket);
        mllp_tls_close(all->listeners[i].tls);
    }
    if (all->wakes >= 0)
        close(all->wakes);
    pthread_mutex_destroy(&all->lock);
    free(all);
}

const char *mllp_place(const struct mllp_listeners *all, size_t number)
{
    return all != NULL && number < all->num ? all->listeners[number].place : NULL;
}

void mllp_watch(struct mllp_listeners *all, struct mllp_state *state)
{
    *state = (struct mllp_state){ .connections = atomic_load(&all->connections),
                                  .accepted = atomic_load(&all->accepted),
                                  .refused = atomic_load(&all->refused),
                                  .timed_out = atomic_load(&all->timed_out),
                                  .too_large = atomic_load(&all->too_large) };
}
