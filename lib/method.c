/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tocsin/method.h"

#include <string.h>

#include "internal.h"
#include "methods.h"

/* clang-format off: one a line, so that two new methods do not meet on one */
static const struct toc_method *const methods[] = {
    &toci_method_farrington_flexible,
    &toci_method_ears_c1,
    &toci_method_ears_c2,
    &toci_method_ears_c3,
    &toci_method_bayes,
    &toci_method_cusum,
    &toci_method_essence,
    &toci_method_adaptive_regression,
    &toci_method_ewma,
    &toci_method_farrington,
    &toci_method_glr_negative_binomial,
    &toci_method_glr_poisson,
    &toci_method_lr_negative_binomial,
    &toci_method_lr_poisson,
};
/* clang-format on */

const struct toc_choice toci_weekdays_choices[] = {
    { "strata", NULL, TOC_WEEKDAYS_STRATA, "each day of the week against its own kind" },
    { "pooled", NULL, TOC_WEEKDAYS_POOLED, "all days alike" },
    { NULL, NULL, 0, NULL },
};

const struct toc_method *const *toc_methods(size_t *num_methods)
{
    *num_methods = sizeof methods / sizeof *methods;
    return methods;
}

const struct toc_method *toc_method_find(const char *name)
{
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (strcmp(methods[i]->name, name) == 0)
            return methods[i];
    return NULL;
}

const struct toc_method *toc_method_default(size_t n, int steps_per_year)
{
    /* A year has one day, one week more than the grid says at times; months it has 12. */
    size_t longest_year = steps_per_year == 12 ? 12 : (size_t) steps_per_year + 1;
    return toc_method_find(n > 5 * longest_year ? "farrington-flexible" : "ears-c2");
}

void toc_method_init_options(const struct toc_method *method, enum toc_mode mode, void *options)
{
    bool as_r = mode == TOC_MODE_R && method->r_defaults != NULL;
    memcpy(options, as_r ? method->r_defaults : method->defaults, method->options_size);
    memcpy(options, &mode, sizeof mode); /* the first member of every options struct */
}

static bool is_called(const struct toc_parameter *parameter, const char *name, int element)
{
    if (strcmp(parameter->name, name) == 0)
        return element == 0;
    return parameter->r_name != NULL && strcmp(parameter->r_name, name) == 0 && parameter->r_element == element;
}

const struct toc_parameter *toc_method_parameter(const struct toc_method *method, const char *name, int element)
{
    for (size_t i = 0; i < method->num_parameters; i++)
        if (is_called(&method->parameters[i], name, element))
            return &method->parameters[i];
    return NULL;
}

static bool in_bounds(const struct toc_parameter *parameter, double value)
{
    bool above = parameter->low_open ? value > parameter->low : value >= parameter->low;
    bool below = parameter->high_open ? value < parameter->high : value <= parameter->high;
    return above && below; /* false for NaN */
}

static int set_flag(const struct toc_parameter *parameter, bool value, void *options)
{
    memcpy((char *) options + parameter->offset, &value, sizeof value);
    return 0;
}

static int set_integer(const struct toc_parameter *parameter, int value, void *options)
{
    memcpy((char *) options + parameter->offset, &value, sizeof value);
    return 0;
}

static int set_real(const struct toc_parameter *parameter, double value, void *options)
{
    memcpy((char *) options + parameter->offset, &value, sizeof value);
    return 0;
}

int toc_parameter_set_number(const struct toc_parameter *parameter, double value, void *options,
                             struct toc_error *error)
{
    switch (parameter->kind) {
    case TOC_PARAMETER_CHOICE:
        return toci_fail(error, TOC_ERR_OPTION, parameter->name, TOC_NOWHERE, value, "one of its words");
    case TOC_PARAMETER_FLAG:
        if (value != 0.0 && value != 1.0)
            return toci_fail(error, TOC_ERR_OPTION, parameter->name, TOC_NOWHERE, value, "0 or 1, or true or false");
        return set_flag(parameter, value == 1.0, options);
    case TOC_PARAMETER_INTEGER:
        if (value != floor(value))
            return toci_fail(error, TOC_ERR_OPTION, parameter->name, TOC_NOWHERE, value, "a whole number");
        break;
    case TOC_PARAMETER_REAL: break;
    }
    if (!in_bounds(parameter, value))
        return toci_fail(error, TOC_ERR_OPTION, parameter->name, TOC_NOWHERE, value, "a number within its bounds");
    if (parameter->kind == TOC_PARAMETER_INTEGER)
        return set_integer(parameter, (int) value, options);
    return set_real(parameter, value, options);
}

static int set_flag_word(const struct toc_parameter *parameter, const char *word, void *options,
                         struct toc_error *error)
{
    static const char *const yes[] = { "true", "yes", "TRUE", "T" };
    static const char *const no[] = { "false", "no", "FALSE", "F" };
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
        if (strcmp(word, yes[i]) == 0)
            return set_flag(parameter, true, options);
        if (strcmp(word, no[i]) == 0)
            return set_flag(parameter, false, options);
    }
    return toci_fail(error, TOC_ERR_UNKNOWN_NAME, parameter->name, TOC_NOWHERE, NAN, "true or false");
}

int toc_parameter_set_word(const struct toc_parameter *parameter, const char *word, void *options,
                           struct toc_error *error)
{
    if (parameter->kind == TOC_PARAMETER_FLAG)
        return set_flag_word(parameter, word, options, error);
    if (parameter->choices == NULL)
        return toci_fail(error, TOC_ERR_OPTION, parameter->name, TOC_NOWHERE, NAN, "a number");
    for (const struct toc_choice *choice = parameter->choices; choice->word != NULL; choice++)
        if (strcmp(word, choice->word) == 0 || (choice->r_word != NULL && strcmp(word, choice->r_word) == 0))
            return parameter->kind == TOC_PARAMETER_REAL ? set_real(parameter, choice->value, options)
                                                         : set_integer(parameter, choice->value, options);
    return toci_fail(error, TOC_ERR_UNKNOWN_NAME, parameter->name, TOC_NOWHERE, NAN, "one of its words");
}

double toc_parameter_get(const struct toc_parameter *parameter, const void *options)
{
    const char *field = (const char *) options + parameter->offset;
    double      real;
    int         integer;
    bool        flag;
    switch (parameter->kind) {
    case TOC_PARAMETER_REAL: memcpy(&real, field, sizeof real); return real;
    case TOC_PARAMETER_FLAG: memcpy(&flag, field, sizeof flag); return flag ? 1.0 : 0.0;
    case TOC_PARAMETER_INTEGER:
    case TOC_PARAMETER_CHOICE: memcpy(&integer, field, sizeof integer); return integer;
    }
    return NAN;
}
