/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/provider.h"

#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "formats/id_token.h"
#include "server/outgoing.h"
#include "tocsin/status.h"

#define KEY_BYTES crypto_aead_xchacha20poly1305_ietf_KEYBYTES
#define NONCE_BYTES crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define SEAL_BYTES crypto_aead_xchacha20poly1305_ietf_ABYTES
#define DIGEST_BYTES 32
#define DIGEST_TEXT 44 /* base64url, with the end */
#define URL64 sodium_base64_VARIANT_URLSAFE_NO_PADDING

/* What a state holds. */
struct sealed_state {
    int64_t ends; /* seconds */
    char    link[PROVIDER_LINK_BYTES + 1];
};
#define STATE_BYTES (NONCE_BYTES + sizeof(struct sealed_state) + SEAL_BYTES)

/* What the provider says of itself. */
struct description {
    bool    known;
    int64_t read;      /* when */
    int64_t down_till; /* not asked again before */
    char    authorization[OUTGOING_URL_BYTES], token[OUTGOING_URL_BYTES], keys[OUTGOING_URL_BYTES],
        sign_out[OUTGOING_URL_BYTES]; /* "" = none */
    bool secret_in_form;              /* client_secret_post, where it takes no Basic */
    bool names_issuer;                /* beside each code (RFC 9207) */
};

struct provider {
    struct node_settings settings;
    char                 secret[PROVIDER_MOST_SECRET + 1]; /* "" = none */
    bool                 loopback;                         /* the issuer is this machine */
    bool                 by_context;                       /* the second factor is told by acr, else by amr */
    char                 words_text[NODE_SETTING_BYTES];
    const char          *words[PROVIDER_MOST_WORDS];
    size_t               num_words;
    uint8_t              key[KEY_BYTES];

    pthread_mutex_t    asking; /* held while the provider is asked about itself: by one thread at a time */
    pthread_mutex_t    lock;   /* of what follows; never held while anybody waits for others */
    struct description description;
    struct jose_keys   keys;
    int64_t            keys_read, keys_tried;
    uint8_t (*used)[DIGEST_BYTES]; /* a ring of PROVIDER_MOST_USED */
    size_t next_used;
};

static int refuse(struct fault_list *faults, const char *name, const char *found, const char *allowed)
{
    fault_add(faults, (struct fault_place){ .name = name }, allowed, "%s", found);
    return BASE_ERR_INPUT;
}

/* ---- settings ---- */

static int read_secret(struct provider *provider, struct fault_list *faults)
{
    static const char allowed[] = "a file of at most 512 bytes that its owner alone can read";
    const char       *path = provider->settings.sign_in_secret;
    struct stat       status;
    if (path[0] == '\0')
        return 0;
    int     fd = open(path, O_RDONLY | O_CLOEXEC);
    bool    safe = fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & 077) == 0;
    ssize_t size = safe ? read(fd, provider->secret, PROVIDER_MOST_SECRET) : -1;
    char    more;
    if (size > 0 && read(fd, &more, 1) != 0)
        size = -1;
    if (fd >= 0)
        close(fd);
    provider->secret[size > 0 ? size : 0] = '\0';
    provider->secret[strcspn(provider->secret, "\r\n")] = '\0';
    return provider->secret[0] != '\0' ? 0 : refuse(faults, "sign_in_secret", "cannot be used", allowed);
}

static int read_factor(struct provider *provider, struct fault_list *faults)
{
    static const char allowed[] = "amr:WORD,WORD or acr:VALUE, at most 8; or nothing";
    const char       *text = provider->settings.sign_in_second_factor;
    if (text[0] == '\0')
        return 0;
    provider->by_context = strncmp(text, "acr:", 4) == 0;
    if (!provider->by_context && strncmp(text, "amr:", 4) != 0)
        return refuse(faults, "sign_in_second_factor", "neither amr: nor acr:", allowed);
    snprintf(provider->words_text, sizeof provider->words_text, "%s", text + 4);
    for (char *at = provider->words_text; at != NULL;) {
        char *end = strchr(at, ',');
        if (end != NULL)
            *end++ = '\0';
        if (*at == '\0' || provider->num_words == PROVIDER_MOST_WORDS)
            return refuse(faults, "sign_in_second_factor", "an empty word, or too many", allowed);
        provider->words[provider->num_words++] = at;
        at = end;
    }
    return 0;
}

