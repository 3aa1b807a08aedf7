/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Jobs: asked for, done by the worker process, taken by whoever asked; cancelled; and the worker killed under them.
 * This program is its own worker. */
#include <dirent.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/instant.h"
#include "response/job.h"
#include "server/job_result.h"
#include "server/jobs.h"
#include "server/server_internal.h"
#include "server/worker.h"
#include "server/worker_wire.h"
#include "store/node.h"
#include "support/server.h"
#include "support/test.h"

enum { PERSONS = 7 };
static struct test_server   test;
static struct people_sample samples[PERSONS];
static char                 results[60];
static struct access        who, other;
static struct caller        caller, another;

/* ---- a server with jobs ---- */

static struct model_text text(const char *bytes)
{
    return (struct model_text){ bytes, strlen(bytes) };
}

static struct id make_grant(const struct id *user, enum access_role role, const struct id *area)
{
    struct access        program = test_program();
    struct model_grant   grant;
    struct store_change  change = { .verb = STORE_CREATE, .record = model_record(MODEL_GRANT), .value = &grant };
    struct store_request request = { .verb = "create", .set = { &change, 1 } };
    model_init(change.record, &grant);
    grant.head.id = node_new_id(instant_now());
    grant.user = *user;
    grant.role = text(access_role_word(role));
    grant.area = *area;
    grant.starts = INSTANT_SECOND;
    assert_ok(store_submit(test.store.store, &program, &request, NULL, NULL));
    return grant.head.id;
}

static struct id make_user(uint8_t number)
{
    char                 login[20];
    struct access        program = test_program();
    struct model_user    user;
    struct store_change  change = { .verb = STORE_CREATE, .record = model_record(MODEL_USER), .value = &user };
    struct store_request request = { .verb = "create", .set = { &change, 1 } };
    snprintf(login, sizeof login, "user-%d", number);
    model_init(change.record, &user);
    user.head.id = (struct id){ { 0x90, number } };
    user.login = text(login);
    assert_ok(store_submit(test.store.store, &program, &request, NULL, NULL));
    return user.head.id;
}

static int start(void **state)
{
    (void) state;
    snprintf(results, sizeof results, "/tmp/tocsin-jobs-XXXXXX");
    assert_non_null(mkdtemp(results));
    test_server_start(&test,
                      &(struct server_options){ .quiet = true, .program = "/proc/self/exe", .results = results });
    for (int i = 0; i < PERSONS; i++)
        assert_ok(test_person_create(&test.store, &samples[i]));
    who = test_epidemiologist(&test.store.areas[TEST_PROVINCE]);
    who.user = make_user(1);
    who.purpose = ACCESS_NO_PURPOSE;
    make_grant(&who.user, who.role, &test.store.areas[TEST_PROVINCE]);
    other = who;
    other.user = make_user(2);
    make_grant(&other.user, other.role, &test.store.areas[TEST_PROVINCE]);
    caller = test_caller_person(&who);
    another = test_caller_person(&other);
    test_exchange_as(&caller);
    return 0;
}

static void empty_folder(const char *path)
{
    DIR *folder = opendir(path);
    char name[400];
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        unlink(name);
    }
    closedir(folder);
    rmdir(path);
}

static int stop(void **state)
{
    (void) state;
    test_exchange_as(NULL);
    test_server_stop(&test);
    empty_folder(results);
    return 0;
}

/* ---- requests ---- */

static struct exchange *ask(enum http_method method, const char *path, const char *body, int status)
{
    static struct exchange exchange;
    static unsigned        keys;
    char                   key[24];
    exchange_free(&exchange);
    test_exchange_init(&exchange, &test.store, method, path, body);
    exchange.server = test.server;
    exchange.now = instant_now();
    snprintf(key, sizeof key, "key-%u", keys++);
    if (method == HTTP_POST)
        test_exchange_header(&exchange, "idempotency-key", key);
    (void) exchange_call(&exchange);
    const char *said = test_exchange_body(&exchange);
    if (exchange.answer.status != status)
        fail_msg("%s: %d instead of %d: %s", path, exchange.answer.status, status, said);
    return &exchange;
}

