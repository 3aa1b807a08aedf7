/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/account.h: signing in and what goes with it (docs/access.md): passwords, second factors, sessions, links of
 * one use, break-glass, tokens of machines, leaving.
 *
 * One struct accounts a process: what must not be written down (how often somebody has tried, who was asked for within
 * the last second) and what bounds the work (two password hashes at a time, a short queue). Calls come from any thread;
 * each brings its own reader and its instant.
 *
 * Secrets are random bytes of the system and leave here once, as text without padding (base64url); the database has
 * their hash. Nothing here says whether a login exists: an unknown one costs the same work and gets the same answer.
 */
#ifndef RESPONSE_ACCOUNT_H
#define RESPONSE_ACCOUNT_H

#include "base/arena.h"
#include "base/fault.h"
#include "response/account_factor.h"
#include "response/account_scope.h"
#include "store/account.h"

enum account_status {
    ACCOUNT_ERR_REFUSED = -1400,       /* login, password or code is not right; which, is not said */
    ACCOUNT_ERR_LATER = -1401,         /* tried too often; remedy: again after call->wait */
    ACCOUNT_ERR_BUSY = -1402,          /* as many passwords as may wait are being checked */
    ACCOUNT_ERR_SECOND_FACTOR = -1403, /* this needs the second factor given in this session */
    ACCOUNT_ERR_ENDED = -1404          /* the session, token or link is not, or no longer, known */
};

#define SESSION_BYTES 32 /* of a secret */
#define SESSION_TEXT 44  /* its text with the end */
#define LINK_BYTES 16
#define LINK_TEXT 23
#define SESSION_IDLE (60 * 60 * INSTANT_SECOND)      /* without a request so long it ends */
#define SESSION_LONGEST (12 * 3600 * INSTANT_SECOND) /* a long shift */
#define SESSION_TOUCH (5 * 60 * INSTANT_SECOND)      /* its last use is written at most so often */
#define SESSION_CACHE (1 * INSTANT_SECOND)           /* what was read is believed so long */
#define SET_UP_LINK (15 * 60 * INSTANT_SECOND)
#define INVITE_LINK (3 * INSTANT_DAY)
#define RESET_LINK (3600 * INSTANT_SECOND)
#define BREAK_GLASS_TIME (3600 * INSTANT_SECOND)
#define BREAK_GLASS_LEAST_REASON 10 /* characters */
#define BREAK_GLASS_MOST_REASON 500
#define TOKEN_MOST_DAYS 400
#define TOKEN_OVERLAP (7 * INSTANT_DAY) /* after a new token the one before serves so long */
#define PASSWORDS_AT_ONCE 2
#define PASSWORDS_WAITING 16

struct accounts;

struct accounts_options {
    struct store *store;
    const char   *issuer;         /* what phones call the account; NULL = "Tocsin" */
    unsigned long password_steps; /* argon2id; 0 = 2 */
    size_t        password_bytes; /* 0 = 64 MiB */
};

/* 0, TOC_ERR_NO_MEMORY, or the store's. */
int  accounts_new(const struct accounts_options *options, struct accounts **accounts);
void accounts_free(struct accounts *accounts); /* NULL is fine */

/* How many passwords were hashed so far: what a sign-in costs. */
uint64_t accounts_hashes(const struct accounts *accounts);

/* One call: whose thread, when, from where. */
struct account_call {
    struct store_reader *reader;
    int64_t              now;
    const char          *peer; /* address, for throttling alone; NULL = none */
    struct arena        *arena;
    struct fault_list   *faults;
    int64_t              wait; /* out: of ACCOUNT_ERR_LATER, microseconds */
};

/* ---- who is it ---- */

struct account_who {
    bool                        machine;
    struct account_session      session;    /* of a person */
    struct account_token        token;      /* of a machine */
    bool                        has_factor; /* the account has a second factor */
    const struct account_grant *grants;     /* in call->arena */
    size_t                      num_grants;
    bool                        has_glass;
    struct account_glass        glass;
    uint64_t                    stamp; /* changes with grants, user, break-glass */
};

/* Who holds this secret. `program`: it came in Authorization, not in a cookie; a session serves only as it was begun.
 * Read from the database at most once a second, or when this process has changed anything about access. 0,
 * ACCOUNT_ERR_ENDED, or the store's. */
int accounts_who(struct accounts *accounts, struct account_call *call, const char *secret, bool program,
                 struct account_who *who);

/* ---- signing in and out ---- */

struct account_signed {
    char                   secret[SESSION_TEXT];
    char                   device[SESSION_TEXT]; /* the device's own secret; "" = as it was */
    struct account_session session;
    bool                   has_factor; /* its code is wanted next */
    bool                   factor_given;
    char (*codes)[RECOVERY_TEXT]; /* RECOVERY_CODES of them, shown once; NULL = none were made. In call->arena */
};

struct account_sign_in {
    const char *login, *password;
    const char *device; /* what the device brought, or NULL */
    bool        program;
    const char *client; /* what it calls itself, or NULL */
};

