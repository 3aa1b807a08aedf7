/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/audit_receipts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/memory.h"

/* NULL = it is to be believed. */
static const char *refuse(struct keeper *keeper, const struct audit_receipt *receipt)
{
    uint8_t             own[KEEPER_PUBLIC_BYTES];
    struct keeper_error error;
    if (audit_receipt_check(receipt) != 0)
        return "the signature does not fit";
    int status = keeper_public_key(keeper, receipt->signature.generation, own, &error);
    if (status == KEEPER_ERR_GENERATION)
        return NULL; /* a key that is gone; whoever kept the line knows where it came from */
    if (status != 0)
        return error.status == 0 ? "the keeper does not answer" : "the keeper cannot tell this node's key";
    return memcmp(own, receipt->public_key, sizeof own) == 0 ? NULL : "it was signed by another node";
}

static int add(struct audit_heads *heads, const struct audit_head *head)
{
    struct audit_head *grown =
        heads->num < AUDIT_RECEIPTS_MOST ? memory_resize(heads->heads, heads->num + 1, sizeof *grown) : NULL;
    if (grown == NULL)
        return -1;
    heads->heads = grown;
    heads->heads[heads->num++] = *head;
    return 0;
}

static int read_lines(FILE *stream, const char *file, struct keeper *keeper, struct audit_heads *heads,
                      struct fault_list *faults)
{
    char text[AUDIT_RECEIPT_BYTES + 2];
    for (uint64_t line = 1; fgets(text, sizeof text, stream) != NULL; line++) {
        struct fault_place   place = { .file = file, .line = line };
        struct audit_receipt receipt;
        size_t               size = strcspn(text, "\r\n");
        if (size == 0)
            continue;
        const char *wrong = NULL;
        if (audit_receipt_from_text(text, size, &receipt) != 0)
            wrong = "is no receipt";
        else
            wrong = refuse(keeper, &receipt);
        if (wrong != NULL)
            fault_add(faults, place, "a line that 'tocsin audit head' of this node printed", "%s", wrong);
        else if (add(heads, &receipt.head) != 0)
            return -1;
    }
    return ferror(stream) ? -1 : 0;
}

int audit_heads_read(const struct cli_command *command, struct keeper *keeper, const char *file,
                     struct audit_heads *heads)
{
    bool               standard_input = strcmp(file, "-") == 0;
    struct fault_list  faults = FAULT_LIST_INIT;
    struct audit_heads read = { 0 };
    FILE              *stream = standard_input ? stdin : fopen(file, "re");
    if (stream == NULL)
        return cli_complain(command, CLI_MACHINE, "%s: %s", file, strerror(errno));
    int exit_code = CLI_DONE;
    if (read_lines(stream, standard_input ? "standard input" : file, keeper, &read, &faults) != 0)
        exit_code = cli_complain(command, CLI_MACHINE, "%s: cannot be read whole", file);
    if (!standard_input)
        fclose(stream);
    if (faults.num_all > 0) {
        fault_list_write(&faults, stderr);
        exit_code = cli_complain(command, CLI_INPUT, "receipts that cannot be believed");
    }
    fault_list_free(&faults);
    if (exit_code == CLI_DONE)
        *heads = read;
    else
        free(read.heads);
    return exit_code;
}
