/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Distributions as tables, so that a draw is a look-up.
 *
 * Times: 1,024 quantiles of the gamma distribution, rounded to whole days, at least one.
 * Infectiousness curve: of day d after infection P(d) - P(d - 1), P the gamma distribution of the curve, over at most
 * 63 days. Infectiousness of a person: quantiles of the gamma distribution of mean 1, closer together towards the tail
 * that makes superspreaders: 64 a factor of two of the upper tail, between them linear.
 */
#define MATHLIB_STANDALONE
#include <Rmath.h>

#include "simulation_state.h"

static void fill_days(uint16_t table[TOCI_SIM_QUANTILES], double mean, double sd)
{
    for (int i = 0; i < TOCI_SIM_QUANTILES; i++) {
        double days = mean;
        if (sd > 0)
            days = qgamma((i + 0.5) / TOCI_SIM_QUANTILES, mean * mean / (sd * sd), sd * sd / mean, 1, 0);
        days = floor(days + 0.5);
        table[i] = days < 1 ? 1 : days > 10000 ? 10000 : (uint16_t) days;
    }
}

static void fill_curve(struct toc_simulation *sim, int strain)
{
    uint32_t *bound = sim->day_bound[strain];
    double    factor = sim->p.strain_infectious_days[strain];
    double    sd = sim->p.infectious_sd * factor, mean = sim->p.infectious_mean * factor;
    double    shape = mean * mean / (sd * sd), scale = sd * sd / mean;
    double    all = pgamma(TOCI_SIM_DAYS - 1, shape, scale, 1, 0);
    for (int day = 0; day < TOCI_SIM_DAYS; day++) { /* element d: up to day d + 1 */
        double part = pgamma(day + 1, shape, scale, 1, 0) / all;
        bound[day] = part >= 1 - 0x1p-32 ? UINT32_MAX : (uint32_t) (part * 0x1p32);
    }
    for (uint32_t i = 0, day = 0; i < 256; i++) {
        while (bound[day] <= i << 24 && bound[day] != UINT32_MAX)
            day++;
        sim->day_guess[strain][i] = (uint8_t) day;
    }
}

static void fill_spread(struct toc_simulation *sim)
{
    double sd = sim->p.infectiousness_sd;
    for (int octave = 0; octave < 33; octave++)
        for (int cell = 0; cell <= TOCI_SIM_OCTAVE_CELLS; cell++) {
            /* of the upper tail 2^-octave … 2^-octave-1, from the larger to the smaller */
            double tail = ldexp(1 - 0.5 * cell / TOCI_SIM_OCTAVE_CELLS, -octave);
            double value = 1;
            if (sd > 0)
                value = tail >= 1 ? 0 : qgamma(tail, 1 / (sd * sd), sd * sd, 0, 0);
            sim->spread[octave][cell] = (float) value;
        }
}

void toci_sim_tables(struct toc_simulation *sim)
{
    const struct toc_simulation_parameters *p = &sim->p;
    fill_days(sim->onset, p->onset_mean, p->onset_sd);
    fill_days(sim->recovery, p->recovery_mean, p->recovery_sd);
    fill_days(sim->asymptomatic_recovery, p->asymptomatic_recovery_mean, p->asymptomatic_recovery_sd);
    fill_days(sim->critical, p->critical_mean, p->critical_sd);
    fill_days(sim->hospital_recovery, p->hospital_recovery_mean, p->hospital_recovery_sd);
    fill_days(sim->care, p->intensive_care_mean, p->intensive_care_sd);
    fill_days(sim->death, p->death_mean, p->death_sd);
    for (int strain = 0; strain < TOC_SIMULATION_STRAIN; strain++)
        fill_curve(sim, strain);
    fill_spread(sim);
    sim->highest_susceptibility = 0;
    for (int age = 0; age < TOC_SIMULATION_AGE; age++)
        sim->highest_susceptibility = fmax(sim->highest_susceptibility, p->susceptibility[age]);
    memset(sim->immune, 0, sizeof sim->immune);
    sim->immune_by_chance = false;
    for (int i = 0; i < TOC_SIMULATION_PAIR; i++) {
        double share = p->cross_immunity[i];
        if (share >= 1)
            sim->immune[i / TOC_SIMULATION_STRAIN] |= (uint8_t) (1u << i % TOC_SIMULATION_STRAIN);
        sim->immune_by_chance = sim->immune_by_chance || (share > 0 && share < 1);
    }
    sim->household_bound = fmax(1, p->lockdown_contacts[0]);
    sim->rate = sim->mean_weight > 0 ? p->infectious_rate / sim->mean_weight : 0;
}
