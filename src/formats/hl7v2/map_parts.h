/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/hl7v2/map_parts.h: the parts of hl7_map, one a kind of segment; for map*.c alone. */
#ifndef FORMATS_HL7V2_MAP_PARTS_H
#define FORMATS_HL7V2_MAP_PARTS_H

#include "formats/hl7v2/types.h"

/* map_person.c: PID. */
void hl7_map_person(struct hl7_context *context, const struct hl7_segment *pid);

/* map_visit.c: EVN, PV1, PV2, DG1, and what an observation says of a visit. */
enum report_visit_event hl7_visit_event(struct report_text event);
void                    hl7_map_visit(struct hl7_context *context, const struct hl7_segment *pv1);
void                    hl7_map_visit_reason(struct hl7_context *context, const struct hl7_segment *pv2);
void                    hl7_map_diagnosis(struct hl7_context *context, const struct hl7_segment *dg1);
void                    hl7_map_visit_observation(struct hl7_context *context, const struct hl7_segment *obx,
                                                  const struct code_test *test);

/* map_order.c: ORC, OBR, SPM; hl7_end_order ties the results to their specimens, and to a pool where it is one. */
void hl7_map_order(struct hl7_context *context, const struct hl7_segment *obr);
void hl7_map_specimen(struct hl7_context *context, const struct hl7_segment *spm);
void hl7_end_order(struct hl7_context *context);

/* map_value.c: OBX-2, 5, 6 of one repetition. */
struct report_value hl7_map_value(struct hl7_context *context, const struct hl7_segment *obx, struct hl7_part part);

/* map_result.c: OBX as result, answer or part of a visit. */
void hl7_map_observation(struct hl7_context *context, const struct hl7_segment *obx);

/* map_answer.c: an answer to a question. */
void hl7_map_answer(struct hl7_context *context, const struct hl7_segment *obx, const struct code_test *test,
                    struct report_concept asked);

#endif
