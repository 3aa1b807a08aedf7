/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tocsin/cusum.h"

#include <string.h>

#include "count_regression.h"
#include "internal.h"
#include "methods.h"
#include "vector_math.h"
#include "window.h"

static int check_options(const struct toc_cusum_options *options, struct toc_error *error)
{
    if (options->transform < TOC_CUSUM_STANDARD || options->transform > TOC_CUSUM_NONE)
        return toci_fail(error, TOC_ERR_OPTION, "options.transform", TOC_NOWHERE, options->transform,
                         "one of enum toc_cusum_transform");
    if ((!(options->mean >= 0) || isinf(options->mean)) && options->mean != TOC_CUSUM_SEASONAL)
        return toci_fail(error, TOC_ERR_OPTION, "options.mean", TOC_NOWHERE, options->mean,
                         "> 0, TOC_CUSUM_MEAN_OF_HISTORY or TOC_CUSUM_SEASONAL");
    if (!(options->k >= 0) || isinf(options->k))
        return toci_fail(error, TOC_ERR_OPTION, "options.k", TOC_NOWHERE, options->k, ">= 0, finite");
    if (!(options->h > 0) || isinf(options->h))
        return toci_fail(error, TOC_ERR_OPTION, "options.h", TOC_NOWHERE, options->h, "> 0, finite");
    if (!(options->overdispersion > 0) || isinf(options->overdispersion))
        return toci_fail(error, TOC_ERR_OPTION, "options.overdispersion", TOC_NOWHERE, options->overdispersion,
                         "> 0, finite");
    return 0;
}

/* Beyond these, exp() is 0 or no number. */
#define LOWEST_LOG_MEAN (-708.0)
#define HIGHEST_LOG_MEAN 709.0

/* ---- the in-control mean ----
 *
 * Learnt once, before the first step judged, and kept as a few numbers, so that a stream needs no memory of the past:
 * a level for each weekday (all alike where weekdays are pooled) and, on the log scale, one wave a year. The phase of
 * the wave counts rows from the start of the history; the regression absorbs any other origin in cosine and sine.
 *
 * Half a case over the whole history is the least mean assumed: what a Jeffreys prior would expect after nothing but
 * zeros. A mean of 0 has no standard deviation to measure an excess by.
 */

/* The mean of the rows before first, one a weekday where they are judged apart. */
static void learn_mean(const struct toc_series *series, size_t first, enum toc_mode mode,
                       struct toc_cusum_learnt *learnt)
{
    double total[7] = { 0 }, days[7] = { 0 };
    for (size_t row = 0; row < first; row++) {
        double y = series->observed[row];
        if (mode == TOC_MODE_DEFAULT && (isnan(y) || toci_is_holiday(series, row)))
            continue;
        size_t weekday = learnt->weekdays ? (size_t) toc_date_weekday(series->date[row]) : 0;
        total[weekday] += y;
        days[weekday] += 1.0;
    }
    for (size_t weekday = 0; weekday < 7; weekday++) {
        size_t from = learnt->weekdays ? weekday : 0;
        if (days[from] == 0)
            learnt->reason = TOC_REASON_SHORT_HISTORY;
        learnt->level[weekday] = total[from] / days[from];
        if (mode == TOC_MODE_DEFAULT)
            learnt->level[weekday] = fmax(learnt->level[weekday], 0.5 / days[from]);
    }
    if (learnt->reason == TOC_REASON_NONE && isnan(learnt->level[0]))
        learnt->reason = TOC_REASON_BASELINE_MISSING; /* R's mean of counts of which one is missing */
}

