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
#define R_START 0.5 /* of each step's first change */

enum { ARRAYS = 9 };

/* Steps that the arrays hold. An LR chart remembers one sum and needs none. */
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
    double **const arrays[ARRAYS] = { &chart->count,       &chart->mean,  &chart->before,   &chart->peak, &chart->score,
                                      &chart->information, &chart->kappa, &chart->estimate, &chart->bound };
    for (size_t i = 0; i < ARRAYS && chart->room > 0; i++)
        *arrays[i] = memory + i * chart->room;
}

void toci_chart_begin(struct toci_chart *chart, double overdispersion)
{
    chart->overdispersion = overdispersion;
    chart->held = 0;
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
    double log_ratio = -log1p(a * mean * expm1(kappa) / (1.0 + a * mean));
    *constant = log_ratio / a;
    *slope = kappa + log_ratio;
}

/* S(n) = max(0, S(n-1) + z(n)): the largest sum of z over all k, since a sum below 0 is never part of the largest. */
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
 * With sx, sm the sums of counts and means since the change, l(kappa) = kappa sx + (1 - e^kappa) sm is largest at
 * e^kappa = sx / sm, and is sx log(sx / sm) - (sx - sm) there. With u = sx / sm - 1 that is sm ((1 + u) log(1 + u) -
 * u), which is at most sm u^2 / 2 for u >= 0 and at most sm u^2 for -1 <= u < 0. The sums grow backward from now, so
 * that a stream that forgot older steps adds the same numbers in the same order. */

