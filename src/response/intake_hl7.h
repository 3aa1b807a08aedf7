/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/intake_hl7.h: HL7 v2 by any door: a transmission of one message or a batch is taken in, and what is to be
 * answered is written (formats/hl7v2/ack.h), after all of it is durable.
 *
 * A transmission that begins with FHS or BHS is answered by one batch of acknowledgements; so are several messages
 * without headers. A single message is answered as its MSH-15 and MSH-16 ask: by none, one, or a commit and an
 * application acknowledgement.
 *
 * Of a message that is kept and held because its sender is not known the answer is positive, with a warning at MSH-3:
 * it is in safe storage, and sending it again would change nothing. What could not be kept is answered AE (CE) with
 * code 207: the sender sends it again.
 */
#ifndef RESPONSE_INTAKE_HL7_H
#define RESPONSE_INTAKE_HL7_H

#include "base/sink.h"
#include "response/intake_door.h"

#define INTAKE_HL7_AT_ONCE 64 /* messages of a batch that share a commit */

/* By which door. */
struct intake_hl7_door {
    struct intake       *intake;
    struct intake_caller caller;                    /* application and facility are taken from each message */
    struct id            submitted_by, institution; /* as in struct intake_arrival */
};

struct intake_hl7_answer {
    struct sink text;     /* memory; wiped by the caller, who frees it */
    size_t      ends[2];  /* of the acknowledgements in it: each is a transmission of its own */
    size_t      num_ends; /* 0 = nothing is to be answered */
    uint32_t    num_messages, num_kept, num_repeats, num_again; /* again = could not be kept now: to be
                                                                 * sent again */
    int64_t   again_seconds; /* until the last of those that were over their sender's limit; 0 = none was */
    struct id first;         /* the first message that is kept */
};

/* Take in, wait until it is durable, and write the answer. answer->text is emptied first. Whatever comes is answered;
 * returns 0, or TOC_ERR_NO_MEMORY where not even that is possible: then nothing may be sent. */
int intake_hl7_take(const struct intake_hl7_door *door, const char *bytes, size_t size,
                    struct intake_hl7_answer *answer);

/* What is answered to a transmission that is larger than the door allows ("1048576 bytes"); nothing of it is kept. */
int intake_hl7_too_large(const struct intake_hl7_door *door, const char *allowed, struct intake_hl7_answer *answer);

#endif
