/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench/speed.c: how long one method takes for some steps of some series, in TOC_MODE_R, and what it says of them.
 *
 * usage: speed METHOD STEPS_PER_YEAR FIRST NUM [PARAMETER=VALUE …] <FILE
 *        speed cori MEAN SD WINDOW <FILE
 * FILE: a line of dates, comma-separated (empty = undated), then one series a line: counts, comma-separated, NA =
 * missing. METHOD and PARAMETER as `tocsin methods` has them; R's names work too, elements of R's vectors as
 * limit54=5,4. Output: `seconds,S` the median CPU time of a run over all series, `memory_kb,K` the peak of this
 * process, then a line a judged step: series,step,threshold,alarm (1-based; NA = not assessed). For cori:
 * series,last_day,mean,quantile… .
 */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "tocsin/method.h"
#include "tocsin/reproduction.h"
#include "tocsin/serial_interval.h"

enum { SAMPLES = 5, NUM_QUANTILES = 7 };
static const double SAMPLE_SECONDS = 0.2; /* a sample repeats the run until it has taken this long */

struct input {
    struct toc_series *series;
    size_t             num;
};

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

static const struct toc_allocator allocator = { allocate, release, NULL };

static void stop(const char *what, const char *which)
{
    fprintf(stderr, "speed: %s %s\n", what, which);
    exit(1);
}

static void check(int status, const struct toc_error *error)
{
    if (status == 0)
        return;
    fprintf(stderr, "speed: %s: %s[%zu] = %g; allowed: %s\n", toc_status_text(status), error->what, error->where,
            error->found, error->allowed);
    exit(1);
}

static size_t count_cells(const char *line)
{
    size_t cells = 1;
    for (; *line != '\0'; line++)
        cells += *line == ',';
    return cells;
}

static toc_date *read_dates(char *line)
{
    size_t    num = count_cells(line);
    toc_date *dates = malloc(num * sizeof *dates);
    for (size_t i = 0; i < num; i++) {
        struct toc_civil day;
        if (sscanf(strsep(&line, ","), "%d-%d-%d", &day.year, &day.month, &day.day) != 3)
            stop("bad date in", "the first line");
        dates[i] = toc_date_from_civil(day);
    }
    return dates;
}

static struct input read_input(int steps_per_year)
{
    struct input input = { 0 };
    char        *line = NULL;
    size_t       room = 0;
    toc_date    *dates = NULL;
    for (size_t row = 0; getline(&line, &room, stdin) > 0; row++) {
        char *rest = line;
        line[strcspn(line, "\n")] = '\0';
        if (row == 0) {
            dates = *line == '\0' ? NULL : read_dates(line);
            continue;
        }
        size_t  n = count_cells(line);
        double *counts = malloc(n * sizeof *counts);
        for (size_t i = 0; i < n; i++) {
            char *cell = strsep(&rest, ",");
            counts[i] = strcmp(cell, "NA") == 0 ? NAN : strtod(cell, NULL);
        }
        input.series = realloc(input.series, row * sizeof *input.series);
        input.series[input.num++] =
            (struct toc_series){ .observed = counts, .date = dates, .n = n, .steps_per_year = steps_per_year };
    }
    free(line);
    return input;
}

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double) now.tv_sec + 1e-9 * (double) now.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;
    return (x > y) - (x < y);
}

/* The median CPU time of one call of run(job), printed with the peak memory. */
static void measure(void (*run)(void *job), void *job)
{
    double sample[SAMPLES];
    run(job); /* warm */
    for (int i = 0; i < SAMPLES; i++) {
        double start = cpu_seconds(), spent = 0;
        int    runs = 0;
        for (; spent < SAMPLE_SECONDS; runs++) {
            run(job);
            spent = cpu_seconds() - start;
        }
        sample[i] = spent / runs;
    }
    qsort(sample, SAMPLES, sizeof *sample, ascending);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("seconds,%.9g\nmemory_kb,%ld\n", sample[SAMPLES / 2], usage.ru_maxrss);
}

/* ---- detection ---- */

struct detection {
    struct input             input;
    const struct toc_method *method;
    _Alignas(16) char options[TOC_METHOD_MAX_OPTIONS];
    size_t                first, num;
    struct toc_judgement *judgements; /* num a series */
};

