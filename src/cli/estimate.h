/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli/estimate.h: what commands that estimate something in sliding windows share (rt, growth): reading series by
 * series, choosing the windows, the rows' first columns series, start, end, the plot.
 */
#ifndef CLI_ESTIMATE_H
#define CLI_ESTIMATE_H

#include "cli/command.h"
#include "cli/estimate_plot.h"
#include "cli/input_options.h"
#include "cli/output_options.h"
#include "cli/range_options.h"
#include "tocsin/reproduction.h"

#define ESTIMATE_MAX_WINDOW 366

struct window_settings {
    long length; /* steps; 0 = the command's own choice */
};
#define CLI_GROUP_WINDOWS(where)                                                                                       \
    {                                                                                                                  \
        .title = "Windows", .options = window_options, .num_options = WINDOW_NUM_OPTIONS, .offset = (where)            \
    }
#define WINDOW_NUM_OPTIONS 1
extern const struct cli_option window_options[WINDOW_NUM_OPTIONS];

/* The columns that every row begins with. */
#define ESTIMATE_COLUMNS                                                                                               \
    { .name = "series" }, { .name = "start" },                                                                         \
    {                                                                                                                  \
        .name = "end"                                                                                                  \
    }

/* One series and its windows. */
struct estimate_series {
    const struct counts_series *counts;
    struct toc_incidence        incidence;
    const struct toc_window    *windows;
    size_t                      num_windows;
};

struct estimate_job {
    const struct cli_command         *command;
    const struct range_settings      *range; /* a window belongs to its last date */
    const struct output_settings     *output;
    size_t                            length; /* of a window, steps */
    const struct rows_column         *columns;
    size_t                            num_columns;
    const struct estimate_plot_words *words;
    void                             *context;
    /* Room for the estimates of num_windows windows; called once with the most that one series has. 0 or
     * TOC_ERR_NO_MEMORY. */
    int (*prepare)(void *context, const struct counts_summary *summary, size_t num_windows);
    /* Estimate in all windows of a series. A status of libtocsin. */
    int (*estimate)(void *context, const struct estimate_series *series, struct toc_error *error);
    /* Write the columns behind series, start, end of window i; middle, low and high go to the plot, NaN = not shown. */
    void (*write)(void *context, const struct estimate_series *series, size_t i, struct rows *rows, double *middle,
                  double *low, double *high);
};

/* From the open reader to the last byte of output. Returns an enum cli_exit. */
int estimate_run(const struct estimate_job *job, struct counts_reader *reader, struct fault_list *faults);

/* "not shown: …" for a reason, or "". */
#define ESTIMATE_NOTE_BYTES 120
void estimate_note(enum toc_reason reason, char note[ESTIMATE_NOTE_BYTES]);

#endif
