/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>

#include "base/fault.h"
#include "store/link_forms.h"
#include "store/link_values.h"
#include "support/test.h"

static void assert_form(const struct link_text *form, const char *written, const char *letters)
{
    char text[LINK_TEXT_BYTES + 1];
    memcpy(text, form->letters, form->num_letters);
    text[form->num_letters] = '\0';
    assert_string_equal(text, letters);
    if (written == NULL)
        return;
    memcpy(text, form->written, form->num_written);
    text[form->num_written] = '\0';
    assert_string_equal(text, written);
}

static void assert_name(const char *name, const char *given, const char *family)
{
    struct link_text of_given, of_family;
    assert_ok(link_full_name(name, strlen(name), &of_given, &of_family));
    assert_form(&of_given, NULL, given);
    assert_form(&of_family, NULL, family);
}

/* Where a name has its family name, in every script. */
static void test_names(void **state)
{
    (void) state;
    assert_name("Anne Dupont", "anne", "dupont");
    assert_name("Dupont, Anne", "anne", "dupont");
    assert_name("Mary-Ann  O'Neill", "maryann", "oneill");
    assert_name("張偉", "wei", "zhang");
    assert_name("单小红", "xiaohong", "shan"); /* as a surname, not dan */
    assert_name("欧阳修", "xiu", "ouyang");
    assert_name("吕布", "bu", "lu");
    assert_name("Cher", "cher", "");
    assert_name("unknown", "", "");
    assert_name("不详", "", "");
    assert_name("", "", "");
    assert_name(" - ", "", "");
}

/* A Tibetan name is the same in Tibetan, in Chinese characters and in whatever letters. */
static void test_tibetan(void **state)
{
    (void) state;
    assert_name("བསྟན་འཛིན་རྡོ་རྗེ", "tenzin", "dorje");
    assert_name("丹增多吉", "tenzin", "dorje");
    assert_name("旦增多杰", "tenzin", "dorje");
    assert_name("Tenzing Dorji", "tenzin", "dorje");
    assert_name("Danzeng Duoji", "tenzin", "dorje");
    assert_name("bstan 'dzin rdo rje", "tenzin", "dorje");
    assert_name("次仁卓玛", "tsering", "dolma");
    assert_name("Cering Zhoima", "tsering", "dolma");
    assert_name("扎西", "tashi", "");
    assert_name("罗小明", "xiaoming", "luo"); /* Chinese, though it begins like 罗布 */
}

static void test_parts(void **state)
{
    struct link_text form;
    (void) state;
    assert_ok(link_family("单", 3, &form));
    assert_form(&form, "单", "shan");
    assert_ok(link_given("单", 3, &form));
    assert_form(&form, "单", "dan");
    assert_ok(link_words("12 Forbes St.", 13, &form));
    assert_form(&form, "12forbesst", "12forbesst");
    assert_ok(link_number("54010219800203001x", 18, &form));
    assert_form(&form, "54010219800203001x", "54010219800203001x");
    assert_ok(link_phone("+44 7911 123456", 15, &form));
    assert_form(&form, "7911123456", "7911123456");
    assert_ok(link_phone("07911-123456", 12, &form));
    assert_form(&form, "7911123456", "7911123456");
    assert_ok(link_phone("1234", 4, &form));
    assert_form(&form, "", "");
    assert_status(link_words("\xff", 1, &form), BASE_ERR_INPUT);
}

/* A text beyond the room is cut at a whole character, in every script. */
static void test_long(void **state)
{
    char             text[4096];
    struct link_text form, family;
    (void) state;
    for (size_t size = 0; size < sizeof text; size += 3)
        memcpy(text + size, "张", size + 3 <= sizeof text ? 3 : sizeof text - size);
    assert_ok(link_full_name(text, 4095, &form, &family));
    assert_true(form.num_letters < LINK_TEXT_BYTES && form.num_written < LINK_TEXT_BYTES);
    assert_int_equal(form.num_written % 3, 0);
    memset(text, 'a', sizeof text);
    assert_ok(link_words(text, sizeof text, &form));
    assert_true(form.num_letters < LINK_TEXT_BYTES);
}

static uint32_t date(const char *text, bool day_first)
{
    return link_date(text, strlen(text), day_first);
}

static void test_dates(void **state)
{
    (void) state;
    assert_int_equal(date("1980-02-03", false), 19800203);
    assert_int_equal(date("1980/2/3", false), 19800203);
    assert_int_equal(date("19800203", false), 19800203);
    assert_int_equal(date("1980年2月3日", false), 19800203);
    assert_int_equal(date("1980-02-03T10:20:30", false), 19800203);
    assert_int_equal(date("1980-02", false), 19800200);
    assert_int_equal(date("1980", false), 19800000);
    assert_int_equal(date("3.2.1980", true), 19800203);
    assert_int_equal(date("02/03/1980", false), 19800203);
    assert_int_equal(date("02/03/1980", true), 19800302);
    assert_int_equal(date("", false), 0);
    assert_int_equal(date("tomorrow", false), 0);
    assert_int_equal(date("02/03/80", false), 0); /* which century nobody says */
    assert_int_equal(link_date_order("13/02/1980", 10), 1);
    assert_int_equal(link_date_order("02/13/1980", 10), -1);
    assert_int_equal(link_date_order("02/03/1980", 10), 0);
    assert_int_equal(link_sex("女", 3), 1);
    assert_int_equal(link_sex("Male", 4), 2);
    assert_int_equal(link_sex("", 0), 0);
}

/* Many texts: each once, found again; letters beside them. */
static void test_values(void **state)
{
    struct link_values values = { .room = 0 };
    struct link_text   form;
    char               text[16];
    uint32_t           value;
    (void) state;
    for (int round = 0; round < 2; round++)
        for (uint32_t i = 0; i < 5000; i++) {
            int size = snprintf(text, sizeof text, "w%u", i);
            assert_ok(link_words(text, (size_t) size, &form));
            assert_ok(link_values_add(&values, &form, &value));
            assert_int_equal(value, i + 1);
        }
    struct toc_linkage_values got = link_values_of(&values);
    assert_int_equal(got.num_values, 5000);
    assert_int_equal(got.first[1] - got.first[0], 2);
    assert_memory_equal(got.letters, "w0w1w2", 6);
    form.num_written = 0;
    assert_ok(link_values_add(&values, &form, &value));
    assert_int_equal(value, 0);
    link_values_free(&values);
    assert_int_equal(link_values_of(&values).num_values, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names), cmocka_unit_test(test_tibetan), cmocka_unit_test(test_parts),
        cmocka_unit_test(test_long),  cmocka_unit_test(test_dates),   cmocka_unit_test(test_values),
    };
    return cmocka_run_group_tests_name("store/link_forms", tests, NULL, NULL);
}
