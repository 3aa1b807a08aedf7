/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is in force today, and which contacts it leaves. */
#include "simulation_measures.h"

/* 1 without the measure, `factor` with all of it. */
static double weakened(double strength, double factor)
{
    return 1 - strength * (1 - factor);
}

static bool covers(const struct toc_simulation_schedule *line, uint32_t area)
{
    return line->area == TOC_SIMULATION_EVERYWHERE ||
           (area >= line->area && area <= toci_last_area(line->area, line->areas));
}

/* Looks at the area, or, in a line of several, at all of them when the first of them is asked about. */
static bool is_triggered(struct toc_simulation *sim, size_t line, uint32_t area)
{
    const struct toc_simulation_schedule *schedule = &sim->schedule[line];
    uint32_t                              first = schedule->areas > 1 ? schedule->area : area;
    uint32_t                              last = schedule->areas > 1 ? toci_last_area(first, schedule->areas) : area;
    uint8_t                              *pulled = &sim->pulled[line * sim->num_areas + first];
    double                                found = 0;
    if (area != first)
        return *pulled;
    for (size_t i = (size_t) first * 7; i < ((size_t) last + 1) * 7; i++)
        found += sim->weekly[i];
    uint32_t persons = sim->areas[last].end - sim->areas[first].first;
    double   rate = persons > 0 ? found * 1e5 / persons : 0;
    if (*pulled == 0)
        *pulled = rate > schedule->on_above;
    else if (rate >= schedule->off_below)
        *pulled = 1;
    else
        *pulled = *pulled < schedule->off_after ? (uint8_t) (*pulled + 1) : 0;
    return *pulled;
}

static void look_up_schedule(struct toc_simulation *sim, uint32_t area, double *strength)
{
    memset(strength, 0, TOC_SIMULATION_MEASURES * sizeof *strength);
    for (size_t i = 0; i < sim->num_schedule; i++) {
        const struct toc_simulation_schedule *line = &sim->schedule[i];
        if (sim->day < line->from || sim->day > line->to)
            continue;
        if (!covers(line, area))
            continue;
        if (!(line->on_above < 0) && !is_triggered(sim, i, area))
            continue;
        strength[line->measure] = fmax(strength[line->measure], line->strength);
    }
    for (int measure = 0; measure < TOC_SIMULATION_MEASURES; measure++) {
        float forced = sim->forced[(size_t) measure * sim->num_areas + area];
        if (forced >= 0)
            strength[measure] = (double) forced;
    }
}

static void weaken_contacts(const struct toc_simulation *sim, struct toci_today *today)
{
    const struct toc_simulation_parameters *p = &sim->p;
    const double                           *strength = today->strength;
    double                                  lockdown = strength[TOC_SIMULATION_MEASURE_lockdown];
    for (int kind = 0; kind < TOC_SIMULATION_RING; kind++)
        today->ring[kind] = weakened(lockdown, p->lockdown_contacts[1]);
    double school = weakened(strength[TOC_SIMULATION_MEASURE_school_closure], p->school_closure_contacts);
    today->ring[0] *= school;
    today->ring[1] *= school;
    today->ring[2] *= weakened(strength[TOC_SIMULATION_MEASURE_work_closure], p->work_closure_contacts);
    today->random = weakened(lockdown, p->lockdown_contacts[2]) *
                    weakened(strength[TOC_SIMULATION_MEASURE_advice], p->advice_contacts);
    today->transport = weakened(lockdown, p->lockdown_contacts[2]) *
                       weakened(strength[TOC_SIMULATION_MEASURE_transport_stop], p->transport_stop_contacts);
    today->household = weakened(lockdown, p->lockdown_contacts[0]);
    today->precaution = weakened(strength[TOC_SIMULATION_MEASURE_precautions], p->precaution_transmission);
    today->shielding = weakened(strength[TOC_SIMULATION_MEASURE_shielding], p->shielding_contacts);
    today->border = weakened(strength[TOC_SIMULATION_MEASURE_checkpoints], p->checkpoint_contacts);
}

