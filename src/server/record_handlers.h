/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/server/record_handlers.h: the handlers of the routes that stand for all records and lists (route_records.c). What
 * they are about stands in exchange->route: record, view.
 */
#ifndef SERVER_RECORD_HANDLERS_H
#define SERVER_RECORD_HANDLERS_H

#include "server/exchange.h"
#include "store/list.h"

/* record.c */
int record_read(struct exchange *exchange);
int record_create(struct exchange *exchange);
int record_change(struct exchange *exchange);
int record_erase(struct exchange *exchange);

/* record_list.c */
int record_list(struct exchange *exchange);

/* The parameters of a list's route, from its view; ends with a NULL name. Lives as long as the program; NULL where
 * there is no memory. */
struct route_parameter;
enum list_form { LIST_PAGE_OF, LIST_EXPORT, LIST_WORKLIST };
const struct route_parameter *record_list_parameters(const struct view *view, enum list_form form);

/* Read the query of the list's route; its texts are the exchange's, filters in its arena. */
int record_list_query(struct exchange *exchange, struct list_query *query);

/* Does a field of one of the list's columns show who somebody is? */
bool record_list_identifies(const struct view *view);

/* record_export.c */
#define RECORD_EXPORT_TYPES                                                                                            \
    "text/csv, application/x-ndjson, application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#define RECORD_WORKLIST_TYPES "text/csv"
int record_export(struct exchange *exchange);
int record_worklist(struct exchange *exchange);

#endif
