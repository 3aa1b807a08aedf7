/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tracing: the contacts of a case on the days before are formed again, not looked up, and told to stay at home.
 *
 * A contact took place on a day if both were about and neither stayed at home that day. Of the contacts that took place
 * the app sees, and the case recalls, each with its probability, drawn by case, contact and day. What measures made of
 * contacts in the past is taken to be what they make of them today. Contacts whose other end was away and who therefore
 * met somebody else are those of the case's own stubs (simulation_meeting.h).
 */
#include "simulation_measures.h"
#include "simulation_meeting.h"

/* A case whose contacts are looked for. */
struct search {
    struct toci_shard *shard;
    uint32_t           agent, area, day; /* the last day of interest */
    uint32_t           days;
    enum toci_trace    why;
    bool               by_app;
    double             seen[TOC_SIMULATION_NETWORK]; /* of one contact */
    double             comply;
    double             left; /* notifications; by interview only */
};

/* Bits of days: bit b is the day b days before the last. */
static uint32_t days_about(const struct toc_simulation *sim, uint32_t agent, const struct search *search)
{
    uint32_t bits = 0;
    for (uint32_t back = 0; back < search->days && back < search->day; back++)
        bits |= (uint32_t) !toci_stays(sim, agent, search->day - back) << back;
    return bits;
}

/* The same of the days on which two slots meet. */
static uint32_t days_met(const struct toc_simulation *sim, uint32_t slot, uint32_t other, const struct search *search)
{
    uint32_t bits = 0;
    if (sim->p.ring_daily_share != 0.5 || search->day % 128 < search->days) {
        for (uint32_t back = 0; back < search->days && back < search->day; back++)
            bits |= (uint32_t) toci_meet(sim, slot, other, search->day - back) << back;
        return bits;
    }
    uint32_t         low = slot < other ? slot : other, high = slot < other ? other : slot;
    struct toci_draw draw = toci_draw(sim->seed, TOCI_DRAW_MET, low, high, search->day >> 7);
    for (uint32_t back = 0; back < search->days; back++)
        bits |= (draw.v[(search->day - back) >> 5 & 3] >> ((search->day - back) & 31) & 1) << back;
    return bits;
}

static bool is_user(const struct toc_simulation *sim, uint32_t agent)
{
    return sim->age_ring[agent] >> 7;
}

/* since: days since the last contact; meetings: how many of them the case names. */
static void tell(struct search *search, uint32_t contact, uint32_t since, double meetings, uint32_t word)
{
    struct toci_shard *shard = search->shard;
    if (!search->by_app) {
        if (search->left < 1)
            return;
        search->left -= fmax(1, meetings);
        toci_counted(shard, search->agent, TOC_SIMULATION_COLUMN_visits, 1);
    }
    if (toci_unit(word) < search->comply)
        toci_bag_put(shard, &shard->to[toci_sim_shard_of(shard->sim, contact)],
                     toci_hit(since, (uint32_t) search->why, contact, 0));
}

/* One contact, met on these days: seen at least once? */
static void consider(struct search *search, uint32_t contact, double seen, uint32_t met)
{
    const struct toc_simulation *sim = search->shard->sim;
    if (met == 0 || (search->by_app && !is_user(sim, contact)) || !toci_is_about(sim, contact))
        return;
    struct toci_draw draw = toci_draw(sim->seed, TOCI_DRAW_SEEN, search->agent, contact, search->day);
    double           missed = 1, times = 0;
    for (uint32_t left = met; left != 0; left &= left - 1) {
        missed *= 1 - seen;
        times++;
    }
    if (toci_unit(draw.v[0]) >= missed)
        tell(search, contact, (uint32_t) __builtin_ctz(met), times * seen, draw.v[1]);
}

