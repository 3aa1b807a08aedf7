/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/no_core.h"

#define OPTION "--serve-fd"

void confine_become(const char *program, const char *word, int file, char *const *environment)
{
    char               number[16], name[] = "tocsin", command[24], option[] = OPTION;
    char *const        arguments[] = { name, command, option, number, NULL };
    static char *const none[] = { NULL };
    snprintf(number, sizeof number, "%d", file);
    snprintf(command, sizeof command, "%s", word);
    if (fcntl(file, F_SETFD, 0) == 0)
        execve(program, arguments, environment != NULL ? environment : none);
    _exit(127);
}

int confine_asked(int argc, char **argv, const char *word)
{
    if (argc != 4 || strcmp(argv[1], word) != 0 || strcmp(argv[2], OPTION) != 0)
        return -1;
    int file = atoi(argv[3]);
    return file >= 3 ? file : -1;
}

int confine_files(int *file)
{
    int nothing = open("/dev/null", O_RDWR);
    if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 || dup2(nothing, STDOUT_FILENO) < 0)
        return -1;
    if (*file != 3) {
        if (dup2(*file, 3) < 0)
            return -1;
        *file = 3;
    }
    return close_range(4, ~0U, 0);
}

static int limit(__rlimit_resource_t what, uint64_t most)
{
    struct rlimit now;
    if (most == CONFINE_AS_IT_IS)
        return 0;
    if (getrlimit(what, &now) != 0)
        return -1;
    if (now.rlim_max < most)
        most = now.rlim_max;
    return setrlimit(what, &(struct rlimit){ .rlim_cur = most, .rlim_max = most });
}

int confine_limits(const struct confine_limits *limits)
{
    if (!CONFINE_SANITIZED && limit(RLIMIT_DATA, limits->memory) != 0)
        return -1;
    return limit(RLIMIT_FSIZE, limits->file_bytes) != 0 || limit(RLIMIT_CPU, limits->seconds) != 0 ||
                   limit(RLIMIT_NOFILE, limits->files) != 0
               ? -1
               : 0;
}

int confine_to_memory(void)
{
    static const int calls[] = {
        SCMP_SYS(brk),
        SCMP_SYS(mmap),
        SCMP_SYS(munmap),
        SCMP_SYS(mremap),
        SCMP_SYS(mprotect),
        SCMP_SYS(madvise),
        SCMP_SYS(futex),
        SCMP_SYS(write),
        SCMP_SYS(clock_gettime),
        SCMP_SYS(exit_group),
        SCMP_SYS(getrandom),
        SCMP_SYS(rt_sigreturn),
#if CONFINE_SANITIZED
        SCMP_SYS(sigaltstack),
#endif
    };
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || no_core() != 0)
        return -1;
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    int             ret = filter != NULL ? 0 : -ENOMEM;
    for (size_t i = 0; i < sizeof calls / sizeof *calls && ret == 0; i++)
        ret = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
    return ret == 0 && seccomp_load(filter) == 0 ? 0 : -1; /* the filter itself stays until the process ends */
}