/* Free beds of shelter hospitals, to be given out today: each shard its part, to be shared anew tomorrow. */
static void share_shelters(struct toc_simulation *sim)
{
    double beds = floor(sim->p.shelter_beds * sim->agents / 1e5);
    for (uint32_t i = 0; i < sim->num_shards; i++)
        for (uint32_t area = sim->shards[i].area_first; area < sim->shards[i].area_end; area++)
            for (uint32_t age = 0; age < TOC_SIMULATION_AGE; age++)
                beds -= toci_count(&sim->shards[i], area, age)[TOC_SIMULATION_COLUMN_sheltered];
    for (uint32_t i = 0; i < sim->num_shards; i++) {
        struct toci_shard *shard = &sim->shards[i];
        double             before = floor(beds * shard->first / sim->agents);
        shard->shelter_quota = floor(beds * shard->end / sim->agents) - before;
    }
}

void toci_sim_begin_day(struct toc_simulation *sim)
{
    bool shelters = false;
    for (uint32_t try = 0; try < TOCI_SIM_RETRIES; try++) {
        struct toci_draw draw = toci_draw(sim->seed, TOCI_DRAW_PAIRING, sim->day, try, 0);
        memcpy(sim->pairing[sim->day % TOCI_SIM_PAIRINGS][try], draw.v, sizeof sim->pairing[0][0]);
    }
    sim->plain = true;
    for (uint32_t area = 0; area < sim->num_areas; area++) {
        struct toci_today *today = &sim->today[area];
        look_up_schedule(sim, area, today->strength);
        weaken_contacts(sim, today);
        for (int measure = TOC_SIMULATION_MEASURE_lockdown; measure <= TOC_SIMULATION_MEASURE_checkpoints; measure++)
            sim->plain = sim->plain && today->strength[measure] <= 0;
        shelters = shelters || today->strength[TOC_SIMULATION_MEASURE_shelters] > 0;
    }
    if (shelters)
        share_shelters(sim);
}

/* Extra hits are those above the usual rate, up to the bound that all hits were drawn with. */
bool toci_at_home_today(const struct toc_simulation *sim, uint32_t source, uint32_t network, uint32_t number)
{
    double factor = sim->today[toci_sim_area_of(sim, source)].household;
    double u = toci_unit(toci_draw(sim->seed, TOCI_DRAW_DUE, source, sim->day, number).v[1]);
    if (network == TOCI_HOUSEHOLD)
        return u < factor;
    return factor > 1 && u * (sim->household_bound - 1) < factor - 1;
}

double toci_contact_factor(const struct toc_simulation *sim, uint32_t agent, uint32_t area, uint32_t network)
{
    const struct toci_today *today = &sim->today[area];
    double                   factor = network == TOCI_RING     ? today->ring[sim->agent[agent].age_ring >> 4 & 7]
                                      : network == TOCI_RANDOM ? today->random
                                                               : today->transport;
    return toci_age(sim, agent) >= 7 ? factor * today->shielding : factor;
}

bool toci_meet_under_measures(const struct toc_simulation *sim, uint32_t source, uint32_t target, uint32_t network)
{
    uint32_t area = toci_sim_area_of(sim, source), other = toci_sim_area_of(sim, target);
    if (sim->num_journeys > 0) {
        area = toci_place_on(sim, source, area, sim->day);
        other = toci_place_on(sim, target, other, sim->day);
    }
    double factor =
        fmin(toci_contact_factor(sim, source, area, network), toci_contact_factor(sim, target, other, network));
    factor *= fmin(sim->today[area].precaution, sim->today[other].precaution);
    if (area != other)
        factor *= fmin(sim->today[area].border, sim->today[other].border);
    return factor >= 1 || toci_unit(toci_draw(sim->seed, TOCI_DRAW_CONTACT, source, sim->day, target).v[1]) < factor;
}

