/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/power/store_work.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/records.h"
#include "store/audit.h"
#include "store/counters.h"
#include "support/property.h"
#include "support/test.h"

struct caller {
    struct store_work *work;
    unsigned           requests;
    struct test_random random;
    pthread_t          thread;
};

int store_work_start(struct store_work *work, struct test_store *test)
{
    *work = (struct store_work){ .test = test, .deeds = calloc(STORE_WORK_DEEDS, sizeof *work->deeds) };
    pthread_mutex_init(&work->lock, NULL);
    return work->deeds == NULL ? -1 : 0;
}

void store_work_free(struct store_work *work)
{
    free(work->deeds);
    pthread_mutex_destroy(&work->lock);
    *work = (struct store_work){ .test = NULL };
}

/* ---- the work ---- */

/* Write an answer down. */
static bool answered(struct store_work *work, int status)
{
    pthread_mutex_lock(&work->lock);
    if (status == 0)
        work->acknowledged++;
    else if (work->failure == 0)
        work->failure = status;
    pthread_mutex_unlock(&work->lock);
    return status == 0;
}

static int submit(struct store_work *work, struct store_change *changes, size_t num)
{
    struct store_request request = { .verb = "work", .set = { changes, num } };
    struct access        who = test_program();
    return store_submit(work->test->store, &who, &request, NULL, NULL);
}

static bool create(struct store_work *work, struct store_deed *deed)
{
    struct people_sample sample;
    struct store_change  changes[3];
    test_person_set(work->test, &sample, changes);
    *deed = (struct store_deed){ .person = sample.person.head.id,
                                 .identity = sample.identity.head.id,
                                 .illness = sample.illness.head.id,
                                 .creating = true };
    if (!answered(work, submit(work, changes, 3)))
        return false;
    deed->creating = false;
    deed->created = true;
    deed->version = 1;
    return true;
}

static bool change(struct store_work *work, struct store_deed *deed)
{
    struct model_case   illness;
    struct store_change one = { .verb = STORE_CHANGE, .record = model_record(MODEL_CASE), .value = &illness };
    model_init(one.record, &illness);
    illness.head.id = deed->illness;
    illness.severity =
        (struct model_text){ deed->version % 2 == 0 ? "mild" : "severe", deed->version % 2 == 0 ? 4 : 6 };
    one.version = deed->version;
    model_set_add(&one.given, model_case_severity);
    deed->changing = true;
    if (!answered(work, submit(work, &one, 1)))
        return false;
    deed->changing = false;
    deed->version++;
    return true;
}

static bool erase(struct store_work *work, struct store_deed *deed)
{
    struct model_case   illness;
    struct store_change one = { .verb = STORE_ERASE, .record = model_record(MODEL_CASE), .value = &illness };
    model_init(one.record, &illness);
    illness.head.id = deed->illness;
    deed->erasing = true;
    if (!answered(work, submit(work, &one, 1)))
        return false;
    deed->erasing = false;
    deed->erased = true;
    return true;
}

static bool erase_person(struct store_work *work, struct store_deed *deed)
{
    struct model_person person;
    struct store_change one = { .verb = STORE_ERASE, .record = model_record(MODEL_PERSON), .value = &person };
    model_init(one.record, &person);
    person.head.id = deed->person;
    deed->going = true;
    if (!answered(work, submit(work, &one, 1)))
        return false;
    deed->going = false;
    deed->gone = true;
    return true;
}

static struct store_deed *new_deed(struct store_work *work)
{
    pthread_mutex_lock(&work->lock);
    struct store_deed *deed = work->num_deeds < STORE_WORK_DEEDS ? &work->deeds[work->num_deeds++] : NULL;
    pthread_mutex_unlock(&work->lock);
    return deed;
}

/* A caller changes and erases only what it made itself in this run. */
static void *call(void *context)
{
    struct caller     *caller = context;
    struct store_deed *own[64];
    size_t             num = 0;
    bool               goes_on = true;
    for (unsigned i = 0; i < caller->requests && goes_on; i++) {
        uint64_t           kind = test_between(&caller->random, 0, 7);
        struct store_deed *deed = num > 0 ? own[test_between(&caller->random, 0, num - 1)] : NULL;
        if (deed != NULL && (deed->erased || deed->gone))
            deed = NULL;
        if (deed != NULL && kind == 0) {
            goes_on = erase(caller->work, deed);
        } else if (deed != NULL && kind == 1) {
            goes_on = erase_person(caller->work, deed);
        } else if (deed != NULL && kind <= 4) {
            goes_on = change(caller->work, deed);
        } else {
            deed = new_deed(caller->work);
            goes_on = deed != NULL && create(caller->work, deed);
            if (goes_on && num < sizeof own / sizeof *own)
                own[num++] = deed;
        }
    }
    return NULL;
}

