/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What OpenABM-Covid19's own tests hold it to, asked of this model, with their tolerances: 4 standard errors for times
 * and outcomes, 3 for generation times, 3 standard deviations for counts, monotone growth (docs/methods/simulation.md
 * lists which of them there are). Everything is found out by looking at agents and infections, never by asking the
 * code. */
#define MATHLIB_STANDALONE
#include <Rmath.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/simulation_run.h"

enum { STATES = 10 };

/* ---- the course of the disease: every transition, every outcome by age ---- */

/* How often and after how many days one state follows another. */
struct transitions {
    double n[STATES][STATES], days[STATES][STATES], squares[STATES][STATES], by_age[STATES][STATES][AGES];
};

/* Everybody is infected at first, nobody infects; all states of all days. */
static void record_transitions(struct transitions *found)
{
    static uint8_t  state[AGENTS];
    static uint16_t since[AGENTS];
    parameters.seed_infections = AGENTS;
    parameters.infectious_rate = 0;
    struct toc_simulation *sim = create(3);
    memset(found, 0, sizeof *found);
    for (uint32_t i = 0; i < AGENTS; i++) {
        state[i] = (uint8_t) look_at(sim, i).state;
        since[i] = 0;
    }
    for (uint16_t day = 1; day <= 400; day++) {
        assert_ok(toc_simulation_step(sim, NULL));
        for (uint32_t i = 0; i < AGENTS; i++) {
            struct toc_simulation_agent agent = look_at(sim, i);
            if (agent.state == state[i])
                continue;
            double days = day - since[i];
            found->n[state[i]][agent.state]++;
            found->days[state[i]][agent.state] += days;
            found->squares[state[i]][agent.state] += days * days;
            found->by_age[state[i]][agent.state][agent.age]++;
            state[i] = (uint8_t) agent.state;
            since[i] = day;
        }
    }
    assert_close(total(sim, COLUMN(recovered)) + total(sim, COLUMN(dead)), AGENTS, 0, 0);
    toc_simulation_free(sim);
}

/* Mean and standard deviation of a gamma variable rounded to whole days, at least one. */
static void whole_days(double mean, double sd, double *whole_mean, double *whole_sd)
{
    double shape = mean * mean / (sd * sd), scale = sd * sd / mean, sum = 0, squares = 0, below = 0;
    for (int day = 1; day < 400; day++) {
        double upto = pgamma(day + 0.5, shape, scale, 1, 0);
        sum += day * (upto - below);
        squares += (double) day * day * (upto - below);
        below = upto;
    }
    *whole_mean = sum;
    *whole_sd = sqrt(squares - sum * sum);
}

static void assert_time(const struct transitions *found, int from, int to, double mean, double sd)
{
    double n = found->n[from][to], got = found->days[from][to] / n, whole_mean, whole_sd;
    double got_sd = sqrt(found->squares[from][to] / n - got * got);
    whole_days(mean, sd, &whole_mean, &whole_sd);
    assert_true(n > 500);
    assert_close(got, whole_mean, 0, 4 * whole_sd / sqrt(n));
    assert_close(got_sd, whole_sd, 0, 4 * whole_sd * sqrt(2 / n)); /* the tail is longer than a normal one's */
}

