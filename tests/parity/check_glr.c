/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "parity/check_glr.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/test.h"
#include "tocsin/glr.h"
#include "tocsin/method.h"

/* R's glrnb is a Poisson chart where alpha is 0, and so are ours; LR where the rise is given. */
static const struct toc_method *method_of(const char *algorithm, json_t *params)
{
    static const char *const ignored[] = { "dir", "M", "Mtilde", "change" }; /* by R, where the rise is given */
    bool                     known = json_object_get(params, "theta") != NULL;
    for (size_t i = 0; known && i < sizeof ignored / sizeof *ignored; i++)
        json_object_del(params, ignored[i]);
    if (strcmp(algorithm, "glrpois") == 0)
        return toc_method_find(known ? "lr-poisson" : "glr-poisson");
    return toc_method_find(known ? "lr-negative-binomial" : "glr-negative-binomial");
}

static bool agree(const char *name, const char *idx, const char *what, double got, const char *cell, double absolute)
{
    if (test_is_close(got, oracle_number(cell), 1e-9, absolute))
        return true;
    print_error("%s row %s: %s is %.17g, R %s\n", name, idx, what, got, cell);
    return false;
}

struct totals {
    size_t cases, compared, differ;
};

static bool same_row(const struct oracle_table *out, char **cell, const char *name, const struct toc_glr_point *point,
                     const struct toc_judgement *judgement, double overdispersion)
{
    const char *idx = cell[oracle_column(out, "idx")];
    if (*cell[oracle_column(out, "error")] != '\0')
        return judgement->alarm == TOC_ALARM_NOT_ASSESSED;
    /* The statistic is a sum of terms as large as the counts and as 1 / a: R's own rounding is seen where it is near 0.
     */
    double rounding = 1e-12 + (overdispersion > 0 ? 1e-14 / overdispersion : 0.0);
    bool same = agree(name, idx, "upperbound", judgement->threshold, cell[oracle_column(out, "upperbound")], rounding);
    same &= agree(name, idx, "alarm", (double) judgement->alarm, cell[oracle_column(out, "alarm")], 0);
    same &= agree(name, idx, "mu0", point->expected, cell[oracle_column(out, "mu0")], 0);
    /* Near zero it is rounding noise in R, which subtracts digamma functions of arguments near 1e5. */
    same &= agree(name, idx, "alphahat", overdispersion, cell[oracle_column(out, "alphahat")], 1e-10);
    return same;
}

static void check_case(char **row, const struct oracle_table *cases, const struct oracle_table *out,
                       const char *algorithm, const struct toc_series *series, struct totals *totals)
{
    struct toc_glr_options   options;
    const char              *name = row[oracle_column(cases, "case")];
    size_t                   from = (size_t) atol(row[oracle_column(cases, "from")]);
    size_t                   num = (size_t) atol(row[oracle_column(cases, "to")]) - from + 1;
    json_t                  *params = json_loads(row[oracle_column(cases, "params")], 0, NULL);
    const struct toc_method *method = method_of(algorithm, params);
    toc_method_init_options(method, TOC_MODE_R, &options);
    oracle_set_parameters(method, params, &options);
    json_decref(params);

    struct toc_glr_point *points = calloc(num, sizeof *points);
    struct toc_judgement *judgements = calloc(num, sizeof *judgements);
    assert_ok(toc_glr_run(series, from - 1, num, NULL, &options, &test_allocator, points, NULL));
    assert_ok(toc_glr_judge(series, from - 1, num, &options, &test_allocator, judgements, NULL));
    for (size_t i = 0; i < out->num_rows; i++) {
        char **cell = out->cell[i];
        if (strcmp(cell[oracle_column(out, "case")], name) != 0)
            continue;
        size_t at = (size_t) atol(cell[oracle_column(out, "idx")]) - from;
        /* R shows the overdispersion of its last fit in every row. */
        totals->differ += !same_row(out, cell, name, &points[at], &judgements[at], points[num - 1].overdispersion);
        totals->compared++;
    }
    totals->cases++;
    free(points);
    free(judgements);
}

void check_glr(const char *folder, const char *algorithm, const struct oracle_series *series, size_t num_series)
{
    char file[64];
    snprintf(file, sizeof file, "out_%s.csv", algorithm);
    struct oracle_table cases = oracle_read_table(folder, "cases.csv"), out = oracle_read_table(folder, file);
    struct totals       totals = { 0 };
    for (size_t i = 0; i < cases.num_rows; i++) {
        char **row = cases.cell[i];
        if (strcmp(row[oracle_column(&cases, "algo")], algorithm) != 0)
            continue;
        const char *name = row[oracle_column(&cases, "series")];
        check_case(row, &cases, &out, algorithm, oracle_find_series(series, num_series, name), &totals);
    }
    oracle_free_table(&cases);
    oracle_free_table(&out);
    print_message("# %s: %zu cases, %zu rows compared in every column, %zu differ\n", algorithm, totals.cases,
                  totals.compared, totals.differ);
    assert_true(totals.compared > 0);
    assert_int_equal(totals.differ, 0);
}
