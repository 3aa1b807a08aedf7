/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which pairs are worth comparing: records that agree in one of several keys.
 *
 * Each rule has a key of parts that must agree; a block that would make too many pairs is cut by the rule's further
 * parts, and left out where it is still too large after the last. Rules overlap on purpose: an error in one part is
 * made good by a rule without it. */
#include <string.h>

#include "linkage_internal.h"

/* ---- the rules ---- */

static struct toci_rule *add_rule(struct toc_linkage *linkage)
{
    struct toci_rule *rule = &linkage->rules[linkage->num_rules];
    *rule = (struct toci_rule){ .num_needed = 0 };
    linkage->num_rules++;
    return rule;
}

/* A rule: which columns and how; a column of -1 makes a rule without `needed` void, and is left out behind it. */
struct wanted {
    int column, kind;
};

static void rule(struct toc_linkage *linkage, size_t num_needed, const struct wanted wanted[MAX_PARTS])
{
    if (linkage->num_rules == MAX_RULES)
        return;
    for (size_t i = 0; i < num_needed; i++)
        if (wanted[i].column < 0)
            return;
    struct toci_rule *made = add_rule(linkage);
    made->num_needed = (uint8_t) num_needed;
    for (size_t i = 0; i < MAX_PARTS; i++)
        if (wanted[i].column > 0)
            made->parts[made->num_parts++] =
                (struct toci_part){ (uint8_t) wanted[i].kind, (uint8_t) (wanted[i].column - 1) };
}

/* Columns here count from 1, so that 0 (no more parts) ends a list. */
#define RULE(needed, ...) rule(linkage, (needed), (const struct wanted[MAX_PARTS]){ __VA_ARGS__ })

static int column_of(const struct toc_linkage *linkage, enum toc_linkage_role role)
{
    return linkage->column_of[role] < 0 ? -1 : linkage->column_of[role] + 1;
}

/* The columns of the place with the most values: up to two. */
static void finest_places(const struct toc_linkage *linkage, int finest[2])
{
    finest[0] = finest[1] = -1;
    for (size_t i = 0; i < linkage->num_columns; i++) {
        const struct toci_column *column = &linkage->columns[i];
        if (!toci_roles[column->role].place)
            continue;
        if (finest[0] < 0 || column->num_values > linkage->columns[finest[0] - 1].num_values) {
            finest[1] = finest[0];
            finest[0] = (int) i + 1;
        } else if (finest[1] < 0 || column->num_values > linkage->columns[finest[1] - 1].num_values) {
            finest[1] = (int) i + 1;
        }
    }
}

static void rules_of_numbers(struct toc_linkage *linkage, int given, int birth)
{
    for (size_t i = 0; i < linkage->num_columns; i++) {
        int column = (int) i + 1;
        switch (linkage->columns[i].role) {
        case TOC_LINKAGE_IDENTIFIER: RULE(1, { column, PART_WHOLE }, { given, PART_INITIAL }); break;
        case TOC_LINKAGE_PHONE: RULE(1, { column, PART_WHOLE }, { given, PART_INITIAL }, { birth, PART_YEAR }); break;
        default: break;
        }
    }
}

static void rules_of_place(struct toc_linkage *linkage, int place, int given, int family, int birth)
{
    RULE(2, { place, PART_WHOLE }, { family, PART_PHONETIC }, { given, PART_INITIAL }, { birth, PART_YEAR });
    RULE(2, { place, PART_WHOLE }, { given, PART_PHONETIC }, { family, PART_INITIAL }, { birth, PART_YEAR });
    RULE(2, { place, PART_WHOLE }, { birth, PART_YEAR }, { birth, PART_MONTH_DAY });
    RULE(2, { place, PART_WHOLE }, { birth, PART_MONTH_DAY }, { given, PART_INITIAL });
}

