/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli/output_options.h: where every command's results go, and in which format.
 *
 * A command puts struct output_settings into its own settings, begins it with OUTPUT_SETTINGS_INIT, and names its group
 * of options with CLI_GROUP_OUTPUT(offset). After cli_parse:
 *
 *     struct output output;
 *     exit_code = output_begin(command, &settings.output, columns, num_columns, &output);
 *     if (exit_code != CLI_DONE)
 *         return exit_code;
 *     … rows_text(&output.rows, …); rows_number(…); rows_end_row(…) …
 *     return output_finish(command, &output);
 */
#ifndef CLI_OUTPUT_OPTIONS_H
#define CLI_OUTPUT_OPTIONS_H

#include "base/sink.h"
#include "cli/command.h"
#include "formats/rows.h"

struct output_settings {
    int         format; /* enum rows_format; -1: a table on a terminal, else CSV */
    const char *path;   /* NULL or "-" = standard output */
    const char *plot;   /* path of an SVG; NULL = none */
};
#define OUTPUT_SETTINGS_INIT                                                                                           \
    {                                                                                                                  \
        .format = -1                                                                                                   \
    }
#define CLI_GROUP_OUTPUT(where)                                                                                        \
    {                                                                                                                  \
        .title = "Output", .options = output_options, .num_options = OUTPUT_NUM_OPTIONS, .offset = (where)             \
    }
#define OUTPUT_NUM_OPTIONS 3 /* a command without plot gives 2: plot is the last */
extern const struct cli_option output_options[OUTPUT_NUM_OPTIONS];

struct output {
    struct sink sink;
    struct rows rows;
    const char *path; /* for messages */
};

/* Open the output and begin its rows. Complains and answers an exit code other than CLI_DONE where that fails. */
int output_begin(const struct cli_command *command, const struct output_settings *settings,
                 const struct rows_column *columns, size_t num_columns, struct output *output);

/* True where nothing written any more can arrive (disk full, reader gone): a long command may stop early. */
bool output_has_failed(const struct output *output);

/* Write what waits and put a file in its place. Does not return where the reader went away. */
int output_finish(const struct cli_command *command, struct output *output);

/* Give up: an output file is left as it was. */
void output_abandon(struct output *output);

/* Say why a sink failed: "tocsin detect: out.csv: No space left on device". Returns CLI_MACHINE; does not return where
 * standard output's reader went away. */
int output_complain(const struct cli_command *command, const char *path, int failure);

#endif
