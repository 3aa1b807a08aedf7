/* SPDX-License-Identifier: GPL-3.0-or-later */
/* HL7 v2 files of `tocsin parse`: one message or a batch. */
#include <stdio.h>

#include "base/text.h"
#include "cli/parse.h"
#include "formats/hl7v2/batch.h"
#include "formats/hl7v2/map.h"
#include "tocsin/status.h"

static void write_message(const struct parse_job *job, const struct hl7_batch_message *message,
                          const struct report *report)
{
    struct json_writer json;
    json_writer_init(&json, job->sink);
    json_begin_object(&json);
    json_key(&json, "file");
    json_put_string(&json, job->file);
    json_key(&json, "message");
    json_put_integer(&json, message->number);
    json_key(&json, "offset");
    json_put_integer(&json, (int64_t) message->offset);
    if (message->repeats > 0) {
        json_key(&json, "repeats_message");
        json_put_integer(&json, message->repeats);
    }
    if (message->same_id > 0) {
        json_key(&json, "same_control_id_as_message");
        json_put_integer(&json, message->same_id);
    }
    json_key(&json, "report");
    report_write_json(report, &json);
    json_end(&json);
    sink_character(job->sink, '\n');
}

static void write_envelope(const struct parse_job *job, const struct hl7_batch *batch, const struct report *envelope)
{
    struct json_writer json;
    json_writer_init(&json, job->sink);
    json_begin_object(&json);
    json_key(&json, "file");
    json_put_string(&json, job->file);
    json_key(&json, "messages");
    json_put_integer(&json, batch->num_messages);
    json_key(&json, "batches");
    json_put_integer(&json, batch->num_batches);
    json_key(&json, "envelope_faults");
    json_put_integer(&json, (int64_t) envelope->num_all_faults);
    report_write_faults(envelope, &json);
    json_end(&json);
    sink_character(job->sink, '\n');
}

static int read_message(struct parse_job *job, const struct hl7_batch_message *message, struct arena *arena)
{
    struct report            report;
    struct hl7_message       index;
    const struct hl7_options options = { .tables = job->tables,
                                         .charset = job->settings->charset,
                                         .pooled = job->settings->pooled };
    report_init(&report, arena, message->bytes.bytes, message->bytes.size);
    int ret = hl7_map(&report, &options, &index);
    if (ret == TOC_ERR_NO_MEMORY)
        return cli_complain(job->command, CLI_MACHINE, "%s: no memory", job->file);
    job->num_read++;
    job->num_unusable += ret != 0;
    write_message(job, message, &report);
    parse_tell_faults(job, "message", message->number, &report);
    for (uint32_t i = 0; i < report.num_faults; i++)
        job->num_faults += report.faults[i].severity >= REPORT_ERROR;
    return CLI_DONE;
}

int parse_hl7(struct parse_job *job)
{
    struct arena             arena = ARENA_INIT, envelope_arena = ARENA_INIT;
    struct report            envelope;
    struct hl7_batch         batch;
    struct hl7_batch_message message;
    int                      ret, exit_code = CLI_DONE;
    report_init(&envelope, &envelope_arena, job->bytes, job->size);
    ret = hl7_batch_begin(&batch, &envelope);
    while (ret >= 0 && exit_code == CLI_DONE && (ret = hl7_batch_next(&batch, &message)) == 1) {
        exit_code = read_message(job, &message, &arena);
        arena_wipe(&arena);
        if (job->sink->failure != 0)
            break;
    }
    if (ret == TOC_ERR_NO_MEMORY)
        exit_code = cli_complain(job->command, CLI_MACHINE, "%s: no memory", job->file);
    if (exit_code == CLI_DONE) {
        write_envelope(job, &batch, &envelope);
        parse_tell_faults(job, "envelope", 0, &envelope);
        job->num_faults += envelope.num_all_faults;
    }
    hl7_batch_end(&batch);
    arena_free(&arena);
    arena_free(&envelope_arena);
    return exit_code;
}
