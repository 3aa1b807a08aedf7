/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signing in and what goes with it, on both databases. Passwords are hashed as cheaply as libsodium allows. */
#include "response/account.h"

#include <stdio.h>
#include <stdlib.h>

#include "../store/driver_fault.h"
#include "store/area_tree.h"
#include "store/node.h"
#include "support/store.h"
#include "support/test.h"

static struct test_store   test;
static struct accounts    *accounts;
static struct arena        arena;
static struct fault_list   faults;
static struct driver_fault counting;
static struct id           admin;

static const char      password[] = "the kettle sings at dawn", another[] = "wool for forty winters";
static const struct id no_id = { { 0 } };

static void open_accounts(void)
{
    const struct accounts_options options = { .store = test.store, .password_steps = 1, .password_bytes = 8192 };
    assert_ok(accounts_new(&options, &accounts));
}

static int begin(bool postgresql)
{
    counting = (struct driver_fault){ .calls_counted = DRIVER_STATEMENT };
    test_store_open(&test, postgresql);
    open_accounts();
    return 0;
}

static int on_sqlite(void **state)
{
    (void) state;
    return begin(false);
}

static int on_postgresql(void **state)
{
    (void) state;
    return begin(true);
}

static int end(void **state)
{
    (void) state;
    accounts_free(accounts);
    arena_wipe(&arena);
    fault_list_free(&faults);
    test_store_close(&test);
    return 0;
}

static struct account_call call_now(void)
{
    return (struct account_call){
        .reader = test.reader, .now = test.now, .peer = "192.0.2.1", .arena = &arena, .faults = &faults
    };
}

static struct model_text text(const char *bytes)
{
    return (struct model_text){ bytes, strlen(bytes) };
}

/* ---- shortcuts ---- */

static struct id make_user(const char *login)
{
    struct access        who = test_program();
    struct model_user    user;
    struct store_change  change = { .verb = STORE_CREATE, .record = model_record(MODEL_USER), .value = &user };
    struct store_request request = { .verb = "create", .set = { &change, 1 } };
    model_init(change.record, &user);
    user.head.id = node_new_id(test.now);
    user.login = text(login);
    assert_ok(store_submit(test.store, &who, &request, NULL, NULL));
    return user.head.id;
}

static struct id make_grant(const struct id *user, enum access_role role, const struct id *area)
{
    struct access        who = test_program();
    struct model_grant   grant;
    struct store_change  change = { .verb = STORE_CREATE, .record = model_record(MODEL_GRANT), .value = &grant };
    struct store_request request = { .verb = "create", .set = { &change, 1 } };
    model_init(change.record, &grant);
    grant.head.id = node_new_id(test.now);
    grant.user = *user;
    grant.role = text(access_role_word(role));
    grant.starts = test.now;
    if (area != NULL)
        grant.area = *area;
    else
        grant.everywhere = 1;
    assert_ok(store_submit(test.store, &who, &request, NULL, NULL));
    return grant.head.id;
}

static struct account_signed use_link(const char *link, const char *login)
{
    struct account_call   call = call_now();
    struct account_signed made;
    struct account_use    use = { .link = link, .login = login, .name = "Dolma", .password = password };
    assert_ok(accounts_use_link(accounts, &call, &use, &made));
    return made;
}

static struct account_signed set_up(void)
{
    struct account_call call = call_now();
    struct access       who = { .user = no_id };
    char                link[LINK_TEXT];
    assert_ok(accounts_make_link(accounts, &call, &who, ACCOUNT_LINK_SET_UP, &no_id, link));
    struct account_signed made = use_link(link, "first");
    admin = made.session.user;
    return made;
}

/* A user with a password, by an invitation. */
static struct id invited(const char *login, enum access_role role, const struct id *area)
{
    struct account_call call = call_now();
    struct access       who = test_program();
    struct id           user = make_user(login);
    char                link[LINK_TEXT];
    make_grant(&user, role, area);
    assert_ok(accounts_make_link(accounts, &call, &who, ACCOUNT_LINK_INVITE, &user, link));
    (void) use_link(link, NULL);
    return user;
}

