/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench/store/bare.h: what the machine can do: a bare loop that writes groups of so many bytes and syncs each. */
#ifndef BENCH_STORE_BARE_H
#define BENCH_STORE_BARE_H

#include <stddef.h>

/* Groups a second that are written and synced (fdatasync), in a file of `directory` which is removed again. */
double bare_groups_per_second(const char *directory, size_t group_bytes, double seconds);

/* Bytes that this process has written so far (wchar of /proc/self/io: the log, the file, and a little to the keeper).
 * Not write_bytes: on a file system with large folios a page of 2 KiB counts there as all of its folio. */
double bare_bytes_written(void);

#endif
