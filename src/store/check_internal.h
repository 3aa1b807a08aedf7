/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/check_internal.h: what the parts of the check share. */
#ifndef STORE_CHECK_INTERNAL_H
#define STORE_CHECK_INTERNAL_H

#include "model/model.h"
#include "store/check.h"

struct check {
    struct db                  *db;
    const struct check_options *options;
    struct db_error            *error;
    int64_t                     wrong;
};

/* Tell a finding; `remedy` is told only where something is wrong. */
void check_tell(struct check *check, int64_t looked, int64_t wrong, const char *remedy, const char *what, ...)
    __attribute__((format(printf, 5, 6)));

/* The first number of the first row. */
int check_number(struct check *check, const char *sql, int64_t *number);

#define CHECK_RESTORE "restore the newest backup that 'tocsin check' finds whole"

/* SQLite: each index holds what its table's rows hold. */
int check_indexes(struct check *check);

/* Whose the search tokens are, and whether they are right. */
int check_tokens(struct check *check);

/* Rows of counts that wait; of busy hours there are some thousand. */
#define CHECK_MOST_WAITING 65536

/* Count every record with counters anew and compare. */
int check_counters(struct check *check);

/* Of each person, disease and day or week one result decides (tested.h). */
int check_tested(struct check *check);

#endif
