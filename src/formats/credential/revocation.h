/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/credential/revocation.h: revoked passes of the EU's network, by hashes that name nobody.
 *
 * An entry is the first 16 bytes of the SHA-256 of the pass's identifier (UCI), of its country and identifier
 * (COUNTRYCODEUCI), or of its signature (SIGNATURE: of an ES256 signature its first half, as the second can be
 * negated). A list belongs to a kid and says which of these it holds. It is cut into partitions by the first
 * hexadecimal digits of an entry (mode POINT: none; VECTOR: x; COORDINATE: x and y), a partition into chunks by the
 * next digit, and a chunk into slices, each of which ends at a time of its own.
 *
 * A slice is a Bloom filter or a list of prefixes ("variable hash list"), both big-endian:
 *   Bloom:    i16 version, i8 number of hashes k, i8 kind of hash, f32 p, i32 n, i32 current, i32 words, the words;
 *             bit i of an entry: SHA-256(entry, i) as a signed number, modulo the bits, bit 0 being the first of word 0
 *   prefixes: i16 version, f32 p, i32 n, i8 size, then prefixes of that size (sorted as signed numbers by one writer,
 *             as bytes by another)
 * A Bloom filter can name a pass that was not revoked, with probability p; lists are made with p = 1e-12.
 *
 * Looking allocates nothing and any number of threads may look at once.
 */
#ifndef FORMATS_CREDENTIAL_REVOCATION_H
#define FORMATS_CREDENTIAL_REVOCATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "formats/credential/key.h"
#include "tocsin/status.h"

#define CREDENTIAL_ENTRY_BYTES 16
#define CREDENTIAL_SLICE_BYTES ((size_t) 256 << 20) /* the largest slice that is read */
#define CREDENTIAL_BLOOM_HASHES 127                 /* the most that a filter may ask for */

enum credential_entry { CREDENTIAL_UCI, CREDENTIAL_COUNTRY_UCI, CREDENTIAL_SIGNATURE, CREDENTIAL_NUM_ENTRIES };

enum credential_slice_kind { CREDENTIAL_BLOOM, CREDENTIAL_PREFIXES };

/* A slice that was read. It points into the bytes given, which must live as long; prefixes are sorted in them. */
struct credential_slice {
    enum credential_slice_kind kind;
    const uint8_t             *body;
    size_t                     num;     /* words of a filter, prefixes of a list */
    uint8_t                    hashes;  /* of a filter */
    uint8_t                    size;    /* of a prefix */
    int64_t                    expires; /* seconds; INT64_MAX = never */
};

/* Returns 0, or BASE_ERR_INPUT with what is wrong: lengths that do not fit, or no hashes. */
int credential_slice_read(enum credential_slice_kind kind, uint8_t *bytes, size_t size, struct credential_slice *slice,
                          struct toc_error *error);

/* Is the entry in the slice? checker: the thread's own, for the hashes of a filter. */
bool credential_slice_holds(const struct credential_slice *slice, struct credential_checker *checker,
                            const uint8_t entry[CREDENTIAL_ENTRY_BYTES]);

/* The i-th bit of an entry in a filter of so many bits. False where the machine cannot hash. */
bool credential_bloom_bit(struct credential_checker *checker, const uint8_t entry[CREDENTIAL_ENTRY_BYTES], uint8_t i,
                          uint32_t bits, uint32_t *bit);

/* ---- lists ---- */

enum credential_partition_mode { CREDENTIAL_POINT, CREDENTIAL_VECTOR, CREDENTIAL_COORDINATE };

struct credential_revocation;

struct credential_revocation *credential_revocation_new(void);
void                          credential_revocation_free(struct credential_revocation *revocation);

/* Declare the list of a kid. entries: bits, 1 << enum credential_entry. dated, expires: seconds. A kid declared again
 * is refused. Returns 0, BASE_ERR_INPUT or TOC_ERR_NO_MEMORY. */
