/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lib/simulation_state.h: what a simulation keeps, and what its files share.
 *
 * Agents are numbered by area and household. They are cut into shards at household boundaries, as many as the number
 * of agents asks for and never as the number of threads does. A task works on one shard: it writes what belongs to its
 * agents, reads what the others had at the beginning of the phase, and leaves messages for other shards in its own
 * bags. Phases end for all shards before the next begins. So any number of threads gives the same bits, and any number
 * of processes that share the shards (simulation_team.h).
 */
#ifndef LIB_SIMULATION_STATE_H
#define LIB_SIMULATION_STATE_H

#include <string.h>

#include "internal.h"
#include "simulation_random.h"
#include "tocsin/simulation.h"

enum {
    TOCI_SIM_DAYS = 64,  /* days that hits and events are sorted by; later events are sorted again */
    TOCI_SIM_CHUNK = 62, /* words in a chunk of a bag: 512 bytes with its head */
    TOCI_SIM_SLAB = 128, /* chunks that are asked for at once */
    TOCI_SIM_MAX_SHARDS = 64,
    TOCI_SIM_SHARD_AGENTS = 2048, /* at least, where there is more than one shard */
    TOCI_SIM_QUANTILES = 1024,
    TOCI_SIM_OCTAVE_CELLS = 64,
    TOCI_SIM_MAX_STUBS = 255,
    TOCI_SIM_FIRST_RIDE = 256, /* place of a hit: the first pairing of riders */
    TOCI_SIM_MAX_RIDES = 1000,
    TOCI_SIM_MAX_POOL = 50,
    TOCI_SIM_PAIRINGS = 32,  /* days whose pairings can be formed again */
    TOCI_SIM_TOLD = 32,      /* days after which a negative result releases nobody any more */
    TOCI_SIM_RETRIES = 8,    /* random partners tried where those before are away */
    TOCI_SIM_MASK_BACK = 10, /* days back that the days at home are remembered */
    TOCI_SIM_MASK_AHEAD = 20
};

#define TOCI_SIM_NOBODY UINT32_MAX
#define TOCI_SIM_AGENT_BITS 30
#define TOCI_SIM_AGENT_MASK ((UINT32_C(1) << TOCI_SIM_AGENT_BITS) - 1)

/* A growing list of words, in chunks of a shard's pool. */
struct toci_chunk {
    struct toci_chunk *next;
    uint64_t           used;
    uint64_t           word[TOCI_SIM_CHUNK];
};
struct toci_bag {
    struct toci_chunk *first, *last;
};
struct toci_slab {
    struct toci_slab *next;
    uint64_t          unused;
    struct toci_chunk chunk[TOCI_SIM_SLAB];
};

/* Hits have two bits for it: one in a bus or train is a random one whose place is not that of a stub, and is called
 * TOCI_RODE where it has struck. */
enum toci_network {
    TOCI_HOUSEHOLD,
    TOCI_RING,
    TOCI_RANDOM,
    TOCI_HOUSEHOLD_EXTRA,
    TOCI_RODE = 3,
    TOCI_IMPORTED = 3,
    TOCI_TRANSPORT = 4
};

enum toci_event {
    TOCI_ONSET_MILD,
    TOCI_ONSET_SEVERE,
    TOCI_ADMITTED,
    TOCI_CRITICAL,
    TOCI_CARE_ENDS,
    TOCI_RECOVERS,
    TOCI_DIES,
    TOCI_SUSCEPTIBLE_AGAIN,
    TOCI_STAY_ENDS,
    TOCI_SPECIMEN,
    TOCI_RESULT_NEGATIVE,
    TOCI_RESULT_POSITIVE,
    TOCI_INTERVIEW,
    TOCI_VACCINE_WORKS,
    TOCI_VACCINE_ENDS,
    TOCI_APP_TELLS
};

