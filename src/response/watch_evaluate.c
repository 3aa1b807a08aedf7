/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/watch_evaluate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "response/watch_memory.h"
#include "store/area_tree.h"
#include "store/list.h"

enum { DAY_MIB = 64 };

/* The state of an evaluation. */
struct work {
    const struct watch_streams *streams;
    const struct watch_stream  *stream;
    const struct watch_trial   *trial;
    struct store               *store;
    struct watch_past          *past;
    struct watch_days          *days;
    int                         length; /* of a step */
    struct watch_evaluation    *evaluation;
    struct toc_error           *error;
};

/* ---- days ---- */

static void try_it(const struct watch_trial *trial, struct watch_series *series)
{
    if (trial == NULL)
        return;
    series->choice = trial->choice != NULL ? trial->choice : series->choice;
    series->fixed = trial->choice != NULL ? 0 : trial->threshold;
    series->by_rate = series->single_case = false;
}

static int make_group(struct work *work, toc_date day, struct arena *arena, struct watch_group *group)
{
    int      ret = watch_past_days(work->past, day, work->days);
    toc_date first = ret == 0 ? watch_days_first(work->stream, work->days, day) : MODEL_MISSING_DATE;
    toc_date start = ret == 0 ? watch_days_start(work->stream, &first, 1, day) : MODEL_MISSING_DATE;
    *group = (struct watch_group){ .num_steps = 0 };
    if (ret != 0 || start == MODEL_MISSING_DATE)
        return ret;
    size_t at = (size_t) (work->stream - work->streams->streams);
    ret = watch_streams_frame(work->streams, at, 1, start, day, arena, group);
    struct watch_series *series = ret == 0 ? arena_array(arena, 1, sizeof *series) : NULL;
    double              *counts = ret == 0 ? arena_array(arena, 2 * group->num_steps + 1, sizeof *counts) : NULL;
    if (series == NULL || counts == NULL)
        return TOC_ERR_NO_MEMORY;
    watch_streams_shape(work->store, work->stream, 1, series);
    watch_days_steps(work->stream, day, work->days, start, group->num_steps, counts);
    series->counts = counts;
    series->of = work->stream->denominator != NULL ? counts + group->num_steps : NULL;
    try_it(work->trial, series);
    group->series = series;
    group->num_series = 1;
    group->num_back = work->length == 7 ? WATCH_WEEKS : WATCH_DAYS;
    return 0;
}

static bool is_raised(const struct watch_evaluation *evaluation, toc_date day)
{
    for (size_t i = evaluation->num_alarms; i-- > 0;)
        if (evaluation->alarms[i].day == day)
            return true;
    return false;
}

static int judge_day(struct work *work, toc_date day)
{
    struct watch_evaluation *evaluation = work->evaluation;
    struct arena             arena = { .limit = (size_t) DAY_MIB << 20 };
    struct watch_group       group;
    struct toc_judgement     judgements[WATCH_MOST_BACK];
    int                      ret = make_group(work, day, &arena, &group);
    size_t                   steps = group.num_steps, from = steps > group.num_back ? steps - group.num_back : 0;
    if (ret == 0 && steps > 0)
        ret = watch_judge(&group, 0, from, judgements, &evaluation->method, work->error);
    for (size_t step = from; ret == 0 && step < steps; step++) {
        const struct toc_judgement *judgement = &judgements[step - from];
        evaluation->num_steps += step + 1 == steps && judgement->alarm != TOC_ALARM_NOT_ASSESSED;
        if (judgement->alarm != TOC_ALARM_YES || is_raised(evaluation, group.dates[step]))
            continue;
        evaluation->alarms[evaluation->num_alarms++] =
            (struct watch_evaluated_alarm){ .day = group.dates[step],
                                            .raised = day,
                                            .observed = watch_value(group.series, step),
                                            .now = NAN,
                                            .judgement = *judgement,
                                            .mark = watch_mark_of(&group, 0, step, judgement) };
    }
    arena_free(&arena);
    return ret;
}

/* What the steps of the alarms say on the last day. */
static int find_now(struct work *work, toc_date to)
{
    struct arena       arena = { .limit = (size_t) DAY_MIB << 20 };
    struct watch_group group;
    int                ret = make_group(work, to, &arena, &group);
    for (size_t i = 0; ret == 0 && group.num_steps > 0 && i < work->evaluation->num_alarms; i++) {
        struct watch_evaluated_alarm *alarm = &work->evaluation->alarms[i];
        size_t                        step = (size_t) ((alarm->day - group.dates[0]) / work->length);
        if (alarm->day >= group.dates[0] && step < group.num_steps)
            alarm->now = watch_value(group.series, step);
    }
    arena_free(&arena);
    return ret;
}

