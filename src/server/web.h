/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/server/web.h: the browser's side (web/), as files within the program: made by `./dev web`, put in by
 * tools/embed_web.py. A program that was built without it serves the plain page alone. */
#ifndef SERVER_WEB_H
#define SERVER_WEB_H

#include <stdbool.h>
#include <stddef.h>

#include "server/exchange.h"

struct web_file {
    const char          *name; /* "index.html", or below assets/: "situation-3f9a1c.js" */
    const char          *type;
    const unsigned char *bytes; /* gzip */
    size_t               size;
};

/* The files, by name in order; num_web_files is 0 where the program was built without them. */
extern const struct web_file web_files[];
extern const size_t          num_web_files;

/* Is there a browser's side to serve? */
bool web_is_there(void);

/* Answer with the application's one page: what it shows stands in the address, and it asks for data under the
 * caller's session. */
int web_answer_page(struct exchange *exchange);

#endif
