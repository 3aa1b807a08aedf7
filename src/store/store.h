/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/store.h: the records of a node, kept safe. What the rooms above use; db.h is behind it.
 *
 * One writer a database. It runs in a thread of its own, takes what callers submit in groups, and answers when their
 * commit is durable; interactive work goes before bulk. Every change carries, in the same transaction: the record, its
 * old row in history, its sealed identity and search words, the counters of its area and all areas above, one entry in
 * the audit chain, one event. All or nothing of a request is written.
 *
 * Readers are connections of their own, one a thread, and see only what is committed. Every call names its caller
 * (struct access) and gets what that caller may see: the rest is masked, rows outside the grant do not exist.
 *
 * Status: 0; enum db_status; TOC_ERR_NO_MEMORY; BASE_ERR_INPUT with faults that say where, what, what is allowed;
 * BASE_ERR_SYSTEM; or enum store_status.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/fault.h"
#include "base/id.h"
#include "model/access.h"
#include "model/model.h"
#include "model/records.h"
#include "store/db.h"

enum store_status {
    STORE_ERR_ABSENT = -1200,    /* no such record, or not within the caller's grant: the two answer alike */
    STORE_ERR_VERSION = -1201,   /* the record was changed since the caller read it (If-Match) */
    STORE_ERR_EXISTS = -1202,    /* a record of this id, or with the same unique key, exists */
    STORE_ERR_DENIED = -1203,    /* the grant does not allow this */
    STORE_ERR_STOPPED = -1204,   /* the writer has stopped for good (failed fsync, lease lost): restart after a check */
    STORE_ERR_FULL_QUEUE = -1205 /* too much is waiting; remedy: try again later */
};

struct store;
struct keeper;      /* store/keeper.h */
struct model_lists; /* model/model_lists.h */
struct area_tree;   /* store/area_tree.h */
struct area_names;  /* store/area_names.h */

/* The clock of the node: instants (base/instant.h). A drill or a test brings its own. */
struct store_clock {
    int64_t (*now)(void *context);
    void *context;
};

struct store_options {
    const char               *url;    /* "sqlite:PATH", a path, "postgresql://…" */
    struct keeper            *keeper; /* borrowed; NULL = no identity can be read or written */
    const struct model_lists *lists;  /* borrowed; NULL = codes are not checked against lists */
    struct store_clock        clock;  /* { NULL } = the machine's */
    bool                      write;  /* take the lease, migrate, start the writer */
    bool                      stays;  /* whoever opens it goes on for long: names are read ahead (names_ahead.h) */
    const char               *holder; /* who holds the lease, for people: "tocsin serve on host" */
    struct db_options         db;
    unsigned                  county_depth; /* depth of the counties in the tree of areas (0 = a top): people are
                                             * found by their whole names within one */
    unsigned telephone_country;             /* calling code of numbers written without one; 0 = 86 */
    size_t   group_rows;                    /* a group takes at most so many changes; 0 = STORE_GROUP_ROWS */
    size_t   queue_requests;                /* so many may wait; 0 = STORE_QUEUE_REQUESTS */
    size_t   counts_waiting;                /* a group that counts at least so many records leaves that to be added to
                                             * the series later (counters.h); 0 = STORE_COUNTS_WAITING */
    size_t counts_batch;                    /* SQLite: that of so many is added at once (counters_slices.h); 0 = as
                                             * that says */
};
#define STORE_GROUP_ROWS 256
#define STORE_COUNTS_WAITING 16
#define STORE_QUEUE_REQUESTS 4096

int  store_open(const struct store_options *options, struct store **store, struct db_error *error);
void store_close(struct store *store); /* finishes what was submitted; NULL is fine */

/* The areas in memory, as of the newest commit; valid until store_release_areas. */
const struct area_tree *store_hold_areas(struct store *store);
void                    store_release_areas(struct store *store, const struct area_tree *areas);

/* The names and codes of areas that are held (store_hold_areas), valid as long. Read when they are first asked for.
 * NULL: they cannot be read. */
const struct area_names *store_area_names(struct store *store, const struct area_tree *areas);

/* The reference lists that it was opened with; NULL = none. */
const struct model_lists *store_lists(const struct store *store);

/* A number that grows when this process has changed users, grants, sessions or tokens: what was read before it grew may
 * be out of date. Another process's changes do not show in it. */
uint64_t store_access_stamp(const struct store *store);

/* The clock of the node. */
int64_t store_clock_now(const struct store *store);

/* ---- writing ---- */

enum store_verb {
    STORE_CREATE, /* value: the whole record; head.id given by the caller, the rest of head set by the writer */
    STORE_CHANGE, /* value: head.id and the fields in `given` */
    STORE_ERASE /* value: head.id; a person's erasure takes identity, key, search words and everything sealed with it */
};

struct store_change {
    enum store_verb            verb;
    const struct model_record *record;
    void                      *value;   /* the record's struct; the writer fills in head */
    struct model_set           given;   /* CHANGE: which fields it brings */
    int64_t                    version; /* CHANGE, ERASE: as the caller read it; 0 = whatever is there */
    bool                       fresh;   /* CREATE: its id was made for it just now, so it is not looked for */
};

