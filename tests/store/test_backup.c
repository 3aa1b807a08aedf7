/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Backups: their names, which of them go and which stay, what happens to keys that only old ones need; on both
 * databases. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/audit_receipt.h"
#include "store/backup.h"
#include "support/keeper.h"
#include "support/store.h"
#include "support/test.h"

static struct test_store test;
static char              folder[32];
static struct db        *db;
static struct db_error   error;

static int open_on(bool postgresql)
{
    test_store_open(&test, postgresql);
    snprintf(folder, sizeof folder, "/tmp/tocsin-backup-XXXXXX");
    assert_non_null(mkdtemp(folder));
    assert_ok(db_open(test.url, &(struct db_options){ .read_only = true }, &db, &error));
    return 0;
}

static int on_sqlite(void **state)
{
    (void) state;
    return open_on(false);
}

static int on_postgresql(void **state)
{
    (void) state;
    return open_on(true);
}

static int close_store(void **state)
{
    (void) state;
    db_close(db);
    char *path = strdup(folder);
    test_remove_directory(path);
    test_store_close(&test);
    return 0;
}

#define NOON (20000 * INSTANT_DAY + 12 * 3600 * INSTANT_SECOND) /* 2024-10-04T12:00:00Z */

static void path_in(const char *name, char path[128])
{
    snprintf(path, 128, "%s/%s", folder, name);
}

static bool is_there(const char *name)
{
    char path[128];
    path_in(name, path);
    return access(path, F_OK) == 0;
}

/* A file of the instant's age, as the system sees it. */
static void put(const char *name, int64_t written)
{
    char path[128];
    path_in(name, path);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    const struct timespec times[2] = { { .tv_sec = written / INSTANT_SECOND }, { .tv_sec = written / INSTANT_SECOND } };
    assert_int_equal(futimens(fd, times), 0);
    close(fd);
}

static int make(int64_t now, struct backup *backup)
{
    struct backup_options options = { .directory = folder, .now = now };
    return backup_make(db, test.keeper, &options, backup, &error);
}

