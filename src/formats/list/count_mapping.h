/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/list/count_mapping.h: what the columns of a table of numbers mean (formats/stream_file.h): proposed from
 * the header, shown to a person as JSON, and remembered under the header's fingerprint, as that of a line list
 * (list.h).
 *
 *     { "table": "counts", "fingerprint": …, "stream": "fever", "indicator": "", "measure": "count", "disease": "",
 *       "period": "week", "area": "", "cumulative": false, "wide": false, "many": "fault", "dates": "",
 *       "columns": [ { "column": "A", "header": "date", "field": "date" }, … ] }
 *
 * field is date, value, series, known, or "" (not used). Which stream the numbers are of (formats/stream_file.h: of
 * series, the beginning of the streams' codes) no header says: a person does. With an indicator streams that are not
 * there are made, of disease, measure and period, in the area of that code or of the series' name. cumulative: totals
 * since a start. wide: each column of the field value is a series. Columns of what is never collected (base/deny.h) are
 * left out, and no mapping brings them in.
 */
#ifndef FORMATS_LIST_COUNT_MAPPING_H
#define FORMATS_LIST_COUNT_MAPPING_H

#include "base/arena.h"
#include "base/fault.h"
#include "base/json_writer.h"
#include "formats/list/list.h"
#include "formats/stream_file.h"

struct count_column {
    struct report_text header;
    uint8_t            role;        /* enum stream_file_role */
    bool               denied, own; /* own: LIST_ERRORS_COLUMN or LIST_ROW_COLUMN */
};

struct count_mapping {
    struct count_column  *columns;
    size_t                num_columns;
    char                  fingerprint[LIST_FINGERPRINT_BYTES];
    const char           *stream, *indicator, *measure, *disease, *period, *area; /* "" = not said */
    bool                  cumulative, wide, is_wastewater;
    enum stream_file_many many;
    enum list_dates       dates;
};

/* From a header, in arena. *counts: is it one of counts, as far as names say? Returns 0 or TOC_ERR_NO_MEMORY. */
int count_mapping_propose(const struct sheet_row *header, struct arena *arena, struct count_mapping *mapping,
                          bool *counts);

/* Is the JSON a mapping of counts? */
bool count_mapping_is(const char *json, size_t size);

/* Take over what the JSON says. name: of the file. Returns 0; BASE_ERR_INPUT with faults; TOC_ERR_NO_MEMORY. */
int count_mapping_apply(const char *json, size_t size, const char *name, struct arena *arena,
                        struct count_mapping *mapping, struct fault_list *faults);

/* What is still to be said: the stream; a column of dates, and one of values. Returns 0, or BASE_ERR_INPUT with them.
 */
int count_mapping_ask(const struct count_mapping *mapping, const char *name, struct fault_list *faults);

void count_mapping_write(const struct count_mapping *mapping, struct json_writer *json);

/* The roles for stream_file_options, one a column. */
void count_mapping_roles(const struct count_mapping *mapping, uint8_t *roles);

/* A row that is left out as a row that stands alone (alone.h), with what is wrong with it. The same row is written the
 * same, wherever it stands. */
void count_mapping_write_alone(const struct count_mapping *mapping, const struct stream_file_left_out *row,
                               struct sink *sink);

#endif
