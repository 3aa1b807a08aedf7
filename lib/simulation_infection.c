/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Infection: hits drawn when somebody is infected, and judged on the day when they fall due.
 *
 * An infectious person i meets a susceptible j of susceptibility S_j in a network of weight w on day d after infection
 * with the hazard   h = rate x strain x course x m_i x w x curve(d) x S_j   (m_i: infectiousness, gamma of mean 1).
 * All hazards that i could ever exert, with S_j replaced by the highest S and everybody at home, sum to a bound L. Hits
 * are a Poisson process of that total, each with a network, a place in it and a day; thinned by what holds on the day:
 * that the contact takes place, S_j over the bound, that j is still susceptible, measures in force. A person is
 * infected by the first hit that is left: independent contacts, exactly, whatever happens between infection and the
 * day. (Lewis and Shedler 1979, doi:10.1002/nav.3800260304.)
 */
#include "simulation_measures.h"
#include "simulation_meeting.h"
#include "simulation_state.h"

#define MOST_HITS_A_PIECE 32.0

/* Poisson by inversion; a large mean in pieces of at most 32, each with a word of its own. */
static uint32_t draw_poisson(const struct toc_simulation *sim, double mean, uint32_t agent, uint32_t word)
{
    uint32_t count = 0;
    for (uint32_t piece = 0; mean > 0; piece++) {
        double part = mean < MOST_HITS_A_PIECE ? mean : MOST_HITS_A_PIECE;
        if (piece > 0)
            word = toci_draw(sim->seed, TOCI_DRAW_POISSON, agent, sim->day, piece).v[0];
        double p = exp(-part), u = toci_unit(word);
        for (uint32_t k = 1; u > p && k < 200; k++) {
            u -= p;
            p *= part / k;
            count++;
        }
        mean -= part;
    }
    return count;
}

/* m: a quantile of the gamma distribution of mean 1; a small word is far in the upper tail. */
static double draw_spread(const struct toc_simulation *sim, uint32_t word)
{
    uint32_t octave = word == 0 ? 32 : (uint32_t) __builtin_clz(word);
    double   tail = ldexp(toci_unit(word), (int) octave); /* 0.5 … 1 */
    double   at = (1 - tail) * 2 * TOCI_SIM_OCTAVE_CELLS;
    int      cell = at <= 0 ? 0 : at >= TOCI_SIM_OCTAVE_CELLS ? TOCI_SIM_OCTAVE_CELLS - 1 : (int) at;
    double   low = sim->spread[octave][cell], high = sim->spread[octave][cell + 1];
    return low + (high - low) * fmin(1, at - cell);
}

static uint32_t draw_day(const struct toc_simulation *sim, uint32_t word)
{
    uint32_t day = sim->day_guess[word >> 24];
    while (word >= sim->day_bound[day] && sim->day_bound[day] != UINT32_MAX)
        day++;
    return day + 1;
}

/* The networks of a newly infected person and what hits they may bring. */
struct reach {
    uint32_t          agent, strain, household, members, stubs;
    struct toci_place place;
    double            sure[TOC_SIMULATION_SIZE]; /* cumulated, over members of the household */
    double            bound[3];                  /* household, ring, random */
};

static void find_reach(const struct toc_simulation *sim, double hazard, struct reach *reach)
{
    uint32_t agent = reach->agent, area = toci_sim_area_of(sim, agent);
    reach->household = agent - (sim->home[agent] & 15);
    reach->members = toci_household_size(sim, agent);
    double sum = 0;
    for (uint32_t i = 0; i < reach->members; i++) {
        uint32_t other = reach->household + i;
        if (other != agent && toci_state(sim, other) != TOC_SIMULATION_COLUMN_dead)
            sum += sim->p.susceptibility[toci_age(sim, other)];
        reach->sure[i] = sum;
    }
    reach->bound[0] = hazard * sim->p.network_weight[0] * sim->household_bound * sum;
    reach->bound[1] = 0;
    if (toci_place_of(sim, agent, area, &reach->place))
        reach->bound[1] =
            hazard * sim->p.network_weight[1] * 3 * reach->place.half * reach->place.kind->highest_susceptibility;
    reach->stubs = sim->first_stub[agent + 1] - sim->first_stub[agent];
    reach->bound[2] = hazard * sim->p.network_weight[2] * reach->stubs * sim->highest_susceptibility;
}

