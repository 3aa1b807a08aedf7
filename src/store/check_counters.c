/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The counters against counting anew: every total of every area and combination of codes, and what the
 * days of every area add up to. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/sink.h"
#include "base/text.h"
#include "store/check_internal.h"
#include "store/counters_internal.h"
#include "store/select_many.h"
#include "tocsin/status.h"

/* ---- what there should be: a number for each (area, codes) ---- */

struct expected {
    uint32_t area; /* number in the tree */
    char    *codes[COUNTERS_DIMENSIONS];
    int64_t  count;
    bool     used;
};

struct expectation {
    struct expected *entries; /* a hash table, open addressing */
    size_t           num, room;
};

static uint64_t hash_of(uint32_t area, char *const codes[COUNTERS_DIMENSIONS])
{
    uint64_t hash = 0x9e3779b97f4a7c15u * (area + 1);
    for (int i = 0; i < COUNTERS_DIMENSIONS; i++)
        hash = 31 * hash + (codes[i] != NULL ? text_hash(codes[i], strlen(codes[i])) : 0);
    return hash ^ hash >> 29;
}

static bool same(const struct expected *entry, uint32_t area, char *const codes[COUNTERS_DIMENSIONS])
{
    bool equal = entry->area == area;
    for (int i = 0; equal && i < COUNTERS_DIMENSIONS; i++)
        equal = (codes[i] == NULL) == (entry->codes[i] == NULL) &&
                (codes[i] == NULL || strcmp(codes[i], entry->codes[i]) == 0);
    return equal;
}

/* The place of a key, its own or a free one; there always is one. */
static struct expected *place_of(const struct expectation *all, uint32_t area, char *const codes[COUNTERS_DIMENSIONS])
{
    size_t at = hash_of(area, codes) % all->room;
    while (all->entries[at].used && !same(&all->entries[at], area, codes))
        at = (at + 1) % all->room;
    return &all->entries[at];
}

static int grow(struct expectation *all)
{
    struct expectation grown = { .num = all->num, .room = all->room == 0 ? 4096 : 2 * all->room };
    grown.entries = memory_array(grown.room, sizeof *grown.entries);
    if (grown.entries == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < all->room; i++)
        if (all->entries[i].used)
            *place_of(&grown, all->entries[i].area, all->entries[i].codes) = all->entries[i];
    free(all->entries);
    *all = grown;
    return 0;
}

static int expect(struct expectation *all, uint32_t area, char *const codes[COUNTERS_DIMENSIONS], int64_t count)
{
    if (2 * all->num >= all->room && grow(all) != 0)
        return TOC_ERR_NO_MEMORY;
    struct expected *entry = place_of(all, area, codes);
    if (!entry->used) {
        all->num++;
        entry->used = true;
        entry->area = area;
        for (int i = 0; i < COUNTERS_DIMENSIONS; i++)
            if (codes[i] != NULL && (entry->codes[i] = strdup(codes[i])) == NULL)
                return TOC_ERR_NO_MEMORY;
    }
    entry->count += count;
    return 0;
}

static void forget(struct expectation *all)
{
    for (size_t i = 0; i < all->room; i++)
        for (int j = 0; j < COUNTERS_DIMENSIONS; j++)
            free(all->entries[i].codes[j]);
    free(all->entries);
}

/* ---- counting anew ---- */

static size_t num_dimensions(const struct model_counter *counter)
{
    size_t num = 0;
    while (num < COUNTERS_DIMENSIONS && counter->dimensions[num] != NULL)
        num++;
    return num;
}

/* "SELECT area, codes…, COUNT(*) … GROUP BY": the area by the record's path, through at most one reference. */
static char *recount_sql(const struct model_record *record, const struct model_counter *counter)
{
    struct sink sql = { .fd = -1 };
    const char *point = strchr(record->scope_path, '.');
    size_t      num = num_dimensions(counter);
    char        area[100];
    if (point == NULL)
        snprintf(area, sizeof area, "t.\"%s\"", record->scope_path);
    else
        snprintf(area, sizeof area, "r.\"%s\"", point + 1);
    sink_format(&sql, "SELECT %s", area);
    for (size_t i = 0; i < num; i++)
        sink_format(&sql, ", t.\"%s\"", counter->dimensions[i]);
    sink_format(&sql, ", COUNT(*) FROM \"%s\" t", record->name);
    if (point != NULL) {
        int                       length = (int) (point - record->scope_path);
        const struct model_field *field = model_field_find(record, record->scope_path, (size_t) length);
        sink_format(&sql, " JOIN \"%s\" r ON r.\"id\" = t.\"%.*s\"", field->target, length, record->scope_path);
    }
    sink_format(&sql, " GROUP BY %s", area);
    for (size_t i = 0; i < num; i++)
        sink_format(&sql, ", t.\"%s\"", counter->dimensions[i]);
    sink_character(&sql, '\0');
    return sql.failure == 0 ? sql.bytes : NULL;
}

