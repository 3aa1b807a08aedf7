/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/credential/certificate_parts.h: where the parts of an X.509 certificate of the usual form stand.
 *
 * OpenSSL decodes all of a certificate, its key by its whole machinery of decoders, which takes longer than checking
 * three signatures with it. Nearly all certificates of a list of signers have one form; of these only what is asked for
 * need be decoded.
 *
 * The usual form: DER of version 3, a P-256 key whose point is not compressed, no unique identifiers, at most one
 * extension that says for what the key is. Every length and tag of it is checked, and that no byte is left over. What
 * stands inside a name, a time or an extension is not: whoever decodes it checks it. Of any other form, nothing is
 * said; it may be a certificate none the less.
 */
#ifndef FORMATS_CREDENTIAL_CERTIFICATE_PARTS_H
#define FORMATS_CREDENTIAL_CERTIFICATE_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct certificate_part {
    const uint8_t *der; /* within the certificate, with its tag and length; NULL = it has none */
    size_t         size;
};

struct certificate_parts {
    struct certificate_part issuer, subject; /* Name */
    struct certificate_part from, to;        /* Time */
    struct certificate_part usage;           /* ExtKeyUsageSyntax */
    const uint8_t          *point;           /* x and y, 64 bytes */
};

/* False: not of the usual form; parts are untouched then. */
bool certificate_parts_find(const uint8_t *der, size_t size, struct certificate_parts *parts);

/* A SubjectPublicKeyInfo of such a key and nothing else: its x and y. NULL: it is none. */
const uint8_t *certificate_parts_point(const uint8_t *der, size_t size);

#endif
