/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/server/intake.h: the intake of a server: what its doors (MLLP, HTTP) take in is worked off by a thread of its own
 * while the server runs (response/intake_work.h). What waited when the server ended, however it ended, is worked off
 * when the next one starts.
 */
#ifndef SERVER_INTAKE_H
#define SERVER_INTAKE_H

struct server;
struct sink;
struct store_reader;
struct exchange;
struct intake_receipt;

/* Open server->intake and begin to work off what waits. Without code tables in the options nothing is taken in here,
 * and server->intake stays NULL. 0, or as intake_open and intake_start_worker. */
int server_start_intake(struct server *server);

/* What keeps a message from being taken in, as the answers to all requests have it: 507, 413, 429 with Retry-After. */
int server_intake_status(struct exchange *exchange, int status, const struct intake_receipt *receipt);

/* For /metrics. reader NULL: how many wait is not told. */
void server_write_intake(const struct server *server, struct store_reader *reader, struct sink *sink);

#endif
