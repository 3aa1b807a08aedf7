/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "cli/command.h"

#define MAX_OPTIONS 64 /* of one command; cli_parse refuses a table beyond it */
#define FIRST_LONG 256 /* getopt's value of option i is FIRST_LONG + i */

static const struct cli_option help_option = {
    .name = "help", .letter = 'h', .kind = CLI_FLAG, .meaning = "Show this help and end."
};
static const struct cli_group help_group = { .title = "Help", .options = &help_option, .num_options = 1 };

const struct cli_option *cli_option_at(const struct cli_command *command, size_t index, const struct cli_group **group)
{
    for (size_t g = 0; g < command->num_groups; g++) {
        *group = &command->groups[g];
        if (index < command->groups[g].num_options)
            return &command->groups[g].options[index];
        index -= command->groups[g].num_options;
    }
    *group = &help_group;
    return index == 0 ? &help_option : NULL;
}

/* ---- values ---- */

/* What a number may be, in words; in one place for every option (single-threaded: the front of the program). */
static const char *bounds_text(const struct cli_option *option, const char *what)
{
    static char text[120];
    bool        below = isfinite(option->high);
    const char *least = option->open ? "above" : "from", *most = option->open ? "below" : "to";
    if (below)
        snprintf(text, sizeof text, "%s %s %.15g %s %.15g", what, least, option->low, most, option->high);
    else
        snprintf(text, sizeof text, "%s, %s %.15g", what, option->open ? "above" : "at least", option->low);
    return text;
}

static const char *words_text(const struct cli_option *option)
{
    static char text[400];
    size_t      used = 0;
    for (size_t i = 0; option->words[i] != NULL && used < sizeof text; i++)
        used += (size_t) snprintf(text + used, sizeof text - used, "%s%s",
                                  i == 0                         ? ""
                                  : option->words[i + 1] == NULL ? " or "
                                                                 : ", ",
                                  option->words[i]);
    return text;
}

static const char *set_whole(const struct cli_option *option, const char *value, void *field)
{
    char *end;
    errno = 0;
    long number = strtol(value, &end, 10);
    if (end == value || *end != '\0' || errno != 0 || (double) number < option->low || (double) number > option->high)
        return bounds_text(option, "a whole number");
    memcpy(field, &number, sizeof number);
    return NULL;
}

static const char *set_real(const struct cli_option *option, const char *value, void *field)
{
    char  *end;
    double number = strtod(value, &end);
    bool   inside =
        option->open ? number > option->low && number < option->high : number >= option->low && number <= option->high;
    if (end == value || *end != '\0' || !isfinite(number) || !inside)
        return bounds_text(option, "a number");
    memcpy(field, &number, sizeof number);
    return NULL;
}

static const char *set_choice(const struct cli_option *option, const char *value, void *field)
{
    for (int i = 0; option->words[i] != NULL; i++)
        if (strcmp(option->words[i], value) == 0) {
            memcpy(field, &i, sizeof i);
            return NULL;
        }
    return words_text(option);
}

const char *cli_option_set(const struct cli_option *option, const char *value, void *settings)
{
    void      *field = (char *) settings + option->offset;
    const bool yes = true;
    switch (option->kind) {
    case CLI_FLAG: memcpy(field, &yes, sizeof yes); return NULL;
    case CLI_TEXT: memcpy(field, &value, sizeof value); return NULL;
    case CLI_WHOLE: return set_whole(option, value, field);
    case CLI_REAL: return set_real(option, value, field);
    case CLI_CHOICE: return set_choice(option, value, field);
    case CLI_CUSTOM: return option->set(settings, value);
    }
    return "a known kind of option";
}

/* ---- the command line ---- */

