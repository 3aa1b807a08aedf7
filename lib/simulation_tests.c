/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Symptoms, tests and their results: who isolates, whose household quarantines, whose contacts are looked for. */
#include "simulation_measures.h"
#include "simulation_meeting.h"

static uint32_t household_of(const struct toc_simulation *sim, uint32_t agent)
{
    return agent - (sim->agent[agent].home & 15);
}

static void quarantine_household(struct toci_shard *shard, uint32_t agent, uint32_t last_day, bool held)
{
    const struct toc_simulation *sim = shard->sim;
    uint32_t                     first = household_of(sim, agent);
    for (uint32_t other = first; other < first + toci_household_size(sim, agent); other++)
        if (other != agent && !toci_is_case(sim, other))
            toci_begin_stay(shard, other, last_day, held);
}

/* Today, or when the app tells them: note is why, and how many days before it the first message went out. */
static void look_for_contacts(struct toci_shard *shard, uint32_t agent, enum toci_trace why, uint32_t back)
{
    uint32_t delay = (uint32_t) shard->sim->p.app_delay;
    if (!(shard->sim->agent[agent].age_ring >> 7) || back >= TOCI_SIM_TOLD)
        return;
    if (delay > 0)
        toci_later_with(shard, agent, TOCI_APP_TELLS, (uint32_t) why | back << 2, shard->sim->day, delay);
    else
        toci_bag_put(shard, &shard->traces, (uint64_t) agent << 32 | (uint32_t) why << 16 | (shard->sim->day - back));
}

/* Where an app is in use, it also tells those whose quarantine has lost its reason. */
static bool uses_app(const struct toci_today *today)
{
    return today->strength[TOC_SIMULATION_MEASURE_app_on_symptoms] > 0 ||
           today->strength[TOC_SIMULATION_MEASURE_app_on_positive] > 0;
}

/* Those with many contacts are tested sooner. */
static bool has_priority(const struct toc_simulation *sim, uint32_t agent)
{
    struct toci_place place;
    double            contacts = toci_household_size(sim, agent) - 1 + sim->agent[agent].stubs;
    if (sim->p.test_priority_contacts >= 1e4)
        return false;
    if (toci_place_of(sim, agent, toci_sim_area_of(sim, agent), &place))
        contacts += 2 * place.half * sim->p.ring_daily_share;
    return contacts > sim->p.test_priority_contacts;
}

static uint32_t order_days(const struct toc_simulation *sim, uint32_t agent)
{
    return (uint32_t) (has_priority(sim, agent) ? sim->p.test_priority_order_days : sim->p.test_order_days);
}

static uint32_t result_days(const struct toc_simulation *sim, uint32_t agent)
{
    return (uint32_t) (has_priority(sim, agent) ? sim->p.test_priority_result_days : sim->p.test_result_days);
}

/* A note of days since symptoms, some days later. */
static uint32_t days_later(uint32_t note, uint32_t days)
{
    if (note > TOCI_MOST_DAYS_NOTED)
        return note;
    return note + days < TOCI_MOST_DAYS_NOTED ? note + days : TOCI_MOST_DAYS_NOTED;
}

static void order_test(struct toci_shard *shard, uint32_t agent, uint32_t note, uint32_t delay)
{
    shard->sim->agent[agent].flags |= TOCI_FLAG_TEST_ORDERED;
    toci_touch(shard, agent);
    if (delay > 0 || note == TOCI_NO_SYMPTOMS) /* an admission is one of today's events, and may add another */
        toci_later_with(shard, agent, TOCI_SPECIMEN, note, shard->sim->day, delay);
    else /* they may have been gone through */
        toci_sim_act(shard, agent, TOCI_SPECIMEN, note);
}

void toci_order_contact_test(struct toci_shard *shard, uint32_t agent)
{
    struct toc_simulation *sim = shard->sim;
    double                 share = toci_in_force(sim, agent, TOC_SIMULATION_MEASURE_contact_testing);
    uint32_t               delay;
    if (share <= 0 || !toci_is_about(sim, agent) || sim->agent[agent].flags & TOCI_FLAG_TEST_ORDERED)
        return;
    if (toci_unit(toci_draw(sim->seed, TOCI_DRAW_CONTACT_TEST, agent, sim->day, 0).v[0]) >= share)
        return;
    delay = order_days(sim, agent);
    order_test(shard, agent, TOCI_OF_CONTACT, delay < 1 ? 1 : delay);
}

