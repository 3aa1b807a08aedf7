/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/property.h"
#include "support/test.h"
#include "tocsin/linkage.h"

/* ---- comparisons ---- */

/* The values that Winkler published (Yancey 2005, "Evaluating string comparator performance for record linkage", Census
 * Bureau RRS2005-05, table 1), three digits. */
static void test_jaro_winkler(void **state)
{
    static const struct {
        const char *a, *b;
        double      jaro, winkler;
    } published[] = {
        { "SHACKLEFORD", "SHACKELFORD", 0.970, 0.982 },
        { "DUNNINGHAM", "CUNNIGHAM", 0.896, 0.896 },
        { "NICHLESON", "NICHULSON", 0.926, 0.956 },
        { "JONES", "JOHNSON", 0.790, 0.832 },
        { "MASSEY", "MASSIE", 0.889, 0.933 },
        { "ABROMS", "ABRAMS", 0.889, 0.922 },
        { "JERALDINE", "GERALDINE", 0.926, 0.926 },
        { "MARHTA", "MARTHA", 0.944, 0.961 },
        { "MICHELLE", "MICHAEL", 0.869, 0.921 },
        { "JULIES", "JULIUS", 0.889, 0.933 },
        { "TANYA", "TONYA", 0.867, 0.880 },
        { "DWAYNE", "DUANE", 0.822, 0.840 },
        { "SEAN", "SUSAN", 0.783, 0.805 },
        { "JON", "JOHN", 0.917, 0.933 },
    };
    (void) state;
    for (size_t i = 0; i < sizeof published / sizeof *published; i++) {
        const char *a = published[i].a, *b = published[i].b;
        assert_close(toc_jaro(a, strlen(a), b, strlen(b)), published[i].jaro, 0, 0.0006);
        assert_close(toc_jaro_winkler(a, strlen(a), b, strlen(b)), published[i].winkler, 0, 0.0006);
        assert_close(toc_jaro(b, strlen(b), a, strlen(a)), published[i].jaro, 0, 0.0006);
    }
    assert_close(toc_jaro("", 0, "", 0), 1.0, 0, 0);
    assert_close(toc_jaro("", 0, "a", 1), 0.0, 0, 0);
    assert_close(toc_jaro("张伟", 6, "张伟", 6), 1.0, 0, 0);
    assert_close(toc_jaro("张", 3, "章", 3), 0.0, 0, 0); /* characters, not bytes */
}

static bool one_error(const char *a, const char *b)
{
    return toc_one_error(a, strlen(a), b, strlen(b)) && toc_one_error(b, strlen(b), a, strlen(a));
}

static void test_one_error(void **state)
{
    (void) state;
    assert_true(one_error("12345", "12345"));
    assert_true(one_error("12345", "12945"));
    assert_true(one_error("12345", "1235"));
    assert_true(one_error("12345", "123455"));
    assert_true(one_error("12345", "13245"));
    assert_true(one_error("12345", "12354"));
    assert_false(one_error("12345", "54321"));
    assert_false(one_error("12345", "14325"));
    assert_false(one_error("12345", "1234567"));
    assert_false(one_error("12", "21x"));
}

static void test_dates(void **state)
{
    (void) state;
    assert_int_equal(toc_linkage_dates(19800203, 19800203), TOC_LINKAGE_EXACT);
    assert_int_equal(toc_linkage_dates(19800203, 19800302), TOC_LINKAGE_NEAR); /* day and month exchanged */
    assert_int_equal(toc_linkage_dates(19801112, 19801211), TOC_LINKAGE_NEAR);
    assert_int_equal(toc_linkage_dates(19800203, 19800208), TOC_LINKAGE_NEAR); /* one digit */
    assert_int_equal(toc_linkage_dates(19800203, 19080203), TOC_LINKAGE_NEAR); /* two digits exchanged */
    assert_int_equal(toc_linkage_dates(19800203, 19930203), TOC_LINKAGE_LIKE); /* the year */
    assert_int_equal(toc_linkage_dates(19800203, 19801114), TOC_LINKAGE_PART);
    assert_int_equal(toc_linkage_dates(19800203, 19800000), TOC_LINKAGE_PART); /* only the year is known */
    assert_int_equal(toc_linkage_dates(19800203, 19800200), TOC_LINKAGE_LIKE);
    assert_int_equal(toc_linkage_dates(19800203, 19800300), TOC_LINKAGE_DIFFERENT);
    assert_int_equal(toc_linkage_dates(19800203, 19711129), TOC_LINKAGE_DIFFERENT);
    assert_int_equal(toc_linkage_dates(0, 19800203), TOC_LINKAGE_MISSING);
}

