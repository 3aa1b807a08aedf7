/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How the node is: /healthz for whoever watches over the machine, /metrics with numbers, / for a person. */
#include <stdio.h>
#include <unistd.h>

#include "base/clock_state.h"
#include "base/instant.h"
#include "base/json_writer.h"
#include "response/account.h"
#include "server/calls.h"
#include "server/detection.h"
#include "server/handlers.h"
#include "server/http.h"
#include "server/intake.h"
#include "server/jobs.h"
#include "server/server_internal.h"
#include "server/web.h"

/* Can the node read and write? */
static bool is_well(const struct exchange *exchange)
{
    struct store_state state = { 0 };
    if (exchange->store == NULL)
        return true; /* nothing to fail */
    store_watch(exchange->store, &state);
    return state.writes && !state.stopped;
}

int health_answer(struct exchange *exchange)
{
    struct json_writer json;
    bool               well = is_well(exchange);
    json_writer_init(&json, &exchange->answer.body);
    json_begin_object(&json);
    json_key(&json, "status");
    json_put_string(&json, well ? "ok" : "cannot write");
    json_end(&json);
    exchange->answer.status = well ? 200 : 503;
    return 0;
}

/* ---- /metrics ---- */

static double resident_bytes(void)
{
    long  pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file == NULL)
        return 0;
    if (fscanf(file, "%*s %ld", &pages) != 1)
        pages = 0;
    fclose(file);
    return (double) pages * (double) sysconf(_SC_PAGESIZE);
}

static void write_clock(struct sink *sink)
{
    struct clock_reading clock;
    if (clock_read(&clock) != 0)
        return;
    metrics_number(sink, "tocsin_clock_synchronised", "gauge", "1 where something keeps the machine's clock.",
                   clock.unsynchronised ? 0 : 1);
    metrics_number(sink, "tocsin_clock_max_error_seconds", "gauge", "The kernel's bound of the clock's error.",
                   clock.max_error_seconds);
}

static void write_writer(struct sink *sink, struct store *store)
{
    struct store_state state;
    store_watch(store, &state);
    metrics_number(sink, "tocsin_writer_stopped", "gauge", "1 where the writer has stopped for good.",
                   state.stopped ? 1 : 0);
    metrics_number(sink, "tocsin_writer_waiting", "gauge", "Requests that wait to be written.", (double) state.waiting);
    metrics_number(sink, "tocsin_writer_groups_total", "counter", "Groups committed.", (double) state.groups);
    metrics_number(sink, "tocsin_writer_requests_total", "counter", "Requests committed.", (double) state.requests);
    metrics_number(sink, "tocsin_counts_late_seconds", "gauge",
                   "For so long what was counted could not be added to the counters' rows.", state.counts_late);
    metrics_number(sink, "tocsin_event_number", "gauge", "The newest event.", (double) state.event);
}

static void write_jobs(struct sink *sink, struct jobs *jobs)
{
    struct jobs_state state;
    jobs_watch(jobs, &state);
    metrics_number(sink, "tocsin_jobs_running", "gauge", "Jobs that the worker process is doing.",
                   state.working ? 1 : 0);
    metrics_number(sink, "tocsin_jobs_done_total", "counter", "Jobs that were done.", (double) state.done);
    metrics_number(sink, "tocsin_jobs_failed_total", "counter", "Jobs that failed or were cancelled.",
                   (double) state.failed);
    metrics_number(sink, "tocsin_worker_lost_total", "counter", "Worker processes that died or had to be killed.",
                   (double) state.lost);
}

static void write_watch(struct sink *sink, struct detection *detection)
{
    struct detection_state state;
    detection_watch(detection, &state);
    metrics_number(sink, "tocsin_watch_rounds_total", "counter", "Rounds of the watch.", (double) state.rounds);
    metrics_number(sink, "tocsin_watch_failures_total", "counter", "Rounds that failed and were tried again.",
                   (double) state.failures);
    metrics_number(sink, "tocsin_watch_signals_total", "counter", "Signals that were raised.", (double) state.signals);
    metrics_number(sink, "tocsin_watch_streams", "gauge", "Series judged in the newest round.",
                   (double) state.num_watched);
    metrics_number(sink, "tocsin_watch_last_run_seconds", "gauge",
                   "When the newest round that did not fail began, in seconds since 1970; 0: none yet.",
                   (double) state.last / (double) INSTANT_SECOND);
    metrics_number(sink, "tocsin_watch_round_seconds", "gauge", "How long it took.", state.seconds);
    metrics_number(sink, "tocsin_watch_waiting_seconds", "gauge",
                   "For so long something that came in has not been judged; 0: nothing waits.", state.waiting);
}

