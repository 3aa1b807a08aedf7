/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/table.h"

#include <csv.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "formats/sheet/sheet.h"
#include "tocsin/status.h"

#define TEXT_OF(number) TEXT_OF_(number)
#define TEXT_OF_(number) #number

enum { BLOCK_BYTES = 4 * TABLE_MAX_LINE };

/* A record as its cells come in. */
struct record {
    struct table_cell cells[TABLE_MAX_COLUMNS];
    size_t            num_cells;
    size_t            num_bytes; /* of text that is used */
    size_t            num_read;  /* bytes of its lines so far */
    uint64_t          line;
    size_t            long_cell; /* number of the first cell that is too long; 0 = none */
    bool              ended;
    bool              too_many;
    bool              spoiled;                                        /* a fault of it has been told */
    bool              open;                                           /* the next line belongs to it */
    char              text[TABLE_MAX_RECORD + 2 + TABLE_MAX_COLUMNS]; /* a line with CRLF, an end for each cell */
};
_Static_assert(TABLE_MAX_RECORD >= TABLE_MAX_LINE, "a record holds at least one line");

struct table {
    struct table_input input;
    struct fault_list *faults;
    struct csv_parser  parser;
    struct sheet      *workbook; /* NULL: text */
    struct table_row   header;
    struct table_cell *header_cells; /* with their text behind them in one allocation */
    uint64_t           line;         /* of the line that is being read */
    size_t             begin, end;   /* the bytes of block that are not read yet */
    bool               at_end;       /* the input has no more */
    bool               finished;     /* nothing more will be delivered */
    struct record      record;
    char               block[BLOCK_BYTES];
};

static ssize_t read_file(void *context, void *bytes, size_t size)
{
    const int *fd = context;
    ssize_t    got;
    do
        got = read(*fd, bytes, size);
    while (got < 0 && errno == EINTR);
    return got;
}

struct table_input table_input_file(const int *fd, const char *name)
{
    return (struct table_input){ read_file, (void *) (uintptr_t) fd, name };
}

static struct fault_place place(const struct table *table, uint64_t line, size_t cell)
{
    return (struct fault_place){ table->input.name, line, (uint32_t) cell, NULL };
}

struct fault_place table_place(const struct table *table, const struct table_row *row, size_t cell)
{
    if (cell == TABLE_WHOLE_ROW)
        return place(table, row->line, 0);
    struct fault_place where = place(table, row->line, cell + 1);
    if (table->header.cells != NULL && cell < table->header.num_cells)
        where.name = table->header.cells[cell].text;
    return where;
}

/* ---- lines ---- */

/* Read until the block holds more bytes than before or the input ends. */
static int fill(struct table *table)
{
    memmove(table->block, table->block + table->begin, table->end - table->begin);
    table->end -= table->begin;
    table->begin = 0;
    ssize_t got = table->input.read(table->input.context, table->block + table->end, BLOCK_BYTES - table->end);
    if (got < 0) {
        fault_add(table->faults, place(table, 0, 0), NULL, "cannot be read: %s", strerrordesc_np(errno));
        return BASE_ERR_SYSTEM;
    }
    table->at_end = got == 0;
    table->end += (size_t) got;
    return 0;
}

/* Skip what is left of a line that is too long. */
static int skip_line(struct table *table)
{
    for (;;) {
        char  *start = table->block + table->begin;
        size_t left = table->end - table->begin;
        char  *newline = memchr(start, '\n', left);
        if (newline != NULL) {
            table->begin += (size_t) (newline - start) + 1;
            return 0;
        }
        table->begin = table->end;
        if (table->at_end)
            return 0;
        int ret = fill(table);
        if (ret != 0)
            return ret;
    }
}

/* Bytes of a line without its end. */
static size_t without_end(const char *line, size_t size)
{
    size -= size > 0 && line[size - 1] == '\n';
    return size - (size > 0 && line[size - 1] == '\r');
}