/* A job's path. */
static const char *job(const char *body)
{
    static char     paths[16][80];
    static unsigned num;
    char           *path = paths[num++ % 16];
    snprintf(path, 80, "%s", test_exchange_answer_header(ask(HTTP_POST, "/api/v1/jobs", body, 201), "Location"));
    return path;
}

static json_t *shown(const char *path)
{
    json_t *json = json_loads(test_exchange_body(ask(HTTP_GET, path, NULL, 200)), 0, NULL);
    assert_non_null(json);
    return json;
}

static bool is(const char *path, const char *status)
{
    json_t *json = shown(path);
    bool    same = strcmp(json_string_value(json_object_get(json, "status")), status) == 0;
    json_decref(json);
    return same;
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double) now.tv_sec + 1e-9 * (double) now.tv_nsec;
}

static void pause_a_little(void)
{
    nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
}

/* Until it has this status. The sanitizers make processes slow to start. */
static void wait_until(const char *path, const char *status)
{
    double until = seconds() + 40;
    while (!is(path, status)) {
        if (seconds() > until)
            fail_msg("%s: %s", path, test_exchange_body(ask(HTTP_GET, path, NULL, 200)));
        pause_a_little();
    }
}

static pid_t worker(void)
{
    struct jobs_state state;
    jobs_watch(test.server->jobs, &state);
    return state.worker;
}

static const char *result_of(const char *path)
{
    char result[100];
    snprintf(result, sizeof result, "%s/result", path);
    return test_exchange_body(ask(HTTP_GET, result, NULL, 200));
}

#define EXPORT "{\"kind\":\"export\",\"list\":\"cases\",\"as\":\"csv\"}"

/* A worker that is ready, and stopped: what it is given it does not do. */
static pid_t stopped_worker(void)
{
    wait_until(job(EXPORT), JOB_DONE);
    pid_t process = worker();
    assert_true(process > 0);
    assert_int_equal(kill(process, SIGSTOP), 0);
    return process;
}

/* ---- the files ---- */

static void test_an_export_is_the_same_file(void **state)
{
    (void) state;
    static const char *const bodies[] = {
        EXPORT,
        "{\"kind\":\"export\",\"list\":\"cases\",\"as\":\"ndjson\"}",
        ("{\"kind\":\"export\",\"list\":\"cases\",\"as\":\"csv\",\"bom\":true,"
         "\"query\":{\"sort\":\"updated\",\"direction\":\"ascending\"}}"),
    };
    static const char *const asked[] = { "/api/v1/exports/cases?as=csv", "/api/v1/exports/cases?as=ndjson",
                                         "/api/v1/exports/cases?as=csv&bom=true&sort=updated&direction=ascending" };
    for (size_t i = 0; i < 3; i++) {
        char       *wanted = strdup(test_exchange_body(ask(HTTP_GET, asked[i], NULL, 200)));
        const char *path = job(bodies[i]);
        wait_until(path, JOB_DONE);
        json_t *json = shown(path);
        assert_close(json_number_value(json_object_get(json, "progress")), 1, 0, 0);
        assert_int_equal(json_integer_value(json_object_get(json, "result_bytes")), strlen(wanted));
        assert_true(json_is_string(json_object_get(json, "result_until")));
        assert_int_equal(json_integer_value(json_object_get(json, "attempts")), 1);
        json_decref(json);
        assert_string_equal(result_of(path), wanted);
        assert_true(strlen(wanted) > 500);
        free(wanted);
    }
}

static void test_a_spreadsheet(void **state)
{
    (void) state;
    const char *path = job("{\"kind\":\"export\",\"list\":\"cases\",\"as\":\"xlsx\"}");
    wait_until(path, JOB_DONE);
    const char *result = result_of(path);
    assert_memory_equal(result, "PK\x03\x04", 4);
}

