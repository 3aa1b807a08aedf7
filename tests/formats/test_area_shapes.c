/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>

#include "formats/area_shapes.h"
#include "support/test.h"

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

/* Shapes with these codes and coordinates of a Polygon. */
static void read_shapes(const char *const *codes, const char *const *coordinates, struct geojson *shapes)
{
    struct fault_list faults = { 0 };
    char             *text;
    size_t            size;
    FILE             *out = open_memstream(&text, &size);
    fputs("{\"type\":\"FeatureCollection\",\"features\":[\n", out);
    for (size_t i = 0; codes[i] != NULL; i++)
        fprintf(out,
                "%s{\"type\":\"Feature\",\"properties\":{\"code\":\"%s\"},\"geometry\":{\"type\":\"Polygon\","
                "\"coordinates\":%s}}",
                i > 0 ? ",\n" : "", codes[i], coordinates[i]);
    fputs("]}", out);
    fclose(out);
    assert_ok(geojson_read(text, size, "map", "code", &faults, shapes));
    free(text);
}

static const char square[] = "[[[0,0],[4,0],[4,4],[0,4],[0,0]]]";

static void test_shapes_belong_to_areas(void **state)
{
    (void) state;
    struct fault_list         faults = { 0 };
    struct area_codes         list;
    struct geojson            shapes;
    const char                text[] = "code,name_en,parent,valid_from,valid_to\nA,x,,,\nB,Old,A,,2000-01-01\n"
                                       "B,New,A,2001-01-01,\nC,Gone,A,,2000-01-01\n";
    struct bytes              bytes = { text, sizeof text - 1 };
    struct table_input        input = { read_bytes, &bytes, "list" };
    struct area_codes_options options = { .allow_gaps = false };
    uint32_t                  areas[4] = { 9, 9, 9, 9 };
    char                      line[FAULT_LINE_BYTES];
    assert_ok(area_codes_read(&input, 1, &options, &faults, &list));
    read_shapes((const char *const[]){ "B", "A", NULL }, (const char *const[]){ square, square }, &shapes);
    assert_ok(area_shapes_match(&shapes, "map", &list, &faults, areas));
    assert_int_equal(areas[0], 2); /* the one that is */
    assert_int_equal(areas[1], 0);
    geojson_free(&shapes);

    read_shapes((const char *const[]){ "A", "C", "X", NULL }, (const char *const[]){ square, square, square }, &shapes);
    areas[0] = 9;
    assert_status(area_shapes_match(&shapes, "map", &list, &faults, areas), BASE_ERR_INPUT);
    assert_int_equal(areas[0], 9);
    assert_int_equal(faults.num_all, 2);
    fault_render(&faults.faults[1], line, sizeof line);
    assert_string_equal(line, "map:4: feature 3: no area has the code \"X\"; allowed: the code of an area of the list "
                              "without a last day");
    geojson_free(&shapes);
    area_codes_free(&list);
    fault_list_free(&faults);
}

static void test_the_centre_of_islands(void **state)
{
    (void) state;
    static const char    json[] = "{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"Feature\",\"properties\":{"
                                  "\"code\":\"A\"},\"geometry\":{\"type\":\"MultiPolygon\",\"coordinates\":"
                                  "[[[[0,0],[1,0],[1,1],[0,1],[0,0]]],[[[0,9],[4,9],[4,11],[0,11],[0,9]]]]}}]}";
    struct fault_list    faults = { 0 };
    struct geojson       shapes;
    struct geojson_point centre;
    assert_ok(geojson_read(json, sizeof json - 1, "map", "code", &faults, &shapes));
    assert_ok(area_shapes_centre(&shapes, 0, &centre));
    assert_close(centre.longitude / 1e7, 2, 0, 2e-7);
    assert_close(centre.latitude / 1e7, 10, 0, 2e-7);
    geojson_free(&shapes);
}

static void assert_centre(const char *coordinates, double longitude, double latitude)
{
    struct geojson       shapes;
    struct geojson_point centre;
    read_shapes((const char *const[]){ "A", NULL }, &coordinates, &shapes);
    assert_ok(area_shapes_centre(&shapes, 0, &centre));
    assert_close(centre.longitude / 1e7, longitude, 0, 2e-7);
    assert_close(centre.latitude / 1e7, latitude, 0, 2e-7);
    geojson_free(&shapes);
}

static void test_centres_lie_within(void **state)
{
    (void) state;
    assert_centre(square, 2, 2);
    assert_centre("[[[0,0],[3,0],[0,3],[0,0]]]", 1, 1);
    /* a horseshoe: its centre of gravity lies in the gap; the wider leg is the eastern one */
    assert_centre("[[[0,0],[5,0],[5,4],[3,4],[3,1],[1,1],[1,4],[0,4],[0,0]]]", 4, 25.0 / 14);
    /* a hole in the middle: the middle of the western part */
    assert_centre("[[[0,0],[10,0],[10,4],[0,4],[0,0]],[[5,1],[5,3],[9,3],[9,1],[5,1]]]", 2.5, 2);
    /* as thin as can be: half a row of numbers */
    assert_centre("[[[0,0],[1,0],[1,0.0000001],[0,0]]]", 0.75, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shapes_belong_to_areas),
        cmocka_unit_test(test_centres_lie_within),
        cmocka_unit_test(test_the_centre_of_islands),
    };
    return cmocka_run_group_tests_name("area shapes", tests, NULL, NULL);
}
