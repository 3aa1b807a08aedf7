/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What messages make of the records (docs/intake.md), on both databases: for each kind, messages one after the other
 * and exactly the records that are there afterwards. */
#include "response/intake_work.h"

#include <stdlib.h>
#include <time.h>

#include "response/intakes.h"
#include "store/message_bytes.h"
#include "store/rows_by.h"

static struct test_store test;
static struct intake    *intake;
static struct model_feed feed;
static unsigned          next_control;

/* ---- the smallest words of a message ---- */

#define ZHANG "PID|1||4711^^^LAB&1.2.3&ISO^MR||Zhang^Wei||19800203|M\r"
#define LI "PID|1||4712^^^LAB&1.2.3&ISO^MR||Li^Na||19911111|F\r"
#define TESTED(number, day) "OBR|1||" number "|94500-6^SARS-CoV-2 RNA^LN|||" day "\r"
#define COVID(meaning, status, day) "OBX|1|CWE|94500-6^SARS-CoV-2 RNA^LN||" meaning "||||||" status "|||" day "\r"
#define MEASLES(meaning, status, day) "OBX|2|CWE|21503-7^Measles virus RNA^LN||" meaning "||||||" status "|||" day "\r"
#define DETECTED "260373001^Detected^SCT"
#define NOT_DETECTED "260415000^Not detected^SCT"

static void begin(const char *status)
{
    intake = test_intake_open(&test);
    feed = test_feed(&test, status);
    test_create(&test, MODEL_FEED, &feed);
}

/* What could not be written is no test's wish: say why. */
static void told(void *context, const struct id *message, const char *verdict, const char *reason,
                 const struct intake_outcome *outcome)
{
    (void) context;
    (void) message;
    (void) outcome;
    if (strcmp(verdict, "held") == 0)
        print_message("# held: %s\n", reason);
}

static void work_all(void)
{
    size_t num = 1;
    while (num > 0)
        assert_ok(intake_work(intake, test.reader, told, NULL, &num));
}

/* Take one in without working it off. */
static struct id take(const char *rest)
{
    char                  message[TEST_MESSAGE_BYTES], control[24];
    struct intake_receipt receipt;
    snprintf(control, sizeof control, "K%u", ++next_control);
    size_t size = test_message(message, control, "%s", rest);
    assert_ok(test_take(intake, &feed, message, size, &receipt));
    return receipt.message;
}

static void check(const char *what, const char *sql, int64_t expected)
{
    int64_t is = test_store_number(&test, sql);
    if (is != expected)
        print_message("# %s: %s is %lld, expected %lld\n", what, sql, (long long) is, (long long) expected);
    assert_int_equal(is, expected);
}

/* ---- kinds of messages ---- */

struct expected {
    int persons, identities, specimens, results, cases, pools, tasks, slices;
};

