/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The keeper's process: it reads its keys, gives up everything that it does not need, and answers. */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <openssl/crypto.h>
#include <seccomp.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/confine.h"
#include "base/fault.h"
#include "base/no_core.h"
#include "store/keeper_wire.h"
#include "tocsin/status.h"

#define SECURE_BYTES ((size_t) 64 << 10) /* for private numbers of keys that sign passes */

/* ---- hardening ---- */

int keeper_harden(struct keeper_error *error)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || no_core() != 0)
        return keeper_fail(error, BASE_ERR_SYSTEM, "the keeper cannot protect its memory: %s", strerror(errno));
    return 0;
}

/* Calls that are allowed on one file alone. */
static int allow_on(scmp_filter_ctx filter, int call, int fd)
{
    const struct scmp_arg_cmp first = { .op = SCMP_CMP_EQ, .datum_a = (scmp_datum_t) fd, .datum_b = 0 };
    return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, 1, &first);
}

int keeper_confine(int socket, int erasures, int directory, struct keeper_error *error)
{
    static const int on_erasures[] = { SCMP_SYS(pread64), SCMP_SYS(lseek), SCMP_SYS(write), SCMP_SYS(fsync),
                                       SCMP_SYS(flock) };
    static const int anywhere[] = {
        SCMP_SYS(getrandom),
        SCMP_SYS(clock_gettime),
        SCMP_SYS(exit_group),
        SCMP_SYS(rt_sigreturn),
        SCMP_SYS(getpid), /* OpenSSL, before each random number: am I a child? */
        SCMP_SYS(brk),    /* and its memory, where what the start left free should not do */
#if CONFINE_SANITIZED /* what the sanitizer calls by itself: before a function that does not return, and for its own   \
                         memory */
        SCMP_SYS(sigaltstack),
        SCMP_SYS(mmap),
        SCMP_SYS(munmap),
        SCMP_SYS(madvise),
#endif
    };
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    int             ret = filter != NULL ? 0 : -ENOMEM;
    for (size_t i = 0; i < sizeof on_erasures / sizeof *on_erasures && ret == 0; i++)
        ret = allow_on(filter, on_erasures[i], erasures);
    for (size_t i = 0; i < sizeof anywhere / sizeof *anywhere && ret == 0; i++)
        ret = seccomp_rule_add(filter, SCMP_ACT_ALLOW, anywhere[i], 0);
    if (ret == 0)
        ret = allow_on(filter, SCMP_SYS(read), socket);
    if (ret == 0)
        ret = allow_on(filter, SCMP_SYS(write), socket);
    if (ret == 0)
        ret = allow_on(filter, SCMP_SYS(write), STDERR_FILENO);
    if (ret == 0)
        ret = allow_on(filter, SCMP_SYS(fstat), directory);
    if (ret == 0)
        ret = seccomp_load(filter);
    if (ret == 0)
        return 0; /* filter stays: freeing it might give memory back to the system, a call that ends the process now */
    seccomp_release(filter);
    return keeper_fail(error, BASE_ERR_SYSTEM, "the keeper cannot confine itself (seccomp): %s", strerror(-ret));
}

/* ---- one keeper ---- */

struct process {
    struct keeper_service service;
    struct keeper_ring   *ring;
    uint8_t              *payload; /* WIRE_MAX_BYTES each; they hold keys of persons */
    uint8_t              *result;
    int                   socket;
    int                   directory;
    struct timespec       changed; /* the directory, as the keys were read */
};

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double) now.tv_sec + 1e-9 * (double) now.tv_nsec;
}

/* A line for the journal, without stdio: it may allocate. */
static void say(const char *line)
{
    ssize_t ignored = write(STDERR_FILENO, line, strlen(line));
    (void) ignored;
}

