/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/method_settings.h"

#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "cli/method_text.h"
#include "formats/parameter_text.h"

#define MAX_NAME 64
#define MAX_VALUE 64

const char *method_settings_add(void *settings, const char *value)
{
    struct method_settings *all = settings;
    const char             *sign = strchr(value, '=');
    if (sign == NULL || sign == value || sign - value >= MAX_NAME)
        return "NAME=VALUE, such as alpha=0.01";
    if (all->num == METHOD_MAX_SETTINGS)
        return "at most 64 settings";
    all->text[all->num++] = value;
    return NULL;
}

const struct toc_method *method_or_complain(const struct cli_command *command, const char *name)
{
    const struct toc_method *method = toc_method_find(name);
    if (method != NULL)
        return method;
    struct nearest                  nearest = { .word = name };
    size_t                          num;
    const struct toc_method *const *methods = toc_methods(&num);
    for (size_t i = 0; i < num; i++)
        nearest_offer(&nearest, methods[i]->name);
    if (nearest.best != NULL)
        cli_complain(command, CLI_USE, "no method '%s'; did you mean %s?", name, nearest.best);
    else
        cli_complain(command, CLI_USE, "no method '%s'; 'tocsin methods' lists them", name);
    return NULL;
}

static int complain_unknown(const struct cli_command *command, const struct toc_method *method, const char *name)
{
    struct nearest nearest = { .word = name };
    for (size_t i = 0; i < method->num_parameters; i++) {
        nearest_offer(&nearest, method->parameters[i].name);
        if (method->parameters[i].r_name != NULL)
            nearest_offer(&nearest, method->parameters[i].r_name);
    }
    if (nearest.best != NULL)
        return cli_complain(command, CLI_USE, "--set: %s has no parameter '%s'; did you mean %s?", method->name, name,
                            nearest.best);
    return cli_complain(command, CLI_USE, "--set: %s has no parameter '%s'; 'tocsin methods %s' lists them",
                        method->name, name, method->name);
}

static int complain_value(const struct cli_command *command, const struct toc_method *method, const char *name,
                          const struct toc_parameter *parameter, const char *value)
{
    char allowed[METHOD_TEXT_SIZE];
    method_allowed_text(parameter, allowed);
    return cli_complain(command, CLI_USE, "--set %s: found '%s'; allowed for %s: %s", name, value, method->name,
                        allowed);
}

/* One NAME=VALUE; the elements of an R vector one after the other. */
static int apply(const struct cli_command *command, const char *text, const struct toc_method *method, void *options)
{
    char        name[MAX_NAME], element[MAX_VALUE];
    const char *value = strchr(text, '=') + 1;
    snprintf(name, sizeof name, "%.*s", (int) (value - 1 - text), text);
    bool is_vector = method_is_r_vector(method, name);
    for (int i = 0;; i++) {
        const struct toc_parameter *parameter = toc_method_parameter(method, name, i);
        if (parameter == NULL && i == 0)
            return complain_unknown(command, method, name);
        if (parameter == NULL)
            return cli_complain(command, CLI_USE, "--set %s: found '%s'; allowed: %d value%s", name,
                                strchr(text, '=') + 1, i, i == 1 ? "" : "s, with a comma between");
        size_t length = is_vector ? strcspn(value, ",") : strlen(value);
        if (length >= sizeof element)
            return complain_value(command, method, name, parameter, value);
        memcpy(element, value, length);
        element[length] = '\0';
        if (!parameter_from_text(parameter, element, options))
            return complain_value(command, method, name, parameter, element);
        if (value[length] == '\0')
            return CLI_DONE;
        value += length + 1;
    }
}

int method_settings_apply(const struct cli_command *command, const struct method_settings *settings,
                          const struct toc_method *method, void *options)
{
    int exit_code = CLI_DONE;
    for (size_t i = 0; i < settings->num && exit_code == CLI_DONE; i++)
        exit_code = apply(command, settings->text[i], method, options);
    return exit_code;
}
