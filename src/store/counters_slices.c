/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/counters_slices.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "tocsin/status.h"

enum {
    SERIES_BITS = 63,
    SLICE_BITS = 8,
    MORE_SLICES = 8, /* with a group, beyond what keeps up: after a restart, when much waits */
    IDLE_MICROSECONDS = 5000
};
_Static_assert(1 << SLICE_BITS == COUNTERS_SLICES, "a slice is the series with the same first bits");

/* One series of a counted record: its area and its counter. */
struct part {
    uint32_t counted; /* place in the batch */
    uint8_t  area, counter;
};

struct slice {
    struct part *parts;
    size_t       num, room;
};

struct batch {
    struct counters_counted *counted;
    size_t                   num, room;
    struct slice             slices[COUNTERS_SLICES];
};

struct counters_slices {
    size_t               most; /* of a batch */
    struct batch         growing, closed;
    int64_t              newest; /* number of the last that waits in `growing` */
    int64_t              up_to;  /* of `closed`; 0: there is none */
    size_t               next;   /* slice of `closed` */
    struct counters_open open;   /* of `growing` */
};

int counters_slices_new(size_t batch, struct counters_slices **slices)
{
    struct counters_slices *made = memory_array(1, sizeof *made);
    if (made == NULL)
        return TOC_ERR_NO_MEMORY;
    made->most = batch != 0 ? batch : COUNTERS_BATCH;
    *slices = made;
    return 0;
}

static void clear_batch(struct batch *batch)
{
    batch->num = 0;
    for (size_t i = 0; i < COUNTERS_SLICES; i++)
        batch->slices[i].num = 0;
}

static void free_batch(struct batch *batch)
{
    free(batch->counted);
    for (size_t i = 0; i < COUNTERS_SLICES; i++)
        free(batch->slices[i].parts);
}

void counters_slices_clear(struct counters_slices *slices)
{
    clear_batch(&slices->growing);
    clear_batch(&slices->closed);
    slices->up_to = 0;
    slices->next = 0;
    slices->open = (struct counters_open){ .next = 0 };
}

void counters_slices_free(struct counters_slices *slices)
{
    if (slices == NULL)
        return;
    free_batch(&slices->growing);
    free_batch(&slices->closed);
    free(slices);
}

bool counters_slices_any(const struct counters_slices *slices)
{
    return slices->up_to != 0 || slices->growing.num > 0;
}

struct counters_open *counters_slices_open(struct counters_slices *slices)
{
    return &slices->open;
}

/* ---- what waits, by its series ---- */

static int add_part(struct slice *slice, const struct part *part)
{
    if (slice->num == slice->room) {
        size_t       room = slice->room == 0 ? 64 : 2 * slice->room;
        struct part *more = memory_resize(slice->parts, room, sizeof *more);
        if (more == NULL)
            return TOC_ERR_NO_MEMORY;
        slice->parts = more;
        slice->room = room;
    }
    slice->parts[slice->num++] = *part;
    return 0;
}

static int put(struct batch *batch, struct counter_book *book, const struct counters_counted *counted)
{
    const struct counters_series *series;
    struct part                   part = { .counted = (uint32_t) batch->num };
    int                           ret = 0;
    if (batch->num == batch->room) {
        size_t                   room = batch->room == 0 ? 256 : 2 * batch->room;
        struct counters_counted *more = memory_resize(batch->counted, room, sizeof *more);
        if (more == NULL)
            return TOC_ERR_NO_MEMORY;
        batch->counted = more;
        batch->room = room;
    }
    batch->counted[batch->num++] = *counted;
    for (size_t a = 0; a < counted->num_areas && ret == 0; a++) {
        ret = counters_series_at(book, counted->record, &counted->areas[a], &series);
        for (size_t c = 0; c < counted->num_counters && ret == 0; c++) {
            part.area = (uint8_t) a;
            part.counter = (uint8_t) c;
            ret = add_part(&batch->slices[series[counted->counters[c]].number >> (SERIES_BITS - SLICE_BITS)], &part);
        }
    }
    return ret;
}

int counters_slices_put(struct counters_slices *slices, struct counter_book *book,
                        const struct counters_counted *counted, size_t num, int64_t newest)
{
    int ret = 0;
    for (size_t i = 0; i < num && ret == 0; i++)
        ret = put(&slices->growing, book, &counted[i]);
    slices->newest = newest;
    return ret;
}

