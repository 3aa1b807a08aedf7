/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bulk work of the writer, on a made-up database whose groups take what they are told to: as much as somebody may wait
 * for. */
#include "store/writer_pace.h"
#include "support/test.h"

static struct writer_pace pace;
static double             now, commit_seconds, change_seconds;

static int start(void **state)
{
    (void) state;
    pace = (struct writer_pace) WRITER_PACE_INIT;
    now = 1000;
    commit_seconds = 0.004;
    change_seconds = 0.0001;
    return 0;
}

/* A group as it is taken now; answers how long it takes. */
static double run_group(bool interactive)
{
    if (interactive)
        writer_pace_see(&pace, now);
    bool   beside = writer_pace_beside(&pace, now);
    double began = now;
    size_t changes = (size_t) writer_pace_changes(&pace, now, interactive);
    now += commit_seconds + change_seconds * (double) changes;
    writer_pace_learn(&pace, began, now, changes, beside);
    return now - began;
}

/* Bulk work alone, until its speed is known: how long a group of it takes then. */
static double settle(void)
{
    double seconds = 0;
    for (int i = 0; i < 60; i++)
        seconds = run_group(false);
    return seconds;
}

/* Somebody comes ten times a second, bulk work fills the time between: the longest group that somebody may have met. */
static double longest_beside_a_caller(void)
{
    double longest = 0;
    for (int caller = 0; caller < 50; caller++) {
        run_group(true);
        for (double until = now + 0.1; now < until;) {
            double seconds = run_group(false);
            if (caller >= 25 && seconds > longest)
                longest = seconds;
        }
    }
    return longest;
}

static void test_alone_a_group_shares_its_commit(void **state)
{
    (void) state;
    assert_close(settle(), WRITER_ALONE_SECONDS, 0.02, 0);
    change_seconds = 0.001;
    assert_close(settle(), WRITER_ALONE_SECONDS, 0.02, 0);
}

static void test_whoever_comes_waits_for_less(void **state)
{
    (void) state;
    settle();
    assert_close(longest_beside_a_caller(), WRITER_ATTENDED_SECONDS, 0.05, 0);
    now = pace.seen + WRITER_ATTENDED_FOR_SECONDS - 2;
    assert_close(run_group(false), WRITER_ATTENDED_SECONDS, 0.05, 0);
    now = pace.seen + WRITER_ATTENDED_FOR_SECONDS;
    assert_close(settle(), WRITER_ALONE_SECONDS, 0.02, 0);
}

/* Else most of the time would go to commits. */
static void test_a_slow_commit_is_shared_by_as_much_work(void **state)
{
    (void) state;
    commit_seconds = 0.018;
    settle();
    assert_close(longest_beside_a_caller(), 2 * commit_seconds, 0.1, 0);
    commit_seconds = 0.04;
    settle();
    assert_close(longest_beside_a_caller(), WRITER_ALONE_SECONDS, 0.1, 0);
}

static void test_beside_other_work_there_are_slices_and_pauses(void **state)
{
    (void) state;
    settle();
    now += WRITER_ATTENDED_FOR_SECONDS;
    assert_true(run_group(true) < WRITER_BESIDE_SECONDS + commit_seconds);
    double pause = pace.bulk_from - now;
    assert_true(pause > WRITER_PAUSES * WRITER_BESIDE_SECONDS / 2);
    assert_true(writer_pace_waits(&pace, now));
    assert_close(run_group(true), commit_seconds, 1e-9, 0);
    now = pace.bulk_from;
    assert_false(writer_pace_waits(&pace, now));
    assert_true(run_group(true) > commit_seconds);
    now += WRITER_GOES_ON_SECONDS;
    assert_false(writer_pace_waits(&pace, now)); /* it does not go on */
}

static void test_what_held_one_group_up_teaches_little(void **state)
{
    (void) state;
    settle();
    double before = writer_pace_changes(&pace, now, false);
    commit_seconds = 5;
    run_group(false);
    assert_true(writer_pace_changes(&pace, now, false) > 0.7 * before);
    for (int i = 0; i < 1000; i++)
        run_group(false);
    assert_true(writer_pace_changes(&pace, now, false) >= 29); /* and it always goes on */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_alone_a_group_shares_its_commit, start),
        cmocka_unit_test_setup(test_whoever_comes_waits_for_less, start),
        cmocka_unit_test_setup(test_a_slow_commit_is_shared_by_as_much_work, start),
        cmocka_unit_test_setup(test_beside_other_work_there_are_slices_and_pauses, start),
        cmocka_unit_test_setup(test_what_held_one_group_up_teaches_little, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
