/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/mllp_stream.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>

#include "store/node_settings.h"
#include "tocsin/status.h"

/* ---- the server's side ---- */

static int refuse(struct fault_list *faults, const struct node_mllp *settings, const char *key, const char *path,
                  const char *allowed)
{
    char          name[NODE_MLLP_NAME + 40];
    unsigned long code = ERR_peek_last_error();
    const char   *reason = code != 0 ? ERR_reason_error_string(code) : NULL;
    snprintf(name, sizeof name, "[mllp %s] %s", settings->name, key);
    fault_add(faults, (struct fault_place){ .name = name }, allowed, "%s cannot be used%s%s", path,
              reason != NULL ? ": " : "", reason != NULL ? reason : "");
    ERR_clear_error();
    return BASE_ERR_INPUT;
}

static int load(SSL_CTX *tls, const struct node_mllp *settings, struct fault_list *faults)
{
    const char *key = settings->key[0] != '\0' ? settings->key : settings->certificate;
    if (SSL_CTX_use_certificate_chain_file(tls, settings->certificate) != 1)
        return refuse(faults, settings, "certificate", settings->certificate,
                      "a certificate in PEM, as 'tocsin cert server' makes it");
    if (SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) != 1 || SSL_CTX_check_private_key(tls) != 1)
        return refuse(faults, settings, "key", key, "the key of that certificate, without a passphrase");
    if (SSL_CTX_load_verify_file(tls, settings->authority) != 1)
        return refuse(faults, settings, "authority", settings->authority, "certificates of authorities in PEM");
    SSL_CTX_set_client_CA_list(tls, SSL_load_client_CA_file(settings->authority));
    return 0;
}

int mllp_tls_open(const struct node_mllp *settings, SSL_CTX **opened, struct fault_list *faults)
{
    static const unsigned char context[] = "tocsin mllp";
    *opened = NULL;
    if (settings->certificate[0] == '\0')
        return 0;
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
    if (tls == NULL || SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_session_id_context(tls, context, sizeof context - 1) != 1) {
        SSL_CTX_free(tls);
        return TOC_ERR_NO_MEMORY;
    }
    SSL_CTX_set_verify(tls, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(tls, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_num_tickets(tls, 0);
    SSL_CTX_set_mode(tls,
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    int ret = load(tls, settings, faults);
    if (ret != 0)
        SSL_CTX_free(tls);
    else
        *opened = tls;
    return ret;
}

void mllp_tls_close(SSL_CTX *tls)
{
    SSL_CTX_free(tls);
}

/* ---- waiting ---- */

double mllp_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double) now.tv_sec + (double) now.tv_nsec * 1e-9;
}

static bool wait_for(const struct mllp_stream *stream, short events, double until)
{
    struct pollfd ready = { .fd = stream->fd, .events = events };
    for (;;) {
        double rest = until - mllp_seconds();
        if (rest <= 0)
            return false;
        int num = poll(&ready, 1, rest > 1e6 ? 1000000000 : (int) (rest * 1e3) + 1);
        if (num > 0)
            return true;
        if (num < 0 && errno != EINTR)
            return false;
    }
}

/* After a call of OpenSSL that has not succeeded: wait for what it wants. */
static bool wait_for_tls(const struct mllp_stream *stream, int ret, double until)
{
    int wanted = SSL_get_error(stream->ssl, ret);
    ERR_clear_error();
    return (wanted == SSL_ERROR_WANT_READ && wait_for(stream, POLLIN, until)) ||
           (wanted == SSL_ERROR_WANT_WRITE && wait_for(stream, POLLOUT, until));
}

/* ---- a connection ---- */

static bool take_fingerprint(struct mllp_stream *stream)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned      size = 0;
    X509         *certificate = SSL_get0_peer_certificate(stream->ssl);
    if (certificate == NULL || X509_digest(certificate, EVP_sha256(), digest, &size) != 1 || size != 32)
        return false;
    for (unsigned i = 0; i < size; i++)
        snprintf(stream->fingerprint + (size_t) 2 * i, 3, "%02x", digest[i]);
    return true;
}

bool mllp_stream_begin(struct mllp_stream *stream, int fd, SSL_CTX *tls, double until)
{
    *stream = (struct mllp_stream){ .fd = fd };
    if (tls == NULL)
        return true;
    ERR_clear_error();
    stream->ssl = SSL_new(tls);
    if (stream->ssl == NULL || SSL_set_fd(stream->ssl, fd) != 1)
        return false;
    for (int ret; (ret = SSL_accept(stream->ssl)) != 1;)
        if (!wait_for_tls(stream, ret, until))
            return false;
    return SSL_get_verify_result(stream->ssl) == X509_V_OK && take_fingerprint(stream);
}

void mllp_stream_end(struct mllp_stream *stream)
{
    if (stream->ssl != NULL) {
        if (SSL_is_init_finished(stream->ssl))
            (void) SSL_shutdown(stream->ssl); /* told, not waited for */
        ERR_clear_error();
        SSL_free(stream->ssl);
    }
    *stream = (struct mllp_stream){ .fd = -1 };
}

bool mllp_stream_receive(struct mllp_stream *stream, char *bytes, size_t size, double until, size_t *num)
{
    for (;;) {
        if (stream->ssl != NULL) {
            ERR_clear_error();
            int ret = SSL_read_ex(stream->ssl, bytes, size, num);
            if (ret == 1)
                return true;
            if (!wait_for_tls(stream, ret, until))
                return false;
            continue;
        }
        ssize_t got = recv(stream->fd, bytes, size, 0);
        if (got > 0) {
            *num = (size_t) got;
            return true;
        }
        if (got == 0 || (errno != EAGAIN && errno != EINTR) || !wait_for(stream, POLLIN, until))
            return false;
    }
}

bool mllp_stream_send(struct mllp_stream *stream, const char *bytes, size_t size, double until)
{
    for (size_t sent = 0; sent < size;) {
        size_t now = 0;
        if (stream->ssl != NULL) {
            ERR_clear_error();
            int ret = SSL_write_ex(stream->ssl, bytes + sent, size - sent, &now);
            if (ret != 1 && !wait_for_tls(stream, ret, until))
                return false;
            sent += ret == 1 ? now : 0;
            continue;
        }
        ssize_t put = send(stream->fd, bytes + sent, size - sent, MSG_NOSIGNAL);
        if (put > 0)
            sent += (size_t) put;
        else if ((errno != EAGAIN && errno != EINTR) || !wait_for(stream, POLLOUT, until))
            return false;
    }
    return true;
}
