/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "base/json_writer.h"
#include "base/nearest.h"
#include "cli/cmd.h"
#include "cli/command.h"
#include "cli/method_text.h"
#include "cli/output_options.h"

struct settings {
    struct output_settings output;
};

static const struct cli_group groups[] = {
    { .title = "Output", .options = output_options, .num_options = OUTPUT_NUM_OPTIONS - 1 }, /* nothing to plot */
};

/* ---- NDJSON: one method a line, its parameters within ---- */

static void json_text_or_null(struct json_writer *json, const char *key, const char *text)
{
    json_key(json, key);
    if (text == NULL || *text == '\0')
        json_put_null(json);
    else
        json_put_string(json, text);
}

static void json_default(struct json_writer *json, const char *key, const struct toc_method *method,
                         const struct toc_parameter *parameter, enum toc_mode mode)
{
    char              text[METHOD_TEXT_SIZE];
    _Alignas(16) char options[TOC_METHOD_MAX_OPTIONS];
    toc_method_init_options(method, mode, options);
    double value = toc_parameter_get(parameter, options);
    bool   is_word = false; /* of a number that has words too */
    for (const struct toc_choice *choice = parameter->choices; choice != NULL && choice->word != NULL; choice++)
        is_word |= choice->value == value;
    json_key(json, key);
    switch (parameter->kind) {
    case TOC_PARAMETER_FLAG: json_put_bool(json, value != 0); break;
    case TOC_PARAMETER_CHOICE:
    case TOC_PARAMETER_INTEGER:
    case TOC_PARAMETER_REAL:
        method_default_text(method, parameter, mode, text);
        if (is_word)
            json_put_string(json, text);
        else
            json_put_number(json, value);
        break;
    }
}

static void json_choices(struct json_writer *json, const struct toc_choice *choice)
{
    json_key(json, "choices");
    json_begin_array(json);
    for (; choice->word != NULL; choice++) {
        json_begin_object(json);
        json_key(json, "word");
        json_put_string(json, choice->word);
        json_text_or_null(json, "r_word", choice->r_word);
        json_key(json, "meaning");
        json_put_string(json, choice->meaning);
        json_end(json);
    }
    json_end(json);
}

static void json_parameter(struct json_writer *json, const struct toc_method *method,
                           const struct toc_parameter *parameter)
{
    char text[METHOD_TEXT_SIZE];
    json_begin_object(json);
    json_key(json, "name");
    json_put_string(json, parameter->name);
    method_r_text(method, parameter, text);
    json_text_or_null(json, "r_name", text);
    json_key(json, "kind");
    json_put_string(json, method_kind_word(parameter->kind));
    json_default(json, "default", method, parameter, TOC_MODE_DEFAULT);
    json_default(json, "r_default", method, parameter, TOC_MODE_R);
    json_text_or_null(json, "unit", parameter->unit);
    if (parameter->choices != NULL)
        json_choices(json, parameter->choices);
    if (parameter->kind == TOC_PARAMETER_INTEGER || parameter->kind == TOC_PARAMETER_REAL) {
        json_key(json, "low");
        json_put_number(json, parameter->low);
        json_key(json, "low_open");
        json_put_bool(json, parameter->low_open);
        json_key(json, "high");
        json_put_number(json, parameter->high);
        json_key(json, "high_open");
        json_put_bool(json, parameter->high_open);
    }
    json_key(json, "meaning");
    json_put_string(json, parameter->meaning);
    json_end(json);
}

static void json_method(struct sink *sink, const struct toc_method *method)
{
    struct json_writer json;
    json_writer_init(&json, sink);
    json_begin_object(&json);
    json_key(&json, "name");
    json_put_string(&json, method->name);
    json_key(&json, "title");
    json_put_string(&json, method->title);
    json_key(&json, "use");
    json_put_string(&json, method->use);
    json_text_or_null(&json, "r_name", method->r_name);
    json_key(&json, "source");
    json_put_string(&json, method->source);
    json_key(&json, "cumulative");
    json_put_bool(&json, method->cumulative);
    json_key(&json, "parameters");
    json_begin_array(&json);
    for (size_t i = 0; i < method->num_parameters; i++)
        json_parameter(&json, method, &method->parameters[i]);
    json_end(&json);
    json_end(&json);
    sink_character(sink, '\n');
}

