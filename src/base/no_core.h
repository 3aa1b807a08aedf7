/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/base/no_core.h: a process that holds keys or identities leaves no copy of its memory on a disk when it crashes.
 */
#ifndef BASE_NO_CORE_H
#define BASE_NO_CORE_H

/* From here on this process leaves no core, whatever its limits say (PR_SET_DUMPABLE 0), nobody but root may trace it
 * or read its memory, and neither it nor what it starts may write a core (RLIMIT_CORE 0). keeper_start and
 * keeper_ring_new call it, so that whoever can open an identity or holds a node key is such a process. A program that
 * is started with exec has to call it itself: the kernel forgets the first half. Calling it twice is fine.
 *
 * Returns 0 or BASE_ERR_SYSTEM. */
int no_core(void);

#endif
