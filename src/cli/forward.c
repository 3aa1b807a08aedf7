/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/forward.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fault.h"
#include "cli/command.h"
#include "tocsin/status.h"

struct forward {
    forward_run *run;
    void        *context;
    int          directory, socket, stop[2];
    pthread_t    thread;
};

/* The socket's address by its directory's descriptor: a path of any length fits. */
static void address_in(int directory, struct sockaddr_un *address)
{
    *address = (struct sockaddr_un){ .sun_family = AF_UNIX };
    snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d/%s", directory, FORWARD_SOCKET);
}

static int new_socket(void)
{
    const struct timeval seconds = { .tv_sec = FORWARD_SECONDS };
    int                  fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0)
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &seconds, sizeof seconds);
    return fd;
}

static bool send_all(int fd, const void *bytes, size_t size)
{
    for (const char *at = bytes; size > 0;) {
        ssize_t sent = send(fd, at, size, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return false;
        at += sent;
        size -= (size_t) sent;
    }
    return true;
}

static bool receive_all(int fd, void *bytes, size_t size)
{
    for (char *at = bytes; size > 0;) {
        ssize_t got = recv(fd, at, size, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        at += got;
        size -= (size_t) got;
    }
    return true;
}

/* ---- the server's side ---- */

struct asked {
    char *words[FORWARD_MOST_WORDS + 1];
    int   num;
    char *line;
    char  bytes[FORWARD_MOST_BYTES];
};

/* One text: its length, then its bytes, which get an end. */
static char *receive_text(int fd, struct asked *asked, size_t *used)
{
    uint32_t size;
    if (!receive_all(fd, &size, sizeof size) || size >= sizeof asked->bytes - *used)
        return NULL;
    char *text = asked->bytes + *used;
    if (!receive_all(fd, text, size) || memchr(text, '\0', size) != NULL)
        return NULL;
    text[size] = '\0';
    *used += size + 1;
    return text;
}

static bool receive(int fd, struct asked *asked)
{
    uint32_t num;
    size_t   used = 0;
    if (!receive_all(fd, &num, sizeof num) || num == 0 || num > FORWARD_MOST_WORDS)
        return false;
    for (asked->num = 0; asked->num < (int) num; asked->num++)
        if ((asked->words[asked->num] = receive_text(fd, asked, &used)) == NULL)
            return false;
    asked->words[asked->num] = NULL;
    return (asked->line = receive_text(fd, asked, &used)) != NULL;
}

static void answer(int fd, int exit_code, const char *out, size_t out_size, const char *messages, size_t messages_size)
{
    if (out_size > FORWARD_MOST_ANSWER || messages_size > FORWARD_MOST_ANSWER)
        return;
    const uint32_t head[3] = { (uint32_t) exit_code, (uint32_t) out_size, (uint32_t) messages_size };
    if (send_all(fd, head, sizeof head) && send_all(fd, out, out_size))
        send_all(fd, messages, messages_size);
}

static void refuse(int fd)
{
    static const char text[] = "tocsin: a server is at work on this node: run this as the user that it runs as\n";
    answer(fd, CLI_MACHINE, "", 0, text, sizeof text - 1);
}

static void serve(const struct forward *forward, int fd, const struct asked *asked)
{
    char  *texts[2] = { NULL, NULL };
    size_t sizes[2] = { 0, 0 };
    FILE  *input = fmemopen(asked->line, strlen(asked->line) + 1, "r");
    FILE  *out = open_memstream(&texts[0], &sizes[0]), *messages = open_memstream(&texts[1], &sizes[1]);
    if (input != NULL && out != NULL && messages != NULL) {
        int exit_code =
            forward->run(forward->context, asked->num, (char **) (uintptr_t) asked->words, input, out, messages);
        fflush(out);
        fflush(messages);
        answer(fd, exit_code, texts[0], sizes[0], texts[1], sizes[1]);
    }
    FILE *const streams[] = { input, out, messages };
    for (size_t i = 0; i < 3; i++)
        if (streams[i] != NULL)
            fclose(streams[i]);
    for (size_t i = 0; i < 2; i++) {
        if (texts[i] != NULL)
            explicit_bzero(texts[i], sizes[i]); /* links are secrets */
        free(texts[i]);
    }
}

static void take(const struct forward *forward)
{
    const struct timeval seconds = { .tv_sec = FORWARD_SECONDS };
    struct ucred         peer = { .uid = (uid_t) -1 };
    socklen_t            size = sizeof peer;
    struct asked         asked;
    int                  fd = accept4(forward->socket, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &seconds, sizeof seconds);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &seconds, sizeof seconds);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || (peer.uid != geteuid() && peer.uid != 0))
        refuse(fd);
    else if (receive(fd, &asked))
        serve(forward, fd, &asked);
    explicit_bzero(&asked, sizeof asked);
    close(fd);
}

