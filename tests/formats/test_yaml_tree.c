/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "formats/yaml_tree.h"
#include "support/test.h"

static void describe_node(FILE *out, const struct yaml_node *node)
{
    fprintf(out, "@%" PRIu32 ":%" PRIu32, node->line, node->column);
    if (node->kind == YAML_TEXT) {
        fprintf(out, node->quoted ? "'%s'" : "%s", node->text);
        return;
    }
    fputs(node->kind == YAML_MAP ? "{" : "[", out);
    for (const struct yaml_node *member = node->first; member != NULL; member = member->next) {
        if (member->key != NULL)
            fprintf(out, "%s@%" PRIu32 ":%" PRIu32 "=", member->key, member->key_line, member->key_column);
        describe_node(out, member);
        fputs(member->next != NULL ? " " : "", out);
    }
    fputs(node->kind == YAML_MAP ? "}" : "]", out);
}

/* The tree, or the faults. */
static char *describe(const char *yaml, size_t size)
{
    struct fault_list faults = { 0 };
    struct arena      arena = ARENA_INIT;
    struct yaml_node *root = NULL;
    char             *text;
    size_t            length;
    FILE             *out = open_memstream(&text, &length);
    int               status = yaml_tree_read(yaml, size, "m", &faults, &arena, &root);
    assert_true(status == 0 ? faults.num_all == 0 : status == BASE_ERR_INPUT && faults.num_all > 0);
    if (status == 0)
        describe_node(out, root);
    else
        assert_null(root);
    for (size_t i = 0; i < faults.num_kept; i++) {
        char line[FAULT_LINE_BYTES];
        fault_render(&faults.faults[i], line, sizeof line);
        fprintf(out, "%s\n", line);
    }
    fault_list_free(&faults);
    arena_free(&arena);
    fclose(out);
    return text;
}

static void assert_tree(const char *yaml, const char *expected)
{
    char *answer = describe(yaml, strlen(yaml));
    assert_string_equal(answer, expected);
    free(answer);
}

static void test_a_tree_knows_its_places(void **state)
{
    (void) state;
    assert_tree("a: 1\nb:\n  - x\n  - {c: 'd'}\n", "@1:1{a@1:1=@1:4"
                                                   "1 b@2:1=@3:3[@3:5x @4:5{c@4:6=@4:9'd'}]}");
    assert_tree("空: 三\nb: 2\n", "@1:1{空@1:1=@1:4三 b@2:1=@2:4"
                                  "2}"); /* columns are characters */
}

static void test_no_text_is_guessed(void **state)
{
    (void) state;
    assert_tree("[no, ~, 012, 2020-01-01, 1e3, ]", "@1:1[@1:2no @1:6~ @1:9"
                                                   "012 @1:14"
                                                   "2020-01-01 @1:26"
                                                   "1e3]");
    assert_tree("", "@1:1");
    assert_tree("a:\nb: ''\n", "@1:1{a@1:1=@1:3 b@2:1=@2:4''}");
}

static void test_what_is_refused(void **state)
{
    (void) state;
    assert_tree("a: &x 1\n", "m:1:4: anchors (&) and tags (!) are not read; allowed: the value itself\n");
    assert_tree("a: &x {b: 1}\n", "m:1:4: anchors (&) and tags (!) are not read; allowed: the value itself\n");
    assert_tree("a: &x [1]\n", "m:1:4: anchors (&) and tags (!) are not read; allowed: the value itself\n");
    assert_tree("a: 1\nb: *x\n", "m:2:4: aliases (*) are not read; allowed: the value itself\n");
    assert_tree("a: !!int 3\n", "m:1:4: anchors (&) and tags (!) are not read; allowed: the value itself\n");
    assert_tree("? [x]\n: 1\n", "m:1:3: a key that is a list; allowed: a text\n");
    assert_tree("a: 1\n---\nb: 2\n", "m:2:1: a second document; allowed: one document a file\n");
    assert_tree("a: \"x\\0y\"\n",
                "m:1:4: a text with a byte that is no character; allowed: text in UTF-8 without NUL\n");
    assert_tree("a: [1, 2\nb: 3\n", "m:2:2: did not find expected ',' or ']', while parsing a flow sequence (from "
                                    "line 1); allowed: YAML\n");
}

