/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fault.h"
#include "base/text.h"
#include "support/test.h"

/* Where the text stops being UTF-8. */
static size_t good(const char *text)
{
    return text_check_utf8(text, strlen(text));
}

static void test_utf8(void **state)
{
    (void) state;
    assert_int_equal(good("plain text of more than eight bytes"), 35);
    assert_int_equal(good("疫情 བོད 🦠"), strlen("疫情 བོད 🦠"));
    assert_int_equal(text_check_utf8("12345678901\0 4", 14), 11); /* NUL */
    assert_int_equal(good("abcdefgh\xff"), 8);
    assert_int_equal(good("\xc0\x80"), 0);                 /* overlong NUL */
    assert_int_equal(good("\xe0\x9f\xbf"), 0);             /* overlong */
    assert_int_equal(good("\xed\x9f\xbf\xed\xa0\x80"), 3); /* a surrogate */
    assert_int_equal(good("\xf4\x8f\xbf\xbf"), 4);         /* the last character */
    assert_int_equal(good("\xf4\x90\x80\x80"), 0);         /* one past it */
    assert_int_equal(good("ab\xe4\xbd"), 2);               /* torn */
}

static const char *quoted(const char *text, size_t size)
{
    static char shown[TEXT_QUOTE_BYTES];
    size_t      length = text_quote(text, size, shown);
    assert_int_equal(length, strlen(shown));
    return shown;
}

static void test_untrusted_text_is_shown_escaped(void **state)
{
    (void) state;
    assert_string_equal(quoted("12", 2), "\"12\"");
    assert_string_equal(quoted("", 0), "\"\"");
    assert_string_equal(quoted("a\tb\r\n\x1b\x7f\0c", 9), "\"a\\tb\\r\\n\\x1b\\x7f\\x00c\"");
    assert_string_equal(quoted("say \"no\\\"", 9), "\"say \\\"no\\\\\\\"\"");
    assert_string_equal(quoted("\xff\xe4\xbd", 3), "\"\\xff\\xe4\\xbd\"");
    assert_string_equal(quoted("鼠疫", 6), "\"鼠疫\"");
    assert_string_equal(quoted("a\u202eb\u200bc", 9), "\"a\\u202eb\\u200bc\""); /* reversed and invisible */
    assert_string_equal(quoted("\U000e0041", 4), "\"\\u0e0041\"");
}

static void test_long_text_is_shortened(void **state)
{
    (void) state;
    char text[TEXT_QUOTE_SHOWN + 1], expected[TEXT_QUOTE_BYTES];
    memset(text, 'x', sizeof text);
    snprintf(expected, sizeof expected, "\"%.*s\"", TEXT_QUOTE_SHOWN, text);
    assert_string_equal(quoted(text, TEXT_QUOTE_SHOWN), expected);
    snprintf(expected, sizeof expected, "\"%.*s…\"", TEXT_QUOTE_SHOWN, text);
    assert_string_equal(quoted(text, TEXT_QUOTE_SHOWN + 1), expected);
    memset(text, '\xff', sizeof text);
    assert_int_equal(strlen(quoted(text, sizeof text)), 4 * TEXT_QUOTE_SHOWN + 5);
    char small[8];
    assert_int_equal(text_escape("1234567", 7, small, sizeof small), 7);
    assert_string_equal(small, "1234567");
    assert_int_equal(text_escape("12345678", 8, small, sizeof small), 7);
    assert_string_equal(small, "1234…");
}

/* Published values of FNV-1a. */
static void test_hash(void **state)
{
    (void) state;
    assert_true(text_hash("", 0) == 0xcbf29ce484222325u);
    assert_true(text_hash("foobar", 6) == 0x85944171f73967e8u);
}

static double number(const char *text)
{
    double value;
    assert_ok(text_to_double(text, strlen(text), &value));
    return value;
}

static void test_numbers_are_read(void **state)
{
    (void) state;
    assert_true(number("0") == 0 && number("-0.5") == -0.5 && number("+12") == 12 && number("3.") == 3);
    assert_true(number(".5") == 0.5 && number("1e3") == 1000 && number("1E-3") == 0.001 && number("007") == 7);
    assert_true(number("9007199254740993") == 9007199254740992.0);
    assert_true(number("0.1") == 0.1 && number("1.7976931348623157e308") == 1.7976931348623157e308);
    assert_true(number("5e-324") == 5e-324 && number("1e-400") == 0);
    assert_true(number("123456789012345678901234567890") == 123456789012345678901234567890.0);
    assert_true(number("0.000000000000000000000000000001") == 1e-30);
}

static void test_what_is_not_a_number(void **state)
{
    (void) state;
    static const char *const texts[] = { "",    "-",   ".",     "e5",  "1e",    "1e+",   "1 ", " 1",  "0x10",
                                         "inf", "nan", "1e309", "1,5", "1.2.3", "1e5.0", "NA", "--1", "1e99999999" };
    double                   value = 42;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_int_equal(text_to_double(texts[i], strlen(texts[i]), &value), BASE_ERR_INPUT);
    char digits[TEXT_MAX_NUMBER + 1];
    memset(digits, '0', sizeof digits);
    assert_int_equal(text_to_double(digits, TEXT_MAX_NUMBER + 1, &value), BASE_ERR_INPUT);
    assert_true(value == 42);
    assert_ok(text_to_double(digits, TEXT_MAX_NUMBER, &value));
    assert_true(value == 0);
}