static int check_settings(struct provider *provider, struct fault_list *faults)
{
    const char *issuer = provider->settings.sign_in_issuer;
    int         ret = 0;
    if (!outgoing_url_allowed(issuer, &provider->loopback) || strchr(issuer, '?') != NULL)
        ret = refuse(faults, "sign_in_issuer", "not an address that is asked", "https://login.county.example");
    if (provider->settings.sign_in_client[0] == '\0')
        ret = refuse(faults, "sign_in_client", "empty", "what the provider calls this server");
    if (read_secret(provider, faults) != 0 || read_factor(provider, faults) != 0)
        ret = BASE_ERR_INPUT;
    if (provider->settings.sign_in_authority[0] != '\0' && access(provider->settings.sign_in_authority, R_OK) != 0)
        ret = refuse(faults, "sign_in_authority", "cannot be read", "a PEM file");
    return ret;
}

int provider_new(const struct node_settings *settings, struct provider **provider, struct fault_list *faults)
{
    *provider = NULL;
    if (settings->sign_in_issuer[0] == '\0')
        return 0;
    struct provider *made = memory_array(1, sizeof *made);
    if (made == NULL || sodium_init() < 0) {
        free(made);
        return TOC_ERR_NO_MEMORY;
    }
    made->settings = *settings;
    pthread_mutex_init(&made->asking, NULL);
    pthread_mutex_init(&made->lock, NULL);
    randombytes_buf(made->key, sizeof made->key);
    made->used = memory_array(PROVIDER_MOST_USED, sizeof *made->used);
    int ret = made->used == NULL ? TOC_ERR_NO_MEMORY : check_settings(made, faults);
    if (ret != 0)
        provider_free(made);
    else
        *provider = made;
    return ret;
}

void provider_free(struct provider *provider)
{
    if (provider == NULL)
        return;
    pthread_mutex_destroy(&provider->asking);
    pthread_mutex_destroy(&provider->lock);
    jose_keys_free(&provider->keys);
    free(provider->used);
    sodium_memzero(provider, sizeof *provider);
    free(provider);
}

const char *provider_name(const struct provider *provider)
{
    return provider->settings.sign_in_name;
}

const char *provider_issuer(const struct provider *provider)
{
    return provider->settings.sign_in_issuer;
}

/* ---- what it says of itself ---- */

static struct outgoing request_to(const struct provider *provider, const char *url, size_t most)
{
    const char *authority = provider->settings.sign_in_authority;
    return (struct outgoing){
        .url = url, .most = most, .loopback = provider->loopback, .authority = authority[0] != '\0' ? authority : NULL
    };
}

static int get(const struct provider *provider, const char *url, size_t most, struct arena *arena,
               struct outgoing_answer *answer, struct fault_list *faults)
{
    const struct outgoing request = request_to(provider, url, most);
    int                   ret = outgoing_fetch(&request, arena, answer, faults);
    if (ret == 0 && answer->status != 200) {
        fault_add(faults, (struct fault_place){ .name = "provider" }, "200", "answers with status %d", answer->status);
        ret = PROVIDER_ERR_DOWN;
    }
    return ret == BASE_ERR_SYSTEM ? PROVIDER_ERR_DOWN : ret;
}

