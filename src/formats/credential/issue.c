/* SPDX-License-Identifier: GPL-3.0-or-later */
/* HC1: claims, COSE_Sign1, zlib, base45. */
#include "formats/credential/issue.h"

#include <string.h>

#include "formats/credential/base45.h"
#include "formats/credential/cbor_write.h"
#include "formats/credential/cose.h"
#include "formats/credential/deflate.h"
#include "formats/credential/issue_internal.h"
#include "tocsin/status.h"

#define COSE_SIGN1 18
#define HEADER_ALGORITHM 1
#define HEADER_KID 4
#define CLAIM_ISSUER 1
#define CLAIM_EXPIRES 4
#define CLAIM_NOT_BEFORE 5
#define CLAIM_ISSUED 6
#define CLAIM_HCERT (-260)
#define HCERT_DCC 1
#define HCERT_MINIMAL (-1)
#define HOUR 3600

static const char prefix[] = "HC1:";

static void put_header(struct credential_cbor_writer *writer, const struct credential_maker *maker)
{
    credential_cbor_begin_map(writer, 2);
    credential_cbor_put_integer(writer, HEADER_ALGORITHM);
    credential_cbor_put_integer(writer, COSE_ES256);
    credential_cbor_put_integer(writer, HEADER_KID);
    credential_cbor_put_bytes(writer, maker->facts.kid, sizeof maker->facts.kid);
}

/* Sign what `payload` holds: the pass in maker->token. */
static bool sign_token(struct credential_maker *maker, const struct credential_cbor_writer *payload, size_t *token_size)
{
    uint8_t                       header[24], signature[CREDENTIAL_ES256_BYTES];
    struct credential_cbor_writer head = { .bytes = header, .room = sizeof header };
    struct credential_cbor_writer token = { .bytes = maker->token, .room = sizeof maker->token };
    put_header(&head, maker);
    credential_cbor_begin_array(&token, 4); /* what is signed */
    credential_cbor_put_text(&token, "Signature1", 10);
    credential_cbor_put_bytes(&token, header, head.used);
    credential_cbor_put_bytes(&token, "", 0);
    credential_cbor_put_bytes(&token, payload->bytes, payload->used);
    if (payload->failed || token.failed || !credential_maker_sign(maker, token.bytes, token.used, signature))
        return false;
    token.used = 0;
    credential_cbor_put_tag(&token, COSE_SIGN1);
    credential_cbor_begin_array(&token, 4);
    credential_cbor_put_bytes(&token, header, head.used);
    credential_cbor_begin_map(&token, 0);
    credential_cbor_put_bytes(&token, payload->bytes, payload->used);
    credential_cbor_put_bytes(&token, signature, sizeof signature);
    *token_size = token.used;
    return !token.failed;
}

/* The signed token as text. */
static bool write_text(struct credential_maker *maker, size_t token_size, char *text, size_t *size)
{
    size_t packed = credential_compress(maker->token, token_size, maker->packed);
    if (CREDENTIAL_BASE45_ENCODED(packed) + sizeof prefix > CREDENTIAL_ISSUE_TEXT_BYTES)
        return false;
    memcpy(text, prefix, sizeof prefix - 1);
    *size = sizeof prefix - 1 + credential_base45_encode(maker->packed, packed, text + sizeof prefix - 1);
    text[*size] = '\0';
    return true;
}

static int finish(struct credential_maker *maker, const struct credential_cbor_writer *payload,
                  struct fault_place place, char *text, size_t *size, struct fault_list *faults)
{
    size_t token_size = 0, length = 0;
    bool   good = sign_token(maker, payload, &token_size) && write_text(maker, token_size, text, &length);
    credential_maker_clear(maker);
    if (!good)
        return credential_issue_fault(faults, place, "record", "a pass that is too long, or could not be signed",
                                      "what one QR code holds");
    *size = length;
    return 0;
}

int credential_issue_hc1(struct credential_maker *maker, const struct value *record,
                         const struct credential_times *times, const uint8_t random[CREDENTIAL_IDENTIFIER_RANDOM],
                         struct fault_place place, char *text, size_t *size, struct fault_list *faults)
{
    enum credential_use           kind = CREDENTIAL_USE_VACCINATION;
    struct credential_cbor_writer payload = { .bytes = maker->payload, .room = sizeof maker->payload };
    int                           ret = credential_issue_complete(maker, record, random, place, &kind, faults);
    if (ret == 0)
        ret = credential_issue_allowed(maker, kind, times, place, faults);
    if (ret != 0) {
        credential_maker_clear(maker);
        return ret;
    }
    credential_cbor_begin_map(&payload, 4);
    credential_cbor_put_integer(&payload, CLAIM_ISSUER);
    credential_cbor_put_text(&payload, maker->facts.country, strlen(maker->facts.country));
    credential_cbor_put_integer(&payload, CLAIM_EXPIRES);
    credential_cbor_put_integer(&payload, times->expires);
    credential_cbor_put_integer(&payload, CLAIM_ISSUED);
    credential_cbor_put_integer(&payload, times->issued);
    credential_cbor_put_integer(&payload, CLAIM_HCERT);
    credential_cbor_begin_map(&payload, 1);
    credential_cbor_put_integer(&payload, HCERT_DCC);
    credential_cbor_put_value(&payload, maker->values);
    return finish(maker, &payload, place, text, size, faults);
}

int credential_issue_minimal(struct credential_maker *maker, enum credential_use use,
                             const struct credential_times *times, char *text, size_t *size, struct fault_list *faults)
{
    struct credential_cbor_writer payload = { .bytes = maker->payload, .room = sizeof maker->payload };
    struct fault_place            place = { 0 };
    struct credential_times hours = { times->issued - times->issued % HOUR, times->expires - times->expires % HOUR };
    const char *class = use == CREDENTIAL_USE_VACCINATION ? "v" : use == CREDENTIAL_USE_TEST ? "t" : "r";
    struct credential_times within = { times->issued, hours.expires };
    int                     ret = credential_issue_allowed(maker, use, &within, place, faults);
    if (ret != 0)
        return ret;
    credential_cbor_begin_map(&payload, 4);
    credential_cbor_put_integer(&payload, CLAIM_ISSUER);
    credential_cbor_put_text(&payload, maker->facts.country, strlen(maker->facts.country));
    credential_cbor_put_integer(&payload, CLAIM_EXPIRES);
    credential_cbor_put_integer(&payload, hours.expires);
    credential_cbor_put_integer(&payload, CLAIM_NOT_BEFORE);
    credential_cbor_put_integer(&payload, hours.issued);
    credential_cbor_put_integer(&payload, CLAIM_HCERT);
    credential_cbor_begin_map(&payload, 1);
    credential_cbor_put_integer(&payload, HCERT_MINIMAL);
    credential_cbor_begin_map(&payload, 1);
    credential_cbor_put_text(&payload, "c", 1);
    credential_cbor_put_text(&payload, class, 1);
    return finish(maker, &payload, place, text, size, faults);
}