static void test_integers(void **state)
{
    (void) state;
    int64_t value = 42;
    assert_ok(text_to_integer("-9223372036854775808", 20, INT64_MIN, INT64_MAX, &value));
    assert_true(value == INT64_MIN);
    assert_ok(text_to_integer("9223372036854775807", 19, INT64_MIN, INT64_MAX, &value));
    assert_true(value == INT64_MAX);
    assert_ok(text_to_integer("+5", 2, 0, 5, &value));
    assert_true(value == 5);
    static const char *const texts[] = {
        "9223372036854775808", "-9223372036854775809", "", "-", "1.0", "6", "-1", "٣"
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_int_equal(text_to_integer(texts[i], strlen(texts[i]), 0, 5, &value), BASE_ERR_INPUT);
    assert_int_equal(text_to_integer("9223372036854775808", 19, INT64_MIN, INT64_MAX, &value), BASE_ERR_INPUT);
    assert_true(value == 5);
    char text[TEXT_INTEGER_BYTES];
    assert_int_equal(text_from_integer(INT64_MIN, text), 20);
    assert_string_equal(text, "-9223372036854775808");
    text_from_integer(0, text);
    assert_string_equal(text, "0");
}

static const char *shortest(double value)
{
    static char text[TEXT_DOUBLE_BYTES];
    size_t      length = text_from_double(value, text);
    assert_int_equal(length, strlen(text));
    return text;
}

static void test_shortest_text(void **state)
{
    (void) state;
    assert_string_equal(shortest(0.1), "0.1");
    assert_string_equal(shortest(1.0 / 3), "0.3333333333333333");
    assert_string_equal(shortest(0.1 + 0.2), "0.30000000000000004");
    assert_string_equal(shortest(-2.5), "-2.5");
    assert_string_equal(shortest(-0.0), "-0");
    assert_string_equal(shortest(1e15), "1e+15");
    assert_string_equal(shortest(123456789012345.0), "123456789012345");
    assert_string_equal(shortest(1234567890123456.0), "1.234567890123456e+15");
    assert_string_equal(shortest(0.00001), "0.00001");
    assert_string_equal(shortest(0.0000123), "0.0000123");
    assert_string_equal(shortest(0.000001), "1e-06");
    assert_string_equal(shortest(99999999999999.98), "99999999999999.98");
    assert_string_equal(shortest(9.999999999999999e-6), "9.999999999999999e-06");
    assert_string_equal(shortest(1.7976931348623157e308), "1.7976931348623157e+308");
    assert_string_equal(shortest(5e-324), "5e-324");
    assert_string_equal(shortest(NAN), "NA");
    assert_string_equal(shortest(INFINITY), "Inf");
    assert_string_equal(shortest(-INFINITY), "-Inf");
}

/* Every text reads back to its double, and no shorter text does. */
static void test_texts_read_back(void **state)
{
    (void) state;
    uint64_t bits = 88172645463325252u;
    for (int i = 0; i < 200000; i++) {
        bits ^= bits << 13, bits ^= bits >> 7, bits ^= bits << 17; /* xorshift: any spread of bits will do */
        double value;
        if (i % 2 == 0) {
            memcpy(&value, &bits, sizeof value);
            if (!isfinite(value))
                continue;
        } else {
            value = ldexp((double) (bits >> 11), (int) (bits % 90) - 83);
        }
        const char *text = shortest(value);
        assert_true(number(text) == value);
        if (strchr(text, '.') == NULL)
            continue;
        int  digits = 0;
        char shorter[64];
        for (const char *at = text; *at != '\0' && *at != 'e'; at++)
            digits += *at >= '0' && *at <= '9' && (digits > 0 || *at != '0');
        snprintf(shorter, sizeof shorter, "%.*e", digits - 2, value);
        assert_true(strtod(shorter, NULL) != value);
    }
}

/* Where the machine has a locale that writes decimal commas, nothing changes. */
static void test_locale_does_not_matter(void **state)
{
    (void) state;
    if (setlocale(LC_ALL, "de_DE.UTF-8") == NULL)
        return;
    assert_true(number("0.12345678901234567890123") == 0.12345678901234567890123);
    assert_string_equal(shortest(1.2345678901234567e-200), "1.2345678901234567e-200");
    setlocale(LC_ALL, "C");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_untrusted_text_is_shown_escaped),
        cmocka_unit_test(test_long_text_is_shortened),
        cmocka_unit_test(test_hash),
        cmocka_unit_test(test_numbers_are_read),
        cmocka_unit_test(test_what_is_not_a_number),
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_shortest_text),
        cmocka_unit_test(test_texts_read_back),
        cmocka_unit_test(test_locale_does_not_matter),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
