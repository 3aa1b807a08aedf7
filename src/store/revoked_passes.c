/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/revoked_passes.h"

#include "base/instant.h"
#include "store/select_many.h"
#include "store/store_internal.h"

/* form, signed_by, entry, expires */
static int take_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct sink *sink = context;
    (void) num_columns;
    bool card = row[0].size == 5; /* smart */
    sink_write(sink, row[1].bytes, row[1].size);
    sink_text(sink, card ? "\tRID\t" : "\tSIGNATURE\t");
    sink_write(sink, row[2].bytes, row[2].size);
    sink_character(sink, '\t');
    sink_integer(sink, row[3].integer / INSTANT_SECOND);
    sink_character(sink, '\n');
    return 0;
}

int store_revoked_passes(struct store_reader *reader, int64_t now, struct sink *sink)
{
    static const char     sql[] = "SELECT form, signed_by, entry, expires FROM credential "
                                  "WHERE expires >= $1 AND revoked IS NOT NULL AND entry <> ''";
    const struct db_value parameters[] = { db_integer(now) };
    struct db            *db;
    int                   ret = store_reader_db(reader, &db);
    return ret != 0 ? ret : select_rows(db, sql, parameters, 1, take_row, sink, &reader->error);
}