static double poisson_level(const struct toci_chart *chart, double best)
{
    size_t oldest, newest;
    double sx = 0.0, sm = 0.0;
    bool   decrease = chart->rule.decrease;
    if (!changes(chart, &oldest, &newest))
        return 0.0;
    for (size_t k = chart->held; k-- > oldest;) {
        sx += chart->count[k];
        sm += chart->mean[k];
        double gap = decrease ? sm - sx : sx - sm;
        /* u^2 sm = gap^2 / sm: most changes need no logarithm. */
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
 * l(kappa)       = sum of kappa x + (x + 1/a) log((1 + a mu) / (1 + a mu e^kappa))
 * score          = l'  = sum of (x - e^kappa mu) / (1 + a e^kappa mu)
 * information    = -l" = e^kappa sum of mu (1 + a x) / (1 + a e^kappa mu)^2 > 0: l is concave, its maximum the only
 * one. With p = a e^kappa mu / (1 + a e^kappa mu) each term of the information is (x + 1/a) p (1 - p), and its
 * logarithm has the slope 1 - 2 p, between -1 and 1: the information at kappa + d is within e^-|d| … e^|d| times that
 * at kappa. All bounds below follow from this. */

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
    double a = chart->overdispersion, more = expm1(kappa), sum = 0.0;
    for (size_t i = k; i < chart->held; i++) {
        double mean = chart->mean[i], x = chart->count[i];
        /* log1p: 1 / a times a logarithm near 0 where a is small */
        sum += kappa * x - (x + 1.0 / a) * log1p(a * mean * more / (1.0 + a * mean));
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

/* Whether no case came since the change. */
static bool only_zeros(const struct toci_chart *chart, size_t k)
{
    for (size_t i = k; i < chart->held; i++)
        if (chart->count[i] > 0)
            return false;
    return true;
}

/* Score and information of kappa = 0 for a change at place k, the newest step included. */
static double score_at_zero(const struct toci_chart *chart, size_t k)
{
    return chart->score[k] + chart->newest.score;
}

static double information_at_zero(const struct toci_chart *chart, size_t k)
{
    return chart->information[k] + chart->newest.information;
}

/* Bounds of |kappa| at the maximum from score u and information i at 0, r = u / i: since the information changes by at
 * most e^|kappa|, log(1 + r) <= kappa <= -log(1 - r). Here simpler ones outside of these. */
struct range {
    double low, high;
};

static struct range estimate_range(double score, double information)
{
    double r = score / information;
    return (struct range){ 2.0 * r / (2.0 + r), r < 1 ? r * (2.0 - r) / (2.0 * (1.0 - r)) : INFINITY };
}

/* The statistic is the integral of t times the information at t over 0 … kappa, the score at 0 that of the information
 * alone, so the statistic is the score times a mean of t, which that same e^|t| keeps below kappa / 2 + kappa^2 / 12.
 */
static double statistic_bound(double score, double kappa)
{
    return score * kappa * (0.5 + kappa / 12.0);
}

/* The statistic of a change at place k in the direction where its score points, or anything below `best` if it is. */
static double level_statistic(struct toci_chart *chart, size_t k, double best, bool query)
{
    if (chart->rule.decrease && only_zeros(chart, k))
        return vanished(chart, k);
    double kappa = kappa_at_maximum(chart, k, chart->kappa[k]);
    if (!query)
        chart->kappa[k] = kappa;
    if (statistic_bound(fabs(score_at_zero(chart, k)), fabs(kappa)) < best)
        return 0.0;
    return level_likelihood(chart, k, kappa);
}

/* Our answer for both directions. A change whose score at kappa = 0 points the other way has statistic 0; of the others
 * only those are worked out that could be the largest, beginning with the most promising. */
static double negative_binomial_level(struct toci_chart *chart, double best, bool query)
{
    size_t oldest, newest, first;
    double sign = chart->rule.decrease ? -1.0 : 1.0;
    if (!changes(chart, &oldest, &newest))
        return 0.0;
    first = oldest;
    for (size_t k = oldest; k <= newest; k++) {
        double       score = sign * score_at_zero(chart, k);
        struct range range = estimate_range(score, information_at_zero(chart, k));
        chart->bound[k] = score > 0 ? statistic_bound(score, range.high) : 0.0;
        if (chart->bound[k] > chart->bound[first])
            first = k;
    }
    if (chart->bound[first] > best)
        best = fmax(best, level_statistic(chart, first, best, query));
    for (size_t k = oldest; k <= newest && !(query && best >= chart->rule.limit); k++)
        if (chart->bound[k] > best && k != first)
            best = fmax(best, level_statistic(chart, k, best, query));
    return best;
}

/* What is known of R's estimate for a change: a value, or that it is the maximum and where that lies. */
struct known {
    struct range range;
    bool         exact;
};

/* A value that R's iteration is known to end at. */
static struct known exactly(double value)
{
    return (struct known){ { value, value }, true };
}

/* The maximum itself, with a tighter bound of its statistic; the start is the last estimate for the same change. */
static struct known estimate_exactly(struct toci_chart *chart, size_t k, bool query)
{
    double kappa = kappa_at_maximum(chart, k, chart->kappa[k]);
    if (!query)
        chart->kappa[k] = kappa;
    chart->estimate[k] = kappa;
    chart->bound[k] = statistic_bound(score_at_zero(chart, k), kappa);
    return exactly(kappa);
}

/* R compares its first kappa with 0.4: a start that happens to be there ends the iteration before it began. */
static bool may_be_first_last(struct range start)
{
    return start.low <= R_FIRST_LAST + R_TOLERANCE && start.high >= R_FIRST_LAST - R_TOLERANCE;
}

/* Whether R's iteration from `start` surely ends at the maximum. */
static bool arrives(struct range start, struct range maximum)
{
    return start.high - maximum.low < SAFE_DISTANCE && maximum.high - start.low < SAFE_DISTANCE &&
           !may_be_first_last(start);
}

/* The same where the maximum is below 0, so that the estimate will be 0. */
static bool arrives_below(const struct toci_chart *chart, size_t k, struct range start)
{
    /* Where a mu e^kappa < 1 in every step the score is concave: from the right no step passes the root. */
    bool concave = chart->overdispersion * chart->peak[k] * exp(start.high) <= 1.0;
    if (concave && !may_be_first_last(start))
        return true;
    struct range maximum = estimate_range(-score_at_zero(chart, k), information_at_zero(chart, k));
    return arrives(start, (struct range){ -maximum.high, -maximum.low });
}

/* R's estimate for a change, which starts from that of the change before and is wrong where the iteration from there
 * leads astray; only where that is possible its path is walked. Notes a bound of the statistic, and the estimate if it
 * is exact. */
static struct known rise_as_r(struct toci_chart *chart, size_t k, struct known start, bool query)
{
    double score = score_at_zero(chart, k);
    chart->bound[k] = chart->estimate[k] = 0.0;
    if (score <= 0) {
        /* estimate_range() ends at SAFE_DISTANCE where r = 0.649 */
        if (start.range.high == 0 && -score < 0.649 * information_at_zero(chart, k))
            return start;
        if (arrives_below(chart, k, start.range))
            return exactly(0.0);
        if (!start.exact)
            start = estimate_exactly(chart, k - 1, query);
        if (arrives_below(chart, k, start.range))
            return exactly(0.0);
    } else {
        struct range maximum = estimate_range(score, information_at_zero(chart, k));
        if (arrives(start.range, maximum)) {
            chart->estimate[k] = NAN; /* the maximum, if it is asked for */
            chart->bound[k] = statistic_bound(score, maximum.high);
            return (struct known){ maximum, false };
        }
        if (!start.exact)
            start = estimate_exactly(chart, k - 1, query);
        struct known exact = estimate_exactly(chart, k, query);
        if (arrives(start.range, exact.range))
            return exact;
    }
    chart->estimate[k] = fmax(0.0, kappa_as_r(chart, k, start.range.low));
    chart->bound[k] = chart->estimate[k] > 0 ? INFINITY : 0.0;
    return exactly(chart->estimate[k]);
}

/* Changes from the oldest to the newest, as R takes them, for each start is the estimate before; then the statistics
 * that could be the largest. */
static double negative_binomial_rise_as_r(struct toci_chart *chart, double best, bool query)
{
    size_t       oldest, newest, first;
    struct known kappa = exactly(R_START);
    if (!changes(chart, &oldest, &newest))
        return 0.0;
    first = oldest;
    for (size_t k = oldest; k <= newest; k++) {
        kappa = rise_as_r(chart, k, kappa, query);
        if (chart->bound[k] > chart->bound[first])
            first = k;
    }
    for (size_t i = oldest; i <= newest + 1; i++) {
        size_t k = i == oldest ? first : i - 1; /* the most promising first */
        if (!(chart->bound[k] > best))
            continue;
        if (isnan(chart->estimate[k]))
            estimate_exactly(chart, k, query);
        double statistic = chart->bound[k] > best ? level_likelihood(chart, k, chart->estimate[k]) : 0.0;
        best = statistic > best ? statistic : best; /* false for NaN */
    }
    return best;
}

/* A fall, walked as R walks it: with only zeros the iteration ends somewhere below -18, and the next change starts
 * there. */
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

/* With mu1 = mu + lambda x(t-1): sum of x log(mu1 / mu) - (mu1 - mu), or, negative binomial,
 * x log(mu1 / mu) - (x + 1/a) log((1 + a mu1) / (1 + a mu)). */
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

/* The largest over all changes. No bound: a change is cheap to work out, and few people ask for this chart. */
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

/* The statistic, or `floor` where it is less. query: the newest count is only tried: leave no trace of it, and stop
 * where the limit is reached. */
static double statistic_of(struct toci_chart *chart, double floor, bool query)
{
    const struct toci_chart_rule *rule = &chart->rule;
    if (rule->epidemic)
        return rule->compat ? epidemic_as_r(chart) : epidemic(chart);
    if (chart->overdispersion == 0)
        return poisson_level(chart, floor);
    if (!rule->compat)
        return negative_binomial_level(chart, floor, query);
    return rule->decrease ? negative_binomial_fall_as_r(chart) : negative_binomial_rise_as_r(chart, floor, query);
}

/* What the newest step adds to score and information. */
static void put_count(struct toci_chart *chart, double count)
{
    size_t place = chart->held - 1;
    double a = chart->overdispersion, mean = chart->mean[place], shrink = 1.0 / (1.0 + a * mean);
    chart->count[place] = count;
    chart->newest = (struct toci_chart_step){
        .score = (count - mean) * shrink,
        .information = mean * (a * count + 1.0) * shrink * shrink,
    };
}

/* The newest step becomes one of those before the next, whose mean is given. */
static void settle_newest(struct toci_chart *chart, double mean)
{
    for (size_t k = 0; k < chart->held; k++) {
        chart->score[k] += chart->newest.score;
        chart->information[k] += chart->newest.information;
        chart->peak[k] = chart->peak[k] > mean ? chart->peak[k] : mean;
    }
}

/* Keep the newest `window` steps: with the one that comes they are all that a change can lie in. */
static void make_room(struct toci_chart *chart)
{
    size_t        kept = chart->rule.window;
    double *const arrays[ARRAYS] = { chart->count,       chart->mean,  chart->before,   chart->peak, chart->score,
                                     chart->information, chart->kappa, chart->estimate, chart->bound };
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
    settle_newest(chart, mean);
    if (chart->held == chart->room)
        make_room(chart);
    size_t place = chart->held++;
    chart->score[place] = chart->information[place] = 0.0;
    chart->mean[place] = mean;
    chart->peak[place] = mean;
    chart->before[place] = before;
    chart->kappa[place] = chart->rule.decrease ? -0.5 : 0.5;
    put_count(chart, count);
    double statistic = statistic_of(chart, 0.0, false);
    return chart->rule.compat ? shown_by_r(statistic) : statistic;
}

/* ---- cases ---- */

/* The x at which S(n-1) + z is the limit; z is linear in x. */
static double lr_cases(const struct toci_chart *chart, double mean)
{
    double constant, slope;
    lr_parts(chart, mean, &constant, &slope);
    return (chart->rule.limit - chart->sum_before - constant) / slope;
}

/* Whether a count in the newest step would alarm. The chart is as before afterwards. */
static bool would_alarm(struct toci_chart *chart, double count)
{
    double actual = chart->count[chart->held - 1], limit = chart->rule.limit;
    put_count(chart, count);
    bool alarms = toci_chart_alarms(chart, statistic_of(chart, nextafter(limit, 0.0), true));
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
