/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signing in, the second factor, new passwords. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/instant.h"
#include "response/account_internal.h"
#include "response/account_password.h"
#include "store/node.h"

/* What a client calls itself, without controls, cut at a whole character. */
static void copy_client(const char *client, char to[ACCOUNT_CLIENT_BYTES + 1])
{
    size_t used = 0;
    for (; client != NULL && *client != '\0' && used < ACCOUNT_CLIENT_BYTES; client++)
        if ((unsigned char) *client >= ' ' && (unsigned char) *client < 0x7f)
            to[used++] = *client;
    to[used] = '\0';
}

int accounts_start(struct accounts *accounts, struct account_call *call, const struct account_start *start,
                   struct account_signed *made)
{
    struct account_hash device;
    struct access       who = { .user = start->user };
    *made = (struct account_signed){ .factor_given = start->factor };
    account_secret(SESSION_BYTES, made->secret, sizeof made->secret);
    made->session = (struct account_session){ .hash = account_hash("session", made->secret, strlen(made->secret)),
                                              .id = node_new_id(call->now),
                                              .user = start->user,
                                              .program = start->program,
                                              .created = call->now,
                                              .used = call->now,
                                              .ends = call->now + SESSION_LONGEST,
                                              .factor = start->factor ? call->now : INSTANT_MISSING };
    copy_client(start->client, made->session.client);
    if (start->replaces != NULL)
        made->session.ends = start->replaces->session.ends;
    if (start->new_device) {
        account_secret(SESSION_BYTES, made->device, sizeof made->device);
        device = account_hash("device", made->device, strlen(made->device));
    }
    return account_begin_session(accounts->store, &who, &made->session,
                                 start->replaces != NULL ? &start->replaces->session.hash : NULL, start->proof,
                                 start->new_device ? &device : NULL);
}

/* ---- passwords ---- */

struct candidate {
    struct account_user user; /* id missing: nobody of that login */
    struct account      account;
    struct account_hash device;
    bool                known_device;
};

/* Who it may be. The same questions are asked of the database whether the login exists or not. */
static int find_candidate(struct account_call *call, const char *login, const char *device, struct candidate *candidate)
{
    *candidate = (struct candidate){ .known_device = false };
    int ret = account_user_by_login(call->reader, login, &candidate->user);
    if (ret == STORE_ERR_ABSENT)
        candidate->user = (struct account_user){ .valid_to = MODEL_MISSING_DATE };
    if (ret == 0 || ret == STORE_ERR_ABSENT)
        ret = account_read(call->reader, &candidate->user.id, &candidate->account);
    if (ret == STORE_ERR_ABSENT) {
        candidate->account = (struct account){ .has_factor = false };
        ret = 0;
    }
    if (ret == 0 && device != NULL && strlen(device) == SESSION_TEXT - 1) {
        candidate->device = account_hash("device", device, strlen(device));
        candidate->known_device = account_device_known(call->reader, &candidate->device, &candidate->user.id);
    }
    return ret;
}

int accounts_sign_in(struct accounts *accounts, struct account_call *call, const struct account_sign_in *sign_in,
                     struct account_signed *made)
{
    struct candidate candidate;
    if (strlen(sign_in->login) >= ACCOUNT_LOGIN_BYTES)
        return ACCOUNT_ERR_REFUSED;
    int ret = find_candidate(call, sign_in->login, sign_in->device, &candidate);
    if (ret != 0)
        return ret;
    const struct throttle_who who = { .login = sign_in->login,
                                      .login_size = strlen(sign_in->login),
                                      .address = call->peer,
                                      .device = candidate.known_device ? candidate.device.bytes : NULL,
                                      .device_size = ACCOUNT_HASH_BYTES };
    bool may = candidate.account.password[0] != '\0' && account_is_valid(&candidate.user, call->now);
    ret = accounts_try(accounts, call, &who);
    if (ret == 0)
        ret = accounts_check_password(accounts, may ? candidate.account.password : accounts->nobody, sign_in->password);
    if (ret == 0 && !may)
        ret = ACCOUNT_ERR_REFUSED;
    if (ret != 0)
        return ret;
    accounts_forgive(accounts, &who);
    const struct account_start start = { .user = candidate.user.id,
                                         .program = sign_in->program,
                                         .client = sign_in->client,
                                         .new_device = !candidate.known_device };
    ret = accounts_start(accounts, call, &start, made);
    made->has_factor = candidate.account.has_factor;
    return ret;
}

int accounts_change_password(struct accounts *accounts, struct account_call *call, const struct account_who *who,
                             const char *old_password, const char *new_password)
{
    struct account_user       user;
    struct account            account;
    char                      hash[ACCOUNT_PASSWORD_BYTES];
    struct access             self = { .user = who->session.user };
    const struct throttle_who tries = { .device = who->session.user.bytes, .device_size = ID_BYTES };
    int                       ret = account_user_read(call->reader, &self.user, &user);
    if (ret == 0)
        ret = account_read(call->reader, &self.user, &account);
    if (ret == 0)
        ret = account_password_check(new_password, strlen(new_password), user.login, call->faults);
    if (ret == 0)
        ret = accounts_try(accounts, call, &tries);
    if (ret == 0)
        ret = accounts_check_password(accounts, account.password[0] != '\0' ? account.password : accounts->nobody,
                                      old_password);
    if (ret == 0) {
        accounts_forgive(accounts, &tries);
        ret = accounts_hash_password(accounts, new_password, hash);
    }
    return ret == 0 ? account_set_password(accounts->store, &self, &self.user, hash, &who->session.id) : ret;
}

