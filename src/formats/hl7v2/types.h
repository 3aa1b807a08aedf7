/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/hl7v2/types.h: HL7's data types as parts of a report: CX, XPN, XAD, XTN, CWE, HD, EI, XON, TS, NM, SN.
 *
 * Each function reads one repetition; faults name its field. */
#ifndef FORMATS_HL7V2_TYPES_H
#define FORMATS_HL7V2_TYPES_H

#include "formats/code_tables.h"
#include "formats/hl7v2/hl7.h"
#include "formats/hl7v2/map.h"
#include "formats/meaning.h"

#define HL7_SAME_TIMES 4 /* a message says few different times many times */

/* Fields that the results of a message repeat byte for byte: read once. */
struct hl7_same {
    struct hl7_part       producer, laboratory, address, method; /* OBX-15, 23, 24, 17 as they stood last */
    struct report_source  laboratory_read;
    struct report_address address_read;
    struct report_concept method_read;
    struct hl7_part       times[HL7_SAME_TIMES]; /* the last ones, that had no fault */
    struct report_time    times_read[HL7_SAME_TIMES];
    unsigned              next_time;
};

/* What a mapping works with. */
struct hl7_context {
    struct report            *report;
    const struct hl7_message *message;
    const struct hl7_options *options;
    struct meaning_source     source; /* the sender: MSH-4's number, or its name */
    uint64_t                  sender_hash;

    uint32_t                  subject, visit, order, specimen; /* of the segments read last; REPORT_NONE = none yet */
    uint32_t                  first_result;                    /* of the order */
    uint32_t                  first_specimen;                  /* of the order */
    uint32_t                  last_result; /* that a note behind it would be about; REPORT_NONE = none */
    uint32_t                  orc;         /* segment index + 1 of an ORC whose OBR has not come; 0 = none */
    uint32_t                  last_orc;    /* of the last ORC of this subject, for what it says of the facility */
    struct hl7_same           same;
    const struct hl7_segment *obr;           /* of the order */
    bool                      visit_message; /* ADT: observations say something of the visit */
    bool                      questionnaire; /* the order's observations are answers */
    const char               *order_target;  /* that OBR-4 names */
};

/* A fault at a field; repetition and component 0 = do not apply. `found` is the field's text, cut. */
void hl7_fault(struct hl7_context *context, const struct hl7_segment *segment, uint32_t field, uint32_t repetition,
               uint32_t component, enum report_severity severity, enum report_rule rule, const char *what,
               const char *allowed);

/* The text of a part. */
struct report_text hl7_read_text(struct hl7_context *context, struct hl7_part part);

/* Name, number, kind: components of an HD where `delimiter` is the component's, of a subcomponent HD where it is that.
 */
struct report_source hl7_read_hd(struct hl7_context *context, struct hl7_part part, char delimiter);

/* Organisation: name, and number from XON-10 or 3. */
struct report_source hl7_read_xon(struct hl7_context *context, struct hl7_part part);

/* CX and EI-like: value, authority, kind. */
struct report_identifier hl7_read_cx(struct hl7_context *context, struct hl7_part part);

/* EI: the number, and who gave it. */
struct report_text hl7_read_ei(struct hl7_context *context, struct hl7_part part, struct report_source *giver);

/* False: nothing that is a name (empty, REDACTED). */
bool hl7_read_xpn(struct hl7_context *context, struct hl7_part part, struct report_name *name);

/* False: nothing there. */
bool hl7_read_xad(struct hl7_context *context, struct hl7_part part, struct report_address *address);
bool hl7_read_xtn(struct hl7_context *context, struct hl7_part part, struct report_telecom *telecom);

/* Up to three codings and the original text. */
struct report_concept hl7_read_cwe(struct hl7_context *context, struct hl7_part part);

/* A field of type TS or DTM; a fault where it is no time, is not HL7's form, or lies in the future. */
struct report_time hl7_read_time(struct hl7_context *context, const struct hl7_segment *segment, uint32_t field);

#endif
