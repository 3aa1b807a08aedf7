/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Spreadsheet files: what each kind of cell says, and what is refused. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zip.h>

#include "formats/sheet/sheet.h"
#include "formats/sheet/unpack.h"
#include "formats/sheet/xlsx.h"
#include "formats/spreadsheet.h"
#include "formats/table.h"
#include "support/test.h"

/* ---- making files ---- */

#define RELATION "relationships"
static const char top_relations[] = "<Relationships><Relationship Id=\"a\" Type=\"" RELATION
                                    "/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>";
static const char relations[] = "<Relationships><Relationship Id=\"b\" Type=\"" RELATION
                                "/worksheet\" Target=\"/xl/one.xml\"/><Relationship Id=\"c\" Type=\"" RELATION
                                "/worksheet\" Target=\"../xl/two.xml\"/><Relationship Id=\"s\" Type=\"" RELATION
                                "/styles\" Target=\"styles.xml\"/><Relationship Id=\"t\" Type=\"" RELATION
                                "/sharedStrings\" Target=\"strings.xml\"/></Relationships>";
static const char one_sheet[] = "<workbook><sheets><sheet name=\"one\" r:id=\"b\" xmlns:r=\"x\"/></sheets></workbook>";
static const char styles[] =
    "<styleSheet><numFmts><numFmt numFmtId=\"164\" formatCode=\"yyyy&quot;年&quot;m&quot;月&quot;"
    "d&quot;日&quot;\"/><numFmt numFmtId=\"165\" formatCode=\"0.0&quot; days&quot;\"/>"
    "<numFmt numFmtId=\"166\" formatCode=\"[h]:mm\"/></numFmts><cellStyleXfs><xf numFmtId=\"14\"/>"
    "</cellStyleXfs><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"22\"/>"
    "<xf numFmtId=\"164\"/><xf numFmtId=\"165\"/><xf numFmtId=\"166\"/></cellXfs></styleSheet>";
static const char strings[] =
    "<sst><si><t>first</t></si><si><r><t>rich </t></r><r><t>text</t></r><rPh><t>reading</t></rPh>"
    "</si><si><t xml:space=\"preserve\"> a_x000D_b_x005F_c </t></si><si/></sst>";

struct parts {
    const char *workbook, *styles, *strings, *one, *two;
    const char *more, *more_name; /* a part beside them */
};

struct bytes {
    void  *bytes;
    size_t size;
};

static void put(zip_t *archive, const char *name, const char *text)
{
    zip_source_t *source = text != NULL ? zip_source_buffer(archive, text, strlen(text), 0) : NULL;
    if (text == NULL)
        return;
    assert_non_null(source);
    assert_true(zip_file_add(archive, name, source, ZIP_FL_ENC_UTF_8) >= 0);
}

static struct bytes pack(struct parts parts)
{
    zip_error_t   error;
    zip_source_t *whole = zip_source_buffer_create(NULL, 0, 0, &error);
    assert_non_null(whole);
    zip_source_keep(whole);
    zip_t *archive = zip_open_from_source(whole, ZIP_TRUNCATE, &error);
    assert_non_null(archive);
    put(archive, "_rels/.rels", top_relations);
    put(archive, "xl/workbook.xml", parts.workbook != NULL ? parts.workbook : one_sheet);
    put(archive, "xl/_rels/workbook.xml.rels", relations);
    put(archive, "xl/styles.xml", parts.styles != NULL ? parts.styles : styles);
    put(archive, "xl/strings.xml", parts.strings != NULL ? parts.strings : strings);
    put(archive, "xl/one.xml", parts.one);
    put(archive, "xl/two.xml", parts.two);
    put(archive, parts.more_name, parts.more);
    assert_int_equal(zip_close(archive), 0);
    zip_stat_t stat;
    assert_int_equal(zip_source_stat(whole, &stat), 0);
    struct bytes made = { malloc(stat.size), stat.size };
    assert_int_equal(zip_source_open(whole), 0);
    assert_int_equal(zip_source_read(whole, made.bytes, made.size), (zip_int64_t) made.size);
    zip_source_close(whole);
    zip_source_free(whole);
    return made;
}

/* ---- reading them ---- */

