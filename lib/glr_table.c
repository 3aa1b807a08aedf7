/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rows of the method table for tocsin/glr.h. */
#include "internal.h"
#include "methods.h"
#include "tocsin/glr.h"

static const struct toc_choice change_choices[] = {
    { "level", "intercept", TOC_GLR_LEVEL, "the mean is multiplied by a constant" },
    { "epidemic", "epi", TOC_GLR_EPIDEMIC, "the mean gains a share of the count before" },
    { NULL, NULL, 0, NULL },
};

static const struct toc_choice direction_choices[] = {
    { "increase", "inc", TOC_GLR_INCREASE, "more cases than expected" },
    { "decrease", "dec", TOC_GLR_DECREASE, "fewer cases than expected" },
    { NULL, NULL, 0, NULL },
};

static const struct toc_choice threshold_choices[] = {
    { "cases", "cases", TOC_GLR_CASES, "the count above which the chart alarms" },
    { "statistic", "value", TOC_GLR_STATISTIC, "no threshold in cases (with R's numbers: the statistic instead)" },
    { NULL, NULL, 0, NULL },
};

static const struct toc_choice fit_choices[] = {
    { "fit", NULL, (int) TOC_GLR_FIT, "from the history" },
    { NULL, NULL, 0, NULL },
};

static const struct toc_choice estimate_choices[] = {
    { "estimate", "NULL", (int) TOC_GLR_ESTIMATE, "from the history, together with the mean" },
    { NULL, NULL, 0, NULL },
};

static int judge_by_table(const struct toc_series *series, size_t first, size_t num, const void *options,
                          const struct toc_allocator *allocator, struct toc_judgement *judgements,
                          struct toc_error *error)
{
    return toc_glr_judge(series, first, num, options, allocator, judgements, error);
}

#define AT(member) .offset = offsetof(struct toc_glr_options, member)

/* clang-format off */
#define LIMIT { .name = "limit", .r_name = "c.ARL", .kind = TOC_PARAMETER_REAL, AT(limit), .low = 0, .high = INFINITY, \
    .low_open = true, .high_open = true, .unit = "",                                                                   \
    .meaning = "statistic at which the chart alarms; it sets the average run length between false alarms" }
#define MEAN { .name = "in_control_mean", .r_name = "mu0", .kind = TOC_PARAMETER_REAL, AT(in_control_mean), .low = 0,  \
    .high = INFINITY, .low_open = true, .high_open = true, .choices = fit_choices, .unit = "cases",                    \
    .meaning = "mean of every step without an outbreak: a number, or fit: from the history" }
#define HARMONICS { .name = "harmonics", .r_name = "S", .kind = TOC_PARAMETER_INTEGER, AT(harmonics), .low = 0,        \
    .high = TOC_GLR_MAX_HARMONICS, .unit = "",                                                                         \
    .meaning = "pairs of cosine and sine that describe the season of the fitted mean" }
#define TREND { .name = "trend", .r_name = "trend", .kind = TOC_PARAMETER_FLAG, AT(trend), .low = 0, .high = 1,        \
    .unit = "", .meaning = "whether the fitted mean has a trend in time" }
#define REFIT { .name = "refit", .r_name = "refit", .kind = TOC_PARAMETER_FLAG, AT(refit), .low = 0, .high = 1,        \
    .unit = "", .meaning = "whether the mean is fitted again after each alarm, the outbreak's counts included" }
#define HISTORY { .name = "history", .kind = TOC_PARAMETER_INTEGER, AT(history), .low = 0, .high = 1e6,                \
    .unit = "steps", .meaning = "steps needed before the first judgement; 0 = a year, or 20 without harmonics" }
#define THRESHOLD { .name = "threshold", .r_name = "ret", .kind = TOC_PARAMETER_CHOICE, AT(threshold),                 \
    .choices = threshold_choices, .unit = "", .meaning = "what the column threshold shows" }
#define MAX_CASES { .name = "max_cases", .r_name = "xMax", .kind = TOC_PARAMETER_INTEGER, AT(max_cases), .low = 1,     \
    .high = 1e9, .unit = "cases", .meaning = "where the search for the threshold gives up" }
#define OVERDISPERSION { .name = "overdispersion", .r_name = "alpha", .kind = TOC_PARAMETER_REAL, AT(overdispersion),  \
    .low = 0, .high = INFINITY, .high_open = true, .choices = estimate_choices, .unit = "",          \
    .meaning = "a of the variance mu + a mu^2: a number (0 = Poisson), or estimate: from the history, with the mean" }
#define LOG_RATE_RATIO { .name = "log_rate_ratio", .r_name = "theta", .kind = TOC_PARAMETER_REAL, AT(log_rate_ratio),  \
    .low = -20, .high = 20, .unit = "",                                                                                \
    .meaning = "the rise to be found, as the logarithm of the factor; 0.693 = a doubling; not 0" }
#define CHANGE { .name = "change", .r_name = "change", .kind = TOC_PARAMETER_CHOICE, AT(change),                       \
    .choices = change_choices, .unit = "", .meaning = "how an outbreak changes the mean" }
