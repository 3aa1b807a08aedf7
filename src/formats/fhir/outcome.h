/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/fhir/outcome.h: answers to a FHIR transmission.
 *
 * OperationOutcome: one issue a fault, in their order, with severity, code, the FHIRPath of its element (expression)
 * and what is wrong and allowed (diagnostics). What was found is repeated where it is of a code or a structure; never
 * of a person's own resource (Patient, RelatedPerson, Person), and no text that was typed.
 *
 * transaction-response and batch-response: one entry for each entry of the request, in its order.
 *
 * A positive answer says that the transmission is in safe storage: only the caller knows, and gives the status. */
#ifndef FORMATS_FHIR_OUTCOME_H
#define FORMATS_FHIR_OUTCOME_H

#include "base/json_writer.h"
#include "formats/fhir/fhir.h"

#define FHIR_MEDIA_TYPE "application/fhir+json; charset=utf-8"
#define FHIR_EVERY_ENTRY UINT32_MAX

/* The status that the faults of a report deserve: 200 where it can be used (faults of a message's parts are in the
 * outcome); 413 a limit, 415 XML, 400 not JSON and wrong structure, 422 against the rules. */
unsigned fhir_status_of(const struct report *report);

/* The word behind a status: "201 Created". */
const char *fhir_status_text(unsigned status);

/* An OperationOutcome of the faults of one entry (0 = first), or of all (FHIR_EVERY_ENTRY). Without faults it has one
 * issue that says so. document may be NULL (nothing is repeated then). */
void fhir_write_outcome(struct json_writer *json, const struct report *report, const struct fhir_document *document,
                        uint32_t entry);

/* An OperationOutcome with one issue of the server's own: "exception", "transient", "not-found" … */
void fhir_write_issue(struct json_writer *json, const char *severity, const char *code, const char *diagnostics);

/* The same with the FHIRPath of the element that it is about; NULL = none. */
void fhir_write_issue_at(struct json_writer *json, const char *severity, const char *code, const char *diagnostics,
                         const char *expression);

/* What became of one entry. */
struct fhir_answer {
    unsigned    status;   /* 200, 201, 202, 400, 404, 412 … */
    const char *location; /* "Observation/7/_history/1"; NULL = none */
    const char *etag;     /* W/"1"; NULL = none */
    const char *issue;    /* of an entry that fails for another reason than its own faults; NULL = those */
};

/* The response to a batch or transaction: answers[i] for entry i of the document. */
void fhir_write_response(struct json_writer *json, const struct report *report, const struct fhir_document *document,
                         const struct fhir_answer *answers);

/* The response to a message: a bundle of a MessageHeader, whose response.code is ok where nothing was wrong, else
 * fatal-error where the message cannot be used as it is, and an OperationOutcome of its faults. ids: UUIDs of the two;
 * now: when it is made, an instant as FHIR writes it. False, with nothing written: what came has no MessageHeader with
 * an event and an id, so that nobody could tell what is answered. */
bool fhir_write_message_response(struct json_writer *json, const struct report *report,
                                 const struct fhir_document *document, const char *const ids[2], const char *now);

/* The index of the bundle's entry that a fault lies in; REPORT_NONE = the bundle itself, or no bundle. */
uint32_t fhir_fault_entry(const struct report_fault *fault);

#endif
