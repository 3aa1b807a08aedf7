/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/simulate_ensemble.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MATHLIB_STANDALONE
#include <Rmath.h>

#include "base/memory.h"
#include "formats/chart.h"
#include "tocsin/status.h"

#define AGES TOC_SIMULATION_AGE
#define COLUMNS TOC_SIMULATION_COLUMNS
#define COLUMN(name) TOC_SIMULATION_COLUMN_##name

int simulate_ensemble_init(const struct scenario *scenario, uint64_t first_seed, size_t num_runs,
                           struct simulate_ensemble *ensemble)
{
    struct simulate_ensemble made = { .scenario = scenario,
                                      .num_runs = num_runs,
                                      .first_seed = first_seed,
                                      .days = scenario->days,
                                      .num_areas = scenario->num_areas > 0 ? scenario->num_areas : 1 };
    for (const struct scenario_place *place = NULL; (place = simulate_next_shown(scenario, place)) != NULL;)
        made.num_shown++;
    bool by_place = made.num_shown > 1 && made.num_shown <= CHART_MAX_PANELS;
    made.totals = memory_array(num_runs * scenario->days, COLUMNS * sizeof *made.totals);
    made.contacts = memory_array(num_runs, sizeof *made.contacts);
    if (by_place)
        made.infections = memory_array(num_runs * scenario->days, made.num_shown * sizeof *made.infections);
    if (made.totals == NULL || made.contacts == NULL || (by_place && made.infections == NULL)) {
        simulate_ensemble_free(&made);
        return TOC_ERR_NO_MEMORY;
    }
    *ensemble = made;
    return 0;
}

void simulate_ensemble_free(struct simulate_ensemble *ensemble)
{
    free(ensemble->totals);
    free(ensemble->infections);
    free(ensemble->contacts);
    *ensemble = (struct simulate_ensemble){ 0 };
}

const struct scenario_place *simulate_next_shown(const struct scenario *scenario, const struct scenario_place *before)
{
    return scenario_next_place(scenario, scenario->report_level, NULL, before);
}

/* Infections of a day by place. */
static void take_places(struct simulate_ensemble *ensemble, const uint32_t *cells, double *infections)
{
    for (const struct scenario_place *place = NULL; (place = simulate_next_shown(ensemble->scenario, place)) != NULL;
         infections++)
        for (size_t cell = (size_t) place->first * AGES; cell < ((size_t) place->first + place->num) * AGES; cell++)
            *infections += cells[cell * COLUMNS + COLUMN(infections)];
}

void simulate_ensemble_take(struct simulate_ensemble *ensemble, size_t run, const uint32_t *cells, double contacts)
{
    size_t areas = ensemble->num_areas;
    ensemble->contacts[run] = contacts;
    for (uint32_t day = 0; day < ensemble->days; day++) {
        double         *totals = ensemble->totals + (run * ensemble->days + day) * COLUMNS;
        const uint32_t *today = cells + day * areas * AGES * COLUMNS;
        for (size_t cell = 0; cell < areas * AGES; cell++)
            for (size_t column = 0; column < COLUMNS; column++)
                totals[column] += today[cell * COLUMNS + column];
        if (ensemble->infections != NULL)
            take_places(ensemble, today, ensemble->infections + (run * ensemble->days + day) * ensemble->num_shown);
    }
    if (run == 0) {
        size_t                             num;
        const struct toc_simulation_entry *all = toc_simulation_list_columns(&num);
        for (size_t column = 0; column < num; column++)
            if (all[column].kind == TOC_SIMULATION_STATE)
                ensemble->persons += ensemble->totals[column];
    }
}

double simulate_total(const struct simulate_ensemble *ensemble, size_t run, uint32_t day,
                      enum toc_simulation_column column)
{
    return ensemble->totals[(run * ensemble->days + day) * COLUMNS + column];
}

/* ---- curves ---- */

