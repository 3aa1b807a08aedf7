/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/jose.h: what an identity provider signs, and the keys that it publishes: JSON Web Signatures in their
 * compact form (RFC 7515) under a key set (RFC 7517). RS256, PS256 and ES256 alone: no "none", nothing under a shared
 * secret, nothing encrypted, no header that says it is critical. The algorithm must fit the kind of the key, so that a
 * public key never serves as a secret.
 *
 * Nothing of a token is trusted before jose_verify has said 0. Texts are bounded; any bytes end in a value or a fault.
 * Faults never repeat what was found: a token is somebody's.
 */
#ifndef FORMATS_JOSE_H
#define FORMATS_JOSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/fault.h"

enum jose_status {
    JOSE_ERR_UNKNOWN_KEY = -1010, /* no key of the set is the one that the token names; remedy: read the set anew */
    JOSE_ERR_FORGED = -1011       /* the signature is not one of that key */
};

#define JOSE_MAX_TOKEN 16384              /* bytes of a token */
#define JOSE_MAX_SET ((size_t) 256 << 10) /* bytes of a key set */
#define JOSE_MAX_KEYS 64                  /* in a set; those of other kinds count too */
#define JOSE_MAX_KID 255                  /* bytes of a key's name */
#define JOSE_MAX_DEPTH 16                 /* of JSON */
#define JOSE_MIN_RSA 2048                 /* bits */
#define JOSE_MAX_RSA 8192

enum jose_algorithm { JOSE_ANY, JOSE_RS256, JOSE_PS256, JOSE_ES256 };

struct evp_pkey_st; /* OpenSSL's EVP_PKEY */
struct json_t;      /* jansson's */

struct jose_key {
    char                kid[JOSE_MAX_KID + 1]; /* "" = it has none */
    enum jose_algorithm algorithm;             /* the only one it is for; JOSE_ANY = all that fit its kind */
    bool                rsa;                   /* else P-256 */
    struct evp_pkey_st *key;
};

struct jose_keys {
    struct jose_key *keys;
    size_t           num;
};

/* Read a key set. Keys of other kinds, for encryption, or of sizes that are not taken are passed over, as the standard
 * asks; a set without any key that is left is a fault. 0, BASE_ERR_INPUT, TOC_ERR_NO_MEMORY. */
int  jose_keys_read(const char *text, size_t size, struct jose_keys *keys, struct fault_list *faults);
void jose_keys_free(struct jose_keys *keys);

struct jose_token {
    enum jose_algorithm algorithm;
    const char         *kid;         /* NULL = it names none */
    const char         *signed_text; /* header.payload, in the token's own text */
    size_t              signed_size;
    const uint8_t      *signature;
    size_t              signature_size;
    const char         *payload; /* decoded, ended with '\0' */
    size_t              payload_size;
};

/* Take a token apart. `text` must live as long as the token; the rest is in the arena. 0, BASE_ERR_INPUT,
 * TOC_ERR_NO_MEMORY. */
int jose_read(const char *text, size_t size, struct arena *arena, struct jose_token *token, struct fault_list *faults);

/* Is it signed by a key of the set? By the key of the token's name, or, where it names none, by the only one that fits
 * its algorithm. 0, JOSE_ERR_UNKNOWN_KEY, JOSE_ERR_FORGED, TOC_ERR_NO_MEMORY. */
int jose_verify(const struct jose_token *token, const struct jose_keys *keys);

/* JSON within the bounds, an object: members stand once, nothing nests deeper than JOSE_MAX_DEPTH. json_decref it. 0,
 * BASE_ERR_INPUT. */
int jose_json(const char *text, size_t size, struct json_t **json);

#endif
