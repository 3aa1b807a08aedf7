/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/credential/dcc_schema.h: does the content of an EU certificate hold to the schema of its own version?
 *
 * Versions 1.0.0 … 1.3.3 differ in three ways that matter: until 1.2.1 texts have at most 50 characters, doses are 1 …
 * 9 and the test centre is required; from 1.3.0 on there are 80, any dose, and one entry alone; from 1.3.2 on a given
 * name may stand alone. A later version is held to 1.3.3. No version may have more than one of v, t, r. As in the
 * schema (JSON Schema 2020-12), "format": "date" is a remark: dates are texts.
 *
 * This is for who issues, or tests an issuer: many real passes break their schema, and a verifier takes them
 * (credential.h).
 */
#ifndef FORMATS_CREDENTIAL_DCC_SCHEMA_H
#define FORMATS_CREDENTIAL_DCC_SCHEMA_H

#include "base/value.h"

/* NULL where it holds, else the first fault: the member, static ("v[0].dn"). */
const char *credential_dcc_fault(const struct value *dcc);

#endif
