/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The process that unpacks a spreadsheet may do what it likes: end, hang, lie. What becomes of it is a fault of that
 * file. (What it reads when all is well is compared in test_xlsx.c, with every file there.) */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/sheet/sheet.h"
#include "formats/sheet/unpack_wire.h"
#include "formats/table.h"
#include "support/test.h"
#include "tocsin/status.h"

static char program[] = "/tmp/tocsin-unpack-XXXXXX";

/* A program that stands in for the reader; its file is number $3. */
static void write_program(const char *text)
{
    FILE *file = fopen(program, "w");
    assert_non_null(file);
    fprintf(file, "#!/bin/sh\n%s\n", text);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(program, 0700), 0);
}

static int set_up(void **state)
{
    (void) state;
    int fd = mkstemp(program);
    return fd < 0 ? -1 : close(fd);
}

static int tear_down(void **state)
{
    (void) state;
    return unlink(program);
}

/* What is told of a file that this program read. */
static void assert_told(const char *text, int status, const char *told)
{
    struct fault_list    faults = FAULT_LIST_INIT;
    struct sheet        *sheet = NULL;
    struct sheet_options options = { .program = program };
    write_program(text);
    assert_status(sheet_open("PK\3\4 the file", 13, "f.xlsx", &options, &faults, &sheet), status);
    assert_null(sheet);
    if (told == NULL)
        assert_int_equal(faults.num_all, 0);
    else if (faults.num_kept != 1 || strstr(faults.faults[0].found, told) == NULL)
        fail_msg("%d faults, the first: %s", (int) faults.num_kept,
                 faults.num_kept > 0 ? faults.faults[0].found : "none");
    fault_list_free(&faults);
}

static void test_one_that_ends(void **state)
{
    (void) state;
    assert_told("kill -SEGV $$", BASE_ERR_INPUT, "its reader was stopped");
    assert_told("kill -SYS $$", BASE_ERR_INPUT, "its reader was stopped");
    assert_told("kill -XCPU $$", BASE_ERR_INPUT, "more than two minutes");
    assert_told("exit 5", BASE_ERR_INPUT, "more than 512 MiB of text");
    assert_told("exit 3", BASE_ERR_SYSTEM, NULL);
    assert_told("exit 77", BASE_ERR_SYSTEM, NULL);
}

/* Records' tables, too, are read there and nowhere else. */
static void test_a_table_is_not_read_here(void **state)
{
    (void) state;
    struct fault_list faults = FAULT_LIST_INIT;
    struct table     *table = NULL;
    write_program("kill -SYS $$");
    assert_status(table_open_xlsx("PK\3\4 the file", 13, "f.xlsx", program, &faults, &table), BASE_ERR_INPUT);
    assert_null(table);
    assert_non_null(strstr(faults.faults[0].found, "its reader was stopped"));
    fault_list_free(&faults);
}

static void test_one_that_cannot_be_started(void **state)
{
    (void) state;
    struct fault_list    faults = FAULT_LIST_INIT;
    struct sheet        *sheet = NULL;
    struct sheet_options options = { .program = "/nowhere/tocsin" };
    assert_status(sheet_open("PK\3\4", 4, "f.xlsx", &options, &faults, &sheet), BASE_ERR_SYSTEM);
    assert_int_equal(faults.num_all, 0);
}

#define LIE "cannot be believed"

/* The octal escapes of so many bytes. */
static void add_bytes(char *text, const void *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        sprintf(text + strlen(text), "\\%03o", ((const unsigned char *) bytes)[i]);
}

static void add_text(char *text, uint32_t size, const char *bytes, uint32_t kind)
{
    const struct unpack_text one = { .size = size, .kind = kind };
    add_bytes(text, &one, sizeof one);
    add_bytes(text, bytes, strlen(bytes) + 1);
}

static void assert_lies(struct unpack_entry entry, uint32_t size, const char *bytes, uint32_t kind)
{
    const struct unpack_entry first = { .kind = UNPACK_SHEET, .num_texts = 1 }, end = { .kind = UNPACK_END };
    char                      text[4000] = "printf '";
    add_bytes(text, &first, sizeof first);
    add_text(text, 3, "one", 1);
    add_bytes(text, &entry, sizeof entry);
    if (bytes != NULL)
        add_text(text, size, bytes, kind);
    add_bytes(text, &end, sizeof end);
    strcat(text, "' >&$3");
    assert_told(text, BASE_ERR_INPUT, LIE);
}

static void test_one_that_lies(void **state)
{
    (void) state;
    const struct unpack_entry row = { .kind = UNPACK_ROW, .number = 1, .num_texts = 1 };
    assert_told("exit 0", BASE_ERR_INPUT, LIE);
    assert_told("printf 'no rows' >&$3", BASE_ERR_INPUT, LIE);
    assert_told(": >/proc/self/fd/$3", BASE_ERR_INPUT, LIE); /* cuts the file off */
    assert_lies((struct unpack_entry){ .kind = 9 }, 0, NULL, 0);
    assert_lies((struct unpack_entry){ .kind = UNPACK_ROW, .num_texts = UINT64_MAX }, 0, NULL, 0);
    assert_lies((struct unpack_entry){ .kind = UNPACK_ROW, .num_texts = 2001 }, 0, NULL, 0);
    assert_lies((struct unpack_entry){ .kind = UNPACK_SHEET, .num_texts = 1 }, 1, "b", 1);
    assert_lies((struct unpack_entry){ .kind = UNPACK_FAULT, .num_texts = 1 }, 1, "b", 1);
    assert_lies((struct unpack_entry){ .kind = UNPACK_ROW, .number = UINT64_MAX, .num_texts = 1 }, 1, "b", 1);
    assert_lies(row, 1, "b", 99);
    assert_lies(row, 2, "b", 1);
    assert_lies(row, UINT32_MAX, "b", 1);
    assert_lies(row, 1, "\xff", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_that_ends),
        cmocka_unit_test(test_a_table_is_not_read_here),
        cmocka_unit_test(test_one_that_cannot_be_started),
        cmocka_unit_test(test_one_that_lies),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
