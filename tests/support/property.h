/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tests/support/property.h: properties that must hold for any input, tried on random ones.
 *
 * A property is a function that draws its own input and asserts. Every round has a seed of its own; when a round fails,
 * the seed is printed, and TOCSIN_SEED=<seed> runs that round alone. The numbers come from Philox (Random123), so a
 * seed means the same input on every machine.
 */
#ifndef TESTS_SUPPORT_PROPERTY_H
#define TESTS_SUPPORT_PROPERTY_H

#include <stddef.h>
#include <stdint.h>

#include "tocsin/series.h"

struct test_random {
    uint64_t seed;
    uint64_t drawn; /* how many numbers so far */
};

typedef void test_property_function(struct test_random *random);

/* Run rounds of one property with seeds 1 … rounds (or TOCSIN_SEED alone). */
void test_property(const char *name, unsigned rounds, test_property_function *property);

/* 0 < u < 1. */
double test_uniform(struct test_random *random);
/* A whole number in low … high, both inclusive. */
size_t test_between(struct test_random *random, size_t low, size_t high);
/* A whole number of that mean; variance = dispersion * mean (dispersion 1: Poisson, more: negative binomial). */
double test_count(struct test_random *random, double mean, double dispersion);

enum { TEST_SERIES_ROOM = 1024 };

/* A random series and the arrays it points to; do not copy it. */
struct test_series {
    struct toc_series series;
    double            observed[TEST_SERIES_ROOM];
    toc_date          date[TEST_SERIES_ROOM];
    uint8_t           holiday[TEST_SERIES_ROOM];
};

enum test_series_parts {
    TEST_SERIES_DATED = 1,    /* with dates; else NULL */
    TEST_SERIES_MISSING = 2,  /* one count in 20 missing */
    TEST_SERIES_HOLIDAYS = 4, /* one step in 30 a holiday */
    TEST_SERIES_WEEKDAYS = 8  /* daily: Sundays at a third */
};

/* n <= TEST_SERIES_ROOM counts of that mean (possibly 0), overdispersed at random; parts is a sum of the words above.
 */
void test_draw_series(struct test_random *random, struct test_series *drawn, size_t n, int steps_per_year, double mean,
                      unsigned parts);

#endif
