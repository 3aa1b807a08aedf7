/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a list of signers, signed or not, and as a SMART revocation list: nothing of a refused list stays. */
#include <string.h>

#include "formats/credential/trust.h"
#include "fuzz.h"

static const char key[] = "-----BEGIN PUBLIC KEY-----\n"
                          "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAESZbOPoRczDgb2xH+50J6atMAEZ7G\n"
                          "mXIENTXtBNXm2MqIdeupuzvu76EL1cmSXCzYn5yX76dAYZRi0yzXusBzwg==\n"
                          "-----END PUBLIC KEY-----\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (int is_signed = 0; is_signed < 2; is_signed++) {
        struct credential_trust     trust = CREDENTIAL_TRUST_INIT;
        struct fault_list           faults = FAULT_LIST_INIT;
        struct credential_list_file file = { .name = "list",
                                             .bytes = (const char *) data,
                                             .size = size,
                                             .dated = CREDENTIAL_NO_TIME,
                                             .key = is_signed ? key : NULL,
                                             .key_size = sizeof key - 1,
                                             .iss = "https://a.example" };
        int                         status = credential_trust_add(&trust, &file, &faults);
        MUST(status == 0 || (status == BASE_ERR_INPUT && faults.num_all > 0 && trust.num_signers == 0));
        MUST(status != 0 || trust.num_lists == 1);
        credential_trust_add_crl(&trust, "crl", "https://a.example", (const char *) data, size, &faults);
        MUST(credential_trust_ready(&trust) == 0);
        for (size_t i = 0; i < trust.num_signers; i++) {
            const struct credential_signer *signer = &trust.signers[i];
            MUST(signer->key.pkey != NULL && signer->kid_size > 0);
            MUST(credential_trust_find(&trust, signer->kid, signer->kid_size, signer->iss, signer->iss_size, NULL) !=
                 NULL);
            credential_rid_revoked(&trust, signer, "abc", 3, 0);
        }
        credential_trust_free(&trust);
        fault_list_free(&faults);
    }
    return 0;
}
