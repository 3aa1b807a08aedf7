/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A device's file, whatever stands in it: refused, or read into lists that a scan can use. */
#include <string.h>

#include "formats/credential/check.h"
#include "formats/credential/device.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char             text[] = "HC1:NCF";
    char                          country[CREDENTIAL_PLACE_BYTES], region[CREDENTIAL_PLACE_BYTES];
    struct credential_trust       trust = CREDENTIAL_TRUST_INIT;
    struct credential_revocation *revocation = credential_revocation_new();
    struct credential_answer      answer;
    if (credential_device_read((const char *) data, size, country, region, &trust, revocation) == 0) {
        struct credential_scanner *scanner = credential_scanner_new(&trust, revocation);
        credential_scan_lines(scanner, text, strlen(text), 0, &answer);
        credential_scanner_free(scanner);
    }
    credential_trust_free(&trust);
    credential_revocation_free(revocation);
    return 0;
}
