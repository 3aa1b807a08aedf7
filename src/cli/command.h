/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli/command.h: what a command is. Everything that a command says of itself stands in one struct command: main.c reads
 * it to run, options.c to parse, help.c, man.c and completion.c to explain. Adding a command is one file and one row in
 * main.c; nothing is described twice.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* What the program answers to its caller. `tocsin help exit-codes` prints this list; nothing else defines it. */
#define CLI_EXIT_CODES(X)                                                                                              \
    X(CLI_DONE, 0, "done")                                                                                             \
    X(CLI_INPUT, 1, "the input has faults, all of them listed on standard error; no output was written")               \
    X(CLI_USE, 2, "wrong use: an unknown command, option or value; no output was written")                             \
    X(CLI_MACHINE, 3, "a file could not be opened, read or written, the disk is full, or memory ran out")              \
    X(CLI_PIPE, 141, "the reader of the output went away (broken pipe), as for every filter")

enum cli_exit {
#define X(name, code, meaning) name = (code),
    CLI_EXIT_CODES(X)
#undef X
};

/* What the value of an option is, which says how it is checked and stored (at `offset` in the group's settings). */
enum cli_kind {
    CLI_FLAG,   /* no value: stores true in a bool */
    CLI_TEXT,   /* stores the const char * */
    CLI_WHOLE,  /* a whole number low … high: stores a long */
    CLI_REAL,   /* a number low … high, the ends included unless `open`: stores a double */
    CLI_CHOICE, /* one of `words`: stores its index as an int */
    CLI_CUSTOM  /* `set` checks and stores it */
};

/* What a shell may offer when the user presses Tab behind the option. CLI_CHOICE offers its words by itself. */
enum cli_completion { CLI_COMPLETE_NOTHING, CLI_COMPLETE_FILE, CLI_COMPLETE_METHOD, CLI_COMPLETE_SETTING };

struct cli_option {
    const char         *name;    /* "method": given as --method */
    char                letter;  /* 'm': given as -m; 0 = none */
    const char         *value;   /* what the value is called: "NAME"; NULL for CLI_FLAG */
    const char         *initial; /* the default as people should read it; NULL = none to tell */
    const char         *meaning; /* sentences without markup */
    enum cli_kind       kind;
    size_t              offset;
    double              low, high;
    bool                open;  /* CLI_REAL: low and high themselves are not allowed */
    const char *const  *words; /* CLI_CHOICE: ends with NULL */
    enum cli_completion completion;
    /* CLI_CUSTOM: store `value` in settings (the group's). Returns NULL, or what would have been allowed. */
    const char *(*set)(void *settings, const char *value);
};

/* Options under one heading, stored in one struct: the command's own settings, or a part that commands share. */
struct cli_group {
    const char              *title;
    const struct cli_option *options;
    size_t                   num_options;
    size_t                   offset; /* of this group's struct within the command's settings */
};

struct cli_example {
    const char *command; /* a line to type */
    const char *what;    /* what it does */
};

struct cli_command {
    const char        *name;
    const char        *summary; /* half a sentence, no full stop: for lists */
    const char *const *usage;   /* lines behind "tocsin <name>"; ends with NULL */
    const char        *text;    /* paragraphs, separated by empty lines; lines starting with a space stay as
                                   they are */
    const struct cli_group   *groups;
    size_t                    num_groups;
    const struct cli_example *examples; /* ends with a NULL command; or NULL */
    /* argv[0] is the command's name. Returns an enum cli_exit. */
    int (*run)(const struct cli_command *command, int argc, char **argv);
};

/* All commands, in the order in which people should meet them. */
const struct cli_command *const *cli_commands(size_t *num_commands);

/* The command of that name, or NULL. */
const struct cli_command *cli_command_find(const char *name);

/* Parse argv into settings. Afterwards argv[*first_operand] … argv[argc - 1] are the operands (the files).
 * Returns -1 where the command should go on; else an enum cli_exit to return at once (a fault was reported, or --help
 * was answered). */
int cli_parse(const struct cli_command *command, int argc, char **argv, void *settings, int *first_operand);

/* The same without getopt, for one option given by its name: "is this value allowed?". Used by cli_parse and tests. */
const char *cli_option_set(const struct cli_option *option, const char *value, void *settings);

/* Walk over every option of a command: its groups', then --help. Index runs from 0; NULL at the end. */
const struct cli_option *cli_option_at(const struct cli_command *command, size_t index, const struct cli_group **group);

/* ---- what cli/help.c, cli/man.c and cli/completion.c make of it ---- */

void cli_print_help(FILE *file, const struct cli_command *command); /* NULL: of the program as a whole */
void cli_print_man(FILE *file, const struct cli_command *command);  /* NULL: of the program as a whole */
int  cli_print_completion(FILE *file, const char *shell);           /* 0, or -1 for a shell that it does not know */

/* ---- messages to people, on standard error ---- */

/* "tocsin detect: …": one line; returns exit_code, so that a caller can `return cli_complain(…)`. */
int cli_complain(const struct cli_command *command, int exit_code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Where a command that can be run for another process prints (cli/forward.h): standard output and error, unless the
 * calling thread has others (NULL = those again). */
void  cli_redirect(FILE *out, FILE *messages);
FILE *cli_out(void);
FILE *cli_messages(void);

/* Flush standard output and report a failure (disk full, reader gone). Returns exit_code, or CLI_MACHINE. */
int cli_finish_stdout(const struct cli_command *command, int exit_code);

/* End as a filter whose reader went away: quietly, by SIGPIPE. Does not return. */
void cli_die_of_broken_pipe(void) __attribute__((noreturn));

#endif
