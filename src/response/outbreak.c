/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/outbreak.h"

#include <stdio.h>

#include "base/date_text.h"
#include "base/instant.h"
#include "base/time_zone.h"
#include "response/change_list.h"

const char *const outbreak_words[] = {
    "emergence",      "detection",     "notification", "investigation", "analysis",   "laboratory", "care",
    "countermeasure", "communication", "coordination", "confirmed",     "controlled", "over",       NULL
};
const char *const outbreak_standings[] = { "unknown", "running", "met", "late" };
const char *const outbreak_time_words[] = { "detect", "notify", "respond" };
const int         outbreak_bars[] = { 7, 1, 7 };

static toc_date today_of(int64_t now)
{
    return time_zone_day(now);
}

/* The task to notify an outbreak, always the same id. */
static struct id notify_task(const struct id *outbreak)
{
    return id_that_follows("outbreak-notify", outbreak, NULL, 0);
}

/* ---- opening ---- */

/* The day of a TIME: here, where it is in UTC; else its own. MODEL_MISSING_DATE where it has none. */
static toc_date day_of(struct model_text time)
{
    toc_date       day = MODEL_MISSING_DATE;
    int64_t        instant;
    enum date_form form;
    if (time.bytes != NULL && instant_from_text(time.bytes, time.size, &instant) == 0)
        return time_zone_day(instant);
    if (time.bytes != NULL && time.size >= 10)
        (void) date_from_text(time.bytes, 10, &day, &form, NULL);
    return day;
}

static int area_code(struct store_reader *reader, const struct access *who, const struct id *area, struct arena *arena,
                     char code[40])
{
    struct model_area value;
    struct model_set  visible;
    int               ret = store_read(reader, who, model_record(MODEL_AREA), area, STORE_NOW, arena, &value, &visible);
    if (ret == 0)
        snprintf(code, 40, "%.*s", (int) (value.code.bytes != NULL ? value.code.size : 0),
                 value.code.bytes != NULL ? value.code.bytes : "");
    return ret;
}

/* "540121-measles-20261122-a1b2", where nobody says another. */
static const char *make_number(const struct outbreak_opening *opening, const struct model_outbreak *outbreak,
                               struct store_reader *reader, struct arena *arena, int *status)
{
    char code[40], day[DATE_TEXT_BYTES], text[120];
    *status = area_code(reader, &opening->who, &outbreak->area, arena, code);
    if (*status != 0)
        return NULL;
    date_to_text(outbreak->detection_date, DATE_FORM_DAY, day);
    int         size = snprintf(text, sizeof text, "%.12s-%.*s-%.4s%.2s%.2s-%02x%02x", code,
                        outbreak->disease.size < 10 ? (int) outbreak->disease.size : 10, outbreak->disease.bytes, day,
                                day + 5, day + 8, opening->id.bytes[14], opening->id.bytes[15]);
    const char *copy = arena_copy(arena, text, (size_t) size + 1);
    *status = copy != NULL ? 0 : TOC_ERR_NO_MEMORY;
    return copy;
}

/* The signal's own step, and what it tells of the outbreak. */
static int answer_signal(const struct outbreak_opening *opening, struct store_reader *reader, struct change_list *list,
                         struct model_signal *signal, struct fault_list *faults)
{
    const struct signal_answer answer = {
        .step = SIGNAL_ACT, .reason = opening->reason, .outbreak = opening->id, .user = opening->who.user
    };
    size_t num = 0;
    int    ret = signal_answer_stored(reader, &opening->who, &opening->signal, &answer, opening->now, list->arena,
                                      list->changes + list->num, &num, signal, faults);
    if (ret == 0)
        list->num += num;
    return ret;
}

