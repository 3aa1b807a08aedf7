/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/watch.h"

#include <math.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* The state of a run. Signals have numbers here: those of the group first, from 1, then the new ones. */
struct run {
    const struct watch_group   *group;
    struct arena               *arena;
    struct toc_error           *error;
    size_t                      first, width; /* the first step held, and how many: judged ones and WATCH_GAP before */
    int64_t                    *number;       /* width x series: of the signal of the alarm; 0 = no alarm */
    size_t                     *known;        /* the same: 1 + the alarm of the group; 0 = none */
    struct toc_judgement       *judgements;   /* the same */
    const char                **methods;      /* of each series */
    double                     *usual;        /* of each series */
    enum watch_mark            *marks;        /* as judgements */
    struct watch_signal        *signals;      /* by number - 1 */
    size_t                     *taken;        /* of each signal: 1 + the newest step at which a new group became it */
    int64_t                    *order; /* of each signal, while a step is grouped: its place by first alarm; 0 = none */
    int64_t                    *ordered; /* the signal at a place */
    size_t                      num_signals, room;
    struct toc_grouping_series *series;
    struct toc_grouping_place  *places;
    uint32_t                   *placed; /* series with a place, of the step at hand */
    size_t                      num_placed;
    struct toc_grouping_signal *raised;
    struct watch_plan           plan;
};

struct id watch_alarm_id(const struct id *stream, toc_date day, const char *method)
{
    unsigned char            hash[crypto_generichash_BYTES_MIN]; /* of which an id takes ID_RANDOM_BYTES */
    uint8_t                  bytes[4];
    crypto_generichash_state state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t) ((uint32_t) day >> (8 * i));
    crypto_generichash_init(&state, NULL, 0, sizeof hash);
    crypto_generichash_update(&state, (const unsigned char *) "alarm", 5);
    crypto_generichash_update(&state, stream->bytes, ID_BYTES);
    crypto_generichash_update(&state, bytes, sizeof bytes);
    crypto_generichash_update(&state, (const unsigned char *) method, strlen(method));
    crypto_generichash_final(&state, hash, sizeof hash);
    return id_make((int64_t) day * 86400000, hash);
}

static size_t at(const struct run *run, size_t series, size_t step)
{
    return series * run->width + (step - run->first);
}

/* ---- beginning ---- */

static int64_t number_of(const struct run *run, const struct id *signal)
{
    for (size_t i = 0; i < run->group->num_signals; i++)
        if (id_equal(&run->signals[i].id, signal))
            return (int64_t) i + 1;
    return 0;
}

static int begin(struct run *run)
{
    const struct watch_group *group = run->group;
    size_t                    num = group->num_series, steps = group->num_back + WATCH_GAP;
    run->width = steps < group->num_steps ? steps : group->num_steps;
    run->first = group->num_steps - run->width;
    run->number = arena_array(run->arena, num * run->width, sizeof *run->number);
    run->known = arena_array(run->arena, num * run->width, sizeof *run->known);
    run->judgements = arena_array(run->arena, num * run->width, sizeof *run->judgements);
    run->methods = arena_array(run->arena, num, sizeof *run->methods);
    run->usual = arena_array(run->arena, num, sizeof *run->usual);
    run->marks = arena_array(run->arena, num * run->width, sizeof *run->marks);
    run->series = arena_array(run->arena, num, sizeof *run->series);
    run->places = arena_array(run->arena, num, sizeof *run->places);
    run->placed = arena_array(run->arena, num, sizeof *run->placed);
    run->raised = arena_array(run->arena, num, sizeof *run->raised);
    return run->number == NULL || run->known == NULL || run->judgements == NULL || run->methods == NULL ||
                   run->usual == NULL || run->marks == NULL || run->series == NULL || run->places == NULL ||
                   run->placed == NULL || run->raised == NULL
               ? TOC_ERR_NO_MEMORY
               : 0;
}