/* Nothing in it, or in the folder, tells who anybody is. */
static void test_no_result_names_anybody(void **state)
{
    (void) state;
    const char *path = job(EXPORT);
    wait_until(path, JOB_DONE);
    const char *result = result_of(path);
    for (int i = 0; i < PERSONS; i++) {
        const struct model_identity *identity = &samples[i].identity;
        const struct model_text      values[] = { identity->name, identity->phone, identity->identifier };
        for (size_t v = 0; v < 3; v++) {
            char value[300];
            snprintf(value, sizeof value, "%.*s", (int) values[v].size, values[v].bytes);
            assert_true(values[v].bytes == NULL || strlen(value) > 0);
            if (values[v].bytes != NULL)
                assert_null(strstr(result, value));
        }
    }
    struct stat status;
    assert_int_equal(stat(results, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
}

/* ---- as of an instant ---- */

static void change_outcome(struct people_sample *sample, const char *outcome)
{
    struct access        program = test_program();
    struct model_case    value;
    struct store_change  change = { .verb = STORE_CHANGE, .record = model_record(MODEL_CASE), .value = &value };
    struct store_request request = { .verb = "change", .set = { &change, 1 } };
    model_init(change.record, &value);
    value.head.id = sample->illness.head.id;
    value.outcome = text(outcome);
    model_set_add(&change.given, model_case_outcome);
    assert_ok(store_submit(test.store.store, &program, &request, NULL, NULL));
}

static size_t lines(const char *bytes)
{
    size_t num = 0;
    for (; *bytes != '\0'; bytes++)
        num += *bytes == '\n';
    return num;
}

static const char *line_of(const char *file, const struct people_sample *sample)
{
    char id[ID_TEXT_BYTES];
    id_to_text(&sample->illness.head.id, id);
    return strstr(file, id);
}

static void test_a_list_as_of_a_day(void **state)
{
    (void) state;
    char                 then[INSTANT_TEXT_BYTES], body[400];
    struct people_sample late;
    change_outcome(&samples[0], "died");
    test.store.now += 60 * INSTANT_SECOND;
    instant_to_text(test.store.now, then);
    test.store.now += 60 * INSTANT_SECOND;
    change_outcome(&samples[0], "recovered");
    change_outcome(&samples[1], "died");
    assert_ok(test_person_create(&test.store, &late));
    snprintf(body, sizeof body, "{\"kind\":\"line-list-as-of\",\"list\":\"cases\",\"as\":\"ndjson\",\"as_of\":\"%s\"}",
             then);
    const char *path = job(body);
    wait_until(path, JOB_DONE);
    const char *file = result_of(path), *line = line_of(file, &samples[0]);
    assert_int_equal(lines(file), PERSONS);
    assert_null(line_of(file, &late)); /* not known then */
    assert_non_null(line);
    assert_true(strstr(line, "\"outcome\":\"died\"") != NULL &&
                strstr(line, "\"outcome\":\"died\"") < strchr(line, '\n'));

    /* filters are held to what was known */
    snprintf(body, sizeof body,
             "{\"kind\":\"line-list-as-of\",\"list\":\"cases\",\"as\":\"csv\",\"as_of\":\"%s\",\"query\":{\"outcome\":"
             "\"died\"}}",
             then);
    path = job(body);
    wait_until(path, JOB_DONE);
    file = result_of(path);
    assert_int_equal(lines(file), 2); /* header, one row */
    assert_non_null(line_of(file, &samples[0]));
    assert_null(line_of(file, &samples[1]));
}

/* Each filter of a list, and its area, as of now: the same rows as the list itself finds. */
static void test_filters_of_the_past_are_those_of_the_list(void **state)
{
    (void) state;
    char now[INSTANT_TEXT_BYTES], area[ID_TEXT_BYTES], id[ID_TEXT_BYTES], body[2000], path[2000];
    char disease[100], filters[7][160], queries[7][160];
    instant_to_text(test.store.now + INSTANT_SECOND, now);
    id_to_text(&test.store.areas[TEST_EAST], area);
    id_to_text(&samples[2].illness.person, id);
    snprintf(disease, sizeof disease, "%.*s", (int) samples[0].illness.disease.size, samples[0].illness.disease.bytes);
    snprintf(filters[0], 160, "\"disease\":\"%s\"", disease);
    snprintf(queries[0], 160, "disease=%s", disease);
    snprintf(filters[1], 160, "\"area\":\"%s\"", area);
    snprintf(queries[1], 160, "area=%s", area);
    snprintf(filters[2], 160, "\"person\":\"%s\"", id);
    snprintf(queries[2], 160, "person=%s", id);
    snprintf(filters[3], 160, "\"age_years.from\":20,\"age_years.to\":50");
    snprintf(queries[3], 160, "age_years.from=20&age_years.to=50");
    snprintf(filters[4], 160, "\"onset_date.from\":\"2024\",\"onset_date.to\":\"2024\"");
    snprintf(queries[4], 160, "onset_date.from=2024&onset_date.to=2024");
    snprintf(filters[5], 160, "\"onset_date.to\":\"2024-06\"");
    snprintf(queries[5], 160, "onset_date.to=2024-06");
    snprintf(filters[6], 160, "\"sex\":\"female\"");
    snprintf(queries[6], 160, "sex=female");
    for (size_t i = 0; i < 7; i++) {
        snprintf(path, sizeof path, "/api/v1/exports/cases?as=csv&%s", queries[i]);
        char *wanted = strdup(test_exchange_body(ask(HTTP_GET, path, NULL, 200)));
        snprintf(body, sizeof body,
                 "{\"kind\":\"line-list-as-of\",\"list\":\"cases\",\"as\":\"csv\",\"as_of\":\"%s\",\"query\":{%s}}",
                 now, filters[i]);
        const char *made = job(body);
        wait_until(made, JOB_DONE);
        if (strcmp(result_of(made), wanted) != 0)
            fail_msg("%s:\n%s\nbut the list:\n%s", filters[i], result_of(made), wanted);
        free(wanted);
    }
}

/* ---- who ---- */

static void end_grants(const struct id *grant)
{
    struct access        program = test_program();
    struct model_grant   value;
    struct store_change  change = { .verb = STORE_CHANGE, .record = model_record(MODEL_GRANT), .value = &value };
    struct store_request request = { .verb = "change", .set = { &change, 1 } };
    model_init(change.record, &value);
    value.head.id = *grant;
    value.ends = 2 * INSTANT_SECOND;
    model_set_add(&change.given, model_grant_ends);
    assert_ok(store_submit(test.store.store, &program, &request, NULL, NULL));
}

static void test_it_is_whoever_asked_alone(void **state)
{
    (void) state;
    char        more[100];
    const char *path = job(EXPORT);
    wait_until(path, JOB_DONE);
    test_exchange_as(&another);
    ask(HTTP_GET, path, NULL, 404);
    snprintf(more, sizeof more, "%s/result", path);
    ask(HTTP_GET, more, NULL, 404);
    snprintf(more, sizeof more, "%s/cancel", path);
    ask(HTTP_POST, more, NULL, 404);
    assert_non_null(strstr(test_exchange_body(ask(HTTP_GET, "/api/v1/jobs", NULL, 200)), "\"jobs\":[]"));
    /* an administrator sees that there is one, and not what it made */
    struct access administrator = { .user = other.user, .role = ACCESS_ADMINISTRATOR, .everywhere = true };
    struct caller office = test_caller_person(&administrator);
    office.second_factor = true;
    test_exchange_as(&office);
    assert_non_null(strstr(test_exchange_body(ask(HTTP_GET, path, NULL, 200)), "\"result\":null"));
    snprintf(more, sizeof more, "%s/result", path);
    ask(HTTP_GET, more, NULL, 404);
    /* an auditor sees neither what was asked */
    office.access.role = ACCESS_AUDITOR;
    assert_non_null(strstr(test_exchange_body(ask(HTTP_GET, path, NULL, 200)), "\"parameters\":null"));
    test_exchange_as(NULL);
    ask(HTTP_GET, path, NULL, 401);
    ask(HTTP_POST, "/api/v1/jobs", EXPORT, 401);
    test_exchange_as(&caller);
}

/* A result that was made under other grants is not there, and is again under the same. */
static void test_under_the_grants_of_now(void **state)
{
    (void) state;
    char        result[100];
    const char *path = job(EXPORT);
    wait_until(path, JOB_DONE);
    snprintf(result, sizeof result, "%s/result", path);
    ask(HTTP_GET, result, NULL, 200);
    struct id grant = make_grant(&who.user, who.role, &test.store.areas[TEST_OTHER]);
    ask(HTTP_GET, result, NULL, 404);
    assert_non_null(strstr(test_exchange_body(ask(HTTP_GET, path, NULL, 200)), "\"result\":null"));
    end_grants(&grant);
    ask(HTTP_GET, result, NULL, 200);
}

/* Between the wish and the work the grant has ended. */
static void test_a_job_runs_under_the_grants_of_its_beginning(void **state)
{
    (void) state;
    struct id     user = make_user(3), grant = make_grant(&user, ACCESS_ANALYST, &test.store.areas[TEST_EAST]);
    struct access analyst = {
        .user = user, .role = ACCESS_ANALYST, .areas = &test.store.areas[TEST_EAST], .num_areas = 1
    };
    struct caller asks = test_caller_person(&analyst);
    pid_t         process = stopped_worker();
    const char   *first = job(EXPORT);
    wait_until(first, JOB_RUNNING);
    test_exchange_as(&asks);
    const char *path = job(EXPORT);
    end_grants(&grant);
    assert_int_equal(kill(process, SIGCONT), 0);
    wait_until(path, JOB_FAILED);
    assert_non_null(strstr(test_exchange_body(ask(HTTP_GET, path, NULL, 200)), "does not have this role any more"));
    test_exchange_as(&caller);
    wait_until(first, JOB_DONE);
}

/* ---- what is refused ---- */

static void test_what_is_refused(void **state)
{
    (void) state;
    static const struct {
        const char *body, *where;
        int         status;
    } bodies[] = {
        { "[]", "\"/\"", 422 },
        { "{\"kind\":\"export\",\"list\":\"cases\"}", "\"/as\"", 422 },
        { "{\"kind\":\"export\",\"list\":\"cases\",\"as\":\"pdf\"}", "\"/as\"", 422 },
        { "{\"kind\":\"backup\",\"list\":\"cases\",\"as\":\"csv\"}", "\"/kind\"", 422 },
        { "{\"kind\":\"export\",\"list\":\"persons\",\"as\":\"csv\"}", "\"/list\"", 422 },
        { "{\"kind\":\"export\",\"list\":\"cases/x\",\"as\":\"csv\"}", "\"/list\"", 422 },
        { "{\"kind\":\"export\",\"list\":\"cases\",\"as\":\"csv\",\"role\":\"administrator\"}", "\"/role\"", 422 },
        { "{\"kind\":\"export\",\"list\":\"cases\",\"as\":\"csv\",\"bom\":1}", "\"/bom\"", 422 },
        { "{\"kind\":\"export\",\"list\":\"cases\",\"as\":\"csv\",\"as_of\":\"2024-01-01T00:00:00Z\"}", "\"/as_of\"",
          422 },
        { "{\"kind\":\"line-list-as-of\",\"list\":\"cases\",\"as\":\"csv\"}", "\"/as_of\"", 422 },
        { "{\"kind\":\"line-list-as-of\",\"list\":\"cases\",\"as\":\"csv\",\"as_of\":\"2024\"}", "\"/as_of\"", 422 },
        { "{\"kind\":\"line-list-as-of\",\"list\":\"cases\",\"as\":\"csv\",\"as_of\":\"2024-01-01T00:00:00Z\","
          "\"query\":{"
          "\"sort\":\"updated\"}}",
          "\"/query/sort\"", 422 },
        { "{\"kind\":\"export\",\"list\":\"cases\",\"as\":\"csv\",\"query\":{\"colour\":\"red\"}}", "\"/query/colour\"",
          422 },
        { "{\"kind\":\"export\",\"list\":\"cases\",\"as\":\"csv\",\"query\":{\"identities\":true}}",
          "\"/query/identities\"", 422 },
        { "{\"kind\":\"export\",\"list\":\"cases\",\"as\":\"csv\",\"query\":{\"age_years.from\":\"old\"}}",
          "\"/query/age_years\"", 422 },
        { "{\"kind\":\"export\",\"list\":\"cases\",\"as\":\"csv\",\"query\":{\"area\":\"0192f0c1-7a00-7000-8000-"
          "000000000001\"}}",
          "absent", 404 },
        { "{\"kind\":\"export\",\"list\":\"users\",\"as\":\"csv\"}", "denied", 403 },
    };
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        const char *said = test_exchange_body(ask(HTTP_POST, "/api/v1/jobs", bodies[i].body, bodies[i].status));
        if (strstr(said, bodies[i].where) == NULL)
            fail_msg("%s: %s", bodies[i].body, said);
    }
    char long_body[1400];
    memset(long_body, 'x', sizeof long_body);
    int size = snprintf(long_body, sizeof long_body,
                        "{\"kind\":\"export\",\"list\":\"cases\",\"as\":\"csv\",\"query\":{\"disease\":\"");
    long_body[size] = 'x';
    strcpy(long_body + 1300, "\"}}");
    assert_non_null(strstr(test_exchange_body(ask(HTTP_POST, "/api/v1/jobs", long_body, 422)), "1,000 bytes"));
    ask(HTTP_GET, "/api/v1/jobs/nothing", NULL, 404);
    ask(HTTP_GET, "/api/v1/jobs/0192f0c1-7a00-7000-8000-000000000001", NULL, 404);
    ask(HTTP_GET, "/api/v1/jobs/0192f0c1-7a00-7000-8000-000000000001/result", NULL, 404);
}

static void test_as_many_as_may_wait_and_one_more(void **state)
{
    (void) state;
    const char *first = NULL;
    pid_t       process = stopped_worker();
    for (int i = 0; i < JOBS_PER_USER; i++) {
        const char *path = job(EXPORT);
        first = first == NULL ? path : first;
    }
    struct exchange *refused = ask(HTTP_POST, "/api/v1/jobs", EXPORT, 429);
    assert_string_equal(test_exchange_answer_header(refused, "Retry-After"), "60");
    test_exchange_as(&another);
    const char *others = job(EXPORT); /* of somebody else; it comes before the rest of the first one's */
    assert_int_equal(kill(process, SIGCONT), 0);
    wait_until(others, JOB_DONE);
    test_exchange_as(&caller);
    json_t *all = json_loads(test_exchange_body(ask(HTTP_GET, "/api/v1/jobs?page_size=3", NULL, 200)), 0, NULL);
    assert_int_equal(json_array_size(json_object_get(all, "jobs")), 3);
    assert_true(json_is_string(json_object_get(all, "next")));
    json_decref(all);
    while (strstr(test_exchange_body(ask(HTTP_GET, "/api/v1/jobs", NULL, 200)), "\"waiting\"") != NULL)
        pause_a_little();
}

/* The same key again is the same job. */
static void test_a_repeated_wish_is_one_job(void **state)
{
    (void) state;
    char            first[80] = "";
    struct exchange exchange;
    for (int i = 0; i < 3; i++) {
        test_exchange_init(&exchange, &test.store, HTTP_POST, "/api/v1/jobs", EXPORT);
        exchange.server = test.server;
        exchange.now = instant_now();
        test_exchange_header(&exchange, "idempotency-key", "the-same-wish");
        (void) exchange_call(&exchange);
        assert_int_equal(exchange.answer.status, 201);
        const char *location = test_exchange_answer_header(&exchange, "Location");
        if (i > 0)
            assert_string_equal(location, first);
        snprintf(first, sizeof first, "%s", location);
        exchange_free(&exchange);
    }
    wait_until(first, JOB_DONE);
}

/* ---- cancelling ---- */

static void cancel(const char *path)
{
    char more[100];
    snprintf(more, sizeof more, "%s/cancel", path);
    ask(HTTP_POST, more, NULL, 200);
}

static void test_cancelling(void **state)
{
    (void) state;
    pid_t       process = stopped_worker();
    const char *runs = job(EXPORT), *waits = job(EXPORT);
    wait_until(runs, JOB_RUNNING);
    cancel(waits);
    assert_true(is(waits, JOB_CANCELLED)); /* at once */
    cancel(waits);                         /* again: as it is */
    assert_true(is(waits, JOB_CANCELLED));
    double began = seconds();
    cancel(runs); /* by a worker that hears nothing: it is killed */
    wait_until(runs, JOB_CANCELLED);
    assert_true(seconds() - began < JOBS_CANCEL_SECONDS + 2);
    wait_until(job(EXPORT), JOB_DONE); /* by another worker */
    assert_true(worker() != process);
}

/* ---- the worker dies ---- */

static void test_a_killed_worker_is_followed_by_another(void **state)
{
    (void) state;
    pid_t       process = stopped_worker();
    const char *path = job(EXPORT);
    wait_until(path, JOB_RUNNING);
    double began = seconds();
    assert_int_equal(kill(process, SIGKILL), 0);
    wait_until(path, JOB_DONE);
    double took = seconds() - began;
    if (took > 5)
        fail_msg("taken up again and done after %.1f s", took);
    json_t *json = shown(path);
    assert_int_equal(json_integer_value(json_object_get(json, "attempts")), 2);
    json_decref(json);
    assert_true(strlen(result_of(path)) > 500);
}

/* This program as a worker that each job ends. */
static void be_deadly(int socket)
{
    struct worker_message       message;
    const struct worker_message ready = { .word = WORKER_READY };
    if (worker_receive(socket, true, &message, NULL) == 1 && worker_send(socket, &ready, -1) == 0)
        (void) worker_receive(socket, true, &message, NULL);
    _exit(0);
}

static void test_a_job_that_kills_its_worker_fails(void **state)
{
    (void) state;
    assert_int_equal(setenv("TEST_DEADLY_WORKER", "1", 1), 0);
    assert_int_equal(kill(stopped_worker(), SIGKILL), 0);
    const char *path = job(EXPORT);
    wait_until(path, JOB_FAILED);
    unsetenv("TEST_DEADLY_WORKER");
    const char *said = test_exchange_body(ask(HTTP_GET, path, NULL, 200));
    assert_non_null(strstr(said, "three times"));
    assert_non_null(strstr(said, "\"attempts\":3"));
    wait_until(job(EXPORT), JOB_DONE); /* the next one is done again */
}

/* A second server on the same data does what the first one had begun. */
static void test_it_goes_on_in_the_next_server(void **state)
{
    (void) state;
    char                  path[80];
    struct server_options options = { .quiet = true, .node = &test.node, .listen = "127.0.0.1:0" };
    options.program = "/proc/self/exe";
    options.results = results;
    pid_t process = stopped_worker();
    snprintf(path, sizeof path, "%s", job(EXPORT));
    wait_until(path, JOB_RUNNING);
    server_stop(test.server, 1);
    assert_int_not_equal(kill(process, 0), 0); /* gone with it */
    test.server = NULL;
    assert_true(is(path, JOB_WAITING));
    assert_ok(server_start(&options, &test.server, NULL));
    wait_until(path, JOB_DONE);
    json_t *json = shown(path);
    assert_int_equal(json_integer_value(json_object_get(json, "attempts")), 1); /* an orderly end is no attempt */
    json_decref(json);
}

/* It has given up network, new programs and other processes. */
static void test_it_is_confined(void **state)
{
    (void) state;
    char  path[60], line[200];
    bool  filter = false, privileges = false;
    pid_t process = stopped_worker();
    snprintf(path, sizeof path, "/proc/%ld/status", (long) process);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        filter |= strcmp(line, "Seccomp:\t2\n") == 0;
        privileges |= strcmp(line, "NoNewPrivs:\t1\n") == 0;
    }
    fclose(file);
    assert_int_equal(kill(process, SIGCONT), 0);
    assert_true(filter && privileges);
}

