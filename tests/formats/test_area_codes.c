/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>

#include "base/date_text.h"
#include "formats/area_codes.h"
#include "support/test.h"

/* Texts as files. */
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

static int read_list(const char *const *texts, bool allow_gaps, struct fault_list *faults, struct area_codes *list)
{
    static const char *const  names[] = { "a.csv", "b.csv" };
    struct bytes              bytes[2];
    struct table_input        inputs[2];
    size_t                    num = 0;
    struct area_codes_options options = { .allow_gaps = allow_gaps };
    for (; num < 2 && texts[num] != NULL; num++) {
        bytes[num] = (struct bytes){ texts[num], strlen(texts[num]) };
        inputs[num] = (struct table_input){ read_bytes, &bytes[num], names[num] };
    }
    return area_codes_read(inputs, num, &options, faults, list);
}

static void print_day(FILE *out, const char *before, toc_date day)
{
    char text[DATE_TEXT_BYTES];
    if (day != AREA_CODES_NO_DATE && date_to_text(day, DATE_FORM_DAY, text) > 0)
        fprintf(out, "%s%s", before, text);
}

/* The areas, each on a line: level, code, name, <parent, from, to, >successor; then the faults. */
static char *describe(const char *const *texts, bool allow_gaps)
{
    struct fault_list faults = { 0 };
    struct area_codes list = { 0 };
    char             *text;
    size_t            size;
    FILE             *out = open_memstream(&text, &size);
    int               status = read_list(texts, allow_gaps, &faults, &list);
    assert_true(status == 0 ? faults.num_all == 0 : status == BASE_ERR_INPUT && faults.num_all > 0);
    for (uint32_t i = 0; i < list.num_areas; i++) {
        const struct area_code *area = &list.areas[i];
        fprintf(out, "%d %s %s", area->level, area_codes_text(&list, area->code),
                area_codes_text(&list, area->name_en != 0 ? area->name_en : area->name_zh));
        if (area->parent != AREA_CODES_NONE) {
            assert_true(area->parent < i);
            fprintf(out, " <%s", area_codes_text(&list, list.areas[area->parent].code));
        }
        print_day(out, " from ", area->valid_from);
        print_day(out, " to ", area->valid_to);
        if (area->successor != AREA_CODES_NONE)
            fprintf(out, " >%s", area_codes_text(&list, list.areas[area->successor].code));
        fprintf(out, "\n");
    }
    for (size_t i = 0; i < faults.num_kept; i++) {
        char line[FAULT_LINE_BYTES];
        fault_render(&faults.faults[i], line, sizeof line);
        fprintf(out, "%s\n", line);
    }
    area_codes_free(&list);
    fault_list_free(&faults);
    fclose(out);
    return text;
}

static void assert_list_of(const char *const *texts, bool allow_gaps, const char *expected)
{
    char *answer = describe(texts, allow_gaps);
    assert_string_equal(answer, expected);
    free(answer);
}

static void assert_list(const char *text, const char *expected)
{
    assert_list_of((const char *const[]){ text, NULL }, false, expected);
}

static void test_columns_in_any_order(void **state)
{
    (void) state;
    assert_list("name_zh,Parent,CODE\n甲,,A\n乙,A,B\n", "0 A 甲\n1 B 乙 <A\n");
    assert_list("code;name_en;name_zh;name_bo;level;parent;valid_from;valid_to;successor\n"
                "A;Top;甲;ཀ;2;;1990-01-01;;\nB;One;;;3;A;1990-01-01;2019-12-31;C\nC;Two;;;3;A;2020-01-01;;\n",
                "2 A Top from 1990-01-01\n3 B One <A from 1990-01-01 to 2019-12-31 >C\n3 C Two <A from 2020-01-01\n");
}

static void test_areas_come_in_preorder(void **state)
{
    (void) state;
    assert_list("code,name_en,parent\nA2,x,A\nB,x,\nA12,x,A1\nA,x,\nA1,x,A\nA11,x,A1\n",
                "0 A x\n1 A1 x <A\n2 A11 x <A1\n2 A12 x <A1\n1 A2 x <A\n0 B x\n");
}

