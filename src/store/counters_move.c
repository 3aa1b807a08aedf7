/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an area that is moved in the tree takes along. */
#include "store/counters_internal.h"
#include "store/counters_pack.h"
#include "store/select_many.h"

struct taking {
    struct counter_book       *book;
    const struct model_record *record;
    size_t                     counter;
    uint16_t                   mark;
    const struct id           *at;
    size_t                     num_at;
    toc_date                   known;
    int64_t                    sign;
};

static int take_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct taking         *taking = context;
    struct counters_walk   walk;
    struct counters_number number;
    int                    ret = counters_walk_begin(&walk, &row[1], taking->mark);
    (void) num_columns;
    while (ret == 0 && (ret = counters_walk_next(&walk, &number)) == 1) {
        ret = 0;
        for (size_t a = 0; a < taking->num_at && ret == 0; a++)
            ret = counters_add(taking->book, taking->record, taking->counter, &taking->at[a], number.codes,
                               (toc_date) row[0].integer, taking->known, taking->sign * number.value);
    }
    return ret;
}

static int move_record(struct taking *taking, struct db *db, const struct id *area, struct db_error *error)
{
    int ret = 0;
    for (taking->counter = 0; taking->counter < taking->record->num_counters && ret == 0; taking->counter++) {
        struct counters_series series = counters_series(taking->record->counters[taking->counter].name, area);
        struct db_value        parameter = db_integer(series.number);
        taking->mark = series.mark;
        ret = select_rows(db, "SELECT event_day, numbers FROM counter WHERE series = $1", &parameter, 1, take_row,
                          taking, error);
    }
    return ret;
}

int counters_move(struct counter_book *book, struct db *db, const struct id *area, const struct id *at, size_t num_at,
                  toc_date known, int64_t sign, struct db_error *error)
{
    size_t                     num;
    const struct model_record *records = model_records(&num);
    int                        ret = 0;
    for (size_t i = 0; i < num && ret == 0; i++) {
        struct taking taking = {
            .book = book, .record = &records[i], .at = at, .num_at = num_at, .known = known, .sign = sign
        };
        ret = move_record(&taking, db, area, error);
    }
    return ret;
}
