/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/cmd.h"
#include "cli/command.h"

static int run(const struct cli_command *command, int argc, char **argv)
{
    int first, exit_code = cli_parse(command, argc, argv, NULL, &first);
    if (exit_code >= 0)
        return exit_code;
    if (argc - first != 1)
        return cli_complain(command, CLI_USE, "found %d names; allowed: one SHELL (bash, zsh or fish)", argc - first);
    if (cli_print_completion(stdout, argv[first]) != 0)
        return cli_complain(command, CLI_USE, "found '%s'; allowed: bash, zsh or fish", argv[first]);
    return cli_finish_stdout(command, CLI_DONE);
}

static const char *const        usage[] = { "SHELL", NULL };
static const struct cli_example examples[] = {
    { "source <(tocsin completion bash)", "for this bash; put the line into ~/.bashrc for every one" },
    { "tocsin completion zsh > ~/.zfunc/_tocsin", "for zsh, where ~/.zfunc is in $fpath" },
    { "tocsin completion fish > ~/.config/fish/completions/tocsin.fish", "for fish" },
    { NULL, NULL },
};

const struct cli_command cli_command_completion = {
    .name = "completion",
    .summary = "write what a shell needs to complete commands, options, methods and parameters",
    .usage = usage,
    .text = "Writes a script for SHELL (bash, zsh or fish) that completes the commands of tocsin, their options, the "
            "names of methods and the parameters of the method that was chosen.",
    .examples = examples,
    .run = run,
};
