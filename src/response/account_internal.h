/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/account_internal.h: what the files of account.h share. */
#ifndef RESPONSE_ACCOUNT_INTERNAL_H
#define RESPONSE_ACCOUNT_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "response/account.h"
#include "response/account_throttle.h"

#define WHO_SLOTS 4096 /* callers that are remembered for a second */

struct remembered {
    bool                  used, program;
    struct account_hash   hash;
    int64_t               read;    /* when */
    uint64_t              stamp;   /* store_access_stamp before it was read */
    int64_t               seen;    /* the last request */
    int64_t               touched; /* when the last use was written */
    struct account_who    who;
    struct account_grant *grants;
};

struct accounts {
    struct store        *store;
    char                 issuer[100];
    unsigned long        password_steps;
    size_t               password_bytes;
    char                 nobody[ACCOUNT_PASSWORD_BYTES]; /* a hash that no password has, as dear to check as any */
    atomic_bool          set_up_due;
    atomic_uint_fast64_t hashes;

    pthread_mutex_t gate_lock; /* of passwords being hashed */
    pthread_cond_t  gate_free;
    unsigned        running, waiting;

    pthread_mutex_t throttle_lock;
    struct throttle throttle;

    pthread_mutex_t    who_lock;
    struct remembered *remembered; /* WHO_SLOTS */
};

/* Random bytes as text without padding; the hash of that text. text: room for 4/3 of size, rounded up, and the end. */
void account_secret(size_t size, char *text, size_t room);

/* Check a password against a hash; at most two at a time. 0, ACCOUNT_ERR_REFUSED, ACCOUNT_ERR_BUSY, … */
int accounts_check_password(struct accounts *accounts, const char *hash, const char *password);

/* Count a try: 0 or ACCOUNT_ERR_LATER with call->wait. */
int  accounts_try(struct accounts *accounts, struct account_call *call, const struct throttle_who *who);
void accounts_forgive(struct accounts *accounts, const struct throttle_who *who);

bool account_is_valid(const struct account_user *user, int64_t now);

/* Begin a session for a user; `made` gets its secret. */
struct account_start {
    struct id                   user;
    bool                        program, factor;
    const char                 *client;
    const struct account_who   *replaces; /* NULL = none */
    const struct account_proof *proof;
    bool                        new_device;
};
int accounts_start(struct accounts *accounts, struct account_call *call, const struct account_start *start,
                   struct account_signed *made);

#endif
