/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "formats/counts_internal.h"

enum { COPY_BYTES = 65536 };

const char *counts_temporary_folder(void)
{
    const char *folder = secure_getenv("TMPDIR");
    return folder != NULL && folder[0] != '\0' ? folder : "/var/tmp";
}

static int refuse(const struct counts_source *source, struct fault_list *faults, const char *what, int reason)
{
    fault_add(faults, (struct fault_place){ .file = source->path }, NULL, "%s: %s", what, strerrordesc_np(reason));
    return BASE_ERR_SYSTEM;
}

/* A file without a name that disappears with its descriptor; -1 with errno. */
static int open_temporary(void)
{
    const char *folder = counts_temporary_folder();
    int         fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT))
        return fd;
    char path[4096]; /* a file system without O_TMPFILE */
    if (snprintf(path, sizeof path, "%s/tocsin-XXXXXX", folder) >= (int) sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        unlink(path);
    return fd;
}

/* write(2) until all is written; 0 or errno. */
static int write_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, bytes, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return errno;
        bytes += written;
        size -= (size_t) written;
    }
    return 0;
}

/* Copy what cannot be read twice. */
static int copy_source(struct counts_source *source, int from, struct fault_list *faults)
{
    static const char cannot[] = "cannot be copied to a temporary file (TMPDIR, else /var/tmp)";
    char              block[COPY_BYTES];
    int               to = open_temporary();
    if (to < 0)
        return refuse(source, faults, cannot, errno);
    for (;;) {
        ssize_t got = read(from, block, sizeof block);
        if (got < 0 && errno == EINTR)
            continue;
        if (got == 0)
            break;
        int reason = got < 0 ? errno : write_all(to, block, (size_t) got);
        if (reason != 0) {
            close(to);
            return refuse(source, faults, got < 0 ? "cannot be read" : cannot, reason);
        }
    }
    source->copy = to;
    return 0;
}

int counts_source_prepare(struct counts_source *source, struct fault_list *faults)
{
    int ret = 0;
    int fd = source->is_standard_input ? STDIN_FILENO : open(source->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return refuse(source, faults, "cannot be opened", errno);
    if (fstat(fd, &source->status) != 0)
        ret = refuse(source, faults, "cannot be read", errno);
    else if (S_ISDIR(source->status.st_mode))
        ret = refuse(source, faults, "cannot be read", EISDIR);
    else if (!S_ISREG(source->status.st_mode) || source->is_standard_input)
        ret = copy_source(source, fd, faults);
    if (!source->is_standard_input)
        close(fd);
    return ret;
}

void counts_source_release(struct counts_source *source)
{
    if (source->copy >= 0)
        close(source->copy);
    source->copy = -1;
}

int counts_source_open(const struct counts_source *source, struct fault_list *faults, int *fd)
{
    if (source->copy >= 0) {
        if (lseek(source->copy, 0, SEEK_SET) < 0)
            return refuse(source, faults, "cannot be read again", errno);
        *fd = source->copy;
        return 0;
    }
    int opened = open(source->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (opened < 0)
        return refuse(source, faults, "cannot be opened", errno);
    posix_fadvise(opened, 0, 0, POSIX_FADV_SEQUENTIAL);
    *fd = opened;
    return 0;
}

void counts_source_close(const struct counts_source *source, int fd)
{
    if (source->copy < 0 && fd >= 0)
        close(fd);
}

bool counts_source_is_same(const struct counts_source *source, int fd)
{
    struct stat        now;
    const struct stat *then = &source->status;
    if (source->copy >= 0)
        return true;
    return fstat(fd, &now) == 0 && now.st_dev == then->st_dev && now.st_ino == then->st_ino &&
           now.st_size == then->st_size && now.st_mtim.tv_sec == then->st_mtim.tv_sec &&
           now.st_mtim.tv_nsec == then->st_mtim.tv_nsec;
}
