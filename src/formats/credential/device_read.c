/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading a device's file: what device.c wrote, with each length and number looked at all the same. */
#include <stdlib.h>
#include <string.h>

#include "base/json_reader.h"
#include "base/memory.h"
#include "base/text.h"
#include "formats/credential/base64.h"
#include "formats/credential/device.h"
#include "formats/credential/trust_reading.h"

/* ---- members ---- */

/* A whole number within bounds; what is absent stays as it was. */
static bool take_number(const struct value *value, int64_t low, int64_t high, int64_t *number)
{
    if (value == NULL)
        return true;
    if (value->kind != VALUE_INTEGER || value->integer < low || value->integer > high)
        return false;
    *number = value->integer;
    return true;
}

static bool take_text(const struct value *value, char *text, size_t room)
{
    if (value == NULL)
        return true;
    if (value->kind != VALUE_TEXT || value->length >= room)
        return false;
    memcpy(text, value->text, value->length);
    text[value->length] = '\0';
    return true;
}

/* Bytes in base64url, at most `most`; NULL where they are none or there is no memory. */
static uint8_t *take_bytes(const struct value *value, size_t most, size_t *size)
{
    if (!value_is(value, VALUE_TEXT) || value->length > CREDENTIAL_BASE64_ENCODED(most))
        return NULL;
    uint8_t *bytes = malloc(CREDENTIAL_BASE64_DECODED(value->length));
    if (bytes == NULL ||
        (credential_base64_decode(CREDENTIAL_BASE64_URL, value->text, value->length, bytes, size) == 0 &&
         *size <= most))
        return bytes;
    free(bytes);
    return NULL;
}

static bool take_kid(const struct value *value, uint8_t kid[CREDENTIAL_KID_MOST], uint8_t *kid_size)
{
    size_t   size = 0;
    uint8_t *bytes = take_bytes(value, CREDENTIAL_KID_MOST, &size);
    if (bytes != NULL) {
        memcpy(kid, bytes, size);
        *kid_size = (uint8_t) size;
    }
    free(bytes);
    return bytes != NULL && size > 0;
}

static int take_iss(const struct value *value, char **iss, size_t *size)
{
    if (value == NULL)
        return 0;
    if (value->kind != VALUE_TEXT)
        return BASE_ERR_INPUT;
    *iss = strndup(value->text, value->length);
    *size = value->length;
    return *iss != NULL ? 0 : TOC_ERR_NO_MEMORY;
}

/* ---- the parts ---- */

static int read_list(struct credential_trust *trust, const struct value *json)
{
    char                    name[CREDENTIAL_LIST_NAME] = "";
    int64_t                 dated = CREDENTIAL_NO_TIME;
    const struct value     *vouched_for = value_get(json, "vouched_for");
    struct credential_list *list = NULL;
    if (!take_text(value_get(json, "name"), name, sizeof name) ||
        !take_number(value_get(json, "dated"), INT64_MIN, INT64_MAX, &dated))
        return BASE_ERR_INPUT;
    list = credential_trust_begin(trust, name, dated);
    if (list == NULL)
        return TOC_ERR_NO_MEMORY;
    list->vouched_for = value_is(vouched_for, VALUE_TRUE);
    trust->num_lists++;
    return 0;
}

static int read_key(const struct value *json, struct credential_key *key)
{
    size_t             size = 0;
    uint8_t           *info = take_bytes(value_get(json, "key"), CREDENTIAL_KEY_INFO_BYTES, &size);
    credential_refusal why = info != NULL ? credential_key_of_info(info, size, key) : "no key";
    free(info);
    return why == NULL ? 0 : BASE_ERR_INPUT;
}

static int read_signer(struct credential_trust *trust, const struct value *json)
{
    struct credential_signer *signer = credential_trust_room(trust);
    int64_t                   list = -1, uses = 0;
    if (signer == NULL)
        return TOC_ERR_NO_MEMORY;
    const struct value *crl_version = value_get(json, "crl_version");
    if (!take_kid(value_get(json, "kid"), signer->kid, &signer->kid_size) ||
        !take_number(value_get(json, "list"), 0, (int64_t) trust->num_lists - 1, &list) || list < 0 ||
        !take_number(value_get(json, "uses"), 0, 7, &uses) ||
        !take_number(value_get(json, "from"), INT64_MIN, INT64_MAX, &signer->from) ||
        !take_number(value_get(json, "to"), INT64_MIN, INT64_MAX, &signer->to) ||
        !take_text(value_get(json, "country"), signer->country, sizeof signer->country) ||
        (crl_version != NULL && !value_to_number(crl_version, &signer->crl_version)))
        return BASE_ERR_INPUT;
    signer->list = (uint32_t) list;
    signer->uses = (uint8_t) uses;
    int ret = read_key(json, &signer->key);
    if (ret == 0)
        ret = take_iss(value_get(json, "iss"), &signer->iss, &signer->iss_size);
    trust->lists[list].num_signers++;
    trust->num_signers++; /* also where it failed: what it holds is freed with the others */
    return ret;
}

static int compare_rids(const void *a, const void *b)
{
    const struct credential_rid *first = a, *second = b;
    return first->hash < second->hash ? -1 : first->hash > second->hash;
}

static int read_rids(const struct value *json, struct credential_crl *crl)
{
    struct credential_rid *rid = NULL;
    bool                   begun = false;
    for (VALUE_EACH(part, json)) {
        if (!begun) {
            if (part->kind != VALUE_TEXT || part->length > CREDENTIAL_RID_MOST)
                return BASE_ERR_INPUT;
            rid = &crl->rids[crl->num_rids];
            *rid = (struct credential_rid){ .hash = text_hash(part->text, part->length),
                                            .before = INT64_MAX,
                                            .size = (uint8_t) part->length };
            memcpy(rid->rid, part->text, part->length);
        } else {
            if (part->kind != VALUE_NULL && !take_number(part, INT64_MIN, INT64_MAX, &rid->before))
                return BASE_ERR_INPUT;
            crl->num_rids++;
        }
        begun = !begun;
    }
    if (crl->num_rids > 1)
        qsort(crl->rids, crl->num_rids, sizeof *crl->rids, compare_rids);
    return begun ? BASE_ERR_INPUT : 0;
}

