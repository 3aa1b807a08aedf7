/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/hl7v2/ack.h: acknowledgements.
 *
 * MSH-15 and MSH-16 both empty: original mode, one application acknowledgement (AA, AE, AR). Either valued: enhanced
 * mode, a commit acknowledgement (CA, CE, CR) as MSH-15 asks and an application acknowledgement as MSH-16 asks: AL
 * always, NE or nothing never, ER on error, SU on success.
 *
 * A positive code says that the message is in safe storage: only the caller knows, and passes `stored`. What cannot be
 * read, or is of a type that is not read here, is rejected (AR, CR: a sender does not repeat it); a message of which
 * something could not be used is in error (AE, CE); a store that is down is in error too, with code 207, so that the
 * sender tries again.
 *
 * Every fault is an ERR segment with its place and a code of table 0357: as ERR-2 … 8 from version 2.5 on, as ERR-1
 * before. Values of the message are not repeated.
 */
#ifndef FORMATS_HL7V2_ACK_H
#define FORMATS_HL7V2_ACK_H

#include "base/sink.h"
#include "formats/hl7v2/hl7.h"

#define HL7_ACK_MAX_ERRORS 100  /* ERR segments of one answer; the last one says how many faults there are more */
#define HL7_ACK_NUMBER_BYTES 20 /* of a control id of ours */

enum hl7_ack_kind { HL7_ACK_COMMIT, HL7_ACK_APPLICATION };

enum hl7_verdict { HL7_ACCEPT, HL7_ERROR, HL7_REJECT };

/* What the faults of a report make of its message. */
enum hl7_verdict hl7_verdict_of(const struct report *report);

/* Is an answer of this kind asked for? A message that could not be read is answered as in original mode. */
bool hl7_ack_is_wanted(const struct hl7_message *message, enum hl7_ack_kind kind, enum hl7_verdict verdict);

struct hl7_ack_options {
    enum hl7_ack_kind         kind;
    bool                      stored;     /* durably; else the answer is an error with code 207 */
    const char               *control_id; /* of the answer, unique for us */
    const struct report_time *now;        /* MSH-7 of the answer */
    const char               *why;        /* it is not stored, and when to send it again; NULL = "later" */
};

/* Write MSH, MSA and ERR segments, each ended by CR. message->num_segments may be 0 (it could not be read: delimiters
 * are then the usual ones and MSA-2 is empty). */
void hl7_ack_write(struct sink *sink, const struct hl7_message *message, const struct report *report,
                   const struct hl7_ack_options *options);

/* Around the acknowledgements of a file: FHS and BHS, then BTS with their number and FTS. */
void hl7_ack_begin_batch(struct sink *sink, const struct hl7_ack_options *options);
void hl7_ack_end_batch(struct sink *sink, uint32_t num_acknowledgements, uint64_t num_envelope_faults);

/* Text as a field: delimiters and line ends escaped. */
void hl7_write_text(struct sink *sink, const struct hl7_message *message, struct report_text text);

/* What an acknowledgement says, read from its bytes (for senders). */
struct hl7_answer {
    struct report_text code;       /* MSA-1: "AA" … ; empty where it is no acknowledgement */
    struct report_text control_id; /* MSA-2 */
    struct report_text error;      /* the first ERR-8, else MSA-3 */
};
int hl7_ack_read(struct report *report, struct hl7_answer *answer); /* 0 or BASE_ERR_INPUT */

#endif
