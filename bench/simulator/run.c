/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "simulator/run.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#define LARGE_PAGE ((size_t) 2 << 20)

static void *allocate(void *context, size_t size)
{
    (void) context;
    if (size < LARGE_PAGE)
        return malloc(size);
    void *memory = aligned_alloc(LARGE_PAGE, (size + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE);
    if (memory != NULL)
        madvise(memory, size, MADV_HUGEPAGE);
    return memory;
}

static void release(void *context, void *pointer, size_t size)
{
    (void) context;
    (void) size;
    free(pointer);
}

const struct toc_allocator run_allocator = { allocate, release, NULL };

double run_cpu_seconds(void)
{
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    return (double) use.ru_utime.tv_sec + (double) use.ru_utime.tv_usec * 1e-6;
}

void run_row(bool holds, const char *measure, const char *bar, const char *format, ...)
{
    va_list arguments;
    printf("row\t%s\t%s\t", measure, bar);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\t%s\n", holds ? "yes" : "no");
    fflush(stdout);
}

/* ---- the transmission tree ---- */
struct tree {
    const struct run_result *result;
    double                   agents;
    uint32_t                *day;       /* of infection, by agent; UINT32_MAX: not in the cohort */
    uint32_t                *offspring; /* by agent of the cohort */
    double                   cohort_sum, cohort_pairs, sum;
    double                   network[4], severity[3];
    size_t                   pairs;
};

/* The cohort is infected while 0.05 to 0.5 % have been. */
static int note_day(void *context, const struct toc_simulation_infection *infection)
{
    struct tree *tree = context;
    tree->day[infection->agent] = infection->day;
    tree->network[infection->network]++;
    tree->severity[infection->severity]++;
    return 0;
}

static bool is_of_cohort(const struct tree *tree, uint32_t agent)
{
    uint32_t day = tree->day[agent];
    double   share = day == UINT32_MAX ? 0 : tree->result->infected_by[day] / tree->agents;
    return share >= 0.0005 && share <= 0.005;
}

static int note_pair(void *context, const struct toc_simulation_infection *infection)
{
    struct tree *tree = context;
    if (infection->infector == TOC_SIMULATION_NOBODY)
        return 0;
    double days = infection->day - tree->day[infection->infector];
    tree->sum += days;
    tree->pairs++;
    if (is_of_cohort(tree, infection->infector)) {
        tree->offspring[infection->infector]++;
        tree->cohort_sum += days;
        tree->cohort_pairs++;
    }
    return 0;
}

static void look_at_tree(const struct toc_simulation *sim, uint32_t agents, struct run_result *result)
{
    struct tree tree = { .result = result,
                         .agents = agents,
                         .day = malloc(agents * sizeof(uint32_t)),
                         .offspring = calloc(agents, sizeof(uint32_t)) };
    memset(tree.day, 0xFF, agents * sizeof(uint32_t));
    toc_simulation_each_infection(sim, 0, RUN_DAYS, note_day, &tree);
    toc_simulation_each_infection(sim, 0, RUN_DAYS, note_pair, &tree);
    double n = 0, sum = 0, squares = 0;
    for (uint32_t agent = 0; agent < agents; agent++)
        if (is_of_cohort(&tree, agent)) {
            n++;
            sum += tree.offspring[agent];
            squares += (double) tree.offspring[agent] * tree.offspring[agent];
        }
    result->cohort_r = sum / n;
    result->cohort_variance_ratio = (squares / n - result->cohort_r * result->cohort_r) / result->cohort_r;
    result->cohort_generation = tree.cohort_sum / tree.cohort_pairs;
    result->generation = tree.sum / (double) tree.pairs;
    result->pairs = tree.pairs;
    for (int i = 0; i < 3; i++) {
        result->network[i] = tree.network[i] / (double) tree.pairs;
        result->severity[i] = tree.severity[i] / (double) result->infections;
    }
    free(tree.day);
    free(tree.offspring);
}

/* ---- the days ---- */
static double sum_column(const uint32_t *counts, size_t areas, enum toc_simulation_column column)
{
    double sum = 0;
    for (size_t i = 0; i < areas * TOC_SIMULATION_AGE; i++)
        sum += counts[i * TOC_SIMULATION_COLUMNS + column];
    return sum;
}

static void note_counts(const uint32_t *counts, size_t areas, uint32_t day, double agents, struct run_result *result)
{
    double infected = sum_column(counts, areas, TOC_SIMULATION_COLUMN_infections);
    double care = sum_column(counts, areas, TOC_SIMULATION_COLUMN_intensive_care);
    double beds = care + sum_column(counts, areas, TOC_SIMULATION_COLUMN_hospitalised) +
                  sum_column(counts, areas, TOC_SIMULATION_COLUMN_recovering);
    result->infected_by[day] = result->infected_by[day - 1] + infected;
    if (infected > result->peak_new) {
        result->peak_new = infected;
        result->peak_day = day;
    }
    if (result->day_of_1_percent <= 0 && result->infected_by[day] >= 0.01 * agents)
        result->day_of_1_percent = day;
    result->peak_hospital = fmax(result->peak_hospital, beds);
    result->peak_intensive_care = fmax(result->peak_intensive_care, care);
    result->admissions += sum_column(counts, areas, TOC_SIMULATION_COLUMN_admissions);
    result->intensive_care += sum_column(counts, areas, TOC_SIMULATION_COLUMN_intensive_care_admissions);
    result->deaths += sum_column(counts, areas, TOC_SIMULATION_COLUMN_deaths);
    result->tests += sum_column(counts, areas, TOC_SIMULATION_COLUMN_specimens);
    result->restricted_days += sum_column(counts, areas, TOC_SIMULATION_COLUMN_restricted) / agents;
}

/* Slope of the logarithm of all infected, while these are 0.2 to 2 %. */
static void fit_growth(double agents, struct run_result *result)
{
    double n = 0, x = 0, y = 0, xx = 0, xy = 0;
    for (int day = 1; day <= RUN_DAYS; day++) {
        double infected = result->infected_by[day];
        if (infected < 0.002 * agents || infected > 0.02 * agents)
            continue;
        n++;
        x += day;
        y += log(infected);
        xx += (double) day * day;
        xy += day * log(infected);
    }
    result->growth = (n * xy - x * y) / (n * xx - x * x);
    result->doubling = log(2) / result->growth;
}

static void note_ages(const uint32_t *counts, size_t areas, struct run_result *result)
{
    for (size_t age = 0; age < TOC_SIMULATION_AGE; age++) {
        double persons = 0, susceptible = 0;
        for (size_t area = 0; area < areas; area++) {
            const uint32_t *row = counts + (area * TOC_SIMULATION_AGE + age) * TOC_SIMULATION_COLUMNS;
            susceptible += row[TOC_SIMULATION_COLUMN_susceptible];
            for (int state = 0; state <= TOC_SIMULATION_COLUMN_dead; state++)
                persons += row[state];
        }
        result->attack_by_age[age] = 1 - susceptible / persons;
    }
}

void run_epidemic(const struct toc_simulation_setup *setup, bool lines, struct run_result *result)
{
    struct toc_simulation            *sim = NULL;
    struct toc_error                  error = { 0 };
    struct toc_simulation_description description;
    if (toc_simulation_create(setup, &run_allocator, NULL, &sim, &error) != 0) {
        fprintf(stderr, "simulator: %s: %s\n", error.what, error.allowed);
        exit(1);
    }
    memset(result, 0, sizeof *result);
    toc_simulation_describe(sim, &description);
    size_t    areas = toc_simulation_num_areas(sim);
    uint32_t *counts = malloc(areas * TOC_SIMULATION_AGE * TOC_SIMULATION_COLUMNS * sizeof *counts);
    result->infected_by[0] = (double) description.infections;
    for (uint32_t day = 1; day <= RUN_DAYS; day++) {
        double before = run_cpu_seconds();
        if (toc_simulation_step(sim, &error) != 0)
            exit(1);
        result->slowest_step = fmax(result->slowest_step, run_cpu_seconds() - before);
        toc_simulation_read(sim, counts);
        note_counts(counts, areas, day, description.agents, result);
    }
    toc_simulation_describe(sim, &description);
    result->infections = (size_t) description.infections;
    result->attack = (double) description.infections / description.agents;
    result->contacts_a_day = description.contacts_per_day;
    fit_growth(description.agents, result);
    note_ages(counts, areas, result);
    if (lines)
        look_at_tree(sim, description.agents, result);
    free(counts);
    toc_simulation_free(sim);
}

size_t run_scenario(char name, struct toc_simulation_parameters *parameters, struct toc_simulation_schedule *schedule)
{
    static const struct {
        enum toc_simulation_measure measure;
        const char                 *scenarios;
    } uses[] = {
        { TOC_SIMULATION_MEASURE_isolation, "ABCDEFGI" },
        { TOC_SIMULATION_MEASURE_household_on_symptoms, "BCDEFGI" },
        { TOC_SIMULATION_MEASURE_testing, "CDEFGI" },
        { TOC_SIMULATION_MEASURE_household_on_positive, "DEFGI" },
        { TOC_SIMULATION_MEASURE_app_on_positive, "DEFI" },
        { TOC_SIMULATION_MEASURE_app_on_symptoms, "F" },
        { TOC_SIMULATION_MEASURE_tracers, "G" },
        { TOC_SIMULATION_MEASURE_lockdown, "H" },
    };
    size_t num = 0;
    for (size_t i = 0; i < sizeof uses / sizeof uses[0]; i++)
        if (strchr(uses[i].scenarios, name) != NULL)
            schedule[num++] = (struct toc_simulation_schedule){ .measure = uses[i].measure,
                                                                .area = TOC_SIMULATION_EVERYWHERE,
                                                                .from = name == 'H' ? 30 : 1,
                                                                .to = name == 'H' ? 90 : RUN_DAYS,
                                                                .strength = 1,
                                                                .on_above = -1 };
    for (int age = 0; name == 'D' && age < TOC_SIMULATION_AGE; age++)
        parameters->app_share[age] /= 2;
    if (name == 'I') {
        parameters->test_order_days = 2;
        parameters->test_result_days = 3;
    }
    return num;
}
