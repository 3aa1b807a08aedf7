/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Set-up, signing in, sessions, passwords; on both databases. */
#include "accounts.h"

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
    X(a_new_password_ends_the_other_sessions)
#define ON_SQLITE(name) { "sqlite: " #name, test_##name, on_sqlite, end, NULL },
#define ON_POSTGRESQL(name) { "postgresql: " #name, test_##name, on_postgresql, end, NULL },

int main(void)
{
    const struct CMUnitTest both[] = { PROMISES(ON_SQLITE) PROMISES(ON_POSTGRESQL) };
    size_t                  num = sizeof both / sizeof *both;
    return _cmocka_run_group_tests("account", both, test_postgresql_installed() ? num : num / 2, NULL, NULL);
}