static int fill(const struct outbreak_opening *opening, const struct model_signal *signal,
                struct model_outbreak *outbreak, struct fault_list *faults)
{
    bool from_signal = !id_is_missing(&opening->signal);
    int  ret = 0;
    outbreak->disease = opening->disease != NULL ? text_view(opening->disease) : signal->disease;
    outbreak->area = id_is_missing(&opening->area) && from_signal ? signal->area : opening->area;
    outbreak->name = text_view(opening->name);
    outbreak->place = text_view(opening->place);
    outbreak->definition = text_view(opening->definition);
    outbreak->status = text_view("suspected");
    outbreak->owner = opening->who.user;
    outbreak->detection_date = from_signal ? day_of(signal->noticed_time) : today_of(opening->now);
    outbreak->emergence_date = opening->emergence != MODEL_MISSING_DATE ? opening->emergence
                               : from_signal                            ? signal->event_date
                                                                        : MODEL_MISSING_DATE;
    if (outbreak->emergence_date != MODEL_MISSING_DATE && outbreak->emergence_date > outbreak->detection_date) {
        if (opening->emergence == MODEL_MISSING_DATE)
            outbreak->emergence_date = MODEL_MISSING_DATE; /* the week of an alarm may begin after a call came */
        else
            ret = refuse_input(faults, "/emergence", "after it was detected", "a day up to its detection");
    }
    if (outbreak->disease.bytes == NULL)
        ret = refuse_input(faults, "/disease", "missing", "a code of the list disease");
    if (id_is_missing(&outbreak->area))
        ret = refuse_input(faults, "/area", "missing", "the id of an area");
    return ret;
}

static void open_notify_task(const struct outbreak_opening *opening, const struct model_outbreak *outbreak,
                             struct change_list *list)
{
    struct id          id = notify_task(&opening->id);
    struct model_task *task = change_list_create(list, MODEL_TASK, &id);
    if (task == NULL)
        return;
    task->area = outbreak->area;
    task->kind = text_view("submit-report");
    task->outbreak = opening->id;
    task->owner = opening->who.user;
    task->owner_role = text_view("epidemiologist");
    task->priority = text_view("high");
    task->status = text_view("open");
    task->starts = opening->now;
    task->due = opening->now + OUTBREAK_NOTIFY_HOURS * SIGNAL_HOUR;
}

static int decide_opening(void *context, struct store_reader *reader, struct arena *arena, struct store_change_set *set,
                          struct fault_list *faults)
{
    const struct outbreak_opening *opening = context;
    struct change_list             list;
    struct model_signal            signal;
    int                            ret = change_list_begin(&list, arena, SIGNAL_MOST_CHANGES + 2);
    if (ret != 0)
        return ret;
    model_init(model_record(MODEL_SIGNAL), &signal);
    struct model_outbreak *outbreak = change_list_create(&list, MODEL_OUTBREAK, &opening->id); /* before who names it */
    if (outbreak == NULL)
        return TOC_ERR_NO_MEMORY;
    if (!id_is_missing(&opening->signal))
        ret = answer_signal(opening, reader, &list, &signal, faults);
    if (ret == 0)
        ret = fill(opening, &signal, outbreak, faults);
    if (ret == 0 && opening->number == NULL)
        outbreak->number = text_view(make_number(opening, outbreak, reader, arena, &ret));
    else if (ret == 0)
        outbreak->number = text_view(opening->number);
    if (ret == 0)
        open_notify_task(opening, outbreak, &list);
    if (ret == 0 && list.failed)
        ret = TOC_ERR_NO_MEMORY;
    *set = (struct store_change_set){ list.changes, list.num };
    return ret;
}

void outbreak_open_request(struct outbreak_opening *opening)
{
    opening->request = (struct store_request){ .verb = "open outbreak", .decide = decide_opening, .context = opening };
}

/* ---- marking ---- */

static const size_t date_fields[] = {
    model_outbreak_emergence_date,     model_outbreak_detection_date,      model_outbreak_notification_date,
    model_outbreak_investigation_date, model_outbreak_analysis_date,       model_outbreak_laboratory_date,
    model_outbreak_care_date,          model_outbreak_countermeasure_date, model_outbreak_communication_date,
    model_outbreak_coordination_date,  model_outbreak_confirmed_date,      model_outbreak_controlled_date,
    model_outbreak_over_date,
};
static const size_t drop_fields[] = {
    model_outbreak_no_investigation, model_outbreak_no_analysis,       model_outbreak_no_laboratory,
    model_outbreak_no_care,          model_outbreak_no_countermeasure, model_outbreak_no_communication,
    model_outbreak_no_coordination,
};

