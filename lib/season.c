/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tocsin/season.h"

#define MATHLIB_STANDALONE
#include <Rmath.h>

#include "internal.h"

/* A past season with more missing weeks than this share is not used. */
#define MAX_MISSING_SHARE 0.1

static int check_options(const struct toc_season_options *options, struct toc_error *error)
{
    if (options->first_week < 1 || options->first_week > 52)
        return toci_fail(error, TOC_ERR_OPTION, "options.first_week", TOC_NOWHERE, options->first_week, "1 … 52");
    if (options->last_week < 1 || options->last_week > 53)
        return toci_fail(error, TOC_ERR_OPTION, "options.last_week", TOC_NOWHERE, options->last_week, "1 … 53");
    if (options->max_seasons < 2 || options->max_seasons > TOC_SEASON_MAX_SEASONS)
        return toci_fail(error, TOC_ERR_OPTION, "options.max_seasons", TOC_NOWHERE, options->max_seasons, "2 … 30");
    if (options->min_seasons < 2 || options->min_seasons > options->max_seasons)
        return toci_fail(error, TOC_ERR_OPTION, "options.min_seasons", TOC_NOWHERE, options->min_seasons,
                         "2 … max_seasons");
    if (options->num_values < 2)
        return toci_fail(error, TOC_ERR_OPTION, "options.num_values", TOC_NOWHERE, options->num_values, ">= 2");
    if (!(options->delta > 0 && options->delta < 100))
        return toci_fail(error, TOC_ERR_OPTION, "options.delta", TOC_NOWHERE, options->delta, "0 < delta < 100");
    if (!(options->level > 0 && options->level < 1))
        return toci_fail(error, TOC_ERR_OPTION, "options.level", TOC_NOWHERE, options->level, "0 < level < 1");
    for (size_t i = 0; i < 3; i++) {
        double below = i == 0 ? 0.0 : options->intensity[i - 1];
        if (!(options->intensity[i] > below && options->intensity[i] < 1))
            return toci_fail(error, TOC_ERR_OPTION, "options.intensity", i, options->intensity[i],
                             "0 < medium < high < very high < 1");
    }
    return 0;
}

/* ---- the epidemic of one season ---- */

/* The stretch of r weeks with the largest sum, the earliest of equals. */
static double best_stretch(const double *value, size_t n, size_t r, size_t *first)
{
    double best = -1.0;
    for (size_t begin = 0; begin + r <= n; begin++) {
        double sum = 0.0; /* added anew for each stretch, so that equal stretches have equal sums */
        for (size_t i = 0; i < r; i++)
            sum += value[begin + i];
        if (sum > best) {
            best = sum;
            *first = begin;
        }
    }
    return best;
}

static struct toc_season_timing find_epidemic(const double *value, size_t n, double total, double delta)
{
    size_t first = 0, next_first = 0;
    double sum = best_stretch(value, n, 1, &first);
    for (size_t r = 1; r < n; r++) {
        double next = best_stretch(value, n, r + 1, &next_first);
        if (100.0 * (next - sum) / total < delta)
            return (struct toc_season_timing){ first, first + r - 1, 100.0 * sum / total };
        sum = next;
        first = next_first;
    }
    return (struct toc_season_timing){ 0, n - 1, 100.0 };
}

int toc_season_find_epidemic(const double *value, size_t n, double delta, struct toc_season_timing *timing,
                             struct toc_error *error)
{
    double total = 0.0;
    int    ret = 0;
    if (n == 0)
        ret = toci_fail(error, TOC_ERR_SHAPE, "n", TOC_NOWHERE, 0.0, ">= 1");
    if (ret == 0 && !(delta > 0 && delta < 100))
        ret = toci_fail(error, TOC_ERR_OPTION, "delta", TOC_NOWHERE, delta, "0 < delta < 100");
    for (size_t i = 0; ret == 0 && i < n; i++) {
        if (!(value[i] >= 0) || isinf(value[i]))
            ret = toci_fail(error, TOC_ERR_DOMAIN, "value", i, value[i], "a finite number >= 0");
        total += value[i];
    }
    if (ret == 0 && !(total > 0))
        ret = toci_fail(error, TOC_ERR_DOMAIN, "value", TOC_NOWHERE, total, "a sum > 0");
    if (ret == 0)
        *timing = find_epidemic(value, n, total, delta);
    return ret;
}

/* ---- the seasons of a series ---- */

struct season {
    size_t                   first; /* row of the series */
    size_t                   num;
    int                      year;
    bool                     usable; /* whole, and with enough counts and cases: others can be compared with it */
    struct toc_season_timing epidemic;
};

/* The ISO week that holds most of the week of a row. */
static struct toc_iso_week week_of(const struct toc_series *series, size_t row)
{
    return toc_date_iso_week(series->date[row] > TOC_DATE_MAX - 3 ? TOC_DATE_MAX : series->date[row] + 3);
}

