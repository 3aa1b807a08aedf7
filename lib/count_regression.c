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

/* Counts below this are so frequent that what they bring to the fit is worked out once. */
#define FREQUENT_COUNTS 64

/* What each of some counts brings to the first least squares, and to the deviance. */
struct starts {
    double weight[FREQUENT_COUNTS], target[FREQUENT_COUNTS], deviance[FREQUENT_COUNTS], ylogy[FREQUENT_COUNTS];
};

/* Every array has room for a whole number of vectors; behind the last cell stand cells of no rows. */
struct cells {
    size_t  num, num_terms;
    size_t  stride;  /* room of one array */
    double *design;  /* num_terms columns, a stride apart */
    double *rows;    /* how many rows share the cell's terms */
    double *total;   /* sum of y */
    double *squares; /* sum of y^2 */
    double *weight;  /* of the present least squares, summed over the cell's rows */
    double *target;  /* weight times working response, summed */
    double *eta, *mu;
    double *large; /* counts of at least SMALL_COUNTS */
    size_t  num_large;
    double  num_rows, sum_y, sum_ylogy;
    double  at_least[SMALL_COUNTS + 1]; /* [j]: how many counts exceed j, those beyond SMALL_COUNTS not included */
    size_t  largest_small;
    double  loss; /* sum of y (eta + 1) - mu */
    double  start_deviance;
    struct starts frequent;
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

/* The terms of the four rows from time t on, whose days of the week these are: a vector each, `stride` apart. */
TOCI_INLINE void toci_fill_terms_body(const struct toci_fit *fit, double t, const double *weekday, double *out,
                                      size_t stride)
{
    toci_vec time = t + (toci_vec){ 0.0, 1.0, 2.0, 3.0 }, cosine, sine;
    toci_vec_store(out, toci_vec_all(1.0));
    if (fit->terms.trend)
        toci_vec_store(out += stride, (time - fit->trend_centre) / fit->trend_scale);
    for (int s = 1; s <= fit->terms.harmonics; s++) {
        toci_vec_cos_sin((double) s * time / fit->period, &cosine, &sine);
        toci_vec_store(out += stride, cosine);
        toci_vec_store(out += stride, sine);
    }
    for (int day = 1; fit->terms.weekdays && day < 7; day++) {
        toci_vec_bits same = (toci_vec_bits) (toci_vec_load(weekday) == (double) day);
        toci_vec_store(out += stride, toci_vec_choose(same, toci_vec_all(1.0), toci_vec_all(0.0)));
    }
}

static void toci_fill_terms(const struct toci_fit *fit, double t, const double *weekday, double *out, size_t stride);
TOCI_DISPATCH(toci_fill_terms,
              (const struct toci_fit *fit, double t, const double *weekday, double *out, size_t stride),
              (fit, t, weekday, out, stride))

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
    double terms[TOCI_MAX_TERMS * TOCI_LANES], eta = 0.0;
    double weekdays[TOCI_LANES] = { weekday };
    toci_fill_terms(fit, fit->terms.first_time + (double) row, weekdays, terms, TOCI_LANES);
    for (size_t i = 0; i < fit->num_terms; i++)
        eta += fit->coefficients[i] * terms[i * TOCI_LANES];
    return fmax(exp(eta), DBL_EPSILON);
}

/* ---- gathering ---- */

static void place(struct cells *cells, double *work, size_t max_cells, size_t num_terms)
{
    cells->num_terms = num_terms;
    cells->stride = max_cells;
    cells->design = work;
    work += max_cells * num_terms;
    double **const columns[] = { &cells->rows,   &cells->total, &cells->squares, &cells->weight,
                                 &cells->target, &cells->eta,   &cells->mu };
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++, work += max_cells)
        *columns[i] = work;
    cells->large = work;
    cells->num_large = cells->largest_small = 0;
    cells->num_rows = cells->sum_y = cells->sum_ylogy = cells->start_deviance = 0.0;
    memset(cells->at_least, 0, sizeof cells->at_least);
}

/* What the four counts from y on bring. R starts a Poisson fit at mu = y + 0.1, a negative binomial one at y, or 1/6
 * for a count of zero, whose deviance there is zero_deviance. */
