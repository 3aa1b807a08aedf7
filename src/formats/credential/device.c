/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing a device's file. */
#include "formats/credential/device.h"

#include <stdlib.h>

#include "base/json_writer.h"
#include "base/memory.h"
#include "formats/credential/base64.h"

static void put_text(struct json_writer *json, const char *key, const char *text, size_t size)
{
    if (size == 0)
        return;
    json_key(json, key);
    json_put_string_of(json, text, size);
}

static void put_time(struct json_writer *json, const char *key, int64_t seconds)
{
    if (seconds == INT64_MIN || seconds == INT64_MAX)
        return;
    json_key(json, key);
    json_put_integer(json, seconds);
}

/* Bytes in base64url, of any size, without room for all of it at once. */
static void put_bytes(struct json_writer *json, struct sink *sink, const uint8_t *bytes, size_t size)
{
    struct sink text;
    char        part[CREDENTIAL_BASE64_ENCODED(3 * 256)];
    sink_init_memory(&text);
    for (size_t at = 0; at < size; at += 3 * 256) {
        size_t take = size - at < 3 * 256 ? size - at : 3 * 256;
        sink_write(&text, part, credential_base64_encode(CREDENTIAL_BASE64_URL, bytes + at, take, part));
    }
    if (text.failure != 0)
        sink->failure = text.failure;
    json_put_string_of(json, text.used > 0 ? text.bytes : "", text.used);
    sink_free(&text);
}

static void put_lists(struct json_writer *json, const struct credential_trust *trust)
{
    json_key(json, "lists");
    json_begin_array(json);
    for (size_t i = 0; i < trust->num_lists; i++) {
        const struct credential_list *list = &trust->lists[i];
        json_begin_object(json);
        json_key(json, "name");
        json_put_string(json, list->name);
        put_time(json, "dated", list->dated);
        json_key(json, "vouched_for");
        json_put_bool(json, list->vouched_for);
        json_key(json, "signers");
        json_put_integer(json, (int64_t) list->num_signers);
        json_key(json, "refused");
        json_put_integer(json, (int64_t) list->num_refused);
        json_end(json);
    }
    json_end(json);
}

static void put_signer(struct json_writer *json, struct sink *sink, const struct credential_signer *signer)
{
    uint8_t info[CREDENTIAL_KEY_INFO_BYTES];
    json_begin_object(json);
    json_key(json, "kid");
    put_bytes(json, sink, signer->kid, signer->kid_size);
    json_key(json, "algorithm");
    json_put_string(json, signer->key.algorithm == CREDENTIAL_ES256 ? "ES256" : "PS256");
    json_key(json, "key");
    put_bytes(json, sink, info, credential_key_info(&signer->key, info));
    json_key(json, "list");
    json_put_integer(json, signer->list);
    put_text(json, "iss", signer->iss, signer->iss_size);
    put_text(json, "country", signer->country, strnlen(signer->country, sizeof signer->country));
    if (signer->uses != 0) {
        json_key(json, "uses");
        json_put_integer(json, signer->uses);
    }
    put_time(json, "from", signer->from);
    put_time(json, "to", signer->to);
    if (signer->crl_version > 0) {
        json_key(json, "crl_version");
        json_put_number(json, signer->crl_version);
    }
    json_end(json);
}

static void put_crl(struct json_writer *json, struct sink *sink, const struct credential_crl *crl)
{
    json_begin_object(json);
    put_text(json, "iss", crl->iss, crl->iss_size);
    json_key(json, "kid");
    put_bytes(json, sink, crl->kid, crl->kid_size);
    json_key(json, "counter");
    json_put_number(json, crl->counter);
    json_key(json, "broken");
    json_put_bool(json, crl->broken);
    json_key(json, "rids");
    json_begin_array(json);
    for (size_t i = 0; i < crl->num_rids; i++) { /* in the order of their hashes, which is the same everywhere */
        json_put_string_of(json, crl->rids[i].rid, crl->rids[i].size);
        if (crl->rids[i].before == INT64_MAX)
            json_put_null(json);
        else
            json_put_integer(json, crl->rids[i].before);
    }
    json_end(json);
    json_end(json);
}

static void put_slices(struct json_writer *json, struct sink *sink, const struct credential_revocation *revocation,
                       size_t index)
{
    struct credential_revocation_slice slice;
    json_key(json, "slices");
    json_begin_array(json);
    for (size_t i = 0; credential_revocation_slice_at(revocation, index, i, &slice); i++) {
        json_begin_array(json);
        json_put_integer(json, slice.x);
        json_put_integer(json, slice.y);
        json_put_integer(json, slice.chunk);
        json_put_integer(json, (int64_t) slice.kind);
        json_put_integer(json, slice.expires);
        put_bytes(json, sink, slice.bytes, slice.size);
        json_end(json);
    }
    json_end(json);
}

static void put_revocation(struct json_writer *json, struct sink *sink, const struct credential_revocation *revocation)
{
    struct credential_revocation_list list;
    json_key(json, "revocation");
    json_begin_array(json);
    for (size_t i = 0; revocation != NULL && credential_revocation_list_at(revocation, i, &list); i++) {
        json_begin_object(json);
        json_key(json, "kid");
        put_bytes(json, sink, list.kid, CREDENTIAL_KID_BYTES);
        json_key(json, "mode");
        json_put_integer(json, (int64_t) list.mode);
        json_key(json, "entries");
        json_put_integer(json, list.entries);
        put_time(json, "dated", list.dated);
        put_time(json, "expires", list.expires);
        put_slices(json, sink, revocation, i);
        json_end(json);
    }
    json_end(json);
}

void credential_device_write(struct sink *sink, const char *country, const char *region,
                             const struct credential_trust *trust, const struct credential_revocation *revocation)
{
    struct json_writer json;
    json_writer_init(&json, sink);
    json_begin_object(&json);
    json_key(&json, "country");
    json_put_string(&json, country);
    json_key(&json, "region");
    json_put_string(&json, region);
    put_lists(&json, trust);
    json_key(&json, "signers");
    json_begin_array(&json);
    for (size_t i = 0; i < trust->num_signers; i++)
        put_signer(&json, sink, &trust->signers[i]);
    json_end(&json);
    json_key(&json, "crls");
    json_begin_array(&json);
    for (size_t i = 0; i < trust->num_crls; i++)
        put_crl(&json, sink, &trust->crls[i]);
    json_end(&json);
    put_revocation(&json, sink, revocation);
    json_end(&json);
}
