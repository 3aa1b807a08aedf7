/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tocsin/grouping.h"

#include <math.h>
#include <string.h>

#include "grouping_excess.h"
#include "internal.h"

#define NONE UINT32_MAX
#define MOST_LEVELS 64
#define SCORE_IN_SIGMA 2.58 /* a score of 1 is the threshold of a detector, about so many standard deviations */

/* Series in an order: by field or line, then by signal. */
struct key {
    uint32_t root;
    int64_t  signal;
    uint32_t series;
};

struct grouping {
    const struct toc_grouping_map     *map;
    const struct toc_grouping_series  *series;
    size_t                             num;
    const struct toc_grouping_options *options;
    struct toc_grouping_place         *places; /* signal: < 0 = new group -(signal + 1) */
    struct toc_grouping_signal        *groups; /* new ones */
    size_t                             num_groups;
    struct toci_grouping_row          *rows;
    double                            *sums;
    struct key                        *keys;
    uint32_t                          *first, *next; /* live series of each area */
    uint32_t                          *field, *line; /* of each series: its representative, towards the root */
    uint32_t                          *count;        /* of each field's root: live areas */
    int64_t                           *chosen;       /* of each root: the open signal that is joined; 0 = none */
    uint8_t                           *contains;     /* of each area: areas with alarms lie below it */
};

/* ---- checks ---- */

static int check_options(const struct toc_grouping_options *options, struct toc_error *error)
{
    if (options->wave_areas < 2)
        return toci_fail(error, TOC_ERR_OPTION, "options.wave_areas", TOC_NOWHERE, options->wave_areas, ">= 2");
    if (!(options->own_line > 0))
        return toci_fail(error, TOC_ERR_OPTION, "options.own_line", TOC_NOWHERE, options->own_line, "> 0");
    if (!(options->own_line_first > 0))
        return toci_fail(error, TOC_ERR_OPTION, "options.own_line_first", TOC_NOWHERE, options->own_line_first, "> 0");
    if (!(options->own_cases >= 0))
        return toci_fail(error, TOC_ERR_OPTION, "options.own_cases", TOC_NOWHERE, options->own_cases, ">= 0");
    return 0;
}

static int check_map(const struct toc_grouping_map *map, struct toc_error *error)
{
    if (map->first_neighbour[0] != 0)
        return toci_fail(error, TOC_ERR_SHAPE, "map.first_neighbour", 0, (double) map->first_neighbour[0], "0");
    for (size_t i = 0; i < map->num_areas; i++) {
        if (map->first_neighbour[i + 1] < map->first_neighbour[i])
            return toci_fail(error, TOC_ERR_SHAPE, "map.first_neighbour", i + 1, (double) map->first_neighbour[i + 1],
                             "not below the one before");
        for (size_t k = map->first_neighbour[i]; k < map->first_neighbour[i + 1]; k++)
            if (map->neighbour[k] >= map->num_areas)
                return toci_fail(error, TOC_ERR_SHAPE, "map.neighbour", k, map->neighbour[k], "an area");
        size_t levels = 0;
        for (uint32_t up = (uint32_t) i; map->parent != NULL && map->parent[up] != TOC_GROUPING_NO_AREA;
             up = map->parent[up], levels++)
            if (map->parent[up] >= map->num_areas || levels == MOST_LEVELS)
                return toci_fail(error, TOC_ERR_SHAPE, "map.parent", up, map->parent[up],
                                 "an area, in a tree of at most 64 levels");
    }
    return 0;
}

static int check_series(const struct grouping *g, int64_t next, struct toc_error *error)
{
    for (size_t i = 0; i < g->num; i++) {
        const struct toc_grouping_series *one = &g->series[i];
        if (one->area >= g->map->num_areas)
            return toci_fail(error, TOC_ERR_SHAPE, "series.area", i, one->area, "an area");
        if (one->peers >= g->num)
            return toci_fail(error, TOC_ERR_SHAPE, "series.peers", i, one->peers, "below the number of series");
        if (one->signal < 0 || one->signal >= next)
            return toci_fail(error, TOC_ERR_SHAPE, "series.signal", i, (double) one->signal, "0 … next - 1");
        if (one->observed < 0 || one->before[0] < 0 || one->before[1] < 0)
            return toci_fail(error, TOC_ERR_DOMAIN, "series.observed", i, one->observed, ">= 0, also before");
    }
    return 0;
}

