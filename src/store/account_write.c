/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Changes of accounts: each a list of statements that run in one transaction of the writer. */
#include <string.h>

#include "base/instant.h"
#include "store/account_run.h"
#include "store/node.h"
#include "store/store_internal.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))

static struct db_value id_value(const struct id *id)
{
    return db_bytes(id->bytes, ID_BYTES);
}

static struct db_value hash_value(const struct account_hash *hash)
{
    return db_bytes(hash->bytes, ACCOUNT_HASH_BYTES);
}

static struct db_value instant_value(int64_t instant)
{
    return instant == INSTANT_MISSING ? db_null() : db_integer(instant);
}

static int run(struct store *store, const struct access *who, const char *verb, const char *record,
               const struct id *subject, const struct account_step *steps, size_t num)
{
    struct account_work work = {
        .verb = verb, .record = record, .subject = *subject, .steps = steps, .num_steps = num
    };
    return account_run(store, who, &work, NULL);
}

/* Lists of steps are filled in one by one: where all of an array's initializers are structs that functions return, gcc
 * 12 takes half of the pointers in their unions for padding and clears it (-ftrivial-auto-var-init). */

/* An id that is no session's: "all but this" of nothing is all. */
static const struct id none = { { 0 } };

static struct account_step end_sessions_step(const struct id *user, const struct id *keep)
{
    return (struct account_step){ .sql = "DELETE FROM session WHERE \"user\" = $1 AND id <> $2",
                                  .values = { id_value(user), id_value(keep != NULL ? keep : &none) },
                                  .num = 2 };
}

static struct account_step of_user(const char *sql, const struct id *user)
{
    return (struct account_step){ .sql = sql, .values = { id_value(user) }, .num = 1 };
}

/* ---- passwords ---- */

/* The row is made where there is none: two statements, as the databases' ways to say it in one differ. */
static struct account_step make_account_step(const struct id *user)
{
    return of_user("INSERT INTO account (\"user\", changed, password, factor_step) SELECT u.id, 0, '', 0 FROM \"user\" "
                   "u WHERE u.id = $1 AND NOT EXISTS (SELECT 1 FROM account a WHERE a.\"user\" = u.id)",
                   user);
}

static struct account_step password_step(const struct id *user, const char *password, int64_t now)
{
    return (struct account_step){ .sql = "UPDATE account SET password = $2, changed = $3 WHERE \"user\" = $1",
                                  .values = { id_value(user), db_word(password), db_integer(now) },
                                  .num = 3 };
}

int account_set_password(struct store *store, const struct access *who, const struct id *user, const char *password,
                         const struct id *keep)
{
    struct account_step steps[4];
    size_t              num = 0;
    steps[num++] = make_account_step(user);
    steps[num++] = password_step(user, password, store_now(store));
    steps[num++] = end_sessions_step(user, keep);
    steps[num++] = of_user("DELETE FROM account_link WHERE \"user\" = $1", user);
    return run(store, who, "set password", "user", user, steps, num);
}

/* ---- second factors ---- */

static struct account_step forget_key_step(const char *column, const struct id *user)
{
    return of_user(strcmp(column, "next") == 0
                       ? "DELETE FROM person_key WHERE person IN (SELECT \"next\" FROM account WHERE \"user\" = $1)"
                       : "DELETE FROM person_key WHERE person IN (SELECT factor FROM account WHERE \"user\" = $1)",
                   user);
}

