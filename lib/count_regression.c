/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "count_regression.h"

#include <float.h>
#include <string.h>

#define MATHLIB_STANDALONE
#include <Rmath.h>

#include "vector_math.h"

/* R's glm.control and glm.nb. */
#define MAX_ITERATIONS 25
#define DEVIANCE_TOLERANCE 1e-8
#define THETA_TOLERANCE 0x1p-13 /* the fourth root of the machine epsilon */

/* Counts below this are kept as a histogram, so that sums over log-gamma functions become short sums of logarithms. */
#define SMALL_COUNTS 512

/* Smallest share of its own square that a column keeps after those before it were taken out. */
#define RANK_TOLERANCE 1e-11

#define LOWEST_LOG_MEAN (-36.04365338911715) /* log(DBL_EPSILON) */
#define HIGHEST_LOG_MEAN 709.0

/* What one count brings to the first least squares, and to the deviance. */
struct start {
    double weight, target, deviance, ylogy;
    bool   known;
};

/* Counts below this are so frequent that what they bring is kept. */
#define FREQUENT_COUNTS 64

/* Every array has room for a whole number of vectors; behind the last cell stand cells of no rows. */
struct cells {
    size_t       num, num_terms;
    size_t       stride;  /* room of one array */
    double      *design;  /* num_terms columns, a stride apart */
    double      *rows;    /* how many rows share the cell's terms */
    double      *total;   /* sum of y */
    double      *squares; /* sum of y^2 */
    double      *weight;  /* of the present least squares, summed over the cell's rows */
    double      *target;  /* weight times working response, summed */
    double      *eta, *mu;
    double      *large; /* counts of at least SMALL_COUNTS */
    size_t       num_large;
    double       num_rows, sum_y, sum_ylogy;
    double       at_least[SMALL_COUNTS + 1]; /* [j]: how many counts exceed j, those beyond SMALL_COUNTS not included */
    size_t       largest_small;
    double       start_deviance;
    struct start frequent[FREQUENT_COUNTS];
};

static size_t count_terms(const struct toci_terms *terms)
{
    return 1u + (terms->trend ? 1u : 0u) + 2u * (size_t) terms->harmonics + (terms->weekdays ? 6u : 0u);
}

/* Rows that are a year apart share their terms. */
static bool is_periodic(const struct toci_terms *terms)
{
    return !terms->trend && !terms->weekdays;
}

static size_t most_cells(const struct toc_series *series, const struct toci_terms *terms, size_t max_rows)
{
    size_t period = (size_t) series->steps_per_year;
    size_t most = is_periodic(terms) && period < max_rows ? period : max_rows;
    return (most + TOCI_LANES - 1) / TOCI_LANES * TOCI_LANES;
}

size_t toci_fit_doubles(const struct toc_series *series, const struct toci_terms *terms, size_t max_rows)
{
    return most_cells(series, terms, max_rows) * (count_terms(terms) + 7) + max_rows;
}

static void fill_terms(const struct toci_fit *fit, size_t row, int weekday, double *out)
{
    double t = fit->terms.first_time + (double) row;
    size_t next = 0;
    out[next++] = 1.0;
    if (fit->terms.trend)
        out[next++] = (t - fit->trend_centre) / fit->trend_scale;
    for (int s = 1; s <= fit->terms.harmonics; s++) {
        double angle = 2.0 * s * M_PI / fit->period * t;
        out[next++] = cos(angle);
        out[next++] = sin(angle);
    }
    for (int day = 1; fit->terms.weekdays && day < 7; day++)
        out[next++] = weekday == day ? 1.0 : 0.0;
}

static int weekday_of(const struct toci_terms *terms, const struct toc_series *series, size_t row)
{
    return terms->weekdays ? toc_date_weekday(series->date[row]) : 0;
}

double toci_fit_mean(const struct toci_fit *fit, const struct toc_series *series, size_t row)
{
    return toci_fit_mean_at(fit, row, weekday_of(&fit->terms, series, row));
}

