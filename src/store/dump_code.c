/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/dump_code.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/fault.h"
#include "base/memory.h"
#include "store/db_driver.h"

#define HEAD_BYTES 9

static const char magic[8] = { 't', 'o', 'c', 's', 'i', 'n', 0, 1 };

static void put_size(unsigned char *bytes, size_t size)
{
    for (size_t i = 0; i < 4; i++)
        bytes[i] = (unsigned char) (size >> (8 * i));
}

static size_t get_size(const unsigned char *bytes)
{
    return (size_t) bytes[0] | (size_t) bytes[1] << 8 | (size_t) bytes[2] << 16 | (size_t) bytes[3] << 24;
}

/* hash = BLAKE2b(hash before, head, compressed) */
static void chain(uint8_t hash[DUMP_HASH_BYTES], const uint8_t *key, const unsigned char head[HEAD_BYTES],
                  const char *compressed, size_t size)
{
    crypto_generichash_state state;
    crypto_generichash_init(&state, key, key != NULL ? DUMP_KEY_BYTES : 0, DUMP_HASH_BYTES);
    crypto_generichash_update(&state, hash, DUMP_HASH_BYTES);
    crypto_generichash_update(&state, head, HEAD_BYTES);
    crypto_generichash_update(&state, (const unsigned char *) compressed, size);
    crypto_generichash_final(&state, hash, DUMP_HASH_BYTES);
}

/* ---- writing ---- */

static int emit(struct dump_writer *writer, const void *bytes, size_t size, struct db_error *error)
{
    int ret = writer->write(writer->context, bytes, size);
    if (ret != 0)
        return db_fail(error, ret, "the dump cannot be written");
    writer->bytes += size;
    return 0;
}

int dump_writer_begin(struct dump_writer *writer, struct db_error *error)
{
    sink_init_memory(&writer->content);
    memset(writer->hash, 0, sizeof writer->hash);
    writer->compressor = ZSTD_createCCtx();
    if (writer->compressor == NULL)
        return db_fail(error, TOC_ERR_NO_MEMORY, "no memory for compression");
    return emit(writer, magic, sizeof magic, error);
}

int dump_writer_block(struct dump_writer *writer, enum dump_what what, struct db_error *error)
{
    size_t size = writer->content.used;
    if (writer->content.failure != 0)
        return db_fail(error, TOC_ERR_NO_MEMORY, "no memory for a block");
    if (size > DUMP_MOST_BYTES)
        return db_fail(error, TOC_ERR_TOO_LARGE, "a row of more than %zu MiB cannot be dumped", DUMP_MOST_BYTES >> 20);
    size_t most = ZSTD_compressBound(size);
    if (most > writer->room_size) {
        char *room = memory_resize(writer->room, most, 1);
        if (room == NULL)
            return db_fail(error, TOC_ERR_NO_MEMORY, "no memory for a block");
        writer->room = room;
        writer->room_size = most;
    }
    size_t compressed = ZSTD_compressCCtx(writer->compressor, writer->room, writer->room_size, writer->content.bytes,
                                          size, writer->level != 0 ? writer->level : 1);
    if (ZSTD_isError(compressed))
        return db_fail(error, TOC_ERR_NO_MEMORY, "compression failed: %s", ZSTD_getErrorName(compressed));
    unsigned char head[HEAD_BYTES] = { (unsigned char) what };
    put_size(head + 1, size);
    put_size(head + 5, compressed);
    chain(writer->hash, writer->key, head, writer->room, compressed);
    writer->content.used = 0;
    int ret = emit(writer, head, sizeof head, error);
    if (ret == 0)
        ret = emit(writer, writer->room, compressed, error);
    if (ret == 0)
        ret = emit(writer, writer->hash, sizeof writer->hash, error);
    return ret;
}

void dump_writer_free(struct dump_writer *writer)
{
    if (writer->content.bytes != NULL)
        sink_free(&writer->content);
    ZSTD_freeCCtx(writer->compressor);
    free(writer->room);
    writer->compressor = NULL;
    writer->room = NULL;
}

