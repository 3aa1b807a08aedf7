/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "parity/check_farrington.h"

#include <math.h>
#include <stdlib.h>

#include "support/test.h"
#include "tocsin/farrington.h"

/* What the shared oracle's README says not to use: rounding noise of R. */
struct exclusions {
    bool all, score, trend;
};

static struct exclusions exclusions_of(const char *name, bool shared)
{
    if (!shared)
        return (struct exclusions){ 0 };
    return (struct exclusions){
        .all = strcmp(name, "farringtonFlexible-015") == 0, /* a season block of one row */
        .score = strcmp(name, "farringtonFlexible-042") == 0 || strcmp(name, "farringtonFlexible-105") == 0 ||
                 strcmp(name, "farringtonFlexible-106") == 0,
        .trend = strcmp(name, "farringtonFlexible-107") == 0,
    };
}

/* The largest difference of a column so far, to be told at the end. */
struct worst {
    const char *column;
    double      difference;
};
enum { MAX_COLUMNS = 12 };
static struct worst worst[MAX_COLUMNS];

static void remember(const char *column, double got, double expected, double relative)
{
    double difference = fabs(got - expected) / (relative > 0 ? fabs(expected) : 1.0);
    size_t i = 0;
    if (!(difference < INFINITY) || (relative > 0 && fabs(expected) < 1e-12)) /* zero but for rounding */
        return;
    while (i + 1 < MAX_COLUMNS && worst[i].column != NULL && strcmp(worst[i].column, column) != 0)
        i++;
    worst[i].column = column;
    worst[i].difference = fmax(worst[i].difference, difference);
}

static bool agree(const char *where, const char *what, double got, const char *cell, double relative, double absolute)
{
    remember(what, got, oracle_number(cell), relative);
    if (test_is_close(got, oracle_number(cell), relative, absolute))
        return true;
    print_error("%s: %s is %.17g, R %s\n", where, what, got, cell);
    return false;
}

static double alarm_number(const struct toc_judgement *judgement)
{
    return judgement->alarm == TOC_ALARM_NOT_ASSESSED ? NAN : judgement->alarm == TOC_ALARM_YES;
}

static bool same_row(const struct oracle_table *out, char **cell, const char *name, const struct exclusions *without,
                     const struct toc_judgement *judgement, const struct toc_farrington_detail *detail)
{
    char   where[128];
    bool   fitted = !isnan(detail->phi), same = true;
    double score = oracle_number(cell[oracle_column(out, "score")]);
    snprintf(where, sizeof where, "%s row %s", name, cell[oracle_column(out, "idx")]);
#define AGREE(column, value, relative, absolute)                                                                       \
    same &= agree(where, column, value, cell[oracle_column(out, column)], relative, absolute)
    AGREE("upperbound", detail->threshold, 1e-9, 0);
    AGREE("expected", detail->expected, 1e-9, 0);
    AGREE("phi", detail->phi, 1e-9, 0);
    AGREE("mu0", detail->quantile_mean, 1e-9, 0);
    AGREE("pvalue", detail->p_value, 1e-9, 0);
    if (!without->trend) {
        AGREE("trend", fitted ? detail->trend : NAN, 0, 0);
        AGREE("trendcoef", detail->trend_coefficient, 1e-9, 1e-13); /* a slope that is zero but for rounding */
    }
    if (!without->score) {
        AGREE("score", detail->score, 0, 1e-9 * fmax(1.0, fabs(score)));
        AGREE("alarm", alarm_number(judgement), 0, 0);
    }
#undef AGREE
    return same;
}

/* The old method shows fewer columns. */
static bool same_row_1996(const struct oracle_table *out, char **cell, const char *name,
                          const struct toc_judgement *judgement, const struct toc_farrington_detail *detail)
{
    char where[128];
    snprintf(where, sizeof where, "%s row %s", name, cell[oracle_column(out, "idx")]);
    bool same = agree(where, "upperbound", detail->threshold, cell[oracle_column(out, "upperbound")], 1e-9, 0);
    same &= agree(where, "alarm", alarm_number(judgement), cell[oracle_column(out, "alarm")], 0, 0);
    same &= agree(where, "trend", detail->trend, cell[oracle_column(out, "trend")], 0, 0);
    same &= agree(where, "q", 1.0 - detail->p_value, cell[oracle_column(out, "q")], 1e-9, 1e-12);
    return same & agree(where, "median", detail->expected, cell[oracle_column(out, "median")], 1e-9, 0);
}

/* One case: our answer and what it is compared with. */
struct comparison {
    const char                   *name;
    struct exclusions             without;
    bool                          of_1996;
    int                           ret;
    size_t                        from;
    struct toc_judgement         *judgements;
    struct toc_farrington_detail *details;
};

struct totals {
    size_t cases, compared, differ, ran_off;
};

/* How R's glm() stops when its steps run off to infinity: counts like 0, 0, 1 with a slope have no likeliest mean, and
 * the rounding of the week decides between this error and the answer of the weeks beside it. Nothing to agree with. */