static void test_every_key_that_comes_twice_is_told(void **state)
{
    (void) state;
    assert_tree("a: 1\nb: 2\na: 3\nc:\n  d: 1\n  d: 2\na: 4\n",
                "m:6:3: the key \"d\" comes twice, first in line 5; allowed: each key once\n"
                "m:3:1: the key \"a\" comes twice, first in line 1; allowed: each key once\n"
                "m:7:1: the key \"a\" comes twice, first in line 1; allowed: each key once\n");
    assert_tree("a: {x: 1}\nb: {x: 2}\n", "@1:1{a@1:1=@1:4{x@1:5=@1:8"
                                          "1} b@2:1=@2:4{x@2:5=@2:8"
                                          "2}}");
}

static void test_bytes_that_are_no_text(void **state)
{
    (void) state;
    char *answer = describe("a: \xff\n", 5);
    assert_non_null(strstr(answer, "at byte 3; allowed: text in UTF-8 without control characters"));
    free(answer);
    answer = describe("a: \x01\n", 5);
    assert_non_null(strstr(answer, "control characters are not allowed at byte 3"));
    free(answer);
}

/* depth lists within each other. */
static char *nest(size_t depth)
{
    char text[2 * (YAML_TREE_DEPTH + 1) + 1];
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    text[2 * depth] = '\0';
    return describe(text, 2 * depth);
}

static void test_limit_of_depth(void **state)
{
    (void) state;
    char *answer = nest(YAML_TREE_DEPTH);
    assert_int_equal(answer[0], '@');
    free(answer);
    answer = nest(YAML_TREE_DEPTH + 1);
    assert_string_equal(answer, "m:1:17: too deep; allowed: at most 16 maps and lists within each other\n");
    free(answer);
}

/* A list with so many texts, in as few bytes as it can have. */
static char *widen(size_t num)
{
    char *text = malloc(2 * num + 2);
    text[0] = '[';
    for (size_t i = 0; i < num; i++)
        memcpy(text + 1 + 2 * i, "1,", 2);
    text[2 * num + 1] = ']';
    char *answer = describe(text, 2 * num + 2);
    free(text);
    return answer;
}

static void test_limit_of_values(void **state)
{
    (void) state;
    char *answer = widen(YAML_TREE_NODES - 1);
    assert_int_equal(answer[0], '@');
    free(answer);
    answer = widen(YAML_TREE_NODES);
    assert_string_equal(answer, "m:1:200000: one value too many; allowed: at most 100000 values\n");
    free(answer);
}

static char *fill(size_t size)
{
    char *text = malloc(size);
    memset(text, ' ', size);
    memcpy(text, "a: 1 #", 6);
    char *answer = describe(text, size);
    free(text);
    return answer;
}

static void test_limit_of_bytes(void **state)
{
    (void) state;
    char *answer = fill(YAML_TREE_BYTES);
    assert_string_equal(answer, "@1:1{a@1:1=@1:4"
                                "1}");
    free(answer);
    answer = fill(YAML_TREE_BYTES + 1);
    assert_string_equal(answer, "m:1:1: the file is too large; allowed: at most 1048576 bytes\n");
    free(answer);
}

static void test_members(void **state)
{
    (void) state;
    struct fault_list faults = { 0 };
    struct arena      arena = ARENA_INIT;
    struct yaml_node *root = NULL;
    assert_ok(yaml_tree_read("a: 1\nb: 2\n", 10, "m", &faults, &arena, &root));
    assert_string_equal(yaml_member(root, "b")->text, "2");
    assert_null(yaml_member(root, "c"));
    assert_null(yaml_member(root->first, "a")); /* a text has no members */
    arena_free(&arena);
}

static void test_files(void **state)
{
    (void) state;
    struct fault_list faults = { 0 };
    struct arena      arena = ARENA_INIT;
    struct yaml_node *root = NULL;
    assert_status(yaml_tree_read_file("/nonexistent.yaml", &faults, &arena, &root), BASE_ERR_SYSTEM);
    assert_string_equal(faults.faults[0].found, "cannot be opened: No such file or directory");
    assert_status(yaml_tree_read_file("/", &faults, &arena, &root), BASE_ERR_SYSTEM);
    assert_string_equal(faults.faults[1].found, "cannot be read: Is a directory");
    assert_status(yaml_tree_read_file("/dev/zero", &faults, &arena, &root), BASE_ERR_INPUT);
    assert_string_equal(faults.faults[2].found, "the file is too large");
    assert_null(root);
    fault_list_free(&faults);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_tree_knows_its_places),
        cmocka_unit_test(test_no_text_is_guessed),
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_every_key_that_comes_twice_is_told),
        cmocka_unit_test(test_bytes_that_are_no_text),
        cmocka_unit_test(test_limit_of_depth),
        cmocka_unit_test(test_limit_of_values),
        cmocka_unit_test(test_limit_of_bytes),
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