/* What a dimension of a row counts as; the caller frees it. */
static char *code_of(const struct db_value *value)
{
    char      text[ID_TEXT_BYTES];
    struct id id;
    if (value->type == DB_TEXT)
        return strndup(value->bytes, value->size);
    if (value->type != DB_BYTES || value->size != ID_BYTES)
        return strdup("");
    memcpy(id.bytes, value->bytes, ID_BYTES);
    id_to_text(&id, text);
    return strdup(text);
}

static int expect_row(const struct area_tree *areas, const struct db_value *row, size_t num_codes,
                      struct expectation *all)
{
    struct id id;
    char     *codes[COUNTERS_DIMENSIONS] = { NULL };
    uint32_t  above[AREA_TREE_MAX_DEPTH];
    int       ret = 0;
    if (row[0].type != DB_BYTES || row[0].size != ID_BYTES)
        return DB_ERR_CORRUPT;
    memcpy(id.bytes, row[0].bytes, ID_BYTES);
    uint32_t area = area_tree_find(areas, &id);
    if (area == AREA_NONE)
        return 0; /* told as a reference to what does not exist */
    for (size_t i = 0; ret == 0 && i < num_codes; i++) {
        codes[i] = code_of(&row[1 + i]);
        if (codes[i] == NULL)
            ret = TOC_ERR_NO_MEMORY;
    }
    size_t num_above = area_tree_ancestors(areas, area, above);
    for (size_t i = 0; ret == 0 && i < num_above; i++)
        ret = expect(all, above[i], codes, row[1 + num_codes].integer);
    for (size_t i = 0; i < num_codes; i++)
        free(codes[i]);
    return ret;
}

static int recount(struct check *check, const struct model_record *record, const struct model_counter *counter,
                   const struct area_tree *areas, struct expectation *all)
{
    struct db_statement   *statement;
    const struct db_value *row;
    size_t                 num_columns;
    char                  *sql = recount_sql(record, counter);
    int                    ret = sql != NULL ? db_prepare(check->db, sql, &statement, check->error) : TOC_ERR_NO_MEMORY;
    if (ret == 0)
        ret = db_run(statement, NULL, 0, check->error);
    while (ret == 0 && (ret = db_step(statement, &row, &num_columns, check->error)) == 1)
        ret = expect_row(areas, row, num_dimensions(counter), all);
    free(sql);
    return ret;
}

/* ---- what waits is in no row ---- */

/* Going over it, once for a counter. */
struct waiting {
    const struct area_tree    *areas;
    const struct model_record *record;
    size_t                     counter, of_total; /* of_total: the one with whose series the totals go */
    struct counters_slice      slice;
    struct expectation        *all;
    int64_t                   *more;      /* by the area's number: what its days have and its total has not */
    int64_t                    elsewhere; /* at areas that are not there */
    char *(*codes)[COUNTERS_DIMENSIONS];  /* by the number of the combination */
    size_t room_codes;
};

static int codes_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct waiting *waiting = context;
    size_t          number = (size_t) row[0].integer;
    (void) num_columns;
    if (row[0].integer < 0 || row[0].integer > UINT32_MAX)
        return DB_ERR_CORRUPT;
    if (number >= waiting->room_codes) {
        size_t room = 2 * number + 64;
        void  *more = memory_resize(waiting->codes, room, sizeof *waiting->codes);
        if (more == NULL)
            return TOC_ERR_NO_MEMORY;
        waiting->codes = more;
        memset(waiting->codes + waiting->room_codes, 0, (room - waiting->room_codes) * sizeof *waiting->codes);
        waiting->room_codes = room;
    }
    for (size_t d = 0; d < num_dimensions(&waiting->record->counters[waiting->counter]); d++)
        if ((waiting->codes[number][d] = strndup(row[1 + d].size > 0 ? row[1 + d].bytes : "", row[1 + d].size)) == NULL)
            return TOC_ERR_NO_MEMORY;
    return 0;
}

static bool has(const struct waiting *waiting, int64_t number, size_t counter, const struct id *area)
{
    return counters_slice_has(&waiting->slice, number,
                              counters_series(waiting->record->counters[counter].name, area).number);
}

