/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/server/tidying.h: what may be kept for a time only goes by itself while a server runs: an hour after it has
 * started, and then once a day. The same as `tocsin node tidy` (store/tidy.h). */
#ifndef SERVER_TIDYING_H
#define SERVER_TIDYING_H

#include "store/node_settings.h"
#include "store/store.h"

struct log;
struct tidying;

struct tidying_options {
    struct store               *store;
    struct log                 *log;   /* NULL = none */
    struct store_clock          clock; /* { NULL } = the machine's */
    const struct node_settings *settings;
};

/* 0, BASE_ERR_SYSTEM, TOC_ERR_NO_MEMORY. */
int  tidying_start(const struct tidying_options *options, struct tidying **tidying);
void tidying_stop(struct tidying *tidying); /* NULL is fine */

#endif
