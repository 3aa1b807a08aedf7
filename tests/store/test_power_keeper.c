/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The directory of the node keys through a power cut at each change of a file: a generation that is made, one that is
 * destroyed, persons put on the list of the erased. The calls that change files are replaced here: a journal
 * (support/power_journal.h) notes what each replaces, and the process that makes the change is killed when the power
 * goes. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/instant.h"
#include "store/keeper_wire.h"
#include "support/keeper.h"
#include "support/power_journal.h"
#include "support/property.h"
#include "support/test.h"

#define NOW (INT64_C(1700000000000000) + INSTANT_DAY)
enum { JOURNAL_BYTES = 1 << 20, MOST_CHANGES = 60, TRIES = 6 };

static struct power_journal *journal; /* shared with the process that makes the change */
static bool                  watched; /* in that process alone */
static char                 *folder;

/* ---- the calls ---- */

static void lock(void)
{
    power_journal_lock(journal);
}

/* A change is made; the power may go with it. */
static void count(void)
{
    bool on = power_journal_count(journal);
    power_journal_unlock(journal);
    if (!on)
        kill(getpid(), SIGKILL);
}

static const char *path_of(const char *name, char path[POWER_PATH])
{
    snprintf(path, POWER_PATH, "%s/%s", folder, name);
    return path;
}

static bool is_file(int fd, struct stat *status)
{
    return watched && fstat(fd, status) == 0 && S_ISREG(status->st_mode);
}

int openat(int directory, const char *name, int flags, ...)
{
    char   path[POWER_PATH];
    mode_t mode = 0;
    if (flags & O_CREAT) {
        va_list arguments;
        va_start(arguments, flags);
        mode = va_arg(arguments, mode_t);
        va_end(arguments);
    }
    bool makes = watched && (flags & O_CREAT);
    if (makes) {
        lock();
        power_journal_create(journal, path_of(name, path));
    }
    int fd = (int) syscall(SYS_openat, directory, name, flags, mode);
    if (makes)
        count();
    return fd;
}

ssize_t write(int fd, const void *bytes, size_t size)
{
    struct stat status;
    size_t      saved;
    if (!is_file(fd, &status))
        return syscall(SYS_write, fd, bytes, size);
    lock();
    off_t at = (fcntl(fd, F_GETFL) & O_APPEND) ? status.st_size : lseek(fd, 0, SEEK_CUR);
    void *room = power_journal_note(journal, status.st_ino, status.st_size, at, (int64_t) size, &saved);
    if (room != NULL) {
        char name[40];
        snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
        int reader = (int) syscall(SYS_openat, AT_FDCWD, name, O_RDONLY | O_CLOEXEC, 0);
        if (saved > 0 && pread(reader, room, saved, at) != (ssize_t) saved)
            abort();
        close(reader);
        power_journal_keep(journal);
    }
    ssize_t written = syscall(SYS_write, fd, bytes, size);
    count();
    return written;
}

int fsync(int fd)
{
    struct stat status;
    if (!watched || fstat(fd, &status) != 0)
        return (int) syscall(SYS_fsync, fd);
    lock();
    bool on = power_journal_count(journal);
    if (on && S_ISDIR(status.st_mode))
        power_journal_sync_names(journal);
    else if (on)
        power_journal_sync(journal, status.st_ino);
    power_journal_unlock(journal);
    if (!on)
        kill(getpid(), SIGKILL);
    return 0;
}

int renameat2(int from_directory, const char *from, int to_directory, const char *to, unsigned flags)
{
    char old[POWER_PATH], new[POWER_PATH];
    if (watched) {
        lock();
        power_journal_rename(journal, path_of(from, old), path_of(to, new));
    }
    int ret = (int) syscall(SYS_renameat2, from_directory, from, to_directory, to, flags);
    if (watched)
        count();
    return ret;
}

int renameat(int from_directory, const char *from, int to_directory, const char *to)
{
    return renameat2(from_directory, from, to_directory, to, 0);
}

