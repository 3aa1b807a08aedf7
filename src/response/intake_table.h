/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/intake_table.h: line lists on the path of every door: a file is a message, and each of its rows is one.
 *
 *     intake_table_keep      the file, in sealed parts: only then its sender is answered
 *     intake_table_open      what it says, by the mapping that was confirmed for this feed and header
 *     intake_table_remember  a mapping is confirmed: from now on files of this feed with this header need nobody
 *     intake_table_rows      every row is taken in (intake_take) as a part of the file: a good one waits to be worked
 *                            off, a bad one is rejected with row, column and rule, its bytes kept for the file of
 *                            errors. Then the file's own bytes are destroyed: the rows hold what they said
 *
 * A row is known again by what it says, whatever file it stands in and wherever (formats/list/alone.h): the same again
 * is a repetition. Rows of nobody known that say the same are told apart by how many came before them in their file, so
 * each counts, and none twice when the file comes again. A row with a number in its list that says something else than
 * the last one of that number corrects it (intake_work.h).
 */
#ifndef RESPONSE_INTAKE_TABLE_H
#define RESPONSE_INTAKE_TABLE_H

#include "base/fault.h"
#include "formats/list/count_mapping.h"
#include "response/intake_door.h"

/* Is it a file of a table: csv, ndjson, xlsx? */
bool        intake_is_table(const struct model_message *message);
const char *intake_table_format(const char *bytes, size_t size); /* what its bytes are, of these */

/* How a file is to be read, where the file itself does not say. "" = it says. */
struct intake_table_form {
    char encoding[40];
    char sheet[200];
    char delimiter; /* '\0' = as the lines decide */
};

/* Keep a file. arrival: bytes are the whole file (mapped: they are read part by part), format csv or xlsx, a feed.
 * verdict and reason: what it becomes once it is whole: received, held, rejected. The same file again is told as a
 * repetition; one that was left off half-way goes on, and one that is held or rejected is now to be read as `form`
 * says, with this verdict. Returns as intake_take. */
int intake_table_keep(struct intake *intake, struct store_reader *reader, const struct intake_arrival *arrival,
                      const struct intake_table_form *form, const char *verdict, const char *reason,
                      struct intake_receipt *receipt);

struct intake_table {
    struct sheet         *sheet;
    struct list          *list;    /* NULL: it is no line list */
    struct count_mapping *counts;  /* it is one of numbers (intake_counts.h) */
    struct count_mapping *perhaps; /* by its names it could be one of numbers */
    toc_date              known;   /* the day of knowledge of numbers that do not say it; MODEL_MISSING_DATE = today */
    bool                  is_confirmed; /* by `mapping` or one that is remembered; else as proposed */
    bool                  is_ready;     /* nothing is left to be asked */
    bool                  is_repeated;  /* set by the caller: the file was here before, as a whole */
    char                 *mapping;
    struct arena          arena;
};

/* Read the header and survey the rows. mapping: JSON as list_write_mapping has it; NULL = what is remembered, else as
 * proposed. options: disease and dates count. faults: what keeps it from being read, and questions. Returns 0,
 * BASE_ERR_INPUT (with a list where questions are open), TOC_ERR_NO_MEMORY, db_status. To be closed in all cases. */
int  intake_table_open(struct intake *intake, struct store_reader *reader, const struct model_feed *feed,
                       const struct report_text *file, const char *name, const struct intake_table_form *form,
                       const struct report_text *mapping, const struct list_options *options, struct fault_list *faults,
                       struct intake_table *table);
void intake_table_close(struct intake_table *table);

/* Remember the mapping of an open table. who: user that has confirmed it; missing = none. As store_submit. */
int intake_table_remember(struct intake *intake, struct store_reader *reader, const struct model_feed *feed,
                          const struct intake_table *table, const struct id *who);

/* The mapping of an open table; null where it can be read as nothing. */
void intake_table_write_mapping(const struct intake_table *table, struct json_writer *json);

#define INTAKE_TABLE_REASON 201
struct intake_table_counts {
    uint64_t rows, repeated, bad; /* repeated: were here before; bad: cannot be used. Of numbers: rows are values */
    bool     of_numbers;
    char     reason[INTAKE_TABLE_REASON]; /* of numbers: what became of them, or why they are held */
};

/* Of each row when it is durable. alone: the row's bytes; again: how many with its key came before in the file. */
typedef void intake_told_row(void *context, uint64_t row, const struct intake_arrival *arrival,
                             const struct intake_receipt *receipt);

/* Take in every row, then end the file: verdict accepted, or accepted-with-faults. arrival: channel, feed,
 * submitted_by, institution, history. told may be NULL; of numbers (table->counts) it is told of bad rows alone.
 * Returns 0, BASE_ERR_INPUT (the file cannot be read to its end: what came before is taken; the file is then
 * accepted-with-faults), or as intake_take: then nothing more is taken, and doing it again repeats what was. */
int intake_table_rows(struct intake *intake, struct store_reader *reader, struct intake_table *table,
                      const struct id *file, const struct intake_arrival *arrival, intake_told_row *told, void *context,
                      struct intake_table_counts *counts);

#endif
