/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/account.h: how users and machines prove who they are, as the database keeps it: passwords, second factors,
 * sessions, tokens, links of one use, break-glass. The rules are above (response/account.h); here are the rows.
 *
 * None of this is a record: no list, export, history or live event has it. What a client holds stands here as its
 * BLAKE2b-256 (the secrets are random, of 80 bits and more: a slow hash would add nothing); a password as argon2id; the
 * secret of a second factor and the reason of a break-glass sealed under a key of their own, which the keeper wraps and
 * a rotation wraps anew. Every change goes through the writer, in one transaction with its audit entry.
 *
 * Functions return 0, STORE_ERR_ABSENT where there is no such row, or what the store returns (store.h).
 */
#ifndef STORE_ACCOUNT_H
#define STORE_ACCOUNT_H

#include "store/store.h"

#define ACCOUNT_HASH_BYTES 32
#define ACCOUNT_PASSWORD_BYTES 128 /* crypto_pwhash_STRBYTES */
#define ACCOUNT_FACTOR_BYTES 20    /* secret of a second factor: as long as HMAC-SHA1 takes it */
#define ACCOUNT_CLIENT_BYTES 120   /* what a client calls itself; longer is cut */
#define ACCOUNT_NAME_BYTES 120     /* of a token */
#define ACCOUNT_LOGIN_BYTES 256    /* 60 characters and the end */
#define ACCOUNT_REASON_BYTES 2000  /* of a break-glass */
#define ACCOUNT_MOST_GRANTS 200    /* of a user, that are looked at */
#define ACCOUNT_MOST_SESSIONS 20   /* of a user at a time: the oldest ends */
#define ACCOUNT_MOST_DEVICES 20    /* of a user: the one longest unused is forgotten */
#define ACCOUNT_MOST_LISTED 200    /* tokens, break-glasses of one answer */

struct account_hash {
    uint8_t bytes[ACCOUNT_HASH_BYTES];
};

/* kind: "session", "token", …: a secret of one kind is none of another. */
struct account_hash account_hash(const char *kind, const void *secret, size_t size);

/* ---- users ---- */

struct account_user {
    struct id id;
    char      login[ACCOUNT_LOGIN_BYTES];
    char      name[512];
    struct id facility;
    toc_date  valid_from, valid_to; /* MODEL_MISSING_DATE = open */
    int64_t   version;
};

struct account_grant {
    struct id           id;
    int64_t             version;
    enum access_role    role;
    enum access_purpose purpose; /* ACCESS_NO_PURPOSE: all of the role's */
    struct id           area, facility;
    bool                everywhere;
    int64_t             starts, ends; /* ends INSTANT_MISSING = open */
};

struct account {
    struct id user;
    int64_t   changed;                          /* when the password was set */
    char      password[ACCOUNT_PASSWORD_BYTES]; /* "" = none */
    bool      has_factor;
    int64_t   factor_since, factor_step;
    bool      has_next; /* a second factor that waits for its first code */
    int64_t   next_since;
};

int account_user_by_login(struct store_reader *reader, const char *login, struct account_user *user);
int account_user_read(struct store_reader *reader, const struct id *id, struct account_user *user);
int account_users(struct store_reader *reader, struct arena *arena, struct account_user **users, size_t *num);
int account_grants(struct store_reader *reader, const struct id *user, struct account_grant *grants, size_t *num);
/* The account of a user; STORE_ERR_ABSENT where they have none. */
int account_read(struct store_reader *reader, const struct id *user, struct account *account);
/* Has anybody an account? */
int account_any(struct store_reader *reader, bool *any);
/* The secret of the second factor in use, or of the one that waits. Clear it after use. */
int account_factor(struct store_reader *reader, const struct id *user, bool next, uint8_t secret[ACCOUNT_FACTOR_BYTES]);
int account_codes_left(struct store_reader *reader, const struct id *user, int64_t *num);

/* Set a password (hashed already). Sessions of the user end but for `keep` (NULL = all end). */
int account_set_password(struct store *store, const struct access *who, const struct id *user, const char *password,
                         const struct id *keep);