static int learn_season(const struct toc_series *series, size_t first, enum toc_mode mode,
                        const struct toc_allocator *allocator, struct toc_cusum_learnt *learnt, struct toc_error *error)
{
    const struct toci_terms terms = { .harmonics = 1, .weekdays = learnt->weekdays, .first_time = 0.0 };
    size_t                  doubles = toci_fit_doubles(series, &terms, first);
    struct toci_fit         fit;
    int                     ret = 0;
    if (first == 0) {
        learnt->reason = TOC_REASON_SHORT_HISTORY;
        return 0;
    }
    double *work = toci_allocate(allocator, doubles, sizeof *work, &ret, error);
    if (work == NULL)
        return ret;
    learnt->reason = toci_fit_baseline(series, 0, first, &terms, 0.0, mode, work, &fit);
    toci_release(allocator, work, doubles, sizeof *work);
    if (learnt->reason != TOC_REASON_NONE)
        return 0;
    learnt->seasonal = true;
    learnt->cosine = fit.coefficients[1];
    learnt->sine = fit.coefficients[2];
    for (size_t weekday = 0; weekday < 7; weekday++)
        learnt->level[weekday] =
            fit.coefficients[0] + (learnt->weekdays && weekday > 0 ? fit.coefficients[2 + weekday] : 0.0);
    if (mode == TOC_MODE_DEFAULT)
        learnt->least = 0.5 / (double) fit.num_rows;
    return 0;
}

static int learn(const struct toc_series *series, size_t first, const struct toc_cusum_options *options,
                 const struct toc_allocator *allocator, struct toc_cusum_learnt *learnt, struct toc_error *error)
{
    *learnt = (struct toc_cusum_learnt){ .steps_per_year = series->steps_per_year };
    if (options->mode == TOC_MODE_R && options->transform == TOC_CUSUM_ANSCOMBE_NB &&
        options->mean == TOC_CUSUM_SEASONAL) {
        learnt->reason = TOC_REASON_R_STOPS; /* since R 4.2, which refuses a vector as a condition */
        return 0;
    }
    if (options->mean > 0) {
        for (size_t weekday = 0; weekday < 7; weekday++)
            learnt->level[weekday] = options->mean;
        return 0;
    }
    learnt->weekdays = toci_has_weekdays(series, options->mode, options->weekdays);
    if (options->mean == TOC_CUSUM_SEASONAL)
        return learn_season(series, first, options->mode, allocator, learnt, error);
    learn_mean(series, first, options->mode, learnt);
    return 0;
}

/* The in-control means of four steps from that time of year on (row modulo steps_per_year), on that weekday. */
TOCI_INLINE void toci_seasonal_means_body(const struct toc_cusum_learnt *learnt, size_t phase, size_t weekday,
                                          double *means)
{
    toci_vec cosine, sine, phases = (double) phase + (toci_vec){ 0.0, 1.0, 2.0, 3.0 };
    toci_vec_cos_sin(phases / (double) learnt->steps_per_year, &cosine, &sine);
    toci_vec log_mean = learnt->level[weekday] + (learnt->cosine * cosine + learnt->sine * sine);
    toci_vec mean = toci_vec_exp(toci_vec_clamp(log_mean, LOWEST_LOG_MEAN, HIGHEST_LOG_MEAN));
    mean = toci_vec_choose((toci_vec_bits) (log_mean < LOWEST_LOG_MEAN), toci_vec_all(0.0), mean);
    mean = toci_vec_choose((toci_vec_bits) (log_mean > HIGHEST_LOG_MEAN), toci_vec_all(INFINITY), mean);
    toci_vec least = toci_vec_all(learnt->least);
    toci_vec_store(means, toci_vec_choose((toci_vec_bits) (mean < least), least, mean));
}

static void toci_seasonal_means(const struct toc_cusum_learnt *learnt, size_t phase, size_t weekday, double *means);
TOCI_DISPATCH(toci_seasonal_means, (const struct toc_cusum_learnt *learnt, size_t phase, size_t weekday, double *means),
              (learnt, phase, weekday, means))

/* The same whether the means have a season or not. */
static void means_of(const struct toc_cusum_learnt *learnt, size_t phase, size_t weekday, double means[TOCI_LANES])
{
    if (learnt->seasonal)
        toci_seasonal_means(learnt, phase, weekday, means);
    else
        for (size_t i = 0; i < TOCI_LANES; i++)
            means[i] = learnt->level[weekday];
}

/* ---- Anscombe's transform of negative binomial counts ----
 *
 * I(x) = integral from 0 to x of (t (1 + a t))^(-1/3) dt. With w = a x / (1 + a x),
 *   I(x) = 3/2 x^(2/3) (1 + a x)^(-1/3) sum over n of (1/3)_n / (5/3)_n w^n
 * (Pfaff's form of the hypergeometric series, all terms positive). It converges slowly as w nears 1, so beyond
 * a x = 10 the integrand is expanded in 1/(a t) instead, and I continues from there.
 */
