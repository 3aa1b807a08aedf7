/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/sender_figures.h"

#include <string.h>

#include "base/instant.h"
#include "store/select_many.h"
#include "store/store_internal.h"

struct filling {
    struct sender_figures *figures;
    int64_t                today; /* days since 1970 */
};

static bool is(const struct db_value *value, const char *word)
{
    return value->type == DB_TEXT && value->size == strlen(word) && memcmp(value->bytes, word, value->size) == 0;
}

static int last_row(void *context, const struct db_value *row, size_t num_columns)
{
    (void) num_columns;
    if (row[0].type == DB_INTEGER)
        *(int64_t *) context = row[0].integer;
    return 0;
}

/* day, verdict, count */
static int day_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct filling *filling = context;
    int64_t         back = filling->today - row[0].integer;
    (void) num_columns;
    if (back < 0 || back >= SENDER_DAYS)
        return 0;
    filling->figures->messages[back] += row[2].integer;
    if (is(&row[1], "rejected"))
        filling->figures->rejected[back] += row[2].integer;
    if (is(&row[1], "held"))
        filling->figures->held[back] += row[2].integer;
    return 0;
}

int store_sender_figures(struct store_reader *reader, const struct id *feed, int64_t now, int64_t offset,
                         struct sender_figures *figures)
{
    struct sender_figures found = { .last_heard = INSTANT_MISSING };
    struct filling        filling = { .figures = &found, .today = (now + offset) / INSTANT_DAY };
    struct db_value       one = db_id(feed);
    struct db_value values[] = { db_id(feed), db_integer((filling.today - SENDER_DAYS + 1) * INSTANT_DAY - offset),
                                 db_integer(offset) };
    struct db      *db;
    int             ret = store_reader_db(reader, &db);
    if (ret == 0)
        ret = select_rows(db, "SELECT max(received) FROM message WHERE feed = $1", &one, 1, last_row, &found.last_heard,
                          &reader->error);
    if (ret == 0)
        ret = select_rows(db,
                          "SELECT (received + $3) / 86400000000, verdict, count(*) FROM message WHERE feed = $1 AND "
                          "received >= $2 AND part_of IS NULL GROUP BY 1, 2",
                          values, 3, day_row, &filling, &reader->error);
    if (ret == 0)
        *figures = found;
    return ret;
}

struct transmissions {
    store_take_transmission *take;
    void                    *context;
};

static int transmission_row(void *context, const struct db_value *row, size_t num_columns)
{
    const struct transmissions *transmissions = context;
    bool                        numbered = row[1].type == DB_BYTES;
    (void) num_columns;
    return transmissions->take(transmissions->context, (const char *) row[0].bytes, row[0].size,
                               numbered ? (const uint8_t *) row[1].bytes : NULL, numbered ? row[1].size : 0);
}

int store_sender_transmissions(struct store_reader *reader, const struct id *feed, int64_t from, int64_t until,
                               store_take_transmission *take, void *context)
{
    struct transmissions transmissions = { take, context };
    struct db_value      values[] = { db_id(feed), db_integer(from), db_integer(until) };
    struct db           *db;
    int                  ret = store_reader_db(reader, &db);
    return ret != 0 ? ret
                    : select_rows(db,
                                  "SELECT verdict, control_hash FROM message WHERE feed = $1 AND received >= $2 AND "
                                  "received < $3 AND part_of IS NULL",
                                  values, 3, transmission_row, &transmissions, &reader->error);
}

struct sent {
    store_take_sent *take;
    void            *context;
};

static int sent_row(void *context, const struct db_value *row, size_t num_columns)
{
    const struct sent    *sent = context;
    struct sender_message message = { .received = row[1].integer,
                                      .format = { (const char *) row[2].bytes, row[2].size },
                                      .is_row = row[3].type == DB_BYTES };
    (void) num_columns;
    if (row[0].type != DB_BYTES || row[0].size != ID_BYTES)
        return DB_ERR_CORRUPT;
    memcpy(message.id.bytes, row[0].bytes, ID_BYTES);
    return sent->take(sent->context, &message);
}

int store_sender_messages(struct store_reader *reader, const struct id *feed, int64_t from, int64_t until,
                          store_take_sent *take, void *context)
{
    struct sent     sent = { take, context };
    struct db_value values[] = { db_id(feed), db_integer(from), db_integer(until) };
    struct db      *db;
    int             ret = store_reader_db(reader, &db);
    return ret != 0
               ? ret
               : select_rows(db,
                             "SELECT id, received, format, part_of FROM message WHERE feed = $1 AND received >= $2 "
                             "AND received < $3 ORDER BY received, id",
                             values, 3, sent_row, &sent, &reader->error);
}

struct reasons {
    store_take_reason *take;
    void              *context;
};

static int reason_row(void *context, const struct db_value *row, size_t num_columns)
{
    const struct reasons *reasons = context;
    (void) num_columns;
    return row[0].type == DB_TEXT
               ? reasons->take(reasons->context, (const char *) row[0].bytes, row[0].size, row[1].integer)
               : 0;
}

int store_sender_reasons(struct store_reader *reader, const struct id *feed, int64_t since, store_take_reason *take,
                         void *context)
{
    struct reasons  reasons = { take, context };
    struct db_value values[] = { db_id(feed), db_integer(since), db_integer(SENDER_REASONS) };
    struct db      *db;
    int             ret = store_reader_db(reader, &db);
    if (ret == 0)
        ret = select_rows(db,
                          "SELECT reason, count(*) FROM message WHERE feed = $1 AND received >= $2 AND reason <> '' "
                          "GROUP BY reason ORDER BY count(*) DESC, reason LIMIT $3",
                          values, 3, reason_row, &reasons, &reader->error);
    return ret;
}
