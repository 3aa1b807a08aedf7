/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>

#include "base/fault.h"
#include "support/test.h"

static const char *render(const struct fault *fault)
{
    static char line[FAULT_LINE_BYTES];
    size_t      length = fault_render(fault, line, sizeof line);
    assert_int_equal(length, strlen(line));
    return line;
}

static void test_a_fault_is_one_line(void **state)
{
    (void) state;
    struct fault_list list = { 0 };
    fault_add(&list, (struct fault_place){ "visits.csv", 14, 2, "count" }, "a whole number, 0 or more",
              "\"%d\" is negative", -3);
    fault_add(&list, (struct fault_place){ "visits.csv", 15, 0, NULL }, NULL, "an empty line");
    fault_add(&list, (struct fault_place){ "visits.csv", 0, 0, NULL }, NULL, "an empty file");
    fault_add(&list, (struct fault_place){ NULL, 0, 0, "--columns" }, NULL, "nothing");
    assert_int_equal(list.num_all, 4);
    assert_string_equal(render(&list.faults[0]),
                        "visits.csv:14:2: count: \"-3\" is negative; allowed: a whole number, 0 or more");
    assert_string_equal(render(&list.faults[1]), "visits.csv:15: an empty line");
    assert_string_equal(render(&list.faults[2]), "visits.csv: an empty file");
    assert_string_equal(render(&list.faults[3]), "--columns: nothing");
    fault_list_free(&list);
}

/* Names come from files too: nothing in them may move the terminal's cursor. */
static void test_names_are_escaped(void **state)
{
    (void) state;
    struct fault_list list = { 0 };
    fault_add(&list, (struct fault_place){ "a\x1b[2J.csv", 1, 1, "co\nunt" }, NULL, "x");
    assert_string_equal(render(&list.faults[0]), "a\\x1b[2J.csv:1:1: co\\nunt: x");
    fault_list_free(&list);
}

static void test_long_parts_are_cut_between_characters(void **state)
{
    (void) state;
    struct fault_list list = { 0 };
    char              found[2 * FAULT_FOUND_BYTES] = "a";
    while (strlen(found) + 3 < sizeof found)
        strcat(found, "é");
    fault_add(&list, (struct fault_place){ 0 }, NULL, "%s", found);
    assert_int_equal(strlen(list.faults[0].found), FAULT_FOUND_BYTES - 1);
    assert_memory_equal(list.faults[0].found, found, FAULT_FOUND_BYTES - 1);
    fault_add(&list, (struct fault_place){ 0 }, NULL, "%s", found + 1);
    assert_int_equal(strlen(list.faults[1].found), FAULT_FOUND_BYTES - 2);
    char line[10];
    assert_int_equal(fault_render(&list.faults[1], line, sizeof line), 8);
    assert_string_equal(line, "éééé");
    fault_list_free(&list);
}

/* The first thousand are kept, the thousand and first is counted. */
static void test_kept_and_counted(void **state)
{
    (void) state;
    struct fault_list list = { 0 };
    for (int i = 0; i < FAULT_MAX_KEPT; i++)
        fault_add(&list, (struct fault_place){ 0 }, NULL, "%d", i);
    char  *text;
    size_t size;
    FILE  *stream = open_memstream(&text, &size);
    assert_ok(fault_list_write(&list, stream));
    fclose(stream);
    assert_string_equal(text + size - 4, "999\n");
    free(text);

    fault_add(&list, (struct fault_place){ 0 }, NULL, "one too many");
    assert_int_equal(list.num_kept, FAULT_MAX_KEPT);
    assert_int_equal(list.num_all, FAULT_MAX_KEPT + 1);
    stream = open_memstream(&text, &size);
    assert_ok(fault_list_write(&list, stream));
    fclose(stream);
    assert_non_null(strstr(text, "\n999\n… and 1 more fault\n"));
    free(text);
    fault_list_free(&list);
}

static void test_a_full_disk_is_told(void **state)
{
    (void) state;
    struct fault_list list = { 0 };
    fault_add(&list, (struct fault_place){ 0 }, NULL, "x");
    FILE *full = fopen("/dev/full", "w");
    if (full != NULL) {
        assert_int_equal(fault_list_write(&list, full), BASE_ERR_SYSTEM);
        fclose(full);
    }
    fault_list_free(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_fault_is_one_line),
        cmocka_unit_test(test_names_are_escaped),
        cmocka_unit_test(test_long_parts_are_cut_between_characters),
        cmocka_unit_test(test_kept_and_counted),
        cmocka_unit_test(test_a_full_disk_is_told),
    };
    return cmocka_run_group_tests_name("fault", tests, NULL, NULL);
}