static const char *const ran_off = "NAs in V(mu)";

static void compare(const struct comparison *ours, const struct oracle_table *out, struct totals *totals)
{
    size_t name = oracle_column(out, "case"), idx = oracle_column(out, "idx"), error = oracle_column(out, "error");
    for (size_t i = 0; i < out->num_rows; i++) {
        char **cell = out->cell[i];
        if (strcmp(cell[name], ours->name) != 0 || ours->without.all)
            continue;
        if (strcmp(cell[error], ran_off) == 0) {
            totals->ran_off++;
            continue;
        }
        size_t at = (size_t) atol(cell[idx]) - ours->from;
        bool   stopped = *cell[error] != '\0', same;
        if (ours->ret != 0) /* a call that R refuses too */
            same = ours->ret == TOC_ERR_OPTION && stopped;
        else if (stopped)
            same = ours->judgements[at].alarm == TOC_ALARM_NOT_ASSESSED;
        else if (ours->of_1996)
            same = same_row_1996(out, cell, ours->name, &ours->judgements[at], &ours->details[at]);
        else
            same = same_row(out, cell, ours->name, &ours->without, &ours->judgements[at], &ours->details[at]);
        if (!same)
            print_error("%s row %s differs; R's error: '%s'\n", ours->name, cell[idx], cell[error]);
        totals->compared++;
        totals->differ += !same;
    }
    totals->cases++;
}

static void check_case(char **row, const struct oracle_table *cases, const struct oracle_table *out,
                       const struct toc_series *series, const char *algorithm, bool shared, struct totals *totals)
{
    struct toc_farrington_flexible_options flexible = TOC_FARRINGTON_FLEXIBLE_R_OPTIONS_INIT;
    struct toc_farrington_options          old = TOC_FARRINGTON_OPTIONS_INIT;
    const char                            *name = row[oracle_column(cases, "case")];
    size_t                                 from = (size_t) atol(row[oracle_column(cases, "from")]);
    size_t                                 num = (size_t) atol(row[oracle_column(cases, "to")]) - from + 1;
    bool                                   of_1996 = strcmp(algorithm, "farrington") == 0;
    json_t                                *params = json_loads(row[oracle_column(cases, "params")], 0, NULL);
    struct comparison                      ours = { name, exclusions_of(name, shared), of_1996, 0, from, NULL, NULL };
    ours.judgements = calloc(num, sizeof *ours.judgements);
    ours.details = calloc(num, sizeof *ours.details);
    if (of_1996) {
        old.mode = TOC_MODE_R;
        oracle_set_parameters(toc_method_find("farrington"), params, &old);
        ours.ret =
            toc_farrington_judge(series, from - 1, num, &old, &test_allocator, ours.judgements, ours.details, NULL);
    } else {
        oracle_set_parameters(toc_method_find("farrington-flexible"), params, &flexible);
        ours.ret = toc_farrington_flexible_judge(series, from - 1, num, &flexible, &test_allocator, ours.judgements,
                                                 ours.details, NULL);
    }
    json_decref(params);
    compare(&ours, out, totals);
    free(ours.judgements);
    free(ours.details);
}

static void check_all(const char *folder, const char *algorithm, bool shared, const struct oracle_series *series,
                      size_t num_series)
{
    char file[64];
    snprintf(file, sizeof file, "out_%s.csv", algorithm);
    struct oracle_table cases = oracle_read_table(folder, "cases.csv"), out = oracle_read_table(folder, file);
    struct totals       totals = { 0 };
    memset(worst, 0, sizeof worst);
    for (size_t i = 0; i < cases.num_rows; i++) {
        char **row = cases.cell[i];
        if (strcmp(row[oracle_column(&cases, "algo")], algorithm) != 0)
            continue;
        const char *name = row[oracle_column(&cases, "series")];
        check_case(row, &cases, &out, oracle_find_series(series, num_series, name), algorithm, shared, &totals);
    }
    oracle_free_table(&cases);
    oracle_free_table(&out);
    print_message("# %s: %zu cases, %zu rows compared in every column, %zu differ; R's steps ran off in %zu more\n",
                  algorithm, totals.cases, totals.compared, totals.differ, totals.ran_off);
    for (size_t i = 0; i < MAX_COLUMNS && worst[i].column != NULL; i++)
        print_message("#   %-10s at most %.2g\n", worst[i].column, worst[i].difference);
    assert_true(totals.compared > 100 * totals.ran_off);
    assert_int_equal(totals.differ, 0);
}

void check_farrington_flexible(const char *folder, bool shared, const struct oracle_series *series, size_t num_series)
{
    check_all(folder, "farringtonFlexible", shared, series, num_series);
}

void check_farrington(const char *folder, const struct oracle_series *series, size_t num_series)
{
    check_all(folder, "farrington", false, series, num_series);
}
