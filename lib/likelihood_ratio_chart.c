/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "likelihood_ratio_chart.h"

#include <float.h>
#include <string.h>

#define MAX_NEWTON 1000    /* R's bound */
#define KAPPA_FLOOR (-18.) /* R gives up on log ratios below */
#define R_TOLERANCE 1e-6
#define R_FIRST_LAST 0.4   /* what R compares its first kappa with */
#define OUR_TOLERANCE 1e-8 /* of kappa; the statistic errs by its square */
#define R_NONE 1e99

/* Newton's steps for kappa converge from any start nearer than this: see kappa_at_maximum(). */
#define SAFE_DISTANCE 1.25

enum { ARRAYS = 8 };

static size_t room_for(const struct toci_chart_rule *rule, size_t max_steps)
{
    if (!rule->generalized)
        return 0;
    /* Twice the window: the newest half moves to the front once every `window` steps. */
    size_t twice = rule->window < SIZE_MAX / 4 ? 2 * (rule->window + 1) : SIZE_MAX;
    return max_steps < twice ? max_steps : twice;
}

size_t toci_chart_doubles(const struct toci_chart_rule *rule, size_t max_steps)
{
    return ARRAYS * room_for(rule, max_steps);
}

void toci_chart_open(struct toci_chart *chart, const struct toci_chart_rule *rule, size_t max_steps, double *memory)
{
    *chart = (struct toci_chart){ .rule = *rule, .room = room_for(rule, max_steps) };
    double **const arrays[ARRAYS] = { &chart->count, &chart->mean,       &chart->before,   &chart->excess,
                                      &chart->tail,  &chart->low_excess, &chart->low_tail, &chart->kappa };
    for (size_t i = 0; i < ARRAYS && chart->room > 0; i++)
        *arrays[i] = memory + i * chart->room;
}

void toci_chart_begin(struct toci_chart *chart, double overdispersion)
{
    chart->overdispersion = overdispersion;
    chart->held = 0;
    chart->largest_mean = 0.0;
    chart->sum = chart->sum_before = 0.0;
}

bool toci_chart_alarms(const struct toci_chart *chart, double statistic)
{
    bool strict =
        !chart->rule.generalized || (chart->rule.compat && chart->rule.epidemic && chart->overdispersion == 0);
    return strict ? statistic > chart->rule.limit : statistic >= chart->rule.limit;
}

/* ---- LR ---- */

/* What a step without a case adds: the log-likelihood ratio's part that does not multiply x, and the one that does. */
static void lr_parts(const struct toci_chart *chart, double mean, double *constant, double *slope)
{
    double kappa = chart->rule.log_rate_ratio, a = chart->overdispersion;
    if (a == 0) {
        *constant = -expm1(kappa) * mean;
        *slope = kappa;
        return;
    }
    double log_ratio = log((1.0 + a * mean) / (1.0 + a * mean * exp(kappa)));
    *constant = log_ratio / a;
    *slope = kappa + log_ratio;
}

static double lr_step(struct toci_chart *chart, double count, double mean)
{
    double constant, slope;
    lr_parts(chart, mean, &constant, &slope);
    chart->sum_before = chart->sum;
    chart->sum = fmax(0.0, chart->sum + constant + slope * count);
    return chart->sum;
}

/* ---- GLR: which changes are considered ---- */

/* Places of the oldest and the newest change among the steps held. False where there is none yet. */
static bool changes(const struct toci_chart *chart, size_t *oldest, size_t *newest)
{
    const struct toci_chart_rule *rule = &chart->rule;
    size_t                        shortest = rule->shortest_window;
    if (chart->held < shortest)
        return false;
    *newest = chart->held - shortest;
    /* R's Poisson chart considers all changes without a window, and with one leaves out the shortest. */
    if (rule->compat && chart->overdispersion == 0 && !rule->epidemic) {
        if (rule->window == SIZE_MAX)
            *newest = chart->held - 1;
        else if ((*newest)-- == 0)
            return false;
    }
    *oldest = chart->held - 1 > rule->window ? chart->held - 1 - rule->window : 0;
    return *oldest <= *newest;
}

/* ---- GLR Poisson, change of level ----
 * With sx, sm the sums of counts and means since the change: sx log(sx / sm) - (sx - sm). */

