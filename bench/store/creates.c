/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Durable creates by many callers at once, and the import of many with interactive work going on meanwhile. */
#include "creates.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bare.h"
#include "latency.h"

/* ---- interactive: each caller waits for its answer and comes again ---- */

struct caller {
    struct workload *workload;
    pthread_t        thread;
    double           until;
    double           pause_seconds; /* between one answer and the next call */
    struct latency   latency;
};

static void *call(void *context)
{
    struct caller         *caller = context;
    struct workload_create create;
    struct store_receipt   receipt;
    for (double now = latency_clock(); now < caller->until; now = latency_clock()) {
        struct fault_list faults = FAULT_LIST_INIT;
        workload_create_init(caller->workload, &create, false);
        double begin = latency_clock();
        int    status =
            store_submit(caller->workload->node.store, &caller->workload->writer, &create.request, &receipt, &faults);
        if (status != 0) {
            fault_list_write(&faults, stderr);
            workload_fail("a create", status);
        }
        latency_add(&caller->latency, 1e3 * (latency_clock() - begin));
        if (caller->pause_seconds > 0)
            nanosleep(&(struct timespec){ .tv_nsec = (long) (1e9 * caller->pause_seconds) }, NULL);
    }
    return NULL;
}

static void start(struct caller *callers, size_t num, struct workload *workload, double until, double pause_seconds)
{
    for (size_t i = 0; i < num; i++) {
        callers[i] = (struct caller){ .workload = workload, .until = until, .pause_seconds = pause_seconds };
        if (pthread_create(&callers[i].thread, NULL, call, &callers[i]) != 0)
            workload_fail("a thread", -1);
    }
}

static void join(struct caller *callers, size_t num, struct latency *all)
{
    for (size_t i = 0; i < num; i++) {
        pthread_join(callers[i].thread, NULL);
        latency_join(all, &callers[i].latency);
    }
}

void creates_measure(struct workload *workload, const char *directory, const struct creates_options *options)
{
    struct caller      *callers = calloc(options->num_callers, sizeof *callers);
    struct latency      all = { 0 };
    struct database_use before, after;
    database_use_read(workload, &before);
    double begin = latency_clock(), cpu = latency_cpu();
    start(callers, options->num_callers, workload, begin + options->seconds, 0);
    join(callers, options->num_callers, &all);
    double seconds = latency_clock() - begin;
    cpu = latency_cpu() - cpu;
    database_use_read(workload, &after);

    double num = (double) all.num, rate = num / seconds, p99 = latency_quantile(&all, 0.99);
    double bytes = (after.bytes - before.bytes) / num, groups = after.groups - before.groups;
    double bare = bare_groups_per_second(directory, (size_t) (bytes * num / groups), 5) * num / groups;
    char   measure[120], bar[60];
    snprintf(measure, sizeof measure, "durable creates a second, %zu callers, %.0f s, %s", options->num_callers,
             options->seconds, workload_database(workload));
    snprintf(bar, sizeof bar, ">= %.0f, p99 < %.0f ms", options->bar_rate, options->bar_p99);
    workload_row(
        measure, bar, rate >= options->bar_rate && p99 < options->bar_p99,
        "%.0f/s, p50 %.1f ms, p99 %.1f ms, slowest %.0f ms; %.0f bytes and %.0f groups of %.0f creates; %.0f µs "
        "CPU here each; %.2f x of a bare loop (%.0f/s)",
        rate, latency_quantile(&all, 0.5), p99, latency_quantile(&all, 1), bytes, groups, num / groups, 1e6 * cpu / num,
        rate / bare, bare);
    latency_free(&all);
    free(callers);
}

/* ---- bulk: as many under way as fit, answers as they come ---- */

enum { IMPORT_WINDOW = 1024, IMPORT_INTERACTIVE = 4 };

struct import {
    struct workload       *workload;
    pthread_mutex_t        lock;
    pthread_cond_t         answered;
    struct workload_create creates[IMPORT_WINDOW];
    bool                   busy[IMPORT_WINDOW];
    uint64_t               done;
    int                    failure;
};