/* ---- an invented list ---- */

enum { NAMES = 400, ROOM = 3000 };

struct world {
    char                       letters[NAMES * 8], numbers[ROOM * 10];
    uint32_t                   first[NAMES + 1], first_number[ROOM + 1];
    struct toc_linkage_values  names, identifiers;
    uint32_t                   given[ROOM], family[ROOM], birth[ROOM], sex[ROOM], identifier[ROOM];
    size_t                     person[ROOM];
    struct toc_linkage_column  columns[5];
    struct toc_linkage_records records;
};

static struct world world;

/* Words of six letters, no two alike. */
static void make_names(void)
{
    uint32_t at = 0;
    for (uint32_t i = 0; i < NAMES; i++) {
        world.first[i] = at;
        uint32_t code = (i + 1) * 2654435761u;
        for (int letter = 0; letter < 6; letter++, code /= 26)
            world.letters[at++] = (char) ('a' + code % 26);
    }
    world.first[NAMES] = at;
    world.names = (struct toc_linkage_values){ world.letters, world.first, NAMES };
    at = 0;
    for (uint32_t i = 0; i < ROOM; i++) {
        world.first_number[i] = at;
        at += (uint32_t) snprintf(world.numbers + at, 10, "%09u", (i * 40503u + 7u) % 999999937u * 17u % 999999937u);
    }
    world.first_number[ROOM] = at;
    world.identifiers = (struct toc_linkage_values){ world.numbers, world.first_number, ROOM };
}

static void copy_with_errors(struct test_random *random, size_t from, size_t to, double error)
{
    world.given[to] =
        test_uniform(random) < error ? 1 + (uint32_t) test_between(random, 0, NAMES - 1) : world.given[from];
    world.family[to] =
        test_uniform(random) < error ? 1 + (uint32_t) test_between(random, 0, NAMES - 1) : world.family[from];
    world.birth[to] = test_uniform(random) < error
                          ? world.birth[from] / 100 * 100 + 1 + (uint32_t) test_between(random, 0, 27)
                          : world.birth[from];
    world.sex[to] = test_uniform(random) < error ? 3 - world.sex[from] : world.sex[from];
    world.identifier[to] = test_uniform(random) < 0.5 ? 0 : world.identifier[from];
    world.person[to] = world.person[from];
}

/* persons records, then copies of them with errors. */
static void make_world(uint64_t seed, size_t persons, size_t records, double error)
{
    struct test_random random = { .seed = seed };
    make_names();
    for (size_t i = 0; i < records; i++) {
        if (i >= persons) {
            copy_with_errors(&random, test_between(&random, 0, persons - 1), i, error);
            continue;
        }
        world.person[i] = i;
        world.given[i] = 1 + (uint32_t) test_between(&random, 0, NAMES - 1);
        world.family[i] = 1 + (uint32_t) test_between(&random, 0, NAMES - 1);
        world.birth[i] = (uint32_t) (test_between(&random, 1930, 2020) * 10000 + test_between(&random, 1, 12) * 100 +
                                     test_between(&random, 1, 28));
        world.sex[i] = 1 + (uint32_t) test_between(&random, 0, 1);
        world.identifier[i] = 1 + (uint32_t) i;
    }
    struct toc_linkage_column columns[5] = {
        { TOC_LINKAGE_GIVEN, world.given, &world.names },
        { TOC_LINKAGE_FAMILY, world.family, &world.names },
        { TOC_LINKAGE_BIRTH_DATE, world.birth, NULL },
        { TOC_LINKAGE_SEX, world.sex, NULL },
        { TOC_LINKAGE_IDENTIFIER, world.identifier, &world.identifiers },
    };
    memcpy(world.columns, columns, sizeof columns);
    world.records = (struct toc_linkage_records){ records, records, world.columns, 5 };
}

