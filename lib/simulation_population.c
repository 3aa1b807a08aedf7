/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Households: from the tables of household sizes and of ages to people who live together.
 *
 * A household has a size, a composition (children, adults, elderly), and ages that fit: partners of a similar age,
 * children as old as their parents allow, grown children with older parents. The shares below describe how people live
 * together in England and Wales (after the census of 2011, rounded). They are bent until sizes and ages come out as the
 * caller's tables say: a factor for each age group multiplies its weight wherever it is drawn, found by drawing a trial
 * population again and again; for each area anew where areas have ages of their own.
 */
#include "simulation_state.h"

#define MOST TOC_SIMULATION_SIZE
#define TRIAL_HOUSEHOLDS 8192u
#define FEWEST_TRIAL_HOUSEHOLDS 512u /* for the ages of one small area */
#define TRIALS 16
#define BENDS 200
#define BENT 1e-12 /* from here on bending changes nothing */
/* The golden ratio's fraction in 2^32: sizes and compositions are spread evenly, not drawn. */
#define GOLDEN 0x9E3779B9u

enum { CHILDREN = 2, ADULTS = 5, ELDERLY = 2, FIRST_ADULT = 2, FIRST_ELDERLY = 7 };

struct composition {
    uint8_t  children, adults, elderly;
    uint16_t weight; /* per thousand of its size */
};

/* Households of 1, 2, … 6 persons. */
static const struct composition compositions[] = {
    { 0, 1, 0, 620 }, { 0, 0, 1, 375 }, { 1, 0, 0, 5 },   { 0, 2, 0, 570 }, { 0, 0, 2, 177 }, { 0, 1, 1, 140 },
    { 1, 1, 0, 110 }, { 2, 0, 0, 3 },   { 1, 2, 0, 475 }, { 0, 3, 0, 296 }, { 2, 1, 0, 137 }, { 0, 2, 1, 46 },
    { 0, 1, 2, 33 },  { 1, 1, 1, 8 },   { 2, 2, 0, 645 }, { 1, 3, 0, 147 }, { 0, 4, 0, 110 }, { 3, 1, 0, 62 },
    { 0, 3, 1, 15 },  { 0, 2, 2, 10 },  { 1, 2, 1, 8 },   { 3, 2, 0, 530 }, { 2, 3, 0, 196 }, { 1, 4, 0, 120 },
    { 0, 5, 0, 45 },  { 4, 1, 0, 40 },  { 2, 2, 1, 31 },  { 1, 3, 1, 19 },  { 3, 1, 1, 11 },  { 4, 2, 0, 369 },
    { 2, 4, 0, 167 }, { 3, 3, 0, 161 }, { 1, 5, 0, 80 },  { 2, 3, 1, 55 },  { 1, 4, 1, 51 },  { 1, 3, 2, 29 },
    { 2, 2, 2, 25 },  { 0, 5, 1, 22 },  { 5, 1, 0, 17 },
};
enum { COMPOSITIONS = sizeof compositions / sizeof compositions[0] };

/* Weights of age groups, per hundred, by what somebody is in the household. */
static const uint8_t first_child[CHILDREN] = { 53, 47 };
static const uint8_t next_child[CHILDREN][CHILDREN] = { { 64, 36 }, { 40, 60 } }; /* row: the child before */
static const uint8_t alone[ADULTS] = { 13, 18, 19, 23, 27 };
static const uint8_t lone_parent[CHILDREN][ADULTS] = { { 30, 46, 21, 2, 1 }, { 4, 22, 51, 20, 3 } }; /* row: youngest */
static const uint8_t parent[CHILDREN][ADULTS] = { { 15, 57, 24, 3, 1 }, { 2, 11, 58, 26, 3 } };
static const uint8_t couple[ADULTS] = { 18, 15, 12, 29, 26 };   /* without children in the household */
static const uint8_t old_parent[ADULTS] = { 2, 4, 22, 52, 20 }; /* of grown children */
static const uint8_t partner[ADULTS][ADULTS] = {                /* row: the other partner */
                                                 { 58, 35, 4, 2, 1 },
                                                 { 15, 54, 27, 3, 1 },
                                                 { 2, 19, 58, 20, 1 },
                                                 { 1, 3, 19, 56, 21 },
                                                 { 1, 2, 3, 27, 67 }
};
static const uint8_t grown_child[ADULTS] = { 84, 11, 3, 1, 1 };
static const uint8_t with_elderly[ADULTS] = { 3, 6, 14, 22, 55 };
static const uint8_t elderly_alone[ELDERLY] = { 48, 52 };
static const uint8_t elderly_with_adults[ELDERLY] = { 75, 25 };
static const uint8_t elderly_partner[ELDERLY][ELDERLY] = { { 77, 23 }, { 44, 56 } };

/* Everything a draw of a household needs. */
struct plan {
    uint32_t size_bound[MOST];                /* cumulated, 2^32 = all */
    uint32_t composition_bound[COMPOSITIONS]; /* cumulated within its size */
    double   factor[TOC_SIMULATION_AGE];
};

struct household {
    uint32_t size;
    uint8_t  age[MOST];
};

