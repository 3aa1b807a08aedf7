/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What tocsin/series.h promises of a judgement holds for every method, whatever the series and the settings. */
#include <math.h>
#include <stdio.h>

#include "support/property.h"
#include "support/test.h"
#include "tocsin/method.h"

enum { JUDGED = 40, ROUNDS = 500 };

static double draw_number(struct test_random *random, const struct toc_parameter *parameter)
{
    double low = fmax(parameter->low, -2.0), high = fmin(parameter->high, 40.0);
    if (parameter->kind == TOC_PARAMETER_INTEGER)
        return (double) test_between(random, 0, (size_t) (high - low)) + low;
    double u = test_uniform(random);
    return low + (high - low) * (test_uniform(random) < 0.5 ? u : u * u * u * u); /* often near the lower end */
}

/* Leave most parameters as they are, and draw some. */
static void draw_options(struct test_random *random, const struct toc_method *method, void *options)
{
    for (size_t i = 0; i < method->num_parameters; i++) {
        const struct toc_parameter *parameter = &method->parameters[i];
        if (test_uniform(random) < 0.7)
            continue;
        if (parameter->kind == TOC_PARAMETER_FLAG) {
            assert_ok(toc_parameter_set_number(parameter, (double) test_between(random, 0, 1), options, NULL));
        } else if (parameter->kind == TOC_PARAMETER_CHOICE) {
            size_t num = 0;
            while (parameter->choices[num].word != NULL)
                num++;
            const char *word = parameter->choices[test_between(random, 0, num - 1)].word;
            assert_ok(toc_parameter_set_word(parameter, word, options, NULL));
        } else {
            assert_ok(toc_parameter_set_number(parameter, draw_number(random, parameter), options, NULL));
        }
    }
}

static void promise(bool kept, const char *text, const struct toc_method *method, double observed,
                    const struct toc_judgement *got)
{
    if (!kept)
        fail_msg("%s: %s; observed %g, expected %.17g, threshold %.17g, score %.17g, alarm %d, %s", method->name, text,
                 observed, got->expected, got->threshold, got->score, (int) got->alarm, toc_reason_text(got->reason));
}

static void check_judgement(const struct toc_method *method, double observed, const struct toc_judgement *got)
{
    bool assessed = got->alarm != TOC_ALARM_NOT_ASSESSED, alarm = got->alarm == TOC_ALARM_YES;
    promise(assessed == (got->reason == TOC_REASON_NONE), "a reason exactly where it is not assessed", method, observed,
            got);
    if (!assessed) {
        promise(isnan(got->expected) && isnan(got->threshold) && isnan(got->score),
                "no numbers where it is not assessed", method, observed, got);
        return;
    }
    promise(!isnan(observed), "a missing count is not assessed", method, observed, got);
    promise(isfinite(got->expected) && got->expected >= 0, "a finite expectation", method, observed, got);
    promise(!isnan(got->score), "a score where it is assessed", method, observed, got);
    promise(!alarm || got->score >= 1, "an alarm has a score of at least 1", method, observed, got);
    promise(alarm || observed == 0 || got->score <= 1, "without alarm the score is at most 1", method, observed, got);
    if (method->cumulative)
        return; /* their threshold is what would have alarmed now; some settings have none */
    promise(!isnan(got->threshold) && got->threshold >= 0, "a threshold", method, observed, got);
    promise(alarm == (observed > 0 && observed > got->threshold), "an alarm is a count above the threshold", method,
            observed, got);
}

/* Any series: dense or sparse, with gaps, holidays, weekdays, an outbreak at the end, or without a case. */
static void draw_series(struct test_random *random, struct test_series *drawn)
{
    static const int    steps[] = { 52, 52, 365, 12 };
    static const double means[] = { 0, 0.02, 0.5, 3, 40, 3000 };
    unsigned            parts = (unsigned) test_between(random, 0, 15);
    int                 per_year = steps[test_between(random, 0, 3)];
    size_t              n = test_between(random, 1, per_year == 12 ? 150 : TEST_SERIES_ROOM);
    test_draw_series(random, drawn, n, per_year, means[test_between(random, 0, 5)], parts);
    if (test_uniform(random) < 0.3)
        for (size_t row = n > 5 ? n - 5 : 0; row < n; row++)
            drawn->observed[row] = (double) test_between(random, 0, 60);
}

static void any_method(struct test_random *random)
{
    struct test_series              drawn;
    size_t                          num;
    const struct toc_method *const *methods = toc_methods(&num);
    draw_series(random, &drawn);
    const struct toc_series *series = &drawn.series;
    size_t                   judged = series->n < JUDGED ? series->n : JUDGED, first = series->n - judged;

    for (size_t i = 0; i < num; i++) {
        _Alignas(16) char    options[TOC_METHOD_MAX_OPTIONS];
        struct toc_judgement got[JUDGED];
        struct toc_error     error = { 0 };
        toc_method_init_options(methods[i], TOC_MODE_DEFAULT, options);
        draw_options(random, methods[i], options);
        int ret = methods[i]->judge(series, first, judged, options, &test_allocator, got, &error);
        if (ret == TOC_ERR_OPTION || ret == TOC_ERR_UNSUPPORTED) {
            assert_non_null(error.allowed);
            continue; /* settings that exclude each other, or do not fit the time step */
        }
        assert_ok(ret);
        for (size_t j = 0; j < judged; j++)
            check_judgement(methods[i], series->observed[first + j], &got[j]);
    }
}

static void test_promises_hold_for_any_settings(void **state)
{
    (void) state;
    test_property("any method, any settings, any series", ROUNDS, any_method);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_promises_hold_for_any_settings),
    };
    return cmocka_run_group_tests_name("judgements", tests, NULL, NULL);
}