/* ---- reading ---- */

static int take(struct dump_reader *reader, void *bytes, size_t size, struct db_error *error)
{
    size_t done = 0;
    while (done < size) {
        size_t got = 0;
        int    ret = reader->read(reader->context, (char *) bytes + done, size - done, &got);
        if (ret != 0)
            return db_fail(error, ret, "the dump cannot be read");
        if (got == 0)
            return db_fail(error, BASE_ERR_INPUT, "the dump ends too early, behind %llu bytes",
                           (unsigned long long) reader->bytes);
        done += got;
        reader->bytes += got;
    }
    return 0;
}

static int make_room(char **room, size_t *room_size, size_t size, struct db_error *error)
{
    if (size <= *room_size)
        return 0;
    char *more = memory_resize(*room, size, 1);
    if (more == NULL)
        return db_fail(error, TOC_ERR_NO_MEMORY, "no memory for a block");
    *room = more;
    *room_size = size;
    return 0;
}

int dump_reader_begin(struct dump_reader *reader, struct db_error *error)
{
    char found[sizeof magic];
    memset(reader->hash, 0, sizeof reader->hash);
    int ret = take(reader, found, sizeof found, error);
    if (ret != 0)
        return ret;
    if (memcmp(found, magic, sizeof magic - 1) != 0)
        return db_fail(error, BASE_ERR_INPUT, "this is no dump of Tocsin");
    if (found[7] != magic[7])
        return db_fail(error, DB_ERR_NEWER, "this dump has format %d, this Tocsin reads format %d", found[7], magic[7]);
    return 0;
}

/* A block of content that fits its hash, so of these sizes: into reader->content. */
static int expand(struct dump_reader *reader, size_t size, size_t compressed, struct db_error *error)
{
    size_t frame = (size_t) ZSTD_getFrameContentSize(reader->compressed, compressed);
    int    ret = make_room(&reader->content, &reader->content_room, size + 1, error);
    if (ret != 0)
        return ret;
    size_t got = frame == size ? ZSTD_decompress(reader->content, size, reader->compressed, compressed) : size + 1;
    if (got != size)
        return db_fail(error, BASE_ERR_INPUT, "a block before byte %llu cannot be expanded",
                       (unsigned long long) reader->bytes);
    reader->size = size;
    return 0;
}

int dump_reader_block(struct dump_reader *reader, enum dump_what *what, struct db_error *error)
{
    unsigned char head[HEAD_BYTES];
    uint8_t       expected[DUMP_HASH_BYTES];
    int           ret = take(reader, head, sizeof head, error);
    if (ret != 0)
        return ret;
    size_t size = get_size(head + 1), compressed = get_size(head + 5);
    if (head[0] < DUMP_BEGINNING || head[0] > DUMP_END || size > DUMP_MOST_BYTES ||
        compressed > ZSTD_compressBound(size))
        return db_fail(error, BASE_ERR_INPUT, "there is no block before byte %llu", (unsigned long long) reader->bytes);
    ret = make_room(&reader->compressed, &reader->compressed_room, compressed + 1, error);
    if (ret == 0)
        ret = take(reader, reader->compressed, compressed, error);
    if (ret == 0)
        ret = take(reader, expected, sizeof expected, error);
    if (ret != 0)
        return ret;
    chain(reader->hash, reader->key, head, reader->compressed, compressed);
    if (sodium_memcmp(expected, reader->hash, sizeof expected) != 0)
        return db_fail(error, BASE_ERR_INPUT, "the block before byte %llu was changed%s",
                       (unsigned long long) reader->bytes, reader->key != NULL ? ", or the key is another" : "");
    ret = expand(reader, size, compressed, error);
    if (ret == 0)
        *what = (enum dump_what) head[0];
    return ret;
}

void dump_reader_free(struct dump_reader *reader)
{
    free(reader->compressed);
    free(reader->content);
    reader->compressed = reader->content = NULL;
    reader->compressed_room = reader->content_room = 0;
}
