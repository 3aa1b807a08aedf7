/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the keeper answers. Nothing here opens a file; nothing allocates but OpenSSL within a signature. */
#include <errno.h>
#include <math.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/fault.h"
#include "formats/credential/es256.h"
#include "store/keeper_wire.h"
#include "tocsin/status.h"

#define NONCE_BYTES crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
_Static_assert(KEEPER_WRAPPED_BYTES == NONCE_BYTES + SEAL_KEY_BYTES + crypto_aead_xchacha20poly1305_ietf_ABYTES,
               "nonce, key, tag");

void keeper_answer_failure(const struct keeper_error *error, struct wire_answer *answer, uint8_t *result)
{
    struct wire_failure failure = { .where = error->where, .wait_seconds = error->wait_seconds };
    memcpy(failure.what, error->what, sizeof failure.what);
    memcpy(result, &failure, sizeof failure);
    *answer = (struct wire_answer){ .magic = WIRE_MAGIC, .status = error->status, .size = sizeof failure };
}

/* ---- wrapping ---- */

/* What is authenticated beside a wrapped key. */
struct binding {
    char     purpose[12];
    uint32_t generation;
    uint8_t  owner[ID_BYTES];
};

static struct binding bind(const struct id *owner, uint32_t generation)
{
    struct binding binding = { .purpose = "tocsin wrap", .generation = generation };
    memcpy(binding.owner, owner->bytes, ID_BYTES);
    return binding;
}

static void wrap(const struct keeper_key *with, const struct id *owner, const struct seal_key *key,
                 struct keeper_wrapped *wrapped)
{
    struct binding binding = bind(owner, with->number);
    wrapped->owner = *owner;
    wrapped->generation = with->number;
    randombytes_buf(wrapped->bytes, NONCE_BYTES);
    crypto_aead_xchacha20poly1305_ietf_encrypt(wrapped->bytes + NONCE_BYTES, NULL, key->bytes, SEAL_KEY_BYTES,
                                               (const uint8_t *) &binding, sizeof binding, NULL, wrapped->bytes,
                                               with->bytes);
}

static int unwrap(const struct keeper_ring *ring, const struct keeper_wrapped *wrapped, struct seal_key *key)
{
    struct binding           binding = bind(&wrapped->owner, wrapped->generation);
    const struct keeper_key *with =
        wrapped->generation != 0 ? keeper_ring_find(ring, KEEPER_WRAP, wrapped->generation) : NULL;
    int status = KEEPER_ERR_GENERATION;
    if (with != NULL)
        status = crypto_aead_xchacha20poly1305_ietf_decrypt(
                     key->bytes, NULL, NULL, wrapped->bytes + NONCE_BYTES, KEEPER_WRAPPED_BYTES - NONCE_BYTES,
                     (const uint8_t *) &binding, sizeof binding, wrapped->bytes, with->bytes) == 0
                     ? 0
                     : SEAL_ERR_FORGED;
    if (status != 0)
        sodium_memzero(key, sizeof *key);
    return status;
}

static int answer_wrap(struct keeper_service *service, const struct wire_request *request, const uint8_t *payload,
                       struct wire_answer *answer, uint8_t *result, struct keeper_error *error)
{
    const struct wire_wrap  *wraps = (const struct wire_wrap *) payload;
    struct keeper_wrapped   *wrapped = (struct keeper_wrapped *) result;
    const struct keeper_key *newest = keeper_ring_find(service->ring, KEEPER_WRAP, 0);
    (void) answer;
    (void) error;
    for (size_t i = 0; i < request->count; i++)
        wrap(newest, &wraps[i].owner, &wraps[i].key, &wrapped[i]);
    service->counts.wrapped += request->count;
    return 0;
}

/* Take `count` from a bucket, or say how long until it holds so many. */
static int take(struct keeper_bucket *bucket, double count, double now, struct keeper_error *error)
{
    bucket->left = fmin(bucket->burst, bucket->left + (now - bucket->filled) * bucket->per_second);
    bucket->filled = now;
    if (count > bucket->burst)
        return keeper_fail(error, TOC_ERR_OPTION, "%.0f keys at once; the limit of this purpose is %.0f", count,
                           bucket->burst);
    if (count > bucket->left) {
        double wait = (count - bucket->left) / bucket->per_second;
        keeper_fail(error, KEEPER_ERR_RATE, "too many keys asked for; again in %.3g seconds", wait);
        error->wait_seconds = wait;
        return KEEPER_ERR_RATE;
    }
    bucket->left -= count;
    return 0;
}

