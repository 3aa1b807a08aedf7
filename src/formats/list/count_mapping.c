/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/list/count_mapping.h"

#include <string.h>

#include "base/deny.h"
#include "base/json_reader.h"
#include "base/text.h"
#include "formats/code_tables_rows.h"
#include "formats/list/list_internal.h"
#include "formats/sheet/xlsx.h"
#include "tocsin/status.h"

static const char *const field_words[STREAM_FILE_NUM_ROLES] = { "date", "value", "series", "known", "" };
static const char *const many_words[] = { "fault", "sum", "mean", NULL };
static const char *const date_words[] = { "", "day-first", "month-first", NULL };
static const char *const measure_words[] = { "count", "percent", "rate", "concentration", "index", NULL };
static const char *const period_words[] = { "day", "week", NULL };

/* ---- proposed ---- */

/* Does its name say that it is a total since a start? */
static bool says_total(struct report_text header)
{
    static const char *const words[] = { "cumul", "累计", "总计" };
    char                     squeezed[CODE_TABLES_MAX_TEXT];
    size_t                   size = code_tables_squeeze(header, squeezed);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (memmem(squeezed, size, words[i], strlen(words[i])) != NULL)
            return true;
    return false;
}

static int take_fingerprint(struct count_mapping *mapping, struct arena *arena)
{
    struct report_text *names = arena_array(arena, mapping->num_columns + 1, sizeof *names);
    size_t              num = 0;
    if (names == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < mapping->num_columns; i++)
        if (!mapping->columns[i].denied && !mapping->columns[i].own)
            names[num++] = mapping->columns[i].header;
    return list_take_fingerprint(names, num, arena, mapping->fingerprint);
}

int count_mapping_propose(const struct sheet_row *header, struct arena *arena, struct count_mapping *mapping,
                          bool *counts)
{
    uint8_t *roles = arena_array(arena, header->num_cells + 1, 1);
    *mapping = (struct count_mapping){ .num_columns = header->num_cells,
                                       .stream = "",
                                       .indicator = "",
                                       .measure = "count",
                                       .disease = "",
                                       .period = "week",
                                       .area = "" };
    mapping->columns = arena_array(arena, header->num_cells + 1, sizeof *mapping->columns);
    if (roles == NULL || mapping->columns == NULL)
        return TOC_ERR_NO_MEMORY;
    *counts = stream_file_propose(header, roles, &mapping->is_wastewater);
    for (size_t i = 0; i < header->num_cells; i++) {
        const struct sheet_cell *cell = &header->cells[i];
        struct count_column     *column = &mapping->columns[i];
        column->header =
            (struct report_text){ arena_copy(arena, cell->size > 0 ? cell->text : "", cell->size), cell->size };
        if (column->header.bytes == NULL)
            return TOC_ERR_NO_MEMORY;
        column->denied = deny_match(column->header.bytes, column->header.size) != NULL;
        column->own = report_text_equals(column->header, LIST_ERRORS_COLUMN) ||
                      report_text_equals(column->header, LIST_ROW_COLUMN);
        column->role = column->denied || column->own ? STREAM_FILE_UNSAID : roles[i];
        mapping->cumulative |= column->role == STREAM_FILE_VALUE && says_total(column->header);
    }
    if (mapping->is_wastewater) {
        mapping->indicator = "wastewater-concentration";
        mapping->measure = "concentration";
        mapping->period = "day";
    }
    return take_fingerprint(mapping, arena);
}

/* ---- in ---- */

static const struct value *object_of(const struct value_tree *tree)
{
    return tree->num_values > 0 && value_is(tree->values, VALUE_OBJECT) ? tree->values : NULL;
}

static const struct json_limits limits = { .max_depth = 8, .max_bytes = LIST_MAX_MAPPING };

bool count_mapping_is(const char *json, size_t size)
{
    struct value_tree tree = VALUE_TREE_INIT;
    struct json_fault fault;
    bool              is = json_read(json, size, &limits, &tree, &fault) == 0 &&
              value_is_text(value_get(object_of(&tree), "table"), "counts");
    value_tree_free(&tree);
    return is;
}

static int refuse(struct fault_list *faults, const char *name, const char *key, const char *allowed)
{
    fault_add(faults, (struct fault_place){ .file = name, .line = 1 }, allowed, "\"%s\" of the mapping", key);
    return BASE_ERR_INPUT;
}

static int take_text(const struct value *object, const char *key, struct arena *arena, const char **text)
{
    const struct value *said = value_get(object, key);
    if (!value_is(said, VALUE_TEXT))
        return 0;
    const char *copy = arena_copy(arena, said->text, said->length);
    if (copy == NULL)
        return TOC_ERR_NO_MEMORY;
    *text = copy;
    return 0;
}

/* The number of a word of a list; where nothing is said it stays as it was. */
static int take_word(const struct value *object, const char *key, const char *const *words, const char *allowed,
                     const char *name, int *number, struct fault_list *faults)
{
    const struct value *said = value_get(object, key);
    if (said == NULL)
        return 0;
    for (int i = 0; words[i] != NULL; i++)
        if (value_is_text(said, words[i])) {
            *number = i;
            return 0;
        }
    return refuse(faults, name, key, allowed);
}

