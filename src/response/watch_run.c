/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/watch_run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "response/change_list.h"
#include "response/signal.h"
#include "store/node.h"
#include "store/signal_standing.h"

enum { AGAIN = 3, ARENA_MOST_MIB = 2048 };

struct round {
    struct store        *store;
    struct store_reader *reader;
    const struct access *who;
    toc_date             today;
    int64_t              now;
    watch_tell          *tell;
    void                *context;
    struct watch_report *report;
    struct fault_list   *faults;
    struct watch_memory *memory;
};

/* ---- what is known of a group ---- */

static int by_id(const void *x, const void *y)
{
    return id_compare(x, y);
}

/* The alarms of the steps that are held, in the order of their streams. */
static int find_alarms(const struct watch_memory_group *known, struct watch_group *group, struct arena *arena)
{
    struct watch_alarm *alarms = arena_array(arena, known->num_written + 1, sizeof *alarms);
    if (alarms == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < group->num_series && known->num_written > 0; i++) {
        size_t                      num;
        const struct watch_written *written = watch_memory_alarms(known, &group->series[i].stream, &num);
        for (size_t k = 0; k < num; k++) {
            const struct watch_written *one = &written[k];
            toc_date length = group->steps_per_year == 52 ? 7 : 1, since = one->day - group->dates[0];
            if (since >= 0 && since % length == 0 && (size_t) (since / length) < group->num_steps)
                alarms[group->num_alarms++] =
                    (struct watch_alarm){ one->id, one->signal, i, (size_t) (since / length) };
        }
    }
    group->alarms = alarms;
    return 0;
}

static int find_signals(const struct round *round, struct watch_group *group, struct arena *arena)
{
    size_t                  num = 0, kept = 0;
    struct id              *ids = arena_array(arena, group->num_alarms + 1, sizeof *ids);
    struct signal_standing *standings = arena_array(arena, group->num_alarms + 1, sizeof *standings);
    struct watch_signal    *signals = arena_array(arena, group->num_alarms + 1, sizeof *signals);
    if (ids == NULL || standings == NULL || signals == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < group->num_alarms; i++)
        if (!id_is_missing(&group->alarms[i].signal))
            ids[num++] = group->alarms[i].signal;
    if (num > 0)
        qsort(ids, num, sizeof *ids, by_id);
    for (size_t i = 0; i < num; i++)
        if (i == 0 || !id_equal(&ids[i], &ids[i - 1]))
            ids[kept++] = ids[i];
    int ret = store_signal_standings(round->reader, ids, kept, arena, standings);
    for (size_t i = 0; i < kept && ret == 0; i++) {
        const struct signal_standing *one = &standings[i];
        signals[i] = (struct watch_signal){ .id = ids[i],
                                            .area = one->area,
                                            .version = one->version,
                                            .marked = one->marked,
                                            .standing = one->version == 0 || one->closed ? WATCH_CLOSED
                                                        : one->is_new                    ? WATCH_NEW
                                                                                         : WATCH_ANSWERED };
    }
    group->signals = signals;
    group->num_signals = kept;
    return ret;
}

static struct id new_id(void *context)
{
    return node_new_id(((const struct round *) context)->now);
}

/* ---- writing ---- */

struct writing {
    struct round              *round;
    const struct watch_group  *group;
    const struct watch_plan   *plan;
    const struct watch_stream *streams;
    struct watch_memory_group *known;
    struct arena              *arena;
    struct store_change       *changes;
    size_t                     num;
    struct model_text          time;
};

static void *add(struct writing *writing, enum store_verb verb, enum model_record_number number)
{
    const struct model_record *record = model_record(number);
    void                      *value = arena_array(writing->arena, 1, record->size);
    if (value == NULL)
        return NULL;
    model_init(record, value);
    writing->changes[writing->num++] = (struct store_change){ .verb = verb, .record = record, .value = value };
    return value;
}

static void give(struct writing *writing, size_t field)
{
    model_set_add(&writing->changes[writing->num - 1].given, field);
}

static double finite_or_missing(double value)
{
    return isfinite(value) ? value : NAN;
}

static struct model_text mark_text(enum watch_mark mark)
{
    return mark != WATCH_UNMARKED ? text_view(watch_mark_words[mark]) : (struct model_text){ NULL, 0 };
}