static int answer_unwrap(struct keeper_service *service, const struct wire_request *request, const uint8_t *payload,
                         struct wire_answer *answer, uint8_t *result, struct keeper_error *error)
{
    const struct keeper_wrapped *wrapped = (const struct keeper_wrapped *) payload;
    struct wire_unwrapped       *unwrapped = (struct wire_unwrapped *) result;
    (void) answer;
    if (request->purpose >= KEEPER_NUM_PURPOSES)
        return WIRE_MALFORMED;
    int ret = take(&service->buckets[request->purpose], request->count, service->seconds(), error);
    if (ret != 0) {
        service->counts.refused[request->purpose]++;
        return ret;
    }
    for (size_t i = 0; i < request->count; i++)
        unwrapped[i].status = unwrap(service->ring, &wrapped[i], &unwrapped[i].key);
    service->counts.unwrapped[request->purpose] += request->count;
    return 0;
}

static int answer_rewrap(struct keeper_service *service, const struct wire_request *request, const uint8_t *payload,
                         struct wire_answer *answer, uint8_t *result, struct keeper_error *error)
{
    const struct keeper_wrapped *wrapped = (const struct keeper_wrapped *) payload;
    struct wire_rewrapped       *rewrapped = (struct wire_rewrapped *) result;
    const struct keeper_key     *newest = keeper_ring_find(service->ring, KEEPER_WRAP, 0);
    struct seal_key              key;
    (void) answer;
    (void) error;
    for (size_t i = 0; i < request->count; i++) {
        rewrapped[i].status = unwrap(service->ring, &wrapped[i], &key);
        rewrapped[i].wrapped = wrapped[i];
        if (rewrapped[i].status == 0 && wrapped[i].generation != newest->number)
            wrap(newest, &wrapped[i].owner, &key, &rewrapped[i].wrapped);
    }
    sodium_memzero(&key, sizeof key);
    service->counts.rewrapped += request->count;
    return 0;
}

/* ---- tokens, hashes, signatures ---- */

/* The key that a request names, or the newest. */
static const struct keeper_key *key_named(struct keeper_service *service, enum keeper_kind kind, uint64_t number,
                                          struct keeper_error *error)
{
    const struct keeper_key *key =
        number <= UINT32_MAX ? keeper_ring_find(service->ring, kind, (uint32_t) number) : NULL;
    if (key == NULL)
        keeper_fail(error, KEEPER_ERR_GENERATION, "there is no generation %llu of '%s' keys",
                    (unsigned long long) number, keeper_kind_word(kind));
    return key;
}

static void make_token(const struct keeper_key *key, const struct wire_text *text, const uint8_t *bytes,
                       struct keeper_token *token)
{
    static const char        domain[] = "tocsin token 1";
    crypto_generichash_state state;
    crypto_generichash_init(&state, key->bytes, sizeof key->bytes, KEEPER_TOKEN_BYTES);
    crypto_generichash_update(&state, (const uint8_t *) domain, sizeof domain);
    crypto_generichash_update(&state, (const uint8_t *) text, sizeof *text); /* area, lengths of kind and text */
    crypto_generichash_update(&state, bytes, (size_t) text->kind_size + text->text_size);
    crypto_generichash_final(&state, token->bytes, sizeof token->bytes);
    sodium_memzero(&state, sizeof state);
}

static int answer_token(struct keeper_service *service, const struct wire_request *request, const uint8_t *payload,
                        struct wire_answer *answer, uint8_t *result, struct keeper_error *error)
{
    struct keeper_token     *tokens = (struct keeper_token *) result;
    const struct keeper_key *key = key_named(service, KEEPER_TOKEN, request->argument, error);
    size_t                   at = 0;
    (void) answer;
    for (size_t i = 0; i < request->count; i++) {
        struct wire_text text;
        if (request->size - at < sizeof text)
            return WIRE_MALFORMED;
        memcpy(&text, payload + at, sizeof text);
        at += sizeof text;
        size_t size = (size_t) text.kind_size + text.text_size;
        if (text.kind_size == 0 || text.kind_size > KEEPER_MAX_WORD || text.text_size > KEEPER_MAX_TEXT ||
            request->size - at < size)
            return WIRE_MALFORMED;
        if (key != NULL)
            make_token(key, &text, payload + at, &tokens[i]);
        at += size;
    }
    if (at != request->size)
        return WIRE_MALFORMED;
    service->counts.tokens += key != NULL ? request->count : 0;
    return key != NULL ? 0 : KEEPER_ERR_GENERATION;
}

