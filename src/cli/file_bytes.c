/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/file_bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

#define READ_AT_FIRST ((size_t) 1 << 16)

static int read_all(int fd, struct file_bytes *file)
{
    char  *bytes = NULL;
    size_t size = 0, room = 0;
    int    ret = 0;
    for (;;) {
        if (size == room) {
            room = room == 0 ? READ_AT_FIRST : 2 * room;
            char *larger = room <= FILE_BYTES_MAX_PIPE ? memory_resize(bytes, room, 1) : NULL;
            if (larger == NULL) {
                ret = room <= FILE_BYTES_MAX_PIPE ? ENOMEM : EFBIG;
                goto out;
            }
            bytes = larger;
        }
        ssize_t got = read(fd, bytes + size, room - size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            ret = errno;
            goto out;
        }
        if (got == 0)
            break;
        size += (size_t) got;
    }
    *file = (struct file_bytes){ bytes, size, false };
    bytes = NULL;
out:
    free(bytes);
    return ret;
}

int file_bytes_open(struct file_bytes *file, const char *path)
{
    bool        standard = path == NULL || strcmp(path, "-") == 0;
    int         ret = 0, fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    *file = (struct file_bytes){ 0 };
    if (fd < 0)
        return errno;
    if (fstat(fd, &status) != 0) {
        ret = errno;
    } else if (S_ISDIR(status.st_mode)) {
        ret = EISDIR;
    } else if (S_ISREG(status.st_mode) && status.st_size > 0 && !standard) {
        void *bytes = mmap(NULL, (size_t) status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (bytes == MAP_FAILED)
            ret = errno;
        else
            *file = (struct file_bytes){ bytes, (size_t) status.st_size, true };
    } else {
        ret = read_all(fd, file);
    }
    if (!standard)
        close(fd);
    return ret;
}

void file_bytes_close(struct file_bytes *file)
{
    if (file->mapped)
        munmap((void *) (uintptr_t) file->bytes, file->size);
    else
        free((void *) (uintptr_t) file->bytes);
    *file = (struct file_bytes){ 0 };
}
