/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/sheet/unpack_wire.h: what stands in the memory between a process and the one that unpacks for it. Both
 * are the same program, so numbers have the machine's order of bytes.
 *
 *     struct unpack_ask, name of the sheet, '\0', the file      as it is given
 *     entries                                                   as they are written behind it
 *
 * An entry is its struct and so many texts, each a struct unpack_text, its bytes and '\0'. The last one is the end. */
#ifndef FORMATS_SHEET_UNPACK_WIRE_H
#define FORMATS_SHEET_UNPACK_WIRE_H

#include <stdint.h>

#define UNPACK_WORD "unpack"

struct unpack_ask {
    uint64_t name_bytes; /* of the sheet; UINT64_MAX = none is named, and there is no '\0' either */
    uint64_t file_bytes;
    uint64_t takes_first; /* 1 = of several that are shown the first, where none is named */
};

enum unpack_kind {
    UNPACK_SHEET = 1, /* first, where the file can be read: a text, its name */
    UNPACK_ROW,       /* number; texts are its cells */
    UNPACK_FAULT,     /* number: line, detail: cell; texts: header, found, allowed */
    UNPACK_END        /* detail: status as of sheet_open or sheet_next */
};

struct unpack_entry {
    uint32_t kind;
    int32_t  detail;
    uint64_t number;
    uint64_t num_texts;
};

struct unpack_text {
    uint32_t size;
    uint32_t kind; /* enum sheet_kind */
};

enum unpack_exit { UNPACK_DONE = 0, UNPACK_NOT_CONFINED = 3, UNPACK_MALFORMED = 4, UNPACK_FULL = 5 };

#endif