static void hit_household(struct toci_shard *shard, const struct reach *reach, uint32_t day, uint32_t word, double at)
{
    const struct toc_simulation *sim = shard->sim;
    uint32_t                     i = 0;
    double                       within = at * reach->sure[reach->members - 1];
    while (i + 1 < reach->members && within >= reach->sure[i])
        i++;
    bool extra = toci_unit(word) * sim->household_bound >= 1;
    toci_bag_put(
        shard, &shard->hits[day % TOCI_SIM_DAYS],
        toci_hit(reach->agent, reach->strain, reach->household + i, extra ? TOCI_HOUSEHOLD_EXTRA : TOCI_HOUSEHOLD));
}

/* The contact must take place on the day, and be as susceptible as drawn: both are known already. */
static void hit_ring(struct toci_shard *shard, const struct reach *reach, uint32_t day, uint32_t word, double at)
{
    const struct toc_simulation *sim = shard->sim;
    uint32_t                     edge = (uint32_t) (at * 3 * reach->place.half);
    uint32_t                     other = toci_ring_edge(sim, &reach->place, edge < 3 * reach->place.half ? edge : 0);
    if (other == TOCI_SIM_NOBODY || !toci_meet(sim, reach->place.first + reach->place.position, other, day))
        return;
    uint32_t target = sim->slot_agent[other];
    if (toci_unit(word) * reach->place.kind->highest_susceptibility >= sim->p.susceptibility[toci_age(sim, target)])
        return;
    toci_bag_put(shard, &shard->hits[day % TOCI_SIM_DAYS], toci_hit(reach->agent, reach->strain, target, TOCI_RING));
}

static void draw_hits(struct toci_shard *shard, uint32_t agent, uint32_t strain, double hazard, uint32_t word)
{
    const struct toc_simulation *sim = shard->sim;
    struct reach                 reach = { .agent = agent, .strain = strain };
    find_reach(sim, hazard, &reach);
    double   total = reach.bound[0] + reach.bound[1] + reach.bound[2];
    uint32_t hits = draw_poisson(sim, total, agent, word);
    for (uint32_t i = 0; i < hits; i++) {
        struct toci_draw draw = toci_draw(sim->seed, TOCI_DRAW_HIT, agent, sim->day, i);
        uint32_t         day = sim->day + draw_day(sim, draw.v[0]);
        double           at = toci_unit(draw.v[1]) * total;
        if (at < reach.bound[0]) {
            hit_household(shard, &reach, day, draw.v[2], at / reach.bound[0]);
        } else if ((at -= reach.bound[0]) < reach.bound[1]) {
            hit_ring(shard, &reach, day, draw.v[2], at / reach.bound[1]);
        } else {
            uint32_t stub = (uint32_t) ((at - reach.bound[1]) / reach.bound[2] * reach.stubs);
            toci_bag_put(shard, &shard->hits[day % TOCI_SIM_DAYS],
                         toci_hit(agent, strain, stub < reach.stubs ? stub : 0, TOCI_RANDOM));
        }
    }
}

static enum toci_course draw_course(const struct toc_simulation *sim, uint32_t agent, uint32_t word)
{
    double   u = toci_unit(word);
    uint32_t age = toci_age(sim, agent);
    if (u < sim->p.asymptomatic[age] || sim->flags[agent] & TOCI_FLAG_NO_SYMPTOMS)
        return TOCI_COURSE_ASYMPTOMATIC;
    if (u < sim->p.asymptomatic[age] + sim->p.mild[age] || sim->flags[agent] & TOCI_FLAG_NOT_SEVERE)
        return TOCI_COURSE_MILD;
    return TOCI_COURSE_SEVERE;
}

