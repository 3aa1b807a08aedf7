/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fault.h"
#include "base/json_reader.h"
#include "base/text.h"
#include "support/property.h"
#include "support/test.h"

static struct value_tree tree;
static struct json_fault fault;

static const struct value *read_text(const char *text)
{
    assert_ok(json_read(text, strlen(text), NULL, &tree, &fault));
    return tree.values;
}

/* The text is refused at this byte, and the fault says these words. */
static void assert_refused(const char *text, size_t byte, const char *path, const char *found)
{
    assert_status(json_read(text, strlen(text), NULL, &tree, &fault), BASE_ERR_INPUT);
    assert_int_equal(tree.num_values, 0);
    assert_int_equal(fault.byte, byte);
    assert_string_equal(fault.path, path);
    assert_string_equal(fault.found, found);
    assert_status(json_read(text, strlen(text), NULL, &tree, NULL), BASE_ERR_INPUT);
}

static void test_the_tree_is_flat(void **state)
{
    (void) state;
    const struct value *root = read_text(" {\"a\": [1, {\"b\": null}, []], \"c\": \"x\"} ");
    assert_int_equal(tree.num_values, 10);
    assert_int_equal(root->kind, VALUE_OBJECT);
    assert_int_equal(root->size, 10);
    assert_int_equal(root->count, 2);
    const struct value *a = value_get(root, "a");
    assert_int_equal(a->kind, VALUE_ARRAY);
    assert_int_equal(a->count, 3);
    assert_int_equal(a->size, 6);
    assert_int_equal(value_at(a, 0)->integer, 1);
    assert_int_equal(value_get(value_at(a, 1), "b")->kind, VALUE_NULL);
    assert_int_equal(value_at(a, 2)->size, 1);
    assert_null(value_at(a, 3));
    assert_true(value_is_text(value_get(root, "c"), "x"));
    assert_null(value_get(root, "b"));
    assert_null(value_get(value_get(root, "b"), "c"));
    assert_int_equal(value_get(root, "c")->place, 34);
}

static void test_each(void **state)
{
    (void) state;
    const struct value *root = read_text("{\"a\":[1,[9],3],\"b\":{\"x\":[1],\"y\":2}}");
    int64_t             sum = 0;
    size_t              pairs = 0;
    for (VALUE_EACH(child, value_get(root, "a")))
        sum += child->kind == VALUE_INTEGER ? child->integer : 100;
    assert_int_equal(sum, 104);
    for (VALUE_EACH_PAIR(key, value_get(root, "b")))
        pairs += value_is_text(key, pairs == 0 ? "x" : "y");
    assert_int_equal(pairs, 2);
    for (VALUE_EACH(child, value_get(root, "b")))
        fail_msg("an object has no elements: %p", (const void *) child);
    for (VALUE_EACH_PAIR(key, NULL))
        fail_msg("nothing has no pairs: %p", (const void *) key);
}

static void test_path(void **state)
{
    (void) state;
    char                path[VALUE_PATH_BYTES], small[8];
    const struct value *root = read_text("{\"entry\":[0,{\"a b\":{\"c\\n\":[[7]]}}]}");
    const struct value *seven = root + root->size - 1;
    assert_int_equal(seven->integer, 7);
    assert_int_equal(value_path(root, seven, path, sizeof path), strlen("entry[1].a b.c\\n[0][0]"));
    assert_string_equal(path, "entry[1].a b.c\\n[0][0]");
    assert_int_equal(value_path(root, root, path, sizeof path), 0);
    value_path(root, seven, small, sizeof small);
    assert_string_equal(small, "entry[1");
}

