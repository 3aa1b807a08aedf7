/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/counts.h: counts by date, from CSV files to one struct toc_series at a time.
 *
 * A counts file is a table (formats/table.h: CSV or TSV, UTF-8) whose header names these columns, in any order and in
 * any case; options.columns renames them:
 *
 *   date        2024-02-26, 2024-W09 or 2024-02 (base/date_text.h); one form in all files
 *   count       cases in this step, imported ones included: a whole number, 0 or more
 *   series      optional: the name of the series, at most COUNTS_MAX_NAME bytes; without it all rows are one series
 *   population  optional: persons under observation, a number > 0
 *   imported    optional: how many of `count` were infected elsewhere: a whole number, at most `count`
 *
 * Any other column is a fault (a misspelt `populaton` must not be lost in silence) unless options.columns ignores it.
 *
 * Step. Weeks (2024-W09) and months (2024-02) say it themselves. Of days it is recognised from the dates of the first
 * COUNTS_SAMPLE_ROWS rows (more, until eight dates are known): months where four in five dates are the first of a
 * month, else weeks where four in five fall on one day of the week, else days. options.step sets it. Weeks may begin
 * on any weekday, the same one in all files; months are dated by their first day.
 *
 * Gaps. A step without a row, and a count that is empty or NA, is a fault unless options.missing says what it stands
 * for: 0, or missing (NaN). Steps before the first and after the last row of a series are not gaps. A filled step has
 * the population of the step before it, and imported as its count (0 or NaN).
 *
 * Order. Rows may come in any order. A file grouped by series with ascending dates is streamed; any other is sorted on
 * disk. Series come in the order in which their names first appear. Several files are read as one, in their order.
 *
 * All faults of all files are found before the first series is delivered. Memory: the longest series (at most
 * COUNTS_MAX_STEPS steps) and a constant, however many series there are. A path "-" is standard input; it and anything
 * that is not a regular file is first copied to a temporary file without a name in TMPDIR.
 */
#ifndef FORMATS_COUNTS_H
#define FORMATS_COUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/date_text.h"
#include "base/fault.h"
#include "tocsin/series.h"

#define COUNTS_MAX_NAME 256      /* bytes of a series' name */
#define COUNTS_MAX_STEPS 100000  /* steps of one series: 273 years of days */
#define COUNTS_MAX_FILES 4096    /* files read as one */
#define COUNTS_MAX_IGNORED 32    /* columns that options.columns ignores by name */
#define COUNTS_SAMPLE_ROWS 10000 /* rows from which the step is recognised */

enum counts_column { COUNTS_DATE, COUNTS_COUNT, COUNTS_SERIES, COUNTS_POPULATION, COUNTS_IMPORTED, COUNTS_NUM_COLUMNS };

/* How the columns are called in the files. */
struct counts_columns {
    char   name[COUNTS_NUM_COLUMNS][COUNTS_MAX_NAME + 1]; /* "" = the name above */
    char   ignored[COUNTS_MAX_IGNORED][COUNTS_MAX_NAME + 1];
    size_t num_ignored;
    bool   ignore_all; /* every column that is not one of the five */
};

/* Read the words of --columns: "date=Datum,count=n,ignore=note"; ignore=NAME leaves a column out, one of the five too;
 * ignore=* every other one. An empty name is
 * a fault, as is the same column twice.
 *
 * columns   untouched on failure
 *
 * Returns 0 or BASE_ERR_INPUT (faults name the option --columns).
 */
int counts_columns_from_text(const char *text, struct counts_columns *columns, struct fault_list *faults);

enum counts_missing {
    COUNTS_MISSING_FAULT = 0,
    COUNTS_MISSING_ZERO, /* an absent step is a count of 0 */
    COUNTS_MISSING_NA    /* an absent step is a missing count, NaN */
};

struct counts_options {
    struct counts_columns columns;
    enum date_step        step; /* DATE_STEP_UNKNOWN: recognised */
    enum counts_missing   missing;
    char                  delimiter; /* ',' ';' or '\t'; 0: recognised from the header of each file */
};
#define COUNTS_OPTIONS_INIT                                                                                            \
    {                                                                                                                  \
        0                                                                                                              \
    }

/* What is known of the files once they are open. */
struct counts_summary {
    enum date_form form; /* how dates were written, and should be written again */
    enum date_step step;
    uint64_t       num_rows;
    uint64_t       num_series;
    size_t         longest; /* steps of the longest series, filled ones included */
    toc_date       first, last;
    bool           has_series, has_population, has_imported; /* columns */
    bool           sorted_on_disk;
};

struct counts_reader;

/* Open and check all files.
 *
 * paths     num_paths >= 1 names; borrowed until the reader is freed and the faults are shown
 * faults    gains every fault found; warnings do not exist
 * reader    free with counts_close; untouched on failure
 *
 * Returns 0; BASE_ERR_INPUT (faults in the files); BASE_ERR_SYSTEM (a file cannot be opened or read, the temporary file
 * cannot be written); TOC_ERR_NO_MEMORY. In each case the list says why. Cost: one pass over the files (ungrouped: two,
 * and the sort).
 */
int counts_open(const char *const *paths, size_t num_paths, const struct counts_options *options,
                struct fault_list *faults, struct counts_reader **reader);

void counts_close(struct counts_reader *reader);

const struct counts_summary *counts_summary(const struct counts_reader *reader);

/* One series, with its own memory, so that several may be in work at once (one a thread). */
struct counts_series {
    char              name[COUNTS_MAX_NAME + 1]; /* "" where the files have no column `series` */
    uint64_t          number;                    /* 0 = the first delivered */
    struct toc_series series; /* points into the arrays below; population NULL without that column; holiday NULL */
    double           *observed;
    double           *population; /* NULL without that column */
    double           *imported;   /* NULL without that column */
    toc_date         *date;
    uint8_t          *holiday; /* room for n labels, all 0; to use it, fill it and set series.holiday */
    size_t            capacity;
};
#define COUNTS_SERIES_INIT                                                                                             \
    {                                                                                                                  \
        0                                                                                                              \
    }

/* Deliver the next series.
 *
 * series   a zeroed struct or one that was delivered into before; its arrays are reused (allocated once, for the
 *          longest series of the files)
 *
 * Returns 1 where there was one more, 0 at the end, or a negative status: BASE_ERR_INPUT where a file changed since it
 * was opened, BASE_ERR_SYSTEM where it can no longer be read, TOC_ERR_NO_MEMORY; `faults` of counts_open gains the
 * reason. Not for two threads at once.
 */
int counts_next(struct counts_reader *reader, struct counts_series *series);

void counts_series_free(struct counts_series *series);

/* Begin again with the first series. Same answers as counts_next, without 1. */
int counts_rewind(struct counts_reader *reader);

#endif