/* Course of an infection. */
enum toci_course { TOCI_COURSE_ASYMPTOMATIC, TOCI_COURSE_MILD, TOCI_COURSE_SEVERE };

/* flags[] of an agent */
enum {
    TOCI_FLAG_STRAIN = 3,      /* two bits: of the present or last infection */
    TOCI_FLAG_PROTECTED = 4,   /* by vaccine: cannot be infected */
    TOCI_FLAG_NO_SYMPTOMS = 8, /* by vaccine */
    TOCI_FLAG_NOT_SEVERE = 16, /* by vaccine */
    TOCI_FLAG_VACCINATED = 32,
    TOCI_FLAG_TEST_ORDERED = 64,
    TOCI_FLAG_FIRM = 128 /* stays at home for a reason that no negative test of somebody else ends */
};

#define TOCI_CASE 0x80      /* in home[]: this infection has been found */
#define TOCI_STRUCK 0x80    /* in held[]: hit today */
#define TOCI_SHELTERED 0x40 /* in held[]: in a shelter hospital until the stay ends */
#define TOCI_HELD 0x3F      /* in held[]: how many reasons */
#define TOCI_MOST_HELD 60

/* Where a vaccination campaign stands in one area of one shard. */
struct toci_campaign {
    uint32_t age, next;
    double   owed;
};

struct toci_shard {
    struct toc_simulation *sim;
    uint32_t               index, first, end; /* agents first … end - 1 */
    uint32_t               area_first, area_end;
    struct toci_chunk     *free;
    struct toci_slab      *slabs;
    bool                   out_of_memory;
    struct toci_bag        hits[TOCI_SIM_DAYS], events[TOCI_SIM_DAYS];
    struct toci_bag        infections;              /* two words each, in the order of infection */
    struct toci_bag        to[TOCI_SIM_MAX_SHARDS]; /* messages of the phase */
    struct toci_bag        told[TOCI_SIM_TOLD];     /* contacts told because of symptoms of that day: case, contact */
    struct toci_bag        traces, specimens, interviews, fresh, orders;
    struct toci_bag        touched, news; /* with a team: agents and infections that the others have not been told of */
    uint64_t               num_specimens, num_interviews, num_infections;
    double                 specimen_quota, interview_quota, notification_quota, shelter_quota;
    struct toci_campaign  *campaigns; /* [areas of the shard] */
    int32_t               *counts;    /* [areas of the shard][age][column] */
};

/* Words that grow. */
struct toci_words {
    uint64_t *word;
    size_t    num, room;
    bool      failed;
};

/* The rings of one kind in one area: size slots, cut into rings of `members` slots each (the last may be smaller). */
struct toci_ring {
    uint32_t first, size, members;
    uint32_t half; /* of the degree; less in a ring that is too small for it */
    uint32_t key[2];
    double   highest_susceptibility;
};

struct toci_area {
    uint32_t            first, end; /* agents; households are whole */
    uint32_t            first_stub, end_stub;
    struct toci_shuffle shape;   /* of the stubs, without the key */
    uint32_t            pair[2]; /* key of today */
};

/* Households of `from` whose number is in low … high are in `to` on the days leave … back - 1. */
struct toci_journey {
    uint32_t from, to, leave, back;
    double   low, high;
};

/* Today in an area: strengths of measures, 0 = not in force, and what follows from them. */
struct toci_today {
    double strength[TOC_SIMULATION_MEASURES];
    double ring[TOC_SIMULATION_RING]; /* factors of contacts */
    double random, transport, precaution, shielding, border, household;
};

