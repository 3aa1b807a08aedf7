/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/credential/trust.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "formats/credential/trust_reading.h"
#include "tocsin/status.h"

void credential_trust_free(struct credential_trust *trust)
{
    for (size_t i = 0; i < trust->num_signers; i++) {
        credential_key_free(&trust->signers[i].key);
        free(trust->signers[i].iss);
    }
    for (size_t i = 0; i < trust->num_crls; i++) {
        free(trust->crls[i].iss);
        free(trust->crls[i].rids);
    }
    for (size_t i = 0; i < trust->num_names; i++)
        free(trust->names[i]);
    free(trust->names);
    free(trust->signers);
    free(trust->lists);
    free(trust->index);
    free(trust->crls);
    *trust = (struct credential_trust){ 0 };
}

/* ---- filling ---- */

const char *credential_trust_name(struct credential_trust *trust, const char *name)
{
    void *grown = memory_resize(trust->names, trust->num_names + 1, sizeof *trust->names);
    if (grown == NULL)
        return NULL;
    trust->names = grown;
    trust->names[trust->num_names] = strdup(name);
    return trust->names[trust->num_names] != NULL ? trust->names[trust->num_names++] : NULL;
}

struct credential_signer *credential_trust_room(struct credential_trust *trust)
{
    if (trust->num_signers == trust->max_signers) {
        size_t more = trust->max_signers == 0 ? 64 : trust->max_signers * 2;
        void  *grown =
            more <= CREDENTIAL_MAX_SIGNERS ? memory_resize(trust->signers, more, sizeof *trust->signers) : NULL;
        if (grown == NULL)
            return NULL;
        trust->signers = grown;
        trust->max_signers = more;
    }
    struct credential_signer *signer = &trust->signers[trust->num_signers];
    *signer = (struct credential_signer){ .from = INT64_MIN, .to = INT64_MAX };
    return signer;
}

struct credential_list *credential_trust_begin(struct credential_trust *trust, const char *name, int64_t dated)
{
    void *grown = memory_resize(trust->lists, trust->num_lists + 1, sizeof *trust->lists);
    if (grown == NULL)
        return NULL;
    trust->lists = grown;
    struct credential_list *list = &trust->lists[trust->num_lists];
    *list = (struct credential_list){ .dated = dated };
    text_escape(name, strlen(name), list->name, sizeof list->name);
    return list;
}

void credential_signer_certified(struct credential_signer *signer, const struct credential_certificate *facts)
{
    memcpy(signer->kid, facts->kid, sizeof facts->kid);
    signer->kid_size = sizeof facts->kid;
    signer->uses = (uint8_t) facts->uses;
    signer->from = facts->from;
    signer->to = facts->to;
    memcpy(signer->country, facts->country, sizeof facts->country);
}

int credential_trust_add_certificate(struct credential_trust *trust, const uint8_t *der, size_t size,
                                     struct fault_list *faults)
{
    struct credential_certificate facts;
    struct credential_signer     *signer = credential_trust_room(trust);
    struct credential_list       *list = credential_trust_begin(trust, "certificate", CREDENTIAL_NO_TIME);
    if (signer == NULL || list == NULL)
        return TOC_ERR_NO_MEMORY;
    credential_refusal why = credential_key_of_certificate(der, size, &signer->key, &facts);
    if (why != NULL) {
        fault_add(faults, (struct fault_place){ 0 }, NULL, "%s", why);
        return BASE_ERR_INPUT;
    }
    credential_signer_certified(signer, &facts);
    signer->list = (uint32_t) trust->num_lists++;
    list->num_signers = 1;
    trust->num_signers++;
    return 0;
}

/* ---- looking ---- */

static size_t place_of(const struct credential_trust *trust, const uint8_t *kid, size_t size)
{
    return (size_t) text_hash((const char *) kid, size) & (trust->num_places - 1);
}

