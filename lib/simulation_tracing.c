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

#define FETCHED 64       /* random contacts that are fetched ahead together */
#define FIRST_OF_RING 16 /* words of chance: of the household, of the ring, of random contacts */
#define FIRST_OF_RANDOM 128
#define FIRST_OF_RIDES 4096

/* A case whose contacts are looked for. */
struct search {
    struct toci_shard *shard;
    uint32_t           agent, area, day; /* the last day of interest */
    uint32_t           days;
    enum toci_trace    why;
    bool               by_app;
    double             seen[TOC_SIMULATION_NETWORK]; /* of one contact */
    uint32_t           comply;                       /* in 2^16 */
    double             left;                         /* notifications; by interview only */
    struct toci_draw   draw;
    uint32_t           block; /* that was drawn last, + 1 */
};

/* The i-th word of chance of a search: 16 bits for being seen, 16 for complying. */
static uint32_t word_of(struct search *search, uint32_t i)
{
    if (search->block != i / 4 + 1) {
        uint32_t when = search->day | (uint32_t) search->why << 16 | (uint32_t) search->by_app << 20;
        search->draw = toci_draw(search->shard->sim->seed, TOCI_DRAW_SEEN, search->agent, when, i / 4);
        search->block = i / 4 + 1;
    }
    return search->draw.v[i % 4];
}

/* Whoever would not comply need not be looked for; a tracer's work is counted all the same. */
static bool is_worth_it(const struct search *search, uint32_t word)
{
    return !search->by_app || (word & 0xFFFF) < search->comply;
}

static bool is_seen(uint32_t word, double probability)
{
    return (word >> 16) < probability * 0x1p16;
}

/* Bits of the days of interest: bit 0 is the first of them, the highest one the last. */
static uint32_t all_days(const struct search *search)
{
    return (UINT32_C(1) << search->days) - 1;
}

static uint32_t first_day(const struct search *search)
{
    return search->day - search->days + 1;
}

/* Those on which somebody was not restricted. */
static uint32_t days_about(const struct toc_simulation *sim, uint32_t agent, const struct search *search)
{
    uint32_t stays = sim->stays ? sim->at_home[agent] : 0, turn = first_day(search) & 31;
    stays = stays >> turn | stays << (-turn & 31);
    return ~stays & all_days(search);
}

/* Those on which somebody was not on a journey. */
static uint32_t days_at_home(const struct toc_simulation *sim, uint32_t agent, const struct search *search)
{
    uint32_t bits = 0;
    for (uint32_t i = 0; i < search->days; i++)
        bits |= (uint32_t) !toci_is_away(sim, agent, first_day(search) + i) << i;
    return bits;
}

/* Those on which two slots met. */
static uint32_t days_met(const struct toc_simulation *sim, uint32_t slot, uint32_t other, const struct search *search)
{
    uint32_t bits = 0, first = first_day(search);
    if (sim->p.ring_daily_share != 0.5 || first >> 7 != search->day >> 7) {
        for (uint32_t i = 0; i < search->days; i++)
            bits |= (uint32_t) toci_meet(sim, slot, other, first + i) << i;
        return bits;
    }
    uint32_t         low = slot < other ? slot : other, high = slot < other ? other : slot;
    struct toci_draw draw = toci_draw(sim->seed, TOCI_DRAW_MET, low, high, first >> 7);
    uint32_t         at = first >> 5 & 3;
    uint64_t         two = draw.v[at] | (at < 3 ? (uint64_t) draw.v[at + 1] << 32 : 0);
    return (uint32_t) (two >> (first & 31)) & all_days(search);
}

static bool is_user(const struct toc_simulation *sim, uint32_t agent)
{
    return sim->agent[agent].age_ring >> 7;
}

static void fetch(const struct toc_simulation *sim, uint32_t agent)
{
    __builtin_prefetch(&sim->agent[agent]);
    __builtin_prefetch(&sim->at_home[agent]);
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
    if ((word & 0xFFFF) >= search->comply)
        return;
    toci_bag_put(shard, &shard->to[toci_sim_shard_of(shard->sim, contact)],
                 toci_hit(since, (uint32_t) search->why, contact, 0));
    if (search->why == TOCI_TRACE_SYMPTOMS)
        toci_bag_put(shard, &shard->told[search->day % TOCI_SIM_TOLD], (uint64_t) search->agent << 32 | contact);
}

