/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/list_internal.h: what the files of list.h share. */
#ifndef STORE_LIST_INTERNAL_H
#define STORE_LIST_INTERNAL_H

#include <limits.h>

#include "base/sink.h"
#include "store/list.h"
#include "store/store.h"

/* A filter, read. */
struct list_test {
    const char     *field;
    enum view_test  test;
    size_t          key;      /* its place among view->keys, or VIEW_MAX_KEYS */
    struct db_value is;       /* VIEW_IS */
    struct db_value from, to; /* VIEW_RANGE; NULL = open */
};

/* What orders rows: the sort value and the id. */
struct list_place {
    struct db_value value;
    struct id       id;
};

/* The rows found so far: those of the page and one more, which says that there is a next page. */
struct list_best {
    struct list_place *places; /* a heap, the last in order on top, while unsorted */
    size_t             num, most;
    bool               ascending;
};

struct list_work {
    const struct list_source  *source;
    const struct access       *who;
    const struct view         *view;
    const struct model_record *record;
    const char                *area_field; /* NULL = rows have no area */
    size_t                     sort;       /* of view->sorts */
    const char                *sort_field;
    bool                       sort_is_text;
    bool                       ascending;
    struct list_test           tests[LIST_MOST_FILTERS];
    size_t                     num_tests;
    size_t                     page_size;
    bool                       has_start; /* only rows behind `start`, or at it */
    bool                       start_included;
    struct list_place          start;
    struct db_value            end;   /* the walk by sort ends behind this value; NULL = with the last row */
    struct area_set            areas; /* subtree ∩ grant */
    const struct id           *tops;  /* whose subtrees these are */
    size_t                     num_tops;
    struct area_set            asked; /* the subtree alone, whoever asks */
    bool                       area_asked;
    bool                       all_areas;     /* `areas` is the whole tree */
    bool                       keys_in_areas; /* by key: each area is asked for by itself */
    struct db_value (*keys)[VIEW_MAX_KEYS];   /* by key: the values of the view's keys that are asked for */
    size_t            num_keys, num_set;      /* so many; values in each */
    size_t            rare;                   /* by rare: the test whose value it is */
    bool              identities;
    struct arena     *arena;
    struct db_error  *error;
    double            expected; /* entries of the walk by sort */
    struct list_best  best;
    enum list_plan    plan;
    size_t            scanned;
    bool              cut; /* LIST_MOST_SCANNED was met; last_seen is where */
    struct list_place last_seen;
    const struct id  *shown; /* persons whose identities the page shows */
    size_t            num_shown;
};

/* list_query.c: read and check a query. */
int list_check(struct list_work *work, const struct list_query *query, struct fault_list *faults);

/* list_cost.c: how many rows, and which way. */
struct list_costs {
    double sort, area, key, rare; /* in index entries; HUGE_VAL = not that way */
    bool   from_undated;          /* by sort: no row with a value in the sort field answers the tests */
    bool   carried;               /* by sort: entries hold what else would be looked up in rows */
};
int list_estimate(struct list_work *work, struct list_costs *costs);
/* The rows that count in these areas (tops of subtrees) and pass the tests of the set, as far as they are dimensions of
 * the list's counter. tests: a bit for each, the first one lowest. < 0: unknown. */
#define LIST_EVERY_TEST UINT_MAX
int list_count(struct list_work *work, const struct id *tops, size_t num_tops, unsigned tests, double *count);

/* list_plan.c */
int  list_find(struct list_work *work);
bool list_before(const struct list_place *a, const struct list_place *b, bool ascending);
int  list_offer(struct list_work *work, const struct list_place *place); /* keep it if it is among the best */
void list_sort_best(struct list_best *best);

/* list_scan.c: walk an index. *done: the walk came to its end (the page is full, or there are no more rows). */
int list_scan_sort(struct list_work *work, size_t patience, bool *done);
int list_scan_areas(struct list_work *work);
int list_scan_key(struct list_work *work);
int list_scan_rare(struct list_work *work);
/* Do the rows of a rare value come in the order that is asked for? Then no more of them are read than a page takes. */
bool list_rare_in_order(const struct list_work *work);
/* Which of view->rare a field is; VIEW_MAX_RARE: none. */
size_t list_rare_number(const struct list_work *work, const char *field);
/* The keys to ask for, where the tests leave one of them open: its values. false: they are too many, or none is asked.
 */
int list_find_keys(struct list_work *work, bool *found);

/* An entry: sort value, id, area (where rows have one), then the field of each test. */
void list_write_columns(const struct list_work *work, struct sink *sql);
int  list_prepare_entries(const struct list_work *work, struct sink *sql, struct db_statement **statement);
bool list_in_areas(const struct list_work *work, const struct db_value *row);
bool list_passes(const struct list_work *work, const struct db_value *row);
bool list_behind_start(const struct list_work *work, const struct list_place *place);
int  list_place_of(const struct db_value *row, struct list_place *place);

/* list_push.c: the same walks where the database judges the entries, because handing one out costs more than reading
 * it: PostgreSQL, if every test is one of equality. */
#define LIST_AREAS_AT_ONCE 256
bool list_may_push(const struct list_work *work);
int  list_push_sort(struct list_work *work, size_t patience, bool *done);
int  list_push_areas(struct list_work *work, const struct db_value *keys, size_t num_keys, const struct db_value *areas,
                     size_t room);
int  list_push_keys(struct list_work *work, const struct db_value *values, size_t num);
int  list_push_rare(struct list_work *work);

/* list_facility.c: the rows of the grant's facilities, among the best. */
bool list_reaches_facilities(const struct list_work *work);
int  list_scan_facilities(struct list_work *work);

/* list_rows.c: what the page shows of the rows found. */
int list_fetch(struct list_work *work, const struct list_place *places, size_t num, struct list_page *page);

/* list_identity.c */
struct list_sealed {
    struct id         person;
    struct id         identity;
    struct model_text sealed;  /* identity.sealed; bytes NULL = none */
    struct model_text wrapped; /* person_key.wrapped; bytes NULL = none: erased */
    int64_t           generation;
};
int list_unseal(struct list_work *work, const struct list_sealed *sealed, size_t num, struct db_value *values);

/* The kind of a field of the record, and of "created", "updated". */
enum model_kind list_kind(const struct model_record *record, const char *field);

/* Read a value of a kind as SQL has it. 0 or BASE_ERR_INPUT. */
int list_value(enum model_kind kind, const char *text, struct arena *arena, struct db_value *value);

#endif
