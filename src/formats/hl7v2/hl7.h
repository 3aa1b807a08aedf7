/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/hl7v2/hl7.h: HL7 v2 messages as they are written: segments, fields, repetitions, components, escapes.
 *
 * What a field means is for the files beside this one; here only the writing is read, of any sender:
 * - delimiters are those of the message's own MSH-1 and MSH-2, and must all be different;
 * - where a message holds any CR, CR (and an LF behind it) ends a segment and a bare LF is part of a field; else LF
 * ends;
 * - a line that begins with no segment's name continues the field before it, and a warning says so;
 * - fields, repetitions and components beyond those that a version knows, and segments of any name, are kept;
 * - an empty field was not sent; `""` was sent to clear what was there (struct report_text tells them apart).
 *
 * Reading makes an index of segments and fields; components are split when asked for. Texts are views into the bytes
 * unless an escape had to be resolved. Cost: one pass over the bytes and 4 bytes of memory a field.
 */
#ifndef FORMATS_HL7V2_HL7_H
#define FORMATS_HL7V2_HL7_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "formats/report.h"

#define HL7_MAX_BYTES ((size_t) 16 << 20) /* of a message; embedded documents make them large */
#define HL7_MAX_SEGMENTS 20000
#define HL7_MAX_FIELDS 256     /* of a segment */
#define HL7_MAX_REPETITIONS 64 /* of a field, that are read */

/* Some bytes of the message, escapes not resolved. */
struct hl7_part {
    const char *bytes;
    size_t      size;
};

struct hl7_segment {
    char     id[4];       /* "OBX" */
    uint32_t sequence;    /* of this name; 1 = first */
    uint32_t offset;      /* of the name in the bytes */
    uint32_t size;        /* without the end of the line */
    uint32_t first_start; /* in message.starts; one more start than fields follow, the last behind the end */
    uint16_t num_fields;  /* that were written */
    bool     header;      /* MSH, FHS, BHS: field 1 is the separator itself */
    bool     repeats;     /* a repetition mark stands in it */
    bool     denied;      /* an OBX or NTE that may not be mapped: set by hl7_strike_out */
};

struct hl7_message {
    const char         *bytes;
    size_t              size;
    struct hl7_segment *segments;
    uint32_t            num_segments;
    uint32_t           *starts;                                             /* of every field */
    char                field, component, repetition, escape, subcomponent; /* '\0' = not given */
    bool                has_escape; /* an escape character stands behind MSH-2 */
};

/* Read a message: MSH … until the end of the bytes.
 *
 * report   its bytes are the message, UTF-8 (hl7_decode); gains the faults, and its arena the index
 *
 * Returns 0; BASE_ERR_INPUT: no message at all, the report has a fatal fault; TOC_ERR_NO_MEMORY. `message` is untouched
 * on failure. Beyond a limit the message is refused: half of one is none. */
int hl7_read(struct report *report, struct hl7_message *message);

/* Read the delimiters at the beginning of MSH, FHS or BHS: field separator and MSH-2. Returns false where they cannot
 * be used, and tells why as a static clause. */
bool hl7_read_delimiters(const char *bytes, size_t size, struct hl7_message *message, const char **what);

/* The first segment of this name from index `from` on, or NULL. */
const struct hl7_segment *hl7_find(const struct hl7_message *message, const char *id, uint32_t from);
bool                      hl7_is(const struct hl7_segment *segment, const char *id);

/* Field n (1 = first, counted as the standard does, also in MSH); empty where it was not written. */
struct hl7_part hl7_field(const struct hl7_message *message, const struct hl7_segment *segment, uint32_t n);

/* Its first repetition. */
struct hl7_part hl7_first(const struct hl7_message *message, const struct hl7_segment *segment, uint32_t n);

/* The parts between delimiters, at most max of them (more than that are left out); returns how many. An empty part
 * gives none. */
size_t hl7_split(struct hl7_part part, char delimiter, struct hl7_part *parts, size_t max);

/* The n-th part (1 = first); empty where there is none. */
struct hl7_part hl7_nth(struct hl7_part part, char delimiter, uint32_t n);

/* Is it \"\" , or nothing? */
bool hl7_is_empty(struct hl7_part part);

/* The part as text: blanks around it dropped, escapes resolved (\F\ \S\ \T\ \R\ \E\ \X..\, formatting to blanks and
 * line ends; what is not known stays as it is). */
struct report_text hl7_text(const struct hl7_message *message, struct report *report, struct hl7_part part);

/* Field n, its first repetition, component c (0 = the whole repetition) as text. */
struct report_text hl7_value(const struct hl7_message *message, struct report *report,
                             const struct hl7_segment *segment, uint32_t n, uint32_t component);

/* Where a part stands, for faults. 0 = does not apply. */
struct report_place hl7_place(const struct hl7_message *message, const struct hl7_segment *segment, uint32_t field,
                              uint32_t repetition, uint32_t component);

/* The ranges of denied fields (race, ethnicity, religion: hl7v2/denied.def) to report->denied, in the order of the
 * message, and marks the segments that are denied whole. hl7_map calls it; also for a message that cannot be mapped.
 * memo: NULL, or one of memo.h. */
struct hl7_memo;
void hl7_strike_out(struct hl7_message *message, struct report *report, struct hl7_memo *memo);

#endif
