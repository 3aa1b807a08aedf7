/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A node is made, backed up, restored: what must hold before anybody works with it; on both databases. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/instant.h"
#include "model/records.h"
#include "store/backup.h"
#include "store/restore.h"
#include "support/keeper.h"
#include "support/postgresql.h"
#include "support/test.h"

#define LISTS TESTS_ROOT "/../share/lists"
#define NOW (20000 * INSTANT_DAY)

static char              directory[40], first_url[TEST_POSTGRESQL_URL], second_url[TEST_POSTGRESQL_URL];
static char              keys[64], backups[64], conf[64];
static struct node       node;
static struct fault_list faults;
static struct id         area, last_identity;

static int64_t clock_of_the_test(void *context)
{
    (void) context;
    return NOW;
}

static struct node_options options_of_the_test(void)
{
    return (struct node_options){ .directory = directory, .holder = "a test", .clock = { clock_of_the_test, NULL } };
}

static void assert_node(int status)
{
    fault_list_write(&faults, stderr);
    assert_int_equal(status, 0);
}

static int submit(enum store_verb verb, enum model_record_number kind, void *value)
{
    struct access        who = { .user = node.settings.operator_id, .role = ACCESS_PROGRAM, .everywhere = true };
    struct store_change  change = { .verb = verb, .record = model_record(kind), .value = value };
    struct store_request request = { .verb = "test", .set = { &change, 1 } };
    return store_submit(node.store, &who, &request, NULL, &faults);
}

static int set_up(bool postgresql)
{
    struct node_settings settings = NODE_SETTINGS_INIT;
    struct node_options  options = options_of_the_test();
    struct model_area    county;
    snprintf(directory, sizeof directory, "/tmp/tocsin-restore-XXXXXX");
    assert_non_null(mkdtemp(directory));
    snprintf(keys, sizeof keys, "%s/keys", directory);
    snprintf(conf, sizeof conf, "%s/tocsin.conf", directory);
    snprintf(backups, sizeof backups, "%s/backups", directory);
    assert_int_equal(mkdir(backups, 0700), 0);
    snprintf(first_url, sizeof first_url, "sqlite:%s/tocsin.db", directory);
    snprintf(second_url, sizeof second_url, "sqlite:%s/second.db", directory);
    if (postgresql) {
        test_postgresql_database(first_url);
        test_postgresql_database(second_url);
        assert_in_range(strlen(first_url), 1, sizeof settings.database - 1);
        strcpy(settings.database, first_url);
    }
    faults = (struct fault_list) FAULT_LIST_INIT;
    assert_node(node_make(&options, &settings, LISTS, &node, &faults));
    model_init(model_record(MODEL_AREA), &county);
    area = county.head.id = node_new_id(NOW);
    county.code = (struct model_text){ "540100", 6 };
    county.level = 0;
    assert_node(submit(STORE_CREATE, MODEL_AREA, &county));
    return 0;
}

static int on_sqlite(void **state)
{
    (void) state;
    return set_up(false);
}

static int on_postgresql(void **state)
{
    (void) state;
    return set_up(true);
}

static int tear_down(void **state)
{
    (void) state;
    node_close(&node);
    fault_list_free(&faults);
    test_remove_directory(strdup(keys));
    test_remove_directory(strdup(backups));
    test_remove_directory(strdup(directory));
    return 0;
}

static struct id create_person(void)
{
    struct model_person   person;
    struct model_identity identity;
    model_init(model_record(MODEL_PERSON), &person);
    model_init(model_record(MODEL_IDENTITY), &identity);
    person.head.id = node_new_id(NOW);
    person.area = area;
    identity.head.id = last_identity = node_new_id(NOW);
    identity.person = person.head.id;
    identity.name = (struct model_text){ "次仁", strlen("次仁") };
    assert_node(submit(STORE_CREATE, MODEL_PERSON, &person));
    assert_node(submit(STORE_CREATE, MODEL_IDENTITY, &identity));
    return person.head.id;
}

static void erase(const struct id *id)
{
    struct model_person person;
    model_init(model_record(MODEL_PERSON), &person);
    person.head.id = *id;
    assert_node(submit(STORE_ERASE, MODEL_PERSON, &person));
}

