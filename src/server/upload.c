/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files of line lists over HTTP: kept, their mapping proposed and confirmed, what became of their rows, and the rows
 * that cannot be used as a file to be mended. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "response/account.h"
#include "response/intake_upload.h"
#include "server/handlers.h"
#include "server/intake.h"
#include "server/request.h"
#include "server/server_internal.h"

enum { NUM_VERDICTS = 5 };

#define MOST_TOLD 100 /* bad rows that a receipt names; all are in the file of errors */

static struct intake *intake_of(const struct exchange *exchange)
{
    if (exchange->intake != NULL || exchange->server == NULL)
        return exchange->intake;
    return exchange->server->intake;
}

static bool is_machine(const struct exchange *exchange)
{
    return exchange->caller.kind == CALLER_MACHINE;
}

/* People who mend data send files and confirm what their columns mean. */
static bool may_confirm(const struct exchange *exchange)
{
    return access_may_write(&exchange->caller.access, model_record(MODEL_LIST_MAPPING));
}

static int find_file(struct exchange *exchange, struct model_message *message)
{
    struct id                 id, none = { { 0 } };
    const struct account_who *who = exchange->caller.who;
    int ret = is_machine(exchange) && who == NULL ? SERVER_ERR_SIGN_IN : request_parameters(exchange);
    if (ret == 0)
        ret = request_path_id(exchange, 0, &id);
    if (ret == 0)
        ret = intake_upload_find(exchange->reader, is_machine(exchange) ? NULL : &exchange->caller.access,
                                 is_machine(exchange) ? &who->token.facility : &none, &id, &exchange->arena, message);
    return ret;
}

/* ---- a file comes ---- */

static bool is_table(const char *type)
{
    static const char *const types[] = { "text/csv", "text/tab-separated-values", "text/plain", "application/x-ndjson",
                                         "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" };
    size_t                   size = type != NULL ? strcspn(type, "; \t") : 0;
    for (size_t i = 0; i < sizeof types / sizeof *types && type != NULL; i++)
        if (text_equal_nocase(type, size, types[i], strlen(types[i])))
            return true;
    return type == NULL;
}

static int refuse(struct exchange *exchange, const char *name, const char *found, const char *allowed)
{
    fault_add(&exchange->faults, (struct fault_place){ .name = name }, allowed, "%s", found);
    return BASE_ERR_INPUT;
}

/* Whose file it is: a machine's by its institution, a person's by the feed that they name. */
static int find_feed(struct exchange *exchange, struct intake *intake, struct model_feed *feed)
{
    struct id            id = { { 0 } };
    struct model_set     visible;
    struct model_feed    seen;
    struct intake_caller caller = { .channel = "upload", .address = exchange->peer };
    int                  ret = request_id(exchange, "feed", &id);
    if (ret != 0)
        return ret;
    if (is_machine(exchange)) {
        caller.institution = exchange->caller.who->token.facility;
        return intake_find_feed(intake, &caller, &exchange->arena, feed)
                   ? 0
                   : refuse(exchange, "feed", "no feed is this sender's",
                            "a feed of channel upload of its institution");
    }
    if (!may_confirm(exchange))
        return STORE_ERR_DENIED;
    if (id_is_missing(&id))
        return refuse(exchange, "feed", "nothing", "the id of the feed that the file is of");
    ret = store_read(exchange->reader, &exchange->caller.access, model_record(MODEL_FEED), &id, STORE_NOW,
                     &exchange->arena, &seen, &visible);
    return ret == 0 && !intake_feed(intake, &id, &exchange->arena, feed) ? STORE_ERR_ABSENT : ret;
}

static int take_word(struct exchange *exchange, const char *name, char *into, size_t size)
{
    const char *said = exchange_query(exchange, name);
    if (said != NULL && strlen(said) >= size)
        return refuse(exchange, name, "too long a name", "a shorter one");
    if (said != NULL)
        snprintf(into, size, "%s", said);
    return 0;
}