static double poisson_level(const struct toci_chart *chart)
{
    size_t oldest, newest;
    double best = 0.0, sx = 0.0, sm = 0.0;
    bool   decrease = chart->rule.decrease;
    if (!changes(chart, &oldest, &newest))
        return 0.0;
    for (size_t k = chart->held; k-- > oldest;) {
        sx += chart->count[k];
        sm += chart->mean[k];
        double gap = decrease ? sm - sx : sx - sm;
        /* The statistic is at most gap^2 / (2 sm) for a rise, gap^2 / sm for a fall: most need no logarithm. */
        if (k > newest || !(gap > 0) || gap * gap <= (decrease ? 1.0 : 2.0) * sm * best)
            continue;
        if (sx == 0 && chart->rule.compat)
            continue; /* R: infinity times zero, which is never the largest */
        double statistic = sx > 0 ? sx * log(sx / sm) - (sx - sm) : sm;
        best = fmax(best, statistic);
    }
    return best;
}

/* ---- GLR negative binomial, change of level ----
 * l(kappa) = sum of kappa x + (x + 1/a) log((1 + a mu) / (1 + a mu e^kappa)), concave in kappa. */

/* Score and information of kappa for a change at place k. */
static double newton_step(const struct toci_chart *chart, size_t k, double kappa)
{
    double a = chart->overdispersion, ratio = exp(kappa), score = 0.0, information = 0.0;
    for (size_t i = k; i < chart->held; i++) {
        double mean = chart->mean[i], shrink = 1.0 / (1.0 + a * ratio * mean);
        score += (chart->count[i] - ratio * mean) * shrink;
        information += mean * (a * chart->count[i] + 1.0) * shrink * shrink;
    }
    return score / (ratio * information);
}

static double level_likelihood(const struct toci_chart *chart, size_t k, double kappa)
{
    double a = chart->overdispersion, ratio = exp(kappa), sum = 0.0;
    for (size_t i = k; i < chart->held; i++) {
        double mean = chart->mean[i], x = chart->count[i];
        sum += kappa * x + (x + 1.0 / a) * log((1.0 + a * mean) / (1.0 + a * mean * ratio));
    }
    return sum;
}

/* R's iteration, step for step: it neither bounds its steps nor notices where they lead astray. */
static double kappa_as_r(const struct toci_chart *chart, size_t k, double start)
{
    double kappa = start, last = R_FIRST_LAST;
    for (int i = 0; i < MAX_NEWTON && kappa > KAPPA_FLOOR && fabs(kappa - last) > R_TOLERANCE; i++) {
        last = kappa;
        kappa = last + newton_step(chart, k, last);
    }
    return kappa;
}

/* The maximum, from any start. Over a distance d the information changes by a factor within e^-d … e^d, so a Newton
 * step from there errs by at most e^d - 1 - d, which is less than d while d < 1.256. Farther away a step cut to 1 has
 * the right direction and does not pass the maximum. */
static double kappa_at_maximum(const struct toci_chart *chart, size_t k, double start)
{
    double kappa = start;
    for (int i = 0; i < MAX_NEWTON; i++) {
        double step = newton_step(chart, k, kappa);
        kappa += fmax(-1.0, fmin(1.0, step));
        if (!(fabs(step) > OUR_TOLERANCE) || kappa < 2.0 * KAPPA_FLOOR)
            break;
    }
    return kappa;
}

/* Nothing but zeros since the change: the likelihood rises until the mean is zero. */
static double vanished(const struct toci_chart *chart, size_t k)
{
    double sum = 0.0;
    for (size_t i = k; i < chart->held; i++)
        sum += log1p(chart->overdispersion * chart->mean[i]);
    return sum / chart->overdispersion;
}

static bool only_zeros(const struct toci_chart *chart, size_t k)
{
    for (size_t i = k; i < chart->held; i++)
        if (chart->count[i] > 0)
            return false;
    return true;
}

/* The score at kappa = 0 and at -SAFE_DISTANCE for a change at each place. */
static void sum_tails(struct toci_chart *chart, size_t oldest)
{
    double sum = 0.0, low = 0.0;
    for (size_t k = chart->held; k-- > oldest;) {
        chart->tail[k] = sum += chart->excess[k];
        chart->low_tail[k] = low += chart->low_excess[k];
    }
}