int unlinkat(int directory, const char *name, int flags)
{
    char path[POWER_PATH];
    bool there = watched && faccessat(directory, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
    if (there) {
        lock();
        power_journal_remove(journal, path_of(name, path));
    }
    int ret = (int) syscall(SYS_unlinkat, directory, name, flags);
    if (there)
        count();
    return ret;
}

/* ---- changes ---- */

typedef int change(const struct keeper_directory *directory, struct keeper_ring *ring);

static int make_generation(const struct keeper_directory *directory, struct keeper_ring *ring)
{
    return keeper_directory_add(directory, ring, KEEPER_WRAP, NOW, NULL);
}

static int destroy_generation(const struct keeper_directory *directory, struct keeper_ring *ring)
{
    return keeper_directory_destroy(directory, ring, KEEPER_WRAP, 1, NOW, 35, true, NULL);
}

static struct keeper_erasure erasure(unsigned number)
{
    return (struct keeper_erasure){ .person = { { 1, (uint8_t) number } }, .at = NOW };
}

/* Three persons, one after the other; each that is on the disk is told to the parent by `acknowledged`. */
static unsigned *acknowledged;

static int erase_three(const struct keeper_directory *directory, struct keeper_ring *ring)
{
    static uint8_t        result[WIRE_MAX_BYTES];
    struct keeper_service service = { .ring = ring };
    int                   ret = keeper_directory_erasures(directory, &service.erasures, NULL);
    for (unsigned i = 0; i < 3 && ret == 0; i++) {
        struct keeper_erasure one = erasure(i);
        struct wire_request request = { .magic = WIRE_MAGIC, .operation = WIRE_ERASE, .count = 1, .size = sizeof one };
        struct wire_answer  answer = { .status = -1 };
        ret = keeper_answer(&service, &request, (uint8_t *) &one, &answer, result);
        if (ret == 0)
            ret = answer.status;
        *acknowledged += ret == 0;
    }
    return ret;
}

/* Make the change with the power going at its n-th step, and the machine start again. false: it came to its end. */
static bool cut_at(change *make, unsigned n, struct test_random *random, struct power_loss *loss)
{
    int status;
    power_journal_set_plan(journal, &(struct power_plan){ .cut_at = n, .bytes_allowed = -1 }, 1);
    pid_t child = fork();
    if (child == 0) {
        struct keeper_directory directory;
        struct keeper_ring     *ring = keeper_ring_new();
        if (ring == NULL || keeper_directory_open(folder, true, &directory, NULL) != 0 ||
            keeper_directory_load(&directory, ring, NULL) != 0)
            _exit(2);
        watched = true;
        _exit(make(&directory, ring) != 0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    bool cut = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    assert_true(cut || status == 0);
    if (!cut)
        power_journal_cut(journal);
    assert_int_equal(power_restore(journal, folder, test_between(random, 0, SIZE_MAX / 2), 512, loss), 0);
    return cut;
}

static void begin(void)
{
    char trash[POWER_PATH];
    folder = test_key_directory();
    snprintf(trash, sizeof trash, "%s.trash", folder);
    assert_int_equal(mkdir(trash, 0700), 0);
    memset(journal, 0, power_journal_size(JOURNAL_BYTES));
    power_journal_init(journal, JOURNAL_BYTES, 0, trash);
    *acknowledged = 0;
}

static void end(void)
{
    char command[POWER_PATH + 20];
    snprintf(command, sizeof command, "rm -rf %s %s.trash", folder, folder);
    assert_int_equal(system(command), 0);
    free(folder);
}

/* The next start: clears leftovers away. Its keys are whole or it fails. */
static struct keeper_ring *start(void)
{
    struct keeper_directory directory;
    struct keeper_ring     *ring = keeper_ring_new();
    struct keeper_error     error = { 0 };
    assert_ok(keeper_directory_open(folder, true, &directory, NULL));
    if (keeper_directory_load(&directory, ring, &error) != 0)
        fail_msg("%s", error.what);
    keeper_directory_close(&directory);
    return ring;
}

static void try_generations(change *make, size_t num_before)
{
    struct test_random random = { .seed = 20261122 };
    struct power_loss  loss;
    unsigned           before = 0, after = 0, n = 1;
    for (bool cut = true; cut; n++) {
        assert_true(n < MOST_CHANGES);
        for (unsigned i = 0; i < TRIES; i++) {
            begin();
            if (num_before == 2)
                assert_false(cut_at(make_generation, 0, &random, &loss));
            struct keeper_ring *old = start();
            cut = cut_at(make, n, &random, &loss);
            struct keeper_ring *ring = start();
            size_t              num = ring->num[KEEPER_WRAP];
            size_t              wanted = num_before == 1 ? 2 : 1; /* afterwards */
            assert_true(num == num_before || num == wanted);
            assert_true(cut || num == wanted); /* done means on the disk */
            const struct keeper_key *kept =
                num_before == 1 ? &ring->keys[KEEPER_WRAP][0] : &ring->keys[KEEPER_WRAP][num - 1];
            assert_memory_equal(kept, &old->keys[KEEPER_WRAP][num_before - 1], sizeof *kept);
            before += num == num_before;
            after += num == wanted;
            keeper_ring_free(old);
            keeper_ring_free(ring);
            end();
        }
    }
    print_message("# %s: power cuts at %u changes, %u times as before and %u times as after\n",
                  num_before == 1 ? "a generation is made" : "a generation is destroyed", n - 2, before, after);
    assert_true(before > 0 && after > 0);
}

static void test_a_generation_is_made(void **state)
{
    (void) state;
    try_generations(make_generation, 1);
}

static void test_a_generation_is_destroyed(void **state)
{
    (void) state;
    try_generations(destroy_generation, 2);
}

/* Who was acknowledged is on the list; what the power left of others counts as damaged or is there whole. */
static void test_persons_are_put_on_the_list(void **state)
{
    (void) state;
    struct test_random random = { .seed = 20261122 };
    struct power_loss  loss;
    unsigned           n = 1, damaged_times = 0;
    for (bool cut = true; cut; n++) {
        assert_true(n < MOST_CHANGES);
        for (unsigned i = 0; i < TRIES; i++) {
            begin();
            cut = cut_at(erase_three, n, &random, &loss);
            struct keeper        *keeper = test_keeper(folder);
            struct keeper_erasure page[8];
            uint64_t              position = 0, damaged = 0;
            size_t                num;
            assert_ok(keeper_erasures(keeper, &position, page, 8, &num, &damaged, NULL));
            assert_true(num >= *acknowledged && num <= 3);
            for (unsigned p = 0; p < num; p++) {
                struct keeper_erasure one = erasure(p);
                assert_memory_equal(&page[p].person, &one.person, sizeof one.person);
            }
            assert_true(num + damaged <= 3);
            damaged_times += damaged > 0;
            struct keeper_erasure next = erasure(9); /* the list goes on */
            assert_ok(keeper_erase(keeper, &next, 1, NULL));
            position = damaged = 0;
            size_t again;
            assert_ok(keeper_erasures(keeper, &position, page, 8, &again, &damaged, NULL));
            assert_int_equal(again, num + 1);
            keeper_stop(keeper);
            end();
        }
    }
    print_message("# persons on the list: power cuts at %u changes, %u times with a record that was never finished\n",
                  n - 2, damaged_times);
}

static int make_journal(void **state)
{
    (void) state;
    size_t size = power_journal_size(JOURNAL_BYTES);
    journal = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    acknowledged = mmap(NULL, sizeof *acknowledged, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return journal == MAP_FAILED || acknowledged == MAP_FAILED ? -1 : 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_generation_is_made),
        cmocka_unit_test(test_a_generation_is_destroyed),
        cmocka_unit_test(test_persons_are_put_on_the_list),
    };
    return cmocka_run_group_tests(tests, make_journal, NULL);
}
