/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The calls of keeper.h, each a round trip a batch. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "store/keeper_internal.h"
#include "tocsin/status.h"

/* The elements from `at` on that one round trip takes. */
static uint32_t batch(size_t num, size_t at)
{
    return (uint32_t) (num - at < KEEPER_BATCH ? num - at : KEEPER_BATCH);
}

static struct wire_request request_of(enum wire_operation operation, uint64_t argument, uint32_t count, size_t size)
{
    return (struct wire_request){ .magic = WIRE_MAGIC,
                                  .operation = (uint16_t) operation,
                                  .argument = argument,
                                  .count = count,
                                  .size = (uint32_t) size };
}

/* A round trip whose answer must be `count` elements of `bytes`. */
static int exchange(struct keeper *keeper, const struct wire_request *request, uint32_t count, size_t bytes,
                    struct keeper_error *error)
{
    struct wire_answer answer;
    int                ret = keeper_round_trip(keeper, request, &answer, error);
    if (ret == 0 && (answer.count != count || answer.size != count * bytes))
        ret = keeper_fail(error, KEEPER_ERR_LOST, "the keeper's answer is not one to this call");
    return ret;
}

/* ---- keys of persons ---- */

static int wrap_batch(struct keeper *keeper, const struct id *owners, const struct seal_key *keys, uint32_t count,
                      struct keeper_wrapped *wrapped, struct keeper_error *error)
{
    struct wire_request request = request_of(WIRE_WRAP, 0, count, count * sizeof(struct wire_wrap));
    struct wire_wrap   *wraps = (struct wire_wrap *) keeper->payload;
    for (uint32_t i = 0; i < count; i++)
        wraps[i] = (struct wire_wrap){ owners[i], keys[i] };
    int ret = exchange(keeper, &request, count, sizeof *wrapped, error);
    if (ret == 0)
        memcpy(wrapped, keeper->result, count * sizeof *wrapped);
    keeper_clear(keeper, request.size, 0);
    return ret;
}

int keeper_wrap(struct keeper *keeper, const struct id *owners, const struct seal_key *keys, size_t num,
                struct keeper_wrapped *wrapped, struct keeper_error *error)
{
    int ret = 0;
    for (size_t at = 0; at < num && ret == 0; at += KEEPER_BATCH) {
        pthread_mutex_lock(&keeper->mutex);
        ret = wrap_batch(keeper, owners + at, keys + at, batch(num, at), wrapped + at, error);
        pthread_mutex_unlock(&keeper->mutex);
    }
    return ret;
}

/* An element that failed, where the caller wants all or nothing. */
static int fail_element(int status, size_t where, struct keeper_error *error)
{
    keeper_fail(error, status, "%s",
                status == KEEPER_ERR_GENERATION
                    ? "a key was wrapped under a generation that does not exist here: destroyed, or of another node"
                    : "a wrapped key does not open: altered, or of another owner");
    if (error != NULL)
        error->where = where;
    return status;
}

static int unwrap_batch(struct keeper *keeper, enum keeper_purpose purpose, const struct keeper_wrapped *wrapped,
                        uint32_t count, size_t at, struct seal_key *keys, int *statuses, struct keeper_error *error)
{
    struct wire_request          request = request_of(WIRE_UNWRAP, 0, count, count * sizeof *wrapped);
    const struct wire_unwrapped *unwrapped = (const struct wire_unwrapped *) keeper->result;
    request.purpose = (uint16_t) purpose;
    memcpy(keeper->payload, wrapped, request.size);
    int ret = exchange(keeper, &request, count, sizeof *unwrapped, error);
    for (uint32_t i = 0; i < count && ret == 0; i++) {
        keys[i] = unwrapped[i].key;
        if (statuses != NULL)
            statuses[i] = unwrapped[i].status;
        else if (unwrapped[i].status != 0)
            ret = fail_element(unwrapped[i].status, at + i, error);
    }
    keeper_clear(keeper, 0, count * sizeof *unwrapped);
    return ret;
}

int keeper_unwrap(struct keeper *keeper, enum keeper_purpose purpose, const struct keeper_wrapped *wrapped, size_t num,
                  struct seal_key *keys, int *statuses, struct keeper_error *error)
{
    int ret = 0;
    if ((unsigned) purpose >= KEEPER_NUM_PURPOSES)
        return keeper_fail(error, TOC_ERR_OPTION, "no such purpose");
    if ((double) num > keeper->hello.rates[purpose].burst)
        return keeper_fail(error, TOC_ERR_OPTION, "%zu keys at once; the limit of this purpose is %.0f", num,
                           keeper->hello.rates[purpose].burst);
    for (size_t at = 0; at < num && ret == 0; at += KEEPER_BATCH) {
        pthread_mutex_lock(&keeper->mutex);
        ret = unwrap_batch(keeper, purpose, wrapped + at, batch(num, at), at, keys + at,
                           statuses != NULL ? statuses + at : NULL, error);
        pthread_mutex_unlock(&keeper->mutex);
    }
    if (ret != 0)
        seal_keys_wipe(keys, num);
    return ret;
}

