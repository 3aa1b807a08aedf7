/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GET /api/v1/watch: how each stream that the caller may see is watched. GET /api/v1/watch/{id}: the newest steps of
 * one, with what was to be expected and the threshold, judged anew on what is known now. response/watch.h has the
 * rules. */
#include <math.h>
#include <string.h>

#include "base/time_zone.h"
#include "response/watch_past.h"
#include "response/watch_streams.h"
#include "server/completeness.h"
#include "server/handlers.h"
#include "server/request.h"

enum { STEPS_USUAL = 60, STEPS_MOST = 400 };

struct reading {
    struct exchange     *exchange;
    struct watch_streams streams;
    struct completeness *completeness; /* NULL where there are no reporting units */
    toc_date             today;
};

static int read_streams(struct reading *reading)
{
    struct exchange *exchange = reading->exchange;
    reading->today = time_zone_day(exchange->now);
    int ret = completeness_read(exchange->reader, exchange->now, &exchange->arena, &reading->completeness);
    return ret != 0 ? ret
                    : watch_streams_read(exchange->reader, &exchange->caller.access, reading->today, &exchange->arena,
                                         &reading->streams, &exchange->faults);
}

static void put_text(struct json_writer *json, const char *name, struct model_text text)
{
    json_key(json, name);
    if (text.bytes == NULL)
        json_put_null(json);
    else
        json_put_string_of(json, text.bytes, text.size);
}

static void put_name(struct json_writer *json, const char *name, const char *text)
{
    json_key(json, name);
    if (text == NULL)
        json_put_null(json);
    else
        json_put_string(json, text);
}

/* A share of a step: nothing of it is known where its denominator is 0. */
static void put_share(struct json_writer *json, struct toc_share share)
{
    reply_number(json, "numerator", share.denominator > 0 ? share.numerator : NAN);
    reply_number(json, "denominator", share.denominator > 0 ? share.denominator : NAN);
}

static bool is_unstable(struct toc_share share)
{
    return share.denominator > 0 && share.numerator < WATCH_UNSTABLE;
}

/* Days from which its numbers mean something else. */
static void put_changes(struct reading *reading, struct json_writer *json, const struct watch_stream *one)
{
    struct exchange *exchange = reading->exchange;
    json_key(json, "changes");
    json_begin_array(json);
    for (size_t i = 0; i < one->num_breaks; i++) {
        const struct watch_break *change = &one->breaks[i];
        struct model_facility     sender;
        struct model_set          visible;
        if (id_is_missing(&change->sender) ||
            store_read(exchange->reader, &exchange->caller.access, model_record(MODEL_FACILITY), &change->sender,
                       STORE_NOW, &exchange->arena, &sender, &visible) != 0)
            model_init(model_record(MODEL_FACILITY), &sender);
        json_begin_object(json);
        reply_day(json, "day", change->day);
        put_name(json, "kind", watch_mark_words[change->mark]);
        reply_number(json, "percent", change->percent);
        json_key(json, "noticed");
        json_put_bool(json, change->noticed);
        put_text(json, "sender", sender.code);
        put_text(json, "sender_en", sender.name_en);
        put_text(json, "sender_zh", sender.name_zh);
        json_end(json);
    }
    json_end(json);
}

static void put_definition(struct json_writer *json, const struct watch_stream *one, const struct watch_series *series,
                           struct toc_share newest)
{
    json_key(json, "share");
    if (series == NULL || series->share_of == 0) {
        json_put_null(json);
    } else {
        json_begin_object(json);
        reply_id(json, "numerator_stream", &one->stream.numerator);
        reply_id(json, "denominator_stream", &one->stream.denominator);
        json_key(json, "window");
        json_put_integer(json, series->share_of);
        put_share(json, newest);
        json_end(json);
    }
    json_key(json, "unstable");
    json_put_bool(json, is_unstable(newest));
    reply_number(json, "residents", one->residents > 0 ? (double) one->residents : NAN);
    reply_number(json, "residents_year", one->residents > 0 ? (double) one->residents_year : NAN);
}

/* Of the reports that are owed to a stream; and the day up to which it is mostly complete, of which none may be
 * awaited. */
