/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/sheet/encoding.h: which character encoding a text file has, and the file as UTF-8. Never guessed: a mark
 * at the beginning decides, else bytes that are strict UTF-8, else what a person says. GB 18030 and Windows-1252 read
 * nearly any bytes, so that one can be taken for the other: Müller in the one is M黮ler in the other. */
#ifndef FORMATS_SHEET_ENCODING_H
#define FORMATS_SHEET_ENCODING_H

#include <stddef.h>

enum encoding {
    ENCODING_UNDECIDED,
    ENCODING_UTF_8,
    ENCODING_UTF_16_LE,
    ENCODING_UTF_16_BE,
    ENCODING_GB18030,
    ENCODING_WINDOWS_1252,
    ENCODING_NUM
};
#define ENCODING_ALLOWED "utf-8, utf-16le, utf-16be, gb18030 or windows-1252"

/* The encoding of that name, in either case; ENCODING_UNDECIDED = none. GBK and GB2312 are parts of GB 18030, ISO
 * 8859-1 of Windows-1252. */
enum encoding encoding_named(const char *name);
const char   *encoding_word(enum encoding encoding);

/* What the bytes decide by themselves.
 *
 * mark      bytes of the byte-order mark at the beginning, 0 where there is none
 * offset    where UTF-8 first ends, of bytes that are undecided
 * because   why, as a clause; static */
enum encoding encoding_decide(const char *bytes, size_t size, size_t *mark, size_t *offset, const char **because);

/* The bytes as UTF-8. text: free() it. Returns 0; BASE_ERR_INPUT with the offset of the first byte that is none of the
 * encoding's; TOC_ERR_NO_MEMORY. */
int encoding_convert(enum encoding encoding, const char *bytes, size_t size, char **text, size_t *text_size,
                     size_t *offset);

#endif
