/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "cli/cmd.h"
#include "cli/file_bytes.h"
#include "cli/output_options.h"
#include "cli/own_folder.h"
#include "cli/parse.h"
#include "tocsin/status.h"

/* ---- options ---- */

/* In this order: words of --as, and what reads each. */
static const char *const format_words[] = { "hl7", "fhir", "table", NULL };
static int (*const readers[])(struct parse_job *job) = { parse_hl7, parse_fhir, parse_table };

static const char *const date_words[] = { "day-first", "month-first", NULL };

static const struct cli_option options[] = {
    { .name = "as",
      .value = "FORMAT",
      .kind = CLI_CHOICE,
      .offset = offsetof(struct parse_settings, format),
      .words = format_words,
      .meaning = "The format of the files. It is never guessed." },
    { .name = "codes",
      .value = "FOLDER",
      .initial = "the tables that came with tocsin",
      .kind = CLI_TEXT,
      .offset = offsetof(struct parse_settings, codes),
      .completion = CLI_COMPLETE_FILE,
      .meaning = "More code tables, read after ours: a row that is there already is replaced. Try here what a changed "
                 "table makes of yesterday's messages." },
    { .name = "charset",
      .value = "NAME",
      .initial = "what MSH-18 names",
      .kind = CLI_TEXT,
      .offset = offsetof(struct parse_settings, charset),
      .meaning = "The character set of messages that are not UTF-8: GB18030, 8859/1, WINDOWS-1252 and others." },
    { .name = "pooled",
      .kind = CLI_FLAG,
      .offset = offsetof(struct parse_settings, pooled),
      .meaning = "All specimens of these files are pools." },
    { .name = "output",
      .letter = 'o',
      .value = "PATH",
      .initial = "standard output",
      .kind = CLI_TEXT,
      .offset = offsetof(struct parse_settings, path),
      .completion = CLI_COMPLETE_FILE,
      .meaning = "Where the NDJSON goes." },
};

static const struct cli_option table_options[] = {
    { .name = "encoding",
      .value = "NAME",
      .initial = "what a byte-order mark says, or UTF-8",
      .kind = CLI_TEXT,
      .offset = offsetof(struct parse_settings, encoding),
      .meaning =
          "The character encoding of text that is not UTF-8: gb18030, windows-1252, utf-16le, utf-16be. It is never "
          "guessed." },
    { .name = "delimiter",
      .value = "CHARACTER",
      .initial = "what the first lines agree on",
      .kind = CLI_TEXT,
      .offset = offsetof(struct parse_settings, delimiter),
      .meaning = "What stands between cells of text: a comma, a semicolon, a bar or tab." },
    { .name = "sheet",
      .value = "NAME",
      .initial = "the only one that is shown",
      .kind = CLI_TEXT,
      .offset = offsetof(struct parse_settings, sheet),
      .meaning = "Which sheet of a spreadsheet." },
    { .name = "mapping",
      .value = "FILE",
      .initial = "as proposed from the header",
      .kind = CLI_TEXT,
      .offset = offsetof(struct parse_settings, mapping),
      .completion = CLI_COMPLETE_FILE,
      .meaning = "What each column is: what --propose wrote, perhaps changed." },
    { .name = "propose",
      .kind = CLI_FLAG,
      .offset = offsetof(struct parse_settings, propose),
      .meaning = "Write the mapping alone, to be confirmed; questions that are open are told as faults." },
    { .name = "dates",
      .value = "ORDER",
      .initial = "asked where no row decides",
      .kind = CLI_CHOICE,
      .offset = offsetof(struct parse_settings, dates),
      .words = date_words,
      .meaning = "day-first or month-first, for columns of dates in which no row decides it." },
    { .name = "disease",
      .value = "CODE",
      .kind = CLI_TEXT,
      .offset = offsetof(struct parse_settings, disease),
      .meaning = "The disease of rows that name none." },
    { .name = "errors",
      .value = "FILE",
      .kind = CLI_TEXT,
      .offset = offsetof(struct parse_settings, errors),
      .completion = CLI_COMPLETE_FILE,
      .meaning =
          "Write the rows that cannot be used into this file, with one column more that says why. Mended, it can be "
          "read as it is." },
};

static const struct cli_group groups[] = {
    { .title = "Reading", .options = options, .num_options = sizeof options / sizeof *options },
    { .title = "Tables", .options = table_options, .num_options = sizeof table_options / sizeof *table_options },
};

/* ---- tables ---- */

/* One folder more. CLI_DONE, or what to exit with. */
static int add_folder(const struct cli_command *command, struct code_tables *tables, const char *folder)
{
    struct fault_list faults = FAULT_LIST_INIT;
    int               ret = code_tables_add_folder(tables, folder, &faults);
    fault_list_write(&faults, stderr);
    fault_list_free(&faults);
    if (ret == TOC_ERR_NO_MEMORY)
        return cli_complain(command, CLI_MACHINE, "no memory");
    return ret == 0 ? CLI_DONE : ret == BASE_ERR_INPUT ? CLI_INPUT : CLI_MACHINE;
}

int parse_load_tables(const struct cli_command *command, const char *codes, struct code_tables **tables)
{
    int         exit_code = CLI_DONE;
    const char *folder;
    if (code_tables_new(tables) != 0)
        return cli_complain(command, CLI_MACHINE, "no memory");
    folder = own_folder("lists", "../share/lists");
    if (folder != NULL)
        exit_code = add_folder(command, *tables, folder);
    folder = own_folder("intake", "../share/intake");
    if (folder == NULL)
        exit_code = cli_complain(command, CLI_MACHINE, "the code tables that came with tocsin are not to be found");
    else if (exit_code == CLI_DONE)
        exit_code = add_folder(command, *tables, folder);
    if (exit_code == CLI_DONE && codes != NULL)
        exit_code = add_folder(command, *tables, codes);
    return exit_code;
}

