/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows of cells out of text: delimiters, quotes, encodings, and what is asked instead of guessed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/sheet/sheet.h"
#include "support/test.h"

/* "LINE:cell|cell" a row, "= status", the form, the faults; free() it. */
static char *read_bytes(const char *bytes, size_t size, const char *encoding)
{
    struct fault_list    faults = FAULT_LIST_INIT;
    struct sheet_options options = { .encoding = encoding };
    struct sheet        *sheet = NULL;
    struct sheet_row     row;
    char                *text;
    size_t               text_size;
    FILE                *out = open_memstream(&text, &text_size);
    int                  ret = sheet_open(bytes, size, "f", &options, &faults, &sheet);
    if (ret == 0)
        fprintf(out, "%s %c\n", sheet_form(sheet)->encoding,
                sheet_form(sheet)->delimiter != '\0' ? sheet_form(sheet)->delimiter : '%');
    while (ret == 0 && (ret = sheet_next(sheet, &row)) == 1) {
        fprintf(out, "%d:", (int) row.number);
        for (size_t i = 0; i < row.num_cells; i++)
            fprintf(out, i == 0 ? "%s" : "|%s", row.cells[i].size > 0 ? row.cells[i].text : "");
        fputc('\n', out);
        ret = 0;
    }
    if (ret != 0)
        fprintf(out, "= %d\n", ret);
    sheet_close(sheet);
    fault_list_write(&faults, out);
    fault_list_free(&faults);
    fclose(out);
    return text;
}

static void check(const char *bytes, size_t size, const char *encoding, const char *expected)
{
    char *text = read_bytes(bytes, size, encoding);
    assert_string_equal(text, expected);
    free(text);
}
#define assert_rows(bytes, expected) check(bytes, sizeof(bytes) - 1, NULL, expected)
#define assert_rows_in(bytes, encoding, expected) check(bytes, sizeof(bytes) - 1, encoding, expected)

static void test_rows_as_people_write_them(void **state)
{
    (void) state;
    assert_rows("a,b\r\n1,\"two\nlines\"\r\n\r\n,,\n\"x \"\"y\"\"\", z \n=\"007\",\"\"\n",
                "utf-8 ,\n1:a|b\n2:1|two\nlines\n6:x \"y\"|z\n7:007\n");
    assert_rows("# made on Monday\n\na;b,c;d\n1;2;3\n4;5;6", "utf-8 ;\n3:a|b,c|d\n4:1|2|3\n5:4|5|6\n");
    assert_rows("a\tb\r1\t2\r", "utf-8 \t\n1:a|b\n2:1|2\n");
    assert_rows("a|b\n1|2\n", "utf-8 |\n1:a|b\n2:1|2\n");
    assert_rows("\xef\xbb\xbf"
                "a,b\n",
                "utf-8 ,\n1:a|b\n");
    assert_rows("", "utf-8 ,\n");
    assert_rows("one\ntwo\n", "utf-8 ,\n1:one\n2:two\n");
}

/* Keys are columns in the order in which they come; what stands within is a column of its own. */
static void test_objects_are_rows(void **state)
{
    (void) state;
    assert_rows("{\"a\":\"one\",\"b\":{\"c\":1.50,\"d\":[true,null]}}\n\n{\"e\":\"\\u4e2d\\n\",\"a\":null,\"b\":{\"c\":"
                "2}}\n{}\n"
                "{\"a\":\"x\"}{\"a\":\"y\"}",
                "utf-8 %\n1:a|b.c|b.d.0|b.d.1|e\n1:one|1.50|true\n3:|2|||\u4e2d\n\n5:x\n6:y\n");
    assert_rows("\xef\xbb\xbf {\"a\":1}", "utf-8 %\n1:a\n1:1\n");
    assert_rows("{\"a\":1}\n{\"a\":\n", "= -1000\nf:3: the end of the text; allowed: objects of JSON, one a line\n");
    assert_rows("{\"a\":1}\n[1]\n", "= -1000\nf:2: a value that is no object; allowed: an object a line\n");
    assert_rows("{\"a\":\"\\u0000\"}\n",
                "= -1000\nf:1: \\u0000, which no text may hold; allowed: objects of JSON, one a line\n");
    assert_rows("{}", "= -1000\nf:1: objects without any; allowed: objects with keys\n");
    assert_rows_in("{\"a\":\"\xd6\xd0\"}", "gb18030", "gb18030 %\n1:a\n1:\u4e2d\n");
}

