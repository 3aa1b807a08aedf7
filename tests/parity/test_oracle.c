/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Detection methods against R's surveillance 1.20.3: every case of a folder of R's answers, thresholds within 1e-9
 * relative, alarms equal. A row of R that is NA must not be assessed here, and the other way round.
 *
 * usage: test_oracle [FOLDER]   the shared oracle where no folder is named */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "parity/check_farrington.h"
#include "parity/check_glr.h"
#include "parity/oracle.h"
#include "support/test.h"
#include "tocsin/cusum.h"
#include "tocsin/method.h"

static struct oracle_series *all_series;
static size_t                num_series;
static const char           *folder;
static bool                  shared; /* the folder is the shared oracle */

/* The method that answers for an algorithm of R with these parameters, or NULL. */
static const struct toc_method *method_for(const char *algorithm, const json_t *params)
{
    if (strcmp(algorithm, "earsC") == 0) {
        const char *rule = json_string_value(json_object_get(params, "method"));
        return toc_method_find(strcmp(rule, "C1") == 0 ? "ears-c1" : strcmp(rule, "C2") == 0 ? "ears-c2" : "ears-c3");
    }
    if (strcmp(algorithm, "bayes") == 0 || strcmp(algorithm, "cusum") == 0)
        return toc_method_find(algorithm);
    fail_msg("no method for %s", algorithm);
    return NULL;
}

struct columns {
    size_t name, idx, upperbound, alarm, error;
};

/* Compare one row of R with one judgement; returns whether they agree, and says so where not. */
static bool same(const char *name, size_t idx, double upperbound, double alarm, const struct toc_judgement *got)
{
    bool assessed = got->alarm != TOC_ALARM_NOT_ASSESSED;
    if (isnan(alarm) ? !assessed
                     : assessed && (got->alarm == TOC_ALARM_YES) == (alarm == 1) &&
                           test_is_close(got->threshold, upperbound, 1e-9, 0))
        return true;
    print_error("%s row %zu: threshold %.17g, R %.17g; alarm %d, R %g (%s)\n", name, idx, got->threshold, upperbound,
                (int) got->alarm, alarm, toc_reason_text(got->reason));
    return false;
}

/* R's chart statistic and in-control mean stand in two columns more; ours follow from score and expectation. */
static bool same_chart(char **cell, const struct oracle_table *out, const struct toc_judgement *got,
                       const struct toc_cusum_options *options)
{
    double statistic = oracle_number(cell[oracle_column(out, "cusum")]);
    if (got->alarm == TOC_ALARM_NOT_ASSESSED)
        return isnan(statistic);
    return test_is_close(got->score * options->h, statistic, 1e-9, 1e-9) &&
           test_is_close(got->expected, oracle_number(cell[oracle_column(out, "m")]), 1e-9, 0);
}

static size_t check_case(char **row, const struct oracle_table *cases, const struct oracle_table *out,
                         struct columns at, size_t *compared)
{
    const char *name = row[oracle_column(cases, "case")], *algorithm = row[oracle_column(cases, "algo")];
    size_t      from = (size_t) atol(row[oracle_column(cases, "from")]);
    size_t      to = (size_t) atol(row[oracle_column(cases, "to")]);
    json_t     *params = json_loads(row[oracle_column(cases, "params")], 0, NULL);
    assert_non_null(params);
    const struct toc_method *method = method_for(algorithm, params);
    _Alignas(16) char        options[TOC_METHOD_MAX_OPTIONS];
    toc_method_init_options(method, TOC_MODE_R, options);
    oracle_set_parameters(method, params, options);
    json_decref(params);

    const struct toc_series *series = oracle_find_series(all_series, num_series, row[oracle_column(cases, "series")]);
    struct toc_judgement    *got = calloc(to - from + 1, sizeof *got);
    assert_ok(method->judge(series, from - 1, to - from + 1, options, &test_allocator, got, NULL));
    size_t differences = 0;
    for (size_t i = 0; i < out->num_rows; i++) {
        char **cell = out->cell[i];
        if (strcmp(cell[at.name], name) != 0)
            continue;
        size_t idx = (size_t) atol(cell[at.idx]);
        differences +=
            !same(name, idx, oracle_number(cell[at.upperbound]), oracle_number(cell[at.alarm]), &got[idx - from]);
        if (strcmp(algorithm, "cusum") == 0)
            differences += !same_chart(cell, out, &got[idx - from], (const struct toc_cusum_options *) options);
        (*compared)++;
    }
    free(got);
    return differences;
}

static void check_algorithm(const char *algorithm)
{
    char file[64];
    snprintf(file, sizeof file, "out_%s.csv", algorithm);
    struct oracle_table cases = oracle_read_table(folder, "cases.csv"), out = oracle_read_table(folder, file);
    struct columns at = { oracle_column(&out, "case"), oracle_column(&out, "idx"), oracle_column(&out, "upperbound"),
                          oracle_column(&out, "alarm"), oracle_column(&out, "error") };
    size_t         differences = 0, compared = 0, num_cases = 0;
    for (size_t i = 0; i < cases.num_rows; i++)
        if (strcmp(cases.cell[i][oracle_column(&cases, "algo")], algorithm) == 0) {
            differences += check_case(cases.cell[i], &cases, &out, at, &compared);
            num_cases++;
        }
    oracle_free_table(&cases);
    oracle_free_table(&out);
    print_message("# %s: %zu cases, %zu rows compared, %zu differ\n", algorithm, num_cases, compared, differences);
    assert_true(compared > 0);
    assert_int_equal(differences, 0);
}

static void test_ears(void **state)
{
    (void) state;
    check_algorithm("earsC");
}

static void test_bayes(void **state)
{
    (void) state;
    check_algorithm("bayes");
}

static void test_cusum(void **state)
{
    (void) state;
    check_algorithm("cusum");
}

static void test_farrington_flexible(void **state)
{
    (void) state;
    check_farrington_flexible(folder, shared, all_series, num_series);
}

static void test_farrington(void **state)
{
    (void) state;
    check_farrington(folder, all_series, num_series);
}

static void test_glr(void **state)
{
    (void) state;
    check_glr(folder, "glrpois", all_series, num_series);
    check_glr(folder, "glrnb", all_series, num_series);
}

static int open_oracle(void **state)
{
    (void) state;
    all_series = oracle_read_series(folder, &num_series);
    return 0;
}

static int close_oracle(void **state)
{
    (void) state;
    oracle_free_series(all_series, num_series);
    return 0;
}

int main(int argc, char **argv)
{
    shared = argc < 2;
    folder = shared ? test_shared_data("detection/oracle") : argv[1];
    if (folder == NULL)
        return test_skip_program("the shared oracle is absent");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bayes),
        cmocka_unit_test(test_cusum),
        cmocka_unit_test(test_ears),
        cmocka_unit_test(test_farrington),
        cmocka_unit_test(test_farrington_flexible),
        cmocka_unit_test(test_glr),
    };
    return cmocka_run_group_tests_name("oracle", tests, open_oracle, close_oracle);
}
