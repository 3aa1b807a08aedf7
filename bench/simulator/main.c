/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the simulator promises, measured. OpenABM-Covid19's figures are of its commit ee2f2c03 with its baseline
 * parameters (docs/methods/simulation.md), 100,000 agents, 20 seeds; its scenarios with 100 persons infected at first.
 *
 * usage: bench_simulator statistics|scenarios|analytic|speed|same
 */
#define MATHLIB_STANDALONE
#include <Rmath.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "simulator/run.h"

enum { SEEDS = 20 };

static struct toc_simulation_parameters parameters;

static void baseline(double agents, double seeds)
{
    toc_simulation_parameters_init(&parameters);
    parameters.agents = agents;
    parameters.seed_infections = seeds;
}

/* ---- statistics of the baseline ---- */
static const struct {
    const char *name;
    size_t      offset;
    double      mean, sd; /* OpenABM's; sd 0: a share, to be met within 0.01 */
} statistics[] = {
#define ROW(name, field, mean, sd)                                                                                     \
    {                                                                                                                  \
        name, offsetof(struct run_result, field), mean, sd                                                             \
    }
    ROW("attack rate at day 200", attack, 0.85762, 0.00203),
    ROW("peak day", peak_day, 47.05, 3.71),
    ROW("peak new infections a day", peak_new, 4397.5, 87.6),
    ROW("day of 1 % infected", day_of_1_percent, 25.1, 3.29),
    ROW("growth a day", growth, 0.19828, 0.0142),
    ROW("doubling time, days", doubling, 3.513, 0.254),
    ROW("cohort R", cohort_r, 2.8426, 0.187),
    ROW("offspring variance over mean", cohort_variance_ratio, 6.8121, 1.08),
    ROW("generation time, early cohort", cohort_generation, 5.7413, 0.0526),
    ROW("generation time, all", generation, 5.4195, 0.0106),
    ROW("admissions", admissions, 2637.9, 39.5),
    ROW("intensive care", intensive_care, 273.45, 16.6),
    ROW("deaths", deaths, 870.45, 29.6),
    ROW("peak in hospital", peak_hospital, 772.3, 27.4),
    ROW("peak in intensive care", peak_intensive_care, 127.85, 7.56),
    ROW("household share", network[0], 0.19585, 0),
    ROW("ring share", network[1], 0.50222, 0),
    ROW("random share", network[2], 0.30193, 0),
    ROW("asymptomatic share", severity[0], 0.31526, 0),
    ROW("mild share", severity[1], 0.57999, 0),
    ROW("severe share", severity[2], 0.10475, 0),
    ROW("attack 0-9", attack_by_age[0], 0.607, 0),
    ROW("attack 10-19", attack_by_age[1], 0.869, 0),
    ROW("attack 20-29", attack_by_age[2], 0.911, 0),
    ROW("attack 30-39", attack_by_age[3], 0.909, 0),
    ROW("attack 40-49", attack_by_age[4], 0.913, 0),
    ROW("attack 50-59", attack_by_age[5], 0.907, 0),
    ROW("attack 60-69", attack_by_age[6], 0.927, 0),
    ROW("attack 70-79", attack_by_age[7], 0.819, 0),
    ROW("attack 80+", attack_by_age[8], 0.804, 0),
};