/* What a list has besides names and dates. */
static void rules_of_rest(struct toc_linkage *linkage, int given, int family, int birth)
{
    int finest[2];
    finest_places(linkage, finest);
    int address = column_of(linkage, TOC_LINKAGE_ADDRESS), other = column_of(linkage, TOC_LINKAGE_OTHER);
    for (int i = 0; i < 2; i++)
        rules_of_place(linkage, finest[i], given, family, birth);
    RULE(2, { address, PART_WHOLE }, { given, PART_INITIAL }, { birth, PART_YEAR });
    RULE(2, { address, PART_WHOLE }, { family, PART_INITIAL }, { birth, PART_YEAR });
    RULE(2, { address, PART_WHOLE }, { birth, PART_YEAR }, { birth, PART_MONTH_DAY });
    RULE(2, { other, PART_WHOLE }, { family, PART_WHOLE }, { birth, PART_YEAR });
    RULE(2, { other, PART_WHOLE }, { birth, PART_YEAR }, { given, PART_INITIAL }, { family, PART_INITIAL });
}

void toci_linkage_rules(struct toc_linkage *linkage)
{
    int given = column_of(linkage, TOC_LINKAGE_GIVEN), family = column_of(linkage, TOC_LINKAGE_FAMILY);
    int birth = column_of(linkage, TOC_LINKAGE_BIRTH_DATE);
    rules_of_numbers(linkage, given, birth);
    RULE(2, { birth, PART_YEAR_MONTH }, { birth, PART_MONTH_DAY }, { given, PART_INITIAL });
    RULE(2, { birth, PART_YEAR }, { birth, PART_MONTH_DAY }, { family, PART_INITIAL });
    RULE(2, { given, PART_PHONETIC }, { family, PART_PHONETIC }, { birth, PART_YEAR }, { birth, PART_MONTH_DAY });
    if (given > 0 && family > 0)
        RULE(1, { given, PART_EITHER }, { birth, PART_YEAR }, { birth, PART_MONTH_DAY });
    RULE(2, { family, PART_WHOLE }, { birth, PART_YEAR }, { given, PART_INITIAL });
    RULE(2, { given, PART_WHOLE }, { birth, PART_YEAR }, { family, PART_INITIAL });
    RULE(2, { family, PART_PHONETIC }, { birth, PART_MONTH_DAY }, { given, PART_INITIAL });
    RULE(2, { given, PART_PHONETIC }, { birth, PART_MONTH_DAY }, { family, PART_INITIAL });
    RULE(2, { given, PART_BEGIN }, { family, PART_BEGIN }, { birth, PART_YEAR });
    RULE(2, { given, PART_BEGIN }, { birth, PART_YEAR_MONTH }, { family, PART_INITIAL });
    RULE(2, { family, PART_BEGIN }, { birth, PART_YEAR_MONTH }, { given, PART_INITIAL });
    rules_of_rest(linkage, given, family, birth);
    if (linkage->num_rules == 0)
        for (size_t i = 0; i < linkage->num_columns; i++)
            RULE(1, { (int) i + 1, PART_WHOLE });
}

/* ---- keys ---- */

static uint32_t begin(const struct toci_dictionary *dictionary, uint32_t v, size_t num)
{
    size_t   size = dictionary->first[v + 1] - dictionary->first[v];
    uint32_t code = 1;
    for (size_t i = 0; i < num && i < size; i++)
        code = code * 65599u + dictionary->units[dictionary->first[v] + i];
    return size == 0 ? 0 : code | 1u << 31;
}

/* Both names by sound, the smaller first. */
static uint32_t either(const struct toc_linkage *linkage, size_t record, uint32_t given)
{
    int      at = linkage->column_of[TOC_LINKAGE_FAMILY];
    uint32_t family = linkage->value[record * linkage->num_columns + (size_t) at];
    if (family == 0)
        return 0;
    const struct toci_column *of_given = &linkage->columns[linkage->column_of[TOC_LINKAGE_GIVEN]];
    uint32_t                  one = of_given->dictionary->phonetic[given - 1];
    uint32_t                  two = linkage->columns[at].dictionary->phonetic[family - 1];
    if (one == 0 || two == 0)
        return 0;
    uint64_t low = one < two ? one : two, high = one < two ? two : one;
    return (uint32_t) toci_mix(low << 32 | high) | 1;
}

static uint32_t date_part(uint32_t value, enum toci_part_kind kind)
{
    switch (kind) {
    case PART_YEAR: return value / 10000;
    case PART_MONTH_DAY: return value % 100 != 0 ? value % 10000 : 0;
    case PART_YEAR_MONTH: return value / 100 % 100 != 0 ? value / 100 : 0;
    default: return value;
    }
}

