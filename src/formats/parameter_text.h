/* SPDX-License-Identifier: GPL-3.0-or-later */
/* formats/parameter_text.h: the parameters of detection methods as people write them. */
#ifndef FORMATS_PARAMETER_TEXT_H
#define FORMATS_PARAMETER_TEXT_H

#include "tocsin/method.h"

/* Set one parameter: a word of its choices or of a flag, a decimal number, or one divided by another (2/3). False: it
 * is none of these, or out of bounds. */
bool parameter_from_text(const struct toc_parameter *parameter, const char *value, void *options);

#endif