static void make_backup(struct backup *backup)
{
    struct backup_options options = { .directory = backups, .now = NOW };
    struct db_error       error = { .status = 0 };
    struct db            *db;
    assert_ok(db_open(first_url, &(struct db_options){ .read_only = true }, &db, &error));
    assert_ok(backup_make(db, node.keeper, &options, backup, &error));
    db_close(db);
}

static void ignore(void *context, const struct check_finding *finding)
{
    (void) context;
    (void) finding;
}

static int restore_to(const char *url, const char *backup, struct restore_result *result)
{
    struct restore_options options = {
        .backup = backup, .database = url, .node = options_of_the_test(), .check = { .tell = ignore }
    };
    return restore(&options, result, &faults);
}

static int64_t number_in(const char *url, const char *sql)
{
    struct db_error        error = { .status = 0 };
    struct db             *db;
    struct db_statement   *statement;
    const struct db_value *row;
    size_t                 num;
    assert_ok(db_open(url, &(struct db_options){ .read_only = true }, &db, &error));
    assert_ok(db_prepare(db, sql, &statement, &error));
    assert_ok(db_run(statement, NULL, 0, &error));
    assert_int_equal(db_step(statement, &row, &num, &error), 1);
    int64_t number = row[0].integer;
    db_close(db);
    return number;
}

static int64_t list_bytes(void)
{
    char        path[96];
    struct stat status;
    snprintf(path, sizeof path, "%s/erasures", keys);
    assert_int_equal(stat(path, &status), 0);
    return status.st_size;
}

static void test_who_was_erased_since_is_erased_again(void **state)
{
    (void) state;
    struct restore_result result = { .erased_again = 99 };
    struct backup         backup;
    create_person();
    struct id before = create_person(), since = create_person();
    erase(&before);
    make_backup(&backup);
    erase(&since);
    int64_t bytes = list_bytes();
    assert_node(restore_to(second_url, backup.path, &result));
    assert_int_equal(result.erased_again, 1);
    assert_int_equal(result.wrong, 0);
    assert_int_equal(result.erasures_damaged, 0);
    assert_int_equal(number_in(second_url, "SELECT count(*) FROM \"person_key\""), 1);
    assert_int_equal(number_in(second_url, "SELECT count(*) FROM \"identity\" WHERE \"sealed\" IS NOT NULL"), 1);
    assert_int_equal(number_in(first_url, "SELECT count(*) FROM \"person_key\""), 1); /* the node works on */
    assert_in_range(list_bytes(), bytes, bytes + 32); /* nobody is put on the list a third time */
}

static int read_name(const struct id *identity, const char *url)
{
    struct node_options   options = options_of_the_test();
    struct access         who = { .role = ACCESS_PROGRAM, .purpose = ACCESS_DATA_QUALITY, .everywhere = true };
    struct arena          arena = ARENA_INIT;
    struct db_error       error = { .status = 0 };
    struct store_reader  *reader;
    struct model_identity value;
    struct model_set      visible;
    struct node           old;
    options.database = url;
    assert_node(node_open(&options, &old, &faults));
    assert_ok(store_reader_open(old.store, &reader, &error));
    int status = store_read(reader, &who, model_record(MODEL_IDENTITY), identity, STORE_NOW, &arena, &value, &visible);
    arena_wipe(&arena);
    store_reader_close(reader);
    node_close(&old);
    return status;
}

/* After the period: the generation that a backup was made under is gone, and with every key that still exists, and
 * without a list of the erased, nothing of them can be read in it. */