static int take_flag(const struct value *object, const char *key, const char *name, bool *flag,
                     struct fault_list *faults)
{
    const struct value *said = value_get(object, key);
    if (said == NULL)
        return 0;
    if (!value_is(said, VALUE_TRUE) && !value_is(said, VALUE_FALSE))
        return refuse(faults, name, key, "true or false");
    *flag = value_is(said, VALUE_TRUE);
    return 0;
}

static struct report_text text_of(const struct value *object, const char *key)
{
    const struct value *value = value_get(object, key);
    return value_is(value, VALUE_TEXT) ? (struct report_text){ value->text, value->length }
                                       : (struct report_text){ "", 0 };
}

/* The first column of that name that the mapping has not spoken of. */
static struct count_column *find_column(const struct count_mapping *mapping, const bool *taken,
                                        struct report_text header)
{
    char   wanted[CODE_TABLES_MAX_TEXT], squeezed[CODE_TABLES_MAX_TEXT];
    size_t size = code_tables_squeeze(header, wanted);
    for (size_t i = 0; i < mapping->num_columns; i++)
        if (!taken[i] && code_tables_squeeze(mapping->columns[i].header, squeezed) == size &&
            memcmp(squeezed, wanted, size) == 0)
            return &mapping->columns[i];
    return NULL;
}

static int take_column(struct count_mapping *mapping, bool *taken, const struct value *said, const char *name,
                       struct fault_list *faults)
{
    struct report_text field = text_of(said, "field");
    uint8_t            role = 0;
    while (role < STREAM_FILE_NUM_ROLES && !report_text_equals(field, field_words[role]))
        role++;
    if (role == STREAM_FILE_NUM_ROLES)
        return refuse(faults, name, "field", "date, value, series, known, or nothing");
    struct count_column *column = find_column(mapping, taken, text_of(said, "header"));
    if (column == NULL)
        return role == STREAM_FILE_IGNORED ? 0 : refuse(faults, name, "header", "a column of this file");
    taken[column - mapping->columns] = true;
    if (!column->denied && !column->own)
        column->role = role == STREAM_FILE_IGNORED ? STREAM_FILE_UNSAID : role;
    return 0;
}

static int take_columns(struct count_mapping *mapping, const struct value *columns, const char *name,
                        struct arena *arena, struct fault_list *faults)
{
    bool *taken = arena_array(arena, mapping->num_columns + 1, sizeof *taken);
    int   ret = taken != NULL ? 0 : TOC_ERR_NO_MEMORY;
    if (!value_is(columns, VALUE_ARRAY))
        return refuse(faults, name, "columns", "a list of columns");
    for (size_t i = 0; i < mapping->num_columns; i++)
        mapping->columns[i].role = STREAM_FILE_UNSAID;
    for (VALUE_EACH(column, columns))
        if (ret == 0)
            ret = take_column(mapping, taken, column, name, faults);
    return ret;
}

static int take_object(struct count_mapping *mapping, const struct value *said, const char *name, struct arena *arena,
                       struct fault_list *faults)
{
    const struct {
        const char  *key;
        const char **text;
    } texts[] = { { "stream", &mapping->stream },
                  { "indicator", &mapping->indicator },
                  { "disease", &mapping->disease },
                  { "area", &mapping->area } };
    int many = (int) mapping->many, dates = (int) mapping->dates, measure = -1, period = -1, ret = 0;
    for (size_t i = 0; i < sizeof texts / sizeof *texts && ret == 0; i++)
        ret = take_text(said, texts[i].key, arena, texts[i].text);
    if (ret == 0)
        ret = take_word(said, "many", many_words, "fault, sum or mean", name, &many, faults);
    if (ret == 0)
        ret = take_word(said, "dates", date_words, "day-first, month-first or nothing", name, &dates, faults);
    if (ret == 0)
        ret = take_word(said, "measure", measure_words, "count, percent, rate, concentration or index", name, &measure,
                        faults);
    if (ret == 0)
        ret = take_word(said, "period", period_words, "day or week", name, &period, faults);
    if (ret == 0)
        ret = take_flag(said, "cumulative", name, &mapping->cumulative, faults);
    if (ret == 0)
        ret = take_flag(said, "wide", name, &mapping->wide, faults);
    mapping->many = (enum stream_file_many) many;
    mapping->dates = (enum list_dates) dates;
    mapping->measure = measure >= 0 ? measure_words[measure] : mapping->measure;
    mapping->period = period >= 0 ? period_words[period] : mapping->period;
    return ret == 0 ? take_columns(mapping, value_get(said, "columns"), name, arena, faults) : ret;
}

int count_mapping_apply(const char *json, size_t size, const char *name, struct arena *arena,
                        struct count_mapping *mapping, struct fault_list *faults)
{
    struct value_tree tree = VALUE_TREE_INIT;
    struct json_fault fault;
    int               ret = json_read(json, size, &limits, &tree, &fault);
    if (ret == 0)
        ret = take_object(mapping, object_of(&tree), name, arena, faults);
    else if (ret != TOC_ERR_NO_MEMORY)
        ret = refuse(faults, name, "table", "a mapping as it is proposed");
    value_tree_free(&tree);
    return ret;
}

