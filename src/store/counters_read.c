/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading counts: one range of rows, of which the numbers of the combinations that were asked for are added up. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/counters_internal.h"
#include "store/counters_pack.h"
#include "store/counters_waiting.h"
#include "store/select_many.h"

/* ---- which combinations of codes a question is about ---- */

struct chosen {
    bool      all;
    uint32_t *codes; /* else these, in order */
    size_t    num, room;
};

static int chosen_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct chosen *chosen = context;
    (void) num_columns;
    if (chosen->num == chosen->room) {
        size_t    room = chosen->room == 0 ? 64 : 2 * chosen->room;
        uint32_t *more = memory_resize(chosen->codes, room, sizeof *more);
        if (more == NULL)
            return TOC_ERR_NO_MEMORY;
        chosen->codes = more;
        chosen->room = room;
    }
    chosen->codes[chosen->num++] = (uint32_t) row[0].integer;
    return 0;
}

/* No code is written into the text. */
static int choose(struct db *db, const struct model_counter *counter, const char *const dimensions[COUNTERS_DIMENSIONS],
                  struct chosen *chosen, struct db_error *error)
{
    struct db_value parameters[COUNTERS_DIMENSIONS];
    size_t          num = 0;
    char            sql[256] = "SELECT number FROM counter_codes";
    *chosen = (struct chosen){ .all = true };
    for (size_t i = 0; i < counters_num_dimensions(counter); i++) {
        size_t used = strlen(sql);
        if (dimensions[i] == NULL)
            continue;
        parameters[num++] = db_word(dimensions[i]);
        snprintf(sql + used, sizeof sql - used, "%s dimension_%zu = $%zu", num == 1 ? " WHERE" : " AND", i + 1, num);
    }
    if (num == 0)
        return 0;
    chosen->all = false;
    snprintf(sql + strlen(sql), sizeof sql - strlen(sql), " ORDER BY number");
    return select_rows(db, sql, parameters, num, chosen_row, chosen, error);
}

/* The sum of the numbers of a row that were chosen. */
static int sum_chosen(const struct chosen *chosen, const struct db_value *packed, uint16_t mark, int64_t *sum)
{
    struct counters_walk   walk;
    struct counters_number number;
    size_t                 at = 0;
    int                    ret = counters_walk_begin(&walk, packed, mark);
    *sum = 0;
    while (ret == 0 && (chosen->all || at < chosen->num) && (ret = counters_walk_next(&walk, &number)) == 1) {
        while (!chosen->all && at < chosen->num && chosen->codes[at] < number.codes)
            at++;
        if (chosen->all || (at < chosen->num && chosen->codes[at] == number.codes))
            *sum += number.value;
        ret = 0;
    }
    return ret;
}

static bool is_chosen(const struct chosen *chosen, uint32_t codes)
{
    size_t low = 0, high = chosen->num;
    while (!chosen->all && low < high) {
        size_t middle = low + (high - low) / 2;
        if (chosen->codes[middle] < codes)
            low = middle + 1;
        else
            high = middle;
    }
    return chosen->all || (low < chosen->num && chosen->codes[low] == codes);
}

/* ---- rows ---- */

struct rows {
    const struct chosen        *chosen;
    const struct model_record  *record;
    const struct model_counter *counter;
    const struct id            *area;
    toc_date                    from, to, known;
    uint16_t                    mark;
    counters_row               *row;
    counters_cell              *cell; /* not NULL: each number by itself, and row is not called */
    void                       *context;
};

/* What waits is of any series. */
static int count_waiting(void *context, const struct counters_counted *counted)
{
    const struct rows *rows = context;
    if (counted->known > rows->known || counters_waiting_area(counted, rows->area) == counted->num_areas)
        return 0;
    size_t c = counters_waiting_counter(counted, rows->counter);
    if (c == counted->num_counters || !is_chosen(rows->chosen, counted->codes[c]))
        return 0;
    toc_date day = counted->days[c];
    if (day != MODEL_MISSING_DATE && (day < rows->from || day > rows->to))
        return 0;
    return rows->cell != NULL ? rows->cell(rows->context, counted->codes[c], day, counted->known, counted->sign)
                              : rows->row(rows->context, day, counted->known, counted->sign);
}

static int count_cells(const struct rows *rows, const struct db_value *row)
{
    struct counters_walk   walk;
    struct counters_number number;
    int                    ret = counters_walk_begin(&walk, &row[2], rows->mark);
    while (ret == 0 && (ret = counters_walk_next(&walk, &number)) == 1)
        ret =
            rows->cell(rows->context, number.codes, (toc_date) row[0].integer, (toc_date) row[1].integer, number.value);
    return ret;
}