static void search_household(struct search *search)
{
    const struct toc_simulation *sim = search->shard->sim;
    uint32_t                     first = search->agent - (sim->home[search->agent] & 15);
    for (uint32_t other = first; other < first + toci_household_size(sim, search->agent); other++)
        if (other != search->agent)
            consider(search, other, search->seen[0], (UINT32_C(1) << search->days) - 1);
}

static void search_ring(struct search *search, uint32_t about)
{
    const struct toc_simulation *sim = search->shard->sim;
    struct toci_place            place;
    double seen = search->seen[1] * toci_contact_factor(sim, search->agent, search->area, TOCI_RING);
    if (about == 0 || seen <= 0 || !toci_place_of(sim, search->agent, search->area, &place))
        return;
    for (uint32_t edge = 0; edge < 3 * place.half; edge++) {
        uint32_t slot = toci_ring_edge(sim, &place, edge);
        if (slot == TOCI_SIM_NOBODY)
            continue;
        uint32_t other = sim->slot_agent[slot];
        if (search->by_app && !is_user(sim, other))
            continue;
        uint32_t met = about & days_met(sim, place.first + place.position, slot, search);
        if (met != 0)
            met &= days_about(sim, other, search);
        consider(search, other, seen, met);
    }
}

static void search_random(struct search *search, uint32_t about)
{
    const struct toc_simulation *sim = search->shard->sim;
    uint32_t                     first = sim->first_stub[search->agent], end = sim->first_stub[search->agent + 1];
    double seen = search->seen[2] * toci_contact_factor(sim, search->agent, search->area, TOCI_RANDOM);
    for (uint32_t back = 0; back < search->days && seen > 0; back++) {
        if (!(about >> back & 1))
            continue;
        uint32_t day = search->day - back;
        for (uint32_t stub = first; stub < end; stub++) {
            struct toci_draw draw = toci_draw(sim->seed, TOCI_DRAW_SEEN, UINT32_MAX, stub, day);
            if (toci_unit(draw.v[0]) >= seen)
                continue;
            uint32_t contact = toci_random_contact(sim, search->agent, search->area, stub, day);
            if (contact != TOCI_SIM_NOBODY && (!search->by_app || is_user(sim, contact)) && toci_is_about(sim, contact))
                tell(search, contact, back, 1, draw.v[1]);
        }
    }
}

static void search_contacts(struct search *search)
{
    const struct toc_simulation *sim = search->shard->sim;
    search->area = toci_sim_area_of(sim, search->agent);
    search->days = (uint32_t) sim->p.trace_days;
    uint32_t about = days_about(sim, search->agent, search);
    search_household(search);
    search_ring(search, about);
    search_random(search, about);
}

static void search_by_app(struct toci_shard *shard)
{
    const struct toc_simulation *sim = shard->sim;
    TOCI_BAG_EACH(chunk, i, &shard->traces)
    {
        uint32_t        agent = (uint32_t) (chunk->word[i] >> 32), low = (uint32_t) chunk->word[i];
        enum toci_trace why = (enum toci_trace)(low >> 16);
        struct search   search = { .shard = shard, .agent = agent, .day = low & 0xFFFF, .why = why, .by_app = true };
        for (int network = 0; network < TOC_SIMULATION_NETWORK; network++)
            search.seen[network] = sim->p.app_seen;
        search.comply =
            why == TOCI_TRACE_POSITIVE ? sim->p.traced_positive_compliance : sim->p.traced_symptoms_compliance;
        search_contacts(&search);
    }
    toci_bag_empty(shard, &shard->traces);
}

