/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/intake_format.h: the formats that intake reads, one row each: bytes of a transmission in, struct report out.
 *
 * A format is a function and a row of the table in intake_format.c. It is called twice for a message: by the door,
 * which answers the sender, and again when the message is worked off or replayed; the same bytes must give the same
 * report.
 */
#ifndef RESPONSE_INTAKE_FORMAT_H
#define RESPONSE_INTAKE_FORMAT_H

#include "formats/code_tables.h"
#include "formats/report.h"
#include "model/records.h"

/* What a format reads with. */
struct intake_reading {
    const struct code_tables *tables;
    const struct model_feed  *feed; /* NULL: of no known feed */
    int64_t                   now;  /* instant: to tell times that lie in the future */
    const char               *bytes;
    size_t                    size;
    struct arena             *arena;    /* of everything that is answered; wiped by the caller: it holds identities */
    const uint32_t           *left_out; /* of FHIR: entries that were not created; num_left_out of them */
    size_t                    num_left_out;
    uint64_t                  row; /* of a row: its number in the file */
};

/* Bytes of the transmission, as it came, that are about one person: what is sealed under their key. */
struct intake_slice {
    uint32_t subject; /* of the report */
    size_t   offset, size;
};

struct intake_read {
    struct report report; /* over the bytes of the reading */
    /* Ascending, not overlapping. None: a report about one person is one slice; of more persons nothing can be told
     * apart, and the bytes stay sealed under the message's own key until its time is over. */
    struct intake_slice *slices;
    size_t               num_slices;
};

struct intake_format {
    const char *code; /* of share/lists/message_format.csv */
    /* Returns 0; BASE_ERR_INPUT, the report has a fatal fault; TOC_ERR_NO_MEMORY. */
    int (*read)(const struct intake_reading *reading, struct intake_read *read);
};

/* NULL = no such format is read here. */
const struct intake_format *intake_format_find(const char *code, size_t size);

/* Read; where the format told no slices, the one that a report about one person is. */
int intake_format_read(const struct intake_format *format, const struct intake_reading *reading,
                       struct intake_read *read);

/* FHIR with the document, for whoever answers its entries (fhir_document_free). *read as it begins: zero, but for a
 * report from report_init. */
struct fhir_document;
int intake_format_fhir(const struct intake_reading *reading, struct intake_read *read, struct fhir_document *document);

/* How rows of a feed's line lists are read: tables, sender and today; in arena. False: no memory. */
struct list_options;
bool intake_list_options(const struct intake_reading *reading, struct list_options *options);
/* And who gives the numbers of the records of a list of that name: the feed and the list, 16 hexadecimal digits. */
bool intake_list_authority(const struct model_feed *feed, const char *list, struct arena *arena,
                           struct report_text *authority);

/* An instant in UTC as reports have it. */
struct report_time intake_time(int64_t instant);

#endif
