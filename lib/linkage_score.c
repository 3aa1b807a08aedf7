/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How likely two records are one person. */
#include "linkage_internal.h"

/* How many others share a number before it is taken for a stand-in ("000000", the ward's telephone). */
#define SHARED_BY_CHANCE 3.0

/* What agreement in each value is worth: -log of the share of other people's records that hold it. */
void toci_linkage_rarity(struct toc_linkage *linkage)
{
    double records = fmax(1.0, (double) linkage->n);
    for (size_t i = 0; i < linkage->num_columns; i++) {
        struct toci_column *column = &linkage->columns[i];
        if (column->dictionary == NULL)
            continue;
        double own = 2.0 * linkage->model.matches / records * linkage->model.m[i][TOC_LINKAGE_EXACT];
        double usual = linkage->model.u[i][TOC_LINKAGE_EXACT], present = (double) column->num_present + 1.0;
        bool   number = column->role == TOC_LINKAGE_IDENTIFIER || column->role == TOC_LINKAGE_PHONE;
        for (size_t v = 0; v < column->num_values; v++) {
            double others = (double) column->holders[v] - 1.0 - own;
            double share = fmax(0.5, others) / present;
            if (number)
                share = others <= SHARED_BY_CHANCE ? usual : fmax(usual, others / present);
            column->rarity[v] = (float) -log(fmin(share, 1.0));
        }
    }
}

/* -log u of a level: of an exact value its rarity. */
static double unlikely(const struct toc_linkage *linkage, size_t i, size_t level, uint32_t value)
{
    const struct toci_column *column = &linkage->columns[i];
    if (level == TOC_LINKAGE_EXACT && column->rarity != NULL)
        return column->rarity[value - 1];
    return linkage->lr[i][level] - linkage->lm[i][level];
}

/* The places together, with the mean of what their values are rarer than usual. */
static double unlikely_place(const struct toc_linkage *linkage, const uint8_t *level, const uint32_t *value)
{
    unsigned cell = 0;
    double   rarer = 0.0;
    int      exact = 0;
    for (int i = 0; i < MAX_PLACES; i++) {
        int      at = linkage->places[i];
        unsigned of = at < 0 ? TOC_LINKAGE_MISSING : level[at];
        cell |= of << (3 * i);
        if (of != TOC_LINKAGE_EXACT)
            continue;
        rarer += linkage->columns[at].rarity[value[at] - 1] + linkage->lm[at][of] - linkage->lr[at][of];
        exact++;
    }
    return linkage->place_u[cell] + (exact > 0 ? rarer / exact : 0.0);
}

static double add_logs(double a, double b)
{
    double high = fmax(a, b), low = fmin(a, b);
    return low == -INFINITY ? high : high + log1p(exp(low - high));
}

static double odds(const struct toc_linkage *linkage, size_t a, const uint8_t *level, double *weight)
{
    const uint32_t *value = linkage->value + a * linkage->num_columns;
    double          match = 0.0, random = 0.0, household = 0.0, twin = 0.0, namesake = 0.0;
    for (size_t i = 0; i < linkage->num_columns; i++) {
        const struct toci_role *role = &toci_roles[linkage->columns[i].role];
        double                  m = linkage->lm[i][level[i]], u = -unlikely(linkage, i, level[i], value[i]);
        if (weight != NULL)
            weight[i] = m - u;
        match += m;
        household += role->household ? m : u;
        twin += role->twin ? m : u;
        namesake += role->namesake ? linkage->lr[i][level[i]] + u : u; /* m, as much rarer as the value is: by chance */
        random += role->place ? 0.0 : u;
    }
    random -= unlikely_place(linkage, level, value);
    /* The counts by how many more they are than one person's pairs. */
    household += linkage->log_households;
    twin += linkage->log_twins;
    namesake += linkage->log_namesakes;
    return match + linkage->prior - add_logs(add_logs(random, namesake), add_logs(household, twin));
}

void toc_linkage_explain(const struct toc_linkage *linkage, size_t a, size_t b, struct toc_linkage_reasons *reasons)
{
    toci_linkage_levels(linkage, a, b, reasons->level);
    reasons->log_odds = odds(linkage, a, reasons->level, reasons->weight);
}

/* ---- many pairs ---- */

#define PLACE_SLACK 1.0f /* places together may speak a little more than each alone */

struct scoring {
    const struct toc_linkage *linkage;
    struct toc_linkage_pair  *pairs;
    size_t                    num;
    float                     wanted;                                                           /* log odds */
    float                     exact[TOC_LINKAGE_MAX_COLUMNS], unequal[TOC_LINKAGE_MAX_COLUMNS]; /* at most */
    float                     prior;
    uint8_t                   order[TOC_LINKAGE_MAX_COLUMNS];
};

