/* SPDX-License-Identifier: GPL-3.0-or-later */
/* POST /api/v1/reconciliations: the HL7 v2 headers that a sender sent on a day against what came; and
 * /api/v1/reconciliations/accessions: the accession numbers, which is kept as a record. */
#include "base/time_zone.h"
#include "response/account.h"
#include "response/intake_accession.h"
#include "response/intake_reconcile.h"
#include "server/handlers.h"
#include "server/request.h"
#include "server/server_internal.h"

enum { MOST_FEEDS = 64 };

static int refuse(struct exchange *exchange, const char *name, const char *found, const char *allowed)
{
    fault_add(&exchange->faults, (struct fault_place){ .name = name }, allowed, "%s", found);
    return BASE_ERR_INPUT;
}

/* Whose: a machine's by its institution, a person's by the feed that they name. */
static int find_feeds(struct exchange *exchange, struct intake *intake, struct model_feed *feeds, size_t *num)
{
    struct id        id = { { 0 } };
    struct model_set visible;
    int              ret = request_id(exchange, "feed", &id);
    if (ret != 0)
        return ret;
    if (exchange->caller.kind == CALLER_MACHINE) {
        *num = intake_feeds_of(intake, &exchange->caller.who->token.facility, &exchange->arena, feeds, MOST_FEEDS);
        return *num > 0 ? 0 : refuse(exchange, "feed", "no feed is this sender's", "a feed of its institution");
    }
    if (id_is_missing(&id))
        return refuse(exchange, "feed", "nothing", "the id of the feed");
    *num = 1;
    return store_read(exchange->reader, &exchange->caller.access, model_record(MODEL_FEED), &id, STORE_NOW,
                      &exchange->arena, feeds, &visible);
}

/* What both ask of the query. */
struct question {
    struct intake     *intake;
    struct model_feed *feeds; /* MOST_FEEDS */
    size_t             num_feeds;
    toc_date           day;
};

static int read_question(struct exchange *exchange, struct question *question)
{
    bool nobody = exchange->caller.kind == CALLER_MACHINE && exchange->caller.who == NULL;
    int  ret = nobody ? SERVER_ERR_SIGN_IN : request_parameters(exchange);
    *question = (struct question){ .intake = exchange->intake != NULL   ? exchange->intake
                                             : exchange->server != NULL ? exchange->server->intake
                                                                        : NULL,
                                   .feeds = arena_array(&exchange->arena, MOST_FEEDS, sizeof *question->feeds),
                                   .day = MODEL_MISSING_DATE };
    if (ret == 0 && (question->intake == NULL || question->feeds == NULL))
        ret = question->intake == NULL ? STORE_ERR_STOPPED : TOC_ERR_NO_MEMORY;
    if (ret == 0)
        ret = request_day(exchange, "day", &question->day);
    if (ret == 0 && question->day == MODEL_MISSING_DATE)
        ret = refuse(exchange, "day", "nothing", "the day on which it was received: 2026-11-22");
    return ret == 0 ? find_feeds(exchange, question->intake, question->feeds, &question->num_feeds) : ret;
}

int reconcile(struct exchange *exchange)
{
    struct question          question;
    struct intake_reconciled found;
    struct json_writer       json;
    int                      ret = read_question(exchange, &question);
    if (ret == 0)
        ret = intake_reconcile(question.intake, exchange->reader, question.feeds, question.num_feeds,
                               time_zone_start(question.day), time_zone_start(question.day + 1),
                               (struct report_text){ exchange->body, exchange->body_size }, &exchange->arena,
                               &exchange->faults, &found);
    if (ret != 0)
        return ret;
    reply_json(exchange, &json);
    json_begin_object(&json);
    intake_write_reconciled(&found, &json);
    json_end(&json);
    return 0;
}

int reconcile_accessions(struct exchange *exchange)
{
    struct question          question;
    struct intake_accessions found;
    struct intake_filing     filing = { .filed_by = exchange->caller.access.user };
    struct json_writer       json;
    struct id                record;
    int                      ret = read_question(exchange, &question);
    if (ret == 0)
        ret = request_idempotency_key(exchange, false, &filing.key);
    if (ret == 0)
        ret = intake_accessions_find(question.intake, exchange->reader, question.feeds, question.num_feeds,
                                     time_zone_start(question.day), time_zone_start(question.day + 1),
                                     (struct report_text){ exchange->body, exchange->body_size }, &exchange->arena,
                                     &exchange->faults, &found);
    filing.feed = question.feeds;
    filing.day = question.day;
    if (ret == 0)
        ret = intake_accessions_keep(question.intake, &found, &filing, &record, &exchange->faults);
    if (ret != 0)
        return ret;
    exchange->answer.status = 201;
    reply_json(exchange, &json);
    json_begin_object(&json);
    intake_accessions_write(&found, &record, &json);
    json_end(&json);
    return 0;
}