/* ---- running it ---- */

struct outcome {
    struct toc_linkage      *linkage;
    struct toc_linkage_pair *pairs;
    size_t                   num;
};

static int compare_all(struct toc_linkage *linkage, bool backwards, struct outcome *outcome)
{
    static struct toc_linkage_pair room[TOC_LINKAGE_SLICE_PAIRS];
    size_t                         rules = toc_linkage_num_rules(linkage), slices, num;
    int                            ret = 0;
    for (size_t i = 0; i < rules && ret == 0; i++)
        ret = toc_linkage_block(linkage, backwards ? rules - 1 - i : i, NULL);
    if (ret == 0)
        ret = toc_linkage_plan(linkage, NULL);
    if (ret != 0)
        return ret;
    slices = toc_linkage_num_slices(linkage);
    for (size_t i = 0; i < slices; i++)
        toc_linkage_learn(linkage, backwards ? slices - 1 - i : i);
    ret = toc_linkage_estimate(linkage, NULL);
    for (size_t i = 0; i < slices && ret == 0; i++) {
        toc_linkage_score(linkage, i, room, &num);
        outcome->pairs = realloc(outcome->pairs, (outcome->num + num + 1) * sizeof *room);
        memcpy(outcome->pairs + outcome->num, room, num * sizeof *room);
        outcome->num += num;
    }
    return ret;
}

static struct outcome run(bool backwards)
{
    struct outcome                   outcome = { .num = 0 };
    const struct toc_linkage_options options = TOC_LINKAGE_OPTIONS_INIT;
    assert_ok(toc_linkage_create(&world.records, &options, &test_allocator, &outcome.linkage, NULL));
    assert_ok(compare_all(outcome.linkage, backwards, &outcome));
    return outcome;
}

static void finish(struct outcome *outcome)
{
    toc_linkage_free(outcome->linkage);
    free(outcome->pairs);
}

/* What is learned without labels is what the errors were made by. */
static void test_learned(void **state)
{
    (void) state;
    make_world(1, 2000, 3000, 0.05);
    struct outcome                  outcome = run(false);
    const struct toc_linkage_model *model = toc_linkage_learned(outcome.linkage);
    double                          pairs = 0;
    for (size_t i = 0; i < 3000; i++)
        for (size_t j = i + 1; j < 3000; j++)
            pairs += world.person[i] == world.person[j];
    assert_close(model->matches, pairs, 0.05, 0);
    assert_close(model->pairs, 3000.0 * 2999 / 2, 0, 0);
    /* Half of the pairs are of two copies: 1 - 2 × 0.05 at the worst. */
    assert_true(model->m[0][TOC_LINKAGE_EXACT] > 0.90 && model->m[0][TOC_LINKAGE_EXACT] < 0.96);
    assert_close(model->u[0][TOC_LINKAGE_EXACT], 1.0 / NAMES, 0.15, 0);
    assert_close(model->u[3][TOC_LINKAGE_EXACT], 0.5, 0.03, 0);
    assert_true(model->m[4][TOC_LINKAGE_EXACT] > 0.97);
    finish(&outcome);
}