const struct simulate_curve simulate_curves[SIMULATE_NUM_CURVES] = {
    { "infections", "New infections a day", { COLUMN(infections) }, 1 },
    { "in_hospital", "Persons in hospital", { COLUMN(hospitalised), COLUMN(intensive_care), COLUMN(recovering) }, 3 },
    { "intensive_care", "Persons in intensive care", { COLUMN(intensive_care) }, 1 },
    { "dead", "Deaths so far", { COLUMN(dead) }, 1 },
    { "restricted", "Persons in isolation or quarantine", { COLUMN(restricted) }, 1 },
    { "specimens", "Persons tested a day", { COLUMN(specimens) }, 1 },
};

double simulate_curve_value(const struct simulate_ensemble *ensemble, size_t run, uint32_t day,
                            const struct simulate_curve *curve)
{
    double sum = 0;
    for (size_t i = 0; i < curve->num_columns; i++)
        sum += simulate_total(ensemble, run, day, curve->columns[i]);
    return sum;
}

/* ---- statistics ---- */

enum {
    ATTACK_RATE,
    PEAK_DAY,
    PEAK_INFECTIONS,
    LAST_INFECTION_DAY,
    PEAK_IN_HOSPITAL,
    PEAK_INTENSIVE_CARE,
    PEAK_SHELTERED,
    HOSPITAL_DAYS,
    INTENSIVE_CARE_DAYS,
    SHELTER_DAYS,
    RESTRICTED_DAYS,
    CONTACTS,
    NUM_OWN
};

static const struct simulate_statistic own_statistics[NUM_OWN] = {
    [ATTACK_RATE] = { "attack_rate", "infections a person", 4 },
    [PEAK_DAY] = { "peak_day", "day with the most infections (1 = the first)", 0 },
    [PEAK_INFECTIONS] = { "peak_infections", "infections on that day", 0 },
    [LAST_INFECTION_DAY] = { "last_infection_day", "last day with an infection", 0 },
    [PEAK_IN_HOSPITAL] = { "peak_in_hospital", "most persons in hospital on one day", 0 },
    [PEAK_INTENSIVE_CARE] = { "peak_intensive_care", "most persons in intensive care on one day", 0 },
    [PEAK_SHELTERED] = { "peak_sheltered", "most persons in shelter hospitals on one day", 0 },
    [HOSPITAL_DAYS] = { "hospital_days", "days in a hospital bed, intensive care among them", 0 },
    [INTENSIVE_CARE_DAYS] = { "intensive_care_days", "days in a bed of intensive care", 0 },
    [SHELTER_DAYS] = { "shelter_days", "days in a bed of a shelter hospital", 0 },
    [RESTRICTED_DAYS] = { "restricted_days", "person-days in isolation or quarantine", 0 },
    [CONTACTS] = { "contacts_a_day", "contacts of a person and day, without measures", 2 },
};

size_t simulate_statistics(const struct simulate_statistic **statistics)
{
    static struct simulate_statistic   all[SIMULATE_MAX_STATISTICS]; /* the same for all who ask */
    static size_t                      num_all;
    size_t                             num, made = NUM_OWN;
    const struct toc_simulation_entry *columns = toc_simulation_list_columns(&num);
    if (num_all == 0) {
        memcpy(all, own_statistics, sizeof own_statistics);
        for (size_t i = 0; i < num && made < SIMULATE_MAX_STATISTICS; i++)
            if (columns[i].kind == TOC_SIMULATION_FLOW)
                all[made++] = (struct simulate_statistic){ columns[i].name, columns[i].meaning, 0 };
        num_all = made;
    }
    *statistics = all;
    return num_all;
}

static double largest(const struct simulate_ensemble *ensemble, size_t run, const struct simulate_curve *curve,
                      double *day_of)
{
    double most = 0;
    *day_of = NAN;
    for (uint32_t day = 0; day < ensemble->days; day++) {
        double value = simulate_curve_value(ensemble, run, day, curve);
        if (value > most) {
            most = value;
            *day_of = day + 1;
        }
    }
    return most;
}