/* Messages, each worked off before the next comes, and how many records there are afterwards. `also` must be 1. */
static const struct {
    const char     *name;
    const char     *messages[4];
    struct expected expected;
    const char     *also;
} kinds[] = {
    { "a positive is a case",
      { ZHANG TESTED("A1", "20241003") COVID(DETECTED, "F", "20241003") },
      { 1, 1, 1, 1, 1, 0, 1, 1 },
      "SELECT count(*) FROM \"case\" JOIN result ON result.linked_case = \"case\".id WHERE \"case\".disease = "
      "'covid-19' "
      "AND classification = 'not-yet-classified' AND \"case\".specimen_date = '2024-10-03' AND episode = 1" },
    { "a negative is a test and no case",
      { ZHANG TESTED("A1", "20241003") COVID(NOT_DETECTED, "F", "20241003") },
      { 1, 1, 1, 1, 0, 0, 0, 1 },
      "SELECT count(*) FROM result WHERE interpretation = 'not-detected' AND status = 'final'" },
    { "the same result in another message counts once",
      { ZHANG TESTED("A1", "20241003") COVID(DETECTED, "F", "20241003"),
        ZHANG TESTED("A1", "20241003") COVID(DETECTED, "F", "20241003") },
      { 1, 1, 1, 1, 1, 0, 1, 2 },
      NULL },
    { "preliminary becomes final",
      { ZHANG TESTED("A1", "20241003") COVID(DETECTED, "P", "20241003"),
        ZHANG TESTED("A1", "20241003") COVID(DETECTED, "F", "20241003"),
        ZHANG TESTED("A1", "20241003") COVID(DETECTED, "P", "20241003") },
      { 1, 1, 1, 1, 1, 0, 1, 3 },
      "SELECT count(*) FROM result WHERE status = 'final' AND interpretation = 'detected'" },
    { "a preliminary positive that comes after its final negative makes no case",
      { ZHANG TESTED("A1", "20241003") COVID(NOT_DETECTED, "F", "20241003"),
        ZHANG TESTED("A1", "20241003") COVID(DETECTED, "P", "20241003") },
      { 1, 1, 1, 1, 0, 0, 0, 2 },
      "SELECT count(*) FROM result WHERE status = 'final' AND interpretation = 'not-detected'" },
    { "a result that does not say how final it is, is preliminary and for review",
      { ZHANG TESTED("A1", "20241003") COVID(DETECTED, "", "20241003") },
      { 1, 1, 1, 1, 1, 0, 2, 1 },
      "SELECT count(*) FROM result WHERE status = 'preliminary'" },
    { "two results of a tube without a number are one tube",
      { "PID|1||||Zhang^Wei\rOBR|1|||94500-6^SARS-CoV-2 RNA^LN|||20241003\r" COVID(DETECTED, "F", "20241003")
            MEASLES(NOT_DETECTED, "F", "20241003") "SPM|1|||258500001^Swab^SCT|||||||L^Pool^HL70369||5\r" },
      { 0, 0, 1, 2, 0, 1, 1, 0 },
      NULL },
    { "a correction supersedes and asks to look at the case again",
      { ZHANG TESTED("A1", "20241003") COVID(DETECTED, "F", "20241003"),
        ZHANG TESTED("A1", "20241003") COVID(NOT_DETECTED, "C", "20241003") },
      { 1, 1, 1, 2, 1, 0, 2, 2 },
      "SELECT count(*) FROM result AS a JOIN result AS b ON b.supersedes = a.id WHERE a.status = 'superseded' AND "
      "b.status = 'corrected' AND b.interpretation = 'not-detected'" },
    { "a retraction retracts",
      { ZHANG TESTED("A1", "20241003") COVID(DETECTED, "F", "20241003"),
        ZHANG TESTED("A1", "20241003") COVID(DETECTED, "W", "20241003") },
      { 1, 1, 1, 1, 1, 0, 2, 2 },
      "SELECT count(*) FROM result WHERE status = 'entered-in-error'" },
    { "a panel with two positives is two results and two cases",
      { ZHANG TESTED("A1", "20241003") COVID(DETECTED, "F", "20241003") MEASLES(DETECTED, "F", "20241003") },
      { 1, 1, 1, 2, 2, 0, 2, 1 },
      "SELECT count(*) FROM \"case\" WHERE disease = 'measles'" },
    { "within the days of an episode it is the same case",
      { ZHANG TESTED("A1", "20240703") COVID(DETECTED, "F", "20240703"),
        ZHANG TESTED("A2", "20241001") COVID(DETECTED, "F", "20241001") }, /* 90 days */
      { 1, 1, 2, 2, 1, 0, 1, 2 },
      NULL },
    { "one day later it is the next episode",
      { ZHANG TESTED("A1", "20240702") COVID(DETECTED, "F", "20240702"),
        ZHANG TESTED("A2", "20241001") COVID(DETECTED, "F", "20241001") }, /* 91 days */
      { 1, 1, 2, 2, 2, 0, 2, 2 },
      "SELECT count(*) FROM \"case\" WHERE episode = 2" },
    { "a positive pool is a finding and a task, never a case, and nobody is made of its PID",
      { ZHANG TESTED("T1", "20241003")
            COVID(DETECTED, "F", "20241003") "SPM|1|||258500001^Swab^SCT|||||||L^Pool^HL70369||10\r" },
      { 0, 0, 1, 1, 0, 1, 1, 0 },
      "SELECT count(*) FROM task JOIN specimen ON specimen.id = task.specimen JOIN pool ON pool.id = specimen.pool "
      "WHERE "
      "task.kind = 'collect-again' AND specimen.subject = 'pool' AND pool.number = 'T1' AND pool.size = 10" },
    { "a negative pool is one tube",
      { ZHANG TESTED("T1", "20241003")
            COVID(NOT_DETECTED, "F", "20241003") "SPM|1|||258500001^Swab^SCT|||||||G^Group^HL70369\r" },
      { 0, 0, 1, 1, 0, 1, 0, 0 },
      NULL },
    { "quality control makes nothing",
      { ZHANG TESTED("A1", "20241003")
            COVID(DETECTED, "F", "20241003") "SPM|1|||258500001^Swab^SCT|||||||Q^Control^HL70369\r" },
      { 0, 0, 0, 0, 0, 0, 0, 0 },
      NULL },
    { "what no table knows is for review, and nothing is guessed",
      { ZHANG TESTED("A1", "20241003") "OBX|1|CWE|94500-6^SARS-CoV-2 RNA^LN||ZZZ^strange^L||||||F|||20241003\r" },
      { 0, 0, 0, 0, 0, 0, 1, 0 },
      "SELECT count(*) FROM message WHERE verdict = 'accepted-with-faults'" },
    { "twins are two, and somebody decides",
      { "PID|1||||Zhang^Wei||19800203|M|||3 Mill Lane||13912345678\r" TESTED("A1", "20241003")
            COVID(NOT_DETECTED, "F", "20241003"),
        "PID|1||||Zhang^Bo||19800203|M|||3 Mill Lane||13912345678\r" TESTED("A2", "20241003")
            COVID(NOT_DETECTED, "F", "20241003") },
      { 2, 2, 2, 2, 0, 0, 1, 2 },
      NULL },
    { "two people are two",
      { ZHANG TESTED("A1", "20241003") COVID(DETECTED, "F", "20241003"),
        LI    TESTED("A2", "20241003") COVID(DETECTED, "F", "20241003") },
      { 2, 2, 2, 2, 2, 0, 2, 2 },
      NULL },
    { "a namesake without more is perhaps the same: two persons and a task",
      { ZHANG TESTED("A1", "20241003") COVID(NOT_DETECTED, "F", "20241003"),
        "PID|1||||Zhang^Wei|||M\r" TESTED("A2", "20241003") COVID(NOT_DETECTED, "F", "20241003") },
      { 2, 2, 2, 2, 0, 0, 1, 2 },
      "SELECT count(*) FROM task JOIN person ON person.id = task.person WHERE task.kind = 'resolve-duplicate' AND "
      "task.other_person <> task.person" },
};