/* What is unusual: the numbers of the first alarm. */
static void say_what(const struct writing *writing, const struct watch_founded *founded, struct model_signal *signal)
{
    const struct model_stream *stream = &writing->streams[founded->lead].stream;
    struct toc_share           share = watch_share(writing->group, founded->lead, founded->step);
    signal->indicator = stream->indicator;
    signal->among = stream->among;
    signal->measure = writing->group->series[founded->lead].share_of > 0 ? text_view("percent") : stream->measure;
    signal->period = stream->period;
    signal->mark = mark_text(founded->mark);
    signal->observed = watch_observed(writing->group, founded->lead, founded->step);
    signal->numerator = share.denominator > 0 ? share.numerator : NAN;
    signal->denominator = share.denominator > 0 ? share.denominator : NAN;
    signal->num_alarms = (int64_t) founded->num_alarms;
    signal->beyond_wave = founded->kind == TOC_GROUPING_BEYOND_WAVE;
    for (size_t i = 0; i < writing->plan->num_raised; i++) {
        const struct watch_raised *raised = &writing->plan->raised[i];
        if (raised->series != founded->lead || raised->step != founded->step)
            continue;
        signal->method = text_view(raised->method);
        signal->expected = finite_or_missing(raised->judgement.expected);
        signal->threshold = finite_or_missing(raised->judgement.threshold);
    }
}

static int write_founded(struct writing *writing, const struct watch_founded *founded)
{
    struct model_signal *signal = add(writing, STORE_CREATE, MODEL_SIGNAL);
    struct model_task   *task = signal != NULL ? add(writing, STORE_CREATE, MODEL_TASK) : NULL;
    if (task == NULL)
        return TOC_ERR_NO_MEMORY;
    signal->head.id = founded->id;
    signal->area = writing->group->areas[founded->place];
    signal->source = text_view("alarm");
    signal->disease = writing->streams[founded->lead].stream.disease;
    signal->event_date = writing->group->dates[founded->step];
    signal->status = text_view("new");
    signal->noticed_time = writing->time;
    say_what(writing, founded, signal);
    bool urgent = founded->urgent && !founded->deferred;
    signal_task_first(&founded->id, &signal->area, urgent, writing->round->now, task);
    task->priority = text_view(founded->deferred ? "low" : urgent ? "urgent" : founded->exempt ? "high" : "normal");
    return 0;
}

static int write_raised(struct writing *writing, const struct watch_raised *raised)
{
    const struct watch_series *series = &writing->group->series[raised->series];
    struct toc_share           share = watch_share(writing->group, raised->series, raised->step);
    struct model_alarm        *alarm = add(writing, STORE_CREATE, MODEL_ALARM);
    if (alarm == NULL)
        return TOC_ERR_NO_MEMORY;
    alarm->head.id = raised->id;
    alarm->stream = series->stream;
    alarm->area = series->area;
    alarm->day = writing->group->dates[raised->step];
    alarm->method = text_view(raised->method);
    alarm->observed = watch_observed(writing->group, raised->series, raised->step);
    alarm->numerator = share.denominator > 0 ? share.numerator : NAN;
    alarm->denominator = share.denominator > 0 ? share.denominator : NAN;
    alarm->mark = mark_text(raised->mark);
    alarm->expected = finite_or_missing(raised->judgement.expected);
    alarm->threshold = finite_or_missing(raised->judgement.threshold);
    alarm->score = finite_or_missing(raised->judgement.score);
    alarm->known = writing->round->now;
    alarm->grade = text_view(series->single_case ? "urgent" : raised->mark != WATCH_UNMARKED ? "notable" : "unusual");
    alarm->signal = raised->signal;
    return 0;
}

static int write_moved(struct writing *writing, const struct watch_moved *moved)
{
    struct model_alarm *alarm = add(writing, STORE_CHANGE, MODEL_ALARM);
    if (alarm == NULL)
        return TOC_ERR_NO_MEMORY;
    alarm->head.id = moved->alarm;
    alarm->signal = moved->signal;
    give(writing, model_alarm_signal);
    return 0;
}

static int write_closed(struct writing *writing, const struct watch_closed *closed)
{
    struct model_signal *signal = add(writing, STORE_CHANGE, MODEL_SIGNAL);
    if (signal == NULL)
        return TOC_ERR_NO_MEMORY;
    signal->head.id = closed->id;
    signal->status = text_view("closed");
    signal->closing = text_view("duplicate");
    signal->duplicate_of = closed->duplicate_of;
    signal->closed_time = writing->time;
    give(writing, model_signal_status);
    give(writing, model_signal_closing);
    give(writing, model_signal_duplicate_of);
    give(writing, model_signal_closed_time);
    struct model_task *task = add(writing, STORE_CHANGE, MODEL_TASK);
    if (task == NULL)
        return TOC_ERR_NO_MEMORY;
    task->head.id = signal_task_id(&closed->id, SIGNAL_TRIAGE);
    task->status = text_view("not-needed");
    task->done = writing->round->now;
    give(writing, model_task_status);
    give(writing, model_task_done);
    return 0;
}

