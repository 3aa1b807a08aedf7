/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Line lists: what columns are taken for, dates by their column, rows as reports, and the file of errors. */
#include <stdio.h>
#include <stdlib.h>

#include "formats/list/alone.h"
#include "support/test.h"

static struct code_tables *tables;

static int load(void **state)
{
    struct fault_list faults = FAULT_LIST_INIT;
    (void) state;
    assert_ok(code_tables_new(&tables));
    assert_ok(code_tables_add_folder(tables, LISTS, &faults));
    assert_ok(code_tables_add_folder(tables, INTAKE, &faults));
    fault_list_free(&faults);
    return 0;
}

static int unload(void **state)
{
    (void) state;
    code_tables_free(tables);
    return 0;
}

/* Everything that reading a list answers. */
struct answer {
    char       *rows;    /* NDJSON of the reports */
    char       *faults;  /* of the list */
    char       *mapping; /* NULL: no list */
    char       *errors;  /* the file of errors */
    struct sink sinks[3];
    size_t      num_rows, num_bad;
};

static char *finish(struct sink *sink)
{
    sink_character(sink, '\0');
    assert_int_equal(sink->failure, 0);
    return sink->bytes;
}

static void read_rows(struct list *list, struct answer *answer)
{
    struct arena       arena = ARENA_INIT;
    struct report      report;
    struct json_writer json;
    list_write_errors_header(list, &answer->sinks[2]);
    while (list_next(list, &report, &arena) == 1) {
        bool bad = report.num_all_faults > 0 && report.worst >= REPORT_ERROR;
        answer->num_rows++;
        answer->num_bad += bad;
        json_writer_init(&json, &answer->sinks[0]);
        report_write_json(&report, &json);
        sink_character(&answer->sinks[0], '\n');
        if (bad)
            list_write_errors_row(list, &report, &answer->sinks[2]);
        arena_wipe(&arena);
    }
    arena_free(&arena);
}

static struct answer read_list(const char *text, const char *mapping, enum list_dates dates)
{
    struct fault_list    faults = FAULT_LIST_INIT;
    struct sheet        *sheet;
    struct list         *list;
    struct answer        answer = { 0 };
    size_t               size;
    struct list_options  options = { .tables = tables,
                                     .today = toc_date_from_civil((struct toc_civil){ 2026, 11, 22 }),
                                     .mapping = mapping,
                                     .mapping_size = mapping != NULL ? strlen(mapping) : 0,
                                     .dates = dates };
    struct sheet_options form = { 0 };
    FILE                *out = open_memstream(&answer.faults, &size);
    for (size_t i = 0; i < 3; i++)
        sink_init_memory(&answer.sinks[i]);
    assert_ok(sheet_open(text, strlen(text), "f", &form, &faults, &sheet));
    int ret = list_open(sheet, "f", &options, &faults, &list);
    assert_true(ret == 0 || faults.num_all > 0);
    if (list != NULL) {
        struct json_writer json;
        json_writer_init(&json, &answer.sinks[1]);
        list_write_mapping(list, &json);
        answer.mapping = finish(&answer.sinks[1]);
    }
    if (ret == 0)
        read_rows(list, &answer);
    answer.rows = finish(&answer.sinks[0]);
    answer.errors = finish(&answer.sinks[2]);
    list_close(list);
    sheet_close(sheet);
    fault_list_write(&faults, out);
    fault_list_free(&faults);
    fclose(out);
    return answer;
}

static void drop(struct answer *answer)
{
    for (size_t i = 0; i < 3; i++)
        sink_free(&answer->sinks[i]);
    free(answer->faults);
}

#define assert_has(text, part)                                                                                         \
    do {                                                                                                               \
        if (strstr(text, part) == NULL)                                                                                \
            fail_msg("no %s in %s", part, text);                                                                       \
    } while (0)
#define assert_has_not(text, part)                                                                                     \
    do {                                                                                                               \
        if (strstr(text, part) != NULL)                                                                                \
            fail_msg("%s is in %s", part, text);                                                                       \
    } while (0)

/* ---- dates ---- */

