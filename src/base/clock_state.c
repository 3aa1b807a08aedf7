/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/clock_state.h"

#include <stdio.h>
#include <sys/timex.h>

#include "base/fault.h"
#include "base/instant.h"

int clock_read(struct clock_reading *reading)
{
    struct timex timex = { 0 };
    int          state = adjtimex(&timex);
    if (state < 0)
        return BASE_ERR_SYSTEM;
    reading->unsynchronised = state == TIME_ERROR || (timex.status & STA_UNSYNC) != 0;
    reading->max_error_seconds = 1e-6 * (double) timex.maxerror;
    return 0;
}

size_t clock_warning(const struct clock_reading *reading, int64_t now, int64_t newest_known,
                     char text[CLOCK_WARNING_BYTES])
{
    int written = 0;
    text[0] = '\0';
    if (newest_known != INSTANT_MISSING && now < newest_known)
        written = snprintf(text, CLOCK_WARNING_BYTES,
                           "THE CLOCK IS WRONG: it is %.0f seconds behind what this database has already recorded. Set "
                           "it before working on: deadlines and dates would be false.",
                           (double) (newest_known - now) / INSTANT_SECOND);
    else if (reading->unsynchronised)
        written = snprintf(text, CLOCK_WARNING_BYTES,
                           "THE CLOCK IS NOT SYNCHRONISED: no time service keeps it. Deadlines and dates may be false. "
                           "Start one (on Debian: apt install systemd-timesyncd).");
    else if (reading->max_error_seconds > CLOCK_MAX_ERROR_SECONDS)
        written = snprintf(text, CLOCK_WARNING_BYTES,
                           "THE CLOCK MAY BE WRONG by up to %.0f seconds: the time service has not reached its source "
                           "for long. Deadlines and dates may be false.",
                           reading->max_error_seconds);
    return written > 0 ? (size_t) written : 0;
}