/* Same, perhaps, different, against who it was: at the shipped thresholds, with copies rare and frequent. */
static void test_accuracy(void **state)
{
    static const size_t persons[] = { 2950, 2000, 600 };
    (void) state;
    for (size_t k = 0; k < 3; k++) {
        make_world(10 + k, persons[k], 3000, 0.05);
        struct outcome outcome = run(false);
        uint32_t       group[ROOM];
        double         both = 0, found = 0, true_pairs = 0;
        assert_ok(toc_linkage_group(outcome.linkage, outcome.pairs, outcome.num, group, NULL));
        for (size_t i = 0; i < 3000; i++)
            for (size_t j = i + 1; j < 3000; j++) {
                both += group[i] == group[j] && world.person[i] == world.person[j];
                found += group[i] == group[j];
                true_pairs += world.person[i] == world.person[j];
            }
        assert_true(both / found > 0.99);
        assert_true(both / true_pairs > 0.93);
        finish(&outcome);
    }
}

/* The header's formula, written out slowly. */
static double slow_odds(const struct toc_linkage *linkage, size_t a, size_t b)
{
    static const bool shared[] = { false, true, false, false, false }, twins[] = { false, true, true, false, false },
                      names[] = { true, true, false, true, false };
    const struct toc_linkage_model *model = toc_linkage_learned(linkage);
    struct toc_linkage_reasons      reasons;
    double match = model->matches, random = model->pairs, home = model->households, twin = model->twins,
           namesake = model->namesakes;
    toc_linkage_explain(linkage, a, b, &reasons);
    for (size_t i = 0; i < 5; i++) {
        const struct toc_linkage_column *column = &world.columns[i];
        size_t                           level = reasons.level[i], held = 0, present = 0;
        if (level == TOC_LINKAGE_MISSING)
            continue;
        double m = model->m[i][level], u = model->u[i][level];
        for (size_t r = 0; r < world.records.num_records; r++) {
            held += column->value[r] == column->value[a];
            present += column->value[r] != 0;
        }
        double own = 2 * model->matches / (double) world.records.num_records * model->m[i][TOC_LINKAGE_EXACT];
        if (level == TOC_LINKAGE_EXACT && i < 2)
            u = fmax(0.5, (double) held - 1 - own) / ((double) present + 1);
        match *= m;
        random *= u;
        namesake *= names[i] ? m * u / model->u[i][level] : u;
        home *= shared[i] ? m : u;
        twin *= twins[i] ? m : u;
    }
    return log(match / (random + home + twin + namesake));
}

static void test_brute_force(void **state)
{
    (void) state;
    make_world(2, 250, 400, 0.08);
    struct outcome outcome = run(false);
    double         wanted = log(0.10 / 0.90);
    size_t         all = 0, scored = 0;
    for (size_t i = 0; i < 400; i++)
        for (size_t j = i + 1; j < 400; j++) {
            struct toc_linkage_reasons reasons;
            double                     slow = slow_odds(outcome.linkage, i, j);
            toc_linkage_explain(outcome.linkage, i, j, &reasons);
            assert_close(reasons.log_odds, slow, 0, 2e-5);
            all += slow >= wanted;
        }
    for (size_t i = 0; i < outcome.num; i++) {
        assert_true(outcome.pairs[i].a < outcome.pairs[i].b);
        assert_close(outcome.pairs[i].log_odds, slow_odds(outcome.linkage, outcome.pairs[i].a, outcome.pairs[i].b), 0,
                     1e-4);
        scored++;
    }
    /* What no rule finds is little, and nothing comes twice. */
    assert_true(scored <= all);
    assert_true((double) scored >= 0.97 * (double) all);
    finish(&outcome);
}

static void test_any_order(void **state)
{
    uint32_t one[ROOM], two[ROOM];
    (void) state;
    make_world(3, 700, 1000, 0.1);
    struct outcome forwards = run(false), backwards = run(true);
    assert_int_equal(forwards.num, backwards.num);
    assert_memory_equal(forwards.pairs, backwards.pairs, forwards.num * sizeof *forwards.pairs);
    assert_ok(toc_linkage_group(forwards.linkage, forwards.pairs, forwards.num, one, NULL));
    assert_ok(toc_linkage_group(backwards.linkage, backwards.pairs, backwards.num, two, NULL));
    assert_memory_equal(one, two, 1000 * sizeof *one);
    finish(&forwards);
    finish(&backwards);
}

