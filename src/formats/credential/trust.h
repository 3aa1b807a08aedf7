/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/credential/trust.h: whose signatures count: lists of issuers' keys, read once, then only looked at.
 *
 * Lists taken, told apart by what they hold (all JSON):
 * - the EU's list of document signers: {"certificates": [{"kid", "country", "rawData"}, …]}, or the array alone, as the
 *   gateway gives it; where its first line is a signature in base64, that is its own. Of other certificateTypes than
 * DSC nothing is taken. "publicKey" (SubjectPublicKeyInfo) with its kid may stand for a certificate;
 * - the VCI's snapshot of SMART Health Card issuers: {"issuerInfo": [{"issuer": {"iss"}, "keys", "crls"}, …], "time"};
 * - one issuer's JSON Web Key Set, {"keys": […], "iss": "https://…"}; where "iss" is missing the caller must say it;
 * - a DID document of the WHO's network: {"verificationMethod": [{"id", "publicKeyJwk"}, …]}; the kid is the key's,
 * else what stands behind # in the id.
 *
 * A list that a key vouches for (list.key) must bear its signature, else none of it is taken. What is wrong with one
 * signer of a list is a fault of that signer alone: the others are taken. Keys that are too weak are never taken.
 *
 * After credential_trust_ready nothing changes: any number of threads may look at once. A newer edition of a list is a
 * new trust, made beside the old one; so checking never stops for a reload.
 */
#ifndef FORMATS_CREDENTIAL_TRUST_H
#define FORMATS_CREDENTIAL_TRUST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "formats/credential/key.h"

#define CREDENTIAL_LIST_BYTES ((size_t) 64 << 20) /* the largest list that is read */
#define CREDENTIAL_LIST_NAME 96                   /* bytes of a list's name, with its end */
#define CREDENTIAL_MAX_SIGNERS ((size_t) 1 << 20)
#define CREDENTIAL_KID_MOST 64 /* bytes of a key's name */
#define CREDENTIAL_NO_TIME INT64_MIN

/* Seconds since 1970 throughout. */
struct credential_signer {
    struct credential_key key;
    uint8_t               kid[CREDENTIAL_KID_MOST]; /* of a SMART key the characters of its thumbprint */
    uint8_t               kid_size;
    uint8_t               uses;       /* enum credential_use; 0 = everything */
    char                  country[4]; /* as the list or the certificate says; "" = neither does */
    char                 *iss;        /* of SMART issuers, else NULL */
    size_t                iss_size;
    int64_t               from, to;    /* of the certificate; where there is none, all times */
    double                crl_version; /* of SMART keys: the revocation list that there must be; 0 = none */
    uint32_t              list;
    uint32_t              next; /* the next of the same place in the index, + 1 */
};

/* What became of a list. */
struct credential_list {
    char    name[CREDENTIAL_LIST_NAME];
    int64_t dated; /* what the list says of its own date, else what the caller says; CREDENTIAL_NO_TIME: neither */
    bool    vouched_for; /* bore the signature of the key given */
    size_t  num_signers, num_refused;
};

struct credential_trust {
    struct credential_signer *signers;
    size_t                    num_signers, max_signers;
    struct credential_list   *lists;
    size_t                    num_lists;
    uint32_t                 *index; /* by kid: signer + 1 */
    size_t                    num_places;
    struct credential_crl    *crls; /* of SMART keys */
    size_t                    num_crls, max_crls;
    char                    **names; /* of files, that faults may point to */
    size_t                    num_names;
};
#define CREDENTIAL_TRUST_INIT                                                                                          \
    {                                                                                                                  \
        0                                                                                                              \
    }
void credential_trust_free(struct credential_trust *trust);

struct credential_list_file {
    const char    *name; /* for messages */
    const char    *bytes;
    size_t         size;
    int64_t        dated; /* when it was fetched; CREDENTIAL_NO_TIME = not known */
    const char    *key;   /* PEM: who vouches for the list; NULL = nobody */
    size_t         key_size;
    const uint8_t *signature; /* in a file of its own (DER); NULL = in the list's first line */
    size_t         signature_size;
    const char    *iss; /* of a key set that does not say it; NULL = none */
};

/* A copy of a file's name that lives as long as the trust (faults borrow names), or NULL. */
const char *credential_trust_name(struct credential_trust *trust, const char *name);

/* Add the signers of a list. Returns 0 (signers that were refused are faults all the same), BASE_ERR_INPUT where
 * nothing of the list is taken, or TOC_ERR_NO_MEMORY. */
int credential_trust_add(struct credential_trust *trust, const struct credential_list_file *file,
                         struct fault_list *faults);

/* Add one certificate (DER) as a signer. Returns 0, BASE_ERR_INPUT or TOC_ERR_NO_MEMORY. */
int credential_trust_add_certificate(struct credential_trust *trust, const uint8_t *der, size_t size,
                                     struct fault_list *faults);

/* Make the index. To be called once, behind the last list. Returns 0 or TOC_ERR_NO_MEMORY. */
int credential_trust_ready(struct credential_trust *trust);

/* Signers of this kid, one after the other: `after` NULL = the first; NULL = no further one. Kids can collide: all are
 * to be tried. iss NULL: of those that are named by kid alone; else of this issuer alone. */
const struct credential_signer *credential_trust_find(const struct credential_trust *trust, const uint8_t *kid,
                                                      size_t kid_size, const char *iss, size_t iss_size,
                                                      const struct credential_signer *after);

/* The date of the oldest list, CREDENTIAL_NO_TIME where there is none or none is dated. */
int64_t credential_trust_dated(const struct credential_trust *trust);

/* ---- revoked SMART cards ---- */

#define CREDENTIAL_RID_MOST 24

struct credential_rid {
    uint64_t hash;
    int64_t  before; /* cards from before this time are revoked; INT64_MAX = all */
    uint8_t  size;
    char     rid[CREDENTIAL_RID_MOST];
};

/* The list of one key of an issuer. */
struct credential_crl {
    char                  *iss;
    size_t                 iss_size;
    uint8_t                kid[CREDENTIAL_KID_MOST];
    uint8_t                kid_size;
    struct credential_rid *rids; /* sorted by hash */
    size_t                 num_rids;
    double                 counter;
    bool                   broken; /* had faults: no card of this key can be told to be unrevoked */
};

/* Add a revocation list, {"kid", "method": "rid", "ctr", "rids": ["rid" or "rid.seconds", …]}, of this issuer. Any
 * fault in it refuses all of it. Returns as credential_trust_add. */
int credential_trust_add_crl(struct credential_trust *trust, const char *name, const char *iss, const char *bytes,
                             size_t size, struct fault_list *faults);

/* Is a card of this key with this rid (size 0 = none), valid from nbf on, revoked? Unknown where the list is broken, or
 * older than the key says, or missing though the key says that there is one. */
enum credential_revoked { CREDENTIAL_NOT_REVOKED, CREDENTIAL_IS_REVOKED, CREDENTIAL_REVOKED_UNKNOWN };
enum credential_revoked credential_rid_revoked(const struct credential_trust  *trust,
                                               const struct credential_signer *signer, const char *rid, size_t rid_size,
                                               int64_t nbf);

#endif
