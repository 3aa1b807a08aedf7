/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as what a client brings: a Cookie header, Authorization, a form, a code, a recovery code, a password. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "fuzz.h"
#include "response/account_factor.h"
#include "response/account_password.h"
#include "server/caller.h"
#include "server/form.h"

static void check_headers(const char *text)
{
    char value[CALLER_SECRET_BYTES];
    if (caller_cookie(text, "tocsin", value)) {
        MUST(strlen(value) == CALLER_SECRET_BYTES - 1);
        MUST(strstr(text, value) != NULL);
    }
    if (caller_bearer(text, value))
        MUST(strlen(value) == CALLER_SECRET_BYTES - 1 && strstr(text, value) != NULL);
}

static void check_form(const char *text, size_t size)
{
    struct arena arena = ARENA_INIT;
    const char  *value = form_value(text, size, "code", &arena);
    if (value != NULL) {
        MUST(strlen(value) <= FORM_MOST_VALUE);
        MUST(text_check_utf8(value, strlen(value)) == strlen(value));
    }
    arena_free(&arena);
}

static void check_codes(const char *text, size_t size)
{
    static const uint8_t secret[FACTOR_BYTES] = "12345678901234567890";
    uint8_t              bytes[RECOVERY_BYTES], again[RECOVERY_BYTES];
    char                 shown[RECOVERY_TEXT];
    int64_t              step;
    (void) factor_check(secret, text, size, 0, INT64_C(1234567890000000), &step);
    if (recovery_read(text, size, bytes) == 0) {
        recovery_text(bytes, shown);
        MUST(recovery_read(shown, strlen(shown), again) == 0);
        MUST(memcmp(bytes, again, sizeof bytes) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fault_list faults = FAULT_LIST_INIT;
    char             *text = malloc(size + 1);
    MUST(text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    check_headers(text);
    check_form(text, size);
    check_codes(text, size);
    int ret = account_password_check(text, size, "dolma", &faults);
    MUST(ret == 0 ? faults.num_all == 0 : faults.num_all == 1);
    fault_list_free(&faults);
    free(text);
    return 0;
}
