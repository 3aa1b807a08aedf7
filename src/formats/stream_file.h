/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/stream_file.h: numbers by date and series from files that others make: counts, totals, percentages,
 * rates, concentrations; CSV, TSV and XLSX as formats/sheet reads them, or NDJSON (an object of plain values a line).
 *
 * Columns, in any order; STREAM_FILE_NAMES are recognised, options.columns names others:
 *
 *     date     a day in one of the orders of formats/list/dates.h, or an ISO week (2024-W09: its Monday)
 *     value    a number with a decimal point, "%" behind it or not; empty, NA, N/A, NaN, null, -: none was given
 *     series   which series; several columns one behind the other with "-" between. Without it: all is one series
 *     known    the day on which the value was known: revisions; without it the caller's
 *
 * Other columns are passed over. A wide file has a series a column instead: all but date, known and those that are
 * passed over by name. The layout of the national wastewater system (NWSS: sample_collect_date,
 * pcr_target_avg_conc, wwtp_name, pcr_target) is recognised by its columns.
 *
 * Two rows of one series, day and day of knowledge are a fault unless they say the same, or options.many says what
 * becomes of them. All faults of a file are found; with one nothing is delivered. With options.errors rows with a bad
 * cell are left out and written there, as CSV with the same columns and one more that says what is wrong; mended, that
 * file is read like any other.
 */
#ifndef FORMATS_STREAM_FILE_H
#define FORMATS_STREAM_FILE_H

#include "base/fault.h"
#include "formats/list/dates.h"
#include "formats/sheet/sheet.h"
#include "formats/stream_values.h"

#define STREAM_FILE_MOST_ROWS 20000000 /* values */
#define STREAM_FILE_MOST_NAME 60       /* bytes of a series' name */
#define STREAM_FILE_MOST_COLUMNS 16    /* that options.columns names */

/* What a column is. */
enum stream_file_role {
    STREAM_FILE_DATE,
    STREAM_FILE_VALUE,
    STREAM_FILE_SERIES,
    STREAM_FILE_KNOWN,
    STREAM_FILE_IGNORED, /* passed over, of a wide file too */
    STREAM_FILE_NUM_ROLES,
    STREAM_FILE_UNSAID = STREAM_FILE_NUM_ROLES /* passed over where the file is not wide */
};

struct stream_file_text {
    const char *bytes;
    size_t      size;
};

/* A row that cannot be used; valid during the call. */
struct stream_file_left_out {
    uint64_t                       line;
    const struct stream_file_text *header, *cells; /* num_columns */
    size_t                         num_columns;
    const struct fault_list       *faults;
    size_t                         first_fault; /* those from this one on are the row's; there may be none */
};

enum stream_file_many { STREAM_FILE_FAULT, STREAM_FILE_SUM, STREAM_FILE_MEAN };

struct stream_file_options {
    const char           *columns; /* "date=week_end,value=pct,series=state+age,known=as_of,ignore=note"; NULL = none */
    bool                  wide;
    enum stream_file_many many;
    enum list_dates       dates; /* UNDECIDED: as the column decides */
    toc_date              today;
    toc_date              known; /* of rows that do not say it */
    struct sheet_options  sheet;
    struct sink          *errors; /* NULL: a bad cell costs the file */
    /* in place of errors: told of each row that is left out; a status but 0 ends the reading */
    int (*left_out)(void *context, const struct stream_file_left_out *row);
    void          *context;
    struct sheet  *opened; /* NULL: the bytes are opened as `sheet` says; else read this one, from its first row */
    const uint8_t *roles;  /* NULL: columns says; else the roles of its columns, for STREAM_FILE_UNSAID too */
};

struct stream_file_series {
    const char *name; /* "" in a file without series */
    size_t      first, num;
};

struct stream_file {
    struct stream_file_series *series; /* by name */
    size_t                     num_series;
    struct stream_value       *values; /* of each series sorted; layers are 0 */
    size_t                     num_values, num_blank;
    size_t                     num_bad;    /* rows that were left out and written to options.errors */
    size_t                     num_joined; /* values that were added up or averaged into another */
    char                      *text;
};

/* What the columns of a header would be taken for; roles: one a cell. False: date or value is not among them, and it is
 * no table of counts as far as names say. *wastewater: it is the layout of NWSS. */
bool stream_file_propose(const struct sheet_row *header, uint8_t *roles, bool *wastewater);

/* Returns 0, BASE_ERR_INPUT with faults, or TOC_ERR_NO_MEMORY; file is untouched on failure, else stream_file_free. */
int  stream_file_read(const void *bytes, size_t size, const char *name, const struct stream_file_options *options,
                      struct fault_list *faults, struct stream_file *file);
void stream_file_free(struct stream_file *file);

#endif