/* What is asked of an agent all the time, in one place: 16 bytes, never two lines of the cache. */
struct toci_agent {
    uint32_t slot;       /* in slot_agent */
    uint16_t infected;   /* day of the last infection, 0xFFFF never */
    uint16_t stay_until; /* last day of the stay */
    uint8_t  state;      /* column of the state | immune strains << 4 */
    uint8_t  flags;
    uint8_t  age_ring; /* age | ring kind << 4 | app << 7 */
    uint8_t  home;     /* position in the household | size << 4 | TOCI_CASE */
    uint8_t  held;     /* reasons of a stay that a negative test of somebody else may end; _STRUCK, _SHELTERED */
    uint8_t  stubs;
    uint8_t  mark; /* within a phase */
};

struct toc_simulation {
    struct toc_allocator             allocator;
    struct toc_simulation_runner     runner;
    struct toc_simulation_parameters p;
    uint64_t                         seed;
    uint64_t                         shard_scale; /* num_shards / agents in 2^-32 */
    uint32_t                         day, agents, num_shards, num_areas;
    uint32_t                         first_own, end_own; /* shards that this process works on: all, without a team */
    struct toci_words                out;                /* for the team */
    bool                             plain;              /* today no measure changes contacts anywhere */
    bool                             stays;              /* somebody may be restricted */
    struct toci_shard               *shards;
    struct toci_area                *areas;
    struct toci_today               *today;
    struct toci_ring                *rings; /* [area][kind], in the order of their slots */
    struct toc_simulation_schedule  *schedule;
    uint8_t                         *pulled; /* [schedule][area]: 0 = no, else 1 + the days below off_below */
    size_t                           num_schedule;
    struct toc_simulation_import    *imports;
    size_t                           num_imports;
    struct toci_journey             *journeys; /* by the area they leave */
    uint32_t                        *visits;   /* the same by the area they go to: indexes of journeys */
    uint32_t                        *first_journey, *first_visit; /* [area + 1] of these */
    size_t                           num_journeys;
    float                           *forced; /* [measure][area]: from outside: strength, -1 as scheduled */
    uint32_t                        *weekly; /* [area][7] positives of the last days */

    struct toci_agent *agent;      /* [agents] */
    uint32_t          *at_home;    /* [agents]: bit of day % 32: restricted on that day, 10 days back and 20 ahead */
    uint32_t          *first_stub; /* [agents]: of random contacts */

    /* a place in a ring, a stub of a random contact */
    uint32_t *slot_agent;
    uint16_t *slot_rewired; /* bit k - 1: the edge to the k-th next is rewired */
    uint32_t *stub_agent;
    uint32_t  num_stubs;
    uint32_t  rides, rides_anywhere; /* pairings of riders a day; the last ones among the riders of all areas */
    double    ride_share;            /* of the pairs that a pairing gives, those that take place */

    /* tables */
    double   mean_weight, mean_contacts; /* of a person and day; weighted by transmission; as such */
    double   highest_susceptibility, household_bound;
    double   rate; /* hazard per contact of weight 1, over the whole curve, of a severe case of the first strain */
    uint32_t day_bound[TOC_SIMULATION_STRAIN][TOCI_SIM_DAYS]; /* cumulated curve, in 2^32 */
    uint8_t  day_guess[TOC_SIMULATION_STRAIN][256];
    float    spread[33][TOCI_SIM_OCTAVE_CELLS + 1]; /* quantiles of infectiousness by octaves of the upper tail */
    uint16_t onset[TOCI_SIM_QUANTILES], recovery[TOCI_SIM_QUANTILES], asymptomatic_recovery[TOCI_SIM_QUANTILES],
        critical[TOCI_SIM_QUANTILES], hospital_recovery[TOCI_SIM_QUANTILES], care[TOCI_SIM_QUANTILES],
        death[TOCI_SIM_QUANTILES];
    struct toci_shuffle all_shape;                                       /* of the stubs of all areas */
    uint32_t            pairing[TOCI_SIM_PAIRINGS][TOCI_SIM_RETRIES][2]; /* keys of the last days */
    uint8_t             immune[TOC_SIMULATION_STRAIN]; /* strains that an infection makes immune to for certain */
    bool                immune_by_chance;
    bool                broken;  /* memory ran out within a day */
    uint32_t            ordered; /* imports from outside so far */
};

