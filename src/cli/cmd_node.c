/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/instant.h"
#include "cli/cmd.h"
#include "cli/command.h"
#include "cli/node_options.h"
#include "cli/own_folder.h"
#include "store/audit.h"
#include "store/backup.h"
#include "store/tidy.h"

struct settings {
    const char *database;
    const char *lists;
    const char *backup_to;
    bool        tokens;
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
    { .name = "tokens",
      .kind = CLI_FLAG,
      .offset = offsetof(struct settings, tokens),
      .meaning = "rotate: a new key for search tokens instead, and everybody's tokens made anew." },
};

static const struct cli_group groups[] = {
    { .title = "Node",
      .options = node_init_options,
      .num_options = sizeof node_init_options / sizeof *node_init_options },
};

static int init(const struct cli_command *command, const struct settings *settings, const char *directory)
{
    struct fault_list    faults = FAULT_LIST_INIT;
    struct node_settings node_settings = NODE_SETTINGS_INIT;
    struct node_options  options = { .directory = directory, .program = node_program(), .holder = "tocsin node init" };
    struct node          node;
    if ((settings->database != NULL && strlen(settings->database) >= NODE_SETTING_BYTES) ||
        (settings->backup_to != NULL && strlen(settings->backup_to) >= NODE_SETTING_BYTES))
        return cli_complain(command, CLI_USE, "a value is longer than %d bytes", NODE_SETTING_BYTES - 1);
    const char *lists = settings->lists != NULL ? settings->lists : own_folder("lists", "../share/lists");
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

/* ---- upkeep ---- */

/* Is any person's key still wrapped under a generation that has a successor? */
static int keys_left(const struct node *node, bool *left, struct db_error *error)
{
    struct db *db = NULL;
    int        ret = db_open(node->settings.database, &(struct db_options){ .read_only = true }, &db, error);
    if (ret == 0)
        ret = backup_keys_left(db, node->keeper, left, error);
    db_close(db);
    return ret;
}

static void show_progress(void *context, int64_t done)
{
    fprintf(stderr, "\r%" PRId64 " %s ", done, (const char *) context);
}

/* When each old generation may go; `tocsin backup` destroys it then. */
static int tell_generations(const struct cli_command *command, const struct node *node)
{
    static struct keeper_generation all[KEEPER_NUM_KINDS * KEEPER_MAX_GENERATIONS];
    struct keeper_error             error = { 0 };
    size_t                          num;
    char                            text[INSTANT_TEXT_BYTES];
    if (keeper_generations(node->keeper, all, sizeof all / sizeof *all, &num, &error) != 0)
        return cli_complain(command, CLI_MACHINE, "%s", error.what);
    for (size_t i = 0; i < num; i++) {
        if (all[i].kind != KEEPER_WRAP || all[i].replaced == INSTANT_MISSING)
            continue;
        instant_to_text(all[i].replaced + node->settings.backup_keep_days * INSTANT_DAY, text);
        printf("gen-%04u is needed by backups until %s; the first 'tocsin backup' after that destroys it.\n",
               all[i].number, text);
    }
    return CLI_DONE;
}

static int wrap_anew(const struct cli_command *command, struct node *node)
{
    struct fault_list none = FAULT_LIST_INIT;
    int64_t           wrapped, failed;
    bool              show = isatty(STDERR_FILENO) == 1;
    char              what[] = "keys wrapped";
    int               status = store_rewrap(node->store, show ? show_progress : NULL, what, &wrapped, &failed);
    if (show)
        fputc('\n', stderr);
    if (status != 0)
        return node_complain(command, status, &none);
    printf("%" PRId64 " keys of persons are wrapped under the newest generation.\n", wrapped);
    if (failed > 0)
        return cli_complain(command, CLI_INPUT, "%" PRId64 " keys do not open and stay as they are: restore a backup",
                            failed);
    return CLI_DONE;
}

/* A rotation that was cut short is finished; else a new one is made. */
static int rotate(const struct cli_command *command, struct node *node)
{
    struct keeper_error keeper_error = { 0 };
    struct db_error     error = { 0 };
    uint32_t            generation;
    bool                left;
    if (keys_left(node, &left, &error) != 0)
        return cli_complain(command, CLI_MACHINE, "%s", error.what);
    if (left)
        puts("An earlier rotation was cut short: it is finished now, no further generation is made.");
    else if (keeper_new_generation(node->keeper, KEEPER_WRAP, instant_now(), &generation, &keeper_error) != 0)
        return cli_complain(command, CLI_MACHINE, "%s", keeper_error.what);
    else
        printf("gen-%04u is made. No recovery copy holds it yet: 'tocsin keeper seal-recovery'.\n", generation);
    int exit_code = wrap_anew(command, node);
    return exit_code == CLI_DONE ? tell_generations(command, node) : exit_code;
}

/* Whose tokens are not right get them anew; *made: of how many persons. */
static int make_tokens(const struct cli_command *command, struct node *node, int64_t *made)
{
    struct fault_list none = FAULT_LIST_INIT;
    int64_t           failed;
    bool              show = isatty(STDERR_FILENO) == 1;
    char              what[] = "persons looked at";
    int               status = store_tokens(node->store, show ? show_progress : NULL, what, made, &failed);
    if (show)
        fputc('\n', stderr);
    if (status != 0)
        return node_complain(command, status, &none);
    if (*made > 0)
        printf("The search tokens of %" PRId64 " person%s are made anew.\n", *made, *made == 1 ? "" : "s");
    if (failed > 0)
        return cli_complain(command, CLI_INPUT,
                            "%" PRId64 " identities do not open, and their tokens stay: restore a backup", failed);
    return CLI_DONE;
}

/* Tokens that are not right, of an earlier rotation that was cut short for one, are made right; else a new key is made
 * and all tokens with it. */
static int rotate_tokens(const struct cli_command *command, struct node *node)
{
    struct keeper_error error = { 0 };
    uint32_t            generation;
    int64_t             made;
    int                 exit_code = make_tokens(command, node, &made);
    if (exit_code != CLI_DONE)
        return exit_code;
    if (made > 0) {
        puts("They were not right before (a rotation cut short, an area that has moved): no further key is made.");
        return CLI_DONE;
    }
    if (keeper_new_generation(node->keeper, KEEPER_TOKEN, instant_now(), &generation, &error) != 0)
        return cli_complain(command, CLI_MACHINE, "%s", error.what);
    printf("token-%04u is made. No recovery copy holds it yet: 'tocsin keeper seal-recovery'.\n", generation);
    return make_tokens(command, node, &made);
}

static int tidy_node(const struct cli_command *command, struct node *node)
{
    struct fault_list none = FAULT_LIST_INIT;
    struct tidied     tidied;
    int               status = tidy(node->store, instant_now(), node->settings.negatives_keep_days, &tidied);
    if (status != 0)
        return node_complain(command, status, &none);
    printf("%" PRId64 " record%s whose time is over removed.\n", tidied.removed, tidied.removed == 1 ? "" : "s");
    if (tidied.forgotten > 0)
        printf("%" PRId64 " %s in whom tests found nothing forgotten; the tests stay as counts.\n", tidied.forgotten,
               tidied.forgotten == 1 ? "person" : "people");
    return CLI_DONE;
}

static int work(const struct cli_command *command, int (*verb)(const struct cli_command *command, struct node *node),
                const char               *directory)
{
    struct node_cli_settings settings = NODE_CLI_SETTINGS_INIT;
    struct node              node;
    struct access            who;
    settings.directory = directory;
    int exit_code = node_options_open(command, &settings, true, &node, &who);
    if (exit_code != CLI_DONE)
        return exit_code;
    exit_code = verb(command, &node);
    node_close(&node);
    return exit_code;
}

/* ---- the command ---- */

static int run(const struct cli_command *command, int argc, char **argv)
{
    struct settings settings = { 0 };
    int             first, exit_code = cli_parse(command, argc, argv, &settings, &first);
    if (exit_code >= 0)
        return exit_code;
    const char *verb = first < argc ? argv[first] : "";
    bool        is_init = strcmp(verb, "init") == 0, is_status = strcmp(verb, "status") == 0;
    bool        is_rotate = strcmp(verb, "rotate") == 0, is_tidy = strcmp(verb, "tidy") == 0;
    if (!is_init && !is_status && !is_rotate && !is_tidy)
        return cli_complain(command, CLI_USE,
                            "what is to be done? allowed: init, status, rotate, tidy, each with a DIR");
    if (argc - first != 2)
        return cli_complain(command, CLI_USE, "%s: one DIR is wanted", verb);
    const char *directory = argv[first + 1];
    if (is_rotate || is_tidy) {
        exit_code = work(command, !is_rotate ? tidy_node : settings.tokens ? rotate_tokens : rotate, directory);
        return cli_finish_stdout(command, exit_code);
    }
    node_warn_of_clock(command);
    exit_code = is_init ? init(command, &settings, directory) : status(command, directory);
    return cli_finish_stdout(command, exit_code);
}

static const char *const usage[] = { "init [OPTION]... DIR", "status DIR", "rotate [--tokens] DIR", "tidy DIR", NULL };
static const struct cli_example examples[] = {
    { "tocsin node init tocsin-node", "a node on SQLite, in this directory" },
    { "tocsin node init --database postgresql:///tocsin /var/lib/tocsin", "a node on PostgreSQL" },
    { "tocsin node status tocsin-node", "its database, audit trail and newest backup" },
    { "tocsin node rotate tocsin-node", "a new generation of keys; once a month, say" },
    { NULL, NULL },
};

const struct cli_command cli_command_node = {
    .name = "node",
    .summary = "make a node, the directory that a department's records live in, and look after it",
    .usage = usage,
    .text =
        "A node is a directory: its settings (tocsin.conf, one 'key = value' a line, each explained there), its "
        "keys, and "
        "on SQLite its database. init makes one with fresh keys, an empty database and the reference lists.\n\n"
        "rotate makes a new generation of node keys and wraps the keys of all persons under it; a rotation that was "
        "cut short is finished. Old backups need the old generation until they expire; then 'tocsin backup' "
        "destroys it, and who was erased is gone from every copy. rotate --tokens makes a new key for search tokens "
        "and "
        "everybody's tokens with it; where tokens are not right ('tocsin check'), it makes those right instead. tidy "
        "removes what may be kept for a time only, "
        "when that time is over (raw messages, for instance, and who people are in whom tests found nothing); counts "
        "stay; 'tocsin serve' does it by itself once a day. Both may be run beside nothing else "
        "that writes.\n\n"
        "The keys in tocsin.conf:\n"
        "  database              sqlite:FILE or postgresql://USER@HOST/NAME\n"
        "  keys                  the directory of the node keys\n"
        "  operator              whom the audit trail names for work at the command line\n"
        "  backup_to             the directory that backups go to\n"
        "  backup_send           a command that gets each backup on its standard input\n"
        "  backup_every_hours    hours from one backup to the next\n"
        "  backup_keep_days      days until a backup is deleted and its keys die\n"
        "  negatives_keep_days   days until somebody in whom tests found nothing is forgotten (14)\n"
        "  sender_messages_a_minute, sender_messages_a_day, sender_mib_a_day   what one sender may send (any)\n"
        "  county_depth          depth of the counties in the tree of areas\n"
        "  telephone_country     calling code of telephone numbers that are written without a country",
    .groups = groups,
    .num_groups = 1,
    .examples = examples,
    .run = run,
};
