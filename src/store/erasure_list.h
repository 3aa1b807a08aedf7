/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/erasure_list.h: who was erased, as a list that travels: beside the backups lies a copy of the list that the
 * keeper has beside the keys, so that a restore on a new machine, with an older recovery copy of the keys, forgets them
 * again too. Ids and instants, no name and no key:
 *
 *     tocsin-erasures-1
 *     01932b0c-5e8a-7000-8000-0000000000a1 2026-11-22T02:00:00.000000Z
 *     …
 *     signed GENERATION SIGNATURE
 *
 * sorted by id, each once. The keeper's signature, in hexadecimal digits, is of all that stands before its line: nobody
 * who writes to the place of the backups can leave somebody out of the list or put somebody on it.
 */
#ifndef STORE_ERASURE_LIST_H
#define STORE_ERASURE_LIST_H

#include "store/keeper.h"

#define ERASURE_LIST_FILE "tocsin.erasures"
#define ERASURE_LIST_MOST_BYTES ((size_t) 256 << 20) /* of the file: four million persons */

/* Zeroed: empty. */
struct erasure_list {
    struct keeper_erasure *entries; /* free() */
    size_t                 num, room;
};
void erasure_list_free(struct erasure_list *list);

/* Add one; erasure_list_sort afterwards, which leaves each person once, with the first instant. */
int  erasure_list_add(struct erasure_list *list, const struct keeper_erasure *erasure);
void erasure_list_sort(struct erasure_list *list);

/* The keeper's whole list, sorted. damaged: as keeper_erasures. */
int erasure_list_of_keeper(struct keeper *keeper, struct erasure_list *list, uint64_t *damaged,
                           struct keeper_error *error);

/* Put on the keeper's list who is on this one and not on that. *taken: how many. */
int erasure_list_give(struct keeper *keeper, const struct erasure_list *list, size_t *taken,
                      struct keeper_error *error);

/* ---- as a file ---- */

/* The signature that stands in a file, and the part that it is of. */
struct erasure_seal {
    struct keeper_signature signature;
    size_t                  size; /* of what it is of: the file's first bytes */
};

/* Read the text of a file; says nothing of who wrote it. Returns 0; BASE_ERR_INPUT: no such list; TOC_ERR_NO_MEMORY.
 * Outputs are untouched on failure. */
int erasure_list_parse(const char *text, size_t size, struct erasure_list *list, struct erasure_seal *seal);

/* Read a file and prove that this node's keeper has signed it. A file that is not there is an empty list. Returns 0,
 * BASE_ERR_INPUT (no such list, changed, or another node's), BASE_ERR_SYSTEM or keeper_status with the reason in error.
 */
int erasure_list_read(const char *path, struct keeper *keeper, struct erasure_list *list, bool *found,
                      struct keeper_error *error);

/* The keeper's list and the file in `directory` are to say the same: who is on one of them alone is put on the other.
 * The file is written beside, synced and renamed. *written: it was not as it should be. A file that is not this node's
 * is left as it is: BASE_ERR_INPUT. */
int erasure_list_keep(const char *directory, struct keeper *keeper, bool *written, struct keeper_error *error);

#endif