struct store_change_set {
    struct store_change *changes;
    size_t               num_changes;
};

struct store_reader;
struct store_foresight;

struct store_request {
    const char             *verb; /* of the domain, for the audit: "create", "convert contact to case" */
    struct store_change_set set;
    bool                    bulk;            /* behind interactive work, in slices (writer_pace.h) */
    struct id               idempotency_key; /* the same key again answers as the first time; missing = none */
    /* Decided inside the writer's group, when everything before it is visible (linking to a person, "one open case"):
     * fills `set` from arena, or adds faults. NULL: `set` is ready. Must be quick: it holds up the others. */
    int (*decide)(void *context, struct store_reader *reader, struct arena *arena, struct store_change_set *set,
                  struct fault_list *faults);
    void *context;
    /* With `decide`: says what that is going to look up (foresee.h), so that it is asked for the whole group at once.
     * NULL: nothing. Called from the writer's thread, before any request of the group. */
    void (*foresee)(void *context, struct store_foresight *foresight);
};

struct store_receipt {
    int64_t   event;   /* number of the last event of the request */
    int64_t   known;   /* the instant that the writer set */
    struct id created; /* the first record that it created; missing = none */
    bool      again;   /* answered from the idempotency key */
    /* Areas have moved in the tree, so people may live in another county: their search tokens have to be made anew
     * (store_tokens_moved). store_submit has done it when it returns; after store_submit_later it is the caller's. */
    bool   areas_moved;
    size_t failed; /* on failure: the change that it was about */
};

/* Validate, queue, wait until it is durable. faults: what is wrong with the values, located by field names. */
int store_submit(struct store *store, const struct access *who, const struct store_request *request,
                 struct store_receipt *receipt, struct fault_list *faults);

/* The same without waiting: `done` is called from the writer's thread when it is durable or has failed. The request and
 * what it points to must live until then. */
typedef void store_done(void *context, int status, const struct store_receipt *receipt);
int          store_submit_later(struct store *store, const struct access *who, const struct store_request *request,
                                store_done *done, void *context, struct fault_list *faults);

/* ---- reading ---- */

int           store_reader_open(struct store *store, struct store_reader **reader, struct db_error *error);
void          store_reader_close(struct store_reader *reader); /* NULL is fine */
struct store *store_of_reader(const struct store_reader *reader);

#define STORE_NOW INT64_MAX /* as of now */

/* One record.
 *
 * as_of     the instant whose knowledge is asked for; STORE_NOW = the newest
 * value     the record's struct; texts live in arena; fields not in `visible` are missing
 * visible   the fields that the caller may see; reading IDENTIFYING ones writes an audit entry, durable before this
 *           returns, and needs who->purpose
 */
int store_read(struct store_reader *reader, const struct access *who, const struct model_record *record,
               const struct id *id, int64_t as_of, struct arena *arena, void *value, struct model_set *visible);

/* Several records as they are now, in few queries; what identifies is never shown, so nothing is audited.
 *
 * values    num structs of the record, in the order of ids
 * there     num; false: absent, or not within the grant
 * visible   as above, whatever the purpose */
int store_read_many(struct store_reader *reader, const struct access *who, const struct model_record *record,
                    const struct id *ids, size_t num, struct arena *arena, void *values, bool *there,
                    struct model_set *visible);

/* Write the audit entry of a reading of identities: `verb` ("read", "list", "search") and who was read, one entry
 * whatever their number. Durable when it returns; the identities may be shown then and not before. Within `decide` it
 * becomes durable with the group. */
int store_audit_reading(struct store_reader *reader, const struct access *who, const char *verb,
                        const struct model_record *record, const struct id *subjects, size_t num_subjects);

/* ---- counts ---- */

/* A sum of increments of one counter (model.h). */
struct store_count_query {
    const struct model_record  *record;
    const struct model_counter *counter;
    struct id                   area;                             /* and all below it */
    const char                 *dimensions[MODEL_MAX_DIMENSIONS]; /* a code each; NULL = all */
    toc_date                    from, to;                         /* days it happened, both included */
    toc_date                    known; /* as known at the end of this day (UTC); MODEL_MISSING_DATE = now */
};

/* counts: to - from + 1 numbers, one a day. *undated: those without a day. */
int store_counts(struct store_reader *reader, const struct access *who, const struct store_count_query *query,
                 int64_t *counts, int64_t *undated);

/* The numbers of a counter, each by itself: of the combination of codes that has this number in the database (the same
 * for all areas and counters), of a day (MODEL_MISSING_DATE: of none), as became known on a day. In no order, several
 * of one (codes, day, known) too. dimensions and known of the query are not looked at. For the program's own work. */
typedef int store_count_cell(void *context, uint32_t codes, toc_date day, toc_date known, int64_t value);
int store_count_cells(struct store_reader *reader, const struct access *who, const struct store_count_query *query,
                      store_count_cell *cell, void *context);

/* What these numbers say: those greater than `after`, in order, with the first two codes ("" = without a value; a
 * reference as the text of its id). No number is ever given another meaning. */
