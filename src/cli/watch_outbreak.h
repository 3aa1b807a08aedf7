/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli/watch_outbreak.h: what `tocsin watch` does with outbreaks, and its summary of signals. */
#ifndef CLI_WATCH_OUTBREAK_H
#define CLI_WATCH_OUTBREAK_H

#include "cli/command.h"
#include "store/node.h"
#include "tocsin/date.h"

struct watch_outbreak_settings {
    const char *signal, *reason, *number, *disease, *name, *emergence; /* NULL = not given */
    const char *area;                                                  /* a code */
    const char *since;                                                 /* a day */
    toc_date    today;
};

/* open; mark ID WHAT [DAY | drops-out]; show ID. Prints JSON; returns an exit code. */
int watch_outbreak(const struct cli_command *command, struct node *node, const struct access *who,
                   const struct watch_outbreak_settings *settings, char *const *operands, int num_operands);

/* Does that write? */
bool watch_outbreak_writes(char *const *operands, int num_operands);

#define WATCH_SUMMARY_DAYS 28 /* where `since` is not given */
int watch_summary(const struct cli_command *command, struct node *node, const struct access *who,
                  const struct watch_outbreak_settings *settings);

#endif
