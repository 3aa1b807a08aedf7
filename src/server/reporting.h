/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/server/reporting.h: freezes the daily report by itself: when the hour of the settings (report_hour) has
 * come, that of the day before, for the area of the settings (report_area). A server that starts later does it at once:
 * its report tells when it was frozen. Where the day has one already, nothing is done; what fails is tried again after
 * a minute.
 */
#ifndef SERVER_REPORTING_H
#define SERVER_REPORTING_H

#include "store/node_settings.h"
#include "store/store.h"

struct log;
struct reporting;

struct reporting_options {
    struct store               *store;
    struct log                 *log;   /* NULL = none */
    struct store_clock          clock; /* { NULL } = the machine's */
    const struct node_settings *settings;
};

/* *reporting is NULL where the settings have no hour. 0, BASE_ERR_SYSTEM, TOC_ERR_NO_MEMORY. */
int  reporting_start(const struct reporting_options *options, struct reporting **reporting);
void reporting_stop(struct reporting *reporting); /* NULL is fine */

#endif
