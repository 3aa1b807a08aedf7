/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/message_bytes.h: messages with their bytes as they arrived, opened for the program's own work: to be read,
 * or to be read again while the key lives (DESIGN section 6). */
#ifndef STORE_MESSAGE_BYTES_H
#define STORE_MESSAGE_BYTES_H

#include "base/arena.h"
#include "model/records.h"
#include "store/store.h"

struct message_bytes {
    struct model_message message;
    struct model_text    bytes; /* in the arena, which is to be wiped; bytes NULL: gone, with their key */
};

/* The messages that wait to be read, oldest first, but for those `except` (num_except, which somebody has in hand); at
 * most `most`, and of at most MESSAGE_BYTES_MOST bytes together (one at least). Keys are asked of the keeper for the
 * purpose `message`, at its rate: KEEPER_ERR_RATE. Also db_status, TOC_ERR_NO_MEMORY. `arena` must allow twice
 * MESSAGE_BYTES_MOST and what the records take. */
#define MESSAGE_BYTES_MOST ((size_t) 16 << 20)
int store_messages_waiting(struct store_reader *reader, const struct id *except, size_t num_except, size_t most,
                           struct arena *arena, struct message_bytes **messages, size_t *num);

/* How many wait, and since when the oldest does; INSTANT_MISSING = none. */
int store_messages_backlog(struct store_reader *reader, int64_t *num, int64_t *oldest);

/* The bytes of one message: of one that was read, put together from its slices and what is about nobody; the slices of
 * erased persons are left out (*whole false). STORE_ERR_ABSENT: none are kept any more. */
int store_message_bytes(struct store_reader *reader, const struct id *message, struct arena *arena,
                        struct message_bytes *found, bool *whole);

/* The parts of a file (message_part), opened, in their order, from position `first` on: take is called once a part,
 * with bytes that are cleared afterwards; what it answers but 0 ends it. *num: how many there were; none: they are
 * gone. */
typedef int store_take_part(void *context, int64_t position, const char *bytes, size_t size);
int store_message_parts(struct store_reader *reader, const struct id *message, store_take_part *take, void *context,
                        size_t *num);

/* How many rows of a file are messages with each verdict, as they are at one moment. nums: one a verdict. */
int store_message_count_rows(struct store_reader *reader, const struct id *file, const char *const *verdicts,
                             size_t num_verdicts, int64_t *nums);

/* The rows of a file that are messages with this verdict, in the order of the file, those behind position `after` (-1:
 * from the first), at most `most`. */
int store_message_rows(struct store_reader *reader, const struct id *file, const char *verdict, int64_t after,
                       size_t most, struct arena *arena, struct model_message **rows, size_t *num);

#endif
