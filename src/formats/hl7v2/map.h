/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/hl7v2/map.h: an HL7 v2 message as a report.
 *
 * Read are ORU^R01 of versions 2.1 … 2.8.2 (laboratory results, and case notifications, whose observations are answers)
 * and ADT A01, A03, A04, A08, A11 and A13 (visits). Others are refused: a fatal fault at MSH-9 says so.
 *
 * The rules (docs/intake.md gives each with its reason):
 * - what a result means is decided by its code, then its flag, then its number, then its words; where flag and words
 *   contradict each other, or nothing decides, it is for a person to review. A panel with two positives is two results;
 * - a positive of a pooled specimen (SPM-11 L or G, SPM-13 above 1, a result code that says so, or the sender's
 * setting) is a finding on the tube: its subject is the pool, not the person that the message may name;
 * - quality-control specimens (SPM-11 Q, C, E, B, O, V) are marked, and never count; MSH-11 T, D or P^T marks a test;
 * - answers to entry questions are answers, never results;
 * - denied fields are not read at all (hl7v2/denied.def).
 */
#ifndef FORMATS_HL7V2_MAP_H
#define FORMATS_HL7V2_MAP_H

#include "formats/code_tables.h"
#include "formats/hl7v2/hl7.h"
#include "formats/hl7v2/memo.h"

/* What the sender's profile says, and the tables. */
struct hl7_options {
    const struct code_tables *tables;
    struct hl7_memo          *memo;             /* of this thread; NULL = every test is looked up */
    const char               *charset;          /* where bytes are not UTF-8 (hl7v2/decode.h); NULL = none */
    bool                      pooled;           /* all its specimens are pools */
    uint8_t                   blank_processing; /* enum report_processing of a message without MSH-11 */
    const struct report_time *now;              /* to tell times that lie in the future; NULL = not told */
};

/* Decode, read and map one message.
 *
 * bytes     of one message; must outlive the report
 * report    as report_init leaves it over these bytes; gains everything
 * message   the index, for acknowledging; num_segments is 0 where it could not be read
 *
 * Returns 0; BASE_ERR_INPUT: the report has a fatal fault (what was understood before it stands); TOC_ERR_NO_MEMORY. */
int hl7_map(struct report *report, const struct hl7_options *options, struct hl7_message *message);

#endif
