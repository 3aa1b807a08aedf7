/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the keeper does for the store. The directory, the process and its confinement: test_keeper_*.c. */
#include <pthread.h>
#include <stdlib.h>

#include "base/instant.h"
#include "formats/credential/es256.h"
#include "store/keeper.h"
#include "support/keeper.h"
#include "support/test.h"

static struct keeper *keeper;
static char          *directory;

static int begin(void **state)
{
    (void) state;
    directory = test_key_directory();
    keeper = test_keeper(directory);
    return 0;
}

static int end(void **state)
{
    (void) state;
    keeper_stop(keeper);
    test_remove_directory(directory);
    return 0;
}

static void fill_owners(struct id *owners, size_t num)
{
    for (size_t i = 0; i < num; i++)
        owners[i] = (struct id){ { (uint8_t) i, (uint8_t) (i >> 8), 7 } };
}

/* ---- keys of persons ---- */

static void test_keys_come_back(void **state)
{
    (void) state;
    enum { NUM = KEEPER_BATCH + 1 }; /* two round trips */
    struct id             *owners = calloc(NUM, sizeof *owners);
    struct seal_key       *keys = calloc(NUM, sizeof *keys), *again = calloc(NUM, sizeof *again);
    struct keeper_wrapped *wrapped = calloc(NUM, sizeof *wrapped);
    fill_owners(owners, NUM);
    seal_keys_make(keys, NUM);
    assert_ok(keeper_wrap(keeper, owners, keys, NUM, wrapped, NULL));
    assert_int_equal(wrapped[NUM - 1].generation, 1);
    assert_true(id_equal(&wrapped[NUM - 1].owner, &owners[NUM - 1]));
    assert_ok(keeper_unwrap(keeper, KEEPER_UPKEEP, wrapped, NUM, again, NULL, NULL));
    assert_memory_equal(again, keys, NUM * sizeof *keys);
    free(owners);
    free(keys);
    free(again);
    free(wrapped);
}

static void test_a_key_opens_for_its_owner_and_generation_alone(void **state)
{
    (void) state;
    struct id             owners[3];
    struct seal_key       keys[3], again[3];
    struct keeper_wrapped wrapped[3];
    struct keeper_error   error;
    int                   statuses[3];
    fill_owners(owners, 3);
    seal_keys_make(keys, 3);
    assert_ok(keeper_wrap(keeper, owners, keys, 3, wrapped, NULL));
    wrapped[1].owner = owners[2];
    wrapped[2].generation = 9;
    memset(again, 1, sizeof again);
    assert_status(keeper_unwrap(keeper, KEEPER_SHOW, wrapped, 3, again, NULL, &error), SEAL_ERR_FORGED);
    assert_int_equal(error.where, 1);
    for (size_t i = 0; i < sizeof again; i++)
        assert_int_equal(((uint8_t *) again)[i], 0);
    assert_ok(keeper_unwrap(keeper, KEEPER_SHOW, wrapped, 3, again, statuses, NULL));
    assert_int_equal(statuses[0], 0);
    assert_int_equal(statuses[1], SEAL_ERR_FORGED);
    assert_int_equal(statuses[2], KEEPER_ERR_GENERATION);
    assert_memory_equal(&again[0], &keys[0], sizeof *keys);
}

/* ---- tokens ---- */

static void test_tokens_tell_kinds_areas_and_texts_apart(void **state)
{
    (void) state;
    const struct keeper_text texts[] = {
        { .kind = "name", .bytes = "扎西", .size = 6 },
        { .kind = "name", .bytes = "扎西", .size = 6 },
        { .kind = "pinyin", .bytes = "扎西", .size = 6 },
        { .kind = "name", .area = { { 1 } }, .bytes = "扎西", .size = 6 },
        { .kind = "name", .bytes = "扎", .size = 3 },
        { .kind = "nam", .bytes = "e扎西", .size = 7 },
        { .kind = "name", .bytes = NULL, .size = 0 },
    };
    enum { NUM = sizeof texts / sizeof *texts };
    struct keeper_token tokens[NUM], again;
    assert_ok(keeper_token(keeper, 0, texts, NUM, tokens, NULL));
    assert_memory_equal(&tokens[0], &tokens[1], sizeof *tokens);
    for (size_t i = 1; i < NUM; i++)
        for (size_t j = i + 1; j < NUM; j++)
            assert_memory_not_equal(&tokens[i], &tokens[j], sizeof *tokens);
    assert_ok(keeper_token(keeper, 1, texts, 1, &again, NULL));
    assert_memory_equal(&again, &tokens[0], sizeof again);
    assert_status(keeper_token(keeper, 2, texts, 1, &again, NULL), KEEPER_ERR_GENERATION);
}

