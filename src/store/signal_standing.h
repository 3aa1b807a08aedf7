/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/signal_standing.h: where signals stand, for the watch, which asks for a thousand of them after one report:
 * five columns instead of whole records. Under no grant: for the program itself.
 */
#ifndef STORE_SIGNAL_STANDING_H
#define STORE_SIGNAL_STANDING_H

#include "store/store.h"

struct signal_standing {
    struct id area;
    int64_t   version; /* 0: there is no such signal */
    bool      is_new, closed, marked;
};

/* Of each of `num` ids, which ascend: its standing at the same place. 0, TOC_ERR_NO_MEMORY, db_status. */
int store_signal_standings(struct store_reader *reader, const struct id *ids, size_t num, struct arena *arena,
                           struct signal_standing *standings);

#endif
