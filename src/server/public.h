/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/server/public.h: the public page (response/public_page.h) as it is served: made once a day for each language and
 * kept, since it changes no oftener; to anybody, without a cookie, to be kept by caches. There is one only where the
 * settings name the diseases that the department tells of (public_diseases).
 */
#ifndef SERVER_PUBLIC_H
#define SERVER_PUBLIC_H

#include "base/fault.h"
#include "store/node_settings.h"
#include "store/store.h"

struct public_pages;

/* *pages: NULL where there is no public page. `lot`: the file of its secret (key_file.h). Borrows the settings. 0, or
 * BASE_ERR_INPUT, BASE_ERR_SYSTEM with the reason in faults. */
int  public_pages_new(const struct node_settings *settings, struct store *store, const char *lot,
                      struct public_pages **pages, struct fault_list *faults);
void public_pages_free(struct public_pages *pages); /* NULL is fine */

#endif