static int take_form(struct exchange *exchange, struct intake_table_form *form, struct list_options *options)
{
    static const char *const orders[] = { "ask", "day-first", "month-first", NULL };
    static const char *const delimiters[] = { "comma", "semicolon", "bar", "tab", NULL };
    size_t                   order = 0, delimiter = SIZE_MAX;
    int                      ret = take_word(exchange, "encoding", form->encoding, sizeof form->encoding);
    if (ret == 0 && form->encoding[0] != '\0' && encoding_named(form->encoding) == ENCODING_UNDECIDED)
        ret = refuse(exchange, "encoding", "no such encoding", ENCODING_ALLOWED);
    if (ret == 0)
        ret = take_word(exchange, "sheet", form->sheet, sizeof form->sheet);
    if (ret == 0)
        ret = request_choice(exchange, "dates", orders, "day-first or month-first", &order);
    if (ret == 0)
        ret = request_choice(exchange, "delimiter", delimiters, "comma, semicolon, bar or tab", &delimiter);
    if (delimiter != SIZE_MAX)
        form->delimiter = ",;|\t"[delimiter];
    options->dates = (enum list_dates) order;
    options->disease = exchange_query(exchange, "disease");
    return ret;
}

static void put_questions(struct json_writer *json, const struct fault_list *faults)
{
    json_key(json, "questions");
    json_begin_array(json);
    for (size_t i = 0; i < faults->num_kept; i++) {
        const struct fault *fault = &faults->faults[i];
        json_begin_object(json);
        json_key(json, "row");
        json_put_integer(json, (int64_t) fault->line);
        json_key(json, "column");
        json_put_integer(json, (int64_t) fault->cell);
        json_key(json, "header");
        json_put_string(json, fault->name);
        json_key(json, "found");
        json_put_string(json, fault->found);
        json_key(json, "allowed");
        json_put_string(json, fault->allowed);
        json_end(json);
    }
    json_end(json);
}

static void answer_kept(struct exchange *exchange, const struct intake_receipt *receipt,
                        const struct intake_table *table, const struct fault_list *faults)
{
    struct json_writer json;
    char               location[60] = "/api/v1/uploads/";
    id_to_text(&receipt->message, location + strlen(location));
    answer_header(exchange, "Location", location);
    reply_json(exchange, &json);
    exchange->answer.status = 201;
    json_begin_object(&json);
    reply_id(&json, "id", &receipt->message);
    json_key(&json, "verdict");
    json_put_string(&json, receipt->verdict);
    json_key(&json, "repeats");
    json_put_bool(&json, receipt->repeats);
    json_key(&json, "confirmed");
    json_put_bool(&json, table->is_confirmed);
    json_key(&json, "mapping");
    intake_table_write_mapping(table, &json);
    put_questions(&json, faults);
    json_end(&json);
}

/* What becomes of it, and why it is not read at once. */
static const char *verdict_of(const struct intake_table *table, const struct fault_list *faults, const char **reason)
{
    *reason = NULL;
    if (table->is_ready && table->is_confirmed)
        return "received";
    bool is_read = table->list != NULL || table->counts != NULL;
    *reason = !is_read              ? "it can be read neither as a line list nor as one of numbers"
              : faults->num_all > 0 ? "questions about its columns are open"
                                    : "what its columns mean is to be confirmed";
    return is_read ? "held" : "rejected";
}

static int keep(struct exchange *exchange, struct intake *intake, const struct model_feed *feed, bool history,
                const struct intake_table_form *form, const struct list_options *options)
{
    struct fault_list     faults = FAULT_LIST_INIT;
    struct intake_table   table = { .list = NULL };
    struct report_text    file = { exchange->body, exchange->body_size };
    struct intake_receipt receipt;
    struct intake_arrival arrival = { .channel = "upload",
                                      .format = intake_table_format(file.bytes, file.size),
                                      .feed = feed,
                                      .bytes = file.bytes,
                                      .size = file.size,
                                      .history = history };
    if (is_machine(exchange))
        arrival.institution = exchange->caller.who->token.facility;
    else
        arrival.submitted_by = exchange->caller.access.user;
    int ret = intake_table_open(intake, exchange->reader, feed, &file, "", form, NULL, options, &faults, &table);
    if (ret == 0 || ret == BASE_ERR_INPUT) {
        const char *reason, *verdict = verdict_of(&table, &faults, &reason);
        ret = intake_table_keep(intake, exchange->reader, &arrival, form, verdict, reason, &receipt);
        ret = server_intake_status(exchange, ret, &receipt);
        if (ret == 0)
            answer_kept(exchange, &receipt, &table, &faults);
    }
    intake_table_close(&table);
    fault_list_free(&faults);
    return ret;
}

