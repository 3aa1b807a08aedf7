/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A process that changes the key directory is killed at each of its system calls in turn: the next start finds the keys
 * from before or from after, whole, and clears the rest away. */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/instant.h"
#include "store/keeper_files.h"
#include "support/keeper.h"
#include "support/test.h"

#define NOW (INT64_C(1700000000000000) + INSTANT_DAY)
enum { MOST_CALLS = 400 };

typedef int change(const struct keeper_directory *directory, struct keeper_ring *ring);

static int make_generation(const struct keeper_directory *directory, struct keeper_ring *ring)
{
    return keeper_directory_add(directory, ring, KEEPER_WRAP, NOW, NULL);
}

static int destroy_generation(const struct keeper_directory *directory, struct keeper_ring *ring)
{
    return keeper_directory_destroy(directory, ring, KEEPER_WRAP, 1, NOW, 35, true, NULL);
}

/* The child: stops for its parent at each system call of the change. */
static void do_change(const char *path, change *make)
{
    struct keeper_directory directory;
    struct keeper_ring     *ring = keeper_ring_new();
    if (ring == NULL || keeper_directory_open(path, true, &directory, NULL) != 0 ||
        keeper_directory_load(&directory, ring, NULL) != 0 || ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
        _exit(2);
    raise(SIGSTOP);
    int ret = make(&directory, ring);
    raise(SIGSTOP);
    _exit(ret != 0);
}

/* Run a change and kill it at its n-th stop (entry or exit of a call). Returns false where it came to its end before.
 */
static bool killed_at(const char *path, change *make, int n)
{
    int   status;
    pid_t child = fork();
    if (child == 0)
        do_change(path, make);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
    assert_int_equal(ptrace(PTRACE_SETOPTIONS, child, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL), 0);
    bool done = false;
    for (int stop = 0; stop < n && !done; stop++) {
        assert_int_equal(ptrace(PTRACE_SYSCALL, child, NULL, NULL), 0);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSTOPPED(status));
        done = WSTOPSIG(status) == SIGSTOP; /* the second one: it is through */
    }
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    return !done;
}

/* Does any file of the directory hold these bytes? */
static bool files_hold(const char *path, const uint8_t *bytes, size_t size)
{
    DIR           *list = opendir(path);
    struct dirent *entry;
    bool           found = false;
    assert_non_null(list);
    while ((entry = readdir(list)) != NULL) {
        uint8_t content[4096];
        int     fd = openat(dirfd(list), entry->d_name, O_RDONLY);
        ssize_t got = fd >= 0 ? read(fd, content, sizeof content) : -1;
        found |= got > 0 && memmem(content, (size_t) got, bytes, size) != NULL;
        if (fd >= 0)
            close(fd);
    }
    closedir(list);
    return found;
}

/* A start: clears leftovers away. The ring is the caller's. */
static struct keeper_ring *start(const char *path)
{
    struct keeper_directory directory;
    struct keeper_ring     *ring = keeper_ring_new();
    struct keeper_error     error = { 0 };
    assert_ok(keeper_directory_open(path, true, &directory, NULL));
    if (keeper_directory_load(&directory, ring, &error) != 0)
        fail_msg("%s", error.what);
    keeper_directory_close(&directory);
    return ring;
}

static size_t num_files(const char *path)
{
    DIR   *list = opendir(path);
    size_t num = 0;
    assert_non_null(list);
    while (readdir(list) != NULL)
        num++;
    closedir(list);
    return num - 2;
}

static void test_killed_while_a_generation_is_made(void **state)
{
    (void) state;
    bool before = false, after = false, killed = true;
    for (int n = 1; killed; n += 2) { /* the exit of a call is the entry of the next */
        assert_true(n < MOST_CALLS);
        char               *path = test_key_directory();
        struct keeper_ring *old = start(path);
        killed = killed_at(path, make_generation, n);
        struct keeper_ring *ring = start(path);
        assert_memory_equal(&ring->keys[KEEPER_WRAP][0], &old->keys[KEEPER_WRAP][0], sizeof **old->keys);
        size_t num = ring->num[KEEPER_WRAP];
        assert_true(num == 1 || num == 2);
        before |= num == 1;
        after |= num == 2;
        assert_int_equal(num_files(path), KEEPER_NUM_KINDS + num); /* keys, erasures, no leftover */
        keeper_ring_free(ring);
        keeper_ring_free(old);
        test_remove_directory(path);
    }
    assert_true(before && after); /* the kills lay on both sides of the point where it is made */
}

static void test_killed_while_a_generation_is_destroyed(void **state)
{
    (void) state;
    bool before = false, after = false, killed = true;
    for (int n = 1; killed; n += 2) { /* the exit of a call is the entry of the next */
        assert_true(n < MOST_CALLS);
        char *path = test_key_directory();
        assert_false(killed_at(path, make_generation, MOST_CALLS));
        struct keeper_ring *old = start(path);
        killed = killed_at(path, destroy_generation, n);
        struct keeper_ring *ring = start(path);
        size_t              num = ring->num[KEEPER_WRAP];
        assert_true(num == 1 || num == 2);
        before |= num == 2;
        after |= num == 1;
        assert_memory_equal(&ring->keys[KEEPER_WRAP][num - 1], &old->keys[KEEPER_WRAP][1], sizeof **old->keys);
        /* Half of a key counts: it is there whole or not at all. */
        assert_int_equal(files_hold(path, old->keys[KEEPER_WRAP][0].bytes, 16), num == 2);
        assert_int_equal(num_files(path), KEEPER_NUM_KINDS + num);
        keeper_ring_free(ring);
        keeper_ring_free(old);
        test_remove_directory(path);
    }
    assert_true(before && after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_killed_while_a_generation_is_made),
        cmocka_unit_test(test_killed_while_a_generation_is_destroyed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
