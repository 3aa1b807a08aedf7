/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The course of the disease, from one state to the next; what is drawn depends on agent, day of infection and step. */
#include "simulation_measures.h"
#include "simulation_state.h"

void toci_sim_change_state(struct toci_shard *shard, uint32_t agent, uint32_t state)
{
    struct toc_simulation *sim = shard->sim;
    int32_t               *count = toci_count(shard, toci_sim_area_of(sim, agent), toci_age(sim, agent));
    count[toci_state(sim, agent)]--;
    count[state]++;
    sim->agent[agent].state = (uint8_t) ((sim->agent[agent].state & 0xF0) | state);
    toci_touch(shard, agent);
}

static struct toci_draw course_draw(const struct toc_simulation *sim, uint32_t agent, enum toci_event event)
{
    return toci_draw(sim->seed, TOCI_DRAW_COURSE, agent, sim->agent[agent].infected, (uint32_t) event);
}

/* Whole days around a mean: the lower or the higher one, so that the mean comes out. */
static uint32_t two_days(double mean, uint32_t word)
{
    double low = floor(mean);
    return (uint32_t) low + (toci_unit(word) < mean - low);
}

static void fall_ill(struct toci_shard *shard, uint32_t agent, bool severe)
{
    struct toc_simulation *sim = shard->sim;
    struct toci_draw       draw = course_draw(sim, agent, TOCI_ONSET_MILD);
    uint32_t               age = toci_age(sim, agent), strain = sim->agent[agent].flags & TOCI_FLAG_STRAIN;
    toci_counted(shard, agent, TOC_SIMULATION_COLUMN_onsets, 1);
    toci_sim_change_state(shard, agent, severe ? TOC_SIMULATION_COLUMN_severe : TOC_SIMULATION_COLUMN_mild);
    if (severe && toci_unit(draw.v[0]) < sim->p.hospitalised[age] * sim->p.strain_hospitalised[strain])
        toci_later(shard, agent, TOCI_ADMITTED, sim->day, two_days(sim->p.admission_mean, draw.v[1]));
    else
        toci_later(shard, agent, TOCI_RECOVERS, sim->day, sim->recovery[draw.v[2] >> 22]);
    toci_report_symptoms(shard, agent);
}

static void be_admitted(struct toci_shard *shard, uint32_t agent)
{
    struct toc_simulation *sim = shard->sim;
    struct toci_draw       draw = course_draw(sim, agent, TOCI_ADMITTED);
    uint32_t               age = toci_age(sim, agent);
    toci_counted(shard, agent, TOC_SIMULATION_COLUMN_admissions, 1);
    toci_sim_change_state(shard, agent, TOC_SIMULATION_COLUMN_hospitalised);
    if (toci_unit(draw.v[0]) >= sim->p.critical[age])
        toci_later(shard, agent, TOCI_RECOVERS, sim->day, sim->hospital_recovery[draw.v[1] >> 22]);
    else
        toci_later(shard, agent, toci_unit(draw.v[2]) < sim->p.intensive_care[age] ? TOCI_CRITICAL : TOCI_DIES,
                   sim->day, sim->critical[draw.v[1] >> 22]);
    toci_report_admission(shard, agent);
}

static void become_critical(struct toci_shard *shard, uint32_t agent)
{
    struct toc_simulation *sim = shard->sim;
    struct toci_draw       draw = course_draw(sim, agent, TOCI_CRITICAL);
    toci_counted(shard, agent, TOC_SIMULATION_COLUMN_intensive_care_admissions, 1);
    toci_sim_change_state(shard, agent, TOC_SIMULATION_COLUMN_intensive_care);
    if (toci_unit(draw.v[0]) < sim->p.fatal[toci_age(sim, agent)])
        toci_later(shard, agent, TOCI_DIES, sim->day, sim->death[draw.v[1] >> 22]);
    else
        toci_later(shard, agent, TOCI_CARE_ENDS, sim->day, sim->care[draw.v[1] >> 22]);
}

static void recover(struct toci_shard *shard, uint32_t agent)
{
    struct toc_simulation *sim = shard->sim;
    toci_sim_change_state(shard, agent, TOC_SIMULATION_COLUMN_recovered);
    if (sim->p.immune_days >= TOC_SIMULATION_LAST_DAY)
        return;
    double u = toci_unit(course_draw(sim, agent, TOCI_RECOVERS).v[0]);
    double days = floor(sim->p.immune_days - sim->p.immune_tail_mean * log(u) + 0.5);
    if (days < TOC_SIMULATION_LAST_DAY - sim->day)
        toci_later(shard, agent, TOCI_SUSCEPTIBLE_AGAIN, sim->day, days < 1 ? 1 : (uint32_t) days);
}

/* Immunity to all strains ends together, that of a later infection by a strain that was let in before too. */
static void become_susceptible(struct toci_shard *shard, uint32_t agent)
{
    struct toc_simulation *sim = shard->sim;
    if (toci_state(sim, agent) != TOC_SIMULATION_COLUMN_recovered)
        return;
    toci_sim_change_state(shard, agent, TOC_SIMULATION_COLUMN_susceptible);
    sim->agent[agent].state &= 15;
}

void toci_sim_progress(struct toci_shard *shard, uint32_t agent, enum toci_event event)
{
    struct toc_simulation *sim = shard->sim;
    switch (event) {
    case TOCI_ONSET_MILD: fall_ill(shard, agent, false); break;
    case TOCI_ONSET_SEVERE: fall_ill(shard, agent, true); break;
    case TOCI_ADMITTED: be_admitted(shard, agent); break;
    case TOCI_CRITICAL: become_critical(shard, agent); break;
    case TOCI_CARE_ENDS:
        toci_sim_change_state(shard, agent, TOC_SIMULATION_COLUMN_recovering);
        toci_later(shard, agent, TOCI_RECOVERS, sim->day,
                   sim->hospital_recovery[course_draw(sim, agent, TOCI_CARE_ENDS).v[0] >> 22]);
        break;
    case TOCI_DIES:
        toci_counted(shard, agent, TOC_SIMULATION_COLUMN_deaths, 1);
        toci_sim_change_state(shard, agent, TOC_SIMULATION_COLUMN_dead);
        toci_end_stay(shard, agent);
        break;
    case TOCI_SUSCEPTIBLE_AGAIN: become_susceptible(shard, agent); break;
    default: recover(shard, agent); break;
    }
}