/* One contact, met so many times, the last time `since` days before: seen at least once? */
static void consider(struct search *search, uint32_t contact, double seen, uint32_t times, uint32_t since,
                     uint32_t word)
{
    const struct toc_simulation *sim = search->shard->sim;
    double                       missed = 1;
    if (times == 0 || (search->by_app && !is_user(sim, contact)) || !toci_is_about(sim, contact))
        return;
    for (uint32_t i = 0; i < times; i++)
        missed *= 1 - seen;
    if (is_seen(word, 1 - missed))
        tell(search, contact, since, times * seen, word);
}

static void search_household(struct search *search)
{
    const struct toc_simulation *sim = search->shard->sim;
    uint32_t                     first = search->agent - (sim->agent[search->agent].home & 15u);
    uint32_t                     size = toci_household_size(sim, search->agent);
    for (uint32_t i = 0; i < size; i++)
        if (first + i != search->agent)
            consider(search, first + i, search->seen[0], (uint32_t) sim->p.trace_days, 0, word_of(search, i));
}

/* How many bits are set. __builtin_popcount would call a function that is neither mathematics nor of memory. */
static uint32_t count_days(uint32_t days)
{
    days -= days >> 1 & 0x55555555;
    days = (days & 0x33333333) + (days >> 2 & 0x33333333);
    return ((days + (days >> 4)) & 0x0f0f0f0f) * 0x01010101 >> 24;
}

static void search_ring(struct search *search, uint32_t about)
{
    const struct toc_simulation *sim = search->shard->sim;
    struct toci_place            place;
    struct toci_edge             edge[3 * TOC_SIMULATION_MAX_DEGREE / 2];
    uint32_t                     word[3 * TOC_SIMULATION_MAX_DEGREE / 2 + 1];
    double seen = search->seen[1] * toci_contact_factor(sim, search->agent, search->area, TOCI_RING);
    if (sim->num_journeys > 0)
        about &= days_at_home(sim, search->agent, search);
    if (about == 0 || seen <= 0 || !toci_place_of(sim, search->agent, search->area, &place))
        return;
    uint32_t num = 3 * place.half, looked = 0, kept = 0, own = place.first + place.position;
    for (uint32_t i = 0; i < num; i++) {
        word[looked] = word_of(search, FIRST_OF_RING + i);
        if (!is_worth_it(search, word[looked]))
            continue;
        edge[looked] = toci_edge_of(sim, &place, i);
        __builtin_prefetch(&sim->slot_rewired[edge[looked++].owner]);
    }
    for (uint32_t i = 0; i < looked; i++) {
        if (!toci_edge_exists(sim, &place, &edge[i]))
            continue;
        __builtin_prefetch(&sim->slot_agent[edge[i].other]);
        word[kept] = word[i];
        edge[kept++] = edge[i];
    }
    for (uint32_t i = 0; i < kept; i++) {
        edge[i].owner = sim->slot_agent[edge[i].other]; /* from here on: whose slot it is */
        fetch(sim, edge[i].owner);
    }
    for (uint32_t i = 0; i < kept; i++) {
        uint32_t other = edge[i].owner;
        if (search->by_app && !is_user(sim, other))
            continue;
        uint32_t met = about & days_about(sim, other, search);
        if (met != 0 && sim->num_journeys > 0)
            met &= days_at_home(sim, other, search);
        if (met != 0)
            met &= days_met(sim, own, edge[i].other, search);
        if (met != 0)
            consider(search, other, seen, count_days(met), search->days - 32 + (uint32_t) __builtin_clz(met), word[i]);
    }
}

/* A random contact that was seen: the stub, the day, and whom the pairing of the day gives. */
struct meeting {
    uint32_t stub, back, met, word;
};

/* Whom the stub meets in the try-th pairing; its agent is asked for next. */
static void ask_for_partner(const struct search *search, struct meeting *meeting, uint32_t try)
{
    const struct toc_simulation *sim = search->shard->sim;
    meeting->met = toci_partner(sim, search->area, meeting->stub, search->day - meeting->back, try);
    if (meeting->met != TOCI_SIM_NOBODY)
        __builtin_prefetch(&sim->stub_agent[meeting->met]);
}

