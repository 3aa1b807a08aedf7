/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "formats/table.h"
#include "support/test.h"

/* An input in memory that gives `chunk` bytes at a time. */
struct bytes {
    const char *bytes;
    size_t      size, at, chunk;
    bool        fails; /* at the end with EIO */
};

static ssize_t read_bytes(void *context, void *bytes, size_t size)
{
    struct bytes *source = context;
    size_t        left = source->size - source->at;
    size_t        count = left < size ? left : size;
    if (count == 0 && source->fails) {
        errno = EIO;
        return -1;
    }
    count = count < source->chunk ? count : source->chunk;
    memcpy(bytes, source->bytes + source->at, count);
    source->at += count;
    return (ssize_t) count;
}

/* What a table answers, as text: "LINE:cell|cell" for the header and each row, "= status" where it is not 0, then the
 * faults. */
static char *read_table(const char *bytes, size_t size, size_t chunk, char delimiter, bool fails)
{
    struct bytes         source = { bytes, size, 0, chunk, fails };
    struct fault_list    faults = { 0 };
    struct table_options options = { delimiter };
    struct table        *table = NULL;
    struct table_row     row;
    char                *text;
    size_t               text_size;
    FILE                *out = open_memstream(&text, &text_size);
    int status = table_open((struct table_input){ read_bytes, &source, "f" }, &options, &faults, &table);
    if (status == 0) {
        row = *table_header(table);
        do {
            fprintf(out, "%d:", (int) row.line);
            for (size_t i = 0; i < row.num_cells; i++) {
                assert_int_equal(row.cells[i].text[row.cells[i].size], '\0');
                fprintf(out, i == 0 ? "%s" : "|%s", row.cells[i].text);
            }
            fputc('\n', out);
            status = table_next(table, &row);
        } while (status == 1);
        assert_int_equal(table_next(table, &row), 0);
    }
    table_close(table);
    if (status != 0)
        fprintf(out, "= %d\n", status);
    fault_list_write(&faults, out);
    fault_list_free(&faults);
    fclose(out);
    return text;
}

/* However the bytes come in, the answer is the same. */
static void assert_answer(const char *bytes, size_t size, const char *expected)
{
    const size_t chunks[] = { 1, 7, SIZE_MAX };
    for (size_t i = 0; i < 3; i++) {
        char *text = read_table(bytes, size, chunks[i], 0, false);
        assert_string_equal(text, expected);
        free(text);
    }
}
#define assert_table(bytes, expected) assert_answer(bytes, sizeof(bytes) - 1, expected)

static void test_plain_tables(void **state)
{
    (void) state;
    assert_table("a,b\n1,2\n3,4\n", "1:a|b\n2:1|2\n3:3|4\n");
    assert_table("a,b\n1,2", "1:a|b\n2:1|2\n");
    assert_table("a,b\r\n1,2\r\n", "1:a|b\n2:1|2\n");
    assert_table("\xef\xbb\xbf"
                 "a,b\n,\n",
                 "1:a|b\n2:|\n");
    assert_table(" a , b\n 1 ,\t2 \n", "1:a|b\n2:1|2\n");
    assert_table("a\n", "1:a\n");
    assert_table("\n\na,b\n\n  \n1,2\n\n", "3:a|b\n6:1|2\n");
}

static void test_delimiters(void **state)
{
    (void) state;
    assert_table("a;b,c;d\n1;2,3;4\n", "1:a|b,c|d\n2:1|2,3|4\n");
    assert_table("a\tb\n1\t\n", "1:a|b\n2:1|\n");
    assert_table("\"a;b;c\",d\n1,2\n", "1:a;b;c|d\n2:1|2\n");
    char *text = read_table("a;b\n1;2\n", 8, 3, ',', false);
    assert_string_equal(text, "1:a;b\n2:1;2\n");
    free(text);
}

/* A row's line is where it begins, however many lines its cells span. */
static void test_quotes_and_lines(void **state)
{
    (void) state;
    assert_table("a,b\n\"x,\"\"y\"\"\n\r\nz\",2\n3,4\n", "1:a|b\n2:x,\"y\"\n\r\nz|2\n5:3|4\n");
    assert_table("\"a\nb\",c\n1,2\n", "1:a\nb|c\n3:1|2\n");
}

