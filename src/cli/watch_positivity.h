/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli/watch_positivity.h: the verb positivity of `tocsin watch`. */
#ifndef CLI_WATCH_POSITIVITY_H
#define CLI_WATCH_POSITIVITY_H

#include "cli/command.h"
#include "model/access.h"
#include "store/node.h"

struct watch_positivity_settings {
    const char *by;
    long        window; /* -1: not said */
};
#define WATCH_POSITIVITY_NUM_OPTIONS 2
extern const struct cli_option watch_positivity_options[WATCH_POSITIVITY_NUM_OPTIONS];

/* Make the streams of CODE, the only operand; prints their ids. Returns an exit code. */
int watch_positivity(const struct cli_command *command, struct node *node, const struct access *who,
                     const struct watch_positivity_settings *settings, const char *disease, const char *area,
                     const char *period, char *const *operands, int num_operands);

#endif