/* Room for all signals that there can be, and what is known of the alarms before. After everything is judged. */
static int begin_grouping(struct run *run, size_t most_alarms)
{
    const struct watch_group *group = run->group;
    run->room = group->num_signals + most_alarms;
    run->signals = arena_array(run->arena, run->room + 1, sizeof *run->signals);
    run->taken = arena_array(run->arena, run->room + 1, sizeof *run->taken);
    run->order = arena_array(run->arena, run->room + 1, sizeof *run->order);
    run->ordered = arena_array(run->arena, run->room + 2, sizeof *run->ordered);
    run->plan.founded = arena_array(run->arena, most_alarms + 1, sizeof *run->plan.founded);
    run->plan.raised = arena_array(run->arena, most_alarms + 1, sizeof *run->plan.raised);
    run->plan.moved = arena_array(run->arena, group->num_alarms + 1, sizeof *run->plan.moved);
    run->plan.closed = arena_array(run->arena, group->num_signals + 1, sizeof *run->plan.closed);
    run->plan.lifted = arena_array(run->arena, group->num_signals + 1, sizeof *run->plan.lifted);
    if (run->signals == NULL || run->taken == NULL || run->order == NULL || run->ordered == NULL ||
        run->plan.founded == NULL || run->plan.raised == NULL || run->plan.moved == NULL || run->plan.closed == NULL ||
        run->plan.lifted == NULL)
        return TOC_ERR_NO_MEMORY;
    if (group->num_signals > 0)
        memcpy(run->signals, group->signals, group->num_signals * sizeof *run->signals);
    run->num_signals = group->num_signals;
    for (size_t i = 0; i < group->num_alarms; i++) {
        const struct watch_alarm *alarm = &group->alarms[i];
        if (alarm->step < run->first || alarm->step >= group->num_steps)
            continue;
        run->number[at(run, alarm->series, alarm->step)] = number_of(run, &alarm->signal);
        run->known[at(run, alarm->series, alarm->step)] = i + 1;
    }
    return 0;
}

/* ---- judging ---- */

static struct toc_judgement judge_single_case(double count)
{
    return (struct toc_judgement){ .expected = NAN,
                                   .threshold = 0.5,
                                   .score = count > 0 ? 2 * count : 0,
                                   .alarm = count > 0 ? TOC_ALARM_YES : TOC_ALARM_NO };
}

static struct toc_judgement judge_fixed(double fixed, double count)
{
    return (struct toc_judgement){ .expected = NAN,
                                   .threshold = fixed,
                                   .score = count > 0 ? count / fixed : 0,
                                   .alarm = count >= fixed ? TOC_ALARM_YES : TOC_ALARM_NO };
}

/* ---- what a series counted ---- */

static struct toc_share share_at(const struct watch_series *series, size_t step)
{
    return toc_share_window(series->counts, series->of, step, series->share_of);
}

double watch_value(const struct watch_series *series, size_t step)
{
    if (series->share_of == 0)
        return series->counts[step];
    struct toc_share share = share_at(series, step);
    return share.denominator > 0 ? 100 * share.numerator / share.denominator : NAN;
}

/* The mean of steps from … to - 1. */
static double mean_of(const struct watch_series *series, size_t from, size_t to)
{
    double sum = 0.5;
    size_t there = 0;
    for (size_t i = from; i < to; i++) {
        double value = watch_value(series, i);
        if (!isnan(value)) {
            sum += value;
            there++;
        }
    }
    return there > 0 ? sum / (double) there : NAN;
}

/* ---- breaks ---- */

const char *const watch_mark_words[WATCH_MARKS] = { NULL, "more-testing", "new-definition", "sender-joined",
                                                    "sender-left" };

/* The step that holds a day, or the first one where it lies before all; num_steps: it lies behind all. */
static size_t step_of(const struct watch_group *group, toc_date day)
{
    toc_date length = group->steps_per_year == 52 ? 7 : 1;
    if (group->num_steps == 0 || day < group->dates[0])
        return 0;
    size_t step = (size_t) ((day - group->dates[0]) / length);
    return step < group->num_steps ? step : group->num_steps;
}

/* The first step of the history that a step is judged by. */
static size_t history_of(const struct watch_group *group, size_t i, size_t step)
{
    const struct watch_series *series = &group->series[i];
    size_t                     begin = 0;
    for (size_t k = 0; k < series->num_breaks; k++) {
        size_t at = step_of(group, series->breaks[k].day);
        if (!series->breaks[k].pause && at + WATCH_BREAK_STEPS <= step)
            begin = at;
    }
    return begin;
}

