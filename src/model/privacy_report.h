/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/model/privacy_report.h: for a data-protection officer: the record of processing activities and the skeleton of an
 * impact assessment, written from the model: fields by class, purposes, roles, retention, recipients. What only the
 * department can say stands as a line to be filled in. Nothing of a person is in it: it is about the program.
 *
 * lists   role and purpose, for their names; where a name is missing the code stands
 */
#ifndef MODEL_PRIVACY_REPORT_H
#define MODEL_PRIVACY_REPORT_H

#include "base/sink.h"
#include "model/model_lists.h"

/* language: MODEL_ENGLISH or MODEL_CHINESE. */
void privacy_report_markdown(struct sink *sink, const struct model_lists *lists, enum model_language language);

/* {"records":[…],"roles":[…],"purposes":[…],"recipients":[…],"measures":[…]}, both languages side by side. */
void privacy_report_json(struct sink *sink, const struct model_lists *lists);

#endif
