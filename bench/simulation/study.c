/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* ---- settings ---- */

static double number_after(int argc, char **argv, int *i, double low)
{
    char *end = NULL;
    if (*i + 1 < argc) {
        double value = strtod(argv[*i + 1], &end);
        if (*end == '\0' && end != argv[*i + 1] && value >= low) {
            ++*i;
            return value;
        }
    }
    fprintf(stderr, "%s: %s needs a number of at least %g\n", argv[0], argv[*i], low);
    exit(2);
}

void sim_settings_read(struct sim_settings *settings, int argc, char **argv, const char *help)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--replicates") == 0) {
            settings->replicates = (size_t) number_after(argc, argv, &i, 2);
        } else if (strcmp(argv[i], "--threads") == 0) {
            settings->threads = (size_t) number_after(argc, argv, &i, 1);
        } else if (strcmp(argv[i], "--seed") == 0) {
            settings->seed = (uint64_t) number_after(argc, argv, &i, 0);
        } else if (strcmp(argv[i], "--margin") == 0) {
            settings->margin = number_after(argc, argv, &i, 0);
        } else if (strcmp(argv[i], "--rows") == 0) {
            settings->rows_only = true;
        } else if (settings->except != NULL && strcmp(argv[i], "--except") == 0 && i + 1 < argc) {
            settings->except = argv[++i];
        } else {
            bool asked = strcmp(argv[i], "--help") == 0;
            fprintf(
                asked ? stdout : stderr,
                "%s\n\n  --replicates N   of each scenario (%zu)\n  --threads N      (%zu)\n  --seed N         (%llu)\n"
                "  --margin X       Monte-Carlo standard errors allowed (%g)\n"
                "  --rows           only the rows of the verdict\n%s",
                help, settings->replicates, settings->threads, (unsigned long long) settings->seed, settings->margin,
                settings->except != NULL ? "  --except NAME    a method to leave out\n" : "");
            exit(asked ? 0 : 2);
        }
    }
}

/* ---- memory ---- */

void *sim_memory(size_t count, size_t size)
{
    void *pointer = calloc(count, size);
    if (pointer == NULL) {
        fprintf(stderr, "not enough memory\n");
        exit(1);
    }
    return pointer;
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

const struct toc_allocator sim_allocator = { allocate, release, NULL };

/* ---- threads ---- */

struct work {
    sim_simulate_function *simulate;
    void                  *context;
    size_t                 replicates, total;
    atomic_size_t          next;
};

static void *do_work(void *argument)
{
    struct work *work = argument;
    for (;;) {
        size_t unit = atomic_fetch_add(&work->next, 1);
        if (unit >= work->total)
            return NULL;
        work->simulate(work->context, unit / work->replicates, unit % work->replicates);
    }
}

void sim_run(const struct sim_settings *settings, size_t scenarios, sim_simulate_function *simulate, void *context)
{
    struct work work = { simulate, context, settings->replicates, scenarios * settings->replicates, 0 };
    pthread_t  *threads = sim_memory(settings->threads, sizeof *threads);
    size_t      started = 0;

    while (started + 1 < settings->threads && pthread_create(&threads[started], NULL, do_work, &work) == 0)
        started++;
    do_work(&work); /* this thread too, and alone where no other could be had */
    for (size_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    free(threads);
}

/* ---- estimates ---- */

void sim_ratio_init(struct sim_ratio *ratio, size_t scenarios, size_t replicates)
{
    ratio->scenarios = scenarios;
    ratio->replicates = replicates;
    ratio->a = sim_memory(scenarios * replicates, sizeof *ratio->a);
    ratio->b = sim_memory(scenarios * replicates, sizeof *ratio->b);
}

void sim_ratio_free(struct sim_ratio *ratio)
{
    free(ratio->a);
    free(ratio->b);
    *ratio = (struct sim_ratio){ 0 };
}

/* With r = sum a / sum b the error of r is that of sum (a - r b) / sum b. The sums of the scenarios are independent,
 * and each is a sum of n independent replicates: variance n s^2, s^2 their sample variance within the scenario. */
struct sim_estimate sim_ratio_estimate(const struct sim_ratio *ratio, size_t first, size_t last)
{
    size_t              n = ratio->replicates;
    struct sim_estimate estimate = { 0 };
    double              variance = 0.0;

    for (size_t i = first * n; i < (last + 1) * n; i++) {
        estimate.a += ratio->a[i];
        estimate.b += ratio->b[i];
    }
    estimate.value = estimate.b > 0 ? estimate.a / estimate.b : NAN;
    for (size_t scenario = first; scenario <= last; scenario++) {
        const double *a = ratio->a + scenario * n, *b = ratio->b + scenario * n;
        double        mean = 0.0, squares = 0.0;
        for (size_t i = 0; i < n; i++)
            mean += (a[i] - estimate.value * b[i]) / (double) n;
        for (size_t i = 0; i < n; i++) {
            double distance = a[i] - estimate.value * b[i] - mean;
            squares += distance * distance;
        }
        variance += (double) n * squares / (double) (n - 1);
    }
    estimate.se = sqrt(variance) / estimate.b;
    return estimate;
}

struct sim_estimate sim_ratio_estimate_all(const struct sim_ratio *ratio)
{
    return sim_ratio_estimate(ratio, 0, ratio->scenarios - 1);
}

double sim_share_error(struct sim_estimate estimate)
{
    double smoothed = (estimate.a + 1.0) / (estimate.b + 2.0);
    return estimate.b > 0 ? fmax(estimate.se, sqrt(smoothed * (1.0 - smoothed) / estimate.b)) : INFINITY;
}

bool sim_at_most_twice(struct sim_estimate high, struct sim_estimate low, double margin)
{
    if (high.b == 0 || low.b == 0)
        return true;
    return high.value - margin * sim_share_error(high) <= 2.0 * (low.value + margin * sim_share_error(low));
}

/* ---- what is shown ---- */

void sim_row(const char *measure, const char *bar, const char *measured, bool holds)
{
    printf("row\t%s\t%s\t%s\t%s\n", measure, bar, measured, holds ? "yes" : "no");
}

double sim_user_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double) usage.ru_utime.tv_sec + 1e-6 * (double) usage.ru_utime.tv_usec;
}