static void put_completeness(struct reading *reading, struct json_writer *json, const struct watch_stream *one,
                             int64_t delay)
{
    struct completeness_step steps[COMPLETENESS_WEEKS * 7];
    size_t                   num;
    toc_date                 complete_to = delay >= 0 ? reading->today - (toc_date) delay : MODEL_MISSING_DATE;
    completeness_steps(reading->completeness, store_of_reader(reading->exchange->reader), &one->stream, steps, &num);
    toc_date until = completeness_until(steps, num);
    if (complete_to != MODEL_MISSING_DATE && until != MODEL_MISSING_DATE && until < complete_to)
        complete_to = until;
    reply_day(json, "complete_to", complete_to);
    completeness_put(json, steps, num);
}

/* The field of the cases and the codes by which those are told that are counted; null: all are. */
static void put_only(struct json_writer *json, const struct model_counter *counter)
{
    json_key(json, "only");
    if (counter == NULL) {
        json_put_null(json);
        return;
    }
    json_begin_object(json);
    put_name(json, "field", counter->only);
    json_key(json, "codes");
    json_begin_array(json);
    for (size_t c = 0; c < MODEL_MAX_ONLY && counter->codes[c] != NULL; c++)
        json_put_string(json, counter->codes[c]);
    json_end(json);
    json_end(json);
}

/* The members that both answers have. group: of the stream, which is number `at` there; NULL or without steps where it
 * is not watched or nothing was counted yet. */
static int put_watched(struct reading *reading, struct json_writer *json, const struct watch_stream *one,
                       const struct watch_group *group, size_t at)
{
    struct exchange *exchange = reading->exchange;
    bool             counted = group != NULL && group->num_steps > 0;
    int64_t          delay = -1;
    const char      *method = counted ? watch_method(group, at) : NULL;
    int              ret =
        group == NULL ? 0 : watch_stream_delay(exchange->reader, &exchange->caller.access, one, reading->today, &delay);
    if (ret != 0)
        return ret;
    reply_id(json, "stream", &one->stream.head.id);
    reply_id(json, "area", &one->stream.area);
    put_text(json, "indicator", one->stream.indicator);
    put_text(json, "disease", one->stream.disease);
    put_text(json, "among", one->stream.among);
    put_only(json, watch_stream_only(one));
    put_text(json, "period", one->stream.period);
    put_text(json, "counter", one->stream.counter);
    put_name(json, "method", method);
    reply_day(json, "history_from", counted ? group->dates[0] : MODEL_MISSING_DATE);
    reply_day(json, "newest_day", counted ? group->dates[group->num_steps - 1] : MODEL_MISSING_DATE);
    reply_number(json, "newest", counted ? watch_value(&group->series[at], group->num_steps - 1) : NAN);
    put_completeness(reading, json, one, delay);
    put_name(json, "not_watched",
             one->unwatched != NULL ? one->unwatched
             : !counted             ? "nothing was counted yet"
                                    : NULL);
    put_definition(json, one, counted ? &group->series[at] : NULL,
                   counted ? watch_share(group, at, group->num_steps - 1) : (struct toc_share){ 0, 0 });
    put_changes(reading, json, one);
    return 0;
}

/* ---- all of them ---- */

static int list_group(struct reading *reading, struct json_writer *json, size_t first, size_t num)
{
    struct exchange   *exchange = reading->exchange;
    struct arena       arena = ARENA_INIT; /* of one group: years of days of all its streams */
    struct watch_group group;
    int ret = watch_streams_series(exchange->reader, &exchange->caller.access, &reading->streams, first, num,
                                   reading->today, &arena, &group);
    for (size_t i = 0; i < num && ret == 0; i++) {
        json_begin_object(json);
        ret = put_watched(reading, json, &reading->streams.streams[first + i], &group, i);
        json_end(json);
    }
    arena_free(&arena);
    return ret;
}

