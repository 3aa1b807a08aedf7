/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/unit_figures.h"

#include <stdlib.h>
#include <string.h>

#include "base/date_text.h"
#include "base/memory.h"
#include "base/time_zone.h"
#include "store/select_many.h"
#include "store/store_internal.h"

enum { ONSET_DAYS = 60 };

struct taking {
    store_take_unit *take;
    void            *context;
    toc_date         day; /* of arrivals */
};

static int take_one(const struct taking *taking, const struct db_value *unit, toc_date day, int64_t received)
{
    struct id id;
    memcpy(id.bytes, unit->bytes, ID_BYTES);
    return taking->take(taking->context, &id, day, received);
}

static struct db_value day_value(toc_date day, char text[DATE_TEXT_BYTES])
{
    size_t size = date_to_text(day, DATE_FORM_DAY, text);
    return db_text(text, size);
}

/* unit, day, received */
static int report_row(void *context, const struct db_value *row, size_t num_columns)
{
    toc_date       day;
    enum date_form form;
    (void) num_columns;
    if (date_from_text((const char *) row[1].bytes, row[1].size, &day, &form, NULL) != 0)
        return DB_ERR_CORRUPT;
    return take_one(context, &row[0], day, row[2].integer);
}

int store_unit_reports(struct store_reader *reader, toc_date from, toc_date to, store_take_unit *take, void *context)
{
    char            texts[2][DATE_TEXT_BYTES];
    struct db_value values[] = { day_value(from, texts[0]), day_value(to, texts[1]) };
    struct taking   taking = { .take = take, .context = context };
    struct db      *db;
    int             ret = store_reader_db(reader, &db);
    return ret != 0 ? ret
                    : select_rows(db,
                                  "SELECT \"unit\", \"day\", min(coalesce(\"received\", \"created\")) FROM "
                                  "\"unit_report\" WHERE \"day\" BETWEEN $1 AND $2 GROUP BY \"unit\", \"day\"",
                                  values, 2, report_row, &taking, &reader->error);
}

/* unit, first message, first case */
static int arrival_row(void *context, const struct db_value *row, size_t num_columns)
{
    const struct taking *taking = context;
    (void) num_columns;
    if (row[1].type != DB_INTEGER && row[2].type != DB_INTEGER)
        return 0;
    bool by_message = row[2].type != DB_INTEGER || (row[1].type == DB_INTEGER && row[1].integer < row[2].integer);
    return take_one(taking, &row[0], taking->day, row[by_message ? 1 : 2].integer);
}

int store_unit_arrivals(struct store_reader *reader, toc_date day, store_take_unit *take, void *context)
{
    char            text[DATE_TEXT_BYTES];
    struct db_value values[] = { db_integer(time_zone_start(day)), db_integer(time_zone_start(day + 1)),
                                 day_value(day - ONSET_DAYS, text) };
    struct taking   taking = { .take = take, .context = context, .day = day };
    struct db      *db;
    int             ret = store_reader_db(reader, &db);
    return ret != 0
               ? ret
               : select_rows(
                     db,
                     "SELECT u.\"id\", (SELECT min(m.\"received\") FROM \"message\" m WHERE m.\"sender\" = "
                     "u.\"facility\" AND m.\"received\" >= $1 AND m.\"received\" < $2 AND m.\"verdict\" IN "
                     "('accepted', 'accepted-with-faults') AND coalesce(m.\"test\", 0) = 0), (SELECT "
                     "min(c.\"created\") FROM \"case\" c WHERE c.\"reported_by\" = u.\"facility\" AND "
                     "c.\"onset_date\" >= $3 AND c.\"created\" >= $1 AND c.\"created\" < $2) FROM \"reporting_unit\" u "
                     "WHERE u.\"period\" IN ('day', 'week') AND u.\"report\" IN ('case-reports', 'zero-report', "
                     "'laboratory-counts')",
                     values, 3, arrival_row, &taking, &reader->error);
}

struct numbers {
    store_take_number *take;
    void              *context;
};

/* unit, id, day, created, number */
static int number_row(void *context, const struct db_value *row, size_t num_columns)
{
    const struct numbers    *numbers = context;
    struct store_unit_number one = { .entered = row[3].integer, .number = row[4].integer };
    enum date_form           form;
    (void) num_columns;
    if (date_from_text((const char *) row[2].bytes, row[2].size, &one.day, &form, NULL) != 0)
        return DB_ERR_CORRUPT;
    memcpy(one.unit.bytes, row[0].bytes, ID_BYTES);
    memcpy(one.id.bytes, row[1].bytes, ID_BYTES);
    return numbers->take(numbers->context, &one);
}

int store_unit_numbers(struct store_reader *reader, const struct id *units, size_t num, store_take_number *take,
                       void *context)
{
    struct db       *db;
    struct numbers   numbers = { take, context };
    struct db_value *keys = memory_array(num + 1, sizeof *keys);
    int              ret = keys != NULL ? store_reader_db(reader, &db) : TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < num && ret == 0; i++)
        keys[i] = db_id(&units[i]);
    if (ret == 0 && num > 0)
        ret = select_many(
            db, "SELECT \"unit\", \"id\", \"day\", \"created\", \"number\" FROM \"unit_report\" WHERE \"unit\"", "",
            keys, num, number_row, &numbers, &reader->error);
    free(keys);
    return ret;
}
