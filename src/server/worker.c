/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/worker.h"

#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/confine.h"
#include "base/fault.h"
#include "server/worker_wire.h"

extern char **environ;

#define SEND_SECONDS 5
#define WORD "worker"

int worker_start(const char *program, const char *database, struct worker *worker)
{
    int                        ends[2];
    const struct timeval       time = { .tv_sec = SEND_SECONDS };
    const struct worker        none = WORKER_NONE;
    static const struct access nobody;
    struct worker_message      hello = { .word = WORKER_HELLO, .who = nobody };
    if (strlen(database) > WORKER_MOST_TEXT || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return BASE_ERR_SYSTEM;
    pid_t process = fork();
    if (process == 0)
        confine_become(program, WORD, ends[1], environ);
    close(ends[1]);
    *worker = none;
    if (process < 0) {
        close(ends[0]);
        return BASE_ERR_SYSTEM;
    }
    setsockopt(ends[0], SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
    *worker = (struct worker){ .process = process, .socket = ends[0] };
    memcpy(hello.text, database, strlen(database) + 1);
    if (worker_send(ends[0], &hello, -1) == 0)
        return 0;
    worker_end(worker, 0, NULL);
    return BASE_ERR_SYSTEM;
}

void worker_end(struct worker *worker, double seconds, int *status)
{
    const struct timespec pause = { .tv_nsec = 5000000 };
    int                   how = 0;
    if (worker->socket >= 0)
        close(worker->socket);
    worker->socket = -1;
    if (worker->process <= 0)
        return;
    pid_t ended = waitpid(worker->process, &how, WNOHANG);
    for (int i = 0; ended == 0 && i < (int) (seconds * 200); i++) {
        nanosleep(&pause, NULL);
        ended = waitpid(worker->process, &how, WNOHANG);
    }
    if (ended == 0) {
        kill(worker->process, SIGKILL);
        waitpid(worker->process, &how, 0);
    }
    worker->process = -1;
    if (status != NULL)
        *status = how;
}

void worker_run_if_asked(int argc, char **argv)
{
    int socket = confine_asked(argc, argv, WORD);
    if (socket >= 0)
        worker_run(socket);
}
