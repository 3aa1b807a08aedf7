/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a user may do now, from grants: roles, areas, purposes, times. */
#include "response/account_scope.h"

#include "base/instant.h"
#include "support/test.h"

static const struct id me = { { 9 } }, north = { { 1 } }, south = { { 2 } }, elsewhere = { { 3 } };
static const int64_t   now = 20000 * INSTANT_DAY;

static struct account_grant grant(enum access_role role, struct id area)
{
    return (struct account_grant){
        .id = { { 7 } }, .role = role, .area = area, .starts = now - INSTANT_DAY, .ends = INSTANT_MISSING
    };
}

static int ask(const struct account_grant *grants, size_t num, const struct account_glass *glass, enum access_role role,
               enum access_purpose purpose, int64_t at, struct account_scope *scope)
{
    static struct arena arena;
    arena_free(&arena);
    return account_scope(&me, grants, num, glass, &(struct account_wish){ role, purpose }, at, &arena, scope);
}

static void test_the_only_role_needs_no_name(void **state)
{
    (void) state;
    struct account_scope       scope;
    const struct account_grant grants[] = { grant(ACCESS_TRACER, north), grant(ACCESS_TRACER, south),
                                            grant(ACCESS_ANALYST, elsewhere) };
    assert_ok(ask(grants, 2, NULL, 0, 0, now, &scope));
    assert_int_equal(scope.access.role, ACCESS_TRACER);
    assert_int_equal(scope.access.num_areas, 2);
    assert_true(id_equal(&scope.access.user, &me));
    assert_ok(ask(grants, 3, NULL, 0, 0, now, &scope)); /* two roles, none named */
    assert_int_equal(scope.access.role, ACCESS_NO_ROLE);
    assert_ok(ask(grants, 3, NULL, ACCESS_ANALYST, 0, now, &scope));
    assert_int_equal(scope.access.num_areas, 1);
    assert_true(id_equal(&scope.access.areas[0], &elsewhere));
    assert_status(ask(grants, 3, NULL, ACCESS_EPIDEMIOLOGIST, 0, now, &scope), STORE_ERR_DENIED);
    assert_ok(ask(grants, 0, NULL, 0, 0, now, &scope));
    assert_int_equal(scope.access.role, ACCESS_NO_ROLE);
    assert_status(ask(grants, 0, NULL, 0, ACCESS_CARE, now, &scope), STORE_ERR_DENIED);
}

static void test_a_grant_holds_from_its_start_to_its_end(void **state)
{
    (void) state;
    struct account_scope scope;
    struct account_grant one = grant(ACCESS_TRACER, north);
    one.starts = now;
    one.ends = now + 10;
    assert_status(ask(&one, 1, NULL, ACCESS_TRACER, 0, now - 1, &scope), STORE_ERR_DENIED);
    assert_ok(ask(&one, 1, NULL, ACCESS_TRACER, 0, now, &scope));
    assert_int_equal(scope.until, now + 10);
    assert_ok(ask(&one, 1, NULL, ACCESS_TRACER, 0, now + 9, &scope));
    assert_status(ask(&one, 1, NULL, ACCESS_TRACER, 0, now + 10, &scope), STORE_ERR_DENIED);
}

static void test_a_grant_that_names_a_purpose_allows_no_other(void **state)
{
    (void) state;
    struct account_scope scope;
    struct account_grant grants[] = { grant(ACCESS_EPIDEMIOLOGIST, north), grant(ACCESS_EPIDEMIOLOGIST, south) };
    grants[0].purpose = ACCESS_CONTACT_FOLLOW_UP;
    assert_ok(ask(grants, 2, NULL, 0, ACCESS_CONTACT_FOLLOW_UP, now, &scope));
    assert_int_equal(scope.access.num_areas, 2);
    assert_ok(ask(grants, 2, NULL, 0, ACCESS_CASE_INVESTIGATION, now, &scope));
    assert_int_equal(scope.access.num_areas, 1);
    assert_true(id_equal(&scope.access.areas[0], &south));
    assert_status(ask(grants, 1, NULL, 0, ACCESS_CASE_INVESTIGATION, now, &scope), STORE_ERR_DENIED);
    assert_ok(ask(grants, 1, NULL, 0, 0, now, &scope)); /* no purpose: no identity, and the area counts */
    assert_int_equal(scope.access.num_areas, 1);
}