static void become_immune(struct toc_simulation *sim, uint32_t agent, uint32_t strain)
{
    struct toci_draw draw = toci_draw(sim->seed, TOCI_DRAW_IMMUNITY, agent, sim->day, 0);
    uint32_t         immune = sim->state[agent] >> 4 | 1u << strain;
    for (uint32_t other = 0; other < TOC_SIMULATION_STRAIN; other++)
        if (draw.v[other] < toci_chance(sim->p.cross_immunity[strain * TOC_SIMULATION_STRAIN + other]))
            immune |= 1u << other;
    sim->state[agent] = (uint8_t) ((sim->state[agent] & 15) | immune << 4);
}

void toci_sim_infect(struct toci_shard *shard, uint32_t agent, uint32_t infector, uint32_t network, uint32_t strain)
{
    struct toc_simulation *sim = shard->sim;
    struct toci_draw       draw = toci_draw(sim->seed, TOCI_DRAW_INFECTION, agent, sim->day, 0);
    enum toci_course       course = draw_course(sim, agent, draw.v[0]);
    sim->infected[agent] = (uint16_t) sim->day;
    sim->flags[agent] = (uint8_t) ((sim->flags[agent] & ~(uint32_t) TOCI_FLAG_STRAIN) | strain);
    sim->home[agent] &= (uint8_t) ~TOCI_CASE;
    become_immune(sim, agent, strain);
    toci_counted(shard, agent, TOC_SIMULATION_COLUMN_infections, 1);
    toci_bag_put(shard, &shard->infections, (uint64_t) agent << 32 | infector);
    toci_bag_put(shard, &shard->infections, (uint64_t) sim->day << 16 | network << 8 | (uint64_t) course << 4 | strain);
    shard->num_infections++;
    double hazard = sim->rate * sim->p.strain_infectiousness[strain] * draw_spread(sim, draw.v[1]);
    if (course == TOCI_COURSE_ASYMPTOMATIC) {
        hazard *= sim->p.asymptomatic_infectiousness;
        toci_sim_change_state(shard, agent, TOC_SIMULATION_COLUMN_asymptomatic);
        toci_later(shard, agent, TOCI_RECOVERS, sim->day, sim->asymptomatic_recovery[draw.v[3] >> 22]);
    } else {
        hazard *= course == TOCI_COURSE_MILD ? sim->p.mild_infectiousness : 1;
        toci_sim_change_state(shard, agent, TOC_SIMULATION_COLUMN_presymptomatic);
        toci_later(shard, agent, course == TOCI_COURSE_MILD ? TOCI_ONSET_MILD : TOCI_ONSET_SEVERE, sim->day,
                   sim->onset[draw.v[3] >> 22]);
    }
    draw_hits(shard, agent, strain, hazard, draw.v[2]);
}

/* Whom a hit that is due today strikes, or TOCI_SIM_NOBODY. */
static uint32_t strike(const struct toc_simulation *sim, uint32_t source, uint32_t strain, uint32_t place,
                       uint32_t network)
{
    if (!toci_is_infectious(sim, source))
        return TOCI_SIM_NOBODY;
    if (network == TOCI_HOUSEHOLD || network == TOCI_HOUSEHOLD_EXTRA) {
        if (!toci_is_susceptible(sim, place, strain))
            return TOCI_SIM_NOBODY;
        bool holds = sim->plain ? network == TOCI_HOUSEHOLD : toci_at_home_today(sim, source, network);
        return holds ? place : TOCI_SIM_NOBODY;
    }
    if (toci_stays(sim, source, sim->day))
        return TOCI_SIM_NOBODY;
    uint32_t target = place;
    if (network == TOCI_RANDOM) {
        target =
            toci_random_contact(sim, source, toci_sim_area_of(sim, source), sim->first_stub[source] + place, sim->day);
        if (target == TOCI_SIM_NOBODY || !toci_is_susceptible(sim, target, strain))
            return TOCI_SIM_NOBODY;
        double u = toci_unit(toci_draw(sim->seed, TOCI_DRAW_CONTACT, source, sim->day, place).v[0]);
        if (u * sim->highest_susceptibility >= sim->p.susceptibility[toci_age(sim, target)])
            return TOCI_SIM_NOBODY;
    } else if (!toci_is_susceptible(sim, target, strain) || toci_stays(sim, target, sim->day)) {
        return TOCI_SIM_NOBODY;
    }
    return sim->plain || toci_meet_under_measures(sim, source, target, network) ? target : TOCI_SIM_NOBODY;
}