/* The newest break that a step lies behind, where it is no growth without what all these breaks bring together;
 * WATCH_UNMARKED: it is one all the same, or lies behind none. */
static enum watch_mark break_before(const struct watch_group *group, size_t i, size_t step, double threshold)
{
    const struct watch_series *series = &group->series[i];
    enum watch_mark            mark = WATCH_UNMARKED;
    double                     percent = 0;
    for (size_t k = series->num_breaks; k-- > 0;) {
        const struct watch_break *one = &series->breaks[k];
        size_t                    at = step_of(group, one->day), from = step_of(group, one->day - one->early);
        if (at == 0 || step < from || step >= at + WATCH_BREAK_STEPS ||
            (one->mark == WATCH_SENDER_LEFT && series->share_of == 0))
            continue;
        mark = mark == WATCH_UNMARKED ? one->mark : mark;
        percent += isnan(one->percent) ? 100 : one->percent;
    }
    return watch_value(series, step) * (1 - fmin(percent, 100) / 100) <= threshold ? mark : WATCH_UNMARKED;
}

/* More tests than usual, and no more cases a test. */
static bool is_testing(const struct watch_group *group, size_t i, size_t step)
{
    const struct watch_series *series = &group->series[i];
    struct toc_share_options   options = TOC_SHARE_OPTIONS_INIT;
    struct toc_judgement       judgement;
    size_t                     begin = history_of(group, i, step), there = 0;
    double                     sum = 0;
    options.rate = true;
    if (toc_share_judge(series->counts + begin, series->of + begin, group->num_steps - begin, step - begin, 1, &options,
                        &judgement, NULL) != 0 ||
        judgement.alarm != TOC_ALARM_NO)
        return false;
    size_t last = step - begin < (size_t) options.guard ? begin : step - (size_t) options.guard;
    for (size_t k = last; k-- > begin && there < (size_t) options.baseline;)
        if (!isnan(series->of[k])) {
            sum += series->of[k];
            there++;
        }
    return there > 0 && series->of[step] > WATCH_TESTING_TIMES * sum / (double) there;
}

enum watch_mark watch_mark_of(const struct watch_group *group, size_t i, size_t step,
                              const struct toc_judgement *judgement)
{
    const struct watch_series *series = &group->series[i];
    if (judgement->alarm != TOC_ALARM_YES || series->single_case || series->fixed > 0)
        return WATCH_UNMARKED;
    enum watch_mark mark = break_before(group, i, step, judgement->threshold);
    if (mark != WATCH_UNMARKED)
        return mark;
    if (series->tests || (series->of != NULL && series->share_of == 0 && is_testing(group, i, step)))
        return WATCH_TESTING;
    return WATCH_UNMARKED;
}

/* ---- by a method ---- */

size_t watch_history(const struct watch_group *group, size_t i)
{
    const struct watch_series *series = &group->series[i];
    size_t                     first = 0;
    while (first < group->num_steps && (series->share_of > 0 ? !(series->of[first] > 0) : isnan(series->counts[first])))
        first++;
    return group->num_steps - first;
}

/* The method for a history of that length, where nobody has chosen one; measured values have no variance that follows
 * from their mean. */
static const struct toc_method *method_of(const struct watch_group *group, size_t i, size_t history)
{
    if (group->series[i].choice != NULL)
        return group->series[i].choice->method;
    return group->series[i].continuous ? toc_method_find("ears-c2")
                                       : toc_method_default(history, group->steps_per_year);
}

/* The scatter of measured values from one step to the next: the mean moving range as a standard deviation (d2 of two
 * values is 1.128), so that a baseline that happens to be flat does not make a small step an alarm. */
static double moving_range(const double *values, size_t num)
{
    double sum = 0;
    size_t pairs = 0;
    for (size_t i = 1; i < num; i++)
        if (!isnan(values[i]) && !isnan(values[i - 1])) {
            sum += fabs(values[i] - values[i - 1]);
            pairs++;
        }
    return pairs > 0 ? sum / (double) pairs / 1.128 : 0;
}