static int take_away(void *context, int64_t number, const struct counters_counted *counted)
{
    struct waiting *waiting = context;
    size_t          c = 0;
    int             ret = 0;
    while (c < counted->num_counters && counted->counters[c] != waiting->counter)
        c++;
    if (counted->record != waiting->record || c == counted->num_counters)
        return 0;
    if (counted->codes[c] >= waiting->room_codes)
        return DB_ERR_CORRUPT;
    for (size_t a = 0; a < counted->num_areas && ret == 0; a++) {
        const struct id *id = &counted->areas[a];
        uint32_t         area = area_tree_find(waiting->areas, id);
        if (area == AREA_NONE) {
            waiting->elsewhere++;
            continue;
        }
        bool in_total = has(waiting, number, waiting->of_total, id),
             in_days = has(waiting, number, waiting->counter, id);
        waiting->more[area] += (in_days - in_total) * counted->sign;
        if (!in_total)
            ret = expect(waiting->all, area, waiting->codes[counted->codes[c]], -counted->sign);
    }
    return ret;
}

/* What waits is taken away from what there should be. */
static int expect_without_waiting(struct check *check, struct waiting *waiting)
{
    const struct model_counter *counter = &waiting->record->counters[waiting->counter];
    waiting->of_total = counters_like_first(waiting->record, counter) ? 0 : waiting->counter;
    waiting->more = memory_array(area_tree_count(waiting->areas) + 1, sizeof *waiting->more);
    int ret = waiting->more == NULL ? TOC_ERR_NO_MEMORY : counters_slice_read(check->db, &waiting->slice, check->error);
    if (ret == 0)
        ret = select_rows(check->db,
                          "SELECT number, dimension_1, dimension_2, dimension_3, dimension_4 FROM counter_codes", NULL,
                          0, codes_row, waiting, check->error);
    if (ret == 0)
        ret = counters_waiting_read(check->db, INT32_MAX, take_away, waiting, check->error);
    for (size_t i = 0; i < waiting->room_codes; i++)
        for (size_t d = 0; d < COUNTERS_DIMENSIONS; d++)
            free(waiting->codes[i][d]);
    free(waiting->codes);
    return ret;
}

/* ---- comparing ---- */

/* A counter that has other dimensions than the first has no totals but the sums of its days: all codes of an area are
 * added up in one reading. */
struct by_codes {
    char *(*codes)[2]; /* by the number of the combination; NULL: there is none */
    int64_t *sums;
    size_t   room, wanted;
};

static int take_codes(void *context, uint32_t number, const char *first, size_t first_size, const char *second,
                      size_t second_size)
{
    struct by_codes *by = context;
    if (number >= by->room) {
        size_t room = 2 * (size_t) number + 64;
        void  *codes = memory_resize(by->codes, room, sizeof *by->codes);
        if (codes == NULL)
            return TOC_ERR_NO_MEMORY;
        by->codes = codes;
        memset(by->codes + by->room, 0, (room - by->room) * sizeof *by->codes);
        by->room = room;
    }
    by->codes[number][0] = strndup(first, first_size);
    by->codes[number][1] = by->wanted > 1 ? strndup(second, second_size) : NULL;
    return by->codes[number][0] == NULL || (by->wanted > 1 && by->codes[number][1] == NULL) ? TOC_ERR_NO_MEMORY : 0;
}

static int add_codes(void *context, uint32_t codes, toc_date day, toc_date known, int64_t value)
{
    struct by_codes *by = context;
    (void) day;
    (void) known;
    if (codes >= by->room || by->codes[codes][0] == NULL)
        return DB_ERR_CORRUPT;
    by->sums[codes] += value;
    return 0;
}

/* wrong: combinations of one area that are counted otherwise than they should be, or only in one of the two. */
static int compare_codes(struct check *check, const struct model_record *record, const struct model_counter *counter,
                         const struct area_tree *areas, uint32_t area, const struct expectation *all, int64_t expected,
                         struct by_codes *by, int64_t *wrong)
{
    memset(by->sums, 0, by->room * sizeof *by->sums);
    int ret =
        counters_cells_written(check->db, record, counter, area_tree_id(areas, area), add_codes, by, check->error);
    for (size_t i = 0; i < by->room && ret == 0; i++) {
        if (by->sums[i] == 0)
            continue;
        char *const            codes[COUNTERS_DIMENSIONS] = { by->codes[i][0], by->codes[i][1] };
        const struct expected *entry = place_of(all, area, codes);
        *wrong += !entry->used || entry->count != by->sums[i];
        expected -= entry->used && entry->count != 0;
    }
    *wrong += expected; /* those that are not counted at all */
    return ret;
}

