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
#define RING_HITS 16

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
    double   tail = toci_unit(word) * (double) (UINT64_C(1) << octave); /* 0.5 … 1 */
    double   at = (1 - tail) * 2 * TOCI_SIM_OCTAVE_CELLS;
    int      cell = at <= 0 ? 0 : at >= TOCI_SIM_OCTAVE_CELLS ? TOCI_SIM_OCTAVE_CELLS - 1 : (int) at;
    double   low = sim->spread[octave][cell], high = sim->spread[octave][cell + 1];
    return low + (high - low) * fmin(1, at - cell);
}

static uint32_t draw_day(const struct toc_simulation *sim, uint32_t strain, uint32_t word)
{
    const uint32_t *bound = sim->day_bound[strain];
    uint32_t        day = sim->day_guess[strain][word >> 24];
    while (word >= bound[day] && bound[day] != UINT32_MAX)
        day++;
    return day + 1;
}

/* The networks of a newly infected person and what hits they may bring. */
struct reach {
    uint32_t          agent, strain, household, members, stubs;
    struct toci_place place;
    double            sure[TOC_SIMULATION_SIZE]; /* cumulated, over members of the household */
    double            bound[4];                  /* household, ring, random, transport */
};

static void find_reach(const struct toc_simulation *sim, double hazard, struct reach *reach)
{
    uint32_t agent = reach->agent, area = toci_sim_area_of(sim, agent);
    reach->household = agent - (sim->agent[agent].home & 15);
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
    reach->stubs = sim->agent[agent].stubs;
    reach->bound[2] = hazard * sim->p.network_weight[2] * reach->stubs * sim->highest_susceptibility;
    reach->bound[3] = sim->rides > 0 && toci_rides(sim, agent)
                          ? hazard * sim->p.transport_weight * sim->rides * sim->highest_susceptibility
                          : 0;
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

/* Hits in a ring, gathered so that what they look at is fetched meanwhile. */
struct ring_hits {
    struct toci_edge edge[RING_HITS];
    uint32_t         day[RING_HITS];
    uint32_t         num;
};

/* Kept where there is such an edge and it is met on the day. */
static void keep_ring_hits(struct toci_shard *shard, const struct reach *reach, struct ring_hits *hits)
{
    const struct toc_simulation *sim = shard->sim;
    uint32_t                     own = reach->place.first + reach->place.position;
    for (uint32_t i = 0; i < hits->num; i++) {
        const struct toci_edge *edge = &hits->edge[i];
        if (toci_edge_exists(sim, &reach->place, edge) && toci_meet(sim, own, edge->other, hits->day[i]))
            toci_bag_put(shard, &shard->hits[hits->day[i] % TOCI_SIM_DAYS],
                         toci_hit(reach->agent, reach->strain, edge->other, TOCI_RING));
    }
    hits->num = 0;
}

static void hit_ring(struct toci_shard *shard, const struct reach *reach, uint32_t day, double at,
                     struct ring_hits *hits)
{
    uint32_t i = (uint32_t) (at * 3 * reach->place.half);
    if (hits->num == RING_HITS)
        keep_ring_hits(shard, reach, hits);
    hits->edge[hits->num] = toci_edge_of(shard->sim, &reach->place, i < 3 * reach->place.half ? i : 0);
    __builtin_prefetch(&shard->sim->slot_rewired[hits->edge[hits->num].owner]);
    hits->day[hits->num++] = day;
}

static void draw_hits(struct toci_shard *shard, uint32_t agent, uint32_t strain, double hazard, uint32_t poisson)
{
    const struct toc_simulation *sim = shard->sim;
    struct reach                 reach = { .agent = agent, .strain = strain };
    struct ring_hits             ring;
    struct toci_draw             draw = { { 0 } };
    find_reach(sim, hazard, &reach);
    ring.num = 0;
    double   total = reach.bound[0] + reach.bound[1] + reach.bound[2] + reach.bound[3];
    uint32_t hits = draw_poisson(sim, total, agent, poisson);
    for (uint32_t i = 0; i < hits; i++) {
        if (i % 2 == 0)
            draw = toci_draw(sim->seed, TOCI_DRAW_HIT, agent, sim->day, i / 2);
        /* 20 bits for the day, 20 for the thinning, 24 for the place */
        uint32_t word = draw.v[i % 2], other = draw.v[2 + i % 2];
        uint32_t day = sim->day + draw_day(sim, strain, (word & 0xFFFFF000u) | 0x800);
        double   at = ((other >> 20 << 12 | (word & 0xFFF)) + 0.5) * 0x1p-24 * total;
        if (at < reach.bound[0]) {
            hit_household(shard, &reach, day, other << 12 | 0x800, at / reach.bound[0]);
        } else if ((at -= reach.bound[0]) < reach.bound[1]) {
            hit_ring(shard, &reach, day, at / reach.bound[1], &ring);
        } else if ((at -= reach.bound[1]) < reach.bound[2] || reach.bound[3] <= 0) {
            uint32_t stub = (uint32_t) (at / reach.bound[2] * reach.stubs);
            toci_bag_put(shard, &shard->hits[day % TOCI_SIM_DAYS],
                         toci_hit(agent, strain, stub < reach.stubs ? stub : 0, TOCI_RANDOM));
        } else {
            uint32_t ride = (uint32_t) ((at - reach.bound[2]) / reach.bound[3] * sim->rides);
            toci_bag_put(shard, &shard->hits[day % TOCI_SIM_DAYS],
                         toci_hit(agent, strain, TOCI_SIM_FIRST_RIDE + (ride < sim->rides ? ride : 0), TOCI_RANDOM));
        }
    }
    keep_ring_hits(shard, &reach, &ring);
}

static enum toci_course draw_course(const struct toc_simulation *sim, uint32_t agent, uint32_t word)
{
    double   u = toci_unit(word);
    uint32_t age = toci_age(sim, agent);
    if (u < sim->p.asymptomatic[age] || sim->agent[agent].flags & TOCI_FLAG_NO_SYMPTOMS)
        return TOCI_COURSE_ASYMPTOMATIC;
    if (u < sim->p.asymptomatic[age] + sim->p.mild[age] || sim->agent[agent].flags & TOCI_FLAG_NOT_SEVERE)
        return TOCI_COURSE_MILD;
    return TOCI_COURSE_SEVERE;
}

static void become_immune(struct toc_simulation *sim, uint32_t agent, uint32_t strain)
{
    uint32_t immune = sim->agent[agent].state >> 4 | 1u << strain | sim->immune[strain];
    if (sim->immune_by_chance) {
        struct toci_draw draw = toci_draw(sim->seed, TOCI_DRAW_IMMUNITY, agent, sim->day, 0);
        for (uint32_t other = 0; other < TOC_SIMULATION_STRAIN; other++)
            if (draw.v[other] < toci_chance(sim->p.cross_immunity[strain * TOC_SIMULATION_STRAIN + other]))
                immune |= 1u << other;
    }
    sim->agent[agent].state = (uint8_t) ((sim->agent[agent].state & 15) | immune << 4);
}

static void note_infection(struct toci_shard *shard, uint64_t word)
{
    toci_bag_put(shard, &shard->infections, word);
    if (shard->sim->runner.team != NULL)
        toci_bag_put(shard, &shard->news, word);
}

void toci_sim_infect(struct toci_shard *shard, uint32_t agent, uint32_t infector, uint32_t network, uint32_t strain)
{
    struct toc_simulation *sim = shard->sim;
    struct toci_draw       draw = toci_draw(sim->seed, TOCI_DRAW_INFECTION, agent, sim->day, 0);
    enum toci_course       course = draw_course(sim, agent, draw.v[0]);
    sim->agent[agent].infected = (uint16_t) sim->day;
    sim->agent[agent].flags = (uint8_t) ((sim->agent[agent].flags & ~(uint32_t) TOCI_FLAG_STRAIN) | strain);
    sim->agent[agent].home &= (uint8_t) ~TOCI_CASE;
    become_immune(sim, agent, strain);
    toci_counted(shard, agent, TOC_SIMULATION_COLUMN_infections, 1);
    note_infection(shard, (uint64_t) agent << 32 | infector);
    note_infection(shard, (uint64_t) sim->day << 16 | network << 8 | (uint64_t) course << 4 | strain);
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

/* Whom a hit in the household strikes. */
static uint32_t strike_at_home(const struct toc_simulation *sim, uint32_t source, uint32_t strain, uint32_t target,
                               uint32_t network, uint32_t number)
{
    if (!toci_is_susceptible(sim, target, strain) || toci_is_sheltered(sim, source) || toci_is_sheltered(sim, target))
        return TOCI_SIM_NOBODY;
    bool holds = sim->plain ? network == TOCI_HOUSEHOLD : toci_at_home_today(sim, source, network, number);
    return holds ? target : TOCI_SIM_NOBODY;
}

/* Whom a rider meets in a bus or train, at home and about. */
static uint32_t strike_on_the_way(const struct toc_simulation *sim, uint32_t source, uint32_t area, uint32_t ride)
{
    uint32_t met = toci_fellow_rider(sim, source, area, ride, sim->day);
    if (met == TOCI_SIM_NOBODY || !toci_is_about(sim, met) || toci_is_away(sim, source, sim->day) ||
        toci_is_away(sim, met, sim->day))
        return TOCI_SIM_NOBODY;
    return met;
}

/* Whom a hit that is due today strikes, or TOCI_SIM_NOBODY. met: whom the ring or the first pairing of the day gives.
 */
static uint32_t strike(const struct toc_simulation *sim, uint32_t source, uint32_t strain, uint32_t place,
                       uint32_t network, uint32_t met, uint32_t number)
{
    if (!toci_is_infectious(sim, source))
        return TOCI_SIM_NOBODY;
    if (network == TOCI_HOUSEHOLD || network == TOCI_HOUSEHOLD_EXTRA)
        return strike_at_home(sim, source, strain, place, network, number);
    if (toci_stays(sim, source, sim->day))
        return TOCI_SIM_NOBODY;
    uint32_t area = toci_sim_area_of(sim, source);
    double   bound = sim->highest_susceptibility;
    if (network == TOCI_RING && (toci_is_away(sim, source, sim->day) || toci_is_away(sim, met, sim->day)))
        return TOCI_SIM_NOBODY;
    if (network == TOCI_RING)
        bound = toci_ring_of_slot(sim, place, area * TOC_SIMULATION_RING + (sim->agent[source].age_ring >> 4 & 7u))
                    ->highest_susceptibility;
    else if (place >= TOCI_SIM_FIRST_RIDE)
        met = strike_on_the_way(sim, source, area, place - TOCI_SIM_FIRST_RIDE);
    else
        met = toci_random_contact(sim, source, area, sim->first_stub[source] + place, sim->day, met);
    if (met == TOCI_SIM_NOBODY || !toci_is_susceptible(sim, met, strain) || toci_stays(sim, met, sim->day))
        return TOCI_SIM_NOBODY;
    double u = toci_unit(toci_draw(sim->seed, TOCI_DRAW_DUE, source, sim->day, number).v[0]);
    if (u * bound >= sim->p.susceptibility[toci_age(sim, met)])
        return TOCI_SIM_NOBODY;
    network = network == TOCI_RANDOM && place >= TOCI_SIM_FIRST_RIDE ? TOCI_TRANSPORT : network;
    return sim->plain || toci_meet_under_measures(sim, source, met, network) ? met : TOCI_SIM_NOBODY;
}

/* What a chunk of hits will look at is fetched ahead, in two steps as it hangs together: the slot or the partner's
 * stub, then whose it is. met: whom the ring or the first pairing of the day gives, or TOCI_SIM_NOBODY. */
static void fetch_ahead(const struct toc_simulation *sim, const struct toci_chunk *chunk, uint32_t *met)
{
    for (uint64_t i = 0; i < chunk->used; i++)
        __builtin_prefetch(&sim->agent[chunk->word[i] >> 32 & TOCI_SIM_AGENT_MASK]);
    for (uint64_t i = 0; i < chunk->used; i++) {
        uint32_t source = (uint32_t) (chunk->word[i] >> 32) & TOCI_SIM_AGENT_MASK, low = (uint32_t) chunk->word[i];
        uint32_t place = low & TOCI_SIM_AGENT_MASK;
        met[i] = TOCI_SIM_NOBODY;
        if (!toci_is_infectious(sim, source))
            continue;
        if (low >> TOCI_SIM_AGENT_BITS == TOCI_RING) {
            __builtin_prefetch(&sim->slot_agent[place]);
        } else if (low >> TOCI_SIM_AGENT_BITS == TOCI_RANDOM && place < TOCI_SIM_FIRST_RIDE) {
            met[i] = toci_partner(sim, toci_sim_area_of(sim, source), sim->first_stub[source] + place, sim->day, 0);
            if (met[i] != TOCI_SIM_NOBODY)
                __builtin_prefetch(&sim->stub_agent[met[i]]);
        }
    }
    for (uint64_t i = 0; i < chunk->used; i++) {
        uint32_t low = (uint32_t) chunk->word[i];
        if (low >> TOCI_SIM_AGENT_BITS == TOCI_RING)
            met[i] = sim->slot_agent[low & TOCI_SIM_AGENT_MASK];
        else if (met[i] != TOCI_SIM_NOBODY)
            met[i] = sim->stub_agent[met[i]];
        if (met[i] != TOCI_SIM_NOBODY)
            __builtin_prefetch(&sim->agent[met[i]]);
    }
}

/* Phase 1: the hits of today, to the shards of those whom they strike. */
void toci_sim_transmit(void *context, size_t index)
{
    struct toc_simulation *sim = context;
    struct toci_shard     *shard = &sim->shards[index];
    struct toci_bag       *hits = &shard->hits[sim->day % TOCI_SIM_DAYS];
    uint32_t               number = 0;
    for (uint32_t to = 0; to < sim->num_shards; to++)
        toci_bag_empty(shard, &shard->to[to]);
    for (const struct toci_chunk *chunk = hits->first; chunk != NULL; chunk = chunk->next) {
        uint32_t met[TOCI_SIM_CHUNK];
        fetch_ahead(sim, chunk, met);
        for (uint64_t i = 0; i < chunk->used; i++) {
            uint32_t high = (uint32_t) (chunk->word[i] >> 32), low = (uint32_t) chunk->word[i];
            uint32_t source = high & TOCI_SIM_AGENT_MASK, strain = high >> TOCI_SIM_AGENT_BITS;
            uint32_t network = low >> TOCI_SIM_AGENT_BITS;
            uint32_t target = strike(sim, source, strain, low & TOCI_SIM_AGENT_MASK, network, met[i], number++);
            if (target == TOCI_SIM_NOBODY)
                continue;
            if (network == TOCI_HOUSEHOLD_EXTRA)
                network = TOCI_HOUSEHOLD;
            else if (network == TOCI_RANDOM && (low & TOCI_SIM_AGENT_MASK) >= TOCI_SIM_FIRST_RIDE)
                network = TOCI_RODE;
            toci_bag_put(shard, &shard->to[toci_sim_shard_of(sim, target)], toci_hit(source, strain, target, network));
        }
    }
    toci_bag_empty(shard, hits);
}

/* Of several who hit a person on one day the first has infected: in the order of their states (presymptomatic, then
 * with symptoms, the severe first in both; then without symptoms), within a state whoever entered it last, then by lot.
 * That is the order in which Hinch et al. let them act within a day. It decides who is named as infector and nothing
 * else; but were it by lot alone, the mean generation time would be 0.02 days longer. */
static uint64_t precedence(const struct toc_simulation *sim, uint64_t word)
{
    uint32_t         source = (uint32_t) (word >> 32) & TOCI_SIM_AGENT_MASK;
    uint32_t         target = (uint32_t) word & TOCI_SIM_AGENT_MASK, entered = sim->agent[source].infected, order = 4;
    struct toci_draw drawn = toci_draw(sim->seed, TOCI_DRAW_INFECTION, source, entered, 0);
    switch (toci_state(sim, source)) {
    case TOC_SIMULATION_COLUMN_presymptomatic:
        order = draw_course(sim, source, drawn.v[0]) == TOCI_COURSE_SEVERE ? 0 : 1;
        break;
    case TOC_SIMULATION_COLUMN_severe: order = 2; break;
    case TOC_SIMULATION_COLUMN_mild: order = 3; break;
    default: break;
    }
    if (order == 2 || order == 3)
        entered += sim->onset[drawn.v[3] >> 22];
    uint32_t lot = toci_draw(sim->seed, TOCI_DRAW_TIE, target, sim->day, (uint32_t) (word >> 32)).v[0];
    return (uint64_t) order << 56 | (uint64_t) (sim->day - entered) << 32 | lot;
}

static void choose_among_ties(struct toci_shard *shard, uint64_t word)
{
    uint32_t target = (uint32_t) word & TOCI_SIM_AGENT_MASK;
    for (struct toci_chunk *chunk = shard->fresh.first; chunk != NULL; chunk = chunk->next)
        for (uint64_t i = 0; i < chunk->used; i++)
            if (((uint32_t) chunk->word[i] & TOCI_SIM_AGENT_MASK) == target &&
                precedence(shard->sim, word) < precedence(shard->sim, chunk->word[i]))
                chunk->word[i] = word;
}

/* Phase 2: those who were struck, once each. Nobody's state changes before all have been found. */
void toci_sim_settle(void *context, size_t index)
{
    struct toc_simulation *sim = context;
    struct toci_shard     *shard = &sim->shards[index];
    for (uint32_t from = 0; from < sim->num_shards; from++)
        TOCI_BAG_EACH(chunk, i, &sim->shards[from].to[shard->index])
    __builtin_prefetch(&sim->agent[chunk->word[i] & TOCI_SIM_AGENT_MASK]);
    for (uint32_t from = 0; from < sim->num_shards; from++) {
        TOCI_BAG_EACH(chunk, i, &sim->shards[from].to[shard->index])
        {
            uint32_t target = (uint32_t) chunk->word[i] & TOCI_SIM_AGENT_MASK;
            if (sim->agent[target].held & TOCI_STRUCK) {
                choose_among_ties(shard, chunk->word[i]);
            } else {
                sim->agent[target].held |= TOCI_STRUCK;
                toci_bag_put(shard, &shard->fresh, chunk->word[i]);
                __builtin_prefetch(&sim->slot_rewired[sim->agent[target].slot]);
            }
        }
    }
}

void toci_sim_take_hits(struct toci_shard *shard)
{
    struct toc_simulation *sim = shard->sim;
    TOCI_BAG_EACH(chunk, i, &shard->fresh)
    {
        uint32_t high = (uint32_t) (chunk->word[i] >> 32), low = (uint32_t) chunk->word[i];
        uint32_t target = low & TOCI_SIM_AGENT_MASK, network = low >> TOCI_SIM_AGENT_BITS;
        sim->agent[target].held &= (uint8_t) ~TOCI_STRUCK;
        toci_sim_infect(shard, target, high & TOCI_SIM_AGENT_MASK, network == TOCI_RODE ? TOCI_TRANSPORT : network,
                        high >> TOCI_SIM_AGENT_BITS);
    }
    toci_bag_empty(shard, &shard->fresh);
}
