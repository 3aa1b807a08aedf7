/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a request that decides finds of what the requests before it, of the same group, have not written yet: on both
 * databases. Each test puts its requests into the queue while the writer is held, so that they are one group. */
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>

#include "store/foresee.h"
#include "store/meant_person.h"
#include "store/rows_by.h"
#include "support/store.h"
#include "support/test.h"

enum { MOST = 8 };

static struct test_store test;
static bool              foresees; /* what is looked up is told before the group begins */

struct sent {
    struct store_request request;
    struct store_change  change; /* of a request that changes one record */
    int                  status;
    sem_t                done;
};

/* The requests of one group, in order; the first one holds the writer. */
struct line {
    struct sent sent[MOST];
    size_t      num;
    sem_t       go;
    int64_t     groups; /* before */
};

static struct model_text text(const char *bytes)
{
    return (struct model_text){ bytes, strlen(bytes) };
}

static void on_done(void *context, int status, const struct store_receipt *receipt)
{
    struct sent *sent = context;
    (void) receipt;
    sent->status = status;
    sem_post(&sent->done);
}

static void send(struct line *line, const struct store_request *request)
{
    struct access who = test_program();
    struct sent  *sent = &line->sent[line->num++];
    assert_true(line->num <= MOST);
    sent->request = *request;
    assert_int_equal(sem_init(&sent->done, 0, 0), 0);
    assert_ok(store_submit_later(test.store, &who, &sent->request, on_done, sent, NULL));
}

static int hold(void *context, struct store_reader *reader, struct arena *arena, struct store_change_set *set,
                struct fault_list *faults)
{
    (void) reader;
    (void) arena;
    (void) faults;
    set->num_changes = 0;
    while (sem_wait(context) != 0)
        ;
    return 0;
}

static void begin(struct line *line)
{
    struct store_state state;
    *line = (struct line){ .num = 0 };
    store_watch(test.store, &state);
    line->groups = state.groups;
    assert_int_equal(sem_init(&line->go, 0, 0), 0);
    send(line, &(struct store_request){ .verb = "hold", .decide = hold, .context = &line->go });
}

static void end(struct line *line)
{
    struct store_state state;
    sem_post(&line->go);
    for (size_t i = 0; i < line->num; i++) {
        while (sem_wait(&line->sent[i].done) != 0)
            ;
        if (line->sent[i].status != 0)
            fail_msg("request %zu: status %d", i, line->sent[i].status);
        sem_destroy(&line->sent[i].done);
    }
    sem_destroy(&line->go);
    store_watch(test.store, &state);
    assert_true(state.groups <= line->groups + 2); /* the one that held may have come alone */
}

static void alter(struct line *line, enum store_verb verb, enum model_record_number code, void *value, size_t field)
{
    struct store_change *change = &line->sent[line->num].change;
    *change = (struct store_change){ .verb = verb, .record = model_record(code), .value = value };
    if (verb == STORE_CHANGE)
        model_set_add(&change->given, field);
    send(line, &(struct store_request){ .verb = "alter", .set = { change, 1 } });
}

/* ---- rows by what they hold ---- */

struct look {
    const char       *field; /* of a case */
    struct model_text key;
    size_t            expected;
};

static int look_rows(void *context, struct store_reader *reader, struct arena *arena, struct store_change_set *set,
                     struct fault_list *faults)
{
    const struct look *look = context;
    void              *rows;
    size_t             num = 0;
    (void) faults;
    set->num_changes = 0;
    int ret = store_rows_by(reader, model_record(MODEL_CASE), look->field, &look->key, 1, 10, arena, &rows, &num);
    return ret != 0 ? ret : num == look->expected ? 0 : BASE_ERR_INPUT;
}

static void foresee_rows(void *context, struct store_foresight *foresight)
{
    const struct look *look = context;
    store_foresee_rows(foresight, model_record(MODEL_CASE), look->field, &look->key, 1);
}

static void look(struct line *line, struct look *what)
{
    const struct store_request request = {
        .verb = "look", .decide = look_rows, .context = what, .foresee = foresees ? foresee_rows : NULL
    };
    send(line, &request);
}

