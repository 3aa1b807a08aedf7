/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two persons by the weights that come with the library: same, perhaps, different. */
#include <string.h>

#include "support/test.h"
#include "tocsin/linkage.h"

#define COUNTY 100000.0

static struct toc_linkage_form form(const char *written, const char *letters)
{
    return (struct toc_linkage_form){ written, letters, strlen(written), strlen(letters) };
}

static struct toc_linkage_person person(const char *given, const char *family, uint32_t birth, uint32_t sex)
{
    struct toc_linkage_person made = { .birth_date = birth, .sex = sex };
    made.form[TOC_LINKAGE_GIVEN] = form(given, given);
    made.form[TOC_LINKAGE_FAMILY] = form(family, family);
    return made;
}

static double probability(const struct toc_linkage_person *a, const struct toc_linkage_person *b)
{
    double one = toc_linkage_probability(toc_linkage_weigh(a, b, COUNTY, NULL));
    assert_close(toc_linkage_probability(toc_linkage_weigh(b, a, COUNTY, NULL)), one, 1e-12, 0); /* either way round */
    return one;
}

static void test_name_and_birth_date_are_the_same(void **state)
{
    (void) state;
    struct toc_linkage_person a = person("wei", "zhang", 19800203, 2), b = a;
    uint8_t                   level[TOC_LINKAGE_NUM_ROLES];
    assert_true(probability(&a, &b) > 0.99);
    b.birth_date = 19800302; /* day and month exchanged */
    assert_true(toc_linkage_probability(toc_linkage_weigh(&a, &b, COUNTY, level)) > 0.9);
    assert_int_equal(level[TOC_LINKAGE_BIRTH_DATE], TOC_LINKAGE_NEAR);
    assert_int_equal(level[TOC_LINKAGE_PHONE], TOC_LINKAGE_MISSING);
    b = person("zhang", "wei", 19800203, 2); /* names exchanged: said once */
    assert_true(toc_linkage_probability(toc_linkage_weigh(&a, &b, COUNTY, level)) > 0.9);
    assert_int_equal(level[TOC_LINKAGE_GIVEN], TOC_LINKAGE_SWAPPED);
    assert_int_equal(level[TOC_LINKAGE_FAMILY], TOC_LINKAGE_MISSING);
}

static void test_a_name_alone_is_perhaps(void **state)
{
    (void) state;
    struct toc_linkage_person a = person("wei", "zhang", 0, 2), b = a;
    double                    alone = probability(&a, &b);
    assert_true(alone > 0.1 && alone < 0.9);
    assert_true(toc_linkage_weigh(&a, &b, 100.0, NULL) > toc_linkage_weigh(&a, &b, COUNTY, NULL)); /* fewer people */
    b.sex = 1;
    assert_true(probability(&a, &b) < 0.1);
}

/* What a household shares is not evidence of one person: sisters, twins. */
static void test_sisters_are_different(void **state)
{
    (void) state;
    struct toc_linkage_person a = person("mei", "zhang", 19800203, 1), b = person("fang", "zhang", 19830607, 1);
    a.form[TOC_LINKAGE_PHONE] = b.form[TOC_LINKAGE_PHONE] = form("13912345678", "13912345678");
    a.form[TOC_LINKAGE_ADDRESS] = b.form[TOC_LINKAGE_ADDRESS] = form("3 mill lane", "3 mill lane");
    assert_true(probability(&a, &b) < 0.1);
    double sisters = probability(&a, &b);
    b.birth_date = a.birth_date; /* twins: rare, so nearer to one person whose given name was mistaken */
    assert_true(probability(&a, &b) > sisters && probability(&a, &b) < 0.95);
}

static void test_like_sounding_names_and_numbers(void **state)
{
    (void) state;
    struct toc_linkage_person a = person("wei", "zhang", 19800203, 2), b = a;
    uint8_t                   level[TOC_LINKAGE_NUM_ROLES];
    a.form[TOC_LINKAGE_FAMILY] = form("张", "zhang");
    b.form[TOC_LINKAGE_FAMILY] = form("章", "zhang");
    a.form[TOC_LINKAGE_IDENTIFIER] = form("", "54010219800203001x");
    b.form[TOC_LINKAGE_IDENTIFIER] = form("", "54010219800203010x");
    (void) toc_linkage_weigh(&a, &b, COUNTY, level);
    assert_int_equal(level[TOC_LINKAGE_FAMILY], TOC_LINKAGE_SOUND);
    assert_int_equal(level[TOC_LINKAGE_IDENTIFIER], TOC_LINKAGE_NEAR);
    b.form[TOC_LINKAGE_IDENTIFIER] = a.form[TOC_LINKAGE_IDENTIFIER];
    assert_true(probability(&a, &b) > 0.999);
}

/* Nothing said is no evidence: what is left is how likely anybody's person is there. */
static void test_nothing_says_nothing(void **state)
{
    (void) state;
    struct toc_linkage_person nobody = { .sex = 0 };
    assert_true(probability(&nobody, &nobody) < 1e-4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_name_and_birth_date_are_the_same),
        cmocka_unit_test(test_a_name_alone_is_perhaps),
        cmocka_unit_test(test_sisters_are_different),
        cmocka_unit_test(test_like_sounding_names_and_numbers),
        cmocka_unit_test(test_nothing_says_nothing),
    };
    return _cmocka_run_group_tests("two persons", tests, sizeof tests / sizeof *tests, NULL, NULL);
}