/* As toci_random_contact, but for many at once, so that what they look at is fetched together: those whose partner is
 * away try again together. */
static void follow_meetings(struct search *search, struct meeting *meeting, uint32_t num)
{
    const struct toc_simulation *sim = search->shard->sim;
    for (uint32_t try = 0; num > 0 && try < TOCI_SIM_RETRIES; try++) {
        uint32_t left = 0;
        for (uint32_t i = 0; i < num; i++) {
            if (try > 0)
                ask_for_partner(search, &meeting[i], try);
        }
        for (uint32_t i = 0; i < num; i++) {
            if (meeting[i].met == TOCI_SIM_NOBODY)
                continue;
            meeting[i].met = sim->stub_agent[meeting[i].met];
            fetch(sim, meeting[i].met);
        }
        for (uint32_t i = 0; i < num; i++) {
            uint32_t met = meeting[i].met;
            if (met == TOCI_SIM_NOBODY || met == search->agent ||
                !toci_may_meet_at_random(sim, met, search->day - meeting[i].back))
                meeting[left++] = meeting[i];
            else if (!search->by_app || is_user(sim, met))
                tell(search, met, meeting[i].back, 1, meeting[i].word);
        }
        num = left;
    }
}

static void search_random(struct search *search, uint32_t about)
{
    const struct toc_simulation *sim = search->shard->sim;
    struct meeting               meeting[FETCHED];
    uint32_t                     first = sim->first_stub[search->agent], end = first + sim->agent[search->agent].stubs;
    double   seen = search->seen[2] * toci_contact_factor(sim, search->agent, search->area, TOCI_RANDOM);
    uint32_t num = 0, number = FIRST_OF_RANDOM;
    for (uint32_t back = 0; back < search->days && seen > 0; back++) {
        if (!(about >> (search->days - 1 - back) & 1))
            continue;
        for (uint32_t stub = first; stub < end; stub++) {
            uint32_t word = word_of(search, number++);
            if (!is_seen(word, seen) || !is_worth_it(search, word))
                continue;
            meeting[num] = (struct meeting){ .stub = stub, .back = back, .word = word };
            ask_for_partner(search, &meeting[num++], 0);
            if (num == FETCHED) {
                follow_meetings(search, meeting, num);
                num = 0;
            }
        }
    }
    follow_meetings(search, meeting, num);
}

/* Fellow riders are seen by the app alone: nobody can name them. */
static void search_rides(struct search *search, uint32_t about)
{
    const struct toc_simulation *sim = search->shard->sim;
    uint32_t                     number = FIRST_OF_RIDES;
    if (sim->rides == 0 || !search->by_app || !toci_rides(sim, search->agent))
        return;
    double seen = search->seen[2] * toci_contact_factor(sim, search->agent, search->area, TOCI_TRANSPORT);
    about &= days_at_home(sim, search->agent, search);
    for (uint32_t back = 0; back < search->days && seen > 0; back++) {
        uint32_t day = search->day - back;
        if (!(about >> (search->days - 1 - back) & 1))
            continue;
        for (uint32_t ride = 0; ride < sim->rides; ride++) {
            uint32_t word = word_of(search, number++);
            if (!is_seen(word, seen) || !is_worth_it(search, word))
                continue;
            uint32_t met = toci_fellow_rider(sim, search->agent, search->area, ride, day);
            if (met != TOCI_SIM_NOBODY && is_user(sim, met) && toci_may_meet_at_random(sim, met, day) &&
                !toci_is_away(sim, met, day))
                tell(search, met, back, 1, word);
        }
    }
}

static void search_contacts(struct search *search)
{
    const struct toc_simulation *sim = search->shard->sim;
    search->area = toci_sim_area_of(sim, search->agent);
    search->days = (uint32_t) fmin(sim->p.trace_days, search->day);
    uint32_t about = days_about(sim, search->agent, search);
    search_household(search);
    search_ring(search, about);
    search_random(search, about);
    search_rides(search, about);
}

static uint32_t compliance(const struct toc_simulation *sim, enum toci_trace why)
{
    double share = why == TOCI_TRACE_POSITIVE ? sim->p.traced_positive_compliance : sim->p.traced_symptoms_compliance;
    return (uint32_t) (share * 0x1p16 + 0.5);
}

