/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/instant.h"
#include "cli/audit_receipts.h"
#include "cli/cmd.h"
#include "cli/command.h"
#include "cli/node_options.h"

struct settings {
    struct node_cli_settings node;
};

static const struct cli_group groups[] = {
    { .title = "Node", .options = node_options, .num_options = 1, .offset = offsetof(struct settings, node) },
};

static int print_head(const struct cli_command *command, const struct node_opened *opened)
{
    struct audit_head    head;
    struct audit_receipt receipt;
    struct keeper_error  keeper_error = { 0 };
    struct db_error      error = { 0 };
    char                 text[AUDIT_RECEIPT_BYTES];
    if (audit_read_head(opened->db, &head, &error) != 0)
        return cli_complain(command, CLI_MACHINE, "%s", error.what);
    if (head.number == 0)
        return cli_complain(command, CLI_INPUT, "the audit trail is empty");
    if (audit_receipt_make(opened->keeper, &head, &receipt, &keeper_error) != 0)
        return cli_complain(command, CLI_MACHINE, "%s", keeper_error.what);
    audit_receipt_to_text(&receipt, text);
    puts(text);
    return CLI_DONE;
}

static int verify(const struct cli_command *command, const struct node_opened *opened, char **files, int num_files)
{
    static const char *const verdicts[] = { [AUDIT_CHANGED] = "an entry was changed",
                                            [AUDIT_MISSING] = "an entry is missing",
                                            [AUDIT_SHORTENED] = "entries at the end are missing: a receipt names one",
                                            [AUDIT_OTHER_HEAD] = "this is not the chain that a receipt was given for" };
    struct audit_heads       heads = { 0 };
    struct audit_result      result;
    struct db_error          error = { 0 };
    char                     at[INSTANT_TEXT_BYTES];
    if (num_files > 0) {
        int exit_code = audit_heads_read(command, opened->keeper, files[0], &heads);
        if (exit_code != CLI_DONE)
            return exit_code;
    }
    int    status = audit_verify(opened->db, heads.heads, heads.num, &result, &error);
    size_t num_heads = heads.num;
    free(heads.heads);
    if (status != 0)
        return cli_complain(command, CLI_MACHINE, "%s", error.what);
    if (result.verdict != AUDIT_WHOLE)
        return cli_complain(command, CLI_INPUT,
                            "entry %" PRId64 ": %s. Keep this database as it is and tell the data-protection officer",
                            result.number, verdicts[result.verdict]);
    instant_to_text(result.head.at, at);
    printf("%" PRId64 " entries, up to %s: whole", result.entries, result.entries > 0 ? at : "-");
    printf(num_heads > 0 ? ", and %zu receipt%s found in it\n" : "; no receipts were given to compare it with\n",
           num_heads, num_heads == 1 ? "" : "s");
    return CLI_DONE;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
    struct settings    settings = { .node = NODE_CLI_SETTINGS_INIT };
    struct node_opened opened;
    int                first, exit_code = cli_parse(command, argc, argv, &settings, &first);
    if (exit_code >= 0)
        return exit_code;
    const char *verb = first < argc ? argv[first] : "";
    bool        is_head = strcmp(verb, "head") == 0;
    if (!is_head && strcmp(verb, "verify") != 0)
        return cli_complain(command, CLI_USE, "what is to be done? allowed: head, verify");
    if (argc - first - 1 > (is_head ? 0 : 1))
        return cli_complain(command, CLI_USE, "%s: too many operands", verb);
    exit_code = node_options_read(command, &settings.node, &opened);
    if (exit_code != CLI_DONE)
        return exit_code;
    exit_code = is_head ? print_head(command, &opened) : verify(command, &opened, argv + first + 1, argc - first - 1);
    node_options_close(&opened);
    return cli_finish_stdout(command, exit_code);
}

static const char *const        usage[] = { "head [OPTION]...", "verify [OPTION]... [RECEIPTS]", NULL };
static const struct cli_example examples[] = {
    { "tocsin audit head | tee -a receipts.txt", "give the newest head out, signed; every hour" },
    { "tocsin audit verify receipts.txt", "is the trail whole, and is it the one that was given out?" },
    { NULL, NULL },
};

const struct cli_command cli_command_audit = {
    .name = "audit",
    .summary = "give out the signed head of the audit trail, and verify the trail",
    .usage = usage,
    .text =
        "Everything that is done in a node stands in its audit trail: who, in which role, for which purpose, to which "
        "records, when. Each entry holds a hash of the one before, so that none can be changed or left out unseen by "
        "anybody who keeps a later one.\n\n"
        "head prints the newest as a signed line. Let something that this machine cannot change keep it: a log server, "
        "another node, paper.\n\n"
        "verify walks the whole trail; with RECEIPTS (a file of such lines, - is standard input) it also proves that "
        "the "
        "trail holds each of them. Ends with 1 where it does not.",
    .groups = groups,
    .num_groups = sizeof groups / sizeof *groups,
    .examples = examples,
    .run = run,
};
