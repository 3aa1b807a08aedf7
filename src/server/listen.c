/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.h"

enum { BACKLOG = 1024 };

static int refuse(struct fault_list *faults, const char *text)
{
    char quoted[TEXT_QUOTE_BYTES];
    text_quote(text, strlen(text), quoted);
    fault_add(faults, (struct fault_place){ .name = "listen" }, LISTEN_ALLOWED, "%s is no place to listen", quoted);
    return BASE_ERR_INPUT;
}

static bool is_loopback(const char *host)
{
    struct in_addr v4;
    if (strcmp(host, "[::1]") == 0)
        return true;
    return inet_pton(AF_INET, host, &v4) == 1 && (ntohl(v4.s_addr) >> 24) == 127;
}

int listen_read(const char *text, struct listen_place *place, struct fault_list *faults)
{
    struct listen_place read = { 0 };
    struct in6_addr     address;
    int64_t             port;
    if (strncmp(text, "unix:", 5) == 0) {
        read.unix_socket = true;
        if (text[5] != '/' || strlen(text + 5) >= sizeof read.path)
            return refuse(faults, text);
        snprintf(read.path, sizeof read.path, "%s", text + 5);
        *place = read;
        return 0;
    }
    const char *colon = strrchr(text, ':');
    size_t      size = colon != NULL ? (size_t) (colon - text) : 0;
    if (size == 0 || size >= sizeof read.host || text_to_integer(colon + 1, strlen(colon + 1), 0, 65535, &port) != 0)
        return refuse(faults, text);
    memcpy(read.host, text, size);
    char bare[LISTEN_HOST_BYTES];
    bool six = text[0] == '[' && text[size - 1] == ']';
    snprintf(bare, sizeof bare, "%.*s", (int) (six ? size - 2 : size), six ? text + 1 : text);
    if (inet_pton(six ? AF_INET6 : AF_INET, bare, &address) != 1)
        return refuse(faults, text);
    read.port = (unsigned) port;
    read.loopback = is_loopback(read.host);
    *place = read;
    return 0;
}

static int fail(struct fault_list *faults, const struct listen_place *place, int fd)
{
    int reason = errno;
    fault_add(faults, (struct fault_place){ .name = "listen" }, NULL, "%s: %s",
              place->unix_socket ? place->path : place->host, strerror(reason));
    if (fd >= 0)
        close(fd);
    return BASE_ERR_SYSTEM;
}

/* Does nobody answer there any more? */
static void remove_stale(const struct sockaddr_un *address)
{
    struct stat status;
    int         probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (probe < 0)
        return;
    if (connect(probe, (const struct sockaddr *) address, sizeof *address) != 0 && errno == ECONNREFUSED &&
        lstat(address->sun_path, &status) == 0 && S_ISSOCK(status.st_mode))
        unlink(address->sun_path);
    close(probe);
}

static int open_unix(const struct listen_place *place, int *opened, struct fault_list *faults)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int                fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", place->path);
    if (fd < 0)
        return fail(faults, place, fd);
    remove_stale(&address);
    if (bind(fd, (struct sockaddr *) &address, sizeof address) != 0)
        return fail(faults, place, fd);
    if (chmod(place->path, 0660) != 0 || listen(fd, BACKLOG) != 0) {
        int ret = fail(faults, place, fd);
        unlink(place->path);
        return ret;
    }
    *opened = fd;
    return 0;
}

static socklen_t address_of(const struct listen_place *place, struct sockaddr_storage *address)
{
    *address = (struct sockaddr_storage){ 0 };
    if (place->host[0] != '[') {
        struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons((uint16_t) place->port) };
        inet_pton(AF_INET, place->host, &v4.sin_addr);
        memcpy(address, &v4, sizeof v4);
        return sizeof v4;
    }
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t) place->port) };
    char                bare[LISTEN_HOST_BYTES];
    snprintf(bare, sizeof bare, "%.*s", (int) strlen(place->host) - 2, place->host + 1);
    inet_pton(AF_INET6, bare, &v6.sin6_addr);
    memcpy(address, &v6, sizeof v6);
    return sizeof v6;
}

/* The port is in the same place in both kinds of address. */
static unsigned port_of(const struct sockaddr_storage *address)
{
    struct sockaddr_in v4;
    memcpy(&v4, address, sizeof v4);
    return ntohs(v4.sin_port);
}

int listen_open(struct listen_place *place, int *opened, struct fault_list *faults)
{
    struct sockaddr_storage address;
    if (place->unix_socket)
        return open_unix(place, opened, faults);
    socklen_t size = address_of(place, &address);
    int       fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), yes = 1;
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
        bind(fd, (struct sockaddr *) &address, size) != 0 || listen(fd, BACKLOG) != 0)
        return fail(faults, place, fd);
    size = sizeof address;
    if (getsockname(fd, (struct sockaddr *) &address, &size) != 0)
        return fail(faults, place, fd);
    place->port = port_of(&address);
    *opened = fd;
    return 0;
}
