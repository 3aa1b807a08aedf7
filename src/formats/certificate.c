/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/certificate.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/instant.h"
#include "base/text.h"
#include "tocsin/status.h"

#define SERIAL_BITS 159 /* at most 20 bytes, and positive */
#define MAX_DOMAIN 253
#define MAX_LABEL 63

void certificate_free(struct certificate *certificate)
{
    if (certificate->key != NULL)
        OPENSSL_cleanse(certificate->key, certificate->key_size);
    free(certificate->key);
    free(certificate->chain);
    *certificate = (struct certificate){ 0 };
}

/* OpenSSL refused what this file asked of it: told with its own reason. */
static int refuse(struct fault_list *faults, const char *what)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    ERR_clear_error();
    fault_add(faults, (struct fault_place){ .name = what }, NULL, "%s", reason != NULL ? reason : "refused");
    return BASE_ERR_INPUT;
}

/* ---- hosts ---- */

static bool is_letter_or_digit(char character)
{
    return (character >= 'a' && character <= 'z') || (character >= '0' && character <= '9');
}

/* A domain in small ASCII letters; names in other scripts come as xn--… */
static bool is_domain(const char *text)
{
    size_t size = strlen(text), label = 0;
    bool   letters = false;
    if (size == 0 || size > MAX_DOMAIN)
        return false;
    for (size_t i = 0; i <= size; i++) {
        if (i == size || text[i] == '.') {
            if (label == 0 || label > MAX_LABEL || text[i - 1] == '-')
                return false;
            label = 0;
        } else if (is_letter_or_digit(text[i]) || (text[i] == '-' && label > 0)) {
            letters = letters || (text[i] >= 'a' && text[i] <= 'z');
            label++;
        } else {
            return false;
        }
    }
    return letters; /* digits alone are an address that is not one */
}

/* An address of 4 or 16 bytes; behind a '/', where a net may stand, the length of its prefix. */
struct address {
    uint8_t bytes[16], mask[16];
    size_t  size;
};

static bool read_address(const char *text, bool net, struct address *address)
{
    char        host[INET6_ADDRSTRLEN];
    const char *slash = net ? strchr(text, '/') : NULL;
    size_t      length = slash != NULL ? (size_t) (slash - text) : strlen(text);
    int64_t     prefix;
    if (length >= sizeof host)
        return false;
    memcpy(host, text, length);
    host[length] = '\0';
    *address = (struct address){ .size = strchr(host, ':') != NULL ? 16 : 4 };
    if (inet_pton(address->size == 16 ? AF_INET6 : AF_INET, host, address->bytes) != 1)
        return false;
    prefix = (int64_t) address->size * 8;
    if (slash != NULL && text_to_integer(slash + 1, strlen(slash + 1), 0, prefix, &prefix) != 0)
        return false;
    for (size_t bit = 0; bit < (size_t) prefix; bit++)
        address->mask[bit / 8] |= (uint8_t) (0x80 >> bit % 8);
    for (size_t i = 0; i < address->size; i++)
        if ((address->bytes[i] & ~address->mask[i]) != 0)
            return false; /* a net is named by its first address */
    return true;
}

bool certificate_host_allowed(const char *host, bool net)
{
    struct address address;
    return is_domain(host) || read_address(host, net, &address);
}

static int check_hosts(const struct certificate_hosts *hosts, bool net, struct fault_list *faults)
{
    int ret = hosts->num > 0 ? 0 : BASE_ERR_INPUT;
    if (ret != 0)
        fault_add(faults, (struct fault_place){ .name = "host" }, "one at least", "no host");
    for (size_t i = 0; i < hosts->num; i++) {
        char quoted[TEXT_QUOTE_BYTES];
        if (certificate_host_allowed(hosts->names[i], net))
            continue;
        text_quote(hosts->names[i], strlen(hosts->names[i]), quoted);
        fault_add(faults, (struct fault_place){ .name = "host" },
                  net ? "a domain (county.example) or a net (10.1.0.0/16, named by its first address)"
                      : "a name (tocsin.county.example) or an address (10.1.2.3)",
                  "%s", quoted);
        ret = BASE_ERR_INPUT;
    }
    return ret;
}

static int check_name(const char *name, struct fault_list *faults)
{
    size_t size = strlen(name);
    if (size > 0 && size <= CERTIFICATE_MAX_NAME && text_check_utf8(name, size) == size)
        return 0;
    fault_add(faults, (struct fault_place){ .name = "name" }, "1 to 64 bytes of UTF-8", "a name of %zu bytes", size);
    return BASE_ERR_INPUT;
}

