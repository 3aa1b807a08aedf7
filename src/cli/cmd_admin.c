/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a department's officers ask of the program about itself. */
#include <stdio.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/command.h"
#include "cli/node_options.h"
#include "cli/own_folder.h"
#include "model/privacy_report.h"

enum format { MARKDOWN, JSON };

struct settings {
    const char *lists, *out;
    int         language, format;
};

static const char *const language_words[] = { "en", "zh", NULL };
static const char *const format_words[] = { "markdown", "json", NULL };

static const struct cli_option admin_options[] = {
    { .name = "language",
      .value = "WORD",
      .initial = "en",
      .kind = CLI_CHOICE,
      .words = language_words,
      .offset = offsetof(struct settings, language),
      .meaning = "markdown: in English or Chinese. JSON has both." },
    { .name = "format",
      .letter = 'f',
      .value = "WORD",
      .initial = "markdown",
      .kind = CLI_CHOICE,
      .words = format_words,
      .offset = offsetof(struct settings, format),
      .meaning = "For people, or for programs." },
    { .name = "output",
      .letter = 'o',
      .value = "FILE",
      .initial = "standard output",
      .kind = CLI_TEXT,
      .completion = CLI_COMPLETE_FILE,
      .offset = offsetof(struct settings, out),
      .meaning = "Where to write it." },
    { .name = "lists",
      .value = "DIR",
      .kind = CLI_TEXT,
      .completion = CLI_COMPLETE_FILE,
      .offset = offsetof(struct settings, lists),
      .initial = "those that came with the program",
      .meaning = "The reference lists that name roles and purposes." },
};

static const struct cli_group groups[] = {
    { .title = "Report", .options = admin_options, .num_options = sizeof admin_options / sizeof *admin_options },
};

static int write_report(const struct cli_command *command, const struct settings *settings)
{
    struct fault_list   faults = FAULT_LIST_INIT;
    struct model_lists *lists = NULL;
    struct sink         sink;
    const char         *folder = settings->lists != NULL ? settings->lists : own_folder("lists", "../share/lists");
    int                 status = model_lists_new(&lists);
    if (status == 0 && folder != NULL)
        status = model_lists_add_folder(lists, folder, &faults);
    if (status == 0)
        status = sink_open(&sink, settings->out);
    if (status == 0) {
        if (settings->format == JSON)
            privacy_report_json(&sink, lists);
        else
            privacy_report_markdown(&sink, lists, settings->language == 0 ? MODEL_ENGLISH : MODEL_CHINESE);
        status = sink_finish(&sink);
        if (status != 0)
            status = cli_complain(command, CLI_MACHINE, "%s: %s",
                                  settings->out != NULL ? settings->out : "standard output", strerror(sink.failure));
    } else
        status = node_complain(command, status, &faults);
    model_lists_free(lists);
    return status;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
    struct settings settings = { 0 };
    int             first, exit_code = cli_parse(command, argc, argv, &settings, &first);
    if (exit_code >= 0)
        return exit_code;
    if (argc - first != 1 || strcmp(argv[first], "privacy-report") != 0)
        return cli_complain(command, CLI_USE, "what is to be done? allowed: privacy-report");
    return write_report(command, &settings);
}

static const char *const        usage[] = { "privacy-report [OPTION]...", NULL };
static const struct cli_example examples[] = {
    { "tocsin admin privacy-report --output privacy.md", "for the data-protection officer" },
    { "tocsin admin privacy-report --language zh", "in Chinese" },
    { NULL, NULL },
};

const struct cli_command cli_command_admin = {
    .name = "admin",
    .summary = "papers about the program itself: the record of processing",
    .usage = usage,
    .text =
        "privacy-report writes the record of processing activities and the skeleton of an impact assessment from the "
        "program's own description of its data: which fields of which class, who reads identities for which purpose, "
        "how long records are kept, who receives them, how they are protected. What only the department can say stands "
        "as a line to be filled in. It needs no node and holds nothing of a person.",
    .groups = groups,
    .num_groups = sizeof groups / sizeof *groups,
    .examples = examples,
    .run = run,
};
