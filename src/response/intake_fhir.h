/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/intake_fhir.h: a FHIR transmission at a door: read, what its entries ask for, taken in, answered.
 *
 *     intake_fhir_read     the report, and of a transaction, a batch or a single resource what it creates
 *     intake_fhir_arrival  for intake_take
 *     intake_fhir_answer   the answer and its HTTP status
 *
 * What a transaction or batch may ask for: POST, perhaps with ifNoneExist, and PUT (by id, or by condition). A
 * condition names one identifier: identifier=system|value, identifier=|value, identifier=value. All other requests are
 * faults at their place; they cost the entry, in a transaction everything.
 *
 * Positive answers say that the bytes are kept (201, 200); where the sender is of no known feed, 202: kept for a person
 * to decide. What the records become follows (intake_work.h).
 */
#ifndef RESPONSE_INTAKE_FHIR_H
#define RESPONSE_INTAKE_FHIR_H

#include "base/json_writer.h"
#include "formats/fhir/fhir.h"
#include "formats/fhir/outcome.h"
#include "response/intake_door.h"
#include "response/intake_format.h"

/* ---- limits: one past costs the entry, in a transaction everything ---- */
#define INTAKE_FHIR_MAX_CONDITIONS 200 /* of one transmission: each is looked up while the writer waits */
#define INTAKE_FHIR_MAX_IDENTIFIERS 50 /* of one resource */
#define INTAKE_FHIR_MAX_NAMES 20000    /* of one transmission; an identifier is two: with its system and without */

enum intake_fhir_place {
    INTAKE_FHIR_ANY,     /* of a file: whatever can be read */
    INTAKE_FHIR_BASE,    /* any bundle that can be read */
    INTAKE_FHIR_MESSAGE, /* $process-message: a message */
    INTAKE_FHIR_BUNDLE,  /* Bundle: a document, a collection or a message, as it is */
    INTAKE_FHIR_TYPE     /* one resource of the type */
};

struct intake_fhir_call {
    enum intake_fhir_place place;
    const char            *type;          /* of INTAKE_FHIR_TYPE */
    const char            *if_none_exist; /* of INTAKE_FHIR_TYPE: a condition; NULL = none */
};

/* A zeroed struct is empty. Lies in the arena of the reading, but for the document's tree. */
struct intake_fhir {
    struct intake_read      read;
    struct fhir_document    document;
    struct intake_resource *resources;
    size_t                  num_resources;
    struct fhir_answer     *answers;   /* internal: room for one a resource */
    int                     status;    /* of reading */
    bool                    misplaced; /* right, but at the wrong address: it is answered and not taken in */
};

/* Returns 0, BASE_ERR_INPUT (it is to be rejected; read.report says why), TOC_ERR_NO_MEMORY. */
int  intake_fhir_read(const struct intake_reading *reading, const struct intake_fhir_call *call,
                      struct intake_fhir *fhir);
void intake_fhir_free(struct intake_fhir *fhir);

/* Channel, format, feed, report, bytes and resources; the rest is the caller's. */
struct intake_arrival intake_fhir_arrival(const struct intake_fhir *fhir, const struct intake_reading *reading,
                                          const char *channel);

/* The answer to one that was taken in, or was misplaced (receipt NULL). Returns the HTTP status. */
unsigned intake_fhir_answer(const struct intake_fhir *fhir, const struct intake_fhir_call *call,
                            const struct intake_receipt *receipt, struct json_writer *json);

#endif
