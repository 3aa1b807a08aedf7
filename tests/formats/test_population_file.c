/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/date_text.h"
#include "formats/population_file.h"
#include "support/test.h"

struct bytes {
    const char *text;
    size_t      left;
};

static ssize_t read_bytes(void *context, void *buffer, size_t size)
{
    struct bytes *bytes = context;
    size_t        taken = size < bytes->left ? size : bytes->left;
    memcpy(buffer, bytes->text, taken);
    bytes->text += taken;
    bytes->left -= taken;
    return (ssize_t) taken;
}

static struct table_input input_of(struct bytes *bytes, const char *text)
{
    *bytes = (struct bytes){ text, strlen(text) };
    return (struct table_input){ read_bytes, bytes, "p.csv" };
}

static const char areas_text[] = "code,name_en,parent,valid_from,valid_to\nA,Top,,,\nB,Old,A,,2020-06-30\n"
                                 "B,New,A,2021-01-01,\n";

/* Each row: index of the area, year, sex, ages, kind, number, source, day; then the faults. */
static char *describe(const char *population, const char *source)
{
    struct fault_list              faults = { 0 };
    struct area_codes              areas;
    struct population_file         file = { 0 };
    struct bytes                   bytes;
    struct area_codes_options      none = { .allow_gaps = false };
    struct population_file_options options = { source };
    char                          *text, day[DATE_TEXT_BYTES];
    size_t                         size;
    FILE                          *out = open_memstream(&text, &size);
    struct table_input             input = input_of(&bytes, areas_text);
    assert_ok(area_codes_read(&input, 1, &none, &faults, &areas));
    input = input_of(&bytes, population);
    int status = population_file_read(input, &areas, &options, &faults, &file);
    assert_true(status == 0 ? faults.num_all == 0 : status == BASE_ERR_INPUT && faults.num_all > 0);
    for (size_t i = 0; i < file.num_rows; i++) {
        const struct population_row *row = &file.rows[i];
        fprintf(out, "%" PRIu32 " %d %d %d-%d %s %" PRId64 " %s", row->area, row->year, row->sex, row->age_from,
                row->age_to, file.text + row->kind, row->number, file.text + row->source);
        if (row->source_date != AREA_CODES_NO_DATE && date_to_text(row->source_date, DATE_FORM_DAY, day) > 0)
            fprintf(out, " %s", day);
        fprintf(out, "\n");
    }
    for (size_t i = 0; i < faults.num_kept; i++) {
        char line[FAULT_LINE_BYTES];
        fault_render(&faults.faults[i], line, sizeof line);
        fprintf(out, "%s\n", line);
    }
    population_file_free(&file);
    area_codes_free(&areas);
    fault_list_free(&faults);
    fclose(out);
    return text;
}

static void assert_population(const char *text, const char *expected)
{
    char *answer = describe(text, "census");
    assert_string_equal(answer, expected);
    free(answer);
}

static void test_columns(void **state)
{
    (void) state;
    assert_population("area,year,number\nA,2020,12\n", "0 2020 0 0--1 resident 12 census\n");
    assert_population("Number;AGE_TO;age_from;sex;kind;source;source_date;year;area\n"
                      "7;4;0;Female;registered;police;2020-11-01;2020;A\n8;;5;female;registered;police;;2020;A\n"
                      "9;;0;male;registered;police;;2020;A\n",
                      "0 2020 1 0-4 registered 7 police 2020-11-01\n0 2020 1 5--1 registered 8 police\n"
                      "0 2020 2 0--1 registered 9 police\n");
    char *answer = describe("area,year,number\nA,2020,12\n", NULL);
    assert_string_equal(answer, "p.csv:1: there is no column \"source\"; allowed: area, year, number, sex, age_from, "
                                "age_to, kind, source, source_date\n");
    free(answer);
    assert_population(
        "area,year,year,hukou\n",
        "p.csv:1:3: the column \"year\" comes twice\np.csv:1:4: \"hukou\" is not a known column; allowed: "
        "area, year, number, sex, age_from, age_to, kind, source, source_date\np.csv:1: there is no column "
        "\"number\"; allowed: area, year, number, sex, age_from, age_to, kind, source, source_date\n");
    assert_population("area,year,number\n", "p.csv: no rows after the header; allowed: a row for each number\n");
}

/* A code means the area that has it at the end of the year; else at its beginning. */
static void test_the_area_of_the_year(void **state)
{
    (void) state;
    assert_population("area,year,number\nB,2020,1\nB,2021,2\n",
                      "1 2020 0 0--1 resident 1 census\n2 2021 0 0--1 resident 2 census\n");
}

