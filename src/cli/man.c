/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Manual pages in roff (man macros), written from the same tables as --help. */
#include <ctype.h>
#include <string.h>

#include "cli/command.h"
#include "cli/method_text.h"

/* Text as roff takes it: backslashes and hyphens escaped, no line that begins with a control character. */
static void print_escaped(FILE *file, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        bool line_start = i == 0 || text[i - 1] == '\n';
        if (line_start && (text[i] == '.' || text[i] == '\''))
            fputs("\\&", file);
        if (text[i] == '\\')
            fputs("\\e", file);
        else if (text[i] == '-')
            fputs("\\-", file);
        else if ((unsigned char) text[i] == 0xE2 && strncmp(text + i, "…", 3) == 0) {
            fputs("\\&...", file);
            i += 2;
        } else
            fputc(text[i], file);
    }
}

static void print_text(FILE *file, const char *text)
{
    print_escaped(file, text, strlen(text));
}

static void print_upper(FILE *file, const char *text)
{
    for (; *text != '\0'; text++)
        if (*text == '-')
            fputs("\\-", file);
        else
            fputc(toupper((unsigned char) *text), file);
}

static void print_heading(FILE *file, const char *name, const char *summary)
{
    fputs(".TH ", file);
    print_upper(file, name);
    fprintf(file, " 1 \"\" \"Tocsin " TOCSIN_VERSION "\" \"Tocsin manual\"\n.SH NAME\n");
    print_text(file, name);
    fputs(" \\- ", file);
    print_text(file, summary);
    fputc('\n', file);
}

static void print_paragraphs(FILE *file, const char *text)
{
    bool verbatim = false;
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        bool   indented = *text == ' ';
        if (indented != verbatim)
            fputs(indented ? ".PP\n.nf\n" : ".fi\n", file);
        verbatim = indented;
        if (length == 0)
            fputs(".PP\n", file);
        else {
            print_escaped(file, text, length);
            fputc('\n', file);
        }
        text += length + (text[length] == '\n' ? 1 : 0);
    }
    if (verbatim)
        fputs(".fi\n", file);
}

static void print_option(FILE *file, const struct cli_option *option)
{
    fputs(".TP\n", file);
    if (option->letter != 0)
        fprintf(file, "\\fB\\-%c\\fR, ", option->letter);
    fputs("\\fB\\-\\-", file);
    print_text(file, option->name);
    fputs("\\fR", file);
    if (option->value != NULL) {
        fputs(" \\fI", file);
        print_text(file, option->value);
        fputs("\\fR", file);
    }
    fputc('\n', file);
    print_text(file, option->meaning);
    fputc('\n', file);
    if (option->initial != NULL) {
        fputs("Default: ", file);
        print_text(file, option->initial);
        fputs(".\n", file);
    }
}

static void print_options(FILE *file, const struct cli_command *command)
{
    const struct cli_group  *group, *last = NULL;
    const struct cli_option *option;
    fputs(".SH OPTIONS\n", file);
    for (size_t i = 0; (option = cli_option_at(command, i, &group)) != NULL; i++) {
        if (group != last)
            fprintf(file, ".SS %s\n", group->title);
        last = group;
        print_option(file, option);
    }
}

static void print_parameter(FILE *file, const struct toc_method *method, const struct toc_parameter *parameter)
{
    char allowed[METHOD_TEXT_SIZE], initial[METHOD_TEXT_SIZE], r[METHOD_TEXT_SIZE];
    method_allowed_text(parameter, allowed);
    method_default_text(method, parameter, TOC_MODE_DEFAULT, initial);
    method_r_text(method, parameter, r);
    fputs(".TP\n\\fB", file);
    print_text(file, parameter->name);
    fputs("\\fR\n", file);
    print_text(file, parameter->meaning);
    fputs(": ", file);
    print_text(file, allowed);
    if (*parameter->unit != '\0') {
        fputc(' ', file);
        print_text(file, parameter->unit);
    }
    fputs(".\nDefault: ", file);
    print_text(file, initial);
    fputs(".\n", file);
    if (*r != '\0') {
        fputs("In R: ", file);
        print_text(file, r);
        fputs(".\n", file);
    }
}

