/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parent's side of the keeper: starting, ending, round trips. */
#include "store/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/confine.h"
#include "base/fault.h"
#include "base/memory.h"
#include "base/no_core.h"
#include "store/keeper_internal.h"
#include "tocsin/status.h"

#define TIMEOUT_SECONDS 10.0
#define END_SECONDS 2.0 /* so long may the process take to end by itself */

/* ---- the socket ---- */

static int send_all(int fd, const void *bytes, size_t size, int flags)
{
    const uint8_t *at = bytes;
    while (size > 0) {
        ssize_t sent = send(fd, at, size, MSG_NOSIGNAL | flags);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return -1;
        at += sent;
        size -= (size_t) sent;
    }
    return 0;
}

static int receive_all(int fd, void *into, size_t size)
{
    uint8_t *at = into;
    while (size > 0) {
        ssize_t got = recv(fd, at, size, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            errno = got == 0 ? 0 : errno;
            return -1;
        }
        at += got;
        size -= (size_t) got;
    }
    return 0;
}

static int fail_ended(struct keeper_error *error)
{
    return keeper_fail(error, KEEPER_ERR_LOST,
                       "the keeper process has ended; identities cannot be read or written until it is started again");
}

/* After this every call fails until a restart: what would come next on this socket is unknown. */
static int lose(struct keeper *keeper, struct keeper_error *error)
{
    int reason = errno;
    close(keeper->socket);
    keeper->socket = -1;
    if (reason == EAGAIN || reason == EWOULDBLOCK)
        return keeper_fail(error, KEEPER_ERR_LOST, "the keeper did not answer within %g seconds",
                           keeper->timeout_seconds);
    return keeper_fail(error, KEEPER_ERR_LOST,
                       "the keeper process has ended; identities cannot be read or written "
                       "until it is started again");
}

static int take_failure(struct keeper *keeper, const struct wire_answer *answer, struct keeper_error *error)
{
    struct wire_failure failure;
    memcpy(&failure, keeper->result, sizeof failure);
    failure.what[sizeof failure.what - 1] = '\0';
    keeper_fail(error, answer->status, "%s", failure.what);
    if (error != NULL) {
        error->where = failure.where == UINT64_MAX ? TOC_NOWHERE : (size_t) failure.where;
        error->wait_seconds = failure.wait_seconds;
    }
    return answer->status;
}

/* Send a request with its payload, receive the answer into result. */
static int exchange(struct keeper *keeper, const struct wire_request *request, const void *payload,
                    struct wire_answer *answer, struct keeper_error *error)
{
    struct wire_answer found;
    if (keeper->socket < 0)
        return fail_ended(error);
    errno = 0;
    if (send_all(keeper->socket, request, sizeof *request, request->size > 0 ? MSG_MORE : 0) != 0 ||
        send_all(keeper->socket, payload, request->size, 0) != 0 ||
        receive_all(keeper->socket, &found, sizeof found) != 0)
        return lose(keeper, error);
    if (found.magic != WIRE_MAGIC || found.size > WIRE_MAX_BYTES || found.count > KEEPER_BATCH ||
        (found.status != 0 && found.size != sizeof(struct wire_failure))) {
        errno = 0;
        return lose(keeper, error);
    }
    if (receive_all(keeper->socket, keeper->result, found.size) != 0)
        return lose(keeper, error);
    if (found.status != 0)
        return take_failure(keeper, &found, error);
    *answer = found;
    return 0;
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double) now.tv_sec + 1e-9 * (double) now.tv_nsec;
}

/* The process has ended, for whatever reason: another one, but not in a circle. */
static bool revive(struct keeper *keeper, struct keeper_error *error)
{
    double now = seconds();
    if (!keeper->restarts || now - keeper->restarted < KEEPER_RESTART_SECONDS)
        return false;
    keeper->restarted = now;
    return keeper_begin(keeper, &keeper->hello, error) == 0;
}