/* Our answer for both directions. A change whose score at kappa = 0 points the other way has statistic 0. */
static double negative_binomial_level(struct toci_chart *chart, bool keep)
{
    size_t oldest, newest;
    double best = 0.0;
    if (!changes(chart, &oldest, &newest))
        return 0.0;
    sum_tails(chart, oldest);
    for (size_t k = oldest; k <= newest; k++) {
        if (!(chart->rule.decrease ? chart->tail[k] < 0 : chart->tail[k] > 0))
            continue;
        if (chart->rule.decrease && only_zeros(chart, k)) {
            best = fmax(best, vanished(chart, k));
            continue;
        }
        double kappa = kappa_at_maximum(chart, k, chart->kappa[k]);
        best = fmax(best, level_likelihood(chart, k, kappa));
        if (keep)
            chart->kappa[k] = kappa;
    }
    return best;
}

/* R's answer for a rise. Its estimate for one change starts from that of the change before it, and is wrong where the
 * iteration from there leads astray; only where that is possible its path has to be walked. */
static double rise_as_r(struct toci_chart *chart, size_t k, double start, bool keep)
{
    if (!(chart->tail[k] > 0)) { /* no rise: 0, if the iteration gets there */
        bool arrives = start == 0 && chart->low_tail[k] > 0;
        /* Below `bend` the score is concave: from the right no step passes the root. */
        double bend = -log(chart->overdispersion * chart->largest_mean);
        arrives |= start <= bend && fabs(start - R_FIRST_LAST) > R_TOLERANCE;
        return arrives ? 0.0 : fmax(0.0, kappa_as_r(chart, k, start));
    }
    double estimate = kappa_at_maximum(chart, k, chart->kappa[k]);
    if (keep)
        chart->kappa[k] = estimate;
    /* R compares its first start with 0.4: one that happens to be there ends the iteration before it began. */
    bool arrives = fabs(start - estimate) < SAFE_DISTANCE && fabs(start - R_FIRST_LAST) > R_TOLERANCE;
    return arrives ? estimate : fmax(0.0, kappa_as_r(chart, k, start));
}

static double negative_binomial_rise_as_r(struct toci_chart *chart, bool keep)
{
    size_t oldest, newest;
    double best = 0.0, kappa = 0.5;
    if (!changes(chart, &oldest, &newest))
        return 0.0;
    sum_tails(chart, oldest);
    for (size_t k = oldest; k <= newest; k++) {
        kappa = rise_as_r(chart, k, kappa, keep);
        double statistic = kappa > 0 ? level_likelihood(chart, k, kappa) : 0.0;
        best = statistic > best ? statistic : best; /* false for NaN */
    }
    return best;
}

static double negative_binomial_fall_as_r(struct toci_chart *chart)
{
    size_t oldest, newest;
    double best = 0.0, kappa = 0.5;
    if (!changes(chart, &oldest, &newest))
        return 0.0;
    for (size_t k = oldest; k <= newest; k++) {
        kappa = kappa_as_r(chart, k, kappa);
        kappa = kappa < 0 ? kappa : 0.0;
        double statistic = level_likelihood(chart, k, kappa);
        best = statistic > best ? statistic : best;
    }
    return best;
}

/* ---- GLR, an epidemic that feeds on the count before: mean mu + lambda x(t-1) ---- */

static double epidemic_likelihood(const struct toci_chart *chart, size_t k, double lambda)
{
    double a = chart->overdispersion, sum = 0.0;
    for (size_t i = k; i < chart->held; i++) {
        double x = chart->count[i], mean = chart->mean[i], more = lambda * chart->before[i];
        double fixed = a == 0 ? more : (x + 1.0 / a) * log1p(a * more / (1.0 + a * mean));
        sum += (x > 0 ? x * log1p(more / mean) : 0.0) - fixed;
    }
    return sum;
}

/* Score and expected information of lambda. */
static void epidemic_derivatives(const struct toci_chart *chart, size_t k, double lambda, double *score,
                                 double *information)
{
    double a = chart->overdispersion;
    *score = *information = 0.0;
    for (size_t i = k; i < chart->held; i++) {
        double before = chart->before[i], mean = chart->mean[i] + lambda * before;
        double weight = before / (mean * (1.0 + a * mean));
        *score += weight * (chart->count[i] - mean);
        *information += weight * before;
    }
}

