/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a checkpoint of a simulation: refused, or days can be simulated from it and counted. Where the bytes
 * end, their right checksum is given, so that what is behind it is reached. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "tocsin/simulation.h"

struct bytes {
    const uint8_t *byte;
    size_t         num, at;
    uint64_t       sum;
};

static int get(void *context, void *to, size_t num)
{
    struct bytes *bytes = context;
    if (num > bytes->num - bytes->at) {
        if (num != sizeof bytes->sum || bytes->at != bytes->num)
            return 1;
        memcpy(to, &bytes->sum, num);
        return 0;
    }
    memcpy(to, bytes->byte + bytes->at, num);
    for (size_t i = 0; i < num; i++)
        bytes->sum = (bytes->sum ^ bytes->byte[bytes->at + i]) * UINT64_C(0x100000001B3);
    bytes->at += num;
    return 0;
}

static void *allocate(void *context, size_t size)
{
    (void) context;
    return malloc(size);
}

static void release(void *context, void *pointer, size_t size)
{
    (void) context;
    (void) size;
    free(pointer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct toc_allocator    allocator = { allocate, release, NULL };
    const struct toc_simulation_schedule schedule[] = {
        { TOC_SIMULATION_MEASURE_isolation, 0, 1, 100, 1, -1, 0, 0, 0 },
        { TOC_SIMULATION_MEASURE_testing, 0, 1, 100, 1, 5, 1, 0, 0 },
        { TOC_SIMULATION_MEASURE_app_on_symptoms, 0, 1, 100, 1, -1, 0, 0, 0 },
        { TOC_SIMULATION_MEASURE_vaccination, 0, 1, 100, 1, -1, 0, 0, 0 },
    };
    struct toc_simulation_parameters parameters;
    struct toc_simulation           *sim = NULL;
    struct bytes                     bytes = { data, size, 0, UINT64_C(0xCBF29CE484222325) };
    toc_simulation_parameters_init(&parameters);
    parameters.agents = 100;
    const struct toc_simulation_setup setup = {
        .parameters = &parameters, .schedule = schedule, .num_schedule = 4, .seed = 1
    };
    int status = toc_simulation_restore(&setup, &allocator, NULL, get, &bytes, &sim, NULL);
    MUST(status == 0 || status == TOC_ERR_DOMAIN);
    for (int day = 0; day < 3 && status == 0; day++) {
        uint32_t counts[TOC_SIMULATION_AGE * TOC_SIMULATION_COLUMNS];
        status = toc_simulation_step(sim, NULL);
        MUST(status == 0 || status == TOC_ERR_DOMAIN); /* the last day of all */
        toc_simulation_read(sim, counts);
        fuzz_look(counts, sizeof counts);
    }
    toc_simulation_free(sim);
    return 0;
}
