/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/display.h"

#include <string.h>
#include <wchar.h>

#define ELLIPSIS "\xE2\x80\xA6"

void display_init(struct display *display)
{
    display->utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t) 0);
}

void display_free(struct display *display)
{
    if (display->utf8 != (locale_t) 0)
        freelocale(display->utf8);
    display->utf8 = (locale_t) 0;
}

/* The bytes of the character at text and its columns; columns is -1 where it must not be shown as it is. */
static size_t next_character(const char *text, size_t size, int *columns)
{
    wchar_t   character;
    mbstate_t state = { 0 };
    size_t    bytes = mbrtowc(&character, text, size, &state);
    if (bytes == 0 || bytes == (size_t) -1 || bytes == (size_t) -2) {
        *columns = -1;
        return 1;
    }
    *columns = wcwidth(character);
    /* Marks that turn the direction of a line would move the other cells. */
    if ((character >= 0x202A && character <= 0x202E) || (character >= 0x2066 && character <= 0x2069))
        *columns = -1;
    return bytes;
}

size_t display_width(const struct display *display, const char *text, size_t size)
{
    locale_t before = display->utf8 != (locale_t) 0 ? uselocale(display->utf8) : (locale_t) 0;
    size_t   width = 0;
    for (size_t i = 0; i < size;) {
        int columns;
        i += next_character(text + i, size - i, &columns);
        width += columns < 0 ? 1 : (size_t) columns;
    }
    if (before != (locale_t) 0)
        uselocale(before);
    return width;
}

size_t display_cut(const struct display *display, const char *text, size_t max_columns, char *cut, size_t size)
{
    size_t   length = strlen(text), used = 0, width = 0;
    bool     whole = display_width(display, text, length) <= max_columns;
    size_t   room = whole ? max_columns : max_columns - 1;
    locale_t before = display->utf8 != (locale_t) 0 ? uselocale(display->utf8) : (locale_t) 0;
    for (size_t i = 0; i < length;) {
        int    columns;
        size_t bytes = next_character(text + i, length - i, &columns);
        size_t wide = columns < 0 ? 1 : (size_t) columns;
        if (width + wide > room || used + bytes + sizeof ELLIPSIS > size) {
            whole = false;
            break;
        }
        if (columns < 0)
            cut[used++] = '?';
        else {
            memcpy(cut + used, text + i, bytes);
            used += bytes;
        }
        width += wide;
        i += bytes;
    }
    if (before != (locale_t) 0)
        uselocale(before);
    if (!whole) {
        memcpy(cut + used, ELLIPSIS, sizeof ELLIPSIS - 1);
        used += sizeof ELLIPSIS - 1;
    }
    cut[used] = '\0';
    return used;
}