static void test_a_backup_has_the_name_of_its_second(void **state)
{
    (void) state;
    struct backup        backup, newest;
    struct audit_receipt receipt;
    char                 path[128], line[AUDIT_RECEIPT_BYTES + 2];
    struct stat          status;
    assert_ok(make(NOON, &backup));
    assert_true(is_there("tocsin-20241004T120000Z.backup"));
    assert_int_equal(stat(backup.path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(status.st_size, (int64_t) backup.summary.bytes);
    assert_false(is_there("tocsin-20241004T120000Z.backup.unfinished"));
    path_in("tocsin-20241004T120000Z.receipt", path);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    fclose(file);
    assert_ok(audit_receipt_from_text(line, strcspn(line, "\n"), &receipt));
    assert_ok(audit_receipt_check(&receipt));
    assert_ok(backup_newest(folder, &newest, &error));
    assert_string_equal(newest.path, backup.path);
    assert_true(newest.at == NOON);
    assert_status(make(NOON + INSTANT_SECOND / 2, &backup), DB_ERR_BUSY); /* the same second */
    assert_true(is_there("tocsin-20241004T120000Z.backup"));
}

static void test_a_directory_without_a_backup(void **state)
{
    (void) state;
    struct backup newest;
    size_t        deleted = 7;
    assert_ok(backup_newest(folder, &newest, &error));
    assert_true(newest.at == INSTANT_MISSING);
    assert_ok(backup_newest("/tmp/tocsin-no-such-folder", &newest, &error));
    assert_true(newest.at == INSTANT_MISSING);
    assert_ok(backup_expire(folder, NOON, 35, &deleted, &error));
    assert_int_equal(deleted, 0);
}

static void test_what_is_too_old_goes(void **state)
{
    (void) state;
    size_t deleted;
    put("tocsin-20240829T120001Z.backup", NOON); /* a second short of 36 days */
    put("tocsin-20240829T120000Z.backup", NOON); /* 36 days */
    put("tocsin-20240829T120000Z.receipt", NOON);
    put("tocsin-20241004T110000Z.backup", NOON);
    put("tocsin-20240101T000000Z.backup.bak", 0); /* of somebody else's making */
    put("tocsin-20241304T110000Z.backup", 0);     /* there is no such month */
    assert_ok(backup_expire(folder, NOON, 36, &deleted, &error));
    assert_int_equal(deleted, 1);
    assert_false(is_there("tocsin-20240829T120000Z.backup") || is_there("tocsin-20240829T120000Z.receipt"));
    assert_true(is_there("tocsin-20240829T120001Z.backup") && is_there("tocsin-20241004T110000Z.backup"));
    assert_true(is_there("tocsin-20240101T000000Z.backup.bak") && is_there("tocsin-20241304T110000Z.backup"));
}

static void test_the_newest_stays_whatever_its_age(void **state)
{
    (void) state;
    size_t deleted;
    put("tocsin-20200101T000000Z.backup", 0);
    put("tocsin-20200102T000000Z.backup", 0);
    assert_ok(backup_expire(folder, NOON, 1, &deleted, &error));
    assert_int_equal(deleted, 1);
    assert_true(is_there("tocsin-20200102T000000Z.backup"));
}

static void test_what_was_never_finished_goes_after_a_day(void **state)
{
    (void) state;
    size_t deleted;
    put("tocsin-20241003T120000Z.backup.unfinished", NOON - INSTANT_DAY - INSTANT_SECOND);
    put("tocsin-20241004T120000Z.backup.unfinished", NOON - INSTANT_DAY); /* may be under way */
    assert_ok(backup_expire(folder, NOON, 35, &deleted, &error));
    assert_int_equal(deleted, 0); /* it was no backup */
    assert_false(is_there("tocsin-20241003T120000Z.backup.unfinished"));
    assert_true(is_there("tocsin-20241004T120000Z.backup.unfinished"));
}

static void test_keys_die_when_unused_and_old(void **state)
{
    (void) state;
    struct people_sample sample;
    uint32_t             generation;
    int64_t              rewrapped, failed, late = test.now + 35 * INSTANT_DAY;
    size_t               destroyed;
    bool                 left;
    assert_ok(test_person_create(&test, &sample));
    assert_ok(backup_keys_left(db, test.keeper, &left, &error));
    assert_false(left); /* there is one generation */
    assert_ok(keeper_new_generation(test.keeper, KEEPER_WRAP, test.now, &generation, NULL));
    assert_ok(backup_keys_left(db, test.keeper, &left, &error));
    assert_true(left);
    assert_ok(backup_destroy_keys(db, test.keeper, late, &destroyed, &error));
    assert_int_equal(destroyed, 0); /* old enough, but the person's key stands under it */
    assert_ok(store_rewrap(test.store, NULL, NULL, &rewrapped, &failed));
    assert_ok(backup_keys_left(db, test.keeper, &left, &error));
    assert_false(left);
    assert_ok(backup_destroy_keys(db, test.keeper, late - INSTANT_DAY, &destroyed, &error));
    assert_int_equal(destroyed, 0); /* unused, but too young */
    assert_ok(backup_destroy_keys(db, test.keeper, late, &destroyed, &error));
    assert_int_equal(destroyed, 1);
    assert_ok(backup_destroy_keys(db, test.keeper, late, &destroyed, &error));
    assert_int_equal(destroyed, 0);
}

static void test_a_backup_is_sent_away(void **state)
{
    (void) state;
    struct backup backup;
    char          command[200];
    struct stat   here, there;
    char          path[128];
    assert_ok(make(NOON, &backup));
    snprintf(command, sizeof command, "cat >%s/\"sent $TOCSIN_BACKUP\"", folder);
    assert_ok(backup_send(&backup, command, &error));
    path_in("sent tocsin-20241004T120000Z.backup", path);
    assert_int_equal(stat(backup.path, &here), 0);
    assert_int_equal(stat(path, &there), 0);
    assert_true(here.st_size == there.st_size);
    assert_status(backup_send(&backup, "cat >/dev/null; exit 3", &error), BASE_ERR_SYSTEM);
    assert_status(backup_send(&backup, "kill -9 $$", &error), BASE_ERR_SYSTEM);
}

#define PROMISES(on)                                                                                                   \
    on(test_a_backup_has_the_name_of_its_second) on(test_a_directory_without_a_backup) on(test_what_is_too_old_goes)   \
        on(test_the_newest_stays_whatever_its_age) on(test_what_was_never_finished_goes_after_a_day)                   \
            on(test_keys_die_when_unused_and_old) on(test_a_backup_is_sent_away)
#define ON_SQLITE(name) { "sqlite: " #name, name, on_sqlite, close_store, NULL },
#define ON_POSTGRESQL(name) { "postgresql: " #name, name, on_postgresql, close_store, NULL },

int main(void)
{
    const struct CMUnitTest both[] = { PROMISES(ON_SQLITE) PROMISES(ON_POSTGRESQL) };
    size_t                  num = sizeof both / sizeof *both;
    return _cmocka_run_group_tests("backup", both, test_postgresql_installed() ? num : num / 2, NULL, NULL);
}
