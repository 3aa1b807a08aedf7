/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <sodium.h>
#include <stdlib.h>

#include "store/seal.h"
#include "support/test.h"

static const struct seal_context row = { .record = "identity", .id = { { 1, 2, 3 } }, .purpose = "fields" };

static void test_what_is_sealed_opens(void **state)
{
    (void) state;
    static const char text[] = "次仁卓玛";
    struct seal_key   key;
    uint8_t           sealed[sizeof text + SEAL_EXTRA_BYTES], again[sizeof sealed];
    char              plain[sizeof text];
    seal_keys_make(&key, 1);
    assert_ok(seal(&key, &row, text, sizeof text, sealed));
    assert_ok(unseal(&key, &row, sealed, sizeof sealed, plain));
    assert_memory_equal(plain, text, sizeof text);
    assert_ok(seal(&key, &row, text, sizeof text, again)); /* another nonce: nobody sees that they are the same */
    assert_memory_not_equal(again, sealed, 24);
    assert_memory_not_equal(again + 24, sealed + 24, sizeof text);
}

static void test_nothing_is_sealed_too(void **state)
{
    (void) state;
    struct seal_key key;
    uint8_t         sealed[SEAL_EXTRA_BYTES];
    seal_keys_make(&key, 1);
    assert_ok(seal(&key, &row, NULL, 0, sealed));
    assert_ok(unseal(&key, &row, sealed, sizeof sealed, NULL));
    sealed[30] ^= 1;
    assert_status(unseal(&key, &row, sealed, sizeof sealed, NULL), SEAL_ERR_FORGED);
}

static void test_every_altered_byte_is_noticed(void **state)
{
    (void) state;
    struct seal_key key;
    uint8_t         sealed[5 + SEAL_EXTRA_BYTES];
    char            plain[6] = "-----";
    seal_keys_make(&key, 1);
    assert_ok(seal(&key, &row, "alpha", 5, sealed));
    for (size_t i = 0; i < sizeof sealed; i++) {
        sealed[i] ^= 0x10;
        assert_status(unseal(&key, &row, sealed, sizeof sealed, plain), SEAL_ERR_FORGED);
        sealed[i] ^= 0x10;
    }
    for (size_t size = 0; size < sizeof sealed; size++)
        assert_status(unseal(&key, &row, sealed, size, plain), SEAL_ERR_FORGED);
    assert_string_equal(plain, "-----");
}

/* A blob moved to another row, record or column does not open, and no two contexts run into each other. */
static void test_it_opens_in_its_own_row_alone(void **state)
{
    (void) state;
    struct seal_context other[] = { row, row, row, { .record = "identityf", .id = row.id, .purpose = "ields" } };
    struct seal_key     keys[2];
    uint8_t             sealed[5 + SEAL_EXTRA_BYTES];
    char                plain[6] = "-----";
    other[0].id.bytes[15] = 1;
    other[1].record = "case";
    other[2].purpose = "history";
    seal_keys_make(keys, 2);
    assert_ok(seal(&keys[0], &row, "alpha", 5, sealed));
    for (size_t i = 0; i < sizeof other / sizeof *other; i++)
        assert_status(unseal(&keys[0], &other[i], sealed, sizeof sealed, plain), SEAL_ERR_FORGED);
    assert_status(unseal(&keys[1], &row, sealed, sizeof sealed, plain), SEAL_ERR_FORGED);
    assert_string_equal(plain, "-----");
}

static void test_the_words_of_a_context(void **state)
{
    (void) state;
    char word[SEAL_MAX_WORD + 2];
    memset(word, 'w', sizeof word - 1);
    word[sizeof word - 1] = '\0'; /* one past the limit */
    struct seal_key key;
    uint8_t         sealed[SEAL_EXTRA_BYTES];
    seal_keys_make(&key, 1);
    assert_status(seal(&key, &(struct seal_context){ .record = word, .purpose = "x" }, "", 0, sealed), TOC_ERR_OPTION);
    assert_status(seal(&key, &(struct seal_context){ .record = "x", .purpose = word }, "", 0, sealed), TOC_ERR_OPTION);
    assert_status(seal(&key, &(struct seal_context){ .record = "x" }, "", 0, sealed), TOC_ERR_OPTION);
    assert_status(seal(&key, &(struct seal_context){ .record = "", .purpose = "x" }, "", 0, sealed), TOC_ERR_OPTION);
    word[SEAL_MAX_WORD] = '\0'; /* at it */
    struct seal_context longest = { .record = word, .purpose = word };
    assert_ok(seal(&key, &longest, "", 0, sealed));
    assert_ok(unseal(&key, &longest, sealed, sizeof sealed, NULL));
}

static void test_the_longest_text(void **state)
{
    (void) state;
    struct seal_key key;
    char           *plain = calloc(SEAL_MAX_BYTES + 1, 1);
    uint8_t        *sealed = malloc(SEAL_MAX_BYTES + 1 + SEAL_EXTRA_BYTES);
    assert_true(plain != NULL && sealed != NULL);
    seal_keys_make(&key, 1);
    assert_status(seal(&key, &row, plain, SEAL_MAX_BYTES + 1, sealed), TOC_ERR_TOO_LARGE);
    assert_status(unseal(&key, &row, sealed, SEAL_MAX_BYTES + 1 + SEAL_EXTRA_BYTES, plain), TOC_ERR_TOO_LARGE);
    assert_ok(seal(&key, &row, plain, SEAL_MAX_BYTES, sealed));
    assert_ok(unseal(&key, &row, sealed, SEAL_MAX_BYTES + SEAL_EXTRA_BYTES, plain));
    free(plain);
    free(sealed);
}

static void test_wiped_keys_are_zero(void **state)
{
    (void) state;
    struct seal_key keys[2];
    seal_keys_make(keys, 2);
    assert_memory_not_equal(keys[0].bytes, keys[1].bytes, SEAL_KEY_BYTES);
    seal_keys_wipe(keys, 2);
    assert_true(sodium_is_zero(keys[0].bytes, sizeof keys));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_sealed_opens),          cmocka_unit_test(test_nothing_is_sealed_too),
        cmocka_unit_test(test_every_altered_byte_is_noticed), cmocka_unit_test(test_it_opens_in_its_own_row_alone),
        cmocka_unit_test(test_the_words_of_a_context),        cmocka_unit_test(test_the_longest_text),
        cmocka_unit_test(test_wiped_keys_are_zero),
    };
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