/* A number keeps its text; only what an int64_t holds is an integer. */
static void test_numbers(void **state)
{
    (void) state;
    const struct value *root =
        read_text("[0, -0, 9223372036854775807, -9223372036854775808, 9223372036854775808, 1.10, 1e2, -1.5E-3,"
                  " 123456789012345678901234567890, 0.1, 4.9e-324, 1.7976931348623157e308, 9007199254740993.0, 1e23, "
                  "1e-99999999999999999999, -0e99999999999999999999]");
    assert_int_equal(value_at(root, 0)->integer, 0);
    assert_int_equal(value_at(root, 1)->kind, VALUE_INTEGER);
    assert_int_equal(value_at(root, 1)->integer, 0);
    assert_true(value_at(root, 2)->integer == INT64_MAX);
    assert_true(value_at(root, 3)->integer == INT64_MIN);
    assert_int_equal(value_at(root, 4)->kind, VALUE_NUMBER);
    assert_true(value_at(root, 4)->number == 9223372036854775808.0);
    assert_true(value_at(root, 5)->number == 1.1);
    assert_int_equal(value_at(root, 5)->length, 4);
    assert_memory_equal(value_at(root, 5)->text, "1.10", 4);
    assert_int_equal(value_at(root, 6)->kind, VALUE_NUMBER);
    assert_true(value_at(root, 6)->number == 100.0);
    assert_true(value_at(root, 7)->number == -0.0015);
    assert_true(value_at(root, 8)->number == 123456789012345678901234567890.0);
    assert_true(value_at(root, 9)->number == 0.1);
    assert_true(value_at(root, 10)->number == 4.9e-324);
    assert_true(value_at(root, 11)->number == 1.7976931348623157e308);
    assert_true(value_at(root, 12)->number == 9007199254740993.0);
    assert_true(value_at(root, 13)->number == 1e23);
    assert_true(value_at(root, 14)->number == 0);
    assert_true(value_at(root, 15)->number == 0 && signbit(value_at(root, 15)->number));
    double number = 7;
    assert_true(value_to_number(value_at(root, 2), &number));
    assert_true(number == 9223372036854775808.0);
    assert_false(value_to_number(root, &number));
    assert_false(value_to_number(NULL, &number));
}

static void test_numbers_refused(void **state)
{
    (void) state;
    assert_refused("[01]", 1, "[0]", "\"01\"");
    assert_refused("-", 1, "", "the end of the text");
    assert_refused("[1.]", 3, "[0]", "\"]\"");
    assert_refused("[.5]", 1, "[0]", "\".5\"");
    assert_refused("[1e+]", 4, "[0]", "\"]\"");
    assert_refused("[+1]", 1, "[0]", "\"+1\"");
    assert_refused("[-Infinity]", 2, "[0]", "\"Infinity\"");
    assert_refused("[1e309]", 1, "[0]", "a number too large for a double");
    char digits[TEXT_MAX_NUMBER + 2];
    memset(digits, '1', sizeof digits);
    digits[1] = '.';
    assert_ok(json_read(digits, TEXT_MAX_NUMBER, NULL, &tree, &fault));
    assert_status(json_read(digits, TEXT_MAX_NUMBER + 1, NULL, &tree, &fault), BASE_ERR_INPUT);
    assert_string_equal(fault.found, "a number of more than 400 characters");
}

static void test_escapes(void **state)
{
    (void) state;
    const struct value *root =
        read_text("[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\", \"\\u00e9\\u4e2d\\ud83d\\ude00!\", \"plain\","
                  " {\"\\u0061\": \"a longer text with one\\nescape in it\"}]");
    assert_true(value_is_text(value_at(root, 0), "\"\\/\b\f\n\r\t"));
    assert_true(value_is_text(value_at(root, 1), "é中😀!"));
    assert_true(value_is_text(value_at(root, 2), "plain"));
    assert_true(value_is_text(value_get(value_at(root, 3), "a"), "a longer text with one\nescape in it"));
}

