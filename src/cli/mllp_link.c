/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/mllp_link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/memory.h"

#define MOST_ANSWER ((size_t) 1 << 20)

struct mllp_link {
    int                 fd;
    SSL_CTX            *context;
    SSL                *ssl; /* NULL = plain */
    struct mllp_decoder decoder;
    char                bytes[16384];
    size_t              num, used; /* of bytes: received, and given to the decoder */
};

bool mllp_link_target(const char *text, struct mllp_link_options *options)
{
    const char *colon = strrchr(text, ':');
    size_t      host = colon != NULL ? (size_t) (colon - text) : 0;
    bool        bracket = text[0] == '[' && host >= 2 && text[host - 1] == ']';
    char       *end;
    long        port = colon != NULL ? strtol(colon + 1, &end, 10) : 0;
    if (port < 1 || port > 65535 || colon[1] < '0' || colon[1] > '9' || *end != '\0')
        return false;
    const char *begin = bracket ? text + 1 : text;
    size_t      size = bracket ? host - 2 : host;
    if (size == 0 || size > MLLP_LINK_HOST || (!bracket && memchr(begin, ':', size) != NULL))
        return false;
    memcpy(options->host, begin, size);
    options->host[size] = '\0';
    snprintf(options->port, sizeof options->port, "%ld", port);
    return true;
}

/* ---- reasons ---- */

static int because(char why[MLLP_LINK_WHY], const char *what, const char *reason)
{
    snprintf(why, MLLP_LINK_WHY, "%s%s%s", what, reason[0] != '\0' ? ": " : "", reason);
    return -1;
}

static int because_errno(char why[MLLP_LINK_WHY], const char *what)
{
    bool late = errno == EAGAIN || errno == EINPROGRESS || errno == ETIMEDOUT;
    return because(why, what, late ? "no answer in time" : strerrordesc_np(errno));
}

static int because_tls(char why[MLLP_LINK_WHY], const char *what)
{
    unsigned long code = ERR_peek_last_error();
    const char   *reason = code != 0 ? ERR_reason_error_string(code) : NULL;
    ERR_clear_error();
    return because(why, what, reason != NULL ? reason : "");
}

/* ---- connecting ---- */

static bool is_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return ntohl(((const struct sockaddr_in *) (const void *) address)->sin_addr.s_addr) >> 24 == 127;
    return address->sa_family == AF_INET6 &&
           IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *) (const void *) address)->sin6_addr);
}

static int connect_to(const struct mllp_link_options *options, const struct addrinfo *address, int *connected,
                      char why[MLLP_LINK_WHY])
{
    struct timeval patience = { .tv_sec = options->timeout_seconds };
    int            on = 1;
    if (!options->tls && !options->plain_anywhere && !is_loopback(address->ai_addr))
        return because(why, "without TLS only to this machine: messages are about persons; --tls, or --plain", "");
    int fd = socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC, address->ai_protocol);
    if (fd < 0)
        return because_errno(why, "no connection");
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) != 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
        connect(fd, address->ai_addr, address->ai_addrlen) != 0) {
        because_errno(why, "cannot connect");
        close(fd);
        return -1;
    }
    *connected = fd;
    return 0;
}

static int open_socket(const struct mllp_link_options *options, int *fd, char why[MLLP_LINK_WHY])
{
    struct addrinfo *all = NULL, wanted = { .ai_socktype = SOCK_STREAM };
    int              failed = getaddrinfo(options->host, options->port, &wanted, &all), ret = -1;
    if (failed != 0)
        return because(why, options->host, gai_strerror(failed));
    for (const struct addrinfo *one = all; one != NULL && ret != 0; one = one->ai_next)
        ret = connect_to(options, one, fd, why);
    freeaddrinfo(all);
    return ret;
}

static int load_tls(const struct mllp_link_options *options, struct mllp_link *link, char why[MLLP_LINK_WHY])
{
    link->context = SSL_CTX_new(TLS_client_method());
    if (link->context == NULL || SSL_CTX_set_min_proto_version(link->context, TLS1_2_VERSION) != 1)
        return because_tls(why, "TLS");
    SSL_CTX_set_verify(link->context, SSL_VERIFY_PEER, NULL);
    if (options->authority != NULL ? SSL_CTX_load_verify_file(link->context, options->authority) != 1
                                   : SSL_CTX_set_default_verify_paths(link->context) != 1)
        return because_tls(why, "--authority");
    if (options->certificate == NULL)
        return 0;
    if (SSL_CTX_use_certificate_chain_file(link->context, options->certificate) != 1)
        return because_tls(why, "--certificate");
    if (SSL_CTX_use_PrivateKey_file(link->context, options->key, SSL_FILETYPE_PEM) != 1)
        return because_tls(why, "--key");
    return 0;
}

