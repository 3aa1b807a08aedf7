/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/list/list.h: line lists: rows of a sheet, each a person, a case or a result, as reports (report.h).
 *
 * A mapping says what each column is. It is proposed from the header (share/intake/columns.csv, then the words of
 * person_fields.def), shown to a person, and remembered by them under the header's fingerprint, which knows neither
 * order nor case; with it the next file of the same header needs nobody. Columns of what is never collected
 * (base/deny.h) are left out at the door: their cells reach no report, no fault and no file of errors. Columns that
 * nobody mapped are not used, and said. A table in which no column says whom or what a row is about, and one of counts,
 * is no line list.
 *
 * All rows are read twice. The first time decides the order of day and month of each column of dates: by the cells that
 * allow one alone. Where none decides, or some contradict others, it is a question, and no row is read until it is
 * answered. The second time each row becomes a report: a cell that is wrong is a fault of severity error with row,
 * column, value and what is allowed, and its row is then for the file of errors. That file has the same columns but
 * those left out, and one more, LIST_ERRORS_COLUMN, which is passed over when the mended file comes back.
 */
#ifndef FORMATS_LIST_LIST_H
#define FORMATS_LIST_LIST_H

#include "base/arena.h"
#include "base/fault.h"
#include "base/json_writer.h"
#include "base/sink.h"
#include "formats/code_tables.h"
#include "formats/list/dates.h"
#include "formats/sheet/sheet.h"

#define LIST_ERRORS_COLUMN "tocsin_errors"
#define LIST_ROW_COLUMN "tocsin_row" /* which row of which file a row of errors was (alone.h) */
#define LIST_NAME_BYTES 40
#define LIST_FINGERPRINT_BYTES 33
#define LIST_ROWS_TO_DOUBT                                                                                             \
    20 /* so many cells of a column of dates, and none is one: the mapping is wrong, not the cells */
#define LIST_MAX_MAPPING ((size_t) 4 << 20) /* bytes of a mapping */

enum list_kind {
    LIST_TEXT,
    LIST_DATE,
    LIST_NUMBER,
    LIST_SEX,
    LIST_FLAG,
    LIST_DISEASE,
    LIST_CLASSIFICATION,
    LIST_OUTCOME,
    LIST_RESULT,
    LIST_STATUS
};

enum list_field {
#undef FIELD
#define FIELD(code, kind, what, what_zh) LIST_FIELD_##code,
#include "formats/list/fields.def"
#undef FIELD
    LIST_NUM_FIELDS,
    LIST_UNUSED = -1, /* nobody said what it is */
    LIST_DENIED = -2, /* never collected */
    LIST_ERRORS = -3, /* LIST_ERRORS_COLUMN */
    LIST_ROW = -4     /* LIST_ROW_COLUMN */
};

struct list_field_text {
    const char    *code;
    const char    *what, *what_zh;
    enum list_kind kind;
};
extern const struct list_field_text list_field_texts[LIST_NUM_FIELDS];

/* The field of that code, LIST_UNUSED for "", LIST_NUM_FIELDS where there is none. */
int list_field_named(const char *code, size_t size);

/* What this file writes for something that it means: "1" for "male". */
struct list_word {
    struct report_text said, meant;
};

struct list_column {
    struct report_text header;
    struct list_word  *words; /* of the mapping */
    size_t             num_words;
    int                field; /* enum list_field */
    uint8_t            dates; /* enum list_dates */
    bool               said;  /* the mapping says the order of dates */
    const char        *note;  /* why it is not used, or NULL */
    /* what the survey found */
    uint64_t num_day_only, num_month_only, num_either, num_no_date, num_given;
    uint64_t row_day_only, row_month_only, row_either; /* the first of each */
};

struct list_options {
    const struct code_tables *tables;
    struct report_text        sender;
    toc_date                  today;   /* later dates are faults */
    const char               *mapping; /* JSON of list_write_mapping; NULL = as proposed */
    size_t                    mapping_size;
    const char               *disease;   /* of all rows that name none; NULL = none */
    enum list_dates           dates;     /* of columns that nothing decides; LIST_DATES_UNDECIDED = ask */
    struct report_text        authority; /* that gives the numbers of records; empty = the sender */
};

struct list;

/* Read the header and survey the rows.
 *
 * faults  gains what keeps the list from being read, questions among them; must outlive the list, as sheet must
 *
 * Returns 0; BASE_ERR_INPUT (with a list all the same where only questions are open: list_has_questions); or
 * TOC_ERR_NO_MEMORY. *list is NULL where there is none. */
int  list_open(struct sheet *sheet, const char *name, const struct list_options *options, struct fault_list *faults,
               struct list **list);
void list_close(struct list *list); /* NULL is fine */

bool                      list_has_questions(const struct list *list);
size_t                    list_num_columns(const struct list *list);
const struct list_column *list_column(const struct list *list, size_t number);
const char               *list_fingerprint(const struct list *list);

/* What its sender calls this kind of list (the mapping's "list"): numbers of records are the list's own. Where nobody
 * says, the beginning of the fingerprint. */
const char *list_name(const struct list *list);

/* Who gives the numbers of its records; lives as long as the list. */
void list_set_authority(struct list *list, struct report_text authority);

/* Does anything say of a row which disease it is about: a column of diseases, tests or results, or the mapping? */
bool list_names_disease(const struct list *list);

/* The mapping as a JSON object: for a person to confirm, and for list_options.mapping. */
void list_write_mapping(const struct list *list, struct json_writer *json);

/* The next row as a report, from report_init's state; its bytes are the row as CSV, without denied columns.
 *
 * Returns 1; 0 at the end; BASE_ERR_INPUT where the file cannot be read further; TOC_ERR_NO_MEMORY. A row is good where
 * its report has no fault of severity error. */
int list_next(struct list *list, struct report *report, struct arena *arena);

uint64_t list_row_number(const struct list *list); /* of the last row */

/* The file of errors: its header, and the row that list_next gave last. CSV with the sheet's own delimiter, UTF-8. */
void list_write_errors_header(const struct list *list, struct sink *sink);
void list_write_errors_row(const struct list *list, const struct report *report, struct sink *sink);

#endif
