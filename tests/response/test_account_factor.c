/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Codes by time against the table of RFC 6238 (appendix B), and what may be typed. */
#include "response/account_factor.h"

#include "base/fault.h"
#include "base/instant.h"
#include "support/test.h"

static const uint8_t secret[FACTOR_BYTES] = "12345678901234567890";

static int check(const char *text, int64_t last, int64_t seconds, int64_t *step)
{
    return factor_check(secret, text, strlen(text), last, seconds * INSTANT_SECOND, step);
}

/* The last six of the table's eight digits. */
static void test_codes_are_those_of_the_standard(void **state)
{
    (void) state;
    static const struct {
        int64_t     seconds;
        const char *code;
    } rows[] = { { 59, "287082" },         { 1111111109, "081804" }, { 1111111111, "050471" },
                 { 1234567890, "005924" }, { 2000000000, "279037" }, { 20000000000, "353130" } };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char code[FACTOR_DIGITS + 1];
        assert_ok(factor_code(secret, factor_step(rows[i].seconds * INSTANT_SECOND), code));
        assert_string_equal(code, rows[i].code);
    }
}

static void test_a_clock_may_be_wrong_by_one_step_and_no_more(void **state)
{
    (void) state;
    int64_t step = 0;
    for (int64_t at = 0; at < 30; at += 29) {
        int64_t now = 1234567890 / 30 * 30 + at, right = now / 30;
        assert_ok(check("005924", 0, now, &step));
        assert_int_equal(step, right);
        assert_ok(check("005924", 0, now + 30, &step));
        assert_int_equal(step, right);
        assert_ok(check("005924", 0, now - 30, &step));
        assert_int_equal(step, right);
        assert_status(check("005924", 0, now + 60, &step), BASE_ERR_INPUT);
        assert_status(check("005924", 0, now - 60, &step), BASE_ERR_INPUT);
    }
}

static void test_no_code_serves_twice(void **state)
{
    (void) state;
    int64_t step = 0;
    assert_ok(check("005924", 1234567890 / 30 - 1, 1234567890, &step));
    assert_status(check("005924", 1234567890 / 30, 1234567890, &step), BASE_ERR_INPUT);
}

static void test_what_may_be_typed(void **state)
{
    (void) state;
    int64_t step = 0;
    assert_ok(check(" 005 924", 0, 1234567890, &step));
    static const char *const others[] = { "", "00592", "0059244", "00592a", "005923", "-05924", "００５９２４" };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_status(check(others[i], 0, 1234567890, &step), BASE_ERR_INPUT);
}

static void test_an_address_for_phones(void **state)
{
    (void) state;
    char uri[FACTOR_URI_BYTES], text[FACTOR_SECRET_TEXT];
    factor_secret_text(secret, text);
    assert_string_equal(text, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    factor_uri(secret, "Tocsin", "卓玛 a", uri);
    assert_string_equal(uri, "otpauth://totp/Tocsin:%E5%8D%93%E7%8E%9B%20a?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&"
                             "issuer=Tocsin&algorithm=SHA1&digits=6&period=30");
}

static void test_recovery_codes_are_read_as_people_type_them(void **state)
{
    (void) state;
    static const uint8_t bytes[RECOVERY_BYTES] = { 0, 1, 2, 3, 4, 250, 251, 252, 253, 254 };
    uint8_t              read[RECOVERY_BYTES];
    char                 text[RECOVERY_TEXT];
    recovery_text(bytes, text);
    assert_int_equal(strlen(text), RECOVERY_TEXT - 1);
    assert_ok(recovery_read(text, strlen(text), read));
    assert_memory_equal(read, bytes, sizeof bytes);
    for (size_t i = 0; i < strlen(text); i++)
        if (text[i] >= 'A' && text[i] <= 'Z')
            text[i] = (char) (text[i] + 32);
        else if (text[i] == '-')
            text[i] = ' ';
    assert_ok(recovery_read(text, strlen(text), read));
    assert_memory_equal(read, bytes, sizeof bytes);
    assert_status(recovery_read(text, strlen(text) - 1, read), BASE_ERR_INPUT);
    assert_status(recovery_read("AAAA-AAAA-AAAA-AAAAA", 20, read), BASE_ERR_INPUT);
    assert_status(recovery_read("AAAA-AAAA-AAAA-AAA0", 19, read), BASE_ERR_INPUT);
    assert_status(recovery_read("", 0, read), BASE_ERR_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_codes_are_those_of_the_standard),
        cmocka_unit_test(test_a_clock_may_be_wrong_by_one_step_and_no_more),
        cmocka_unit_test(test_no_code_serves_twice),
        cmocka_unit_test(test_what_may_be_typed),
        cmocka_unit_test(test_an_address_for_phones),
        cmocka_unit_test(test_recovery_codes_are_read_as_people_type_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
