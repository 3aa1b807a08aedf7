/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tocsin/farrington.h"

#include "farrington_flexible.h"
#include "internal.h"
#include "methods.h"

typedef struct toc_farrington_options options_t;

/* The method of 1996 is the flexible one without blocks between the windows, with fixed limits and another side. */
static struct toc_farrington_flexible_options as_flexible(const options_t *options)
{
    return (struct toc_farrington_flexible_options){
        .mode = options->mode,
        .weekdays = options->weekdays,
        .threshold = TOC_FARRINGTON_DELTA,
        .power = options->power,
        .years_back = options->years_back,
        .half_window = options->half_window,
        .periods = 1,
        .guard = options->half_window,
        .min_cases = options->min_cases,
        .min_cases_steps = options->min_cases_steps,
        .alpha = options->alpha,
        .trend_p_limit = 0.05,
        .residual_limit = 1.0,
        .trend = options->trend,
        .reweight = options->reweight,
        .population_offset = options->offset == TOC_FARRINGTON_POPULATION,
    };
}

int toci_farrington_resolve(struct toci_flexible *method, const options_t *options, int steps_per_year, bool dated,
                            struct toc_error *error)
{
    if (options->half_window < 0 || 2 * options->half_window + 1 > steps_per_year)
        return toci_fail(error, TOC_ERR_OPTION, "options.half_window", TOC_NOWHERE, options->half_window,
                         ">= 0, 2 x half_window + 1 within a year");
    if (options->offset != TOC_FARRINGTON_NO_OFFSET && options->offset != TOC_FARRINGTON_POPULATION)
        return toci_fail(error, TOC_ERR_OPTION, "options.offset", TOC_NOWHERE, options->offset, "none or population");
    struct toc_farrington_flexible_options flexible = as_flexible(options);
    int                                    ret = toci_flexible_resolve(method, &flexible, steps_per_year, dated, error);
    if (ret == 0)
        method->of_1996 = true;
    return ret;
}

int toc_farrington_judge(const struct toc_series *series, size_t first, size_t num, const options_t *options,
                         const struct toc_allocator *allocator, struct toc_judgement *judgements,
                         struct toc_farrington_detail *details, struct toc_error *error)
{
    struct toci_flexible method;
    int                  ret = toci_check_series(series, first, num, error);
    if (ret == 0)
        ret = toci_farrington_resolve(&method, options, series->steps_per_year, series->date != NULL, error);
    if (ret == 0)
        ret = toci_flexible_judge(&method, series, first, num, allocator, judgements, details, error);
    return ret;
}

/* ---- the row of the method table ---- */

static int judge_by_table(const struct toc_series *series, size_t first, size_t num, const void *options,
                          const struct toc_allocator *allocator, struct toc_judgement *judgements,
                          struct toc_error *error)
{
    return toc_farrington_judge(series, first, num, options, allocator, judgements, NULL, error);
}

static const struct toc_choice offset_choices[] = {
    { "none", "algo.farrington.fitGLM.fast", TOC_FARRINGTON_NO_OFFSET, "counts as they are" },
    { "plain", "algo.farrington.fitGLM", TOC_FARRINGTON_NO_OFFSET, "the same; R has a fast and a slow function" },
    { "population", "algo.farrington.fitGLM.populationOffset", TOC_FARRINGTON_POPULATION,
      "counts proportional to the population column" },
    { NULL, NULL, 0, NULL },
};

static const struct toc_parameter parameters[] = {
    { .name = "years_back",
      .r_name = "b",
      TOCI_INTEGER(options_t, years_back, 1, TOC_FARRINGTON_MAX_YEARS),
      .unit = "years",
      .meaning = "how many earlier years make the baseline" },
    { .name = "half_window",
      .r_name = "w",
      TOCI_INTEGER(options_t, half_window, 0, 182),
      .unit = "steps",
      .meaning = "steps on each side of the same date of an earlier year" },
    { .name = "alpha",
      .r_name = "alpha",
      .kind = TOC_PARAMETER_REAL,
      .offset = offsetof(options_t, alpha),
      .low = 0,
      .high = 1,
      .low_open = true,
      .high_open = true,
      .unit = "",
      .meaning = "two-sided probability of a count outside the limits per step" },
    { .name = "power",
      .r_name = "powertrans",
      TOCI_CHOICE(options_t, power, toci_farrington_power_choices),
      .meaning = "power transformation of the threshold" },
    { .name = "trend",
      .r_name = "trend",
      TOCI_FLAG(options_t, trend),
      .meaning = "whether a trend over time is tried" },
    { .name = "reweight",
      .r_name = "reweight",
      TOCI_FLAG(options_t, reweight),
      .meaning = "whether past outbreaks in the baseline lose weight" },
    TOCI_PARAMETERS_MIN_CASES(options_t),
    { .name = "offset",
      .r_name = "fitFun",
      TOCI_CHOICE(options_t, offset, offset_choices),
      .meaning = "whether the expected count follows the population" },
    TOCI_PARAMETER_WEEKDAYS(options_t),
};

static const options_t defaults = TOC_FARRINGTON_OPTIONS_INIT;

const struct toc_method toci_method_farrington = {
    .name = "farrington",
    .title = "Farrington 1996: the first form of the method",
    .use = "To compare with results of the past; for new work farrington-flexible gives far fewer false alarms.",
    .r_name = "farrington",
    .source = "Farrington et al. 1996, doi:10.2307/2983331",
    .options_size = sizeof(options_t),
    .defaults = &defaults,
    .parameters = parameters,
    .num_parameters = sizeof parameters / sizeof *parameters,
    .judge = judge_by_table,
};
