/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/on_call.h"

#include <string.h>

#include "store/select_many.h"
#include "store/store_internal.h"

struct taking {
    struct id *ids;
    size_t     num, room;
};

static int take_id(void *context, const struct db_value *row, size_t num_columns)
{
    struct taking *taking = context;
    (void) num_columns;
    if (taking->num < taking->room)
        memcpy(taking->ids[taking->num++].bytes, row[0].bytes, ID_BYTES);
    return 0;
}

static int take_number(void *context, const struct db_value *row, size_t num_columns)
{
    (void) num_columns;
    *(int64_t *) context = row[0].integer;
    return 0;
}

static int find(struct store_reader *reader, const char *sql, struct db_value parameter, struct id *ids, size_t room,
                size_t *num)
{
    const struct db_value parameters[] = { parameter, db_integer((int64_t) room) };
    struct taking         taking = { .ids = ids, .room = room };
    struct db            *db;
    int                   ret = store_reader_db(reader, &db);
    if (ret == 0)
        ret = select_rows(db, sql, parameters, 2, take_id, &taking, &reader->error);
    if (ret == 0)
        *num = taking.num;
    return ret;
}

int store_duties_at(struct store_reader *reader, int64_t at, struct id *ids, size_t room, size_t *num)
{
    return find(reader, "SELECT \"id\" FROM \"duty\" WHERE \"starts\" <= $1 AND \"ends\" > $1 ORDER BY \"id\" LIMIT $2",
                db_integer(at), ids, room, num);
}

int store_notices_due(struct store_reader *reader, int64_t now, struct id *ids, size_t room, size_t *num,
                      int64_t *waiting)
{
    struct db *db;
    int        ret = find(reader,
                          "SELECT \"id\" FROM \"notice\" WHERE \"status\" = 'waiting' AND \"next_attempt\" <= $1 "
                                 "ORDER BY \"next_attempt\", \"id\" LIMIT $2",
                          db_integer(now), ids, room, num);
    if (ret == 0)
        ret = store_reader_db(reader, &db);
    if (ret == 0)
        ret = select_rows(db, "SELECT count(*) FROM \"notice\" WHERE \"status\" = 'waiting'", NULL, 0, take_number,
                          waiting, &reader->error);
    return ret;
}

int store_notices_of_task(struct store_reader *reader, const struct id *task, struct id *ids, size_t room, size_t *num)
{
    return find(reader, "SELECT \"id\" FROM \"notice\" WHERE \"task\" = $1 ORDER BY \"id\" LIMIT $2", db_id(task), ids,
                room, num);
}

int store_notices_of_signal(struct store_reader *reader, const struct id *signal, struct id *ids, size_t room,
                            size_t *num)
{
    return find(reader,
                "SELECT n.\"id\" FROM \"task\" t JOIN \"notice\" n ON n.\"task\" = t.\"id\" WHERE t.\"signal\" = $1 "
                "ORDER BY n.\"id\" LIMIT $2",
                db_id(signal), ids, room, num);
}
