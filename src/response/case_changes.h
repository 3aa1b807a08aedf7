/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/case_changes.h: why today's number of cases is another than yesterday's.
 *
 * The number is that of the cases received from one day to another, in an area and all below it, of a disease or of all
 * (the counter case_by_received), or of those of them that a figure of the Situation page tells:
 *
 *     received          all of them
 *     not-quarantined   not found as contacts in quarantine (found_by)
 *     source-unknown    their origin is recorded as unknown
 *     died              their outcome is that they died of the disease
 *
 * It is counted as known at the end of the day before, and as known now or at the end
 * of the day; each case that was written in between is held against what was known of it then:
 *
 *     new           was not there, and was received on the day                                              + 1
 *     late          was not there, and was received earlier                                                 + 1
 *     moved-in      was of another area                                                                     + 1
 *     moved-out     is of another area now                                                                  - 1
 *     redated       its day of receipt was corrected, into these days (+ 1), out of them (- 1), within them (0)
 *     restated      its disease, or what the figure asks of it, is recorded otherwise                       + 1 or - 1
 *     reclassified  is counted then and now, with another classification                                      0
 *     merged        is counted then and now; its person was merged into another since                         0
 *     erased        what is left of the difference: a number, without a list                                - 1
 *
 * so then + the changes = now. A case stands under one kind, the first that fits in the order of the enumeration.
 */
#ifndef RESPONSE_CASE_CHANGES_H
#define RESPONSE_CASE_CHANGES_H

#include "base/json_writer.h"
#include "model/records.h"
#include "store/store.h"

#define CASE_CHANGES_MOST 5000 /* cases that are looked at, the newest written first */
#define CASE_CHANGES_ROWS 200  /* of a kind */

enum case_change_kind {
    CASE_CHANGE_NEW,
    CASE_CHANGE_LATE,
    CASE_CHANGE_MOVED_IN,
    CASE_CHANGE_MOVED_OUT,
    CASE_CHANGE_REDATED,
    CASE_CHANGE_RESTATED,
    CASE_CHANGE_RECLASSIFIED,
    CASE_CHANGE_MERGED,
    CASE_CHANGE_ERASED,
    CASE_CHANGE_KINDS
};
extern const char *const case_change_words[CASE_CHANGE_KINDS + 1]; /* "new", …; ends with NULL */

enum case_figure {
    CASE_FIGURE_RECEIVED,
    CASE_FIGURE_NOT_QUARANTINED,
    CASE_FIGURE_SOURCE_UNKNOWN,
    CASE_FIGURE_DIED,
    CASE_FIGURES
};
extern const char *const case_figure_words[CASE_FIGURES + 1]; /* "received", …; ends with NULL */

struct case_changes_query {
    enum case_figure figure;
    struct id        area;
    const char      *disease;  /* NULL = all */
    toc_date         from, to; /* days of receipt, both included */
    toc_date         day;      /* whose changes */
    bool             past;     /* as known at the end of that day, else now */
};

struct case_change {
    struct id         id;
    struct model_text disease, classification, classification_before;
    toc_date          received;
};

struct case_changes {
    int64_t then, now; /* the number as known at both */
    int64_t since;     /* the instant at which the day begins */
    bool    complete;  /* all cases that were written were looked at; else nobody knows how many were erased */
    int64_t counts[CASE_CHANGE_KINDS], changes[CASE_CHANGE_KINDS]; /* cases; what the number changes by */
    struct case_change *rows[CASE_CHANGE_KINDS]; /* those that the caller may see, the newest written first */
    size_t              num_rows[CASE_CHANGE_KINDS];
};

/* From one snapshot; in the arena. Returns 0; STORE_ERR_ABSENT, STORE_ERR_DENIED as store_counts; TOC_ERR_NO_MEMORY or
 * db_status. Cost: two readings a case that was written since. */
int case_changes_read(struct store_reader *reader, const struct access *who, const struct case_changes_query *query,
                      struct arena *arena, struct case_changes *changes);

/* {"since":…,"then":…,"now":…,"complete":…,"kinds":[{"kind":"new","count":…,"change":…,"rows":[…]},…]} */
void case_changes_write(struct json_writer *json, const struct case_changes *changes);

#endif
