/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli/simulate_team.h: processes that share the work of one `tocsin simulate`, as mpirun starts them.
 *
 * Where there are at least as many runs as processes, each makes whole runs and sends them to rank 0, which writes all
 * files in the order of seeds. Where there are fewer, all work on one run after another, each on its areas
 * (struct toc_simulation_team). The same bytes come out for any number.
 *
 * The transport is passed in: the program tocsin itself knows none; tocsin-simulate-mpi (simulate_mpi.c) does.
 */
#ifndef CLI_SIMULATE_TEAM_H
#define CLI_SIMULATE_TEAM_H

#include "cli/command.h"
#include "tocsin/simulation.h"

struct simulate_team {
    struct toc_simulation_team members; /* rank, number of ranks, gather */
    int                        here;    /* processes on this machine */
    /* To rank 0; and there, from a rank, as many bytes as it sends. They wait without using the processor. */
    void (*send)(void *context, const void *bytes, size_t num);
    void (*receive)(void *context, uint32_t rank, void *bytes, size_t num);
    /* From rank 0: whether a rank is to send its next run, or to stop; and there: -1 while nothing has been said. */
    void (*tell)(void *context, uint32_t rank, bool go_on);
    int (*told)(void *context, bool wait);
    void *context;
};

/* All give a number; true where all gave the same. Everybody gets the highest. */
bool simulate_team_agree(const struct simulate_team *team, int64_t given, int64_t *highest);

/* The command, for this process of a team; team = NULL: alone. All members answer the same. */
int simulate_among(const struct cli_command *command, int argc, char **argv, const struct simulate_team *team);

/* Started by mpirun (or a batch system) as one of several: become tocsin-simulate-mpi, which is beside this program,
 * and never return. Answers CLI_DONE where this process is alone; complains, once for all, where that program is
 * missing. */
int simulate_hand_over(const struct cli_command *command, char **argv);

#endif
