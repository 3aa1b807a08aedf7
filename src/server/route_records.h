/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/server/route_records.h: the routes that follow from the model: for each record with a path (ROUTES in its .def)
 *
 *     GET    /api/v1/cases/{id}           POST   /api/v1/cases
 *     PATCH  /api/v1/cases/{id}           DELETE /api/v1/cases/{id}
 *
 * as far as its ROUTES say, and for each list (src/model/view)
 *
 *     GET    /api/v1/cases                GET    /api/v1/exports/cases
 *     GET    /api/v1/worklists/cases      of lists with names
 */
#ifndef SERVER_ROUTE_RECORDS_H
#define SERVER_ROUTE_RECORDS_H

#include "server/route.h"

route_part record_routes; /* of route.c */

#endif
