/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a dump: what store/dump_parse.h hands out is whole and within bounds, and what it refuses has a
 * sentence. The first byte chooses: even, the rest is the stream; odd, it is the blocks' contents (a byte for what the
 * block is, two for its size, the content), which are compressed and hashed here, as no search would find a hash. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "store/dump_parse.h"

struct stream {
    uint8_t *bytes;
    size_t   size, room, at;
};

static int write_stream(void *context, const void *bytes, size_t size)
{
    struct stream *stream = context;
    if (stream->size + size > stream->room) {
        stream->room = 2 * (stream->size + size);
        stream->bytes = realloc(stream->bytes, stream->room);
        MUST(stream->bytes != NULL);
    }
    if (size > 0)
        memcpy(stream->bytes + stream->size, bytes, size);
    stream->size += size;
    return 0;
}

static int read_stream(void *context, void *bytes, size_t size, size_t *got)
{
    struct stream *stream = context;
    size_t         left = stream->size - stream->at;
    *got = size < left ? size : left;
    if (*got > 0)
        memcpy(bytes, stream->bytes + stream->at, *got);
    stream->at += *got;
    return 0;
}

struct seen {
    const struct db_table *table;
    uint64_t               tables, rows;
};

static void look_at(const struct db_value *value)
{
    if (value->type == DB_TEXT || value->type == DB_BYTES)
        fuzz_look(value->bytes, value->size);
    else
        MUST(value->type == DB_NULL || value->type == DB_INTEGER || value->type == DB_REAL);
}

static int take_beginning(void *context, int64_t number, const struct db_value *digest, struct db_error *error)
{
    (void) context;
    (void) error;
    MUST(number >= 0);
    look_at(digest);
    return 0;
}

static int take_table(void *context, const struct db_table *table, const char *layout, struct db_error *error)
{
    struct seen *seen = context;
    (void) error;
    seen->table = table;
    seen->tables++;
    MUST(table->num_columns > 0 && table->num_columns <= DB_MAX_COLUMNS && strlen(layout) > 0);
    MUST(strlen(table->name) > 0 && strpbrk(table->name, "\"'; ") == NULL);
    for (size_t i = 0; i < table->num_columns; i++)
        MUST(strlen(table->columns[i].name) > 0 && strpbrk(table->columns[i].name, "\"'; ") == NULL);
    return 0;
}

static int take_row(void *context, const struct db_value *row, struct db_error *error)
{
    struct seen *seen = context;
    (void) error;
    MUST(seen->table != NULL);
    for (size_t i = 0; i < seen->table->num_columns; i++)
        look_at(&row[i]);
    seen->rows++;
    return 0;
}

static int take_table_end(void *context, struct db_error *error)
{
    (void) error;
    ((struct seen *) context)->table = NULL;
    return 0;
}

/* The blocks that the bytes describe, well made. */
static void make_stream(const uint8_t *data, size_t size, struct stream *stream)
{
    struct dump_writer writer = { .write = write_stream, .context = stream };
    MUST(dump_writer_begin(&writer, NULL) == 0);
    while (size >= 3) {
        size_t wanted = (size_t) data[1] | (size_t) data[2] << 8, content = wanted < size - 3 ? wanted : size - 3;
        sink_write(&writer.content, (const char *) data + 3, content);
        MUST(dump_writer_block(&writer, (enum dump_what)(data[0] % 5 + 1), NULL) == 0);
        data += 3 + content;
        size -= 3 + content;
    }
    dump_writer_free(&writer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stream             stream = { NULL, 0, 0, 0 };
    struct seen               seen = { NULL, 0, 0 };
    struct dump_summary       summary;
    struct db_error           error = { 0 };
    const struct dump_taker   taker = { take_beginning, take_table, take_row, take_table_end, &seen };
    const struct dump_options plain = { 0 };
    if (size == 0 || size > 300000)
        return 0;
    if ((data[0] & 1) == 0)
        write_stream(&stream, data + 1, size - 1);
    else
        make_stream(data + 1, size - 1, &stream);
    int ret = dump_parse(&plain, read_stream, &stream, &taker, &summary, &error);
    if (ret == 0)
        MUST(summary.tables == seen.tables && summary.rows == seen.rows && summary.bytes == stream.size);
    else
        MUST(ret < 0 && error.status == ret && error.what[0] != '\0');
    stream.at = 0;
    ret = dump_check(&plain, read_stream, &stream, &summary, &error); /* the values too */
    MUST(ret <= 0);
    free(stream.bytes);
    return 0;
}
