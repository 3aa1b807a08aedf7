/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The factor model against R's glm(family = quasipoisson), numbers of tests/parity/factor_model.R (R 4.2.2). */
#include <math.h>
#include <stdlib.h>

#include "../../lib/factor_model.h"
#include "support/test.h"

enum { ROWS = 140, BLOCK = 0, WEEKDAY = 1, HOLIDAY = 2 };

static struct made {
    double  observed[ROWS], time[ROWS], offset[ROWS], prior[ROWS];
    uint8_t level[TOCI_FACTORS][ROWS];
} made;

static int make(void **state)
{
    (void) state;
    for (int i = 0; i < ROWS; i++) {
        made.level[BLOCK][i] = (uint8_t) (i / 20 % 4);
        made.level[WEEKDAY][i] = (uint8_t) (i % 7);
        made.level[HOLIDAY][i] = i % 35 < 3 ? 1 : i % 35 < 6 ? 2 : 0;
        int y = i * 7919 % 13 + (i % 7 >= 5 ? 0 : 6) + i / 20;
        made.observed[i] = made.level[HOLIDAY][i] == 1 ? y / 3 : y;
        made.time[i] = i;
        made.offset[i] = log(1000.0 + i);
        made.prior[i] = 1.0 + (i % 3) / 4.0;
    }
    return 0;
}

/* A fit with its memory; free() the memory. */
static void *fit_made(struct toci_factor_fit *fit, const struct toci_factor_data *data, const double *prior)
{
    void *memory = malloc(toci_factor_bytes(ROWS));
    assert_non_null(memory);
    toci_factor_init(fit, ROWS, memory);
    assert_true(toci_factor_columns(fit, data));
    toci_factor_solve(fit, data, prior);
    return memory;
}

struct reference {
    double eta, variance, dispersion, first_leverage, leverage_of_row_35, slope;
};

static void check(const struct toci_factor_data *data, const double *prior, const struct toci_factor_point *point,
                  struct reference expected)
{
    struct toci_factor_fit fit;
    double                 eta, variance;
    void                  *memory = fit_made(&fit, data, prior);

    assert_true(fit.converged);
    assert_int_equal(fit.rank, fit.num_columns);
    assert_true(toci_factor_predict(&fit, point, &eta, &variance));
    assert_close(eta, expected.eta, 1e-12, 0);
    assert_close(variance, expected.variance, 1e-12, 0);
    assert_close(fit.dispersion, expected.dispersion, 1e-12, 0);
    assert_close(toci_factor_leverage(&fit, 0), expected.first_leverage, 1e-12, 0);
    assert_close(toci_factor_leverage(&fit, 35), expected.leverage_of_row_35, 1e-12, 0);
    double slope = toci_factor_slope(&fit, &variance);
    assert_close(slope, data->time != NULL ? expected.slope : NAN, 1e-12, 0);
    free(memory);
}

static void test_against_glm(void **state)
{
    (void) state;
    const double  *y = made.observed, *t = made.time;
    const uint8_t *block = made.level[BLOCK], *weekday = made.level[WEEKDAY], *holiday = made.level[HOLIDAY];

    check(&(struct toci_factor_data){ ROWS, y, t, made.offset, { block, weekday, holiday }, NULL, NULL }, made.prior,
          &(struct toci_factor_point){ 150, log(1200), { 2, 5, 1 }, 0, 0 },
          (struct reference){ 1.346528923258384, 0.0251649681630249, 1.526485193334178, 0.06833648445718685,
                              0.1061289255817629, 0.00291140432490194 });
    check(&(struct toci_factor_data){ ROWS, y, NULL, NULL, { block, weekday, holiday }, NULL, NULL }, NULL,
          &(struct toci_factor_point){ 150, 0, { 2, 5, 1 }, 0, 0 },
          (struct reference){ 1.035393221307014, 0.0301442206056819, 1.453339882510432, 0.09711749003719411,
                              0.09565498888991783, 0 });
    check(&(struct toci_factor_data){ ROWS, y, t, NULL, { NULL, weekday, holiday }, NULL, NULL }, NULL,
          &(struct toci_factor_point){ 150, 0, { 0, 5, 1 }, 0, 0 },
          (struct reference){ 1.265744180410804, 0.030051951492328, 1.19556712812965, 0.07754026173027412,
                              0.08462400408350071, 0.003768010039943456 });
    check(&(struct toci_factor_data){ ROWS, y, t, NULL, { NULL, NULL, holiday }, NULL, NULL }, made.prior,
          &(struct toci_factor_point){ 150, 0, { 0, 0, 1 }, 0, 0 },
          (struct reference){ 1.799436497640609, 0.01805214585205891, 2.160956330033053, 0.05761414632023328,
                              0.09336851387456782, 0.003723579977920342 });
}