int keeper_rewrap(struct keeper *keeper, const struct keeper_wrapped *wrapped, size_t num, struct keeper_wrapped *again,
                  int *statuses, struct keeper_error *error)
{
    int ret = 0;
    for (size_t at = 0; at < num && ret == 0; at += KEEPER_BATCH) {
        uint32_t            count = batch(num, at);
        struct wire_request request = request_of(WIRE_REWRAP, 0, count, count * sizeof *wrapped);
        pthread_mutex_lock(&keeper->mutex);
        memcpy(keeper->payload, wrapped + at, request.size);
        ret = exchange(keeper, &request, count, sizeof(struct wire_rewrapped), error);
        const struct wire_rewrapped *rewrapped = (const struct wire_rewrapped *) keeper->result;
        for (uint32_t i = 0; i < count && ret == 0; i++) {
            if (statuses != NULL)
                statuses[at + i] = rewrapped[i].status;
            else if (rewrapped[i].status != 0)
                ret = fail_element(rewrapped[i].status, at + i, error);
            again[at + i] = rewrapped[i].wrapped;
        }
        pthread_mutex_unlock(&keeper->mutex);
    }
    return ret;
}

/* ---- search tokens, hashes, signatures ---- */

static int check_texts(const struct keeper_text *texts, size_t num, struct keeper_error *error)
{
    for (size_t i = 0; i < num; i++) {
        size_t kind = texts[i].kind != NULL ? strlen(texts[i].kind) : 0;
        if (kind > 0 && kind <= KEEPER_MAX_WORD && texts[i].size <= KEEPER_MAX_TEXT)
            continue;
        keeper_fail(error, TOC_ERR_OPTION, "a text of %zu bytes of a kind of %zu; allowed: %d of 1 to %d",
                    texts[i].size, kind, KEEPER_MAX_TEXT, KEEPER_MAX_WORD);
        if (error != NULL)
            error->where = i;
        return TOC_ERR_OPTION;
    }
    return 0;
}

/* Write texts into the payload while they fit. Returns how many. */
static uint32_t put_texts(struct keeper *keeper, const struct keeper_text *texts, uint32_t most, size_t *size)
{
    size_t   used = 0;
    uint32_t count = 0;
    for (; count < most; count++) {
        const struct keeper_text *text = &texts[count];
        struct wire_text          head = { .area = text->area,
                                           .kind_size = (uint16_t) strlen(text->kind),
                                           .text_size = (uint16_t) text->size };
        if (WIRE_MAX_BYTES - used < sizeof head + head.kind_size + head.text_size)
            break;
        memcpy(keeper->payload + used, &head, sizeof head);
        memcpy(keeper->payload + used + sizeof head, text->kind, head.kind_size);
        if (text->size > 0)
            memcpy(keeper->payload + used + sizeof head + head.kind_size, text->bytes, text->size);
        used += sizeof head + head.kind_size + head.text_size;
    }
    *size = used;
    return count;
}

int keeper_token(struct keeper *keeper, uint32_t generation, const struct keeper_text *texts, size_t num,
                 struct keeper_token *tokens, struct keeper_error *error)
{
    int ret = check_texts(texts, num, error);
    for (size_t at = 0; at < num && ret == 0;) {
        size_t size;
        pthread_mutex_lock(&keeper->mutex);
        uint32_t            count = put_texts(keeper, texts + at, batch(num, at), &size);
        struct wire_request request = request_of(WIRE_TOKEN, generation, count, size);
        ret = exchange(keeper, &request, count, sizeof *tokens, error);
        if (ret == 0)
            memcpy(tokens + at, keeper->result, count * sizeof *tokens);
        keeper_clear(keeper, size, 0);
        pthread_mutex_unlock(&keeper->mutex);
        at += count;
    }
    return ret;
}