/* An address of the description; one that is not asked is a fault. */
static bool take_url(const struct provider *provider, const json_t *json, const char *name, bool needed,
                     char url[OUTGOING_URL_BYTES], struct fault_list *faults)
{
    const char *text = json_string_value(json_object_get(json, name));
    bool        loopback;
    url[0] = '\0';
    if (text == NULL && !needed)
        return true;
    if (text == NULL || !outgoing_url_allowed(text, &loopback) || (loopback && !provider->loopback)) {
        refuse(faults, name, "missing, or an address that is not asked", "https:// of another machine");
        return false;
    }
    memcpy(url, text, strlen(text) + 1);
    return true;
}

static bool has_word(const json_t *array, const char *word)
{
    for (size_t i = 0; i < json_array_size(array); i++) {
        const char *text = json_string_value(json_array_get(array, i));
        if (text != NULL && strcmp(text, word) == 0)
            return true;
    }
    return false;
}

static int read_description(const struct provider *provider, const struct outgoing_answer *answer, int64_t now,
                            struct description *description, struct fault_list *faults)
{
    json_t            *json = NULL;
    struct description made = { .known = true, .read = now };
    if (jose_json(answer->body, answer->size, &json) != 0) {
        refuse(faults, "openid-configuration", "no JSON object", NULL);
        return PROVIDER_ERR_DOWN;
    }
    const char   *issuer = json_string_value(json_object_get(json, "issuer"));
    const json_t *methods = json_object_get(json, "token_endpoint_auth_methods_supported");
    bool          good = issuer != NULL && strcmp(issuer, provider->settings.sign_in_issuer) == 0;
    if (!good)
        refuse(faults, "issuer", "the provider calls itself otherwise", "sign_in_issuer, letter by letter");
    good = good && take_url(provider, json, "authorization_endpoint", true, made.authorization, faults) &&
           take_url(provider, json, "token_endpoint", true, made.token, faults) &&
           take_url(provider, json, "jwks_uri", true, made.keys, faults) &&
           take_url(provider, json, "end_session_endpoint", false, made.sign_out, faults);
    made.secret_in_form = json_is_array(methods) && !has_word(methods, "client_secret_basic");
    made.names_issuer = json_is_true(json_object_get(json, "authorization_response_iss_parameter_supported"));
    json_decref(json);
    if (!good)
        return PROVIDER_ERR_DOWN;
    *description = made;
    return 0;
}

static int fetch_description(struct provider *provider, int64_t now, struct arena *arena,
                             struct description *description, struct fault_list *faults)
{
    char                   url[NODE_SETTING_BYTES + 40];
    struct outgoing_answer answer;
    const char            *issuer = provider->settings.sign_in_issuer;
    size_t                 size = strlen(issuer);
    snprintf(url, sizeof url, "%.*s/.well-known/openid-configuration", (int) (size - (issuer[size - 1] == '/')),
             issuer);
    int ret = get(provider, url, PROVIDER_MOST_DESCRIPTION, arena, &answer, faults);
    if (ret == 0)
        ret = read_description(provider, &answer, now, description, faults);
    pthread_mutex_lock(&provider->lock);
    if (ret == 0)
        provider->description = *description;
    else if (ret == PROVIDER_ERR_DOWN)
        provider->description.down_till = now + PROVIDER_DOWN_TIME;
    pthread_mutex_unlock(&provider->lock);
    return ret;
}

/* What is believed of it now, or, where that is too old, what it says. */
static int describe(struct provider *provider, int64_t now, struct arena *arena, struct description *description,
                    struct fault_list *faults)
{
    int ret = 0;
    pthread_mutex_lock(&provider->asking);
    pthread_mutex_lock(&provider->lock);
    *description = provider->description;
    pthread_mutex_unlock(&provider->lock);
    bool fresh = description->known && now >= description->read && now - description->read < PROVIDER_FRESH;
    if (!fresh && now < description->down_till && description->down_till - now <= PROVIDER_DOWN_TIME) {
        refuse(faults, "provider", "has not answered a moment ago", NULL);
        ret = PROVIDER_ERR_DOWN;
    } else if (!fresh) {
        ret = fetch_description(provider, now, arena, description, faults);
    }
    pthread_mutex_unlock(&provider->asking);
    return ret;
}

