/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One simulation among several processes.
 *
 * Every member makes the whole population, and keeps what can be seen of every agent (struct toci_agent, days at home)
 * and all counts; but it works on its own shards alone, and only their hits and events are there. After a phase the
 * members tell each other what the next one needs: messages between shards, agents that have changed, counts, new
 * infections. Shards are worked on in the same order with the same messages as in one process: so all bits are the
 * same.
 *
 * A message of a member: words; the first is 0, or 1 where its memory ran out; then what is told, own shard by own
 * shard in their order, so that no names are needed.
 */
#include "simulation_team.h"

enum { FIRST_WORDS = 4096 };

/* ---- the message that is being made ---- */
static void grow(struct toc_simulation *sim)
{
    struct toci_words *out = &sim->out;
    size_t             room = out->room == 0 ? FIRST_WORDS : 2 * out->room;
    int                ret = 0;
    uint64_t          *word = toci_allocate(&sim->allocator, room, sizeof *word, &ret, NULL);
    if (ret != 0) {
        out->failed = true;
        return;
    }
    if (out->num > 0)
        memcpy(word, out->word, out->num * sizeof *word);
    toci_release(&sim->allocator, out->word, out->room, sizeof *word);
    out->word = word;
    out->room = room;
}

static void put(struct toc_simulation *sim, uint64_t word)
{
    if (sim->out.num == sim->out.room)
        grow(sim);
    if (!sim->out.failed)
        sim->out.word[sim->out.num++] = word;
}

static uint64_t words_in(const struct toci_bag *bag)
{
    uint64_t words = 0;
    for (const struct toci_chunk *chunk = bag->first; chunk != NULL; chunk = chunk->next)
        words += chunk->used;
    return words;
}

static void put_bag(struct toc_simulation *sim, const struct toci_bag *bag)
{
    put(sim, words_in(bag));
    TOCI_BAG_EACH(chunk, i, bag)
    put(sim, chunk->word[i]);
}

static void put_bytes(struct toc_simulation *sim, const void *bytes, size_t num)
{
    for (size_t at = 0; at < num; at += sizeof(uint64_t)) {
        uint64_t word = 0;
        memcpy(&word, (const char *) bytes + at, num - at < sizeof word ? num - at : sizeof word);
        put(sim, word);
    }
}

/* ---- what a member has told: read in the order in which it was put ---- */
struct inbox {
    const uint64_t *word;
    size_t          num, at;
    bool            short_of; /* words were wanted that are not there: another version of this library */
};

static uint64_t take(struct inbox *inbox)
{
    inbox->short_of = inbox->short_of || inbox->at == inbox->num;
    return inbox->short_of ? 0 : inbox->word[inbox->at++];
}

/* The words of a bag, kept in it or passed over. */
static void take_bag(struct inbox *inbox, struct toci_shard *shard, struct toci_bag *bag)
{
    uint64_t words = take(inbox);
    for (uint64_t i = 0; i < words && !inbox->short_of; i++) {
        uint64_t word = take(inbox);
        if (bag != NULL)
            toci_bag_put(shard, bag, word);
    }
}

static void take_bytes(struct inbox *inbox, void *bytes, size_t num)
{
    for (size_t at = 0; at < num; at += sizeof(uint64_t)) {
        uint64_t word = take(inbox);
        memcpy((char *) bytes + at, &word, num - at < sizeof word ? num - at : sizeof word);
    }
}

static bool ran_out_of_memory(const struct toc_simulation *sim)
{
    bool out = sim->out.failed;
    for (uint32_t i = 0; i < sim->num_shards; i++)
        out = out || sim->shards[i].out_of_memory;
    return out;
}

/* The shards of a member. */
static uint32_t first_of(const struct toc_simulation *sim, uint32_t rank)
{
    return (uint32_t) ((uint64_t) sim->num_shards * rank / sim->runner.team->num_ranks);
}

/* Tell and be told: read is called for each shard of the others, in the order in which they told. */
static void exchange(struct toc_simulation *sim, void (*read)(struct inbox *inbox, struct toci_shard *shard))
{
    const struct toc_simulation_team *team = sim->runner.team;
    static const uint64_t             no_memory = 1;
    const void                       *all = NULL;
    size_t                            num_of[TOC_SIMULATION_MAX_RANKS], before = 0;
    bool                              poor = ran_out_of_memory(sim);
    sim->broken = team->gather(team->context, poor ? &no_memory : sim->out.word,
                               (poor ? 1 : sim->out.num) * sizeof(uint64_t), &all, num_of) != 0;
    for (uint32_t rank = 0; rank < team->num_ranks && !sim->broken; rank++) {
        struct inbox inbox = { .word = (const uint64_t *) all + before, .num = num_of[rank] / sizeof(uint64_t) };
        before += inbox.num;
        sim->broken = take(&inbox) != 0;
        for (uint32_t i = first_of(sim, rank); rank != team->rank && i < first_of(sim, rank + 1) && !sim->broken; i++) {
            read(&inbox, &sim->shards[i]);
            sim->broken = inbox.short_of;
        }
    }
    sim->out.num = 0;
}

