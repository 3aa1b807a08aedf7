/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/watch_breaks.h"

#include <stdlib.h>
#include <string.h>

#include "response/change_list.h"
#include "store/area_tree.h"
#include "store/rows_by.h"

enum { MOST_CHANGES = 10000 };

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
    uint32_t                   area = area_tree_find(tree, &change->area), own = area_tree_find(tree, &stream->area);
    return one->unwatched == NULL && area != AREA_NONE && own != AREA_NONE && area_tree_within(tree, own, area) &&
           (id_is_missing(&change->stream) || id_equal(&change->stream, &stream->head.id)) &&
           same_or_none(change->disease, stream->disease) && same_or_none(change->indicator, stream->indicator);
}

static int by_day(const void *x, const void *y)
{
    const struct watch_break *a = x, *b = y;
    return a->day != b->day ? (a->day > b->day) - (a->day < b->day) : (a->mark > b->mark) - (a->mark < b->mark);
}

/* breaks: room for all changes. */
static int fill_stream(struct watch_stream *one, const struct model_series_change *changes, size_t num,
                       const struct area_tree *tree, struct watch_break *breaks, struct arena *arena)
{
    size_t found = 0;
    for (size_t k = 0; k < num; k++)
        if (is_of(&changes[k], one, tree))
            breaks[found++] = (struct watch_break){ changes[k].day, mark_of(changes[k].kind), changes[k].percent };
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