/* Runs that die out are replaced, and counted: OpenABM's 20 all took off. */
static void compare_statistics(void)
{
    enum { NUM = sizeof statistics / sizeof statistics[0] };
    double            sum[NUM] = { 0 };
    struct run_result result;
    int               taken = 0, died_out = 0;
    for (uint64_t seed = 1; taken < SEEDS; seed++) {
        baseline(100000, 10);
        run_epidemic(&(struct toc_simulation_setup){ .parameters = &parameters, .seed = seed }, true, &result);
        if (result.attack < 0.1) {
            died_out++;
            continue;
        }
        taken++;
        for (int i = 0; i < NUM; i++)
            sum[i] += *(const double *) (const void *) ((const char *) &result + statistics[i].offset);
    }
    printf("# %d runs that died out were replaced; contacts a day %.2f\n", died_out, result.contacts_a_day);
    for (int i = 0; i < NUM; i++) {
        double mean = sum[i] / SEEDS, allowed = statistics[i].sd > 0 ? 3 * statistics[i].sd * sqrt(2.0 / SEEDS) : 0.01;
        char   bar[80];
        snprintf(bar, sizeof bar, "%.5g ± %.2g", statistics[i].mean, allowed);
        run_row(fabs(mean - statistics[i].mean) <= allowed, statistics[i].name, bar, "%.5g", mean);
    }
}

/* ---- scenarios ---- */
static const struct {
    char   name;
    double attack;
} scenarios[] = { { '0', 0.857 }, { 'A', 0.754 }, { 'B', 0.649 }, { 'C', 0.651 }, { 'D', 0.574 },
                  { 'E', 0.450 }, { 'F', 0.400 }, { 'G', 0.592 }, { 'H', 0.585 }, { 'I', 0.504 } };
enum { SCENARIOS = sizeof scenarios / sizeof scenarios[0], SCENARIO_SEEDS = 10 };

static double scenario_attack(char name, double *attack, double *days, double *tests)
{
    struct toc_simulation_schedule schedule[16];
    struct run_result              result;
    *attack = *days = *tests = 0;
    for (uint64_t seed = 1; seed <= SCENARIO_SEEDS; seed++) {
        baseline(100000, 100);
        size_t num = run_scenario(name, &parameters, schedule);
        run_epidemic(
            &(struct toc_simulation_setup){
                .parameters = &parameters, .schedule = schedule, .num_schedule = num, .seed = seed },
            false, &result);
        *attack += result.attack / SCENARIO_SEEDS;
        *days += result.restricted_days / SCENARIO_SEEDS;
        *tests += result.tests / SCENARIO_SEEDS;
    }
    return *attack;
}

static void compare_scenarios(void)
{
    double attack[SCENARIOS], days, tests;
    for (int i = 0; i < SCENARIOS; i++) {
        char measure[40], bar[40];
        scenario_attack(scenarios[i].name, &attack[i], &days, &tests);
        snprintf(measure, sizeof measure, "scenario %c, attack", scenarios[i].name);
        snprintf(bar, sizeof bar, "%.3f ± 0.030", scenarios[i].attack);
        run_row(fabs(attack[i] - scenarios[i].attack) <= 0.03, measure, bar, "%.3f (%.1f days restricted, %.0f tests)",
                attack[i], days, tests);
    }
    run_row(attack[0] > attack[1] && attack[1] > attack[2], "order of 0, A, B", "0 > A > B", "%.3f %.3f %.3f",
            attack[0], attack[1], attack[2]);
    run_row(attack[3] > attack[7] && attack[7] > attack[4] && attack[4] > attack[5] && attack[5] > attack[6],
            "order of C, G, D, E, F", "C > G > D > E > F", "%.3f %.3f %.3f %.3f %.3f", attack[3], attack[7], attack[4],
            attack[5], attack[6]);
    run_row(attack[9] > attack[5], "slower tests (I) against E", "I > E", "%.3f %.3f", attack[9], attack[5]);
}

/* ---- what can be calculated ---- */

/* Random contacts only, so many that they are nearly homogeneous; everybody alike. */
static void homogeneous(double agents, double seeds, double r, double spread)
{
    baseline(agents, seeds);
    for (int age = 0; age < TOC_SIMULATION_AGE; age++) {
        parameters.random_contacts[age] = 50;
        parameters.random_contacts_sd[age] = 0;
        parameters.susceptibility[age] = 1;
        parameters.hospitalised[age] = 0;
    }
    for (int ring = 0; ring < TOC_SIMULATION_RING; ring++)
        parameters.ring_contacts[ring] = 0;
    parameters.network_weight[0] = 0;
    parameters.asymptomatic_infectiousness = parameters.mild_infectiousness = 1;
    parameters.recovery_mean = parameters.asymptomatic_recovery_mean = 60;
    parameters.infectious_rate = r;
    parameters.infectiousness_sd = spread;
}

