/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli/file_bytes.h: the bytes of a whole file: mapped where it is one, read where it is a pipe. */
#ifndef CLI_FILE_BYTES_H
#define CLI_FILE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FILE_BYTES_MAX_PIPE ((size_t) 1 << 30) /* of a pipe, that are kept in memory */

struct file_bytes {
    const char *bytes; /* NULL where there are none */
    size_t      size;
    bool        mapped;
};

/* NULL or "-" is standard input. Returns 0, or the errno of what was refused (EFBIG: a longer pipe). */
int  file_bytes_open(struct file_bytes *file, const char *path);
void file_bytes_close(struct file_bytes *file);

#endif
