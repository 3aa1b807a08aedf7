/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/audit_receipts.h"
#include "cli/cmd.h"
#include "cli/command.h"
#include "cli/node_options.h"
#include "store/backup.h"
#include "store/restore.h"

struct settings {
    struct node_cli_settings node;
    bool                     rehearse;
    const char              *erasures;
};

static const struct cli_option restore_options[] = {
    { .name = "rehearse",
      .kind = CLI_FLAG,
      .offset = offsetof(struct settings, rehearse),
      .meaning = "Restore into a database that is thrown away afterwards, beside the node, which works on." },
    { .name = "erasures",
      .value = "FILE",
      .initial = "tocsin.erasures beside the backup",
      .kind = CLI_TEXT,
      .offset = offsetof(struct settings, erasures),
      .completion = CLI_COMPLETE_FILE,
      .meaning = "The newest list of who was erased, where it lies elsewhere." },
};

static const struct cli_group groups[] = {
    { .title = "Restore", .options = restore_options, .num_options = sizeof restore_options / sizeof *restore_options },
    { .title = "Node", .options = node_options, .num_options = 1, .offset = offsetof(struct settings, node) },
};

static void tell_wrong(void *context, const struct check_finding *finding)
{
    (void) context;
    if (finding->wrong > 0)
        printf("WRONG  %s: %" PRId64 " of %" PRId64 "\n", finding->what, finding->wrong, finding->looked);
}

/* The receipt beside the backup proves that the audit trail in it is the one that was signed. */
static int find_receipt(const struct cli_command *command, const struct settings *settings, const char *backup,
                        struct audit_heads *heads)
{
    char               path[BACKUP_PATH_BYTES + 16];
    const char        *end = strrchr(backup, '.');
    struct node_opened opened;
    if (end == NULL || strcmp(end, BACKUP_SUFFIX) != 0)
        return CLI_DONE;
    snprintf(path, sizeof path, "%.*s%s", (int) (end - backup), backup, BACKUP_RECEIPT_SUFFIX);
    if (access(path, R_OK) != 0) {
        cli_complain(command, CLI_DONE,
                     "no receipt beside the backup: whether its audit trail was cut short is unknown");
        return CLI_DONE;
    }
    int exit_code = node_options_keeper(command, &settings->node, &opened);
    if (exit_code != CLI_DONE)
        return exit_code;
    exit_code = audit_heads_read(command, opened.keeper, path, heads);
    node_options_close(&opened);
    return exit_code;
}

static void print_result(const struct restore_result *result)
{
    printf("loaded   %" PRIu64 " rows of %zu tables in %.1f seconds\n", result->summary.rows, result->summary.tables,
           result->load_seconds);
    if (result->list_taken > 0)
        printf("list     %zu persons are on the erasure list beside the backup and were not on this node's\n",
               result->list_taken);
    printf("erased   %" PRIu64 " persons again who had been erased since, in %.1f seconds\n", result->erased_again,
           result->erase_seconds);
    printf("checked  in %.1f seconds: %s\n", result->check_seconds, result->wrong == 0 ? "whole" : "NOT WHOLE");
    printf("together %.1f seconds\n", result->load_seconds + result->erase_seconds + result->check_seconds);
    if (result->erasures_damaged > 0)
        printf("WRONG  %" PRIu64
               " entries of the erasure list beside the keys are damaged: somebody who was erased may "
               "be in this database again. Tell the data-protection officer.\n",
               result->erasures_damaged);
    if (result->list_refused)
        printf(
            "WRONG  the erasure list beside the backup is not believed: %s. Who was erased since this node's own list "
            "was made may be in this database again. Tell the data-protection officer.\n",
            result->list_reason);
    else if (!result->list_found)
        puts("no erasure list lies beside the backup: only this node's own (in the directory of the keys) was applied");
}