static double sum(const struct simulate_ensemble *ensemble, size_t run, enum toc_simulation_column column)
{
    double all = 0;
    for (uint32_t day = 0; day < ensemble->days; day++)
        all += simulate_total(ensemble, run, day, column);
    return all;
}

static const struct simulate_curve sheltered = {
    "sheltered", "Persons in shelter hospitals", { COLUMN(sheltered) }, 1
};

void simulate_run_statistics(const struct simulate_ensemble *ensemble, size_t run, double *values)
{
    const struct simulate_statistic   *statistics;
    size_t                             num = simulate_statistics(&statistics), num_columns, made = NUM_OWN;
    const struct toc_simulation_entry *columns = toc_simulation_list_columns(&num_columns);
    double                             unused;
    values[PEAK_INFECTIONS] = largest(ensemble, run, &simulate_curves[0], &values[PEAK_DAY]);
    values[PEAK_IN_HOSPITAL] = largest(ensemble, run, &simulate_curves[1], &unused);
    values[PEAK_INTENSIVE_CARE] = largest(ensemble, run, &simulate_curves[2], &unused);
    values[PEAK_SHELTERED] = largest(ensemble, run, &sheltered, &unused);
    values[INTENSIVE_CARE_DAYS] = sum(ensemble, run, COLUMN(intensive_care));
    values[HOSPITAL_DAYS] =
        values[INTENSIVE_CARE_DAYS] + sum(ensemble, run, COLUMN(hospitalised)) + sum(ensemble, run, COLUMN(recovering));
    values[SHELTER_DAYS] = sum(ensemble, run, COLUMN(sheltered));
    values[RESTRICTED_DAYS] = sum(ensemble, run, COLUMN(restricted));
    values[ATTACK_RATE] = sum(ensemble, run, COLUMN(infections)) / ensemble->persons;
    values[CONTACTS] = ensemble->contacts[run];
    values[LAST_INFECTION_DAY] = NAN;
    for (uint32_t day = 0; day < ensemble->days; day++)
        if (simulate_total(ensemble, run, day, COLUMN(infections)) > 0)
            values[LAST_INFECTION_DAY] = day + 1;
    for (size_t i = 0; i < num_columns && made < num; i++)
        if (columns[i].kind == TOC_SIMULATION_FLOW)
            values[made++] = sum(ensemble, run, (enum toc_simulation_column) i);
}

/* ---- quantiles ---- */

const double simulate_probabilities[SIMULATE_NUM_QUANTILES] = { 0.05, 0.25, 0.5, 0.75, 0.95 };

static int compare(const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;
    return x < y ? -1 : x > y;
}

void simulate_quantiles(double *values, size_t n, double quantiles[SIMULATE_NUM_QUANTILES])
{
    size_t num = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(values[i]))
            values[num++] = values[i];
    qsort(values, num, sizeof *values, compare);
    for (size_t i = 0; i < SIMULATE_NUM_QUANTILES; i++) {
        double place = (double) (num > 0 ? num - 1 : 0) * simulate_probabilities[i];
        size_t below = (size_t) place;
        if (num == 0)
            quantiles[i] = NAN;
        else if (below + 1 < num)
            quantiles[i] = values[below] + (place - (double) below) * (values[below + 1] - values[below]);
        else
            quantiles[i] = values[num - 1];
    }
}

void simulate_mean_interval(const double *differences, size_t n, double *mean, double *half_width, size_t *used)
{
    size_t num = 0;
    double all = 0, squares = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(differences[i])) {
            all += differences[i];
            num++;
        }
    *used = num;
    *mean = num > 0 ? all / (double) num : NAN;
    *half_width = NAN;
    if (num < 2)
        return;
    for (size_t i = 0; i < n; i++)
        if (!isnan(differences[i]))
            squares += (differences[i] - *mean) * (differences[i] - *mean);
    *half_width = qt(0.975, (double) num - 1, 1, 0) * sqrt(squares / (double) (num - 1) / (double) num);
}