/* ---- order; a heap, for libtocsin has no qsort ---- */

static bool key_before(const struct key *x, const struct key *y)
{
    if (x->root != y->root)
        return x->root < y->root;
    return x->signal != y->signal ? x->signal < y->signal : x->series < y->series;
}

static void sift(struct key *keys, size_t at, size_t num)
{
    struct key moved = keys[at];
    for (size_t child = 2 * at + 1; child < num; child = 2 * at + 1) {
        if (child + 1 < num && key_before(&keys[child], &keys[child + 1]))
            child++;
        if (!key_before(&moved, &keys[child]))
            break;
        keys[at] = keys[child];
        at = child;
    }
    keys[at] = moved;
}

static void sort(struct key *keys, size_t num)
{
    for (size_t at = num / 2; at-- > 0;)
        sift(keys, at, num);
    for (size_t end = num; end-- > 1;) {
        struct key last = keys[0];
        keys[0] = keys[end];
        keys[end] = last;
        sift(keys, 0, end);
    }
}

/* ---- who belongs together ---- */

static uint32_t root_of(uint32_t *towards, uint32_t at)
{
    while (towards[at] != at) {
        towards[at] = towards[towards[at]];
        at = towards[at];
    }
    return at;
}

/* The lower number is the root, so that the order of joining does not matter. */
static void join(uint32_t *towards, uint32_t x, uint32_t y)
{
    x = root_of(towards, x);
    y = root_of(towards, y);
    towards[x > y ? x : y] = x > y ? y : x;
}

static bool is_container(const struct grouping *g, size_t i)
{
    return g->series[i].alarm && g->contains[g->series[i].area] != 0;
}

/* An alarm, or an area that a signal is still open in. */
static bool is_live(const struct grouping *g, size_t i)
{
    return (g->series[i].alarm || g->series[i].signal != 0) && !is_container(g, i);
}

static void find_live(struct grouping *g)
{
    const uint32_t *parent = g->map->parent;
    memset(g->contains, 0, g->map->num_areas);
    for (size_t i = 0; parent != NULL && i < g->num; i++)
        for (uint32_t up = g->series[i].area; g->series[i].alarm && parent[up] != TOC_GROUPING_NO_AREA; up = parent[up])
            g->contains[parent[up]] = 1;
    for (size_t a = 0; a < g->map->num_areas; a++)
        g->first[a] = NONE;
    for (size_t i = g->num; i-- > 0;) {
        g->field[i] = g->line[i] = (uint32_t) i;
        g->chosen[i] = 0;
        g->count[i] = 0;
        g->next[i] = NONE;
        if (!is_live(g, i))
            continue;
        g->next[i] = g->first[g->series[i].area];
        g->first[g->series[i].area] = (uint32_t) i;
    }
}

/* Across at most two borders; what lies between need not be live. */
static void find_fields(struct grouping *g)
{
    const struct toc_grouping_map *map = g->map;
    for (uint32_t a = 0; a < map->num_areas; a++) {
        if (g->first[a] == NONE)
            continue;
        for (uint32_t i = g->next[g->first[a]]; i != NONE; i = g->next[i])
            join(g->field, g->first[a], i);
        for (size_t k = map->first_neighbour[a]; k < map->first_neighbour[a + 1]; k++) {
            uint32_t near = map->neighbour[k];
            if (g->first[near] != NONE)
                join(g->field, g->first[a], g->first[near]);
            for (size_t m = map->first_neighbour[near]; m < map->first_neighbour[near + 1]; m++)
                if (g->first[map->neighbour[m]] != NONE)
                    join(g->field, g->first[a], g->first[map->neighbour[m]]);
        }
    }
    for (uint32_t a = 0; a < map->num_areas; a++)
        if (g->first[a] != NONE)
            g->count[root_of(g->field, g->first[a])]++;
}

