/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "base/text.h"
#include "model/people.h"
#include "model/people_names.h"
#include "support/test.h"

static const struct people_place places[] = {
    { { { 1 } }, "松谷乡鹤桥村" },
    { { { 2 } }, "松谷乡杏坝村" },
    { { { 3 } }, "" },
};

static const struct people people = {
    .seed = 7,
    .today = 20000,
    .days = PEOPLE_DAYS,
    .places = places,
    .num_places = 3,
    .tibetan_permille = PEOPLE_TIBETAN_PERMILLE,
};

static void assert_same(const struct model_record *record, const void *a, const void *b)
{
    for (size_t i = 0; i < record->num_fields; i++)
        assert_true(model_equal(&record->fields[i], a, b));
}

static void test_a_person_is_the_same_in_any_order(void **state)
{
    (void) state;
    struct people_sample first, again, other;
    struct people        elsewhere = people;
    elsewhere.seed = 8;
    people_generate(&people, 12, &first);
    people_generate(&people, 13, &other);
    people_generate(&people, 12, &again);
    assert_true(id_equal(&first.person.head.id, &again.person.head.id));
    assert_same(model_record(MODEL_PERSON), &first.person, &again.person);
    assert_same(model_record(MODEL_IDENTITY), &first.identity, &again.identity);
    assert_same(model_record(MODEL_CASE), &first.illness, &again.illness);
    assert_true(id_compare(&first.person.head.id, &other.person.head.id) < 0);
    people_generate(&elsewhere, 12, &other);
    assert_false(id_equal(&first.person.head.id, &other.person.head.id));
}

/* The rule of GB 11643: weights 2^(18-i) mod 11, computed here from their definition; 10 is written X. */
static bool is_valid_number(const char *text)
{
    int sum = 0;
    for (int i = 0; i < 18; i++) {
        int weight = 1;
        for (int j = 0; j < 17 - i; j++)
            weight = 2 * weight % 11;
        sum += weight * (text[i] == 'X' ? 10 : text[i] - '0');
    }
    return sum % 11 == 1;
}

static void test_the_rule_of_numbers_is_known(void **state)
{
    (void) state;
    assert_true(is_valid_number("11010519491231002X")); /* the example of the standard */
    assert_false(is_valid_number("110105194912310021"));
}

/* Whatever is generated keeps its record's bounds, and nothing can be anybody's. */
static void test_nothing_can_be_anybodys(void **state)
{
    (void) state;
    struct people_sample sample;
    size_t               largest = 0, missing = 0;
    for (uint64_t i = 0; i < 20000; i++) {
        people_generate(&people, i, &sample);
        const struct model_identity *identity = &sample.identity;
        if (identity->identifier.bytes != NULL) {
            assert_int_equal(identity->identifier.size, 18);
            assert_memory_equal(identity->identifier.bytes, "00", 2);
            assert_false(is_valid_number(identity->identifier.bytes));
        } else {
            missing++;
        }
        if (identity->phone.bytes != NULL) {
            assert_int_equal(identity->phone.size, 15);
            assert_memory_equal(identity->phone.bytes, "+9991", 5);
        }
        assert_int_equal(text_check_utf8(sample.text, sample.text_used), sample.text_used);
        assert_true(identity->name.size > 0 && identity->name_latin.size > 0);
        largest = sample.text_used > largest ? sample.text_used : largest;
    }
    assert_in_range(largest, 1, PEOPLE_TEXT_BYTES - PEOPLE_ADDRESS_BYTES);
    assert_in_range(missing, 600, 1000); /* 1 in 25 */
}

