/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/credential/cose.h"

#include <math.h>
#include <string.h>

#include "base/fault.h"
#include "formats/credential/cbor.h"

#define TAG_SIGN1 18
#define TAG_WEB_TOKEN 61
#define LABEL_ALGORITHM 1
#define LABEL_KID 4
#define HEADER_PAIRS 32

static int refuse(struct toc_error *error, size_t where, const char *allowed)
{
    if (error != NULL)
        *error = (struct toc_error){ BASE_ERR_INPUT, "COSE", where, NAN, allowed };
    return BASE_ERR_INPUT;
}

/* The tags that may stand before the array, in this order, each at most once; then the array of four. */
static int read_opening(struct credential_cbor *cbor, struct toc_error *error)
{
    struct credential_cbor_head head;
    uint64_t                    last = UINT64_MAX;
    for (;;) {
        size_t at = cbor->at;
        if (credential_cbor_head(cbor, &head) != 0)
            return refuse(error, at, "an array of four (COSE_Sign1)");
        if (head.major != CBOR_TAG)
            break;
        if (head.number >= last || (head.number != TAG_SIGN1 && head.number != TAG_WEB_TOKEN) ||
            (head.number == TAG_SIGN1 && last != UINT64_MAX && last != TAG_WEB_TOKEN))
            return refuse(error, at, "tag 18, or tag 61 around it");
        last = head.number;
    }
    if (head.major != CBOR_ARRAY || (!head.indefinite && head.number != 4))
        return refuse(error, 0, "an array of four (COSE_Sign1)");
    return head.indefinite ? 1 : 0;
}

/* The value of a label that we know. Others are passed over. */
static int read_label(struct credential_cbor *cbor, int64_t label, struct credential_bytes *kid, int64_t *algorithm)
{
    struct credential_cbor      at = *cbor;
    struct credential_cbor_head head;
    if (label == LABEL_KID)
        return credential_cbor_bytes(cbor, &kid->bytes, &kid->size);
    if (label == LABEL_ALGORITHM && credential_cbor_head(&at, &head) == 0 && head.number <= INT32_MAX &&
        (head.major == CBOR_UNSIGNED || head.major == CBOR_NEGATIVE))
        *algorithm = head.major == CBOR_NEGATIVE ? -1 - (int64_t) head.number : (int64_t) head.number;
    return credential_cbor_skip(cbor);
}

/* A map of headers: kid and algorithm where it has them. */
static int read_headers(struct credential_cbor *cbor, struct credential_bytes *kid, int64_t *algorithm)
{
    struct credential_cbor_head head;
    unsigned                    seen = 0;
    if (credential_cbor_head(cbor, &head) != 0 || head.major != CBOR_MAP ||
        (!head.indefinite && head.number > HEADER_PAIRS))
        return BASE_ERR_INPUT;
    for (uint64_t i = 0; head.indefinite || i < head.number; i++) {
        struct credential_cbor_head key;
        struct credential_cbor      at = *cbor;
        if (head.indefinite && at.at < at.size && at.bytes[at.at] == 0xff) {
            cbor->at++;
            break;
        }
        int64_t label = -1; /* of no interest */
        if (credential_cbor_head(&at, &key) != 0 || i >= HEADER_PAIRS || credential_cbor_skip(cbor) != 0)
            return BASE_ERR_INPUT;
        if (key.major == CBOR_UNSIGNED && key.number <= LABEL_KID)
            label = (int64_t) key.number;
        if (label >= 0 && (seen & 1u << label) != 0)
            return BASE_ERR_INPUT; /* the same label twice */
        seen |= label >= 0 ? 1u << label : 0;
        if (read_label(cbor, label, kid, algorithm) != 0)
            return BASE_ERR_INPUT;
    }
    return 0;
}

static bool is_empty_map(const struct credential_cbor *map)
{
    return (map->size == 1 && map->bytes[0] == 0xa0) || (map->size == 2 && memcmp(map->bytes, "\xbf\xff", 2) == 0);
}

static int read_both_headers(struct credential_cbor *cbor, struct credential_cose *cose, struct toc_error *error)
{
    struct credential_bytes loose_kid = { NULL, 0 };
    int64_t                 loose_algorithm = COSE_NO_ALGORITHM;
    size_t                  place = cbor->at;
    if (credential_cbor_bytes(cbor, &cose->signed_header.bytes, &cose->signed_header.size) != 0)
        return refuse(error, place, "the signed header as bytes");
    struct credential_cbor within = { cose->signed_header.bytes, cose->signed_header.size, 0 };
    if (within.size > 0 && (read_headers(&within, &cose->kid, &cose->algorithm) != 0 || within.at != within.size))
        return refuse(error, place, "a map as the signed header");
    if (is_empty_map(&within))
        cose->signed_header.size = 0; /* what is signed has no bytes then, however the empty map was written */
    place = cbor->at;
    if (read_headers(cbor, &loose_kid, &loose_algorithm) != 0)
        return refuse(error, place, "a map of headers");
    if (cose->kid.bytes == NULL)
        cose->kid = loose_kid;
    if (cose->algorithm == COSE_NO_ALGORITHM)
        cose->algorithm = loose_algorithm;
    return 0;
}

int credential_cose_read(const uint8_t *bytes, size_t size, struct credential_cose *cose, struct toc_error *error)
{
    struct credential_cbor cbor = { bytes, size, 0 };
    struct credential_cose read = { .algorithm = COSE_NO_ALGORITHM };
    int                    open = read_opening(&cbor, error);
    if (open < 0 || read_both_headers(&cbor, &read, error) != 0)
        return BASE_ERR_INPUT;
    if (credential_cbor_bytes(&cbor, &read.payload.bytes, &read.payload.size) != 0)
        return refuse(error, cbor.at, "the payload as bytes");
    if (credential_cbor_bytes(&cbor, &read.signature.bytes, &read.signature.size) != 0)
        return refuse(error, cbor.at, "the signature as bytes");
    if (open && (cbor.at >= size || bytes[cbor.at++] != 0xff))
        return refuse(error, cbor.at, "an array of four (COSE_Sign1)");
    if (cbor.at != size)
        return refuse(error, cbor.at, "nothing behind the signature");
    *cose = read;
    return 0;
}

/* The head of a byte string of this length, in its shortest form. */
static size_t put_length(uint8_t *at, size_t length)
{
    size_t follow = length < 24 ? 0 : length <= UINT8_MAX ? 1 : length <= UINT16_MAX ? 2 : length <= UINT32_MAX ? 4 : 8;
    at[0] = (uint8_t) (CBOR_BYTES << 5 | (follow == 0   ? length
                                          : follow == 1 ? 24
                                          : follow == 2 ? 25
                                          : follow == 4 ? 26
                                                        : 27));
    for (size_t i = 0; i < follow; i++)
        at[1 + i] = (uint8_t) ((uint64_t) length >> (8 * (follow - 1 - i)));
    return 1 + follow;
}

void credential_cose_frame(const struct credential_cose *cose, struct credential_cose_frame *frame)
{
    static const uint8_t opening[] = { 0x84, 0x6a, 'S', 'i', 'g', 'n', 'a', 't', 'u', 'r', 'e', '1' };
    memcpy(frame->head, opening, sizeof opening);
    frame->head_size = sizeof opening + put_length(frame->head + sizeof opening, cose->signed_header.size);
    frame->middle[0] = CBOR_BYTES << 5; /* no external data */
    frame->middle_size = 1 + put_length(frame->middle + 1, cose->payload.size);
}
