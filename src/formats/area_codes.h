/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/area_codes.h: code lists of areas: a tree with its history, from CSV.
 *
 * One list may stand in several files (provinces, cities, …), each a table (formats/table.h) with these columns in any
 * order and in any case:
 *
 *   code        the area's code, at most 40 bytes without blanks
 *   name_en, name_zh, name_bo   at least one of the columns, and a name in at least one of them
 *   level       0 = the top; without the column: one below the parent's, or as the code says, see below
 *   parent      the code of the area it belongs to; empty: it is a top. Without the column in any file, the parent is
 *               found in the code, see below
 *   valid_from, valid_to   first and last day (2024-02-26); empty or without the column: not known, no end
 *   successor   the code of the area that took its place on the day after valid_to
 *
 * Any other column is a fault. At most 100 rows may have one code where their days do not overlap: a code that was used
 * again is another area. A reference by code means the area that has the code at the time: the parent on the child's
 * first day (else on its last), the successor on the day after.
 *
 * Parents by code: digits as in GB/T 2260 and the statistical codes made from it, in groups of 2-2-2-3-3 (province,
 * city, county, township, village); groups of zeros at the end count as none, so that 110000 is a province like 11,
 * unless the code without them is another row's. The parent has one group less, and a province has the level 0.
 *
 * Faults, each at its line and cell: a cell that cannot be read, an unknown parent or successor, a circle of parents,
 * two rows of one code with common days, a level that is not one below the parent's, a parent found in the code that
 * lacks one or more groups between (these two not with allow_gaps), a successor without valid_to.
 *
 * Ids. The id of an area is made of its code and valid_from alone: a UUID of version 8 whose bits are the first of
 * BLAKE2b-128 over "tocsin area", NUL, code, NUL, valid_from as YYYY-MM-DD or nothing. Two nodes that import one list
 * give its areas the same ids, and importing it again changes nothing.
 *
 * Memory: 56 bytes an area and its texts; while it is read about twice that. bench/area_codes.c prints it.
 */
#ifndef FORMATS_AREA_CODES_H
#define FORMATS_AREA_CODES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/id.h"
#include "formats/table.h"
#include "tocsin/date.h"
#include "tocsin/status.h"

#define AREA_CODES_MAX_AREAS 2000000
#define AREA_CODES_MAX_FILES 16
#define AREA_CODES_MAX_CODE 40  /* bytes */
#define AREA_CODES_MAX_NAME 480 /* bytes */
#define AREA_CODES_MAX_LEVEL 15
#define AREA_CODES_NO_DATE INT32_MIN
#define AREA_CODES_NONE UINT32_MAX /* no area */

struct area_code {
    struct id id;
    uint32_t  code, name_en, name_zh, name_bo; /* offsets of texts that end with '\0' in area_codes.text; 0 = none */
    uint32_t  parent, successor;               /* indexes, or AREA_CODES_NONE */
    toc_date  valid_from, valid_to;            /* AREA_CODES_NO_DATE = not known; no end */
    uint32_t  line;                            /* of its row; 0 = made by area_codes_update */
    uint8_t   file;                            /* which one */
    uint8_t   level;
};

/* The areas in preorder: parents before children, a subtree in one piece, siblings by code, then by valid_from. */
struct area_codes {
    struct area_code *areas;
    uint32_t          num_areas;
    char             *text;
    size_t            text_size;
};

struct area_codes_options {
    bool allow_gaps; /* levels, and groups of codes, may be skipped between parent and child */
};

/* Read a list from its files.
 *
 * inputs      num_inputs, 1 … AREA_CODES_MAX_FILES; their names are borrowed as long as the fault list lives
 * faults      gains every fault of the list
 * list        free with area_codes_free; untouched on failure
 *
 * Returns 0; BASE_ERR_INPUT (faults, or no area); BASE_ERR_SYSTEM (cannot be read); TOC_ERR_NO_MEMORY; the list of
 * faults says why. Cost: about 1 µs an area.
 */
int area_codes_read(const struct table_input *inputs, size_t num_inputs, const struct area_codes_options *options,
                    struct fault_list *faults, struct area_codes *list);

/* A zeroed one is safe to free. */
void area_codes_free(struct area_codes *list);

/* The text at an offset; "" where there is none. */
static inline const char *area_codes_text(const struct area_codes *list, uint32_t offset)
{
    return list->text + offset;
}

/* The id that an area of this code and first day has. */
struct id area_codes_id(const char *code, toc_date valid_from);

/* ---- a newer edition ---- */

enum area_change_what {
    AREA_CHANGE_NEW = 1,        /* in the newer list alone */
    AREA_CHANGE_RENAMED = 2,    /* a name differs */
    AREA_CHANGE_MOVED = 4,      /* the parent or the level differs */
    AREA_CHANGE_CLOSED = 8,     /* it has a last day now */
    AREA_CHANGE_SUCCESSOR = 16, /* the successor differs */
    AREA_CHANGE_DAYS = 32       /* the last day differs in another way */
};

struct area_change {
    unsigned what;      /* a sum of the words above */
    uint32_t old_index; /* in the older list; AREA_CODES_NONE: new */
    uint32_t new_index; /* in the newer list; AREA_CODES_NONE: closed because it is not in it */
    toc_date valid_to;  /* of an area that is not in the newer list: the day before the edition's; else as the newer
                           list says */
};

/* What a newer edition of a list changes.
 *
 * A row of the newer list is the area of the older one with the same code and valid_from; where it has no valid_from,
 * the area of its code that was open, or, where the row itself has a last day, the one without a first day. All others
 * of the newer list are new, and one without valid_from begins on the day of the edition. Areas that were open and are
 * not in the newer list are closed on the day before it, unless `partial`. The newer list's ids become the ids of the
 * areas they are, so that its parents and successors hold.
 *
 * edition      the day from which the newer list holds
 * partial      the newer list tells only what it changes
 * changes      newly allocated, free() it; parents before children among the new ones; untouched on failure
 *
 * Returns 0 or TOC_ERR_NO_MEMORY.
 */
int area_codes_update(const struct area_codes *older, struct area_codes *newer, toc_date edition, bool partial,
                      struct area_change **changes, size_t *num_changes);

#endif