#define ANSCOMBE_SERIES_LIMIT 10.0

static double anscombe_series(double x, double a)
{
    double z = a * x, w = z / (1.0 + z), term = 1.0, sum = 1.0;
    for (int n = 0; term > 1e-17 * sum && n < 1000; n++) {
        term *= w * (1.0 / 3.0 + n) / (5.0 / 3.0 + n);
        sum += term;
    }
    return 1.5 * cbrt(x * x) / cbrt(1.0 + z) * sum;
}

/* The antiderivative for large a x: a^(-1/3) x^(1/3) (3 + sum of binomial(-1/3, n) (a x)^(-n) / (1/3 - n)). */
static double anscombe_tail(double x, double a)
{
    double inverse = 1.0 / (a * x), power = 1.0, sum = 3.0;
    for (int n = 1; n < 20; n++) {
        power *= (-1.0 / 3.0 - (n - 1)) / n * inverse;
        sum += power / (1.0 / 3.0 - n);
    }
    return cbrt(x / a) * sum;
}

static double anscombe_integral(double x, double a)
{
    double limit = ANSCOMBE_SERIES_LIMIT / a;
    if (x <= limit)
        return x > 0 ? anscombe_series(x, a) : 0.0;
    return anscombe_series(limit, a) + anscombe_tail(x, a) - anscombe_tail(limit, a);
}

/* The hypergeometric function 2F1(1/3, 2/3; 5/3; -z): I(x) = 3/2 x^(2/3) 2F1(-a x). */
static double anscombe_factor(double z)
{
    return z > 0 ? anscombe_integral(z, 1.0) / (1.5 * cbrt(z * z)) : 1.0;
}

/* The integral as R has it, from a table of that function: at the nearest hundredth up to z = 10, beyond it linear
 * between whole numbers, and nothing beyond 100. */
static double anscombe_like_r(double x, double a)
{
    double z = a * x, below = floor(z), factor;
    if (z > 100)
        return NAN;
    if (z <= 10)
        factor = anscombe_factor(round(100.0 * z) / 100.0);
    else
        factor = anscombe_factor(below) + (z - below) * (anscombe_factor(below + 1.0) - anscombe_factor(below));
    return 1.5 * cbrt(x * x) * factor;
}

/* The count whose integral is `wanted`, by Newton steps from a count below it: the integral is concave, so they come
 * from the left and never pass it. */
static double anscombe_inverse(double wanted, double from, double a)
{
    double x = from;
    for (int i = 0; i < 100; i++) {
        double step = (wanted - anscombe_integral(x, a)) * cbrt(x * (1.0 + a * x));
        x += step;
        if (!(fabs(step) > 1e-14 * x))
            break;
    }
    return x;
}

/* ---- the chart ----
 *
 * Every transform is increasing in y, so the chart reaches h at one count: Z(u) = h + k - S_before, u = inverse(that).
 * rossi: with s = sqrt(u), s^2 + 2 sqrt(m) s = 3 m + 2 sqrt(m) g, so s = -sqrt(m) + sqrt(4 m + 2 sqrt(m) g), squared.
 */

enum { LONGEST_PERIOD = 365 };

/* What a transform needs of an in-control mean m, worked out once a mean. An array each, for the vector unit. */
struct scales {
    double mean[LONGEST_PERIOD];
    double spread[LONGEST_PERIOD];      /* Z is divided by it */
    double centre[LONGEST_PERIOD];      /* m on the scale of the transform */
    double back_centre[LONGEST_PERIOD]; /* the same, where a threshold is turned back: R has another one there */
};