/* ---- parts of a certificate ---- */

static bool add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    bool            good = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return good;
}

static GENERAL_NAME *general_name(const char *host, bool net)
{
    struct address address;
    uint8_t        bytes[32];
    GENERAL_NAME  *name = GENERAL_NAME_new();
    bool           is_address = *host != '\0' && read_address(host, net, &address);
    ASN1_STRING   *value = ASN1_STRING_type_new(is_address ? V_ASN1_OCTET_STRING : V_ASN1_IA5STRING);
    const void    *from = host;
    size_t         size = strlen(host);
    if (name == NULL || value == NULL)
        goto failed;
    if (is_address) {
        memcpy(bytes, address.bytes, address.size);
        memcpy(bytes + address.size, address.mask, address.size);
        from = bytes;
        size = net ? 2 * address.size : address.size;
    }
    if (ASN1_STRING_set(value, from, (int) size) != 1)
        goto failed;
    GENERAL_NAME_set0_value(name, is_address ? GEN_IPADD : GEN_DNS, value);
    return name;
failed:
    GENERAL_NAME_free(name);
    ASN1_STRING_free(value);
    return NULL;
}

static bool add_hosts(X509 *certificate, const struct certificate_hosts *hosts)
{
    GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
    bool           good = names != NULL;
    for (size_t i = 0; good && i < hosts->num; i++) {
        GENERAL_NAME *name = general_name(hosts->names[i], false);
        good = name != NULL && sk_GENERAL_NAME_push(names, name) > 0;
        if (!good)
            GENERAL_NAME_free(name);
    }
    good = good && X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 0, 0) == 1;
    sk_GENERAL_NAME_pop_free(names, GENERAL_NAME_free);
    return good;
}

static bool add_subtree(STACK_OF(GENERAL_SUBTREE) * *subtrees, const char *host)
{
    GENERAL_SUBTREE *subtree = GENERAL_SUBTREE_new();
    GENERAL_NAME    *name = general_name(host, true);
    if (*subtrees == NULL)
        *subtrees = sk_GENERAL_SUBTREE_new_null();
    if (subtree == NULL || name == NULL || *subtrees == NULL) {
        GENERAL_SUBTREE_free(subtree);
        GENERAL_NAME_free(name);
        return false;
    }
    GENERAL_NAME_free(subtree->base);
    subtree->base = name;
    if (sk_GENERAL_SUBTREE_push(*subtrees, subtree) > 0)
        return true;
    GENERAL_SUBTREE_free(subtree);
    return false;
}

/* What is not named is excluded, kind by kind: constraints on domains alone would leave every address open. */
static bool add_constraints(X509 *certificate, const struct certificate_hosts *hosts)
{
    static const char *const all[] = { [0] = "0.0.0.0/0", [1] = "::/0", [2] = "" };
    NAME_CONSTRAINTS        *constraints = NAME_CONSTRAINTS_new();
    bool                     named[3] = { false, false, false }, good = constraints != NULL;
    for (size_t i = 0; good && i < hosts->num; i++) {
        struct address address;
        bool           is_address = read_address(hosts->names[i], true, &address);
        named[!is_address ? 2 : address.size == 16] = true;
        good = add_subtree(&constraints->permittedSubtrees, hosts->names[i]);
    }
    for (size_t kind = 0; good && kind < 3; kind++) {
        /* An address of either size is told apart by its length alone, so that each size has its own line. */
        if (!named[kind])
            good = add_subtree(&constraints->excludedSubtrees, all[kind]);
    }
    good = good && X509_add1_ext_i2d(certificate, NID_name_constraints, constraints, 1, 0) == 1;
    NAME_CONSTRAINTS_free(constraints);
    return good;
}

static bool set_name(X509_NAME *subject, const char *name)
{
    return X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8, (const unsigned char *) name, -1, -1,
                                      0) == 1;
}

/* A certificate that lacks its extensions and its signature. */
static X509 *begin(const char *name, EVP_PKEY *key, int64_t now, long days)
{
    X509   *certificate = X509_new();
    BIGNUM *serial = BN_new();
    time_t  seconds = (time_t) (now / INSTANT_SECOND);
    bool    good = certificate != NULL && serial != NULL && X509_set_version(certificate, X509_VERSION_3) == 1 &&
                BN_rand(serial, SERIAL_BITS, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
                BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(certificate)) != NULL &&
                X509_time_adj_ex(X509_getm_notBefore(certificate), -1, 0, &seconds) != NULL &&
                X509_time_adj_ex(X509_getm_notAfter(certificate), (int) days, 0, &seconds) != NULL &&
                X509_set_pubkey(certificate, key) == 1 && set_name(X509_get_subject_name(certificate), name);
    BN_free(serial);
    if (good)
        return certificate;
    X509_free(certificate);
    return NULL;
}

