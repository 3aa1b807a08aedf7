/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "base/json_writer.h"
#include "base/nearest.h"
#include "cli/cmd.h"
#include "cli/command.h"
#include "cli/output_options.h"
#include "model/model_lists.h"
#include "model/model_schema.h"
#include "tocsin/status.h"

enum form { AS_CODEBOOK, AS_OPENAPI, AS_TYPESCRIPT };
static const char *const form_words[] = { "codebook", "openapi", "typescript", NULL };

struct settings {
    int                    form; /* enum form */
    const char            *lists;
    struct output_settings output;
};

static const struct cli_option options[] = {
    { .name = "as",
      .letter = 'a',
      .value = "codebook|openapi|typescript",
      .initial = "codebook",
      .kind = CLI_CHOICE,
      .offset = offsetof(struct settings, form),
      .words = form_words,
      .meaning = "What is written: a codebook, one row a field; the schemas of OpenAPI 3.1; types for TypeScript." },
    { .name = "lists",
      .letter = 'l',
      .value = "FOLDER",
      .kind = CLI_TEXT,
      .offset = offsetof(struct settings, lists),
      .completion = CLI_COMPLETE_FILE,
      .meaning = "The reference lists (a file <list>.csv each): schemas and types then name every code. Without them "
                 "a code is a text." },
};

static const struct cli_group groups[] = {
    { .title = "Form", .options = options, .num_options = sizeof options / sizeof *options },
    { .title = "Output",
      .options = output_options,
      .num_options = OUTPUT_NUM_OPTIONS - 1, /* nothing to plot */
      .offset = offsetof(struct settings, output) },
};

static int complain_unknown(const struct cli_command *command, const char *name)
{
    struct nearest             nearest = { .word = name };
    size_t                     num;
    const struct model_record *records = model_records(&num);
    for (size_t i = 0; i < num; i++)
        nearest_offer(&nearest, records[i].name);
    if (nearest.best != NULL)
        return cli_complain(command, CLI_USE, "no record '%s'; did you mean %s?", name, nearest.best);
    return cli_complain(command, CLI_USE, "no record '%s'; 'tocsin model' lists them", name);
}

/* CLI_DONE, or what to exit with. */
static int load_lists(const struct cli_command *command, const char *folder, struct model_lists **lists)
{
    struct fault_list faults = FAULT_LIST_INIT;
    if (folder == NULL)
        return CLI_DONE;
    int ret = model_lists_new(lists);
    if (ret == 0)
        ret = model_lists_add_folder(*lists, folder, &faults);
    if (ret == TOC_ERR_NO_MEMORY)
        cli_complain(command, CLI_MACHINE, "no memory");
    fault_list_write(&faults, stderr);
    fault_list_free(&faults);
    return ret == 0 ? CLI_DONE : ret == BASE_ERR_INPUT ? CLI_INPUT : CLI_MACHINE;
}

static void write_openapi(struct sink *sink, const struct model_record *record, const struct model_lists *lists)
{
    struct json_writer json;
    json_writer_init(&json, sink);
    json_begin_object(&json);
    json_key(&json, "openapi");
    json_put_string(&json, "3.1.0");
    json_key(&json, "info");
    json_begin_object(&json);
    json_key(&json, "title");
    json_put_string(&json, "The records of Tocsin");
    json_key(&json, "version");
    json_put_string(&json, TOCSIN_VERSION);
    json_end(&json);
    json_key(&json, "components");
    json_begin_object(&json);
    json_key(&json, "schemas");
    json_begin_object(&json);
    model_openapi_write(&json, record, lists);
    json_end(&json);
    json_end(&json);
    json_end(&json);
    sink_character(sink, '\n');
}

static int run(const struct cli_command *command, int argc, char **argv)
{
    struct settings            settings = { .output = OUTPUT_SETTINGS_INIT };
    const struct model_record *record = NULL;
    struct model_lists        *lists = NULL;
    struct output              output;
    int                        first, exit_code = cli_parse(command, argc, argv, &settings, &first);
    if (exit_code >= 0)
        return exit_code;
    if (argc - first > 1)
        return cli_complain(command, CLI_USE, "one RECORD at a time; found also '%s'", argv[first + 1]);
    if (argc - first == 1 && (record = model_record_find(argv[first])) == NULL)
        return complain_unknown(command, argv[first]);
    if (settings.form != AS_CODEBOOK && settings.output.format >= 0)
        return cli_complain(command, CLI_USE, "--format is for --as codebook");
    if (settings.form != AS_CODEBOOK)
        settings.output.format = ROWS_NDJSON; /* rows that write nothing by themselves */
    exit_code = load_lists(command, settings.lists, &lists);
    if (exit_code == CLI_DONE)
        exit_code = output_begin(command, &settings.output, model_codebook_columns, MODEL_CODEBOOK_COLUMNS, &output);
    if (exit_code != CLI_DONE)
        goto out;
    if (settings.form == AS_OPENAPI)
        write_openapi(&output.sink, record, lists);
    else if (settings.form == AS_TYPESCRIPT)
        model_typescript_write(&output.sink, record, lists);
    else
        model_codebook_rows(&output.rows, record);
    exit_code = output_finish(command, &output);
out:
    model_lists_free(lists);
    return exit_code;
}

static const char *const        usage[] = { "[OPTION]... [RECORD]", NULL };
static const struct cli_example examples[] = {
    { "tocsin model case", "the fields of a case: what each may hold, who may see it, what it is called" },
    { "tocsin model --as openapi", "schemas of all records, for programs that use the API" },
    { "tocsin model --as typescript --output records.ts", "types for a client in TypeScript" },
    { NULL, NULL },
};

const struct cli_command cli_command_model = {
    .name = "model",
    .summary = "show the records: their fields, bounds, classes and names, for people and programs",
    .usage = usage,
    .text =
        "Every record is described once (src/model/*.def). This writes the description, of all records or of "
        "RECORD: as a codebook (csv, ndjson or table), as schemas of OpenAPI 3.1, or as types of TypeScript. Tables, "
        "JSON, checks and masking come from the same description.\n\n"
        "class says who may see a field: open, routine, sensitive, identifying. Identifying fields are encrypted "
        "under a key a person and leave in no export. rule: optional; required; fixed (required, and never "
        "changed); written (set by the program alone).",
    .groups = groups,
    .num_groups = 2,
    .examples = examples,
    .run = run,
};
