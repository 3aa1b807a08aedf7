/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "cli/command.h"

#define LINE_WIDTH 80
#define MEANING_COLUMN 26 /* where the meaning of an option begins */

/* Bytes that begin a character; every character of our own help is one column wide. */
static size_t columns_of(const char *text, size_t length)
{
    size_t columns = 0;
    for (size_t i = 0; i < length; i++)
        columns += ((unsigned char) text[i] & 0xC0) != 0x80;
    return columns;
}

static void print_spaces(FILE *file, size_t num)
{
    fprintf(file, "%*s", (int) num, "");
}

/* Print words from `column` on, wrapped before LINE_WIDTH, further lines indented. Ends in an open line. */
static size_t print_wrapped(FILE *file, const char *text, size_t length, size_t column, size_t indent)
{
    const char *end = text + length;
    bool        first = true;
    while (text < end) {
        const char *stop = memchr(text, ' ', (size_t) (end - text));
        size_t      word = (size_t) ((stop != NULL ? stop : end) - text);
        size_t      width = columns_of(text, word);
        if (!first && column + 1 + width > LINE_WIDTH) {
            fputc('\n', file);
            print_spaces(file, indent);
            column = indent;
        } else if (!first) {
            fputc(' ', file);
            column++;
        }
        fwrite(text, 1, word, file);
        column += width;
        first = false;
        text += word + (stop != NULL ? 1 : 0);
    }
    return column;
}

static void print_paragraphs(FILE *file, const char *text)
{
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        if (*text == ' ')
            fwrite(text, 1, length, file);
        else
            print_wrapped(file, text, length, 0, 0);
        fputc('\n', file);
        text += length + (text[length] == '\n' ? 1 : 0);
    }
}

static void print_option(FILE *file, const struct cli_option *option)
{
    char left[96];
    int  used = option->letter != 0 ? snprintf(left, sizeof left, "  -%c, --%s", option->letter, option->name)
                                    : snprintf(left, sizeof left, "      --%s", option->name);
    if (option->value != NULL)
        used += snprintf(left + used, sizeof left - (size_t) used, " %s", option->value);
    fputs(left, file);
    size_t column = (size_t) used;
    if (column + 2 > MEANING_COLUMN) {
        fputc('\n', file);
        column = 0;
    }
    print_spaces(file, MEANING_COLUMN - column);
    column = print_wrapped(file, option->meaning, strlen(option->meaning), MEANING_COLUMN, MEANING_COLUMN);
    if (option->initial != NULL) {
        char text[200];
        int  length = snprintf(text, sizeof text, "[default: %s]", option->initial);
        if (column + 1 + columns_of(text, (size_t) length) > LINE_WIDTH) {
            fputc('\n', file);
            print_spaces(file, MEANING_COLUMN);
        } else
            fputc(' ', file);
        print_wrapped(file, text, (size_t) length, MEANING_COLUMN, MEANING_COLUMN);
    }
    fputc('\n', file);
}

static void print_command_help(FILE *file, const struct cli_command *command)
{
    for (size_t i = 0; command->usage[i] != NULL; i++)
        fprintf(file, "%s tocsin %s %s\n", i == 0 ? "Usage:" : "   or:", command->name, command->usage[i]);
    fputc('\n', file);
    print_paragraphs(file, command->text);

    const struct cli_group  *group, *last = NULL;
    const struct cli_option *option;
    for (size_t i = 0; (option = cli_option_at(command, i, &group)) != NULL; i++) {
        if (group != last)
            fprintf(file, "\n%s:\n", group->title);
        last = group;
        print_option(file, option);
    }
    if (command->examples != NULL)
        fputs("\nExamples:\n", file);
    for (const struct cli_example *example = command->examples; example != NULL && example->command; example++)
        fprintf(file, "  %s\n      %s\n", example->command, example->what);
}

static void print_program_help(FILE *file)
{
    size_t                           num;
    const struct cli_command *const *commands = cli_commands(&num);
    fputs("Usage: tocsin COMMAND [OPTION]... [FILE]...\n\n"
          "Tocsin notices outbreaks early in counts of cases, and says how fast they spread.\n\nCommands:\n",
          file);
    for (size_t i = 0; i < num; i++)
        fprintf(file, "  %-12s  %s\n", commands[i]->name, commands[i]->summary);
    fputs("\n'tocsin help COMMAND' explains a command; 'tocsin --version' tells the version.\n\nExit codes:\n", file);
#define X(name, code, meaning)                                                                                         \
    fprintf(file, "  %3d  ", code);                                                                                    \
    print_wrapped(file, meaning, strlen(meaning), 7, 7);                                                               \
    fputc('\n', file);
    CLI_EXIT_CODES(X)
#undef X
}

void cli_print_help(FILE *file, const struct cli_command *command)
{
    if (command == NULL)
        print_program_help(file);
    else
        print_command_help(file, command);
}
