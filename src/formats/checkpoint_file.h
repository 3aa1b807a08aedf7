/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/checkpoint_file.h: one run of a simulation on disk, so that it goes on after an interruption.
 *
 * It holds what the run has counted so far and, until the run has ended, the engine's own checkpoint
 * (toc_simulation_save); the scenario itself is not in it, only its fingerprint. A run that goes on from here has the
 * bits of one that was never interrupted. Layout, in the processor's byte order: head with a checksum of all but the
 * engine's part, which has its own; counts; infections; the engine's part.
 */
#ifndef FORMATS_CHECKPOINT_FILE_H
#define FORMATS_CHECKPOINT_FILE_H

#include <stdio.h>

#include "base/fault.h"
#include "base/sink.h"
#include "formats/scenario_file.h"

/* What a checkpoint must be of, to be gone on with. */
struct checkpoint_key {
    const char *version;  /* of the program */
    uint64_t    scenario; /* its fingerprint */
    uint64_t    seed;
    uint32_t    days, num_areas;
    size_t      cells_a_day;
    bool        lines; /* an ended run keeps its infections */
};

struct checkpoint {
    uint32_t                          day;         /* 1 … days; days: the run has ended */
    struct toc_simulation_description description; /* of an ended run */
    uint32_t                         *cells;       /* [days][cells_a_day], the caller's; up to day they are filled */
    struct toc_simulation            *simulation;  /* NULL: the run has ended */
    struct toc_simulation_infection  *infections;  /* of an ended run, with lines */
    size_t                            num_infections;
};

/* Of everything in a scenario that a run or its output depends on. */
uint64_t checkpoint_fingerprint(const struct scenario *scenario);

/* Write into an open sink, which the caller finishes. With sink = NULL nothing is written; members of a team, which
 * save together, call it so. Returns 0 or TOC_ERR_NO_MEMORY; what the sink could not take it tells itself. */
int checkpoint_write(const struct checkpoint_key *key, const struct checkpoint *checkpoint, struct sink *sink);

/* Read and check; simulation and infections are made new and are the caller's. checkpoint->cells is the caller's room.
 *
 * Returns 0; BASE_ERR_INPUT with *fault a half-sentence ("is of another scenario: …"); BASE_ERR_SYSTEM (the file cannot
 * be read); TOC_ERR_NO_MEMORY. On failure nothing but the room is changed. */
int checkpoint_read(FILE *file, const struct checkpoint_key *key, const struct toc_simulation_setup *setup,
                    const struct toc_simulation_runner *runner, struct checkpoint *checkpoint, const char **fault);

/* The checksum goes on over num bytes; of a head its own field is left out. For tests. */
uint64_t checkpoint_sum(uint64_t sum, const void *bytes, size_t num);

#define CHECKPOINT_HEAD_BYTES 128
#define CHECKPOINT_SUM_AT 120 /* where in the head the checksum stands: its last 8 bytes */

#endif