/* ---- outbreaks ---- */

static bool is_near(const struct area_tree *tree, const struct id *outbreak, const struct id *stream)
{
    uint32_t a = area_tree_find(tree, outbreak), b = area_tree_find(tree, stream);
    return a != AREA_NONE && b != AREA_NONE && (area_tree_within(tree, a, b) || area_tree_within(tree, b, a));
}

static int take_outbreaks(struct work *work, struct store_reader *reader, const struct access *who,
                          const struct list_page *page, toc_date from, toc_date to, struct arena *arena)
{
    struct watch_evaluation         *evaluation = work->evaluation;
    struct model_outbreak           *rows = arena_array(arena, page->num_rows + 1, sizeof *rows);
    bool                            *there = arena_array(arena, page->num_rows + 1, sizeof *there);
    size_t                           room = evaluation->num_outbreaks + page->num_rows + 1;
    struct model_set                 visible;
    struct watch_evaluated_outbreak *all = arena_array(arena, room, sizeof *all);
    if (rows == NULL || there == NULL || all == NULL)
        return TOC_ERR_NO_MEMORY;
    int ret = store_read_many(reader, who, model_record(MODEL_OUTBREAK), page->ids, page->num_rows, arena, rows, there,
                              &visible);
    if (ret != 0)
        return ret;
    if (evaluation->num_outbreaks > 0)
        memcpy(all, evaluation->outbreaks, evaluation->num_outbreaks * sizeof *all);
    evaluation->outbreaks = all;
    const struct area_tree *tree = store_hold_areas(work->store);
    for (size_t i = 0; i < page->num_rows; i++) {
        const struct model_outbreak *row = &rows[i];
        toc_date began = row->emergence_date != MODEL_MISSING_DATE ? row->emergence_date : row->detection_date;
        toc_date over = row->over_date != MODEL_MISSING_DATE && row->over_date < to ? row->over_date : to;
        if (there[i] && began != MODEL_MISSING_DATE && began <= to && over >= from &&
            is_near(tree, &row->area, &work->stream->stream.area))
            all[evaluation->num_outbreaks++] = (struct watch_evaluated_outbreak){
                .id = row->head.id, .number = row->number, .from = began, .to = over
            };
    }
    store_release_areas(work->store, tree);
    return 0;
}

static int by_beginning(const void *a, const void *b)
{
    const struct watch_evaluated_outbreak *one = a, *other = b;
    return one->from != other->from ? (one->from < other->from ? -1 : 1)
                                    : memcmp(one->id.bytes, other->id.bytes, ID_BYTES);
}

static int read_outbreaks(struct work *work, struct store_reader *reader, const struct access *who, toc_date from,
                          toc_date to, struct arena *arena, struct fault_list *faults)
{
    struct watch_evaluation *evaluation = work->evaluation;
    struct model_text        disease = work->stream->stream.disease;
    char                     code[MODEL_LISTS_CODE + 1] = "";
    struct list_filter       filter = { .field = "disease", .is = code };
    struct list_query        query = { .view = view_find("outbreaks", strlen("outbreaks")),
                                       .filters = &filter,
                                       .num_filters = 1,
                                       .page_size = LIST_MOST_ROWS };
    int                      ret = 0;
    if (disease.bytes == NULL || disease.size >= sizeof code)
        return 0;
    memcpy(code, disease.bytes, disease.size);
    do {
        struct list_page page;
        ret = store_list(reader, who, &query, arena, &page, faults);
        if (ret == 0)
            ret = take_outbreaks(work, reader, who, &page, from, to, arena);
        query.after = ret == 0 ? page.next : NULL;
    } while (ret == 0 && query.after != NULL);
    if (ret == 0 && evaluation->num_outbreaks > 0)
        qsort(evaluation->outbreaks, evaluation->num_outbreaks, sizeof *evaluation->outbreaks, by_beginning);
    return ret;
}

/* ---- what came of it ---- */

static void meet_outbreaks(struct work *work, struct watch_evaluated_alarm *alarm)
{
    struct watch_evaluation *evaluation = work->evaluation;
    for (size_t i = 0; i < evaluation->num_outbreaks; i++) {
        struct watch_evaluated_outbreak *one = &evaluation->outbreaks[i];
        if (alarm->day + work->length - 1 < one->from || alarm->day > one->to)
            continue;
        if (alarm->outbreak == 0)
            alarm->outbreak = i + 1;
        int delay = alarm->raised > one->from ? alarm->raised - one->from : 0;
        if (!one->found || delay < one->delay)
            one->delay = delay;
        one->found = true;
    }
}

