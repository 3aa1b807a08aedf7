/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/changed_cases.h"

#include <string.h>

#include "store/select_many.h"
#include "store/store_internal.h"

int store_snapshot_begin(struct store_reader *reader)
{
    struct db *db;
    int        ret = store_reader_db(reader, &db);
    return ret != 0 ? ret : db_begin(db, DB_READ, &reader->error);
}

void store_snapshot_end(struct store_reader *reader)
{
    struct db *db;
    if (store_reader_db(reader, &db) == 0)
        (void) db_rollback(db); /* nothing was written */
}

struct taking {
    struct id *ids;
    size_t     num, most;
    bool       more;
};

static int take_id(void *context, const struct db_value *row, size_t num_columns)
{
    struct taking *taking = context;
    (void) num_columns;
    if (row[0].type != DB_BYTES || row[0].size != ID_BYTES)
        return DB_ERR_CORRUPT;
    if (taking->num == taking->most)
        taking->more = true;
    else
        memcpy(taking->ids[taking->num++].bytes, row[0].bytes, ID_BYTES);
    return 0;
}

static int take_ids(struct store_reader *reader, const char *on_sqlite, const char *on_postgresql, int64_t since,
                    struct taking *taking)
{
    struct db      *db;
    struct db_value parameters[] = { db_integer(since), db_integer((int64_t) taking->most + 1) };
    int             ret = store_reader_db(reader, &db);
    return ret != 0 ? ret
                    : select_rows(db, db_is_postgresql(db) ? on_postgresql : on_sqlite, parameters, 2, take_id, taking,
                                  &reader->error);
}

int store_changed_cases(struct store_reader *reader, int64_t since, size_t most, struct id *ids, size_t *num,
                        bool *more)
{
    struct taking taking = { .ids = ids, .most = most };
    int           ret =
        take_ids(reader,
                 "SELECT id FROM \"case\" INDEXED BY cases_by_updated WHERE updated >= $1 "
                 "ORDER BY updated DESC, id DESC LIMIT $2",
                 "SELECT id FROM \"case\" WHERE updated >= $1 ORDER BY updated DESC, id DESC LIMIT $2", since, &taking);
    *num = taking.num;
    *more = taking.more;
    return ret;
}

int store_merged_cases(struct store_reader *reader, int64_t since, size_t most, struct id *ids, size_t *num, bool *more)
{
    struct taking taking = { .ids = ids, .most = most };
    int           ret =
        take_ids(reader,
                 "SELECT c.id FROM person p INDEXED BY person_merged_into JOIN \"case\" c INDEXED BY "
                 "case_person ON c.person = p.id WHERE p.merged_into IS NOT NULL AND p.updated >= $1 LIMIT $2",
                 "SELECT c.id FROM person p JOIN \"case\" c ON c.person = p.id WHERE p.merged_into IS NOT NULL AND "
                 "p.updated >= $1 LIMIT $2",
                 since, &taking);
    *num = taking.num;
    *more = taking.more;
    return ret;
}