/* As many keys, levels and bytes as allowed, and one more. */
static void test_limits_of_objects(void **state)
{
    (void) state;
    static const char deep[] = "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":1}}}}}}}}";
    static const char deeper[] = "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":1}}}}}}}}}";
    assert_rows(deep, "utf-8 %\n1:a.a.a.a.a.a.a.a\n1:1\n");
    char *told = read_bytes(deeper, sizeof deeper - 1, NULL);
    assert_memory_equal(told, "= -1000\nf:1:", 12);
    free(told);
    for (size_t keys = SHEET_MAX_COLUMNS; keys <= SHEET_MAX_COLUMNS + 1; keys++) {
        char  *text, *rows;
        size_t size;
        FILE  *out = open_memstream(&text, &size);
        for (size_t i = 0; i < keys; i++)
            fprintf(out, "{\"%zu\":%zu}\n", i, i);
        fclose(out);
        rows = read_bytes(text, size, NULL);
        if (keys == SHEET_MAX_COLUMNS)
            assert_non_null(strstr(rows, "\n2000:"));
        else
            assert_string_equal(rows, "= -1000\nf:2001: more keys than a table has columns; allowed: at most 2,000\n");
        free(rows);
        free(text);
    }
}

/* The delimiter is the one by which the lines agree, not the one that the header has most of. */
static void test_the_lines_agree_on_the_delimiter(void **state)
{
    (void) state;
    assert_rows("name, as written;age\nLi;3\nWang, junior;4\n",
                "utf-8 ;\n1:name, as written|age\n2:Li|3\n3:Wang, junior|4\n");
}

static void test_a_quote_that_does_not_end_is_a_fault(void **state)
{
    (void) state;
    assert_rows(
        "a,b\n1,2\n3,\"4\n5,6\n",
        "utf-8 ,\n1:a|b\n2:1|2\n= -1000\nf:3: a quoted cell begins in this row and does not end; the rest of the file "
        "was not read; allowed: a closing quote\n");
}

static void test_encodings_are_said_or_asked(void **state)
{
    (void) state;
    assert_rows("\xff\xfe"
                "a\0,\0b\0\n\0-N,\0",
                "utf-16le ,\n1:a|b\n2:中\n");
    assert_rows("\xfe\xff\0a\0,\0b", "utf-16be ,\n1:a|b\n");
    assert_rows("a,b\nM\xfcller,1\n",
                "= -1000\nf:2: text that is not UTF-8: a cell reads \"M黮ler\" in gb18030 and \"Müller\" in "
                "windows-1252; allowed: --encoding gb18030 or windows-1252\n");
    assert_rows_in("a,b\nM\xfcller,1\n", "windows-1252", "windows-1252 ,\n1:a|b\n2:Müller|1\n");
    assert_rows_in("\xd0\xd5\xc3\xfb\n\xd5\xc5\n", "GB2312", "gb18030 ,\n1:姓名\n2:张\n");
    assert_rows_in("a\n\xff\xff\n", "gb18030",
                   "= -1000\nf: byte 3 is not gb18030; allowed: the encoding that the file has\n");
    assert_rows_in("a\n", "latin", "= -1000\nf: an encoding that is not known; allowed: " ENCODING_ALLOWED "\n");
    assert_rows("a\0b\n",
                "= -1000\nf:1: text with NUL bytes: UTF-16 without a mark, or no text; allowed: UTF-16 with its "
                "byte-order mark, or --encoding utf-16le or utf-16be\n");
    assert_rows_in("\xef\xbb\xbf"
                   "a\n",
                   "gb18030", "utf-8 ,\n1:a\n"); /* a mark cannot be overruled */
}

static void test_limits(void **state)
{
    (void) state;
    for (size_t more = 0; more < 2; more++) {
        char *cells = malloc(SHEET_MAX_COLUMNS + more), *cell = malloc(SHEET_MAX_CELL + more);
        memset(cells, ',', SHEET_MAX_COLUMNS - 1 + more);
        cells[SHEET_MAX_COLUMNS - 1 + more] = 'x';
        char *text = read_bytes(cells, SHEET_MAX_COLUMNS + more, NULL);
        assert_int_equal(strstr(text, "more than 2000 cells in a row") != NULL, more == 1);
        free(text);
        memset(cell, 'x', SHEET_MAX_CELL + more);
        text = read_bytes(cell, SHEET_MAX_CELL + more, NULL);
        assert_int_equal(strstr(text, "a cell of more than 131068 bytes") != NULL, more == 1);
        free(text);
        free(cells);
        free(cell);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_as_people_write_them),
        cmocka_unit_test(test_objects_are_rows),
        cmocka_unit_test(test_limits_of_objects),
        cmocka_unit_test(test_the_lines_agree_on_the_delimiter),
        cmocka_unit_test(test_a_quote_that_does_not_end_is_a_fault),
        cmocka_unit_test(test_encodings_are_said_or_asked),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
