/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/calendar_file.h: a holiday calendar (tocsin/calendar.h) from a CSV file.
 *
 * A table (formats/table.h) with these columns, in any order and in any case:
 *
 *   holiday        its name, the same in every year: each name is one kind, numbered in order of first appearance
 *   from           its first day (2024-02-09)
 *   to             its last day, inclusive; empty or without the column: the first day
 *   steps          days, weeks or months: the longest steps in which it is felt; empty or without the column: days
 *   before, after  weeks before and after it that are unlike other weeks, 0 … 8; empty or without the column: 0
 *
 * Any other column is a fault. One row an occurrence, in any order; a holiday has the same steps, before and after in
 * each of its rows. What the columns mean for a series: tocsin/calendar.h.
 */
#ifndef FORMATS_CALENDAR_FILE_H
#define FORMATS_CALENDAR_FILE_H

#include "base/fault.h"
#include "tocsin/calendar.h"

#define CALENDAR_FILE_MAX_NAME 200       /* bytes of a holiday's name */
#define CALENDAR_FILE_MAX_HOLIDAYS 20000 /* rows */

struct calendar_file {
    struct toc_calendar      calendar; /* points into the arrays below; holidays in the order of the file */
    struct toc_holiday_kind *kinds;    /* their names are the file's */
    struct toc_holiday      *holidays;
};

/* Read a calendar file whole.
 *
 * path     borrowed as long as the fault list lives
 * faults   gains every fault of the file
 * file     free with calendar_file_free; untouched on failure
 *
 * Returns 0; BASE_ERR_INPUT (faults in the file, or no holiday in it); BASE_ERR_SYSTEM (cannot be opened or read);
 * TOC_ERR_NO_MEMORY. In each case the list says why.
 */
int calendar_file_read(const char *path, struct fault_list *faults, struct calendar_file *file);

/* A zeroed one is safe to free. */
void calendar_file_free(struct calendar_file *file);

#endif
