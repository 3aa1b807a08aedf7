/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading counts: one range of rows, of which the numbers of the combinations that were asked for are added up. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/counters_internal.h"
#include "store/counters_pack.h"
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

/* ---- rows ---- */

struct rows {
    const struct chosen *chosen;
    uint16_t             mark;
    counters_row        *row;
    void                *context;
};

static int count_row(void *context, const struct db_value *row, size_t num_columns)
{
    const struct rows *rows = context;
    int64_t            sum;
    (void) num_columns;
    int ret = sum_chosen(rows->chosen, &row[2], rows->mark, &sum);
    if (ret != 0 || sum == 0)
        return ret;
    return rows->row(rows->context, (toc_date) row[0].integer, (toc_date) row[1].integer, sum);
}

int counters_rows(struct db *db, const struct model_record *record, const struct model_counter *counter,
                  const struct id *area, const char *const dimensions[COUNTERS_DIMENSIONS], toc_date from, toc_date to,
                  toc_date known, counters_row *row, void *context, struct db_error *error)
{
    struct counters_series series = counters_series(counter->name, area);
    struct chosen          chosen;
    struct rows            rows = { &chosen, series.mark, row, context };
    const struct db_value  parameters[] = { db_integer(series.number), db_integer(from), db_integer(to),
                                            db_integer(known), db_integer(MODEL_MISSING_DATE) };
    (void) record;
    int ret = choose(db, counter, dimensions, &chosen, error);
    if (ret == 0 && (chosen.all || chosen.num > 0))
        ret = select_rows(
            db,
            "SELECT event_day, known_day, numbers FROM counter WHERE series = $1 AND event_day BETWEEN $2 AND "
            "$3 AND known_day <= $4 AND event_day <> $5 UNION ALL SELECT event_day, known_day, numbers FROM "
            "counter WHERE series = $1 AND event_day = $5 AND known_day <= $4",
            parameters, 5, count_row, &rows, error);
    free(chosen.codes);
    return ret;
}

/* ---- totals ---- */

/* Counters with the same dimensions have the same totals: those of the first are kept. */
static bool counts_like_first(const struct model_record *record, const struct model_counter *counter)
{
    const struct model_counter *first = &record->counters[0];
    bool                        same = counters_num_dimensions(first) == counters_num_dimensions(counter);
    for (size_t i = 0; same && i < counters_num_dimensions(first); i++)
        same = strcmp(first->dimensions[i], counter->dimensions[i]) == 0;
    return same;
}

struct total {
    const struct chosen *chosen;
    int64_t              sum;
};

static int total_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct total *total = context;
    (void) num_columns;
    if (!total->chosen->all)
        return sum_chosen(total->chosen, &row[1], COUNTERS_AREA_MARK, &total->sum);
    total->sum = row[0].integer;
    return 0;
}

static int add_row(void *context, toc_date day, toc_date known, int64_t value)
{
    (void) day;
    (void) known;
    *(int64_t *) context += value;
    return 0;
}

int counters_total(struct db *db, const struct model_record *record, const struct model_counter *counter,
                   const struct id *area, const char *const dimensions[COUNTERS_DIMENSIONS], int64_t *total,
                   struct db_error *error)
{
    struct chosen         chosen;
    struct total          found = { &chosen, 0 };
    const struct db_value parameters[] = { db_id(area), db_word(record->name) };
    int                   ret = choose(db, counter, dimensions, &chosen, error);
    if (ret == 0 && (chosen.all || counts_like_first(record, counter)))
        ret = select_rows(db, "SELECT total, numbers FROM counter_area WHERE area = $1 AND record = $2", parameters, 2,
                          total_row, &found, error);
    else if (ret == 0)
        ret = counters_rows(db, record, counter, area, dimensions, INT32_MIN, INT32_MAX, INT32_MAX, add_row, &found.sum,
                            error);
    free(chosen.codes);
    if (ret == 0)
        *total = found.sum;
    return ret;
}
