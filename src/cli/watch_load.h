/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli/watch_load.h: the verbs of `tocsin watch` for numbers that others count: load a file into streams, show what is
 * known of one. */
#ifndef CLI_WATCH_LOAD_H
#define CLI_WATCH_LOAD_H

#include "cli/command.h"
#include "formats/rows.h"
#include "formats/stream_file.h"
#include "model/access.h"
#include "response/stream_load.h"
#include "store/node.h"

struct watch_load_settings {
    struct stream_file_options file;
    struct stream_load_options load;
    int                        many, dates, measure, period;
    toc_date                   known;
    bool                       known_given;
    const char                *encoding, *sheet, *errors;
};
#define WATCH_LOAD_SETTINGS_INIT                                                                                       \
    {                                                                                                                  \
        .period = 1 /* week */                                                                                         \
    }

#define WATCH_LOAD_NUM_OPTIONS 13
extern const struct cli_option watch_load_options[WATCH_LOAD_NUM_OPTIONS];

/* Load the files into streams; today: of the machine's clock or --today. Returns an exit code. */
int watch_load_files(const struct cli_command *command, const struct node *node, const struct access *who,
                     const struct watch_load_settings *settings, toc_date today, char **files, int num_files);

#define WATCH_VALUES_NUM_COLUMNS 4
extern const struct rows_column watch_values_columns[WATCH_VALUES_NUM_COLUMNS];

/* Put the values of the stream with this code into rows, as known on a day. Returns a status of the store. */
int watch_values_put(const struct node *node, const struct access *who, const char *code, toc_date known,
                     struct rows *rows);

#endif
