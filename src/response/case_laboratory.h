/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/case_laboratory.h: what laboratories say of a case: its specimens, the results found in them and in others
 * of which it was made, the messages that told of these, and who sent them; each as the caller's grant has it.
 */
#ifndef RESPONSE_CASE_LABORATORY_H
#define RESPONSE_CASE_LABORATORY_H

#include "base/json_writer.h"
#include "model/records.h"
#include "store/store.h"

#define CASE_MOST_SPECIMENS 200
#define CASE_MOST_RESULTS 1000 /* messages and facilities are no more than these */

/* Records of one kind, those within the grant alone. */
struct case_part {
    const struct model_record *record;
    void                      *values; /* structs of the record, one behind the other, in the arena */
    size_t                     num;
    struct model_set           visible;
};

struct case_laboratory {
    struct case_part specimens; /* in the order of collecting, those without a time first */
    struct case_part results;   /* in the order of reporting; what a correction supersedes stands in it, too */
    struct case_part messages, facilities;
};

/* Of a case that the caller may read: STORE_ERR_ABSENT where it is none. *value: the case, as far as it is theirs. A
 * part of which the role reads nothing is empty. */
int case_laboratory_read(struct store_reader *reader, const struct access *who, const struct id *id,
                         struct arena *arena, struct model_case *value, struct case_laboratory *found);

/* {"specimens":[…],"results":[…],"messages":[…],"facilities":[…]}, each record as it is answered elsewhere. */
void case_laboratory_write(struct json_writer *json, const struct case_laboratory *found);

#endif