static int read_crl(struct credential_trust *trust, const struct value *json)
{
    const struct value *rids = value_get(json, "rids");
    void               *grown = memory_resize(trust->crls, trust->num_crls + 1, sizeof *trust->crls);
    if (grown == NULL)
        return TOC_ERR_NO_MEMORY;
    trust->crls = grown;
    struct credential_crl *crl = &trust->crls[trust->num_crls++];
    *crl = (struct credential_crl){ .broken = value_is(value_get(json, "broken"), VALUE_TRUE) };
    if (!value_is(rids, VALUE_ARRAY) || !take_kid(value_get(json, "kid"), crl->kid, &crl->kid_size) ||
        !value_to_number(value_get(json, "counter"), &crl->counter))
        return BASE_ERR_INPUT;
    crl->rids = memory_array(rids->count / 2 + 1, sizeof *crl->rids);
    if (crl->rids == NULL)
        return TOC_ERR_NO_MEMORY;
    int ret = take_iss(value_get(json, "iss"), &crl->iss, &crl->iss_size);
    return ret != 0 ? ret : read_rids(rids, crl);
}

static int read_slice(struct credential_revocation *revocation, const uint8_t *kid, const struct value *json)
{
    int64_t numbers[5] = { 0, 0, 0, 0, INT64_MAX };
    size_t  size = 0;
    for (size_t i = 0; i < 5; i++)
        if (value_at(json, i) == NULL || !take_number(value_at(json, i), i < 4 ? 0 : INT64_MIN,
                                                      i < 3    ? 15
                                                      : i == 3 ? CREDENTIAL_PREFIXES
                                                               : INT64_MAX,
                                                      &numbers[i]))
            return BASE_ERR_INPUT;
    uint8_t *bytes = take_bytes(value_at(json, 5), CREDENTIAL_DEVICE_BYTES, &size);
    if (bytes == NULL)
        return BASE_ERR_INPUT;
    int ret =
        credential_revocation_add(revocation, kid, (unsigned) numbers[0], (unsigned) numbers[1], (unsigned) numbers[2],
                                  (enum credential_slice_kind) numbers[3], bytes, size, numbers[4], NULL);
    free(bytes);
    return ret;
}

static int read_revocation(struct credential_revocation *revocation, const struct value *json)
{
    uint8_t kid[CREDENTIAL_KID_MOST], kid_size = 0;
    int64_t mode = -1, entries = 0, dated = CREDENTIAL_NO_TIME, expires = INT64_MAX;
    if (!take_kid(value_get(json, "kid"), kid, &kid_size) || kid_size != CREDENTIAL_KID_BYTES ||
        !take_number(value_get(json, "mode"), 0, CREDENTIAL_COORDINATE, &mode) || mode < 0 ||
        !take_number(value_get(json, "entries"), 1, 7, &entries) ||
        !take_number(value_get(json, "dated"), INT64_MIN, INT64_MAX, &dated) ||
        !take_number(value_get(json, "expires"), INT64_MIN, INT64_MAX, &expires))
        return BASE_ERR_INPUT;
    int ret = credential_revocation_declare(revocation, kid, (enum credential_partition_mode) mode, (unsigned) entries,
                                            dated, expires);
    for (VALUE_EACH(slice, value_get(json, "slices"))) {
        if (ret != 0)
            break;
        ret = read_slice(revocation, kid, slice);
    }
    return ret;
}

/* ---- the whole ---- */

static int read_root(const struct value *root, struct credential_trust *trust, struct credential_revocation *revocation)
{
    int ret = value_is(value_get(root, "signers"), VALUE_ARRAY) ? 0 : BASE_ERR_INPUT;
    for (VALUE_EACH(list, value_get(root, "lists")))
        ret = ret != 0 ? ret : read_list(trust, list);
    for (VALUE_EACH(signer, value_get(root, "signers")))
        ret = ret != 0 ? ret : read_signer(trust, signer);
    for (VALUE_EACH(crl, value_get(root, "crls")))
        ret = ret != 0 ? ret : read_crl(trust, crl);
    for (VALUE_EACH(list, value_get(root, "revocation")))
        ret = ret != 0 ? ret : read_revocation(revocation, list);
    return ret;
}

int credential_device_read(const char *bytes, size_t size, char country[CREDENTIAL_PLACE_BYTES],
                           char region[CREDENTIAL_PLACE_BYTES], struct credential_trust *trust,
                           struct credential_revocation *revocation)
{
    struct value_tree        tree = VALUE_TREE_INIT;
    const struct json_limits limits = { .max_bytes = CREDENTIAL_DEVICE_BYTES };
    int                      ret = json_read(bytes, size, &limits, &tree, NULL);
    country[0] = region[0] = '\0';
    if (ret == 0 && (!take_text(value_get(tree.values, "country"), country, CREDENTIAL_PLACE_BYTES) ||
                     !take_text(value_get(tree.values, "region"), region, CREDENTIAL_PLACE_BYTES)))
        ret = BASE_ERR_INPUT;
    if (ret == 0)
        ret = read_root(tree.values, trust, revocation);
    value_tree_free(&tree);
    if (ret == 0)
        return credential_trust_ready(trust);
    return ret == TOC_ERR_NO_MEMORY ? ret : BASE_ERR_INPUT;
}
