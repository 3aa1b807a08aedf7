/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "crash.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "workload.h"

/* In the child, of many threads: calls that are safe there alone. */
static void crash(const char *folder) __attribute__((noreturn));
static void crash(const char *folder)
{
    struct rlimit limit;
    if (chdir(folder) != 0 || getrlimit(RLIMIT_CORE, &limit) != 0)
        _exit(1);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_CORE, &limit);
    limit.rlim_cur = limit.rlim_max = RLIM_INFINITY; /* root may */
    setrlimit(RLIMIT_CORE, &limit);
    signal(SIGABRT, SIG_DFL);
    kill(getpid(), SIGABRT);
    _exit(2);
}

static void remove_folder(const char *folder)
{
    DIR           *directory = opendir(folder);
    struct dirent *entry;
    while (directory != NULL && (entry = readdir(directory)) != NULL)
        unlinkat(dirfd(directory), entry->d_name, 0);
    if (directory != NULL)
        closedir(directory);
    rmdir(folder);
}

bool crash_leaves_core(const char *directory, bool keep)
{
    char folder[4096];
    int  status = 0;
    if (snprintf(folder, sizeof folder, "%s/crash-XXXXXX", directory) >= (int) sizeof folder || mkdtemp(folder) == NULL)
        workload_fail("a folder for a crash", -1);
    const pid_t child = fork();
    if (child == 0)
        crash(folder);
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFSIGNALED(status))
        workload_fail("a crash", status);
    if (!keep)
        remove_folder(folder);
    return WCOREDUMP(status);
}
