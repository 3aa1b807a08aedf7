/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Making a simulation: memory for its agents, shards, the first infections. */
#include "simulation_state.h"
#include "simulation_team.h"

/* Every array of a simulation: field, element count. One list for making and freeing. */
#define EACH_ARRAY(X)                                                                                                  \
    X(areas, sim->num_areas)                                                                                           \
    X(today, sim->num_areas)                                                                                           \
    X(rings, (size_t) sim->num_areas *TOC_SIMULATION_RING)                                                             \
    X(schedule, sim->num_schedule)                                                                                     \
    X(pulled, sim->num_schedule * sim->num_areas)                                                                      \
    X(imports, sim->num_imports)                                                                                       \
    X(journeys, sim->num_journeys)                                                                                     \
    X(visits, sim->num_journeys)                                                                                       \
    X(first_journey, sim->num_areas)                                                                                   \
    X(first_visit, sim->num_areas)                                                                                     \
    X(forced, (size_t) TOC_SIMULATION_MEASURES * sim->num_areas)                                                       \
    X(weekly, (size_t) sim->num_areas * 7)                                                                             \
    X(agent, sim->agents)                                                                                              \
    X(at_home, sim->agents)                                                                                            \
    X(first_stub, sim->agents)                                                                                         \
    X(slot_agent, sim->agents)                                                                                         \
    X(slot_rewired, sim->agents)

static int make_arrays(struct toc_simulation *sim, struct toc_error *error)
{
    int ret = 0;
#define MAKE(field, count)                                                                                             \
    if (ret == 0) {                                                                                                    \
        sim->field = toci_allocate(&sim->allocator, (count) + 1, sizeof *sim->field, &ret, error);                     \
        if (ret == 0)                                                                                                  \
            memset(sim->field, 0, ((count) + 1) * sizeof *sim->field);                                                 \
    }
    EACH_ARRAY(MAKE)
    return ret;
}

static int lay_out_areas(struct toc_simulation *sim, const struct toc_simulation_setup *setup)
{
    uint32_t next = 0;
    for (uint32_t area = 0; area < sim->num_areas; area++) {
        sim->areas[area].first = next;
        next += setup->areas == NULL ? sim->agents : (uint32_t) setup->areas[area].persons;
        sim->areas[area].end = next;
    }
    return 0;
}

/* Shards are cut where households end. */
static int cut_shards(struct toc_simulation *sim, struct toc_error *error)
{
    int      ret = 0;
    uint32_t next = 0;
    for (uint32_t i = 0; i < sim->num_shards && ret == 0; i++) {
        struct toci_shard *shard = &sim->shards[i];
        uint32_t           end = (uint32_t) ((uint64_t) sim->agents * (i + 1) / sim->num_shards);
        while (end < sim->agents && (sim->agent[end].home & 15) != 0)
            end++;
        shard->sim = sim;
        shard->index = i;
        shard->first = next;
        shard->end = next = end > next ? end : next;
        shard->area_first = toci_sim_area_of(sim, shard->first < sim->agents ? shard->first : sim->agents - 1);
        shard->area_end = shard->end == shard->first ? shard->area_first : toci_sim_area_of(sim, shard->end - 1) + 1;
        size_t areas = shard->area_end - shard->area_first;
        size_t counts = areas * TOC_SIMULATION_AGE * TOC_SIMULATION_COLUMNS;
        shard->counts = toci_allocate(&sim->allocator, counts + 1, sizeof *shard->counts, &ret, error);
        if (ret == 0)
            shard->campaigns = toci_allocate(&sim->allocator, areas + 1, sizeof *shard->campaigns, &ret, error);
        if (ret != 0)
            return ret;
        memset(shard->counts, 0, (counts + 1) * sizeof *shard->counts);
        memset(shard->campaigns, 0, (areas + 1) * sizeof *shard->campaigns);
        for (uint32_t agent = shard->first; agent < shard->end; agent++)
            toci_counted(shard, agent, TOC_SIMULATION_COLUMN_susceptible, 1);
    }
    return 0;
}

static void infect_first(struct toc_simulation *sim)
{
    struct toci_draw    draw = toci_draw(sim->seed, TOCI_DRAW_SEED, 0, 0, 0);
    struct toci_shuffle shuffle = toci_shape_of(sim->agents);
    shuffle = toci_shuffle_of(shuffle.size, shuffle.a, shuffle.b, draw.v[0], draw.v[1]);
    uint32_t seeds = sim->p.seed_infections < sim->agents ? (uint32_t) sim->p.seed_infections : sim->agents;
    for (uint32_t i = 0; i < seeds; i++) {
        uint32_t agent = toci_shuffled(&shuffle, i);
        toci_sim_infect(&sim->shards[toci_sim_shard_of(sim, agent)], agent, TOCI_SIM_NOBODY, TOCI_IMPORTED, 0);
    }
}