static int by_number(const void *a, const void *b)
{
    double one = *(const double *) a, other = *(const double *) b;
    return one < other ? -1 : one > other;
}

static int find_median(struct watch_evaluation *evaluation)
{
    double *delays = memory_array(evaluation->num_outbreaks + 1, sizeof *delays);
    size_t  num = 0;
    if (delays == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < evaluation->num_outbreaks; i++)
        if (evaluation->outbreaks[i].found)
            delays[num++] = evaluation->outbreaks[i].delay;
    qsort(delays, num, sizeof *delays, by_number);
    evaluation->num_found = num;
    evaluation->median_delay = num == 0 ? NAN : (delays[(num - 1) / 2] + delays[num / 2]) / 2;
    free(delays);
    return 0;
}

static int by_day(const void *a, const void *b)
{
    const struct watch_evaluated_alarm *one = *(struct watch_evaluated_alarm *const *) a,
                                       *other = *(struct watch_evaluated_alarm *const *) b;
    return one->day < other->day ? -1 : one->day > other->day;
}

/* Episodes, in the order of the steps; those of marked alarms are none. */
static int find_episodes(struct work *work, struct arena *arena)
{
    struct watch_evaluation       *evaluation = work->evaluation;
    struct watch_evaluated_alarm **ordered = arena_array(arena, evaluation->num_alarms + 1, sizeof *ordered);
    toc_date                       last = TOC_DATE_MIN;
    bool                           outside = true;
    if (ordered == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < evaluation->num_alarms; i++)
        ordered[i] = &evaluation->alarms[i];
    qsort(ordered, evaluation->num_alarms, sizeof *ordered, by_day);
    for (size_t i = 0; i < evaluation->num_alarms; i++) {
        struct watch_evaluated_alarm *alarm = ordered[i];
        alarm->episode = SIZE_MAX;
        if (alarm->mark != WATCH_UNMARKED) {
            evaluation->num_marked++;
            continue;
        }
        if (evaluation->num_episodes == 0 || alarm->day - last > WATCH_GAP * work->length) {
            evaluation->num_outside += evaluation->num_episodes > 0 && outside;
            evaluation->num_episodes++;
            outside = true;
        }
        last = alarm->day;
        alarm->episode = evaluation->num_episodes - 1;
        meet_outbreaks(work, alarm);
        outside = outside && alarm->outbreak == 0;
    }
    evaluation->num_outside += evaluation->num_episodes > 0 && outside;
    return find_median(evaluation);
}

bool watch_can_try(const struct watch_stream *stream, const struct watch_trial *trial)
{
    return stream->unwatched == NULL && (stream->numerator == NULL || trial->choice == NULL);
}

int watch_evaluate(struct store_reader *reader, const struct access *who, const struct watch_streams *streams,
                   const struct watch_stream *stream, const struct watch_trial *trial, toc_date from, toc_date to,
                   struct arena *arena, struct watch_evaluation *evaluation, struct fault_list *faults,
                   struct toc_error *error)
{
    int         length = watch_step_days(stream);
    size_t      room = (size_t) (to - from) + 1 + WATCH_MOST_BACK * (size_t) length;
    struct work work = { .streams = streams,
                         .stream = stream,
                         .trial = trial,
                         .store = store_of_reader(reader),
                         .days = memory_array(1, sizeof *work.days),
                         .length = length,
                         .evaluation = evaluation,
                         .error = error };
    *evaluation = (struct watch_evaluation){ .alarms = arena_array(arena, room, sizeof *evaluation->alarms) };
    int ret = work.days == NULL || evaluation->alarms == NULL ? TOC_ERR_NO_MEMORY : 0;
    if (ret == 0)
        ret = watch_past_read(reader, who, stream, from, to, arena, &work.past);
    for (toc_date day = from; day <= to && ret == 0; day++)
        if (length == 1 || toc_date_weekday(day) == 6)
            ret = judge_day(&work, day);
    evaluation->years = (double) ((to - from) + 1) / 365.25;
    if (ret == 0)
        ret = find_now(&work, to);
    if (ret == 0)
        ret = read_outbreaks(&work, reader, who, from, to, arena, faults);
    if (ret == 0)
        ret = find_episodes(&work, arena);
    free(work.days);
    return ret;
}