static int count_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct rows *rows = context;
    int64_t      sum;
    (void) num_columns;
    if (row[3].integer != 0)
        return counters_waiting_walk(&row[2], rows->record, count_waiting, rows);
    if (rows->cell != NULL)
        return count_cells(rows, row);
    int ret = sum_chosen(rows->chosen, &row[2], rows->mark, &sum);
    if (ret != 0 || sum == 0)
        return ret;
    return rows->row(rows->context, (toc_date) row[0].integer, (toc_date) row[1].integer, sum);
}

/* In the rows of the series, and what waits for them. */
static int read_rows(struct db *db, const char *waiting, const struct model_record *record,
                     const struct model_counter *counter, const struct id *area,
                     const char *const dimensions[COUNTERS_DIMENSIONS], toc_date from, toc_date to, toc_date known,
                     counters_row *row, counters_cell *cell, void *context, struct db_error *error)
{
    static const char      days[] = "SELECT event_day, known_day, numbers, 0 FROM counter WHERE series = $1 AND ";
    struct counters_series series = counters_series(counter->name, area);
    struct chosen          chosen;
    struct rows            rows = { &chosen, record, counter, area, from, to, known, series.mark, row, cell, context };
    const struct db_value  parameters[] = { db_integer(series.number), db_integer(from), db_integer(to),
                                            db_integer(known), db_integer(MODEL_MISSING_DATE) };
    char                   sql[800];
    int                    ret = choose(db, counter, dimensions, &chosen, error);
    snprintf(sql, sizeof sql,
             "%sevent_day BETWEEN $2 AND $3 AND known_day <= $4 AND event_day <> $5 UNION ALL %sevent_day = $5 AND "
             "known_day <= $4%s",
             days, days, waiting);
    if (ret == 0 && (chosen.all || chosen.num > 0))
        ret = select_rows(db, sql, parameters, 5, count_row, &rows, error);
    free(chosen.codes);
    return ret;
}

#define WITH_WAITING " UNION ALL SELECT number, 0, counted, 1 " COUNTERS_FROM_WAITING("$1")

int counters_rows(struct db *db, const struct model_record *record, const struct model_counter *counter,
                  const struct id *area, const char *const dimensions[COUNTERS_DIMENSIONS], toc_date from, toc_date to,
                  toc_date known, counters_row *row, void *context, struct db_error *error)
{
    return read_rows(db, WITH_WAITING, record, counter, area, dimensions, from, to, known, row, NULL, context, error);
}

int counters_cells(struct db *db, const struct model_record *record, const struct model_counter *counter,
                   const struct id *area, toc_date from, toc_date to, counters_cell *cell, void *context,
                   struct db_error *error)
{
    const char *every[COUNTERS_DIMENSIONS] = { NULL };
    return read_rows(db, WITH_WAITING, record, counter, area, every, from, to, INT32_MAX, NULL, cell, context, error);
}

int counters_cells_written(struct db *db, const struct model_record *record, const struct model_counter *counter,
                           const struct id *area, counters_cell *cell, void *context, struct db_error *error)
{
    const char *every[COUNTERS_DIMENSIONS] = { NULL };
    return read_rows(db, "", record, counter, area, every, INT32_MIN, INT32_MAX, INT32_MAX, NULL, cell, context, error);
}

struct codes {
    counters_code *code;
    void          *context;
};

static int take_code(void *context, const struct db_value *row, size_t num_columns)
{
    const struct codes *codes = context;
    (void) num_columns;
    if (row[0].integer < 0 || row[0].integer > UINT32_MAX)
        return DB_ERR_CORRUPT;
    return codes->code(codes->context, (uint32_t) row[0].integer, row[1].size > 0 ? row[1].bytes : "", row[1].size,
                       row[2].size > 0 ? row[2].bytes : "", row[2].size);
}

int counters_codes(struct db *db, uint32_t after, counters_code *code, void *context, struct db_error *error)
{
    struct codes          codes = { code, context };
    const struct db_value from = db_integer(after);
    return select_rows(db,
                       "SELECT number, dimension_1, dimension_2 FROM counter_codes WHERE number > $1 ORDER BY number",
                       &from, 1, take_code, &codes, error);
}

/* ---- totals ---- */

bool counters_like_first(const struct model_record *record, const struct model_counter *counter)
{
    const struct model_counter *first = &record->counters[0];
    bool same = counters_num_dimensions(first) == counters_num_dimensions(counter) && counter->only == NULL;
    for (size_t i = 0; same && i < counters_num_dimensions(first); i++)
        same = strcmp(first->dimensions[i], counter->dimensions[i]) == 0;
    return same;
}

