/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signers: their keys and certificates, made and opened. */
#include <libdeflate.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/unicode.h"
#include "formats/credential/base64.h"
#include "formats/credential/es256.h"
#include "formats/credential/issue_internal.h"
#include "tocsin/status.h"

#define SERIAL_BITS 159
#define HOUR 3600
#define DAY 86400
#define USE_OID "1.3.6.1.4.1.1847.2021.1." /* .1 test, .2 vaccination, .3 recovery */

static int refuse(struct fault_list *faults, const char *name, const char *found, const char *allowed)
{
    ERR_clear_error();
    return credential_issue_fault(faults, (struct fault_place){ 0 }, name, found, allowed);
}

int credential_issue_fault(struct fault_list *faults, struct fault_place place, const char *name, const char *found,
                           const char *allowed)
{
    place.name = name;
    fault_add(faults, place, allowed, "%s", found);
    return BASE_ERR_INPUT;
}

/* ---- making ---- */

/* A signer or an authority being made, and who signs it. */
struct making {
    EVP_PKEY                     *key, *by_key;
    X509                         *certificate, *by;
    const struct credential_hand *hand; /* who signs where nobody else vouches for its key; NULL = making->key */
};

static void end_making(struct making *making)
{
    EVP_PKEY_free(making->key);
    EVP_PKEY_free(making->by_key);
    X509_free(making->certificate);
    X509_free(making->by);
}

static int give_passphrase(char *to, int room, int writing, void *context)
{
    (void) writing;
    size_t size = context != NULL ? strlen(context) : 0;
    if (size > (size_t) room)
        return -1;
    memcpy(to, context != NULL ? context : "", size);
    return (int) size;
}

static X509 *read_certificate(const char *pem, size_t size)
{
    BIO  *bio = size <= CERTIFICATE_MAX_PEM ? BIO_new_mem_buf(pem, (int) size) : NULL;
    X509 *certificate = bio != NULL ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    BIO_free(bio);
    return certificate;
}

static EVP_PKEY *read_key(const char *pem, size_t size, const char *passphrase)
{
    char     *secret = passphrase != NULL ? strdup(passphrase) : NULL;
    BIO      *bio = size <= CERTIFICATE_MAX_PEM ? BIO_new_mem_buf(pem, (int) size) : NULL;
    EVP_PKEY *key = bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, give_passphrase, secret) : NULL;
    BIO_free(bio);
    if (secret != NULL)
        explicit_bzero(secret, strlen(secret));
    free(secret);
    return key;
}

static bool add_extension(X509 *certificate, X509 *by, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, by, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    bool            good = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return good;
}

static bool add_uses(X509 *certificate, X509 *by, unsigned uses)
{
    char text[128] = "";
    for (unsigned i = 0; i < 3; i++) { /* test, vaccination, recovery: as the bits of credential_use */
        if ((uses >> i & 1) != 0)
            snprintf(text + strlen(text), sizeof text - strlen(text), "%s" USE_OID "%u", text[0] != '\0' ? "," : "",
                     i + 1);
    }
    return text[0] == '\0' || add_extension(certificate, by, NID_ext_key_usage, text);
}

static bool set_name(X509_NAME *subject, const struct credential_signer_settings *settings)
{
    const unsigned char *name = (const unsigned char *) settings->name;
    return X509_NAME_add_entry_by_NID(subject, NID_countryName, MBSTRING_UTF8,
                                      (const unsigned char *) settings->country, -1, -1, 0) == 1 &&
           X509_NAME_add_entry_by_NID(subject, NID_organizationName, MBSTRING_UTF8, name, -1, -1, 0) == 1 &&
           X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8, name, -1, -1, 0) == 1;
}

/* The certificate that `hand` signs itself: SEQUENCE { what is signed, ecdsa-with-SHA256, BIT STRING }. OpenSSL signs
 * with keys that it holds alone, so one that is thrown away signs first: then the algorithm stands in what is signed.
 */
