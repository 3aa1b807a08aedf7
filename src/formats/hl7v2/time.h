/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/hl7v2/time.h: dates and times as HL7 writes them, and as senders do.
 *
 *     YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+ZZZZ | -ZZZZ]
 *
 * The digits say the precision; a time without a zone has none, and none is assumed. A date is local: a zone behind a
 * date alone is left out. ISO 8601's 2026-11-22, 2026-11-22T10:30:05+08:00 and Z are accepted too, as some senders
 * write them in HL7 fields; the answer tells. Anything else is no time: the text is kept, and nothing is read into it.
 */
#ifndef FORMATS_HL7V2_TIME_H
#define FORMATS_HL7V2_TIME_H

#include "formats/report.h"

enum hl7_dress {
    HL7_TIME_MISSING, /* no text */
    HL7_TIME_HL7,
    HL7_TIME_ISO,
    HL7_TIME_IMPOSSIBLE, /* the form is right, the day or hour does not exist; else as HL7_TIME_BAD */
    HL7_TIME_BAD         /* time->sent holds it, precision is REPORT_TIME_MISSING, *what tells why */
};

/* Read a whole text (the first component of a TS). `what` is static; untouched where nothing is wrong. */
enum hl7_dress hl7_time_read(struct report_text text, struct report_time *time, const char **what);

#endif
