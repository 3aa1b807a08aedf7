/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/model/access.h: who may see and do what (DESIGN section 6): role × purpose × record → the highest class that may
 * be read and whether it may be written, from one table, access.def. Default deny: what the table does not say is
 * refused.
 *
 * The area decides which rows, or the facility: src/store applies the scope of the grant. Reads, lists, searches,
 * exports, live events and sums all ask here and nowhere else.
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
    X(SUPERVISOR, "supervisor")             /* heads a response: everything but identities, and who looked */          \
    X(ANALYST, "analyst")                   /* numbers, never identities */                                            \
    X(DATA_MANAGER, "data-manager")         /* mends records: data quality */                                          \
    X(CHECKPOINT_STAFF, "checkpoint-staff") /* check passes; no person's record */                                     \
    X(AUDITOR, "auditor")                   /* the audit trail and nothing else */                                     \
    X(ADMINISTRATOR, "administrator")       /* users and grants, never persons */                                      \
    X(PROGRAM, "program")                   /* Tocsin itself: jobs, detection */

enum access_purpose {
    ACCESS_NO_PURPOSE = 0,
#define X(name, word) ACCESS_##name,
    ACCESS_PURPOSES(X)
#undef X
        ACCESS_NUM_PURPOSES
};

enum access_role {
    ACCESS_NO_ROLE = 0,
#define X(name, word) ACCESS_##name,
    ACCESS_ROLES(X)
#undef X
        ACCESS_NUM_ROLES
};

/* The caller of one call: a user with one of their grants. Borrowed for the call. */
struct access {
    struct id           user;
    enum access_role    role;
    enum access_purpose purpose; /* ACCESS_NO_PURPOSE: no identity */
    const struct id    *areas;   /* the tops of the subtrees of the grant */
    size_t              num_areas;
    bool                everywhere; /* instead of areas: the whole tree */
    const struct id    *facilities; /* of the grant: what belongs to them (model.h: belongs_to), wherever it lies */
    size_t              num_facilities;
};

/* ---- what the table says ---- */

#define ACCESS_NOTHING (-1)

/* Does the grant reach no further than its facilities? Then there is nothing but reference data in records of which no
 * row belongs to a facility. */
bool access_is_of_facilities(const struct access *who);

/* Is the facility one of the grant's? A missing id is none. */
bool access_has_facility(const struct access *who, const struct id *facility);

/* The highest class that may be read of a record, enum model_class, or ACCESS_NOTHING. IDENTIFYING only where the
 * caller names a purpose that the table gives the role for this record; any other purpose, or none, leaves what the
 * role may read without. `who` NULL, or without a role: nothing. */
int access_highest(const struct access *who, const struct model_record *record);

/* The fields that may be read: those of that class and below. What is not in it is masked, and a row of a record of
 * which nothing may be read does not exist for the caller. */
struct model_set access_visible(const struct access *who, const struct model_record *record);

/* The fields that may be written; none = the record may not be created or changed. Writing needs no purpose: it tells
 * the caller nothing. Fields of rule WRITTEN are the program's own. */
struct model_set access_writable(const struct access *who, const struct model_record *record);
bool             access_may_write(const struct access *who, const struct model_record *record);
bool             access_may_erase(const struct access *who, const struct model_record *record);

/* May the field stand in a filter, a sort order, a search or the key of a sum? Only with the right to read it, never a
 * sealed one (IDENTIFYING: persons are found by find_person.h), and never a proxy of origin or belief. */
bool access_may_filter(const struct access *who, const struct model_record *record, const struct model_field *field);

/* May the field be a column of an export? Readable, not IDENTIFYING, no proxy. */
bool access_may_export(const struct access *who, const struct model_record *record, const struct model_field *field);

/* Does the field give away origin or belief (preferred language, birthplace)? Listed in access.def. */
bool access_is_proxy(const struct model_record *record, const struct model_field *field);

/* Has the caller named a purpose for which the role may read identities of this record? */
bool access_may_identify(const struct access *who, const struct model_record *record);

/* ---- words ---- */

const char *access_role_word(enum access_role role);          /* "epidemiologist"; "" = none */
const char *access_purpose_word(enum access_purpose purpose); /* "case-investigation"; "" = none */

/* The role or purpose of a word, or ACCESS_NO_ROLE, ACCESS_NO_PURPOSE. */
enum access_role    access_role_find(const char *word, size_t size);
enum access_purpose access_purpose_find(const char *word, size_t size);

#endif