/* The table as getopt wants it. '+' is absent: options may follow the files. ':' tells a missing value apart. */
static size_t make_getopt_tables(const struct cli_command *command, struct option *longs, char *shorts)
{
    const struct cli_group  *group;
    const struct cli_option *option;
    size_t                   num = 0;
    *shorts++ = ':';
    for (; num < MAX_OPTIONS && (option = cli_option_at(command, num, &group)) != NULL; num++) {
        longs[num] = (struct option){ option->name, option->kind == CLI_FLAG ? no_argument : required_argument, NULL,
                                      FIRST_LONG + (int) num };
        if (option->letter != 0) {
            *shorts++ = option->letter;
            if (option->kind != CLI_FLAG)
                *shorts++ = ':';
        }
    }
    *shorts = '\0';
    return num;
}

static const struct cli_option *option_of_code(const struct cli_command *command, int code,
                                               const struct cli_group **group)
{
    const struct cli_option *option;
    if (code >= FIRST_LONG)
        return cli_option_at(command, (size_t) (code - FIRST_LONG), group);
    for (size_t i = 0; (option = cli_option_at(command, i, group)) != NULL; i++)
        if (option->letter == code)
            return option;
    return NULL;
}

static int complain_unknown_long(const struct cli_command *command, const char *word)
{
    char   name[64];
    size_t length = strcspn(word + 2, "=");
    snprintf(name, sizeof name, "%.*s", (int) (length < sizeof name ? length : sizeof name - 1), word + 2);

    struct nearest           nearest = { .word = name };
    const struct cli_option *option;
    const struct cli_group  *group;
    size_t                   beginning_so = 0;
    const char              *first = NULL;
    for (size_t i = 0; (option = cli_option_at(command, i, &group)) != NULL; i++) {
        if (option->kind == CLI_FLAG && strcmp(option->name, name) == 0)
            return cli_complain(command, CLI_USE, "option --%s takes no value; found '%s'", name, word);
        if (strncmp(option->name, name, strlen(name)) == 0 && beginning_so++ == 0)
            first = option->name;
        nearest_offer(&nearest, option->name);
    }
    if (beginning_so > 1)
        return cli_complain(command, CLI_USE, "option --%s could mean several; write it out (--%s …)", name, first);
    if (nearest.best != NULL)
        return cli_complain(command, CLI_USE, "unknown option --%s; did you mean --%s?", name, nearest.best);
    return cli_complain(command, CLI_USE, "unknown option --%s; 'tocsin help %s' lists them", name, command->name);
}

static int complain_unknown(const struct cli_command *command, char **argv)
{
    const char *word = argv[optind - 1];
    if (optopt == 0 || optopt >= FIRST_LONG)
        return complain_unknown_long(command, word);
    return cli_complain(command, CLI_USE, "unknown option -%c; 'tocsin help %s' lists them", optopt, command->name);
}

static int complain_missing(const struct cli_command *command)
{
    const struct cli_group  *group;
    const struct cli_option *option = option_of_code(command, optopt, &group);
    return cli_complain(command, CLI_USE, "option --%s needs a value: --%s %s", option->name, option->name,
                        option->value);
}

int cli_parse(const struct cli_command *command, int argc, char **argv, void *settings, int *first_operand)
{
    struct option longs[MAX_OPTIONS + 1] = { { 0 } };
    char          shorts[2 * MAX_OPTIONS + 2];
    int           code;
    if (make_getopt_tables(command, longs, shorts) == MAX_OPTIONS)
        return cli_complain(command, CLI_MACHINE, "more than %d options; raise MAX_OPTIONS", MAX_OPTIONS - 1);

    opterr = 0;
    optind = 0; /* glibc: begin anew */
    while ((code = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
        const struct cli_group *group = NULL;
        if (code == '?')
            return complain_unknown(command, argv);
        if (code == ':')
            return complain_missing(command);
        const struct cli_option *option = option_of_code(command, code, &group);
        if (option == &help_option) {
            cli_print_help(stdout, command);
            return cli_finish_stdout(command, CLI_DONE);
        }
        const char *allowed = cli_option_set(option, optarg, (char *) settings + group->offset);
        if (allowed != NULL)
            return cli_complain(command, CLI_USE, "--%s: found '%s'; allowed: %s", option->name, optarg, allowed);
    }
    *first_operand = optind;
    return -1;
}
