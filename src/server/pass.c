/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Health credentials: lists and rules for the devices of checkpoints, and a check by whoever has no device of their
 * own. What is checked is kept nowhere: it stands in no path, log, record or audit entry. */
#include <string.h>

#include "base/instant.h"
#include "formats/credential/check.h"
#include "server/handlers.h"
#include "server/pass_lists.h"
#include "server/request.h"
#include "server/server_internal.h"
#include "store/checkpoint_counts.h"

/* Whoever may add to the counts of a checkpoint works at one. */
static int take(struct exchange *exchange, struct pass_edition **edition)
{
    struct pass_lists *lists = exchange->server != NULL ? exchange->server->passes : NULL;
    if (!access_may_write(&exchange->caller.access, model_record(MODEL_CHECKPOINT_COUNT)))
        return STORE_ERR_DENIED;
    if (lists == NULL)
        return STORE_ERR_ABSENT;
    *edition = pass_lists_take(lists, exchange->now / INSTANT_SECOND);
    return 0;
}

static int answer_file(struct exchange *exchange, const struct pass_file *(*of)(const struct pass_edition *edition))
{
    struct pass_edition *edition;
    int                  ret = request_parameters(exchange);
    if (ret == 0)
        ret = take(exchange, &edition);
    if (ret != 0)
        return ret;
    const struct pass_file *file = of(edition);
    const char             *known = exchange_header(exchange, "if-none-match");
    answer_header(exchange, "ETag", file->tag);
    answer_header(exchange, "Cache-Control", "private, no-cache");
    if (known != NULL && strcmp(known, file->tag) == 0)
        exchange->answer.status = 304;
    else
        sink_write(&exchange->answer.body, file->bytes, file->size);
    pass_lists_give(exchange->server->passes, edition);
    return 0;
}

int pass_trust(struct exchange *exchange)
{
    return answer_file(exchange, pass_edition_trust);
}

int pass_rules(struct exchange *exchange)
{
    return answer_file(exchange, pass_edition_rules);
}

int pass_verify(struct exchange *exchange)
{
    const char                 *text = NULL, *code = "en";
    const struct request_member members[] = {
        { .name = "text", .kind = REQUEST_TEXT, .needed = true, .high = CREDENTIAL_TEXT_BYTES, .value = &text },
        { .name = "language", .kind = REQUEST_TEXT, .high = 2, .value = &code },
    };
    struct pass_edition *edition;
    int                  ret = request_parameters(exchange);
    if (ret == 0)
        ret = request_members(exchange, members, sizeof members / sizeof *members);
    if (ret != 0)
        return ret;
    enum credential_language language = credential_language_find(code);
    if (language == CREDENTIAL_NUM_LANGUAGES) {
        fault_add(&exchange->faults, (struct fault_place){ .name = "/language" }, "en, zh, bo", "no such language");
        return BASE_ERR_INPUT;
    }
    ret = take(exchange, &edition);
    if (ret != 0)
        return ret;
    pass_edition_check(edition, text, strlen(text), exchange->now / INSTANT_SECOND, language, &exchange->answer.body);
    pass_lists_give(exchange->server->passes, edition);
    credential_wipe_stack();
    return 0;
}

/* ---- counts ---- */

static void put_counts(struct exchange *exchange, toc_date from, toc_date to, const struct checkpoint_sum *rows,
                       size_t num_rows)
{
    struct json_writer json;
    reply_json(exchange, &json);
    json_begin_object(&json);
    reply_day(&json, "from", from);
    reply_day(&json, "to", to);
    json_key(&json, "rows");
    json_begin_array(&json);
    for (size_t i = 0; i < num_rows; i++) {
        json_begin_object(&json);
        reply_id(&json, "checkpoint", &rows[i].checkpoint);
        reply_instant(&json, "hour", rows[i].hour);
        json_key(&json, "outcome");
        json_put_string(&json, rows[i].outcome);
        json_key(&json, "number");
        if (rows[i].number == 0)
            json_put_null(&json);
        else
            json_put_integer(&json, rows[i].number);
        json_end(&json);
    }
    json_end(&json);
    json_end(&json);
}

int pass_counts(struct exchange *exchange)
{
    struct id                    area = { 0 };
    toc_date                     from = MODEL_MISSING_DATE, to = MODEL_MISSING_DATE;
    const struct checkpoint_sum *rows;
    size_t                       num_rows;
    int                          ret = request_parameters(exchange);
    if (ret == 0)
        ret = request_id(exchange, "area", &area);
    if (ret == 0)
        ret = request_day(exchange, "from", &from);
    if (ret == 0)
        ret = request_day(exchange, "to", &to);
    if (ret != 0)
        return ret;
    if (id_is_missing(&area) || from == MODEL_MISSING_DATE || to == MODEL_MISSING_DATE || to < from ||
        (int64_t) to - from >= CHECKPOINT_COUNTS_DAYS) {
        fault_add(&exchange->faults, (struct fault_place){ .name = "area, from, to" },
                  "an area of the grant and at most 31 days", "missing, or too long a time");
        return BASE_ERR_INPUT;
    }
    ret = store_checkpoint_counts(exchange->reader, &exchange->caller.access, &area,
                                  (int64_t) from * 86400 * INSTANT_SECOND, ((int64_t) to + 1) * 86400 * INSTANT_SECOND,
                                  &exchange->arena, &rows, &num_rows);
    if (ret == 0)
        put_counts(exchange, from, to, rows, num_rows);
    return ret;
}
