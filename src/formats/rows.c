/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/rows.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/display.h"
#include "tocsin/status.h"

#define MAX_CELL_BYTES 1024 /* of a cell in a table */
#define BETWEEN "  "        /* between the columns of a table */

const char *const rows_format_words[] = { "csv", "ndjson", "table", NULL };

/* A table's rows wait in `waiting` as text, cells ended by '\0', a byte for the mark before each row. */
struct rows_table {
    struct display display;
    struct sink    waiting;
    size_t         num_waiting;
    bool           streaming; /* the widths are settled; rows go out at once */
    size_t         width[ROWS_MAX_COLUMNS];
    size_t         row_start; /* in waiting, of the row in work */
};

/* ---- CSV ---- */

static void write_csv_text(struct sink *sink, const char *text)
{
    if (strpbrk(text, ",\"\r\n") == NULL && *text != ' ' && (*text == '\0' || text[strlen(text) - 1] != ' ')) {
        sink_text(sink, text);
        return;
    }
    sink_character(sink, '"');
    for (; *text != '\0'; text++) {
        if (*text == '"')
            sink_character(sink, '"');
        sink_character(sink, *text);
    }
    sink_character(sink, '"');
}

static void write_csv_header(struct rows *rows)
{
    for (size_t i = 0; i < rows->num_columns; i++) {
        if (i > 0)
            sink_character(rows->sink, ',');
        write_csv_text(rows->sink, rows->columns[i].name);
    }
    sink_character(rows->sink, '\n');
}

/* ---- a table ---- */

static bool is_right_aligned(const struct rows *rows, size_t column)
{
    return rows->columns[column].kind == ROWS_NUMBER;
}

static void pad(struct sink *sink, size_t num)
{
    for (; num > 0; num--)
        sink_character(sink, ' ');
}

static void write_cell(struct rows *rows, size_t column, const char *text, bool last)
{
    struct rows_table *table = rows->table;
    size_t             width = display_width(&table->display, text, strlen(text));
    size_t             room = width < table->width[column] ? table->width[column] - width : 0;
    if (is_right_aligned(rows, column))
        pad(rows->sink, room);
    sink_text(rows->sink, text);
    if (!is_right_aligned(rows, column) && !last)
        pad(rows->sink, room);
}

/* One row that waited; `text` is its mark and its cells. Trailing empty cells leave no blanks behind. */
static const char *write_waiting_row(struct rows *rows, const char *text)
{
    enum rows_mark mark = (enum rows_mark) * text++;
    const char *color = !rows->color ? NULL : mark == ROWS_ALARM ? "\033[1;31m" : mark == ROWS_FAINT ? "\033[2m" : NULL;
    const char *cells[ROWS_MAX_COLUMNS];
    size_t      filled = 0;
    for (size_t i = 0; i < rows->num_columns; i++) {
        cells[i] = text;
        if (*text != '\0')
            filled = i + 1;
        text += strlen(text) + 1;
    }
    if (color != NULL)
        sink_text(rows->sink, color);
    for (size_t i = 0; i < filled; i++) {
        if (i > 0)
            sink_text(rows->sink, BETWEEN);
        write_cell(rows, i, cells[i], i + 1 == filled);
    }
    if (color != NULL)
        sink_text(rows->sink, "\033[0m");
    sink_character(rows->sink, '\n');
    return text;
}

static void write_table_header(struct rows *rows)
{
    if (rows->color)
        sink_text(rows->sink, "\033[1m");
    for (size_t i = 0; i < rows->num_columns; i++) {
        if (i > 0)
            sink_text(rows->sink, BETWEEN);
        write_cell(rows, i, rows->columns[i].name, i + 1 == rows->num_columns);
    }
    if (rows->color)
        sink_text(rows->sink, "\033[0m");
    sink_character(rows->sink, '\n');
    for (size_t i = 0; i < rows->num_columns; i++) {
        if (i > 0)
            sink_text(rows->sink, BETWEEN);
        for (size_t j = 0; j < rows->table->width[i]; j++)
            sink_character(rows->sink, '-');
    }
    sink_character(rows->sink, '\n');
}

/* The widths are settled: header and waiting rows go out, later rows follow at once. */
static void release_waiting(struct rows *rows)
{
    struct rows_table *table = rows->table;
    if (!table->streaming)
        write_table_header(rows);
    table->streaming = true;
    const char *text = table->waiting.bytes;
    for (size_t i = 0; i < table->num_waiting; i++)
        text = write_waiting_row(rows, text);
    table->num_waiting = 0;
    table->waiting.used = 0;
    table->row_start = 0;
}

static void add_table_cell(struct rows *rows, const char *text)
{
    struct rows_table *table = rows->table;
    char               cell[MAX_CELL_BYTES];
    if (rows->cell == 0) {
        table->row_start = table->waiting.used;
        sink_character(&table->waiting, (char) ROWS_PLAIN);
    }
    int    max_width = rows->columns[rows->cell].max_width;
    size_t size =
        display_cut(&table->display, text, max_width > 0 ? (size_t) max_width : ROWS_MAX_WIDTH, cell, sizeof cell);
    sink_write(&table->waiting, cell, size + 1);
    if (!table->streaming) {
        size_t width = display_width(&table->display, cell, size);
        if (width > table->width[rows->cell])
            table->width[rows->cell] = width;
    }
}

