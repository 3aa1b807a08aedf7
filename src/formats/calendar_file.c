/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/calendar_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/date_text.h"
#include "base/memory.h"
#include "base/text.h"
#include "formats/table.h"

enum column { HOLIDAY, FROM, TO, STEPS, BEFORE, AFTER, NUM_COLUMNS };
static const char *const column_words[NUM_COLUMNS] = { "holiday", "from", "to", "steps", "before", "after" };
#define ALL_COLUMNS "holiday, from, to, steps, before, after"

#define NO_CELL ((size_t) -1)

/* One row as it was understood. */
struct occurrence {
    struct table_cell       name;
    struct toc_holiday      holiday;
    struct toc_holiday_kind kind;
    bool                    good;
};

/* A calendar that is being read. */
struct reading {
    struct fault_list   *faults;
    struct table        *table;
    size_t               cell[NUM_COLUMNS]; /* which cell holds the column, or NO_CELL */
    struct table_row     row;
    struct calendar_file file;
    uint64_t            *kind_line;    /* where each kind comes first */
    uint64_t            *holiday_line; /* where each holiday stands */
    size_t               capacity;     /* of holidays */
    bool                 full;         /* a limit was met and told */
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
    else if (reading->cell[column] != NO_CELL)
        fault_add(reading->faults, place, NULL, "the column %s comes twice", quoted);
    else
        reading->cell[column] = number;
}

static int match_header(struct reading *reading)
{
    const struct table_row *header = table_header(reading->table);
    uint64_t                faults_before = reading->faults->num_all;
    for (size_t column = 0; column < NUM_COLUMNS; column++)
        reading->cell[column] = NO_CELL;
    for (size_t number = 0; number < header->num_cells; number++)
        match_cell(reading, number);
    for (size_t column = HOLIDAY; column <= FROM; column++)
        if (reading->cell[column] == NO_CELL)
            fault_add(reading->faults, table_place(reading->table, header, TABLE_WHOLE_ROW), ALL_COLUMNS,
                      "there is no column \"%s\"", column_words[column]);
    return reading->faults->num_all > faults_before ? BASE_ERR_INPUT : 0;
}

/* ---- cells ---- */

/* The cell of a column; empty where the file has none. */
static struct table_cell cell_of(const struct reading *reading, enum column column)
{
    size_t cell = reading->cell[column];
    return cell == NO_CELL ? (struct table_cell){ "", 0 } : reading->row.cells[cell];
}

/* A fault of a cell: the cell in quotes, and what is wrong with it. */
static void tell(const struct reading *reading, enum column column, const char *found, const char *allowed)
{
    struct table_cell  cell = cell_of(reading, column);
    struct fault_place place = table_place(reading->table, &reading->row, reading->cell[column]);
    char               quoted[TEXT_QUOTE_BYTES];
    text_quote(cell.text, cell.size, quoted);
    if (cell.size == 0)
        fault_add(reading->faults, place, allowed, "the cell is empty");
    else
        fault_add(reading->faults, place, allowed, "%s%s", quoted, found);
}

static bool read_name(const struct reading *reading, struct occurrence *occurrence)
{
    occurrence->name = cell_of(reading, HOLIDAY);
    if (occurrence->name.size > 0 && occurrence->name.size <= CALENDAR_FILE_MAX_NAME)
        return true;
    tell(reading, HOLIDAY, " is too long", "a name of 1 … 200 bytes");
    return false;
}

static bool read_day(const struct reading *reading, enum column column, toc_date *date)
{
    static const char allowed[] = "a day (2024-02-09)";
    struct table_cell cell = cell_of(reading, column);
    enum date_form    form;
    char              fault[DATE_FAULT_BYTES], found[DATE_FAULT_BYTES + 2];
    if (date_from_text(cell.text, cell.size, date, &form, fault) != 0) {
        snprintf(found, sizeof found, ": %s", fault);
        tell(reading, column, found, allowed);
        return false;
    }
    if (form != DATE_FORM_DAY) {
        tell(reading, column, " is not a day", allowed);
        return false;
    }
    return true;
}

static bool read_days(const struct reading *reading, struct toc_holiday *holiday)
{
    bool good = read_day(reading, FROM, &holiday->from);
    if (cell_of(reading, TO).size == 0) {
        holiday->to = holiday->from;
        return good;
    }
    if (!read_day(reading, TO, &holiday->to) || !good)
        return false;
    if (holiday->to < holiday->from) {
        tell(reading, TO, " lies before the first day", "the first day or later");
        return false;
    }
    if (holiday->to - holiday->from >= TOC_HOLIDAY_MAX_DAYS) {
        tell(reading, TO, " is too late", "at most 100 days");
        return false;
    }
    return true;
}

static bool read_weeks(const struct reading *reading, enum column column, int *weeks)
{
    struct table_cell cell = cell_of(reading, column);
    int64_t           number = 0;
    if (cell.size > 0 && text_to_integer(cell.text, cell.size, 0, TOC_HOLIDAY_MAX_WEEKS, &number) != 0) {
        tell(reading, column, " is not a number of weeks", "a whole number, 0 … 8");
        return false;
    }
    *weeks = (int) number;
    return true;
}

