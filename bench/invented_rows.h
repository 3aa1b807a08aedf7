/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench/invented_rows.h: rows of any table, as long as real ones; which values they hold does not matter. */
#ifndef BENCH_INVENTED_ROWS_H
#define BENCH_INVENTED_ROWS_H

#include "store/db.h"

struct invented_row {
    struct db_value values[DB_MAX_COLUMNS];
    uint8_t         ids[DB_MAX_COLUMNS][ID_BYTES];
    char            texts[DB_MAX_COLUMNS][32];
};

/* Row `number`; its ids are anywhere. */
void invented_row(const struct db_table *table, uint64_t number, struct invented_row *row);

/* Give it the key that is `number` in the order of keys. */
void invented_key(const struct db_table *table, uint64_t number, struct invented_row *row);

#endif
