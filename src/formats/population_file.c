/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/population_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/date_text.h"
#include "base/memory.h"
#include "base/text.h"
#include "formats/area_codes_index.h"

enum column { AREA, YEAR, NUMBER, SEX, AGE_FROM, AGE_TO, KIND, SOURCE, SOURCE_DATE, NUM_COLUMNS };
static const char *const column_words[NUM_COLUMNS] = { "area",   "year", "number", "sex",        "age_from",
                                                       "age_to", "kind", "source", "source_date" };
#define ALL_COLUMNS "area, year, number, sex, age_from, age_to, kind, source, source_date"
#define MAX_TEXT ((size_t) 1 << 30)

struct reading {
    const struct area_codes              *areas;
    const struct population_file_options *options;
    struct fault_list                    *faults;
    const char                           *name;
    struct table                         *table;
    struct table_row                      row;
    uint32_t                              cell[NUM_COLUMNS]; /* 1 = first; 0 = no such column */
    struct area_index                     index;
    struct population_file                file;
    size_t                                room, text_room;
};

/* ---- header ---- */

static void match_cell(struct reading *reading, size_t number)
{
    const struct table_row *header = table_header(reading->table);
    struct table_cell       cell = header->cells[number];
    struct fault_place      place = table_place(reading->table, header, number);
    size_t                  column = 0;
    char                    quoted[TEXT_QUOTE_BYTES];
    place.name = NULL;
    text_quote(cell.text, cell.size, quoted);
    while (column < NUM_COLUMNS &&
           !text_equal_nocase(cell.text, cell.size, column_words[column], strlen(column_words[column])))
        column++;
    if (column == NUM_COLUMNS)
        fault_add(reading->faults, place, ALL_COLUMNS, "%s is not a known column", quoted);
    else if (reading->cell[column] != 0)
        fault_add(reading->faults, place, NULL, "the column %s comes twice", quoted);
    else
        reading->cell[column] = (uint32_t) number + 1;
}

static int match_header(struct reading *reading)
{
    const struct table_row *header = table_header(reading->table);
    uint64_t                faults_before = reading->faults->num_all;
    for (size_t number = 0; number < header->num_cells; number++)
        match_cell(reading, number);
    for (enum column column = AREA; column <= SOURCE; column++)
        if (reading->cell[column] == 0 && (column <= NUMBER || (column == SOURCE && reading->options->source == NULL)))
            fault_add(reading->faults, table_place(reading->table, header, TABLE_WHOLE_ROW), ALL_COLUMNS,
                      "there is no column \"%s\"", column_words[column]);
    return reading->faults->num_all > faults_before ? BASE_ERR_INPUT : 0;
}

/* ---- cells ---- */

static struct table_cell cell_of(const struct reading *reading, enum column column)
{
    uint32_t cell = reading->cell[column];
    return cell == 0 ? (struct table_cell){ "", 0 } : reading->row.cells[cell - 1];
}

static bool tell(const struct reading *reading, enum column column, const char *allowed, const char *found)
{
    struct table_cell cell = cell_of(reading, column);
    char              quoted[TEXT_QUOTE_BYTES];
    text_quote(cell.text, cell.size, quoted);
    fault_add(reading->faults, table_place(reading->table, &reading->row, reading->cell[column] - 1), allowed, "%s%s",
              cell.size == 0 ? "the cell is empty" : quoted, cell.size == 0 ? "" : found);
    return false;
}

static bool read_whole(const struct reading *reading, enum column column, int64_t low, int64_t high, int64_t *number)
{
    struct table_cell cell = cell_of(reading, column);
    char              allowed[80];
    if (text_to_integer(cell.text, cell.size, low, high, number) == 0)
        return true;
    snprintf(allowed, sizeof allowed, "a whole number, %" PRId64 " … %" PRId64, low, high);
    return tell(reading, column, allowed, " is not such a number");
}

