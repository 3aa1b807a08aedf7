/* SPDX-License-Identifier: GPL-3.0-or-later */
/* POST /api/v1/event-reports: somebody who is signed in reports an event, for instance a clinician. The rules are
 * response/event_report.h's. */
#include "response/event_report.h"

#include <sodium.h>
#include <string.h>

#include "server/handlers.h"
#include "server/request.h"
#include "store/node.h"

/* The receipt that came, or a new one. */
static int take_receipt(struct exchange *exchange, const char *typed, char receipt[EVENT_RECEIPT_BYTES])
{
    uint8_t random[EVENT_RECEIPT_RANDOM];
    if (typed == NULL) {
        randombytes_buf(random, sizeof random);
        event_receipt_make(random, receipt);
        return 0;
    }
    if (event_receipt_read(typed, receipt))
        return 0;
    fault_add(&exchange->faults, (struct fault_place){ .name = "/receipt" },
              "12 letters and digits, or none: then one is made", "no receipt");
    return BASE_ERR_INPUT;
}

static int answer_report(struct exchange *exchange, const struct event_report *report)
{
    struct json_writer json;
    char               location[80] = "/api/v1/signals/";
    id_to_text(&report->id, location + strlen(location));
    answer_header(exchange, "Location", location);
    exchange->answer.status = 201;
    reply_json(exchange, &json);
    json_begin_object(&json);
    reply_id(&json, "id", &report->id);
    json_key(&json, "receipt");
    json_put_string(&json, report->receipt);
    json_key(&json, "struck_out");
    json_put_integer(&json, (int64_t) report->num_struck);
    json_end(&json);
    return 0;
}

int event_report_answer(struct exchange *exchange)
{
    struct event_report         report = EVENT_REPORT_INIT;
    const char                 *receipt = NULL;
    char                        kept[EVENT_RECEIPT_BYTES];
    const struct request_member members[] = {
        { .name = "area", .kind = REQUEST_ID, .needed = true, .value = &report.area },
        { .name = "what", .kind = REQUEST_TEXT, .needed = true, .high = 2000, .value = &report.what },
        { .name = "place", .kind = REQUEST_TEXT, .high = 800, .value = &report.place },
        { .name = "event_date", .kind = REQUEST_DAY, .value = &report.event_date },
        { .name = "num_ill", .kind = REQUEST_INTEGER, .high = INT64_C(1000000000), .value = &report.num_ill },
        { .name = "num_died", .kind = REQUEST_INTEGER, .high = INT64_C(1000000000), .value = &report.num_died },
        { .name = "num_animals", .kind = REQUEST_INTEGER, .high = INT64_C(1000000000), .value = &report.num_animals },
        { .name = "syndrome", .kind = REQUEST_TEXT, .high = 80, .value = &report.syndrome },
        { .name = "source", .kind = REQUEST_TEXT, .high = 80, .value = &report.source },
        { .name = "contact", .kind = REQUEST_TEXT, .high = 480, .value = &report.contact },
        { .name = "receipt", .kind = REQUEST_TEXT, .high = 40, .value = &receipt },
    };
    int ret = request_parameters(exchange);
    if (ret == 0)
        ret = request_members(exchange, members, sizeof members / sizeof *members);
    if (ret == 0)
        ret = take_receipt(exchange, receipt, kept);
    if (ret != 0)
        return ret;
    report.receipt = kept;
    report.user = exchange->caller.access.user;
    report.now = exchange->now;
    report.id = node_new_id(exchange->now);
    event_report_request(&report);
    const struct access who = event_report_access(&report);
    ret = store_submit(exchange->store, &who, &report.request, NULL, &exchange->faults);
    return ret == 0 ? answer_report(exchange, &report) : ret;
}