double toci_fit_mean_at(const struct toci_fit *fit, size_t row, int weekday)
{
    double terms[TOCI_MAX_TERMS], eta = 0.0;
    fill_terms(fit, row, weekday, terms);
    for (size_t i = 0; i < fit->num_terms; i++)
        eta += fit->coefficients[i] * terms[i];
    return fmax(exp(eta), DBL_EPSILON);
}

/* ---- gathering ---- */

static void place(struct cells *cells, double *work, size_t max_cells, size_t num_terms)
{
    *cells = (struct cells){ .num_terms = num_terms, .stride = max_cells };
    cells->design = work;
    work += max_cells * num_terms;
    double **const columns[] = { &cells->rows,   &cells->total, &cells->squares, &cells->weight,
                                 &cells->target, &cells->eta,   &cells->mu };
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++, work += max_cells)
        *columns[i] = work;
    cells->large = work;
}

/* R starts a Poisson fit at mu = y + 0.1, a negative binomial one at y, or 1/6 for a count of zero. */
static struct start start_of(double y, double overdispersion)
{
    struct start start = { .ylogy = y > 0 ? y * log(y) : 0.0, .known = true };
    if (!(overdispersion > 0)) {
        double mu = y + 0.1, log_mu = log(mu);
        start.weight = mu;
        start.target = mu * log_mu - 0.1;
        start.deviance = 2.0 * (0.1 - (y > 0 ? y * log_mu - start.ylogy : 0.0));
        return start;
    }
    double mu = y > 0 ? y : 1.0 / 6.0;
    start.weight = mu / (1.0 + overdispersion * mu);
    start.target = start.weight * (log(mu) + (y - mu) / mu);
    start.deviance = y == 0 ? 2.0 / overdispersion * log1p(overdispersion * mu) : 0.0;
    return start;
}

/* A count that occurs `times` times, in the sums over all rows. */
static void add_sums(struct cells *cells, double times, double y, const struct start *start)
{
    cells->num_rows += times;
    cells->sum_y += times * y;
    cells->sum_ylogy += times * start->ylogy;
    cells->start_deviance += times * start->deviance;
}

/* The sums over all rows wait until every frequent count has been counted. */
static inline void add(struct cells *cells, size_t cell, double y, double overdispersion)
{
    struct start        rare;
    const struct start *start = &rare;
    if (y < FREQUENT_COUNTS) {
        struct start *frequent = &cells->frequent[(size_t) y];
        if (!frequent->known)
            *frequent = start_of(y, overdispersion);
        start = frequent;
    } else {
        rare = start_of(y, overdispersion);
        add_sums(cells, 1.0, y, &rare);
    }
    if (y < SMALL_COUNTS) {
        size_t count = (size_t) y;
        cells->at_least[count] += 1.0;
        if (count > cells->largest_small)
            cells->largest_small = count;
    } else {
        cells->large[cells->num_large++] = y;
    }
    cells->rows[cell] += 1.0;
    cells->total[cell] += y;
    cells->squares[cell] += y * y;
    cells->weight[cell] += start->weight;
    cells->target[cell] += start->target;
}

/* at_least[] holds how often each count occurs: add up the frequent ones, and make it how many counts exceed each. */
static void accumulate(struct cells *cells)
{
    double more = 0.0;
    for (size_t j = cells->largest_small + 1; j-- > 0;) {
        double here = cells->at_least[j];
        if (here > 0 && j < FREQUENT_COUNTS)
            add_sums(cells, here, (double) j, &cells->frequent[j]);
        cells->at_least[j] = more;
        more += here;
    }
}

/* Empty the next vector of cells. */
static void clear_cells(struct cells *cells, size_t from)
{
    size_t bytes = TOCI_LANES * sizeof(double);
    for (size_t i = 0; i < cells->num_terms; i++)
        memset(cells->design + i * cells->stride + from, 0, bytes);
    double *const arrays[] = { cells->rows, cells->total, cells->squares, cells->weight, cells->target };
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        memset(arrays[i] + from, 0, bytes);
}

