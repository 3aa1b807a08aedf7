/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Certificates are read on two ways, of which the quick one may only say what the whole one says. */
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "formats/credential/base64.h"
#include "formats/credential/certificate_parts.h"
#include "formats/credential/key_certificate.h"
#include "support/issuer.h"
#include "support/test.h"

#include "conformance.h"

#define VACCINATIONS "1.3.6.1.4.1.1847.2021.1.2"

static size_t num_quick, num_whole; /* certificates that each way took */

static bool same_facts(const struct credential_certificate *a, const struct credential_certificate *b)
{
    return memcmp(a->kid, b->kid, sizeof a->kid) == 0 && a->from == b->from && a->to == b->to && a->uses == b->uses &&
           memcmp(a->country, b->country, sizeof a->country) == 0;
}

static bool same_key(const struct credential_key *a, const struct credential_key *b)
{
    uint8_t first[CREDENTIAL_KEY_INFO_BYTES], second[CREDENTIAL_KEY_INFO_BYTES];
    size_t  size = credential_key_info(a, first);
    return a->algorithm == b->algorithm && size > 0 && credential_key_info(b, second) == size &&
           memcmp(first, second, size) == 0;
}

/* Read on both ways. True where the quick one took it. */
static bool compare(const uint8_t *bytes, size_t size)
{
    struct credential_key         key = { 0 }, other = { 0 };
    struct credential_certificate facts, others;
    uint8_t                      *der = malloc(size + 1); /* of exactly that size, so that reading behind it is seen */
    assert_non_null(der);
    memcpy(der, bytes, size);
    credential_refusal why = credential_certificate_whole(der, size, &other, &others);
    bool               quick = credential_certificate_by_parts(der, size, &key, &facts);
    free(der);
    num_quick += quick;
    num_whole += why == NULL;
    if (quick) {
        assert_null(why);
        assert_true(same_facts(&facts, &others));
        assert_true(same_key(&key, &other));
    }
    credential_key_free(&key);
    credential_key_free(&other);
    return quick;
}

/* ---- own certificates ---- */

struct form {
    const char *curve;      /* NULL = P-256 */
    const char *usage;      /* NULL = none */
    int64_t     from, to;   /* seconds from ISSUER_EPOCH */
    bool        compressed; /* the point */
    bool        first;      /* version 1 */
    bool        twice;      /* the extended key usage */
    bool        elsewhere;  /* the country in the issuer's name alone */
    bool        nameless;   /* a subject without a part */
};

static void add_usage(X509 *x509, const char *usage)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_ext_key_usage, usage);
    assert_non_null(extension);
    assert_int_equal(X509_add_ext(x509, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

static void name_it(X509 *x509, const struct form *form)
{
    static const unsigned char country[] = "XX", others[] = "YY", organisation[] = "Example Ministry 示例部";
    X509_NAME                 *subject = X509_get_subject_name(x509), *issuer = X509_NAME_new();
    X509_NAME_add_entry_by_txt(issuer, "O", MBSTRING_UTF8, organisation, -1, -1, 0);
    X509_NAME_add_entry_by_txt(issuer, "C", MBSTRING_ASC, form->elsewhere ? country : others, -1, -1, 0);
    X509_set_issuer_name(x509, issuer);
    X509_NAME_free(issuer);
    if (form->nameless)
        return;
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, organisation, -1, -1, 0);
    if (!form->elsewhere)
        X509_NAME_add_entry_by_txt(subject, "C", MBSTRING_ASC, country, -1, -1, 0);
    X509_NAME_add_entry_by_txt(subject, "OU", MBSTRING_ASC, others, -1, -1, -1); /* a part of two */
}

static size_t make(const struct form *form, uint8_t der[4096])
{
    EVP_PKEY *pkey = EVP_EC_gen(form->curve != NULL ? form->curve : "P-256");
    X509     *x509 = X509_new();
    assert_non_null(pkey);
    if (form->compressed)
        assert_int_equal(EVP_PKEY_set_utf8_string_param(pkey, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "compressed"),
                         1);
    X509_set_version(x509, form->first ? X509_VERSION_1 : X509_VERSION_3);
    ASN1_INTEGER_set_uint64(X509_get_serialNumber(x509), UINT64_C(0xfedcba9876543210));
    ASN1_TIME_set(X509_getm_notBefore(x509), ISSUER_EPOCH + form->from);
    ASN1_TIME_set(X509_getm_notAfter(x509), ISSUER_EPOCH + form->to);
    name_it(x509, form);
    X509_set_pubkey(x509, pkey);
    if (!form->first) {
        X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, "critical,CA:FALSE");
        X509_add_ext(x509, extension, -1);
        X509_EXTENSION_free(extension);
    }
    if (form->usage != NULL)
        add_usage(x509, form->usage);
    if (form->twice)
        add_usage(x509, "1.3.6.1.4.1.1847.2021.1.1");
    assert_true(X509_sign(x509, pkey, EVP_sha256()) > 0);
    unsigned char *at = der;
    int            size = i2d_X509(x509, &at);
    assert_in_range(size, 1, 4096);
    X509_free(x509);
    EVP_PKEY_free(pkey);
    return (size_t) size;
}