static void test_times_of_every_transition(void **state)
{
    (void) state;
    static struct transitions found;
    all_ages(parameters.asymptomatic, 0.2);
    all_ages(parameters.mild, 0.2);
    all_ages(parameters.hospitalised, 0.7);
    all_ages(parameters.critical, 0.6);
    all_ages(parameters.intensive_care, 0.8);
    all_ages(parameters.fatal, 0.4);
    record_transitions(&found);
    const struct toc_simulation_parameters *p = &parameters;
    assert_time(&found, COLUMN(asymptomatic), COLUMN(recovered), p->asymptomatic_recovery_mean,
                p->asymptomatic_recovery_sd);
    assert_time(&found, COLUMN(presymptomatic), COLUMN(mild), p->onset_mean, p->onset_sd);
    assert_time(&found, COLUMN(presymptomatic), COLUMN(severe), p->onset_mean, p->onset_sd);
    assert_time(&found, COLUMN(mild), COLUMN(recovered), p->recovery_mean, p->recovery_sd);
    assert_time(&found, COLUMN(severe), COLUMN(recovered), p->recovery_mean, p->recovery_sd);
    assert_time(&found, COLUMN(hospitalised), COLUMN(recovered), p->hospital_recovery_mean, p->hospital_recovery_sd);
    assert_time(&found, COLUMN(hospitalised), COLUMN(intensive_care), p->critical_mean, p->critical_sd);
    assert_time(&found, COLUMN(hospitalised), COLUMN(dead), p->critical_mean, p->critical_sd);
    assert_time(&found, COLUMN(intensive_care), COLUMN(dead), p->death_mean, p->death_sd);
    assert_time(&found, COLUMN(intensive_care), COLUMN(recovering), p->intensive_care_mean, p->intensive_care_sd);
    assert_time(&found, COLUMN(recovering), COLUMN(recovered), p->hospital_recovery_mean, p->hospital_recovery_sd);
    double n = found.n[COLUMN(severe)][COLUMN(hospitalised)];
    assert_close(found.days[COLUMN(severe)][COLUMN(hospitalised)] / n, p->admission_mean, 0, 4 * 0.5 / sqrt(n));
    double ways = 0; /* there are no others */
    for (int from = 0; from < STATES; from++)
        for (int to = 0; to < STATES; to++)
            ways += found.n[from][to] > 0;
    assert_close(ways, 12, 0, 0);
}

/* Of those who left a state, by age, the share that went to one of two others. */
static void assert_share(const struct transitions *found, int from, int to, int other, const double *share)
{
    for (int age = 0; age < AGES; age++) {
        double n = found->by_age[from][to][age] + found->by_age[from][other][age];
        assert_true(n > 50);
        assert_close(found->by_age[from][to][age] / n, share[age], 0, 4 * sqrt(share[age] * (1 - share[age]) / n));
    }
}

static void test_outcomes_by_age(void **state)
{
    (void) state;
    static struct transitions found;
    double                    mild[AGES], critical[AGES], died_or_cared[AGES];
    for (int age = 0; age < AGES; age++) {
        parameters.asymptomatic[age] = 0.3 - 0.02 * age;
        parameters.mild[age] = 0.2;
        parameters.hospitalised[age] = 0.5 + 0.03 * age;
        parameters.critical[age] = 0.5 + 0.02 * age;
        parameters.intensive_care[age] = 0.8 - 0.04 * age;
        parameters.fatal[age] = 0.3 + 0.04 * age;
        mild[age] = parameters.mild[age] / (1 - parameters.asymptomatic[age]);
        died_or_cared[age] = parameters.intensive_care[age];
        critical[age] = parameters.critical[age];
    }
    record_transitions(&found);
    assert_share(&found, COLUMN(presymptomatic), COLUMN(mild), COLUMN(severe), mild);
    assert_share(&found, COLUMN(severe), COLUMN(hospitalised), COLUMN(recovered), parameters.hospitalised);
    assert_share(&found, COLUMN(hospitalised), COLUMN(intensive_care), COLUMN(dead), died_or_cared);
    assert_share(&found, COLUMN(intensive_care), COLUMN(dead), COLUMN(recovering), parameters.fatal);
    for (int age = 0; age < AGES; age++) {
        double without = found.by_age[COLUMN(asymptomatic)][COLUMN(recovered)][age];
        double all = without + found.by_age[COLUMN(presymptomatic)][COLUMN(mild)][age] +
                     found.by_age[COLUMN(presymptomatic)][COLUMN(severe)][age];
        double share = parameters.asymptomatic[age];
        assert_close(without / all, share, 0, 4 * sqrt(share * (1 - share) / all));
        double recovered = found.by_age[COLUMN(hospitalised)][COLUMN(recovered)][age];
        double n = recovered + found.by_age[COLUMN(hospitalised)][COLUMN(dead)][age] +
                   found.by_age[COLUMN(hospitalised)][COLUMN(intensive_care)][age];
        assert_close(1 - recovered / n, critical[age], 0, 4 * sqrt(critical[age] * (1 - critical[age]) / n));
    }
}

