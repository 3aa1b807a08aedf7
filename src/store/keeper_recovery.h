/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/keeper_recovery.h: the recovery copy: all node keys and the erasure list in one file, sealed under a code
 * that is shown once, for the day on which the key directory is lost.
 *
 * The code is 256 random bits. No slow password hash (argon2id) stands before it: that makes guessing dear where a
 * person chose the secret, and 2^256 codes cannot be tried at any price; its only effect here would be one more thing
 * that must still exist when the copy is opened.
 *
 * As people write it: 13 groups of five letters and digits, the last of each group a check of the four before it and of
 * the group's place:
 *
 *     7ZC4K-0QF2M-…
 *
 * Crockford's base 32: no I, L, O or U; read in either case, O as 0, I and L as 1, blanks and hyphens as one likes. A
 * mistyped character, two swapped ones or two swapped groups are noticed and the group is named.
 */
#ifndef STORE_KEEPER_RECOVERY_H
#define STORE_KEEPER_RECOVERY_H

#include <stddef.h>
#include <stdint.h>

#include "store/keeper_files.h"

#define KEEPER_CODE_BYTES 32
#define KEEPER_CODE_GROUPS 13
#define KEEPER_CODE_TEXT_BYTES (KEEPER_CODE_GROUPS * 6) /* with hyphens and the end */
#define KEEPER_CODE_MAX_TYPED 400                       /* of a code as somebody typed it */

struct keeper_code {
    uint8_t bytes[KEEPER_CODE_BYTES];
};

void keeper_code_to_text(const struct keeper_code *code, char text[KEEPER_CODE_TEXT_BYTES]);

/* Read a code as typed. Returns 0, or BASE_ERR_INPUT with a sentence that names the group but shows no character. */
int keeper_code_from_text(const char *text, size_t size, struct keeper_code *code, struct keeper_error *error);

/* ---- the file ---- */

#define KEEPER_MAX_RECOVERY_ERASURES 2000000

/* What a copy holds. */
struct keeper_copy {
    int64_t             made; /* an instant */
    struct keeper_ring *ring;
    uint8_t            *erasures; /* records */
    size_t              num_erasures;
};

void keeper_copy_free(struct keeper_copy *copy); /* clears; a zeroed one is fine */

/* Write a copy of the keys in a ring to a file that must not exist yet (mode 0600), under a fresh code. The file is on
 * disk and has been opened again with the code before this returns 0; where it fails no file is left. */
int keeper_copy_write(const char *path, const struct keeper_ring *ring, const uint8_t *erasures, size_t num_erasures,
                      int64_t now, struct keeper_code *code, struct keeper_error *error);

/* Open one. Returns 0, BASE_ERR_SYSTEM, TOC_ERR_NO_MEMORY, KEEPER_ERR_KEYS (no recovery copy, or torn), or
 * SEAL_ERR_FORGED (the code is another one's, or the file was altered). */
int keeper_copy_read(const char *path, const struct keeper_code *code, struct keeper_copy *copy,
                     struct keeper_error *error);

/* How a copy compares with the keys in use. */
struct keeper_comparison {
    size_t num_equal;
    size_t num_different; /* the same generation, another key: this copy is of another node */
    size_t num_newer;     /* in use and not in the copy: lost with the directory */
    size_t num_destroyed; /* in the copy and not in use: what was erased can still be read with it */
};

struct keeper_comparison keeper_copy_compare(const struct keeper_copy *copy, const struct keeper_ring *ring);

#endif
