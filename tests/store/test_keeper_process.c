/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The keeper as a process: what it can do, what it cannot, how it ends, and that its parent never holds a node key.
 *
 * usage: test_store_keeper_process TOCSIN: the tests run against that program, and against this one, forked.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/instant.h"
#include "store/keeper_internal.h"
#include "support/keeper.h"
#include "support/test.h"

/* The address sanitizer leaves mlock out. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED true
#endif
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif

static char       *directory;
static const char *program; /* NULL: forked */
static const char *tocsin;

static int begin(void **state)
{
    program = *state != NULL ? tocsin : NULL;
    directory = test_key_directory();
    return 0;
}

static int end(void **state)
{
    (void) state;
    test_remove_directory(directory);
    return 0;
}

static struct keeper *start(void)
{
    struct keeper      *keeper = NULL;
    struct keeper_error error = { 0 };
    if (keeper_start(&(struct keeper_options){ .directory = directory, .program = program }, &keeper, &error) != 0)
        fail_msg("the keeper does not start: %s", error.what);
    return keeper;
}

static int wrap_one(struct keeper *keeper, struct keeper_error *error)
{
    struct keeper_wrapped wrapped;
    struct seal_key       key = { { 1 } };
    return keeper_wrap(keeper, &(struct id){ { 1 } }, &key, 1, &wrapped, error);
}

/* ---- what the system says of it ---- */

/* The value of a line of /proc/PID/status. */
static long status_of(pid_t process, const char *name)
{
    char path[64], line[256];
    long value = -1;
    snprintf(path, sizeof path, "/proc/%d/status", (int) process);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ':')
            value = strtol(line + strlen(name) + 1, NULL, 10);
    fclose(file);
    return value;
}

static void test_it_is_confined(void **state)
{
    (void) state;
    struct keeper       *keeper = start();
    struct keeper_counts counts;
    char                 path[64], line[256];
    pid_t                process = keeper_process(keeper);
    int                  num_files = 0;
    assert_int_equal(status_of(process, "Seccomp"), 2);
    assert_int_equal(status_of(process, "NoNewPrivs"), 1);
    assert_int_equal(status_of(process, "Threads"), 1);
    snprintf(path, sizeof path, "/proc/%d/limits", (int) process);
    FILE *limits = fopen(path, "r");
    assert_non_null(limits);
    while (fgets(line, sizeof line, limits) != NULL)
        if (strncmp(line, "Max core file size", 18) == 0)
            assert_int_equal(strtol(line + 18, NULL, 10), 0);
    fclose(limits);
    /* Standard streams, socket, erasure list, directory. */
    snprintf(path, sizeof path, "/proc/%d/fd", (int) process);
    DIR *files = opendir(path);
    assert_non_null(files);
    while (readdir(files) != NULL)
        num_files++;
    closedir(files);
    assert_int_equal(num_files - 2, 6);
    assert_ok(keeper_count(keeper, &counts, NULL));
    if (counts.locked && !SANITIZED)
        assert_true(status_of(process, "VmLck") >= 1024);
    keeper_stop(keeper);
}

