/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/server/pass_pull.h: a node fetches the lists that passes are checked with by itself (its settings pass_pull,
 * pass_pull_rules), into the folder and file that it checks with (pass_trust, pass_rules):
 *
 *     ADDRESS/trust.json                            signers; needed
 *     ADDRESS/cards.json                            SMART issuers, keys and lists, where there is such a file
 *     ADDRESS/revocation/lists.json                 and, where there are lists, for each key
 *     ADDRESS/revocation/KID/partitions.json        its parts and
 *     ADDRESS/revocation/KID/ID/CHUNK/HASH          its slices; those that are here already are not asked for again
 *
 * as `tocsin issue publish` and a node that issues (pass_desk.h) give them. Whole editions take the place of the one
 * before, and only those in which all can be read and that bear the signature of trust.pem or cards.pem where such a
 * file lies in the folder. Where anything fails everything stays as it is, and its age grows on the screen. What is
 * asked for is the same for every node and says nothing of anybody who is checked. https alone (outgoing.h).
 */
#ifndef SERVER_PASS_PULL_H
#define SERVER_PASS_PULL_H

#include "base/arena.h"
#include "base/fault.h"
#include "server/log.h"
#include "store/node_settings.h"

#define PASS_PULL_SECONDS 3600      /* between two rounds */
#define PASS_PULL_AGAIN_SECONDS 300 /* after one that failed */
#define PASS_PULL_FILE_BYTES ((size_t) 16 << 20)
#define PASS_PULL_ALL_BYTES ((size_t) 256 << 20)
#define PASS_PULL_MOST_KEYS 1000
#define PASS_PULL_MOST_FILES 20000

/* Who fetches: 0 with body in the arena and the answer's status; else a status with the reason in faults. */
struct pass_fetch {
    int (*get)(void *context, const char *url, size_t most, struct arena *arena, int *status, const char **body,
               size_t *size, struct fault_list *faults);
    void *context;
};

struct pass_pulled {
    size_t files; /* fetched */
    size_t kept;  /* slices that were here already */
};

/* One round. 0; BASE_ERR_INPUT, BASE_ERR_SYSTEM or TOC_ERR_* with faults: nothing has changed, or, where the rules
 * alone failed, nothing of them. */
int pass_pull_round(const struct node_settings *settings, const struct pass_fetch *fetch, struct pass_pulled *pulled,
                    struct fault_list *faults);

struct pass_pull;

/* Begin to fetch, in a thread of its own; *pull is NULL where the settings name no address. BASE_ERR_INPUT: an address
 * that is not asked, or no folder to put it into. settings and log are borrowed. */
int  pass_pull_start(const struct node_settings *settings, struct log *log, struct pass_pull **pull,
                     struct fault_list *faults);
void pass_pull_stop(struct pass_pull *pull); /* NULL is fine */

#endif
