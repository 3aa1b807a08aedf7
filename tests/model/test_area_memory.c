/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every allocation of the readers of areas, shapes and populations, of outlines and of the invented county fails once.
 * The linker hands malloc, calloc and realloc of the rooms to the functions below (-Wl,--wrap); the sanitizers then see
 * what is lost. */
#include <stdio.h>
#include <stdlib.h>

#include "formats/outline.h"
#include "formats/population_file.h"
#include "model/county_files.h"
#include "support/test.h"

static size_t num_requests, fail_at; /* fail_at 0 = never */

static bool fails(void)
{
    return ++num_requests == fail_at;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *pointer, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *pointer, size_t size);

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *pointer, size_t size)
{
    return fails() ? NULL : __real_realloc(pointer, size);
}

struct bytes {
    const char *text;
    size_t      left;
};

static ssize_t read_bytes(void *context, void *buffer, size_t size)
{
    struct bytes *bytes = context;
    size_t        taken = size < bytes->left ? size : bytes->left;
    memcpy(buffer, bytes->text, taken);
    bytes->text += taken;
    bytes->left -= taken;
    return (ssize_t) taken;
}

static struct table_input input_of(struct bytes *bytes, const char *text, size_t size)
{
    *bytes = (struct bytes){ text, size };
    return (struct table_input){ read_bytes, bytes, "file" };
}

/* What the tests read: the files of a small county, and an edition with changes. */
static struct sink       areas_text, shapes_text, population_text;
static struct area_codes areas;
static struct geojson    shapes;
static const char        edition[] = "code,name_en,parent,level\nXT,Other,,0\n90,Same,XT,1\n91,New,XT,1\n";

static int read_areas(const char *text, size_t size, struct area_codes *list)
{
    struct fault_list         faults = { 0 };
    struct bytes              bytes;
    struct table_input        input = input_of(&bytes, text, size);
    struct area_codes_options options = { .allow_gaps = false };
    int                       ret = area_codes_read(&input, 1, &options, &faults, list);
    fault_list_free(&faults);
    return ret;
}

static int try_areas(void)
{
    struct area_codes list = { 0 };
    int               ret = read_areas(areas_text.bytes, areas_text.used, &list);
    assert_true(ret == 0 || list.areas == NULL);
    area_codes_free(&list);
    return ret;
}

static int try_update(void)
{
    struct area_codes   newer = { 0 };
    struct area_change *changes = NULL;
    size_t              num = 0;
    int                 ret = read_areas(edition, sizeof edition - 1, &newer);
    if (ret == 0)
        ret = area_codes_update(&areas, &newer, 20000, false, &changes, &num);
    assert_true(ret != 0 || num > 2);
    free(changes);
    area_codes_free(&newer);
    return ret;
}

static int try_shapes(void)
{
    struct fault_list faults = { 0 };
    struct geojson    read = { 0 };
    int               ret = geojson_read(shapes_text.bytes, shapes_text.used, "file", "code", &faults, &read);
    assert_true(ret == 0 || read.features == NULL);
    geojson_free(&read);
    fault_list_free(&faults);
    return ret;
}

static int try_population(void)
{
    struct fault_list              faults = { 0 };
    struct population_file         file = { 0 };
    struct population_file_options options = { NULL };
    struct bytes                   bytes;
    int ret = population_file_read(input_of(&bytes, population_text.bytes, population_text.used), &areas, &options,
                                   &faults, &file);
    assert_true(ret == 0 || file.rows == NULL);
    population_file_free(&file);
    fault_list_free(&faults);
    return ret;
}

static int try_outlines(void)
{
    struct outline_options options = { { 0 } };
    struct outline_set     set = { 0 };
    int                    ret = outline_make(&shapes, &options, &set);
    assert_true(ret == 0 || set.paths == NULL);
    outline_free(&set);
    return ret;
}

static int make_county(struct county *county)
{
    struct county_options options = COUNTY_OPTIONS_INIT;
    options.townships = options.villages = 2;
    options.cells_per_village = 8;
    return county_generate(&options, county);
}

static int try_county(void)
{
    struct county        county = { 0 };
    struct people_place *places = NULL;
    uint32_t            *weights = NULL;
    size_t               num = 0;
    int                  ret = make_county(&county);
    assert_true(ret == 0 || county.areas == NULL);
    if (ret == 0)
        ret = county_places(&county, &places, &weights, &num);
    free(places);
    free(weights);
    county_free(&county);
    return ret;
}

static void assert_every_failure_is_told(int (*attempt)(void))
{
    int ret = -1;
    for (fail_at = 1; ret != 0; fail_at++) {
        assert_in_range(fail_at, 1, 2000);
        num_requests = 0;
        ret = attempt();
        if (num_requests < fail_at)
            assert_ok(ret);
        else if (ret != 0)
            assert_int_equal(ret, TOC_ERR_NO_MEMORY);
    }
    fail_at = 0;
    assert_true(num_requests > 2);
}

static void test_every_allocation_fails(void **state)
{
    int (*const attempts[])(void) = { try_areas, try_update, try_shapes, try_population, try_outlines, try_county };
    (void) state;
    for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++)
        assert_every_failure_is_told(attempts[i]);
}

static int begin(void **state)
{
    struct county     county = { 0 };
    struct fault_list faults = { 0 };
    (void) state;
    int ret = make_county(&county);
    sink_init_memory(&areas_text);
    sink_init_memory(&shapes_text);
    sink_init_memory(&population_text);
    if (ret == 0) {
        county_files[0].write(&county, &areas_text);
        county_files[1].write(&county, &shapes_text);
        county_files[2].write(&county, &population_text);
        ret = read_areas(areas_text.bytes, areas_text.used, &areas);
    }
    if (ret == 0)
        ret = geojson_read(shapes_text.bytes, shapes_text.used, "file", "code", &faults, &shapes);
    county_free(&county);
    return ret;
}

static int end(void **state)
{
    (void) state;
    sink_free(&areas_text);
    sink_free(&shapes_text);
    sink_free(&population_text);
    area_codes_free(&areas);
    geojson_free(&shapes);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_every_allocation_fails) };
    return cmocka_run_group_tests_name("area memory", tests, begin, end);
}