int credential_trust_ready(struct credential_trust *trust)
{
    size_t places = 64;
    while (places < 2 * trust->num_signers)
        places *= 2;
    uint32_t *index = memory_array(places, sizeof *index);
    if (index == NULL)
        return TOC_ERR_NO_MEMORY;
    free(trust->index);
    trust->index = index;
    trust->num_places = places;
    for (size_t i = trust->num_signers; i-- > 0;) { /* backwards: so that the first of a list is tried first */
        struct credential_signer *signer = &trust->signers[i];
        size_t                    place = place_of(trust, signer->kid, signer->kid_size);
        signer->next = index[place];
        index[place] = (uint32_t) i + 1;
    }
    return 0;
}

static bool fits(const struct credential_signer *signer, const uint8_t *kid, size_t kid_size, const char *iss,
                 size_t iss_size)
{
    return signer->kid_size == kid_size && memcmp(signer->kid, kid, kid_size) == 0 &&
           (iss == NULL
                ? signer->iss == NULL
                : signer->iss != NULL && signer->iss_size == iss_size && memcmp(signer->iss, iss, iss_size) == 0);
}

const struct credential_signer *credential_trust_find(const struct credential_trust *trust, const uint8_t *kid,
                                                      size_t kid_size, const char *iss, size_t iss_size,
                                                      const struct credential_signer *after)
{
    if (trust->num_places == 0 || kid_size == 0 || kid_size > CREDENTIAL_KID_MOST)
        return NULL;
    uint32_t next = after != NULL ? after->next : trust->index[place_of(trust, kid, kid_size)];
    for (; next != 0; next = trust->signers[next - 1].next)
        if (fits(&trust->signers[next - 1], kid, kid_size, iss, iss_size))
            return &trust->signers[next - 1];
    return NULL;
}

int64_t credential_trust_dated(const struct credential_trust *trust)
{
    int64_t oldest = CREDENTIAL_NO_TIME;
    for (size_t i = 0; i < trust->num_lists; i++)
        if (trust->lists[i].dated != CREDENTIAL_NO_TIME &&
            (oldest == CREDENTIAL_NO_TIME || trust->lists[i].dated < oldest))
            oldest = trust->lists[i].dated;
    return oldest;
}

/* ---- revoked SMART cards ---- */

static const struct credential_crl *crl_of(const struct credential_trust *trust, const struct credential_signer *signer)
{
    for (size_t i = 0; i < trust->num_crls; i++) {
        const struct credential_crl *crl = &trust->crls[i];
        if (crl->kid_size == signer->kid_size && memcmp(crl->kid, signer->kid, crl->kid_size) == 0 &&
            crl->iss_size == signer->iss_size && memcmp(crl->iss, signer->iss, crl->iss_size) == 0)
            return crl;
    }
    return NULL;
}

enum credential_revoked credential_rid_revoked(const struct credential_trust  *trust,
                                               const struct credential_signer *signer, const char *rid, size_t rid_size,
                                               int64_t nbf)
{
    const struct credential_crl *crl = crl_of(trust, signer);
    if (crl == NULL)
        return signer->crl_version > 0 ? CREDENTIAL_REVOKED_UNKNOWN : CREDENTIAL_NOT_REVOKED;
    if (crl->broken || crl->counter < signer->crl_version)
        return CREDENTIAL_REVOKED_UNKNOWN;
    if (rid_size == 0 || rid_size > CREDENTIAL_RID_MOST)
        return CREDENTIAL_NOT_REVOKED;
    uint64_t hash = text_hash(rid, rid_size);
    size_t   low = 0, high = crl->num_rids;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (crl->rids[middle].hash < hash)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < crl->num_rids && crl->rids[low].hash == hash; low++)
        if (crl->rids[low].size == rid_size && memcmp(crl->rids[low].rid, rid, rid_size) == 0)
            return nbf < crl->rids[low].before ? CREDENTIAL_IS_REVOKED : CREDENTIAL_NOT_REVOKED;
    return CREDENTIAL_NOT_REVOKED;
}
