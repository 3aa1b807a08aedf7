/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/person_fields.h"
#include "support/test.h"

static void assert_means(const char *header, const char *code)
{
    enum person_field field = person_field_of_header(header, strlen(header));
    assert_int_equal(field, code == NULL ? PERSON_FIELD_NONE : (int) person_field_named(code, strlen(code)));
}

static void test_headers(void **state)
{
    (void) state;
    assert_means("Date of birth", "birth_date");
    assert_means("DOB", "birth_date");
    assert_means("出生日期", "birth_date");
    assert_means("soc_sec_id", "identifier");
    assert_means("given_name", "given");
    assert_means("Last Name", "family");
    assert_means("姓名", "name");
    assert_means("Phone (home)", NULL);
    assert_means("postcode_fake", "postcode");
    assert_means("street_number", "house_number");
    assert_means("rec_id", "record");
    assert_means("onset", NULL);
    assert_means("", NULL);
    assert_means("---", NULL);
}

/* No word belongs to two fields, or the second could never be meant. */
static void test_words_once(void **state)
{
    static const char *const words[PERSON_NUM_FIELDS] = {
#define FIELD(code, what, words) (words),
#include "formats/person_fields.def"
#undef FIELD
    };
    (void) state;
    for (int field = 0; field < PERSON_NUM_FIELDS; field++)
        for (const char *at = words[field]; *at != '\0';) {
            size_t length = strcspn(at, " ");
            assert_int_equal(person_field_of_header(at, length), field);
            at += length + strspn(at + length, " ");
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_headers), cmocka_unit_test(test_words_once) };
    return cmocka_run_group_tests_name("formats/person_fields", tests, NULL, NULL);
}
