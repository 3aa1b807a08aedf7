/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/list.h: a page of a list (model/view.h): the rows of an area and all below it, within the caller's grant,
 * filtered, sorted, from the beginning, from a value on, or behind the last row of the page before.
 *
 * Rows have a strict order, by (value of the sort field, id), in both databases the same. A page is found by key: never
 * by OFFSET, never by counting. Which of the list's indexes leads to it is chosen here and forced:
 *
 *     by sort    the rows of all areas in the order asked for, until the page is full; cheap where many of them count
 *     by area    every row of the areas, of which the best are kept; cheap where the areas have few rows
 *     by rare    every row with a rare value of a filter that has an index of its own (severity), of which the best are
 *                kept
 *     by key     every row with a rare key (a disease), in all areas or in each of those asked for, of which the best
 *                are kept; a key that is not asked for (the disease, where the classification is) by each of its values
 *
 * from the numbers of rows that the counters have. A range of the sort field bounds the walk by sort at both ends. Rows
 * that belong to a facility of the grant come by the index of the field that says so, and are merged with those. Where
 * the numbers mislead (an area without recent cases) the walk by sort is given up for the next best after LIST_PATIENCE
 * times what was expected, or what that would have cost. Where none of the rows has a value to sort by (the onset of an
 * infection without symptoms) it begins behind all values. Each index holds all that decides about a row, so that only
 * rows of the page are read.
 *
 * Columns that the caller may not see are not asked of the database at all.
 */
#ifndef STORE_LIST_H
#define STORE_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/fault.h"
#include "base/json_writer.h"
#include "model/view.h"
#include "store/area_tree.h"
#include "store/db.h"

#define LIST_PAGE 50
#define LIST_MOST_ROWS 200 /* of a page */
#define LIST_MOST_FILTERS 16
#define LIST_PATIENCE 4
/* So many entries are read before a walk by order of carried values (view.h) is given up. */
#define LIST_CHEAP_ENTRIES 40000
#define LIST_MOST_SCANNED 400000 /* index entries of one page; then it is short and `next` goes on from there */
#define LIST_CURSOR_BYTES 1024   /* the longest cursor */

struct list_filter {
    const char *field;     /* a FILTER of the list */
    const char *is;        /* IS: the value, as JSON writes it */
    const char *from, *to; /* RANGE: both included; NULL = open. `to` 2026-11 includes all that begins so */
};

struct list_query {
    const struct view        *view;
    struct id                 area; /* and all below it; missing: all areas of the grant */
    const struct list_filter *filters;
    size_t                    num_filters;
    const char               *sort; /* a SORT of the list; NULL = its first */
    bool                      ascending;
    const char               *after;     /* `next` of the page before; NULL = from the beginning */
    const char               *from;      /* or: from this value of the sort field on, included */
    size_t                    page_size; /* 0 = LIST_PAGE; at most LIST_MOST_ROWS */
    bool identities; /* show identifying columns, if the caller may see them; the page is then audited */
};

enum list_plan { LIST_NOTHING, LIST_BY_SORT, LIST_BY_AREA, LIST_BY_KEY, LIST_BY_RARE, LIST_BY_FACILITY };

struct list_page {
    const struct view     *view;
    struct model_set       visible; /* columns; the others are masked */
    const struct id       *ids;     /* num_rows */
    const struct db_value *values;  /* num_rows × view->num_columns; NULL where missing or masked; ids are BYTES */
    size_t                 num_rows;
    const char            *next; /* behind the last row; NULL = the list ends here */
    enum list_plan         plan; /* how it was found, and how many index entries were read for it */
    size_t                 scanned;
};

struct keeper;
struct store_reader;

/* What a page is made from. */
struct list_source {
    struct db              *db; /* of a reader */
    const struct area_tree *areas;
    struct keeper          *keeper; /* NULL: identities cannot be shown */
    /* How many records an area has, with these codes of the counter's dimensions (counters.h: counters_total). NULL:
     * nobody knows. */
    int (*total)(struct db *db, const struct model_record *record, const struct model_counter *counter,
                 const struct id *area, const char *const dimensions[MODEL_MAX_DIMENSIONS], int64_t *total,
                 struct db_error *error);
    /* The same of those that count on no day. For a counter whose day is a DATE: where all that it counts have no day,
     * rows with a day are not looked for. NULL: nobody knows. */
    int (*undated)(struct db *db, const struct model_record *record, const struct model_counter *counter,
                   const struct id *area, const char *const dimensions[MODEL_MAX_DIMENSIONS], int64_t *total,
                   struct db_error *error);
    /* Writes the audit entry of a reading of the identities of these persons, durable when it returns. NULL: none can
     * be written, so none are shown. */
    int (*audit)(void *context, const struct access *who, const struct id *persons, size_t num_persons);
    void *audit_context;
};

/* Once for a connection before its first page: tells PostgreSQL's planner to use what it is given. */
int list_prepare(struct db *db, struct db_error *error);

/* Make a page, from one snapshot.
 *
 * arena    holds the page; with identities: arena_wipe it
 * faults   what is wrong with the query: the filter, sort, cursor; what is allowed there
 *
 * Returns 0; BASE_ERR_INPUT with faults; STORE_ERR_ABSENT, an area outside the grant or not there; STORE_ERR_DENIED,
 * nothing of the list may be read, or identities are asked for without the right or the purpose; db_status;
 * TOC_ERR_NO_MEMORY. */
int list_read(const struct list_source *source, const struct access *who, const struct list_query *query,
              struct arena *arena, struct list_page *page, struct fault_list *faults, struct db_error *error);

/* How many rows the list has with these filters, from the counters alone; *known is false where they cannot tell (a
 * filter that is not one of the counter's dimensions). Checks the caller as list_read does. */
int list_total(const struct list_source *source, const struct access *who, const struct list_query *query,
               struct arena *arena, int64_t *total, bool *known, struct fault_list *faults, struct db_error *error);

/* The same for a reader of a store: its areas, its counters, audited by its writer. */
int store_list(struct store_reader *reader, const struct access *who, const struct list_query *query,
               struct arena *arena, struct list_page *page, struct fault_list *faults);
int store_totals(struct store_reader *reader, const struct access *who, const struct list_query *query, int64_t *total,
                 bool *known, struct fault_list *faults);

/* {"rows":[{"id":…,"version"…}],"masked":[…],"next":…}: the same bytes for the same page, whichever the database. */
void list_write(struct json_writer *json, const struct list_page *page);
/* The same members in an object that the caller has begun and ends. */
void list_write_members(struct json_writer *json, const struct list_page *page);

#endif
