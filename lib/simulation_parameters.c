/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a simulation is made of: the list of parameters, their defaults, and what is allowed. */

#include "simulation_state.h"
#include "tocsin/simulation.h"

/* Sums of shares may exceed 1 by what decimal numbers lose. */
#define SHARE_SLACK 1e-9
#define MIN_PERSONS 100.0
#define MAX_PERSONS 1e9

static const struct toc_simulation_entry parameters_of[] = {
#define TOC_SIMULATION_GROUP(name, title) { #name, TOC_SIMULATION_HEADING, "", "", title, 0, 0, 0, 0 },
#define TOC_SIMULATION_NUMBER(name, kind, unit, lowest, highest, by_default, meaning)                                  \
    { #name,   TOC_SIMULATION_##kind,                                                                                  \
      unit,    "",                                                                                                     \
      meaning, lowest,                                                                                                 \
      highest, offsetof(struct toc_simulation_parameters, name),                                                       \
      1 },
#define TOC_SIMULATION_TABLE(name, per, kind, unit, lowest, highest, meaning, ...)                                     \
    { #name,                                                                                                           \
      TOC_SIMULATION_##kind,                                                                                           \
      unit,                                                                                                            \
      #per,                                                                                                            \
      meaning,                                                                                                         \
      lowest,                                                                                                          \
      highest,                                                                                                         \
      offsetof(struct toc_simulation_parameters, name),                                                                \
      TOC_SIMULATION_##per },
#include "tocsin/simulation_parameters.def"
};

static const struct toc_simulation_entry measures_of[] = {
#define TOC_SIMULATION_MEASURE(name, meaning) { #name, TOC_SIMULATION_SWITCH, "", "", meaning, 0, 0, 0, 0 },
#include "tocsin/simulation_parameters.def"
};

static const struct toc_simulation_entry columns_of[] = {
#define TOC_SIMULATION_COLUMN(name, kind, meaning) { #name, TOC_SIMULATION_##kind, "", "", meaning, 0, 0, 0, 0 },
#include "tocsin/simulation_parameters.def"
};

static const struct toc_simulation_parameters defaults = {
#define TOC_SIMULATION_NUMBER(name, kind, unit, lowest, highest, by_default, meaning) .name = by_default,
#define TOC_SIMULATION_TABLE(name, per, kind, unit, lowest, highest, meaning, ...) .name = { __VA_ARGS__ },
#include "tocsin/simulation_parameters.def"
};

const struct toc_simulation_entry *toc_simulation_list_parameters(size_t *num)
{
    *num = sizeof parameters_of / sizeof parameters_of[0];
    return parameters_of;
}

const struct toc_simulation_entry *toc_simulation_list_measures(size_t *num)
{
    *num = sizeof measures_of / sizeof measures_of[0];
    return measures_of;
}

const struct toc_simulation_entry *toc_simulation_list_columns(size_t *num)
{
    *num = sizeof columns_of / sizeof columns_of[0];
    return columns_of;
}

void toc_simulation_parameters_init(struct toc_simulation_parameters *parameters)
{
    *parameters = defaults;
}

static int check_numbers(const struct toc_simulation_parameters *parameters, struct toc_error *error)
{
    for (size_t i = 0; i < sizeof parameters_of / sizeof parameters_of[0]; i++) {
        const struct toc_simulation_entry *entry = &parameters_of[i];
        const double *value = (const double *) (const void *) ((const char *) parameters + entry->offset);
        for (size_t k = 0; k < entry->count; k++) {
            size_t where = entry->count == 1 ? TOC_NOWHERE : k;
            if (!(value[k] >= entry->lowest && value[k] <= entry->highest))
                return toci_fail(error, TOC_ERR_OPTION, entry->name, where, value[k],
                                 "a number between the bounds of simulation_parameters.def");
            if (entry->kind != TOC_SIMULATION_REAL && value[k] != floor(value[k]))
                return toci_fail(error, TOC_ERR_OPTION, entry->name, where, value[k], "a whole number");
        }
    }
    return 0;
}

static double sum_of(const double *values, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += values[i];
    return sum;
}

/* Two riders of a pair have to be found often enough. */
static int check_rides(const struct toc_simulation_parameters *parameters, struct toc_error *error)
{
    double riders = 0;
    for (size_t age = 0; age < TOC_SIMULATION_AGE; age++)
        riders += parameters->age_weight[age] * parameters->transport_share[age];
    double share = riders / sum_of(parameters->age_weight, TOC_SIMULATION_AGE);
    if (share > 0 && parameters->transport_contacts / share > TOCI_SIM_MAX_RIDES)
        return toci_fail(error, TOC_ERR_DOMAIN, "transport_contacts", TOC_NOWHERE, parameters->transport_contacts,
                         "at most 1000 times the mean of transport_share");
    return 0;
}

static int check_tables(const struct toc_simulation_parameters *parameters, struct toc_error *error)
{
    if (!(sum_of(parameters->age_weight, TOC_SIMULATION_AGE) > 0))
        return toci_fail(error, TOC_ERR_DOMAIN, "age_weight", TOC_NOWHERE, 0, "at least one weight above 0");
    if (!(sum_of(parameters->household_weight, TOC_SIMULATION_SIZE) > 0))
        return toci_fail(error, TOC_ERR_DOMAIN, "household_weight", TOC_NOWHERE, 0, "at least one weight above 0");
    for (size_t age = 0; age < TOC_SIMULATION_AGE; age++) {
        double sum = parameters->asymptomatic[age] + parameters->mild[age];
        if (sum > 1 + SHARE_SLACK)
            return toci_fail(error, TOC_ERR_DOMAIN, "mild", age, sum, "asymptomatic + mild at most 1");
    }
    for (size_t ring = 0; ring < TOC_SIMULATION_RING; ring++) {
        double degree = parameters->ring_contacts[ring] / parameters->ring_daily_share;
        if (degree > TOC_SIMULATION_MAX_DEGREE)
            return toci_fail(error, TOC_ERR_DOMAIN, "ring_contacts", ring, degree,
                             "ring_contacts / ring_daily_share at most 32");
    }
    int ret = check_rides(parameters, error);
    if (ret != 0)
        return ret;
    if (parameters->test_last_day < parameters->test_first_day)
        return toci_fail(error, TOC_ERR_DOMAIN, "test_last_day", TOC_NOWHERE, parameters->test_last_day,
                         "not before test_first_day");
    if (!(parameters->vaccine_infection <= parameters->vaccine_symptoms &&
          parameters->vaccine_symptoms <= parameters->vaccine_severe))
        return toci_fail(error, TOC_ERR_DOMAIN, "vaccine_severe", TOC_NOWHERE, parameters->vaccine_severe,
                         "vaccine_infection <= vaccine_symptoms <= vaccine_severe");
    return 0;
}

static int check_ages(const double *age_weight, size_t area, struct toc_error *error)
{
    for (size_t age = 0; age < TOC_SIMULATION_AGE; age++)
        if (!(age_weight[age] >= 0 && age_weight[age] <= MAX_PERSONS))
            return toci_fail(error, TOC_ERR_OPTION, "areas", area, age_weight[age], "weights of ages, 0 to 1e9");
    if (!(sum_of(age_weight, TOC_SIMULATION_AGE) > 0))
        return toci_fail(error, TOC_ERR_DOMAIN, "areas", area, 0, "at least one weight of ages above 0");
    return 0;
}

static int check_areas(const struct toc_simulation_setup *setup, struct toc_error *error)
{
    if (setup->areas == NULL)
        return setup->num_areas == 0 ? 0
                                     : toci_fail(error, TOC_ERR_SHAPE, "areas", TOC_NOWHERE, (double) setup->num_areas,
                                                 "an array where num_areas is not 0");
    double persons = 0;
    for (size_t i = 0; i < setup->num_areas; i++) {
        double here = setup->areas[i].persons;
        if (!(here >= 0 && here <= MAX_PERSONS) || here != floor(here))
            return toci_fail(error, TOC_ERR_OPTION, "areas", i, here, "a whole number of persons, 0 to 1e9");
        int ret = setup->areas[i].age_weight != NULL ? check_ages(setup->areas[i].age_weight, i, error) : 0;
        if (ret != 0)
            return ret;
        persons += here;
    }
    if (!(persons >= MIN_PERSONS && persons <= MAX_PERSONS))
        return toci_fail(error, TOC_ERR_OPTION, "areas", TOC_NOWHERE, persons, "100 to 1e9 persons in all areas");
    if (setup->num_areas > TOC_SIMULATION_MAX_AREAS)
        return toci_fail(error, TOC_ERR_SHAPE, "areas", TOC_NOWHERE, (double) setup->num_areas, "65536 areas at most");
    return 0;
}

static size_t areas_in(const struct toc_simulation_setup *setup)
{
    return setup->areas == NULL ? 1 : setup->num_areas;
}

/* Whether these are areas: one, several that follow each other, or everywhere. */
static bool are_areas(const struct toc_simulation_setup *setup, uint32_t area, uint32_t areas)
{
    if (area == TOC_SIMULATION_EVERYWHERE)
        return areas == 0;
    return area < areas_in(setup) && areas <= areas_in(setup) - area;
}

/* Lines of one area stand together or not: the sums are formed again for each line, as there are few. */
static int check_commuting(const struct toc_simulation_setup *setup, struct toc_error *error)
{
    for (size_t i = 0; i < setup->num_commuting; i++) {
        const struct toc_simulation_commuting *line = &setup->commuting[i];
        if (line->from >= areas_in(setup))
            return toci_fail(error, TOC_ERR_SHAPE, "commuting.from", i, line->from, "an area, counted from 0");
        if (line->to >= areas_in(setup))
            return toci_fail(error, TOC_ERR_SHAPE, "commuting.to", i, line->to, "an area, counted from 0");
        if (!(line->share >= 0 && line->share <= 1))
            return toci_fail(error, TOC_ERR_OPTION, "commuting.share", i, line->share, "0 <= share <= 1");
        if (i > 0 && line->from < setup->commuting[i - 1].from)
            return toci_fail(error, TOC_ERR_SHAPE, "commuting.from", i, line->from, "lines in the order of `from`");
    }
    double sum = 0;
    for (size_t i = 0; i < setup->num_commuting; i++) {
        sum = i > 0 && setup->commuting[i].from == setup->commuting[i - 1].from ? sum : 0;
        sum += setup->commuting[i].share;
        if (sum > 1 + SHARE_SLACK)
            return toci_fail(error, TOC_ERR_DOMAIN, "commuting", i, sum, "shares of one area that sum to at most 1");
    }
    return 0;
}

static int check_schedule(const struct toc_simulation_setup *setup, struct toc_error *error)
{
    for (size_t i = 0; i < setup->num_schedule; i++) {
        const struct toc_simulation_schedule *line = &setup->schedule[i];
        if ((unsigned) line->measure >= TOC_SIMULATION_MEASURES)
            return toci_fail(error, TOC_ERR_SHAPE, "schedule.measure", i, line->measure, "a measure");
        if (!are_areas(setup, line->area, line->areas))
            return toci_fail(error, TOC_ERR_SHAPE, "schedule.area", i, line->area, "areas, counted from 0");
        if (line->from < 1 || line->from > TOC_SIMULATION_LAST_DAY)
            return toci_fail(error, TOC_ERR_SHAPE, "schedule.from", i, line->from, "a day, 1 to 60000");
        if (line->to < line->from || line->to > TOC_SIMULATION_LAST_DAY)
            return toci_fail(error, TOC_ERR_SHAPE, "schedule.to", i, line->to, "a day, not before `from`, to 60000");
        if (!(line->strength >= 0 && line->strength <= 1))
            return toci_fail(error, TOC_ERR_OPTION, "schedule.strength", i, line->strength, "0 <= strength <= 1");
        if (!(line->on_above < 0) && !(line->off_below >= 0 && line->off_below <= line->on_above))
            return toci_fail(error, TOC_ERR_OPTION, "schedule.off_below", i, line->off_below,
                             "0 <= off_below <= on_above");
        if (line->off_after > TOC_SIMULATION_MOST_OFF_AFTER)
            return toci_fail(error, TOC_ERR_OPTION, "schedule.off_after", i, line->off_after, "200 days at most");
    }
    return 0;
}

static int check_imports(const struct toc_simulation_setup *setup, struct toc_error *error)
{
    for (size_t i = 0; i < setup->num_imports; i++) {
        const struct toc_simulation_import *line = &setup->imports[i];
        if (line->day < 1 || line->day > TOC_SIMULATION_LAST_DAY)
            return toci_fail(error, TOC_ERR_SHAPE, "imports.day", i, line->day, "a day, 1 to 60000");
        if (!are_areas(setup, line->area, line->areas))
            return toci_fail(error, TOC_ERR_SHAPE, "imports.area", i, line->area, "areas, counted from 0");
        if (line->strain >= TOC_SIMULATION_STRAIN)
            return toci_fail(error, TOC_ERR_SHAPE, "imports.strain", i, line->strain, "a strain, 0 to 3");
    }
    return 0;
}

static int check_journeys(const struct toc_simulation_setup *setup, struct toc_error *error)
{
    double low[TOC_SIMULATION_MAX_JOURNEYS];
    if (setup->num_journeys > TOC_SIMULATION_MAX_JOURNEYS)
        return toci_fail(error, TOC_ERR_SHAPE, "journeys", TOC_NOWHERE, (double) setup->num_journeys, "4096 at most");
    for (size_t i = 0; i < setup->num_journeys; i++) {
        const struct toc_simulation_journey *line = &setup->journeys[i];
        if (line->from >= areas_in(setup) || line->to >= areas_in(setup) || line->to == line->from)
            return toci_fail(error, TOC_ERR_SHAPE, "journeys.to", i, line->to, "two areas, counted from 0");
        if (line->leave < 1 || line->leave > TOC_SIMULATION_LAST_DAY)
            return toci_fail(error, TOC_ERR_SHAPE, "journeys.leave", i, line->leave, "a day, 1 to 60000");
        if (line->back <= line->leave || line->back > TOC_SIMULATION_LAST_DAY + 1)
            return toci_fail(error, TOC_ERR_SHAPE, "journeys.back", i, line->back, "a day after `leave`, to 60001");
        if (!(line->share >= 0 && line->share <= 1))
            return toci_fail(error, TOC_ERR_OPTION, "journeys.share", i, line->share, "0 <= share <= 1");
    }
    return toci_journey_parts(setup, low, error);
}

int toc_simulation_check(const struct toc_simulation_setup *setup, struct toc_error *error)
{
    int ret = check_numbers(setup->parameters, error);
    if (ret == 0)
        ret = check_tables(setup->parameters, error);
    if (ret == 0)
        ret = check_areas(setup, error);
    if (ret == 0)
        ret = check_commuting(setup, error);
    if (ret == 0)
        ret = check_schedule(setup, error);
    if (ret == 0)
        ret = check_imports(setup, error);
    if (ret == 0)
        ret = check_journeys(setup, error);
    return ret;
}

/* What people, contacts and coming infections are made of. */
static bool is_fixed(const char *group, const char *name)
{
    static const char *const fixed[] = { "population", "networks",  "infection",        "onset_mean",
                                         "onset_sd",   "app_share", "lockdown_contacts" };
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
        if (strcmp(fixed[i], group) == 0 || strcmp(fixed[i], name) == 0)
            return true;
    return false;
}

static int check_fixed(const struct toc_simulation *sim, const struct toc_simulation_parameters *parameters,
                       struct toc_error *error)
{
    const char *group = "";
    for (size_t i = 0; i < sizeof parameters_of / sizeof parameters_of[0]; i++) {
        const struct toc_simulation_entry *entry = &parameters_of[i];
        const double *value = (const double *) (const void *) ((const char *) parameters + entry->offset);
        const double *before = (const double *) (const void *) ((const char *) &sim->p + entry->offset);
        if (entry->kind == TOC_SIMULATION_HEADING)
            group = entry->name;
        for (size_t k = 0; k < entry->count && is_fixed(group, entry->name); k++)
            if (!(value[k] <= before[k] && value[k] >= before[k]))
                return toci_fail(error, TOC_ERR_OPTION, entry->name, entry->count == 1 ? TOC_NOWHERE : k, value[k],
                                 "the value that the simulation was made with");
    }
    return 0;
}

int toc_simulation_change(struct toc_simulation *sim, const struct toc_simulation_parameters *parameters,
                          struct toc_error *error)
{
    int ret = check_numbers(parameters, error);
    if (ret == 0)
        ret = check_tables(parameters, error);
    if (ret == 0)
        ret = check_fixed(sim, parameters, error);
    if (ret != 0)
        return ret;
    sim->p = *parameters;
    toci_sim_tables(sim);
    return 0;
}
