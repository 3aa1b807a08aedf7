/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The worker's process: it opens the database for reading, gives up everything that it does not need, and works. */
#include <errno.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/confine.h"
#include "base/no_core.h"
#include "server/job_plan.h"
#include "server/job_result.h"
#include "server/worker.h"
#include "server/worker_wire.h"

#define SAY_EVERY_SECONDS 0.3

enum worker_exit { EXIT_DONE = 0, EXIT_START = 3, EXIT_WIRE = 4 };

struct process {
    int                   socket;
    struct store         *store;
    struct store_reader  *reader;
    struct worker_message job; /* the one at hand */
    struct worker_message message;
    int                   file; /* of its result */
    double                said; /* when the server was last told */
};

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double) now.tv_sec + 1e-9 * (double) now.tv_nsec;
}

/* A line for the journal; nothing of a job stands in it. */
static void give_up(int exit_status, const char *line) __attribute__((noreturn));
static void give_up(int exit_status, const char *line)
{
    ssize_t ignored = write(STDERR_FILENO, line, strlen(line));
    (void) ignored;
    _exit(exit_status);
}

/* ---- giving up what is not needed ---- */

static int set_limits(void)
{
    const struct confine_limits limits = { .memory = WORKER_MOST_MEMORY,
                                           .file_bytes = (uint64_t) JOB_RESULT_MOST_BYTES,
                                           .seconds = CONFINE_AS_IT_IS,
                                           .files = WORKER_MOST_FILES };
    (void) setpriority(PRIO_PROCESS, 0, 10); /* those who wait for an answer go first */
    return confine_limits(&limits);
}

/* So much processor time from here on; then the kernel ends the process, and the job is lost to it. */
static void limit_time(void)
{
    struct rusage used;
    struct rlimit time;
    if (getrusage(RUSAGE_SELF, &used) != 0 || getrlimit(RLIMIT_CPU, &time) != 0)
        return;
    rlim_t until = (rlim_t) (used.ru_utime.tv_sec + used.ru_stime.tv_sec) + WORKER_MOST_SECONDS;
    time.rlim_cur = until < time.rlim_max ? until : time.rlim_max;
    (void) setrlimit(RLIMIT_CPU, &time);
}

/* What a worker never does: reach others, start programs, look into other processes, change the machine. The database
 * is open by now; a connection that breaks ends the process, and the next one opens its own. */
static int confine(void)
{
    static const int denied[] = {
        SCMP_SYS(socket),
        SCMP_SYS(socketpair),
        SCMP_SYS(connect),
        SCMP_SYS(bind),
        SCMP_SYS(listen),
        SCMP_SYS(accept),
        SCMP_SYS(accept4),
        SCMP_SYS(execve),
        SCMP_SYS(execveat),
        SCMP_SYS(fork),
        SCMP_SYS(vfork),
        SCMP_SYS(ptrace),
        SCMP_SYS(process_vm_readv),
        SCMP_SYS(process_vm_writev),
        SCMP_SYS(kill),
        SCMP_SYS(tkill),
        SCMP_SYS(pidfd_open),
        SCMP_SYS(pidfd_getfd),
        SCMP_SYS(pidfd_send_signal),
        SCMP_SYS(mount),
        SCMP_SYS(umount2),
        SCMP_SYS(pivot_root),
        SCMP_SYS(chroot),
        SCMP_SYS(setns),
        SCMP_SYS(unshare),
        SCMP_SYS(bpf),
        SCMP_SYS(perf_event_open),
        SCMP_SYS(userfaultfd),
        SCMP_SYS(io_uring_setup),
        SCMP_SYS(keyctl),
        SCMP_SYS(add_key),
        SCMP_SYS(request_key),
        SCMP_SYS(shmget),
        SCMP_SYS(msgget),
        SCMP_SYS(semget),
        SCMP_SYS(mq_open),
        SCMP_SYS(setuid),
        SCMP_SYS(setgid),
        SCMP_SYS(chmod),
        SCMP_SYS(fchmodat),
        SCMP_SYS(chown),
        SCMP_SYS(fchownat),
        SCMP_SYS(lchown),
    };
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    int             ret = filter != NULL ? 0 : -ENOMEM;
    for (size_t i = 0; i < sizeof denied / sizeof *denied && ret == 0; i++)
        ret = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), denied[i], 0);
    if (ret == 0)
        ret = seccomp_load(filter);
    seccomp_release(filter);
    return ret;
}

static void open_database(struct process *process, const char *url)
{
    struct db_error            error;
    const struct store_options options = { .url = url }; /* for reading, without a keeper */
    if (store_open(&options, &process->store, &error) != 0 ||
        store_reader_open(process->store, &process->reader, &error) != 0)
        give_up(EXIT_START, "tocsin worker: the database cannot be opened; ending\n");
}

static void start(struct process *process)
{
    static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGQUIT, SIGUSR1, SIGUSR2, SIGXFSZ };
    /* A signal to the whole group asks the server to end, which ends its worker. */
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        signal(ignored[i], SIG_IGN);
    if (confine_files(&process->socket) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || no_core() != 0 ||
        set_limits() != 0)
        give_up(EXIT_START, "tocsin worker: cannot give up its rights; ending\n");
    if (worker_receive(process->socket, true, &process->message, NULL) != 1 || process->message.word != WORKER_HELLO)
        give_up(EXIT_WIRE, "tocsin worker: a malformed first message; ending\n");
    open_database(process, process->message.text);
    if (confine() != 0)
        give_up(EXIT_START, "tocsin worker: cannot confine itself (seccomp); ending\n");
    if (worker_send(process->socket, &(struct worker_message){ .word = WORKER_READY }, -1) != 0)
        _exit(EXIT_DONE);
}

