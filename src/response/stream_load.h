/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/stream_load.h: a delivery of numbers (formats/stream_file.h) into streams: what is new of each becomes a row
 * stream_values, what was known stays. The same delivery twice adds nothing, and one that was cut short is completed by
 * being repeated: STREAM_LOAD_AT_ONCE streams are one transaction, decided where all before it is visible.
 *
 * A series goes to the stream whose code is the delivery's, with "-" and the series' name behind it where it has one.
 * Streams that are not there are made where the options say what they are: their area is the one whose code is the
 * series' name, or what stands before one of its "-", or the area of the options.
 */
#ifndef RESPONSE_STREAM_LOAD_H
#define RESPONSE_STREAM_LOAD_H

#include "formats/stream_file.h"
#include "store/store.h"

#define STREAM_LOAD_AT_ONCE 64

struct stream_load_options {
    const char *code;              /* at most 80 - STREAM_FILE_MOST_NAME - 1 bytes where series have names */
    const char *indicator;         /* NULL: no stream is made */
    const char *measure, *disease; /* NULL = none */
    const char *period;            /* day, week */
    const char *area;              /* a code; NULL: by the series' names */
    bool        cumulative;
    bool        says_cumulative; /* a stream that is there must be as `cumulative` says */
};

struct stream_load_report {
    size_t num_streams, num_made; /* of them made */
    size_t num_new, num_revised;  /* values written; of them in the place of another */
    size_t num_known;             /* values that were known already, or blank where something was known */
    size_t num_corrections;       /* totals smaller than those before, as known after this delivery */
};

/* who: may write streams and their values. name: of the delivery, for faults.
 *
 * Returns 0; BASE_ERR_INPUT with faults (a series without a stream or an area, a stream that takes no numbers); or a
 * status of the store. What was written before a failure stays; the report counts it. */
int stream_load(struct store *store, const struct access *who, const struct stream_file *file, const char *name,
                const struct stream_load_options *options, int64_t now, struct stream_load_report *report,
                struct fault_list *faults);

/* The same of one stream that is there, as a request: its values sorted, decided within the writer's group. The request
 * and the values must live until it is done. STORE_ERR_ABSENT: no such stream within the caller's grant. */
struct stream_load_call {
    struct access             who;
    struct id                 stream;
    struct stream_value      *values;
    size_t                    num;
    int64_t                   now;
    struct stream_load_report report;
    struct store_request      request;
};
void stream_load_request(struct stream_load_call *call);

#endif