static void test_texts_refused(void **state)
{
    (void) state;
    assert_refused("[\"a", 3, "[0]", "the end of the text within a string");
    assert_refused("[\"a\\", 4, "[0]", "the end of the text within a string");
    assert_refused("{\"k\":\"a\nb\"}", 7, "k", "a control character within a string");
    assert_refused("[\"a long enough text\tb\"]", 20, "[0]", "a control character within a string");
    assert_refused("[\"\\x\"]", 2, "[0]", "a backslash before something that needs none");
    assert_refused("[\"\\u00g0\"]", 2, "[0]", "\\u without four hexadecimal digits");
    assert_refused("[\"\\u0000\"]", 2, "[0]", "\\u0000, which no text may hold");
    assert_refused("[\"\\ud83d\"]", 2, "[0]", "half of a surrogate pair alone");
    assert_refused("[\"\\ud83d\\u0041\"]", 2, "[0]", "half of a surrogate pair alone");
    assert_refused("[\"\\ude00\"]", 2, "[0]", "half of a surrogate pair alone");
    assert_refused("[1,\"ab\xc3\"]", 6, "[1]", "a byte that is not UTF-8");
    assert_refused("[\"\xed\xa0\x80\"]", 2, "[0]", "a byte that is not UTF-8");
    assert_refused("[\"\xc0\x80\"]", 2, "[0]", "a byte that is not UTF-8");
    assert_refused("[\"\\n some text \xff and more\"]", 15, "[0]", "a byte that is not UTF-8");
    assert_refused("[\"\xff", 2, "[0]", "a byte that is not UTF-8");
}

static void test_grammar_refused(void **state)
{
    (void) state;
    assert_refused("", 0, "", "the end of the text");
    assert_refused("  ", 2, "", "the end of the text");
    assert_refused("[1,]", 3, "[1]", "\"]\"");
    assert_refused("[1 2]", 3, "", "\"2\"");
    assert_refused("{\"a\" 1}", 5, "", "\"1\"");
    assert_refused("{\"a\":1,}", 7, "", "\"}\"");
    assert_refused("{a:1}", 1, "", "\"a\"");
    assert_refused("{\"a\":{\"b\":[1,{]}}", 14, "a.b[1]", "\"]\"");
    assert_refused("{\"a\":tru}", 5, "a", "\"tru\"");
    assert_refused("[1}", 2, "", "\"}\"");
    assert_refused("1 2", 2, "", "\"2\"");
    assert_refused("\xef\xbb\xbf[]", 0, "", "a byte-order mark");
    assert_refused("[\xc3\xa9]", 1, "[0]", "\"é\"");
    assert_refused("// no\n1", 0, "", "\"/\"");
    assert_status(json_read("[1,\0]", 5, NULL, &tree, &fault), BASE_ERR_INPUT);
    assert_int_equal(fault.byte, 3);
}

static void test_line_and_column(void **state)
{
    (void) state;
    const char *text = "{\n  \"名字\": \"é\", x\n}";
    assert_status(json_read(text, strlen(text), NULL, &tree, &fault), BASE_ERR_INPUT);
    assert_int_equal(fault.line, 2);
    assert_int_equal(fault.column, 14);
    assert_string_equal(fault.allowed, "a key in double quotes");
    assert_false(fault.cut);
}

/* What ends too early is told apart from what is wrong. */
static void test_cut(void **state)
{
    (void) state;
    const char *whole = "{\"a\": [true, \"x\\u00e9\\ud83d\\ude00é\", 1.5e3]}";
    for (size_t size = 0; size < strlen(whole); size++) {
        char *copy = malloc(size + 1); /* of its own size, so that a sanitizer sees a byte too far */
        memcpy(copy, whole, size);
        assert_status(json_read(copy, size, NULL, &tree, &fault), BASE_ERR_INPUT);
        assert_true(fault.cut);
        free(copy);
    }
    assert_refused("[1,,", 3, "[1]", "\",\"");
    assert_false(fault.cut);
}

static void test_same_key_twice(void **state)
{
    (void) state;
    assert_refused("{\"a\":1,\"b\":2,\"a\":3}", 13, "a", "the same key twice in an object");
    assert_refused("[{\"\":{\"key\":1,\"\\u006bey\":{}}}]", 14, "[0]..key", "the same key twice in an object");
}