/* In a confined child: 0 where `action` survived, else the signal that ended it. */
static int confined(void (*action)(int other))
{
    int status, ends[2], other = open("/dev/null", O_RDWR);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    pid_t child = fork();
    if (child == 0) {
        if (keeper_harden(NULL) != 0 || keeper_confine(ends[0], ends[1], ends[1], NULL) != 0)
            _exit(1);
        action(other);
        syscall(SYS_exit_group, 0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    close(ends[0]);
    close(ends[1]);
    close(other);
    return WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

static void do_nothing(int other)
{
    (void) other;
}

static void do_open(int other)
{
    (void) other;
    open("/etc/passwd", O_RDONLY);
}

static void do_create(int other)
{
    (void) other;
    open("/tmp/tocsin-never-made", O_WRONLY | O_CREAT, 0600);
}

static void do_write_elsewhere(int other)
{
    ssize_t ignored = write(other, "x", 1);
    (void) ignored;
}

static void do_read_elsewhere(int other)
{
    char    byte;
    ssize_t ignored = read(other, &byte, 1);
    (void) ignored;
}

static void do_socket(int other)
{
    (void) other;
    socket(AF_INET, SOCK_STREAM, 0);
}

static void do_fork(int other)
{
    (void) other;
    fork();
}

static void do_exec(int other)
{
    (void) other;
    execl("/bin/true", "true", (char *) NULL);
}

static void test_what_it_cannot_do(void **state)
{
    (void) state;
    assert_int_equal(confined(do_nothing), 0);
    assert_int_equal(confined(do_open), SIGSYS);
    assert_int_equal(confined(do_create), SIGSYS);
    assert_int_equal(confined(do_write_elsewhere), SIGSYS);
    assert_int_equal(confined(do_read_elsewhere), SIGSYS);
    assert_int_equal(confined(do_socket), SIGSYS);
    assert_int_equal(confined(do_fork), SIGSYS);
    assert_int_equal(confined(do_exec), SIGSYS);
    assert_int_not_equal(access("/tmp/tocsin-never-made", F_OK), 0);
}

/* ---- how it ends ---- */

static void test_a_killed_keeper(void **state)
{
    (void) state;
    struct keeper      *keeper = start();
    struct keeper_error error;
    pid_t               first = keeper_process(keeper);
    assert_ok(wrap_one(keeper, NULL));
    assert_int_equal(kill(first, SIGKILL), 0);
    assert_status(wrap_one(keeper, &error), KEEPER_ERR_LOST);
    assert_string_equal(error.what,
                        "the keeper process has ended; identities cannot be read or written until it is started again");
    assert_status(wrap_one(keeper, &error), KEEPER_ERR_LOST); /* and stays so */
    assert_ok(keeper_restart(keeper, NULL));
    assert_ok(wrap_one(keeper, NULL));
    assert_int_not_equal(keeper_process(keeper), first);
    assert_int_equal(kill(first, 0), -1); /* waited for */
    keeper_stop(keeper);
}

/* As a node starts it: whoever finds it dead starts the next one, and not many of them in a row. */
static void test_a_killed_keeper_is_followed_by_another(void **state)
{
    (void) state;
    struct keeper        *keeper = NULL;
    struct keeper_error   error;
    struct keeper_options options = { .directory = directory, .program = program, .restarts = true };
    assert_ok(keeper_start(&options, &keeper, &error));
    pid_t first = keeper_process(keeper);
    assert_int_equal(kill(first, SIGKILL), 0);
    assert_ok(wrap_one(keeper, &error));
    assert_int_not_equal(keeper_process(keeper), first);
    assert_int_equal(kill(keeper_process(keeper), SIGKILL), 0);
    assert_status(wrap_one(keeper, &error), KEEPER_ERR_LOST); /* the second death within the pause */
    nanosleep(&(struct timespec){ .tv_nsec = (long) (KEEPER_RESTART_SECONDS * 1e9) }, NULL);
    assert_ok(wrap_one(keeper, &error));
    keeper_stop(keeper);
}

static void test_signals_to_the_group_do_not_end_it(void **state)
{
    (void) state;
    static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
    struct keeper   *keeper = start();
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        assert_int_equal(kill(keeper_process(keeper), signals[i]), 0);
    assert_ok(wrap_one(keeper, NULL));
    keeper_stop(keeper);
}

static void test_it_ends_with_its_parent(void **state)
{
    (void) state;
    int   pipe_ends[2];
    pid_t keeper_of_child = 0;
    assert_int_equal(pipe(pipe_ends), 0);
    pid_t child = fork();
    if (child == 0) {
        keeper_of_child = keeper_process(start());
        _exit(write(pipe_ends[1], &keeper_of_child, sizeof keeper_of_child) != sizeof keeper_of_child);
    }
    assert_int_equal(read(pipe_ends[0], &keeper_of_child, sizeof keeper_of_child), sizeof keeper_of_child);
    waitpid(child, NULL, 0);
    char path[64], line[64] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", (int) keeper_of_child);
    for (int i = 0; i < 200; i++) { /* gone, or a zombie that nobody waits for */
        FILE *file = fopen(path, "r");
        if (file == NULL || fgets(line, sizeof line, file) == NULL || strstr(line, ") Z ") != NULL)
            line[0] = '\0';
        if (file != NULL)
            fclose(file);
        if (line[0] == '\0')
            break;
        nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
    }
    assert_string_equal(line, "");
    close(pipe_ends[0]);
    close(pipe_ends[1]);
}

/* A stopped process does not hang its callers for ever. */
static void test_a_keeper_that_does_not_answer(void **state)
{
    (void) state;
    struct keeper        *keeper = NULL;
    struct keeper_error   error;
    struct keeper_options options = { .directory = directory, .program = program, .timeout_seconds = 0.2 };
    int                   ret = keeper_start(&options, &keeper, &error);
    assert_int_equal(ret, 0);
    assert_int_equal(kill(keeper_process(keeper), SIGSTOP), 0);
    assert_status(wrap_one(keeper, &error), KEEPER_ERR_LOST);
    assert_string_equal(error.what, "the keeper did not answer within 0.2 seconds");
    assert_ok(keeper_restart(keeper, NULL)); /* kills it */
    assert_ok(wrap_one(keeper, NULL));
    keeper_stop(keeper);
}

static void test_a_program_that_is_not_there(void **state)
{
    (void) state;
    struct keeper      *keeper = NULL;
    struct keeper_error error;
    assert_status(keeper_start(&(struct keeper_options){ .directory = directory, .program = "/nonexistent/tocsin" },
                               &keeper, &error),
                  KEEPER_ERR_LOST);
    assert_string_equal(error.what, "the keeper did not start: /nonexistent/tocsin");
    assert_null(keeper);
}

/* ---- frames ---- */

/* Send bytes, then see how the keeper ends. */
static int exit_after(const void *bytes, size_t size)
{
    struct keeper *keeper = start();
    int            status;
    assert_int_equal(send(keeper->socket, bytes, size, MSG_NOSIGNAL), size);
    assert_int_equal(waitpid(keeper->process, &status, 0), keeper->process);
    keeper->process = -1;
    keeper_stop(keeper);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_malformed_requests_end_it(void **state)
{
    (void) state;
    const struct wire_request good = { .magic = WIRE_MAGIC, .operation = WIRE_COUNT };
    struct wire_request       bad[] = { good, good, good, good, good, good, good, good };
    bad[0].magic++; /* of another version */
    bad[1].operation = WIRE_NUM_OPERATIONS;
    bad[2].operation = WIRE_HELLO; /* a second time */
    bad[3].size = WIRE_MAX_BYTES + 1;
    bad[4].count = KEEPER_BATCH + 1;
    bad[5].operation = WIRE_WRAP; /* no elements */
    bad[6].operation = WIRE_UNWRAP;
    bad[6].count = 1;
    bad[6].size = sizeof(struct keeper_wrapped) - 1;
    bad[7].count = 1;                                                      /* of an operation without elements */
    int saved = dup(STDERR_FILENO), nothing = open("/dev/null", O_WRONLY); /* it ends loudly */
    dup2(nothing, STDERR_FILENO);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(exit_after(&bad[i], sizeof bad[i]), KEEPER_EXIT_MALFORMED);
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(nothing);
}

/* ---- what the parent holds ---- */

/* Does `process` hold these bytes anywhere in its memory? */
static bool memory_holds(pid_t process, const uint8_t *bytes, size_t size)
{
    enum { PIECE = 1 << 20 };
    static uint8_t piece[PIECE];
    char           path[64], line[512];
    bool           found = false;
    snprintf(path, sizeof path, "/proc/%d/mem", (int) process);
    int memory = open(path, O_RDONLY);
    snprintf(path, sizeof path, "/proc/%d/maps", (int) process);
    FILE *maps = fopen(path, "r");
    if (memory < 0 || maps == NULL)
        _exit(3);
    while (!found && fgets(line, sizeof line, maps) != NULL) {
        unsigned long from, to;
        char          mode[5];
        if (sscanf(line, "%lx-%lx %4s", &from, &to, mode) != 3 || mode[0] != 'r')
            continue;
        if (to - from > 1UL << 32) /* the shadow memory of a sanitizer */
            continue;
        for (unsigned long at = from; at < to && !found; at += PIECE - 64) {
            ssize_t got = pread(memory, piece, to - at < PIECE ? to - at : PIECE, (off_t) at);
            found = got > 0 && memmem(piece, (size_t) got, bytes, size) != NULL;
        }
    }
    fclose(maps);
    close(memory);
    return found;
}

/* In a process of its own, so that the key files are never read by the one that is looked at: bit 0 = a node key was
 * found in the parent, bit 1 = the canary was, bit 2 = node keys were found in the keeper. */
static int scan(pid_t parent, pid_t keeper, const struct seal_key *canary)
{
    static const char *const names[] = { "gen-0001", "token-0001", "sign-0001", "hash-0001" };
    int                      found = memory_holds(parent, canary->bytes, 16) ? 2 : 0, in_keeper = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char    path[400];
        uint8_t file[KEEPER_FILE_BYTES];
        snprintf(path, sizeof path, "%s/%s", directory, names[i]);
        int fd = open(path, O_RDONLY);
        if (fd < 0 || read(fd, file, sizeof file) != sizeof file)
            _exit(3);
        close(fd);
        /* Half of a key is enough to count. */
        if (memory_holds(parent, file + 32, 16) || memory_holds(parent, file + 48, 16))
            found |= 1;
        in_keeper += memory_holds(keeper, file + 32, 32);
    }
    return found | (in_keeper == (int) (sizeof names / sizeof *names) ? 4 : 0);
}

static void test_the_parent_never_holds_a_node_key(void **state)
{
    (void) state;
    if (geteuid() != 0)
        skip(); /* a process that must not be dumped is looked at by root alone */
    /* Make the keys in another process: this one must never have seen them. */
    test_remove_directory(directory);
    char  path[200];
    int   ends[2], status;
    pid_t maker;
    assert_int_equal(pipe(ends), 0);
    if ((maker = fork()) == 0) {
        char *made = test_key_directory();
        _exit(write(ends[1], made, strlen(made) + 1) < 0);
    }
    assert_true(read(ends[0], path, sizeof path) > 0);
    waitpid(maker, NULL, 0);
    close(ends[0]);
    close(ends[1]);
    directory = strdup(path);

    struct keeper          *keeper = start();
    struct seal_key        *key = malloc(sizeof *key);
    struct keeper_wrapped   wrapped;
    struct keeper_signature signature;
    struct keeper_token     token;
    uint32_t                number;
    seal_keys_make(key, 1);
    assert_ok(keeper_wrap(keeper, &(struct id){ { 1 } }, key, 1, &wrapped, NULL));
    assert_ok(keeper_unwrap(keeper, KEEPER_SHOW, &wrapped, 1, key, NULL, NULL));
    assert_ok(
        keeper_token(keeper, 0, &(struct keeper_text){ .kind = "name", .bytes = "x", .size = 1 }, 1, &token, NULL));
    assert_ok(keeper_sign(keeper, "head", 4, &signature, NULL));
    assert_ok(keeper_new_generation(keeper, KEEPER_HASH, INT64_C(1800000000000000), &number, NULL));
    pid_t parent = getpid(), scanner = fork();
    if (scanner == 0)
        _exit(scan(parent, keeper_process(keeper), key));
    assert_int_equal(waitpid(scanner, &status, 0), scanner);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 2 | 4); /* the scan finds what is there */
    seal_keys_wipe(key, 1);
    free(key);
    keeper_stop(keeper);
}

/* A person's key does not stay behind in the buffers of a call. */
static void test_calls_leave_no_key_behind(void **state)
{
    (void) state;
    struct keeper        *keeper = start();
    struct seal_key       key, again;
    struct keeper_wrapped wrapped;
    seal_keys_make(&key, 1);
    assert_ok(keeper_wrap(keeper, &(struct id){ { 1 } }, &key, 1, &wrapped, NULL));
    assert_ok(keeper_unwrap(keeper, KEEPER_SHOW, &wrapped, 1, &again, NULL, NULL));
    assert_null(memmem(keeper->payload, WIRE_MAX_BYTES, key.bytes, 8));
    assert_null(memmem(keeper->result, WIRE_MAX_BYTES, key.bytes, 8));
    keeper_stop(keeper);
}

/* Memory of this process that is never swapped. */
static size_t locked_kilobytes(void)
{
    FILE         *file = fopen("/proc/self/status", "re");
    char          line[200];
    unsigned long found = 0;
    while (file != NULL && fgets(line, sizeof line, file) != NULL && sscanf(line, "VmLck: %lu", &found) != 1)
        continue;
    if (file != NULL)
        fclose(file);
    return found;
}

/* Whoever may get a person's key leaves no core, and what the keys pass through is locked. */
static void test_its_parent_leaves_no_core(void **state)
{
    (void) state;
    int   status;
    pid_t parent = fork(); /* a process that has done nothing else */
    if (parent == 0) {
        prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
        size_t         before = locked_kilobytes();
        struct keeper *keeper = start();
        struct rlimit  limit = { 1, 1 };
        bool           good = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 && getrlimit(RLIMIT_CORE, &limit) == 0 &&
                    limit.rlim_cur == 0 && limit.rlim_max == 0;
        good = good && (SANITIZED || locked_kilobytes() >= before + 2 * (WIRE_MAX_BYTES >> 10));
        keeper_stop(keeper);
        _exit(good ? 0 : 1);
    }
    assert_int_equal(waitpid(parent, &status, 0), parent);
    assert_int_equal(status, 0);
}

int main(int argc, char **argv)
{
#define FORKED(name) cmocka_unit_test_setup_teardown(test_##name, begin, end)
#define EXECUTED(name)                                                                                                 \
    {                                                                                                                  \
        "test_" #name "_of_the_program", test_##name, begin, end, argv                                                 \
    }
    const struct CMUnitTest tests[] = {
        FORKED(it_is_confined),
        EXECUTED(it_is_confined),
        FORKED(what_it_cannot_do),
        FORKED(a_killed_keeper),
        EXECUTED(a_killed_keeper),
        EXECUTED(a_killed_keeper_is_followed_by_another),
        FORKED(signals_to_the_group_do_not_end_it),
        EXECUTED(signals_to_the_group_do_not_end_it),
        FORKED(it_ends_with_its_parent),
        EXECUTED(it_ends_with_its_parent),
        FORKED(a_keeper_that_does_not_answer),
        FORKED(a_program_that_is_not_there),
        FORKED(malformed_requests_end_it),
        EXECUTED(malformed_requests_end_it),
        FORKED(the_parent_never_holds_a_node_key),
        EXECUTED(the_parent_never_holds_a_node_key),
        FORKED(calls_leave_no_key_behind),
        FORKED(its_parent_leaves_no_core),
    };
    if (argc != 2)
        return 2;
    tocsin = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
