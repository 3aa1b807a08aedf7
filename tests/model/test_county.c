/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "model/county.h"
#include "support/property.h"
#include "support/test.h"

static struct county_options small(uint64_t seed)
{
    struct county_options options = COUNTY_OPTIONS_INIT;
    options.seed = seed;
    options.townships = 3;
    options.villages = 4;
    options.cells_per_village = 20;
    return options;
}

static void test_the_same_seed_gives_the_same_county(void **state)
{
    (void) state;
    struct county_options options = COUNTY_OPTIONS_INIT;
    struct county         county, again, other;
    assert_ok(county_generate(&options, &county));
    assert_ok(county_generate(&options, &again));
    assert_int_equal(county.num_areas, 4 + 12 + 240);
    assert_int_equal(county.num_points, again.num_points);
    assert_memory_equal(county.points, again.points, county.num_points * sizeof *county.points);
    assert_memory_equal(county.areas, again.areas, county.num_areas * sizeof *county.areas);
    /* On any machine: this number was printed once. */
    assert_int_equal(text_hash((const char *) county.points, county.num_points * sizeof *county.points),
                     UINT64_C(0x9f76f7bea606803b));
    options.seed = 2;
    assert_ok(county_generate(&options, &other));
    assert_string_not_equal(other.areas[5].name_en, county.areas[5].name_en);
    county_free(&county);
    county_free(&again);
    county_free(&other);
}

static void test_the_tree(void **state)
{
    (void) state;
    struct county_options options = COUNTY_OPTIONS_LARGE;
    struct county         county;
    options.cells_per_village = 8;
    assert_ok(county_generate(&options, &county));
    assert_int_equal(county.num_areas, 1 + 3 + 6 + 24 + 192 + 3072);
    for (uint32_t i = 1; i < county.num_areas; i++) {
        const struct county_area *area = &county.areas[i], *parent = &county.areas[area->parent];
        assert_true(area->parent < i && area->last <= parent->last && area->last >= i);
        assert_int_equal(area->level, parent->level + 1);
        if (area->level > COUNTY_PROVINCE) {
            assert_memory_equal(area->code, parent->code, strlen(parent->code));
            assert_int_equal(strlen(area->code), strlen(parent->code) + (area->level <= COUNTY_COUNTY ? 2 : 3));
        } else {
            assert_int_equal(area->code[0], '9');
        }
        for (uint32_t j = parent->last; j > i; j--)
            if (county.areas[j].parent == area->parent) {
                assert_string_not_equal(county.areas[j].name_en, area->name_en);
                assert_string_not_equal(county.areas[j].code, area->code);
            }
    }
    county_free(&county);
}

/* ---- outlines ---- */

struct edge {
    struct county_point from, to;
};

static int compare_points(const struct county_point *a, const struct county_point *b)
{
    if (a->longitude != b->longitude)
        return a->longitude < b->longitude ? -1 : 1;
    return a->latitude < b->latitude ? -1 : a->latitude > b->latitude;
}

static int compare_edges(const void *a, const void *b)
{
    const struct edge *x = a, *y = b;
    int                from = compare_points(&x->from, &y->from);
    return from != 0 ? from : compare_points(&x->to, &y->to);
}

/* The directed edges of all areas of a level, sorted. */
static struct edge *edges_of(const struct county *county, enum county_level level, size_t *num)
{
    struct edge *edges = malloc(county->num_points * sizeof *edges);
    *num = 0;
    for (uint32_t i = 0; i < county->num_areas; i++) {
        const struct county_area *area = &county->areas[i];
        for (uint32_t r = 0; r < area->num_rings && area->level == level; r++) {
            const struct county_ring  *ring = &county->rings[area->first_ring + r];
            const struct county_point *points = county->points + ring->first_point;
            assert_true(ring->num_points >= 6);
            for (uint32_t p = 0; p < ring->num_points; p++)
                edges[(*num)++] = (struct edge){ points[p], points[(p + 1) % ring->num_points] };
        }
    }
    qsort(edges, *num, sizeof *edges, compare_edges);
    return edges;
}

