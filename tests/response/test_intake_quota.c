/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What one sender may send: the limit and one past it, each sender by itself, and when again to the second. */
#include "base/instant.h"
#include "base/time_zone.h"
#include "response/intake_door.h"
#include "support/test.h"

static const struct id one = { { 1 } }, two = { { 2 } }, three = { { 3 } };

struct asked {
    int64_t seconds;
    char    limit[INTAKE_QUOTA_BYTES];
};

static void begin(struct intake_quotas *quotas, struct intake_limits limits)
{
    *quotas = (struct intake_quotas){ .limits = limits };
    pthread_mutex_init(&quotas->lock, NULL);
}

static void end(struct intake_quotas *quotas)
{
    intake_quotas_free(quotas);
    pthread_mutex_destroy(&quotas->lock);
}

static int64_t noon(void)
{
    return time_zone_start(20000) + 12 * 3600 * INSTANT_SECOND;
}

static void assert_taken(struct intake_quotas *quotas, const struct id *who, size_t bytes, int64_t now)
{
    struct asked asked;
    assert_ok(intake_quota_take(quotas, who, bytes, now, &asked.seconds, asked.limit));
}

static void assert_refused(struct intake_quotas *quotas, const struct id *who, size_t bytes, int64_t now,
                           int64_t seconds, const char *limit)
{
    struct asked asked;
    assert_status(intake_quota_take(quotas, who, bytes, now, &asked.seconds, asked.limit), INTAKE_ERR_LIMIT);
    assert_int_equal(asked.seconds, seconds);
    assert_string_equal(asked.limit, limit);
}

static void test_a_minute(void **state)
{
    (void) state;
    struct intake_quotas quotas;
    int64_t              now = noon();
    begin(&quotas, (struct intake_limits){ .messages_a_minute = 30 });
    for (int i = 0; i < 30; i++)
        assert_taken(&quotas, &two, 1, now);
    assert_refused(&quotas, &two, 1, now, 2, "more than 30 messages a minute");
    assert_refused(&quotas, &two, 1, now + INSTANT_SECOND, 1, "more than 30 messages a minute");
    assert_taken(&quotas, &one, 1, now); /* others are not held up, whichever side of it they stand on */
    assert_taken(&quotas, &three, 1, now);
    assert_taken(&quotas, &two, 1, now + 2 * INSTANT_SECOND); /* as it was told */
    assert_refused(&quotas, &two, 1, now + 2 * INSTANT_SECOND, 2, "more than 30 messages a minute");
    assert_refused(&quotas, &two, 1, now - 3600 * INSTANT_SECOND, 2, "more than 30 messages a minute");
    now += 3600 * INSTANT_SECOND;
    for (int i = 0; i < 30; i++) /* an hour of silence is no more than a minute of room */
        assert_taken(&quotas, &two, 1, now);
    assert_refused(&quotas, &two, 1, now, 2, "more than 30 messages a minute");
    end(&quotas);
}

static void test_a_day(void **state)
{
    (void) state;
    struct intake_quotas quotas;
    int64_t              now = noon(), midnight = time_zone_start(20001);
    begin(&quotas, (struct intake_limits){ .messages_a_day = 2, .bytes_a_day = 3 << 20 });
    assert_taken(&quotas, &one, 1 << 20, now);
    assert_refused(&quotas, &one, (2 << 20) + 1, now, 12 * 3600, "more than 3 MiB a day");
    assert_taken(&quotas, &one, 2 << 20, now); /* what was refused did not count */
    assert_refused(&quotas, &one, 1, midnight - INSTANT_SECOND / 2, 1, "more than 2 messages a day");
    assert_taken(&quotas, &one, 3 << 20, midnight);
    assert_refused(&quotas, &one, 1, midnight, 24 * 3600, "more than 3 MiB a day");
    end(&quotas);
}

static void test_none(void **state)
{
    (void) state;
    struct intake_quotas quotas;
    begin(&quotas, (struct intake_limits){ 0 });
    for (int i = 0; i < 1000; i++)
        assert_taken(&quotas, &one, SIZE_MAX / 2, noon());
    assert_int_equal(quotas.num, 0);
    end(&quotas);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_a_minute), cmocka_unit_test(test_a_day),
                                        cmocka_unit_test(test_none) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