/* lambda >= 0 where the score vanishes: scoring steps, kept between two points where the score has opposite signs. */
static double lambda_at_maximum(const struct toci_chart *chart, size_t k)
{
    double low = 0.0, high = INFINITY, lambda = 0.0, score, information;
    for (int i = 0; i < MAX_NEWTON; i++) {
        epidemic_derivatives(chart, k, lambda, &score, &information);
        if (!(score > 0) && lambda == 0)
            return 0.0; /* also where nothing came before: 0 / 0 is never asked */
        if (score > 0)
            low = lambda;
        else
            high = lambda;
        double next = lambda + score / information;
        if (!(next > low && next < high))
            next = isinf(high) ? 2.0 * low : 0.5 * (low + high);
        if (fabs(next - lambda) <= OUR_TOLERANCE * next)
            return next;
        lambda = next;
    }
    return lambda;
}

static double epidemic(const struct toci_chart *chart)
{
    size_t oldest, newest;
    double best = 0.0;
    if (!changes(chart, &oldest, &newest))
        return 0.0;
    for (size_t k = oldest; k <= newest; k++) {
        double lambda = lambda_at_maximum(chart, k);
        if (lambda > 0)
            best = fmax(best, epidemic_likelihood(chart, k, lambda));
    }
    return best;
}

/* R's Newton steps for phi = log lambda. */
static double phi_as_r(const struct toci_chart *chart, size_t k, double start)
{
    double phi = start, last = 2.0;
    for (int i = 0; i < MAX_NEWTON && phi > KAPPA_FLOOR && fabs(exp(phi) - exp(last)) > R_TOLERANCE; i++) {
        double lambda = exp(phi), score = 0.0, curvature = 0.0;
        for (size_t j = k; j < chart->held; j++) {
            double x = chart->count[j], before = chart->before[j], mean = chart->mean[j] + lambda * before;
            score += x * before / mean - before;
            curvature += x * before * before / (mean * mean);
        }
        score *= lambda;
        last = phi;
        phi += score / (lambda * lambda * curvature - score);
    }
    return phi;
}

/* R's negative binomial variant estimates kappa of a change of level and takes it for log lambda. */
static double epidemic_as_r(const struct toci_chart *chart)
{
    size_t oldest, newest;
    bool   poisson = chart->overdispersion == 0;
    double best = poisson ? -R_NONE : 0.0, log_lambda = poisson ? log(0.5) : 0.5;
    if (!changes(chart, &oldest, &newest))
        return 0.0;
    for (size_t k = oldest; k <= newest; k++) {
        log_lambda = poisson ? phi_as_r(chart, k, log_lambda) : kappa_as_r(chart, k, log_lambda);
        double statistic = epidemic_likelihood(chart, k, exp(log_lambda));
        best = statistic > best ? statistic : best;
    }
    return best;
}

/* ---- one step ---- */

/* keep: the newest count is real, so estimates may serve as starts for the next step's. */
static double statistic_of(struct toci_chart *chart, bool keep)
{
    const struct toci_chart_rule *rule = &chart->rule;
    if (rule->epidemic)
        return rule->compat ? epidemic_as_r(chart) : epidemic(chart);
    if (chart->overdispersion == 0)
        return poisson_level(chart);
    if (!rule->compat)
        return negative_binomial_level(chart, keep);
    return rule->decrease ? negative_binomial_fall_as_r(chart) : negative_binomial_rise_as_r(chart, keep);
}

static void put_count(struct toci_chart *chart, double count)
{
    size_t place = chart->held - 1;
    double a = chart->overdispersion, mean = chart->mean[place], low_mean = exp(-SAFE_DISTANCE) * mean;
    chart->count[place] = count;
    chart->excess[place] = (count - mean) / (1.0 + a * mean);
    chart->low_excess[place] = (count - low_mean) / (1.0 + a * low_mean);
}

