/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From pairs to persons. */
#include <string.h>

#include "linkage_internal.h"

/* Most certain first; of equal ones by records. A heap, for libtocsin has no qsort. */
static bool before(const struct toc_linkage_pair *x, const struct toc_linkage_pair *y)
{
    if (x->log_odds != y->log_odds)
        return x->log_odds > y->log_odds;
    return x->a != y->a ? x->a < y->a : x->b < y->b;
}

static void sift(struct toc_linkage_pair *pairs, size_t at, size_t num)
{
    struct toc_linkage_pair moved = pairs[at];
    for (size_t child = 2 * at + 1; child < num; child = 2 * at + 1) {
        if (child + 1 < num && before(&pairs[child], &pairs[child + 1]))
            child++;
        if (!before(&moved, &pairs[child]))
            break;
        pairs[at] = pairs[child];
        at = child;
    }
    pairs[at] = moved;
}

static void sort(struct toc_linkage_pair *pairs, size_t num)
{
    for (size_t at = num / 2; at-- > 0;)
        sift(pairs, at, num);
    for (size_t end = num; end-- > 1;) {
        struct toc_linkage_pair last = pairs[0];
        pairs[0] = pairs[end];
        pairs[end] = last;
        sift(pairs, 0, end);
    }
}

/* ---- groups of one list ---- */

struct groups {
    const struct toc_linkage *linkage;
    uint32_t                 *group, *next, *last, *size; /* of each record; last and size of a group's first */
};

#define MOST_QUESTIONS 400 /* pairs between two groups that are looked at */
#define MOST_SAID 12.0     /* log odds that one pair may bring to a mean */

static double mean_odds(const struct groups *groups, uint32_t x, uint32_t y)
{
    struct toc_linkage_reasons reasons;
    double                     sum = 0.0;
    size_t                     num = 0;
    for (uint32_t i = x; i != UINT32_MAX; i = groups->next[i])
        for (uint32_t j = y; j != UINT32_MAX && num < MOST_QUESTIONS; j = groups->next[j], num++) {
            toc_linkage_explain(groups->linkage, i < j ? i : j, i < j ? j : i, &reasons);
            sum += fmax(-MOST_SAID, fmin(MOST_SAID, reasons.log_odds));
        }
    return sum / (double) num;
}

static void join(struct groups *groups, uint32_t x, uint32_t y)
{
    uint32_t first = x < y ? x : y, other = x < y ? y : x;
    for (uint32_t i = other; i != UINT32_MAX; i = groups->next[i])
        groups->group[i] = first;
    groups->next[groups->last[first]] = other;
    groups->last[first] = groups->last[other];
    groups->size[first] += groups->size[other];
}

static double log_odds_of(double probability)
{
    return log(probability / (1.0 - probability));
}

int toc_linkage_group(const struct toc_linkage *linkage, struct toc_linkage_pair *pairs, size_t num_pairs,
                      uint32_t *group, struct toc_error *error)
{
    int       ret = 0;
    size_t    n = linkage->n;
    double    wanted = log_odds_of(linkage->options.same);
    uint32_t *room = toci_allocate(&linkage->allocator, n == 0 ? 1 : n, 3 * sizeof *room, &ret, error);
    if (ret != 0)
        return ret;
    struct groups groups = { linkage, group, room, room + n, room + 2 * n };
    for (uint32_t i = 0; i < n; i++) {
        groups.group[i] = groups.last[i] = i;
        groups.next[i] = UINT32_MAX;
        groups.size[i] = 1;
    }
    sort(pairs, num_pairs);
    for (size_t i = 0; i < num_pairs && pairs[i].log_odds >= wanted; i++) {
        uint32_t x = group[pairs[i].a], y = group[pairs[i].b];
        bool     single = groups.size[x] == 1 && groups.size[y] == 1;
        if (x != y && (single || mean_odds(&groups, x, y) >= 0.0))
            join(&groups, x, y);
    }
    toci_release(&linkage->allocator, room, n == 0 ? 1 : n, 3 * sizeof *room);
    return 0;
}

/* ---- list A in list B ---- */