void toci_report_symptoms(struct toci_shard *shard, uint32_t agent)
{
    struct toc_simulation   *sim = shard->sim;
    const struct toci_today *today = &sim->today[toci_sim_area_of(sim, agent)];
    double                   more = today->strength[TOC_SIMULATION_MEASURE_advice] * sim->p.advice_isolation;
    double                   share = sim->p.isolation_share + (1 - sim->p.isolation_share) * more;
    share *= today->strength[TOC_SIMULATION_MEASURE_isolation];
    if (share <= 0 || toci_is_case(sim, agent))
        return;
    struct toci_draw draw = toci_draw(sim->seed, TOCI_DRAW_SYMPTOMS, agent, sim->day, 0);
    if (sim->agent[agent].stay_until == 0 && toci_unit(draw.v[0]) >= share)
        return;
    uint32_t last = sim->day + toci_stay_days(sim->p.isolation_days, sim->p.isolation_dropout, draw.v[1]);
    bool     tested = toci_unit(draw.v[2]) < today->strength[TOC_SIMULATION_MEASURE_testing] &&
                  !(sim->agent[agent].flags & TOCI_FLAG_TEST_ORDERED);
    toci_begin_stay(shard, agent, last, false);
    if (toci_unit(draw.v[3]) < today->strength[TOC_SIMULATION_MEASURE_household_on_symptoms])
        quarantine_household(shard, agent, last, tested && sim->p.test_release > 0 && uses_app(today));
    if (tested)
        order_test(shard, agent, order_days(sim, agent), order_days(sim, agent));
    if (toci_unit(draw.v[0] * 0x9E3779B9u) < today->strength[TOC_SIMULATION_MEASURE_app_on_symptoms])
        look_for_contacts(shard, agent, TOCI_TRACE_SYMPTOMS, 0);
}

static void test_household(struct toci_shard *shard, uint32_t agent)
{
    const struct toc_simulation *sim = shard->sim;
    uint32_t                     first = household_of(sim, agent);
    for (uint32_t other = first; other < first + toci_household_size(sim, agent); other++)
        if (other != agent && !toci_is_case(sim, other))
            toci_order_contact_test(shard, other);
}

/* A case is certain: it isolates, its household and its contacts quarantine. */
static void act_on_case(struct toci_shard *shard, uint32_t agent, uint32_t earliest_interview)
{
    struct toc_simulation   *sim = shard->sim;
    const struct toci_today *today = &sim->today[toci_sim_area_of(sim, agent)];
    struct toci_draw         draw = toci_draw(sim->seed, TOCI_DRAW_STAY, agent, sim->day, 0);
    uint32_t                 last = sim->day + toci_stay_days(sim->p.positive_days, sim->p.positive_dropout, draw.v[0]);
    bool                     tested = today->strength[TOC_SIMULATION_MEASURE_testing] > 0 ||
                  today->strength[TOC_SIMULATION_MEASURE_screening] > 0 ||
                  today->strength[TOC_SIMULATION_MEASURE_contact_testing] > 0;
    if (!toci_take_in(shard, agent) && tested)
        toci_begin_stay(shard, agent, last, false);
    if (toci_unit(draw.v[1]) < today->strength[TOC_SIMULATION_MEASURE_household_on_positive]) {
        quarantine_household(shard, agent, last, false);
        test_household(shard, agent);
    }
    if (toci_unit(draw.v[2]) < today->strength[TOC_SIMULATION_MEASURE_app_on_positive])
        look_for_contacts(shard, agent, TOCI_TRACE_POSITIVE, 0);
    if (toci_unit(draw.v[3]) < today->strength[TOC_SIMULATION_MEASURE_tracers]) {
        uint32_t delay = (uint32_t) sim->p.tracer_delay;
        toci_later(shard, agent, TOCI_INTERVIEW, sim->day, delay > earliest_interview ? delay : earliest_interview);
    }
}

/* Whoever is admitted is tested, and taken for a case at once. */
void toci_report_admission(struct toci_shard *shard, uint32_t agent)
{
    struct toc_simulation *sim = shard->sim;
    toci_end_stay(shard, agent);
    if (!(sim->agent[agent].flags & TOCI_FLAG_TEST_ORDERED))
        order_test(shard, agent, TOCI_NO_SYMPTOMS, 0);
    act_on_case(shard, agent, 0);
}