/* Enough long texts that one round trip cannot hold them. */
static void test_many_long_texts(void **state)
{
    (void) state;
    enum { NUM = 1000 };
    static char         text[KEEPER_MAX_TEXT + 1];
    struct keeper_text  texts[NUM];
    struct keeper_token tokens[NUM], last;
    for (size_t i = 0; i < NUM; i++)
        texts[i] = (struct keeper_text){ .kind = "01234567890123456789012345678901", /* KEEPER_MAX_WORD */
                                         .bytes = text,
                                         .size = KEEPER_MAX_TEXT - (i == NUM - 1) };
    assert_ok(keeper_token(keeper, 0, texts, NUM, tokens, NULL));
    assert_ok(keeper_token(keeper, 0, &texts[NUM - 1], 1, &last, NULL));
    assert_memory_equal(&tokens[NUM - 1], &last, sizeof last);
    assert_memory_equal(&tokens[0], &tokens[NUM - 2], sizeof last);
    assert_memory_not_equal(&tokens[0], &last, sizeof last);
}

static void test_texts_that_are_refused(void **state)
{
    (void) state;
    static char              text[KEEPER_MAX_TEXT + 1];
    struct keeper_error      error;
    struct keeper_token      token = { { 9 } };
    const struct keeper_text texts[] = {
        { .kind = "name", .bytes = text, .size = KEEPER_MAX_TEXT + 1 },
        { .kind = "012345678901234567890123456789012", .bytes = text, .size = 1 },
        { .kind = "", .bytes = text, .size = 1 },
        { .kind = NULL, .bytes = text, .size = 1 },
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_status(keeper_token(keeper, 0, &texts[i], 1, &token, &error), TOC_ERR_OPTION);
        assert_int_equal(error.where, 0);
    }
    assert_int_equal(token.bytes[0], 9);
}

/* ---- hashes and signatures ---- */

static void test_hashes_are_of_the_whole_message(void **state)
{
    (void) state;
    enum { SIZE = 2 << 20 };
    char              *raw = calloc(SIZE, 1);
    struct keeper_raw  raws[] = { { raw, SIZE }, { raw, SIZE - 1 }, { "", 0 }, { NULL, 0 } };
    struct keeper_hash hashes[4], again;
    assert_ok(keeper_hash(keeper, 0, raws, 4, hashes, NULL));
    assert_memory_not_equal(&hashes[0], &hashes[1], sizeof *hashes);
    assert_memory_not_equal(&hashes[1], &hashes[2], sizeof *hashes);
    assert_memory_equal(&hashes[2], &hashes[3], sizeof *hashes);
    raw[SIZE - 1] = 1;
    assert_ok(keeper_hash(keeper, 1, raws, 1, &again, NULL));
    assert_memory_not_equal(&hashes[0], &again, sizeof again);
    assert_status(keeper_hash(keeper, 2, raws, 1, &again, NULL), KEEPER_ERR_GENERATION);
    free(raw);
}

static void test_signatures(void **state)
{
    (void) state;
    static char             head[KEEPER_MAX_SIGNED + 1];
    uint8_t                 public_key[KEEPER_PUBLIC_BYTES];
    struct keeper_signature signature;
    assert_ok(keeper_public_key(keeper, 0, public_key, NULL));
    assert_ok(keeper_sign(keeper, "head", 4, &signature, NULL));
    assert_int_equal(signature.generation, 1);
    assert_ok(keeper_verify(public_key, "head", 4, &signature));
    assert_status(keeper_verify(public_key, "heaD", 4, &signature), SEAL_ERR_FORGED);
    assert_status(keeper_verify(public_key, "head", 3, &signature), SEAL_ERR_FORGED);
    signature.bytes[0] ^= 1;
    assert_status(keeper_verify(public_key, "head", 4, &signature), SEAL_ERR_FORGED);
    assert_ok(keeper_sign(keeper, head, KEEPER_MAX_SIGNED, &signature, NULL));
    assert_ok(keeper_verify(public_key, head, KEEPER_MAX_SIGNED, &signature));
    assert_status(keeper_sign(keeper, head, KEEPER_MAX_SIGNED + 1, &signature, NULL), TOC_ERR_OPTION);
    assert_status(keeper_public_key(keeper, 2, public_key, NULL), KEEPER_ERR_GENERATION);
}