static void test_zero_parameters_give_zero_columns(void **state)
{
    (void) state;
    static const struct {
        size_t                     offset;
        double                     value;
        enum toc_simulation_column column;
    } zeros[] = {
        { offsetof(struct toc_simulation_parameters, asymptomatic), 1, COLUMN(onsets) },
        { offsetof(struct toc_simulation_parameters, hospitalised), 0, COLUMN(admissions) },
        { offsetof(struct toc_simulation_parameters, critical), 0, COLUMN(intensive_care_admissions) },
        { offsetof(struct toc_simulation_parameters, intensive_care), 0, COLUMN(intensive_care_admissions) },
        { offsetof(struct toc_simulation_parameters, susceptibility), 0, COLUMN(infections) },
    };
    for (size_t i = 0; i < sizeof zeros / sizeof *zeros; i++) {
        set_up(NULL);
        parameters.agents = 5000;
        parameters.seed_infections = 1000;
        all_ages(parameters.mild, 0);
        all_ages((double *) (void *) ((char *) &parameters + zeros[i].offset), zeros[i].value);
        struct toc_simulation *sim = create(1);
        assert_close(run(sim, 60, zeros[i].column), 0, 0, 0);
        toc_simulation_free(sim);
    }
    set_up(NULL);
    parameters.agents = 5000;
    parameters.seed_infections = 2000;
    all_ages(parameters.hospitalised, 1);
    all_ages(parameters.fatal, 0);
    all_ages(parameters.intensive_care, 1);
    struct toc_simulation *sim = create(1);
    assert_close(run(sim, 200, COLUMN(deaths)), 0, 0, 0);
    toc_simulation_free(sim);
}

/* ---- who infects whom ---- */

/* Infections by the first cases alone: in a population so little infected that nobody is in another's way. */
struct edges {
    const struct toc_simulation *sim;
    double                       n, by_network[4], by_strain[TOC_SIMULATION_STRAIN], before_onset, after_onset;
    double                       pairs[TOC_SIMULATION_STRAIN], days[TOC_SIMULATION_STRAIN];
    double                       squares[TOC_SIMULATION_STRAIN], of_first[4];
    double                       old_outside; /* infected of 70 and over, not at home */
    uint32_t                     onset[AGENTS], day[AGENTS], offspring[AGENTS];
};

static int note_edge(void *context, const struct toc_simulation_infection *infection)
{
    struct edges *edges = context;
    edges->onset[infection->agent] = infection->onset;
    edges->day[infection->agent] = infection->day;
    edges->by_strain[infection->strain]++;
    if (infection->infector == TOC_SIMULATION_NOBODY)
        return 0;
    uint32_t onset = look_at(edges->sim, infection->infector).infected >= 0 ? edges->onset[infection->infector] : 0;
    double   days = infection->day - (double) look_at(edges->sim, infection->infector).infected;
    edges->n++;
    edges->pairs[infection->strain]++;
    edges->of_first[infection->network] += look_at(edges->sim, infection->infector).infected == 0;
    edges->by_network[infection->network]++;
    edges->offspring[infection->infector]++;
    edges->days[infection->strain] += days;
    edges->squares[infection->strain] += days * days;
    edges->before_onset += onset != 0 && infection->day <= onset;
    edges->after_onset += onset != 0 && infection->day > onset;
    edges->old_outside += infection->age >= 7 && infection->network != 0;
    return 0;
}

static void run_edges(struct edges *edges, uint64_t seed, int days)
{
    struct toc_simulation *sim = create(seed);
    memset(edges, 0, sizeof *edges);
    edges->sim = sim;
    for (int day = 0; day < days; day++)
        assert_ok(toc_simulation_step(sim, NULL));
    /* twice, as an infector may come later in the list than those infected */
    toc_simulation_each_infection(sim, 0, (uint32_t) days, note_edge, edges);
    static uint32_t onset[AGENTS];
    memcpy(onset, edges->onset, sizeof onset);
    memset(edges, 0, sizeof *edges);
    edges->sim = sim;
    memcpy(edges->onset, onset, sizeof onset);
    toc_simulation_each_infection(sim, 0, (uint32_t) days, note_edge, edges);
    toc_simulation_free(sim);
}

static struct edges first, second;

/* The probabilities of the curve, by days after infection. */
static double curve(int day)
{
    double shape = pow(parameters.infectious_mean / parameters.infectious_sd, 2);
    double scale = parameters.infectious_mean / shape;
    return pgamma(day, shape, scale, 1, 0) - pgamma(day - 1, shape, scale, 1, 0);
}

/* Generations pass so slowly that the mean is that of the curve; for each strain; and so is the part before symptoms:
 * those days on which symptoms have not come, or come. */
