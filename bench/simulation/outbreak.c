/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "outbreak.h"

#include <math.h>

void sim_outbreak(struct sim_random *random, double k, double sd, size_t start, double scale, double at_least,
                  double *counts, double *cases, size_t n)
{
    double size = sim_poisson(random, k * sd);
    while (size < at_least)
        size = sim_poisson(random, k * sd);
    for (double i = 0; i < size; i++) {
        size_t step = start + (size_t) (scale * exp(0.5 * sim_normal(random)));
        if (step >= n)
            continue;
        counts[step] += 1.0;
        if (cases != NULL)
            cases[step] += 1.0;
    }
}
