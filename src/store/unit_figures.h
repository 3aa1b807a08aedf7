/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/unit_figures.h: when reporting units were first heard of a day: what completeness and timeliness are
 * counted from (response/completeness.h); and what they said, which streams are summed from
 * (response/stream_reports.h). No grant is looked at. */
#ifndef STORE_UNIT_FIGURES_H
#define STORE_UNIT_FIGURES_H

#include "store/store.h"

/* Returns 0 to go on, or a status that ends it. */
typedef int store_take_unit(void *context, const struct id *unit, toc_date day, int64_t received);

/* The first report (unit_report) of each unit and day, of days from … to: when it was received or else entered.
 * Cost: the reports of these days, by an index. Returns 0 or db_status. */
int store_unit_reports(struct store_reader *reader, toc_date from, toc_date to, store_take_unit *take, void *context);

/* Units of days or weeks that owe reports of cases, zero reports or tests and whose institution has sent something on a
 * day: the first message that was accepted and is no test, or the first case that it reported (with an onset in the 60
 * days to it) and that was entered. Cost: two look-ups a unit. Returns 0 or db_status. */
int store_unit_arrivals(struct store_reader *reader, toc_date day, store_take_unit *take, void *context);

/* One report. */
struct store_unit_number {
    struct id unit, id;
    toc_date  day;
    int64_t   entered; /* when: a report is known from then on */
    int64_t   number;
};

typedef int store_take_number(void *context, const struct store_unit_number *report);

/* All that these units ever reported, in no order. Cost: their reports, a statement for 256 units. */
int store_unit_numbers(struct store_reader *reader, const struct id *units, size_t num, store_take_number *take,
                       void *context);

#endif