/* Both ways of looking, with and without a repetition, keys long and short. */
static void try_keys(struct test_random *random)
{
    static char text[1 << 16];
    size_t      num = test_between(random, 1, 120), used = 1, twice = test_between(random, 0, 1), first = 0, second = 0;
    size_t      width = test_between(random, 3, 14);
    if (num > 1 && twice) {
        second = test_between(random, 1, num - 1);
        first = test_between(random, 0, second - 1);
    }
    text[0] = '{';
    size_t place = 0;
    for (size_t i = 0; i < num; i++) {
        place = i == second ? used + (i > 0) : place;
        used += (size_t) sprintf(text + used, "%s\"%0*zu%s\":[%zu]", i > 0 ? "," : "", (int) width,
                                 i == second ? first : i, width % 2 ? "" : "x", i);
    }
    text[used++] = '}';
    int status = json_read(text, used, NULL, &tree, &fault);
    if (second > 0) {
        assert_status(status, BASE_ERR_INPUT);
        assert_int_equal(fault.byte, place);
        assert_string_equal(fault.found, "the same key twice in an object");
    } else {
        assert_ok(status);
        assert_int_equal(tree.num_values, 1 + 3 * num);
    }
}

static void test_same_key_twice_of_many(void **state)
{
    (void) state;
    test_property("keys", 2000, try_keys);
}

static void test_limits(void **state)
{
    (void) state;
    char text[2 * JSON_READ_MAX_DEPTH + 2];
    memset(text, '[', JSON_READ_MAX_DEPTH + 1);
    memset(text + JSON_READ_MAX_DEPTH, ']', JSON_READ_MAX_DEPTH);
    assert_ok(json_read(text, 2 * JSON_READ_MAX_DEPTH, NULL, &tree, &fault));
    memset(text, '[', JSON_READ_MAX_DEPTH + 1);
    memset(text + JSON_READ_MAX_DEPTH + 1, ']', JSON_READ_MAX_DEPTH + 1);
    assert_status(json_read(text, 2 * JSON_READ_MAX_DEPTH + 2, NULL, &tree, &fault), TOC_ERR_TOO_LARGE);
    assert_int_equal(fault.byte, JSON_READ_MAX_DEPTH);
    assert_string_equal(fault.found, "more than 128 arrays and objects within one another");

    struct json_limits limits = { .max_depth = 1, .max_values = 3, .max_bytes = 7 };
    assert_ok(json_read("[1, 2 ]", 7, &limits, &tree, &fault));
    assert_status(json_read("[1, 2 ] ", 8, &limits, &tree, &fault), TOC_ERR_TOO_LARGE);
    assert_string_equal(fault.found, "more than 7 bytes");
    assert_status(json_read("[1,2,3]", 7, &limits, &tree, &fault), TOC_ERR_TOO_LARGE);
    assert_string_equal(fault.found, "more than 3 keys and values");
    assert_status(json_read("[[1]]", 5, &limits, &tree, &fault), TOC_ERR_TOO_LARGE);
    assert_string_equal(fault.path, "[0]");
}

/* The caller's room: filled to the last, and one past it refused. */
static void test_borrowed_room(void **state)
{
    (void) state;
    struct value      values[4];
    char              texts[5];
    struct value_tree mine;
    value_tree_init_in(&mine, values, 4, texts, 5);
    assert_ok(json_read("[1,\"a\\nbc\",2]", 13, NULL, &mine, &fault));
    assert_true(value_is_text(value_at(mine.values, 1), "a\nbc"));
    assert_true(mine.values == values);
    assert_status(json_read("[1,2,3,4]", 9, NULL, &mine, &fault), TOC_ERR_TOO_LARGE);
    assert_string_equal(fault.found, "more than 4 keys and values");
    assert_status(json_read("[\"a\\nbcd\"]", 10, NULL, &mine, &fault), TOC_ERR_TOO_LARGE);
    assert_string_equal(fault.found, "more than 5 bytes of texts with escapes");
    value_tree_init_in(&mine, NULL, 0, NULL, 0);
    assert_status(json_read("1", 1, NULL, &mine, &fault), TOC_ERR_TOO_LARGE);
    value_tree_wipe(&mine);
    value_tree_free(&mine);
}

