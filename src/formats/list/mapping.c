/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The mapping of a line list, out and in again. */
#include <string.h>

#include "base/json_reader.h"
#include "base/text.h"
#include "formats/code_tables_rows.h"
#include "formats/list/list_internal.h"
#include "formats/sheet/xlsx.h"
#include "tocsin/status.h"

static const char *const date_words[] = { "", "day-first", "month-first" };

/* ---- out ---- */

static void put_text(struct json_writer *json, const char *key, struct report_text text)
{
    json_key(json, key);
    json_put_string_of(json, text.bytes, text.size);
}

static void write_column(const struct list *list, size_t number, struct json_writer *json)
{
    const struct list_column *column = &list->columns[number];
    char                      letters[SHEET_LETTERS_BYTES];
    sheet_letters(number, letters);
    json_begin_object(json);
    json_key(json, "column");
    json_put_string(json, letters);
    put_text(json, "header", column->header);
    json_key(json, "field");
    json_put_string(json, column->field >= 0 ? list_field_texts[column->field].code : "");
    if (column->dates != LIST_DATES_UNDECIDED) {
        json_key(json, "dates");
        json_put_string(json, date_words[column->dates]);
    }
    if (column->num_words > 0) {
        json_key(json, "values");
        json_begin_array(json);
        for (size_t i = 0; i < column->num_words; i++) {
            json_begin_object(json);
            put_text(json, "said", column->words[i].said);
            put_text(json, "meant", column->words[i].meant);
            json_end(json);
        }
        json_end(json);
    }
    if (column->field == LIST_DENIED) {
        json_key(json, "denied");
        json_put_bool(json, true);
    }
    if (column->note != NULL && column->field < 0) {
        json_key(json, "note");
        json_put_string(json, column->note);
    }
    json_end(json);
}

void list_write_mapping(const struct list *list, struct json_writer *json)
{
    json_begin_object(json);
    json_key(json, "table");
    json_put_string(json, "line-list");
    json_key(json, "fingerprint");
    json_put_string(json, list->fingerprint);
    json_key(json, "list");
    json_put_string(json, list->called);
    if (list->disease != NULL) {
        json_key(json, "disease");
        json_put_string(json, list->disease);
    }
    json_key(json, "columns");
    json_begin_array(json);
    for (size_t i = 0; i < list->num_columns; i++)
        if (list->columns[i].field != LIST_ERRORS && list->columns[i].field != LIST_ROW)
            write_column(list, i, json);
    json_end(json);
    json_end(json);
}

/* ---- in ---- */

static struct report_text text_of(const struct value *object, const char *key)
{
    const struct value *value = value_get(object, key);
    return value_is(value, VALUE_TEXT) ? (struct report_text){ value->text, value->length }
                                       : (struct report_text){ "", 0 };
}

static bool same_header(struct report_text a, struct report_text b)
{
    char   one[CODE_TABLES_MAX_TEXT], two[CODE_TABLES_MAX_TEXT];
    size_t size_one = code_tables_squeeze(a, one), size_two = code_tables_squeeze(b, two);
    return size_one == size_two && memcmp(one, two, size_one) == 0;
}

/* The first column of that header that the mapping has not spoken of; SIZE_MAX = none. */
static size_t find_column(const struct list *list, const bool *taken, struct report_text header)
{
    for (size_t i = 0; i < list->num_columns; i++)
        if (!taken[i] && same_header(list->columns[i].header, header))
            return i;
    return SIZE_MAX;
}

/* Of a column that the header would have had a field for. */
static const char unused_note[] = "the mapping does not use it";

static bool copy_text(struct list *list, struct report_text *text)
{
    text->bytes = arena_copy(&list->arena, text->bytes, text->size);
    return text->bytes != NULL;
}

static int take_words(struct list *list, struct list_column *column, const struct value *values)
{
    if (!value_is(values, VALUE_ARRAY))
        return 0;
    column->num_words = 0;
    column->words = arena_array(&list->arena, values->count + 1, sizeof *column->words);
    if (column->words == NULL)
        return TOC_ERR_NO_MEMORY;
    for (VALUE_EACH(pair, values)) {
        struct list_word word = { text_of(pair, "said"), text_of(pair, "meant") };
        if (!copy_text(list, &word.said) || !copy_text(list, &word.meant))
            return TOC_ERR_NO_MEMORY;
        column->words[column->num_words++] = word;
    }
    return 0;
}