static void test_generation_times_and_symptoms(void **state)
{
    (void) state;
    double mean[2] = { 0 }, before = 0, shape = pow(parameters.onset_mean / parameters.onset_sd, 2);
    for (int day = 1; day < 64; day++) {
        mean[0] += day * curve(day);
        double not_yet = day == 1 ? 1 : 1 - pgamma(day - 0.5, shape, parameters.onset_mean / shape, 1, 0);
        before += curve(day) * not_yet;
    }
    parameters.infectious_mean *= 1.4; /* the second strain takes its time */
    parameters.infectious_sd *= 1.4;
    for (int day = 1; day < 64; day++)
        mean[1] += day * curve(day);
    parameters.infectious_mean /= 1.4;
    parameters.infectious_sd /= 1.4;
    parameters.strain_infectious_days[1] = 1.4;
    parameters.infectious_rate = 0.4;
    parameters.recovery_mean = parameters.asymptomatic_recovery_mean = 60;
    parameters.seed_infections = 4000;
    all_ages(parameters.asymptomatic, 0);
    all_ages(parameters.hospitalised, 0);
    struct toc_simulation *sim = create(8);
    assert_ok(toc_simulation_import(sim, 0, 1, 4000, NULL));
    memset(&first, 0, sizeof first);
    first.sim = sim;
    run(sim, 120, COLUMN(infections));
    toc_simulation_each_infection(sim, 0, 120, note_edge, &first);
    for (int strain = 0; strain < 2; strain++) {
        double n = first.pairs[strain];
        double got = first.days[strain] / n, sd = sqrt(first.squares[strain] / n - got * got);
        assert_true(n > 300);
        assert_close(got, mean[strain], 0, 3 * sd / sqrt(n) + 0.02);
    }
    toc_simulation_free(sim);
    run_edges(&second, 9, 120);
    double n = second.before_onset + second.after_onset;
    assert_close(second.before_onset / n, before, 0, 3 * sqrt(before * (1 - before) / n) + 0.005);
}

/* Infectiousness that differs between persons leaves the mean of those infected and spreads them: variance over mean
 * is 1 + R sd². */
static void test_overdispersion_leaves_the_mean(void **state)
{
    (void) state;
    double mean[2], ratio[2];
    parameters.seed_infections = 3000;
    parameters.infectious_rate = 1;
    for (int spread = 0; spread < 2; spread++) {
        double sum = 0, squares = 0;
        parameters.infectiousness_sd = spread == 0 ? 0 : 1.4;
        run_edges(&first, 4, 30);
        for (uint32_t i = 0; i < AGENTS; i++)
            if (first.day[i] == 0) { /* of the first cases; others have no day, and no offspring but in later days */
                sum += first.offspring[i];
                squares += (double) first.offspring[i] * first.offspring[i];
            }
        mean[spread] = sum / 3000;
        ratio[spread] = (squares / 3000 - mean[spread] * mean[spread]) / mean[spread];
    }
    assert_close(mean[1], mean[0], 0, 3 * sqrt(mean[0] * (ratio[0] + ratio[1]) / 3000));
    assert_true(ratio[0] < 1.4);
    assert_true(ratio[1] > 1 + 0.7 * mean[1] * 1.4 * 1.4);
}

/* One thing more infectious, more infections: a quarter, all, twice. */
static void test_growth_is_monotone(void **state)
{
    (void) state;
    static const size_t knobs[] = { offsetof(struct toc_simulation_parameters, asymptomatic_infectiousness),
                                    offsetof(struct toc_simulation_parameters, mild_infectiousness),
                                    offsetof(struct toc_simulation_parameters, susceptibility) + 3 * sizeof(double),
                                    offsetof(struct toc_simulation_parameters, strain_infectiousness),
                                    offsetof(struct toc_simulation_parameters, infectious_rate) };
    static const double factors[3] = { 0.25, 1, 2 };
    for (size_t i = 0; i < sizeof knobs / sizeof *knobs; i++) {
        double infections[3];
        for (int turn = 0; turn < 3; turn++) {
            set_up(NULL);
            parameters.seed_infections = 100;
            *(double *) (void *) ((char *) &parameters + knobs[i]) *= factors[turn];
            struct toc_simulation *sim = create(2);
            infections[turn] = run(sim, 28, COLUMN(infections));
            toc_simulation_free(sim);
        }
        assert_true(infections[0] < infections[1] && infections[1] < infections[2]);
    }
}

