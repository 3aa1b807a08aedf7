/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli/simulate_crew.h: threads that share the work of one run (struct toc_simulation_runner). */
#ifndef CLI_SIMULATE_CREW_H
#define CLI_SIMULATE_CREW_H

#include "tocsin/simulation.h"

struct simulate_crew;

/* `threads` in all, the caller's own among them. With 1, or where no thread can be started, everything is done in the
 * caller's. NULL where there is no memory. */
struct simulate_crew *simulate_crew_new(int threads);
void                  simulate_crew_free(struct simulate_crew *crew);

/* To be handed to toc_simulation_create; lives as long as the crew. One caller at a time. */
struct toc_simulation_runner simulate_crew_runner(struct simulate_crew *crew);

#endif
