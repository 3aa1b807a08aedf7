/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/intake_counts.h: tables of numbers on the path of every door: counts by day and area, totals, wastewater.
 *
 * The file is a message in sealed parts, as that of a line list is (intake_table.h); what its columns are is proposed,
 * confirmed once and remembered by feed and header (formats/list/count_mapping.h). Its numbers go into streams
 * (stream_load.h): what is new becomes a layer of what was known on the day that the row says, else on the day on which
 * the file came; nothing is overwritten, and the same file twice adds nothing. A row with a bad cell becomes a message
 * of its own, rejected, for the file of errors; then the file's bytes go.
 *
 * Streams are those of the feed's area. What cannot be loaded at all (a stream that is not there, two values for one
 * day, a total where the stream has counts) is held, with its bytes. Of a feed that is not live nothing is loaded.
 */
#ifndef RESPONSE_INTAKE_COUNTS_H
#define RESPONSE_INTAKE_COUNTS_H

#include "response/intake_table.h"

#define INTAKE_COUNTS_MOST_BAD 10000 /* rows that cannot be used; with more the file is held */

/* Look at the header of the opened sheet. table->counts is set where the mapping says so, or one that is remembered, or
 * where it is the layout of NWSS; table->perhaps where the names alone would have it. faults: what the mapping has
 * wrong, and questions. Returns 0, BASE_ERR_INPUT, TOC_ERR_NO_MEMORY, db_status. */
int intake_counts_open(struct store_reader *reader, const struct model_feed *feed, const char *name,
                       const struct report_text *mapping, const struct list_options *options, struct fault_list *faults,
                       struct intake_table *table);

/* It is one by its names: what is asked then. */
int intake_counts_suppose(struct intake_table *table, const char *name, struct fault_list *faults);

/* As intake_table_rows, told of the bad rows. BASE_ERR_INPUT: the file is held now, counts->reason says why. */
int intake_counts_load(struct intake *intake, struct store_reader *reader, struct intake_table *table,
                       const struct id *file, const struct intake_arrival *arrival, intake_told_row *told,
                       void *context, struct intake_table_counts *counts);

#endif