void store_work_run(struct store_work *work, unsigned requests, uint64_t seed)
{
    struct caller callers[STORE_WORK_CALLERS];
    work->failure = 0;
    for (int i = 0; i < STORE_WORK_CALLERS; i++) {
        callers[i] = (struct caller){ work, requests, { .seed = seed * STORE_WORK_CALLERS + (uint64_t) i }, 0 };
        if (pthread_create(&callers[i].thread, NULL, call, &callers[i]) != 0)
            abort();
    }
    for (int i = 0; i < STORE_WORK_CALLERS; i++)
        pthread_join(callers[i].thread, NULL);
}

struct store_deed *store_work_person(struct store_work *work)
{
    struct store_deed *deed = new_deed(work);
    work->failure = 0;
    return deed != NULL && create(work, deed) ? deed : NULL;
}

bool store_work_erase(struct store_work *work, struct store_deed *deed)
{
    return erase_person(work, deed);
}

/* ---- the check ---- */

struct check {
    struct db *db;
    char      *why;
};

#define FAULT(check, ...)                                                                                              \
    do {                                                                                                               \
        if ((check)->why[0] == '\0')                                                                                   \
            snprintf((check)->why, STORE_WORK_WHY, __VA_ARGS__);                                                       \
    } while (0)

/* The integer that a query answers, with one id or none; 0 where there is no row. */
static int64_t ask(struct check *check, const char *sql, const struct id *id)
{
    struct db_statement   *statement;
    const struct db_value *row;
    struct db_error        error = { .what = "" };
    struct db_value        parameter = id != NULL ? db_id(id) : db_null();
    size_t                 num;
    int64_t                number = 0;
    int                    ret = db_prepare(check->db, sql, &statement, &error);
    if (ret == 0)
        ret = db_run(statement, &parameter, id != NULL ? 1 : 0, &error);
    if (ret == 0) {
        ret = db_step(statement, &row, &num, &error);
        if (ret == 1 && row[0].type == DB_INTEGER)
            number = row[0].integer;
        db_reset(statement);
    }
    if (ret < 0)
        FAULT(check, "%s: %s", sql, error.what);
    return number;
}

/* An erased person: nothing of them opens or is found any more. */
static void check_gone(struct check *check, struct store_deed *deed, size_t number)
{
    if (ask(check, "SELECT count(*) FROM person_key WHERE person = $1", &deed->person) != 0)
        FAULT(check, "person %zu was erased and has a key", number);
    if (ask(check, "SELECT count(*) FROM identity WHERE person = $1", &deed->person) != 0)
        FAULT(check, "person %zu was erased and has an identity", number);
    if (ask(check, "SELECT count(*) FROM search_token WHERE person = $1", &deed->person) != 0)
        FAULT(check, "person %zu was erased and can be found", number);
    if (ask(check, "SELECT count(*) FROM search_name WHERE person = $1", &deed->person) != 0)
        FAULT(check, "person %zu was erased and has a name", number);
    if (ask(check, "SELECT count(*) FROM history WHERE owner = $1", &deed->person) != 0)
        FAULT(check, "person %zu was erased and has sealed history", number);
}

static void check_deed(struct check *check, struct store_deed *deed, size_t number)
{
    if (deed->going && ask(check, "SELECT count(*) FROM person_key WHERE person = $1", &deed->person) == 0)
        deed->gone = true;
    deed->going = false;
    if (deed->gone) {
        check_gone(check, deed, number);
        return;
    }
    bool    person = ask(check, "SELECT count(*) FROM person WHERE id = $1", &deed->person) == 1;
    bool    identity = ask(check, "SELECT count(*) FROM identity WHERE id = $1", &deed->identity) == 1;
    bool    key = ask(check, "SELECT count(*) FROM person_key WHERE person = $1", &deed->person) == 1;
    int64_t version = ask(check, "SELECT version FROM \"case\" WHERE id = $1", &deed->illness);
    int64_t older = ask(check, "SELECT count(*) FROM history WHERE id = $1", &deed->illness);
    if (person != identity || person != key)
        FAULT(check, "person %zu is half there: person %d, identity %d, key %d", number, person, identity, key);
    if (deed->created ? !person : person && !deed->creating)
        FAULT(check, "person %zu was acknowledged and is lost", number);
    if (deed->creating && person) {
        deed->created = true;
        deed->version = 1;
    }
    deed->creating = false;
    if (!deed->created) {
        if (version != 0)
            FAULT(check, "the case of person %zu is there without the person", number);
        return;
    }
    if (deed->erasing && version == 0)
        deed->erased = true;
    if (deed->changing && version == deed->version + 1)
        deed->version++;
    deed->erasing = deed->changing = false;
    if (version != (deed->erased ? 0 : deed->version))
        FAULT(check, "the case of person %zu has version %" PRId64 ", acknowledged %s%" PRId64, number, version,
              deed->erased ? "erased after " : "", deed->version);
    if (older != deed->version - (deed->erased ? 0 : 1))
        FAULT(check, "the case of person %zu has version %" PRId64 " and %" PRId64 " older ones", number, version,
              older);
}

