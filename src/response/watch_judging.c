/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/watch_judging.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"

struct crew {
    const struct watch_judging *judging;
    struct watch_group          group; /* without series; num_steps is 0 as long as it is not known when it begins */
    toc_date                    start;
    size_t                      num; /* the first so many of what is wanted */
    atomic_size_t               next;
    atomic_int                  status; /* of the first chunk that failed */
};

/* A thread's own. */
struct desk {
    struct watch_days *days;   /* of each series of a chunk */
    double            *counts; /* steps, and those of its denominator */
};

static int judge_one(const struct crew *crew, const struct desk *desk, size_t k, uint32_t i)
{
    const struct watch_judging *judging = crew->judging;
    struct watch_group          group = crew->group;
    struct watch_series         series = judging->series[i];
    const struct watch_stream  *stream = &judging->streams->streams[judging->first + i];
    watch_days_steps(stream, judging->today, &desk->days[k], crew->start, group.num_steps, desk->counts);
    series.counts = desk->counts;
    series.of = stream->denominator != NULL ? desk->counts + group.num_steps : NULL;
    series.judged = NULL;
    group.series = &series;
    group.num_series = 1;
    return watch_judge_series(&group, 0, &judging->judged[i], NULL);
}

static int do_chunk(struct crew *crew, struct store_reader *reader, const struct desk *desk, size_t from, size_t num)
{
    const struct watch_judging *judging = crew->judging;
    const struct watch_stream  *streams[WATCH_CHUNK] = { NULL };
    toc_date                    first[WATCH_CHUNK];
    for (size_t k = 0; k < num; k++)
        streams[k] = &judging->streams->streams[judging->first + judging->wanted[from + k]];
    int ret = watch_days_read(reader, judging->who, streams, num, judging->today, desk->days, first);
    for (size_t k = 0; k < num && ret == 0; k++) {
        uint32_t i = judging->wanted[from + k];
        judging->first_days[i] = first[k];
        if (crew->group.num_steps > 0)
            ret = judge_one(crew, desk, k, i);
    }
    return ret;
}

/* ---- threads ---- */

static void take_chunks(struct crew *crew, struct store_reader *reader)
{
    size_t      num = crew->num, from, most = num < WATCH_CHUNK ? num : WATCH_CHUNK;
    struct desk desk = { memory_array(most, sizeof(struct watch_days)),
                         memory_array(2 * crew->group.num_steps + 1, sizeof(double)) };
    int         none = 0, ret = desk.days == NULL || desk.counts == NULL ? TOC_ERR_NO_MEMORY : 0;
    while (ret == 0 && atomic_load(&crew->status) == 0 && (from = atomic_fetch_add(&crew->next, WATCH_CHUNK)) < num)
        ret = do_chunk(crew, reader, &desk, from, num - from < WATCH_CHUNK ? num - from : WATCH_CHUNK);
    if (ret != 0)
        (void) atomic_compare_exchange_strong(&crew->status, &none, ret);
    free(desk.days);
    free(desk.counts);
}

struct hand {
    struct crew         *crew;
    struct store_reader *reader;
    pthread_t            thread;
};

static void *work(void *context)
{
    struct hand *hand = context;
    pthread_setname_np(pthread_self(), "tocsin-judge");
    take_chunks(hand->crew, hand->reader);
    return NULL;
}

static size_t num_hands(size_t num_wanted)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    if (num_wanted <= WATCH_ALONE_UP_TO || processors < 2)
        return 0;
    return processors < WATCH_THREADS ? (size_t) processors - 1 : WATCH_THREADS - 1;
}

/* The first `num` of what is wanted, by the caller and as many helpers as can be had. */
static int do_all(struct crew *crew, struct store_reader *reader, size_t num)
{
    struct hand hands[WATCH_THREADS];
    size_t      helpers = 0, most = num_hands(num);
    crew->num = num;
    atomic_store(&crew->next, 0);
    while (helpers < most) {
        struct hand *hand = &hands[helpers];
        *hand = (struct hand){ .crew = crew };
        if (store_reader_open(store_of_reader(reader), &hand->reader, NULL) != 0)
            break;
        if (pthread_create(&hand->thread, NULL, work, hand) != 0) {
            store_reader_close(hand->reader);
            break;
        }
        helpers++;
    }
    take_chunks(crew, reader);
    for (size_t i = 0; i < helpers; i++) {
        pthread_join(hands[i].thread, NULL);
        store_reader_close(hands[i].reader);
    }
    return atomic_load(&crew->status);
}

/* ---- a group ---- */

static toc_date start_of(const struct watch_judging *judging, size_t num)
{
    return watch_days_start(&judging->streams->streams[judging->first], judging->first_days, num, judging->today);
}

/* All steps from `start` on. */
static int begin_at(struct crew *crew, toc_date start, struct arena *arena)
{
    const struct watch_judging *judging = crew->judging;
    int                         ret = 0;
    crew->start = start;
    crew->group = (struct watch_group){ .num_steps = 0 };
    if (start != MODEL_MISSING_DATE)
        ret = watch_streams_frame(judging->streams, judging->first, judging->num, start, judging->today, arena,
                                  &crew->group);
    crew->group.num_back = judging->num_back;
    return ret;
}

int watch_judging_do(const struct watch_judging *judging, struct store_reader *reader, toc_date before, toc_date *start)
{
    struct arena arena = ARENA_INIT;
    struct crew  crew = { .judging = judging };
    bool         whole = judging->num_wanted == judging->num;
    toc_date     supposed = before;
    int          ret = 0;
    if (whole && before == MODEL_MISSING_DATE) { /* some of them say when it begins, mostly */
        size_t some = judging->num < WATCH_CHUNK ? judging->num : WATCH_CHUNK;
        ret = do_all(&crew, reader, some);
        supposed = ret == 0 ? start_of(judging, some) : before;
    }
    if (ret == 0)
        ret = begin_at(&crew, supposed, &arena);
    if (ret == 0)
        ret = do_all(&crew, reader, judging->num_wanted);
    toc_date is = ret == 0 ? start_of(judging, judging->num) : supposed;
    if (ret == 0 && whole && is != supposed) {
        ret = begin_at(&crew, is, &arena);
        if (ret == 0)
            ret = do_all(&crew, reader, judging->num_wanted);
    }
    arena_free(&arena);
    if (ret == 0)
        *start = is;
    return ret;
}