static void test_cells_that_cannot_be_read(void **state)
{
    (void) state;
    assert_population(
        "area,year,number,sex,age_from,age_to,kind,source_date\n"
        "C,2020,1,,,,,\n,2020,1,,,,,\nA,20,1,,,,,\nA,2020,-1,,,,,\nA,2020,1.5,x,3,,,\nA,2020,1,,5,8,,\n"
        "A,2020,1,,10,4,,\nA,2020,1,,,,Big,2020-13-01\nA,2020,9000000001,,135,,,2020-02-30\n",
        "p.csv:2:1: area: \"C\" is not the code of an area; allowed: the code of an area of the list\n"
        "p.csv:3:1: area: the cell is empty; allowed: the code of an area of the list\n"
        "p.csv:4:2: year: \"20\" is not such a number; allowed: a whole number, 1850 … 2150\n"
        "p.csv:5:3: number: \"-1\" is not such a number; allowed: a whole number, 0 … 9000000000\n"
        "p.csv:6:3: number: \"1.5\" is not such a number; allowed: a whole number, 0 … 9000000000\n"
        "p.csv:6:4: sex: \"x\" is not a sex; allowed: female, male, or nothing where they are not told "
        "apart\n"
        "p.csv:6:5: age_from: \"3\" does not begin a group of five years; allowed: 0, 5, 10, …\n"
        "p.csv:7:6: age_to: \"8\" does not end a group of five years; allowed: 4, 9, 14, …, or nothing for "
        "no end\n"
        "p.csv:8:6: age_to: \"4\" lies before age_from; allowed: age_from and more\n"
        "p.csv:9:8: source_date: \"2020-13-01\": month 13 does not exist; allowed: a day (2024-02-26), or "
        "nothing\n"
        "p.csv:9:7: kind: \"Big\" is not a kind of population; allowed: a word of a-z, 0-9 and -, as "
        "resident, registered\n"
        "p.csv:10:3: number: \"9000000001\" is not such a number; allowed: a whole number, 0 … 9000000000\n"
        "p.csv:10:5: age_from: \"135\" is not such a number; allowed: a whole number, 0 … 130\n"
        "p.csv:10:8: source_date: \"2020-02-30\": day 30 does not exist: February 2020 has 29 days; allowed: a "
        "day (2024-02-26), or nothing\n");
}

static void test_nobody_is_counted_twice(void **state)
{
    (void) state;
    assert_population("area,year,number,sex,age_from,age_to\nA,2020,1,male,5,9\nA,2020,1,male,0,4\nA,2020,1,male,10,\n"
                      "A,2020,1,female,0,\nA,2021,1,,0,\n",
                      "0 2020 2 5-9 resident 1 census\n0 2020 2 0-4 resident 1 census\n"
                      "0 2020 2 10--1 resident 1 census\n0 2020 1 0--1 resident 1 census\n"
                      "0 2021 0 0--1 resident 1 census\n");
    assert_population("area,year,number,sex,age_from,age_to\nA,2020,1,male,5,9\nA,2020,1,male,0,\n",
                      "p.csv:3:5: age_from: the ages overlap those of line 2; allowed: groups that do not overlap\n");
    assert_population("area,year,number\nA,2020,1\nA,2020,1\n",
                      "p.csv:3: the ages overlap those of line 2; allowed: groups that do not overlap\n");
    assert_population(
        "area,year,number,sex\nA,2020,1,male\nA,2020,1,\n",
        "p.csv:3:4: sex: the sexes are told apart here but not in line 2; allowed: sexes told apart in all "
        "rows of an area, year, kind and source, or in none\n");
    assert_population("area,year,number,source,kind\nA,2020,1,x,\nA,2020,1,y,\nA,2020,1,x,registered\n",
                      "0 2020 0 0--1 resident 1 x\n0 2020 0 0--1 resident 1 y\n0 2020 0 0--1 registered 1 x\n");
}

static void test_limits_of_texts(void **state)
{
    (void) state;
    char text[1000], word[POPULATION_FILE_MAX_SOURCE + 2];
    memset(word, 'w', sizeof word);
    for (int past = 0; past < 2; past++) {
        snprintf(text, sizeof text, "area,year,number,kind,source\nA,2020,1,%.*s,%.*s\n",
                 POPULATION_FILE_MAX_WORD + past, word, POPULATION_FILE_MAX_SOURCE, word);
        char *answer = describe(text, NULL);
        assert_int_equal(strncmp(answer, "p.csv:2:4:", 10) == 0, past);
        free(answer);
        snprintf(text, sizeof text, "area,year,number,kind,source\nA,2020,1,,%.*s\n", POPULATION_FILE_MAX_SOURCE + past,
                 word);
        answer = describe(text, NULL);
        assert_int_equal(strncmp(answer, "p.csv:2:5:", 10) == 0, past);
        free(answer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_the_area_of_the_year),
        cmocka_unit_test(test_cells_that_cannot_be_read),
        cmocka_unit_test(test_nobody_is_counted_twice),
        cmocka_unit_test(test_limits_of_texts),
    };
    return cmocka_run_group_tests_name("population file", tests, NULL, NULL);
}