static void test_the_usual_form(void **state)
{
    (void) state;
    static const struct form forms[] = {
        { .to = 86400 },
        { .to = 86400, .usage = VACCINATIONS },
        { .to = 86400, .usage = "clientAuth,1.3.6.1.4.1.1847.2021.1.1,1.3.6.1.4.1.0.1847.2021.1.3" },
        { .from = -INT64_C(50) * 365 * 86400, .to = INT64_C(60) * 365 * 86400 }, /* GeneralizedTime: behind 2049 */
        { .to = 86400, .elsewhere = true },
        { .to = 86400, .nameless = true },
    };
    struct credential_key         key;
    struct credential_certificate facts;
    uint8_t                       der[4096];
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        size_t size = make(&forms[i], der);
        assert_true(compare(der, size));
        assert_true(credential_certificate_by_parts(der, size, &key, &facts));
        assert_int_equal(facts.from, ISSUER_EPOCH + forms[i].from);
        assert_int_equal(facts.to, ISSUER_EPOCH + forms[i].to);
        assert_int_equal(facts.uses, i == 1   ? CREDENTIAL_USE_VACCINATION
                                     : i == 2 ? CREDENTIAL_USE_TEST | CREDENTIAL_USE_RECOVERY
                                              : 0);
        assert_string_equal(facts.country, forms[i].nameless ? "YY" : "XX");
        credential_key_free(&key);
    }
}

/* They are read whole, and what is said of them is what was always said. */
static void test_other_forms(void **state)
{
    (void) state;
    static const struct {
        struct form form;
        const char *why; /* NULL = taken */
    } cases[] = {
        { { .to = 86400, .curve = "P-384" }, "only P-256 and RSA keys are taken" },
        { { .to = 86400, .compressed = true }, NULL },
        { { .to = 86400, .first = true }, NULL },
        { { .to = 86400, .usage = VACCINATIONS, .twice = true }, NULL },
    };
    struct credential_key         key;
    struct credential_certificate facts;
    struct issuer                 rsa;
    uint8_t                       der[4096];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t size = make(&cases[i].form, der);
        assert_false(compare(der, size));
        const char *why = credential_key_of_certificate(der, size, &key, &facts);
        assert_true((why == NULL) == (cases[i].why == NULL));
        if (why != NULL) {
            assert_string_equal(why, cases[i].why);
            continue;
        }
        assert_int_equal(facts.uses, 0); /* of two it is not known which counts */
        assert_string_equal(facts.country, "XX");
        credential_key_free(&key);
    }
    issuer_init(&rsa, 2048, NULL, 0, 0);
    assert_false(compare(rsa.der, rsa.der_size));
    assert_null(credential_key_of_certificate(rsa.der, rsa.der_size, &key, &facts));
    assert_int_equal(key.algorithm, CREDENTIAL_PS256);
    credential_key_free(&key);
    issuer_free(&rsa);
}