static bool read_area(const struct reading *reading, int64_t year, uint32_t *area)
{
    struct table_cell cell = cell_of(reading, AREA);
    const toc_date    days[] = { toc_date_from_civil((struct toc_civil){ (int) year, 12, 31 }),
                                 toc_date_from_civil((struct toc_civil){ (int) year, 1, 1 }) };
    uint32_t          first =
        cell.size == 0 ? AREA_CODES_NONE : area_index_find(&reading->index, reading->areas, cell.text, cell.size);
    for (int i = 0; i < 2; i++)
        for (uint32_t at = first; at != AREA_CODES_NONE; at = reading->index.next_same[at])
            if (area_valid_on(&reading->areas->areas[at], days[i])) {
                *area = at;
                return true;
            }
    return tell(reading, AREA, "the code of an area of the list",
                first == AREA_CODES_NONE ? " is not the code of an area" : " is not the code of an area in that year");
}

static bool read_sex(const struct reading *reading, uint8_t *sex)
{
    struct table_cell cell = cell_of(reading, SEX);
    if (cell.size == 0)
        *sex = POPULATION_BOTH;
    else if (text_equal_nocase(cell.text, cell.size, "female", 6))
        *sex = POPULATION_FEMALE;
    else if (text_equal_nocase(cell.text, cell.size, "male", 4))
        *sex = POPULATION_MALE;
    else
        return tell(reading, SEX, "female, male, or nothing where they are not told apart", " is not a sex");
    return true;
}

static bool read_ages(const struct reading *reading, struct population_row *row)
{
    int64_t from = 0, to = POPULATION_FILE_NO_END;
    if (cell_of(reading, AGE_FROM).size > 0) {
        if (!read_whole(reading, AGE_FROM, 0, POPULATION_FILE_MAX_AGE, &from))
            return false;
        if (from % 5 != 0)
            return tell(reading, AGE_FROM, "0, 5, 10, …", " does not begin a group of five years");
    }
    if (cell_of(reading, AGE_TO).size > 0) {
        if (!read_whole(reading, AGE_TO, 0, POPULATION_FILE_MAX_AGE, &to))
            return false;
        if (to % 5 != 4)
            return tell(reading, AGE_TO, "4, 9, 14, …, or nothing for no end", " does not end a group of five years");
        if (to < from)
            return tell(reading, AGE_TO, "age_from and more", " lies before age_from");
    }
    row->age_from = (int16_t) from;
    row->age_to = (int16_t) to;
    return true;
}

static bool read_day(const struct reading *reading, toc_date *day)
{
    struct table_cell cell = cell_of(reading, SOURCE_DATE);
    enum date_form    form;
    char              fault[DATE_FAULT_BYTES], found[DATE_FAULT_BYTES + 2] = " is not a day";
    toc_date          read;
    *day = AREA_CODES_NO_DATE;
    if (cell.size == 0)
        return true;
    if (date_from_text(cell.text, cell.size, &read, &form, fault) != 0)
        snprintf(found, sizeof found, ": %s", fault);
    else if (form == DATE_FORM_DAY) {
        *day = read;
        return true;
    }
    return tell(reading, SOURCE_DATE, "a day (2024-02-26), or nothing", found);
}

/* Keep a text; the same as in the row before it is most often. */
static int keep(struct reading *reading, const char *text, size_t size, uint32_t last, uint32_t *offset)
{
    struct population_file *file = &reading->file;
    if (last != 0 && strncmp(file->text + last, text, size) == 0 && file->text[last + size] == '\0') {
        *offset = last;
        return 0;
    }
    if (file->text_size + size + 1 > reading->text_room) {
        size_t larger = 2 * (reading->text_room + size + 1);
        char  *texts = larger > MAX_TEXT ? NULL : memory_resize(file->text, larger, 1);
        if (texts == NULL)
            return TOC_ERR_NO_MEMORY;
        file->text = texts;
        reading->text_room = larger;
    }
    *offset = (uint32_t) file->text_size;
    memcpy(file->text + file->text_size, text, size);
    file->text[file->text_size + size] = '\0';
    file->text_size += size + 1;
    return 0;
}

static bool is_word(struct table_cell cell)
{
    for (size_t i = 0; i < cell.size; i++)
        if ((cell.text[i] < 'a' || cell.text[i] > 'z') && (cell.text[i] < '0' || cell.text[i] > '9') &&
            cell.text[i] != '-' && cell.text[i] != '_')
            return false;
    return cell.size <= POPULATION_FILE_MAX_WORD;
}

