/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/group.h: a group of requests that is written in one transaction, by the writer's thread.
 *
 * What the group touches stands in memory as entries: a record as it will be. Requests are applied to the entries one
 * after the other, each whole or not at all; then the entries are written table by table, and with them history, keys,
 * tokens, words, counters, and at the end events, audit and idempotency keys.
 *
 *     group_begin
 *     for runs of requests: group_gather (what they need, in few queries), group_apply one by one
 *     group_finish (write, check the lease, commit), or group_abandon
 */
#ifndef STORE_GROUP_H
#define STORE_GROUP_H

#include "model/records.h"
#include "store/counters.h"
#include "store/key_table.h"
#include "store/store_internal.h"
#include "store/tested.h"
#include "store/writer.h"

/* A record in the group. */
struct entry {
    const struct model_record *record;
    struct id                  id;
    bool                       loaded;        /* read from the database, or known not to be in it */
    bool                       subject;       /* in group->subjects */
    bool                       present;       /* exists now */
    bool                       dirty;         /* must be written */
    bool                       plain;         /* value holds the identifying fields */
    bool                       tokens, words; /* what it may be found by must be written anew */
    int64_t                    stored;        /* version in the database; 0 = not there */
    void                      *value;         /* the record's struct; NULL where it never existed */
    struct model_text          sealed;
    const struct db_value     *row; /* as it stands or will stand in its table */
};

/* The key of a person (or message) in the group. In the arena, which is wiped. */
struct group_key {
    struct id             owner;
    struct seal_key       key;
    bool                  loaded;    /* the database was asked */
    bool                  known;     /* key is set */
    bool                  stored;    /* its wrapped form is in the database */
    bool                  destroyed; /* erased in this group */
    struct keeper_wrapped wrapped;
};

struct group_key_slot {
    struct id         owner;
    struct group_key *key;
};

/* Areas that get another parent. */
struct area_move {
    struct id area, parent; /* the new one; missing: it becomes a top */
};
struct area_moves {
    struct area_move *moves;
    size_t            num, room;
};

/* Rows for one table, in order. */
struct group_rows {
    const struct db_table *table;
    struct db_value       *values;
    size_t                 num, capacity;
};

/* A change of the sums, told to the counters when its request has succeeded. */
struct group_count {
    const struct model_record *record;
    const void                *value;
    struct id                  area;
    int64_t                    sign;
};

/* Who holds a unique key, by its hash. */
struct group_unique {
    uint8_t       hash[16];
    struct entry *entry;
};

struct group_undo {
    struct entry *entry;
    struct entry  before;
};

struct group {
    struct writer          *writer;
    struct store           *store;
    struct db              *db;
    struct arena            arena;
    const struct area_tree *areas;
    int64_t                 known;
    toc_date                known_day;
    struct key_table        entries; /* (id, record) → struct entry */
    struct key_table        keys;    /* owner → struct group_key */
    struct key_table        uniques; /* hash of a unique key → struct entry */
    struct key_table        answers; /* of idempotency keys (group_answers.c) */
    struct key_table        asked;   /* what was foreseen (group_foresee.c) */
    uint8_t                 asked_key[16];
    size_t                  num_loaded, num_keys_loaded; /* of entries and keys; those behind them may not be */
    struct entry          **subjects; /* of the changes at hand: what their scopes lead to is needed too */
    size_t                  num_subjects, room_subjects;
    struct entry          **dirty;
    size_t                  num_dirty, room_dirty;
    struct group_undo      *undo; /* of the request at hand */
    size_t                  num_undo, room_undo;
    struct group_key      **made; /* keys that the request at hand has made */
    size_t                  num_made, room_made;
    struct group_count     *counts;
    size_t                  num_counts, room_counts;
    struct group_rows       history, events, audit, readings, idempotency;
    struct audit_head       head;
    int64_t                 event;  /* number of the newest */
    struct area_moves       moves;  /* areas that have moved in the tree */
    struct tested_names     tested; /* persons of whom another result may decide (group_tested.c) */
    struct id              *erased; /* persons erased by this group */
    size_t                  num_erased, room_erased;
    bool                    areas_changed;
    bool                    access_changed; /* users, grants, sessions, tokens */
    bool                    idle;           /* nobody waits: it has no requests, and time for what was put off */
    bool                    keys_destroyed; /* of records that had their own */
    bool                    broken;         /* a request failed when it had altered the database: all of it goes back */
    struct store_reader     reader;         /* of decide */
    struct db_error         error;
};

/* Where a record lies, and whose it is. */
struct group_place {
    struct id area;
    struct id facilities[MODEL_MAX_FACILITIES]; /* each once */
    size_t    num_facilities;
};

int group_begin(struct group *group, struct writer *writer);
/* What the requests first … first + num - 1 of `tickets` need. */
int group_gather(struct group *group, struct ticket *const *tickets, size_t num);
/* One request: 0 and its effects are in the group, or its own failure and none is. A status of `fatal` is the group's.
 */
int group_apply(struct group *group, struct ticket *ticket, bool *fatal);
/* What is not in the database yet, into the open transaction (group_write.c). */
int  group_write(struct group *group);
int  group_write_tokens(struct group *group);
int  group_write_words(struct group *group);
int  group_finish(struct group *group); /* write all, commit */
void group_abandon(struct group *group);
void group_free(struct group *group);

/* ---- within the group ---- */

