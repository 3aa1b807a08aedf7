/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tocsin-simulate-mpi: what `tocsin simulate` becomes where mpirun starts several of it (simulate_hand_over). It is a
 * program of its own so that tocsin starts without MPI. Only here is MPI called: by the caller's thread, or by the one
 * worker of a run that all share, never by both at once. Rank 0 alone speaks.
 */
#include <fcntl.h>
#include <mpi.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/sink.h"
#include "cli/cmd.h"
#include "cli/simulate_team.h"

enum { RUNS, WORDS }; /* tags of messages: to rank 0, from rank 0 */

#define PIECE ((size_t) 1 << 30) /* MPI counts in int */

/* cli/help.c and others ask for the commands; here there is one. */
const struct cli_command *const *cli_commands(size_t *num_commands);
const struct cli_command        *cli_command_find(const char *name);

static const struct cli_command *const commands[] = { &cli_command_simulate };

const struct cli_command *const *cli_commands(size_t *num_commands)
{
    *num_commands = 1;
    return commands;
}

const struct cli_command *cli_command_find(const char *name)
{
    return strcmp(name, commands[0]->name) == 0 ? commands[0] : NULL;
}

/* ---- the transport ---- */
struct gathered {
    unsigned char *bytes;
    size_t         capacity;
};

/* Give the processor away until the request has ended: members that share one would else wait for who waits. */
static void wait_for(MPI_Request *request)
{
    int done = 0;
    for (unsigned turns = 0; MPI_Test(request, &done, MPI_STATUS_IGNORE) == MPI_SUCCESS && !done; turns++) {
        if (turns < 1000)
            sched_yield();
        else
            nanosleep(&(struct timespec){ .tv_nsec = 200000 }, NULL);
    }
}

static int gather(void *context, const void *own, size_t num, const void **all, size_t *num_of)
{
    struct gathered   *gathered = context;
    unsigned long long size = num, sizes[TOC_SIMULATION_MAX_RANKS];
    size_t             sum = 0, before = 0;
    int                ranks, rank;
    MPI_Request        request;
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Iallgather(&size, 1, MPI_UNSIGNED_LONG_LONG, sizes, 1, MPI_UNSIGNED_LONG_LONG, MPI_COMM_WORLD, &request);
    wait_for(&request);
    for (int i = 0; i < ranks; i++) {
        num_of[i] = sizes[i];
        sum += num_of[i];
    }
    if (sum > gathered->capacity || gathered->bytes == NULL) {
        unsigned char *larger = memory_resize(gathered->bytes, sum + sum / 2 + 1, 1);
        if (larger == NULL) {
            cli_complain(&cli_command_simulate, CLI_MACHINE, "out of memory");
            MPI_Abort(MPI_COMM_WORLD, CLI_MACHINE); /* the others are waiting already */
            return 1;
        }
        gathered->bytes = larger;
        gathered->capacity = sum + sum / 2 + 1;
    }
    for (int i = 0; i < ranks; i++) {
        unsigned char *place = gathered->bytes + before;
        if (i == rank && num > 0)
            memcpy(place, own, num);
        for (size_t at = 0; at < num_of[i]; at += PIECE) {
            MPI_Ibcast(place + at, (int) (num_of[i] - at < PIECE ? num_of[i] - at : PIECE), MPI_BYTE, i, MPI_COMM_WORLD,
                       &request);
            wait_for(&request);
        }
        before += num_of[i];
    }
    *all = gathered->bytes;
    return 0;
}

static void send_to_first(void *context, const void *bytes, size_t num)
{
    MPI_Request request;
    (void) context;
    for (size_t at = 0; at < num; at += PIECE) {
        MPI_Isend((const char *) bytes + at, (int) (num - at < PIECE ? num - at : PIECE), MPI_BYTE, 0, RUNS,
                  MPI_COMM_WORLD, &request);
        wait_for(&request);
    }
}

static void receive(void *context, uint32_t rank, void *bytes, size_t num)
{
    MPI_Request request;
    (void) context;
    for (size_t at = 0; at < num; at += PIECE) {
        MPI_Irecv((char *) bytes + at, (int) (num - at < PIECE ? num - at : PIECE), MPI_BYTE, (int) rank, RUNS,
                  MPI_COMM_WORLD, &request);
        wait_for(&request);
    }
}

static void tell(void *context, uint32_t rank, bool go_on)
{
    char word = go_on;
    (void) context;
    MPI_Send(&word, 1, MPI_CHAR, (int) rank, WORDS, MPI_COMM_WORLD); /* so short that it waits for nobody */
}

static int told(void *context, bool wait)
{
    int  here = 0;
    char word = 0;
    (void) context;
    MPI_Iprobe(0, WORDS, MPI_COMM_WORLD, &here, MPI_STATUS_IGNORE);
    while (wait && !here) {
        nanosleep(&(struct timespec){ .tv_nsec = 200000 }, NULL);
        MPI_Iprobe(0, WORDS, MPI_COMM_WORLD, &here, MPI_STATUS_IGNORE);
    }
    if (!here)
        return -1;
    MPI_Recv(&word, 1, MPI_CHAR, 0, WORDS, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    return word;
}

/* ---- the process ---- */
static int processes_here(void)
{
    MPI_Comm here;
    int      num = 1;
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &here);
    MPI_Comm_size(here, &num);
    MPI_Comm_free(&here);
    return num;
}

/* Interrupted: leave no half-written file behind, then end as the signal says. */
static void on_end_signal(int number)
{
    sink_remove_temporaries();
    signal(number, SIG_DFL);
    raise(number);
}

static void prepare_signals(void)
{
    static const int ends[] = { SIGINT, SIGTERM, SIGHUP };
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (signal(ends[i], on_end_signal) == SIG_IGN)
            signal(ends[i], SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
}

static void be_silent(void)
{
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nowhere >= 0) {
        dup2(nowhere, STDOUT_FILENO);
        dup2(nowhere, STDERR_FILENO);
    }
}

int main(int argc, char **argv)
{
    int             rank, ranks, threads;
    struct gathered gathered = { 0 };
    MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &threads);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    prepare_signals();
    struct simulate_team team = {
        .members = { .rank = (uint32_t) rank, .num_ranks = (uint32_t) ranks, .gather = gather, .context = &gathered },
        .here = processes_here(),
        .send = send_to_first,
        .receive = receive,
        .tell = tell,
        .told = told
    };
    if (rank != 0)
        be_silent();
    int exit_code = CLI_MACHINE;
    if (threads < MPI_THREAD_SERIALIZED)
        cli_complain(&cli_command_simulate, CLI_MACHINE, "this MPI cannot be called by threads");
    else if (ranks > TOC_SIMULATION_MAX_RANKS)
        cli_complain(&cli_command_simulate, CLI_USE, "%d processes; allowed: %d", ranks, TOC_SIMULATION_MAX_RANKS);
    else
        exit_code = simulate_among(&cli_command_simulate, argc, argv, ranks > 1 ? &team : NULL);
    free(gathered.bytes);
    MPI_Finalize();
    return exit_code;
}
