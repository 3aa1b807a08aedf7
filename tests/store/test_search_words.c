/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/fault.h"
#include "store/script.h"
#include "store/search_words.h"
#include "support/test.h"

/* The terms with a space between them; a prefix ends with *. */
static const char *joined(const struct search_term *terms, size_t num_terms)
{
    static char text[4000];
    size_t      size = 0;
    text[0] = '\0';
    for (size_t i = 0; i < num_terms; i++) {
        assert_true(terms[i].size >= 1 && terms[i].size <= SEARCH_TERM_BYTES);
        assert_int_equal(strlen(terms[i].bytes), terms[i].size);
        size += (size_t) snprintf(text + size, sizeof text - size, "%s%s%s", i > 0 ? " " : "", terms[i].bytes,
                                  terms[i].prefix ? "*" : "");
    }
    return text;
}

static void assert_text(const char *text, const char *expected)
{
    struct arena        arena = ARENA_INIT;
    struct search_term *terms;
    size_t              num_terms;
    struct model_text   one = { text, strlen(text) };
    assert_ok(search_words_of_texts(&one, 1, &arena, &terms, &num_terms));
    assert_string_equal(joined(terms, num_terms), expected);
    arena_free(&arena);
}

static void assert_query(const char *query, const char *expected)
{
    struct arena        arena = ARENA_INIT;
    struct search_term *terms;
    size_t              num_terms;
    assert_ok(search_words_of_query(query, strlen(query), &arena, &terms, &num_terms));
    assert_string_equal(joined(terms, num_terms), expected);
    arena_free(&arena);
}

static bool finds(const char *query, const char *text)
{
    struct arena        arena = ARENA_INIT;
    struct search_term *terms, *wanted;
    size_t              num_terms, num_wanted;
    struct model_text   one = { text, strlen(text) };
    assert_ok(search_words_of_texts(&one, 1, &arena, &terms, &num_terms));
    assert_ok(search_words_of_query(query, strlen(query), &arena, &wanted, &num_wanted));
    bool found = search_words_match(terms, num_terms, wanted, num_wanted);
    arena_free(&arena);
    return found;
}

static void test_words_of_alphabets(void **state)
{
    (void) state;
    assert_text("Lhasa lhasa LHASA", "lhasa");
    assert_text("H5N1, COVID-19; 007", "007 19 covid h5n1");
    assert_text("Chéngguān Ｑū", "chengguan qu");
    assert_text("Đặng Łódź Ærø Straße", "aero dang lodz strasse");
    assert_text("Xi'an O’Brien 'quoted'", "obrien quoted xian");
    assert_text("Ёлка", "елка");
    assert_text("e\xcc\x81tude étude", "etude"); /* an accent of its own, and one with its letter */
    assert_text("", "");
    assert_text(" ·-、。", "");
}

/* DESIGN section 10: two characters, which SQLite's trigrams miss. */
static void test_two_han_characters_are_found_wherever_they_stand(void **state)
{
    (void) state;
    assert_text("鼠疫", "疫 鼠疫");
    assert_query("鼠疫", "鼠疫");
    assert_true(finds("鼠疫", "鼠疫"));
    assert_true(finds("鼠疫", "疑似鼠疫病例"));
    assert_true(finds("鼠疫", "肺鼠疫"));
    assert_true(finds("麻疹", "2026年麻疹，3例"));
    assert_false(finds("鼠疫", "鼠 疫"));
    assert_false(finds("鼠疫", "疫鼠"));
    assert_false(finds("麻疹", "荨麻、湿疹"));
    assert_true(finds("城关区", "拉萨市城关区"));
    assert_false(finds("城关区", "城关镇"));
}

static void test_one_han_character_is_found_in_every_place(void **state)
{
    (void) state;
    assert_query("疫", "疫*");
    assert_true(finds("疫", "疫"));
    assert_true(finds("疫", "疫情"));
    assert_true(finds("疫", "防疫站"));
    assert_true(finds("疫", "鼠疫"));
    assert_false(finds("疫", "麻疹"));
}

static void test_traditional_and_simplified_are_one(void **state)
{
    (void) state;
    assert_true(finds("臺灣", "台湾"));
    assert_true(finds("传染病", "傳染病醫院"));
    assert_true(finds("ﾏﾗﾘｱ", "マラリア"));
    assert_true(finds("⻥", "⻥") && finds("⼀", "一")); /* radicals are compatibility characters */
}