/* The weight of a network is its share of infections: they grow with it, and there are none without. */
static void test_weights_of_networks(void **state)
{
    (void) state;
    static const double factors[4] = { 0, 0.5, 1, 2 };
    for (int network = 0; network < 3; network++) {
        double share[4];
        for (int turn = 0; turn < 4; turn++) {
            set_up(NULL);
            parameters.seed_infections = 2000;
            parameters.network_weight[network] *= factors[turn];
            run_edges(&first, 2, 8);
            share[turn] = first.by_network[network] / first.n;
        }
        assert_close(share[0], 0, 0, 0);
        assert_true(share[1] < share[2] && share[2] < share[3]);
    }
}

/* Two strains of the same kind share the epidemic; one that is more infectious takes it. */
static void test_strains(void **state)
{
    (void) state;
    for (int stronger = 0; stronger < 2; stronger++) {
        set_up(NULL);
        parameters.seed_infections = 300;
        parameters.strain_infectiousness[1] = stronger ? 2 : 1;
        struct toc_simulation *sim = create(6);
        assert_ok(toc_simulation_import(sim, 0, 1, 300, NULL));
        memset(&first, 0, sizeof first);
        first.sim = sim;
        run(sim, 120, COLUMN(infections));
        toc_simulation_each_infection(sim, 0, 120, note_edge, &first);
        double share = first.by_strain[1] / (first.by_strain[0] + first.by_strain[1]);
        if (stronger)
            assert_true(share > 0.8);
        else
            assert_close(share, 0.5, 0, 0.12); /* 300 first cases, whose offspring vary by 6.8 times their mean */
        toc_simulation_free(sim);
    }
}

/* ---- what measures leave ---- */

/* Lockdown: by network, times what the parameters say, within 3 standard deviations of counts. */
static void test_lockdown_by_network(void **state)
{
    (void) state;
    parameters.seed_infections = 3000;
    parameters.infectious_rate = 1.5;
    parameters.infectiousness_sd = 0;
    run_edges(&first, 5, 5);
    enforce(MEASURE(lockdown), 1);
    run_edges(&second, 5, 5);
    for (int network = 0; network < 3; network++) {
        double expected = first.by_network[network] * parameters.lockdown_contacts[network];
        assert_true(first.by_network[network] > 200);
        assert_close(second.by_network[network], expected, 0.03,
                     3 * (sqrt(first.by_network[network]) + sqrt(expected)));
    }
}

static void test_shielding(void **state)
{
    (void) state;
    parameters.seed_infections = 3000;
    parameters.infectiousness_sd = 0;
    run_edges(&first, 5, 6);
    enforce(MEASURE(shielding), 1);
    run_edges(&second, 5, 6);
    double expected = first.old_outside * parameters.shielding_contacts;
    assert_true(first.old_outside > 100);
    assert_close(second.old_outside, expected, 0, 3 * (sqrt(first.old_outside) + sqrt(expected)));
}

/* Whoever stays at home infects nobody but there. */
static void test_stays_leave_the_household(void **state)
{
    (void) state;
    parameters.seed_infections = 1000;
    struct toc_simulation *sim = create(7);
    for (uint32_t i = 0; i < AGENTS; i++)
        if (look_at(sim, i).infected == 0)
            assert_ok(toc_simulation_restrict(sim, i, 20, NULL));
    memset(&first, 0, sizeof first);
    first.sim = sim;
    run(sim, 15, COLUMN(infections));
    toc_simulation_each_infection(sim, 0, 15, note_edge, &first);
    assert_true(first.of_first[0] > 300);
    assert_close(first.of_first[1] + first.of_first[2], 0, 0, 0);
    assert_true(first.by_network[1] > 100); /* those infected at home went out */
    toc_simulation_free(sim);
}

