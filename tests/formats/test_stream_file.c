/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files of numbers that others count: layouts, revisions, blanks, faults. */
#include "formats/stream_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/date_text.h"
#include "support/test.h"

static const struct stream_file_options plain = { .today = 20000, .known = 20000 };

static void put_day(FILE *out, toc_date day)
{
    char text[DATE_TEXT_BYTES];
    date_to_text(day, DATE_FORM_DAY, text);
    fprintf(out, " %s", text);
}

/* Each value: series day value, and the day of knowledge where it is not the caller's; then the faults. */
static char *describe(const char *bytes, size_t length, const struct stream_file_options *options)
{
    struct fault_list  faults = FAULT_LIST_INIT;
    struct stream_file file;
    char              *text;
    size_t             size;
    FILE              *out = open_memstream(&text, &size);
    int                status = stream_file_read(bytes, length, "f", options, &faults, &file);
    assert_true(status == 0 ? faults.num_all == 0 : status == BASE_ERR_INPUT && faults.num_all > 0);
    for (size_t s = 0; status == 0 && s < file.num_series; s++)
        for (size_t i = 0; i < file.series[s].num; i++) {
            const struct stream_value *value = &file.values[file.series[s].first + i];
            fprintf(out, "%s", file.series[s].name);
            put_day(out, value->day);
            fprintf(out, isnan(value->value) ? " -" : " %g", value->value);
            if (value->known != options->known)
                put_day(out, value->known);
            fprintf(out, "\n");
        }
    for (size_t i = 0; i < faults.num_kept; i++) {
        char line[FAULT_LINE_BYTES];
        fault_render(&faults.faults[i], line, sizeof line);
        fprintf(out, "%s\n", line);
    }
    if (status == 0)
        stream_file_free(&file);
    fault_list_free(&faults);
    fclose(out);
    return text;
}

static void check(const char *text, struct stream_file_options options, const char *expected)
{
    if (options.today == 0)
        options.today = options.known = plain.known;
    char *answer = describe(text, strlen(text), &options);
    assert_string_equal(answer, expected);
    free(answer);
}

static void test_layouts(void **state)
{
    (void) state;
    check("date,value\n2024-01-02,3\n2024-01-01,\n", plain, " 2024-01-01 -\n 2024-01-02 3\n");
    check("Week;Count;Area\n2024-W02;7;B\n2024-W01;5;A\n", plain, "A 2024-01-01 5\nB 2024-01-08 7\n");
    check("when,state,age,pct\n31/12/2023,CA,0-4,7.5%\n1/2/2023,CA,0-4,NA\n",
          (struct stream_file_options){ .columns = "date=when,value=pct,series=state+age" },
          "CA-0-4 2023-02-01 -\nCA-0-4 2023-12-31 7.5\n");
    check("date,r.a,note,r.b\n2020-03-04,,x,1\n2020-03-05,2,y,5\n",
          (struct stream_file_options){ .columns = "ignore=note", .wide = true },
          "r.a 2020-03-04 -\nr.a 2020-03-05 2\nr.b 2020-03-04 1\nr.b 2020-03-05 5\n");
    check("{\"date\":\"2024-01-01\",\"value\":3,\"series\":\"a\"}\n{\"series\":\"a\",\"value\":null,\"date\":\"2024-01-"
          "02\"}\n",
          plain, "a 2024-01-01 3\na 2024-01-02 -\n");
    check("wwtp_name,pcr_target,pcr_target_avg_conc,sample_collect_date\n4,flu,2,2023-01-01\n4,flu,5,2023-01-01\n",
          (struct stream_file_options){ .many = STREAM_FILE_MEAN }, "4-flu 2023-01-01 3.5\n");
    check("date,a+b,value\n2024-01-01,x,3\n", (struct stream_file_options){ .columns = "series=a+b" },
          "x 2024-01-01 3\n");
}

