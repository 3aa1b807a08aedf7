/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>

#include "formats/geojson.h"
#include "support/test.h"

/* Codes with their rings ("+" outer, "-" hole) and points in degrees; then the faults. */
static char *describe(const char *json, const char *property)
{
    struct fault_list faults = { 0 };
    struct geojson    shapes = { 0 };
    char             *text;
    size_t            size;
    FILE             *out = open_memstream(&text, &size);
    int               status = geojson_read(json, strlen(json), "m", property, &faults, &shapes);
    assert_true(status == 0 ? faults.num_all == 0 : status == BASE_ERR_INPUT && faults.num_all > 0);
    for (uint32_t i = 0; i < shapes.num_features; i++) {
        const struct geojson_feature *feature = &shapes.features[i];
        fprintf(out, "%s:", feature->code);
        for (uint32_t j = 0; j < feature->num_rings; j++) {
            const struct geojson_ring *ring = &shapes.rings[feature->first_ring + j];
            fprintf(out, " %c", ring->hole ? '-' : '+');
            for (uint32_t k = 0; k < ring->num_points; k++)
                fprintf(out, "(%g %g)", shapes.points[ring->first_point + k].longitude / 1e7,
                        shapes.points[ring->first_point + k].latitude / 1e7);
        }
        fprintf(out, "\n");
    }
    for (size_t i = 0; i < faults.num_kept; i++) {
        char line[FAULT_LINE_BYTES];
        fault_render(&faults.faults[i], line, sizeof line);
        fprintf(out, "%s\n", line);
    }
    geojson_free(&shapes);
    fault_list_free(&faults);
    fclose(out);
    return text;
}

static void assert_shapes(const char *json, const char *expected)
{
    char *answer = describe(json, "code");
    assert_string_equal(answer, expected);
    free(answer);
}

/* One feature with this geometry. */
static void assert_geometry(const char *geometry, const char *expected)
{
    char json[2000];
    snprintf(json, sizeof json,
             "{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"Feature\",\"properties\":{\"code\":\"A\"},"
             "\"geometry\":%s}]}",
             geometry);
    assert_shapes(json, expected);
}

static void test_polygons(void **state)
{
    (void) state;
    assert_shapes("{\"type\":\"FeatureCollection\",\"features\":[\n"
                  " {\"type\":\"Feature\",\"properties\":{\"code\":\"A\",\"x\":[1,{\"y\":\"]}\\\"\"}]},"
                  "\"geometry\":{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[4,0],[4,4],[0,4],[0,0]],"
                  "[[1,1,9.5],[1,2],[2,2],[1,1]]]}},\n"
                  " {\"type\":\"Feature\",\"properties\":{\"code\":110101},\"geometry\":{\"type\":\"MultiPolygon\","
                  "\"coordinates\":[[[[0,0],[0,1],[1,0],[0,0]]],[[[5,5],[6,5],[6,6],[5,5]]]]}}\n]}",
                  "A: +(0 0)(4 0)(4 4)(0 4) -(1 1)(1 2)(2 2)\n"
                  "110101: +(1 0)(0 1)(0 0) +(5 5)(6 5)(6 6)\n"); /* turned counter-clockwise */
}

static void test_an_id_may_be_the_code(void **state)
{
    (void) state;
    char *answer = describe("{\"features\":[{\"type\":\"Feature\",\"id\":\"B\",\"geometry\":{\"type\":\"Polygon\","
                            "\"coordinates\":[[[0,0],[1,0],[1,1],[0,0]]]}}],\"type\":\"FeatureCollection\"}",
                            NULL);
    assert_string_equal(answer, "B: +(0 0)(1 0)(1 1)\n");
    free(answer);
}

static void test_faults_of_geometry(void **state)
{
    (void) state;
    static const char *const cases[][2] = {
        { "null", "no geometry; allowed: Polygon or MultiPolygon" },
        { "{\"type\":\"Point\",\"coordinates\":[1,2]}", "another kind of geometry; allowed: Polygon or MultiPolygon" },
        { "{\"type\":\"Polygon\",\"coordinates\":[]}", "a polygon without rings; allowed: an array of rings" },
        { "{\"type\":\"MultiPolygon\",\"coordinates\":{}}",
          "a MultiPolygon without polygons; allowed: an array of polygons" },
        { "{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[1,0],[0,0]]]}",
          "a ring with too few positions; allowed: at least four positions" },
        { "{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[1,0],[1,1],[0,1]]]}",
          "a ring that does not end where it begins; allowed: a ring whose last position is its first" },
        { "{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[1,0],[2,0],[0,0]]]}", "a ring without area" },
        { "{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[1,0],[1,0.00000001],[0,0]]]}", "a ring without area" },
        { "{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[181,0],[1,1],[0,0]]]}",
          "the position [181, 0] is not on the earth; allowed: longitude -180 … 180, latitude -90 … 90" },
        { "{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[1,-90.5],[1,1],[0,0]]]}",
          "the position [1, -90.5] is not on the earth; allowed: longitude -180 … 180, latitude -90 … 90" },
        { "{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[\"1\",0],[1,1],[0,0]]]}",
          "a position that is not two numbers; allowed: longitude and latitude in degrees" },
        { "{\"type\":\"Polygon\",\"coordinates\":[[[0],[1,0],[1,1],[0,0]]]}",
          "a position that is not two numbers; allowed: longitude and latitude in degrees" },
    };
    char expected[300];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(expected, sizeof expected, "m:1: feature 1: %s\n", cases[i][1]);
        assert_geometry(cases[i][0], expected);
    }
}

