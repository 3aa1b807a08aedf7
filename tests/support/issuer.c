/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/issuer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libdeflate.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>

#define MUST(condition)                                                                                                \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: not %s\n", __FILE__, __LINE__, #condition);                                        \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

/* ---- keys ---- */

static EVP_PKEY *pss_key(int bits)
{
    EVP_PKEY     *pkey = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
    MUST(EVP_PKEY_keygen_init(context) == 1 && EVP_PKEY_CTX_set_rsa_keygen_bits(context, bits) == 1 &&
         EVP_PKEY_generate(context, &pkey) == 1);
    EVP_PKEY_CTX_free(context);
    return pkey;
}

void issuer_init(struct issuer *issuer, int bits, const char *uses, int64_t from, int64_t to)
{
    *issuer = (struct issuer){ .pkey = bits == 0  ? EVP_EC_gen("P-256")
                                       : bits < 0 ? pss_key(-bits)
                                                  : EVP_RSA_gen((unsigned) bits) };
    MUST(issuer->pkey != NULL);
    X509      *x509 = X509_new();
    X509_NAME *name = X509_get_subject_name(x509);
    if (from == 0 && to == 0) {
        from = -365 * 86400;
        to = 3 * 365 * 86400;
    }
    X509_set_version(x509, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
    ASN1_TIME_set(X509_getm_notBefore(x509), ISSUER_EPOCH + from);
    ASN1_TIME_set(X509_getm_notAfter(x509), ISSUER_EPOCH + to);
    X509_NAME_add_entry_by_txt(name, "C", MBSTRING_ASC, (const unsigned char *) "XX", -1, -1, 0);
    X509_set_issuer_name(x509, name);
    X509_set_pubkey(x509, issuer->pkey);
    if (uses != NULL) {
        X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_ext_key_usage, uses);
        MUST(extension != NULL && X509_add_ext(x509, extension, -1) == 1);
        X509_EXTENSION_free(extension);
    }
    MUST(X509_sign(x509, issuer->pkey, EVP_sha256()) > 0);
    unsigned char *at = issuer->der;
    int            size = i2d_X509(x509, NULL);
    MUST(size > 0 && (size_t) size <= sizeof issuer->der);
    issuer->der_size = (size_t) i2d_X509(x509, &at);
    X509_free(x509);
    uint8_t digest[SHA256_DIGEST_LENGTH];
    SHA256(issuer->der, issuer->der_size, digest);
    memcpy(issuer->kid, digest, sizeof issuer->kid);
}

void issuer_free(struct issuer *issuer)
{
    EVP_PKEY_free(issuer->pkey);
    issuer->pkey = NULL;
}

/* ---- bytes ---- */

struct bytes {
    uint8_t at[ISSUER_PASS_BYTES];
    size_t  size;
};

static void put(struct bytes *bytes, const void *from, size_t size)
{
    MUST(bytes->size + size <= sizeof bytes->at);
    if (size > 0)
        memcpy(bytes->at + bytes->size, from, size);
    bytes->size += size;
}

static void put_byte(struct bytes *bytes, unsigned byte)
{
    put(bytes, &(uint8_t){ (uint8_t) byte }, 1);
}

static void put_head(struct bytes *bytes, unsigned major, uint64_t number)
{
    unsigned follow = number < 24 ? 0 : number < 256 ? 1 : number < 65536 ? 2 : 4;
    put_byte(bytes, major << 5 | (follow == 0 ? (unsigned) number : follow == 1 ? 24 : follow == 2 ? 25 : 26));
    for (unsigned i = follow; i-- > 0;)
        put_byte(bytes, (unsigned) (number >> (8 * i) & 255));
}

static void put_string(struct bytes *bytes, unsigned major, const void *from, size_t size)
{
    put_head(bytes, major, size);
    put(bytes, from, size);
}

static void put_text(struct bytes *bytes, const char *text)
{
    put_string(bytes, 3, text, strlen(text));
}

static void put_integer(struct bytes *bytes, int64_t number)
{
    put_head(bytes, number < 0 ? 1 : 0, (uint64_t) (number < 0 ? -1 - number : number));
}

