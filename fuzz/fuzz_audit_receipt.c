/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any line as a receipt of the audit chain: what is read is written as the same values, what is none changes nothing.
 */
#include <string.h>

#include "base/fault.h"
#include "fuzz.h"
#include "store/audit_receipt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct audit_receipt receipt, again, before;
    char                 text[AUDIT_RECEIPT_BYTES];
    memset(&receipt, 0x5a, sizeof receipt);
    before = receipt;
    if (audit_receipt_from_text((const char *) data, size, &receipt) != 0) {
        MUST(memcmp(&receipt, &before, sizeof receipt) == 0);
        return 0;
    }
    size_t length = audit_receipt_to_text(&receipt, text);
    MUST(length == strlen(text) && length < sizeof text);
    MUST(audit_receipt_from_text(text, length, &again) == 0);
    MUST(again.head.number == receipt.head.number && again.head.at == receipt.head.at);
    MUST(memcmp(again.head.hash, receipt.head.hash, AUDIT_HASH_BYTES) == 0);
    MUST(again.signature.generation == receipt.signature.generation);
    MUST(memcmp(again.public_key, receipt.public_key, KEEPER_PUBLIC_BYTES) == 0);
    MUST(memcmp(again.signature.bytes, receipt.signature.bytes, KEEPER_SIGNATURE_BYTES) == 0);
    (void) audit_receipt_check(&receipt);
    return 0;
}
