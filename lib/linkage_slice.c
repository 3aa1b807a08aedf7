/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pairs of all blocks, cut into slices of equal work. */
#include "linkage_internal.h"

/* Rows of a block: each record with those behind it, or each of list A with all of list B. */
static uint32_t rows_of(const struct toc_linkage *linkage, const struct toci_blocks *blocks, size_t block)
{
    return linkage->one_list ? blocks->first[block + 1] - blocks->first[block] - 1
                             : blocks->second[block] - blocks->first[block];
}

static uint64_t pairs_of_row(const struct toc_linkage *linkage, const struct toci_blocks *blocks, size_t block,
                             uint32_t row)
{
    return linkage->one_list ? blocks->first[block + 1] - blocks->first[block] - 1 - row
                             : blocks->first[block + 1] - blocks->second[block];
}

/* Fill slices of one rule, or only count them (slices NULL). A block is never more than a slice (MOST_PAIRS_OF_BLOCK),
 * so slices are runs of whole blocks. */
static size_t slices_of(const struct toc_linkage *linkage, size_t rule, uint64_t *begin, struct toci_slice *slices)
{
    const struct toci_blocks *blocks = &linkage->blocks[rule];
    size_t                    num = 0;
    struct toci_slice         slice = { .rule = (uint32_t) rule, .begin = *begin };
    for (size_t block = 0; block < blocks->num_blocks; block++) {
        uint64_t pairs = 0;
        uint32_t rows = rows_of(linkage, blocks, block);
        if (linkage->one_list)
            pairs = (uint64_t) rows * (rows + 1) / 2;
        else
            pairs = rows * pairs_of_row(linkage, blocks, block, 0);
        if (slice.pairs > 0 && slice.pairs + pairs > TOC_LINKAGE_SLICE_PAIRS) {
            if (slices != NULL)
                slices[num] = slice;
            num++;
            *begin += slice.pairs;
            slice = (struct toci_slice){ .rule = (uint32_t) rule, .block = (uint32_t) block, .begin = *begin };
        }
        slice.num_blocks++;
        slice.pairs += pairs;
    }
    if (slice.pairs > 0) {
        if (slices != NULL)
            slices[num] = slice;
        num++;
        *begin += slice.pairs;
    }
    return num;
}

static double all_pairs(const struct toc_linkage *linkage)
{
    double n = (double) linkage->n, a = (double) linkage->num_first;
    return linkage->one_list ? 0.5 * n * (n - 1) : a * (n - a);
}

int toc_linkage_plan(struct toc_linkage *linkage, struct toc_error *error)
{
    int      ret = 0;
    uint64_t begin = 0;
    size_t   num = 0;
    for (size_t rule = 0; rule < linkage->num_rules; rule++)
        num += slices_of(linkage, rule, &begin, NULL);
    uint64_t pairs = begin;
    double   all = all_pairs(linkage), wanted = (double) linkage->options.sample_pairs;
    linkage->model.pairs = all;
    linkage->model.blocked_pairs = (double) pairs;
    linkage->room_slices = num == 0 ? 1 : num; /* a list without blocks has random pairs all the same */
    linkage->stride = 1 + pairs / linkage->options.sample_pairs;
    linkage->num_blocked = (size_t) ((pairs + linkage->stride - 1) / linkage->stride);
    linkage->num_random = (size_t) fmin(all, wanted);
    linkage->slices = toci_allocate(&linkage->allocator, linkage->room_slices, sizeof *linkage->slices, &ret, error);
    if (ret == 0)
        linkage->blocked = toci_allocate(&linkage->allocator, linkage->num_blocked == 0 ? 1 : linkage->num_blocked,
                                         sizeof *linkage->blocked, &ret, error);
    if (ret == 0)
        linkage->random = toci_allocate(&linkage->allocator, linkage->num_random == 0 ? 1 : linkage->num_random,
                                        sizeof *linkage->random, &ret, error);
    if (ret != 0)
        return ret;
    for (size_t i = 0; i < linkage->num_blocked; i++)
        linkage->blocked[i] = NO_PATTERN;
    linkage->slices[0] = (struct toci_slice){ .rule = 0 };
    begin = num = 0;
    for (size_t rule = 0; rule < linkage->num_rules; rule++)
        num += slices_of(linkage, rule, &begin, linkage->slices + num);
    linkage->num_slices = linkage->room_slices;
    return 0;
}

size_t toc_linkage_num_slices(const struct toc_linkage *linkage)
{
    return linkage->num_slices;
}

/* Has an earlier rule this pair too? */
static bool is_earlier(const struct toc_linkage *linkage, size_t rule, uint32_t a, uint32_t b)
{
    const uint32_t *of_a = linkage->block_of + (size_t) a * linkage->num_rules;
    const uint32_t *of_b = linkage->block_of + (size_t) b * linkage->num_rules;
    for (size_t earlier = 0; earlier < rule; earlier++)
        if (of_a[earlier] != 0 && of_a[earlier] == of_b[earlier])
            return true;
    return false;
}

void toci_linkage_walk(const struct toc_linkage *linkage, const struct toci_slice *slice, uint64_t stride,
                       toci_pair_function take, void *context)
{
    const struct toci_blocks *blocks = &linkage->blocks[slice->rule];
    uint64_t                  number = slice->begin, next = (number + stride - 1) / stride * stride;
    for (size_t block = slice->block; block < slice->block + slice->num_blocks; block++) {
        uint32_t first = blocks->first[block], end = blocks->first[block + 1], rows = rows_of(linkage, blocks, block);
        for (uint32_t i = first; i < first + rows; i++) {
            uint32_t from = linkage->one_list ? i + 1 : blocks->second[block];
            for (; next < number + (end - from); next += stride) {
                uint32_t j = from + (uint32_t) (next - number);
                if (!is_earlier(linkage, slice->rule, blocks->order[i], blocks->order[j]))
                    take(context, next, blocks->order[i], blocks->order[j]);
            }
            number += end - from;
        }
    }
}
