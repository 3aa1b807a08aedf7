/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/area_figures.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/select_many.h"
#include "store/store_internal.h"

/* ---- which of the areas a row is of ---- */

struct place {
    struct id id;
    size_t    at; /* in the caller's list */
};

static int by_id(const void *a, const void *b)
{
    return memcmp(((const struct place *) a)->id.bytes, ((const struct place *) b)->id.bytes, ID_BYTES);
}

/* The areas' ids as parameters, and in order for look-up; both freed by the caller. */
static int prepare(const struct id *areas, size_t num, struct place **places, struct db_value **keys)
{
    *places = memory_array(num + 1, sizeof **places);
    *keys = memory_array(num + 1, sizeof **keys);
    if (*places == NULL || *keys == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < num; i++) {
        (*places)[i] = (struct place){ areas[i], i };
        (*keys)[i] = db_id(&areas[i]);
    }
    qsort(*places, num, sizeof **places, by_id);
    return 0;
}

static const struct place *find(const struct place *places, size_t num, const struct db_value *id)
{
    struct place wanted;
    if (id->type != DB_BYTES || id->size != ID_BYTES)
        return NULL;
    memcpy(wanted.id.bytes, id->bytes, ID_BYTES);
    return bsearch(&wanted, places, num, sizeof *places, by_id);
}

/* ---- people ---- */

struct sums {
    int64_t year;
    int64_t number[2]; /* of rows that tell the sexes apart; of those that do not */
    bool    any[2];
};

struct people_query {
    const struct place *places;
    size_t              num;
    struct sums        *sums; /* in the order of the caller's list */
};

/* area, year, sex, number */
static int people_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct people_query *query = context;
    const struct place  *place = find(query->places, query->num, &row[0]);
    (void) num_columns;
    if (place == NULL)
        return 0;
    struct sums *sums = &query->sums[place->at];
    if (row[1].integer > sums->year || (!sums->any[0] && !sums->any[1]))
        *sums = (struct sums){ .year = row[1].integer };
    if (row[1].integer < sums->year)
        return 0;
    size_t which = row[2].size == 0;
    sums->number[which] += row[3].integer;
    sums->any[which] = true;
    return 0;
}

int store_area_people(struct store_reader *reader, const struct id *areas, size_t num, struct area_people *people)
{
    struct place       *places = NULL;
    struct db_value    *keys = NULL;
    struct db          *db;
    struct people_query query = { .num = num, .sums = memory_array(num + 1, sizeof *query.sums) };
    int                 ret = query.sums == NULL ? TOC_ERR_NO_MEMORY : prepare(areas, num, &places, &keys);
    if (ret == 0) {
        query.places = places;
        memset(query.sums, 0, (num + 1) * sizeof *query.sums);
        ret = store_reader_db(reader, &db);
    }
    if (ret == 0)
        ret = select_many(db, "SELECT area, year, sex, number FROM population WHERE kind = 'resident' AND area", "",
                          keys, num, people_row, &query, &reader->error);
    for (size_t i = 0; i < num && ret == 0; i++) {
        const struct sums *sums = &query.sums[i];
        size_t             which = sums->any[1];
        people[i] = sums->any[which] ? (struct area_people){ sums->number[which], sums->year }
                                     : (struct area_people){ .number = AREA_PEOPLE_UNKNOWN };
    }
    free(query.sums);
    free(places);
    free(keys);
    return ret;
}

/* ---- outlines ---- */

struct outline_query {
    const struct place   *places;
    size_t                num;
    struct arena         *arena;
    struct model_outline *outlines;
};

/* area, grid_bits, path, min_x, min_y, max_x, max_y */
static int outline_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct outline_query *query = context;
    const struct place   *place = find(query->places, query->num, &row[0]);
    (void) num_columns;
    if (place == NULL)
        return 0;
    struct model_outline *outline = &query->outlines[place->at];
    const char           *path = arena_copy(query->arena, row[2].bytes, row[2].size);
    if (path == NULL)
        return TOC_ERR_NO_MEMORY;
    outline->path = (struct model_text){ path, row[2].size };
    outline->grid_bits = row[1].integer;
    outline->min_x = row[3].integer;
    outline->min_y = row[4].integer;
    outline->max_x = row[5].integer;
    outline->max_y = row[6].integer;
    return 0;
}

int store_area_outlines(struct store_reader *reader, const struct id *areas, size_t num, int detail,
                        struct arena *arena, struct model_outline *outlines)
{
    static const char *const select[] = {
        "SELECT area, grid_bits, path, min_x, min_y, max_x, max_y FROM outline WHERE detail = 0 AND area",
        "SELECT area, grid_bits, path, min_x, min_y, max_x, max_y FROM outline WHERE detail = 1 AND area",
        "SELECT area, grid_bits, path, min_x, min_y, max_x, max_y FROM outline WHERE detail = 2 AND area",
    };
    struct outline_query query = { .num = num, .arena = arena, .outlines = outlines };
    struct place        *places = NULL;
    struct db_value     *keys = NULL;
    struct db           *db;
    int                  ret = prepare(areas, num, &places, &keys);
    if (ret == 0) {
        query.places = places;
        for (size_t i = 0; i < num; i++) {
            model_init(model_record(MODEL_OUTLINE), &outlines[i]);
            outlines[i].area = areas[i];
            outlines[i].detail = detail;
        }
        ret = store_reader_db(reader, &db);
    }
    if (ret == 0)
        ret = select_many(db, select[detail], "", keys, num, outline_row, &query, &reader->error);
    free(places);
    free(keys);
    return ret;
}
