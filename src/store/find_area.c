/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/find_area.h"

#include <string.h>

#include "store/store_internal.h"

int store_find_area(struct store_reader *reader, const char *code, struct id *area)
{
    static const char sql[] =
        "SELECT \"id\" FROM \"area\" WHERE \"code\" = $1 ORDER BY \"valid_from\" DESC, \"id\" LIMIT 1";
    struct db             *db;
    struct db_statement   *statement;
    struct db_value        parameter = db_word(code);
    const struct db_value *row;
    size_t                 num_columns;
    int                    ret = store_reader_db(reader, &db);
    if (ret == 0)
        ret = db_prepare(db, sql, &statement, &reader->error);
    if (ret == 0)
        ret = db_run(statement, &parameter, 1, &reader->error);
    if (ret == 0)
        ret = db_step(statement, &row, &num_columns, &reader->error);
    if (ret != 1)
        return ret == 0 ? STORE_ERR_ABSENT : ret;
    memcpy(area->bytes, row[0].bytes, ID_BYTES);
    db_reset(statement);
    return 0;
}