static void test_faults_of_rows_are_told_and_passed(void **state)
{
    (void) state;
    assert_table("a,b\n1\n1,2,3\n5,6\n", "1:a|b\n4:5|6\n"
                                         "f:2: 1 cell, but the header has 2\n"
                                         "f:3: 3 cells, but the header has 2\n");
    assert_table("a,b\n1,x\"y\n\"p\"q,2\n5,6\n",
                 "1:a|b\n4:5|6\n"
                 "f:2:2: a quote in the middle of a cell; allowed: quotes around the whole cell, and \"\" for a quote "
                 "inside it\n"
                 "f:3:1: a quote in the middle of a cell; allowed: quotes around the whole cell, and \"\" for a quote "
                 "inside it\n");
    assert_table("a,b\n\xff,2\n3,\"\n\xc3\n\"\n1,\0\n5,6\n",
                 "1:a|b\n7:5|6\n"
                 "f:2: byte 1 of the line, 0xff, is not UTF-8; allowed: UTF-8 text\n"
                 "f:4: byte 1 of the line, 0xc3, is not UTF-8; allowed: UTF-8 text\n"
                 "f:6: byte 3 of the line is NUL; allowed: UTF-8 text\n");
    assert_table("a,b\n1,2\r3,4\n5,6\n",
                 "1:a|b\n3:5|6\nf:2: a carriage return inside the line; allowed: lines that end in LF or CRLF\n");
}

static void test_torn_files(void **state)
{
    (void) state;
    assert_table("a,b\n1,2\n3,\"4\n5,6\n",
                 "1:a|b\n2:1|2\n= -1000\nf:3: a quoted cell begins in this row and does not end; the rest of the file "
                 "was not read; allowed: a closing quote\n");
    assert_table("a,b\n1,2\n3", "1:a|b\n2:1|2\nf:3: 1 cell, but the header has 2\n");
    assert_table("a,\"b", "= -1000\nf:1: a quoted cell begins in this row and does not end; the rest of the file was "
                          "not read; allowed: a closing quote\n");
    assert_table("a,b\n1,\xe7\x96", "1:a|b\nf:2: byte 3 of the line, 0xe7, is not UTF-8; allowed: UTF-8 text\n");
}

static void test_files_that_are_no_tables(void **state)
{
    (void) state;
    assert_table("", "= -1000\nf: an empty file; allowed: a header line and rows\n");
    assert_table("\n\r\n\n", "= -1000\nf: an empty file; allowed: a header line and rows\n");
    assert_table("\xef\xbb\xbf", "= -1000\nf: an empty file; allowed: a header line and rows\n");
    assert_table("\xff\xfe"
                 "a\0",
                 "= -1000\nf: UTF-16 text; allowed: CSV text in UTF-8\n");
    assert_table("PK\x03\x04rest", "= -1000\nf: a spreadsheet or zip archive; allowed: CSV text in UTF-8\n");
    assert_table("\x1f\x8b\x08", "= -1000\nf: a compressed file; allowed: CSV text in UTF-8\n");
    assert_table("a,\xff\n1,2\n", "= -1000\nf:1: byte 3 of the line, 0xff, is not UTF-8; allowed: UTF-8 text\n");
}

/* A buffer that is filled with a format and runs of x: "%" stands for as many as are asked. */
static char *fill(const char *format, size_t count, size_t *size)
{
    size_t length = strlen(format), at = 0;
    char  *text = malloc(length + count);
    for (size_t i = 0; i < length; i++) {
        if (format[i] != '%') {
            text[at++] = format[i];
            continue;
        }
        memset(text + at, 'x', count);
        at += count;
    }
    *size = at;
    return text;
}

/* The last line of what the table answers. */
static void assert_last_line(const char *format, size_t count, const char *expected)
{
    size_t size;
    char  *bytes = fill(format, count, &size);
    char  *text = read_table(bytes, size, 1000, 0, false);
    size_t length = strlen(text), wanted = strlen(expected);
    assert_true(length >= wanted);
    assert_string_equal(text + length - wanted, expected);
    free(text);
    free(bytes);
}

static void test_limit_of_a_cell(void **state)
{
    (void) state;
    size_t size;
    char  *bytes = fill("a,b\n%,2\n", TABLE_MAX_CELL, &size);
    char  *text = read_table(bytes, size, 1000, 0, false);
    assert_int_equal(strlen(text), 6 + 2 + TABLE_MAX_CELL + 3);
    free(text);
    free(bytes);
    assert_last_line("a,b\n1,%\n3,4\n", TABLE_MAX_CELL + 1,
                     "1:a|b\n3:3|4\nf:2:2: a cell of 4097 bytes; allowed: at most 4096 bytes\n");
}

static void test_limit_of_a_line(void **state)
{
    (void) state;
    /* All in one cell: that is too long at the limit as well, but the line is not. */
    assert_last_line("a,b\n1,%\r\n3,4\n", TABLE_MAX_LINE - 2,
                     "f:2:2: a cell of 65534 bytes; allowed: at most 4096 bytes\n");
    assert_last_line("a,b\n1,%\r\n3,4\n", TABLE_MAX_LINE - 1,
                     "1:a|b\n3:3|4\nf:2: a line of more than 65536 bytes; allowed: at most 65536 bytes\n");
    assert_last_line("a,b\n1,%\n3,4\n", 20 * TABLE_MAX_LINE,
                     "1:a|b\n3:3|4\nf:2: a line of more than 65536 bytes; allowed: at most 65536 bytes\n");
    assert_last_line("a,b\n1,%", 20 * TABLE_MAX_LINE,
                     "1:a|b\nf:2: a line of more than 65536 bytes; allowed: at most 65536 bytes\n");
    assert_last_line("a,b\n3,\"\n%\"\n5,6\n", TABLE_MAX_LINE, /* a row that was open is lost with it */
                     "1:a|b\n4:5|6\nf:3: a line of more than 65536 bytes; allowed: at most 65536 bytes\n");
}

