/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A database of the release before, with data, is opened by this one, on both databases.
 *
 * No release is out yet: the one before is made here, as today's tables without a table, a column and two indexes, and
 * the way from it is what `./dev migration` writes. With the first release its own files take that place. */
#include <stdio.h>
#include <stdlib.h>

#include "model/records.h"
#include "store/account.h"
#include "store/check.h"
#include "store/migration.h"
#include "store/node.h"
#include "store/schema.h"
#include "support/database.h"
#include "support/store.h"
#include "support/test.h"
#include "upgrade_list.h"

enum { PERSONS = 6 };

static struct test_store    test;
static struct people_sample samples[PERSONS];
static struct id            user;
static struct account_hash  session;
static char                *records; /* today's migration */

static const char before[] = "-- the release before\n";

/* What that release had not. */
static const char without[] = "DROP INDEX \"person_merged_into\"; ALTER TABLE \"person\" DROP COLUMN \"merged_into\"; "
                              "DROP INDEX \"cases_by_updated\"; DROP TABLE \"account_subject\"; "
                              "DROP TABLE schema_version";
static bool       is_new(const struct db_table *table, const char *column)
{
    return strcmp(table->name, "account_subject") == 0 ||
           (column != NULL && strcmp(table->name, "person") == 0 && strcmp(column, "merged_into") == 0);
}

static struct db *open_database(void)
{
    struct db_error error = { .status = 0 };
    struct db      *db;
    assert_ok(db_open(test.url, &(struct db_options){ .create = false }, &db, &error));
    return db;
}

/* Every row of every table that the release before had, as one text. */
static char *contents(void)
{
    size_t                        num, used = 0;
    const struct db_table *const *tables = schema_tables(&num);
    struct db                    *db = open_database();
    char                         *all = calloc(1, 1 << 24);
    for (size_t i = 0; i < num; i++) {
        const struct db_table *table = tables[i];
        char                   sql[8000] = "SELECT 1";
        size_t                 length = strlen(sql);
        if (is_new(table, NULL))
            continue;
        for (size_t c = 0; c < table->num_columns; c++)
            if (!is_new(table, table->columns[c].name))
                length += (size_t) snprintf(sql + length, sizeof sql - length, ",\"%s\"", table->columns[c].name);
        length += (size_t) snprintf(sql + length, sizeof sql - length, " FROM \"%s\" ORDER BY 2", table->name);
        for (size_t c = 1; c < table->num_key; c++)
            length += (size_t) snprintf(sql + length, sizeof sql - length, ",%zu", c + 2);
        assert_true(length < sizeof sql);
        char *rows = test_database_ask(db, sql, NULL, 0);
        used += (size_t) snprintf(all + used, (1 << 24) - used, "%s: %s\n", table->name, rows);
        assert_true(used < 1 << 24);
        free(rows);
    }
    db_close(db);
    return all;
}

static void tell(void *context, const struct check_finding *finding)
{
    (void) context;
    if (finding->wrong > 0)
        fail_msg("%s: %lld of %lld", finding->what, (long long) finding->wrong, (long long) finding->looked);
}

static void check(void)
{
    struct db_error            error = { .status = 0 };
    struct db                 *db;
    const struct check_options options = { .tell = tell, .keeper = test.keeper, .county_depth = 1 };
    int64_t                    wrong = -1;
    assert_ok(db_open(test.url, &(struct db_options){ .read_only = true }, &db, &error));
    assert_ok(store_check(db, &options, &wrong, &error));
    assert_int_equal(wrong, 0);
    db_close(db);
}

/* ---- the release before ---- */

static struct model_text text(const char *bytes)
{
    return (struct model_text){ bytes, strlen(bytes) };
}

/* Persons with identities and cases, and somebody who is signed in. */
static void fill(void)
{
    struct access          who = test_program();
    struct model_user      value;
    struct store_change    change = { .verb = STORE_CREATE, .record = model_record(MODEL_USER), .value = &value };
    struct store_request   request = { .verb = "create", .set = { &change, 1 } };
    struct account_session begun = {
        .created = test.now, .used = test.now, .ends = test.now + INSTANT_DAY, .factor = INSTANT_MISSING
    };
    for (size_t i = 0; i < PERSONS; i++)
        assert_ok(test_person_create(&test, &samples[i]));
    model_init(change.record, &value);
    user = value.head.id = node_new_id(test.now);
    value.login = text("dolma");
    assert_ok(store_submit(test.store, &who, &request, NULL, NULL));
    assert_ok(account_set_password(test.store, &who, &user, "a hash of a password", NULL));
    session = begun.hash = account_hash("session", "secret", 6);
    begun.id = node_new_id(test.now);
    begun.user = user;
    assert_ok(account_begin_session(test.store, &who, &begun, NULL, NULL, NULL));
}