static int sign_in_with(const char *login, const char *word, const char *device, struct account_signed *made)
{
    struct account_call          call = call_now();
    const struct account_sign_in sign_in = { .login = login, .password = word, .device = device, .client = "a test" };
    return accounts_sign_in(accounts, &call, &sign_in, made);
}

static struct account_signed sign_in(const char *login)
{
    struct account_signed made;
    assert_ok(sign_in_with(login, password, NULL, &made));
    return made;
}

static int who_is(const char *secret, struct account_who *who)
{
    struct account_call call = call_now();
    return accounts_who(accounts, &call, secret, false, who);
}

/* The bytes behind a secret as people type it. */
static void read_base32(const char *secret, uint8_t bytes[FACTOR_BYTES])
{
    for (size_t half = 0; half < 2; half++)
        assert_ok(recovery_read(secret + 16 * half, 16, bytes + RECOVERY_BYTES * half));
}

static void code_of(const struct account_offer *offer, int64_t now, char code[FACTOR_DIGITS + 1])
{
    uint8_t bytes[FACTOR_BYTES];
    read_base32(offer->secret, bytes);
    assert_ok(factor_code(bytes, factor_step(now), code));
}

static int give_code(const char *secret, const char *code, struct account_signed *made)
{
    struct account_call call = call_now();
    struct account_who  who;
    int                 ret = who_is(secret, &who);
    return ret == 0 ? accounts_give_factor(accounts, &call, &who, code, NULL, made) : ret;
}

/* A session with a second factor that was enrolled in it. */
static struct account_signed enrol(const char *secret, struct account_offer *offer)
{
    struct account_call   call = call_now();
    struct account_who    who;
    struct account_signed made;
    char                  code[FACTOR_DIGITS + 1];
    assert_ok(who_is(secret, &who));
    assert_ok(accounts_offer_factor(accounts, &call, &who, offer));
    code_of(offer, test.now, code);
    assert_ok(give_code(secret, code, &made));
    return made;
}

static int64_t count(const char *sql)
{
    return test_store_number(&test, sql);
}

/* ---- set-up ---- */

static void test_set_up_is_once_and_for_fifteen_minutes(void **state)
{
    (void) state;
    struct account_call   call = call_now();
    struct access         who = { .user = no_id };
    struct account_signed made;
    char                  link[LINK_TEXT], late[LINK_TEXT];
    assert_true(accounts_set_up_due(accounts));
    assert_ok(accounts_make_link(accounts, &call, &who, ACCOUNT_LINK_SET_UP, &no_id, late));
    struct account_use use = { .link = late, .login = "first", .password = password };
    test.now += SET_UP_LINK;
    call = call_now();
    assert_status(accounts_use_link(accounts, &call, &use, &made), ACCOUNT_ERR_ENDED); /* one past its end */
    test.now -= 1;
    call = call_now();
    use.password = "short";
    assert_status(accounts_use_link(accounts, &call, &use, &made), BASE_ERR_INPUT); /* and the link is not used up */
    use.password = password;
    assert_ok(accounts_use_link(accounts, &call, &use, &made));
    assert_false(accounts_set_up_due(accounts));
    assert_status(accounts_use_link(accounts, &call, &use, &made), ACCOUNT_ERR_ENDED);
    /* A second set-up link, made by whoever can, makes no second first administrator. */
    assert_ok(accounts_make_link(accounts, &call, &who, ACCOUNT_LINK_SET_UP, &no_id, link));
    use.link = link;
    use.login = "second";
    assert_status(accounts_use_link(accounts, &call, &use, &made), ACCOUNT_ERR_ENDED);
    assert_int_equal(count("SELECT COUNT(*) FROM \"user\""), 1);
    assert_int_equal(count("SELECT COUNT(*) FROM \"grant\" WHERE role = 'administrator' AND everywhere = 1"), 1);
    accounts_free(accounts);
    open_accounts();
    assert_false(accounts_set_up_due(accounts));
}