static toc_date *date_at(struct model_outbreak *outbreak, enum outbreak_mark mark)
{
    toc_date *const dates[] = {
        &outbreak->emergence_date,     &outbreak->detection_date,      &outbreak->notification_date,
        &outbreak->investigation_date, &outbreak->analysis_date,       &outbreak->laboratory_date,
        &outbreak->care_date,          &outbreak->countermeasure_date, &outbreak->communication_date,
        &outbreak->coordination_date,  &outbreak->confirmed_date,      &outbreak->controlled_date,
        &outbreak->over_date,
    };
    return dates[mark];
}

static int64_t *drop_at(struct model_outbreak *outbreak, size_t action)
{
    int64_t *const drops[] = { &outbreak->no_investigation, &outbreak->no_analysis,       &outbreak->no_laboratory,
                               &outbreak->no_care,          &outbreak->no_countermeasure, &outbreak->no_communication,
                               &outbreak->no_coordination };
    return drops[action];
}

static bool is_action(enum outbreak_mark mark)
{
    return mark >= OUTBREAK_FIRST_ACTION && mark < OUTBREAK_FIRST_ACTION + OUTBREAK_ACTIONS;
}

static int check_marking(const struct outbreak_marking *marking, const struct model_outbreak *outbreak,
                         struct fault_list *faults)
{
    int ret = 0;
    if (text_is(outbreak->status, "over") && marking->mark >= OUTBREAK_CONFIRMED && marking->mark != OUTBREAK_OVER)
        ret = refuse_input(faults, "/status", "over", "an outbreak that is not over");
    if (marking->drops_out && !is_action(marking->mark))
        ret = refuse_input(faults, "/what", "not one of the seven early actions", "one that may not apply here");
    if (marking->drops_out && marking->day != MODEL_MISSING_DATE)
        ret = refuse_input(faults, "/day", "given of what does not apply", "nothing");
    if (marking->day != MODEL_MISSING_DATE && marking->day > today_of(marking->now))
        ret = refuse_input(faults, "/day", "a day to come", "a day up to today");
    return ret;
}

static void change_status(const struct outbreak_marking *marking, const struct model_outbreak *was,
                          struct model_outbreak *outbreak, struct change_list *list)
{
    const char *status = marking->mark == OUTBREAK_CONFIRMED && text_is(was->status, "suspected") ? "confirmed"
                         : marking->mark == OUTBREAK_CONTROLLED                                   ? "under-control"
                         : marking->mark == OUTBREAK_OVER                                         ? "over"
                                                                                                  : NULL;
    if (status == NULL)
        return;
    outbreak->status = text_view(status);
    change_list_give(list, model_outbreak_status);
}

/* Whoever notifies has done the task of the opening. */
static int end_notify_task(const struct outbreak_marking *marking, struct store_reader *reader,
                           struct change_list *list)
{
    struct model_task task;
    struct model_set  visible;
    struct id         id = notify_task(&marking->outbreak);
    bool              there;
    int               ret =
        store_read_many(reader, &marking->who, model_record(MODEL_TASK), &id, 1, list->arena, &task, &there, &visible);
    if (ret != 0 || !there || !task_is_open(&task))
        return ret;
    struct model_task *value = change_list_change(list, MODEL_TASK, &task.head);
    if (value == NULL)
        return TOC_ERR_NO_MEMORY;
    value->status = text_view("done");
    change_list_give(list, model_task_status);
    value->done = marking->now;
    change_list_give(list, model_task_done);
    value->owner = marking->who.user;
    if (!id_is_missing(&value->owner))
        change_list_give(list, model_task_owner);
    return 0;
}

static int decide_marking(void *context, struct store_reader *reader, struct arena *arena, struct store_change_set *set,
                          struct fault_list *faults)
{
    const struct outbreak_marking *marking = context;
    struct change_list             list;
    struct model_outbreak          was;
    struct model_set               visible;
    int ret = store_read(reader, &marking->who, model_record(MODEL_OUTBREAK), &marking->outbreak, STORE_NOW, arena,
                         &was, &visible);
    if (ret == 0)
        ret = check_marking(marking, &was, faults);
    if (ret == 0)
        ret = change_list_begin(&list, arena, 2);
    if (ret != 0)
        return ret;
    struct model_outbreak *outbreak = change_list_change(&list, MODEL_OUTBREAK, &was.head);
    if (outbreak == NULL)
        return TOC_ERR_NO_MEMORY;
    if (!marking->drops_out)
        *date_at(outbreak, marking->mark) = marking->day != MODEL_MISSING_DATE ? marking->day : today_of(marking->now);
    change_list_give(&list, date_fields[marking->mark]);
    if (is_action(marking->mark)) {
        *drop_at(outbreak, marking->mark - OUTBREAK_FIRST_ACTION) = marking->drops_out;
        change_list_give(&list, drop_fields[marking->mark - OUTBREAK_FIRST_ACTION]);
    }
    change_status(marking, &was, outbreak, &list);
    if (marking->mark == OUTBREAK_NOTIFICATION)
        ret = end_notify_task(marking, reader, &list);
    *set = (struct store_change_set){ list.changes, list.num };
    return ret;
}