/* Methods judge whole numbers: measured values times a million, or as much as keeps them exact. Returns the factor. */
static double scale_up(const double *values, size_t num, double *scaled)
{
    static const double million = 1e6, most = 1e15;
    double              largest = 0;
    for (size_t i = 0; i < num; i++)
        largest = fmax(largest, values[i]); /* of NaN and a number: the number */
    double factor = largest * million > most ? most / largest : million;
    for (size_t i = 0; i < num; i++)
        scaled[i] = nearbyint(values[i] * factor);
    return factor;
}

const char *watch_method(const struct watch_group *group, size_t i)
{
    const struct watch_series *series = &group->series[i];
    if (series->single_case)
        return WATCH_SINGLE_CASE;
    if (series->fixed > 0)
        return series->by_rate ? WATCH_FIXED_RATE : WATCH_FIXED_COUNT;
    if (series->share_of > 0)
        return WATCH_SHARE;
    size_t whole = watch_history(group, i), newest = group->num_steps > 0 ? group->num_steps - 1 : 0;
    size_t since = group->num_steps - history_of(group, i, newest);
    return method_of(group, i, whole < since ? whole : since)->name;
}

static int judge_share(const struct watch_group *group, size_t i, size_t begin, size_t from, size_t num,
                       struct toc_judgement *judgements, struct toc_error *error)
{
    const struct watch_series *series = &group->series[i];
    struct toc_share_options   options = TOC_SHARE_OPTIONS_INIT;
    options.window = series->share_of;
    int ret = toc_share_judge(series->counts + begin, series->of + begin, group->num_steps - begin, from - begin, num,
                              &options, judgements, error);
    for (size_t step = 0; ret == 0 && step < num; step++) {
        judgements[step].expected *= 100;
        judgements[step].threshold *= 100;
    }
    return ret;
}

/* Judge num steps from `from` on by the history that begins with step `begin`. */
static int judge_by_method(const struct watch_group *group, size_t i, size_t begin, size_t from, size_t num,
                           struct toc_judgement *judgements, struct toc_error *error)
{
    _Alignas(16) char        options[TOC_METHOD_MAX_OPTIONS];
    size_t                   steps = group->num_steps - begin, whole = watch_history(group, i);
    size_t                   history = whole < steps ? whole : steps;
    struct toc_series        series = { .observed = group->series[i].counts + begin,
                                        .date = group->dates + begin,
                                        .n = steps,
                                        .steps_per_year = group->steps_per_year };
    const struct toc_method *method = method_of(group, i, history);
    toc_method_init_options(method, TOC_MODE_DEFAULT, options);
    const struct toc_parameter *weekdays = toc_method_parameter(method, "weekdays", 0);
    if (weekdays != NULL && group->steps_per_year == 365 && history < WATCH_WEEKDAYS_FROM)
        (void) toc_parameter_set_word(weekdays, "pooled", options, NULL);
    double  least_sigma = WATCH_MIN_SIGMA, factor = 1;
    double *scaled = NULL;
    if (group->series[i].continuous) {
        scaled = memory_array(series.n + 1, sizeof *scaled);
        if (scaled == NULL)
            return TOC_ERR_NO_MEMORY;
        factor = scale_up(series.observed, series.n, scaled);
        series.observed = scaled;
        least_sigma = moving_range(scaled, from - begin);
    }
    const struct toc_parameter *least = toc_method_parameter(method, "min_sigma", 0);
    if (least != NULL)
        (void) toc_parameter_set_number(least, least_sigma, options, NULL);
    if (group->series[i].choice != NULL)
        watch_choice_apply(group->series[i].choice, options);
    int ret = method->judge(&series, from - begin, num, options, &memory_allocator, judgements, error);
    for (size_t step = 0; ret == 0 && step < num; step++) {
        judgements[step].expected /= factor;
        judgements[step].threshold /= factor;
    }
    free(scaled);
    return ret;
}

int watch_judge(const struct watch_group *group, size_t i, size_t from, struct toc_judgement *judgements,
                const char **name, struct toc_error *error)
{
    const struct watch_series *series = &group->series[i];
    size_t                     num = group->num_steps - from;
    int                        ret = 0;
    *name = watch_method(group, i);
    if (series->single_case || series->fixed > 0) {
        for (size_t step = 0; step < num; step++)
            judgements[step] = series->single_case ? judge_single_case(watch_value(series, from + step))
                                                   : judge_fixed(series->fixed, watch_value(series, from + step));
        return 0;
    }
    for (size_t step = from, run; ret == 0 && step < group->num_steps; step += run) {
        size_t begin = history_of(group, i, step);
        for (run = 1; step + run < group->num_steps && history_of(group, i, step + run) == begin;)
            run++;
        ret = series->share_of > 0 ? judge_share(group, i, begin, step, run, &judgements[step - from], error)
                                   : judge_by_method(group, i, begin, step, run, &judgements[step - from], error);
    }
    return ret;
}