/* Clear what is secret and end; exit handlers of the parent's image must not run here. */
static void end(struct process *process, int exit_status) __attribute__((noreturn));
static void end(struct process *process, int exit_status)
{
    if (process->ring != NULL)
        sodium_memzero(process->ring, sizeof *process->ring);
    if (process->payload != NULL)
        sodium_memzero(process->payload, WIRE_MAX_BYTES);
    if (process->result != NULL)
        sodium_memzero(process->result, WIRE_MAX_BYTES);
    syscall(SYS_exit_group, exit_status); /* the bare call: _exit may have handlers, a sanitizer's for one */
    __builtin_unreachable();
}

/* The parent's end closed. */
static void end_of_parent(struct process *process) __attribute__((noreturn));
static void end_of_parent(struct process *process)
{
    end(process, KEEPER_EXIT_DONE);
}

static void read_all(struct process *process, void *into, size_t size)
{
    uint8_t *at = into;
    while (size > 0) {
        ssize_t got = read(process->socket, at, size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            end_of_parent(process);
        at += got;
        size -= (size_t) got;
    }
}

static void write_all(struct process *process, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    while (size > 0) {
        ssize_t written = write(process->socket, at, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            end_of_parent(process);
        at += written;
        size -= (size_t) written;
    }
}

static void read_request(struct process *process, struct wire_request *request)
{
    read_all(process, request, sizeof *request);
    if (keeper_check_request(request) != 0) {
        say("tocsin keeper: a malformed request; ending\n");
        end(process, KEEPER_EXIT_MALFORMED);
    }
    read_all(process, process->payload, request->size);
}

static void write_answer(struct process *process, const struct wire_answer *answer)
{
    write_all(process, answer, sizeof *answer);
    write_all(process, process->result, answer->size);
}

/* ---- start ---- */

/* Memory that is not swapped, not in cores, and gone where it should ever be inherited. */
static void *secret_memory(size_t size, bool *locked)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return NULL;
    *locked &= mlock(memory, size) == 0;
    madvise(memory, size, MADV_DONTDUMP);
    madvise(memory, size, MADV_WIPEONFORK);
    return memory;
}

/* What OpenSSL needs for a signature comes out of memory that the start has taken already; private numbers lie in
 * locked memory where the system's limit allows it. */
static void prepare_signing(void)
{
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    mallopt(M_TOP_PAD, 1 << 20);
    (void) CRYPTO_secure_malloc_init(SECURE_BYTES, 32);
}

static int do_task(const struct keeper_directory *directory, const struct wire_hello *hello, struct keeper_ring *ring,
                   struct keeper_error *error)
{
    switch ((enum wire_task) hello->task) {
    case WIRE_SERVE: return 0;
    case WIRE_NEW_GENERATION:
        return keeper_directory_add(directory, ring, (enum keeper_kind) hello->kind, hello->now, error);
    case WIRE_DESTROY:
        return keeper_directory_destroy(directory, ring, (enum keeper_kind) hello->kind, hello->number, hello->now,
                                        hello->backup_days, hello->forced != 0, error);
    }
    return WIRE_MALFORMED;
}

/* When were files of the directory added or removed? By the bare call, which the filter knows. */
static int changed(int directory, struct timespec *when)
{
    struct stat status;
    if (syscall(SYS_fstat, directory, &status) != 0)
        return -1;
    *when = status.st_mtim;
    return 0;
}

/* Keep the directory open without its lock, and when it was changed. */
static int watch(struct process *process, const struct keeper_directory *directory, struct keeper_error *error)
{
    process->directory = openat(directory->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (process->directory < 0 || changed(process->directory, &process->changed) != 0)
        return keeper_fail(error, BASE_ERR_SYSTEM, "%s cannot be watched: %s", directory->path, strerror(errno));
    return 0;
}

/* Has another process added or destroyed a key since? Then these are not the keys to answer with: a destroyed one must
 * not live on here, and a new one must be used. */
static bool is_stale(const struct process *process)
{
    struct timespec now;
    return changed(process->directory, &now) != 0 || now.tv_sec != process->changed.tv_sec ||
           now.tv_nsec != process->changed.tv_nsec;
}

/* Read the keys, do the task, confine. A refused task is no reason not to serve: *task is its status, in error. */
static int prepare(struct process *process, const struct wire_hello *hello, const char *path, int *task,
                   struct keeper_error *error)
{
    struct keeper_directory directory;
    int                     erasures, ret = keeper_directory_open(path, true, &directory, error);
    if (ret != 0)
        return ret;
    ret = keeper_directory_load(&directory, process->ring, error);
    if (ret == 0)
        ret = keeper_directory_erasures(&directory, &erasures, error);
    if (ret == 0)
        *task = do_task(&directory, hello, process->ring, error);
    if (ret == 0)
        ret = watch(process, &directory, error);
    keeper_directory_close(&directory);
    if (ret == 0) {
        process->service.ring = process->ring;
        process->service.erasures = erasures;
        process->service.seconds = seconds;
        keeper_fill_buckets(&process->service, hello);
        ret = keeper_open_passes(&process->service, error);
    }
    if (ret == 0)
        ret = keeper_confine(process->socket, erasures, process->directory, *task == 0 ? error : NULL);
    return ret;
}

/* Read the first request and be ready; ends the process where that fails. */
static void start(struct process *process)
{
    struct wire_request request;
    struct wire_hello   hello;
    struct wire_answer  answer = { .magic = WIRE_MAGIC, .count = 1, .size = sizeof(struct wire_ready) };
    struct keeper_error error = { 0 };
    char                path[WIRE_MAX_PATH + 1];
    int                 task = 0;
    read_request(process, &request);
    if (keeper_read_hello(&request, process->payload, &hello, path) != 0) {
        say("tocsin keeper: a malformed first request; ending\n");
        end(process, KEEPER_EXIT_MALFORMED);
    }
    int               ret = prepare(process, &hello, path, &task, &error);
    struct wire_ready ready = { .locked = process->service.counts.locked != 0 };
    for (int kind = 0; kind < KEEPER_NUM_KINDS && ret == 0; kind++)
        ready.newest[kind] = keeper_ring_newest(process->ring, (enum keeper_kind) kind);
    memcpy(process->result, &ready, sizeof ready);
    if (ret != 0 || task != 0)
        keeper_answer_failure(&error, &answer, process->result);
    write_answer(process, &answer);
    if (ret != 0)
        end(process, KEEPER_EXIT_START);
}

void keeper_run(int socket)
{
    static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGQUIT, SIGUSR1, SIGUSR2 };
    struct process   process = { .socket = socket };
    bool             locked = true;
    /* A signal to the whole group asks the parent to finish its work, for which it needs the keeper to the end. */
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        signal(ignored[i], SIG_IGN);
    if (confine_files(&process.socket) != 0 || keeper_harden(NULL) != 0 || sodium_init() < 0) {
        say("tocsin keeper: cannot protect its memory; ending\n");
        _exit(KEEPER_EXIT_START);
    }
    process.ring = secret_memory(sizeof *process.ring, &locked);
    process.payload = secret_memory(WIRE_MAX_BYTES, &locked);
    process.result = secret_memory(WIRE_MAX_BYTES, &locked);
    if (process.ring == NULL || process.payload == NULL || process.result == NULL) {
        say("tocsin keeper: no memory; ending\n");
        end(&process, KEEPER_EXIT_START);
    }
    process.service.counts.locked = locked;
    prepare_signing();
    start(&process);
    for (;;) {
        struct wire_request request;
        struct wire_answer  answer;
        read_request(&process, &request);
        if (is_stale(&process)) {
            keeper_answer_failure(&(struct keeper_error){ .status = WIRE_STALE }, &answer, process.result);
            write_answer(&process, &answer);
            end(&process, KEEPER_EXIT_DONE);
        }
        if (keeper_answer(&process.service, &request, process.payload, &answer, process.result) != 0) {
            say("tocsin keeper: a malformed request; ending\n");
            end(&process, KEEPER_EXIT_MALFORMED);
        }
        write_answer(&process, &answer);
        sodium_memzero(process.payload, request.size);
        sodium_memzero(process.result, answer.size);
    }
}