/* ---- the command ---- */

void parse_tell_faults(const struct parse_job *job, const char *part, uint64_t number, const struct report *report)
{
    for (uint32_t i = 0; i < report->num_faults; i++) {
        const struct report_fault *fault = &report->faults[i];
        char                       place[REPORT_PLACE_BYTES], quoted[TEXT_QUOTE_BYTES] = "";
        if (fault->severity < REPORT_ERROR)
            continue;
        report_place_to_text(&fault->place, place);
        if (report_text_is_given(fault->found))
            text_quote(fault->found.bytes, fault->found.size, quoted);
        fprintf(stderr, "%s: %s", job->file, part);
        if (number > 0)
            fprintf(stderr, " %llu", (unsigned long long) number);
        fprintf(stderr, "%s%s: %s%s%s", *place != '\0' && *part != '\0' ? ": " : "", place, quoted,
                *quoted != '\0' ? ": " : "", fault->what);
        fprintf(stderr, fault->allowed != NULL ? "; allowed: %s\n" : "%s\n",
                fault->allowed != NULL ? fault->allowed : "");
    }
}

static int parse_file(struct parse_job *job, const char *path)
{
    struct file_bytes file;
    int               failure = file_bytes_open(&file, path);
    job->file = path;
    if (failure != 0)
        return cli_complain(job->command, CLI_MACHINE, "%s: %s", path, strerror(failure));
    job->bytes = file.bytes != NULL ? file.bytes : "";
    job->size = file.size;
    int exit_code = readers[job->settings->format](job);
    file_bytes_close(&file);
    return exit_code;
}

static int finish(const struct cli_command *command, struct sink *sink, const char *path)
{
    if (sink_finish(sink) == 0)
        return CLI_DONE;
    return output_complain(command, path, sink->failure);
}

static int run(const struct cli_command *command, int argc, char **argv)
{
    struct parse_settings settings = { .format = -1, .dates = -1 };
    struct code_tables   *tables = NULL;
    struct sink           sink;
    int                   first, exit_code = cli_parse(command, argc, argv, &settings, &first);
    if (exit_code >= 0)
        return exit_code;
    if (settings.format < 0)
        return cli_complain(command, CLI_USE, "--as is needed: which format the files have");
    exit_code = parse_load_tables(command, settings.codes, &tables);
    if (exit_code == CLI_DONE && sink_open(&sink, settings.path) != 0)
        exit_code = output_complain(command, settings.path, sink.failure);
    if (exit_code != CLI_DONE) {
        code_tables_free(tables);
        return exit_code;
    }
    struct parse_job job = { .command = command, .settings = &settings, .tables = tables, .sink = &sink };
    if (first == argc)
        exit_code = parse_file(&job, "-");
    for (int i = first; i < argc && exit_code == CLI_DONE; i++)
        exit_code = parse_file(&job, argv[i]);
    if (exit_code == CLI_DONE)
        exit_code = finish(command, &sink, settings.path);
    else
        sink_free(&sink);
    code_tables_free(tables);
    if (exit_code == CLI_DONE && job.num_faults > 0)
        exit_code = CLI_INPUT;
    return exit_code;
}

static const char *const        usage[] = { "--as FORMAT [OPTION]... [FILE]...", NULL };
static const struct cli_example examples[] = {
    { "tocsin parse --as hl7 /var/spool/hl7/message.hl7", "what a message says, and every fault with its place" },
    { "tocsin parse --as fhir /var/spool/fhir/bundle.json", "the same of a FHIR bundle, checked against R4" },
    { "tocsin parse --as hl7 --codes our-codes /var/spool/hl7/yesterday.hl7",
      "the same with a department's own code tables" },
    { "tocsin parse --as table --propose /var/spool/lists/week.xlsx > mapping.json",
      "what each column of a line list would be taken for" },
    { "tocsin parse --as table --mapping mapping.json --errors mend.csv /var/spool/lists/week.xlsx",
      "its rows as they are understood; those that cannot be used, into a file to mend" },
    { NULL, NULL },
};

const struct cli_command cli_command_parse = {
    .name = "parse",
    .summary = "show what was understood of a message or file, and what was not, without a server",
    .usage = usage,
    .text =
        "Reads files (HL7 v2 messages and batches; FHIR R4 resources and bundles in JSON, also many in one file; line "
        "lists as text, CSV and its like, or as spreadsheets, .xlsx) as the intake of a server does, and writes "
        "NDJSON: one object a message or row with all that was "
        "understood (subjects, orders, specimens, results with their meaning and how it was decided, answers, "
        "diagnoses, visits) and every fault with its place, what was found and what is allowed; then one object a "
        "file. Nothing is stored or sent.\n\n"
        "The output holds names, numbers and addresses as they stand in the file, because it is your own file that "
        "you read: treat it as you treat the file. Fields that are never collected (race, religion, ethnic group) "
        "are not in it.\n\n"
        "Faults that kept something from being used are listed on standard error too, and the exit code is then 1, "
        "with the output written all the same.",
    .groups = groups,
    .num_groups = sizeof groups / sizeof *groups,
    .examples = examples,
    .run = run,
};