static void test_a_login_at_its_limits(void **state)
{
    (void) state;
    struct account_call   call = call_now();
    struct access         who = { .user = no_id };
    struct account_signed made;
    char                  link[LINK_TEXT], login[70];
    memset(login, 'x', sizeof login);
    assert_ok(accounts_make_link(accounts, &call, &who, ACCOUNT_LINK_SET_UP, &no_id, link));
    struct account_use use = { .link = link, .login = login, .password = password };
    const size_t       wrong[] = { 0, 2, 61 };
    for (size_t i = 0; i < 3; i++) {
        login[wrong[i]] = '\0';
        assert_status(accounts_use_link(accounts, &call, &use, &made), BASE_ERR_INPUT);
        login[wrong[i]] = 'x';
    }
    use.login = "two words";
    assert_status(accounts_use_link(accounts, &call, &use, &made), BASE_ERR_INPUT);
    login[60] = '\0';
    use.login = login;
    assert_ok(accounts_use_link(accounts, &call, &use, &made));
}

/* ---- signing in ---- */

static void test_who_signs_in_is_known_by_the_secret(void **state)
{
    (void) state;
    struct account_who who;
    (void) set_up();
    struct account_signed made = sign_in("first");
    assert_ok(who_is(made.secret, &who));
    assert_true(id_equal(&who.session.user, &admin));
    assert_int_equal(who.num_grants, 1);
    assert_int_equal(who.grants[0].role, ACCESS_ADMINISTRATOR);
    assert_string_equal(who.session.client, "a test");
    char other[SESSION_TEXT];
    memcpy(other, made.secret, sizeof other);
    other[5] = other[5] == 'A' ? 'B' : 'A';
    assert_status(who_is(other, &who), ACCOUNT_ERR_ENDED);
    assert_status(who_is("", &who), ACCOUNT_ERR_ENDED);
    struct account_call call = call_now();
    assert_status(accounts_who(accounts, &call, made.secret, true, &who), ACCOUNT_ERR_ENDED); /* a cookie is no token */
    /* What the database has opens nothing. */
    assert_int_equal(count("SELECT COUNT(*) FROM session WHERE client = 'a test'"), 1);
}

static void test_no_secret_stands_in_the_database(void **state)
{
    (void) state;
    struct account_offer   offer;
    uint8_t                bytes[FACTOR_BYTES];
    struct account_hash    hash;
    struct db             *db;
    struct db_error        error = { 0 };
    struct db_statement   *statement;
    const struct db_value *row;
    size_t                 num_columns;
    struct account_signed  made = set_up();
    made = enrol(made.secret, &offer);
    read_base32(offer.secret, bytes);
    hash = account_hash("session", made.secret, strlen(made.secret));
    assert_ok(db_open(test.url, &(struct db_options){ .read_only = true }, &db, &error));
    assert_ok(db_prepare(db,
                         "SELECT s.hash, a.factor_sealed, a.password FROM session s JOIN account a ON a.\"user\" = "
                         "s.\"user\" WHERE s.factor IS NOT NULL",
                         &statement, &error));
    assert_ok(db_run(statement, NULL, 0, &error));
    assert_int_equal(db_step(statement, &row, &num_columns, &error), 1);
    assert_memory_equal(row[0].bytes, hash.bytes, ACCOUNT_HASH_BYTES);
    assert_null(memmem(row[1].bytes, row[1].size, bytes, FACTOR_BYTES));
    assert_memory_equal(row[2].bytes, "$argon2id$", 10);
    db_close(db);
}

