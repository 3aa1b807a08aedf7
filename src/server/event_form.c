/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/event_form.h"

#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "response/account_throttle.h"
#include "response/event_page.h"
#include "response/public_areas.h"
#include "response/public_frame.h"
#include "server/form.h"
#include "server/handlers.h"
#include "server/problem.h"
#include "server/request.h"
#include "server/server_internal.h"
#include "store/node.h"

enum { MOST_AREAS = 1000 }; /* to choose from */

struct event_door {
    const struct node_settings *settings;
    pthread_mutex_t             lock;
    int64_t                     hour;
    unsigned                    num_reports; /* taken in this hour */
    struct throttle             throttle;
};

int event_door_new(const struct node_settings *settings, struct event_door **door)
{
    *door = NULL;
    if (!settings->public_reports)
        return 0;
    struct event_door *made = memory_array(1, sizeof *made);
    if (made == NULL)
        return TOC_ERR_NO_MEMORY;
    made->settings = settings;
    pthread_mutex_init(&made->lock, NULL);
    randombytes_buf(made->throttle.key, sizeof made->throttle.key);
    *door = made;
    return 0;
}

void event_door_free(struct event_door *door)
{
    if (door == NULL)
        return;
    pthread_mutex_destroy(&door->lock);
    free(door);
}

bool event_door_try(struct event_door *door, const char *address, bool report, int64_t now)
{
    const struct throttle_who who = { .address = address };
    int64_t                   hour = now / (3600 * INSTANT_SECOND);
    pthread_mutex_lock(&door->lock);
    if (hour != door->hour)
        door->num_reports = 0;
    door->hour = hour;
    bool may = !report || door->num_reports < EVENT_FORM_REPORTS_AN_HOUR;
    may = may && throttle_try(&door->throttle, &who, now) == 0;
    door->num_reports += may && report;
    pthread_mutex_unlock(&door->lock);
    return may;
}

/* ---- what the pages have in common ---- */

/* The door, and the language in the path. SERVER_ERR_UNKNOWN_PATH where there is none. */
static int begin(struct exchange *exchange, struct event_door **door, struct event_page *page)
{
    int ret = request_parameters(exchange);
    *door = exchange->server != NULL ? exchange->server->reports : NULL;
    if (ret != 0 || *door == NULL)
        return ret != 0 ? ret : SERVER_ERR_UNKNOWN_PATH;
    *page = (struct event_page){ .invented = (*door)->settings->demo, .exercise = (*door)->settings->exercise };
    if (!public_language_find(exchange->segments[0], &page->language))
        return SERVER_ERR_UNKNOWN_PATH;
    exchange->answer.type = "text/html; charset=utf-8";
    answer_header(exchange, "Cache-Control", "no-store");
    answer_header(exchange, "Content-Security-Policy",
                  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'; "
                  "frame-ancestors 'none'");
    return 0;
}

static const char *value(struct exchange *exchange, const char *name)
{
    return form_value(exchange->body, exchange->body_size, name, &exchange->arena);
}

static int show_form(struct exchange *exchange, const struct event_door *door, struct event_page *page,
                     const struct event_form *form, int status)
{
    struct model_area *areas;
    int ret = public_areas_read(exchange->reader, door->settings->public_area, MOST_AREAS, &exchange->arena, &areas,
                                &page->num_areas);
    if (ret != 0)
        return ret;
    page->areas = areas;
    exchange->answer.status = status;
    exchange->answer.body.used = 0;
    event_page_form(&exchange->answer.body, page, form, &exchange->faults);
    return 0;
}

static int say_later(struct exchange *exchange, const struct event_page *page)
{
    exchange->answer.status = 429;
    answer_header(exchange, "Retry-After", "600");
    event_page_later(&exchange->answer.body, page);
    return 0;
}

/* ---- the form ---- */

