/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a signer's certificate: what its parts alone say is what the whole says; and as a bare key. */
#include <string.h>

#include "formats/credential/key_certificate.h"
#include "fuzz.h"

static void same_key(const struct credential_key *a, const struct credential_key *b)
{
    uint8_t first[CREDENTIAL_KEY_INFO_BYTES], second[CREDENTIAL_KEY_INFO_BYTES];
    size_t  size = credential_key_info(a, first);
    MUST(a->algorithm == b->algorithm && size > 0 && credential_key_info(b, second) == size);
    MUST(memcmp(first, second, size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct credential_key         key = { 0 }, other = { 0 };
    struct credential_certificate facts = { .from = -1 }, others = { .from = -1 };
    bool                          quick = credential_certificate_by_parts(data, size, &key, &facts);
    credential_refusal            why = credential_certificate_whole(data, size, &other, &others);
    MUST(quick || (key.pkey == NULL && facts.from == -1));
    MUST(why == NULL || other.pkey == NULL);
    if (quick) {
        MUST(why == NULL);
        MUST(memcmp(facts.kid, others.kid, sizeof facts.kid) == 0 && facts.from == others.from &&
             facts.to == others.to && facts.uses == others.uses &&
             memcmp(facts.country, others.country, sizeof facts.country) == 0);
        same_key(&key, &other);
    }
    credential_key_free(&key);
    credential_key_free(&other);
    if (credential_key_of_info(data, size, &key) == NULL)
        same_key(&key, &key);
    credential_key_free(&key);
    return 0;
}
