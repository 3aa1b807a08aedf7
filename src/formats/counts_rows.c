/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "formats/counts_internal.h"

/* Whole numbers up to here are exact in a double. */
#define MAX_COUNT (INT64_C(1) << 53)

#define WHOLE_NUMBER "a whole number, 0 or more"

struct fault_place counts_rows_date_place(const struct counts_rows *rows, const struct counts_row *row)
{
    const struct counts_source *source = &rows->sources[row->source];
    return (struct fault_place){ source->path, row->line, source->date_cell, "date" };
}

/* ---- cells ---- */

/* One row while its cells are read. */
struct reading {
    struct counts_rows     *rows;
    const struct table_row *cells;
    bool                    lost;
};

static bool has_cell(const struct counts_rows *rows, enum counts_column column)
{
    return rows->cells.cell[column] != COUNTS_NO_CELL;
}

static struct table_cell cell_of(const struct reading *reading, enum counts_column column)
{
    return reading->cells->cells[reading->rows->cells.cell[column]];
}

/* A fault of a cell: the cell in quotes, and what is wrong with it. */
static void tell(const struct reading *reading, enum counts_column column, const char *found, const char *allowed)
{
    struct counts_rows *rows = reading->rows;
    struct table_cell   cell = cell_of(reading, column);
    struct fault_place  place = table_place(rows->table, reading->cells, rows->cells.cell[column]);
    char                quoted[TEXT_QUOTE_BYTES];
    text_quote(cell.text, cell.size, quoted);
    if (cell.size == 0)
        fault_add(rows->faults, place, allowed, "the cell is empty");
    else
        fault_add(rows->faults, place, allowed, "%s%s", quoted, found);
}

static bool is_missing(struct table_cell cell)
{
    return cell.size == 0 || (cell.size == 2 && memcmp(cell.text, "NA", 2) == 0);
}

/* A whole number, 0 or more; tells why it is none. */
static bool read_whole(const struct reading *reading, enum counts_column column, const char *allowed, double *value)
{
    struct table_cell cell = cell_of(reading, column);
    int64_t           whole;
    double            number;
    if (text_to_integer(cell.text, cell.size, 0, MAX_COUNT, &whole) == 0) {
        *value = (double) whole;
        return true;
    }
    if (text_to_double(cell.text, cell.size, &number) != 0)
        tell(reading, column, " is not a number", allowed);
    else if (number < 0)
        tell(reading, column, " is negative", allowed);
    else if (number != floor(number))
        tell(reading, column, " is not whole", allowed);
    else if (number > (double) MAX_COUNT)
        tell(reading, column, " is too large", "at most 9007199254740992");
    else {
        *value = number;
        return true;
    }
    return false;
}

static void read_count(const struct reading *reading, struct counts_row *row)
{
    enum counts_missing missing = reading->rows->options->missing;
    row->count = 0;
    if (!is_missing(cell_of(reading, COUNTS_COUNT)))
        read_whole(reading, COUNTS_COUNT, WHOLE_NUMBER, &row->count);
    else if (missing == COUNTS_MISSING_NA)
        row->count = NAN;
    else if (missing == COUNTS_MISSING_FAULT)
        tell(reading, COUNTS_COUNT, " is a missing count",
             WHOLE_NUMBER "; --missing zero or na says what it stands for");
}

static void read_imported(const struct reading *reading, struct counts_row *row)
{
    row->imported = NAN;
    if (!has_cell(reading->rows, COUNTS_IMPORTED))
        return;
    bool count_missing = is_missing(cell_of(reading, COUNTS_COUNT));
    if (count_missing && is_missing(cell_of(reading, COUNTS_IMPORTED))) {
        row->imported = row->count;
        return;
    }
    double imported;
    if (!read_whole(reading, COUNTS_IMPORTED, WHOLE_NUMBER ", at most the count", &imported))
        return;
    if (imported > row->count || (count_missing && imported > 0))
        tell(reading, COUNTS_IMPORTED, count_missing ? " of a missing count" : " is more than the count",
             "at most the count");
    row->imported = count_missing ? row->count : imported;
}

static void read_population(const struct reading *reading, struct counts_row *row)
{
    row->population = NAN;
    if (!has_cell(reading->rows, COUNTS_POPULATION))
        return;
    static const char allowed[] = "a number > 0; --columns ignore=NAME leaves a column out";
    struct table_cell cell = cell_of(reading, COUNTS_POPULATION);
    double            population;
    if (text_to_double(cell.text, cell.size, &population) != 0)
        tell(reading, COUNTS_POPULATION, " is not a number", allowed);
    else if (!(population > 0))
        tell(reading, COUNTS_POPULATION, population < 0 ? " is negative" : " is zero", allowed);
    else
        row->population = population;
}

static void read_series(struct reading *reading, struct counts_row *row)
{
    row->name = "";
    row->name_size = 0;
    if (!has_cell(reading->rows, COUNTS_SERIES))
        return;
    struct table_cell cell = cell_of(reading, COUNTS_SERIES);
    if (cell.size == 0 || cell.size > COUNTS_MAX_NAME) {
        tell(reading, COUNTS_SERIES, " is too long", "a name of 1 … 256 bytes");
        reading->lost = true;
    }
    row->name = cell.text;
    row->name_size = cell.size;
}

/* ---- dates ---- */

static const char *form_word(enum date_form form)
{
    return form == DATE_FORM_WEEK ? "an ISO week" : form == DATE_FORM_MONTH ? "a month" : "a day";
}

