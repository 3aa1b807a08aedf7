/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/server/pass_desk.h: where a server issues health passes (its settings pass_issuer, pass_smart), and what it
 * publishes for everybody who verifies them: the signer's certificates, its keys as a JSON Web Key Set, and who was
 * withdrawn.
 *
 * The folder is one that `tocsin issue signer --node` made: the key is the keeper's. It is read again when it has
 * changed. What is published names nobody, and is made anew at most every PASS_DESK_SECONDS.
 */
#ifndef SERVER_PASS_DESK_H
#define SERVER_PASS_DESK_H

#include "base/sink.h"
#include "response/pass_signer.h"
#include "store/node.h"

#define PASS_DESK_SECONDS 60
#define PASS_DESK_LIST_DAYS 14 /* a list is to be fetched again before that */

struct pass_desk;

/* *desk is NULL where the settings name none. BASE_ERR_INPUT or BASE_ERR_SYSTEM with faults where the folder cannot be
 * read or is not of this node's key. The node is borrowed. */
int  pass_desk_new(const struct node *node, struct pass_desk **desk, struct fault_list *faults);
void pass_desk_free(struct pass_desk *desk); /* NULL is fine */

/* Whoever issues, one at a time, to be given back. NULL: the folder can no longer be read. */
struct credential_maker *pass_desk_take(struct pass_desk *desk);
void                     pass_desk_give(struct pass_desk *desk);

/* The address of its SMART cards, or NULL. */
const char *pass_desk_smart(const struct pass_desk *desk);

/* A published file by its path: "trust.json", "jwks.json", "revocation/lists.json", "revocation/KID/partitions.json",
 * "revocation/KID/null/CHUNK/HASH", "crl/KID.json". 0, STORE_ERR_ABSENT, TOC_ERR_NO_MEMORY or db_status. */
int pass_desk_file(struct pass_desk *desk, struct store_reader *reader, int64_t now, const char *path,
                   struct sink *sink);

#endif