static void test_an_unknown_login_costs_and_says_the_same(void **state)
{
    (void) state;
    (void) set_up();
    struct store_options options = test.options;
    store_reader_close(test.reader);
    test.reader = NULL;
    options.db.wrap = driver_fault_wrap;
    options.db.wrap_context = &counting;
    /* A reader of its own store whose driver counts what is asked. */
    struct store   *store;
    struct db_error error = { 0 };
    options.write = false;
    assert_ok(store_open(&options, &store, &error));
    assert_ok(store_reader_open(store, &test.reader, &error));
    static const char *const logins[] = { "first", "nobody-at-all" };
    uint64_t                 hashes[2], statements[2];
    struct account_signed    made;
    for (int warm = 0; warm < 2; warm++)
        for (size_t i = 0; i < 2; i++) {
            uint64_t hashed = accounts_hashes(accounts), asked = counting.calls;
            assert_status(sign_in_with(logins[i], "not the password", NULL, &made), ACCOUNT_ERR_REFUSED);
            hashes[i] = accounts_hashes(accounts) - hashed;
            statements[i] = counting.calls - asked;
        }
    assert_int_equal(hashes[0], 1);
    assert_int_equal(hashes[1], 1);
    assert_true(statements[0] > 0);
    /* A row more that is there is a step more: two questions, each answered by one row. */
    assert_true(statements[0] - statements[1] <= 2);
    store_reader_close(test.reader);
    store_close(store);
    assert_ok(store_reader_open(test.store, &test.reader, &error));
}

static void test_guesses_are_slowed_and_nobody_is_locked_out(void **state)
{
    (void) state;
    struct account_signed made, guessed;
    (void) set_up();
    made = sign_in("first");
    assert_true(made.device[0] != '\0');
    for (int i = 0; i < 5; i++)
        assert_status(sign_in_with("first", "a wrong password", NULL, &guessed), ACCOUNT_ERR_REFUSED);
    uint64_t            hashes = accounts_hashes(accounts);
    struct account_call call = call_now();
    assert_status(accounts_sign_in(accounts, &call, &(struct account_sign_in){ .login = "first", .password = password },
                                   &guessed),
                  ACCOUNT_ERR_LATER);
    assert_int_equal(call.wait, INSTANT_SECOND);
    assert_int_equal(accounts_hashes(accounts), hashes);               /* and costs nothing */
    assert_ok(sign_in_with("first", password, made.device, &guessed)); /* the known device goes on */
    assert_string_equal(guessed.device, "");
    test.now += INSTANT_SECOND;
    assert_status(sign_in_with("other", password, made.device, &guessed),
                  ACCOUNT_ERR_REFUSED); /* a device is of its user */
    assert_ok(sign_in_with("first", password, NULL, &guessed));
}

static void test_a_session_ends_when_idle_and_after_its_shift(void **state)
{
    (void) state;
    struct account_who who;
    (void) set_up();
    struct account_signed made = sign_in("first"), idle = sign_in("first");
    int64_t               began = test.now;
    while (test.now + SESSION_IDLE < began + SESSION_LONGEST) {
        test.now += SESSION_IDLE; /* just not too long */
        assert_ok(who_is(made.secret, &who));
    }
    assert_status(who_is(idle.secret, &who), ACCOUNT_ERR_ENDED);
    test.now = began + SESSION_LONGEST - 1;
    assert_ok(who_is(made.secret, &who));
    test.now++;
    assert_status(who_is(made.secret, &who), ACCOUNT_ERR_ENDED);
    struct account_signed next = sign_in("first");
    assert_ok(who_is(next.secret, &who));
    test.now += SESSION_IDLE + 1;
    assert_status(who_is(next.secret, &who), ACCOUNT_ERR_ENDED);
    assert_ok(account_tidy(test.store, test.now + 2 * INSTANT_DAY));
    assert_int_equal(count("SELECT COUNT(*) FROM session"), 0);
}

static void test_the_last_use_is_written_every_few_minutes(void **state)
{
    (void) state;
    struct account_who who;
    (void) set_up();
    struct account_signed made = sign_in("first");
    int64_t               began = test.now;
    test.now += SESSION_TOUCH - 1;
    assert_ok(who_is(made.secret, &who));
    assert_ok(account_tidy(test.store, test.now)); /* the writer has done what came before */
    assert_int_equal(count("SELECT MAX(used) FROM session"), began);
    test.now += 1;
    assert_ok(who_is(made.secret, &who));
    assert_ok(account_tidy(test.store, test.now));
    assert_int_equal(count("SELECT MAX(used) FROM session"), began + SESSION_TOUCH);
}

