/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/list/alone.h"

#include <stdio.h>
#include <string.h>

#include "base/json_reader.h"
#include "formats/list/list_internal.h"
#include "tocsin/status.h"

/* ---- out ---- */

static struct report_text cell_of(const struct list *list, size_t column)
{
    return list_meant(&list->columns[column], list_cell(list, &list->row, column));
}

static void write_column(const struct list *list, size_t number, struct json_writer *json)
{
    const struct list_column *column = &list->columns[number];
    struct report_text        cell = cell_of(list, number);
    json_begin_array(json);
    json_put_integer(json, (int64_t) number + 1);
    json_put_string_of(json, column->header.bytes, column->header.size);
    json_put_string(json, column->field >= 0 ? list_field_texts[column->field].code : "");
    json_put_integer(json, column->dates);
    json_put_integer(json, number < list->row.num_cells ? list->row.cells[number].kind : SHEET_EMPTY);
    json_put_string_of(json, cell.bytes, cell.size);
    json_end(json);
}

void list_write_alone(const struct list *list, bool whole, uint64_t again, struct sink *sink)
{
    struct json_writer json;
    char               delimiter = sheet_form(list->sheet)->delimiter;
    json_writer_init(&json, sink);
    json_begin_object(&json);
    json_key(&json, "list");
    json_put_string(&json, list->called);
    if (list->disease != NULL) {
        json_key(&json, "disease");
        json_put_string(&json, list->disease);
    }
    if (whole && delimiter != '\0') {
        json_key(&json, "delimiter");
        json_put_string_of(&json, &delimiter, 1);
    }
    if (again > 0) {
        json_key(&json, "again");
        json_put_integer(&json, (int64_t) again);
    }
    json_key(&json, "columns");
    json_begin_array(&json);
    for (size_t i = 0; i < list->num_columns; i++)
        if (!list_is_left_out(&list->columns[i]) && (whole || cell_of(list, i).size > 0))
            write_column(list, i, &json);
    json_end(&json);
    json_end(&json);
}

/* ---- known again ---- */

static struct report_text value_of(const struct list *list, int field)
{
    for (size_t i = 0; i < list->num_columns; i++)
        if (list->columns[i].field == field)
            return cell_of(list, i);
    return (struct report_text){ "", 0 };
}

static void put(struct sink *sink, struct report_text text)
{
    sink_write(sink, text.bytes, text.size);
    sink_character(sink, '\0');
}

void list_write_content(const struct list *list, struct sink *sink)
{
    put(sink, report_text_of(list->called));
    put(sink, report_text_of(list->disease != NULL ? list->disease : ""));
    for (int field = 0; field < LIST_NUM_FIELDS; field++) {
        struct report_text value = value_of(list, field);
        if (value.size == 0)
            continue;
        put(sink, report_text_of(list_field_texts[field].code));
        put(sink, value);
    }
}

/* Is the number of a record that of a person, by what its column is called? They may be tested on several days. */
static bool numbers_persons(const struct list *list)
{
    static const char *const words[] = {
        "patient", "person", "study", "participant", "subject", "患者", "病人", "对象"
    };
    char header[80];
    for (size_t i = 0; i < list->num_columns; i++) {
        struct report_text said = list->columns[i].header;
        if (list->columns[i].field != LIST_FIELD_record)
            continue;
        snprintf(header, sizeof header, "%.*s", (int) (said.size < 79 ? said.size : 79), said.bytes);
        for (size_t w = 0; w < sizeof words / sizeof *words; w++)
            if (strcasestr(header, words[w]) != NULL)
                return true;
    }
    return false;
}

bool list_write_key(const struct list *list, struct sink *sink)
{
    static const enum list_field ordered[] = { LIST_FIELD_accession, LIST_FIELD_specimen_id, LIST_FIELD_test_code,
                                               LIST_FIELD_test_name };
    struct report_text           record = value_of(list, LIST_FIELD_record);
    bool numbered = value_of(list, LIST_FIELD_accession).size > 0 || value_of(list, LIST_FIELD_specimen_id).size > 0;
    if (!numbered && record.size == 0)
        return false;
    put(sink, report_text_of(list->called));
    put(sink, report_text_of(numbered ? "order" : "record"));
    for (size_t i = 0; i < sizeof ordered / sizeof *ordered && numbered; i++)
        put(sink, value_of(list, (int) ordered[i]));
    if (!numbered)
        put(sink, record);
    if (!numbered && value_of(list, LIST_FIELD_result).size > 0 && numbers_persons(list))
        put(sink, value_of(list, LIST_FIELD_collected_date));
    return true;
}

