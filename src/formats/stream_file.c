/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/stream_file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/date_text.h"
#include "base/json_reader.h"
#include "base/memory.h"
#include "base/text.h"
#include "tocsin/status.h"

enum role {
    DATE = STREAM_FILE_DATE,
    VALUE = STREAM_FILE_VALUE,
    SERIES = STREAM_FILE_SERIES,
    KNOWN = STREAM_FILE_KNOWN,
    IGNORED = STREAM_FILE_IGNORED,
    NUM_ROLES = STREAM_FILE_NUM_ROLES
};
enum { MOST_CELLS = SHEET_MAX_COLUMNS, MOST_OF_NAMES = 8, MOST_DEPTH = 8, NAMES_MIB = 1024 };

static const char *const role_words[NUM_ROLES] = { "date", "value", "series", "known", "ignore" };
static const char *const recognised[IGNORED][MOST_OF_NAMES] = {
    [DATE] = { "date", "day", "week", "日期", "日付", "周" },
    [VALUE] = { "value", "count", "number", "数值", "计数", "数量" },
    [SERIES] = { "series", "stream", "area", "地区" },
    [KNOWN] = { "known", "as_of" },
};

/* ---- where the rows come from ---- */

/* Cells of a sheet, or members of objects, in the order of the header. */
struct source {
    struct sheet            *sheet; /* NULL: NDJSON */
    const char              *bytes;
    size_t                   size, offset;
    struct value_tree        tree;
    const char              *name;
    struct fault_list       *faults;
    struct stream_file_text *header, *cells; /* num_columns */
    size_t                   num_columns;
    uint64_t                 line;
    struct arena             arena; /* holds the header */
};

static int fill_cells(struct source *source, const struct sheet_row *row)
{
    for (size_t i = 0; i < source->num_columns; i++)
        source->cells[i] = i < row->num_cells ? (struct stream_file_text){ row->cells[i].text, row->cells[i].size }
                                              : (struct stream_file_text){ "", 0 };
    for (size_t i = 0; i < source->num_columns; i++) /* of a file of errors that comes back */
        sheet_unguard(&source->cells[i].bytes, &source->cells[i].size);
    source->line = row->number;
    return 1;
}

static const struct value *next_object(struct source *source, int *status)
{
    struct json_fault fault;
    *status = json_read_next(source->bytes, source->size, &source->offset,
                             &(struct json_limits){ .max_depth = MOST_DEPTH }, &source->tree, &fault);
    if (*status == TOC_ERR_NO_MEMORY || (*status == 0 && source->tree.num_values == 0))
        return NULL;
    if (*status == 0 && source->tree.values[0].kind == VALUE_OBJECT) {
        uint64_t column;
        json_position(source->bytes, source->offset - 1, &source->line, &column);
        return source->tree.values;
    }
    fault_add(source->faults,
              (struct fault_place){ source->name, *status != 0 ? fault.line : source->line + 1, 0, NULL },
              "an object of plain values a line", "%s", *status != 0 ? fault.found : "a value that is no object");
    *status = BASE_ERR_INPUT;
    return NULL;
}

static struct stream_file_text text_of(const struct value *value)
{
    if (value == NULL || value->kind == VALUE_NULL || value->text == NULL)
        return (struct stream_file_text){ "", 0 };
    return (struct stream_file_text){ value->text, value->length };
}

/* The next row: 1, 0 at the end, or a negative status. */
static int next_row(struct source *source)
{
    struct sheet_row row;
    int              status;
    if (source->sheet != NULL) {
        status = sheet_next(source->sheet, &row);
        return status == 1 ? fill_cells(source, &row) : status;
    }
    const struct value *object = next_object(source, &status);
    for (size_t i = 0; i < source->num_columns && object != NULL; i++)
        source->cells[i] = text_of(value_get_of(object, source->header[i].bytes, source->header[i].size));
    return object != NULL ? 1 : status;
}

static int keep_header(struct source *source, size_t num)
{
    source->num_columns = num;
    source->header = arena_array(&source->arena, num + 1, sizeof *source->header);
    source->cells = arena_array(&source->arena, num + 1, sizeof *source->cells);
    return source->header != NULL && source->cells != NULL ? 0 : TOC_ERR_NO_MEMORY;
}