int credential_revocation_declare(struct credential_revocation *revocation, const uint8_t kid[CREDENTIAL_KID_BYTES],
                                  enum credential_partition_mode mode, unsigned entries, int64_t dated,
                                  int64_t expires);

/* Add a slice to a declared kid. x, y: the digits of the partition (as the mode asks; else not looked at); chunk: the
 * digit of the chunk. The bytes are copied. Returns 0, BASE_ERR_INPUT (error says why) or TOC_ERR_NO_MEMORY. */
int credential_revocation_add(struct credential_revocation *revocation, const uint8_t kid[CREDENTIAL_KID_BYTES],
                              unsigned x, unsigned y, unsigned chunk, enum credential_slice_kind kind,
                              const uint8_t *bytes, size_t size, int64_t expires, struct toc_error *error);

/* ---- as the EU's distribution service gives them ---- */

/* Read the body of /lists: [{"kid", "mode", "hashTypes", "lastUpdated", "expires"}, …]. Returns 0, BASE_ERR_INPUT with
 * faults (the lists without one are declared all the same), or TOC_ERR_NO_MEMORY. */
int credential_revocation_lists(struct credential_revocation *revocation, const char *name, const char *bytes,
                                size_t size, struct fault_list *faults);

/* Read the body of /lists/KID/partitions: [{"id", "x", "y", "chunks": {"a": {EXPIRES: {"type", "hash"}}}}, …], and
 * every slice that it names. find: the bytes of the slice named `hash` of a partition's chunk; NULL where there is
 * none, which is a fault, as a pass that it would name is then not known to be revoked. Returns as above. */
struct credential_slice_source {
    const uint8_t *(*find)(void *context, const char *id, const char *chunk, const char *hash, size_t *size);
    void *context;
};
int credential_revocation_partitions(struct credential_revocation *revocation, const char *name,
                                     const uint8_t kid[CREDENTIAL_KID_BYTES], const char *bytes, size_t size,
                                     const struct credential_slice_source *source, struct fault_list *faults);

/* Eight bytes as base64 or base64url, with or without = at the end. Returns 0 or BASE_ERR_INPUT. */
int credential_kid_from_text(const char *text, size_t size, uint8_t kid[CREDENTIAL_KID_BYTES]);

/* The kids declared: NULL behind the last. */
const uint8_t *credential_revocation_kid(const struct credential_revocation *revocation, size_t index);

/* A list and its slices, for whoever hands them on (device.h). False behind the last. The bytes read as they were
 * given, but that prefixes stand sorted. */
struct credential_revocation_list {
    const uint8_t                 *kid;
    enum credential_partition_mode mode;
    unsigned                       entries; /* bits */
    int64_t                        dated, expires;
};
struct credential_revocation_slice {
    unsigned                   x, y, chunk;
    enum credential_slice_kind kind;
    int64_t                    expires;
    const uint8_t             *bytes;
    size_t                     size;
};
bool credential_revocation_list_at(const struct credential_revocation *revocation, size_t index,
                                   struct credential_revocation_list *list);
bool credential_revocation_slice_at(const struct credential_revocation *revocation, size_t index, size_t slice,
                                    struct credential_revocation_slice *found);

/* What a pass may stand in a list as. */
struct credential_entries {
    uint8_t  of[CREDENTIAL_NUM_ENTRIES][CREDENTIAL_ENTRY_BYTES];
    unsigned has; /* bits, 1 << enum credential_entry: those that are set */
};

/* Is one of these entries in a list of the kid at this time? */
bool credential_revocation_holds(const struct credential_revocation *revocation, struct credential_checker *checker,
                                 const uint8_t kid[CREDENTIAL_KID_BYTES], const struct credential_entries *entries,
                                 int64_t now);

/* When the list of this kid was made; CREDENTIAL_NO_TIME (trust.h) where there is none. `stale`: it has expired. */
int64_t credential_revocation_dated(const struct credential_revocation *revocation,
                                    const uint8_t kid[CREDENTIAL_KID_BYTES], int64_t now, bool *stale);

#endif
