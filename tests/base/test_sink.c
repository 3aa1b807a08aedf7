/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/sink.h"
#include "support/test.h"

static char folder[] = "/tmp/tocsin-sink.XXXXXX";

static int make_folder(void **state)
{
    (void) state;
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void) state;
    return rmdir(folder); /* fails where a test left a file behind */
}

static const char *in_folder(const char *name)
{
    static char path[200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void assert_file(const char *path, const char *expected)
{
    char  text[100] = "";
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    assert_string_equal(text, expected);
}

/* Until sink_finish whoever reads sees the old file; then the new one, with the old one's rights. */
static void test_a_file_is_replaced_whole(void **state)
{
    (void) state;
    struct sink sink;
    struct stat status;
    const char *path = in_folder("out.csv");
    assert_ok(sink_open(&sink, path));
    sink_text(&sink, "old");
    assert_int_equal(access(path, F_OK), -1);
    assert_ok(sink_finish(&sink));
    assert_int_equal(chmod(path, 0640), 0);

    assert_ok(sink_open(&sink, path));
    sink_text(&sink, "new");
    sink_flush(&sink);
    assert_file(path, "old");
    assert_ok(sink_finish(&sink));
    assert_file(path, "new");
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0640);
    unlink(path);
}

static void test_giving_up_leaves_the_old_file(void **state)
{
    (void) state;
    struct sink sink;
    const char *path = in_folder("out.csv");
    assert_ok(sink_open(&sink, path));
    sink_text(&sink, "old");
    assert_ok(sink_finish(&sink));
    assert_ok(sink_open(&sink, path));
    sink_text(&sink, "new");
    sink_free(&sink);
    assert_file(path, "old");
    unlink(path);
}

static void test_a_signal_finds_the_temporaries(void **state)
{
    (void) state;
    struct sink sink;
    struct stat status;
    assert_ok(sink_open(&sink, in_folder("out.csv")));
    assert_int_equal(stat(sink.temporary, &status), 0);
    sink_remove_temporaries();
    assert_int_equal(stat(sink.temporary, &status), -1);
    sink_free(&sink);
}

/* A full disk is told once, at the end, whatever was written after it. */
static void test_failures_are_remembered(void **state)
{
    (void) state;
    struct sink sink;
    assert_ok(sink_open(&sink, "/dev/full"));
    for (int i = 0; i < 100000; i++)
        sink_text(&sink, "a line\n");
    assert_status(sink_finish(&sink), BASE_ERR_SYSTEM);
    assert_int_equal(sink.failure, ENOSPC);

    assert_status(sink_open(&sink, in_folder("none/out.csv")), BASE_ERR_SYSTEM);
    assert_int_equal(sink.failure, ENOENT);
}

static void test_memory_grows(void **state)
{
    (void) state;
    struct sink sink;
    sink_init_memory(&sink);
    for (int i = 0; i < 10000; i++)
        sink_text(&sink, "0123456789");
    assert_int_equal(sink.used, 100000);
    assert_ok(sink_finish(&sink));
    assert_memory_equal(sink.bytes + 99990, "0123456789", 10);
    sink_free(&sink);
    sink_free(&sink);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_file_is_replaced_whole),
        cmocka_unit_test(test_giving_up_leaves_the_old_file),
        cmocka_unit_test(test_a_signal_finds_the_temporaries),
        cmocka_unit_test(test_failures_are_remembered),
        cmocka_unit_test(test_memory_grows),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