static bool read_steps(const struct reading *reading, enum toc_holiday_steps *steps)
{
    static const char *const words[] = {
        [TOC_HOLIDAY_DAYS] = "days", [TOC_HOLIDAY_WEEKS] = "weeks", [TOC_HOLIDAY_MONTHS] = "months"
    };
    struct table_cell cell = cell_of(reading, STEPS);
    *steps = TOC_HOLIDAY_DAYS;
    if (cell.size == 0)
        return true;
    for (enum toc_holiday_steps word = TOC_HOLIDAY_DAYS; word <= TOC_HOLIDAY_MONTHS; word++)
        if (text_equal_nocase(cell.text, cell.size, words[word], strlen(words[word]))) {
            *steps = word;
            return true;
        }
    tell(reading, STEPS, " is not a kind of steps", "days, weeks or months");
    return false;
}

/* All cells are read, so that all faults of the row are told. */
static struct occurrence read_row(const struct reading *reading)
{
    struct occurrence occurrence = { 0 };
    bool              name = read_name(reading, &occurrence);
    bool              days = read_days(reading, &occurrence.holiday);
    bool              steps = read_steps(reading, &occurrence.kind.steps);
    bool              before = read_weeks(reading, BEFORE, &occurrence.kind.weeks_before);
    bool              after = read_weeks(reading, AFTER, &occurrence.kind.weeks_after);
    occurrence.good = name && days && steps && before && after;
    return occurrence;
}

/* ---- kinds and holidays ---- */

/* Tell a limit once; what lies beyond it is left out. */
static void tell_limit(struct reading *reading, const char *allowed, const char *found)
{
    if (!reading->full)
        fault_add(reading->faults, table_place(reading->table, &reading->row, TABLE_WHOLE_ROW), allowed, "%s", found);
    reading->full = true;
}

static int add_kind(struct reading *reading, const struct occurrence *occurrence)
{
    size_t number = reading->file.calendar.num_kinds;
    char  *name = strndup(occurrence->name.text, occurrence->name.size);
    if (name == NULL)
        return TOC_ERR_NO_MEMORY;
    reading->file.kinds[number] = occurrence->kind;
    reading->file.kinds[number].name = name;
    reading->kind_line[number] = reading->row.line;
    reading->file.calendar.num_kinds++;
    return 0;
}

/* Two rows of one holiday must say the same of it. */
static void check_same_kind(const struct reading *reading, const struct occurrence *occurrence, size_t number)
{
    const struct toc_holiday_kind *first = &reading->file.kinds[number];
    const struct toc_holiday_kind *here = &occurrence->kind;
    const bool                     differs[] = { [STEPS] = here->steps != first->steps,
                                                 [BEFORE] = here->weeks_before != first->weeks_before,
                                                 [AFTER] = here->weeks_after != first->weeks_after };
    for (enum column column = STEPS; column <= AFTER; column++)
        if (differs[column])
            fault_add(reading->faults, table_place(reading->table, &reading->row, reading->cell[column]),
                      "the same in every row of a holiday", "differs from line %" PRIu64, reading->kind_line[number]);
}

static int find_kind(struct reading *reading, const struct occurrence *occurrence, size_t *number)
{
    size_t num_kinds = reading->file.calendar.num_kinds;
    for (size_t i = 0; i < num_kinds; i++) {
        const char *name = reading->file.kinds[i].name;
        if (strncmp(name, occurrence->name.text, occurrence->name.size) == 0 && name[occurrence->name.size] == '\0') {
            check_same_kind(reading, occurrence, i);
            *number = i;
            return 0;
        }
    }
    *number = num_kinds;
    if (num_kinds < TOC_CALENDAR_MAX_LABELS)
        return add_kind(reading, occurrence);
    tell_limit(reading, "at most 255 holidays", "one holiday too many");
    return 0;
}

static int grow(struct reading *reading)
{
    size_t capacity = reading->capacity == 0 ? 64 : 2 * reading->capacity;
    void  *holidays = memory_resize(reading->file.holidays, capacity, sizeof *reading->file.holidays);
    if (holidays == NULL)
        return TOC_ERR_NO_MEMORY;
    reading->file.holidays = holidays;
    void *lines = memory_resize(reading->holiday_line, capacity, sizeof *reading->holiday_line);
    if (lines == NULL)
        return TOC_ERR_NO_MEMORY;
    reading->holiday_line = lines;
    reading->capacity = capacity;
    return 0;
}

static int add_row(struct reading *reading, const struct occurrence *occurrence)
{
    size_t kind, number = reading->file.calendar.num_holidays;
    int    ret = find_kind(reading, occurrence, &kind);
    if (ret == 0 && number == CALENDAR_FILE_MAX_HOLIDAYS)
        tell_limit(reading, "at most 20000 rows", "one row too many");
    if (ret == 0 && !reading->full && number == reading->capacity)
        ret = grow(reading);
    if (ret != 0 || reading->full)
        return ret;
    reading->file.holidays[number] = (struct toc_holiday){ occurrence->holiday.from, occurrence->holiday.to, kind };
    reading->holiday_line[number] = reading->row.line;
    reading->file.calendar.num_holidays++;
    return 0;
}

