/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/watch_choice.h"

#include <stdio.h>
#include <string.h>

#include "formats/parameter_text.h"

/* One NAME=VALUE. */
static bool set(const struct toc_method *method, char *one, void *options, char why[WATCH_CHOICE_WHY])
{
    char *value = strchr(one, '=');
    if (value == NULL) {
        snprintf(why, WATCH_CHOICE_WHY, "\"%.40s\" is no parameter; allowed: NAME=VALUE, spaces between", one);
        return false;
    }
    *value++ = '\0';
    const struct toc_parameter *parameter = toc_method_parameter(method, one, 0);
    if (parameter == NULL) {
        snprintf(why, WATCH_CHOICE_WHY, "%s has no parameter \"%.40s\"", method->name, one);
        return false;
    }
    if (!parameter_from_text(parameter, value, options)) {
        snprintf(why, WATCH_CHOICE_WHY, "%s cannot be \"%.40s\" for %s", one, value, method->name);
        return false;
    }
    return true;
}

static bool apply(const struct watch_choice *choice, void *options, char why[WATCH_CHOICE_WHY])
{
    char text[WATCH_CHOICE_BYTES], *rest = NULL;
    memcpy(text, choice->parameters, sizeof text);
    for (char *one = strtok_r(text, " ", &rest); one != NULL; one = strtok_r(NULL, " ", &rest))
        if (!set(choice->method, one, options, why))
            return false;
    return true;
}

void watch_choice_apply(const struct watch_choice *choice, void *options)
{
    char why[WATCH_CHOICE_WHY];
    (void) apply(choice, options, why);
}

static bool copy(struct model_text text, char *to, size_t room)
{
    if (text.size >= room)
        return false;
    if (text.bytes != NULL)
        memcpy(to, text.bytes, text.size);
    to[text.bytes != NULL ? text.size : 0] = '\0';
    return true;
}

bool watch_choice_read(struct model_text method, struct model_text parameters, struct watch_choice *choice,
                       char why[WATCH_CHOICE_WHY])
{
    char              name[MODEL_LISTS_CODE + 1] = "";
    _Alignas(16) char options[TOC_METHOD_MAX_OPTIONS];
    memset(choice, 0, sizeof *choice);
    if (!copy(parameters, choice->parameters, sizeof choice->parameters) || !copy(method, name, sizeof name)) {
        snprintf(why, WATCH_CHOICE_WHY, "too long; allowed: %d bytes of parameters", WATCH_CHOICE_BYTES - 1);
        return false;
    }
    if (name[0] == '\0' && choice->parameters[0] != '\0') {
        snprintf(why, WATCH_CHOICE_WHY, "parameters of no method; allowed: with a method");
        return false;
    }
    if (name[0] == '\0')
        return true;
    const struct toc_method *found = toc_method_find(name);
    if (found == NULL || found->cumulative) {
        snprintf(why, WATCH_CHOICE_WHY,
                 found == NULL ? "there is no method \"%.40s\""
                               : "%.40s adds up from where it began, so it judges no stream",
                 name);
        return false;
    }
    toc_method_init_options(found, TOC_MODE_DEFAULT, options);
    choice->method = found;
    if (apply(choice, options, why))
        return true;
    choice->method = NULL;
    return false;
}
