/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/parameter_text.h"

#include <string.h>

#include "base/text.h"

static bool read_number(const char *text, double *value)
{
    const char *slash = strchr(text, '/');
    double      above, below;
    if (slash == NULL)
        return text_to_double(text, strlen(text), value) == 0;
    if (text_to_double(text, (size_t) (slash - text), &above) != 0 ||
        text_to_double(slash + 1, strlen(slash + 1), &below) != 0 || below == 0)
        return false;
    *value = above / below;
    return true;
}

bool parameter_from_text(const struct toc_parameter *parameter, const char *value, void *options)
{
    double number;
    if (parameter->choices != NULL || parameter->kind == TOC_PARAMETER_FLAG)
        if (toc_parameter_set_word(parameter, value, options, NULL) == 0)
            return true;
    return parameter->kind != TOC_PARAMETER_CHOICE && read_number(value, &number) &&
           toc_parameter_set_number(parameter, number, options, NULL) == 0;
}