static void *work(void *context)
{
    const struct forward *forward = context;
    struct pollfd         waiting[2] = { { .fd = forward->socket, .events = POLLIN },
                                         { .fd = forward->stop[0], .events = POLLIN } };
    pthread_setname_np(pthread_self(), "tocsin-operator");
    while (waiting[1].revents == 0) {
        if (poll(waiting, 2, -1) > 0 && waiting[0].revents != 0 && waiting[1].revents == 0)
            take(forward);
    }
    return NULL;
}

static void free_forward(struct forward *forward)
{
    const int all[] = { forward->directory, forward->socket, forward->stop[0], forward->stop[1] };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i] >= 0)
            close(all[i]);
    free(forward);
}

int forward_listen(const char *directory, forward_run *run, void *context, struct forward **started)
{
    struct sockaddr_un address;
    struct forward    *forward = calloc(1, sizeof *forward);
    if (forward == NULL)
        return TOC_ERR_NO_MEMORY;
    *forward = (struct forward){ .run = run, .context = context, .stop = { -1, -1 } };
    forward->directory = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    forward->socket = new_socket();
    bool good = forward->directory >= 0 && forward->socket >= 0 && pipe2(forward->stop, O_CLOEXEC) == 0;
    if (good) {
        unlinkat(forward->directory, FORWARD_SOCKET, 0);
        address_in(forward->directory, &address);
        good = bind(forward->socket, (const struct sockaddr *) &address, sizeof address) == 0 &&
               fchmodat(forward->directory, FORWARD_SOCKET, 0600, 0) == 0 && listen(forward->socket, 8) == 0 &&
               pthread_create(&forward->thread, NULL, work, forward) == 0;
    }
    if (!good) {
        free_forward(forward);
        return BASE_ERR_SYSTEM;
    }
    *started = forward;
    return 0;
}

void forward_stop(struct forward *forward)
{
    if (forward == NULL)
        return;
    unlinkat(forward->directory, FORWARD_SOCKET, 0);
    (void) !write(forward->stop[1], "", 1);
    pthread_join(forward->thread, NULL);
    free_forward(forward);
}

/* ---- the command's side ---- */

static bool send_text(int fd, const char *text)
{
    uint32_t size = (uint32_t) strlen(text);
    return send_all(fd, &size, sizeof size) && send_all(fd, text, size);
}

static bool copy_to(int fd, size_t size, FILE *to)
{
    char bytes[4096];
    while (size > 0) {
        size_t some = size < sizeof bytes ? size : sizeof bytes;
        if (!receive_all(fd, bytes, some))
            return false;
        fwrite(bytes, 1, some, to);
        size -= some;
    }
    return true;
}

static int talk(int fd, int num, char *const *words, const char *line)
{
    uint32_t head[3], count = (uint32_t) num;
    bool     sent = send_all(fd, &count, sizeof count);
    for (int i = 0; i < num && sent; i++)
        sent = send_text(fd, words[i]);
    (void) (sent && send_text(fd, line)); /* whoever refuses says why, and reads no further */
    if (!receive_all(fd, head, sizeof head) || head[1] > FORWARD_MOST_ANSWER || head[2] > FORWARD_MOST_ANSWER ||
        !copy_to(fd, head[1], stdout) || !copy_to(fd, head[2], stderr))
        return cli_complain(NULL, CLI_MACHINE, "the server at work on this node gave no answer: see what it did");
    return (int) head[0];
}

int forward_send(const char *directory, int num, char *const *words, const char *line)
{
    struct sockaddr_un address;
    int                place = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC), fd = new_socket();
    int                exit_code = -1;
    if (place >= 0 && fd >= 0) {
        address_in(place, &address);
        if (connect(fd, (const struct sockaddr *) &address, sizeof address) == 0)
            exit_code = talk(fd, num, words, line);
    }
    if (place >= 0)
        close(place);
    if (fd >= 0)
        close(fd);
    return exit_code;
}