static int add_value(void *context, toc_date day, toc_date known, int64_t value)
{
    (void) day;
    (void) known;
    *(int64_t *) context += value;
    return 0;
}

/* The increments of each counter at the top of the tree, and its total, add up to the cases that there are. */
static void check_sums(struct check *check, const struct store_work *work)
{
    const struct model_record *illness = model_record(MODEL_CASE);
    const struct id           *top = &work->test->areas[TEST_PROVINCE];
    const char *const          every[COUNTERS_DIMENSIONS] = { NULL };
    int64_t                    cases = ask(check, "SELECT count(*) FROM \"case\"", NULL), total = -1;
    for (size_t i = 0; i < illness->num_counters; i++) {
        int64_t sum = 0, there = illness->counters[i].only == NULL ? cases : 0; /* nobody here has an occupation */
        int ret = counters_rows(check->db, illness, &illness->counters[i], top, every, INT32_MIN, INT32_MAX, INT32_MAX,
                                add_value, &sum, NULL);
        if (ret != 0 || sum != there)
            FAULT(check, "counter %s says %" PRId64 " cases (status %d), there are %" PRId64, illness->counters[i].name,
                  sum, ret, there);
    }
    int ret = counters_total(check->db, illness, &illness->counters[0], top, every, &total, NULL);
    if (ret != 0 || total != cases)
        FAULT(check, "the total says %" PRId64 " cases (status %d), there are %" PRId64, total, ret, cases);
    int64_t events = ask(check, "SELECT count(*) FROM event", NULL);
    int64_t newest = ask(check, "SELECT max(number) FROM event", NULL);
    if (events != newest)
        FAULT(check, "%" PRId64 " events, and the newest has number %" PRId64, events, newest);
    int64_t stray = ask(check,
                        "SELECT count(*) FROM person_key k WHERE NOT EXISTS "
                        "(SELECT 1 FROM identity i WHERE i.person = k.person)",
                        NULL);
    if (stray != 0)
        FAULT(check, "%" PRId64 " keys have no identity", stray);
}

static void check_audit(struct check *check, struct store_work *work)
{
    struct db_error     error = { .what = "" };
    struct audit_result result;
    size_t              heads = work->head.number > 0 ? 1 : 0;
    int                 ret = audit_verify(check->db, &work->head, heads, &result, &error);
    if (ret != 0 || result.verdict != AUDIT_WHOLE)
        FAULT(check, "the audit chain: status %d %s, verdict %d at entry %" PRId64, ret, error.what,
              ret == 0 ? (int) result.verdict : -1, ret == 0 ? result.number : 0);
    else if ((uint64_t) result.entries < work->acknowledged)
        FAULT(check, "%" PRId64 " audit entries of %" PRIu64 " acknowledged requests", result.entries,
              work->acknowledged);
    else
        work->head = result.head;
}

static void check_file(struct check *check)
{
    struct db_statement   *statement;
    const struct db_value *row;
    size_t                 num;
    if (db_prepare(check->db, "PRAGMA integrity_check(1)", &statement, NULL) != 0 ||
        db_run(statement, NULL, 0, NULL) != 0 || db_step(statement, &row, &num, NULL) != 1) {
        FAULT(check, "the file cannot be checked");
        return;
    }
    if (row[0].size != 2 || memcmp(row[0].bytes, "ok", 2) != 0)
        FAULT(check, "integrity: %.*s", (int) strcspn(row[0].bytes, "\n"), row[0].bytes);
    db_reset(statement);
}

int store_work_check(struct store_work *work, char why[STORE_WORK_WHY])
{
    struct db_error   error = { .what = "" };
    struct db_options options = { .read_only = true };
    struct check      check = { .why = why };
    why[0] = '\0';
    if (db_open(work->test->url, &options, &check.db, &error) != 0) {
        FAULT(&check, "the database cannot be opened: %s", error.what);
        return -1;
    }
    for (size_t i = 0; i < work->num_deeds; i++)
        check_deed(&check, &work->deeds[i], i);
    check_sums(&check, work);
    check_audit(&check, work);
    if (!work->test->postgresql)
        check_file(&check);
    db_close(check.db);
    return why[0] == '\0' ? 0 : -1;
}
