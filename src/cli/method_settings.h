/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli/method_settings.h: --set NAME=VALUE turned into a method's options.
 *
 * NAME is the parameter's name in our words or in R's; R's vectors take their elements with commas (limit54=5,4). A
 * number may be a fraction (2/3). A choice is one of its words, ours or R's, a flag true, false, TRUE, FALSE …
 */
#ifndef CLI_METHOD_SETTINGS_H
#define CLI_METHOD_SETTINGS_H

#include "cli/command.h"
#include "tocsin/method.h"

#define METHOD_MAX_SETTINGS 64

struct method_settings {
    const char *text[METHOD_MAX_SETTINGS]; /* as given: "alpha=0.01" */
    size_t      num;
};

/* For the option table: adds one to the struct method_settings at the head of `settings`. */
const char *method_settings_add(void *settings, const char *value);

/* The method of that name; complains with the nearest name and answers NULL where there is none. */
const struct toc_method *method_or_complain(const struct cli_command *command, const char *name);

/* Apply all settings to options. Complains about the first that is wrong: CLI_USE, else CLI_DONE. */
int method_settings_apply(const struct cli_command *command, const struct method_settings *settings,
                          const struct toc_method *method, void *options);

#endif
