/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/instant.h"
#include "model/county_chance.h"
#include "store/schema.h"
#include "support/test.h"

#define TODAY ((toc_date) 20779) /* 2026-11-22 */
#define CHANCE_WORLD 100         /* beside enum chance_purpose */

static struct world *newest;

static struct id make_id(uint64_t kind, uint64_t number)
{
    uint8_t random[ID_RANDOM_BYTES] = { 0 };
    random[1] = (uint8_t) kind;
    for (int i = 0; i < 8; i++)
        random[ID_RANDOM_BYTES - 1 - i] = (uint8_t) (number >> 8 * i);
    return id_make(INT64_C(1760000000000), random);
}

/* Level by level, so that parents come first. */
static void make_areas(struct world *world)
{
    size_t count[5] = { 1 }, all = 1;
    for (int level = 1; level < 5; level++) {
        count[level] = count[level - 1] * world->options.fans[level - 1];
        all += count[level];
    }
    world->areas = calloc(all, sizeof *world->areas);
    world->level = calloc(all, sizeof *world->level);
    size_t first = 0, at = 0;
    for (unsigned level = 0; level < 5; level++) {
        size_t above = level == 0 ? 0 : first - count[level - 1];
        for (size_t i = 0; i < count[level]; i++, at++) {
            world->level[at] = level;
            world->areas[at].id = make_id(1, at + 1);
            if (level > 0)
                world->areas[at].parent = world->areas[above + i / world->options.fans[level - 1]].id;
        }
        first += count[level];
    }
    world->num_areas = all;
    assert_ok(area_tree_build(world->areas, all, &world->tree, NULL));
}

static bool below_first(const struct world *world, const struct id *id)
{
    return area_tree_within(world->tree, area_tree_find(world->tree, id), world_area(world, 1, false));
}

/* People live in villages, and their cases are kept at villages, townships or counties. */
static void make_places(struct world *world)
{
    world->places = calloc(world->num_areas, sizeof *world->places);
    world->weights = calloc(world->num_areas, sizeof *world->weights);
    unsigned fan = world->options.fans[0];
    uint32_t sum = 0;
    for (size_t i = 0; i < world->num_areas; i++) {
        static const uint32_t weight[5] = { 0, 0, 60, 30, 30 };
        if (weight[world->level[i]] == 0)
            continue;
        uint32_t some = weight[world->level[i]] * 3;
        if (world->level[i] == 2)
            some = some * world->options.fans[2]; /* a county */
        if (below_first(world, &world->areas[i].id))
            some = fan > 1 ? some * 2 * (fan - 1) / 3 : some;
        world->places[world->num_places] = (struct people_place){ world->areas[i].id, "x" };
        world->weights[world->num_places++] = sum += some;
    }
}

static uint16_t code_number(struct world *world, struct model_text code)
{
    for (size_t i = 0; i < world->num_codes; i++)
        if (strlen(world->codes[i]) == code.size &&
            (code.size == 0 || memcmp(world->codes[i], code.bytes, code.size) == 0))
            return (uint16_t) i;
    assert_true(world->num_codes < WORLD_CODES);
    world->codes[world->num_codes] = code.size > 0 ? strndup(code.bytes, code.size) : strdup("");
    return (uint16_t) world->num_codes++;
}

void world_sample(const struct world *world, size_t i, struct people_sample *sample)
{
    people_generate(&world->people, i, sample);
    struct chance      chance = chance_begin(world->options.seed, (enum chance_purpose) CHANCE_WORLD, i);
    struct model_case *illness = &sample->illness;
    if (world->options.old_village &&
        id_equal(&illness->responsible_area, &world->places[world->num_places - 1].area)) {
        illness->received_date -= 400;
        if (illness->onset_date != MODEL_MISSING_DATE)
            illness->onset_date -= 400;
    }
    int64_t received = (int64_t) illness->received_date * INSTANT_DAY;
    illness->head.version = 1;
    illness->head.created = received;
    illness->head.updated = received + (int64_t) chance_below(&chance, 30U * 86400U) * INSTANT_SECOND;
    sample->person.head.version = 1;
    sample->person.head.created = sample->person.head.updated = received;
}

