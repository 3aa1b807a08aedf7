/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/server.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/instant.h"
#include "model/model_json.h"
#include "response/account.h"
#include "response/intake_door.h"
#include "server/calls.h"
#include "server/detection.h"
#include "server/event_form.h"
#include "server/http.h"
#include "server/intake.h"
#include "server/jobs.h"
#include "server/listen.h"
#include "server/mllp.h"
#include "server/pass_desk.h"
#include "server/pass_lists.h"
#include "server/pass_pull.h"
#include "server/provider.h"
#include "server/public.h"
#include "server/reporting.h"
#include "server/server_internal.h"
#include "server/tidying.h"

int64_t server_now(const struct server *server)
{
    const struct store_clock *clock = &server->options.clock;
    return clock->now != NULL ? clock->now(clock->context) : instant_now();
}

struct accounts *server_accounts(const struct server *server)
{
    return server->accounts;
}

void server_wake_jobs(struct server *server)
{
    if (server->jobs != NULL)
        jobs_wake(server->jobs);
}

const char *server_url(const struct server *server)
{
    return server->url;
}

const char *server_mllp_place(const struct server *server, size_t number)
{
    return mllp_place(server->mllp, number);
}

static int refuse(struct fault_list *faults, const char *name, const char *found, const char *allowed)
{
    fault_add(faults, (struct fault_place){ .name = name }, allowed, "%s", found);
    return BASE_ERR_INPUT;
}

/* "https://tocsin.county.example:8443" without anything behind it, into scheme and host. */
static bool split_url(const char *url, char scheme[8], char host[GUARD_NAME_BYTES])
{
    size_t size = strncmp(url, "https://", 8) == 0 ? 8 : strncmp(url, "http://", 7) == 0 ? 7 : 0;
    size_t rest = size > 0 ? strlen(url + size) : 0;
    if (rest > 0 && url[size + rest - 1] == '/')
        rest--;
    if (rest == 0 || rest > 253 + 6 || strcspn(url + size, "/?#@ ") != rest)
        return false;
    snprintf(scheme, 8, "%.*s", (int) size - 3, url);
    snprintf(host, GUARD_NAME_BYTES, "%.*s", (int) rest, url + size);
    return true;
}

static bool is_loopback_name(const char *host)
{
    return strncmp(host, "127.", 4) == 0 || strncmp(host, "localhost", 9) == 0 || strncmp(host, "[::1]", 5) == 0;
}

/* The names by which it may be asked: what the settings say, and on loopback the machine's own. */
static int name_server(struct server *server, const struct listen_place *place, struct fault_list *faults)
{
    char        scheme[8], host[GUARD_NAME_BYTES];
    const char *public_url = server->options.public_url;
    if (public_url != NULL && !split_url(public_url, scheme, host))
        return refuse(faults, "public-url", "not an address",
                      "https://tocsin.county.example, perhaps with a port, nothing behind it");
    if (server->options.demo &&
        ((!place->loopback && !place->unix_socket) || (public_url != NULL && !is_loopback_name(host))))
        return refuse(faults, "demo", "invented data on an address that others can reach", "a loopback address");
    if (public_url == NULL && !place->loopback && !place->unix_socket)
        return refuse(faults, "public-url", "missing, and the address is not loopback",
                      "the address by which people reach the server, through TLS");
    if (public_url != NULL) {
        guard_allow(&server->guard, scheme, host);
        server->tls = strcmp(scheme, "https") == 0;
    }
    if (place->unix_socket) {
        guard_allow(&server->guard, "http", "localhost");
        snprintf(server->url, sizeof server->url, "%s", public_url != NULL ? public_url : "http://localhost");
        return 0;
    }
    if (place->loopback) {
        char names[2][GUARD_NAME_BYTES];
        snprintf(names[0], sizeof names[0], "%s:%u", place->host, place->port);
        snprintf(names[1], sizeof names[1], "localhost:%u", place->port);
        for (int i = 0; i < 2; i++)
            guard_allow(&server->guard, "http", names[i]);
    }
    snprintf(server->url, sizeof server->url, "http://%s:%u", place->host, place->port);
    return 0;
}

/* Descriptors for the connections; fewer connections where the system grants fewer. */
static unsigned grant_descriptors(unsigned wanted)
{
    struct rlimit limit;
    const rlim_t  own = 256;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return wanted;
    if (limit.rlim_cur < wanted + own && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max < wanted + own ? limit.rlim_max : wanted + own;
        (void) setrlimit(RLIMIT_NOFILE, &limit);
    }
    return limit.rlim_cur >= wanted + own ? wanted : limit.rlim_cur > 2 * own ? (unsigned) (limit.rlim_cur - own) : 64;
}

