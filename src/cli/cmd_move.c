/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From one database to another: SQLite to PostgreSQL when a county has outgrown its laptop, or back. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/instant.h"
#include "cli/cmd.h"
#include "cli/command.h"
#include "store/dump.h"
#include "store/migration.h"
#include "tocsin/status.h"

struct move {
    const struct cli_command *command;
    struct db                *from, *to;
    struct db_error           error;
};

static int complain(const struct move *move, const char *what, int status)
{
    bool machine = status == BASE_ERR_SYSTEM || status == TOC_ERR_NO_MEMORY || status == DB_ERR_FULL ||
                   status == DB_ERR_LOST || status == DB_ERR_BUSY;
    return cli_complain(move->command, machine ? CLI_MACHINE : CLI_INPUT, "%s: %s", what, move->error.what);
}

/* Whoever looks at the list of processes reads a command line. */
static bool has_password(const char *url)
{
    const char *scheme = strstr(url, "://");
    if (scheme == NULL || strncmp(url, "postgres", 8) != 0)
        return false;
    const char *host = scheme + 3, *end = host + strcspn(host, "/?"), *at = memchr(host, '@', (size_t) (end - host));
    return (at != NULL && memchr(host, ':', (size_t) (at - host)) != NULL) || strstr(end, "password=") != NULL;
}

static void show_progress(void *context, const char *table, uint64_t rows)
{
    (void) context;
    fprintf(stderr, "\r\033[K%s: %llu rows", table, (unsigned long long) rows);
    fflush(stderr);
}

/* Open both and hold both leases: a writer that goes on in the old database would write what nobody finds again. */
static int open_both(struct move *move, const char *from, const char *to, int64_t *fence)
{
    int64_t now = instant_now(), ignored;
    int     ret = db_open(from, &(struct db_options){ 0 }, &move->from, &move->error);
    if (ret == 0)
        ret = db_take_lease(move->from, "tocsin move", now, &ignored, &move->error);
    if (ret == 0)
        ret = migration_check(move->from, migrations, num_migrations, &move->error);
    if (ret != 0)
        return complain(move, "from", ret);
    ret = db_open(to, &(struct db_options){ .create = true }, &move->to, &move->error);
    if (ret == 0)
        ret = migration_check_empty(move->to, &move->error);
    if (ret == 0)
        ret = db_take_lease(move->to, "tocsin move", now, fence, &move->error);
    return ret == 0 ? -1 : complain(move, "to", ret);
}

static int run(const struct cli_command *command, int argc, char **argv)
{
    struct move         move = { .command = command };
    struct dump_options options = { 0 };
    struct dump_summary summary;
    int64_t             fence = 0;
    int                 first, exit_code = cli_parse(command, argc, argv, &(char){ 0 }, &first);
    if (exit_code >= 0)
        return exit_code;
    if (argc - first != 2)
        return cli_complain(command, CLI_USE, "found %d databases; two are needed: FROM TO", argc - first);
    if (has_password(argv[first]) || has_password(argv[first + 1]))
        return cli_complain(command, CLI_USE,
                            "a password on a command line can be read by others; remedy: PostgreSQL's file ~/.pgpass");
    exit_code = open_both(&move, argv[first], argv[first + 1], &fence);
    if (exit_code >= 0)
        goto out;
    if (isatty(STDERR_FILENO))
        options.progress = show_progress;
    int ret = dump_copy(move.from, move.to, fence, instant_now(), &options, &summary, &move.error);
    if (options.progress != NULL)
        fputs("\r\033[K", stderr);
    exit_code = CLI_DONE;
    if (ret != 0)
        exit_code = complain(&move, "the new database is of no use", ret);
    else
        printf("moved %llu rows of %zu tables\n", (unsigned long long) summary.rows, summary.tables);
out:
    db_close(move.from);
    db_close(move.to);
    return exit_code == CLI_DONE ? cli_finish_stdout(command, exit_code) : exit_code;
}

static const char *const usage[] = { "FROM TO", NULL };

const struct cli_command cli_command_move = {
    .name = "move",
    .summary = "copy a node's database from SQLite to PostgreSQL or back",
    .usage = usage,
    .text = "FROM and TO are sqlite:PATH, a path, or postgresql://… (without a password: PostgreSQL reads it from "
            "~/.pgpass):\n\n tocsin move sqlite:tocsin.db postgresql:///tocsin\n\nTO must be new: a file that is not "
            "there yet, or a database without tables. The server must be "
            "stopped first; move makes sure that nobody writes in the meantime.\n\n"
            "All rows are copied as they were at one moment, indexes are made afterwards, and only then does the new "
            "database count as one of Tocsin's: after a failure remove it and begin again. FROM stays as it is.\n\n"
            "Keys and settings are not in the database: afterwards write `database = TO` into the node's tocsin.conf.",
    .run = run,
};
