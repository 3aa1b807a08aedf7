/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/hl7v2/denied.h: what is never mapped (denied.def, formats/denied.def); hl7_strike_out (hl7.h) says where
 * it lies. */
#ifndef FORMATS_HL7V2_DENIED_H
#define FORMATS_HL7V2_DENIED_H

#include "formats/hl7v2/hl7.h"

/* Does an OBX ask for, or an NTE tell, what may not be collected? */
bool hl7_is_denied_question(const struct hl7_message *message, const struct hl7_segment *obx);
bool hl7_is_denied_note(const struct hl7_message *message, const struct hl7_segment *nte);

#endif
