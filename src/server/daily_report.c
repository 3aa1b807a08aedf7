/* SPDX-License-Identifier: GPL-3.0-or-later */
/* POST /api/v1/reports/freeze, …/{id}/write, …/{id}/publish, GET …/{id}/content, …/{id}/file. The rules are
 * response/daily_report.h's. */
#include <stdio.h>
#include <string.h>

#include "response/daily_report_document.h"
#include "server/handlers.h"
#include "server/request.h"
#include "server/server_internal.h"

/* ---- freezing ---- */

static int answer_version(struct exchange *exchange, const struct id *id)
{
    struct model_daily_report report;
    struct model_set          visible;
    int ret = store_read(exchange->reader, &exchange->caller.access, model_record(MODEL_DAILY_REPORT), id, STORE_NOW,
                         &exchange->arena, &report, &visible);
    if (ret == 0)
        reply_written(exchange, id, report.head.version);
    return ret;
}

static int frozen(struct exchange *exchange, int status, const struct store_receipt *receipt)
{
    char location[80] = "/api/v1/reports/";
    if (status == 0)
        status = answer_version(exchange, &receipt->created);
    if (status != 0)
        return status;
    id_to_text(&receipt->created, location + strlen(location));
    answer_header(exchange, "Location", location);
    exchange->answer.status = 201;
    return 0;
}

int daily_report_answer_freeze(struct exchange *exchange)
{
    struct daily_report_freezing *freezing = arena_array(&exchange->arena, 1, sizeof *freezing);
    struct id                     key = { { 0 } };
    if (freezing == NULL)
        return TOC_ERR_NO_MEMORY;
    *freezing = (struct daily_report_freezing){ .who = exchange->caller.access,
                                                .now = exchange->now,
                                                .day = MODEL_MISSING_DATE };
    const struct request_member members[] = {
        { .name = "area", .kind = REQUEST_ID, .needed = true, .value = &freezing->area },
        { .name = "day", .kind = REQUEST_DAY, .value = &freezing->day },
    };
    int ret = request_parameters(exchange);
    if (ret == 0)
        ret = request_members(exchange, members, sizeof members / sizeof *members);
    if (ret == 0)
        ret = request_idempotency_key(exchange, false, &key);
    if (ret == 0)
        ret = daily_report_freeze(exchange->reader, freezing, &exchange->arena, &exchange->faults);
    freezing->request.idempotency_key = key;
    return ret == 0 ? exchange_submit(exchange, &freezing->request, frozen) : ret;
}

/* ---- writing, publishing ---- */

static int written(struct exchange *exchange, int status, const struct store_receipt *receipt)
{
    struct id id;
    (void) receipt;
    if (status == 0)
        status = request_path_id(exchange, 0, &id);
    return status == 0 ? answer_version(exchange, &id) : status;
}

static int submit_writing(struct exchange *exchange, bool publish)
{
    struct daily_report_writing *writing = arena_array(&exchange->arena, 1, sizeof *writing);
    if (writing == NULL)
        return TOC_ERR_NO_MEMORY;
    *writing = (struct daily_report_writing){ .who = exchange->caller.access, .now = exchange->now };
    const struct request_member members[] = {
        { .name = "text",
          .kind = REQUEST_TEXT,
          .needed = true,
          .high = 4 * DAILY_REPORT_TEXT,
          .value = &writing->text },
    };
    int ret = request_parameters(exchange);
    if (ret == 0)
        ret = request_path_id(exchange, 0, &writing->report);
    if (ret == 0 && !publish)
        ret = request_members(exchange, members, sizeof members / sizeof *members);
    if (ret == 0)
        ret = request_if_match(exchange, false, &writing->version);
    daily_report_write_request(writing);
    if (ret == 0)
        ret = request_idempotency_key(exchange, false, &writing->request.idempotency_key);
    return ret == 0 ? exchange_submit(exchange, &writing->request, written) : ret;
}

int daily_report_answer_write(struct exchange *exchange)
{
    return submit_writing(exchange, false);
}

int daily_report_answer_publish(struct exchange *exchange)
{
    return submit_writing(exchange, true);
}

/* ---- reading ---- */

static int open_report(struct exchange *exchange, struct daily_report *report)
{
    struct id id;
    int       ret = request_path_id(exchange, 0, &id);
    return ret == 0 ? daily_report_open(exchange->reader, &exchange->caller.access, &id, &exchange->arena, report)
                    : ret;
}

int daily_report_answer_content(struct exchange *exchange)
{
    struct daily_report report;
    struct json_writer  json;
    int                 ret = request_parameters(exchange);
    if (ret == 0)
        ret = open_report(exchange, &report);
    if (ret != 0)
        return ret;
    reply_version(exchange, report.record.head.version);
    reply_json(exchange, &json);
    daily_report_show(&json, &report);
    return 0;
}

static void name_file(struct exchange *exchange, const struct daily_report *report, const char *form)
{
    char header[120];
    snprintf(header, sizeof header, "attachment; filename=\"report-%.*s-%lld.%s\"", (int) report->record.number.size,
             report->record.number.bytes, (long long) report->record.edition, form);
    answer_header(exchange, "Content-Disposition", header);
    answer_header(exchange, "Cache-Control", "no-store");
}

int daily_report_answer_file(struct exchange *exchange)
{
    static const char *const forms[] = { "pdf", "docx", NULL }, *const languages[] = { "en", "zh", NULL };
    struct daily_report report;
    struct document     document;
    size_t              form = 0, language = 0;
    int                 ret = request_parameters(exchange);
    if (ret == 0)
        ret = request_choice(exchange, "as", forms, "pdf or docx", &form);
    if (ret == 0)
        ret = request_choice(exchange, "language", languages, "en or zh", &language);
    if (ret == 0)
        ret = open_report(exchange, &report);
    if (ret != 0)
        return ret;
    struct daily_report_marks marks = { false, false };
    if (exchange->server != NULL)
        marks = (struct daily_report_marks){ .invented = exchange->server->options.demo,
                                             .exercise = exchange->server->options.node->settings.exercise };
    ret = daily_report_document(&report, marks, language == 1 ? MODEL_CHINESE : MODEL_ENGLISH, &exchange->arena,
                                &document);
    if (ret == 0)
        ret = form == 0 ? document_pdf(&document, &exchange->answer.body)
                        : document_docx(&document, &exchange->answer.body);
    if (ret != 0)
        return ret;
    exchange->answer.type = form == 0 ? "application/pdf" : DOCUMENT_DOCX_TYPE;
    name_file(exchange, &report, forms[form]);
    return 0;
}
