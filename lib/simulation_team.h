/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lib/simulation_team.h: one simulation among several processes; without a team, nothing of this does anything.
 *
 * Where memory runs out in one member, sim->broken is set in all of them.
 */
#ifndef LIB_SIMULATION_TEAM_H
#define LIB_SIMULATION_TEAM_H

#include "simulation_state.h"

/* Which shards are one's own; after the shards are known. */
void toci_team_join(struct toc_simulation *sim);
void toci_team_free(struct toc_simulation *sim);

/* Before a day: nothing waits in the shards of others; days at home are forgotten there as everywhere. */
void toci_team_begin_day(struct toc_simulation *sim);
/* After a phase that leaves messages in to[]. */
void toci_team_messages(struct toc_simulation *sim);
/* After infections and events: agents that changed, specimens and interviews that wait. */
void toci_team_progress(struct toc_simulation *sim);
/* Agents that changed since, new infections, all counts. */
void toci_team_end_day(struct toc_simulation *sim);

/* For a checkpoint: hits, events and campaigns of a shard come to all members; then those of others are dropped. */
void toci_team_lend(struct toc_simulation *sim, uint32_t index);
void toci_team_drop(struct toc_simulation *sim, uint32_t index);
/* After the first infections, and after a checkpoint: all members have them. */
void toci_team_forget_news(struct toc_simulation *sim);

#endif
