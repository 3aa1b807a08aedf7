/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a signal is answered: each step changes what it says, with its time, and nothing else. */
#include "response/signal.h"

#include "model/model_value.h"
#include "support/test.h"

#define NOW INT64_C(1700000000000000)

static struct model_signal signal;
static struct model_task   tasks[SIGNAL_STEPS];
static bool                there[SIGNAL_STEPS];
static struct arena        arena = ARENA_INIT;
static const struct id     one = { { 1, 2, 3, 4, 5, 6, 7 } }, ann = { { 7 } }, place = { { 9 } }, other = { { 8 } };

static struct model_text text(const char *bytes)
{
    return (struct model_text){ bytes, strlen(bytes) };
}

static int begin(void **state)
{
    (void) state;
    model_init(model_record(MODEL_SIGNAL), &signal);
    memset(there, 0, sizeof there);
    signal.head = (struct model_head){ .id = one, .version = 1 };
    signal.area = place;
    signal.status = text("new");
    signal_task_first(&one, &place, false, NOW, &tasks[SIGNAL_TRIAGE]);
    tasks[SIGNAL_TRIAGE].head.version = 1;
    there[SIGNAL_TRIAGE] = true;
    return 0;
}

static int end(void **state)
{
    (void) state;
    arena_free(&arena);
    return 0;
}

static void apply_to(const struct store_change *change, void *value)
{
    if (change->verb == STORE_CREATE) {
        memcpy(value, change->value, change->record->size);
        ((struct model_head *) value)->version = 1;
        return;
    }
    assert_int_equal(change->verb, STORE_CHANGE);
    assert_int_equal(change->version, ((struct model_head *) value)->version);
    for (size_t i = 0; i < change->record->num_fields; i++)
        if (model_set_has(&change->given, i))
            model_copy(&change->record->fields[i], value, change->value);
    ((struct model_head *) value)->version++;
}

static int answer(enum signal_step step, const char *code, int64_t now)
{
    struct store_change        changes[SIGNAL_MOST_CHANGES];
    size_t                     num = 0;
    struct fault_list          faults = FAULT_LIST_INIT;
    const struct signal_answer given = { .step = step, .code = code, .reason = "numbers", .user = ann };
    int                        ret = signal_answer(&signal, tasks, there, &given, now, &arena, changes, &num, &faults);
    assert_int_equal(ret == 0, faults.num_all == 0);
    fault_list_free(&faults);
    for (size_t i = 0; i < num && ret == 0; i++) {
        const struct id *id = &((struct model_head *) changes[i].value)->id;
        if (changes[i].record == model_record(MODEL_SIGNAL)) {
            apply_to(&changes[i], &signal);
            continue;
        }
        size_t at = 0;
        while (at < SIGNAL_STEPS) {
            struct id expected = signal_task_id(&one, (enum signal_step) at);
            if (id_equal(&expected, id))
                break;
            at++;
        }
        assert_true(at < SIGNAL_STEPS);
        assert_int_equal(changes[i].verb == STORE_CREATE, !there[at]);
        apply_to(&changes[i], &tasks[at]);
        there[at] = true;
    }
    return ret;
}

#define assert_text(found, expected)                                                                                   \
    do {                                                                                                               \
        assert_int_equal((found).size, strlen(expected));                                                              \
        assert_memory_equal((found).bytes, expected, (found).size);                                                    \
    } while (0)

static void test_the_way(void **state)
{
    (void) state;
    assert_int_equal(tasks[SIGNAL_TRIAGE].due, NOW + 24 * SIGNAL_HOUR);
    assert_ok(answer(SIGNAL_TRIAGE, NULL, NOW + 1000000));
    assert_text(signal.status, "verifying");
    assert_text(signal.triaged_time, "2023-11-14T22:13:21Z");
    assert_true(id_equal(&signal.owner, &ann));
    assert_text(tasks[SIGNAL_TRIAGE].status, "done");
    assert_text(tasks[SIGNAL_TRIAGE].evidence, "numbers");
    assert_text(tasks[SIGNAL_VERIFY].status, "open");
    assert_int_equal(tasks[SIGNAL_VERIFY].due, NOW + 1000000 + 24 * SIGNAL_HOUR);
    assert_ok(answer(SIGNAL_VERIFY, "confirmed", NOW + 2000000));
    assert_text(signal.verification, "confirmed");
    assert_text(signal.status, "assessing");
    assert_ok(answer(SIGNAL_ASSESS, "high", NOW + 3000000));
    assert_text(signal.risk, "high");
    assert_text(signal.status, "watching");
    assert_text(tasks[SIGNAL_ACT].status, "open");
    assert_ok(answer(SIGNAL_ACT, NULL, NOW + 4000000));
    assert_text(signal.status, "acting");
    assert_ok(answer(SIGNAL_CLOSE, "response-ended", NOW + 5000000));
    assert_text(signal.status, "closed");
    assert_text(signal.closing, "response-ended");
    for (size_t i = 0; i < SIGNAL_STEPS; i++)
        assert_text(tasks[i].status, "done");
}

