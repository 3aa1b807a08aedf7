/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Households that spend some days in another area: who is where, and whom they meet by chance.
 *
 * A household is away on a day if its own number, uniform on 0 … 1 and the same in every year, lies in the part that a
 * line of journeys in force that day has of its area. So nothing is stored, and any past day can be formed again.
 *
 * In area L a stub meets one of those who are there, residents or visitors, in proportion to their stubs: a resident by
 * the day's pairing (simulation_meeting.h), or, for a visitor, any stub of the residents; a visitor as a random stub of
 * the area that the visitors come from whose owner has come. Rates are those of mixing at random, and so the same in
 * both directions.
 */
#include "simulation_meeting.h"
#include "simulation_state.h"

#define SEARCHES 64 /* for a visitor among the stubs of an area, of which few may be away */

static bool is_on(const struct toci_journey *journey, uint32_t day)
{
    return day >= journey->leave && day < journey->back;
}

uint32_t toci_place_on(const struct toc_simulation *sim, uint32_t agent, uint32_t home, uint32_t day)
{
    double number = -1;
    for (size_t i = 0; i < sim->num_journeys; i++) {
        const struct toci_journey *journey = &sim->journeys[i];
        if (journey->from != home || !is_on(journey, day))
            continue;
        if (number < 0)
            number =
                toci_unit(toci_draw(sim->seed, TOCI_DRAW_JOURNEY, agent - (sim->agent[agent].home & 15), 0, 0).v[0]);
        if (number >= journey->low && number < journey->high)
            return journey->to;
    }
    return home;
}

static double stubs_of(const struct toci_area *area)
{
    return area->end_stub - area->first_stub;
}

/* A stub of the residents of an area who are there: by the day's pairing, or any for a visitor. */
static uint32_t resident(const struct toc_simulation *sim, uint32_t home, uint32_t place, uint32_t stub, uint32_t day,
                         uint32_t try, uint32_t word)
{
    const struct toci_area *area = &sim->areas[place];
    uint32_t                size = area->end_stub - area->first_stub;
    if (size == 0)
        return TOCI_SIM_NOBODY;
    uint32_t met =
        home == place ? toci_partner_in(sim, place, stub, day, try) : area->first_stub + toci_below(word, size);
    if (met == TOCI_SIM_NOBODY || toci_place_on(sim, sim->stub_agent[met], place, day) != place)
        return TOCI_SIM_NOBODY;
    return met;
}

/* A stub of somebody who has come by this line. */
static uint32_t visitor(const struct toc_simulation *sim, const struct toci_journey *journey, uint32_t stub,
                        uint32_t day, uint32_t try)
{
    const struct toci_area *area = &sim->areas[journey->from];
    uint32_t                size = area->end_stub - area->first_stub;
    for (uint32_t i = 0; i < SEARCHES && size > 0; i++) {
        uint32_t word = toci_draw(sim->seed, TOCI_DRAW_VISITOR, stub, day, try << 8 | i).v[0];
        uint32_t met = area->first_stub + toci_below(word, size);
        if (toci_place_on(sim, sim->stub_agent[met], journey->from, day) == journey->to)
            return met;
    }
    return TOCI_SIM_NOBODY;
}

uint32_t toci_partner_among_visitors(const struct toc_simulation *sim, uint32_t home, uint32_t stub, uint32_t day,
                                     uint32_t try)
{
    struct toci_draw draw = toci_draw(sim->seed, TOCI_DRAW_TRAVEL, stub, day, try);
    if (draw.v[0] < toci_chance(sim->p.travel_share))
        return toci_partner_anywhere(sim, stub, day, try);
    uint32_t place = toci_place_on(sim, sim->stub_agent[stub], home, day);
    double   away = 0, visitors = 0;
    for (size_t i = 0; i < sim->num_journeys; i++) {
        const struct toci_journey *journey = &sim->journeys[i];
        if (is_on(journey, day) && journey->from == place)
            away += journey->high - journey->low;
        if (is_on(journey, day) && journey->to == place)
            visitors += (journey->high - journey->low) * stubs_of(&sim->areas[journey->from]);
    }
    double at = toci_unit(draw.v[1]) * (stubs_of(&sim->areas[place]) * (1 - away) + visitors);
    for (size_t i = 0; i < sim->num_journeys; i++) {
        const struct toci_journey *journey = &sim->journeys[i];
        if (!is_on(journey, day) || journey->to != place)
            continue;
        at -= (journey->high - journey->low) * stubs_of(&sim->areas[journey->from]);
        if (at < 0)
            return visitor(sim, journey, stub, day, try);
    }
    return resident(sim, home, place, stub, day, try, draw.v[2]);
}

/* Lines of one area that overlap in time have parts of its households that do not; each begins where those before it
 * end. */
int toci_journey_parts(const struct toc_simulation_setup *setup, double low[TOC_SIMULATION_MAX_JOURNEYS],
                       struct toc_error *error)
{
    for (size_t i = 0; i < setup->num_journeys; i++) {
        const struct toc_simulation_journey *line = &setup->journeys[i];
        low[i] = 0;
        for (size_t k = 0; k < i; k++) {
            const struct toc_simulation_journey *other = &setup->journeys[k];
            if (other->from == line->from && other->leave < line->back && line->leave < other->back)
                low[i] = fmax(low[i], low[k] + other->share);
        }
        if (low[i] + line->share > 1 + 1e-9)
            return toci_fail(error, TOC_ERR_DOMAIN, "journeys", i, low[i] + line->share,
                             "shares of an area's households that are away at once sum to at most 1");
    }
    return 0;
}

void toci_sim_journeys(struct toc_simulation *sim, const struct toc_simulation_setup *setup)
{
    double low[TOC_SIMULATION_MAX_JOURNEYS];
    toci_journey_parts(setup, low, NULL);
    for (size_t i = 0; i < setup->num_journeys; i++) {
        const struct toc_simulation_journey *line = &setup->journeys[i];
        sim->journeys[i] =
            (struct toci_journey){ line->from, line->to, line->leave, line->back, low[i], low[i] + line->share };
    }
}
