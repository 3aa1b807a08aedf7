/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/input_options.h"

#include <unistd.h>

#include "tocsin/status.h"

/* In the order of enum date_step and enum counts_missing. */
static const char *const step_words[] = { "auto", "day", "week", "month", NULL };
static const char *const missing_words[] = { "error", "zero", "na", NULL };
static const char *const separator_words[] = { "auto", "comma", "semicolon", "tab", NULL };
static const char        separators[] = { 0, ',', ';', '\t' };

const struct cli_option input_options[INPUT_NUM_OPTIONS] = {
    { .name = "columns",
      .letter = 'c',
      .value = "OURS=THEIRS,…",
      .kind = CLI_TEXT,
      .offset = offsetof(struct input_settings, columns),
      .meaning =
          "How the columns are called in the file: date=Datum,count=n. Ours are date, count, series, population, "
          "imported; ignore=NAME leaves a column out, ignore=* every other one." },
    { .name = "missing",
      .value = "error|zero|na",
      .initial = "error",
      .kind = CLI_CHOICE,
      .offset = offsetof(struct input_settings, missing),
      .words = missing_words,
      .meaning =
          "What a date without a row, or an empty count, means: a fault, no case, or a count that nobody knows." },
    { .name = "step",
      .value = "auto|day|week|month",
      .initial = "auto: recognised from the dates",
      .kind = CLI_CHOICE,
      .offset = offsetof(struct input_settings, step),
      .words = step_words,
      .meaning = "The distance of the dates." },
    { .name = "separator",
      .value = "auto|comma|semicolon|tab",
      .initial = "auto: recognised from the header",
      .kind = CLI_CHOICE,
      .offset = offsetof(struct input_settings, separator),
      .words = separator_words,
      .meaning = "What stands between the columns of the file." },
};

int input_report(const struct cli_command *command, int status, struct fault_list *faults)
{
    int exit_code = status == BASE_ERR_INPUT ? CLI_INPUT : CLI_MACHINE;
    if (faults->num_all > 0)
        fault_list_write(faults, cli_messages());
    else if (status == TOC_ERR_NO_MEMORY)
        cli_complain(command, exit_code, "out of memory");
    if (status == BASE_ERR_INPUT)
        cli_complain(command, exit_code, "%llu fault%s in the input; nothing was written",
                     (unsigned long long) faults->num_all, faults->num_all == 1 ? "" : "s");
    fault_list_free(faults);
    *faults = (struct fault_list) FAULT_LIST_INIT;
    return exit_code;
}

/* Large files take a while, and nothing is written before they are known to be whole. */
static void tell_reading(const struct cli_command *command, bool begin)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[K%s%s%s", begin ? "tocsin " : "", begin ? command->name : "", begin ? ": reading" : "");
}

int input_open(const struct cli_command *command, const struct input_settings *settings, char *const *files,
               int num_files, struct fault_list *faults, struct counts_reader **reader)
{
    static const char *const standard_input[] = { "-" };
    struct counts_options    options = COUNTS_OPTIONS_INIT;
    options.step = (enum date_step) settings->step;
    options.missing = (enum counts_missing) settings->missing;
    options.delimiter = separators[settings->separator];
    if (settings->columns != NULL && counts_columns_from_text(settings->columns, &options.columns, faults) != 0) {
        input_report(command, BASE_ERR_SYSTEM, faults);
        return CLI_USE;
    }
    if (num_files == 0 && isatty(STDIN_FILENO))
        return cli_complain(command, CLI_USE,
                            "no FILE given, and standard input is a terminal; 'tocsin help %s' "
                            "shows how",
                            command->name);

    int ret = num_files == 0 ? counts_open(standard_input, 1, &options, faults, reader)
                             : counts_open((const char *const *) files, (size_t) num_files, &options, faults, reader);
    tell_reading(command, false);
    return ret == 0 ? CLI_DONE : input_report(command, ret, faults);
}
