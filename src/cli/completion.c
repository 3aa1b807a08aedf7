/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a shell offers when Tab is pressed: written for bash, zsh and fish from the tables of commands and methods. */
#include <string.h>

#include "cli/command.h"
#include "tocsin/method.h"

/* The first sentence of a meaning, without its full stop: as much as a list of completions can show. */
static size_t first_sentence(const char *text)
{
    const char *stop = strstr(text, ". ");
    const char *colon = strstr(text, ": ");
    if (colon != NULL && (stop == NULL || colon < stop))
        stop = colon;
    size_t length = stop != NULL ? (size_t) (stop - text) : strlen(text);
    return length > 0 && text[length - 1] == '.' ? length - 1 : length;
}

/* Inside single quotes, with the characters in `special` behind a backslash. */
static void print_quoted(FILE *file, const char *text, size_t length, const char *special)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] == '\'')
            fputs("'\\''", file);
        else {
            if (strchr(special, text[i]) != NULL)
                fputc('\\', file);
            fputc(text[i], file);
        }
}

static void print_words(FILE *file, const char *const *words)
{
    for (size_t i = 0; words[i] != NULL; i++)
        fprintf(file, "%s%s", i == 0 ? "" : " ", words[i]);
}

static void print_methods(FILE *file)
{
    size_t                          num;
    const struct toc_method *const *methods = toc_methods(&num);
    for (size_t i = 0; i < num; i++)
        fprintf(file, "%s%s", i == 0 ? "" : " ", methods[i]->name);
}

static void print_commands(FILE *file)
{
    size_t                           num;
    const struct cli_command *const *commands = cli_commands(&num);
    for (size_t i = 0; i < num; i++)
        fprintf(file, "%s%s", i == 0 ? "" : " ", commands[i]->name);
}

/* "name=" for each parameter; choices and flags with each of their words. */
static void print_settings_of(FILE *file, const struct toc_method *method)
{
    const char *joint = "";
    for (size_t i = 0; i < method->num_parameters; i++) {
        const struct toc_parameter *parameter = &method->parameters[i];
        if (parameter->kind == TOC_PARAMETER_CHOICE)
            for (const struct toc_choice *choice = parameter->choices; choice->word != NULL; choice++) {
                fprintf(file, "%s%s=%s", joint, parameter->name, choice->word);
                joint = " ";
            }
        else if (parameter->kind == TOC_PARAMETER_FLAG)
            fprintf(file, "%s%s=true %s=false", joint, parameter->name, parameter->name);
        else
            fprintf(file, "%s%s=", joint, parameter->name);
        joint = " ";
    }
}

/* A shell function that prints the settings of the method named by its argument. */
static void print_settings_case(FILE *file)
{
    size_t                          num;
    const struct toc_method *const *methods = toc_methods(&num);
    fputs("_tocsin_settings() {\n    case $1 in\n", file);
    for (size_t i = 0; i < num; i++) {
        fprintf(file, "    %s) echo '", methods[i]->name);
        print_settings_of(file, methods[i]);
        fputs("' ;;\n", file);
    }
    fputs("    esac\n}\n", file);
}

/* The options of a command that completes the names of commands or methods as operands. */
static void print_operands(FILE *file, const struct cli_command *command)
{
    if (strcmp(command->name, "help") == 0)
        print_commands(file);
    else if (strcmp(command->name, "methods") == 0)
        print_methods(file);
    else if (strcmp(command->name, "completion") == 0)
        fputs("bash zsh fish", file);
}

static bool takes_files(const struct cli_command *command)
{
    return strcmp(command->name, "help") != 0 && strcmp(command->name, "methods") != 0 &&
           strcmp(command->name, "completion") != 0;
}

/* ---- bash ---- */

static void print_bash_value(FILE *file, const struct cli_option *option)
{
    fputs("        --", file);
    fputs(option->name, file);
    if (option->letter != 0)
        fprintf(file, "|-%c", option->letter);
    fputs(") ", file);
    if (option->words != NULL) {
        fputs("words='", file);
        print_words(file, option->words);
        fputs("' ;;\n", file);
    } else if (option->completion == CLI_COMPLETE_METHOD) {
        fputs("words='", file);
        print_methods(file);
        fputs("' ;;\n", file);
    } else if (option->completion == CLI_COMPLETE_SETTING)
        fputs("words=$(_tocsin_settings \"$method\") ;;\n", file);
    else if (option->completion == CLI_COMPLETE_FILE)
        fputs("COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n", file);
    else
        fputs("return ;;\n", file);
}

