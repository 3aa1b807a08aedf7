/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/time_zone.h"
#include "cli/audit_receipts.h"
#include "cli/cmd.h"
#include "cli/command.h"
#include "cli/node_options.h"
#include "store/check.h"

struct settings {
    struct node_cli_settings node;
    const char              *receipts;
    bool                     quiet;
};

static const struct cli_option check_options[] = {
    { .name = "receipts",
      .letter = 'r',
      .value = "FILE",
      .kind = CLI_TEXT,
      .offset = offsetof(struct settings, receipts),
      .completion = CLI_COMPLETE_FILE,
      .meaning = "Receipts of the audit chain ('tocsin audit head'), a line each, that the chain must contain." },
    { .name = "quiet",
      .letter = 'q',
      .kind = CLI_FLAG,
      .offset = offsetof(struct settings, quiet),
      .meaning = "Print only what is wrong." },
};

static const struct cli_group groups[] = {
    { .title = "Check", .options = check_options, .num_options = sizeof check_options / sizeof *check_options },
    { .title = "Node", .options = node_options, .num_options = 1, .offset = offsetof(struct settings, node) },
};

static void tell(void *context, const struct check_finding *finding)
{
    const struct settings *settings = context;
    if (finding->wrong > 0)
        printf("WRONG  %s: %" PRId64 " of %" PRId64 "\n       %s\n", finding->what, finding->wrong, finding->looked,
               finding->remedy);
    else if (!settings->quiet)
        printf("good   %s (%" PRId64 ")\n", finding->what, finding->looked);
}

static int run(const struct cli_command *command, int argc, char **argv)
{
    struct settings    settings = { .node = NODE_CLI_SETTINGS_INIT };
    struct node_opened opened;
    struct audit_heads heads = { 0 };
    struct db_error    error = { 0 };
    int64_t            wrong = 0;
    char               zone[TIME_ZONE_BYTES];
    int                first, exit_code = cli_parse(command, argc, argv, &settings, &first);
    if (exit_code >= 0)
        return exit_code;
    if (first < argc)
        return cli_complain(command, CLI_USE, "no operand is wanted; found '%s'", argv[first]);
    exit_code = node_options_read(command, &settings.node, &opened);
    if (exit_code != CLI_DONE)
        return exit_code;
    if (!settings.quiet) {
        time_zone_name(zone);
        printf("Days and hours are those of the time zone %s%s.\n", zone,
               opened.settings.time_zone[0] != '\0' ? "" : " (the machine's: the node's settings name none)");
    }
    if (settings.receipts != NULL)
        exit_code = audit_heads_read(command, opened.keeper, settings.receipts, &heads);
    if (exit_code == CLI_DONE) {
        struct check_options options = { .heads = heads.heads,
                                         .num_heads = heads.num,
                                         .keeper = opened.keeper,
                                         .county_depth = (unsigned) opened.settings.county_depth,
                                         .telephone_country = (unsigned) opened.settings.telephone_country,
                                         .tell = tell,
                                         .context = &settings };
        int                  status = store_check(opened.db, &options, &wrong, &error);
        if (status != 0)
            exit_code = cli_complain(command, CLI_MACHINE, "%s", error.what);
        else if (wrong > 0)
            exit_code = cli_complain(command, CLI_INPUT, "%" PRId64 " finding%s", wrong, wrong == 1 ? "" : "s");
        else
            puts("The database is whole.");
    }
    free(heads.heads);
    node_options_close(&opened);
    return cli_finish_stdout(command, exit_code);
}

static const char *const        usage[] = { "[OPTION]...", NULL };
static const struct cli_example examples[] = {
    { "tocsin check", "is everything as the store left it?" },
    { "tocsin check --receipts receipts.txt", "and does the audit chain hold what was given out on paper?" },
    { NULL, NULL },
};

const struct cli_command cli_command_check = {
    .name = "check",
    .summary = "check that a node's database is whole",
    .usage = usage,
    .text = "Looks at the database's own structure, reads every row of every record, follows every reference, looks "
            "for the "
            "key of whatever is sealed, counts everything anew and compares it with the counters, makes everybody's "
            "search tokens anew in memory and compares them, and walks the whole audit chain. It changes nothing, "
            "shows no value of any record, and may run while the node works.\n\n"
            "Ends with 0 where all is well and with 1 where something is wrong; each finding says what to do.",
    .groups = groups,
    .num_groups = sizeof groups / sizeof *groups,
    .examples = examples,
    .run = run,
};
