/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/output_options.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "tocsin/status.h"

static const char *set_format(void *settings, const char *value)
{
    struct output_settings *output = settings;
    for (int i = 0; rows_format_words[i] != NULL; i++)
        if (strcmp(rows_format_words[i], value) == 0) {
            output->format = i;
            return NULL;
        }
    return "csv, ndjson or table";
}

const struct cli_option output_options[OUTPUT_NUM_OPTIONS] = {
    { .name = "format",
      .letter = 'f',
      .value = "csv|ndjson|table",
      .initial = "table on a terminal, else csv",
      .kind = CLI_CUSTOM,
      .set = set_format,
      .words = rows_format_words,
      .meaning = "How results are written. csv and ndjson give every digit; a table is rounded, for people." },
    { .name = "output",
      .letter = 'o',
      .value = "FILE",
      .initial = "- (standard output)",
      .kind = CLI_TEXT,
      .offset = offsetof(struct output_settings, path),
      .completion = CLI_COMPLETE_FILE,
      .meaning = "Where results go. A file appears whole at the end or not at all." },
    { .name = "plot",
      .letter = 'p',
      .value = "FILE.svg",
      .kind = CLI_TEXT,
      .offset = offsetof(struct output_settings, plot),
      .completion = CLI_COMPLETE_FILE,
      .meaning = "Also draw the results, one panel a series, as SVG." },
};

int output_complain(const struct cli_command *command, const char *path, int failure)
{
    if (failure == EPIPE && path == NULL) {
        sink_remove_temporaries();
        cli_die_of_broken_pipe();
    }
    return cli_complain(command, CLI_MACHINE, "%s: %s", path != NULL ? path : "standard output", strerror(failure));
}

int output_begin(const struct cli_command *command, const struct output_settings *settings,
                 const struct rows_column *columns, size_t num_columns, struct output *output)
{
    bool plot_too =
        settings->plot != NULL && strcmp(settings->plot, settings->path != NULL ? settings->path : "-") == 0;
    if (plot_too)
        return cli_complain(command, CLI_USE,
                            "--plot and the results would go to the same place, %s; --output or --plot "
                            "names another",
                            settings->path != NULL ? settings->path : "standard output");
    bool standard = settings->path == NULL || strcmp(settings->path, "-") == 0;
    bool elsewhere = cli_out() != stdout; /* for another process (cli/forward.h) */
    int  format = settings->format;
    if (format < 0)
        format = standard && !elsewhere && isatty(STDOUT_FILENO) ? ROWS_TABLE : ROWS_CSV;
    bool color = standard && !elsewhere && format == ROWS_TABLE && rows_color_wanted(STDOUT_FILENO);

    *output = (struct output){ .path = standard ? NULL : settings->path };
    int ret = 0;
    if (standard && elsewhere)
        sink_init_memory(&output->sink);
    else
        ret = sink_open(&output->sink, settings->path);
    if (ret == 0)
        ret = rows_begin(&output->rows, &output->sink, (enum rows_format) format, color, columns, num_columns);
    if (ret == 0)
        return CLI_DONE;
    int failure = ret == TOC_ERR_NO_MEMORY ? ENOMEM : output->sink.failure;
    output_abandon(output);
    return output_complain(command, output->path, failure);
}

bool output_has_failed(const struct output *output)
{
    return output->sink.failure != 0;
}

int output_finish(const struct cli_command *command, struct output *output)
{
    rows_finish(&output->rows);
    bool elsewhere = output->path == NULL && cli_out() != stdout;
    if (sink_finish(&output->sink) == 0) {
        if (elsewhere)
            fwrite(output->sink.bytes, 1, output->sink.used, cli_out());
        if (elsewhere)
            sink_free(&output->sink);
        return CLI_DONE;
    }
    return output_complain(command, output->path, output->sink.failure);
}

void output_abandon(struct output *output)
{
    rows_finish(&output->rows);
    sink_free(&output->sink);
}