/* ---- live events, results that grow old ---- */

static void test_whoever_asked_hears_of_it(void **state)
{
    (void) state;
    static struct caller listener;
    char                 text_of[300], wanted[100];
    listener = caller;
    listener.session.bytes[0] = 5;
    test_exchange_as(&listener);
    int fd = test_connect(&test);
    snprintf(text_of, sizeof text_of, "GET /api/v1/live HTTP/1.1\r\nHost: %s\r\n\r\n", test.host);
    test_send(fd, text_of);
    bool  closed;
    char *said = test_receive(fd, 1, &closed);
    assert_non_null(strstr(said, ": open"));
    free(said);
    test_exchange_as(&caller);
    const char *path = job(EXPORT);
    snprintf(wanted, sizeof wanted, "{\"type\":\"job\",\"id\":\"%s\",\"version\":1}", strrchr(path, '/') + 1);
    wait_until(path, JOB_DONE);
    said = test_receive(fd, 1.5, &closed);
    assert_non_null(strstr(said, wanted));
    assert_non_null(strstr(said, "\"version\":3}")); /* taken, done */
    free(said);
    test_exchange_as(&another); /* somebody else's are not heard */
    wait_until(job(EXPORT), JOB_DONE);
    test_exchange_as(&caller);
    said = test_receive(fd, 1, &closed);
    assert_null(strstr(said, "\"job\""));
    free(said);
    close(fd);
}