static void test_limit_of_a_record(void **state)
{
    (void) state;
    assert_last_line("a,b\n1,\"\n%\"\n3,4\n", TABLE_MAX_RECORD - 6,
                     "f:2:2: a cell of 65531 bytes; allowed: at most 4096 bytes\n");
    assert_last_line("a,b\n1,\"\n%\"\n3,4\n", TABLE_MAX_RECORD - 5,
                     "1:a|b\n= -1000\nf:2: a quoted cell begins in this row and does not end; the rest of the file was "
                     "not read; allowed: a closing quote\n");
}

static void test_limit_of_columns(void **state)
{
    (void) state;
    char bytes[2 * TABLE_MAX_COLUMNS + 3] = "";
    for (size_t i = 0; i < TABLE_MAX_COLUMNS; i++)
        strcat(bytes, i == 0 ? "a" : ",a");
    size_t size = strlen(bytes);
    bytes[size] = '\n';
    char *text = read_table(bytes, size + 1, 100, 0, false);
    assert_int_equal(strlen(text), 2 + size + 1);
    free(text);
    memcpy(bytes + size, ",a\n", 3);
    text = read_table(bytes, size + 3, 100, 0, false);
    assert_string_equal(text, "= -1000\nf:1: more than 256 cells; allowed: at most 256 cells\n");
    free(text);
}

static void test_limit_of_the_header(void **state)
{
    (void) state;
    char  bytes[TABLE_MAX_HEADER + 2];
    char *text;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = i % 4000 == 3999 ? ',' : 'a';
    bytes[TABLE_MAX_HEADER - 1] = '\n';
    text = read_table(bytes, TABLE_MAX_HEADER, 4096, 0, false);
    assert_int_equal(text[0], '1');
    free(text);
    bytes[TABLE_MAX_HEADER - 1] = 'a';
    bytes[TABLE_MAX_HEADER] = '\n';
    text = read_table(bytes, TABLE_MAX_HEADER + 1, 4096, 0, false);
    assert_string_equal(text, "= -1000\nf:1: a header of more than 16384 bytes; allowed: at most 16384 bytes\n");
    free(text);
}

static void test_read_errors(void **state)
{
    (void) state;
    char *text = read_table("a,b\n1,2\n", 8, 100, 0, true);
    assert_string_equal(text, "1:a|b\n2:1|2\n= -1001\nf: cannot be read: Input/output error\n");
    free(text);
    text = read_table("", 0, 100, 0, true);
    assert_string_equal(text, "= -1001\nf: cannot be read: Input/output error\n");
    free(text);
    struct fault_list    faults = { 0 };
    struct table        *table = NULL;
    int                  fd = open("/", O_RDONLY);
    struct table_options options = { 0 };
    assert_int_equal(table_open(table_input_file(&fd, "/"), &options, &faults, &table), BASE_ERR_SYSTEM);
    assert_string_equal(faults.faults[0].found, "cannot be read: Is a directory");
    fault_list_free(&faults);
    close(fd);
}

/* The limits bound each other: the place of a cell names its column. */
static void test_places(void **state)
{
    (void) state;
    struct bytes         source = { "date,n\n1,2\n", 11, 0, 100, false };
    struct fault_list    faults = { 0 };
    struct table        *table;
    struct table_options options = { 0 };
    struct table_row     row;
    assert_ok(table_open((struct table_input){ read_bytes, &source, "f" }, &options, &faults, &table));
    assert_int_equal(table_next(table, &row), 1);
    struct fault_place place = table_place(table, &row, 1);
    assert_true(place.line == 2 && place.cell == 2);
    assert_string_equal(place.name, "n");
    place = table_place(table, &row, TABLE_WHOLE_ROW);
    assert_true(place.line == 2 && place.cell == 0 && place.name == NULL);
    table_close(table);
    fault_list_free(&faults);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_tables),
        cmocka_unit_test(test_delimiters),
        cmocka_unit_test(test_quotes_and_lines),
        cmocka_unit_test(test_faults_of_rows_are_told_and_passed),
        cmocka_unit_test(test_torn_files),
        cmocka_unit_test(test_files_that_are_no_tables),
        cmocka_unit_test(test_limit_of_a_cell),
        cmocka_unit_test(test_limit_of_a_line),
        cmocka_unit_test(test_limit_of_a_record),
        cmocka_unit_test(test_limit_of_columns),
        cmocka_unit_test(test_limit_of_the_header),
        cmocka_unit_test(test_read_errors),
        cmocka_unit_test(test_places),
    };
    return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
