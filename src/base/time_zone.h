/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/base/time_zone.h: what day it is here. A node has one time zone (time_zone of its settings, else the machine's),
 * and every local day that is made of an instant is made here: today of the watch and of senders, the day on which
 * something was known, the hour of the daily report.
 *
 * The zone is the process's (TZ of the C library, whose database is the machine's: package tzdata); child processes
 * have it too. It is set once, where the settings are read, before there are threads.
 */
#ifndef BASE_TIME_ZONE_H
#define BASE_TIME_ZONE_H

#include <stdbool.h>
#include <stdint.h>

#include "tocsin/date.h"

#define TIME_ZONE_BYTES 64 /* of a name, with its end */
#define TIME_ZONE_ALLOWED "a time zone that this machine knows, by its IANA name: Asia/Shanghai (package tzdata)"

/* Does the machine know a zone of this name? */
bool time_zone_exists(const char *name);

/* From now on the zone is this one, or, of "", the one that the machine gave this process. Returns 0, BASE_ERR_INPUT
 * (the machine knows none of this name; as before then) or BASE_ERR_SYSTEM. */
int time_zone_set(const char *name);

/* Its name, "Asia/Shanghai"; of the machine's zone what it is called there, or "UTC" where nothing says. */
void time_zone_name(char name[TIME_ZONE_BYTES]);

/* The day and its hour (0 … 23) at an instant, and how much the clock on the wall is ahead of UTC then, microseconds.
 */
toc_date time_zone_day(int64_t instant);
int      time_zone_hour(int64_t instant);
int64_t  time_zone_offset(int64_t instant);

/* "2026-11-23 04:00 (UTC+08:00)": an instant as people here read it; "" outside the years 0001 … 9999. */
#define TIME_ZONE_MINUTE_BYTES 32
void time_zone_minute(int64_t instant, char text[TIME_ZONE_MINUTE_BYTES]);

/* The instant at which a day begins. */
int64_t time_zone_start(toc_date day);

#endif