int accounts_sign_out(struct accounts *accounts, const struct account_who *who)
{
    struct access self = { .user = who->session.user };
    int           ret = account_end_session(accounts->store, &self, &self.user, &who->session.id);
    return ret == STORE_ERR_ABSENT ? 0 : ret;
}

/* ---- second factors ---- */

int accounts_offer_factor(struct accounts *accounts, struct account_call *call, const struct account_who *who,
                          struct account_offer *offer)
{
    uint8_t             secret[FACTOR_BYTES];
    struct account_user user;
    struct access       self = { .user = who->session.user };
    if (who->has_factor && who->session.factor == INSTANT_MISSING)
        return ACCOUNT_ERR_SECOND_FACTOR;
    int ret = account_user_read(call->reader, &self.user, &user);
    if (ret != 0)
        return ret;
    randombytes_buf(secret, sizeof secret);
    ret = account_offer_factor(accounts->store, &self, &self.user, secret, call->now);
    if (ret == 0) {
        factor_secret_text(secret, offer->secret);
        factor_uri(secret, accounts->issuer, user.login, offer->uri);
    }
    sodium_memzero(secret, sizeof secret);
    return ret;
}

static struct account_hash recovery_hash(const struct id *user, const uint8_t bytes[RECOVERY_BYTES])
{
    uint8_t both[ID_BYTES + RECOVERY_BYTES];
    memcpy(both, user->bytes, ID_BYTES);
    memcpy(both + ID_BYTES, bytes, RECOVERY_BYTES);
    return account_hash("recovery", both, sizeof both);
}

/* Does the text fit the factor in use (or the one that waits)? */
static int check_code(struct account_call *call, const struct id *user, bool next, const char *code, int64_t last_step,
                      int64_t *step)
{
    uint8_t secret[FACTOR_BYTES];
    int     ret = account_factor(call->reader, user, next, secret);
    if (ret == 0)
        ret = factor_check(secret, code, strlen(code), last_step, call->now, step);
    sodium_memzero(secret, sizeof secret);
    return ret == BASE_ERR_INPUT || ret == STORE_ERR_ABSENT ? ACCOUNT_ERR_REFUSED : ret;
}

/* The first code of a factor that waits: it is in use now, with recovery codes of its own. */
static int take_factor(struct accounts *accounts, struct account_call *call, const struct id *user, int64_t step,
                       char (**texts)[RECOVERY_TEXT])
{
    struct access       self = { .user = *user };
    struct account_hash hashes[RECOVERY_CODES];
    uint8_t             bytes[RECOVERY_BYTES];
    *texts = arena_array(call->arena, RECOVERY_CODES, sizeof **texts);
    if (*texts == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < RECOVERY_CODES; i++) {
        randombytes_buf(bytes, sizeof bytes);
        recovery_text(bytes, (*texts)[i]);
        hashes[i] = recovery_hash(user, bytes);
    }
    sodium_memzero(bytes, sizeof bytes);
    return account_take_factor(accounts->store, &self, user, step, hashes, RECOVERY_CODES, call->now);
}

/* A code of the factor in use, or a recovery code. */
static int prove(struct account_call *call, const struct account *account, const char *code,
                 struct account_proof *proof)
{
    uint8_t bytes[RECOVERY_BYTES];
    if (!account->has_factor)
        return ACCOUNT_ERR_REFUSED;
    *proof = (struct account_proof){ .step = 0 };
    if (recovery_read(code, strlen(code), bytes) == 0) {
        proof->code = recovery_hash(&account->user, bytes);
        return 0;
    }
    return check_code(call, &account->user, false, code, account->factor_step, &proof->step);
}

int accounts_give_factor(struct accounts *accounts, struct account_call *call, const struct account_who *who,
                         const char *code, const char *device, struct account_signed *made)
{
    const struct id     *user = &who->session.user;
    struct account       account;
    struct account_proof proof = { .step = 0 };
    struct account_hash  key = account_hash("factor of", user->bytes, ID_BYTES);
    char(*codes)[RECOVERY_TEXT] = NULL;
    if (device != NULL && strlen(device) == SESSION_TEXT - 1) {
        struct account_hash known = account_hash("device", device, strlen(device));
        if (account_device_known(call->reader, &known, user))
            key = account_hash("factor by", known.bytes, ACCOUNT_HASH_BYTES);
    }
    const struct throttle_who tries = { .device = key.bytes, .device_size = ACCOUNT_HASH_BYTES };
    int64_t                   step;
    int                       ret = account_read(call->reader, user, &account);
    if (ret == 0)
        ret = accounts_try(accounts, call, &tries);
    if (ret != 0)
        return ret;
    bool may_take = account.has_next && (!account.has_factor || who->session.factor != INSTANT_MISSING);
    bool taken = may_take && check_code(call, user, true, code, 0, &step) == 0;
    if (taken)
        ret = take_factor(accounts, call, user, step, &codes);
    else
        ret = prove(call, &account, code, &proof);
    if (ret != 0)
        return ret;
    const struct account_start start = { .user = *user,
                                         .program = who->session.program,
                                         .client = who->session.client,
                                         .factor = true,
                                         .replaces = who,
                                         .proof = taken ? NULL : &proof };
    ret = accounts_start(accounts, call, &start, made);
    if (ret == STORE_ERR_EXISTS) /* has served already */
        return ACCOUNT_ERR_REFUSED;
    if (ret == STORE_ERR_ABSENT)
        return ACCOUNT_ERR_ENDED;
    if (ret != 0)
        return ret;
    accounts_forgive(accounts, &tries);
    made->has_factor = true;
    made->codes = codes;
    return 0;
}