static void take_result(struct toci_shard *shard, uint32_t agent, bool positive, uint32_t note, uint32_t earliest)
{
    struct toc_simulation *sim = shard->sim;
    sim->agent[agent].flags &= (uint8_t) ~TOCI_FLAG_TEST_ORDERED;
    toci_touch(shard, agent);
    if (positive) {
        toci_counted(shard, agent, TOC_SIMULATION_COLUMN_positives, 1);
        sim->agent[agent].home |= TOCI_CASE;
        if (toci_state(sim, agent) != TOC_SIMULATION_COLUMN_dead)
            act_on_case(shard, agent, earliest);
        return;
    }
    if (sim->p.test_release <= 0 || note == TOCI_OF_CONTACT)
        return; /* a contact stays to the end of the quarantine */
    toci_end_stay(shard, agent);
    if (note == TOCI_NO_SYMPTOMS)
        return;
    uint32_t first = household_of(sim, agent);
    for (uint32_t other = first; other < first + toci_household_size(sim, agent); other++)
        if (other != agent)
            toci_release_hold(shard, other);
    if (toci_in_force(sim, agent, TOC_SIMULATION_MEASURE_app_on_symptoms) > 0)
        look_for_contacts(shard, agent, TOCI_TRACE_RELEASE, note);
}

/* Infected so long, and not longer, that a test can find it. */
static bool can_be_found(const struct toc_simulation *sim, uint32_t agent)
{
    uint32_t since = sim->day - sim->agent[agent].infected;
    return sim->agent[agent].infected != UINT16_MAX && since >= sim->p.test_first_day && since <= sim->p.test_last_day;
}

/* number: of the day's tests of one specimen. */
static bool test_finds(const struct toc_simulation *sim, uint32_t agent, uint32_t number)
{
    double u = toci_unit(toci_draw(sim->seed, TOCI_DRAW_TEST, agent, sim->day, number).v[0]);
    return can_be_found(sim, agent) ? u < sim->p.test_sensitivity : u >= sim->p.test_specificity;
}

static void take_specimen(struct toci_shard *shard, uint32_t agent, uint32_t note)
{
    struct toc_simulation *sim = shard->sim;
    uint32_t               delay = result_days(sim, agent);
    bool                   positive = test_finds(sim, agent, 0);
    toci_counted(shard, agent, TOC_SIMULATION_COLUMN_specimens, 1);
    toci_counted(shard, agent, TOC_SIMULATION_COLUMN_tubes, 1);
    note = days_later(note, delay);
    if (delay == 0)
        take_result(shard, agent, positive, note, 1);
    else
        toci_later_with(shard, agent, positive ? TOCI_RESULT_POSITIVE : TOCI_RESULT_NEGATIVE, note, sim->day, delay);
}

/* The specimens of today, as many as the shard's part of the capacity allows, from a place in the list drawn by lot;
 * the others wait for tomorrow. */
void toci_take_specimens(struct toci_shard *shard)
{
    struct toc_simulation *sim = shard->sim;
    uint64_t               n = shard->num_specimens, quota = (uint64_t) shard->specimen_quota, at = 0;
    if (n == 0)
        return;
    uint64_t start = toci_draw(sim->seed, TOCI_DRAW_LOT, shard->index, sim->day, 0).v[0] % n;
    TOCI_BAG_EACH(chunk, i, &shard->specimens)
    {
        uint32_t agent = (uint32_t) (chunk->word[i] >> 32), note = (uint32_t) chunk->word[i];
        uint64_t turn = at >= start ? at - start : at + n - start;
        at++;
        if (toci_state(sim, agent) == TOC_SIMULATION_COLUMN_dead)
            continue;
        if (turn < quota)
            take_specimen(shard, agent, note);
        else
            toci_later_with(shard, agent, TOCI_SPECIMEN, days_later(note, 1), sim->day, 1);
    }
    toci_bag_empty(shard, &shard->specimens);
    shard->num_specimens = 0;
}

