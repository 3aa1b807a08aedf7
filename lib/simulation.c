/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A simulation from its setup to its end: memory, shards, the phases of a day. */
#include "tocsin/simulation.h"

#include "simulation_measures.h"
#include "simulation_state.h"
#include "simulation_team.h"

#define FETCH_AHEAD 8

/* ---- bags ---- */
static struct toci_chunk *fresh_chunk(struct toci_shard *shard)
{
    struct toci_chunk *chunk = shard->free;
    if (chunk != NULL) {
        shard->free = chunk->next;
        return chunk;
    }
    struct toci_slab *slab = shard->slabs;
    if (slab == NULL || slab->unused == 0) {
        const struct toc_allocator *allocator = &shard->sim->allocator;
        slab = allocator->allocate(allocator->context, sizeof *slab);
        if (slab == NULL) {
            shard->out_of_memory = true;
            return NULL;
        }
        slab->next = shard->slabs;
        slab->unused = TOCI_SIM_SLAB;
        shard->slabs = slab;
    }
    return &slab->chunk[--slab->unused];
}

struct toci_chunk *toci_bag_grow(struct toci_shard *shard, struct toci_bag *bag)
{
    struct toci_chunk *chunk = fresh_chunk(shard);
    if (chunk == NULL)
        return NULL;
    chunk->next = NULL;
    chunk->used = 0;
    if (bag->last == NULL)
        bag->first = chunk;
    else
        bag->last->next = chunk;
    bag->last = chunk;
    return chunk;
}

void toci_bag_empty(struct toci_shard *shard, struct toci_bag *bag)
{
    if (bag->last != NULL) {
        bag->last->next = shard->free;
        shard->free = bag->first;
    }
    bag->first = bag->last = NULL;
}

/* ---- where an agent belongs ---- */
uint32_t toci_sim_area_of(const struct toc_simulation *sim, uint32_t agent)
{
    uint32_t low = 0, high = sim->num_areas;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (sim->areas[middle].first <= agent)
            low = middle;
        else
            high = middle;
    }
    return low;
}

uint32_t toci_sim_shard_of(const struct toc_simulation *sim, uint32_t agent)
{
    uint32_t index = (uint32_t) (agent * sim->shard_scale >> 32);
    while (agent < sim->shards[index].first)
        index--;
    while (agent >= sim->shards[index].end)
        index++;
    return index;
}

/* ---- phases ---- */
struct phase {
    struct toc_simulation *sim;
    void (*task)(void *context, size_t index);
};

static void do_own(void *context, size_t index)
{
    const struct phase *phase = context;
    phase->task(phase->sim, phase->sim->first_own + index);
}

static void run_tasks(struct toc_simulation *sim, void (*task)(void *, size_t))
{
    struct phase phase = { sim, task };
    size_t       num = sim->end_own - sim->first_own;
    if (sim->broken)
        return;
    if (sim->runner.run != NULL)
        sim->runner.run(sim->runner.context, do_own, &phase, num);
    for (size_t i = 0; sim->runner.run == NULL && i < num; i++)
        do_own(&phase, i);
}

static void forget_flows(struct toci_shard *shard)
{
    size_t                             num;
    const struct toc_simulation_entry *column = toc_simulation_list_columns(&num);
    for (uint32_t area = shard->area_first; area < shard->area_end; area++)
        for (uint32_t age = 0; age < TOC_SIMULATION_AGE; age++)
            for (size_t i = 0; i < num; i++)
                if (column[i].kind == TOC_SIMULATION_FLOW)
                    toci_count(shard, area, age)[i] = 0;
}

/* Who is infected elsewhere, and doses ordered by the caller. */
static void take_orders(struct toci_shard *shard)
{
    struct toc_simulation *sim = shard->sim;
    TOCI_BAG_EACH(chunk, i, &shard->orders)
    {
        uint32_t agent = (uint32_t) (chunk->word[i] >> 32), strain = (uint32_t) chunk->word[i];
        if (strain < TOC_SIMULATION_STRAIN) {
            if (toci_is_susceptible(sim, agent, strain))
                toci_sim_infect(shard, agent, TOCI_SIM_NOBODY, TOCI_IMPORTED, strain);
        } else if (!(sim->agent[agent].flags & TOCI_FLAG_VACCINATED) && toci_is_about(sim, agent)) {
            toci_give_dose(shard, agent);
        }
    }
    toci_bag_empty(shard, &shard->orders);
}