/* ---- generations ---- */

#define NOW (INT64_C(1700000000000000) + INSTANT_DAY)

static void test_rotation(void **state)
{
    (void) state;
    struct id             owner = { { 5 } };
    struct seal_key       keys[2], again[2];
    struct keeper_wrapped wrapped[2], newer[2];
    struct keeper_error   error;
    uint32_t              number;
    int                   statuses[2];
    seal_keys_make(keys, 2);
    assert_ok(keeper_wrap(keeper, &owner, keys, 1, &wrapped[0], NULL));
    assert_ok(keeper_new_generation(keeper, KEEPER_WRAP, NOW, &number, NULL));
    assert_int_equal(number, 2);
    assert_ok(keeper_wrap(keeper, &owner, &keys[1], 1, &wrapped[1], NULL));
    assert_int_equal(wrapped[1].generation, 2);
    assert_ok(keeper_unwrap(keeper, KEEPER_SHOW, wrapped, 2, again, NULL, NULL)); /* the old ones open too */
    assert_memory_equal(again, keys, sizeof keys);

    assert_ok(keeper_rewrap(keeper, wrapped, 2, newer, NULL, NULL));
    assert_int_equal(newer[0].generation, 2);
    assert_memory_equal(&newer[1], &wrapped[1], sizeof *newer); /* already there */

    assert_status(keeper_destroy(keeper, KEEPER_WRAP, 1, NOW + 34 * INSTANT_DAY, false, &error), KEEPER_ERR_YOUNG);
    assert_string_equal(error.what, "gen-0001 was replaced 34.0 days ago; backups made under it may live until 35.0 "
                                    "days have passed");
    assert_ok(keeper_unwrap(keeper, KEEPER_SHOW, wrapped, 2, again, NULL, NULL));
    assert_ok(keeper_destroy(keeper, KEEPER_WRAP, 1, NOW + 35 * INSTANT_DAY, false, NULL));

    assert_ok(keeper_unwrap(keeper, KEEPER_SHOW, newer, 2, again, NULL, NULL));
    assert_memory_equal(again, keys, sizeof keys);
    assert_ok(keeper_unwrap(keeper, KEEPER_SHOW, wrapped, 2, again, statuses, NULL));
    assert_int_equal(statuses[0], KEEPER_ERR_GENERATION);
    assert_int_equal(statuses[1], 0);
    assert_status(keeper_rewrap(keeper, wrapped, 2, newer, NULL, &error), KEEPER_ERR_GENERATION);
    assert_int_equal(error.where, 0);
}

static void test_what_may_not_be_destroyed(void **state)
{
    (void) state;
    uint32_t number;
    assert_status(keeper_destroy(keeper, KEEPER_WRAP, 1, NOW, true, NULL), KEEPER_ERR_KEYS); /* the newest */
    assert_status(keeper_destroy(keeper, KEEPER_WRAP, 2, NOW, true, NULL), KEEPER_ERR_GENERATION);
    assert_status(keeper_destroy(keeper, KEEPER_WRAP, 0, NOW, true, NULL), KEEPER_ERR_GENERATION);
    assert_ok(keeper_new_generation(keeper, KEEPER_TOKEN, NOW, &number, NULL));
    assert_ok(keeper_destroy(keeper, KEEPER_TOKEN, 1, NOW, true, NULL)); /* forced */
}