/* Read its keys where they are too old, or where a token names another (`again`), which is done at most once in a
 * while. *read: they are new. */
static int read_keys(struct provider *provider, const struct description *description, bool again, int64_t now,
                     struct arena *arena, bool *read, struct fault_list *faults)
{
    struct outgoing_answer answer;
    struct jose_keys       keys = { NULL, 0 };
    int                    ret = 0;
    pthread_mutex_lock(&provider->asking);
    pthread_mutex_lock(&provider->lock);
    bool stale = provider->keys.num == 0 || now < provider->keys_read || now - provider->keys_read >= PROVIDER_FRESH;
    bool may = now < provider->keys_tried || now - provider->keys_tried >= PROVIDER_KEYS_AGAIN;
    *read = stale || (again && may);
    if (*read)
        provider->keys_tried = now;
    pthread_mutex_unlock(&provider->lock);
    if (*read)
        ret = get(provider, description->keys, JOSE_MAX_SET, arena, &answer, faults);
    if (*read && ret == 0) {
        ret = jose_keys_read(answer.body, answer.size, &keys, faults);
        ret = ret == BASE_ERR_INPUT ? PROVIDER_ERR_DOWN : ret;
    }
    if (*read && ret == 0) {
        pthread_mutex_lock(&provider->lock);
        struct jose_keys old = provider->keys;
        provider->keys = keys;
        provider->keys_read = now;
        pthread_mutex_unlock(&provider->lock);
        jose_keys_free(&old);
    }
    pthread_mutex_unlock(&provider->asking);
    return ret;
}

const char *provider_sign_out(struct provider *provider, const char *back, struct arena *arena)
{
    struct description description;
    char               pairs[2 * OUTGOING_URL_BYTES] = "";
    pthread_mutex_lock(&provider->lock);
    description = provider->description;
    pthread_mutex_unlock(&provider->lock);
    if (!description.known || description.sign_out[0] == '\0' ||
        !outgoing_add_pair(pairs, sizeof pairs, "client_id", provider->settings.sign_in_client) ||
        !outgoing_add_pair(pairs, sizeof pairs, "post_logout_redirect_uri", back))
        return NULL;
    size_t size = strlen(description.sign_out) + strlen(pairs) + 2;
    char  *url = arena_array(arena, size, 1);
    if (url != NULL)
        snprintf(url, size, "%s%s%s", description.sign_out, strchr(description.sign_out, '?') != NULL ? "&" : "?",
                 pairs);
    return url;
}

/* ---- secrets of a sign-in ---- */

/* What follows from the cookie's secret, for one use of it. */
static void derive(const struct provider *provider, const char *use, const char *secret, uint8_t digest[DIGEST_BYTES])
{
    crypto_generichash_state state;
    crypto_generichash_init(&state, provider->key, sizeof provider->key, DIGEST_BYTES);
    crypto_generichash_update(&state, (const uint8_t *) use, strlen(use) + 1);
    crypto_generichash_update(&state, (const uint8_t *) secret, strlen(secret));
    crypto_generichash_final(&state, digest, DIGEST_BYTES);
}

static void derive_text(const struct provider *provider, const char *use, const char *secret, char text[DIGEST_TEXT])
{
    uint8_t digest[DIGEST_BYTES];
    derive(provider, use, secret, digest);
    sodium_bin2base64(text, DIGEST_TEXT, digest, sizeof digest, URL64);
}