/* Whether the date lies where the other dates do; tells where not. */
static bool is_on_grid(const struct reading *reading, const struct counts_row *row)
{
    const struct counts_grid *grid = &reading->rows->grid;
    char                      found[100];
    if (grid->form == 0)
        return true;
    if (row->form != grid->form) {
        snprintf(found, sizeof found, " is %s, but the first date is %s", form_word(row->form), form_word(grid->form));
        tell(reading, COUNTS_DATE, found, "one form of date in all rows");
        return false;
    }
    if (grid->step == DATE_STEP_WEEK && toc_date_weekday(row->date) != grid->weekday) {
        snprintf(found, sizeof found, " is a %s, but weeks begin on %s here",
                 date_weekday_word(toc_date_weekday(row->date)), date_weekday_word(grid->weekday));
        tell(reading, COUNTS_DATE, found, "one day of the week in all rows, or --step day");
        return false;
    }
    if (grid->step == DATE_STEP_MONTH && toc_date_to_civil(row->date).day != 1) {
        tell(reading, COUNTS_DATE, " is not the first day of its month", "months by their first day, or --step day");
        return false;
    }
    return true;
}

static void read_date(struct reading *reading, struct counts_row *row)
{
    struct table_cell cell = cell_of(reading, COUNTS_DATE);
    char              fault[DATE_FAULT_BYTES], found[DATE_FAULT_BYTES + 2];
    if (date_from_text(cell.text, cell.size, &row->date, &row->form, fault) != 0) {
        reading->lost = true;
        snprintf(found, sizeof found, ": %s", fault);
        tell(reading, COUNTS_DATE, found, strcmp(fault, "not a date") == 0 ? DATE_ALLOWED : NULL);
    } else if (!is_on_grid(reading, row)) {
        reading->lost = true;
    }
}

/* ---- files ---- */

static void note_failure(struct counts_rows *rows, int status)
{
    if (rows->status == 0)
        rows->status = status;
}

/* A file that is written while it is read may hold anything. */
static void check_same_file(struct counts_rows *rows)
{
    const struct counts_source *source = &rows->sources[rows->source];
    if (counts_source_is_same(source, rows->fd))
        return;
    fault_add(rows->faults, (struct fault_place){ .file = source->path }, NULL, "the file changed while it was read");
    note_failure(rows, BASE_ERR_INPUT);
}

static void close_file(struct counts_rows *rows)
{
    table_close(rows->table);
    rows->table = NULL;
    counts_source_close(&rows->sources[rows->source], rows->fd);
    rows->fd = -1;
    rows->source++;
}

/* All files have the same columns, or a series would change its nature halfway. */
static int check_same_columns(struct counts_rows *rows, const struct counts_cells *cells)
{
    int ret = 0;
    for (enum counts_column column = 0; column < COUNTS_NUM_COLUMNS; column++) {
        bool has = cells->cell[column] != COUNTS_NO_CELL;
        if (!rows->any_header)
            rows->has[column] = has;
        if (rows->has[column] == has)
            continue;
        fault_add(rows->faults, table_place(rows->table, table_header(rows->table), TABLE_WHOLE_ROW),
                  "the same columns in all files", "the column \"%s\" is %s", counts_column_word(column),
                  has ? "here and not in the first file" : "in the first file and not here");
        ret = BASE_ERR_INPUT;
    }
    if (ret == 0)
        rows->any_header = true;
    return ret;
}

/* Open the file whose turn it is. A failure but for want of memory is noted, and the file passed over. */
static int open_file(struct counts_rows *rows)
{
    const struct counts_source *source = &rows->sources[rows->source];
    struct counts_cells         cells;
    struct table_options        options = { rows->options->delimiter };
    int                         ret = counts_source_open(source, rows->faults, &rows->fd);
    if (ret == 0)
        check_same_file(rows);
    if (ret == 0)
        ret = table_open(table_input_file(&rows->fd, source->path), &options, rows->faults, &rows->table);
    if (ret == 0)
        ret = counts_columns_match(&rows->options->columns, rows->table, rows->faults, &cells);
    if (ret == 0)
        ret = check_same_columns(rows, &cells);
    if (ret == 0) {
        rows->cells = cells;
        rows->sources[rows->source].date_cell = (uint32_t) cells.cell[COUNTS_DATE] + 1;
        return 0;
    }
    close_file(rows);
    if (ret == TOC_ERR_NO_MEMORY)
        return ret;
    note_failure(rows, ret);
    return 0;
}

int counts_rows_next(struct counts_rows *rows, struct counts_row *row)
{
    while (rows->source < rows->num_sources) {
        if (rows->table == NULL) {
            int ret = open_file(rows);
            if (ret != 0)
                return ret;
            continue;
        }
        struct table_row cells;
        uint64_t         faults_before = rows->faults->num_all;
        int              ret = table_next(rows->table, &cells);
        rows->num_lost += rows->faults->num_all - faults_before;
        if (ret == TOC_ERR_NO_MEMORY)
            return ret;
        if (ret < 0)
            note_failure(rows, ret);
        if (ret == 0)
            check_same_file(rows);
        if (ret != 1) {
            close_file(rows);
            continue;
        }
        struct reading reading = { rows, &cells, false };
        rows->num_rows++;
        *row = (struct counts_row){ .source = rows->source, .line = cells.line };
        read_date(&reading, row);
        read_series(&reading, row);
        read_count(&reading, row);
        read_population(&reading, row);
        read_imported(&reading, row);
        if (!reading.lost)
            return 1;
        rows->num_lost++;
    }
    return 0;
}

void counts_rows_rewind(struct counts_rows *rows)
{
    if (rows->source < rows->num_sources && rows->table != NULL)
        close_file(rows);
    rows->source = 0;
    rows->num_rows = rows->num_lost = 0;
    rows->any_header = false;
    rows->status = 0;
}
