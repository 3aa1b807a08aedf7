/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tests/support/postgresql.h: a private PostgreSQL cluster for a test program.
 *
 *     int main(void)
 *     {
 *         if (!test_postgresql_installed())
 *             return test_skip_program("PostgreSQL is not installed");
 *         …
 *     }
 *     …   assert_ok(db_open(test_postgresql_url(), …));              the same database for the whole program
 *     …   char url[TEST_POSTGRESQL_URL];
 *         test_postgresql_database(url);                              a new, empty one
 *
 * One cluster a program, made at the first call that needs it (about a second), removed when the program ends, also
 * when it crashes or is killed: tests/support/postgresql.py keeps it. Unix socket only, in a folder that nobody else
 * may enter; fsync, full_page_writes and synchronous_commit on; 16 MB of shared buffers; at most 20 connections. As
 * root the server runs as the user postgres or nobody. A program of tests/meson.build that uses this depends on
 * `test_postgresql`. Failures end the program with a message: a test can do nothing without its server.
 */
#ifndef TESTS_SUPPORT_POSTGRESQL_H
#define TESTS_SUPPORT_POSTGRESQL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct power_plan;
struct power_loss;
struct power_state;

enum { TEST_POSTGRESQL_URL = 256 };

/* Whether a server is installed; says loudly that its tests are left out where it is not. */
bool test_postgresql_installed(void);

/* Words for postgresql.py before the cluster is made, e.g. "--setting=shared_buffers=64MB",
 * "--initdb=--wal-segsize=1"; at most 32, borrowed for the program's life. */
void test_postgresql_configure(const char *const *words, unsigned num_words);

/* The cluster's first database, "postgresql:///tocsin?host=…&user=tocsin". Borrowed for the program's life. */
const char *test_postgresql_url(void);

/* A new, empty database of the cluster; it is removed with the cluster. */
void test_postgresql_database(char url[TEST_POSTGRESQL_URL]);

/* The cluster's folder: `data` is the server's data directory, `log` its log. */
const char *test_postgresql_folder(void);

/* kill -9 of all server processes; returns when none is left. */
void test_postgresql_crash(void);
/* A clean stop. */
void test_postgresql_stop(void);
/* Start after crash or stop; returns when recovery is done and connections are taken. */
void test_postgresql_start(void);
/* The same, where the server may be unable to start: false, and why. */
bool test_postgresql_try_start(char *why, size_t room);
/* A setting for the next start: "fsync=off". */
void test_postgresql_set(const char *setting);

/* ---- with "--power=<the built power_preload.c>": a machine whose power can be cut (power_journal.h) ---- */

void test_postgresql_plan(const struct power_plan *plan);
/* Cut the power if the plan has not, and restore what survives; test_postgresql_start brings the server back. */
void test_postgresql_cut(uint64_t seed, unsigned sector, struct power_loss *loss);
/* Counts since the plan was set. */
void test_postgresql_state(struct power_state *state);

#endif