static void test_results_are_kept_for_a_day(void **state)
{
    (void) state;
    char               folder[] = "/tmp/tocsin-results-XXXXXX";
    struct job_results kept;
    struct id          job_id = { { 3 } }, part = { { 4 } };
    int64_t            size, now = instant_now();
    assert_non_null(mkdtemp(folder));
    assert_ok(job_results_open(folder, &kept));
    assert_true(job_results_have_room(&kept));
    int fd = job_result_begin(&kept, &job_id);
    assert_int_equal(write(fd, "four", 4), 4);
    close(fd);
    assert_int_equal(job_result_read(&kept, &job_id, 7, &size), -1); /* not whole yet */
    assert_ok(job_result_keep(&kept, &job_id, 7));
    assert_int_equal(job_result_read(&kept, &job_id, 8, &size), -1); /* under another mark */
    fd = job_result_read(&kept, &job_id, 7, &size);
    assert_true(fd >= 0 && size == 4);
    close(fd);
    assert_int_equal(job_results_tidy(&kept, now + JOB_RESULT_TIME - 60 * INSTANT_SECOND), 0);
    fd = job_result_begin(&kept, &part);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, JOB_RESULTS_MOST_BYTES - 5), 0); /* without blocks */
    assert_true(job_results_have_room(&kept));                      /* one byte below the limit */
    assert_int_equal(ftruncate(fd, JOB_RESULTS_MOST_BYTES - 4), 0);
    assert_false(job_results_have_room(&kept));
    close(fd);
    job_results_close(&kept);
    assert_ok(job_results_open(folder, &kept)); /* what was not whole is gone */
    assert_status(job_result_keep(&kept, &part, 7), BASE_ERR_SYSTEM);
    assert_int_equal(job_results_tidy(&kept, now + JOB_RESULT_TIME + 60 * INSTANT_SECOND), 1);
    assert_int_equal(job_result_read(&kept, &job_id, 7, &size), -1);
    job_results_close(&kept);
    assert_int_equal(rmdir(folder), 0);
}