static void test_the_list_of_generations(void **state)
{
    (void) state;
    struct keeper_generation list[KEEPER_NUM_KINDS * KEEPER_MAX_GENERATIONS];
    size_t                   num;
    uint32_t                 number;
    assert_ok(keeper_new_generation(keeper, KEEPER_WRAP, NOW, &number, NULL));
    assert_ok(keeper_generations(keeper, list, sizeof list / sizeof *list, &num, NULL));
    assert_int_equal(num, KEEPER_NUM_KINDS + 1);
    assert_true(list[0].kind == KEEPER_WRAP && list[0].number == 1 && list[0].replaced == NOW);
    assert_true(list[1].kind == KEEPER_WRAP && list[1].number == 2 && list[1].created == NOW);
    assert_true(list[1].replaced == INSTANT_MISSING && list[2].kind == KEEPER_TOKEN);
    assert_status(keeper_generations(keeper, list, sizeof list / sizeof *list - 1, &num, NULL), TOC_ERR_SHAPE);
}

/* Search tokens under the old key can be made until it goes: the search asks for both during a rotation. */
static void test_tokens_of_two_generations(void **state)
{
    (void) state;
    const struct keeper_text text = { .kind = "name", .bytes = "扎西", .size = 6 };
    struct keeper_token      first, old, new;
    uint32_t                 number;
    assert_ok(keeper_token(keeper, 0, &text, 1, &first, NULL));
    assert_ok(keeper_new_generation(keeper, KEEPER_TOKEN, NOW, &number, NULL));
    assert_ok(keeper_token(keeper, 1, &text, 1, &old, NULL));
    assert_ok(keeper_token(keeper, 0, &text, 1, &new, NULL));
    assert_memory_equal(&first, &old, sizeof old);
    assert_memory_not_equal(&old, &new, sizeof old);
}

/* What `tocsin keeper rotate` and `destroy` do beside a running server. */
static void test_keys_changed_by_another_process(void **state)
{
    (void) state;
    struct id             owner = { { 5 } };
    struct seal_key       key, again;
    struct keeper_wrapped wrapped, newer;
    struct keeper        *other = test_keeper(directory);
    uint32_t              number;
    seal_keys_make(&key, 1);
    assert_ok(keeper_wrap(keeper, &owner, &key, 1, &wrapped, NULL));
    assert_ok(keeper_new_generation(other, KEEPER_WRAP, NOW, &number, NULL));
    assert_ok(keeper_rewrap(other, &wrapped, 1, &newer, NULL, NULL));
    assert_ok(keeper_unwrap(keeper, KEEPER_SHOW, &newer, 1, &again, NULL, NULL));
    assert_memory_equal(&again, &key, sizeof key);
    assert_ok(keeper_wrap(keeper, &owner, &key, 1, &newer, NULL));
    assert_int_equal(newer.generation, 2);
    assert_ok(keeper_destroy(other, KEEPER_WRAP, 1, NOW, true, NULL));
    assert_status(keeper_unwrap(keeper, KEEPER_SHOW, &wrapped, 1, &again, NULL, NULL), KEEPER_ERR_GENERATION);
    keeper_stop(other);
}

/* ---- the erasure list ---- */

static void test_the_erasure_list_outlives_the_process(void **state)
{
    (void) state;
    enum { NUM = KEEPER_BATCH + 3 };
    struct keeper_erasure *erased = calloc(NUM, sizeof *erased), *list = calloc(NUM + 1, sizeof *list);
    uint64_t               position = 0, damaged = 0;
    size_t                 num, all = 0;
    assert_ok(keeper_erasures(keeper, &position, list, NUM, &num, &damaged, NULL));
    assert_int_equal(num, 0);
    for (size_t i = 0; i < NUM; i++)
        erased[i] = (struct keeper_erasure){ { { (uint8_t) i, (uint8_t) (i >> 8) } }, NOW + (int64_t) i };
    assert_ok(keeper_erase(keeper, erased, NUM, NULL));
    assert_ok(keeper_restart(keeper, NULL));
    while (keeper_erasures(keeper, &position, list + all, NUM - all < 1000 ? NUM - all + 1 : 1000, &num, &damaged,
                           NULL) == 0 &&
           num > 0)
        all += num;
    assert_int_equal(all, NUM);
    assert_int_equal(damaged, 0);
    assert_memory_equal(list, erased, NUM * sizeof *list);
    free(erased);
    free(list);
}

/* ---- rates and counts ---- */