static float larger(float a, float b)
{
    return a > b ? a : b;
}

/* The most that the columns could say, from their being equal or not: one glance spares most comparisons. */
static float at_most(const struct scoring *scoring, const uint32_t *a, const uint32_t *b)
{
    const struct toc_linkage *linkage = scoring->linkage;
    float                     most = scoring->prior;
    for (size_t i = 0; i < linkage->num_columns; i++) {
        if (a[i] == 0 || b[i] == 0)
            continue;
        if (a[i] != b[i])
            most += scoring->unequal[i];
        else if (linkage->columns[i].rarity != NULL)
            most += scoring->exact[i] + linkage->columns[i].rarity[a[i] - 1];
        else
            most += scoring->exact[i];
    }
    return most;
}

/* Compare what is cheap first, and stop as soon as the rest cannot make up for it. */
static bool is_hopeless(const struct scoring *scoring, float most, const uint32_t *a, const uint32_t *b, uint8_t *level)
{
    const struct toc_linkage *linkage = scoring->linkage;
    for (size_t i = 0; i < linkage->num_columns && most >= scoring->wanted; i++) {
        size_t at = scoring->order[i];
        level[at] = (uint8_t) toci_linkage_refine(linkage, at, a[at], b[at]);
        if (a[at] != b[at] && level[at] != TOC_LINKAGE_MISSING && linkage->columns[at].role > TOC_LINKAGE_FAMILY)
            most += linkage->lr[at][level[at]] - scoring->unequal[at];
    }
    return most < scoring->wanted;
}

static void score(void *context, uint64_t number, uint32_t a, uint32_t b)
{
    struct scoring           *scoring = context;
    const struct toc_linkage *linkage = scoring->linkage;
    const uint32_t           *of_a = linkage->value + (size_t) a * linkage->num_columns;
    const uint32_t           *of_b = linkage->value + (size_t) b * linkage->num_columns;
    uint8_t                   level[TOC_LINKAGE_MAX_COLUMNS];
    (void) number;
    float most = at_most(scoring, of_a, of_b);
    if (most < scoring->wanted || is_hopeless(scoring, most, of_a, of_b, level))
        return;
    toci_linkage_see_exchange(linkage, of_a, of_b, level);
    float log_odds = (float) odds(linkage, a, level, NULL);
    if (log_odds >= scoring->wanted)
        scoring->pairs[scoring->num++] = (struct toc_linkage_pair){ a < b ? a : b, a < b ? b : a, log_odds };
}

/* Columns by what comparing costs: codes and dates, numbers, texts; names last, for they can be exchanged. */
static void order_columns(struct scoring *scoring)
{
    static const enum toci_kind kinds[] = { KIND_CODE, KIND_DATE, KIND_NUMBER, KIND_TEXT, KIND_NAME };
    size_t                      num = 0;
    for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++)
        for (size_t i = 0; i < scoring->linkage->num_columns; i++)
            if (toci_roles[scoring->linkage->columns[i].role].kind == kinds[kind])
                scoring->order[num++] = (uint8_t) i;
}

void toc_linkage_score(const struct toc_linkage *linkage, size_t slice, struct toc_linkage_pair *pairs,
                       size_t *num_pairs)
{
    double         perhaps = linkage->options.perhaps;
    struct scoring scoring = { .linkage = linkage, .pairs = pairs, .wanted = (float) log(perhaps / (1.0 - perhaps)) };
    scoring.prior = (float) linkage->prior;
    order_columns(&scoring);
    for (size_t i = 0; i < linkage->num_columns; i++) {
        const struct toci_column *column = &linkage->columns[i];
        const float              *lr = linkage->lr[i];
        scoring.exact[i] = column->rarity == NULL ? lr[TOC_LINKAGE_EXACT] : linkage->lm[i][TOC_LINKAGE_EXACT];
        scoring.unequal[i] = lr[TOC_LINKAGE_DIFFERENT];
        for (size_t level = TOC_LINKAGE_PART; level <= TOC_LINKAGE_SWAPPED; level++)
            if (toci_roles[column->role].m[level] > 0)
                scoring.unequal[i] = larger(scoring.unequal[i], lr[level]);
        if (column->role == TOC_LINKAGE_FAMILY)
            scoring.unequal[i] = larger(scoring.unequal[i], 0.0f);
        if (toci_roles[column->role].kind == KIND_NUMBER) /* two spellings of one number */
            scoring.unequal[i] = larger(scoring.unequal[i], lr[TOC_LINKAGE_EXACT]);
        if (toci_roles[column->role].place)
            scoring.prior += PLACE_SLACK / MAX_PLACES;
    }
    if (linkage->slices[slice].pairs > 0)
        toci_linkage_walk(linkage, &linkage->slices[slice], 1, score, &scoring);
    *num_pairs = scoring.num;
}
