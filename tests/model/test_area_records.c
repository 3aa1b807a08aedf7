/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>

#include "model/area_records.h"
#include "model/county_files.h"
#include "model/model_check.h"
#include "model/model_lists.h"
#include "model/record_id.h"
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

static void read_list(const char *text, struct area_codes *list)
{
    struct fault_list         faults = { 0 };
    struct bytes              bytes = { text, strlen(text) };
    struct table_input        input = { read_bytes, &bytes, "list" };
    struct area_codes_options options = { .allow_gaps = false };
    assert_ok(area_codes_read(&input, 1, &options, &faults, list));
}

static void test_an_area_as_a_record(void **state)
{
    (void) state;
    struct area_codes list;
    struct model_area area, parent;
    read_list("code,name_zh,parent,valid_from,valid_to,successor\nA,甲,,,,\nB,乙,A,1990-01-01,1999-12-31,C\n"
              "C,丙,A,2000-01-01,,\n",
              &list);
    area_record(&list, 0, &parent);
    area_record(&list, 1, &area);
    assert_memory_equal(area.code.bytes, "B", 2);
    assert_int_equal(area.level, 1);
    assert_true(id_equal(&area.parent, &parent.head.id) && id_is_missing(&parent.parent));
    assert_null(area.name_en.bytes);
    assert_int_equal(area.name_zh.size, 3);
    assert_int_equal(area.valid_from, toc_date_from_civil((struct toc_civil){ 1990, 1, 1 }));
    assert_int_equal(parent.valid_to, MODEL_MISSING_DATE);
    assert_true(id_equal(&area.successor, &list.areas[2].id));
    area_codes_free(&list);
}

/* The fields that a change gives, by name; then what it says of them. */
static void assert_changes(const char *older_text, const char *newer_text, const char *expected)
{
    struct area_codes   older, newer;
    struct area_change *changes;
    size_t              num, size;
    char               *text;
    FILE               *out = open_memstream(&text, &size);
    read_list(older_text, &older);
    read_list(newer_text, &newer);
    assert_ok(area_codes_update(&older, &newer, 20000, false, &changes, &num)); /* 2024-10-04 */
    for (size_t i = 0; i < num; i++) {
        struct model_area          area;
        struct model_set           given;
        const struct model_record *record = model_record(MODEL_AREA);
        area_record_of_change(&older, &newer, &changes[i], &area, &given);
        fprintf(out, "%.*s:", (int) area.code.size, area.code.bytes);
        if (changes[i].what & AREA_CHANGE_NEW)
            fprintf(out, " all");
        for (size_t j = 0; j < record->num_fields && !(changes[i].what & AREA_CHANGE_NEW); j++)
            if (model_set_has(&given, j))
                fprintf(out, " %s%s", record->fields[j].name,
                        model_is_missing(&record->fields[j], &area) ? "=none" : "");
        fprintf(out, "\n");
        if (changes[i].old_index != AREA_CODES_NONE)
            assert_true(id_equal(&area.head.id, &older.areas[changes[i].old_index].id));
    }
    fclose(out);
    assert_string_equal(text, expected);
    free(text);
    free(changes);
    area_codes_free(&older);
    area_codes_free(&newer);
}

static void test_changes_give_what_changes(void **state)
{
    (void) state;
    const char older[] = "code,name_en,name_bo,parent\nA,Top,ཀ,\nB,One,ཁ,A\nC,Two,,A\nD,x,,C\nE,x,,A\n";
    assert_changes(older, "code,name_en,parent\nA,Top,\nB,Uno,A\nC,Two,A\nD,x,B\nF,y,A\n",
                   "B: name_en\nD: level parent\nF: all\nE: valid_to\n");
    assert_changes("code,name_en,parent\nA,Top,\nB,One,A\n",
                   "code,name_en,parent,valid_from,valid_to,successor\nA,Top,,,,\nB,One,A,,2024-01-01,C\n"
                   "C,Two,A,2024-01-02,,\n",
                   "B: valid_to successor\nC: all\n");
}

/* A node that has areas reads a newer edition: what it has becomes a list, and what changes is told as whole rows, in
 * which nothing is lost that the newer list does not say. */