struct import_entry {
    struct import *import;
    size_t         index;
};

static void on_done(void *context, int status, const struct store_receipt *receipt)
{
    (void) receipt;
    struct import_entry *entry = context;
    struct import       *import = entry->import;
    pthread_mutex_lock(&import->lock);
    import->busy[entry->index] = false;
    import->done++;
    if (status != 0)
        import->failure = status;
    pthread_cond_signal(&import->answered);
    pthread_mutex_unlock(&import->lock);
}

static void run_import(struct import *import, struct import_entry *entries, uint64_t num)
{
    for (uint64_t i = 0; i < num + IMPORT_WINDOW; i++) { /* the last round waits for what is under way */
        size_t at = i % IMPORT_WINDOW;
        pthread_mutex_lock(&import->lock);
        while (import->busy[at])
            pthread_cond_wait(&import->answered, &import->lock);
        int failure = import->failure;
        import->busy[at] = i < num;
        pthread_mutex_unlock(&import->lock);
        if (failure != 0)
            workload_fail("an imported case", failure);
        if (i >= num)
            continue;
        struct fault_list faults = FAULT_LIST_INIT;
        workload_create_init(import->workload, &import->creates[at], true);
        int status = store_submit_later(import->workload->node.store, &import->workload->writer,
                                        &import->creates[at].request, on_done, &entries[at], &faults);
        if (status != 0)
            workload_fail("an imported case", status);
    }
}

void creates_import(struct workload *workload, const char *directory, uint64_t num,
                    const struct creates_options *options)
{
    struct database_use  before, after;
    struct import       *import = calloc(1, sizeof *import);
    struct import_entry *entries = calloc(IMPORT_WINDOW, sizeof *entries);
    struct caller        callers[IMPORT_INTERACTIVE];
    struct latency       all = { 0 };
    import->workload = workload;
    pthread_mutex_init(&import->lock, NULL);
    pthread_cond_init(&import->answered, NULL);
    for (size_t i = 0; i < IMPORT_WINDOW; i++)
        entries[i] = (struct import_entry){ import, i };

    database_use_read(workload, &before);
    double begin = latency_clock(), cpu = latency_cpu();
    if (num >= IMPORT_WINDOW) /* interactive work in the first half, some ten a second each */
        start(callers, IMPORT_INTERACTIVE, workload, begin + 0.5 * (double) num / options->bar_rate, 0.1);
    run_import(import, entries, num);
    double seconds = latency_clock() - begin;
    cpu = latency_cpu() - cpu;
    if (num >= IMPORT_WINDOW)
        join(callers, IMPORT_INTERACTIVE, &all);
    database_use_read(workload, &after);
    double groups = after.groups - before.groups, bytes = after.bytes - before.bytes;
    double bare = bare_groups_per_second(directory, (size_t) (bytes / groups), 5) * (double) num / groups;

    double rate = (double) num / seconds, p99 = latency_quantile(&all, 0.99);
    char   measure[120], bar[80];
    snprintf(measure, sizeof measure, "import of %.0f cases with persons, audited and encrypted, %s", (double) num,
             workload_database(workload));
    snprintf(bar, sizeof bar, ">= %.0f cases/s, interactive p99 < %.0f ms", options->bar_rate, options->bar_p99);
    workload_row(
        measure, bar, rate >= options->bar_rate && p99 < options->bar_p99,
        "%.0f cases/s (%.0f entities/s), %.0f µs CPU here each; interactive p99 %.1f ms of %zu creates; %.0f bytes "
        "each, %.0f groups; %.2f x of a bare loop (%.0f/s)",
        rate, 3 * rate, 1e6 * cpu / (double) num, p99, all.num, bytes / (double) num, groups, rate / bare, bare);
    latency_free(&all);
    pthread_cond_destroy(&import->answered);
    pthread_mutex_destroy(&import->lock);
    free(import);
    free(entries);
}
