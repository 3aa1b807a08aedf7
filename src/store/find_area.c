/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/find_area.h"

#include <string.h>

#include "store/select_many.h"
#include "store/store_internal.h"

struct found {
    struct id id;
    bool      any;
};

static int found_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct found *found = context;
    (void) num_columns;
    memcpy(found->id.bytes, row[0].bytes, ID_BYTES);
    found->any = true;
    return 0;
}

static int find(struct store_reader *reader, const char *sql, const char *code, struct id *id)
{
    struct db      *db;
    struct db_value parameter = db_word(code);
    struct found    found = { .any = false };
    int             ret = store_reader_db(reader, &db);
    if (ret == 0)
        ret = select_rows(db, sql, &parameter, 1, found_row, &found, &reader->error);
    if (ret != 0 || !found.any)
        return ret == 0 ? STORE_ERR_ABSENT : ret;
    *id = found.id;
    return 0;
}

int store_find_area(struct store_reader *reader, const char *code, struct id *area)
{
    return find(reader, "SELECT \"id\" FROM \"area\" WHERE \"code\" = $1 ORDER BY \"valid_from\" DESC, \"id\" LIMIT 1",
                code, area);
}

int store_find_facility(struct store_reader *reader, const char *code, struct id *facility)
{
    return find(reader, "SELECT \"id\" FROM \"facility\" WHERE \"code\" = $1", code, facility);
}
