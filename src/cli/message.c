/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"

static _Thread_local FILE *out_of_thread, *messages_of_thread;

void cli_redirect(FILE *out, FILE *messages)
{
    out_of_thread = out;
    messages_of_thread = messages;
}

FILE *cli_out(void)
{
    return out_of_thread != NULL ? out_of_thread : stdout;
}

FILE *cli_messages(void)
{
    return messages_of_thread != NULL ? messages_of_thread : stderr;
}

int cli_complain(const struct cli_command *command, int exit_code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    FILE *to = cli_messages();
    fputs(command != NULL ? "tocsin " : "tocsin", to);
    fputs(command != NULL ? command->name : "", to);
    fputs(": ", to);
    vfprintf(to, format, arguments);
    fputc('\n', to);
    va_end(arguments);
    return exit_code;
}

int cli_finish_stdout(const struct cli_command *command, int exit_code)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return exit_code;
    if (errno == EPIPE)
        cli_die_of_broken_pipe();
    return cli_complain(command, CLI_MACHINE, "standard output: %s", strerror(errno != 0 ? errno : EIO));
}

/* The program ignores SIGPIPE so that half-written files can be tidied away; then it ends as if it had not. */
void cli_die_of_broken_pipe(void)
{
    signal(SIGPIPE, SIG_DFL);
    raise(SIGPIPE);
    _Exit(CLI_PIPE);
}