static void test_several_files_are_one_list(void **state)
{
    (void) state;
    assert_list_of((const char *const[]){ "code,name_zh\n11,京\n", "name_zh,code\n东,110101\n市,1101\n", NULL }, false,
                   "0 11 京\n1 1101 市 <11\n2 110101 东 <1101\n");
    /* one file without the column of parents: its areas are tops */
    assert_list_of((const char *const[]){ "code,name_zh\n11,京\n", "name_zh,code,parent\n东,X,11\n", NULL }, false,
                   "0 11 京\n1 X 东 <11\n");
}

static void test_parents_are_found_in_codes(void **state)
{
    (void) state;
    assert_list("code,name_zh\n11,省\n1101,市\n110101,县\n110101001,乡\n110101001001,村\n110101001002,村\n",
                "0 11 省\n1 1101 市 <11\n2 110101 县 <1101\n3 110101001 乡 <110101\n4 110101001001 村 <110101001\n"
                "4 110101001002 村 <110101001\n");
    assert_list("code,name_zh\n110000,省\n110100,市\n110101,县\n",
                "0 110000 省\n1 110100 市 <110000\n2 110101 县 <110100\n");
    assert_list("code,name_zh\n110000000000,省\n110100000000,市\n110101000000,县\n110101001000,乡\n110101001001,村\n",
                "0 110000000000 省\n1 110100000000 市 <110000000000\n2 110101000000 县 <110100000000\n"
                "3 110101001000 乡 <110101000000\n4 110101001001 村 <110101001000\n");
    assert_list("code,name_zh\n44,省\n4419,市\n441900,县\n441900003,镇\n",
                "0 44 省\n1 4419 市 <44\n2 441900 县 <4419\n3 441900003 镇 <441900\n");
    assert_list("code,name_zh\n11,省\n1,x\nCN,x\n11010,x\n",
                "a.csv:3:1: code: the code does not tell the parent; allowed: 2, 4, 6, 9 or 12 digits, or a column of "
                "parents\na.csv:4:1: code: the code does not tell the parent; allowed: 2, 4, 6, 9 or 12 digits, or a "
                "column of parents\na.csv:5:1: code: the code does not tell the parent; allowed: 2, 4, 6, 9 or 12 "
                "digits, or a column of parents\n");
}

static void test_gaps_are_faults_unless_allowed(void **state)
{
    (void) state;
    const char *const codes[] = { "code,name_zh\n44,省\n4419,市\n441900003,镇\n", NULL };
    assert_list_of(codes, true, "0 44 省\n1 4419 市 <44\n3 441900003 镇 <4419\n");
    assert_list(codes[0], "a.csv:4:1: code: no area has the code 441900; allowed: a row for each area above it\n");
    assert_list_of((const char *const[]){ "code,name_zh\n440101,县\n", NULL }, true,
                   "a.csv:2:1: code: no area has the code 4401; allowed: a row for each area above it\n");
    const char *const levels[] = { "code,name_zh,level,parent\nA,x,0,\nB,x,2,A\n", NULL };
    assert_list_of(levels, true, "0 A x\n2 B x <A\n");
    assert_list(
        levels[0],
        "a.csv:3:3: level: there is a gap between level 2 and the parent's, 0; allowed: one below the parent's\n");
    assert_list_of((const char *const[]){ "code,name_zh,level,parent\nA,x,1,\nB,x,1,A\n", NULL }, true,
                   "a.csv:3:3: level: level 1 does not lie below the parent's, 1\n");
}

static void test_unknown_parents_and_successors(void **state)
{
    (void) state;
    assert_list(
        "code,name_zh,parent,valid_to,successor\nA,x,,,\nB,x,C,,\nD,x,A,2020-01-01,E\nE,x,A,2019-12-31,A\n",
        "a.csv:3:3: parent: no area has the code \"C\"; allowed: the code of an area of the list\n"
        "a.csv:4:5: successor: no area has the code \"E\" on 2020-01-02; allowed: an area that is valid then\n");
    assert_list("code,name_zh,parent,successor,valid_to\nA,x,,B,\nB,x,,C,2000-01-01\n",
                "a.csv:2:4: successor: \"B\" follows an area without a last day; allowed: a last day (valid_to) with "
                "it\na.csv:3:4: successor: no area has the code \"C\"; allowed: the code of an area of the list\n");
}

static void test_circles(void **state)
{
    (void) state;
    assert_list("code,name_zh,parent\nA,x,\nB,x,D\nC,x,B\nD,x,C\nE,x,D\nF,x,F\n",
                "a.csv:3:3: parent: the area belongs to itself, by way of its parents; allowed: parents that lead to a "
                "top\na.csv:7:3: parent: the area belongs to itself, by way of its parents; allowed: parents that lead "
                "to a top\n");
}