static void check_counts(const char *name, const struct expected *expected)
{
    check(name, "SELECT count(*) FROM person", expected->persons);
    check(name, "SELECT count(*) FROM identity", expected->identities);
    check(name, "SELECT count(*) FROM specimen", expected->specimens);
    check(name, "SELECT count(*) FROM result", expected->results);
    check(name, "SELECT count(*) FROM \"case\"", expected->cases);
    check(name, "SELECT count(*) FROM pool", expected->pools);
    check(name, "SELECT count(*) FROM task", expected->tasks);
    check(name, "SELECT count(*) FROM message_slice", expected->slices);
    check(name, "SELECT count(*) FROM message WHERE verdict IN ('received', 'held')", 0);
}

static void test_each_kind_makes_exactly_its_records(void **state)
{
    bool postgresql = test.postgresql;
    (void) state;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        if (k > 0)
            test_store_open(&test, postgresql);
        test.now = INT64_C(20000) * INSTANT_DAY; /* 2024-10-04 */
        begin("live");
        for (size_t m = 0; m < 4 && kinds[k].messages[m] != NULL; m++) {
            take(kinds[k].messages[m]);
            work_all();
        }
        check_counts(kinds[k].name, &kinds[k].expected);
        if (kinds[k].also != NULL)
            check(kinds[k].name, kinds[k].also, 1);
        intake_close(intake);
        if (k + 1 < sizeof kinds / sizeof *kinds)
            test_store_close(&test);
    }
}