void outbreak_mark_request(struct outbreak_marking *marking)
{
    marking->request = (struct store_request){ .verb = "mark outbreak", .decide = decide_marking, .context = marking };
}

/* ---- 7-1-7 ---- */

/* From one date to another, or to today where that has not come. */
static struct outbreak_time time_between(toc_date from, toc_date to, toc_date today, int bar)
{
    struct outbreak_time time = { .standing = OUTBREAK_UNKNOWN, .days = -1 };
    if (from == MODEL_MISSING_DATE)
        return time;
    bool     ended = to != MODEL_MISSING_DATE;
    toc_date last = ended ? to : today;
    time.days = last > from ? last - from : 0;
    time.standing = time.days > bar ? OUTBREAK_LATE : ended ? OUTBREAK_MET : OUTBREAK_RUNNING;
    return time;
}

void outbreak_clock_read(const struct model_outbreak *outbreak, toc_date today, struct outbreak_clock *clock)
{
    struct model_outbreak copy = *outbreak;
    toc_date              last = MODEL_MISSING_DATE;
    bool                  waits = false, any = false;
    for (size_t i = 0; i < OUTBREAK_ACTIONS; i++) {
        toc_date day = *date_at(&copy, (enum outbreak_mark)(OUTBREAK_FIRST_ACTION + i));
        bool     drops_out = *drop_at(&copy, i) == 1;
        clock->waits[i] = !drops_out && day == MODEL_MISSING_DATE;
        waits = waits || clock->waits[i];
        any = any || !drops_out;
        if (!drops_out && day != MODEL_MISSING_DATE && (last == MODEL_MISSING_DATE || day > last))
            last = day;
    }
    /* An outbreak is detected when it is opened: a missing date there is no clock that runs. */
    clock->times[OUTBREAK_DETECT] =
        outbreak->detection_date == MODEL_MISSING_DATE
            ? (struct outbreak_time){ OUTBREAK_UNKNOWN, -1 }
            : time_between(outbreak->emergence_date, outbreak->detection_date, today, outbreak_bars[OUTBREAK_DETECT]);
    clock->times[OUTBREAK_NOTIFY] =
        time_between(outbreak->detection_date, outbreak->notification_date, today, outbreak_bars[OUTBREAK_NOTIFY]);
    clock->times[OUTBREAK_RESPOND] = !any ? (struct outbreak_time){ OUTBREAK_UNKNOWN, -1 }
                                          : time_between(outbreak->notification_date, waits ? MODEL_MISSING_DATE : last,
                                                         today, outbreak_bars[OUTBREAK_RESPOND]);
}

static void put_time(struct json_writer *json, const char *name, const struct outbreak_time *time, int bar)
{
    json_key(json, name);
    json_begin_object(json);
    json_key(json, "standing");
    json_put_string(json, outbreak_standings[time->standing]);
    json_key(json, "days");
    if (time->days < 0)
        json_put_null(json);
    else
        json_put_integer(json, time->days);
    json_key(json, "bar");
    json_put_integer(json, bar);
    json_end(json);
}

void outbreak_clock_write(struct json_writer *json, const struct outbreak_clock *clock)
{
    json_begin_object(json);
    for (size_t i = 0; i < OUTBREAK_TIMES; i++)
        put_time(json, outbreak_time_words[i], &clock->times[i], outbreak_bars[i]);
    json_key(json, "waits");
    json_begin_array(json);
    for (size_t i = 0; i < OUTBREAK_ACTIONS; i++)
        if (clock->waits[i])
            json_put_string(json, outbreak_words[OUTBREAK_FIRST_ACTION + i]);
    json_end(json);
    json_end(json);
}
