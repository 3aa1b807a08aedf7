/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Second factors, links, leaving, break-glass, machines, restarts; on both databases. */
#include "accounts.h"

/* ---- second factors ---- */

static void test_a_second_factor_is_taken_by_its_first_code(void **state)
{
    (void) state;
    struct account_who    who;
    struct account_offer  offer;
    struct account_signed first = set_up();
    struct account_signed made = enrol(first.secret, &offer);
    assert_true(made.factor_given);
    assert_non_null(made.codes);
    assert_int_equal(count("SELECT COUNT(*) FROM account_code"), RECOVERY_CODES);
    assert_status(who_is(first.secret, &who), ACCOUNT_ERR_ENDED); /* a new secret for the session */
    assert_ok(who_is(made.secret, &who));
    assert_int_equal(who.session.factor, test.now);
    assert_int_equal(who.session.ends, first.session.ends); /* and no longer a shift */
    struct account_signed next = sign_in("first");
    assert_true(next.has_factor);
    assert_ok(who_is(next.secret, &who));
    assert_true(who.session.factor == INSTANT_MISSING);
    struct account_call  call = call_now();
    struct account_offer other;
    assert_status(accounts_offer_factor(accounts, &call, &who, &other), ACCOUNT_ERR_SECOND_FACTOR);
}

static void test_a_code_serves_once(void **state)
{
    (void) state;
    struct account_offer  offer;
    struct account_signed made = set_up(), again;
    char                  code[FACTOR_DIGITS + 1];
    (void) enrol(made.secret, &offer);
    test.now += 60 * INSTANT_SECOND;
    made = sign_in("first");
    code_of(&offer, test.now, code);
    assert_ok(give_code(made.secret, code, &again));
    made = sign_in("first");
    assert_status(give_code(made.secret, code, &again), ACCOUNT_ERR_REFUSED);
    test.now += 30 * INSTANT_SECOND;
    assert_status(give_code(made.secret, code, &again), ACCOUNT_ERR_REFUSED);
    code_of(&offer, test.now, code);
    assert_ok(give_code(made.secret, code, &again));
}

static void test_a_recovery_code_serves_once(void **state)
{
    (void) state;
    struct account_offer  offer;
    struct account_signed made = set_up(), again;
    made = enrol(made.secret, &offer);
    char code[RECOVERY_TEXT];
    memcpy(code, made.codes[3], sizeof code);
    made = sign_in("first");
    assert_ok(give_code(made.secret, code, &again));
    made = sign_in("first");
    assert_status(give_code(made.secret, code, &again), ACCOUNT_ERR_REFUSED);
    assert_int_equal(count("SELECT COUNT(*) FROM account_code"), RECOVERY_CODES - 1);
    /* Another user's code is none. */
    (void) invited("tracer", ACCESS_TRACER, &test.areas[TEST_EAST]);
    made = sign_in("tracer");
    assert_status(give_code(made.secret, code, &again), ACCOUNT_ERR_REFUSED);
}

static void test_guesses_at_a_code_are_slowed(void **state)
{
    (void) state;
    struct account_offer  offer;
    struct account_signed made = set_up(), again;
    char                  code[FACTOR_DIGITS + 1];
    (void) enrol(made.secret, &offer);
    test.now += 60 * INSTANT_SECOND;
    made = sign_in("first");
    code_of(&offer, test.now - 600 * INSTANT_SECOND, code);
    for (int i = 0; i < 5; i++)
        assert_status(give_code(made.secret, code, &again), ACCOUNT_ERR_REFUSED);
    made = sign_in("first"); /* another session does not help */
    assert_status(give_code(made.secret, code, &again), ACCOUNT_ERR_LATER);
}

/* ---- links ---- */

