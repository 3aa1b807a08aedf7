/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/server/completeness.h: reports that are owed, as answers of the API say them (response/completeness.h). */
#ifndef SERVER_COMPLETENESS_H
#define SERVER_COMPLETENESS_H

#include "base/json_writer.h"
#include "response/completeness.h"

/* The members "reporting" (of the newest step of which none is awaited, or null) and "reports" (of all, the oldest
 * first). */
void completeness_put(struct json_writer *json, const struct completeness_step *steps, size_t num);

#endif
