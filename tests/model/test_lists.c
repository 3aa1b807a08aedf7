/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/support.h"

#define HEADER "code,name_en,name_zh,name_bo,system,system_code,parent,valid_from,valid_to\n"

static int add(struct model_lists *lists, const char *name, const char *text, struct fault_list *faults)
{
    struct test_bytes bytes = { text, strlen(text), 0 };
    return model_lists_add(lists, name, test_input(&bytes, "list.csv"), faults);
}

static void test_a_list_is_found_by_code_and_language(void **state)
{
    (void) state;
    struct model_lists *lists;
    struct fault_list   faults = FAULT_LIST_INIT;
    assert_ok(model_lists_new(&lists));
    assert_ok(add(lists, "disease",
                  HEADER "measles,Measles,麻疹,སིབ་བི།,ICD-10,B05,rash,,\n"
                         "rash,Rash illness,,,,,,2020-01-01,2026-12-31\n",
                  &faults));
    const struct model_entry *measles = model_lists_find(lists, "disease", "measles!", 7);
    assert_string_equal(measles->system_code, "B05");
    assert_string_equal(model_entry_name(measles, MODEL_TIBETAN), "སིབ་བི།");
    const struct model_entry *rash = model_lists_entry(lists, "disease", 1);
    assert_string_equal(model_entry_name(rash, MODEL_CHINESE), "Rash illness");
    assert_null(rash->parent);
    assert_int_equal(rash->valid_to - rash->valid_from, 2556);
    assert_int_equal(measles->valid_from, MODEL_MISSING_DATE);
    assert_null(model_lists_find(lists, "disease", "measle", 6));
    assert_null(model_lists_find(lists, "diseases", "measles", 7));
    assert_null(model_lists_entry(lists, "disease", 2));
    assert_string_equal(model_lists_list(lists, 0), "disease");
    assert_null(model_lists_list(lists, 1));
    assert_int_equal(faults.num_all, 0);
    model_lists_free(lists);
}

static void test_each_fault_has_its_line_and_cell(void **state)
{
    (void) state;
    struct model_lists *lists;
    struct fault_list   faults = FAULT_LIST_INIT;
    assert_ok(model_lists_new(&lists));
    assert_status(add(lists, "disease",
                      "code,name_en,parent,valid_from,valid_to\n"
                      "Measles,Measles,,,\n"
                      "plague,,,,\n"
                      "rabies,Rabies,,2026-02-30,\n"
                      "mumps,Mumps,,2026-01-02,2026-01-01\n"
                      "polio,Polio,,,\n"
                      "polio,Polio,,,\n"
                      "typhus,e\xCC\x81,,,\n",
                      &faults),
                  BASE_ERR_INPUT);
    assert_fault(
        &faults,
        "list.csv:2:1: code: found \"Measles\"; allowed: a code of a-z, 0-9, '-', '_', '.', at most 80 of them");
    assert_fault(&faults, "list.csv:3:2: name_en: found \"\"; allowed: a name in English in every row");
    assert_fault(&faults, "list.csv:4:4: valid_from: found \"2026-02-30\"; allowed: a date as 2026-11-22");
    assert_fault(&faults, "list.csv:5:5: valid_to: found \"2026-01-01\"; allowed: not before valid_from");
    assert_fault(&faults, "list.csv:7:1: code: found \"polio\"; allowed: each code once");
    assert_int_equal(faults.num_all, 6);
    assert_false(model_lists_has(lists, "disease"));
    fault_list_free(&faults);

    assert_status(add(lists, "disease", "code,name_en,parent\na,A,b\nb,B,c\n", &faults), BASE_ERR_INPUT);
    assert_fault(&faults, "list.csv:3: parent: found \"c\"; allowed: a code of this list");
    assert_int_equal(faults.num_all, 1);
    fault_list_free(&faults);

    assert_status(add(lists, "disease", "code,color\n", &faults), BASE_ERR_INPUT);
    assert_int_equal(faults.num_all, 2);
    fault_list_free(&faults);
    assert_ok(add(lists, "disease", "code,name_en\n", &faults));
    assert_status(add(lists, "disease", "code,name_en\n", &faults), BASE_ERR_INPUT);
    fault_list_free(&faults);
    model_lists_free(lists);
}

static void test_many_codes_are_all_found(void **state)
{
    (void) state;
    struct model_lists *lists;
    char                code[16];
    assert_ok(model_lists_new(&lists));
    for (unsigned i = 0; i < 5000; i++) {
        snprintf(code, sizeof code, "c%u", i);
        struct model_entry entry = { .code = code, .name = { code } };
        assert_ok(model_lists_add_entry(lists, i % 2 != 0 ? "odd" : "even", &entry));
    }
    for (unsigned i = 0; i < 5000; i++) {
        int length = snprintf(code, sizeof code, "c%u", i);
        assert_non_null(model_lists_find(lists, i % 2 != 0 ? "odd" : "even", code, (size_t) length));
        assert_null(model_lists_find(lists, i % 2 != 0 ? "even" : "odd", code, (size_t) length));
    }
    assert_string_equal(model_lists_list(lists, 0), "even");
    assert_status(model_lists_add_entry(lists, "odd", &(struct model_entry){ .code = "c1", .name = { "c" } }),
                  BASE_ERR_INPUT);
    model_lists_free(lists);
}

static void test_so_many_lists_and_no_more(void **state)
{
    (void) state;
    struct model_lists *lists;
    struct fault_list   faults = FAULT_LIST_INIT;
    char                name[16];
    assert_ok(model_lists_new(&lists));
    for (unsigned i = 0; i < MODEL_LISTS_MAX; i++) {
        snprintf(name, sizeof name, "l%u", i);
        assert_ok(add(lists, name, "code,name_en\n", &faults));
    }
    assert_status(add(lists, "one_more", "code,name_en\n", &faults), BASE_ERR_INPUT);
    assert_int_equal(faults.num_all, 1);
    fault_list_free(&faults);
    model_lists_free(lists);
}

static void test_a_folder(void **state)
{
    (void) state;
    char folder[] = "/tmp/tocsin-lists-XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    static const char *const files[][2] = { { "sex.csv", "code,name_en\nfemale,Female\n" },
                                            { "bad.csv", "code\n" },
                                            { "README.md", "no list" } };
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, files[i][0]);
        FILE *file = fopen(path, "w");
        fputs(files[i][1], file);
        fclose(file);
    }
    struct model_lists *lists;
    struct fault_list   faults = FAULT_LIST_INIT;
    assert_ok(model_lists_new(&lists));
    assert_status(model_lists_add_folder(lists, folder, &faults), BASE_ERR_INPUT);
    assert_true(model_lists_has(lists, "sex")); /* in spite of the other's fault */
    assert_int_equal(faults.num_all, 1);
    assert_non_null(strstr(faults.faults[0].file, "/bad.csv"));
    fault_list_free(&faults);
    assert_status(model_lists_add_folder(lists, "/nowhere", &faults), BASE_ERR_SYSTEM);
    fault_list_free(&faults);
    model_lists_free(lists);
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, files[i][0]);
        unlink(path);
    }
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_list_is_found_by_code_and_language),
        cmocka_unit_test(test_each_fault_has_its_line_and_cell),
        cmocka_unit_test(test_many_codes_are_all_found),
        cmocka_unit_test(test_so_many_lists_and_no_more),
        cmocka_unit_test(test_a_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
