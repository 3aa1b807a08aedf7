/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/instant.h"
#include "cli/cmd.h"
#include "cli/command.h"
#include "cli/node_options.h"
#include "store/audit.h"
#include "store/backup.h"

struct settings {
    const char *database;
    const char *lists;
    const char *backup_to;
};

static const struct cli_option node_init_options[] = {
    { .name = "database",
      .value = "URL",
      .initial = "sqlite:tocsin.db in the node's directory",
      .kind = CLI_TEXT,
      .offset = offsetof(struct settings, database),
      .meaning = "init: sqlite:FILE, or postgresql://USER@HOST/NAME of an empty database." },
    { .name = "lists",
      .value = "DIR",
      .initial = "those that came with the program",
      .kind = CLI_TEXT,
      .offset = offsetof(struct settings, lists),
      .completion = CLI_COMPLETE_FILE,
      .meaning = "init: the reference lists that the node begins with (docs/reference-lists.md)." },
    { .name = "backup-to",
      .value = "DIR",
      .kind = CLI_TEXT,
      .offset = offsetof(struct settings, backup_to),
      .completion = CLI_COMPLETE_FILE,
      .meaning = "init: where backups shall go, best on another machine." },
};

static const struct cli_group groups[] = {
    { .title = "Node",
      .options = node_init_options,
      .num_options = sizeof node_init_options / sizeof *node_init_options },
};

/* The lists installed beside the program, or, where it runs in the tree it was built in, those of the tree. */
static const char *own_lists(void)
{
    static const char *const places[] = { "../share/tocsin/lists", "../share/lists" };
    static char              path[8192];
    const char              *program = node_program(), *name = program != NULL ? strrchr(program, '/') : NULL;
    for (size_t i = 0; name != NULL && i < sizeof places / sizeof *places; i++) {
        snprintf(path, sizeof path, "%.*s/%s", (int) (name - program), program, places[i]);
        if (access(path, R_OK | X_OK) == 0)
            return path;
    }
    return NULL;
}

static int init(const struct cli_command *command, const struct settings *settings, const char *directory)
{
    struct fault_list    faults = FAULT_LIST_INIT;
    struct node_settings node_settings = NODE_SETTINGS_INIT;
    struct node_options  options = { .directory = directory, .program = node_program(), .holder = "tocsin node init" };
    struct node          node;
    if ((settings->database != NULL && strlen(settings->database) >= NODE_SETTING_BYTES) ||
        (settings->backup_to != NULL && strlen(settings->backup_to) >= NODE_SETTING_BYTES))
        return cli_complain(command, CLI_USE, "a value is longer than %d bytes", NODE_SETTING_BYTES - 1);
    const char *lists = settings->lists != NULL ? settings->lists : own_lists();
    if (lists == NULL)
        return cli_complain(command, CLI_MACHINE, "no reference lists beside the program; give --lists DIR");
    if (settings->database != NULL)
        strcpy(node_settings.database, settings->database);
    if (settings->backup_to != NULL)
        strcpy(node_settings.backup_to, settings->backup_to);
    int status = node_make(&options, &node_settings, lists, &node, &faults);
    if (status != 0) {
        int exit_code = node_complain(command, status, &faults);
        node_close(&node);
        return exit_code;
    }
    printf("%s is a node now.\n"
           "Its keys are in %s: without them nobody, neither you, reads an identity again.\n"
           "Seal a recovery copy and keep it elsewhere:\n"
           "    tocsin keeper seal-recovery --node %s --to FILE\n",
           directory, node.settings.keys, directory);
    if (*node.settings.backup_to == '\0')
        printf("Say where backups go: backup_to in %s/%s, then 'tocsin backup --if-due' from a timer.\n", directory,
               NODE_SETTINGS_FILE);
    node_close(&node);
    fault_list_free(&faults);
    return CLI_DONE;
}

static int status(const struct cli_command *command, const char *directory)
{
    struct node_cli_settings settings = { .directory = directory };
    struct node_opened       opened;
    struct backup            newest;
    struct audit_head        head;
    struct db_error          error = { 0 };
    char                     text[INSTANT_TEXT_BYTES];
    int                      exit_code = node_options_read(command, &settings, &opened);
    if (exit_code != CLI_DONE)
        return exit_code;
    printf("database  %s\n", opened.settings.database);
    if (audit_read_head(opened.db, &head, &error) != 0)
        exit_code = cli_complain(command, CLI_MACHINE, "%s", error.what);
    else if (head.number > 0) {
        instant_to_text(head.at, text);
        printf("audit     %" PRId64 " entries, the newest of %s\n", head.number, text);
    }
    if (*opened.settings.backup_to == '\0')
        puts("backup    NONE: set backup_to in the node's settings");
    else if (backup_newest(opened.settings.backup_to, &newest, &error) != 0 || newest.at == INSTANT_MISSING)
        printf("backup    NONE in %s\n", opened.settings.backup_to);
    else {
        double hours = (double) (instant_now() - newest.at) / (3600.0 * INSTANT_SECOND);
        printf("backup    %s, %.1f hours old%s\n", newest.path, hours,
               hours > 2 * (double) opened.settings.backup_every_hours ? ": TOO OLD" : "");
    }
    if (db_warning(opened.db) != NULL)
        printf("warning   %s\n", db_warning(opened.db));
    node_options_close(&opened);
    return exit_code;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
    struct settings settings = { 0 };
    int             first, exit_code = cli_parse(command, argc, argv, &settings, &first);
    if (exit_code >= 0)
        return exit_code;
    bool is_init = first < argc && strcmp(argv[first], "init") == 0;
    if (!is_init && (first >= argc || strcmp(argv[first], "status") != 0))
        return cli_complain(command, CLI_USE, "what is to be done? allowed: init DIR, status DIR");
    if (argc - first != 2)
        return cli_complain(command, CLI_USE, "%s: one DIR is wanted", argv[first]);
    node_warn_of_clock(command);
    exit_code = is_init ? init(command, &settings, argv[first + 1]) : status(command, argv[first + 1]);
    return cli_finish_stdout(command, exit_code);
}

static const char *const        usage[] = { "init [OPTION]... DIR", "status DIR", NULL };
static const struct cli_example examples[] = {
    { "tocsin node init tocsin-node", "a node on SQLite, in this directory" },
    { "tocsin node init --database postgresql:///tocsin /var/lib/tocsin", "a node on PostgreSQL" },
    { "tocsin node status tocsin-node", "its database, audit trail and newest backup" },
    { NULL, NULL },
};

const struct cli_command cli_command_node = {
    .name = "node",
    .summary = "make a node, the directory that a department's records live in, or tell its state",
    .usage = usage,
    .text = "A node is a directory: its settings (tocsin.conf, one 'key = value' a line, each explained there), its "
            "keys, and "
            "on SQLite its database. init makes one with fresh keys, an empty database and the reference lists.\n\n"
            "The keys in tocsin.conf:\n"
            "  database              sqlite:FILE or postgresql://USER@HOST/NAME\n"
            "  keys                  the directory of the node keys\n"
            "  operator              whom the audit trail names for work at the command line\n"
            "  backup_to             the directory that backups go to\n"
            "  backup_send           a command that gets each backup on its standard input\n"
            "  backup_every_hours    hours from one backup to the next\n"
            "  backup_keep_days      days until a backup is deleted and its keys die\n"
            "  telephone_country     calling code of numbers that name none\n"
            "  county_depth          depth of the counties in the tree of areas",
    .groups = groups,
    .num_groups = 1,
    .examples = examples,
    .run = run,
};