/* sum over days of curve(d) exp(-l d). */
static double curve_transform(double l, double *mean)
{
    double shape = pow(parameters.infectious_mean / parameters.infectious_sd, 2);
    double scale = parameters.infectious_mean / shape, sum = 0;
    *mean = 0;
    for (int day = 1; day < 64; day++) {
        double part = pgamma(day, shape, scale, 1, 0) - pgamma(day - 1, shape, scale, 1, 0);
        sum += part * exp(-l * day);
        *mean += part * day;
    }
    return sum;
}

static double growth_of(double r)
{
    double low = 0, high = 1, mean;
    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2;
        if (r * curve_transform(middle, &mean) > 1)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static void calculate_growth_and_final_size(void)
{
    const double      r = 2.5;
    struct run_result result;
    double            growth = 0, attack = 0, mean, z = 0.5;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        homogeneous(100000, 5, r, 0); /* few: those who begin together are infectious together */
        run_epidemic(&(struct toc_simulation_setup){ .parameters = &parameters, .seed = seed }, true, &result);
        growth += result.growth / 5;
        attack += result.attack / 5;
    }
    char bar[60];
    snprintf(bar, sizeof bar, "%.4f ± 6 %%", growth_of(r));
    run_row(fabs(growth / growth_of(r) - 1) < 0.06, "growth of R 2.5 by its curve", bar, "%.4f", growth);
    for (int i = 0; i < 200; i++)
        z = 1 - exp(-r * z);
    snprintf(bar, sizeof bar, "%.4f ± 0.01", z);
    run_row(fabs(attack - z) < 0.01, "final size of R 2.5", bar, "%.4f", attack);
    curve_transform(0, &mean);
    homogeneous(100000, 2000, 0.5, 0);
    run_epidemic(&(struct toc_simulation_setup){ .parameters = &parameters, .seed = 9 }, true, &result);
    double error = 3 * parameters.infectious_sd / sqrt((double) result.pairs);
    snprintf(bar, sizeof bar, "%.3f ± %.3f", mean, error + 0.02);
    run_row(fabs(result.generation - mean) < error + 0.02, "generation time of the curve, R 0.5", bar, "%.3f",
            result.generation);
}

static void calculate_extinction(void)
{
    enum { RUNS = 800 };
    const double      r = 2.84, k = 1 / (1.4 * 1.4);
    double            q = 0.5, died_out = 0;
    struct run_result result;
    for (int i = 0; i < 500; i++)
        q = pow(1 + r * (1 - q) / k, -k);
    for (uint64_t seed = 1; seed <= RUNS; seed++) {
        homogeneous(3000, 1, r, 1.4);
        run_epidemic(&(struct toc_simulation_setup){ .parameters = &parameters, .seed = seed }, false, &result);
        died_out += result.attack < 0.1;
    }
    double allowed = 3 * sqrt(q * (1 - q) / RUNS);
    char   bar[60];
    snprintf(bar, sizeof bar, "%.3f ± %.3f", q, allowed);
    run_row(fabs(died_out / RUNS - q) < allowed, "extinction from one person", bar, "%.3f", died_out / RUNS);
    double ratio = 0;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        homogeneous(100000, 50, r, 1.4);
        run_epidemic(&(struct toc_simulation_setup){ .parameters = &parameters, .seed = seed }, true, &result);
        ratio += result.cohort_variance_ratio / 5;
    }
    snprintf(bar, sizeof bar, "%.2f ± 15 %%", 1 + r / k);
    run_row(fabs(ratio / (1 + r / k) - 1) < 0.15, "offspring variance over mean, 1 + R / k", bar, "%.2f", ratio);
}

