/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli/release_file.h: a table that was published before, as `tocsin suppress` wrote it: CSV with the columns area,
 * date, count; an empty count was left out. */
#ifndef CLI_RELEASE_FILE_H
#define CLI_RELEASE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/date_text.h"
#include "base/fault.h"
#include "cli/command.h"

struct release_row {
    const char *area, *date; /* as they stand there */
    double      count;       /* NaN: left out */
    toc_date    day;
};

/* {0} is one in which nothing was published. */
struct release {
    struct release_row *rows; /* in the order of the file */
    size_t              num_rows, room;
    struct arena        arena;
};

/* Returns an exit code; faults have been shown. */
int release_read(const struct cli_command *command, const char *path, struct fault_list *faults,
                 struct release *release);

void release_free(struct release *release);

/* Was the period of this date published? */
bool release_has(const struct release *release, toc_date date);

#endif