static void make_state(const struct provider *provider, const char *secret, const char *link, int64_t now, char *text,
                       size_t room)
{
    struct sealed_state state;
    uint8_t             bytes[STATE_BYTES];
    memset(&state, 0, sizeof state);
    state.ends = now + PROVIDER_TIME;
    snprintf(state.link, sizeof state.link, "%s", link);
    randombytes_buf(bytes, NONCE_BYTES);
    crypto_aead_xchacha20poly1305_ietf_encrypt(bytes + NONCE_BYTES, NULL, (const uint8_t *) &state, sizeof state,
                                               (const uint8_t *) secret, strlen(secret), NULL, bytes, provider->key);
    sodium_bin2base64(text, room, bytes, sizeof bytes, URL64);
}

static bool open_state(const struct provider *provider, const char *secret, const char *text, int64_t now,
                       struct sealed_state *state)
{
    uint8_t bytes[STATE_BYTES];
    size_t  size;
    return sodium_base642bin(bytes, sizeof bytes, text, strlen(text), NULL, &size, NULL, URL64) == 0 &&
           size == sizeof bytes &&
           crypto_aead_xchacha20poly1305_ietf_decrypt((uint8_t *) state, NULL, NULL, bytes + NONCE_BYTES,
                                                      sizeof bytes - NONCE_BYTES, (const uint8_t *) secret,
                                                      strlen(secret), bytes, provider->key) == 0 &&
           now < state->ends && now >= state->ends - PROVIDER_TIME - ID_TOKEN_SKEW;
}

/* Each sign-in is finished once. */
static bool use_once(struct provider *provider, const char *secret)
{
    uint8_t digest[DIGEST_BYTES];
    bool    known = false;
    derive(provider, "used", secret, digest);
    pthread_mutex_lock(&provider->lock);
    for (size_t i = 0; i < PROVIDER_MOST_USED && !known; i++)
        known = memcmp(provider->used[i], digest, sizeof digest) == 0;
    if (!known)
        memcpy(provider->used[provider->next_used++ % PROVIDER_MOST_USED], digest, sizeof digest);
    pthread_mutex_unlock(&provider->lock);
    return !known;
}

/* ---- the beginning ---- */

static bool write_address(const struct provider *provider, const char *callback, const char *state, const char *secret,
                          char *pairs, size_t size)
{
    char    nonce[DIGEST_TEXT], verifier[DIGEST_TEXT], challenge[DIGEST_TEXT];
    uint8_t hash[crypto_hash_sha256_BYTES];
    derive_text(provider, "nonce", secret, nonce);
    derive_text(provider, "verifier", secret, verifier);
    crypto_hash_sha256(hash, (const uint8_t *) verifier, strlen(verifier));
    sodium_bin2base64(challenge, sizeof challenge, hash, sizeof hash, URL64);
    const char *const values[][2] = { { "response_type", "code" },
                                      { "scope", "openid" },
                                      { "client_id", provider->settings.sign_in_client },
                                      { "redirect_uri", callback },
                                      { "state", state },
                                      { "nonce", nonce },
                                      { "code_challenge", challenge },
                                      { "code_challenge_method", "S256" } };
    bool              fits = true;
    for (size_t i = 0; i < sizeof values / sizeof *values && fits; i++)
        fits = outgoing_add_pair(pairs, size, values[i][0], values[i][1]);
    if (provider->by_context && provider->num_words > 0)
        fits = fits && outgoing_add_pair(pairs, size, "acr_values", provider->words[0]);
    return fits;
}

int provider_begin(struct provider *provider, const char *callback, const char *link, int64_t now, struct arena *arena,
                   struct provider_begun *begun, struct fault_list *faults)
{
    struct description description;
    uint8_t            secret[DIGEST_BYTES];
    char               pairs[4 * OUTGOING_URL_BYTES] = "", state[2 * STATE_BYTES];
    int                ret = describe(provider, now, arena, &description, faults);
    if (ret != 0)
        return ret;
    randombytes_buf(secret, sizeof secret);
    sodium_bin2base64(begun->secret, sizeof begun->secret, secret, sizeof secret, URL64);
    make_state(provider, begun->secret, strlen(link) < PROVIDER_LINK_BYTES ? link : "", now, state, sizeof state);
    if (!write_address(provider, callback, state, begun->secret, pairs, sizeof pairs))
        return TOC_ERR_NO_MEMORY;
    size_t size = strlen(description.authorization) + strlen(pairs) + 2;
    char  *url = arena_array(arena, size, 1);
    if (url == NULL)
        return TOC_ERR_NO_MEMORY;
    snprintf(url, size, "%s%s%s", description.authorization, strchr(description.authorization, '?') != NULL ? "&" : "?",
             pairs);
    begun->url = url;
    return 0;
}

