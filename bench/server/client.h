/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench/server/client.h: clients of a server, in a process of their own, so that their time is not the server's.
 * place: where the server listens, a port of this machine or the path of a unix socket. */
#ifndef BENCH_SERVER_CLIENT_H
#define BENCH_SERVER_CLIENT_H

/* `num` requests over `connections` kept-alive connections, each sent when the one before it is answered. The file
 * holds the requests, separated by a NUL, taken in turn. Prints "answers STATUS_2XX seconds p50_us p99_us". */
int client_requests(const char *place, int connections, int num, const char *file);

/* `streams` streams of live events. Prints "open" when all are; then, when standard input ends and a second more has
 * passed, "events ALL fewest MOST". host: of the header. */
int client_streams(const char *place, int streams, const char *host);

/* Of two doubles, for qsort. */
int client_by_size(const void *a, const void *b);

#endif