static void test_a_link_serves_once_and_the_newest_alone(void **state)
{
    (void) state;
    struct account_call   call = call_now();
    struct access         who = test_program();
    struct account_link   link;
    struct account_signed made;
    char                  first[LINK_TEXT], second[LINK_TEXT], login[ACCOUNT_LOGIN_BYTES];
    struct id             user = make_user("dolma");
    assert_ok(accounts_make_link(accounts, &call, &who, ACCOUNT_LINK_INVITE, &user, first));
    assert_ok(accounts_make_link(accounts, &call, &who, ACCOUNT_LINK_INVITE, &user, second));
    assert_status(accounts_read_link(accounts, &call, first, &link, login), ACCOUNT_ERR_ENDED);
    assert_ok(accounts_read_link(accounts, &call, second, &link, login));
    assert_string_equal(login, "dolma");
    assert_status(sign_in_with("dolma", password, NULL, &made), ACCOUNT_ERR_REFUSED); /* no password yet */
    (void) use_link(second, NULL);
    assert_status(accounts_read_link(accounts, &call, second, &link, login), ACCOUNT_ERR_ENDED);
    made = sign_in("dolma");
    /* A reset ends the sessions; the second factor stays. */
    struct account_offer offer;
    made = enrol(made.secret, &offer);
    assert_ok(accounts_make_link(accounts, &call, &who, ACCOUNT_LINK_RESET, &user, first));
    struct account_who somebody;
    assert_ok(who_is(made.secret, &somebody));
    struct account_signed reset = use_link(first, NULL);
    assert_true(reset.has_factor);
    assert_status(who_is(made.secret, &somebody), ACCOUNT_ERR_ENDED);
}

/* ---- leaving ---- */

static struct id make_task(const struct id *owner, enum test_area area)
{
    struct access        who = test_program();
    struct model_task    task;
    struct store_change  change = { .verb = STORE_CREATE, .record = model_record(MODEL_TASK), .value = &task };
    struct store_request request = { .verb = "create", .set = { &change, 1 } };
    model_init(change.record, &task);
    task.head.id = node_new_id(test.now);
    task.area = test.areas[area];
    task.kind = text("investigate-case");
    task.status = text("open");
    task.owner = *owner;
    task.due = test.now + INSTANT_DAY;
    assert_ok(store_submit(test.store, &who, &request, NULL, NULL));
    return task.head.id;
}

static struct model_task read_task(const struct id *id)
{
    struct access     who = test_program();
    struct model_task task;
    struct model_set  visible;
    assert_ok(store_read(test.reader, &who, model_record(MODEL_TASK), id, STORE_NOW, &arena, &task, &visible));
    return task;
}

static void test_who_leaves_is_out_at_once_and_their_work_goes_on(void **state)
{
    (void) state;
    struct account_who    who;
    struct account_left   left;
    struct account_signed made;
    (void) set_up();
    struct id leaver = invited("leaver", ACCESS_EPIDEMIOLOGIST, &test.areas[TEST_EAST]);
    struct id head = invited("head", ACCESS_SUPERVISOR, &test.areas[TEST_COUNTY]);
    struct id in_east = make_task(&leaver, TEST_EAST_ONE), in_other = make_task(&leaver, TEST_OTHER);
    made = sign_in("leaver");
    struct account_offer offer;
    made = enrol(made.secret, &offer);
    struct access       by = { .user = admin, .role = ACCESS_ADMINISTRATOR, .everywhere = true };
    struct account_call call = call_now();
    assert_ok(accounts_leave(accounts, &call, &by, &leaver, &no_id, &left));
    assert_int_equal(left.grants, 1);
    assert_int_equal(left.tasks, 2);
    assert_status(who_is(made.secret, &who), ACCOUNT_ERR_ENDED);
    assert_status(sign_in_with("leaver", password, made.device, &made), ACCOUNT_ERR_REFUSED);
    struct model_task task = read_task(&in_east);
    assert_true(id_equal(&task.owner, &head));
    task = read_task(&in_other); /* no supervisor there: the role's, until somebody takes it */
    assert_true(id_is_missing(&task.owner));
    assert_memory_equal(task.owner_role.bytes, "supervisor", 10);
    assert_int_equal(count("SELECT COUNT(*) FROM \"grant\" WHERE ends IS NULL"), 2);
    assert_int_equal(count("SELECT COUNT(*) FROM account"), 2);
    assert_int_equal(count("SELECT COUNT(*) FROM person_key"), 0); /* of the second factor */
    assert_true(count("SELECT COUNT(*) FROM audit WHERE verb = 'leave'") == 1);
}

