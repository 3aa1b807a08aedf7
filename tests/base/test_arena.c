/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "support/test.h"

/* Zeros, whatever lay in the memory before: small ones of one block, one that fills a block, one with a block of its
 * own. */
static void test_what_is_handed_out_is_zero(void **state)
{
    static const size_t sizes[] = { 1, 40, 4000, ARENA_BLOCK, ARENA_BLOCK + 1, 5 * ARENA_BLOCK, 3 };
    (void) state;
    for (int round = 0; round < 3; round++) {
        struct arena arena = ARENA_INIT;
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            unsigned char *memory = arena_array(&arena, sizes[i], 1);
            assert_non_null(memory);
            for (size_t k = 0; k < sizes[i]; k++)
                assert_int_equal(memory[k], 0);
            memset(memory, 0xff, sizes[i]);
        }
        arena_free(&arena);
    }
}

static void test_no_more_than_the_limit(void **state)
{
    struct arena arena = { .limit = 1000 };
    (void) state;
    assert_null(arena_array(&arena, 1001, 1));
    assert_null(arena_array(&arena, SIZE_MAX / 2, 4));
    assert_non_null(arena_array(&arena, 900, 1));
    assert_null(arena_array(&arena, 101, 1));
    arena_free(&arena);
    assert_non_null(arena_array(&arena, 900, 1));
    arena_wipe(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_handed_out_is_zero),
        cmocka_unit_test(test_no_more_than_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
