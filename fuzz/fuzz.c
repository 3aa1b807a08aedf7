/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

void fuzz_broken(const char *condition, const char *file, int line)
{
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
    abort();
}

const char *fuzz_file(int number, const void *bytes, size_t size)
{
    static int  files[2] = { -1, -1 };
    static char paths[2][32];
    if (files[number] < 0) {
        files[number] = memfd_create("fuzz", MFD_CLOEXEC);
        MUST(files[number] >= 0);
        snprintf(paths[number], sizeof paths[number], "/proc/self/fd/%d", files[number]);
    }
    MUST(ftruncate(files[number], 0) == 0);
    MUST(pwrite(files[number], bytes, size, 0) == (ssize_t) size);
    return paths[number];
}

void fuzz_look(const void *bytes, size_t size)
{
    static volatile unsigned char sink;
    const unsigned char          *at = bytes;
    for (size_t i = 0; i < size; i++)
        sink = (unsigned char) (sink ^ at[i]);
}