/* ---- stays ---- */
uint32_t toci_stay_days(double days, double dropout, uint32_t word)
{
    if (dropout <= 0)
        return (uint32_t) days;
    double until = dropout >= 1 ? 1 : 1 + floor(log(toci_unit(word)) / log1p(-dropout));
    return (uint32_t) fmin(until, days);
}

/* Bits of the days first … last, 31 at most. */
static uint32_t days_bits(uint32_t first, uint32_t last)
{
    uint32_t bits = (UINT32_C(1) << (last - first + 1)) - 1, turn = first & 31;
    return bits << turn | (turn == 0 ? 0 : bits >> (32 - turn));
}

void toci_begin_stay(struct toci_shard *shard, uint32_t agent, uint32_t last_day, bool held)
{
    struct toc_simulation *sim = shard->sim;
    if (!toci_is_about(sim, agent) || last_day <= sim->day)
        return;
    toci_touch(shard, agent);
    if (held && (sim->agent[agent].held & TOCI_HELD) < TOCI_MOST_HELD)
        sim->agent[agent].held++;
    if (!held)
        sim->agent[agent].flags |= TOCI_FLAG_FIRM;
    if (sim->agent[agent].stay_until == 0)
        toci_counted(shard, agent, TOC_SIMULATION_COLUMN_restricted, 1);
    if (last_day <= sim->agent[agent].stay_until)
        return;
    sim->agent[agent].stay_until = (uint16_t) last_day;
    sim->at_home[agent] |= days_bits(sim->day + 1, last_day);
    toci_later(shard, agent, TOCI_STAY_ENDS, sim->day, last_day - sim->day);
}

bool toci_take_in(struct toci_shard *shard, uint32_t agent)
{
    struct toc_simulation *sim = shard->sim;
    double                 share = toci_in_force(sim, agent, TOC_SIMULATION_MEASURE_shelters);
    if (share <= 0 || shard->shelter_quota < 1 || toci_is_sheltered(sim, agent) || !toci_is_about(sim, agent))
        return false;
    if (toci_unit(toci_draw(sim->seed, TOCI_DRAW_SHELTER, agent, sim->day, 0).v[0]) >= share)
        return false;
    shard->shelter_quota--;
    toci_begin_stay(shard, agent, sim->day + (uint32_t) sim->p.positive_days, false);
    sim->agent[agent].held |= TOCI_SHELTERED;
    toci_counted(shard, agent, TOC_SIMULATION_COLUMN_sheltered, 1);
    return true;
}

void toci_end_stay(struct toci_shard *shard, uint32_t agent)
{
    struct toc_simulation *sim = shard->sim;
    if (sim->agent[agent].stay_until == 0)
        return;
    toci_counted(shard, agent, TOC_SIMULATION_COLUMN_restricted, -1);
    sim->at_home[agent] &= ~days_bits(sim->day + 1, sim->day + TOCI_SIM_MASK_AHEAD);
    sim->agent[agent].stay_until = 0;
    if (toci_is_sheltered(sim, agent))
        toci_counted(shard, agent, TOC_SIMULATION_COLUMN_sheltered, -1);
    sim->agent[agent].held &= TOCI_STRUCK;
    sim->agent[agent].flags &= (uint8_t) ~TOCI_FLAG_FIRM;
    toci_touch(shard, agent);
}

void toci_release_hold(struct toci_shard *shard, uint32_t agent)
{
    struct toc_simulation *sim = shard->sim;
    if ((sim->agent[agent].held & TOCI_HELD) == 0)
        return;
    sim->agent[agent].held--;
    toci_touch(shard, agent);
    if ((sim->agent[agent].held & TOCI_HELD) == 0 && !(sim->agent[agent].flags & TOCI_FLAG_FIRM))
        toci_end_stay(shard, agent);
}