void world_make(struct world *world, const struct world_options *options)
{
    memset(world, 0, sizeof *world);
    world->options = *options;
    make_areas(world);
    make_places(world);
    world->people = (struct people){ .seed = options->seed,
                                     .today = TODAY,
                                     .days = 3 * 365,
                                     .places = world->places,
                                     .weights_up_to = world->weights,
                                     .num_places = world->num_places,
                                     .tibetan_permille = PEOPLE_TIBETAN_PERMILLE };
    world->cases = calloc(options->num_cases + 1, sizeof *world->cases);
    struct people_sample *sample = calloc(1, sizeof *sample);
    for (size_t i = 0; i < options->num_cases; i++) {
        world_sample(world, i, sample);
        const struct model_case *illness = &sample->illness;
        world->cases[i] = (struct world_case){ .id = illness->head.id,
                                               .area = area_tree_find(world->tree, &illness->responsible_area),
                                               .disease = code_number(world, illness->disease),
                                               .classification = code_number(world, illness->classification),
                                               .severity = code_number(world, illness->severity),
                                               .outcome = code_number(world, illness->outcome),
                                               .onset = illness->onset_date,
                                               .received = illness->received_date,
                                               .updated = illness->head.updated };
    }
    free(sample);
    newest = world;
}

void world_free(struct world *world)
{
    for (size_t i = 0; i < world->num_codes; i++)
        free((void *) (uintptr_t) world->codes[i]);
    area_tree_free(world->tree);
    free(world->areas);
    free(world->level);
    free(world->places);
    free(world->weights);
    free(world->cases);
    newest = NULL;
}

uint32_t world_area(const struct world *world, unsigned level, bool last)
{
    size_t at = 0, found = 0;
    for (; at < world->num_areas; at++)
        if (world->level[at] == level) {
            found = at;
            if (!last)
                break;
        }
    return area_tree_find(world->tree, &world->areas[found].id);
}

/* ---- into a database ---- */

static void must(int ret, const struct db_error *error)
{
    if (ret != 0)
        fail_msg("%d: %s", ret, error->what);
}

static void run_sql(struct db *db, char *sql)
{
    struct db_error error = { 0 };
    assert_non_null(sql);
    must(db_execute(db, sql, &error), &error);
    free(sql);
}

static void load_rows(const struct world *world, struct db *db, enum model_record_number number)
{
    const struct model_record *record = model_record(number);
    const struct db_table     *table = schema_table(record);
    struct db_load            *load;
    struct db_error            error = { 0 };
    struct db_value            row[DB_MAX_COLUMNS];
    struct arena               arena = ARENA_INIT;
    struct people_sample      *sample = calloc(1, sizeof *sample);
    size_t                     num = number == MODEL_AREA ? world->num_areas : world->options.num_cases;
    must(db_load_begin(db, table, &load, &error), &error);
    for (size_t i = 0; i < num; i++) {
        struct model_area area;
        char              name[32];
        const void       *value = &area;
        if (number == MODEL_AREA) {
            model_init(record, &area);
            area.head = (struct model_head){ .id = world->areas[i].id, .version = 1 };
            area.parent = world->areas[i].parent;
            area.level = world->level[i];
            area.code = area.name_en = (struct model_text){ name, (size_t) snprintf(name, sizeof name, "A%zu", i) };
        } else {
            world_sample(world, i, sample);
            value = number == MODEL_PERSON ? (const void *) &sample->person : &sample->illness;
        }
        assert_ok(schema_bind(record, value, (struct model_text){ 0 }, &arena, row));
        must(db_load_row(load, row, &error), &error);
        arena_free(&arena);
    }
    must(db_load_end(load, &error), &error);
    free(sample);
}