static bool sign_by_hand(X509 **certificate, const struct credential_hand *hand)
{
    static const uint8_t algorithm[] = { 0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02 };
    uint8_t              whole[8192], digest[CREDENTIAL_DIGEST_BYTES], signature[CREDENTIAL_ES256_BYTES], *to = NULL;
    uint8_t              der[CREDENTIAL_ES256_DER];
    EVP_PKEY            *nobody = EVP_EC_gen("P-256");
    bool                 signed_once = nobody != NULL && X509_sign(*certificate, nobody, EVP_sha256()) > 0;
    int                  size = signed_once ? i2d_re_X509_tbs(*certificate, &to) : -1;
    EVP_PKEY_free(nobody);
    bool good = size > 0 && (size_t) size < sizeof whole - 128 &&
                EVP_Digest(to, (size_t) size, digest, NULL, EVP_sha256(), NULL) == 1 &&
                hand->sign(hand->context, digest, signature);
    if (good) {
        size_t         der_size = credential_es256_der(signature, der);
        size_t         inner = (size_t) size + sizeof algorithm + 3 + der_size;
        const uint8_t  head[] = { 0x30, 0x82, (uint8_t) (inner >> 8), (uint8_t) inner };
        const uint8_t  bits[] = { 0x03, (uint8_t) (der_size + 1), 0x00 };
        const uint8_t *from = whole;
        uint8_t       *at = whole;
        at = (uint8_t *) mempcpy(at, head, sizeof head);
        at = (uint8_t *) mempcpy(at, to, (size_t) size);
        at = (uint8_t *) mempcpy(at, algorithm, sizeof algorithm);
        at = (uint8_t *) mempcpy(at, bits, sizeof bits);
        at = (uint8_t *) mempcpy(at, der, der_size);
        X509 *made = d2i_X509(NULL, &from, at - whole);
        good = made != NULL && X509_verify(made, X509_get0_pubkey(*certificate)) == 1;
        if (good) {
            X509_free(*certificate);
            *certificate = made;
        } else
            X509_free(made);
    }
    OPENSSL_free(to);
    return good;
}

