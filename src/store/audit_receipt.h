/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/audit_receipt.h: the head of the audit chain as one signed line, to be kept elsewhere: in the journal, at
 * the receiving node, on paper. Whoever holds a line can prove that nothing before it was changed since.
 *
 *     tocsin-audit-1 NUMBER INSTANT HASH GENERATION PUBLIC-KEY SIGNATURE
 *     tocsin-audit-1 1041 2026-11-22T02:00:00.000000Z 9f0c… 1 5b21… 77aa…
 *
 * Hash, key and signature in hexadecimal digits. The signature (Ed25519, keeper.h) is of audit_head_write's bytes.
 */
#ifndef STORE_AUDIT_RECEIPT_H
#define STORE_AUDIT_RECEIPT_H

#include "store/audit.h"
#include "store/keeper.h"

struct audit_receipt {
    struct audit_head       head;
    uint8_t                 public_key[KEEPER_PUBLIC_BYTES];
    struct keeper_signature signature;
};

#define AUDIT_RECEIPT_BYTES 420 /* the longest line, with its end mark */

/* Sign a head with the keeper's newest key. Returns 0 or keeper_status. */
int audit_receipt_make(struct keeper *keeper, const struct audit_head *head, struct audit_receipt *receipt,
                       struct keeper_error *error);

size_t audit_receipt_to_text(const struct audit_receipt *receipt, char text[AUDIT_RECEIPT_BYTES]);

/* Read a line (without its end). Returns 0, or BASE_ERR_INPUT for what is no receipt; receipt untouched then. */
int audit_receipt_from_text(const char *text, size_t size, struct audit_receipt *receipt);

/* Is the signature good for the head and the key in it? Returns 0 or SEAL_ERR_FORGED. Whether the key is this node's is
 * another question: keeper_public_key. */
int audit_receipt_check(const struct audit_receipt *receipt);

#endif