static void gather(struct cells *cells, const struct toc_series *series, size_t first, size_t num,
                   const struct toci_fit *fit, double overdispersion, enum toc_mode mode)
{
    enum { LONGEST_PERIOD = 365 };
    size_t cell_of_phase[LONGEST_PERIOD];
    bool   periodic = is_periodic(&fit->terms);
    size_t period = (size_t) series->steps_per_year;

    memset(cell_of_phase, 0xff, period * sizeof *cell_of_phase);
    for (size_t row = first, phase = first % period; row < first + num; row++, phase++) {
        if (phase == period)
            phase = 0;
        double y = series->observed[row];
        if (isnan(y) || (mode != TOC_MODE_R && toci_is_holiday(series, row)))
            continue;
        size_t cell = periodic ? cell_of_phase[phase] : SIZE_MAX;
        if (cell == SIZE_MAX) {
            cell = cells->num++;
            if (cell % TOCI_LANES == 0)
                clear_cells(cells, cell);
            double terms[TOCI_MAX_TERMS];
            fill_terms(fit, row, weekday_of(&fit->terms, series, row), terms);
            for (size_t i = 0; i < cells->num_terms; i++)
                cells->design[i * cells->stride + cell] = terms[i];
            if (periodic)
                cell_of_phase[phase] = cell;
        }
        add(cells, cell, y, overdispersion);
    }
    accumulate(cells);
}

/* ---- weighted least squares ---- */

/* Cholesky factor of the symmetric matrix a (lower part, in place). A column that those before it explain gets a zero
 * pivot, and so a zero coefficient, as R's pivoted QR gives it none. */
static void factor(double *a, size_t p)
{
    for (size_t j = 0; j < p; j++) {
        double square = a[j * p + j], rest = square;
        for (size_t k = 0; k < j; k++)
            rest -= a[j * p + k] * a[j * p + k];
        double pivot = rest > RANK_TOLERANCE * square ? sqrt(rest) : 0.0;
        a[j * p + j] = pivot;
        for (size_t i = j + 1; i < p; i++) {
            double sum = a[i * p + j];
            for (size_t k = 0; k < j; k++)
                sum -= a[i * p + k] * a[j * p + k];
            a[i * p + j] = pivot > 0 ? sum / pivot : 0.0;
        }
    }
}

static void substitute(const double *a, size_t p, double *b)
{
    for (size_t i = 0; i < p; i++) {
        for (size_t k = 0; k < i; k++)
            b[i] -= a[i * p + k] * b[k];
        b[i] = a[i * p + i] > 0 ? b[i] / a[i * p + i] : 0.0;
    }
    for (size_t i = p; i-- > 0;) {
        for (size_t k = i + 1; k < p; k++)
            b[i] -= a[k * p + i] * b[k];
        b[i] = a[i * p + i] > 0 ? b[i] / a[i * p + i] : 0.0;
    }
}

/* a = X' W X (lower part) and b = X' W z, over all cells. Inlined for a number of terms p that the compiler knows. */
TOCI_INLINE void normal_equations(const struct cells *cells, size_t p, double *a, double *b)
{
    toci_vec products[TOCI_MAX_TERMS], sums[TOCI_MAX_TERMS];
    for (size_t i = 0; i < p; i++) {
        toci_vec target = toci_vec_all(0.0);
        for (size_t j = 0; j <= i; j++)
            sums[j] = target;
        for (size_t c = 0; c < cells->num; c += TOCI_LANES) {
            toci_vec x = toci_vec_load(cells->design + i * cells->stride + c);
            toci_vec weighted = toci_vec_load(cells->weight + c) * x;
            target += toci_vec_load(cells->target + c) * x;
            for (size_t j = 0; j <= i; j++) {
                products[j] = weighted * toci_vec_load(cells->design + j * cells->stride + c);
                sums[j] += products[j];
            }
        }
        b[i] = toci_vec_sum(target);
        for (size_t j = 0; j <= i; j++)
            a[i * p + j] = toci_vec_sum(sums[j]);
    }
}