static void set_scale(const struct toc_cusum_options *options, double m, struct scales *scales, size_t i)
{
    double a = options->overdispersion, spread = sqrt(m), centre = m, back_centre = m;
    bool   like_r = options->mode == TOC_MODE_R;
    switch (options->transform) {
    case TOC_CUSUM_STANDARD:
    case TOC_CUSUM_NONE: break;
    case TOC_CUSUM_ROSSI:
        spread = 2.0 * sqrt(m);
        centre = 3.0 * m;
        break;
    case TOC_CUSUM_ANSCOMBE:
        spread = pow(m, 1.0 / 6.0);
        centre = back_centre = cbrt(m * m);
        break;
    case TOC_CUSUM_ANSCOMBE_SECOND:
        spread = pow(m, 1.0 / 6.0);
        centre = cbrt(m * m) - 1.0 / (9.0 * cbrt(m));
        back_centre = like_r ? cbrt(m * m) - cbrt(m) / 9.0 : centre;
        break;
    case TOC_CUSUM_PEARSON_NB: spread = sqrt(m + a * m * m); break;
    case TOC_CUSUM_ANSCOMBE_NB:
        spread = pow(m + a * m * m, 1.0 / 6.0);
        back_centre = like_r ? NAN : anscombe_integral(m, a); /* R does not turn it back */
        centre = like_r ? anscombe_like_r(m, a) : back_centre;
        break;
    }
    scales->mean[i] = m;
    scales->spread[i] = spread;
    scales->centre[i] = centre;
    scales->back_centre[i] = back_centre;
}

TOCI_INLINE double transform(const struct toc_cusum_options *options, double y, const struct scales *scales, size_t i)
{
    double a = options->overdispersion, m = scales->mean[i], centre = scales->centre[i], spread = scales->spread[i];
    switch (options->transform) {
    case TOC_CUSUM_STANDARD:
    case TOC_CUSUM_PEARSON_NB: return (y - centre) / spread;
    case TOC_CUSUM_ROSSI: return (y - centre + 2.0 * sqrt(y * m)) / spread;
    case TOC_CUSUM_ANSCOMBE:
    case TOC_CUSUM_ANSCOMBE_SECOND: return 1.5 * (cbrt(y * y) - centre) / spread;
    case TOC_CUSUM_ANSCOMBE_NB:
        y = options->mode == TOC_MODE_R ? anscombe_like_r(y, a) : anscombe_integral(y, a);
        return (y - centre) / spread;
    case TOC_CUSUM_NONE: break;
    }
    return y;
}

/* The count of which Z = g. */
TOCI_INLINE double inverse(const struct toc_cusum_options *options, double g, const struct scales *scales, size_t i)
{
    double m = scales->mean[i], spread = scales->spread[i], back_centre = scales->back_centre[i], scaled;
    switch (options->transform) {
    case TOC_CUSUM_STANDARD:
    case TOC_CUSUM_PEARSON_NB: return spread * g + m;
    case TOC_CUSUM_ROSSI: return spread * g + 5.0 * m - 2.0 * sqrt(4.0 * m * m + m * spread * g);
    case TOC_CUSUM_ANSCOMBE:
    case TOC_CUSUM_ANSCOMBE_SECOND: scaled = fmax(0.0, g * spread / 1.5 + back_centre); return scaled * sqrt(scaled);
    case TOC_CUSUM_ANSCOMBE_NB: return anscombe_inverse(g * spread + back_centre, m, options->overdispersion);
    case TOC_CUSUM_NONE: break;
    }
    return g;
}

/* Why R's chart has no number after a step. */
static enum toc_reason no_number(enum toc_cusum_transform transform, double y, double before)
{
    if (isnan(before))
        return TOC_REASON_EARLIER_MISSING;
    if (isnan(y))
        return TOC_REASON_OBSERVED_MISSING;
    return transform == TOC_CUSUM_ANSCOMBE_NB ? TOC_REASON_R_STOPS /* its table ends */
                                              : TOC_REASON_CONSTANT_BASELINE /* 0/0 */;
}

/* ---- some steps at a time ----
 *
 * Only the sum S goes from step to step; what comes before and after it is computed for a block of steps, in vectors.
 * Every step has the same arithmetic wherever in a block it stands: a stream, in blocks of one, has the same numbers.
 */
enum { BLOCK = 64 };

/* The steps of a block: their counts, which of them are holidays (NULL = none), and where their scales stand. */
struct block {
    size_t               num;
    const double        *observed;
    const uint8_t       *holiday;
    const struct scales *scales;
    size_t               at;
};

static bool is_left_out(const struct block *block, size_t i)
{
    return isnan(block->observed[i]) || (block->holiday != NULL && block->holiday[i] != 0);
}

/* S before and after each step. As published, it stays as it is where a step is left out, and an alarm ends it. R's
 * goes on after an alarm, and a missing count makes it NaN for ever. */
