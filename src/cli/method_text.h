/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli/method_text.h: the parameters of detection methods in words, for help, lists and error messages. */
#ifndef CLI_METHOD_TEXT_H
#define CLI_METHOD_TEXT_H

#include <stddef.h>

#include "tocsin/method.h"

#define METHOD_TEXT_SIZE 400

/* What a parameter may be: "a whole number from 3 to 366", "strata or pooled". */
void method_allowed_text(const struct toc_parameter *parameter, char text[METHOD_TEXT_SIZE]);

/* The method's default for a parameter (in TOC_MODE_R: R's), as --set takes it: "7", "strata", "true". */
void method_default_text(const struct toc_method *method, const struct toc_parameter *parameter, enum toc_mode mode,
                         char text[METHOD_TEXT_SIZE]);

/* R's default in R's own word, where it has one: "intercept" for our "level". */
void method_r_default_text(const struct toc_method *method, const struct toc_parameter *parameter,
                           char text[METHOD_TEXT_SIZE]);

/* How R calls a parameter: "limit54[1]" where R packs several into one vector, else "minSigma"; "" where R has none. */
void method_r_text(const struct toc_method *method, const struct toc_parameter *parameter, char text[METHOD_TEXT_SIZE]);

/* Whether R's vector r_name has more than one element among the method's parameters. */
bool method_is_r_vector(const struct toc_method *method, const char *r_name);

/* "real", "integer", "flag" or "choice". */
const char *method_kind_word(enum toc_parameter_kind kind);

#endif