static void begin_protection(struct toci_shard *shard, uint32_t agent)
{
    struct toc_simulation *sim = shard->sim;
    double                 u = toci_unit(toci_draw(sim->seed, TOCI_DRAW_VACCINE, agent, sim->day, 1).v[0]);
    uint32_t               gained = (u < sim->p.vaccine_infection ? TOCI_FLAG_PROTECTED : 0u) |
                      (u < sim->p.vaccine_symptoms ? TOCI_FLAG_NO_SYMPTOMS : 0u) |
                      (u < sim->p.vaccine_severe ? TOCI_FLAG_NOT_SEVERE : 0u);
    sim->agent[agent].flags = (uint8_t) (sim->agent[agent].flags | gained);
    toci_touch(shard, agent);
    if (sim->p.vaccine_days < TOC_SIMULATION_LAST_DAY - sim->day)
        toci_later(shard, agent, TOCI_VACCINE_ENDS, sim->day, (uint32_t) (sim->p.vaccine_days + 0.5));
}

void toci_sim_act(struct toci_shard *shard, uint32_t agent, enum toci_event event, uint32_t note)
{
    struct toc_simulation *sim = shard->sim;
    switch (event) {
    case TOCI_STAY_ENDS:
        if (sim->agent[agent].stay_until == sim->day)
            toci_end_stay(shard, agent);
        break;
    case TOCI_SPECIMEN:
        toci_bag_put(shard, &shard->specimens, (uint64_t) agent << 32 | note);
        shard->num_specimens++;
        break;
    case TOCI_RESULT_NEGATIVE: take_result(shard, agent, false, note, 0); break;
    case TOCI_RESULT_POSITIVE: take_result(shard, agent, true, note, 0); break;
    case TOCI_INTERVIEW:
        toci_bag_put(shard, &shard->interviews, (uint64_t) agent << 32);
        shard->num_interviews++;
        break;
    case TOCI_APP_TELLS:
        toci_bag_put(shard, &shard->traces, (uint64_t) agent << 32 | (note & 3) << 16 | (sim->day - (note >> 2)));
        break;
    case TOCI_VACCINE_WORKS: begin_protection(shard, agent); break;
    default:
        sim->agent[agent].flags &= (uint8_t) ~(TOCI_FLAG_PROTECTED | TOCI_FLAG_NO_SYMPTOMS | TOCI_FLAG_NOT_SEVERE);
        toci_touch(shard, agent);
        break;
    }
}

/* Symptoms of another cause: each agent with the same probability a day; the gaps between them are geometric. */
void toci_report_other_symptoms(struct toci_shard *shard)
{
    struct toc_simulation *sim = shard->sim;
    double                 p = sim->p.other_symptoms;
    bool                   wanted = false;
    for (uint32_t area = shard->area_first; area < shard->area_end; area++)
        wanted = wanted || sim->today[area].strength[TOC_SIMULATION_MEASURE_isolation] > 0;
    if (!wanted || p <= 0)
        return;
    double at = shard->first;
    for (uint32_t i = 0;; i++) {
        struct toci_draw draw = toci_draw(sim->seed, TOCI_DRAW_OTHER_SYMPTOMS, shard->index, sim->day, i);
        at += floor(log(toci_unit(draw.v[0])) / log1p(-p));
        if (at >= shard->end)
            return;
        uint32_t agent = (uint32_t) at;
        if (toci_is_about(sim, agent))
            toci_report_symptoms(shard, agent);
        at += 1;
    }
}

/* A tube is positive if the specimen of an infected person makes it so, or by mistake: as often as one test is. */
static bool tube_finds(const struct toc_simulation *sim, const uint32_t *member, uint32_t num)
{
    if (num == 1)
        return test_finds(sim, member[0], 0);
    for (uint32_t i = 0; i < num; i++)
        if (can_be_found(sim, member[i]) && test_finds(sim, member[i], 0))
            return true;
    return toci_unit(toci_draw(sim->seed, TOCI_DRAW_TUBE, member[0], sim->day, 0).v[0]) >= sim->p.test_specificity;
}

