/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/server/periodic.h: a thread that looks now and then whether something is to be done. */
#ifndef SERVER_PERIODIC_H
#define SERVER_PERIODIC_H

struct periodic;

/* Do what is due. Returns the seconds until it is called again. */
typedef int periodic_look(void *context);

/* The first look comes after `first` seconds. name: of the thread, at most 15 characters. 0, BASE_ERR_SYSTEM,
 * TOC_ERR_NO_MEMORY. */
int  periodic_start(const char *name, int first, periodic_look *look, void *context, struct periodic **periodic);
void periodic_stop(struct periodic *periodic); /* after the look at hand; NULL is fine */

#endif
