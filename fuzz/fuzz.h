/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz/fuzz.h: what the fuzz targets share.
 *
 * A target is one function that reads any bytes and aborts where a promise of a header does not hold. With libFuzzer
 * (meson -Dfuzz=true) it is searched for such bytes; else fuzz/replay.c gives it the files of fuzz/corpus/<target>/, as
 * a test. How to run and what to do with a finding: fuzz/README.md.
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A promise of a header. */
#define MUST(condition)                                                                                                \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            fuzz_broken(#condition, __FILE__, __LINE__);                                                               \
    } while (0)
_Noreturn void fuzz_broken(const char *condition, const char *file, int line);

/* The path of a file in memory that holds these bytes; number 0 or 1. The same file again for the same number. */
const char *fuzz_file(int number, const void *bytes, size_t size);

/* Look at every byte, so that a sanitizer sees one that is not there. */
void fuzz_look(const void *bytes, size_t size);

#endif