typedef int store_count_code(void *context, uint32_t codes, const char *first, size_t first_size, const char *second,
                             size_t second_size);
int         store_count_codes(struct store_reader *reader, uint32_t after, store_count_code *code, void *context);

/* The reporting triangle: cells[day × (max_delay + 1) + delay] = increments that became known `delay` days after their
 * day; the last column holds max_delay and more, the first also what was known before its day. */
int store_triangle(struct store_reader *reader, const struct access *who, const struct store_count_query *query,
                   size_t max_delay, int64_t *cells);

/* ---- events ---- */

struct store_event {
    int64_t         number;
    int64_t         at;
    enum store_verb verb;
    const char     *record;
    struct id       id;
    int64_t         version;
    struct id       area;
    struct id       facilities[MODEL_MAX_FACILITIES]; /* to which the record belongs; missing behind the last */
};

/* The events after number *after, oldest first, at most max_events, those within the caller's grant alone; by polling.
 * *after moves on to the last event that was looked at, seen or not. */
int store_events(struct store_reader *reader, const struct access *who, int64_t *after, struct arena *arena,
                 struct store_event *events, size_t max_events, size_t *num_events);

/* For one follower that hands events on to many: all of them, in the same order, and the number of the newest; nothing
 * of it may reach anybody but by store_may_see. `granted`: area_set_of_grant of `who` in these areas. */
struct area_set;
int  store_follow(struct store_reader *reader, int64_t *after, struct store_event *events, size_t max_events,
                  size_t *num_events);
int  store_newest_event(struct store_reader *reader, int64_t *number); /* 0 = there was none yet */
bool store_may_see(const struct access *who, const struct area_tree *areas, const struct area_set *granted,
                   const struct model_record *record, const struct store_event *event);

/* How the writer is doing, for whoever watches over the node. */
struct store_state {
    bool    writes;           /* this process holds the lease */
    bool    stopped;          /* for good: STORE_ERR_STOPPED */
    size_t  waiting;          /* requests */
    int64_t groups, requests; /* committed since the start */
    int64_t event;            /* number of the newest event */
    double  counts_late;      /* for so many seconds what waits could not be added to the counters; 0: it can. Nothing
                               * is missing meanwhile, but reading counts takes longer and longer */
};
void store_watch(struct store *store, struct store_state *state);

/* ---- reference data ---- */

/* A set of reference data: areas, codes, populations, outlines, calendars. */
struct store_load {
    const struct model_record  *record;
    void                       *rows; /* structs of the record, one behind the other, ids set; head.version is set */
    size_t                      num_rows;
    struct model_reference_set *set; /* the description of the edition: its id, kind, name, edition, digest … */
};

struct store_loaded {
    size_t  created, changed, same;
    int64_t event;
};

/* Load a whole set in one transaction, with one audit entry and two events (the set's, and one of the record with the
 * set's id that stands for all of its rows). Rows whose id exists already are changed where they differ, and history
 * keeps what they were; the others are created. A row that is not in the set stays as it is: an edition ends what has
 * gone by its valid_to. Where no row differs nothing is written, not even the set, and `event` is 0. Rows are checked
 * like any other (faults name them by /<number of the row>). Records without identifying fields only.
 *
 * Words are not searched for yet when it returns: store_load_words. Interactive work waits meanwhile.
 */
int store_load_set(struct store *store, const struct access *who, const struct store_load *load,
                   struct store_loaded *loaded, struct fault_list *faults);

/* Make the words of all rows of a record anew, in slices behind interactive work. `who` as for store_load_set. */
int store_load_words(struct store *store, const struct access *who, const struct model_record *record);

/* ---- upkeep ---- */

/* Wrap all keys of persons anew under the newest generation, in slices behind interactive work. *rewrapped: how many.
 * progress (may be NULL) is told after each slice. A key that does not open stays as it is and is counted in *failed.
 * The audit has one entry of it.
 */
int store_rewrap(struct store *store, void (*progress)(void *context, int64_t done), void *context, int64_t *rewrapped,
                 int64_t *failed);

/* Make the search tokens of everybody anew whose tokens are not those that they should be: of the county where they
 * live, by the newest key; in slices behind interactive work, as fast as the keeper gives out keys. After a new key for
 * tokens (keeper_new_generation), or where `tocsin check` has found some. *remade: persons; progress is told how many
 * were looked at. Whose key does not open is counted in *failed. The audit has one entry where anything was written. */
int store_tokens(struct store *store, void (*progress)(void *context, int64_t done), void *context, int64_t *remade,
                 int64_t *failed);

/* The same for who lives in areas that have moved since it was called last (store_receipt.areas_moved). */
int store_tokens_moved(struct store *store);

/* Remove rows whose time is over (RETAINED lines of the model), with their keys and history, and idempotency keys older
 * than STORE_IDEMPOTENCY_DAYS, in slices behind interactive work. Counts stay. today: by the caller's clock. */
#define STORE_IDEMPOTENCY_DAYS 7
int store_retain(struct store *store, toc_date today, int64_t *removed);

#endif
