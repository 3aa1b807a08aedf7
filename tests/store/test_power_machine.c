/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The machine whose power can be cut keeps what it must, loses what it may, and does both. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "support/power_vfs.h"
#include "support/test.h"

enum { SEEDS = 60, SIZE = 8192, SECTOR = 512 };

static char folder[64], path[128];

static sqlite3_file *open_path(const char *name)
{
    sqlite3_vfs  *vfs = sqlite3_vfs_find(POWER_VFS);
    sqlite3_file *file = calloc(1, (size_t) vfs->szOsFile);
    int           flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MAIN_DB;
    assert_non_null(file);
    assert_int_equal(vfs->xOpen(vfs, name, file, flags, NULL), SQLITE_OK);
    return file;
}

static void close_file(sqlite3_file *file)
{
    file->pMethods->xClose(file);
    free(file);
}

static sqlite3_file *open_file(void)
{
    return open_path(path);
}

static void fill(sqlite3_file *file, char letter)
{
    char bytes[SIZE];
    memset(bytes, letter, sizeof bytes);
    assert_int_equal(file->pMethods->xWrite(file, bytes, SIZE, 0), SQLITE_OK);
}

/* A file of `a`s that is on the disk with its name. */
static sqlite3_file *make_file(void)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(POWER_VFS);
    vfs->xDelete(vfs, path, 1);
    sqlite3_file *file = open_file();
    fill(file, 'a');
    assert_int_equal(file->pMethods->xSync(file, SQLITE_SYNC_FULL), SQLITE_OK);
    char other[sizeof path + 8];
    snprintf(other, sizeof other, "%s-other", path);
    close_file(open_path(other));
    assert_int_equal(vfs->xDelete(vfs, other, 1), SQLITE_OK); /* syncs the directory */
    return file;
}

/* What the file holds; its size, or -1 if it is absent. */
static long contents(char bytes[2 * SIZE])
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return -1;
    size_t size = fread(bytes, 1, 2 * SIZE, file);
    fclose(file);
    return (long) size;
}

static void restore(uint64_t seed)
{
    assert_int_equal(power_vfs_restore(seed, SECTOR, NULL), 0);
}

static void test_synced_survives(void **state)
{
    (void) state;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        char          bytes[2 * SIZE];
        sqlite3_file *file = make_file();
        fill(file, 'b');
        assert_int_equal(file->pMethods->xSync(file, SQLITE_SYNC_FULL), SQLITE_OK);
        power_vfs_cut();
        assert_int_equal(file->pMethods->xRead(file, bytes, 1, 0), SQLITE_IOERR_READ);
        assert_int_equal(file->pMethods->xWrite(file, "x", 1, 0), SQLITE_IOERR_WRITE);
        close_file(file);
        restore(seed);
        assert_int_equal(contents(bytes), SIZE);
        for (size_t i = 0; i < SIZE; i++)
            assert_int_equal(bytes[i], 'b');
    }
}

/* Two writes without an fsync: each sector has a, b or c; c only over b's time; all of one kind, mixed, and torn
 * between two bytes do occur. */
static void test_unsynced_may_be_lost(void **state)
{
    (void) state;
    unsigned all_a = 0, all_c = 0, mixed = 0, torn = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        char          bytes[2 * SIZE];
        unsigned      count[3] = { 0 };
        sqlite3_file *file = make_file();
        fill(file, 'b');
        fill(file, 'c');
        close_file(file);
        restore(seed);
        assert_int_equal(contents(bytes), SIZE);
        for (size_t i = 0; i < SIZE; i++) {
            assert_in_range(bytes[i], 'a', 'c');
            count[bytes[i] - 'a']++;
            torn += i % SECTOR != 0 && bytes[i] != bytes[i - 1];
        }
        all_a += count[0] == SIZE;
        all_c += count[2] == SIZE;
        mixed += count[0] > 0 && count[0] < SIZE;
    }
    assert_true(all_a > 0 && all_c > 0 && mixed > 0 && torn > 0);
}

/* A write beyond the end: the size is one of both, or of the torn write; a hole reads as zeros. */
static void test_size(void **state)
{
    (void) state;
    unsigned shorter = 0, longer = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        char          bytes[2 * SIZE];
        sqlite3_file *file = make_file();
        assert_int_equal(file->pMethods->xWrite(file, "bb", 2, SIZE + 1000), SQLITE_OK);
        close_file(file);
        restore(seed);
        long size = contents(bytes);
        assert_true(size == SIZE || size == SIZE + 1001 || size == SIZE + 1002);
        for (long i = SIZE; i < size; i++)
            assert_true(bytes[i] == 0 || (i >= SIZE + 1000 && bytes[i] == 'b'));
        shorter += size == SIZE;
        longer += size > SIZE;
    }
    assert_true(shorter > 0 && longer > 0);
}