int keeper_round_trip(struct keeper *keeper, const struct wire_request *request, struct wire_answer *answer,
                      struct keeper_error *error)
{
    int ret = exchange(keeper, request, keeper->payload, answer, error);
    for (int again = 0; ret == WIRE_STALE && again < 3; again++) {
        ret = keeper_begin(keeper, &keeper->hello, error);
        if (ret == 0)
            ret = exchange(keeper, request, keeper->payload, answer, error);
    }
    if (ret == KEEPER_ERR_LOST && revive(keeper, error)) /* no operation does harm when it is done twice */
        ret = exchange(keeper, request, keeper->payload, answer, error);
    return ret != WIRE_STALE ? ret : keeper_fail(error, KEEPER_ERR_LOST, "the key directory keeps changing");
}

void keeper_clear(struct keeper *keeper, size_t request_bytes, size_t answer_bytes)
{
    sodium_memzero(keeper->payload, request_bytes);
    sodium_memzero(keeper->result, answer_bytes);
}

/* ---- the process ---- */

/* In the child: become the keeper, by exec or as this image. */
static void become(const char *program, int socket) __attribute__((noreturn));
static void become(const char *program, int socket)
{
    if (program == NULL)
        keeper_run(socket);
    confine_become(program, "keeper", socket, NULL);
}

static void set_timeout(int fd, double seconds)
{
    struct timeval time = { .tv_sec = (time_t) seconds, .tv_usec = (suseconds_t) (1e6 * (seconds - floor(seconds))) };
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
}

static int spawn(struct keeper *keeper, struct keeper_error *error)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return keeper_fail(error, BASE_ERR_SYSTEM, "no socket for the keeper: %s", strerror(errno));
    pid_t process = fork();
    if (process == 0)
        become(keeper->program, ends[1]);
    close(ends[1]);
    if (process < 0) {
        close(ends[0]);
        return keeper_fail(error, BASE_ERR_SYSTEM, "the keeper cannot be started: %s", strerror(errno));
    }
    set_timeout(ends[0], keeper->timeout_seconds);
    keeper->socket = ends[0];
    keeper->process = process;
    return 0;
}

/* Close our end, by which the process ends; kill it where it does not. */
static void end_process(struct keeper *keeper)
{
    if (keeper->socket >= 0)
        close(keeper->socket);
    keeper->socket = -1;
    if (keeper->process <= 0)
        return;
    const struct timespec pause = { .tv_nsec = 1000000 };
    int                   status;
    pid_t                 ended = waitpid(keeper->process, &status, WNOHANG);
    for (int i = 0; ended == 0 && i < (int) (END_SECONDS * 1000); i++) {
        nanosleep(&pause, NULL);
        ended = waitpid(keeper->process, &status, WNOHANG);
    }
    if (ended == 0) {
        kill(keeper->process, SIGKILL);
        waitpid(keeper->process, &status, 0);
    }
    keeper->process = -1;
}

int keeper_begin(struct keeper *keeper, const struct wire_hello *hello, struct keeper_error *error)
{
    struct wire_request request = { .magic = WIRE_MAGIC, .operation = WIRE_HELLO };
    struct wire_answer  answer;
    uint8_t             payload[sizeof *hello + WIRE_MAX_PATH];
    end_process(keeper);
    int ret = spawn(keeper, error);
    if (ret != 0)
        return ret;
    request.size = (uint32_t) (sizeof *hello + hello->path_size);
    memcpy(payload, hello, sizeof *hello);
    memcpy(payload + sizeof *hello, keeper->directory, hello->path_size);
    ret = exchange(keeper, &request, payload, &answer, error);
    if (ret == 0 && answer.size == sizeof(struct wire_ready))
        memcpy(keeper->newest, keeper->result, sizeof keeper->newest);
    else if (ret == KEEPER_ERR_LOST)
        keeper_fail(error, KEEPER_ERR_LOST, "the keeper did not start%s%s", keeper->program != NULL ? ": " : "",
                    keeper->program != NULL ? keeper->program : "");
    return ret;
}

/* ---- starting and ending ---- */