static void test_a_code_may_be_used_again_later(void **state)
{
    (void) state;
    const char header[] = "code,name_en,parent,valid_from,valid_to,successor\n";
    char       text[600];
    snprintf(text, sizeof text,
             "%sA,Old,,,1999-12-31,B\nB,Next,,2000-01-01,,\nA,New,,2005-01-01,,\n"
             "A1,Child,A,1990-01-01,1999-12-31,\nA2,Later,A,2006-01-01,,\nA3,Unknown,A,,,\n",
             header);
    assert_list(text, "0 A Old to 1999-12-31 >B\n1 A1 Child <A from 1990-01-01 to 1999-12-31\n0 A New from 2005-01-01\n"
                      "1 A2 Later <A from 2006-01-01\n1 A3 Unknown <A\n0 B Next from 2000-01-01\n");
    snprintf(text, sizeof text, "%sA,Old,,,1999-12-31,\nA,New,,1999-12-31,,\n", header);
    assert_list(text, "a.csv:3:1: code: the code is that of line 2 at the same time; allowed: one area a code at any "
                      "time\n");
    snprintf(text, sizeof text, "%sA,Old,,,1999-12-31,\nA,New,,2000-01-02,,\nB,x,A,2000-01-01,,\n", header);
    assert_list(text, "a.csv:4:3: parent: no area has the code \"A\" on 2000-01-01; allowed: an area that is valid "
                      "then\n");
    snprintf(text, sizeof text, "%sA,Old,,,1999-12-31,\nB,x,A,,,\n", header);
    assert_list(text, "a.csv:3:3: parent: the area with the code \"A\" has ended; allowed: an area without a last "
                      "day\n");
}

static void test_cells_that_cannot_be_read(void **state)
{
    (void) state;
    assert_list("code,name_en,parent,level,valid_from,valid_to\n,x,,0,,\nA B,x,,0,,\nC,,,0,,\nD,x,,16,2020-02-30,\n"
                "E,x,,,2020-01,\nF,x,,0,2020-01-02,2020-01-01\n",
                "a.csv:2:1: code: the cell is empty; allowed: a code of 1 … 40 bytes without blanks\n"
                "a.csv:3:1: code: \"A B\" is not a code; allowed: a code of 1 … 40 bytes without blanks\n"
                "a.csv:4: the area has no name in any language; allowed: a name\n"
                "a.csv:5:4: level: \"16\" is not a level; allowed: a whole number, 0 … 15\n"
                "a.csv:5:5: valid_from: \"2020-02-30\": day 30 does not exist: February 2020 has 29 days; allowed: a "
                "day (2024-02-26), or "
                "nothing\n"
                "a.csv:6:4: level: the cell is empty; allowed: a whole number, 0 … 15\n"
                "a.csv:6:5: valid_from: \"2020-01\" is not a day; allowed: a day (2024-02-26), or nothing\n"
                "a.csv:7:6: valid_to: \"2020-01-01\" lies before the first day; allowed: the first day or later\n");
}

static void test_headers(void **state)
{
    (void) state;
    assert_list("code,code,religion\n",
                "a.csv:1:2: the column \"code\" comes twice\n"
                "a.csv:1:3: \"religion\" is not a known column; allowed: code, name_en, name_zh, "
                "name_bo, level, parent, valid_from, valid_to, successor\n"
                "a.csv:1: there is no column of names; allowed: code, name_en, name_zh, "
                "name_bo, level, parent, valid_from, valid_to, successor\n");
    assert_list("name_en\n", "a.csv:1: there is no column \"code\"; allowed: code, name_en, name_zh, name_bo, level, "
                             "parent, valid_from, valid_to, successor\n");
    assert_list("code,name_en\n", "a.csv: no rows after the header; allowed: a row for each area\n");
}

/* ---- limits ---- */