/* ---- what is not live ---- */

static void test_tests_make_nothing(void **state)
{
    (void) state;
    begin("onboarding");
    take(ZHANG TESTED("A1", "20241003") COVID(DETECTED, "F", "20241003"));
    work_all();
    check("a feed that is tried out", "SELECT count(*) FROM message WHERE verdict = 'accepted' AND test = 1", 1);
    check("a feed that is tried out", "SELECT count(*) FROM person", 0);
    check("a feed that is tried out", "SELECT count(*) FROM \"case\"", 0);
    intake_close(intake);
}

static void test_history_makes_no_task(void **state)
{
    (void) state;
    intake = test_intake_open(&test);
    feed = test_feed(&test, "live");
    feed.history_before = 20000; /* the day of the test */
    test_create(&test, MODEL_FEED, &feed);
    take(ZHANG TESTED("A1", "20241003") COVID(DETECTED, "F", "20241003"));
    work_all();
    check("history", "SELECT count(*) FROM \"case\"", 1);
    check("history", "SELECT count(*) FROM task", 0);
    check("history", "SELECT count(*) FROM message WHERE history = 1", 1);
    intake_close(intake);
}

/* ---- who it is ---- */

/* Two messages about one new person wait together: one group, one person. */
static void test_two_messages_about_one_new_person(void **state)
{
    (void) state;
    begin("live");
    take(ZHANG TESTED("A1", "20241003") COVID(DETECTED, "F", "20241003"));
    take(ZHANG TESTED("A2", "20241003") COVID(DETECTED, "F", "20241003"));
    take("PID|1||||Zhang^Wei||19800302|M\r" TESTED("A3", "20241003") COVID(DETECTED, "F", "20241003")); /* day, month */
    work_all();
    check("one new person", "SELECT count(*) FROM person", 1);
    check("one new person", "SELECT count(*) FROM specimen", 3);
    check("one new person", "SELECT count(*) FROM \"case\"", 1);
    intake_close(intake);
}

static struct id person_by_sex(const char *sex)
{
    struct arena      arena = ARENA_INIT;
    struct model_text key = test_text(sex);
    void             *rows = NULL;
    size_t            num = 0;
    assert_ok(store_rows_by(test.reader, model_record(MODEL_PERSON), "sex", &key, 1, 10, &arena, &rows, &num));
    assert_int_equal(num, 1);
    struct id id = ((struct model_person *) rows)->head.id;
    arena_free(&arena);
    return id;
}

static void merge(const struct id *from, const struct id *into)
{
    struct model_person person;
    struct access       who = test_program();
    struct store_change change = { .verb = STORE_CHANGE, .record = model_record(MODEL_PERSON), .value = &person };
    model_init(model_record(MODEL_PERSON), &person);
    person.head.id = *from;
    if (into != NULL)
        person.merged_into = *into;
    model_set_add(&change.given, model_person_merged_into);
    assert_ok(
        store_submit(test.store, &who, &(struct store_request){ .verb = "merge", .set = { &change, 1 } }, NULL, NULL));
}