static void test_an_edition_for_what_is_stored(void **state)
{
    (void) state;
    struct area_codes   list, stored, newer;
    struct model_area   rows[5], after;
    struct area_change *changes;
    size_t              num;
    read_list("code,name_en,name_bo,parent,valid_to,successor\nA,Top,ཀ,,,\nB,One,ཁ,A,,\nC,Two,ག,A,,\n"
              "D,Old,ང,A,2000-01-01,C\n",
              &list);
    for (uint32_t i = 0; i < 4; i++) /* in another order than the list's */
        area_record(&list, 3 - i, &rows[i]);
    rows[2].centre_latitude = 30;
    assert_ok(area_codes_of_records(rows, 4, &stored));
    assert_int_equal(stored.num_areas, 4);
    for (uint32_t i = 0; i < 4; i++) {
        struct model_area again;
        area_record(&stored, i, &again);
        again.centre_latitude = rows[i].centre_latitude;
        assert_true(id_equal(&again.head.id, &rows[i].head.id));
        for (size_t j = 0; j < model_record(MODEL_AREA)->num_fields; j++)
            assert_true(model_equal(&model_record(MODEL_AREA)->fields[j], &again, &rows[i]));
    }
    read_list("code,name_en,parent\nA,Top,\nB,Uno,A\nC,Two,A\n", &newer);
    assert_ok(area_codes_update(&stored, &newer, 20000, false, &changes, &num));
    assert_int_equal(num, 1);
    area_record_after_change(&rows[changes[0].old_index], &stored, &newer, &changes[0], &after);
    assert_memory_equal(after.name_en.bytes, "Uno", 4);
    assert_memory_equal(after.name_bo.bytes, "ཁ", 4);
    assert_close(after.centre_latitude, 30, 0, 0);
    assert_true(id_equal(&after.parent, &rows[3].head.id));
    free(changes);
    area_codes_free(&list);
    area_codes_free(&stored);
    area_codes_free(&newer);
    assert_status(area_codes_of_records(rows, 0, &stored), 0);
    area_codes_free(&stored);
}

/* Every row of every reader is good by its description, and each has an id of its own. */
static void test_rows_are_good_and_have_their_own_ids(void **state)
{
    (void) state;
    struct county_options  options = COUNTY_OPTIONS_INIT;
    struct county          county;
    struct sink            sink;
    struct fault_list      faults = { 0 };
    struct geojson         shapes;
    struct outline_options chosen = { { 0 } };
    struct outline_set     set;
    struct model_outline   outline, last = { .detail = -1 };
    struct model_check     check = { .lists = NULL };
    options.townships = 2;
    options.villages = 3;
    assert_ok(county_generate(&options, &county));
    sink_init_memory(&sink);
    county_files[1].write(&county, &sink);
    assert_ok(geojson_read(sink.bytes, sink.used, "map", "code", &faults, &shapes));
    assert_ok(outline_make(&shapes, &chosen, &set));
    for (uint32_t f = 0; f < set.num_features; f++)
        for (int detail = 0; detail < OUTLINE_DETAILS; detail++) {
            outline_record(&set, f, detail, &county.areas[f].id, &outline);
            assert_ok(model_check_create(&check, model_record(MODEL_OUTLINE), &outline, &faults));
            assert_false(id_equal(&outline.head.id, &last.head.id));
            last = outline;
        }
    outline_free(&set);
    geojson_free(&shapes);
    sink_free(&sink);
    county_free(&county);
}

static void test_ids_of_reference_data(void **state)
{
    (void) state;
    char                    text[ID_TEXT_BYTES];
    struct id               id = record_id_of(MODEL_FACILITY, "900101C");
    struct model_population a, b;
    id_to_text(&id, text);
    assert_string_equal(text, "21c5a3d9-bf4e-8c88-b87f-8c272dc2f59c"); /* b2sum -l 128 of "tocsin facility", NUL,
                                                                          "900101C", version and variant set */
    id = record_id_of(MODEL_REPORTING_UNIT, "900101C");
    char other[ID_TEXT_BYTES];
    id_to_text(&id, other);
    assert_string_not_equal(text, other);

    /* the parts of a name do not run into each other */
    model_init(model_record(MODEL_POPULATION), &a);
    a.year = 2020;
    a.age_from = 0;
    b = a;
    a.kind = (struct model_text){ "resident", 8 };
    b.kind = (struct model_text){ "residen", 7 };
    b.source = (struct model_text){ "t", 1 };
    struct id id_a = record_id_of_population(&a), id_b = record_id_of_population(&b);
    assert_false(id_equal(&id_a, &id_b));
    b = a;
    b.number = 7; /* what a row says does not name it */
    id_b = record_id_of_population(&b);
    assert_true(id_equal(&id_a, &id_b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_area_as_a_record),
        cmocka_unit_test(test_changes_give_what_changes),
        cmocka_unit_test(test_an_edition_for_what_is_stored),
        cmocka_unit_test(test_rows_are_good_and_have_their_own_ids),
        cmocka_unit_test(test_ids_of_reference_data),
    };
    return cmocka_run_group_tests_name("area records", tests, NULL, NULL);
}
