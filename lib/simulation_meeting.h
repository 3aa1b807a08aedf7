/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lib/simulation_meeting.h: who meets whom on a day; nothing of it is stored, any day can be formed again.
 *
 * Ring: the members stand in a circle; each has edges to the next `half` and the previous `half` (Watts and Strogatz).
 * The edge from position p to p + k is rewired with probability ring_rewired: then it leads to Q_k(p), a keyed
 * bijection of the ring, so that both ends find it. Each edge is met on a day with probability ring_daily_share.
 *
 * Random contacts: each agent has a fixed number of stubs. Each day all stubs of an area are paired anew: the partner
 * of s is the bijection's inverse of (its image with the last bit turned). Where the partner is away, the stub looks
 * for another in the next pairing of the day, up to TOCI_SIM_RETRIES times; that later choice is its own and not its
 * partner's, so that everyone who is about has as many contacts as ever.
 *
 * Buses and trains: each day has a number of pairings of all persons of an area, or of all areas; two who are paired
 * meet if both are riders, for life, and (with a probability that makes the mean come out) on that day.
 */
#ifndef LIB_SIMULATION_MEETING_H
#define LIB_SIMULATION_MEETING_H

#include "simulation_state.h"

/* One person's place in a ring. */
struct toci_place {
    const struct toci_ring *kind;
    uint32_t                first, size; /* slots of the ring */
    uint32_t                position, half;
};

static inline void toci_give_key(struct toci_shuffle *shape, uint32_t word, uint32_t other)
{
    *shape = toci_shuffle_of(shape->size, shape->a, shape->b, word, other);
}

static inline const struct toci_ring *toci_ring_of_slot(const struct toc_simulation *sim, uint32_t slot, uint32_t guess)
{
    const struct toci_ring *ring = &sim->rings[guess];
    if (slot >= ring->first && slot < ring->first + ring->size)
        return ring;
    uint32_t low = 0, high = sim->num_areas * TOC_SIMULATION_RING;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (sim->rings[middle].first <= slot)
            low = middle;
        else
            high = middle;
    }
    return &sim->rings[low];
}

/* Whether the agent has a ring of more than two; its place in it. */
static inline bool toci_place_of(const struct toc_simulation *sim, uint32_t agent, uint32_t area,
                                 struct toci_place *place)
{
    uint32_t                slot = sim->agent[agent].slot;
    uint32_t                kind = sim->agent[agent].age_ring >> 4 & 7;
    const struct toci_ring *ring = toci_ring_of_slot(sim, slot, area * TOC_SIMULATION_RING + kind);
    uint32_t                within = slot - ring->first, number = within / ring->members;
    place->kind = ring;
    place->first = ring->first + number * ring->members;
    place->size = ring->size - number * ring->members;
    place->size = place->size < ring->members ? place->size : ring->members;
    place->position = slot - place->first;
    uint32_t most = place->size < 3 ? 0 : (place->size - 1) / 2;
    place->half = ring->half < most ? ring->half : most;
    return place->half > 0;
}

static inline bool toci_rewired(const struct toc_simulation *sim, const struct toci_place *place, uint32_t position,
                                uint32_t k)
{
    return sim->slot_rewired[place->first + position] >> (k - 1) & 1;
}

static inline struct toci_shuffle toci_rewiring(const struct toci_place *place, uint32_t k)
{
    struct toci_shuffle shuffle = toci_shape_of(place->size);
    toci_give_key(&shuffle, place->kind->key[0] + k * 0x9E3779B9u,
                  place->kind->key[1] ^ (place->first + k * 0x85EBCA6Bu));
    return shuffle;
}

/* Of 3 half possible edges of a place the i-th: to the next ones, from the previous ones, from far. There is one if the
 * edge k of its owner is rewired, or not, as wanted. */
struct toci_edge {
    uint32_t other; /* slot at the other end */
    uint32_t owner; /* slot */
    uint32_t k;
    bool     rewired;
};

static inline struct toci_edge toci_edge_of(const struct toc_simulation *sim, const struct toci_place *place,
                                            uint32_t i)
{
    uint32_t         half = place->half, k = (i < half ? i : i < 2 * half ? i - half : i - 2 * half) + 1, other;
    struct toci_edge edge = { .k = k, .rewired = i >= 2 * half };
    if (i < half) {
        edge.rewired = toci_rewired(sim, place, place->position, k);
        edge.owner = place->first + place->position;
    }
    if (edge.rewired) {
        struct toci_shuffle far = toci_rewiring(place, k);
        other = i < half ? toci_shuffled(&far, place->position) : toci_unshuffled(&far, place->position);
    } else {
        other = i < half ? toci_plus(place->position, k, place->size) : toci_minus(place->position, k, place->size);
    }
    edge.other = place->first + other;
    if (i >= half)
        edge.owner = edge.other;
    return edge;
}

static inline bool toci_edge_exists(const struct toc_simulation *sim, const struct toci_place *place,
                                    const struct toci_edge *edge)
{
    return (sim->slot_rewired[edge->owner] >> (edge->k - 1) & 1) == edge->rewired &&
           edge->other != place->first + place->position;
}