static int keep_name(struct source *source, size_t i, const char *bytes, size_t size)
{
    char *copy = arena_copy(&source->arena, bytes, size);
    source->header[i] = (struct stream_file_text){ copy, size };
    return copy != NULL ? 0 : TOC_ERR_NO_MEMORY;
}

static int open_objects(struct source *source)
{
    int                 status;
    size_t              i = 0;
    const struct value *object = next_object(source, &status);
    if (object == NULL)
        return status;
    status = keep_header(source, object->count < MOST_CELLS ? object->count : MOST_CELLS);
    for (VALUE_EACH_PAIR(key, object)) {
        if (status != 0 || i == source->num_columns)
            break;
        status = keep_name(source, i++, key->text, key->length);
    }
    source->offset = 0;
    return status;
}

static int open_sheet(struct source *source, const struct sheet_options *options)
{
    struct sheet_row row;
    int              status = source->sheet != NULL
                                  ? sheet_rewind(source->sheet)
                                  : sheet_open(source->bytes, source->size, source->name, options, source->faults, &source->sheet);
    if (status == 0)
        status = sheet_next(source->sheet, &row);
    if (status <= 0)
        return status;
    status = keep_header(source, row.num_cells);
    for (size_t i = 0; i < row.num_cells && status == 0; i++)
        status = keep_name(source, i, row.cells[i].text, row.cells[i].size);
    return status;
}

static int open_source(struct source *source, const struct sheet_options *options)
{
    size_t at = 0;
    while (at < source->size && strchr(" \t\r\n", source->bytes[at]) != NULL && source->bytes[at] != '\0')
        at++;
    bool objects = source->sheet == NULL && at < source->size && source->bytes[at] == '{';
    int  status = objects ? open_objects(source) : open_sheet(source, options);
    if (status == 0 && source->num_columns == 0) {
        fault_add(source->faults, (struct fault_place){ source->name, 0, 0, NULL }, "a row of names and rows of values",
                  "nothing stands in it");
        status = BASE_ERR_INPUT;
    }
    return status;
}

/* ---- which column is what ---- */

struct columns {
    size_t date, value, known; /* NONE: there is none */
    size_t series[STREAM_FILE_MOST_COLUMNS];
    size_t num_series;
    bool   ignored[MOST_CELLS];
};
#define NONE ((size_t) -1)
#define ERRORS_COLUMN "tocsin_errors"

struct reading {
    const struct stream_file_options *options;
    struct source                     source;
    struct columns                    columns;
    enum list_dates                   dates;
    struct row                       *rows;
    size_t                            num_rows, room, num_joined, num_bad;
    uint64_t                          num_bad_faults; /* of the rows that are left out */
    struct arena                      arena;          /* names of series */
    const char                       *newest;         /* the name of the row before */
};

struct row {
    const char         *name;
    struct stream_value value;
    uint64_t            line;
};

static size_t find_column(const struct source *source, const char *name, size_t size)
{
    for (size_t i = 0; i < source->num_columns; i++)
        if (text_equal_nocase(source->header[i].bytes, source->header[i].size, name, size))
            return i;
    return NONE;
}

static int no_column(const struct reading *reading, const char *word, size_t size)
{
    char quoted[TEXT_QUOTE_BYTES];
    text_quote(word, size, quoted);
    fault_add(reading->source.faults, (struct fault_place){ reading->source.name, 1, 0, NULL },
              "a name of the first row", "no column is called %s", quoted);
    return BASE_ERR_INPUT;
}

static int put_column_at(struct reading *reading, enum role role, size_t at)
{
    struct columns *columns = &reading->columns;
    switch (role) {
    case DATE: columns->date = at; break;
    case VALUE: columns->value = at; break;
    case KNOWN: columns->known = at; break;
    case IGNORED: columns->ignored[at] = true; break;
    default:
        if (columns->num_series == STREAM_FILE_MOST_COLUMNS)
            return no_column(reading, reading->source.header[at].bytes, reading->source.header[at].size);
        columns->series[columns->num_series++] = at;
    }
    return 0;
}

