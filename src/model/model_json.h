/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/model/model_json.h: records as JSON objects, read and written by their descriptions.
 *
 * An object has the members id, version, created, updated, then the record's fields by their names, and `masked`: the
 * names of the fields that the reader of the answer may not see. A missing value has no member. How each kind looks
 * stands at enum model_kind.
 *
 * Reading is strict: a member twice, one that the record does not have (the nearest name is said), one of the names
 * that are never collected (deny.h) and one that only the program sets (rule WRITTEN) are faults; so are texts
 * that are not UTF-8. Texts are brought into normal form NFC. `null` makes a field missing, which is something else
 * than not naming it. created, updated and masked are taken and left without effect, so that what was read can be sent
 * back. Values are checked for their kind alone; model_check.h does the rest. All faults come at once, by JSON pointer;
 * text from the input is never repeated where it might be of a person (IDENTIFYING fields, malformed JSON).
 */
#ifndef MODEL_MODEL_JSON_H
#define MODEL_MODEL_JSON_H

#include <stddef.h>

#include "base/arena.h"
#include "base/fault.h"
#include "base/json_writer.h"
#include "model/model.h"

struct json_t; /* jansson's */

#define MODEL_JSON_MAX_BYTES ((size_t) 16 << 20)
#define MODEL_JSON_MAX_DEPTH 32

/* From now on all that jansson frees is cleared first: its texts may tell of persons. For a process that waits for the
 * next request, before it has read any. */
void model_json_forget(void);

/* Read text as JSON, with the limits above and no key twice. *json: json_decref it. Returns 0, BASE_ERR_INPUT or
 * TOC_ERR_NO_MEMORY. */
int model_json_parse(const char *text, size_t size, struct fault_place place, struct json_t **json,
                     struct fault_list *faults);

/* Read an object as a record.
 *
 * place   of the object: file, line; name = the JSON pointer to it, or NULL
 * arena   where texts go; value points into it and not into `object`
 * value   the record's struct: head.id and head.version as given (else missing, 0), fields as given, the rest missing;
 *         untouched on failure
 * given   the fields named, null ones too; untouched on failure
 *
 * Returns 0, BASE_ERR_INPUT or TOC_ERR_NO_MEMORY. */
int model_json_from(const struct json_t *object, const struct model_record *record, struct fault_place place,
                    struct arena *arena, void *value, struct model_set *given, struct fault_list *faults);

/* Both in one. */
int model_json_read(const char *text, size_t size, const struct model_record *record, struct fault_place place,
                    struct arena *arena, void *value, struct model_set *given, struct fault_list *faults);

/* Write a record as an object: members in the order of the description, so the same record is the same bytes.
 *
 * visible   the fields that may be seen; the others are listed in "masked", whether they hold anything or not */
void model_json_write(struct json_writer *json, const struct model_record *record, const void *value,
                      const struct model_set *visible);

#endif
