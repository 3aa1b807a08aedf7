/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/stream_layers.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/select_many.h"
#include "store/store_internal.h"

/* ---- a stream by its code ---- */

static int id_row(void *context, const struct db_value *row, size_t num_columns)
{
    (void) num_columns;
    memcpy(((struct id *) context)->bytes, row[0].bytes, ID_BYTES);
    return 0;
}

int store_find_stream(struct store_reader *reader, const char *code, struct id *stream)
{
    struct db            *db;
    const struct db_value parameter = db_word(code);
    struct id             found = { { 0 } };
    int                   ret = store_reader_db(reader, &db);
    if (ret == 0)
        ret = select_rows(db, "SELECT \"id\" FROM \"stream\" WHERE \"code\" = $1", &parameter, 1, id_row, &found,
                          &reader->error);
    if (ret == 0 && id_is_missing(&found))
        ret = STORE_ERR_ABSENT;
    if (ret == 0)
        *stream = found;
    return ret;
}

/* ---- its layers ---- */

struct layer {
    struct id   stream, id;
    int64_t     created;
    const char *bytes;
    size_t      size;
};

struct layers {
    struct layer *rows;
    size_t        num, room;
    struct arena *arena;
};

/* stream, id, created, packed */
static int layer_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct layers *layers = context;
    (void) num_columns;
    if (layers->num == layers->room) {
        size_t        room = layers->room == 0 ? 256 : 2 * layers->room;
        struct layer *more = memory_resize(layers->rows, room, sizeof *more);
        if (more == NULL)
            return TOC_ERR_NO_MEMORY;
        layers->rows = more;
        layers->room = room;
    }
    struct layer *layer = &layers->rows[layers->num++];
    memcpy(layer->stream.bytes, row[0].bytes, ID_BYTES);
    memcpy(layer->id.bytes, row[1].bytes, ID_BYTES);
    layer->created = row[2].integer;
    layer->bytes = arena_copy(layers->arena, row[3].bytes, row[3].size);
    layer->size = row[3].size;
    return layer->bytes != NULL ? 0 : TOC_ERR_NO_MEMORY;
}

/* By stream; of one stream as they came. */
static int compare(const void *x, const void *y)
{
    const struct layer *a = x, *b = y;
    int                 order = id_compare(&a->stream, &b->stream);
    if (order == 0)
        order = (a->created > b->created) - (a->created < b->created);
    return order != 0 ? order : id_compare(&a->id, &b->id);
}

static size_t first_of(const struct layers *layers, const struct id *stream)
{
    size_t low = 0, high = layers->num;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (id_compare(&layers->rows[middle].stream, stream) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int unpack(const struct layer *rows, size_t num, struct arena *arena, struct stream_known *known)
{
    int64_t room = 0, more = 0;
    for (size_t i = 0; i < num && more >= 0; i++, room += more)
        more = stream_values_count((const uint8_t *) rows[i].bytes, rows[i].size);
    if (more < 0)
        return DB_ERR_CORRUPT;
    known->values = arena_array(arena, (size_t) room + 1, sizeof *known->values);
    if (known->values == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < num; i++) {
        size_t got = 0;
        if (stream_values_unpack((const uint8_t *) rows[i].bytes, rows[i].size, (uint32_t) i,
                                 known->values + known->num, (size_t) room - known->num, &got) != 0)
            return DB_ERR_CORRUPT;
        known->num += got;
    }
    stream_values_sort(known->values, known->num);
    return 0;
}

static int read_layers(struct store_reader *reader, const struct id *streams, size_t num, struct layers *layers)
{
    struct db       *db;
    struct db_value *keys = memory_array(num + 1, sizeof *keys);
    int              ret = keys != NULL ? store_reader_db(reader, &db) : TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < num && ret == 0; i++)
        keys[i] = db_id(&streams[i]);
    if (ret == 0)
        ret = select_many(db,
                          "SELECT \"stream\", \"id\", \"created\", \"packed\" FROM \"stream_values\" WHERE \"stream\"",
                          "", keys, num, layer_row, layers, &reader->error);
    free(keys);
    return ret;
}

int store_stream_known(struct store_reader *reader, const struct access *who, const struct id *streams, size_t num,
                       struct arena *arena, struct stream_known *known)
{
    struct layers layers = { .arena = arena };
    if (access_highest(who, model_record(MODEL_STREAM_VALUES)) == ACCESS_NOTHING)
        return STORE_ERR_DENIED;
    int ret = num > 0 ? read_layers(reader, streams, num, &layers) : 0;
    if (ret == 0 && layers.num > 0)
        qsort(layers.rows, layers.num, sizeof *layers.rows, compare);
    for (size_t i = 0; i < num && ret == 0; i++) {
        size_t first = first_of(&layers, &streams[i]), end = first;
        while (end < layers.num && id_equal(&layers.rows[end].stream, &streams[i]))
            end++;
        known[i] = (struct stream_known){ .num = 0 };
        ret = unpack(layers.rows + first, end - first, arena, &known[i]);
    }
    free(layers.rows);
    return ret;
}

/* ---- whose rows they are ---- */

struct owners {
    const struct id *values;
    size_t           num;
    struct id       *streams;
};

/* id, stream */
static int owner_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct owners *owners = context;
    (void) num_columns;
    for (size_t i = 0; i < owners->num; i++)
        if (memcmp(owners->values[i].bytes, row[0].bytes, ID_BYTES) == 0)
            memcpy(owners->streams[i].bytes, row[1].bytes, ID_BYTES);
    return 0;
}

int store_values_streams(struct store_reader *reader, const struct id *values, size_t num, struct id *streams)
{
    struct db       *db;
    struct owners    owners = { values, num, streams };
    struct db_value *keys = memory_array(num + 1, sizeof *keys);
    int              ret = keys != NULL ? store_reader_db(reader, &db) : TOC_ERR_NO_MEMORY;
    memset(streams, 0, num * sizeof *streams);
    for (size_t i = 0; i < num && ret == 0; i++)
        keys[i] = db_id(&values[i]);
    if (ret == 0)
        ret = select_many(db, "SELECT \"id\", \"stream\" FROM \"stream_values\" WHERE \"id\"", "", keys, num, owner_row,
                          &owners, &reader->error);
    free(keys);
    return ret;
}