static void test_a_session_ends_when_it_is_ended(void **state)
{
    (void) state;
    struct account_who     who, other;
    struct account_session sessions[ACCOUNT_MOST_SESSIONS];
    size_t                 num;
    (void) set_up();
    struct account_signed made = sign_in("first"), elsewhere = sign_in("first");
    struct access         self = { .user = admin };
    assert_ok(who_is(made.secret, &who));
    assert_ok(who_is(elsewhere.secret, &other));
    assert_ok(account_sessions(test.reader, &admin, sessions, ACCOUNT_MOST_SESSIONS, &num));
    assert_int_equal(num, 3);
    assert_ok(account_end_session(test.store, &self, &admin, &other.session.id));
    assert_status(who_is(elsewhere.secret, &other), ACCOUNT_ERR_ENDED); /* at once, not in a second */
    struct id stranger = make_user("stranger");
    assert_status(account_end_session(test.store, &self, &stranger, &who.session.id), STORE_ERR_ABSENT);
    assert_ok(accounts_sign_out(accounts, &who));
    assert_status(who_is(made.secret, &who), ACCOUNT_ERR_ENDED);
    for (int i = 0; i < ACCOUNT_MOST_SESSIONS + 1; i++) {
        test.now++;
        made = sign_in("first");
        if (i == 0)
            elsewhere = made;
    }
    assert_int_equal(count("SELECT COUNT(*) FROM session"), ACCOUNT_MOST_SESSIONS);
    assert_status(who_is(elsewhere.secret, &who), ACCOUNT_ERR_ENDED); /* the oldest */
}

static void test_a_changed_grant_counts_at_once(void **state)
{
    (void) state;
    struct account_who    who;
    struct id             user = invited("tracer", ACCESS_TRACER, &test.areas[TEST_EAST]);
    struct account_signed made = sign_in("tracer");
    assert_ok(who_is(made.secret, &who));
    uint64_t stamp = who.stamp;
    assert_ok(who_is(made.secret, &who));
    assert_int_equal(who.stamp, stamp);
    make_grant(&user, ACCESS_ANALYST, NULL);
    assert_ok(who_is(made.secret, &who));
    assert_int_equal(who.num_grants, 2);
    assert_true(who.stamp != stamp);
}

static void test_a_new_password_ends_the_other_sessions(void **state)
{
    (void) state;
    struct account_who    who, other;
    struct account_call   call = call_now();
    struct account_signed made;
    (void) set_up();
    struct account_signed here = sign_in("first"), there = sign_in("first");
    assert_ok(who_is(here.secret, &who));
    assert_status(accounts_change_password(accounts, &call, &who, "not the old one", another), ACCOUNT_ERR_REFUSED);
    assert_status(accounts_change_password(accounts, &call, &who, password, "password1234"), BASE_ERR_INPUT);
    assert_ok(accounts_change_password(accounts, &call, &who, password, another));
    assert_ok(who_is(here.secret, &who));
    assert_status(who_is(there.secret, &other), ACCOUNT_ERR_ENDED);
    assert_status(sign_in_with("first", password, here.device, &made), ACCOUNT_ERR_REFUSED);
    assert_ok(sign_in_with("first", another, here.device, &made));
}

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
    X(set_up_is_once_and_for_fifteen_minutes)                                                                          \
    X(a_login_at_its_limits)                                                                                           \
    X(who_signs_in_is_known_by_the_secret)                                                                             \
    X(no_secret_stands_in_the_database)                                                                                \
    X(an_unknown_login_costs_and_says_the_same)                                                                        \
    X(guesses_are_slowed_and_nobody_is_locked_out)                                                                     \
    X(a_session_ends_when_idle_and_after_its_shift)                                                                    \
    X(the_last_use_is_written_every_few_minutes)                                                                       \
    X(a_session_ends_when_it_is_ended)                                                                                 \
    X(a_changed_grant_counts_at_once)                                                                                  \
    X(a_new_password_ends_the_other_sessions)                                                                          \
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
    return _cmocka_run_group_tests("account", both, test_postgresql_installed() ? num : num / 2, NULL, NULL);
}