static int fill(struct toc_simulation *sim, const struct toc_simulation_setup *setup, struct toc_error *error)
{
    int ret = make_arrays(sim, error);
    if (ret != 0)
        return ret;
    for (uint32_t agent = 0; agent < sim->agents; agent++)
        sim->agent[agent].infected = UINT16_MAX;
    sim->shard_scale = ((uint64_t) sim->num_shards << 32) / sim->agents;
    sim->stays = sim->num_schedule > 0;
    for (size_t i = 0; i < (size_t) TOC_SIMULATION_MEASURES * sim->num_areas; i++)
        sim->forced[i] = -1;
    if (setup->num_schedule > 0)
        memcpy(sim->schedule, setup->schedule, setup->num_schedule * sizeof *sim->schedule);
    if (setup->num_imports > 0)
        memcpy(sim->imports, setup->imports, setup->num_imports * sizeof *sim->imports);
    toci_sim_journeys(sim, setup);
    lay_out_areas(sim, setup);
    toci_sim_households(sim, setup);
    ret = toci_sim_contacts(sim, setup, error);
    if (ret == 0)
        ret = cut_shards(sim, error);
    if (ret != 0)
        return ret;
    toci_sim_tables(sim);
    infect_first(sim);
    toci_team_forget_news(sim);
    for (uint32_t i = 0; i < sim->num_shards; i++)
        if (sim->shards[i].out_of_memory)
            return toci_fail(error, TOC_ERR_NO_MEMORY, "setup", TOC_NOWHERE, sim->agents,
                             "memory for the first infections");
    return 0;
}

int toc_simulation_create(const struct toc_simulation_setup *setup, const struct toc_allocator *allocator,
                          const struct toc_simulation_runner *runner, struct toc_simulation **simulation,
                          struct toc_error *error)
{
    const struct toc_simulation_team *team = runner != NULL ? runner->team : NULL;
    int                               ret = toc_simulation_check(setup, error);
    if (ret == 0 && team != NULL && (team->num_ranks > TOC_SIMULATION_MAX_RANKS || team->rank >= team->num_ranks))
        ret = toci_fail(error, TOC_ERR_SHAPE, "team", TOC_NOWHERE, team->rank, "a rank below num_ranks, 1024 at most");
    if (ret != 0)
        return ret;
    struct toc_simulation *sim = toci_allocate(allocator, 1, sizeof *sim, &ret, error);
    if (ret != 0)
        return ret;
    memset(sim, 0, sizeof *sim);
    sim->allocator = *allocator;
    if (runner != NULL)
        sim->runner = *runner;
    sim->p = *setup->parameters;
    sim->seed = setup->seed;
    sim->num_areas = setup->areas == NULL ? 1 : (uint32_t) setup->num_areas;
    double persons = setup->areas == NULL ? sim->p.agents : 0;
    for (size_t i = 0; setup->areas != NULL && i < setup->num_areas; i++)
        persons += setup->areas[i].persons;
    sim->agents = (uint32_t) persons;
    sim->num_schedule = setup->num_schedule;
    sim->num_imports = setup->num_imports;
    sim->num_journeys = setup->num_journeys;
    uint32_t shards = sim->agents / TOCI_SIM_SHARD_AGENTS;
    sim->num_shards = shards < 1 ? 1 : shards > TOCI_SIM_MAX_SHARDS ? TOCI_SIM_MAX_SHARDS : shards;
    toci_team_join(sim);
    sim->shards = toci_allocate(allocator, sim->num_shards, sizeof *sim->shards, &ret, error);
    if (ret == 0) {
        memset(sim->shards, 0, sim->num_shards * sizeof *sim->shards);
        ret = fill(sim, setup, error);
    }
    if (ret != 0)
        toc_simulation_free(sim);
    else
        *simulation = sim;
    return ret;
}

static void free_shard(const struct toc_simulation *sim, struct toci_shard *shard)
{
    size_t areas = shard->area_end - shard->area_first;
    toci_release(&sim->allocator, shard->counts, areas * TOC_SIMULATION_AGE * TOC_SIMULATION_COLUMNS + 1,
                 sizeof *shard->counts);
    toci_release(&sim->allocator, shard->campaigns, areas + 1, sizeof *shard->campaigns);
    while (shard->slabs != NULL) {
        struct toci_slab *slab = shard->slabs;
        shard->slabs = slab->next;
        toci_release(&sim->allocator, slab, 1, sizeof *slab);
    }
}

void toc_simulation_free(struct toc_simulation *sim)
{
    if (sim == NULL)
        return;
    for (uint32_t i = 0; sim->shards != NULL && i < sim->num_shards; i++)
        free_shard(sim, &sim->shards[i]);
    toci_team_free(sim);
    toci_release(&sim->allocator, sim->stub_agent, (size_t) sim->num_stubs + 1, sizeof *sim->stub_agent);
#define RELEASE(field, count) toci_release(&sim->allocator, sim->field, (count) + 1, sizeof *sim->field);
    EACH_ARRAY(RELEASE)
    toci_release(&sim->allocator, sim->shards, sim->num_shards, sizeof *sim->shards);
    struct toc_allocator allocator = sim->allocator;
    toci_release(&allocator, sim, 1, sizeof *sim);
}
