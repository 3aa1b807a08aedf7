/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/server/count.h: the counts that the writer keeps (COUNTER lines of the model), as series, triangle and table. */
#ifndef SERVER_COUNT_H
#define SERVER_COUNT_H

#include "server/route.h"

route_part count_routes; /* of route.c */

#endif
