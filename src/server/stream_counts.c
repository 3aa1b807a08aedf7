/* SPDX-License-Identifier: GPL-3.0-or-later */
/* POST and GET /api/v1/streams/{id}/counts: numbers that others count. The rules are response/stream_load.h's. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/date_text.h"
#include "base/time_zone.h"
#include "response/stream_load.h"
#include "response/stream_reports.h"
#include "server/handlers.h"
#include "server/request.h"
#include "server/route.h"
#include "store/stream_layers.h"

enum { MOST_VALUES = 20000 }; /* of one request */

static const char day_allowed[] = "a day (2026-11-22)";

/* ---- values that come ---- */

static int refuse(struct exchange *exchange, size_t i, const char *member, const char *found, const char *allowed)
{
    char where[FAULT_NAME_BYTES];
    snprintf(where, sizeof where, "/values/%zu/%s", i, member);
    fault_add(&exchange->faults, (struct fault_place){ .name = where }, allowed, "%s", found);
    return BASE_ERR_INPUT;
}

static bool take_day(const json_t *json, toc_date *day)
{
    enum date_form form;
    toc_date       found;
    if (!json_is_string(json) ||
        date_from_text(json_string_value(json), json_string_length(json), &found, &form, NULL) != 0 ||
        form != DATE_FORM_DAY)
        return false;
    *day = found;
    return true;
}

static int take_value(struct exchange *exchange, const json_t *json, size_t i, struct stream_value *value)
{
    const json_t *number = json_object_get(json, "value"), *known = json_object_get(json, "known");
    int           ret = 0;
    *value = (struct stream_value){ .known = time_zone_day(exchange->now), .value = NAN };
    if (!take_day(json_object_get(json, "day"), &value->day))
        ret = refuse(exchange, i, "day", "no day", day_allowed);
    if (known != NULL && !take_day(known, &value->known))
        ret = refuse(exchange, i, "known", "no day", day_allowed);
    if (json_is_number(number))
        value->value = json_number_value(number);
    if (!(json_is_null(number) || (json_is_number(number) && fabs(value->value) <= 1e15)))
        ret = refuse(exchange, i, "value", "no such number", "a number of at most 1e15, or null");
    if (json_object_size(json) != 2 + (size_t) (known != NULL))
        ret = refuse(exchange, i, "", "something else", "day, value and known");
    return ret;
}

static bool repeats(const struct stream_value *a, const struct stream_value *b)
{
    return a->day == b->day && a->known == b->known;
}

static int take_values(struct exchange *exchange, struct stream_load_call *call)
{
    json_t       *body = NULL;
    int           ret = request_json(exchange, &body);
    const json_t *values = json_object_get(body, "values");
    size_t        num = json_array_size(values);
    if (ret == 0 && (!json_is_array(values) || num > MOST_VALUES || json_object_size(body) != 1)) {
        fault_add(&exchange->faults, (struct fault_place){ .name = "/values" }, "an array of at most 20,000 values",
                  "no such array");
        ret = BASE_ERR_INPUT;
    }
    call->values = arena_array(&exchange->arena, num + 1, sizeof *call->values);
    if (ret == 0 && call->values == NULL)
        ret = TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < num && (ret == 0 || ret == BASE_ERR_INPUT) && call->values != NULL; i++) {
        int one = take_value(exchange, json_array_get(values, i), i, &call->values[i]);
        ret = one != 0 ? one : ret;
    }
    json_decref(body);
    if (ret != 0)
        return ret;
    stream_values_sort(call->values, num);
    for (size_t i = 1; i < num; i++)
        if (repeats(&call->values[i - 1], &call->values[i]))
            return refuse(exchange, i, "day", "a day that comes twice", "one value a day and day of knowledge");
    call->num = num;
    return 0;
}

static int counted(struct exchange *exchange, int status, const struct store_receipt *receipt)
{
    struct json_writer json;
    if (status != 0)
        return status;
    reply_json(exchange, &json);
    json_begin_object(&json);
    reply_id(&json, "delivery", &receipt->created);
    json_end(&json);
    return 0;
}

int stream_add_counts(struct exchange *exchange)
{
    struct stream_load_call *call = arena_array(&exchange->arena, 1, sizeof *call);
    if (call == NULL)
        return TOC_ERR_NO_MEMORY;
    call->who = exchange->caller.access;
    call->now = exchange->now;
    int ret = request_parameters(exchange);
    if (ret == 0)
        ret = request_path_id(exchange, 0, &call->stream);
    if (ret == 0)
        ret = take_values(exchange, call);
    stream_load_request(call);
    if (ret == 0)
        ret = request_idempotency_key(exchange, false, &call->request.idempotency_key);
    return ret == 0 ? exchange_submit(exchange, &call->request, counted) : ret;
}

/* ---- values that are known ---- */

static void put_values(struct exchange *exchange, const struct stream_value *values, size_t num)
{
    struct json_writer json;
    reply_json(exchange, &json);
    json_begin_object(&json);
    json_key(&json, "values");
    json_begin_array(&json);
    for (size_t i = 0; i < num; i++) {
        json_begin_object(&json);
        reply_day(&json, "day", values[i].day);
        json_key(&json, "value");
        if (isnan(values[i].value))
            json_put_null(&json);
        else
            json_put_number(&json, values[i].value);
        reply_day(&json, "known", values[i].known);
        json_end(&json);
    }
    json_end(&json);
    json_end(&json);
}

int stream_show_counts(struct exchange *exchange)
{
    const struct access *who = &exchange->caller.access;
    toc_date             known = TOC_DATE_MAX;
    struct id            id;
    struct model_stream  stream;
    struct model_set     visible;
    struct stream_known  all;
    int                  ret = request_parameters(exchange);
    if (ret == 0)
        ret = request_path_id(exchange, 0, &id);
    if (ret == 0)
        ret = request_day(exchange, "known", &known);
    if (ret == 0)
        ret = store_read(exchange->reader, who, model_record(MODEL_STREAM), &id, STORE_NOW, &exchange->arena, &stream,
                         &visible);
    if (ret == 0)
        ret = stream_known_read(exchange->reader, who, &stream, &exchange->arena, &all);
    if (ret == 0)
        put_values(exchange, all.values, stream_values_as_of(all.values, all.num, known));
    return ret;
}
