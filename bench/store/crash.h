/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench/store/crash.h: does a process like this one, ended by a signal, leave a core? */
#ifndef BENCH_STORE_CRASH_H
#define BENCH_STORE_CRASH_H

#include <stdbool.h>

/* Copy this process, with all that is in its memory, and end the copy by SIGABRT in a folder below `directory`, with
 * its limit of cores raised as far as it may. Answers whether the kernel wrote a core. `keep`: the folder stays, for
 * whoever searches it. */
bool crash_leaves_core(const char *directory, bool keep);

#endif
