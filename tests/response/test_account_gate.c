/* SPDX-License-Identifier: GPL-3.0-or-later */
/* However many sign in at the same moment, two passwords are hashed at a time, a few wait, the others are told to come
 * again. The hashing itself stands here in place of libsodium's, so that it can be held up and counted. */
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <time.h>

#include "response/account.h"
#include "response/account_internal.h"
#include "support/store.h"
#include "support/test.h"

enum { CALLERS = 40, LET_IN = PASSWORDS_AT_ONCE + PASSWORDS_WAITING, MOST_WAITS = 1000 };

static atomic_int running, most_running, done, refused;

static void one_more(void)
{
    int now = ++running, most = most_running;
    while (now > most && !atomic_compare_exchange_weak(&most_running, &most, now))
        ;
}

/* Takes until everybody who is refused knows it: nobody comes in because somebody else was quick. */
int crypto_pwhash_str_verify(const char text[crypto_pwhash_STRBYTES], const char *const password,
                             unsigned long long size)
{
    (void) text;
    (void) password;
    (void) size;
    one_more();
    for (int i = 0; i < MOST_WAITS && refused < CALLERS - LET_IN; i++)
        nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
    running--;
    return 0;
}

static void *sign_in(void *accounts)
{
    int ret = accounts_check_password(accounts, "$argon2id$", "the kettle sings at dawn");
    if (ret == ACCOUNT_ERR_BUSY)
        refused++;
    else if (ret == 0)
        done++;
    return NULL;
}

static void test_two_at_a_time_and_a_short_queue(void **state)
{
    (void) state;
    struct test_store test;
    struct accounts  *accounts;
    pthread_t         callers[CALLERS];
    test_store_open(&test, false);
    assert_ok(accounts_new(&(struct accounts_options){ .store = test.store }, &accounts));
    for (size_t i = 0; i < CALLERS; i++)
        assert_ok(pthread_create(&callers[i], NULL, sign_in, accounts));
    for (size_t i = 0; i < CALLERS; i++)
        assert_ok(pthread_join(callers[i], NULL));
    assert_int_equal(done, LET_IN);
    assert_int_equal(refused, CALLERS - LET_IN);
    assert_int_equal(most_running, PASSWORDS_AT_ONCE);
    assert_int_equal(accounts_hashes(accounts), LET_IN);
    accounts_free(accounts);
    test_store_close(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_two_at_a_time_and_a_short_queue) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