static void test_a_point_off_the_curve(void **state)
{
    (void) state;
    const struct form             form = { .to = 86400 };
    struct credential_key         key;
    struct credential_certificate facts;
    struct certificate_parts      parts;
    uint8_t                       der[4096], info[CREDENTIAL_KEY_INFO_BYTES];
    size_t                        size = make(&form, der);
    assert_null(credential_key_of_certificate(der, size, &key, &facts));
    size_t info_size = credential_key_info(&key, info);
    credential_key_free(&key);
    assert_non_null(certificate_parts_point(info, info_size));
    assert_null(certificate_parts_point(info, info_size - 1));
    assert_null(credential_key_of_info(info, info_size, &key));
    credential_key_free(&key);
    assert_true(certificate_parts_find(der, size, &parts));
    der[parts.point - der + 63] ^= 1;
    info[info_size - 1] ^= 1;
    assert_false(compare(der, size));
    assert_string_equal(credential_key_of_certificate(der, size, &key, &facts), "the certificate's key cannot be read");
    assert_string_equal(credential_key_of_info(info, info_size, &key), "the key cannot be read");
}

/* Each byte changed in some ways, each beginning, and something behind the end. */
static void test_changed_bytes(void **state)
{
    (void) state;
    static const uint8_t masks[] = { 0x01, 0x02, 0x10, 0x20, 0x80, 0xff };
    const struct form    form = { .to = 86400, .usage = VACCINATIONS };
    uint8_t              der[4097];
    size_t               size = make(&form, der);
    num_quick = num_whole = 0;
    for (size_t i = 0; i < size; i++) {
        for (size_t j = 0; j < sizeof masks; j++) {
            der[i] ^= masks[j];
            compare(der, size);
            der[i] ^= masks[j];
        }
        assert_false(compare(der, i));
    }
    print_message("%zu of %zu taken, %zu of them by their parts\n", num_whole, size * sizeof masks, num_quick);
    assert_true(num_quick > size); /* the signature at least may be any */
    der[size] = 0;
    assert_false(compare(der, size + 1));
    assert_true(compare(der, size));
}

/* ---- the EU's list ---- */

static void test_signers_of_a_list(void **state)
{
    (void) state;
    const char *folder = test_shared_data("credentials/trust");
    if (folder == NULL)
        skip();
    static const char *const lists[] = { "acc-dsc-list.json", "unit-test-dsc-list.json" };
    size_t                   num = 0;
    num_quick = num_whole = 0;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        size_t  size;
        char   *bytes = conformance_read_file(folder, lists[i], &size);
        char   *from = strchr(bytes, '{'); /* behind the signature */
        json_t *list = json_loads(from, 0, NULL), *signer;
        size_t  index;
        assert_non_null(list);
        json_array_foreach (json_object_get(list, "certificates"), index, signer) {
            const char *text = conformance_text_of(signer, "rawData");
            uint8_t     der[8192];
            size_t      der_size = 0;
            assert_true(strlen(text) < sizeof der);
            assert_int_equal(credential_base64_decode(CREDENTIAL_BASE64, text, strlen(text), der, &der_size), 0);
            compare(der, der_size);
            num++;
        }
        json_decref(list);
        free(bytes);
    }
    print_message("%zu signers, %zu taken, %zu of them by their parts\n", num, num_whole, num_quick);
    assert_int_equal(num, 667);
    assert_int_equal(num_quick, 552);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_usual_form),        cmocka_unit_test(test_other_forms),
        cmocka_unit_test(test_a_point_off_the_curve), cmocka_unit_test(test_changed_bytes),
        cmocka_unit_test(test_signers_of_a_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