static void test_limits_of_texts(void **state)
{
    (void) state;
    char text[2000], name[AREA_CODES_MAX_NAME + 2], code[AREA_CODES_MAX_CODE + 2];
    memset(name, 'n', sizeof name);
    memset(code, 'c', sizeof code);
    for (int past = 0; past < 2; past++) {
        struct fault_list faults = { 0 };
        struct area_codes list = { 0 };
        snprintf(text, sizeof text, "code,name_en,parent\n%.*s,%.*s,\n", AREA_CODES_MAX_CODE + past, code,
                 AREA_CODES_MAX_NAME, name);
        assert_status(read_list((const char *const[]){ text, NULL }, false, &faults, &list), past ? BASE_ERR_INPUT : 0);
        area_codes_free(&list);
        snprintf(text, sizeof text, "code,name_en,parent\nA,%.*s,\n", AREA_CODES_MAX_NAME + past, name);
        assert_status(read_list((const char *const[]){ text, NULL }, false, &faults, &list), past ? BASE_ERR_INPUT : 0);
        area_codes_free(&list);
        assert_int_equal(faults.num_all, 2 * past);
        fault_list_free(&faults);
    }
}

static char *many_rows(const char *header, unsigned rows, const char *format)
{
    char  *text;
    size_t size;
    FILE  *out = open_memstream(&text, &size);
    fputs(header, out);
    for (unsigned i = 0; i < rows; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        fprintf(out, format, i + 1000, i + 1000, i + 999, i + 1000);
#pragma GCC diagnostic pop
    }
    fclose(out);
    return text;
}

static void test_limits_of_rows(void **state)
{
    (void) state;
    for (unsigned past = 0; past < 2; past++) {
        struct fault_list faults = { 0 };
        struct area_codes list = { 0 };
        /* one code in years 1000 … 1099 */
        char *text = many_rows("code,name_en,parent,valid_from,valid_to\n", 100 + past, "A,x,,%u-01-01,%u-12-31\n");
        assert_status(read_list((const char *const[]){ text, NULL }, false, &faults, &list), past ? BASE_ERR_INPUT : 0);
        area_codes_free(&list);
        free(text);
        /* a chain of 16 levels */
        text = many_rows("code,name_en,parent\n999,x,\n", AREA_CODES_MAX_LEVEL + past, "%u,x%u,%u\n");
        assert_status(read_list((const char *const[]){ text, NULL }, false, &faults, &list), past ? BASE_ERR_INPUT : 0);
        area_codes_free(&list);
        free(text);
        assert_int_equal(faults.num_all, 2 * past);
        fault_list_free(&faults);
    }
}

/* ---- ids ---- */

static void test_ids_are_made_of_code_and_first_day(void **state)
{
    (void) state;
    char      text[ID_TEXT_BYTES];
    struct id id = area_codes_id("110101", AREA_CODES_NO_DATE), dated = area_codes_id("110101", 0);
    struct id shifted = area_codes_id("1101011970-01-01", AREA_CODES_NO_DATE);
    id_to_text(&id, text);
    assert_string_equal(
        text,
        "530e735f-413f-8702-bb85-303e985b44e2"); /* b2sum -l 128 of "tocsin area\0110101\0", version and variant set */
    id_to_text(&dated, text);
    assert_string_equal(text, "c3ff71d7-c17e-8208-bcc8-f1a06ed13c05");
    assert_false(id_equal(&dated, &shifted));
}

/* ---- newer editions ---- */

static const char *words(unsigned what, char text[100])
{
    static const char *const names[] = { "new", "renamed", "moved", "closed", "successor", "days" };
    *text = '\0';
    for (unsigned i = 0; i < 6; i++)
        if (what & (1u << i))
            sprintf(text + strlen(text), " %s", names[i]);
    return text;
}

static void assert_update(const char *old_text, const char *new_text, bool partial, const char *expected)
{
    struct fault_list   faults = { 0 };
    struct area_codes   older, newer;
    struct area_change *changes;
    size_t              num, size;
    char               *text, what[100];
    FILE               *out = open_memstream(&text, &size);
    toc_date            edition = toc_date_from_civil((struct toc_civil){ 2024, 1, 1 });
    assert_ok(read_list((const char *const[]){ old_text, NULL }, false, &faults, &older));
    assert_ok(read_list((const char *const[]){ new_text, NULL }, false, &faults, &newer));
    assert_ok(area_codes_update(&older, &newer, edition, partial, &changes, &num));
    for (size_t i = 0; i < num; i++) {
        const struct area_change *change = &changes[i];
        const struct area_codes  *list = change->new_index == AREA_CODES_NONE ? &older : &newer;
        uint32_t                  at = change->new_index == AREA_CODES_NONE ? change->old_index : change->new_index;
        fprintf(out, "%s%s", area_codes_text(list, list->areas[at].code), words(change->what, what));
        if (change->what & AREA_CHANGE_NEW)
            print_day(out, " from ", list->areas[at].valid_from);
        print_day(out, " to ", change->valid_to);
        fputs("\n", out);
        if (change->old_index != AREA_CODES_NONE && change->new_index != AREA_CODES_NONE)
            assert_true(id_equal(&older.areas[change->old_index].id, &newer.areas[change->new_index].id));
    }
    fclose(out);
    assert_string_equal(text, expected);
    free(text);
    free(changes);
    area_codes_free(&older);
    area_codes_free(&newer);
}