static int answer_hash(struct keeper_service *service, const struct wire_request *request, const uint8_t *payload,
                       struct wire_answer *answer, uint8_t *result, struct keeper_error *error)
{
    struct keeper_hash      *hashes = (struct keeper_hash *) result;
    const struct keeper_key *key = key_named(service, KEEPER_HASH, request->argument, error);
    (void) answer;
    if (key == NULL)
        return KEEPER_ERR_GENERATION;
    for (size_t i = 0; i < request->count; i++)
        crypto_generichash(hashes[i].bytes, KEEPER_HASH_BYTES, payload + i * WIRE_DIGEST_BYTES, WIRE_DIGEST_BYTES,
                           key->bytes, sizeof key->bytes);
    service->counts.hashes += request->count;
    return 0;
}

static int answer_sign(struct keeper_service *service, const struct wire_request *request, const uint8_t *payload,
                       struct wire_answer *answer, uint8_t *result, struct keeper_error *error)
{
    struct keeper_signature *signature = (struct keeper_signature *) result;
    const struct keeper_key *key = keeper_ring_find(service->ring, KEEPER_SIGN, 0);
    uint8_t                  public_key[crypto_sign_PUBLICKEYBYTES], secret_key[crypto_sign_SECRETKEYBYTES];
    (void) answer;
    (void) error;
    size_t prefix = sizeof KEEPER_SIGNED_PREFIX - 1; /* so that nothing but a head can be signed */
    if (request->count != 1 || request->size < prefix || request->size > prefix + KEEPER_MAX_SIGNED ||
        memcmp(payload, KEEPER_SIGNED_PREFIX, prefix) != 0)
        return WIRE_MALFORMED;
    crypto_sign_seed_keypair(public_key, secret_key, key->bytes);
    signature->generation = key->number;
    crypto_sign_detached(signature->bytes, NULL, payload, request->size, secret_key);
    sodium_memzero(secret_key, sizeof secret_key);
    service->counts.signatures++;
    return 0;
}

static int answer_public_key(struct keeper_service *service, const struct wire_request *request, const uint8_t *payload,
                             struct wire_answer *answer, uint8_t *result, struct keeper_error *error)
{
    uint8_t                  secret_key[crypto_sign_SECRETKEYBYTES];
    const struct keeper_key *key = key_named(service, KEEPER_SIGN, request->argument, error);
    (void) payload;
    if (request->count != 0 || request->size != 0)
        return WIRE_MALFORMED;
    if (key == NULL)
        return KEEPER_ERR_GENERATION;
    crypto_sign_seed_keypair(result, secret_key, key->bytes);
    sodium_memzero(secret_key, sizeof secret_key);
    answer->count = 1;
    return 0;
}

/* ---- health passes ---- */

int keeper_open_passes(struct keeper_service *service, struct keeper_error *error)
{
    static const uint8_t nothing[CREDENTIAL_ES256_DIGEST];
    uint8_t              signature[CREDENTIAL_ES256_SIGNATURE];
    for (size_t i = 0; i < service->ring->num[KEEPER_PASS]; i++) {
        struct credential_es256 *key = credential_es256_open(service->ring->keys[KEEPER_PASS][i].bytes);
        service->passes[i] = key;
        if (key == NULL || !credential_es256_sign(key, nothing, signature)) {
            keeper_close_passes(service);
            return keeper_fail(error, TOC_ERR_NO_MEMORY, "the keys that sign passes cannot be made ready");
        }
    }
    return 0;
}

void keeper_close_passes(struct keeper_service *service)
{
    for (size_t i = 0; i < KEEPER_MAX_GENERATIONS; i++) {
        credential_es256_free(service->passes[i]);
        service->passes[i] = NULL;
    }
}

/* The key that a request names, made ready; NULL: there is none. */
static struct credential_es256 *pass_named(struct keeper_service *service, uint64_t number, struct keeper_error *error)
{
    const struct keeper_key *key = key_named(service, KEEPER_PASS, number, error);
    return key != NULL ? service->passes[key - service->ring->keys[KEEPER_PASS]] : NULL;
}

