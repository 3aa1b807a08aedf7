/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as an HL7 v2 file: every message is read or refused with a fault, in whatever dress; all views lie within
 * the message or the arena; what is struck out lies in the message; an answer can be made of it and is itself read. */
#include <string.h>

#include "formats/hl7v2/ack.h"
#include "formats/hl7v2/batch.h"
#include "formats/hl7v2/map.h"
#include "fuzz.h"

static struct code_tables *tables;

static void look_at_parts(const struct report *report)
{
    for (uint32_t i = 0; i < report->num_denied; i++)
        MUST(report->denied[i].offset <= report->size &&
             report->denied[i].size <= report->size - report->denied[i].offset);
    for (uint32_t i = 0; i < report->num_faults; i++) {
        char place[REPORT_PLACE_BYTES];
        MUST(report->faults[i].what != NULL && report->faults[i].place.offset <= report->size);
        report_place_to_text(&report->faults[i].place, place);
        fuzz_look(report->faults[i].found.bytes, report->faults[i].found.size);
    }
    for (uint32_t i = 0; i < report->num_results; i++) {
        const struct report_result *result = &report->results[i];
        MUST(result->subject == REPORT_NONE || result->subject < report->num_subjects);
        MUST(result->order == REPORT_NONE || result->order < report->num_orders);
        MUST(result->specimen == REPORT_NONE || result->specimen < report->num_specimens);
        MUST(!result->pooled || report->subjects[result->subject].kind == REPORT_POOL);
    }
}

/* The JSON of every part: reads each byte of each view. */
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

static void look_at_answer(const struct report *report, const struct hl7_message *message)
{
    const struct hl7_ack_options how = { .kind = HL7_ACK_APPLICATION, .stored = true, .control_id = "1" };
    struct arena                 arena = ARENA_INIT;
    struct report                read;
    struct hl7_answer            answer;
    struct sink                  sink;
    sink_init_memory(&sink);
    hl7_ack_write(&sink, message, report, &how);
    report_init(&read, &arena, sink.bytes, sink.used);
    MUST(hl7_ack_read(&read, &answer) == 0);
    MUST(answer.code.size == 2 && answer.code.bytes[0] == 'A');
    arena_free(&arena);
    sink_free(&sink);
}

static void read_message(struct hl7_part bytes, const char *charset)
{
    const struct hl7_options options = { .tables = tables, .charset = charset };
    struct arena             arena = { .limit = (size_t) 16 << 20 };
    struct report            report;
    struct hl7_message       message;
    report_init(&report, &arena, bytes.bytes, bytes.size);
    int ret = hl7_map(&report, &options, &message);
    MUST((ret == 0) == report_is_usable(&report));
    if (!report.out_of_memory) {
        look_at_parts(&report);
        look_at_json(&report);
        look_at_answer(&report, &message);
    }
    arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena             arena = ARENA_INIT;
    struct report            envelope;
    struct hl7_batch         batch;
    struct hl7_batch_message message;
    size_t                   before = 0;
    if (tables == NULL) {
        struct fault_list faults = FAULT_LIST_INIT;
        MUST(code_tables_new(&tables) == 0 && code_tables_add_folder(tables, INTAKE, &faults) == 0);
        fault_list_free(&faults);
    }
    report_init(&envelope, &arena, (const char *) data, size);
    MUST(hl7_batch_begin(&batch, &envelope) == 0);
    while (hl7_batch_next(&batch, &message) == 1) {
        MUST(message.offset >= before && message.bytes.bytes >= (const char *) data &&
             message.bytes.bytes + message.bytes.size <= (const char *) data + size);
        before = message.offset;
        read_message(message.bytes, message.number % 3 == 0 ? "GB18030" : NULL);
    }
    hl7_batch_end(&batch);
    arena_free(&arena);
    return 0;
}