/* Who verifies has looked: the step before is not needed any more, and the clock has both times. */
static void test_a_step_is_skipped(void **state)
{
    (void) state;
    assert_ok(answer(SIGNAL_VERIFY, "not-confirmed", NOW));
    assert_text(tasks[SIGNAL_TRIAGE].status, "not-needed");
    assert_true(signal.triaged_time.bytes != NULL);
    assert_ok(answer(SIGNAL_CLOSE, "not-confirmed", NOW));
    assert_text(tasks[SIGNAL_ASSESS].status, "not-needed");
    assert_true(tasks[SIGNAL_ASSESS].evidence.bytes == NULL);
}

/* A low risk asks for nothing more. */
static void test_low_risk(void **state)
{
    (void) state;
    assert_ok(answer(SIGNAL_ASSESS, "low", NOW));
    assert_false(there[SIGNAL_ACT]);
}

static void test_refused(void **state)
{
    (void) state;
    assert_status(answer(SIGNAL_VERIFY, NULL, NOW), BASE_ERR_INPUT);
    assert_status(answer(SIGNAL_TRIAGE, "confirmed", NOW), BASE_ERR_INPUT);
    assert_status(answer(SIGNAL_ACT, NULL, NOW), BASE_ERR_INPUT); /* nobody has looked */
    assert_status(answer(SIGNAL_CLOSE, "duplicate", NOW), BASE_ERR_INPUT);
    assert_text(signal.status, "new");
    assert_ok(answer(SIGNAL_TRIAGE, NULL, NOW));
    assert_status(answer(SIGNAL_TRIAGE, NULL, NOW), BASE_ERR_INPUT);
    assert_ok(answer(SIGNAL_CLOSE, "no-risk", NOW));
    for (size_t step = 0; step < SIGNAL_STEPS; step++)
        assert_status(answer((enum signal_step) step, "no-risk", NOW), BASE_ERR_INPUT);
}

static void test_limits(void **state)
{
    struct store_change  changes[SIGNAL_MOST_CHANGES];
    struct fault_list    faults = FAULT_LIST_INIT;
    struct signal_answer given = { .step = SIGNAL_TRIAGE, .outbreak = other, .user = ann };
    size_t               num = 0;
    char                 reason[302];
    (void) state;
    memset(reason, 'x', 301);
    reason[301] = '\0';
    assert_status(signal_answer(&signal, tasks, there, &given, NOW, &arena, changes, &num, &faults), BASE_ERR_INPUT);
    assert_string_equal(faults.faults[0].name, "/outbreak");
    fault_list_free(&faults);
    given = (struct signal_answer){ .step = SIGNAL_TRIAGE, .reason = reason, .user = ann };
    assert_status(signal_answer(&signal, tasks, there, &given, NOW, &arena, changes, &num, &faults), BASE_ERR_INPUT);
    assert_string_equal(faults.faults[0].name, "/reason");
    fault_list_free(&faults);
    reason[300] = '\0';
    assert_ok(signal_answer(&signal, tasks, there, &given, NOW, &arena, changes, &num, &faults));
    assert_true(num <= SIGNAL_MOST_CHANGES);
    struct model_task urgent;
    signal_task_first(&one, &place, true, NOW, &urgent);
    assert_int_equal(urgent.due, NOW + SIGNAL_URGENT_HOURS * SIGNAL_HOUR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_way, begin, end),
        cmocka_unit_test_setup_teardown(test_a_step_is_skipped, begin, end),
        cmocka_unit_test_setup_teardown(test_low_risk, begin, end),
        cmocka_unit_test_setup_teardown(test_refused, begin, end),
        cmocka_unit_test_setup_teardown(test_limits, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
