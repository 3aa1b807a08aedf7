/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/worker_wire.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"

#define MAGIC UINT32_C(0x024a4354) /* "TCJ" and the version, 2 */

/* What stands before areas, facilities, kind and text. */
struct head {
    uint32_t  magic;
    uint8_t   word, role, everywhere, zero;
    uint32_t  attempt, num_areas;
    uint32_t  kind_size, text_size;
    int32_t   status;
    uint32_t  num_facilities;
    struct id job, user;
    int64_t   now, rows;
    double    fraction;
};

_Static_assert(sizeof(struct head) <= 120, "WORKER_MOST_BYTES counts on it");

/* Which parts a word has; what it does not have is zero. */
enum part { OF_JOB = 1, OF_WORK = 2, OF_COUNT = 4, OF_END = 8, OF_TEXT = 16 };
static const unsigned parts[WORKER_NUM_WORDS] = {
    [WORKER_HELLO] = OF_TEXT,
    [WORKER_JOB] = OF_JOB | OF_WORK | OF_TEXT,
    [WORKER_CANCEL] = OF_JOB,
    [WORKER_READY] = 0,
    [WORKER_PROGRESS] = OF_JOB | OF_COUNT,
    [WORKER_DONE] = OF_JOB | OF_COUNT | OF_END | OF_TEXT,
};

static bool is_zero(const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < size; i++)
        if (at[i] != 0)
            return false;
    return true;
}

/* Does the word have these parts and no others, each within its bounds? */
static bool check_head(const struct head *head)
{
    if (head->magic != MAGIC || head->word == 0 || head->word >= WORKER_NUM_WORDS || head->zero != 0)
        return false;
    unsigned has = parts[head->word];
    bool     work = head->role < ACCESS_NUM_ROLES && head->everywhere <= 1 && head->num_areas <= WORKER_MOST_AREAS &&
                head->num_facilities <= WORKER_MOST_AREAS - head->num_areas && head->kind_size > 0 &&
                head->kind_size <= WORKER_MOST_KIND;
    bool no_work = head->role == 0 && head->everywhere == 0 && head->num_areas == 0 && head->num_facilities == 0 &&
                   head->kind_size == 0 && head->attempt == 0 && head->now == 0 &&
                   is_zero(&head->user, sizeof head->user);
    return ((has & OF_JOB) != 0 || is_zero(&head->job, sizeof head->job)) && ((has & OF_WORK) != 0 ? work : no_work) &&
           ((has & OF_COUNT) != 0 ? head->fraction >= 0 && head->fraction <= 1 && head->rows >= 0
                                  : head->rows == 0 && is_zero(&head->fraction, sizeof head->fraction)) &&
           ((has & OF_END) != 0 || head->status == 0) &&
           ((has & OF_TEXT) != 0 ? head->text_size <= WORKER_MOST_TEXT : head->text_size == 0);
}

static bool take_text(const uint8_t *bytes, size_t size, char *text)
{
    if (memchr(bytes, '\0', size) != NULL || text_check_utf8((const char *) bytes, size) != size)
        return false;
    memcpy(text, bytes, size);
    text[size] = '\0';
    return true;
}

bool worker_read(const uint8_t *packet, size_t size, struct worker_message *message)
{
    struct head head;
    if (size < sizeof head || size > WORKER_MOST_BYTES)
        return false;
    memcpy(&head, packet, sizeof head);
    if (!check_head(&head))
        return false;
    size_t size_ids = ((size_t) head.num_areas + head.num_facilities) * sizeof(struct id);
    if (size != sizeof head + size_ids + head.kind_size + head.text_size)
        return false;
    message->word = (enum worker_word) head.word;
    message->job = head.job;
    message->attempt = head.attempt;
    message->now = head.now;
    message->rows = head.rows;
    message->fraction = head.fraction;
    message->status = head.status;
    message->who = (struct access){ .user = head.user,
                                    .role = (enum access_role) head.role,
                                    .areas = message->areas,
                                    .num_areas = head.num_areas,
                                    .everywhere = head.everywhere == 1,
                                    .facilities = message->areas + head.num_areas,
                                    .num_facilities = head.num_facilities };
    const uint8_t *at = packet + sizeof head;
    memcpy(message->areas, at, size_ids);
    at += size_ids;
    return take_text(at, head.kind_size, message->kind) &&
           take_text(at + head.kind_size, head.text_size, message->text);
}

