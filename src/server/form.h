/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/server/form.h: bodies of plain HTML forms (application/x-www-form-urlencoded), as far as the pages here need. */
#ifndef SERVER_FORM_H
#define SERVER_FORM_H

#include <stddef.h>

#include "base/arena.h"

#define FORM_MOST_FIELDS 32
#define FORM_MOST_VALUE 4096 /* bytes of a value, decoded */

/* The value of a field, decoded, in arena; NULL where the field is missing, stands twice, is too long, is not UTF-8,
 * has a NUL, or where the body is no form. */
const char *form_value(const char *body, size_t size, const char *name, struct arena *arena);

#endif