static size_t first_judged(const struct watch_group *group)
{
    return group->num_steps > group->num_back ? group->num_steps - group->num_back : 0;
}

int watch_judge_series(const struct watch_group *group, size_t i, struct watch_judged *judged, struct toc_error *error)
{
    const struct watch_series *series = &group->series[i];
    size_t                     from = first_judged(group), steps = group->num_steps;
    memset(judged, 0, sizeof *judged);
    judged->usual = mean_of(series, history_of(group, i, from), from);
    for (size_t back = 0; back < WATCH_RECENT; back++)
        judged->recent[WATCH_RECENT - 1 - back] = back < steps ? watch_value(series, steps - 1 - back) : NAN;
    int ret = watch_judge(group, i, from, judged->judgements, &judged->method, error);
    for (size_t step = from; step < steps && ret == 0; step++) {
        judged->marks[step - from] = watch_mark_of(group, i, step, &judged->judgements[step - from]);
        if (series->share_of > 0)
            judged->shares[step - from] = share_at(series, step);
    }
    return ret;
}

double watch_observed(const struct watch_group *group, size_t i, size_t step)
{
    const struct watch_series *series = &group->series[i];
    return series->judged == NULL ? watch_value(series, step)
                                  : series->judged->recent[WATCH_RECENT - (group->num_steps - step)];
}

struct toc_share watch_share(const struct watch_group *group, size_t i, size_t step)
{
    const struct watch_series *series = &group->series[i];
    if (series->share_of == 0)
        return (struct toc_share){ 0, 0 };
    return series->judged == NULL ? share_at(series, step) : series->judged->shares[step - first_judged(group)];
}

static int judge(struct run *run, size_t i)
{
    const struct watch_group  *group = run->group;
    const struct watch_judged *judged = group->series[i].judged;
    size_t                     from = first_judged(group);
    if (judged != NULL) {
        run->usual[i] = judged->usual;
        run->methods[i] = judged->method;
        memcpy(&run->judgements[at(run, i, from)], judged->judgements,
               (group->num_steps - from) * sizeof *judged->judgements);
        memcpy(&run->marks[at(run, i, from)], judged->marks, (group->num_steps - from) * sizeof *judged->marks);
        return 0;
    }
    run->usual[i] = mean_of(&group->series[i], history_of(group, i, from), from);
    int ret = watch_judge(group, i, from, &run->judgements[at(run, i, from)], &run->methods[i], run->error);
    for (size_t step = from; step < group->num_steps && ret == 0; step++)
        run->marks[at(run, i, step)] = watch_mark_of(group, i, step, &run->judgements[at(run, i, step)]);
    return ret;
}

/* ---- grouping a step ---- */

static bool is_alarm(const struct run *run, size_t i, size_t step)
{
    return run->known[at(run, i, step)] != 0 || run->judgements[at(run, i, step)].alarm == TOC_ALARM_YES;
}

static int64_t open_number(const struct run *run, size_t i, size_t step)
{
    for (size_t back = 1; back <= WATCH_GAP && back <= step - run->first; back++) {
        int64_t number = run->number[at(run, i, step - back)];
        if (number != 0)
            return run->signals[number - 1].standing != WATCH_CLOSED ? number : 0;
    }
    return 0;
}

/* Number the signals for the grouping in the order of their first alarms, so that it does not matter when they were
 * founded. Returns the number of the next new one. */
static int64_t order_signals(struct run *run, size_t step)
{
    int64_t next = 1;
    memset(run->order, 0, run->room * sizeof *run->order);
    for (size_t s = run->first; s < step; s++)
        for (size_t i = 0; i < run->group->num_series; i++) {
            int64_t number = run->number[at(run, i, s)];
            if (number == 0 || run->order[number - 1] != 0)
                continue;
            run->order[number - 1] = next;
            run->ordered[next++] = number;
        }
    return next;
}