static void write_calls(struct sink *sink, struct calls *calls)
{
    struct calls_state state;
    calls_watch(calls, &state);
    metrics_number(sink, "tocsin_calls_sent_total", "counter", "Messages handed over to the mail server or web-hook.",
                   (double) state.sent);
    metrics_number(sink, "tocsin_calls_failures_total", "counter", "Tries to hand one over that failed.",
                   (double) state.failures);
    metrics_number(sink, "tocsin_calls_waiting", "gauge", "Notices that wait to be sent.", (double) state.waiting);
    metrics_number(sink, "tocsin_calls_nobody", "gauge",
                   "Calls that are due while nobody who can be reached is on duty.", (double) state.nobody);
}

int metrics_answer(struct exchange *exchange)
{
    struct sink         *sink = &exchange->answer.body;
    const struct server *server = exchange->server;
    exchange->answer.type = "text/plain; version=0.0.4; charset=utf-8";
    if (exchange->store != NULL)
        write_writer(sink, exchange->store);
    write_clock(sink);
    metrics_number(sink, "tocsin_resident_bytes", "gauge", "Memory of the server that is in use.", resident_bytes());
    if (server == NULL)
        return 0;
    metrics_write(server->metrics, sink);
    if (server->jobs != NULL)
        write_jobs(sink, server->jobs);
    if (server->detection != NULL)
        write_watch(sink, server->detection);
    if (server->calls != NULL)
        write_calls(sink, server->calls);
    server_write_intake(server, exchange->reader, sink);
    metrics_number(sink, "tocsin_connections", "gauge", "Open connections.", (double) http_connections(server->http));
    metrics_number(sink, "tocsin_connections_timed_out_total", "counter", "Connections that took too long.",
                   (double) http_timed_out(server->http));
    metrics_number(sink, "tocsin_body_bytes", "gauge", "Bodies that are being taken in.",
                   (double) http_body_bytes(server->http));
    metrics_number(sink, "tocsin_streams", "gauge", "Streams of live events.", (double) live_count(server->live));
    metrics_number(sink, "tocsin_workers_waiting", "gauge", "Requests that wait for a worker.",
                   (double) lane_waiting(server->workers));
    metrics_number(sink, "tocsin_heavy_waiting", "gauge", "Requests that wait for a worker for long ones.",
                   (double) lane_waiting(server->heavy));
    metrics_number(sink, "tocsin_log_dropped_total", "counter", "Lines of the log that nobody took in time.",
                   (double) log_dropped(server->log));
    metrics_number(sink, "tocsin_started_seconds", "gauge", "When the server started, in seconds since 1970.",
                   (double) server->started / (double) INSTANT_SECOND);
    return 0;
}

/* ---- / ---- */

static const char page_head[] =
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Tocsin</title>"
    "<meta name=\"viewport\" content=\"width=device-width\"><style>body{font:16px/1.5 sans-serif;max-width:40em;"
    "margin:2em auto;padding:0 1em}h1{font-size:1.4em}.drill{background:#fd0;padding:.3em .6em}</style></head><body>";

static const char page_links[] = "<h2>Links <span lang=\"zh\">链接</span></h2><ul>"
                                 "<li><a href=\"/healthz\">/healthz</a> does the node work? "
                                 "<span lang=\"zh\">节点是否正常</span></li>"
                                 "<li><a href=\"/sign-in\">/sign-in</a> by a plain page "
                                 "<span lang=\"zh\">登录</span></li>";

int page_answer(struct exchange *exchange)
{
    struct accounts *accounts = exchange_accounts(exchange);
    if (web_is_there() && (accounts == NULL || !accounts_set_up_due(accounts)))
        return web_answer_page(exchange);
    struct sink         *sink = &exchange->answer.body;
    const struct server *server = exchange->server;
    bool                 well = is_well(exchange);
    exchange->answer.type = "text/html; charset=utf-8";
    answer_header(exchange, "Content-Security-Policy",
                  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
                  "frame-ancestors 'none'");
    sink_text(sink, page_head);
    sink_text(sink, "<h1>Tocsin</h1>");
    if (server != NULL && server->options.demo)
        sink_text(
            sink,
            "<p class=\"drill\">Invented data: nobody here exists. <span lang=\"zh\">演示数据：均为虚构。</span></p>");
    sink_text(sink, well ? "<p>This node works. <span lang=\"zh\">节点运行正常。</span></p>"
                         : "<p>This node cannot write at present. <span lang=\"zh\">节点目前无法写入。</span></p>");
    sink_text(sink, page_links);
    if (exchange->local)
        sink_text(sink, "<li><a href=\"/metrics\">/metrics</a> numbers for whoever runs it "
                        "<span lang=\"zh\">运行指标</span></li>");
    sink_text(sink, "</ul></body></html>\n");
    return 0;
}
