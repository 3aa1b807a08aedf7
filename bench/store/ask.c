/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ask.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/memory.h"
#include "tocsin/status.h"

void ask_begin(struct ask *ask, struct workload *workload)
{
    struct db_error error = { 0 };
    *ask = (struct ask){ .workload = workload };
    int status = store_reader_open(workload->node.store, &ask->reader, &error);
    if (status != 0)
        workload_fail(error.what, status);
    ask->tree = store_hold_areas(workload->node.store);
    if (ask->tree == NULL)
        workload_fail("the areas", TOC_ERR_NO_MEMORY);
    size_t num = area_tree_count(ask->tree);
    for (int level = 0; level < COUNTY_NUM_LEVELS; level++)
        if ((ask->areas[level] = memory_array(num, sizeof *ask->areas[level])) == NULL)
            workload_fail("the areas", TOC_ERR_NO_MEMORY);
    for (uint32_t area = 0; area < num; area++) {
        unsigned level = area_tree_depth(ask->tree, area);
        if (level < COUNTY_NUM_LEVELS)
            ask->areas[level][ask->num_areas[level]++] = area;
    }
    ask->who = (struct access){ .user = workload->node.settings.operator_id,
                                .role = ACCESS_EPIDEMIOLOGIST,
                                .purpose = ACCESS_CASE_INVESTIGATION,
                                .everywhere = true };
}

void ask_end(struct ask *ask)
{
    for (int level = 0; level < COUNTY_NUM_LEVELS; level++)
        free(ask->areas[level]);
    store_release_areas(ask->workload->node.store, ask->tree);
    store_reader_close(ask->reader);
    *ask = (struct ask){ 0 };
}

/* SplitMix64: as good as is needed to choose a village. */
uint64_t ask_below(struct ask *ask, uint64_t end)
{
    uint64_t number = ++ask->drawn * UINT64_C(0x9e3779b97f4a7c15);
    number = (number ^ (number >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    number = (number ^ (number >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (number ^ (number >> 31)) % end;
}

struct id ask_area(struct ask *ask, enum county_level level)
{
    if (ask->num_areas[level] == 0)
        workload_fail("no area of this level", TOC_ERR_DOMAIN);
    return *area_tree_id(ask->tree, ask->areas[level][ask_below(ask, ask->num_areas[level])]);
}

bool ask_again(struct ask *ask, const char *what, int status, struct fault_list *faults)
{
    if (status == KEEPER_ERR_RATE) {
        fault_list_free(faults);
        ask->waits++;
        nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
        return true;
    }
    if (status != 0) {
        fault_list_write(faults, stderr);
        workload_fail(what, status);
    }
    return false;
}