/* Rows between two holidays: some of label 1 have two sevenths of 2, some of 2 three sevenths of ordinary days. */
static void test_rows_between_levels(void **state)
{
    (void) state;
    uint8_t other[ROWS];
    double  share[ROWS];
    for (size_t i = 0; i < ROWS; i++) {
        uint8_t holiday = made.level[HOLIDAY][i];
        other[i] = holiday == 1 ? 2 : 0;
        share[i] = i % 2 == 0 || holiday == 0 ? 0 : holiday == 1 ? 2 / 7.0 : 3 / 7.0;
    }
    check(
        &(struct toci_factor_data){
            ROWS, made.observed, made.time, NULL, { made.level[BLOCK], NULL, made.level[HOLIDAY] }, other, share },
        made.prior, &(struct toci_factor_point){ 150, 0, { 2, 0, 1 }, 2, 1 / 7.0 },
        (struct reference){ 1.810802128696542, 0.02023936831982016, 2.214753818857996, 0.07275815184721195,
                            0.0878660336524531, 0.003736671385044406 });
}

/* A level without rows cannot be predicted. */
static void test_absent_level(void **state)
{
    (void) state;
    const struct toci_factor_data data = { ROWS, made.observed, NULL, NULL, { made.level[BLOCK], NULL, NULL },
                                           NULL, NULL };
    struct toci_factor_fit        fit;
    double                        eta, variance;
    void                         *memory = fit_made(&fit, &data, NULL);

    assert_true(toci_factor_predict(&fit, &(struct toci_factor_point){ 0, 0, { 3, 0, 0 }, 0, 0 }, &eta, &variance));
    assert_false(toci_factor_predict(&fit, &(struct toci_factor_point){ 0, 0, { 4, 0, 0 }, 0, 0 }, &eta, &variance));
    assert_false(toci_factor_predict(&fit, &(struct toci_factor_point){ 0, 0, { 3, 0, 1 }, 0, 0 }, &eta, &variance));
    free(memory);
}

/* Where a holiday is a block of its own, the two effects cannot be told apart: the rows they share can be predicted, an
 * ordinary row of that block cannot. */
static void test_dependent_columns(void **state)
{
    (void) state;
    uint8_t holiday[ROWS];
    for (size_t i = 0; i < ROWS; i++)
        holiday[i] = made.level[BLOCK][i] == 2;
    const struct toci_factor_data data = { ROWS, made.observed, NULL, NULL, { made.level[BLOCK], NULL, holiday },
                                           NULL, NULL };
    struct toci_factor_fit        fit;
    double                        eta, variance, sum = 0.0, total = 0.0;
    void                         *memory = fit_made(&fit, &data, NULL);

    assert_int_equal(fit.rank, fit.num_columns - 1);
    assert_true(toci_factor_predict(&fit, &(struct toci_factor_point){ 0, 0, { 2, 0, 1 }, 0, 0 }, &eta, &variance));
    assert_false(toci_factor_predict(&fit, &(struct toci_factor_point){ 0, 0, { 2, 0, 0 }, 0, 0 }, &eta, &variance));
    assert_false(toci_factor_predict(&fit, &(struct toci_factor_point){ 0, 0, { 1, 0, 1 }, 0, 0 }, &eta, &variance));
    assert_true(toci_factor_predict(&fit, &(struct toci_factor_point){ 0, 0, { 1, 0, 0 }, 0, 0 }, &eta, &variance));
    for (size_t i = 0; i < ROWS; i++)
        if (made.level[BLOCK][i] == 1) {
            sum += made.observed[i];
            total += 1.0;
        }
    assert_close(exp(eta), sum / total, 1e-9, 0); /* the mean of the block's rows */
    assert_close(variance, 1.0 / sum, 1e-6, 0);
    free(memory);
}