static void test_tibetan_syllables_are_found_whole(void **state)
{
    (void) state;
    assert_text("བོད་ལྗོངས།", "བོད ལྗོངས");
    assert_text("ལྷ་ས།ལྷ་ས", "ལྷ ས");
    assert_true(finds("ལྷ", "ལྷ་ས་གྲོང་ཁྱེར།"));
    assert_true(finds("གྲོང་", "ལྷ་ས་གྲོང་ཁྱེར།"));
    assert_false(finds("ལ", "ལྷ་ས")); /* the stack is another syllable */
    assert_false(finds("གྲོ", "གྲོང"));
    assert_true(finds("ཁྱེར་ལྷ", "ལྷ༌ས༌གྲོང༌ཁྱེར༔")); /* no-break tsheg, and the shad of treasure texts */
    /* A precomposed letter and its parts; vowels in either order of typing. */
    assert_true(finds("\xe0\xbd\x83\xe0\xbd\xb1", "\xe0\xbd\x82\xe0\xbe\xb7\xe0\xbd\xb1"));
    assert_true(finds("\xe0\xbd\xa8\xe0\xbd\xbc\xe0\xbd\xb1", "\xe0\xbd\xa8\xe0\xbd\xb1\xe0\xbd\xbc"));
    assert_text("༢༠༢༦", "2026");
}

static void test_scripts_side_by_side(void **state)
{
    (void) state;
    assert_text("Lhasa拉萨2区ལྷ་ས", "2 lhasa ལྷ ས 区 拉萨 萨");
    assert_text("김철수", "김철 수 철수");
    assert_query("拉萨 lhasa", "lhasa 拉萨");
    assert_query("拉萨拉萨", "拉萨 萨拉");
    assert_true(finds("lhasa 医院", "拉萨市 Lhasa 人民医院"));
    assert_false(finds("lhasa 医院", "拉萨市人民医院"));
    assert_true(finds("", "nothing asked"));
}

static void test_a_term_stays_within_its_text(void **state)
{
    (void) state;
    struct arena            arena = ARENA_INIT;
    struct search_term     *terms;
    size_t                  num_terms;
    const struct model_text texts[] = { { "鼠", 3 }, { NULL, 0 }, { "疫", 3 }, { "ab", 2 }, { "cd", 2 } };
    assert_ok(search_words_of_texts(texts, 5, &arena, &terms, &num_terms));
    assert_string_equal(joined(terms, num_terms), "ab cd 疫 鼠");
    assert_ok(search_words_of_texts(texts, 0, &arena, &terms, &num_terms));
    assert_int_equal(num_terms, 0);
    arena_free(&arena);
}

static void test_long_words_are_cut_alike(void **state)
{
    (void) state;
    char word[200], other[200];
    memset(word, 'a', sizeof word);
    memcpy(other, word, sizeof other);
    word[SEARCH_TERM_BYTES] = '\0';
    other[SEARCH_TERM_BYTES + 1] = '\0';
    assert_text(word, word);
    assert_text(other, word);
    assert_true(finds(other, word));
    word[SEARCH_TERM_BYTES - 1] = '\0'; /* 63 letters, and one of two bytes that does not fit */
    memcpy(other, word, SEARCH_TERM_BYTES - 1);
    strcpy(other + SEARCH_TERM_BYTES - 1, "ж");
    assert_text(other, word);
}

static void test_limits(void **state)
{
    (void) state;
    struct arena        arena = ARENA_INIT;
    struct search_term *terms = NULL;
    size_t              num_terms = 7;
    static char         text[SEARCH_MAX_TEXT + 1];
    memset(text, ' ', sizeof text);
    struct model_text one = { text, SEARCH_MAX_TEXT };
    assert_ok(search_words_of_texts(&one, 1, &arena, &terms, &num_terms));
    struct model_text two[] = { { text, SEARCH_MAX_TEXT }, { text, 1 } };
    num_terms = 7;
    assert_status(search_words_of_texts(two, 2, &arena, &terms, &num_terms), TOC_ERR_TOO_LARGE);
    assert_ok(search_words_of_query(text, SEARCH_MAX_QUERY, &arena, &terms, &num_terms));
    num_terms = 7;
    assert_status(search_words_of_query(text, SEARCH_MAX_QUERY + 1, &arena, &terms, &num_terms), TOC_ERR_TOO_LARGE);
    char words[200] = "";
    for (int i = 0; i < SEARCH_MAX_QUERY_TERMS; i++)
        sprintf(words + strlen(words), "%d ", i);
    assert_ok(search_words_of_query(words, strlen(words), &arena, &terms, &num_terms));
    assert_int_equal(num_terms, SEARCH_MAX_QUERY_TERMS);
    strcat(words, "one");
    num_terms = 7;
    assert_status(search_words_of_query(words, strlen(words), &arena, &terms, &num_terms), TOC_ERR_TOO_LARGE);
    assert_int_equal(num_terms, 7);
    arena_free(&arena);
}

