/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/intake_reconcile.h: what a sender sent on a day against what came. The sender gives the headers (MSH
 * segments) of what it sent; kept are keyed hashes of their numbers, so the question is answered without a word of
 * anybody, and tells of the sender's own transmissions alone.
 */
#ifndef RESPONSE_INTAKE_RECONCILE_H
#define RESPONSE_INTAKE_RECONCILE_H

#include "base/json_writer.h"
#include "response/intake_door.h"

#define INTAKE_RECONCILE_MOST 100000 /* headers at a time */

enum intake_became { INTAKE_WAITS, INTAKE_USED, INTAKE_USED_IN_PART, INTAKE_HELD, INTAKE_REJECTED, INTAKE_NUM_BECAME };

/* A header that was asked about. */
struct intake_asked {
    struct report_text control; /* MSH-10 */
    uint64_t           times;   /* so often it came that day: other bytes under the same number are another message */
    enum intake_became became;  /* the one least used of them, where any came */
};

struct intake_reconciled {
    uint64_t             received[INTAKE_NUM_BECAME]; /* transmissions of that day; rows of a file are not counted */
    uint64_t             not_asked;                   /* of them whose number nobody asked about, or who have none */
    struct intake_asked *asked;
    size_t               num_asked, num_there;
};

/* feeds: the sender's; their transmissions between the instants. headers: HL7 v2, MSH segments or whole messages.
 * Returns 0; BASE_ERR_INPUT (no HL7 v2, a header without a number: faults name the first; too many);
 * TOC_ERR_NO_MEMORY; db_status. What is answered lies in arena; texts are views of headers. */
int intake_reconcile(struct intake *intake, struct store_reader *reader, const struct model_feed *feeds,
                     size_t num_feeds, int64_t from, int64_t until, struct report_text headers, struct arena *arena,
                     struct fault_list *faults, struct intake_reconciled *reconciled);

/* The members of an object: received, asked, there, missing, not_used, not_asked. */
void intake_write_reconciled(const struct intake_reconciled *reconciled, struct json_writer *json);

#endif