static void end_table_row(struct rows *rows)
{
    struct rows_table *table = rows->table;
    if (table->waiting.failure != 0) { /* no memory for what waits: the output cannot be whole */
        if (rows->sink->failure == 0)
            rows->sink->failure = table->waiting.failure;
        return;
    }
    table->waiting.bytes[table->row_start] = (char) rows->mark;
    table->num_waiting++;
    if (table->streaming || table->num_waiting == ROWS_SAMPLE_ROWS)
        release_waiting(rows);
}

static int begin_table(struct rows *rows)
{
    rows->table = calloc(1, sizeof *rows->table);
    if (rows->table == NULL)
        return TOC_ERR_NO_MEMORY;
    display_init(&rows->table->display);
    sink_init_memory(&rows->table->waiting);
    for (size_t i = 0; i < rows->num_columns; i++)
        rows->table->width[i] = strlen(rows->columns[i].name);
    return 0;
}

/* ---- any format ---- */

int rows_begin(struct rows *rows, struct sink *sink, enum rows_format format, bool color,
               const struct rows_column *columns, size_t num_columns)
{
    assert(num_columns > 0 && num_columns <= ROWS_MAX_COLUMNS);
    *rows =
        (struct rows){ .sink = sink, .format = format, .color = color, .columns = columns, .num_columns = num_columns };
    json_writer_init(&rows->json, sink);
    if (format == ROWS_TABLE)
        return begin_table(rows);
    if (format == ROWS_CSV)
        write_csv_header(rows);
    return 0;
}

/* What comes before a cell: a comma, or the object's opening and the key. */
static void begin_cell(struct rows *rows, enum rows_kind kind)
{
    assert(rows->cell < rows->num_columns && rows->columns[rows->cell].kind == kind);
    (void) kind;
    if (rows->format == ROWS_CSV && rows->cell > 0)
        sink_character(rows->sink, ',');
    if (rows->format == ROWS_NDJSON) {
        if (rows->cell == 0)
            json_begin_object(&rows->json);
        json_key(&rows->json, rows->columns[rows->cell].name);
    }
}

void rows_text(struct rows *rows, const char *text)
{
    begin_cell(rows, ROWS_TEXT);
    switch (rows->format) {
    case ROWS_CSV: write_csv_text(rows->sink, text); break;
    case ROWS_NDJSON: json_put_string(&rows->json, text); break;
    case ROWS_TABLE: add_table_cell(rows, text); break;
    }
    rows->cell++;
}

static void add_table_number(struct rows *rows, double value)
{
    char text[400];
    int  decimals = rows->columns[rows->cell].decimals;
    if (isinf(value))
        snprintf(text, sizeof text, "%sInf", value < 0 ? "-" : "");
    else if (decimals < 0)
        snprintf(text, sizeof text, "%.15g", value);
    else
        snprintf(text, sizeof text, "%.*f", decimals, value);
    add_table_cell(rows, text);
}

void rows_number(struct rows *rows, double value)
{
    if (isnan(value)) {
        rows_missing(rows);
        return;
    }
    begin_cell(rows, ROWS_NUMBER);
    switch (rows->format) {
    case ROWS_CSV: sink_number(rows->sink, value); break;
    case ROWS_NDJSON: json_put_number(&rows->json, value); break;
    case ROWS_TABLE: add_table_number(rows, value); break;
    }
    rows->cell++;
}

void rows_flag(struct rows *rows, bool value)
{
    const struct rows_column *column = &rows->columns[rows->cell];
    begin_cell(rows, ROWS_FLAG);
    switch (rows->format) {
    case ROWS_CSV: sink_character(rows->sink, value ? '1' : '0'); break;
    case ROWS_NDJSON: json_put_bool(&rows->json, value); break;
    case ROWS_TABLE: add_table_cell(rows, value ? column->yes : column->no); break;
    }
    rows->cell++;
}

void rows_missing(struct rows *rows)
{
    const struct rows_column *column = &rows->columns[rows->cell];
    begin_cell(rows, column->kind);
    switch (rows->format) {
    case ROWS_CSV: break;
    case ROWS_NDJSON: json_put_null(&rows->json); break;
    case ROWS_TABLE: add_table_cell(rows, column->kind == ROWS_FLAG ? column->missing_words : ""); break;
    }
    rows->cell++;
}

void rows_mark(struct rows *rows, enum rows_mark mark)
{
    rows->mark = mark;
}

void rows_end_row(struct rows *rows)
{
    assert(rows->cell == rows->num_columns);
    switch (rows->format) {
    case ROWS_CSV: sink_character(rows->sink, '\n'); break;
    case ROWS_NDJSON:
        json_end(&rows->json);
        sink_character(rows->sink, '\n');
        break;
    case ROWS_TABLE: end_table_row(rows); break;
    }
    rows->cell = 0;
    rows->mark = ROWS_PLAIN;
}

void rows_finish(struct rows *rows)
{
    if (rows->table == NULL)
        return;
    release_waiting(rows);
    display_free(&rows->table->display);
    sink_free(&rows->table->waiting);
    free(rows->table);
    rows->table = NULL;
}

bool rows_color_wanted(int fd)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    return isatty(fd) && (no_color == NULL || *no_color == '\0') && (term == NULL || strcmp(term, "dumb") != 0);
}