static int take_column(struct list *list, bool *taken, const struct value *said)
{
    struct report_text header = text_of(said, "header"), code = text_of(said, "field"), dates = text_of(said, "dates");
    char               quoted[TEXT_QUOTE_BYTES];
    int                field = list_field_named(code.bytes, code.size);
    size_t             number = find_column(list, taken, header);
    text_quote(header.bytes, header.size, quoted);
    if (field == LIST_NUM_FIELDS)
        return list_refuse(list, SIZE_MAX, "a field of docs/intake.md, Line lists",
                           "the mapping makes of the column %.80s a field that there is not", quoted);
    if (number == SIZE_MAX)
        return field == LIST_UNUSED ? 0
                                    : list_refuse(list, SIZE_MAX, "a file with the columns of its mapping",
                                                  "the column %.80s of the mapping is not in this file", quoted);
    taken[number] = true;
    struct list_column *column = &list->columns[number];
    if (list_is_left_out(column)) /* no mapping brings these in */
        return 0;
    column->field = field;
    if (field != LIST_UNUSED)
        column->note = NULL;
    else if (column->note == NULL)
        column->note = unused_note;
    int ret = take_words(list, column, value_get(said, "values"));
    if (dates.size == 0 || ret != 0)
        return ret;
    column->said = true;
    for (uint8_t i = LIST_DAY_FIRST; i <= LIST_MONTH_FIRST; i++)
        if (report_text_equals(dates, date_words[i])) {
            column->dates = i;
            return 0;
        }
    return list_refuse(list, number, "day-first or month-first", "an order of dates that is not known");
}

static int take_columns(struct list *list, const struct value *columns)
{
    bool *taken = arena_array(&list->arena, list->num_columns, sizeof *taken);
    int   ret = taken != NULL ? 0 : TOC_ERR_NO_MEMORY;
    if (!value_is(columns, VALUE_ARRAY))
        return list_refuse(list, SIZE_MAX, "a list of columns", "a mapping without columns");
    for (size_t i = 0; i < list->num_columns && ret == 0; i++)
        if (list->columns[i].field >= 0)
            list->columns[i].field = LIST_UNUSED;
    for (VALUE_EACH(column, columns))
        if (ret == 0)
            ret = take_column(list, taken, column);
    for (size_t i = 0; i < list->num_columns && ret == 0; i++)
        for (size_t j = 0; j < i; j++)
            if (list->columns[i].field >= 0 && list->columns[i].field == list->columns[j].field)
                return list_refuse(list, i, "each field once", "the mapping has two columns for one field");
    for (size_t i = 0; i < list->num_columns && ret == 0; i++)
        if (!taken[i] && list->columns[i].field == LIST_UNUSED)
            list->columns[i].note = list->columns[i].note != NULL ? list->columns[i].note : unused_note;
    return ret;
}

/* What its sender calls the list: letters, digits and signs that need no thought. */
static int take_name(struct list *list, const struct value *mapping)
{
    struct report_text name = text_of(mapping, "list");
    bool               plain = name.size <= LIST_NAME_BYTES;
    for (size_t i = 0; i < name.size && plain; i++)
        plain = (unsigned char) name.bytes[i] > ' ' && name.bytes[i] != '/' && name.bytes[i] != 0x7f;
    if (!plain)
        return list_refuse(list, SIZE_MAX, "at most 40 bytes without blanks and /", "\"list\" of the mapping");
    if (name.size > 0) {
        memcpy(list->called, name.bytes, name.size);
        list->called[name.size] = '\0';
    }
    return 0;
}

int list_apply_mapping(struct list *list)
{
    struct value_tree  tree = VALUE_TREE_INIT;
    struct json_fault  fault;
    struct json_limits limits = { .max_depth = 8, .max_bytes = LIST_MAX_MAPPING };
    int                ret = json_read(list->options.mapping, list->options.mapping_size, &limits, &tree, &fault);
    if (ret == TOC_ERR_TOO_LARGE || ret == BASE_ERR_INPUT) {
        ret =
            list_refuse(list, SIZE_MAX, "a mapping as --propose writes it",
                        "the mapping cannot be read: line %llu: %.120s", (unsigned long long) fault.line, fault.found);
    } else if (ret == 0) {
        const struct value *mapping = value_is(tree.values, VALUE_OBJECT) ? tree.values : NULL;
        struct report_text  disease = text_of(mapping, "disease");
        if (disease.size > 0 && list->disease == NULL)
            list->disease = arena_copy(&list->arena, disease.bytes, disease.size);
        ret = disease.size > 0 && list->disease == NULL ? TOC_ERR_NO_MEMORY
                                                        : take_columns(list, value_get(mapping, "columns"));
        if (ret == 0)
            ret = take_name(list, mapping);
    }
    value_tree_free(&tree);
    return ret;
}