int upload_send(struct exchange *exchange)
{
    struct intake           *intake = intake_of(exchange);
    struct model_feed        feed;
    struct intake_table_form form = { .delimiter = '\0' };
    struct list_options      options = { .dates = LIST_DATES_UNDECIDED };
    bool                     history = false;
    struct id                key; /* its form alone: the same bytes are one message anyway */
    int ret = is_machine(exchange) && exchange->caller.who == NULL ? SERVER_ERR_SIGN_IN : request_parameters(exchange);
    if (ret == 0)
        ret = request_idempotency_key(exchange, false, &key);
    if (ret == 0 && intake == NULL)
        ret = STORE_ERR_STOPPED;
    if (ret == 0 && !is_table(exchange_header(exchange, "content-type")))
        ret = SERVER_ERR_MEDIA;
    if (ret == 0 && exchange->body_size == 0)
        ret = refuse(exchange, "", "an empty file", "a header and rows");
    if (ret == 0)
        ret = find_feed(exchange, intake, &feed);
    if (ret == 0)
        ret = request_flag(exchange, "history", &history);
    if (ret == 0)
        ret = take_form(exchange, &form, &options);
    return ret == 0 ? keep(exchange, intake, &feed, history, &form, &options) : ret;
}

/* ---- its mapping ---- */

/* What a column can be taken for. */
static void put_field(struct json_writer *json, const char *code, const char *en, const char *zh, bool date)
{
    json_begin_object(json);
    json_key(json, "code");
    json_put_string(json, code);
    json_key(json, "label_en");
    json_put_string(json, en);
    json_key(json, "label_zh");
    json_put_string(json, zh);
    json_key(json, "date");
    json_put_bool(json, date);
    json_end(json);
}

static void put_fields(struct json_writer *json, bool counts)
{
    json_key(json, "fields");
    json_begin_array(json);
    if (counts) {
        put_field(json, "date", "Day or week", "日期或周", true);
        put_field(json, "value", "Number", "数值", false);
        put_field(json, "series", "Area or series", "地区或序列", false);
        put_field(json, "known", "Day on which it was known", "获知日期", true);
    }
    for (size_t i = 0; i < LIST_NUM_FIELDS && !counts; i++) {
        if (i == LIST_FIELD_count) /* a table with it is no line list */
            continue;
        put_field(json, list_field_texts[i].code, list_field_texts[i].what, list_field_texts[i].what_zh,
                  list_field_texts[i].kind == LIST_DATE);
    }
    json_end(json);
}

static void answer_proposal(struct exchange *exchange, const struct model_message *message,
                            const struct intake_table *table, const struct fault_list *faults)
{
    struct json_writer json;
    reply_json(exchange, &json);
    json_begin_object(&json);
    reply_id(&json, "id", &message->head.id);
    reply_id(&json, "feed", &message->feed);
    json_key(&json, "confirmed");
    json_put_bool(&json, table->is_confirmed);
    json_key(&json, "mapping");
    intake_table_write_mapping(table, &json);
    put_questions(&json, faults);
    put_fields(&json, table->counts != NULL);
    json_end(&json);
}

int upload_propose(struct exchange *exchange)
{
    struct intake       *intake = intake_of(exchange);
    struct fault_list    faults = FAULT_LIST_INIT;
    struct intake_table  table = { .list = NULL };
    struct model_message message;
    char                *bytes = NULL;
    int                  ret = find_file(exchange, &message);
    if (ret == 0 && intake == NULL)
        ret = STORE_ERR_STOPPED;
    if (ret == 0 && !may_confirm(exchange))
        ret = STORE_ERR_DENIED;
    if (ret == 0)
        ret = intake_upload_propose(intake, exchange->reader, &message, &faults, &table, &bytes);
    if (ret == 0 || ret == BASE_ERR_INPUT) { /* questions are an answer, too */
        answer_proposal(exchange, &message, &table, &faults);
        ret = 0;
    }
    intake_table_close(&table);
    fault_list_free(&faults);
    if (bytes != NULL)
        explicit_bzero(bytes, (size_t) message.num_bytes);
    free(bytes);
    return ret;
}