static void close_store(void)
{
    store_reader_close(test.reader);
    store_close(test.store);
    test.reader = NULL;
    test.store = NULL;
}

static void take_away(struct db *db, int64_t *fence)
{
    assert_db(db_take_lease(db, "test", 1, fence, &said));
    assert_db(db_begin(db, DB_WRITE, &said));
    assert_db(db_execute(db, without, &said));
    assert_db(db_commit(db, &said));
}

/* What `./dev migration` writes of the difference: it looks at an empty SQLite database. */
static char *draft_way(void)
{
    const struct migration        today = { 1, "records", records };
    char                          folder[] = "/tmp/tocsin-upgrade-XXXXXX", url[80], command[80];
    struct db_error               error = { .status = 0 };
    struct sink                   draft, by_hand;
    struct db                    *db;
    size_t                        num;
    int64_t                       fence;
    const struct db_table *const *tables = schema_tables(&num);
    assert_non_null(mkdtemp(folder));
    snprintf(url, sizeof url, "sqlite:%s/t.db", folder);
    assert_ok(db_open(url, &(struct db_options){ .create = true }, &db, &error));
    assert_db(db_take_lease(db, "test", 1, &fence, &said));
    assert_db(migration_apply(db, &today, 1, fence, 1, &said));
    take_away(db, &fence);
    sink_init_memory(&draft);
    sink_init_memory(&by_hand);
    assert_db(migration_draft(db, tables, num, &draft, &by_hand, &said));
    db_close(db);
    assert_int_equal(by_hand.used, 0);
    sink_character(&draft, '\0');
    assert_non_null(strstr(draft.bytes, "ADD COLUMN \"merged_into\""));
    assert_non_null(strstr(draft.bytes, "CREATE TABLE \"account_subject\""));
    assert_non_null(strstr(draft.bytes, "-- online"));
    sink_free(&by_hand);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    assert_int_equal(system(command), 0);
    return draft.bytes;
}

/* Make the open store's database one of the release before; the store is closed. Returns the way to today's. */
static char *go_back(void)
{
    static const struct migration list = { 1, "records", before };
    int64_t                       fence;
    close_store();
    struct db *db = open_database();
    take_away(db, &fence);
    assert_db(migration_mark(db, &list, 1, fence, 1, &said));
    db_close(db);
    return draft_way();
}

/* ---- and this one ---- */

static void assert_today_s_tables(void)
{
    size_t                        num;
    const struct db_table *const *tables = schema_tables(&num);
    struct db                    *db = open_database();
    char                         *made, *wanted;
    assert_db(migration_read(db, &made, &said));
    assert_ok(migration_lines(db, tables, num, &wanted));
    assert_string_equal(made, wanted);
    test_database_answers(db, "SELECT number, whole FROM schema_version ORDER BY number", "1 1;2 1;");
    free(made);
    free(wanted);
    db_close(db);
}

static void assert_it_works(void)
{
    struct arena           arena = ARENA_INIT;
    struct access          who = test_program();
    struct account_session found;
    struct account_link    link = { .hash = account_hash("link", "x", 1),
                                    .kind = ACCOUNT_LINK_INVITE,
                                    .user = user,
                                    .created = test.now,
                                    .ends = test.now + INSTANT_DAY };
    struct account_hash    subject = account_hash("subject", "s", 1);
    struct account_user    bound;
    struct people_sample   one;
    for (size_t i = 0; i < PERSONS; i++) { /* who they are is opened with keys of then */
        struct model_identity read;
        struct model_set      visible;
        assert_ok(store_read(test.reader, &who, model_record(MODEL_IDENTITY), &samples[i].identity.head.id, STORE_NOW,
                             &arena, &read, &visible));
        assert_int_equal(read.name.size, samples[i].identity.name.size);
        assert_memory_equal(read.name.bytes, samples[i].identity.name.bytes, read.name.size);
    }
    assert_ok(account_session(test.reader, &session, &found));
    assert_true(id_equal(&found.user, &user));
    assert_ok(test_person_create(&test, &one));
    assert_ok(account_make_link(test.store, &who, &link)); /* the new table */
    assert_ok(account_bind_subject(test.store, &who, &link, &subject, test.now));
    assert_ok(account_user_by_subject(test.reader, &subject, &bound));
    assert_true(id_equal(&bound.id, &user));
    struct model_person  merged = { .head = { .id = samples[0].person.head.id },
                                    .merged_into = samples[1].person.head.id }; /* the new column */
    struct store_change  change = { .verb = STORE_CHANGE, .record = model_record(MODEL_PERSON), .value = &merged };
    struct store_request request = { .verb = "change", .set = { &change, 1 } };
    model_set_add(&change.given, model_person_merged_into);
    assert_ok(store_submit(test.store, &who, &request, NULL, NULL));
    arena_wipe(&arena);
}