static bool fill(struct making *making, const struct credential_signer_settings *settings, int64_t now)
{
    X509   *made = making->certificate, *by = making->by != NULL ? making->by : made;
    BIGNUM *serial = BN_new();
    time_t  from = (time_t) (now - HOUR), to = (time_t) (now + (int64_t) settings->days * DAY);
    bool    good = serial != NULL && X509_set_version(made, X509_VERSION_3) == 1 &&
                BN_rand(serial, SERIAL_BITS, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
                BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(made)) != NULL &&
                X509_time_adj_ex(X509_getm_notBefore(made), 0, 0, &from) != NULL &&
                X509_time_adj_ex(X509_getm_notAfter(made), 0, 0, &to) != NULL &&
                X509_set_pubkey(made, making->key) == 1 && set_name(X509_get_subject_name(made), settings) &&
                X509_set_issuer_name(made, X509_get_subject_name(by)) == 1 &&
                add_extension(made, by, NID_subject_key_identifier, "hash");
    BN_free(serial);
    if (good && making->by != NULL)
        good = add_extension(made, by, NID_authority_key_identifier, "keyid:always");
    if (good && settings->authority)
        good = add_extension(made, by, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
               add_extension(made, by, NID_key_usage, "critical,keyCertSign,cRLSign");
    else if (good)
        good = add_extension(made, by, NID_basic_constraints, "critical,CA:FALSE") &&
               add_extension(made, by, NID_key_usage, "critical,digitalSignature") &&
               add_uses(made, by, settings->uses);
    if (good && making->by == NULL && making->hand != NULL)
        return sign_by_hand(&making->certificate, making->hand);
    return good && X509_sign(made, making->by != NULL ? making->by_key : making->key, EVP_sha256()) > 0;
}

static char *copy_out(BIO *bio, size_t *size)
{
    char *bytes, *copy;
    long  length = BIO_get_mem_data(bio, &bytes);
    if (length < 0 || (copy = malloc((size_t) length + 1)) == NULL)
        return NULL;
    memcpy(copy, bytes, (size_t) length);
    copy[length] = '\0';
    *size = (size_t) length;
    return copy;
}

static int write_out(const struct making *making, struct certificate *made)
{
    struct certificate own = { 0 };
    BIO               *key = BIO_new(BIO_s_secmem()), *chain = BIO_new(BIO_s_mem());
    bool               elsewhere = making->hand != NULL;
    if (key != NULL && chain != NULL &&
        (elsewhere || PEM_write_bio_PKCS8PrivateKey(key, making->key, NULL, NULL, 0, NULL, NULL) == 1) &&
        PEM_write_bio_X509(chain, making->certificate) == 1 &&
        (making->by == NULL || PEM_write_bio_X509(chain, making->by) == 1)) {
        own.key = elsewhere ? NULL : copy_out(key, &own.key_size);
        own.chain = copy_out(chain, &own.chain_size);
    }
    BIO_free(key);
    BIO_free(chain);
    if ((own.key == NULL && !elsewhere) || own.chain == NULL) {
        certificate_free(&own);
        return TOC_ERR_NO_MEMORY;
    }
    *made = own;
    return 0;
}

static int check_settings(const struct credential_signer_settings *settings, struct fault_list *faults)
{
    const char *country = settings->country;
    size_t      length = strlen(settings->name);
    if (strlen(country) != 2 || country[0] < 'A' || country[0] > 'Z' || country[1] < 'A' || country[1] > 'Z')
        return refuse(faults, "country", country, "two capital letters, as ISO 3166 has them");
    if (length == 0 || length > CERTIFICATE_MAX_NAME || text_check_utf8(settings->name, length) != length ||
        unicode_check_plain(settings->name, length) != length)
        return refuse(faults, "name", "a name that a certificate cannot hold", "1 to 64 bytes of plain text");
    if (settings->days < 1 || settings->days > CREDENTIAL_SIGNER_MAX_DAYS)
        return refuse(faults, "days", "a time too long or too short", "1 to 1830 days");
    return 0;
}

/* The authority that signs: its key must be its certificate's, it must be one, and it must not end earlier. */
static int open_authority(const struct certificate_issuer *by, const struct credential_signer_settings *settings,
                          int64_t now, struct making *making, struct fault_list *faults)
{
    time_t end = (time_t) (now + (int64_t) settings->days * DAY);
    making->by = read_certificate(by->chain, by->chain_size);
    making->by_key = read_key(by->key, by->key_size, by->passphrase);
    if (making->by == NULL || making->by_key == NULL)
        return refuse(faults, "authority", "a key or certificate that cannot be read",
                      "PEM, with its passphrase if it has one");
    if (X509_check_private_key(making->by, making->by_key) != 1)
        return refuse(faults, "authority", "a key that is not the certificate's", "the two that were made together");
    if (X509_check_ca(making->by) != 1)
        return refuse(faults, "authority", "a certificate that may not sign others", "one made as an authority");
    if (X509_cmp_time(X509_get0_notAfter(making->by), &end) < 0)
        return refuse(faults, "authority", "an end before that of the signer", "fewer days, or a new authority");
    return 0;
}

static int make_certificate(const struct credential_signer_settings *settings, const struct credential_hand *hand,
                            const struct certificate_issuer *by, int64_t now, struct certificate *made,
                            struct fault_list *faults)
{
    struct making making = { .hand = hand };
    int           ret = check_settings(settings, faults);
    if (ret == 0 && by != NULL)
        ret = open_authority(by, settings, now, &making, faults);
    if (ret == 0) {
        making.key = hand != NULL ? credential_es256_public(hand->point) : EVP_EC_gen("P-256");
        making.certificate = X509_new();
        if (making.key == NULL || making.certificate == NULL)
            ret = TOC_ERR_NO_MEMORY;
        else if (!fill(&making, settings, now))
            ret = refuse(faults, "certificate", "what OpenSSL refuses to sign", NULL);
    }
    if (ret == 0)
        ret = write_out(&making, made);
    end_making(&making);
    return ret;
}

int credential_signer_make(const struct credential_signer_settings *settings, const struct certificate_issuer *by,
                           int64_t now, struct certificate *made, struct fault_list *faults)
{
    return make_certificate(settings, NULL, by, now, made, faults);
}

int credential_signer_certify(const struct credential_signer_settings *settings, const struct credential_hand *hand,
                              const struct certificate_issuer *by, int64_t now, struct certificate *made,
                              struct fault_list *faults)
{
    return make_certificate(settings, hand, by, now, made, faults);
}

/* ---- opening ---- */

static bool take_point(EVP_PKEY *key, uint8_t to[64])
{
    uint8_t point[65];
    size_t  size = 0;
    if (key == NULL || EVP_PKEY_get_base_id(key) != EVP_PKEY_EC ||
        EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &size) != 1 ||
        size != sizeof point || point[0] != 4)
        return false;
    memcpy(to, point + 1, 64);
    return true;
}