/* The next line with its end. 1; 0 at the end of the input; negative. Of a line that is too long, which is told, line
 * is NULL. */
static int next_line(struct table *table, const char **line, size_t *size)
{
    size_t seen = 0; /* bytes that hold no newline */
    for (;;) {
        char  *start = table->block + table->begin;
        size_t left = table->end - table->begin;
        char  *newline = memchr(start + seen, '\n', left - seen);
        size_t length = newline != NULL ? (size_t) (newline - start) + 1 : left;
        if (without_end(start, length) > TABLE_MAX_LINE) {
            table->line++;
            fault_add(table->faults, place(table, table->line, 0), "at most " TEXT_OF(TABLE_MAX_LINE) " bytes",
                      "a line of more than " TEXT_OF(TABLE_MAX_LINE) " bytes");
            *line = NULL;
            int ret = skip_line(table);
            return ret == 0 ? 1 : ret;
        }
        if (newline != NULL || (table->at_end && left > 0)) {
            table->line++;
            table->begin += length;
            *line = start;
            *size = length;
            return 1;
        }
        if (table->at_end)
            return 0;
        seen = left;
        int ret = fill(table);
        if (ret != 0)
            return ret;
    }
}

/* ---- records ---- */

static void on_cell(void *text, size_t size, void *data)
{
    struct record *record = data;
    record->too_many |= record->num_cells == TABLE_MAX_COLUMNS;
    if (record->ended || record->too_many)
        return;
    if (size > TABLE_MAX_CELL && record->long_cell == 0)
        record->long_cell = record->num_cells + 1;
    /* This fits: a record's cells are no longer than its lines, which table_next() bounds. */
    char *copy = record->text + record->num_bytes;
    memcpy(copy, text, size);
    copy[size] = '\0';
    record->num_bytes += size + 1;
    record->cells[record->num_cells++] = (struct table_cell){ copy, size };
}

static void on_end(int how, void *data)
{
    struct record *record = data;
    (void) how;
    record->ended = true;
}

static void begin_record(struct table *table)
{
    struct record *record = &table->record;
    record->num_cells = record->num_bytes = record->num_read = record->long_cell = 0;
    record->ended = record->too_many = record->spoiled = record->open = false;
    record->line = table->line;
}

enum { PARSER_OPTIONS = CSV_STRICT | CSV_STRICT_FINI };

/* Forget what libcsv holds of a record; CSV_STRICT_FINI would refuse that inside a quote. */
static void reset_parser(struct table *table)
{
    csv_set_opts(&table->parser, CSV_STRICT);
    csv_fini(&table->parser, NULL, NULL, NULL);
    csv_set_opts(&table->parser, PARSER_OPTIONS);
}

/* Tell a fault of the line that is being read; one for each record is enough. */
static void spoil(struct table *table, size_t cell, const char *allowed, const char *found)
{
    if (!table->record.spoiled)
        fault_add(table->faults, place(table, table->line, cell), allowed, "%s", found);
    table->record.spoiled = true;
}

static void check_characters(struct table *table, const char *line, size_t size)
{
    size_t at = text_check_utf8(line, size);
    if (at == size)
        return;
    char found[100];
    if (line[at] == '\0')
        snprintf(found, sizeof found, "byte %zu of the line is NUL", at + 1);
    else
        snprintf(found, sizeof found, "byte %zu of the line, 0x%02x, is not UTF-8", at + 1, (unsigned char) line[at]);
    spoil(table, 0, "UTF-8 text", found);
}

static bool is_blank(const char *line, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r' && line[i] != '\n')
            return false;
    return true;
}

