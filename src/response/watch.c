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
    run->series = arena_array(run->arena, num, sizeof *run->series);
    run->places = arena_array(run->arena, num, sizeof *run->places);
    run->placed = arena_array(run->arena, num, sizeof *run->placed);
    run->raised = arena_array(run->arena, num, sizeof *run->raised);
    return run->number == NULL || run->known == NULL || run->judgements == NULL || run->methods == NULL ||
                   run->usual == NULL || run->series == NULL || run->places == NULL || run->placed == NULL ||
                   run->raised == NULL
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
    if (run->signals == NULL || run->taken == NULL || run->order == NULL || run->ordered == NULL ||
        run->plan.founded == NULL || run->plan.raised == NULL || run->plan.moved == NULL || run->plan.closed == NULL)
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

static void judge_single_case(const double *counts, size_t num, struct toc_judgement *judgements)
{
    for (size_t i = 0; i < num; i++)
        judgements[i] = (struct toc_judgement){ .expected = NAN,
                                                .threshold = 0.5,
                                                .score = counts[i] > 0 ? 2 * counts[i] : 0,
                                                .alarm = counts[i] > 0 ? TOC_ALARM_YES : TOC_ALARM_NO };
}

static void judge_fixed(double fixed, const double *counts, size_t num, struct toc_judgement *judgements)
{
    for (size_t i = 0; i < num; i++)
        judgements[i] = (struct toc_judgement){ .expected = NAN,
                                                .threshold = fixed,
                                                .score = counts[i] > 0 ? counts[i] / fixed : 0,
                                                .alarm = counts[i] >= fixed ? TOC_ALARM_YES : TOC_ALARM_NO };
}

static double mean_before(const double *counts, size_t num)
{
    double sum = 0.5;
    size_t there = 0;
    for (size_t i = 0; i < num; i++)
        if (!isnan(counts[i])) {
            sum += counts[i];
            there++;
        }
    return there > 0 ? sum / (double) there : NAN;
}

size_t watch_history(const struct watch_group *group, size_t i)
{
    size_t first = 0;
    while (first < group->num_steps && isnan(group->series[i].counts[first]))
        first++;
    return group->num_steps - first;
}

/* The method for a history of that length; measured values have no variance that follows from their mean. */
static const struct toc_method *method_of(const struct watch_group *group, size_t i)
{
    return group->series[i].continuous ? toc_method_find("ears-c2")
                                       : toc_method_default(watch_history(group, i), group->steps_per_year);
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
    return method_of(group, i)->name;
}

int watch_judge(const struct watch_group *group, size_t i, size_t from, struct toc_judgement *judgements,
                const char **name, struct toc_error *error)
{
    _Alignas(16) char options[TOC_METHOD_MAX_OPTIONS];
    struct toc_series series = { .observed = group->series[i].counts,
                                 .date = group->dates,
                                 .n = group->num_steps,
                                 .steps_per_year = group->steps_per_year };
    *name = watch_method(group, i);
    if (group->series[i].single_case) {
        judge_single_case(series.observed + from, series.n - from, judgements);
        return 0;
    }
    if (group->series[i].fixed > 0) {
        judge_fixed(group->series[i].fixed, series.observed + from, series.n - from, judgements);
        return 0;
    }
    const struct toc_method *method = method_of(group, i);
    toc_method_init_options(method, TOC_MODE_DEFAULT, options);
    const struct toc_parameter *weekdays = toc_method_parameter(method, "weekdays", 0);
    if (weekdays != NULL && group->steps_per_year == 365 && watch_history(group, i) < WATCH_WEEKDAYS_FROM)
        (void) toc_parameter_set_word(weekdays, "pooled", options, NULL);
    double  least_sigma = WATCH_MIN_SIGMA, factor = 1;
    double *scaled = NULL;
    if (group->series[i].continuous) {
        scaled = memory_array(series.n + 1, sizeof *scaled);
        if (scaled == NULL)
            return TOC_ERR_NO_MEMORY;
        factor = scale_up(series.observed, series.n, scaled);
        series.observed = scaled;
        least_sigma = moving_range(scaled, from);
    }
    const struct toc_parameter *least = toc_method_parameter(method, "min_sigma", 0);
    if (least != NULL)
        (void) toc_parameter_set_number(least, least_sigma, options, NULL);
    int ret = method->judge(&series, from, series.n - from, options, &memory_allocator, judgements, error);
    for (size_t step = 0; ret == 0 && step < series.n - from; step++) {
        judgements[step].expected /= factor;
        judgements[step].threshold /= factor;
    }
    free(scaled);
    return ret;
}

static size_t first_judged(const struct watch_group *group)
{
    return group->num_steps > group->num_back ? group->num_steps - group->num_back : 0;
}

int watch_judge_series(const struct watch_group *group, size_t i, struct watch_judged *judged, struct toc_error *error)
{
    size_t        from = first_judged(group);
    const double *counts = group->series[i].counts;
    memset(judged, 0, sizeof *judged);
    judged->usual = mean_before(counts, from);
    for (size_t back = 0; back < WATCH_RECENT; back++)
        judged->recent[WATCH_RECENT - 1 - back] = back < group->num_steps ? counts[group->num_steps - 1 - back] : NAN;
    return watch_judge(group, i, from, judged->judgements, &judged->method, error);
}

double watch_observed(const struct watch_group *group, size_t i, size_t step)
{
    const struct watch_series *series = &group->series[i];
    return series->judged == NULL ? series->counts[step]
                                  : series->judged->recent[WATCH_RECENT - (group->num_steps - step)];
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
        return 0;
    }
    run->usual[i] = mean_before(group->series[i].counts, from);
    return watch_judge(group, i, from, &run->judgements[at(run, i, from)], &run->methods[i], run->error);
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

static void fill_series(struct run *run, size_t step)
{
    for (size_t i = 0; i < run->group->num_series; i++) {
        const struct watch_series *one = &run->group->series[i];
        int64_t                    open = open_number(run, i, step);
        run->series[i] = (struct toc_grouping_series){
            .area = one->place,
            .peers = one->peers,
            .alarm = is_alarm(run, i, step),
            .exempt = one->single_case,
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

static void count_founded(struct run *run)
{
    for (size_t k = 0; k < run->plan.num_founded; k++) {
        struct watch_founded *founded = &run->plan.founded[k];
        founded->place = run->group->series[founded->lead].place;
        for (size_t r = 0; r < run->plan.num_raised; r++)
            if (id_equal(&run->plan.raised[r].signal, &founded->id)) {
                founded->num_alarms++;
                founded->place = common_place(&run->group->map, founded->place,
                                              run->group->series[run->plan.raised[r].series].place);
            }
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
    *plan = run.plan;
    return 0;
}