int account_offer_factor(struct store *store, const struct access *who, const struct id *user,
                         const uint8_t secret[ACCOUNT_FACTOR_BYTES], int64_t now)
{
    struct account_sealed sealed;
    const struct id       owner = node_new_id(now);
    int                   ret = account_seal(store, &owner, "second factor", secret, ACCOUNT_FACTOR_BYTES, &sealed);
    if (ret != 0)
        return ret;
    struct account_step steps[4];
    size_t              num = 0;
    steps[num++] = make_account_step(user);
    steps[num++] = forget_key_step("next", user);
    steps[num++] = account_key_step(&sealed);
    steps[num++] = (struct account_step){
        .sql = "UPDATE account SET \"next\" = $2, next_sealed = $3, next_since = $4 WHERE \"user\" = $1",
        .values = { id_value(user), id_value(&owner), db_bytes(sealed.bytes, sealed.size), db_integer(now) },
        .num = 4
    };
    return run(store, who, "offer second factor", "user", user, steps, num);
}

enum { MOST_CODES = 16 };

int account_take_factor(struct store *store, const struct access *who, const struct id *user, int64_t step,
                        const struct account_hash *codes, size_t num_codes, int64_t now)
{
    struct account_step steps[4 + MOST_CODES];
    size_t              num = 0;
    if (num_codes > MOST_CODES)
        return TOC_ERR_TOO_LARGE;
    steps[num] = of_user("SELECT 1 FROM account WHERE \"user\" = $1 AND \"next\" IS NOT NULL", user);
    steps[num++].refusal = STORE_ERR_ABSENT;
    steps[num++] = forget_key_step("factor", user);
    steps[num++] = (struct account_step){
        .sql =
            "UPDATE account SET factor = \"next\", factor_sealed = next_sealed, factor_since = $2, factor_step = $3, "
            "\"next\" = NULL, next_sealed = NULL, next_since = NULL WHERE \"user\" = $1",
        .values = { id_value(user), db_integer(now), db_integer(step) },
        .num = 3
    };
    steps[num++] = of_user("DELETE FROM account_code WHERE \"user\" = $1", user);
    for (size_t i = 0; i < num_codes; i++)
        steps[num++] = (struct account_step){ .sql = "INSERT INTO account_code (\"user\", hash) VALUES ($1, $2)",
                                              .values = { id_value(user), hash_value(&codes[i]) },
                                              .num = 2 };
    return run(store, who, "take second factor", "user", user, steps, num);
}

static const char no_factor[] =
    "UPDATE account SET factor = NULL, factor_sealed = NULL, factor_since = NULL, factor_step = 0, \"next\" = NULL, "
    "next_sealed = NULL, next_since = NULL WHERE \"user\" = $1";

int account_drop_factor(struct store *store, const struct access *who, const struct id *user)
{
    struct account_step steps[5];
    size_t              num = 0;
    steps[num++] = forget_key_step("factor", user);
    steps[num++] = forget_key_step("next", user);
    steps[num++] = of_user(no_factor, user);
    steps[num++] = of_user("DELETE FROM account_code WHERE \"user\" = $1", user);
    steps[num++] = end_sessions_step(user, NULL);
    return run(store, who, "drop second factor", "user", user, steps, num);
}

/* ---- sessions ---- */

static struct account_step session_step(const struct account_session *session)
{
    return (struct account_step){
        .sql = "INSERT INTO session (hash, id, \"user\", program, created, used, ends, factor, client) VALUES ($1, $2, "
               "$3, $4, $5, $6, $7, $8, $9)",
        .values = { hash_value(&session->hash), id_value(&session->id), id_value(&session->user),
                    db_integer(session->program), db_integer(session->created), db_integer(session->used),
                    db_integer(session->ends), instant_value(session->factor), db_word(session->client) },
        .num = 9
    };
}

