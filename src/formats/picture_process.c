/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The process that reads a picture. It is a fork, so it has the bytes; it answers with a status and the codes, and
 * ends. Its memory goes back to the system, which clears it. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/confine.h"
#include "base/fault.h"
#include "base/memory.h"
#include "formats/picture.h"

#define PATIENCE_MILLISECONDS (2 * PICTURE_SECONDS * 1000) /* of the clock: a machine may be busy */

enum { NOT_CONFINED = 1 };

/* What the process says: this, then so many codes. */
struct answer {
    uint64_t fault; /* enum picture_fault */
    uint64_t num;
};

/* ---- in the process ---- */

bool picture_confine(int pipe)
{
    const struct confine_limits limits = { .memory = PICTURE_MEMORY_BYTES, .seconds = PICTURE_SECONDS };
    return dup2(pipe, STDIN_FILENO) >= 0 && close_range(1, ~0U, 0) == 0 && confine_limits(&limits) == 0 &&
           confine_to_memory() == 0;
}

static void say(const void *bytes, size_t size)
{
    const char *at = bytes;
    while (size > 0) {
        ssize_t written = write(STDIN_FILENO, at, size);
        if (written <= 0)
            _exit(NOT_CONFINED);
        at += written;
        size -= (size_t) written;
    }
}

static void work(const void *bytes, size_t size, int pipe) __attribute__((noreturn));
static void work(const void *bytes, size_t size, int pipe)
{
    static struct picture_codes codes;
    struct picture              picture;
    struct answer               answer = { 0 };
    if (!picture_confine(pipe))
        _exit(NOT_CONFINED);
    enum picture_fault fault = picture_decode(bytes, size, &picture);
    if (fault == PICTURE_NO_FAULT)
        fault = picture_find(&picture, &codes);
    answer.fault = (uint64_t) fault;
    answer.num = fault == PICTURE_NO_FAULT ? codes.num : 0;
    say(&answer, sizeof answer);
    say(codes.codes, (size_t) answer.num * sizeof *codes.codes);
    _exit(0);
}

/* ---- outside ---- */

/* Exactly so many bytes before the time is up. */
static bool hear(int pipe, void *into, size_t size)
{
    char *at = into;
    while (size > 0) {
        struct pollfd waits = { .fd = pipe, .events = POLLIN };
        int           ready = poll(&waits, 1, PATIENCE_MILLISECONDS);
        if (ready < 0 && errno == EINTR)
            continue;
        ssize_t got = ready > 0 ? read(pipe, at, size) : 0;
        if (got <= 0)
            return false;
        at += got;
        size -= (size_t) got;
    }
    return true;
}

/* The answer came from a process that a picture may have taken over: nothing in it is believed beyond its lengths. */
static bool plausible(const struct picture_codes *codes)
{
    for (size_t i = 0; i < codes->num; i++)
        if (codes->codes[i].size == 0 || codes->codes[i].size > PICTURE_TEXT_BYTES)
            return false;
    return true;
}

static enum picture_fault hear_all(int pipe, struct picture_codes *codes)
{
    struct answer answer;
    if (!hear(pipe, &answer, sizeof answer) || answer.fault >= PICTURE_NUM_FAULTS || answer.num > PICTURE_CODES ||
        !hear(pipe, codes->codes, (size_t) answer.num * sizeof *codes->codes))
        return PICTURE_USED_UP;
    codes->num = (size_t) answer.num;
    if (answer.fault == PICTURE_NO_FAULT && (codes->num == 0 || !plausible(codes)))
        return PICTURE_DAMAGED;
    return (enum picture_fault) answer.fault;
}

int picture_read(const void *bytes, size_t size, struct picture_codes **codes, enum picture_fault *fault)
{
    int                   ends[2], state = 0;
    struct picture_codes *made = memory_array(1, sizeof *made);
    enum picture_fault    why = PICTURE_NO_FAULT;
    if (made == NULL)
        return TOC_ERR_NO_MEMORY;
    if (pipe2(ends, O_CLOEXEC) != 0) {
        free(made);
        return BASE_ERR_SYSTEM;
    }
    pid_t child = fork();
    if (child == 0)
        work(bytes, size, ends[1]);
    close(ends[1]);
    int ret = child < 0 ? BASE_ERR_SYSTEM : 0;
    if (child > 0) {
        why = hear_all(ends[0], made);
        ret = why == PICTURE_NO_FAULT ? 0 : BASE_ERR_INPUT;
        kill(child, SIGKILL); /* it has said all, or will not */
        while (waitpid(child, &state, 0) < 0 && errno == EINTR)
            continue;
        if (ret != 0 && WIFEXITED(state) && WEXITSTATUS(state) == NOT_CONFINED)
            ret = BASE_ERR_SYSTEM;
    }
    close(ends[0]);
    if (ret == BASE_ERR_INPUT)
        *fault = why;
    if (ret == 0)
        *codes = made;
    else
        picture_codes_free(made);
    return ret;
}
