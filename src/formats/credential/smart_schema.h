/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/credential/smart_schema.h: is the content of a SMART Health Card made as its specification and FHIR R4
 * ask?
 *
 * Of the claims: iss, nbf in seconds, exp behind nbf, the types, a version of FHIR 4. Of the bundle: a collection of
 * entries with resources; of Patient, Immunization, Observation, DiagnosticReport and Specimen the members that cards
 * use: those that are needed, the form of each, one choice where FHIR has several (occurrence, effective, value); of
 * meta nothing but security. Members that are not looked at here are not judged.
 *
 * This is for who issues, or tests an issuer; a verifier takes what a person can be identified and judged by
 * (credential.h).
 */
#ifndef FORMATS_CREDENTIAL_SMART_SCHEMA_H
#define FORMATS_CREDENTIAL_SMART_SCHEMA_H

#include <stddef.h>

/* The JSON of a card's payload; of a FHIR bundle alone. NULL where it holds, else the first fault, static:
 * "Immunization.vaccineCode". Nothing may stand behind the JSON, not even a blank. "memory" where there is none. */
const char *credential_card_fault(const char *json, size_t size);
const char *credential_bundle_fault(const char *json, size_t size);

#endif
