/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What becomes of a job: each verb changes what it says and nothing else. */
#include "response/job.h"

#include "support/test.h"

#define NOW INT64_C(1700000000000000)

static const struct id one = { { 1 } }, ann = { { 7 } }, ben = { { 8 } };

/* The job as it stands after a change. */
static void apply(struct model_job *job, const struct job_change *change)
{
    const struct model_record *record = model_record(MODEL_JOB);
    if (change->change.verb == STORE_CREATE) {
        *job = change->value;
        job->head.version = 1;
        return;
    }
    assert_int_equal(change->change.verb, STORE_CHANGE);
    assert_true(id_equal(&change->value.head.id, &job->head.id));
    assert_true(change->change.version == 0 || change->change.version == job->head.version);
    for (size_t i = 0; i < record->num_fields; i++)
        if (model_set_has(&change->change.given, i))
            model_copy(&record->fields[i], job, &change->value);
    job->head.version++;
}

static struct model_job asked(void)
{
    struct job_change change;
    struct model_job  job;
    job_ask(&one, &ann, "export", "{}", NOW, &change);
    apply(&job, &change);
    return job;
}

static struct model_job taken(void)
{
    struct job_change change;
    struct model_job  job = asked();
    job_take(&job, "process 7", NOW + 1, &change);
    apply(&job, &change);
    return job;
}

static void test_it_waits_runs_and_ends(void **state)
{
    (void) state;
    struct job_change change;
    struct model_job  job = asked();
    assert_true(job_is(&job, JOB_WAITING) && !job_has_ended(&job));
    assert_true(id_equal(&job.requested_by, &ann));
    job = taken();
    assert_true(job_is(&job, JOB_RUNNING) && !job_has_ended(&job));
    assert_int_equal(job.attempts, 1);
    assert_int_equal(job.lease_until, NOW + 1 + JOB_LEASE);
    assert_int_equal(job.lease_holder.size, 9);
    assert_int_equal(job.started, NOW + 1);
    job_tell(&job, 0.5, NOW + 2, &change);
    apply(&job, &change);
    assert_close(job.progress, 0.5, 0, 0);
    assert_int_equal(job.lease_until, NOW + 2 + JOB_LEASE);
    job_end(&job, JOB_DONE, NULL, NOW + 3, &change);
    apply(&job, &change);
    assert_true(job_is(&job, JOB_DONE) && job_has_ended(&job));
    assert_close(job.progress, 1, 0, 0);
    assert_int_equal(job.ended, NOW + 3);
    assert_null(job.lease_holder.bytes);
    assert_int_equal(job.lease_until, MODEL_MISSING_INTEGER);
    assert_null(job.failure.bytes);
}

/* The row must be as it was read: two takers, one job. */
static void test_taking_names_the_version(void **state)
{
    (void) state;
    struct job_change change;
    struct model_job  job = asked();
    job_take(&job, "process 7", NOW, &change);
    assert_int_equal(change.change.version, 1);
}

static void test_lost_three_times_it_fails(void **state)
{
    (void) state;
    struct job_change change;
    struct model_job  job = asked();
    for (int attempt = 1; attempt <= JOB_ATTEMPTS; attempt++) {
        job_take(&job, "process 7", NOW, &change);
        apply(&job, &change);
        assert_int_equal(job.attempts, attempt);
        job_lose(&job, NOW, &change);
        apply(&job, &change);
        assert_null(job.lease_holder.bytes);
        if (attempt < JOB_ATTEMPTS) {
            assert_true(job_is(&job, JOB_WAITING));
            assert_int_equal(job.not_before, NOW + (JOB_PAUSE << (attempt - 1)));
        }
    }
    assert_true(job_is(&job, JOB_FAILED));
    assert_non_null(job.failure.bytes);
    assert_int_equal(job.ended, NOW);
}

static void test_given_back_does_not_count(void **state)
{
    (void) state;
    struct job_change change;
    struct model_job  job = taken();
    job_give_back(&job, NOW + 5, &change);
    apply(&job, &change);
    assert_true(job_is(&job, JOB_WAITING));
    assert_int_equal(job.attempts, 0);
    assert_int_equal(job.not_before, NOW + 5);
}

static void test_cancelling(void **state)
{
    (void) state;
    struct job_change change;
    struct model_job  job = asked();
    assert_true(job_cancel(&job, NOW + 1, &change)); /* one that waits has ended by that */
    apply(&job, &change);
    assert_true(job_is(&job, JOB_CANCELLED));
    assert_int_equal(job.ended, NOW + 1);
    assert_false(job_cancel(&job, NOW + 2, &change)); /* it had ended */
    job = taken();
    assert_true(job_cancel(&job, NOW + 2, &change)); /* one that runs is told */
    apply(&job, &change);
    assert_true(job_is(&job, JOB_RUNNING) && job.cancel == 1);
    struct model_job lost = job;
    job_lose(&lost, NOW + 3, &change); /* its worker dies: it does not begin again */
    apply(&lost, &change);
    assert_true(job_is(&lost, JOB_CANCELLED));
    job_give_back(&job, NOW + 3, &change);
    apply(&job, &change);
    assert_true(job_is(&job, JOB_CANCELLED));
}

static void test_whose_turn_it_is(void **state)
{
    (void) state;
    static const struct id nobody;
    struct model_job       jobs[4] = { asked(), asked(), asked(), taken() };
    jobs[2].requested_by = ben;
    assert_int_equal(job_next(jobs, 0, &nobody, NOW), 0);
    assert_int_equal(job_next(jobs, 4, &nobody, NOW), 0); /* the oldest */
    assert_int_equal(job_next(jobs, 4, &ann, NOW), 2);    /* the other's, though it is younger */
    assert_int_equal(job_next(jobs, 4, &ben, NOW), 0);
    assert_int_equal(job_next(jobs, 2, &ann, NOW), 0); /* nobody else waits */
    jobs[0].not_before = NOW + 1;
    assert_int_equal(job_next(jobs, 4, &nobody, NOW), 1); /* not due yet */
    assert_int_equal(job_next(jobs, 4, &nobody, NOW + 1), 0);
    assert_int_equal(job_next(jobs + 3, 1, &nobody, NOW), 1); /* what runs is not taken */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_waits_runs_and_ends),
        cmocka_unit_test(test_taking_names_the_version),
        cmocka_unit_test(test_lost_three_times_it_fails),
        cmocka_unit_test(test_given_back_does_not_count),
        cmocka_unit_test(test_cancelling),
        cmocka_unit_test(test_whose_turn_it_is),
    };
    return cmocka_run_group_tests_name("job", tests, NULL, NULL);
}