/* Every edge is walked once; a neighbour walks it the other way, but for those of the country's coast. */
static void assert_tiles(const struct county *county, enum county_level level)
{
    size_t       num, num_coast, alone = 0;
    struct edge *edges = edges_of(county, level, &num), *coast = edges_of(county, COUNTY_COUNTRY, &num_coast);
    for (size_t i = 0; i < num; i++) {
        struct edge back = { edges[i].to, edges[i].from };
        if (i > 0)
            assert_int_not_equal(compare_edges(&edges[i - 1], &edges[i]), 0);
        if (bsearch(&back, edges, num, sizeof *edges, compare_edges) != NULL)
            continue;
        alone++;
        assert_non_null(bsearch(&edges[i], coast, num_coast, sizeof *coast, compare_edges));
    }
    assert_int_equal(alone, num_coast);
    free(edges);
    free(coast);
}

/* Twice the area in square 10^-7 degrees, exactly: differences are below 2^31. */
static int64_t twice_the_area(const struct county *county, const struct county_area *area)
{
    int64_t sum = 0;
    for (uint32_t r = 0; r < area->num_rings; r++) {
        const struct county_ring  *ring = &county->rings[area->first_ring + r];
        const struct county_point *points = county->points + ring->first_point, origin = county->points[0];
        int64_t                    ring_sum = 0;
        for (uint32_t p = 0; p < ring->num_points; p++) {
            const struct county_point *a = &points[p], *b = &points[(p + 1) % ring->num_points];
            ring_sum += (int64_t) (a->longitude - origin.longitude) * (b->latitude - origin.latitude) -
                        (int64_t) (b->longitude - origin.longitude) * (a->latitude - origin.latitude);
        }
        assert_true(r == 0 ? ring_sum > 0 : ring_sum < 0);
        sum += ring_sum;
    }
    return sum;
}

static void assert_parts_make_the_whole(const struct county *county)
{
    int64_t  *land = calloc(county->num_areas, sizeof *land);
    uint64_t *people = calloc(county->num_areas, sizeof *people);
    for (uint32_t i = 1; i < county->num_areas; i++) {
        land[county->areas[i].parent] += twice_the_area(county, &county->areas[i]);
        people[county->areas[i].parent] += county->areas[i].num_people;
    }
    for (uint32_t i = 0; i < county->num_areas; i++) {
        const struct county_area *area = &county->areas[i];
        uint64_t                  sum = 0;
        for (int sex = 0; sex < 2; sex++)
            for (int group = 0; group < COUNTY_AGE_GROUPS; group++)
                sum += area->people[sex][group];
        assert_int_equal(sum, area->num_people);
        assert_true(sum > 100);
        if (area->level == COUNTY_VILLAGE)
            continue;
        assert_int_equal(land[i], twice_the_area(county, area));
        assert_int_equal(people[i], area->num_people);
    }
    free(land);
    free(people);
}

static void test_areas_tile_exactly(struct test_random *random)
{
    struct county         county;
    struct county_options options = small(random->seed * 1000003);
    options.provinces = (int) test_between(random, 1, 2);
    options.cities = (int) test_between(random, 1, 2);
    options.counties = (int) test_between(random, 1, 2);
    options.cells_per_village = (int) test_between(random, 8, 60);
    assert_ok(county_generate(&options, &county));
    for (int level = COUNTY_COUNTRY; level <= COUNTY_VILLAGE; level++)
        assert_tiles(&county, (enum county_level) level);
    assert_parts_make_the_whole(&county);
    county_free(&county);
}

static void test_tiling(void **state)
{
    (void) state;
    test_property("areas tile exactly and their people add up", 40, test_areas_tile_exactly);
}

/* ---- records ---- */