static int compare_sums(struct check *check, const struct model_record *record, const struct model_counter *counter,
                        const struct area_tree *areas, const struct expectation *all, int64_t *wrong)
{
    struct by_codes by = { .wanted = num_dimensions(counter) };
    size_t          num = area_tree_count(areas);
    int64_t        *expected = memory_array(num + 1, sizeof *expected);
    bool           *there = memory_array(num + 1, sizeof *there);
    int             ret = expected == NULL || there == NULL ? TOC_ERR_NO_MEMORY
                                                            : counters_codes(check->db, 0, take_codes, &by, check->error);
    by.sums = memory_array(by.room + 1, sizeof *by.sums);
    if (ret == 0 && by.sums == NULL)
        ret = TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < all->room && ret == 0; i++)
        if (all->entries[i].used) {
            expected[all->entries[i].area] += all->entries[i].count != 0;
            there[all->entries[i].area] = true;
        }
    for (uint32_t area = 0; area < num && ret == 0; area++)
        if (there[area])
            ret = compare_codes(check, record, counter, areas, area, all, expected[area], &by, wrong);
    for (size_t i = 0; i < by.room; i++) {
        free(by.codes[i][0]);
        free(by.codes[i][1]);
    }
    free(by.codes);
    free(by.sums);
    free(expected);
    free(there);
    return ret;
}

static int compare_kept(struct check *check, const struct model_record *record, const struct model_counter *counter,
                        const struct area_tree *areas, const struct expectation *all, int64_t *wrong)
{
    for (size_t i = 0; i < all->room; i++) {
        const struct expected *entry = &all->entries[i];
        const char            *codes[COUNTERS_DIMENSIONS];
        int64_t                total;
        if (!entry->used)
            continue;
        for (int j = 0; j < COUNTERS_DIMENSIONS; j++)
            codes[j] = entry->codes[j];
        int ret = counters_total_written(check->db, record, counter, area_tree_id(areas, entry->area), codes, &total,
                                         check->error);
        if (ret != 0)
            return ret;
        *wrong += total != entry->count;
    }
    return 0;
}

static int compare_totals(struct check *check, const struct model_record *record, const struct model_counter *counter,
                          const struct area_tree *areas, const struct expectation *all)
{
    int64_t wrong = 0;
    bool    sums = all->num > 0 && !counters_like_first(record, counter) && num_dimensions(counter) <= 2;
    int     ret = sums ? compare_sums(check, record, counter, areas, all, &wrong)
                       : compare_kept(check, record, counter, areas, all, &wrong);
    if (ret != 0)
        return ret;
    check_tell(check, (int64_t) all->num, wrong, "tell the makers of Tocsin; until then restore a whole backup",
               "%s: the totals of %s are what counting anew gives", record->name, counter->name);
    return 0;
}

/* Nothing is counted that is not there: at each top, all codes together. */
static int compare_tops(struct check *check, const struct model_record *record, const struct model_counter *counter,
                        const struct area_tree *areas, const struct expectation *all)
{
    const char *every[COUNTERS_DIMENSIONS] = { NULL };
    int64_t     looked = 0, wrong = 0;
    for (uint32_t area = 0; area < area_tree_count(areas); area++) {
        int64_t total, expected = 0;
        if (area_tree_parent(areas, area) != AREA_NONE)
            continue;
        for (size_t i = 0; i < all->room; i++)
            if (all->entries[i].used && all->entries[i].area == area)
                expected += all->entries[i].count;
        int ret =
            counters_total_written(check->db, record, counter, area_tree_id(areas, area), every, &total, check->error);
        if (ret != 0)
            return ret;
        looked++;
        wrong += total != expected;
    }
    check_tell(check, looked, wrong, "tell the makers of Tocsin; until then restore a whole backup",
               "%s: %s counts nothing that is not there", record->name, counter->name);
    return 0;
}

/* ---- what each area counts ---- */

struct sums {
    const struct area_tree    *areas;
    const struct model_record *record;
    int64_t                   *expected, *found; /* by the area's number */
    bool                      *counted;          /* has ever counted something */
    int64_t                    looked, wrong;
};

static void add_to(struct sums *sums, const struct id *id, int64_t value)
{
    uint32_t area = area_tree_find(sums->areas, id);
    if (area == AREA_NONE) {
        sums->looked++;
        sums->wrong += value != 0;
        return;
    }
    sums->found[area] += value;
    sums->counted[area] = true;
}

