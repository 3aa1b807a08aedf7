/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli/cmd_watch.h: `tocsin watch`, done by a server for another process (cli/forward.h). */
#ifndef CLI_CMD_WATCH_H
#define CLI_CMD_WATCH_H

#include <stdio.h>

struct node;

/* node: open, with a writer. */
int cmd_watch_forwarded(struct node *node, int num, char **words, FILE *out, FILE *messages);

#endif