/* All pairs of one record of A lie between from and to, the most certain first. */
static struct toc_linkage_pair best_of(const struct toc_linkage *linkage, const struct toc_linkage_pair *pairs,
                                       size_t from, size_t to, const bool *taken)
{
    struct toc_linkage_reasons reasons;
    struct toc_linkage_pair    best = { 0, 0, -INFINITY };
    double                     rivals = 0.0; /* sum of their odds */
    for (size_t i = from; i < to; i++) {
        if (taken[pairs[i].b - linkage->num_first])
            continue;
        if (best.log_odds == -INFINITY) {
            best = pairs[i];
            continue;
        }
        toc_linkage_explain(linkage, best.b < pairs[i].b ? best.b : pairs[i].b,
                            best.b < pairs[i].b ? pairs[i].b : best.b, &reasons);
        if (reasons.log_odds < 0)
            rivals += exp(fmin(600.0, pairs[i].log_odds));
    }
    if (best.log_odds > -INFINITY)
        best.log_odds -= (float) log1p(rivals);
    return best;
}

/* Pairs by their record of A, each in the order they have: a sort by counting. */
static void by_first(const struct toc_linkage *linkage, const struct toc_linkage_pair *pairs, size_t num, size_t *begin,
                     struct toc_linkage_pair *sorted)
{
    memset(begin, 0, (linkage->num_first + 2) * sizeof *begin);
    for (size_t i = 0; i < num; i++)
        begin[pairs[i].a + 2]++;
    for (size_t a = 0; a < linkage->num_first; a++)
        begin[a + 2] += begin[a + 1];
    for (size_t i = 0; i < num; i++)
        sorted[begin[pairs[i].a + 1]++] = pairs[i];
}

static void choose(const struct toc_linkage *linkage, const struct toc_linkage_pair *pairs, size_t num_pairs,
                   const struct toc_linkage_pair *sorted, const size_t *begin, bool one_to_one, bool *taken,
                   struct toc_linkage_pair *best)
{
    double perhaps = log_odds_of(linkage->options.perhaps);
    for (uint32_t a = 0; a < linkage->num_first; a++)
        best[a] = (struct toc_linkage_pair){ a, a, -INFINITY };
    /* In the order of certainty, so that the most certain takes first. */
    for (size_t i = 0; i < num_pairs; i++) {
        uint32_t a = pairs[i].a;
        if (best[a].b != a || taken[pairs[i].b - linkage->num_first])
            continue;
        struct toc_linkage_pair found = best_of(linkage, sorted, begin[a], begin[a + 1], taken);
        if (found.log_odds < perhaps)
            continue;
        best[a] = found;
        taken[found.b - linkage->num_first] = one_to_one;
    }
}

int toc_linkage_assign(const struct toc_linkage *linkage, struct toc_linkage_pair *pairs, size_t num_pairs,
                       bool one_to_one, struct toc_linkage_pair *best, struct toc_error *error)
{
    int     ret = 0;
    size_t  second = linkage->n - linkage->num_first, room_pairs = num_pairs == 0 ? 1 : num_pairs;
    size_t *begin = toci_allocate(&linkage->allocator, linkage->num_first + 2, sizeof *begin, &ret, error);
    struct toc_linkage_pair *sorted = NULL;
    bool                    *taken = NULL;
    if (ret == 0)
        sorted = toci_allocate(&linkage->allocator, room_pairs, sizeof *sorted, &ret, error);
    if (ret == 0)
        taken = toci_allocate(&linkage->allocator, second == 0 ? 1 : second, sizeof *taken, &ret, error);
    if (ret != 0)
        goto out;
    memset(taken, 0, (second == 0 ? 1 : second) * sizeof *taken);
    sort(pairs, num_pairs);
    by_first(linkage, pairs, num_pairs, begin, sorted);
    choose(linkage, pairs, num_pairs, sorted, begin, one_to_one, taken, best);
out:
    if (taken != NULL)
        toci_release(&linkage->allocator, taken, second == 0 ? 1 : second, sizeof *taken);
    if (sorted != NULL)
        toci_release(&linkage->allocator, sorted, room_pairs, sizeof *sorted);
    if (begin != NULL)
        toci_release(&linkage->allocator, begin, linkage->num_first + 2, sizeof *begin);
    return ret;
}