static bool is_own(const struct toc_simulation *sim, uint32_t shard)
{
    return shard >= sim->first_own && shard < sim->end_own;
}

static bool is_alone(const struct toc_simulation *sim)
{
    return sim->runner.team == NULL || sim->broken;
}

/* ---- messages between shards ---- */
static void read_messages(struct inbox *inbox, struct toci_shard *shard)
{
    const struct toc_simulation *sim = shard->sim;
    uint32_t                     rank = 0;
    while (first_of(sim, rank + 1) <= shard->index)
        rank++;
    for (uint32_t to = 0; to < sim->num_shards; to++) {
        if (to >= first_of(sim, rank) && to < first_of(sim, rank + 1))
            continue;
        toci_bag_empty(shard, &shard->to[to]);
        take_bag(inbox, shard, is_own(sim, to) ? &shard->to[to] : NULL);
    }
}

void toci_team_messages(struct toc_simulation *sim)
{
    if (is_alone(sim))
        return;
    put(sim, 0);
    for (uint32_t from = sim->first_own; from < sim->end_own; from++)
        for (uint32_t to = 0; to < sim->num_shards; to++)
            if (!is_own(sim, to))
                put_bag(sim, &sim->shards[from].to[to]);
    exchange(sim, read_messages);
}

/* ---- agents that have changed ---- */
static void put_agents(struct toc_simulation *sim, struct toci_shard *shard)
{
    put(sim, words_in(&shard->touched));
    TOCI_BAG_EACH(chunk, i, &shard->touched)
    {
        uint32_t                 number = (uint32_t) chunk->word[i];
        const struct toci_agent *agent = &sim->agent[number];
        put(sim, (uint64_t) number << 32 | sim->at_home[number]);
        put(sim, (uint64_t) agent->infected << 48 | (uint64_t) agent->stay_until << 32 | (uint32_t) agent->state << 24 |
                     (uint32_t) agent->flags << 16 | (uint32_t) agent->held << 8 | agent->home);
    }
    toci_bag_empty(shard, &shard->touched);
}

static void read_agents(struct inbox *inbox, struct toci_shard *shard)
{
    struct toc_simulation *sim = shard->sim;
    uint64_t               num = take(inbox);
    for (uint64_t i = 0; i < num && !inbox->short_of; i++) {
        uint64_t first = take(inbox), second = take(inbox);
        uint32_t number = (uint32_t) (first >> 32);
        if (number >= sim->agents)
            inbox->short_of = true;
        if (inbox->short_of)
            return;
        struct toci_agent *agent = &sim->agent[number];
        sim->at_home[number] = (uint32_t) first;
        agent->infected = (uint16_t) (second >> 48);
        agent->stay_until = (uint16_t) (second >> 32);
        agent->state = (uint8_t) (second >> 24);
        agent->flags = (uint8_t) (second >> 16);
        agent->held = (uint8_t) (second >> 8);
        agent->home = (uint8_t) second;
    }
}

static void read_progress(struct inbox *inbox, struct toci_shard *shard)
{
    uint64_t wanted = take(inbox);
    shard->num_specimens = wanted >> 32;
    shard->num_interviews = (uint32_t) wanted;
    read_agents(inbox, shard);
}

void toci_team_progress(struct toc_simulation *sim)
{
    if (is_alone(sim))
        return;
    put(sim, 0);
    for (uint32_t i = sim->first_own; i < sim->end_own; i++) {
        put(sim, sim->shards[i].num_specimens << 32 | sim->shards[i].num_interviews);
        put_agents(sim, &sim->shards[i]);
    }
    exchange(sim, read_progress);
}

/* ---- the end of a day ---- */
static size_t count_bytes(const struct toci_shard *shard)
{
    return (size_t) (shard->area_end - shard->area_first) * TOC_SIMULATION_AGE * TOC_SIMULATION_COLUMNS *
           sizeof *shard->counts;
}

static void read_day(struct inbox *inbox, struct toci_shard *shard)
{
    uint64_t infections = take(inbox);
    for (uint64_t i = 0; i < infections && !inbox->short_of; i++)
        toci_bag_put(shard, &shard->infections, take(inbox));
    shard->num_infections += infections / 2;
    read_agents(inbox, shard);
    take_bytes(inbox, shard->counts, count_bytes(shard));
}