/* Words of chance, one after another. */
struct words {
    uint64_t          seed;
    enum toci_purpose purpose;
    uint32_t          area, household, block, left;
    struct toci_draw  draw;
    double           *expected; /* of each age group, in trials: shares are added, so that few households do */
};

static uint32_t next_word(struct words *words)
{
    if (words->left == 0) {
        words->draw = toci_draw(words->seed, words->purpose, words->area, words->household, words->block++);
        words->left = 4;
    }
    return words->draw.v[--words->left];
}

/* An age group of first … first + n - 1, by weights bent by the factors. */
static uint8_t draw_age(const struct plan *plan, const uint8_t *weight, unsigned first, unsigned n, struct words *words)
{
    double sum = 0;
    for (unsigned i = 0; i < n; i++)
        sum += weight[i] * plan->factor[first + i];
    for (unsigned i = 0; words->expected != NULL && i < n; i++)
        words->expected[first + i] += weight[i] * plan->factor[first + i] / sum;
    double   at = toci_unit(next_word(words)) * sum;
    unsigned i = 0;
    while (i + 1 < n && (at -= weight[i] * plan->factor[first + i]) >= 0)
        i++;
    return (uint8_t) (first + i);
}

static uint8_t draw_adult(const struct plan *plan, const uint8_t *weight, struct words *words)
{
    return draw_age(plan, weight, FIRST_ADULT, ADULTS, words);
}

static void draw_children(const struct plan *plan, unsigned n, struct household *household, struct words *words)
{
    for (unsigned i = 0; i < n; i++) {
        const uint8_t *weight = i == 0 ? first_child : next_child[household->age[household->size - 1]];
        household->age[household->size % MOST] = draw_age(plan, weight, 0, CHILDREN, words);
        household->size++;
    }
}

static uint8_t youngest(const struct household *household, unsigned children)
{
    uint8_t age = 1;
    for (unsigned i = 0; i < children; i++)
        age = household->age[i] < age ? household->age[i] : age;
    return age;
}

/* The weights of the first adult of a household. */
static const uint8_t *head_of(const struct composition *kind, const struct household *household)
{
    if (kind->children > 0)
        return (kind->adults == 1 ? lone_parent : parent)[youngest(household, kind->children)];
    if (kind->adults > 2)
        return old_parent;
    if (kind->elderly > 0)
        return with_elderly;
    return kind->adults == 1 ? alone : couple;
}

static void draw_adults(const struct plan *plan, const struct composition *kind, struct household *household,
                        struct words *words)
{
    uint8_t head = FIRST_ADULT;
    for (unsigned i = 0; i < kind->adults; i++) {
        const uint8_t *weight = i == 0 ? head_of(kind, household) : i == 1 ? partner[head - FIRST_ADULT] : grown_child;
        uint8_t        age = draw_adult(plan, weight, words);
        head = i == 0 ? age : head;
        household->age[household->size++] = age;
    }
}

static void draw_elderly(const struct plan *plan, unsigned n, struct household *household, struct words *words)
{
    const uint8_t *first = household->size == 0 && n == 1 ? elderly_alone : elderly_with_adults;
    for (unsigned i = 0; i < n; i++) {
        const uint8_t *weight = i == 0 ? first : elderly_partner[household->age[household->size - 1] - FIRST_ELDERLY];
        household->age[household->size++] = draw_age(plan, weight, FIRST_ELDERLY, ELDERLY, words);
    }
}

static unsigned persons_of(const struct composition *kind)
{
    return (unsigned) kind->children + kind->adults + kind->elderly;
}

/* The number-th household: its size and composition are spread evenly over the households, its ages are drawn. */
static struct household draw_household(const struct plan *plan, uint32_t number, struct words *words)
{
    uint32_t at = number * GOLDEN, within = number * 0xC13FA9A9u + 0x91E10DA5u;
    unsigned size = 1, i = 0;
    while (size < MOST && at >= plan->size_bound[size - 1])
        size++;
    while (persons_of(&compositions[i]) != size)
        i++;
    while (i + 1 < COMPOSITIONS && persons_of(&compositions[i + 1]) == size && within >= plan->composition_bound[i])
        i++;
    struct household household = { 0 };
    draw_children(plan, compositions[i].children, &household, words);
    draw_adults(plan, &compositions[i], &household, words);
    draw_elderly(plan, compositions[i].elderly, &household, words);
    return household;
}

static uint32_t bound_of(double share)
{
    return share >= 1 ? UINT32_MAX : (uint32_t) (share * 0x1p32);
}

