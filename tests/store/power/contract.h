/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tests/store/power/contract.h: what a database promises about its transactions, as a workload that shows when the
 * promise is broken. The same SQL on SQLite and PostgreSQL.
 *
 * Transaction n writes, in three tables: parts (texts of up to some thousand bytes, so that it covers several pages), a
 * link of a chain (a checksum over its parts and the link before), counters; and removes the parts of an old
 * transaction. All of it follows from n, so that a check needs nothing but the database:
 *   - every acknowledged transaction is there, and at most the one under way besides;
 *   - none is there in part: chain, parts and counters agree.
 */
#ifndef TESTS_STORE_POWER_CONTRACT_H
#define TESTS_STORE_POWER_CONTRACT_H

#include <stddef.h>
#include <stdint.h>

/* A row's values as texts; 0 = go on. */
typedef int contract_row(void *argument, int num_columns, char **values, char **names);

/* A connection; both return 0 or not. */
struct contract_database {
    void *context;
    int (*execute)(void *context, const char *sql);
    int (*query)(void *context, const char *sql, contract_row *each, void *argument);
};

enum { CONTRACT_WHY = 240, CONTRACT_KEPT = 60 /* transactions whose parts are kept */ };

int contract_create(const struct contract_database *database);

/* One transaction. 0 = acknowledged; else the connection's own code or -1, and whether it happened is unknown. */
int contract_transaction(const struct contract_database *database, uint64_t number);

/* *newest = the newest transaction that is there. 0, or -1 and why the promise is broken. acknowledged, attempted: the
 * newest of each. */
int contract_check(const struct contract_database *database, uint64_t acknowledged, uint64_t attempted,
                   uint64_t *newest, char why[CONTRACT_WHY]);

/* How many cycles: TOCSIN_POWER_CYCLES, or `few`. */
unsigned contract_cycles(unsigned few);

#endif
