/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/text.h"
#include "tocsin/status.h"

#define BUFFER_BYTES 65536
#define MAX_TEMPORARIES 8 /* of all sinks open at once: outputs and plots of one run */

/* ---- files that a signal must remove: a fixed table, so that a handler needs no lock ---- */

static const char *volatile temporaries[MAX_TEMPORARIES];

static void remember_temporary(const char *path)
{
    for (size_t i = 0; i < MAX_TEMPORARIES; i++)
        if (temporaries[i] == NULL) {
            temporaries[i] = path;
            return;
        }
}

static void forget_temporary(const char *path)
{
    for (size_t i = 0; i < MAX_TEMPORARIES; i++)
        if (temporaries[i] == path)
            temporaries[i] = NULL;
}

void sink_remove_temporaries(void)
{
    for (size_t i = 0; i < MAX_TEMPORARIES; i++)
        if (temporaries[i] != NULL)
            unlink(temporaries[i]);
}

/* ---- opening ---- */

static bool is_replaceable(const char *path)
{
    struct stat status;
    return stat(path, &status) != 0 || S_ISREG(status.st_mode);
}

/* A temporary file in the same folder, with the rights that a plain new file would have. */
static int open_beside(struct sink *sink, const char *path)
{
    size_t size = strlen(path) + sizeof ".XXXXXX";
    sink->path = strdup(path);
    sink->temporary = malloc(size);
    if (sink->path == NULL || sink->temporary == NULL)
        return TOC_ERR_NO_MEMORY;
    snprintf(sink->temporary, size, "%s.XXXXXX", path);
    remember_temporary(
        sink->temporary); /* now: the name stands there before the file does, so a signal always finds it */
    sink->fd = mkostemp(sink->temporary, O_CLOEXEC);
    if (sink->fd < 0) {
        sink->failure = errno;
        return BASE_ERR_SYSTEM;
    }

    struct stat status;
    mode_t      mask = umask(0);
    umask(mask);
    mode_t mode = stat(path, &status) == 0 ? status.st_mode & 0777 : 0666 & ~mask;
    fchmod(sink->fd, mode);
    return 0;
}

int sink_open(struct sink *sink, const char *path)
{
    int ret = 0;
    sink_init_memory(sink);
    sink->bytes = malloc(BUFFER_BYTES);
    sink->capacity = BUFFER_BYTES;
    if (sink->bytes == NULL)
        return TOC_ERR_NO_MEMORY;
    if (path == NULL || strcmp(path, "-") == 0)
        sink->fd = STDOUT_FILENO;
    else if (is_replaceable(path))
        ret = open_beside(sink, path);
    else if ((sink->fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY)) < 0) {
        sink->failure = errno;
        ret = BASE_ERR_SYSTEM;
    }
    if (ret != 0) {
        int failure = sink->failure;
        sink_free(sink);
        sink->failure = failure;
    }
    return ret;
}

void sink_init_memory(struct sink *sink)
{
    *sink = (struct sink){ .fd = -1 };
}

/* ---- writing ---- */

static void write_out(struct sink *sink, const char *bytes, size_t size)
{
    while (size > 0 && sink->failure == 0) {
        ssize_t wrote = write(sink->fd, bytes, size);
        if (wrote < 0) {
            if (errno != EINTR)
                sink->failure = errno;
            continue;
        }
        bytes += wrote;
        size -= (size_t) wrote;
    }
}

static bool grow(struct sink *sink, size_t size)
{
    size_t wanted = sink->used + size;
    size_t capacity = sink->capacity < 4096 ? 4096 : sink->capacity;
    while (capacity < wanted)
        capacity *= 2;
    char *bytes = wanted < size ? NULL : realloc(sink->bytes, capacity);
    if (bytes == NULL) {
        sink->failure = ENOMEM;
        return false;
    }
    sink->bytes = bytes;
    sink->capacity = capacity;
    return true;
}

void sink_write_more(struct sink *sink, const char *bytes, size_t size)
{
    if (size == 0)
        return; /* bytes may be NULL then */
    if (sink->failure != 0)
        return;
    if (size > sink->capacity - sink->used) {
        if (sink->fd < 0) {
            if (!grow(sink, size))
                return;
        } else {
            write_out(sink, sink->bytes, sink->used);
            sink->used = 0;
            if (size > sink->capacity) {
                write_out(sink, bytes, size);
                return;
            }
        }
    }
    memcpy(sink->bytes + sink->used, bytes, size);
    sink->used += size;
}

void sink_text(struct sink *sink, const char *text)
{
    sink_write(sink, text, strlen(text));
}

void sink_format(struct sink *sink, const char *format, ...)
{
    char    text[1024];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t) length >= sizeof text)
        sink->failure = sink->failure != 0 ? sink->failure : EOVERFLOW;
    else
        sink_write(sink, text, (size_t) length);
}

void sink_number(struct sink *sink, double value)
{
    char text[TEXT_DOUBLE_BYTES];
    sink_write(sink, text, text_from_double(value, text));
}

void sink_integer(struct sink *sink, int64_t value)
{
    char text[TEXT_INTEGER_BYTES];
    sink_write(sink, text, text_from_integer(value, text));
}

void sink_flush(struct sink *sink)
{
    if (sink->fd >= 0 && sink->failure == 0) {
        write_out(sink, sink->bytes, sink->used);
        sink->used = 0;
    }
}

/* ---- the end ---- */

static void take_place(struct sink *sink)
{
    if (sink->failure == 0 && fsync(sink->fd) != 0)
        sink->failure = errno;
    if (close(sink->fd) != 0 && sink->failure == 0)
        sink->failure = errno;
    sink->fd = -1;
    if (sink->failure == 0 && rename(sink->temporary, sink->path) != 0)
        sink->failure = errno;
    if (sink->failure == 0)
        forget_temporary(sink->temporary);
}

int sink_finish(struct sink *sink)
{
    bool memory = sink->fd < 0;
    sink_flush(sink);
    if (sink->temporary != NULL && !memory)
        take_place(sink);
    else if (!memory && sink->fd != STDOUT_FILENO) {
        if (close(sink->fd) != 0 && sink->failure == 0)
            sink->failure = errno;
        sink->fd = -1;
    }
    int failure = sink->failure;
    if (!memory) {
        if (failure == 0) { /* in its place: nothing left to remove */
            free(sink->temporary);
            sink->temporary = NULL;
        }
        sink_free(sink);
        sink->failure = failure;
    }
    return failure == 0 ? 0 : BASE_ERR_SYSTEM;
}

void sink_free(struct sink *sink)
{
    if (sink->fd > STDOUT_FILENO)
        close(sink->fd);
    if (sink->temporary != NULL) {
        unlink(sink->temporary);
        forget_temporary(sink->temporary);
    }
    free(sink->temporary);
    free(sink->path);
    free(sink->bytes);
    sink_init_memory(sink);
}