/* Give bytes to libcsv. 0, or TOC_ERR_NO_MEMORY; where they are no CSV the record is spoiled and libcsv made ready. */
static int parse(struct table *table, const char *bytes, size_t size)
{
    struct record *record = &table->record;
    if (size == 0 || csv_parse(&table->parser, bytes, size, on_cell, on_end, record) == size)
        return 0;
    if (csv_error(&table->parser) != CSV_EPARSE)
        return TOC_ERR_NO_MEMORY;
    spoil(table, record->num_cells + 1, "quotes around the whole cell, and \"\" for a quote inside it",
          "a quote in the middle of a cell");
    reset_parser(table);
    record->ended = true;
    return 0;
}

/* Give one more line to the record: first without its end, for what ends the record before that is a lone CR. */
static int take_line(struct table *table, const char *line, size_t size)
{
    struct record *record = &table->record;
    bool           first = !record->open;
    size_t         content = without_end(line, size);
    if (first)
        begin_record(table);
    record->num_read += size;
    check_characters(table, line, size);
    int ret = parse(table, line, content);
    if (ret == 0 && record->ended) {
        spoil(table, 0, "lines that end in LF or CRLF", "a carriage return inside the line");
        reset_parser(table);
    } else if (ret == 0) {
        ret = parse(table, line + content, size - content);
    }
    /* A line that ends no record leaves a quote open, unless it is empty or the input's last. */
    record->open = !record->ended && !(first && is_blank(line, size));
    return ret;
}

/* Whether the record that ended is a good row; tells what is wrong with it. */
static bool check_record(struct table *table)
{
    struct record *record = &table->record;
    size_t         wanted = table->header.num_cells;
    if (record->spoiled)
        return false;
    if (record->too_many)
        fault_add(table->faults, place(table, record->line, 0), "at most " TEXT_OF(TABLE_MAX_COLUMNS) " cells",
                  "more than " TEXT_OF(TABLE_MAX_COLUMNS) " cells");
    else if (record->long_cell != 0)
        fault_add(table->faults, place(table, record->line, record->long_cell),
                  "at most " TEXT_OF(TABLE_MAX_CELL) " bytes", "a cell of %zu bytes",
                  record->cells[record->long_cell - 1].size);
    else if (wanted != 0 && record->num_cells != wanted)
        fault_add(table->faults, place(table, record->line, 0), NULL, "%zu cell%s, but the header has %zu",
                  record->num_cells, record->num_cells == 1 ? "" : "s", wanted);
    else
        return true;
    return false;
}

static int unended_quote(struct table *table)
{
    if (!table->record.spoiled)
        fault_add(table->faults, place(table, table->record.line, 0), "a closing quote",
                  "a quoted cell begins in this row and does not end; the rest of the file was not read");
    table->finished = true;
    return BASE_ERR_INPUT;
}

/* The record that the end of the input ends, if there is one. */
static int last_record(struct table *table)
{
    table->finished = true;
    if (!table->record.open)
        return 0;
    if (csv_fini(&table->parser, on_cell, on_end, &table->record) != 0)
        return unended_quote(table);
    return table->record.ended && check_record(table);
}

static int next_text_row(struct table *table, struct table_row *row)
{
    struct record *record = &table->record;
    while (!table->finished) {
        const char *line = NULL;
        size_t      size = 0;
        int         ret = next_line(table, &line, &size);
        bool        good = false;
        if (ret == 0) {
            ret = last_record(table);
            good = ret == 1;
        } else if (ret == 1 && line == NULL) {
            reset_parser(table);
            record->open = false;
        } else if (ret == 1 && record->open && record->num_read + size > TABLE_MAX_RECORD) {
            ret = unended_quote(table);
        } else if (ret == 1) {
            ret = take_line(table, line, size);
            good = ret == 0 && record->ended && check_record(table);
        }
        if (ret < 0) {
            table->finished = true;
            return ret;
        }
        if (good) {
            *row = (struct table_row){ record->cells, record->num_cells, record->line };
            return 1;
        }
    }
    return 0;
}

/* ---- rows of a spreadsheet ---- */