static void test_dates_are_in_order(void **state)
{
    (void) state;
    struct people_sample sample;
    for (uint64_t i = 0; i < 20000; i++) {
        people_generate(&people, i, &sample);
        const struct model_case *illness = &sample.illness;
        assert_in_range(illness->received_date, people.today - people.days + 1, people.today);
        assert_true(illness->onset_date == MODEL_MISSING_DATE || illness->onset_date <= illness->received_date);
        assert_int_equal(illness->onset_date == MODEL_MISSING_DATE, illness->no_symptoms == 1);
        assert_true(illness->outcome_date == MODEL_MISSING_DATE || illness->outcome_date <= people.today);
        assert_true(illness->death_date == MODEL_MISSING_DATE || illness->death_date == illness->outcome_date);
        assert_in_range(illness->age_years, 0, 105);
        if (sample.identity.birth_date != MODEL_MISSING_DATE) {
            assert_int_equal(toc_date_to_civil(sample.identity.birth_date).year, sample.person.birth_year);
            assert_true(sample.identity.birth_date <= illness->consultation_date);
        }
    }
}

/* Somebody born on the last day of February is a year old on the last day of the next, and no day earlier. */
static void test_a_newborn_has_an_age_in_months(void **state)
{
    (void) state;
    struct people_sample sample;
    bool                 found = false;
    for (uint64_t i = 0; i < 20000 && !found; i++) {
        people_generate(&people, i, &sample);
        found = sample.illness.age_years == 0 && sample.illness.age_months > 3;
        assert_int_equal(sample.illness.age_months == MODEL_MISSING_INTEGER, sample.illness.age_years >= 3);
    }
    assert_true(found);
}

static void test_people_live_where_the_weights_say(void **state)
{
    (void) state;
    static const uint32_t weights_up_to[] = { 0, 3, 4 };
    struct people         weighted = people;
    struct people_sample  sample;
    size_t                lives[4] = { 0 };
    weighted.weights_up_to = weights_up_to;
    for (uint64_t i = 0; i < 4000; i++) {
        people_generate(&weighted, i, &sample);
        lives[sample.person.area.bytes[0]]++;
    }
    assert_int_equal(lives[1], 0);
    assert_in_range(lives[2], 2850, 3150);
    assert_in_range(lives[3], 850, 1150);
}

/* Commonest surnames are as common as the table says; rare diseases are rare, and there. */
static void test_frequencies(void **state)
{
    (void) state;
    struct people_sample sample;
    struct people        chinese = people;
    size_t               wang = 0, plague = 0, women = 0;
    chinese.tibetan_permille = 0;
    for (uint64_t i = 0; i < 60000; i++) {
        people_generate(&chinese, i, &sample);
        wang += strncmp(sample.identity.name.bytes, "王", 3) == 0;
        plague += strncmp(sample.illness.disease.bytes, "plague", 6) == 0;
        women += strcmp(sample.person.sex.bytes, "female") == 0;
    }
    assert_in_range(wang, 4200, 4900); /* 7.25 %, and a little of what the table leaves */
    assert_in_range(plague, 1, 12);    /* 3 expected */
    assert_in_range(women, 29500, 30500);
}

static void test_an_address_may_be_as_long_as_allowed(void **state)
{
    (void) state;
    char address[PEOPLE_ADDRESS_BYTES + 1];
    memset(address, 'a', PEOPLE_ADDRESS_BYTES);
    address[PEOPLE_ADDRESS_BYTES] = '\0';
    const struct people_place place = { { { 9 } }, address };
    struct people             far = people;
    struct people_sample      sample;
    far.places = &place;
    far.num_places = 1;
    for (uint64_t i = 0; i < 2000; i++) {
        people_generate(&far, i, &sample);
        assert_memory_equal(sample.identity.address.bytes, address, PEOPLE_ADDRESS_BYTES);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_person_is_the_same_in_any_order),
        cmocka_unit_test(test_the_rule_of_numbers_is_known),
        cmocka_unit_test(test_nothing_can_be_anybodys),
        cmocka_unit_test(test_dates_are_in_order),
        cmocka_unit_test(test_a_newborn_has_an_age_in_months),
        cmocka_unit_test(test_people_live_where_the_weights_say),
        cmocka_unit_test(test_frequencies),
        cmocka_unit_test(test_an_address_may_be_as_long_as_allowed),
    };
    return cmocka_run_group_tests_name("people", tests, NULL, NULL);
}