/* "NUMBER:kind text|…" a row of a sheet, then "= status" where it is not 0, then the faults; free() it. */
static char *read_bytes(const void *bytes, size_t size, int sheet)
{
    static const char kinds[] = " tndmhbe";
    struct fault_list faults = FAULT_LIST_INIT;
    struct xlsx      *workbook = NULL;
    struct sheet_row  row;
    char             *text;
    size_t            text_size;
    FILE             *out = open_memstream(&text, &text_size);
    int               ret = xlsx_open(bytes, size, "f.xlsx", &faults, &workbook);
    if (ret == 0)
        ret = xlsx_begin(workbook, sheet < 0 ? xlsx_first_sheet(workbook) : (size_t) sheet);
    while (ret == 0 && (ret = xlsx_next(workbook, &row)) == 1) {
        fprintf(out, "%d:", (int) row.number);
        for (size_t i = 0; i < row.num_cells; i++) {
            assert_int_equal(row.cells[i].text[row.cells[i].size], '\0');
            fprintf(out, "%s%c%s", i == 0 ? "" : "|", kinds[row.cells[i].kind], row.cells[i].text);
        }
        fputc('\n', out);
        ret = 0;
    }
    if (ret != 0)
        fprintf(out, "= %d\n", ret);
    xlsx_close(workbook);
    fault_list_write(&faults, out);
    fault_list_free(&faults);
    fclose(out);
    return text;
}

/* The same rows and faults from the process of its own, where one sheet alone is shown. */
static void assert_unpacks(struct bytes file, const char *expected)
{
    static const char    kinds[] = " tndmhbe";
    struct fault_list    faults = FAULT_LIST_INIT;
    struct sheet        *sheet = NULL;
    struct sheet_options options = { .program = "/proc/self/exe" };
    struct sheet_row     row;
    char                *text;
    size_t               text_size;
    FILE                *out = open_memstream(&text, &text_size);
    int                  ret = sheet_open(file.bytes, file.size, "f.xlsx", &options, &faults, &sheet);
    while (ret == 0 && (ret = sheet_next(sheet, &row)) == 1) {
        fprintf(out, "%d:", (int) row.number);
        for (size_t i = 0; i < row.num_cells; i++)
            fprintf(out, "%s%c%s", i == 0 ? "" : "|", kinds[row.cells[i].kind], row.cells[i].text);
        fputc('\n', out);
        ret = 0;
    }
    if (ret != 0)
        fprintf(out, "= %d\n", ret);
    fault_list_write(&faults, out);
    fclose(out);
    if (strstr(text, "several sheets") == NULL)
        assert_string_equal(text, expected);
    free(text);
    sheet_close(sheet);
    fault_list_free(&faults);
}

static void assert_reads(struct parts parts, const char *expected)
{
    struct bytes file = pack(parts);
    char        *text = read_bytes(file.bytes, file.size, -1);
    assert_string_equal(text, expected);
    assert_unpacks(file, expected);
    free(text);
    free(file.bytes);
}

#define SHEET(rows) "<worksheet><sheetData>" rows "</sheetData></worksheet>"

static void test_each_kind_of_cell(void **state)
{
    (void) state;
    assert_reads(
        (struct parts){
            .one = SHEET("<row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" t=\"s\"><v>1</v></c>"
                         "<c r=\"C1\" t=\"s\"><v>2</v></c><c r=\"D1\" t=\"s\"><v>3</v></c>"
                         "<c r=\"F1\" t=\"inlineStr\"><is><t>in</t><rPh><t>no</t></rPh><t>line</t></is></c>"
                         "<c r=\"G1\" t=\"str\"><f>A1&amp;\"x\"</f><v>firstx</v></c></row>"
                         "<row r=\"4\"><c r=\"A4\" t=\"b\"><v>1</v></c><c r=\"B4\" t=\"e\"><f>1/0</f><v>#DIV/0!</v></c>"
                         "<c r=\"C4\"><f>1+1</f><v>2</v></c><c r=\"D4\"><v>0.10000000000000001</v></c>"
                         "<c r=\"E4\"><v>1.2345678901234567E+17</v></c><c r=\"F4\" s=\"1\"/></row>") },
        "1:tfirst|trich text|t a\rb_c | | |tinline|tfirstx\n"
        "4:btrue|e#DIV/0!|n2|n0.1|n1.2345678901234566e+17\n");
}