/* Who was merged stands for the other; taken apart again, for themselves, and history has both. */
static void test_merging_is_followed_and_undone(void **state)
{
    (void) state;
    char sql[200], text[ID_TEXT_BYTES];
    begin("live");
    take(ZHANG TESTED("A1", "20241003") COVID(NOT_DETECTED, "F", "20241003"));
    take(LI TESTED("A2", "20241003") COVID(NOT_DETECTED, "F", "20241003"));
    work_all();
    struct id zhang = person_by_sex("male"), li = person_by_sex("female");
    merge(&li, &zhang);
    take(LI TESTED("A3", "20241003") COVID(DETECTED, "F", "20241003"));
    work_all();
    id_to_text(&zhang, text);
    check("merged",
          "SELECT count(*) FROM \"case\" JOIN person ON person.id = \"case\".person WHERE person.sex = 'male'", 1);
    merge(&li, NULL);
    take(LI TESTED("A4", "20241003") MEASLES(DETECTED, "F", "20241003"));
    work_all();
    check("taken apart",
          "SELECT count(*) FROM \"case\" JOIN person ON person.id = \"case\".person WHERE person.sex = 'female'", 1);
    check("taken apart", "SELECT count(*) FROM person", 2);
    snprintf(sql, sizeof sql, "SELECT count(*) FROM history WHERE record = 'person'");
    check("taken apart", sql, 2);
    intake_close(intake);
}

/* ---- the bytes ---- */

/* Two people in one message: a slice each under their own keys, the first key is gone, and the message can be put
 * together; an erased person's slice is gone for good. */
static void test_bytes_are_sealed_by_person(void **state)
{
    (void) state;
    struct arena         arena = ARENA_INIT;
    struct message_bytes before, after;
    struct model_person  person;
    struct access        who = test_program();
    bool                 whole;
    begin("live");
    struct id message = take(ZHANG TESTED("A1", "20241003") COVID(DETECTED, "F", "20241003") LI TESTED("A2", "20241003")
                                 COVID(NOT_DETECTED, "F", "20241003"));
    assert_ok(store_message_bytes(test.reader, &message, &arena, &before, &whole));
    work_all();
    check("slices", "SELECT count(*) FROM message_slice", 2);
    check("slices", "SELECT count(*) FROM message_raw", 1);
    check("slices", "SELECT count(*) FROM message_raw WHERE envelope = 1", 1);
    check("slices", "SELECT count(*) FROM person_key", 3); /* two people, and what is about nobody */
    check("slices", "SELECT count(*) FROM history WHERE record = 'message_raw'", 0);
    assert_ok(store_message_bytes(test.reader, &message, &arena, &after, &whole));
    assert_true(whole);
    assert_int_equal(after.bytes.size, before.bytes.size);
    assert_memory_equal(after.bytes.bytes, before.bytes.bytes, before.bytes.size);
    model_init(model_record(MODEL_PERSON), &person);
    person.head.id = person_by_sex("male");
    struct store_change change = { .verb = STORE_ERASE, .record = model_record(MODEL_PERSON), .value = &person };
    assert_ok(
        store_submit(test.store, &who, &(struct store_request){ .verb = "erase", .set = { &change, 1 } }, NULL, NULL));
    assert_ok(store_message_bytes(test.reader, &message, &arena, &after, &whole));
    assert_false(whole);
    assert_null(memmem(after.bytes.bytes, after.bytes.size, "Zhang", 5));
    assert_non_null(memmem(after.bytes.bytes, after.bytes.size, "Li^Na", 5));
    arena_wipe(&arena);
    intake_close(intake);
}