/* ---- the end ---- */

/* Names and secrets of Basic are escaped first (RFC 6749, 2.3.1): what stands behind "x=". */
static const char *escaped(const char *text, char *room, size_t size)
{
    room[0] = '\0';
    return outgoing_add_pair(room, size, "x", text) ? room + 2 : "";
}

static int ask_for_token(const struct provider *provider, const struct description *description,
                         const struct provider_return *back, struct arena *arena, struct outgoing_answer *answer,
                         struct fault_list *faults)
{
    const struct node_settings *settings = &provider->settings;
    char            form[8 * OUTGOING_URL_BYTES] = "", verifier[DIGEST_TEXT], user[3 * NODE_SETTING_BYTES + 8];
    char            password[3 * PROVIDER_MOST_SECRET + 8];
    struct outgoing request = request_to(provider, description->token, PROVIDER_MOST_ANSWER);
    bool            basic = provider->secret[0] != '\0' && !description->secret_in_form;
    derive_text(provider, "verifier", back->secret, verifier);
    bool fits = outgoing_add_pair(form, sizeof form, "grant_type", "authorization_code") &&
                outgoing_add_pair(form, sizeof form, "code", back->code) &&
                outgoing_add_pair(form, sizeof form, "redirect_uri", back->callback) &&
                outgoing_add_pair(form, sizeof form, "code_verifier", verifier) &&
                (basic || outgoing_add_pair(form, sizeof form, "client_id", settings->sign_in_client)) &&
                (basic || provider->secret[0] == '\0' ||
                 outgoing_add_pair(form, sizeof form, "client_secret", provider->secret));
    request.form = form;
    if (basic) {
        request.user = escaped(settings->sign_in_client, user, sizeof user);
        request.password = escaped(provider->secret, password, sizeof password);
    }
    int ret = fits ? outgoing_fetch(&request, arena, answer, faults) : TOC_ERR_NO_MEMORY;
    sodium_memzero(form, sizeof form);
    sodium_memzero(password, sizeof password);
    return ret == BASE_ERR_SYSTEM ? PROVIDER_ERR_DOWN : ret;
}

/* The provider's own word for why not, where it is one of the standard's kind. */
static void tell_refusal(const json_t *json, int status, struct fault_list *faults)
{
    const char *error = json_string_value(json_object_get(json, "error"));
    size_t      size = error != NULL ? strlen(error) : 0;
    bool        plain = size > 0 && size <= 40 && strspn(error, "abcdefghijklmnopqrstuvwxyz_") == size;
    fault_add(faults, (struct fault_place){ .name = "token" }, NULL, "the provider gives none for the code: %s (%d)",
              plain ? error : "no reason", status);
}

static int check_once(struct provider *provider, const char *text, const struct id_token_wish *wish,
                      struct arena *arena, struct id_token *token, struct fault_list *faults)
{
    fault_list_free(faults); /* of an earlier key set */
    pthread_mutex_lock(&provider->lock);
    int ret = id_token_check(text, strlen(text), &provider->keys, wish, arena, token, faults);
    pthread_mutex_unlock(&provider->lock);
    return ret;
}

