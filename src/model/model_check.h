/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/model/model_check.h: is a record as its description says?
 *
 * Checked are: required fields, bounds of numbers, codes against their lists, the form of dates, times and ids, lengths
 * of texts in characters, UTF-8 in normal form NFC without control characters, the order of dates, fields that go with
 * a code of another (NEEDS, ONLY_WITH), and that sealed fields have somebody whose key seals them. All faults are found
 * at once. A fault's name is the JSON pointer of the field, behind that of the record:
 *
 *     /onset_date: found "2026-13-01"; allowed: a date as 2026-11-22
 *
 * What an IDENTIFYING field holds is never quoted, only described ("found 12 characters"): faults are shown and logged.
 *
 * Rules about several records, and those of a protocol, are not here.
 */
#ifndef MODEL_MODEL_CHECK_H
#define MODEL_MODEL_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/fault.h"
#include "model/model.h"

struct model_lists;

struct model_check {
    const struct model_lists *lists; /* NULL: codes are checked for their form alone */
    struct fault_place        place; /* of the record: file and line; name = the pointer to it ("/entry/3"), or NULL */
};

/* A whole record, as it is created. Returns 0 or BASE_ERR_INPUT with faults. */
int model_check_create(const struct model_check *check, const struct model_record *record, const void *value,
                       struct fault_list *faults);

/* A change: `after` is the whole record as it would be, `given` the fields that the caller brought. Besides the above:
 * a FIXED field may not become another than in `before`. Fields that are not given are not checked again (a list may
 * have lost a code since), but orders of dates are where one of the two is given. */
int model_check_change(const struct model_check *check, const struct model_record *record, const void *before,
                       const void *after, const struct model_set *given, struct fault_list *faults);

/* What a field may hold, as a clause for "allowed: …": "a whole number from 0 to 130". */
void model_allowed(const struct model_field *field, char allowed[FAULT_ALLOWED_BYTES]);

/* Texts of more than so many characters may have several lines (LF); all others have one. */
#define MODEL_LINES_FROM 500

#endif