/* One tube of a screening round: agents from, from + step, … below end. Returns the next agent. */
static uint32_t screen_pool(struct toci_shard *shard, uint32_t from, uint32_t end, uint32_t step)
{
    struct toc_simulation *sim = shard->sim;
    uint32_t               member[TOCI_SIM_MAX_POOL], num = 0, agent = from, delay = (uint32_t) sim->p.test_result_days;
    for (; agent < end && num < (uint32_t) sim->p.screening_pool; agent += step) {
        struct toci_draw draw = toci_draw(sim->seed, TOCI_DRAW_SCREENING, agent, sim->day, 0);
        if (!toci_is_about(sim, agent) || toci_is_case(sim, agent) ||
            toci_unit(draw.v[0]) >= sim->p.screening_attendance)
            continue;
        toci_counted(shard, agent, TOC_SIMULATION_COLUMN_specimens, 1);
        toci_counted(shard, agent, TOC_SIMULATION_COLUMN_tubes, num == 0);
        member[num++] = agent;
    }
    if (num == 0 || !tube_finds(sim, member, num))
        return agent;
    for (uint32_t i = 0; i < num; i++) {
        if (num > 1)
            toci_counted(shard, member[i], TOC_SIMULATION_COLUMN_tubes, 1);
        if (num == 1 || test_finds(sim, member[i], 1))
            toci_later_with(shard, member[i], TOCI_RESULT_POSITIVE, TOCI_NO_SYMPTOMS, sim->day, delay < 1 ? 1 : delay);
    }
    return agent;
}

void toci_screen(struct toci_shard *shard)
{
    struct toc_simulation *sim = shard->sim;
    for (uint32_t area = shard->area_first; area < shard->area_end; area++) {
        double share = sim->today[area].strength[TOC_SIMULATION_MEASURE_screening] * sim->p.screening_share;
        if (share <= 0)
            continue;
        uint32_t first = sim->areas[area].first > shard->first ? sim->areas[area].first : shard->first;
        uint32_t end = sim->areas[area].end < shard->end ? sim->areas[area].end : shard->end;
        uint32_t step = (uint32_t) (fmin(1 / share, 1e9) + 0.5);
        for (uint32_t agent = first + sim->day % step; agent < end;)
            agent = screen_pool(shard, agent, end, step);
    }
}

void toci_give_dose(struct toci_shard *shard, uint32_t agent)
{
    struct toc_simulation *sim = shard->sim;
    sim->agent[agent].flags |= TOCI_FLAG_VACCINATED;
    toci_touch(shard, agent);
    toci_counted(shard, agent, TOC_SIMULATION_COLUMN_doses, 1);
    toci_later(shard, agent, TOCI_VACCINE_WORKS, sim->day,
               sim->p.vaccine_delay < 1 ? 1 : (uint32_t) sim->p.vaccine_delay);
}

static bool accepts_vaccine(const struct toc_simulation *sim, uint32_t agent, uint32_t age)
{
    if (sim->p.vaccine_oldest_first > 0 && toci_age(sim, agent) != age)
        return false;
    if (sim->agent[agent].flags & TOCI_FLAG_VACCINATED || !toci_is_about(sim, agent))
        return false;
    return toci_unit(toci_draw(sim->seed, TOCI_DRAW_VACCINE, agent, 0, 0).v[0]) <
           sim->p.vaccine_uptake[toci_age(sim, agent)];
}

/* The campaign passes through the area once for each age group, the oldest first, or once for all. */
static void go_on(struct toci_shard *shard, struct toci_campaign *campaign, uint32_t first, uint32_t end)
{
    const struct toc_simulation *sim = shard->sim;
    uint32_t                     passes = sim->p.vaccine_oldest_first > 0 ? TOC_SIMULATION_AGE : 1;
    while (campaign->owed >= 1 && campaign->age < passes) {
        uint32_t agent = first + campaign->next;
        if (agent >= end) {
            campaign->age++;
            campaign->next = 0;
            continue;
        }
        campaign->next++;
        if (!accepts_vaccine(sim, agent, TOC_SIMULATION_AGE - 1 - campaign->age))
            continue;
        toci_give_dose(shard, agent);
        campaign->owed -= 1;
    }
}

void toci_vaccinate(struct toci_shard *shard)
{
    struct toc_simulation *sim = shard->sim;
    for (uint32_t area = shard->area_first; area < shard->area_end; area++) {
        double share = sim->today[area].strength[TOC_SIMULATION_MEASURE_vaccination] * sim->p.vaccine_daily_share;
        if (share <= 0)
            continue;
        uint32_t              first = sim->areas[area].first > shard->first ? sim->areas[area].first : shard->first;
        uint32_t              end = sim->areas[area].end < shard->end ? sim->areas[area].end : shard->end;
        struct toci_campaign *campaign = &shard->campaigns[area - shard->area_first];
        campaign->owed += share * (end - first);
        go_on(shard, campaign, first, end);
    }
}
