/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli/cmd_report.h: `tocsin report`, done by a server for another process (cli/forward.h). */
#ifndef CLI_CMD_REPORT_H
#define CLI_CMD_REPORT_H

#include <stdio.h>

#include "store/node.h"

int cmd_report_forwarded(struct node *node, int num, char **words, FILE *out, FILE *messages);

#endif
