/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli/record_file.h: records from a file (CSV, TSV, XLSX, else NDJSON), submitted many at a time. */
#ifndef CLI_RECORD_FILE_H
#define CLI_RECORD_FILE_H

#include "cli/command.h"
#include "store/node.h"

#define RECORD_FILE_WINDOW 256 /* requests that may be under way at once */

/* Create (or change) the record of each row; "-" is standard input. Each row stands for itself: a faulty one is told
 * with its place, the others are written. Prints {"id":…,"version":…} of each that is durable, in the order of the
 * rows. Returns an exit code. */
int record_file_submit(const struct cli_command *command, struct node *node, const struct access *who,
                       const struct model_record *record, const char *file, bool change);

#endif
