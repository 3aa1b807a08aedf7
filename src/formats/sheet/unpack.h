/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/sheet/unpack.h: the rows of a spreadsheet, read by a process of its own.
 *
 * An archive of XML is what attackers like to send, and a server has keys and names in its memory. So the program is
 * started anew for one file (`tocsin unpack`): it gets the file in memory without a name, gives up everything but
 * memory, time and writing to that memory (base/confine.h), reads the rows behind the file, and ends. Only then are
 * they looked at, and nothing in them is believed beyond its lengths. What becomes of the process is a fault of that
 * file and of nothing else.
 */
#ifndef FORMATS_SHEET_UNPACK_H
#define FORMATS_SHEET_UNPACK_H

#include "base/fault.h"
#include "formats/sheet/cell.h"

#define UNPACK_MEMORY_BYTES ((size_t) 1 << 30)
#define UNPACK_ROWS_BYTES ((size_t) 512 << 20) /* of all rows with their lengths */
#define UNPACK_SECONDS 120                     /* of the processor; twice that of the clock */

struct unpacked;

/* program  path of tocsin, or of another that calls unpack_run_if_asked
 * wanted   which sheet; NULL = the only one that is shown, or, where takes_first, the first
 * faults   gains what is wrong, at once or in unpacked_next; must outlive the rows, as name must
 *
 * Returns 0; BASE_ERR_INPUT with a fault; BASE_ERR_SYSTEM where the process cannot be made or confined;
 * TOC_ERR_NO_MEMORY. */
int  unpack_open(const char *program, const void *bytes, size_t size, const char *name, const char *wanted,
                 bool takes_first, struct fault_list *faults, struct unpacked **unpacked);
void unpack_close(struct unpacked *unpacked); /* NULL is fine */

const char *unpacked_sheet(const struct unpacked *unpacked); /* the name of the sheet that is read */
void        unpacked_rewind(struct unpacked *unpacked);

/* As sheet_next. */
int unpacked_next(struct unpacked *unpacked, struct sheet_row *row);

/* In main: is this process started to unpack? Then it does, and does not return. */
void unpack_run_if_asked(int argc, char **argv);

#endif
