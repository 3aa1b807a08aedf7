/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/keeper_files.h: the key directory. Only the keeper's own process, and `tocsin keeper` run by hand, use it.
 *
 *     gen-0001 …  token-0001 …  sign-0001 …  hash-0001 …    one key each, 0400, 80 bytes: what it is, when it was made,
 *                                                           the key, a checksum
 *     erasures                                              the erasure list, 0600, 32 bytes a record
 *     copied                                                when the newest recovery copy was made and of what; 0600
 *     .new-*, .gone-*                                       a file being made or destroyed; a start clears them away
 *
 * A file is written under a name of its own, synced, renamed, and the directory synced, so that a key that was
 * acknowledged exists whole. Whoever changes the directory holds an exclusive lock on it, whoever reads it a shared
 * one.
 */
#ifndef STORE_KEEPER_FILES_H
#define STORE_KEEPER_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/keeper.h"

#define KEEPER_KEY_BYTES 32
#define KEEPER_FILE_BYTES 80    /* of a key file */
#define KEEPER_ERASURE_BYTES 32 /* of a record of the erasure list: id, instant, checksum */

struct keeper_key {
    uint32_t number;
    int64_t  created;
    uint8_t  bytes[KEEPER_KEY_BYTES];
};

/* All node keys, in memory that is not swapped, dumped or inherited where the system can do that. */
struct keeper_ring {
    struct keeper_key keys[KEEPER_NUM_KINDS][KEEPER_MAX_GENERATIONS]; /* by number, the newest last */
    size_t            num[KEEPER_NUM_KINDS];
};

/* NULL where there is no memory. Freeing clears; NULL is fine. */
struct keeper_ring *keeper_ring_new(void);
void                keeper_ring_free(struct keeper_ring *ring);

/* The key of a generation (0 = newest), or NULL. */
const struct keeper_key *keeper_ring_find(const struct keeper_ring *ring, enum keeper_kind kind, uint32_t number);

/* The number of the newest; 0 = there is none of this kind. */
uint32_t keeper_ring_newest(const struct keeper_ring *ring, enum keeper_kind kind);

/* The generations in a ring, without their keys. Returns how many; generations has room for all. */
size_t keeper_ring_list(const struct keeper_ring *ring, struct keeper_generation *generations);

/* Add a key. Returns 0, or KEEPER_ERR_KEYS where the kind has too many, or that number. Keeps the order. */
int keeper_ring_add(struct keeper_ring *ring, enum keeper_kind kind, const struct keeper_key *key,
                    struct keeper_error *error);

/* A key as its file has it, and back: 0, or KEEPER_ERR_KEYS for bytes that are not whole. */
void keeper_key_write(enum keeper_kind kind, const struct keeper_key *key, uint8_t file[KEEPER_FILE_BYTES]);
int  keeper_key_read(const uint8_t file[KEEPER_FILE_BYTES], enum keeper_kind *kind, struct keeper_key *key);

/* ---- the directory ---- */

struct keeper_directory {
    int  fd;
    bool exclusive;
    char path[160]; /* for messages, cut where longer */
};

/* Open and lock it, with a clear refusal where it is not ours or others can read it. Waits for the lock. */
int  keeper_directory_open(const char *path, bool exclusive, struct keeper_directory *directory,
                           struct keeper_error *error);
void keeper_directory_close(struct keeper_directory *directory);

/* Read all keys. Each kind must have one, but PASS: a directory from before there were passes has none, and gets one
 * here where it is open exclusively. */
int keeper_directory_load(const struct keeper_directory *directory, struct keeper_ring *ring,
                          struct keeper_error *error);

/* Open the erasure list for appending and reading; a record that a power failure left half written is filled up. */
int keeper_directory_erasures(const struct keeper_directory *directory, int *fd, struct keeper_error *error);

/* Make a directory whole or not at all: the keys of a ring, and the records of an erasure list. It may exist only if it
 * is empty. */
int keeper_directory_make(const char *path, const struct keeper_ring *ring, const uint8_t *erasures,
                          size_t num_erasures, struct keeper_error *error);

/* A ring of one fresh key of each kind. */
int keeper_ring_fresh(struct keeper_ring *ring, int64_t now, struct keeper_error *error);

/* A new generation, on disk and in the ring. The directory is open exclusively. */
int keeper_directory_add(const struct keeper_directory *directory, struct keeper_ring *ring, enum keeper_kind kind,
                         int64_t now, struct keeper_error *error);

/* Destroy one, as keeper_destroy says. */
int keeper_directory_destroy(const struct keeper_directory *directory, struct keeper_ring *ring, enum keeper_kind kind,
                             uint32_t number, int64_t now, double backup_days, bool forced, struct keeper_error *error);

/* The newest recovery copy: a reminder for people, no more. */
struct keeper_copied {
    int64_t  made; /* INSTANT_MISSING = none was, or it is not known */
    uint32_t newest[KEEPER_NUM_KINDS];
};
#define KEEPER_COPIED_BYTES 36

void keeper_copied_write(const struct keeper_copied *copied, uint8_t file[KEEPER_COPIED_BYTES]);
bool keeper_copied_read(const uint8_t file[KEEPER_COPIED_BYTES], struct keeper_copied *copied);

struct keeper_copied keeper_directory_copied(const struct keeper_directory *directory);
/* The directory is open exclusively. */
int keeper_directory_note_copy(const struct keeper_directory *directory, const struct keeper_copied *copied,
                               struct keeper_error *error);

/* ---- records of the erasure list ---- */

void keeper_erasure_write(const struct keeper_erasure *erasure, uint8_t record[KEEPER_ERASURE_BYTES]);
bool keeper_erasure_read(const uint8_t record[KEEPER_ERASURE_BYTES], struct keeper_erasure *erasure);

/* ---- what this process must not leak ---- */

/* No core, no tracing by others of the same user, no new privileges. Before any key is read. */
int keeper_harden(struct keeper_error *error);

/* Set *error (where not NULL) and return status. */
int keeper_fail(struct keeper_error *error, int status, const char *format, ...) __attribute__((format(printf, 3, 4)));

const char *keeper_kind_word(enum keeper_kind kind);

#endif