static void print_bash_command(FILE *file, const struct cli_command *command)
{
    const struct cli_group  *group;
    const struct cli_option *option;
    fprintf(file, "    %s)\n        case $prev in\n", command->name);
    for (size_t i = 0; (option = cli_option_at(command, i, &group)) != NULL; i++)
        if (option->kind != CLI_FLAG)
            print_bash_value(file, option);
    fputs("        *) if [[ $cur == -* ]]; then words='", file);
    for (size_t i = 0; (option = cli_option_at(command, i, &group)) != NULL; i++)
        fprintf(file, "%s--%s", i == 0 ? "" : " ", option->name);
    if (takes_files(command))
        fputs("'; else COMPREPLY=($(compgen -f -- \"$cur\")); return; fi ;;\n", file);
    else {
        fputs("'; else words='", file);
        print_operands(file, command);
        fputs("'; fi ;;\n", file);
    }
    fputs("        esac ;;\n", file);
}

static void print_bash(FILE *file)
{
    size_t                           num;
    const struct cli_command *const *commands = cli_commands(&num);
    fputs("# bash completion for tocsin, made by 'tocsin completion bash'.\n"
          "# To use: source <(tocsin completion bash)\n",
          file);
    print_settings_case(file);
    fputs("_tocsin() {\n"
          "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} method= words= i\n"
          "    COMPREPLY=()\n"
          "    # bash makes a word of each '=': --format=csv and --set name=value come in three\n"
          "    if [[ $cur == '=' ]]; then cur=; elif [[ $prev == '=' ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi\n"
          "    for ((i = 2; i < COMP_CWORD; i++)); do\n"
          "        case ${COMP_WORDS[i]} in\n"
          "        --method|-m)\n"
          "            method=${COMP_WORDS[i+1]}; [[ $method == '=' ]] && method=${COMP_WORDS[i+2]} ;;\n"
          "        esac\n"
          "    done\n"
          "    if ((COMP_CWORD == 1)); then\n"
          "        words='",
          file);
    print_commands(file);
    fputs(" --help --version'\n    else case ${COMP_WORDS[1]} in\n", file);
    for (size_t i = 0; i < num; i++)
        print_bash_command(file, commands[i]);
    fputs("    esac; fi\n"
          "    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
          "    [[ ${#COMPREPLY[@]} -gt 0 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace\n"
          "}\n"
          "complete -o filenames -F _tocsin tocsin\n",
          file);
}

/* ---- zsh ---- */

static void print_zsh_option(FILE *file, const struct cli_option *option)
{
    fputs(" \\\n            ", file);
    if (option->letter != 0)
        fprintf(file, "'(-%c --%s)'{-%c,--%s%s}", option->letter, option->name, option->letter, option->name,
                option->kind == CLI_FLAG ? "" : "=");
    else
        fprintf(file, "%s--%s%s", option->completion == CLI_COMPLETE_SETTING ? "\\*" : "", option->name,
                option->kind == CLI_FLAG ? "" : "=");
    fputs("'[", file);
    print_quoted(file, option->meaning, first_sentence(option->meaning), "[]:\\");
    fputc(']', file);
    if (option->kind != CLI_FLAG) {
        fputc(':', file);
        print_quoted(file, option->value, strlen(option->value), ":\\");
        fputc(':', file);
        if (option->words != NULL) {
            fputc('(', file);
            print_words(file, option->words);
            fputc(')', file);
        } else if (option->completion == CLI_COMPLETE_METHOD) {
            fputc('(', file);
            print_methods(file);
            fputc(')', file);
        } else if (option->completion == CLI_COMPLETE_SETTING)
            fputs("_tocsin_offer_settings", file);
        else if (option->completion == CLI_COMPLETE_FILE)
            fputs("_files", file);
    }
    fputc('\'', file);
}

