/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The forms of lists. */
#include <stdlib.h>
#include <string.h>

#include "base/instant.h"
#include "base/json_reader.h"
#include "base/text.h"
#include "formats/credential/base64.h"
#include "formats/credential/trust_reading.h"

#define ISS_BYTES 512
#define WHERE_BYTES 80

static void name_part(const struct credential_reading *reading, const struct value *part, char where[WHERE_BYTES])
{
    snprintf(where, WHERE_BYTES, "signer %zu", reading->list->num_signers + reading->list->num_refused + 1);
    const struct value *country = value_get(part, "country"), *kid = value_get(part, "kid");
    char                shown[48];
    if (value_is(kid, VALUE_TEXT)) {
        text_escape(kid->text, kid->length, shown, sizeof shown);
        size_t used = strlen(where);
        snprintf(where + used, WHERE_BYTES - used, " (%.*s%skid %s)",
                 value_is(country, VALUE_TEXT) && country->length == 2 ? 2 : 0,
                 value_is(country, VALUE_TEXT) ? country->text : "",
                 value_is(country, VALUE_TEXT) && country->length == 2 ? ", " : "", shown);
    }
}

static int fault(const struct credential_reading *reading, const char *allowed, const char *found)
{
    fault_add(reading->faults, (struct fault_place){ .file = reading->name }, allowed, "%s", found);
    return BASE_ERR_INPUT;
}

/* ---- the EU's signers ---- */

static int read_certificates(struct credential_reading *reading, const struct value *list)
{
    int ret = 0;
    for (VALUE_EACH(signer, list)) {
        char                where[WHERE_BYTES];
        const struct value *country = value_get(signer, "country");
        const struct value *type = value_get(signer, "certificateType");
        bool                named = value_is(country, VALUE_TEXT) && country->length == 2;
        if (value_is(type, VALUE_TEXT) && !value_is_text(type, "DSC"))
            continue; /* of an authority, or of an upload: they sign no passes */
        name_part(reading, signer, where);
        ret = credential_read_certificate(reading, signer, where, named ? country->text : "", named ? 2 : 0);
        if (ret != 0)
            break;
    }
    return ret;
}

/* ---- SMART issuers ---- */

/* An issuer is an address with https and without / at its end. */
static bool is_issuer(const char *iss, size_t size)
{
    return size > 8 && size < ISS_BYTES && memcmp(iss, "https://", 8) == 0 && iss[size - 1] != '/';
}

static int read_keys(struct credential_reading *reading, const struct value *keys, const char *iss, size_t iss_size)
{
    int ret = 0;
    for (VALUE_EACH(key, keys)) {
        char where[WHERE_BYTES];
        name_part(reading, key, where);
        ret = credential_read_jwk(reading, key, iss, iss_size, where);
        if (ret != 0)
            break;
    }
    return ret;
}

static int read_crls(struct credential_reading *reading, const struct value *crls, const char *iss, size_t iss_size)
{
    for (VALUE_EACH(crl, crls)) {
        int ret = credential_read_crl(reading->trust, crl, iss, iss_size, reading->name, reading->faults);
        if (ret == TOC_ERR_NO_MEMORY)
            return ret;
    }
    return 0;
}

static int read_issuer(struct credential_reading *reading, const struct value *iss, const struct value *keys,
                       const struct value *crls)
{
    char shown[64] = "";
    if (!value_is(iss, VALUE_TEXT) || !is_issuer(iss->text, iss->length)) {
        if (value_is(iss, VALUE_TEXT))
            text_escape(iss->text, iss->length, shown, sizeof shown);
        fault_add(reading->faults, (struct fault_place){ .file = reading->name, .name = "iss" },
                  "https://…, without / at its end", "\"%s\" is no issuer's address", shown);
        reading->list->num_refused++;
        return 0;
    }
    int ret = read_keys(reading, keys, iss->text, iss->length);
    return ret != 0 ? ret : read_crls(reading, crls, iss->text, iss->length);
}

static int read_snapshot(struct credential_reading *reading, const struct value *issuers)
{
    int ret = 0;
    for (VALUE_EACH(issuer, issuers)) {
        ret = read_issuer(reading, value_get(value_get(issuer, "issuer"), "iss"), value_get(issuer, "keys"),
                          value_get(issuer, "crls"));
        if (ret != 0)
            break;
    }
    return ret;
}

static int read_key_set(struct credential_reading *reading, const struct value *root)
{
    const struct value *iss = value_get(root, "iss");
    struct value        told = { .kind = VALUE_TEXT, .size = 1 };
    if (iss == NULL && reading->iss == NULL)
        return fault(reading, "a member \"iss\": the issuer's address", "the key set does not say whose it is");
    if (iss == NULL) {
        told.text = reading->iss;
        told.length = (uint32_t) strlen(reading->iss);
        iss = &told;
    }
    return read_issuer(reading, iss, value_get(root, "keys"), value_get(root, "crls"));
}

/* A revocation list in a file of its own: it must say whose it is. */
static int read_own_crl(struct credential_reading *reading, const struct value *root)
{
    const struct value *iss = value_get(root, "iss");
    if (!value_is(iss, VALUE_TEXT) || !is_issuer(iss->text, iss->length))
        return fault(reading, "a member \"iss\": the issuer's address", "the revocation list does not say whose it is");
    int ret = credential_read_crl(reading->trust, root, iss->text, iss->length, reading->name, reading->faults);
    return ret == TOC_ERR_NO_MEMORY ? ret : 0; /* a broken one counts too: its cards cannot be told to be unrevoked */
}

