/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "support/test.h"
#include "tocsin/cusum.h"
#include "tocsin/ears.h"
#include "tocsin/method.h"

/* The value of one of a parameter's words, which a number need not be allowed to have. */
static bool is_word_value(const struct toc_parameter *parameter, double value)
{
    for (const struct toc_choice *choice = parameter->choices; choice != NULL && choice->word != NULL; choice++)
        if (value == choice->value)
            return true;
    return false;
}

/* Every row of the table can be used: names are unique, texts are there, defaults lie within their own bounds. */
static void test_table_is_whole(void **state)
{
    (void) state;
    size_t                          num;
    const struct toc_method *const *methods = toc_methods(&num);
    _Alignas(16) char               options[TOC_METHOD_MAX_OPTIONS];

    for (size_t i = 0; i < num; i++) {
        const struct toc_method *method = methods[i];
        assert_ptr_equal(toc_method_find(method->name), method);
        assert_true(method->options_size <= sizeof options);
        assert_true(*method->title && *method->use && *method->source);
        toc_method_init_options(method, TOC_MODE_R, options);
        for (size_t j = 0; j < method->num_parameters; j++) {
            const struct toc_parameter *parameter = &method->parameters[j];
            assert_true(*parameter->meaning);
            assert_non_null(parameter->unit);
            assert_ptr_equal(toc_method_parameter(method, parameter->name, 0), parameter);
            double value = toc_parameter_get(parameter, options);
            if (!is_word_value(parameter, value))
                assert_ok(toc_parameter_set_number(parameter, value, options, NULL));
            for (const struct toc_choice *choice = parameter->choices; choice != NULL && choice->word != NULL; choice++)
                assert_ok(toc_parameter_set_word(parameter, choice->word, options, NULL));
        }
    }
    assert_null(toc_method_find("no such method"));
}

static void test_setting_by_our_word_and_by_r(void **state)
{
    (void) state;
    const struct toc_method *method = toc_method_find("ears-c2");
    struct toc_ears_options  options;
    toc_method_init_options(method, TOC_MODE_R, &options);
    assert_int_equal(options.rule, TOC_EARS_C2);
    assert_int_equal(options.mode, TOC_MODE_R);

    const struct toc_parameter *parameter = toc_method_parameter(method, "minSigma", 0);
    assert_ok(toc_parameter_set_number(parameter, 0.5, &options, NULL));
    assert_close(options.min_sigma, 0.5, 0, 0);
    assert_null(toc_method_parameter(method, "minSigma", 1));
    assert_null(toc_method_parameter(method, "sigma", 0));
}

/* R's m of cusum is a number or a word. */
static void test_number_that_has_words(void **state)
{
    (void) state;
    const struct toc_method    *method = toc_method_find("cusum");
    const struct toc_parameter *parameter = toc_method_parameter(method, "m", 0);
    struct toc_cusum_options    options;
    toc_method_init_options(method, TOC_MODE_R, &options);
    assert_ok(toc_parameter_set_word(parameter, "glm", &options, NULL));
    assert_true(options.mean == TOC_CUSUM_SEASONAL);
    assert_ok(toc_parameter_set_number(parameter, 2.5, &options, NULL));
    assert_close(options.mean, 2.5, 0, 0);
    assert_status(toc_parameter_set_word(parameter, "mad", &options, NULL), TOC_ERR_UNKNOWN_NAME);
    assert_status(toc_parameter_set_number(parameter, TOC_CUSUM_SEASONAL, &options, NULL), TOC_ERR_OPTION);
}