/* Sixteen at a time, which compilers make few instructions of. */
static void keep_bits(uint32_t *word, uint32_t num, uint32_t kept)
{
    uint32_t i = 0;
    for (; i + 16 <= num; i += 16)
        for (uint32_t k = 0; k < 16; k++)
            word[i + k] &= kept;
    for (; i < num; i++)
        word[i] &= kept;
}

/* Phase 3. */
void toci_sim_progress_day(void *context, size_t index)
{
    struct toc_simulation *sim = context;
    struct toci_shard     *shard = &sim->shards[index];
    struct toci_bag       *events = &shard->events[sim->day % TOCI_SIM_DAYS];
    uint32_t               forgotten = UINT32_C(1) << ((sim->day + TOCI_SIM_MASK_AHEAD + 1) & 31);
    forget_flows(shard);
    if (sim->stays)
        keep_bits(sim->at_home + shard->first, shard->end - shard->first, ~forgotten);
    toci_sim_take_hits(shard);
    take_orders(shard);
    TOCI_BAG_EACH(chunk, i, events)
    {
        if (i + FETCH_AHEAD < chunk->used)
            __builtin_prefetch(&sim->agent[chunk->word[i + FETCH_AHEAD] >> 32]);
        uint32_t        agent = (uint32_t) (chunk->word[i] >> 32), low = (uint32_t) chunk->word[i];
        enum toci_event event = (enum toci_event)(low >> 16 & 0xFF);
        uint32_t        due = low & 0xFFFF;
        if (due != sim->day)
            toci_later_with(shard, agent, event, low >> 24, sim->day, due - sim->day);
        else if (event <= TOCI_SUSCEPTIBLE_AGAIN)
            toci_sim_progress(shard, agent, event);
        else
            toci_sim_act(shard, agent, event, low >> 24);
    }
    toci_bag_empty(shard, events);
    toci_report_other_symptoms(shard);
    toci_screen(shard);
    toci_vaccinate(shard);
}

/* What all shards together may do in a day is shared by what they ask for. */
static void share_capacity(struct toc_simulation *sim)
{
    double   tests = floor(sim->p.test_capacity * sim->agents / 1e5);
    double   workers = sim->p.tracers * sim->agents / 1e5;
    uint64_t specimens = 0, interviews = 0;
    for (uint32_t i = 0; i < sim->num_shards; i++) {
        specimens += sim->shards[i].num_specimens;
        interviews += sim->shards[i].num_interviews;
    }
    uint64_t before = 0;
    for (uint32_t i = 0; i < sim->num_shards; i++) {
        struct toci_shard *shard = &sim->shards[i];
        double             from = specimens > 0 ? floor(fmin(1, tests / (double) specimens) * (double) before) : 0;
        before += shard->num_specimens;
        shard->specimen_quota = specimens > 0 ? floor(fmin(1, tests / (double) specimens) * (double) before) - from : 0;
        double part = interviews > 0 ? (double) shard->num_interviews / (double) interviews : 0;
        shard->interview_quota = workers * sim->p.tracer_interviews * part;
        shard->notification_quota = workers * sim->p.tracer_notifications * part;
    }
}

static void order_import(struct toc_simulation *sim, const struct toc_simulation_import *import, uint32_t number)
{
    bool     everywhere = import->area == TOC_SIMULATION_EVERYWHERE;
    uint32_t first = everywhere ? 0 : sim->areas[import->area].first;
    uint32_t end = everywhere ? sim->agents : sim->areas[toci_last_area(import->area, import->areas)].end;
    for (uint32_t i = 0; i < import->persons && end > first; i++) {
        uint32_t           word = toci_draw(sim->seed, TOCI_DRAW_IMPORT, sim->day, number, i).v[0];
        uint32_t           agent = first + toci_below(word, end - first);
        struct toci_shard *shard = &sim->shards[toci_sim_shard_of(sim, agent)];
        toci_bag_put(shard, &shard->orders, (uint64_t) agent << 32 | import->strain);
    }
}

static void remember_positives(struct toc_simulation *sim)
{
    for (uint32_t area = 0; area < sim->num_areas; area++)
        sim->weekly[(size_t) area * 7 + sim->day % 7] = 0;
    for (uint32_t i = 0; i < sim->num_shards; i++)
        for (uint32_t area = sim->shards[i].area_first; area < sim->shards[i].area_end; area++)
            for (uint32_t age = 0; age < TOC_SIMULATION_AGE; age++)
                sim->weekly[(size_t) area * 7 + sim->day % 7] +=
                    (uint32_t) toci_count(&sim->shards[i], area, age)[TOC_SIMULATION_COLUMN_positives];
}