static int put_column(struct reading *reading, enum role role, const char *name, size_t size)
{
    size_t at = find_column(&reading->source, name, size);
    return at == NONE ? no_column(reading, name, size) : put_column_at(reading, role, at);
}

/* What the caller has decided for each column. */
static int take_roles(struct reading *reading)
{
    int status = 0;
    for (size_t i = 0; i < reading->source.num_columns && status == 0; i++)
        if (reading->options->roles[i] < NUM_ROLES)
            status = put_column_at(reading, (enum role) reading->options->roles[i], i);
    return status;
}

/* One "role=name+name". */
static int read_choice(struct reading *reading, const char *text, size_t size)
{
    const char *equals = memchr(text, '=', size);
    size_t      role = 0, length = equals != NULL ? (size_t) (equals - text) : 0;
    while (role < NUM_ROLES && (strlen(role_words[role]) != length || memcmp(role_words[role], text, length) != 0))
        role++;
    if (equals == NULL || role == NUM_ROLES) {
        char quoted[TEXT_QUOTE_BYTES];
        text_quote(text, size, quoted);
        fault_add(reading->source.faults, (struct fault_place){ NULL, 0, 0, "--columns" },
                  "date=, value=, series=, known=, ignore= and a column's name", "%s says not what it is", quoted);
        return BASE_ERR_INPUT;
    }
    const char *name = equals + 1, *end = text + size;
    int         status = 0;
    if (find_column(&reading->source, name, (size_t) (end - name)) != NONE) /* with a + of its own */
        return put_column(reading, (enum role) role, name, (size_t) (end - name));
    while (status == 0 && name <= end) {
        const char *plus = role == SERIES ? memchr(name, '+', (size_t) (end - name)) : NULL;
        const char *stop = plus != NULL ? plus : end;
        status = put_column(reading, (enum role) role, name, (size_t) (stop - name));
        name = stop + 1;
    }
    return status;
}

static int read_choices(struct reading *reading)
{
    const char *text = reading->options->columns;
    int         status = 0;
    while (text != NULL && *text != '\0' && status == 0) {
        size_t size = strcspn(text, ",");
        status = read_choice(reading, text, size);
        text += size + (text[size] == ',');
    }
    return status;
}

static bool recognise_wastewater(struct reading *reading)
{
    static const struct {
        enum role   role;
        const char *name;
    } layout[] = { { DATE, "sample_collect_date" },
                   { VALUE, "pcr_target_avg_conc" },
                   { SERIES, "wwtp_name" },
                   { SERIES, "pcr_target" } };
    for (size_t i = 0; i < sizeof layout / sizeof *layout; i++)
        if (find_column(&reading->source, layout[i].name, strlen(layout[i].name)) == NONE)
            return false;
    for (size_t i = 0; i < sizeof layout / sizeof *layout; i++)
        (void) put_column(reading, layout[i].role, layout[i].name, strlen(layout[i].name));
    return true;
}

static size_t find_recognised(const struct source *source, enum role role)
{
    for (size_t i = 0; i < MOST_OF_NAMES && recognised[role][i] != NULL; i++) {
        size_t at = find_column(source, recognised[role][i], strlen(recognised[role][i]));
        if (at != NONE)
            return at;
    }
    return NONE;
}

/* All but what is something else. */
static bool is_series(const struct columns *columns, size_t at)
{
    return at != columns->date && at != columns->known && !columns->ignored[at];
}

/* What nobody has said, by the names of the columns. */
static void recognise(struct reading *reading)
{
    struct columns *columns = &reading->columns;
    if (reading->options->columns == NULL && recognise_wastewater(reading))
        return;
    if (columns->date == NONE)
        columns->date = find_recognised(&reading->source, DATE);
    if (columns->value == NONE && !reading->options->wide)
        columns->value = find_recognised(&reading->source, VALUE);
    if (columns->known == NONE)
        columns->known = find_recognised(&reading->source, KNOWN);
    if (columns->num_series == 0 && !reading->options->wide) {
        columns->series[0] = find_recognised(&reading->source, SERIES);
        columns->num_series = columns->series[0] != NONE;
    }
}

