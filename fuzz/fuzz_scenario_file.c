/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a scenario: what is read without a fault is a setup that the engine accepts. */
#include <string.h>

#include "formats/scenario_file.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fault_list faults = { 0 };
    struct scenario   scenario;
    int               status = scenario_read(fuzz_file(0, data, size), NULL, &faults, &scenario);
    MUST(status == 0 ? faults.num_all == 0 : status == BASE_ERR_INPUT && faults.num_all > 0);
    for (size_t i = 0; i < faults.num_kept; i++)
        fuzz_look(faults.faults[i].file, strlen(faults.faults[i].file));
    if (status == 0) {
        struct toc_simulation_setup setup = scenario_setup(&scenario, 1);
        MUST(toc_simulation_check(&setup, NULL) == 0);
        MUST(scenario.title != NULL && scenario.days >= 1 && scenario.days <= SCENARIO_DAYS);
        for (size_t i = 0; i < scenario.num_areas; i++)
            fuzz_look(scenario.area_names[i], strlen(scenario.area_names[i]));
    }
    fault_list_free(&faults);
    scenario_free(&scenario);
    return 0;
}