/* Frequent names say less than rare ones; exchanged names are seen, and said once; a missing value says nothing. */
static void test_reasons(void **state)
{
    (void) state;
    make_world(4, 1500, 2000, 0.05);
    for (size_t i = 0; i < 500; i++)
        world.given[i] = 7;
    world.given[600] = world.given[601] = 9;
    world.given[700] = 11, world.family[700] = 12, world.given[701] = 12, world.family[701] = 11;
    world.sex[701] = 0;
    struct outcome             outcome = run(false);
    struct toc_linkage_reasons frequent, rare, exchanged;
    toc_linkage_explain(outcome.linkage, 0, 1, &frequent);
    toc_linkage_explain(outcome.linkage, 600, 601, &rare);
    assert_int_equal(frequent.level[0], TOC_LINKAGE_EXACT);
    assert_int_equal(rare.level[0], TOC_LINKAGE_EXACT);
    assert_true(rare.weight[0] > frequent.weight[0] + 2);
    toc_linkage_explain(outcome.linkage, 700, 701, &exchanged);
    assert_int_equal(exchanged.level[0], TOC_LINKAGE_SWAPPED);
    assert_int_equal(exchanged.level[1], TOC_LINKAGE_MISSING);
    assert_int_equal(exchanged.level[3], TOC_LINKAGE_MISSING);
    assert_close(exchanged.weight[1], 0, 0, 0);
    assert_close(exchanged.weight[3], 0, 0, 0);
    finish(&outcome);
}

/* List A in list B: who is there, who is not; two who fit as well share the probability. */
static void test_assign(void **state)
{
    struct toc_linkage_pair best[ROOM];
    (void) state;
    make_world(5, 1000, 1400, 0.05);
    /* A: 400 copies first; B: the 1,000 persons; then B's last is a twin in all but the person of B's first. */
    for (int column = 0; column < 5; column++) {
        uint32_t *value = (uint32_t *) (uintptr_t) world.columns[column].value, kept[ROOM];
        memcpy(kept, value, sizeof kept);
        memcpy(value, kept + 1000, 400 * sizeof *value);
        memcpy(value + 400, kept, 1000 * sizeof *value);
    }
    world.records.num_first = 400;
    struct outcome outcome = run(false);
    size_t         right = 0, wrong = 0;
    assert_ok(toc_linkage_assign(outcome.linkage, outcome.pairs, outcome.num, false, best, NULL));
    for (size_t a = 0; a < 400; a++) {
        bool found = best[a].b != best[a].a && toc_linkage_probability(best[a].log_odds) >= 0.9;
        right += found && best[a].b - 400 == world.person[1000 + a];
        wrong += found && best[a].b - 400 != world.person[1000 + a];
    }
    assert_true(right > 380);
    assert_true(wrong <= 2);
    /* Two persons of B with the very pair: neither is more than 1/2. */
    struct toc_linkage_pair rivals[] = { { 0, 500, 8.0f }, { 0, 501, 8.0f } };
    assert_ok(toc_linkage_assign(outcome.linkage, rivals, 2, false, best, NULL));
    assert_close(toc_linkage_probability(best[0].log_odds), 0.5, 0, 0.01);
    /* One to one: the more certain takes it. */
    struct toc_linkage_pair same[] = { { 0, 500, 6.0f }, { 1, 500, 8.0f } };
    assert_ok(toc_linkage_assign(outcome.linkage, same, 2, true, best, NULL));
    assert_int_equal(best[1].b, 500);
    assert_int_equal(best[0].b, 0);
    finish(&outcome);
}