static void test_work_goes_to_the_one_named(void **state)
{
    (void) state;
    struct account_left left;
    (void) set_up();
    struct id           leaver = invited("leaver", ACCESS_EPIDEMIOLOGIST, &test.areas[TEST_EAST]);
    struct id           next = invited("next", ACCESS_EPIDEMIOLOGIST, &test.areas[TEST_EAST]);
    struct id           task_id = make_task(&leaver, TEST_EAST_ONE);
    struct access       by = { .user = admin, .role = ACCESS_ADMINISTRATOR, .everywhere = true };
    struct account_call call = call_now();
    assert_status(accounts_leave(accounts, &call, &by, &leaver, &leaver, &left), BASE_ERR_INPUT);
    assert_status(accounts_leave(accounts, &call, &by, &leaver, &task_id, &left), BASE_ERR_INPUT);
    assert_ok(accounts_leave(accounts, &call, &by, &leaver, &next, &left));
    struct model_task task = read_task(&task_id);
    assert_true(id_equal(&task.owner, &next));
    assert_status(accounts_leave(accounts, &call, &by, &task_id, &no_id, &left), STORE_ERR_ABSENT);
}

/* ---- break-glass ---- */

static int breaks(const char *secret, struct account_breaking breaking, struct account_glass *glass)
{
    struct account_who  who;
    struct account_call call = call_now();
    int                 ret = who_is(secret, &who);
    return ret == 0 ? accounts_break_glass(accounts, &call, &who, &breaking, glass) : ret;
}

static void test_break_glass_needs_a_reason_and_tells_the_supervisor(void **state)
{
    (void) state;
    struct account_glass    glass, glasses[4];
    struct account_who      who;
    struct account_offer    offer;
    struct account_scope    scope;
    size_t                  num;
    struct account_wish     wish = { ACCESS_EPIDEMIOLOGIST, ACCESS_CASE_INVESTIGATION };
    struct account_breaking breaking = { .role = ACCESS_EPIDEMIOLOGIST,
                                         .purpose = ACCESS_CASE_INVESTIGATION,
                                         .area = test.areas[TEST_OTHER],
                                         .reason = "patient moved here tonight" };
    (void) invited("epi", ACCESS_EPIDEMIOLOGIST, &test.areas[TEST_EAST]);
    struct id             head = invited("head", ACCESS_SUPERVISOR, &test.areas[TEST_PROVINCE]);
    struct account_signed made = sign_in("epi");
    assert_status(breaks(made.secret, breaking, &glass), ACCOUNT_ERR_SECOND_FACTOR);
    made = enrol(made.secret, &offer);
    struct account_breaking wrong = breaking;
    wrong.reason = "too short";
    assert_status(breaks(made.secret, wrong, &glass), BASE_ERR_INPUT);
    wrong = breaking;
    wrong.role = ACCESS_DATA_MANAGER; /* not a role of theirs */
    assert_status(breaks(made.secret, wrong, &glass), BASE_ERR_INPUT);
    wrong = breaking;
    wrong.purpose = ACCESS_CARE; /* never of this role */
    assert_status(breaks(made.secret, wrong, &glass), BASE_ERR_INPUT);
    wrong = breaking;
    wrong.area = (struct id){ { 77 } }; /* no such area */
    assert_true(breaks(made.secret, wrong, &glass) != 0);
    assert_int_equal(count("SELECT COUNT(*) FROM break_glass"), 0);
    assert_ok(breaks(made.secret, breaking, &glass));
    assert_ok(who_is(made.secret, &who));
    assert_true(who.has_glass);
    assert_ok(
        account_scope(&who.session.user, who.grants, who.num_grants, &who.glass, &wish, test.now, &arena, &scope));
    assert_true(scope.break_glass);
    assert_int_equal(scope.access.num_areas, 2);
    /* The supervisor has a task and a notice, and reads why; another area's supervisor does not. */
    assert_int_equal(count("SELECT COUNT(*) FROM task WHERE kind = 'review-break-glass' AND owner IS NOT NULL"), 1);
    assert_int_equal(count("SELECT COUNT(*) FROM notice WHERE template = 'break-glass'"), 1);
    struct access above = {
        .user = head, .role = ACCESS_SUPERVISOR, .areas = &test.areas[TEST_PROVINCE], .num_areas = 1
    };
    struct access beside = {
        .user = head, .role = ACCESS_SUPERVISOR, .areas = &test.areas[TEST_COUNTY], .num_areas = 1
    };
    assert_ok(account_glasses(test.reader, &above, &arena, glasses, 4, &num));
    assert_int_equal(num, 1);
    assert_string_equal(glasses[0].reason, breaking.reason);
    assert_ok(account_glasses(test.reader, &beside, &arena, glasses, 4, &num));
    assert_int_equal(num, 0);
    /* An hour, not a moment more; each break is a new one. */
    test.now += BREAK_GLASS_TIME - 1;
    assert_ok(who_is(made.secret, &who));
    assert_true(who.has_glass);
    test.now += 2;
    if (who_is(made.secret, &who) == 0)
        assert_ok(account_scope(&who.session.user, who.grants, who.num_grants, who.has_glass ? &who.glass : NULL, &wish,
                                test.now, &arena, &scope));
    assert_false(scope.break_glass);
}