static void test_revisions(void **state)
{
    (void) state;
    check("date,as_of,value\n2024-11-09,2024-11-20,111\n2024-11-09,2024-11-27,112\n2024-11-16,2024-11-27,80\n", plain,
          " 2024-11-09 111 2024-11-20\n 2024-11-09 112 2024-11-27\n 2024-11-16 80 2024-11-27\n");
}

static void test_several_of_one_day(void **state)
{
    const char *text = "date,value\n2024-01-01,1\n2024-01-01,4\n2024-01-01,\n2024-01-02,2\n2024-01-02,2\n";
    (void) state;
    check(text, plain,
          "f:3: another value of 2024-01-01 than that of line 2; allowed: one value a series and day, or --many sum or "
          "mean\nf:4: another value of 2024-01-01 than that of line 2; allowed: one value a series and day, or --many "
          "sum or mean\n");
    check(text, (struct stream_file_options){ .many = STREAM_FILE_SUM }, " 2024-01-01 5\n 2024-01-02 4\n");
    check(text, (struct stream_file_options){ .many = STREAM_FILE_MEAN }, " 2024-01-01 2.5\n 2024-01-02 2\n");
}

static void test_faults(void **state)
{
    (void) state;
    check("date,value\n2024-02-30,1\n2024-01-01,x\n1/2/2024,1\n2024-01,1\n", plain,
          "f:2:1: \"2024-02-30\": the month has no such day; allowed: a date as 2026-11-22, or as the column's others, "
          "or an "
          "ISO week (2024-W09)\n"
          "f:3:2: \"x\": is no number; allowed: a number with a decimal point, or nothing\n"
          "f:4:1: \"1/2/2024\": is a date whose day and month cannot be told apart; allowed: a date as 2026-11-22, or "
          "as the column's others, or "
          "an ISO week (2024-W09)\n"
          "f:5:1: \"2024-01\": names no day; allowed: a date as 2026-11-22, or as the column's others, or an ISO week "
          "(2024-W09)\n");
    check("day,persons\n2024-01-01,1\n", plain,
          "f:1: no column of the value; allowed: columns date and value, or their names in --columns\n");
    check("date,value\n2024-01-01,1\n", (struct stream_file_options){ .columns = "value=pct" },
          "f:1: no column is called \"pct\"; allowed: a name of the first row\n");
    check("date,value\n2024-01-01,1\n", (struct stream_file_options){ .columns = "what=value" },
          "--columns: \"what=value\" says not what it is; allowed: date=, value=, series=, known=, ignore= and a "
          "column's "
          "name\n");
    check("", plain, "f: nothing stands in it; allowed: a row of names and rows of values\n");
    check("{\"date\":\"2024-01-01\",\"value\":3}\n[]\n", plain,
          "f:2: a value that is no object; allowed: an object of plain values a line\n");
    check("date,value,area\n2024-01-01,1,\n", plain,
          "f:2:3: \"\": names no series; allowed: a name, 60 bytes with those of the other columns\n");
}

static void test_limit_of_names(void **state)
{
    char name[STREAM_FILE_MOST_NAME + 2], text[300];
    (void) state;
    memset(name, 'x', sizeof name);
    for (int past = 0; past < 2; past++) {
        snprintf(text, sizeof text, "date,value,area\n2024-01-01,1,%.*s\n", STREAM_FILE_MOST_NAME + past, name);
        char *answer = describe(text, strlen(text), &plain);
        assert_int_equal(strncmp(answer, "f:2:3:", 6) == 0, past);
        free(answer);
        snprintf(text, sizeof text, "date,%.*s\n2024-01-01,1\n", STREAM_FILE_MOST_NAME + past, name);
        struct stream_file_options wide = plain;
        wide.wide = true;
        answer = describe(text, strlen(text), &wide);
        assert_int_equal(strncmp(answer, "f:1:2:", 6) == 0, past);
        free(answer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layouts),
        cmocka_unit_test(test_revisions),
        cmocka_unit_test(test_several_of_one_day),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_limit_of_names),
    };
    return cmocka_run_group_tests_name("files of numbers", tests, NULL, NULL);
}