TOCI_INLINE void start(double y, double overdispersion, double zero_deviance, struct starts *starts, size_t to)
{
    toci_vec      counts = y + (toci_vec){ 0.0, 1.0, 2.0, 3.0 }, none = toci_vec_all(0.0), weight, target, deviance;
    toci_vec_bits positive = (toci_vec_bits) (counts > 0.0);
    toci_vec      ylogy = counts * toci_vec_log(toci_vec_choose(positive, counts, toci_vec_all(1.0)));
    if (overdispersion > 0) {
        toci_vec mu = toci_vec_choose(positive, counts, toci_vec_all(1.0 / 6.0));
        weight = mu / (1.0 + overdispersion * mu);
        target = weight * (toci_vec_log(mu) + (counts - mu) / mu);
        deviance = toci_vec_choose(positive, none, toci_vec_all(zero_deviance));
    } else {
        toci_vec mu = counts + 0.1, log_mu = toci_vec_log(mu);
        weight = mu;
        target = mu * log_mu - 0.1;
        deviance = 2.0 * (0.1 - (counts * log_mu - ylogy));
    }
    toci_vec_store(starts->weight + to, weight);
    toci_vec_store(starts->target + to, target);
    toci_vec_store(starts->deviance + to, deviance);
    toci_vec_store(starts->ylogy + to, ylogy);
}

TOCI_INLINE void toci_start_body(double y, size_t num, double overdispersion, struct starts *starts)
{
    double zero_deviance = overdispersion > 0 ? 2.0 / overdispersion * log1p(overdispersion / 6.0) : 0.2;
    for (size_t i = 0; i < num; i += TOCI_LANES)
        start(y + (double) i, overdispersion, zero_deviance, starts, i);
}

static void toci_start(double y, size_t num, double overdispersion, struct starts *starts);
TOCI_DISPATCH(toci_start, (double y, size_t num, double overdispersion, struct starts *starts),
              (y, num, overdispersion, starts))

/* A count that occurs `times` times, in the sums over all rows. */
static void add_sums(struct cells *cells, double times, double y, const struct starts *starts, size_t i)
{
    cells->num_rows += times;
    cells->sum_y += times * y;
    cells->sum_ylogy += times * starts->ylogy[i];
    cells->start_deviance += times * starts->deviance[i];
}

/* A count beyond the frequent ones, which wait until all have been counted; *starts has what it brings, first. */
static void add_rare(struct cells *cells, double y, double overdispersion, struct starts *starts)
{
    toci_start(y, 1, overdispersion, starts);
    add_sums(cells, 1.0, y, starts, 0);
    if (y < SMALL_COUNTS) {
        size_t count = (size_t) y;
        cells->at_least[count] += 1.0;
        if (count > cells->largest_small)
            cells->largest_small = count;
    } else {
        cells->large[cells->num_large++] = y;
    }
}

/* Cell c: every step-th row from c on. */
static void gather_cell(struct cells *cells, const struct toc_series *series, size_t c, size_t from, size_t end,
                        double overdispersion, enum toc_mode mode)
{
    const uint8_t *holiday = mode == TOC_MODE_R ? NULL : series->holiday;
    const double *observed = series->observed, *weight_of = cells->frequent.weight, *target_of = cells->frequent.target;
    double       *times = cells->at_least;
    double        rows = 0.0, total = 0.0, squares = 0.0, weight = 0.0, target = 0.0;
    for (size_t row = from, step = cells->num; row < end; row += step) {
        double y = observed[row];
        if (holiday != NULL && holiday[row] != 0)
            continue;
        if (y < FREQUENT_COUNTS) {
            size_t count = (size_t) (int) y;
            times[count] += 1.0;
            weight += weight_of[count];
            target += target_of[count];
        } else if (isnan(y)) {
            continue;
        } else {
            struct starts rare;
            add_rare(cells, y, overdispersion, &rare);
            weight += rare.weight[0];
            target += rare.target[0];
        }
        rows += 1.0;
        total += y;
        squares += y * y;
    }
    cells->rows[c] = rows;
    cells->total[c] = total;
    cells->squares[c] = squares;
    cells->weight[c] = weight;
    cells->target[c] = target;
}