/* The share that isolates with symptoms; with its household where that is in force. */
static void test_isolation_and_households(void **state)
{
    (void) state;
    for (int households = 0; households < 2; households++) {
        set_up(NULL);
        parameters.seed_infections = 6000;
        parameters.infectious_rate = 0;
        parameters.isolation_dropout = 0;
        parameters.onset_mean = 1;
        parameters.onset_sd = 0;
        enforce(MEASURE(isolation), 1);
        if (households)
            enforce(MEASURE(household_on_symptoms), 1);
        struct toc_simulation *sim = create(3);
        double                 onsets = 0, isolated = 0, broken = 0;
        assert_ok(toc_simulation_step(sim, NULL)); /* on the first day nobody is at home for another's sake */
        for (uint32_t i = 0; i < AGENTS; i++) {
            struct toc_simulation_agent agent = look_at(sim, i);
            if (agent.state != COLUMN(mild) && agent.state != COLUMN(severe))
                continue;
            onsets++;
            isolated += agent.restricted_until == 1 + parameters.isolation_days;
            for (uint32_t k = 0; households && agent.restricted_until > 0 && k < agent.household_size; k++)
                broken += look_at(sim, agent.household + k).restricted_until < 1 + parameters.isolation_days;
        }
        double share = parameters.isolation_share;
        assert_true(onsets > 3000);
        assert_close(isolated / onsets, share, 0, 4 * sqrt(share * (1 - share) / onsets) + 0.1 * households);
        assert_close(broken, 0, 0, 0);
        toc_simulation_free(sim);
    }
}

/* Advice: the random contacts that are left, and who isolates besides. */
static void test_advice(void **state)
{
    (void) state;
    parameters.seed_infections = 3000;
    parameters.infectiousness_sd = 0;
    run_edges(&first, 5, 6);
    enforce(MEASURE(advice), 1);
    run_edges(&second, 5, 6);
    double expected = first.by_network[2] * parameters.advice_contacts;
    assert_close(second.by_network[2], expected, 0, 3 * (sqrt(first.by_network[2]) + sqrt(expected)));
    parameters.infectious_rate = 0;
    parameters.isolation_share = 0.4;
    parameters.advice_isolation = 0.5;
    enforce(MEASURE(isolation), 1);
    struct toc_simulation *sim = create(3);
    double                 onsets = run(sim, 1, COLUMN(onsets)), isolated = total(sim, COLUMN(restricted));
    onsets += run(sim, 1, COLUMN(onsets));
    isolated = total(sim, COLUMN(restricted));
    assert_true(onsets > 100);
    assert_close(isolated / onsets, 0.7, 0, 4 * sqrt(0.7 * 0.3 / onsets) + 0.02);
    toc_simulation_free(sim);
}

/* Everybody is tested, one in a tube: found among those infected so long, and wrongly among the others. */
static void test_sensitivity_and_specificity(void **state)
{
    (void) state;
    parameters.seed_infections = 8000;
    parameters.infectious_rate = 0;
    parameters.screening_share = parameters.screening_attendance = 1;
    parameters.screening_pool = 1;
    parameters.test_sensitivity = 0.7;
    parameters.test_specificity = 0.98;
    parameters.test_first_day = 3;
    parameters.test_result_days = 1;
    all_ages(parameters.hospitalised, 0);
    enforce(MEASURE(screening), 5);
    struct toc_simulation *sim = create(1);
    assert_close(run(sim, 4, COLUMN(specimens)), 0, 0, 0);
    assert_ok(toc_simulation_step(sim, NULL));
    assert_close(total(sim, COLUMN(specimens)), AGENTS, 0, 0);
    assert_close(total(sim, COLUMN(tubes)), AGENTS, 0, 0);
    assert_ok(toc_simulation_step(sim, NULL));
    double expected = 8000 * 0.7 + (AGENTS - 8000) * 0.02;
    double sd = sqrt(8000 * 0.7 * 0.3 + (AGENTS - 8000) * 0.02 * 0.98);
    assert_close(total(sim, COLUMN(positives)), expected, 0, 4 * sd);
    toc_simulation_free(sim);
}

/* A negative result ends the isolation of those who were ill of something else. */
static void test_release_on_negative(void **state)
{
    (void) state;
    double days[2];
    for (int release = 0; release < 2; release++) {
        set_up(NULL);
        parameters.seed_infections = 0;
        parameters.other_symptoms = 0.01;
        parameters.isolation_dropout = 0;
        parameters.test_specificity = 1;
        parameters.test_release = release;
        enforce(MEASURE(isolation), 1);
        enforce(MEASURE(testing), 1);
        struct toc_simulation *sim = create(1);
        days[release] = run(sim, 40, COLUMN(restricted)) / AGENTS;
        toc_simulation_free(sim);
    }
    /* 7 days each, or order and result: 2; ended on the day the result comes */
    assert_close(days[1] / days[0], 2.0 / 7, 0.1, 0);
}

