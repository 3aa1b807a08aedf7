/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/property.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <Random123/philox.h>

#define MATHLIB_STANDALONE
#include <Rmath.h>

#include "support/test.h"

/* A failed assertion leaves by longjmp, so the round that was running is remembered and told at the next chance. */
static const char *running;
static uint64_t    running_seed;

static void tell_failed_round(void)
{
    if (running != NULL)
        fprintf(stderr, "\n*** property '%s' failed: repeat with TOCSIN_SEED=%llu ***\n\n", running,
                (unsigned long long) running_seed);
    running = NULL;
}

static void run_round(const char *name, uint64_t seed, test_property_function *property)
{
    struct test_random random = { .seed = seed };
    running = name;
    running_seed = seed;
    property(&random);
    running = NULL;
}

void test_property(const char *name, unsigned rounds, test_property_function *property)
{
    static bool registered;
    const char *one = getenv("TOCSIN_SEED");
    if (!registered)
        registered = atexit(tell_failed_round) == 0;
    tell_failed_round();
    if (one != NULL)
        run_round(name, strtoull(one, NULL, 10), property);
    else
        for (unsigned seed = 1; seed <= rounds; seed++)
            run_round(name, seed, property);
}

double test_uniform(struct test_random *random)
{
    philox2x64_ctr_t counter = { { random->drawn++, 0 } };
    philox2x64_key_t key = { { random->seed } };
    philox2x64_ctr_t bits = philox2x64(counter, key);
    return ((double) (bits.v[0] >> 11) + 0.5) * 0x1p-53;
}

size_t test_between(struct test_random *random, size_t low, size_t high)
{
    return low + (size_t) (test_uniform(random) * (double) (high - low + 1));
}

double test_count(struct test_random *random, double mean, double dispersion)
{
    double u = test_uniform(random);
    if (mean <= 0)
        return 0.0;
    if (dispersion <= 1)
        return qpois(u, mean, 1, 0);
    return qnbinom(u, mean / (dispersion - 1.0), 1.0 / dispersion, 1, 0);
}

void test_draw_series(struct test_random *random, struct test_series *drawn, size_t n, int steps_per_year, double mean,
                      unsigned parts)
{
    assert_true(n <= TEST_SERIES_ROOM);
    double   dispersion = 1.0 + 3.0 * test_uniform(random);
    int      days = steps_per_year == 365 ? 1 : steps_per_year == 52 ? 7 : 31;
    toc_date start = (toc_date) (14000 + (int) test_between(random, 0, 6));
    for (size_t i = 0; i < n; i++) {
        drawn->date[i] = start + (toc_date) i * days;
        bool sunday = toc_date_weekday(drawn->date[i]) == 6;
        bool low = (parts & TEST_SERIES_WEEKDAYS) && days == 1 && sunday;
        drawn->observed[i] = test_count(random, low ? mean / 3.0 : mean, dispersion);
        if ((parts & TEST_SERIES_MISSING) && test_uniform(random) < 0.05)
            drawn->observed[i] = NAN;
        drawn->holiday[i] = (parts & TEST_SERIES_HOLIDAYS) && test_uniform(random) < 1.0 / 30.0;
    }
    drawn->series = (struct toc_series){
        .observed = drawn->observed,
        .date = parts & TEST_SERIES_DATED ? drawn->date : NULL,
        .holiday = parts & TEST_SERIES_HOLIDAYS ? drawn->holiday : NULL,
        .n = n,
        .steps_per_year = steps_per_year,
    };
}
