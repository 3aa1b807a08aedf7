/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/date_text.h"
#include "formats/calendar_file.h"
#include "support/test.h"

static char path[] = "/tmp/test-calendar-XXXXXX";

static int make_file(void **state)
{
    (void) state;
    int fd = mkstemp(path);
    return fd < 0 || close(fd) != 0;
}

static int remove_file(void **state)
{
    (void) state;
    return unlink(path);
}

/* What the reader says of a calendar, as text: kinds, then holidays, or "= status"; then the faults without the path.
 */
static char *describe(const char *of_path)
{
    struct fault_list    faults = { 0 };
    struct calendar_file file = { 0 };
    char                *text;
    size_t               size;
    FILE                *out = open_memstream(&text, &size);
    int                  status = calendar_file_read(of_path, &faults, &file);
    if (status != 0)
        fprintf(out, "= %d\n", status);
    for (size_t i = 0; i < file.calendar.num_kinds; i++) {
        const struct toc_holiday_kind *kind = &file.calendar.kinds[i];
        fprintf(out, "%s %d -%d +%d\n", kind->name, kind->steps, kind->weeks_before, kind->weeks_after);
    }
    for (size_t i = 0; i < file.calendar.num_holidays; i++) {
        char from[DATE_TEXT_BYTES], to[DATE_TEXT_BYTES];
        date_to_text(file.calendar.holidays[i].from, DATE_FORM_DAY, from);
        date_to_text(file.calendar.holidays[i].to, DATE_FORM_DAY, to);
        fprintf(out, "%zu %s %s\n", file.calendar.holidays[i].kind, from, to);
    }
    for (size_t i = 0; i < faults.num_kept; i++) {
        char line[FAULT_LINE_BYTES];
        faults.faults[i].file = "";
        fault_render(&faults.faults[i], line, sizeof line);
        fprintf(out, "%s\n", line);
    }
    calendar_file_free(&file);
    fault_list_free(&faults);
    fclose(out);
    return text;
}

static void assert_calendar(const char *text, const char *expected)
{
    FILE *file = fopen(path, "w");
    fputs(text, file);
    fclose(file);
    char *answer = describe(path);
    assert_string_equal(answer, expected);
    free(answer);
}

static void test_columns_may_be_left_out(void **state)
{
    (void) state;
    assert_calendar("holiday,from\nEid,2024-04-10\n", "Eid 0 -0 +0\n0 2024-04-10 2024-04-10\n");
    assert_calendar("From;To;Holiday;AFTER;before;Steps\n2024-02-09;2024-02-15;Spring Festival;2;1;months\n"
                    "2023-10-01;;National Day;;;\n2023-01-21;2023-01-27;Spring Festival;2;1;Months\n",
                    "Spring Festival 2 -1 +2\nNational Day 0 -0 +0\n0 2024-02-09 2024-02-15\n1 2023-10-01 2023-10-01\n"
                    "0 2023-01-21 2023-01-27\n");
}

static void test_faults_of_the_header(void **state)
{
    (void) state;
    assert_calendar("name,from,from\nx,2024-01-01,\n",
                    "= -1000\n:1:1: \"name\" is not a known column; allowed: holiday, from, to, steps, before, after\n"
                    ":1:3: the column \"from\" comes twice\n"
                    ":1: there is no column \"holiday\"; allowed: holiday, from, to, steps, before, after\n");
    assert_calendar("holiday,from\n", "= -1000\n: no rows after the header; allowed: a row for each holiday\n");
    assert_calendar("", "= -1000\n: an empty file; allowed: a header line and rows\n");
}

