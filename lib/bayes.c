/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tocsin/bayes.h"

#define MATHLIB_STANDALONE
#include <Rmath.h>

#include "internal.h"
#include "methods.h"
#include "window.h"

static int check_options(const struct toc_bayes_options *options, struct toc_error *error)
{
    if (options->years < 0 || options->years > TOC_BAYES_MAX_YEARS)
        return toci_fail(error, TOC_ERR_OPTION, "options.years", TOC_NOWHERE, options->years, "0 … 20");
    if (options->half_window < 0 || options->half_window > TOC_BAYES_MAX_HALF_WINDOW)
        return toci_fail(error, TOC_ERR_OPTION, "options.half_window", TOC_NOWHERE, options->half_window, "0 … 366");
    if (!(options->alpha > 0 && options->alpha < 1))
        return toci_fail(error, TOC_ERR_OPTION, "options.alpha", TOC_NOWHERE, options->alpha, "0 < alpha < 1");
    if (options->years == 0 && !options->use_recent)
        return toci_fail(error, TOC_ERR_OPTION, "options.use_recent", TOC_NOWHERE, 0, "true where years is 0");
    if (options->years == 0 && options->half_window == 0)
        return toci_fail(error, TOC_ERR_OPTION, "options.half_window", TOC_NOWHERE, 0, ">= 1 where years is 0");
    return 0;
}

/* ---- the quantile ----
 *
 * The threshold depends on (T, N) alone, and N hardly ever changes along a series. So the quantiles of T = 0, 1, 2, …
 * are found in one walk and kept. With r = T + 1/2, p = N/(N + 1), q = 1 - p, the walk carries
 *   tail = P(Y > y)      and      next = P(Y = y + 1)
 * by two exact steps, each a few operations:
 *   y -> y + 1:  tail -= next;                    next *= q (y + 1 + r) / (y + 2)
 *   r -> r + 1:  tail += next (y + 1) / r;        next *= p (y + 1 + r) / r
 * (the second is the recurrence of the incomplete beta function in its second parameter). The quantile never falls as
 * T rises, so y only moves up. Rounding stays below 1e-12 of alpha; where tail comes closer to alpha than 1e-8 of it,
 * libRmath decides.
 */
enum { WALK_ROOM = 2048 };
#define WALK_MIN_ALPHA 1e-9

struct walk {
    double alpha;
    size_t n;                   /* the N that the table is for; 0 = none yet */
    size_t known;               /* quantiles of T < known are in the table */
    double y, r, p, tail, next; /* where the walk stands */
    double quantile[WALK_ROOM];
};

static double exact_quantile(double alpha, double total, size_t n)
{
    return qnbinom(1.0 - alpha, total + 0.5, (double) n / ((double) n + 1.0), 1, 0);
}

/* T = 0: P(Y = y) for size 1/2 is p^(1/2) times q^y (1/2)(3/2)…/y!, so P(Y > 0) = 1 - sqrt(p) and P(Y = 1) = q
 * sqrt(p)/2. */
static void begin_walk(struct walk *walk, size_t n)
{
    double p = (double) n / ((double) n + 1.0);
    walk->n = n;
    walk->known = 0;
    walk->y = 0.0;
    walk->r = 0.5;
    walk->p = p;
    walk->tail = -expm1(0.5 * log(p));
    walk->next = 0.5 * (1.0 - p) * sqrt(p);
}

/* Find the quantiles up to that of T = total. Divisions stand where no step waits for them: with x = (y + 1) / r,
 * r -> r + 1 is tail += next x, next *= p (1 + x). */
static void walk_on(struct walk *walk, size_t total)
{
    double alpha = 1.0 - (1.0 - walk->alpha); /* as a quantile function sees it */
    double margin = 1e-8 * alpha, p = walk->p, q = 1.0 - p;
    double y = walk->y, r = walk->r, tail = walk->tail, next = walk->next;
    size_t known = walk->known;

    for (; known <= total; known++) {
        bool close = fabs(tail - alpha) <= margin;
        while (tail > alpha && !close) {
            tail -= next;
            next *= q * ((y + 1.0 + r) / (y + 2.0));
            y += 1.0;
            close = fabs(tail - alpha) <= margin;
        }
        walk->quantile[known] = close ? exact_quantile(walk->alpha, (double) known, walk->n) : y;
        double x = (y + 1.0) / r;
        tail += next * x;
        next *= p + p * x;
        r += 1.0;
    }
    walk->known = known;
    walk->y = y;
    walk->r = r;
    walk->tail = tail;
    walk->next = next;
}

/* A quantile that the table does not hold yet, or never will. */
static double quantile_anew(struct walk *walk, double total, size_t n)
{
    if (total >= WALK_ROOM || walk->alpha < WALK_MIN_ALPHA)
        return exact_quantile(walk->alpha, total, n);
    if (walk->n == 0)
        begin_walk(walk, n);
    if (walk->n != n)
        return exact_quantile(walk->alpha, total, n);
    walk_on(walk, (size_t) total);
    return walk->quantile[(size_t) total];
}