static void set_parameter(struct detection *job, char *setting)
{
    char *name = strsep(&setting, "=");
    if (setting == NULL)
        stop("no value for", name);
    for (int element = 0; setting != NULL; element++) {
        char                       *value = strsep(&setting, ",");
        struct toc_error            error = { 0 };
        const struct toc_parameter *parameter = toc_method_parameter(job->method, name, element);
        if (parameter == NULL)
            stop("no parameter", name);
        char  *end;
        double number = strtod(value, &end);
        if (*end != '\0')
            check(toc_parameter_set_word(parameter, value, job->options, &error), &error);
        else
            check(toc_parameter_set_number(parameter, number, job->options, &error), &error);
    }
}

static void detect(void *context)
{
    struct detection *job = context;
    struct toc_error  error = { 0 };
    for (size_t i = 0; i < job->input.num; i++)
        check(job->method->judge(&job->input.series[i], job->first, job->num, job->options, &allocator,
                                 job->judgements + i * job->num, &error),
              &error);
}

static void run_detection(char **words)
{
    struct detection job = { .input = read_input(atoi(words[1])), .method = toc_method_find(words[0]) };
    if (job.method == NULL)
        stop("no method", words[0]);
    toc_method_init_options(job.method, TOC_MODE_R, job.options);
    job.first = (size_t) atol(words[2]) - 1;
    job.num = (size_t) atol(words[3]);
    for (words += 4; *words != NULL; words++)
        set_parameter(&job, *words);
    job.judgements = calloc(job.input.num * job.num, sizeof *job.judgements);
    measure(detect, &job);
    for (size_t i = 0; i < job.input.num * job.num; i++) {
        const struct toc_judgement *got = &job.judgements[i];
        printf("%zu,%zu,", i / job.num + 1, job.first + i % job.num + 1);
        if (got->alarm == TOC_ALARM_NOT_ASSESSED)
            puts("NA,NA");
        else
            printf("%.17g,%d\n", got->threshold, got->alarm == TOC_ALARM_YES);
    }
}

/* ---- reproduction number ---- */

struct reproduction {
    struct input             input;
    double                   mean, sd;
    size_t                   width, num;
    double                  *w;
    struct toc_window       *windows;
    struct toc_reproduction *estimates;
    double                  *quantiles;
};

static const double probabilities[NUM_QUANTILES] = { 0.025, 0.05, 0.25, 0.5, 0.75, 0.95, 0.975 };

static void reproduce(void *context)
{
    struct reproduction    *job = context;
    struct toc_error        error = { 0 };
    struct toc_cori_options options = TOC_CORI_OPTIONS_INIT;
    options.mode = TOC_MODE_R;
    for (size_t i = 0; i < job->input.num; i++) {
        const struct toc_series *series = &job->input.series[i];
        struct toc_incidence     incidence = { series->observed, NULL, series->n, series->steps_per_year };
        check(toc_serial_interval_discretise(job->mean, job->sd, job->w, series->n, &error), &error);
        toc_windows_sliding(series->n, job->width, job->windows);
        check(toc_cori_estimate(&incidence, job->w, series->n, job->windows, job->num, probabilities, NUM_QUANTILES,
                                &options, &allocator, job->estimates, job->quantiles, &error),
              &error);
    }
}

static void run_reproduction(char **words)
{
    struct reproduction job = { .input = read_input(365), .mean = atof(words[1]), .sd = atof(words[2]) };
    job.width = (size_t) atol(words[3]);
    job.num = toc_windows_sliding(job.input.series->n, job.width, NULL);
    job.w = calloc(job.input.series->n, sizeof *job.w);
    job.windows = calloc(job.num, sizeof *job.windows);
    job.estimates = calloc(job.num, sizeof *job.estimates);
    job.quantiles = calloc(job.num * NUM_QUANTILES, sizeof *job.quantiles);
    measure(reproduce, &job);
    for (size_t i = 0; i < job.num; i++) {
        printf("1,%zu,%.17g", job.windows[i].last + 1, job.estimates[i].mean);
        for (size_t q = 0; q < NUM_QUANTILES; q++)
            printf(",%.17g", job.quantiles[i * NUM_QUANTILES + q]);
        putchar('\n');
    }
}

int main(int argc, char **argv)
{
    if (argc == 5 && strcmp(argv[1], "cori") == 0)
        run_reproduction(argv + 1);
    else if (argc >= 5)
        run_detection(argv + 1);
    else
        stop("usage:", "speed METHOD STEPS_PER_YEAR FIRST NUM [PARAMETER=VALUE …] | speed cori MEAN SD WINDOW");
    return 0;
}
