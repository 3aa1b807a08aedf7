/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/reporting.h"

#include <stdlib.h>

#include "base/instant.h"
#include "base/memory.h"
#include "base/time_zone.h"
#include "response/daily_report.h"
#include "response/public_areas.h"
#include "server/log.h"
#include "server/periodic.h"

enum { LOOK_SECONDS = 1, PAUSE_SECONDS = 60, MOST_AREAS = 1 };

struct reporting {
    struct reporting_options options;
    struct periodic         *periodic;
    toc_date                 done; /* of its thread alone: the newest day that has its report */
};

static int64_t now_of(const struct reporting *reporting)
{
    const struct store_clock *clock = &reporting->options.clock;
    return clock->now != NULL ? clock->now(clock->context) : instant_now();
}

/* The day whose report is due, or MODEL_MISSING_DATE. */
static toc_date due_day(const struct reporting *reporting, int64_t now)
{
    toc_date today = time_zone_day(now);
    int      hour = time_zone_hour(now);
    return hour >= reporting->options.settings->report_hour && reporting->done != today - 1 ? today - 1
                                                                                            : MODEL_MISSING_DATE;
}

/* *is_there: the day has one, frozen by hand or before this server began. */
static int freeze(struct reporting *reporting, toc_date day, int64_t now, bool *is_there)
{
    struct store_reader         *reader = NULL;
    struct fault_list            faults = FAULT_LIST_INIT;
    struct arena                 arena = ARENA_INIT;
    struct model_area           *areas = NULL;
    size_t                       num_areas = 0;
    struct daily_report_freezing freezing = {
        .who = { .role = ACCESS_PROGRAM, .everywhere = true }, .now = now, .day = day, .once = true
    };
    int ret = store_reader_open(reporting->options.store, &reader, NULL);
    if (ret == 0)
        ret =
            public_areas_read(reader, reporting->options.settings->report_area, MOST_AREAS, &arena, &areas, &num_areas);
    if (ret == 0) {
        freezing.area = areas[0].head.id;
        ret = daily_report_freeze(reader, &freezing, &arena, &faults);
    }
    if (ret == 0)
        ret = store_submit(reporting->options.store, &freezing.who, &freezing.request, NULL, &faults);
    *is_there = ret == BASE_ERR_INPUT && num_areas > 0;
    store_reader_close(reader);
    arena_free(&arena);
    fault_list_free(&faults);
    return *is_there ? 0 : ret;
}

/* What is due now. 0, or why it could not be done. */
static int look(struct reporting *reporting)
{
    int64_t  now = now_of(reporting);
    toc_date day = due_day(reporting, now);
    if (day == MODEL_MISSING_DATE)
        return 0;
    bool is_there = false;
    int  ret = freeze(reporting, day, now, &is_there);
    if (ret == 0)
        reporting->done = day;
    if (reporting->options.log != NULL && !is_there)
        log_say(reporting->options.log, ret == 0 ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, now, "report",
                ret == 0 ? "the daily report is frozen" : "the daily report could not be frozen; it is tried again");
    return ret;
}

/* ---- the thread ---- */

static int look_again(void *context)
{
    return look(context) == 0 ? LOOK_SECONDS : PAUSE_SECONDS;
}

int reporting_start(const struct reporting_options *options, struct reporting **started)
{
    *started = NULL;
    if (options->settings->report_hour > NODE_LAST_HOUR)
        return 0;
    struct reporting *reporting = memory_array(1, sizeof *reporting);
    if (reporting == NULL)
        return TOC_ERR_NO_MEMORY;
    reporting->options = *options;
    reporting->done = MODEL_MISSING_DATE;
    int ret = periodic_start("tocsin-report", 0, look_again, reporting, &reporting->periodic);
    if (ret == 0)
        *started = reporting;
    else
        free(reporting);
    return ret;
}

void reporting_stop(struct reporting *reporting)
{
    if (reporting == NULL)
        return;
    periodic_stop(reporting->periodic);
    free(reporting);
}