static void test_purposes_are_those_of_the_role(void **state)
{
    (void) state;
    struct account_scope scope;
    struct account_grant one = grant(ACCESS_TRACER, north);
    assert_status(ask(&one, 1, NULL, 0, ACCESS_CASE_INVESTIGATION, now, &scope), STORE_ERR_DENIED);
    one.role = ACCESS_SUPERVISOR;
    assert_ok(ask(&one, 1, NULL, 0, ACCESS_AUDIT, now, &scope));
    assert_status(ask(&one, 1, NULL, 0, ACCESS_CARE, now, &scope), STORE_ERR_DENIED);
    one.role = ACCESS_ANALYST;
    for (int purpose = 1; purpose < ACCESS_NUM_PURPOSES; purpose++)
        assert_status(ask(&one, 1, NULL, 0, (enum access_purpose) purpose, now, &scope), STORE_ERR_DENIED);
}

static void test_nobody_is_granted_the_program(void **state)
{
    (void) state;
    struct account_scope scope;
    struct account_grant one = grant(ACCESS_PROGRAM, north);
    one.everywhere = true;
    assert_status(ask(&one, 1, NULL, ACCESS_PROGRAM, 0, now, &scope), STORE_ERR_DENIED);
}

static void test_a_facility_is_a_reach_of_its_own(void **state)
{
    (void) state;
    struct account_scope scope;
    struct account_grant one = grant(ACCESS_CLINICIAN, (struct id){ { 0 } });
    one.facility = elsewhere;
    assert_ok(ask(&one, 1, NULL, 0, ACCESS_CARE, now, &scope));
    assert_int_equal(scope.access.num_areas, 0);
    assert_false(scope.access.everywhere);
    assert_int_equal(scope.access.num_facilities, 1);
    assert_true(id_equal(&scope.access.facilities[0], &elsewhere));
    for (int both = 0; both < 2; both++) { /* of two reaches in one grant neither counts */
        struct account_grant grants[] = { one, grant(ACCESS_CLINICIAN, north) };
        grants[0].everywhere = both == 0;
        grants[0].area = both == 0 ? one.area : south;
        assert_ok(ask(grants, 2, NULL, 0, ACCESS_CARE, now, &scope));
        assert_int_equal(scope.access.num_areas, 1);
        assert_true(id_equal(&scope.access.areas[0], &north));
        assert_int_equal(scope.access.num_facilities, 0);
        assert_false(scope.access.everywhere);
    }
}

static void test_break_glass_is_one_grant_more_for_its_hour(void **state)
{
    (void) state;
    struct account_scope       scope;
    const struct account_grant one = grant(ACCESS_EPIDEMIOLOGIST, north);
    const struct account_glass glass = { .area = south,
                                         .role = ACCESS_EPIDEMIOLOGIST,
                                         .purpose = ACCESS_CASE_INVESTIGATION,
                                         .starts = now,
                                         .ends = now + 100 };
    assert_ok(ask(&one, 1, &glass, 0, ACCESS_CASE_INVESTIGATION, now + 99, &scope));
    assert_true(scope.break_glass);
    assert_int_equal(scope.access.num_areas, 2);
    assert_int_equal(scope.until, now + 100);
    assert_ok(ask(&one, 1, &glass, 0, ACCESS_CASE_INVESTIGATION, now + 100, &scope));
    assert_false(scope.break_glass);
    assert_int_equal(scope.access.num_areas, 1);
    assert_ok(ask(&one, 1, &glass, 0, ACCESS_CONTACT_FOLLOW_UP, now + 1, &scope)); /* another purpose: as granted */
    assert_false(scope.break_glass);
    assert_int_equal(scope.access.num_areas, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_only_role_needs_no_name),
        cmocka_unit_test(test_a_grant_holds_from_its_start_to_its_end),
        cmocka_unit_test(test_a_grant_that_names_a_purpose_allows_no_other),
        cmocka_unit_test(test_purposes_are_those_of_the_role),
        cmocka_unit_test(test_nobody_is_granted_the_program),
        cmocka_unit_test(test_a_facility_is_a_reach_of_its_own),
        cmocka_unit_test(test_break_glass_is_one_grant_more_for_its_hour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