/* ---- speed ---- */

/* One epidemic in a process of its own: what it used. */
static struct rusage measure(double agents, char scenario, struct run_result *result)
{
    struct rusage                  use;
    struct toc_simulation_schedule schedule[16];
    int                            ends[2], status;
    if (pipe(ends) != 0)
        exit(1);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        baseline(agents, 10);
        size_t num = run_scenario(scenario, &parameters, schedule);
        run_epidemic(
            &(struct toc_simulation_setup){
                .parameters = &parameters, .schedule = schedule, .num_schedule = num, .seed = 1 },
            false, result);
        _exit(write(ends[1], result, sizeof *result) == sizeof *result ? 0 : 1);
    }
    close(ends[1]);
    ssize_t got = read(ends[0], result, sizeof *result);
    close(ends[0]);
    wait4(child, &status, 0, &use);
    if (got != sizeof *result || status != 0)
        exit(1);
    return use;
}

static double user_seconds(const struct rusage *use)
{
    return (double) use->ru_utime.tv_sec + (double) use->ru_utime.tv_usec * 1e-6;
}

#define CALIBRATION "200 million dependent multiplications"

/* Dependent multiplications: what the processor gives this program just now. */
static double calibrate(void)
{
    uint64_t x = 1;
    double   before = run_cpu_seconds();
    for (int i = 0; i < 200000000; i++)
        x = x * 6364136223846793005u + 1442695040888963407u;
    static volatile uint64_t kept; /* so that it has to be calculated */
    kept = x;
    return run_cpu_seconds() - before;
}

static void measure_speed(void)
{
    struct run_result one, traced, ten;
    double            first = calibrate();
    struct rusage     use = measure(1e6, '0', &one), use_f = measure(1e6, 'F', &traced);
    run_row(user_seconds(&use) <= 2.5, "1 M agents, 200 days, no measures", "<= 2.5 s CPU",
            "%.2f s (attack %.3f, %.2f contacts a day; " CALIBRATION " %.2f s)", user_seconds(&use), one.attack,
            one.contacts_a_day, first);
    run_row(user_seconds(&use_f) <= 5, "1 M agents, 200 days, scenario F", "<= 5.0 s CPU",
            "%.2f s (attack %.3f, %.2f contacts a day, %.1f days restricted)", user_seconds(&use_f), traced.attack,
            traced.contacts_a_day, traced.restricted_days);
    run_row(one.slowest_step <= 0.1, "1 M agents, the slowest step", "<= 100 ms CPU", "%.0f ms",
            1000 * one.slowest_step);
    struct rusage use_ten = measure(1e7, '0', &ten);
    run_row(user_seconds(&use_ten) <= 25, "10 M agents, 200 days", "<= 25 s CPU",
            "%.1f s (attack %.3f, %.2f contacts a day; " CALIBRATION " %.2f s)", user_seconds(&use_ten), ten.attack,
            ten.contacts_a_day, calibrate());
    double slope = (double) (use_ten.ru_maxrss - use.ru_maxrss) * 1024 / 9e6;
    run_row(slope <= 80, "memory an agent, between 1 M and 10 M", "<= 80 bytes", "%.1f bytes", slope);
    struct timespec before, after;
    struct rusage   children;
    clock_gettime(CLOCK_MONOTONIC, &before);
    fflush(stdout);
    for (uint64_t part = 0; part < 2; part++)
        if (fork() == 0) {
            for (uint64_t seed = part; seed < 100; seed += 2) {
                baseline(100000, 10);
                run_epidemic(&(struct toc_simulation_setup){ .parameters = &parameters, .seed = seed }, false, &one);
            }
            _exit(0);
        }
    double cpu = 0;
    for (int part = 0; part < 2; part++) {
        wait4(-1, NULL, 0, &children);
        cpu += user_seconds(&children);
    }
    clock_gettime(CLOCK_MONOTONIC, &after);
    double wall = (double) (after.tv_sec - before.tv_sec) + (double) (after.tv_nsec - before.tv_nsec) * 1e-9;
    run_row(cpu / 2 <= 15, "100 seeds of 100,000 agents on 2 cores", "<= 15 s", "%.1f s CPU each, %.1f s by the clock",
            cpu / 2, wall);
}