static inline double quantile(struct walk *walk, double total, size_t n)
{
    if (walk->n == n && total < (double) walk->known)
        return walk->quantile[(size_t) total];
    return quantile_anew(walk, total, n);
}

/* ---- the baseline ---- */

/* One run of steps of the baseline, as distances back from the judged step. */
struct run {
    size_t oldest; /* distance of its first step */
    size_t count;  /* steps in it, a stride apart */
};

struct plan {
    const struct toc_series        *series;
    const struct toc_bayes_options *options;
    size_t                          stride; /* steps between the counts of a run: 7 where weekdays are apart */
    bool                            compat;
    bool                            holidays; /* to be left out */
    size_t                          num_runs;
    struct run                      runs[1 + TOC_BAYES_MAX_YEARS];
    size_t                          wanted; /* steps in all runs */
    size_t                          reach;  /* largest distance back */
};

struct baseline {
    double total;
    size_t used; /* counts that are there */
};

/* How many steps i years lie back. */
static size_t years_back(const struct toc_series *series, bool compat, size_t stride, int i)
{
    double days = 365.2425 * i;
    if (compat || series->steps_per_year == 12)
        return (size_t) i * (size_t) series->steps_per_year;
    if (series->steps_per_year == 365)
        return (size_t) round(days / (double) stride) * stride;
    return (size_t) round(days / 7.0);
}

static void add_run(struct plan *plan, size_t oldest, size_t count)
{
    plan->runs[plan->num_runs++] = (struct run){ oldest, count };
    plan->wanted += count;
    plan->reach = oldest > plan->reach ? oldest : plan->reach;
}

/* Where the baseline lies, relative to the judged step: the same for every step of a series, so it is worked out once.
 */
static struct plan plan_for(const struct toc_series *series, const struct toc_bayes_options *options)
{
    bool        compat = options->mode == TOC_MODE_R;
    size_t      half = (size_t) options->half_window;
    struct plan plan = {
        .series = series,
        .options = options,
        .stride = toci_has_weekdays(series, options->mode, options->weekdays) ? 7 : 1,
        .compat = compat,
        .holidays = !compat && series->holiday != NULL,
    };
    if (options->use_recent)
        add_run(&plan, half * plan.stride, half);
    for (int i = 1; i <= options->years; i++)
        add_run(&plan, years_back(series, compat, plan.stride, i) + half * plan.stride, 2 * half + 1);
    return plan;
}

/* Take one count in (sign 1) or out (sign -1). */
static inline void count_row(const struct plan *plan, size_t row, double sign, struct baseline *base)
{
    double y = plan->series->observed[row];
    if (isnan(y) || (plan->holidays && plan->series->holiday[row] != 0))
        return;
    base->total += sign * y;
    base->used += sign > 0 ? 1 : (size_t) -1;
}

/* The baseline of one step, gathered afresh; row >= reach. */
static struct baseline collect(const struct plan *plan, size_t row)
{
    struct baseline base = { 0 };
    for (size_t i = 0; i < plan->num_runs; i++)
        for (size_t j = 0; j < plan->runs[i].count; j++)
            count_row(plan, row - plan->runs[i].oldest + j * plan->stride, 1.0, &base);
    return base;
}

/* From the baseline of row - 1 to that of row: each run loses its oldest count and gains one. Totals are whole
 * numbers, so nothing is rounded. Stride 1. */
static void slide(const struct plan *plan, size_t row, struct baseline *base)
{
    const double *y = plan->series->observed;
    double        change = 0.0;
    for (size_t i = 0; i < plan->num_runs; i++) {
        size_t start = row - plan->runs[i].oldest;
        change += y[start + plan->runs[i].count - 1] - y[start - 1];
    }
    if (!isnan(change) && !plan->holidays) { /* nothing missing comes or goes */
        base->total += change;
        return;
    }
    for (size_t i = 0; i < plan->num_runs; i++) {
        size_t start = row - plan->runs[i].oldest;
        count_row(plan, start + plan->runs[i].count - 1, 1.0, base);
        count_row(plan, start - 1, -1.0, base);
    }
}

/* ---- judging ---- */

/* Writes to where the answer stays: a struct handed back by value is stored in parts and read as a whole, which waits.
 */
static void judge(const struct plan *plan, size_t row, const struct baseline *base, struct walk *walk,
                  struct toc_judgement *out)
{
    double          y = plan->series->observed[row];
    enum toc_reason reason = TOC_REASON_NONE;
    if (base->used == 0 || (!plan->compat && 2 * base->used < plan->wanted))
        reason = TOC_REASON_BASELINE_MISSING;
    else if (isnan(y))
        reason = TOC_REASON_OBSERVED_MISSING;
    else if (plan->holidays && plan->series->holiday[row] != 0)
        reason = TOC_REASON_HOLIDAY;
    if (reason != TOC_REASON_NONE) {
        *out = toci_not_assessed(reason);
        return;
    }
    double threshold = quantile(walk, base->total, base->used);
    double expected = (base->total + 0.5) / (double) base->used;
    out->expected = expected;
    out->threshold = threshold;
    out->score = threshold > expected ? (y - expected) / (threshold - expected) : (y + 1.0) / (threshold + 1.0);
    out->alarm = y > threshold ? TOC_ALARM_YES : TOC_ALARM_NO;
    out->reason = TOC_REASON_NONE;
}