/* ---- out of OpenSSL's memory ---- */

static char *copy_out(BIO *bio, size_t *size)
{
    char *bytes;
    long  length = BIO_get_mem_data(bio, &bytes);
    char *copy = length > 0 ? malloc((size_t) length + 1) : NULL;
    if (copy != NULL) {
        memcpy(copy, bytes, (size_t) length);
        copy[length] = '\0';
        *size = (size_t) length;
    }
    return copy;
}

static bool write_key(BIO *bio, EVP_PKEY *key, const char *passphrase)
{
    return PEM_write_bio_PKCS8PrivateKey(bio, key, passphrase != NULL ? EVP_aes_256_cbc() : NULL, passphrase,
                                         passphrase != NULL ? (int) strlen(passphrase) : 0, NULL, NULL) == 1;
}

static int finish(X509 *certificate, EVP_PKEY *key, const char *passphrase, struct certificate *made)
{
    struct certificate out = { 0 };
    BIO               *key_bio = BIO_new(BIO_s_secmem()), *chain_bio = BIO_new(BIO_s_mem());
    if (key_bio != NULL && chain_bio != NULL && write_key(key_bio, key, passphrase) &&
        PEM_write_bio_X509(chain_bio, certificate) == 1) {
        out.key = copy_out(key_bio, &out.key_size);
        out.chain = copy_out(chain_bio, &out.chain_size);
    }
    BIO_free(key_bio);
    BIO_free(chain_bio);
    if (out.key == NULL || out.chain == NULL) {
        certificate_free(&out);
        return TOC_ERR_NO_MEMORY;
    }
    *made = out;
    return 0;
}

/* ---- the authority ---- */

