/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Saving and restoring: what changes from day to day is written; population and contacts are made again from the setup.
 *
 * Layout, in the processor's own byte order: head; day by day state; each agent's 12 bytes; each shard's counts,
 * campaigns and lists (their length, then their words); a checksum of all (FNV-1a, 64 bits). Whatever is read is
 * checked before it is used: every agent, place, event and length is one that the setup has.
 */
#include "simulation_state.h"
#include "simulation_team.h"

#define MAGIC UINT64_C(0x31304D495343544F) /* "OTCSIM01" */
#define FNV_START UINT64_C(0xCBF29CE484222325)
#define FNV_PRIME UINT64_C(0x100000001B3)

struct head {
    uint64_t magic, population; /* a hash of parameters, seed and what was made of them */
    uint32_t agents, num_shards, num_areas, num_schedule;
    uint32_t day, ordered, stays, unused;
};

/* What changes of an agent. */
struct agent_record {
    uint32_t at_home;
    uint16_t infected, stay_until;
    uint8_t  state, flags, held, is_case;
};

/* Both directions; one of put and get is set. */
struct stream {
    int (*put)(void *context, const void *bytes, size_t num);
    int (*get)(void *context, void *bytes, size_t num);
    void    *context;
    uint64_t sum;
    bool     failed;
};

static uint64_t add_to_sum(uint64_t sum, const void *bytes, size_t num)
{
    const unsigned char *byte = bytes;
    for (size_t i = 0; i < num; i++)
        sum = (sum ^ byte[i]) * FNV_PRIME;
    return sum;
}

/* Writes the bytes, or reads them. */
static void carry(struct stream *stream, void *bytes, size_t num)
{
    if (stream->failed || num == 0)
        return;
    if (stream->put != NULL)
        stream->failed = stream->put(stream->context, bytes, num) != 0;
    else
        stream->failed = stream->get(stream->context, bytes, num) != 0;
    if (!stream->failed)
        stream->sum = add_to_sum(stream->sum, bytes, num);
}

static uint64_t hash_of_population(const struct toc_simulation *sim)
{
    uint64_t sum = add_to_sum(FNV_START, &sim->p, sizeof sim->p);
    sum = add_to_sum(sum, &sim->seed, sizeof sim->seed);
    for (uint32_t agent = 0; agent < sim->agents; agent++)
        sum = (sum ^ ((uint64_t) sim->agent[agent].slot << 16 | sim->agent[agent].age_ring)) * FNV_PRIME;
    return sum;
}

/* ---- lists ---- */
enum list { HITS, EVENTS, INFECTIONS, TOLD, ORDERS };

static bool is_agent(const struct toc_simulation *sim, uint64_t agent)
{
    return agent < sim->agents;
}

static bool is_hit(const struct toc_simulation *sim, uint64_t word)
{
    uint32_t source = (uint32_t) (word >> 32) & TOCI_SIM_AGENT_MASK, place = (uint32_t) word & TOCI_SIM_AGENT_MASK;
    if (!is_agent(sim, source))
        return false;
    if ((uint32_t) word >> TOCI_SIM_AGENT_BITS == TOCI_RANDOM)
        return place < sim->agent[source].stubs ||
               (place >= TOCI_SIM_FIRST_RIDE && place - TOCI_SIM_FIRST_RIDE < sim->rides);
    return is_agent(sim, place); /* slots are as many */
}

/* Infections are pairs of words: who, then how. */
static bool is_infection(const struct toc_simulation *sim, uint64_t word, uint64_t number)
{
    if (number % 2 == 0)
        return is_agent(sim, word >> 32) && (is_agent(sim, (uint32_t) word) || (uint32_t) word == TOCI_SIM_NOBODY);
    return (word >> 16) <= sim->day && (word >> 8 & 255) <= TOCI_TRANSPORT && (word >> 4 & 15) <= TOCI_COURSE_SEVERE &&
           (word & 15) < TOC_SIMULATION_STRAIN;
}

static bool is_event(const struct toc_simulation *sim, uint64_t word)
{
    uint64_t event = word >> 16 & 0xFF, note = word >> 24 & 0xFF;
    if (event == TOCI_APP_TELLS && ((note & 3) > 2 || note >> 2 > sim->day || note >> 2 >= TOCI_SIM_TOLD))
        return false;
    return is_agent(sim, word >> 32) && event <= TOCI_APP_TELLS && (word & 0xFFFF) > sim->day;
}