/* Bits of the days on which two slots meet: of the days day … day - 31 where bit 0 is `day`. */
static inline bool toci_meet(const struct toc_simulation *sim, uint32_t slot, uint32_t other, uint32_t day)
{
    uint32_t low = slot < other ? slot : other, high = slot < other ? other : slot;
    double   share = sim->p.ring_daily_share;
    if (share == 0.5) {
        struct toci_draw draw = toci_draw(sim->seed, TOCI_DRAW_MET, low, high, day >> 7);
        return draw.v[day >> 5 & 3] >> (day & 31) & 1;
    }
    struct toci_draw draw = toci_draw(sim->seed, TOCI_DRAW_MET, low, high, day >> 2);
    return draw.v[day & 3] < toci_chance(share);
}

static inline uint32_t toci_paired(const struct toc_simulation *sim, struct toci_shuffle shuffle, uint32_t first,
                                   uint32_t key, uint32_t stub, uint32_t day, uint32_t try)
{
    const uint32_t *word = sim->pairing[day % TOCI_SIM_PAIRINGS][try];
    toci_give_key(&shuffle, word[0] ^ key * 0x9E3779B9u, word[1] + key);
    uint32_t image = toci_shuffled(&shuffle, stub - first) ^ 1;
    return image < shuffle.size ? first + toci_unshuffled(&shuffle, image) : TOCI_SIM_NOBODY;
}

/* The stub's partner in the try-th pairing of a day within its area, or TOCI_SIM_NOBODY; the same among all stubs. */
static inline uint32_t toci_partner_in(const struct toc_simulation *sim, uint32_t area, uint32_t stub, uint32_t day,
                                       uint32_t try)
{
    return toci_paired(sim, sim->areas[area].shape, sim->areas[area].first_stub, area, stub, day, try);
}

static inline uint32_t toci_partner_anywhere(const struct toc_simulation *sim, uint32_t stub, uint32_t day,
                                             uint32_t try)
{
    return toci_paired(sim, sim->all_shape, 0, UINT32_MAX, stub, day, try);
}

/* Where some are away from home (simulation_journeys.c). */
uint32_t toci_partner_among_visitors(const struct toc_simulation *sim, uint32_t home, uint32_t stub, uint32_t day,
                                     uint32_t try);

/* Whom the stub is paired with in the try-th pairing of a day, or TOCI_SIM_NOBODY. */
static inline uint32_t toci_partner(const struct toc_simulation *sim, uint32_t area, uint32_t stub, uint32_t day,
                                    uint32_t try)
{
    if (sim->num_journeys > 0)
        return toci_partner_among_visitors(sim, area, stub, day, try);
    if (sim->num_areas > 1 &&
        toci_draw(sim->seed, TOCI_DRAW_TRAVEL, stub, day, try).v[0] < toci_chance(sim->p.travel_share))
        return toci_partner_anywhere(sim, stub, day, try);
    return toci_partner_in(sim, area, stub, day, try);
}

/* ---- buses and trains ---- */
static inline bool toci_rides(const struct toc_simulation *sim, uint32_t agent)
{
    return toci_draw(sim->seed, TOCI_DRAW_RIDER, agent, 0, 0).v[0] <
           toci_chance(sim->p.transport_share[toci_age(sim, agent)]);
}

/* Whom a rider of the area meets in a pairing of the day, or TOCI_SIM_NOBODY. */
static inline uint32_t toci_fellow_rider(const struct toc_simulation *sim, uint32_t agent, uint32_t area,
                                         uint32_t pairing, uint32_t day)
{
    bool                anywhere = pairing >= sim->rides - sim->rides_anywhere;
    uint32_t            first = anywhere ? 0 : sim->areas[area].first;
    struct toci_shuffle shuffle = toci_shape_of((anywhere ? sim->agents : sim->areas[area].end) - first);
    struct toci_draw    draw = toci_draw(sim->seed, TOCI_DRAW_RIDE, day, pairing, anywhere ? UINT32_MAX : area);
    toci_give_key(&shuffle, draw.v[0], draw.v[1]);
    uint32_t image = toci_shuffled(&shuffle, agent - first) ^ 1;
    if (image >= shuffle.size)
        return TOCI_SIM_NOBODY;
    uint32_t other = first + toci_unshuffled(&shuffle, image), low = agent < other ? agent : other;
    if (!toci_rides(sim, other))
        return TOCI_SIM_NOBODY;
    return toci_unit(toci_draw(sim->seed, TOCI_DRAW_RIDE_MET, low, day, pairing).v[0]) < sim->ride_share
               ? other
               : TOCI_SIM_NOBODY;
}

static inline bool toci_may_meet_at_random(const struct toc_simulation *sim, uint32_t agent, uint32_t day)
{
    return toci_is_about(sim, agent) && !toci_stays(sim, agent, day);
}

/* Whom the stub meets on a day, or TOCI_SIM_NOBODY. met: whom the first pairing gives, or TOCI_SIM_NOBODY. */
static inline uint32_t toci_random_contact(const struct toc_simulation *sim, uint32_t agent, uint32_t area,
                                           uint32_t stub, uint32_t day, uint32_t met)
{
    if (met != TOCI_SIM_NOBODY && met != agent && toci_may_meet_at_random(sim, met, day))
        return met;
    for (uint32_t try = 1; try < TOCI_SIM_RETRIES; try++) {
        uint32_t partner = toci_partner(sim, area, stub, day, try);
        if (partner == TOCI_SIM_NOBODY)
            continue;
        uint32_t other = sim->stub_agent[partner];
        if (other != agent && toci_may_meet_at_random(sim, other, day))
            return other;
    }
    return TOCI_SIM_NOBODY;
}

#endif