/* ---- a job ---- */

/* Has the server something to say? Only that this job is to end, or nothing more at all. */
static int listen_for_end(struct process *process)
{
    int ret = worker_receive(process->socket, false, &process->message, NULL);
    if (ret < 0)
        _exit(EXIT_DONE);
    if (ret == 1 && process->message.word != WORKER_CANCEL)
        give_up(EXIT_WIRE, "tocsin worker: a job within a job; ending\n");
    return ret == 1 && id_equal(&process->message.job, &process->job.job) ? WORKER_CANCELLED : 0;
}

/* Every so often: how far it is, and may it go on? */
static int say(struct process *process, double fraction, size_t rows)
{
    double now = seconds();
    if (now - process->said < SAY_EVERY_SECONDS)
        return 0;
    process->said = now;
    const struct worker_message progress = {
        .word = WORKER_PROGRESS, .job = process->job.job, .rows = (int64_t) rows, .fraction = fraction
    };
    if (worker_send(process->socket, &progress, -1) != 0)
        _exit(EXIT_DONE);
    return listen_for_end(process);
}

static int write_file(int file, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(file, bytes, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return errno == ENOSPC || errno == EDQUOT ? DB_ERR_FULL : BASE_ERR_SYSTEM;
        bytes += written;
        size -= (size_t) written;
    }
    return 0;
}

/* The part of the whole that is done, where it is known how much there is; 1 where all was read. */
static double fraction_of(const struct export *export, int64_t total)
{
    const double almost = 0.99;
    double       looked_at = (double) export_looked_at(export);
    if (export_packs_next(export))
        return 1;
    return total <= 0 ? 0 : looked_at >= almost * (double) total ? almost : looked_at / (double) total;
}

static int write_export(struct process *process, struct export *export, int64_t total, struct fault_list *faults)
{
    struct sink sink;
    bool        end = false;
    int         ret = 0;
    while (ret == 0 && !end) {
        sink_init_memory(&sink);
        ret = export_part(export, process->reader, &sink, faults, &end);
        if (ret == 0 && sink.failure != 0)
            ret = TOC_ERR_NO_MEMORY;
        if (ret == 0)
            ret = write_file(process->file, sink.bytes, sink.used);
        sink_free(&sink);
        if (export_packs_next(export))
            process->said = 0; /* now, whenever it was said last: the server must know why nothing more is said */
        if (ret == 0)
            ret = say(process, fraction_of(export, total), export_rows(export));
    }
    return ret;
}

static int run_export(struct process *process, struct job_plan *plan, int64_t *rows, struct fault_list *faults)
{
    struct export *export = NULL;
    int64_t total = -1;
    plan->export.who = process->job.who;
    int ret = export_check(&plan->export, process->reader, &total, faults);
    if (ret == 0)
        ret = export_new(&plan->export, &export);
    if (ret == 0)
        ret = write_export(process, export, total, faults);
    if (export != NULL)
        *rows = (int64_t) export_rows(export);
    export_free(export);
    return ret;
}

/* Why it failed, in words that repeat nothing of what was asked. */
static const char *sentence(int status)
{
    switch (status) {
    case 0:
    case WORKER_CANCELLED: return "";
    case BASE_ERR_INPUT: return "What was asked for does not fit: a filter that is none, or too many rows.";
    case STORE_ERR_ABSENT: return "The area is not, or no longer, within your grants.";
    case STORE_ERR_DENIED: return "Your role does not, or no longer, allow this list.";
    case DB_ERR_FULL: return "The disk of this node is full.";
    case TOC_ERR_NO_MEMORY: return "Too little memory.";
    default: return "The database or the machine refused.";
    }
}

static void run_job(struct process *process)
{
    struct fault_list     faults = FAULT_LIST_INIT;
    struct job_plan       plan = { .role = ACCESS_NO_ROLE };
    struct worker_message done = { .word = WORKER_DONE, .job = process->job.job };
    limit_time();
    process->said = 0;
    int ret = job_plan_parse(process->job.text, process->job.kind, &plan, &faults);
    if (ret == 0)
        ret = run_export(process, &plan, &done.rows, &faults);
    job_plan_free(&plan);
    fault_list_free(&faults);
    close(process->file);
    process->file = -1;
    done.status = ret;
    done.fraction = ret == 0 ? 1 : 0;
    snprintf(done.text, sizeof done.text, "%s", sentence(ret));
    if (worker_send(process->socket, &done, -1) != 0)
        _exit(EXIT_DONE);
    if (ret == DB_ERR_LOST)
        give_up(EXIT_START, "tocsin worker: the connection to the database broke; ending\n");
}

void worker_run(int socket)
{
    static struct process process = { .file = -1 };
    process.socket = socket;
    start(&process);
    for (;;) {
        int ret = worker_receive(process.socket, true, &process.job, &process.file);
        if (ret < 0)
            _exit(EXIT_DONE);
        if (process.job.word == WORKER_CANCEL) /* of one that is done already */
            continue;
        if (process.job.word != WORKER_JOB || process.file < 0)
            give_up(EXIT_WIRE, "tocsin worker: a malformed message; ending\n");
        run_job(&process);
    }
}
