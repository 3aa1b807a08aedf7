/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/base/unicode.h: normal forms and characters of UTF-8 text, by ICU.
 *
 * Texts are size bytes of well-formed UTF-8 (text_check_utf8 says so); others are BASE_ERR_INPUT. Text of ASCII alone
 * takes a short way without ICU.
 */
#ifndef BASE_UNICODE_H
#define BASE_UNICODE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

enum unicode_form {
    UNICODE_NFC,  /* é is one character: how texts are stored */
    UNICODE_NFKC, /* also １ and 1, ﬁ and fi alike, and case folded (NFKC_Casefold): for comparing */
};

/* Longer texts are not normalised: TOC_ERR_TOO_LARGE. */
#define UNICODE_MAX_BYTES ((size_t) 64 << 20)

/* The text in a normal form, with '\0' behind it; where it is so already, a copy. normal: in arena.
 * Returns 0, BASE_ERR_INPUT, TOC_ERR_TOO_LARGE or TOC_ERR_NO_MEMORY; outputs untouched then. */
int unicode_normalize(const char *text, size_t size, enum unicode_form form, struct arena *arena, const char **normal,
                      size_t *normal_size);

/* Is the text in NFC? False also for what is not UTF-8, too long, or has more than 100 marks on one letter. No memory
 * is taken. */
bool unicode_is_nfc(const char *text, size_t size);

/* How many characters (code points). */
size_t unicode_length(const char *text, size_t size);

/* The offset of the first character that no text of a record may hold: controls (C0 but LF, DEL, C1), line and
 * paragraph separators, marks and overrides of direction, the byte-order mark, characters that Unicode says are none;
 * size where there is no such character. */
size_t unicode_check_plain(const char *text, size_t size);

#endif