static void test_the_rate_of_a_purpose(void **state)
{
    (void) state;
    const struct keeper_options options = { .directory = directory,
                                            .rates = { [KEEPER_SHOW] = { .per_second = 0.01, .burst = 10 } } };
    struct id                   owners[11] = { { { 0 } } };
    struct seal_key             keys[11];
    struct keeper_wrapped       wrapped[11];
    struct keeper_counts        counts;
    struct keeper_error         error;
    struct keeper              *slow;
    assert_ok(keeper_start(&options, &slow, NULL));
    seal_keys_make(keys, 11);
    assert_ok(keeper_wrap(slow, owners, keys, 11, wrapped, NULL));
    assert_status(keeper_unwrap(slow, KEEPER_SHOW, wrapped, 11, keys, NULL, &error), TOC_ERR_OPTION); /* never */
    assert_ok(keeper_unwrap(slow, KEEPER_SHOW, wrapped, 6, keys, NULL, NULL));
    assert_status(keeper_unwrap(slow, KEEPER_SHOW, wrapped, 5, keys, NULL, &error), KEEPER_ERR_RATE);
    assert_true(error.wait_seconds > 90 && error.wait_seconds <= 100);
    assert_ok(keeper_unwrap(slow, KEEPER_SHOW, wrapped, 4, keys, NULL, NULL)); /* at the limit; the refusal took none */
    assert_status(keeper_unwrap(slow, KEEPER_SHOW, wrapped, 1, keys, NULL, &error), KEEPER_ERR_RATE);
    assert_ok(keeper_unwrap(slow, KEEPER_WRITE, wrapped, 11, keys, NULL, NULL)); /* a purpose has its own */
    assert_ok(keeper_rewrap(slow, wrapped, 11, wrapped, NULL, NULL));            /* gives no key out */
    assert_ok(keeper_count(slow, &counts, NULL));
    assert_int_equal(counts.unwrapped[KEEPER_SHOW], 10);
    assert_int_equal(counts.unwrapped[KEEPER_WRITE], 11);
    assert_int_equal(counts.refused[KEEPER_SHOW], 2);
    assert_int_equal(counts.wrapped, 11);
    assert_int_equal(counts.rewrapped, 11);
    keeper_stop(slow);
}

static void test_the_rate_refills(void **state)
{
    (void) state;
    const struct keeper_options options = { .directory = directory,
                                            .rates = { [KEEPER_SHOW] = { .per_second = 1000, .burst = 10 } } };
    struct id                   owners[10] = { { { 0 } } };
    struct seal_key             keys[10];
    struct keeper_wrapped       wrapped[10];
    struct keeper_error         error;
    struct keeper              *keeper_of_rate;
    assert_ok(keeper_start(&options, &keeper_of_rate, NULL));
    seal_keys_make(keys, 10);
    assert_ok(keeper_wrap(keeper_of_rate, owners, keys, 10, wrapped, NULL));
    for (int i = 0; i < 5; i++)
        for (int status = 1; status != 0;) {
            status = keeper_unwrap(keeper_of_rate, KEEPER_SHOW, wrapped, 10, keys, NULL, &error);
            assert_true(status == 0 || status == KEEPER_ERR_RATE);
        }
    keeper_stop(keeper_of_rate);
}

static void test_options_that_are_refused(void **state)
{
    (void) state;
    struct keeper        *started = NULL;
    struct keeper_options options[] = {
        { .directory = NULL },
        { .directory = "" },
        { .directory = directory, .rates = { { .per_second = -1 } } },
        { .directory = directory, .rates = { { .burst = 0.5 } } },
    };
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        assert_status(keeper_start(&options[i], &started, NULL), TOC_ERR_OPTION);
    assert_null(started);
    assert_status(keeper_unwrap(keeper, KEEPER_NUM_PURPOSES, NULL, 0, NULL, NULL, NULL), TOC_ERR_OPTION);
}

/* ---- threads ---- */

struct worker {
    pthread_t thread;
    uint8_t   number;
    int       faults;
};

static void *work(void *argument)
{
    struct worker *worker = argument;
    for (int round = 0; round < 50; round++) {
        struct id             owners[7];
        struct seal_key       keys[7], again[7];
        struct keeper_wrapped wrapped[7];
        struct keeper_token   tokens[2];
        char                  name[2] = { (char) ('a' + worker->number), (char) round };
        struct keeper_text    texts[2] = { { .kind = "name", .bytes = name, .size = 2 },
                                           { .kind = "name", .bytes = name, .size = 2 } };
        fill_owners(owners, 7);
        seal_keys_make(keys, 7);
        worker->faults += keeper_wrap(keeper, owners, keys, 7, wrapped, NULL) != 0;
        worker->faults += keeper_token(keeper, 0, texts, 2, tokens, NULL) != 0;
        worker->faults += memcmp(&tokens[0], &tokens[1], sizeof *tokens) != 0;
        worker->faults += keeper_unwrap(keeper, KEEPER_WRITE, wrapped, 7, again, NULL, NULL) != 0;
        worker->faults += memcmp(keys, again, sizeof keys) != 0;
    }
    return NULL;
}