int keeper_hash(struct keeper *keeper, uint32_t generation, const struct keeper_raw *raws, size_t num,
                struct keeper_hash *hashes, struct keeper_error *error)
{
    int ret = 0;
    for (size_t at = 0; at < num && ret == 0; at += KEEPER_BATCH) {
        uint32_t            count = batch(num, at);
        struct wire_request request = request_of(WIRE_HASH, generation, count, (size_t) count * WIRE_DIGEST_BYTES);
        pthread_mutex_lock(&keeper->mutex);
        for (uint32_t i = 0; i < count; i++)
            crypto_generichash(keeper->payload + (size_t) i * WIRE_DIGEST_BYTES, WIRE_DIGEST_BYTES, raws[at + i].bytes,
                               raws[at + i].size, NULL, 0);
        ret = exchange(keeper, &request, count, sizeof *hashes, error);
        if (ret == 0)
            memcpy(hashes + at, keeper->result, count * sizeof *hashes);
        keeper_clear(keeper, request.size, 0);
        pthread_mutex_unlock(&keeper->mutex);
    }
    return ret;
}

int keeper_sign(struct keeper *keeper, const void *head, size_t size, struct keeper_signature *signature,
                struct keeper_error *error)
{
    size_t prefix = sizeof KEEPER_SIGNED_PREFIX - 1;
    if (size > KEEPER_MAX_SIGNED)
        return keeper_fail(error, TOC_ERR_OPTION, "%zu bytes to sign; allowed: %d", size, KEEPER_MAX_SIGNED);
    struct wire_request request = request_of(WIRE_SIGN, 0, 1, prefix + size);
    pthread_mutex_lock(&keeper->mutex);
    memcpy(keeper->payload, KEEPER_SIGNED_PREFIX, prefix);
    memcpy(keeper->payload + prefix, head, size);
    int ret = exchange(keeper, &request, 1, sizeof *signature, error);
    if (ret == 0)
        memcpy(signature, keeper->result, sizeof *signature);
    pthread_mutex_unlock(&keeper->mutex);
    return ret;
}

int keeper_public_key(struct keeper *keeper, uint32_t generation, uint8_t public_key[KEEPER_PUBLIC_BYTES],
                      struct keeper_error *error)
{
    struct wire_request request = request_of(WIRE_PUBLIC_KEY, generation, 0, 0);
    pthread_mutex_lock(&keeper->mutex);
    int ret = exchange(keeper, &request, 1, KEEPER_PUBLIC_BYTES, error);
    if (ret == 0)
        memcpy(public_key, keeper->result, KEEPER_PUBLIC_BYTES);
    pthread_mutex_unlock(&keeper->mutex);
    return ret;
}

int keeper_verify(const uint8_t public_key[KEEPER_PUBLIC_BYTES], const void *head, size_t size,
                  const struct keeper_signature *signature)
{
    uint8_t signed_bytes[sizeof KEEPER_SIGNED_PREFIX + KEEPER_MAX_SIGNED];
    size_t  prefix = sizeof KEEPER_SIGNED_PREFIX - 1;
    if (size > KEEPER_MAX_SIGNED)
        return SEAL_ERR_FORGED;
    memcpy(signed_bytes, KEEPER_SIGNED_PREFIX, prefix);
    memcpy(signed_bytes + prefix, head, size);
    return crypto_sign_verify_detached(signature->bytes, signed_bytes, prefix + size, public_key) == 0
               ? 0
               : SEAL_ERR_FORGED;
}

/* ---- health passes ---- */

int keeper_sign_passes(struct keeper *keeper, uint32_t generation, const struct keeper_digest *digests, size_t num,
                       struct keeper_pass_signature *signatures, struct keeper_error *error)
{
    int ret = 0;
    for (size_t at = 0; at < num && ret == 0; at += KEEPER_BATCH) {
        uint32_t            count = batch(num, at);
        struct wire_request request = request_of(WIRE_PASS_SIGN, generation, count, count * sizeof *digests);
        pthread_mutex_lock(&keeper->mutex);
        memcpy(keeper->payload, digests + at, request.size);
        ret = exchange(keeper, &request, count, sizeof *signatures, error);
        if (ret == 0)
            memcpy(signatures + at, keeper->result, count * sizeof *signatures);
        pthread_mutex_unlock(&keeper->mutex);
    }
    return ret;
}

int keeper_pass_key(struct keeper *keeper, uint32_t generation, uint8_t point[KEEPER_PASS_POINT],
                    struct keeper_error *error)
{
    struct wire_request request = request_of(WIRE_PASS_KEY, generation, 0, 0);
    pthread_mutex_lock(&keeper->mutex);
    int ret = exchange(keeper, &request, 1, KEEPER_PASS_POINT, error);
    if (ret == 0)
        memcpy(point, keeper->result, KEEPER_PASS_POINT);
    pthread_mutex_unlock(&keeper->mutex);
    return ret;
}

/* ---- generations ---- */

