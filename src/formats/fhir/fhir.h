/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/fhir/fhir.h: FHIR R4 (4.0.1) in JSON as a report.
 *
 * Read are single resources and bundles: transaction, batch, message, document and collection. Everything is checked
 * against the published rules first (docs/intake.md lists them): names, types, cardinality, closed code sets,
 * references and invariants, in every resource type of R4. Each fault has the FHIRPath of its element.
 *
 * What a fault costs: in a transaction, and in a single resource, everything; in a batch its entry; in a message, a
 * document and a collection the element it is in, or the resource where the element decides what is said and of whom
 * (status, code, subject, value …). A bundle that is itself wrong is refused.
 *
 * What is made of the good ones, by the rules of formats/meaning.h: Patient a subject; DiagnosticReport, and a
 * ServiceRequest without one, an order; Specimen; Observation and each of its components a result, an answer or a part
 * of a visit; Condition a diagnosis; Encounter a visit; QuestionnaireResponse answers. Other types are checked only.
 *
 * Denied elements (race, ethnicity, religion, tribe and the like: extensions, codings, observations, questions, words
 * in notes and narratives) are never mapped; their ranges go to report->denied.
 */
#ifndef FORMATS_FHIR_FHIR_H
#define FORMATS_FHIR_FHIR_H

#include "base/json_reader.h"
#include "formats/code_tables.h"
#include "formats/fhir/definitions.h"

/* ---- limits: one past is refused ---- */
#define FHIR_MAX_BYTES ((size_t) 32 << 20)
#define FHIR_MAX_DEPTH 64        /* arrays and objects within one another */
#define FHIR_MAX_VALUES 4000000  /* keys and values */
#define FHIR_MAX_ENTRIES 20000   /* of a bundle */
#define FHIR_MAX_CONTAINED 1000  /* resources in another */
#define FHIR_MAX_RESOURCES 40000 /* with those contained in others */

enum fhir_kind {
    FHIR_SINGLE, /* no bundle */
    FHIR_TRANSACTION,
    FHIR_BATCH,
    FHIR_MESSAGE,
    FHIR_DOCUMENT,
    FHIR_COLLECTION,
    FHIR_OTHER /* a response, a search set, a history: checked, and nothing made of it */
};

/* One resource: of an entry, contained in another, or the whole. Texts and values live as long as the document's tree
 * and the bytes. */
struct fhir_entry {
    const struct value *resource; /* NULL: an entry without one, or a reference that leads out of the transmission */
    const struct value *request;  /* Bundle.entry.request */
    struct report_text  full_url, id;
    uint16_t            type;       /* enum fhir_type_id */
    uint32_t            number;     /* of the entry in the bundle, 0 = first */
    uint32_t            within;     /* contained: index of what holds it; REPORT_NONE = stands by itself */
    uint32_t            num_errors; /* faults of severity error or fatal; those of what it contains too */
    uint32_t            record;     /* index of the subject, order, specimen … made of it; REPORT_NONE = none */
    uint32_t            order;      /* Observation: of the report it belongs to */
    bool                refused;    /* by one of them: nothing is made of it */
    bool                seen;       /* Observation: read already */
    bool                history;    /* stands in a section on the past */
};

struct fhir_name {
    uint32_t hash;
    uint32_t entry; /* its index + 1; 0 = free */
};

/* A transmission that was read. A zeroed struct is empty; its room is used again by the next fhir_map. */
struct fhir_document {
    struct value_tree  tree;
    enum fhir_kind     kind;
    struct fhir_entry *entries; /* in the report's arena; those of the bundle first, in its order */
    uint32_t           num_entries, room_entries;
    uint32_t           num_bundle_entries; /* the first so many are the bundle's own */
    struct fhir_name  *names;              /* internal: entries by fullUrl and by type/id */
    uint32_t           num_names, room_names;
};
#define FHIR_DOCUMENT_INIT                                                                                             \
    {                                                                                                                  \
        0                                                                                                              \
    }

struct fhir_options {
    const struct code_tables *tables;
    bool                      pooled;           /* all its specimens are pools */
    uint8_t                   blank_processing; /* enum report_processing of a transmission that does not say */
    const struct report_time *now;              /* to tell times that lie in the future; NULL = not told */
    const uint32_t           *left_out;         /* entries that were there already: what they say is not said again */
    size_t                    num_left_out;
};

/* Read, check and map one transmission.
 *
 * bytes      one JSON value, UTF-8 (a byte-order mark is passed over); must outlive the report
 * report     as report_init leaves it over these bytes; gains everything
 * document   the entries, for answering; its texts point into the bytes, the report's arena and the document
 *
 * Returns 0; BASE_ERR_INPUT: the report has a fatal fault (what was understood before it stands); TOC_ERR_NO_MEMORY.
 * Cost: one pass to read, one to check, one to map; references by hash. */
int fhir_map(struct report *report, const struct fhir_options *options, struct fhir_document *document);

void fhir_document_free(struct fhir_document *document);

/* The entry that a reference leads to, from the entry that holds it; REPORT_NONE: not in the transmission. */
uint32_t fhir_resolve(const struct fhir_document *document, uint32_t from, struct report_text reference);

/* What a part of a file is, for streams: the next JSON value from *offset on (NDJSON, concatenated, pretty-printed).
 * Returns 1 with its bytes; 0 at the end; what cannot be told apart (a bracket that is not closed) is the last part. */
int fhir_next_value(const char *bytes, size_t size, size_t *offset, struct report_text *value);

#endif