static bool in_wave(struct grouping *g, uint32_t i)
{
    return g->count[root_of(g->field, i)] >= (uint32_t) g->options->wave_areas;
}

/* Of each root, the open signal with most series, of two alike the older one. Roots: of `towards`, over series that
 * `member` takes. */
static void choose_open(struct grouping *g, uint32_t *towards, bool (*member)(struct grouping *g, uint32_t i))
{
    size_t num = 0;
    for (uint32_t i = 0; i < g->num; i++) {
        g->chosen[i] = 0;
        if (is_live(g, i) && g->series[i].signal != 0 && member(g, i))
            g->keys[num++] = (struct key){ root_of(towards, i), g->series[i].signal, i };
    }
    sort(g->keys, num);
    for (size_t i = 0, best = 0; i < num;) {
        size_t end = i;
        while (end < num && g->keys[end].root == g->keys[i].root && g->keys[end].signal == g->keys[i].signal)
            end++;
        if (i == 0 || g->keys[i - 1].root != g->keys[i].root)
            best = 0;
        if (end - i > best) {
            best = end - i;
            g->chosen[g->keys[i].root] = g->keys[i].signal;
        }
        i = end;
    }
}

/* ---- new groups ---- */

static double weight_of(const struct grouping *g, uint32_t i)
{
    if (!isnan(g->places[i].excess))
        return g->places[i].excess;
    return isnan(g->series[i].score) ? 0 : SCORE_IN_SIGMA * g->series[i].score;
}

static int64_t new_group(struct grouping *g, enum toc_grouping_kind kind)
{
    g->groups[g->num_groups] = (struct toc_grouping_signal){ .kind = kind, .weight = -INFINITY };
    g->num_groups++;
    return -(int64_t) g->num_groups;
}

static void count_in(struct grouping *g, uint32_t i)
{
    struct toc_grouping_signal *group = &g->groups[-g->places[i].signal - 1];
    double                      weight = weight_of(g, i);
    group->num_alarms++;
    group->exempt = group->exempt || g->series[i].exempt;
    if (weight > group->weight) {
        group->weight = weight;
        group->lead = i;
    }
}

/* ---- waves ---- */

static bool exceeds(const struct grouping *g, uint32_t i)
{
    double limit = g->series[i].signal != 0 ? g->options->own_line : g->options->own_line_first;
    return g->rows[i].excess >= limit && g->series[i].observed - g->rows[i].explained >= g->options->own_cases;
}

static bool any_member(struct grouping *g, uint32_t i)
{
    (void) g;
    (void) i;
    return true;
}

/* Alarms of waves that the wave takes; those beyond it stay without a place for now. */
static void place_in_waves(struct grouping *g)
{
    bool any = false;
    for (uint32_t i = 0; i < g->num && !any; i++)
        any = g->series[i].alarm && is_live(g, i) && in_wave(g, i);
    if (!any)
        return;
    toci_grouping_explain(g->map, g->series, g->num, g->sums, g->rows);
    choose_open(g, g->field, any_member);
    for (uint32_t i = 0; i < g->num; i++) {
        if (!g->series[i].alarm || !is_live(g, i) || !in_wave(g, i))
            continue;
        uint32_t root = root_of(g->field, i);
        g->places[i].explained = g->rows[i].explained;
        g->places[i].excess = g->rows[i].excess;
        if (g->series[i].signal != 0 && g->series[i].signal != g->chosen[root])
            g->places[i].signal = g->series[i].signal;
        else if (!exceeds(g, i)) {
            if (g->chosen[root] == 0)
                g->chosen[root] = new_group(g, TOC_GROUPING_WAVE);
            g->places[i].signal = g->chosen[root];
        }
    }
}

/* ---- lines: signals outside waves, and those beyond them ---- */

/* In a wave, those that exceed it: newly, or still. */
static bool in_line(struct grouping *g, uint32_t i)
{
    if (!is_live(g, i))
        return false;
    if (!in_wave(g, i))
        return true;
    return g->series[i].alarm && (g->places[i].signal == 0 || (g->places[i].signal > 0 && exceeds(g, i)));
}

