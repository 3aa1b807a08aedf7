/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables of `tocsin parse`: line lists. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/instant.h"
#include "base/time_zone.h"
#include "cli/file_bytes.h"
#include "cli/node_options.h"
#include "cli/parse.h"
#include "formats/list/list.h"
#include "tocsin/status.h"

static void write_row(const struct parse_job *job, uint64_t row, const struct report *report)
{
    struct json_writer json;
    json_writer_init(&json, job->sink);
    json_begin_object(&json);
    json_key(&json, "file");
    json_put_string(&json, job->file);
    json_key(&json, "row");
    json_put_integer(&json, (int64_t) row);
    json_key(&json, "report");
    report_write_json(report, &json);
    json_end(&json);
    sink_character(job->sink, '\n');
}

/* What the file was taken for, and how many rows of it are good. */
static void write_file(const struct parse_job *job, const struct sheet *sheet, const struct list *list, uint64_t rows,
                       uint64_t bad)
{
    const struct sheet_form *form = sheet_form(sheet);
    struct json_writer       json;
    char                     delimiter[2] = { form->delimiter, '\0' };
    json_writer_init(&json, job->sink);
    json_begin_object(&json);
    json_key(&json, "file");
    json_put_string(&json, job->file);
    json_key(&json, form->sheet != NULL ? "sheet" : "encoding");
    json_put_string(&json, form->sheet != NULL ? form->sheet : form->encoding);
    if (form->sheet == NULL) {
        json_key(&json, "because");
        json_put_string(&json, form->because);
        json_key(&json, "delimiter");
        json_put_string(&json, delimiter);
    }
    json_key(&json, "rows");
    json_put_integer(&json, (int64_t) rows);
    json_key(&json, "bad_rows");
    json_put_integer(&json, (int64_t) bad);
    json_key(&json, "mapping");
    list_write_mapping(list, &json);
    json_end(&json);
    sink_character(job->sink, '\n');
}

static bool is_good(const struct report *report)
{
    return report->num_all_faults == 0 || report->worst < REPORT_ERROR;
}

static int read_rows(struct parse_job *job, const struct sheet *sheet, struct list *list, struct sink *errors)
{
    struct arena  arena = ARENA_INIT;
    struct report report;
    uint64_t      rows = 0, bad = 0;
    int           ret;
    if (errors != NULL)
        list_write_errors_header(list, errors);
    while ((ret = list_next(list, &report, &arena)) == 1) {
        rows++;
        if (!is_good(&report)) {
            bad++;
            parse_tell_faults(job, "", 0, &report);
            if (errors != NULL)
                list_write_errors_row(list, &report, errors);
        }
        write_row(job, list_row_number(list), &report);
        arena_wipe(&arena);
    }
    arena_free(&arena);
    job->num_read += rows;
    job->num_unusable += bad;
    job->num_faults += bad + (ret == BASE_ERR_INPUT);
    write_file(job, sheet, list, rows, bad);
    if (ret == BASE_ERR_SYSTEM)
        return cli_complain(job->command, CLI_MACHINE, "%s: the program that reads spreadsheets cannot be started",
                            job->file);
    return ret == TOC_ERR_NO_MEMORY ? cli_complain(job->command, CLI_MACHINE, "%s: no memory", job->file) : CLI_DONE;
}

/* The mapping alone, for a person to confirm. */
static int propose(const struct parse_job *job, const struct list *list)
{
    struct json_writer json;
    json_writer_init(&json, job->sink);
    list_write_mapping(list, &json);
    sink_character(job->sink, '\n');
    return CLI_DONE;
}

static int read_list(struct parse_job *job, const struct sheet *sheet, struct list *list)
{
    struct sink errors;
    if (job->settings->errors == NULL)
        return read_rows(job, sheet, list, NULL);
    if (sink_open(&errors, job->settings->errors) != 0)
        return cli_complain(job->command, CLI_MACHINE, "%s: %s", job->settings->errors, strerror(errors.failure));
    int exit_code = read_rows(job, sheet, list, &errors);
    if (sink_finish(&errors) != 0 && exit_code == CLI_DONE)
        exit_code = cli_complain(job->command, CLI_MACHINE, "%s: %s", job->settings->errors, strerror(errors.failure));
    return exit_code;
}

/* One of the characters that stand between cells, or their names. '\0' = none of them. */
static char delimiter_of(const char *text)
{
    if (strcmp(text, "tab") == 0)
        return '\t';
    return strlen(text) == 1 && strchr(",;|\t", *text) != NULL ? *text : '\0';
}

static int open_list(struct parse_job *job, const struct file_bytes *mapping, struct fault_list *faults)
{
    const struct parse_settings *settings = job->settings;
    struct sheet                *sheet = NULL;
    struct list                 *list = NULL;
    struct sheet_options         form = { .encoding = settings->encoding,
                                          .sheet = settings->sheet,
                                          .delimiter = settings->delimiter != NULL ? delimiter_of(settings->delimiter) : '\0',
                                          .program = node_program() };
    struct list_options          options = { .tables = job->tables,
                                             .today = time_zone_day(instant_now()),
                                             .mapping = settings->mapping != NULL ? mapping->bytes : NULL,
                                             .mapping_size = mapping->size,
                                             .disease = settings->disease,
                                             .dates = (enum list_dates)(settings->dates + 1) };
    int exit_code = CLI_DONE, ret = sheet_open(job->bytes, job->size, job->file, &form, faults, &sheet);
    if (ret == 0)
        ret = list_open(sheet, job->file, &options, faults, &list);
    if (list != NULL && settings->propose)
        exit_code = propose(job, list);
    else if (ret == 0)
        exit_code = read_list(job, sheet, list);
    list_close(list);
    sheet_close(sheet);
    if (ret == BASE_ERR_SYSTEM)
        return cli_complain(job->command, CLI_MACHINE, "%s: the program that reads spreadsheets cannot be started",
                            job->file);
    return ret == TOC_ERR_NO_MEMORY ? cli_complain(job->command, CLI_MACHINE, "%s: no memory", job->file) : exit_code;
}

int parse_table(struct parse_job *job)
{
    struct fault_list faults = FAULT_LIST_INIT;
    struct file_bytes mapping = { 0 };
    int               failure = job->settings->mapping != NULL ? file_bytes_open(&mapping, job->settings->mapping) : 0;
    if (failure != 0)
        return cli_complain(job->command, CLI_MACHINE, "%s: %s", job->settings->mapping, strerror(failure));
    if (mapping.bytes == NULL)
        mapping.bytes = "";
    int exit_code = open_list(job, &mapping, &faults);
    fault_list_write(&faults, stderr);
    job->num_faults += faults.num_all;
    fault_list_free(&faults);
    if (mapping.size > 0)
        file_bytes_close(&mapping);
    return exit_code;
}
