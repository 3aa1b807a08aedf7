/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/sheet/objects.h: objects of JSON, one a line or one behind the other (NDJSON), as rows of cells.
 *
 * The first row is the header: the keys of all objects in the order in which they first come. What stands within an
 * object or an array is a column of its own, its key behind the outer one's ("name.family", "phone.0"). Texts, numbers
 * (as they stand), true and false are cells; null, and a key that an object does not have, are empty ones.
 *
 * Memory: the keys, one object, one row.
 */
#ifndef FORMATS_SHEET_OBJECTS_H
#define FORMATS_SHEET_OBJECTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/fault.h"
#include "formats/sheet/cell.h"

#define SHEET_OBJECTS_DEPTH 8 /* objects and arrays within one another */

struct sheet_objects;

/* Does the text begin with an object? */
bool sheet_objects_begin(const char *bytes, size_t size);

/* Collect the keys. bytes: UTF-8, must outlive it, as name and faults must. Returns 0; BASE_ERR_INPUT with a fault (an
 * object that cannot be read, a value that is none, more than SHEET_MAX_COLUMNS keys); TOC_ERR_NO_MEMORY. */
int  sheet_objects_open(const char *bytes, size_t size, const char *name, struct fault_list *faults,
                        struct sheet_objects **objects);
void sheet_objects_close(struct sheet_objects *objects); /* NULL is fine */
void sheet_objects_rewind(struct sheet_objects *objects);

/* As sheet_next; a row's number is the line on which its object begins; of several on a line the
 * others have the next ones. */
int sheet_objects_next(struct sheet_objects *objects, struct sheet_row *row);

#endif
