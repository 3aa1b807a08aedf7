/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/base/sink.h: where written bytes go: a file, standard output or memory, behind one buffer.
 *
 * Writing cannot be checked call by call without losing sight of the work; so a sink remembers its first failure, takes
 * nothing after it, and tells it once, in sink_finish.
 *
 * A file is written beside its final place and takes that place at sink_finish, whole or not at all: whoever reads it
 * sees the old file or the new one. (Where the path names a pipe or a device it is written directly.)
 */
#ifndef BASE_SINK_H
#define BASE_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct sink {
    char  *bytes; /* of a memory sink: the text so far, used bytes, no end mark */
    size_t used;
    size_t capacity;
    int    fd;        /* -1: memory */
    int    failure;   /* an errno; 0 = none so far */
    char  *path;      /* final path; NULL: memory, standard output, or a device */
    char  *temporary; /* path written to until then */
};

/* Write to `path`; NULL or "-" is standard output. Returns 0, TOC_ERR_NO_MEMORY, or BASE_ERR_SYSTEM with the reason in
 * sink->failure (an errno). */
int sink_open(struct sink *sink, const char *path);

/* Write into memory: bytes and used hold the text. A zeroed struct with fd = -1 is the same. */
void sink_init_memory(struct sink *sink);

/* Where there is room, which is nearly always: a page of a list is some thousand small pieces. */
void               sink_write_more(struct sink *sink, const char *bytes, size_t size);
static inline void sink_write(struct sink *sink, const char *bytes, size_t size)
{
    if (size == 0 || sink->failure != 0 || size > sink->capacity - sink->used) {
        sink_write_more(sink, bytes, size);
        return;
    }
    memcpy(sink->bytes + sink->used, bytes, size);
    sink->used += size;
}
static inline void sink_character(struct sink *sink, char character)
{
    sink_write(sink, &character, 1);
}
void sink_text(struct sink *sink, const char *text);
void sink_format(struct sink *sink, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The shortest text that reads back as the same number; the caller has dealt with NaN and the infinities. */
void sink_number(struct sink *sink, double value);
void sink_integer(struct sink *sink, int64_t value);

/* Hand what is buffered to the system now (a reader in a pipe may be waiting). */
void sink_flush(struct sink *sink);

/* Everything written, on disk and in its place, or nothing: returns 0 or BASE_ERR_SYSTEM with the reason in
 * sink->failure. The sink is then closed either way; a memory sink keeps its bytes until sink_free. */
int sink_finish(struct sink *sink);

/* Give up: remove what was written, leave the old file. Also frees a memory sink; of a closed sink it does nothing. */
void sink_free(struct sink *sink);

/* Remove the temporary files of all sinks still open; safe in a signal handler. */
void sink_remove_temporaries(void);

#endif
