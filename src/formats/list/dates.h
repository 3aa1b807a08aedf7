/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/list/dates.h: dates as people write them in lists, read by one order of day and month for a whole column.
 *
 * Understood are, with or without a time of day and a zone behind them:
 *     2020-11-22, 2020/1/2, 2020.1.2, 2020年1月2日, 20201122     the year first: one meaning
 *     22 November 2020, Nov 22, 2020, 22-Nov-20                  a month by its English name: one meaning
 *     1/2/2020, 01.02.20                                         day or month first: the column decides
 *     202011221030, 202011221030-0400                            digits alone, as HL7 has them
 *     2020-11, 2020                                              less precise
 * A year of two digits is the latest that is not after `today`'s. A time without a zone has none.
 */
#ifndef FORMATS_LIST_DATES_H
#define FORMATS_LIST_DATES_H

#include "formats/report.h"
#include "tocsin/date.h"

enum list_dates {
    LIST_DATES_UNDECIDED, /* nothing said and no cell decides */
    LIST_DAY_FIRST,
    LIST_MONTH_FIRST
};

/* What one cell says of the order. */
enum list_order {
    LIST_ORDER_NONE,       /* it needs none: year first, a month's name, or day and month alike */
    LIST_ORDER_DAY_ONLY,   /* 22/11/2020 */
    LIST_ORDER_MONTH_ONLY, /* 11/22/2020 */
    LIST_ORDER_EITHER,     /* 1/2/2020 */
    LIST_ORDER_NOT_A_DATE
};
enum list_order list_date_order(struct report_text text);

/* Read a date. Returns NULL, or what is wrong as a clause (static); time is then untouched but for `sent`. A cell of
 * LIST_ORDER_EITHER in a column that is undecided is wrong too. */
const char *list_date_read(struct report_text text, enum list_dates order, toc_date today, struct report_time *time);
#define LIST_DATE_ALLOWED "a date as 2026-11-22, or as the column's others"

#endif
