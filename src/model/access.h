/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/model/access.h: who may see and do what (DESIGN section 6): role × purpose × record → the highest class that may
 * be read and whether it may be written, from one table, access.def. Default deny: what the table does not say is
 * refused.
 *
 * The area decides which rows: src/store applies the scope of the grant. Reads, lists, searches, exports, live events
 * and sums all ask here and nowhere else.
 */
#ifndef MODEL_ACCESS_H
#define MODEL_ACCESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/id.h"
#include "model/model.h"

/* The closed list of purposes. A caller names one with each reading of identity. */
#define ACCESS_PURPOSES(X)                                                                                             \
    X(CASE_INVESTIGATION, "case-investigation")                                                                        \
    X(CONTACT_FOLLOW_UP, "contact-follow-up")                                                                          \
    X(LABORATORY, "laboratory")                                                                                        \
    X(CARE, "care")                                                                                                    \
    X(HELP_AND_SUPPLY, "help-and-supply")                                                                              \
    X(ORDERS_AND_APPEALS, "orders-and-appeals")                                                                        \
    X(DATA_QUALITY, "data-quality")                                                                                    \
    X(AUDIT, "audit")                                                                                                  \
    X(OWN_REQUEST, "own-request")

#define ACCESS_ROLES(X)                                                                                                \
    X(EPIDEMIOLOGIST, "epidemiologist") /* investigates in their areas */                                              \
    X(TRACER, "tracer")                 /* follows contacts up */                                                      \
    X(LABORATORY_STAFF, "laboratory-staff")                                                                            \
    X(CLINICIAN, "clinician")                                                                                          \
    X(SUPERVISOR, "supervisor")       /* heads a response: everything but identities, and who looked */                \
    X(ANALYST, "analyst")             /* numbers, never identities */                                                  \
    X(DATA_MANAGER, "data-manager")   /* mends records: data quality */                                                \
    X(AUDITOR, "auditor")             /* the audit trail and nothing else */                                           \
    X(ADMINISTRATOR, "administrator") /* users and grants, never persons */                                            \
    X(PROGRAM, "program")             /* Tocsin itself: jobs, detection */

enum access_purpose {
    ACCESS_NO_PURPOSE = 0,
#define X(name, word) ACCESS_##name,
    ACCESS_PURPOSES(X)
#undef X
};

enum access_role {
    ACCESS_NO_ROLE = 0,
#define X(name, word) ACCESS_##name,
    ACCESS_ROLES(X)
#undef X
};

/* The caller of one call: a user with one of their grants. Borrowed for the call. */
struct access {
    struct id           user;
    enum access_role    role;
    enum access_purpose purpose; /* ACCESS_NO_PURPOSE: no identity */
    const struct id    *areas;   /* the tops of the subtrees of the grant */
    size_t              num_areas;
    bool                everywhere; /* instead of areas: the whole tree */
};

#endif
