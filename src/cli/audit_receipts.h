/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli/audit_receipts.h: a file of receipts (store/audit_receipt.h), read and believed only where this node signed them.
 */
#ifndef CLI_AUDIT_RECEIPTS_H
#define CLI_AUDIT_RECEIPTS_H

#include "cli/command.h"
#include "store/audit_receipt.h"

#define AUDIT_RECEIPTS_MOST 1000000

struct audit_heads {
    struct audit_head *heads; /* num; free() them */
    size_t             num;
};

/* Read the receipts of a file ("-" = standard input), a line each; empty lines are passed over. Each must carry a good
 * signature by a key of this node, where the node still has that generation. Returns CLI_DONE, or an exit code after
 * telling every faulty line. */
int audit_heads_read(const struct cli_command *command, struct keeper *keeper, const char *file,
                     struct audit_heads *heads);

#endif