static void test_what_is_not_utf8_is_refused(void **state)
{
    (void) state;
    static const struct model_text bad[] = {
        { "a\xff", 2 }, { "\xe9\xbc", 2 }, { "a\0b", 3 }, { "\xed\xa0\x80", 3 }, { "\xc0\x80", 2 }
    };
    struct arena        arena = ARENA_INIT;
    struct search_term *terms = NULL;
    size_t              num_terms = 7;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_status(search_words_of_texts(&bad[i], 1, &arena, &terms, &num_terms), BASE_ERR_INPUT);
        assert_status(search_words_of_query(bad[i].bytes, bad[i].size, &arena, &terms, &num_terms), BASE_ERR_INPUT);
    }
    assert_int_equal(num_terms, 7);
    assert_null(terms);
    arena_free(&arena);
}

static void test_no_memory(void **state)
{
    (void) state;
    const char         *text = "拉萨市城关区 Lhasa Chengguan 鼠疫防治所 ལྷ་ས་གྲོང་ཁྱེར། 1 2 3 4 5 6 7 8 9 10 11 12";
    struct model_text   one = { text, strlen(text) };
    struct search_term *terms = NULL;
    size_t              num_terms = 7, limit = 16;
    for (;; limit += 16) {
        struct arena arena = { .limit = limit };
        int          status = search_words_of_texts(&one, 1, &arena, &terms, &num_terms);
        arena_free(&arena);
        if (status == 0)
            break;
        assert_int_equal(status, TOC_ERR_NO_MEMORY);
        assert_int_equal(num_terms, 7);
    }
    assert_true(limit > 500);
}

/* A fold of a part is a part of the fold; text that NFKC makes long comes whole. */
static void test_folding(void **state)
{
    (void) state;
    static struct script_char chars[70000];
    size_t                    num = 0;
    assert_ok(script_fold("\xef\xb7\xba", 3, chars, 4, &num)); /* one character that is eighteen */
    assert_int_equal(num, 18);
    assert_int_equal(chars[3].code, 0x20);
    static char text[3 * 7000];
    for (size_t i = 0; i < sizeof text; i += 3)
        memcpy(text + i, "\xef\xb7\xba", 3);
    assert_ok(script_fold(text, sizeof text, chars, 0, &num));
    assert_int_equal(num, 18 * 7000);
    assert_true(num <= SCRIPT_MAX_GROWTH * sizeof text + 1);
    for (size_t i = 0; i < sizeof text; i += 3)
        memcpy(text + i, "e\xcc\x81", 3); /* runs are cut where nothing combines */
    assert_ok(script_fold(text, sizeof text, chars, 70000, &num));
    assert_int_equal(num, 7000);
    for (size_t i = 0; i < num; i++)
        assert_int_equal(chars[i].code, 'e');
    assert_ok(
        script_fold("\xf0\xaf\xa6\x94", 4, chars, 1, &num)); /* a compatibility ideograph beyond the first plane */
    assert_int_equal(chars[0].class, SCRIPT_HAN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_of_alphabets),
        cmocka_unit_test(test_two_han_characters_are_found_wherever_they_stand),
        cmocka_unit_test(test_one_han_character_is_found_in_every_place),
        cmocka_unit_test(test_traditional_and_simplified_are_one),
        cmocka_unit_test(test_tibetan_syllables_are_found_whole),
        cmocka_unit_test(test_scripts_side_by_side),
        cmocka_unit_test(test_a_term_stays_within_its_text),
        cmocka_unit_test(test_long_words_are_cut_alike),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_what_is_not_utf8_is_refused),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_folding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
