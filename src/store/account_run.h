/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/account_run.h: one change of account tables, by the writer, in one transaction with its audit entry. */
#ifndef STORE_ACCOUNT_RUN_H
#define STORE_ACCOUNT_RUN_H

#include "store/account.h"
#include "store/keeper.h"
#include "store/seal.h"

#define ACCOUNT_STEP_VALUES 12

/* A statement. Where `refusal` is not 0 it is a question that must have a row, or the whole is refused with that
 * status; questions stand first. */
struct account_step {
    const char     *sql;
    struct db_value values[ACCOUNT_STEP_VALUES];
    size_t          num;
    int             refusal;
};

struct account_work {
    const char                *verb; /* of the audit; NULL = none is written */
    struct id                  subject;
    const char                *record; /* of the subject: "user" */
    const struct account_step *steps;
    size_t                     num_steps;
    struct store_request      *records; /* changes of records, behind the questions; NULL = none */
};

int account_run(struct store *store, const struct access *who, const struct account_work *work,
                struct fault_list *faults);

/* Run one statement without parameters but an instant and a hash, without waiting and without an audit entry. */
void account_run_later(struct store *store, const char *sql, const struct account_hash *hash, int64_t now);

/* Bytes sealed under a fresh key that the keeper has wrapped for `owner`. */
struct account_sealed {
    struct id             owner;
    struct keeper_wrapped wrapped;
    uint8_t               bytes[ACCOUNT_REASON_BYTES + SEAL_EXTRA_BYTES];
    size_t                size;
};
int account_seal(struct store *store, const struct id *owner, const char *purpose, const void *plain, size_t size,
                 struct account_sealed *sealed);
/* plain: room for size - SEAL_EXTRA_BYTES. STORE_ERR_ABSENT where the key is gone. */
int account_unseal(struct store_reader *reader, const struct id *owner, const char *purpose, const void *sealed,
                   size_t size, void *plain);

/* The row of person_key of what was sealed. */
struct account_step account_key_step(const struct account_sealed *sealed);

#endif
