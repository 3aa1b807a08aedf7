/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/hl7v2/batch.h: the messages of a file, with or without batch headers.
 *
 *     [FHS] { [BHS] { MSH … } [BTS] } [FTS]
 *
 * Whatever the envelope looks like, every message in it is answered; what is wrong with the envelope is told beside.
 * Allowed without a word: no headers at all (messages one after the other), blank lines, FHS without BHS. Told, each
 * with its segment and field: a header without its trailer or the reverse, a second header or trailer of a kind
 * (laboratory guides allow one batch a file), messages before BHS or after BTS, a count that is missing or differs, a
 * batch without messages, header fields that the guides ask for (BHS-3 … 7) or that are too long or not of their type,
 * text that belongs to no message.
 *
 * A message that stands in the file twice, byte for byte, or a control id that two messages share, is told with the
 * message. The bytes must be in memory (mapped, for large files); nothing is copied, and memory grows by 24 bytes a
 * message only.
 */
#ifndef FORMATS_HL7V2_BATCH_H
#define FORMATS_HL7V2_BATCH_H

#include "formats/hl7v2/hl7.h"

#define HL7_MAX_MESSAGES 1000000 /* of a file; beyond it the file is refused there, and says so */

struct hl7_batch_message {
    struct hl7_part bytes;
    size_t          offset;  /* in the file */
    uint32_t        number;  /* 1 = first */
    uint32_t        repeats; /* the number of the message that these bytes repeat; 0 = none */
    uint32_t        same_id; /* the number of an earlier, other message with this sender and control id; 0 = none */
};

struct hl7_seen; /* messages so far, by sender and control id */

struct hl7_batch {
    struct report   *report; /* gains the envelope's faults */
    const char      *bytes;
    size_t           size, at;
    char             field;                              /* of the header read last */
    uint32_t         num_messages, num_batches;          /* so far; at the end: of the file */
    uint32_t         num_fhs, num_bhs, num_bts, num_fts; /* so far */
    uint32_t         in_batch;                           /* messages since BHS, or since the beginning */
    uint32_t         batches_in_file;                    /* since FHS */
    bool             file_open, batch_open, told_before, told_after, told_text, ended;
    struct hl7_seen *seen;
};

/* Begin. The report is an empty one over the file's bytes; both must outlive the batch. 0 or TOC_ERR_NO_MEMORY. */
int  hl7_batch_begin(struct hl7_batch *batch, struct report *report);
void hl7_batch_end(struct hl7_batch *batch);

/* The next message: 1; 0 at the end, after which the envelope's faults are complete; BASE_ERR_INPUT at
 * HL7_MAX_MESSAGES; TOC_ERR_NO_MEMORY. Bytes that hold no header at all are answered as one message, so that reading
 * it tells what is wrong; no bytes but blanks are no message. */
int hl7_batch_next(struct hl7_batch *batch, struct hl7_batch_message *message);

#endif