bool stream_file_propose(const struct sheet_row *header, uint8_t *roles, bool *wastewater)
{
    const struct stream_file_options options = { .wide = false };
    struct stream_file_text          names[MOST_CELLS];
    struct reading                   reading = { .options = &options,
                                                 .source = { .header = names, .num_columns = header->num_cells },
                                                 .columns = { .date = NONE, .value = NONE, .known = NONE } };
    struct columns                  *columns = &reading.columns;
    for (size_t i = 0; i < header->num_cells; i++) {
        names[i] = (struct stream_file_text){ header->cells[i].text, header->cells[i].size };
        roles[i] = STREAM_FILE_UNSAID;
    }
    *wastewater = recognise_wastewater(&reading);
    if (!*wastewater)
        recognise(&reading);
    if (columns->date != NONE)
        roles[columns->date] = STREAM_FILE_DATE;
    if (columns->value != NONE)
        roles[columns->value] = STREAM_FILE_VALUE;
    if (columns->known != NONE)
        roles[columns->known] = STREAM_FILE_KNOWN;
    for (size_t i = 0; i < columns->num_series; i++)
        roles[columns->series[i]] = STREAM_FILE_SERIES;
    return columns->date != NONE && columns->value != NONE;
}

static int find_columns(struct reading *reading)
{
    struct columns *columns = &reading->columns;
    size_t          what_is_wrong = find_column(&reading->source, ERRORS_COLUMN, strlen(ERRORS_COLUMN));
    *columns = (struct columns){ .date = NONE, .value = NONE, .known = NONE };
    if (what_is_wrong != NONE)
        columns->ignored[what_is_wrong] = true;
    int status = reading->options->roles != NULL ? take_roles(reading) : read_choices(reading);
    if (status != 0)
        return status;
    if (reading->options->roles == NULL)
        recognise(reading);
    if (columns->date == NONE || (columns->value == NONE && !reading->options->wide)) {
        fault_add(reading->source.faults, (struct fault_place){ reading->source.name, 1, 0, NULL },
                  "columns date and value, or their names in --columns", "no column of the %s",
                  columns->date == NONE ? "date" : "value");
        return BASE_ERR_INPUT;
    }
    return 0;
}

/* ---- cells ---- */

static struct fault_place place_of(const struct reading *reading, size_t column)
{
    return (struct fault_place){ reading->source.name, reading->source.line, (uint32_t) column + 1, NULL };
}

static void bad_cell(const struct reading *reading, size_t column, const char *allowed, const char *what)
{
    char quoted[TEXT_QUOTE_BYTES];
    text_quote(reading->source.cells[column].bytes, reading->source.cells[column].size, quoted);
    fault_add(reading->source.faults, place_of(reading, column), allowed, "%s: %s", quoted, what);
}

static bool read_date(const struct reading *reading, size_t column, toc_date *day)
{
    struct stream_file_text cell = reading->source.cells[column];
    struct report_time      time = { .year = 0 };
    enum date_form          form;
    if (date_from_text(cell.bytes, cell.size, day, &form, NULL) == 0 && form != DATE_FORM_MONTH)
        return true;
    const char *what =
        list_date_read((struct report_text){ cell.bytes, cell.size }, reading->dates, reading->options->today, &time);
    if (what == NULL && time.precision < REPORT_DAY)
        what = "names no day";
    struct toc_civil civil = { time.year, time.month, time.day };
    if (what == NULL && !toc_civil_valid(civil))
        what = "is in no calendar";
    if (what == NULL)
        *day = toc_date_from_civil(civil);
    else
        bad_cell(reading, column, LIST_DATE_ALLOWED ", or an ISO week (2024-W09)", what);
    return what == NULL;
}

static bool is_blank(struct stream_file_text cell)
{
    static const char *const words[] = { "NA", "N/A", "NaN", "null", "-", "#N/A" };
    bool                     blank = cell.size == 0;
    for (size_t i = 0; i < sizeof words / sizeof *words && !blank; i++)
        blank = text_equal_nocase(cell.bytes, cell.size, words[i], strlen(words[i]));
    return blank;
}