static int answer_pass_sign(struct keeper_service *service, const struct wire_request *request, const uint8_t *payload,
                            struct wire_answer *answer, uint8_t *result, struct keeper_error *error)
{
    const struct keeper_digest   *digests = (const struct keeper_digest *) payload;
    struct keeper_pass_signature *signatures = (struct keeper_pass_signature *) result;
    struct credential_es256      *key = pass_named(service, request->argument, error);
    (void) answer;
    if (key == NULL)
        return KEEPER_ERR_GENERATION;
    for (size_t i = 0; i < request->count; i++)
        if (!credential_es256_sign(key, digests[i].bytes, signatures[i].bytes))
            return keeper_fail(error, TOC_ERR_NO_MEMORY, "a pass could not be signed");
    service->counts.passes += request->count;
    return 0;
}

static int answer_pass_key(struct keeper_service *service, const struct wire_request *request, const uint8_t *payload,
                           struct wire_answer *answer, uint8_t *result, struct keeper_error *error)
{
    (void) payload;
    if (request->count != 0 || request->size != 0)
        return WIRE_MALFORMED;
    struct credential_es256 *key = pass_named(service, request->argument, error);
    if (key == NULL)
        return KEEPER_ERR_GENERATION;
    memcpy(result, credential_es256_point(key), KEEPER_PASS_POINT);
    answer->count = 1;
    return 0;
}

/* ---- generations, erasures, counts ---- */

static int answer_generations(struct keeper_service *service, const struct wire_request *request,
                              const uint8_t *payload, struct wire_answer *answer, uint8_t *result,
                              struct keeper_error *error)
{
    (void) payload;
    (void) error;
    if (request->count != 0 || request->size != 0)
        return WIRE_MALFORMED;
    answer->count = (uint32_t) keeper_ring_list(service->ring, (struct keeper_generation *) result);
    return 0;
}

static int fail_list(struct keeper_error *error, const char *doing)
{
    return keeper_fail(error, BASE_ERR_SYSTEM, "the erasure list cannot be %s: %s", doing, strerrordesc_np(errno));
}

static int write_all(int fd, const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, bytes, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return -1;
        bytes += written;
        size -= (size_t) written;
    }
    return 0;
}

/* Append records; one that an earlier failure (disk full) left half written is filled up first. */
static int append(int fd, const uint8_t *records, size_t size)
{
    static const uint8_t zeros[KEEPER_ERASURE_BYTES];
    off_t                end = lseek(fd, 0, SEEK_END);
    if (end < 0)
        return -1;
    size_t torn = (size_t) end % KEEPER_ERASURE_BYTES;
    if (torn != 0 && write_all(fd, zeros, KEEPER_ERASURE_BYTES - torn) != 0)
        return -1;
    return write_all(fd, records, size) == 0 ? fsync(fd) : -1;
}

static int answer_erase(struct keeper_service *service, const struct wire_request *request, const uint8_t *payload,
                        struct wire_answer *answer, uint8_t *result, struct keeper_error *error)
{
    const struct keeper_erasure *erasures = (const struct keeper_erasure *) payload;
    for (size_t i = 0; i < request->count; i++)
        keeper_erasure_write(&erasures[i], result + i * KEEPER_ERASURE_BYTES);
    if (flock(service->erasures, LOCK_EX) != 0) /* another keeper of the same directory */
        return fail_list(error, "locked");
    int ret = append(service->erasures, result, request->count * KEEPER_ERASURE_BYTES);
    if (ret != 0)
        ret = fail_list(error, "written");
    flock(service->erasures, LOCK_UN);
    answer->count = 0;
    if (ret == 0)
        service->counts.erased += request->count;
    return ret;
}

static int answer_erasures(struct keeper_service *service, const struct wire_request *request, const uint8_t *payload,
                           struct wire_answer *answer, uint8_t *result, struct keeper_error *error)
{
    struct wire_erasures   page = { .next = request->argument };
    struct keeper_erasure *erasures = (struct keeper_erasure *) (result + sizeof page);
    uint8_t                records[64][KEEPER_ERASURE_BYTES];
    (void) payload;
    if (request->count == 0 || request->size != 0 || request->argument > INT64_MAX / KEEPER_ERASURE_BYTES)
        return WIRE_MALFORMED;
    while (answer->count < request->count) {
        size_t  left = request->count - answer->count, room = left < 64 ? left : 64;
        ssize_t size =
            pread(service->erasures, records, room * KEEPER_ERASURE_BYTES, (off_t) (page.next * KEEPER_ERASURE_BYTES));
        if (size < 0)
            return fail_list(error, "read");
        size_t num = (size_t) size / KEEPER_ERASURE_BYTES;
        if (num == 0)
            break;
        for (size_t i = 0; i < num; i++) {
            if (keeper_erasure_read(records[i], &erasures[answer->count]))
                answer->count++;
            else
                page.damaged++;
        }
        page.next += num;
    }
    memcpy(result, &page, sizeof page);
    answer->size = (uint32_t) (sizeof page + answer->count * sizeof *erasures);
    return 0;
}

