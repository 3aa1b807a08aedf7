/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/response/fhir_record.h: records as FHIR R4 resources, for whoever may read them.
 *
 *     person   Patient: sex and year of birth. Who it is stands in another record; its name is masked here.
 *     case     Condition
 *     result   Observation, and a DiagnosticReport of that one result with the same id
 *
 * What the caller may not see is missing in the record already; a required element of it has the published extension
 * data-absent-reason "masked". Times of less precision than FHIR knows are given as dates. */
#ifndef RESPONSE_FHIR_RECORD_H
#define RESPONSE_FHIR_RECORD_H

#include "base/json_writer.h"
#include "model/model_lists.h"
#include "model/records.h"

/* lists may be NULL: codes then have no names and no codes of standards. */
void fhir_record_patient(struct json_writer *json, const struct model_person *person);
void fhir_record_condition(struct json_writer *json, const struct model_lists *lists, const struct model_case *value);

/* specimen: of the result, zeroed where the caller may not read it. */
void fhir_record_observation(struct json_writer *json, const struct model_lists *lists,
                             const struct model_result *result, const struct model_specimen *specimen);
void fhir_record_report(struct json_writer *json, const struct model_lists *lists, const struct model_result *result,
                        const struct model_specimen *specimen);

#endif
