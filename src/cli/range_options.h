/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli/range_options.h: which dates a command on counts answers for. What lies before them is used all the same.
 *
 * A command puts struct range_settings into its own settings and names its group of options with
 * CLI_GROUP_RANGE(offset). Once the reader is open, range_choose() makes two dates of them.
 */
#ifndef CLI_RANGE_OPTIONS_H
#define CLI_RANGE_OPTIONS_H

#include "cli/command.h"
#include "formats/counts.h"

struct range_settings {
    long     last; /* 0 = not given */
    toc_date from, to;
    bool     has_from, has_to;
};
#define CLI_GROUP_RANGE(where)                                                                                         \
    {                                                                                                                  \
        .title = "Which dates are written", .options = range_options, .num_options = RANGE_NUM_OPTIONS,                \
        .offset = (where)                                                                                              \
    }
#define RANGE_NUM_OPTIONS 3
extern const struct cli_option range_options[RANGE_NUM_OPTIONS];

/* Both ends of the dates wanted, TOC_DATE_MIN and TOC_DATE_MAX where they are open. Complains, and answers CLI_USE,
 * where the options exclude each other or the counts have no such date. */
int range_choose(const struct cli_command *command, const struct range_settings *settings,
                 const struct counts_summary *summary, toc_date *from, toc_date *to);

/* Read the date of an option. ISO weeks and months count whole: is_end takes their last day, else their first. Returns
 * NULL, or what would have been allowed, as the `set` of an option does. */
const char *range_date(const char *value, bool is_end, toc_date *date);

/* Series without a count in the dates wanted: a place that stopped reporting must not look like one where nothing
 * happens. */
#define RANGE_MAX_NAMES 5
struct range_absent {
    uint64_t num;
    char     name[RANGE_MAX_NAMES][COUNTS_MAX_NAME + 1]; /* the first ones */
};
void range_absent_add(struct range_absent *absent, const char *name);
void range_absent_warn(const struct range_absent *absent, const struct cli_command *command);

#endif