/* By interview, as many as the shard's part of the workers' day allows; further cases are not interviewed. */
static void search_by_interview(struct toci_shard *shard)
{
    const struct toc_simulation *sim = shard->sim;
    double                       interviews = shard->interview_quota, notifications = shard->notification_quota;
    TOCI_BAG_EACH(chunk, i, &shard->interviews)
    {
        uint32_t agent = (uint32_t) (chunk->word[i] >> 32);
        if (interviews < 1 || notifications < 1)
            break;
        interviews -= 1;
        toci_counted(shard, agent, TOC_SIMULATION_COLUMN_visits, 1);
        struct search search = { .shard = shard,
                                 .agent = agent,
                                 .day = sim->day,
                                 .why = TOCI_TRACE_POSITIVE,
                                 .comply = sim->p.traced_positive_compliance,
                                 .left = notifications };
        memcpy(search.seen, sim->p.tracer_recall, sizeof search.seen);
        search_contacts(&search);
        notifications = search.left;
    }
    toci_bag_empty(shard, &shard->interviews);
    shard->num_interviews = 0;
}

/* Phase 3. */
void toci_sim_trace(void *context, size_t index)
{
    struct toc_simulation *sim = context;
    struct toci_shard     *shard = &sim->shards[index];
    for (uint32_t to = 0; to < sim->num_shards; to++)
        toci_bag_empty(shard, &shard->to[to]);
    toci_take_specimens(shard);
    search_by_app(shard);
    search_by_interview(shard);
}

static void be_told(struct toci_shard *shard, uint64_t word)
{
    struct toc_simulation *sim = shard->sim;
    uint32_t since = (uint32_t) (word >> 32) & TOCI_SIM_AGENT_MASK, agent = (uint32_t) word & TOCI_SIM_AGENT_MASK;
    enum toci_trace why = (enum toci_trace)(word >> (32 + TOCI_SIM_AGENT_BITS));
    if (why == TOCI_TRACE_RELEASE) {
        toci_release_hold(shard, agent);
        return;
    }
    if (toci_is_case(sim, agent))
        return;
    bool             positive = why == TOCI_TRACE_POSITIVE;
    struct toci_draw draw = toci_draw(sim->seed, TOCI_DRAW_COMPLY, agent, sim->day, since);
    double           days = positive ? sim->p.traced_positive_days : sim->p.traced_symptoms_days;
    double           dropout = positive ? sim->p.traced_positive_dropout : sim->p.traced_symptoms_dropout;
    uint32_t         last = sim->day - since + toci_stay_days(days, dropout, draw.v[0]);
    if (last > sim->stay_until[agent])
        toci_counted(shard, agent, TOC_SIMULATION_COLUMN_traced, 1);
    toci_begin_stay(shard, agent, last, !positive && sim->p.test_release > 0);
}

/* The part of the school or work that the area's persons of an age lose today. */
static void count_days_lost(struct toci_shard *shard, uint32_t area, uint32_t age)
{
    int32_t                 *count = toci_count(shard, area, age);
    const struct toci_today *today = &shard->sim->today[area];
    int64_t                  about = 0;
    for (int state = 0; state < TOC_SIMULATION_COLUMN_dead; state++)
        about += count[state];
    double restricted = count[TOC_SIMULATION_COLUMN_restricted];
    double kept = age < 2 ? today->ring[age] : today->ring[2];
    double lost = restricted + ((double) about - restricted) * fmax(0, 1 - kept);
    if (age < 2)
        count[TOC_SIMULATION_COLUMN_school_days_lost] = (int32_t) (lost + 0.5);
    else if (age < 7)
        count[TOC_SIMULATION_COLUMN_work_days_lost] = (int32_t) (lost + 0.5);
}

/* Phase 4. */
void toci_sim_be_traced(void *context, size_t index)
{
    struct toc_simulation *sim = context;
    struct toci_shard     *shard = &sim->shards[index];
    for (uint32_t from = 0; from < sim->num_shards; from++)
        TOCI_BAG_EACH(chunk, i, &sim->shards[from].to[shard->index])
    be_told(shard, chunk->word[i]);
    for (uint32_t area = shard->area_first; area < shard->area_end; area++)
        for (uint32_t age = 0; age < TOC_SIMULATION_AGE; age++)
            count_days_lost(shard, area, age);
}
