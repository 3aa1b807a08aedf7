/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/sender.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int ascending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *) a, y = *(const int64_t *) b;
    return x < y ? -1 : x > y;
}

void sender_judge(const struct sender_figures *figures, struct sender_habit *habit)
{
    int64_t days[SENDER_DAYS - 1];
    int     active = 0, silent = 0, gap = 0;
    *habit = (struct sender_habit){ .usual = NAN };
    memcpy(days, figures->messages + 1, sizeof days);
    for (int i = 0, last = -1; i < SENDER_DAYS - 1; i++) {
        if (days[i] == 0)
            continue;
        if (last >= 0 && i - last > gap)
            gap = i - last;
        last = i;
        active++;
        habit->most = days[i] > habit->most ? days[i] : habit->most;
    }
    while (silent < SENDER_DAYS && figures->messages[silent] == 0)
        silent++;
    habit->longest_gap_days = gap;
    qsort(days, SENDER_DAYS - 1, sizeof *days, ascending);
    if (active < SENDER_DAYS_TO_KNOW) {
        habit->state = "new";
        return;
    }
    habit->usual = (double) (days[SENDER_DAYS / 2 - 1] + days[SENDER_DAYS / 2]) / 2;
    bool flood = figures->messages[0] >= SENDER_FLOOD_LEAST && figures->messages[0] > SENDER_FLOOD * habit->most;
    habit->state = silent > gap ? "silent" : flood ? "flooding" : "as-usual";
}

const char *sender_fault_kind(const char *reason, size_t size, size_t *kind_size)
{
    for (size_t i = 0; i + 2 < size; i++)
        if (reason[i] == ':' && reason[i + 1] == ' ') {
            *kind_size = size - i - 2;
            return reason + i + 2;
        }
    *kind_size = size;
    return reason;
}
