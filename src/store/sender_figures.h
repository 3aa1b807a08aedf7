/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/sender_figures.h: how much one feed has sent, day by day, and what was wrong with it: read from messages,
 * which hold no word of anybody. No grant is looked at: the caller has read the feed under theirs. */
#ifndef STORE_SENDER_FIGURES_H
#define STORE_SENDER_FIGURES_H

#include "store/store.h"

#define SENDER_DAYS 29     /* today and the 28 days before */
#define SENDER_REASONS 500 /* different reasons that are looked at, the most frequent first */

struct sender_figures {
    int64_t last_heard;            /* instant; INSTANT_MISSING = never */
    int64_t messages[SENDER_DAYS]; /* transmissions of each day, the newest first; rows of a file are not counted */
    int64_t rejected[SENDER_DAYS], held[SENDER_DAYS];
};

/* offset: what is to be added to UTC for the day where the node is, microseconds. Cost: the feed's messages of these
 * days, by an index. Returns 0 or db_status. */
int store_sender_figures(struct store_reader *reader, const struct id *feed, int64_t now, int64_t offset,
                         struct sender_figures *figures);

/* Its transmissions that came from `from` on and before `until`, rows of a file left out: the verdict, and the keyed
 * hash of the number that each has at its sender (no bytes: it has none). */
typedef int store_take_transmission(void *context, const char *verdict, size_t size, const uint8_t *control,
                                    size_t control_size);
int         store_sender_transmissions(struct store_reader *reader, const struct id *feed, int64_t from, int64_t until,
                                       store_take_transmission *take, void *context);

/* Its messages that came from `from` on and before `until`, oldest first: transmissions, files and the rows of files.
 */
struct sender_message {
    struct id         id;
    int64_t           received;
    struct model_text format; /* a view, until take returns */
    bool              is_row; /* of a file */
};
typedef int store_take_sent(void *context, const struct sender_message *message);
int         store_sender_messages(struct store_reader *reader, const struct id *feed, int64_t from, int64_t until,
                                  store_take_sent *take, void *context);

/* What was wrong with its messages and rows since then: each reason as it was told ("row 7, column C (sex): is not in
 * the table of values") and how many had it. */
typedef int store_take_reason(void *context, const char *reason, size_t size, int64_t num);
int store_sender_reasons(struct store_reader *reader, const struct id *feed, int64_t since, store_take_reason *take,
                         void *context);

#endif