int event_form_answer_any(struct exchange *exchange)
{
    char path[20];
    int  ret = request_parameters(exchange);
    if (ret == 0 && (exchange->server == NULL || exchange->server->reports == NULL))
        ret = SERVER_ERR_UNKNOWN_PATH;
    if (ret != 0)
        return ret;
    enum model_language language = public_language_of(exchange_header(exchange, "accept-language"));
    snprintf(path, sizeof path, "/report/%s", public_language_codes[language]);
    exchange->answer.status = 303;
    exchange->answer.type = "text/html; charset=utf-8";
    answer_header(exchange, "Location", path);
    answer_header(exchange, "Vary", "Accept-Language");
    return 0;
}

int event_form_answer(struct exchange *exchange)
{
    char               receipt[EVENT_RECEIPT_BYTES];
    uint8_t            random[EVENT_RECEIPT_RANDOM];
    struct event_form  form = { .receipt = receipt };
    struct event_door *door;
    struct event_page  page;
    int                ret = begin(exchange, &door, &page);
    if (ret != 0)
        return ret;
    randombytes_buf(random, sizeof random);
    event_receipt_make(random, receipt);
    return show_form(exchange, door, &page, &form, 200);
}

static int submit(struct exchange *exchange, struct event_report *report)
{
    const struct access who = event_report_access(report);
    event_report_request(report);
    return store_submit(exchange->store, &who, &report->request, NULL, &exchange->faults);
}

int event_form_send(struct exchange *exchange)
{
    struct event_report report = EVENT_REPORT_INIT;
    char                receipt[EVENT_RECEIPT_BYTES];
    struct event_form   form = { .receipt = receipt };
    struct event_door  *door;
    struct event_page   page;
    int                 ret = begin(exchange, &door, &page);
    if (ret != 0)
        return ret;
    const char *typed = value(exchange, "receipt");
    if (typed == NULL || !event_receipt_read(typed, receipt))
        return event_form_answer(exchange); /* no form of ours: a new one */
    for (size_t i = 0; i < EVENT_FIELDS; i++)
        form.values[i] = value(exchange, event_field_names[i]);
    report.now = exchange->now;
    report.id = node_new_id(exchange->now);
    if (event_form_read(&form, &report, &exchange->faults) != 0)
        return show_form(exchange, door, &page, &form, 422);
    if (!event_door_try(door, exchange->peer, true, exchange->now))
        return say_later(exchange, &page);
    ret = submit(exchange, &report);
    if (ret == BASE_ERR_INPUT)
        return show_form(exchange, door, &page, &form, 422);
    if (ret == 0)
        event_page_thanks(&exchange->answer.body, &page, receipt, report.num_struck > 0);
    return ret;
}

/* ---- what became of it ---- */

int event_form_answer_receipt(struct exchange *exchange)
{
    struct event_door *door;
    struct event_page  page;
    int                ret = begin(exchange, &door, &page);
    if (ret == 0)
        event_page_follow(&exchange->answer.body, &page, EVENT_NOT_ASKED, EVENT_RECEIVED);
    return ret;
}

int event_form_ask_receipt(struct exchange *exchange)
{
    char                   receipt[EVENT_RECEIPT_BYTES];
    enum event_report_step step = EVENT_RECEIVED;
    struct event_door     *door;
    struct event_page      page;
    int64_t                received;
    int                    ret = begin(exchange, &door, &page);
    const char            *typed = ret == 0 ? value(exchange, "receipt") : NULL;
    if (ret != 0)
        return ret;
    if (!event_door_try(door, exchange->peer, false, exchange->now))
        return say_later(exchange, &page);
    ret = typed == NULL || !event_receipt_read(typed, receipt)
              ? STORE_ERR_ABSENT
              : event_report_follow(exchange->reader, receipt, &exchange->arena, &step, &received);
    if (ret != 0 && ret != STORE_ERR_ABSENT)
        return ret;
    exchange->answer.status = ret == 0 ? 200 : 404;
    event_page_follow(&exchange->answer.body, &page, ret == 0 ? EVENT_FOUND : EVENT_NOT_FOUND, step);
    return 0;
}