static void test_records_have_what_is_required(void **state)
{
    (void) state;
    struct county               county;
    struct county_options       options = small(5);
    struct model_area           area;
    struct model_facility       facility;
    struct model_reporting_unit unit;
    struct model_population     population;
    struct model_calendar_day   day;
    char                        text[COUNTY_TEXT_BYTES], other[COUNTY_TEXT_BYTES];
    int                         facilities = 0;
    assert_ok(county_generate(&options, &county));
    for (uint32_t i = 0; i < county.num_areas; i++) {
        county_area_record(&county, i, &area);
        assert_true(i == 0 || !id_is_missing(&area.parent));
        for (int j = 0; j < county_num_facilities(&county, i); j++, facilities++) {
            county_facility_record(&county, i, j, &facility, text);
            county_reporting_unit_record(&county, i, j, &unit, other);
            assert_true(id_equal(&unit.facility, &facility.head.id) && id_equal(&unit.area, &area.head.id));
            assert_memory_equal(facility.code.bytes, area.code.bytes, area.code.size);
        }
    }
    assert_int_equal(facilities, 3 + 3 * 2 + 12);
    county_population_record(&county, 0, 1, COUNTY_AGE_GROUPS - 1, &population);
    assert_int_equal(population.age_from, 95);
    assert_int_equal(population.age_to, MODEL_MISSING_INTEGER);
    assert_int_equal(population.number, county.areas[0].people[1][19]);
    for (int i = 0; i < COUNTY_NUM_HOLIDAYS; i++) {
        county_holiday_record(&county, i, &day);
        assert_true(day.first_day <= day.last_day && day.last_day - day.first_day < 100);
    }
    county_free(&county);
}

static void test_places_weigh_as_many_as_live_there(void **state)
{
    (void) state;
    struct county         county;
    struct county_options options = small(6);
    struct people_place  *places;
    uint32_t             *weights;
    size_t                num;
    assert_ok(county_generate(&options, &county));
    assert_ok(county_places(&county, &places, &weights, &num));
    assert_int_equal(num, 12);
    assert_int_equal(weights[num - 1], county.areas[0].num_people);
    assert_int_equal(weights[0], county.areas[5].num_people);
    assert_true(id_equal(&places[0].area, &county.areas[5].id));
    assert_memory_equal(places[0].address, county.areas[4].name_zh, strlen(county.areas[4].name_zh));
    free(places);
    free(weights);
    county_free(&county);
}

static void test_options_have_bounds(void **state)
{
    (void) state;
    struct county         county = { 0 };
    struct county_options options = small(1);
    const struct {
        int *option, low, high;
    } bounds[] = { { &options.provinces, 1, 10 }, { &options.cities, 1, 99 },   { &options.counties, 1, 99 },
                   { &options.townships, 1, 99 }, { &options.villages, 1, 99 }, { &options.cells_per_village, 8, 200 },
                   { &options.year, 1900, 2100 } };
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
        int good = *bounds[i].option;
        *bounds[i].option = bounds[i].low - 1;
        assert_status(county_generate(&options, &county), TOC_ERR_OPTION);
        *bounds[i].option = bounds[i].high + 1;
        assert_status(county_generate(&options, &county), TOC_ERR_OPTION);
        *bounds[i].option = bounds[i].low;
        assert_ok(county_generate(&options, &county));
        county_free(&county);
        *bounds[i].option = good;
    }
    options = (struct county_options){ 1, 10, 10, 10, 10, 10, 21, 2025 }; /* 2,100,000 cells */
    assert_status(county_generate(&options, &county), TOC_ERR_OPTION);
    assert_null(county.areas);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same_seed_gives_the_same_county),
        cmocka_unit_test(test_the_tree),
        cmocka_unit_test(test_tiling),
        cmocka_unit_test(test_records_have_what_is_required),
        cmocka_unit_test(test_places_weigh_as_many_as_live_there),
        cmocka_unit_test(test_options_have_bounds),
    };
    return cmocka_run_group_tests_name("county", tests, NULL, NULL);
}