int certificate_authority(const char *name, const struct certificate_hosts *hosts, int years, int64_t now,
                          const char *passphrase, struct certificate *made, struct fault_list *faults)
{
    int ret = check_name(name, faults);
    if (check_hosts(hosts, true, faults) != 0 || ret != 0)
        return BASE_ERR_INPUT;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509     *certificate = key != NULL ? begin(name, key, now, years * 365L + years / 4) : NULL;
    if (certificate != NULL && X509_set_issuer_name(certificate, X509_get_subject_name(certificate)) == 1 &&
        add_extension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
        add_extension(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign") &&
        add_extension(certificate, certificate, NID_subject_key_identifier, "hash") &&
        add_constraints(certificate, hosts) && X509_sign(certificate, key, EVP_sha256()) > 0)
        ret = finish(certificate, key, passphrase, made);
    else
        ret = refuse(faults, "authority");
    X509_free(certificate);
    EVP_PKEY_free(key);
    return ret;
}

/* ---- what it signs ---- */

struct issuer {
    X509     *certificate;
    EVP_PKEY *key;
};

static void close_issuer(struct issuer *issuer)
{
    X509_free(issuer->certificate);
    EVP_PKEY_free(issuer->key);
}

/* Answers OpenSSL's question for a passphrase; -1 where there is none, so that it never asks at the terminal. */
static int give_passphrase(char *to, int room, int writing, void *context)
{
    const char *passphrase = context;
    size_t      size = passphrase != NULL ? strlen(passphrase) : 0;
    (void) writing;
    if (passphrase == NULL || size > (size_t) room)
        return -1;
    memcpy(to, passphrase, size);
    return (int) size;
}

static X509 *read_certificate(const char *pem, size_t size)
{
    BIO  *bio = size > 0 && size <= CERTIFICATE_MAX_PEM ? BIO_new_mem_buf(pem, (int) size) : NULL;
    X509 *certificate = bio != NULL ? PEM_read_bio_X509(bio, NULL, give_passphrase, NULL) : NULL;
    BIO_free(bio);
    return certificate;
}

static int open_issuer(const struct certificate_issuer *from, struct issuer *issuer, struct fault_list *faults)
{
    BIO *bio = from->key_size <= CERTIFICATE_MAX_PEM ? BIO_new_mem_buf(from->key, (int) from->key_size) : NULL;
    *issuer = (struct issuer){ read_certificate(from->chain, from->chain_size), NULL };
    if (bio != NULL)
        issuer->key = PEM_read_bio_PrivateKey(bio, NULL, give_passphrase, (void *) (uintptr_t) from->passphrase);
    BIO_free(bio);
    ERR_clear_error();
    const char *wrong = issuer->certificate == NULL ? "the authority's certificate cannot be read"
                        : issuer->key == NULL       ? "the authority's key cannot be read, or its passphrase is another"
                        : X509_check_ca(issuer->certificate) != 1 ? "it is not an authority's certificate"
                        : X509_check_private_key(issuer->certificate, issuer->key) != 1
                            ? "the authority's key and certificate do not belong together"
                            : NULL;
    if (wrong == NULL)
        return 0;
    close_issuer(issuer);
    fault_add(faults, (struct fault_place){ .name = "authority" }, "the files that 'tocsin cert authority' has made",
              "%s", wrong);
    ERR_clear_error();
    return BASE_ERR_INPUT;
}

/* As browsers do: is the certificate good at `now`, with this authority and no other trusted? */
static bool verifies(const struct issuer *issuer, X509 *certificate, int64_t now)
{
    X509_STORE     *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    bool            good = false;
    if (store != NULL && context != NULL && X509_STORE_add_cert(store, issuer->certificate) == 1 &&
        X509_STORE_CTX_init(context, store, certificate, NULL) == 1) {
        X509_STORE_CTX_set_time(context, 0, (time_t) (now / INSTANT_SECOND));
        good = X509_verify_cert(context) == 1;
    }
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    ERR_clear_error();
    return good;
}

/* hosts NULL: a sender's. */
static int sign(const struct issuer *issuer, const char *name, const struct certificate_hosts *hosts, int days,
                int64_t now, struct certificate *made, struct fault_list *faults)
{
    int       ret;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509     *certificate = key != NULL ? begin(name, key, now, days) : NULL;
    bool      good =
        certificate != NULL && X509_set_issuer_name(certificate, X509_get_subject_name(issuer->certificate)) == 1 &&
        add_extension(certificate, issuer->certificate, NID_basic_constraints, "critical,CA:FALSE") &&
        add_extension(certificate, issuer->certificate, NID_key_usage, "critical,digitalSignature") &&
        add_extension(certificate, issuer->certificate, NID_ext_key_usage,
                      hosts != NULL ? "serverAuth" : "clientAuth") &&
        add_extension(certificate, issuer->certificate, NID_subject_key_identifier, "hash") &&
        add_extension(certificate, issuer->certificate, NID_authority_key_identifier, "keyid") &&
        (hosts == NULL || add_hosts(certificate, hosts)) && X509_sign(certificate, issuer->key, EVP_sha256()) > 0;
    if (!good)
        ret = refuse(faults, "certificate");
    else if (verifies(issuer, certificate, now))
        ret = finish(certificate, key, NULL, made);
    else {
        fault_add(faults, (struct fault_place){ .name = hosts != NULL ? "host" : "name" },
                  hosts != NULL
                      ? "hosts within what the authority may vouch for ('tocsin cert show'), while it is valid"
                      : "while the authority is valid, a name that is not that of a host beyond its own",
                  "nobody who trusts the authority would take this certificate");
        ret = BASE_ERR_INPUT;
    }
    X509_free(certificate);
    EVP_PKEY_free(key);
    return ret;
}

int certificate_server(const struct certificate_issuer *from, const struct certificate_hosts *hosts, int days,
                       int64_t now, struct certificate *made, struct fault_list *faults)
{
    struct issuer issuer;
    char          name[CERTIFICATE_MAX_NAME + 1];
    int           ret = check_hosts(hosts, false, faults);
    if (ret == 0)
        ret = open_issuer(from, &issuer, faults);
    if (ret != 0)
        return ret;
    snprintf(name, sizeof name, "%s", hosts->names[0]);
    ret = sign(&issuer, name, hosts, days, now, made, faults);
    close_issuer(&issuer);
    return ret;
}

int certificate_sender(const struct certificate_issuer *from, const char *name, int days, int64_t now,
                       struct certificate *made, struct fault_list *faults)
{
    struct issuer issuer;
    int           ret = check_name(name, faults);
    if (ret == 0)
        ret = open_issuer(from, &issuer, faults);
    if (ret != 0)
        return ret;
    ret = sign(&issuer, name, NULL, days, now, made, faults);
    close_issuer(&issuer);
    return ret;
}

/* ---- reading ---- */

static void read_common_name(const X509_NAME *name, char *text, size_t size)
{
    int            at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
    unsigned char *utf8 = NULL;
    int length = at >= 0 ? ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at))) : -1;
    text[0] = '\0';
    if (length > 0)
        text_escape((const char *) utf8, (size_t) length, text, size);
    OPENSSL_free(utf8);
}

