/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tests/support/schema.h: is a JSON value as a schema of an OpenAPI document says? The words of JSON Schema that the
 * project's documents use; any other word is a fault, so that nothing passes because it was not understood. */
#ifndef TESTS_SUPPORT_SCHEMA_H
#define TESTS_SUPPORT_SCHEMA_H

#include <jansson.h>
#include <stdbool.h>

#define SCHEMA_WHY_BYTES 400

/* document   holds components.schemas, for $ref
 * why        what is wrong and where, as "/rows/0/onset_date: …" */
bool schema_holds(const json_t *document, const json_t *schema, const json_t *value, char why[SCHEMA_WHY_BYTES]);

/* The schema of a name, or NULL. */
const json_t *schema_named(const json_t *document, const char *name);

#endif