/* It is no longer below the line. */
static int write_lifted(struct writing *writing, const struct watch_lifted *lifted)
{
    bool fresh = false;
    for (size_t s = 0; s < writing->group->num_signals; s++)
        fresh = fresh || (id_equal(&writing->group->signals[s].id, &lifted->id) &&
                          writing->group->signals[s].standing == WATCH_NEW);
    if (lifted->marked) {
        struct model_signal *signal = add(writing, STORE_CHANGE, MODEL_SIGNAL);
        if (signal == NULL)
            return TOC_ERR_NO_MEMORY;
        signal->head.id = lifted->id;
        give(writing, model_signal_mark);
    }
    struct model_task *task = fresh ? add(writing, STORE_CHANGE, MODEL_TASK) : NULL;
    if (!fresh)
        return 0;
    if (task == NULL)
        return TOC_ERR_NO_MEMORY;
    task->head.id = signal_task_id(&lifted->id, SIGNAL_TRIAGE);
    task->priority = text_view(!lifted->exempt ? "normal" : lifted->urgent ? "urgent" : "high");
    give(writing, model_task_priority);
    return 0;
}

/* What is written is known to the next round. */
static int remember(const struct writing *writing)
{
    const struct watch_plan  *plan = writing->plan;
    const struct watch_group *group = writing->group;
    int                       ret = 0;
    for (size_t i = 0; i < plan->num_raised && ret == 0; i++) {
        const struct watch_raised *raised = &plan->raised[i];
        struct watch_written       written = { .stream = group->series[raised->series].stream,
                                               .id = raised->id,
                                               .signal = raised->signal,
                                               .day = group->dates[raised->step] };
        ret = watch_memory_alarm(writing->known, &written);
    }
    for (size_t i = 0; i < plan->num_moved && ret == 0; i++)
        for (size_t k = 0; k < group->num_alarms && ret == 0; k++)
            if (id_equal(&group->alarms[k].id, &plan->moved[i].alarm)) {
                const struct watch_alarm *alarm = &group->alarms[k];
                struct watch_written      written = { .stream = group->series[alarm->series].stream,
                                                      .id = alarm->id,
                                                      .signal = plan->moved[i].signal,
                                                      .day = group->dates[alarm->step] };
                ret = watch_memory_alarm(writing->known, &written);
            }
    return ret;
}

static int write_plan(struct writing *writing)
{
    const struct watch_plan *plan = writing->plan;
    char                     now[INSTANT_TEXT_BYTES];
    int                      ret = 0;
    writing->changes = arena_array(writing->arena,
                                   2 * (plan->num_founded + plan->num_closed + plan->num_lifted) + plan->num_raised +
                                       plan->num_moved + 1,
                                   sizeof *writing->changes);
    instant_to_text(writing->round->now, now);
    now[19] = 'Z';
    writing->time = (struct model_text){ arena_copy(writing->arena, now, 20), 20 };
    if (writing->changes == NULL || writing->time.bytes == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < plan->num_founded && ret == 0; i++)
        ret = write_founded(writing, &plan->founded[i]);
    for (size_t i = 0; i < plan->num_raised && ret == 0; i++)
        ret = write_raised(writing, &plan->raised[i]);
    for (size_t i = 0; i < plan->num_moved && ret == 0; i++)
        ret = write_moved(writing, &plan->moved[i]);
    for (size_t i = 0; i < plan->num_closed && ret == 0; i++)
        ret = write_closed(writing, &plan->closed[i]);
    for (size_t i = 0; i < plan->num_lifted && ret == 0; i++)
        ret = write_lifted(writing, &plan->lifted[i]);
    if (ret != 0 || writing->num == 0)
        return ret;
    struct store_request request = { .verb = "watch", .set = { writing->changes, writing->num } };
    struct store_receipt receipt;
    ret = store_submit(writing->round->store, writing->round->who, &request, &receipt, writing->round->faults);
    if (ret == 0)
        ret = watch_memory_own(writing->round->memory, receipt.event - (int64_t) writing->num + 1, receipt.event);
    return ret == 0 ? remember(writing) : ret;
}

/* ---- a group, a round ---- */

static void tell_all(const struct writing *writing)
{
    const struct watch_plan *plan = writing->plan;
    struct watch_report     *report = writing->round->report;
    report->num_alarms += plan->num_raised;
    report->num_signals += plan->num_founded;
    report->num_moved += plan->num_moved;
    report->num_closed += plan->num_closed;
    for (size_t i = 0; i < plan->num_founded; i++)
        report->num_deferred += plan->founded[i].deferred;
    for (size_t i = 0; i < plan->num_raised && writing->round->tell != NULL; i++) {
        const struct watch_raised *raised = &plan->raised[i];
        struct watch_news          news = { .stream = &writing->streams[raised->series].stream,
                                            .raised = raised,
                                            .day = writing->group->dates[raised->step],
                                            .observed = watch_observed(writing->group, raised->series, raised->step) };
        for (size_t k = 0; k < plan->num_founded; k++)
            if (plan->founded[k].lead == raised->series && plan->founded[k].step == raised->step)
                news.founded = &plan->founded[k];
        writing->round->tell(writing->round->context, &news);
    }
}