static void test_who_looked_shows_the_broken_glass(void **state)
{
    (void) state;
    struct people_sample   sample;
    struct account_offer   offer;
    struct account_glass   glass;
    struct account_reading readings[8];
    struct account_who     who;
    struct account_scope   scope;
    size_t                 num;
    int64_t                next;
    assert_ok(test_person_create(&test, &sample));
    struct id             user = invited("epi", ACCESS_EPIDEMIOLOGIST, &test.areas[TEST_OTHER]);
    struct account_signed made = sign_in("epi");
    made = enrol(made.secret, &offer);
    struct account_breaking breaking = { .role = ACCESS_EPIDEMIOLOGIST,
                                         .purpose = ACCESS_CASE_INVESTIGATION,
                                         .area = test.areas[TEST_COUNTY],
                                         .reason = "patient moved here tonight" };
    struct account_wish     wish = { breaking.role, breaking.purpose };
    struct model_identity   identity;
    struct model_set        visible;
    assert_ok(who_is(made.secret, &who));
    assert_ok(account_scope(&user, who.grants, who.num_grants, NULL, &wish, test.now, &arena, &scope));
    assert_status(store_read(test.reader, &scope.access, model_record(MODEL_IDENTITY), &sample.identity.head.id,
                             STORE_NOW, &arena, &identity, &visible),
                  STORE_ERR_ABSENT);
    assert_ok(breaks(made.secret, breaking, &glass));
    assert_ok(who_is(made.secret, &who));
    assert_ok(account_scope(&user, who.grants, who.num_grants, &who.glass, &wish, test.now, &arena, &scope));
    assert_ok(store_read(test.reader, &scope.access, model_record(MODEL_IDENTITY), &sample.identity.head.id, STORE_NOW,
                         &arena, &identity, &visible));
    assert_ok(account_readings(test.reader, &sample.person.head.id, INT64_MAX, readings, 8, &num, &next));
    assert_int_equal(num, 1);
    assert_true(readings[0].break_glass);
    assert_string_equal(readings[0].role, "epidemiologist");
    assert_string_equal(readings[0].purpose, "case-investigation");
    assert_true(id_equal(&readings[0].actor, &user));
    assert_int_equal(next, 0);
}

/* ---- machines ---- */

static struct id make_facility(const char *code)
{
    struct access         who = test_program();
    struct model_facility facility;
    struct store_change   change = { .verb = STORE_CREATE, .record = model_record(MODEL_FACILITY), .value = &facility };
    struct store_request  request = { .verb = "create", .set = { &change, 1 } };
    model_init(change.record, &facility);
    facility.head.id = node_new_id(test.now);
    facility.code = text(code);
    facility.kind = text("hospital");
    facility.area = test.areas[TEST_EAST];
    assert_ok(store_submit(test.store, &who, &request, NULL, NULL));
    return facility.head.id;
}