/* The place of what is missing is told also where the room is full to the last entry, borrowed or grown. */
static void test_cut_where_the_room_is_full(void **state)
{
    (void) state;
    struct value values[64];
    for (size_t room = 0; room <= 64; room++) {
        struct value_tree mine = VALUE_TREE_INIT;
        char              text[400] = "[";
        for (size_t i = 3; i < 64; i++)
            strcat(text, "0,");
        strcat(text, "{\"k\":");
        if (room > 0)
            value_tree_init_in(&mine, values, room, NULL, 0);
        assert_true(json_read(text, strlen(text), NULL, &mine, &fault) != 0);
        assert_string_equal(fault.path, room == 0 ? "[61].k" : room == 64 ? "[61]" : fault.path);
        value_tree_free(&mine);
    }
}

/* Growing moves texts with escapes; what was read before them stays right. */
static void test_growing(void **state)
{
    (void) state;
    struct value_tree mine = VALUE_TREE_INIT;
    static char       text[40000];
    size_t            used = 0;
    text[used++] = '[';
    for (int i = 0; i < 1000; i++)
        used += (size_t) sprintf(text + used, "%s\"plain %d\",\"tab\\t%d\"", i > 0 ? "," : "", i, i);
    text[used++] = ']';
    assert_ok(json_read(text, used, NULL, &mine, &fault));
    int i = 0;
    for (VALUE_EACH(child, mine.values)) {
        char expected[20];
        sprintf(expected, i % 2 == 0 ? "plain %d" : "tab\t%d", i / 2);
        assert_true(value_is_text(child, expected));
        i++;
    }
    assert_int_equal(i, 2000);
    value_tree_wipe(&mine);
    assert_int_equal(mine.num_values, 0);
    assert_ok(json_read("\"again\"", 7, NULL, &mine, &fault));
    assert_true(value_is_text(mine.values, "again"));
    value_tree_free(&mine);
}

static void test_a_stream_of_values(void **state)
{
    (void) state;
    const char *text = " {\"a\":1}\n[2]3 \"x\"true\n";
    size_t      offset = 0, size = strlen(text), num = 0;
    for (;; num++) {
        assert_ok(json_read_next(text, size, &offset, NULL, &tree, &fault));
        if (tree.num_values == 0)
            break;
        if (num == 2)
            assert_int_equal(tree.values->integer, 3);
    }
    assert_int_equal(num, 5);
    assert_int_equal(offset, size);
    offset = 0;
    assert_ok(json_read_next("1\n[", 3, &offset, NULL, &tree, &fault));
    assert_int_equal(offset, 1);
    assert_status(json_read_next("1\n[", 3, &offset, NULL, &tree, &fault), BASE_ERR_INPUT);
    assert_int_equal(offset, 1);
    assert_int_equal(fault.byte, 3);
    assert_int_equal(fault.line, 2);
    assert_true(fault.cut);
}

/* ---- agreement with jansson ---- */

static void assert_same(const struct value *value, const json_t *other)
{
    size_t      index;
    const char *key;
    json_t     *child;
    switch (json_typeof(other)) {
    case JSON_NULL: assert_int_equal(value->kind, VALUE_NULL); break;
    case JSON_TRUE: assert_int_equal(value->kind, VALUE_TRUE); break;
    case JSON_FALSE: assert_int_equal(value->kind, VALUE_FALSE); break;
    case JSON_INTEGER:
        assert_int_equal(value->kind, VALUE_INTEGER);
        assert_true(value->integer == json_integer_value(other));
        break;
    case JSON_REAL:
        assert_int_equal(value->kind, VALUE_NUMBER);
        assert_true(value->number == json_real_value(other));
        break;
    case JSON_STRING:
        assert_int_equal(value->kind, VALUE_TEXT);
        assert_int_equal(value->length, json_string_length(other));
        assert_memory_equal(value->text, json_string_value(other), value->length);
        break;
    case JSON_ARRAY:
        assert_int_equal(value->kind, VALUE_ARRAY);
        assert_int_equal(value->count, json_array_size(other));
        json_array_foreach (other, index, child)
            assert_same(value_at(value, index), child);
        break;
    case JSON_OBJECT:
        assert_int_equal(value->kind, VALUE_OBJECT);
        assert_int_equal(value->count, json_object_size(other));
        json_object_foreach ((json_t *) (uintptr_t) other, key, child)
            assert_same(value_get(value, key), child);
        break;
    }
}

