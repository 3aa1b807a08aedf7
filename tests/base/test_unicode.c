/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/unicode.h"

#include "base/fault.h"
#include "support/property.h"
#include "support/test.h"

static void assert_normal(const char *text, enum unicode_form form, const char *expected)
{
    struct arena arena = ARENA_INIT;
    const char  *normal;
    size_t       size;
    assert_ok(unicode_normalize(text, strlen(text), form, &arena, &normal, &size));
    assert_int_equal(size, strlen(expected));
    assert_memory_equal(normal, expected, size + 1);
    arena_free(&arena);
}

static void test_normal_forms(void **state)
{
    (void) state;
    assert_normal("Lhasa", UNICODE_NFC, "Lhasa");
    assert_normal("e\xCC\x81", UNICODE_NFC, "\xC3\xA9");
    assert_normal("ＡＢ１", UNICODE_NFC, "ＡＢ１");
    assert_normal("ＡＢ１", UNICODE_NFKC, "ab1");
    assert_normal("𠀀 བོད", UNICODE_NFC, "𠀀 བོད");
    assert_normal("", UNICODE_NFC, "");
}

static void test_what_is_no_text_is_refused(void **state)
{
    (void) state;
    struct arena arena = ARENA_INIT;
    const char  *normal = "kept";
    size_t       size = 4;
    assert_status(unicode_normalize("a\xFF", 2, UNICODE_NFC, &arena, &normal, &size), BASE_ERR_INPUT);
    assert_status(unicode_normalize("", UNICODE_MAX_BYTES + 1, UNICODE_NFC, &arena, &normal, &size), TOC_ERR_TOO_LARGE);
    arena.limit = 1;
    assert_status(unicode_normalize("e\xCC\x81", 3, UNICODE_NFC, &arena, &normal, &size), TOC_ERR_NO_MEMORY);
    assert_string_equal(normal, "kept");
    assert_int_equal(size, 4);
    arena_free(&arena);
    assert_false(unicode_is_nfc("\xC3", 1));
}

/* Texts longer than the pieces in which the check looks at them. */
static void test_is_nfc_at_any_length(void **state)
{
    (void) state;
    char text[1200];
    for (size_t before = 0; before < 400; before++) {
        memset(text, 'x', before);
        memcpy(text + before, "\xC3\xA9", 2);
        assert_true(unicode_is_nfc(text, before + 2));
        memcpy(text + before, "e\xCC\x81", 3);
        assert_false(unicode_is_nfc(text, before + 3));
    }
    text[0] = 'x'; /* too many marks on one letter */
    for (size_t i = 0; i < 300; i++)
        memcpy(text + 1 + 2 * i, "\xCC\x81", 2);
    assert_true(unicode_is_nfc(text, 1 + 2 * 100));
    assert_false(unicode_is_nfc(text, 1 + 2 * 300));
}

static void what_was_normalized_is_normal(struct test_random *random)
{
    static const char *const pieces[] = { "a", "e", "\xCC\x81", "\xCC\xA3", "é",  "中", "བོ",
                                          "ཀ", "ྷ",  "각",       "ᄀ",       "ᅡ", "𝅗",  " " };
    char                     text[600];
    size_t                   size = 0, num = test_between(random, 0, 120);
    for (size_t i = 0; i < num; i++) {
        const char *piece = pieces[test_between(random, 0, sizeof pieces / sizeof *pieces - 1)];
        memcpy(text + size, piece, strlen(piece));
        size += strlen(piece);
    }
    struct arena arena = ARENA_INIT;
    const char  *normal;
    size_t       normal_size;
    assert_ok(unicode_normalize(text, size, UNICODE_NFC, &arena, &normal, &normal_size));
    assert_true(unicode_is_nfc(normal, normal_size));
    bool same = normal_size == size && memcmp(normal, text, size) == 0;
    assert_int_equal(same, unicode_is_nfc(text, size));
    arena_free(&arena);
}

static void test_normal_is_what_is_unchanged(void **state)
{
    (void) state;
    test_property("what was normalized is normal", 300, what_was_normalized_is_normal);
}

static void test_plain_characters(void **state)
{
    (void) state;
    assert_int_equal(unicode_length("é中བོ", strlen("é中བོ")), 4);
    static const char *const bad[] = { "\x01",         "\t",           "\r",           "\x7F",
                                       "\xC2\x85",     "\xE2\x80\xAE", "\xE2\x80\xA8", "\xEF\xBB\xBF",
                                       "\xE2\x81\xA6", "\xEF\xBF\xBF", "\xD8\x9C",     "\xFF" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[8] = "ab";
        strcat(text, bad[i]);
        assert_int_equal(unicode_check_plain(text, strlen(text)), 2);
    }
    assert_int_equal(unicode_check_plain("a\nb 中་", strlen("a\nb 中་")), strlen("a\nb 中་"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_normal_forms),         cmocka_unit_test(test_what_is_no_text_is_refused),
        cmocka_unit_test(test_is_nfc_at_any_length), cmocka_unit_test(test_normal_is_what_is_unchanged),
        cmocka_unit_test(test_plain_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
