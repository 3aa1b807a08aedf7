/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a serial interval: what is read without a fault is a distribution that the estimates accept. */
#include <math.h>

#include "formats/interval_file.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fault_list faults = { 0 };
    double            w[TOC_SERIAL_INTERVAL_MAX];
    size_t            num_w = 0;
    int               status = interval_file_read(fuzz_file(0, data, size), &faults, w, &num_w);
    MUST(status == 0 ? faults.num_all == 0 : status == BASE_ERR_INPUT && faults.num_all > 0);
    if (status == 0) {
        double sum = 0.0;
        MUST(num_w >= 2 && num_w <= TOC_SERIAL_INTERVAL_MAX);
        MUST(w[0] == 0.0 && w[num_w - 1] > 0.0);
        for (size_t day = 0; day < num_w; day++) {
            MUST(w[day] >= 0.0);
            sum += w[day];
        }
        MUST(fabs(sum - 1.0) < 1e-9);
    }
    fault_list_free(&faults);
    return 0;
}