/* ---- the same bits ---- */
struct part {
    void (*task)(void *argument, size_t index);
    void  *argument;
    size_t first, step, num_tasks;
};

static void *do_part(void *context)
{
    struct part *part = context;
    for (size_t i = part->first; i < part->num_tasks; i += part->step)
        part->task(part->argument, i);
    return NULL;
}

static void run_on_threads(void *context, void (*task)(void *, size_t), void *argument, size_t num_tasks)
{
    size_t      threads = *(const size_t *) context;
    pthread_t   thread[4];
    struct part part[4];
    for (size_t i = 0; i < threads; i++) {
        part[i] = (struct part){ task, argument, i, threads, num_tasks };
        pthread_create(&thread[i], NULL, do_part, &part[i]);
    }
    for (size_t i = 0; i < threads; i++)
        pthread_join(thread[i], NULL);
}

static int add_to_hash(void *context, const struct toc_simulation_infection *infection)
{
    uint64_t            *hash = context;
    const unsigned char *byte = (const unsigned char *) infection;
    for (size_t i = 0; i < sizeof *infection; i++)
        *hash = (*hash ^ byte[i]) * 0x100000001B3u;
    return 0;
}

/* A hash of all counts of all days and of the line list: scenario F in three areas. */
static uint64_t hash_of_run(size_t threads)
{
    const struct toc_simulation_area areas[] = { { 60000 }, { 500 }, { 90000 } };
    struct toc_simulation_schedule   schedule[16];
    baseline(100, 100);
    size_t                       num = run_scenario('F', &parameters, schedule);
    struct toc_simulation_runner runner = { .run = run_on_threads, .context = &threads };
    struct toc_simulation_setup  setup = {
         .parameters = &parameters, .areas = areas, .num_areas = 3, .schedule = schedule, .num_schedule = num, .seed = 4
    };
    struct toc_simulation *sim = NULL;
    static uint32_t        counts[3 * TOC_SIMULATION_AGE * TOC_SIMULATION_COLUMNS];
    uint64_t               hash = 0xCBF29CE484222325u;
    if (toc_simulation_create(&setup, &run_allocator, &runner, &sim, NULL) != 0)
        exit(1);
    for (int day = 0; day < 120; day++) {
        if (toc_simulation_step(sim, NULL) != 0)
            exit(1);
        toc_simulation_read(sim, counts);
        for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
            hash = (hash ^ counts[i]) * 0x100000001B3u;
    }
    toc_simulation_each_infection(sim, 0, RUN_DAYS, add_to_hash, &hash);
    toc_simulation_free(sim);
    return hash;
}

static void compare_threads(void)
{
    uint64_t one = hash_of_run(1), two = hash_of_run(2), four = hash_of_run(4);
    run_row(one == two && two == four, "threads 1, 2, 4: counts and line list", "equal", "%016llx %016llx %016llx",
            (unsigned long long) one, (unsigned long long) two, (unsigned long long) four);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    if (strcmp(what, "statistics") == 0) {
        compare_statistics();
    } else if (strcmp(what, "scenarios") == 0) {
        compare_scenarios();
    } else if (strcmp(what, "analytic") == 0) {
        calculate_growth_and_final_size();
        calculate_extinction();
    } else if (strcmp(what, "speed") == 0) {
        measure_speed();
    } else if (strcmp(what, "same") == 0) {
        compare_threads();
    } else {
        fprintf(stderr, "usage: bench_simulator statistics|scenarios|analytic|speed|same\n");
        return 2;
    }
    return 0;
}