static int read_texts(struct reading *reading, struct population_row *row, bool *good)
{
    static const struct table_cell resident = { "resident", 8 };
    const struct population_row   *last =
        reading->file.num_rows == 0 ? NULL : &reading->file.rows[reading->file.num_rows - 1];
    struct table_cell kind = cell_of(reading, KIND), source = cell_of(reading, SOURCE);
    if (!is_word(kind))
        *good =
            tell(reading, KIND, "a word of a-z, 0-9 and -, as resident, registered", " is not a kind of population");
    if (source.size > POPULATION_FILE_MAX_SOURCE)
        *good = tell(reading, SOURCE, "at most 200 bytes", " is too long");
    if (source.size == 0 && reading->options->source == NULL)
        *good = tell(reading, SOURCE, "where the number comes from", "");
    if (!*good)
        return 0;
    kind = kind.size == 0 ? resident : kind;
    if (source.size == 0)
        source = (struct table_cell){ reading->options->source, strlen(reading->options->source) };
    int ret = keep(reading, kind.text, kind.size, last == NULL ? 0 : last->kind, &row->kind);
    return ret == 0 ? keep(reading, source.text, source.size, last == NULL ? 0 : last->source, &row->source) : ret;
}

/* ---- rows ---- */

static int add_row(struct reading *reading, const struct population_row *row)
{
    struct population_file *file = &reading->file;
    if (file->num_rows == POPULATION_FILE_MAX_ROWS) {
        fault_add(reading->faults, table_place(reading->table, &reading->row, TABLE_WHOLE_ROW), "at most 30000000 rows",
                  "one row too many; the rest was not read");
        return BASE_ERR_INPUT;
    }
    if (file->num_rows == reading->room) {
        size_t                 room = reading->room == 0 ? 1024 : 2 * reading->room;
        struct population_row *rows = memory_resize(file->rows, room, sizeof *rows);
        if (rows == NULL)
            return TOC_ERR_NO_MEMORY;
        file->rows = rows;
        reading->room = room;
    }
    file->rows[file->num_rows++] = *row;
    return 0;
}

static int read_row(struct reading *reading)
{
    struct population_row row = { .line = reading->row.line > UINT32_MAX ? UINT32_MAX : (uint32_t) reading->row.line };
    int64_t               year = 0;
    bool                  dated = read_whole(reading, YEAR, 1850, 2150, &year);
    bool                  known = dated && read_area(reading, year, &row.area);
    bool                  counted = read_whole(reading, NUMBER, 0, POPULATION_FILE_MAX_NUMBER, &row.number);
    bool                  sexed = read_sex(reading, &row.sex), aged = read_ages(reading, &row);
    bool                  good = read_day(reading, &row.source_date);
    good = good && dated && known && counted && sexed && aged;
    int ret = read_texts(reading, &row, &good);
    row.year = (int16_t) year;
    return ret == 0 && good ? add_row(reading, &row) : ret;
}

/* ---- nobody twice ---- */

/* Rows of one area, year, kind and source. */
static int compare_subjects(const struct reading *reading, const struct population_row *a,
                            const struct population_row *b)
{
    const char *text = reading->file.text;
    if (a->area != b->area)
        return a->area < b->area ? -1 : 1;
    if (a->year != b->year)
        return a->year < b->year ? -1 : 1;
    int kinds = a->kind == b->kind ? 0 : strcmp(text + a->kind, text + b->kind);
    if (kinds != 0)
        return kinds;
    return a->source == b->source ? 0 : strcmp(text + a->source, text + b->source);
}

static int compare_rows(const void *a, const void *b, void *context)
{
    const struct reading        *reading = context;
    const struct population_row *x = &reading->file.rows[*(const uint32_t *) a];
    const struct population_row *y = &reading->file.rows[*(const uint32_t *) b];
    int                          subjects = compare_subjects(reading, x, y);
    if (subjects != 0)
        return subjects;
    if (x->sex != y->sex)
        return x->sex < y->sex ? -1 : 1;
    if (x->age_from != y->age_from)
        return x->age_from < y->age_from ? -1 : 1;
    return x->line < y->line ? -1 : x->line > y->line;
}