/* The year in which the season of a week began, or 0 where it belongs to none. */
static int season_of(struct toc_iso_week week, const struct toc_season_options *options)
{
    bool over_new_year = options->last_week < options->first_week;
    if (week.week >= options->first_week && (over_new_year || week.week <= options->last_week))
        return week.year;
    return over_new_year && week.week <= options->last_week ? week.year - 1 : 0;
}

static size_t find_seasons(const struct toc_series *series, const struct toc_season_options *options,
                           struct season *seasons)
{
    size_t num = 0;
    for (size_t row = 0; row < series->n; row++) {
        int year = season_of(week_of(series, row), options);
        if (year == 0)
            continue;
        if (num == 0 || seasons[num - 1].year != year)
            seasons[num++] = (struct season){ .first = row, .year = year };
        seasons[num - 1].num++;
    }
    return num;
}

static double value_of(const struct toc_series *series, size_t row)
{
    double y = series->observed[row];
    return series->population == NULL ? y : y / series->population[row] * 1e5;
}

/* Fill the values of a season, missing ones from their neighbours; answers how many were missing. */
static size_t fill_values(const struct toc_series *series, const struct season *season, double *value)
{
    size_t missing = 0, before = SIZE_MAX;
    for (size_t i = 0; i < season->num; i++)
        value[i] = value_of(series, season->first + i);
    for (size_t i = 0; i < season->num; i++) {
        if (!isnan(value[i])) {
            before = i;
            continue;
        }
        size_t after = i + 1;
        while (after < season->num && isnan(value[after]))
            after++;
        missing++;
        if (before == SIZE_MAX && after == season->num)
            value[i] = 0.0; /* nothing is known; such a season is not used */
        else if (before == SIZE_MAX)
            value[i] = value[after];
        else if (after == season->num)
            value[i] = value[before];
        else /* `before` is the week just before, known or filled */
            value[i] = value[before] + (value[after] - value[before]) / (double) (after - before);
        before = i;
    }
    return missing;
}

/* Whether the first row of a season is the season's first week and the season is over. */
static bool is_whole(const struct toc_series *series, const struct season *season,
                     const struct toc_season_options *options)
{
    size_t last = season->first + season->num - 1;
    int    last_week = options->last_week;
    int    end_year = options->last_week < options->first_week ? season->year + 1 : season->year;
    if (last_week > toc_iso_weeks_in_year(end_year))
        last_week = 52;
    return week_of(series, season->first).week == options->first_week && week_of(series, last).week == last_week;
}

static void time_season(const struct toc_series *series, struct season *season,
                        const struct toc_season_options *options, double *value)
{
    size_t missing = fill_values(series, season, value);
    if (!is_whole(series, season, options) || (double) missing > MAX_MISSING_SHARE * (double) season->num)
        return;
    season->usable = toc_season_find_epidemic(value, season->num, options->delta, &season->epidemic, NULL) == 0;
}

/* ---- thresholds ---- */

/* Mean and standard deviation of values as they come. */
struct moments {
    double num;
    double mean;
    double squares; /* sum of squared distances from the mean */
};

static void add_value(struct moments *of, double value)
{
    double apart = value - of->mean;
    of->num += 1.0;
    of->mean += apart / of->num;
    of->squares += apart * (value - of->mean);
}

static double limit(const struct moments *of, double level)
{
    if (of->num < 2)
        return NAN;
    return of->mean + qnorm(level, 0.0, 1.0, 1, 0) * sqrt(of->squares / (of->num - 1.0));
}

/* Add the `wanted` highest of n values, which are reordered. */
static void add_highest(double *value, size_t n, size_t wanted, bool logarithms, struct moments *sum)
{
    for (size_t taken = 0; taken < wanted && taken < n; taken++) {
        size_t top = taken;
        for (size_t i = taken + 1; i < n; i++)
            if (value[i] > value[top])
                top = i;
        double highest = value[top];
        value[top] = value[taken];
        value[taken] = highest;
        if (!logarithms)
            add_value(sum, highest);
        else if (highest > 0)
            add_value(sum, log(highest));
    }
}

/* Of the values' own scale: rates or counts. */
struct thresholds {
    double start;
    double end;
    double intensity[3];
    bool   known;
};