static void test_an_old_backup_cannot_be_read(void **state)
{
    (void) state;
    struct restore_options options = { .database = second_url,
                                       .node = options_of_the_test(),
                                       .check = { .tell = ignore } };
    struct restore_result  result;
    struct backup          backup;
    char                   list[96];
    uint32_t               generation;
    int64_t                rewrapped, failed;
    struct id              person = create_person(), identity = last_identity;
    make_backup(&backup);
    erase(&person);
    assert_ok(keeper_new_generation(node.keeper, KEEPER_WRAP, NOW, &generation, NULL));
    assert_ok(store_rewrap(node.store, NULL, NULL, &rewrapped, &failed));
    snprintf(list, sizeof list, "%s/erasures", keys);
    assert_int_equal(truncate(list, 0), 0);
    options.backup = backup.path;
    options.erasures = "/tmp/tocsin-no-such-list";
    assert_node(restore(&options, &result, &faults));
    assert_int_equal(result.erased_again, 0);
    assert_ok(read_name(&identity, second_url)); /* as long as the generation is there */
    assert_ok(keeper_destroy(node.keeper, KEEPER_WRAP, 1, NOW, true, NULL));
    assert_status(read_name(&identity, second_url), KEEPER_ERR_GENERATION);
    assert_int_equal(result.wrong, 0); /* its audit is whole */
}

static void test_a_database_that_is_not_empty_is_refused(void **state)
{
    (void) state;
    struct restore_result result = { .erased_again = 99 };
    struct backup         backup;
    create_person();
    make_backup(&backup);
    node_close(&node);
    assert_status(restore_to(first_url, backup.path, &result), BASE_ERR_SYSTEM);
    assert_int_equal(result.erased_again, 99);
    assert_int_equal(number_in(first_url, "SELECT count(*) FROM \"person_key\""), 1);
}

static void test_a_backup_that_was_touched_is_refused(void **state)
{
    (void) state;
    struct restore_result result = { .erased_again = 99 };
    struct backup         backup;
    char                  byte;
    create_person();
    make_backup(&backup);
    assert_status(restore_to(second_url, "/tmp/tocsin-no-such-backup", &result), BASE_ERR_SYSTEM);
    int fd = open(backup.path, O_RDWR | O_CLOEXEC);
    assert_int_equal(pread(fd, &byte, 1, (off_t) backup.summary.bytes / 2), 1);
    byte ^= 1;
    assert_int_equal(pwrite(fd, &byte, 1, (off_t) backup.summary.bytes / 2), 1);
    close(fd);
    assert_status(restore_to(second_url, backup.path, &result), BASE_ERR_INPUT);
    assert_int_equal(result.erased_again, 99);
    struct node_options options = options_of_the_test();
    struct node         half;
    options.database = second_url;
    assert_int_not_equal(node_open(&options, &half, &faults), 0); /* what was left half-way is no node */
}

static void test_settings_that_were_lost_find_their_operator(void **state)
{
    (void) state;
    struct node_options options = options_of_the_test();
    struct id           operator_id = node.settings.operator_id;
    options.database = first_url;
    node_close(&node);
    FILE *file = fopen(conf, "we");
    assert_non_null(file);
    fclose(file);
    assert_node(node_open(&options, &node, &faults));
    assert_true(id_equal(&node.settings.operator_id, &operator_id));
}

static void test_a_second_node_in_the_same_place_is_refused(void **state)
{
    (void) state;
    struct node_settings settings = NODE_SETTINGS_INIT;
    struct node_options  options = options_of_the_test();
    struct node          second;
    struct fault_list    refusals = FAULT_LIST_INIT;
    assert_int_not_equal(node_make(&options, &settings, LISTS, &second, &refusals), 0);
    fault_list_free(&refusals);
    node_close(&second);
    assert_int_equal(access(conf, F_OK), 0);
    create_person(); /* the first one works on */
}

#define PROMISES(on)                                                                                                   \
    on(test_who_was_erased_since_is_erased_again) on(test_an_old_backup_cannot_be_read)                                \
        on(test_a_database_that_is_not_empty_is_refused) on(test_a_backup_that_was_touched_is_refused)                 \
            on(test_settings_that_were_lost_find_their_operator) on(test_a_second_node_in_the_same_place_is_refused)
#define ON_SQLITE(name) { "sqlite: " #name, name, on_sqlite, tear_down, NULL },
#define ON_POSTGRESQL(name) { "postgresql: " #name, name, on_postgresql, tear_down, NULL },

int main(void)
{
    const struct CMUnitTest both[] = { PROMISES(ON_SQLITE) PROMISES(ON_POSTGRESQL) };
    size_t                  num = sizeof both / sizeof *both;
    return _cmocka_run_group_tests("restore", both, test_postgresql_installed() ? num : num / 2, NULL, NULL);
}