int upload_confirm(struct exchange *exchange)
{
    struct intake       *intake = intake_of(exchange);
    struct model_message message;
    struct report_text   mapping = { exchange->body, exchange->body_size };
    struct json_writer   json;
    struct id            key; /* its form alone: what is confirmed once is confirmed */
    int                  ret = find_file(exchange, &message);
    if (ret == 0)
        ret = request_idempotency_key(exchange, false, &key);
    if (ret == 0 && intake == NULL)
        ret = STORE_ERR_STOPPED;
    if (ret == 0 && !may_confirm(exchange))
        ret = STORE_ERR_DENIED;
    if (ret == 0)
        ret = intake_upload_confirm(intake, exchange->reader, &message, &mapping, &exchange->caller.access.user,
                                    &exchange->faults);
    if (ret != 0)
        return ret;
    reply_json(exchange, &json);
    json_begin_object(&json);
    reply_id(&json, "id", &message.head.id);
    json_key(&json, "verdict");
    json_put_string(&json, "received");
    json_end(&json);
    return 0;
}

/* ---- its receipt ---- */

static void put_text(struct json_writer *json, const char *key, struct model_text text)
{
    json_key(json, key);
    if (text.size > 0)
        json_put_string_of(json, text.bytes, text.size);
    else
        json_put_null(json);
}

static int put_rows(struct exchange *exchange, const struct model_message *message, struct json_writer *json)
{
    static const char *const verdicts[] = { "received", "accepted", "accepted-with-faults", "held", "rejected" };
    static const char *const keys[] = { "waiting", "accepted", "accepted_with_faults", "held", "rejected" };
    struct model_message    *bad = NULL;
    size_t                   num_bad = 0;
    int64_t                  nums[NUM_VERDICTS] = { 0 };
    int ret = store_message_count_rows(exchange->reader, &message->head.id, verdicts, NUM_VERDICTS, nums);
    json_key(json, "rows");
    json_begin_object(json);
    for (size_t i = 0; i < NUM_VERDICTS; i++) {
        json_key(json, keys[i]);
        json_put_integer(json, nums[i]);
    }
    json_end(json);
    json_key(json, "bad_rows");
    json_begin_array(json);
    if (ret == 0)
        ret = store_message_rows(exchange->reader, &message->head.id, "rejected", -1, MOST_TOLD, &exchange->arena, &bad,
                                 &num_bad);
    for (size_t i = 0; i < num_bad && ret == 0; i++) {
        json_begin_object(json);
        json_key(json, "row");
        json_put_integer(json, bad[i].position);
        put_text(json, "reason", bad[i].reason);
        json_end(json);
    }
    json_end(json);
    return ret;
}

int upload_show(struct exchange *exchange)
{
    struct model_message message;
    struct json_writer   json;
    int                  ret = find_file(exchange, &message);
    if (ret != 0)
        return ret;
    reply_json(exchange, &json);
    json_begin_object(&json);
    reply_id(&json, "id", &message.head.id);
    reply_id(&json, "feed", &message.feed);
    reply_instant(&json, "received", message.received);
    put_text(&json, "verdict", message.verdict);
    put_text(&json, "reason", message.reason);
    reply_instant(&json, "processed", message.processed);
    json_key(&json, "values");
    if (message.num_values != MODEL_MISSING_INTEGER)
        json_put_integer(&json, message.num_values);
    else
        json_put_null(&json);
    ret = put_rows(exchange, &message, &json);
    json_end(&json);
    return ret;
}

/* ---- what is to be mended ---- */

int upload_errors(struct exchange *exchange)
{
    struct intake       *intake = intake_of(exchange);
    struct model_message message;
    int                  ret = find_file(exchange, &message);
    if (ret == 0 && intake == NULL)
        ret = STORE_ERR_STOPPED;
    if (ret == 0 && !is_machine(exchange) &&
        !access_may_identify(&exchange->caller.access, model_record(MODEL_MESSAGE_RAW)))
        ret = STORE_ERR_DENIED;
    if (ret == 0 && !is_machine(exchange))
        ret = store_audit_reading(exchange->reader, &exchange->caller.access, "read file of errors",
                                  model_record(MODEL_MESSAGE), &message.head.id, 1);
    if (ret != 0)
        return ret;
    exchange->answer.type = "text/csv; charset=utf-8";
    answer_header(exchange, "Content-Disposition", "attachment; filename=\"errors.csv\"");
    return intake_upload_errors(intake, exchange->reader, &message, &exchange->answer.body);
}
