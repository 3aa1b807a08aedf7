/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/case_message.h: the message that a result of a case came in, as it may be shown: what is about the case's
 * own person and about nobody, with the denied fields struck out (formats/denied.def, formats/hl7v2/denied.def). What
 * is about other persons is left out. Its bytes identify: they need the role and the purpose of message_raw in
 * access.def, and each part that is opened is an entry of the audit, durable before it is shown.
 */
#ifndef RESPONSE_CASE_MESSAGE_H
#define RESPONSE_CASE_MESSAGE_H

#include "response/case_laboratory.h"

#define CASE_MESSAGE_LINE 2000  /* bytes of a line that are shown: embedded documents are long */
#define CASE_MESSAGE_LINES 2000 /* and lines of a message */

enum case_message_standing {
    CASE_MESSAGE_SHOWN,
    CASE_MESSAGE_GONE,  /* its bytes are kept no more */
    CASE_MESSAGE_FORMAT /* of a format, or in a state, in which what is denied cannot be found: nothing is shown */
};
extern const char *const case_message_standings[]; /* "shown", "gone", "format" */

struct case_message_span {
    const char *bytes; /* NULL: struck out; in the arena, which is to be wiped */
    size_t      size;
};

struct case_message_line {
    struct case_message_span *spans;
    size_t                    num_spans;
    size_t                    left_out; /* bytes behind CASE_MESSAGE_LINE */
};

struct case_message {
    enum case_message_standing standing;
    struct case_message_line  *lines;
    size_t                     num_lines;
    bool                       others; /* parts about other persons are left out */
    bool                       cut;    /* there are more lines */
};

/* STORE_ERR_ABSENT: the caller may not read the case, the message, or no result of the case came in it.
 * STORE_ERR_DENIED: their role, or the purpose that they named, shows no messages. */
int case_message_read(struct store_reader *reader, const struct access *who, const struct id *id,
                      const struct id *message, struct arena *arena, struct case_message *found);

/* Lines out of the bytes of a message of HL7 v2, without a store. charset: as hl7_decode has it. */
int case_message_strike(const char *bytes, size_t size, const char *charset, struct arena *arena,
                        struct case_message *found);

/* {"standing":…,"others":…,"cut":…,"lines":[{"spans":[{"text":"PID|1||"},{"struck":true}],"left_out":0}]} */
void case_message_write(struct json_writer *json, const struct case_message *message);

#endif