struct loading {
    struct counters_slices *slices;
    struct counter_book    *book;
    int64_t                *newest;
};

static int load_counted(void *context, int64_t number, const struct counters_counted *counted)
{
    const struct loading *loading = context;
    *loading->newest = loading->slices->newest = number;
    return put(number <= loading->slices->up_to ? &loading->slices->closed : &loading->slices->growing, loading->book,
               counted);
}

int counters_slices_load(struct counters_slices *slices, struct counter_book *book, struct db *db, int64_t *newest,
                         struct db_error *error)
{
    struct loading        loading = { slices, book, newest };
    struct counters_slice stands;
    counters_slices_clear(slices);
    int ret = counters_slice_read(db, &stands, error);
    if (ret == 0) {
        slices->up_to = stands.up_to;
        slices->next = (size_t) (stands.series >> (SERIES_BITS - SLICE_BITS));
        ret = counters_waiting_read(db, INT32_MAX, load_counted, &loading, error);
    }
    return ret;
}

/* ---- writing ---- */

/* What grew is to be added: there is no other batch. */
static void close_batch(struct counters_slices *slices)
{
    struct batch empty = slices->closed;
    slices->closed = slices->growing;
    slices->growing = empty;
    slices->up_to = slices->newest;
    slices->next = 0;
    slices->open = (struct counters_open){ .next = 0 };
}

static int write_slice(struct counters_slices *slices, struct counter_book *book, struct db *db, struct db_error *error)
{
    const struct slice *slice = &slices->closed.slices[slices->next++];
    int                 ret = 0;
    for (size_t i = 0; i < slice->num && ret == 0; i++) {
        const struct part             *part = &slice->parts[i];
        const struct counters_counted *counted = &slices->closed.counted[part->counted];
        ret = counters_add(book, counted->record, counted->counters[part->counter], &counted->areas[part->area],
                           counted->codes[part->counter], counted->days[part->counter], counted->known, counted->sign);
    }
    return ret == 0 && slice->num > 0 ? counters_write_rows(book, db, error) : ret;
}

/* How far the slices are; where they are at their end, what waited goes. */
static int write_place(struct counters_slices *slices, struct db *db, struct db_error *error)
{
    if (slices->next < COUNTERS_SLICES) {
        struct counters_slice stands = { slices->up_to, (int64_t) slices->next << (SERIES_BITS - SLICE_BITS) };
        return counters_slice_write(db, &stands, error);
    }
    int ret = counters_waiting_remove(db, slices->up_to, error);
    clear_batch(&slices->closed);
    slices->up_to = 0;
    slices->next = 0;
    return ret;
}

static int64_t microseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t) now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Slices that are to be written with this group, at most, so that the batch is done when the one that grows is full. */
static size_t share(const struct counters_slices *slices)
{
    size_t due = slices->growing.num * COUNTERS_SLICES / slices->most;
    return due > slices->next + MORE_SLICES ? MORE_SLICES : due > slices->next ? due - slices->next : 0;
}

static int write_batch(struct counters_slices *slices, struct counter_book *book, struct db *db,
                       enum counters_haste haste, struct db_error *error)
{
    int64_t until = haste == COUNTERS_IDLE ? microseconds() + IDLE_MICROSECONDS : 0;
    size_t  most = haste == COUNTERS_KEEP_UP ? share(slices) : COUNTERS_SLICES, num = 0;
    int     ret = 0;
    while (ret == 0 && slices->next < COUNTERS_SLICES && num < most &&
           (haste != COUNTERS_IDLE || num == 0 || microseconds() < until)) {
        ret = write_slice(slices, book, db, error);
        num++;
    }
    return ret == 0 && num > 0 ? write_place(slices, db, error) : ret;
}

int counters_slices_write(struct counters_slices *slices, struct counter_book *book, struct db *db,
                          enum counters_haste haste, struct db_error *error)
{
    int ret = 0;
    do {
        if (slices->up_to == 0 &&
            (haste == COUNTERS_KEEP_UP ? slices->growing.num >= slices->most : slices->growing.num > 0))
            close_batch(slices);
        if (slices->up_to != 0)
            ret = write_batch(slices, book, db, haste, error);
    } while (ret == 0 && haste == COUNTERS_ALL && counters_slices_any(slices));
    return ret;
}
