/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/server/metrics.h: what the server counts, and /metrics, which tells it in Prometheus' text form. Labels are
 * routes, methods and statuses; never anything of a person, a caller or an address.
 */
#ifndef SERVER_METRICS_H
#define SERVER_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "base/sink.h"

struct metrics;
struct route;

struct metrics *metrics_new(void); /* NULL: no memory */
void            metrics_free(struct metrics *metrics);

/* A request was answered. route NULL: none was found. */
void metrics_request(struct metrics *metrics, const struct route *route, int status, int64_t microseconds,
                     int64_t bytes);

/* Requests, bytes and times, as text. */
void metrics_write(struct metrics *metrics, struct sink *sink);

/* One number with its help and type ("gauge", "counter"). */
void metrics_number(struct sink *sink, const char *name, const char *type, const char *help, double value);

#endif