static bool is_exempt(const struct watch_series *series)
{
    return series->single_case || series->exempt;
}

static bool is_urgent(const struct watch_series *series)
{
    return series->single_case || series->urgent;
}

static void fill_series(struct run *run, size_t step)
{
    for (size_t i = 0; i < run->group->num_series; i++) {
        const struct watch_series *one = &run->group->series[i];
        int64_t                    open = open_number(run, i, step);
        run->series[i] = (struct toc_grouping_series){
            .area = one->place,
            .peers = one->peers,
            .alarm = is_alarm(run, i, step),
            .exempt = is_exempt(one) || run->marks[at(run, i, step)] != WATCH_UNMARKED, /* takes no place of others */
            .observed = watch_observed(run->group, i, step),
            .before = { step > 0 ? watch_observed(run->group, i, step - 1) : NAN,
                        step > 1 ? watch_observed(run->group, i, step - 2) : NAN },
            .usual = run->usual[i],
            .score = run->judgements[at(run, i, step)].score,
            .signal = open != 0 ? run->order[open - 1] : 0,
        };
    }
}

/* Of the signals that members of a new group are in already, the oldest that is answered, or is not. 0 = none. *fresh:
 * somebody of the group is in none that is answered or closed. */
static int64_t signal_of_members(const struct run *run, int64_t group, size_t step, enum watch_standing standing,
                                 bool *fresh)
{
    int64_t best = 0;
    for (size_t k = 0; k < run->num_placed; k++) {
        size_t i = run->placed[k];
        if (run->places[i].signal != group)
            continue;
        int64_t was = run->number[at(run, i, step)];
        *fresh = *fresh || was == 0 || run->signals[was - 1].standing == WATCH_NEW;
        if (was == 0 || run->signals[was - 1].standing != standing ||
            (standing == WATCH_NEW && (run->taken[was - 1] == step + 1 || run->order[was - 1] != 0)))
            continue;
        if (best == 0 || id_compare(&run->signals[was - 1].id, &run->signals[best - 1].id) < 0)
            best = was;
    }
    return best;
}

/* The signal that a new group becomes: one that its alarms of this step are in already, first one that somebody is
 * answering, then one that no other group of the step has taken and that has no alarms before it; else another one. 0:
 * all of them have theirs. */
static int64_t signal_for(struct run *run, const struct toc_grouping_signal *raised, size_t step)
{
    bool    fresh = false;
    int64_t best = signal_of_members(run, raised->number, step, WATCH_ANSWERED, &fresh);
    if (best != 0)
        return best;
    best = signal_of_members(run, raised->number, step, WATCH_NEW, &fresh);
    if (best == 0 && !fresh)
        return 0;
    if (best == 0) {
        run->signals[run->num_signals++] = (struct watch_signal){ .id = run->group->new_id(run->group->context) };
        best = (int64_t) run->num_signals;
        run->plan.founded[run->plan.num_founded++] = (struct watch_founded){ .id = run->signals[best - 1].id,
                                                                             .kind = raised->kind,
                                                                             .lead = raised->lead,
                                                                             .step = step,
                                                                             .exempt = raised->exempt,
                                                                             .deferred = raised->deferred };
    }
    run->taken[best - 1] = step + 1;
    return best;
}

static int group_step(struct run *run, size_t step)
{
    struct toc_grouping_options options = TOC_GROUPING_OPTIONS_INIT;
    size_t                      num_raised, num = run->group->num_series;
    int64_t                     next = order_signals(run, step);
    options.budget = run->group->budget;
    fill_series(run, step);
    int ret = toc_grouping_step(&run->group->map, run->series, num, next, &options, &memory_allocator, run->places,
                                run->raised, &num_raised, run->error);
    if (ret != 0)
        return ret;
    run->num_placed = 0;
    for (size_t i = 0; i < num; i++)
        if (run->places[i].signal != 0)
            run->placed[run->num_placed++] = (uint32_t) i;
    for (size_t k = 0; k < num_raised; k++) {
        int64_t number = signal_for(run, &run->raised[k], step);
        for (size_t m = 0; m < run->num_placed; m++)
            if (run->places[run->placed[m]].signal == run->raised[k].number)
                run->places[run->placed[m]].signal = -number; /* below, so that no other group's number is met again */
    }
    for (size_t i = 0; i < num; i++) {
        int64_t placed = run->places[i].signal < 0 ? -run->places[i].signal
                         : run->places[i].signal > 0 && run->places[i].signal < next
                             ? run->ordered[run->places[i].signal]
                             : 0;
        int64_t was = run->number[at(run, i, step)];
        if (was == 0 || run->signals[was - 1].standing == WATCH_NEW)
            run->number[at(run, i, step)] = placed;
    }
    return 0;
}