/* Race, religion and ethnic group of a message, and who it is about, stand in no file of the database. */
static void test_what_is_denied_is_nowhere_in_clear(void **state)
{
    static const char *const canaries[] = { "Canaryrace", "Canaryfaith", "Canaryethnic", "Canaryname", "99887766554" };
    char                     path[256];
    (void) state;
    begin("live");
    take("PID|1||99887766554^^^LAB&1.2.3&ISO^MR||Canaryname^Wei||19800203|M||Canaryrace|||||||Canaryfaith|||||"
         "Canaryethnic\r" TESTED("A1", "20241003") COVID(DETECTED, "F", "20241003"));
    for (int round = 0; round < 2; round++) {             /* before and after it is worked off */
        bool                     right = test.postgresql; /* they are the files that hold it */
        static const char *const files[] = { "t.db-wal",
                                             "t.db" }; /* what leaves the first meanwhile is in the second */
        for (size_t f = 0; f < 2 && !test.postgresql; f++) {
            snprintf(path, sizeof path, "%s/%s", test.folder, files[f]);
            FILE *file = fopen(path, "rb");
            assert_non_null(file);
            char  *bytes = malloc((size_t) 64 << 20);
            size_t size = fread(bytes, 1, (size_t) 64 << 20, file);
            fclose(file);
            for (size_t c = 0; c < sizeof canaries / sizeof *canaries; c++)
                assert_null(memmem(bytes, size, canaries[c], strlen(canaries[c])));
            right = right || memmem(bytes, size, "message_raw", 11) != NULL;
            free(bytes);
        }
        assert_true(right);
        work_all();
    }
    check("denied", "SELECT count(*) FROM \"case\"", 1);
    intake_close(intake);
}

/* ---- put aside, and taken up again ---- */

static void test_held_messages_are_released(void **state)
{
    (void) state;
    struct access who = test_program();
    begin("stopped");
    struct id message = take(ZHANG TESTED("A1", "20241003") COVID(DETECTED, "F", "20241003"));
    work_all();
    check("held", "SELECT count(*) FROM message WHERE verdict = 'held'", 1);
    check("held", "SELECT count(*) FROM person", 0);
    struct model_feed   live = feed;
    struct store_change change = { .verb = STORE_CHANGE, .record = model_record(MODEL_FEED), .value = &live };
    live.status = test_text("live");
    model_set_add(&change.given, model_feed_status);
    assert_ok(
        store_submit(test.store, &who, &(struct store_request){ .verb = "change", .set = { &change, 1 } }, NULL, NULL));
    test.now += 10 * INSTANT_SECOND;
    assert_ok(intake_release(intake, test.reader, &who, &message));
    work_all();
    check("released", "SELECT count(*) FROM message WHERE verdict = 'accepted'", 1);
    check("released", "SELECT count(*) FROM \"case\"", 1);
    assert_status(intake_release(intake, test.reader, &who, &message), STORE_ERR_DENIED);
    intake_close(intake);
}

/* The thread works off what comes. */
static void test_the_thread_works_off_what_comes(void **state)
{
    (void) state;
    begin("live");
    assert_ok(intake_start_worker(intake));
    take(ZHANG TESTED("A1", "20241003") COVID(DETECTED, "F", "20241003"));
    struct intake_state counted = { .worked = 0 };
    for (int i = 0; i < 1000 && counted.worked == 0; i++) {
        nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
        intake_watch(intake, &counted);
    }
    intake_close(intake);
    assert_int_equal(counted.worked, 1);
    check("thread", "SELECT count(*) FROM \"case\"", 1);
}

#define PROMISES(on)                                                                                                   \
    on(test_each_kind_makes_exactly_its_records) on(test_tests_make_nothing) on(test_history_makes_no_task)            \
        on(test_two_messages_about_one_new_person) on(test_merging_is_followed_and_undone)                             \
            on(test_bytes_are_sealed_by_person) on(test_what_is_denied_is_nowhere_in_clear)                            \
                on(test_held_messages_are_released) on(test_the_thread_works_off_what_comes)
#define ON_SQLITE(name) { "sqlite: " #name, name, test_store_on_sqlite, test_store_end, &test },
#define ON_POSTGRESQL(name) { "postgresql: " #name, name, test_store_on_postgresql, test_store_end, &test },

int main(void)
{
    const struct CMUnitTest sqlite[] = { PROMISES(ON_SQLITE) };
    const struct CMUnitTest both[] = { PROMISES(ON_SQLITE) PROMISES(ON_POSTGRESQL) };
    if (!test_postgresql_installed())
        return _cmocka_run_group_tests("what messages make", sqlite, sizeof sqlite / sizeof *sqlite, NULL, NULL);
    return _cmocka_run_group_tests("what messages make", both, sizeof both / sizeof *both, NULL, NULL);
}