/* at_least[] holds how often each count occurs: add up the frequent ones, and make it how many counts exceed each. */
static void accumulate(struct cells *cells)
{
    double more = 0.0;
    for (size_t j = FREQUENT_COUNTS; cells->largest_small == 0 && j-- > 1;)
        if (cells->at_least[j] > 0)
            cells->largest_small = j;
    for (size_t j = cells->largest_small + 1; j-- > 0;) {
        double here = cells->at_least[j];
        if (here > 0 && j < FREQUENT_COUNTS)
            add_sums(cells, here, (double) j, &cells->frequent, j);
        cells->at_least[j] = more;
        more += here;
    }
}

/* The terms of all cells; one without rows has none, so that no mean leaves the numbers there. */
static void design(struct cells *cells, const struct toc_series *series, size_t first, const struct toci_fit *fit)
{
    for (size_t c = 0; c < cells->num; c += TOCI_LANES) {
        double weekday[TOCI_LANES] = { 0 };
        for (size_t lane = 0; fit->terms.weekdays && lane < TOCI_LANES && c + lane < cells->num; lane++)
            weekday[lane] = toc_date_weekday(series->date[first + c + lane]);
        toci_fill_terms(fit, fit->terms.first_time + (double) (first + c), weekday, cells->design + c, cells->stride);
    }
    for (size_t c = 0; c < cells->num || c % TOCI_LANES != 0; c++)
        for (size_t i = 0; cells->rows[c] == 0 && i < cells->num_terms; i++)
            cells->design[i * cells->stride + c] = 0.0;
}

/* Rows that are a year apart share a cell where the terms are periodic; else each has its own. */
static void gather(struct cells *cells, const struct toc_series *series, size_t first, size_t num,
                   const struct toci_fit *fit, double overdispersion, enum toc_mode mode)
{
    size_t period = (size_t) series->steps_per_year;
    cells->num = is_periodic(&fit->terms) && period < num ? period : num;
    toci_start(0.0, FREQUENT_COUNTS, overdispersion, &cells->frequent);
    for (size_t c = 0; c < cells->num; c++)
        gather_cell(cells, series, c, first + c, first + num, overdispersion, mode);
    for (size_t c = cells->num; c % TOCI_LANES != 0; c++)
        cells->rows[c] = cells->total[c] = cells->squares[c] = cells->weight[c] = cells->target[c] = 0.0;
    accumulate(cells);
    design(cells, series, first, fit);
}

/* ---- weighted least squares ---- */

/* Cholesky factor of the symmetric matrix a (lower part, in place), with the inverse of each pivot in its place. A
 * column that those before it explain gets 0 there, and so a zero coefficient, as R's pivoted QR gives it none. */
TOCI_INLINE void factor(double *a, size_t p)
{
    for (size_t j = 0; j < p; j++) {
        double square = a[j * p + j], rest = square;
        for (size_t k = 0; k < j; k++)
            rest -= a[j * p + k] * a[j * p + k];
        double inverse = rest > RANK_TOLERANCE * square ? 1.0 / sqrt(rest) : 0.0;
        a[j * p + j] = inverse;
        for (size_t i = j + 1; i < p; i++) {
            double sum = a[i * p + j];
            for (size_t k = 0; k < j; k++)
                sum -= a[i * p + k] * a[j * p + k];
            a[i * p + j] = sum * inverse;
        }
    }
}

TOCI_INLINE void substitute(const double *a, size_t p, double *b)
{
    for (size_t i = 0; i < p; i++) {
        for (size_t k = 0; k < i; k++)
            b[i] -= a[i * p + k] * b[k];
        b[i] *= a[i * p + i];
    }
    for (size_t i = p; i-- > 0;) {
        for (size_t k = i + 1; k < p; k++)
            b[i] -= a[k * p + i] * b[k];
        b[i] *= a[i * p + i];
    }
}