/* The entry of a record, made where there is none. */
int group_entry(struct group *group, const struct model_record *record, const struct id *id, struct entry **entry);
/* Entry i of group->entries; NULL where memory was short. */
struct entry *group_entry_at(const struct group *group, size_t i);
/* The entry of a record; NULL where there is none. */
struct entry *group_entry_find(const struct group *group, const struct model_record *record, const struct id *id);
int           group_load(struct group *group); /* entries that are not loaded, from the database */
int           group_key_of(struct group *group, const struct id *owner, struct group_key **key);
int           group_load_keys(struct group *group);
int           group_make_key(struct group *group, struct group_key *key);
int           group_touch(struct group *group, struct entry *entry); /* before it is altered: for the undo */
int           group_dirty(struct group *group, struct entry *entry);
int           group_row(struct group_rows *rows, struct db_value **row); /* room for one more */
int           group_count(struct group *group, const struct entry *entry, int64_t sign);
int group_event(struct group *group, enum store_verb verb, const struct entry *entry, const struct group_place *place);
int group_audit(struct group *group, const struct audit_entry *entry);
/* The area that decides about an entry, by the entries in memory; missing where the path ends. */
struct id group_area(struct group *group, const struct entry *entry);

/* Where an entry is counted: its area and those above it. */
size_t group_counted_areas(const struct group *group, const struct id *area, struct id areas[AREA_TREE_MAX_DEPTH]);

/* Its area and the facilities that it belongs to. */
struct group_place group_place_of(struct group *group, const struct entry *entry);
/* The owner whose key seals an entry's fields; missing: none. */
struct id group_owner(const struct entry *entry);
/* Are an entry's fields sealed under a key of its own (OWNER("id")), which dies with it? */
bool group_has_own_key(const struct entry *entry);
int  group_fail(struct group *group, int status, const char *what);

/* The row as it stands goes into history; its sealed fields too where the entry has them. */
int group_keep_history(struct group *group, const struct entry *entry);

/* What a look-up may meet that is not written yet (group_pending.c). The values that an entry's row holds; all there
 * is; by what a person is found. */
void group_note(struct group *group, const struct entry *entry);
void group_note_all(struct group *group);
int  group_note_tokens(struct group *group, const struct model_identity *identity);
void group_forget_notes(struct group *group); /* it is written */
/* May a row that is not written yet hold, or have held, this value in a column of its table? */
bool group_has_noted(const struct group *group, const struct model_record *record, int column, const void *bytes,
                     size_t size);
/* Of a form by which people are found: what stands for it, and may somebody have it who is not written yet? */
uint64_t group_token_mark(const struct keeper_text *text);
bool     group_has_noted_token(const struct group *group, uint64_t mark);

/* What requests foresee to look up (foresee.h, group_foresee.c), asked before the first of them is applied. */
void group_foresee_init(struct group *group);
int  group_foresee(struct group *group, struct ticket *const *tickets, size_t num);
void group_forget_foreseen(struct group *group); /* the group has written: it may be there now */
/* Is it known that no row of a table holds this value? False: not known. */
bool group_is_absent(const struct group *group, const char *table, const char *column, const void *bytes, size_t size);

/* Areas that get another parent (group_move.c). */

/* Note an area whose parent is to be `parent`, where that is another than the tree has. */
int group_note_move(struct group *group, const struct id *area, const struct id *parent);
/* The counts of the areas noted leave those above them and come to others. Once a group. */
int group_move_areas(struct group *group);
/* Note the areas that a request has moved. BASE_ERR_INPUT where its areas make no tree. */
int group_note_moves(struct group *group, const struct ticket *ticket);

/* A record is to change or has changed its area (group_follow.c). What is counted where it is, and is not of its own
 * area, is taken away (sign -1) before and counted again (+1) afterwards. */
int group_count_followers(struct group *group, const struct entry *entry, int64_t sign);
/* The search tokens of a person who has come to another county are to be made anew. */
int group_follow_person(struct group *group, const struct entry *person, const struct id *area_before);

/* Persons tested (tested.h, group_tested.c). A record is to change or has changed: note whose results it may be about;
 * then, once a group and before areas move, mark the results that decide and count them so. */
int group_note_tested(struct group *group, const struct entry *entry, bool is_new);
int group_decide_tested(struct group *group);

int group_change(struct group *group, struct ticket *ticket, struct store_change *change, size_t number);
int group_erase(struct group *group, struct ticket *ticket, struct store_change *change, struct entry *entry);

/* Requests with an idempotency key (group_answers.c): ask the database for their keys at once; was this one answered
 * before (its receipt is set), there or in this group; keep what it is answered now. */
void group_answers_init(struct key_table *answers);
int  group_gather_answers(struct group *group, struct ticket *const *tickets, size_t num);
int  group_find_answer(struct group *group, struct ticket *ticket, bool *found);
int  group_keep_answer(struct group *group, struct ticket *ticket);

/* ---- upkeep: work of the store's own in slices ---- */

/* Run a job within the writer's transaction, behind interactive work; waits until it is durable. */
int upkeep_run(struct store *store, int (*job)(void *context, struct group *group), void *context);
/* The audit entry of such work: what was done, by the program. */
int upkeep_audit(struct group *group, const char *verb);
/* Areas were moved by what is committed now: who lives there needs other search tokens. */
int store_keep_moved(struct store *store, const struct area_move *moves, size_t num);

#endif
