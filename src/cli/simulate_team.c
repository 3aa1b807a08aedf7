/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/simulate_team.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/node_options.h"

bool simulate_team_agree(const struct simulate_team *team, int64_t given, int64_t *highest)
{
    size_t      num_of[TOC_SIMULATION_MAX_RANKS];
    const void *all;
    bool        same = true;
    *highest = given;
    if (team == NULL || team->members.gather(team->members.context, &given, sizeof given, &all, num_of) != 0)
        return team == NULL;
    for (uint32_t rank = 0; rank < team->members.num_ranks; rank++) {
        int64_t other = ((const int64_t *) all)[rank];
        same = same && other == given;
        *highest = other > *highest ? other : *highest;
    }
    return same;
}

/* What those who start processes tell them: Open MPI; MPICH, Intel MPI and Slurm by PMI. */
static long from_environment(const char *const names[2])
{
    for (int i = 0; i < 2; i++) {
        const char *value = getenv(names[i]);
        if (value != NULL)
            return strtol(value, NULL, 10);
    }
    return -1;
}

int simulate_hand_over(const struct cli_command *command, char **argv)
{
    static const char *const sizes[2] = { "OMPI_COMM_WORLD_SIZE", "PMI_SIZE" };
    static const char *const ranks[2] = { "OMPI_COMM_WORLD_RANK", "PMI_RANK" };
    const char              *program = node_program(), *slash = program != NULL ? strrchr(program, '/') : NULL;
    char                     path[8192];
    if (from_environment(sizes) < 2)
        return CLI_DONE;
    snprintf(path, sizeof path, "%.*s/tocsin-simulate-mpi", slash != NULL ? (int) (slash - program) : 0,
             slash != NULL ? program : "");
    execv(path, argv);
    int reason = errno;
    if (from_environment(ranks) <= 0)
        cli_complain(
            command, CLI_MACHINE,
            "%s: %s; several processes need this program, which is built where Open MPI or MPICH is (option mpi)", path,
            strerror(reason));
    return CLI_MACHINE;
}
