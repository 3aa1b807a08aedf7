/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The passes over the rows: recognise the step; check their order (and sort them where they have none); deliver. */
#include "formats/counts.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "formats/counts_internal.h"
#include "tocsin/status.h"

enum {
    SAMPLE_DATES = 8,     /* different dates that must be known before the step is recognised */
    BLOOM_BITS = 1 << 26, /* 8 MiB: with a million series one in ten million new names is taken for an old one */
    BLOOM_HASHES = 7,
    CALENDAR_DAYS = TOC_DATE_MAX - TOC_DATE_MIN + 1
};

struct counts_reader {
    struct counts_options options;
    struct counts_source *sources;
    size_t                num_sources;
    struct counts_rows    rows;
    struct counts_sort   *sort; /* NULL where the files are grouped */
    struct counts_summary summary;
    struct fault_list    *faults;
    struct fault_list     silent;  /* faults of passes that only repeat what another one tells */
    struct counts_row     pending; /* the first row of the next series */
    bool                  has_pending;
    uint64_t              num_delivered;
};

/* ---- the step ---- */

/* The different dates of the sample. */
struct sample {
    uint8_t *seen; /* a bit a day of the calendar */
    long     num_dates, num_first_of_month, num_weekday[7];
};

static void note_date(struct sample *sample, toc_date date)
{
    uint32_t day = (uint32_t) (date - TOC_DATE_MIN);
    uint8_t  bit = (uint8_t) (1u << day % 8);
    if (sample->seen[day / 8] & bit)
        return;
    sample->seen[day / 8] |= bit;
    sample->num_dates++;
    sample->num_first_of_month += toc_date_to_civil(date).day == 1;
    sample->num_weekday[toc_date_weekday(date)]++;
}

static int commonest_weekday(const struct sample *sample)
{
    int commonest = 0;
    for (int weekday = 1; weekday < 7; weekday++)
        if (sample->num_weekday[weekday] > sample->num_weekday[commonest])
            commonest = weekday;
    return commonest;
}

static enum date_step recognise_step(const struct sample *sample, enum date_form form)
{
    if (form == DATE_FORM_WEEK)
        return DATE_STEP_WEEK;
    if (form == DATE_FORM_MONTH)
        return DATE_STEP_MONTH;
    if (sample->num_dates < 2)
        return DATE_STEP_UNKNOWN;
    if (5 * sample->num_first_of_month >= 4 * sample->num_dates)
        return DATE_STEP_MONTH;
    if (5 * sample->num_weekday[commonest_weekday(sample)] >= 4 * sample->num_dates)
        return DATE_STEP_WEEK;
    return DATE_STEP_DAY;
}

/* The first rows, as many as it takes. Their faults are left to the pass that checks all rows. */
static int take_sample(struct counts_reader *reader, struct sample *sample, enum date_form *form)
{
    struct counts_row row;
    int               ret = 0;
    reader->rows.faults = &reader->silent;
    for (long num_rows = 0; num_rows < COUNTS_SAMPLE_ROWS || sample->num_dates < SAMPLE_DATES; num_rows++) {
        ret = counts_rows_next(&reader->rows, &row);
        if (ret != 1)
            break;
        if (*form == 0)
            *form = row.form;
        if (row.form == *form)
            note_date(sample, row.date);
    }
    counts_rows_rewind(&reader->rows);
    reader->rows.faults = reader->faults;
    return ret < 0 ? ret : 0;
}

