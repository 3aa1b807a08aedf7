/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/json_writer.h"
#include "support/test.h"

static void assert_written(struct sink *sink, const char *expected)
{
    sink_character(sink, '\0');
    assert_int_equal(sink->failure, 0);
    assert_string_equal(sink->bytes, expected);
    sink_free(sink);
}

static void test_commas_and_nesting(void **state)
{
    (void) state;
    struct sink        sink;
    struct json_writer json;
    sink_init_memory(&sink);
    json_writer_init(&json, &sink);
    json_begin_object(&json);
    json_key(&json, "a");
    json_begin_array(&json);
    json_put_integer(&json, -1);
    json_begin_object(&json);
    json_end(&json);
    json_begin_array(&json);
    json_end(&json);
    json_put_null(&json);
    json_end(&json);
    json_key(&json, "b");
    json_put_bool(&json, true);
    json_end(&json);
    assert_written(&sink, "{\"a\":[-1,{},[],null],\"b\":true}");
}

/* Numbers read back as the same double; what JSON cannot say is null. */
static void test_numbers(void **state)
{
    (void) state;
    struct sink        sink;
    struct json_writer json;
    sink_init_memory(&sink);
    json_writer_init(&json, &sink);
    json_begin_array(&json);
    json_put_number(&json, 0.1);
    json_put_number(&json, 1.0 / 3.0);
    json_put_number(&json, 12);
    json_put_number(&json, NAN);
    json_put_number(&json, -INFINITY);
    json_end(&json);
    assert_written(&sink, "[0.1,0.3333333333333333,12,null,null]");
}

static void test_strings_are_escaped(void **state)
{
    (void) state;
    struct sink        sink;
    struct json_writer json;
    sink_init_memory(&sink);
    json_writer_init(&json, &sink);
    json_put_string(&json, "老城 \"x\" \\ \n\t\x01\x7f");
    assert_written(&sink, "\"老城 \\\"x\\\" \\\\ \\n\\t\\u0001\\u007f\"");
}

/* NUL within a text, a cut character, a stray continuation byte, an encoded surrogate: valid JSON all the same. */
/* Text is looked at eight bytes at a time: each character at each place of texts of each length around that. */
static void test_escapes_wherever_they_stand(void **state)
{
    (void) state;
    for (size_t size = 1; size <= 26; size++)
        for (size_t place = 0; place < size; place++)
            for (int character = 1; character < 0x80; character++) {
                char               text[27], expected[40] = "\"", escape[8];
                struct sink        sink;
                struct json_writer json;
                memset(text, 'x', size);
                text[place] = (char) character;
                text[size] = '\0';
                if (character == '\n' || character == '\r' || character == '\t')
                    snprintf(escape, sizeof escape, "\\%c", character == '\n' ? 'n' : character == '\r' ? 'r' : 't');
                else if (character == '"' || character == '\\')
                    snprintf(escape, sizeof escape, "\\%c", character);
                else
                    snprintf(escape, sizeof escape, character < 0x20 || character == 0x7f ? "\\u%04x" : "%c",
                             character);
                snprintf(expected, sizeof expected, "\"%.*s%s%s\"", (int) place, text, escape, text + place + 1);
                sink_init_memory(&sink);
                json_writer_init(&json, &sink);
                json_put_string(&json, text);
                assert_written(&sink, expected);
            }
}

static void test_bytes_that_are_no_text(void **state)
{
    (void) state;
    struct sink        sink;
    struct json_writer json;
    sink_init_memory(&sink);
    json_writer_init(&json, &sink);
    json_put_string_of(&json, "a\0b\xE8\x80-\x80\xED\xA0\x80", 10);
    sink_character(&sink, '\0');
    assert_string_equal(sink.bytes,
                        "\"a\\u0000b\xEF\xBF\xBD\xEF\xBF\xBD-\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
    sink_free(&sink);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commas_and_nesting),     cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_strings_are_escaped),    cmocka_unit_test(test_escapes_wherever_they_stand),
        cmocka_unit_test(test_bytes_that_are_no_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