/* The app finds the contacts of users among users: nobody without, a quarter with half of them. */
static void test_share_of_the_app(void **state)
{
    (void) state;
    double traced[3];
    for (int half = 0; half < 3; half++) {
        set_up(NULL);
        parameters.seed_infections = 300;
        parameters.infectious_rate = 0;
        all_ages(parameters.app_share, half / 2.0);
        enforce(MEASURE(isolation), 1);
        enforce(MEASURE(app_on_symptoms), 1);
        struct toc_simulation *sim = create(4);
        traced[half] = run(sim, 20, COLUMN(traced));
        for (uint32_t i = 0; i < AGENTS && half < 2; i++) {
            struct toc_simulation_agent agent = look_at(sim, i);
            assert_true(agent.restricted_until == 0 || agent.has_app || agent.infected == 0);
        }
        toc_simulation_free(sim);
    }
    assert_close(traced[0], 0, 0, 0);
    assert_true(traced[2] > 1500);
    assert_close(traced[1] / traced[2], 0.25, 0.2, 0);
}

/* Interviews: whom the case can name, not before the delay, no more than there are workers for. */
static void test_interviews(void **state)
{
    (void) state;
    parameters.seed_infections = 500;
    parameters.infectious_rate = 0;
    parameters.tracer_recall[1] = parameters.tracer_recall[2] = 0;
    parameters.test_sensitivity = 1;
    parameters.test_first_day = 0;
    parameters.tracer_delay = 3;
    parameters.tracers = 10; /* 4 workers, 24 interviews and 48 contacts a day */
    parameters.traced_positive_dropout = 0;
    enforce(MEASURE(isolation), 1);
    enforce(MEASURE(testing), 1);
    enforce(MEASURE(tracers), 1);
    struct toc_simulation *sim = create(2);
    /* order 1, result 1, interview 3 days later: none before day 6 */
    assert_close(run(sim, 5, COLUMN(visits)), 0, 0, 0);
    double most = 0, traced = 0;
    for (int day = 6; day < 40; day++) {
        most = fmax(most, run(sim, 1, COLUMN(visits)));
        traced += total(sim, COLUMN(traced));
    }
    assert_true(traced > 50 && most <= 4 * (6 + 12) + 64);
    for (uint32_t i = 0; i < AGENTS; i++) {
        struct toc_simulation_agent agent = look_at(sim, i);
        bool                        with_case = false;
        for (uint32_t k = 0; k < agent.household_size; k++)
            with_case = with_case || look_at(sim, agent.household + k).infected == 0;
        assert_true(agent.restricted_until == 0 || with_case);
    }
    toc_simulation_free(sim);
}

/* A dose a day for this share; of the vaccinated the share that can still be infected; until protection ends. */
static void test_vaccine(void **state)
{
    (void) state;
    parameters.seed_infections = 0;
    parameters.vaccine_daily_share = 0.05;
    parameters.vaccine_delay = 2;
    parameters.vaccine_infection = 0.6;
    parameters.vaccine_days = 60;
    parameters.vaccine_oldest_first = 0;
    all_ages(parameters.vaccine_uptake, 1);
    enforce(MEASURE(vaccination), 1);
    struct toc_simulation *sim = create(1);
    for (int day = 0; day < 10; day++) {
        assert_ok(toc_simulation_step(sim, NULL));
        assert_close(total(sim, COLUMN(doses)), 0.05 * AGENTS, 0, 32); /* whole doses in each part of the population */
    }
    run(sim, 20, COLUMN(doses));
    assert_close(run(sim, 1, COLUMN(doses)), 0, 0, 0); /* all are vaccinated */
    assert_ok(toc_simulation_switch(sim, MEASURE(vaccination), 0, 0, NULL));
    for (uint32_t i = 0; i < 10000; i++)
        assert_ok(toc_simulation_infect(sim, i, 0, NULL));
    double infected = run(sim, 1, COLUMN(infections));
    assert_close(infected, 4000, 0, 4 * sqrt(10000 * 0.6 * 0.4));
    run(sim, 60, COLUMN(infections)); /* protection has ended */
    for (uint32_t i = 20000; i < 30000; i++)
        assert_ok(toc_simulation_infect(sim, i, 0, NULL));
    double before = AGENTS - total(sim, COLUMN(susceptible));
    double again = run(sim, 1, COLUMN(infections));
    assert_true(again > 0.95 * (AGENTS - before) * 10000 / AGENTS);
    toc_simulation_free(sim);
}