static bool read_value(const struct reading *reading, size_t column, double *value)
{
    struct stream_file_text cell = reading->source.cells[column];
    *value = NAN;
    if (is_blank(cell))
        return true;
    if (cell.bytes[cell.size - 1] == '%')
        cell.size--;
    if (text_to_double(cell.bytes, cell.size, value) == 0 && fabs(*value) <= 1e15)
        return true;
    bad_cell(reading, column, "a number with a decimal point, or nothing", "is no number");
    return false;
}

/* The row's series: the cells of its columns, one behind the other. NULL: no memory. */
static const char *name_of(struct reading *reading, bool *good)
{
    char   name[STREAM_FILE_MOST_NAME + 1];
    size_t size = 0;
    *good = true;
    for (size_t i = 0; i < reading->columns.num_series; i++) {
        struct stream_file_text cell = reading->source.cells[reading->columns.series[i]];
        if (cell.size + size + (i > 0) > STREAM_FILE_MOST_NAME || cell.size == 0) {
            bad_cell(reading, reading->columns.series[i], "a name, 60 bytes with those of the other columns",
                     cell.size == 0 ? "names no series" : "is too long");
            *good = false;
            return "";
        }
        if (i > 0)
            name[size++] = '-';
        memcpy(name + size, cell.bytes, cell.size);
        size += cell.size;
    }
    name[size] = '\0';
    if (reading->newest == NULL || strcmp(reading->newest, name) != 0)
        reading->newest = arena_copy(&reading->arena, name, size);
    return reading->newest;
}

/* ---- rows ---- */

static int add(struct reading *reading, const char *name, toc_date day, toc_date known, double value)
{
    if (reading->num_rows == reading->room) {
        size_t      room = reading->room == 0 ? 4096 : 2 * reading->room;
        struct row *more = room <= STREAM_FILE_MOST_ROWS * 2u ? memory_resize(reading->rows, room, sizeof *more) : NULL;
        if (more == NULL)
            return TOC_ERR_NO_MEMORY;
        reading->rows = more;
        reading->room = room;
    }
    reading->rows[reading->num_rows++] =
        (struct row){ name, { .day = day, .known = known, .value = value }, reading->source.line };
    return 0;
}

static int take_wide(struct reading *reading, toc_date day, toc_date known)
{
    int status = 0;
    for (size_t i = 0; i < reading->source.num_columns && status == 0; i++) {
        double value;
        if (is_series(&reading->columns, i) && read_value(reading, i, &value))
            status = add(reading, reading->source.header[i].bytes, day, known, value);
    }
    return status;
}

static int take_row(struct reading *reading)
{
    toc_date day, known = reading->options->known;
    double   value;
    bool     good = read_date(reading, reading->columns.date, &day), named;
    if (reading->columns.known != NONE)
        good &= read_date(reading, reading->columns.known, &known);
    if (reading->options->wide)
        return good ? take_wide(reading, day, known) : 0;
    good &= read_value(reading, reading->columns.value, &value);
    const char *name = name_of(reading, &named);
    if (name == NULL)
        return TOC_ERR_NO_MEMORY;
    return good && named ? add(reading, name, day, known, value) : 0;
}

/* ---- rows that are left out ---- */

static bool is_about_errors(const struct stream_file_text *name)
{
    return text_equal_nocase(name->bytes, name->size, ERRORS_COLUMN, strlen(ERRORS_COLUMN));
}

/* The row with what is wrong with it: the faults from this one on. */
static void write_bad_row(struct reading *reading, size_t first)
{
    const struct source     *source = &reading->source;
    const struct fault_list *faults = source->faults;
    struct sink             *sink = reading->options->errors, what;
    for (size_t i = 0; i < source->num_columns && reading->num_bad == 0; i++)
        if (!is_about_errors(&source->header[i])) {
            sheet_put_cell(sink, source->header[i].bytes, source->header[i].size);
            sink_character(sink, ',');
        }
    if (reading->num_bad++ == 0)
        sink_text(sink, ERRORS_COLUMN "\n");
    for (size_t i = 0; i < source->num_columns; i++)
        if (!is_about_errors(&source->header[i])) {
            sheet_put_cell(sink, source->cells[i].bytes, source->cells[i].size);
            sink_character(sink, ',');
        }
    sink_init_memory(&what);
    for (size_t i = first; i < faults->num_kept; i++)
        sink_format(&what, "%scolumn %u: %s (allowed: %s)", i > first ? "; " : "", faults->faults[i].cell,
                    faults->faults[i].found, faults->faults[i].allowed);
    if (first == faults->num_kept)
        sink_text(&what, "too many faults for each to be told");
    sheet_put_cell(sink, what.bytes != NULL ? what.bytes : "", what.used);
    sink_character(sink, '\n');
    sink_free(&what);
}