static void test_rows_are_found_as_they_will_be(void **state)
{
    (void) state;
    struct people_sample sample;
    struct store_change  changes[3];
    struct model_case    milder;
    struct line          line;
    test_person_set(&test, &sample, changes); /* whom the group is to create */
    struct model_text person = { (const char *) sample.person.head.id.bytes, ID_BYTES };
    struct look       by_person = { "person", person, 1 }, gone = { "person", person, 0 };
    struct look       severe = { "severity", text("critical"), 1 }, no_more = { "severity", text("critical"), 0 };
    begin(&line);
    sample.illness.severity = text("critical");
    send(&line, &(struct store_request){ .verb = "create", .set = { changes, 3 } });
    look(&line, &by_person);
    look(&line, &severe); /* written by now */
    model_init(model_record(MODEL_CASE), &milder);
    milder.head.id = sample.illness.head.id;
    milder.severity = text("mild");
    alter(&line, STORE_CHANGE, MODEL_CASE, &milder, model_case_severity);
    look(&line, &no_more);
    alter(&line, STORE_ERASE, MODEL_CASE, &milder, 0);
    look(&line, &gone);
    end(&line);
}

/* ---- people ---- */

struct search {
    struct meant_tokens tokens;
    size_t              expected;
    struct id           stands_for; /* the first one; missing: not looked at */
};

static int look_persons(void *context, struct store_reader *reader, struct arena *arena, struct store_change_set *set,
                        struct fault_list *faults)
{
    const struct search *search = context;
    struct meant_person *persons = NULL;
    size_t               num = 0;
    (void) faults;
    set->num_changes = 0;
    int ret = store_meant_persons(reader, &search->tokens, arena, &persons, &num);
    if (ret == 0 && num > 0 && !id_is_missing(&search->stands_for) &&
        !id_equal(&persons[0].stands_for, &search->stands_for))
        return BASE_ERR_INPUT;
    return ret != 0 ? ret : num == search->expected ? 0 : BASE_ERR_INPUT;
}

static void foresee_persons(void *context, struct store_foresight *foresight)
{
    const struct search *search = context;
    store_foresee_persons(foresight, &search->tokens);
}

static void search(struct line *line, struct search *what)
{
    const struct store_request request = {
        .verb = "search", .decide = look_persons, .context = what, .foresee = foresees ? foresee_persons : NULL
    };
    send(line, &request);
}

/* Who has this name, and lives where the sample does. */
static struct search by_name(const struct people_sample *sample, struct model_text name, size_t expected,
                             struct arena *arena)
{
    struct search         made = { .expected = expected };
    struct model_identity identity;
    model_init(model_record(MODEL_IDENTITY), &identity);
    identity.name = name;
    assert_ok(store_meant_tokens(test.store, &identity, &sample->person.area, 1, arena, &made.tokens));
    assert_true(made.tokens.num > 0);
    return made;
}

static void test_people_are_found_as_they_will_be(void **state)
{
    (void) state;
    struct arena          arena = ARENA_INIT;
    struct people_sample  sample, other;
    struct store_change   changes[3], others[3];
    struct model_identity renamed;
    struct model_person   merged;
    struct line           line;
    test_person_set(&test, &sample, changes);
    sample.identity.name_latin = (struct model_text){ NULL, 0 };
    struct search before = by_name(&sample, sample.identity.name, 0, &arena), found = before, gone = before;
    struct search anew = by_name(&sample, text("Pema Unheardof"), 1, &arena), into = anew;
    found.expected = 1;
    begin(&line);
    search(&line, &before);
    send(&line, &(struct store_request){ .verb = "create", .set = { changes, 3 } });
    search(&line, &found);
    model_init(model_record(MODEL_IDENTITY), &renamed);
    renamed.head.id = sample.identity.head.id;
    renamed.name = text("Pema Unheardof");
    alter(&line, STORE_CHANGE, MODEL_IDENTITY, &renamed, model_identity_name);
    search(&line, &gone);
    search(&line, &anew);
    end(&line);

    begin(&line);
    test_person_set(&test, &other, others);
    send(&line, &(struct store_request){ .verb = "create", .set = { others, 3 } });
    model_init(model_record(MODEL_PERSON), &merged);
    merged.head.id = sample.person.head.id;
    merged.merged_into = other.person.head.id;
    into.stands_for = other.person.head.id;
    alter(&line, STORE_CHANGE, MODEL_PERSON, &merged, model_person_merged_into);
    search(&line, &into);
    end(&line);
    arena_wipe(&arena);
}

