/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/server/openapi.h: the description of the API (OpenAPI 3.1), written from the table of routes, the model and
 * schemas.def. The same routes and lists give the same bytes. */
#ifndef SERVER_OPENAPI_H
#define SERVER_OPENAPI_H

#include "base/sink.h"

struct model_lists;

/* lists NULL: codes are texts. */
void openapi_write(struct sink *sink, const struct model_lists *lists);

#endif
