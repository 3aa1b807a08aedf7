/* SPDX-License-Identifier: GPL-3.0-or-later */
/* FHIR files of `tocsin parse`: one resource or bundle, or many that follow one another. */
#include <stdio.h>

#include "cli/parse.h"
#include "formats/fhir/fhir.h"
#include "tocsin/status.h"

static void write_entries(const struct fhir_document *document, struct json_writer *json)
{
    json_key(json, "resources");
    json_begin_array(json);
    for (uint32_t i = 0; i < document->num_bundle_entries; i++) {
        const struct fhir_entry *entry = &document->entries[i];
        if (entry->resource == NULL)
            continue;
        json_begin_object(json);
        json_key(json, "type");
        json_put_string(json, fhir_type_of(entry->type)->name);
        if (entry->num_errors > 0) {
            json_key(json, "errors");
            json_put_integer(json, entry->num_errors);
        }
        json_end(json);
    }
    json_end(json);
}

static void write_value(const struct parse_job *job, uint64_t number, size_t offset,
                        const struct fhir_document *document, const struct report *report)
{
    struct json_writer json;
    json_writer_init(&json, job->sink);
    json_begin_object(&json);
    json_key(&json, "file");
    json_put_string(&json, job->file);
    json_key(&json, "message");
    json_put_integer(&json, (int64_t) number);
    json_key(&json, "offset");
    json_put_integer(&json, (int64_t) offset);
    write_entries(document, &json);
    json_key(&json, "report");
    report_write_json(report, &json);
    json_end(&json);
    sink_character(job->sink, '\n');
}

static void write_file(const struct parse_job *job, uint64_t num_values)
{
    struct json_writer json;
    json_writer_init(&json, job->sink);
    json_begin_object(&json);
    json_key(&json, "file");
    json_put_string(&json, job->file);
    json_key(&json, "messages");
    json_put_integer(&json, (int64_t) num_values);
    json_end(&json);
    sink_character(job->sink, '\n');
}

static int read_value(struct parse_job *job, uint64_t number, struct report_text bytes, struct arena *arena,
                      struct fhir_document *document)
{
    const struct fhir_options options = { .tables = job->tables, .pooled = job->settings->pooled };
    struct report             report;
    report_init(&report, arena, bytes.bytes, bytes.size);
    int ret = fhir_map(&report, &options, document);
    if (ret == TOC_ERR_NO_MEMORY)
        return cli_complain(job->command, CLI_MACHINE, "%s: no memory", job->file);
    job->num_read++;
    job->num_unusable += ret != 0;
    write_value(job, number, (size_t) (bytes.bytes - job->bytes), document, &report);
    parse_tell_faults(job, "value", number, &report);
    for (uint32_t i = 0; i < report.num_faults; i++)
        job->num_faults += report.faults[i].severity >= REPORT_ERROR;
    return CLI_DONE;
}

int parse_fhir(struct parse_job *job)
{
    struct arena         arena = ARENA_INIT;
    struct fhir_document document = FHIR_DOCUMENT_INIT;
    struct report_text   value;
    size_t               offset = 0;
    uint64_t             number = 0;
    int                  exit_code = CLI_DONE;
    while (exit_code == CLI_DONE && job->sink->failure == 0 &&
           fhir_next_value(job->bytes, job->size, &offset, &value) == 1) {
        exit_code = read_value(job, ++number, value, &arena, &document);
        arena_wipe(&arena);
    }
    if (exit_code == CLI_DONE)
        write_file(job, number);
    fhir_document_free(&document);
    arena_free(&arena);
    return exit_code;
}