static void test_eight_threads(void **state)
{
    (void) state;
    struct worker workers[8];
    for (uint8_t i = 0; i < 8; i++) {
        workers[i] = (struct worker){ .number = i };
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (size_t i = 0; i < 8; i++) {
        pthread_join(workers[i].thread, NULL);
        assert_int_equal(workers[i].faults, 0);
    }
}

/* ---- health passes ---- */

/* Does the signature hold, as OpenSSL reads it? */
static bool holds(const uint8_t point[KEEPER_PASS_POINT], const struct keeper_digest *digest,
                  const struct keeper_pass_signature *signature)
{
    uint8_t       der[CREDENTIAL_ES256_DER];
    size_t        size = credential_es256_der(signature->bytes, der);
    EVP_PKEY     *key = credential_es256_public(point);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
    assert_non_null(key);
    assert_int_equal(EVP_PKEY_verify_init(context), 1);
    int ret = EVP_PKEY_verify(context, der, size, digest->bytes, sizeof digest->bytes);
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(key);
    return ret == 1;
}

static void test_passes_are_signed(void **state)
{
    (void) state;
    enum { NUM = KEEPER_BATCH + 3 };
    struct keeper_digest         *digests = calloc(NUM, sizeof *digests);
    struct keeper_pass_signature *signatures = calloc(NUM, sizeof *signatures);
    uint8_t                       first[KEEPER_PASS_POINT], second[KEEPER_PASS_POINT];
    uint32_t                      number;
    for (size_t i = 0; i < NUM; i++)
        memcpy(digests[i].bytes, &i, sizeof i);
    assert_ok(keeper_pass_key(keeper, 0, first, NULL));
    assert_ok(keeper_sign_passes(keeper, 0, digests, NUM, signatures, NULL));
    for (size_t i = 0; i < NUM; i += 101)
        assert_true(holds(first, &digests[i], &signatures[i]));
    assert_true(holds(first, &digests[NUM - 1], &signatures[NUM - 1]));
    assert_false(holds(first, &digests[1], &signatures[2]));
    /* After a renewal the old key signs only where it is named. */
    assert_ok(keeper_new_generation(keeper, KEEPER_PASS, INT64_C(1800000000000000), &number, NULL));
    assert_int_equal(number, 2);
    assert_ok(keeper_pass_key(keeper, 0, second, NULL));
    assert_memory_not_equal(first, second, sizeof first);
    assert_ok(keeper_sign_passes(keeper, 0, digests, 1, signatures, NULL));
    assert_true(holds(second, &digests[0], &signatures[0]));
    assert_ok(keeper_sign_passes(keeper, 1, digests, 1, signatures, NULL));
    assert_true(holds(first, &digests[0], &signatures[0]));
    assert_status(keeper_sign_passes(keeper, 3, digests, 1, signatures, NULL), KEEPER_ERR_GENERATION);
    assert_status(keeper_pass_key(keeper, 3, first, NULL), KEEPER_ERR_GENERATION);
    free(digests);
    free(signatures);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(keys_come_back),
        TEST(a_key_opens_for_its_owner_and_generation_alone),
        TEST(tokens_tell_kinds_areas_and_texts_apart),
        TEST(many_long_texts),
        TEST(texts_that_are_refused),
        TEST(hashes_are_of_the_whole_message),
        TEST(signatures),
        TEST(rotation),
        TEST(what_may_not_be_destroyed),
        TEST(the_list_of_generations),
        TEST(tokens_of_two_generations),
        TEST(keys_changed_by_another_process),
        TEST(the_erasure_list_outlives_the_process),
        TEST(the_rate_of_a_purpose),
        TEST(the_rate_refills),
        TEST(options_that_are_refused),
        TEST(eight_threads),
        TEST(passes_are_signed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
