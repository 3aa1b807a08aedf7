/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/hl7v2/memo.h: what OBX-3 of earlier messages was found to mean, so that a laboratory's few hundred tests
 * are looked up once and not with every message. It changes no answer; one memo belongs to one thread and one set of
 * tables. */
#ifndef FORMATS_HL7V2_MEMO_H
#define FORMATS_HL7V2_MEMO_H

#include "formats/code_tables.h"
#include "formats/hl7v2/hl7.h"

#define HL7_MEMO_TESTS 256 /* a power of 2 */
#define HL7_MEMO_BYTES 224 /* of OBX-3; longer ones are not remembered */

struct hl7_memo_test {
    uint64_t                sender; /* hash of the sender that `test` was looked up for */
    const struct code_test *test;
    const char             *target, *method; /* that the test or its names say */
    uint16_t                size;            /* 0 = free */
    bool                    denied, denied_known, test_known, threshold;
    char                    bytes[HL7_MEMO_BYTES];
};

struct hl7_memo {
    struct hl7_memo_test tests[HL7_MEMO_TESTS];
};

/* An empty memo (or NULL where there is no memory); free() it. */
struct hl7_memo *hl7_memo_new(void);

/* The place of these bytes: theirs already, or taken for them. NULL where memo is NULL or they are too long. */
struct hl7_memo_test *hl7_memo_find(struct hl7_memo *memo, struct hl7_part asked);

#endif