static double deaths_after(double fatal, struct toc_simulation **sim)
{
    parameters.seed_infections = 4000;
    all_ages(parameters.asymptomatic, 0);
    all_ages(parameters.mild, 0);
    all_ages(parameters.hospitalised, 0.5);
    all_ages(parameters.critical, 0.5);
    all_ages(parameters.intensive_care, 1);
    all_ages(parameters.fatal, 0.3);
    *sim = create(2);
    run(*sim, 10, COLUMN(deaths));
    all_ages(parameters.fatal, fatal);
    assert_ok(toc_simulation_change(*sim, &parameters, NULL));
    return run(*sim, 120, COLUMN(deaths));
}

/* A fatality that changes in the middle of a run, up and down: those who come to intensive care from then on. */
static void test_a_fatality_that_changes(void **state)
{
    (void) state;
    struct toc_simulation *sim;
    double                 usual = deaths_after(0.3, &sim), before = total(sim, COLUMN(recovered));
    toc_simulation_free(sim);
    set_up(NULL);
    double saved = deaths_after(0, &sim);
    assert_true(usual > 300 && saved < 0.3 * usual);
    assert_true(total(sim, COLUMN(recovered)) > before);
    assert_close(run(sim, 1, COLUMN(deaths)), 0, 0, 0);
    toc_simulation_free(sim);
    set_up(NULL);
    assert_close(deaths_after(1, &sim) / usual, 1 / 0.3, 0.15, 0);
    toc_simulation_free(sim);
}

/* What the people and coming infections were made of cannot change. */
static void test_what_cannot_change(void **state)
{
    (void) state;
    struct toc_simulation *sim = create(2);
    struct toc_error       error;
    parameters.susceptibility[3] = 0.5;
    assert_int_equal(toc_simulation_change(sim, &parameters, &error), TOC_ERR_OPTION);
    assert_string_equal(error.what, "susceptibility");
    assert_int_equal(error.where, 3);
    set_up(NULL);
    parameters.onset_mean = 3;
    assert_int_equal(toc_simulation_change(sim, &parameters, &error), TOC_ERR_OPTION);
    assert_string_equal(error.what, "onset_mean");
    set_up(NULL);
    parameters.asymptomatic[0] = parameters.mild[0] = 0.6;
    assert_int_equal(toc_simulation_change(sim, &parameters, &error), TOC_ERR_DOMAIN);
    set_up(NULL);
    assert_ok(toc_simulation_change(sim, &parameters, NULL));
    toc_simulation_free(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_times_of_every_transition, set_up),
        cmocka_unit_test_setup(test_outcomes_by_age, set_up),
        cmocka_unit_test_setup(test_zero_parameters_give_zero_columns, set_up),
        cmocka_unit_test_setup(test_generation_times_and_symptoms, set_up),
        cmocka_unit_test_setup(test_overdispersion_leaves_the_mean, set_up),
        cmocka_unit_test_setup(test_growth_is_monotone, set_up),
        cmocka_unit_test_setup(test_weights_of_networks, set_up),
        cmocka_unit_test_setup(test_strains, set_up),
        cmocka_unit_test_setup(test_lockdown_by_network, set_up),
        cmocka_unit_test_setup(test_shielding, set_up),
        cmocka_unit_test_setup(test_stays_leave_the_household, set_up),
        cmocka_unit_test_setup(test_isolation_and_households, set_up),
        cmocka_unit_test_setup(test_advice, set_up),
        cmocka_unit_test_setup(test_sensitivity_and_specificity, set_up),
        cmocka_unit_test_setup(test_release_on_negative, set_up),
        cmocka_unit_test_setup(test_share_of_the_app, set_up),
        cmocka_unit_test_setup(test_interviews, set_up),
        cmocka_unit_test_setup(test_vaccine, set_up),
        cmocka_unit_test_setup(test_a_fatality_that_changes, set_up),
        cmocka_unit_test_setup(test_what_cannot_change, set_up),
    };
    return cmocka_run_group_tests_name("simulation_reference", tests, NULL, NULL);
}
