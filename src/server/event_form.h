/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/server/event_form.h: the pages on which anybody reports an event (response/event_page.h), as they are served:
 * where the settings say so (public_reports), to anybody, without a cookie, never kept by a cache. One address sends
 * some reports and then has to wait; in all, so many an hour are taken: a person has to look at each.
 */
#ifndef SERVER_EVENT_FORM_H
#define SERVER_EVENT_FORM_H

#include <stdbool.h>
#include <stdint.h>

#include "store/node_settings.h"

#define EVENT_FORM_REPORTS_AN_HOUR 240

struct event_door;

/* *door: NULL where nobody may report so. Borrows the settings. 0 or TOC_ERR_NO_MEMORY. */
int  event_door_new(const struct node_settings *settings, struct event_door **door);
void event_door_free(struct event_door *door); /* NULL is fine */

/* May this address send another one now? counts it. `report`: one that is taken counts among those of the hour. */
bool event_door_try(struct event_door *door, const char *address, bool report, int64_t now);

#endif
