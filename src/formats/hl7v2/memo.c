/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/hl7v2/memo.h"

#include <string.h>

#include "base/memory.h"

struct hl7_memo *hl7_memo_new(void)
{
    return memory_array(1, sizeof(struct hl7_memo));
}

/* Beginning, middle, end and size: enough to tell the tests of a laboratory apart. */
static uint64_t hash_of(struct hl7_part part)
{
    uint64_t words[3] = { 0 };
    size_t   size = part.size < sizeof *words ? part.size : sizeof *words;
    memcpy(&words[0], part.bytes, size);
    memcpy(&words[1], part.bytes + part.size / 2 - size / 2, size);
    memcpy(&words[2], part.bytes + part.size - size, size);
    uint64_t hash = words[0] ^ (words[1] << 21 | words[1] >> 43) ^ (words[2] << 42 | words[2] >> 22) ^ part.size;
    return (hash * UINT64_C(0x9e3779b97f4a7c15)) >> 40;
}

struct hl7_memo_test *hl7_memo_find(struct hl7_memo *memo, struct hl7_part asked)
{
    if (memo == NULL || asked.size == 0 || asked.size > HL7_MEMO_BYTES)
        return NULL;
    struct hl7_memo_test *test = &memo->tests[hash_of(asked) & (HL7_MEMO_TESTS - 1)];
    if (test->size != asked.size || memcmp(test->bytes, asked.bytes, asked.size) != 0) {
        test->size = (uint16_t) asked.size;
        test->denied_known = test->test_known = false;
        memcpy(test->bytes, asked.bytes, asked.size);
    }
    return test;
}
