/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/base/display.h: how many columns of a terminal a text takes, whatever the user's locale is.
 *
 * Chinese characters take two columns, combining marks (Tibetan vowels) none. Texts are UTF-8; a byte that is not, and
 * a control character, count as one column and display_cut replaces them by '?', so that nothing in a file can command
 * the terminal.
 */
#ifndef BASE_DISPLAY_H
#define BASE_DISPLAY_H

#include <locale.h>
#include <stdbool.h>
#include <stddef.h>

struct display {
    locale_t utf8; /* glibc's character tables; 0 where it has none: then every character counts as one column */
};

void display_init(struct display *display);
void display_free(struct display *display);

size_t display_width(const struct display *display, const char *text, size_t size);

/* Copy text into cut (room for size bytes, at least 8), made safe to show, at most max_columns wide: a longer one ends
 * in "…". Returns its length. */
size_t display_cut(const struct display *display, const char *text, size_t max_columns, char *cut, size_t size);

#endif
