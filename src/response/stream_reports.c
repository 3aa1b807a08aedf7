/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/stream_reports.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/time_zone.h"
#include "response/change_list.h"
#include "response/completeness.h"
#include "store/area_tree.h"
#include "store/rows_by.h"
#include "store/unit_figures.h"

bool stream_is_of_reports(const struct model_stream *stream)
{
    return text_is(stream->feed, "unit-reports");
}

const char *stream_reports_unfit(const struct model_stream *stream)
{
    if (!completeness_can_sum(stream->indicator))
        return "reports of units do not tell this indicator apart";
    if (stream->measure.bytes != NULL)
        return "reports of units are counts, not measured";
    if (stream->among.bytes != NULL)
        return "reports of units do not tell whom they are among";
    return stream->cumulative == 1 ? "reports of units are no totals since a start" : NULL;
}

/* ---- the units and what they said ---- */

struct said {
    size_t    unit; /* its place among all */
    toc_date  day;  /* or the Monday of its week */
    int64_t   entered;
    struct id id;
    int64_t   number; /* after count_changes: what it adds to what the unit had said before of that day */
};

struct reading {
    const struct model_reporting_unit *units; /* by id */
    size_t                             num_units;
    uint32_t                          *areas; /* of the streams, in the tree */
    size_t                            *first; /* said by each unit, the last for their end */
    struct said                       *said;  /* by unit, day, entered */
    size_t                             num, room;
};

static toc_date start_of(struct model_text period, toc_date day)
{
    return text_is(period, "week") ? day - toc_date_weekday(day) : day;
}

static int find_unit(const void *key, const void *element)
{
    return id_compare(key, &((const struct model_reporting_unit *) element)->head.id);
}

static int take(void *context, const struct store_unit_number *report)
{
    struct reading                    *reading = context;
    const struct model_reporting_unit *unit =
        bsearch(&report->unit, reading->units, reading->num_units, sizeof *unit, find_unit);
    if (unit == NULL)
        return 0;
    if (reading->num == reading->room) {
        size_t       room = reading->room == 0 ? 256 : 2 * reading->room;
        struct said *more = memory_resize(reading->said, room, sizeof *more);
        if (more == NULL)
            return TOC_ERR_NO_MEMORY;
        reading->said = more;
        reading->room = room;
    }
    reading->said[reading->num++] = (struct said){ .unit = (size_t) (unit - reading->units),
                                                   .day = start_of(unit->period, report->day),
                                                   .entered = report->entered,
                                                   .id = report->id,
                                                   .number = report->number };
    return 0;
}

static int by_unit(const void *x, const void *y)
{
    const struct said *a = x, *b = y;
    int                order = (a->unit > b->unit) - (a->unit < b->unit);
    if (order == 0)
        order = (a->day > b->day) - (a->day < b->day);
    if (order == 0)
        order = (a->entered > b->entered) - (a->entered < b->entered);
    return order != 0 ? order : id_compare(&a->id, &b->id);
}

static void count_changes(struct reading *reading)
{
    size_t next = 0;
    if (reading->num > 0)
        qsort(reading->said, reading->num, sizeof *reading->said, by_unit);
    for (size_t i = reading->num; i-- > 1;) /* from the newest, so that the one before is still what was said */
        if (reading->said[i].unit == reading->said[i - 1].unit && reading->said[i].day == reading->said[i - 1].day)
            reading->said[i].number -= reading->said[i - 1].number;
    for (size_t unit = 0; unit <= reading->num_units; unit++) {
        while (next < reading->num && reading->said[next].unit < unit)
            next++;
        reading->first[unit] = next;
    }
}

/* The reports of all units that report to one of the streams. */
static int read_said(struct store_reader *reader, const struct model_stream *const *streams, size_t num,
                     const struct area_tree *tree, struct reading *reading)
{
    struct id *wanted = memory_array(reading->num_units + 1, sizeof *wanted);
    size_t     there = 0;
    if (wanted == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t u = 0; u < reading->num_units; u++) {
        bool owes = false;
        for (size_t i = 0; i < num && !owes; i++)
            owes = completeness_owes(&reading->units[u], streams[i], tree, reading->areas[i]);
        if (owes)
            wanted[there++] = reading->units[u].head.id;
    }
    int ret = store_unit_numbers(reader, wanted, there, take, reading);
    if (ret == 0)
        count_changes(reading);
    free(wanted);
    return ret;
}

