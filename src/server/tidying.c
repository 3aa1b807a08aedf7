/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/tidying.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/instant.h"
#include "base/memory.h"
#include "server/log.h"
#include "server/periodic.h"
#include "store/tidy.h"

enum { FIRST_SECONDS = 3600, DAY_SECONDS = 86400, AGAIN_SECONDS = 3600 };

struct tidying {
    struct tidying_options options;
    struct periodic       *periodic;
};

static int look(void *context)
{
    struct tidying           *tidying = context;
    const struct store_clock *clock = &tidying->options.clock;
    int64_t                   now = clock->now != NULL ? clock->now(clock->context) : instant_now();
    struct tidied             tidied;
    char                      line[160];
    int ret = tidy(tidying->options.store, now, tidying->options.settings->negatives_keep_days, &tidied);
    if (ret == 0)
        snprintf(line, sizeof line, "%" PRId64 " records whose time is over removed, %" PRId64 " people forgotten",
                 tidied.removed, tidied.forgotten);
    else
        snprintf(line, sizeof line, "what may be kept for a time only could not be removed; it is tried again");
    if (tidying->options.log != NULL)
        log_say(tidying->options.log, ret == 0 ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, now, "tidy", line);
    return ret == 0 ? DAY_SECONDS : AGAIN_SECONDS;
}

int tidying_start(const struct tidying_options *options, struct tidying **started)
{
    struct tidying *tidying = memory_array(1, sizeof *tidying);
    if (tidying == NULL)
        return TOC_ERR_NO_MEMORY;
    tidying->options = *options;
    int ret = periodic_start("tocsin-tidy", FIRST_SECONDS, look, tidying, &tidying->periodic);
    if (ret == 0)
        *started = tidying;
    else
        free(tidying);
    return ret;
}

void tidying_stop(struct tidying *tidying)
{
    if (tidying == NULL)
        return;
    periodic_stop(tidying->periodic);
    free(tidying);
}