static inline uint32_t toci_age(const struct toc_simulation *sim, uint32_t agent)
{
    return sim->agent[agent].age_ring & 15;
}

static inline uint32_t toci_state(const struct toc_simulation *sim, uint32_t agent)
{
    return sim->agent[agent].state & 15;
}

static inline uint32_t toci_household_size(const struct toc_simulation *sim, uint32_t agent)
{
    return sim->agent[agent].home >> 4 & 7;
}

/* The infection has been found: the person is left alone by further tests, tracing and quarantine. */
static inline bool toci_is_case(const struct toc_simulation *sim, uint32_t agent)
{
    return sim->agent[agent].home & TOCI_CASE;
}

static inline bool toci_is_sheltered(const struct toc_simulation *sim, uint32_t agent)
{
    return sim->agent[agent].held & TOCI_SHELTERED;
}

/* Alive, out of hospital. */
static inline bool toci_is_about(const struct toc_simulation *sim, uint32_t agent)
{
    uint32_t state = toci_state(sim, agent);
    return state < TOC_SIMULATION_COLUMN_hospitalised || state == TOC_SIMULATION_COLUMN_recovered;
}

static inline bool toci_is_infectious(const struct toc_simulation *sim, uint32_t agent)
{
    uint32_t state = toci_state(sim, agent);
    return state >= TOC_SIMULATION_COLUMN_asymptomatic && state <= TOC_SIMULATION_COLUMN_severe;
}

static inline bool toci_is_susceptible(const struct toc_simulation *sim, uint32_t agent, uint32_t strain)
{
    uint32_t state = toci_state(sim, agent);
    return (state == TOC_SIMULATION_COLUMN_susceptible || state == TOC_SIMULATION_COLUMN_recovered) &&
           !(sim->agent[agent].state >> (4 + strain) & 1) && !(sim->agent[agent].flags & TOCI_FLAG_PROTECTED);
}

/* Restricted to the household on a day of the last ten or the next twenty. */
static inline bool toci_stays(const struct toc_simulation *sim, uint32_t agent, uint32_t day)
{
    return sim->stays && (sim->at_home[agent] >> (day & 31) & 1);
}

uint32_t toci_sim_area_of(const struct toc_simulation *sim, uint32_t agent);
uint32_t toci_sim_shard_of(const struct toc_simulation *sim, uint32_t agent);

/* ---- bags ---- */
struct toci_chunk *toci_bag_grow(struct toci_shard *shard, struct toci_bag *bag);
void               toci_bag_empty(struct toci_shard *shard, struct toci_bag *bag);

static inline void toci_bag_put(struct toci_shard *shard, struct toci_bag *bag, uint64_t word)
{
    struct toci_chunk *chunk = bag->last;
    if (chunk == NULL || chunk->used == TOCI_SIM_CHUNK) {
        chunk = toci_bag_grow(shard, bag);
        if (chunk == NULL)
            return;
    }
    chunk->word[chunk->used++] = word;
}

#define TOCI_BAG_EACH(chunk, i, bag)                                                                                   \
    for (const struct toci_chunk *chunk = (bag)->first; chunk != NULL; chunk = chunk->next)                            \
        for (uint64_t i = 0; i < chunk->used; i++)

/* What a team's other members see of this agent has changed. */
static inline void toci_touch(struct toci_shard *shard, uint32_t agent)
{
    if (shard->sim->runner.team != NULL)
        toci_bag_put(shard, &shard->touched, agent);
}

/* ---- words ---- */
static inline uint64_t toci_hit(uint32_t source, uint32_t strain, uint32_t target, uint32_t network)
{
    return (uint64_t) (source | strain << TOCI_SIM_AGENT_BITS) << 32 | (target | network << TOCI_SIM_AGENT_BITS);
}