static void test_truncation(void **state)
{
    (void) state;
    unsigned cut = 0, whole = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        char          bytes[2 * SIZE];
        sqlite3_file *file = make_file();
        assert_int_equal(file->pMethods->xTruncate(file, 100), SQLITE_OK);
        close_file(file);
        restore(seed);
        long size = contents(bytes);
        assert_true(size == 100 || size == SIZE);
        for (long i = 0; i < 100; i++)
            assert_int_equal(bytes[i], 'a');
        cut += size == 100;
        whole += size == SIZE && bytes[SIZE - 1] == 'a';
    }
    assert_true(cut > 0 && whole > 0);
}

/* Linux: after a failed fsync a later one succeeds and carries nothing of before to the disk. What is written again is.
 */
static void test_failed_sync(void **state)
{
    (void) state;
    unsigned lost = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        char              bytes[2 * SIZE];
        struct power_plan plan = POWER_PLAN_NONE;
        sqlite3_file     *file = make_file();
        fill(file, 'b');
        plan.fail_sync_at = 1;
        power_vfs_plan(&plan);
        assert_int_equal(file->pMethods->xSync(file, SQLITE_SYNC_FULL), SQLITE_IOERR_FSYNC);
        assert_int_equal(file->pMethods->xRead(file, bytes, SIZE, 0), SQLITE_OK);
        assert_int_equal(bytes[SIZE - 1], 'b');
        assert_int_equal(file->pMethods->xWrite(file, "cc", 2, 0), SQLITE_OK);
        assert_int_equal(file->pMethods->xSync(file, SQLITE_SYNC_FULL), SQLITE_OK);
        close_file(file);
        restore(seed);
        assert_int_equal(contents(bytes), SIZE);
        assert_memory_equal(bytes, "cc", 2);
        lost += bytes[SIZE - 1] == 'a';
    }
    assert_true(lost > 0);
}

static void test_names(void **state)
{
    (void) state;
    sqlite3_vfs *vfs = sqlite3_vfs_find(POWER_VFS);
    unsigned     removed = 0, back = 0, made = 0, unmade = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        char bytes[2 * SIZE];
        close_file(make_file());
        assert_int_equal(vfs->xDelete(vfs, path, 0), SQLITE_OK);
        restore(seed);
        long size = contents(bytes);
        assert_true(size == -1 || (size == SIZE && bytes[SIZE - 1] == 'a'));
        removed += size == -1;
        back += size == SIZE;

        close_file(make_file());
        assert_int_equal(vfs->xDelete(vfs, path, 1), SQLITE_OK);
        restore(seed);
        assert_int_equal(contents(bytes), -1);

        sqlite3_file *file = open_file();
        fill(file, 'b');
        assert_int_equal(file->pMethods->xSync(file, SQLITE_SYNC_FULL), SQLITE_OK);
        close_file(file);
        restore(seed);
        size = contents(bytes);
        assert_true(size == -1 || (size == SIZE && bytes[SIZE - 1] == 'b'));
        made += size == SIZE;
        unmade += size == -1;
    }
    assert_true(removed > 0 && back > 0 && made > 0 && unmade > 0);
}

/* The power goes at exactly the change that the plan says; a full disk refuses the first byte too many. */
static void test_plan(void **state)
{
    (void) state;
    struct power_plan plan = POWER_PLAN_NONE;
    sqlite3_file     *file = make_file();
    plan.cut_at = 3;
    power_vfs_plan(&plan);
    fill(file, 'b');
    fill(file, 'c');
    assert_false(power_vfs_is_cut());
    assert_int_equal(file->pMethods->xSync(file, SQLITE_SYNC_FULL), SQLITE_IOERR_FSYNC);
    assert_true(power_vfs_is_cut());
    assert_int_equal(power_vfs_restore(1, SECTOR, NULL), -1); /* a file is still open */
    close_file(file);
    restore(1);

    file = make_file();
    plan = (struct power_plan){ .bytes_allowed = 10 };
    power_vfs_plan(&plan);
    fill(file, 'b');
    assert_int_equal(file->pMethods->xWrite(file, "01234567890", 11, SIZE), SQLITE_FULL);
    assert_int_equal(file->pMethods->xWrite(file, "0123456789", 10, SIZE), SQLITE_OK);
    assert_int_equal(file->pMethods->xWrite(file, "0", 1, SIZE + 10), SQLITE_FULL);
    close_file(file);
    restore(1);
}

static int make_machine(void **state)
{
    (void) state;
    snprintf(folder, sizeof folder, "/tmp/tocsin-power-XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/file", folder);
    return power_vfs_start(folder);
}

static int remove_machine(void **state)
{
    (void) state;
    power_vfs_end();
    unlink(path);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_synced_survives),
        cmocka_unit_test(test_unsynced_may_be_lost),
        cmocka_unit_test(test_size),
        cmocka_unit_test(test_truncation),
        cmocka_unit_test(test_failed_sync),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_plan),
    };
    return cmocka_run_group_tests(tests, make_machine, remove_machine);
}
