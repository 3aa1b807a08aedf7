/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The desk: what it holds in memory, and who somebody is. */
#include "response/account.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/time_zone.h"
#include "response/account_internal.h"
#include "response/account_password.h"

/* ---- making ---- */

/* A hash as crypto_pwhash_str writes it, of random bytes instead of a password: no start waits for one. */
static void make_nobody(struct accounts *accounts)
{
    uint8_t bytes[48];
    char    salt[32], hash[64], text[2 * ACCOUNT_PASSWORD_BYTES];
    randombytes_buf(bytes, sizeof bytes);
    sodium_bin2base64(salt, sizeof salt, bytes, 16, sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
    sodium_bin2base64(hash, sizeof hash, bytes + 16, 32, sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
    snprintf(text, sizeof text, "$argon2id$v=19$m=%zu,t=%lu,p=1$%s$%s", accounts->password_bytes / 1024,
             accounts->password_steps, salt, hash);
    memcpy(accounts->nobody, text, sizeof accounts->nobody - 1);
}

static int look_for_accounts(struct accounts *accounts)
{
    struct store_reader *reader = NULL;
    bool                 any = false;
    int                  ret = store_reader_open(accounts->store, &reader, NULL);
    if (ret == 0)
        ret = account_any(reader, &any);
    store_reader_close(reader);
    accounts->set_up_due = !any;
    return ret;
}

int accounts_new(const struct accounts_options *options, struct accounts **accounts)
{
    struct accounts *made = memory_array(1, sizeof *made);
    if (made == NULL || sodium_init() < 0) {
        free(made);
        return TOC_ERR_NO_MEMORY;
    }
    made->store = options->store;
    snprintf(made->issuer, sizeof made->issuer, "%s", options->issuer != NULL ? options->issuer : "Tocsin");
    made->password_steps = options->password_steps != 0 ? options->password_steps : 2;
    made->password_bytes = options->password_bytes != 0 ? options->password_bytes : (size_t) 64 << 20;
    made->remembered = memory_array(WHO_SLOTS, sizeof *made->remembered);
    randombytes_buf(made->throttle.key, sizeof made->throttle.key);
    pthread_mutex_init(&made->gate_lock, NULL);
    pthread_cond_init(&made->gate_free, NULL);
    pthread_mutex_init(&made->throttle_lock, NULL);
    pthread_mutex_init(&made->who_lock, NULL);
    make_nobody(made);
    int ret = made->remembered == NULL ? TOC_ERR_NO_MEMORY : look_for_accounts(made);
    if (ret != 0)
        accounts_free(made);
    else
        *accounts = made;
    return ret;
}

void accounts_free(struct accounts *accounts)
{
    if (accounts == NULL)
        return;
    for (size_t i = 0; accounts->remembered != NULL && i < WHO_SLOTS; i++)
        free(accounts->remembered[i].grants);
    free(accounts->remembered);
    pthread_mutex_destroy(&accounts->gate_lock);
    pthread_cond_destroy(&accounts->gate_free);
    pthread_mutex_destroy(&accounts->throttle_lock);
    pthread_mutex_destroy(&accounts->who_lock);
    free(accounts);
}

uint64_t accounts_hashes(const struct accounts *accounts)
{
    return accounts->hashes;
}

bool accounts_set_up_due(const struct accounts *accounts)
{
    return accounts->set_up_due;
}

void accounts_set_up_done(struct accounts *accounts)
{
    accounts->set_up_due = false;
}

void account_secret(size_t size, char *text, size_t room)
{
    uint8_t bytes[SESSION_BYTES];
    randombytes_buf(bytes, size);
    sodium_bin2base64(text, room, bytes, size, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sodium_memzero(bytes, sizeof bytes);
}

/* ---- passwords: dear on purpose, so that only a few are at work ---- */

static int enter(struct accounts *accounts)
{
    int ret = 0;
    pthread_mutex_lock(&accounts->gate_lock);
    if (accounts->running >= PASSWORDS_AT_ONCE && accounts->waiting >= PASSWORDS_WAITING)
        ret = ACCOUNT_ERR_BUSY;
    else {
        accounts->waiting++;
        while (accounts->running >= PASSWORDS_AT_ONCE)
            pthread_cond_wait(&accounts->gate_free, &accounts->gate_lock);
        accounts->waiting--;
        accounts->running++;
    }
    pthread_mutex_unlock(&accounts->gate_lock);
    return ret;
}

static void leave(struct accounts *accounts)
{
    accounts->hashes++;
    pthread_mutex_lock(&accounts->gate_lock);
    accounts->running--;
    pthread_cond_signal(&accounts->gate_free);
    pthread_mutex_unlock(&accounts->gate_lock);
}

int accounts_check_password(struct accounts *accounts, const char *hash, const char *password)
{
    struct arena arena = ARENA_INIT;
    const char  *normal = "";
    size_t       size = 0;
    int          ret = account_password_normal(password, strlen(password), &arena, &normal, &size);
    bool         is_text = ret == 0;
    if (ret == BASE_ERR_INPUT)
        ret = 0; /* nobody's password, at the same price */
    if (ret == 0)
        ret = enter(accounts);
    if (ret == 0) {
        bool fits = crypto_pwhash_str_verify(hash, normal, size) == 0;
        leave(accounts);
        ret = fits && is_text ? 0 : ACCOUNT_ERR_REFUSED;
    }
    arena_wipe(&arena);
    return ret;
}

int accounts_hash_password(struct accounts *accounts, const char *password, char hash[ACCOUNT_PASSWORD_BYTES])
{
    struct arena arena = ARENA_INIT;
    const char  *normal;
    size_t       size;
    int          ret = account_password_normal(password, strlen(password), &arena, &normal, &size);
    if (ret == 0)
        ret = enter(accounts);
    if (ret == 0) {
        if (crypto_pwhash_str(hash, normal, size, accounts->password_steps, accounts->password_bytes) != 0)
            ret = TOC_ERR_NO_MEMORY;
        leave(accounts);
    }
    arena_wipe(&arena);
    return ret;
}

int accounts_try(struct accounts *accounts, struct account_call *call, const struct throttle_who *who)
{
    pthread_mutex_lock(&accounts->throttle_lock);
    call->wait = throttle_try(&accounts->throttle, who, call->now);
    pthread_mutex_unlock(&accounts->throttle_lock);
    return call->wait > 0 ? ACCOUNT_ERR_LATER : 0;
}

void accounts_forgive(struct accounts *accounts, const struct throttle_who *who)
{
    pthread_mutex_lock(&accounts->throttle_lock);
    throttle_forgive(&accounts->throttle, who);
    pthread_mutex_unlock(&accounts->throttle_lock);
}

/* ---- who is it ---- */

bool account_is_valid(const struct account_user *user, int64_t now)
{
    toc_date today = time_zone_day(now);
    return (user->valid_from == MODEL_MISSING_DATE || user->valid_from <= today) &&
           (user->valid_to == MODEL_MISSING_DATE || user->valid_to >= today);
}

static uint64_t stamp_of(const struct account_who *who, const struct account_user *user)
{
    uint64_t                 stamp;
    crypto_generichash_state state;
    uint8_t                  hash[crypto_generichash_BYTES_MIN];
    crypto_generichash_init(&state, NULL, 0, sizeof hash);
    crypto_generichash_update(&state, (const uint8_t *) &user->version, sizeof user->version);
    for (size_t i = 0; i < who->num_grants; i++) {
        crypto_generichash_update(&state, who->grants[i].id.bytes, ID_BYTES);
        crypto_generichash_update(&state, (const uint8_t *) &who->grants[i].version, sizeof who->grants[i].version);
    }
    if (who->has_glass)
        crypto_generichash_update(&state, who->glass.id.bytes, ID_BYTES);
    crypto_generichash_final(&state, hash, sizeof hash);
    memcpy(&stamp, hash, sizeof stamp);
    return stamp;
}

static int read_person(struct account_call *call, struct account_who *who)
{
    struct account_user   user;
    struct account        account;
    struct account_grant *grants = arena_array(call->arena, ACCOUNT_MOST_GRANTS, sizeof *grants);
    const struct id      *id = &who->session.user;
    if (grants == NULL)
        return TOC_ERR_NO_MEMORY;
    int ret = account_user_read(call->reader, id, &user);
    if (ret == 0 && !account_is_valid(&user, call->now))
        ret = ACCOUNT_ERR_ENDED;
    if (ret == 0)
        ret = account_read(call->reader, id, &account);
    if (ret == 0)
        ret = account_grants(call->reader, id, grants, &who->num_grants);
    if (ret != 0)
        return ret == STORE_ERR_ABSENT ? ACCOUNT_ERR_ENDED : ret;
    who->has_factor = account.has_factor;
    who->grants = grants;
    ret = account_glass_of(call->reader, &who->session.id, call->now, &who->glass);
    who->has_glass = ret == 0;
    who->stamp = stamp_of(who, &user);
    return ret == STORE_ERR_ABSENT ? 0 : ret;
}

static int read_who(struct account_call *call, const struct account_hash *hash, const char *secret, bool program,
                    struct account_who *who)
{
    *who = (struct account_who){ .machine = false };
    int ret = account_session(call->reader, hash, &who->session);
    if (ret == 0)
        return who->session.program != program ? ACCOUNT_ERR_ENDED : read_person(call, who);
    if (ret != STORE_ERR_ABSENT || !program)
        return ret == STORE_ERR_ABSENT ? ACCOUNT_ERR_ENDED : ret;
    struct account_hash as_token = account_hash("token", secret, strlen(secret));
    who->machine = true;
    ret = account_token(call->reader, &as_token, &who->token);
    return ret == STORE_ERR_ABSENT ? ACCOUNT_ERR_ENDED : ret;
}

static struct remembered *slot_of(struct accounts *accounts, const struct account_hash *hash)
{
    uint32_t number;
    memcpy(&number, hash->bytes, sizeof number);
    return &accounts->remembered[number % WHO_SLOTS];
}

/* What is remembered of them, if it is not too old. */
static int recall(struct accounts *accounts, struct account_call *call, const struct account_hash *hash, bool program,
                  struct account_who *who)
{
    struct remembered *slot = slot_of(accounts, hash);
    int                ret = STORE_ERR_ABSENT;
    pthread_mutex_lock(&accounts->who_lock);
    if (slot->used && slot->program == program && memcmp(&slot->hash, hash, sizeof *hash) == 0 &&
        slot->stamp == store_access_stamp(accounts->store) && call->now >= slot->read &&
        call->now - slot->read < SESSION_CACHE) {
        struct account_grant *grants = arena_array(call->arena, slot->who.num_grants + 1, sizeof *grants);
        ret = grants == NULL ? TOC_ERR_NO_MEMORY : 0;
        if (ret == 0) {
            *who = slot->who;
            if (who->num_grants > 0)
                memcpy(grants, slot->grants, who->num_grants * sizeof *grants);
            who->grants = grants;
        }
    }
    pthread_mutex_unlock(&accounts->who_lock);
    return ret;
}

static void remember(struct accounts *accounts, const struct account_call *call, const struct account_hash *hash,
                     bool program, uint64_t stamp, const struct account_who *who)
{
    struct remembered    *slot = slot_of(accounts, hash);
    struct account_grant *grants = memory_array(who->num_grants + 1, sizeof *grants);
    if (grants == NULL)
        return;
    if (who->num_grants > 0)
        memcpy(grants, who->grants, who->num_grants * sizeof *grants);
    pthread_mutex_lock(&accounts->who_lock);
    bool same = slot->used && memcmp(&slot->hash, hash, sizeof *hash) == 0;
    free(slot->grants);
    *slot = (struct remembered){ .used = true,
                                 .program = program,
                                 .hash = *hash,
                                 .read = call->now,
                                 .stamp = stamp,
                                 .seen = same ? slot->seen : INT64_MIN,
                                 .touched = same ? slot->touched : INT64_MIN,
                                 .who = *who,
                                 .grants = grants };
    slot->who.grants = NULL;
    pthread_mutex_unlock(&accounts->who_lock);
}

/* Has it ended? If not, it is used now; its last use is written from time to time. */
static int use(struct accounts *accounts, const struct account_call *call, const struct account_hash *hash,
               const struct account_who *who)
{
    struct remembered *slot = slot_of(accounts, hash);
    int64_t            used = who->machine ? who->token.used : who->session.used, written = used;
    bool               touch;
    pthread_mutex_lock(&accounts->who_lock);
    bool same = slot->used && memcmp(&slot->hash, hash, sizeof *hash) == 0;
    if (same && slot->seen > used)
        used = slot->seen;
    if (same && slot->touched > written)
        written = slot->touched;
    bool ended = call->now >= (who->machine ? who->token.ends : who->session.ends) ||
                 (!who->machine && call->now - used > SESSION_IDLE);
    touch = !ended && call->now - written >= SESSION_TOUCH;
    if (same && !ended && call->now > slot->seen)
        slot->seen = call->now;
    if (same && touch)
        slot->touched = call->now;
    pthread_mutex_unlock(&accounts->who_lock);
    if (touch && who->machine)
        account_touch_token(accounts->store, &who->token.hash, call->now);
    else if (touch)
        account_touch_session(accounts->store, hash, call->now);
    return ended ? ACCOUNT_ERR_ENDED : 0;
}

int accounts_who(struct accounts *accounts, struct account_call *call, const char *secret, bool program,
                 struct account_who *who)
{
    size_t size = strlen(secret);
    if (size != SESSION_TEXT - 1)
        return ACCOUNT_ERR_ENDED;
    struct account_hash hash = account_hash("session", secret, size);
    int                 ret = recall(accounts, call, &hash, program, who);
    if (ret == STORE_ERR_ABSENT) {
        uint64_t stamp = store_access_stamp(accounts->store); /* before the reading: what comes after it shows */
        ret = read_who(call, &hash, secret, program, who);
        if (ret == 0)
            remember(accounts, call, &hash, program, stamp, who);
    }
    return ret == 0 ? use(accounts, call, &hash, who) : ret;
}