/* Those of a line that have a signal already: in a wave, one that is not the wave's. */
static bool has_line(struct grouping *g, uint32_t i)
{
    return in_line(g, i) && (!in_wave(g, i) || g->places[i].signal > 0);
}

static void join_lines(struct grouping *g, uint32_t a, uint32_t b)
{
    for (uint32_t i = g->first[a]; i != NONE; i = g->next[i])
        for (uint32_t k = g->first[b]; k != NONE; k = g->next[k])
            if (in_line(g, i) && in_line(g, k))
                join(g->line, i, k);
}

static void find_lines(struct grouping *g)
{
    const struct toc_grouping_map *map = g->map;
    for (uint32_t a = 0; a < map->num_areas; a++) {
        if (g->first[a] == NONE)
            continue;
        join_lines(g, a, a);
        for (size_t k = map->first_neighbour[a]; k < map->first_neighbour[a + 1]; k++)
            if (map->neighbour[k] < a)
                join_lines(g, a, map->neighbour[k]);
    }
}

static bool lies_below(const struct toc_grouping_map *map, uint32_t area, uint32_t above)
{
    for (area = map->parent[area]; area != TOC_GROUPING_NO_AREA; area = map->parent[area])
        if (area == above)
            return true;
    return false;
}

/* A signal that areas above have raised, with nothing open below them yet. 0 = none. */
static int64_t open_above(const struct grouping *g, uint32_t i)
{
    for (uint32_t k = 0; g->map->parent != NULL && k < g->num; k++) {
        bool above = g->series[k].signal != 0 && lies_below(g->map, g->series[i].area, g->series[k].area);
        for (uint32_t m = 0; above && m < g->num; m++)
            above =
                g->series[m].signal != g->series[k].signal || lies_below(g->map, g->series[i].area, g->series[m].area);
        if (above)
            return g->series[k].signal;
    }
    return 0;
}

static void place_lines(struct grouping *g)
{
    find_lines(g);
    choose_open(g, g->line, has_line);
    for (uint32_t i = 0; i < g->num; i++) {
        if (!g->series[i].alarm || !is_live(g, i) || g->places[i].signal != 0)
            continue;
        uint32_t root = root_of(g->line, i);
        if (!in_wave(g, i) && g->series[i].signal != 0) {
            g->places[i].signal = g->series[i].signal;
            continue;
        }
        if (g->chosen[root] == 0 && !in_wave(g, i))
            g->chosen[root] = open_above(g, i);
        if (g->chosen[root] == 0)
            g->chosen[root] = new_group(g, in_wave(g, i) ? TOC_GROUPING_BEYOND_WAVE : TOC_GROUPING_FIRST);
        g->places[i].signal = g->chosen[root];
    }
}

/* ---- areas that contain others with alarms ---- */

/* The signal that most alarms below belong to, of two alike the one it has had, then the one found first. */
static void place_container(struct grouping *g, uint32_t i)
{
    size_t num = 0, best = 0;
    for (uint32_t k = 0; k < g->num; k++)
        if (g->series[k].alarm && !is_container(g, k) && lies_below(g->map, g->series[k].area, g->series[i].area))
            g->keys[num++] = (struct key){ 0, g->places[k].signal, k };
    sort(g->keys, num);
    for (size_t at = 0, end; at < num; at = end) {
        for (end = at; end < num && g->keys[end].signal == g->keys[at].signal;)
            end++;
        size_t twice = 2 * (end - at) + (g->keys[at].signal == g->series[i].signal);
        if (twice > best) {
            best = twice;
            g->places[i].signal = g->keys[at].signal;
        }
    }
}

/* ---- numbers ---- */

static bool answered_before(const struct toc_grouping_signal *x, const struct toc_grouping_signal *y)
{
    if (x->exempt != y->exempt)
        return x->exempt;
    return x->weight != y->weight ? x->weight > y->weight : x->lead < y->lead;
}