/* Somebody's move to another county alters by what they are found. */
static void test_people_who_move_are_found_where_they_come_to(void **state)
{
    (void) state;
    struct arena         arena = ARENA_INIT;
    struct people_sample sample;
    struct model_person  moved;
    struct line          line;
    assert_ok(test_person_create(&test, &sample));
    struct search here = by_name(&sample, sample.identity.name, 0, &arena);
    sample.person.area = test.areas[TEST_OTHER];
    struct search there = by_name(&sample, sample.identity.name, 1, &arena);
    begin(&line);
    model_init(model_record(MODEL_PERSON), &moved);
    moved.head.id = sample.person.head.id;
    moved.area = test.areas[TEST_OTHER];
    alter(&line, STORE_CHANGE, MODEL_PERSON, &moved, model_person_area);
    search(&line, &there);
    search(&line, &here);
    end(&line);
    arena_wipe(&arena);
}

/* ---- the same where the look-ups are foreseen: what was absent then is there now ---- */

static void foreseen(void (*promise)(void **state), void **state)
{
    foresees = true;
    promise(state);
    foresees = false;
}

static void test_rows_that_were_foreseen(void **state)
{
    foreseen(test_rows_are_found_as_they_will_be, state);
}

static void test_people_who_were_foreseen(void **state)
{
    foreseen(test_people_are_found_as_they_will_be, state);
}

static void test_moves_that_were_foreseen(void **state)
{
    foreseen(test_people_who_move_are_found_where_they_come_to, state);
}

/* ---- beside work of the store's own, which writes to tables itself ---- */

static void *make_tokens(void *context)
{
    int64_t remade = 0, failed = 0;
    (void) context;
    return (void *) (intptr_t) (store_tokens(test.store, NULL, NULL, &remade, &failed) == 0 && remade == 1);
}

static void lose_tokens(void)
{
    struct db        *db;
    struct db_options options = { .read_only = false };
    assert_ok(db_open(test.url, &options, &db, NULL));
    assert_ok(db_execute(db, "DELETE FROM search_token", NULL));
    db_close(db);
}

static void test_tokens_that_were_made_meanwhile(void **state)
{
    (void) state;
    struct arena         arena = ARENA_INIT;
    struct people_sample sample;
    struct store_state   now = { .waiting = 0 };
    struct line          line;
    pthread_t            thread;
    void                *made;
    assert_ok(test_person_create(&test, &sample));
    struct search here = by_name(&sample, sample.identity.name, 1, &arena);
    lose_tokens();
    begin(&line);
    for (store_watch(test.store, &now); now.waiting > 0; store_watch(test.store, &now))
        sched_yield(); /* the writer is held */
    assert_int_equal(pthread_create(&thread, NULL, make_tokens, NULL), 0);
    for (; now.waiting == 0; store_watch(test.store, &now))
        sched_yield(); /* the work waits */
    for (int i = 0; i < 2; i++)
        send(
            &line,
            &(struct store_request){
                .verb = "search", .decide = look_persons, .context = &here, .foresee = foresee_persons, .bulk = true });
    end(&line);
    pthread_join(thread, &made);
    assert_true(made != NULL);
    arena_wipe(&arena);
}

#define PROMISES(on)                                                                                                   \
    on(test_rows_are_found_as_they_will_be) on(test_people_are_found_as_they_will_be)                                  \
        on(test_people_who_move_are_found_where_they_come_to) on(test_rows_that_were_foreseen)                         \
            on(test_people_who_were_foreseen) on(test_moves_that_were_foreseen)                                        \
                on(test_tokens_that_were_made_meanwhile)
#define ON_SQLITE(name) { "sqlite: " #name, name, test_store_on_sqlite, test_store_end, &test },
#define ON_POSTGRESQL(name) { "postgresql: " #name, name, test_store_on_postgresql, test_store_end, &test },

int main(void)
{
    const struct CMUnitTest sqlite[] = { PROMISES(ON_SQLITE) };
    const struct CMUnitTest both[] = { PROMISES(ON_SQLITE) PROMISES(ON_POSTGRESQL) };
    if (!test_postgresql_installed())
        return _cmocka_run_group_tests("group_pending", sqlite, sizeof sqlite / sizeof *sqlite, NULL, NULL);
    return _cmocka_run_group_tests("group_pending", both, sizeof both / sizeof *both, NULL, NULL);
}
