/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/key_file.h"

#include <fcntl.h>
#include <sodium.h>
#include <unistd.h>

#include "base/fault.h"

static int make(const char *path, unsigned char *key, size_t size)
{
    randombytes_buf(key, size);
    int  fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool written = fd >= 0 && write(fd, key, size) == (ssize_t) size && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return written ? 0 : BASE_ERR_SYSTEM;
}

int key_file_read(const char *path, unsigned char *key, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return make(path, key, size);
    bool whole = read(fd, key, size) == (ssize_t) size;
    close(fd);
    if (whole)
        return 0;
    (void) unlink(path); /* the power went while it was made: nothing was done with it */
    return access(path, F_OK) != 0 ? make(path, key, size) : BASE_ERR_SYSTEM;
}