bool list_is_anonymous(const struct list *list)
{
    static const enum list_field telling[] = { LIST_FIELD_record,    LIST_FIELD_name,       LIST_FIELD_given,
                                               LIST_FIELD_family,    LIST_FIELD_identifier, LIST_FIELD_identifier_2,
                                               LIST_FIELD_accession, LIST_FIELD_specimen_id };
    for (size_t i = 0; i < sizeof telling / sizeof *telling; i++)
        if (value_of(list, (int) telling[i]).size > 0)
            return false;
    return true;
}

struct report_text list_mended_row(const struct list *list)
{
    for (size_t i = 0; i < list->num_columns; i++)
        if (list->columns[i].field == LIST_ROW)
            return list_cell(list, &list->row, i);
    return (struct report_text){ "", 0 };
}

/* ---- in ---- */

static int read_object(const char *bytes, size_t size, struct value_tree *tree)
{
    struct json_fault  fault;
    struct json_limits limits = { .max_depth = 4, .max_bytes = LIST_ALONE_MOST };
    int                ret = json_read(bytes, size, &limits, tree, &fault);
    if (ret == TOC_ERR_TOO_LARGE || (ret == 0 && !value_is(value_get(tree->values, "columns"), VALUE_ARRAY)))
        ret = BASE_ERR_INPUT;
    return ret;
}

static struct report_text text_of(const struct value *value)
{
    return value_is(value, VALUE_TEXT) ? (struct report_text){ value->text, value->length }
                                       : (struct report_text){ "", 0 };
}

static int64_t number_of(const struct value *value, int64_t most)
{
    return value_is(value, VALUE_INTEGER) && value->integer >= 0 && value->integer <= most ? value->integer : 0;
}

static char *copy(struct arena *arena, struct report_text text)
{
    return arena_copy(arena, text.bytes, text.size);
}

/* One entry into its column. */
static int take_column(struct list *list, const struct value *entry, struct sheet_cell *cells, struct arena *arena)
{
    size_t             number = (size_t) number_of(value_at(entry, 0), SHEET_MAX_COLUMNS);
    struct report_text header = text_of(value_at(entry, 1)), code = text_of(value_at(entry, 2)),
                       cell = text_of(value_at(entry, 5));
    int field = list_field_named(code.bytes, code.size);
    if (number == 0 || field == LIST_NUM_FIELDS)
        return BASE_ERR_INPUT;
    struct list_column *column = &list->columns[number - 1];
    char               *name = copy(arena, header), *text = copy(arena, cell);
    if (name == NULL || text == NULL)
        return TOC_ERR_NO_MEMORY;
    *column = (struct list_column){ .header = { name, header.size },
                                    .field = field,
                                    .dates = (uint8_t) number_of(value_at(entry, 3), LIST_MONTH_FIRST) };
    cells[number - 1] = (struct sheet_cell){ .text = text,
                                             .size = cell.size,
                                             .kind = (uint8_t) number_of(value_at(entry, 4), SHEET_ERROR) };
    return 0;
}

static int read_row(struct list *list, const struct value *object, uint64_t row, struct report *report)
{
    const struct value *columns = value_get(object, "columns");
    struct report_text  disease = text_of(value_get(object, "disease"));
    struct sheet_cell  *cells;
    int                 ret = 0;
    for (VALUE_EACH(entry, columns)) {
        size_t number = (size_t) number_of(value_at(entry, 0), SHEET_MAX_COLUMNS);
        if (number > list->num_columns)
            list->num_columns = number;
    }
    list->columns = arena_array(report->arena, list->num_columns + 1, sizeof *list->columns);
    cells = arena_array(report->arena, list->num_columns + 1, sizeof *cells);
    if (disease.size > 0)
        list->disease = copy(report->arena, disease);
    if (list->columns == NULL || cells == NULL || (disease.size > 0 && list->disease == NULL))
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < list->num_columns; i++) {
        list->columns[i].field = LIST_UNUSED;
        list->columns[i].header.bytes = "";
        cells[i].text = "";
    }
    for (VALUE_EACH(entry, columns))
        if (ret == 0)
            ret = take_column(list, entry, cells, report->arena);
    list->row = (struct sheet_row){ .cells = cells, .num_cells = list->num_columns, .number = row };
    return ret == 0 ? list_read_row(list, &list->row, report) : ret;
}