static bool is_allowed(const struct toc_simulation *sim, enum list list, uint64_t word, uint64_t number)
{
    switch (list) {
    case HITS: return is_hit(sim, word);
    case EVENTS: return is_event(sim, word);
    case INFECTIONS: return is_infection(sim, word, number);
    case TOLD: return is_agent(sim, word >> 32) && is_agent(sim, (uint32_t) word);
    default: return is_agent(sim, word >> 32) && (uint32_t) word <= TOC_SIMULATION_STRAIN;
    }
}

static uint64_t words_in(const struct toci_bag *bag)
{
    uint64_t words = 0;
    for (const struct toci_chunk *chunk = bag->first; chunk != NULL; chunk = chunk->next)
        words += chunk->used;
    return words;
}

static void carry_bag(struct stream *stream, struct toci_shard *shard, struct toci_bag *bag, enum list list)
{
    uint64_t words = words_in(bag);
    carry(stream, &words, sizeof words);
    if (stream->put != NULL) {
        for (struct toci_chunk *chunk = bag->first; chunk != NULL; chunk = chunk->next)
            carry(stream, chunk->word, chunk->used * sizeof chunk->word[0]);
        return;
    }
    stream->failed = stream->failed || (list == INFECTIONS && words % 2 != 0);
    for (uint64_t i = 0; i < words && !stream->failed && !shard->out_of_memory; i++) {
        uint64_t word = 0;
        carry(stream, &word, sizeof word);
        stream->failed = stream->failed || !is_allowed(shard->sim, list, word, i);
        if (!stream->failed)
            toci_bag_put(shard, bag, word);
    }
}

static void carry_shard(struct stream *stream, struct toci_shard *shard)
{
    size_t areas = shard->area_end - shard->area_first;
    carry(stream, shard->counts, areas * TOC_SIMULATION_AGE * TOC_SIMULATION_COLUMNS * sizeof *shard->counts);
    carry(stream, shard->campaigns, areas * sizeof *shard->campaigns);
    carry(stream, &shard->num_infections, sizeof shard->num_infections);
    for (int day = 0; day < TOCI_SIM_DAYS; day++) {
        carry_bag(stream, shard, &shard->hits[day], HITS);
        carry_bag(stream, shard, &shard->events[day], EVENTS);
    }
    for (int day = 0; day < TOCI_SIM_TOLD; day++)
        carry_bag(stream, shard, &shard->told[day], TOLD);
    carry_bag(stream, shard, &shard->infections, INFECTIONS);
    carry_bag(stream, shard, &shard->orders, ORDERS);
}

/* ---- agents ---- */
static void carry_agent(struct stream *stream, struct toc_simulation *sim, uint32_t number)
{
    struct toci_agent  *agent = &sim->agent[number];
    struct agent_record record = { .at_home = sim->at_home[number],
                                   .infected = agent->infected,
                                   .stay_until = agent->stay_until,
                                   .state = agent->state,
                                   .flags = agent->flags,
                                   .held = agent->held,
                                   .is_case = agent->home & TOCI_CASE };
    carry(stream, &record, sizeof record);
    if (stream->put != NULL || stream->failed)
        return;
    stream->failed = (record.state & 15) > TOC_SIMULATION_COLUMN_dead;
    sim->at_home[number] = record.at_home;
    agent->infected = record.infected;
    agent->stay_until = record.stay_until;
    agent->state = record.state;
    agent->flags = record.flags;
    agent->held = record.held & (uint8_t) ~TOCI_STRUCK;
    agent->home = (uint8_t) ((agent->home & ~TOCI_CASE) | (record.is_case & TOCI_CASE));
}

static void carry_all(struct stream *stream, struct toc_simulation *sim, bool same_schedule)
{
    size_t pulled = (size_t) sim->num_schedule * sim->num_areas;
    carry(stream, sim->pairing, sizeof sim->pairing);
    carry(stream, sim->forced, (size_t) TOC_SIMULATION_MEASURES * sim->num_areas * sizeof *sim->forced);
    carry(stream, sim->weekly, (size_t) sim->num_areas * 7 * sizeof *sim->weekly);
    if (same_schedule)
        carry(stream, sim->pulled, pulled * sizeof *sim->pulled);
    for (uint32_t agent = 0; agent < sim->agents; agent++)
        carry_agent(stream, sim, agent);
    for (uint32_t i = 0; i < sim->num_shards; i++) {
        if (stream->put != NULL)
            toci_team_lend(sim, i);
        carry_shard(stream, &sim->shards[i]);
        toci_team_drop(sim, i);
    }
}

