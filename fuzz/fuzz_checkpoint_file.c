/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as the checkpoint file of a run: refused with a reason, or what it holds keeps its bounds. The checksum of
 * the head is put right, so that what is behind it is reached. */
#include <stdlib.h>
#include <string.h>

#include "formats/checkpoint_file.h"
#include "fuzz.h"
#include "tocsin/status.h"

enum { DAYS = 3, CELLS = TOC_SIMULATION_AGE * TOC_SIMULATION_COLUMNS, INFECTIONS_AT = 72, DAY_AT = 100 };

static void put_sum_right(uint8_t *byte, size_t size)
{
    uint64_t infections, sum;
    uint32_t day;
    if (size < CHECKPOINT_HEAD_BYTES)
        return;
    memcpy(&infections, byte + INFECTIONS_AT, sizeof infections);
    memcpy(&day, byte + DAY_AT, sizeof day);
    size_t left = size - CHECKPOINT_HEAD_BYTES, cells = (size_t) day * CELLS * sizeof(uint32_t);
    if (day > DAYS || cells > left || infections > (left - cells) / sizeof(struct toc_simulation_infection))
        return;
    sum = checkpoint_sum(UINT64_C(0xCBF29CE484222325), byte, CHECKPOINT_SUM_AT);
    sum = checkpoint_sum(sum, byte + CHECKPOINT_HEAD_BYTES, cells);
    sum =
        checkpoint_sum(sum, byte + CHECKPOINT_HEAD_BYTES + cells, infections * sizeof(struct toc_simulation_infection));
    memcpy(byte + CHECKPOINT_SUM_AT, &sum, sizeof sum);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint32_t             cells[DAYS * CELLS];
    const struct checkpoint_key key = {
        .version = "fuzz", .scenario = 5, .seed = 1, .days = DAYS, .num_areas = 1, .cells_a_day = CELLS, .lines = true
    };
    struct toc_simulation_parameters  parameters;
    const struct toc_simulation_setup setup = { .parameters = &parameters, .seed = 1 };
    struct checkpoint                 checkpoint = { .cells = cells };
    const char                       *fault = NULL;
    toc_simulation_parameters_init(&parameters);
    parameters.agents = 100;
    uint8_t *bytes = malloc(size + 1);
    if (bytes == NULL)
        return 0;
    memcpy(bytes, data, size);
    put_sum_right(bytes, size);
    FILE *file = fopen(fuzz_file(0, bytes, size), "rb");
    MUST(file != NULL);
    int ret = checkpoint_read(file, &key, &setup, NULL, &checkpoint, &fault);
    MUST(ret == 0 || ret == TOC_ERR_NO_MEMORY || (ret == BASE_ERR_INPUT && fault != NULL));
    if (ret == 0) {
        MUST(checkpoint.day >= 1 && checkpoint.day <= DAYS);
        MUST((checkpoint.simulation == NULL) == (checkpoint.day == DAYS));
        for (size_t i = 0; i < checkpoint.num_infections; i++)
            MUST(checkpoint.infections[i].area == 0 && checkpoint.infections[i].age < TOC_SIMULATION_AGE);
        fuzz_look(cells, checkpoint.day * CELLS * sizeof *cells);
    }
    toc_simulation_free(checkpoint.simulation);
    free(checkpoint.infections);
    fclose(file);
    free(bytes);
    return 0;
}
