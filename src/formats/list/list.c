/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/list/list.h"

#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/deny.h"
#include "base/memory.h"
#include "base/text.h"
#include "formats/code_tables_rows.h"
#include "formats/list/list_internal.h"
#include "formats/person_fields.h"
#include "formats/sheet/xlsx.h"
#include "tocsin/status.h"

const struct list_field_text list_field_texts[LIST_NUM_FIELDS] = {
#define FIELD(code, kind, what, what_zh) { #code, (what), (what_zh), LIST_##kind },
#include "formats/list/fields.def"
#undef FIELD
};

int list_field_named(const char *code, size_t size)
{
    if (size == 0)
        return LIST_UNUSED;
    for (int field = 0; field < LIST_NUM_FIELDS; field++)
        if (strlen(list_field_texts[field].code) == size && memcmp(list_field_texts[field].code, code, size) == 0)
            return field;
    return LIST_NUM_FIELDS;
}

int list_refuse(struct list *list, size_t column, const char *allowed, const char *found, ...)
{
    char               text[FAULT_FOUND_BYTES];
    struct fault_place place = { .file = list->name, .line = list->header_row };
    va_list            arguments;
    va_start(arguments, found);
    vsnprintf(text, sizeof text, found, arguments);
    va_end(arguments);
    if (column != SIZE_MAX) {
        place.cell = (uint32_t) column + 1;
        place.name = list->columns[column].header.bytes;
    }
    fault_add(list->faults, place, allowed, "%s", text);
    return BASE_ERR_INPUT;
}

/* ---- the header ---- */

static int propose_field(const struct list *list, struct report_text header)
{
    const char *code = code_tables_column(list->options.tables, header, list->options.sender);
    if (code != NULL)
        return list_field_named(code, strlen(code));
    enum person_field person = person_field_of_header(header.bytes, header.size);
    if (person == PERSON_FIELD_NONE)
        return LIST_UNUSED;
    int field = list_field_named(person_field_texts[person].code, strlen(person_field_texts[person].code));
    return field == LIST_NUM_FIELDS ? LIST_UNUSED : field; /* a birthplace is no part of a report */
}

static void propose(struct list *list, size_t number)
{
    struct list_column        *column = &list->columns[number];
    const struct denied_thing *denied = deny_match(column->header.bytes, column->header.size);
    column->field = LIST_UNUSED;
    if (report_text_equals(column->header, LIST_ERRORS_COLUMN)) {
        column->field = LIST_ERRORS;
        list->mended = true;
        return;
    }
    if (report_text_equals(column->header, LIST_ROW_COLUMN)) {
        column->field = LIST_ROW;
        return;
    }
    if (denied != NULL) {
        column->field = LIST_DENIED;
        column->note = denied->reason_en;
        return;
    }
    int field = propose_field(list, column->header);
    if (field == LIST_NUM_FIELDS) {
        column->note = "the table of headers names a field that there is not";
        return;
    }
    column->note = field == LIST_UNUSED ? "nothing says what it is" : NULL;
    for (size_t i = 0; i < number && field != LIST_UNUSED; i++)
        if (list->columns[i].field == field) {
            column->note = "another column says that already";
            field = LIST_UNUSED;
        }
    column->field = field;
}