static int run_restore(const struct cli_command *command, const struct settings *settings, const char *backup,
                       const char *database)
{
    struct fault_list      faults = FAULT_LIST_INIT;
    struct restore_result  result;
    struct audit_heads     heads = { 0 };
    struct restore_options options = {
        .backup = backup,
        .database = database,
        .erasures = settings->erasures,
        .node = { .directory = settings->node.directory, .program = node_program(), .holder = "tocsin restore" },
        .check = { .tell = tell_wrong }
    };
    int exit_code = find_receipt(command, settings, backup, &heads);
    if (exit_code != CLI_DONE)
        return exit_code;
    options.check.heads = heads.heads;
    options.check.num_heads = heads.num;
    int status = restore(&options, &result, &faults);
    free(heads.heads);
    if (status != 0)
        return node_complain(command, status, &faults);
    fault_list_free(&faults);
    print_result(&result);
    return result.wrong == 0 && result.erasures_damaged == 0 && !result.list_refused ? CLI_DONE : CLI_INPUT;
}

/* In a directory of its own within the node's, which nobody else may read. */
static int rehearse(const struct cli_command *command, const struct settings *settings, const char *backup)
{
    static const char *const files[] = { "", "-wal", "-shm", ".lease", "-journal" };
    char                     directory[NODE_SETTING_BYTES], database[2 * NODE_SETTING_BYTES];
    if (snprintf(directory, sizeof directory, "%s/rehearsal-XXXXXX", settings->node.directory) >=
            (int) sizeof directory - 40 ||
        mkdtemp(directory) == NULL)
        return cli_complain(command, CLI_MACHINE, "no directory for the rehearsal can be made in %s",
                            settings->node.directory);
    snprintf(database, sizeof database, "sqlite:%s/tocsin.db", directory);
    int exit_code = run_restore(command, settings, backup, database);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[2 * NODE_SETTING_BYTES];
        snprintf(path, sizeof path, "%s/tocsin.db%s", directory, files[i]);
        unlink(path);
    }
    if (rmdir(directory) != 0)
        return cli_complain(command, CLI_MACHINE, "%s cannot be removed: remove it", directory);
    return exit_code;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
    struct settings      settings = { .node = NODE_CLI_SETTINGS_INIT };
    struct node_settings node;
    struct fault_list    faults = FAULT_LIST_INIT;
    int                  first, exit_code = cli_parse(command, argc, argv, &settings, &first);
    if (exit_code >= 0)
        return exit_code;
    if (argc - first != 1)
        return cli_complain(command, CLI_USE, "one BACKUP is wanted");
    int status = node_settings_read(settings.node.directory, &node, &faults);
    if (status != 0)
        return node_complain(command, status, &faults);
    exit_code = settings.rehearse ? rehearse(command, &settings, argv[first])
                                  : run_restore(command, &settings, argv[first], node.database);
    return cli_finish_stdout(command, exit_code);
}

static const char *const        usage[] = { "[OPTION]... BACKUP", NULL };
static const struct cli_example examples[] = {
    { "tocsin restore --rehearse /media/backup/tocsin-20261122T020000Z.backup",
      "would it work, and how long would it take?" },
    { "tocsin restore --node new /media/backup/tocsin-20261122T020000Z.backup", "into a node whose database is empty" },
    { NULL, NULL },
};

const struct cli_command cli_command_restore = {
    .name = "restore",
    .summary = "restore a node from a backup, or rehearse it",
    .usage = usage,
    .text =
        "Loads a backup into the node's database, which must be empty; erases again whoever was erased since the "
        "backup "
        "was made (the list lies beside the node's keys, a copy beside the backups); checks everything; and prints how "
        "long each step took.\n\n"
        "On a new machine: 'tocsin keeper recover' brings the keys back from their recovery copy, a tocsin.conf names "
        "the database, then this command. Rehearse both regularly: a backup that was never restored is a hope.",
    .groups = groups,
    .num_groups = sizeof groups / sizeof *groups,
    .examples = examples,
    .run = run,
};
