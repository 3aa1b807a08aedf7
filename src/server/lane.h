/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/server/lane.h: threads that take work in the order in which it came, each with a reader of its own. */
#ifndef SERVER_LANE_H
#define SERVER_LANE_H

#include <stdbool.h>
#include <stddef.h>

#include "store/store.h"

struct lane;

/* Something to be done, within the struct of whoever wants it done. */
struct lane_item {
    struct lane_item *next;
    /* Returns a status; after DB_ERR_LOST the thread opens its reader anew. The item may be gone when it returns. */
    int (*run)(struct lane_item *item, struct store_reader *reader);
};

/* threads with names like "tocsin-NAME"; at most max_waiting items wait. 0, BASE_ERR_SYSTEM, TOC_ERR_NO_MEMORY. */
int  lane_start(struct store *store, const char *name, unsigned threads, size_t max_waiting, struct lane **lane);
void lane_stop(struct lane *lane); /* after what waits is done; NULL is fine */

/* False: too much waits. `anyway`: what was begun already goes on, however much waits. */
bool   lane_put(struct lane *lane, struct lane_item *item, bool anyway);
size_t lane_waiting(struct lane *lane);

#endif