int main(int argc, char **argv)
{
    if (getenv("TEST_DEADLY_WORKER") != NULL && argc == 4)
        be_deadly(atoi(argv[3]));
    worker_run_if_asked(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_export_is_the_same_file),
        cmocka_unit_test(test_a_spreadsheet),
        cmocka_unit_test(test_no_result_names_anybody),
        cmocka_unit_test(test_it_is_whoever_asked_alone),
        cmocka_unit_test(test_under_the_grants_of_now),
        cmocka_unit_test(test_a_job_runs_under_the_grants_of_its_beginning),
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_as_many_as_may_wait_and_one_more),
        cmocka_unit_test(test_a_repeated_wish_is_one_job),
        cmocka_unit_test(test_cancelling),
        cmocka_unit_test(test_a_killed_worker_is_followed_by_another),
        cmocka_unit_test(test_a_job_that_kills_its_worker_fails),
        cmocka_unit_test(test_whoever_asked_hears_of_it),
        cmocka_unit_test(test_it_goes_on_in_the_next_server),
        cmocka_unit_test(test_it_is_confined),
        cmocka_unit_test(test_results_are_kept_for_a_day),
        cmocka_unit_test(test_filters_of_the_past_are_those_of_the_list),
        cmocka_unit_test(test_a_list_as_of_a_day),
    };
    return cmocka_run_group_tests_name("jobs", tests, start, stop);
}