/* Put the new ones in order, by insertion: they are few. number holds each one's place before. */
static void order_groups(struct grouping *g, int64_t next)
{
    size_t in_budget = 0;
    for (size_t i = 0; i < g->num_groups; i++) {
        struct toc_grouping_signal moved = g->groups[i];
        size_t                     at = i;
        moved.number = -(int64_t) (i + 1);
        for (; at > 0 && answered_before(&moved, &g->groups[at - 1]); at--)
            g->groups[at] = g->groups[at - 1];
        g->groups[at] = moved;
    }
    for (size_t i = 0; i < g->num_groups; i++) {
        g->chosen[-g->groups[i].number - 1] = next + (int64_t) i;
        g->groups[i].number = next + (int64_t) i;
        if (!g->groups[i].exempt)
            g->groups[i].deferred = ++in_budget > g->options->budget;
    }
    for (size_t i = 0; i < g->num; i++)
        if (g->places[i].signal < 0)
            g->places[i].signal = g->chosen[-g->places[i].signal - 1];
}

static void group_all(struct grouping *g, int64_t next)
{
    for (size_t i = 0; i < g->num; i++) {
        g->places[i] = (struct toc_grouping_place){ 0, NAN, NAN };
        g->rows[i].explained = g->rows[i].excess = NAN;
    }
    find_live(g);
    find_fields(g);
    place_in_waves(g);
    place_lines(g);
    for (uint32_t i = 0; i < g->num; i++)
        if (is_container(g, i))
            place_container(g, i);
    for (uint32_t i = 0; i < g->num; i++)
        if (g->places[i].signal < 0)
            count_in(g, i);
    order_groups(g, next);
}

/* ---- memory ---- */

struct block {
    unsigned char *bytes;
    size_t         size;
};

/* The next part of the block; of no block: only its size is counted. All parts are a multiple of 16 bytes. */
static void *part(struct block *block, size_t count, size_t size)
{
    size_t at = block->size;
    block->size += (count * size + 15) / 16 * 16;
    return block->bytes != NULL ? block->bytes + at : NULL;
}

static void lay_out(struct grouping *g, struct block *block)
{
    size_t areas = g->map->num_areas;
    block->size = 0;
    g->rows = part(block, g->num, sizeof *g->rows);
    g->sums = part(block, 2 * areas + g->num, sizeof *g->sums);
    g->keys = part(block, g->num, sizeof *g->keys);
    g->chosen = part(block, g->num, sizeof *g->chosen);
    g->first = part(block, areas, sizeof *g->first);
    g->next = part(block, g->num, sizeof *g->next);
    g->field = part(block, g->num, sizeof *g->field);
    g->line = part(block, g->num, sizeof *g->line);
    g->count = part(block, g->num, sizeof *g->count);
    g->contains = part(block, areas, sizeof *g->contains);
    g->places = part(block, g->num, sizeof *g->places);
    g->groups = part(block, g->num, sizeof *g->groups);
}

int toc_grouping_step(const struct toc_grouping_map *map, const struct toc_grouping_series *series, size_t num,
                      int64_t next, const struct toc_grouping_options *options, const struct toc_allocator *allocator,
                      struct toc_grouping_place *places, struct toc_grouping_signal *signals, size_t *num_signals,
                      struct toc_error *error)
{
    struct grouping g = { .map = map, .series = series, .num = num, .options = options };
    struct block    block = { NULL, 0 };
    int             ret = check_options(options, error);
    if (ret == 0)
        ret = check_map(map, error);
    if (ret == 0)
        ret = check_series(&g, next, error);
    if (ret != 0)
        goto out;
    if (num >= UINT32_MAX || map->num_areas >= UINT32_MAX) {
        ret = toci_fail(error, TOC_ERR_TOO_LARGE, "num", TOC_NOWHERE, (double) num, "below 2^32 - 1");
        goto out;
    }
    if (num == 0) {
        *num_signals = 0;
        goto out;
    }
    lay_out(&g, &block);
    block.bytes = toci_allocate(allocator, block.size, 1, &ret, error);
    if (block.bytes == NULL)
        goto out;
    lay_out(&g, &block);
    group_all(&g, next);
    memcpy(places, g.places, num * sizeof *places);
    memcpy(signals, g.groups, g.num_groups * sizeof *signals);
    *num_signals = g.num_groups;
    toci_release(allocator, block.bytes, block.size, 1);
out:
    return ret;
}