/* 1900 has a 29 February that was not; 1904 begins four years later; a style says what a number is. */
static void test_dates_are_what_style_and_system_say(void **state)
{
    (void) state;
#define DATES                                                                                                          \
    SHEET("<row><c s=\"1\"><v>43891</v></c><c s=\"2\"><v>43891.4375</v></c><c s=\"3\"><v>43891</v></c>"                \
          "<c s=\"4\"><v>43891</v></c><c s=\"5\"><v>0.5</v></c><c s=\"1\"><v>59</v></c><c s=\"1\"><v>60</v></c>"       \
          "<c s=\"1\"><v>61</v></c><c s=\"1\"><v>-1</v></c><c s=\"1\"><v>2958466</v></c><c s=\"9\"><v>1</v></c>"       \
          "<c t=\"d\"><v>2020-03-01</v></c><c s=\"2\"><v>43891.999999999</v></c></row>")
    assert_reads((struct parts){ .one = DATES },
                 "1:d2020-03-01|m2020-03-01T10:30:00|d2020-03-01|n43891|h12:00:00|d1900-02-28|n60|d1900-03-01|n-1|"
                 "n2958466|n1|d2020-03-01|d2020-03-02\n");
    assert_reads((struct parts){ .workbook =
                                     "<workbook><workbookPr date1904=\"1\"/><sheets><sheet name=\"one\" r:id=\"b\" "
                                     "xmlns:r=\"x\"/></sheets></workbook>",
                                 .one = SHEET("<row><c s=\"1\"><v>42429</v></c><c s=\"1\"><v>0</v></c></row>") },
                 "1:d2020-03-01|d1904-01-01\n");
}

static void test_a_prefix_changes_nothing(void **state)
{
    (void) state;
    assert_reads((struct parts){ .one =
                                     "<x:worksheet xmlns:x=\"u\"><x:sheetData><x:row><x:c t=\"inlineStr\"><x:is><x:t>a"
                                     "</x:t></x:is></x:c></x:row></x:sheetData></x:worksheet>" },
                 "1:ta\n");
}

static void test_the_first_sheet_that_is_shown(void **state)
{
    (void) state;
    struct fault_list faults = FAULT_LIST_INIT;
    struct xlsx      *workbook;
    struct sheet_row  row;
    struct bytes      file = pack(
             (struct parts){ .workbook = "<workbook><sheets><sheet name=\"one\" r:id=\"b\" state=\"veryHidden\"/>"
                                              "<sheet name=\"二\" r:id=\"c\"/></sheets></workbook>",
                             .one = SHEET("<row><c><v>1</v></c></row>"),
                             .two = "<worksheet><sheetData><row><c><v>2</v></c></row></sheetData><mergeCells><mergeCell "
                                         "ref=\"A1:A2\"/></mergeCells></worksheet>" });
    assert_ok(xlsx_open(file.bytes, file.size, "f", &faults, &workbook));
    assert_int_equal(xlsx_num_sheets(workbook), 2);
    assert_int_equal(xlsx_first_sheet(workbook), 1);
    assert_string_equal(xlsx_sheet(workbook, 1)->name, "二");
    for (int round = 0; round < 2; round++) { /* a sheet can be read again */
        assert_ok(xlsx_begin(workbook, 1));
        assert_int_equal(xlsx_next(workbook, &row), 1);
        assert_string_equal(row.cells[0].text, "2");
        assert_int_equal(xlsx_next(workbook, &row), 0);
        assert_int_equal(xlsx_num_merged(workbook), 1);
    }
    xlsx_close(workbook);
    free(file.bytes);
}

/* ---- refused ---- */

static void test_what_is_no_plain_workbook_is_refused_with_a_sentence(void **state)
{
    (void) state;
    static const struct {
        const char *bytes;
        size_t      size;
        const char *expected;
    } files[] = {
        { "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 ...", 12,
          "= -1000\nf.xlsx: a workbook with a password, or one of before 2007 (.xls); allowed: the file saved again as "
          ".xlsx, without a password\n" },
        { "a,b\n", 4, "= -1000\nf.xlsx: no spreadsheet file; allowed: a spreadsheet file (.xlsx)\n" },
        { "", 0, "= -1000\nf.xlsx: no spreadsheet file; allowed: a spreadsheet file (.xlsx)\n" },
        { "PK\x03\x04 torn", 9, "= -1000\nf.xlsx: a torn or damaged archive; allowed: the file sent again\n" },
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char *text = read_bytes(files[i].bytes, files[i].size, -1);
        assert_string_equal(text, files[i].expected);
        if (i != 1 && i != 2) /* taken for text */
            assert_unpacks((struct bytes){ (void *) (uintptr_t) files[i].bytes, files[i].size }, files[i].expected);
        free(text);
    }
    assert_reads((struct parts){ .one = SHEET(""), .more_name = "xl/vbaProject.bin", .more = "x" },
                 "= -1000\nf.xlsx: a workbook with macros; allowed: the file saved as .xlsx, which has no macros\n");
    assert_reads((struct parts){ .one = SHEET(""), .more_name = "xl/workbook.bin", .more = "x" },
                 "= -1000\nf.xlsx: a binary workbook (.xlsb); allowed: the file saved as .xlsx\n");
    assert_reads((struct parts){ .one = SHEET(""), .more_name = "content.xml", .more = "x" },
                 "= -1000\nf.xlsx: an OpenDocument file; allowed: the file saved as .xlsx or as CSV\n");
    assert_reads((struct parts){ .workbook = "<workbook><sheets/></workbook>" },
                 "= -1000\nf.xlsx: a workbook without a sheet; allowed: a sheet\n");
    assert_reads((struct parts){ 0 }, "= -1000\nf.xlsx: an archive without the part xl/one.xml; allowed: a spreadsheet "
                                      "file (.xlsx)\n");
}