/* ---- CSV: one parameter a row; the table for people: one method a row ---- */

static const struct rows_column csv_columns[] = {
    { .name = "method" },
    { .name = "parameter" },
    { .name = "default" },
    { .name = "r_default" },
    { .name = "allowed" },
    { .name = "unit" },
    { .name = "meaning" },
    { .name = "r_parameter" },
    { .name = "title" },
    { .name = "use" },
    { .name = "r_name" },
    { .name = "source" },
    { .name = "cumulative", .kind = ROWS_FLAG },
};
static const struct rows_column table_columns[] = { { .name = "method" },
                                                    { .name = "what it does", .max_width = 100 },
                                                    { .name = "in R" } };

/* A table cell is shown whole: names and words from our own tables are short. */
static void row_of_parameter(struct rows *rows, const struct toc_method *method, const struct toc_parameter *parameter)
{
    char text[METHOD_TEXT_SIZE];
    rows_text(rows, method->name);
    rows_text(rows, parameter->name);
    method_default_text(method, parameter, TOC_MODE_DEFAULT, text);
    rows_text(rows, text);
    method_default_text(method, parameter, TOC_MODE_R, text);
    rows_text(rows, text);
    method_allowed_text(parameter, text);
    rows_text(rows, text);
    rows_text(rows, parameter->unit);
    rows_text(rows, parameter->meaning);
    method_r_text(method, parameter, text);
    rows_text(rows, text);
    rows_text(rows, method->title);
    rows_text(rows, method->use);
    rows_text(rows, method->r_name != NULL ? method->r_name : "");
    rows_text(rows, method->source);
    rows_flag(rows, method->cumulative);
    rows_end_row(rows);
}

static void row_of_method(struct rows *rows, const struct toc_method *method)
{
    rows_text(rows, method->name);
    rows_text(rows, method->title);
    rows_text(rows, method->r_name != NULL ? method->r_name : "");
    rows_end_row(rows);
}

/* ---- one method for people: as a page ---- */

static void print_default(struct sink *sink, const struct toc_method *method, const struct toc_parameter *parameter)
{
    char ours[METHOD_TEXT_SIZE], r[METHOD_TEXT_SIZE], of_r[METHOD_TEXT_SIZE], word[METHOD_TEXT_SIZE];
    method_default_text(method, parameter, TOC_MODE_DEFAULT, ours);
    method_default_text(method, parameter, TOC_MODE_R, r);
    method_r_default_text(method, parameter, of_r);
    method_r_text(method, parameter, word);
    sink_format(sink, "      default: %s", *ours != '\0' ? ours : "chosen from the data");
    if (*word != '\0') /* the same value may have another word there */
        sink_format(sink, "; R: %s%s%s%s", word, strcmp(ours, of_r) != 0 ? " = " : "",
                    strcmp(ours, of_r) != 0 ? of_r : "", strcmp(ours, r) == 0 ? ", the same" : "");
    sink_character(sink, '\n');
}

static void print_page(struct sink *sink, const struct toc_method *method)
{
    char text[METHOD_TEXT_SIZE];
    sink_format(sink, "%s\n  %s.\n  %s\n", method->name, method->title, method->use);
    sink_format(sink, "  Source: %s\n", method->source);
    if (method->r_name != NULL)
        sink_format(sink, "  Compared with R: %s\n", method->r_name);
    if (method->cumulative)
        sink_text(sink, "  Adds up from the first date judged: give 'tocsin detect' --start DATE, the same each time;\n"
                        "  --last and --from then only choose the rows. It learns from the dates before --start.\n");
    sink_text(sink, "\nParameters (--set NAME=VALUE, by our name or by R's):\n");
    for (size_t i = 0; i < method->num_parameters; i++) {
        const struct toc_parameter *parameter = &method->parameters[i];
        method_allowed_text(parameter, text);
        sink_format(sink, "\n  %s: %s\n", parameter->name, parameter->meaning);
        sink_format(sink, "      allowed%s%s: %s\n", *parameter->unit != '\0' ? ", in " : "", parameter->unit, text);
        for (const struct toc_choice *choice = parameter->choices; choice != NULL && choice->word != NULL; choice++)
            sink_format(sink, "        %-12s %s%s%s%s\n", choice->word, choice->meaning,
                        choice->r_word != NULL ? " (R: " : "", choice->r_word != NULL ? choice->r_word : "",
                        choice->r_word != NULL ? ")" : "");
        print_default(sink, method, parameter);
    }
}