/* Phase 1: the hits of today, to the shards of those whom they strike. */
void toci_sim_transmit(void *context, size_t index)
{
    struct toc_simulation *sim = context;
    struct toci_shard     *shard = &sim->shards[index];
    struct toci_bag       *hits = &shard->hits[sim->day % TOCI_SIM_DAYS];
    for (uint32_t to = 0; to < sim->num_shards; to++)
        toci_bag_empty(shard, &shard->to[to]);
    TOCI_BAG_EACH(chunk, i, hits)
    {
        uint32_t high = (uint32_t) (chunk->word[i] >> 32), low = (uint32_t) chunk->word[i];
        uint32_t source = high & TOCI_SIM_AGENT_MASK, strain = high >> TOCI_SIM_AGENT_BITS;
        uint32_t network = low >> TOCI_SIM_AGENT_BITS;
        uint32_t target = strike(sim, source, strain, low & TOCI_SIM_AGENT_MASK, network);
        if (target == TOCI_SIM_NOBODY)
            continue;
        network = network == TOCI_HOUSEHOLD_EXTRA ? TOCI_HOUSEHOLD : network;
        toci_bag_put(shard, &shard->to[toci_sim_shard_of(sim, target)], toci_hit(source, strain, target, network));
    }
    toci_bag_empty(shard, hits);
}

/* Of two hits on one person and day one is drawn; the loser's words are left behind in the list. */
static void choose_among_ties(struct toci_shard *shard, uint64_t word)
{
    uint32_t         target = (uint32_t) word & TOCI_SIM_AGENT_MASK;
    struct toci_draw draw =
        toci_draw(shard->sim->seed, TOCI_DRAW_TIE, target, shard->sim->day, (uint32_t) (word >> 32));
    if (draw.v[0] & 1)
        return;
    for (struct toci_chunk *chunk = shard->fresh.first; chunk != NULL; chunk = chunk->next)
        for (uint64_t i = 0; i < chunk->used; i++)
            if (((uint32_t) chunk->word[i] & TOCI_SIM_AGENT_MASK) == target)
                chunk->word[i] = word;
}

/* The infections of today: those who were struck, once each. */
void toci_sim_take_hits(struct toci_shard *shard)
{
    struct toc_simulation *sim = shard->sim;
    for (uint32_t from = 0; from < sim->num_shards; from++) {
        TOCI_BAG_EACH(chunk, i, &sim->shards[from].to[shard->index])
        {
            uint32_t target = (uint32_t) chunk->word[i] & TOCI_SIM_AGENT_MASK;
            if (sim->held[target] & TOCI_STRUCK) {
                choose_among_ties(shard, chunk->word[i]);
            } else {
                sim->held[target] |= TOCI_STRUCK;
                toci_bag_put(shard, &shard->fresh, chunk->word[i]);
            }
        }
    }
    TOCI_BAG_EACH(chunk, i, &shard->fresh)
    {
        uint32_t high = (uint32_t) (chunk->word[i] >> 32), low = (uint32_t) chunk->word[i];
        uint32_t target = low & TOCI_SIM_AGENT_MASK;
        sim->held[target] &= (uint8_t) ~TOCI_STRUCK;
        toci_sim_infect(shard, target, high & TOCI_SIM_AGENT_MASK, low >> TOCI_SIM_AGENT_BITS,
                        high >> TOCI_SIM_AGENT_BITS);
    }
    toci_bag_empty(shard, &shard->fresh);
}