static void test_entities_and_torn_xml_are_refused(void **state)
{
    (void) state;
    static const char bomb[] = "<!DOCTYPE a [<!ENTITY b \"bbbbbbbb\"><!ENTITY c \"&b;&b;&b;\">]>" SHEET(
        "<row><c t=\"inlineStr\"><is><t>&c;</t></is></c></row>");
    assert_reads((struct parts){ .one = bomb },
                 "= -1000\nf.xlsx: a document type declaration in xl/one.xml; allowed: none\n");
    assert_reads((struct parts){ .strings = bomb, .one = SHEET("") },
                 "= -1000\nf.xlsx: a document type declaration in xl/strings.xml; allowed: none\n");
    assert_reads(
        (struct parts){ .one = "<worksheet><sheetData><row><c><v>1</v></c></row>" },
        "1:n1\n= -1000\nf.xlsx: XML in xl/one.xml is wrong in line 1: no element found; allowed: the file saved "
        "again\n");
}

/* `count` times `text` between two others. */
static char *many(const char *before, const char *text, size_t count, const char *after)
{
    size_t length = strlen(text), from = strlen(before);
    char  *all = malloc(from + length * count + strlen(after) + 1);
    memcpy(all, before, from);
    for (size_t i = 0; i < count; i++)
        memcpy(all + from + i * length, text, length);
    memcpy(all + from + count * length, after, strlen(after) + 1);
    return all;
}

static void assert_limit(char *sheet, const char *fault)
{
    struct bytes file = pack((struct parts){ .one = sheet });
    char        *text = read_bytes(file.bytes, file.size, -1);
    if (fault == NULL) {
        assert_null(strstr(text, "= -1000"));
    } else if (strstr(text, fault) == NULL)
        fail_msg("\"%s\" is not said in: %.300s", fault, text);
    assert_unpacks(file, text);
    free(text);
    free(file.bytes);
    free(sheet);
}

static void test_limits_hold_and_one_past_them_is_refused(void **state)
{
    (void) state;
    const char *begin = "<worksheet><sheetData><row>", *end = "</row></sheetData></worksheet>";
    const char *inline_begin = "<worksheet><sheetData><row><c t=\"inlineStr\"><is><t>";
    const char *inline_end = "</t></is></c></row></sheetData></worksheet>";
    assert_limit(many(begin, "<c><v>1</v></c>", XLSX_MAX_COLUMNS, end), NULL);
    assert_limit(many(begin, "<c><v>1</v></c>", XLSX_MAX_COLUMNS + 1, end), "more than 2000 columns");
    assert_limit(many(inline_begin, "x", XLSX_MAX_CELL, inline_end), NULL);
    assert_limit(many(inline_begin, "x", XLSX_MAX_CELL + 1, inline_end), "a cell of more than 131068 bytes");
    assert_limit(many("", "<a>", XLSX_MAX_DEPTH + 1, ""), "nested deeper than 64 elements");
    assert_limit(many("<worksheet>", "                                ", 200000, "</worksheet>"),
                 "unpacks to more than 400 times its size");
    assert_limit(many("", SHEET("<row r=\"1048576\"><c><v>1</v></c></row>"), 1, ""), NULL);
    assert_limit(many("", SHEET("<row r=\"1048577\"><c><v>1</v></c></row>"), 1, ""), "the number of a row");
    assert_limit(many("", SHEET("<row r=\"2\"/><row r=\"2\"/>"), 1, ""), "f.xlsx:2: a row out of order");
    assert_limit(many("", SHEET("<row><c r=\"B1\"/><c r=\"A1\"/></row>"), 1, ""), "out of order");
    assert_limit(many("", SHEET("<row><c t=\"s\"><v>4</v></c></row>"), 1, ""),
                 "f.xlsx:1:1: A: a cell that names no shared");
    assert_limit(many("", SHEET("<row><c><v>x</v></c></row>"), 1, ""),
                 "f.xlsx:1:1: A: a cell that is said to be a number");
}