/* A row; one with a fault is left out where there is a place for it. */
static int take_or_leave(struct reading *reading)
{
    const struct fault_list *faults = reading->source.faults;
    size_t                   kept = faults->num_kept, rows = reading->num_rows;
    uint64_t                 before = faults->num_all;
    int                      status = take_row(reading);
    bool                     leaves = reading->options->errors != NULL || reading->options->left_out != NULL;
    if (status != 0 || !leaves || faults->num_all == before)
        return status;
    reading->num_rows = rows;
    reading->num_bad_faults += faults->num_all - before;
    if (reading->options->left_out == NULL) {
        write_bad_row(reading, kept);
        return 0;
    }
    reading->num_bad++;
    const struct source              *source = &reading->source;
    const struct stream_file_left_out row = { source->line,        source->header, source->cells,
                                              source->num_columns, faults,         kept };
    return reading->options->left_out(reading->options->context, &row);
}

static int check_names(struct reading *reading)
{
    for (size_t i = 0; i < reading->source.num_columns && reading->options->wide; i++)
        if (is_series(&reading->columns, i) &&
            (reading->source.header[i].size == 0 || reading->source.header[i].size > STREAM_FILE_MOST_NAME)) {
            fault_add(reading->source.faults, (struct fault_place){ reading->source.name, 1, (uint32_t) i + 1, NULL },
                      "1 to 60 bytes", "the name of the series has %zu", reading->source.header[i].size);
            return BASE_ERR_INPUT;
        }
    return 0;
}

/* The order of day and month that the column of the dates decides. */
static int decide_dates(struct reading *reading, size_t column)
{
    int status = 1;
    reading->dates = reading->options->dates;
    while (reading->dates == LIST_DATES_UNDECIDED && (status = next_row(&reading->source)) == 1) {
        struct stream_file_text cell = reading->source.cells[column];
        enum list_order         order = list_date_order((struct report_text){ cell.bytes, cell.size });
        if (order == LIST_ORDER_DAY_ONLY)
            reading->dates = LIST_DAY_FIRST;
        else if (order == LIST_ORDER_MONTH_ONLY)
            reading->dates = LIST_MONTH_FIRST;
    }
    return status < 0 ? status : 0;
}

static int rewind_source(struct reading *reading)
{
    struct source *source = &reading->source;
    source->offset = 0;
    source->line = 0;
    int status = source->sheet != NULL ? sheet_rewind(source->sheet) : 0;
    if (status == 0 && source->sheet != NULL)
        status = next_row(source) == 1 ? 0 : BASE_ERR_INPUT; /* the header again */
    return status;
}

static int read_rows(struct reading *reading)
{
    int status = open_source(&reading->source, &reading->options->sheet);
    if (status == 0)
        status = find_columns(reading);
    if (status == 0)
        status = check_names(reading);
    if (status == 0)
        status = decide_dates(reading, reading->columns.date);
    if (status == 0)
        status = rewind_source(reading);
    int more = 0;
    while (status == 0 && (more = next_row(&reading->source)) == 1)
        status = take_or_leave(reading);
    if (status == 0 && more < 0)
        status = more;
    return status;
}

/* ---- in order ---- */

static int compare_rows(const void *x, const void *y)
{
    const struct row *a = x, *b = y;
    int               order = a->name == b->name ? 0 : strcmp(a->name, b->name);
    if (order == 0)
        order = (a->value.day > b->value.day) - (a->value.day < b->value.day);
    if (order == 0)
        order = (a->value.known > b->value.known) - (a->value.known < b->value.known);
    return order != 0 ? order : (a->line > b->line) - (a->line < b->line);
}

static bool is_same(const struct row *a, const struct row *b)
{
    return a->value.day == b->value.day && a->value.known == b->value.known && strcmp(a->name, b->name) == 0;
}

