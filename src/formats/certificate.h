/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/certificate.h: a county's own certificate authority, for departments that have no other: browsers, phones
 * and laboratory systems speak to the server over TLS, and senders show who they are.
 *
 * The authority may vouch for the county's own names and addresses alone (name constraints, critical): a phone that
 * trusts it cannot be fooled with it about any other site. Keys are P-256, signatures ECDSA with SHA-256; everything is
 * PEM. An authority ends after years, what it signs after CERTIFICATE_MAX_DAYS, which browsers still take.
 *
 * Statuses: 0, BASE_ERR_INPUT with faults, TOC_ERR_NO_MEMORY. Outputs are written only where all went well.
 */
#ifndef FORMATS_CERTIFICATE_H
#define FORMATS_CERTIFICATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"

#define CERTIFICATE_MAX_HOSTS 32
#define CERTIFICATE_MAX_YEARS 30
#define CERTIFICATE_MAX_DAYS 397
#define CERTIFICATE_MAX_NAME 64 /* bytes of a name (the standard's bound of a common name) */
#define CERTIFICATE_MAX_PEM ((size_t) 64 << 10)
#define CERTIFICATE_FINGERPRINT 32 /* bytes: SHA-256 */

/* Names and addresses, as people write them: "tocsin.county.example", "10.1.2.3"; of an authority also a domain with
 * all below it, "county.example", and a net, "10.1.0.0/16". */
struct certificate_hosts {
    const char *names[CERTIFICATE_MAX_HOSTS];
    size_t      num;
};

/* What was made, in memory of its own; certificate_free clears the key. */
struct certificate {
    char  *key; /* PEM, PKCS#8 */
    size_t key_size;
    char  *chain; /* PEM */
    size_t chain_size;
};
void certificate_free(struct certificate *certificate);

/* May the host stand in a certificate (`net` false) or in an authority's constraints (true)? */
bool certificate_host_allowed(const char *host, bool net);

/* An authority of this name, for these domains and nets.
 *
 * now          instant; valid from a day before it
 * passphrase   encrypts the key (scrypt, AES-256); NULL = not encrypted */
int certificate_authority(const char *name, const struct certificate_hosts *hosts, int years, int64_t now,
                          const char *passphrase, struct certificate *made, struct fault_list *faults);

/* An authority as read from its files. */
struct certificate_issuer {
    const char *key, *chain; /* PEM */
    size_t      key_size, chain_size;
    const char *passphrase; /* NULL = none */
};

/* A server's certificate for these hosts, of which the first is its name; a host outside the authority's constraints is
 * a fault, as no browser would take it. */
int certificate_server(const struct certificate_issuer *issuer, const struct certificate_hosts *hosts, int days,
                       int64_t now, struct certificate *made, struct fault_list *faults);

/* A sender's certificate, of this name: shown by a laboratory system when it connects. */
int certificate_sender(const struct certificate_issuer *issuer, const char *name, int days, int64_t now,
                       struct certificate *made, struct fault_list *faults);

/* What a certificate says. */
struct certificate_facts {
    char    name[4 * CERTIFICATE_MAX_NAME]; /* common name */
    char    issuer[4 * CERTIFICATE_MAX_NAME];
    char    hosts[2048]; /* separated by ", "; of an authority what it may vouch for */
    int64_t from, to;    /* instants */
    bool    authority;
    bool    server, sender; /* what it may be used for */
    uint8_t fingerprint[CERTIFICATE_FINGERPRINT];
};

/* Read the first certificate of a PEM text. Any input ends in facts or a fault. */
int certificate_read(const char *pem, size_t size, struct certificate_facts *facts, struct fault_list *faults);

#endif