void toci_team_end_day(struct toc_simulation *sim)
{
    if (is_alone(sim))
        return;
    put(sim, 0);
    for (uint32_t i = sim->first_own; i < sim->end_own; i++) {
        struct toci_shard *shard = &sim->shards[i];
        put_bag(sim, &shard->news);
        toci_bag_empty(shard, &shard->news);
        put_agents(sim, shard);
        put_bytes(sim, shard->counts, count_bytes(shard));
    }
    exchange(sim, read_day);
}

/* ---- what only the owner of a shard has ---- */
static void read_shard(struct inbox *inbox, struct toci_shard *shard)
{
    if (take(inbox) == 0)
        return;
    take_bytes(inbox, shard->campaigns, (size_t) (shard->area_end - shard->area_first) * sizeof *shard->campaigns);
    for (int day = 0; day < TOCI_SIM_DAYS; day++) {
        take_bag(inbox, shard, &shard->hits[day]);
        take_bag(inbox, shard, &shard->events[day]);
    }
    for (int day = 0; day < TOCI_SIM_TOLD; day++)
        take_bag(inbox, shard, &shard->told[day]);
}

void toci_team_drop(struct toc_simulation *sim, uint32_t index)
{
    struct toci_shard *shard = &sim->shards[index];
    if (sim->runner.team == NULL || is_own(sim, index))
        return;
    for (int day = 0; day < TOCI_SIM_DAYS; day++) {
        toci_bag_empty(shard, &shard->hits[day]);
        toci_bag_empty(shard, &shard->events[day]);
    }
    for (int day = 0; day < TOCI_SIM_TOLD; day++)
        toci_bag_empty(shard, &shard->told[day]);
}

void toci_team_lend(struct toc_simulation *sim, uint32_t index)
{
    if (is_alone(sim))
        return;
    toci_team_drop(sim, index); /* changes from outside left their events with everybody */
    put(sim, 0);
    for (uint32_t i = sim->first_own; i < sim->end_own; i++) {
        struct toci_shard *shard = &sim->shards[i];
        put(sim, i == index);
        if (i != index)
            continue;
        put_bytes(sim, shard->campaigns, (size_t) (shard->area_end - shard->area_first) * sizeof *shard->campaigns);
        for (int day = 0; day < TOCI_SIM_DAYS; day++) {
            put_bag(sim, &shard->hits[day]);
            put_bag(sim, &shard->events[day]);
        }
        for (int day = 0; day < TOCI_SIM_TOLD; day++)
            put_bag(sim, &shard->told[day]);
    }
    exchange(sim, read_shard);
}

void toci_team_forget_news(struct toc_simulation *sim)
{
    for (uint32_t i = 0; i < sim->num_shards; i++) {
        toci_bag_empty(&sim->shards[i], &sim->shards[i].news);
        toci_bag_empty(&sim->shards[i], &sim->shards[i].touched);
        toci_team_drop(sim, i);
    }
}

void toci_team_begin_day(struct toc_simulation *sim)
{
    const struct toci_shard *first = &sim->shards[sim->first_own < sim->num_shards ? sim->first_own : 0];
    uint32_t                 forgotten = UINT32_C(1) << ((sim->day + TOCI_SIM_MASK_AHEAD + 1) & 31);
    uint32_t own = first->first, own_end = sim->end_own > sim->first_own ? sim->shards[sim->end_own - 1].end : own;
    if (sim->runner.team == NULL)
        return;
    for (uint32_t i = 0; i < sim->num_shards; i++) {
        if (is_own(sim, i))
            continue;
        toci_team_drop(sim, i);
        toci_bag_empty(&sim->shards[i], &sim->shards[i].orders);
        toci_bag_empty(&sim->shards[i], &sim->shards[i].news);
        toci_bag_empty(&sim->shards[i], &sim->shards[i].touched);
    }
    for (uint32_t agent = 0; sim->stays && agent < sim->agents; agent++)
        if (agent < own || agent >= own_end)
            sim->at_home[agent] &= ~forgotten;
}

void toci_team_join(struct toc_simulation *sim)
{
    const struct toc_simulation_team *team = sim->runner.team;
    sim->first_own = team == NULL ? 0 : first_of(sim, team->rank);
    sim->end_own = team == NULL ? sim->num_shards : first_of(sim, team->rank + 1);
}

void toci_team_free(struct toc_simulation *sim)
{
    toci_release(&sim->allocator, sim->out.word, sim->out.room, sizeof *sim->out.word);
}