static void make_room(struct toci_chart *chart)
{
    size_t        kept = chart->rule.window;
    double *const arrays[ARRAYS] = { chart->count, chart->mean,       chart->before,   chart->excess,
                                     chart->tail,  chart->low_excess, chart->low_tail, chart->kappa };
    for (size_t i = 0; i < ARRAYS; i++)
        memmove(arrays[i], arrays[i] + chart->held - kept, kept * sizeof(double));
    chart->held = kept;
}

/* What R's wrapper does to the statistic before it is shown. */
static double shown_by_r(double statistic)
{
    return statistic > 0 ? statistic : 0.0; /* 0 for NaN too */
}

double toci_chart_step(struct toci_chart *chart, double count, double mean)
{
    double before = chart->last_count;
    chart->last_count = count;
    if (!chart->rule.generalized)
        return lr_step(chart, count, mean);
    if (chart->held == chart->room)
        make_room(chart);
    size_t place = chart->held++;
    chart->mean[place] = mean;
    chart->largest_mean = fmax(chart->largest_mean, mean);
    chart->before[place] = before;
    chart->kappa[place] = chart->rule.decrease ? -0.5 : 0.5;
    put_count(chart, count);
    double statistic = statistic_of(chart, true);
    return chart->rule.compat ? shown_by_r(statistic) : statistic;
}

/* ---- cases ---- */

static double lr_cases(const struct toci_chart *chart, double mean)
{
    double constant, slope;
    lr_parts(chart, mean, &constant, &slope);
    return (chart->rule.limit - chart->sum_before - constant) / slope;
}

/* Whether a count in the newest step would alarm. The arrays are as before afterwards. */
static bool would_alarm(struct toci_chart *chart, double count)
{
    double actual = chart->count[chart->held - 1];
    put_count(chart, count);
    bool alarms = toci_chart_alarms(chart, statistic_of(chart, false));
    put_count(chart, actual);
    return alarms;
}

/* R's search. Poisson: upward from 0, for the first count that alarms (for a fall: that does not). */
static double poisson_cases_as_r(struct toci_chart *chart)
{
    double count = 0.0, max = chart->rule.max_cases;
    while (count <= max && would_alarm(chart, count) == chart->rule.decrease)
        count += 1.0;
    return count <= max ? count : R_NONE;
}

/* Negative binomial: from the count itself one by one until the alarm changes, but never upward from 0. */
static double negative_binomial_cases_as_r(struct toci_chart *chart, double statistic)
{
    double count = chart->count[chart->held - 1], max = chart->rule.max_cases;
    if (toci_chart_alarms(chart, statistic)) {
        while (count > 0 && would_alarm(chart, count - 1.0))
            count -= 1.0;
        return count;
    }
    while (count > 0 && count <= max && !would_alarm(chart, count))
        count += 1.0;
    return count > 0 && count <= max ? count : R_NONE;
}

static double cases_as_r(struct toci_chart *chart, double statistic)
{
    size_t oldest, newest;
    bool   poisson = chart->overdispersion == 0;
    if (!changes(chart, &oldest, &newest))
        return poisson ? 0.0 : R_NONE;
    return poisson ? poisson_cases_as_r(chart) : negative_binomial_cases_as_r(chart, statistic);
}

/* The statistic grows with the newest count, so the smallest that alarms is found by doubling and halving. */
static double smallest_alarm(struct toci_chart *chart, double statistic)
{
    double max = chart->rule.max_cases, count = chart->count[chart->held - 1], low, high;
    if (toci_chart_alarms(chart, statistic)) {
        if (would_alarm(chart, 0.0))
            return 0.0;
        low = 0.0;
        high = count;
    } else {
        low = count;
        double reach = 1.0;
        for (high = count + 1.0; !would_alarm(chart, high); high = fmin(max, high + reach)) {
            if (high >= max)
                return INFINITY;
            low = high;
            reach *= 2.0;
        }
    }
    while (high - low > 1.0) {
        double middle = floor(0.5 * (low + high));
        if (would_alarm(chart, middle))
            high = middle;
        else
            low = middle;
    }
    return high;
}

double toci_chart_cases(struct toci_chart *chart, double mean, double statistic)
{
    bool compat = chart->rule.compat;
    if (!chart->rule.generalized)
        return compat ? shown_by_r(lr_cases(chart, mean)) : lr_cases(chart, mean);
    if (compat)
        return cases_as_r(chart, statistic);
    return smallest_alarm(chart, statistic);
}
