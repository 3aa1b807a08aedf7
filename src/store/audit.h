/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/audit.h: the audit chain: who did what to which records, never a value (DESIGN section 6).
 *
 * One entry a request, numbered in the order of commits. An entry's hash is BLAKE2b-256 of the hash before it and of
 * the entry's canonical bytes; so nobody changes, drops or adds an entry unseen by whoever holds a later hash (the head
 * is signed and sent out: audit_head). Canonical bytes: "tocsin audit 1\n", then number, instant and fence (8 bytes,
 * least first), actor (16), then role, purpose, verb, subjects, digest, each as its size (4 bytes, least first) and
 * bytes.
 *
 * Subjects are groups: length of the record's name (1), name, how many (4, least first), ids of 16 bytes. The digest is
 * a keyed hash of the rows as written, so that a row that was changed behind the writer's back is found; without the
 * keeper's key it tells nothing. Readings of identities stand in table audit_reading by person as well: people may ask
 * who looked.
 */
#ifndef STORE_AUDIT_H
#define STORE_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/id.h"
#include "model/access.h"
#include "model/model.h"
#include "store/db.h"
#include "store/keeper.h"

#define AUDIT_HASH_BYTES 32

struct audit_head {
    int64_t number; /* of the newest entry; 0 = none yet */
    int64_t at;     /* its instant */
    uint8_t hash[AUDIT_HASH_BYTES];
};

struct audit_subjects {
    const char      *record;
    const struct id *ids;
    size_t           num;
};

struct audit_entry {
    int64_t                      at;
    int64_t                      fence;
    struct id                    actor; /* missing: the program itself */
    const char                  *role, *purpose, *verb;
    const struct audit_subjects *subjects; /* groups */
    size_t                       num_subjects;
    struct model_text            digest; /* bytes NULL = none */
};

/* The row of table audit for the entry behind `head`, and the new head. Its values live in arena. */
int audit_append(struct audit_head *head, const struct audit_entry *entry, struct arena *arena, struct db_value *row);

/* The newest entry. */
int audit_read_head(struct db *db, struct audit_head *head, struct db_error *error);

/* What is wrong with the chain. */
enum audit_verdict {
    AUDIT_WHOLE,
    AUDIT_CHANGED,   /* an entry does not give its hash, or not the hash that the next one names */
    AUDIT_MISSING,   /* a number is left out */
    AUDIT_SHORTENED, /* the chain ends before a head that was given out */
    AUDIT_OTHER_HEAD /* the entry of that number has another hash than the head that was given out */
};

struct audit_result {
    enum audit_verdict verdict;
    int64_t            number;  /* the entry that it is about */
    int64_t            entries; /* that were read */
    struct audit_head  head;    /* of what was read */
};

/* Walk the whole chain, page by page. heads: what was given out and kept elsewhere (signatures are checked by
 * keeper_verify), in any order; NULL where there are none. The call fails only where the database cannot be read. */
int audit_verify(struct db *db, const struct audit_head *heads, size_t num_heads, struct audit_result *result,
                 struct db_error *error);

/* A head as bytes to sign and to send: number and instant (8 each, least first), hash. */
#define AUDIT_HEAD_BYTES (16 + AUDIT_HASH_BYTES)
void audit_head_write(const struct audit_head *head, uint8_t bytes[AUDIT_HEAD_BYTES]);

#endif
