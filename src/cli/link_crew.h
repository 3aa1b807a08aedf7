/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli/link_crew.h: numbered tasks shared out among threads. */
#ifndef CLI_LINK_CREW_H
#define CLI_LINK_CREW_H

#include <stddef.h>

/* Do task `number`; `worker` (0 … threads - 1) is the thread's own. Returns 0 or a negative status, which ends all. */
typedef int (*link_task)(void *context, size_t number, int worker);

/* Do tasks 0 … num_tasks - 1 by `threads` threads, the caller's among them; fewer where no more can be started. Returns
 * 0, or the first status that a task gave. */
int link_crew_run(int threads, size_t num_tasks, link_task task, void *context);

#endif