int toc_simulation_save(struct toc_simulation *sim, int (*put)(void *context, const void *bytes, size_t num),
                        void *context, struct toc_error *error)
{
    struct stream stream = { .put = put, .context = context, .sum = FNV_START };
    struct head   head = { .magic = MAGIC,
                           .population = hash_of_population(sim),
                           .agents = sim->agents,
                           .num_shards = sim->num_shards,
                           .num_areas = sim->num_areas,
                           .num_schedule = (uint32_t) sim->num_schedule,
                           .day = sim->day,
                           .ordered = sim->ordered,
                           .stays = sim->stays };
    if (sim->broken)
        return toci_fail(error, TOC_ERR_NO_MEMORY, "simulation", TOC_NOWHERE, sim->day, "memory for the day before");
    carry(&stream, &head, sizeof head);
    carry_all(&stream, sim, true);
    if (sim->broken)
        return toci_fail(error, TOC_ERR_NO_MEMORY, "simulation", TOC_NOWHERE, sim->day, "memory for a checkpoint");
    uint64_t sum = stream.sum;
    carry(&stream, &sum, sizeof sum);
    return stream.failed ? toci_fail(error, TOC_ERR_DOMAIN, "put", TOC_NOWHERE, NAN, "a place that takes all bytes")
                         : 0;
}

/* The first infections of the setup are forgotten again. */
static void forget_beginning(struct toc_simulation *sim)
{
    for (uint32_t i = 0; i < sim->num_shards; i++) {
        struct toci_shard *shard = &sim->shards[i];
        for (int day = 0; day < TOCI_SIM_DAYS; day++) {
            toci_bag_empty(shard, &shard->hits[day]);
            toci_bag_empty(shard, &shard->events[day]);
        }
        toci_bag_empty(shard, &shard->infections);
    }
}

static bool fits(const struct head *head, const struct toc_simulation *sim)
{
    return head->magic == MAGIC && head->agents == sim->agents && head->num_shards == sim->num_shards &&
           head->num_areas == sim->num_areas && head->day <= TOC_SIMULATION_LAST_DAY &&
           head->population == hash_of_population(sim);
}

static int restore(struct toc_simulation *sim, struct stream *stream, struct toc_error *error)
{
    struct head head = { 0 };
    carry(stream, &head, sizeof head);
    if (stream->failed || !fits(&head, sim))
        return toci_fail(error, TOC_ERR_DOMAIN, "checkpoint", TOC_NOWHERE, NAN,
                         "a checkpoint of the same parameters, areas, commuting and seed");
    bool same_schedule = head.num_schedule == sim->num_schedule;
    if (!same_schedule && head.num_schedule > 0)
        return toci_fail(error, TOC_ERR_DOMAIN, "schedule", TOC_NOWHERE, (double) sim->num_schedule,
                         "as many lines as when the checkpoint was made");
    sim->day = head.day;
    sim->ordered = head.ordered;
    sim->stays = sim->stays || head.stays != 0;
    forget_beginning(sim);
    toci_team_forget_news(sim);
    carry_all(stream, sim, same_schedule);
    uint64_t sum = stream->sum, found = 0;
    carry(stream, &found, sizeof found);
    for (uint32_t i = 0; i < sim->num_shards; i++)
        if (sim->shards[i].out_of_memory)
            return toci_fail(error, TOC_ERR_NO_MEMORY, "checkpoint", TOC_NOWHERE, NAN, "memory for its lists");
    if (stream->failed || found != sum)
        return toci_fail(error, TOC_ERR_DOMAIN, "checkpoint", TOC_NOWHERE, NAN,
                         "a checkpoint that is whole and undamaged");
    return 0;
}

int toc_simulation_restore(const struct toc_simulation_setup *setup, const struct toc_allocator *allocator,
                           const struct toc_simulation_runner *runner,
                           int (*get)(void *context, void *bytes, size_t num), void *context,
                           struct toc_simulation **simulation, struct toc_error *error)
{
    struct toc_simulation *sim = NULL;
    struct stream          stream = { .get = get, .context = context, .sum = FNV_START };
    int                    ret = toc_simulation_create(setup, allocator, runner, &sim, error);
    if (ret != 0)
        return ret;
    ret = restore(sim, &stream, error);
    if (ret != 0)
        toc_simulation_free(sim);
    else
        *simulation = sim;
    return ret;
}