/* The factor serves once: a question that it has not served, and the mark that it has. */
static size_t add_proof(struct account_step *questions, struct account_step *marks, const struct id *user,
                        const struct account_proof *proof)
{
    if (proof == NULL)
        return 0;
    struct db_value what = proof->step > 0 ? db_integer(proof->step) : hash_value(&proof->code);
    *questions =
        (struct account_step){ .sql = proof->step > 0 ? "SELECT 1 FROM account WHERE \"user\" = $1 AND factor_step < $2"
                                                      : "SELECT 1 FROM account_code WHERE \"user\" = $1 AND hash = $2",
                               .values = { id_value(user), what },
                               .num = 2,
                               .refusal = STORE_ERR_EXISTS };
    *marks =
        (struct account_step){ .sql = proof->step > 0 ? "UPDATE account SET factor_step = $2 WHERE \"user\" = $1"
                                                      : "DELETE FROM account_code WHERE \"user\" = $1 AND hash = $2",
                               .values = { id_value(user), what },
                               .num = 2 };
    return 1;
}

int account_begin_session(struct store *store, const struct access *who, const struct account_session *session,
                          const struct account_hash *replaces, const struct account_proof *proof,
                          const struct account_hash *device)
{
    struct account_step steps[12], mark;
    size_t              num = add_proof(&steps[0], &mark, &session->user, proof);
    const struct id    *user = &session->user;
    if (replaces != NULL) /* the one that stands for it must still be there: nobody replaces what has been ended */
        steps[num++] = (struct account_step){ .sql = "SELECT 1 FROM session WHERE hash = $1",
                                              .values = { hash_value(replaces) },
                                              .num = 1,
                                              .refusal = STORE_ERR_ABSENT };
    if (proof != NULL)
        steps[num++] = mark;
    if (replaces != NULL)
        steps[num++] = (struct account_step){ .sql = "DELETE FROM session WHERE hash = $1",
                                              .values = { hash_value(replaces) },
                                              .num = 1 };
    steps[num++] = session_step(session);
    steps[num++] = (struct account_step){
        .sql =
            "DELETE FROM session WHERE \"user\" = $1 AND id NOT IN (SELECT s.id FROM session s WHERE s.\"user\" = $1 "
            "ORDER BY s.created DESC, s.id DESC LIMIT $2)",
        .values = { id_value(user), db_integer(ACCOUNT_MOST_SESSIONS) },
        .num = 2
    };
    if (device != NULL) {
        steps[num++] = (struct account_step){ .sql = "DELETE FROM account_device WHERE hash = $1",
                                              .values = { hash_value(device) },
                                              .num = 1 };
        steps[num++] = (struct account_step){
            .sql = "INSERT INTO account_device (hash, \"user\", created, used) VALUES ($1, $2, $3, $3)",
            .values = { hash_value(device), id_value(user), db_integer(session->created) },
            .num = 3
        };
        steps[num++] = (struct account_step){
            .sql =
                "DELETE FROM account_device WHERE \"user\" = $1 AND hash NOT IN (SELECT d.hash FROM account_device d "
                "WHERE d.\"user\" = $1 ORDER BY d.used DESC, d.hash LIMIT $2)",
            .values = { id_value(user), db_integer(ACCOUNT_MOST_DEVICES) },
            .num = 2
        };
    }
    return run(store, who, proof != NULL ? "second factor" : "sign in", "user", user, steps, num);
}

int account_end_session(struct store *store, const struct access *who, const struct id *user, const struct id *session)
{
    const struct account_step steps[] = {
        { .sql = "SELECT 1 FROM session WHERE \"user\" = $1 AND id = $2",
          .values = { id_value(user), id_value(session) },
          .num = 2,
          .refusal = STORE_ERR_ABSENT },
        { .sql = "DELETE FROM session WHERE \"user\" = $1 AND id = $2",
          .values = { id_value(user), id_value(session) },
          .num = 2 },
    };
    return run(store, who, "sign out", "user", user, steps, LENGTH(steps));
}

int account_end_sessions(struct store *store, const struct access *who, const struct id *user, const struct id *keep)
{
    struct account_step steps[1];
    size_t              num = 0;
    steps[num++] = end_sessions_step(user, keep);
    return run(store, who, "end sessions", "user", user, steps, num);
}

void account_touch_session(struct store *store, const struct account_hash *hash, int64_t now)
{
    account_run_later(store, "UPDATE session SET used = $1 WHERE hash = $2 AND used < $1", hash, now);
}