static int answer_count(struct keeper_service *service, const struct wire_request *request, const uint8_t *payload,
                        struct wire_answer *answer, uint8_t *result, struct keeper_error *error)
{
    (void) payload;
    (void) error;
    if (request->count != 0 || request->size != 0)
        return WIRE_MALFORMED;
    memcpy(result, &service->counts, sizeof service->counts);
    answer->count = 1;
    return 0;
}

/* ---- the table ---- */

typedef int answer_function(struct keeper_service *service, const struct wire_request *request, const uint8_t *payload,
                            struct wire_answer *answer, uint8_t *result, struct keeper_error *error);

static const struct operation {
    size_t           request_bytes, answer_bytes; /* of an element; 0 = of another shape */
    answer_function *answer;                      /* NULL: not answered here */
} operations[WIRE_NUM_OPERATIONS] = {
#define X(name, request, answer, function) [WIRE_##name] = { request, answer, function },
    WIRE_OPERATIONS(X)
#undef X
};

int keeper_check_request(const struct wire_request *request)
{
    if (request->magic != WIRE_MAGIC || request->operation >= WIRE_NUM_OPERATIONS || request->count > KEEPER_BATCH ||
        request->size > WIRE_MAX_BYTES)
        return WIRE_MALFORMED;
    size_t bytes = operations[request->operation].request_bytes;
    return bytes == 0 || (request->count > 0 && request->size == request->count * bytes) ? 0 : WIRE_MALFORMED;
}

int keeper_answer(struct keeper_service *service, const struct wire_request *request, const uint8_t *payload,
                  struct wire_answer *answer, uint8_t *result)
{
    answer_function    *function = keeper_check_request(request) == 0 ? operations[request->operation].answer : NULL;
    struct keeper_error error = { 0 };
    struct wire_answer  made = { .magic = WIRE_MAGIC };
    if (function == NULL)
        return WIRE_MALFORMED;
    made.count = operations[request->operation].request_bytes != 0 || request->operation == WIRE_TOKEN ||
                         request->operation == WIRE_SIGN
                     ? request->count
                     : 0;
    int ret = function(service, request, payload, &made, result, &error);
    if (ret == WIRE_MALFORMED)
        return ret;
    if (ret != 0)
        keeper_answer_failure(&error, &made, result);
    else if (operations[request->operation].answer_bytes != 0)
        made.size = (uint32_t) (made.count * operations[request->operation].answer_bytes);
    *answer = made;
    return 0;
}

/* ---- the first request ---- */

int keeper_read_hello(const struct wire_request *request, const uint8_t *payload, struct wire_hello *hello,
                      char path[WIRE_MAX_PATH + 1])
{
    struct wire_hello found;
    if (keeper_check_request(request) != 0 || request->operation != WIRE_HELLO || request->size < sizeof found)
        return WIRE_MALFORMED;
    memcpy(&found, payload, sizeof found);
    const uint8_t *text = payload + sizeof found;
    if (found.build != WIRE_BUILD || found.task > WIRE_DESTROY || found.kind >= KEEPER_NUM_KINDS || found.forced > 1 ||
        !isfinite(found.backup_days) || found.path_size == 0 || found.path_size > WIRE_MAX_PATH ||
        request->size != sizeof found + found.path_size || memchr(text, '\0', found.path_size) != NULL)
        return WIRE_MALFORMED;
    for (int i = 0; i < KEEPER_NUM_PURPOSES; i++)
        if (!isfinite(found.rates[i].per_second) || !(found.rates[i].per_second > 0) ||
            !isfinite(found.rates[i].burst) || !(found.rates[i].burst >= 1))
            return WIRE_MALFORMED;
    memcpy(path, text, found.path_size);
    path[found.path_size] = '\0';
    *hello = found;
    return 0;
}

void keeper_fill_buckets(struct keeper_service *service, const struct wire_hello *hello)
{
    for (int i = 0; i < KEEPER_NUM_PURPOSES; i++)
        service->buckets[i] = (struct keeper_bucket){ .per_second = hello->rates[i].per_second,
                                                      .burst = hello->rates[i].burst,
                                                      .left = hello->rates[i].burst,
                                                      .filled = service->seconds() };
}
