/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/id_token.h"

#include <jansson.h>
#include <sodium.h>
#include <string.h>

#include "tocsin/status.h"

#define LATEST_SECOND 253402300799.0 /* of the year 9999 */

static int refuse(struct fault_list *faults, const char *name, const char *found, const char *allowed)
{
    fault_add(faults, (struct fault_place){ .name = name }, allowed, "%s", found);
    return BASE_ERR_INPUT;
}

static bool is_text(const json_t *json, const char *text)
{
    size_t size = strlen(text);
    return json_is_string(json) && json_string_length(json) == size &&
           sodium_memcmp(json_string_value(json), text, size) == 0;
}

/* ---- for whom ---- */

/* One of the audience, or the one: and who else is of it is named by azp, which must be us. */
static int check_audience(const json_t *claims, const struct id_token_wish *wish, struct fault_list *faults)
{
    const json_t *audience = json_object_get(claims, "aud"), *party = json_object_get(claims, "azp");
    bool          is_ours = is_text(audience, wish->client);
    for (size_t i = 0; i < json_array_size(audience); i++)
        is_ours = is_ours || is_text(json_array_get(audience, i), wish->client);
    if (!is_ours)
        return refuse(faults, "aud", "made for somebody else", "the client's own id");
    if (party == NULL && json_array_size(audience) > 1)
        return refuse(faults, "azp", "missing, where several are meant", "the client's own id");
    if (party != NULL && !is_text(party, wish->client))
        return refuse(faults, "azp", "made for somebody else", "the client's own id");
    return 0;
}

/* ---- when ---- */

static bool second_of(const json_t *claims, const char *name, double *second)
{
    const json_t *json = json_object_get(claims, name);
    if (!json_is_number(json))
        return false;
    *second = json_number_value(json);
    return *second >= 0 && *second <= LATEST_SECOND;
}

static int check_times(const json_t *claims, int64_t now, struct fault_list *faults)
{
    double ends, made, begins = 0;
    if (!second_of(claims, "exp", &ends))
        return refuse(faults, "exp", "missing, or not a time", "seconds since 1970");
    if (!second_of(claims, "iat", &made))
        return refuse(faults, "iat", "missing, or not a time", "seconds since 1970");
    if (json_object_get(claims, "nbf") != NULL && !second_of(claims, "nbf", &begins))
        return refuse(faults, "nbf", "not a time", "seconds since 1970");
    if ((double) now >= ends + ID_TOKEN_SKEW)
        return refuse(faults, "exp", "has ended, by this machine's clock", "a clock that is right to the minute");
    if (made > (double) now + ID_TOKEN_SKEW || begins > (double) now + ID_TOKEN_SKEW)
        return refuse(faults, "iat", "from the future, by this machine's clock", "a clock that is right to the minute");
    if ((double) now > made + ID_TOKEN_OLDEST + ID_TOKEN_SKEW)
        return refuse(faults, "iat", "made too long ago", "within the last ten minutes");
    return 0;
}

/* ---- what goes with it ---- */

/* The left half of the access token's SHA-256. */
static int check_access_token(const json_t *claims, const char *access_token, struct fault_list *faults)
{
    const json_t *given = json_object_get(claims, "at_hash");
    uint8_t       hash[crypto_hash_sha256_BYTES];
    char          text[40];
    if (given == NULL)
        return 0;
    if (access_token != NULL) {
        crypto_hash_sha256(hash, (const uint8_t *) access_token, strlen(access_token));
        sodium_bin2base64(text, sizeof text, hash, sizeof hash / 2, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
        if (is_text(given, text))
            return 0;
    }
    return refuse(faults, "at_hash", "of another access token", "that of the one that came with it");
}

static int check_subject(const json_t *claims, struct fault_list *faults)
{
    const json_t *subject = json_object_get(claims, "sub");
    const char   *text = json_string_value(subject);
    size_t        size = json_string_length(subject);
    bool          good = json_is_string(subject) && size > 0 && size <= ID_TOKEN_MAX_SUBJECT && strlen(text) == size;
    for (size_t i = 0; good && i < size; i++)
        good = text[i] >= 0x20 && text[i] < 0x7f;
    return good ? 0 : refuse(faults, "sub", "missing, or not such a text", "1 to 255 characters of ASCII");
}

static const char *keep(struct arena *arena, const json_t *json)
{
    return arena_copy(arena, json_string_value(json), json_string_length(json));
}

static int take(const json_t *claims, struct arena *arena, struct id_token *token)
{
    const json_t   *context = json_object_get(claims, "acr"), *methods = json_object_get(claims, "amr");
    struct id_token made = { .subject = keep(arena, json_object_get(claims, "sub")) };
    if (json_is_string(context) && (made.context = keep(arena, context)) == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < json_array_size(methods) && made.num_methods < ID_TOKEN_MAX_METHODS; i++)
        if (json_is_string(json_array_get(methods, i))) {
            const char *method = keep(arena, json_array_get(methods, i));
            if (method == NULL)
                return TOC_ERR_NO_MEMORY;
            made.methods[made.num_methods++] = method;
        }
    if (made.subject == NULL)
        return TOC_ERR_NO_MEMORY;
    *token = made;
    return 0;
}

static int check_claims(const json_t *claims, const struct id_token_wish *wish, struct fault_list *faults)
{
    if (!is_text(json_object_get(claims, "iss"), wish->issuer))
        return refuse(faults, "iss", "from another issuer", "the issuer of the settings, letter by letter");
    int ret = check_audience(claims, wish, faults);
    if (ret == 0)
        ret = check_times(claims, wish->now, faults);
    if (ret == 0 && !is_text(json_object_get(claims, "nonce"), wish->nonce))
        ret = refuse(faults, "nonce", "of another sign-in", "that of this one");
    if (ret == 0)
        ret = check_access_token(claims, wish->access_token, faults);
    return ret == 0 ? check_subject(claims, faults) : ret;
}

int id_token_check(const char *text, size_t size, const struct jose_keys *keys, const struct id_token_wish *wish,
                   struct arena *arena, struct id_token *token, struct fault_list *faults)
{
    struct jose_token signed_by;
    json_t           *claims = NULL;
    int               ret = jose_read(text, size, arena, &signed_by, faults);
    if (ret != 0)
        return ret;
    ret = jose_verify(&signed_by, keys);
    if (ret == JOSE_ERR_UNKNOWN_KEY)
        (void) refuse(faults, "kid", "no key that the provider publishes", "a key of its set");
    if (ret == JOSE_ERR_FORGED)
        ret = refuse(faults, "signature", "not the provider's", "that of the key which the token names");
    if (ret != 0)
        return ret;
    if (jose_json(signed_by.payload, signed_by.payload_size, &claims) != 0)
        return refuse(faults, "payload", "no JSON object", "claims");
    ret = check_claims(claims, wish, faults);
    if (ret == 0)
        ret = take(claims, arena, token);
    json_decref(claims);
    return ret;
}