TOCI_INLINE void toci_normal_equations_body(const struct cells *cells, double *a, double *b)
{
    if (cells->num_terms == 3) /* one harmonic, the usual case */
        normal_equations(cells, 3, a, b);
    else
        normal_equations(cells, cells->num_terms, a, b);
}

static void toci_normal_equations(const struct cells *cells, double *a, double *b);
TOCI_DISPATCH(toci_normal_equations, (const struct cells *cells, double *a, double *b), (cells, a, b))

static void solve(struct cells *cells, double *coefficients)
{
    double a[TOCI_MAX_TERMS * TOCI_MAX_TERMS];
    toci_normal_equations(cells, a, coefficients);
    factor(a, cells->num_terms);
    substitute(a, cells->num_terms, coefficients);
}

/* ---- regression for a given overdispersion ---- */

/* Means at these coefficients, and from them working weights and responses:
 *   W = mu / (1 + a mu),  W z = W eta + (y - mu) / (1 + a mu). */
TOCI_INLINE void predict(struct cells *cells, size_t p, const double *coefficients, double overdispersion)
{
    for (size_t c = 0; c < cells->num; c += TOCI_LANES) {
        toci_vec eta = toci_vec_all(0.0);
        for (size_t i = 0; i < p; i++)
            eta += coefficients[i] * toci_vec_load(cells->design + i * cells->stride + c);
        toci_vec mu = toci_vec_exp(toci_vec_clamp(eta, LOWEST_LOG_MEAN, HIGHEST_LOG_MEAN));
        mu = toci_vec_choose((toci_vec_bits) (eta <= HIGHEST_LOG_MEAN), mu,
                             toci_vec_all(INFINITY)); /* or not a number */
        toci_vec rows = toci_vec_load(cells->rows + c), shrink = 1.0 / (1.0 + overdispersion * mu);
        toci_vec weight = rows * mu * shrink;
        toci_vec_store(cells->eta + c, eta);
        toci_vec_store(cells->mu + c, mu);
        toci_vec_store(cells->weight + c, weight);
        toci_vec_store(cells->target + c, weight * eta + (toci_vec_load(cells->total + c) - rows * mu) * shrink);
    }
}

TOCI_INLINE void toci_predict_cells_body(struct cells *cells, const double *coefficients, double overdispersion)
{
    if (cells->num_terms == 3)
        predict(cells, 3, coefficients, overdispersion);
    else
        predict(cells, cells->num_terms, coefficients, overdispersion);
}

static void toci_predict_cells(struct cells *cells, const double *coefficients, double overdispersion);
TOCI_DISPATCH(toci_predict_cells, (struct cells * cells, const double *coefficients, double overdispersion),
              (cells, coefficients, overdispersion))

/* The same weights and responses for another overdispersion, at the means that stand. */
static void reweight(struct cells *cells, double overdispersion)
{
    for (size_t c = 0; c < cells->num; c++) {
        double mu = cells->mu[c], shrink = 1.0 / (1.0 + overdispersion * mu);
        cells->weight[c] = cells->rows[c] * mu * shrink;
        cells->target[c] = cells->weight[c] * cells->eta[c] + (cells->total[c] - cells->rows[c] * mu) * shrink;
    }
}

/* sum of (y + theta) log(y + theta) over all rows. */
static double saturated(const struct cells *cells, double theta)
{
    double sum = 0.0, exceed = cells->num_rows - (double) cells->num_large;
    for (size_t j = 0; j <= cells->largest_small; j++) {
        double rows = exceed - cells->at_least[j]; /* with exactly j cases */
        double term = (double) j + theta;
        if (rows > 0)
            sum += rows * term * log(term);
        exceed = cells->at_least[j];
    }
    for (size_t i = 0; i < cells->num_large; i++)
        sum += (cells->large[i] + theta) * log(cells->large[i] + theta);
    return sum;
}

