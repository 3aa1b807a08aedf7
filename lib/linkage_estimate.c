/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Learning m, u and how many pairs of each kind there are, by expectation and maximisation. */
#include <string.h>

#include "linkage_internal.h"

/* ---- levels ---- */

/* How many bits are set, in parallel (the compiler's own would be a call where no processor is named). */
static size_t bits_of(uint64_t set)
{
    set -= set >> 1 & UINT64_C(0x5555555555555555);
    set = (set & UINT64_C(0x3333333333333333)) + (set >> 2 & UINT64_C(0x3333333333333333));
    set = (set + (set >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    return (size_t) (set * UINT64_C(0x0101010101010101) >> 56);
}

/* No more characters than these can have a partner, so no more similarity: spares most comparisons. */
static bool can_be_like(const struct toci_dictionary *dictionary, uint32_t a, uint32_t b, size_t size_a, size_t size_b)
{
    uint64_t letters_a = dictionary->letters[a], letters_b = dictionary->letters[b];
    size_t   alone_a = bits_of(letters_a & ~letters_b);
    size_t   alone_b = bits_of(letters_b & ~letters_a);
    size_t   most = size_a - alone_a < size_b - alone_b ? size_a - alone_a : size_b - alone_b;
    if (most == 0)
        return false;
    double jaro = ((double) most / (double) size_a + (double) most / (double) size_b + 1.0) / 3.0;
    return jaro + 0.4 * (1.0 - jaro) >= LIKE_AT;
}

static struct toci_text text_of(const struct toci_dictionary *dictionary, uint32_t v)
{
    return (struct toci_text){ dictionary->units + dictionary->first[v],
                               dictionary->first[v + 1] - dictionary->first[v] };
}

static enum toc_linkage_level texts(const struct toci_dictionary *dictionary, uint32_t a, uint32_t b, bool name)
{
    if (dictionary->sound[a] == dictionary->sound[b])
        return TOC_LINKAGE_SOUND;
    struct toci_text one = text_of(dictionary, a), two = text_of(dictionary, b);
    if (one.size == 0 || two.size == 0)
        return TOC_LINKAGE_DIFFERENT;
    if (name && (one.size == 1 || two.size == 1))
        return one.characters[0] == two.characters[0] ? TOC_LINKAGE_PART : TOC_LINKAGE_DIFFERENT;
    if (!can_be_like(dictionary, a, b, one.size, two.size))
        return TOC_LINKAGE_DIFFERENT;
    double similar = toci_jaro_winkler(one, two);
    return similar >= NEAR_AT ? TOC_LINKAGE_NEAR : similar >= LIKE_AT ? TOC_LINKAGE_LIKE : TOC_LINKAGE_DIFFERENT;
}

/* One error changes at most two characters of the set. */
static enum toc_linkage_level numbers(const struct toci_dictionary *dictionary, uint32_t a, uint32_t b)
{
    uint64_t apart = dictionary->letters[a] ^ dictionary->letters[b];
    apart &= apart - 1;
    if ((apart & (apart - 1)) != 0)
        return TOC_LINKAGE_DIFFERENT;
    return toci_one_error(text_of(dictionary, a), text_of(dictionary, b)) ? TOC_LINKAGE_NEAR : TOC_LINKAGE_DIFFERENT;
}

enum toc_linkage_level toci_linkage_refine(const struct toc_linkage *linkage, size_t column, uint32_t a, uint32_t b)
{
    const struct toci_column *of = &linkage->columns[column];
    if (a == 0 || b == 0)
        return TOC_LINKAGE_MISSING;
    switch (toci_roles[of->role].kind) {
    case KIND_DATE: return toc_linkage_dates(a, b);
    case KIND_CODE: return a == b ? TOC_LINKAGE_EXACT : TOC_LINKAGE_DIFFERENT;
    case KIND_NUMBER:
        if (a == b || of->dictionary->sound[a - 1] == of->dictionary->sound[b - 1])
            return TOC_LINKAGE_EXACT;
        return numbers(of->dictionary, a - 1, b - 1);
    default: break;
    }
    return a == b ? TOC_LINKAGE_EXACT : texts(of->dictionary, a - 1, b - 1, toci_roles[of->role].kind == KIND_NAME);
}

static bool is_near(const struct toci_dictionary *dictionary, uint32_t a, uint32_t b)
{
    return a == b || texts(dictionary, a - 1, b - 1, true) >= TOC_LINKAGE_NEAR;
}

void toci_linkage_see_exchange(const struct toc_linkage *linkage, const uint32_t *a, const uint32_t *b, uint8_t *level)
{
    int given = linkage->column_of[TOC_LINKAGE_GIVEN], family = linkage->column_of[TOC_LINKAGE_FAMILY];
    if (given < 0 || family < 0 || level[given] >= TOC_LINKAGE_SOUND || level[family] >= TOC_LINKAGE_SOUND)
        return;
    const struct toci_dictionary *dictionary = linkage->columns[given].dictionary;
    if (dictionary != linkage->columns[family].dictionary)
        return;
    if (is_near(dictionary, a[given], b[family]) && is_near(dictionary, a[family], b[given])) {
        level[given] = TOC_LINKAGE_SWAPPED;
        level[family] = TOC_LINKAGE_MISSING;
    }
}

void toci_linkage_levels(const struct toc_linkage *linkage, size_t a, size_t b, uint8_t level[TOC_LINKAGE_MAX_COLUMNS])
{
    const uint32_t *of_a = linkage->value + a * linkage->num_columns;
    const uint32_t *of_b = linkage->value + b * linkage->num_columns;
    for (size_t i = 0; i < linkage->num_columns; i++)
        level[i] = (uint8_t) toci_linkage_refine(linkage, i, of_a[i], of_b[i]);
    toci_linkage_see_exchange(linkage, of_a, of_b, level);
}

/* ---- samples ---- */

static uint64_t pattern_of(const struct toc_linkage *linkage, size_t a, size_t b)
{
    uint8_t level[TOC_LINKAGE_MAX_COLUMNS];
    toci_linkage_levels(linkage, a, b, level);
    return toci_linkage_pack(level, linkage->num_columns);
}

static void learn_blocked(void *context, uint64_t number, uint32_t a, uint32_t b)
{
    struct toc_linkage *linkage = context;
    linkage->blocked[number / linkage->stride] = pattern_of(linkage, a, b);
}

/* The random pair of a number: any two records, or one of each list. */
static uint64_t random_pattern(const struct toc_linkage *linkage, size_t number)
{
    uint64_t seed = linkage->options.seed, n = linkage->n, a = linkage->num_first;
    uint64_t one = toci_mix(toci_mix(seed + 1) + 2 * number), two = toci_mix(toci_mix(seed + 1) + 2 * number + 1);
    if (!linkage->one_list)
        return pattern_of(linkage, one % a, a + two % (n - a));
    uint64_t first = one % n, second = two % (n - 1);
    return pattern_of(linkage, first, second + (second >= first));
}

void toc_linkage_learn(struct toc_linkage *linkage, size_t slice)
{
    const struct toci_slice *of = &linkage->slices[slice];
    if (of->pairs > 0)
        toci_linkage_walk(linkage, of, linkage->stride, learn_blocked, linkage);
    size_t from = linkage->num_random / linkage->num_slices * slice,
           to = from + linkage->num_random / linkage->num_slices;
    if (slice + 1 == linkage->num_slices)
        to = linkage->num_random;
    for (size_t i = from; i < to; i++)
        linkage->random[i] = random_pattern(linkage, i);
}

/* ---- patterns and how often each was seen ---- */

void toci_sort_patterns(uint64_t *patterns, uint64_t *room, size_t num)
{
    for (int pass = 0; pass < 8; pass++) {
        size_t place[257] = { 0 };
        int    shift = pass * 8;
        for (size_t i = 0; i < num; i++)
            place[(patterns[i] >> shift & 255) + 1]++;
        for (size_t digit = 0; digit < 256; digit++)
            place[digit + 1] += place[digit];
        for (size_t i = 0; i < num; i++)
            room[place[patterns[i] >> shift & 255]++] = patterns[i];
        uint64_t *other = patterns;
        patterns = room;
        room = other;
    }
}

struct tally {
    struct toci_pattern *patterns;
    size_t               num, room;
};

static int make_tally(const struct toc_linkage *linkage, uint64_t *sample, size_t num, double each, struct tally *tally,
                      struct toc_error *error)
{
    int       ret = 0;
    size_t    room_size = num == 0 ? 1 : num;
    uint64_t *room = toci_allocate(&linkage->allocator, room_size, sizeof *room, &ret, error);
    if (ret != 0)
        return ret;
    toci_sort_patterns(sample, room, num);
    toci_release(&linkage->allocator, room, room_size, sizeof *room);
    size_t different = 0;
    for (size_t i = 0; i < num; i++)
        different += i == 0 || sample[i] != sample[i - 1];
    tally->room = different == 0 ? 1 : different;
    tally->patterns = toci_allocate(&linkage->allocator, tally->room, sizeof *tally->patterns, &ret, error);
    if (ret != 0)
        return ret;
    for (size_t i = 0; i < num && sample[i] != NO_PATTERN; i++) {
        if (i == 0 || sample[i] != sample[i - 1])
            tally->patterns[tally->num++] = (struct toci_pattern){ sample[i], 0.0 };
        tally->patterns[tally->num - 1].count += each;
    }
    return 0;
}

static void free_tally(const struct toc_linkage *linkage, struct tally *tally)
{
    if (tally->patterns != NULL)
        toci_release(&linkage->allocator, tally->patterns, tally->room, sizeof *tally->patterns);
}

/* ---- expectation and maximisation ---- */

struct learning {
    struct toc_linkage *linkage;
    struct tally        blocked, random;
    double              lm[TOC_LINKAGE_MAX_COLUMNS][TOC_LINKAGE_NUM_LEVELS]; /* log m; 0 where missing */
    double              lu[TOC_LINKAGE_MAX_COLUMNS][TOC_LINKAGE_NUM_LEVELS];
    double              of_match[TOC_LINKAGE_MAX_COLUMNS][TOC_LINKAGE_NUM_LEVELS]; /* expected pairs */
    double              of_other[TOC_LINKAGE_MAX_COLUMNS][TOC_LINKAGE_NUM_LEVELS];
    double              matches, households, twins, namesakes;
};

#define LEAST 1e-9 /* of a probability */

#define NOBODY 1e-300 /* pairs of a kind that cannot be told */

/* Pairs of twins of the same sex or not, a record: about one birth in 80 is of twins, and seldom are both in a list.
 * Without a bound, errors in given names pass for twins. */
#define MOST_TWINS 0.002

static void take_logs(struct learning *learning)
{
    const struct toc_linkage *linkage = learning->linkage;
    for (size_t i = 0; i < linkage->num_columns; i++)
        for (size_t level = 0; level < TOC_LINKAGE_NUM_LEVELS; level++) {
            bool missing = level == TOC_LINKAGE_MISSING;
            learning->lm[i][level] = missing ? 0.0 : log(fmax(LEAST, linkage->model.m[i][level]));
            learning->lu[i][level] = missing ? 0.0 : log(fmax(LEAST, linkage->model.u[i][level]));
        }
}

static unsigned place_cell(const struct toc_linkage *linkage, uint64_t pattern)
{
    unsigned cell = 0;
    for (int i = 0; i < MAX_PLACES; i++)
        cell |= (linkage->places[i] < 0 ? TOC_LINKAGE_MISSING : (unsigned) (pattern >> (4 * linkage->places[i]) & 7))
                << (3 * i);
    return cell;
}

/* How likely a pattern is of each kind of pair: shares that add up to 1. */
struct shares {
    double match, household, twin, namesake, random;
};

static struct shares share(const struct learning *learning, uint64_t pattern)
{
    const struct toc_linkage *linkage = learning->linkage;
    double                    place = -linkage->place_u[place_cell(linkage, pattern)];
    double                    match = log(learning->matches), random = log(linkage->model.pairs) + place;
    double                    household = log(learning->households), twin = log(learning->twins);
    double                    namesake = log(learning->namesakes);
    for (size_t i = 0; i < linkage->num_columns; i++) {
        const struct toci_role *role = &toci_roles[linkage->columns[i].role];
        size_t                  level = pattern >> (4 * i) & 15;
        double                  m = learning->lm[i][level], u = learning->lu[i][level];
        match += m;
        household += role->household ? m : u;
        twin += role->twin ? m : u;
        namesake += role->namesake ? m : u;
        random += role->place ? 0.0 : u;
    }
    double top = fmax(fmax(match, random), fmax(namesake, fmax(household, twin)));
    match = exp(match - top);
    household = exp(household - top);
    twin = exp(twin - top);
    namesake = exp(namesake - top);
    random = exp(random - top);
    double all = match + household + twin + namesake + random;
    return (struct shares){ match / all, household / all, twin / all, namesake / all, random / all };
}

static void add_levels(double sums[TOC_LINKAGE_MAX_COLUMNS][TOC_LINKAGE_NUM_LEVELS], size_t num_columns,
                       uint64_t pattern, double weight)
{
    for (size_t i = 0; i < num_columns; i++)
        sums[i][pattern >> (4 * i) & 15] += weight;
}

/* Which levels of the places come together among pairs of two persons, beside what each column alone would have. */
static void learn_places(struct learning *learning, const double cells[PLACE_CELLS])
{
    struct toc_linkage *linkage = learning->linkage;
    double              of_missing[8] = { 0 };
    for (unsigned cell = 0; cell < PLACE_CELLS; cell++) {
        unsigned missing = 0;
        for (int i = 0; i < MAX_PLACES; i++)
            missing |= (unsigned) ((cell >> (3 * i) & 7) == TOC_LINKAGE_MISSING) << i;
        of_missing[missing] += cells[cell];
    }
    for (unsigned cell = 0; cell < PLACE_CELLS; cell++) {
        unsigned missing = 0;
        double   alone = 0.0;
        for (int i = 0; i < MAX_PLACES; i++) {
            unsigned level = cell >> (3 * i) & 7;
            missing |= (unsigned) (level == TOC_LINKAGE_MISSING) << i;
            if (linkage->places[i] >= 0)
                alone += learning->lu[linkage->places[i]][level];
        }
        double u = (cells[cell] + PRIOR_PAIRS * exp(alone)) / (of_missing[missing] + PRIOR_PAIRS);
        linkage->place_u[cell] = -log(fmax(1e-300, u));
    }
}

static void expect(struct learning *learning)
{
    struct toc_linkage *linkage = learning->linkage;
    double              matches = 0.0, households = 0.0, twins = 0.0, namesakes = 0.0, cells[PLACE_CELLS] = { 0 };
    memset(learning->of_match, 0, sizeof learning->of_match);
    memset(learning->of_other, 0, sizeof learning->of_other);
    for (size_t i = 0; i < learning->blocked.num; i++) {
        struct toci_pattern at = learning->blocked.patterns[i];
        struct shares       of = share(learning, at.levels);
        matches += of.match * at.count;
        households += of.household * at.count;
        twins += of.twin * at.count;
        namesakes += of.namesake * at.count;
        add_levels(learning->of_match, linkage->num_columns, at.levels, of.match * at.count);
    }
    for (size_t i = 0; i < learning->random.num; i++) {
        struct toci_pattern at = learning->random.patterns[i];
        double              weight = share(learning, at.levels).random * at.count;
        add_levels(learning->of_other, linkage->num_columns, at.levels, weight);
        cells[place_cell(linkage, at.levels)] += weight;
    }
    learning->matches = fmax(0.1, matches);
    learning->households = fmax(0.1, households);
    learning->namesakes = linkage->has_namesakes ? fmax(0.1, namesakes) : NOBODY;
    learning->twins = fmin(fmax(0.01, twins), fmax(0.01, MOST_TWINS * (double) linkage->n));
    learn_places(learning, cells);
}

/* u of exact agreement follows from how many hold each value, less the pairs that are one person. */
static double exact_by_holders(const struct learning *learning, size_t i)
{
    const struct toci_column *column = &learning->linkage->columns[i];
    double                    present = 0.0;
    if (column->dictionary == NULL || column->present_pairs < 1)
        return -1.0;
    for (size_t level = 0; level < TOC_LINKAGE_MISSING; level++)
        present += learning->of_match[i][level];
    double others = column->present_pairs - present,
           agree = column->exact_pairs - learning->of_match[i][TOC_LINKAGE_EXACT];
    double least = 0.05 / (double) (column->num_values + 1);
    double prior = toci_roles[column->role].u[TOC_LINKAGE_EXACT];
    return fmax(least, (fmax(0.0, agree) + PRIOR_PAIRS * prior) / (fmax(0.0, others) + PRIOR_PAIRS));
}

static void maximise(struct learning *learning)
{
    struct toc_linkage *linkage = learning->linkage;
    for (size_t i = 0; i < linkage->num_columns; i++) {
        const struct toci_role *role = &toci_roles[linkage->columns[i].role];
        double                  matches = PRIOR_MATCHES, others = PRIOR_PAIRS;
        for (size_t level = 0; level < TOC_LINKAGE_MISSING; level++) {
            matches += learning->of_match[i][level];
            others += learning->of_other[i][level];
        }
        for (size_t level = 0; level < TOC_LINKAGE_MISSING; level++) {
            linkage->model.m[i][level] = (learning->of_match[i][level] + PRIOR_MATCHES * role->m[level]) / matches;
            linkage->model.u[i][level] = (learning->of_other[i][level] + PRIOR_PAIRS * role->u[level]) / others;
        }
        double exact = exact_by_holders(learning, i);
        double rest = 1.0 - linkage->model.u[i][TOC_LINKAGE_EXACT];
        if (exact < 0.0 || rest <= 0.0)
            continue;
        for (size_t level = 0; level < TOC_LINKAGE_MISSING; level++)
            linkage->model.u[i][level] *= (1.0 - exact) / rest;
        linkage->model.u[i][TOC_LINKAGE_EXACT] = exact;
    }
    take_logs(learning);
}

static void begin_with_prior(struct learning *learning)
{
    struct toc_linkage *linkage = learning->linkage;
    double              smaller = linkage->one_list ? 0.2 * (double) linkage->n
                                                    : fmin((double) linkage->num_first, (double) (linkage->n - linkage->num_first));
    learning->matches = fmax(0.1, 0.5 * smaller);
    learning->households = learning->matches;
    learning->twins = 0.01 * learning->matches;
    learning->namesakes = linkage->has_namesakes ? learning->matches : NOBODY;
    for (size_t i = 0; i < linkage->num_columns; i++) {
        memcpy(linkage->model.m[i], toci_roles[linkage->columns[i].role].m, sizeof linkage->model.m[i]);
        memcpy(linkage->model.u[i], toci_roles[linkage->columns[i].role].u, sizeof linkage->model.u[i]);
    }
    take_logs(learning);
    learn_places(learning, (const double[PLACE_CELLS]){ 0 });
}

/* More agreement never speaks less for one person: neighbouring levels whose m / u fall are taken together, as isotonic
 * regression does (Ayer et al. 1955, doi:10.1214/aoms/1177728423). Disagreement never speaks for one person. */
struct pool {
    double m, u;
    size_t first; /* level */
};

static double ratio_of(const struct pool *pool)
{
    return pool->m / pool->u;
}

static void put_column_in_order(struct toc_linkage *linkage, size_t column)
{
    const struct toci_role *role = &toci_roles[linkage->columns[column].role];
    struct pool             pools[TOC_LINKAGE_NUM_LEVELS];
    size_t                  num = 0;
    for (size_t level = 0; level < TOC_LINKAGE_MISSING; level++) {
        double m = fmax(LEAST, linkage->model.m[column][level]), u = fmax(LEAST, linkage->model.u[column][level]);
        linkage->lr[column][level] = (float) log(m / u);
        if (role->m[level] <= 0 || level == TOC_LINKAGE_SWAPPED)
            continue;
        pools[num++] = (struct pool){ m, u, level };
        while (num > 1 && ratio_of(&pools[num - 1]) < ratio_of(&pools[num - 2])) {
            pools[num - 2].m += pools[num - 1].m;
            pools[num - 2].u += pools[num - 1].u;
            num--;
        }
    }
    for (size_t i = 0; i < num; i++)
        for (size_t level = pools[i].first; level < (i + 1 < num ? pools[i + 1].first : TOC_LINKAGE_MISSING); level++)
            if (level != TOC_LINKAGE_SWAPPED)
                linkage->lr[column][level] = (float) log(ratio_of(&pools[i]));
    if (linkage->lr[column][TOC_LINKAGE_DIFFERENT] > 0.0f)
        linkage->lr[column][TOC_LINKAGE_DIFFERENT] = 0.0f;
    linkage->lr[column][TOC_LINKAGE_MISSING] = 0.0f;
    for (size_t level = 0; level < TOC_LINKAGE_MISSING; level++) {
        double m = fmax(LEAST, linkage->model.m[column][level]);
        linkage->lm[column][level] = (float) log(m);
        linkage->model.u[column][level] = m / exp((double) linkage->lr[column][level]);
    }
}

#define MAX_ITERATIONS 100

int toc_linkage_estimate(struct toc_linkage *linkage, struct toc_error *error)
{
    struct learning learning = { .linkage = linkage };
    int             ret =
        make_tally(linkage, linkage->blocked, linkage->num_blocked, (double) linkage->stride, &learning.blocked, error);
    if (ret == 0)
        ret = make_tally(linkage, linkage->random, linkage->num_random, 1.0, &learning.random, error);
    if (ret != 0)
        goto out;
    begin_with_prior(&learning);
    for (linkage->model.iterations = 0; linkage->model.iterations < MAX_ITERATIONS; linkage->model.iterations++) {
        double before = learning.matches;
        expect(&learning);
        maximise(&learning);
        if (fabs(log(learning.matches / before)) < 1e-5 && linkage->model.iterations > 5)
            break;
    }
    linkage->model.matches = learning.matches;
    linkage->model.households = learning.households;
    linkage->model.twins = learning.twins;
    linkage->model.namesakes = learning.namesakes;
    linkage->prior = log(learning.matches / fmax(1.0, linkage->model.pairs));
    linkage->log_households = log(learning.households / fmax(1.0, linkage->model.pairs));
    linkage->log_twins = log(learning.twins / fmax(1.0, linkage->model.pairs));
    linkage->log_namesakes = log(learning.namesakes / fmax(1.0, linkage->model.pairs));
    for (size_t i = 0; i < linkage->num_columns; i++)
        put_column_in_order(linkage, i);
    toci_linkage_rarity(linkage);
out:
    free_tally(linkage, &learning.blocked);
    free_tally(linkage, &learning.random);
    return ret;
}