/* ---- as a table ---- */

/* The rows of a table of the spreadsheet below; program: that unpacks it, NULL = nobody else. */
static void assert_table(const void *bytes, size_t size, const char *program)
{
    struct fault_list faults = FAULT_LIST_INIT;
    struct table     *table;
    struct table_row  row;
    assert_ok(table_open_xlsx(bytes, size, "f.xlsx", program, &faults, &table));
    assert_int_equal(table_header(table)->num_cells, 2);
    assert_int_equal(table_next(table, &row), 1);
    assert_string_equal(row.cells[0].text, "=1+1");
    assert_string_equal(row.cells[1].text, "0.1");
    assert_int_equal(table_next(table, &row), 1);
    assert_int_equal(row.line, 5);
    assert_string_equal(row.cells[1].text, "");
    assert_int_equal(table_next(table, &row), 0);
    assert_int_equal(faults.num_all, 1);
    assert_string_equal(faults.faults[0].found, "3 cells, but the header has 2");
    table_close(table);
    fault_list_free(&faults);
}

/* Of its two sheets the first is read, here as by the process of its own. */
static void test_a_table_of_a_spreadsheet_of_ours(void **state)
{
    (void) state;
    struct spreadsheet *made;
    struct fault_list   faults = FAULT_LIST_INIT;
    struct table       *table = NULL;
    int                 fd;
    assert_ok(spreadsheet_new(&made));
    spreadsheet_sheet(made, "rows");
    spreadsheet_text(made, "a", 1);
    spreadsheet_text(made, "b", 1);
    spreadsheet_end_row(made);
    spreadsheet_text(made, "=1+1", 4);
    spreadsheet_number(made, 0.1);
    spreadsheet_end_row(made);
    spreadsheet_end_row(made);
    spreadsheet_number(made, 7);
    spreadsheet_skip(made);
    spreadsheet_text(made, "too far", 7);
    spreadsheet_end_row(made);
    spreadsheet_text(made, "last", 4);
    spreadsheet_end_row(made);
    spreadsheet_sheet(made, "codebook");
    spreadsheet_text(made, "another", 7);
    spreadsheet_end_row(made);
    assert_ok(spreadsheet_finish(made, &fd));
    spreadsheet_free(made);
    size_t size = (size_t) lseek(fd, 0, SEEK_END);
    void  *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    assert_true(bytes != MAP_FAILED);
    assert_table(bytes, size, NULL);
    assert_table(bytes, size, "/proc/self/exe");
    munmap(bytes, size);
    close(fd);
    assert_status(table_open_xlsx("a,b\n1,2\n", 8, "f.xlsx", "/proc/self/exe", &faults, &table), BASE_ERR_INPUT);
    assert_null(table);
    assert_string_equal(faults.faults[0].found, "no spreadsheet file");
    fault_list_free(&faults);
}

static void test_letters_of_columns(void **state)
{
    (void) state;
    static const struct {
        size_t      column;
        const char *letters;
    } columns[] = { { 0, "A" }, { 25, "Z" }, { 26, "AA" }, { 701, "ZZ" }, { 702, "AAA" }, { 16383, "XFD" } };
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        char letters[SHEET_LETTERS_BYTES];
        sheet_letters(columns[i].column, letters);
        assert_string_equal(letters, columns[i].letters);
    }
}

int main(int argc, char **argv)
{
    unpack_run_if_asked(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_kind_of_cell),
        cmocka_unit_test(test_dates_are_what_style_and_system_say),
        cmocka_unit_test(test_a_prefix_changes_nothing),
        cmocka_unit_test(test_the_first_sheet_that_is_shown),
        cmocka_unit_test(test_what_is_no_plain_workbook_is_refused_with_a_sentence),
        cmocka_unit_test(test_entities_and_torn_xml_are_refused),
        cmocka_unit_test(test_limits_hold_and_one_past_them_is_refused),
        cmocka_unit_test(test_a_table_of_a_spreadsheet_of_ours),
        cmocka_unit_test(test_letters_of_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