/* ---- HC1 ---- */

static void put_entry(struct bytes *bytes, char kind, const char *ci)
{
    static const char *const vaccination[] = { "tg", "840539006",     "vp", "1119349007", "mp", "EU/1/20/1528",
                                               "ma", "ORG-100030215", "dt", "2021-12-01" };
    static const char *const test[] = { "tg", "840539006", "tt", "LP6464-4", "sc", "2021-12-31T08:00:00Z",
                                        "tr", "260415000", "tc", "Centre" };
    static const char *const recovery[] = { "tg", "840539006",  "fr", "2021-11-01",
                                            "df", "2021-11-12", "du", "2022-05-01" };
    const char *const       *members = kind == 'v' ? vaccination : kind == 't' ? test : recovery;
    size_t num = (kind == 'v' ? sizeof vaccination : kind == 't' ? sizeof test : sizeof recovery) / sizeof *members / 2;
    put_head(bytes, 5, num + 3 + (kind == 'v' ? 2 : 0));
    for (size_t i = 0; i < 2 * num; i++)
        put_text(bytes, members[i]);
    if (kind == 'v') {
        put_text(bytes, "dn");
        put_integer(bytes, 2);
        put_text(bytes, "sd");
        put_integer(bytes, 2);
    }
    put_text(bytes, "co");
    put_text(bytes, "XX");
    put_text(bytes, "is");
    put_text(bytes, "Ministry of Health");
    put_text(bytes, "ci");
    put_text(bytes, ci);
}

static void put_payload(struct bytes *bytes, const struct issuer_pass *pass)
{
    char kind[2] = { pass->kind != 0 ? pass->kind : 'v', '\0' };
    int  entries = pass->entries == 0 ? 1 : pass->entries < 0 ? 0 : pass->entries;
    put_head(bytes, 5, pass->no_expiry ? 3 : 4);
    put_integer(bytes, 1);
    put_text(bytes, pass->iss != NULL ? pass->iss : "XX");
    if (!pass->no_expiry) {
        put_integer(bytes, 4);
        put_integer(bytes, ISSUER_EPOCH + (pass->expires != 0 ? pass->expires : 365 * 86400));
    }
    put_integer(bytes, 6);
    put_integer(bytes, ISSUER_EPOCH + pass->issued);
    put_integer(bytes, -260);
    put_head(bytes, 5, 1);
    put_integer(bytes, 1);
    put_head(bytes, 5, 4);
    put_text(bytes, "ver");
    put_text(bytes, "1.3.0");
    put_text(bytes, "nam");
    put_head(bytes, 5, 4);
    char name[4096];
    snprintf(name, sizeof name, "Musterfrau-Gößinger%*s", pass->padding, "");
    put_text(bytes, "fn");
    put_text(bytes, name);
    put_text(bytes, "fnt");
    put_text(bytes, "MUSTERFRAU<GOESSINGER");
    put_text(bytes, "gn");
    put_text(bytes, "Gabriele");
    put_text(bytes, "gnt");
    put_text(bytes, "GABRIELE");
    put_text(bytes, "dob");
    put_text(bytes, "1998-02-26");
    put_text(bytes, kind);
    put_head(bytes, 4, (uint64_t) entries);
    for (int i = 0; i < entries; i++)
        put_entry(bytes, kind[0], pass->ci != NULL ? pass->ci : "URN:UVCI:01:XX:1#A");
}

static void put_header(struct bytes *bytes, const struct issuer *issuer, const struct issuer_pass *pass, int algorithm)
{
    put_head(bytes, 5, pass->kid_outside ? 1 : 2);
    put_integer(bytes, 1);
    put_integer(bytes, algorithm);
    if (!pass->kid_outside) {
        put_integer(bytes, 4);
        put_string(bytes, 2, pass->kid != NULL ? pass->kid : issuer->kid, pass->kid_size != 0 ? pass->kid_size : 8);
    }
}

