/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/fhir/parts.h: what the files of this folder share; for them alone. */
#ifndef FORMATS_FHIR_PARTS_H
#define FORMATS_FHIR_PARTS_H

#include "base/text.h"
#include "formats/fhir/fhir.h"
#include "formats/meaning.h"

/* One step of a path; the names are of the definitions, or of the bytes. */
struct fhir_step {
    const char *name;
    uint32_t    length;
    uint32_t    index; /* REPORT_NONE = not in an array */
};

struct fhir_context {
    struct report             *report;
    const struct fhir_options *options;
    struct meaning_source      source;
    struct fhir_document      *document;
    struct fhir_step           steps[2 * FHIR_MAX_DEPTH + 8];
    uint32_t                   num_steps;
    uint32_t                   entry;           /* that is being checked; REPORT_NONE = the bundle itself */
    uint32_t                   top;             /* the same, but what holds it where it is contained */
    bool                       resource_tested; /* a mark says that a resource is for testing */
    uint32_t                   first_of_order;  /* results of the order or panel that is being mapped */
    bool                       in_report;       /* its results are being mapped */
    uint64_t                   denied_end;      /* of the last denied range */
};

/* ---- faults ---- */

/* A fault at the path as it stands, with one more name behind it ("" = none). The severity of REPORT_ERROR becomes
 * fatal where one fault refuses everything. */
void fhir_fault(struct fhir_context *context, const struct value *at, const char *name, enum report_severity severity,
                enum report_rule rule, const char *what, const char *allowed);

void               fhir_push(struct fhir_context *context, const char *name, size_t length, uint32_t index);
static inline void fhir_pop(struct fhir_context *context)
{
    context->num_steps--;
}

/* A fault of an entry, after its check; `path` within the resource ("subject"). */
void fhir_entry_fault(struct fhir_context *context, uint32_t entry, const struct value *at, const char *path,
                      enum report_severity severity, enum report_rule rule, const char *what, const char *allowed);

/* ---- checking ---- */

/* validate.c: the object against its type, and all it holds. */
void fhir_check_resource(struct fhir_context *context, const struct value *resource, uint16_t expected);

/* bundle.c: this resource is checked now: find or make its entry. */
void fhir_enter(struct fhir_context *context, const struct value *resource, uint16_t type);

/* references.c: may a Reference lead to what it names? */
void fhir_check_target(struct fhir_context *context, const struct value *reference, const char *targets);

/* denied.c: strike out a text with a denied word. */
void fhir_check_words(struct fhir_context *context, const struct value *text);

/* primitive.c: NULL, or what is wrong; *allowed gains what would be right. */
const char *fhir_check_primitive(uint16_t type, const struct value *value, const char **allowed);

/* invariants.c: the rules between elements of one object. */
void fhir_check_invariants(struct fhir_context *context, const struct value *object, uint16_t type);

/* bundle.c: index the entries (after the check of the tree), then the rules of the bundle and of its references. */
bool     fhir_index(struct fhir_context *context);
void     fhir_check_bundle(struct fhir_context *context);
void     fhir_check_requests(struct fhir_context *context); /* requests.c: of batches and transactions */
uint32_t fhir_add_entry(struct fhir_context *context, struct fhir_entry entry);
void     fhir_check_references(struct fhir_context *context);
uint32_t fhir_find_name(const struct fhir_document *document, struct report_text name, struct report_text more);
void     fhir_put_name(struct fhir_context *context, uint32_t entry, struct report_text name, struct report_text more);

/* ---- denied elements ---- */

/* denied.c. A value that may not be collected: its range goes to the report. */
void fhir_strike(struct fhir_context *context, const struct value *value);
bool fhir_is_struck(const struct fhir_context *context, const struct value *value);
bool fhir_is_denied_object(const struct value *object, uint16_t type);

/* ---- reading parts ---- */

/* values.c. A text that lives as long as the report; {0} where the value is none or denied. */
struct report_text    fhir_text(struct fhir_context *context, const struct value *value);
struct report_text    fhir_member(struct fhir_context *context, const struct value *object, const char *key);
struct report_time    fhir_time(struct fhir_context *context, const struct value *value);
struct report_time    fhir_time_member(struct fhir_context *context, const struct value *object, const char *key);
struct report_concept fhir_concept(struct fhir_context *context, const struct value *concept);
struct report_concept fhir_first_concept(struct fhir_context *context, const struct value *concepts);
struct report_source  fhir_authority(struct fhir_context *context, const struct value *identifier);
struct report_text    fhir_identifier(struct fhir_context *context, const struct value *identifiers, const char *kinds,
                                      struct report_source *authority);
struct report_value   fhir_value(struct fhir_context *context, const struct value *object, const char *prefix);
void               fhir_address(struct fhir_context *context, const struct value *from, struct report_address *address);
bool               fhir_telecom(struct fhir_context *context, const struct value *from, struct report_telecom *telecom);
bool               fhir_name(struct fhir_context *context, const struct value *from, struct report_name *name);
struct report_text fhir_join(struct fhir_context *context, const struct value *texts, size_t from);

/* The entry that a Reference leads to and that can be used; REPORT_NONE = none. */
uint32_t fhir_follow(struct fhir_context *context, uint32_t from, const struct value *reference);

/* ---- mapping ---- */

void     fhir_map_header(struct fhir_context *context);                  /* map.c */
void     fhir_map_patient(struct fhir_context *context, uint32_t entry); /* map_person.c */
uint32_t fhir_map_subject(struct fhir_context *context, uint32_t from, const struct value *reference);
void     fhir_map_encounter(struct fhir_context *context, uint32_t entry); /* map_visit.c */
void     fhir_map_condition(struct fhir_context *context, uint32_t entry);
uint32_t fhir_map_visit_of(struct fhir_context *context, uint32_t from, const struct value *resource);
void     fhir_map_specimen(struct fhir_context *context, uint32_t entry); /* map_order.c */
void     fhir_map_report(struct fhir_context *context, uint32_t entry);
void     fhir_map_request(struct fhir_context *context, uint32_t entry);
void     fhir_map_observation(struct fhir_context *context, uint32_t entry, uint32_t order, uint32_t specimen,
                              unsigned depth);                                 /* map_result.c */
void     fhir_map_questionnaire(struct fhir_context *context, uint32_t entry); /* map_answer.c */
void     fhir_organisation(struct fhir_context *context, uint32_t entry, struct report_source *source,
                           struct report_address *address, struct report_telecom *telecom);

#endif