static void print_zsh(FILE *file)
{
    size_t                           num;
    const struct cli_command *const *commands = cli_commands(&num);
    const struct cli_group          *group;
    const struct cli_option         *option;
    fputs("#compdef tocsin\n# zsh completion for tocsin, made by 'tocsin completion zsh'.\n"
          "# To use: tocsin completion zsh > a folder of $fpath, as _tocsin\n",
          file);
    print_settings_case(file);
    fputs("_tocsin_offer_settings() {\n"
          "    local i method=${opt_args[--method]:-${opt_args[-m]}}\n"
          "    compadd -S '' -- ${=$(_tocsin_settings $method)}\n"
          "}\n"
          "_tocsin() {\n"
          "    local -a commands\n"
          "    commands=(",
          file);
    for (size_t i = 0; i < num; i++) {
        fprintf(file, "\n        '%s:", commands[i]->name);
        print_quoted(file, commands[i]->summary, strlen(commands[i]->summary), ":\\");
        fputc('\'', file);
    }
    fputs("\n    )\n"
          "    if ((CURRENT == 2)); then _describe command commands; return; fi\n"
          "    local command=$words[2]\n"
          "    shift words; ((CURRENT--))\n"
          "    case $command in\n",
          file);
    for (size_t i = 0; i < num; i++) {
        fprintf(file, "    %s)\n        _arguments", commands[i]->name);
        for (size_t j = 0; (option = cli_option_at(commands[i], j, &group)) != NULL; j++)
            print_zsh_option(file, option);
        fputs(" \\\n            '*:operand:", file);
        if (takes_files(commands[i]))
            fputs("_files", file);
        else {
            fputc('(', file);
            print_operands(file, commands[i]);
            fputc(')', file);
        }
        fputs("' ;;\n", file);
    }
    fputs("    esac\n}\nif [[ $funcstack[1] == _tocsin ]]; then _tocsin \"$@\"; else compdef _tocsin tocsin; fi\n",
          file);
}

/* ---- fish ---- */

static void print_fish_option(FILE *file, const struct cli_command *command, const struct cli_option *option)
{
    fprintf(file, "complete -c tocsin -n '__fish_seen_subcommand_from %s' -l %s", command->name, option->name);
    if (option->letter != 0)
        fprintf(file, " -s %c", option->letter);
    if (option->completion == CLI_COMPLETE_FILE)
        fputs(" -r -F", file);
    else if (option->kind != CLI_FLAG)
        fputs(" -x", file);
    if (option->words != NULL) {
        fputs(" -a '", file);
        print_words(file, option->words);
        fputc('\'', file);
    } else if (option->completion == CLI_COMPLETE_METHOD) {
        fputs(" -a '", file);
        print_methods(file);
        fputc('\'', file);
    } else if (option->completion == CLI_COMPLETE_SETTING)
        fputs(" -a '(__tocsin_settings)'", file);
    fputs(" -d '", file);
    for (size_t i = 0; i < first_sentence(option->meaning); i++) {
        if (option->meaning[i] == '\'' || option->meaning[i] == '\\')
            fputc('\\', file);
        fputc(option->meaning[i], file);
    }
    fputs("'\n", file);
}

static void print_fish_settings(FILE *file)
{
    size_t                          num;
    const struct toc_method *const *methods = toc_methods(&num);
    fputs("function __tocsin_settings\n"
          "    set -l words (commandline -opc)\n"
          "    set -l method\n"
          "    for i in (seq (count $words))\n"
          "        switch $words[$i]\n"
          "            case --method -m\n"
          "                test $i -lt (count $words); and set method $words[(math $i + 1)]\n"
          "            case '--method=*'\n"
          "                set method (string replace -- --method= '' $words[$i])\n"
          "        end\n"
          "    end\n"
          "    switch \"$method\"\n",
          file);
    for (size_t i = 0; i < num; i++) {
        fprintf(file, "        case %s\n            string split ' ' '", methods[i]->name);
        print_settings_of(file, methods[i]);
        fputs("'\n", file);
    }
    fputs("    end\nend\n", file);
}

static void print_fish(FILE *file)
{
    size_t                           num;
    const struct cli_command *const *commands = cli_commands(&num);
    const struct cli_group          *group;
    const struct cli_option         *option;
    fputs("# fish completion for tocsin, made by 'tocsin completion fish'.\n"
          "# To use: tocsin completion fish | source\n",
          file);
    print_fish_settings(file);
    for (size_t i = 0; i < num; i++) {
        fprintf(file, "complete -c tocsin -f -n __fish_use_subcommand -a %s -d '", commands[i]->name);
        print_quoted(file, commands[i]->summary, strlen(commands[i]->summary), "");
        fputs("'\n", file);
        for (size_t j = 0; (option = cli_option_at(commands[i], j, &group)) != NULL; j++)
            print_fish_option(file, commands[i], option);
        if (!takes_files(commands[i])) {
            fprintf(file, "complete -c tocsin -n '__fish_seen_subcommand_from %s' -f -a '", commands[i]->name);
            print_operands(file, commands[i]);
            fputs("'\n", file);
        }
    }
}

int cli_print_completion(FILE *file, const char *shell)
{
    if (strcmp(shell, "bash") == 0)
        print_bash(file);
    else if (strcmp(shell, "zsh") == 0)
        print_zsh(file);
    else if (strcmp(shell, "fish") == 0)
        print_fish(file);
    else
        return -1;
    return 0;
}