/* ES256 as r and s, or as DER; PS256 as it is. */
static size_t sign(const struct issuer *issuer, const uint8_t *bytes, size_t size, bool as_der, uint8_t signature[512])
{
    EVP_MD_CTX   *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *key = NULL;
    uint8_t       made[512];
    size_t        num = sizeof made;
    bool          rsa = !EVP_PKEY_is_a(issuer->pkey, "EC");
    MUST(EVP_DigestSignInit(context, &key, EVP_sha256(), NULL, issuer->pkey) == 1);
    if (rsa)
        MUST(EVP_PKEY_CTX_set_rsa_padding(key, RSA_PKCS1_PSS_PADDING) == 1 &&
             EVP_PKEY_CTX_set_rsa_pss_saltlen(key, 32) == 1);
    MUST(EVP_DigestSign(context, made, &num, bytes, size) == 1);
    EVP_MD_CTX_free(context);
    if (rsa || as_der) {
        memcpy(signature, made, num);
        return num;
    }
    const unsigned char *at = made;
    ECDSA_SIG           *parts = d2i_ECDSA_SIG(NULL, &at, (long) num);
    BN_bn2binpad(ECDSA_SIG_get0_r(parts), signature, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(parts), signature + 32, 32);
    ECDSA_SIG_free(parts);
    return 64;
}

static void put_cose(struct bytes *bytes, const struct issuer *issuer, const struct issuer_pass *pass)
{
    bool         rsa = !EVP_PKEY_is_a(issuer->pkey, "EC");
    struct bytes header = { .size = 0 }, payload = { .size = 0 }, whole = { .size = 0 };
    uint8_t      signature[512];
    put_header(&header, issuer, pass, pass->algorithm != 0 ? pass->algorithm : rsa ? -37 : -7);
    if (pass->payload != NULL)
        put(&payload, pass->payload, pass->payload_size);
    else
        put_payload(&payload, pass);
    put_head(&whole, 4, 4);
    put_text(&whole, "Signature1");
    put_string(&whole, 2, header.at, header.size);
    put_string(&whole, 2, NULL, 0);
    put_string(&whole, 2, payload.at, payload.size);
    size_t num = sign(issuer, whole.at, whole.size, pass->der_signature, signature);
    if (pass->spoil == ISSUER_SPOIL_HEADER)
        header.at[header.size - 1] ^= 1;
    if (pass->spoil == ISSUER_SPOIL_PAYLOAD)
        payload.at[payload.size - 1] ^= 1;
    if (pass->spoil == ISSUER_SPOIL_R)
        signature[num / 4] ^= 1;
    if (pass->spoil == ISSUER_SPOIL_S)
        signature[num - 1] ^= 1;
    num -= pass->spoil == ISSUER_SPOIL_SHORT;
    if (pass->tags == ISSUER_TAG_61_18)
        put_head(bytes, 6, 61);
    if (pass->tags == ISSUER_TAG_18 || pass->tags == ISSUER_TAG_61_18)
        put_head(bytes, 6, 18);
    if (pass->tags == ISSUER_TAG_98)
        put_head(bytes, 6, 98);
    put_head(bytes, 4, 4);
    put_string(bytes, 2, header.at, header.size);
    const uint8_t *outside = pass->other_kid != NULL ? pass->other_kid : pass->kid_outside ? issuer->kid : NULL;
    put_head(bytes, 5, outside != NULL ? 1 : 0);
    if (outside != NULL) {
        put_integer(bytes, 4);
        put_string(bytes, 2, outside, 8);
    }
    put_string(bytes, 2, payload.at, payload.size);
    put_string(bytes, 2, signature, num);
}

