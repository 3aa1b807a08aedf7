/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <string.h>

#include "base/instant.h"
#include "cli/cmd.h"
#include "cli/command.h"
#include "cli/node_options.h"
#include "store/backup.h"
#include "store/erasure_list.h"

struct settings {
    struct node_cli_settings node;
    const char              *to;
    bool                     if_due;
};

static const struct cli_option backup_options[] = {
    { .name = "to",
      .value = "DIR",
      .initial = "backup_to of the node's settings",
      .kind = CLI_TEXT,
      .offset = offsetof(struct settings, to),
      .completion = CLI_COMPLETE_FILE,
      .meaning = "Where the backup goes: best a directory on another machine." },
    { .name = "if-due",
      .kind = CLI_FLAG,
      .offset = offsetof(struct settings, if_due),
      .meaning = "Only if the newest backup there is backup_every_hours old: for a timer that asks often." },
};

static const struct cli_group groups[] = {
    { .title = "Backup", .options = backup_options, .num_options = sizeof backup_options / sizeof *backup_options },
    { .title = "Node", .options = node_options, .num_options = 1, .offset = offsetof(struct settings, node) },
};

static int complain(const struct cli_command *command, const struct db_error *error)
{
    return cli_complain(command, CLI_MACHINE, "%s", error->what);
}

static bool is_due(const struct node_settings *node, const char *directory, int64_t now)
{
    struct backup newest;
    return backup_newest(directory, &newest, NULL) != 0 || newest.at == INSTANT_MISSING ||
           now - newest.at >= node->backup_every_hours * 3600 * INSTANT_SECOND;
}

/* What has passed its time: old backups, and the keys that only they could use. */
static int tidy(const struct cli_command *command, const struct node_opened *opened, const char *directory, int64_t now)
{
    struct db_error error = { 0 };
    size_t          deleted, destroyed;
    if (backup_expire(directory, now, opened->settings.backup_keep_days, &deleted, &error) != 0 ||
        backup_destroy_keys(opened->db, opened->keeper, now, &destroyed, &error) != 0)
        return complain(command, &error);
    if (deleted > 0)
        printf("%zu backup%s older than %" PRId64 " days deleted\n", deleted, deleted == 1 ? "" : "s",
               opened->settings.backup_keep_days);
    if (destroyed > 0)
        printf("%zu generation%s of keys destroyed: what only older backups hold can no longer be read\n", destroyed,
               destroyed == 1 ? "" : "s");
    return CLI_DONE;
}

/* The list of who was erased, beside the backups: as new as this hour, whatever the age of the backups. */
static int keep_list(const struct cli_command *command, const struct node_opened *opened, const char *directory)
{
    struct backup       list = { .at = INSTANT_MISSING };
    struct keeper_error error = { 0 };
    struct db_error     failure = { 0 };
    bool                written = false;
    if (erasure_list_keep(directory, opened->keeper, &written, &error) != 0)
        return cli_complain(command, CLI_MACHINE, "%s", error.what);
    snprintf(list.path, sizeof list.path, "%s/%s", directory, ERASURE_LIST_FILE);
    if (written && *opened->settings.backup_send != '\0' &&
        backup_send(&list, opened->settings.backup_send, &failure) != 0)
        return complain(command, &failure);
    return CLI_DONE;
}

static int make(const struct cli_command *command, const struct node_opened *opened, const struct settings *settings)
{
    const char           *directory = settings->to != NULL ? settings->to : opened->settings.backup_to;
    struct backup         backup;
    struct db_error       error = { 0 };
    int64_t               now = instant_now();
    struct backup_options options = { .directory = directory, .now = now };
    if (*directory == '\0')
        return cli_complain(command, CLI_USE, "where to? give --to DIR, or set backup_to in the node's settings");
    if (settings->if_due && !is_due(&opened->settings, directory, now))
        return keep_list(command, opened, directory);
    if (backup_make(opened->db, opened->keeper, &options, &backup, &error) != 0)
        return complain(command, &error);
    printf("%s: %" PRIu64 " rows of %zu tables, %.1f MB, %.1f seconds\n", backup.path, backup.summary.rows,
           backup.summary.tables, 1e-6 * (double) backup.summary.bytes,
           (double) (instant_now() - now) / INSTANT_SECOND);
    int exit_code = keep_list(command, opened, directory);
    if (*opened->settings.backup_send != '\0' && backup_send(&backup, opened->settings.backup_send, &error) != 0)
        exit_code = complain(command, &error);
    if (exit_code == CLI_DONE)
        exit_code = tidy(command, opened, directory, now);
    return exit_code;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
    struct settings    settings = { .node = NODE_CLI_SETTINGS_INIT };
    struct node_opened opened;
    int                first, exit_code = cli_parse(command, argc, argv, &settings, &first);
    if (exit_code >= 0)
        return exit_code;
    if (first < argc)
        return cli_complain(command, CLI_USE, "no operand is wanted; found '%s'", argv[first]);
    exit_code = node_options_read(command, &settings.node, &opened);
    if (exit_code != CLI_DONE)
        return exit_code;
    exit_code = make(command, &opened, &settings);
    node_options_close(&opened);
    return cli_finish_stdout(command, exit_code);
}

static const char *const        usage[] = { "[OPTION]...", NULL };
static const struct cli_example examples[] = {
    { "tocsin backup --to /media/backup", "a backup now, while the node works" },
    { "tocsin backup --if-due --to backups", "from a timer: when backup_every_hours have passed" },
    { "tocsin restore --rehearse /media/backup/tocsin-20261122T020000Z.backup", "prove that it can be restored" },
    { NULL, NULL },
};

const struct cli_command cli_command_backup = {
    .name = "backup",
    .summary = "make a backup of a node while it works",
    .usage = usage,
    .text =
        "Writes everything that the database holds at one moment into one checked, compressed file, and beside it a "
        "signed receipt of the audit trail. The file gets its name when it is whole.\n\n"
        "A backup holds no key of the node, so names, numbers and addresses in it stay closed to whoever finds it. "
        "Keep "
        "the recovery copy of the keys ('tocsin keeper seal-recovery') somewhere else: without keys a backup has no "
        "identities.\n\n"
        "Beside it lies tocsin.erasures, the signed list of who was erased (ids, no names), which is brought up to "
        "date "
        "with every run, also where no backup is due: a restore forgets these again.\n\n"
        "Then the command of backup_send gets the file on its standard input, with its name in TOCSIN_BACKUP, to carry "
        "it to another site; backups older than backup_keep_days are deleted, never the newest; and generations of "
        "keys "
        "that only such backups could use are destroyed.",
    .groups = groups,
    .num_groups = sizeof groups / sizeof *groups,
    .examples = examples,
    .run = run,
};