static void test_dates(void **state)
{
    (void) state;
    static const struct {
        const char     *text;
        enum list_dates order;
        const char     *expected; /* begins with ! = what is wrong */
    } dates[] = {
        { "2026-11-22", 0, "2026-11-22" },
        { "2026/1/2", 0, "2026-01-02" },
        { "2026.1.2", 0, "2026-01-02" },
        { "2026年1月2日", 0, "2026-01-02" },
        { "20260102", 0, "2026-01-02" },
        { "22 November 2020", 0, "2020-11-22" },
        { "Nov 22, 2020", 0, "2020-11-22" },
        { "22-Sept-20", 0, "2020-09-22" },
        { "2020-11-22T10:30:05Z", 0, "2020-11-22T10:30:05Z" },
        { "12/20/2021 2:05 PM", LIST_MONTH_FIRST, "2021-12-20T14:05" },
        { "12/20/2021 12:05 AM", LIST_MONTH_FIRST, "2021-12-20T00:05" },
        { "12/20/2021 4:00 PST", LIST_MONTH_FIRST, "2021-12-20T04:00-08:00" },
        { "12/20/2021 4:00 CST", LIST_MONTH_FIRST, "2021-12-20T04:00" },
        { "202106040725-0400", 0, "2021-06-04T07:25-04:00" },
        { "1/2/2020", LIST_DAY_FIRST, "2020-02-01" },
        { "1/2/2020", LIST_MONTH_FIRST, "2020-01-02" },
        { "01.02.26", LIST_DAY_FIRST, "2026-02-01" },
        { "01.02.27", LIST_DAY_FIRST, "1927-02-01" },
        { "3/3/2020", 0, "2020-03-03" },
        { "2020", 0, "2020" },
        { "2020-11", 0, "2020-11" },
        { "1/2/2020", 0, "!is a date whose day and month cannot be told apart" },
        { "13/2/2020", LIST_MONTH_FIRST, "!the month lies outside 01 … 12" },
        { "2019-02-29", 0, "!the month has no such day" },
        { "11/3/8", LIST_MONTH_FIRST, "!is no date" },
        { "43831", 0, "!is no date" },
        { "2020-11-22x", 0, "!is no date" },
        { "2020-11-22 25:00", 0, "!is no date" },
        { "tomorrow", 0, "!is no date" },
        { "1/2/3/4", 0, "!is no date" },
        { "-", 0, "!is no date" },
    };
    toc_date today = toc_date_from_civil((struct toc_civil){ 2026, 11, 22 });
    for (size_t i = 0; i < sizeof dates / sizeof *dates; i++) {
        struct report_time time = { 0 };
        char               text[REPORT_TIME_BYTES];
        const char        *wrong = list_date_read(report_text_of(dates[i].text), dates[i].order, today, &time);
        if (wrong == NULL)
            report_time_to_text(&time, text);
        const char *got = wrong != NULL ? wrong : text, *expected = dates[i].expected + (wrong != NULL);
        if ((wrong != NULL) != (dates[i].expected[0] == '!') || strcmp(got, expected) != 0)
            fail_msg("%s: %s, not %s", dates[i].text, got, dates[i].expected);
    }
}

/* A cell that allows one order alone decides for the column; each column for itself. */
static void test_a_column_decides_the_order_of_its_dates(void **state)
{
    (void) state;
    struct answer answer = read_list("id,onset,dob\n1,01/12/2020,06/01/1972\n2,28/01/2021,02/20/1952\n", NULL, 0);
    assert_string_equal(answer.faults, "");
    assert_int_equal(answer.num_bad, 0);
    assert_has(answer.rows, "\"2020-12-01\"");
    assert_has(answer.rows, "\"1972-06-01\"");
    assert_has(answer.mapping, "\"header\":\"onset\",\"field\":\"onset_date\",\"dates\":\"day-first\"");
    assert_has(answer.mapping, "\"header\":\"dob\",\"field\":\"birth_date\",\"dates\":\"month-first\"");
    drop(&answer);
}

static void test_an_order_that_nothing_decides_is_asked(void **state)
{
    (void) state;
    const char   *list = "id,onset\n1,01/12/2020\n";
    struct answer answer = read_list(list, NULL, 0);
    assert_int_equal(answer.num_rows, 0);
    assert_has(answer.faults, "f:1:2: onset: in row 2 day and month could be either, and no row decides");
    assert_non_null(answer.mapping);
    drop(&answer);
    answer = read_list(list, NULL, LIST_MONTH_FIRST);
    assert_has(answer.rows, "\"2020-01-12\"");
    drop(&answer);
    answer = read_list(list,
                       "{\"columns\":[{\"header\":\"ID\",\"field\":\"record\"},{\"header\":\"Onset\",\"field\":"
                       "\"onset_date\",\"dates\":\"day-first\"}]}",
                       LIST_MONTH_FIRST);
    assert_has(answer.rows, "\"2020-12-01\"");
    drop(&answer);
    answer = read_list("id,onset\n1,13/12/2020\n2,12/13/2020\n", NULL, 0);
    assert_has(answer.faults, "row 2 has the day first, row 3 the month: which is it?");
    drop(&answer);
}

