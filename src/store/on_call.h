/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/on_call.h: which duties and notices are at hand: look-ups that no list has. Ids alone: whoever asks reads
 * the records under a grant (store_read_many).
 */
#ifndef STORE_ON_CALL_H
#define STORE_ON_CALL_H

#include "store/store.h"

/* The duties that hold at an instant: starts <= at < ends; by id, at most `room`. */
int store_duties_at(struct store_reader *reader, int64_t at, struct id *ids, size_t room, size_t *num);

/* The notices that wait to be sent and whose next attempt is due, the oldest attempt first; *waiting: how many wait at
 * all, due or not. */
int store_notices_due(struct store_reader *reader, int64_t now, struct id *ids, size_t room, size_t *num,
                      int64_t *waiting);

/* The notices about a task, or about all tasks of a signal, by id; at most `room`. */
int store_notices_of_task(struct store_reader *reader, const struct id *task, struct id *ids, size_t room, size_t *num);
int store_notices_of_signal(struct store_reader *reader, const struct id *signal, struct id *ids, size_t room,
                            size_t *num);

#endif