static void test_faults_of_features(void **state)
{
    (void) state;
    const char polygon[] = "\"geometry\":{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[1,0],[1,1],[0,0]]]}";
    char       json[3000];
    snprintf(json, sizeof json,
             "{\"type\":\"FeatureCollection\",\"features\":[\n"
             "{\"type\":\"Feature\",\"properties\":{\"code\":\"A\"},%s},\n"
             "{\"type\":\"Feature\",\"properties\":{\"code\":\"A\"},%s},\n"
             "{\"type\":\"Feature\",\"properties\":{\"name\":\"A\"},%s},\n"
             "{\"type\":\"Feature\",\"properties\":{\"code\":\"\"},%s},\n"
             "{\"type\":\"Thing\",\"properties\":{\"code\":\"B\"},%s},\n"
             "{\"type\":\"Feature\",\"properties\":{\"code\":\"C\",\"code\":\"D\"},%s},\n"
             "{\"type\":\"Feature\",\n\"properties\":{\"code\":nil},%s}]}",
             polygon, polygon, polygon, polygon, polygon, polygon, polygon);
    assert_shapes(json, "m:3: feature 2: the code \"A\" is that of line 2 too; allowed: one feature an area\n"
                        "m:4: feature 3: no code in \"code\"; allowed: text of 1 … 40 bytes or a whole number\n"
                        "m:5: feature 4: no code in \"code\"; allowed: text of 1 … 40 bytes or a whole number\n"
                        "m:6: feature 5: not a feature; allowed: objects of \"type\": \"Feature\"\n"
                        "m:7: feature 6: duplicate object key near '\"code\"'; allowed: JSON (RFC 8259)\n"
                        "m:9: feature 7: invalid token near 'nil'; allowed: JSON (RFC 8259)\n");
}

static void test_faults_of_the_collection(void **state)
{
    (void) state;
    assert_shapes("", "m: an empty file; allowed: a collection of features\n");
    assert_shapes("{\"type\":\"FeatureCollection\",\"features\":[]}",
                  "m: no features; allowed: a feature for each area\n");
    assert_shapes("{\"type\":\"FeatureCollection\"}", "m: no features; allowed: an array \"features\"\n");
    assert_shapes("{\"type\":\"Topology\",\"features\":[]}",
                  "m: not a collection of features; allowed: \"type\": \"FeatureCollection\"\n");
    assert_shapes("[1,2]", "m: not a collection of features; allowed: \"type\": \"FeatureCollection\"\n");
    assert_shapes("{\"type\":\"FeatureCollection\",\"features\":[3]}",
                  "m:1: feature 1: not a feature; allowed: objects of \"type\": \"Feature\"\n");
    char *answer = describe("{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"Feature\"", "code");
    assert_non_null(strstr(answer, "m:1: feature 1: "));
    free(answer);
    answer = describe(
        "{\"type\":\"FeatureCollection\",\"crs\":{\"properties\":{\"name\":\"EPSG:3857\"}},\"features\":[]}", "code");
    assert_string_equal(answer, "m: another coordinate system; allowed: longitude and latitude (CRS84)\n");
    free(answer);
    answer = describe("{\"features\":[],\"type\":\"FeatureCollection\",\"features\":[]}", "code");
    assert_non_null(strstr(answer, "duplicate object key"));
    free(answer);
}

static void test_limits(void **state)
{
    (void) state;
    char json[3000], brackets[100];
    for (int past = 0; past < 2; past++) {
        int deep = GEOJSON_MAX_DEPTH - 2 + past; /* within the feature and its properties */
        memset(brackets, '[', (size_t) deep);
        memset(brackets + deep, ']', (size_t) deep);
        brackets[2 * deep] = '\0';
        snprintf(json, sizeof json,
                 "{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"Feature\",\"properties\":{\"x\":%s,"
                 "\"code\":\"A\"},\"geometry\":{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[1,0],[1,1],[0,0]]]}}]}",
                 brackets);
        assert_shapes(json, past ? "m:1: feature 1: the feature is nested too deeply; allowed: at most 12 levels of "
                                   "brackets\n"
                                 : "A: +(0 0)(1 0)(1 1)\n");
        char code[GEOJSON_MAX_CODE + 2];
        memset(code, 'c', sizeof code);
        snprintf(
            json, sizeof json,
            "{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"Feature\",\"properties\":{\"code\":\"%.*s\"},"
            "\"geometry\":{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[1,0],[1,1],[0,0]]]}}]}",
            GEOJSON_MAX_CODE + past, code);
        char *answer = describe(json, "code");
        assert_int_equal(strncmp(answer, "m:", 2) == 0, past);
        free(answer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_polygons),
        cmocka_unit_test(test_an_id_may_be_the_code),
        cmocka_unit_test(test_faults_of_geometry),
        cmocka_unit_test(test_faults_of_features),
        cmocka_unit_test(test_faults_of_the_collection),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests_name("geojson", tests, NULL, NULL);
}