/* The part of a record's key; 0 = it has none. */
static uint32_t part_of(const struct toc_linkage *linkage, size_t record, struct toci_part part)
{
    uint32_t                      value = linkage->value[record * linkage->num_columns + part.column];
    const struct toci_dictionary *dictionary = linkage->columns[part.column].dictionary;
    if (value == 0)
        return 0;
    if (dictionary == NULL)
        return date_part(value, part.kind);
    switch (part.kind) {
    case PART_PHONETIC: return dictionary->phonetic[value - 1];
    case PART_BEGIN: return begin(dictionary, value - 1, 3);
    case PART_INITIAL: return begin(dictionary, value - 1, 1);
    case PART_EITHER: return either(linkage, record, value);
    default: return dictionary->sound[value - 1] + 1;
    }
}

/* 33 bits are kept: three passes of sorting. That two keys become one now and then makes a few pairs more. */
#define KEY_BITS 33
#define DIGIT_BITS 11
#define DIGITS (1u << DIGIT_BITS)

static uint64_t add_to_key(uint64_t key, uint32_t part)
{
    return toci_mix(key * UINT64_C(0x9e3779b97f4a7c15) + part) & ((UINT64_C(1) << KEY_BITS) - 1);
}

void toci_sort_keyed(struct toci_keyed *items, struct toci_keyed *room, size_t num)
{
    for (int pass = 0; pass < 3; pass++) {
        uint32_t place[DIGITS + 1] = { 0 };
        int      shift = pass * DIGIT_BITS;
        for (size_t i = 0; i < num; i++)
            place[(items[i].key >> shift & (DIGITS - 1)) + 1]++;
        for (size_t digit = 0; digit < DIGITS; digit++)
            place[digit + 1] += place[digit];
        for (size_t i = 0; i < num; i++)
            room[place[items[i].key >> shift & (DIGITS - 1)]++] = items[i];
        struct toci_keyed *other = items;
        items = room;
        room = other;
    }
    memcpy(room, items, num * sizeof *items); /* three passes end in the other array */
}

/* ---- blocks ---- */

struct blocking {
    const struct toc_linkage *linkage;
    const struct toci_rule   *rule;
    struct toci_keyed        *items, *room;
    size_t                    num;
    uint64_t                  most_pairs; /* of a block */
    struct toci_blocks       *blocks;
};

static size_t keys_needed(struct blocking *work)
{
    const struct toc_linkage *linkage = work->linkage;
    size_t                    num = 0;
    for (size_t r = 0; r < linkage->n; r++) {
        uint64_t key = 1;
        bool     whole = true;
        for (size_t i = 0; i < work->rule->num_needed && whole; i++) {
            uint32_t part = part_of(linkage, r, work->rule->parts[i]);
            whole = part != 0;
            key = add_to_key(key, part);
        }
        if (whole)
            work->items[num++] = (struct toci_keyed){ key, (uint32_t) r };
    }
    return num;
}

/* The pairs of the run of equal keys at `at`; *end behind it, *second where list B begins. */
static uint64_t run_of(const struct blocking *work, size_t at, size_t *end, size_t *second)
{
    const struct toci_keyed *items = work->items;
    size_t                   first = at;
    *second = at;
    for (*end = at; *end < work->num && items[*end].key == items[first].key; (*end)++)
        if (items[*end].record < work->linkage->num_first)
            *second = *end + 1;
    uint64_t all = *end - first, of_a = *second - first;
    return work->linkage->one_list ? all * (all - 1) / 2 : of_a * (all - of_a);
}

static void put_block(struct blocking *work, size_t at, size_t end, size_t second, uint64_t pairs)
{
    struct toci_blocks *blocks = work->blocks;
    blocks->first[blocks->num_blocks] = (uint32_t) blocks->num_order;
    blocks->second[blocks->num_blocks] = (uint32_t) (blocks->num_order + (work->linkage->one_list ? 0 : second - at));
    for (size_t i = at; i < end; i++)
        blocks->order[blocks->num_order++] = work->items[i].record;
    blocks->num_blocks++;
    blocks->first[blocks->num_blocks] = (uint32_t) blocks->num_order;
    blocks->pairs += (double) pairs;
}