TOCI_INLINE void add_up(const struct toc_cusum_options *options, const struct block *block, const double *z,
                        double *statistic, double *before, double *after)
{
    double       sum = *statistic, k = options->k, h = options->h;
    const double zero = 0.0 * k; /* not known to the compiler, which then takes the processor's maximum: no branch */
    for (size_t i = 0; i < block->num; i++) {
        before[i] = sum;
        if (options->mode == TOC_MODE_R) {
            sum = sum + z[i] - k;
            after[i] = sum = zero > sum ? zero : sum; /* NaN stays */
        } else {
            after[i] = is_left_out(block, i) ? sum : fmax(0.0, sum + z[i] - k);
            sum = after[i] >= h ? 0.0 : after[i];
        }
    }
    *statistic = sum;
}

TOCI_INLINE double threshold_of(const struct toc_cusum_options *options, const struct block *block, size_t i,
                                double before, double after)
{
    bool   like_r = options->mode == TOC_MODE_R;
    bool   no_count = options->transform == TOC_CUSUM_NONE || options->transform == TOC_CUSUM_ANSCOMBE_NB;
    double threshold;
    if (like_r && no_count)
        threshold = options->h - after;
    else
        threshold = inverse(options, options->h + options->k - before, block->scales, block->at + i);
    if (like_r && options->transform == TOC_CUSUM_STANDARD)
        threshold = ceil(threshold);
    return like_r && !(threshold >= 0) ? 0.0 : threshold;
}

/* Inlined for a transform that the compiler knows. */
TOCI_INLINE void judge_block(const struct toc_cusum_options *given, enum toc_cusum_transform known,
                             const struct block *block, double *statistic, struct toc_judgement *out)
{
    double                   z[BLOCK], before[BLOCK], after[BLOCK], threshold[BLOCK], score[BLOCK];
    struct toc_cusum_options options = *given;
    bool                     like_r = options.mode == TOC_MODE_R;
    options.transform = known;
    for (size_t i = 0; i < block->num; i++)
        z[i] = transform(&options, block->observed[i], block->scales, block->at + i);
    add_up(&options, block, z, statistic, before, after);
    for (size_t i = 0; i < block->num; i++) {
        threshold[i] = threshold_of(&options, block, i, before[i], after[i]);
        score[i] = after[i] / options.h;
    }
    for (size_t i = 0; i < block->num; i++) {
        if (like_r && isnan(after[i])) {
            out[i] = toci_not_assessed(no_number(known, block->observed[i], before[i]));
        } else if (!like_r && is_left_out(block, i)) {
            out[i] = toci_not_assessed(isnan(block->observed[i]) ? TOC_REASON_OBSERVED_MISSING : TOC_REASON_HOLIDAY);
        } else {
            out[i].expected = block->scales->mean[block->at + i];
            out[i].threshold = threshold[i];
            out[i].score = score[i];
            out[i].alarm = after[i] >= options.h ? TOC_ALARM_YES : TOC_ALARM_NO;
            out[i].reason = TOC_REASON_NONE;
        }
    }
}

TOCI_INLINE void toci_judge_block_body(const struct toc_cusum_options *options, const struct block *block,
                                       double *statistic, struct toc_judgement *out)
{
    if (options->transform == TOC_CUSUM_STANDARD)
        judge_block(options, TOC_CUSUM_STANDARD, block, statistic, out);
    else if (options->transform == TOC_CUSUM_ROSSI)
        judge_block(options, TOC_CUSUM_ROSSI, block, statistic, out);
    else
        judge_block(options, options->transform, block, statistic, out);
}

static void toci_judge_block(const struct toc_cusum_options *options, const struct block *block, double *statistic,
                             struct toc_judgement *out);
TOCI_DISPATCH(toci_judge_block,
              (const struct toc_cusum_options *options, const struct block *block, double *statistic,
               struct toc_judgement *out),
              (options, block, statistic, out))

/* The scales of `num` steps of one day of the week, from that time of year on, up to the end of the year. */
static void set_scales(const struct toc_cusum_options *options, const struct toc_cusum_learnt *learnt, size_t phase,
                       size_t num, size_t weekday, struct scales *scales, size_t at)
{
    double means[TOCI_LANES];
    for (size_t i = 0; i < num; i += TOCI_LANES) { /* four at a time */
        means_of(learnt, phase + i, weekday, means);
        for (size_t lane = 0; lane < TOCI_LANES && i + lane < num; lane++)
            set_scale(options, means[lane], scales, at + i + lane);
    }
}

