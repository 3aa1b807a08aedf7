/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tests/response/accounts.h: what the tests of accounts share: a store on either database, somebody who signs in, gives
 * codes, uses links. Passwords are hashed as cheaply as libsodium allows. Each program has its own. */
#ifndef TESTS_RESPONSE_ACCOUNTS_H
#define TESTS_RESPONSE_ACCOUNTS_H

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

static inline void open_accounts(void)
{
    const struct accounts_options options = { .store = test.store, .password_steps = 1, .password_bytes = 8192 };
    assert_ok(accounts_new(&options, &accounts));
}

static inline int begin(bool postgresql)
{
    counting = (struct driver_fault){ .calls_counted = DRIVER_STATEMENT };
    test_store_open(&test, postgresql);
    open_accounts();
    return 0;
}

static inline int on_sqlite(void **state)
{
    (void) state;
    return begin(false);
}

static inline int on_postgresql(void **state)
{
    (void) state;
    return begin(true);
}

static inline int end(void **state)
{
    (void) state;
    accounts_free(accounts);
    arena_wipe(&arena);
    fault_list_free(&faults);
    test_store_close(&test);
    return 0;
}

static inline struct account_call call_now(void)
{
    return (struct account_call){
        .reader = test.reader, .now = test.now, .peer = "192.0.2.1", .arena = &arena, .faults = &faults
    };
}

static inline struct model_text text(const char *bytes)
{
    return (struct model_text){ bytes, strlen(bytes) };
}

/* ---- shortcuts ---- */

static inline struct id make_user(const char *login)
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

static inline struct id make_grant(const struct id *user, enum access_role role, const struct id *area)
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

static inline struct account_signed use_link(const char *link, const char *login)
{
    struct account_call   call = call_now();
    struct account_signed made;
    struct account_use    use = { .link = link, .login = login, .name = "Dolma", .password = password };
    assert_ok(accounts_use_link(accounts, &call, &use, &made));
    return made;
}

static inline struct account_signed set_up(void)
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
static inline struct id invited(const char *login, enum access_role role, const struct id *area)
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

static inline int sign_in_with(const char *login, const char *word, const char *device, struct account_signed *made)
{
    struct account_call          call = call_now();
    const struct account_sign_in sign_in = { .login = login, .password = word, .device = device, .client = "a test" };
    return accounts_sign_in(accounts, &call, &sign_in, made);
}

static inline struct account_signed sign_in(const char *login)
{
    struct account_signed made;
    assert_ok(sign_in_with(login, password, NULL, &made));
    return made;
}

static inline int who_is(const char *secret, struct account_who *who)
{
    struct account_call call = call_now();
    return accounts_who(accounts, &call, secret, false, who);
}

/* The bytes behind a secret as people type it. */
static inline void read_base32(const char *secret, uint8_t bytes[FACTOR_BYTES])
{
    for (size_t half = 0; half < 2; half++)
        assert_ok(recovery_read(secret + 16 * half, 16, bytes + RECOVERY_BYTES * half));
}

static inline void code_of(const struct account_offer *offer, int64_t now, char code[FACTOR_DIGITS + 1])
{
    uint8_t bytes[FACTOR_BYTES];
    read_base32(offer->secret, bytes);
    assert_ok(factor_code(bytes, factor_step(now), code));
}

static inline int give_code(const char *secret, const char *code, struct account_signed *made)
{
    struct account_call call = call_now();
    struct account_who  who;
    int                 ret = who_is(secret, &who);
    return ret == 0 ? accounts_give_factor(accounts, &call, &who, code, NULL, made) : ret;
}

/* A session with a second factor that was enrolled in it. */
static inline struct account_signed enrol(const char *secret, struct account_offer *offer)
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

static inline int64_t count(const char *sql)
{
    return test_store_number(&test, sql);
}

#endif
