/* SPDX-License-Identifier: GPL-3.0-or-later */
/* EWMA, adaptive regression and the switch against numbers from R's lm() and an own R program (essence.R), recorded in
 * essence/: expectation and threshold within 1e-9, alarms equal, and the same steps not assessed. */
#include <math.h>
#include <stdlib.h>

#include "parity/oracle.h"
#include "support/test.h"
#include "tocsin/essence.h"

static const char *folder;

static struct toc_essence_options setting(const char *number, const char *rule)
{
    struct toc_essence_options options = TOC_ESSENCE_OPTIONS_INIT;
    if (strcmp(rule, "switch") != 0)
        options.rule = strcmp(rule, "ewma") == 0 ? TOC_ESSENCE_EWMA : TOC_ESSENCE_REGRESSION;
    if (strcmp(number, "2") == 0)
        options.weekdays = TOC_WEEKDAYS_POOLED;
    if (strcmp(number, "3") == 0) {
        options.baseline = 42;
        options.guard = 0;
        options.alpha = 0.002;
        options.min_sigma = 0.0;
        options.slow_smoothing = 0.2;
        options.fast_smoothing = 1.0;
    }
    return options;
}

/* The holiday column of one series; the caller frees it. */
static uint8_t *read_holidays(const struct oracle_table *rows, const char *name, size_t n)
{
    size_t   series = oracle_column(rows, "series"), column = oracle_column(rows, "holiday"), next = 0;
    uint8_t *holiday = calloc(n, 1);
    for (size_t i = 0; i < rows->num_rows; i++)
        if (strcmp(rows->cell[i][series], name) == 0)
            holiday[next++] = (uint8_t) atoi(rows->cell[i][column]);
    assert_int_equal(next, n);
    return holiday;
}

static bool same(char **cell, const struct oracle_table *out, const struct toc_judgement *got, double *worst)
{
    double expected = oracle_number(cell[oracle_column(out, "expected")]);
    double threshold = oracle_number(cell[oracle_column(out, "threshold")]);
    double alarm = oracle_number(cell[oracle_column(out, "alarm")]);
    if (isnan(threshold) || got->alarm == TOC_ALARM_NOT_ASSESSED)
        return isnan(threshold) && got->alarm == TOC_ALARM_NOT_ASSESSED;
    double difference = fmax(fabs(got->expected - expected), fabs(got->threshold - threshold)) / fmax(1.0, threshold);
    *worst = fmax(*worst, difference);
    return difference <= 1e-9 && (got->alarm == TOC_ALARM_YES) == (alarm == 1);
}

static void test_against_lm(void **state)
{
    (void) state;
    size_t                num_series, differences = 0;
    double                worst = 0.0;
    struct oracle_series *all = oracle_read_series(folder, &num_series);
    struct oracle_table   out = oracle_read_table(folder, "out_essence.csv");
    struct oracle_table   rows = oracle_read_table(folder, "series.csv");
    size_t                name = oracle_column(&out, "series"), number = oracle_column(&out, "setting");
    size_t                rule = oracle_column(&out, "rule"), idx = oracle_column(&out, "idx");

    for (size_t i = 0; i < out.num_rows; i++) {
        char                     **cell = out.cell[i];
        struct toc_series          series = *oracle_find_series(all, num_series, cell[name]);
        uint8_t                   *holiday = read_holidays(&rows, cell[name], series.n);
        struct toc_essence_options options = setting(cell[number], cell[rule]);
        struct toc_judgement       got;
        series.holiday = holiday;
        assert_ok(toc_essence_judge(&series, (size_t) atol(cell[idx]) - 1, 1, &options, &got, NULL));
        if (!same(cell, &out, &got, &worst)) {
            differences++;
            print_error("%s, setting %s, %s, row %s: expected %.17g, threshold %.17g, alarm %d (%s)\n", cell[name],
                        cell[number], cell[rule], cell[idx], got.expected, got.threshold, (int) got.alarm,
                        toc_reason_text(got.reason));
        }
        free(holiday);
    }
    print_message("# %zu judgements compared, largest difference %.2g, %zu differ\n", out.num_rows, worst, differences);
    assert_true(out.num_rows > 2000);
    assert_int_equal(differences, 0);
    oracle_free_table(&rows);
    oracle_free_table(&out);
    oracle_free_series(all, num_series);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_against_lm) };
    assert_int_equal(argc, 2);
    folder = argv[1];
    return cmocka_run_group_tests_name("essence parity", tests, NULL, NULL);
}