int toc_simulation_step(struct toc_simulation *sim, struct toc_error *error)
{
    if (sim->broken)
        return toci_fail(error, TOC_ERR_NO_MEMORY, "simulation", TOC_NOWHERE, sim->day, "memory for the day before");
    if (sim->day == TOC_SIMULATION_LAST_DAY)
        return toci_fail(error, TOC_ERR_DOMAIN, "day", TOC_NOWHERE, sim->day, "60000 days at most");
    sim->day++;
    toci_team_begin_day(sim);
    toci_sim_begin_day(sim);
    for (size_t i = 0; i < sim->num_imports; i++)
        if (sim->imports[i].day == sim->day)
            order_import(sim, &sim->imports[i], (uint32_t) i);
    run_tasks(sim, toci_sim_transmit);
    toci_team_messages(sim);
    run_tasks(sim, toci_sim_settle);
    run_tasks(sim, toci_sim_progress_day);
    toci_team_progress(sim);
    share_capacity(sim);
    run_tasks(sim, toci_sim_trace);
    toci_team_messages(sim);
    run_tasks(sim, toci_sim_be_traced);
    toci_team_end_day(sim);
    remember_positives(sim);
    for (uint32_t i = 0; i < sim->num_shards; i++)
        sim->broken = sim->broken || sim->shards[i].out_of_memory;
    return !sim->broken ? 0
                        : toci_fail(error, TOC_ERR_NO_MEMORY, "simulation", TOC_NOWHERE, sim->day,
                                    "memory for the infections and events of a day");
}

/* ---- steering from outside ---- */
int toc_simulation_import(struct toc_simulation *sim, uint32_t area, uint32_t strain, uint32_t persons,
                          struct toc_error *error)
{
    if (area != TOC_SIMULATION_EVERYWHERE && area >= sim->num_areas)
        return toci_fail(error, TOC_ERR_SHAPE, "area", TOC_NOWHERE, area, "an area, counted from 0");
    if (strain >= TOC_SIMULATION_STRAIN)
        return toci_fail(error, TOC_ERR_SHAPE, "strain", TOC_NOWHERE, strain, "a strain, 0 to 3");
    const struct toc_simulation_import import = { .area = area, .strain = strain, .persons = persons };
    order_import(sim, &import, UINT32_MAX - sim->ordered++);
    return 0;
}

int toc_simulation_infect(struct toc_simulation *sim, uint32_t agent, uint32_t strain, struct toc_error *error)
{
    if (agent >= sim->agents)
        return toci_fail(error, TOC_ERR_SHAPE, "agent", TOC_NOWHERE, agent, "an agent, counted from 0");
    if (strain >= TOC_SIMULATION_STRAIN)
        return toci_fail(error, TOC_ERR_SHAPE, "strain", TOC_NOWHERE, strain, "a strain, 0 to 3");
    struct toci_shard *shard = &sim->shards[toci_sim_shard_of(sim, agent)];
    toci_bag_put(shard, &shard->orders, (uint64_t) agent << 32 | strain);
    return 0;
}

int toc_simulation_vaccinate(struct toc_simulation *sim, uint32_t agent, struct toc_error *error)
{
    if (agent >= sim->agents)
        return toci_fail(error, TOC_ERR_SHAPE, "agent", TOC_NOWHERE, agent, "an agent, counted from 0");
    struct toci_shard *shard = &sim->shards[toci_sim_shard_of(sim, agent)];
    toci_bag_put(shard, &shard->orders, (uint64_t) agent << 32 | TOC_SIMULATION_STRAIN);
    return 0;
}

int toc_simulation_restrict(struct toc_simulation *sim, uint32_t agent, uint32_t days, struct toc_error *error)
{
    if (agent >= sim->agents)
        return toci_fail(error, TOC_ERR_SHAPE, "agent", TOC_NOWHERE, agent, "an agent, counted from 0");
    if (days > TOCI_SIM_MASK_AHEAD)
        return toci_fail(error, TOC_ERR_OPTION, "days", TOC_NOWHERE, days, "0 to 20 days");
    struct toci_shard *shard = &sim->shards[toci_sim_shard_of(sim, agent)];
    sim->stays = true;
    if (days == 0)
        toci_end_stay(shard, agent);
    else
        toci_begin_stay(shard, agent, sim->day + days, false);
    return 0;
}