static bool says_same(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

/* One row of those from `first` on that are of one series and day. */
static size_t join(struct reading *reading, size_t first, struct row *joined)
{
    size_t num = 1, given = 1;
    if (isnan(reading->rows[first].value.value))
        given = 0;
    *joined = reading->rows[first];
    for (; first + num < reading->num_rows && is_same(joined, &reading->rows[first + num]); num++) {
        const struct row *row = &reading->rows[first + num];
        if (reading->options->many == STREAM_FILE_FAULT && !says_same(joined->value.value, row->value.value)) {
            char text[DATE_TEXT_BYTES];
            date_to_text(row->value.day, DATE_FORM_DAY, text);
            fault_add(reading->source.faults, (struct fault_place){ reading->source.name, row->line, 0, NULL },
                      "one value a series and day, or --many sum or mean", "another value of %s than that of line %llu",
                      text, (unsigned long long) joined->line);
        }
        if (reading->options->many == STREAM_FILE_FAULT || isnan(row->value.value))
            continue;
        joined->value.value = given == 0 ? row->value.value : joined->value.value + row->value.value;
        given++;
    }
    if (reading->options->many == STREAM_FILE_MEAN && given > 1)
        joined->value.value /= (double) given;
    reading->num_joined += num - 1;
    return num;
}

static int deliver(struct reading *reading, struct stream_file *file)
{
    struct stream_file found = { .values = memory_array(reading->num_rows + 1, sizeof *found.values) };
    size_t             num_names = 0, room = 0;
    if (reading->num_rows > 0)
        qsort(reading->rows, reading->num_rows, sizeof *reading->rows, compare_rows);
    for (size_t i = 0; i < reading->num_rows; i++)
        if (i == 0 || strcmp(reading->rows[i].name, reading->rows[i - 1].name) != 0) {
            num_names++;
            room += strlen(reading->rows[i].name) + 1;
        }
    found.series = memory_array(num_names + 1, sizeof *found.series);
    found.text = memory_array(room + 1, 1);
    if (found.values == NULL || found.series == NULL || found.text == NULL) {
        stream_file_free(&found);
        return TOC_ERR_NO_MEMORY;
    }
    char *text = found.text;
    for (size_t i = 0, num; i < reading->num_rows; i += num) {
        struct row one;
        num = join(reading, i, &one);
        if (found.num_series == 0 || strcmp(found.series[found.num_series - 1].name, one.name) != 0) {
            size_t size = strlen(one.name) + 1;
            memcpy(text, one.name, size);
            found.series[found.num_series++] = (struct stream_file_series){ text, found.num_values, 0 };
            text += size;
        }
        found.series[found.num_series - 1].num++;
        found.num_blank += isnan(one.value.value) ? 1 : 0;
        found.values[found.num_values++] = one.value;
    }
    found.num_joined = reading->num_joined;
    *file = found;
    return 0;
}

int stream_file_read(const void *bytes, size_t size, const char *name, const struct stream_file_options *options,
                     struct fault_list *faults, struct stream_file *file)
{
    struct reading reading = {
        .options = options,
        .source = { .bytes = bytes, .size = size, .name = name, .faults = faults, .sheet = options->opened },
        .arena = { .limit = (size_t) NAMES_MIB << 20 }
    };
    struct stream_file found = { .num_series = 0 };
    uint64_t           before = faults->num_all;
    int                status = read_rows(&reading);
    if (status == 0 && faults->num_all == before + reading.num_bad_faults)
        status = deliver(&reading, &found);
    if (status == 0 && faults->num_all != before + reading.num_bad_faults)
        status = BASE_ERR_INPUT;
    found.num_bad = reading.num_bad;
    if (status == 0)
        *file = found;
    else
        stream_file_free(&found);
    free(reading.rows);
    if (options->opened == NULL)
        sheet_close(reading.source.sheet);
    value_tree_free(&reading.source.tree);
    arena_free(&reading.source.arena);
    arena_free(&reading.arena);
    return status;
}

void stream_file_free(struct stream_file *file)
{
    free(file->series);
    free(file->values);
    free(file->text);
    *file = (struct stream_file){ .num_series = 0 };
}
