/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/server/handlers.h: the handlers that routes.def names. Each is defined in the file of its subject. */
#ifndef SERVER_HANDLERS_H
#define SERVER_HANDLERS_H

#include "server/exchange.h"

#define ROUTE(handler, ...) int handler(struct exchange *exchange);
#include "server/routes.def"
#undef ROUTE

#endif
