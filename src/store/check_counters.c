/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The counters against counting anew: every total of every area and combination of codes, and what the
 * days of every area add up to. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/sink.h"
#include "store/check_internal.h"
#include "store/counters_book.h"
#include "store/select_many.h"
#include "tocsin/status.h"

/* ---- what there should be: a number for each (area, codes) ---- */

struct code {
    char text[MOST_CODE]; /* its key */
};

struct combination {
    uint32_t codes[COUNTERS_DIMENSIONS]; /* its key: numbers of texts in `codes` */
};

struct expected {
    struct {
        uint32_t area;  /* number in the tree */
        uint32_t codes; /* number in `combinations` */
    } key;
    int64_t count;
};

struct expectation {
    struct key_table codes, combinations, entries;
    uint32_t        *meant; /* what a number of table counter_codes is in `combinations`; NO_CODES: nothing */
    size_t           room;
};
#define NO_CODES UINT32_MAX

static void expectation_init(struct expectation *all)
{
    *all = (struct expectation){
        .codes = KEY_TABLE_INIT(sizeof((struct code *) NULL)->text, struct code),
        .combinations = KEY_TABLE_INIT(sizeof((struct combination *) NULL)->codes, struct combination),
        .entries = KEY_TABLE_INIT(sizeof((struct expected *) NULL)->key, struct expected),
    };
}

static void forget(struct expectation *all)
{
    key_table_free(&all->codes);
    key_table_free(&all->combinations);
    key_table_free(&all->entries);
    free(all->meant);
}

static const struct expected *expected_at(const struct expectation *all, size_t number)
{
    return key_table_at(&all->entries, number);
}

static int number_of(struct key_table *table, const void *key, uint32_t *number)
{
    void *entry;
    bool  added;
    int   ret = key_table_put(table, key, &entry, &added);
    if (ret == 0)
        *number = (uint32_t) ((size_t) ((unsigned char *) entry - table->entries) / table->entry_size);
    return ret;
}

/* The combination that `num` columns name, each as a dimension counts it: ids as text, what is missing as "". */
static int combination_of(struct expectation *all, const struct db_value *columns, size_t num, uint32_t *number)
{
    struct combination made = { { 0 } };
    int                ret = 0;
    for (size_t d = 0; d < COUNTERS_DIMENSIONS && ret == 0; d++) {
        struct code code = { { 0 } };
        struct id   id;
        if (d < num && columns[d].type == DB_TEXT && columns[d].size > 0)
            memcpy(code.text, columns[d].bytes, columns[d].size < MOST_CODE - 1 ? columns[d].size : MOST_CODE - 1);
        else if (d < num && columns[d].type == DB_BYTES && columns[d].size == ID_BYTES) {
            memcpy(id.bytes, columns[d].bytes, ID_BYTES);
            id_to_text(&id, code.text);
        }
        ret = number_of(&all->codes, code.text, &made.codes[d]);
    }
    return ret == 0 ? number_of(&all->combinations, made.codes, number) : ret;
}

static int expect(struct expectation *all, uint32_t area, uint32_t codes, int64_t count)
{
    struct expected key = { .key = { area, codes } };
    void           *entry;
    bool            added;
    int             ret = key_table_put(&all->entries, &key.key, &entry, &added);
    if (ret == 0)
        ((struct expected *) entry)->count += count;
    return ret;
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
    if (counter->dated)
        sink_format(&sql, " WHERE t.\"%s\" <> ''", counter->day);
    for (size_t i = 0; counter->only != NULL && i < MODEL_MAX_ONLY && counter->codes[i] != NULL; i++) {
        if (i > 0)
            sink_format(&sql, ", '%s'", counter->codes[i]);
        else
            sink_format(&sql, "%s t.\"%s\" IN ('%s'", counter->dated ? " AND" : " WHERE", counter->only,
                        counter->codes[i]);
    }
    if (counter->only != NULL)
        sink_format(&sql, ")");
    sink_format(&sql, " GROUP BY %s", area);
    for (size_t i = 0; i < num; i++)
        sink_format(&sql, ", t.\"%s\"", counter->dimensions[i]);
    sink_character(&sql, '\0');
    return sql.failure == 0 ? sql.bytes : NULL;
}

static int expect_row(const struct area_tree *areas, const struct db_value *row, size_t num_codes,
                      struct expectation *all)
{
    struct id id;
    uint32_t  above[AREA_TREE_MAX_DEPTH], codes;
    if (row[0].type != DB_BYTES || row[0].size != ID_BYTES)
        return DB_ERR_CORRUPT;
    memcpy(id.bytes, row[0].bytes, ID_BYTES);
    uint32_t area = area_tree_find(areas, &id);
    if (area == AREA_NONE)
        return 0; /* told as a reference to what does not exist */
    int    ret = combination_of(all, row + 1, num_codes, &codes);
    size_t num_above = area_tree_ancestors(areas, area, above);
    for (size_t i = 0; ret == 0 && i < num_above; i++)
        ret = expect(all, above[i], codes, row[1 + num_codes].integer);
    return ret;
}