int toc_simulation_switch(struct toc_simulation *sim, enum toc_simulation_measure measure, uint32_t area,
                          double strength, struct toc_error *error)
{
    if ((unsigned) measure >= TOC_SIMULATION_MEASURES)
        return toci_fail(error, TOC_ERR_SHAPE, "measure", TOC_NOWHERE, measure, "a measure");
    if (area != TOC_SIMULATION_EVERYWHERE && area >= sim->num_areas)
        return toci_fail(error, TOC_ERR_SHAPE, "area", TOC_NOWHERE, area, "an area, counted from 0");
    if (!(strength <= 1))
        return toci_fail(error, TOC_ERR_OPTION, "strength", TOC_NOWHERE, strength, "0 to 1, or below 0: as scheduled");
    sim->stays = true;
    for (uint32_t i = 0; i < sim->num_areas; i++)
        if (area == TOC_SIMULATION_EVERYWHERE || i == area)
            sim->forced[(size_t) measure * sim->num_areas + i] = strength < 0 ? -1 : (float) strength;
    return 0;
}

/* ---- reading ---- */
uint32_t toc_simulation_day(const struct toc_simulation *sim)
{
    return sim->day;
}

size_t toc_simulation_num_areas(const struct toc_simulation *sim)
{
    return sim->num_areas;
}

void toc_simulation_read(const struct toc_simulation *sim, uint32_t *counts)
{
    size_t row = (size_t) TOC_SIMULATION_AGE * TOC_SIMULATION_COLUMNS;
    memset(counts, 0, sim->num_areas * row * sizeof *counts);
    for (uint32_t i = 0; i < sim->num_shards; i++) {
        const struct toci_shard *shard = &sim->shards[i];
        for (uint32_t area = shard->area_first; area < shard->area_end; area++)
            for (size_t k = 0; k < row; k++)
                counts[area * row + k] += (uint32_t) shard->counts[(area - shard->area_first) * row + k];
    }
}

void toc_simulation_describe(const struct toc_simulation *sim, struct toc_simulation_description *description)
{
    uint64_t infections = 0;
    for (uint32_t i = 0; i < sim->num_shards; i++)
        infections += sim->shards[i].num_infections;
    *description = (struct toc_simulation_description){ .agents = sim->agents,
                                                        .contacts_per_day = sim->mean_contacts,
                                                        .infections = infections };
}

int toc_simulation_agent(const struct toc_simulation *sim, uint32_t agent, struct toc_simulation_agent *found,
                         struct toc_error *error)
{
    if (agent >= sim->agents)
        return toci_fail(error, TOC_ERR_SHAPE, "agent", TOC_NOWHERE, agent, "an agent, counted from 0");
    *found =
        (struct toc_simulation_agent){ .area = toci_sim_area_of(sim, agent),
                                       .age = toci_age(sim, agent),
                                       .ring = sim->agent[agent].age_ring >> 4 & 7,
                                       .household = agent - (sim->agent[agent].home & 15),
                                       .household_size = toci_household_size(sim, agent),
                                       .state = (enum toc_simulation_column) toci_state(sim, agent),
                                       .infected =
                                           sim->agent[agent].infected == UINT16_MAX ? -1 : sim->agent[agent].infected,
                                       .restricted_until = sim->agent[agent].stay_until,
                                       .has_app = sim->agent[agent].age_ring >> 7,
                                       .vaccinated = sim->agent[agent].flags & TOCI_FLAG_VACCINATED };
    return 0;
}

int toc_simulation_each_infection(const struct toc_simulation *sim, uint32_t first_day, uint32_t last_day,
                                  int (*take)(void *context, const struct toc_simulation_infection *infection),
                                  void *context)
{
    for (uint32_t s = 0; s < sim->num_shards; s++) {
        TOCI_BAG_EACH(chunk, i, &sim->shards[s].infections)
        {
            uint64_t who = chunk->word[i], how = chunk->word[++i];
            uint32_t day = (uint32_t) (how >> 16), agent = (uint32_t) (who >> 32);
            if (day < first_day || day > last_day)
                continue;
            uint32_t                        course = how >> 4 & 15;
            struct toc_simulation_infection infection = { .agent = agent,
                                                          .infector = (uint32_t) who,
                                                          .day = day,
                                                          .network = how >> 8 & 255,
                                                          .strain = how & 15,
                                                          .age = toci_age(sim, agent),
                                                          .area = toci_sim_area_of(sim, agent),
                                                          .severity = (enum toc_simulation_severity) course };
            if (course != TOCI_COURSE_ASYMPTOMATIC)
                infection.onset = day + sim->onset[toci_draw(sim->seed, TOCI_DRAW_INFECTION, agent, day, 0).v[3] >> 22];
            int ret = take(context, &infection);
            if (ret != 0)
                return ret;
        }
    }
    return 0;
}
