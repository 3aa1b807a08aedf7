/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/dump_code.h: the bytes of a dump: checked, compressed blocks. dump.h says what they hold.
 *
 *     8 bytes   "tocsin" 0 1                          the last one is the version of this format
 *     blocks:   1 byte    what: 1 beginning, 2 table, 3 rows, 4 end of the table, 5 end of the dump
 *               4 bytes   size of the content, least byte first
 *               4 bytes   size of its compressed form (zstd), likewise
 *               …         the compressed content
 *               32 bytes  BLAKE2b (keyed where there is a key) of the hash before (the first: zeros) and all the above
 *
 * So a block that was changed, left out, repeated or put elsewhere is noticed at once, and the last hash stands for the
 * whole. The reader takes bytes from outside: sizes are checked before memory is asked for, and a block's content is
 * used after its hash was right.
 */
#ifndef STORE_DUMP_CODE_H
#define STORE_DUMP_CODE_H

#include "base/sink.h"
#include "store/db.h"

#define DUMP_HASH_BYTES 32
#define DUMP_KEY_BYTES 32
#define DUMP_BLOCK_BYTES ((size_t) 256 << 10) /* a block of rows is closed when it has so many */
#define DUMP_MOST_BYTES ((size_t) 64 << 20)   /* more is no block */

enum dump_what { DUMP_BEGINNING = 1, DUMP_TABLE, DUMP_ROWS, DUMP_TABLE_END, DUMP_END };

/* Take all of these bytes. Returns 0 or a negative status, which ends the dump. */
typedef int dump_write_bytes(void *context, const void *bytes, size_t size);
/* Give up to `size` bytes; *got = 0 at the end alone. Returns 0 or a negative status. */
typedef int dump_read_bytes(void *context, void *bytes, size_t size, size_t *got);

struct dump_writer {
    dump_write_bytes *write;
    void             *context;
    const uint8_t    *key;     /* DUMP_KEY_BYTES, borrowed; NULL = none */
    int               level;   /* of zstd; 0 = 1, the quickest */
    struct sink       content; /* of the block being made */
    /* the writer's own */
    uint8_t  hash[DUMP_HASH_BYTES];
    void    *compressor;
    char    *room;
    size_t   room_size;
    uint64_t bytes; /* written so far */
};

struct dump_reader {
    dump_read_bytes *read;
    void            *context;
    const uint8_t   *key;
    /* the reader's own */
    uint8_t  hash[DUMP_HASH_BYTES];
    char    *compressed, *content;
    size_t   compressed_room, content_room, size;
    uint64_t bytes;
};

/* Write the 8 bytes, before any block. */
int dump_writer_begin(struct dump_writer *writer, struct db_error *error);
/* Close the block: what stands in writer->content, which is empty afterwards. */
int  dump_writer_block(struct dump_writer *writer, enum dump_what what, struct db_error *error);
void dump_writer_free(struct dump_writer *writer); /* a zeroed one is fine */

int dump_reader_begin(struct dump_reader *reader, struct db_error *error);
/* The next block: reader->content and ->size. *what is left alone at the end of the bytes, which is BASE_ERR_INPUT as
 * any other fault: a dump ends with a block of its own. */
int  dump_reader_block(struct dump_reader *reader, enum dump_what *what, struct db_error *error);
void dump_reader_free(struct dump_reader *reader);

#endif