static int sum_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct sums *sums = context;
    struct id    id;
    (void) num_columns;
    if (row[0].type != DB_BYTES || row[0].size != ID_BYTES)
        return DB_ERR_CORRUPT;
    memcpy(id.bytes, row[0].bytes, ID_BYTES);
    add_to(sums, &id, row[1].integer);
    return 0;
}

/* The increments of all days of every area that has counted. */
static int compare_days(struct check *check, const struct model_record *record, const struct model_counter *counter,
                        const struct sums *sums, const struct waiting *waiting)
{
    int64_t looked = 0, wrong = 0;
    for (uint32_t area = 0; area < area_tree_count(sums->areas); area++) {
        int64_t sum = 0;
        if (!sums->counted[area])
            continue;
        int ret =
            counters_days_written(check->db, record, counter, area_tree_id(sums->areas, area), &sum, check->error);
        if (ret != 0)
            return ret;
        looked++;
        wrong += sum != sums->expected[area] + waiting->more[area];
    }
    check_tell(check, looked, wrong, "tell the makers of Tocsin; until then restore a whole backup",
               "%s: the days of %s add up to what counting anew gives", record->name, counter->name);
    return 0;
}

/* The sums kept at every area that has counted, also where there is nothing any more: an area that was moved has taken
 * its counts along. */
static int compare_areas(struct check *check, const struct model_record *record, const struct model_counter *counter,
                         const struct area_tree *areas, const struct expectation *all, const struct waiting *waiting)
{
    struct sums sums = { .areas = areas, .record = record, .looked = waiting->elsewhere, .wrong = waiting->elsewhere };
    struct db_value name = db_word(record->name);
    int             ret = TOC_ERR_NO_MEMORY;
    sums.expected = memory_array(area_tree_count(areas) + 1, sizeof *sums.expected);
    sums.found = memory_array(area_tree_count(areas) + 1, sizeof *sums.found);
    sums.counted = memory_array(area_tree_count(areas) + 1, sizeof *sums.counted);
    if (sums.expected == NULL || sums.found == NULL || sums.counted == NULL)
        goto out;
    for (size_t i = 0; i < all->room; i++)
        if (all->entries[i].used)
            sums.expected[all->entries[i].area] += all->entries[i].count;
    ret = select_rows(check->db, "SELECT area, total FROM counter_area WHERE record = $1", &name, 1, sum_row, &sums,
                      check->error);
    for (uint32_t area = 0; area < area_tree_count(areas); area++) {
        sums.looked += sums.counted[area];
        sums.wrong += sums.counted[area] && sums.found[area] != sums.expected[area];
    }
    if (ret == 0 && counter == &record->counters[0])
        check_tell(check, sums.looked, sums.wrong, "tell the makers of Tocsin; until then restore a whole backup",
                   "%s: each area counts what lies in it", record->name);
    if (ret == 0)
        ret = compare_days(check, record, counter, &sums, waiting);
out:
    free(sums.expected);
    free(sums.found);
    free(sums.counted);
    return ret;
}

/* What waits for long makes reading counts slow; nothing is missing. */
static int check_waiting(struct check *check)
{
    int64_t num;
    int     ret = check_number(check, "SELECT COUNT(*) FROM counter_waiting", &num);
    if (ret == 0)
        check_tell(check, num, num > CHECK_MOST_WAITING ? num : 0,
                   "let 'tocsin serve' run until they are added; its log says what is in the way",
                   "counts that wait to be added are not too many");
    return ret;
}

int check_counters(struct check *check)
{
    size_t                     num;
    const struct model_record *records = model_records(&num);
    struct area_tree          *areas = NULL;
    int                        ret = check_waiting(check);
    if (ret == 0)
        ret = area_tree_load(check->db, &areas, check->error);
    for (size_t i = 0; ret == 0 && i < num; i++)
        for (size_t j = 0; ret == 0 && j < records[i].num_counters; j++) {
            const struct model_counter *counter = &records[i].counters[j];
            struct expectation          all = { 0 };
            struct waiting              waiting = { .areas = areas, .record = &records[i], .counter = j, .all = &all };
            ret = recount(check, &records[i], counter, areas, &all);
            if (ret == 0)
                ret = expect_without_waiting(check, &waiting);
            if (ret == 0)
                ret = compare_totals(check, &records[i], counter, areas, &all);
            if (ret == 0)
                ret = compare_tops(check, &records[i], counter, areas, &all);
            if (ret == 0)
                ret = compare_areas(check, &records[i], counter, areas, &all, &waiting);
            free(waiting.more);
            forget(&all);
        }
    area_tree_free(areas);
    return ret;
}