static const char *const seeds[] = {
    "{\"resourceType\":\"Bundle\",\"total\":2,\"entry\":[{\"resource\":{\"id\":\"a\",\"value\":1.50,\"ok\":true}},null]"
    "}",
    "[0,-1,9223372036854775807,-9223372036854775808,1e5,1.25E-3,-0.0,123456789.123456789,1e308]",
    "[\"\",\"\\u00e9\\ud83d\\ude00\\n\",\"é中😀\",\"a\\\\b\\\"c\\/d\"]",
    " { \"a\" : { \"b\" : [ [ ] , { } , false ] } ,\r\n\t\"c\" : \"a text of some length, longer than eight\" } ",
    "{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6,\"g\":7,\"h\":8,\"i\":9,\"j\":1,\"k\":2,\"l\":3,\"m\":4,\"n\":5,"
    "\"o\":6,\"p\":7,\"q\":8,\"r\":9}",
};

static void mutate(struct test_random *random, char *text, size_t *size)
{
    static const char likely[] = "{}[]\":,\\ \n0123456789eE+-.tfnu/abx\xc3\xa9\xed\xff";
    size_t            at = test_between(random, 0, *size - 1);
    size_t            from = test_between(random, 0, *size - 1);
    char              c = likely[test_between(random, 0, sizeof likely - 1)];
    switch (test_between(random, 0, 4)) {
    case 0: text[at] = c; break;
    case 1: text[at] = (char) test_between(random, 0, 255); break;
    case 2: text[at] = text[from]; break;
    case 3:
        memmove(text + at, text + at + 1, *size - at - 1);
        *size -= *size > 1;
        break;
    default:
        memmove(text + at + 1, text + at, *size - at);
        text[at] = c;
        *size += 1;
        break;
    }
}

static void try_mutated(struct test_random *random)
{
    const char *seed = seeds[test_between(random, 0, sizeof seeds / sizeof *seeds - 1)];
    size_t      size = strlen(seed);
    char        text[400];
    memcpy(text, seed, size);
    for (size_t i = test_between(random, 0, 3); i > 0; i--)
        mutate(random, text, &size);
    char *copy = malloc(size);
    memcpy(copy, text, size);
    json_error_t error;
    json_t      *other = json_loadb(text, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    int          status = json_read(copy, size, NULL, &tree, &fault);
    if (memchr(text, '\0', size) != NULL) { /* jansson takes one for the end */
        assert_status(status, BASE_ERR_INPUT);
    } else if (other != NULL) {
        assert_ok(status);
        assert_same(tree.values, other);
    } else if (strstr(error.text, "too big") == NULL) { /* of integers: ours are read as numbers */
        assert_status(status, BASE_ERR_INPUT);
        assert_true(fault.byte <= size && fault.found[0] != '\0');
    }
    json_decref(other);
    free(copy);
}

static void test_agrees_with_jansson(void **state)
{
    (void) state;
    test_property("mutated", 60000, try_mutated);
}

static int free_tree(void **state)
{
    (void) state;
    value_tree_free(&tree);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_tree_is_flat),
        cmocka_unit_test(test_each),
        cmocka_unit_test(test_path),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_numbers_refused),
        cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_texts_refused),
        cmocka_unit_test(test_grammar_refused),
        cmocka_unit_test(test_line_and_column),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_same_key_twice),
        cmocka_unit_test(test_same_key_twice_of_many),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_borrowed_room),
        cmocka_unit_test(test_cut_where_the_room_is_full),
        cmocka_unit_test(test_growing),
        cmocka_unit_test(test_a_stream_of_values),
        cmocka_unit_test(test_agrees_with_jansson),
    };
    return cmocka_run_group_tests(tests, NULL, free_tree);
}