/* 2 sum of y log(y / mu) - (y - mu), or 2 sum of y log(y / mu) - (y + theta) log((y + theta) / (mu + theta)). */
static double deviance(const struct cells *cells, double overdispersion, double saturated_sum)
{
    double sum = cells->sum_ylogy;
    if (overdispersion == 0) {
        for (size_t c = 0; c < cells->num; c++)
            sum -= cells->total[c] * (cells->eta[c] + 1.0) - cells->rows[c] * cells->mu[c];
        return 2.0 * sum;
    }
    double theta = 1.0 / overdispersion;
    sum -= saturated_sum;
    for (size_t c = 0; c < cells->num; c++)
        sum += (cells->total[c] + cells->rows[c] * theta) * log(cells->mu[c] + theta) - cells->total[c] * cells->eta[c];
    return 2.0 * sum;
}

/* Iterate from the weights that stand in the cells, whose deviance is `before`. False where it left the numbers. */
static bool regress(struct cells *cells, double overdispersion, double before, struct toci_fit *fit)
{
    double saturated_sum = overdispersion > 0 ? saturated(cells, 1.0 / overdispersion) : 0.0;
    fit->converged = false;
    for (fit->iterations = 1; fit->iterations <= MAX_ITERATIONS; fit->iterations++) {
        solve(cells, fit->coefficients);
        toci_predict_cells(cells, fit->coefficients, overdispersion);
        fit->deviance = deviance(cells, overdispersion, saturated_sum);
        if (!isfinite(fit->deviance))
            return false;
        if (fabs(fit->deviance - before) / (0.1 + fabs(fit->deviance)) < DEVIANCE_TOLERANCE) {
            fit->converged = true;
            return true;
        }
        before = fit->deviance;
    }
    fit->iterations = MAX_ITERATIONS;
    return true;
}

/* ---- the overdispersion ---- */

/* Score and information of theta at the present means: with psi the digamma function,
 *   score = sum of psi(theta + y) - psi(theta) + log theta + 1 - log(theta + mu) - (y + theta) / (mu + theta). */
static void theta_derivatives(const struct cells *cells, double theta, double *score, double *information)
{
    double u = 0.0, i = 0.0;
    for (size_t j = 0; j < cells->largest_small; j++) { /* psi(theta + y) - psi(theta) = sum of 1 / (theta + j) */
        double inverse = 1.0 / (theta + (double) j), rows = cells->at_least[j];
        u += rows * inverse;
        i += rows * inverse * inverse;
    }
    for (size_t k = 0; k < cells->num_large; k++) {
        u += digamma(theta + cells->large[k]) - digamma(theta);
        i += trigamma(theta) - trigamma(theta + cells->large[k]);
    }
    for (size_t c = 0; c < cells->num; c++) {
        double rows = cells->rows[c], inverse = 1.0 / (cells->mu[c] + theta);
        double share = (cells->total[c] + rows * theta) * inverse;
        u -= rows * log((theta + cells->mu[c]) / theta) + share - rows;
        i += (2.0 * rows - share) * inverse;
    }
    *score = u;
    *information = i - cells->num_rows / theta;
}

/* Newton steps from the moment estimate n / sum of (y / mu - 1)^2. */
static double estimate_theta(const struct cells *cells, bool *converged)
{
    double spread = 0.0, step = 1.0;
    for (size_t c = 0; c < cells->num; c++) {
        double inverse = 1.0 / cells->mu[c];
        spread += (cells->squares[c] * inverse - 2.0 * cells->total[c]) * inverse + cells->rows[c];
    }
    double theta = cells->num_rows / spread;
    int    iteration = 0;
    while (++iteration < MAX_ITERATIONS && fabs(step) > THETA_TOLERANCE) {
        double score, information;
        theta = fabs(theta);
        theta_derivatives(cells, theta, &score, &information);
        step = score / information;
        theta += step;
    }
    *converged = fabs(step) <= THETA_TOLERANCE;
    return fmax(theta, 0.0);
}