/* Take a cell over; what could not be computed is a fault. */
static void take_cell(struct table *table, const struct sheet_cell *cell)
{
    struct record *record = &table->record;
    if (record->num_bytes + cell->size + 1 > TABLE_MAX_RECORD) {
        spoil(table, 0, "at most " TEXT_OF(TABLE_MAX_RECORD) " bytes", "a longer row");
        return;
    }
    if (cell->kind == SHEET_ERROR)
        spoil(table, record->num_cells + 1, "a value", "a formula that could not be computed");
    on_cell((char *) (uintptr_t) (cell->kind == SHEET_EMPTY ? "" : cell->text), cell->size, record);
}

static int next_sheet_row(struct table *table, struct table_row *row)
{
    struct record   *record = &table->record;
    struct sheet_row from;
    int              ret;
    while ((ret = sheet_next(table->workbook, &from)) == 1) {
        table->line = from.number;
        begin_record(table);
        for (size_t i = 0; i < from.num_cells; i++)
            take_cell(table, &from.cells[i]);
        while (record->num_cells < table->header.num_cells && !record->spoiled)
            take_cell(table, &(struct sheet_cell){ .kind = SHEET_EMPTY });
        if (check_record(table)) {
            *row = (struct table_row){ record->cells, record->num_cells, record->line };
            return 1;
        }
    }
    return ret;
}

int table_next(struct table *table, struct table_row *row)
{
    return table->workbook != NULL ? next_sheet_row(table, row) : next_text_row(table, row);
}

/* ---- the beginning ---- */

/* What people give by mistake, known by its first bytes. */
static const struct {
    const char *bytes;
    size_t      size;
    const char *found;
} strangers[] = {
    { "\xff\xfe", 2, "UTF-16 text" },
    { "\xfe\xff", 2, "UTF-16 text" },
    { "PK\x03\x04", 4, "a spreadsheet or zip archive" },
    { "\xd0\xcf\x11\xe0", 4, "a spreadsheet of Excel" },
    { "\x1f\x8b", 2, "a compressed file" },
    { "SQLite format 3", 15, "a database" },
};