/* ---- columns ---- */

static void test_a_row_in_chinese(void **state)
{
    (void) state;
    struct answer answer = read_list("病例编号,姓名,性别,民族,年龄,疾病名称,病例分类,发病日期,检测项目,检测结果\n"
                                     "7,张三,女,藏族,34,新冠肺炎,确诊病例,2026年1月2日,新冠病毒核酸,阳性\n",
                                     NULL, 0);
    assert_int_equal(answer.num_rows, 1);
    assert_int_equal(answer.num_bad, 0);
    assert_has(answer.rows, "\"whole\":\"张三\"");
    assert_has(answer.rows, "\"sex\":\"female\"");
    assert_has(answer.rows, "\"disease\":\"covid-19\"");
    assert_has(answer.rows, "\"classification\":\"confirmed\"");
    assert_has(answer.rows, "\"interpretation\":\"detected\"");
    assert_has_not(answer.rows, "藏");
    assert_has(answer.mapping, "\"header\":\"民族\",\"field\":\"\",\"denied\":true,"
                               "\"note\":\"ethnicity, race and descent are never collected\"");
    drop(&answer);
}

static void test_the_fingerprint_knows_neither_order_nor_case(void **state)
{
    (void) state;
    static const char *const same[] = { "case_id,onset,age\n1,2020-01-02,3\n", "Age,Onset,Case ID\n3,2020-01-02,1\n",
                                        "case_id,race,onset,age,tocsin_errors\n1,x,2020-01-02,3,\n" };
    char                     first[64] = "";
    for (size_t i = 0; i < 3; i++) {
        struct answer answer = read_list(same[i], NULL, 0);
        const char   *at = strstr(answer.mapping, "\"fingerprint\":\"");
        assert_non_null(at);
        if (i == 0)
            snprintf(first, sizeof first, "%.47s", at);
        assert_memory_equal(at, first, 47);
        drop(&answer);
    }
    struct answer other = read_list("case_id,onset,ages\n1,2020-01-02,3\n", NULL, 0);
    assert_has_not(other.mapping, first);
    drop(&other);
}

static void test_a_mapping_is_held_to(void **state)
{
    (void) state;
    static const struct {
        const char *mapping, *fault;
    } wrong[] = {
        { "{", "the mapping cannot be read" },
        { "[]", "a mapping without columns" },
        { "{\"columns\":[{\"header\":\"id\",\"field\":\"colour\"}]}",
          "makes of the column \"id\" a field that there is not" },
        { "{\"columns\":[{\"header\":\"sex\",\"field\":\"sex\"}]}",
          "the column \"sex\" of the mapping is not in this file" },
        { "{\"columns\":[{\"header\":\"id\",\"field\":\"record\"},{\"header\":\"a\",\"field\":\"record\"}]}",
          "two columns for one" },
        { "{\"columns\":[{\"header\":\"id\",\"field\":\"record\",\"dates\":\"x\"}]}",
          "an order of dates that is not known" },
        { "{\"columns\":[]}", "no column says whom or what a row is about" },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct answer answer = read_list("id,a,race\n1,2,x\n", wrong[i].mapping, 0);
        assert_int_equal(answer.num_rows, 0);
        assert_has(answer.faults, wrong[i].fault);
        drop(&answer);
    }
    /* what is never collected is not brought in by a mapping either */
    struct answer answer = read_list("id,a,race\n1,2,secret\n",
                                     "{\"columns\":[{\"header\":\"id\",\"field\":\"record\"},{\"header\":"
                                     "\"race\",\"field\":\"comment\"}]}",
                                     0);
    assert_int_equal(answer.num_rows, 1);
    assert_has_not(answer.rows, "secret");
    drop(&answer);
}

/* A file's own words for a value are a part of its mapping, which writes them out again; meant "" is an empty cell. */
static void test_words_of_one_file(void **state)
{
    (void) state;
    const char   *list = "id,sex\n1,1\n2,-99\n3,3\n";
    struct answer answer =
        read_list(list,
                  "{\"columns\":[{\"header\":\"id\",\"field\":\"record\"},{\"header\":\"sex\",\"field\":"
                  "\"sex\",\"values\":[{\"said\":\"1\",\"meant\":\"male\"},{\"said\":\"-99\",\"meant\":\"\"}]}]}",
                  0);
    assert_int_equal(answer.num_rows, 3);
    assert_int_equal(answer.num_bad, 1);
    assert_has(answer.rows, "\"sex\":\"male\"");
    assert_has(answer.rows, "row 4, column B (sex)");
    struct answer again = read_list(list, answer.mapping, 0);
    assert_string_equal(again.mapping, answer.mapping);
    assert_int_equal(again.num_bad, 1);
    drop(&again);
    drop(&answer);
}