static void test_the_same_edition_changes_nothing(void **state)
{
    (void) state;
    const char list[] = "code,name_en,parent,valid_from,valid_to,successor\nA,Top,,1990-01-01,,\n"
                        "B,One,A,1990-01-01,1999-12-31,C\nC,Two,A,2000-01-01,,\nB,Again,A,2001-01-01,,\nD,x,C,,,\n";
    assert_update(list, list, false, "");
}

static void test_what_an_edition_changes(void **state)
{
    (void) state;
    const char old[] = "code,name_en,parent\nA,Top,\nB,One,A\nC,Two,A\nC1,x,C\nD,Gone,A\n";
    assert_update(old, "code,name_en,parent\nA,Top,\nB,Uno,A\nC,Two,A\nC1,x,B\nE,New,A\n", false,
                  "B renamed\nC1 moved\nE new from 2024-01-01\nD closed to 2023-12-31\n");
    assert_update(old, "code,name_en,parent\nA,Top,\nE,New,A\n", true, "E new from 2024-01-01\n");
    /* a column that is not there says nothing */
    assert_update("code,name_en,name_bo,parent\nA,Top,ཀ,\n", "code,name_en,parent\nA,Top,\n", false, "");
}

static void test_closed_with_a_successor(void **state)
{
    (void) state;
    assert_update("code,name_en,parent\nA,Top,\nB,One,A\n",
                  "code,name_en,parent,valid_from,valid_to,successor\nA,Top,,,,\nB,One,A,,2023-06-30,C\n"
                  "C,Two,A,2023-07-01,,\n",
                  false, "B closed successor to 2023-06-30\nC new from 2023-07-01\n");
    assert_update("code,name_en,parent,valid_to\nA,Top,,2020-01-01\n",
                  "code,name_en,parent,valid_to\nA,Top,,2020-01-02\n", false, "A days to 2020-01-02\n");
}

/* The code of an area that has ended comes again: another area, with another id; the one that is open ends before. */
static void test_a_code_used_again_is_a_new_area(void **state)
{
    (void) state;
    assert_update("code,name_en,parent,valid_from,valid_to\nA,Top,,,\nB,One,A,1990-01-01,1999-12-31\n",
                  "code,name_en,parent\nA,Top,\nB,Other,A\n", false, "B new from 2024-01-01\n");
    assert_update("code,name_en,parent,valid_from\nA,Top,,\nB,One,A,1990-01-01\n",
                  "code,name_en,parent,valid_from\nA,Top,,\nB,Other,A,2023-05-01\n", false,
                  "B new from 2023-05-01\nB closed to 2023-04-30\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns_in_any_order),
        cmocka_unit_test(test_areas_come_in_preorder),
        cmocka_unit_test(test_several_files_are_one_list),
        cmocka_unit_test(test_parents_are_found_in_codes),
        cmocka_unit_test(test_gaps_are_faults_unless_allowed),
        cmocka_unit_test(test_unknown_parents_and_successors),
        cmocka_unit_test(test_circles),
        cmocka_unit_test(test_a_code_may_be_used_again_later),
        cmocka_unit_test(test_cells_that_cannot_be_read),
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_limits_of_texts),
        cmocka_unit_test(test_limits_of_rows),
        cmocka_unit_test(test_ids_are_made_of_code_and_first_day),
        cmocka_unit_test(test_the_same_edition_changes_nothing),
        cmocka_unit_test(test_what_an_edition_changes),
        cmocka_unit_test(test_closed_with_a_successor),
        cmocka_unit_test(test_a_code_used_again_is_a_new_area),
    };
    return cmocka_run_group_tests_name("area codes", tests, NULL, NULL);
}