struct total {
    const struct chosen       *chosen;
    const struct model_record *record;
    const struct id           *area;
    int64_t                    sum;
};

static int total_waiting(void *context, const struct counters_counted *counted)
{
    struct total *total = context;
    if (counted->counters[0] != 0 || !is_chosen(total->chosen, counted->codes[0]) ||
        counters_waiting_area(counted, total->area) == counted->num_areas)
        return 0;
    total->sum += counted->sign;
    return 0;
}

static int total_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct total *total = context;
    int64_t       sum = row[0].integer;
    int           ret = 0;
    (void) num_columns;
    if (row[2].integer != 0)
        return counters_waiting_walk(&row[1], total->record, total_waiting, total);
    if (!total->chosen->all)
        ret = sum_chosen(total->chosen, &row[1], COUNTERS_AREA_MARK, &sum);
    total->sum += sum;
    return ret;
}

static int add_row(void *context, toc_date day, toc_date known, int64_t value)
{
    (void) day;
    (void) known;
    *(int64_t *) context += value;
    return 0;
}

static int read_total(struct db *db, bool waiting, const struct model_record *record,
                      const struct model_counter *counter, const struct id *area,
                      const char *const dimensions[COUNTERS_DIMENSIONS], int64_t *total, struct db_error *error)
{
    static const char     in_row[] = "SELECT total, numbers, 0 FROM counter_area WHERE area = $1 AND record = $2";
    static const char     also_waiting[] = "SELECT total, numbers, 0 FROM counter_area WHERE area = $1 AND record = $2 "
                                           "UNION ALL SELECT number, counted, 1 " COUNTERS_FROM_WAITING("$3");
    struct chosen         chosen;
    struct total          found = { &chosen, record, area, 0 };
    const struct db_value parameters[] = { db_id(area), db_word(record->name),
                                           db_integer(counters_series(record->counters[0].name, area).number) };
    int                   ret = choose(db, counter, dimensions, &chosen, error);
    if (ret == 0 &&
        ((chosen.all && waiting) || counters_like_first(record, counter))) /* what waits is of some series */
        ret = select_rows(db, waiting ? also_waiting : in_row, parameters, waiting ? 3 : 2, total_row, &found, error);
    else if (ret == 0)
        ret = read_rows(db, waiting ? WITH_WAITING : "", record, counter, area, dimensions, INT32_MIN, INT32_MAX,
                        INT32_MAX, add_row, NULL, &found.sum, error);
    free(chosen.codes);
    if (ret == 0)
        *total = found.sum;
    return ret;
}

int counters_total(struct db *db, const struct model_record *record, const struct model_counter *counter,
                   const struct id *area, const char *const dimensions[COUNTERS_DIMENSIONS], int64_t *total,
                   struct db_error *error)
{
    return read_total(db, true, record, counter, area, dimensions, total, error);
}

int counters_total_written(struct db *db, const struct model_record *record, const struct model_counter *counter,
                           const struct id *area, const char *const dimensions[COUNTERS_DIMENSIONS], int64_t *total,
                           struct db_error *error)
{
    return read_total(db, false, record, counter, area, dimensions, total, error);
}

struct kept {
    counters_cell *cell;
    void          *context;
};

static int kept_row(void *context, const struct db_value *row, size_t num_columns)
{
    const struct kept     *kept = context;
    struct counters_walk   walk;
    struct counters_number number;
    int                    ret = counters_walk_begin(&walk, &row[0], COUNTERS_AREA_MARK);
    (void) num_columns;
    while (ret == 0 && (ret = counters_walk_next(&walk, &number)) == 1)
        ret = kept->cell(kept->context, number.codes, MODEL_MISSING_DATE, MODEL_MISSING_DATE, number.value);
    return ret;
}

int counters_area_written(struct db *db, const struct model_record *record, const struct id *area, counters_cell *cell,
                          void *context, struct db_error *error)
{
    struct kept           kept = { cell, context };
    const struct db_value parameters[] = { db_id(area), db_word(record->name) };
    return select_rows(db, "SELECT numbers FROM counter_area WHERE area = $1 AND record = $2", parameters, 2, kept_row,
                       &kept, error);
}

int counters_days_written(struct db *db, const struct model_record *record, const struct model_counter *counter,
                          const struct id *area, int64_t *sum, struct db_error *error)
{
    const char *every[COUNTERS_DIMENSIONS] = { NULL };
    int64_t     found = 0;
    int         ret =
        read_rows(db, "", record, counter, area, every, INT32_MIN, INT32_MAX, INT32_MAX, add_row, NULL, &found, error);
    if (ret == 0)
        *sum = found;
    return ret;
}
