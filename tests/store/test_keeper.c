/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the keeper does for the store. The directory, the process and its confinement: test_keeper_*.c. */
#include <stdlib.h>

#include "base/instant.h"
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_keys_come_back, begin, end),
        cmocka_unit_test_setup_teardown(test_a_key_opens_for_its_owner_and_generation_alone, begin, end),
        cmocka_unit_test_setup_teardown(test_tokens_tell_kinds_areas_and_texts_apart, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