/* Weights of compositions bent so that children, adults and elderly come out as the ages say, sizes as given. */
static void bend_compositions(struct plan *plan, const double *size_share, const double *kind_share)
{
    double bend[3] = { 1, 1, 1 }, weight[COMPOSITIONS], change = 1;
    for (int round = 0; round < BENDS && change > BENT; round++) {
        double persons[3] = { 0 }, sum_size[MOST + 1] = { 0 }, power[3][MOST + 1];
        for (int k = 0; k < 3; k++)
            for (unsigned n = 0; n <= MOST; n++)
                power[k][n] = pow(bend[k], n);
        for (unsigned i = 0; i < COMPOSITIONS; i++) {
            const struct composition *kind = &compositions[i];
            weight[i] = kind->weight * power[0][kind->children] * power[1][kind->adults] * power[2][kind->elderly];
            sum_size[persons_of(kind)] += weight[i];
        }
        for (unsigned i = 0; i < COMPOSITIONS; i++) {
            const struct composition *kind = &compositions[i];
            weight[i] = weight[i] / sum_size[persons_of(kind)];
            double households = weight[i] * size_share[persons_of(kind) - 1];
            persons[0] += households * kind->children;
            persons[1] += households * kind->adults;
            persons[2] += households * kind->elderly;
        }
        double all = persons[0] + persons[1] + persons[2];
        change = 0;
        for (int k = 0; k < 3; k++) {
            double by = persons[k] > 0 ? pow(fmax(kind_share[k], 1e-6) * all / persons[k], 0.7) : 1;
            bend[k] *= by;
            change = fmax(change, fabs(by - 1));
        }
    }
    double sum = 0;
    for (unsigned i = 0; i < COMPOSITIONS; i++) {
        sum = i > 0 && persons_of(&compositions[i]) == persons_of(&compositions[i - 1]) ? sum + weight[i] : weight[i];
        plan->composition_bound[i] = bound_of(sum);
    }
}

/* Factors of ages bent until a trial population has the ages of the table. */
static void bend_ages(struct plan *plan, const double *age_share, uint32_t households)
{
    for (int trial = 0; trial < TRIALS; trial++) {
        double count[TOC_SIMULATION_AGE] = { 0 }, all = 0;
        for (uint32_t i = 0; i < households; i++) {
            struct words words = { .purpose = TOCI_DRAW_CALIBRATION, .household = i, .expected = count };
            all += draw_household(plan, i, &words).size;
        }
        for (int age = 0; age < TOC_SIMULATION_AGE; age++)
            if (age_share[age] > 0)
                plan->factor[age] *= fmin(2, (age_share[age] * all + 1) / (count[age] + 1));
    }
}

/* households: how many a trial has. */
static void make_plan(const struct toc_simulation_parameters *p, const double *age_weight, uint32_t households,
                      struct plan *plan)
{
    double size_share[MOST], age_share[TOC_SIMULATION_AGE], sizes = 0, ages = 0, cumulated = 0;
    *plan = (struct plan){ 0 };
    for (int i = 0; i < MOST; i++)
        sizes += p->household_weight[i];
    for (int age = 0; age < TOC_SIMULATION_AGE; age++)
        ages += age_weight[age];
    for (int i = 0; i < MOST; i++) {
        size_share[i] = p->household_weight[i] / sizes;
        cumulated += size_share[i];
        plan->size_bound[i] = bound_of(cumulated);
    }
    for (int age = 0; age < TOC_SIMULATION_AGE; age++) {
        age_share[age] = age_weight[age] / ages;
        plan->factor[age] = age_share[age] > 0 ? 1 : 0;
    }
    const double kinds[3] = { age_share[0] + age_share[1],
                              age_share[2] + age_share[3] + age_share[4] + age_share[5] + age_share[6],
                              age_share[7] + age_share[8] };
    bend_compositions(plan, size_share, kinds);
    bend_ages(plan, age_share, households);
}

/* The agents of one area, first … end - 1; the last household is cut where the area is full. */
static void fill_area(struct toc_simulation *sim, const struct plan *plan, uint32_t area)
{
    uint32_t agent = sim->areas[area].first, end = sim->areas[area].end;
    for (uint32_t number = 0; agent < end; number++) {
        struct words words = { .seed = sim->seed, .purpose = TOCI_DRAW_HOUSEHOLD, .area = area, .household = number };
        uint32_t     start = toci_draw(sim->seed, TOCI_DRAW_HOUSEHOLD, area, UINT32_MAX, 0).v[0];
        struct household household = draw_household(plan, start + number, &words);
        uint32_t         size = household.size < end - agent ? household.size : end - agent;
        for (uint32_t k = 0; k < size; k++, agent++) {
            sim->agent[agent].age_ring = household.age[k];
            sim->agent[agent].home = (uint8_t) (k | size << 4);
        }
    }
}

/* A trial of one area: as many households as it has persons, which is more than twice as many as it will have. */
static uint32_t trial_of(double persons)
{
    return (uint32_t) fmin(fmax(persons, FEWEST_TRIAL_HOUSEHOLDS), TRIAL_HOUSEHOLDS);
}

void toci_sim_households(struct toc_simulation *sim, const struct toc_simulation_setup *setup)
{
    struct plan common, own;
    make_plan(&sim->p, sim->p.age_weight, TRIAL_HOUSEHOLDS, &common);
    for (uint32_t area = 0; area < sim->num_areas; area++) {
        const double *age_weight = setup->areas == NULL ? NULL : setup->areas[area].age_weight;
        if (age_weight != NULL)
            make_plan(&sim->p, age_weight, trial_of(setup->areas[area].persons), &own);
        fill_area(sim, age_weight != NULL ? &own : &common, area);
    }
}
