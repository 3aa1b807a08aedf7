/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/positivity.h: a stream of positivity with the two that it is a share of, made at once by a definition that
 * is data (positivity.def): of persons, or of tests. Everything about them is then data of the streams.
 */
#ifndef RESPONSE_POSITIVITY_H
#define RESPONSE_POSITIVITY_H

#include "model/records.h"
#include "store/store.h"

#define POSITIVITY_CODE_BYTES 81 /* stream.code has 80 characters */

struct positivity {
    const char *code;    /* of the share; the others are CODE-positive and CODE-tested */
    const char *disease; /* needed */
    const char *by;      /* a code of positivity.def; NULL: the first */
    const char *period;  /* "day" or "week" */
    struct id   area;
    int64_t     window_steps; /* MODEL_MISSING_INTEGER = 1 */
    int64_t     now;

    /* made by positivity_request: */
    struct model_stream  streams[3]; /* positive, tested, the share; in the order in which they are written */
    struct store_change  changes[3];
    char                 codes[3][POSITIVITY_CODE_BYTES];
    struct store_request request;
};

/* BASE_ERR_INPUT with a fault where the definition is not known (/by), the disease is not said (/disease) or the code
 * is missing or too long for all three (/code); what else is wrong the store tells when it is submitted. */
int positivity_request(struct positivity *positivity, struct fault_list *faults);

#endif