static size_t mark_size(const char *text, size_t size)
{
    return size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

/* Where the first line begins that is not empty, after a byte-order mark. */
static size_t skip_empty_lines(const char *text, size_t size)
{
    size_t at = mark_size(text, size);
    while (at < size && (text[at] == '\n' || text[at] == '\r'))
        at++;
    return at;
}

static bool holds_first_line(const struct table *table)
{
    size_t start = skip_empty_lines(table->block, table->end);
    return memchr(table->block + start, '\n', table->end - start) != NULL;
}

/* Hold the first line in the block, so that its delimiter can be recognised, and drop a byte-order mark. */
static int read_start(struct table *table)
{
    while (!table->at_end && table->end < BLOCK_BYTES && !holds_first_line(table)) {
        int ret = fill(table);
        if (ret != 0)
            return ret;
    }
    for (size_t i = 0; i < sizeof strangers / sizeof *strangers; i++)
        if (table->end >= strangers[i].size && memcmp(table->block, strangers[i].bytes, strangers[i].size) == 0) {
            fault_add(table->faults, place(table, 0, 0), "CSV text in UTF-8", "%s", strangers[i].found);
            return BASE_ERR_INPUT;
        }
    table->begin = mark_size(table->block, table->end);
    return 0;
}

/* Whichever of , ; and tab the header line has most of outside quotes; the comma where none. */
static char recognise_delimiter(const char *text, size_t size)
{
    static const char delimiters[] = { ',', ';', '\t' };
    size_t            counts[3] = { 0 }, best = 0;
    bool              quoted = false;
    for (size_t at = skip_empty_lines(text, size); at < size && text[at] != '\n'; at++) {
        quoted ^= text[at] == '"';
        for (size_t i = 0; i < 3 && !quoted; i++)
            counts[i] += text[at] == delimiters[i];
    }
    for (size_t i = 1; i < 3; i++)
        if (counts[i] > counts[best])
            best = i;
    return delimiters[best];
}

/* Keep the header beyond the next record. */
static int keep_header(struct table *table, struct table_row row)
{
    size_t             bytes = table->record.num_bytes;
    struct table_cell *cells = memory_array(1, row.num_cells * sizeof *cells + bytes);
    if (cells == NULL)
        return TOC_ERR_NO_MEMORY;
    char *text = (char *) (cells + row.num_cells);
    memcpy(text, table->record.text, bytes);
    for (size_t i = 0; i < row.num_cells; i++)
        cells[i] = (struct table_cell){ text + (row.cells[i].text - table->record.text), row.cells[i].size };
    table->header_cells = cells;
    table->header = (struct table_row){ cells, row.num_cells, row.line };
    return 0;
}

static int take_header(struct table *table)
{
    struct table_row row;
    uint64_t         faults_before = table->faults->num_all;
    int              ret = table_next(table, &row);
    if (ret < 0)
        return ret;
    if (table->faults->num_all > faults_before)
        return BASE_ERR_INPUT;
    if (ret == 0) {
        fault_add(table->faults, place(table, 0, 0), "a header line and rows", "an empty file");
        return BASE_ERR_INPUT;
    }
    if (table->record.num_read > TABLE_MAX_HEADER) {
        fault_add(table->faults, place(table, row.line, 0), "at most " TEXT_OF(TABLE_MAX_HEADER) " bytes",
                  "a header of more than " TEXT_OF(TABLE_MAX_HEADER) " bytes");
        return BASE_ERR_INPUT;
    }
    return keep_header(table, row);
}

static int read_header(struct table *table, char delimiter)
{
    int ret = read_start(table);
    if (ret != 0)
        return ret;
    if (delimiter == 0)
        delimiter = recognise_delimiter(table->block, table->end);
    csv_set_delim(&table->parser, (unsigned char) delimiter);
    return take_header(table);
}

static struct table *new_table(const char *name, struct fault_list *faults)
{
    struct table *opened = malloc(sizeof *opened);
    if (opened == NULL)
        return NULL;
    memset(opened, 0, offsetof(struct table, record));
    begin_record(opened);
    opened->input.name = name;
    opened->faults = faults;
    if (csv_init(&opened->parser, PARSER_OPTIONS) != 0) {
        free(opened);
        return NULL;
    }
    csv_set_blk_size(&opened->parser, TABLE_MAX_CELL);
    return opened;
}

int table_open(struct table_input input, const struct table_options *options, struct fault_list *faults,
               struct table **table)
{
    struct table *opened = new_table(input.name, faults);
    if (opened == NULL)
        return TOC_ERR_NO_MEMORY;
    opened->input = input;
    int ret = read_header(opened, options->delimiter);
    if (ret == 0)
        *table = opened;
    else
        table_close(opened);
    return ret;
}

int table_open_xlsx(const void *bytes, size_t size, const char *name, const char *program, struct fault_list *faults,
                    struct table **table)
{
    const struct sheet_options options = { .takes_first = true, .program = program };
    struct table              *opened = new_table(name, faults);
    int                        ret = 0;
    if (opened == NULL)
        return TOC_ERR_NO_MEMORY;
    if (sheet_is_archive(bytes, size))
        ret = sheet_open(bytes, size, name, &options, faults, &opened->workbook);
    else {
        fault_add(faults, place(opened, 0, 0), "a spreadsheet file (.xlsx)", "no spreadsheet file");
        ret = BASE_ERR_INPUT;
    }
    if (ret == 0)
        ret = take_header(opened);
    if (ret == 0)
        *table = opened;
    else
        table_close(opened);
    return ret;
}

void table_close(struct table *table)
{
    if (table == NULL)
        return;
    csv_free(&table->parser);
    sheet_close(table->workbook);
    free(table->header_cells);
    free(table);
}

const struct table_row *table_header(const struct table *table)
{
    return &table->header;
}