void account_touch_token(struct store *store, const struct account_hash *hash, int64_t now)
{
    account_run_later(store, "UPDATE machine_token SET used = $1 WHERE hash = $2 AND used < $1", hash, now);
}

int account_tidy(struct store *store, int64_t now)
{
    const struct access       program = { .role = ACCESS_PROGRAM, .everywhere = true };
    const struct db_value     before = db_integer(now - INSTANT_DAY);
    const struct account_step steps[] = {
        { .sql = "DELETE FROM session WHERE ends < $1", .values = { before }, .num = 1 },
        { .sql = "DELETE FROM account_link WHERE ends < $1", .values = { before }, .num = 1 },
    };
    const struct account_work work = { .steps = steps, .num_steps = LENGTH(steps) };
    return account_run(store, &program, &work, NULL);
}

int account_end_all(struct store *store, const struct access *who)
{
    const struct account_step steps[] = {
        { .sql = "DELETE FROM session" },
        { .sql = "DELETE FROM account_link" },
        { .sql = "DELETE FROM account_device" },
        { .sql = "UPDATE break_glass SET ends = $1 WHERE ends > $1",
          .values = { db_integer(store_now(store)) },
          .num = 1 },
    };
    return run(store, who, "end all sessions", "user", &none, steps, LENGTH(steps));
}

/* ---- links ---- */

int account_make_link(struct store *store, const struct access *who, const struct account_link *link)
{
    const struct account_step steps[] = {
        { .sql = id_is_missing(&link->user) ? "DELETE FROM account_link WHERE \"user\" IS NULL"
                                            : "DELETE FROM account_link WHERE \"user\" = $1",
          .values = { id_value(&link->user) },
          .num = !id_is_missing(&link->user) },
        { .sql = "INSERT INTO account_link (hash, kind, \"user\", created, ends) VALUES ($1, $2, $3, $4, $5)",
          .values = { hash_value(&link->hash), db_word(link->kind), db_id(&link->user), db_integer(link->created),
                      db_integer(link->ends) },
          .num = 5 },
    };
    return run(store, who, "make link", "user", &link->user, steps, LENGTH(steps));
}

int account_use_link(struct store *store, const struct access *who, const struct account_link *link,
                     const struct id *user, const char *password, bool drop_factor, struct store_request *records,
                     int64_t now, struct fault_list *faults)
{
    struct account_step steps[12];
    size_t              num = 0;
    steps[num++] =
        (struct account_step){ .sql = "SELECT 1 FROM account_link WHERE hash = $1 AND kind = $2 AND ends > $3",
                               .values = { hash_value(&link->hash), db_word(link->kind), db_integer(now) },
                               .num = 3,
                               .refusal = STORE_ERR_ABSENT };
    if (strcmp(link->kind, ACCOUNT_LINK_SET_UP) == 0) /* once in the life of a node */
        steps[num++] =
            (struct account_step){ .sql = "SELECT 1 FROM (SELECT COUNT(*) AS n FROM account) c WHERE c.n = 0",
                                   .refusal = STORE_ERR_ABSENT };
    steps[num++] = (struct account_step){ .sql = "DELETE FROM account_link WHERE hash = $1",
                                          .values = { hash_value(&link->hash) },
                                          .num = 1 };
    steps[num++] = make_account_step(user);
    steps[num++] = password_step(user, password, now);
    steps[num++] = end_sessions_step(user, NULL);
    if (drop_factor) {
        steps[num++] = forget_key_step("factor", user);
        steps[num++] = forget_key_step("next", user);
        steps[num++] = of_user(no_factor, user);
        steps[num++] = of_user("DELETE FROM account_code WHERE \"user\" = $1", user);
    }
    const struct account_work work = {
        .verb = "use link", .record = "user", .subject = *user, .steps = steps, .num_steps = num, .records = records
    };
    return account_run(store, who, &work, faults);
}