/* ---- what is to be written ---- */

static void write_alarms(struct run *run, size_t from)
{
    for (size_t step = from; step < run->group->num_steps; step++)
        for (size_t i = 0; i < run->group->num_series; i++) {
            int64_t number = run->number[at(run, i, step)];
            size_t  known = run->known[at(run, i, step)];
            if (number == 0)
                continue;
            const struct id *signal = &run->signals[number - 1].id;
            if (known == 0)
                run->plan.raised[run->plan.num_raised++] = (struct watch_raised){
                    .id = watch_alarm_id(&run->group->series[i].stream, run->group->dates[step], run->methods[i]),
                    .series = i,
                    .step = step,
                    .method = run->methods[i],
                    .judgement = run->judgements[at(run, i, step)],
                    .mark = run->marks[at(run, i, step)],
                    .signal = *signal,
                };
            else if (!id_equal(&run->group->alarms[known - 1].signal, signal))
                run->plan.moved[run->plan.num_moved++] =
                    (struct watch_moved){ run->group->alarms[known - 1].id, *signal };
        }
}

/* Signals that nobody has answered and that have lost all their alarms. */
static void close_empty(struct run *run)
{
    const struct watch_group *group = run->group;
    bool                     *held = (bool *) run->order; /* of each signal; grouping is over */
    memset(held, 0, run->room * sizeof *held);
    for (size_t k = 0; k < group->num_series * run->width; k++)
        if (run->number[k] != 0)
            held[run->number[k] - 1] = true;
    for (size_t s = 0; s < group->num_signals; s++) {
        const struct id *heir = NULL;
        bool             empty = run->signals[s].standing == WATCH_NEW && !held[s];
        for (size_t k = 0; k < group->num_alarms && empty && heir == NULL; k++) {
            const struct watch_alarm *alarm = &group->alarms[k];
            if (id_equal(&alarm->signal, &run->signals[s].id) && alarm->step >= run->first)
                heir = &run->signals[run->number[at(run, alarm->series, alarm->step)] - 1].id;
        }
        if (heir != NULL)
            run->plan.closed[run->plan.num_closed++] = (struct watch_closed){ run->signals[s].id, *heir };
    }
}

/* The smallest area of the map that both lie in; the first where there is none. */
static uint32_t common_place(const struct toc_grouping_map *map, uint32_t a, uint32_t b)
{
    for (uint32_t up = a; up != TOC_GROUPING_NO_AREA; up = map->parent[up])
        for (uint32_t other = b; other != TOC_GROUPING_NO_AREA; other = map->parent[other])
            if (up == other)
                return up;
    return a;
}

static bool is_marked(const struct run *run, const struct id *signal)
{
    for (size_t s = 0; s < run->group->num_signals; s++)
        if (id_equal(&run->signals[s].id, signal))
            return run->signals[s].marked;
    return false;
}

/* Does an alarm of a signal that is not marked move to this one? */
static bool moves_to(const struct run *run, const struct id *signal)
{
    for (size_t m = 0; m < run->plan.num_moved; m++)
        for (size_t k = 0; k < run->group->num_alarms && id_equal(&run->plan.moved[m].signal, signal); k++)
            if (id_equal(&run->group->alarms[k].id, &run->plan.moved[m].alarm) &&
                !is_marked(run, &run->group->alarms[k].signal))
                return true;
    return false;
}