/* What the numbers of table counter_codes mean. */
static int codes_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct expectation *all = context;
    if (row[0].integer < 0 || row[0].integer >= UINT32_MAX)
        return DB_ERR_CORRUPT;
    size_t number = (size_t) row[0].integer;
    if (number >= all->room) {
        size_t    room = 2 * number + 64;
        uint32_t *more = memory_resize(all->meant, room, sizeof *more);
        if (more == NULL)
            return TOC_ERR_NO_MEMORY;
        memset(more + all->room, 0xff, (room - all->room) * sizeof *more);
        all->meant = more;
        all->room = room;
    }
    return combination_of(all, row + 1, num_columns - 1, &all->meant[number]);
}

static uint32_t meaning_of(const struct expectation *all, uint32_t number)
{
    return number < all->room ? all->meant[number] : NO_CODES;
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
    if (ret == 0)
        ret = select_rows(check->db,
                          "SELECT number, dimension_1, dimension_2, dimension_3, dimension_4, dimension_5, "
                          "dimension_6 FROM counter_codes",
                          NULL, 0, codes_row, all, check->error);
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
};

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
    uint32_t codes = meaning_of(waiting->all, counted->codes[c]);
    if (codes == NO_CODES)
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
            ret = expect(waiting->all, area, codes, -counted->sign);
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
        ret = counters_waiting_read(check->db, INT32_MAX, take_away, waiting, check->error);
    return ret;
}

/* ---- comparing ---- */

/* What one area has, by the number of the combination: its kept numbers, or the sums of its days where the counter has
 * other dimensions than the first, of which alone totals are kept. */
struct found {
    const struct expectation *all;
    int64_t                  *sums; /* by the number of the combination; of one area at a time */
    uint32_t                 *met;  /* those that are not 0, each once or oftener */
    size_t                    num_met, room_met;
};

static int meet(void *context, uint32_t number, toc_date day, toc_date known, int64_t value)
{
    struct found *found = context;
    uint32_t      codes = meaning_of(found->all, number);
    (void) day;
    (void) known;
    if (codes == NO_CODES)
        return DB_ERR_CORRUPT;
    if (found->sums[codes] == 0) {
        if (found->num_met == found->room_met) {
            size_t    room = 2 * found->room_met + 64;
            uint32_t *more = memory_resize(found->met, room, sizeof *more);
            if (more == NULL)
                return TOC_ERR_NO_MEMORY;
            found->met = more;
            found->room_met = room;
        }
        found->met[found->num_met++] = codes;
    }
    found->sums[codes] += value;
    return 0;
}

/* wrong: combinations of one area that are counted otherwise than they should be, or only in one of the two. */
static int compare_codes(struct check *check, const struct waiting *waiting, uint32_t area, int64_t expected,
                         struct found *found, int64_t *wrong)
{
    const struct model_record  *record = waiting->record;
    const struct model_counter *counter = &record->counters[waiting->counter];
    const struct id            *id = area_tree_id(waiting->areas, area);
    found->num_met = 0;
    int ret = counters_like_first(record, counter)
                  ? counters_area_written(check->db, record, id, meet, found, check->error)
                  : counters_cells_written(check->db, record, counter, id, meet, found, check->error);
    for (size_t i = 0; i < found->num_met; i++) {
        uint32_t        codes = found->met[i];
        struct expected key = { .key = { area, codes } };
        if (found->sums[codes] != 0 && ret == 0) {
            const struct expected *entry = key_table_find(&found->all->entries, &key.key);
            *wrong += entry == NULL || entry->count != found->sums[codes];
            expected -= entry != NULL && entry->count != 0;
        }
        found->sums[codes] = 0;
    }
    *wrong += expected; /* those that are not counted at all */
    return ret;
}

static int compare_totals(struct check *check, const struct waiting *waiting)
{
    const struct expectation *all = waiting->all;
    struct found              found = { .all = all };
    size_t                    num = area_tree_count(waiting->areas);
    int64_t                  *expected = memory_array(num + 1, sizeof *expected), wrong = 0;
    bool                     *there = memory_array(num + 1, sizeof *there);
    int                       ret = 0;
    found.sums = memory_array(all->combinations.num + 1, sizeof *found.sums);
    if (expected == NULL || there == NULL || found.sums == NULL)
        ret = TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < all->entries.num && ret == 0; i++) {
        expected[expected_at(all, i)->key.area] += expected_at(all, i)->count != 0;
        there[expected_at(all, i)->key.area] = true;
    }
    for (uint32_t area = 0; area < num && ret == 0; area++)
        if (there[area])
            ret = compare_codes(check, waiting, area, expected[area], &found, &wrong);
    free(found.sums);
    free(found.met);
    free(expected);
    free(there);
    if (ret == 0)
        check_tell(check, (int64_t) all->entries.num, wrong,
                   "tell the makers of Tocsin; until then restore a whole backup",
                   "%s: the totals of %s are what counting anew gives", waiting->record->name,
                   waiting->record->counters[waiting->counter].name);
    return ret;
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
        for (size_t i = 0; i < all->entries.num; i++)
            if (expected_at(all, i)->key.area == area)
                expected += expected_at(all, i)->count;
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
    for (size_t i = 0; i < all->entries.num; i++)
        sums.expected[expected_at(all, i)->key.area] += expected_at(all, i)->count;
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
            struct expectation          all;
            struct waiting              waiting = { .areas = areas, .record = &records[i], .counter = j, .all = &all };
            expectation_init(&all);
            ret = recount(check, &records[i], counter, areas, &all);
            if (ret == 0)
                ret = expect_without_waiting(check, &waiting);
            if (ret == 0)
                ret = compare_totals(check, &waiting);
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
