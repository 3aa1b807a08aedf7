/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/sealed_fields.h: the identifying fields of a record as one text, and that text sealed (seal.h).
 *
 * The plain text names its fields, so it can be read after fields have come and gone, and is padded to whole
 * SEALED_FIELDS_BLOCK bytes, so that its length tells little. It is bound to the record's name and id: purpose
 * "fields".
 */
#ifndef STORE_SEALED_FIELDS_H
#define STORE_SEALED_FIELDS_H

#include "base/arena.h"
#include "model/model.h"
#include "store/seal.h"

#define SEALED_FIELDS_BLOCK 64

/* Seal the identifying fields of a record's struct (its head.id must be set). *sealed: in arena; bytes NULL where all
 * of them are missing. The plain text is cleared. Returns 0 or TOC_ERR_NO_MEMORY. */
int sealed_fields_seal(const struct seal_key *key, const struct model_record *record, const void *value,
                       struct arena *arena, struct model_text *sealed);

/* Set the identifying fields of the struct from what was sealed; texts stand in arena, which whoever holds it wipes.
 * Fields that the record no longer has are passed over. Nothing sealed: nothing is set. Returns 0, SEAL_ERR_FORGED or
 * TOC_ERR_NO_MEMORY; DB_ERR_CORRUPT where it opens and makes no sense. */
int sealed_fields_open(const struct seal_key *key, const struct model_record *record, struct model_text sealed,
                       struct arena *arena, void *value);

#endif
