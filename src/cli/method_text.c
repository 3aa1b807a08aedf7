/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/method_text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* The words of a parameter, after what stands in text already. */
static void choices_text(const struct toc_parameter *parameter, char text[METHOD_TEXT_SIZE])
{
    size_t used = strlen(text);
    for (const struct toc_choice *choice = parameter->choices; choice->word != NULL; choice++) {
        const char *between = choice == parameter->choices ? "" : choice[1].word == NULL ? " or " : ", ";
        int         wrote = snprintf(text + used, METHOD_TEXT_SIZE - used, "%s%s", between, choice->word);
        used += (size_t) wrote;
        if (used >= METHOD_TEXT_SIZE)
            return;
    }
}

void method_allowed_text(const struct toc_parameter *parameter, char text[METHOD_TEXT_SIZE])
{
    text[0] = '\0';
    if (parameter->kind == TOC_PARAMETER_CHOICE) {
        choices_text(parameter, text);
        return;
    }
    if (parameter->kind == TOC_PARAMETER_FLAG) {
        snprintf(text, METHOD_TEXT_SIZE, "true or false");
        return;
    }
    int         used = snprintf(text, METHOD_TEXT_SIZE, "%s",
                        parameter->kind == TOC_PARAMETER_INTEGER ? "a whole number" : "a number");
    const char *joint = "";
    if (isfinite(parameter->low)) {
        used += snprintf(text + used, METHOD_TEXT_SIZE - (size_t) used, " %s %.15g",
                         parameter->low_open ? "above" : "from", parameter->low);
        joint = parameter->low_open || parameter->high_open ? " and" : "";
    }
    if (isfinite(parameter->high))
        snprintf(text + used, METHOD_TEXT_SIZE - (size_t) used, "%s %s %.15g", joint,
                 parameter->high_open                               ? "below"
                 : isfinite(parameter->low) && !parameter->low_open ? "to"
                                                                    : "up to",
                 parameter->high);
    if (parameter->choices != NULL) { /* a number that has words too */
        strncat(text, "; or ", METHOD_TEXT_SIZE - strlen(text) - 1);
        choices_text(parameter, text);
    }
}

static void number_text(double value, char text[METHOD_TEXT_SIZE])
{
    if (isnan(value))
        text[0] = '\0';
    else if (isinf(value))
        snprintf(text, METHOD_TEXT_SIZE, "%sinf", value < 0 ? "-" : "");
    else {
        char exact[TEXT_DOUBLE_BYTES];
        text_from_double(value, exact);
        snprintf(text, METHOD_TEXT_SIZE, "%s", exact);
    }
}

/* The first word for a value, or NULL. */
static const struct toc_choice *find_choice(const struct toc_parameter *parameter, double value)
{
    for (const struct toc_choice *choice = parameter->choices; choice != NULL && choice->word != NULL; choice++)
        if (choice->value == value)
            return choice;
    return NULL;
}

static double default_of(const struct toc_method *method, const struct toc_parameter *parameter, enum toc_mode mode)
{
    _Alignas(16) char options[TOC_METHOD_MAX_OPTIONS];
    toc_method_init_options(method, mode, options);
    return toc_parameter_get(parameter, options);
}

void method_default_text(const struct toc_method *method, const struct toc_parameter *parameter, enum toc_mode mode,
                         char text[METHOD_TEXT_SIZE])
{
    double                   value = default_of(method, parameter, mode);
    const struct toc_choice *choice = find_choice(parameter, value);
    if (choice != NULL)
        snprintf(text, METHOD_TEXT_SIZE, "%s", choice->word);
    else if (parameter->kind == TOC_PARAMETER_FLAG)
        snprintf(text, METHOD_TEXT_SIZE, "%s", value != 0 ? "true" : "false");
    else
        number_text(value, text);
}

void method_r_default_text(const struct toc_method *method, const struct toc_parameter *parameter,
                           char text[METHOD_TEXT_SIZE])
{
    const struct toc_choice *choice = find_choice(parameter, default_of(method, parameter, TOC_MODE_R));
    if (choice != NULL && choice->r_word != NULL)
        snprintf(text, METHOD_TEXT_SIZE, "%s", choice->r_word);
    else
        method_default_text(method, parameter, TOC_MODE_R, text);
}

bool method_is_r_vector(const struct toc_method *method, const char *r_name)
{
    return toc_method_parameter(method, r_name, 1) != NULL;
}

void method_r_text(const struct toc_method *method, const struct toc_parameter *parameter, char text[METHOD_TEXT_SIZE])
{
    if (parameter->r_name == NULL)
        text[0] = '\0';
    else if (method_is_r_vector(method, parameter->r_name))
        snprintf(text, METHOD_TEXT_SIZE, "%s[%d]", parameter->r_name, parameter->r_element + 1);
    else
        snprintf(text, METHOD_TEXT_SIZE, "%s", parameter->r_name);
}

const char *method_kind_word(enum toc_parameter_kind kind)
{
    switch (kind) {
    case TOC_PARAMETER_REAL: return "real";
    case TOC_PARAMETER_INTEGER: return "integer";
    case TOC_PARAMETER_FLAG: return "flag";
    case TOC_PARAMETER_CHOICE: return "choice";
    }
    return "";
}
