/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/keeper.h"

#include <dirent.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/keeper_files.h"
#include "support/test.h"

char *test_key_directory(void)
{
    const char         *folder = getenv("TMPDIR");
    char                path[256];
    struct keeper_error error = { 0 };
    assert_true(sodium_init() >= 0);
    snprintf(path, sizeof path, "%s/tocsin-keys-XXXXXX", folder != NULL ? folder : "/tmp");
    assert_non_null(mkdtemp(path)); /* an empty directory, which is allowed */
    struct keeper_ring *ring = keeper_ring_new();
    assert_non_null(ring);
    assert_ok(keeper_ring_fresh(ring, INT64_C(1700000000000000), &error));
    assert_ok(keeper_directory_make(path, ring, NULL, 0, &error));
    keeper_ring_free(ring);
    return strdup(path);
}

void test_remove_directory(char *path)
{
    DIR           *list = opendir(path);
    struct dirent *entry;
    assert_non_null(list);
    while ((entry = readdir(list)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            assert_int_equal(unlinkat(dirfd(list), entry->d_name, 0), 0);
    closedir(list);
    assert_int_equal(rmdir(path), 0);
    free(path);
}

struct keeper *test_keeper(const char *directory)
{
    struct keeper      *keeper = NULL;
    struct keeper_error error = { 0 };
    if (keeper_start(&(struct keeper_options){ .directory = directory }, &keeper, &error) != 0)
        fail_msg("the keeper does not start: %s", error.what);
    return keeper;
}
