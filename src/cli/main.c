/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The program: find the command, run it. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/nearest.h"
#include "base/sink.h"
#include "cli/cmd.h"
#include "cli/command.h"
#include "formats/sheet/unpack.h"
#include "server/worker.h"

static const struct cli_command *const commands[] = {
    /* by what they are for */
    /* clang-format off */
    &cli_command_detect,
    &cli_command_season,
    &cli_command_rt,
    &cli_command_growth,
    &cli_command_methods,
    &cli_command_link,
    &cli_command_simulate,
    &cli_command_suppress,
    &cli_command_parse,
    &cli_command_mllp,
    &cli_command_intake,
    &cli_command_node,
    &cli_command_serve,
    &cli_command_user,
    &cli_command_job,
    &cli_command_admin,
    &cli_command_record,
    &cli_command_model,
    &cli_command_backup,
    &cli_command_restore,
    &cli_command_check,
    &cli_command_audit,
    &cli_command_keeper,
    &cli_command_move,
    &cli_command_county,
    &cli_command_area,
    &cli_command_issue,
    &cli_command_cert,
    &cli_command_verify,
    &cli_command_watch,
    &cli_command_evaluate,
    &cli_command_report,
    &cli_command_help,
    &cli_command_completion,
    /* clang-format on */
};

const struct cli_command *const *cli_commands(size_t *num_commands)
{
    *num_commands = sizeof commands / sizeof *commands;
    return commands;
}

const struct cli_command *cli_command_find(const char *name)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

/* Interrupted: leave no half-written file behind, then end as the signal says. */
static void on_end_signal(int number)
{
    sink_remove_temporaries();
    signal(number, SIG_DFL);
    raise(number);
}

static void prepare_signals(void)
{
    static const int ends[] = { SIGINT, SIGTERM, SIGHUP };
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (signal(ends[i], on_end_signal) == SIG_IGN)
            signal(ends[i], SIG_IGN); /* nohup stays in force */
    signal(SIGPIPE, SIG_IGN);         /* a write then answers EPIPE */
    signal(SIGXFSZ, SIG_IGN);         /* a write beyond a limit on file sizes then answers EFBIG */
}

/* Where a standard stream is closed, the next file opened would take its number and get what is meant for the stream.
 * /dev/null takes it, opened the wrong way round, so that using it fails. */
static void keep_standard_streams(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) < 0)
            _Exit(CLI_MACHINE);
}

static int complain_unknown(const char *name)
{
    struct nearest nearest = { .word = name };
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        nearest_offer(&nearest, commands[i]->name);
    if (nearest.best != NULL)
        return cli_complain(NULL, CLI_USE, "unknown command '%s'; did you mean '%s'?", name, nearest.best);
    return cli_complain(NULL, CLI_USE, "unknown command '%s'; 'tocsin help' lists them", name);
}

/* What is printed goes out at the end, where the reason why it cannot is told: of a write before that nothing but the
 * failure would be known. */
static void keep_what_is_printed(void)
{
    static char bytes[1 << 18]; /* more than any help or completion */
    if (!isatty(STDOUT_FILENO))
        (void) setvbuf(stdout, bytes, _IOFBF, sizeof bytes);
}

int main(int argc, char **argv)
{
    keep_standard_streams();
    keep_what_is_printed();
    prepare_signals();
    worker_run_if_asked(argc, argv);
    unpack_run_if_asked(argc, argv);
    if (argc < 2) {
        cli_print_help(stderr, NULL);
        return CLI_USE;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
        puts("tocsin " TOCSIN_VERSION);
        return cli_finish_stdout(NULL, CLI_DONE);
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        cli_print_help(stdout, NULL);
        return cli_finish_stdout(NULL, CLI_DONE);
    }
    if (argv[1][0] == '-')
        return cli_complain(NULL, CLI_USE, "unknown option '%s'; a COMMAND comes first ('tocsin help' lists them)",
                            argv[1]);
    const struct cli_command *command = cli_command_find(argv[1]);
    return command != NULL ? command->run(command, argc - 1, argv + 1) : complain_unknown(argv[1]);
}
