/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/stream_layers.h: the values of imported streams, put together from what their deliveries said
 * (model/stream_values.def). */
#ifndef STORE_STREAM_LAYERS_H
#define STORE_STREAM_LAYERS_H

#include "base/arena.h"
#include "formats/stream_values.h"
#include "store/store.h"

/* The stream that has this code. Returns 0, STORE_ERR_ABSENT or db_status. Whether the caller may see it is theirs to
 * ask. */
int store_find_stream(struct store_reader *reader, const char *code, struct id *stream);

/* All that was ever known of a stream, sorted (stream_values_sort). */
struct stream_known {
    struct stream_value *values;
    size_t               num;
};

/* The values of several streams, which the caller has read under their grant; in the arena.
 *
 * Returns 0, STORE_ERR_DENIED (no values may be read), DB_ERR_CORRUPT (a row holds no values), TOC_ERR_NO_MEMORY or
 * db_status. Cost: a statement for 256 streams, a row a delivery. */
int store_stream_known(struct store_reader *reader, const struct access *who, const struct id *streams, size_t num,
                       struct arena *arena, struct stream_known *known);

/* The streams of which these rows of stream_values are, without their values; missing where there is no such row. For
 * one who follows events; whether a caller may see them is theirs to ask. */
int store_values_streams(struct store_reader *reader, const struct id *values, size_t num, struct id *streams);

#endif