/* The leverages of all rows add up to the rank; the weighted residuals of each level add up to zero. */
static void test_properties_of_a_fit(void **state)
{
    (void) state;
    const struct toci_factor_data data = {
        ROWS, made.observed, made.time, made.offset, { made.level[BLOCK], made.level[WEEKDAY], made.level[HOLIDAY] },
        NULL, NULL
    };
    struct toci_factor_fit fit;
    double                 leverages = 0.0, residuals[3] = { 0 };
    void                  *memory = fit_made(&fit, &data, made.prior);

    for (size_t i = 0; i < ROWS; i++) {
        leverages += toci_factor_leverage(&fit, i);
        residuals[made.level[HOLIDAY][i]] += made.prior[i] * (made.observed[i] - fit.mu[i]);
    }
    assert_close(leverages, (double) fit.rank, 1e-10, 0);
    for (size_t level = 0; level < 3; level++)
        assert_close(residuals[level], 0.0, 0, 1e-6);
    free(memory);
}

/* A level that never had a case: fitted to all but zero, and the others as if it were not there. */
static void test_level_of_zeros(void **state)
{
    (void) state;
    double observed[ROWS];
    for (size_t i = 0; i < ROWS; i++)
        observed[i] = made.level[BLOCK][i] == 3 ? 0.0 : made.observed[i];
    const struct toci_factor_data data = { ROWS, observed, NULL, NULL, { made.level[BLOCK], NULL, NULL }, NULL, NULL };
    struct toci_factor_fit        fit;
    double                        eta, variance;
    void                         *memory = fit_made(&fit, &data, NULL);

    assert_true(fit.converged);
    assert_true(toci_factor_predict(&fit, &(struct toci_factor_point){ 0, 0, { 3, 0, 0 }, 0, 0 }, &eta, &variance));
    assert_true(exp(eta) < 1e-4);
    free(memory);
}

/* As many columns as there is room for, and one more. */
static void test_limit_of_columns(void **state)
{
    (void) state;
    double  observed[TOCI_FACTOR_MAX_COLUMNS + 1];
    uint8_t level[TOCI_FACTOR_MAX_COLUMNS + 1];
    for (size_t i = 0; i <= TOCI_FACTOR_MAX_COLUMNS; i++) {
        observed[i] = 1.0;
        level[i] = (uint8_t) i;
    }
    struct toci_factor_data data = { TOCI_FACTOR_MAX_COLUMNS, observed, NULL, NULL, { level, NULL, NULL }, NULL, NULL };
    struct toci_factor_fit  fit;
    void                   *memory = malloc(toci_factor_bytes(TOCI_FACTOR_MAX_COLUMNS + 1));
    assert_non_null(memory);
    toci_factor_init(&fit, TOCI_FACTOR_MAX_COLUMNS + 1, memory);
    assert_true(toci_factor_columns(&fit, &data));
    toci_factor_solve(&fit, &data, NULL);
    assert_true(isnan(fit.dispersion)); /* as many columns as rows */
    data.n++;
    assert_false(toci_factor_columns(&fit, &data));
    free(memory);
    assert_true(toci_factor_bytes(SIZE_MAX / 4) == SIZE_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_against_glm, make),
        cmocka_unit_test_setup(test_rows_between_levels, make),
        cmocka_unit_test_setup(test_absent_level, make),
        cmocka_unit_test_setup(test_dependent_columns, make),
        cmocka_unit_test_setup(test_properties_of_a_fit, make),
        cmocka_unit_test_setup(test_level_of_zeros, make),
        cmocka_unit_test(test_limit_of_columns),
    };
    return cmocka_run_group_tests_name("factor_model", tests, NULL, NULL);
}
