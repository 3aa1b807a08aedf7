/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/link_run.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "cli/link_crew.h"

struct work {
    struct toc_linkage      *linkage;
    struct toc_linkage_pair *room; /* of each thread, TOC_LINKAGE_SLICE_PAIRS */
    struct link_result      *result;
    size_t                   room_pairs;
    pthread_mutex_t          lock; /* of the pairs found */
};

static int block(void *context, size_t rule, int worker)
{
    struct work *work = context;
    (void) worker;
    return toc_linkage_block(work->linkage, rule, NULL);
}

static int learn(void *context, size_t slice, int worker)
{
    struct work *work = context;
    (void) worker;
    toc_linkage_learn(work->linkage, slice);
    return 0;
}

static int keep(struct work *work, const struct toc_linkage_pair *pairs, size_t num)
{
    struct link_result *result = work->result;
    if (result->num_pairs + num > work->room_pairs) {
        size_t room = 2 * (result->num_pairs + num);
        void  *grown = memory_resize(result->pairs, room, sizeof *pairs);
        if (grown == NULL)
            return TOC_ERR_NO_MEMORY;
        result->pairs = grown;
        work->room_pairs = room;
    }
    memcpy(result->pairs + result->num_pairs, pairs, num * sizeof *pairs);
    result->num_pairs += num;
    return 0;
}

static int score(void *context, size_t slice, int worker)
{
    struct work             *work = context;
    struct toc_linkage_pair *pairs = work->room + (size_t) worker * TOC_LINKAGE_SLICE_PAIRS;
    size_t                   num;
    toc_linkage_score(work->linkage, slice, pairs, &num);
    if (num == 0)
        return 0;
    pthread_mutex_lock(&work->lock);
    int ret = keep(work, pairs, num);
    pthread_mutex_unlock(&work->lock);
    return ret;
}

static int compare_all(struct work *work, int threads, struct toc_error *error)
{
    struct toc_linkage *linkage = work->linkage;
    int                 ret = link_crew_run(threads, toc_linkage_num_rules(linkage), block, work);
    if (ret == 0)
        ret = toc_linkage_plan(linkage, error);
    if (ret == 0)
        ret = link_crew_run(threads, toc_linkage_num_slices(linkage), learn, work);
    if (ret == 0)
        ret = toc_linkage_estimate(linkage, error);
    if (ret == 0)
        ret = link_crew_run(threads, toc_linkage_num_slices(linkage), score, work);
    return ret;
}

static int decide(const struct link_lists *lists, struct link_result *result, bool one_to_one, struct toc_error *error)
{
    bool one_list = lists->num_first == lists->num_records;
    if (one_list) {
        result->group = memory_array(lists->num_records + 1, sizeof *result->group);
        return result->group == NULL
                   ? TOC_ERR_NO_MEMORY
                   : toc_linkage_group(result->linkage, result->pairs, result->num_pairs, result->group, error);
    }
    result->best = memory_array(lists->num_first + 1, sizeof *result->best);
    return result->best == NULL
               ? TOC_ERR_NO_MEMORY
               : toc_linkage_assign(result->linkage, result->pairs, result->num_pairs, one_to_one, result->best, error);
}

int link_run(const struct link_lists *lists, const struct link_columns *columns,
             const struct toc_linkage_options *options, bool one_to_one, int threads, struct link_result *result,
             struct toc_error *error)
{
    struct work                work = { .result = result };
    struct toc_linkage_records records = { .num_records = lists->num_records,
                                           .num_first = lists->num_first,
                                           .columns = columns->column,
                                           .num_columns = columns->num };
    int                        ret = TOC_ERR_NO_MEMORY;
    pthread_mutex_init(&work.lock, NULL);
    work.room = memory_array((size_t) threads * TOC_LINKAGE_SLICE_PAIRS, sizeof *work.room);
    if (work.room == NULL)
        goto out;
    ret = toc_linkage_create(&records, options, &memory_allocator, &result->linkage, error);
    work.linkage = result->linkage;
    if (ret == 0)
        ret = compare_all(&work, threads, error);
    if (ret == 0)
        ret = decide(lists, result, one_to_one, error);
out:
    free(work.room);
    pthread_mutex_destroy(&work.lock);
    return ret;
}

void link_result_free(struct link_result *result)
{
    toc_linkage_free(result->linkage);
    free(result->pairs);
    free(result->group);
    free(result->best);
    *result = (struct link_result){ .num_pairs = 0 };
}
