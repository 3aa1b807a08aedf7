/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a certificate: facts whose texts end, or a fault; the same again for the same bytes. */
#include <string.h>

#include "formats/certificate.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fault_list        faults = FAULT_LIST_INIT;
    struct certificate_facts facts = { .from = -1 }, again;
    int                      status = certificate_read((const char *) data, size, &facts, &faults);
    MUST(status == 0 ? faults.num_all == 0 : status == BASE_ERR_INPUT && faults.num_all == 1 && facts.from == -1);
    if (status == 0) {
        MUST(strnlen(facts.name, sizeof facts.name) < sizeof facts.name);
        MUST(strnlen(facts.issuer, sizeof facts.issuer) < sizeof facts.issuer);
        MUST(strnlen(facts.hosts, sizeof facts.hosts) < sizeof facts.hosts);
        MUST(certificate_read((const char *) data, size, &again, &faults) == 0);
        MUST(memcmp(facts.fingerprint, again.fingerprint, CERTIFICATE_FINGERPRINT) == 0);
    }
    fault_list_free(&faults);
    return 0;
}