/* Twice the log-likelihood, less what depends on the counts alone. */
static double twice_log_likelihood(const struct cells *cells, double theta)
{
    double sum = cells->num_rows * theta * log(theta);
    for (size_t j = 0; j < cells->largest_small; j++)
        sum += cells->at_least[j] * log(theta + (double) j);
    for (size_t k = 0; k < cells->num_large; k++)
        sum += lgammafn(theta + cells->large[k]) - lgammafn(theta);
    for (size_t c = 0; c < cells->num; c++)
        sum += cells->total[c] * log(cells->mu[c]) -
               (cells->total[c] + cells->rows[c] * theta) * log(theta + cells->mu[c]);
    return 2.0 * sum;
}

/* glm.nb's alternation, from the means of a Poisson fit. False where it left the numbers. */
static bool alternate(struct cells *cells, struct toci_fit *fit)
{
    bool   settled;
    double theta = estimate_theta(cells, &settled);
    double scale = sqrt(2.0 * fmax(1.0, cells->num_rows - (double) cells->num_terms));
    double now = twice_log_likelihood(cells, theta), before = now + 2.0 * scale, change = 1.0;
    int    iteration = 0;

    while (iteration++ < MAX_ITERATIONS && fabs(before - now) / scale + fabs(change) > DEVIANCE_TOLERANCE) {
        double overdispersion = 1.0 / theta, start;
        if (!isfinite(overdispersion) || !(overdispersion > 0))
            return false;
        double next = estimate_theta(cells, &settled); /* at the means before this round's regression */
        start = deviance(cells, overdispersion, saturated(cells, theta));
        reweight(cells, overdispersion);
        if (!isfinite(start) || !regress(cells, overdispersion, start, fit))
            return false;
        change = theta - next;
        theta = next;
        before = now;
        now = twice_log_likelihood(cells, theta);
    }
    fit->overdispersion = 1.0 / theta;
    fit->converged = fit->converged && settled && iteration <= MAX_ITERATIONS;
    return isfinite(fit->overdispersion);
}

enum toc_reason toci_fit_baseline(const struct toc_series *series, size_t first, size_t num,
                                  const struct toci_terms *terms, double overdispersion, enum toc_mode mode,
                                  double *work, struct toci_fit *fit)
{
    struct cells cells;
    *fit = (struct toci_fit){
        .terms = *terms,
        .period = series->steps_per_year,
        .trend_centre = terms->first_time + (double) first + 0.5 * (double) num,
        .trend_scale = num > 1 ? 0.5 * (double) num : 1.0,
        .num_terms = count_terms(terms),
    };
    place(&cells, work, most_cells(series, terms, num), fit->num_terms);
    gather(&cells, series, first, num, fit, overdispersion, mode);
    fit->num_rows = (size_t) cells.num_rows;
    fit->total = cells.sum_y;
    if (fit->num_rows < fit->num_terms)
        return TOC_REASON_SHORT_HISTORY;

    bool estimate = isnan(overdispersion);
    fit->overdispersion = estimate ? 0.0 : overdispersion;
    if (!regress(&cells, fit->overdispersion, cells.start_deviance, fit))
        return TOC_REASON_FIT_FAILED;
    if (!estimate || (mode != TOC_MODE_R && cells.sum_y == 0)) /* nothing to estimate from zeros alone */
        return TOC_REASON_NONE;
    if (alternate(&cells, fit))
        return TOC_REASON_NONE;
    if (mode == TOC_MODE_R)
        return TOC_REASON_FIT_FAILED;
    /* Counts that vary less than a Poisson variable have no overdispersion to estimate. */
    return toci_fit_baseline(series, first, num, terms, 0.0, mode, work, fit);
}
