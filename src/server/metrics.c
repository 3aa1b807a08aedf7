/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/metrics.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "server/route.h"

/* Statuses that are answered here; the last stands for all others. */
static const int statuses[] = { 200, 201, 202, 204, 206, 303, 304, 400, 401, 403, 404, 405, 408,
                                409, 412, 413, 414, 415, 422, 428, 429, 431, 500, 503, 507, 0 };
enum { NUM_STATUSES = sizeof statuses / sizeof *statuses };

/* Upper bounds of the histogram, in microseconds. */
static const int64_t bounds[] = { 50,    100,   250,    500,    1000,   2500,    5000,
                                  10000, 25000, 100000, 250000, 500000, 1000000, 5000000 };
enum { NUM_BOUNDS = sizeof bounds / sizeof *bounds };

struct count {
    _Atomic int64_t of[NUM_STATUSES];
};

struct metrics {
    size_t          num_routes;
    _Atomic int64_t buckets[NUM_BOUNDS + 1];
    _Atomic int64_t microseconds, requests, bytes;
    struct count    routes[]; /* the last: none was found */
};

struct metrics *metrics_new(void)
{
    size_t num;
    (void) routes(&num);
    struct metrics *metrics = calloc(1, sizeof *metrics + (num + 1) * sizeof *metrics->routes);
    if (metrics != NULL)
        metrics->num_routes = num;
    return metrics;
}

void metrics_free(struct metrics *metrics)
{
    free(metrics);
}

static void add(_Atomic int64_t *number, int64_t value)
{
    atomic_fetch_add_explicit(number, value, memory_order_relaxed);
}

void metrics_request(struct metrics *metrics, const struct route *route, int status, int64_t microseconds,
                     int64_t bytes)
{
    size_t num, at = 0, bucket = 0;
    size_t index = route != NULL ? (size_t) (route - routes(&num)) : metrics->num_routes;
    while (at < NUM_STATUSES - 1 && statuses[at] != status)
        at++;
    while (bucket < NUM_BOUNDS && microseconds > bounds[bucket])
        bucket++;
    add(&metrics->routes[index < metrics->num_routes ? index : metrics->num_routes].of[at], 1);
    add(&metrics->buckets[bucket], 1);
    add(&metrics->microseconds, microseconds);
    add(&metrics->requests, 1);
    add(&metrics->bytes, bytes);
}

static int64_t read_of(_Atomic int64_t *number)
{
    return atomic_load_explicit(number, memory_order_relaxed);
}

static void write_route(struct metrics *metrics, size_t index, struct sink *sink)
{
    size_t              num;
    const struct route *all = routes(&num);
    for (size_t at = 0; at < NUM_STATUSES; at++) {
        int64_t value = read_of(&metrics->routes[index].of[at]);
        if (value == 0)
            continue;
        sink_format(sink, "tocsin_requests_total{method=\"%s\",route=\"%s\",status=\"",
                    index < num ? http_method_word(all[index].method) : "", index < num ? all[index].path : "");
        if (statuses[at] != 0)
            sink_format(sink, "%d", statuses[at]);
        else
            sink_text(sink, "other");
        sink_format(sink, "\"} %" PRId64 "\n", value);
    }
}

void metrics_write(struct metrics *metrics, struct sink *sink)
{
    int64_t sum = 0;
    sink_text(sink, "# HELP tocsin_requests_total Requests answered.\n# TYPE tocsin_requests_total counter\n");
    for (size_t i = 0; i <= metrics->num_routes; i++)
        write_route(metrics, i, sink);
    sink_text(sink, "# HELP tocsin_request_seconds Time from the whole header to the answer.\n"
                    "# TYPE tocsin_request_seconds histogram\n");
    for (size_t i = 0; i < NUM_BOUNDS; i++) {
        sum += read_of(&metrics->buckets[i]);
        sink_text(sink, "tocsin_request_seconds_bucket{le=\"");
        sink_number(sink, (double) bounds[i] / 1e6);
        sink_format(sink, "\"} %" PRId64 "\n", sum);
    }
    sum += read_of(&metrics->buckets[NUM_BOUNDS]);
    sink_format(sink, "tocsin_request_seconds_bucket{le=\"+Inf\"} %" PRId64 "\ntocsin_request_seconds_sum ", sum);
    sink_number(sink, (double) read_of(&metrics->microseconds) / 1e6);
    sink_format(sink, "\ntocsin_request_seconds_count %" PRId64 "\n", sum);
    metrics_number(sink, "tocsin_answer_bytes_total", "counter", "Bytes of answers, without headers.",
                   (double) read_of(&metrics->bytes));
}

void metrics_number(struct sink *sink, const char *name, const char *type, const char *help, double value)
{
    sink_format(sink, "# HELP %s %s\n# TYPE %s %s\n%s ", name, help, name, type, name);
    sink_number(sink, value);
    sink_character(sink, '\n');
}