static unsigned or_default(unsigned value, unsigned initial)
{
    return value != 0 ? value : initial;
}

static int start_jobs(struct server *server)
{
    const struct server_options *options = &server->options;
    if (options->program == NULL)
        return 0;
    return jobs_start(&(struct jobs_options){ .store = server->store,
                                              .log = server->log,
                                              .clock = options->clock,
                                              .program = options->program,
                                              .database = options->node->settings.database,
                                              .results = options->results },
                      &server->jobs);
}

static bool own_job(void *context, const struct id *job, const struct id *user)
{
    const struct server *server = context;
    return server->jobs != NULL && jobs_is_of(server->jobs, job, user);
}

static int start_provider(struct server *server, struct fault_list *faults)
{
    int ret = provider_new(&server->options.node->settings, &server->provider, faults);
    if (ret == 0 && server->provider != NULL)
        ret = lane_start(server->store, "outside", SERVER_OUTSIDE_WORKERS, SERVER_OUTSIDE_WAITING, &server->outside);
    return ret;
}

/* What is done once a day. */
static int start_by_the_clock(struct server *server)
{
    const struct server_options *options = &server->options;
    int                          ret = reporting_start(
                                 &(struct reporting_options){
                                     .store = server->store, .log = server->log, .clock = options->clock, .settings = &options->node->settings },
                                 &server->reporting);
    if (ret == 0)
        ret = tidying_start(&(struct tidying_options){ .store = server->store,
                                                       .log = server->log,
                                                       .clock = options->clock,
                                                       .settings = &options->node->settings },
                            &server->tidying);
    return ret;
}

/* Pages that are open hear of a new signal at once, and whoever is on duty is called. */
static void tell_of_signals(void *context)
{
    const struct server *server = context;
    live_wake(server->live);
    calls_wake(server->calls);
}

static int start_calls(struct server *server, struct fault_list *faults)
{
    const struct server_options *options = &server->options;
    if (options->call_key == NULL)
        return 0;
    return calls_start(
        &(struct calls_options){ .store = server->store,
                                 .log = server->log,
                                 .clock = options->clock,
                                 .settings = &options->node->settings,
                                 .key = options->call_key,
                                 .url = options->public_url != NULL ? options->public_url : server->url },
        &server->calls, faults);
}

static int start_detection(struct server *server)
{
    if (!server->options.node->settings.watch)
        return 0;
    return detection_start(&(struct detection_options){ .store = server->store,
                                                        .log = server->log,
                                                        .clock = server->options.clock,
                                                        .raised = tell_of_signals,
                                                        .context = server },
                           &server->detection);
}

static int start_parts(struct server *server)
{
    const struct server_options *options = &server->options;
    int                          ret = log_start(options->quiet ? -1 : STDERR_FILENO, &server->log);
    if (ret == 0)
        ret = accounts_new(&(struct accounts_options){ .store = server->store }, &server->accounts);
    server->metrics = metrics_new();
    if (ret == 0 && server->metrics == NULL)
        ret = TOC_ERR_NO_MEMORY;
    if (ret == 0)
        ret = lane_start(server->store, "work", or_default(options->workers, SERVER_WORKERS), SERVER_WORKERS_WAITING,
                         &server->workers);
    if (ret == 0)
        ret = lane_start(server->store, "heavy", or_default(options->heavy_workers, SERVER_HEAVY_WORKERS),
                         SERVER_HEAVY_WAITING, &server->heavy);
    if (ret == 0)
        ret = start_jobs(server);
    if (ret == 0)
        ret = server_start_intake(server);
    if (ret == 0)
        ret = live_start(&(struct live_options){ .store = server->store,
                                                 .clock = options->clock,
                                                 .own_job = own_job,
                                                 .own_context = server,
                                                 .heartbeat_seconds = options->heartbeat_seconds },
                         &server->live);
    return ret;
}

