/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench/make_counts.c: a counts file of any size, the same on every machine: weekly counts with a season and a trend,
 * overdispersed, grouped by series.
 *
 * usage: make_counts SERIES WEEKS >FILE
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "simulation/random.h"
#include "tocsin/date.h"

static const double PI = 3.14159265358979323846;

static void print_series(size_t number, size_t weeks)
{
    struct sim_random random = { .seed = 1, .scenario = number };
    toc_date          monday = toc_date_from_iso_week((struct toc_iso_week){ 2010, 1 });
    double level = 3.0 * sim_uniform(&random), slope = 0.002 * sim_uniform(&random), season = sim_uniform(&random);
    double dispersion = 1.0 + 2.0 * sim_uniform(&random);

    for (size_t week = 0; week < weeks; week++) {
        double           t = (double) week;
        double           mean = exp(level + slope * t + season * cos(2 * PI * t / 52.18));
        struct toc_civil day = toc_date_to_civil(monday + (toc_date) (7 * week));
        printf("%04d-%02d-%02d,%.0f,district %zu\n", day.year, day.month, day.day, sim_count(&random, mean, dispersion),
               number);
    }
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fputs("usage: make_counts SERIES WEEKS\n", stderr);
        return 2;
    }
    size_t series = strtoul(argv[1], NULL, 10), weeks = strtoul(argv[2], NULL, 10);
    puts("date,count,series");
    for (size_t i = 1; i <= series; i++)
        print_series(i, weeks);
    return fflush(stdout) == 0 ? 0 : 1;
}