/* What the alarms that a signal has now, and had not before, are exempt from. */
static struct watch_lifted newly(const struct run *run, const struct id *signal)
{
    const struct watch_group *group = run->group;
    struct watch_lifted       found = { .id = *signal };
    for (size_t r = 0; r < run->plan.num_raised; r++) {
        const struct watch_series *series = &group->series[run->plan.raised[r].series];
        if (!id_equal(&run->plan.raised[r].signal, signal) || run->plan.raised[r].mark != WATCH_UNMARKED)
            continue;
        found.exempt = found.exempt || is_exempt(series);
        found.urgent = found.urgent || is_urgent(series);
    }
    for (size_t m = 0; m < run->plan.num_moved; m++)
        for (size_t k = 0; k < group->num_alarms && id_equal(&run->plan.moved[m].signal, signal); k++)
            if (id_equal(&group->alarms[k].id, &run->plan.moved[m].alarm)) {
                found.exempt = found.exempt || is_exempt(&group->series[group->alarms[k].series]);
                found.urgent = found.urgent || is_urgent(&group->series[group->alarms[k].series]);
            }
    return found;
}

/* Had it such an alarm before? */
static bool was_exempt(const struct run *run, const struct id *signal)
{
    bool found = false;
    for (size_t k = 0; k < run->group->num_alarms && !found; k++)
        found = id_equal(&run->group->alarms[k].signal, signal) &&
                is_exempt(&run->group->series[run->group->alarms[k].series]);
    return found;
}

/* A new signal is marked where all its alarms are. */
static void count_founded(struct run *run)
{
    for (size_t k = 0; k < run->plan.num_founded; k++) {
        struct watch_founded *founded = &run->plan.founded[k];
        bool                  marked = !moves_to(run, &founded->id);
        founded->place = run->group->series[founded->lead].place;
        struct watch_lifted now = newly(run, &founded->id);
        founded->exempt = now.exempt;
        founded->urgent = now.urgent;
        for (size_t r = 0; r < run->plan.num_raised; r++) {
            const struct watch_raised *raised = &run->plan.raised[r];
            if (!id_equal(&raised->signal, &founded->id))
                continue;
            founded->num_alarms++;
            marked = marked && raised->mark != WATCH_UNMARKED;
            if (founded->mark == WATCH_UNMARKED)
                founded->mark = raised->mark;
            founded->place = common_place(&run->group->map, founded->place, run->group->series[raised->series].place);
        }
        if (!marked)
            founded->mark = WATCH_UNMARKED;
        founded->deferred = (founded->deferred && !founded->exempt) || founded->mark != WATCH_UNMARKED;
    }
}

/* Signals that were marked and have an alarm now that is not, or that have their first alarm that no budget defers. */
static void lift(struct run *run)
{
    for (size_t s = 0; s < run->group->num_signals; s++) {
        const struct watch_signal *signal = &run->signals[s];
        bool                       lifted = moves_to(run, &signal->id);
        for (size_t r = 0; r < run->plan.num_raised && !lifted; r++)
            lifted = run->plan.raised[r].mark == WATCH_UNMARKED && id_equal(&run->plan.raised[r].signal, &signal->id);
        struct watch_lifted one = newly(run, &signal->id);
        one.exempt = one.exempt && !was_exempt(run, &signal->id);
        one.marked = signal->marked && lifted;
        if (signal->standing != WATCH_CLOSED && (one.marked || (one.exempt && signal->standing == WATCH_NEW)))
            run->plan.lifted[run->plan.num_lifted++] = one;
    }
}

int watch_plan(const struct watch_group *group, struct arena *arena, struct watch_plan *plan, struct toc_error *error)
{
    struct run run = { .group = group, .arena = arena, .error = error };
    size_t     from = first_judged(group);
    int        ret = begin(&run);
    size_t     most_alarms = 0;
    for (size_t i = 0; i < group->num_series && ret == 0; i++) {
        ret = judge(&run, i);
        for (size_t step = from; ret == 0 && step < group->num_steps; step++)
            most_alarms += run.judgements[at(&run, i, step)].alarm == TOC_ALARM_YES;
    }
    if (ret == 0)
        ret = begin_grouping(&run, most_alarms + group->num_alarms);
    for (size_t step = from; step < group->num_steps && ret == 0; step++)
        ret = group_step(&run, step);
    if (ret != 0)
        return ret;
    write_alarms(&run, from);
    close_empty(&run);
    count_founded(&run);
    lift(&run);
    *plan = run.plan;
    return 0;
}
