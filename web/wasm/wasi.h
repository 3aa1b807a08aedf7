/* SPDX-License-Identifier: GPL-3.0-or-later */
/* web/wasm/wasi.h: what Debian's wasi-libc has not; put before every file of `./dev web-wasm`.
 *
 * The first three are of files, which a device has none of: nothing that calls them is linked in.
 */
#ifndef WEB_WASM_WASI_H
#define WEB_WASM_WASI_H

#include <stddef.h>

int      mkostemp(char *template, int flags);
unsigned umask(unsigned mask);
int      fchmod(int fd, unsigned mode);
/* As glibc has it; heap sort. */
void qsort_r(void *base, size_t num, size_t size, int (*compare)(const void *a, const void *b, void *context),
             void *context);

#endif