/* Give out a second factor that is not in use yet. */
int account_offer_factor(struct store *store, const struct access *who, const struct id *user,
                         const uint8_t secret[ACCOUNT_FACTOR_BYTES], int64_t now);
/* Its first code came: it is in use from now on, with new recovery codes; the earlier one is forgotten. */
int account_take_factor(struct store *store, const struct access *who, const struct id *user, int64_t step,
                        const struct account_hash *codes, size_t num_codes, int64_t now);
/* Forget factor and codes, and end the user's sessions. */
int account_drop_factor(struct store *store, const struct access *who, const struct id *user);

/* ---- sessions ---- */

struct account_session {
    struct account_hash hash;
    struct id           id, user;
    bool                program;
    int64_t             created, used, ends;
    int64_t             factor; /* when the second factor was given; INSTANT_MISSING = not */
    char                client[ACCOUNT_CLIENT_BYTES + 1];
};

/* How the user has shown who they are with the second factor: a code of this step, or a recovery code. */
struct account_proof {
    int64_t             step; /* of a code; 0 = a recovery code */
    struct account_hash code;
};

/* Begin a session.
 *
 * replaces   a session that ends with it (a new secret for the same person), or NULL
 * proof      the second factor, taken in the same transaction so that it cannot serve twice: STORE_ERR_EXISTS where it
 *            has served; NULL = none
 * device     hash of a device that is known from now on, or NULL
 */
int account_begin_session(struct store *store, const struct access *who, const struct account_session *session,
                          const struct account_hash *replaces, const struct account_proof *proof,
                          const struct account_hash *device);
int account_session(struct store_reader *reader, const struct account_hash *hash, struct account_session *session);
int account_sessions(struct store_reader *reader, const struct id *user, struct account_session *sessions, size_t max,
                     size_t *num); /* newest first */
/* End one session of a user, or all but `keep`. */
int account_end_session(struct store *store, const struct access *who, const struct id *user, const struct id *session);
int account_end_sessions(struct store *store, const struct access *who, const struct id *user, const struct id *keep);
/* A session was used: written without waiting and without an audit entry. */
void account_touch_session(struct store *store, const struct account_hash *hash, int64_t now);
/* Sessions, links and tokens that have ended, a day later; from a timer. */
int account_tidy(struct store *store, int64_t now);
/* After a restore: nobody who held a secret of then gets in with it: sessions, links and devices. */
int account_end_all(struct store *store, const struct access *who);

bool account_device_known(struct store_reader *reader, const struct account_hash *hash, const struct id *user);

/* ---- links ---- */

#define ACCOUNT_LINK_SET_UP "set-up"
#define ACCOUNT_LINK_INVITE "invite"
#define ACCOUNT_LINK_RESET "reset"

struct account_link {
    struct account_hash hash;
    char                kind[16];
    struct id           user; /* missing: the node's set-up */
    int64_t             created, ends;
};

/* Make a link; earlier ones for the same user (or the set-up) are gone. */
int account_make_link(struct store *store, const struct access *who, const struct account_link *link);
int account_link(struct store_reader *reader, const struct account_hash *hash, int64_t now, struct account_link *link);
/* Use a link: it is gone, the password is set (sessions end), and on set-up the records of the first administrator are
 * written with it (records, else NULL). `user`: whose password it is. */
int account_use_link(struct store *store, const struct access *who, const struct account_link *link,
                     const struct id *user, const char *password, bool drop_factor, struct store_request *records,
                     int64_t now, struct fault_list *faults);

/* ---- identity providers ---- */

/* The user whom a provider knows as this subject (account_hash("subject", …)). */
int account_user_by_subject(struct store_reader *reader, const struct account_hash *subject, struct account_user *user);
/* Has the user one? */
bool account_has_subject(struct store_reader *reader, const struct id *user);
/* Use an invitation: it is gone, the subject is the user's (an earlier one is forgotten), their sessions end.
 * STORE_ERR_EXISTS where it is another user's: nothing is changed then. */
int account_bind_subject(struct store *store, const struct access *who, const struct account_link *link,
                         const struct account_hash *subject, int64_t now);