static int fill_hello(const struct keeper_options *options, struct wire_hello *hello, struct keeper_error *error)
{
    static const struct keeper_rate defaults[] = {
#define X(name, word, per_second, burst, meaning) { per_second, burst },
        KEEPER_PURPOSES(X)
#undef X
    };
    size_t length = options->directory != NULL ? strlen(options->directory) : 0;
    if (length == 0 || length > WIRE_MAX_PATH)
        return keeper_fail(error, TOC_ERR_OPTION, "the path of the key directory is missing or too long");
    *hello = (struct wire_hello){ .build = WIRE_BUILD, .task = WIRE_SERVE, .path_size = (uint32_t) length };
    hello->backup_days = options->backup_days > 0 ? options->backup_days : KEEPER_BACKUP_DAYS;
    for (int i = 0; i < KEEPER_NUM_PURPOSES; i++) {
        const struct keeper_rate *rate = &options->rates[i];
        hello->rates[i].per_second = rate->per_second != 0 ? rate->per_second : defaults[i].per_second;
        hello->rates[i].burst = rate->burst != 0 ? rate->burst : defaults[i].burst;
        if (!(hello->rates[i].per_second > 0) || !isfinite(hello->rates[i].per_second) ||
            !(hello->rates[i].burst >= 1) || !isfinite(hello->rates[i].burst))
            return keeper_fail(error, TOC_ERR_OPTION, "a rate needs per_second > 0 and burst >= 1");
    }
    if (!isfinite(hello->backup_days))
        return keeper_fail(error, TOC_ERR_OPTION, "backup_days is not a number of days");
    return 0;
}

static void keeper_free(struct keeper *keeper)
{
    if (keeper == NULL)
        return;
    end_process(keeper);
    pthread_mutex_destroy(&keeper->mutex);
    sodium_free(keeper->payload); /* which clears it */
    sodium_free(keeper->result);
    free(keeper->directory);
    free(keeper->program);
    free(keeper);
}

int keeper_start(const struct keeper_options *options, struct keeper **keeper, struct keeper_error *error)
{
    struct wire_hello hello;
    int               ret = fill_hello(options, &hello, error);
    if (ret != 0)
        return ret;
    if (sodium_init() < 0)
        return keeper_fail(error, BASE_ERR_SYSTEM, "libsodium cannot be started");
    if (no_core() != 0)
        return keeper_fail(error, BASE_ERR_SYSTEM, "this process cannot be kept from leaving a core: %s",
                           strerror(errno));
    struct keeper *started = memory_array(1, sizeof *started);
    if (started == NULL)
        return keeper_fail(error, TOC_ERR_NO_MEMORY, "no memory for the keeper");
    started->socket = -1;
    started->process = -1;
    started->hello = hello;
    started->timeout_seconds = options->timeout_seconds > 0 ? options->timeout_seconds : TIMEOUT_SECONDS;
    started->restarts = options->restarts;
    pthread_mutex_init(&started->mutex, NULL);
    started->directory = strdup(options->directory);
    started->program = options->program != NULL ? strdup(options->program) : NULL;
    started->payload = sodium_malloc(WIRE_MAX_BYTES); /* locked: keys of persons pass through as long as it lives */
    started->result = sodium_malloc(WIRE_MAX_BYTES);
    if (started->directory == NULL || (options->program != NULL && started->program == NULL) ||
        started->payload == NULL || started->result == NULL)
        ret = keeper_fail(error, TOC_ERR_NO_MEMORY, "no memory for the keeper");
    else
        ret = keeper_begin(started, &hello, error);
    if (ret == 0)
        *keeper = started;
    else
        keeper_free(started);
    return ret;
}

int keeper_restart(struct keeper *keeper, struct keeper_error *error)
{
    pthread_mutex_lock(&keeper->mutex);
    int ret = keeper_begin(keeper, &keeper->hello, error);
    pthread_mutex_unlock(&keeper->mutex);
    return ret;
}

void keeper_stop(struct keeper *keeper)
{
    keeper_free(keeper);
}

pid_t keeper_process(const struct keeper *keeper)
{
    return keeper->process;
}