/* A new session. ACCOUNT_ERR_REFUSED, ACCOUNT_ERR_LATER, ACCOUNT_ERR_BUSY. */
int accounts_sign_in(struct accounts *accounts, struct account_call *call, const struct account_sign_in *sign_in,
                     struct account_signed *made);

/* The second factor: a code or a recovery code. A new session stands for the one at hand. Where a factor waits for its
 * first code, this is it: it is taken, and recovery codes are made. */
int accounts_give_factor(struct accounts *accounts, struct account_call *call, const struct account_who *who,
                         const char *code, const char *device, struct account_signed *made);

/* A new second factor for whoever is signed in; it counts once its first code came. Who has one gives it first. */
struct account_offer {
    char secret[FACTOR_SECRET_TEXT];
    char uri[FACTOR_URI_BYTES];
};
int accounts_offer_factor(struct accounts *accounts, struct account_call *call, const struct account_who *who,
                          struct account_offer *offer);

/* A new password for whoever is signed in, who says the old one. Their other sessions end. */
int accounts_change_password(struct accounts *accounts, struct account_call *call, const struct account_who *who,
                             const char *old_password, const char *new_password);

/* A password as the database keeps it; account_password_check comes before. */
int accounts_hash_password(struct accounts *accounts, const char *password, char hash[ACCOUNT_PASSWORD_BYTES]);

int accounts_sign_out(struct accounts *accounts, const struct account_who *who);

/* ---- links of one use ---- */

/* Does the node wait for its first administrator? */
bool accounts_set_up_due(const struct accounts *accounts);
void accounts_set_up_done(struct accounts *accounts); /* somebody has got an account in another way */

/* A link: its text stands behind "link=". kind: ACCOUNT_LINK_…; user missing = set-up. */
int accounts_make_link(struct accounts *accounts, struct account_call *call, const struct access *who, const char *kind,
                       const struct id *user, char text[LINK_TEXT]);

/* What a link is for; ACCOUNT_ERR_ENDED where it is not known, used, or too old. login: of whom it is ("" on set-up).
 */
int accounts_read_link(struct accounts *accounts, struct account_call *call, const char *text,
                       struct account_link *link, char login[ACCOUNT_LOGIN_BYTES]);

/* Use it: sets the password and begins a session; on set-up it makes the first administrator as well (login, name).
 * A reset of an account with a second factor leaves that in place, unless `drop_factor` was agreed when it was made. */
struct account_use {
    const char *link, *login, *name, *password, *client;
    bool        program;
};
int accounts_use_link(struct accounts *accounts, struct account_call *call, const struct account_use *use,
                      struct account_signed *made);

/* ---- identity providers ---- */

/* Who somebody is at a provider: its address and its own, lasting name of them (never a mail address), hashed. */
struct account_hash account_subject(const char *issuer, const char *subject);

/* Coming back from a provider counts as a try of the address, before the provider is asked: ACCOUNT_ERR_LATER. */
int  accounts_try_subject(struct accounts *accounts, struct account_call *call);
void accounts_forgive_subject(struct accounts *accounts, struct account_call *call);

/* A new session for whom a provider has vouched. factor: it has asked for a second factor that counts here; else the
 * user's own is wanted as after a password. ACCOUNT_ERR_REFUSED where nobody is bound to the subject, or no longer
 * works here. */
int accounts_sign_in_subject(struct accounts *accounts, struct account_call *call, const struct account_hash *subject,
                             bool factor, const char *client, struct account_signed *made);

/* The same with an invitation: its user is bound to the subject from now on. ACCOUNT_ERR_ENDED; STORE_ERR_EXISTS where
 * the subject is another user's. No grant comes with it. */
int accounts_bind_subject(struct accounts *accounts, struct account_call *call, const char *link,
                          const struct account_hash *subject, bool factor, const char *client,
                          struct account_signed *made);

/* ---- leaving ---- */

/* Somebody leaves, now: nothing of theirs gets in any more; their grants end; open tasks go to `successor`, or, where
 * none is named, to a supervisor of the task's area, or to that role. */
struct account_left {
    size_t grants, tasks;
};
int accounts_leave(struct accounts *accounts, struct account_call *call, const struct access *who,
                   const struct id *user, const struct id *successor, struct account_left *left);

/* ---- break-glass ---- */

struct account_breaking {
    enum access_role    role;    /* one that they hold */
    enum access_purpose purpose; /* for which it may read identities */
    struct id           area;    /* in which */
    const char         *reason;
};
int accounts_break_glass(struct accounts *accounts, struct account_call *call, const struct account_who *who,
                         const struct account_breaking *breaking, struct account_glass *glass);

/* ---- machines ---- */

struct account_token_wish {
    struct id   facility, unit; /* unit may be missing */
    const char *name;
    int64_t     days;     /* 1 … TOKEN_MOST_DAYS */
    struct id   replaces; /* a token of the same sender, which then serves TOKEN_OVERLAP longer at most; or missing */
};
int accounts_give_token(struct accounts *accounts, struct account_call *call, const struct access *who,
                        const struct account_token_wish *wish, char secret[SESSION_TEXT], struct account_token *token);

#endif
