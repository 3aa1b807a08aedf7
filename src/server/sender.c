/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GET /api/v1/senders and /{id}: who sends, when they were last heard, how much against their own habit, and what was
 * wrong. Senders are feeds; whoever may read a feed may read this. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/date_text.h"
#include "base/instant.h"
#include "base/time_zone.h"
#include "response/sender.h"
#include "server/handlers.h"
#include "server/request.h"
#include "store/rows_by.h"

enum { MOST_FEEDS = 500, MOST_KINDS = 50 };

static void put_text(struct json_writer *json, const char *key, struct model_text text)
{
    json_key(json, key);
    json_put_string_of(json, text.size > 0 ? text.bytes : "", text.size);
}

/* The members that a sender has in the list and alone. */
static void put_sender(struct json_writer *json, const struct model_feed *feed, const struct sender_figures *figures)
{
    struct sender_habit habit;
    sender_judge(figures, &habit);
    reply_id(json, "id", &feed->head.id);
    put_text(json, "name", feed->name);
    put_text(json, "channel", feed->channel);
    put_text(json, "status", feed->status);
    reply_id(json, "area", &feed->area);
    reply_id(json, "facility", &feed->facility);
    reply_instant(json, "last_heard", figures->last_heard);
    json_key(json, "habit");
    json_put_string(json, habit.state);
    json_key(json, "usual_day");
    if (isnan(habit.usual))
        json_put_null(json);
    else
        json_put_number(json, habit.usual);
    json_member_integer(json, "today", figures->messages[0]);
}

/* The feed, as the caller may read it. */
static int read_feed(struct exchange *exchange, const struct id *id, struct model_feed *feed)
{
    struct model_set visible;
    return store_read(exchange->reader, &exchange->caller.access, model_record(MODEL_FEED), id, STORE_NOW,
                      &exchange->arena, feed, &visible);
}

int sender_list(struct exchange *exchange)
{
    static const char *const statuses[] = { "live", "onboarding", "stopped" };
    struct model_text        keys[3];
    struct json_writer       json;
    void                    *rows = NULL;
    size_t                   num = 0;
    int                      ret = request_parameters(exchange);
    for (size_t i = 0; i < 3; i++)
        keys[i] = (struct model_text){ statuses[i], strlen(statuses[i]) };
    if (ret == 0)
        ret = store_rows_by(exchange->reader, model_record(MODEL_FEED), "status", keys, 3, MOST_FEEDS, &exchange->arena,
                            &rows, &num);
    if (ret != 0)
        return ret;
    reply_json(exchange, &json);
    json_begin_object(&json);
    json_key(&json, "senders");
    json_begin_array(&json);
    for (size_t i = 0; i < num && ret == 0; i++) {
        struct model_feed     feed;
        struct sender_figures figures;
        ret = read_feed(exchange, &((struct model_feed *) rows)[i].head.id, &feed);
        if (ret == STORE_ERR_ABSENT) {
            ret = 0;
            continue;
        }
        if (ret == 0)
            ret = store_sender_figures(exchange->reader, &feed.head.id, exchange->now, time_zone_offset(exchange->now),
                                       &figures);
        if (ret != 0)
            break;
        json_begin_object(&json);
        put_sender(&json, &feed, &figures);
        json_end(&json);
    }
    json_end(&json);
    json_end(&json);
    return ret;
}

/* ---- one sender ---- */

struct kinds {
    struct arena *arena;
    struct kind {
        const char *text;
        size_t      size;
        int64_t     num;
    } kinds[MOST_KINDS];
    size_t  num;
    int64_t others;
};

static int take_reason(void *context, const char *reason, size_t size, int64_t num)
{
    struct kinds *kinds = context;
    size_t        length;
    const char   *text = sender_fault_kind(reason, size, &length);
    for (size_t i = 0; i < kinds->num; i++)
        if (kinds->kinds[i].size == length && memcmp(kinds->kinds[i].text, text, length) == 0) {
            kinds->kinds[i].num += num;
            return 0;
        }
    if (kinds->num == MOST_KINDS) {
        kinds->others += num;
        return 0;
    }
    char *copy = arena_copy(kinds->arena, text, length);
    if (copy == NULL)
        return TOC_ERR_NO_MEMORY;
    kinds->kinds[kinds->num++] = (struct kind){ copy, length, num };
    return 0;
}

static int most_first(const void *a, const void *b)
{
    int64_t x = ((const struct kind *) a)->num, y = ((const struct kind *) b)->num;
    return x > y ? -1 : x < y;
}

static void put_days(struct json_writer *json, const struct sender_figures *figures, toc_date today)
{
    json_key(json, "days");
    json_begin_array(json);
    for (int i = 0; i < SENDER_DAYS; i++) {
        json_begin_object(json);
        reply_day(json, "day", today - i);
        json_member_integer(json, "messages", figures->messages[i]);
        json_member_integer(json, "rejected", figures->rejected[i]);
        json_member_integer(json, "held", figures->held[i]);
        json_end(json);
    }
    json_end(json);
}

int sender_show(struct exchange *exchange)
{
    struct model_feed     feed;
    struct sender_figures figures;
    struct kinds         *kinds = arena_array(&exchange->arena, 1, sizeof *kinds);
    struct json_writer    json;
    struct id             id;
    int64_t               offset = time_zone_offset(exchange->now);
    int                   ret = kinds == NULL ? TOC_ERR_NO_MEMORY : request_parameters(exchange);
    if (ret == 0)
        ret = request_path_id(exchange, 0, &id);
    if (ret == 0)
        ret = read_feed(exchange, &id, &feed);
    if (ret == 0)
        ret = store_sender_figures(exchange->reader, &id, exchange->now, offset, &figures);
    if (ret != 0)
        return ret;
    kinds->arena = &exchange->arena;
    ret = store_sender_reasons(exchange->reader, &id, exchange->now - (SENDER_DAYS - 1) * INSTANT_DAY, take_reason,
                               kinds);
    if (ret != 0)
        return ret;
    qsort(kinds->kinds, kinds->num, sizeof *kinds->kinds, most_first);
    reply_json(exchange, &json);
    json_begin_object(&json);
    put_sender(&json, &feed, &figures);
    put_days(&json, &figures, time_zone_day(exchange->now));
    json_key(&json, "faults");
    json_begin_array(&json);
    for (size_t i = 0; i < kinds->num; i++) {
        json_begin_object(&json);
        json_key(&json, "kind");
        json_put_string_of(&json, kinds->kinds[i].text, kinds->kinds[i].size);
        json_member_integer(&json, "messages", kinds->kinds[i].num);
        json_end(&json);
    }
    json_end(&json);
    json_member_integer(&json, "other_faults", kinds->others);
    json_end(&json);
    return 0;
}