static void append(char *text, size_t size, const char *part)
{
    size_t used = strlen(text);
    snprintf(text + used, size - used, "%s%s", used > 0 ? ", " : "", part);
}

static unsigned prefix_of(const uint8_t *mask, size_t size)
{
    unsigned bits = 0;
    while (bits < size * 8 && (mask[bits / 8] & (0x80 >> bits % 8)) != 0)
        bits++;
    return bits;
}

/* `net`: an address comes with its mask. */
static void append_name(char *text, size_t size, const GENERAL_NAME *name, bool net)
{
    int                type;
    const ASN1_STRING *value = GENERAL_NAME_get0_value(name, &type);
    const uint8_t     *bytes = type == GEN_IPADD || type == GEN_DNS ? ASN1_STRING_get0_data(value) : NULL;
    size_t             length = bytes != NULL ? (size_t) ASN1_STRING_length(value) : 0;
    size_t             address = net ? length / 2 : length;
    char               part[4 * MAX_DOMAIN + INET6_ADDRSTRLEN];
    if (type == GEN_DNS && length > 0 && length <= MAX_DOMAIN) {
        text_escape((const char *) bytes, length, part, sizeof part);
        append(text, size, part);
    } else if (type == GEN_IPADD && (address == 4 || address == 16) && address * (net ? 2 : 1) == length) {
        inet_ntop(address == 16 ? AF_INET6 : AF_INET, bytes, part, INET6_ADDRSTRLEN);
        if (net)
            snprintf(part + strlen(part), sizeof part - strlen(part), "/%u", prefix_of(bytes + address, address));
        append(text, size, part);
    }
}

static void read_hosts(X509 *certificate, struct certificate_facts *facts)
{
    GENERAL_NAMES    *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    NAME_CONSTRAINTS *constraints = X509_get_ext_d2i(certificate, NID_name_constraints, NULL, NULL);
    for (int i = 0; names != NULL && i < sk_GENERAL_NAME_num(names); i++)
        append_name(facts->hosts, sizeof facts->hosts, sk_GENERAL_NAME_value(names, i), false);
    if (constraints != NULL)
        for (int i = 0; i < sk_GENERAL_SUBTREE_num(constraints->permittedSubtrees); i++)
            append_name(facts->hosts, sizeof facts->hosts,
                        sk_GENERAL_SUBTREE_value(constraints->permittedSubtrees, i)->base, true);
    sk_GENERAL_NAME_pop_free(names, GENERAL_NAME_free);
    NAME_CONSTRAINTS_free(constraints);
}

static bool read_time(const ASN1_TIME *time, int64_t *instant)
{
    static const time_t epoch = 0;
    ASN1_TIME          *zero = ASN1_TIME_set(NULL, epoch);
    int                 days, seconds;
    bool                good = zero != NULL && ASN1_TIME_diff(&days, &seconds, zero, time) == 1;
    if (good)
        *instant = days * INSTANT_DAY + seconds * INSTANT_SECOND;
    ASN1_TIME_free(zero);
    return good;
}

int certificate_read(const char *pem, size_t size, struct certificate_facts *facts, struct fault_list *faults)
{
    struct certificate_facts out = { .from = 0 };
    unsigned                 length = 0;
    X509                    *certificate = read_certificate(pem, size);
    if (certificate == NULL || !read_time(X509_get0_notBefore(certificate), &out.from) ||
        !read_time(X509_get0_notAfter(certificate), &out.to) ||
        X509_digest(certificate, EVP_sha256(), out.fingerprint, &length) != 1) {
        X509_free(certificate);
        ERR_clear_error();
        fault_add(faults, (struct fault_place){ 0 }, "PEM, of at most 64 KiB", "no certificate");
        return BASE_ERR_INPUT;
    }
    uint32_t use = X509_get_extended_key_usage(certificate);
    read_common_name(X509_get_subject_name(certificate), out.name, sizeof out.name);
    read_common_name(X509_get_issuer_name(certificate), out.issuer, sizeof out.issuer);
    read_hosts(certificate, &out);
    out.authority = X509_check_ca(certificate) == 1;
    out.server = use != UINT32_MAX && (use & XKU_SSL_SERVER) != 0;
    out.sender = use != UINT32_MAX && (use & XKU_SSL_CLIENT) != 0;
    X509_free(certificate);
    ERR_clear_error();
    *facts = out;
    return 0;
}