/* The peer's certificate must be for the name, or the address, that was asked for. */
static bool expect_peer(SSL *ssl, const char *host)
{
    unsigned char address[sizeof(struct in6_addr)];
    if (inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1)
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
    char name[MLLP_LINK_HOST + 1]; /* OpenSSL's macro wants one that may be written */
    snprintf(name, sizeof name, "%s", host);
    return SSL_set1_host(ssl, host) == 1 && SSL_set_tlsext_host_name(ssl, name) == 1;
}

static int begin_tls(const struct mllp_link_options *options, struct mllp_link *link, char why[MLLP_LINK_WHY])
{
    int ret = load_tls(options, link, why);
    if (ret != 0)
        return ret;
    link->ssl = SSL_new(link->context);
    if (link->ssl == NULL || !expect_peer(link->ssl, options->host) || SSL_set_fd(link->ssl, link->fd) != 1)
        return because_tls(why, "TLS");
    if (SSL_connect(link->ssl) == 1)
        return 0;
    long trusted = SSL_get_verify_result(link->ssl);
    if (trusted != X509_V_OK)
        return because(why, "its certificate is not trusted", X509_verify_cert_error_string(trusted));
    return because_tls(why, "TLS");
}

int mllp_link_open(const struct mllp_link_options *options, struct mllp_link **link, char why[MLLP_LINK_WHY])
{
    struct mllp_link *made = memory_array(1, sizeof *made);
    if (made == NULL)
        return because(why, "out of memory", "");
    made->fd = -1;
    mllp_init(&made->decoder, MOST_ANSWER);
    int ret = open_socket(options, &made->fd, why);
    if (ret == 0 && options->tls)
        ret = begin_tls(options, made, why);
    if (ret != 0)
        mllp_link_close(made);
    else
        *link = made;
    return ret;
}

void mllp_link_close(struct mllp_link *link)
{
    if (link == NULL)
        return;
    if (link->ssl != NULL)
        (void) SSL_shutdown(link->ssl);
    SSL_free(link->ssl);
    SSL_CTX_free(link->context);
    if (link->fd >= 0)
        close(link->fd);
    mllp_free(&link->decoder);
    free(link);
}

/* ---- sending and receiving ---- */

static int send_all(struct mllp_link *link, const char *bytes, size_t size, char why[MLLP_LINK_WHY])
{
    for (size_t sent = 0; sent < size;) {
        size_t  now = 0;
        ssize_t num = 0;
        if (link->ssl != NULL) {
            if (SSL_write_ex(link->ssl, bytes + sent, size - sent, &now) != 1)
                return because_tls(why, "the connection broke while a message was sent");
        } else {
            num = send(link->fd, bytes + sent, size - sent, MSG_NOSIGNAL);
            if (num < 0 && errno == EINTR)
                continue;
            if (num < 0)
                return because_errno(why, "the connection broke while a message was sent");
            now = (size_t) num;
        }
        sent += now;
    }
    return 0;
}

int mllp_link_send(struct mllp_link *link, const char *bytes, size_t size, char why[MLLP_LINK_WHY])
{
    static const char begin = MLLP_BEGIN, end[] = { MLLP_END, '\r' };
    char             *frame = memory_array(size + 3, 1);
    if (frame == NULL)
        return because(why, "out of memory", "");
    frame[0] = begin;
    memcpy(frame + 1, bytes, size);
    memcpy(frame + 1 + size, end, sizeof end);
    int ret = send_all(link, frame, size + 3, why);
    explicit_bzero(frame, size + 3);
    free(frame);
    return ret;
}

/* More bytes, at least one. */
static int receive_some(struct mllp_link *link, char why[MLLP_LINK_WHY])
{
    ssize_t num;
    link->used = link->num = 0;
    if (link->ssl != NULL) {
        errno = 0;
        if (SSL_read_ex(link->ssl, link->bytes, sizeof link->bytes, &link->num) == 1)
            return 0;
        bool late = errno == EAGAIN;
        bool ended = SSL_get_error(link->ssl, 0) == SSL_ERROR_ZERO_RETURN;
        ERR_clear_error();
        return because(why, "no acknowledgement", late ? "no answer in time" : ended ? "the connection was ended" : "");
    }
    do
        num = recv(link->fd, link->bytes, sizeof link->bytes, 0);
    while (num < 0 && errno == EINTR);
    if (num < 0)
        return because_errno(why, "no acknowledgement");
    if (num == 0)
        return because(why, "no acknowledgement", "the connection was ended");
    link->num = (size_t) num;
    return 0;
}

int mllp_link_receive(struct mllp_link *link, const char **bytes, size_t *size, char why[MLLP_LINK_WHY])
{
    for (;;) {
        size_t          used = 0;
        enum mllp_event event = mllp_feed(&link->decoder, link->bytes + link->used, link->num - link->used, &used);
        link->used += used;
        if (event == MLLP_FRAME) {
            *bytes = link->decoder.bytes;
            *size = link->decoder.size;
            return 0;
        }
        if (event != MLLP_MORE)
            return because(why, "no acknowledgement", "what came is too large for one");
        if (receive_some(link, why) != 0)
            return -1;
    }
}
