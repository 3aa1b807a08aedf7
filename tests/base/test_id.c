/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/arena.h"
#include "base/fault.h"
#include "base/id.h"
#include "base/instant.h"
#include "support/test.h"

/* The example of RFC 9562, appendix A.6. */
static void test_an_id_is_a_uuid_of_version_7(void **state)
{
    (void) state;
    const uint8_t random[ID_RANDOM_BYTES] = { 0x0c, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f };
    struct id     id = id_make(INT64_C(0x017f22e279b0), random), read;
    char          text[ID_TEXT_BYTES];
    assert_int_equal(id_to_text(&id, text), 36);
    assert_string_equal(text, "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
    assert_ok(id_from_text("017F22E2-79B0-7CC3-98C4-DC0C0C07398F", 36, &read));
    assert_true(id_equal(&read, &id));
    struct id later = id_make(INT64_C(0x017f22e279b1), (const uint8_t[ID_RANDOM_BYTES]){ 0 });
    assert_true(id_compare(&id, &later) < 0);
    assert_false(id_is_missing(&id));
    assert_true(id_is_missing(&(struct id){ 0 }));
}

static void test_what_is_not_an_id(void **state)
{
    (void) state;
    static const char *const wrong[] = { "",
                                         "017f22e2-79b0-7cc3-98c4-dc0c0c07398",
                                         "017f22e2-79b0-7cc3-98c4-dc0c0c07398f0",
                                         "017f22e2x79b0-7cc3-98c4-dc0c0c07398f",
                                         "017f22e2-79b0-7cc3-98c4-dc0c0c07398g",
                                         "017f22e279b0-7cc3-98c4-dc0c0c07398f-" };
    struct id                id = { { 1 } };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_status(id_from_text(wrong[i], strlen(wrong[i]), &id), BASE_ERR_INPUT);
    assert_int_equal(id.bytes[0], 1);
}

static void test_instants(void **state)
{
    (void) state;
    char    text[INSTANT_TEXT_BYTES];
    int64_t instant;
    assert_int_equal(instant_to_text(0, text), 27);
    assert_string_equal(text, "1970-01-01T00:00:00.000000Z");
    instant_to_text(-1, text);
    assert_string_equal(text, "1969-12-31T23:59:59.999999Z");
    assert_int_equal(instant_to_text(INT64_MIN, text), 0);
    assert_ok(instant_from_text("2026-11-22T02:30:00.5Z", 22, &instant));
    instant_to_text(instant, text);
    assert_string_equal(text, "2026-11-22T02:30:00.500000Z");
    static const char *const wrong[] = { "2026-11-22T02:30:00",          "2026-11-22T24:00Z",     "2026-02-29T00:00Z",
                                         "2026-11-22T02:30:00.1234567Z", "2026-11-22T02:30:00.Z", "2026-11-22" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_status(instant_from_text(wrong[i], strlen(wrong[i]), &instant), BASE_ERR_INPUT);
}

static void test_times_keep_their_precision_and_zone(void **state)
{
    (void) state;
    static const char *const right[] = {
        "2026-11-22",     "2026-11-22T10",          "2026-11-22T10:30",         "2026-11-22T10:30:05",
        "2026-11-22T10Z", "2026-11-22T10:30+08:00", "2026-11-22T10:30:05-03:30"
    };
    static const char *const wrong[] = { "",
                                         "2026-11",
                                         "2026-11-31",
                                         "2026-11-22T",
                                         "2026-11-22T1",
                                         "2026-11-22T25",
                                         "2026-11-22T10:60",
                                         "2026-11-22+08:00",
                                         "2026-11-22T10:30+8",
                                         "2026-11-22T10:30Z " };
    for (size_t i = 0; i < sizeof right / sizeof *right; i++)
        assert_ok(time_check(right[i], strlen(right[i])));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_status(time_check(wrong[i], strlen(wrong[i])), BASE_ERR_INPUT);
}

static void test_an_arena_keeps_its_limit(void **state)
{
    (void) state;
    struct arena arena = { .limit = 1024 };
    assert_non_null(arena_array(&arena, 1000, 1));
    assert_non_null(arena_array(&arena, 1, 16)); /* 1008 + 16 */
    assert_null(arena_array(&arena, 1, 1));
    arena_free(&arena);
    char *all = arena_array(&arena, 64, 16);
    assert_non_null(all);
    assert_int_equal((uintptr_t) all % 16, 0);
    arena_wipe(&arena);
    assert_null(arena_array(&arena, SIZE_MAX / 2, 4));
    assert_string_equal(arena_copy(&arena, "abcd", 3), "abc");
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_id_is_a_uuid_of_version_7),
        cmocka_unit_test(test_what_is_not_an_id),
        cmocka_unit_test(test_instants),
        cmocka_unit_test(test_times_keep_their_precision_and_zone),
        cmocka_unit_test(test_an_arena_keeps_its_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
