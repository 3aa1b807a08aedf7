/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/base/markup.h: text within HTML. */
#ifndef BASE_MARKUP_H
#define BASE_MARKUP_H

#include "base/sink.h"

/* As text between the tags, or within the quotes of an attribute. */
void sink_markup(struct sink *sink, const char *text, size_t size);

#endif
