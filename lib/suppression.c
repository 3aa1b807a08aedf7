/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tocsin/suppression.h"

#include <string.h>

#include <Random123/philox.h>

#include "internal.h"

#define NONE TOC_SUPPRESSION_NO_PARENT
#define HIGHEST_SMALL 1000

struct table {
    const uint32_t *parent;
    const int64_t  *count;
    int64_t         small;
    uint64_t        seed;
    uint8_t        *decided;
    int64_t        *below;        /* of each area: the sum of the counts below it */
    uint32_t       *first, *next; /* areas below it, in their order */
};

static int check(const uint32_t *parent, const int64_t *count, size_t n, const struct toc_suppression_options *options,
                 struct toc_error *error)
{
    if (!(options->small >= 1 && options->small <= HIGHEST_SMALL))
        return toci_fail(error, TOC_ERR_OPTION, "options.small", TOC_NOWHERE, (double) options->small, "1 … 1000");
    for (size_t i = 0; i < n; i++) {
        if (parent[i] != NONE && parent[i] >= i)
            return toci_fail(error, TOC_ERR_SHAPE, "parent", i, parent[i], "an area before its own");
        if (count[i] < 0)
            return toci_fail(error, TOC_ERR_DOMAIN, "count", i, (double) count[i], ">= 0");
    }
    return 0;
}

static int lay_out(struct table *table, size_t n, struct toc_error *error)
{
    for (size_t i = 0; i < n; i++)
        table->first[i] = table->next[i] = NONE;
    memset(table->below, 0, n * sizeof *table->below);
    for (size_t i = n; i-- > 0;) {
        uint32_t parent = table->parent[i];
        if (parent == NONE)
            continue;
        table->next[i] = table->first[parent];
        table->first[parent] = (uint32_t) i;
        if (table->count[i] > table->count[parent] - table->below[parent])
            return toci_fail(error, TOC_ERR_DOMAIN, "count", parent, (double) table->count[parent],
                             "at least the sum of the counts below");
        table->below[parent] += table->count[i];
    }
    return 0;
}

static bool is_small(const struct table *table, uint32_t area)
{
    return table->count[area] >= 1 && table->count[area] <= table->small;
}

static uint64_t lot_of(const struct table *table, uint32_t area)
{
    philox4x32_ctr_t counter = { { area, 0, 0, 0 } };
    philox4x32_key_t key = { { (uint32_t) table->seed, (uint32_t) (table->seed >> 32) } };
    philox4x32_ctr_t drawn = philox4x32(counter, key);
    return (uint64_t) drawn.v[0] << 32 | drawn.v[1];
}

/* One that is shown and not 0, by lot. NONE: all are left out, or 0. */
static uint32_t draw_shown(const struct table *table, uint32_t parent)
{
    uint32_t found = NONE;
    for (uint32_t i = table->first[parent]; i != NONE; i = table->next[i])
        if (table->decided[i] == TOC_SUPPRESSION_SHOWN && table->count[i] > 0 &&
            (found == NONE || lot_of(table, i) < lot_of(table, found)))
            found = i;
    return found;
}

/* Could each of k counts that are not 0 and have the sum be larger than small, and is none of them the sum itself? */
static bool protects(const struct table *table, size_t k, int64_t sum)
{
    return k >= 2 && sum - (int64_t) (k - 1) > table->small;
}

/* The areas below one that is shown. */
static void decide_below(struct table *table, uint32_t parent)
{
    size_t  k = 0;
    int64_t sum = 0;
    for (uint32_t i = table->first[parent]; i != NONE; i = table->next[i]) {
        table->decided[i] = is_small(table, i) ? TOC_SUPPRESSION_SMALL : TOC_SUPPRESSION_SHOWN;
        k += is_small(table, i);
        sum += is_small(table, i) ? table->count[i] : 0;
    }
    while (k > 0 && !protects(table, k, sum)) {
        uint32_t more = draw_shown(table, parent);
        if (more == NONE)
            break;
        table->decided[more] = TOC_SUPPRESSION_PROTECTING;
        sum += table->count[more];
        k++;
    }
    bool withheld = k > 0 && !protects(table, k, sum);
    for (uint32_t i = table->first[parent]; withheld && i != NONE; i = table->next[i])
        table->decided[i] = TOC_SUPPRESSION_WITHHELD;
}

static void decide(struct table *table, size_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (table->parent[i] == NONE)
            table->decided[i] = is_small(table, i) ? TOC_SUPPRESSION_SMALL : TOC_SUPPRESSION_SHOWN;
        if (table->decided[i] == TOC_SUPPRESSION_SHOWN)
            decide_below(table, i);
        else
            for (uint32_t k = table->first[i]; k != NONE; k = table->next[k])
                table->decided[k] = TOC_SUPPRESSION_WITHHELD;
    }
}

int toc_suppress(const uint32_t *parent, const int64_t *count, size_t n, const struct toc_suppression_options *options,
                 const struct toc_allocator *allocator, uint8_t *decided, struct toc_error *error)
{
    struct table table = {
        .parent = parent, .count = count, .small = options->small, .seed = options->seed, .decided = decided
    };
    int ret = check(parent, count, n, options, error);
    if (ret != 0 || n == 0)
        return ret;
    table.below = toci_allocate(allocator, n, sizeof *table.below, &ret, error);
    if (ret == 0)
        table.first = toci_allocate(allocator, n, sizeof *table.first, &ret, error);
    if (ret == 0)
        table.next = toci_allocate(allocator, n, sizeof *table.next, &ret, error);
    if (ret == 0)
        ret = lay_out(&table, n, error);
    if (ret == 0)
        decide(&table, n);
    toci_release(allocator, table.next, n, sizeof *table.next);
    toci_release(allocator, table.first, n, sizeof *table.first);
    toci_release(allocator, table.below, n, sizeof *table.below);
    return ret;
}