static void judge_all(const struct plan *plan, size_t first, size_t num, struct walk *walk,
                      struct toc_judgement *judgements)
{
    struct baseline base = { 0 };
    bool            known = false; /* base is that of the row before */
    for (size_t row = first; row < first + num; row++) {
        if (row < plan->reach) {
            judgements[row - first] = toci_not_assessed(TOC_REASON_SHORT_HISTORY);
            continue;
        }
        if (known && plan->stride == 1 && base.total < 0x1p51)
            slide(plan, row, &base);
        else
            base = collect(plan, row);
        known = true;
        judge(plan, row, &base, walk, &judgements[row - first]);
    }
}

int toc_bayes_judge(const struct toc_series *series, size_t first, size_t num, const struct toc_bayes_options *options,
                    struct toc_judgement *judgements, struct toc_error *error)
{
    int ret = check_options(options, error);
    if (ret != 0)
        goto out;
    ret = toci_check_series(series, first, num, error);
    if (ret != 0)
        goto out;
    struct plan plan = plan_for(series, options);
    struct walk walk;
    walk.alpha = options->alpha;
    walk.n = walk.known = 0;
    judge_all(&plan, first, num, &walk, judgements);
out:
    return ret;
}

int toc_bayes_state_init(struct toc_bayes_state *state, const struct toc_series *history,
                         const struct toc_bayes_options *options, const struct toc_allocator *allocator,
                         struct toc_error *error)
{
    int ret = check_options(options, error);
    if (ret != 0)
        return ret;
    struct plan       plan = plan_for(history, options);
    struct toc_recent window;
    ret = toci_window_init(&window, plan.reach + 1, history, allocator, error);
    if (ret == 0)
        *state = (struct toc_bayes_state){ *options, window };
    return ret;
}

int toc_bayes_state_next(struct toc_bayes_state *state, const struct toc_step *step, struct toc_judgement *judgement,
                         struct toc_error *error)
{
    int ret = toci_window_push(&state->window, step, error);
    if (ret != 0)
        return ret;
    struct toc_series view = toci_window_view(&state->window);
    struct plan       plan = plan_for(&view, &state->options);
    struct walk       walk;
    walk.alpha = state->options.alpha;
    walk.n = SIZE_MAX; /* one step: no table */
    walk.known = 0;
    judge_all(&plan, view.n - 1, 1, &walk, judgement);
    return 0;
}

void toc_bayes_state_free(struct toc_bayes_state *state)
{
    toci_window_free(&state->window);
}

/* ---- the row of the method table ---- */

static int judge_by_table(const struct toc_series *series, size_t first, size_t num, const void *options,
                          const struct toc_allocator *allocator, struct toc_judgement *judgements,
                          struct toc_error *error)
{
    (void) allocator;
    return toc_bayes_judge(series, first, num, options, judgements, error);
}

static const struct toc_parameter parameters[] = {
    { .name = "years",
      .r_name = "b",
      .kind = TOC_PARAMETER_INTEGER,
      .offset = offsetof(struct toc_bayes_options, years),
      .low = 0,
      .high = TOC_BAYES_MAX_YEARS,
      .unit = "years",
      .meaning = "number of earlier years to compare with" },
    { .name = "half_window",
      .r_name = "w",
      .kind = TOC_PARAMETER_INTEGER,
      .offset = offsetof(struct toc_bayes_options, half_window),
      .low = 0,
      .high = TOC_BAYES_MAX_HALF_WINDOW,
      .unit = "steps",
      .meaning = "steps just before the judged one, and on each side of the same time in earlier years" },
    { .name = "use_recent",
      .r_name = "actY",
      .kind = TOC_PARAMETER_FLAG,
      .offset = offsetof(struct toc_bayes_options, use_recent),
      .low = 0,
      .high = 1,
      .unit = "",
      .meaning = "whether the steps just before the judged one belong to the baseline" },
    { .name = "alpha",
      .r_name = "alpha",
      .kind = TOC_PARAMETER_REAL,
      .offset = offsetof(struct toc_bayes_options, alpha),
      .low = 0,
      .high = 1,
      .low_open = true,
      .high_open = true,
      .unit = "",
      .meaning = "largest probability of an alarm per step without an outbreak" },
    TOCI_PARAMETER_WEEKDAYS(struct toc_bayes_options),
};

static const struct toc_bayes_options defaults = TOC_BAYES_OPTIONS_INIT;

const struct toc_method toci_method_bayes = {
    .name = "bayes",
    .title = "Bayes: against what a Poisson mean learnt from the baseline predicts",
    .use = "Small counts and short histories: the threshold is an exact quantile of whole numbers, also after zeros.",
    .r_name = "bayes()",
    .source = "Höhle 2007, doi:10.1007/s00180-007-0074-8",
    .options_size = sizeof(struct toc_bayes_options),
    .defaults = &defaults,
    .parameters = parameters,
    .num_parameters = sizeof parameters / sizeof *parameters,
    .judge = judge_by_table,
};