static void test_counts_are_no_line_list(void **state)
{
    (void) state;
    static const char *const tables_of_counts[] = { "onset_date,nr,value\n2011-07-07,7,0\n", "county,state\na,b\n",
                                                    "date,cases\n2011-07-07,7\n" };
    for (size_t i = 0; i < 3; i++) {
        struct answer answer = read_list(tables_of_counts[i], NULL, 0);
        assert_int_equal(answer.num_rows, 0);
        assert_true(*answer.faults != '\0');
        drop(&answer);
    }
}

/* ---- bad cells ---- */

static void test_every_bad_cell_is_named_and_its_row_comes_back(void **state)
{
    (void) state;
    const char   *list = "id;race;sex;age;onset;note\n"
                         "1;x;female;30;2020-01-02;ok\n"
                         "2;x;femal;300;2020-02-30;\"a \"\"b\"\"; =c\"\n"
                         "3;x;m;;2027-01-01;=1+1\n"
                         "4;x;m;5;2020-01-02;ok;more\n";
    struct answer answer = read_list(list, NULL, 0);
    assert_int_equal(answer.num_rows, 4);
    assert_int_equal(answer.num_bad, 3);
    assert_has(answer.rows, "row 3, column C (sex)");
    assert_has(answer.rows, "row 3, column D (age)");
    assert_has(answer.rows, "row 3, column E (onset)");
    assert_memory_equal(answer.errors, "\xef\xbb\xbf\"id\";\"sex\";\"age\";\"onset\";\"note\";tocsin_errors\n", 48);
    assert_has(answer.errors, "\n\"2\";\"femal\";\"300\";\"2020-02-30\";\"a \"\"b\"\"; =c\";\"");
    assert_has(answer.errors, "D age: lies outside what can be (allowed: a number from 0 to 150)");
    assert_has(answer.errors, "E onset: the month has no such day");
    assert_has(answer.errors, "\"'=1+1\";\"E onset: lies in the future");
    assert_has(answer.errors, "the row has more cells than the header has columns");
    drop(&answer);
}

/* Mended, the file of errors reads without a fault, with the mapping of the first. */
static void test_a_mended_file_of_errors_reads_clean(void **state)
{
    (void) state;
    const char   *list = "id,race,sex,phone,onset\n1,x,q,+86 891,03/04/2020\n2,x,f,5,13/04/2020\n";
    struct answer answer = read_list(list, NULL, 0);
    assert_int_equal(answer.num_bad, 1);
    assert_has(answer.errors, "\"1\",\"q\",\"'+86 891\",\"03/04/2020\",\"C sex: ");
    char *wrong = strstr(answer.errors, "\"q\"");
    assert_non_null(wrong);
    wrong[1] = 'f';
    struct answer again = read_list(answer.errors, answer.mapping, 0);
    assert_string_equal(again.faults, "");
    assert_int_equal(again.num_rows, 1);
    assert_int_equal(again.num_bad, 0);
    assert_has(again.rows, "\"+86 891\"");
    assert_has(again.rows, "\"2020-04-03\""); /* its one date decides nothing: the mapping remembers */
    drop(&again);
    drop(&answer);
}