/* ---- identity providers ---- */

int account_bind_subject(struct store *store, const struct access *who, const struct account_link *link,
                         const struct account_hash *subject, int64_t now)
{
    struct account_step steps[8];
    size_t              num = 0;
    const struct id    *user = &link->user;
    steps[num++] =
        (struct account_step){ .sql = "SELECT 1 FROM account_link WHERE hash = $1 AND kind = $2 AND ends > $3",
                               .values = { hash_value(&link->hash), db_word(ACCOUNT_LINK_INVITE), db_integer(now) },
                               .num = 3,
                               .refusal = STORE_ERR_ABSENT };
    steps[num++] = (struct account_step){
        .sql = "SELECT 1 FROM (SELECT COUNT(*) AS n FROM account_subject WHERE hash = $1 AND \"user\" <> $2) c WHERE "
               "c.n = 0",
        .values = { hash_value(subject), id_value(user) },
        .num = 2,
        .refusal = STORE_ERR_EXISTS
    };
    steps[num++] = (struct account_step){ .sql = "DELETE FROM account_link WHERE hash = $1",
                                          .values = { hash_value(&link->hash) },
                                          .num = 1 };
    steps[num++] = make_account_step(user);
    steps[num++] = end_sessions_step(user, NULL);
    steps[num++] = of_user("DELETE FROM account_subject WHERE \"user\" = $1", user);
    steps[num++] =
        (struct account_step){ .sql = "INSERT INTO account_subject (hash, \"user\", created) VALUES ($1, $2, $3)",
                               .values = { hash_value(subject), id_value(user), db_integer(now) },
                               .num = 3 };
    return run(store, who, "bind sign-in", "user", user, steps, num);
}

int account_drop_subject(struct store *store, const struct access *who, const struct id *user)
{
    struct account_step steps[2];
    size_t              num = 0;
    steps[num++] = of_user("DELETE FROM account_subject WHERE \"user\" = $1", user);
    steps[num++] = end_sessions_step(user, NULL);
    return run(store, who, "drop sign-in", "user", user, steps, num);
}

/* ---- leaving ---- */

int account_leave(struct store *store, const struct access *who, const struct id *user, struct store_request *records,
                  struct fault_list *faults)
{
    struct account_step steps[9];
    size_t              num = 0;
    steps[num++] = end_sessions_step(user, NULL);
    steps[num++] = of_user("DELETE FROM account_subject WHERE \"user\" = $1", user);
    steps[num++] = of_user("DELETE FROM account_device WHERE \"user\" = $1", user);
    steps[num++] = of_user("DELETE FROM account_link WHERE \"user\" = $1", user);
    steps[num++] = of_user("DELETE FROM account_code WHERE \"user\" = $1", user);
    steps[num++] = forget_key_step("factor", user);
    steps[num++] = forget_key_step("next", user);
    steps[num++] = of_user("DELETE FROM account WHERE \"user\" = $1", user);
    steps[num++] = (struct account_step){ .sql = "UPDATE break_glass SET ends = $2 WHERE \"user\" = $1 AND ends > $2",
                                          .values = { id_value(user), db_integer(store_now(store)) },
                                          .num = 2 };
    const struct account_work work = {
        .verb = "leave", .record = "user", .subject = *user, .steps = steps, .num_steps = num, .records = records
    };
    return account_run(store, who, &work, faults);
}

/* ---- machines ---- */