int list_read_alone(const struct list_options *options, uint64_t row, struct report *report)
{
    struct value_tree tree = VALUE_TREE_INIT;
    struct list       list = { .options = *options };
    const char       *bytes = report->bytes;
    size_t            size = report->size;
    int               ret = read_object(bytes, size, &tree);
    if (ret == 0)
        ret = read_row(&list, tree.values, row, report);
    value_tree_wipe(&tree);
    value_tree_free(&tree);
    report->bytes = bytes;
    report->size = size;
    if (ret == BASE_ERR_INPUT)
        report_add_fault(report, REPORT_FATAL, REPORT_STRUCTURE, (struct report_place){ .row = row },
                         (struct report_text){ NULL, 0 }, "is no row of a line list that stands by itself", NULL);
    return ret;
}

const char *list_alone_name(const char *bytes, size_t size, struct arena *arena)
{
    struct value_tree tree = VALUE_TREE_INIT;
    const char       *name = NULL;
    if (read_object(bytes, size, &tree) == 0)
        name = copy(arena, text_of(value_get(tree.values, "list")));
    value_tree_wipe(&tree);
    value_tree_free(&tree);
    return name;
}

uint64_t list_alone_again(const char *bytes, size_t size)
{
    struct value_tree tree = VALUE_TREE_INIT;
    int64_t           again = 0;
    if (read_object(bytes, size, &tree) == 0)
        again = number_of(value_get(tree.values, "again"), INT64_MAX);
    value_tree_wipe(&tree);
    value_tree_free(&tree);
    return (uint64_t) again;
}

/* ---- the file of errors ---- */

static char delimiter_of(const struct value *object)
{
    struct report_text said = text_of(value_get(object, "delimiter"));
    return said.size == 1 ? said.bytes[0] : ',';
}

void list_write_alone_header(const char *bytes, size_t size, bool places, struct sink *sink)
{
    struct value_tree tree = VALUE_TREE_INIT;
    if (read_object(bytes, size, &tree) == 0) {
        sink_text(sink, "\xef\xbb\xbf"); /* or spreadsheets take it for another encoding */
        for (VALUE_EACH(entry, value_get(tree.values, "columns"))) {
            struct report_text header = text_of(value_at(entry, 1));
            sheet_put_cell(sink, header.bytes, header.size);
            sink_character(sink, delimiter_of(tree.values));
        }
        if (places && value_get(tree.values, "wrong") == NULL) {
            sink_text(sink, LIST_ROW_COLUMN);
            sink_character(sink, delimiter_of(tree.values));
        }
        sink_text(sink, LIST_ERRORS_COLUMN "\n");
    }
    value_tree_wipe(&tree);
    value_tree_free(&tree);
}

void list_write_alone_errors(const char *bytes, size_t size, const struct report *report, const char *place,
                             struct sink *sink)
{
    struct value_tree tree = VALUE_TREE_INIT;
    if (read_object(bytes, size, &tree) == 0) {
        for (VALUE_EACH(entry, value_get(tree.values, "columns"))) {
            struct report_text cell = text_of(value_at(entry, 5));
            sheet_put_cell(sink, cell.bytes, cell.size);
            sink_character(sink, delimiter_of(tree.values));
        }
        const struct value *wrong = value_get(tree.values, "wrong");
        if (place != NULL && wrong == NULL) {
            sheet_put_cell(sink, place, strlen(place));
            sink_character(sink, delimiter_of(tree.values));
        }
        if (wrong != NULL)
            sheet_put_cell(sink, text_of(wrong).bytes, text_of(wrong).size);
        else
            list_put_faults(report, sink);
        sink_character(sink, '\n');
    }
    value_tree_wipe(&tree);
    value_tree_free(&tree);
}