static void test_tokens_of_a_family_overlap(void **state)
{
    (void) state;
    struct account_call       call = call_now();
    struct access             by = { .role = ACCESS_ADMINISTRATOR };
    struct account_token      token, next;
    struct account_who        who;
    char                      secret[SESSION_TEXT], newer[SESSION_TEXT];
    struct id                 facility = make_facility("H1"), other = make_facility("H2");
    struct account_token_wish wish = { .facility = facility, .name = "laboratory system", .days = 0 };
    assert_status(accounts_give_token(accounts, &call, &by, &wish, secret, &token), BASE_ERR_INPUT);
    wish.days = TOKEN_MOST_DAYS + 1;
    assert_status(accounts_give_token(accounts, &call, &by, &wish, secret, &token), BASE_ERR_INPUT);
    wish.days = TOKEN_MOST_DAYS;
    wish.unit = other; /* not a reporting unit of it */
    assert_status(accounts_give_token(accounts, &call, &by, &wish, secret, &token), BASE_ERR_INPUT);
    wish.unit = no_id;
    assert_ok(accounts_give_token(accounts, &call, &by, &wish, secret, &token));
    assert_ok(accounts_who(accounts, &call, secret, true, &who));
    assert_true(who.machine);
    assert_true(id_equal(&who.token.facility, &facility));
    assert_status(accounts_who(accounts, &call, secret, false, &who), ACCOUNT_ERR_ENDED); /* never in a cookie */
    wish.replaces = token.id;
    wish.facility = other;
    assert_status(accounts_give_token(accounts, &call, &by, &wish, newer, &next), BASE_ERR_INPUT);
    wish.facility = facility;
    assert_ok(accounts_give_token(accounts, &call, &by, &wish, newer, &next));
    test.now += TOKEN_OVERLAP - 1;
    call = call_now();
    assert_ok(accounts_who(accounts, &call, secret, true, &who));
    assert_ok(accounts_who(accounts, &call, newer, true, &who));
    test.now += 1;
    call = call_now();
    assert_status(accounts_who(accounts, &call, secret, true, &who), ACCOUNT_ERR_ENDED);
    assert_ok(accounts_who(accounts, &call, newer, true, &who));
    assert_ok(account_end_token(test.store, &by, &next.id, test.now));
    assert_status(accounts_who(accounts, &call, newer, true, &who), ACCOUNT_ERR_ENDED);
}

/* ---- restarts and keys ---- */

static void test_sessions_outlive_a_restart_but_not_a_restore(void **state)
{
    (void) state;
    struct account_who    who;
    struct account_offer  offer;
    struct account_signed made = set_up();
    made = enrol(made.secret, &offer);
    accounts_free(accounts);
    test_store_reopen(&test);
    open_accounts();
    assert_ok(who_is(made.secret, &who));
    struct access by = { .role = ACCESS_PROGRAM };
    assert_ok(account_end_all(test.store, &by));
    assert_status(who_is(made.secret, &who), ACCOUNT_ERR_ENDED);
    made = sign_in("first"); /* password and second factor are as they were */
    assert_true(made.has_factor);
}

static void test_second_factors_outlive_new_node_keys(void **state)
{
    (void) state;
    struct account_offer  offer;
    struct account_signed made = set_up(), again;
    int64_t               done, failed;
    uint32_t              generation;
    char                  code[FACTOR_DIGITS + 1];
    (void) enrol(made.secret, &offer);
    assert_ok(keeper_new_generation(test.keeper, KEEPER_WRAP, test.now, &generation, NULL));
    assert_ok(store_rewrap(test.store, NULL, NULL, &done, &failed));
    assert_int_equal(failed, 0);
    assert_ok(keeper_destroy(test.keeper, KEEPER_WRAP, 1, test.now, true, NULL));
    test.now += 60 * INSTANT_SECOND;
    made = sign_in("first");
    code_of(&offer, test.now, code);
    assert_ok(give_code(made.secret, code, &again));
}

#define PROMISES(X)                                                                                                    \
    X(a_second_factor_is_taken_by_its_first_code)                                                                      \
    X(a_code_serves_once)                                                                                              \
    X(a_recovery_code_serves_once)                                                                                     \
    X(guesses_at_a_code_are_slowed)                                                                                    \
    X(a_link_serves_once_and_the_newest_alone)                                                                         \
    X(who_leaves_is_out_at_once_and_their_work_goes_on)                                                                \
    X(work_goes_to_the_one_named)                                                                                      \
    X(break_glass_needs_a_reason_and_tells_the_supervisor)                                                             \
    X(who_looked_shows_the_broken_glass)                                                                               \
    X(tokens_of_a_family_overlap)                                                                                      \
    X(sessions_outlive_a_restart_but_not_a_restore)                                                                    \
    X(second_factors_outlive_new_node_keys)
#define ON_SQLITE(name) { "sqlite: " #name, test_##name, on_sqlite, end, NULL },
#define ON_POSTGRESQL(name) { "postgresql: " #name, test_##name, on_postgresql, end, NULL },

int main(void)
{
    const struct CMUnitTest both[] = { PROMISES(ON_SQLITE) PROMISES(ON_POSTGRESQL) };
    size_t                  num = sizeof both / sizeof *both;
    return _cmocka_run_group_tests("account_verbs", both, test_postgresql_installed() ? num : num / 2, NULL, NULL);
}