int count_mapping_ask(const struct count_mapping *mapping, const char *name, struct fault_list *faults)
{
    struct fault_place place = { .file = name, .line = 1 };
    size_t             dates = 0, values = 0;
    uint64_t           before = faults->num_all;
    for (size_t i = 0; i < mapping->num_columns; i++) {
        dates += mapping->columns[i].role == STREAM_FILE_DATE;
        values += mapping->columns[i].role == STREAM_FILE_VALUE;
    }
    if (dates != 1)
        fault_add(faults, place, "one column whose field is date", "%zu columns of dates", dates);
    if (values == 0 || (values > 1 && !mapping->wide))
        fault_add(faults, place, "one column whose field is value, or \"wide\"", "%zu columns of values", values);
    if (*mapping->stream == '\0')
        fault_add(faults, place, "\"stream\" in the mapping", "nothing says which stream the numbers are of");
    return faults->num_all == before ? 0 : BASE_ERR_INPUT;
}

/* ---- out ---- */

static void put_flag(struct json_writer *json, const char *key, bool flag)
{
    json_key(json, key);
    json_put_bool(json, flag);
}

void count_mapping_write(const struct count_mapping *mapping, struct json_writer *json)
{
    json_begin_object(json);
    json_member(json, "table", "counts");
    json_member(json, "fingerprint", mapping->fingerprint);
    json_member(json, "stream", mapping->stream);
    json_member(json, "indicator", mapping->indicator);
    json_member(json, "measure", mapping->measure);
    json_member(json, "disease", mapping->disease);
    json_member(json, "period", mapping->period);
    json_member(json, "area", mapping->area);
    put_flag(json, "cumulative", mapping->cumulative);
    put_flag(json, "wide", mapping->wide);
    json_member(json, "many", many_words[mapping->many]);
    json_member(json, "dates", date_words[mapping->dates]);
    json_key(json, "columns");
    json_begin_array(json);
    for (size_t i = 0; i < mapping->num_columns; i++) {
        const struct count_column *column = &mapping->columns[i];
        char                       letters[SHEET_LETTERS_BYTES];
        if (column->own)
            continue;
        sheet_letters(i, letters);
        json_begin_object(json);
        json_member(json, "column", letters);
        json_key(json, "header");
        json_put_string_of(json, column->header.bytes, column->header.size);
        json_member(json, "field", column->role < STREAM_FILE_NUM_ROLES ? field_words[column->role] : "");
        if (column->denied)
            put_flag(json, "denied", true);
        json_end(json);
    }
    json_end(json);
    json_end(json);
}

void count_mapping_roles(const struct count_mapping *mapping, uint8_t *roles)
{
    for (size_t i = 0; i < mapping->num_columns; i++) {
        uint8_t role = mapping->columns[i].role;
        if (mapping->wide) /* each column that is nothing else is a series there */
            role = role == STREAM_FILE_VALUE    ? STREAM_FILE_UNSAID
                   : role == STREAM_FILE_UNSAID ? STREAM_FILE_IGNORED
                                                : role;
        roles[i] = role;
    }
}

/* ---- a row that is left out ---- */

static void write_wrong(const struct stream_file_left_out *row, struct json_writer *json)
{
    const struct fault_list *faults = row->faults;
    struct sink              what;
    sink_init_memory(&what);
    for (size_t i = row->first_fault; i < faults->num_kept; i++)
        sink_format(&what, "%scolumn %u: %s (allowed: %s)", i > row->first_fault ? "; " : "", faults->faults[i].cell,
                    faults->faults[i].found, faults->faults[i].allowed);
    if (row->first_fault == faults->num_kept)
        sink_text(&what, "too many faults for each to be told");
    json_key(json, "wrong");
    json_put_string_of(json, what.bytes, what.used);
    sink_free(&what);
}

void count_mapping_write_alone(const struct count_mapping *mapping, const struct stream_file_left_out *row,
                               struct sink *sink)
{
    struct json_writer json;
    json_writer_init(&json, sink);
    json_begin_object(&json);
    json_member(&json, "list", mapping->stream);
    write_wrong(row, &json);
    json_key(&json, "columns");
    json_begin_array(&json);
    for (size_t i = 0; i < row->num_columns && i < mapping->num_columns; i++) {
        if (mapping->columns[i].denied || mapping->columns[i].own)
            continue;
        json_begin_array(&json);
        json_put_integer(&json, (int64_t) i + 1);
        json_put_string_of(&json, row->header[i].bytes, row->header[i].size);
        json_put_string(&json, "");
        json_put_integer(&json, LIST_DATES_UNDECIDED);
        json_put_integer(&json, SHEET_TEXT);
        json_put_string_of(&json, row->cells[i].bytes, row->cells[i].size);
        json_end(&json);
    }
    json_end(&json);
    json_end(&json);
}