static void tell_twice(const struct reading *reading, const struct population_row *a, const struct population_row *b,
                       enum column column, const char *found, const char *allowed)
{
    const struct population_row *first = a->line < b->line ? a : b, *second = a->line < b->line ? b : a;
    struct fault_place           place = { reading->name, second->line, reading->cell[column],
                                 reading->cell[column] == 0 ? NULL : column_words[column] };
    fault_add(reading->faults, place, allowed, "%s line %" PRIu32, found, first->line);
}

static void check_pair(const struct reading *reading, const struct population_row *a, const struct population_row *b)
{
    if (compare_subjects(reading, a, b) != 0)
        return;
    if (a->sex != b->sex) {
        if (a->sex == POPULATION_BOTH)
            tell_twice(reading, a, b, SEX, "the sexes are told apart here but not in",
                       "sexes told apart in all rows of an area, year, kind and source, or in none");
    } else if (a->age_to == POPULATION_FILE_NO_END || a->age_to >= b->age_from) {
        tell_twice(reading, a, b, AGE_FROM, "the ages overlap those of", "groups that do not overlap");
    }
}

static int check_twice(struct reading *reading)
{
    size_t    n = reading->file.num_rows;
    uint32_t *order = memory_array(n + 1, sizeof *order);
    bool      sorted = true;
    if (order == NULL)
        return TOC_ERR_NO_MEMORY;
    for (uint32_t i = 0; i < n; i++) {
        order[i] = i;
        sorted = sorted && (i == 0 || compare_rows(&order[i - 1], &order[i], reading) < 0);
    }
    if (!sorted)
        qsort_r(order, n, sizeof *order, compare_rows, reading);
    for (size_t i = 1; i < n; i++)
        check_pair(reading, &reading->file.rows[order[i - 1]], &reading->file.rows[order[i]]);
    free(order);
    return 0;
}

/* ---- the whole file ---- */

static int read_all(struct reading *reading, struct table_input input)
{
    struct table_options options = { 0 };
    uint64_t             faults_before = reading->faults->num_all;
    int                  ret = area_index_reserve(&reading->index, reading->areas, reading->areas->num_areas);
    for (uint32_t i = 0; i < reading->areas->num_areas && ret == 0; i++)
        area_index_add(&reading->index, reading->areas, i);
    reading->text_room = 1024;
    reading->file.text = memory_array(reading->text_room, 1);
    reading->file.text_size = 1;
    if (reading->file.text == NULL)
        ret = TOC_ERR_NO_MEMORY;
    if (ret == 0)
        ret = table_open(input, &options, reading->faults, &reading->table);
    if (ret == 0)
        ret = match_header(reading);
    while (ret == 0 && (ret = table_next(reading->table, &reading->row)) == 1)
        ret = read_row(reading);
    if (ret == 0)
        ret = check_twice(reading);
    if (ret == 0 && reading->faults->num_all == faults_before && reading->file.num_rows == 0)
        fault_add(reading->faults, (struct fault_place){ .file = input.name }, "a row for each number",
                  "no rows after the header");
    return ret == 0 && reading->faults->num_all > faults_before ? BASE_ERR_INPUT : ret;
}

int population_file_read(struct table_input input, const struct area_codes *areas,
                         const struct population_file_options *options, struct fault_list *faults,
                         struct population_file *file)
{
    struct reading reading = { .areas = areas, .options = options, .faults = faults, .name = input.name };
    int            ret = read_all(&reading, input);
    if (ret == 0) {
        *file = reading.file;
        reading.file = (struct population_file){ 0 };
    } else if (ret == TOC_ERR_NO_MEMORY) {
        fault_add(faults, (struct fault_place){ .file = input.name }, NULL, "out of memory");
    }
    table_close(reading.table);
    area_index_free(&reading.index);
    population_file_free(&reading.file);
    return ret;
}

void population_file_free(struct population_file *file)
{
    free(file->rows);
    free(file->text);
    *file = (struct population_file){ 0 };
}
