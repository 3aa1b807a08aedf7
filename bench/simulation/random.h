/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench/simulation/random.h: random counts for simulation studies, the same on every machine and for any number of
 * threads: Philox (Random123), keyed by seed and scenario, counted by replicate and draw.
 *
 * Sources: Salmon et al. 2011, doi:10.1145/2063384.2063405 (Philox); Box and Muller 1958, doi:10.1214/aoms/1177706645
 * (normal); Marsaglia and Tsang 2000, doi:10.1145/358407.358414 (gamma); Hörmann 1993,
 * doi:10.1016/0167-6687(93)90997-4 (Poisson of large mean, by transformed rejection).
 */
#ifndef BENCH_SIMULATION_RANDOM_H
#define BENCH_SIMULATION_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim_random {
    uint64_t seed, scenario, replicate;
    uint64_t drawn; /* how many uniform numbers so far */
};

/* 0 < u < 1. */
double sim_uniform(struct sim_random *random);
/* A whole number in low … high, both inclusive. */
size_t sim_between(struct sim_random *random, size_t low, size_t high);
double sim_normal(struct sim_random *random);
/* shape > 0, scale 1. */
double sim_gamma(struct sim_random *random, double shape);
/* mean >= 0. */
double sim_poisson(struct sim_random *random, double mean);
/* Of that mean, variance = dispersion * mean; dispersion 1 is Poisson. */
double sim_count(struct sim_random *random, double mean, double dispersion);

#endif