/* ---- the whole file ---- */

static int compare_holidays(const void *a, const void *b, void *context)
{
    const struct toc_holiday *holidays = context;
    size_t                    x = *(const size_t *) a, y = *(const size_t *) b;
    if (holidays[x].kind != holidays[y].kind)
        return holidays[x].kind < holidays[y].kind ? -1 : 1;
    if (holidays[x].from != holidays[y].from)
        return holidays[x].from < holidays[y].from ? -1 : 1;
    return x < y ? -1 : x > y;
}

/* Two rows of one holiday that share days: one of them is a slip. */
static int check_overlaps(struct reading *reading, const char *path)
{
    const struct toc_holiday *holidays = reading->file.holidays;
    size_t                    n = reading->file.calendar.num_holidays;
    if (n == 0)
        return 0;
    size_t *order = memory_array(n, sizeof *order);
    if (order == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < n; i++)
        order[i] = i;
    qsort_r(order, n, sizeof *order, compare_holidays, reading->file.holidays);
    for (size_t i = 1; i < n; i++) {
        size_t a = order[i - 1], b = order[i];
        if (holidays[a].kind != holidays[b].kind || holidays[b].from > holidays[a].to)
            continue;
        uint64_t first = reading->holiday_line[a], second = reading->holiday_line[b];
        if (first > second) {
            uint64_t swap = first;
            first = second;
            second = swap;
        }
        fault_add(reading->faults, (struct fault_place){ path, second, 0, NULL },
                  "rows of one holiday that share no day", "shares days with line %" PRIu64, first);
    }
    free(order);
    return 0;
}

static void check_labels(const struct reading *reading, const char *path)
{
    const struct toc_calendar kinds = { .kinds = reading->file.kinds, .num_kinds = reading->file.calendar.num_kinds };
    size_t                    total = toc_calendar_num_labels(&kinds);
    if (total > TOC_CALENDAR_MAX_LABELS)
        fault_add(reading->faults, (struct fault_place){ .file = path }, "at most 255",
                  "the holidays and their weeks before and after are %zu kinds of step", total);
}

static int read_rows(struct reading *reading, const char *path)
{
    int ret;
    while ((ret = table_next(reading->table, &reading->row)) == 1) {
        struct occurrence occurrence = read_row(reading);
        if (occurrence.good)
            ret = add_row(reading, &occurrence);
        if (ret < 0)
            return ret;
    }
    if (ret == 0)
        ret = check_overlaps(reading, path);
    check_labels(reading, path);
    return ret;
}

static int read_table(struct reading *reading, const char *path, const int *fd)
{
    uint64_t             faults_before = reading->faults->num_all;
    struct table_options options = { 0 };
    int                  ret = table_open(table_input_file(fd, path), &options, reading->faults, &reading->table);
    if (ret == 0)
        ret = match_header(reading);
    if (ret == 0)
        ret = read_rows(reading, path);
    if (ret == 0 && reading->faults->num_all > faults_before)
        ret = BASE_ERR_INPUT;
    if (ret == 0 && reading->file.calendar.num_holidays == 0) {
        fault_add(reading->faults, (struct fault_place){ .file = path }, "a row for each holiday",
                  "no rows after the header");
        ret = BASE_ERR_INPUT;
    }
    table_close(reading->table);
    return ret;
}

int calendar_file_read(const char *path, struct fault_list *faults, struct calendar_file *file)
{
    struct reading reading = { .faults = faults };
    int            ret = TOC_ERR_NO_MEMORY;
    int            fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        fault_add(faults, (struct fault_place){ .file = path }, NULL, "cannot be opened: %s", strerrordesc_np(errno));
        return BASE_ERR_SYSTEM;
    }
    reading.file.kinds = memory_array(TOC_CALENDAR_MAX_LABELS, sizeof *reading.file.kinds);
    reading.kind_line = memory_array(TOC_CALENDAR_MAX_LABELS, sizeof *reading.kind_line);
    if (reading.file.kinds != NULL && reading.kind_line != NULL)
        ret = read_table(&reading, path, &fd);
    if (ret == 0) {
        reading.file.calendar.kinds = reading.file.kinds;
        reading.file.calendar.holidays = reading.file.holidays;
        *file = reading.file;
        reading.file = (struct calendar_file){ 0 };
    } else if (ret == TOC_ERR_NO_MEMORY) {
        fault_add(faults, (struct fault_place){ .file = path }, NULL, "out of memory");
    }
    calendar_file_free(&reading.file);
    free(reading.kind_line);
    free(reading.holiday_line);
    close(fd);
    return ret;
}

void calendar_file_free(struct calendar_file *file)
{
    for (size_t i = 0; i < file->calendar.num_kinds; i++)
        free((void *) (uintptr_t) file->kinds[i].name);
    free(file->kinds);
    free(file->holidays);
    *file = (struct calendar_file){ 0 };
}