static int find_grid(struct counts_reader *reader)
{
    struct sample       sample = { .seen = memory_array(CALENDAR_DAYS / 8 + 1, 1) };
    struct counts_grid *grid = &reader->rows.grid;
    enum date_form      form = 0;
    enum date_step      wanted = reader->options.step;
    if (sample.seen == NULL)
        return TOC_ERR_NO_MEMORY;
    int ret = take_sample(reader, &sample, &form);
    if (ret != 0 || form == 0) /* without any date there is nothing to check against */
        goto out;
    *grid = (struct counts_grid){ form, recognise_step(&sample, form), commonest_weekday(&sample) };
    if (wanted != DATE_STEP_UNKNOWN && form != DATE_FORM_DAY && wanted != grid->step) {
        fault_add(reader->faults, (struct fault_place){ .name = "--step" }, date_step_word(grid->step),
                  "%s, but the dates are %ss", date_step_word(wanted), date_step_word(grid->step));
    } else if (wanted != DATE_STEP_UNKNOWN) {
        grid->step = wanted;
    } else if (grid->step == DATE_STEP_UNKNOWN) {
        fault_add(reader->faults, (struct fault_place){ .file = reader->sources[0].path, .name = "date" },
                  "two dates or more, or --step day, week or month", "a single date does not tell the time step");
    }
out:
    free(sample.seen);
    return ret;
}

/* ---- order ---- */

/* What the rows so far say of the series that is being read. */
struct order {
    struct fault_list faults; /* of order: told only where the rows turn out to be grouped */
    uint8_t          *bloom;  /* names seen; made when the second series begins */
    bool              sorted; /* the rows come from the sort */
    bool              begun;
    char              name[COUNTS_MAX_NAME];
    size_t            name_size;
    toc_date          first, last;
    size_t            last_source;
    uint64_t          last_line;
    uint64_t          num_lost; /* of the rows, when the last one was read */
    size_t            steps;
    bool              too_long;
};

enum verdict { IN_ORDER = 1, NOT_GROUPED = 0 };