/* Means that depend on the time of year alone are worked out once a year of the series, not once a step. A block ends
 * with the year at the latest. */
static void judge_all(const struct toc_series *series, size_t first, size_t num,
                      const struct toc_cusum_options *options, const struct toc_cusum_learnt *learnt,
                      struct toc_judgement *judgements)
{
    struct scales scales;
    struct block  block = { .scales = &scales };
    double        statistic = 0.0;
    size_t        period = (size_t) learnt->steps_per_year, phase = first % period;
    for (size_t i = 0; i < num; i += block.num, phase = (phase + block.num) % period) {
        size_t left = num - i, row = first + i;
        block.num = left < period - phase ? left : period - phase;
        block.num = block.num < BLOCK ? block.num : BLOCK;
        block.observed = series->observed + row;
        block.holiday = series->holiday != NULL ? series->holiday + row : NULL;
        block.at = learnt->weekdays ? 0 : phase;
        if (learnt->weekdays)
            for (size_t j = 0; j < block.num; j++)
                set_scales(options, learnt, phase + j, 1, (size_t) toc_date_weekday(series->date[row + j]), &scales, j);
        else if (i < period)
            set_scales(options, learnt, phase, block.num < period - i ? block.num : period - i, 0, &scales, phase);
        toci_judge_block(options, &block, &statistic, judgements + i);
    }
}

int toc_cusum_judge(const struct toc_series *series, size_t first, size_t num, const struct toc_cusum_options *options,
                    const struct toc_allocator *allocator, struct toc_judgement *judgements, struct toc_error *error)
{
    struct toc_cusum_learnt learnt;
    int                     ret = check_options(options, error);
    if (ret != 0)
        goto out;
    ret = toci_check_series(series, first, num, error);
    if (ret != 0)
        goto out;
    ret = learn(series, first, options, allocator, &learnt, error);
    if (ret != 0)
        goto out;
    if (learnt.reason == TOC_REASON_NONE)
        judge_all(series, first, num, options, &learnt, judgements);
    else
        for (size_t i = 0; i < num; i++)
            judgements[i] = toci_not_assessed(learnt.reason);
out:
    return ret;
}

/* ---- the stream ---- */

int toc_cusum_state_init(struct toc_cusum_state *state, const struct toc_series *history,
                         const struct toc_cusum_options *options, const struct toc_allocator *allocator,
                         struct toc_error *error)
{
    struct toc_cusum_learnt learnt;
    int                     ret = check_options(options, error);
    if (ret == 0)
        ret = toci_check_series(history, 0, history->n, error);
    if (ret == 0)
        ret = learn(history, history->n, options, allocator, &learnt, error);
    if (ret == 0)
        *state = (struct toc_cusum_state){
            .options = *options,
            .learnt = learnt,
            .row = history->n,
            .dated = history->date != NULL,
            .with_calendar = history->holiday != NULL,
            .last_date = history->date != NULL && history->n > 0 ? history->date[history->n - 1] : TOC_DATE_MIN - 1,
        };
    return ret;
}

int toc_cusum_state_next(struct toc_cusum_state *state, const struct toc_step *next, struct toc_judgement *judgement,
                         struct toc_error *error)
{
    int ret = toci_check_step(next, state->dated, state->last_date, error);
    if (ret != 0)
        return ret;
    const struct toc_cusum_learnt *learnt = &state->learnt;
    if (learnt->reason != TOC_REASON_NONE) {
        *judgement = toci_not_assessed(learnt->reason);
    } else {
        size_t        weekday = learnt->weekdays ? (size_t) toc_date_weekday(next->date) : 0;
        size_t        phase = state->row % (size_t) learnt->steps_per_year;
        struct scales scales;
        struct block  block = { 1, &next->observed, state->with_calendar ? &next->holiday : NULL, &scales, 0 };
        set_scales(&state->options, learnt, phase, 1, weekday, &scales, 0);
        toci_judge_block(&state->options, &block, &state->statistic, judgement);
    }
    state->row++;
    state->last_date = next->date;
    return 0;
}

