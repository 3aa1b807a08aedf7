/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/sheet/cell.h"

#include <stdbool.h>
#include <string.h>

#include "base/sink.h"

/* A text that a spreadsheet would compute gets an apostrophe before it, which is taken off when the file comes back. */
static bool needs_guard(const char *text, size_t size)
{
    size_t quotes = 0;
    while (quotes < size && text[quotes] == '\'')
        quotes++;
    return quotes < size && strchr("=+-@", text[quotes]) != NULL;
}

void sheet_put_cell(struct sink *sink, const char *text, size_t size)
{
    sink_character(sink, '"');
    if (needs_guard(text, size))
        sink_character(sink, '\'');
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '"')
            sink_character(sink, '"');
        sink_character(sink, text[i]);
    }
    sink_character(sink, '"');
}

void sheet_unguard(const char **text, size_t *size)
{
    if (*size < 2 || (*text)[0] != '\'' || !needs_guard(*text, *size))
        return;
    (*text)++;
    (*size)--;
}
