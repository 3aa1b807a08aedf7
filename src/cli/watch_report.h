/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli/watch_report.h: `tocsin watch report WHAT`: somebody called, and this writes down what they said. How they may be
 * asked again is not an option: what stands in a command line is seen by every user of the machine. */
#ifndef CLI_WATCH_REPORT_H
#define CLI_WATCH_REPORT_H

#include "cli/command.h"
#include "model/model.h"
#include "store/node.h"
#include "tocsin/date.h"

struct watch_report_settings {
    const char *place, *source, *syndrome;
    toc_date    began;
    long        num_ill, num_died, num_animals; /* -1 = not given */
};
#define WATCH_REPORT_SETTINGS_INIT                                                                                     \
    {                                                                                                                  \
        .began = MODEL_MISSING_DATE, .num_ill = -1, .num_died = -1, .num_animals = -1                                  \
    }

#define WATCH_REPORT_NUM_OPTIONS 7
extern const struct cli_option watch_report_options[WATCH_REPORT_NUM_OPTIONS];

/* area: a code. Prints {"id":…,"receipt":…}; returns an exit code. */
int watch_report(const struct cli_command *command, struct node *node, const struct access *who,
                 const struct watch_report_settings *settings, const char *area, char *const *operands,
                 int num_operands);

#endif