/* ---- one stream ---- */

static int by_day(const void *x, const void *y)
{
    const struct stream_value *a = x, *b = y;
    int                        order = (a->day > b->day) - (a->day < b->day);
    return order != 0 ? order : (a->known > b->known) - (a->known < b->known);
}

/* Changes of a day, one behind the other, to what they add up to at the end of each day of knowledge. */
static size_t add_up(struct stream_value *values, size_t num)
{
    size_t kept = 0;
    for (size_t i = 0; i < num; i++) {
        bool same_day = kept > 0 && values[kept - 1].day == values[i].day;
        if (same_day)
            values[i].value += values[kept - 1].value;
        if (same_day && values[kept - 1].known == values[i].known)
            kept--;
        values[kept++] = values[i];
    }
    return kept;
}

static int sum(const struct reading *reading, const struct model_stream *stream, const struct area_tree *tree,
               uint32_t area, struct arena *arena, struct stream_known *known)
{
    size_t *units = memory_array(reading->num_units + 1, sizeof *units), num = 0, room = 0;
    *known = (struct stream_known){ .num = 0 };
    if (units == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t u = 0; u < reading->num_units; u++)
        if (completeness_owes(&reading->units[u], stream, tree, area)) {
            units[num++] = u;
            room += reading->first[u + 1] - reading->first[u];
        }
    known->values = arena_array(arena, room + 1, sizeof *known->values);
    for (size_t k = 0; k < num && known->values != NULL; k++)
        for (size_t i = reading->first[units[k]]; i < reading->first[units[k] + 1]; i++)
            known->values[known->num++] = (struct stream_value){ .day = start_of(stream->period, reading->said[i].day),
                                                                 .known = time_zone_day(reading->said[i].entered),
                                                                 .value = (double) reading->said[i].number };
    free(units);
    if (known->values == NULL)
        return TOC_ERR_NO_MEMORY;
    qsort(known->values, known->num, sizeof *known->values, by_day);
    known->num = add_up(known->values, known->num);
    return 0;
}

/* ---- all of them ---- */

static int read_with(struct store_reader *reader, const struct model_stream *const *streams, size_t num,
                     const struct area_tree *tree, struct arena *arena, struct stream_known *known)
{
    const struct model_text periods[] = { text_view("day"), text_view("week") };
    struct reading          reading = { .areas = arena_array(arena, num + 1, sizeof *reading.areas) };
    void                   *rows = NULL;
    if (reading.areas == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < num; i++)
        reading.areas[i] = area_tree_find(tree, &streams[i]->area);
    int ret = store_rows_by(reader, model_record(MODEL_REPORTING_UNIT), "period", periods, 2, COMPLETENESS_MOST_UNITS,
                            arena, &rows, &reading.num_units);
    if (ret != 0)
        return ret;
    reading.units = rows;
    reading.first = arena_array(arena, reading.num_units + 1, sizeof *reading.first);
    ret = reading.first != NULL ? read_said(reader, streams, num, tree, &reading) : TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < num && ret == 0; i++)
        ret = sum(&reading, streams[i], tree, reading.areas[i], arena, &known[i]);
    free(reading.said);
    return ret;
}

int stream_reports_known(struct store_reader *reader, const struct access *who,
                         const struct model_stream *const *streams, size_t num, struct arena *arena,
                         struct stream_known *known)
{
    struct store *store = store_of_reader(reader);
    if (access_highest(who, model_record(MODEL_STREAM_VALUES)) == ACCESS_NOTHING)
        return STORE_ERR_DENIED;
    if (num == 0)
        return 0;
    const struct area_tree *tree = store_hold_areas(store);
    int                     ret = read_with(reader, streams, num, tree, arena, known);
    store_release_areas(store, tree);
    return ret;
}

int stream_known_read(struct store_reader *reader, const struct access *who, const struct model_stream *stream,
                      struct arena *arena, struct stream_known *known)
{
    if (stream_is_of_reports(stream))
        return stream_reports_known(reader, who, &stream, 1, arena, known);
    return store_stream_known(reader, who, &stream->head.id, 1, arena, known);
}