static void print_methods(FILE *file)
{
    size_t                          num;
    const struct toc_method *const *methods = toc_methods(&num);
    fputs(".SH METHODS\n", file);
    for (size_t i = 0; i < num; i++) {
        fputs(".SS ", file);
        print_text(file, methods[i]->name);
        fputc('\n', file);
        print_text(file, methods[i]->title);
        fputs(".\n", file);
        print_text(file, methods[i]->use);
        fputs("\nSource: ", file);
        print_text(file, methods[i]->source);
        fputs(".\n", file);
        for (size_t j = 0; j < methods[i]->num_parameters; j++)
            print_parameter(file, methods[i], &methods[i]->parameters[j]);
    }
}

static bool takes_method(const struct cli_command *command)
{
    const struct cli_group  *group;
    const struct cli_option *option;
    for (size_t i = 0; (option = cli_option_at(command, i, &group)) != NULL; i++)
        if (option->completion == CLI_COMPLETE_SETTING)
            return true;
    return false;
}

static void print_exit_status(FILE *file)
{
    fputs(".SH EXIT STATUS\n", file);
#define X(name, code, meaning)                                                                                         \
    fprintf(file, ".TP\n.B %d\n", code);                                                                               \
    print_text(file, meaning);                                                                                         \
    fputs(".\n", file);
    CLI_EXIT_CODES(X)
#undef X
}

static void print_examples(FILE *file, const struct cli_example *example)
{
    fputs(".SH EXAMPLES\n", file);
    for (; example->command != NULL; example++) {
        fputs(".TP\n\\fB", file);
        print_text(file, example->command);
        fputs("\\fR\n", file);
        print_text(file, example->what);
        fputc('\n', file);
    }
}

static void print_see_also(FILE *file, const struct cli_command *command)
{
    size_t                           num;
    const struct cli_command *const *commands = cli_commands(&num);
    const char                      *joint = "";
    fputs(".SH SEE ALSO\n", file);
    if (command != NULL) {
        fputs(".BR tocsin (1)", file);
        joint = ",\n";
    }
    for (size_t i = 0; i < num; i++)
        if (commands[i] != command) {
            fprintf(file, "%s.BR tocsin\\-", joint);
            print_text(file, commands[i]->name);
            fputs(" (1)", file);
            joint = ",\n";
        }
    fputc('\n', file);
}

static void print_command_man(FILE *file, const struct cli_command *command)
{
    char name[64];
    snprintf(name, sizeof name, "tocsin-%s", command->name);
    print_heading(file, name, command->summary);
    fputs(".SH SYNOPSIS\n.nf\n", file);
    for (size_t i = 0; command->usage[i] != NULL; i++) {
        fputs("\\fBtocsin ", file);
        print_text(file, command->name);
        fputs("\\fR ", file);
        print_text(file, command->usage[i]);
        fputc('\n', file);
    }
    fputs(".fi\n.SH DESCRIPTION\n", file);
    print_paragraphs(file, command->text);
    print_options(file, command);
    if (takes_method(command))
        print_methods(file);
    print_exit_status(file);
    if (command->examples != NULL)
        print_examples(file, command->examples);
    print_see_also(file, command);
}

static void print_program_man(FILE *file)
{
    size_t                           num;
    const struct cli_command *const *commands = cli_commands(&num);
    print_heading(file, "tocsin", "notice outbreaks early and say how fast they spread");
    fputs(".SH SYNOPSIS\n\\fBtocsin\\fR \\fICOMMAND\\fR [OPTION]\\&... [FILE]\\&...\n.SH DESCRIPTION\n"
          "Tocsin works on counts of cases by day, week or month: no server, in files and pipes.\n"
          "\\fBtocsin help\\fR \\fICOMMAND\\fR explains a command, \\fBtocsin \\-\\-version\\fR tells the version.\n"
          ".SH COMMANDS\n",
          file);
    for (size_t i = 0; i < num; i++) {
        fputs(".TP\n\\fB", file);
        print_text(file, commands[i]->name);
        fputs("\\fR\n", file);
        print_text(file, commands[i]->summary);
        fputs(".\n", file);
    }
    print_exit_status(file);
    print_see_also(file, NULL);
}

void cli_print_man(FILE *file, const struct cli_command *command)
{
    if (command == NULL)
        print_program_man(file);
    else
        print_command_man(file, command);
}
