/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rings (schools, workplaces, clubs) and random contacts: who has a place where, and how many. */
#define MATHLIB_STANDALONE
#include <Rmath.h>

#include "simulation_meeting.h"
#include "simulation_state.h"

/* Kinds of rings in the order of TOC_SIMULATION_RING. */
enum { PRIMARY, SECONDARY, WORK, CLUB_70, CLUB_80 };

static uint32_t ring_kind_of_age(uint32_t age)
{
    return age == 0 ? PRIMARY : age == 1 ? SECONDARY : age < 7 ? WORK : age == 7 ? CLUB_70 : CLUB_80;
}

/* The area where somebody works: that of the home, or one that the commuting lines of the home lead to. */
static uint32_t work_area(const struct toc_simulation_setup *setup, const size_t *line_of, uint32_t area, double u)
{
    for (size_t i = line_of[area]; i < line_of[area + 1]; i++) {
        u -= setup->commuting[i].share;
        if (u < 0)
            return setup->commuting[i].to;
    }
    return area;
}

/* Each agent's kind of ring: that of its age; some of the adults work in schools and clubs of their own area. */
static void choose_kinds(struct toc_simulation *sim, uint32_t area)
{
    uint32_t members[TOC_SIMULATION_RING] = { 0 };
    for (uint32_t agent = sim->areas[area].first; agent < sim->areas[area].end; agent++)
        members[ring_kind_of_age(toci_age(sim, agent))]++;
    double share[TOC_SIMULATION_RING] = { 0 };
    for (int kind = 0; kind < TOC_SIMULATION_RING; kind++)
        if (kind != WORK && members[WORK] > 0)
            share[kind] = sim->p.ring_adults[kind] * members[kind] / members[WORK];
    for (uint32_t agent = sim->areas[area].first; agent < sim->areas[area].end; agent++) {
        uint32_t         kind = ring_kind_of_age(toci_age(sim, agent));
        struct toci_draw draw = toci_draw(sim->seed, TOCI_DRAW_AGENT, agent, 0, 0);
        double           u = toci_unit(draw.v[0]);
        for (uint32_t k = 0; kind == WORK && k < TOC_SIMULATION_RING; k++) {
            if (u < share[k])
                kind = k;
            u -= share[k];
        }
        bool app = toci_unit(draw.v[1]) < sim->p.app_share[toci_age(sim, agent)];
        sim->agent[agent].age_ring = (uint8_t) (sim->agent[agent].age_ring | kind << 4 | (uint32_t) app << 7);
    }
}

