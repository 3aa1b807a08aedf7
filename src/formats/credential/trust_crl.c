/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Revocation lists of SMART Health Cards. */
#include <stdlib.h>
#include <string.h>

#include "base/json_reader.h"
#include "base/memory.h"
#include "base/text.h"
#include "formats/credential/trust_reading.h"

static bool is_base64url(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        if (!(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '_')
            return false;
    }
    return size > 0;
}

/* "rid" or "rid.seconds". NULL, or what is wrong. */
static const char *read_rid(const struct value *value, struct credential_rid *rid)
{
    if (!value_is(value, VALUE_TEXT))
        return "a rid is no text";
    const char *dot = memchr(value->text, '.', value->length);
    size_t      size = dot != NULL ? (size_t) (dot - value->text) : value->length;
    *rid = (struct credential_rid){ .before = INT64_MAX };
    if (size > CREDENTIAL_RID_MOST)
        return "a rid is longer than 24 characters";
    if (!is_base64url(value->text, size))
        return "a rid is not base64url";
    if (dot != NULL && text_to_integer(dot + 1, value->length - size - 1, 0, INT64_C(1) << 40, &rid->before) != 0)
        return "the time of a rid is no number of seconds";
    memcpy(rid->rid, value->text, size);
    rid->size = (uint8_t) size;
    rid->hash = text_hash(value->text, size);
    return NULL;
}

static int compare(const void *a, const void *b)
{
    const struct credential_rid *first = a, *second = b;
    if (first->hash != second->hash)
        return first->hash < second->hash ? -1 : 1;
    if (first->size != second->size)
        return first->size < second->size ? -1 : 1;
    return memcmp(first->rid, second->rid, first->size);
}

/* The rids of a list, sorted. NULL, or what is wrong. */
static const char *read_rids(const struct value *rids, struct credential_crl *crl)
{
    for (VALUE_EACH(rid, rids)) {
        const char *why = read_rid(rid, &crl->rids[crl->num_rids]);
        if (why != NULL)
            return why;
        crl->num_rids++;
    }
    if (crl->num_rids > 1)
        qsort(crl->rids, crl->num_rids, sizeof *crl->rids, compare);
    for (size_t i = 1; i < crl->num_rids; i++)
        if (compare(&crl->rids[i - 1], &crl->rids[i]) == 0)
            return "a rid stands there twice";
    return NULL;
}

static const char *read_list(const struct value *list, struct credential_crl *crl)
{
    const struct value *counter = value_get(list, "ctr"), *rids = value_get(list, "rids");
    if (!value_is_text(value_get(list, "method"), "rid"))
        return "the method is not rid";
    if (!value_to_number(counter, &crl->counter) &&
        !(value_is(counter, VALUE_TEXT) && text_to_double(counter->text, counter->length, &crl->counter) == 0))
        return "ctr is no number";
    if (!value_is(rids, VALUE_ARRAY))
        return "rids is no list";
    return read_rids(rids, crl);
}

static struct credential_crl *room(struct credential_trust *trust)
{
    if (trust->num_crls == trust->max_crls) {
        size_t more = trust->max_crls == 0 ? 8 : trust->max_crls * 2;
        void  *grown = memory_resize(trust->crls, more, sizeof *trust->crls);
        if (grown == NULL)
            return NULL;
        trust->crls = grown;
        trust->max_crls = more;
    }
    return &trust->crls[trust->num_crls];
}

int credential_read_crl(struct credential_trust *trust, const struct value *list, const char *iss, size_t iss_size,
                        const char *name, struct fault_list *faults)
{
    const struct value   *kid = value_get(list, "kid"), *rids = value_get(list, "rids");
    struct fault_place    place = { .file = name, .name = "revocation list" };
    struct credential_crl read = { .iss_size = iss_size };
    if (!value_is(kid, VALUE_TEXT) || kid->length == 0 || kid->length > CREDENTIAL_KID_MOST) {
        fault_add(faults, place, "the key's kid", "it does not say which key it is of");
        return BASE_ERR_INPUT;
    }
    struct credential_crl *crl = room(trust);
    read.iss = strndup(iss, iss_size);
    read.rids = memory_array(value_is(rids, VALUE_ARRAY) ? rids->count + 1 : 1, sizeof *read.rids);
    if (crl == NULL || read.iss == NULL || read.rids == NULL) {
        free(read.iss);
        free(read.rids);
        return TOC_ERR_NO_MEMORY;
    }
    memcpy(read.kid, kid->text, kid->length);
    read.kid_size = (uint8_t) kid->length;
    const char *why = read_list(list, &read);
    if (why != NULL) {
        fault_add(faults, place, NULL, "%s", why);
        read.broken = true;
    }
    *crl = read;
    trust->num_crls++;
    return why != NULL ? BASE_ERR_INPUT : 0;
}

int credential_trust_add_crl(struct credential_trust *trust, const char *name, const char *iss, const char *bytes,
                             size_t size, struct fault_list *faults)
{
    struct value_tree tree = VALUE_TREE_INIT;
    struct json_fault broken;
    int               ret = json_read(bytes, size, NULL, &tree, &broken);
    if (ret == 0)
        ret = credential_read_crl(trust, &tree.values[0], iss, strlen(iss), name, faults);
    else if (ret != TOC_ERR_NO_MEMORY) {
        fault_add(faults, (struct fault_place){ .file = name, .line = broken.line }, broken.allowed, "%s",
                  broken.found);
        ret = BASE_ERR_INPUT;
    }
    value_tree_free(&tree);
    return ret;
}