static void test_values_out_of_bounds(void **state)
{
    (void) state;
    const struct toc_method *method = toc_method_find("ears-c1");
    struct toc_ears_options  options;
    struct toc_error         error;
    toc_method_init_options(method, TOC_MODE_DEFAULT, &options);

    const struct toc_parameter *baseline = toc_method_parameter(method, "baseline", 0);
    assert_status(toc_parameter_set_number(baseline, 2, &options, &error), TOC_ERR_OPTION);
    assert_status(toc_parameter_set_number(baseline, 7.5, &options, &error), TOC_ERR_OPTION);
    assert_status(toc_parameter_set_number(baseline, NAN, &options, &error), TOC_ERR_OPTION);
    assert_ok(toc_parameter_set_number(baseline, TOC_EARS_MAX_BASELINE, &options, &error));
    assert_int_equal(options.baseline, TOC_EARS_MAX_BASELINE);
    const struct toc_parameter *alpha = toc_method_parameter(method, "alpha", 0);
    assert_status(toc_parameter_set_number(alpha, 0, &options, &error), TOC_ERR_OPTION); /* open bound */
    const struct toc_parameter *weekdays = toc_method_parameter(method, "weekdays", 0);
    assert_status(toc_parameter_set_word(weekdays, "sundays", &options, &error), TOC_ERR_UNKNOWN_NAME);
    assert_status(toc_parameter_set_number(weekdays, 1, &options, &error), TOC_ERR_OPTION);
    assert_status(toc_parameter_set_word(alpha, "small", &options, &error), TOC_ERR_OPTION);
}

/* Steps first … n - 1 of a series, by a method's defaults. */
static size_t judge_from(const struct toc_method *method, enum toc_mode mode, const struct toc_series *series,
                         size_t first, struct toc_judgement *judgements)
{
    _Alignas(16) char options[TOC_METHOD_MAX_OPTIONS];
    toc_method_init_options(method, mode, options);
    assert_ok(method->judge(series, first, series->n - first, options, &test_allocator, judgements, NULL));
    return series->n - first;
}

static bool is_same(const struct toc_judgement *a, const struct toc_judgement *b)
{
    return a->alarm == b->alarm && a->reason == b->reason &&
           memcmp(&a->expected, &b->expected, sizeof a->expected) == 0 &&
           memcmp(&a->threshold, &b->threshold, sizeof a->threshold) == 0 &&
           memcmp(&a->score, &b->score, sizeof a->score) == 0;
}

/* A method that does not add up says the same of a step wherever judging began; one that does says so in its row. */
static void test_cumulative_is_told(void **state)
{
    (void) state;
    enum { NUM = 420, EARLY = 330, LATE = 400 };
    static double                   observed[NUM];
    struct toc_judgement            early[NUM], late[NUM];
    const struct toc_series         series = { .observed = observed, .n = NUM, .steps_per_year = 52 };
    size_t                          num;
    const struct toc_method *const *methods = toc_methods(&num);
    for (size_t i = 0; i < NUM; i++)
        observed[i] = (double) (4 + (7 * i) % 5 + (i > 350 ? 2 : 0));
    for (size_t i = 0; i < num; i++)
        for (enum toc_mode mode = TOC_MODE_DEFAULT; mode <= TOC_MODE_R; mode++) {
            judge_from(methods[i], mode, &series, EARLY, early);
            size_t judged = judge_from(methods[i], mode, &series, LATE, late), different = 0;
            for (size_t j = 0; j < judged; j++)
                different += !is_same(&early[LATE - EARLY + j], &late[j]);
            if (methods[i]->cumulative ? different == 0 : different > 0)
                fail_msg("%s: %zu of %zu steps depend on where judging began", methods[i]->name, different, judged);
        }
}

/* A model of the season needs more than five years, in whatever steps. */
static void test_default(void **state)
{
    (void) state;
    assert_string_equal(toc_method_default(5 * 53, 52)->name, "ears-c2");
    assert_string_equal(toc_method_default(5 * 53 + 1, 52)->name, "farrington-flexible");
    assert_string_equal(toc_method_default(5 * 366, 365)->name, "ears-c2");
    assert_string_equal(toc_method_default(5 * 366 + 1, 365)->name, "farrington-flexible");
    assert_string_equal(toc_method_default(60, 12)->name, "ears-c2");
    assert_string_equal(toc_method_default(61, 12)->name, "farrington-flexible");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table_is_whole),        cmocka_unit_test(test_setting_by_our_word_and_by_r),
        cmocka_unit_test(test_number_that_has_words), cmocka_unit_test(test_values_out_of_bounds),
        cmocka_unit_test(test_cumulative_is_told),    cmocka_unit_test(test_default),
    };
    return cmocka_run_group_tests_name("method", tests, NULL, NULL);
}