size_t worker_write(const struct worker_message *message, uint8_t packet[WORKER_MOST_BYTES])
{
    const struct access  *who = &message->who;
    struct worker_message again;
    struct head           head = { .magic = MAGIC,
                                   .word = (uint8_t) message->word,
                                   .role = (uint8_t) who->role,
                                   .everywhere = who->everywhere,
                                   .attempt = message->attempt,
                                   .num_areas = (uint32_t) who->num_areas,
                                   .num_facilities = (uint32_t) who->num_facilities,
                                   .kind_size = (uint32_t) strnlen(message->kind, sizeof message->kind),
                                   .text_size = (uint32_t) strnlen(message->text, sizeof message->text),
                                   .status = message->status,
                                   .job = message->job,
                                   .user = who->user,
                                   .now = message->now,
                                   .rows = message->rows,
                                   .fraction = message->fraction };
    if (who->num_areas > WORKER_MOST_AREAS || who->num_facilities > WORKER_MOST_AREAS || !check_head(&head))
        return 0;
    uint8_t *at = packet;
    memcpy(at, &head, sizeof head);
    at += sizeof head;
    if (who->num_areas > 0)
        memcpy(at, who->areas, who->num_areas * sizeof(struct id));
    at += who->num_areas * sizeof(struct id);
    if (who->num_facilities > 0)
        memcpy(at, who->facilities, who->num_facilities * sizeof(struct id));
    at += who->num_facilities * sizeof(struct id);
    memcpy(at, message->kind, head.kind_size);
    at += head.kind_size;
    memcpy(at, message->text, head.text_size);
    at += head.text_size;
    return worker_read(packet, (size_t) (at - packet), &again) ? (size_t) (at - packet) : 0;
}

/* ---- the socket ---- */

union ancillary {
    struct cmsghdr header;
    char           room[CMSG_SPACE(sizeof(int))];
};

int worker_send(int socket, const struct worker_message *message, int fd)
{
    uint8_t         packet[WORKER_MOST_BYTES];
    union ancillary ancillary = { .room = { 0 } };
    size_t          size = worker_write(message, packet);
    struct iovec    part = { packet, size };
    struct msghdr   header = { .msg_iov = &part, .msg_iovlen = 1 };
    if (size == 0)
        return -1;
    if (fd >= 0) {
        header.msg_control = ancillary.room;
        header.msg_controllen = sizeof ancillary.room;
        struct cmsghdr *carried = CMSG_FIRSTHDR(&header);
        carried->cmsg_level = SOL_SOCKET;
        carried->cmsg_type = SCM_RIGHTS;
        carried->cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(carried), &fd, sizeof fd);
    }
    ssize_t sent;
    do
        sent = sendmsg(socket, &header, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent == (ssize_t) size ? 0 : -1;
}

/* Whatever descriptors came: the one that is wanted, or none. */
static void take_descriptors(struct msghdr *header, int *fd)
{
    for (struct cmsghdr *at = CMSG_FIRSTHDR(header); at != NULL; at = CMSG_NXTHDR(header, at)) {
        int came;
        if (at->cmsg_level != SOL_SOCKET || at->cmsg_type != SCM_RIGHTS || at->cmsg_len < CMSG_LEN(sizeof came))
            continue;
        memcpy(&came, CMSG_DATA(at), sizeof came);
        if (fd != NULL && *fd < 0)
            *fd = came;
        else
            close(came);
    }
}

int worker_receive(int socket, bool wait, struct worker_message *message, int *fd)
{
    uint8_t         packet[WORKER_MOST_BYTES];
    union ancillary ancillary;
    struct iovec    part = { packet, sizeof packet };
    struct msghdr   header = {
          .msg_iov = &part, .msg_iovlen = 1, .msg_control = ancillary.room, .msg_controllen = sizeof ancillary.room
    };
    ssize_t got;
    if (fd != NULL)
        *fd = -1;
    do
        got = recvmsg(socket, &header, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
    while (got < 0 && errno == EINTR);
    if (got < 0 && !wait && (errno == EAGAIN || errno == EWOULDBLOCK))
        return 0;
    if (got <= 0)
        return -1;
    take_descriptors(&header, fd);
    if ((header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0 && worker_read(packet, (size_t) got, message))
        return 1;
    if (fd != NULL && *fd >= 0) {
        close(*fd);
        *fd = -1;
    }
    return -1;
}
