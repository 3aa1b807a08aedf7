/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/markup.h"

void sink_markup(struct sink *sink, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        switch (text[i]) {
        case '<': sink_text(sink, "&lt;"); break;
        case '>': sink_text(sink, "&gt;"); break;
        case '&': sink_text(sink, "&amp;"); break;
        case '"': sink_text(sink, "&quot;"); break;
        case '\'': sink_text(sink, "&#39;"); break;
        default: sink_character(sink, text[i]);
        }
}