void toc_cusum_state_free(struct toc_cusum_state *state)
{
    memset(state, 0, sizeof *state);
}

/* ---- the row of the method table ---- */

static int judge_by_table(const struct toc_series *series, size_t first, size_t num, const void *options,
                          const struct toc_allocator *allocator, struct toc_judgement *judgements,
                          struct toc_error *error)
{
    return toc_cusum_judge(series, first, num, options, allocator, judgements, error);
}

static const struct toc_choice transforms[] = {
    { "standard", NULL, TOC_CUSUM_STANDARD, "difference to the mean over its standard deviation" },
    { "rossi", NULL, TOC_CUSUM_ROSSI, "Rossi's: closer to normal for small counts" },
    { "anscombe", NULL, TOC_CUSUM_ANSCOMBE, "Anscombe's power 2/3" },
    { "anscombe2nd", NULL, TOC_CUSUM_ANSCOMBE_SECOND, "the same with its mean corrected" },
    { "pearson-nb", "pearsonNegBin", TOC_CUSUM_PEARSON_NB, "as standard, for overdispersed counts" },
    { "anscombe-nb", "anscombeNegBin", TOC_CUSUM_ANSCOMBE_NB, "as anscombe, for overdispersed counts" },
    { "none", NULL, TOC_CUSUM_NONE, "the count itself; k is then a count" },
    { NULL, NULL, 0, NULL },
};

static const struct toc_choice means[] = {
    { "history", NULL, (int) TOC_CUSUM_MEAN_OF_HISTORY, "the mean of the history" },
    { "season", "glm", (int) TOC_CUSUM_SEASONAL, "a Poisson regression of the history on the time of year" },
    { NULL, NULL, 0, NULL },
};

static const struct toc_parameter parameters[] = {
    { .name = "k",
      .r_name = "k",
      .kind = TOC_PARAMETER_REAL,
      .offset = offsetof(struct toc_cusum_options, k),
      .low = 0,
      .high = INFINITY,
      .high_open = true,
      .unit = "",
      .meaning = "reference value: half the shift to be found, in standard deviations" },
    { .name = "h",
      .r_name = "h",
      .kind = TOC_PARAMETER_REAL,
      .offset = offsetof(struct toc_cusum_options, h),
      .low = 0,
      .high = INFINITY,
      .low_open = true,
      .high_open = true,
      .unit = "",
      .meaning = "decision limit: alarm when the sum of excesses reaches it, in standard deviations" },
    { .name = "mean",
      .r_name = "m",
      .kind = TOC_PARAMETER_REAL,
      .offset = offsetof(struct toc_cusum_options, mean),
      .low = 0,
      .high = INFINITY,
      .high_open = true,
      .choices = means,
      .unit = "cases",
      .meaning = "in-control mean: a number, or 'history' or 'season': learnt from the steps before the first judged" },
    { .name = "transform",
      .r_name = "trans",
      .kind = TOC_PARAMETER_CHOICE,
      .offset = offsetof(struct toc_cusum_options, transform),
      .choices = transforms,
      .unit = "",
      .meaning = "scale on which excesses are added" },
    { .name = "overdispersion",
      .r_name = "alpha",
      .kind = TOC_PARAMETER_REAL,
      .offset = offsetof(struct toc_cusum_options, overdispersion),
      .low = 0,
      .high = INFINITY,
      .low_open = true,
      .high_open = true,
      .unit = "",
      .meaning = "a of the negative binomial transforms: variance = m + a m^2" },
    TOCI_PARAMETER_WEEKDAYS(struct toc_cusum_options),
};

static const struct toc_cusum_options defaults = TOC_CUSUM_OPTIONS_INIT;

const struct toc_method toci_method_cusum = {
    .name = "cusum",
    .title = "CUSUM: small excesses that add up",
    .use = "Slow, lasting rises that no single count shows.",
    .r_name = "cusum()",
    .source = "Rossi et al. 1999, doi:10.1002/(SICI)1097-0258(19990830)18:16<2111::AID-SIM171>3.0.CO;2-Q",
    .options_size = sizeof(struct toc_cusum_options),
    .defaults = &defaults,
    .parameters = parameters,
    .num_parameters = sizeof parameters / sizeof *parameters,
    .cumulative = true,
    .judge = judge_by_table,
};