/* Those who were told because of symptoms whose test is negative now, of the days in `days`. */
static void release_told(struct toci_shard *shard, uint32_t days)
{
    const struct toc_simulation *sim = shard->sim;
    for (uint32_t day = 0; day < TOCI_SIM_TOLD; day++) {
        if (!(days >> day & 1))
            continue;
        TOCI_BAG_EACH(chunk, i, &shard->told[day])
        {
            uint32_t agent = (uint32_t) (chunk->word[i] >> 32), contact = (uint32_t) chunk->word[i];
            if (sim->agent[agent].mark == day + 1)
                toci_bag_put(shard, &shard->to[toci_sim_shard_of(sim, contact)],
                             toci_hit(0, TOCI_TRACE_RELEASE, contact, 0));
        }
    }
}

static void search_by_app(struct toci_shard *shard)
{
    struct toc_simulation *sim = shard->sim;
    uint32_t               released = 0;
    toci_bag_empty(shard, &shard->told[sim->day % TOCI_SIM_TOLD]);
    TOCI_BAG_EACH(chunk, i, &shard->traces)
    {
        uint32_t        agent = (uint32_t) (chunk->word[i] >> 32), low = (uint32_t) chunk->word[i];
        enum toci_trace why = (enum toci_trace)(low >> 16);
        if (i + 2 < chunk->used)
            __builtin_prefetch(&sim->agent[chunk->word[i + 2] >> 32]);
        if (why == TOCI_TRACE_RELEASE) {
            uint32_t day = (low & 0xFFFF) % TOCI_SIM_TOLD;
            sim->agent[agent].mark = (uint8_t) (day + 1);
            released |= UINT32_C(1) << day;
            continue;
        }
        struct search search = { .shard = shard, .agent = agent, .day = low & 0xFFFF, .why = why, .by_app = true };
        for (int network = 0; network < TOC_SIMULATION_NETWORK; network++)
            search.seen[network] = sim->p.app_seen;
        search.comply = compliance(sim, why);
        search_contacts(&search);
    }
    release_told(shard, released);
    TOCI_BAG_EACH(chunk, i, &shard->traces)
    sim->agent[chunk->word[i] >> 32].mark = 0;
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
                                 .comply = compliance(sim, TOCI_TRACE_POSITIVE),
                                 .left = notifications };
        memcpy(search.seen, sim->p.tracer_recall, sizeof search.seen);
        search_contacts(&search);
        notifications = search.left;
    }
    toci_bag_empty(shard, &shard->interviews);
    shard->num_interviews = 0;
}

/* Phase 4. */
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
    bool     positive = why == TOCI_TRACE_POSITIVE, held = !positive && sim->p.test_release > 0;
    double   days = positive ? sim->p.traced_positive_days : sim->p.traced_symptoms_days;
    double   dropout = positive ? sim->p.traced_positive_dropout : sim->p.traced_symptoms_dropout;
    uint32_t last = sim->day - since + (uint32_t) days;
    if (last > sim->agent[agent].stay_until) { /* else not even a stay that nobody gives up would be longer */
        struct toci_draw draw = toci_draw(sim->seed, TOCI_DRAW_COMPLY, agent, sim->day, since);
        last = sim->day - since + toci_stay_days(days, dropout, draw.v[0]);
    }
    if (last > sim->agent[agent].stay_until)
        toci_counted(shard, agent, TOC_SIMULATION_COLUMN_traced, 1);
    toci_begin_stay(shard, agent, last, held);
    if (positive)
        toci_order_contact_test(shard, agent);
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

/* Phase 5. */
void toci_sim_be_traced(void *context, size_t index)
{
    struct toc_simulation *sim = context;
    struct toci_shard     *shard = &sim->shards[index];
    for (uint32_t from = 0; from < sim->num_shards; from++)
        TOCI_BAG_EACH(chunk, i, &sim->shards[from].to[shard->index])
    fetch(sim, (uint32_t) chunk->word[i] & TOCI_SIM_AGENT_MASK);
    for (uint32_t from = 0; from < sim->num_shards; from++)
        TOCI_BAG_EACH(chunk, i, &sim->shards[from].to[shard->index])
    be_told(shard, chunk->word[i]);
    for (uint32_t area = shard->area_first; area < shard->area_end; area++)
        for (uint32_t age = 0; age < TOC_SIMULATION_AGE; age++)
            count_days_lost(shard, area, age);
}
