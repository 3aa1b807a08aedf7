/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signatures of credentials and of lists, through OpenSSL. */
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/memory.h"
#include "formats/credential/key.h"
#include "tocsin/status.h"

/* ---- a raw signature as DER ---- */

#define DER_BYTES (2 * (66 + 3) + 4) /* of two numbers of P-521 */

/* A number as DER has it: no zeros before it, but one where its first bit would make it negative. */
static size_t put_number(uint8_t *at, const uint8_t *number, size_t size)
{
    while (size > 1 && *number == 0) {
        number++;
        size--;
    }
    size_t pad = *number >> 7;
    at[0] = 0x02;
    at[1] = (uint8_t) (size + pad);
    at[2] = 0;
    memcpy(at + 2 + pad, number, size);
    return 2 + pad + size;
}

/* r and s of equal length, at most 66 bytes each, as DER. */
static size_t put_signature(uint8_t der[DER_BYTES], const uint8_t *raw, size_t size)
{
    uint8_t numbers[DER_BYTES];
    size_t  num = put_number(numbers, raw, size / 2);
    num += put_number(numbers + num, raw + size / 2, size / 2);
    size_t head = 0;
    der[head++] = 0x30;
    if (num > 127)
        der[head++] = 0x81;
    der[head++] = (uint8_t) num;
    memcpy(der + head, numbers, num);
    return head + num;
}

/* ---- lists ---- */

static EVP_PKEY *read_pem(const char *pem, size_t size)
{
    BIO      *bio = size <= INT32_MAX ? BIO_new_mem_buf(pem, (int) size) : NULL;
    EVP_PKEY *pkey = bio != NULL ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) : NULL;
    if (pkey == NULL && bio != NULL && BIO_reset(bio) >= 0) {
        X509 *x509 = PEM_read_bio_X509(bio, NULL, NULL, NULL);
        pkey = x509 != NULL ? X509_get_pubkey(x509) : NULL;
        X509_free(x509);
    }
    BIO_free(bio);
    return pkey;
}

bool credential_list_signed(const char *pem, size_t pem_size, const uint8_t *signature, size_t signature_size, bool raw,
                            const char *bytes, size_t size)
{
    uint8_t     der[DER_BYTES];
    EVP_PKEY   *pkey = read_pem(pem, pem_size);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool        good = false;
    if (pkey == NULL || context == NULL || (raw && (signature_size > 132 || signature_size < 2)))
        goto out;
    int           bits = EVP_PKEY_is_a(pkey, "EC") ? EVP_PKEY_get_bits(pkey) : 0;
    const EVP_MD *hash = bits > 384 ? EVP_sha512() : bits > 256 ? EVP_sha384() : EVP_sha256();
    size_t        der_size = raw ? put_signature(der, signature, signature_size) : signature_size;
    good = EVP_DigestVerifyInit(context, NULL, hash, NULL, pkey) == 1 &&
           EVP_DigestVerify(context, raw ? der : signature, der_size, (const unsigned char *) bytes, size) == 1;
out:
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(pkey);
    ERR_clear_error();
    return good;
}

/* ---- credentials ---- */

static EVP_PKEY_CTX *context_of(const struct credential_key *key, const EVP_MD *sha256)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
    bool          good = context != NULL && EVP_PKEY_verify_init(context) == 1;
    if (good && key->algorithm == CREDENTIAL_PS256)
        good = EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
               EVP_PKEY_CTX_set_signature_md(context, sha256) == 1 &&
               EVP_PKEY_CTX_set_rsa_mgf1_md(context, sha256) == 1 &&
               EVP_PKEY_CTX_set_rsa_pss_saltlen(context, CREDENTIAL_DIGEST_BYTES) == 1;
    if (good)
        return context;
    EVP_PKEY_CTX_free(context);
    ERR_clear_error();
    return NULL;
}

int credential_checker_init(struct credential_checker *checker, size_t                                       num_keys,
                            const struct credential_key *(*at)(const void *where, size_t index), const void *where)
{
    *checker = (struct credential_checker){ 0 };
    checker->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    checker->hash = EVP_MD_CTX_new();
    checker->contexts = memory_array(num_keys + 1, sizeof *checker->contexts);
    if (checker->sha256 == NULL || checker->hash == NULL || checker->contexts == NULL ||
        EVP_DigestInit_ex2(checker->hash, checker->sha256, NULL) != 1)
        goto no_memory;
    for (; checker->num_contexts < num_keys; checker->num_contexts++) {
        EVP_PKEY_CTX *context = context_of(at(where, checker->num_contexts), checker->sha256);
        if (context == NULL)
            goto no_memory;
        checker->contexts[checker->num_contexts] = context;
    }
    return 0;
no_memory:
    credential_checker_free(checker);
    return TOC_ERR_NO_MEMORY;
}

void credential_checker_free(struct credential_checker *checker)
{
    for (size_t i = 0; i < checker->num_contexts; i++)
        EVP_PKEY_CTX_free(checker->contexts[i]);
    free(checker->contexts);
    EVP_MD_CTX_free(checker->hash);
    EVP_MD_free(checker->sha256);
    *checker = (struct credential_checker){ 0 };
}

bool credential_hash(struct credential_checker *checker, const struct credential_piece *pieces, size_t num_pieces,
                     uint8_t digest[CREDENTIAL_DIGEST_BYTES])
{
    bool good = EVP_DigestInit_ex2(checker->hash, checker->sha256, NULL) == 1;
    for (size_t i = 0; good && i < num_pieces; i++)
        good = EVP_DigestUpdate(checker->hash, pieces[i].bytes, pieces[i].size) == 1;
    return good && EVP_DigestFinal_ex(checker->hash, digest, NULL) == 1;
}

bool credential_signed(struct credential_checker *checker, size_t index, enum credential_algorithm algorithm,
                       const uint8_t digest[CREDENTIAL_DIGEST_BYTES], const uint8_t *signature, size_t size)
{
    uint8_t der[DER_BYTES];
    if (algorithm == CREDENTIAL_ES256) {
        if (size != CREDENTIAL_ES256_BYTES)
            return false;
        size = put_signature(der, signature, size);
        signature = der;
    }
    int answer = EVP_PKEY_verify(checker->contexts[index], signature, size, digest, CREDENTIAL_DIGEST_BYTES);
    if (answer != 1)
        ERR_clear_error();
    return answer == 1;
}
