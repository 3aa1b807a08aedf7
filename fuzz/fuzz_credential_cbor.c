/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as CBOR, as COSE and, packed by zlib or raw deflate, as either: values that hold together, within bounds.
 */
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "formats/credential/cbor.h"
#include "formats/credential/cose.h"
#include "formats/credential/inflate.h"
#include "fuzz.h"

#define VALUES 512
#define TEXT 4096
#define CONTENT 8192

/* A value's size is one more than the sizes of what it holds; depth is bounded. */
static size_t walk(const struct value *value, const struct value *end, unsigned depth)
{
    MUST(depth <= CREDENTIAL_CBOR_DEPTH && value < end && value->size >= 1 && value->size <= (size_t) (end - value));
    size_t used = 1;
    if (value->kind == VALUE_TEXT || value->kind == VALUE_BYTES)
        fuzz_look(value->text, value->length);
    for (size_t i = 0; (value->kind == VALUE_ARRAY || value->kind == VALUE_OBJECT) && i < value->count; i++) {
        used += value->kind == VALUE_OBJECT ? walk(value + used, end, depth + 1) : 0;
        used += walk(value + used, end, depth + 1);
    }
    MUST(used == value->size);
    return used;
}

static void read(const uint8_t *data, size_t size)
{
    static struct value    values[VALUES];
    static char            text[TEXT];
    struct value_tree      tree;
    struct toc_error       error = { 0 };
    struct credential_cose cose;
    value_tree_init_in(&tree, values, VALUES, text, TEXT);
    struct credential_cbor cbor = { data, size, 0 };
    int                    skipped = credential_cbor_skip(&cbor);
    int                    status = credential_cbor_read(data, size, &tree, &error);
    if (status == 0) {
        MUST(walk(tree.values, tree.values + tree.num_values, 0) == tree.num_values);
        MUST(skipped == 0 && cbor.at == size);
    } else {
        MUST(tree.num_values == 0 && error.status == status && error.allowed != NULL);
    }
    if (credential_cose_read(data, size, &cose, &error) == 0) {
        struct credential_cose_frame frame;
        credential_cose_frame(&cose, &frame);
        MUST(frame.head_size <= COSE_FRAME_BYTES && frame.middle_size <= COSE_FRAME_BYTES);
        fuzz_look(cose.signed_header.bytes, cose.signed_header.size);
        fuzz_look(cose.payload.bytes, cose.payload.size);
        fuzz_look(cose.signature.bytes, cose.signature.size);
        fuzz_look(cose.kid.bytes, cose.kid.size);
    } else {
        MUST(error.status == BASE_ERR_INPUT && error.allowed != NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct libdeflate_decompressor *inflater;
    if (inflater == NULL)
        inflater = credential_inflater_new();
    read(data, size);
    for (int form = CREDENTIAL_ZLIB; form <= CREDENTIAL_RAW; form++) {
        uint8_t *content = malloc(CONTENT);
        size_t   num = SIZE_MAX;
        if (credential_inflate(inflater, (enum credential_deflate) form, data, size, content, CONTENT, &num, NULL) ==
            0) {
            MUST(num <= CONTENT);
            read(content, num);
        } else {
            MUST(num == SIZE_MAX);
        }
        free(content);
    }
    return 0;
}