/* a = X' W X (lower part) and b = X' W z, over all cells. Inlined for a number of terms p that the compiler knows. */
TOCI_INLINE void normal_equations(const struct cells *cells, size_t p, double *a, double *b)
{
    toci_vec targets[TOCI_MAX_TERMS], sums[TOCI_MAX_TERMS * (TOCI_MAX_TERMS + 1) / 2];
    for (size_t i = 0, next = 0; i < p; i++) {
        targets[i] = toci_vec_all(0.0);
        for (size_t j = 0; j <= i; j++)
            sums[next++] = toci_vec_all(0.0);
    }
    for (size_t c = 0; c < cells->num; c += TOCI_LANES) {
        toci_vec weight = toci_vec_load(cells->weight + c), target = toci_vec_load(cells->target + c);
        for (size_t i = 0, next = 0; i < p; i++) {
            toci_vec x = toci_vec_load(cells->design + i * cells->stride + c), weighted = weight * x;
            targets[i] += target * x;
            for (size_t j = 0; j <= i; j++)
                sums[next++] += weighted * toci_vec_load(cells->design + j * cells->stride + c);
        }
    }
    for (size_t i = 0, next = 0; i < p; i++) {
        b[i] = toci_vec_sum(targets[i]);
        for (size_t j = 0; j <= i; j++)
            a[i * p + j] = toci_vec_sum(sums[next++]);
    }
}

TOCI_INLINE void solve(const struct cells *cells, size_t p, double *coefficients)
{
    double a[TOCI_MAX_TERMS * TOCI_MAX_TERMS];
    normal_equations(cells, p, a, coefficients);
    factor(a, p);
    substitute(a, p, coefficients);
}

TOCI_INLINE void toci_solve_body(const struct cells *cells, double *coefficients)
{
    if (cells->num_terms == 3) /* one harmonic, the usual case */
        solve(cells, 3, coefficients);
    else
        solve(cells, cells->num_terms, coefficients);
}

static void toci_solve(const struct cells *cells, double *coefficients);
TOCI_DISPATCH(toci_solve, (const struct cells *cells, double *coefficients), (cells, coefficients))

/* ---- regression for a given overdispersion ---- */

/* Means at these coefficients, and from them working weights and responses:
 *   W = mu / (1 + a mu),  W z = W eta + (y - mu) / (1 + a mu). */
TOCI_INLINE void predict(struct cells *cells, size_t p, const double *coefficients, double overdispersion)
{
    const double *design = cells->design, *rows = cells->rows, *totals = cells->total; /* no store changes these */
    double       *etas = cells->eta, *mus = cells->mu, *weights = cells->weight, *targets = cells->target;
    size_t        num = cells->num, stride = cells->stride;
    toci_vec      loss = toci_vec_all(0.0);
    for (size_t c = 0; c < num; c += TOCI_LANES) {
        toci_vec eta = toci_vec_all(0.0);
        for (size_t i = 0; i < p; i++)
            eta += coefficients[i] * toci_vec_load(design + i * stride + c);
        toci_vec mu = toci_vec_exp(toci_vec_clamp(eta, LOWEST_LOG_MEAN, HIGHEST_LOG_MEAN));
        mu = toci_vec_choose((toci_vec_bits) (eta <= HIGHEST_LOG_MEAN), mu,
                             toci_vec_all(INFINITY)); /* or not a number */
        toci_vec expected = toci_vec_load(rows + c) * mu, total = toci_vec_load(totals + c);
        toci_vec shrink = overdispersion > 0 ? 1.0 / (1.0 + overdispersion * mu) : toci_vec_all(1.0);
        toci_vec weight = expected * shrink;
        toci_vec_store(etas + c, eta);
        toci_vec_store(mus + c, mu);
        toci_vec_store(weights + c, weight);
        toci_vec_store(targets + c, weight * eta + (total - expected) * shrink);
        loss += total * (eta + 1.0) - expected;
    }
    cells->loss = toci_vec_sum(loss);
}

TOCI_INLINE void toci_predict_cells_body(struct cells *cells, const double *coefficients, double overdispersion)
{
    if (cells->num_terms == 3 && overdispersion == 0)
        predict(cells, 3, coefficients, 0.0);
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
    if (overdispersion == 0)
        return 2.0 * (sum - cells->loss);
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
        toci_solve(cells, fit->coefficients);
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