static void test_faults_of_rows_come_all_at_once(void **state)
{
    (void) state;
    assert_calendar("holiday,from,to,steps,before,after\n"
                    ",2024-02-30,,years,9,-1\n"
                    "a,2024-W07,2024-02,,,\n"
                    "a,2024-02-09,2024-02-08,weeks,1,1\n"
                    "a,2024-02-09,2024-05-19,weeks,1,1\n"
                    "a,2024-02-09,2024-05-18,weeks,1,1\n"
                    "a,2025-02-09,2025-02-09,,1.0,2\n"
                    "a,2026-02-09,2026-02-09,,1,2\n"
                    "a,2024-02-08,2024-02-09,weeks,1,1\n",
                    "= -1000\n"
                    ":2:1: holiday: the cell is empty; allowed: a name of 1 … 200 bytes\n"
                    ":2:2: from: \"2024-02-30\": day 30 does not exist: February 2024 has 29 days; allowed: a day "
                    "(2024-02-09)\n"
                    ":2:4: steps: \"years\" is not a kind of steps; allowed: days, weeks or months\n"
                    ":2:5: before: \"9\" is not a number of weeks; allowed: a whole number, 0 … 8\n"
                    ":2:6: after: \"-1\" is not a number of weeks; allowed: a whole number, 0 … 8\n"
                    ":3:2: from: \"2024-W07\" is not a day; allowed: a day (2024-02-09)\n"
                    ":3:3: to: \"2024-02\" is not a day; allowed: a day (2024-02-09)\n"
                    ":4:3: to: \"2024-02-08\" lies before the first day; allowed: the first day or later\n"
                    ":5:3: to: \"2024-05-19\" is too late; allowed: at most 100 days\n"
                    ":7:5: before: \"1.0\" is not a number of weeks; allowed: a whole number, 0 … 8\n"
                    ":8:4: steps: differs from line 6; allowed: the same in every row of a holiday\n"
                    ":8:6: after: differs from line 6; allowed: the same in every row of a holiday\n"
                    ":9: shares days with line 6; allowed: rows of one holiday that share no day\n");
}

/* Fill the file with rows "<name>,<day>" and hand back the answer. */
static char *describe_many(size_t count, bool same_name, const char *after)
{
    FILE *file = fopen(path, "w");
    fputs("holiday,from,after\n", file);
    for (size_t i = 0; i < count; i++) {
        char day[DATE_TEXT_BYTES];
        date_to_text((toc_date) i, DATE_FORM_DAY, day);
        fprintf(file, "h%zu,%s,%s\n", same_name ? 0 : i, day, after);
    }
    fclose(file);
    return describe(path);
}

static void assert_many(size_t count, bool same_name, const char *after, const char *expected)
{
    char *answer = describe_many(count, same_name, after);
    assert_string_equal(answer, expected);
    free(answer);
}

static void test_limits(void **state)
{
    (void) state;
    char *answer = describe_many(TOC_CALENDAR_MAX_LABELS, false, "");
    assert_true(strncmp(answer, "h0 0 -0 +0\n", 11) == 0);
    free(answer);
    assert_many(TOC_CALENDAR_MAX_LABELS + 2, false, "",
                "= -1000\n:257: one holiday too many; allowed: at most 255 holidays\n");
    answer = describe_many(TOC_CALENDAR_MAX_LABELS / 5, false, "4");
    assert_true(strncmp(answer, "h0 0 -0 +4\n", 11) == 0);
    free(answer);
    assert_many(
        TOC_CALENDAR_MAX_LABELS / 5 + 1, false, "4",
        "= -1000\n: the holidays and their weeks before and after are 260 kinds of step; allowed: at most 255\n");
    answer = describe_many(CALENDAR_FILE_MAX_HOLIDAYS, true, "");
    assert_true(strncmp(answer, "h0 0 -0 +0\n", 11) == 0);
    free(answer);
    assert_many(CALENDAR_FILE_MAX_HOLIDAYS + 1, true, "",
                "= -1000\n:20002: one row too many; allowed: at most 20000 rows\n");
}

static void test_limit_of_a_name(void **state)
{
    (void) state;
    char text[300], expected[300];
    snprintf(text, sizeof text, "holiday,from\n%0200d,2024-01-01\n", 7);
    snprintf(expected, sizeof expected, "%0200d 0 -0 +0\n0 2024-01-01 2024-01-01\n", 7);
    assert_calendar(text, expected);
    snprintf(text, sizeof text, "holiday,from\n%0201d,2024-01-01\n", 7);
    snprintf(expected, sizeof expected,
             "= -1000\n:2:1: holiday: \"%060d…\" is too long; allowed: a name of 1 … 200 bytes\n", 0);
    assert_calendar(text, expected);
}

static void test_files_that_cannot_be_read(void **state)
{
    (void) state;
    char *answer = describe("/absent/calendar.csv");
    assert_string_equal(answer, "= -1001\n: cannot be opened: No such file or directory\n");
    free(answer);
    answer = describe("/");
    assert_string_equal(answer, "= -1001\n: cannot be read: Is a directory\n");
    free(answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns_may_be_left_out),
        cmocka_unit_test(test_faults_of_the_header),
        cmocka_unit_test(test_faults_of_rows_come_all_at_once),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_limit_of_a_name),
        cmocka_unit_test(test_files_that_cannot_be_read),
    };
    return cmocka_run_group_tests_name("calendar_file", tests, make_file, remove_file);
}