/* agent, event, note (8 bits), day */
static inline uint64_t toci_event(uint32_t agent, enum toci_event event, uint32_t note, uint32_t due)
{
    return (uint64_t) agent << 32 | note << 24 | (uint32_t) event << 16 | due;
}

static inline void toci_later_with(struct toci_shard *shard, uint32_t agent, enum toci_event event, uint32_t note,
                                   uint32_t today, uint32_t delay)
{
    uint32_t due = today + delay > UINT16_MAX ? UINT16_MAX : today + delay;
    uint32_t look = delay < TOCI_SIM_DAYS ? due : today + TOCI_SIM_DAYS - 1;
    toci_bag_put(shard, &shard->events[look % TOCI_SIM_DAYS], toci_event(agent, event, note, due));
}

static inline void toci_later(struct toci_shard *shard, uint32_t agent, enum toci_event event, uint32_t today,
                              uint32_t delay)
{
    toci_later_with(shard, agent, event, 0, today, delay);
}

static inline int32_t *toci_count(struct toci_shard *shard, uint32_t area, uint32_t age)
{
    return shard->counts + ((size_t) (area - shard->area_first) * TOC_SIMULATION_AGE + age) * TOC_SIMULATION_COLUMNS;
}

static inline void toci_counted(struct toci_shard *shard, uint32_t agent, enum toc_simulation_column column, int by)
{
    toci_count(shard, toci_sim_area_of(shard->sim, agent), toci_age(shard->sim, agent))[column] += by;
}

/* From one state to another, with the counts. */
void toci_sim_change_state(struct toci_shard *shard, uint32_t agent, uint32_t state);

/* The last of `areas` areas from `area` on; 0 is 1. */
static inline uint32_t toci_last_area(uint32_t area, uint32_t areas)
{
    return areas > 1 ? area + areas - 1 : area;
}

/* The area where the agent, of the area home, is on a day. */
uint32_t toci_place_on(const struct toc_simulation *sim, uint32_t agent, uint32_t home, uint32_t day);

static inline bool toci_is_away(const struct toc_simulation *sim, uint32_t agent, uint32_t day)
{
    if (sim->num_journeys == 0)
        return false;
    uint32_t home = toci_sim_area_of(sim, agent);
    return toci_place_on(sim, agent, home, day) != home;
}

/* ---- making it ---- */
int  toci_journey_parts(const struct toc_simulation_setup *setup, double low[TOC_SIMULATION_MAX_JOURNEYS],
                        struct toc_error *error);
void toci_sim_journeys(struct toc_simulation *sim, const struct toc_simulation_setup *setup);
void toci_sim_households(struct toc_simulation *sim, const struct toc_simulation_setup *setup);
int  toci_sim_contacts(struct toc_simulation *sim, const struct toc_simulation_setup *setup, struct toc_error *error);
void toci_sim_tables(struct toc_simulation *sim);

/* ---- phases of a day, one task a shard ---- */
void toci_sim_transmit(void *context, size_t index);     /* 1: hits that are due, to those whom they strike */
void toci_sim_settle(void *context, size_t index);       /* 2: who of several has infected somebody */
void toci_sim_progress_day(void *context, size_t index); /* 3: infections, events, reports of symptoms */
void toci_sim_trace(void *context, size_t index);        /* 4: specimens, contacts of cases, to their shards */
void toci_sim_be_traced(void *context, size_t index);    /* 5: quarantine of contacts; counts of the day */

/* ---- parts of them ---- */
void toci_sim_take_hits(struct toci_shard *shard);
void toci_sim_infect(struct toci_shard *shard, uint32_t agent, uint32_t infector, uint32_t network, uint32_t strain);
void toci_sim_progress(struct toci_shard *shard, uint32_t agent, enum toci_event event);

/* Before the phases: what is in force today. */
void toci_sim_begin_day(struct toc_simulation *sim);

#endif
