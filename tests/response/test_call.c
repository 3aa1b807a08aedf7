/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who is called out, when, and who is next: the rules, and the same with a store, whose clock the test moves. */
#include "response/call.h"

#include "../store/driver_fault.h"
#include "store/node.h"
#include "support/store.h"
#include "support/test.h"

#define MINUTE (60 * INSTANT_SECOND)

static struct test_store   test;
static struct model_task   task;
static struct model_notice notices[20];
static const struct id     one = { { 1, 2, 3, 4, 5, 6, 7 } }, place = { { 9 } };

static struct model_text text(const char *bytes)
{
    return (struct model_text){ bytes, strlen(bytes) };
}

/* ---- rules ---- */

static void make_task(const char *priority, int64_t now)
{
    signal_task_first(&one, &place, false, now, &task);
    task.priority = text(priority);
}

static void make_call(size_t at, uint32_t number, int64_t when)
{
    model_init(model_record(MODEL_NOTICE), &notices[at]);
    notices[at].head.id = call_notice_id(&task.head.id, number, at % 2 == 0 ? CALL_MAIL : CALL_HOOK);
    notices[at].head.created = when;
    notices[at].status = text("sent");
}

#define assert_due(num_notices, at, which)                                                                             \
    do {                                                                                                               \
        int64_t  due_at;                                                                                               \
        uint32_t due_number;                                                                                           \
        assert_true(call_due(&task, notices, num_notices, &due_at, &due_number));                                      \
        assert_int_equal(due_at, at);                                                                                  \
        assert_int_equal(due_number, which);                                                                           \
    } while (0)

/* At once, then after the grade's minutes since the newest call, by whatever channel that went. */
static void test_when(void **state)
{
    (void) state;
    int64_t  when;
    uint32_t number;
    make_task("urgent", 1000);
    assert_due(0, 1000, 0);
    make_call(0, 0, 5000);
    assert_due(1, 5000 + 15 * MINUTE, 1);
    make_call(1, 1, 7000);
    make_call(2, 1, 7000);
    assert_due(3, 7000 + 15 * MINUTE, 2);
    task.priority = text("normal");
    assert_due(3, 7000 + 60 * MINUTE, 2);
    notices[0].status = text("answered");
    assert_false(call_due(&task, notices, 3, &when, &number));
    notices[0].status = text("failed"); /* it went to nobody: the next is called all the same */
    assert_due(3, 7000 + 60 * MINUTE, 2);
    task.status = text("done");
    assert_false(call_due(&task, notices, 3, &when, &number));
}

/* A deferred signal, and every later step, is called for when it is late. */
static void test_late(void **state)
{
    (void) state;
    make_task("low", 1000);
    assert_due(0, task.due, 0);
    make_task("normal", 1000);
    task.kind = text("verify-signal");
    assert_due(0, task.due, 0);
}

/* The nearest area, then the order of call, then above; the head of the response last; nobody twice; no other role. */
static void test_order(void **state)
{
    (void) state;
    struct model_duty duties[7];
    struct model_user users[7];
    struct call_duty  chain[7];
    static const struct {
        const char *role;
        int64_t     order;
        unsigned    depth;
        uint8_t     user;
    } given[] = { { "supervisor", 1, 3, 6 },
                  { "epidemiologist", 1, 0, 5 },
                  { "epidemiologist", 2, 2, 2 },
                  { "laboratory-staff", 1, 3, 7 },
                  { "epidemiologist", 1, 2, 1 },
                  { "epidemiologist", 9, 1, 1 },
                  { "epidemiologist", MODEL_MISSING_INTEGER, 2, 3 } };
    for (size_t i = 0; i < 7; i++) {
        model_init(model_record(MODEL_DUTY), &duties[i]);
        model_init(model_record(MODEL_USER), &users[i]);
        duties[i].head.id = (struct id){ { (uint8_t) (20 + i) } };
        duties[i].role = text(given[i].role);
        duties[i].order_of_call = given[i].order;
        users[i].head.id = (struct id){ { given[i].user } };
        chain[i] = (struct call_duty){ &duties[i], &users[i], given[i].depth };
    }
    static const uint8_t expected[] = { 1, 2, 3, 5, 6 };
    assert_int_equal(call_order(chain, 7, text("epidemiologist")), 5);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(chain[i].user->head.id.bytes[0], expected[i]);
}

/* ---- with a store ---- */

static struct id users[3], signal_id, task_id;

