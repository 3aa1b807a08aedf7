/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "base/text.h"
#include "formats/counts_internal.h"

#define ALL_COLUMNS "date, count, series, population, imported"

static const char *const words[COUNTS_NUM_COLUMNS] = { "date", "count", "series", "population", "imported" };

const char *counts_column_word(enum counts_column column)
{
    return words[column];
}

/* ---- --columns ---- */

static void tell(struct fault_list *faults, const char *allowed, const char *text, size_t size, const char *found)
{
    char quoted[TEXT_QUOTE_BYTES];
    text_quote(text, size, quoted);
    fault_add(faults, (struct fault_place){ .name = "--columns" }, allowed, "%s %s", quoted, found);
}

/* The column of that word; COUNTS_NUM_COLUMNS where there is none. */
static size_t find_word(const char *text, size_t size)
{
    size_t column = 0;
    while (column < COUNTS_NUM_COLUMNS && !text_equal_nocase(text, size, words[column], strlen(words[column])))
        column++;
    return column;
}

/* One item, "date=Datum" or "ignore=note". */
static void read_item(const char *item, size_t size, struct counts_columns *columns, struct fault_list *faults)
{
    const char *equals = memchr(item, '=', size);
    if (equals == NULL) {
        tell(faults, "column=NAME", item, size, "has no =");
        return;
    }
    size_t      word_size = (size_t) (equals - item);
    const char *name = equals + 1;
    size_t      name_size = size - word_size - 1;
    size_t      column = find_word(item, word_size);
    bool        ignore = text_equal_nocase(item, word_size, "ignore", 6);
    char       *slot;
    if (column == COUNTS_NUM_COLUMNS && !ignore) {
        tell(faults, ALL_COLUMNS ", ignore", item, word_size, "is not a column");
        return;
    }
    if (name_size == 0 || name_size > COUNTS_MAX_NAME || text_check_utf8(name, name_size) != name_size) {
        tell(faults, "a name of 1 … 256 bytes of UTF-8", item, size, "names no column");
        return;
    }
    if (ignore && name_size == 1 && name[0] == '*') {
        columns->ignore_all = true;
        return;
    }
    if (ignore && columns->num_ignored == COUNTS_MAX_IGNORED) {
        tell(faults, "at most 32 names, or ignore=*", item, size, "is one too many");
        return;
    }
    slot = ignore ? columns->ignored[columns->num_ignored++] : columns->name[column];
    if (slot[0] != '\0') {
        tell(faults, NULL, item, word_size, "comes twice");
        return;
    }
    memcpy(slot, name, name_size);
    slot[name_size] = '\0';
}

int counts_columns_from_text(const char *text, struct counts_columns *columns, struct fault_list *faults)
{
    struct counts_columns read = { 0 };
    uint64_t              faults_before = faults->num_all;
    for (;;) {
        size_t size = strcspn(text, ",");
        read_item(text, size, &read, faults);
        if (text[size] == '\0')
            break;
        text += size + 1;
    }
    if (faults->num_all > faults_before)
        return BASE_ERR_INPUT;
    *columns = read;
    return 0;
}

/* ---- headers ---- */

static bool is_called(struct table_cell cell, const char *name)
{
    return text_equal_nocase(cell.text, cell.size, name, strlen(name));
}

/* How files call a column. */
static const char *name_of(const struct counts_columns *columns, size_t column)
{
    return columns->name[column][0] != '\0' ? columns->name[column] : words[column];
}

/* Left out by its name; ignore=* leaves out only what is not one of ours. */
static bool is_ignored(const struct counts_columns *columns, struct table_cell cell)
{
    bool ignored = false;
    for (size_t i = 0; i < columns->num_ignored && !ignored; i++)
        ignored = is_called(cell, columns->ignored[i]);
    return ignored;
}

static void match_cell(const struct counts_columns *columns, const struct table *table, size_t number,
                       struct fault_list *faults, struct counts_cells *cells)
{
    const struct table_row *header = table_header(table);
    struct table_cell       cell = header->cells[number];
    struct fault_place      place = table_place(table, header, number);
    char                    quoted[TEXT_QUOTE_BYTES];
    size_t                  column = 0;

    if (is_ignored(columns, cell))
        return;
    place.name = NULL;
    text_quote(cell.text, cell.size, quoted);
    while (column < COUNTS_NUM_COLUMNS && !is_called(cell, name_of(columns, column)))
        column++;
    if (column < COUNTS_NUM_COLUMNS && cells->cell[column] == COUNTS_NO_CELL)
        cells->cell[column] = number;
    else if (column < COUNTS_NUM_COLUMNS)
        fault_add(faults, place, NULL, "the column %s comes twice", quoted);
    else if (!columns->ignore_all)
        fault_add(faults, place, ALL_COLUMNS "; --columns renames columns or ignores them (ignore=NAME, ignore=*)",
                  "%s is not a known column", quoted);
}

/* A first line that holds a date is a row: the header was forgotten. */
static bool looks_like_row(const struct table_row *header)
{
    toc_date       date;
    enum date_form form;
    for (size_t i = 0; i < header->num_cells; i++)
        if (date_from_text(header->cells[i].text, header->cells[i].size, &date, &form, NULL) == 0)
            return true;
    return false;
}

int counts_columns_match(const struct counts_columns *columns, const struct table *table, struct fault_list *faults,
                         struct counts_cells *cells)
{
    const struct table_row *header = table_header(table);
    struct fault_place      whole = table_place(table, header, TABLE_WHOLE_ROW);
    struct counts_cells     found;
    uint64_t                faults_before = faults->num_all;

    if (looks_like_row(header)) {
        fault_add(faults, whole, "a header line that names the columns, such as date,count", "no header line");
        return BASE_ERR_INPUT;
    }
    for (size_t column = 0; column < COUNTS_NUM_COLUMNS; column++)
        found.cell[column] = COUNTS_NO_CELL;
    for (size_t number = 0; number < header->num_cells; number++)
        match_cell(columns, table, number, faults, &found);
    for (size_t column = 0; column < COUNTS_NUM_COLUMNS; column++) {
        char        quoted[TEXT_QUOTE_BYTES];
        const char *name = name_of(columns, column);
        bool        wanted = column == COUNTS_DATE || column == COUNTS_COUNT || columns->name[column][0] != '\0';
        if (!wanted || found.cell[column] != COUNTS_NO_CELL)
            continue;
        text_quote(name, strlen(name), quoted);
        fault_add(faults, whole, "columns date and count; --columns date=NAME,count=NAME renames them",
                  "there is no column %s", quoted);
    }
    if (faults->num_all > faults_before)
        return BASE_ERR_INPUT;
    *cells = found;
    return 0;
}