static void test_the_release_before_with_data(void **state)
{
    (void) state;
    fill();
    check();
    char *then = contents();
    assert_non_null(strstr(then, "\nsession: "));
    assert_true(strlen(then) > 20000); /* so much is there */
    char *way = go_back();
    upgrade_list(before, way);
    test_store_reopen(&test);
    close_store();
    assert_today_s_tables();
    char *now = contents();
    assert_string_equal(now, then);
    check();
    test_store_reopen(&test);
    assert_it_works();
    check();
    free(then);
    free(now);
    free(way);
}

/* Whoever goes back to the release before is told so, and nothing is touched. */
static void test_back_again(void **state)
{
    (void) state;
    struct db_error error = { .status = 0 };
    struct store   *store = NULL;
    fill();
    char *way = go_back();
    upgrade_list(before, way);
    test_store_reopen(&test);
    close_store();
    char *then = contents();
    upgrade_list(before, NULL);
    assert_int_equal(store_open(&test.options, &store, &error), DB_ERR_NEWER);
    assert_non_null(strstr(error.what, "newer Tocsin"));
    char *now = contents();
    assert_string_equal(now, then);
    upgrade_list(before, way);
    test_store_reopen(&test);
    free(then);
    free(now);
    free(way);
}

/* Cut short behind the tables, before the indexes: the next start makes the rest. */
static void test_a_power_cut_meanwhile(void **state)
{
    (void) state;
    fill();
    char *then = contents();
    char *way = go_back();
    upgrade_list(before, way);
    test_store_reopen(&test);
    close_store();
    struct db *db = open_database();
    assert_db(db_begin(db, DB_WRITE, &said));
    assert_db(
        db_execute(db, "DROP INDEX \"cases_by_updated\"; UPDATE schema_version SET whole = 0 WHERE number = 2", &said));
    assert_db(db_commit(db, &said));
    db_close(db);
    test_store_reopen(&test);
    close_store();
    assert_today_s_tables();
    char *now = contents();
    assert_string_equal(now, then);
    test_store_reopen(&test);
    free(then);
    free(now);
    free(way);
}

static int begin_on(bool postgresql)
{
    upgrade_list(records, NULL);
    test_store_open(&test, postgresql);
    return 0;
}

static int on_sqlite(void **state)
{
    (void) state;
    return begin_on(false);
}

static int on_postgresql(void **state)
{
    (void) state;
    return begin_on(true);
}

static int end(void **state)
{
    (void) state;
    test_store_close(&test);
    return 0;
}

#define PROMISES(on) on(test_the_release_before_with_data) on(test_back_again) on(test_a_power_cut_meanwhile)
#define ON_SQLITE(name) { "sqlite: " #name, name, on_sqlite, end, NULL },
#define ON_POSTGRESQL(name) { "postgresql: " #name, name, on_postgresql, end, NULL },

int main(void)
{
    const struct CMUnitTest both[] = { PROMISES(ON_SQLITE) PROMISES(ON_POSTGRESQL) };
    size_t                  num = sizeof both / sizeof *both;
    FILE                   *file = fopen(TESTS_ROOT "/../src/store/migrations/0001-records.sql", "r");
    records = calloc(1, 1 << 20);
    if (file == NULL || records == NULL || fread(records, 1, (1 << 20) - 1, file) == 0)
        return 1;
    fclose(file);
    int failed = _cmocka_run_group_tests("upgrade", both, test_postgresql_installed() ? num : num / 2, NULL, NULL);
    free(records);
    return failed;
}
