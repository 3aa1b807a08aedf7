/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/model/view.h: list pages, each described once in src/model/view/<list>.def: which columns it shows, by what it
 * may be filtered and sorted. A column is a path from the list's record through references:
 *
 *     COLUMN(sex, "person.sex")                 the field of the record that the reference names
 *     COLUMN(name, "person.identity.name")      a step named after a record that belongs to this one alone (its UNIQUE
 *                                               field is a reference here)
 *     DAYS(delay, "onset_date", "received_date", "Onset to report, days", "发病至报告天数")
 *
 * or a named expression: DAYS, the days from one date to another. A column has the class of the rarest field on its
 * path and the label of the last. src/model/view/def.h explains every word.
 */
#ifndef MODEL_VIEW_H
#define MODEL_VIEW_H

#include "model/access.h"
#include "model/records.h"

#define VIEW_MAX_COLUMNS MODEL_MAX_FIELDS
#define VIEW_MAX_STEPS 3 /* references on a path */
#define VIEW_MAX_SORTS 4
#define VIEW_MAX_KEYS 3
#define VIEW_MAX_RARE 4

enum view_expression {
    VIEW_FIELD, /* what stands at the path */
    VIEW_DAYS   /* days from path to second: INTEGER; missing where either is, or is no whole date */
};

struct view_column {
    const char          *name;
    enum view_expression expression;
    const char          *path, *second;
    const char          *label_en, *label_zh; /* NULL = the field's */
};

enum view_test {
    VIEW_IS,   /* equal; of CODE, REFERENCE, FLAG, TEXT fields */
    VIEW_RANGE /* from … to, both included, either may be left out; of DATE, TIME, INSTANT, INTEGER fields */
};

struct view_filter {
    const char    *field; /* of the list's record itself */
    enum view_test test;
};

/* A sort order, by (value, id). Missing values come before all others, so last when descending. */
struct view_sort {
    const char *field; /* of the list's record, or "created", "updated" */
};

struct view {
    const char               *name; /* "cases", as in /api/v1/cases */
    const char               *title_en, *title_zh;
    enum model_record_number  record;
    const struct view_column *columns;
    size_t                    num_columns;
    const struct view_filter *filters;
    size_t                    num_filters;
    const struct view_sort   *sorts; /* the first one is the usual one, descending */
    size_t                    num_sorts;
    const char *keys[VIEW_MAX_KEYS];    /* VIEW_IS filters that stand in the list's indexes: those that matter most */
    const char *carried[VIEW_MAX_RARE]; /* filters whose values the indexes of the orders have too */
    const char *rare[VIEW_MAX_RARE];    /* VIEW_IS filters with an index of their own: a value may be rare by itself */
    const char *counter; /* of the record: tells how many rows an area has, by its dimensions; NULL = none */
};

const struct view *views(size_t *num_views);
const struct view *view_find(const char *name, size_t size); /* NULL = none */

/* ---- paths ---- */

struct view_step {
    const struct model_record *from;  /* the record that the step leaves */
    const struct model_field  *field; /* the reference; of a record that belongs to `from`, that record's field */
    const struct model_record *to;
    bool                       back; /* `to` belongs to `from`: to.field = from.id */
};

struct view_path {
    struct view_step           steps[VIEW_MAX_STEPS];
    size_t                     num_steps;
    const struct model_record *record; /* where the path ends */
    const struct model_field  *field;
    enum model_class class; /* the rarest on it */
};

/* Follow a path from a record. 0, or TOC_ERR_UNKNOWN_NAME. */
int view_path_of(const struct model_record *record, const char *text, struct view_path *path);

/* The columns that the caller may see: every field on the path is one they may read. IDENTIFYING ones stand in the set
 * only with a purpose (access.h). */
struct model_set view_visible(const struct access *who, const struct view *view);

/* What a column holds: the kind of its field, INTEGER of an expression. */
enum model_kind view_kind(const struct view *view, const struct view_column *column);

/* ---- what stands in a list's indexes ----
 *
 * Each list wants, as INDEX lines of its record, besides what else the record has:
 *
 *     <view>_by_area      area, sorts …, keys …, id       all rows of some areas, in whatever order
 *     <view>_by_<sort>    sort, id, area, keys …, carried … the rows of all areas in that order; one a sort
 *     <view>_by_key       keys …, area, sorts …, id       the rows of a rare key
 *
 *     <view>_by_<rare>    rare, sorts …, area, keys …, id the rows of a rare value; one a field that RARE names
 *     <view>_by_<facility> facility, first sort, id        the rows that belong to a facility; one a field that leads
 * there
 *
 * each but the last with all that decides about a row, so that no row is read which is not shown. Lists of records
 * without an area have no _by_area; without keys, no _by_key. A test compares.
 */
#define VIEW_MAX_INDEXES (VIEW_MAX_SORTS + 2 + MODEL_MAX_FACILITIES + VIEW_MAX_RARE)
#define VIEW_INDEX_NAME 64
struct view_index {
    char        name[VIEW_INDEX_NAME];
    const char *fields[MODEL_INDEX_FIELDS + 1]; /* ends with NULL */
};

enum view_index_use {
    VIEW_BY_AREA = -1,
    VIEW_BY_KEY = -2,
    VIEW_BY_FACILITY = -3,
    VIEW_BY_RARE = VIEW_BY_FACILITY - MODEL_MAX_FACILITIES
};

/* use: VIEW_BY_AREA, VIEW_BY_KEY, VIEW_BY_FACILITY or VIEW_BY_RARE - the number of the field, or the number of a sort.
 * False: the list has no such index. */
bool view_index_of(const struct view *view, int use, struct view_index *index);

/* The field that holds the area of a row, or NULL (reference data, or the area stands in another record). */
const char *view_area_field(const struct view *view);

/* The fields of a row that hold the facilities it belongs to: number 0, 1, …; NULL = no more. Not those that stand in
 * another record. */
const char *view_facility_field(const struct view *view, size_t number);

#endif
