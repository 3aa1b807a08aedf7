/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/dump_parse.h: what a dump says, piece by piece; between dump.c and dump_parse.c. */
#ifndef STORE_DUMP_PARSE_H
#define STORE_DUMP_PARSE_H

#include "store/dump.h"

/* Who takes the pieces. Everything is borrowed for the call, but a table lives until its table_end. */
struct dump_taker {
    int (*beginning)(void *context, int64_t num_migrations, const struct db_value *digest, struct db_error *error);
    int (*table)(void *context, const struct db_table *table, const char *layout, struct db_error *error);
    int (*row)(void *context, const struct db_value *row, struct db_error *error);
    int (*table_end)(void *context, struct db_error *error);
    void *context;
};

/* Read a whole dump. The names and kinds of its tables' columns are words and known kinds; whether these tables exist,
 * and whether the values fit, is the taker's to say. */
int dump_parse(const struct dump_options *options, dump_read_bytes *read, void *read_context,
               const struct dump_taker *taker, struct dump_summary *summary, struct db_error *error);

#endif