int account_give_token(struct store *store, const struct access *who, const struct account_token *token,
                       int64_t others_end)
{
    const struct account_step steps[] = {
        { .sql = id_is_missing(&token->unit) ? "SELECT 1 FROM facility WHERE id = $1"
                                             : "SELECT 1 FROM reporting_unit WHERE facility = $1 AND id = $2",
          .values = { id_value(&token->facility), id_value(&token->unit) },
          .num = id_is_missing(&token->unit) ? 1 : 2,
          .refusal = STORE_ERR_ABSENT },
        { .sql = "UPDATE machine_token SET ends = $2 WHERE family = $1 AND ends > $2",
          .values = { id_value(&token->family), db_integer(others_end) },
          .num = 2 },
        { .sql = "INSERT INTO machine_token (hash, id, family, name, facility, unit, created, given_by, ends, used) "
                 "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0)",
          .values = { hash_value(&token->hash), id_value(&token->id), id_value(&token->family), db_word(token->name),
                      id_value(&token->facility), db_id(&token->unit), db_integer(token->created),
                      db_id(&token->given_by), db_integer(token->ends) },
          .num = 9 },
    };
    return run(store, who, "give token", "facility", &token->facility, steps, LENGTH(steps));
}

int account_end_token(struct store *store, const struct access *who, const struct id *token, int64_t now)
{
    const struct account_step steps[] = {
        { .sql = "SELECT 1 FROM machine_token WHERE id = $1 AND ends > $2",
          .values = { id_value(token), db_integer(now) },
          .num = 2,
          .refusal = STORE_ERR_ABSENT },
        { .sql = "UPDATE machine_token SET ends = $2 WHERE id = $1",
          .values = { id_value(token), db_integer(now) },
          .num = 2 },
    };
    return run(store, who, "end token", "machine_token", token, steps, LENGTH(steps));
}

/* ---- break-glass ---- */

int account_break_glass(struct store *store, const struct access *who, const struct account_glass *glass,
                        struct store_request *records, struct fault_list *faults)
{
    struct account_sealed sealed;
    int ret = account_seal(store, &glass->id, "reason", glass->reason, strlen(glass->reason), &sealed);
    if (ret != 0)
        return ret;
    struct account_step steps[4];
    size_t              num = 0;
    steps[num++] = (struct account_step){ .sql = "SELECT 1 FROM session WHERE id = $1",
                                          .values = { id_value(&glass->session) },
                                          .num = 1,
                                          .refusal = STORE_ERR_ABSENT };
    steps[num++] = (struct account_step){ .sql = "UPDATE break_glass SET ends = $2 WHERE session = $1 AND ends > $2",
                                          .values = { id_value(&glass->session), db_integer(glass->starts) },
                                          .num = 2 };
    steps[num++] = account_key_step(&sealed);
    steps[num++] = (struct account_step){
        .sql = "INSERT INTO break_glass (id, \"user\", session, role, purpose, area, starts, ends, reason) VALUES ($1, "
               "$2, $3, $4, $5, $6, $7, $8, $9)",
        .values = { id_value(&glass->id), id_value(&glass->user), id_value(&glass->session),
                    db_word(access_role_word(glass->role)), db_word(access_purpose_word(glass->purpose)),
                    id_value(&glass->area), db_integer(glass->starts), db_integer(glass->ends),
                    db_bytes(sealed.bytes, sealed.size) },
        .num = 9
    };
    const struct account_work work = { .verb = "break glass",
                                       .record = "break_glass",
                                       .subject = glass->id,
                                       .steps = steps,
                                       .num_steps = num,
                                       .records = records };
    return account_run(store, who, &work, faults);
}

int account_end_glass(struct store *store, const struct access *who, const struct id *session, int64_t now)
{
    const struct account_step steps[] = {
        { .sql = "SELECT 1 FROM break_glass WHERE session = $1 AND ends > $2",
          .values = { id_value(session), db_integer(now) },
          .num = 2,
          .refusal = STORE_ERR_ABSENT },
        { .sql = "UPDATE break_glass SET ends = $2 WHERE session = $1 AND ends > $2",
          .values = { id_value(session), db_integer(now) },
          .num = 2 },
    };
    return run(store, who, "end break glass", "user", &who->user, steps, LENGTH(steps));
}
