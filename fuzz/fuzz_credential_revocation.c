/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as slices of revocation lists, as lists, as partitions that name slices, and as what an issuer keeps. */
#include <stdlib.h>
#include <string.h>

#include "formats/credential/revocation.h"
#include "formats/credential/revoke.h"
#include "fuzz.h"

static const struct credential_key *no_key(const void *where, size_t index)
{
    (void) index;
    return where;
}

struct input {
    const uint8_t *data;
    size_t         size;
};

/* Every slice is the input itself. */
static const uint8_t *find(void *context, const char *id, const char *chunk, const char *hash, size_t *size)
{
    const struct input *input = context;
    MUST(strchr(id, '/') == NULL && strchr(chunk, '/') == NULL && strchr(hash, '/') == NULL && hash[0] != '.');
    *size = input->size;
    return input->data;
}

/* What an issuer keeps: read, written and read again it is the same. */
static void revoked(const uint8_t *data, size_t size)
{
    struct credential_revoked_set set = { 0 }, again = { 0 };
    struct fault_list             faults = FAULT_LIST_INIT;
    struct sink                   first, second;
    sink_init_memory(&first);
    sink_init_memory(&second);
    int ret = credential_revoked_read(&set, "revoked", (const char *) data, size, &faults);
    MUST((ret == 0) == (faults.num_all == 0));
    credential_revoked_write(&set, INT64_MIN, &first);
    MUST(credential_revoked_read(&again, "again", first.bytes, first.used, &faults) == 0 && again.num == set.num);
    credential_revoked_write(&again, INT64_MIN, &second);
    MUST(first.used == second.used && (first.used == 0 || memcmp(first.bytes, second.bytes, first.used) == 0));
    sink_free(&first);
    sink_free(&second);
    credential_revoked_free(&set);
    credential_revoked_free(&again);
    fault_list_free(&faults);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct credential_checker checker;
    static const uint8_t             entry[CREDENTIAL_ENTRY_BYTES] = { 0xfe, 1, 2, 3 };
    if (checker.hash == NULL)
        MUST(credential_checker_init(&checker, 0, no_key, NULL) == 0);
    for (int kind = CREDENTIAL_BLOOM; kind <= CREDENTIAL_PREFIXES; kind++) {
        uint8_t                *copy = malloc(size + 1);
        struct credential_slice slice;
        memcpy(copy, data, size);
        if (credential_slice_read((enum credential_slice_kind) kind, copy, size, &slice, NULL) == 0) {
            credential_slice_holds(&slice, &checker, entry);
            for (size_t i = 0; kind == CREDENTIAL_PREFIXES && i < slice.num && i < 64; i++) {
                uint8_t one[CREDENTIAL_ENTRY_BYTES] = { 0 };
                memcpy(one, slice.body + i * slice.size, slice.size);
                MUST(credential_slice_holds(&slice, &checker, one));
            }
        }
        free(copy);
    }
    struct fault_list                    faults = FAULT_LIST_INIT;
    struct credential_revocation        *revocation = credential_revocation_new();
    struct input                         input = { data, size };
    const struct credential_slice_source source = { find, &input };
    const uint8_t                        kid[CREDENTIAL_KID_BYTES] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    const uint8_t                       *one;
    credential_revocation_lists(revocation, "lists", (const char *) data, size, &faults);
    credential_revocation_declare(revocation, kid, CREDENTIAL_COORDINATE, 7, 0, 0);
    credential_revocation_partitions(revocation, "partitions", kid, (const char *) data, size, &source, &faults);
    struct credential_entries entries = { .has = 7 };
    for (size_t i = 0; (one = credential_revocation_kid(revocation, i)) != NULL; i++)
        credential_revocation_holds(revocation, &checker, one, &entries, 0);
    credential_revocation_free(revocation);
    fault_list_free(&faults);
    revoked(data, size);
    return 0;
}
