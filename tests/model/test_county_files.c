/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an invented county is written to reads back to the same records, by the readers of areas, shapes, populations,
 * calendars and tables; and all its records, and those of its people, are good by model_check. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "model/area_records.h"
#include "model/county_files.h"
#include "model/model_check.h"
#include "model/model_lists.h"
#include "model/model_table.h"
#include "support/test.h"

static struct county county;

static int make_county(void **state)
{
    struct county_options options = COUNTY_OPTIONS_INIT;
    (void) state;
    options.seed = 11;
    options.townships = 3;
    options.villages = 5;
    return county_generate(&options, &county);
}

static int free_county(void **state)
{
    (void) state;
    county_free(&county);
    return 0;
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

/* The file of a name as text; sink_free it. */
static struct sink write_file(const char *name)
{
    struct sink sink;
    sink_init_memory(&sink);
    for (int i = 0; i < COUNTY_NUM_FILES; i++)
        if (strcmp(county_files[i].name, name) == 0)
            county_files[i].write(&county, &sink);
    assert_true(sink.used > 0 && sink.failure == 0);
    return sink;
}

static struct table_input input_of(struct bytes *bytes, const struct sink *sink)
{
    *bytes = (struct bytes){ sink->bytes, sink->used };
    return (struct table_input){ read_bytes, bytes, "file" };
}

static void assert_same(enum model_record_number number, const void *a, const void *b)
{
    const struct model_record *record = model_record(number);
    const struct model_head   *head_a = a, *head_b = b;
    assert_true(id_equal(&head_a->id, &head_b->id) && !id_is_missing(&head_a->id));
    for (size_t i = 0; i < record->num_fields; i++)
        if (!model_equal(&record->fields[i], a, b))
            fail_msg("%s.%s differs", record->name, record->fields[i].name);
}

static void read_areas(struct area_codes *areas)
{
    struct fault_list         faults = { 0 };
    struct bytes              bytes;
    struct sink               sink = write_file("areas.csv");
    struct table_input        input = input_of(&bytes, &sink);
    struct area_codes_options options = { .allow_gaps = false };
    assert_ok(area_codes_read(&input, 1, &options, &faults, areas));
    sink_free(&sink);
}

static void test_areas(void **state)
{
    (void) state;
    struct area_codes areas;
    struct model_area read, made;
    read_areas(&areas);
    assert_int_equal(areas.num_areas, county.num_areas);
    for (uint32_t i = 0; i < areas.num_areas; i++) {
        area_record(&areas, i, &read);
        county_area_record(&county, i, &made);
        read.centre_latitude = made.centre_latitude; /* not in a code list */
        read.centre_longitude = made.centre_longitude;
        assert_same(MODEL_AREA, &read, &made);
    }
    area_codes_free(&areas);
}

static void test_outlines(void **state)
{
    (void) state;
    struct fault_list faults = { 0 };
    struct geojson    shapes;
    struct sink       sink = write_file("outlines.geojson");
    assert_ok(geojson_read(sink.bytes, sink.used, "file", "code", &faults, &shapes));
    assert_int_equal(shapes.num_features, county.num_areas);
    assert_int_equal(shapes.num_rings, county.num_rings);
    assert_int_equal(shapes.num_points, county.num_points);
    assert_memory_equal(shapes.points, county.points, county.num_points * sizeof *county.points);
    for (uint32_t i = 0; i < county.num_areas; i++) {
        assert_string_equal(shapes.features[i].code, county.areas[i].code);
        assert_int_equal(shapes.features[i].num_rings, county.areas[i].num_rings);
        assert_int_equal(shapes.features[i].line, i + 2);
    }
    geojson_free(&shapes);
    sink_free(&sink);
}

static void test_populations(void **state)
{
    (void) state;
    struct fault_list              faults = { 0 };
    struct area_codes              areas;
    struct population_file         file;
    struct population_file_options options = { NULL };
    struct bytes                   bytes;
    struct sink                    sink = write_file("population.csv");
    struct model_population        read, made;
    read_areas(&areas);
    assert_ok(population_file_read(input_of(&bytes, &sink), &areas, &options, &faults, &file));
    assert_int_equal(file.num_rows, county.num_areas * 2 * COUNTY_AGE_GROUPS);
    for (uint32_t i = 0; i < file.num_rows; i++) {
        population_record(&file, &areas, i, &read);
        county_population_record(&county, i / (2 * COUNTY_AGE_GROUPS), (int) (i / COUNTY_AGE_GROUPS % 2),
                                 (int) (i % COUNTY_AGE_GROUPS), &made);
        assert_same(MODEL_POPULATION, &read, &made);
    }
    population_file_free(&file);
    area_codes_free(&areas);
    sink_free(&sink);
}

static void test_calendar(void **state)
{
    (void) state;
    char                      path[] = "/tmp/test-county-XXXXXX";
    int                       fd = mkstemp(path);
    struct fault_list         faults = { 0 };
    struct calendar_file      file;
    struct sink               sink = write_file("calendar.csv");
    struct model_calendar     calendar;
    struct model_calendar_day read, made;
    assert_int_equal(write(fd, sink.bytes, sink.used), sink.used);
    close(fd);
    assert_ok(calendar_file_read(path, &faults, &file));
    unlink(path);
    assert_int_equal(file.calendar.num_holidays, COUNTY_NUM_HOLIDAYS);
    county_calendar_record(&county, &calendar);
    for (int i = 0; i < COUNTY_NUM_HOLIDAYS; i++) {
        calendar_day_record(&file, (size_t) i, &calendar.head.id, &read);
        county_holiday_record(&county, i, &made);
        read.kind = made.kind; /* not in the file */
        assert_same(MODEL_CALENDAR_DAY, &read, &made);
    }
    calendar_file_free(&file);
    sink_free(&sink);
}

static void test_facilities_and_units(void **state)
{
    (void) state;
    static const struct {
        const char              *name;
        enum model_record_number record;
    } files[] = { { "facilities.csv", MODEL_FACILITY }, { "reporting-units.csv", MODEL_REPORTING_UNIT } };
    for (int f = 0; f < 2; f++) {
        struct fault_list   faults = { 0 };
        struct model_table *table;
        struct bytes        bytes;
        struct arena        arena = ARENA_INIT;
        struct sink         sink = write_file(files[f].name);
        struct model_set    given;
        struct fault_place  place;
        union {
            struct model_facility       facility;
            struct model_reporting_unit unit;
        } read, made;
        char text[COUNTY_TEXT_BYTES];
        assert_ok(
            model_table_open(input_of(&bytes, &sink), MODEL_TABLE_CSV, model_record(files[f].record), &faults, &table));
        for (uint32_t i = 0; i < county.num_areas; i++)
            for (int number = 0; number < county_num_facilities(&county, i); number++) {
                assert_int_equal(model_table_next(table, &arena, &read, &given, &place), 1);
                if (f == 0)
                    county_facility_record(&county, i, number, &made.facility, text);
                else
                    county_reporting_unit_record(&county, i, number, &made.unit, text);
                assert_same(files[f].record, &read, &made);
            }
        assert_int_equal(model_table_next(table, &arena, &read, &given, &place), 0);
        assert_int_equal(faults.num_all, 0);
        model_table_close(table);
        arena_free(&arena);
        sink_free(&sink);
    }
}

static struct model_lists *lists;

static void assert_good(enum model_record_number number, const void *value)
{
    struct fault_list        faults = { 0 };
    const struct model_check check = { .lists = lists };
    char                     line[FAULT_LINE_BYTES];
    if (model_check_create(&check, model_record(number), value, &faults) != 0) {
        fault_render(&faults.faults[0], line, sizeof line);
        fail_msg("%s: %s", model_record(number)->name, line);
    }
    fault_list_free(&faults);
}

static void check_area(uint32_t i)
{
    struct model_area           area;
    struct model_facility       facility;
    struct model_reporting_unit unit;
    struct model_population     population;
    char                        text[COUNTY_TEXT_BYTES];
    county_area_record(&county, i, &area);
    assert_good(MODEL_AREA, &area);
    for (int j = 0; j < county_num_facilities(&county, i); j++) {
        county_facility_record(&county, i, j, &facility, text);
        assert_good(MODEL_FACILITY, &facility);
        county_reporting_unit_record(&county, i, j, &unit, text);
        assert_good(MODEL_REPORTING_UNIT, &unit);
    }
    for (int j = 0; j < 2 * COUNTY_AGE_GROUPS; j++) {
        county_population_record(&county, i, j % 2, j / 2, &population);
        assert_good(MODEL_POPULATION, &population);
    }
}

static void check_people(void)
{
    struct people people = {
        .seed = 1, .today = 20000, .days = PEOPLE_DAYS, .tibetan_permille = PEOPLE_TIBETAN_PERMILLE
    };
    struct people_place *places;
    uint32_t            *weights;
    struct people_sample sample;
    assert_ok(county_places(&county, &places, &weights, &people.num_places));
    people.places = places;
    people.weights_up_to = weights;
    for (uint64_t i = 0; i < 20000; i++) {
        people_generate(&people, i, &sample);
        assert_good(MODEL_PERSON, &sample.person);
        assert_good(MODEL_IDENTITY, &sample.identity);
        assert_good(MODEL_CASE, &sample.illness);
    }
    free(places);
    free(weights);
}

/* Every code is in its list, every text in normal form, and so on. */
static void test_all_records_are_good(void **state)
{
    (void) state;
    struct fault_list         faults = { 0 };
    struct model_calendar     calendar;
    struct model_calendar_day day;
    assert_ok(model_lists_new(&lists));
    assert_ok(model_lists_add_folder(lists, PROJECT_ROOT "/share/lists", &faults));
    for (uint32_t i = 0; i < county.num_areas; i++)
        check_area(i);
    county_calendar_record(&county, &calendar);
    assert_good(MODEL_CALENDAR, &calendar);
    for (int i = 0; i < COUNTY_NUM_HOLIDAYS; i++) {
        county_holiday_record(&county, i, &day);
        assert_good(MODEL_CALENDAR_DAY, &day);
    }
    check_people();
    model_lists_free(lists);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_areas),
        cmocka_unit_test(test_outlines),
        cmocka_unit_test(test_populations),
        cmocka_unit_test(test_calendar),
        cmocka_unit_test(test_facilities_and_units),
        cmocka_unit_test(test_all_records_are_good),
    };
    return cmocka_run_group_tests_name("county files", tests, make_county, free_county);
}