static void create(const struct model_record *record, void *value)
{
    struct access        program = test_program();
    struct store_change  change = { .verb = STORE_CREATE, .record = record, .value = value };
    struct store_request request = { .verb = "create", .set = { &change, 1 } };
    assert_ok(store_submit(test.store, &program, &request, NULL, NULL));
}

static struct id make_user(const char *login, bool mail, enum test_area area, int64_t order)
{
    struct model_user user;
    struct model_duty duty;
    model_init(model_record(MODEL_USER), &user);
    user.head.id = node_new_id(test.now);
    user.login = text(login);
    if (mail)
        user.work_mail = text("a@county.test");
    create(model_record(MODEL_USER), &user);
    model_init(model_record(MODEL_DUTY), &duty);
    duty.head.id = node_new_id(test.now);
    duty.user = user.head.id;
    duty.area = test.areas[area];
    duty.role = text("epidemiologist");
    duty.order_of_call = order;
    duty.starts = test.now - INSTANT_DAY;
    duty.ends = test.now + INSTANT_DAY;
    create(model_record(MODEL_DUTY), &duty);
    return user.head.id;
}

static void make_signal(void)
{
    struct model_signal value;
    model_init(model_record(MODEL_SIGNAL), &value);
    signal_id = value.head.id = node_new_id(test.now);
    task_id = signal_task_id(&signal_id, SIGNAL_TRIAGE);
    value.area = test.areas[TEST_EAST];
    value.source = text("clinician");
    value.status = text("new");
    value.noticed_time = text("2024-10-04");
    create(model_record(MODEL_SIGNAL), &value);
}

static int begin(bool postgresql)
{
    test_store_open(&test, postgresql);
    test.now += INSTANT_DAY / 2;
    users[0] = make_user("near", true, TEST_COUNTY, 2);
    users[1] = make_user("far", true, TEST_PROVINCE, 1);
    users[2] = make_user("mute", false, TEST_COUNTY, 1); /* nobody can reach them */
    (void) make_user("elsewhere", true, TEST_OTHER, 1);
    make_signal();
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
    test_store_close(&test);
    return 0;
}

static struct call_report look(void)
{
    const struct call_settings settings = { .channels = { true, false } };
    struct call_report         report;
    struct store_reader       *reader;
    struct db_error            error;
    assert_ok(store_reader_open(test.store, &reader, &error));
    assert_ok(call_look(test.store, reader, &settings, test.now, &report));
    store_reader_close(reader);
    return report;
}

static int64_t number(const char *sql)
{
    return test_store_number(&test, sql);
}

/* Read the notice of a call. */
static struct model_notice call_number(uint32_t which)
{
    struct access       program = test_program();
    struct model_notice notice;
    struct model_set    visible;
    struct arena        arena = ARENA_INIT;
    struct id           id = call_notice_id(&task_id, which, CALL_MAIL);
    assert_ok(store_read(test.reader, &program, model_record(MODEL_NOTICE), &id, STORE_NOW, &arena, &notice, &visible));
    arena_free(&arena);
    return notice;
}

/* The near one, then the one above, then round again, three times; each once, however often it is looked. */
static void test_passed_on(void **state)
{
    (void) state;
    assert_int_equal(look().num_calls, 1);
    assert_int_equal(number("SELECT count(*) FROM task WHERE kind = 'triage-signal'"), 1);
    struct call_report report = look();
    assert_int_equal(report.num_calls, 0);
    assert_int_equal(report.next, test.now + 60 * MINUTE);
    struct model_notice notice = call_number(0);
    assert_true(id_equal(&notice.recipient, &users[0]));
    test.now += 60 * MINUTE - 1;
    assert_int_equal(look().num_calls, 0);
    for (uint32_t which = 1; which < 3 * CALL_ROUNDS; which++) {
        test.now += which == 1 ? 1 : 60 * MINUTE;
        assert_int_equal(look().num_calls, which < 2 * CALL_ROUNDS);
        assert_int_equal(look().num_calls, 0);
    }
    notice = call_number(1);
    assert_true(id_equal(&notice.recipient, &users[1]));
    assert_int_equal(number("SELECT count(*) FROM notice"), 2 * CALL_ROUNDS);
}

static bool answer(uint32_t which)
{
    struct access      program = test_program();
    struct call_answer given = { .notice = call_notice_id(&task_id, which, CALL_MAIL), .now = test.now };
    call_answer_request(&given);
    assert_ok(store_submit(test.store, &program, &given.request, NULL, NULL));
    return !given.late;
}

