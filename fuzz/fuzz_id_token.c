/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a key set, as a token under fixed keys and as its claims: facts or one fault, and never a token that
 * those keys have not signed. */
#include <string.h>

#include "formats/id_token.h"
#include "fuzz.h"

/* A set of one key of P-256, whose other half nobody has kept. */
static const char published[] =
    "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"e1\",\"x\":\"tzAN7YpxUDloCgXygPWdnmqA8MkuwupFAbq3X2p-S1I\","
    "\"y\":\"ZIjTkZ5IAi8JwGRqech1iP4MZ1qay1clXwz6hrRoKBY\"}]}";

static void check_set(const char *text, size_t size)
{
    struct fault_list faults = FAULT_LIST_INIT;
    struct jose_keys  keys = { NULL, 0 };
    int               status = jose_keys_read(text, size, &keys, &faults);
    MUST(status == 0 ? keys.num > 0 && keys.num <= JOSE_MAX_KEYS && faults.num_all == 0
                     : status == BASE_ERR_INPUT && keys.keys == NULL && faults.num_all == 1);
    jose_keys_free(&keys);
    fault_list_free(&faults);
}

static void check_token(const char *text, size_t size)
{
    struct fault_list          faults = FAULT_LIST_INIT;
    struct arena               arena = ARENA_INIT;
    struct jose_keys           keys;
    struct jose_token          parts;
    struct id_token            token;
    const struct id_token_wish wish = {
        .issuer = "https://login.county.example", .client = "tocsin", .nonce = "n", .now = 1800000000
    };
    MUST(jose_keys_read(published, strlen(published), &keys, &faults) == 0);
    int status = jose_read(text, size, &arena, &parts, &faults);
    MUST(status == 0 ? faults.num_all == 0 : status == BASE_ERR_INPUT && faults.num_all == 1);
    if (status == 0) {
        MUST(parts.signed_text == text && parts.signed_size < size && parts.payload_size < size);
        MUST(jose_verify(&parts, &keys) != 0);
        MUST(parts.payload[parts.payload_size] == '\0');
    }
    fault_list_free(&faults);
    status = id_token_check(text, size, &keys, &wish, &arena, &token, &faults);
    MUST((status == BASE_ERR_INPUT || status == JOSE_ERR_UNKNOWN_KEY) && faults.num_all == 1);
    jose_keys_free(&keys);
    fault_list_free(&faults);
    arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_set((const char *) data, size);
    check_token((const char *) data, size);
    return 0;
}