bool credential_certificate_point(const char *chain, size_t chain_size, uint8_t point[64])
{
    X509 *certificate = read_certificate(chain, chain_size);
    bool  good = certificate != NULL && take_point(X509_get0_pubkey(certificate), point);
    X509_free(certificate);
    ERR_clear_error();
    return good;
}

static void make_jwk(struct credential_maker *maker)
{
    char x[45] = "", y[45] = "";
    credential_base64_encode(CREDENTIAL_BASE64_URL, maker->point, 32, x);
    credential_base64_encode(CREDENTIAL_BASE64_URL, maker->point + 32, 32, y);
    credential_thumbprint(maker->point, maker->point + 32, maker->thumbprint);
    snprintf(maker->jwk, sizeof maker->jwk,
             "{\"kty\":\"EC\",\"kid\":\"%s\",\"use\":\"sig\",\"alg\":\"ES256\",\"crv\":\"P-256\",\"x\":\"%.43s\",\"y\":"
             "\"%.43s\"}",
             maker->thumbprint, x, y);
}

static bool get_ready(struct credential_maker *maker)
{
    maker->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    maker->hash = EVP_MD_CTX_new();
    maker->context = maker->pkey != NULL ? EVP_PKEY_CTX_new(maker->pkey, NULL) : NULL;
    maker->compressor = libdeflate_alloc_compressor(9);
    if (maker->sha256 == NULL || maker->hash == NULL || maker->compressor == NULL)
        return false;
    return maker->hand.sign != NULL || (maker->context != NULL && EVP_PKEY_sign_init(maker->context) == 1);
}

static int take_certificate(struct credential_maker *maker, X509 *certificate, struct fault_list *faults)
{
    struct credential_key key = { 0 };
    unsigned char        *to = maker->der;
    int                   size = i2d_X509(certificate, NULL);
    if (size <= 0 || (size_t) size > sizeof maker->der)
        return refuse(faults, "certificate", "a certificate that is too long", "8 KiB");
    i2d_X509(certificate, &to);
    maker->der_size = (size_t) size;
    credential_refusal why = credential_key_of_certificate(maker->der, maker->der_size, &key, &maker->facts);
    if (why != NULL)
        return refuse(faults, "certificate", why, "a P-256 certificate of a signer");
    credential_key_free(&key);
    if (maker->facts.country[0] == '\0')
        return refuse(faults, "certificate", "no country", "one whose subject names its country");
    if (X509_check_ca(certificate) == 1)
        return refuse(faults, "certificate", "an authority's, which signs signers", "a signer's");
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_organizationName, maker->name,
                              sizeof maker->name);
    return 0;
}

static int open_maker(struct credential_maker *maker, const char *key, size_t key_size, const char *chain,
                      size_t chain_size, struct fault_list *faults)
{
    X509 *certificate = read_certificate(chain, chain_size);
    int   ret = 0;
    bool  elsewhere = maker->hand.sign != NULL;
    maker->pkey = elsewhere ? NULL : read_key(key, key_size, NULL);
    if (certificate == NULL || (maker->pkey == NULL && !elsewhere))
        ret = refuse(faults, "signer", "a key or certificate that cannot be read", "PEM");
    else if (elsewhere && (!take_point(X509_get0_pubkey(certificate), maker->point) ||
                           memcmp(maker->point, maker->hand.point, sizeof maker->point) != 0))
        ret = refuse(faults, "signer", "a certificate that is not of this key", "the one that was made for it");
    else if (!elsewhere && X509_check_private_key(certificate, maker->pkey) != 1)
        ret = refuse(faults, "signer", "a key that is not the certificate's", "the two that were made together");
    else if (!elsewhere && !take_point(maker->pkey, maker->point))
        ret = refuse(faults, "signer", "a key that is not on P-256", "a P-256 key: passes are signed with ES256");
    else
        ret = take_certificate(maker, certificate, faults);
    X509_free(certificate);
    if (ret != 0)
        return ret;
    make_jwk(maker);
    return get_ready(maker) ? 0 : TOC_ERR_NO_MEMORY;
}