void world_load(const struct world *world, struct db *db)
{
    struct db_error               error = { 0 };
    size_t                        num;
    const struct db_table *const *tables = schema_tables(&num);
    for (size_t i = 0; i < num; i++) {
        char *sql = NULL;
        assert_ok(db_table_sql(db, tables[i], &sql));
        run_sql(db, sql);
    }
    must(db_begin(db, DB_WRITE, &error), &error);
    load_rows(world, db, MODEL_AREA);
    load_rows(world, db, MODEL_PERSON);
    load_rows(world, db, MODEL_CASE);
    for (size_t i = 0; i < num; i++)
        for (size_t j = 0; j < tables[i]->num_indexes; j++) {
            char *sql = NULL;
            assert_ok(db_index_sql(db, tables[i], &tables[i]->indexes[j], &sql));
            run_sql(db, sql);
        }
    must(db_commit(db, &error), &error);
    must(db_execute(db, db_is_postgresql(db) ? "VACUUM ANALYZE" : "SELECT 1", &error), &error);
}

/* ---- counts ---- */

#define MOST_KNOWN 16384
static struct known {
    uint32_t area;
    int      codes[4]; /* of disease, classification, severity, outcome; -1 = all */
    int64_t  total;
} known[MOST_KNOWN];
static size_t              num_known;
static const struct world *known_of;

static int number_of(const char *code)
{
    for (size_t i = 0; code != NULL && i < newest->num_codes; i++)
        if (strcmp(newest->codes[i], code) == 0)
            return (int) i;
    return code == NULL ? -1 : -2;
}

int world_total(struct db *db, const struct model_record *record, const struct model_counter *counter,
                const struct id *area, const char *const dimensions[MODEL_MAX_DIMENSIONS], int64_t *total,
                struct db_error *error)
{
    (void) db;
    (void) record;
    (void) counter;
    (void) error;
    struct known asked = { .area = area_tree_find(newest->tree, area),
                           .codes = { number_of(dimensions[0]), number_of(dimensions[1]), number_of(dimensions[2]),
                                      number_of(dimensions[3]) } };
    if (known_of != newest)
        num_known = 0;
    known_of = newest;
    for (size_t i = 0; i < num_known; i++)
        if (known[i].area == asked.area && memcmp(known[i].codes, asked.codes, sizeof asked.codes) == 0) {
            *total = known[i].total;
            return 0;
        }
    for (size_t i = 0; i < newest->options.num_cases; i++) {
        const struct world_case *one = &newest->cases[i];
        const int                codes[4] = { one->disease, one->classification, one->severity, one->outcome };
        bool                     counts = area_tree_within(newest->tree, one->area, asked.area);
        for (int d = 0; d < 4; d++)
            counts = counts && (asked.codes[d] == -1 || asked.codes[d] == codes[d]);
        asked.total += counts;
    }
    if (num_known < MOST_KNOWN)
        known[num_known++] = asked;
    *total = asked.total;
    return 0;
}

int world_undated(struct db *db, const struct model_record *record, const struct model_counter *counter,
                  const struct id *area, const char *const dimensions[MODEL_MAX_DIMENSIONS], int64_t *total,
                  struct db_error *error)
{
    uint32_t within = area_tree_find(newest->tree, area);
    int      disease = number_of(dimensions[0]), classification = number_of(dimensions[1]);
    (void) db;
    (void) record;
    (void) error;
    *total = 0;
    for (size_t i = 0; i < newest->options.num_cases && strcmp(counter->day, "onset_date") == 0; i++) {
        const struct world_case *one = &newest->cases[i];
        *total += one->onset == MODEL_MISSING_DATE && area_tree_within(newest->tree, one->area, within) &&
                  (disease == -1 || one->disease == disease) &&
                  (classification == -1 || one->classification == classification);
    }
    return 0;
}