static int check_token(struct provider *provider, const struct description *description, const char *text,
                       const struct id_token_wish *wish, struct arena *arena, struct id_token *token,
                       struct fault_list *faults)
{
    bool read;
    int  ret = read_keys(provider, description, false, wish->now, arena, &read, faults);
    if (ret != 0)
        return ret;
    ret = check_once(provider, text, wish, arena, token, faults);
    if (ret == JOSE_ERR_UNKNOWN_KEY) {
        int again = read_keys(provider, description, true, wish->now, arena, &read, faults);
        if (again != 0)
            return again;
        if (read)
            ret = check_once(provider, text, wish, arena, token, faults);
    }
    return ret == BASE_ERR_INPUT || ret == JOSE_ERR_UNKNOWN_KEY ? PROVIDER_ERR_TOKEN : ret;
}

static bool factor_counts(const struct provider *provider, const struct id_token *token)
{
    for (size_t i = 0; i < provider->num_words; i++) {
        if (provider->by_context && token->context != NULL && strcmp(token->context, provider->words[i]) == 0)
            return true;
        for (size_t m = 0; m < token->num_methods && !provider->by_context; m++)
            if (strcmp(token->methods[m], provider->words[i]) == 0)
                return true;
    }
    return false;
}

/* The code, for a token; the token, for who it is. */
static int redeem(struct provider *provider, const struct description *description, const struct provider_return *back,
                  int64_t now, struct arena *arena, struct provider_person *person, struct fault_list *faults)
{
    struct outgoing_answer answer;
    json_t                *json = NULL;
    struct id_token        token;
    char                   nonce[DIGEST_TEXT];
    int                    ret = ask_for_token(provider, description, back, arena, &answer, faults);
    if (ret != 0)
        return ret;
    bool        is_json = jose_json(answer.body, answer.size, &json) == 0;
    const char *text = json_string_value(json_object_get(json, "id_token"));
    if (!is_json || answer.status != 200 || text == NULL) {
        tell_refusal(json, answer.status, faults);
        json_decref(json);
        return PROVIDER_ERR_TOKEN;
    }
    derive_text(provider, "nonce", back->secret, nonce);
    const struct id_token_wish wish = { .issuer = provider->settings.sign_in_issuer,
                                        .client = provider->settings.sign_in_client,
                                        .nonce = nonce,
                                        .access_token = json_string_value(json_object_get(json, "access_token")),
                                        .now = now };
    ret = check_token(provider, description, text, &wish, arena, &token, faults);
    if (ret == 0) {
        person->subject = token.subject;
        person->second_factor = factor_counts(provider, &token);
    }
    json_decref(json);
    return ret;
}

int provider_finish(struct provider *provider, const struct provider_return *back, int64_t now, struct arena *arena,
                    struct provider_person *person, struct fault_list *faults)
{
    struct sealed_state state;
    struct description  description;
    if (back->secret == NULL || back->state == NULL || !open_state(provider, back->secret, back->state, now, &state) ||
        !use_once(provider, back->secret))
        return PROVIDER_ERR_STATE;
    snprintf(person->link, sizeof person->link, "%.*s", PROVIDER_LINK_BYTES - 1, state.link);
    if (back->error != NULL)
        return PROVIDER_ERR_REFUSED;
    if (back->code == NULL || strlen(back->code) > PROVIDER_MOST_CODE) {
        refuse(faults, "code", "missing, or too long", "at most 2048 bytes");
        return PROVIDER_ERR_TOKEN;
    }
    int ret = describe(provider, now, arena, &description, faults);
    if (ret != 0)
        return ret;
    /* of which provider the code is, where it says so: else it could be another's that the browser was led to */
    if (back->issuer != NULL ? strcmp(back->issuer, provider->settings.sign_in_issuer) != 0
                             : description.names_issuer) {
        refuse(faults, "iss", "from another issuer", "the issuer of the settings, letter by letter");
        return PROVIDER_ERR_TOKEN;
    }
    return redeem(provider, &description, back, now, arena, person, faults);
}