static int open_new(const struct credential_hand *hand, const char *key, size_t key_size, const char *chain,
                    size_t chain_size, struct credential_maker **maker, struct fault_list *faults)
{
    struct credential_maker *made = calloc(1, sizeof *made);
    if (made == NULL)
        return TOC_ERR_NO_MEMORY;
    if (hand != NULL)
        made->hand = *hand;
    int ret = open_maker(made, key, key_size, chain, chain_size, faults);
    if (ret == 0)
        *maker = made;
    else
        credential_maker_free(made);
    return ret;
}

int credential_maker_open(const char *key, size_t key_size, const char *chain, size_t chain_size,
                          struct credential_maker **maker, struct fault_list *faults)
{
    return open_new(NULL, key, key_size, chain, chain_size, maker, faults);
}

int credential_maker_open_by(const struct credential_hand *hand, const char *chain, size_t chain_size,
                             struct credential_maker **maker, struct fault_list *faults)
{
    return open_new(hand, NULL, 0, chain, chain_size, maker, faults);
}

void credential_maker_free(struct credential_maker *maker)
{
    if (maker == NULL)
        return;
    EVP_PKEY_CTX_free(maker->context);
    EVP_PKEY_free(maker->pkey);
    EVP_MD_CTX_free(maker->hash);
    EVP_MD_free(maker->sha256);
    libdeflate_free_compressor(maker->compressor);
    explicit_bzero(maker, sizeof *maker);
    free(maker);
}

const struct credential_certificate *credential_maker_facts(const struct credential_maker *maker)
{
    return &maker->facts;
}

const uint8_t *credential_maker_certificate(const struct credential_maker *maker, size_t *size)
{
    *size = maker->der_size;
    return maker->der;
}

const char *credential_maker_jwk(const struct credential_maker *maker)
{
    return maker->jwk;
}

const char *credential_maker_thumbprint(const struct credential_maker *maker)
{
    return maker->thumbprint;
}

const uint8_t *credential_maker_signature(const struct credential_maker *maker)
{
    return maker->signature;
}

void credential_maker_clear(struct credential_maker *maker)
{
    explicit_bzero(maker->values, sizeof maker->values);
    explicit_bzero(maker->text, sizeof maker->text);
    explicit_bzero(maker->payload, sizeof maker->payload);
    explicit_bzero(maker->token, sizeof maker->token);
    explicit_bzero(maker->packed, sizeof maker->packed);
    explicit_bzero(maker->json, sizeof maker->json);
}

/* ---- signing ---- */

static bool sign_digest(const struct credential_maker *maker, const uint8_t digest[CREDENTIAL_DIGEST_BYTES],
                        uint8_t signature[CREDENTIAL_ES256_BYTES])
{
    return maker->hand.sign != NULL ? maker->hand.sign(maker->hand.context, digest, signature)
                                    : credential_es256_sign_with(maker->context, digest, signature);
}

bool credential_maker_sign(struct credential_maker *maker, const void *bytes, size_t size,
                           uint8_t signature[CREDENTIAL_ES256_BYTES])
{
    uint8_t digest[CREDENTIAL_DIGEST_BYTES];
    if (EVP_DigestInit_ex2(maker->hash, maker->sha256, NULL) != 1 || EVP_DigestUpdate(maker->hash, bytes, size) != 1 ||
        EVP_DigestFinal_ex(maker->hash, digest, NULL) != 1 || !sign_digest(maker, digest, maker->signature))
        return false;
    memcpy(signature, maker->signature, sizeof maker->signature);
    return true;
}