/* Note the name among those seen; 1 where it was new for certain, 0 where it may have been seen. */
static int note_name(struct order *order, const char *name, size_t size)
{
    uint64_t hash = text_hash(name, size); /* mixed as in SplitMix64, so that all its bits are good */
    hash = (hash ^ hash >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    hash = (hash ^ hash >> 27) * UINT64_C(0x94d049bb133111eb);
    uint64_t stride = (hash << 32 | hash >> 32) | 1; /* the upper bits choose a bit; those of the stride are others */
    bool     fresh = false;
    for (int i = 0; i < BLOOM_HASHES; i++, hash += stride) {
        uint64_t bit = hash >> 38; /* 26 bits */
        uint8_t  mask = (uint8_t) (1u << bit % 8);
        fresh |= !(order->bloom[bit / 8] & mask);
        order->bloom[bit / 8] |= mask;
    }
    return fresh;
}
_Static_assert(BLOOM_BITS == 1 << (64 - 38), "a hash of 26 bits");

static bool is_same_name(const struct order *order, const struct counts_row *row)
{
    return order->name_size == row->name_size && memcmp(order->name, row->name, row->name_size) == 0;
}

/* In which series, for faults: "" where there is but one. */
static const char *in_series(const struct counts_reader *reader, const struct counts_row *row,
                             char text[TEXT_QUOTE_BYTES + 16])
{
    static const char before[] = " in series ";
    text[0] = '\0';
    if (reader->rows.has[COUNTS_SERIES]) {
        memcpy(text, before, sizeof before);
        text_quote(row->name, row->name_size, text + sizeof before - 1);
    }
    return text;
}

static void tell_double(struct counts_reader *reader, struct order *order, const struct counts_row *row)
{
    char date[DATE_TEXT_BYTES], series[TEXT_QUOTE_BYTES + 16], other[128] = "";
    date_to_text(row->date, reader->rows.grid.form, date);
    if (order->last_source != row->source) {
        const char *path = reader->sources[order->last_source].path;
        text_escape(path, strlen(path), other, sizeof other - 4);
        strcat(other, " ");
    }
    fault_add(&order->faults, counts_rows_date_place(&reader->rows, row), "one row for each date",
              "%s comes twice%s, first in %sline %" PRIu64, date, in_series(reader, row, series), other,
              order->last_line);
}

static void tell_gap(struct counts_reader *reader, struct order *order, const struct counts_row *row, long steps)
{
    enum date_form form = reader->rows.grid.form;
    enum date_step step = reader->rows.grid.step;
    char           from[DATE_TEXT_BYTES], to[DATE_TEXT_BYTES], series[TEXT_QUOTE_BYTES + 16], allowed[100];
    date_to_text(date_advance(order->last, step, 1), form, from);
    date_to_text(date_advance(order->last, step, steps - 1), form, to);
    in_series(reader, row, series);
    snprintf(allowed, sizeof allowed, "a row for every %s, or --missing zero or na", date_step_word(step));
    struct fault_place place = counts_rows_date_place(&reader->rows, row);
    if (steps == 2)
        fault_add(&order->faults, place, allowed, "before this row %s is missing%s", from, series);
    else
        fault_add(&order->faults, place, allowed, "before this row %ld %ss are missing%s: %s … %s", steps - 1,
                  date_step_word(step), series, from, to);
}

static void tell_long(struct counts_reader *reader, struct order *order, const struct counts_row *row)
{
    char from[DATE_TEXT_BYTES], to[DATE_TEXT_BYTES], series[TEXT_QUOTE_BYTES + 16];
    date_to_text(order->first, reader->rows.grid.form, from);
    date_to_text(row->date, reader->rows.grid.form, to);
    if (!order->too_long)
        fault_add(&order->faults, counts_rows_date_place(&reader->rows, row), "at most 100000 steps",
                  "more than 100000 %ss from %s to %s%s", date_step_word(reader->rows.grid.step), from, to,
                  in_series(reader, row, series));
    order->too_long = true;
}

static int begin_series(struct counts_reader *reader, struct order *order, const struct counts_row *row)
{
    if (order->begun && !order->sorted && order->bloom == NULL) {
        order->bloom = memory_array(BLOOM_BITS / 8, 1);
        if (order->bloom == NULL)
            return TOC_ERR_NO_MEMORY;
        note_name(order, order->name, order->name_size);
    }
    if (order->begun && !order->sorted && !note_name(order, row->name, row->name_size))
        return NOT_GROUPED;
    memcpy(order->name, row->name, row->name_size);
    order->name_size = row->name_size;
    order->first = row->date;
    order->steps = 1;
    order->begun = true;
    order->too_long = false;
    reader->summary.num_series++;
    return IN_ORDER;
}

/* Between the last row and this one no row was lost that may fill the gap. */
static bool gap_is_sure(const struct counts_reader *reader, const struct order *order)
{
    return order->sorted ? reader->rows.num_lost == 0 : reader->rows.num_lost == order->num_lost;
}

static int continue_series(struct counts_reader *reader, struct order *order, const struct counts_row *row)
{
    long steps = date_steps_between(order->last, row->date, reader->rows.grid.step);
    if (steps < 0)
        return NOT_GROUPED;
    if (steps == 0)
        tell_double(reader, order, row);
    else if (steps > 1 && reader->options.missing == COUNTS_MISSING_FAULT && gap_is_sure(reader, order))
        tell_gap(reader, order, row, steps);
    order->steps += (size_t) steps;
    if (order->steps > COUNTS_MAX_STEPS)
        tell_long(reader, order, row);
    return IN_ORDER;
}

/* Hold one row against those before it. IN_ORDER, NOT_GROUPED or TOC_ERR_NO_MEMORY. */
static int check_row(struct counts_reader *reader, struct order *order, const struct counts_row *row)
{
    struct counts_summary *summary = &reader->summary;
    int                    ret = order->begun && is_same_name(order, row) ? continue_series(reader, order, row)
                                                                          : begin_series(reader, order, row);
    if (ret != IN_ORDER)
        return ret;
    if (summary->num_rows == 0 || row->date < summary->first)
        summary->first = row->date;
    if (summary->num_rows == 0 || row->date > summary->last)
        summary->last = row->date;
    if (order->steps > summary->longest)
        summary->longest = order->steps;
    summary->num_rows++;
    order->last = row->date;
    order->last_source = row->source;
    order->last_line = row->line;
    order->num_lost = reader->rows.num_lost;
    return IN_ORDER;
}

/* All rows of the files, in their order. Their own faults are told to the end even where they are not grouped. */
static int check_files(struct counts_reader *reader, struct order *order, bool *grouped)
{
    struct counts_row row;
    int               ret;
    *grouped = true;
    while ((ret = counts_rows_next(&reader->rows, &row)) == 1) {
        if (!*grouped)
            continue;
        int verdict = check_row(reader, order, &row);
        if (verdict < 0)
            return verdict;
        *grouped = verdict == IN_ORDER;
    }
    return ret;
}

/* Read the files once more, into the sort. */
static int fill_sort(struct counts_reader *reader)
{
    struct counts_row row;
    int               ret;
    reader->rows.faults = &reader->silent;
    counts_rows_rewind(&reader->rows);
    while ((ret = counts_rows_next(&reader->rows, &row)) == 1) {
        ret = counts_sort_add(reader->sort, &row);
        if (ret != 0)
            break;
    }
    reader->rows.faults = reader->faults;
    return ret == 0 ? counts_sort_finish(reader->sort) : ret;
}

/* The rows as the sort gives them. */
static int check_sorted(struct counts_reader *reader, struct order *order)
{
    struct counts_row row;
    int               ret;
    order->sorted = true;
    order->begun = false;
    reader->summary.num_rows = reader->summary.num_series = 0;
    reader->summary.longest = 0;
    while ((ret = counts_sort_next(reader->sort, &row)) == 1) {
        ret = check_row(reader, order, &row);
        if (ret < 0)
            return ret;
    }
    return ret == 0 ? counts_sort_rewind(reader->sort) : ret;
}

static int check_order(struct counts_reader *reader, struct order *order)
{
    bool grouped;
    int  ret = check_files(reader, order, &grouped);
    int  status = reader->rows.status; /* of files that could not be read to their end */
    if (ret == 0 && !grouped && status == 0) {
        fault_list_free(&order->faults);
        ret = counts_sort_open(reader->faults, &reader->sort);
        if (ret == 0)
            ret = fill_sort(reader);
        if (ret == 0)
            ret = check_sorted(reader, order);
    }
    return ret != 0 ? ret : status;
}

/* All that is wrong with the rows, in the order of their lines. */
static int check_rows(struct counts_reader *reader)
{
    struct order order = { 0 };
    size_t       from = reader->faults->num_kept;
    int          ret = check_order(reader, &order);
    if (ret == 0) {
        const char **paths = memory_array(reader->num_sources, sizeof *paths);
        for (size_t i = 0; paths != NULL && i < reader->num_sources; i++)
            paths[i] = reader->sources[i].path;
        fault_list_merge(reader->faults, from, &order.faults, paths, paths != NULL ? reader->num_sources : 0);
        free(paths);
    }
    fault_list_free(&order.faults);
    free(order.bloom);
    return ret;
}

/* ---- opening ---- */

static int prepare_sources(struct counts_reader *reader, const char *const *paths, size_t num_paths)
{
    int  worst = 0;
    bool standard_input = false;
    reader->sources = memory_array(num_paths, sizeof *reader->sources);
    if (reader->sources == NULL)
        return TOC_ERR_NO_MEMORY;
    reader->num_sources = num_paths;
    for (size_t i = 0; i < num_paths; i++)
        reader->sources[i] = (struct counts_source){ .path = paths[i], .copy = -1 };
    for (size_t i = 0; i < num_paths; i++) {
        struct counts_source *source = &reader->sources[i];
        int                   ret;
        source->is_standard_input = strcmp(paths[i], "-") == 0;
        if (source->is_standard_input)
            source->path = "<stdin>";
        if (source->is_standard_input && standard_input) {
            fault_add(reader->faults, (struct fault_place){ .file = source->path }, "- once",
                      "standard input is read twice");
            ret = BASE_ERR_INPUT;
        } else {
            ret = counts_source_prepare(source, reader->faults);
        }
        standard_input |= source->is_standard_input;
        if (worst == 0)
            worst = ret;
    }
    return worst;
}

static void summarise(struct counts_reader *reader)
{
    struct counts_summary *summary = &reader->summary;
    summary->form = reader->rows.grid.form;
    summary->step = reader->rows.grid.step;
    summary->has_series = reader->rows.has[COUNTS_SERIES];
    summary->has_population = reader->rows.has[COUNTS_POPULATION];
    summary->has_imported = reader->rows.has[COUNTS_IMPORTED];
    summary->sorted_on_disk = reader->sort != NULL;
}

static int check_options(const struct counts_options *options, size_t num_paths, struct fault_list *faults)
{
    if (num_paths == 0 || num_paths > COUNTS_MAX_FILES) {
        fault_add(faults, (struct fault_place){ 0 }, "1 … 4096 files", "%zu files", num_paths);
        return BASE_ERR_INPUT;
    }
    if (options->delimiter != 0 && strchr(",;\t", options->delimiter) == NULL) {
        fault_add(faults, (struct fault_place){ .name = "--separator" }, "a comma, a semicolon or a tab",
                  "another character");
        return BASE_ERR_INPUT;
    }
    return 0;
}

/* Everything that can be wrong with the files. */
static int check_all(struct counts_reader *reader)
{
    uint64_t faults_before = reader->faults->num_all;
    int      ret = find_grid(reader);
    if (ret == 0)
        ret = check_rows(reader);
    if (ret == 0 && reader->faults->num_all > faults_before)
        ret = BASE_ERR_INPUT;
    if (ret == 0 && reader->summary.num_rows == 0) {
        fault_add(reader->faults, (struct fault_place){ .file = reader->sources[0].path }, "a row for each date",
                  "no rows after the header");
        ret = BASE_ERR_INPUT;
    }
    return ret;
}

int counts_open(const char *const *paths, size_t num_paths, const struct counts_options *options,
                struct fault_list *faults, struct counts_reader **reader)
{
    struct counts_reader *opened = NULL;
    int                   ret = check_options(options, num_paths, faults);
    if (ret != 0)
        goto out;
    opened = memory_array(1, sizeof *opened);
    if (opened == NULL) {
        ret = TOC_ERR_NO_MEMORY;
        goto out;
    }
    opened->options = *options;
    opened->faults = faults;
    ret = prepare_sources(opened, paths, num_paths);
    if (ret != 0)
        goto out;
    opened->rows = (struct counts_rows){
        .sources = opened->sources, .num_sources = num_paths, .options = &opened->options, .faults = faults, .fd = -1
    };
    ret = check_all(opened);
    if (ret != 0)
        goto out;
    summarise(opened);
    ret = counts_rewind(opened);
    if (ret != 0)
        goto out;
    *reader = opened;
    opened = NULL;
out:
    if (ret == TOC_ERR_NO_MEMORY)
        fault_add(faults, (struct fault_place){ 0 }, NULL, "out of memory");
    counts_close(opened);
    return ret;
}

void counts_close(struct counts_reader *reader)
{
    if (reader == NULL)
        return;
    if (reader->rows.sources != NULL)
        counts_rows_rewind(&reader->rows);
    counts_sort_close(reader->sort);
    for (size_t i = 0; i < reader->num_sources; i++)
        counts_source_release(&reader->sources[i]);
    free(reader->sources);
    fault_list_free(&reader->silent);
    free(reader);
}

const struct counts_summary *counts_summary(const struct counts_reader *reader)
{
    return &reader->summary;
}

/* ---- delivery ---- */

/* The next row, of files in which no fault was found when they were checked: what is found now is told as it is. */
static int next_row(struct counts_reader *reader, struct counts_row *row)
{
    if (reader->sort != NULL)
        return counts_sort_next(reader->sort, row);
    int ret = counts_rows_next(&reader->rows, row);
    if (ret >= 0 && reader->silent.num_all > 0) {
        ret = reader->rows.status != 0 ? reader->rows.status : BASE_ERR_INPUT;
        fault_list_merge(reader->faults, reader->faults->num_kept, &reader->silent, NULL, 0);
    }
    return ret;
}

static int tell_change(struct counts_reader *reader, const struct counts_row *row)
{
    fault_add(reader->faults, counts_rows_date_place(&reader->rows, row), NULL, "the file changed while it was read");
    return BASE_ERR_INPUT;
}

int counts_rewind(struct counts_reader *reader)
{
    reader->num_delivered = 0;
    if (reader->sort != NULL) {
        counts_sort_rewind(reader->sort);
    } else {
        fault_list_free(&reader->silent);
        reader->rows.faults = &reader->silent;
        counts_rows_rewind(&reader->rows);
    }
    int ret = next_row(reader, &reader->pending);
    reader->has_pending = ret == 1;
    return ret == 1 ? 0 : ret;
}

void counts_series_free(struct counts_series *series)
{
    free(series->observed);
    free(series->population);
    free(series->imported);
    free(series->date);
    free(series->holiday);
    *series = (struct counts_series){ 0 };
}

/* Room for the longest series, with the arrays that these files have. */
static int make_room(const struct counts_summary *summary, struct counts_series *series)
{
    size_t n = summary->longest;
    if (series->capacity >= n && (series->population != NULL) == summary->has_population &&
        (series->imported != NULL) == summary->has_imported)
        return 0;
    counts_series_free(series);
    series->observed = memory_array(n, sizeof *series->observed);
    series->date = memory_array(n, sizeof *series->date);
    series->holiday = memory_array(n, sizeof *series->holiday);
    bool failed = series->observed == NULL || series->date == NULL || series->holiday == NULL;
    if (summary->has_population) {
        series->population = memory_array(n, sizeof *series->population);
        failed |= series->population == NULL;
    }
    if (summary->has_imported) {
        series->imported = memory_array(n, sizeof *series->imported);
        failed |= series->imported == NULL;
    }
    if (failed) {
        counts_series_free(series);
        return TOC_ERR_NO_MEMORY;
    }
    series->capacity = n;
    return 0;
}

static void put_step(struct counts_series *series, size_t at, toc_date date, double count, double population,
                     double imported)
{
    series->date[at] = date;
    series->observed[at] = count;
    if (series->population != NULL)
        series->population[at] = population;
    if (series->imported != NULL)
        series->imported[at] = imported;
}

/* Add a row, and what is missing before it. 0, or BASE_ERR_INPUT where it does not follow. */
static int put_row(struct counts_reader *reader, struct counts_series *series, const struct counts_row *row)
{
    size_t n = series->series.n;
    if (n > 0) {
        enum date_step step = reader->rows.grid.step;
        toc_date       last = series->date[n - 1];
        double         population = series->population != NULL ? series->population[n - 1] : NAN;
        double         filled = reader->options.missing == COUNTS_MISSING_ZERO ? 0.0 : NAN;
        long           steps = date_steps_between(last, row->date, step);
        if (steps < 1 || (size_t) steps > series->capacity - n ||
            (steps > 1 && reader->options.missing == COUNTS_MISSING_FAULT))
            return tell_change(reader, row);
        for (long i = 1; i < steps; i++)
            put_step(series, n++, date_advance(last, step, i), filled, population, filled);
    }
    put_step(series, n++, row->date, row->count, row->population, row->imported);
    series->series.n = n;
    return 0;
}

static int steps_per_year(enum date_step step)
{
    return step == DATE_STEP_DAY ? 365 : step == DATE_STEP_WEEK ? 52 : 12;
}

static bool belongs_to(const struct counts_series *series, const struct counts_row *row)
{
    return strncmp(series->name, row->name, row->name_size) == 0 && series->name[row->name_size] == '\0';
}

int counts_next(struct counts_reader *reader, struct counts_series *series)
{
    if (!reader->has_pending)
        return 0;
    struct counts_row *row = &reader->pending;
    int                ret = make_room(&reader->summary, series);
    if (ret != 0)
        return ret;
    memcpy(series->name, row->name, row->name_size);
    series->name[row->name_size] = '\0';
    series->number = reader->num_delivered++;
    series->series = (struct toc_series){ .steps_per_year = steps_per_year(reader->rows.grid.step) };
    do {
        ret = put_row(reader, series, row);
        if (ret == 0)
            ret = next_row(reader, row);
    } while (ret == 1 && belongs_to(series, row));
    reader->has_pending = ret == 1;
    if (ret < 0)
        return ret;
    memset(series->holiday, 0, series->series.n);
    series->series.observed = series->observed;
    series->series.population = series->population;
    series->series.date = series->date;
    return 1;
}