int stream_list(struct exchange *exchange)
{
    struct reading     reading = { .exchange = exchange };
    struct json_writer json;
    size_t             first = 0, num;
    int                ret = request_parameters(exchange);
    if (ret == 0)
        ret = read_streams(&reading);
    if (ret != 0)
        return ret;
    reply_json(exchange, &json);
    json_begin_object(&json);
    json_key(&json, "streams");
    json_begin_array(&json);
    while (ret == 0 && (num = watch_streams_group(&reading.streams, first)) > 0) {
        ret = list_group(&reading, &json, first, num);
        first += num;
    }
    for (; ret == 0 && first < reading.streams.num_streams; first++) {
        json_begin_object(&json);
        ret = put_watched(&reading, &json, &reading.streams.streams[first], NULL, 0);
        json_end(&json);
    }
    json_end(&json);
    json_end(&json);
    return ret;
}

/* ---- one ---- */

static void put_steps(struct json_writer *json, const struct watch_group *group, size_t at, size_t from,
                      const struct toc_judgement *judgements)
{
    for (size_t step = from; step < group->num_steps; step++) {
        const struct toc_judgement *judgement = &judgements[step - from];
        struct toc_share            share = watch_share(group, at, step);
        json_begin_object(json);
        reply_day(json, "day", group->dates[step]);
        reply_number(json, "count", watch_value(&group->series[at], step));
        put_share(json, share);
        json_key(json, "unstable");
        json_put_bool(json, is_unstable(share));
        reply_number(json, "expected", judgement->expected);
        reply_number(json, "threshold", judgement->threshold);
        json_key(json, "over");
        json_put_bool(json, judgement->alarm == TOC_ALARM_YES);
        put_name(json, "mark", watch_mark_words[watch_mark_of(group, at, step, judgement)]);
        json_end(json);
    }
}

/* group: of the stream, which is number `at` there; NULL = it is not watched. */
static int answer_one(struct reading *reading, const struct watch_stream *one, const struct watch_group *group,
                      size_t at, size_t most)
{
    struct exchange      *exchange = reading->exchange;
    struct toc_error      error;
    struct json_writer    json;
    const char           *method;
    size_t                num = group != NULL && group->num_steps < most ? group->num_steps : most;
    struct toc_judgement *judgements = arena_array(&exchange->arena, num + 1, sizeof *judgements);
    bool                  counted = group != NULL && group->num_steps > 0;
    int                   ret = judgements == NULL ? TOC_ERR_NO_MEMORY : 0;
    if (ret == 0 && counted)
        ret = watch_judge(group, at, group->num_steps - num, judgements, &method, &error);
    if (ret != 0)
        return ret;
    reply_json(exchange, &json);
    json_begin_object(&json);
    ret = put_watched(reading, &json, one, group, at);
    json_key(&json, "steps");
    json_begin_array(&json);
    if (counted)
        put_steps(&json, group, at, group->num_steps - num, judgements);
    json_end(&json);
    json_end(&json);
    return ret;
}

int stream_series(struct exchange *exchange)
{
    struct reading     reading = { .exchange = exchange };
    struct watch_group group;
    struct id          id;
    int64_t            most = STEPS_USUAL;
    size_t             first = 0, num, at = 0;
    int                ret = request_parameters(exchange);
    if (ret == 0)
        ret = request_path_id(exchange, 0, &id);
    if (ret == 0)
        ret = request_integer(exchange, "steps", 1, STEPS_MOST, &most);
    if (ret == 0)
        ret = read_streams(&reading);
    if (ret != 0)
        return ret;
    while (at < reading.streams.num_streams && !id_equal(&reading.streams.streams[at].stream.head.id, &id))
        at++;
    if (at == reading.streams.num_streams)
        return STORE_ERR_ABSENT;
    while ((num = watch_streams_group(&reading.streams, first)) > 0 && at >= first + num)
        first += num;
    if (num == 0)
        return answer_one(&reading, &reading.streams.streams[at], NULL, 0, (size_t) most);
    ret = watch_streams_series(exchange->reader, &exchange->caller.access, &reading.streams, first, num, reading.today,
                               &exchange->arena, &group);
    return ret == 0 ? answer_one(&reading, &reading.streams.streams[at], &group, at - first, (size_t) most) : ret;
}
