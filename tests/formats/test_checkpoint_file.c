/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The checkpoint file of a run: what is written comes back; whatever does not fit is refused. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "formats/checkpoint_file.h"
#include "support/test.h"
#include "tocsin/status.h"

enum { DAYS = 6, CELLS = TOC_SIMULATION_AGE * TOC_SIMULATION_COLUMNS };

static struct toc_simulation_parameters parameters;
static struct toc_simulation_setup      setup = { .parameters = &parameters, .seed = 7 };
static const struct checkpoint_key      key = {
         .version = "1.2", .scenario = 99, .seed = 7, .days = DAYS, .num_areas = 1, .cells_a_day = CELLS, .lines = true
};
static uint32_t cells[DAYS * CELLS], room[DAYS * CELLS];

static int add(void *context, const struct toc_simulation_infection *infection)
{
    struct checkpoint *checkpoint = context;
    checkpoint->infections[checkpoint->num_infections++] = *infection;
    return 0;
}

/* The checkpoint of a run after so many days, as a file in memory. */
static FILE *written(uint32_t days, struct sink *sink, struct checkpoint *checkpoint)
{
    struct toc_simulation *sim = NULL;
    toc_simulation_parameters_init(&parameters);
    parameters.agents = 200;
    parameters.seed_infections = 20;
    assert_ok(toc_simulation_create(&setup, &memory_allocator, NULL, &sim, NULL));
    for (uint32_t day = 0; day < days; day++) {
        assert_ok(toc_simulation_step(sim, NULL));
        toc_simulation_read(sim, cells + day * CELLS);
    }
    *checkpoint = (struct checkpoint){ .day = days, .cells = cells };
    toc_simulation_describe(sim, &checkpoint->description);
    if (days < DAYS) {
        checkpoint->simulation = sim;
    } else {
        checkpoint->infections = memory_array(checkpoint->description.infections, sizeof *checkpoint->infections);
        assert_int_equal(toc_simulation_each_infection(sim, 0, DAYS, add, checkpoint), 0);
    }
    sink_init_memory(sink);
    assert_int_equal(checkpoint_write(&key, checkpoint, sink), 0);
    if (days == DAYS)
        toc_simulation_free(sim);
    return fmemopen(sink->bytes, sink->used, "rb");
}

static int read_as(const struct checkpoint_key *wanted, FILE *file, struct checkpoint *found, const char **fault)
{
    rewind(file);
    *found = (struct checkpoint){ .cells = room };
    return checkpoint_read(file, wanted, &setup, NULL, found, fault);
}

static void test_an_ended_run_comes_back(void **state)
{
    (void) state;
    struct sink       sink;
    struct checkpoint checkpoint, found;
    const char       *fault;
    FILE             *file = written(DAYS, &sink, &checkpoint);
    assert_int_equal(read_as(&key, file, &found, &fault), 0);
    assert_int_equal(found.day, DAYS);
    assert_null(found.simulation);
    assert_memory_equal(room, cells, sizeof cells);
    assert_true(found.num_infections > 20);
    assert_int_equal(found.num_infections, checkpoint.num_infections);
    assert_memory_equal(found.infections, checkpoint.infections, found.num_infections * sizeof *found.infections);
    assert_memory_equal(&found.description, &checkpoint.description, sizeof found.description);
    free(found.infections);
    free(checkpoint.infections);
    fclose(file);
    sink_free(&sink);
}

static void test_a_run_goes_on(void **state)
{
    (void) state;
    struct sink       sink;
    struct checkpoint checkpoint, found;
    const char       *fault;
    uint32_t          counts[2][CELLS];
    FILE             *file = written(4, &sink, &checkpoint);
    assert_int_equal(read_as(&key, file, &found, &fault), 0);
    assert_int_equal(found.day, 4);
    assert_memory_equal(room, cells, 4 * CELLS * sizeof *cells);
    assert_ok(toc_simulation_step(checkpoint.simulation, NULL));
    assert_ok(toc_simulation_step(found.simulation, NULL));
    toc_simulation_read(checkpoint.simulation, counts[0]);
    toc_simulation_read(found.simulation, counts[1]);
    assert_memory_equal(counts[0], counts[1], sizeof counts[0]);
    toc_simulation_free(checkpoint.simulation);
    toc_simulation_free(found.simulation);
    fclose(file);
    sink_free(&sink);
}

