/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GET /api/v1/watch/{id}/evaluation: what the watch would have made of a stream in the past, as it is set and as
 * somebody thinks of setting it. response/watch_evaluate.h has the rules. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/time_zone.h"
#include "response/change_list.h"
#include "response/watch_evaluate.h"
#include "server/handlers.h"
#include "server/request.h"

enum { ARENA_MIB = 64 }; /* of one evaluation */

/* What is asked. */
struct asked {
    struct id           stream;
    toc_date            from, to;
    struct watch_choice choice;
    struct watch_trial  trial;
    bool                tries;
};

static int ask_trial(struct exchange *exchange, struct asked *asked)
{
    const char *method = exchange_query(exchange, "method"), *parameters = exchange_query(exchange, "parameters");
    const char *threshold = exchange_query(exchange, "threshold");
    char        why[WATCH_CHOICE_WHY], *end = NULL;
    if (method != NULL && threshold != NULL)
        return refuse_input(&exchange->faults, "threshold", "beside a method", "one thing at a time");
    if (!watch_choice_read(text_view(method), text_view(parameters), &asked->choice, why))
        return refuse_input(&exchange->faults, "method", "cannot be used, or a parameter of it",
                            "a method of the list detection_method; its parameters as NAME=VALUE, spaces between");
    if (threshold != NULL)
        asked->trial.threshold = strtod(threshold, &end);
    if (threshold != NULL && (*end != '\0' || !(asked->trial.threshold > 0) || asked->trial.threshold > 1e15))
        return refuse_input(&exchange->faults, "threshold", "no such number", "a number above 0");
    asked->trial.choice = asked->choice.method != NULL ? &asked->choice : NULL;
    asked->tries = method != NULL || threshold != NULL;
    return 0;
}

static int ask(struct exchange *exchange, struct asked *asked)
{
    toc_date today = time_zone_day(exchange->now);
    asked->to = today;
    int ret = request_parameters(exchange);
    if (ret == 0)
        ret = request_path_id(exchange, 0, &asked->stream);
    if (ret == 0)
        ret = request_day(exchange, "to", &asked->to);
    asked->from = asked->to - 364;
    if (ret == 0)
        ret = request_day(exchange, "from", &asked->from);
    if (ret == 0 && asked->to > today)
        ret = refuse_input(&exchange->faults, "to", "a day to come", "a day up to today");
    if (ret == 0 && (asked->from > asked->to || asked->to - asked->from >= WATCH_EVALUATE_DAYS))
        ret = refuse_input(&exchange->faults, "from", "another day", "a day up to two years before `to`");
    return ret == 0 ? ask_trial(exchange, asked) : ret;
}

static void put_count(struct json_writer *json, const char *name, size_t count)
{
    json_key(json, name);
    json_put_integer(json, (int64_t) count);
}

static void put_outbreaks(struct json_writer *json, const struct watch_evaluation *found)
{
    json_key(json, "outbreaks");
    json_begin_array(json);
    for (size_t i = 0; i < found->num_outbreaks; i++) {
        const struct watch_evaluated_outbreak *one = &found->outbreaks[i];
        json_begin_object(json);
        reply_id(json, "outbreak", &one->id);
        json_key(json, "number");
        json_put_string_of(json, one->number.bytes != NULL ? one->number.bytes : "", one->number.size);
        reply_day(json, "from", one->from);
        reply_day(json, "to", one->to);
        reply_number(json, "delay", one->found ? (double) one->delay : (double) NAN);
        json_end(json);
    }
    json_end(json);
}

static void put_alarms(struct json_writer *json, const struct watch_evaluation *found)
{
    json_key(json, "alarms");
    json_begin_array(json);
    for (size_t i = 0; i < found->num_alarms; i++) {
        const struct watch_evaluated_alarm *one = &found->alarms[i];
        json_begin_object(json);
        reply_day(json, "day", one->day);
        reply_day(json, "raised", one->raised);
        reply_number(json, "observed_then", one->observed);
        reply_number(json, "observed_now", one->now);
        reply_number(json, "expected", one->judgement.expected);
        reply_number(json, "threshold", one->judgement.threshold);
        json_key(json, "mark");
        if (one->mark == WATCH_UNMARKED)
            json_put_null(json);
        else
            json_put_string(json, watch_mark_words[one->mark]);
        json_end(json);
    }
    json_end(json);
}

static int put_result(struct exchange *exchange, struct json_writer *json, const struct watch_streams *streams,
                      const struct watch_stream *stream, const struct asked *asked, bool tried)
{
    struct arena            arena = { .limit = (size_t) ARENA_MIB << 20 };
    struct watch_evaluation found;
    struct toc_error        error;
    int ret = watch_evaluate(exchange->reader, &exchange->caller.access, streams, stream, tried ? &asked->trial : NULL,
                             asked->from, asked->to, &arena, &found, &exchange->faults, &error);
    if (ret != 0) {
        arena_free(&arena);
        return ret;
    }
    json_begin_object(json);
    json_key(json, "tried");
    json_put_bool(json, tried);
    json_key(json, "method");
    if (found.method == NULL)
        json_put_null(json);
    else
        json_put_string(json, found.method);
    put_count(json, "steps", found.num_steps);
    put_count(json, "marked", found.num_marked);
    put_count(json, "episodes", found.num_episodes);
    reply_number(json, "episodes_a_year", (double) found.num_episodes / found.years);
    put_count(json, "outside_outbreaks", found.num_outside);
    put_count(json, "found", found.num_found);
    reply_number(json, "median_delay", found.median_delay);
    put_outbreaks(json, &found);
    put_alarms(json, &found);
    json_end(json);
    arena_free(&arena);
    return 0;
}

int stream_evaluation(struct exchange *exchange)
{
    struct asked         asked = { .from = MODEL_MISSING_DATE };
    struct watch_streams streams;
    struct json_writer   json;
    size_t               at = 0;
    int                  ret = ask(exchange, &asked);
    if (ret == 0)
        ret = watch_streams_read(exchange->reader, &exchange->caller.access, asked.to, &exchange->arena, &streams,
                                 &exchange->faults);
    if (ret != 0)
        return ret;
    while (at < streams.num_streams && !id_equal(&streams.streams[at].stream.head.id, &asked.stream))
        at++;
    if (at == streams.num_streams)
        return STORE_ERR_ABSENT;
    const struct watch_stream *stream = &streams.streams[at];
    bool                       tries = asked.tries && watch_can_try(stream, &asked.trial);
    reply_json(exchange, &json);
    json_begin_object(&json);
    reply_day(&json, "from", asked.from);
    reply_day(&json, "to", asked.to);
    json_key(&json, "not_watched");
    if (stream->unwatched == NULL)
        json_put_null(&json);
    else
        json_put_string(&json, stream->unwatched);
    json_key(&json, "results");
    json_begin_array(&json);
    for (int tried = 0; ret == 0 && stream->unwatched == NULL && tried <= (int) tries; tried++)
        ret = put_result(exchange, &json, &streams, stream, &asked, tried == 1);
    json_end(&json);
    json_end(&json);
    return ret;
}
