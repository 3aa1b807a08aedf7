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
    for (uint32_t i = sim->first_journey[home]; i < sim->first_journey[home + 1]; i++) {
        const struct toci_journey *journey = &sim->journeys[i];
        if (!is_on(journey, day))
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

static double stubs_of_visitors(const struct toc_simulation *sim, uint32_t visit, uint32_t day)
{
    const struct toci_journey *journey = &sim->journeys[sim->visits[visit]];
    return is_on(journey, day) ? (journey->high - journey->low) * stubs_of(&sim->areas[journey->from]) : 0;
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
    for (uint32_t i = sim->first_journey[place]; i < sim->first_journey[place + 1]; i++)
        if (is_on(&sim->journeys[i], day))
            away += sim->journeys[i].high - sim->journeys[i].low;
    for (uint32_t i = sim->first_visit[place]; i < sim->first_visit[place + 1]; i++)
        visitors += stubs_of_visitors(sim, i, day);
    double at = toci_unit(draw.v[1]) * (stubs_of(&sim->areas[place]) * (1 - away) + visitors);
    for (uint32_t i = sim->first_visit[place]; i < sim->first_visit[place + 1]; i++) {
        at -= stubs_of_visitors(sim, i, day);
        if (at < 0)
            return visitor(sim, &sim->journeys[sim->visits[i]], stub, day, try);
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

/* From how many each area has, counted in the element after it, to where those of each begin. */
static void sum_up(uint32_t *first, uint32_t num_areas)
{
    for (uint32_t area = 0; area < num_areas; area++)
        first[area + 1] += first[area];
}

/* The place of a line among those of its area, in the order in which they were given. */
static uint32_t next_place(const uint32_t *first, uint32_t area, const struct toc_simulation_journey *lines,
                           size_t line, bool by_destination)
{
    uint32_t place = first[area];
    for (size_t i = 0; i < line; i++)
        place += (by_destination ? lines[i].to : lines[i].from) == area;
    return place;
}

void toci_sim_journeys(struct toc_simulation *sim, const struct toc_simulation_setup *setup)
{
    double low[TOC_SIMULATION_MAX_JOURNEYS];
    toci_journey_parts(setup, low, NULL);
    for (size_t i = 0; i < setup->num_journeys; i++) {
        sim->first_journey[setup->journeys[i].from + 1]++;
        sim->first_visit[setup->journeys[i].to + 1]++;
    }
    sum_up(sim->first_journey, sim->num_areas);
    sum_up(sim->first_visit, sim->num_areas);
    for (size_t i = 0; i < setup->num_journeys; i++) {
        const struct toc_simulation_journey *line = &setup->journeys[i];
        uint32_t                             at = next_place(sim->first_journey, line->from, setup->journeys, i, false);
        sim->journeys[at] =
            (struct toci_journey){ line->from, line->to, line->leave, line->back, low[i], low[i] + line->share };
        sim->visits[next_place(sim->first_visit, line->to, setup->journeys, i, true)] = at;
    }
}
