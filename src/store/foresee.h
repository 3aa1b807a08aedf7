/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/foresee.h: what a request that decides within the writer's group is going to look up.
 *
 * A group asks the database for what all of its requests foresee at once, in few queries; what is not there then needs
 * no question when each of them decides. To foresee changes nothing of what is found: what was not foreseen, what is
 * there, and what the group itself has made is looked up as ever. */
#ifndef STORE_FORESEE_H
#define STORE_FORESEE_H

#include "model/model.h"
#include "store/meant_person.h"
#include "store/store.h"

/* Of the group that is about to begin; failures are kept in it. */
struct store_foresight;

/* As for store_rows_by. Keys of more than 200 bytes are left out. */
void store_foresee_rows(struct store_foresight *foresight, const struct model_record *record, const char *name,
                        const struct model_text *keys, size_t num_keys);
/* As for store_meant_persons. */
void store_foresee_persons(struct store_foresight *foresight, const struct meant_tokens *tokens);
/* A record that is read by its id, changed or erased. */
void store_foresee_record(struct store_foresight *foresight, const struct model_record *record, const struct id *id);

#endif