/* Each byte in turn, each length, and something behind: never a run. */
static void test_damage_is_seen(void **state)
{
    (void) state;
    for (uint32_t days = 4; days <= DAYS; days += 2) {
        struct sink       sink;
        struct checkpoint checkpoint, found;
        const char       *fault;
        FILE             *file = written(days, &sink, &checkpoint);
        for (size_t i = 0; i < sink.used; i += i < CHECKPOINT_HEAD_BYTES ? 3 : 211) {
            sink.bytes[i] ^= 0x20;
            assert_int_equal(read_as(&key, file, &found, &fault), BASE_ERR_INPUT);
            assert_null(found.simulation);
            sink.bytes[i] ^= 0x20;
        }
        fclose(file);
        for (size_t size = 1; size < sink.used; size += 1 + size / 3) {
            file = fmemopen(sink.bytes, size, "rb");
            assert_int_equal(read_as(&key, file, &found, &fault), BASE_ERR_INPUT);
            fclose(file);
        }
        sink_character(&sink, 'x');
        file = fmemopen(sink.bytes, sink.used, "rb");
        assert_int_equal(read_as(&key, file, &found, &fault), BASE_ERR_INPUT);
        fclose(file);
        free(checkpoint.infections);
        toc_simulation_free(checkpoint.simulation);
        sink_free(&sink);
    }
}

static void test_what_does_not_fit_is_named(void **state)
{
    (void) state;
    struct sink              sink;
    struct checkpoint        checkpoint, found;
    const char              *fault;
    FILE                    *file = written(DAYS, &sink, &checkpoint);
    struct checkpoint_key    others[5] = { key, key, key, key, key };
    static const char *const says[5] = { "version", "scenario", "scenario", "seed", "--line-list" };
    others[0].version = "1.3";
    others[1].scenario = 98;
    others[2].days = DAYS + 1;
    others[3].seed = 8;
    others[4].lines = false;
    for (int i = 0; i < 5; i++) {
        assert_int_equal(read_as(&others[i], file, &found, &fault), BASE_ERR_INPUT);
        assert_non_null(strstr(fault, says[i]));
    }
    free(checkpoint.infections);
    fclose(file);
    sink_free(&sink);
}

/* Whatever a run or its output depends on is in the fingerprint. */
static void test_fingerprint(void **state)
{
    (void) state;
    struct toc_simulation_area      areas[] = { { .persons = 500 }, { .persons = 600 } };
    struct toc_simulation_commuting commuting = { 0, 1, 0.5 };
    struct toc_simulation_schedule  measure = { .from = 1, .to = 9, .strength = 1, .on_above = -1 };
    struct toc_simulation_import    import = { .day = 1, .persons = 5 };
    struct toc_simulation_journey   journey = { 0, 1, 2, 5, 0.5 };
    const char                     *names[] = { "ab", "c" };
    struct scenario                 scenario = { .title = "Town",
                                                 .days = 20,
                                                 .areas = areas,
                                                 .area_names = names,
                                                 .num_areas = 2,
                                                 .commuting = &commuting,
                                                 .num_commuting = 1,
                                                 .schedule = &measure,
                                                 .num_schedule = 1,
                                                 .imports = &import,
                                                 .num_imports = 1,
                                                 .journeys = &journey,
                                                 .num_journeys = 1 };
    toc_simulation_parameters_init(&scenario.parameters);
    const double young[TOC_SIMULATION_AGE] = { 9, 8, 7, 6, 5, 4, 3, 2, 1 };
    uint64_t     seen[16] = { checkpoint_fingerprint(&scenario) };
    size_t       num = 1;
#define CHANGED(what)                                                                                                  \
    do {                                                                                                               \
        what;                                                                                                          \
        seen[num++] = checkpoint_fingerprint(&scenario);                                                               \
    } while (0)
    CHANGED(scenario.title = "Village");
    CHANGED(scenario.start = 5);
    CHANGED(scenario.days = 21);
    CHANGED(scenario.parameters.infectious_rate = 4);
    CHANGED(areas[1].persons = 601);
    CHANGED((names[0] = "a", names[1] = "bc"));
    CHANGED(commuting.share = 0.25);
    CHANGED(measure.strength = 0.5);
    CHANGED(measure.areas = 2);
    CHANGED(import.areas = 2);
    CHANGED(areas[1].age_weight = young);
    CHANGED(import.persons = 6);
    CHANGED(journey.back = 6);
    CHANGED(scenario.num_imports = 0);
    for (size_t i = 0; i < num; i++)
        for (size_t k = 0; k < i; k++)
            assert_true(seen[i] != seen[k]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_ended_run_comes_back),
        cmocka_unit_test(test_a_run_goes_on),
        cmocka_unit_test(test_damage_is_seen),
        cmocka_unit_test(test_what_does_not_fit_is_named),
        cmocka_unit_test(test_fingerprint),
    };
    return cmocka_run_group_tests_name("checkpoint_file", tests, NULL, NULL);
}
