/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/daily_report.h: the report of an area's day: figures frozen at a cut-off, a text by whoever writes it, and
 * editions. The first edition of a day is frozen after the day's end, by the server at the hour of the node's settings
 * (server/reporting.h) or by hand; figures never change then. Its text may be changed until it is published, then
 * nothing of it may. Who finds that a published report has to say something else freezes another edition, with
 * the figures of now; what it counts otherwise than the edition before is worked out from both (daily_report_compare).
 *
 * A report is numbered by its day: the 326th day of 2026 is number 2026-326, in every area.
 *
 * Figures are rows: a section, what is counted, up to three numbers; names as they were then, so a report reads the
 * same for good. Cases are counted by the day on which they were received:
 *
 *     cases      all               the day, the seven days to it, the seven before those
 *     class      classification    the same; as all that follow, those alone that are not 0 throughout
 *     disease    disease           the same
 *     found      quarantine, …     of the cases received then: found as contacts in quarantine, of no known source,
 * died of the disease by now; also where 0 area       area right below  the same; at most DAILY_REPORT_MOST_AREAS,
 * those with the most in seven days earlier    late, gone        cases of the 28 days before that came to be known, or
 * are counted no longer, since the end of the day before signal     noticed           the day, seven days, the seven
 * before; `waiting`: nobody has looked yet outbreak   status            not over, of this status; `opened`: detected on
 * the day, and so on
 */
#ifndef RESPONSE_DAILY_REPORT_H
#define RESPONSE_DAILY_REPORT_H

#include "base/json_writer.h"
#include "model/model_lists.h"
#include "model/records.h"
#include "store/store.h"

#define DAILY_REPORT_MOST_EDITIONS 20
#define DAILY_REPORT_MOST_AREAS 60
#define DAILY_REPORT_MOST_ROWS 400
#define DAILY_REPORT_TEXT 8000 /* characters */
#define DAILY_REPORT_VALUES 3
#define DAILY_REPORT_NUMBER 24 /* "2026-326" and its end, with room */

/* ---- figures ---- */

enum daily_report_section {
    DAILY_REPORT_CASES,
    DAILY_REPORT_CLASS,
    DAILY_REPORT_DISEASE,
    DAILY_REPORT_FOUND,
    DAILY_REPORT_AREA,
    DAILY_REPORT_RESULT,
    DAILY_REPORT_EARLIER,
    DAILY_REPORT_SIGNAL,
    DAILY_REPORT_OUTBREAK,
    DAILY_REPORT_SECTIONS
};
extern const char *const daily_report_sections[DAILY_REPORT_SECTIONS + 1]; /* "cases", …; ends with NULL */

struct daily_report_row {
    enum daily_report_section section;
    const char               *item;    /* a code, a word, or the id of an area as text */
    const char               *name[2]; /* MODEL_ENGLISH, MODEL_CHINESE; "" = the item's word */
    int64_t                   values[DAILY_REPORT_VALUES];
    size_t                    num_values;
};

struct daily_report_figures {
    struct daily_report_row *rows; /* in the order of the sections */
    size_t                   num_rows;
};

/* Count a day in an area and below.
 *
 * known     as known at the end of this day; MODEL_MISSING_DATE = now
 * figures   rows and texts in the arena; untouched on failure
 *
 * Returns 0, STORE_ERR_ABSENT (no such area), TOC_ERR_NO_MEMORY, db_status. Cost: three sums a code and area. */
int daily_report_count(struct store_reader *reader, const struct access *who, const struct id *area, toc_date day,
                       toc_date known, struct arena *arena, struct daily_report_figures *figures);

/* {"rows":[{"section":"cases","item":"all","name_en":"","name_zh":"","values":[3,12,9]},…]} */
void daily_report_write(struct json_writer *json, const struct daily_report_figures *figures);

/* The same back, from a stored report. BASE_ERR_INPUT where it is no such text. */
int daily_report_read(struct model_text text, struct arena *arena, struct daily_report_figures *figures);

/* What one edition counts otherwise than the one before. A row that one of them has not counts as zeros. */
struct daily_report_change {
    const struct daily_report_row *row; /* of the later edition; of the earlier where that alone has it */
    int64_t                        before[DAILY_REPORT_VALUES], after[DAILY_REPORT_VALUES];
};
/* In the arena, in the order of the later edition's rows, then those that it has no longer. 0 or TOC_ERR_NO_MEMORY. */
int daily_report_compare(const struct daily_report_figures *before, const struct daily_report_figures *after,
                         struct arena *arena, struct daily_report_change **changes, size_t *num_changes);

/* ---- the verbs ---- */

struct daily_report_freezing {
    struct access        who;
    int64_t              now;
    struct id            area;
    toc_date             day;     /* over by now; MODEL_MISSING_DATE: yesterday */
    bool                 once;    /* not where the day has a report already: BASE_ERR_INPUT */
    struct id            made;    /* set when the request is decided */
    struct store_request request; /* made by daily_report_freeze */
    /* its own */
    struct model_text figures;
    int64_t           cut_off;
};
/* Count, and make the request that stores it: an edition of the day, the first or the next one. The report of
 * yesterday, and every later edition, is as known now; the first edition of an earlier day as known at that day's end.
 * BASE_ERR_INPUT with faults at /day (not over yet; its newest edition is not published yet; too many editions);
 * statuses of daily_report_count. */
int daily_report_freeze(struct store_reader *reader, struct daily_report_freezing *freezing, struct arena *arena,
                        struct fault_list *faults);

struct daily_report_writing {
    struct access        who;
    int64_t              now;
    struct id            report;
    int64_t              version; /* as it was read; 0 = whatever is there */
    const char          *text;    /* NULL: publish it as it is */
    struct store_request request;
};
/* Change the text, or publish. BASE_ERR_INPUT with a fault at /published where it is published already. */
void daily_report_write_request(struct daily_report_writing *writing);

/* ---- reading ---- */

/* The id of an edition; there need be none. */
struct id daily_report_id(const struct id *area, toc_date day, unsigned edition);

/* "2026-326" */
void daily_report_number(toc_date day, char number[DAILY_REPORT_NUMBER]);

struct daily_report {
    struct model_daily_report   record;
    struct model_area           area;
    struct daily_report_figures figures;
    struct daily_report_change *changes; /* since the edition before; none in the first */
    size_t                      num_changes;
    unsigned                    num_editions; /* of the day, up to the newest */
};
/* One edition, as the caller may see it. STORE_ERR_ABSENT; others as above. */
int daily_report_open(struct store_reader *reader, const struct access *who, const struct id *id, struct arena *arena,
                      struct daily_report *report);

#endif
