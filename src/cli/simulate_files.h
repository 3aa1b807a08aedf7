/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli/simulate_files.h: the files of a folder that hold what was simulated.
 *
 *     series.csv       one row a scenario, seed, day, area and age group (or less: enum simulate_detail); one column a
 *                      column of tocsin/simulation_parameters.def
 *     runs.csv         one row a scenario and seed: the statistics of the run
 *     fans.csv         one row a scenario, day and curve: mean and quantiles over the runs
 *     summary.csv      one row a statistic; or comparison.csv, with two scenarios
 *     report.svg       the same as pictures and a table; areas.svg: infections by area
 *     infections.csv   or .ndjson, on demand: one row an infection, with the person who infected: line list and tree
 *
 * Each appears whole or not at all. Everything but infections is small or streams.
 */
#ifndef CLI_SIMULATE_FILES_H
#define CLI_SIMULATE_FILES_H

#include "cli/command.h"
#include "cli/output_options.h"
#include "cli/simulate_report.h"
#include "cli/simulate_run.h"

enum simulate_detail { SIMULATE_FULL, SIMULATE_BY_AREA, SIMULATE_BY_AGE, SIMULATE_TOTAL, SIMULATE_NO_SERIES };
extern const char *const simulate_detail_words[]; /* in the order of the enum, then NULL */

struct simulate_files {
    const struct cli_command *command;
    const char               *folder; /* NULL = nothing is written */
    enum simulate_detail      detail;
    int                       line_list; /* enum rows_format; -1 = none */
    struct sink               series, infections;
    struct rows               lines; /* of infections */
    bool                      series_open, infections_open;
    char                      series_path[4200], infections_path[4200];
};

/* Make the folder where it is not there and open what streams. Complains; answers an enum cli_exit. */
int simulate_files_open(struct simulate_files *files);

/* Add a run of the scenario of this name. Complains where it cannot be written (disk full). */
int simulate_files_add(struct simulate_files *files, const char *name, const struct scenario *scenario,
                       const struct simulate_run *run);

/* Put what streamed in its place and write the rest. num: 1, or 2 scenarios to be compared. */
int simulate_files_finish(struct simulate_files *files, const struct simulate_ensemble *ensembles,
                          const char *const *names, size_t num);

/* Leave older files as they were. After simulate_files_finish it does nothing. */
void simulate_files_abandon(struct simulate_files *files);

/* The table of one scenario or the comparison of two as rows of results. Returns 0 or TOC_ERR_NO_MEMORY. */
int simulate_write_summary(struct rows *rows, const struct simulate_ensemble *ensembles, size_t num);
const struct rows_column *simulate_summary_columns(size_t num, size_t *num_columns);

#endif