static int start_network(struct server *server, struct fault_list *faults)
{
    const struct server_options *options = &server->options;
    struct http_options          http = { .server = server,
                                          .socket = server->socket,
                                          .threads = options->threads,
                                          .max_per_peer = options->max_per_peer,
                                          .header_seconds = options->header_seconds,
                                          .body_seconds = options->body_seconds,
                                          .idle_seconds = options->idle_seconds,
                                          .send_seconds = options->send_seconds };
    http.max_connections = grant_descriptors(or_default(options->max_connections, HTTP_MAX_CONNECTIONS));
    return http_start(&http, &server->http, faults);
}

/* In an order in which nobody waits for somebody who has gone; also after half a start. */
static void free_server(struct server *server)
{
    lane_stop(server->heavy);
    lane_stop(server->workers);
    lane_stop(server->outside);
    http_stop(server->http);
    detection_stop(server->detection);
    calls_stop(server->calls);
    reporting_stop(server->reporting);
    tidying_stop(server->tidying);
    pass_pull_stop(server->pull);
    live_stop(server->live);
    jobs_stop(server->jobs);
    mllp_stop(server->mllp);
    intake_close(server->intake);
    if (server->socket >= 0)
        close(server->socket);
    if (server->socket_path[0] != '\0')
        unlink(server->socket_path);
    log_stop(server->log);
    metrics_free(server->metrics);
    accounts_free(server->accounts);
    provider_free(server->provider);
    pass_lists_free(server->passes);
    pass_desk_free(server->desk);
    public_pages_free(server->pages);
    event_door_free(server->reports);
    free(server);
}

int server_start(const struct server_options *options, struct server **started, struct fault_list *faults)
{
    struct listen_place place;
    struct server      *server = calloc(1, sizeof *server);
    if (server == NULL)
        return TOC_ERR_NO_MEMORY;
    signal(SIGPIPE, SIG_IGN);
    model_json_forget();
    server->options = *options;
    server->store = options->node->store;
    server->socket = -1;
    server->started = server_now(server);
    if (options->trusted_proxy != NULL)
        snprintf(server->trusted_proxy, sizeof server->trusted_proxy, "%s", options->trusted_proxy);
    int ret = listen_read(options->listen != NULL ? options->listen : SERVER_LISTEN, &place, faults);
    if (ret == 0 && options->demo && !place.loopback && !place.unix_socket)
        ret = refuse(faults, "demo", "invented data on an address that others can reach", "a loopback address");
    if (ret == 0)
        ret = listen_open(&place, &server->socket, faults);
    if (ret == 0 && place.unix_socket)
        snprintf(server->socket_path, sizeof server->socket_path, "%s", place.path);
    if (ret == 0)
        ret = name_server(server, &place, faults);
    if (ret == 0)
        ret = start_parts(server);
    if (ret == 0)
        ret = start_calls(server, faults);
    if (ret == 0)
        ret = start_detection(server);
    if (ret == 0)
        ret = start_by_the_clock(server);
    if (ret == 0)
        ret = start_provider(server, faults);
    if (ret == 0)
        ret = pass_pull_start(&options->node->settings, server->log, &server->pull, faults);
    if (ret == 0)
        ret = pass_lists_new(&options->node->settings, &server->passes, faults);
    if (ret == 0)
        ret = pass_desk_new(options->node, &server->desk, faults);
    if (ret == 0)
        ret = public_pages_new(&options->node->settings, server->store, options->public_lot, &server->pages, faults);
    if (ret == 0)
        ret = event_door_new(&options->node->settings, &server->reports);
    if (ret == 0)
        ret = start_network(server, faults);
    if (ret == 0 && options->num_mllp > 0 && options->tables != NULL)
        ret = mllp_start(server, options->mllp, options->num_mllp, &options->mllp_limits, &server->mllp, faults);
    if (ret != 0) {
        free_server(server);
        return ret;
    }
    log_say(server->log, LOG_LEVEL_INFO, server->started, "start", server->url);
    *started = server;
    return 0;
}

static void wait_a_little(void)
{
    nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
}

void server_stop(struct server *server, unsigned seconds)
{
    if (server == NULL)
        return;
    log_say(server->log, LOG_LEVEL_INFO, server_now(server), "stop", "no new connections");
    http_quiesce(server->http);
    mllp_stop(server->mllp);
    server->mllp = NULL;
    live_end(server->live);
    for (unsigned waited = 0; http_active(server->http) > 0 && waited < seconds * 100; waited++)
        wait_a_little();
    while (http_away(server->http) > 0) /* the writer answers everything */
        wait_a_little();
    log_say(server->log, LOG_LEVEL_INFO, server_now(server), "stop", "done");
    free_server(server);
}
