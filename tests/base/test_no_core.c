/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/no_core.h"
#include "support/test.h"

/* End a child by a signal that leaves a core, in a new folder; did the kernel write one? `raised`: after the child has
 * taken its limit back, which root may (no root: no core). */
static bool leaves_core(bool forbid, bool raised)
{
    char        folder[] = "/tmp/tocsin-test-XXXXXX", command[100];
    const pid_t child = mkdtemp(folder) != NULL ? fork() : -1;
    int         status = 0;
    assert_true(child >= 0);
    if (child == 0) {
        struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };
        if (chdir(folder) != 0 || (forbid && no_core() != 0))
            _exit(1);
        if (raised && setrlimit(RLIMIT_CORE, &limit) != 0)
            _exit(2);
        signal(SIGABRT, SIG_DFL);
        kill(getpid(), SIGABRT);
        _exit(3);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    assert_int_equal(system(command), 0);
    if (!WIFSIGNALED(status))
        fprintf(stderr, "\n*** SKIPPED: only root may raise the limit of cores again ***\n\n");
    return WIFSIGNALED(status) && WCOREDUMP(status);
}

static void test_the_process_is_marked(void **state)
{
    (void) state;
    const pid_t child = fork();
    int         status = 0;
    assert_true(child >= 0);
    if (child == 0) {
        struct rlimit limit = { 1, 1 };
        bool          good = no_core() == 0 && no_core() == 0 && prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 &&
                    getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_cur == 0 && limit.rlim_max == 0;
        _exit(good ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void test_a_crash_leaves_no_core(void **state)
{
    (void) state;
    assert_false(leaves_core(true, false));
}

static void test_nor_where_the_limit_is_raised_again(void **state)
{
    (void) state;
    assert_false(leaves_core(true, true));
}

/* Else the tests above would show nothing. */
static void test_without_it_there_is_a_core(void **state)
{
    (void) state;
    if (!leaves_core(false, true))
        fprintf(stderr, "\n*** SKIPPED: this machine writes no cores at all ***\n\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_process_is_marked),
        cmocka_unit_test(test_a_crash_leaves_no_core),
        cmocka_unit_test(test_nor_where_the_limit_is_raised_again),
        cmocka_unit_test(test_without_it_there_is_a_core),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