/* A random word's place in a table of cumulated shares. */
static uint32_t draw_from(const uint32_t *bound, uint32_t n, uint32_t word)
{
    uint32_t low = 0, high = n - 1; /* the first with word < bound */
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (word < bound[middle])
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* Cumulated shares of 0, 1, … contacts: negative binomial, or Poisson where the variance is not above the mean. */
static void contact_bounds(double mean, double sd, uint32_t bound[TOCI_SIM_MAX_STUBS + 1])
{
    for (int k = 0; k <= TOCI_SIM_MAX_STUBS; k++) {
        double below = mean <= 0        ? 1
                       : sd * sd > mean ? pnbinom_mu(k, mean * mean / (sd * sd - mean), mean, 1, 0)
                                        : ppois(k, mean, 1, 0);
        bound[k] = below >= 1 - 0x1p-32 ? UINT32_MAX : (uint32_t) (below * 0x1p32);
    }
    bound[TOCI_SIM_MAX_STUBS] = UINT32_MAX;
}

static uint32_t stubs_of(const struct toc_simulation *sim, uint32_t bounds[][TOCI_SIM_MAX_STUBS + 1], uint32_t agent)
{
    return draw_from(bounds[toci_age(sim, agent)], TOCI_SIM_MAX_STUBS + 1,
                     toci_draw(sim->seed, TOCI_DRAW_AGENT, agent, 0, 0).v[2]);
}

static int make_stubs(struct toc_simulation *sim, struct toc_error *error)
{
    uint32_t bounds[TOC_SIMULATION_AGE][TOCI_SIM_MAX_STUBS + 1];
    uint64_t total = 0;
    int      ret = 0;
    for (int age = 0; age < TOC_SIMULATION_AGE; age++)
        contact_bounds(sim->p.random_contacts[age], sim->p.random_contacts_sd[age], bounds[age]);
    for (uint32_t area = 0; area < sim->num_areas; area++) {
        struct toci_area *here = &sim->areas[area];
        here->first_stub = (uint32_t) total;
        for (uint32_t agent = here->first; agent < here->end; agent++) {
            sim->first_stub[agent] = (uint32_t) total;
            sim->agent[agent].stubs = (uint8_t) stubs_of(sim, bounds, agent);
            total += sim->agent[agent].stubs;
        }
        if (total >= UINT32_MAX)
            return toci_fail(error, TOC_ERR_TOO_LARGE, "random_contacts", TOC_NOWHERE, (double) total,
                             "fewer than 4294967295 random contacts a day in the whole population");
        here->end_stub = (uint32_t) total;
        here->shape = toci_shape_of(here->end_stub - here->first_stub);
    }
    sim->num_stubs = (uint32_t) total;
    sim->all_shape = toci_shape_of(sim->num_stubs);
    sim->stub_agent = toci_allocate(&sim->allocator, total + 1, sizeof(uint32_t), &ret, error);
    if (ret != 0)
        return ret;
    for (uint32_t agent = 0; agent < sim->agents; agent++)
        for (uint32_t stub = sim->first_stub[agent]; stub < sim->first_stub[agent] + sim->agent[agent].stubs; stub++)
            sim->stub_agent[stub] = agent;
    return 0;
}

/* Members of each ring kind of each area in a shuffled order; the slots are laid out before. */
static void seat(struct toc_simulation *sim, const struct toc_simulation_setup *setup, const size_t *line_of,
                 uint32_t *seated)
{
    for (uint32_t area = 0; area < sim->num_areas; area++)
        for (uint32_t agent = sim->areas[area].first; agent < sim->areas[area].end; agent++) {
            uint32_t kind = sim->agent[agent].age_ring >> 4 & 7, there = area;
            if (kind == WORK && setup->num_commuting > 0)
                there =
                    work_area(setup, line_of, area, toci_unit(toci_draw(sim->seed, TOCI_DRAW_AGENT, agent, 0, 0).v[3]));
            uint32_t                which = there * TOC_SIMULATION_RING + kind;
            const struct toci_ring *ring = &sim->rings[which];
            struct toci_shuffle     shuffle = toci_shape_of(ring->size);
            toci_give_key(&shuffle, ring->key[1], ring->key[0]);
            uint32_t slot = ring->first + toci_shuffled(&shuffle, seated[which]++);
            sim->agent[agent].slot = slot;
            sim->slot_agent[slot] = agent;
        }
}

static void shape_ring(struct toc_simulation *sim, struct toci_ring *ring, uint32_t kind)
{
    uint32_t wanted = (uint32_t) sim->p.ring_size[kind];
    uint32_t rings = wanted == 0 || ring->size < wanted ? 1 : ring->size / wanted;
    ring->members = ring->size == 0 ? 1 : (ring->size + rings - 1) / rings;
    ring->half = (uint32_t) (sim->p.ring_contacts[kind] / sim->p.ring_daily_share / 2 + 0.5);
    for (uint32_t slot = ring->first; slot < ring->first + ring->size; slot++) {
        double here = sim->p.susceptibility[toci_age(sim, sim->slot_agent[slot])];
        ring->highest_susceptibility = fmax(ring->highest_susceptibility, here);
        uint32_t bits = 0;
        for (uint32_t k = 0; k < ring->half; k += 8) { /* 16 bits for each of 8 edges */
            struct toci_draw draw = toci_draw(sim->seed, TOCI_DRAW_REWIRED, slot, k, 0);
            uint32_t         bound = (uint32_t) (sim->p.ring_rewired * 0x1p16 + 0.5);
            for (uint32_t i = 0; i < 8 && k + i < ring->half; i++)
                bits |= (uint32_t) ((draw.v[i / 2] >> (16 * (i & 1)) & 0xFFFF) < bound) << (k + i);
        }
        sim->slot_rewired[slot] = (uint16_t) bits;
    }
}

/* How many have their place in each kind of ring of each area, by home and by commuting. */
static void count_places(struct toc_simulation *sim, const struct toc_simulation_setup *setup, const size_t *line_of)
{
    for (uint32_t area = 0; area < sim->num_areas; area++)
        for (uint32_t agent = sim->areas[area].first; agent < sim->areas[area].end; agent++) {
            uint32_t kind = sim->agent[agent].age_ring >> 4 & 7, there = area;
            if (kind == WORK && setup->num_commuting > 0)
                there =
                    work_area(setup, line_of, area, toci_unit(toci_draw(sim->seed, TOCI_DRAW_AGENT, agent, 0, 0).v[3]));
            sim->rings[there * TOC_SIMULATION_RING + kind].size++;
        }
    uint32_t next = 0;
    for (uint32_t i = 0; i < sim->num_areas * TOC_SIMULATION_RING; i++) {
        struct toci_draw draw = toci_draw(sim->seed, TOCI_DRAW_RING, i, 0, 0);
        sim->rings[i].first = next;
        sim->rings[i].key[0] = draw.v[0];
        sim->rings[i].key[1] = draw.v[1];
        next += sim->rings[i].size;
    }
}

static double riders_of(const struct toc_simulation *sim, uint32_t first, uint32_t end)
{
    double riders = 0;
    for (uint32_t agent = first; agent < end; agent++)
        riders += toci_rides(sim, agent);
    return riders;
}

/* So many pairings that a rider meets transport_contacts others, where all areas have as large a share of riders. */
static int make_rides(struct toc_simulation *sim, struct toc_error *error)
{
    double contacts = sim->p.transport_contacts, share = 0;
    if (contacts <= 0)
        return 0;
    for (uint32_t agent = 0; agent < sim->agents; agent++)
        share += sim->p.transport_share[toci_age(sim, agent)] / sim->agents;
    if (share <= 0)
        return 0;
    if (contacts / share > TOCI_SIM_MAX_RIDES)
        return toci_fail(error, TOC_ERR_TOO_LARGE, "transport_contacts", TOC_NOWHERE, contacts / share,
                         "transport_contacts / (share of the population that rides) at most 1000");
    sim->rides = (uint32_t) ceil(contacts / share);
    sim->ride_share = contacts / share / sim->rides;
    sim->rides_anywhere = sim->num_areas > 1 ? (uint32_t) (sim->p.travel_share * sim->rides + 0.5) : 0;
    return 0;
}

/* Contacts of all riders on a day. */
static double measure_rides(const struct toc_simulation *sim)
{
    double all = 0, sum = 0;
    if (sim->rides == 0)
        return 0;
    for (uint32_t area = 0; area < sim->num_areas; area++) {
        double persons = sim->areas[area].end - sim->areas[area].first;
        double riders = riders_of(sim, sim->areas[area].first, sim->areas[area].end);
        all += riders;
        if (persons > 0)
            sum += riders * riders / persons * (sim->rides - sim->rides_anywhere);
    }
    return (sum + all * all / sim->agents * sim->rides_anywhere) * sim->ride_share;
}

static void measure_contacts(struct toc_simulation *sim)
{
    double household = 0, ring = 0;
    for (uint32_t area = 0; area < sim->num_areas; area++)
        for (uint32_t agent = sim->areas[area].first; agent < sim->areas[area].end; agent++) {
            struct toci_place place;
            household += toci_household_size(sim, agent) - 1;
            if (toci_place_of(sim, agent, area, &place))
                ring += 2 * place.half;
        }
    const double *weight = sim->p.network_weight;
    double        rides = measure_rides(sim);
    sim->mean_weight = (weight[0] * household + weight[1] * ring * sim->p.ring_daily_share +
                        weight[2] * sim->num_stubs + sim->p.transport_weight * rides) /
                       sim->agents;
    sim->mean_contacts = (household + ring * sim->p.ring_daily_share + sim->num_stubs + rides) / sim->agents;
}

int toci_sim_contacts(struct toc_simulation *sim, const struct toc_simulation_setup *setup, struct toc_error *error)
{
    int       ret = 0;
    size_t    num_rings = (size_t) sim->num_areas * TOC_SIMULATION_RING, num_areas = sim->num_areas;
    size_t   *line_of = toci_allocate(&sim->allocator, num_areas + 1, sizeof *line_of, &ret, error);
    uint32_t *seated = ret != 0 ? NULL : toci_allocate(&sim->allocator, num_rings, sizeof *seated, &ret, error);
    if (ret != 0)
        goto out;
    memset(seated, 0, num_rings * sizeof *seated);
    for (size_t area = 0, line = 0; area <= num_areas; area++) {
        while (line < setup->num_commuting && setup->commuting[line].from < area)
            line++;
        line_of[area] = line;
    }
    for (uint32_t area = 0; area < sim->num_areas; area++)
        choose_kinds(sim, area);
    count_places(sim, setup, line_of);
    seat(sim, setup, line_of, seated);
    for (uint32_t i = 0; i < num_rings; i++)
        shape_ring(sim, &sim->rings[i], i % TOC_SIMULATION_RING);
    ret = make_stubs(sim, error);
    if (ret == 0)
        ret = make_rides(sim, error);
    if (ret == 0)
        measure_contacts(sim);
out:
    toci_release(&sim->allocator, seated, num_rings, sizeof *seated);
    toci_release(&sim->allocator, line_of, num_areas + 1, sizeof *line_of);
    return ret;
}
