/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as base45 and base64: what is taken is written back as the same text. */
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "formats/credential/base45.h"
#include "formats/credential/base64.h"
#include "fuzz.h"

static void base64(enum credential_base64 form, const char *text, size_t size)
{
    size_t   num = SIZE_MAX;
    uint8_t *bytes = malloc(CREDENTIAL_BASE64_DECODED(size));
    if (credential_base64_decode(form, text, size, bytes, &num) != 0) {
        MUST(num == SIZE_MAX);
    } else {
        char  *again = malloc(CREDENTIAL_BASE64_ENCODED(num) + 1);
        size_t length = credential_base64_encode(form, bytes, num, again);
        size_t without = length;
        while (without > 0 && again[without - 1] == '=')
            without--;
        MUST((length == size || without == size) && memcmp(again, text, size) == 0);
        free(again);
    }
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char      *text = (const char *) data;
    struct toc_error error = { 0 };
    size_t           num = 0;
    uint8_t         *bytes = malloc(CREDENTIAL_BASE45_DECODED(size));
    if (credential_base45_decode(text, size, bytes, &num, &error) == 0) {
        char *again = malloc(CREDENTIAL_BASE45_ENCODED(num) + 1);
        MUST(num <= CREDENTIAL_BASE45_DECODED(size));
        MUST(credential_base45_encode(bytes, num, again) == size && memcmp(again, text, size) == 0);
        free(again);
    } else {
        MUST(error.status == BASE_ERR_INPUT && error.where < size);
    }
    free(bytes);
    base64(CREDENTIAL_BASE64, text, size);
    base64(CREDENTIAL_BASE64_URL, text, size);
    return 0;
}
