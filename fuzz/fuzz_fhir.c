/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a stream of FHIR: every value is read or refused with a fault at a place; all views lie within the value
 * or the arena; what is struck out lies in the value; what is answered is FHIR itself. */
#include <string.h>

#include "formats/fhir/outcome.h"
#include "fuzz.h"

static struct code_tables *tables;

static void look_at_parts(const struct report *report)
{
    size_t end = 0;
    for (uint32_t i = 0; i < report->num_denied; i++) {
        MUST(report->denied[i].offset >= end && report->denied[i].offset <= report->size &&
             report->denied[i].size <= report->size - report->denied[i].offset);
        end = report->denied[i].offset + report->denied[i].size;
    }
    for (uint32_t i = 0; i < report->num_faults; i++) {
        MUST(report->faults[i].what != NULL && report->faults[i].place.path != NULL &&
             report->faults[i].place.offset <= report->size);
        fuzz_look(report->faults[i].found.bytes, report->faults[i].found.size);
    }
    for (uint32_t i = 0; i < report->num_results; i++) {
        const struct report_result *result = &report->results[i];
        MUST(result->subject == REPORT_NONE || result->subject < report->num_subjects);
        MUST(result->order == REPORT_NONE || result->order < report->num_orders);
        MUST(result->specimen == REPORT_NONE || result->specimen < report->num_specimens);
        MUST(!result->pooled || result->specimen == REPORT_NONE || result->subject == REPORT_NONE ||
             report->subjects[result->subject].kind == REPORT_POOL);
    }
}

static void look_at_json(const struct report *report)
{
    struct sink        sink;
    struct json_writer json;
    sink_init_memory(&sink);
    json_writer_init(&json, &sink);
    report_write_json(report, &json);
    fuzz_look(sink.bytes, sink.used);
    sink_free(&sink);
}

static void look_at_answer(const struct report *report, const struct fhir_document *document,
                           const struct fhir_options *options)
{
    struct arena         arena = ARENA_INIT;
    struct fhir_document read = FHIR_DOCUMENT_INIT;
    struct report        answer;
    struct sink          sink;
    struct json_writer   json;
    sink_init_memory(&sink);
    json_writer_init(&json, &sink);
    fhir_write_outcome(&json, report, document, FHIR_EVERY_ENTRY);
    report_init(&answer, &arena, sink.bytes, sink.used);
    MUST(fhir_map(&answer, options, &read) == 0);
    MUST(report_is_usable(report) == (fhir_status_of(report) == 200));
    fhir_document_free(&read);
    arena_free(&arena);
    sink_free(&sink);
}

static void read_value(struct report_text value)
{
    const struct fhir_options options = { .tables = tables };
    struct arena              arena = { .limit = (size_t) 16 << 20 };
    struct fhir_document      document = FHIR_DOCUMENT_INIT;
    struct report             report;
    report_init(&report, &arena, value.bytes, value.size);
    int ret = fhir_map(&report, &options, &document);
    if (!report.out_of_memory) {
        MUST((ret == 0) == report_is_usable(&report));
        look_at_parts(&report);
        look_at_json(&report);
        look_at_answer(&report, &document, &options);
    }
    fhir_document_free(&document);
    arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct report_text value;
    size_t             offset = 0, before;
    if (tables == NULL) {
        struct fault_list faults = FAULT_LIST_INIT;
        MUST(code_tables_new(&tables) == 0 && code_tables_add_folder(tables, INTAKE, &faults) == 0);
        fault_list_free(&faults);
    }
    before = offset;
    for (unsigned i = 0; i < 20 && fhir_next_value((const char *) data, size, &offset, &value) == 1; i++) {
        MUST(value.size > 0 && value.bytes >= (const char *) data + before &&
             value.bytes + value.size == (const char *) data + offset);
        before = offset;
        read_value(value);
    }
    return 0;
}