static int do_group(struct round *round, struct watch_memory_group *known)
{
    struct watch_memory *memory = round->memory;
    struct arena         arena = { .limit = (size_t) ARENA_MOST_MIB << 20 };
    struct watch_group   group;
    struct watch_plan    plan;
    struct toc_error     error;
    if (known->start == MODEL_MISSING_DATE) {
        known->changed = false;
        return 0;
    }
    int ret =
        watch_streams_frame(&memory->streams, known->first, known->num, known->start, round->today, &arena, &group);
    group.series = &memory->series[known->first];
    group.num_back = watch_memory_back(memory, known);
    group.budget = group.steps_per_year == 52 ? WATCH_BUDGET_WEEKLY : WATCH_BUDGET_DAILY;
    group.new_id = new_id;
    group.context = round;
    if (ret == 0)
        ret = find_alarms(known, &group, &arena);
    if (ret == 0)
        ret = find_signals(round, &group, &arena);
    if (ret == 0)
        ret = watch_plan(&group, &arena, &plan, &error);
    struct writing writing = { .round = round,
                               .group = &group,
                               .plan = &plan,
                               .streams = &memory->streams.streams[known->first],
                               .known = known,
                               .arena = &arena };
    if (ret == 0)
        ret = write_plan(&writing);
    if (ret == 0) {
        known->changed = false;
        tell_all(&writing);
    }
    arena_free(&arena);
    return ret;
}

/* Senders that have begun or stopped, before what came of it is judged. */
static int notice_senders(struct round *round)
{
    struct watch_memory     *memory = round->memory;
    struct arena             arena = { .limit = (size_t) ARENA_MOST_MIB << 20 };
    struct watch_senders_at *at;
    size_t                   num;
    struct store_request     request = { .verb = "watch" };
    struct store_receipt     receipt;
    int                      ret = watch_memory_senders(memory, &arena, &at, &num);
    if (ret == 0)
        ret = watch_senders_changes(round->reader, round->who, &memory->codes, at, num, round->today, &arena,
                                    &request.set);
    if (ret == 0 && request.set.num_changes > 0) {
        ret = store_submit(round->store, round->who, &request, &receipt, round->faults);
        if (ret == 0)
            ret = watch_memory_own(memory, receipt.event - (int64_t) request.set.num_changes + 1, receipt.event);
        if (ret == 0)
            ret = watch_memory_breaks(memory, round->reader);
        round->report->num_noticed += ret == 0 ? request.set.num_changes : 0;
    }
    arena_free(&arena);
    return ret;
}

static int do_round(struct round *round)
{
    struct watch_memory *memory = round->memory;
    int                  ret = watch_memory_follow(memory, round->reader, round->who, round->today, round->faults);
    if (ret == 0)
        ret = notice_senders(round);
    if (ret == 0)
        ret = watch_memory_judge(memory, round->reader, round->who);
    round->report->num_streams = memory->streams.num_streams;
    round->report->num_watched = memory->num_watched;
    for (size_t g = 0; ret == 0 && g < memory->num_groups; g++)
        if (memory->groups[g].changed)
            ret = do_group(round, &memory->groups[g]);
    if (ret != 0)
        watch_memory_clear(memory);
    return ret;
}

/* With the reader of the rounds before; after a failure with a new one. */
static int do_round_with_reader(struct round *round)
{
    struct watch_memory *memory = round->memory;
    struct db_error      error = { 0 };
    int                  ret = memory->reader == NULL ? store_reader_open(round->store, &memory->reader, &error) : 0;
    round->reader = memory->reader;
    if (ret == 0)
        ret = do_round(round);
    if (ret != 0) {
        store_reader_close(memory->reader);
        memory->reader = NULL;
    }
    return ret;
}

int watch_run(struct store *store, const struct access *who, struct watch_memory *memory, toc_date today, int64_t now,
              watch_tell *tell, void *context, struct watch_report *report, struct fault_list *faults)
{
    struct watch_memory *own = NULL;
    int                  ret = memory == NULL ? watch_memory_new(&own) : 0;
    *report = (struct watch_report){ 0 };
    if (ret != 0)
        return ret;
    /* Another round has written some of it: look again. */
    ret = STORE_ERR_EXISTS;
    for (int i = 0; i < AGAIN && (ret == STORE_ERR_EXISTS || ret == STORE_ERR_VERSION); i++) {
        struct round round = { .store = store,
                               .who = who,
                               .today = today,
                               .now = now,
                               .tell = tell,
                               .context = context,
                               .report = report,
                               .faults = faults,
                               .memory = memory != NULL ? memory : own };
        ret = do_round_with_reader(&round);
    }
    watch_memory_free(own);
    return ret;
}