/* ---- DID documents ---- */

static int read_methods(struct credential_reading *reading, const struct value *methods)
{
    int ret = 0;
    for (VALUE_EACH(method, methods)) {
        const struct value *jwk = value_get(method, "publicKeyJwk");
        char                where[WHERE_BYTES];
        if (!value_is(jwk, VALUE_OBJECT))
            continue; /* a reference to another document */
        name_part(reading, jwk, where);
        ret = credential_read_method(reading, jwk, value_get(method, "id"), where);
        if (ret != 0)
            break;
    }
    return ret;
}

/* ---- any of them ---- */

static int read_root(struct credential_reading *reading, const struct value *root)
{
    static const char *const date_names[] = { "time", "updated", "timestamp" };
    for (size_t i = 0; i < sizeof date_names / sizeof *date_names; i++) {
        const struct value *date = value_get(root, date_names[i]);
        int64_t             instant;
        if (value_is(date, VALUE_TEXT) && instant_from_text(date->text, date->length, &instant) == 0)
            reading->list->dated = instant / INSTANT_SECOND;
    }
    if (value_is(root, VALUE_ARRAY) && value_is(value_at(root, 0), VALUE_OBJECT))
        return read_certificates(reading, root);
    if (value_is(value_get(root, "certificates"), VALUE_ARRAY))
        return read_certificates(reading, value_get(root, "certificates"));
    if (value_is(value_get(root, "issuerInfo"), VALUE_ARRAY))
        return read_snapshot(reading, value_get(root, "issuerInfo"));
    if (value_is(value_get(root, "keys"), VALUE_ARRAY))
        return read_key_set(reading, root);
    if (value_is(value_get(root, "verificationMethod"), VALUE_ARRAY))
        return read_methods(reading, value_get(root, "verificationMethod"));
    if (value_is(value_get(root, "rids"), VALUE_ARRAY))
        return read_own_crl(reading, root);
    if (value_is(value_get(root, "participating_issuers"), VALUE_ARRAY))
        return fault(reading, "the directory's snapshot, which holds them", "the directory names issuers without keys");
    return fault(reading, "certificates, issuerInfo, keys or verificationMethod", "no list of signers that is known");
}

/* The list's bytes behind its first line, where that is a signature; and whether the signature holds. */
static int check_signature(struct credential_reading *reading, const struct credential_list_file *file,
                           const char **bytes, size_t *size)
{
    const char *end = memchr(file->bytes, '\n', file->size < 1024 ? file->size : 1024);
    size_t first = end != NULL && file->bytes[0] != '{' && file->bytes[0] != '[' ? (size_t) (end - file->bytes) : 0,
           num = 0;
    uint8_t signature[CREDENTIAL_BASE64_DECODED(1024)];
    bool    own = first > 0;
    *bytes = file->bytes + (own ? first + 1 : 0);
    *size = file->size - (own ? first + 1 : 0);
    if (own && first > 0 && file->bytes[first - 1] == '\r')
        first--;
    if (file->key == NULL)
        return 0;
    if (!own && file->signature == NULL)
        return fault(reading, "its signature in its first line or beside it", "the list is not signed");
    if (own && credential_base64_decode(CREDENTIAL_BASE64, file->bytes, first, signature, &num) != 0)
        return fault(reading, "a signature in base64", "the first line is no signature");
    bool good = own ? credential_list_signed(file->key, file->key_size, signature, num, true, *bytes, *size)
                    : credential_list_signed(file->key, file->key_size, file->signature, file->signature_size, false,
                                             *bytes, *size);
    reading->list->vouched_for = good;
    return good ? 0 : fault(reading, "a list as its keeper signed it", "the signature of the list does not hold");
}

/* Take back what was added of a list that is refused. */
static void take_back(struct credential_trust *trust, size_t num_signers, size_t num_crls)
{
    while (trust->num_signers > num_signers) {
        struct credential_signer *signer = &trust->signers[--trust->num_signers];
        credential_key_free(&signer->key);
        free(signer->iss);
    }
    while (trust->num_crls > num_crls) {
        struct credential_crl *crl = &trust->crls[--trust->num_crls];
        free(crl->iss);
        free(crl->rids);
    }
}

int credential_trust_add(struct credential_trust *trust, const struct credential_list_file *file,
                         struct fault_list *faults)
{
    struct value_tree         tree = VALUE_TREE_INIT;
    struct json_fault         broken;
    struct credential_list   *list = credential_trust_begin(trust, file->name, file->dated);
    struct credential_reading reading = { trust, list, faults, file->name, file->iss };
    size_t                    num_signers = trust->num_signers, num_crls = trust->num_crls, size = 0;
    const char               *bytes = NULL;
    if (list == NULL)
        return TOC_ERR_NO_MEMORY;
    int ret = file->size <= CREDENTIAL_LIST_BYTES ? check_signature(&reading, file, &bytes, &size)
                                                  : fault(&reading, "at most 64 MiB", "the list is too long");
    if (ret != 0)
        goto out;
    ret = json_read(bytes, size, NULL, &tree, &broken);
    if (ret == BASE_ERR_INPUT || ret == TOC_ERR_TOO_LARGE) {
        fault_add(faults, (struct fault_place){ .file = file->name, .line = broken.line }, broken.allowed, "%s",
                  broken.found);
        ret = BASE_ERR_INPUT;
    }
    if (ret == 0)
        ret = read_root(&reading, &tree.values[0]);
out:
    value_tree_free(&tree);
    if (ret == 0)
        trust->num_lists++;
    else
        take_back(trust, num_signers, num_crls);
    return ret;
}
