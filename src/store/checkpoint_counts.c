/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/checkpoint_counts.h"

#include <string.h>

#include "base/instant.h"
#include "model/records.h"
#include "store/select_many.h"
#include "store/store_internal.h"

struct query {
    const struct area_tree *areas;
    uint32_t                top;
    struct arena           *arena;
    struct checkpoint_sum  *rows;
    size_t                  num_rows;
};

/* area, checkpoint, hour, outcome, sum */
static int take_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct query *query = context;
    struct id     area, checkpoint;
    (void) num_columns;
    memcpy(area.bytes, row[0].bytes, ID_BYTES);
    memcpy(checkpoint.bytes, row[1].bytes, ID_BYTES);
    uint32_t number = area_tree_find(query->areas, &area);
    if (number == AREA_NONE || !area_tree_within(query->areas, number, query->top))
        return 0;
    if (query->num_rows == CHECKPOINT_COUNTS_ROWS)
        return TOC_ERR_TOO_LARGE;
    const char *outcome = arena_copy(query->arena, row[3].bytes, row[3].size);
    if (outcome == NULL)
        return TOC_ERR_NO_MEMORY;
    int64_t sum = row[4].integer;
    query->rows[query->num_rows++] = (struct checkpoint_sum){ .checkpoint = checkpoint,
                                                              .hour = row[2].integer,
                                                              .outcome = outcome,
                                                              .number = sum < CHECKPOINT_COUNTS_LEAST ? 0 : sum };
    return 0;
}

static int ask(struct store_reader *reader, struct query *query, int64_t from, int64_t to)
{
    static const char sql[] =
        "SELECT f.area, c.checkpoint, c.hour, c.outcome, CAST(SUM(c.number) AS BIGINT) FROM checkpoint_count c "
        "JOIN facility f ON f.id = c.checkpoint WHERE c.hour >= $1 AND c.hour < $2 "
        "GROUP BY f.area, c.checkpoint, c.hour, c.outcome ORDER BY c.checkpoint, c.hour, c.outcome";
    const struct db_value parameters[] = { db_integer(from), db_integer(to) };
    struct db            *db;
    int                   ret = store_reader_db(reader, &db);
    return ret != 0 ? ret : select_rows(db, sql, parameters, 2, take_row, query, &reader->error);
}

int store_checkpoint_counts(struct store_reader *reader, const struct access *who, const struct id *area, int64_t from,
                            int64_t to, struct arena *arena, const struct checkpoint_sum **rows, size_t *num_rows)
{
    struct query query = { .arena = arena };
    if (access_highest(who, model_record(MODEL_CHECKPOINT_COUNT)) == ACCESS_NOTHING)
        return STORE_ERR_DENIED;
    if (!store_area_within(reader->store, who, area))
        return STORE_ERR_ABSENT;
    if (from > to || to - from > CHECKPOINT_COUNTS_DAYS * 24 * 3600 * INSTANT_SECOND)
        return TOC_ERR_DOMAIN;
    query.rows = arena_array(arena, CHECKPOINT_COUNTS_ROWS, sizeof *query.rows);
    if (query.rows == NULL)
        return TOC_ERR_NO_MEMORY;
    query.areas = store_hold_areas(reader->store);
    query.top = area_tree_find(query.areas, area);
    int ret = query.top != AREA_NONE ? ask(reader, &query, from, to) : STORE_ERR_ABSENT;
    store_release_areas(reader->store, query.areas);
    if (ret == 0) {
        *rows = query.rows;
        *num_rows = query.num_rows;
    }
    return ret;
}
