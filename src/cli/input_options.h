/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli/input_options.h: how every command on counts reads them.
 *
 * A command puts struct input_settings into its own settings, begins it with INPUT_SETTINGS_INIT, and names its group
 * of options with CLI_GROUP_INPUT(offset). After cli_parse:
 *
 *     struct counts_reader *reader = NULL;
 *     int exit_code = input_open(command, &settings.input, argv + first, argc - first, &faults, &reader);
 *     if (exit_code != CLI_DONE)
 *         return exit_code;    (the faults have been shown)
 */
#ifndef CLI_INPUT_OPTIONS_H
#define CLI_INPUT_OPTIONS_H

#include "base/fault.h"
#include "cli/command.h"
#include "formats/counts.h"

struct input_settings {
    const char *columns;   /* "date=Datum,count=n"; NULL = as they are called */
    int         step;      /* enum date_step; 0 = recognised */
    int         missing;   /* enum counts_missing */
    int         separator; /* index into input_separators */
};
#define INPUT_SETTINGS_INIT                                                                                            \
    {                                                                                                                  \
        .columns = NULL                                                                                                \
    }
#define CLI_GROUP_INPUT(where)                                                                                         \
    {                                                                                                                  \
        .title = "Input", .options = input_options, .num_options = INPUT_NUM_OPTIONS, .offset = (where)                \
    }
#define INPUT_NUM_OPTIONS 4
extern const struct cli_option input_options[INPUT_NUM_OPTIONS];

/* The paragraph on files that a command's text ends with. */
#define INPUT_TEXT                                                                                                     \
    "FILE is CSV or TSV in UTF-8 with a header line and the columns date and count, optionally series (many series "   \
    "in one file), population and imported; several files are read as one, and - or no FILE is standard input. Dates " \
    "are days (2024-02-26), ISO weeks (2024-W09), the first days of weeks, or months (2024-02). All faults of all "    \
    "files are found, and listed, before anything is written."

/* Open the files (none: standard input) and check them whole. Faults are written to standard error. */
int input_open(const struct cli_command *command, const struct input_settings *settings, char *const *files,
               int num_files, struct fault_list *faults, struct counts_reader **reader);

/* Show what the list holds and empty it; answers the exit code for a status of the room formats. */
int input_report(const struct cli_command *command, int status, struct fault_list *faults);

#endif