int keeper_generations(struct keeper *keeper, struct keeper_generation *generations, size_t max, size_t *num,
                       struct keeper_error *error)
{
    struct wire_request request = request_of(WIRE_GENERATIONS, 0, 0, 0);
    struct wire_answer  answer;
    if (max < KEEPER_NUM_KINDS * KEEPER_MAX_GENERATIONS)
        return keeper_fail(error, TOC_ERR_SHAPE, "room for %d generations is needed",
                           KEEPER_NUM_KINDS * KEEPER_MAX_GENERATIONS);
    pthread_mutex_lock(&keeper->mutex);
    int ret = keeper_round_trip(keeper, &request, &answer, error);
    if (ret == 0 && (answer.count > max || answer.size != answer.count * sizeof *generations))
        ret = keeper_fail(error, KEEPER_ERR_LOST, "the keeper's answer is not one to this call");
    if (ret == 0) {
        memcpy(generations, keeper->result, answer.size);
        *num = answer.count;
    }
    pthread_mutex_unlock(&keeper->mutex);
    return ret;
}

int keeper_new_generation(struct keeper *keeper, enum keeper_kind kind, int64_t now, uint32_t *number,
                          struct keeper_error *error)
{
    struct wire_hello hello = keeper->hello;
    if ((unsigned) kind >= KEEPER_NUM_KINDS)
        return keeper_fail(error, TOC_ERR_OPTION, "no such kind of key");
    hello.task = WIRE_NEW_GENERATION;
    hello.kind = (uint32_t) kind;
    hello.now = now;
    pthread_mutex_lock(&keeper->mutex);
    int ret = keeper_begin(keeper, &hello, error);
    if (ret == 0)
        *number = keeper->newest[kind];
    pthread_mutex_unlock(&keeper->mutex);
    return ret;
}

int keeper_destroy(struct keeper *keeper, enum keeper_kind kind, uint32_t number, int64_t now, bool forced,
                   struct keeper_error *error)
{
    struct wire_hello hello = keeper->hello;
    if ((unsigned) kind >= KEEPER_NUM_KINDS)
        return keeper_fail(error, TOC_ERR_OPTION, "no such kind of key");
    hello.task = WIRE_DESTROY;
    hello.kind = (uint32_t) kind;
    hello.number = number;
    hello.now = now;
    hello.forced = forced;
    pthread_mutex_lock(&keeper->mutex);
    int ret = keeper_begin(keeper, &hello, error);
    pthread_mutex_unlock(&keeper->mutex);
    return ret;
}

/* ---- the erasure list ---- */

int keeper_erase(struct keeper *keeper, const struct keeper_erasure *erasures, size_t num, struct keeper_error *error)
{
    int ret = 0;
    for (size_t at = 0; at < num && ret == 0; at += KEEPER_BATCH) {
        uint32_t            count = batch(num, at);
        struct wire_request request = request_of(WIRE_ERASE, 0, count, count * sizeof *erasures);
        pthread_mutex_lock(&keeper->mutex);
        memcpy(keeper->payload, erasures + at, request.size);
        ret = exchange(keeper, &request, 0, 0, error);
        pthread_mutex_unlock(&keeper->mutex);
    }
    return ret;
}

int keeper_erasures(struct keeper *keeper, uint64_t *position, struct keeper_erasure *erasures, size_t max, size_t *num,
                    uint64_t *damaged, struct keeper_error *error)
{
    struct wire_request  request = request_of(WIRE_ERASURES, *position, batch(max, 0), 0);
    struct wire_answer   answer;
    struct wire_erasures page = { 0 };
    if (max == 0)
        return keeper_fail(error, TOC_ERR_SHAPE, "room for one erasure is needed");
    pthread_mutex_lock(&keeper->mutex);
    int ret = keeper_round_trip(keeper, &request, &answer, error);
    if (ret == 0 && (answer.count > request.count || answer.size != sizeof page + answer.count * sizeof *erasures))
        ret = keeper_fail(error, KEEPER_ERR_LOST, "the keeper's answer is not one to this call");
    if (ret == 0) {
        memcpy(&page, keeper->result, sizeof page);
        memcpy(erasures, keeper->result + sizeof page, answer.count * sizeof *erasures);
        *position = page.next;
        *num = answer.count;
        *damaged += page.damaged;
    }
    pthread_mutex_unlock(&keeper->mutex);
    return ret;
}

int keeper_count(struct keeper *keeper, struct keeper_counts *counts, struct keeper_error *error)
{
    struct wire_request request = request_of(WIRE_COUNT, 0, 0, 0);
    pthread_mutex_lock(&keeper->mutex);
    int ret = exchange(keeper, &request, 1, sizeof *counts, error);
    if (ret == 0)
        memcpy(counts, keeper->result, sizeof *counts);
    pthread_mutex_unlock(&keeper->mutex);
    return ret;
}