/* Two texts of the header in the order of their bytes. */
static int compare_headers(const void *a, const void *b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

int list_take_fingerprint(const struct report_text *names, size_t num, struct arena *arena,
                          char fingerprint[LIST_FINGERPRINT_BYTES])
{
    const char             **sorted = arena_array(arena, num + 1, sizeof *sorted);
    unsigned char            hash[16];
    crypto_generichash_state state;
    if (sorted == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < num; i++) {
        char   squeezed[CODE_TABLES_MAX_TEXT];
        size_t size = code_tables_squeeze(names[i], squeezed);
        sorted[i] = arena_copy(arena, squeezed, size);
        if (sorted[i] == NULL)
            return TOC_ERR_NO_MEMORY;
    }
    if (num > 0)
        qsort(sorted, num, sizeof *sorted, compare_headers);
    crypto_generichash_init(&state, NULL, 0, sizeof hash);
    for (size_t i = 0; i < num; i++)
        crypto_generichash_update(&state, (const unsigned char *) sorted[i], strlen(sorted[i]) + 1);
    crypto_generichash_final(&state, hash, sizeof hash);
    sodium_bin2hex(fingerprint, LIST_FINGERPRINT_BYTES, hash, sizeof hash);
    return 0;
}

/* Of the columns without those that are left out. */
static int take_fingerprint(struct list *list)
{
    struct report_text *names = arena_array(&list->arena, list->num_columns + 1, sizeof *names);
    size_t              num = 0;
    if (names == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < list->num_columns; i++)
        if (!list_is_left_out(&list->columns[i]))
            names[num++] = list->columns[i].header;
    int ret = list_take_fingerprint(names, num, &list->arena, list->fingerprint);
    snprintf(list->called, sizeof list->called, "%.12s", list->fingerprint);
    return ret;
}

/* Whom or what a row is about. */
static bool is_subject(int field)
{
    switch (field) {
    case LIST_FIELD_record:
    case LIST_FIELD_name:
    case LIST_FIELD_given:
    case LIST_FIELD_family:
    case LIST_FIELD_birth_date:
    case LIST_FIELD_sex:
    case LIST_FIELD_identifier:
    case LIST_FIELD_identifier_2:
    case LIST_FIELD_age:
    case LIST_FIELD_onset_date:
    case LIST_FIELD_disease:
    case LIST_FIELD_classification:
    case LIST_FIELD_result:
    case LIST_FIELD_accession: return true;
    default: return false;
    }
}

/* Dates are values: a row that has one is no header. */
static bool is_day(struct report_text text, toc_date today)
{
    struct report_time time;
    return list_date_order(text) != LIST_ORDER_NOT_A_DATE &&
           (list_date_read(text, LIST_DAY_FIRST, today, &time) == NULL ||
            list_date_read(text, LIST_MONTH_FIRST, today, &time) == NULL) &&
           time.precision >= REPORT_DAY;
}

/* Is it a line list at all? */
static int check_kind(struct list *list)
{
    bool   named = false, about = false;
    size_t count = SIZE_MAX;
    for (size_t i = 0; i < list->num_columns; i++) {
        int field = list->columns[i].field;
        named |= field == LIST_FIELD_record || field == LIST_FIELD_name || field == LIST_FIELD_given ||
                 field == LIST_FIELD_family || field == LIST_FIELD_identifier || field == LIST_FIELD_accession;
        about |= is_subject(field);
        if (is_day(list->columns[i].header, list->options.today))
            return list_refuse(list, i, "a first row that names the columns",
                               "the first row is no header: a cell of it is a date");
        if (field == LIST_FIELD_count)
            count = i;
    }
    if (count != SIZE_MAX && !named)
        return list_refuse(list, count, "a row for each person, case or result", "counts are no line list");
    return about ? 0
                 : list_refuse(list, SIZE_MAX, "a first row that names the columns, or a mapping",
                               "no column says whom or what a row is about");
}

static int read_header(struct list *list)
{
    struct sheet_row row;
    int              ret = sheet_next(list->sheet, &row);
    if (ret < 0)
        return ret;
    if (ret == 0)
        return list_refuse(list, SIZE_MAX, "a header and rows", "an empty file");
    list->header_row = row.number;
    list->num_columns = row.num_cells;
    list->columns = arena_array(&list->arena, row.num_cells, sizeof *list->columns);
    for (size_t i = 0; i < row.num_cells && list->columns != NULL; i++) {
        struct sheet_cell cell = row.cells[i];
        list->columns[i].header =
            (struct report_text){ arena_copy(&list->arena, cell.size > 0 ? cell.text : "", cell.size), cell.size };
        if (list->columns[i].header.bytes == NULL)
            return TOC_ERR_NO_MEMORY;
    }
    if (list->columns == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < list->num_columns; i++)
        propose(list, i);
    ret = take_fingerprint(list);
    if (ret == 0 && list->options.mapping != NULL)
        ret = list_apply_mapping(list);
    return ret == 0 ? check_kind(list) : ret;
}

/* ---- the survey ---- */

struct report_text list_cell(const struct list *list, const struct sheet_row *row, size_t column)
{
    if (column >= row->num_cells || row->cells[column].size == 0)
        return (struct report_text){ "", 0 };
    struct report_text cell = { row->cells[column].text, row->cells[column].size };
    size_t             quotes = 0;
    while (quotes < cell.size && cell.bytes[quotes] == '\'')
        quotes++;
    if (list->mended && quotes > 0 && quotes < cell.size && strchr("=+-@", cell.bytes[quotes]) != NULL) {
        cell.bytes++;
        cell.size--;
    }
    if (code_tables_value(list->options.tables, CODE_VALUE_MISSING, cell, list->options.sender) != NULL)
        return (struct report_text){ "", 0 };
    return cell;
}

static void survey_cell(struct list_column *column, struct report_text cell, uint64_t row)
{
    if (cell.size == 0)
        return;
    column->num_given++;
    switch (list_date_order(cell)) {
    case LIST_ORDER_DAY_ONLY: column->row_day_only = column->num_day_only++ == 0 ? row : column->row_day_only; break;
    case LIST_ORDER_MONTH_ONLY:
        column->row_month_only = column->num_month_only++ == 0 ? row : column->row_month_only;
        break;
    case LIST_ORDER_EITHER: column->row_either = column->num_either++ == 0 ? row : column->row_either; break;
    case LIST_ORDER_NOT_A_DATE: column->num_no_date++; break;
    case LIST_ORDER_NONE: break;
    }
}

static bool is_date(const struct list_column *column)
{
    return column->field >= 0 && list_field_texts[column->field].kind == LIST_DATE;
}

static void ask_dates(struct list *list, size_t number)
{
    const struct list_column *column = &list->columns[number];
    const char               *allowed = "\"dates\": \"day-first\" or \"month-first\" in the mapping, or --dates";
    list->asks = true;
    if (column->num_day_only > 0)
        list_refuse(list, number, allowed, "row %llu has the day first, row %llu the month: which is it?",
                    (unsigned long long) column->row_day_only, (unsigned long long) column->row_month_only);
    else
        list_refuse(list, number, allowed, "in row %llu day and month could be either, and no row decides",
                    (unsigned long long) column->row_either);
}

static void decide_dates(struct list *list, size_t number)
{
    struct list_column *column = &list->columns[number];
    if (!is_date(column))
        return;
    if (column->num_given >= LIST_ROWS_TO_DOUBT && column->num_no_date == column->num_given) {
        list->asks = true;
        list_refuse(list, number, "another field, or none, in the mapping", "no cell of this column is a date");
    }
    if (column->said)
        return;
    bool days = column->num_day_only > 0, months = column->num_month_only > 0;
    if (days != months)
        column->dates = days ? LIST_DAY_FIRST : LIST_MONTH_FIRST;
    else if (days || column->num_either > 0)
        column->dates = (uint8_t) list->options.dates;
    if (column->dates == LIST_DATES_UNDECIDED && (days || column->num_either > 0))
        ask_dates(list, number);
}

static int survey(struct list *list)
{
    struct sheet_row row;
    int              ret;
    while ((ret = sheet_next(list->sheet, &row)) == 1)
        for (size_t i = 0; i < list->num_columns; i++)
            if (is_date(&list->columns[i]))
                survey_cell(&list->columns[i], list_cell(list, &row, i), row.number);
    for (size_t i = 0; i < list->num_columns && ret == 0; i++)
        decide_dates(list, i);
    if (ret == 0)
        ret = sheet_rewind(list->sheet);
    if (ret == 0)
        ret = sheet_next(list->sheet, &row) == 1 ? 0 : BASE_ERR_INPUT; /* the header, once more */
    return ret == 0 && list->asks ? BASE_ERR_INPUT : ret;
}

/* ---- the whole ---- */

int list_open(struct sheet *sheet, const char *name, const struct list_options *options, struct fault_list *faults,
              struct list **list)
{
    struct list *opened = memory_array(1, sizeof *opened);
    *list = NULL;
    if (opened == NULL)
        return TOC_ERR_NO_MEMORY;
    opened->sheet = sheet;
    opened->name = name;
    opened->options = *options;
    opened->faults = faults;
    opened->disease = options->disease;
    int ret = read_header(opened);
    if (ret == 0)
        ret = survey(opened);
    if (ret == 0 || opened->asks)
        *list = opened;
    else
        list_close(opened);
    return ret;
}

void list_close(struct list *list)
{
    if (list == NULL)
        return;
    arena_free(&list->arena);
    free(list);
}

bool list_has_questions(const struct list *list)
{
    return list->asks;
}

size_t list_num_columns(const struct list *list)
{
    return list->num_columns;
}

const struct list_column *list_column(const struct list *list, size_t number)
{
    return &list->columns[number];
}

const char *list_fingerprint(const struct list *list)
{
    return list->fingerprint;
}

const char *list_name(const struct list *list)
{
    return list->called;
}

void list_set_authority(struct list *list, struct report_text authority)
{
    list->options.authority = authority;
}

bool list_names_disease(const struct list *list)
{
    bool named = list->disease != NULL;
    for (size_t i = 0; i < list->num_columns; i++) {
        int field = list->columns[i].field;
        named |= field == LIST_FIELD_disease || field == LIST_FIELD_test_code || field == LIST_FIELD_test_name ||
                 field == LIST_FIELD_kit;
    }
    return named;
}

int list_next(struct list *list, struct report *report, struct arena *arena)
{
    int ret = sheet_next(list->sheet, &list->row);
    if (ret != 1)
        return ret;
    report_init(report, arena, "", 0);
    ret = list_read_row(list, &list->row, report);
    return ret == 0 ? 1 : ret;
}

uint64_t list_row_number(const struct list *list)
{
    return list->row.number;
}