/* Whoever is second has it: nobody is called any more, and the first meets that. */
static void test_answered(void **state)
{
    (void) state;
    (void) look();
    test.now += 60 * MINUTE;
    assert_int_equal(look().num_calls, 1);
    assert_true(answer(1));
    assert_false(answer(1));
    assert_false(answer(0));
    assert_int_equal(number("SELECT count(*) FROM signal WHERE status = 'verifying'"), 1);
    assert_int_equal(number("SELECT count(*) FROM notice WHERE status = 'answered'"), 2);
    test.now += 10 * 60 * MINUTE;
    assert_int_equal(look().num_tasks, 0);
    /* its next step is late a day after: somebody is called again, and it becomes theirs */
    struct access      program = test_program();
    struct call_answer late = { .now = test.now };
    struct id          verify = signal_task_id(&signal_id, SIGNAL_VERIFY);
    assert_int_equal(number("SELECT count(*) FROM task WHERE kind = 'verify-signal' AND status = 'open'"), 1);
    test.now += INSTANT_DAY;
    struct call_report report = look(); /* the duties of begin() have ended by now */
    assert_int_equal(report.num_calls, 0);
    assert_int_equal(report.num_nobody, 1);
    struct id third = make_user("third", true, TEST_PROVINCE, 1);
    assert_int_equal(look().num_calls, 1);
    late.notice = call_notice_id(&verify, 0, CALL_MAIL);
    call_answer_request(&late);
    assert_ok(store_submit(test.store, &program, &late.request, NULL, NULL));
    assert_false(late.late);
    struct model_task value;
    struct model_set  visible;
    struct arena      arena = ARENA_INIT;
    assert_ok(
        store_read(test.reader, &program, model_record(MODEL_TASK), &verify, STORE_NOW, &arena, &value, &visible));
    assert_true(id_equal(&value.owner, &third));
    arena_free(&arena);
    assert_int_equal(look().num_tasks, 0);
}

static int64_t num_signals;

/* The program dies at the n-th call to the database between a signal and its notice, with that call done or not. The
 * first look of the next start, at the same instant, writes what is missing: one notice, never none or two. */
static void die_in_between(struct driver_fault *fault, size_t n, bool done_first, bool *died)
{
    const struct call_settings settings = { .channels = { true, false } };
    struct call_report         report;
    struct store_reader       *reader;
    struct db_error            error;
    make_signal();
    assert_ok(store_reader_open(test.store, &reader, &error));
    fault->calls = fault->failed = 0;
    fault->and_after = true;
    fault->done_first = done_first;
    fault->status = DB_ERR_LOST;
    fault->fail_at = n;
    (void) call_look(test.store, reader, &settings, test.now, &report);
    *died = fault->failed > 0;
    store_reader_close(reader);
    fault->fail_at = 0;
    test_store_reopen(&test);
    (void) look();
    struct model_notice notice = call_number(0);
    assert_true(id_equal(&notice.recipient, &users[0]));
    assert_int_equal(notice.next_attempt, test.now);
    assert_int_equal(number("SELECT count(*) FROM notice"), ++num_signals);
    assert_int_equal(look().num_calls, 0);
    assert_true(answer(0));
}

static void test_a_crash_between_a_signal_and_its_notice(void **state)
{
    (void) state;
    static struct driver_fault fault;
    fault = (struct driver_fault){ .calls_counted = DRIVER_BEGIN | DRIVER_COMMIT | DRIVER_CHANGE };
    (void) look(); /* of the signal that is there already */
    assert_true(answer(0));
    num_signals = 1;
    test.options.db.wrap = driver_fault_wrap;
    test.options.db.wrap_context = &fault;
    test_store_reopen(&test);
    for (int done_first = 0; done_first < 2; done_first++) {
        bool   died = true;
        size_t n = 1;
        for (; died; n++)
            die_in_between(&fault, n, done_first == 1, &died);
        assert_true(n > 8);
    }
}

#define BOTH(name, function)                                                                                           \
    { "sqlite: " name, function, on_sqlite, end, NULL },                                                               \
    {                                                                                                                  \
        "postgresql: " name, function, on_postgresql, end, NULL                                                        \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_when),     cmocka_unit_test(test_late),
        cmocka_unit_test(test_order),    BOTH("passed on", test_passed_on),
        BOTH("answered", test_answered), BOTH("a crash between", test_a_crash_between_a_signal_and_its_notice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
