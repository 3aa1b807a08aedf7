/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/nearest.h"
#include "cli/cmd.h"
#include "cli/command.h"

struct settings {
    bool man;
};

static const struct cli_option own_options[] = {
    { .name = "man",
      .kind = CLI_FLAG,
      .offset = offsetof(struct settings, man),
      .meaning = "Write the manual page in roff (tocsin help --man detect | man -l -)." },
};
static const struct cli_group groups[] = { { .title = "Options", .options = own_options, .num_options = 1 } };

static int complain_unknown(const struct cli_command *command, const char *name)
{
    struct nearest                   nearest = { .word = name };
    size_t                           num;
    const struct cli_command *const *commands = cli_commands(&num);
    for (size_t i = 0; i < num; i++)
        nearest_offer(&nearest, commands[i]->name);
    if (nearest.best != NULL)
        return cli_complain(command, CLI_USE, "no command '%s'; did you mean %s?", name, nearest.best);
    return cli_complain(command, CLI_USE, "no command '%s'; 'tocsin help' lists them", name);
}

static int run(const struct cli_command *command, int argc, char **argv)
{
    struct settings           settings = { 0 };
    const struct cli_command *topic = NULL;
    int                       first, exit_code = cli_parse(command, argc, argv, &settings, &first);
    if (exit_code >= 0)
        return exit_code;
    if (argc - first > 1)
        return cli_complain(command, CLI_USE, "one COMMAND at a time; found also '%s'", argv[first + 1]);
    if (argc - first == 1 && (topic = cli_command_find(argv[first])) == NULL)
        return complain_unknown(command, argv[first]);
    if (settings.man)
        cli_print_man(stdout, topic);
    else
        cli_print_help(stdout, topic);
    return cli_finish_stdout(command, CLI_DONE);
}

static const char *const usage[] = { "[--man] [COMMAND]", NULL };

const struct cli_command cli_command_help = {
    .name = "help",
    .summary = "explain a command, or list them all",
    .usage = usage,
    .text = "Explains a command and its options; without COMMAND, lists the commands and the exit codes.",
    .groups = groups,
    .num_groups = 1,
    .run = run,
};
