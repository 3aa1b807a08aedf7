/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libtocsin keeps nothing between calls: two threads that do all of it at once get the bits of one that does it alone.
 * Built with -Db_sanitize=thread this also proves that they share no memory. */
#include <pthread.h>
#include <stdlib.h>

#include "support/property.h"
#include "support/test.h"
#include "tocsin/growth.h"
#include "tocsin/method.h"
#include "tocsin/reproduction.h"
#include "tocsin/season.h"

enum { WEEKS = 420, DAYS = 120, JUDGED = 12, MAX_METHODS = 40, WINDOW = 7, TURNS = 3 };

/* What both threads only read. */
static struct {
    double   weekly[WEEKS], daily[DAYS];
    toc_date date[WEEKS];
} input;

/* What each thread writes. */
struct results {
    struct toc_judgement    judgements[MAX_METHODS][JUDGED];
    struct toc_season_week  weeks[WEEKS];
    struct toc_reproduction cori[DAYS], uncertain[DAYS], forward[DAYS];
    double                  quantiles[3][DAYS][3];
    struct toc_growth       growth[DAYS];
    int                     failures;
};

static struct results alone, together[2];

static void judge_by_all_methods(struct results *results)
{
    struct toc_series series = { .observed = input.weekly, .date = input.date, .n = WEEKS, .steps_per_year = 52 };
    size_t            num;
    const struct toc_method *const *methods = toc_methods(&num);
    for (size_t i = 0; i < num && i < MAX_METHODS; i++) {
        _Alignas(16) char options[TOC_METHOD_MAX_OPTIONS];
        toc_method_init_options(methods[i], TOC_MODE_DEFAULT, options);
        results->failures += methods[i]->judge(&series, WEEKS - JUDGED, JUDGED, options, &test_allocator,
                                               results->judgements[i], NULL) != 0;
    }
    struct toc_season_options season = TOC_SEASON_OPTIONS_INIT;
    results->failures += toc_season_judge(&series, 0, WEEKS, &season, &test_allocator, results->weeks, NULL) != 0;
}

static void estimate_all(struct results *results)
{
    const double                       probabilities[] = { 0.025, 0.5, 0.975 };
    const struct toc_incidence         incidence = { input.daily, NULL, DAYS, 365 };
    struct toc_window                  windows[DAYS];
    struct toc_cori_options            cori = TOC_CORI_OPTIONS_INIT;
    struct toc_wallinga_teunis_options forward = TOC_WALLINGA_TEUNIS_OPTIONS_INIT;
    struct toc_growth_options          growth = TOC_GROWTH_OPTIONS_INIT;
    struct toc_uncertain_interval      uncertain = { .mean = 5,
                                                     .mean_sd = 1,
                                                     .mean_low = 3,
                                                     .mean_high = 7,
                                                     .sd = 2.5,
                                                     .sd_sd = 0.5,
                                                     .sd_low = 1,
                                                     .sd_high = 4,
                                                     .draws = 5,
                                                     .seed = 3 };
    double                             w[40];
    size_t                             num = toc_windows_sliding(DAYS, WINDOW, windows);
    results->failures += toc_serial_interval_discretise(5, 2.5, w, 40, NULL) != 0;
    results->failures += toc_cori_estimate(&incidence, w, 40, windows, num, probabilities, 3, &cori, &test_allocator,
                                           results->cori, results->quantiles[0][0], NULL) != 0;
    results->failures +=
        toc_cori_estimate_uncertain(&incidence, &uncertain, windows, num, probabilities, 3, &cori, &test_allocator,
                                    results->uncertain, results->quantiles[1][0], NULL) != 0;
    results->failures +=
        toc_wallinga_teunis_estimate(&incidence, w, 40, windows, num, probabilities, 3, &forward, &test_allocator,
                                     results->forward, results->quantiles[2][0], NULL) != 0;
    results->failures += toc_growth_estimate(&incidence, windows, num, &growth, results->growth, NULL) != 0;
}

static void *work(void *results)
{
    for (int turn = 0; turn < TURNS; turn++) {
        judge_by_all_methods(results);
        estimate_all(results);
    }
    return NULL;
}

static void fill_input(struct test_random *random)
{
    toc_date monday = toc_date_from_iso_week((struct toc_iso_week){ 2012, 40 });
    for (size_t i = 0; i < WEEKS; i++) {
        input.date[i] = monday + 7 * (toc_date) i;
        input.weekly[i] = (double) test_between(random, 0, i % 52 < 10 ? 90 : 12);
    }
    for (size_t i = 0; i < DAYS; i++)
        input.daily[i] = (double) test_between(random, 10, 60);
}

static void test_two_threads(void **state)
{
    (void) state;
    struct test_random random = { .seed = 1 };
    pthread_t          threads[2];
    fill_input(&random);
    work(&alone);
    assert_int_equal(alone.failures, 0);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work, &together[i]), 0);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(together[i].failures, 0);
        assert_memory_equal(together[i].judgements, alone.judgements, sizeof alone.judgements);
        assert_memory_equal(together[i].quantiles, alone.quantiles, sizeof alone.quantiles);
        for (size_t day = 0; day < DAYS; day++) {
            assert_close(together[i].cori[day].mean, alone.cori[day].mean, 0, 0);
            assert_close(together[i].uncertain[day].sd, alone.uncertain[day].sd, 0, 0);
            assert_close(together[i].forward[day].mean, alone.forward[day].mean, 0, 0);
            assert_close(together[i].growth[day].high, alone.growth[day].high, 0, 0);
        }
        for (size_t week = 0; week < WEEKS; week++)
            assert_close(together[i].weeks[week].threshold, alone.weeks[week].threshold, 0, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_two_threads) };
    return cmocka_run_group_tests_name("threads", tests, NULL, NULL);
}
