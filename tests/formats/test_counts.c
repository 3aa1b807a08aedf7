/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "formats/counts.h"
#include "support/test.h"

/* A folder of its own for each run, and the files a.csv, b.csv … in it. */
static char folder[] = "/tmp/test-counts-XXXXXX";

static int make_folder(void **state)
{
    (void) state;
    return mkdtemp(folder) == NULL || chdir(folder) != 0;
}

static int remove_folder(void **state)
{
    (void) state;
    const char *const names[] = { "a.csv", "b.csv", "c.csv" };
    for (size_t i = 0; i < 3; i++)
        unlink(names[i]);
    return chdir("/") != 0 || rmdir(folder) != 0;
}

static void write_bytes(const char *name, const char *bytes, size_t size)
{
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

static void write_text(const char *name, const char *text)
{
    write_bytes(name, text, strlen(text));
}

/* A series as text: "name: date=count(/imported)( of population) …". */
static void print_series(FILE *out, const struct counts_series *series, enum date_form form)
{
    fprintf(out, "%s:", series->name);
    for (size_t i = 0; i < series->series.n; i++) {
        char date[DATE_TEXT_BYTES], count[TEXT_DOUBLE_BYTES];
        date_to_text(series->series.date[i], form, date);
        text_from_double(series->series.observed[i], count);
        fprintf(out, " %s=%s", date, count);
        if (series->imported != NULL) {
            text_from_double(series->imported[i], count);
            fprintf(out, "/%s", count);
        }
        if (series->series.population != NULL) {
            text_from_double(series->series.population[i], count);
            fprintf(out, " of %s", count);
        }
        assert_int_equal(series->holiday[i], 0);
    }
    fputc('\n', out);
}

/* What the reader says of files, as text: step and series, or "= status", and the faults. */
static char *read_counts(const char *const *paths, size_t num_paths, const struct counts_options *options)
{
    struct fault_list     faults = { 0 };
    struct counts_reader *reader = NULL;
    struct counts_series  series = { 0 };
    char                 *text;
    size_t                size;
    FILE                 *out = open_memstream(&text, &size);
    int                   status = counts_open(paths, num_paths, options, &faults, &reader);
    if (status == 0) {
        const struct counts_summary *summary = counts_summary(reader);
        fprintf(out, "%s%s\n", date_step_word(summary->step), summary->sorted_on_disk ? ", sorted" : "");
        for (int round = 0; round < 2; round++) { /* the second time is like the first */
            uint64_t number = 0, rows = 0;
            size_t   longest = 0;
            while ((status = counts_next(reader, &series)) == 1) {
                assert_int_equal(series.number, number++);
                if (round == 0)
                    print_series(out, &series, summary->form);
                rows += series.series.n;
                longest = series.series.n > longest ? series.series.n : longest;
            }
            assert_int_equal(status, 0);
            assert_int_equal(number, summary->num_series);
            assert_int_equal(longest, summary->longest);
            assert_true(rows >= summary->num_rows);
            assert_int_equal(counts_next(reader, &series), 0);
            assert_ok(counts_rewind(reader));
        }
    } else {
        assert_true(faults.num_all > 0);
        fprintf(out, "= %d\n", status);
    }
    fault_list_write(&faults, out);
    counts_series_free(&series);
    counts_close(reader);
    fault_list_free(&faults);
    fclose(out);
    return text;
}

static void assert_answer(const char *const *paths, size_t num_paths, const struct counts_options *options,
                          const char *expected)
{
    char *text = read_counts(paths, num_paths, options);
    assert_string_equal(text, expected);
    free(text);
}

/* One file with this text. */
static void assert_counts(const char *text, const struct counts_options *options, const char *expected)
{
    const char *const path = "a.csv";
    write_text(path, text);
    assert_answer(&path, 1, options, expected);
}

static const struct counts_options plain, filled_zero = { .missing = COUNTS_MISSING_ZERO },
                                          filled_na = { .missing = COUNTS_MISSING_NA };

static void test_steps_are_recognised(void **state)
{
    (void) state;
    assert_counts("date,count\n2024-02-28,1\n2024-02-29,2\n2024-03-01,3\n", &plain,
                  "day\n: 2024-02-28=1 2024-02-29=2 2024-03-01=3\n");
    assert_counts("date,count\n2020-W52,1\n2020-W53,2\n2021-W01,3\n", &plain,
                  "week\n: 2020-W52=1 2020-W53=2 2021-W01=3\n");
    assert_counts("date,count\n2024-W07,1\n", &plain, "week\n: 2024-W07=1\n");
    assert_counts("date,count\n2024-02-25,1\n2024-03-03,2\n", &plain, "week\n: 2024-02-25=1 2024-03-03=2\n");
    assert_counts("date,count\n2024-12,1\n2025-01,2\n", &plain, "month\n: 2024-12=1 2025-01=2\n");
    assert_counts("date,count\n2023-02-01,1\n2023-03-01,2\n", &plain, "month\n: 2023-02-01=1 2023-03-01=2\n");
}

static void test_the_step_can_be_set(void **state)
{
    (void) state;
    struct counts_options options = { .step = DATE_STEP_DAY };
    assert_counts("date,count\n2024-02-29,2\n", &options, "day\n: 2024-02-29=2\n");
    assert_counts("date,count\n2024-02-29,2\n", &plain,
                  "= -1000\na.csv: date: a single date does not tell the time step; allowed: two dates or more, or "
                  "--step day, week or month\n");
    assert_counts("date,count\n2024-W07,1\n", &options,
                  "= -1000\n--step: day, but the dates are weeks; allowed: week\n");
    options.step = DATE_STEP_WEEK;
    assert_counts("date,count\n2023-02-01,1\n2023-02-08,1\n", &options, "week\n: 2023-02-01=1 2023-02-08=1\n");
    options.step = DATE_STEP_MONTH;
    assert_counts("date,count\n2023-02-01,1\n2023-03-02,1\n", &options,
                  "= -1000\na.csv:3:1: date: \"2023-03-02\" is not the first day of its month; allowed: months by "
                  "their first day, or --step day\n");
}

static void test_all_columns(void **state)
{
    (void) state;
    assert_counts("Series;IMPORTED;population;Date;count\nLhasa;1;560000;2024-01;3\nLhasa;0;561000.5;2024-02;0\n"
                  "Shigatse;2;8e5;2024-01;2\n",
                  &plain,
                  "month\nLhasa: 2024-01=3/1 of 560000 2024-02=0/0 of 561000.5\nShigatse: 2024-01=2/2 of 800000\n");
}

static void test_columns_are_renamed_and_ignored(void **state)
{
    (void) state;
    struct counts_options options = { 0 };
    struct fault_list     faults = { 0 };
    assert_ok(counts_columns_from_text("date=Datum,count=n,ignore=Notiz", &options.columns, &faults));
    assert_counts("Datum,n,notiz\n2024-W01,3,x\n", &options, "week\n: 2024-W01=3\n");
    assert_counts("Datum,n,date\n2024-W01,3,x\n", &options,
                  "= -1000\na.csv:1:3: \"date\" is not a known column; allowed: date, count, series, population, "
                  "imported; --columns renames columns or ignores them (ignore=NAME, ignore=*)\n");
    assert_ok(counts_columns_from_text("series=area,ignore=*", &options.columns, &faults));
    assert_counts("date,count,area,x,y\n2024-W01,3,a,,\n", &options, "week\na: 2024-W01=3\n");
    assert_ok(counts_columns_from_text("ignore=Population", &options.columns, &faults));
    assert_counts("date,count,population\n2024-W01,3,\n", &options, "week\n: 2024-W01=3\n");
    assert_ok(counts_columns_from_text("series=area", &options.columns, &faults));
    assert_counts("date,count\n2024-W01,3\n", &options,
                  "= -1000\na.csv:1: there is no column \"area\"; allowed: columns date and count; --columns "
                  "date=NAME,count=NAME renames them\n");
}

static void assert_columns_refused(const char *text, const char *expected)
{
    struct counts_columns columns = { .num_ignored = 7 };
    struct fault_list     faults = { 0 };
    char                  line[FAULT_LINE_BYTES];
    assert_int_equal(counts_columns_from_text(text, &columns, &faults), BASE_ERR_INPUT);
    assert_int_equal(faults.num_all, 1);
    fault_render(&faults.faults[0], line, sizeof line);
    assert_string_equal(line, expected);
    assert_int_equal(columns.num_ignored, 7);
    fault_list_free(&faults);
}

static void test_faults_of_columns(void **state)
{
    (void) state;
    assert_columns_refused("", "--columns: \"\" has no =; allowed: column=NAME");
    assert_columns_refused("date=a,dat=b",
                           "--columns: \"dat\" is not a column; allowed: date, count, series, population, "
                           "imported, ignore");
    assert_columns_refused("date=", "--columns: \"date=\" names no column; allowed: a name of 1 … 256 bytes of UTF-8");
    assert_columns_refused("date=a,Date=b", "--columns: \"Date\" comes twice");
    char text[COUNTS_MAX_NAME + 16] = "date=";
    memset(text + 5, 'x', COUNTS_MAX_NAME);
    struct counts_columns columns;
    struct fault_list     faults = { 0 };
    assert_ok(counts_columns_from_text(text, &columns, &faults));
    strcat(text, "x");
    assert_int_equal(counts_columns_from_text(text, &columns, &faults), BASE_ERR_INPUT);
    fault_list_free(&faults);
    char many[10 * (COUNTS_MAX_IGNORED + 2)] = "ignore=x";
    for (size_t i = 1; i < COUNTS_MAX_IGNORED; i++)
        strcat(many, ",ignore=x");
    assert_ok(counts_columns_from_text(many, &columns, &faults));
    strcat(many, ",ignore=y");
    assert_columns_refused(many, "--columns: \"ignore=y\" is one too many; allowed: at most 32 names, or ignore=*");
}

static void test_faults_of_headers(void **state)
{
    (void) state;
    assert_counts("date,n\n2024-W01,3\n", &plain,
                  "= -1000\na.csv:1:2: \"n\" is not a known column; allowed: date, count, series, population, "
                  "imported; --columns renames columns or ignores them (ignore=NAME, ignore=*)\na.csv:1: there is no "
                  "column \"count\"; allowed: columns date and count; --columns date=NAME,count=NAME renames them\n");
    assert_counts("date,count,Date\n2024-W01,3,2024-W01\n", &plain,
                  "= -1000\na.csv:1:3: the column \"Date\" comes twice\n");
    assert_counts(
        "2024-W01,3\n2024-W02,3\n", &plain,
        "= -1000\na.csv:1: no header line; allowed: a header line that names the columns, such as date,count\n");
    assert_counts("date,count\n", &plain, "= -1000\na.csv: no rows after the header; allowed: a row for each date\n");
    assert_counts("", &plain, "= -1000\na.csv: an empty file; allowed: a header line and rows\n");
}

/* Every kind of bad cell at once, each told exactly; none of them hides another. */
static void test_faults_of_cells_come_all_at_once(void **state)
{
    (void) state;
    assert_counts(
        "date,count,population,imported,series\n"
        "2024-01-01,-3,100,0,a\n"
        "2024-01-02,1.5,0,0,a\n"
        "2024-01-03,many,-5,0,a\n"
        "2024-01-04,,x,,a\n"
        "2024-01-05,NA,,NA,a\n"
        "2024-01-06,1e300,1,-1,a\n"
        "2024-01-07,3.0,1e2,4,a\n"
        "2024-01-08,1,1,,a\n"
        "2024-01-09,1,1,0,\n"
        "2024-02-30,1,1,0,a\n"
        "10.01.2024,1,1,0,a\n"
        ",1,1,0,a\n"
        "2024-W02,1,1,0,a\n",
        &plain,
        "= -1000\n"
        "a.csv:2:2: count: \"-3\" is negative; allowed: a whole number, 0 or more\n"
        "a.csv:3:2: count: \"1.5\" is not whole; allowed: a whole number, 0 or more\n"
        "a.csv:3:3: population: \"0\" is zero; allowed: a number > 0; --columns ignore=NAME leaves a column out\n"
        "a.csv:4:2: count: \"many\" is not a number; allowed: a whole number, 0 or more\n"
        "a.csv:4:3: population: \"-5\" is negative; allowed: a number > 0; --columns ignore=NAME leaves a column out\n"
        "a.csv:5:2: count: the cell is empty; allowed: a whole number, 0 or more; --missing zero or na says "
        "what it stands for\n"
        "a.csv:5:3: population: \"x\" is not a number; allowed: a number > 0; --columns ignore=NAME leaves a column "
        "out\n"
        "a.csv:6:2: count: \"NA\" is a missing count; allowed: a whole number, 0 or more; --missing zero or "
        "na says what it stands for\n"
        "a.csv:6:3: population: the cell is empty; allowed: a number > 0; --columns ignore=NAME leaves a column out\n"
        "a.csv:7:2: count: \"1e300\" is too large; allowed: at most 9007199254740992\n"
        "a.csv:7:4: imported: \"-1\" is negative; allowed: a whole number, 0 or more, at most the count\n"
        "a.csv:8:4: imported: \"4\" is more than the count; allowed: at most the count\n"
        "a.csv:9:4: imported: the cell is empty; allowed: a whole number, 0 or more, at most the count\n"
        "a.csv:10:5: series: the cell is empty; allowed: a name of 1 … 256 bytes\n"
        "a.csv:11:1: date: \"2024-02-30\": day 30 does not exist: February 2024 has 29 days\n"
        "a.csv:12:1: date: \"10.01.2024\": not a date; allowed: a day (2024-02-26), an ISO week (2024-W09) or "
        "a month (2024-02)\n"
        "a.csv:13:1: date: the cell is empty; allowed: a day (2024-02-26), an ISO week (2024-W09) or a month "
        "(2024-02)\n"
        "a.csv:14:1: date: \"2024-W02\" is an ISO week, but the first date is a day; allowed: one form of "
        "date in all rows\n");
}

static void test_largest_count(void **state)
{
    (void) state;
    assert_counts("date,count\n2024-W01,9007199254740992\n", &plain, "week\n: 2024-W01=9.007199254740992e+15\n");
    assert_counts("date,count\n2024-W01,9007199254740994\n", &plain,
                  "= -1000\na.csv:2:2: count: \"9007199254740994\" is too large; allowed: at most 9007199254740992\n");
}

static void test_dates_off_the_grid(void **state)
{
    (void) state;
    assert_counts("date,count\n2024-01-01,1\n2024-01-08,1\n2024-01-15,1\n2024-01-22,1\n2024-01-30,1\n", &plain,
                  "= -1000\na.csv:6:1: date: \"2024-01-30\" is a Tuesday, but weeks begin on Monday here; allowed: one "
                  "day of the week in all rows, or --step day\n");
}

static void test_gaps_are_faults(void **state)
{
    (void) state;
    assert_counts(
        "date,count,series\n2024-01-01,1,a\n2024-01-02,1,a\n2024-01-04,1,a\n2024-01-01,1,\"b\nc\"\n"
        "2024-01-05,1,\"b\nc\"\n",
        &plain,
        "= -1000\n"
        "a.csv:4:1: date: before this row 2024-01-03 is missing in series \"a\"; allowed: a row for every day, "
        "or --missing zero or na\n"
        "a.csv:7:1: date: before this row 3 days are missing in series \"b\\nc\": 2024-01-02 … 2024-01-04; "
        "allowed: a row for every day, or --missing zero or na\n");
}

static void test_gaps_are_filled(void **state)
{
    (void) state;
    const char *text = "date,count,population,imported\n2024-01,5,100,1\n2024-02,,100,\n2024-05,7,200,2\n";
    assert_counts(text, &filled_zero,
                  "month\n: 2024-01=5/1 of 100 2024-02=0/0 of 100 2024-03=0/0 of 100 2024-04=0/0 of 100 "
                  "2024-05=7/2 of 200\n");
    assert_counts(text, &filled_na,
                  "month\n: 2024-01=5/1 of 100 2024-02=NA/NA of 100 2024-03=NA/NA of 100 2024-04=NA/NA of 100 "
                  "2024-05=7/2 of 200\n");
    assert_counts("date,count,imported\n2024-01,NA,1\n", &filled_na,
                  "= -1000\na.csv:2:3: imported: \"1\" of a missing count; allowed: at most the count\n");
}

static void test_doubles(void **state)
{
    (void) state;
    assert_counts("date,count\n2024-W01,1\n2024-W01,2\n2024-W02,2\n", &plain,
                  "= -1000\na.csv:3:1: date: 2024-W01 comes twice, first in line 2; allowed: one row for each date\n");
    const char *const paths[] = { "a.csv", "b.csv" };
    write_text("a.csv", "date,count,series\n2024-W01,1,x\n2024-W02,1,y\n");
    write_text("b.csv", "date,count,series\n2024-W01,1,x\n2024-W03,1,y\n");
    assert_answer(
        paths, 2, &plain,
        "= -1000\nb.csv:2:1: date: 2024-W01 comes twice in series \"x\", first in a.csv line 2; allowed: one row "
        "for each date\n");
}

/* A row that cannot be dated may be the one that seems to be missing. */
static void test_lost_rows_make_no_gaps(void **state)
{
    (void) state;
    assert_counts("date,count\n2024-01-01,1\n2024-13-02,1\n2024-01-03,1\n2024-01-04\n2024-01-05,1\n2024-01-07,1\n",
                  &plain,
                  "= -1000\na.csv:3:1: date: \"2024-13-02\": month 13 does not exist\n"
                  "a.csv:5: 1 cell, but the header has 2\n"
                  "a.csv:7:1: date: before this row 2024-01-06 is missing; allowed: a row for every day, or --missing "
                  "zero or na\n");
}

static void test_rows_in_any_order(void **state)
{
    (void) state;
    assert_counts("series,date,count,imported\nb,2024-W02,4,1\na,2024-W01,1,0\nb,2024-W01,3,0\na,2024-W02,NA,NA\n",
                  &filled_na, "week, sorted\nb: 2024-W01=3/0 2024-W02=4/1\na: 2024-W01=1/0 2024-W02=NA/NA\n");
    assert_counts("date,count\n2024-03,3\n2024-02,2\n2024-01,1\n", &plain,
                  "month, sorted\n: 2024-01=1 2024-02=2 2024-03=3\n");
    assert_counts("date,count,series\n2024-W03,3,a\n2024-W01,1,a\n2024-W01,1,b\n2024-W01,2,b\n", &plain,
                  "= -1000\na.csv:2:1: date: before this row 2024-W02 is missing in series \"a\"; allowed: a row for "
                  "every week, or --missing zero or na\n"
                  "a.csv:5:1: date: 2024-W01 comes twice in series \"b\", first in line 4; allowed: one row for each "
                  "date\n");
}

static void test_several_files_are_one(void **state)
{
    (void) state;
    const char *const paths[] = { "a.csv", "b.csv", "c.csv" };
    write_text("a.csv", "date,count,series\n2024-W01,1,x\n");
    write_text("b.csv", "series;count;date\nx;2;2024-W02\ny;3;2024-W01\n");
    write_text("c.csv", "date,count,series\n2024-W02,4,y\n");
    assert_answer(paths, 3, &plain, "week\nx: 2024-W01=1 2024-W02=2\ny: 2024-W01=3 2024-W02=4\n");
    write_text("b.csv", "series,date,population\nx,2024-W02,3\n");
    write_text("c.csv", "date,count\n2024-W02,-4\n");
    assert_answer(
        paths, 3, &plain,
        "= -1000\nb.csv:1: there is no column \"count\"; allowed: columns date and count; --columns "
        "date=NAME,count=NAME renames them\nc.csv:1: the column \"series\" is in the first file and not here; "
        "allowed: the same columns in all files\n");
}

/* A thousand faults are kept, the rest counted; a thousand and one name all the same lines as the file. */
static void test_many_faults(void **state)
{
    (void) state;
    FILE *file = fopen("a.csv", "w");
    fputs("date,count\n", file);
    for (int i = 0; i < FAULT_MAX_KEPT + 1; i++)
        fputs("2024-W01,x\n", file);
    fclose(file);
    const char *const path = "a.csv";
    char             *text = read_counts(&path, 1, &plain);
    assert_non_null(strstr(text, "\na.csv:2:2: count: \"x\" is not a number"));
    assert_non_null(strstr(text, "\na.csv:3:1: date: 2024-W01 comes twice, first in line 2;"));
    assert_non_null(strstr(text, "\na.csv:501:2: count"));
    assert_null(strstr(text, "a.csv:502:2"));
    assert_non_null(strstr(text, "\n… and 1001 more faults\n"));
    free(text);
}

static void test_limit_of_a_name(void **state)
{
    (void) state;
    char text[2 * COUNTS_MAX_NAME], expected[2 * COUNTS_MAX_NAME], name[COUNTS_MAX_NAME + 2] = "";
    memset(name, 'x', COUNTS_MAX_NAME);
    snprintf(text, sizeof text, "date,count,series\n2024-W01,1,%s\n", name);
    snprintf(expected, sizeof expected, "week\n%s: 2024-W01=1\n", name);
    assert_counts(text, &plain, expected);
    strcat(name, "x");
    snprintf(text, sizeof text, "date,count,series\n2024-W01,1,%s\n", name);
    snprintf(expected, sizeof expected,
             "= -1000\na.csv:2:3: series: \"%.60s…\" is too long; allowed: a name of 1 … 256 bytes\n", name);
    assert_counts(text, &plain, expected);
}

static void test_limit_of_a_series(void **state)
{
    (void) state;
    struct counts_options options = { .step = DATE_STEP_DAY, .missing = COUNTS_MISSING_ZERO };
    char                  text[100], last[DATE_TEXT_BYTES];
    const char *const     path = "a.csv";
    struct fault_list     faults = { 0 };
    struct counts_reader *reader;
    date_to_text(COUNTS_MAX_STEPS - 1, DATE_FORM_DAY, last);
    snprintf(text, sizeof text, "date,count\n1970-01-01,1\n%s,1\n", last);
    write_text(path, text);
    assert_ok(counts_open(&path, 1, &options, &faults, &reader));
    assert_int_equal(counts_summary(reader)->longest, COUNTS_MAX_STEPS);
    counts_close(reader);
    date_to_text(COUNTS_MAX_STEPS, DATE_FORM_DAY, last);
    snprintf(text, sizeof text, "date,count\n1970-01-01,1\n%s,1\n", last);
    assert_counts(text, &options,
                  "= -1000\na.csv:3:1: date: more than 100000 days from 1970-01-01 to 2243-10-17; allowed: at most "
                  "100000 steps\n");
}

static void test_limit_of_files(void **state)
{
    (void) state;
    static const char *paths[COUNTS_MAX_FILES + 1];
    assert_answer(paths, COUNTS_MAX_FILES + 1, &plain, "= -1000\n4097 files; allowed: 1 … 4096 files\n");
    assert_answer(paths, 0, &plain, "= -1000\n0 files; allowed: 1 … 4096 files\n");
    write_text("a.csv", "date,count\n2024-W01,3\n");
    for (size_t i = 0; i < COUNTS_MAX_FILES; i++)
        paths[i] = "a.csv";
    struct fault_list     faults = { 0 };
    struct counts_reader *reader;
    assert_int_equal(counts_open(paths, COUNTS_MAX_FILES, &plain, &faults, &reader), BASE_ERR_INPUT);
    assert_int_equal(faults.num_all, COUNTS_MAX_FILES - 1); /* the same date again and again */
    fault_list_free(&faults);
}

static void test_files_that_cannot_be_read(void **state)
{
    (void) state;
    const char *const paths[] = { "absent.csv", "/", "a.csv" };
    write_text("a.csv", "date,count\n2024-W01,-3\n");
    assert_answer(
        paths, 3, &plain,
        "= -1001\nabsent.csv: cannot be opened: No such file or directory\n/: cannot be read: Is a directory\n");
    if (geteuid() == 0)
        return; /* root may read everything */
    assert_int_equal(chmod("a.csv", 0), 0);
    assert_answer(paths + 2, 1, &plain, "= -1001\na.csv: cannot be opened: Permission denied\n");
    unlink("a.csv");
}

static void test_bad_bytes_and_torn_files(void **state)
{
    (void) state;
    const char *const path = "a.csv";
    const char        bytes[] = "date,count\n2024-W01,1\n\xff\xff\n2024-W02,1\n2024-W03,\0\n2024-W04,\"1";
    write_bytes(path, bytes, sizeof bytes - 1);
    assert_answer(&path, 1, &plain,
                  "= -1000\na.csv:3: byte 1 of the line, 0xff, is not UTF-8; allowed: UTF-8 text\n"
                  "a.csv:5: byte 10 of the line is NUL; allowed: UTF-8 text\n"
                  "a.csv:6: a quoted cell begins in this row and does not end; the rest of the file was not read; "
                  "allowed: a closing quote\n");
}

/* Standard input cannot be read twice, so it is copied. */
static void test_standard_input(void **state)
{
    (void) state;
    const char *const paths[] = { "-", "-" };
    write_text("a.csv", "date,count\n2024-W01,3\n2024-W02,-4\n");
    assert_non_null(freopen("a.csv", "r", stdin));
    assert_answer(paths, 1, &plain,
                  "= -1000\n<stdin>:3:2: count: \"-4\" is negative; allowed: a whole number, 0 or more\n");
    write_text("a.csv", "date,count\n2024-W01,3\n2024-W02,4\n");
    assert_non_null(freopen("a.csv", "r", stdin));
    assert_answer(paths, 1, &plain, "week\n: 2024-W01=3 2024-W02=4\n");
    assert_answer(paths, 2, &plain, "= -1000\n<stdin>: standard input is read twice; allowed: - once\n");
}

/* With no room for temporary files there is a precise answer and nothing left behind. */
static void test_full_disk(void **state)
{
    (void) state;
    struct rlimit old, small = { 4096, 0 };
    FILE         *file = fopen("a.csv", "w");
    fputs("date,count,series\n", file);
    for (int i = 0; i < 60000; i++)
        fprintf(file, "2024-W%02d,1,series %0240d\n", 2 - i % 2, i / 2);
    fclose(file);
    assert_non_null(freopen("a.csv", "r", stdin));
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small.rlim_max = old.rlim_max;
    signal(SIGXFSZ, SIG_IGN); /* the program does so too: the write then fails with EFBIG */
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    const char *const path = "a.csv", *const standard_input = "-";
    char *copied = read_counts(&standard_input, 1, &plain);
    char *sorted = read_counts(&path, 1, &plain);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_string_equal(copied,
                        "= -1001\n<stdin>: cannot be copied to a temporary file (TMPDIR, else /var/tmp): File too "
                        "large\n");
    assert_string_equal(sorted,
                        "= -1001\nthe rows cannot be sorted in a temporary database (TMPDIR, else /var/tmp): File "
                        "too large; allowed: room for about three times the size of the files\n");
    free(copied);
    free(sorted);
    setenv("TMPDIR", "/absent", 1);
    assert_non_null(freopen("a.csv", "r", stdin));
    assert_answer(&standard_input, 1, &plain,
                  "= -1001\n<stdin>: cannot be copied to a temporary file (TMPDIR, else /var/tmp): No such file or "
                  "directory\n");
    unsetenv("TMPDIR");
}

static void test_a_file_that_changes(void **state)
{
    (void) state;
    const char *const     path = "a.csv";
    struct fault_list     faults = { 0 };
    struct counts_reader *reader;
    struct counts_series  series = { 0 };
    write_text(path, "date,count,series\n2024-W01,3,a\n2024-W01,3,b\n");
    assert_ok(counts_open(&path, 1, &plain, &faults, &reader));
    write_text(path, "date,count,series\n2024-W01,3,a\n2024-W01,3,b\n2024-W01,3,c\n");
    int status = counts_rewind(reader);
    while (status == 0 && (status = counts_next(reader, &series)) == 1)
        status = 0;
    assert_int_equal(status, BASE_ERR_INPUT);
    assert_string_equal(faults.faults[0].found, "the file changed while it was read");
    counts_series_free(&series);
    counts_close(reader);
    fault_list_free(&faults);
}

/* The order of rows does not matter: shuffled files give the series of the grouped one, in the order of their first
 * rows. */
static void test_shuffled_rows_give_the_same_series(void **state)
{
    (void) state;
    enum { SERIES = 40, WEEKS = 30 };
    size_t place[SERIES * WEEKS];
    for (size_t i = 0; i < SERIES * WEEKS; i++)
        place[i] = i;
    uint32_t random = 1;
    for (size_t i = SERIES * WEEKS - 1; i > 0; i--) {
        random = random * 1664525u + 1013904223u;
        size_t j = (random >> 8) % (i + 1), swap = place[i];
        place[i] = place[j], place[j] = swap;
    }
    FILE *file = fopen("a.csv", "w");
    fputs("date,count,series\n", file);
    for (size_t i = 0; i < SERIES * WEEKS; i++) {
        char date[DATE_TEXT_BYTES];
        date_to_text((toc_date) (4 + 7 * (place[i] % WEEKS)), DATE_FORM_DAY, date);
        fprintf(file, "%s,%zu,s%zu\n", date, place[i], place[i] / WEEKS);
    }
    fclose(file);
    const char *const     path = "a.csv";
    struct fault_list     faults = { 0 };
    struct counts_reader *reader;
    struct counts_series  series = { 0 };
    assert_ok(counts_open(&path, 1, &plain, &faults, &reader));
    assert_true(counts_summary(reader)->sorted_on_disk);
    bool seen[SERIES] = { false };
    for (size_t i = 0, row = 0; i < SERIES; i++) {
        assert_int_equal(counts_next(reader, &series), 1);
        while (seen[place[row] / WEEKS])
            row++;
        size_t number = place[row] / WEEKS;
        char   name[24];
        snprintf(name, sizeof name, "s%zu", number);
        seen[number] = true;
        assert_string_equal(series.name, name);
        assert_int_equal(series.series.n, WEEKS);
        for (size_t week = 0; week < WEEKS; week++)
            assert_true(series.series.observed[week] == (double) (number * WEEKS + week));
    }
    assert_int_equal(counts_next(reader, &series), 0);
    counts_series_free(&series);
    counts_close(reader);
    fault_list_free(&faults);
}

/* The filter of names takes next to no new name for an old one, so that a grouped file is streamed. */
static void test_many_series_are_streamed(void **state)
{
    (void) state;
    enum { SERIES = 200000 };
    FILE *file = fopen("a.csv", "w");
    fputs("date,count,series\n", file);
    for (int i = 0; i < SERIES; i++)
        fprintf(file, "2024-W01,%d,area-%d\n", i % 7, i);
    fclose(file);
    const char *const     path = "a.csv";
    struct fault_list     faults = { 0 };
    struct counts_reader *reader;
    assert_ok(counts_open(&path, 1, &plain, &faults, &reader));
    assert_int_equal(counts_summary(reader)->num_series, SERIES);
    assert_false(counts_summary(reader)->sorted_on_disk);
    counts_close(reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps_are_recognised),
        cmocka_unit_test(test_the_step_can_be_set),
        cmocka_unit_test(test_all_columns),
        cmocka_unit_test(test_columns_are_renamed_and_ignored),
        cmocka_unit_test(test_faults_of_columns),
        cmocka_unit_test(test_faults_of_headers),
        cmocka_unit_test(test_faults_of_cells_come_all_at_once),
        cmocka_unit_test(test_largest_count),
        cmocka_unit_test(test_dates_off_the_grid),
        cmocka_unit_test(test_gaps_are_faults),
        cmocka_unit_test(test_gaps_are_filled),
        cmocka_unit_test(test_doubles),
        cmocka_unit_test(test_lost_rows_make_no_gaps),
        cmocka_unit_test(test_rows_in_any_order),
        cmocka_unit_test(test_several_files_are_one),
        cmocka_unit_test(test_many_faults),
        cmocka_unit_test(test_limit_of_a_name),
        cmocka_unit_test(test_limit_of_a_series),
        cmocka_unit_test(test_limit_of_files),
        cmocka_unit_test(test_files_that_cannot_be_read),
        cmocka_unit_test(test_bad_bytes_and_torn_files),
        cmocka_unit_test(test_standard_input),
        cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_a_file_that_changes),
        cmocka_unit_test(test_many_series_are_streamed),
        cmocka_unit_test(test_shuffled_rows_give_the_same_series),
    };
    return cmocka_run_group_tests_name("counts", tests, make_folder, remove_folder);
}