/* A row that stands by itself reads as it did in its file, and comes back in a file of errors with all columns. */
static void test_a_row_stands_alone(void **state)
{
    (void) state;
    const char *text = "race,record id,sex,phone,onset,note\n"
                       "x,1,2,+86 891,13/02/2020,a\n"
                       "x,2,q,=1+1,03/04/2020,\n";
    const char *mapping =
        "{\"list\":\"clinic\",\"columns\":[{\"header\":\"sex\",\"field\":\"sex\",\"values\":[{\"said\":\"2\","
        "\"meant\":\"female\"}]},{\"header\":\"record id\",\"field\":\"record\"},{\"header\":\"phone\","
        "\"field\":\"phone\"},{\"header\":\"onset\",\"field\":\"onset_date\"}]}";
    struct fault_list    faults = FAULT_LIST_INIT;
    struct sheet        *sheet;
    struct list         *list;
    struct sheet_options form = { 0 };
    struct list_options  options = { .tables = tables,
                                     .today = toc_date_from_civil((struct toc_civil){ 2026, 11, 22 }),
                                     .mapping = mapping,
                                     .mapping_size = strlen(mapping),
                                     .disease = "measles",
                                     .authority = report_text_of("a1") };
    struct sink          errors;
    struct arena         arena = ARENA_INIT;
    struct report        report, again;
    sink_init_memory(&errors);
    assert_ok(sheet_open(text, strlen(text), "f", &form, &faults, &sheet));
    assert_ok(list_open(sheet, "f", &options, &faults, &list));
    while (list_next(list, &report, &arena) == 1) {
        struct json_writer json;
        struct sink        one, two, alone;
        bool               bad = report.num_all_faults > 0;
        sink_init_memory(&one);
        sink_init_memory(&two);
        sink_init_memory(&alone);
        json_writer_init(&json, &one);
        report_write_json(&report, &json);
        list_write_alone(list, bad, 5, &alone);
        assert_int_equal(list_alone_again(alone.bytes, alone.used), 5);
        assert_string_equal(list_alone_name(alone.bytes, alone.used, &arena), "clinic");
        report_init(&again, &arena, alone.bytes, alone.used);
        assert_ok(list_read_alone(
            &(struct list_options){ .tables = tables, .today = options.today, .authority = options.authority },
            list_row_number(list), &again));
        json_writer_init(&json, &two);
        report_write_json(&again, &json);
        assert_string_equal(finish(&one), finish(&two));
        if (bad) {
            list_write_alone_header(alone.bytes, alone.used, true, &errors);
            list_write_alone_errors(alone.bytes, alone.used, &again, "here.3.0", &errors);
        }
        sink_free(&one);
        sink_free(&two);
        sink_free(&alone);
    }
    assert_has(finish(&errors), "\"record id\",\"sex\",\"phone\",\"onset\",\"note\",tocsin_row,tocsin_errors\n"
                                "\"2\",\"q\",\"'=1+1\",\"03/04/2020\",\"\",\"here.3.0\",\"C sex: is not");
    sink_free(&errors);
    arena_free(&arena);
    list_close(list);
    sheet_close(sheet);
    fault_list_free(&faults);
}

/* What a row says does not depend on the order of its columns; its key is its number, of a test with the day. */
static void test_a_row_is_known_again(void **state)
{
    (void) state;
    const char *const texts[] = { "record id,sex,onset,unused\n1,f,2020-01-02,a\n",
                                  "unused,onset,sex,record id\nb,2020-01-02,f,1\n",
                                  "record id,sex,onset,unused\n1,m,2020-01-02,a\n", "sex,onset\nf,2020-01-02\n" };
    struct sink       says[4], keys[4];
    for (size_t i = 0; i < 4; i++) {
        struct fault_list    faults = FAULT_LIST_INIT;
        struct arena         arena = ARENA_INIT;
        struct sheet        *sheet;
        struct list         *list;
        struct report        report;
        struct sheet_options form = { 0 };
        struct list_options  options = { .tables = tables, .today = 20000 };
        sink_init_memory(&says[i]);
        sink_init_memory(&keys[i]);
        assert_ok(sheet_open(texts[i], strlen(texts[i]), "f", &form, &faults, &sheet));
        assert_ok(list_open(sheet, "f", &options, &faults, &list));
        assert_int_equal(list_next(list, &report, &arena), 1);
        list_write_content(list, &says[i]);
        assert_int_equal(list_write_key(list, &keys[i]), i < 3);
        assert_int_equal(list_is_anonymous(list), i == 3);
        arena_free(&arena);
        list_close(list);
        sheet_close(sheet);
        fault_list_free(&faults);
    }
    assert_int_equal(says[0].used, says[1].used);
    assert_memory_equal(says[0].bytes, says[1].bytes, says[0].used);
    assert_true(says[0].used == says[2].used && memcmp(says[0].bytes, says[2].bytes, says[0].used) != 0);
    assert_int_equal(keys[0].used, keys[2].used);
    assert_memory_equal(keys[0].bytes, keys[2].bytes, keys[0].used);
    assert_int_equal(keys[3].used, 0);
    for (size_t i = 0; i < 4; i++) {
        sink_free(&says[i]);
        sink_free(&keys[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_a_column_decides_the_order_of_its_dates),
        cmocka_unit_test(test_an_order_that_nothing_decides_is_asked),
        cmocka_unit_test(test_a_row_in_chinese),
        cmocka_unit_test(test_the_fingerprint_knows_neither_order_nor_case),
        cmocka_unit_test(test_a_mapping_is_held_to),
        cmocka_unit_test(test_words_of_one_file),
        cmocka_unit_test(test_counts_are_no_line_list),
        cmocka_unit_test(test_every_bad_cell_is_named_and_its_row_comes_back),
        cmocka_unit_test(test_a_mended_file_of_errors_reads_clean),
        cmocka_unit_test(test_a_row_stands_alone),
        cmocka_unit_test(test_a_row_is_known_again),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
