/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One run of a scenario, from its beginning or a checkpoint to its end. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/memory_large.h"
#include "cli/simulate_run.h"
#include "formats/checkpoint_file.h"
#include "tocsin/status.h"

struct work {
    const struct simulate_one *one;
    struct simulate_run       *run;
    struct toc_simulation     *simulation;
    struct checkpoint_key      key;
    char                       path[4200]; /* of the checkpoint */
};

/* ---- what fails ---- */
__attribute__((format(printf, 3, 4))) static void fail(struct work *work, int exit_code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(work->run->fault, sizeof work->run->fault, format, arguments);
    va_end(arguments);
    work->run->exit_code = exit_code;
}

static void fail_by_engine(struct work *work, int status, const struct toc_error *error)
{
    if (status == TOC_ERR_NO_MEMORY)
        fail(work, CLI_MACHINE, "out of memory");
    else
        fail(work, CLI_INPUT, "%s, seed %" PRIu64 ": %s: %s is %.15g; allowed: %s", work->one->job->name,
             work->run->seed, toc_status_text(status), error->what, error->found, error->allowed);
}

static bool goes_on(const struct work *work)
{
    return work->run->exit_code == CLI_DONE;
}

/* Where all work on this run, all have to have come as far as this one; else all stop, and the first who failed says
 * why. */
static void agree(struct work *work, int64_t come_to)
{
    const struct simulate_team *team = work->one->runner->team != NULL ? work->one->job->team : NULL;
    int64_t                     highest;
    bool                        same = simulate_team_agree(team, goes_on(work) ? come_to : -1, &highest);
    if (!same && goes_on(work))
        fail(work, CLI_MACHINE, "%s: not all processes can read or begin it; are its files on all machines?",
             work->path);
}

/* ---- infections of a run that has ended ---- */
struct list {
    struct toc_simulation_infection *infections;
    size_t                           num;
};

static int add(void *context, const struct toc_simulation_infection *infection)
{
    struct list *list = context;
    list->infections[list->num++] = *infection;
    return 0;
}

static int copy_infections(const struct toc_simulation *simulation, uint32_t last_day, struct list *list)
{
    struct toc_simulation_description description;
    toc_simulation_describe(simulation, &description);
    list->infections = memory_array(description.infections + 1, sizeof *list->infections);
    if (list->infections == NULL)
        return TOC_ERR_NO_MEMORY;
    return toc_simulation_each_infection(simulation, 0, last_day, add, list);
}

int simulate_run_each_infection(const struct simulate_run *run, uint32_t last_day,
                                int (*take)(void *context, const struct toc_simulation_infection *infection),
                                void *context)
{
    if (run->simulation != NULL)
        return toc_simulation_each_infection(run->simulation, 0, last_day, take, context);
    int ret = 0;
    for (size_t i = 0; i < run->num_infections && ret == 0; i++)
        ret = take(context, &run->infections[i]);
    return ret;
}

/* ---- checkpoints ---- */
static int write_into(struct work *work, struct checkpoint *checkpoint, struct sink *sink)
{
    struct list list = { 0 };
    int         ret = 0;
    bool        ended = checkpoint->day == work->key.days;
    if (ended && work->key.lines && sink != NULL)
        ret = copy_infections(work->simulation, work->key.days, &list);
    checkpoint->infections = list.infections;
    checkpoint->num_infections = list.num;
    checkpoint->simulation = ended ? NULL : work->simulation;
    ret = ret != 0 ? ret : checkpoint_write(&work->key, checkpoint, sink);
    free(list.infections);
    return ret;
}

/* The file of the run is replaced. Where all work on this run, all save it and rank 0 writes. */
static void write_checkpoint(struct work *work, uint32_t day)
{
    const struct simulate_one *one = work->one;
    struct checkpoint          checkpoint = { .day = day, .cells = work->run->cells };
    struct sink                sink;
    int                        ret = 0;
    toc_simulation_describe(work->simulation, &checkpoint.description);
    if (one->runner->team != NULL && one->runner->team->rank != 0) {
        if (write_into(work, &checkpoint, NULL) != 0)
            fail(work, CLI_MACHINE, "out of memory");
        return;
    }
    pthread_mutex_lock(one->lock);
    ret = sink_open(&sink, work->path);
    if (ret == 0) {
        ret = write_into(work, &checkpoint, &sink);
        ret = ret == 0 ? sink_finish(&sink) : ret;
        if (ret != 0)
            sink_free(&sink);
    }
    pthread_mutex_unlock(one->lock);
    if (ret == TOC_ERR_NO_MEMORY)
        fail(work, CLI_MACHINE, "out of memory");
    else if (ret != 0)
        fail(work, CLI_MACHINE, "%s: %s", work->path, strerror(sink.failure));
}

