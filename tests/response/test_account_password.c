/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which passwords are taken: each rule at its limit and one past it. */
#include "response/account_password.h"

#include <stdio.h>

#include "support/test.h"

static const char *fault_of(const char *password, size_t size)
{
    static char       found[FAULT_FOUND_BYTES];
    struct fault_list faults = FAULT_LIST_INIT;
    int               ret = account_password_check(password, size, "dolma.tsering", &faults);
    assert_int_equal(faults.num_all, ret == 0 ? 0 : 1);
    if (ret != 0)
        assert_int_equal(ret, BASE_ERR_INPUT);
    snprintf(found, sizeof found, "%s", ret == 0 ? "" : faults.faults[0].found);
    fault_list_free(&faults);
    return found;
}

static const char *said(const char *password)
{
    return fault_of(password, strlen(password));
}

static void test_length_counts_characters(void **state)
{
    (void) state;
    char long_one[PASSWORD_MOST_BYTES + 2];
    assert_string_equal(said("kettle-wool"), "too short");
    assert_string_equal(said("kettle-wools"), "");
    assert_string_equal(said("雪山下的青稞熟了来收吧"), "too short"); /* eleven */
    assert_string_equal(said("雪山下的青稞熟了快来收吧"), "");
    for (size_t i = 0; i < sizeof long_one; i++)
        long_one[i] = (char) ('a' + i * i * 7 % 23);
    assert_string_equal(fault_of(long_one, PASSWORD_MOST_CHARACTERS), "");
    assert_string_equal(fault_of(long_one, PASSWORD_MOST_CHARACTERS + 1), "too long, or not text");
    assert_string_equal(fault_of(long_one, PASSWORD_MOST_BYTES + 1), "too long, or not text");
    assert_string_equal(fault_of("kettle-wool\xff!", 13), "too long, or not text");
    assert_string_equal(fault_of("kettle-wool\ts", 13), "has a character that cannot be typed");
}

static void test_what_everybody_tries_first_is_refused(void **state)
{
    (void) state;
    static const char *const first[] = { "password1234",     "Password2026!", "P@ssw0rd12345",   "administrator",
                                         "tocsin123456",     "qwerty123456!", "iloveyou1314520", "woaini5201314",
                                         "passwordpassword", "welcomewelcome" };
    for (size_t i = 0; i < sizeof first / sizeof *first; i++)
        if (strcmp(said(first[i]), "among the passwords that are tried first") != 0)
            fail_msg("%s: %s", first[i], said(first[i]));
}

static void test_runs_and_repetitions_are_refused(void **state)
{
    (void) state;
    assert_string_equal(said("aaaaaaaaaaaa"), "a few characters repeated");
    assert_string_equal(said("abcdabcdabcd"), "a few characters repeated"); /* a unit of four */
    assert_string_equal(said("xkrfqxkrfqxkrfq"), "");                       /* of five: not ours to judge */
    assert_string_equal(said("123456789012"), "a run of neighbouring characters");
    assert_string_equal(said("210987654321"), "a run of neighbouring characters");
    assert_string_equal(said("QWERTYUIOPAS"), "a run of neighbouring characters");
    assert_string_equal(said("1qaz2wsx3edc"), "a run of neighbouring characters");
    assert_string_equal(said("１２３４５６７８９０１２"), "a run of neighbouring characters"); /* full width */
}

static void test_the_login_with_little_added_is_refused(void **state)
{
    (void) state;
    assert_string_equal(said("dolma.tsering12345"), "little more than the login");
    assert_string_equal(said("dolma.tsering123456"), "");
    assert_string_equal(said("DOLMA.TSERING"), "little more than the login");
}

static void test_no_rule_about_kinds_of_characters(void **state)
{
    (void) state;
    assert_string_equal(said("the kettle sings at dawn"), "");
    assert_string_equal(said("kettlesingsatdawn"), "");
}

static void test_two_keyboards_mean_the_same(void **state)
{
    (void) state;
    struct arena arena = ARENA_INIT;
    const char  *one, *other;
    size_t       size_one, size_other;
    assert_ok(account_password_normal("caf\xc3\xa9", 5, &arena, &one, &size_one));
    assert_ok(account_password_normal("cafe\xcc\x81", 6, &arena, &other, &size_other));
    assert_int_equal(size_one, size_other);
    assert_memory_equal(one, other, size_one);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_length_counts_characters),
        cmocka_unit_test(test_what_everybody_tries_first_is_refused),
        cmocka_unit_test(test_runs_and_repetitions_are_refused),
        cmocka_unit_test(test_the_login_with_little_added_is_refused),
        cmocka_unit_test(test_no_rule_about_kinds_of_characters),
        cmocka_unit_test(test_two_keyboards_mean_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