/* Forget it, and end the user's sessions. */
int account_drop_subject(struct store *store, const struct access *who, const struct id *user);

/* ---- leaving ---- */

/* Somebody leaves: sessions, devices, links, account and second factor are gone, and the records say so (their grants
 * end, the user's last day is set, open tasks are others'), all in one transaction. */
int account_leave(struct store *store, const struct access *who, const struct id *user, struct store_request *records,
                  struct fault_list *faults);

/* Their grants that have not ended, and their open tasks, for those who make `records`. */
int account_open_tasks(struct store_reader *reader, const struct id *user, struct arena *arena, struct id **tasks,
                       struct id **areas, size_t *num);
/* Users who hold a role now in an area or above it, or everywhere; oldest grant first. */
int account_holders(struct store_reader *reader, enum access_role role, const struct id *area, int64_t now,
                    struct id *users, size_t max, size_t *num);

/* ---- machines ---- */

struct account_token {
    struct account_hash hash;
    struct id           id, family, facility, unit, given_by;
    char                name[ACCOUNT_NAME_BYTES + 1];
    int64_t             created, ends, used;
};

/* Give out a token. Where `family` is that of others, those end at `others_end` at the latest: the overlap. */
int  account_give_token(struct store *store, const struct access *who, const struct account_token *token,
                        int64_t others_end);
int  account_token(struct store_reader *reader, const struct account_hash *hash, struct account_token *token);
int  account_token_by_id(struct store_reader *reader, const struct id *id, struct account_token *token);
int  account_tokens(struct store_reader *reader, int64_t now, struct account_token *tokens, size_t max, size_t *num);
int  account_end_token(struct store *store, const struct access *who, const struct id *token, int64_t now);
void account_touch_token(struct store *store, const struct account_hash *hash, int64_t now);

#define ACCOUNT_RECEIPT_REASON_BYTES 801 /* 200 characters */

/* What a sender has sent, newest first: receipts alone. */
struct account_receipt {
    struct id id;
    int64_t   received;
    char      verdict[48];
    int64_t   num_faults;
    char      reason[ACCOUNT_RECEIPT_REASON_BYTES]; /* the first fault; "" = none */
    int64_t   processed;                            /* or missing */
    bool      test;
};
int account_receipts(struct store_reader *reader, const struct id *facility, struct account_receipt *receipts,
                     size_t max, size_t *num);

/* One of them; STORE_ERR_ABSENT where it is another sender's, or nobody's. */
int account_receipt(struct store_reader *reader, const struct id *facility, const struct id *message,
                    struct account_receipt *receipt);

/* ---- break-glass ---- */

struct account_glass {
    struct id           id, user, session, area;
    enum access_role    role;
    enum access_purpose purpose;
    int64_t             starts, ends;
    const char         *reason; /* NULL where it was not asked for */
};

/* Break the glass; `records` tells the supervisors (tasks). */
int account_break_glass(struct store *store, const struct access *who, const struct account_glass *glass,
                        struct store_request *records, struct fault_list *faults);
/* The one that a session has now, or STORE_ERR_ABSENT. */
int account_glass_of(struct store_reader *reader, const struct id *session, int64_t now, struct account_glass *glass);
int account_end_glass(struct store *store, const struct access *who, const struct id *session, int64_t now);
/* Newest first, those whose area lies within the caller's grant, with their reasons. */
int account_glasses(struct store_reader *reader, const struct access *who, struct arena *arena,
                    struct account_glass *glasses, size_t max, size_t *num);

/* ---- who looked ---- */

struct account_reading {
    int64_t   at;
    char      role[32], purpose[32], verb[32];
    struct id actor;
    struct id facility; /* the office; missing where the user has none */
    bool      break_glass;
};

/* Readings of a person's identity, newest first, before entry `before` (INT64_MAX = all); *next: to go on from, 0 = no
 * more. */
int account_readings(struct store_reader *reader, const struct id *person, int64_t before,
                     struct account_reading *readings, size_t max, size_t *num, int64_t *next);

#endif
