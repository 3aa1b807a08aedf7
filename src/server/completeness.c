/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GET /api/v1/completeness: of the reports of cases that reporting units of an area owe, how many came, by day and by
 * week. response/completeness.h has the rules. */
#include "server/completeness.h"

#include "response/change_list.h"
#include "server/handlers.h"
#include "server/request.h"
#include "store/area_tree.h"

static void put_step(struct json_writer *json, const struct completeness_step *step)
{
    json_begin_object(json);
    reply_day(json, "day", step->day);
    json_key(json, "expected");
    json_put_integer(json, step->expected);
    json_key(json, "received");
    json_put_integer(json, step->received);
    json_key(json, "in_time");
    json_put_integer(json, step->in_time);
    json_key(json, "awaited");
    json_put_integer(json, step->awaited);
    json_end(json);
}

void completeness_put(struct json_writer *json, const struct completeness_step *steps, size_t num)
{
    const struct completeness_step *newest = completeness_newest(steps, num);
    json_key(json, "reporting");
    if (newest == NULL)
        json_put_null(json);
    else
        put_step(json, newest);
    json_key(json, "reports");
    json_begin_array(json);
    for (size_t i = 0; i < num; i++)
        put_step(json, &steps[i]);
    json_end(json);
}

/* What is owed to the cases of an area, as to a stream of them. */
static void put_period(struct exchange *exchange, struct json_writer *json, const char *period, const struct id *area,
                       const struct completeness *read)
{
    struct completeness_step steps[COMPLETENESS_WEEKS * 7];
    struct model_stream      cases;
    size_t                   num;
    model_init(model_record(MODEL_STREAM), &cases);
    cases.area = *area;
    cases.indicator = text_view("cases");
    cases.disease = text_view(exchange_query(exchange, "disease"));
    cases.period = text_view(period);
    completeness_steps(read, store_of_reader(exchange->reader), &cases, steps, &num);
    json_key(json, period);
    json_begin_object(json);
    completeness_put(json, steps, num);
    json_end(json);
}

/* 0, TOC_ERR_NO_MEMORY, or STORE_ERR_ABSENT where the area lies outside the grant. */
static int check_area(struct exchange *exchange, const struct id *area)
{
    const struct area_tree *tree = store_hold_areas(exchange->store);
    struct area_set         granted;
    uint32_t                number = area_tree_find(tree, area);
    int                     ret = area_set_of_grant(tree, &exchange->caller.access, &exchange->arena, &granted);
    if (ret == 0 && (number == AREA_NONE || !area_set_has(&granted, number)))
        ret = STORE_ERR_ABSENT;
    store_release_areas(exchange->store, tree);
    return ret;
}

int completeness_show(struct exchange *exchange)
{
    const struct access *who = &exchange->caller.access;
    struct completeness *read = NULL;
    struct json_writer   json;
    struct id            area;
    int                  ret = request_parameters(exchange);
    if (ret == 0)
        ret = request_id(exchange, "area", &area);
    if (ret == 0 && id_is_missing(&area))
        ret = refuse_input(&exchange->faults, "area", "missing", "an area of the grant");
    if (ret == 0 && access_highest(who, model_record(MODEL_REPORTING_UNIT)) == ACCESS_NOTHING)
        ret = STORE_ERR_DENIED;
    if (ret == 0)
        ret = check_area(exchange, &area);
    if (ret == 0)
        ret = completeness_read(exchange->reader, exchange->now, &exchange->arena, &read);
    if (ret != 0)
        return ret;
    reply_json(exchange, &json);
    json_begin_object(&json);
    put_period(exchange, &json, "day", &area, read);
    put_period(exchange, &json, "week", &area, read);
    json_end(&json);
    return 0;
}