static void test_small(void **state)
{
    (void) state;
    for (size_t records = 0; records < 4; records++) {
        make_world(6, records == 0 ? 1 : records, records, 0.05);
        if (records == 3)
            for (int column = 0; column < 5; column++)
                ((uint32_t *) (uintptr_t) world.columns[column].value)[2] = world.columns[column].value[0];
        uint32_t       group[4] = { 9, 9, 9, 9 };
        struct outcome outcome = run(false);
        assert_ok(toc_linkage_group(outcome.linkage, outcome.pairs, outcome.num, group, NULL));
        if (records == 3) { /* the prior alone tells that a whole record said twice is one person */
            assert_int_equal(group[2], 0);
            assert_int_equal(group[1], 1);
        }
        finish(&outcome);
    }
}

static void test_refusals(void **state)
{
    struct toc_linkage_options options = TOC_LINKAGE_OPTIONS_INIT;
    struct toc_linkage        *linkage = NULL;
    struct toc_error           error;
    (void) state;
    make_world(7, 10, 10, 0);
    world.given[3] = NAMES + 1;
    assert_status(toc_linkage_create(&world.records, &options, &test_allocator, &linkage, &error), TOC_ERR_DOMAIN);
    assert_int_equal(error.where, 3);
    world.given[3] = NAMES;
    world.birth[4] = 19800002;
    assert_status(toc_linkage_create(&world.records, &options, &test_allocator, &linkage, &error), TOC_ERR_DOMAIN);
    assert_int_equal(error.where, 4);
    world.birth[4] = 19800299; /* a slip of the pen is none */
    options.perhaps = 0.95;
    assert_status(toc_linkage_create(&world.records, &options, &test_allocator, &linkage, &error), TOC_ERR_OPTION);
    options.perhaps = 0.1;
    world.columns[1].role = TOC_LINKAGE_GIVEN;
    assert_status(toc_linkage_create(&world.records, &options, &test_allocator, &linkage, &error), TOC_ERR_SHAPE);
    world.columns[1].role = TOC_LINKAGE_FAMILY;
    world.records.num_columns = TOC_LINKAGE_MAX_COLUMNS + 1;
    assert_status(toc_linkage_create(&world.records, &options, &test_allocator, &linkage, &error), TOC_ERR_SHAPE);
    assert_null(linkage);
}

static void test_no_memory(void **state)
{
    struct toc_linkage_options options = TOC_LINKAGE_OPTIONS_INIT;
    (void) state;
    make_world(8, 60, 100, 0.05);
    options.sample_pairs = 1000;
    int ret = TOC_ERR_NO_MEMORY;
    for (size_t fail_at = 1; ret != 0; fail_at++) {
        struct test_failing_memory memory = { .fail_at = fail_at };
        struct toc_allocator       allocator = test_failing_allocator(&memory);
        struct outcome             outcome = { .num = 0 };
        uint32_t                   group[ROOM];
        ret = toc_linkage_create(&world.records, &options, &allocator, &outcome.linkage, NULL);
        if (ret == 0)
            ret = compare_all(outcome.linkage, false, &outcome);
        if (ret == 0)
            ret = toc_linkage_group(outcome.linkage, outcome.pairs, outcome.num, group, NULL);
        assert_true(ret == 0 || ret == TOC_ERR_NO_MEMORY);
        finish(&outcome);
        assert_int_equal(memory.bytes_held, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jaro_winkler), cmocka_unit_test(test_one_error), cmocka_unit_test(test_dates),
        cmocka_unit_test(test_learned),      cmocka_unit_test(test_accuracy),  cmocka_unit_test(test_brute_force),
        cmocka_unit_test(test_any_order),    cmocka_unit_test(test_reasons),   cmocka_unit_test(test_assign),
        cmocka_unit_test(test_small),        cmocka_unit_test(test_refusals),  cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests_name("lib/linkage", tests, NULL, NULL);
}
