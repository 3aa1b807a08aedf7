/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading counts: one series where the area is rolled up or every dimension is named, else the few that answer. */
#include <stdio.h>
#include <string.h>

#include "store/counters_internal.h"
#include "store/select_many.h"

struct area_known {
    int64_t total;
    bool    any, rolled;
};

static int area_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct area_known *known = context;
    (void) num_columns;
    *known = (struct area_known){ .total = row[0].integer, .any = true, .rolled = row[1].integer != 0 };
    return 0;
}

static int read_area(struct db *db, const struct model_record *record, const struct id *area, struct area_known *known,
                     struct db_error *error)
{
    struct db_value parameters[] = { db_id(area), db_word(record->name) };
    *known = (struct area_known){ .total = 0 };
    return select_rows(db, "SELECT total, rolled FROM counter_area WHERE area = $1 AND record = $2", parameters, 2,
                       area_row, known, error);
}

/* Counters with the same dimensions have the same totals: those of the first are kept. */
static bool counts_like_first(const struct model_record *record, const struct model_counter *counter)
{
    const struct model_counter *first = &record->counters[0];
    bool                        same = counters_num_dimensions(first) == counters_num_dimensions(counter);
    for (size_t i = 0; same && i < counters_num_dimensions(first); i++)
        same = strcmp(first->dimensions[i], counter->dimensions[i]) == 0;
    return same;
}

/* The series of a question at a rolled-up area, or where no dimension is "all". */
static int64_t one_series(const struct model_counter *counter, const struct id *area,
                          const char *const dimensions[COUNTERS_DIMENSIONS])
{
    const char *words[COUNTERS_DIMENSIONS];
    size_t      num = counters_num_dimensions(counter);
    for (size_t i = 0; i < num; i++)
        words[i] = dimensions[i] != NULL ? dimensions[i] : COUNTERS_ALL;
    return counters_series(counter->name, area, words, num);
}

static bool names_all(const struct model_counter *counter, const char *const dimensions[COUNTERS_DIMENSIONS])
{
    for (size_t i = 0; i < counters_num_dimensions(counter); i++)
        if (dimensions[i] == NULL)
            return false;
    return true;
}

/* The conditions that choose the series of an area that is not rolled up; adds their parameters. No code is written
 * into the text. */
static void write_filter(char *sql, size_t size, const struct model_counter *counter, const struct id *area,
                         const char *const dimensions[COUNTERS_DIMENSIONS], struct db_value *parameters, size_t *num)
{
    size_t used = strlen(sql);
    parameters[(*num)++] = db_id(area);
    used += (size_t) snprintf(sql + used, size - used, "s.area = $%zu", *num);
    parameters[(*num)++] = db_word(counter->name);
    used += (size_t) snprintf(sql + used, size - used, " AND s.counter = $%zu", *num);
    for (size_t i = 0; i < counters_num_dimensions(counter); i++) {
        if (dimensions[i] == NULL) {
            used += (size_t) snprintf(sql + used, size - used, " AND s.dimension_%zu <> '*'", i + 1);
            continue;
        }
        parameters[(*num)++] = db_word(dimensions[i]);
        used += (size_t) snprintf(sql + used, size - used, " AND s.dimension_%zu = $%zu", i + 1, *num);
    }
}

static int sum_row(void *context, const struct db_value *row, size_t num_columns)
{
    (void) num_columns;
    *(int64_t *) context = row[0].type == DB_INTEGER ? row[0].integer : 0;
    return 0;
}

int counters_total(struct db *db, const struct model_record *record, const struct model_counter *counter,
                   const struct id *area, const char *const dimensions[COUNTERS_DIMENSIONS], int64_t *total,
                   struct db_error *error)
{
    struct area_known known;
    struct db_value   parameters[3 + COUNTERS_DIMENSIONS];
    size_t            num = 0;
    char    sql[512] = "SELECT sum(i.value) FROM counter i CROSS JOIN counter_series s WHERE i.place = $1 AND "
                       "s.series = i.series AND ";
    bool    any_named = false;
    int64_t sum = 0;
    int     ret = read_area(db, record, area, &known, error);
    for (size_t i = 0; i < counters_num_dimensions(counter); i++)
        any_named = any_named || dimensions[i] != NULL;
    if (ret != 0)
        return ret;
    if (!known.any || !any_named)
        sum = known.total;
    else if (known.rolled && counts_like_first(record, counter)) {
        parameters[0] = db_integer(one_series(&record->counters[0], area, dimensions));
        ret = select_rows(db, "SELECT value FROM counter_total WHERE series = $1", parameters, 1, sum_row, &sum, error);
    } else {
        parameters[num++] = db_integer(counters_place(area));
        write_filter(sql, sizeof sql, counter, area, dimensions, parameters, &num);
        ret = select_rows(db, sql, parameters, num, sum_row, &sum, error);
    }
    if (ret == 0)
        *total = sum;
    return ret;
}

struct rows {
    counters_row *row;
    void         *context;
};

static int count_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct rows *rows = context;
    (void) num_columns;
    return rows->row(rows->context, (toc_date) row[0].integer, (toc_date) row[1].integer, row[2].integer);
}

int counters_rows(struct db *db, const struct model_record *record, const struct model_counter *counter,
                  const struct id *area, const char *const dimensions[COUNTERS_DIMENSIONS], toc_date from, toc_date to,
                  toc_date known_day, counters_row *row, void *context, struct db_error *error)
{
    struct area_known known;
    struct rows       rows = { row, context };
    struct db_value   parameters[6 + COUNTERS_DIMENSIONS];
    size_t            num = 0;
    char              sql[768];
    int               ret = read_area(db, record, area, &known, error);
    if (ret != 0 || !known.any)
        return ret;
    parameters[num++] = db_integer(from);
    parameters[num++] = db_integer(to);
    parameters[num++] = db_integer(known_day);
    parameters[num++] = db_integer(counters_place(area));
    if (known.rolled || names_all(counter, dimensions)) { /* one look-up a day */
        parameters[num++] = db_integer(one_series(counter, area, dimensions));
        snprintf(
            sql, sizeof sql,
            "WITH RECURSIVE days(day) AS (SELECT CAST($1 AS bigint) UNION ALL SELECT day + 1 FROM days WHERE day < $2) "
            "SELECT i.event_day, i.known_day, i.value FROM days CROSS JOIN counter i WHERE i.place = $4 AND "
            "i.event_day = days.day AND i.series = $5 AND i.known_day <= $3 UNION ALL "
            "SELECT event_day, known_day, value FROM counter WHERE place = $4 AND event_day = %d AND series = $5 AND "
            "known_day <= $3",
            MODEL_MISSING_DATE);
    } else { /* what the place holds of these days is little */
        snprintf(
            sql, sizeof sql,
            "SELECT i.event_day, i.known_day, i.value FROM counter i CROSS JOIN counter_series s WHERE i.place = $4 "
            "AND "
            "(i.event_day BETWEEN $1 AND $2 OR i.event_day = %d) AND i.known_day <= $3 AND s.series = i.series AND ",
            MODEL_MISSING_DATE);
        write_filter(sql, sizeof sql, counter, area, dimensions, parameters, &num);
    }
    return select_rows(db, sql, parameters, num, count_row, &rows, error);
}
