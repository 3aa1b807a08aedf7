/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/watch_breaks.h"

#include <stdlib.h>
#include <string.h>

#include "response/change_list.h"
#include "response/watch_senders.h"
#include "store/area_tree.h"
#include "store/rows_by.h"

enum { MOST_CHANGES = 10000, EARLY_DAYS = 10 };

static enum watch_mark mark_of(struct model_text kind)
{
    enum watch_mark mark = WATCH_UNMARKED;
    for (int i = WATCH_UNMARKED + 1; i < WATCH_MARKS; i++)
        if (text_is(kind, watch_mark_words[i]))
            mark = (enum watch_mark) i;
    return mark;
}

static bool same_or_none(struct model_text wanted, struct model_text text)
{
    return wanted.bytes == NULL ||
           (text.bytes != NULL && wanted.size == text.size && memcmp(wanted.bytes, text.bytes, text.size) == 0);
}

static bool is_of(const struct model_series_change *change, const struct watch_stream *one,
                  const struct area_tree *tree)
{
    const struct model_stream *stream = &one->stream;
    if (change->noticed == 1 && (!id_equal(&change->area, &stream->area) ||
                                 !(text_is(stream->feed, "counter") || text_is(stream->feed, "share"))))
        return false;
    uint32_t area = area_tree_find(tree, &change->area), own = area_tree_find(tree, &stream->area);
    return one->unwatched == NULL && area != AREA_NONE && own != AREA_NONE && area_tree_within(tree, own, area) &&
           (id_is_missing(&change->stream) || id_equal(&change->stream, &stream->head.id)) &&
           same_or_none(change->disease, stream->disease) && same_or_none(change->indicator, stream->indicator);
}

/* A sender that left and came back within a few weeks. */
static bool is_pause(const struct model_series_change *change, const struct model_series_change *changes, size_t num)
{
    bool left = text_is(change->kind, watch_mark_words[WATCH_SENDER_LEFT]), found = false;
    if (change->noticed != 1 || (!left && !text_is(change->kind, watch_mark_words[WATCH_SENDER_JOINED])))
        return false;
    const char *other = watch_mark_words[left ? WATCH_SENDER_JOINED : WATCH_SENDER_LEFT];
    for (size_t i = 0; i < num && !found; i++) {
        const struct model_series_change *one = &changes[i];
        toc_date                          since = left ? one->day - change->day : change->day - one->day;
        found = text_is(one->kind, other) && since >= 0 && since <= WATCH_SENDER_RECENT &&
                id_equal(&one->sender, &change->sender) && id_equal(&one->area, &change->area) &&
                one->indicator.bytes != NULL && same_or_none(one->indicator, change->indicator);
    }
    return found;
}

/* Counted by a day before the one on which the case was received. */
static bool is_earlier(const struct model_stream *stream)
{
    return text_is(stream->counter, "case_by_onset") || text_is(stream->counter, "case_by_specimen");
}

static struct watch_break break_of(const struct watch_stream *one, const struct model_series_change *change,
                                   const struct model_series_change *changes, size_t num)
{
    return (struct watch_break){ .day = change->day,
                                 .mark = mark_of(change->kind),
                                 .percent = change->percent,
                                 .early = change->noticed == 1 && is_earlier(&one->stream) ? EARLY_DAYS : 0,
                                 .pause = is_pause(change, changes, num),
                                 .noticed = change->noticed == 1,
                                 .sender = change->sender };
}

static int by_day(const void *x, const void *y)
{
    const struct watch_break *a = x, *b = y;
    if (a->day != b->day)
        return (a->day > b->day) - (a->day < b->day);
    return a->mark != b->mark ? (a->mark > b->mark) - (a->mark < b->mark) : id_compare(&a->sender, &b->sender);
}

/* breaks: room for all changes. */
static int fill_stream(struct watch_stream *one, const struct model_series_change *changes, size_t num,
                       const struct area_tree *tree, struct watch_break *breaks, struct arena *arena)
{
    size_t found = 0;
    for (size_t k = 0; k < num; k++)
        if (is_of(&changes[k], one, tree))
            breaks[found++] = break_of(one, &changes[k], changes, num);
    if (found == 0)
        return 0;
    qsort(breaks, found, sizeof *breaks, by_day);
    void *copy = arena_copy(arena, breaks, found * sizeof *breaks);
    one->breaks = copy;
    one->num_breaks = found;
    return one->breaks != NULL ? 0 : TOC_ERR_NO_MEMORY;
}

int watch_breaks_read(struct store_reader *reader, struct arena *arena, struct watch_streams *streams)
{
    struct model_text kinds[WATCH_MARKS - 1];
    void             *rows = NULL;
    size_t            num = 0;
    for (int i = WATCH_UNMARKED + 1; i < WATCH_MARKS; i++)
        kinds[i - 1] = text_view(watch_mark_words[i]);
    int ret = store_rows_by(reader, model_record(MODEL_SERIES_CHANGE), "kind", kinds, WATCH_MARKS - 1, MOST_CHANGES,
                            arena, &rows, &num);
    if (ret != 0 || num == 0)
        return ret;
    struct watch_break *breaks = arena_array(arena, num, sizeof *breaks);
    if (breaks == NULL)
        return TOC_ERR_NO_MEMORY;
    struct store           *store = store_of_reader(reader);
    const struct area_tree *tree = store_hold_areas(store);
    for (size_t i = 0; i < streams->num_streams && ret == 0; i++)
        ret = fill_stream(&streams->streams[i], rows, num, tree, breaks, arena);
    store_release_areas(store, tree);
    return ret;
}
