/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tests/store/power/contract_db.h: the workload of contract.h through the store's database interface. */
#ifndef TESTS_STORE_POWER_CONTRACT_DB_H
#define TESTS_STORE_POWER_CONTRACT_DB_H

#include "store/db.h"
#include "store/power/contract.h"

/* Codes are statuses of db.h. */
struct contract_database contract_of_db(struct db *db);

#endif