/* ---- the command ---- */

static int complain_unknown(const struct cli_command *command, const char *name)
{
    struct nearest                  nearest = { .word = name };
    size_t                          num;
    const struct toc_method *const *methods = toc_methods(&num);
    for (size_t i = 0; i < num; i++)
        nearest_offer(&nearest, methods[i]->name);
    if (nearest.best != NULL)
        return cli_complain(command, CLI_USE, "no method '%s'; did you mean %s?", name, nearest.best);
    return cli_complain(command, CLI_USE, "no method '%s'; 'tocsin methods' lists them", name);
}

static void write_one(struct output *output, const struct toc_method *method, bool page)
{
    if (page)
        print_page(&output->sink, method);
    else if (output->rows.format == ROWS_NDJSON)
        json_method(&output->sink, method);
    else if (output->rows.format == ROWS_TABLE)
        row_of_method(&output->rows, method);
    else
        for (size_t i = 0; i < method->num_parameters; i++)
            row_of_parameter(&output->rows, method, &method->parameters[i]);
}

static int run(const struct cli_command *command, int argc, char **argv)
{
    struct settings          settings = { .output = OUTPUT_SETTINGS_INIT };
    const struct toc_method *method = NULL;
    int                      first, exit_code = cli_parse(command, argc, argv, &settings, &first);
    if (exit_code >= 0)
        return exit_code;
    if (argc - first > 1)
        return cli_complain(command, CLI_USE, "one NAME at a time; found also '%s'", argv[first + 1]);
    if (argc - first == 1 && (method = toc_method_find(argv[first])) == NULL)
        return complain_unknown(command, argv[first]);

    struct output output;
    if (settings.output.format < 0)
        settings.output.format = ROWS_TABLE; /* a list for people, in a pipe too */
    bool table = settings.output.format == ROWS_TABLE;
    if (table && method != NULL)
        settings.output.format = ROWS_NDJSON; /* a page: rows that write nothing by themselves */
    exit_code = output_begin(
        command, &settings.output, table ? table_columns : csv_columns,
        table ? sizeof table_columns / sizeof *table_columns : sizeof csv_columns / sizeof *csv_columns, &output);
    if (exit_code != CLI_DONE)
        return exit_code;
    size_t                          num;
    const struct toc_method *const *methods = toc_methods(&num);
    for (size_t i = 0; i < num; i++)
        if (method == NULL || method == methods[i])
            write_one(&output, methods[i], table && method != NULL);
    return output_finish(command, &output);
}

static const char *const        usage[] = { "[OPTION]... [NAME]", NULL };
static const struct cli_example examples[] = {
    { "tocsin methods", "which methods there are" },
    { "tocsin methods ears-c2", "what one does and how it can be set" },
    { "tocsin methods --format ndjson", "the same for programs, with defaults, bounds and sources" },
    { NULL, NULL },
};

const struct cli_command cli_command_methods = {
    .name = "methods",
    .summary = "list the detection methods with their parameters, defaults and sources",
    .usage = usage,
    .text =
        "Lists the methods of 'tocsin detect'. With NAME, shows one: when to choose it, where it was published, and "
        "each parameter with its meaning, bounds, our default and R's.\n\n"
        "Methods that add up from one date to the next, and so need 'tocsin detect --start', say so (cumulative in csv "
        "and ndjson). csv has one row a parameter, ndjson one object a method.",
    .groups = groups,
    .num_groups = 1,
    .examples = examples,
    .run = run,
};