size_t issuer_hc1(const struct issuer *issuer, const struct issuer_pass *pass, char text[ISSUER_PASS_BYTES])
{
    static const char characters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
    struct bytes      cose = { .size = 0 };
    uint8_t           packed[ISSUER_PASS_BYTES];
    put_cose(&cose, issuer, pass);
    struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(9);
    size_t                        size =
        pass->plain ? cose.size : libdeflate_zlib_compress(compressor, cose.at, cose.size, packed, sizeof packed);
    if (pass->plain)
        memcpy(packed, cose.at, cose.size);
    libdeflate_free_compressor(compressor);
    MUST(size > 0 && size / 2 * 3 + 7 < ISSUER_PASS_BYTES);
    size_t num = 0;
    for (const char *c = "HC1:"; *c != '\0'; c++)
        text[num++] = *c;
    for (size_t i = 0; i < size; i += 2) {
        unsigned value = i + 1 < size ? packed[i] * 256u + packed[i + 1] : packed[i];
        text[num++] = characters[value % 45];
        text[num++] = characters[value / 45 % 45];
        if (i + 1 < size)
            text[num++] = characters[value / 2025];
    }
    text[num] = '\0';
    return num;
}

/* ---- SMART cards ---- */

static size_t to_base64url(const uint8_t *bytes, size_t size, char *text)
{
    int num = EVP_EncodeBlock((unsigned char *) text, bytes, (int) size);
    while (num > 0 && text[num - 1] == '=')
        num--;
    for (int i = 0; i < num; i++)
        text[i] = text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i];
    text[num] = '\0';
    return (size_t) num;
}

/* x and y, and the thumbprint over them. */
static void coordinates(const struct issuer *issuer, char x[64], char y[64], char thumbprint[64])
{
    uint8_t point[65], digest[SHA256_DIGEST_LENGTH];
    size_t  num = 0;
    char    canonical[256];
    MUST(EVP_PKEY_get_octet_string_param(issuer->pkey, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &num) == 1);
    to_base64url(point + 1, 32, x);
    to_base64url(point + 33, 32, y);
    snprintf(canonical, sizeof canonical, "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}", x, y);
    SHA256((const unsigned char *) canonical, strlen(canonical), digest);
    to_base64url(digest, sizeof digest, thumbprint);
}

void issuer_jwk(const struct issuer *issuer, const char *extra, char *text, size_t size)
{
    char x[64], y[64], thumbprint[64];
    coordinates(issuer, x, y, thumbprint);
    snprintf(text, size,
             "{\"kty\":\"EC\",\"kid\":\"%s\",\"use\":\"sig\",\"alg\":\"ES256\",\"crv\":\"P-256\",\"x\":\"%s\",\"y\":\"%"
             "s\"%s}",
             thumbprint, x, y, extra);
}

size_t issuer_card_of(const struct issuer *issuer, const void *payload, size_t size, const char *header, bool spoil,
                      char text[ISSUER_PASS_BYTES])
{
    char    x[64], y[64], thumbprint[64], right[256];
    uint8_t signature[512];
    coordinates(issuer, x, y, thumbprint);
    snprintf(right, sizeof right, "{\"zip\":\"DEF\",\"alg\":\"ES256\",\"kid\":\"%s\"}", thumbprint);
    header = header != NULL ? header : right;
    MUST(size > 0 && 2 * size + 512 < ISSUER_PASS_BYTES);
    size_t num = to_base64url((const uint8_t *) header, strlen(header), text);
    text[num++] = '.';
    num += to_base64url(payload, size, text + num);
    size_t signed_size = sign(issuer, (const uint8_t *) text, num, false, signature);
    signature[20] ^= spoil;
    text[num++] = '.';
    return num + to_base64url(signature, signed_size, text + num);
}

size_t issuer_card(const struct issuer *issuer, const char *payload, const char *header, bool spoil,
                   char text[ISSUER_PASS_BYTES])
{
    uint8_t                       packed[ISSUER_PASS_BYTES];
    struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(9);
    size_t size = libdeflate_deflate_compress(compressor, payload, strlen(payload), packed, sizeof packed);
    libdeflate_free_compressor(compressor);
    return issuer_card_of(issuer, packed, size, header, spoil, text);
}

size_t issuer_numeric(const char *before, const char *jws, size_t size, char text[2 * ISSUER_PASS_BYTES])
{
    size_t num = (size_t) snprintf(text, 64, "%s", before);
    for (size_t i = 0; i < size; i++)
        num += (size_t) snprintf(text + num, 3, "%02d", jws[i] - 45);
    return num;
}