#define DIRECTION { .name = "direction", .r_name = "dir", .kind = TOC_PARAMETER_CHOICE, AT(direction),                 \
    .choices = direction_choices, .unit = "", .meaning = "which changes alarm" }
#define WINDOW { .name = "window", .r_name = "M", .kind = TOC_PARAMETER_INTEGER, AT(window), .low = -1,                \
    .high = TOC_GLR_MAX_WINDOW, .unit = "steps",                                                                       \
    .meaning = "how far back a change is sought; -1 = to the last alarm" }
#define SHORTEST { .name = "shortest_window", .r_name = "Mtilde", .kind = TOC_PARAMETER_INTEGER, AT(shortest_window),  \
    .low = 1, .high = TOC_GLR_MAX_WINDOW, .unit = "steps",                                                             \
    .meaning = "steps that a change must have lasted, the present one included" }
/* clang-format on */

#define FITTED MEAN, HARMONICS, TREND, REFIT, HISTORY
#define SHOWN THRESHOLD, MAX_CASES, TOCI_PARAMETER_WEEKDAYS(struct toc_glr_options)

static const struct toc_parameter glr_poisson[] = { LIMIT, FITTED, CHANGE, DIRECTION, WINDOW, SHORTEST, SHOWN };
static const struct toc_parameter glr_negative_binomial[] = { LIMIT,     FITTED, OVERDISPERSION, CHANGE,
                                                              DIRECTION, WINDOW, SHORTEST,       SHOWN };
static const struct toc_parameter lr_poisson[] = { LOG_RATE_RATIO, LIMIT, FITTED, SHOWN };
static const struct toc_parameter lr_negative_binomial[] = { LOG_RATE_RATIO, LIMIT, FITTED, OVERDISPERSION, SHOWN };

#define OPTIONS(in_mode, chart_rule, counts, shown, steps, most)                                                       \
    {                                                                                                                  \
        .mode = in_mode, .rule = chart_rule, .distribution = counts, .threshold = shown, .limit = 5.0,                 \
        .log_rate_ratio = M_LN2, .in_control_mean = TOC_GLR_FIT, .overdispersion = TOC_GLR_ESTIMATE, .harmonics = 1,   \
        .window = steps, .shortest_window = 1, .max_cases = most                                                       \
    }
/* R: no window, and the statistic instead of a threshold. */
#define DEFAULTS(id, chart_rule, counts)                                                                               \
    static const struct toc_glr_options id##_defaults =                                                                \
        OPTIONS(TOC_MODE_DEFAULT, chart_rule, counts, TOC_GLR_CASES, 104, 1000000000);                                 \
    static const struct toc_glr_options id##_r_defaults =                                                              \
        OPTIONS(TOC_MODE_R, chart_rule, counts, TOC_GLR_STATISTIC, -1, 10000)

DEFAULTS(glr_poisson, TOC_GLR_UNKNOWN_RISE, TOC_GLR_POISSON);
DEFAULTS(glr_negative_binomial, TOC_GLR_UNKNOWN_RISE, TOC_GLR_NEGATIVE_BINOMIAL);
DEFAULTS(lr_poisson, TOC_GLR_KNOWN_RISE, TOC_GLR_POISSON);
DEFAULTS(lr_negative_binomial, TOC_GLR_KNOWN_RISE, TOC_GLR_NEGATIVE_BINOMIAL);

#define CHART_METHOD(id, method_name, text, advice, r)                                                                 \
    const struct toc_method toci_method_##id = {                                                                       \
        .name = method_name,                                                                                           \
        .title = text,                                                                                                 \
        .use = advice,                                                                                                 \
        .r_name = r,                                                                                                   \
        .source = "Hoehle and Paul 2008, doi:10.1016/j.csda.2008.02.015",                                              \
        .options_size = sizeof(struct toc_glr_options),                                                                \
        .defaults = &id##_defaults,                                                                                    \
        .r_defaults = &id##_r_defaults,                                                                                \
        .parameters = id,                                                                                              \
        .num_parameters = sizeof id / sizeof *id,                                                                      \
        .cumulative = true,                                                                                            \
        .judge = judge_by_table,                                                                                       \
    }

CHART_METHOD(glr_poisson, "glr-poisson", "GLR chart, Poisson: a lasting rise of unknown size",
             "Slow or lasting rises that no single count shows, where the variance is near the mean.",
             "algo.glrpois()");
CHART_METHOD(glr_negative_binomial, "glr-negative-binomial",
             "GLR chart, negative binomial: a lasting rise of unknown size, in overdispersed counts",
             "Slow or lasting rises in counts that vary more than a Poisson variable; the usual case.", "algo.glrnb()");
CHART_METHOD(lr_poisson, "lr-poisson", "LR chart, Poisson: a lasting rise of known size",
             "When the rise that matters is known beforehand (a doubling); the fastest chart for that one.",
             "algo.glrpois(theta=)");
CHART_METHOD(lr_negative_binomial, "lr-negative-binomial",
             "LR chart, negative binomial: a lasting rise of known size, in overdispersed counts",
             "As lr-poisson, in counts that vary more than a Poisson variable.", "algo.glrnb(theta=)");
