/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any text as a credential, whole and in parts; and any bytes as the content behind a signature that holds, so that the
 * readers of contents are reached: never genuine without a signer, the same verdict again, all in words. */
#include <string.h>

#include "base/json_reader.h"
#include "formats/credential/cbor.h"
#include "formats/credential/scanner.h"
#include "fuzz.h"

static struct credential_trust    trust;
static struct credential_scanner *scanner;

static void told(const struct credential_answer *answer)
{
    MUST(answer->verdict < CREDENTIAL_NUM_VERDICTS);
    if (answer->verdict == CREDENTIAL_GENUINE)
        MUST(answer->signer != NULL && answer->payload != NULL);
    else
        MUST(answer->why.what != NULL && answer->why.allowed != NULL);
}

/* The contents, as if they had been signed. */
static void contents(const uint8_t *data, size_t size)
{
    struct credential_answer answer = { .verdict = CREDENTIAL_MALFORMED };
    if (credential_cbor_read(data, size, &scanner->tree, NULL) == 0) {
        answer.claims = scanner->tree.values;
        if (credential_take_hcert(&answer))
            MUST(answer.payload != NULL && answer.kind != CREDENTIAL_NO_PAYLOAD && answer.uses != 0);
    }
    if (json_read((const char *) data, size, NULL, &scanner->tree, NULL) == 0) {
        answer = (struct credential_answer){ .claims = scanner->tree.values };
        if (credential_take_bundle(&answer))
            MUST(answer.payload != NULL && answer.kind == CREDENTIAL_FHIR);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct credential_answer answer, again;
    const char              *text = (const char *) data;
    if (scanner == NULL) {
        MUST(credential_trust_ready(&trust) == 0);
        scanner = credential_scanner_new(&trust, NULL);
        MUST(scanner != NULL);
    }
    credential_scan(scanner, text, size, 1640995200, &answer);
    told(&answer);
    credential_scan(scanner, text, size, 1640995200, &again);
    MUST(answer.verdict == again.verdict && answer.why.what == again.why.what);
    struct credential_text trimmed = credential_trim(text, size), parts[CREDENTIAL_MAX_PARTS];
    MUST(trimmed.size <= size);
    size_t num = 0;
    for (size_t at = 0; at < size && num < CREDENTIAL_MAX_PARTS; num++) {
        const char *end = memchr(text + at, '\n', size - at);
        size_t      length = end != NULL ? (size_t) (end - text) - at : size - at;
        parts[num] = (struct credential_text){ text + at, length };
        at += length + 1;
    }
    credential_scan_parts(scanner, parts, num, 1640995200, &answer);
    told(&answer);
    contents(data, size);
    credential_scanner_wipe(scanner);
    return 0;
}
