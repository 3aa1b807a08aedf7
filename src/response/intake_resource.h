/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/intake_resource.h: resources that a sender creates, and whether it has created them before: what conditional
 * create asks (FHIR's ifNoneExist).
 *
 * Looked at is what the same sender has created by a transaction, a batch or by itself in the last 30 days, as long as
 * the bytes are kept; nobody else's, and no record: an answer tells a sender nothing that it has not sent itself.
 * Decided inside the writer's group, in the transaction that keeps the message, so that of two that come at once one is
 * the first.
 *
 *     wish               there before   status   then
 *     create             whatever       201      created
 *     create if none     0              201      created
 *                        1              200      left out: what stands there is meant
 *                        more           412      left out; of a transaction: the whole is rejected
 *     update             0              201      created
 *                        1              200      read as news of it
 *                        more           412      as above
 */
#ifndef RESPONSE_INTAKE_RESOURCE_H
#define RESPONSE_INTAKE_RESOURCE_H

#include <stddef.h>
#include <stdint.h>

#include "formats/report.h"

enum intake_wish {
    INTAKE_CREATE,
    INTAKE_CREATE_IF_NONE,
    INTAKE_UPDATE,
    INTAKE_REFUSED /* the door has: its status stands, and it is left out */
};

/* A name: of an identifier, or system "_id" and the resource's id. A system whose bytes are NULL: any; one of no
 * length: none. */
struct intake_name {
    struct report_text type, system, value;
};

struct intake_resource {
    uint32_t                  position; /* of the entry */
    enum intake_wish          wish;
    struct intake_name        asked; /* of INTAKE_CREATE_IF_NONE and INTAKE_UPDATE */
    const struct intake_name *names; /* by which it can be asked for, once it is created */
    size_t                    num_names;
    unsigned                  status; /* out; of INTAKE_REFUSED in */
};

#endif
