/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/credential/revoke.h: revoking passes: what an issuer keeps of those it withdrew, and the lists it makes
 * of that for everyone who verifies (revocation.h, trust.h).
 *
 * Kept and published are hashes and random numbers, which name nobody: of an HC1 the hash of its signature (or of its
 * identifier, where the pass itself is not at hand), of a SMART card its rid. An entry is forgotten once its pass has
 * expired anyway.
 */
#ifndef FORMATS_CREDENTIAL_REVOKE_H
#define FORMATS_CREDENTIAL_REVOKE_H

#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/sink.h"
#include "formats/credential/credential.h"

/* ---- slices ---- */

#define CREDENTIAL_PREFIX_BYTES 8 /* of our lists: one pass in 10^12 is named wrongly where a million are revoked */
#define CREDENTIAL_BLOOM_RATE 1e-12

/* Write entries (CREDENTIAL_ENTRY_BYTES each, one behind the other) as a Bloom filter, or as a list of prefixes of so
 * many bytes (1 … 16, sorted). Filters are as large as the reference writer makes them: bits = ceil(-n ln p / (ln 2)²),
 * bytes = bits / 8 + 1, words = bytes / 4 + bytes % 4, hashes = round(32 words ln 2 / n), at most 127. num ≥ 1. Returns
 * 0 or TOC_ERR_NO_MEMORY. */
int credential_bloom_write(const uint8_t *entries, size_t num, float rate, struct credential_checker *checker,
                           struct sink *sink);
int credential_prefixes_write(const uint8_t *entries, size_t num, uint8_t width, float rate, struct sink *sink);

/* ---- what an issuer keeps ---- */

#define CREDENTIAL_REVOKED_MOST ((size_t) 1000000) /* at once, of one issuer */
#define CREDENTIAL_RID CREDENTIAL_NUM_ENTRIES      /* the kind of a SMART card's */

struct credential_revoked_entry {
    uint8_t kid[CREDENTIAL_KID_MOST];
    uint8_t kid_size;
    uint8_t kind; /* enum credential_entry, or CREDENTIAL_RID */
    uint8_t size; /* CREDENTIAL_ENTRY_BYTES, or the rid's characters */
    uint8_t entry[CREDENTIAL_RID_MOST];
    int64_t expires; /* seconds; INT64_MAX = never */
};

/* Sorted by kid, kind and entry, each once. A zeroed one is empty. */
struct credential_revoked_set {
    struct credential_revoked_entry *of;
    size_t                           num, max;
};
void credential_revoked_free(struct credential_revoked_set *set);

/* Returns 0 (also where it stood there), TOC_ERR_TOO_LARGE or TOC_ERR_NO_MEMORY. */
int credential_revoked_add(struct credential_revoked_set *set, const struct credential_revoked_entry *one);

/* The entry of a pass that was scanned with revocation lists at hand (even none): its signature must hold. Returns 0;
 * BASE_ERR_INPUT where nothing of it can be revoked: a SMART card without rid. */
int credential_revoked_of(const struct credential_answer *answer, struct credential_revoked_entry *one);

/* As lines: kid in hexadecimal digits (of a SMART key its characters), kind, entry, end; tabs between. Reading adds.
 * Returns 0, BASE_ERR_INPUT with a fault a line, TOC_ERR_TOO_LARGE or TOC_ERR_NO_MEMORY. */
int  credential_revoked_read(struct credential_revoked_set *set, const char *name, const char *bytes, size_t size,
                             struct fault_list *faults);
void credential_revoked_write(const struct credential_revoked_set *set, int64_t now, struct sink *sink);

/* ---- what is published ---- */

/* The answer of /lists: every kid of these, {"kid", "mode": "POINT", "hashTypes", "lastUpdated", "expires"}. */
void credential_revoked_lists(const uint8_t *kids, size_t num, int64_t now, int64_t expires, struct sink *sink);

/* One kid's answer of /lists/KID/partitions, with each of its slices handed out first: one a chunk, the first digit of
 * its entries. name: the SHA-256 of the slice, hexadecimal. Returns 0, what `take` answered, or TOC_ERR_NO_MEMORY. */
struct credential_slice_writer {
    int (*take)(void *context, unsigned chunk, const char *name, const char *bytes, size_t size);
    void *context;
};
int credential_revoked_partitions(const struct credential_revoked_set *set, const uint8_t kid[CREDENTIAL_KID_BYTES],
                                  enum credential_slice_kind kind, int64_t now,
                                  const struct credential_slice_writer *writer, struct credential_checker *checker,
                                  struct sink *sink);

/* A SMART key's list, {"kid", "method": "rid", "ctr", "rids"}; its counter is how many there are, as none is ever taken
 * off. Returns the counter; 0: there is nothing to write, and nothing was. */
size_t credential_revoked_crl(const struct credential_revoked_set *set, const char *kid, size_t kid_size,
                              struct sink *sink);

#endif