static struct thresholds learn(const struct toc_series *series, const struct season *seasons, size_t current,
                               const struct toc_season_options *options, double *value)
{
    size_t            from = current, num = 0;
    struct moments    before = { 0 }, within = { 0 }, after = { 0 };
    struct thresholds got = { .known = false };
    while (from > 0 && num < (size_t) options->max_seasons)
        num += seasons[--from].usable;
    if (num < (size_t) options->min_seasons)
        return got;
    size_t wanted = (size_t) fmax(1.0, floor((double) options->num_values / (double) num + 0.5));
    for (size_t s = from; s < current; s++) {
        const struct toc_season_timing *epidemic = &seasons[s].epidemic;
        if (!seasons[s].usable)
            continue;
        fill_values(series, &seasons[s], value);
        add_highest(value, epidemic->first, wanted, false, &before);
        add_highest(value + epidemic->first, epidemic->last - epidemic->first + 1, wanted, true, &within);
        add_highest(value + epidemic->last + 1, seasons[s].num - epidemic->last - 1, wanted, false, &after);
    }
    got.start = limit(&before, options->level);
    got.end = limit(&after, options->level);
    for (size_t i = 0; i < 3; i++)
        got.intensity[i] = exp(limit(&within, options->intensity[i]));
    got.known = !isnan(got.start) && !isnan(got.end) && !isnan(got.intensity[0]);
    return got;
}

/* ---- judging ---- */

static struct toc_season_week not_assessed(int season, bool epidemic, enum toc_reason reason)
{
    return (struct toc_season_week){
        .season = season, .threshold = NAN, .intensity = { NAN, NAN, NAN }, .epidemic = epidemic, .reason = reason
    };
}

static struct toc_season_week judge_week(const struct toc_series *series, size_t row, int year,
                                         const struct thresholds *of, bool *epidemic)
{
    double value = value_of(series, row);
    if (!of->known)
        return not_assessed(year, false, TOC_REASON_SHORT_HISTORY);
    if (isnan(value))
        return not_assessed(year, *epidemic, TOC_REASON_OBSERVED_MISSING);
    double                 unit = series->population == NULL ? 1.0 : series->population[row] / 1e5;
    bool                   was = *epidemic;
    struct toc_season_week week = { .season = year, .threshold = unit * (was ? of->end : of->start) };
    *epidemic = was ? !(value < of->end) : value > of->start;
    week.epidemic = *epidemic;
    week.starts = *epidemic && !was;
    week.ends = was && !*epidemic;
    week.level = *epidemic ? TOC_SEASON_LOW : TOC_SEASON_BASELINE;
    for (size_t i = 0; i < 3; i++) {
        week.intensity[i] = unit * of->intensity[i];
        if (*epidemic && value > of->intensity[i])
            week.level = (enum toc_season_level)(TOC_SEASON_MEDIUM + (int) i);
    }
    return week;
}

static int check_series(const struct toc_series *series, size_t first, size_t num, struct toc_error *error)
{
    int ret = toci_check_series(series, first, num, error);
    if (ret == 0 && series->steps_per_year != 52)
        ret = toci_fail(error, TOC_ERR_DOMAIN, "series.steps_per_year", TOC_NOWHERE, series->steps_per_year,
                        "52: a season is judged by weeks");
    if (ret == 0 && series->date == NULL)
        ret = toci_fail(error, TOC_ERR_DOMAIN, "series.date", TOC_NOWHERE, NAN, "dates: they tell where seasons begin");
    return ret;
}

int toc_season_judge(const struct toc_series *series, size_t first, size_t num,
                     const struct toc_season_options *options, const struct toc_allocator *allocator,
                     struct toc_season_week *weeks, struct toc_error *error)
{
    struct season *seasons = NULL;
    double        *value = NULL;
    size_t         n = series->n;
    int            ret = check_options(options, error);
    if (ret == 0)
        ret = check_series(series, first, num, error);
    if (ret != 0 || num == 0)
        goto out;
    seasons = toci_allocate(allocator, n, sizeof *seasons, &ret, error); /* gaps in the dates may make one a row */
    if (seasons == NULL)
        goto out;
    value = toci_allocate(allocator, n, sizeof *value, &ret, error);
    if (value == NULL)
        goto out;

    size_t num_seasons = find_seasons(series, options, seasons);
    for (size_t row = first; row < first + num; row++)
        weeks[row - first] = not_assessed(0, false, TOC_REASON_OFF_SEASON);
    for (size_t s = 0; s < num_seasons; s++) {
        const struct season *season = &seasons[s];
        time_season(series, &seasons[s], options, value);
        if (season->first + season->num <= first || season->first >= first + num)
            continue;
        struct thresholds of = learn(series, seasons, s, options, value);
        bool              epidemic = false;
        for (size_t row = season->first; row < season->first + season->num; row++) {
            struct toc_season_week week = judge_week(series, row, season->year, &of, &epidemic);
            if (row >= first && row < first + num)
                weeks[row - first] = week;
        }
    }
out:
    toci_release(allocator, seasons, n, sizeof *seasons);
    toci_release(allocator, value, n, sizeof *value);
    return ret;
}