/* Days that are done already: 0 where there is no checkpoint. */
static uint32_t read_checkpoint(struct work *work, const struct toc_simulation_setup *setup)
{
    struct simulate_run *run = work->run;
    struct checkpoint    checkpoint = { .cells = run->cells };
    const char          *fault = NULL;
    FILE                *file = fopen(work->path, "rbe");
    if (file == NULL) {
        if (errno != ENOENT)
            fail(work, CLI_MACHINE, "%s: %s", work->path, strerror(errno));
        return 0;
    }
    int ret = checkpoint_read(file, &work->key, setup, work->one->runner, &checkpoint, &fault);
    if (ret == BASE_ERR_INPUT)
        fail(work, CLI_INPUT, "%s: %s", work->path, fault);
    else if (ret != 0)
        fail(work, CLI_MACHINE, "%s: %s", work->path, ret == TOC_ERR_NO_MEMORY ? "out of memory" : strerror(errno));
    fclose(file);
    work->simulation = checkpoint.simulation;
    run->infections = checkpoint.infections;
    run->num_infections = checkpoint.num_infections;
    run->description = checkpoint.description;
    return checkpoint.day;
}

/* ---- days ---- */
static uint32_t begin(struct work *work)
{
    const struct simulate_job  *job = work->one->job;
    struct toc_simulation_setup setup = scenario_setup(job->scenario, work->run->seed);
    struct toc_error            error = { 0 };
    uint32_t                    day = job->resume ? read_checkpoint(work, &setup) : 0;
    if (day == 0 && goes_on(work)) {
        int status =
            toc_simulation_create(&setup, &memory_large_allocator, work->one->runner, &work->simulation, &error);
        if (status != 0)
            fail_by_engine(work, status, &error);
    }
    agree(work, day);
    return day;
}

static void go_through_days(struct work *work, uint32_t day)
{
    const struct simulate_job *job = work->one->job;
    struct toc_error           error = { 0 };
    while (goes_on(work) && day < job->scenario->days) {
        int status = toc_simulation_step(work->simulation, &error);
        if (status != 0) {
            fail_by_engine(work, status, &error);
            return;
        }
        toc_simulation_read(work->simulation, work->run->cells + day * work->key.cells_a_day);
        day++;
        if (job->checkpoints != NULL && (day % job->every == 0 || day == job->scenario->days))
            write_checkpoint(work, day);
        if (job->checkpoints != NULL && (day % job->every == 0 || day == job->scenario->days))
            agree(work, day);
        if (!work->one->day(work->one->context, 1))
            return;
    }
}

void simulate_one(const struct simulate_one *one, struct simulate_run *run, struct toc_simulation **simulation)
{
    const struct simulate_job *job = one->job;
    const struct scenario     *scenario = job->scenario;
    uint32_t                   areas = scenario->num_areas > 0 ? (uint32_t) scenario->num_areas : 1;
    struct work                work = { .one = one,
                                        .run = run,
                                        .key = { .version = TOCSIN_VERSION,
                                                 .scenario = checkpoint_fingerprint(scenario),
                                                 .seed = run->seed,
                                                 .days = scenario->days,
                                                 .num_areas = areas,
                                                 .cells_a_day = simulate_run_bytes(scenario) / sizeof(uint32_t) / scenario->days,
                                                 .lines = job->lines } };
    run->exit_code = CLI_DONE;
    run->infections = NULL;
    run->num_infections = 0;
    snprintf(work.path, sizeof work.path, "%s/%s-seed-%" PRIu64 ".checkpoint",
             job->checkpoints != NULL ? job->checkpoints : "", job->name, run->seed);
    uint32_t day = begin(&work);
    if (goes_on(&work) && day > 0)
        one->day(one->context, day);
    go_through_days(&work, day);
    if (goes_on(&work) && work.simulation != NULL)
        toc_simulation_describe(work.simulation, &run->description);
    run->simulation = *simulation = work.simulation;
}
