/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/server/mllp_stream.h: the bytes of one connection that was accepted, over TCP or over TLS with a certificate of
 * the client's, each call with an instant by which it must have ended.
 */
#ifndef SERVER_MLLP_STREAM_H
#define SERVER_MLLP_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/fault.h"

#define MLLP_FINGERPRINT_BYTES 65 /* SHA-256 in hexadecimal, with its end */

struct node_mllp;
struct ssl_ctx_st; /* OpenSSL's */
struct ssl_st;

/* The server's side of TLS 1.2 and 1.3: who shows no certificate of the authority's is refused, on each connection anew
 * (sessions are not taken up again). NULL where the listener has no certificate. 0, or BASE_ERR_INPUT with the file at
 * fault. */
int  mllp_tls_open(const struct node_mllp *settings, struct ssl_ctx_st **tls, struct fault_list *faults);
void mllp_tls_close(struct ssl_ctx_st *tls); /* NULL is fine */

struct mllp_stream {
    int            fd; /* not blocking */
    struct ssl_st *ssl;
    char           fingerprint[MLLP_FINGERPRINT_BYTES]; /* of the client's certificate; "" = plain */
};

/* Seconds of a clock that only goes on. */
double mllp_seconds(void);

/* tls NULL = plain. The descriptor stays the caller's, who closes it after mllp_stream_end. False: too late, no right
 * certificate, no memory; mllp_stream_end is called all the same. */
bool mllp_stream_begin(struct mllp_stream *stream, int fd, struct ssl_ctx_st *tls, double until);
void mllp_stream_end(struct mllp_stream *stream);

/* At least one byte into `bytes`. False: the end, an error, or too late. */
bool mllp_stream_receive(struct mllp_stream *stream, char *bytes, size_t size, double until, size_t *num);

/* All of them. */
bool mllp_stream_send(struct mllp_stream *stream, const char *bytes, size_t size, double until);

#endif
