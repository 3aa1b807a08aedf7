/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench/simulation/outbreak.h: simulated outbreaks of Noufaily et al. 2013, doi:10.1002/sim.5595. */
#ifndef BENCH_SIMULATION_OUTBREAK_H
#define BENCH_SIMULATION_OUTBREAK_H

#include "random.h"

/* Add an outbreak that begins at step start to the n counts: Poisson(k sd) cases, at least at_least of them (drawn anew
 * until so many), each `floor(scale exp(0.5 normal))` steps after the start; cases beyond the end are lost. scale is 1
 * for weeks and 7 for days.
 * cases   n counts of the outbreak alone, added to; or NULL */
void sim_outbreak(struct sim_random *random, double k, double sd, size_t start, double scale, double at_least,
                  double *counts, double *cases, size_t n);

#endif