/* Keep the runs that are small enough; the others, with the next part in their keys, remain as items. */
static void keep_small(struct blocking *work, size_t next_part)
{
    const struct toci_rule *rule = work->rule;
    size_t                  remain = 0, end, second;
    for (size_t at = 0; at < work->num; at = end) {
        uint64_t pairs = run_of(work, at, &end, &second);
        if (pairs == 0)
            continue;
        if (pairs <= work->most_pairs) {
            put_block(work, at, end, second, pairs);
            continue;
        }
        for (size_t i = at; i < end && next_part < rule->num_parts; i++) {
            struct toci_keyed item = work->items[i];
            uint32_t          part = part_of(work->linkage, item.record, rule->parts[next_part]);
            if (part != 0)
                work->items[remain++] = (struct toci_keyed){ add_to_key(item.key, part), item.record };
        }
    }
    work->num = remain;
}

static void make_blocks(struct blocking *work)
{
    work->blocks->num_order = work->blocks->num_blocks = 0;
    work->blocks->pairs = 0;
    work->num = keys_needed(work);
    for (size_t next = work->rule->num_needed; work->num > 0 && next <= work->rule->num_parts; next++) {
        toci_sort_keyed(work->items, work->room, work->num);
        keep_small(work, next);
    }
}

#define FEW_PAIRS 1000000.0 /* that any rule may make, however short the list */
#define MOST_PAIRS_OF_BLOCK 65536
#define LEAST_PAIRS_OF_BLOCK 64

static int take_blocks(struct toc_linkage *linkage, struct toci_blocks *blocks, struct toc_error *error)
{
    int ret = 0;
    blocks->room_order = linkage->n == 0 ? 1 : linkage->n;
    blocks->room_blocks = blocks->room_order / 2 + 1;
    blocks->order = toci_allocate(&linkage->allocator, blocks->room_order, sizeof *blocks->order, &ret, error);
    if (ret == 0)
        blocks->first = toci_allocate(&linkage->allocator, blocks->room_blocks + 1, sizeof *blocks->first, &ret, error);
    if (ret == 0)
        blocks->second = toci_allocate(&linkage->allocator, blocks->room_blocks, sizeof *blocks->second, &ret, error);
    return ret;
}

size_t toc_linkage_num_rules(const struct toc_linkage *linkage)
{
    return linkage->num_rules;
}

int toc_linkage_block(struct toc_linkage *linkage, size_t rule, struct toc_error *error)
{
    int                 ret = 0;
    struct toci_blocks *blocks = &linkage->blocks[rule];
    size_t              room = linkage->n == 0 ? 1 : linkage->n;
    double              allowed = fmax(FEW_PAIRS, linkage->options.pairs_per_record * (double) linkage->n);
    struct blocking     work = { .linkage = linkage, .rule = &linkage->rules[rule], .blocks = blocks };
    work.items = toci_allocate(&linkage->allocator, room, sizeof *work.items, &ret, error);
    if (ret == 0)
        work.room = toci_allocate(&linkage->allocator, room, sizeof *work.room, &ret, error);
    if (ret == 0)
        ret = take_blocks(linkage, blocks, error);
    if (ret != 0)
        goto out;
    blocks->first[0] = 0;
    for (work.most_pairs = MOST_PAIRS_OF_BLOCK; work.most_pairs >= LEAST_PAIRS_OF_BLOCK; work.most_pairs /= 4) {
        make_blocks(&work);
        if (blocks->pairs <= allowed)
            break;
    }
    for (size_t block = 0; block < blocks->num_blocks; block++)
        for (size_t i = blocks->first[block]; i < blocks->first[block + 1]; i++)
            linkage->block_of[blocks->order[i] * linkage->num_rules + rule] = (uint32_t) block + 1;
out:
    if (work.room != NULL)
        toci_release(&linkage->allocator, work.room, room, sizeof *work.room);
    if (work.items != NULL)
        toci_release(&linkage->allocator, work.items, room, sizeof *work.items);
    return ret;
}
