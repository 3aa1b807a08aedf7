/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "formats/rows.h"
#include "support/test.h"

static const struct rows_column columns[] = {
    { .name = "place" },
    { .name = "count", .kind = ROWS_NUMBER, .decimals = 1 },
    { .name = "alarm", .kind = ROWS_FLAG, .yes = "ALARM", .no = "no", .missing_words = "?" },
};

static void begin(struct rows *rows, struct sink *sink, enum rows_format format, bool color)
{
    sink_init_memory(sink);
    assert_ok(rows_begin(rows, sink, format, color, columns, 3));
}

static void assert_written(struct rows *rows, struct sink *sink, const char *expected)
{
    rows_finish(rows);
    sink_character(sink, '\0');
    assert_string_equal(sink->bytes, expected);
    sink_free(sink);
}

static void write_three(struct rows *rows)
{
    rows_text(rows, "老城, \"old\"");
    rows_number(rows, 0.1);
    rows_flag(rows, true);
    rows_mark(rows, ROWS_ALARM);
    rows_end_row(rows);
    rows_text(rows, "b");
    rows_number(rows, NAN);
    rows_missing(rows);
    rows_mark(rows, ROWS_FAINT);
    rows_end_row(rows);
    rows_text(rows, "");
    rows_number(rows, INFINITY);
    rows_flag(rows, false);
    rows_end_row(rows);
}

static void test_csv(void **state)
{
    (void) state;
    struct rows rows;
    struct sink sink;
    begin(&rows, &sink, ROWS_CSV, true);
    write_three(&rows);
    assert_written(&rows, &sink, "place,count,alarm\n\"老城, \"\"old\"\"\",0.1,1\nb,,\n,Inf,0\n");
}

static void test_ndjson(void **state)
{
    (void) state;
    struct rows rows;
    struct sink sink;
    begin(&rows, &sink, ROWS_NDJSON, true);
    write_three(&rows);
    assert_written(&rows, &sink,
                   "{\"place\":\"老城, \\\"old\\\"\",\"count\":0.1,\"alarm\":true}\n"
                   "{\"place\":\"b\",\"count\":null,\"alarm\":null}\n"
                   "{\"place\":\"\",\"count\":null,\"alarm\":false}\n");
}

/* Columns line up although Chinese characters take two; no blanks at the end of a line. */
static void test_table(void **state)
{
    (void) state;
    struct rows rows;
    struct sink sink;
    begin(&rows, &sink, ROWS_TABLE, false);
    write_three(&rows);
    assert_written(&rows, &sink,
                   "place        count  alarm\n"
                   "-----------  -----  -----\n"
                   "老城, \"old\"    0.1  ALARM\n"
                   "b                   ?\n"
                   "               Inf  no\n");
}

static void test_color_marks_rows(void **state)
{
    (void) state;
    struct rows rows;
    struct sink sink;
    begin(&rows, &sink, ROWS_TABLE, true);
    write_three(&rows);
    rows_finish(&rows);
    sink_character(&sink, '\0');
    assert_non_null(strstr(sink.bytes, "\033[1;31m老城"));
    assert_non_null(strstr(sink.bytes, "\033[2mb"));
    sink_free(&sink);
}

/* A text from a file cannot command the terminal, nor take the whole line. */
static void test_table_texts_are_tamed(void **state)
{
    (void) state;
    struct rows rows;
    struct sink sink;
    char        text[201];
    memset(text, 'x', 200);
    text[200] = '\0';
    begin(&rows, &sink, ROWS_TABLE, false);
    rows_text(&rows, "\033[2J\xff\xE2\x80\xAE");
    rows_number(&rows, 1);
    rows_flag(&rows, false);
    rows_end_row(&rows);
    rows_text(&rows, text);
    rows_number(&rows, 1);
    rows_flag(&rows, false);
    rows_end_row(&rows);
    rows_finish(&rows);
    sink_character(&sink, '\0');
    assert_non_null(strstr(sink.bytes, "?[2J??"));
    assert_null(strchr(sink.bytes, '\033'));
    assert_non_null(strstr(sink.bytes, "xxx…  "));
    assert_null(strstr(sink.bytes, text));
    sink_free(&sink);
}

/* Rows beyond the sample go out at once: what waits stays bounded. */
static void test_long_tables_stream(void **state)
{
    (void) state;
    struct rows rows;
    struct sink sink;
    begin(&rows, &sink, ROWS_TABLE, false);
    for (int i = 0; i < ROWS_SAMPLE_ROWS + 1; i++) {
        assert_int_equal(sink.used > 0, i >= ROWS_SAMPLE_ROWS);
        rows_text(&rows, "a place");
        rows_number(&rows, i);
        rows_flag(&rows, false);
        rows_end_row(&rows);
    }
    rows_finish(&rows);
    size_t lines = 0;
    for (size_t i = 0; i < sink.used; i++)
        lines += sink.bytes[i] == '\n';
    assert_int_equal(lines, ROWS_SAMPLE_ROWS + 3);
    sink_free(&sink);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv),
        cmocka_unit_test(test_ndjson),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_color_marks_rows),
        cmocka_unit_test(test_table_texts_are_tamed),
        cmocka_unit_test(test_long_tables_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
